package database

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lifeboat/aws/sandbox/store"

	"modernc.org/sqlite"
)

func TestNamesOfDatabases(t *testing.T) {
	b, c := shop(t)
	for what, err := range map[string]error{
		"create a second shop":       b.Create("shop"),
		"drop shop while it is used": b.Drop("shop"),
		"rename shop to shop":        b.Rename("shop", "store"),
		"load over a shop in use":    b.Load("shop", mustDump(b, "shop")),
		"drop nothing":               b.Drop("none"),
		"rename nothing":             b.Rename("none", "other"),
		"load rubbish":               b.Load("other", []byte("rubbish")),
	} {
		want := map[string]error{"create a second shop": ErrExists, "drop nothing": ErrNotFound, "rename nothing": ErrNotFound, "load rubbish": ErrDamaged}[what]
		if want == nil {
			want = ErrInUse
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	b.must(c.Close())
	b.must(b.Create("depot"))
	if err := b.Rename("shop", "depot"); !errors.Is(err, ErrExists) {
		t.Errorf("rename to a name that is taken: %v", err)
	}
	b.must(b.Rename("shop", "store"))
	b.must(b.Create("shop"))
	if got := b.Names(); !slices.Equal(got, []string{"depot", "shop", "store"}) {
		t.Errorf("names %v", got)
	}
	if _, err := b.Connect("none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("connect to nothing: %v", err)
	}
	if h := b.seal(History{}); !slices.Equal(h.Names(), b.Names()) {
		t.Errorf("names in the history %v", h.Names())
	}
}

func mustDump(b *bench, name string) []byte {
	b.Helper()
	file, err := b.Dump(name)
	b.must(err)
	return file
}

func TestDumpAndLoad(t *testing.T) {
	b, c := shop(t)
	b.run(c, "insert into t (text) values ('one')")
	b.must(c.Begin(ctx))
	b.run(c, "insert into t (text) values ('not yet')")
	file := mustDump(b, "shop")
	b.must(c.Commit(ctx))
	h := b.seal(History{})
	b.later(time.Minute)
	b.must(b.Load("copy", file))
	b.must(c.Close())
	b.must(b.Load("shop", file))
	for _, name := range b.Names() {
		c := b.connect(b.Server, name)
		if got := fmt.Sprint(b.run(c, "select text from t")); got != "[[one]]" {
			t.Errorf("%s: %s", name, got)
		}
		b.run(c, "insert into t (text) values ('after')")
	}
	h = b.seal(h)
	if got := b.ask(h.At(noon), "shop", "select text from t"); got != "[[one] [not yet]]" {
		t.Errorf("before it was replaced: %s", got)
	}
	for _, name := range []string{"shop", "copy"} {
		if got := b.ask(h, name, "select text from t"); got != "[[one] [after]]" {
			t.Errorf("%s restored: %s", name, got)
		}
	}
}

func TestEmptyDatabases(t *testing.T) {
	b := newBench(t)
	b.must(b.Create("empty"))
	b.must(b.Load("copy", mustDump(b, "empty")))
	h := b.seal(History{})
	s := b.from(h)
	for _, name := range s.Names() {
		if got := fmt.Sprint(b.run(b.connect(s, name), "select count(*) from sqlite_schema")); got != "[[0]]" {
			t.Errorf("%s has %s tables", name, got)
		}
		file, err := s.Dump(name)
		if b.must(err); !isDatabase(file) {
			t.Errorf("%s is dumped as %d bytes", name, len(file))
		}
	}
	if _, err := s.Dump("none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("dump of nothing: %v", err)
	}
	if size, err := s.Size("copy"); size != pageSize || err != nil {
		t.Errorf("%d bytes: %v", size, err)
	}
	if _, err := s.Size("none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("size of nothing: %v", err)
	}
	if h.Size() != 2*pageSize || len(s.Names()) != 2 {
		t.Errorf("%d bytes in %v", h.Size(), s.Names())
	}
}

func TestLoadOtherPageSize(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(b.folder(), "other")
	raw, err := (&sqlite.Driver{}).Open(path)
	b.must(err)
	for _, sql := range []string{"pragma page_size = 1024", "create table t (id integer primary key, text text)", "insert into t values (1, 'small pages')"} {
		_, err := ask(raw.(rawConn), sql)
		b.must(err)
	}
	b.must(raw.Close())
	file, err := os.ReadFile(path)
	b.must(err)
	b.must(b.Load("shop", file))
	if got := b.ask(b.seal(History{}), "shop", "select text from t"); got != "[[small pages]]" {
		t.Error(got)
	}
	damaged := bytes.Clone(file)
	copy(damaged[1024:], make([]byte, 900))
	if err := b.Load("other", damaged); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged file: %v", err)
	}
	if got := b.Names(); !slices.Equal(got, []string{"shop"}) {
		t.Errorf("names %v", got)
	}
}

// TestWhatIsDroppedGoes: what neither a row nor the instance needs is swept, and its files are removed.
func TestWhatIsDroppedGoes(t *testing.T) {
	b, c := shop(t)
	b.fill2(c)
	h := b.seal(History{})
	b.must(c.Close())
	b.later(time.Minute)
	b.must(b.Drop("shop"))
	b.later(time.Minute)
	h = b.seal(h)
	if got := b.ask(h.At(noon), "shop", "select count(*) from t"); got != "[[50]]" {
		t.Errorf("before the drop: %s", got)
	}
	h = b.seal(b.seal(h)) // rows hold it
	left, err := os.ReadDir(b.dir)
	if b.must(err); len(left) != 1 {
		t.Errorf("files of a dropped database are left: %v", left)
	}
	kept := func() (n int) {
		b.store.OnSweep(func(tx *store.Tx, k *store.Kept) { h.Keep(k) })
		b.must(b.store.Sweep())
		for _, l := range h.Databases {
			for _, s := range l.Segments {
				if _, err := b.store.Blobs().Get(s.Hash); err == nil {
					n++
				}
			}
		}
		return n
	}
	if kept() != 1 {
		t.Error("a segment that is needed was swept")
	}
	h = b.seal(h.After(b.now))
	if len(h.Databases) != 0 || !h.First().Equal(b.now) {
		t.Errorf("after its time: %+v", h)
	}
}

func (b *bench) fill2(c *Conn) {
	b.Helper()
	for i := range 50 {
		b.run(c, "insert into t (text) values (?)", fmt.Sprint(i))
	}
}

// TestDamageIsNoticed: a restore from content that is not what was sealed fails; it does not give other rows.
func TestDamageIsNoticed(t *testing.T) {
	b, c := shop(t)
	b.fill2(c)
	h := b.seal(History{})
	content, err := b.store.Blobs().Get(h.Databases[0].Segments[0].Hash)
	b.must(err)
	for at := 0; at < len(content); at += 5 {
		damaged := bytes.Clone(content)
		damaged[at] ^= 1
		hash, err := b.store.Blobs().Put(damaged)
		b.must(err)
		bad := h.At(b.now)
		bad.Databases[0].Segments[0].Hash = hash
		s, err := Open(b.options(""), bad)
		if err == nil {
			c := b.connect(s, "shop")
			if got := fmt.Sprint(b.run(c, "select count(*), sum(text) from t")); got != "[[50 1225]]" {
				t.Fatalf("byte %d is wrong, and so are the rows: %s", at, got)
			}
			s.Close()
		}
	}
}

// TestUpdatesThatFail: what Seals gave is lost several times, with two in one Update and cuts between. Nothing is lost by it.
func TestUpdatesThatFail(t *testing.T) {
	b, c := shop(t)
	h := b.seal(b.seal(History{}))
	n := 0
	write := func() {
		for range 3 {
			b.later(time.Second)
			n++
			b.run(c, "insert into t (text) values ('x')")
			b.must(b.databases[1].log.cut())
		}
	}
	for range 3 {
		write()
		once := b.seal(h)
		write()
		b.seal(once)
	}
	write()
	if h = b.seal(h); !h.First().Equal(noon) {
		t.Errorf("it goes back to %s only", h.First())
	}
	for i := 1; i <= n; i++ {
		if got := b.ask(h.At(noon.Add(time.Duration(i)*time.Second)), "shop", "select count(*) from t"); got != fmt.Sprintf("[[%d]]", i) {
			t.Errorf("second %d: %s", i, got)
		}
	}
}

// TestHistoryThatWasLost: the files that two Seals were given as held are gone. A History from before that goes on with
// what is there now, and says that it cannot give what was between.
func TestHistoryThatWasLost(t *testing.T) {
	b, c := shop(t)
	first := b.seal(History{})
	h := first
	for range 4 {
		b.later(time.Minute)
		b.run(c, "insert into t (text) values ('x')")
		h = b.seal(h)
	}
	b.later(time.Minute)
	h = b.seal(first)
	if !h.First().Equal(b.now) {
		t.Errorf("it says that it goes back to %s", h.First())
	}
	b.run(c, "insert into t (text) values ('x')")
	if got := b.ask(b.seal(h), "shop", "select count(*) from t"); got != "[[5]]" {
		t.Errorf("restored: %s", got)
	}
}
