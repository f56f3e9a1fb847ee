package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/endpoint"
	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres"
	"lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// endpoints are one of each protocol, with an empty database app, and how each is taken away from its sessions.
func endpoints(t *testing.T, check func(t *testing.T, a endpoint.Address, stop func())) {
	t.Helper()
	for engine, protocol := range map[string]string{"postgres": endpoint.Postgres, "sqlserver-ex": endpoint.SQLServer} {
		t.Run(protocol, func(t *testing.T) {
			st, err := store.Open("", clock.New(clock.Options{}), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			now := func() time.Time { return noon }
			data, err := database.Open(database.Options{Blobs: st.Blobs(), Now: now}, database.History{})
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			if err := data.Create("app"); err != nil {
				t.Fatal(err)
			}
			login := func(user string) (string, bool) { return "hunter2", user == "captain" }
			log := slog.New(slog.DiscardHandler)
			var server interface {
				Serve(net.Listener) error
				Close() error
			} = postgres.New(postgres.Options{Databases: data, Version: "16.4", Password: login, Master: "captain", Now: now, Log: log})
			if protocol == endpoint.SQLServer {
				server = sqlserver.New(sqlserver.Options{Databases: data, Version: "16.00.4215.2.v1", Edition: "Express", Password: login, Master: "captain", Now: now, Log: log})
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = server.Serve(l) }()
			defer server.Close()
			check(t, endpoint.Address{Instance: "lab", Engine: engine, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "captain", Password: "hunter2", Database: "app"},
				func() { _ = server.Close() })
		})
	}
}

func TestBothProtocolsGiveTheSame(t *testing.T) {
	endpoints(t, func(t *testing.T, a endpoint.Address, _ func()) {
		ctx := context.Background()
		c, err := endpoint.Open(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		place, stamp := "$1", "timestamptz default now()"
		if c.Protocol() == endpoint.SQLServer {
			place, stamp = "@p1", "datetime2 default sysutcdatetime()"
		}
		run := func(text string, args ...any) endpoint.Answer {
			t.Helper()
			got, err := c.Run(ctx, text, args...)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			return got
		}
		run("create table orders (id bigint primary key, item varchar(40), price numeric(10, 2), at " + stamp + ")")
		got := run("insert into orders (id, item, price) values (1, 'it''s one', 12.50), (2, null, 3); update orders set price = price + 1 where id = 2; delete from orders where id = 99")
		if got.Affected != 3 || len(got.Rows) != 0 {
			t.Errorf("%+v", got)
		}
		got = run("select id, item, price, at from orders order by id")
		want := []map[string]any{{"id": 1.0, "item": "it's one", "price": 12.5, "at": "2026-11-23T12:00:00Z"}, {"id": 2.0, "item": nil, "price": 4.0, "at": "2026-11-23T12:00:00Z"}}
		if !reflect.DeepEqual(got.Rows, want) || strings.Join(got.Columns, " ") != "id item price at" || got.Affected != 0 {
			t.Errorf("%+v", got)
		}
		if got = run("select item from orders where id = "+place, 1); len(got.Rows) != 1 || got.Rows[0]["item"] != "it's one" {
			t.Errorf("with a parameter: %+v", got)
		}
		if got = run("select 1 as a; delete from orders where id = 2; select count(*) as n from orders"); len(got.Rows) != 1 || got.Rows[0]["n"] != 1.0 || got.Affected != 1 {
			t.Errorf("the last of several: %+v", got)
		}
		if got = run("select id from orders where id = 99"); got.Rows == nil || len(got.Rows) != 0 || len(got.Columns) != 1 {
			t.Errorf("no rows: %+v", got)
		}
	})
}

func TestBothProtocolsFailAlike(t *testing.T) {
	endpoints(t, func(t *testing.T, a endpoint.Address, stop func()) {
		ctx := context.Background()
		wrong, nobody, nowhere := a, a, a
		wrong.Password, nobody.User, nowhere.Database = "hunter3", "nobody", "nowhere"
		want := func(what string, err error, kind endpoint.Kind, mayHaveRun bool) {
			t.Helper()
			e, ok := errors.AsType[*endpoint.Error](err)
			if !ok || e.Kind != kind || e.MayHaveRun != mayHaveRun || e.Code == "" && kind != endpoint.Stopped {
				t.Errorf("%s: %#v", what, err)
			} else if text := e.Error() + e.Hint(); strings.Contains(text, "hunter") || strings.Contains(text, "\n") {
				t.Errorf("%s: %s", what, text)
			}
		}
		_, err := endpoint.Open(ctx, wrong)
		want("wrong password", err, endpoint.Denied, false)
		_, err = endpoint.Open(ctx, nobody)
		want("unknown user", err, endpoint.Denied, false)
		_, err = endpoint.Open(ctx, nowhere)
		want("unknown database", err, endpoint.Missing, false)
		c, err := endpoint.Open(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Run(ctx, "select * from nothing")
		want("unknown table", err, endpoint.Missing, false)
		_, err = c.Run(ctx, "drop table nothing")
		want("drop of an unknown table", err, endpoint.Missing, false)
		_, err = c.Run(ctx, "selec 1")
		want("wrong syntax", err, endpoint.Refused, false)
		if got, err := c.Run(ctx, "select 1 as one"); err != nil || got.Rows[0]["one"] != 1.0 {
			t.Errorf("after errors: %+v %v", got, err)
		}
		_, _ = c.Run(ctx, "create table many (n int)")
		for range 3 {
			if _, err = c.Run(ctx, "insert into many values (1)"+strings.Repeat(", (1)", 399)); err != nil {
				t.Fatal(err)
			}
		}
		_, err = c.Run(ctx, "select n from many")
		want("too many rows", err, endpoint.Refused, false)
		_ = c.Close()
		for range 2 { // what was cut off leaves no session behind that keeps others out
			c, err := endpoint.Open(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			ended, end := context.WithCancel(ctx)
			end()
			_, err = c.Run(ended, "delete from many")
			if e, _ := errors.AsType[*endpoint.Error](err); e == nil || e.Kind != endpoint.Stopped || !errors.Is(err, context.Canceled) {
				t.Errorf("nobody waits: %#v", err)
			}
			_ = c.Close()
		}
		if c, err = endpoint.Open(ctx, a); err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		stop()
		_, err = c.Run(ctx, "delete from many")
		if e, _ := errors.AsType[*endpoint.Error](err); e == nil || e.Kind != endpoint.Lost && e.Kind != endpoint.Unreachable {
			t.Errorf("server gone: %#v", err)
		}
		_, err = endpoint.Open(ctx, a)
		want("server gone, a new session", err, endpoint.Unreachable, false)
	})
}

// A server that takes a statement and goes away leaves its client in doubt, never waiting.
func TestAServerThatGoesAwayIsNoticed(t *testing.T) {
	endpoints(t, func(t *testing.T, a endpoint.Address, _ func()) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		cut := make(chan struct{})
		server := fmt.Sprint("127.0.0.1:", a.Port)
		go func() { // a door in the middle, which is shut
			for {
				near, err := l.Accept()
				if err != nil {
					return
				}
				far, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				go pass(far, near, cut, true)
				go pass(near, far, cut, false)
			}
		}()
		a.Port = l.Addr().(*net.TCPAddr).Port
		c, err := endpoint.Open(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		close(cut)
		_, err = c.Run(context.Background(), "select 1")
		if e, ok := errors.AsType[*endpoint.Error](err); !ok || e.Kind != endpoint.Lost || !e.MayHaveRun || e.Code != endpoint.CodeLost {
			t.Errorf("%#v", err)
		}
	})
}

// What takes a connection and says nothing is waited for no longer than whoever asked waits.
func TestASilentServerIsLeft(t *testing.T) {
	for _, engine := range []string{"postgres", "sqlserver-ex"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			if c, err := l.Accept(); err == nil {
				_, _ = c.Read(make([]byte, 1))
				cancel()
			}
		}()
		_, err = endpoint.Open(ctx, endpoint.Address{Instance: "lab", Engine: engine, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port})
		if e, _ := errors.AsType[*endpoint.Error](err); e == nil || e.Kind != endpoint.Stopped || e.MayHaveRun {
			t.Errorf("%s: %#v", engine, err)
		}
	}
}

// pass carries bytes until the door is cut; what comes from the server after that ends both connections.
func pass(from, to net.Conn, cut chan struct{}, answers bool) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-cut:
			if answers {
				return
			}
		default:
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
