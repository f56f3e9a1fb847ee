package dialect

import (
	"fmt"
	"slices"
	"strings"
)

func namespaces(*Env) [][]any {
	return [][]any{{catalogSpace, "pg_catalog", rdsadminOID, nil}, {publicSpace, "public", 6171, nil}, {infoSpace, "information_schema", rdsadminOID, nil}}
}

// relation is one row of pg_class.
func relation(oid uint32, name string, am int, kind string, natts, checks int, hasIndex, foreign bool) []any {
	return []any{oid, name, publicSpace, 0, 0, masterOID, am, oid, 0, 0, -1, 0, hasIndex, false, "p", kind, natts, checks, false, foreign, false, false, false, true, "d", false, nil, nil, nil}
}

func classes(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		kind, am, checks := "r", 2, 0
		if t.View {
			kind, am = "v", 0
		}
		for _, c := range t.Constraints {
			if c.Kind == 'c' {
				checks++
			}
			if c.index > 0 {
				out = append(out, relation(c.index, c.Name, 403, "i", len(c.Columns), 0, false, false))
			}
		}
		for _, i := range t.Indexes {
			out = append(out, relation(i.OID, i.Name, 403, "i", len(i.Columns), 0, false, false))
		}
		out = append(out, relation(t.OID, t.Name, am, kind, len(t.Columns), checks, len(t.Key) > 0 || len(t.Indexes) > 0, env.Schema.foreign(t)))
	}
	return out
}

// foreign tells whether a foreign key leads from or to a table.
func (s *Schema) foreign(t *Table) bool {
	return slices.ContainsFunc(s.Tables, func(other *Table) bool {
		return slices.ContainsFunc(other.Constraints, func(c Constraint) bool { return c.Kind == 'f' && (other == t || c.Target == t.Name) })
	})
}

func attributes(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		for i, c := range t.Columns {
			identity := map[string]string{"always": "a", "default": "d"}[c.Auto]
			collation := 0
			if c.Type.OID.stringy() {
				collation = 100
			}
			out = append(out, []any{t.OID, c.Name, c.Type.OID, c.Type.OID.Length(), i + 1, 0, c.Type.Typmod(), c.NotNull, c.Default != "" || c.Auto == "serial",
				identity, "", false, true, collation, storage(c.Type.OID), "", -1, nil, nil})
		}
	}
	return out
}

func storage(o OID) string {
	if o == Numeric {
		return "m"
	}
	if o.Length() < 0 {
		return "x"
	}
	return "p"
}

// shownDefault is a default in Postgres's words.
func (t *Table) shownDefault(c Column) string {
	if c.Auto == "serial" {
		return fmt.Sprintf("nextval('%s_%s_seq'::regclass)", t.Name, c.Name)
	}
	d := c.Default
	switch {
	case c.Type.OID == Bool && (d == "0" || d == "1"):
		return map[string]string{"0": "false", "1": "true"}[d]
	case strings.HasPrefix(d, "'") && c.Type.OID.category() == 'D':
		return quote(c.Type.outputMoment(strings.Trim(d, "'"))) + "::" + Type{OID: c.Type.OID}.String()
	case strings.HasPrefix(d, "'"):
		return d + "::" + Type{OID: c.Type.OID}.String()
	case strings.HasPrefix(d, "pg_now()"):
		return "now()"
	case strings.HasPrefix(d, "substr(pg_now()") && c.Type.OID == Date:
		return "CURRENT_DATE"
	case strings.HasPrefix(d, "pg_uuid()"):
		return "gen_random_uuid()"
	}
	return strings.ReplaceAll(d, "pg_clock()", "clock_timestamp()")
}

func defaults(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		for i, c := range t.Columns {
			if c.Default != "" || c.Auto == "serial" {
				out = append(out, []any{int(t.OID)<<8 + i, t.OID, i + 1, t.shownDefault(c)})
			}
		}
	}
	return out
}

func types(*Env) (out [][]any) {
	for _, in := range infos {
		if in.oid == Unknown {
			continue
		}
		kind := "b"
		if in.category == 'P' {
			kind = "p"
		}
		collation := 0
		if in.oid.stringy() {
			collation = 100
		}
		out = append(out, []any{in.oid, in.name, catalogSpace, rdsadminOID, in.length, in.length > 0 && in.length <= 8, kind, string(in.category), 0, 0, in.array, 0, -1, false, collation, ",", in.name + "in", in.name + "recv"})
		if in.array != 0 {
			out = append(out, []any{in.array, "_" + in.name, catalogSpace, rdsadminOID, -1, false, "b", "A", 0, in.oid, 0, 0, -1, false, collation, ",", "array_in", "array_recv"})
		}
	}
	return out
}

// numbers are the places of columns in a table, as JSON.
func (t *Table) numbers(names []string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprint(slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == n }) + 1)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (t *Table) indexDefinition(name string, unique bool, columns string) string {
	word := "INDEX"
	if unique {
		word = "UNIQUE INDEX"
	}
	return fmt.Sprintf("CREATE %s %s ON public.%s USING btree (%s)", word, shownIdent(name), shownIdent(t.Name), columns)
}

func indexes(env *Env) (out [][]any) {
	row := func(t *Table, oid uint32, columns []string, unique, primary bool, definition string) {
		out = append(out, []any{oid, t.OID, len(columns), len(columns), unique, primary, false, true, false, true, true, true, false, false, t.numbers(columns), nil, nil, definition})
	}
	for _, t := range env.Schema.Tables {
		for _, c := range t.Constraints {
			if c.index > 0 {
				row(t, c.index, c.Columns, true, c.Kind == 'p', t.indexDefinition(c.Name, true, list(c.Columns)))
			}
		}
		for _, i := range t.Indexes {
			row(t, i.OID, i.Columns, i.Unique, false, t.indexDefinition(i.Name, i.Unique, i.shown()))
		}
	}
	return out
}

