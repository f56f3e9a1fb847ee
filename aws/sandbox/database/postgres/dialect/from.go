package dialect

import (
	"fmt"
	"strings"
)

// source is one item of FROM.
type source struct {
	name    string // its alias
	cols    []Column
	table   *Table // where it is a table of the database
	catalog bool   // it is a catalog, of which not every column is there
	sql     string // how SQLite reads it
}

// Column is a column of a table or of a result.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
	Default string // SQLite's expression
	Auto    string // serial, always, default: how an integer key fills itself
	System  bool   // not in *
}

// from reads FROM's list into the scope.
func (p *parser) from() string {
	var parts []string
	p.list(func() { parts = append(parts, p.joined()) })
	return strings.Join(parts, ", ")
}

func (p *parser) joined() string {
	var sql string
	if p.atSymbol("(") && !p.atQuery() {
		p.i++
		sql = "(" + p.joined() + ")"
		p.need(")")
	} else {
		sql = p.item()
	}
	for {
		natural := p.accept("natural")
		kind := ""
		switch {
		case p.accept("cross", "join"):
			sql += " cross join " + p.joinItem()
			continue
		case p.accept("inner", "join"), p.accept("join"):
			kind = " join "
		case p.at("left") || p.at("right") || p.at("full"):
			kind = " " + p.take().text + " join "
			p.accept("outer")
			p.expect("join")
		default:
			if natural {
				p.syntax()
			}
			return sql
		}
		left := len(p.scope.sources)
		sql += kind + p.joinItem() + p.condition(natural, left, strings.TrimSpace(kind))
	}
}

func (p *parser) joinItem() string {
	if p.atSymbol("(") && !p.atQuery() {
		p.i++
		sql := "(" + p.joined() + ")"
		p.need(")")
		return sql
	}
	return p.item()
}

// condition reads ON and USING of a join; its right side is the sources from left on.
func (p *parser) condition(natural bool, left int, kind string) string {
	if !natural && p.at("on") {
		at := p.take()
		refs := p.scope.refs
		e := p.boolean(p.expr(), "JOIN/ON", at)
		p.scope.refs = refs
		return " on " + e.sql
	}
	at := p.peek()
	var names []string
	if natural {
		for _, c := range p.scope.sources[len(p.scope.sources)-1].cols {
			if _, _, ok := p.find(&scope{sources: p.scope.sources[:left], hidden: p.scope.hidden}, "", c.Name, at); ok && !c.System {
				names = append(names, c.Name)
			}
		}
	} else {
		p.expect("using")
		names = p.names()
	}
	return " on " + p.using(names, left, kind, at)
}

// using makes one column of two with the same name.
func (p *parser) using(names []string, left int, kind string, at token) string {
	s := p.scope
	if s.using == nil {
		s.using, s.hidden = map[string]expr{}, map[string]bool{}
	}
	parts := []string{"true"}
	for _, n := range names {
		a, ca, okA := p.find(&scope{sources: s.sources[:left], hidden: s.hidden}, "", n, at)
		b, cb, okB := p.find(&scope{sources: s.sources[left:], hidden: s.hidden}, "", n, at)
		if !okA || !okB {
			fail(Errorf("42703", "column %q specified in USING clause does not exist in %s table", n, map[bool]string{true: "right", false: "left"}[okA]).at(at))
		}
		l, r := expr{sql: ident(a.name) + "." + ident(n), typ: ca.Type, name: n}, expr{sql: ident(b.name) + "." + ident(n), typ: cb.Type, name: n}
		one := l
		switch kind {
		case "right join":
			one = r
		case "full join":
			one.sql = fmt.Sprintf("coalesce(%s, %s)", l.sql, r.sql)
		}
		x, y := p.alike("=", l, r, at)
		parts = append(parts, x.sql+" = "+y.sql)
		s.using[n] = one
		s.hidden[b.name+"."+n] = true
	}
	return strings.Join(parts, " and ")
}

