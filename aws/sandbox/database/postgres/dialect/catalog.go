package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// A catalog is written into the statement that reads it, as a WITH of its rows: they are always those of now, and nothing of them is
// ever kept. catalogs holds each one's columns, name and type, and its rows.
type catalog struct {
	columns string
	rows    func(*Env) [][]any
}

// catalogs are those of pg_catalog, and of information_schema under their whole name.
var catalogs = map[string]catalog{
	"pg_namespace":             {"oid oid, nspname name, nspowner oid, nspacl text", namespaces},
	"pg_class":                 {"oid oid, relname name, relnamespace oid, reltype oid, reloftype oid, relowner oid, relam oid, relfilenode oid, reltablespace oid, relpages int4, reltuples float4, reltoastrelid oid, relhasindex bool, relisshared bool, relpersistence char, relkind char, relnatts int2, relchecks int2, relhasrules bool, relhastriggers bool, relhassubclass bool, relrowsecurity bool, relforcerowsecurity bool, relispopulated bool, relreplident char, relispartition bool, relacl text, reloptions _text, relpartbound text", classes},
	"pg_attribute":             {"attrelid oid, attname name, atttypid oid, attlen int2, attnum int2, attndims int4, atttypmod int4, attnotnull bool, atthasdef bool, attidentity char, attgenerated char, attisdropped bool, attislocal bool, attcollation oid, attstorage char, attcompression char, attstattarget int4, attacl text, attfdwoptions text", attributes},
	"pg_attrdef":               {"oid oid, adrelid oid, adnum int2, adbin text", defaults},
	"pg_type":                  {"oid oid, typname name, typnamespace oid, typowner oid, typlen int2, typbyval bool, typtype char, typcategory char, typrelid oid, typelem oid, typarray oid, typbasetype oid, typtypmod int4, typnotnull bool, typcollation oid, typdelim char, typinput text, typreceive text", types},
	"pg_index":                 {"indexrelid oid, indrelid oid, indnatts int2, indnkeyatts int2, indisunique bool, indisprimary bool, indisexclusion bool, indimmediate bool, indisclustered bool, indisvalid bool, indisready bool, indislive bool, indisreplident bool, indnullsnotdistinct bool, indkey _int2, indexprs text, indpred text, inddef text", indexes},
	"pg_constraint":            {"oid oid, conname name, connamespace oid, contype char, condeferrable bool, condeferred bool, convalidated bool, conrelid oid, conindid oid, confrelid oid, conparentid oid, conkey _int2, condef text", constraints},
	"pg_database":              {"oid oid, datname name, datdba oid, encoding int4, datlocprovider char, daticulocale text, daticurules text, datistemplate bool, datallowconn bool, datconnlimit int4, dattablespace oid, datcollate text, datctype text, datacl _text", databases},
	"pg_roles":                 {"oid oid, rolname name, rolsuper bool, rolinherit bool, rolcreaterole bool, rolcreatedb bool, rolcanlogin bool, rolreplication bool, rolconnlimit int4, rolpassword text, rolvaliduntil timestamptz, rolbypassrls bool", roles},
	"pg_user":                  {"usename name, usesysid oid, usecreatedb bool, usesuper bool", users},
	"pg_tables":                {"schemaname name, tablename name, tableowner name, hasindexes bool", tablesView},
	"pg_views":                 {"schemaname name, viewname name, viewowner name", viewsView},
	"pg_indexes":               {"schemaname name, tablename name, indexname name, indexdef text", indexesView},
	"pg_am":                    {"oid oid, amname name, amtype char", func(*Env) [][]any { return [][]any{{2, "heap", "t"}, {403, "btree", "i"}} }},
	"pg_collation":             {"oid oid, collname name", func(*Env) [][]any { return [][]any{{100, "default"}, {950, "C"}} }},
	"pg_tablespace":            {"oid oid, spcname name", func(*Env) [][]any { return [][]any{{1663, "pg_default"}, {1664, "pg_global"}} }},
	"pg_settings":              {"name text, setting text", settingsView},
	"pg_auth_members":          {"roleid oid, member oid, grantor oid, admin_option bool", none},
	"pg_description":           {"objoid oid, classoid oid, objsubid int4, description text", none},
	"pg_shdescription":         {"objoid oid, classoid oid, description text", none},
	"pg_inherits":              {"inhrelid oid, inhparent oid, inhseqno int4, inhdetachpending bool", none},
	"pg_policy":                {"oid oid, polname name, polrelid oid, polcmd char, polpermissive bool, polroles _int4, polqual text, polwithcheck text", none},
	"pg_trigger":               {"oid oid, tgrelid oid, tgparentid oid, tgname name, tgfoid oid, tgenabled char, tgisinternal bool, tgconstraint oid, tgdeferrable bool", none},
	"pg_rewrite":               {"oid oid, rulename name, ev_class oid, ev_enabled char, ev_type char, is_instead bool", none},
	"pg_statistic_ext":         {"oid oid, stxrelid oid, stxnamespace oid, stxname name, stxowner oid, stxkeys _int2, stxkind _text, stxstattarget int4", none},
	"pg_publication":           {"oid oid, pubname name, puballtables bool", none},
	"pg_publication_rel":       {"oid oid, prpubid oid, prrelid oid, prqual text, prattrs _int2", none},
	"pg_publication_namespace": {"oid oid, pnpubid oid, pnnspid oid", none},
	"pg_foreign_table":         {"ftrelid oid, ftserver oid, ftoptions _text", none},
	"pg_foreign_server":        {"oid oid, srvname name", none},
	"pg_extension":             {"oid oid, extname name, extversion text, extnamespace oid", none},
	"pg_enum":                  {"oid oid, enumtypid oid, enumsortorder float4, enumlabel name", none},
	"pg_range":                 {"rngtypid oid, rngsubtype oid", none},
	"pg_sequences":             {"schemaname name, sequencename name", none},
	"pg_proc":                  {"oid oid, proname name, pronamespace oid, prokind char", none},
	"pg_db_role_setting":       {"setdatabase oid, setrole oid, setconfig _text", none},
	"pg_stat_activity":         {"datid oid, datname name, pid int4, usename name, application_name text, state text, query text", activity},
	"pg_event_trigger":         {"oid oid, evtname name", none},
	"pg_locks":                 {"locktype text, pid int4, mode text, granted bool", none},

	"information_schema.schemata":          {"catalog_name name, schema_name name, schema_owner name", infoSchemata},
	"information_schema.tables":            {"table_catalog name, table_schema name, table_name name, table_type text, is_insertable_into text", infoTables},
	"information_schema.views":             {"table_catalog name, table_schema name, table_name name", infoViews},
	"information_schema.columns":           {"table_catalog name, table_schema name, table_name name, column_name name, ordinal_position int4, column_default text, is_nullable text, data_type text, character_maximum_length int4, numeric_precision int4, numeric_scale int4, datetime_precision int4, udt_name name, is_identity text", infoColumns},
	"information_schema.table_constraints": {"constraint_catalog name, constraint_schema name, constraint_name name, table_schema name, table_name name, constraint_type text", infoConstraints},
	"information_schema.key_column_usage":  {"constraint_schema name, constraint_name name, table_schema name, table_name name, column_name name, ordinal_position int4", infoKeys},
}

