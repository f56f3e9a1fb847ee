package dialect

import (
	"fmt"
	"strings"
)

func made(tag string, sql ...string) *Statement { return &Statement{Tag: tag, SQL: sql} }

func skipped(tag, notice string, args ...any) *Statement {
	return &Statement{Kind: Nothing, Tag: tag, Notices: []string{fmt.Sprintf(notice, args...)}}
}

// create reads what follows CREATE.
func (p *parser) create() *Statement {
	replace := p.accept("or", "replace")
	temporary := p.peek()
	p.accept("unlogged")
	switch {
	case p.at("temp"), p.at("temporary"), p.at("local"), p.at("global"):
		fail(Unsupported("a temporary table or view").at(temporary))
	case p.accept("table"):
		return p.createTable()
	case p.accept("unique", "index"):
		return p.createIndex(true)
	case p.accept("index"):
		return p.createIndex(false)
	case p.accept("view"):
		return p.createView(replace)
	case p.accept("database"):
		st := &Statement{Kind: CreateDatabase, Tag: "CREATE DATABASE", Name: p.name(), Alone: true}
		p.databaseOptions()
		return st
	case p.accept("schema"):
		missing := p.accept("if", "not", "exists")
		at := p.peek()
		if name := p.name(); name == "public" {
			if missing {
				return skipped("CREATE SCHEMA", "schema %q already exists, skipping", name)
			}
			fail(Errorf("42P06", "schema %q already exists", name).at(at))
		}
		fail(Unsupported("a schema beside public").at(at))
	}
	fail(Unsupported("CREATE %s", strings.ToUpper(p.peek().text)).at(p.peek()))
	return nil
}

// databaseOptions reads the options of CREATE DATABASE; those that say what the sandbox has anyway are accepted.
func (p *parser) databaseOptions() {
	p.accept("with")
	for p.peek().kind != end {
		option := p.take()
		p.symbol("=")
		value := p.take()
		ok := false
		switch option.text {
		case "owner":
			ok = value.text == p.env.Master || value.text == "default"
		case "encoding":
			ok = strings.EqualFold(strings.ReplaceAll(value.text, "-", ""), "utf8")
		case "template":
			ok = value.text == "template0" || value.text == "template1" || value.text == "default"
		case "lc_collate", "lc_ctype", "locale":
			ok = value.text == "C" || value.text == "POSIX"
		case "connection":
			ok = value.text == "limit"
			p.symbol("=")
			p.symbol("-")
			p.take()
		}
		if !ok {
			fail(Unsupported("CREATE DATABASE with %s %s", strings.ToUpper(option.text), value.shown()).at(option))
		}
	}
}

// column is a column in CREATE TABLE or ADD COLUMN while it is read.
type columnDef struct {
	Column
	rest        string // not null, default ..., generated ...
	key, unique string // names of its constraints
	others      []string
}

// definition reads one column with its constraints. Everything but NOT NULL and DEFAULT becomes a constraint of the table.
func (p *parser) definition(t *Table) columnDef {
	d := columnDef{}
	at := p.peek()
	d.Name = p.name()
	if serial := p.peek(); serial.kind == word && serials[serial.text] != 0 {
		p.i++
		d.Type, d.Auto, d.NotNull = Type{OID: serials[serial.text]}, "serial", true
	} else {
		d.Type = p.typeName()
	}
	if _, ok := t.Column(d.Name); ok {
		fail(Errorf("42701", "column %q specified more than once", d.Name).at(at))
	}
	t.Columns = append(t.Columns, d.Column)
	for p.columnConstraint(t, &d) {
	}
	t.Columns[len(t.Columns)-1] = d.Column
	return d
}

var serials = map[string]OID{"serial": Int4, "serial4": Int4, "bigserial": Int8, "serial8": Int8, "smallserial": Int2, "serial2": Int2}

func (p *parser) columnConstraint(t *Table, d *columnDef) bool {
	name := ""
	if p.accept("constraint") {
		name = p.name()
	}
	named := func(suffix string) string {
		if name != "" {
			return name
		}
		return t.Name + suffix
	}
	switch at := p.peek(); {
	case p.accept("not", "null"):
		d.NotNull = true
	case p.accept("null"):
	case p.accept("primary", "key"):
		d.key, d.NotNull = named("_pkey"), true
	case p.accept("unique"):
		d.unique = named("_" + d.Name + "_key")
	case p.accept("default"):
		p.scope = nil
		d.Default = "(" + p.assign(p.other(), d.Type, d.Name, at).sql + ")"
	case p.accept("check"):
		d.others = append(d.others, p.check(t, named("_"+d.Name+"_check")))
	case p.at("references"):
		d.others = append(d.others, p.references(t, []string{d.Name}, named("_"+d.Name+"_fkey")))
	case p.accept("collate"):
		if _, c, ct := p.qualified(); c != "C" && c != "POSIX" && c != "default" {
			fail(Unsupported("the collation %q", c).at(ct))
		}
	case p.accept("generated"):
		p.generated(t, d)
	default:
		return false
	}
	return true
}

