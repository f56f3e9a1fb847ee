package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"
)

var ctx = context.Background()

// shop is a bench with one database that has a table.
func shop(t tester) (*bench, *Conn) {
	b := newBench(t)
	b.must(b.Create("shop"))
	c := b.connect(b.Server, "shop")
	b.run(c, "create table t (id integer primary key, text text)")
	return b, c
}

func (b *bench) count(c *Conn) int64 {
	b.Helper()
	return b.run(c, "select count(*) from t")[0][0].(int64)
}

func TestReadersSeeWhatIsCommitted(t *testing.T) {
	b, c := shop(t)
	other := b.connect(b.Server, "shop")
	b.must(other.Begin(ctx))
	if got := b.count(other); got != 0 {
		t.Errorf("%d rows at first", got)
	}
	b.must(c.Begin(ctx))
	b.run(c, "insert into t (text) values ('one')")
	if own, others := b.count(c), b.count(other); own != 1 || others != 0 {
		t.Errorf("before the commit the writer sees %d and another %d", own, others)
	}
	b.must(c.Commit(ctx))
	if got := b.count(other); got != 1 {
		t.Errorf("after the commit a transaction that has only read sees %d", got)
	}
	b.must(other.Rollback(ctx))
	if other.InTransaction() {
		t.Error("still in a transaction after its end")
	}
}

func TestOneWritesAtATime(t *testing.T) {
	b, c := shop(t)
	b.must(c.Begin(ctx))
	b.run(c, "insert into t (text) values ('first')")
	other := b.connect(b.Server, "shop")
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := other.Run(short, "insert into t (text) values ('never')"); !errors.Is(err, context.Canceled) {
		t.Errorf("a write whose caller has gone: %v", err)
	}
	written := make(chan error)
	go func() {
		_, err := run(other, "insert into t (text) values ('second')")
		written <- err
	}()
	b.run(c, "insert into t (text) values ('first, too')")
	b.must(c.Commit(ctx))
	b.must(<-written)
	if got := fmt.Sprint(b.run(c, "select text from t order by id")); got != "[[first] [first, too] [second]]" {
		t.Error(got)
	}
}

