package endpoint

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/golang-sql/sqlexp"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"
)

// sqlServer is a session that speaks TDS.
type sqlServer struct {
	a      Address
	pool   *sql.DB // of this one session
	conn   *sql.Conn
	broken context.Context // ends when the connection cannot be read any more
}

// dialer opens connections that say when they cannot be read any more, which the driver's messages do not, and that are closed
// when whoever opens a session waits no longer, which the driver's login does not notice.
type dialer struct {
	net.Dialer
	opening context.Context
	broken  context.CancelFunc
}

func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(d.opening, func() {
		if errors.Is(context.Cause(d.opening), errOpen) {
			return
		}
		_ = c.Close()
	})
	return &watched{c, d.broken}, nil
}

// errOpen ends the opening of a session that came about.
var errOpen = errors.New("open")

type watched struct {
	net.Conn
	broken context.CancelFunc
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.broken()
	}
	return n, err
}

func openSQLServer(ctx context.Context, a Address) (Conn, error) {
	// The rest of the configuration, which is the driver's own, comes from an address that names nobody.
	c, err := msdsn.Parse("sqlserver://127.0.0.1:1433?encrypt=false&trustservercertificate=true")
	if err != nil {
		return nil, a.fail(Unreachable, CodeConnection, err.Error(), nil)
	}
	c.Host, c.Port, c.User, c.Password, c.Database = a.Host, uint64(a.Port), a.User, string(a.Password), a.Database
	c.AppName, c.DialTimeout, c.DisableRetry = "lifeboat", dialing, true
	config, optional := a.encryption()
	c.TLSConfig, c.Encryption = config, msdsn.EncryptionRequired
	if optional {
		c.Encryption = msdsn.EncryptionOff // the login at least, where the server can
	}
	broken, end := context.WithCancel(context.Background())
	waiting, cancel := context.WithTimeout(ctx, dialing)
	defer cancel()
	opening, opened := context.WithCancelCause(waiting)
	connector := mssql.NewConnectorConfig(c)
	connector.Dialer = &dialer{opening: opening, broken: end}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(opening)
	opened(errOpen)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		err = fmt.Errorf("it takes connections and does not answer within %s", dialing)
	}
	if err != nil {
		end()
		_ = pool.Close()
		return nil, a.sqlServerFailure(ctx, err, false)
	}
	return &sqlServer{a, pool, conn, broken}, nil
}

func (*sqlServer) Protocol() string { return SQLServer }

func (s *sqlServer) Close() error { return errors.Join(s.conn.Close(), s.pool.Close()) }

func (s *sqlServer) Run(ctx context.Context, text string, args ...any) (Answer, error) {
	out, err := s.run(ctx, text, args)
	if err != nil {
		return out, s.a.sqlServerFailure(ctx, err, true)
	}
	return out, nil
}

func (s *sqlServer) run(ctx context.Context, text string, args []any) (out Answer, err error) {
	// The driver's messages tell how many rows each statement has changed, which rows alone do not.
	messages := &sqlexp.ReturnMessage{}
	rows, err := s.conn.QueryContext(ctx, text, append(args, messages)...)
	if err != nil {
		return out, err
	}
	defer func() { _ = rows.Close() }()
	listening, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.broken, stop)()
	result := false // whether the statement gave rows
	for more := true; more; {
		switch m := messages.Message(listening).(type) {
		case sqlexp.MsgNext:
			result = true
			if err := s.result(rows, &out); err != nil {
				return out, err
			}
		case sqlexp.MsgRowsAffected:
			if !result {
				out.Affected += m.Count
			}
		case sqlexp.MsgNextResultSet:
			result = false
			more = rows.NextResultSet()
		case sqlexp.MsgError:
			if err == nil {
				err = m.Error
			}
			more = errors.As(m.Error, new(mssql.Error)) // of any other nothing follows
		}
	}
	return out, cmp.Or(err, rows.Err(), ctx.Err(), s.broken.Err())
}

// result reads one result set into the answer.
func (s *sqlServer) result(rows *sql.Rows, out *Answer) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name()
	}
	t := newTable(names)
	for rows.Next() {
		values, at := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			return err
		}
		for i, v := range values {
			values[i] = sqlServerValue(types[i].DatabaseTypeName(), v)
		}
		if !t.add(values) {
			return tooMany(s.a)
		}
	}
	t.into(out)
	return rows.Err()
}

// sqlServerValue is a value of the driver as a plain one. Decimals come as their digits, in bytes.
func sqlServerValue(kind string, v any) any {
	switch v := v.(type) {
	case int64:
		return whole(v)
	case float64:
		return finite(v)
	case time.Time:
		return moment(v)
	case []byte:
		switch kind {
		case "DECIMAL", "NUMERIC", "MONEY", "SMALLMONEY":
			return decimal(string(v))
		case "UNIQUEIDENTIFIER":
			var id mssql.UniqueIdentifier
			if id.Scan(v) == nil {
				return id.String()
			}
		}
	}
	return v
}

// sqlServerFailure sorts an error by its number (SQL Server, "Database Engine events and errors").
func (a Address) sqlServerFailure(ctx context.Context, err error, sent bool) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var e mssql.Error
	if !errors.As(err, &e) || ctx.Err() != nil {
		return a.unanswered(ctx, err, sent)
	}
	// The first of several says what went wrong; those after it say what that led to.
	if len(e.All) > 0 {
		e = e.All[0]
	}
	kind := Refused
	switch e.Number {
	case 208, 911, 4060, 3701:
		kind = Missing
	case 18456, 18470, 18486, 18487, 18488:
		kind = Denied
	case 6005, 17142:
		kind = Unreachable
	}
	message := e.Message
	if e.ProcName != "" {
		message += fmt.Sprintf(" (%s)", e.ProcName)
	}
	return a.fail(kind, strconv.Itoa(int(e.Number)), message, nil)
}
