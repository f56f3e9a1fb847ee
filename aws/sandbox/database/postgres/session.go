package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// session is one client that has come in.
type session struct {
	server         *Server
	b              *pgproto3.Backend
	sql            *database.Conn
	user, database string
	pid            uint32
	secret         []byte
	codec          codec
	settings       settings
	prepared       map[string]*prepared
	portals        map[string]*portal

	current     *dialect.Statement // that ran last
	schema      *dialect.Schema
	fingerprint string

	block    bool // BEGIN was said: the transaction lasts until COMMIT or ROLLBACK
	aborted  bool // something in it failed
	readOnly bool
	began    time.Time
	number   int64
	skipping bool // after an error of the extended protocol, until Sync

	mu   sync.Mutex
	stop context.CancelFunc // of what is running; nil: nothing is
}

// What functions in SQLite ask of the session: dialect.Session.

func (c *session) Began() time.Time   { return c.began }
func (c *session) Now() time.Time     { return c.server.o.Now() }
func (c *session) PID() uint32        { return c.pid }
func (c *session) Transaction() int64 { return c.number }

// Size is how many bytes a database has. Those that Postgres and RDS keep for themselves have none here.
func (c *session) Size(name string) (int64, error) {
	if taken(name) {
		return 0, nil
	}
	other, err := c.server.o.Databases.Connect(name)
	if errors.Is(err, database.ErrNotFound) {
		return 0, dialect.Errorf("3D000", "database %q does not exist", name)
	}
	if err != nil {
		return 0, err
	}
	defer other.Close()
	rows, err := read(c.server.ctx, other, "select page_count * page_size from pragma_page_count(), pragma_page_size()")
	if err != nil {
		return 0, err
	}
	return rows[0][0].(int64), nil
}

// interrupt cancels what is running.
func (c *session) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop()
	}
}

// cancellable is the context that what runs now runs in.
func (c *session) cancellable() (context.Context, func()) {
	ctx, stop := context.WithCancel(c.server.ctx)
	c.mu.Lock()
	c.stop = stop
	c.mu.Unlock()
	return ctx, func() {
		c.mu.Lock()
		c.stop = nil
		c.mu.Unlock()
		stop()
	}
}

// talk answers messages until the client leaves or the server closes.
func (c *session) talk() {
	for {
		m, err := c.b.Receive()
		if err != nil {
			c.farewell()
			return
		}
		if _, ok := m.(*pgproto3.Terminate); ok {
			return
		}
		if err := c.message(m); err != nil {
			return
		}
	}
}

// farewell tells a client that the server closes, where that is why there is nothing more to read.
func (c *session) farewell() {
	if c.server.ctx.Err() != nil {
		c.sendError("FATAL", dialect.Errorf("57P01", "terminating connection due to administrator command"))
		_ = c.b.Flush() // it may be gone already
	}
}

// message answers one message. An error means that the connection is of no more use.
func (c *session) message(m pgproto3.FrontendMessage) error {
	if c.skipping {
		if _, ok := m.(*pgproto3.Sync); !ok {
			return nil
		}
	}
	switch m := m.(type) {
	case *pgproto3.Query:
		c.simple(m.String)
		c.ready()
		return c.b.Flush()
	case *pgproto3.Sync:
		c.skipping = false
		c.dropPortals()
		if err := c.settle(); err != nil {
			c.sendError("ERROR", c.failure(err))
		}
		c.ready()
		return c.b.Flush()
	case *pgproto3.Flush:
		return c.b.Flush()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // of a COPY that has failed
	}
	if err := c.extended(m); err != nil {
		if errors.Is(err, errGone) {
			return err
		}
		c.failed(err)
		c.skipping = true
		return c.b.Flush()
	}
	return nil
}

// ready says that the next statement may come, and how the transaction stands.
func (c *session) ready() {
	status := byte('I')
	if c.block {
		status = 'T'
		if c.aborted {
			status = 'E'
		}
	}
	c.b.Send(&pgproto3.ReadyForQuery{TxStatus: status})
	_ = c.b.Flush() // a broken connection shows at the next read
}

// failed reports an error and what it means for the transaction.
func (c *session) failed(err error) {
	c.sendError("ERROR", c.failure(err))
	c.dropPortals()
	if c.block {
		c.aborted = true
	} else if c.sql.InTransaction() {
		if err := c.sql.Rollback(context.Background()); err != nil {
			c.server.o.Log.Warn("a transaction was not taken back", "database", c.database, "error", err)
		}
	}
}

// settle ends a transaction that no BEGIN began.
func (c *session) settle() error {
	if c.block || !c.sql.InTransaction() {
		return nil
	}
	return c.sql.Commit(c.server.ctx)
}

// simple answers a Query message: all its statements are one transaction, unless they say otherwise.
func (c *session) simple(text string) {
	delete(c.prepared, "")
	sources, err := dialect.Split(text)
	if err != nil {
		c.failed(err)
		return
	}
	if len(sources) == 0 {
		c.b.Send(&pgproto3.EmptyQueryResponse{})
		return
	}
	for _, src := range sources {
		if err := c.statement(src, len(sources) > 1); err != nil {
			c.failed(err)
			return
		}
	}
	if err := c.settle(); err != nil {
		c.failed(err)
	}
}

// statement runs one statement of a Query message.
func (c *session) statement(src dialect.Source, several bool) error {
	st, err := c.translate(src, nil)
	if err != nil {
		return err
	}
	if len(st.Params) > 0 {
		return dialect.Errorf("42P02", "there is no parameter $1")
	}
	if st.Alone && several {
		return dialect.Errorf("25001", "%s cannot be executed from a function or in a string of several statements", st.Tag)
	}
	p := &portal{st: st}
	defer p.close()
	if err := c.open(p); err != nil {
		return err
	}
	if p.columns != nil && st.Kind != dialect.Copy {
		c.b.Send(p.description())
	}
	return c.execute(p, 0)
}

// translate reads a statement with what the database holds now.
func (c *session) translate(src dialect.Source, given []dialect.OID) (*dialect.Statement, error) {
	if c.aborted && !src.Ends() {
		return nil, aborted()
	}
	if !c.aborted {
		if err := c.readSchema(); err != nil {
			return nil, err
		}
	}
	env := &dialect.Env{Schema: c.schema, User: c.user, Master: c.server.o.Master, Database: c.database, Databases: c.server.o.Databases.Names(),
		Version: c.server.o.Version, Setting: c.settings.get, PID: c.pid}
	return dialect.Translate(src, env, given)
}

// readSchema reads what the database holds, when that has changed.
func (c *session) readSchema() error {
	now, err := c.query(dialect.Fingerprint)
	if err != nil {
		return err
	}
	if text, _ := now[0][0].(string); c.schema == nil || text != c.fingerprint {
		schema, err := dialect.ReadSchema(c.query)
		if err != nil {
			return err
		}
		c.schema, c.fingerprint = schema, text
	}
	return nil
}

// query runs a query of our own.
func (c *session) query(sql string) ([][]any, error) { return read(c.server.ctx, c.sql, sql) }

func read(ctx context.Context, conn *database.Conn, sql string) (out [][]any, err error) {
	rows, err := conn.Run(ctx, sql)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		out = append(out, rows.Values())
	}
	return out, errors.Join(rows.Err(), rows.Close())
}
