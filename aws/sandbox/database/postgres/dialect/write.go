package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func numberText(n int) string { return strconv.Itoa(n) }

// target reads the table that a statement writes to.
func (p *parser) target() (*Table, source) {
	schema, name, at := p.qualified()
	src := p.named(schema, name, at)
	if src.table == nil {
		fail(Errorf("42501", "permission denied: %q is a system catalog", name).at(at))
	}
	if src.table.View {
		e := Errorf("55000", "cannot change view %q", name).at(at)
		e.Detail = "Views of the sandbox's database can only be read."
		fail(e)
	}
	return src.table, src
}

func (t *Table) want(name string, at token) Column {
	c, ok := t.Column(name)
	if !ok {
		fail(Errorf("42703", "column %q of relation %q does not exist", name, t.Name).at(at))
	}
	return c
}

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
	return cols, fmt.Sprintf("select %s from (with q(%s) as (%s) select * from q) where true", strings.Join(parts, ", "), strings.Join(names, ", "), q.sql)
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

// settings reads column = value, ... of UPDATE and ON CONFLICT.
func (p *parser) settings(t *Table) string {
	var parts []string
	p.list(func() {
		if p.atSymbol("(") {
			parts = append(parts, p.severalSet(t))
			return
		}
		at := p.peek()
		c := t.want(p.name(), at)
		if p.atSymbol("[") || p.atSymbol(".") {
			fail(Unsupported("a part of a column in SET").at(p.peek()))
		}
		p.need("=")
		parts = append(parts, ident(c.Name)+" = "+p.setTo(t, c, at))
	})
	return strings.Join(parts, ", ")
}

func (p *parser) setTo(t *Table, c Column, at token) string {
	if p.accept("default") {
		if c.Default == "" {
			return "null"
		}
		return c.Default
	}
	e := p.assign(p.expr(), c.Type, c.Name, at)
	if c.Auto != "" {
		e = p.stored(t, c, e, c.Auto != "always", at)
	}
	return e.sql
}

func (p *parser) severalSet(t *Table) string {
	at := p.peek()
	names := p.names()
	p.need("=")
	p.accept("row")
	p.need("(")
	if p.atQuery() {
		fail(Unsupported("SET (columns) = (SELECT ...)").at(at))
	}
	var parts []string
	p.list(func() {
		if len(parts) < len(names) {
			parts = append(parts, ident(names[len(parts)])+" = "+p.setTo(t, t.want(names[len(parts)], at), at))
		} else {
			fail(Errorf("42601", "number of columns does not match number of values").at(at))
		}
	})
	p.need(")")
	if len(parts) != len(names) {
		fail(Errorf("42601", "number of columns does not match number of values").at(at))
	}
	return strings.Join(parts, ", ")
}

// update reads what follows UPDATE. FROM is read before SET: its columns are known there.
func (p *parser) update() *Statement {
	p.accept("only")
	t, src := p.target()
	p.alias(&src)
	p.expect("set")
	list := p.i
	p.i = p.skipList()
	p.scope = &scope{sources: []source{src}}
	from := ""
	if p.accept("from") {
		from = " from " + p.from()
	}
	where := p.whereOrCurrent()
	after := p.i
	p.i = list
	set := p.settings(t)
	if end := p.peek(); end.text != "from" && end.text != "where" && end.text != "returning" && p.i != after {
		p.syntax()
	}
	p.i = after
	sql := "update main." + ident(t.Name) + " as " + ident(src.name) + " set " + set + from + where
	return p.returning("UPDATE", t, sql)
}

func (p *parser) whereOrCurrent() string {
	if p.at("where", "current", "of") {
		fail(Unsupported("WHERE CURRENT OF").at(p.peek()))
	}
	return p.where("where")
}

// delete reads what follows DELETE. USING, which SQLite does not know, becomes a query of the rows to delete.
func (p *parser) delete() *Statement {
	p.expect("from")
	p.accept("only")
	t, src := p.target()
	p.alias(&src)
	p.scope = &scope{sources: []source{src}}
	head := "delete from main." + ident(t.Name) + " as " + ident(src.name)
	if p.accept("using") {
		from := p.from()
		where := p.whereOrCurrent()
		inner := "main." + ident(t.Name) + " as " + ident(src.name)
		sql := fmt.Sprintf("%s where rowid in (select %s.rowid from %s, %s%s)", head, ident(src.name), inner, from, where)
		p.scope.sources = p.scope.sources[:1]
		return p.returning("DELETE", t, sql)
	}
	return p.returning("DELETE", t, head+p.whereOrCurrent())
}

// returning reads RETURNING and ends a statement that writes.
func (p *parser) returning(tag string, t *Table, sql string) *Statement {
	st := &Statement{Tag: tag, Counted: true, Table: t.Name}
	if p.accept("returning") {
		refs := p.scope.refs
		q := p.settle(query{cols: p.columns(len(p.toks) - 1)})
		p.scope.refs = refs
		for _, c := range q.cols {
			if c.typ.OID.object() && c.typ.OID != Oid {
				fail(Unsupported("RETURNING of %s", c.typ))
			}
		}
		sql += " returning " + selected(q.cols)
		st.Columns = q.columns()
	}
	st.SQL = []string{sql}
	return st
}
