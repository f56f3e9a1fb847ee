package dialect

import (
	"fmt"
	"strconv"
	"strings"
)

// expr reads an expression. The functions below it are the rows of Postgres's table of operator precedence, loosest first.
func (p *parser) expr() expr {
	left := p.and()
	for p.at("or") {
		left = p.logic("or", left, p.take(), p.and())
	}
	return left
}

func (p *parser) and() expr {
	left := p.not()
	for p.at("and") {
		left = p.logic("and", left, p.take(), p.not())
	}
	return left
}

func (p *parser) logic(op string, left expr, at token, right expr) expr {
	l, r := p.boolean(left, strings.ToUpper(op), at), p.boolean(right, strings.ToUpper(op), at)
	return typed(Bool, "(%s %s %s)", l.sql, op, r.sql)
}

// boolean wants a truth value as the argument of what.
func (p *parser) boolean(e expr, what string, at token) expr {
	if e.unknown() {
		return p.known(e, Type{OID: Bool})
	}
	if e.typ.OID != Bool {
		fail(Errorf("42804", "argument of %s must be type boolean, not type %s", what, Type{OID: e.typ.OID}).at(at))
	}
	return e
}

func (p *parser) not() expr {
	if at := p.peek(); p.accept("not") {
		return typed(Bool, "(not %s)", p.boolean(p.not(), "NOT", at).sql)
	}
	return p.is()
}

func (p *parser) is() expr {
	left := p.comparison()
	for {
		at := p.peek()
		switch {
		case p.accept("isnull"):
			left = typed(Bool, "(%s is null)", p.anything(left).sql)
		case p.accept("notnull"):
			left = typed(Bool, "(%s is not null)", p.anything(left).sql)
		case p.accept("is"):
			left = p.isWhat(left, at)
		default:
			return left
		}
	}
}

// anything settles a value whose type does not matter.
func (p *parser) anything(e expr) expr { return p.known(e, Type{OID: Text}) }

func (p *parser) isWhat(left expr, at token) expr {
	not := ""
	if p.accept("not") {
		not = "not "
	}
	for _, w := range []string{"true", "false"} {
		if p.accept(w) {
			return typed(Bool, "(%s is %s%s)", p.boolean(left, "IS "+strings.ToUpper(not+w), at).sql, not, w)
		}
	}
	switch {
	case p.accept("null"):
		return typed(Bool, "(%s is %snull)", p.anything(left).sql, not)
	case p.accept("unknown"):
		return typed(Bool, "(%s is %snull)", p.boolean(left, "IS UNKNOWN", at).sql, not)
	case p.accept("distinct", "from"):
		l, r := p.alike("=", left, p.comparison(), at)
		if not == "" {
			not = "not "
		} else {
			not = ""
		}
		return typed(Bool, "(%s is %s%s)", l.sql, not, r.sql)
	}
	p.syntax()
	return left
}

var comparisons = map[string]bool{"=": true, "<>": true, "<": true, ">": true, "<=": true, ">=": true}

func (p *parser) comparison() expr {
	left := p.membership()
	for p.peek().kind == symbol && comparisons[p.peek().text] {
		op := p.take()
		if p.at("any") || p.at("some") || p.at("all") {
			left = p.quantified(op, left)
			continue
		}
		left = p.compare(op, left, p.membership())
	}
	return left
}

func (p *parser) compare(op token, left, right expr) expr {
	l, r := p.alike(op.text, left, right, op)
	return typed(Bool, "(%s %s %s)", l.sql, op.text, r.sql)
}

// alike makes two values comparable, or says that there is no such operator.
func (p *parser) alike(op string, left, right expr, at token) (l, r expr) {
	if left.row != nil || right.row != nil {
		return p.alikeRows(op, left, right, at)
	}
	if left.unknown() && right.unknown() {
		return p.anything(left), p.anything(right)
	}
	if left.unknown() {
		left = p.known(left, Type{OID: right.typ.OID})
	}
	right = p.known(right, Type{OID: left.typ.OID})
	a, b := left.typ.OID, right.typ.OID
	wider, ok := widest(a, b)
	if !ok || a == JSON || b == JSON {
		fail(noOperator(op, left, right, at))
	}
	if wider == Interval {
		left.sql, right.sql = "pg_span_order("+left.sql+")", "pg_span_order("+right.sql+")"
	}
	if a == Date && b != Date || b == Date && a != Date {
		left, _ = p.convert(left, Type{OID: wider}, false)
		right, _ = p.convert(right, Type{OID: wider}, false)
	}
	return left, right
}

func (p *parser) alikeRows(op string, left, right expr, at token) (l, r expr) {
	if len(left.row) != len(right.row) {
		fail(Errorf("42601", "unequal number of entries in row expressions").at(at))
	}
	var ls, rs []string
	for i := range left.row {
		a, b := p.alike(op, left.row[i], right.row[i], at)
		ls, rs = append(ls, a.sql), append(rs, b.sql)
	}
	left.sql, right.sql = "("+strings.Join(ls, ", ")+")", "("+strings.Join(rs, ", ")+")"
	return left, right
}

