package dialect

import (
	"fmt"
	"strings"
)

// function reads a call whose name was read; the bracket is next.
func (p *parser) function(parts []token) expr {
	at, name := parts[0], parts[len(parts)-1].text
	if len(parts) > 2 || len(parts) == 2 && parts[0].text != "pg_catalog" && parts[0].text != "public" {
		if len(parts) == 2 && parts[0].text == "information_schema" {
			fail(Unsupported("the function information_schema.%s", name).at(at))
		}
		fail(Errorf("3F000", "schema %q does not exist", parts[0].text).at(at))
	}
	_, aggregate := aggregates[name]
	p.need("(")
	c := call{name: name, at: at}
	if aggregate {
		if p.level > 0 {
			fail(Errorf("42803", "aggregate function calls cannot be nested").at(at))
		}
		p.level++
	}
	p.arguments(&c)
	p.need(")")
	if p.at("within", "group") {
		fail(Unsupported("WITHIN GROUP").at(p.peek()))
	}
	if p.accept("filter") {
		p.need("(")
		c.filter = " filter (" + strings.TrimSpace(p.where("where")) + ")"
		p.need(")")
	}
	if aggregate {
		p.level--
	}
	if p.accept("over") {
		if p.isName() {
			c.over = " over " + ident(p.name())
		} else {
			c.over = " over " + p.window()
		}
	}
	out := p.write(&c)
	if out.name == "" || out.name == "?column?" {
		out.name = name
	}
	return out
}

// call is a function with what stands around its arguments.
type call struct {
	name                string
	at                  token
	args                []expr
	star, distinct      bool
	order, filter, over string
}

func (p *parser) arguments(c *call) {
	if p.symbol("*") {
		c.star = true
		return
	}
	if p.atSymbol(")") {
		return
	}
	c.distinct = p.accept("distinct")
	p.accept("all")
	if p.at("variadic") {
		fail(Unsupported("VARIADIC").at(p.peek()))
	}
	p.list(func() {
		c.args = append(c.args, p.expr())
		if p.atSymbol(":=") || p.atSymbol("=>") {
			fail(Unsupported("arguments by name").at(p.peek()))
		}
	})
	if p.at("order", "by") {
		c.order = p.orderBy(query{})
	}
}

func (p *parser) write(c *call) expr {
	forms, aggregate := aggregates[c.name]
	window, isWindow := windowed[c.name]
	switch {
	case aggregate:
		return p.aggregate(c, forms)
	case isWindow:
		if c.over == "" {
			fail(Errorf("42P20", "window function %s requires an OVER clause", c.name).at(c.at))
		}
		return p.around(c, p.one(c, window))
	case c.over != "":
		fail(Errorf("42809", "OVER specified, but %s is not a window function nor an aggregate function", c.name).at(c.at))
	case c.distinct || c.order != "" || c.filter != "" || c.star:
		fail(Errorf("42809", "%s is not an aggregate function", c.name).at(c.at))
	}
	if out, ok := p.shaped(c); ok {
		return out
	}
	if out, ok := p.sessionFunction(c); ok {
		return out
	}
	if out, ok := p.catalogFunction(c); ok {
		return out
	}
	if len(c.args) == 1 {
		if in := byName[c.name]; in != nil && len(functions[c.name]) == 0 { // text(x) is a cast
			return p.cast(c.args[0], Type{OID: in.oid}, c.at)
		}
	}
	return p.call(c.name, c.args, c.at)
}

func (p *parser) one(c *call, forms []function) expr {
	f, ok := pick(forms, c.args)
	if !ok {
		fail(noFunction(c.name, c.args).at(c.at))
	}
	return p.apply(f, c.args)
}

// around puts DISTINCT, ORDER BY, FILTER and OVER where SQLite reads them.
func (p *parser) around(c *call, e expr) expr {
	open := strings.LastIndex(e.sql, c.name+"(")
	if c.distinct || c.order != "" || c.filter != "" || c.over != "" {
		end := matching(e.sql, open)
		inner := e.sql[open:end]
		if c.distinct {
			if len(c.args) > 1 {
				fail(Unsupported("%s(DISTINCT ...) with a second argument", c.name).at(c.at))
			}
			inner = strings.Replace(inner, "(", "(distinct ", 1)
		}
		inner = strings.TrimSuffix(inner, ")") + c.order + ")" + c.filter + c.over
		e.sql = e.sql[:open] + inner + e.sql[end:]
	}
	return e
}

