package dialect

import (
	"fmt"
	"strings"
)

// arithmetic writes + - * / % ^ for numbers, moments and intervals.
func (p *parser) arithmetic(op token, left, right expr) expr {
	if out, ok := p.timeArithmetic(op, left, right); ok {
		return out
	}
	if left.unknown() && right.unknown() {
		e := Errorf("42725", "operator is not unique: unknown %s unknown", op.text).at(op)
		e.Hint = "Could not choose a best candidate operator. You might need to add explicit type casts."
		fail(e)
	}
	if left.unknown() {
		left = p.known(left, Type{OID: right.typ.OID})
	}
	right = p.known(right, Type{OID: left.typ.OID})
	t, ok := widest(left.typ.OID, right.typ.OID)
	if !ok || t.category() != 'N' {
		fail(noOperator(op.text, left, right, op))
	}
	if t == Float4 && left.typ.OID != right.typ.OID {
		t = Float8
	}
	l, r := left.sql, right.sql
	switch {
	case op.text == "^" && t == Numeric:
		return typed(Numeric, "pg_power(%s, %s)", l, r)
	case op.text == "^":
		return typed(Float8, "pg_power(%s, %s)", l, r)
	case op.text == "/" && t.integer():
		return typed(t, "pg_div(%s, %s)", l, r)
	case op.text == "/":
		return typed(t, "pg_ratio(%d, %s, %s)", t, l, r)
	case op.text == "%" && !t.float():
		return typed(t, "pg_mod(%s, %s)", l, r)
	case op.text == "%":
		fail(noOperator(op.text, left, right, op))
	case t.integer():
		return typed(t, "(%s %s %s)", l, op.text, r)
	}
	return typed(t, "pg_number(%d, 0, %s %s %s)", t, l, op.text, r)
}

// timeArithmetic knows what moments and intervals add up to ("Date/Time Functions and Operators").
func (p *parser) timeArithmetic(op token, left, right expr) (expr, bool) {
	a, b := left.typ.OID, right.typ.OID
	moment := func(o OID) bool { return o == Date || o == Timestamp || o == Timestamptz }
	if a == Unknown && b == Interval && op.text == "+" || a == Interval && b == Unknown && (op.text == "+" || op.text == "-") {
		left, right = p.known(left, Type{OID: Interval}), p.known(right, Type{OID: Interval})
		a, b = Interval, Interval
	}
	if moment(a) && b == Unknown {
		switch {
		case a == Date && op.text == "+":
			right = p.known(right, Type{OID: Int4})
		case op.text == "+":
			right = p.known(right, Type{OID: Interval})
		default:
			right = p.known(right, Type{OID: a})
		}
		b = right.typ.OID
	}
	if (a == Interval || a.integer()) && moment(b) && op.text == "+" {
		left, right, a, b = right, left, b, a
	}
	sign := "1"
	if op.text == "-" {
		sign = "-1"
	}
	plusMinus := op.text == "+" || op.text == "-"
	switch {
	case moment(a) && b == Interval && plusMinus:
		if left, _ = p.convert(left, Type{OID: Timestamp}, false); a == Date {
			a = Timestamp
		}
		return typed(a, "pg_moment_plus(%s, %s, %s)", left.sql, right.sql, sign), true
	case a == Date && b.integer() && plusMinus:
		return typed(Date, "date(%s, (%s * (%s)) || ' days')", left.sql, right.sql, sign), true
	case a == Date && b == Date && op.text == "-":
		return typed(Int4, "cast(julianday(%s) - julianday(%s) as integer)", left.sql, right.sql), true
	case moment(a) && moment(b) && op.text == "-":
		l, _ := p.convert(left, Type{OID: Timestamp}, false)
		r, _ := p.convert(right, Type{OID: Timestamp}, false)
		return typed(Interval, "pg_moment_minus(%s, %s)", l.sql, r.sql), true
	case a == Interval && b == Interval && plusMinus:
		return typed(Interval, "pg_span_plus(%s, pg_span_times(%s, %s))", left.sql, right.sql, sign), true
	case a == Interval && b.category() == 'N' && op.text == "*":
		return typed(Interval, "pg_span_times(%s, %s)", left.sql, right.sql), true
	case a.category() == 'N' && b == Interval && op.text == "*":
		return typed(Interval, "pg_span_times(%s, %s)", right.sql, left.sql), true
	case a == Interval && b.category() == 'N' && op.text == "/":
		return typed(Interval, "pg_span_times(%s, pg_ratio(%d, 1, %s))", left.sql, Float8, right.sql), true
	}
	return expr{}, false
}