func TestAWriterThatLeavesLetsOthersWrite(t *testing.T) {
	b, c := shop(t)
	b.must(c.Begin(ctx))
	b.run(c, "insert into t (text) values ('gone')")
	b.must(c.Close())
	other := b.connect(b.Server, "shop")
	b.run(other, "insert into t (text) values ('there')")
	if got := fmt.Sprint(b.run(other, "select text from t")); got != "[[there]]" {
		t.Error(got)
	}
	if _, err := c.Run(ctx, "select 1"); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

func TestRows(t *testing.T) {
	b, c := shop(t)
	b.run(c, "create table kinds (n integer, r real, s varchar(20), b blob, d timestamp)")
	when := time.Date(2026, 3, 1, 12, 30, 15, 123e6, time.UTC)
	b.run(c, "insert into kinds values (?, ?, ?, ?, ?)", 7, 1.5, "text", []byte{1, 2}, when)
	rows, err := c.Run(ctx, "select n, r, s, b, d, null, n + 1 as next from kinds")
	b.must(err)
	want := []Column{{"n", "INTEGER"}, {"r", "REAL"}, {"s", "VARCHAR(20)"}, {"b", "BLOB"}, {"d", "TIMESTAMP"}, {"null", ""}, {"next", ""}}
	if !slices.Equal(rows.Columns, want) {
		t.Errorf("columns %v", rows.Columns)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	v := rows.Values()
	if got := fmt.Sprint([]any{v[0], v[1], v[2], v[3], v[5], v[6]}); got != "[7 1.5 text [1 2] <nil> 8]" || !v[4].(time.Time).Equal(when) {
		t.Errorf("values %v", v)
	}
	if rows.Next() || rows.Err() != nil || rows.Close() != nil {
		t.Error("one row and no error expected")
	}

	for _, x := range []struct {
		sql  string
		want int64
	}{
		{"insert into t (text) values ('a'), ('b'), ('c')", 3}, {"create table other (a)", 0}, {"update t set text = 'x' where id < 3", 2},
		{"select * from t", 0}, {"delete from t where id = 99", 0}, {"delete from t", 3}, {"-- nothing", 0},
	} {
		rows, err := c.Run(ctx, x.sql)
		b.must(err)
		for rows.Next() {
		}
		if b.must(rows.Close()); rows.Affected() != x.want {
			t.Errorf("%s: %d rows affected, want %d", x.sql, rows.Affected(), x.want)
		}
	}
	rows, err = c.Run(ctx, "insert into t (text) values ('a'), ('b') returning id")
	b.must(err)
	b.must(rows.Close()) // read or not, it is written
	if got := b.count(c); got != 2 || rows.Affected() != 2 {
		t.Errorf("%d rows after an insert that nobody read to its end, %d affected", got, rows.Affected())
	}
}

func TestRowsStream(t *testing.T) {
	b, c := shop(t)
	const many = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n" // has no end
	rows, err := c.Run(ctx, many)
	b.must(err)
	for i := int64(1); i < 1000; i++ {
		if !rows.Next() || rows.Values()[0] != i {
			t.Fatalf("row %d: %v, %v", i, rows.Values(), rows.Err())
		}
	}
	b.must(rows.Close())
	limited, cancel := context.WithCancel(ctx)
	time.AfterFunc(0, cancel)
	if _, err := c.Run(limited, "select max(i) from ("+many+")"); !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	b.run(c, "insert into t (text) values ('a')")
	rows, err = c.Run(ctx, "select id from t union all select 2 union all select 3")
	b.must(err)
	other := b.connect(b.Server, "shop")
	b.run(other, "insert into t (text) values ('b')")
	b.run(c, "insert into t (text) values ('c')") // while it still reads, from before the other's commit
	got := ""
	for rows.Next() {
		got += fmt.Sprint(rows.Values())
	}
	if b.must(rows.Err()); got != "[1][2][3]" || b.count(c) != 3 {
		t.Errorf("read %s, then %d rows", got, b.count(c))
	}
}

func TestASessionDoesNotGoPastTheLog(t *testing.T) {
	b, c := shop(t)
	for _, sql := range []string{"pragma journal_mode = delete", "pragma wal_checkpoint(truncate)", "pragma wal_autocheckpoint = 1", "vacuum",
		"attach 'other.db' as other", "begin", "commit", "savepoint s", "pragma page_size = 512", "pragma writable_schema = 1", "vacuum into 'copy.db'"} {
		if _, err := run(c, sql); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := run(c, "select 1; insert into t (text) values ('smuggled')"); err == nil || b.count(c) != 0 {
		t.Errorf("two statements in one: %v", err)
	}
	b.run(c, "select * from pragma_table_info('t')")
	b.must(c.Begin(ctx))
	b.run(c, "insert into t (text) values ('a')")
	b.run(c, "savepoint s")
	b.run(c, "insert into t (text) values ('b')")
	b.run(c, "rollback to s")
	b.run(c, "release s")
	b.must(c.Commit(ctx))
	if got := fmt.Sprint(b.run(c, "select text from t")); got != "[[a]]" {
		t.Error(got)
	}
}

func TestStorageFull(t *testing.T) {
	b := newBench(t)
	b.must(b.Server.Close())
	limit := int64(1 << 20)
	o := b.options(b.folder())
	o.Limit = func() int64 { return limit }
	s, err := Open(o, History{})
	b.must(err)
	b.Cleanup(func() { s.Close() })
	b.must(s.Create("one"))
	b.must(s.Create("two"))
	c := b.connect(s, "one")
	b.run(c, "create table t (id integer primary key, text text)")
	wide := strings.Repeat("x", 100_000)
	for range 5 {
		b.run(c, "insert into t (text) values (?)", wide)
	}
	other := b.connect(s, "two")
	b.run(other, "create table t (id integer primary key, text text)")
	b.must(other.Begin(ctx))
	fits := 0
	for err = nil; err == nil && fits < 20; fits++ {
		_, err = run(other, "insert into t (text) values (?)", wide)
	}
	if !errors.Is(err, ErrFull) || fits < 4 || fits > 6 {
		t.Errorf("after %d rows: %v", fits, err)
	}
	if err := other.Commit(ctx); err != nil && !errors.Is(err, ErrRolledBack) {
		t.Error(err)
	}
	h, err := s.Seal(History{})
	if b.must(err); h.Size() > limit {
		t.Errorf("%d bytes in a storage of %d", h.Size(), limit)
	}
	limit *= 2
	b.run(other, "insert into t (text) values (?)", wide)
}

func TestExtend(t *testing.T) {
	b := newBench(t)
	type session struct{ user string }
	made := 0
	b.Extend(func(d *sqlite.Driver, conn func() *Conn) error {
		made++
		return d.RegisterFunction("whoami", &sqlite.FunctionImpl{Scalar: func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
			return conn().Session.(*session).user, nil
		}})
	})
	b.must(b.Create("shop"))
	users := []string{"ann", "bob"}
	for range 3 {
		var conns []*Conn
		for _, u := range users {
			c := b.connect(b.Server, "shop")
			c.Session = &session{u}
			conns = append(conns, c)
		}
		b.run(conns[0], "create table if not exists t (id integer primary key, who text default (whoami()))")
		for i, c := range conns {
			b.run(c, "insert into t default values")
			if got := fmt.Sprint(b.run(c, "select whoami()")); got != "[["+users[i]+"]]" {
				t.Errorf("%s is %s", users[i], got)
			}
		}
		for _, c := range conns {
			b.must(c.Close())
		}
	}
	c := b.connect(b.Server, "shop")
	if got := fmt.Sprint(b.run(c, "select who from t")); got != "[[ann] [bob] [ann] [bob] [ann] [bob]]" || made != 2 {
		t.Errorf("%s with %d drivers", got, made)
	}
}

func TestManySessions(t *testing.T) {
	b, c := shop(t)
	var all sync.WaitGroup
	h := History{}
	for i := range 8 {
		all.Go(func() {
			own, err := b.Connect("shop")
			if err != nil {
				t.Error(err)
				return
			}
			defer own.Close()
			for n := range 30 {
				err := own.Begin(ctx)
				for range 3 {
					if _, e := run(own, "insert into t (text) values (?)", fmt.Sprint(i, n)); e != nil {
						err = errors.Join(err, e)
					}
					if _, e := run(own, "select count(*) from t"); e != nil {
						err = errors.Join(err, e)
					}
				}
				if n%3 == 0 {
					err = errors.Join(err, own.Rollback(ctx))
				} else {
					err = errors.Join(err, own.Commit(ctx))
				}
				if err != nil {
					t.Errorf("session %d: %v", i, err)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { all.Wait(); close(done) }()
	for going := true; going; {
		select {
		case <-done:
			going = false
		default:
			h = b.seal(h)
			if _, err := b.Dump("shop"); err != nil {
				t.Error(err)
			}
		}
	}
	h = b.seal(h)
	if got := b.count(c); got != 8*20*3 || b.ask(h, "shop", "select count(*) from t") != fmt.Sprintf("[[%d]]", got) {
		t.Errorf("%d rows, restored %s", got, b.ask(h, "shop", "select count(*) from t"))
	}
}

func TestCloseEndsSessions(t *testing.T) {
	b, c := shop(t)
	ended := make(chan error)
	go func() {
		_, err := run(c, "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n")
		ended <- err
	}()
	b.must(b.Server.Close())
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("a session that is ended: %v", err)
	}
	if _, err := b.Connect("shop"); !errors.Is(err, ErrClosed) {
		t.Errorf("connect after the end: %v", err)
	}
}
