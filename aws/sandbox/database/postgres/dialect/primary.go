package dialect

import (
	"strconv"
	"strings"
)

// primary reads a value: a literal, a parameter, a column, a function, something in brackets.
func (p *parser) primary() expr {
	t := p.peek()
	switch t.kind {
	case end:
		p.syntax()
	case literal:
		p.i++
		e := unknownText(t.text)
		e.at = t
		return e
	case number:
		p.i++
		return numeral(t)
	case param:
		return p.parameter()
	case bits:
		fail(Unsupported("a bit string").at(t))
	case symbol:
		if t.text == "(" {
			return p.bracket()
		}
		p.syntax()
	case word:
		if e, ok := p.special(t); ok {
			return e
		}
	}
	if e, ok := p.typedLiteral(); ok {
		return e
	}
	return p.reference()
}

func (p *parser) parameter() expr {
	t := p.take()
	n, err := strconv.Atoi(t.text)
	if err != nil || n < 1 || n > 65535 {
		fail(Errorf("42P02", "there is no parameter $%s", t.text).at(t))
	}
	for len(p.params) < n {
		p.params = append(p.params, Unknown)
	}
	out := expr{sql: "?" + strconv.Itoa(n), typ: Type{OID: p.params[n-1]}, name: "?column?"}
	if out.unknown() {
		out.param = n
	}
	return out
}

// bracket reads (expression), (a, b) and (select ...).
func (p *parser) bracket() expr {
	at := p.take()
	if p.atQuery() {
		q := p.subquery()
		p.need(")")
		if len(q.cols) != 1 {
			fail(Errorf("42601", "subquery must return only one column").at(at))
		}
		return expr{sql: "(" + q.one() + ")", typ: q.cols[0].typ, name: q.cols[0].name}
	}
	e := p.expr()
	if p.symbol(",") {
		row := []expr{e}
		p.list(func() { row = append(row, p.expr()) })
		e = expr{typ: Type{OID: Record}, row: row, name: "row"}
		parts := make([]string, len(row))
		for i, r := range row {
			parts[i] = r.sql
		}
		e.sql = "(" + strings.Join(parts, ", ") + ")"
	}
	p.need(")")
	return e
}

// special reads what has its own grammar. False: the word is a name.
func (p *parser) special(t token) (expr, bool) {
	next := p.ahead(1)
	called := next.kind == symbol && next.text == "("
	name := func(e expr, n string) (expr, bool) { e.name = n; return e, true }
	switch t.text {
	case "null":
		p.i++
		return expr{sql: "null", typ: Type{OID: Unknown}, null: true, name: "?column?"}, true
	case "true", "false":
		p.i++
		return typed(Bool, "%d", bit(t.text == "true")), true
	case "case":
		e := p.caseWhen()
		e.weak = true
		return name(e, "case")
	case "cast":
		p.i++
		p.need("(")
		e := p.expr()
		p.expect("as")
		out := p.cast(e, p.typeName(), t)
		p.need(")")
		return out.afterCast(e), true
	case "exists":
		if called {
			p.i += 2
			q := p.subquery()
			p.need(")")
			return name(typed(Bool, "(exists (%s))", q.sql), "exists")
		}
	case "array":
		return name(p.array(t), "array")
	case "row":
		if called {
			fail(Unsupported("ROW(...)").at(t))
		}
	case "interval":
		if next.kind == literal {
			e := p.intervalLiteral()
			e.weak = true
			return name(e, "interval")
		}
	case "extract", "position", "substring", "trim", "overlay":
		if called {
			if e, ok := p.keywordCall(t.text); ok {
				return e, true
			}
		}
	}
	if e, ok := p.sessionValue(t.text); ok {
		p.i++
		if strings.HasPrefix(t.text, "current_time") || strings.HasPrefix(t.text, "localtime") {
			p.precision()
		}
		return name(e, t.text)
	}
	return expr{}, false
}

// precision reads the (3) of current_timestamp(3): moments keep their microseconds.
func (p *parser) precision() {
	if p.symbol("(") {
		p.take()
		p.need(")")
	}
}

// sessionValue is a word that stands for a value without being called.
func (p *parser) sessionValue(word string) (expr, bool) {
	switch word {
	case "current_user", "session_user", "user", "current_role":
		return typed(Name, "%s", quote(p.env.User)), true
	case "current_catalog":
		return typed(Name, "%s", quote(p.env.Database)), true
	case "current_schema":
		if p.ahead(1).text == "(" {
			return expr{}, false
		}
		return typed(Name, "'public'"), true
	case "current_timestamp":
		return typed(Timestamptz, "%s", p.now()), true
	case "localtimestamp":
		return typed(Timestamp, "%s", p.now()), true
	case "current_date":
		return typed(Date, "substr(%s, 1, 10)", p.now()), true
	case "localtime":
		return typed(Time, "substr(%s, 12)", p.now()), true
	case "current_time":
		fail(Unsupported("time with time zone").at(p.peek()))
	}
	return expr{}, false
}

