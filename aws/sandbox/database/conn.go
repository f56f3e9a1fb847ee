package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Conn is one session with one database. Its methods may be called from several goroutines, one after the other.
type Conn struct {
	Session any // for the dialect: its functions find it through Server.Extend

	db     *database
	raw    rawConn
	slot   *slot
	ctx    context.Context // done when the session ends
	cancel context.CancelFunc

	mu          sync.Mutex
	closed      bool
	statements  statements
	open        map[*Rows]bool
	transaction bool  // Begin was called
	began       bool  // and SQLite's transaction with it: something was written
	rolledBack  bool  // SQLite has ended that transaction after an error
	total       int64 // rows changed in this session so far
	pages       int64 // the page limit that SQLite was told
	failed      error // why a commit was turned down
	guard       guard
}

// rawConn is what the driver's connections are.
type rawConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.QueryerContext
	sqlite.HookRegisterer
	sqlite.AuthorizerRegisterer
	Serialize() ([]byte, error)
}

// errEnded is what the reader of rows is told whose transaction is over.
var errEnded = errors.New("database: the transaction that the rows belong to has ended; run the statement again")

// wait is how long a session waits for another one that writes.
const wait = 30 * time.Second

// Connect begins a session with the database of that name.
func (s *Server) Connect(name string) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("database: connect to %s: %w", name, ErrClosed)
	}
	e, there := s.catalog.find(name)
	if !there {
		return nil, fmt.Errorf("database: connect to %s: %w", name, ErrNotFound)
	}
	slot, err := s.slot()
	if err != nil {
		return nil, fmt.Errorf("database: the functions of a session: %w", err)
	}
	c := &Conn{db: s.databases[e.ID], slot: slot, open: map[*Rows]bool{}, pages: noLimit}
	slot.conn = c
	if c.raw, err = c.db.connect(&slot.driver); err != nil {
		return nil, fmt.Errorf("database: connect to %s: %w", name, err)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.raw.RegisterCommitHook(c.committing)
	c.raw.RegisterRollbackHook(func() { c.rolledBack = c.began })
	if err := c.raw.RegisterAuthorizer(c.guard.authorize); err != nil {
		c.raw.Close()
		return nil, fmt.Errorf("database: connect to %s: %w", name, err)
	}
	c.db.sessions[c] = true
	return c, nil
}

// committing is called before every commit: its moment is written down first. Anything but 0 turns the commit down.
func (c *Conn) committing() int32 {
	if c.failed = c.db.log.committing(); c.failed != nil {
		return 1
	}
	return 0
}

// Run runs one SQLite statement with args (nil, int64, float64, bool, string, []byte, time.Time or what converts to them)
// for its parameters. Outside of a transaction it commits by itself, at the latest when the Rows are closed. BEGIN, COMMIT
// and ROLLBACK have methods of their own; SAVEPOINT, RELEASE and ROLLBACK TO are statements like others inside a transaction.
func (c *Conn) Run(ctx context.Context, sql string, args ...any) (*Rows, error) {
	values, err := named(args)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ready(); err != nil {
		return nil, err
	}
	st, err := c.prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	if st.savepoint && !c.transaction {
		c.statements.put(st)
		return nil, fmt.Errorf("database: a savepoint outside of a transaction: %w", ErrRefused)
	}
	if st.writes || st.savepoint {
		if err := c.write(ctx); err != nil {
			c.statements.put(st)
			return nil, err
		}
	}
	r := &Rows{conn: c, statement: st}
	c.open[r] = true
	if err := r.start(ctx, values); err != nil {
		r.end() // SQLite says the same once more
		return nil, err
	}
	return r, nil
}

// ready says whether the session can run something.
func (c *Conn) ready() error {
	switch {
	case c.closed:
		return ErrClosed
	case c.transaction && c.rolledBack:
		return ErrRolledBack
	}
	return nil
}

