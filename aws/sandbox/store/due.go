package store

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// dueTable is the journal's name for what is due.
const dueTable = "due"

// event is something that happens later.
type event struct {
	At    time.Time `json:"at"`
	Order uint64    `json:"order"` // what is due at one moment happens in the order it was set
	Kind  string    `json:"kind"`
	Key   string    `json:"key"`
	Fail  string    `json:"fail,omitempty"`
}

func (e event) row() string { return e.Kind + " " + e.Key }

// turn orders events by moment, then by the order they were set in.
func (e event) turn() string { return fmt.Sprintf("%020d %020d", e.At.UnixMilli(), e.Order) }

// agenda is everything due: by (kind, key) and, for the kinds somebody handles, in order. It is a table of the store.
type agenda struct {
	events   map[string]event
	queue    sorted[event]
	handlers map[string]func(tx *Tx, key string) error
	order    uint64
}

func newAgenda() *agenda {
	return &agenda{events: map[string]event{}, handlers: map[string]func(*Tx, string) error{}}
}

func (a *agenda) load(raw map[string]json.RawMessage) error {
	for row, value := range raw {
		var e event
		if err := json.Unmarshal(value, &e); err != nil {
			return fmt.Errorf("%s: %w", row, err)
		}
		a.set(e)
	}
	return nil
}

func (a *agenda) set(e event) {
	a.unset(e.row())
	a.events[e.row()] = e
	a.order = max(a.order, e.Order)
	if a.handlers[e.Kind] != nil {
		a.queue.put(e.turn(), e)
	}
}

func (a *agenda) unset(row string) {
	if e, there := a.events[row]; there {
		a.queue.remove(e.turn())
		delete(a.events, row)
	}
}

// handle lets the events of a kind happen; those that a former process left wait for this.
func (a *agenda) handle(kind string, fn func(tx *Tx, key string) error) {
	a.handlers[kind] = fn
	for _, e := range a.events {
		if e.Kind == kind {
			a.queue.put(e.turn(), e)
		}
	}
}

func (a *agenda) first() (first event, there bool) {
	a.queue.from("", func(_ string, e event) bool { first, there = e, true; return false })
	return first, there
}

// next is the moment of the first event in milliseconds, as far away as can be when there is none.
func (a *agenda) next() int64 {
	if e, there := a.first(); there {
		return e.At.UnixMilli()
	}
	return math.MaxInt64
}

func (a *agenda) title() string { return dueTable }

func (a *agenda) encode(row string) (json.RawMessage, error) {
	if e, there := a.events[row]; there {
		return json.Marshal(e)
	}
	return nil, nil
}

func (a *agenda) keep(row string) func() {
	old, there := a.events[row]
	if !there {
		return func() { a.unset(row) }
	}
	return func() { a.set(old) }
}
