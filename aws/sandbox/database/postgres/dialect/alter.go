package dialect

import (
	"fmt"
	"strings"
)

// drop reads what follows DROP.
func (p *parser) drop() *Statement {
	kind := p.take().text
	switch kind {
	case "table", "view", "index":
		return p.dropRelations(kind)
	case "database":
		missing := p.accept("if", "exists")
		st := &Statement{Kind: DropDatabase, Tag: "DROP DATABASE", Missing: missing, Name: p.name(), Alone: true}
		p.accept("with")
		if p.atSymbol("(") {
			fail(Unsupported("DROP DATABASE ... WITH (FORCE)").at(p.peek()))
		}
		return st
	case "schema", "extension", "role", "user", "function", "sequence", "type", "trigger", "materialized":
		if p.accept("if", "exists") {
			name := p.name()
			p.accept("cascade")
			if name != "public" {
				return skipped("DROP "+strings.ToUpper(kind), "%s %q does not exist, skipping", kind, name)
			}
		}
	}
	fail(Unsupported("DROP %s", strings.ToUpper(kind)))
	return nil
}

func (p *parser) dropRelations(kind string) *Statement {
	p.accept("concurrently")
	missing := p.accept("if", "exists")
	st := &Statement{Kind: Nothing, Tag: "DROP " + strings.ToUpper(kind)}
	var names []string
	p.list(func() {
		schema, name, at := p.qualified()
		if schema != "" && schema != "public" {
			fail(Errorf("3F000", "schema %q does not exist", schema).at(at))
		}
		if !p.droppable(kind, name, at) {
			if !missing {
				fail(Errorf("42P01", "%s %q does not exist", kind, name).at(at))
			}
			st.Notices = append(st.Notices, fmt.Sprintf("%s %q does not exist, skipping", kind, name))
			return
		}
		names = append(names, name)
	})
	cascade := p.accept("cascade")
	p.accept("restrict")
	for _, name := range names {
		for _, sql := range p.dependents(kind, name, names, cascade) {
			st.Kind, st.SQL = Run, append(st.SQL, sql)
		}
		st.Kind, st.SQL = Run, append(st.SQL, fmt.Sprintf("drop %s %s", kind, ident(name)))
	}
	return st
}

// droppable tells whether there is a relation of that kind; one of another kind is refused.
func (p *parser) droppable(kind, name string, at token) bool {
	t := p.env.Schema.Table(name)
	_, isIndex := p.env.Schema.index(name)
	switch {
	case kind == "index":
		for _, t := range p.env.Schema.Tables {
			for _, c := range t.Constraints {
				if c.Name == name && c.index > 0 {
					e := Errorf("2BP01", "cannot drop index %s because constraint %s on table %s requires it", name, name, t.Name)
					e.Hint = fmt.Sprintf("You can drop constraint %s on table %s instead.", name, t.Name)
					fail(e)
				}
			}
		}
		return isIndex
	case t == nil:
		return false
	case t.View != (kind == "view"):
		e := Errorf("42809", "%q is not a %s", name, kind).at(at)
		fail(e)
	}
	return true
}

// dependents are what else is dropped with a table under CASCADE; without it Postgres refuses.
func (p *parser) dependents(kind, name string, together []string, cascade bool) (out []string) {
	if kind == "index" {
		return nil
	}
	gone := map[string]bool{}
	for _, n := range together {
		gone[n] = true
	}
	for _, t := range p.env.Schema.Tables {
		uses := t.View && t.Name != name && strings.Contains(t.Definition, "main."+ident(name))
		refers := false
		for _, c := range t.Constraints {
			refers = refers || c.Kind == 'f' && c.Target == name && t.Name != name
		}
		if !uses && !refers || gone[t.Name] {
			continue
		}
		if refers && cascade {
			fail(Unsupported("DROP ... CASCADE of a table that a foreign key of %q refers to", t.Name))
		}
		if !cascade {
			e := Errorf("2BP01", "cannot drop %s %s because other objects depend on it", kind, name)
			e.Detail = fmt.Sprintf("%s %s depends on %s %s", map[bool]string{true: "view", false: "constraint of table"}[uses], t.Name, kind, name)
			e.Hint = "Use DROP ... CASCADE to drop the dependent objects too."
			fail(e)
		}
		gone[t.Name] = true
		out = append(out, "drop view "+ident(t.Name))
	}
	return out
}

