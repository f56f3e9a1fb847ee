package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// portal is a statement with its values, and how far it was read.
type portal struct {
	st      *dialect.Statement
	args    []any
	formats []int16
	columns []dialect.Column
	rows    *database.Rows
	fixed   [][]any // rows that do not come from SQLite
	sent    int64
	done    bool
}

func (p *portal) close() {
	if p.rows != nil {
		_ = p.rows.Close() // what it had to say was said while it was read
		p.rows = nil
	}
}

func (p *portal) format(column int) int16 {
	switch len(p.formats) {
	case 0:
		return asText
	case 1:
		return p.formats[0]
	}
	return p.formats[column]
}

func (p *portal) description() *pgproto3.RowDescription {
	return describe(p.columns, p.format)
}

func describe(columns []dialect.Column, format func(int) int16) *pgproto3.RowDescription {
	out := &pgproto3.RowDescription{}
	for i, col := range columns {
		out.Fields = append(out.Fields, pgproto3.FieldDescription{Name: []byte(col.Name), DataTypeOID: uint32(col.Type.OID),
			DataTypeSize: col.Type.OID.Length(), TypeModifier: col.Type.Typmod(), Format: format(i)})
	}
	return out
}

// open gets a portal ready: its columns are known then.
func (c *session) open(p *portal) (err error) {
	p.columns = p.st.Columns
	if p.st.Kind == dialect.Show {
		p.columns, p.fixed, err = c.show(p.st)
	}
	return err
}

// execute runs a portal, or goes on with it: at most most rows, 0 is all.
func (c *session) execute(p *portal, most uint32) error {
	ctx, done := c.cancellable()
	defer done()
	c.current = p.st
	for _, n := range p.st.Notices {
		c.notice("NOTICE", "00000", n)
	}
	p.st.Notices = nil
	switch p.st.Kind {
	case dialect.Run, dialect.Show:
		return c.run(ctx, p, most)
	case dialect.Copy:
		return c.copy(ctx, p)
	}
	if err := c.command(ctx, p.st); err != nil {
		return err
	}
	return nil
}

// start begins the implicit transaction, and the statement in it.
func (c *session) start(ctx context.Context, p *portal) error {
	if p.st.Tag != "SELECT" && c.readOnly && c.block {
		return dialect.Errorf("25006", "cannot execute %s in a read-only transaction", firstWord(p.st.Tag))
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	for i, sql := range p.st.SQL {
		last := i == len(p.st.SQL)-1
		var args []any
		if last {
			args = p.args
		}
		rows, err := c.sql.Run(ctx, sql, args...)
		if err != nil {
			return err
		}
		if last {
			p.rows = rows
			return nil
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

// begin begins the transaction that a statement runs in, unless there is one.
func (c *session) begin(ctx context.Context) error {
	if c.sql.InTransaction() {
		return nil
	}
	c.began, c.number = c.server.o.Now(), c.number+1
	return c.sql.Begin(ctx)
}

func firstWord(tag string) string {
	for i := range tag {
		if tag[i] == ' ' && tag[:i] == "INSERT" {
			return tag[:i]
		}
	}
	return tag
}

// chunk is how many bytes of rows are sent at once.
const chunk = 64 << 10

// run sends a portal's rows.
func (c *session) run(ctx context.Context, p *portal, most uint32) error {
	if p.done {
		return c.complete(p, 0)
	}
	if p.rows == nil && p.st.Kind == dialect.Run {
		if err := c.start(ctx, p); err != nil {
			return err
		}
	}
	n, size := uint32(0), 0
	for {
		if most > 0 && n == most && p.columns != nil {
			c.b.Send(&pgproto3.PortalSuspended{})
			return nil
		}
		row, ok := p.next()
		if !ok {
			break
		}
		n++
		if p.columns == nil {
			continue
		}
		written, err := c.row(p, row)
		if err != nil {
			return err
		}
		if size += written; size > chunk {
			size = 0
			if c.b.Flush() != nil {
				return errGone
			}
		}
	}
	p.sent += int64(n)
	p.done = true
	return c.finish(p)
}

func (p *portal) next() ([]any, bool) {
	if p.rows != nil {
		if !p.rows.Next() {
			return nil, false
		}
		return p.rows.Values(), true
	}
	if len(p.fixed) == 0 {
		return nil, false
	}
	row := p.fixed[0]
	p.fixed = p.fixed[1:]
	return row, true
}

func (c *session) row(p *portal, row []any) (size int, err error) {
	out := &pgproto3.DataRow{Values: make([][]byte, len(p.columns))}
	for i, col := range p.columns {
		if out.Values[i], err = c.codec.encode(col.Type, p.format(i), row[i]); err != nil {
			return 0, err
		}
		size += len(out.Values[i])
	}
	c.b.Send(out)
	return size, nil
}

// finish ends a portal that was read to its end.
func (c *session) finish(p *portal) error {
	affected := p.sent
	if p.rows != nil {
		if err := errors.Join(p.rows.Err(), p.rows.Close()); err != nil {
			return err
		}
		if p.st.Tag != "SELECT" || p.columns == nil {
			affected = p.rows.Affected()
		}
		p.rows = nil
	}
	return c.complete(p, affected)
}

func (c *session) complete(p *portal, n int64) error {
	tag := p.st.Tag
	if p.st.Counted {
		tag += " " + strconv.FormatInt(n, 10)
	}
	c.b.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
	return nil
}

func (c *session) dropPortals() {
	for name, p := range c.portals {
		p.close()
		delete(c.portals, name)
	}
}
