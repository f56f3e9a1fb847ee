package engine

import (
	"sync"

	"lifeboat/runbooks/journal"
)

// stream carries events to one view. A slow view never holds a run up: what it has not taken yet waits here. Passing events of one
// kind and step that wait behind each other become the newest of them; durable ones all arrive, in order.
type stream struct {
	mu      sync.Mutex
	waiting []journal.Event
	changed *sync.Cond
	closed  bool
	out     chan journal.Event
	once    sync.Once
	done    chan struct{}
}

func newStream() *stream {
	s := &stream{out: make(chan journal.Event, 64), done: make(chan struct{})}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) put(e journal.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting); n > 0 && !e.Durable() {
		if last := &s.waiting[n-1]; last.Kind == e.Kind && last.Step == e.Step {
			*last = e
			return
		}
	}
	s.waiting = append(s.waiting, e)
	s.changed.Signal()
}

// close ends the stream behind what is in it.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Signal()
}

// events starts the delivery when somebody first asks for it.
func (s *stream) events() <-chan journal.Event {
	s.once.Do(func() { go s.deliver() })
	return s.out
}

// wait returns when all events are delivered, or at once when nobody wanted any.
func (s *stream) wait() {
	s.once.Do(func() { close(s.out); close(s.done) })
	<-s.done
}

func (s *stream) deliver() {
	defer close(s.done)
	defer close(s.out)
	for {
		s.mu.Lock()
		for len(s.waiting) == 0 && !s.closed {
			s.changed.Wait()
		}
		batch := s.waiting
		s.waiting = nil
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, e := range batch {
			s.out <- e
		}
	}
}
