package dialect

import (
	"fmt"
	"strings"
)

// expr is an expression as SQLite will read it, and what Postgres would know of it.
type expr struct {
	sql   string
	typ   Type
	name  string  // the column's name in a result
	text  *string // the value of a literal that has no type yet
	param int     // the number of a parameter that has no type yet
	null  bool
	row   []expr // of (a, b)
	weak  bool   // the name is only that of a type or of CASE: a cast gives another
	at    token  // of a literal
}

func (e expr) unknown() bool { return e.typ.OID == Unknown }

// afterCast is a cast of e with the name that its column gets.
func (out expr) afterCast(e expr) expr {
	out.name, out.weak = e.name, e.weak
	if e.weak || e.name == "?column?" {
		o := out.typ.OID
		if el, ok := o.Element(); ok {
			o = el
		}
		out.name, out.weak = o.typname(), true
	}
	return out
}

func unknownText(s string) expr {
	return expr{sql: quote(s), typ: Type{OID: Unknown}, text: &s, name: "?column?"}
}

func typed(o OID, format string, args ...any) expr {
	return expr{sql: fmt.Sprintf(format, args...), typ: Type{OID: o}, name: "?column?"}
}

// known gives what has no type yet the type t. A literal is read as one here and now, so that SQLite never sees a text where a
// number should be.
func (p *parser) known(e expr, t Type) expr {
	if !e.unknown() {
		return e
	}
	out := e
	out.typ, out.text, out.param = t, nil, 0
	switch {
	case e.param > 0:
		p.tell(e.param, t.OID)
		out = p.fitted(out, t)
	case e.text != nil:
		switch {
		case t.OID == Regclass && !allDigits(*e.text):
			out.sql = fmt.Sprint(p.regclass(*e.text))
		case t.OID == Regnamespace && !allDigits(*e.text):
			out.sql = p.lookup("pg_namespace", "oid", "nspname", quote(*e.text))
		case t.OID == Regtype && !allDigits(*e.text):
			out.sql = fmt.Sprint(p.regtype(*e.text))
		case t.OID == Oid && *e.text == "":
			fail(Errorf("22P02", `invalid input syntax for type oid: ""`))
		default:
			v, err := t.Input(*e.text)
			if refused, ok := err.(*Error); ok && e.at.kind == literal {
				fail(refused.at(e.at))
			}
			if err != nil {
				fail(err)
			}
			out.sql = sqlValue(v)
		}
	}
	return out
}

// tell sets a parameter's type, once.
func (p *parser) tell(n int, o OID) {
	if p.params[n-1] == Unknown {
		p.params[n-1] = o
	}
}

// regclass finds the number of a relation by the name in a literal.
func (p *parser) regclass(text string) uint32 {
	toks, err := lex(text)
	if err != nil {
		fail(err)
	}
	sub := &parser{env: p.env, toks: toks}
	schema, name, _ := sub.qualified()
	if schema == "" || schema == "public" {
		if t := p.env.Schema.Table(name); t != nil {
			return t.OID
		}
		if oid, ok := p.env.Schema.index(name); ok {
			return oid
		}
	}
	if schema == "" || schema == "pg_catalog" {
		if n := catalogNumber(name); n > 0 {
			return n
		}
	}
	fail(Errorf("42P01", "relation %q does not exist", text))
	return 0
}

func (p *parser) regtype(text string) uint32 {
	toks, err := lex(text)
	if err != nil {
		fail(err)
	}
	return uint32((&parser{env: p.env, toks: toks}).typeName().OID)
}

// fitted applies a type's modifier to a value that is of the type already.
func (p *parser) fitted(e expr, t Type) expr {
	if t.Mod != 0 && e.typ.Mod != t.Mod || t.Mod != 0 && e.param == 0 && strings.HasPrefix(e.sql, "?") {
		e.sql = fmt.Sprintf("pg_fit(%d, %d, 0, %s)", t.OID, t.Mod, e.sql)
	}
	e.typ = t
	return e
}

