package dialect

import (
	"slices"
	"strings"
)

// Schema is what a database holds, as the translation has to know it. It is read from SQLite and never changed.
type Schema struct {
	Tables []*Table // in the order they were made
}

// Table is a table or a view.
type Table struct {
	Name        string
	OID         uint32
	View        bool
	Definition  string // SQLite's text
	Columns     []Column
	Key         []string // the primary key's columns
	Constraints []Constraint
	Indexes     []Index
}

// Constraint is a primary key, a unique, a check or a foreign key.
type Constraint struct {
	Name       string
	Kind       byte // as pg_constraint.contype: p, u, c, f
	Columns    []string
	Definition string // as pg_get_constraintdef writes it
	Target     string // the table a foreign key refers to
	index      uint32 // of p and u
}

// Index is one that was made by CREATE INDEX.
type Index struct {
	Name       string
	OID        uint32
	Unique     bool
	Columns    []string // empty names are expressions
	Definition string
}

// Reader runs a query of SQLite and gives all rows.
type Reader func(sql string) ([][]any, error)

// Fingerprint is a query whose one value changes with the schema.
const Fingerprint = "select coalesce(group_concat(name || char(1) || coalesce(sql, ''), char(2)), '') from sqlite_schema"

const objects = `select rowid, type, name, tbl_name, coalesce(sql, '') from sqlite_schema where name not like 'sqlite\_%' escape '\' order by rowid`
const columns = `select m.name, c.name, c.type, c."notnull", coalesce(c.dflt_value, ''), c.pk from sqlite_schema m, pragma_table_xinfo(m.name) c
	where m.type in ('table', 'view') and m.name not like 'sqlite\_%' escape '\' order by m.rowid, c.cid`
const indexed = `select m.name, i.name, i."unique", coalesce(c.name, '') from sqlite_schema m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) c
	where m.type = 'table' and i.origin = 'c' and c.key order by i.seq desc, c.seqno`

// firstOID is where Postgres begins to number what its users make.
const firstOID = 16384

// ReadSchema reads what the database holds.
func ReadSchema(read Reader) (*Schema, error) {
	s := &Schema{}
	rows, err := read(objects)
	if err != nil {
		return nil, err
	}
	definitions := map[string]string{}
	oids := map[string]uint32{}
	for _, r := range rows {
		name, sql := plain(r[2]), plain(r[4])
		oid := firstOID + uint32(r[0].(int64))
		definitions[name], oids[name] = sql, oid
		if kind := plain(r[1]); kind == "table" || kind == "view" {
			s.Tables = append(s.Tables, &Table{Name: name, OID: oid, View: kind == "view", Definition: sql})
		}
	}
	if rows, err = read(columns); err != nil {
		return nil, err
	}
	for _, r := range rows {
		s.Table(plain(r[0])).addColumn(r)
	}
	for _, t := range s.Tables {
		t.describe()
	}
	if rows, err = read(indexed); err != nil {
		return nil, err
	}
	for _, r := range rows {
		s.Table(plain(r[0])).addIndex(plain(r[1]), r[2].(int64) != 0, plain(r[3]), definitions, oids)
	}
	return s, nil
}

