package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parser reads one statement and writes SQLite's as it goes: there is no tree between. What it writes has every column's table
// named and every expression in brackets, so that no name and no precedence is left for SQLite to decide.
type parser struct {
	env    *Env
	toks   []token
	i      int
	params []OID           // of $1, $2 ...: Unknown until something tells
	used   map[string]bool // tables of the catalogs that the statement reads
	ctes   []map[string]source
	scope  *scope
	level  int // in how many brackets of aggregates
}

// fail ends the translation; Translate gives the error back.
func fail(err error) { panic(err) }

func (p *parser) peek() token { return p.toks[p.i] }

func (p *parser) ahead(n int) token {
	return p.toks[min(p.i+n, len(p.toks)-1)]
}

func (p *parser) take() token {
	t := p.toks[p.i]
	if t.kind != end {
		p.i++
	}
	return t
}

// at tells if the next words are these keywords.
func (p *parser) at(words ...string) bool {
	for n, w := range words {
		if t := p.ahead(n); t.kind != word || t.text != w {
			return false
		}
	}
	return true
}

func (p *parser) accept(words ...string) bool {
	if !p.at(words...) {
		return false
	}
	p.i += len(words)
	return true
}

func (p *parser) expect(words ...string) {
	for _, w := range words {
		if !p.accept(w) {
			p.syntax()
		}
	}
}

func (p *parser) atSymbol(s string) bool {
	t := p.peek()
	return t.kind == symbol && t.text == s
}

func (p *parser) symbol(s string) bool {
	if !p.atSymbol(s) {
		return false
	}
	p.i++
	return true
}

func (p *parser) need(s string) {
	if !p.symbol(s) {
		p.syntax()
	}
}

// syntax refuses the next token as Postgres's grammar does.
func (p *parser) syntax() {
	p.syntaxAt(p.peek())
}

func (p *parser) syntaxAt(t token) {
	if t.kind == end && t.text == "" {
		fail(Errorf("42601", "syntax error at end of input").at(t))
	}
	fail(Errorf("42601", "syntax error at or near \"%s\"", t.shown()).at(t))
}

func (t token) shown() string {
	switch t.kind {
	case literal:
		return "'" + t.text + "'"
	case param:
		return "$" + t.text
	}
	return t.text
}

// list reads what item reads, with commas between.
func (p *parser) list(item func()) {
	for {
		item()
		if !p.symbol(",") {
			return
		}
	}
}

// reserved words cannot be names without quotes ("SQL Key Words").
var reserved = wordSet(`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
	current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end
	except false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not
	null offset on only or order placing primary references returning select session_user some symmetric table then to trailing true
	union unique user using variadic when where window with`)

// joins are words that a table's alias cannot be.
var joins = wordSet(`cross full inner join left natural outer right isnull notnull is like ilike similar overlaps collation
	tablesample authorization binary concurrently freeze verbose`)

func wordSet(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}

func (p *parser) isName() bool {
	t := p.peek()
	return t.kind == quoted || t.kind == word && !reserved[t.text]
}

// name reads an identifier.
func (p *parser) name() string {
	if !p.isName() {
		p.syntax()
	}
	return p.take().text
}

// label reads a name where every keyword may stand: after AS and after a dot.
func (p *parser) label() string {
	if t := p.peek(); t.kind != word && t.kind != quoted {
		p.syntax()
	}
	return p.take().text
}

// qualified reads name or schema.name; a database before it must be this one.
func (p *parser) qualified() (schema, name string, t token) {
	t = p.peek()
	parts := []string{p.name()}
	for p.symbol(".") {
		parts = append(parts, p.label())
	}
	if len(parts) == 3 && parts[0] == p.env.Database {
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		return "", parts[0], t
	case 2:
		return parts[0], parts[1], t
	}
	fail(Errorf("0A000", "cross-database references are not implemented: %q", strings.Join(parts, ".")).at(t))
	return
}