// item reads a table, a query or a function of FROM.
func (p *parser) item() string {
	at := p.peek()
	if p.at("lateral") {
		if p.ahead(1).text == "(" || p.ahead(1).kind == word {
			fail(Unsupported("LATERAL").at(at))
		}
	}
	p.accept("only")
	var src source
	switch {
	case p.atSymbol("("):
		p.i++
		outer := p.scope
		p.scope = &scope{parent: outer.parent} // what stands beside it, it does not see
		q := p.subquery()
		p.scope = outer
		p.need(")")
		src = source{name: "unnamed_subquery", cols: q.columns()}
		names := p.alias(&src)
		src.cols = renamed(src.cols, names)
		src.sql = p.derived(q, src)
	case (at.kind == word || at.kind == quoted) && p.callAhead():
		src = p.rowsOf()
	default:
		src = p.table()
	}
	for _, s := range p.scope.sources {
		if s.name == src.name && src.name != "unnamed_subquery" {
			fail(Errorf("42712", "table name %q specified more than once", src.name).at(at))
		}
	}
	p.scope.sources = append(p.scope.sources, src)
	return src.sql
}

// derived is a query in FROM. SQLite gives its columns names by their own rules, so they are said.
func (p *parser) derived(q query, src source) string {
	if q.plain || len(src.cols) > 0 && !sameNames(q.cols, src.cols) {
		return fmt.Sprintf("(with \"pg rows\"(%s) as (%s) select * from \"pg rows\") as %s", idents(columnNames(src.cols)), q.sql, ident(src.name))
	}
	return "(" + q.sql + ") as " + ident(src.name)
}

func sameNames(a []expr, b []Column) bool {
	for i := range a {
		if a[i].name != b[i].Name {
			return false
		}
	}
	return true
}

func (p *parser) callAhead() bool {
	n := 1
	for p.ahead(n).text == "." {
		n += 2
	}
	return p.ahead(n).kind == symbol && p.ahead(n).text == "("
}

// alias reads [AS] name [(columns)].
func (p *parser) alias(src *source) (names []string) {
	t := p.peek()
	if p.accept("as") {
		src.name = p.label()
	} else if t.kind == quoted || t.kind == word && !reserved[t.text] && !joins[t.text] && t.text != "set" {
		src.name = p.take().text
	} else {
		return nil
	}
	if p.atSymbol("(") {
		names = p.names()
	}
	return names
}

// table reads the name of a table, a view, a catalog or a WITH.
func (p *parser) table() source {
	schema, name, at := p.qualified()
	src := p.named(schema, name, at)
	p.symbol("*") // the table and those that inherit from it
	names := p.alias(&src)
	if len(names) > 0 {
		fail(Unsupported("other names for the columns of a table").at(at))
	}
	if p.at("tablesample") {
		fail(Unsupported("TABLESAMPLE").at(p.peek()))
	}
	src.sql += " as " + ident(src.name)
	return src
}

func (p *parser) named(schema, name string, at token) source {
	if schema == "" {
		for i := len(p.ctes) - 1; i >= 0; i-- {
			if s, ok := p.ctes[i][name]; ok {
				s.sql = ident(name)
				return s
			}
		}
	}
	if schema == "" || schema == "public" {
		if t := p.env.Schema.Table(name); t != nil {
			return source{name: name, cols: t.Columns, table: t, sql: "main." + ident(t.Name)}
		}
	}
	if schema != "public" {
		if cols, ok := catalogColumns(schema, name); ok {
			full := name
			if schema == "information_schema" {
				full = "information_schema." + name
			}
			return source{name: name, cols: cols, sql: p.catalog(full), catalog: true}
		}
		if schema == "pg_catalog" || schema == "information_schema" || schema == "" && strings.HasPrefix(name, "pg_") {
			fail(Unsupported("the catalog %s", strings.TrimPrefix(schema+"."+name, ".")).at(at))
		}
	}
	shown := strings.TrimPrefix(schema+"."+name, ".")
	fail(Errorf("42P01", "relation %q does not exist", shown).at(at))
	return source{}
}

