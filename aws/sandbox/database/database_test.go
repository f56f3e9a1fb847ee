package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
)

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Cleanup(func())
	Logf(string, ...any)
	Errorf(string, ...any)
	Fatalf(string, ...any)
	Fatal(...any)
}

// bench is a server over a store in memory, with a clock that the test moves.
type bench struct {
	tester
	store *store.Store
	now   time.Time
	mu    sync.Mutex // now, where a test has several goroutines
	dir   string
	*Server
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newBench(t tester) *bench {
	st, err := store.Open("", clock.New(clock.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	b := &bench{tester: t, store: st, now: noon}
	b.dir = b.folder()
	b.open(History{})
	return b
}

func (b *bench) folder() string {
	dir, err := os.MkdirTemp("", "databases-")
	b.must(err)
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (b *bench) options(dir string) Options {
	return Options{Dir: dir, Blobs: b.store.Blobs(), Now: func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now }}
}

func (b *bench) open(h History) {
	b.Helper()
	s, err := Open(b.options(b.dir), h)
	b.must(err)
	b.Server = s
	b.Cleanup(func() { s.Close() })
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) later(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) connect(s *Server, name string) *Conn {
	b.Helper()
	c, err := s.Connect(name)
	b.must(err)
	return c
}

// run runs a statement to its end.
func (b *bench) run(c *Conn, sql string, args ...any) [][]any {
	b.Helper()
	all, err := run(c, sql, args...)
	if err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
	return all
}

func run(c *Conn, sql string, args ...any) (all [][]any, err error) {
	rows, err := c.Run(context.Background(), sql, args...)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		all = append(all, rows.Values())
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

func (b *bench) seal(h History) History {
	b.Helper()
	h, err := b.Seal(h)
	b.must(err)
	return h
}

// from is a server made from a history, in memory.
func (b *bench) from(h History) *Server {
	b.Helper()
	s, err := Open(b.options(""), h)
	b.must(err)
	b.Cleanup(func() { s.Close() })
	return s
}

// ask asks a server made from a history.
func (b *bench) ask(h History, name, sql string) string {
	b.Helper()
	s := b.from(h)
	defer s.Close()
	c := b.connect(s, name)
	return fmt.Sprint(b.run(c, sql))
}

func TestRestoreGivesEachMoment(t *testing.T) {
	b := newBench(t)
	b.must(b.Create("shop"))
	c := b.connect(b.Server, "shop")
	b.run(c, "create table t (id integer primary key, text text)")
	var h History
	for i := 1; i <= 20; i++ {
		b.later(time.Second)
		b.run(c, "insert into t values (?, ?)", i, fmt.Sprintf("row %d", i))
		if i%7 == 0 {
			h = b.seal(h)
		}
	}
	h = b.seal(h)
	for i := 0; i <= 20; i++ {
		at := noon.Add(time.Duration(i) * time.Second)
		if got, want := b.ask(h.At(at), "shop", "select count(*), max(id) from t"), fmt.Sprintf("[[%d %v]]", i, map[bool]any{true: i, false: nil}[i > 0]); i > 0 && got != want {
			t.Errorf("at second %d: %s, want %s", i, got, want)
		}
	}
}
