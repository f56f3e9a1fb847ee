package database

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is what the databases should be: a state for each moment at which something changed.
type model struct {
	states []state // by moment, not before the one before
}

type state struct {
	at        time.Time
	databases map[string]map[int]string // rows by database
}

func (m *model) now() state { return m.states[len(m.states)-1] }

// change adds a state in which one database is other than before; nil drops it.
func (m *model) change(at time.Time, name string, rows map[int]string) {
	next := maps.Clone(m.now().databases)
	if delete(next, name); rows != nil {
		next[name] = rows
	}
	m.states = append(m.states, state{at, next})
}

// at is the state at a moment, of the first n.
func (m *model) at(t time.Time, n int) (s state) {
	for _, x := range m.states[:n] {
		if !x.at.After(t) {
			s = x
		}
	}
	return s
}

// trial is one random life of an instance.
type trial struct {
	*bench
	t     *rapid.T
	model model
	h     History // what the row says
	known int     // how many states of the model it holds
	conns map[string]*Conn
	tx    map[string]map[int]string // rows as open transactions see them
	reads []*Rows
}

func (x *trial) conn(name string) *Conn {
	if x.conns[name] == nil {
		x.conns[name] = x.connect(x.Server, name)
	}
	return x.conns[name]
}

func (x *trial) leave(name string) {
	if c := x.conns[name]; c != nil {
		x.must(c.Close())
	}
	delete(x.conns, name)
	delete(x.tx, name)
}

func (x *trial) pick() (string, bool) {
	names := slices.Sorted(maps.Keys(x.model.now().databases))
	if len(names) == 0 {
		return "", false
	}
	return rapid.SampledFrom(names).Draw(x.t, "database"), true
}

func (x *trial) create() {
	name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(x.t, "new")
	if _, there := x.model.now().databases[name]; there {
		return
	}
	x.must(x.Create(name))
	x.model.change(x.now, name, map[int]string{})
}

func (x *trial) table(name string) {
	x.run(x.conn(name), "create table if not exists t (id integer primary key, text text)")
}

// write writes a few rows, or many, in a transaction that ends well, badly, or not yet.
func (x *trial) write() {
	name, ok := x.pick()
	if !ok {
		return
	}
	c, ctx := x.conn(name), context.Background()
	rows, open := x.tx[name]
	if !open {
		x.table(name)
		rows = maps.Clone(x.model.now().databases[name])
	}
	if !open && rapid.Bool().Draw(x.t, "alone") {
		id := rapid.IntRange(1, 30).Draw(x.t, "id")
		x.run(c, "insert into t values (?, 'alone') on conflict do update set text = text || '+'", id)
		if text, there := rows[id]; there {
			rows[id] = text + "+"
		} else {
			rows[id] = "alone"
		}
		x.model.change(x.now, name, rows)
		return
	}
	if !open {
		x.must(c.Begin(ctx))
	}
	wide := strings.Repeat("x", rapid.SampledFrom([]int{1, 50, 5000, 100_000}).Draw(x.t, "width"))
	for range rapid.IntRange(1, 40).Draw(x.t, "rows") {
		id := rapid.IntRange(1, 60).Draw(x.t, "id")
		if rapid.IntRange(0, 3).Draw(x.t, "delete") == 0 {
			x.run(c, "delete from t where id = ?", id)
			delete(rows, id)
		} else {
			x.run(c, "insert or replace into t values (?, ?)", id, wide)
			rows[id] = wide
		}
	}
	switch rapid.SampledFrom([]string{"commit", "commit", "rollback", "later"}).Draw(x.t, "end") {
	case "commit":
		x.must(c.Commit(ctx))
		delete(x.tx, name)
		x.model.change(x.now, name, rows)
	case "rollback":
		x.must(c.Rollback(ctx))
		delete(x.tx, name)
	case "later":
		x.tx[name] = rows
	}
}

// read begins to read and leaves it open, which keeps the WAL where it is.
func (x *trial) read() {
	name, ok := x.pick()
	if !ok || x.tx[name] != nil {
		return
	}
	x.table(name)
	rows, err := x.conn(name).Run(context.Background(), "select a.id from t a, t b")
	x.must(err)
	rows.Next()
	x.reads = append(x.reads, rows)
}

func (x *trial) unread() {
	for _, r := range x.reads {
		r.Close()
	}
	x.reads = nil
}

func (x *trial) dropOrRename() {
	name, ok := x.pick()
	if !ok {
		return
	}
	x.leave(name)
	if rapid.Bool().Draw(x.t, "drop") {
		x.must(x.Drop(name))
		x.model.change(x.now, name, nil)
		return
	}
	other := name + "'"
	if _, there := x.model.now().databases[other]; there || len(name) > 5 {
		return
	}
	x.must(x.Rename(name, other))
	next := maps.Clone(x.model.now().databases)
	next[other] = next[name]
	delete(next, name)
	x.model.states = append(x.model.states, state{x.now, next})
}

