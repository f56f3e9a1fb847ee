// Package store is what the sandbox keeps, and how.
//
// Tables are in memory; every transaction is one line of an append-only journal, written before the transaction is answered
// for, so that a kill loses nothing that was answered. Content is kept in files named by its SHA-256 for as long as a row
// refers to it. What is due later is a row in the same journal: it still happens after a crash. One transaction writes at a time, and before any of them reads or
// writes, everything due up to its moment has happened.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"lifeboat/aws/sandbox/clock"
)

// What a store puts into its folder.
const (
	JournalFile = "journal.jsonl"
	BlobsFolder = "blobs" // below it, ab/cdef... is the content whose SHA-256 is abcdef...
)

// Options of Open; the zero value will do.
type Options struct {
	// Seed decides ids and random numbers. A folder keeps the seed it began with.
	Seed uint64
	// Outlook is the weather's say when something is set to be due: when it really comes, and the message it fails with.
	Outlook func(kind, key string, now, at time.Time) (due time.Time, fail string)
	// Failed is told of what could not be done and has nobody to be answered to: a handler of something due that failed (its
	// changes are undone, it is not tried again), or a journal that could not be written meanwhile.
	Failed func(err error)
}

// Store is open tables, journal and content. It is safe for concurrent use.
type Store struct {
	clock   *clock.Clock
	options Options
	blobs   *Blobs

	mu      sync.RWMutex
	journal *journal
	raw     map[string]map[string]json.RawMessage // tables nobody has asked for yet
	tables  map[string]rows
	agenda  *agenda
	seed    uint64
	draws   uint64
	broken  error
	keeps   []func(*Tx, *Kept) // who tells what content is in use

	sweeping sync.Mutex // one sweep at a time; taken before mu

	at    time.Time    // everything due up to here has happened
	next  atomic.Int64 // the first event's moment, ms
	ahead atomic.Int64 // time up to here may be shown: a restart begins no earlier, ms
}

// lead is how much time of this machine a running clock may show without a record. After a kill, virtual time begins up to
// that much later; meanwhile a sandbox at rest writes a line each time it is over.
const lead = 2 * time.Second

// Open opens the store of a folder, making it when it is not there, and lets the clock go on from where the store was. An
// empty dir keeps everything in memory.
func Open(dir string, c *clock.Clock, o Options) (*Store, error) {
	s := &Store{
		clock: c, options: o, seed: o.Seed,
		raw: map[string]map[string]json.RawMessage{}, tables: map[string]rows{}, agenda: newAgenda(),
	}
	path := ""
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("store: %w; the sandbox needs a folder it can write to", err)
		}
		path = filepath.Join(dir, JournalFile)
	}
	s.blobs = newBlobs(dir)
	from, ahead, first := time.Time{}, time.Time{}, true
	j, err := openJournal(path, func(r record) {
		if first {
			s.seed, first = r.Seed, false
		}
		from, ahead, s.draws = r.At, r.Ahead, max(s.draws, r.Draws)
		s.replay(r)
	})
	if err != nil {
		return nil, err
	}
	s.journal = j
	if err := s.begin(first, from, ahead); err != nil {
		j.close()
		return nil, err
	}
	if err := s.blobs.tidy(); err != nil {
		s.report(fmt.Errorf("store: remove what was half written: %w", err))
	}
	return s, nil
}

func (s *Store) replay(r record) {
	for _, c := range r.Change {
		table := s.raw[c.Table]
		switch {
		case c.Value == nil:
			delete(table, c.Key)
		case table == nil:
			s.raw[c.Table] = map[string]json.RawMessage{c.Key: c.Value}
		default:
			table[c.Key] = c.Value
		}
	}
}

// begin makes what was read usable: compacts it where that is worth it, sets what is due, starts the clock.
func (s *Store) begin(fresh bool, from, ahead time.Time) error {
	if ahead.After(from) {
		from = ahead
	}
	s.at = from
	if fresh {
		s.at = s.clock.Now()
		if err := s.journal.append(record{At: s.at, Seed: s.seed}); err != nil {
			return err
		}
	} else if err := s.compact(); err != nil {
		err = fmt.Errorf("store: rewrite %s: %w", s.journal.path, err)
		var broken *brokenError
		if errors.As(err, &broken) {
			return err
		}
		s.report(err) // a long journal is as good as a short one
	}
	if err := s.agenda.load(s.raw[dueTable]); err != nil {
		return fmt.Errorf("store: %s: what is due: %w", s.journal.path, err)
	}
	delete(s.raw, dueTable)
	s.next.Store(s.agenda.next())
	s.ahead.Store(s.at.UnixMilli())
	s.clock.Follow(s, from)
	return nil
}

// compactAt is the size of a journal below which rewriting it gains nothing.
const compactAt = 256 << 10

// compact rewrites the journal when less than half of it is still alive.
func (s *Store) compact() error {
	if s.journal.size < compactAt {
		return nil
	}
	var alive int64
	for name, table := range s.raw {
		for key, value := range table {
			alive += int64(len(name) + len(key) + len(value) + 64)
		}
	}
	if s.journal.size < 2*alive {
		return nil
	}
	return s.journal.rewrite(s.snapshot)
}

