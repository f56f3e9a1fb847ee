package postgres

import (
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// How long a message may be, in bytes: before a client has said who it is, and after.
const (
	greetingLimit = 10_000
	messageLimit  = 256 << 20
)

// serve is one connection from its first byte to its last.
func (s *Server) serve(conn net.Conn) {
	b := pgproto3.NewBackend(conn, conn)
	b.SetMaxBodyLen(greetingLimit)
	start := s.greet(conn, b)
	if start == nil {
		return
	}
	c := &session{server: s, b: b, user: start.Parameters["user"], database: start.Parameters["database"],
		settings: newSettings(s.o.Version, start.Parameters["user"]), prepared: map[string]*prepared{}, portals: map[string]*portal{}}
	if c.database == "" {
		c.database = c.user
	}
	if err := c.comeIn(start); err != nil {
		if f := failure(err); !errors.Is(err, errGone) {
			s.o.Log.Info("a client of Postgres was turned away", "user", c.user, "database", c.database, "code", f.Code)
			c.sendError("FATAL", f)
			_ = b.Flush()
		}
		return
	}
	defer c.leave()
	b.SetMaxBodyLen(messageLimit)
	c.talk()
}

// errGone is that the client is no longer there, or that what it sends is no Postgres protocol.
var errGone = errors.New("the client is gone")

// greet answers what comes before a session: it refuses TLS and GSS encryption, and does what a cancel request asks for. It gives
// the message that begins a session, nil where there will be none.
func (s *Server) greet(conn net.Conn, b *pgproto3.Backend) *pgproto3.StartupMessage {
	for range 4 {
		m, err := b.ReceiveStartupMessage()
		if err != nil {
			return nil
		}
		switch m := m.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := conn.Write([]byte{'N'}); err != nil {
				return nil
			}
		case *pgproto3.CancelRequest:
			s.cancel(m.ProcessID, m.SecretKey)
			return nil
		case *pgproto3.StartupMessage:
			return m
		default:
			return nil
		}
	}
	return nil
}

// comeIn makes sure who the client is, opens the database and says how it is set.
func (c *session) comeIn(start *pgproto3.StartupMessage) error {
	s := c.server
	if c.user == "" {
		return dialect.Errorf("28000", "no PostgreSQL user name specified in startup packet")
	}
	if start.ProtocolVersion > pgproto3.ProtocolVersion30 {
		c.b.Send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: 0})
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	conn, err := s.o.Databases.Connect(c.database)
	if errors.Is(err, database.ErrNotFound) {
		return dialect.Errorf("3D000", "database %q does not exist", c.database)
	}
	if err != nil {
		return err
	}
	c.sql, conn.Session = conn, c
	if err := c.startSettings(start.Parameters); err != nil {
		conn.Close()
		return err
	}
	if err := s.enter(c); err != nil {
		conn.Close()
		return err
	}
	c.b.Send(&pgproto3.AuthenticationOk{})
	for _, name := range reported {
		c.b.Send(&pgproto3.ParameterStatus{Name: name, Value: c.settings.value(name)})
	}
	c.b.Send(&pgproto3.BackendKeyData{ProcessID: c.pid, SecretKey: c.secret})
	c.ready()
	return nil
}

// leave gives back what the session has.
func (c *session) leave() {
	c.server.leave(c)
	c.dropPortals()
	if err := c.sql.Close(); err != nil {
		c.server.o.Log.Warn("a session of Postgres ended badly", "user", c.user, "database", c.database, "error", err)
	}
}
