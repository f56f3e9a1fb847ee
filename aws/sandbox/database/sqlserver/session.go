package sqlserver

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// session is one client. One goroutine reads its messages, another one runs them; all state belongs to the second.
type session struct {
	server *Server
	spid   int32
	raw    net.Conn
	conn   *tds.Conn
	ctx    context.Context // done when the session ends
	end    context.CancelFunc
	over   chan struct{} // closed when it has ended

	mu    sync.Mutex
	where string // the current database, for those who want it for themselves

	login    tds.LoginRequest
	home     string // the database of the login
	database string
	db       *database.Conn
	now      time.Time // of the statement that runs
	out      *tds.Response
	ending   *ending // of the last statement, not sent yet: whether more follows is known later
	inside   int     // procedures that run
	tries    int     // TRY blocks that run

	open     int // BEGIN TRANSACTIONs without end
	tranID   uint64
	frame    map[string]tsql.Value // the variables of the batch
	caught   *tds.Fault            // the error that the CATCH block is about
	rowCount int64
	lastErr  int32
	identity tsql.Value
	options  options
	prepared map[int64]prepared
	handles  int64
}

// options are what SET changes.
type options struct {
	noCount, xactAbort, implicit, textQuotes bool
	identityInsert                           string
}

type ending struct {
	kind     tds.Ending
	status   uint16
	isSelect bool
	rows     int64
}

func newSession(s *Server, raw net.Conn, spid int32) *session {
	x := &session{server: s, spid: spid, raw: raw, over: make(chan struct{}), frame: map[string]tsql.Value{}, prepared: map[int64]prepared{}}
	x.ctx, x.end = context.WithCancel(context.Background())
	return x
}

// kill ends the session from outside.
func (x *session) kill() {
	x.end()
	x.raw.Close()
}

// live is the session's life.
func (x *session) live() {
	defer x.server.end(x)
	defer x.kill()
	defer x.leave()
	defer func() { // one statement that the translator cannot bear must not end the program
		if problem := recover(); problem != nil {
			x.server.o.Log.Error("a SQL session broke", "user", x.login.User, "problem", problem, "stack", string(debug.Stack()))
		}
	}()
	if err := x.logIn(); err != nil {
		if !errors.Is(err, io.EOF) {
			x.server.o.Log.Debug("a SQL session did not begin", "client", x.raw.RemoteAddr().String(), "error", err)
		}
		return
	}
	requests := make(chan request)
	go x.read(requests)
	for r := range requests {
		err := x.answer(r.ctx, r.Message)
		r.done()
		if err != nil {
			x.server.o.Log.Debug("a SQL session ended", "user", x.login.User, "error", err)
			return
		}
	}
}

// request is a message that is to be answered. Its context ends when the client no longer wants the answer.
type request struct {
	tds.Message
	ctx  context.Context
	done context.CancelFunc
}

// read hands on messages. ATTENTION cuts off the one before it, whether that runs already or not.
func (x *session) read(requests chan<- request) {
	defer close(requests)
	defer x.end()
	before := func() {}
	for {
		m, err := x.conn.Read()
		if err != nil {
			return
		}
		if m.Kind == tds.Attention {
			before()
		}
		r := request{Message: m}
		r.ctx, r.done = context.WithCancel(x.ctx)
		before = r.done
		select {
		case requests <- r:
		case <-x.ctx.Done():
			r.done()
			return
		}
	}
}

// answer answers one message.
func (x *session) answer(ctx context.Context, m tds.Message) error {
	x.out = x.conn.Respond()
	x.ending, x.inside, x.tries, x.caught = nil, 0, 0, nil
	if m.Reset {
		if err := x.reset(); err != nil {
			return err
		}
	}
	switch m.Kind {
	case tds.Batch:
		text, err := tds.ReadBatch(m.Data)
		if err != nil {
			return err
		}
		x.frame = map[string]tsql.Value{}
		x.report(x.batch(ctx, text))
	case tds.RPC:
		c, err := tds.ReadCall(m.Data)
		if err != nil {
			x.report(err)
			break
		}
		x.report(x.call(ctx, c))
	case tds.Transaction:
		t, err := tds.ReadTransaction(m.Data)
		if err == nil {
			err = x.transaction(ctx, t)
		}
		x.report(err)
	case tds.Attention:
		x.out.End(tds.Done, tds.Attended, false, 0)
		return x.out.Close()
	default:
		x.report(tsql.Refused("messages of this type of TDS; bulk copy is not there"))
	}
	x.finish()
	return x.out.Close()
}

// done ends a statement that went well. counted tells whether rows is a count.
func (x *session) done(isSelect, counted bool, rows int64) {
	status := uint16(0)
	if counted && !x.options.noCount {
		status |= tds.Counted
	}
	x.finished(status, isSelect, rows)
}

func (x *session) finished(status uint16, isSelect bool, rows int64) {
	x.flush(true)
	kind := tds.Done
	if x.inside > 0 {
		kind = tds.DoneInProc
	}
	if x.open > 0 {
		status |= tds.InTran
	}
	x.ending = &ending{kind, status, isSelect, rows}
}

// flush sends the ending that waits, before anything else is sent.
func (x *session) flush(more bool) {
	if e := x.ending; e != nil {
		if more {
			e.status |= tds.More
		}
		x.out.End(e.kind, e.status, e.isSelect, e.rows)
		x.ending = nil
	}
}

// finish ends the answer.
func (x *session) finish() {
	if x.ending == nil {
		x.done(false, false, 0)
	}
	x.flush(false)
}

// say tells the client an error or information.
func (x *session) say(f tds.Fault) {
	x.flush(true)
	f.Server = serverName
	x.out.Say(f)
}

// report tells the client that a statement failed; what only steers the batch is no failure.
func (x *session) report(err error) {
	if err == nil || errors.Is(err, errStopped) {
		return
	}
	f := fault(err)
	x.lastErr = f.Number
	x.say(f)
	x.finished(tds.Failed, false, 0)
}

// use goes to another database.
func (x *session) use(name string) error {
	db, real, err := x.connect(name)
	if err != nil {
		return err
	}
	if x.db != nil {
		x.db.Close()
	}
	old := x.database
	x.db, x.database = db, real
	x.mu.Lock()
	x.where = real
	x.mu.Unlock()
	if x.out != nil {
		x.flush(true)
		x.out.Database(real, old)
		x.say(information(5701, "Changed database context to '%s'.", real))
	}
	return nil
}

// connect begins a session with a database.
func (x *session) connect(name string) (*database.Conn, string, error) {
	db, real, err := x.server.connect(name)
	if err == nil {
		db.Session = x
	}
	return db, real, err
}

// leave gives back what the session holds; an open transaction is rolled back.
func (x *session) leave() {
	if x.db != nil {
		x.db.Close()
		x.db = nil
	}
}

// reset makes the session new, as a pool of connections wants it between two users.
func (x *session) reset() error {
	x.leave()
	x.open, x.options, x.identity, x.rowCount, x.lastErr = 0, options{}, tsql.Value{}, 0, 0
	home := x.home
	if _, err := x.server.state(home); err != nil {
		home = master
	}
	db, real, err := x.connect(home)
	if err != nil {
		return err
	}
	x.db, x.database = db, real
	x.mu.Lock()
	x.where = real
	x.mu.Unlock()
	x.out.ResetDone()
	return nil
}

// isIn tells whether the session's current database is that one.
func (x *session) isIn(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.EqualFold(x.where, name)
}