// Numbers of what every database has.
const (
	catalogSpace, publicSpace, infoSpace = 11, 2200, 13000
	masterOID                            = 16383
	rdsadminOID                          = 10
)

func none(*Env) [][]any { return nil }

// catalogColumns are a catalog's columns; false where there is none of that name.
func catalogColumns(schema, name string) ([]Column, bool) {
	if schema == "information_schema" {
		name = schema + "." + name
	}
	c, ok := catalogs[name]
	if !ok {
		return nil, false
	}
	var out []Column
	for _, def := range strings.Split(c.columns, ", ") {
		column, t, _ := strings.Cut(def, " ")
		if el, array := strings.CutPrefix(t, "_"); array {
			out = append(out, Column{Name: column, Type: Type{OID: byName[el].oid.Array()}})
			continue
		}
		if t == "char" {
			t = `"char"`
		}
		out = append(out, Column{Name: column, Type: Type{OID: byName[t].oid}})
	}
	return append(out, Column{Name: "tableoid", Type: Type{OID: Oid}, System: true}), true
}

// catalogNumber is the number of a catalog as a relation: any that no user's relation has.
func catalogNumber(name string) uint32 {
	names := make([]string, 0, len(catalogs))
	for n := range catalogs {
		names = append(names, n)
	}
	slices.Sort(names)
	return uint32(slices.Index(names, name) + 1)
}

// catalog makes the statement read a catalog and gives the name it has there.
func (p *parser) catalog(name string) string {
	if p.used == nil {
		p.used = map[string]bool{}
	}
	p.used[name] = true
	return ident("pg_catalog." + name)
}

// withCatalogs puts the rows of the catalogs before a statement.
func (p *parser) withCatalogs(sql string) string {
	var parts []string
	for _, name := range sortedKeys(p.used) {
		schema, bareName, inSchema := strings.Cut(name, ".")
		if !inSchema {
			schema, bareName = "pg_catalog", name
		}
		cols, _ := catalogColumns(schema, bareName)
		rows := catalogs[name].rows(p.env)
		lines := make([]string, 0, len(rows))
		for _, r := range rows {
			cells := make([]string, 0, len(cols))
			for i := range cols {
				if i < len(r) {
					cells = append(cells, cell(r[i]))
				} else if cols[i].System {
					cells = append(cells, fmt.Sprint(catalogNumber(name)))
				} else {
					cells = append(cells, "null")
				}
			}
			lines = append(lines, "("+strings.Join(cells, ", ")+")")
		}
		body := "values " + strings.Join(lines, ", ")
		if len(lines) == 0 {
			body = "select " + strings.TrimSuffix(strings.Repeat("null, ", len(cols)), ", ") + " where false"
		}
		parts = append(parts, fmt.Sprintf("%s(%s) as (%s)", ident("pg_catalog."+name), idents(columnNames(cols)), body))
	}
	head := "with recursive " + strings.Join(parts, ", ")
	if rest, ok := strings.CutPrefix(sql, "with recursive "); ok {
		return head + ", " + rest
	}
	return head + " " + sql
}

func cell(v any) string {
	switch x := v.(type) {
	case bool:
		return fmt.Sprint(bit(x))
	case string:
		return quote(x)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