// operate writes the operators that are neither comparison nor arithmetic.
func (p *parser) operate(op token, left, right expr) expr {
	switch op.text {
	case "||":
		return p.concat(op, left, right)
	case "~~":
		return p.like(left, "", "pg_like", right)
	case "!~~":
		return p.like(left, "not ", "pg_like", right)
	case "~~*":
		return p.like(left, "", "pg_ilike", right)
	case "!~~*":
		return p.like(left, "not ", "pg_ilike", right)
	case "~", "~*", "!~", "!~*":
		return p.matches(op, left, right)
	case "->", "->>":
		return p.member(op, left, right)
	case "&", "|", "<<", ">>":
		if left.typ.OID.integer() {
			right = p.known(right, left.typ)
			if t, ok := widest(left.typ.OID, right.typ.OID); ok && t.integer() {
				return typed(t, "(%s %s %s)", left.sql, op.text, right.sql)
			}
		}
	}
	fail(Unsupported("the operator %s", op.text).at(op))
	return left
}

func (p *parser) concat(op token, left, right expr) expr {
	a, b := left.typ.OID, right.typ.OID
	_, arrayA := a.Element()
	_, arrayB := b.Element()
	switch {
	case arrayA && (arrayB || b == Unknown):
		right = p.known(right, left.typ)
		return typed(a, "(select json_group_array(value) from (select value from json_each(coalesce(%s, '[]')) union all select value from json_each(coalesce(%s, '[]'))))", left.sql, right.sql)
	case arrayA || arrayB || a == JSONB || b == JSONB:
		fail(Unsupported("|| of %s and %s", left.typ, right.typ).at(op))
	case a == Bytea || b == Bytea:
		return typed(Bytea, "pg_bytes(%s, %s)", p.known(left, Type{OID: Bytea}).sql, p.known(right, Type{OID: Bytea}).sql)
	case !a.stringy() && !b.stringy() && a != Unknown && b != Unknown:
		fail(noOperator("||", left, right, op))
	}
	return typed(Text, "(%s || %s)", p.asText(left), p.asText(right))
}

// matches is a regular expression's operator. Postgres's syntax and Go's are one for what the manual calls EREs without lookaround.
func (p *parser) matches(op token, left, right expr) expr {
	l, r := p.known(left, Type{OID: Text}), p.known(right, Type{OID: Text})
	if !l.typ.OID.stringy() || !r.typ.OID.stringy() {
		fail(noOperator(op.text, l, r, op))
	}
	not := ""
	if strings.HasPrefix(op.text, "!") {
		not = "not "
	}
	return typed(Bool, "(%spg_regexp(%s, %s, %d))", not, l.sql, r.sql, bit(strings.HasSuffix(op.text, "*")))
}

func (p *parser) member(op token, left, right expr) expr {
	if left.typ.OID != JSON && left.typ.OID != JSONB {
		fail(noOperator(op.text, left, p.anything(right), op))
	}
	if right.unknown() {
		right = p.known(right, Type{OID: Text})
	}
	out := left.typ.OID
	if op.text == "->>" {
		out = Text
	}
	return typed(out, "pg_json_get(%s, %s, %d)", left.sql, right.sql, bit(out == Text))
}

// subscripted names of the parts of a moment that EXTRACT and date_part know.
var fields = wordSet("century day decade dow doy epoch hour isodow isoyear microseconds millennium milliseconds minute month quarter second timezone week year")

// extract writes EXTRACT(field FROM moment).
func (p *parser) extract(field string, e expr, result OID, at token) expr {
	if !fields[field] {
		fail(Errorf("22023", "unit %q not recognized for type %s", field, e.typ).at(at))
	}
	e = p.known(e, Type{OID: Timestamptz})
	if c := e.typ.OID.category(); c != 'D' && c != 'T' {
		fail(Errorf("42883", "function pg_catalog.extract(unknown, %s) does not exist", e.typ).at(at))
	}
	if e.typ.OID == Interval {
		return typed(result, "pg_span_part(%s, %s)", quote(field), e.sql)
	}
	return typed(result, "pg_part(%s, %s)", quote(field), e.sql)
}

// arrayOf writes ARRAY[...].
func (p *parser) arrayOf(items []expr, at token) expr {
	t, all := p.common("ARRAY", at, items...)
	parts := make([]string, len(all))
	for i, e := range all {
		parts[i] = e.sql
		if t.OID == Bytea {
			parts[i] = fmt.Sprintf("pg_output(%d, 0, %s)", Bytea, e.sql)
		}
	}
	return expr{sql: "json_array(" + strings.Join(parts, ", ") + ")", typ: Type{OID: t.OID.Array()}, name: "array"}
}
