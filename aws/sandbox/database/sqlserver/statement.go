package sqlserver

import (
	"context"
	"errors"
	"fmt"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// data runs a statement that reads or changes tables.
func (x *session) data(ctx context.Context, s tsql.Statement) error {
	if i, ok := s.(tsql.Insert); ok {
		if e, ok := i.FromProcedure(); ok {
			columns, rows, err := x.rowsOf(ctx, e)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				x.done(false, true, 0)
				return nil
			}
			s = i.WithRows(columns, rows)
		}
	}
	if x.options.implicit && x.open == 0 {
		if err := x.steer(ctx, tsql.Begin{}); err != nil {
			return err
		}
	}
	p, leave, err := x.at(s)
	if err != nil {
		return err
	}
	defer leave()
	if d, ok := s.(tsql.DropTable); ok {
		return x.dropTables(ctx, p, d)
	}
	c, err := tsql.NewTranslator(p).Statement(s)
	if err != nil {
		return err
	}
	if err := p.mayDefine(s); err != nil {
		return err
	}
	n, err := x.do(ctx, p, c)
	if err != nil {
		return p.constraintFault(err, verb(s))
	}
	_, reads := s.(tsql.Select)
	counted := c.Count || c.Columns != nil
	if counted {
		x.rowCount = n
	}
	x.done(reads, counted && c.Sets == nil, n)
	return nil
}

func verb(s tsql.Statement) string {
	switch s.(type) {
	case tsql.Update:
		return "UPDATE"
	case tsql.Delete:
		return "DELETE"
	}
	return "INSERT"
}

// dropTables drops them one after the other.
func (x *session) dropTables(ctx context.Context, p place, d tsql.DropTable) error {
	codes, err := tsql.NewTranslator(p).Drops(d)
	for _, c := range codes {
		referenced, err := p.one(ctx, "SELECT 1 FROM main.sqlite_schema s JOIN pragma_foreign_key_list(s.name) f WHERE s.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE AND s.name <> ?1 COLLATE NOCASE", c.Drops)
		if err != nil {
			return err
		}
		if referenced != nil {
			return failure(3726, "Could not drop object '%s' because it is referenced by a FOREIGN KEY constraint.", c.Drops)
		}
		if _, err := x.do(ctx, p, c); err != nil {
			return err
		}
	}
	if err == nil {
		x.done(false, false, 0)
	}
	return err
}

// do runs code and sends its result. It gives the number of rows that were sent or changed.
func (x *session) do(ctx context.Context, p place, c tsql.Code) (n int64, err error) {
	if len(c.After) > 0 {
		end, err := p.atomic(ctx)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, end(err)) }()
	}
	rows, err := p.db.Run(ctx, c.SQL, c.Args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if c.Columns != nil && c.Sets == nil {
		x.flush(true)
		if err := x.out.Columns(c.Columns); err != nil {
			return 0, err
		}
	}
	for rows.Next() {
		if ctx.Err() != nil {
			return n, errStopped
		}
		if n++; c.Columns == nil {
			continue
		}
		if err := x.row(c, rows.Values()); err != nil {
			return n, err
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return n, err
	}
	if c.Count {
		n = rows.Affected()
	}
	if c.Inserts != "" && n > 0 {
		if err := x.keepIdentity(ctx, p); err != nil {
			return n, err
		}
	}
	for _, sql := range c.After {
		changed, err := p.change(ctx, sql)
		if err != nil {
			return n, err
		}
		if c.Count {
			n = changed
		}
	}
	return n, nil
}

// row sends a row, or puts it into the variables that a SELECT sets.
func (x *session) row(c tsql.Code, values []any) error {
	for i, v := range values {
		if c.Sets != nil {
			to := x.frame[c.Sets[i]]
			to.V = tsql.Stored(v, to.Type)
			x.frame[c.Sets[i]] = to
			continue
		}
		var err error
		if values[i], err = tsql.Wire(v, c.Columns[i].Type); err != nil {
			return err
		}
	}
	if c.Sets != nil {
		return nil
	}
	return x.out.Row(values)
}

// keepIdentity remembers the number that an INSERT gave.
func (x *session) keepIdentity(ctx context.Context, p place) error {
	v, err := p.one(ctx, "SELECT last_insert_rowid()")
	x.identity = tsql.Value{V: v, Type: tds.Type{Name: "bigint"}}
	return err
}

// value is what an expression is now.
func (x *session) value(ctx context.Context, s tsql.Scalar) (any, error) {
	v, err := x.typed(ctx, s)
	return v.V, err
}

func (x *session) typed(ctx context.Context, s tsql.Scalar) (tsql.Value, error) {
	p, leave, err := x.at(s)
	if err != nil {
		return tsql.Value{}, err
	}
	defer leave()
	v, known, err := tsql.NewTranslator(p).Constant(s)
	if err != nil || known {
		return v, err
	}
	c, err := tsql.NewTranslator(p).Value(s)
	if err != nil {
		return tsql.Value{}, err
	}
	got, err := p.one(ctx, c.SQL, c.Args...)
	return tsql.Value{V: tsql.Stored(got, c.Columns[0].Type), Type: c.Columns[0].Type}, err
}

// convert is value, as a type.
func (x *session) convert(ctx context.Context, s tsql.Scalar, to tds.Type) (any, error) {
	v, err := x.typed(ctx, s)
	if err != nil {
		return nil, err
	}
	return tsql.Convert(v.V, v.Type, to, 0)
}

func (x *session) condition(ctx context.Context, c tsql.Condition) (bool, error) {
	p, leave, err := x.at(c)
	if err != nil {
		return false, err
	}
	defer leave()
	code, err := tsql.NewTranslator(p).Condition(c)
	if err != nil {
		return false, err
	}
	v, err := p.one(ctx, code.SQL, code.Args...)
	return v != nil, err
}

// one is the first value that a query gives; nil if there is none.
func (p place) one(ctx context.Context, sql string, args ...any) (any, error) {
	rows, err := p.db.Run(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if rows.Next() {
		return rows.Values()[0], nil
	}
	return nil, rows.Err()
}

// change runs a statement that gives nothing, and tells how many rows it changed.
func (p place) change(ctx context.Context, sql string, args ...any) (int64, error) {
	rows, err := p.db.Run(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
	}
	err = errors.Join(rows.Err(), rows.Close())
	return rows.Affected(), err
}

// atomic makes several statements one: a transaction, or a savepoint in the one that is open.
func (p place) atomic(ctx context.Context) (end func(error) error, err error) {
	if !p.db.InTransaction() {
		if err := p.db.Begin(ctx); err != nil {
			return nil, err
		}
		return func(err error) error {
			if err != nil {
				return p.db.Rollback(context.WithoutCancel(ctx))
			}
			return p.db.Commit(ctx)
		}, nil
	}
	if _, err := p.change(ctx, "SAVEPOINT statement"); err != nil {
		return nil, err
	}
	return func(err error) error {
		ctx := context.WithoutCancel(ctx)
		if err != nil {
			if _, err := p.change(ctx, "ROLLBACK TO statement"); err != nil {
				return fmt.Errorf("take a statement back: %w", err)
			}
		}
		_, err = p.change(ctx, "RELEASE statement")
		return err
	}, nil
}