// rowsOf reads a function that gives rows.
func (p *parser) rowsOf() source {
	schema, name, at := p.qualified()
	if schema != "" && schema != "pg_catalog" {
		fail(Errorf("3F000", "schema %q does not exist", schema).at(at))
	}
	p.need("(")
	var args []expr
	if !p.atSymbol(")") {
		p.list(func() { args = append(args, p.expr()) })
	}
	p.need(")")
	src := source{name: name}
	var t Type
	var rows string
	switch name {
	case "generate_series":
		t, rows = p.series(args, at)
	case "pg_partition_ancestors":
		return p.ancestors()
	case "unnest":
		t, rows = p.unnest(args, at)
	default:
		fail(Unsupported("the function %s in FROM", name).at(at))
	}
	if p.at("with", "ordinality") {
		fail(Unsupported("WITH ORDINALITY").at(p.peek()))
	}
	names := p.alias(&src)
	column := src.name
	if len(names) == 1 {
		column = names[0]
	}
	src.cols = []Column{{Name: column, Type: t}}
	src.sql = fmt.Sprintf("(with recursive \"pg series\"(%s) as (%s) select * from \"pg series\") as %s", ident(column), strings.ReplaceAll(rows, "$v", ident(column)), ident(src.name))
	return src
}

// ancestors are the tables that a partition is of: there are none.
func (p *parser) ancestors() source {
	src := source{name: "pg_partition_ancestors"}
	p.accept("with", "ordinality")
	names := append(p.alias(&src), "relid", "ordinality")
	src.cols = renamed([]Column{{Type: Type{OID: Regclass}}, {Type: Type{OID: Int8}}}, names[:2])
	src.sql = fmt.Sprintf("(select null as %s, null as %s where false) as %s", ident(names[0]), ident(names[1]), ident(src.name))
	return src
}

// series is generate_series over integers and moments.
func (p *parser) series(args []expr, at token) (Type, string) {
	if len(args) < 2 || len(args) > 3 {
		fail(Errorf("42883", "function generate_series does not exist with %d arguments", len(args)).at(at))
	}
	t, ends := p.common("generate_series", at, args[:2]...)
	if t.OID == Date {
		t.OID = Timestamptz
		ends[0], _ = p.convert(ends[0], t, false)
		ends[1], _ = p.convert(ends[1], t, false)
	}
	if t.OID == Text {
		t.OID = Int4
		ends = []expr{p.known(args[0], t), p.known(args[1], t)}
	}
	step, next := "1", "$v + %s"
	switch {
	case t.OID == Timestamp || t.OID == Timestamptz:
		if len(args) < 3 {
			fail(Errorf("42883", "function generate_series(%s, %s) does not exist", t, t).at(at))
		}
		step, next = p.known(args[2], Type{OID: Interval}).sql, "pg_moment_plus($v, %s, 1)"
	case !t.OID.integer():
		fail(Unsupported("generate_series of %s", t).at(at))
	case len(args) == 3:
		step = p.known(args[2], t).sql
	}
	inside := "%[1]s <= " + ends[1].sql
	if len(args) == 3 {
		step = "pg_step(" + step + ")"
		inside = fmt.Sprintf("case when pg_up(%s) then %%[1]s <= %s else %%[1]s >= %s end", step, ends[1].sql, ends[1].sql)
	}
	next = fmt.Sprintf(next, step)
	return t, "select " + ends[0].sql + " where " + fmt.Sprintf(inside, ends[0].sql) + " union all select " + next + " from \"pg series\" where " + fmt.Sprintf(inside, next)
}

func (p *parser) unnest(args []expr, at token) (Type, string) {
	if len(args) != 1 {
		fail(Unsupported("unnest of several arrays").at(at))
	}
	el, ok := args[0].typ.OID.Element()
	if !ok || el == Bytea {
		fail(Errorf("42725", "function unnest(%s) is not unique", args[0].typ).at(at))
	}
	return Type{OID: el}, "select value from json_each(" + args[0].sql + ")"
}
