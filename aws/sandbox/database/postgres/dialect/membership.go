package dialect

import (
	"strings"
)

// quantified reads = ANY (...), <> ALL (...) over an array or a query.
func (p *parser) quantified(op token, left expr) expr {
	all := p.take().text == "all"
	p.need("(")
	var set string
	if p.atQuery() {
		q := p.subquery()
		if left.unknown() {
			left = p.known(left, q.cols[0].typ)
		}
		set = "select * from (" + q.sql + ")"
	} else {
		left, set = p.elements(left, op)
	}
	p.need(")")
	switch {
	case op.text == "=" && !all:
		return typed(Bool, "(%s in (%s))", left.sql, set)
	case op.text == "<>" && all:
		return typed(Bool, "(%s not in (%s))", left.sql, set)
	}
	fail(Unsupported("%s ANY or ALL", op.text).at(op))
	return left
}

// elements reads an array and gives the query of its elements.
func (p *parser) elements(left expr, op token) (expr, string) {
	at := p.peek()
	array := p.expr()
	if left.unknown() && array.unknown() {
		left = p.anything(left)
	}
	if array.unknown() {
		array = p.known(array, Type{OID: left.typ.OID.Array()})
	}
	el, ok := array.typ.OID.Element()
	if !ok {
		fail(Errorf("42809", "op ANY/ALL (array) requires array on right side").at(at))
	}
	left, _ = p.alike(op.text, left, expr{typ: Type{OID: el}}, op)
	if el == Bytea {
		fail(Unsupported("an array of bytea in a comparison").at(at))
	}
	return left, "select value from json_each(" + array.sql + ")"
}

// membership reads BETWEEN, IN, LIKE, ILIKE and SIMILAR.
func (p *parser) membership() expr {
	left := p.other()
	for {
		at, not := p.peek(), ""
		if p.at("not") && (p.ahead(1).text == "between" || p.ahead(1).text == "in" || p.ahead(1).text == "like" || p.ahead(1).text == "ilike") {
			p.i++
			not = "not "
		}
		switch {
		case p.accept("between"):
			left = p.between(left, not, at)
		case p.accept("in"):
			left = p.in(left, not, at)
		case p.accept("like"):
			left = p.like(left, not, "pg_like", p.other())
		case p.accept("ilike"):
			left = p.like(left, not, "pg_ilike", p.other())
		case p.at("similar", "to"):
			fail(Unsupported("SIMILAR TO").at(at))
		default:
			return left
		}
	}
}

func (p *parser) between(left expr, not string, at token) expr {
	symmetric := p.accept("symmetric")
	low := p.other()
	p.expect("and")
	high := p.other()
	if left.unknown() {
		left = p.known(left, p.known(low, high.typ).typ)
	}
	v, l := p.alike(">=", left, low, at)
	_, h := p.alike("<=", left, high, at)
	if symmetric {
		return typed(Bool, "(%s(%s between min(%s, %s) and max(%s, %s)))", not, v.sql, l.sql, h.sql, l.sql, h.sql)
	}
	return typed(Bool, "(%s %sbetween %s and %s)", v.sql, not, l.sql, h.sql)
}

func (p *parser) in(left expr, not string, at token) expr {
	p.need("(")
	defer p.need(")")
	if p.atQuery() {
		q := p.subquery()
		if left.row == nil {
			if len(q.cols) != 1 {
				fail(Errorf("42601", "subquery has too many columns").at(at))
			}
			left, _ = p.alike("=", left, expr{sql: "null", typ: q.cols[0].typ}, at)
		}
		return typed(Bool, "(%s %sin (%s))", left.sql, not, q.sql)
	}
	var items []expr
	p.list(func() { items = append(items, p.expr()) })
	for _, it := range items {
		if left.unknown() {
			left = p.known(left, it.typ)
		}
	}
	parts := make([]string, len(items))
	shown := left
	for i, it := range items {
		l, r := p.alike("=", left, it, at)
		shown, parts[i] = l, r.sql
	}
	if left.row != nil {
		return typed(Bool, "(%s %sin (values %s))", shown.sql, not, strings.Join(parts, ", "))
	}
	return typed(Bool, "(%s %sin (%s))", shown.sql, not, strings.Join(parts, ", "))
}

func (p *parser) like(left expr, not, function string, pattern expr) expr {
	at := p.peek()
	l, r := p.known(left, Type{OID: Text}), p.known(pattern, Type{OID: Text})
	if !l.typ.OID.stringy() || !r.typ.OID.stringy() {
		fail(noOperator("~~", l, r, at))
	}
	escape := `'\'`
	if p.accept("escape") {
		escape = p.known(p.other(), Type{OID: Text}).sql
	}
	return typed(Bool, "(%s%s(%s, %s, %s))", not, function, l.sql, r.sql, escape)
}
