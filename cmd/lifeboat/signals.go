package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// signals hands INT, TERM and HUP to whoever can stop safely, and remembers the last one for the exit code.
type signals struct {
	got  chan os.Signal
	over chan struct{}
	mu   sync.Mutex
	last os.Signal
}

// watchSignals calls on for each signal, counting from 0.
func watchSignals(on func(nth int)) *signals {
	s := &signals{got: make(chan os.Signal, 4), over: make(chan struct{})}
	signal.Notify(s.got, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for n := 0; ; n++ {
			select {
			case sig := <-s.got:
				s.mu.Lock()
				s.last = sig
				s.mu.Unlock()
				on(n)
			case <-s.over:
				return
			}
		}
	}()
	return s
}

// stop forgets the signals that come from now on, so that the next one ends the process.
func (s *signals) stop() {
	signal.Stop(s.got)
	close(s.over)
}

func (s *signals) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last != nil
}

// interrupted reports whether a person interrupted the program from the keyboard.
func (s *signals) interrupted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last == os.Interrupt
}
