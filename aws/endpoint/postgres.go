package endpoint

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// postgres is a session that speaks the Postgres wire protocol, version 3.
type postgres struct {
	a    Address
	conn *pgconn.PgConn
}

func openPostgres(ctx context.Context, a Address) (Conn, error) {
	// The driver wants its configuration to come from a text; all that matters is then set for itself, so that neither the text
	// nor PGHOST and its like have a say, and the password stands in no text.
	c, err := pgconn.ParseConfig("host=127.0.0.1 port=5432 user=nobody password=none dbname=none sslmode=disable")
	if err != nil {
		return nil, a.fail(Unreachable, CodeConnection, err.Error(), nil)
	}
	c.Host, c.Port, c.User, c.Password, c.Database = a.Host, uint16(a.Port), a.User, string(a.Password), a.Database
	c.ConnectTimeout = dialing
	c.RuntimeParams = map[string]string{"application_name": "lifeboat", "TimeZone": "UTC"}
	config, optional := a.encryption()
	c.TLSConfig, c.Fallbacks = config, nil
	if optional {
		c.Fallbacks = []*pgconn.FallbackConfig{{Host: a.Host, Port: uint16(a.Port)}}
	}
	conn, err := pgconn.ConnectConfig(ctx, c)
	if err != nil {
		return nil, a.postgresFailure(ctx, err, false)
	}
	return &postgres{a, conn}, nil
}

func (*postgres) Protocol() string { return Postgres }

func (p *postgres) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return p.conn.Close(ctx)
}

func (p *postgres) Run(ctx context.Context, sql string, args ...any) (Answer, error) {
	var out Answer
	// Whether a statement was sent, the driver's own SafeToRetry does not tell: it says so of a connection that was closed before
	// the answer came, too.
	sent := !p.conn.IsClosed() && ctx.Err() == nil
	if len(args) > 0 {
		texts := make([][]byte, len(args))
		for i, arg := range args {
			texts[i] = spelled(arg)
		}
		err := p.result(p.conn.ExecParams(ctx, sql, texts, nil, nil, nil), &out)
		return out, p.failure(ctx, err, sent)
	}
	all := p.conn.Exec(ctx, sql)
	var first error
	for all.NextResult() {
		if err := p.result(all.ResultReader(), &out); err != nil && first == nil {
			first = err
		}
	}
	if err := all.Close(); err != nil {
		first = err
	}
	return out, p.failure(ctx, first, sent)
}

// result reads one statement's result into the answer.
func (p *postgres) result(r *pgconn.ResultReader, out *Answer) error {
	fields := r.FieldDescriptions()
	var t *table
	many := false
	if fields != nil {
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.Name
		}
		t = newTable(names)
		for r.NextRow() {
			values := make([]any, len(fields))
			for i, raw := range r.Values() {
				values[i] = postgresValue(fields[i].DataTypeOID, raw)
			}
			if !t.add(values) {
				many = true
				break
			}
		}
	}
	tag, err := r.Close()
	switch {
	case err != nil:
		return err
	case many:
		return tooMany(p.a)
	case t != nil:
		t.into(out)
	}
	if tag.Insert() || tag.Update() || tag.Delete() || strings.HasPrefix(tag.String(), "MERGE ") || strings.HasPrefix(tag.String(), "COPY ") {
		out.Affected += tag.RowsAffected()
	}
	return nil
}

// postgresValue reads a value in its text format. What is of a type that plain values have no word for stays the text it is.
func postgresValue(oid uint32, raw []byte) any {
	if raw == nil {
		return nil
	}
	text := string(raw)
	switch oid {
	case pgtype.BoolOID:
		return text == "t"
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID, pgtype.NumericOID, pgtype.Float4OID, pgtype.Float8OID:
		return decimal(text)
	case pgtype.ByteaOID:
		if digits, ok := strings.CutPrefix(text, `\x`); ok {
			if b, err := hex.DecodeString(digits); err == nil {
				return b
			}
		}
	case pgtype.TimestampOID, pgtype.TimestamptzOID:
		for _, layout := range []string{"2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.RFC3339Nano} {
			if t, err := time.Parse(layout, text); err == nil {
				return moment(t)
			}
		}
	}
	return text
}

func (p *postgres) failure(ctx context.Context, err error, sent bool) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgconn.ErrConnClosed):
		err = errors.New("the server has closed the connection")
	}
	return p.a.postgresFailure(ctx, err, sent)
}

// postgresFailure sorts an error by its SQLSTATE (PostgreSQL, appendix A).
func (a Address) postgresFailure(ctx context.Context, err error, sent bool) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || ctx.Err() != nil {
		return a.unanswered(ctx, err, sent)
	}
	kind := Refused
	switch {
	case pg.Code == "3D000" || pg.Code == "42P01" || pg.Code == "3F000":
		kind = Missing
	case strings.HasPrefix(pg.Code, "28"):
		kind = Denied
	case !sent, strings.HasPrefix(pg.Code, "57P"):
		kind = Unreachable
	}
	message := pg.Message
	if pg.Detail != "" {
		message += fmt.Sprintf(" (%s)", strings.TrimSuffix(pg.Detail, "."))
	}
	if pg.Position > 0 {
		message += " at character " + strconv.Itoa(int(pg.Position))
	}
	return a.fail(kind, pg.Code, message, nil)
}
