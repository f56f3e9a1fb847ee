package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"testing"
	"time"

	"lifeboat/aws/sandbox/database"

	mssql "github.com/microsoft/go-mssqldb"
)

// noon is the moment at which the clock of the tests stands.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456700, time.UTC)

// endpoint serves an instance with the database labdb, and gives its address.
func endpoint(t testing.TB, procedures Procedures) (*Server, string) {
	t.Helper()
	databases, err := database.Open(database.Options{Now: func() time.Time { return noon }}, database.History{})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{
		Databases:  databases,
		Version:    "16.00.4215.2.v1",
		Edition:    "Express",
		Password:   func(user string) (string, bool) { return "p@ss-wörd", user == "admin" },
		Master:     "admin",
		Now:        func() time.Time { return noon },
		Log:        slog.New(slog.NewTextHandler(io.Discard, nil)),
		Procedures: procedures,
	})
	if err := databases.Create("labdb"); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := databases.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

// dial opens a pool of connections; more are further settings of go-mssqldb.
func dial(t testing.TB, address, database string, more ...string) *sql.DB {
	t.Helper()
	q := url.Values{"database": {database}, "encrypt": {"disable"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	u := url.URL{Scheme: "sqlserver", User: url.UserPassword("admin", "p@ss-wörd"), Host: address, RawQuery: q.Encode()}
	db, err := sql.Open("sqlserver", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// lab is a pool of connections to labdb of a new endpoint.
func lab(t testing.TB) *sql.DB {
	_, address := endpoint(t, nil)
	return dial(t, address, "labdb")
}

func exec(t testing.TB, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, text string, args ...any) sql.Result {
	t.Helper()
	r, err := db.ExecContext(context.Background(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// show is all results of a query as text: rows in lines, results apart by a line of dashes.
func show(t testing.TB, db *sql.DB, text string, args ...any) string {
	t.Helper()
	s, err := results(db, text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func results(db *sql.DB, text string, args ...any) (string, error) {
	rows, err := db.QueryContext(context.Background(), text, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	out := ""
	for first := true; first || rows.NextResultSet(); first = false {
		if !first {
			out += "--\n"
		}
		columns, err := rows.Columns()
		if err != nil {
			return out, err
		}
		for rows.Next() {
			values := make([]any, len(columns))
			to := make([]any, len(columns))
			for i := range values {
				to[i] = &values[i]
			}
			if err := rows.Scan(to...); err != nil {
				return out, err
			}
			for i, v := range values {
				if i > 0 {
					out += "|"
				}
				out += cell(v)
			}
			out += "\n"
		}
	}
	return out, rows.Err()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		for _, c := range v {
			if c < ' ' || c > '~' {
				return fmt.Sprintf("0x%X", v)
			}
		}
		return string(v)
	case time.Time:
		return v.Format("2006-01-02 15:04:05.9999999")
	}
	return fmt.Sprint(v)
}

// errorNumber is the number of SQL Server's error.
func errorNumber(err error) int32 {
	var e mssql.Error
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func TestHello(t *testing.T) {
	db := lab(t)
	if got := show(t, db, "SELECT 1 AS one, N'zwei' AS two, DB_NAME(), GETDATE()"); got != "1|zwei|labdb|2026-03-01 12:00:00.123\n" {
		t.Errorf("got %q", got)
	}
}