// snapshot is the state as records, a thousand rows each, in order.
func (s *Store) snapshot(yield func(record) bool) {
	head := record{At: s.at, Draws: s.draws, Seed: s.seed}
	if !yield(head) {
		return
	}
	head.Seed = 0
	var names []string
	for name := range s.raw {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		var keys []string
		for key := range s.raw[name] {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		r := head
		for _, key := range keys {
			r.Change = append(r.Change, change{Table: name, Key: key, Value: s.raw[name][key]})
			if len(r.Change) == 1000 {
				if !yield(r) {
					return
				}
				r.Change = nil
			}
		}
		if len(r.Change) > 0 && !yield(r) {
			return
		}
	}
}

// Update runs fn with everything due up to now done, and keeps what it changed: all of it or, when fn or the journal gives
// an error, nothing. fn must not call the store again.
func (s *Store) Update(fn func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if err := s.settle(now); err != nil {
		return err
	}
	return s.transact(&Tx{store: s, now: s.at}, fn)
}

// View runs fn, which may only read, with everything due up to now done.
func (s *Store) View(fn func(*Tx) error) error {
	now := s.clock.Now()
	if ms := now.UnixMilli(); ms >= s.next.Load() || ms > s.ahead.Load() {
		s.mu.Lock()
		if err := s.settle(now); err != nil {
			s.report(err) // what is there can still be read
		}
		s.mu.Unlock()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.broken != nil {
		return s.broken
	}
	if s.at.After(now) {
		now = s.at
	}
	return fn(&Tx{store: s, now: now, readOnly: true})
}

// transact runs fn and writes what it changed, or takes it back.
func (s *Store) transact(tx *Tx, fn func(*Tx) error) error {
	if s.broken != nil {
		return s.broken
	}
	done := false
	defer func() {
		if !done { // an error, or a panic on its way
			tx.rollback()
		}
		if next := s.agenda.next(); s.next.Swap(next) != next {
			s.clock.Wake()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if len(tx.touched) > 0 || tx.drew {
		r, err := tx.record()
		if err != nil {
			return err
		}
		if err := s.write(r); err != nil {
			return err
		}
	}
	done = true
	return nil
}

// write appends a record, and with it how far the clock may be shown.
func (s *Store) write(r record) error {
	if rate := s.clock.Rate(); rate > 0 {
		r.Ahead = r.At.Add(time.Duration(float64(lead) * rate))
	}
	if err := s.journal.append(r); err != nil {
		var broken *brokenError
		if errors.As(err, &broken) {
			s.fail(err)
		}
		return err
	}
	s.ahead.Store(max(r.At.UnixMilli(), r.Ahead.UnixMilli(), s.ahead.Load()))
	return nil
}

// Next is the moment Settle has something to do: something is due, or the clock is about to be further than a restart
// would know. It is for the clock.
func (s *Store) Next() (time.Time, bool) {
	next := s.next.Load()
	if s.clock.Rate() > 0 {
		next = min(next, s.ahead.Load()+1)
	}
	return time.UnixMilli(next).UTC(), next != math.MaxInt64
}

// Settle lets everything happen that is due up to now. It is for the clock.
func (s *Store) Settle(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.settle(now)
	if err != nil {
		s.report(err)
	}
	return err
}

func (s *Store) settle(now time.Time) error {
	if s.broken != nil {
		return s.broken
	}
	for {
		e, there := s.agenda.first()
		if !there || e.At.After(now) {
			break
		}
		if e.At.After(s.at) {
			s.at = e.At
		}
		if err := s.happen(e); err != nil {
			return err
		}
	}
	if now.After(s.at) {
		s.at = now
	}
	if s.at.UnixMilli() > s.ahead.Load() {
		return s.write(record{At: s.at, Draws: s.draws})
	}
	return nil
}

// happen runs the handler of an event, which is no longer due whether the handler succeeds or not.
func (s *Store) happen(e event) error {
	drop := func(tx *Tx) error { tx.Cancel(e.Kind, e.Key); return nil }
	var failed error
	err := s.transact(&Tx{store: s, now: s.at, fail: e.Fail}, func(tx *Tx) error {
		drop(tx)
		failed = s.agenda.handlers[e.Kind](tx, e.Key)
		return failed
	})
	if failed == nil {
		return err
	}
	s.report(fmt.Errorf("store: %s of %s at %s: %w", e.Kind, e.Key, s.at.Format(time.RFC3339), failed))
	return s.transact(&Tx{store: s, now: s.at}, drop)
}

// OnDue names who is called when something of that kind is due. A service does it when it is made.
func (s *Store) OnDue(kind string, fn func(tx *Tx, key string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agenda.handlers[kind] != nil {
		panic("store: " + kind + " is handled twice")
	}
	s.agenda.handle(kind, fn)
	s.next.Store(s.agenda.next())
	s.clock.Wake()
}

// Blobs is the content kept beside the tables.
func (s *Store) Blobs() *Blobs { return s.blobs }

// Check is the error that makes the store unusable, if there is one: a record no table can read, a journal that could not
// be mended.
func (s *Store) Check() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.broken
}

func (s *Store) fail(err error) {
	if s.broken == nil {
		s.broken = err
	}
}

func (s *Store) report(err error) {
	if s.options.Failed != nil {
		s.options.Failed(err)
	}
}

// Close stops the clock and notes its time, so that a restart goes on from exactly there.
func (s *Store) Close() error {
	s.clock.Close()
	s.sweeping.Lock() // a sweep is over before the folder is given up
	defer s.sweeping.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == errClosed {
		return nil
	}
	err := s.settle(s.clock.Now())
	if err == nil {
		err = s.journal.append(record{At: s.at, Draws: s.draws})
	}
	s.broken = errClosed
	return errors.Join(err, s.journal.close())
}

var errClosed = errors.New("store: it is closed")
