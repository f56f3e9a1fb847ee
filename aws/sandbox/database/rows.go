package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// Column is a column of a result.
type Column struct {
	Name string
	Decl string // the type it was declared with, in capitals; empty for an expression
}

// Rows are what a statement gives, row by row as they are read. They must be closed; reading to the end does it.
type Rows struct {
	Columns []Column

	conn      *Conn
	statement *statement
	rows      driver.Rows
	stop      context.CancelFunc
	next      []driver.Value   // the row after the one that is shown
	ahead     [][]driver.Value // and those after it, when they had to be read early
	values    []any
	affected  int64
	ended     bool
	err       error
}

// start runs the statement up to its first row.
func (r *Rows) start(ctx context.Context, values []driver.NamedValue) error {
	ctx, r.stop = r.conn.both(ctx)
	rows, err := r.statement.prepared.(driver.StmtQueryContext).QueryContext(ctx, values)
	if err != nil {
		return r.conn.problem(err)
	}
	r.rows = rows
	types, _ := rows.(driver.RowsColumnTypeDatabaseTypeName)
	for i, name := range rows.Columns() {
		r.Columns = append(r.Columns, Column{Name: name, Decl: types.ColumnTypeDatabaseTypeName(i)})
	}
	return r.fetch()
}

// both is ctx, which also ends with the session.
func (c *Conn) both(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Done() == nil {
		return c.ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// fetch reads one row ahead: at the end of a statement that writes it is committed, whether anybody asks for more or not.
func (r *Rows) fetch() error {
	row := make([]driver.Value, len(r.Columns))
	switch err := r.rows.Next(row); {
	case err == io.EOF:
		r.next = nil
		return r.end()
	case err != nil:
		return r.conn.problem(err)
	}
	r.next = row
	return nil
}

// drain reads what is left into memory: SQLite lets a session that reads an old state not write.
func (r *Rows) drain() error {
	if r.next == nil {
		return nil
	}
	first, rest := r.next, [][]driver.Value(nil)
	for {
		if err := r.fetch(); err != nil {
			return err
		}
		if r.next == nil {
			r.next, r.ahead = first, rest
			return nil
		}
		rest = append(rest, r.next)
	}
}

// Next goes to the next row, and says whether there is one.
func (r *Rows) Next() bool {
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	if r.next == nil {
		return false
	}
	r.values = make([]any, len(r.next))
	for i, v := range r.next {
		r.values[i] = v
	}
	switch {
	case len(r.ahead) > 0:
		r.next, r.ahead = r.ahead[0], r.ahead[1:]
	case r.ended:
		r.next = nil
	default:
		if err := r.fetch(); err != nil {
			r.err, r.next = err, nil
			r.end()
		}
	}
	return true
}

// Values is the row: nil, int64, float64, string, []byte, and time.Time where the column is declared DATE, DATETIME or
// TIMESTAMP.
func (r *Rows) Values() []any { return r.values }

// Affected is how many rows the statement has inserted, updated or deleted, known once there is no further row to read.
func (r *Rows) Affected() int64 { return r.affected }

// Err is what ended the rows too early.
func (r *Rows) Err() error { return r.err }

// Close ends the statement; outside of a transaction what it wrote is committed, and the error says when it is not.
func (r *Rows) Close() error {
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	r.next, r.ahead = nil, nil
	return r.end()
}

// cut ends the rows before their reader does, who is told why.
func (r *Rows) cut(why error) error {
	if !r.ended && r.next != nil {
		r.next, r.err = nil, why
	}
	return r.end()
}

// end gives everything back. The session is locked.
func (r *Rows) end() (err error) {
	if r.ended {
		return nil
	}
	r.ended = true
	c := r.conn
	if r.rows != nil {
		err = c.problem(r.rows.Close())
	}
	r.stop()
	delete(c.open, r)
	if r.statement.writes && err == nil && r.rows != nil {
		r.affected, err = c.changed()
	}
	c.statements.put(r.statement)
	if r.statement.writes {
		c.release()
	}
	return err
}

// changed is how many rows the last statement has changed.
func (c *Conn) changed() (int64, error) {
	st := c.statements.take(changes)
	if st == nil {
		prepared, err := c.raw.Prepare(changes)
		if err != nil {
			return 0, err
		}
		st = &statement{sql: changes, prepared: prepared}
	}
	defer c.statements.put(st)
	rows, err := st.prepared.(driver.StmtQueryContext).QueryContext(context.Background(), nil)
	if err != nil {
		return 0, err
	}
	row := make([]driver.Value, 2)
	if err := errors.Join(rows.Next(row), rows.Close()); err != nil {
		return 0, fmt.Errorf("database: count the rows that were changed: %w", err)
	}
	before := c.total
	c.total = row[1].(int64)
	if c.total == before {
		return 0, nil // the count is that of an earlier statement
	}
	return row[0].(int64), nil
}

// changes asks for the rows that the last statement has changed, and that all have changed so far.
const changes = "select changes(), total_changes()"
