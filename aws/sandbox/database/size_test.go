package database

import (
	"context"
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
	for _, how := range []string{"one transaction", "one by one"} {
		t.Run(how, func(t *testing.T) {
			b, _ := onDisk(t)
			b.must(b.Create("shop"))
			c := b.connect(b.Server, "shop")
			began := time.Now()
			if how == "one transaction" {
				b.fill(c, 100_000)
			} else {
				b.run(c, "create table t (id integer primary key, text text)")
				for i := range 100_000 {
					b.run(c, "insert into t values (?, ?)", i, "0123456789012345678901234567890123456789")
				}
			}
			inserted := time.Now()
			h := b.seal(History{})
			sealed := time.Now()
			got := b.ask(h, "shop", "select count(*) from t")
			t.Logf("inserted in %v, sealed in %v, restored in %v", inserted.Sub(began), sealed.Sub(inserted), time.Since(sealed))
			if got != "[[100000]]" {
				t.Errorf("restored: %s", got)
			}
		})
	}
}
