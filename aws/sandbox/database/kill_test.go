package database

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try/kill"
)

// TestKill kills a process that writes and seals as fast as it can: what it had answered is there, in the files as in what
// is restored.
func TestKill(t *testing.T) {
	const folder = "LIFEBOAT_DATABASE_TEST_FOLDER"
	if dir := os.Getenv(folder); dir != "" {
		writeForever(t, dir)
		return
	}
	dir := t.TempDir()
	seen := 0
	for round := range 6 {
		seen = kill.Writer(t, folder, dir, seen, 100+61*round)
		k := openKilled(t, dir)
		c := k.connect(k.Server, "shop")
		n := b0(k.run(c, "select count(*) from t"))
		if n < int64(seen) || n > int64(seen)+1 {
			t.Errorf("%d rows after a kill, %d were answered", n, seen)
		}
		h := k.sealRow()
		for _, at := range []int64{1, n / 3, n / 2, n - 1, n} {
			want := fmt.Sprintf("[[%d %d]]", at, at)
			if got := k.ask(h.At(noon.Add(time.Duration(at)*time.Second)), "shop", "select count(*), max(id) from t"); got != want {
				t.Errorf("round %d, second %d of %d: %s", round, at, n, got)
			}
		}
		k.must(k.Server.Close())
		k.must(k.store.Close())
	}
}

func b0(rows [][]any) int64 { return rows[0][0].(int64) }

// killed is a bench whose history is in a row, as a service keeps it.
type killed struct {
	*bench
	rows *store.Table[History]
}

func openKilled(t tester, dir string) *killed {
	st, err := store.Open(filepath.Join(dir, "store"), clock.New(clock.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := &killed{&bench{tester: t, store: st, now: noon, dir: filepath.Join(dir, "databases")}, store.NewTable[History](st, "histories")}
	var h History
	st.View(func(tx *store.Tx) error { h, _ = k.rows.Get(tx, "one"); return nil })
	k.open(h)
	k.now = k.moment()
	if len(k.Names()) == 0 {
		k.must(k.Create("shop"))
		k.run(k.connect(k.Server, "shop"), "create table t (id integer primary key, text text)")
	}
	return k
}

// sealRow is a Seal whose result is kept.
func (k *killed) sealRow() (h History) {
	k.Helper()
	k.must(k.store.Update(func(tx *store.Tx) (err error) {
		h, _ = k.rows.Get(tx, "one")
		if h, err = k.Seal(h); err == nil {
			k.rows.Put(tx, "one", h)
		}
		return err
	}))
	return h
}

func writeForever(t *testing.T, dir string) {
	k := openKilled(t, dir)
	c := k.connect(k.Server, "shop")
	n := b0(k.run(c, "select count(*) from t"))
	go func() {
		for {
			k.sealRow()
		}
	}()
	for {
		n++
		k.later(noon.Add(time.Duration(n) * time.Second).Sub(k.now))
		k.run(c, "insert into t values (?, ?)", n, fmt.Sprintf("row %d", n))
		fmt.Println(n) // the answer
	}
}

// TestKilledBetween stops an instance between the steps by which the log leaves the WAL, with the row before or after the
// Seal, and goes on with what is there.
func TestKilledBetween(t *testing.T) {
	steps := []struct {
		name string
		do   func(b *bench, d *database)
	}{
		{"commits", func(*bench, *database) {}},
		{"a cut", func(b *bench, d *database) { b.must(d.log.cut()) }},
		{"a checkpoint, with the moments still there", func(b *bench, d *database) {
			b.must(d.log.cut())
			_, err := ask(d.keeper, "pragma wal_checkpoint(truncate)")
			b.must(err)
		}},
		{"a checkpoint that a reader held up", func(b *bench, d *database) {
			c := b.connect(b.Server, "shop")
			rows, err := c.Run(ctx, "select a.id from t a, t b")
			b.must(err)
			if moved, err := d.hold(); moved || err != nil {
				b.Errorf("the log was moved under a reader: %v", err)
			}
			b.must(rows.Close())
		}},
		{"the log moved", func(b *bench, d *database) {
			moved, err := d.hold()
			if !moved || err != nil {
				b.Errorf("the log was not moved: %v", err)
			}
			d.letGo(moved)
		}},
		{"sessions and files closed", func(b *bench, d *database) { b.must(b.Server.Close()) }},
	}
	for _, step := range steps {
		for _, kept := range []bool{false, true} {
			for _, more := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, row kept %v, more written %v", step.name, kept, more), func(t *testing.T) {
					b, c := shop(t)
					n := 0
					write := func(c *Conn) {
						for range 5 {
							b.later(time.Second)
							n++
							b.run(c, "insert into t values (?, 'x')", n)
						}
					}
					write(c)
					h := b.seal(History{})
					write(c)
					if after := b.seal(h); kept {
						h = after
					}
					write(c)
					step.do(b, b.databases[1])
					if more && !b.Server.closed {
						write(c)
					}
					b.dir = copyDir(b, b.dir)
					b.must(b.Server.Close())
					b.open(h)
					write(b.connect(b.Server, "shop"))
					if h = b.seal(h); !h.First().Equal(noon) {
						t.Errorf("it goes back to %s only", h.First())
					}
					for i := 1; i <= n; i++ {
						at := noon.Add(time.Duration(i) * time.Second)
						if got, want := b.ask(h.At(at), "shop", "select count(*), max(id) from t"), fmt.Sprintf("[[%d %d]]", i, i); got != want {
							t.Errorf("second %d of %d: %s", i, n, got)
						}
					}
				})
			}
		}
	}
}

