package tui

import (
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/runner"
)

// Beat is the shortest time between two batches that are not urgent: at most 30 a second.
const Beat = time.Second / 30

// pump carries the events of a session to the screen: one goroutine takes them as they come, so that the engine is never
// held back, another hands them over in batches. What is urgent goes at once; when nothing comes nothing is sent.
type pump struct {
	session engine.Session
	send    func(tea.Msg)
	after   func(time.Duration) <-chan time.Time

	mu     sync.Mutex
	buf    []journal.Event
	closed bool
	news   chan struct{} // holds one when the buffer has something
	hurry  chan struct{} // holds one when it should go at once
}

// startPump returns at once; it ends after the session's last event.
func startPump(s engine.Session, send func(tea.Msg), after func(time.Duration) <-chan time.Time) {
	p := &pump{session: s, send: send, after: after, news: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
	go p.guard(p.take)
	go p.guard(p.give)
}

// guard turns a panic into a message: one in a goroutine would leave the terminal in the alternate screen.
func (p *pump) guard(fn func()) {
	defer func() {
		if r := recover(); r != nil {
			p.send(failedMsg{what: "the event pump", err: fmt.Errorf("panic: %v", r)})
		}
	}()
	fn()
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

func (p *pump) take() {
	for e := range p.session.Events() {
		p.mu.Lock()
		p.add(e)
		p.mu.Unlock()
		ring(p.news)
		if urgent(e) {
			ring(p.hurry)
		}
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	ring(p.news)
	ring(p.hurry)
}

// add keeps the order; of passing events of one kind and step that stand side by side only the newest is kept.
func (p *pump) add(e journal.Event) {
	if n := len(p.buf); n > 0 && !e.Durable() {
		if last := &p.buf[n-1]; last.Kind == e.Kind && last.Step == e.Step {
			*last = e
			return
		}
	}
	p.buf = append(p.buf, e)
}

func (p *pump) give() {
	for range p.news {
		select {
		case <-p.hurry:
		case <-p.after(Beat):
		}
		p.mu.Lock()
		batch, closed := p.buf, p.closed
		p.buf = nil
		p.mu.Unlock()
		if len(batch) > 0 || closed {
			p.send(runner.Batch{Session: p.session, Events: batch, Closed: closed})
		}
		if closed {
			return
		}
	}
}

// urgent reports whether a person waits for this event.
func urgent(e journal.Event) bool {
	switch e.Kind {
	case journal.StepReady, journal.Asked, journal.CleanEnded, journal.RunEnded:
		return true
	case journal.StepEnded:
		return e.State == journal.Failed
	}
	return false
}
