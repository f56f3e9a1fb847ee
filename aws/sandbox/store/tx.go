package store

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Tx is a transaction: what a View may read, and what an Update may also change. It is good only inside the function it
// was given to.
type Tx struct {
	store    *Store
	now      time.Time
	fail     string
	readOnly bool
	undo     []func()
	touched  []place
	seen     map[place]bool
	drew     bool
}

// place is one row of one table.
type place struct {
	rows rows
	key  string
}

// touch notes that a row is about to change, and how to take it back.
func (tx *Tx) touch(r rows, key string) {
	if tx.readOnly {
		panic("store: change in a View, of table " + r.title())
	}
	p := place{r, key}
	if tx.seen[p] {
		return
	}
	if tx.seen == nil {
		tx.seen = map[place]bool{}
	}
	tx.seen[p] = true
	tx.touched = append(tx.touched, p)
	tx.undo = append(tx.undo, r.keep(key))
}

func (tx *Tx) rollback() {
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
}

// record is what the transaction changed, as the journal keeps it.
func (tx *Tx) record() (record, error) {
	r := record{At: tx.now, Draws: tx.store.draws}
	for _, p := range tx.touched {
		value, err := p.rows.encode(p.key)
		if err != nil {
			return r, err
		}
		r.Change = append(r.Change, change{Table: p.rows.title(), Key: p.key, Value: value})
	}
	return r, nil
}

// Now is the virtual time; where something due is happening, the moment it was due.
func (tx *Tx) Now() time.Time { return tx.now }

// ID is a new id in EC2's form: prefix and 17 hex digits. The same seed gives the same ids in the same order; none comes twice.
func (tx *Tx) ID(prefix string) string { return fmt.Sprintf("%s0%016x", prefix, tx.draw()) }

// UUID is a new id in the form of a random UUID (RFC 9562, version 4).
func (tx *Tx) UUID() string {
	high, low := tx.draw(), tx.draw()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff, low>>48&0x3fff|0x8000, low&0xffffffffffff)
}

// Rand is a source of random numbers that the seed decides, a new one with each call.
func (tx *Tx) Rand() *rand.Rand { return rand.New(rand.NewPCG(tx.store.seed, tx.draw())) }

// draw is the next number of splitmix64, which visits each of the 2^64 once.
func (tx *Tx) draw() uint64 {
	if tx.readOnly {
		panic("store: a new id in a View")
	}
	tx.drew = true
	tx.store.draws++
	z := tx.store.seed + tx.store.draws*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Due lets the handler of kind be called with key at that virtual time; a moment that is over is as soon as this
// transaction ended. (kind, key) is unique: setting it again replaces. The weather may make it later, or fail (Tx.Failure).
func (tx *Tx) Due(at time.Time, kind, key string) {
	a := tx.store.agenda
	a.order++
	e := event{At: at.UTC(), Order: a.order, Kind: kind, Key: key}
	if outlook := tx.store.options.Outlook; outlook != nil {
		e.At, e.Fail = outlook(kind, key, tx.now, e.At)
	}
	// Rounded up: what is due has not happened a moment too early.
	if cut := e.At.Truncate(time.Millisecond); cut.Before(e.At) {
		e.At = cut.Add(time.Millisecond)
	}
	tx.touch(a, e.row())
	a.set(e)
}

// Cancel takes back what Due set; what is not there is no error.
func (tx *Tx) Cancel(kind, key string) {
	row := event{Kind: kind, Key: key}.row()
	if _, there := tx.store.agenda.events[row]; !there {
		return
	}
	tx.touch(tx.store.agenda, row)
	tx.store.agenda.unset(row)
}

// Failure is, where something due is happening, the message that the weather wants it to fail with; empty when all is well.
func (tx *Tx) Failure() string { return tx.fail }

// ReadOnly says that this is a View, in which nothing may be changed.
func (tx *Tx) ReadOnly() bool { return tx.readOnly }
