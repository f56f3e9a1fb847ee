package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// scope is the tables whose columns an expression sees, and those around it.
type scope struct {
	sources []source
	using   map[string]expr // columns that JOIN ... USING made one
	hidden  map[string]bool // "source.column" that it hides in *
	parent  *scope
	refs    []reference
	calls   bool // an aggregate was called
}

// reference is a column that was named outside of an aggregate.
type reference struct {
	sql, shown, source, column string
	at                         token
}

// grouping is what GROUP BY says of a SELECT, to check its expressions by.
type grouping struct {
	scope  *scope
	by     []string // expressions
	output []expr
	shown  bool // there is a GROUP BY
}

// selection reads one SELECT. FROM, WHERE and GROUP BY are read before the list of columns: they say what its names mean.
func (p *parser) selection() query {
	p.expect("select")
	distinct := p.accept("distinct")
	if distinct && p.at("on") {
		fail(Unsupported("DISTINCT ON").at(p.peek()))
	}
	p.accept("all")
	list := p.i
	p.scope = &scope{parent: p.scope}
	from, stop := "", p.skipList()
	p.i = stop
	if p.accept("from") {
		from = " from " + p.from()
	}
	where := p.where("where")
	rest := p.i
	p.i = list
	cols := p.columns(stop)
	if p.i != stop {
		p.syntax()
	}
	p.i = rest
	g := &grouping{scope: p.scope, output: cols}
	by := p.groupBy(g)
	having := ""
	if p.at("having") {
		g.shown = true
		having = p.where("having")
		if by == "" && !p.scope.calls {
			by = " group by ()"
			fail(Unsupported("HAVING without GROUP BY and without an aggregate").at(p.peek()))
		}
	}
	windows := p.windows()
	if p.at("into") {
		fail(Unsupported("SELECT INTO").at(p.peek()))
	}
	word := "select "
	if distinct {
		word = "select distinct "
	}
	return query{sql: word + selected(cols) + from + where + by + having + windows, cols: cols, single: true, distinct: distinct, grouping: g}
}

func selected(cols []expr) string {
	if len(cols) == 0 {
		return "null"
	}
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = c.sql + " as " + ident(c.name)
	}
	return strings.Join(parts, ", ")
}

var afterList = wordSet("from where group having window order limit offset fetch union intersect except for into on returning")

// skipList finds where a list of columns ends.
func (p *parser) skipList() int {
	depth := 0
	for i := p.i; ; i++ {
		t := p.toks[i]
		switch {
		case t.kind == end:
			return i
		case t.kind == symbol && (t.text == "(" || t.text == "["):
			depth++
		case t.kind == symbol && (t.text == ")" || t.text == "]"):
			if depth--; depth < 0 {
				return i
			}
		case t.kind == word && depth == 0 && afterList[t.text]:
			before := p.toks[max(i-1, p.i)]
			if i > p.i && (before.text == "." || before.text == "as" || before.text == "within" || t.text == "from" && before.text == "distinct" && i > p.i+1 && (p.toks[i-2].text == "is" || p.toks[i-2].text == "not")) {
				continue
			}
			return i
		}
	}
}

// columns reads the list of a SELECT or a RETURNING.
func (p *parser) columns(stop int) (out []expr) {
	if p.i == stop {
		return nil
	}
	p.list(func() {
		at := p.peek()
		if p.symbol("*") {
			out = append(out, p.star(nil, at)...)
			return
		}
		if (at.kind == word || at.kind == quoted) && p.ahead(1).text == "." && p.ahead(2).text == "*" {
			p.i += 3
			out = append(out, p.star(&at.text, at)...)
			return
		}
		e := p.expr()
		if e.row != nil {
			fail(Unsupported("a row as a column").at(at))
		}
		switch t := p.peek(); {
		case p.accept("as"):
			e.name = p.label()
		case t.kind == quoted, t.kind == word && !reserved[t.text] && !joins[t.text] && p.i < stop:
			e.name = p.take().text
		}
		out = append(out, e)
	})
	return out
}