func noOperator(op string, left, right expr, at token) *Error {
	e := Errorf("42883", "operator does not exist: %s %s %s", Type{OID: left.typ.OID}, op, Type{OID: right.typ.OID}).at(at)
	e.Hint = "No operator matches the given name and argument types. You might need to add explicit type casts."
	return e
}

// other reads the operators that are neither comparison nor arithmetic: || ~ -> and the like, also OPERATOR(schema.op).
func (p *parser) other() expr {
	left := p.sum()
	for {
		op := p.peek()
		switch {
		case p.at("operator") && p.ahead(1).text == "(":
			p.i += 2
			if p.accept("pg_catalog") {
				p.need(".")
			}
			op = p.take()
			p.need(")")
			if comparisons[op.text] {
				left = p.compare(op, left, p.sum())
				continue
			}
		case op.kind == symbol && strings.IndexByte(operators, op.text[0]) >= 0 && !comparisons[op.text] && !strings.Contains(" + - * / % ^ ", " "+op.text+" "):
			p.i++
		default:
			return left
		}
		left = p.operate(op, left, p.sum())
	}
}

func (p *parser) sum() expr {
	left := p.product()
	for p.atSymbol("+") || p.atSymbol("-") {
		left = p.arithmetic(p.take(), left, p.product())
	}
	return left
}

func (p *parser) product() expr {
	left := p.power()
	for p.atSymbol("*") || p.atSymbol("/") || p.atSymbol("%") {
		left = p.arithmetic(p.take(), left, p.power())
	}
	return left
}

func (p *parser) power() expr {
	left := p.unary()
	for p.atSymbol("^") {
		left = p.arithmetic(p.take(), left, p.unary())
	}
	return left
}

func (p *parser) unary() expr {
	at := p.peek()
	if p.symbol("-") {
		e := p.unary()
		if e.unknown() {
			e = p.known(e, Type{OID: Float8})
		}
		if e.typ.OID == Interval {
			return typed(Interval, "pg_span_times(%s, -1)", e.sql)
		}
		if e.typ.OID.category() != 'N' {
			fail(Errorf("42883", "operator does not exist: - %s", e.typ).at(at))
		}
		return typed(e.typ.OID, "(-%s)", e.sql)
	}
	if p.symbol("+") {
		return p.unary()
	}
	return p.postfix(p.primary())
}

// postfix reads what follows a value: ::type, [index], COLLATE, AT TIME ZONE.
func (p *parser) postfix(e expr) expr {
	for {
		at := p.peek()
		switch {
		case p.symbol("::"):
			e = p.cast(e, p.typeName(), at).afterCast(e)
		case p.atSymbol("["):
			e = p.subscript(e)
		case p.accept("collate"):
			if _, name, t := p.qualified(); name != "C" && name != "POSIX" && name != "default" {
				fail(Unsupported("the collation %q", name).at(t))
			}
		case p.accept("at", "time", "zone"):
			e = p.atZone(e, p.unary(), at)
		default:
			return e
		}
	}
}

func (p *parser) subscript(e expr) expr {
	at := p.take()
	el, ok := e.typ.OID.Element()
	if !ok {
		fail(Errorf("42804", "cannot subscript type %s because it does not support subscripting", e.typ).at(at))
	}
	i := p.known(p.expr(), Type{OID: Int4})
	p.need("]")
	return expr{sql: fmt.Sprintf("json_extract(%s, '$[' || (%s - 1) || ']')", e.sql, i.sql), typ: Type{OID: el}, name: e.name}
}

func (p *parser) atZone(e, zone expr, at token) expr {
	if zone.text == nil || !isUTC(*zone.text) {
		fail(Unsupported("a time zone that is not UTC").at(at))
	}
	e = p.known(e, Type{OID: Timestamptz})
	switch e.typ.OID {
	case Timestamptz:
		return expr{sql: e.sql, typ: Type{OID: Timestamp}, name: "timezone"}
	case Timestamp:
		return expr{sql: e.sql, typ: Type{OID: Timestamptz}, name: "timezone"}
	}
	fail(Errorf("42883", "function pg_catalog.timezone(unknown, %s) does not exist", e.typ).at(at))
	return e
}

func isUTC(zone string) bool {
	switch strings.ToLower(zone) {
	case "utc", "gmt", "etc/utc", "z", "zulu", "universal", "+00", "+00:00", "0":
		return true
	}
	return false
}

// number reads a numeric literal: integer, bigint or numeric by its size.
func numeral(t token) expr {
	if n, err := strconv.ParseInt(t.text, 10, 64); err == nil {
		if Int4.holds(n) {
			return typed(Int4, "%d", n)
		}
		return typed(Int8, "%d", n)
	}
	v, err := Type{OID: Numeric}.Input(t.text)
	if err != nil {
		fail(err)
	}
	return expr{sql: sqlValue(v), typ: Type{OID: Numeric}, name: "?column?"}
}
