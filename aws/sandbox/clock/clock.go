// Package clock is the sandbox's virtual time.
//
// It either runs, at a rate of virtual seconds per second of this machine, or jumps: then it stands still until somebody
// waits or passes time, and moves there at once. A running clock may have a second, slower rate for while nobody waits, so
// that a person's reading takes its real time and only waits are shortened. It never goes back. What is due is known to the queue that follows the
// clock: moving the clock lets the queue run everything due up to the new moment, in order, before the mover goes on.
package clock

import (
	"context"
	"math"
	"sync"
	"time"
)

// Resolution is the smallest step of virtual time; AWS's own timestamps have no finer one.
const Resolution = time.Millisecond

// Queue is what is due later. The store is one.
type Queue interface {
	// Next is the moment Settle has something to do, if there is one.
	Next() (time.Time, bool)
	// Settle runs what is due up to now, in order, each thing at its own moment.
	Settle(now time.Time) error
}

// Options of New. The zero value jumps, and starts at this machine's time.
type Options struct {
	Start time.Time // first moment of virtual time; zero is Wall.Now()
	Rate  float64   // virtual seconds per second of this machine; 0 jumps
	Idle  float64   // the rate while nobody is in Wait; 0 is Rate. A jumping clock has none
	Wall  Wall      // nil is Machine
}

// Clock is virtual time. It is safe for concurrent use.
type Clock struct {
	rate float64
	idle float64
	wall Wall

	mu      sync.Mutex
	base    time.Time // virtual time when the wall showed anchor
	anchor  time.Time
	waiting int // how many are in Wait
	queue   Queue
	changed chan struct{} // closed and replaced when time was moved or the queue changed
	done    chan struct{}
	running sync.WaitGroup
}

// New makes a clock that nothing follows yet.
func New(o Options) *Clock {
	if o.Wall == nil {
		o.Wall = Machine{}
	}
	if o.Start.IsZero() {
		o.Start = o.Wall.Now()
	}
	rate := max(o.Rate, 0)
	if o.Idle <= 0 || o.Idle > rate {
		o.Idle = rate
	}
	return &Clock{
		rate: rate, idle: o.Idle, wall: o.Wall,
		base: round(o.Start), anchor: o.Wall.Now(),
		changed: make(chan struct{}),
	}
}

func round(t time.Time) time.Time { return t.UTC().Round(0).Truncate(Resolution) }

// Now is the virtual time, UTC, in steps of Resolution.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.rate == 0 {
		return c.base
	}
	elapsed := max(c.wall.Now().Sub(c.anchor), 0)
	return c.base.Add(time.Duration(float64(elapsed) * c.pace())).Truncate(Resolution)
}

// pace is the rate at this moment.
func (c *Clock) pace() float64 {
	if c.waiting > 0 {
		return c.rate
	}
	return c.idle
}

// waits counts one more, or one less, who waits, and lets time go on from here at the rate that follows from it.
func (c *Clock) waits(one int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, now := c.pace(), c.now()
	c.waiting += one
	if c.pace() == before {
		return
	}
	c.base, c.anchor = now, c.wall.Now()
	c.broadcast()
}

// Rate is how many virtual seconds pass in one second of this machine while somebody waits, 0 for a clock that jumps.
func (c *Clock) Rate() float64 { return c.rate }

// Wait returns when d of virtual time has passed and what was due in it has happened. A jumping clock moves itself there
// and returns at once; a running one lets time pass, less when somebody else passes some. It ends early with ctx's error.
func (c *Clock) Wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.rate == 0 {
		return c.Pass(ctx, d)
	}
	c.waits(+1)
	defer c.waits(-1)
	until := c.Now().Add(d)
	for {
		c.mu.Lock()
		left, changed := until.Sub(c.now()), c.changed
		takes := c.wallTime(left)
		c.mu.Unlock()
		if left <= 0 {
			return c.settle()
		}
		timer, stop := c.wall.Timer(takes)
		select {
		case <-ctx.Done():
			stop()
			return ctx.Err()
		case <-timer:
		case <-changed:
			stop()
		}
	}
}

// Pass lets d of virtual time pass at once, and returns when everything due in it has happened.
func (c *Clock) Pass(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	if d > 0 {
		c.base = c.base.Add(max(d, Resolution)).Truncate(Resolution)
	}
	c.broadcast()
	c.mu.Unlock()
	return c.settle()
}

// Follow sets the queue that this clock drives, and the time to go on from; zero keeps the clock's own. A running clock
// runs what is due by itself from here on, until Close.
func (c *Clock) Follow(q Queue, from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = q
	if !from.IsZero() {
		c.base, c.anchor = round(from), c.wall.Now()
	}
	if c.rate > 0 && c.done == nil {
		c.done = make(chan struct{})
		c.running.Go(c.run)
	}
}

// Wake tells a running clock that the queue's next moment may have changed.
func (c *Clock) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broadcast()
}

// Close stops what Follow started and lets go of the queue. The time can still be read.
func (c *Clock) Close() {
	c.mu.Lock()
	if c.done != nil {
		close(c.done)
		c.done = nil
	}
	c.queue = nil
	c.mu.Unlock()
	c.running.Wait()
}

func (c *Clock) broadcast() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *Clock) settle() error {
	c.mu.Lock()
	q, now := c.queue, c.now()
	c.mu.Unlock()
	if q == nil {
		return nil
	}
	return q.Settle(now)
}

// run waits for the queue's next moment, settles, and begins again.
func (c *Clock) run() {
	c.mu.Lock()
	done := c.done
	c.mu.Unlock()
	var pause time.Duration // after a failure, so that a full disk is not asked without end
	for {
		c.mu.Lock()
		q, now, changed := c.queue, c.now(), c.changed
		c.mu.Unlock()
		if q == nil {
			return
		}
		var timer <-chan time.Time
		stop := func() {}
		if next, ok := q.Next(); ok {
			c.mu.Lock()
			takes := c.wallTime(next.Sub(now))
			c.mu.Unlock()
			timer, stop = c.wall.Timer(max(takes, pause))
		}
		select {
		case <-done:
			stop()
			return
		case <-changed:
			stop()
		case <-timer:
			pause = 0
			if c.settle() != nil {
				pause = time.Second
			}
		}
	}
}

// wallTime is how long this machine takes for d of virtual time, rounded up so that the moment has come when it is over.
func (c *Clock) wallTime(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	wall := math.Ceil(float64(d) / c.pace())
	if wall >= math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(wall) + 1
}
