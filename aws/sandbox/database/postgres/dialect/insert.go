package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// insert reads what follows INSERT.
func (p *parser) insert() *Statement {
	p.expect("into")
	t, src := p.target()
	if p.accept("as") {
		src.name = p.name()
	}
	cols, named := t.Columns, false
	if p.atSymbol("(") && !p.atQuery() {
		cols, named = p.insertColumns(t), true
	}
	override := p.at("overriding")
	if override {
		p.i++
		if !p.accept("system") && !p.accept("user") {
			p.syntax()
		}
		p.expect("value")
	}
	body := ""
	switch {
	case p.accept("default", "values"):
		cols, body = nil, "default values"
	case p.at("values"):
		cols, body = p.insertValues(t, cols, named, override)
	case p.atQuery():
		cols, body = p.insertQuery(t, cols, named, override)
	default:
		p.syntax()
	}
	list := ""
	if len(cols) > 0 {
		list = "(" + idents(columnNames(cols)) + ") "
	}
	p.scope = &scope{sources: []source{src}}
	conflict := p.conflict(t, src)
	sql := "insert into main." + ident(t.Name) + " as " + ident(src.name) + " " + list + body + conflict
	return p.returning("INSERT 0", t, sql)
}

func (p *parser) insertColumns(t *Table) (cols []Column) {
	p.need("(")
	p.list(func() {
		at := p.peek()
		c := t.want(p.name(), at)
		for _, other := range cols {
			if other.Name == c.Name {
				fail(Errorf("42701", "column %q specified more than once", c.Name).at(at))
			}
		}
		cols = append(cols, c)
	})
	p.need(")")
	return cols
}

// insertValues reads rows of values; DEFAULT stands for the column's default, which SQLite does not know there.
func (p *parser) insertValues(t *Table, cols []Column, named, override bool) ([]Column, string) {
	p.expect("values")
	p.scope = &scope{}
	var rows []string
	width := -1
	p.list(func() {
		start := p.peek()
		p.need("(")
		var row []string
		p.list(func() {
			at := p.peek()
			if len(row) >= len(cols) {
				fail(Errorf("42601", "INSERT has more expressions than target columns").at(at))
			}
			row = append(row, p.inserted(t, cols[len(row)], override))
		})
		p.need(")")
		if width >= 0 && width != len(row) {
			fail(Errorf("42601", "VALUES lists must all be the same length").at(start))
		}
		width = len(row)
		if named && width < len(cols) {
			fail(Errorf("42601", "INSERT has more target columns than expressions").at(start))
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	})
	return cols[:width], "values " + strings.Join(rows, ", ")
}

func (p *parser) inserted(t *Table, c Column, override bool) string {
	at := p.peek()
	if p.accept("default") {
		if c.Default == "" {
			return "null"
		}
		return c.Default
	}
	return p.stored(t, c, p.assign(p.expr(), c.Type, c.Name, at), override, at).sql
}

// stored guards the key that fills itself: SQLite takes null for "the next number", Postgres refuses it.
func (p *parser) stored(t *Table, c Column, e expr, override bool, at token) expr {
	if c.Auto == "" {
		return e
	}
	if c.Auto == "always" && !override {
		err := Errorf("428C9", "cannot insert a non-DEFAULT value into column %q", c.Name).at(at)
		err.Detail = fmt.Sprintf("Column %q is an identity column defined as GENERATED ALWAYS.", c.Name)
		err.Hint = "Use OVERRIDING SYSTEM VALUE to override."
		fail(err)
	}
	e.sql = fmt.Sprintf("pg_given(%s, %s, %s)", e.sql, quote(t.Name), quote(c.Name))
	return e
}

func (p *parser) insertQuery(t *Table, cols []Column, named, override bool) ([]Column, string) {
	at := p.peek()
	outer := p.scope
	q := p.query()
	p.scope = outer
	if len(q.cols) > len(cols) {
		fail(Errorf("42601", "INSERT has more expressions than target columns").at(at))
	}
	if named && len(q.cols) < len(cols) {
		fail(Errorf("42601", "INSERT has more target columns than expressions").at(at))
	}
	cols = cols[:len(q.cols)]
	names, parts := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range q.cols {
		names[i] = fmt.Sprintf("c%d", i+1)
		from := c
		switch {
		case c.null:
			from.null, from.typ = false, cols[i].Type
		case c.param > 0:
			from = p.known(c, cols[i].Type)
		case c.text != nil && q.single && q.grouping != nil:
			// the literal was written as text; it is written again as what the column takes
			from.sql = names[i]
			parts[i] = p.stored(t, cols[i], p.known(c, cols[i].Type), override, at).sql
			continue
		case c.text != nil:
			from.typ, from.text = cols[i].Type, nil
			from.sql = fmt.Sprintf("pg_input(%d, %d, %s)", cols[i].Type.OID, cols[i].Type.Mod, names[i])
			parts[i] = p.stored(t, cols[i], from, override, at).sql
			continue
		}
		from.sql = names[i]
		parts[i] = p.stored(t, cols[i], p.assign(from, cols[i].Type, cols[i].Name, at), override, at).sql
	}
	return cols, fmt.Sprintf("select %s from (with \"pg rows\"(%s) as (%s) select * from \"pg rows\") where true", strings.Join(parts, ", "), strings.Join(names, ", "), q.sql)
}

// conflict reads ON CONFLICT.
func (p *parser) conflict(t *Table, src source) string {
	if !p.accept("on", "conflict") {
		return ""
	}
	out := " on conflict"
	at := p.peek()
	switch {
	case p.atSymbol("("):
		names := p.names()
		for _, n := range names {
			t.want(n, at)
		}
		if !t.unique(names) {
			fail(Errorf("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification").at(at))
		}
		out += " (" + idents(names) + ")"
		if p.at("where") {
			out += p.where("where")
		}
	case p.accept("on", "constraint"):
		name := p.name()
		i := slices.IndexFunc(t.Constraints, func(c Constraint) bool { return c.Name == name && c.index > 0 })
		if i < 0 {
			fail(Errorf("42704", "constraint %q for table %q does not exist", name, t.Name).at(at))
		}
		out += " (" + idents(t.Constraints[i].Columns) + ")"
	}
	p.expect("do")
	if p.accept("nothing") {
		return out + " do nothing"
	}
	if out == " on conflict" {
		fail(Errorf("42601", "ON CONFLICT DO UPDATE requires inference specification or constraint name").at(at))
	}
	p.expect("update", "set")
	p.scope = &scope{sources: []source{src, {name: "excluded", cols: t.Columns}}}
	p.scope.hidden = map[string]bool{}
	for _, c := range t.Columns {
		p.scope.hidden["excluded."+c.Name] = true
	}
	out += " do update set " + p.settings(t) + p.where("where")
	p.scope = &scope{sources: []source{src}}
	return out
}

func (t *Table) unique(names []string) bool {
	same := func(cols []string) bool {
		a, b := slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(cols))
		return slices.Equal(a, b)
	}
	return same(t.Key) || slices.ContainsFunc(t.Constraints, func(c Constraint) bool { return c.Kind == 'u' && same(c.Columns) }) ||
		slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Unique && same(i.Columns) })
}