// shown are an index's columns as Postgres prints them.
func (i Index) shown() string {
	if !slices.Contains(i.Columns, "") {
		return list(i.Columns)
	}
	open := strings.Index(i.Definition, "(")
	return strings.TrimSuffix(i.Definition[open+1:], ")")
}

func constraints(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		for n, c := range t.Constraints {
			var target uint32
			if other := env.Schema.Table(c.Target); other != nil {
				target = other.OID
			}
			out = append(out, []any{1<<24 + int(t.OID)*64 + n, c.Name, publicSpace, string(c.Kind), false, false, true, t.OID, c.index, target, 0, t.numbers(c.Columns), c.Definition})
		}
	}
	return out
}

func databases(env *Env) (out [][]any) {
	row := func(oid int, name string, owner int, template, allow bool) {
		out = append(out, []any{oid, name, owner, 6, "c", nil, nil, template, allow, -1, 1663, "C", "C", nil})
	}
	row(4, "template0", rdsadminOID, true, false)
	row(1, "template1", rdsadminOID, true, true)
	row(3, "rdsadmin", rdsadminOID, false, true)
	for i, name := range env.Databases {
		row(5+i, name, masterOID, false, true)
	}
	return out
}

// roles are the master user and what RDS keeps for itself ("Understanding PostgreSQL roles and permissions", RDS user guide).
func roles(env *Env) [][]any {
	return [][]any{
		{rdsadminOID, "rdsadmin", true, true, true, true, true, true, -1, "********", nil, true},
		{masterOID, env.Master, false, true, true, true, true, false, -1, "********", nil, false},
		{6171, "pg_database_owner", false, true, false, false, false, false, -1, "********", nil, false},
		{16382, "rds_superuser", false, true, false, false, false, false, -1, "********", nil, false},
	}
}

func users(env *Env) [][]any {
	return [][]any{{"rdsadmin", rdsadminOID, true, true}, {env.Master, masterOID, true, false}}
}

func tablesView(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		if !t.View {
			out = append(out, []any{"public", t.Name, env.Master, len(t.Key) > 0 || len(t.Indexes) > 0})
		}
	}
	return out
}

func viewsView(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		if t.View {
			out = append(out, []any{"public", t.Name, env.Master})
		}
	}
	return out
}

func indexesView(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		for _, c := range t.Constraints {
			if c.index > 0 {
				out = append(out, []any{"public", t.Name, c.Name, t.indexDefinition(c.Name, true, list(c.Columns))})
			}
		}
		for _, i := range t.Indexes {
			out = append(out, []any{"public", t.Name, i.Name, t.indexDefinition(i.Name, i.Unique, i.shown())})
		}
	}
	return out
}

func settingsView(env *Env) (out [][]any) {
	for _, name := range []string{"server_version", "server_version_num", "server_encoding", "client_encoding", "TimeZone", "DateStyle", "max_connections", "search_path", "transaction_isolation"} {
		v, _ := env.Setting(name)
		out = append(out, []any{name, v})
	}
	return out
}

// activity shows the session that asks: of the others nothing is known here.
func activity(env *Env) [][]any {
	return [][]any{{slices.Index(env.Databases, env.Database) + 5, env.Database, env.PID, env.User, nil, "active", nil}}
}

func infoSchemata(env *Env) (out [][]any) {
	for _, s := range []string{"pg_catalog", "public", "information_schema"} {
		out = append(out, []any{env.Database, s, env.Master})
	}
	return out
}

func infoTables(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		kind, insert := "BASE TABLE", "YES"
		if t.View {
			kind, insert = "VIEW", "NO"
		}
		out = append(out, []any{env.Database, "public", t.Name, kind, insert})
	}
	return out
}

func infoViews(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		if t.View {
			out = append(out, []any{env.Database, "public", t.Name})
		}
	}
	return out
}

func infoColumns(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		for i, c := range t.Columns {
			var length, precision, scale, moment, def any
			switch o := c.Type.OID; {
			case o.stringy() && c.Type.Mod != 0:
				length = c.Type.Mod - 4
			case o == Numeric && c.Type.Mod != 0:
				precision, scale = c.Type.precision()
			case o == Int2, o == Int4, o == Int8:
				precision, scale = map[OID]int{Int2: 16, Int4: 32, Int8: 64}[o], 0
			case o == Timestamp, o == Timestamptz, o == Time:
				moment = 6
			}
			if c.Default != "" || c.Auto == "serial" {
				def = t.shownDefault(c)
			}
			name := Type{OID: c.Type.OID}.String()
			if _, array := c.Type.OID.Element(); array {
				name = "ARRAY"
			}
			out = append(out, []any{env.Database, "public", t.Name, c.Name, i + 1, def, yes(!c.NotNull), name, length, precision, scale, moment, c.Type.OID.typname(), yes(c.Auto == "always" || c.Auto == "default")})
		}
	}
	return out
}

func yes(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

func infoConstraints(env *Env) (out [][]any) {
	kinds := map[byte]string{'p': "PRIMARY KEY", 'u': "UNIQUE", 'c': "CHECK", 'f': "FOREIGN KEY"}
	for _, t := range env.Schema.Tables {
		for _, c := range t.Constraints {
			out = append(out, []any{env.Database, "public", c.Name, "public", t.Name, kinds[c.Kind]})
		}
	}
	return out
}

func infoKeys(env *Env) (out [][]any) {
	for _, t := range env.Schema.Tables {
		for _, c := range t.Constraints {
			for i, column := range c.Columns {
				out = append(out, []any{"public", c.Name, "public", t.Name, column, i + 1})
			}
		}
	}
	return out
}