// names reads (a, b, c).
func (p *parser) names() (out []string) {
	p.need("(")
	p.list(func() { out = append(out, p.name()) })
	p.need(")")
	return out
}

// enough refuses what is left of the statement.
func (p *parser) enough() {
	if p.peek().kind != end {
		p.syntax()
	}
}

// typeName reads a type: int, varchar(20), timestamp with time zone, pg_catalog.text, integer[].
func (p *parser) typeName() Type {
	t, ok := p.tryType()
	if !ok {
		at := p.peek()
		_, name, _ := p.qualified()
		fail(Errorf("42704", "type %q does not exist", name).at(at))
	}
	return t
}

var longTypes = [][]string{
	{"double", "precision"}, {"character", "varying"}, {"char", "varying"}, {"timestamp", "with", "time", "zone"},
	{"timestamp", "without", "time", "zone"}, {"time", "without", "time", "zone"},
}

func (p *parser) tryType() (Type, bool) {
	start := p.i
	if p.accept("pg_catalog") && !p.symbol(".") {
		p.i = start
	}
	t := p.peek()
	if t.kind != word && t.kind != quoted {
		p.i = start
		return Type{}, false
	}
	name := t.text
	p.i++
	if t.kind == quoted && name == "char" {
		name = `"char"`
	}
	for _, words := range longTypes {
		if t.kind == word && words[0] == name && p.at(words[1:]...) {
			p.i += len(words) - 1
			name = strings.Replace(strings.Join(words, " "), "char ", "character ", 1)
			break
		}
	}
	modifier := p.modifier(&name)
	if t.kind == word && name == "char" {
		name = "bpchar"
		if modifier == nil {
			modifier = []int32{1}
		}
	}
	if name == "character" && modifier == nil {
		modifier = []int32{1}
	}
	in := byName[name]
	if in == nil || in.oid == Unknown || in.oid == Record {
		p.i = start
		return Type{}, false
	}
	out := Type{OID: in.oid}
	if modifier != nil {
		out = in.modified(modifier[0], slices.Concat(modifier, []int32{0})[1])
	}
	for p.atSymbol("[") && (p.ahead(1).text == "]" || p.ahead(1).kind == number && p.ahead(2).text == "]") {
		for !p.symbol("]") {
			p.i++
		}
		out = Type{OID: in.array}
	}
	if p.accept("array") {
		out = Type{OID: in.array}
	}
	return out, true
}

// modifier reads (20) or (10,2), also between timestamp and its zone, where the precision is not kept.
func (p *parser) modifier(name *string) (out []int32) {
	if p.atSymbol("(") && p.ahead(1).kind == number && byName[*name] != nil {
		p.i++
		p.list(func() {
			n, err := strconv.ParseInt(p.take().text, 10, 16)
			if err != nil {
				p.syntaxAt(p.toks[p.i-1])
			}
			out = append(out, int32(n))
		})
		p.need(")")
	} else if p.atSymbol("(") && *name == "char" && p.ahead(1).kind == number {
		p.i++
		n, _ := strconv.Atoi(p.take().text)
		out = []int32{int32(n)}
		p.need(")")
	}
	if *name == "timestamp" || *name == "time" {
		if p.accept("with", "time", "zone") {
			*name += " with time zone"
		}
		p.accept("without", "time", "zone")
	}
	return out
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func idents(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = ident(n)
	}
	return strings.Join(out, ", ")
}

// sqlValue writes a value that SQLite keeps as a literal of its.
func sqlValue(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case int64:
		if x < 0 {
			return fmt.Sprintf("(%d)", x)
		}
		return strconv.FormatInt(x, 10)
	case float64:
		s := strconv.FormatFloat(x, 'e', -1, 64)
		switch s {
		case "+Inf":
			return "9e999"
		case "-Inf":
			return "(-9e999)"
		}
		return "(" + s + ")"
	case []byte:
		return fmt.Sprintf("x'%x'", x)
	}
	return quote(plain(v))
}

// quote writes a text as SQLite's literal; a NUL, which no text of Postgres has, cannot come.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