// cast is CAST(e AS t).
func (p *parser) cast(e expr, t Type, at token) expr {
	if e.null || e.unknown() {
		if e.text != nil && t.Mod != 0 && t.OID.stringy() {
			v, _ := t.fit(*e.text, true)
			s := v.(string)
			e.text = &s
		}
		return p.known(e, t)
	}
	if out, ok := p.convert(e, t, true); ok {
		return out
	}
	fail(Errorf("42846", "cannot cast type %s to %s", Type{OID: e.typ.OID}, Type{OID: t.OID}).at(at))
	return e
}

// assign makes e the value of a column, by the rules of assignment.
func (p *parser) assign(e expr, t Type, column string, at token) expr {
	if e.null || e.unknown() {
		return p.known(e, t)
	}
	if out, ok := p.convert(e, t, false); ok {
		return out
	}
	err := Errorf("42804", "column %q is of type %s but expression is of type %s", column, Type{OID: t.OID}, Type{OID: e.typ.OID}).at(at)
	err.Hint = "You will need to rewrite or cast the expression."
	fail(err)
	return e
}

// convert makes e a value of type t; explicit also as only a cast may. False: Postgres has no such cast.
func (p *parser) convert(e expr, t Type, explicit bool) (expr, bool) {
	from, to := e.typ.OID, t.OID
	out := e
	out.typ = t
	switch {
	case from == to, from.stringy() && to.stringy():
		if t.Mod != 0 && e.typ != t {
			out.sql = fmt.Sprintf("pg_fit(%d, %d, %d, %s)", to, t.Mod, bit(explicit), e.sql)
		}
		if to == Char {
			out.sql = fmt.Sprintf("substr(%s, 1, 1)", e.sql)
		}
	case to.stringy():
		out.sql = p.asText(e)
		if t.Mod != 0 {
			out.sql = fmt.Sprintf("pg_fit(%d, %d, %d, %s)", to, t.Mod, bit(explicit), out.sql)
		}
	case from.stringy():
		if to == Regclass || to == Regnamespace {
			table, name := "pg_class", "relname"
			if to == Regnamespace {
				table, name = "pg_namespace", "nspname"
			}
			out.sql = p.lookup(table, "oid", name, e.sql)
			return out, explicit
		}
		out.sql = fmt.Sprintf("pg_input(%d, %d, %s)", to, t.Mod, e.sql)
		return out, explicit
	case to.category() == 'N' && from.category() == 'N':
		out.sql = numberTo(e, t)
	case from == Bool && to == Int4:
		return out, explicit
	case from == Int4 && to == Bool:
		out.sql = fmt.Sprintf("(%s <> 0)", e.sql)
		return out, explicit
	case from.category() == 'D' && to.category() == 'D':
		return momentTo(e, t)
	case from == JSON && to == JSONB:
		out.sql = fmt.Sprintf("pg_input(%d, 0, %s)", JSONB, e.sql)
	case from == JSONB && to == JSON:
	case from == Time && to == Interval:
		out.sql = fmt.Sprintf("pg_input(%d, 0, %s)", Interval, e.sql)
	default:
		a, isArray := from.Element()
		b, toArray := to.Element()
		return out, isArray && toArray && (a.stringy() && b.stringy() || a.integer() && b.integer())
	}
	return out, true
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func numberTo(e expr, t Type) string {
	from, to := e.typ.OID, t.OID
	switch {
	case to == Float8:
		return fmt.Sprintf("cast(%s as real)", e.sql)
	case to == Float4, to == Numeric && t.Mod != 0, to == Numeric && from.float():
		return fmt.Sprintf("pg_number(%d, %d, %s)", to, t.Mod, e.sql)
	case to == Numeric, to == Int8 && from.integer(), to == Int4 && from == Int2:
		return e.sql
	case to.object() && from.object():
		return e.sql
	}
	return fmt.Sprintf("pg_number(%d, %d, %s)", to, bit(from.float()), e.sql)
}

func momentTo(e expr, t Type) (expr, bool) {
	from, to := e.typ.OID, t.OID
	out := e
	out.typ = t
	switch {
	case from == Date && (to == Timestamp || to == Timestamptz):
		out.sql = fmt.Sprintf("(%s || ' 00:00:00.000000')", e.sql)
	case (from == Timestamp || from == Timestamptz) && to == Date:
		out.sql = fmt.Sprintf("substr(%s, 1, 10)", e.sql)
	case (from == Timestamp || from == Timestamptz) && to == Time:
		out.sql = fmt.Sprintf("substr(%s, 12)", e.sql)
	case from == Timestamp && to == Timestamptz, from == Timestamptz && to == Timestamp: // the session's zone is UTC
	default:
		return e, false
	}
	return out, true
}

// asText is e as text, as the cast to text writes it.
func (p *parser) asText(e expr) string {
	switch o := e.typ.OID; {
	case e.text != nil, o.stringy() && o != Bpchar, e.null, o == JSON, o == JSONB, o == UUID, o == Interval:
		return e.sql
	case e.param > 0:
		return p.known(e, Type{OID: Text}).sql
	case o == Regclass:
		return fmt.Sprintf("coalesce(%s, cast(%s as text))", p.lookup("pg_class", "relname", "oid", e.sql), e.sql)
	case o == Regnamespace:
		return fmt.Sprintf("coalesce(%s, cast(%s as text))", p.lookup("pg_namespace", "nspname", "oid", e.sql), e.sql)
	case o == Regtype:
		return fmt.Sprintf("pg_format_type(%s, -1)", e.sql)
	case o == Bool:
		return fmt.Sprintf("(case when %s then 'true' when not %s then 'false' end)", e.sql, e.sql)
	case o.integer():
		return fmt.Sprintf("cast(%s as text)", e.sql)
	case o == Bpchar:
		return e.sql
	}
	return fmt.Sprintf("pg_output(%d, %d, %s)", e.typ.OID, e.typ.Mod, e.sql)
}

// lookup is a value of a catalog's row.
func (p *parser) lookup(table, column, key, value string) string {
	return fmt.Sprintf("(select %s from %s where %s = %s limit 1)", ident(column), p.catalog(table), ident(key), value)
}

// common is the type that several values have together ("UNION, CASE, and Related Constructs"), and the values as it.
func (p *parser) common(what string, at token, all ...expr) (Type, []expr) {
	t := Type{OID: Unknown}
	for _, e := range all {
		switch {
		case e.unknown():
		case t.OID == Unknown:
			t = e.typ
		case t.OID == e.typ.OID:
			if t.Mod != e.typ.Mod {
				t.Mod = 0
			}
		default:
			wider, ok := widest(t.OID, e.typ.OID)
			if !ok {
				fail(Errorf("42804", "%s types %s and %s cannot be matched", what, Type{OID: t.OID}, Type{OID: e.typ.OID}).at(at))
			}
			t = Type{OID: wider}
		}
	}
	if t.OID == Unknown {
		t.OID = Text
	}
	out := make([]expr, len(all))
	for i, e := range all {
		if e.unknown() {
			out[i] = p.known(e, Type{OID: t.OID})
			continue
		}
		out[i], _ = p.convert(e, Type{OID: t.OID}, false)
	}
	return t, out
}

// widest is the type that values of a and of b both are without a cast.
func widest(a, b OID) (OID, bool) {
	rank := map[OID]int{Int2: 1, Int4: 2, Int8: 3, Numeric: 4, Float4: 5, Float8: 6}
	moment := map[OID]int{Date: 1, Timestamp: 2, Timestamptz: 3}
	for _, r := range []map[OID]int{rank, moment} {
		if r[a] > 0 && r[b] > 0 {
			if r[a] > r[b] {
				return a, true
			}
			return b, true
		}
	}
	switch {
	case a == b:
		return a, true
	case a.stringy() && b.stringy():
		return Text, true
	case a.integer() && b.object():
		return b, true
	case a.object() && b.integer():
		return a, true
	}
	return 0, false
}