// TestKilledWhileMade goes on after a kill in which the files of an instance, or of a database, were half made.
func TestKilledWhileMade(t *testing.T) {
	b, c := shop(t)
	b.run(c, "insert into t values (1, 'x')")
	h := b.seal(History{})
	b.run(c, "insert into t values (2, 'x')")
	half := copyDir(b, b.dir)
	b.must(os.Remove(filepath.Join(half, catalogFile)))
	b.must(os.WriteFile(filepath.Join(half, ".new-1"), nil, 0o600))
	s, err := Open(b.options(half), h)
	b.must(err)
	if got := fmt.Sprint(b.run(b.connect(s, "shop"), "select count(*) from t")); got != "[[1]]" {
		t.Errorf("made again: %s", got)
	}
	b.must(s.Close())

	for _, kind := range []string{"db", "db-wal", "moments", "7.segment"} { // the next database, killed before it was answered
		raw, err := os.ReadFile(filepath.Join(b.dir, "1."+strings.Replace(kind, "7.", "1.", 1)))
		if err == nil {
			err = os.WriteFile(filepath.Join(b.dir, "2."+kind), raw, 0o600)
		}
		b.must(err)
	}
	b.must(b.Create("depot"))
	if got := fmt.Sprint(b.run(b.connect(b.Server, "depot"), "select count(*) from sqlite_schema")); got != "[[0]]" {
		t.Errorf("a new database has %s tables", got)
	}
	if got := b.ask(b.seal(h), "depot", "select count(*) from sqlite_schema"); got != "[[0]]" {
		t.Errorf("restored it has %s tables", got)
	}
}

// TestTornLog: where the end of the WAL is damaged, the log ends where it ends for SQLite.
func TestTornLog(t *testing.T) {
	b, c := shop(t)
	const commits = 4
	for i := 1; i <= commits; i++ {
		b.later(time.Second)
		b.run(c, "insert into t values (?, ?)", i, strings.Repeat("x", 6000))
	}
	good := copyDir(b, b.dir)
	whole, err := os.ReadFile(filepath.Join(good, "1.db-wal"))
	b.must(err)
	b.must(b.Server.Close())
	seen := map[int64]bool{}
	for at := len(whole) - 1; at > len(whole)-5*frameSize; at -= 389 {
		for what, torn := range map[string][]byte{"cut off": whole[:at], "other": append(append([]byte(nil), whole[:at]...), append([]byte{^whole[at]}, whole[at+1:]...)...)} {
			b.dir = copyDir(b, good)
			b.must(os.WriteFile(filepath.Join(b.dir, "1.db-wal"), torn, 0o600))
			s, err := Open(b.options(b.dir), History{})
			b.must(err)
			n := b0(b.run(b.connect(s, "shop"), "select count(*) from t"))
			seen[n] = true
			h, err := s.Seal(History{})
			b.must(err)
			if got := b.ask(h, "shop", "select count(*) from t"); got != fmt.Sprintf("[[%d]]", n) {
				t.Errorf("%s at %d of %d: SQLite has %d rows, the log %s", what, at, len(whole), n, got)
			}
			b.must(s.Close())
		}
	}
	if len(seen) < 2 || seen[commits] {
		t.Errorf("rows that were left: %v", seen)
	}
}
