package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// failure is an error in Postgres's words.
func failure(err error) *dialect.Error {
	var ours *dialect.Error
	if errors.As(err, &ours) {
		return ours
	}
	if e, ok := dialect.Raised(err); ok {
		return e
	}
	switch {
	case errors.Is(err, database.ErrFull):
		e := dialect.Errorf("53100", "could not extend file: No space left on device")
		e.Hint = "Check free disk space."
		return e
	case errors.Is(err, context.Canceled):
		return dialect.Errorf("57014", "canceling statement due to user request")
	case errors.Is(err, database.ErrBusy):
		return dialect.Errorf("55P03", "canceling statement due to lock timeout")
	case errors.Is(err, database.ErrClosed):
		return dialect.Errorf("57P01", "terminating connection due to administrator command")
	case errors.Is(err, database.ErrRolledBack):
		return aborted()
	case errors.Is(err, database.ErrRefused):
		return dialect.Unsupported("this statement (%v)", err)
	}
	return dialect.Errorf("XX000", "%s", strings.TrimPrefix(err.Error(), "SQL logic error: "))
}

func aborted() *dialect.Error {
	return dialect.Errorf("25P02", "current transaction is aborted, commands ignored until end of transaction block")
}

// failure is an error of the statement that ran last: for a constraint, what it has broken, as SQLite says it: "UNIQUE constraint failed: t.a".
func (c *session) failure(err error) *dialect.Error {
	st := c.current
	if st == nil {
		st = &dialect.Statement{}
	}
	text := err.Error()
	after := func(what string) (string, bool) {
		_, rest, ok := strings.Cut(text, what)
		if i := strings.LastIndex(rest, " ("); i >= 0 {
			rest = rest[:i] // SQLite's number
		}
		return rest, ok
	}
	if _, ours := dialect.Raised(err); ours {
		return failure(err)
	}
	if what, ok := after("UNIQUE constraint failed: "); ok {
		if st.Tag == "CREATE INDEX" {
			return dialect.Errorf("23505", "could not create unique index %q", st.Name)
		}
		return c.duplicate(what)
	}
	if what, ok := after("NOT NULL constraint failed: "); ok {
		table, column, _ := strings.Cut(what, ".")
		e := dialect.Errorf("23502", "null value in column %q of relation %q violates not-null constraint", column, table)
		e.Table, e.Column = table, column
		return e
	}
	if what, ok := after("CHECK constraint failed: "); ok {
		e := dialect.Errorf("23514", "new row violates check constraint %q", what)
		if t := c.checked(what); t != "" {
			e.Message, e.Table = "new row for relation \""+t+"\" violates check constraint \""+what+"\"", t
		}
		e.Constraint = what
		return e
	}
	switch {
	case strings.Contains(text, "FOREIGN KEY constraint failed"):
		return c.foreign(st)
	case strings.Contains(text, "no such savepoint: "):
		name, _ := after("no such savepoint: ")
		return dialect.Errorf("3B001", "savepoint %q does not exist", name)
	case strings.Contains(text, "integer overflow"):
		return dialect.Errorf("22003", "bigint out of range")
	case strings.Contains(text, "Cannot add a NOT NULL column"):
		return dialect.Errorf("23502", "column %q of relation %q contains null values", st.Name, st.Table)
	case strings.Contains(text, "too many SQL variables"):
		return dialect.Errorf("54000", "the sandbox's database takes at most 32766 parameters in a statement")
	}
	return failure(err)
}

// foreign is a foreign key that a statement has broken. SQLite does not say which: it is named where only one can be meant.
func (c *session) foreign(st *dialect.Statement) *dialect.Error {
	var found []*dialect.Error
	for _, t := range c.schema.Tables {
		for _, k := range t.Constraints {
			var e *dialect.Error
			switch {
			case k.Kind != 'f':
			case t.Name == st.Table && st.Tag != "DELETE":
				e = dialect.Errorf("23503", "insert or update on table %q violates foreign key constraint %q", t.Name, k.Name)
			case k.Target == st.Table && st.Tag != "INSERT 0":
				e = dialect.Errorf("23503", "update or delete on table %q violates foreign key constraint %q on table %q", k.Target, k.Name, t.Name)
			}
			if e != nil {
				e.Table, e.Constraint = t.Name, k.Name
				found = append(found, e)
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return dialect.Errorf("23503", "insert, update or delete violates a foreign key constraint")
}

func (c *session) duplicate(what string) *dialect.Error {
	table, name := what, what+"_key"
	if c.schema != nil {
		table, name = c.schema.Violated(what)
	}
	e := dialect.Errorf("23505", "duplicate key value violates unique constraint %q", name)
	e.Table, e.Constraint = table, name
	return e
}

// checked is the table that has a check of that name.
func (c *session) checked(name string) string {
	if c.schema == nil {
		return ""
	}
	for _, t := range c.schema.Tables {
		for _, k := range t.Constraints {
			if k.Kind == 'c' && k.Name == name {
				return t.Name
			}
		}
	}
	return ""
}

// sendError sends an error, with what a client needs to point at the place in the statement.
func (c *session) sendError(severity string, e *dialect.Error) {
	out := &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint,
		Position: int32(e.Position), TableName: e.Table, ColumnName: e.Column, ConstraintName: e.Constraint}
	if e.Table != "" {
		out.SchemaName = "public"
	}
	c.b.Send(out)
}

func (c *session) notice(severity, code, text string) {
	c.b.Send(&pgproto3.NoticeResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: text})
}
