package dialect

import (
	"fmt"
	"strings"
)

// query is a SELECT, VALUES or several of them, as SQLite will read it, with what comes out of it.
type query struct {
	sql      string
	cols     []expr // name and type; sql is the expression's where there is one
	single   bool   // it can stand in a compound of SQLite as it is
	chain    bool   // it is such a compound, without an order or a limit
	plain    bool   // VALUES
	distinct bool
	grouping *grouping // still to be checked, after ORDER BY
}

// one is the query as a single value. Of several rows SQLite would take the first; Postgres refuses them.
func (q query) one() string {
	if g := q.grouping; q.single && g != nil && g.scope.calls && !g.shown {
		return q.sql // an aggregate over everything is one row
	}
	return "with \"pg rows\"(v) as (" + q.sql + ") select case when count(*) > 1 then pg_several() else min(v) end from \"pg rows\""
}

// columns are what the query looks like from outside.
func (q query) columns() []Column {
	out := make([]Column, len(q.cols))
	for i, c := range q.cols {
		out[i] = Column{Name: c.name, Type: c.typ}
		if c.unknown() {
			out[i].Type = Type{OID: Text}
		}
	}
	return out
}

func (p *parser) atQuery() bool {
	n := 0
	for p.ahead(n).kind == symbol && p.ahead(n).text == "(" {
		n++
	}
	t := p.ahead(n)
	return t.kind == word && (t.text == "select" || t.text == "values" || t.text == "with" || t.text == "table")
}

// subquery reads a query inside of another statement; it sees the columns around it.
func (p *parser) subquery() query {
	level := p.level
	p.level = 0
	q := p.query()
	p.level = level
	return p.settle(q)
}

// settle gives the columns that still have no type the type text.
func (p *parser) settle(q query) query {
	for i, c := range q.cols {
		if c.unknown() {
			if c.param > 0 {
				p.tell(c.param, Text)
			}
			q.cols[i].typ, q.cols[i].param, q.cols[i].text = Type{OID: Text}, 0, nil
		}
	}
	return q
}

// query reads [WITH ...] SELECT ... [UNION ...] [ORDER BY ...] [LIMIT ...].
func (p *parser) query() query {
	with := p.with()
	if with != "" {
		defer func() { p.ctes = p.ctes[:len(p.ctes)-1] }()
	}
	outer := p.scope
	q := p.union()
	inner := p.scope
	p.scope = outer
	if p.at("order", "by") {
		if q.single {
			p.scope = inner
		} else {
			p.scope = &scope{parent: outer}
		}
		q.sql += p.orderBy(q)
		p.scope = outer
		q.single = false
	}
	if limit := p.limit(); limit != "" {
		q.sql += limit
		q.single = false
	}
	p.locking()
	if inner != outer && q.grouping != nil {
		q.grouping.check(p)
	}
	if with != "" {
		q.sql = with + q.sql
		q.single = false
	}
	return q
}

func (p *parser) with() string {
	if !p.accept("with") {
		return ""
	}
	recursive := p.accept("recursive")
	p.ctes = append(p.ctes, map[string]source{})
	mine := p.ctes[len(p.ctes)-1]
	var parts []string
	p.list(func() {
		name := p.name()
		var names []string
		if p.atSymbol("(") {
			names = p.names()
		}
		p.expect("as")
		if p.accept("not") {
			p.expect("materialized")
		}
		p.accept("materialized")
		p.need("(")
		if !p.atQuery() {
			fail(Unsupported("a statement that writes inside WITH").at(p.peek()))
		}
		var q query
		if recursive {
			q = p.recursive(name, names, mine)
		} else {
			q = p.subquery()
		}
		p.need(")")
		cols := renamed(q.columns(), names)
		mine[name] = source{name: name, cols: cols}
		parts = append(parts, fmt.Sprintf("%s(%s) as (%s)", ident(name), idents(columnNames(cols)), q.sql))
	})
	return "with recursive " + strings.Join(parts, ", ") + " "
}

// recursive reads a query that may read itself: its columns are those of its first part.
func (p *parser) recursive(name string, names []string, into map[string]source) query {
	start := p.i
	if p.at("select") || p.at("values") {
		outer := p.scope
		first := p.settle(p.term())
		p.scope = outer
		into[name] = source{name: name, cols: renamed(first.columns(), names)}
		p.i = start
	}
	return p.subquery()
}

func renamed(cols []Column, names []string) []Column {
	for i := range cols {
		if i < len(names) {
			cols[i].Name = names[i]
		}
	}
	return cols
}

func columnNames(cols []Column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name
	}
	return out
}

// union reads queries with UNION and EXCEPT between; INTERSECT binds tighter.
func (p *parser) union() query {
	return p.compound(p.intersect, "union", "except")
}

func (p *parser) intersect() query {
	return p.compound(p.term, "intersect")
}

