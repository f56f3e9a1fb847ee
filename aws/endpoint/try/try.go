// Package try is databases in memory behind endpoint.Conn, for tests of what stands above: real SQL, no network, and a hook by
// which answers are lost. The dialect is SQLite's with the few words of Postgres that the product's own statements use.
package try

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the databases

	"lifeboat/aws/endpoint"
)

// Server has the databases of all instances.
type Server struct {
	// Password is what Connect wants of every user.
	Password endpoint.Secret
	// Hook, when set, is called before and after every statement; an error of it is the statement's answer, and before
	// the statement nothing is run.
	Hook func(text string, done bool) error

	mu    sync.Mutex
	pools map[string]*sql.DB
	texts []string
}

// New makes a server; Close ends it.
func New(password endpoint.Secret) *Server {
	return &Server{Password: password, pools: map[string]*sql.DB{}}
}

// Close drops all databases.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all error
	for _, p := range s.pools {
		all = errors.Join(all, p.Close())
	}
	return all
}

// Texts gives every statement that was run, in order.
func (s *Server) Texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.texts...)
}

// Connect opens a session, as endpoint.Open does. A database is there from its first session on.
func (s *Server) Connect(ctx context.Context, a endpoint.Address) (endpoint.Conn, error) {
	if a.Password != s.Password {
		return nil, &endpoint.Error{Instance: a.Instance, Kind: endpoint.Denied, Code: "28P01", Message: fmt.Sprintf("password authentication failed for user %q", a.User)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := a.Instance + "/" + a.Database
	if s.pools[name] == nil {
		p, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, err
		}
		p.SetMaxOpenConns(1)
		s.pools[name] = p
	}
	return &conn{s, a, s.pools[name]}, nil
}

type conn struct {
	s    *Server
	a    endpoint.Address
	pool *sql.DB
}

func (*conn) Protocol() string { return endpoint.Postgres }
func (*conn) Close() error     { return nil }

func (c *conn) Run(ctx context.Context, text string, args ...any) (endpoint.Answer, error) {
	if c.s.Hook != nil {
		if err := c.s.Hook(text, false); err != nil {
			return endpoint.Answer{}, err
		}
	}
	c.s.mu.Lock()
	c.s.texts = append(c.s.texts, text)
	c.s.mu.Unlock()
	answer, err := c.run(ctx, text, args)
	if err != nil {
		err = c.failure(ctx, err)
	}
	if c.s.Hook != nil {
		if lost := c.s.Hook(text, true); lost != nil {
			return endpoint.Answer{}, lost
		}
	}
	return answer, err
}

// words are what SQLite calls otherwise.
var words = strings.NewReplacer("default now()", "default (strftime('%Y-%m-%dT%H:%M:%fZ'))", "timestamptz", "text")

func (c *conn) run(ctx context.Context, text string, args []any) (endpoint.Answer, error) {
	var out endpoint.Answer
	text = words.Replace(text)
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), "select") {
		result, err := c.pool.ExecContext(ctx, text, args...)
		if err == nil {
			out.Affected, err = result.RowsAffected()
		}
		return out, err
	}
	rows, err := c.pool.QueryContext(ctx, text, args...)
	if err != nil {
		return out, err
	}
	defer func() { _ = rows.Close() }()
	if out.Columns, err = rows.Columns(); err != nil {
		return out, err
	}
	out.Rows = []map[string]any{}
	for rows.Next() {
		values, at := make([]any, len(out.Columns)), make([]any, len(out.Columns))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			return out, err
		}
		row := map[string]any{}
		for i, v := range values {
			if n, ok := v.(int64); ok {
				v = float64(n)
			}
			row[out.Columns[i]] = v
		}
		out.Rows = append(out.Rows, row)
	}
	return out, rows.Err()
}

func (c *conn) failure(ctx context.Context, err error) error {
	e := &endpoint.Error{Instance: c.a.Instance, Kind: endpoint.Refused, Code: "XX000", Message: err.Error()}
	switch {
	case ctx.Err() != nil:
		e.Kind, e.Code, e.MayHaveRun = endpoint.Stopped, "", true
	case strings.Contains(e.Message, "no such table"):
		e.Kind, e.Code = endpoint.Missing, "42P01"
	}
	return e
}
