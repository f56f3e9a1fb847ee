package sqlserver

import (
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// views are the system views, by schema and name; each is asked in the database it is about.
var views = map[string]func(place) (*tsql.View, error){
	"sys.databases":              place.sysDatabases,
	"sys.schemas":                place.sysSchemas,
	"sys.objects":                place.sysTables,
	"sys.tables":                 place.sysTables,
	"sys.columns":                place.sysColumns,
	"information_schema.tables":  place.schemaTables,
	"information_schema.columns": place.schemaColumns,
}

// View is a system view of the database that its name says, or of the current one.
func (p place) View(n tsql.Name) (*tsql.View, bool, error) {
	schema, object := lower(n.Schema), lower(n.Object)
	if schema == "dbo" && object == "sysdatabases" || schema == "" && object == "sysdatabases" {
		schema, object = "sys", "databases"
	}
	read, ok := views[schema+"."+object]
	if !ok && (schema == "sys" || schema == "information_schema") {
		return nil, false, tsql.Refused("the system view " + n.String())
	}
	if !ok {
		return nil, false, nil
	}
	if n.Database != "" {
		in, leave, err := p.x.in(n.Database)
		if err != nil {
			return nil, false, err
		}
		defer leave()
		p = in
	}
	v, err := read(p)
	return v, err == nil, err
}

// view makes one of columns "name type" and rows.
func view(rows [][]any, columns ...tds.Column) *tsql.View {
	return &tsql.View{Columns: columns, Rows: rows}
}

var recoveries = map[string]int{"FULL": 1, "BULK_LOGGED": 2, "SIMPLE": 3}

func (p place) sysDatabases() (*tsql.View, error) {
	var rows [][]any
	for i, name := range p.x.server.names() {
		state, err := p.x.server.state(name)
		if err != nil {
			continue // dropped since
		}
		number := map[string]int{online: 0, "RESTORING": 1}[state]
		recovery := "SIMPLE"
		if i >= len(systemDatabases) {
			recovery = "FULL"
			if in, leave, err := p.x.in(name); err == nil {
				recovery = in.recovery()
				leave()
			}
		}
		rows = append(rows, []any{name, i + 1, number, state, recoveries[recovery], recovery, 160, collation, 0, "MULTI_USER", 0})
	}
	return view(rows, tds.Column{Name: "name", Type: nameType}, tds.Column{Name: "database_id", Type: intType}, tds.Column{Name: "state", Type: tinyType}, tds.Column{Name: "state_desc", Type: nameType},
		tds.Column{Name: "recovery_model", Type: tinyType}, tds.Column{Name: "recovery_model_desc", Type: nameType}, tds.Column{Name: "compatibility_level", Type: tinyType}, tds.Column{Name: "collation_name", Type: nameType},
		tds.Column{Name: "user_access", Type: tinyType}, tds.Column{Name: "user_access_desc", Type: nameType}, tds.Column{Name: "is_read_only", Type: bitType}), nil
}

const collation = "SQL_Latin1_General_CP1_CI_AS"

func (p place) sysSchemas() (*tsql.View, error) {
	return view([][]any{{"dbo", 1, 1}, {"INFORMATION_SCHEMA", 3, 3}, {"sys", 4, 4}},
		tds.Column{Name: "name", Type: nameType}, tds.Column{Name: "schema_id", Type: intType}, tds.Column{Name: "principal_id", Type: intType}), nil
}

func (p place) sysTables() (*tsql.View, error) {
	names, err := p.tables()
	rows := make([][]any, len(names))
	for i, name := range names {
		rows[i] = []any{name, objectID(name), 1, "U ", "USER_TABLE", 0}
	}
	return view(rows, tds.Column{Name: "name", Type: nameType}, tds.Column{Name: "object_id", Type: intType}, tds.Column{Name: "schema_id", Type: intType},
		tds.Column{Name: "type", Type: tds.Type{Name: "char", Length: 2}}, tds.Column{Name: "type_desc", Type: nameType}, tds.Column{Name: "is_ms_shipped", Type: bitType}), err
}

// systemTypes are the numbers of data types in sys.columns (sys.types).
var systemTypes = map[string]int{"uniqueidentifier": 36, "date": 40, "time": 41, "datetime2": 42, "tinyint": 48, "smallint": 52, "int": 56, "smalldatetime": 58, "real": 59, "datetime": 61, "float": 62, "bit": 104,
	"decimal": 106, "bigint": 127, "varbinary": 165, "varchar": 167, "binary": 173, "char": 175, "nvarchar": 231, "nchar": 239}

// bytes is max_length: how many bytes a column's values have at most.
func bytes(t tds.Type) int {
	switch {
	case t.Length == tds.Max:
		return -1
	case t.Name == "nvarchar" || t.Name == "nchar":
		return 2 * t.Length
	case t.Length > 0:
		return t.Length
	}
	return map[string]int{"tinyint": 1, "bit": 1, "smallint": 2, "int": 4, "real": 4, "smalldatetime": 4, "date": 3, "time": 5, "uniqueidentifier": 16, "decimal": 9}[t.Name] + map[string]int{"bigint": 8, "float": 8, "datetime": 8, "datetime2": 8}[t.Name]
}

// eachColumn shows f every column of every table.
func (p place) eachColumn(f func(table string, at int, c tsql.TableColumn)) error {
	names, err := p.tables()
	if err != nil {
		return err
	}
	for _, name := range names {
		tab, err := p.Table(tsql.Name{Object: name})
		if err != nil {
			return err
		}
		if tab == nil {
			continue // dropped since
		}
		for i, c := range tab.Columns {
			f(name, i+1, c)
		}
	}
	return nil
}

func (p place) sysColumns() (*tsql.View, error) {
	var rows [][]any
	err := p.eachColumn(func(table string, at int, c tsql.TableColumn) {
		n := systemTypes[c.Type.Name]
		rows = append(rows, []any{objectID(table), c.Name, at, n, n, bytes(c.Type), c.Type.Precision, c.Type.Scale, tsql.Stored(!c.NotNull, bitType), tsql.Stored(c.Identity, bitType)})
	})
	return view(rows, tds.Column{Name: "object_id", Type: intType}, tds.Column{Name: "name", Type: nameType}, tds.Column{Name: "column_id", Type: intType}, tds.Column{Name: "system_type_id", Type: tinyType},
		tds.Column{Name: "user_type_id", Type: intType}, tds.Column{Name: "max_length", Type: smallType}, tds.Column{Name: "precision", Type: tinyType}, tds.Column{Name: "scale", Type: tinyType},
		tds.Column{Name: "is_nullable", Type: bitType}, tds.Column{Name: "is_identity", Type: bitType}), err
}

func (p place) schemaTables() (*tsql.View, error) {
	names, err := p.tables()
	rows := make([][]any, len(names))
	for i, name := range names {
		rows[i] = []any{p.name, "dbo", name, "BASE TABLE"}
	}
	return view(rows, tds.Column{Name: "TABLE_CATALOG", Type: nameType}, tds.Column{Name: "TABLE_SCHEMA", Type: nameType}, tds.Column{Name: "TABLE_NAME", Type: nameType},
		tds.Column{Name: "TABLE_TYPE", Type: tds.Type{Name: "varchar", Length: 10}}), err
}

func (p place) schemaColumns() (*tsql.View, error) {
	var rows [][]any
	err := p.eachColumn(func(table string, at int, c tsql.TableColumn) {
		var length, precision any
		if c.Type.IsText() || c.Type.IsBinary() {
			length = c.Type.Length
		}
		if c.Type.IsNumber() {
			precision = map[string]int{"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19, "float": 53, "real": 24, "decimal": c.Type.Precision}[c.Type.Name]
		}
		var def any
		if c.Default != "" {
			def = "(" + strings.TrimSpace(c.Default) + ")"
		}
		rows = append(rows, []any{p.name, "dbo", table, c.Name, at, def, map[bool]string{true: "NO", false: "YES"}[c.NotNull], c.Type.Name, length, precision})
	})
	return view(rows, tds.Column{Name: "TABLE_CATALOG", Type: nameType}, tds.Column{Name: "TABLE_SCHEMA", Type: nameType}, tds.Column{Name: "TABLE_NAME", Type: nameType}, tds.Column{Name: "COLUMN_NAME", Type: nameType},
		tds.Column{Name: "ORDINAL_POSITION", Type: intType}, tds.Column{Name: "COLUMN_DEFAULT", Type: longType}, tds.Column{Name: "IS_NULLABLE", Type: tds.Type{Name: "varchar", Length: 3}},
		tds.Column{Name: "DATA_TYPE", Type: nameType}, tds.Column{Name: "CHARACTER_MAXIMUM_LENGTH", Type: intType}, tds.Column{Name: "NUMERIC_PRECISION", Type: tinyType}), err
}
