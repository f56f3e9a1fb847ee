package tsql

import (
	"fmt"
	"strconv"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// Session is what a statement's names mean at the moment it runs.
type Session interface {
	// Table is the table of that name, in the current database or as a #table of the session; nil if there is none.
	Table(Name) (*Table, error)
	// View is a system view, with all its rows; false if there is none.
	View(Name) (*View, bool, error)
	// Variable is the value of an @variable, by its lower-case name.
	Variable(name string) (Value, bool)
	// Function is a function whose answer depends on the session (DB_NAME, GETDATE, @@ROWCOUNT), by its upper-case name; false if there is none.
	Function(name string, args []any) (Value, bool, error)
	// MayInsertIdentity tells SET IDENTITY_INSERT of a table.
	MayInsertIdentity(table string) bool
	// Database is the name of the current database, for errors.
	Database() string
}

// Value is a value with its type, in the form in which databases keep it; see Stored.
type Value struct {
	V    any
	Type tds.Type
}

// Table is a table as the database has it.
type Table struct {
	Name    string // as it was created
	Columns []TableColumn
}

// TableColumn is one of its columns.
type TableColumn struct {
	Name     string
	Type     tds.Type
	NotNull  bool
	Identity bool
	Seed     int64  // of the identity
	Key      int    // its place in the primary key, from 1; 0 is none
	Default  string // in SQLite's SQL; "" is none
}

// View is a system view.
type View struct {
	Columns []tds.Column
	Rows    [][]any
}

// Code is a statement in SQLite's SQL.
type Code struct {
	SQL     string
	Args    []any
	Columns []tds.Column // of its result; none if it has no result
	Sets    []string     // SELECT @a = ...: the variables that its columns go to, instead of a result
	After   []string     // further statements, run in the same transaction
	Count   bool         // it tells how many rows it changed
	Inserts string       // the table it inserts into, if that has an identity column
	Drops   string       // the table it drops
}

// Translator makes SQLite's SQL of one statement.
type Translator struct {
	s        Session
	args     []any
	scopes   []*scope // of the query being read, and of those around it
	ctes     []cteColumns
	defining bool // a DEFAULT or CHECK: nothing of this moment may be in it
}

type cteColumns struct {
	name    string
	columns []tds.Column
}

// scope is the tables of one FROM.
type scope struct{ tables []bound }

type bound struct {
	name    string // alias or table name
	columns []tds.Column
	bare    bool // SQLite takes its columns without the table's name
}

// NewTranslator begins a statement.
func NewTranslator(s Session) *Translator { return &Translator{s: s} }

// Value makes "SELECT x", and tells the type.
func (t *Translator) Value(x Scalar) (Code, error) {
	v, err := t.expr(x.x)
	if err != nil {
		return Code{}, err
	}
	if v.t.Name == "" {
		v.t = tds.Type{Name: "int"}
	}
	return Code{SQL: "SELECT " + v.sql, Args: t.args, Columns: []tds.Column{{Type: v.t}}}, nil
}

// Constant is the value of x, if it is known without asking the database.
func (t *Translator) Constant(x Scalar) (Value, bool, error) {
	v, err := t.expr(x.x)
	return Value{v.v, v.t}, v.known && err == nil, err
}

// Condition makes a SELECT of 1 or nothing.
func (t *Translator) Condition(c Condition) (Code, error) {
	v, err := t.condition(c.x)
	return Code{SQL: "SELECT 1 WHERE " + v, Args: t.args}, err
}

// Statement makes SQL of one of the statements that Translator is for.
func (t *Translator) Statement(s Statement) (Code, error) {
	var c Code
	var err error
	switch s := s.(type) {
	case Select:
		c, err = t.selectStatement(s)
	case Insert:
		c, err = t.insert(s)
	case Update:
		c, err = t.update(s)
	case Delete:
		c, err = t.delete(s)
	case Truncate:
		c, err = t.truncate(s)
	case CreateTable:
		c, err = t.createTable(s)
	case CreateIndex:
		c, err = t.createIndex(s)
	case DropIndex:
		c, err = t.dropIndex(s)
	case AlterTable:
		c, err = t.alterTable(s)
	default:
		return c, fmt.Errorf("translate a %T: it is no statement for a database", s)
	}
	c.Args = t.args
	return c, err
}

// Elsewhere is the one other database that a statement names with a three-part name; "" if it names none. Naming two is not understood.
func Elsewhere(s Statement, current string) (string, error) {
	other := ""
	for _, n := range names(s) {
		if n.Database == "" || strings.EqualFold(n.Database, current) || n.IsTemporary() {
			n.Database = current
		}
		if isSystemSchema(n.Schema) {
			continue
		}
		if other != "" && !strings.EqualFold(other, n.Database) {
			return "", notUnderstood("tables of two databases in one statement")
		}
		other = n.Database
	}
	if strings.EqualFold(other, current) {
		return "", nil
	}
	return other, nil
}

func isSystemSchema(schema string) bool {
	return strings.EqualFold(schema, "sys") || strings.EqualFold(schema, "information_schema")
}

// value is an expression in SQL.
type value struct {
	sql   string
	t     tds.Type
	known bool // v is its value
	v     any
}

// constant is v in SQL.
func (t *Translator) constant(v any, typ tds.Type) value {
	return value{sql: t.literal(v), t: typ, known: true, v: v}
}

// literal writes v, or binds it where SQL has no safe way to write it.
func (t *Translator) literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		switch {
		case strings.ContainsAny(s, "IN"): // infinities and NaN
			return t.bind(v)
		case !strings.ContainsAny(s, ".e"):
			s += ".0"
		}
		return s
	case string:
		if !strings.Contains(v, "\x00") && len(v) < 1<<16 {
			return quoteText(v)
		}
	case []byte:
		if len(v) < 1<<12 {
			return fmt.Sprintf("x'%x'", v)
		}
	}
	return t.bind(v)
}

func (t *Translator) bind(v any) string {
	t.args = append(t.args, v)
	return "?" + strconv.Itoa(len(t.args))
}

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Quote writes a name for SQLite.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// within quotes the name of a table where SQLite finds it.
func within(n Name) string {
	if n.IsTemporary() {
		return "temp." + Quote(n.Object)
	}
	return "main." + Quote(n.Object)
}

// table finds a table that must be there.
func (t *Translator) table(n Name) (*Table, error) {
	tab, err := t.s.Table(n)
	if err == nil && tab == nil {
		err = fault(208, "Invalid object name '%s'.", n)
	}
	return tab, err
}
