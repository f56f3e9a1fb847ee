// Package dialect turns Postgres's SQL into SQLite's, one statement at a time.
//
// Its rule: never a wrong answer. A statement is read by Postgres's grammar, every expression gets the type that Postgres gives it,
// and what SQLite would compute differently (division, LIKE, moments, the place of nulls in an order ...) is written as a call of a
// function of ours, which Register puts into SQLite. What is not understood is refused as Unsupported, in plain words.
package dialect

import (
	"strings"
)

// Env is what a statement is translated for.
type Env struct {
	Schema    *Schema
	User      string // current_user
	Master    string // the owner of everything
	Database  string
	Databases []string
	Version   string                           // of the server: "16.4"
	Setting   func(name string) (string, bool) // what SHOW shows
	PID       uint32
}

// Kind is what has to be done with a Statement.
type Kind uint8

const (
	Run            Kind = iota // SQL in SQLite
	Nothing                    // only the tag is the answer
	Transaction                // Word: begin, commit, rollback; savepoint, release, rollback to with Name
	Set                        // Name, Value; Local
	Show                       // Name; "all" is every setting
	Copy                       // see CopyTask
	CreateDatabase             // Name, Missing
	DropDatabase               // Name, Missing
	RenameDatabase             // Name, Value
	Deallocate                 // Name, empty is all
)

// Statement is one statement, ready for SQLite.
type Statement struct {
	Kind    Kind
	Tag     string   // of CommandComplete, without the number of rows
	Counted bool     // the tag ends with the number of rows
	SQL     []string // to be run in this order; the last gives the rows and the count
	Columns []Column // of the result; nil: it gives no rows
	Params  []OID

	Word, Name, Value string
	Table             string // that is written to
	Missing           bool   // IF EXISTS, IF NOT EXISTS
	Local             bool
	Notices           []string
	Alone             bool // it cannot stand in a transaction
	Copy              *CopyTask
}

// Translate reads one statement. given are the types of parameters that the client named, 0 where it left that to us.
func Translate(src Source, env *Env, given []OID) (st *Statement, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			if _, ours := r.(*Error); !ours {
				panic(r)
			}
			st, err = nil, r
		default:
			panic(r)
		}
	}()
	p := &parser{env: env, toks: src.tokens}
	for _, o := range given {
		if o == 0 {
			o = Unknown
		}
		p.params = append(p.params, o)
	}
	st = p.statement()
	for i, o := range p.params {
		if o == Unknown {
			p.params[i] = Text
		}
	}
	st.Params = p.params
	if len(st.SQL) > 0 && len(p.used) > 0 {
		last := &st.SQL[len(st.SQL)-1]
		*last = p.withCatalogs(*last)
	}
	return st, nil
}

// statement reads the statement by its first word.
func (p *parser) statement() *Statement {
	t := p.peek()
	var st *Statement
	switch {
	case t.kind == symbol && t.text == "(", p.at("select"), p.at("values"), p.at("table"):
		st = p.selectStatement()
	case p.at("with"):
		st = p.withStatement()
	case p.at("insert"), p.at("update"), p.at("delete"):
		st = p.write1()
	case t.kind == word:
		st = p.command(t.text)
	default:
		p.syntax()
	}
	p.enough()
	return st
}

func (p *parser) selectStatement() *Statement {
	q := p.settle(p.query())
	if p.at("into") {
		fail(Unsupported("SELECT INTO").at(p.peek()))
	}
	return &Statement{Tag: "SELECT", Counted: true, SQL: []string{q.sql}, Columns: p.results(&q)}
}

// results are the columns of a result; what only has a number inside is shown by its name.
func (p *parser) results(q *query) []Column {
	cols := q.columns()
	wrap := false
	names, parts := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		names[i] = "c" + numberText(i+1)
		parts[i] = names[i]
		if c.Type.OID.object() && c.Type.OID != Oid {
			parts[i] = p.asText(expr{sql: names[i], typ: c.Type})
			cols[i].Type = Type{OID: Text}
			wrap = true
		}
	}
	if wrap {
		q.sql = "select " + strings.Join(parts, ", ") + " from (with \"pg rows\"(" + strings.Join(names, ", ") + ") as (" + q.sql + ") select * from \"pg rows\")"
	}
	if cols == nil {
		cols = []Column{}
	}
	return cols
}

// withStatement is WITH before SELECT or before a statement that writes.
func (p *parser) withStatement() *Statement {
	depth := 0
	for i := p.i; p.toks[i].kind != end; i++ {
		switch t := p.toks[i]; {
		case t.text == "(" && t.kind == symbol:
			depth++
		case t.text == ")" && t.kind == symbol:
			depth--
		case depth == 0 && t.kind == word && (t.text == "insert" || t.text == "update" || t.text == "delete"):
			with := p.with()
			st := p.write1()
			last := &st.SQL[len(st.SQL)-1]
			*last = with + *last
			return st
		case depth == 0 && t.kind == word && (t.text == "select" || t.text == "values"):
			return p.selectStatement()
		}
	}
	return p.selectStatement()
}

func (p *parser) write1() *Statement {
	switch {
	case p.accept("insert"):
		return p.insert()
	case p.accept("update"):
		return p.update()
	}
	p.expect("delete")
	return p.delete()
}

func (p *parser) now() string { return "pg_now()" }
