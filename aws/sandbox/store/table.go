package store

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// Table is one kind of record by key, in memory as T and in the journal as T's JSON. Keys are paths such as
// "account/region/id", so that a prefix is a listing. T is a value: change a copy and Put it back; slices and maps inside
// it are shared with every reader and must not be changed in place.
type Table[T any] struct {
	name string
	rows sorted[T]
}

// NewTable registers the table of that name, and reads what the journal holds of it. A table is made once. Records that are
// not a T make the store unusable: every View and Update answers with the error.
func NewTable[T any](s *Store, name string) *Table[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &Table[T]{name: name}
	if _, twice := s.tables[name]; twice || name == dueTable {
		panic("store: table " + name + " is made twice")
	}
	s.tables[name] = t
	raw := s.raw[name]
	delete(s.raw, name)
	keys := make([]string, 0, len(raw))
	for key := range raw {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		var v T
		if err := json.Unmarshal(raw[key], &v); err != nil {
			s.fail(fmt.Errorf("store: %s: record %s of table %s: %w; reset the sandbox or use the version that wrote it", s.journal.path, key, name, err))
			return t
		}
		t.rows.put(key, v)
	}
	return t
}

// Get is the record of key, if there is one.
func (t *Table[T]) Get(tx *Tx, key string) (T, bool) { return t.rows.get(key) }

// Put sets the record of key.
func (t *Table[T]) Put(tx *Tx, key string, v T) {
	tx.touch(t, key)
	t.rows.put(key, v)
}

// Delete removes the record of key; one that is not there is no error.
func (t *Table[T]) Delete(tx *Tx, key string) {
	if _, there := t.rows.get(key); !there {
		return
	}
	tx.touch(t, key)
	t.rows.remove(key)
}

// Scan calls fn for the records whose key begins with prefix, in the order of keys, until fn says false. fn may not change
// this table; collect first.
func (t *Table[T]) Scan(tx *Tx, prefix string, fn func(key string, v T) bool) {
	t.After(tx, prefix, "", fn)
}

// After is Scan for the keys beyond after only, which is how a page goes on.
func (t *Table[T]) After(tx *Tx, prefix, after string, fn func(key string, v T) bool) {
	t.rows.from(max(prefix, after), func(key string, v T) bool {
		switch {
		case key == after && after != "":
			return true
		case !strings.HasPrefix(key, prefix):
			return false
		}
		return fn(key, v)
	})
}

// Len is how many records the table has.
func (t *Table[T]) Len(tx *Tx) int { return t.rows.size }

func (t *Table[T]) title() string { return t.name }

func (t *Table[T]) encode(key string) (json.RawMessage, error) {
	v, there := t.rows.get(key)
	if !there {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("store: record %s of table %s: %w", key, t.name, err)
	}
	return raw, nil
}

func (t *Table[T]) keep(key string) func() {
	old, there := t.rows.get(key)
	if !there {
		return func() { t.rows.remove(key) }
	}
	return func() { t.rows.put(key, old) }
}

// rows is what a transaction needs of a table, whatever it holds.
type rows interface {
	title() string
	encode(key string) (json.RawMessage, error) // nil when there is no such record
	keep(key string) (undo func())
}