func (p *parser) caseWhen() expr {
	at := p.take()
	var subject *expr
	if !p.at("when") {
		e := p.expr()
		subject = &e
	}
	var conditions []string
	var results []expr
	for p.accept("when") {
		e := p.expr()
		if subject != nil {
			e = p.compare(token{kind: symbol, text: "=", pos: at.pos}, *subject, e)
		} else {
			e = p.boolean(e, "CASE/WHEN", at)
		}
		p.expect("then")
		conditions, results = append(conditions, e.sql), append(results, p.expr())
	}
	if len(conditions) == 0 {
		p.syntax()
	}
	if p.accept("else") {
		results = append(results, p.expr())
	}
	p.expect("end")
	t, all := p.common("CASE", at, results...)
	var b strings.Builder
	b.WriteString("(case")
	for i, c := range conditions {
		b.WriteString(" when " + c + " then " + all[i].sql)
	}
	if len(all) > len(conditions) {
		b.WriteString(" else " + all[len(all)-1].sql)
	}
	return expr{sql: b.String() + " end)", typ: t}
}

func (p *parser) array(at token) expr {
	p.i++
	if p.symbol("(") {
		q := p.subquery()
		p.need(")")
		return expr{sql: "(with \"pg rows\"(v) as (" + q.sql + ") select json_group_array(v) from \"pg rows\")", typ: Type{OID: q.cols[0].typ.OID.Array()}}
	}
	p.need("[")
	var items []expr
	if !p.atSymbol("]") {
		p.list(func() { items = append(items, p.expr()) })
	}
	p.need("]")
	if len(items) == 0 {
		return expr{sql: "'[]'", typ: Type{OID: Text.Array()}}
	}
	return p.arrayOf(items, at)
}

func (p *parser) intervalLiteral() expr {
	p.i++
	text := p.take().text
	if t := p.peek(); t.kind == word {
		if _, ok := spanUnits[t.text]; ok && len(t.text) > 2 {
			p.i++
			if allDigits(strings.TrimLeft(text, "+-")) {
				text += " " + t.text
			}
		}
	}
	return p.known(unknownText(text), Type{OID: Interval})
}

// typedLiteral reads type 'text': date '2026-01-01'.
func (p *parser) typedLiteral() (expr, bool) {
	start := p.i
	t, ok := p.tryType()
	if ok && p.peek().kind == literal {
		e := p.cast(unknownText(p.take().text), t, p.toks[start])
		return e.afterCast(expr{name: "?column?"}), true
	}
	p.i = start
	return expr{}, false
}

// keywordCall reads functions whose arguments have words between. False: it is called like any other.
func (p *parser) keywordCall(name string) (expr, bool) {
	start := p.i
	at := p.take()
	p.need("(")
	var out expr
	switch name {
	case "extract":
		field := p.take()
		p.expect("from")
		out = p.extract(strings.ToLower(field.text), p.expr(), Numeric, at)
	case "position":
		part := p.other()
		p.expect("in")
		out = p.call("position", []expr{part, p.expr()}, at)
	case "substring":
		args := []expr{p.expr()}
		if !p.at("from") && !p.at("for") {
			p.i = start
			return expr{}, false
		}
		if p.accept("from") {
			args = append(args, p.expr())
		} else {
			args = append(args, typed(Int4, "1"))
		}
		if p.accept("for") {
			args = append(args, p.expr())
		}
		out = p.call("substring", args, at)
	case "trim":
		out = p.trim(at)
	default:
		fail(Unsupported("%s", strings.ToUpper(name)).at(at))
	}
	p.need(")")
	out.name = map[string]string{"trim": "btrim"}[name]
	if out.name == "" {
		out.name = name
	}
	return out, true
}

func (p *parser) trim(at token) expr {
	function := "btrim"
	switch {
	case p.accept("leading"):
		function = "ltrim"
	case p.accept("trailing"):
		function = "rtrim"
	default:
		p.accept("both")
	}
	var args []expr
	if !p.at("from") {
		args = append(args, p.expr())
	}
	if p.accept("from") {
		args = append([]expr{p.expr()}, args...)
	} else if p.symbol(",") {
		args = append(args, p.expr())
	}
	return p.call(function, args, at)
}

// reference reads a column or a call of a function.
func (p *parser) reference() expr {
	t := p.peek()
	if t.kind == word && reserved[t.text] && !(p.ahead(1).text == "(" && (t.text == "left" || t.text == "right")) {
		p.syntax()
	}
	parts := []token{p.take()}
	for p.atSymbol(".") && p.ahead(1).text != "*" {
		p.i++
		at := p.peek()
		p.label()
		parts = append(parts, at)
	}
	if p.atSymbol("(") {
		return p.function(parts)
	}
	return p.column(parts)
}