// load puts a copy of a database in the place of another, or beside it.
func (x *trial) load() {
	from, ok := x.pick()
	if !ok {
		return
	}
	to := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(x.t, "to")
	file, err := x.Dump(from)
	x.must(err)
	x.leave(to)
	x.must(x.Load(to, file))
	x.model.change(x.now, to, maps.Clone(x.model.now().databases[from]))
}

func (x *trial) sealOrLose() {
	h := x.seal(x.h)
	if rapid.Bool().Draw(x.t, "twice") {
		h = x.seal(h) // in one Update
	}
	if x.known > 0 && !h.First().Equal(x.h.First()) {
		x.t.Fatalf("a Seal gave up what was from %s to %s", x.h.First(), h.First())
	}
	if rapid.IntRange(0, 3).Draw(x.t, "lost") > 0 {
		x.h, x.known = h, len(x.model.states)
	}
}

func (x *trial) prune() {
	if x.known > 0 {
		x.h = x.h.After(x.moment("since"))
	}
}

// moment is one that the history can give.
func (x *trial) moment(label string) time.Time {
	span := int(x.h.Last().Sub(x.h.First()) / time.Second)
	return x.h.First().Add(time.Duration(rapid.IntRange(0, max(span, 0)).Draw(x.t, label)) * time.Second)
}

func (x *trial) forget() {
	x.conns, x.tx, x.reads = map[string]*Conn{}, map[string]map[int]string{}, nil
}

func (x *trial) restart() {
	x.must(x.Server.Close())
	x.forget()
	x.open(x.h)
}

// kill goes on with the files as they are, as after a kill.
func (x *trial) kill() {
	old, server := x.dir, x.Server
	x.dir = copyDir(x.bench, old)
	x.must(server.Close())
	x.forget()
	x.open(x.h)
}

func copyDir(b *bench, from string) string {
	to := b.folder()
	files, err := os.ReadDir(from)
	b.must(err)
	for _, f := range files {
		in, err := os.Open(filepath.Join(from, f.Name()))
		b.must(err)
		out, err := os.Create(filepath.Join(to, f.Name()))
		b.must(err)
		_, err = io.Copy(out, in)
		b.must(err)
		in.Close()
		out.Close()
	}
	return to
}

// same compares what a server has with a state.
func (x *trial) same(s *Server, want state, when string) {
	if got, want := s.Names(), slices.Sorted(maps.Keys(want.databases)); !slices.Equal(got, want) {
		x.t.Fatalf("%s: databases %v, want %v", when, got, want)
	}
	for name, rows := range want.databases {
		c := x.connect(s, name)
		got := map[int]string{}
		if fmt.Sprint(x.run(c, "select count(*) from sqlite_schema")) != "[[0]]" {
			for _, row := range x.run(c, "select id, text from t") {
				got[int(row[0].(int64))] = row[1].(string)
			}
		}
		if check := fmt.Sprint(x.run(c, "select * from pragma_foreign_key_check")); check != "[]" {
			x.t.Fatalf("%s: %s: %s", when, name, check)
		}
		x.must(c.Close())
		if !maps.Equal(got, rows) {
			x.t.Fatalf("%s: %s has %d rows %v, want %d %v", when, name, len(got), short(got), len(rows), short(rows))
		}
	}
}

func short(rows map[int]string) string {
	var out strings.Builder
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&out, "%d:%.8s(%d) ", id, rows[id], len(rows[id]))
	}
	return out.String()
}

func (x *trial) restored() {
	if x.known == 0 {
		return
	}
	at := x.moment("at")
	s := x.from(x.h.At(at))
	x.same(s, x.model.at(at, x.known), fmt.Sprintf("restored to %s", at.Format(time.TimeOnly)))
	x.must(s.Close())
}

func TestAnyLifeCanBeRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(t)
		x := &trial{bench: b, t: t, model: model{states: []state{{noon, map[string]map[int]string{}}}}}
		x.forget()
		x.create()
		actions := map[string]func(){
			"create": x.create, "drop or rename": x.dropOrRename, "write": x.write, "write more": x.write, "write again": x.write,
			"read": x.read, "unread": x.unread, "seal": x.sealOrLose, "seal again": x.sealOrLose, "prune": x.prune,
			"load": x.load, "restart": x.restart, "kill": x.kill, "restored": x.restored, "restored again": x.restored,
			"pass": func() { x.later(time.Duration(rapid.IntRange(0, 3).Draw(t, "seconds")) * time.Second) },
		}
		names := slices.Sorted(maps.Keys(actions))
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			actions[rapid.SampledFrom(names).Draw(t, "step")]()
		}
		x.unread()
		for name := range maps.Clone(x.conns) {
			x.leave(name)
		}
		x.same(x.Server, x.model.now(), "now")
		x.h, x.known = x.seal(x.h), len(x.model.states)
		for at := x.h.First(); !at.After(x.h.Last()); at = at.Add(time.Second) {
			s := x.from(x.h.At(at))
			x.same(s, x.model.at(at, x.known), "at the end, "+at.Format(time.TimeOnly))
			s.Close()
		}
	})
}