func (p *parser) compound(part func() query, words ...string) query {
	outer := p.scope
	left := part()
	for {
		op := ""
		at := p.peek()
		for _, w := range words {
			if p.accept(w) {
				op = w
			}
		}
		if op == "" {
			return left
		}
		if p.accept("all") {
			if op != "union" {
				fail(Unsupported("%s ALL", strings.ToUpper(op)).at(at))
			}
			op = "union all"
		} else {
			p.accept("distinct")
		}
		left.grouping.check(p)
		p.scope = outer
		right := part()
		right.grouping.check(p)
		p.scope = outer
		left = p.combine(op, left, right, at)
	}
}

func (p *parser) combine(op string, left, right query, at token) query {
	word := strings.ToUpper(strings.Fields(op)[0])
	if len(left.cols) != len(right.cols) {
		fail(Errorf("42601", "each %s query must have the same number of columns", word).at(at))
	}
	types := make([]Type, len(left.cols))
	for i := range left.cols {
		types[i], _ = p.common(word, at, left.cols[i], right.cols[i])
	}
	left, right = p.retyped(left, types), p.retyped(right, types)
	if !right.single {
		right.sql = "select * from (" + right.sql + ")"
	}
	if !left.single && !left.chain {
		left.sql = "select * from (" + left.sql + ")"
	}
	return query{sql: left.sql + " " + op + " " + right.sql, cols: left.cols, chain: true}
}

// retyped makes a query's columns the given types, around it where its own expressions are another type.
func (p *parser) retyped(q query, types []Type) query {
	names, parts, changed := make([]string, len(types)), make([]string, len(types)), false
	cols := make([]expr, len(types))
	for i, c := range q.cols {
		names[i] = fmt.Sprintf("c%d", i+1)
		from := c
		from.sql = ident(names[i])
		to := from
		switch {
		case c.null:
			to.typ, to.null = types[i], false
		case c.param > 0:
			to = p.known(c, types[i])
			to.sql = from.sql
		case c.unknown() && types[i].OID.stringy():
			to.typ, to.text = types[i], nil
		case c.unknown():
			from.typ, from.text = Type{OID: Text}, nil
			to, _ = p.convert(from, types[i], true)
		default:
			to, _ = p.convert(from, types[i], false)
		}
		to.name = c.name
		changed = changed || to.sql != from.sql
		cols[i], parts[i] = to, to.sql
	}
	if changed {
		q.sql = fmt.Sprintf("select %s from (with \"pg rows\"(%s) as (%s) select * from \"pg rows\")", strings.Join(parts, ", "), strings.Join(names, ", "), q.sql)
	}
	q.cols = cols
	return q
}

// term reads one SELECT, VALUES, TABLE or a query in brackets.
func (p *parser) term() query {
	switch {
	case p.at("select"):
		return p.selection()
	case p.at("values"):
		return p.values()
	case p.accept("table"):
		outer := p.scope
		p.scope = &scope{parent: outer}
		src := p.table()
		p.scope.sources = []source{src}
		cols := p.star(nil, p.peek())
		return query{sql: "select " + selected(cols) + " from " + src.sql, cols: cols, single: true}
	case p.symbol("("):
		outer := p.scope
		q := p.query()
		p.scope = outer
		p.need(")")
		q.single, q.chain, q.grouping = false, false, nil
		q.sql = "select * from (" + q.sql + ")"
		q.single = true
		return q
	}
	p.syntax()
	return query{}
}

func (p *parser) values() query {
	at := p.take()
	var rows [][]expr
	p.list(func() {
		p.need("(")
		var row []expr
		p.list(func() { row = append(row, p.expr()) })
		p.need(")")
		if len(rows) > 0 && len(row) != len(rows[0]) {
			fail(Errorf("42601", "VALUES lists must all be the same length").at(at))
		}
		rows = append(rows, row)
	})
	cols := make([]expr, len(rows[0]))
	parts := make([][]string, len(rows))
	for c := range cols {
		column := make([]expr, len(rows))
		for r := range rows {
			column[r] = rows[r][c]
		}
		t, all := p.common("VALUES", at, column...)
		if len(rows) == 1 {
			t, all = column[0].typ, column
		}
		for r := range rows {
			parts[r] = append(parts[r], all[r].sql)
		}
		cols[c] = expr{sql: fmt.Sprintf("column%d", c+1), typ: t, name: fmt.Sprintf("column%d", c+1)}
		if len(rows) == 1 {
			cols[c].text, cols[c].param, cols[c].null = column[0].text, column[0].param, column[0].null
		}
	}
	lines := make([]string, len(parts))
	for r := range parts {
		lines[r] = "(" + strings.Join(parts[r], ", ") + ")"
	}
	return query{sql: "values " + strings.Join(lines, ", "), cols: cols, single: true, plain: true}
}