// star is all columns, or those of one table.
func (p *parser) star(of *string, at token) (out []expr) {
	if len(p.scope.sources) == 0 {
		fail(Errorf("42601", "SELECT * with no tables specified is not valid").at(at))
	}
	found := false
	for _, s := range p.scope.sources {
		if of != nil && s.name != *of {
			continue
		}
		found = true
		for _, c := range s.cols {
			key := s.name + "." + c.Name
			if c.System || of == nil && p.scope.hidden[key] {
				continue
			}
			if e, ok := p.scope.using[c.Name]; ok && of == nil {
				out = append(out, e)
				continue
			}
			out = append(out, p.refer(p.scope, s, c, at))
		}
	}
	if !found {
		fail(missingFrom(*of).at(at))
	}
	return out
}

func missingFrom(table string) *Error {
	return Errorf("42P01", "missing FROM-clause entry for table %q", table)
}

func (p *parser) where(word string) string {
	if !p.at(word) {
		return ""
	}
	at := p.take()
	calls, refs := p.scope.calls, p.scope.refs
	e := p.boolean(p.expr(), strings.ToUpper(word), at)
	if word == "where" {
		if p.scope.calls && !calls {
			fail(Errorf("42803", "aggregate functions are not allowed in WHERE").at(at))
		}
		p.scope.refs = refs
	}
	return " " + word + " " + e.sql
}

// groupBy reads GROUP BY: a column, the number or name of an output column, or an expression.
func (p *parser) groupBy(g *grouping) string {
	if !p.accept("group", "by") {
		return ""
	}
	g.shown = true
	refs := p.scope.refs
	p.list(func() {
		t := p.peek()
		if t.text == "rollup" || t.text == "cube" || t.text == "grouping" {
			fail(Unsupported("GROUP BY %s", strings.ToUpper(t.text)).at(t))
		}
		if t.kind == number {
			n := 0
			fmt.Sscan(t.text, &n)
			if n < 1 || n > len(g.output) {
				fail(Errorf("42P10", "GROUP BY position %s is not in select list", t.text).at(t))
			}
			p.i++
			g.by = append(g.by, g.output[n-1].sql)
			return
		}
		if t.kind == word || t.kind == quoted {
			if _, _, found := p.find(p.scope, "", t.text, t); !found && p.ahead(1).text != "(" && p.ahead(1).text != "." {
				for _, c := range g.output {
					if c.name == t.text {
						p.i++
						g.by = append(g.by, c.sql)
						return
					}
				}
			}
		}
		g.by = append(g.by, p.anything(p.expr()).sql)
	})
	p.scope.refs = refs
	return " group by " + strings.Join(g.by, ", ")
}

// check refuses a column that is neither grouped nor in an aggregate, which SQLite would answer with any row's value.
func (g *grouping) check(p *parser) {
	if g == nil || !g.shown && !g.scope.calls {
		return
	}
	for _, r := range g.scope.refs {
		if slices.Contains(g.by, r.sql) || g.keyed(r.source) || g.within(r.sql) {
			continue
		}
		fail(Errorf("42803", "column %q must appear in the GROUP BY clause or be used in an aggregate function", r.shown).at(r.at))
	}
}

// keyed tells whether a table's whole primary key is grouped by: its other columns depend on it.
func (g *grouping) keyed(name string) bool {
	for _, s := range g.scope.sources {
		if s.name != name || s.table == nil || len(s.table.Key) == 0 {
			continue
		}
		for _, k := range s.table.Key {
			if !slices.Contains(g.by, ident(name)+"."+ident(k)) {
				return false
			}
		}
		return true
	}
	return false
}

// within tells whether a column is only used inside expressions that are grouped by.
func (g *grouping) within(sql string) bool {
	inside := false
	for _, by := range g.by {
		inside = inside || strings.Contains(by, sql)
	}
	if !inside {
		return false
	}
	for _, c := range g.output {
		left := c.sql
		for _, by := range g.by {
			left = strings.ReplaceAll(left, by, "")
		}
		if strings.Contains(left, sql) {
			return false
		}
	}
	return true
}

// windows reads WINDOW name AS (...).
func (p *parser) windows() string {
	if !p.accept("window") {
		return ""
	}
	var parts []string
	p.list(func() {
		name := p.name()
		p.expect("as")
		parts = append(parts, ident(name)+" as "+p.window())
	})
	return " window " + strings.Join(parts, ", ")
}
