package clock

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// list is a queue of moments.
type list struct {
	mu       sync.Mutex
	due      []time.Time // in order
	happened []time.Time
	settled  time.Time
}

func (l *list) Next() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.due) == 0 {
		return time.Time{}, false
	}
	return l.due[0], true
}

func (l *list) Settle(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.due) > 0 && !l.due[0].After(now) {
		l.happened, l.due = append(l.happened, l.due[0]), l.due[1:]
	}
	l.settled = now
	return nil
}

func (l *list) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.happened)
}

func TestJumpingClockMovesOnlyWhenMoved(t *testing.T) {
	c := New(Options{Start: noon})
	q := &list{due: []time.Time{noon.Add(time.Minute), noon.Add(time.Hour)}}
	c.Follow(q, time.Time{})
	ctx := context.Background()
	for _, move := range []struct {
		how  func(context.Context, time.Duration) error
		d    time.Duration
		now  time.Duration
		seen int
	}{
		{c.Wait, 0, 0, 0},
		{c.Wait, -time.Hour, 0, 0},
		{c.Wait, time.Minute, time.Minute, 1},
		{c.Pass, 2 * time.Hour, 2*time.Hour + time.Minute, 2},
		{c.Wait, time.Nanosecond, 2*time.Hour + time.Minute + Resolution, 2},
	} {
		if err := move.how(ctx, move.d); err != nil {
			t.Fatal(err)
		}
		if got := c.Now().Sub(noon); got != move.now || q.count() != move.seen {
			t.Errorf("after %s: +%s with %d events, want +%s with %d", move.d, got, q.count(), move.now, move.seen)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Wait(ended, time.Hour); err != context.Canceled {
		t.Errorf("error: %v", err)
	}
}

func TestRunningClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Start: noon, Rate: 60})
		q := &list{due: []time.Time{noon.Add(time.Minute), noon.Add(time.Hour)}}
		c.Follow(q, time.Time{})
		defer c.Close()
		begin := time.Now()
		if err := c.Wait(context.Background(), 2*time.Minute); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin).Round(time.Millisecond); took != 2*time.Second || q.count() != 1 {
			t.Errorf("two minutes at rate 60 took %s, %d events", took, q.count())
		}
		time.Sleep(58*time.Second + time.Millisecond) // nobody waits or asks: the event happens all the same
		synctest.Wait()
		if q.count() != 2 {
			t.Errorf("%d events after an hour", q.count())
		}
		// A pass shortens a wait.
		waited := make(chan time.Duration)
		begin = time.Now()
		go func() { c.Wait(context.Background(), time.Hour); waited <- time.Since(begin) }()
		synctest.Wait()
		c.Pass(context.Background(), 59*time.Minute)
		if took := (<-waited).Round(time.Millisecond); took != time.Second {
			t.Errorf("the rest of the wait took %s", took)
		}
		// An event that is set to be earlier wakes it.
		q.mu.Lock()
		q.due = []time.Time{c.Now().Add(time.Minute)}
		q.mu.Unlock()
		c.Wake()
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		if q.count() != 3 {
			t.Errorf("%d events, want 3", q.count())
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Wait(ctx, 24*time.Hour); err != context.DeadlineExceeded {
			t.Errorf("error: %v", err)
		}
	})
}

func TestFollowGoesOnFromWhereItWas(t *testing.T) {
	c := New(Options{Start: noon})
	c.Follow(&list{}, noon.Add(48*time.Hour))
	if got := c.Now(); !got.Equal(noon.Add(48 * time.Hour)) {
		t.Errorf("now is %s", got)
	}
}

// A person reads at the idle rate; only waits are shortened, and what is due comes at its moment either way.
func TestIdleRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Start: noon, Rate: 60, Idle: 1})
		defer c.Close()
		q := &list{due: []time.Time{noon.Add(20 * time.Second), noon.Add(3 * time.Minute)}}
		c.Follow(q, noon)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := c.Now().Sub(noon); got != 30*time.Second {
			t.Errorf("30 s of reading became %s", got)
		}
		if q.count() != 1 {
			t.Errorf("%d things happened in 30 s, want 1", q.count())
		}
		began := time.Now()
		if err := c.Wait(context.Background(), 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 5*time.Second || took > 5*time.Second+100*time.Millisecond {
			t.Errorf("waiting for 5 min took %s of this machine's time, want 5 s", took)
		}
		if q.count() != 2 {
			t.Errorf("%d things happened, want 2", q.count())
		}
		at := c.Now()
		time.Sleep(10 * time.Second)
		if got := c.Now().Sub(at); got != 10*time.Second {
			t.Errorf("after the wait, 10 s of reading became %s", got)
		}
	})
}
