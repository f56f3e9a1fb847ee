// Package sqlserver is the endpoint of a SQL Server instance in the sandbox: TDS 7.4 for any client, over the instance's databases.
//
// A batch of T-SQL is read by package tsql and run statement by statement: each becomes SQLite's SQL, bound to the columns and types of the tables it names,
// or is done here. What is not understood is refused with an error that says so; it is never guessed. Understands lists what is.
package sqlserver

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"

	"modernc.org/sqlite"
)

// Options of New. Procedures may be nil; all else is needed.
type Options struct {
	Databases  *database.Server
	Version    string                           // "16.00.4215.2.v1", the EngineVersion of RDS
	Edition    string                           // "Express", "Web", "Standard", "Enterprise"
	Password   func(user string) (string, bool) // of a login; false: there is none
	Master     string                           // the master user
	Now        func() time.Time                 // the time of the databases
	Log        *slog.Logger
	Procedures Procedures
}

// Procedures are the stored procedures that RDS adds to an instance, in msdb and rdsadmin. An error of type Error reaches the client as it is. If it also has
// State(database string) string, that is asked for the state_desc of a database that is not ONLINE ("RESTORING"); "" is ONLINE.
type Procedures interface {
	// Exec runs one. A procedure that is not there is Error 2812.
	Exec(ctx context.Context, p Call) (*Table, error)
}

// Call is one call of a procedure of RDS.
type Call struct {
	Database      string         // the session's
	InTransaction bool           // most of them refuse to run in one
	Name          string         // "msdb.dbo.rds_backup_database", lower case
	Args          map[string]any // by lower-case name without @; positional ones by "1", "2", ... . Values: nil, int64, float64, string, []byte, time.Time
}

// Table is what a procedure answers: a result if it has columns, and what it prints.
type Table struct {
	Columns  []Column
	Rows     [][]any
	Messages []string
}

// Column of a Table. Type is int, bigint, float, bit, nvarchar or datetime.
type Column struct{ Name, Type string }

// Error is an error of SQL Server: its number and words.
type Error struct {
	Number   int32
	Severity uint8 // 16 if 0
	Message  string
}

func (e Error) Error() string { return e.Message }

// Server is the endpoint of one instance.
type Server struct {
	o    Options
	tls  *tls.Config
	spid atomic.Int32

	mu       sync.Mutex
	closed   bool
	listener []net.Listener
	sessions map[*session]struct{}
	running  sync.WaitGroup

	systemMu sync.Mutex
	scratch  *database.Server // the system databases
}

// New makes an endpoint that does not listen yet.
func New(o Options) *Server {
	s := &Server{o: o, tls: selfSigned(), sessions: map[*session]struct{}{}}
	s.spid.Store(50) // the numbers up to 50 are SQL Server's own sessions
	s.extend(o.Databases)
	return s
}

// extend gives the sessions of databases the functions that translated statements use.
func (s *Server) extend(databases *database.Server) {
	databases.Extend(func(d *sqlite.Driver, conn func() *database.Conn) error {
		return tsql.Register(d, func() time.Time {
			if x, ok := conn().Session.(*session); ok {
				return x.now
			}
			return s.o.Now()
		})
	})
}

// Serve answers clients of l until Close, which makes it return nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errors.Join(net.ErrClosed, l.Close())
	}
	s.listener = append(s.listener, l)
	s.mu.Unlock()
	for {
		conn, err := l.Accept()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.closed {
				return nil
			}
			return err
		}
		if x := s.begin(conn); x != nil {
			go x.live()
		}
	}
}

// begin makes the session of a new connection, unless the server is closed.
func (s *Server) begin(conn net.Conn) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return nil
	}
	x := newSession(s, conn, s.spid.Add(1))
	s.sessions[x] = struct{}{}
	s.running.Add(1)
	return x
}

func (s *Server) end(x *session) {
	s.mu.Lock()
	delete(s.sessions, x)
	s.mu.Unlock()
	close(x.over)
	s.running.Done()
}

// Close ends every session, rolls back what they had not committed, and stops listening. The databases stay open.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var err error
	for _, l := range s.listener {
		err = errors.Join(err, l.Close())
	}
	s.listener = nil
	for x := range s.sessions {
		x.kill()
	}
	s.mu.Unlock()
	s.running.Wait()
	s.systemMu.Lock()
	defer s.systemMu.Unlock()
	if s.scratch != nil {
		err = errors.Join(err, s.scratch.Close())
		s.scratch = nil
	}
	return err
}

// fault is err as a client is told it.
func fault(err error) tds.Fault {
	var f tds.Fault
	var e Error
	switch {
	case errors.As(err, &f):
	case errors.As(err, &e):
		f = tds.Fault{Number: e.Number, Severity: e.Severity, Message: e.Message}
	default:
		f = sqliteFault(err)
	}
	if f.Severity == 0 {
		f.Severity = 16
	}
	f.State = max(f.State, 1)
	return f
}
