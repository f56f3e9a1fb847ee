package database

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
)

// onDisk is a bench whose store is a folder, so that what it keeps can be counted.
func onDisk(t testing.TB) (b *bench, bytes func() int64) {
	dir := t.TempDir()
	st, err := store.Open(dir, clock.New(clock.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b = &bench{tester: t, store: st, now: noon, dir: t.TempDir()}
	t.Cleanup(func() { st.Close() })
	b.open(History{})
	return b, func() (sum int64) {
		filepath.WalkDir(filepath.Join(dir, store.BlobsFolder), func(_ string, d fs.DirEntry, err error) error {
			if info, e := d.Info(); err == nil && e == nil && !d.IsDir() {
				sum += info.Size()
			}
			return nil
		})
		return sum
	}
}

// fill makes a table t with rows of about 100 bytes.
func (b *bench) fill(c *Conn, rows int) {
	b.Helper()
	b.run(c, "create table t (id integer primary key, text text, payload text, written timestamp)")
	ctx := context.Background()
	b.must(c.Begin(ctx))
	for i := range rows {
		b.run(c, "insert into t values (?, ?, ?, ?)", i+1, fmt.Sprintf("row %d", i), strings.Repeat(fmt.Sprintf("%08x", i*2654435761), 8), "2026-03-01 12:00:00")
	}
	b.must(c.Commit(ctx))
}

func TestManySealsTakeLittleSpace(t *testing.T) {
	b, bytes := onDisk(t)
	b.must(b.Create("shop"))
	c := b.connect(b.Server, "shop")
	b.fill(c, 95_000)
	h := b.seal(History{})
	full := bytes()
	if h.Size() < 10<<20 {
		t.Fatalf("the database has %d bytes, too few to tell", h.Size())
	}
	whole := int64(0) // what a log of whole pages would take
	for i := range 200 {
		b.later(time.Minute)
		b.run(c, "update t set text = ? where id = ?", fmt.Sprintf("changed %d", i), 1+i*471)
		b.run(c, "insert into t (text) values (?)", fmt.Sprintf("new %d", i))
		b.databases[1].log.mu.Lock()
		b.databases[1].log.advance()
		whole += int64(len(b.databases[1].log.wal.frames)) * pageSize
		b.databases[1].log.mu.Unlock()
		h = b.seal(h)
	}
	t.Logf("database %d, first copy %d, all %d; changes as pages %d, as sealed %d", h.Size(), full, bytes(), whole, bytes()-full)
	if got, most := bytes(), 3*whole+full; got > most {
		t.Errorf("200 seals take %d bytes, more than %d", got, most)
	}
	if got := b.ask(h, "shop", "select count(*), sum(text like 'changed %') from t"); got != "[[95200 200]]" {
		t.Errorf("restored: %s", got)
	}
}

func TestHundredThousandRows(t *testing.T) {
	b, _ := onDisk(t)
	b.must(b.Create("shop"))
	b.fill(b.connect(b.Server, "shop"), 100_000)
	if got := b.ask(b.seal(History{}), "shop", "select count(*), max(id) from t"); got != "[[100000 100000]]" {
		t.Errorf("restored: %s", got)
	}
}

// TestManySegments: where many segments became one, each moment is still there, rows stay short, and a sweep takes nothing
// that is needed.
func TestManySegments(t *testing.T) {
	b, c := shop(t)
	const seals = 130
	var h History
	b.store.OnSweep(func(_ *store.Tx, k *store.Kept) { h.Keep(k) })
	for i := 1; i <= seals; i++ {
		for range 2 {
			b.later(time.Second)
			b.run(c, "insert into t (text) values ('x')")
		}
		h = b.seal(h)
	}
	check := func(from int) {
		t.Helper()
		b.must(b.store.Sweep())
		for i := from; i <= 2*seals; i += 7 {
			at := noon.Add(time.Duration(i) * time.Second)
			if got, want := b.ask(h.At(at.Add(999*time.Millisecond)), "shop", "select count(*) from t"), fmt.Sprintf("[[%d]]", i); got != want {
				t.Errorf("second %d: %s", i, got)
			}
		}
	}
	check(1)
	row, err := json.Marshal(h)
	if b.must(err); len(row) > 12_000 {
		t.Errorf("a row of %d bytes after %d seals", len(row), seals)
	}
	h = h.After(noon.Add(100 * time.Second))
	check(100)

	cut := h.At(noon.Add(101 * time.Second)) // inside what was folded
	s := b.from(cut)
	own := b.connect(s, "shop")
	b.run(own, "insert into t (text) values ('after the restore')")
	cut, err = s.Seal(cut)
	b.must(err)
	if got := b.ask(cut, "shop", "select count(*), max(text) from t"); got != "[[102 x]]" {
		t.Errorf("an instance that was restored and goes on: %s", got)
	}
}

// TestBases: a log that has grown longer than the database gives way to another copy, and each moment is still there.
func TestBases(t *testing.T) {
	b, bytes := onDisk(t)
	b.must(b.Create("shop"))
	c := b.connect(b.Server, "shop")
	b.run(c, "create table t (id integer primary key, text blob)")
	var h History
	changes := int64(0)
	for i := 1; i <= 60; i++ {
		b.later(time.Second)
		rows, err := c.Run(ctx, "insert into t select i, randomblob(100000) from (select 1 i union select 2 union select 3) where true on conflict do update set text = excluded.text")
		b.must(err)
		b.must(rows.Close())
		changes += 300_000
		b.run(c, "create table if not exists n (i integer primary key)")
		b.run(c, "insert into n values (?)", i)
		h = b.seal(h)
	}
	if n := len(h.Databases[0].Bases); n < 3 {
		t.Errorf("%d bases", n)
	}
	if got, most := bytes(), 3*changes+h.Size(); got > most {
		t.Errorf("%d bytes for changes of %d", got, changes)
	}
	for _, prune := range []int{1, 20, 41, 60} {
		h = h.After(noon.Add(time.Duration(prune) * time.Second))
		for i := prune; i <= 60; i += 3 {
			if got, want := b.ask(h.At(noon.Add(time.Duration(i)*time.Second)), "shop", "select count(*), max(i) from n"), fmt.Sprintf("[[%d %d]]", i, i); got != want {
				t.Errorf("second %d: %s", i, got)
			}
		}
	}
	if n := len(h.Databases[0].Bases) + len(h.Databases[0].Segments); n > 40 {
		t.Errorf("%d bases and segments are left after the prune", n)
	}
}

// BenchmarkSeal is one Seal of a database of 10 MB after a small change.
func BenchmarkSeal(b *testing.B) {
	x, _ := onDisk(b)
	x.must(x.Create("shop"))
	c := x.connect(x.Server, "shop")
	x.fill(c, 75_000)
	h := x.seal(History{})
	i := 0
	for b.Loop() {
		i++
		x.run(c, "update t set text = 'changed' where id = ?", 1+i*471%75_000)
		h = x.seal(h)
	}
}

// BenchmarkRows are 100,000 rows: inserted in one transaction, inserted each in its own, sealed, and restored.
func BenchmarkRows(b *testing.B) {
	x, _ := onDisk(b)
	x.must(x.Create("shop"))
	x.must(x.Create("one by one"))
	c, single := x.connect(x.Server, "shop"), x.connect(x.Server, "one by one")
	x.run(single, "create table t (id integer primary key, text text)")
	took := func(what string, do func()) {
		began := time.Now()
		do()
		b.ReportMetric(time.Since(began).Seconds(), what+"-s")
	}
	for range b.N {
		took("inserted", func() { x.fill(c, 100_000) })
		took("one-by-one", func() {
			for i := range 100_000 {
				x.run(single, "insert into t values (?, 'a text of some length')", i)
			}
		})
		var h History
		took("sealed", func() { h = x.seal(h) })
		took("restored", func() { x.must(x.from(h).Close()) })
	}
}