// write makes this session the one that writes, and begins its transaction when it is in one.
func (c *Conn) write(ctx context.Context) error {
	if !c.guard.writing {
		if err := c.db.acquire(ctx, c.ctx); err != nil {
			return err
		}
		c.guard.writing = true
		if err := c.prepareToWrite(); err != nil {
			c.release()
			return err
		}
	}
	if c.transaction && !c.began {
		if err := c.own("begin immediate"); err != nil {
			c.release()
			return err
		}
		c.began = true
	}
	return nil
}

// release lets others write, unless a transaction or a statement still does.
func (c *Conn) release() {
	if !c.guard.writing || c.began {
		return
	}
	for r := range c.open {
		if r.statement.writes {
			return
		}
	}
	c.guard.writing = false
	c.db.release()
}

// prepareToWrite ends what the session reads still, and tells SQLite how many pages the database may have: SQLITE_FULL
// comes before anything is written beyond.
func (c *Conn) prepareToWrite() error {
	for r := range c.open {
		if err := r.drain(); err != nil {
			return err
		}
	}
	pages := c.db.limit()
	if pages == c.pages {
		return nil
	}
	err := c.own(fmt.Sprintf("pragma max_page_count = %d", pages))
	if err == nil {
		c.pages = pages
	}
	return err
}

// Begin begins a transaction.
func (c *Conn) Begin(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ready(); err != nil {
		return err
	}
	if c.transaction {
		return fmt.Errorf("database: begin a transaction inside of one: %w", ErrRefused)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.transaction = true
	return nil
}

// Commit commits the transaction. After an error it is over all the same, and nothing of it is there.
func (c *Conn) Commit(ctx context.Context) error { return c.finish("commit") }

// Rollback takes the transaction back.
func (c *Conn) Rollback(ctx context.Context) error { return c.finish("rollback") }

func (c *Conn) finish(how string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if !c.transaction {
		return fmt.Errorf("database: %s outside of a transaction: %w", how, ErrRefused)
	}
	var err error
	for r := range c.open {
		if how == "rollback" {
			err = errors.Join(err, r.cut(errEnded))
		} else if r.statement.writes {
			err = errors.Join(err, r.drain())
		}
	}
	if how == "commit" && c.rolledBack {
		err = ErrRolledBack
	} else if how == "commit" && c.began && err == nil {
		err = c.own("commit")
	}
	if c.began && !c.rolledBack && (how == "rollback" || err != nil) {
		err = errors.Join(err, c.own("rollback"))
	}
	c.transaction, c.began, c.rolledBack = false, false, false
	c.release()
	return err
}

// InTransaction says whether Begin was called and neither Commit nor Rollback since.
func (c *Conn) InTransaction() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transaction
}

// Close ends the session; a transaction in it is taken back. What it is running is cut off.
func (c *Conn) Close() error {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	for r := range c.open {
		r.cut(ErrClosed)
	}
	c.statements.close()
	err := c.raw.Close() // takes a transaction back
	c.transaction, c.began = false, false
	c.release()
	c.db.left(c)
	return err
}

// own runs a statement of the session itself, which the guard lets pass.
func (c *Conn) own(sql string) error {
	c.guard.own = true
	defer func() { c.guard.own = false }()
	st, err := c.raw.Prepare(sql)
	if err != nil {
		return c.problem(err)
	}
	//lint:ignore SA1019 it has no arguments, and no context may cut it off
	_, err = st.Exec(nil)
	return c.problem(errors.Join(err, st.Close()))
}

// problem is err in this package's words, where it has some.
func (c *Conn) problem(err error) error {
	if err == nil {
		return nil
	}
	if failed := c.failed; failed != nil {
		c.failed = nil
		return failed
	}
	if refused := c.guard.refused; refused != "" {
		c.guard.refused = ""
		return fmt.Errorf("database: %s: %w", refused, ErrRefused)
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_FULL:
			return fmt.Errorf("database: %w", ErrFull)
		case lib.SQLITE_BUSY:
			return fmt.Errorf("database: %w", ErrBusy)
		}
	}
	if c.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return ErrClosed
	}
	return err
}

// named are args as the driver takes them.
func named(args []any) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, fmt.Errorf("database: argument %d: %w", i+1, err)
		}
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return values, nil
}