// truncate reads what follows TRUNCATE.
func (p *parser) truncate() *Statement {
	p.accept("table")
	st := made("TRUNCATE TABLE")
	var names []string
	p.list(func() {
		p.accept("only")
		t, _ := p.target()
		names = append(names, t.Name)
		p.symbol("*")
	})
	restart := p.accept("restart", "identity")
	p.accept("continue", "identity")
	cascade := p.accept("cascade")
	p.accept("restrict")
	for _, n := range names {
		for _, t := range p.env.Schema.Tables {
			for _, c := range t.Constraints {
				if c.Kind == 'f' && c.Target == n && !contains(names, t.Name) {
					if cascade {
						fail(Unsupported("TRUNCATE ... CASCADE over a foreign key"))
					}
					e := Errorf("0A000", "cannot truncate a table referenced in a foreign key constraint")
					e.Detail = fmt.Sprintf("Table %q references %q.", t.Name, n)
					e.Hint = fmt.Sprintf("Truncate table %q at the same time, or use TRUNCATE ... CASCADE.", t.Name)
					fail(e)
				}
			}
		}
		st.SQL = append(st.SQL, "delete from main."+ident(n))
		if restart && strings.Contains(p.env.Schema.Table(n).Definition, autoMark) {
			st.SQL = append(st.SQL, "delete from sqlite_sequence where name = "+quote(n))
		}
	}
	return st
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// alter reads what follows ALTER.
func (p *parser) alter() *Statement {
	switch {
	case p.accept("database"):
		name := p.name()
		if p.accept("rename", "to") {
			return &Statement{Kind: RenameDatabase, Tag: "ALTER DATABASE", Name: name, Value: p.name(), Alone: true}
		}
		fail(Unsupported("ALTER DATABASE ... %s", strings.ToUpper(p.peek().text)))
	case p.accept("table"):
		return p.alterTable()
	}
	fail(Unsupported("ALTER %s", strings.ToUpper(p.peek().text)).at(p.peek()))
	return nil
}

func (p *parser) alterTable() *Statement {
	missing := p.accept("if", "exists")
	p.accept("only")
	if at := p.i; missing {
		_, name, _ := p.qualified()
		if p.env.Schema.Table(name) == nil {
			p.i = len(p.toks) - 1
			return skipped("ALTER TABLE", "relation %q does not exist, skipping", name)
		}
		p.i = at
	}
	t, _ := p.target()
	st := made("ALTER TABLE")
	p.list(func() { p.alteration(t, st) })
	if len(st.SQL) == 0 {
		st.Kind = Nothing
	}
	return st
}

func (p *parser) alteration(t *Table, st *Statement) {
	run := func(format string, args ...any) {
		st.SQL = append(st.SQL, "alter table main."+ident(t.Name)+" "+fmt.Sprintf(format, args...))
	}
	at := p.peek()
	switch {
	case p.accept("rename", "to"):
		to := p.name()
		if p.exists(to) {
			fail(Errorf("42P07", "relation %q already exists", to))
		}
		run("rename to %s", ident(to))
	case p.at("rename", "constraint"):
		fail(Unsupported("ALTER TABLE ... RENAME CONSTRAINT").at(at))
	case p.accept("rename"):
		p.accept("column")
		c := t.want(p.name(), at)
		p.expect("to")
		to := p.name()
		if _, ok := t.Column(to); ok {
			fail(Errorf("42701", "column %q of relation %q already exists", to, t.Name))
		}
		run("rename column %s to %s", ident(c.Name), ident(to))
	case p.at("add") && !constraintWord(p.ahead(1)):
		p.i++
		p.addColumn(t, st)
	case p.at("drop") && p.ahead(1).text != "constraint":
		p.i++
		p.accept("column")
		missing := p.accept("if", "exists")
		name := p.name()
		if _, ok := t.Column(name); !ok && missing {
			st.Notices = append(st.Notices, fmt.Sprintf("column %q of relation %q does not exist, skipping", name, t.Name))
		} else {
			t.want(name, at)
			run("drop column %s", ident(name))
		}
		p.accept("cascade")
		p.accept("restrict")
	case p.accept("owner", "to"):
		if owner := p.name(); owner != p.env.Master && owner != "current_user" {
			fail(Errorf("42704", "role %q does not exist", owner).at(at))
		}
	default:
		fail(Unsupported("ALTER TABLE ... %s %s", strings.ToUpper(at.text), strings.ToUpper(p.ahead(1).text)).at(at))
	}
}

func constraintWord(t token) bool {
	switch t.text {
	case "constraint", "primary", "unique", "check", "foreign", "exclude":
		return t.kind == word
	}
	return false
}

func (p *parser) addColumn(t *Table, st *Statement) {
	p.accept("column")
	missing := p.accept("if", "not", "exists")
	at := p.peek()
	if c, ok := t.Column(at.text); ok {
		if !missing {
			fail(Errorf("42701", "column %q of relation %q already exists", c.Name, t.Name).at(at))
		}
		p.definition(&Table{Name: t.Name})
		st.Notices = append(st.Notices, fmt.Sprintf("column %q of relation %q already exists, skipping", c.Name, t.Name))
		return
	}
	d := p.definition(&Table{Name: t.Name, Columns: append([]Column(nil), t.Columns...)})
	if d.key != "" || d.unique != "" || d.Auto != "" || d.rest != "" || len(d.others) > 1 {
		fail(Unsupported("ADD COLUMN with a key, an identity or a generated value").at(at))
	}
	sql := ident(d.Name) + " " + d.Type.decl()
	volatile := strings.Contains(d.Default, "pg_now") || strings.Contains(d.Default, "pg_uuid") || strings.Contains(d.Default, "pg_random") || strings.Contains(d.Default, "pg_clock")
	if volatile {
		fail(Unsupported("ADD COLUMN with a default that is no constant").at(at))
	}
	if d.NotNull {
		sql += " not null"
	}
	if d.Default != "" {
		sql += " default " + d.Default
	}
	if len(d.others) == 1 {
		sql += " " + strings.Replace(d.others[0], "foreign key ("+ident(d.Name)+") ", "", 1)
	}
	st.Table, st.Name = t.Name, d.Name
	st.SQL = append(st.SQL, "alter table main."+ident(t.Name)+" add column "+sql)
}
