package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

func TestWhoMayComeIn(t *testing.T) {
	h := open(t)
	for _, c := range []struct{ url, code, text string }{
		{strings.Replace(h.url("app"), "secret-postgres", "wrong", 1), "28P01", `password authentication failed for user "postgres"`},
		{strings.Replace(h.url("app"), "//postgres:secret-postgres", "//mallory:secret-mallory", 1), "28P01", `password authentication failed for user "mallory"`},
		{strings.Replace(h.url("app"), ":secret-postgres", ":", 1), "28P01", `password authentication failed for user "postgres"`},
		{h.url("nosuch"), "3D000", `database "nosuch" does not exist`},
		{h.url("app") + "&timezone=Europe/Berlin", "0A000", "timezone = Europe/Berlin is not supported by the sandbox"},
	} {
		_, err := pgx.Connect(t.Context(), c.url)
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != c.code || e.Message != c.text || e.Severity != "FATAL" {
			t.Errorf("%s: %v", c.url, err)
		}
	}
	if _, err := pgx.Connect(t.Context(), strings.Replace(h.url("app"), "prefer", "require", 1)); err == nil || !strings.Contains(err.Error(), "refused TLS") {
		t.Errorf("TLS: %v", err)
	}
}

func TestWhatAClientIsTold(t *testing.T) {
	h := open(t)
	c := h.connect()
	for name, want := range map[string]string{"server_version": "16.4", "TimeZone": "UTC", "client_encoding": "UTF8", "standard_conforming_strings": "on", "session_authorization": "postgres"} {
		if got := c.PgConn().ParameterStatus(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	h.exec(c, "set application_name = 'lab'")
	if got := c.PgConn().ParameterStatus("application_name"); got != "lab" {
		t.Errorf("application_name is %q after SET", got)
	}
}

// A start-up that is no Postgres, or that stops in the middle, ends the connection and nothing else.
func TestStrangeBeginnings(t *testing.T) {
	h := open(t)
	for _, bytes := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "\x00\x00\x00\x08\x04\xd2\x16\x30\x00\x00\x00\x08\x04\xd2\x16\x2f", "\x00\x00\x00\x09\x00\x03\x00\x00\x00", "\x7f\xff\xff\xff\x00\x03\x00\x00"} {
		client, server := net.Pipe()
		h.server.accept(server)
		go func() { _, _ = io.Copy(io.Discard, client) }()
		_, _ = client.Write([]byte(bytes))
		client.Close()
	}
	if n := one[int](h, h.connect(), "select 1"); n != 1 {
		t.Error(n)
	}
}

func TestPipe(t *testing.T) {
	h := open(t)
	cfg, err := pgx.ParseConfig("postgres://postgres:secret-postgres@pipe/app?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	cfg.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		h.server.accept(server)
		return client, nil
	}
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if n := one[int](h, c, "select 40 + $1", 2); n != 42 {
		t.Error(n)
	}
}

const endless = "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r where n < 0"

func TestCancel(t *testing.T) {
	h := open(t)
	c := h.connect()
	ended := make(chan error, 1)
	rows := make(chan struct{})
	go func() {
		m := c.PgConn().Exec(context.Background(), "select g from generate_series(1, 100000) g; "+endless)
		for m.NextResult() {
			r := m.ResultReader()
			for i := 0; r.NextRow(); i++ {
				if i == 0 {
					close(rows) // it is running
				}
			}
			_, _ = r.Close()
		}
		ended <- m.Close()
	}()
	<-rows
	wrong := &pgproto3.CancelRequest{ProcessID: c.PgConn().PID(), SecretKey: []byte("fake")}
	raw, _ := wrong.Encode(nil)
	for i := 0; ; i++ {
		d, err := net.Dial("tcp", "127.0.0.1:"+h.port)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = d.Write(raw)
		_, _ = io.Copy(io.Discard, d)
		d.Close()
		if i == 0 {
			select {
			case err := <-ended:
				t.Fatalf("a cancel without the secret ended it: %v", err)
			default:
			}
		}
		if err := c.PgConn().CancelRequest(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			var e *pgconn.PgError
			if !errors.As(err, &e) || e.Code != "57014" || e.Message != "canceling statement due to user request" {
				t.Fatalf("%v", err)
			}
			if n := one[int](h, c, "select 1"); n != 1 {
				t.Error("the session is of no more use")
			}
			return
		case <-time.After(10 * time.Millisecond): // the statement had not begun
		}
	}
}

func TestCloseEndsSessions(t *testing.T) {
	h := open(t)
	idle, busy := h.connect(), h.connect()
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), endless)
		ended <- err
	}()
	if err := h.server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("a statement without end has ended")
	}
	_, err := idle.Exec(t.Context(), "select 1")
	if err == nil {
		t.Error("an idle session goes on")
	}
	if len(h.server.conns) != 0 || len(h.server.sessions) != 0 {
		t.Errorf("%d connections and %d sessions are left", len(h.server.conns), len(h.server.sessions))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.server.Serve(l); err == nil {
		t.Error("a closed server serves")
	}
}