func (p *parser) generated(t *Table, d *columnDef) {
	d.Auto = "default"
	if p.accept("always") {
		d.Auto = "always"
	} else {
		p.expect("by", "default")
	}
	p.expect("as")
	if p.accept("identity") {
		d.NotNull = true
		if p.atSymbol("(") {
			fail(Unsupported("options of an identity column").at(p.peek()))
		}
		return
	}
	p.need("(")
	p.scope = &scope{sources: []source{{name: t.Name, cols: t.Columns}}}
	e := p.expr()
	p.need(")")
	p.expect("stored")
	d.Auto = ""
	d.rest = " generated always as (" + bare(e.sql, t.Name) + ") stored"
}

// bare takes the table's name from the columns in an expression: SQLite does not want it in CHECK and the like.
func bare(sql, table string) string { return strings.ReplaceAll(sql, ident(table)+".", "") }

func (p *parser) check(t *Table, name string) string {
	p.need("(")
	at := p.peek()
	p.scope = &scope{sources: []source{{name: t.Name, cols: t.Columns}}}
	e := p.boolean(p.expr(), "CHECK", at)
	p.need(")")
	return fmt.Sprintf("constraint %s check (%s)", ident(name), bare(e.sql, t.Name))
}

// references reads REFERENCES table (columns) ON DELETE ...
func (p *parser) references(t *Table, from []string, name string) string {
	p.expect("references")
	schema, target, at := p.qualified()
	other := t
	if target != t.Name {
		other = p.named(schema, target, at).table
	}
	var cols []string
	if p.atSymbol("(") {
		cols = p.names()
	} else if other != nil {
		cols = other.Key
	}
	if other == nil || other != t && !other.unique(cols) {
		fail(Errorf("42830", "there is no unique constraint matching given keys for referenced table %q", target).at(at))
	}
	out := fmt.Sprintf("constraint %s foreign key (%s) references %s (%s)", ident(name), idents(from), ident(target), idents(cols))
	for {
		switch {
		case p.accept("on"):
			event := p.take().text
			action := p.take().text
			if action == "set" || action == "no" {
				action += " " + p.take().text
			}
			if !foreignActions[action] || event != "delete" && event != "update" {
				p.syntaxAt(p.toks[p.i-1])
			}
			out += " on " + event + " " + action
		case p.accept("match", "simple"), p.accept("not", "deferrable"), p.accept("initially", "immediate"):
		case p.accept("deferrable"):
			out += " deferrable"
		case p.accept("initially", "deferred"):
			out += " initially deferred"
		default:
			return out
		}
	}
}

var foreignActions = map[string]bool{"cascade": true, "restrict": true, "no action": true, "set null": true, "set default": true}

func (p *parser) createView(replace bool) *Statement {
	name := p.newRelation()
	old := p.env.Schema.Table(name)
	if p.exists(name) && !(replace && old != nil && old.View) {
		fail(Errorf("42P07", "relation %q already exists", name))
	}
	var names []string
	if p.atSymbol("(") {
		names = p.names()
	}
	p.expect("as")
	q := p.settle(p.query())
	if len(p.params) > 0 {
		fail(Errorf("42P02", "there is no parameter $1"))
	}
	if len(p.used) > 0 {
		fail(Unsupported("a view over a catalog"))
	}
	cols := renamed(q.columns(), names)
	types := make([]string, len(cols))
	for i, c := range cols {
		types[i] = c.Type.decl()
	}
	st := made("CREATE VIEW", fmt.Sprintf("create view %s(%s) as %s%s*/ %s", ident(name), idents(columnNames(cols)), typesMark, strings.Join(types, ";"), q.sql))
	if old != nil {
		st.SQL = append([]string{"drop view " + ident(name)}, st.SQL...)
	}
	return st
}

// createIndex reads what follows CREATE INDEX.
func (p *parser) createIndex(unique bool) *Statement {
	p.accept("concurrently")
	missing := p.accept("if", "not", "exists")
	name := ""
	if !p.at("on") {
		name = p.name()
	}
	p.expect("on")
	p.accept("only")
	t, src := p.target()
	p.scope = &scope{sources: []source{src}}
	if p.accept("using") && !p.accept("btree") {
		fail(Unsupported("an index that is no btree").at(p.peek()))
	}
	p.need("(")
	var parts, shown []string
	p.list(func() {
		e := p.postfix(p.primary())
		part := bare(e.sql, t.Name)
		if p.accept("desc") {
			part += " desc"
		} else {
			p.accept("asc")
		}
		if p.at("nulls") {
			p.i += 2
		}
		parts, shown = append(parts, part), append(shown, e.name)
	})
	p.need(")")
	where := bare(p.where("where"), t.Name)
	if name == "" {
		name = t.Name + "_" + strings.Join(shown, "_") + "_idx"
	}
	if p.exists(name) {
		if missing {
			return skipped("CREATE INDEX", "relation %q already exists, skipping", name)
		}
		fail(Errorf("42P07", "relation %q already exists", name))
	}
	word := "create index "
	if unique {
		word = "create unique index "
	}
	st := made("CREATE INDEX", word+ident(name)+" on "+ident(t.Name)+" ("+strings.Join(parts, ", ")+")"+where)
	st.Name = name
	return st
}
