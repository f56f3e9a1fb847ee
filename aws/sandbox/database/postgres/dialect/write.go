package dialect

import (
	"fmt"
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
