package endpoint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-sql/sqlexp"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"
)

// sqlServer is a session that speaks TDS.
type sqlServer struct {
	a    Address
	pool *sql.DB // of this one session
	conn *sql.Conn
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
	pool := sql.OpenDB(mssql.NewConnectorConfig(c))
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		_ = pool.Close()
		return nil, a.sqlServerFailure(ctx, err, false)
	}
	return &sqlServer{a, pool, conn}, nil
}

func (*sqlServer) Protocol() string { return SQLServer }

func (s *sqlServer) Close() error { return errors.Join(s.conn.Close(), s.pool.Close()) }

func (s *sqlServer) Run(ctx context.Context, text string, args ...any) (Answer, error) {
	var out Answer
	// The driver's messages tell how many rows each statement has changed, which rows alone do not.
	messages := &sqlexp.ReturnMessage{}
	rows, err := s.conn.QueryContext(ctx, text, append(args, messages)...)
	if err != nil {
		return out, s.a.sqlServerFailure(ctx, err, true)
	}
	defer func() { _ = rows.Close() }()
	var first error
	result := false // whether the statement gave rows
	for more := true; more; {
		switch m := messages.Message(ctx).(type) {
		case sqlexp.MsgNext:
			result = true
			if err := s.result(rows, &out); err != nil {
				return out, s.a.sqlServerFailure(ctx, err, true)
			}
		case sqlexp.MsgRowsAffected:
			if !result {
				out.Affected += m.Count
			}
		case sqlexp.MsgNextResultSet:
			result = false
			more = rows.NextResultSet()
		case sqlexp.MsgError:
			if first == nil {
				first = m.Error
			}
		}
	}
	if first == nil {
		first = rows.Err()
	}
	if first == nil {
		first = ctx.Err()
	}
	if first != nil {
		return out, s.a.sqlServerFailure(ctx, first, true)
	}
	return out, nil
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
