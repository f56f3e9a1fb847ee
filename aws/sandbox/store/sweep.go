package store

import (
	"errors"
	"fmt"
)

// Kept collects the names of content that is in use.
type Kept struct {
	names map[string]bool
	lists []list
}

// list is content that names other content.
type list struct {
	hash  string
	names func(content []byte) ([]string, error)
}

// Content keeps the content of that name; the empty name is none.
func (k *Kept) Content(hash string) {
	if hash != "" {
		k.names[hash] = true
	}
}

// List keeps the content of that name and all that it names.
func (k *Kept) List(hash string, names func(content []byte) ([]string, error)) {
	if hash != "" && !k.names[hash] {
		k.names[hash] = true
		k.lists = append(k.lists, list{hash, names})
	}
}

// OnSweep names who tells what content its rows refer to. A service that keeps content does it when it is made; content that
// nobody names is removed.
func (s *Store) OnSweep(keeps func(tx *Tx, k *Kept)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keeps = append(s.keeps, keeps)
}

// Sweep removes the content that nothing refers to. It is for when all services are made; from then on the store also does
// it by itself, beside the calls, each time as much content has come as there was. Calls wait for it only while the rows are
// asked. It may be cut off anywhere: what it takes away nothing needs.
//
// Nothing that was answered for is lost: who refers to content puts it in the same Update, which is over before the rows are
// asked or puts it after the sweep began, or holds it meanwhile; both are left.
func (s *Store) Sweep() error {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	defer s.blobs.end()
	kept, err := s.kept()
	if err != nil {
		return err
	}
	sizes, err := s.blobs.sizes()
	if err != nil {
		return fmt.Errorf("store: look for content that is not needed: %w", err)
	}
	var used int64
	var failed []error
	for hash, size := range sizes {
		if !kept[hash] {
			gone, err := s.blobs.remove(hash)
			if err != nil {
				failed = append(failed, fmt.Errorf("store: remove content that is not needed: %w", err))
			}
			if gone {
				continue
			}
		}
		used += size
	}
	s.blobs.swept(used, s.sweepAgain)
	return errors.Join(failed...)
}

// kept begins a sweep and gives the names of all content in use.
func (s *Store) kept() (map[string]bool, error) {
	k := &Kept{names: map[string]bool{}}
	s.mu.RLock() // no Update is under way
	s.blobs.begin()
	err := s.broken
	for _, keeps := range s.keeps {
		if err == nil {
			keeps(&Tx{store: s, now: s.at, readOnly: true}, k)
		}
	}
	s.mu.RUnlock()
	for _, l := range k.lists { // a list never changes, and only a sweep removes it
		if err != nil {
			return nil, err
		}
		var content []byte
		if content, err = s.blobs.Get(l.hash); err != nil {
			continue
		}
		var names []string
		if names, err = l.names(content); err != nil {
			err = fmt.Errorf("store: content %s: %w", l.hash, err)
		}
		for _, hash := range names {
			k.Content(hash)
		}
	}
	return k.names, err
}

// sweepAgain is Sweep where nobody waits for it.
func (s *Store) sweepAgain() {
	if err := s.Sweep(); err != nil && !errors.Is(err, errClosed) {
		s.report(err)
	}
}
