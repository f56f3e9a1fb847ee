package dialect

import (
	"strings"
)

// sessionFunction writes the functions that tell where one is.
func (p *parser) sessionFunction(c *call) (expr, bool) {
	arg := func(n int) string { return p.anything(c.args[n]).sql }
	switch c.name {
	case "version":
		return typed(Text, "%s", quote("PostgreSQL "+p.env.Version+" on x86_64-pc-linux-gnu (the lifeboat sandbox: SQLite behind the Postgres protocol), 64-bit")), true
	case "current_database", "current_catalog":
		return typed(Name, "%s", quote(p.env.Database)), true
	case "current_schema":
		return typed(Name, "'public'"), true
	case "current_schemas":
		return typed(Name.Array(), `'["pg_catalog","public"]'`), true
	case "current_setting":
		return p.currentSetting(c), true
	case "pg_database_size":
		if len(c.args) == 1 {
			name := arg(0)
			if c.args[0].typ.OID.integer() {
				name = p.lookup("pg_database", "datname", "oid", name)
			}
			return typed(Int8, "pg_bytes_of(%s)", name), true
		}
	case "pg_client_encoding":
		return typed(Name, "'UTF8'"), true
	case "inet_server_addr", "inet_client_addr":
		return typed(Text, "'127.0.0.1'"), true
	case "quote_nullable", "pg_typeof":
		if c.name == "pg_typeof" && len(c.args) == 1 {
			return typed(Text, "%s", quote(Type{OID: c.args[0].typ.OID}.String())), true
		}
	case "format_type":
		if len(c.args) == 2 {
			return typed(Text, "pg_format_type(%s, %s)", arg(0), arg(1)), true
		}
	case "nextval", "setval", "currval":
		e := Unsupported("the function %s", c.name).at(c.at)
		e.Hint = "A serial or identity key fills itself: leave the column out of the INSERT, and read its value with RETURNING."
		fail(e)
	}
	return expr{}, false
}

func (p *parser) currentSetting(c *call) expr {
	if len(c.args) == 0 || c.args[0].text == nil {
		fail(Unsupported("current_setting of a computed name").at(c.at))
	}
	v, ok := p.env.Setting(*c.args[0].text)
	if !ok {
		if len(c.args) > 1 {
			return typed(Text, "null")
		}
		fail(Errorf("42704", "unrecognized configuration parameter %q", *c.args[0].text).at(c.at))
	}
	return typed(Text, "%s", quote(v))
}

// catalogFunction writes the functions that read the catalogs, those that psql asks for among them.
func (p *parser) catalogFunction(c *call) (expr, bool) {
	arg := func(n int) string { return p.anything(c.args[n]).sql }
	fixed := func(o OID, sql string) (expr, bool) { return typed(o, "%s", sql), true }
	if strings.HasPrefix(c.name, "has_") && strings.HasSuffix(c.name, "_privilege") {
		return fixed(Bool, "1") // whoever has come in is the master user
	}
	if strings.HasPrefix(c.name, "pg_") && strings.HasSuffix(c.name, "_is_visible") {
		return fixed(Bool, "1")
	}
	switch c.name {
	case "pg_relation_is_publishable", "row_security_active":
		return fixed(Bool, "0")
	case "obj_description", "col_description", "shobj_description", "pg_tablespace_location", "pg_get_partkeydef", "pg_get_triggerdef", "pg_get_statisticsobjdef_columns":
		return fixed(Text, "null")
	case "pg_partition_ancestors", "pg_partition_root":
		return fixed(Regclass, "null")
	case "pg_encoding_to_char":
		return typed(Name, "(case when %s = 6 then 'UTF8' else '' end)", arg(0)), true
	case "array_upper":
		return typed(Int4, "nullif(json_array_length(%s), 0)", arg(0)), true
	}
	if len(c.args) == 0 {
		return expr{}, false
	}
	switch c.name {
	case "pg_get_userbyid":
		return typed(Name, "coalesce(%s, 'unknown (OID=' || %s || ')')", p.lookup("pg_roles", "rolname", "oid", arg(0)), arg(0)), true
	case "pg_get_expr":
		return typed(Text, "%s", arg(0)), true
	case "pg_get_indexdef":
		if len(c.args) == 3 && c.args[1].sql != "0" {
			return expr{}, false
		}
		return typed(Text, "%s", p.lookup("pg_index", "inddef", "indexrelid", arg(0))), true
	case "pg_get_constraintdef":
		return typed(Text, "%s", p.lookup("pg_constraint", "condef", "oid", arg(0))), true
	case "to_regclass":
		if c.args[0].text != nil {
			return typed(Regclass, "%s", p.lookup("pg_class", "oid", "relname", quote(strings.TrimPrefix(*c.args[0].text, "public.")))), true
		}
	case "pg_relation_size", "pg_table_size", "pg_total_relation_size", "pg_indexes_size":
		return p.relationSize(c), true
	case "pg_get_viewdef", "pg_get_ruledef", "pg_get_functiondef":
		fail(Unsupported("the function %s", c.name).at(c.at))
	}
	return expr{}, false
}

// relationSize is how many bytes a table takes, with its indexes or without.
func (p *parser) relationSize(c *call) expr {
	name := p.lookup("pg_class", "relname", "oid", p.known(c.args[0], Type{OID: Regclass}).sql)
	which := "name = " + name
	switch c.name {
	case "pg_total_relation_size":
		which = "name in (select name from sqlite_schema where tbl_name = " + name + ")"
	case "pg_indexes_size":
		which = "name in (select name from sqlite_schema where type = 'index' and tbl_name = " + name + ")"
	}
	return typed(Int8, "(select coalesce(sum(pgsize), 0) from dbstat where %s)", which)
}