// Table finds a table or view, nil where there is none.
func (s *Schema) Table(name string) *Table {
	for _, t := range s.Tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (s *Schema) index(name string) (uint32, bool) {
	for _, t := range s.Tables {
		for _, i := range t.Indexes {
			if i.Name == name {
				return i.OID, true
			}
		}
		for _, c := range t.Constraints {
			if c.Name == name && c.index > 0 {
				return c.index, true
			}
		}
	}
	return 0, false
}

func (t *Table) addColumn(r []any) {
	c := Column{Name: plain(r[1]), Type: declared(plain(r[2])), NotNull: r[3].(int64) != 0, Default: plain(r[4])}
	if r[5].(int64) > 0 {
		c.NotNull = true
		t.Key = append(t.Key, c.Name)
	}
	t.Columns = append(t.Columns, c)
}

func (t *Table) addIndex(name string, unique bool, column string, definitions map[string]string, oids map[string]uint32) {
	n := len(t.Indexes)
	if n == 0 || t.Indexes[n-1].Name != name {
		t.Indexes = append(t.Indexes, Index{Name: name, OID: oids[name], Unique: unique, Definition: definitions[name]})
		n++
	}
	t.Indexes[n-1].Columns = append(t.Indexes[n-1].Columns, column)
}

// Column finds a column by name.
func (t *Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// What SQLite has no place for stands in comments of the definitions we write, which SQLite keeps: /*auto:serial8*/ behind the type
// of a key that fills itself, /*types:23,25*/ behind the AS of a view.
const (
	autoMark  = "/*auto:"
	typesMark = "/*types:"
)

func mark(definition, begin string) (string, bool) {
	_, rest, ok := strings.Cut(definition, begin)
	text, _, _ := strings.Cut(rest, "*/")
	return text, ok
}

// describe reads from the table's definition what the pragmas do not tell.
func (t *Table) describe() {
	if auto, ok := mark(t.Definition, autoMark); ok {
		kind, o, _ := strings.Cut(auto, " ")
		for i, c := range t.Columns {
			if len(t.Key) == 1 && c.Name == t.Key[0] {
				t.Columns[i].Auto = kind
				t.Columns[i].Type = declared(o)
			}
		}
	}
	if list, ok := mark(t.Definition, typesMark); ok && t.View {
		for i, d := range strings.Split(list, ";") {
			if i < len(t.Columns) {
				t.Columns[i].Type = declared(d)
			}
		}
	}
	if !t.View {
		t.constraints()
	}
}

// constraints reads the named constraints. We name all that we write.
func (t *Table) constraints() {
	toks, err := lex(t.Definition)
	if err != nil {
		return // made by another hand: no names are known
	}
	for i := 0; i+3 < len(toks); i++ {
		if toks[i].text != "constraint" || toks[i].kind != word || toks[i+1].kind != quoted {
			continue
		}
		c := Constraint{Name: toks[i+1].text}
		switch toks[i+2].text {
		case "primary":
			c.Kind, c.Columns = 'p', t.Key
			c.Definition = "PRIMARY KEY (" + list(c.Columns) + ")"
		case "unique":
			c.Kind, c.Columns = 'u', inBrackets(toks[i+3:])
			c.Definition = "UNIQUE (" + list(c.Columns) + ")"
		case "check":
			c.Kind = 'c'
			c.Definition = "CHECK " + shownExpr(t.Definition[toks[i+3].pos+1:bracketEnd(toks[i+3:])])
		case "foreign":
			c.Kind = 'f'
			c.Columns = inBrackets(toks[i+4:])
			t.foreign(&c, toks[i+4:])
		}
		if c.Kind == 'p' || c.Kind == 'u' {
			c.index = 1<<20 + t.OID*64 + uint32(len(t.Constraints))
		}
		t.Constraints = append(t.Constraints, c)
	}
}

func (t *Table) foreign(c *Constraint, toks []token) {
	c.Definition = "FOREIGN KEY (" + list(c.Columns) + ")"
	for i, k := range toks {
		if k.text != "references" || i+1 >= len(toks) {
			continue
		}
		c.Target = toks[i+1].text
		c.Definition += " REFERENCES " + shownIdent(c.Target) + "(" + list(inBrackets(toks[i+2:])) + ")"
		for j := i + 2; j+2 < len(toks) && toks[j].text != "constraint" && toks[j].text != ","; j++ {
			if toks[j].text == "on" {
				c.Definition += " ON " + strings.ToUpper(toks[j+1].text+" "+toks[j+2].text)
				if toks[j+2].text == "set" || toks[j+2].text == "no" {
					c.Definition += " " + strings.ToUpper(toks[j+3].text)
				}
			}
		}
		return
	}
}

// inBrackets are the names between the brackets that come next.
func inBrackets(toks []token) (out []string) {
	for _, t := range toks {
		switch {
		case t.kind == quoted || t.kind == word:
			out = append(out, t.text)
		case t.text == ")":
			return out
		}
	}
	return out
}

func bracketEnd(toks []token) int {
	depth := 0
	for _, t := range toks {
		switch t.text {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return t.pos
			}
		}
	}
	return toks[len(toks)-1].pos
}

// shownExpr is an expression of SQLite with its names as Postgres prints them.
func shownExpr(sql string) string {
	toks, err := lex(sql)
	if err != nil {
		return sql
	}
	var b strings.Builder
	at := 0
	for _, t := range toks {
		b.WriteString(sql[at:t.pos])
		if at = t.end; t.kind == quoted {
			b.WriteString(shownIdent(t.text))
		} else {
			b.WriteString(sql[t.pos:t.end])
		}
	}
	return b.String()
}

func list(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = shownIdent(n)
	}
	return strings.Join(out, ", ")
}

// shownIdent is a name as Postgres prints it: quoted only where it has to be.
func shownIdent(name string) string {
	toks, err := lex(name)
	if err != nil || len(toks) != 2 || toks[0].kind != word || toks[0].text != name || reserved[name] {
		return ident(name)
	}
	return name
}

// Violated finds the constraint whose columns SQLite names in a message about a duplicate: "t.a, t.b" or "index 'name'".
func (s *Schema) Violated(what string) (table, name string) {
	if i, ok := strings.CutPrefix(what, "index '"); ok {
		return "", strings.TrimSuffix(i, "'")
	}
	var names []string
	for _, part := range strings.Split(what, ", ") {
		var column string
		table, column, _ = strings.Cut(part, ".")
		names = append(names, column)
	}
	t := s.Table(table)
	if t == nil {
		return table, table + "_key"
	}
	for _, c := range t.Constraints {
		if (c.Kind == 'p' || c.Kind == 'u') && slices.Equal(c.Columns, names) {
			return table, c.Name
		}
	}
	for _, i := range t.Indexes {
		if i.Unique && slices.Equal(i.Columns, names) {
			return table, i.Name
		}
	}
	return table, table + "_pkey"
}
