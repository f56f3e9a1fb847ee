package postgres

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/try"
)

// house is a server with one database, app, on a listener of its own.
type house struct {
	t      testing.TB
	server *Server
	data   *database.Server
	port   string
	now    time.Time
	limit  int64
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC)}
	ground := try.On(t, "")
	data, err := database.Open(database.Options{Blobs: ground.Store.Blobs(), Now: func() time.Time { return h.now }, Limit: func() int64 {
		if h.limit > 0 {
			return h.limit
		}
		return 1 << 40
	}}, database.History{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	h.data = data
	h.server = New(Options{Databases: data, Version: "16.4", Master: "postgres", Now: func() time.Time { return h.now },
		Password: func(user string) (string, bool) { return "secret-" + user, user == "postgres" }})
	if err := data.Create("app"); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- h.server.Serve(l) }()
	t.Cleanup(func() {
		if err := h.server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, h.port, _ = net.SplitHostPort(l.Addr().String())
	return h
}

func (h *house) url(database string) string {
	return "postgres://postgres:secret-postgres@127.0.0.1:" + h.port + "/" + database + "?sslmode=prefer"
}

func (h *house) connect() *pgx.Conn {
	h.t.Helper()
	c, err := pgx.Connect(context.Background(), h.url("app"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func (h *house) exec(c *pgx.Conn, sql string, args ...any) int64 {
	h.t.Helper()
	tag, err := c.Exec(context.Background(), sql, args...)
	if err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// refused gives the SQLSTATE and the text a statement is refused with.
func (h *house) refused(c *pgx.Conn, sql string, args ...any) (code, text string) {
	h.t.Helper()
	_, err := c.Exec(context.Background(), sql, args...)
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		h.t.Fatalf("%s: %v, want an error of Postgres", sql, err)
	}
	return e.Code, e.Message
}

func one[T any](h *house, c *pgx.Conn, sql string, args ...any) (out T) {
	h.t.Helper()
	if err := c.QueryRow(context.Background(), sql, args...).Scan(&out); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// modes are the ways pgx sends a statement: prepared with binary values, described, and as text in one message.
var modes = []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol}

func (h *house) mode(m pgx.QueryExecMode) *pgx.Conn {
	h.t.Helper()
	cfg, err := pgx.ParseConfig(h.url("app"))
	if err != nil {
		h.t.Fatal(err)
	}
	cfg.DefaultQueryExecMode = m
	c, err := pgx.ConnectConfig(context.Background(), cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func TestValuesGoThereAndBack(t *testing.T) {
	for _, m := range modes {
		t.Run(m.String(), func(t *testing.T) {
			h := open(t)
			c := h.mode(m)
			h.exec(c, `create table v (id int primary key, s smallint, b bigint, f real, d double precision, t text, c varchar(10), ok boolean,
				at timestamptz, plain timestamp, day date, raw bytea, n numeric(12,3), u uuid, j jsonb, l text[], i int[])`)
			at := time.Date(2026, 3, 1, 12, 34, 56, 789012000, time.UTC)
			type row struct {
				S       int16
				B       int64
				F       float32
				D       float64
				T, C    string
				OK      bool
				At, Day time.Time
				Plain   time.Time
				Raw     []byte
				N       string
				U       string
				J       string
				L       []string
				I       []int32
			}
			want := row{-7, 1 << 40, 1.5, -2.25, "a 'text' with ünicode", "ten", true, at, at.Truncate(24 * time.Hour), at, []byte{0, 1, 0xff}, "-12.345",
				"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `{"a": "b"}`, []string{"x", "y, z"}, []int32{1, -2}}
			h.exec(c, `insert into v values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, 1, want.S, want.B, want.F, want.D, want.T, want.C,
				want.OK, want.At, want.Plain, want.Day, want.Raw, want.N, want.U, want.J, want.L, want.I)
			h.exec(c, `insert into v (id, t) values ($1, $2)`, 2, nil)
			var got row
			var n pgtype.Numeric
			err := c.QueryRow(context.Background(), `select s, b, f, d, t, c, ok, at, plain, day, raw, n, u::text, j, l, i from v where id = $1 and t = $2 and at = $3`, 1, want.T, at).Scan(
				&got.S, &got.B, &got.F, &got.D, &got.T, &got.C, &got.OK, &got.At, &got.Plain, &got.Day, &got.Raw, &n, &got.U, &got.J, &got.L, &got.I)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := n.Value()
			got.N, _ = v.(string)
			got.At = got.At.UTC()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if !one[bool](h, c, "select t is null and ok is null from v where id = 2") {
				t.Error("null did not stay null")
			}
			if n := one[int](h, c, "select count(*) from v where id = any($1)", []int32{1, 2, 3}); n != 2 {
				t.Errorf("%d rows by an array, want 2", n)
			}
		})
	}
}

func TestTransactions(t *testing.T) {
	for _, m := range modes {
		t.Run(m.String(), func(t *testing.T) {
			h := open(t)
			c, other := h.mode(m), h.connect()
			h.exec(c, "create table t (id int primary key)")
			tx, err := c.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			h.exec(c, "insert into t values (1)")
			if n := one[int](h, other, "select count(*) from t"); n != 0 {
				t.Errorf("%d rows seen by others before the commit", n)
			}
			inner, err := tx.Begin(t.Context()) // a savepoint
			if err != nil {
				t.Fatal(err)
			}
			if code, _ := h.refused(c, "insert into t values (1)"); code != "23505" {
				t.Errorf("a duplicate is %s", code)
			}
			if code, text := h.refused(c, "select 1"); code != "25P02" || text != "current transaction is aborted, commands ignored until end of transaction block" {
				t.Errorf("after an error: %s %s", code, text)
			}
			if err := inner.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.exec(c, "insert into t values (2)")
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := one[int](h, other, "select count(*) from t"); n != 2 {
				t.Errorf("%d rows after the commit, want 2", n)
			}
			tx, _ = c.Begin(t.Context())
			h.refused(c, "select 1/0")
			if err := tx.Commit(t.Context()); !errors.Is(err, pgx.ErrTxCommitRollback) {
				t.Errorf("the commit of a failed transaction: %v", err)
			}
			if s := c.PgConn().TxStatus(); s != 'I' {
				t.Errorf("status %c after it", s)
			}
		})
	}
}

func TestSeveralStatementsAreOneTransaction(t *testing.T) {
	h := open(t)
	c := h.connect()
	_, err := c.PgConn().Exec(t.Context(), "create table t (id int); insert into t values (1); select 1/0; insert into t values (2)").ReadAll()
	if err == nil {
		t.Fatal("division by zero went through")
	}
	if code, text := h.refused(c, "select * from t"); code != "42P01" || text != `relation "t" does not exist` {
		t.Errorf("%s %s", code, text)
	}
	results, err := c.PgConn().Exec(t.Context(), "begin; create table t (id int); insert into t values (1), (2); commit; select count(*) from t").ReadAll()
	if err != nil || len(results) != 5 || results[2].CommandTag.String() != "INSERT 0 2" || string(results[4].Rows[0][0]) != "2" {
		t.Errorf("%v %v", results, err)
	}
	batch := &pgx.Batch{}
	batch.Queue("insert into t values (3)")
	batch.Queue("insert into t values ($1)", 4)
	batch.Queue("insert into nosuch values (1)")
	if err := c.SendBatch(t.Context(), batch).Close(); err == nil {
		t.Error("a batch with an error went through")
	}
	if n := one[int](h, c, "select count(*) from t"); n != 2 {
		t.Errorf("%d rows after a batch that failed, want 2", n)
	}
}

func TestPreparedStatementsFollowTheSchema(t *testing.T) {
	h := open(t)
	c := h.connect()
	h.exec(c, "create table t (id int)")
	if _, err := c.Prepare(t.Context(), "all", "select * from t"); err != nil {
		t.Fatal(err)
	}
	h.exec(c, "insert into t values (1)")
	if n := one[int](h, c, "all"); n != 1 {
		t.Errorf("got %d", n)
	}
	h.exec(c, "alter table t add column b text")
	if code, text := h.refused(c, "all"); code != "0A000" || text != "cached plan must not change result type" {
		t.Errorf("%s %s", code, text)
	}
	h.exec(c, "deallocate all")
}

func TestRowsInParts(t *testing.T) {
	h := open(t)
	c := h.connect()
	rows, err := c.Query(t.Context(), "select g from generate_series(1, 5000) g")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(all) != 5000 || all[4999] != 5000 {
		t.Errorf("%d rows, %v", len(all), err)
	}
}

func TestTheClockIsTheDatabases(t *testing.T) {
	h := open(t)
	c := h.connect()
	h.exec(c, "create table t (id serial primary key, at timestamptz not null default now(), day date default current_date)")
	h.exec(c, "insert into t default values")
	first := h.now
	h.now = h.now.Add(36 * time.Hour)
	h.exec(c, "insert into t (id) values (default)")
	got := one[[]time.Time](h, c, "select array_agg(at order by id) from t")
	if len(got) != 2 || !got[0].Equal(first) || !got[1].Equal(h.now) {
		t.Errorf("%v, want %v and %v", got, first, h.now)
	}
	if d := one[string](h, c, "select (max(day) - min(day))::text from t"); d != "1" {
		t.Errorf("%s days between", d)
	}
	if !one[bool](h, c, "select now() = $1", h.now) {
		t.Error("now() is another time")
	}
}

func TestDiskFull(t *testing.T) {
	h := open(t)
	c := h.connect()
	h.exec(c, "create table t (id int, pad text)")
	h.limit = 200 << 10
	if code, text := h.refused(c, "insert into t select g, repeat('x', 1000) from generate_series(1, 1000) g"); code != "53100" || !strings.Contains(text, "No space left on device") {
		t.Errorf("%s %s", code, text)
	}
	if n := one[int](h, c, "select count(*) from t"); n != 0 {
		t.Errorf("%d rows of a statement that failed", n)
	}
	h.limit = 0
	h.exec(c, "insert into t values (1, 'x')")
}