// matching finds the end of the call that begins at open in what we wrote.
func matching(sql string, open int) int {
	depth := 0
	for i := open; i < len(sql); i++ {
		switch sql[i] {
		case '\'', '"':
			i += 1 + strings.IndexByte(sql[i+1:], sql[i])
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(sql)
}

func (p *parser) aggregate(c *call, forms []function) expr {
	if p.scope == nil {
		fail(Errorf("42803", "aggregate functions are not allowed here").at(c.at))
	}
	if c.over == "" {
		p.scope.calls = true
	}
	if c.star {
		if c.name != "count" {
			fail(noFunction(c.name, nil).at(c.at))
		}
		return expr{sql: "count(*)" + c.filter + c.over, typ: Type{OID: Int8}}
	}
	if len(c.args) == 0 {
		fail(noFunction(c.name, nil).at(c.at))
	}
	if c.args[0].typ.OID == Interval && c.name != "count" {
		fail(Unsupported("%s of intervals", c.name).at(c.at))
	}
	inner := c.name
	switch c.name {
	case "min", "max":
		if o := c.args[0].typ.OID; o == Bool || o == JSON || o == JSONB || o == UUID || o == Bytea {
			fail(noFunction(c.name, c.args).at(c.at))
		}
	case "every", "bool_and":
		inner = "min"
	case "bool_or":
		inner = "max"
	case "array_agg":
		inner = "json_group_array"
	case "json_agg", "jsonb_agg":
		return p.jsonAgg(c)
	}
	e := p.one(c, forms)
	c.name, inner = inner, c.name
	e = p.around(c, e)
	e.name = inner
	return e
}

func (p *parser) jsonAgg(c *call) expr {
	a := p.anything(c.args[0])
	o := JSON
	if c.name == "jsonb_agg" {
		o = JSONB
	}
	sql := a.sql
	switch {
	case a.typ.OID == JSON || a.typ.OID == JSONB:
		sql = "json(" + sql + ")"
	case a.typ.OID == Bool:
		sql = fmt.Sprintf("json(case when %s then 'true' when not %s then 'false' end)", sql, sql)
	case a.typ.OID.category() != 'N' && !a.typ.OID.stringy():
		fail(Unsupported("%s of %s", c.name, a.typ).at(c.at))
	}
	c.name = "json_group_array"
	out := p.around(c, typed(o, "json_group_array(%s)", sql))
	out.sql = fmt.Sprintf("pg_json_list(%s)", out.sql)
	out.name = map[OID]string{JSON: "json_agg", JSONB: "jsonb_agg"}[o]
	return out
}

// window reads (PARTITION BY ... ORDER BY ... frame).
func (p *parser) window() string {
	p.need("(")
	var b strings.Builder
	b.WriteString("(")
	if p.isName() && !p.at("partition") && !p.at("rows") && !p.at("range") && !p.at("groups") {
		b.WriteString(ident(p.name()))
	}
	if p.accept("partition", "by") {
		var parts []string
		p.list(func() { parts = append(parts, p.anything(p.expr()).sql) })
		b.WriteString(" partition by " + strings.Join(parts, ", "))
	}
	if p.at("order", "by") {
		b.WriteString(p.orderBy(query{}))
	}
	for !p.atSymbol(")") { // ROWS BETWEEN ... is the same in both
		t := p.take()
		switch {
		case t.kind == number, t.kind == word && frame[t.text]:
			b.WriteString(" " + t.text)
		default:
			p.syntaxAt(t)
		}
	}
	p.need(")")
	return b.String() + ")"
}

var frame = wordSet("rows range groups between unbounded preceding following current row and exclude no others ties group")

// shaped writes functions whose result has the type of their arguments.
func (p *parser) shaped(c *call) (expr, bool) {
	if len(c.args) == 0 {
		return expr{}, false
	}
	switch c.name {
	case "coalesce", "greatest", "least":
		t, all := p.common(strings.ToUpper(c.name), c.at, c.args...)
		parts := make([]string, len(all))
		for i, a := range all {
			parts[i] = a.sql
		}
		list := strings.Join(parts, ", ")
		switch {
		case c.name != "coalesce" && t.OID == Interval:
			fail(Unsupported("%s of intervals", c.name).at(c.at))
		case c.name != "coalesce":
			return expr{sql: "pg_" + c.name + "(" + list + ")", typ: t}, true
		case len(parts) == 1:
			return expr{sql: parts[0], typ: t}, true
		}
		return expr{sql: "coalesce(" + list + ")", typ: t}, true
	case "nullif":
		if len(c.args) == 2 {
			l, r := p.alike("=", c.args[0], c.args[1], c.at)
			return expr{sql: fmt.Sprintf("(case when %s = %s then null else %s end)", l.sql, r.sql, p.known(c.args[0], l.typ).sql), typ: l.typ}, true
		}
	case "date_part":
		if len(c.args) == 2 && c.args[0].text != nil {
			return p.extract(strings.ToLower(*c.args[0].text), c.args[1], Float8, c.at), true
		}
	case "date_trunc":
		if len(c.args) == 2 && c.args[1].typ.OID == Date {
			c.args[1], _ = p.convert(c.args[1], Type{OID: Timestamptz}, false)
		}
	}
	return expr{}, false
}
