package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// createTable reads what follows CREATE TABLE.
func (p *parser) createTable() *Statement {
	missing := p.accept("if", "not", "exists")
	t := &Table{}
	t.Name = p.newRelation()
	if t.Name == "" || p.exists(t.Name) {
		if missing {
			for p.peek().kind != end {
				p.i++
			}
			return skipped("CREATE TABLE", "relation %q already exists, skipping", t.Name)
		}
		fail(Errorf("42P07", "relation %q already exists", t.Name))
	}
	if p.at("as") || p.atSymbol("(") && p.asAhead() {
		return p.createTableAs(t)
	}
	if p.at("partition") || p.at("of") {
		fail(Unsupported("a partitioned or typed table").at(p.peek()))
	}
	p.need("(")
	var defs []columnDef
	var constraints []string
	if !p.atSymbol(")") {
		p.list(func() {
			if c, ok := p.tableConstraint(t); ok {
				constraints = append(constraints, c)
				return
			}
			if p.at("like") {
				fail(Unsupported("CREATE TABLE (LIKE ...)").at(p.peek()))
			}
			defs = append(defs, p.definition(t))
		})
	}
	p.need(")")
	for _, w := range []string{"inherits", "partition", "tablespace", "using"} {
		if p.at(w) {
			fail(Unsupported("CREATE TABLE ... %s", strings.ToUpper(w)).at(p.peek()))
		}
	}
	if p.accept("with") { // how Postgres stores the rows
		p.i--
		fail(Unsupported("CREATE TABLE ... WITH").at(p.peek()))
	}
	return made("CREATE TABLE", p.tableSQL(t, defs, constraints))
}

// newRelation reads the name of what is to be made.
func (p *parser) newRelation() string {
	schema, name, at := p.qualified()
	switch {
	case schema == "pg_catalog" || schema == "information_schema":
		fail(Errorf("42501", "permission denied to create \"%s.%s\"", schema, name).at(at))
	case schema != "" && schema != "public":
		fail(Errorf("3F000", "schema %q does not exist", schema).at(at))
	case strings.HasPrefix(name, "sqlite_"):
		fail(Unsupported("a name that begins with sqlite_").at(at))
	}
	return name
}

func (p *parser) exists(name string) bool {
	_, isIndex := p.env.Schema.index(name)
	return isIndex || p.env.Schema.Table(name) != nil
}

func (p *parser) asAhead() bool {
	depth := 0
	for i := p.i; p.toks[i].kind != end; i++ {
		switch p.toks[i].text {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return p.toks[i+1].text == "as"
			}
		}
	}
	return false
}

func (p *parser) tableSQL(t *Table, defs []columnDef, constraints []string) string {
	var parts, after []string
	for _, d := range defs {
		if d.Auto != "" && d.key == "" && len(t.Key) == 1 && t.Key[0] == d.Name { // PRIMARY KEY (id) at the end
			d.key = t.Name + "_pkey"
			for i, c := range constraints {
				if strings.Contains(c, "primary key") {
					constraints = slices.Delete(constraints, i, i+1)
					break
				}
			}
		}
		sql := ident(d.Name) + " " + d.Type.decl()
		switch {
		case d.Auto != "" && d.key == "":
			fail(Unsupported("serial or identity that is not the primary key (column %q)", d.Name))
		case d.Auto != "":
			sql = fmt.Sprintf("%s INTEGER %s%s %s*/ constraint %s primary key autoincrement", ident(d.Name), autoMark, d.Auto, d.Type.decl(), ident(d.key))
		default:
			if d.NotNull {
				sql += " not null"
			}
			if d.Default != "" {
				sql += " default " + d.Default
			}
			sql += d.rest
			if d.key != "" {
				after = append(after, fmt.Sprintf("constraint %s primary key (%s)", ident(d.key), ident(d.Name)))
			}
		}
		if d.unique != "" {
			after = append(after, fmt.Sprintf("constraint %s unique (%s)", ident(d.unique), ident(d.Name)))
		}
		parts, after = append(parts, sql), append(after, d.others...)
	}
	if len(parts) == 0 {
		fail(Unsupported("a table without columns"))
	}
	return fmt.Sprintf("create table %s (%s)", ident(t.Name), strings.Join(slices.Concat(parts, after, constraints), ", "))
}

// tableConstraint reads a constraint that stands by itself.
func (p *parser) tableConstraint(t *Table) (string, bool) {
	name, start := "", p.i
	if p.accept("constraint") {
		name = p.name()
	}
	named := func(cols []string, suffix string) string {
		if name != "" {
			return name
		}
		return strings.Join(append([]string{t.Name}, cols...), "_") + suffix
	}
	columns := func() []string {
		at := p.peek()
		cols := p.names()
		for _, c := range cols {
			if _, ok := t.Column(c); !ok {
				fail(Errorf("42703", "column %q named in key does not exist", c).at(at))
			}
		}
		return cols
	}
	switch {
	case p.accept("primary", "key"):
		t.Key = columns()
		return fmt.Sprintf("constraint %s primary key (%s)", ident(named(nil, "_pkey")), idents(t.Key)), true
	case p.accept("unique"):
		cols := columns()
		return fmt.Sprintf("constraint %s unique (%s)", ident(named(cols, "_key")), idents(cols)), true
	case p.accept("check"):
		return p.check(t, named(nil, "_check")), true
	case p.accept("foreign", "key"):
		cols := columns()
		return p.references(t, cols, named(cols, "_fkey")), true
	case p.at("exclude"):
		fail(Unsupported("EXCLUDE").at(p.peek()))
	}
	p.i = start
	return "", false
}

// createTableAs reads CREATE TABLE name AS query.
func (p *parser) createTableAs(t *Table) *Statement {
	var names []string
	if p.atSymbol("(") {
		names = p.names()
	}
	p.expect("as")
	q := p.settle(p.query())
	data := !p.accept("with", "no", "data")
	p.accept("with", "data")
	t.Columns = renamed(q.columns(), names)
	var parts []string
	for i, c := range t.Columns {
		if c.Type.OID.object() {
			t.Columns[i].Type = Type{OID: Oid}
		}
		parts = append(parts, ident(c.Name)+" "+c.Type.decl())
	}
	st := made("SELECT", fmt.Sprintf("create table %s (%s)", ident(t.Name), strings.Join(parts, ", ")))
	st.Counted = data
	if data {
		st.SQL = append(st.SQL, fmt.Sprintf("insert into %s %s", ident(t.Name), "select * from ("+q.sql+") where true"))
	}
	return st
}
