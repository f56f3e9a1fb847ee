// Package postgres is a database endpoint that speaks the Postgres protocol, version 3: psql, libpq and pgx connect to it as to an
// RDS instance.
//
// Its rule: the protocol, the errors and the types are Postgres's; the data is SQLite's, of package database; and between them
// stands package dialect, which refuses what it does not understand. A session runs one statement at a time, inside a transaction
// that is either the client's own or lasts until the end of the message (simple protocol) or Sync (extended protocol).
//
// The sandbox has no TLS: a client that prefers it goes on without, one that requires it is refused.
package postgres

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"modernc.org/sqlite"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// Options of New.
type Options struct {
	Databases *database.Server
	Version   string                           // of the engine, as DescribeDBInstances gives it: "16.4"
	Password  func(user string) (string, bool) // false: there is no such user
	Master    string                           // the master user, who owns everything
	Now       func() time.Time                 // virtual time
	Log       *slog.Logger                     // nil: nothing is said
}

// Server answers the clients of one instance.
type Server struct {
	o    Options
	ctx  context.Context // ends with Close
	stop context.CancelFunc

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]bool
	sessions  map[uint32]*session // by process id, those that have come in
	conns     map[net.Conn]bool
	next      uint32
	running   sync.WaitGroup
}

// New makes a server on the databases of an instance. It gives their sessions the functions of Postgres, so it has to come before
// the first connection to them.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, listeners: map[net.Listener]bool{}, sessions: map[uint32]*session{}, conns: map[net.Conn]bool{}, next: 100}
	s.ctx, s.stop = context.WithCancel(context.Background())
	o.Databases.Extend(func(d *sqlite.Driver, conn func() *database.Conn) error {
		return dialect.Register(d, func() dialect.Session {
			if c, ok := conn().Session.(*session); ok {
				return c
			}
			return still{o.Now}
		})
	})
	return s
}

// still is the clock of a connection that has no session of ours.
type still struct{ now func() time.Time }

func (s still) Began() time.Time   { return s.now() }
func (s still) Now() time.Time     { return s.now() }
func (s still) PID() uint32        { return 0 }
func (s still) Transaction() int64 { return 0 }

func (s still) Size(database string) (int64, error) {
	return 0, dialect.Unsupported("the size of %q outside of a session", database)
}

// Serve answers the connections of a listener until Close, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errors.Join(errors.New("postgres: serve: the server is closed"), l.Close())
	}
	s.listeners[l] = true
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()
	for {
		c, err := l.Accept()
		if err != nil {
			if s.ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("postgres: accept a connection on %s: %w", l.Addr(), err)
		}
		s.accept(c)
	}
}

func (s *Server) accept(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return
	}
	s.conns[c] = true
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer func() {
			c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		}()
		s.serve(c)
	}()
}

// parting is how long a client has to take note that the server is going, in wall time: it is the network's.
const parting = time.Second

// Close stops listening, tells the clients that the server is shutting down, and returns when all sessions have ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.stop()
	var failed []error
	for l := range s.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			failed = append(failed, err)
		}
	}
	for c := range s.conns {
		_ = c.SetReadDeadline(time.Unix(1, 0))
		_ = c.SetWriteDeadline(time.Now().Add(parting))
	}
	s.mu.Unlock()
	s.running.Wait()
	return errors.Join(failed...)
}

// enter gives a session that has come in its process id and the secret that cancels it.
func (s *Server) enter(c *session) error {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	c.pid, c.secret = s.next, b[:]
	s.sessions[c.pid] = c
	return nil
}

func (s *Server) leave(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c.pid)
}

// cancel ends what a session is running. Who does not know its secret is not answered, as nobody is.
func (s *Server) cancel(pid uint32, secret []byte) {
	s.mu.Lock()
	c := s.sessions[pid]
	s.mu.Unlock()
	if c != nil && len(secret) == 4 && binary.BigEndian.Uint32(secret) == binary.BigEndian.Uint32(c.secret) {
		c.interrupt()
	}
}
