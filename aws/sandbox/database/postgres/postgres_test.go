package postgres

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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

func TestFirst(t *testing.T) {
	h := open(t)
	c := h.connect()
	var n int
	if err := c.QueryRow(context.Background(), "select 1 + $1", 41).Scan(&n); err != nil || n != 42 {
		t.Fatal(n, err)
	}
}
