package sqlserver

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// place is a session in a database: its own, or another one for as long as a statement names it. It is what tsql looks names up in.
type place struct {
	x    *session
	db   *database.Conn
	name string
}

// properties is the table in which a database keeps what SQLite has no place for: its recovery model. It is no table of the user's.
const properties = "sqlserver_properties"

// at is where a statement runs.
func (x *session) at(s tsql.Statement) (place, func(), error) {
	here := place{x, x.db, x.database}
	other, err := tsql.Elsewhere(s, x.database)
	if err != nil || other == "" {
		return here, func() {}, err
	}
	if x.open > 0 {
		return here, nil, tsql.Refused("a transaction over several databases")
	}
	p, leave, err := x.in(other)
	return p, leave, err
}

// in is another database for a moment.
func (x *session) in(name string) (place, func(), error) {
	if strings.EqualFold(name, x.database) {
		return place{x, x.db, x.database}, func() {}, nil
	}
	db, real, err := x.connect(name)
	if err != nil {
		return place{}, nil, err
	}
	return place{x, db, real}, func() { db.Close() }, nil
}

// Database is the name of the place's database.
func (p place) Database() string { return p.name }

// Variable is a variable of the batch.
func (p place) Variable(name string) (tsql.Value, bool) {
	v, ok := p.x.frame[name]
	return v, ok
}

// MayInsertIdentity tells SET IDENTITY_INSERT.
func (p place) MayInsertIdentity(table string) bool {
	_, object, _ := cutLast(p.x.options.identityInsert, ".")
	return strings.EqualFold(object, table)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	return s[:max(i, 0)], s[i+1:], i >= 0
}

// Table reads a table's columns from the database.
func (p place) Table(n tsql.Name) (*tsql.Table, error) {
	if n.Schema != "" && !strings.EqualFold(n.Schema, "dbo") || strings.EqualFold(n.Object, properties) || strings.HasPrefix(lower(n.Object), "sqlite_") {
		return nil, nil
	}
	schema := "main"
	if n.IsTemporary() {
		schema = "temp"
	}
	master := map[string]string{"main": "main.sqlite_schema", "temp": "temp.sqlite_schema"}[schema]
	rows, err := p.db.Run(context.Background(), "SELECT s.name, s.sql, c.name, c.type, c.\"notnull\", c.pk, c.dflt_value FROM "+master+" s JOIN pragma_table_info(s.name, ?2) c "+
		"WHERE s.type = 'table' AND s.name = ?1 COLLATE NOCASE ORDER BY c.cid", n.Object, schema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tab *tsql.Table
	for rows.Next() {
		v := rows.Values()
		if tab == nil {
			tab = &tsql.Table{Name: v[0].(string)}
		}
		c := tsql.TableColumn{Name: v[2].(string), NotNull: v[4].(int64) != 0, Key: int(v[5].(int64))}
		c.Default, _ = v[6].(string)
		if declared := v[3].(string); declared == "INTEGER" {
			create, _ := v[1].(string)
			c.Type, c.Seed, c.Identity = tsql.IdentityComment(create)
			c.NotNull = true
		} else {
			c.Type, _ = tsql.Declared(lower(declared))
		}
		if c.Type.Name == "" { // the table was not made by T-SQL
			c.Type = tds.Type{Name: "nvarchar", Length: tds.Max}
		}
		tab.Columns = append(tab.Columns, c)
	}
	return tab, rows.Err()
}

// tables are the names of all tables of the user's, in order.
func (p place) tables() ([]string, error) {
	v, err := p.one(context.Background(), "SELECT json_group_array(name) FROM (SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ?1 ORDER BY name)", properties)
	if err != nil {
		return nil, err
	}
	var names []string
	text, _ := v.(string)
	return names, json.Unmarshal([]byte(text), &names)
}

// recovery is the database's recovery model. RDS sets FULL where automated backups are on, which is the default.
func (p place) recovery() string {
	there, err := p.one(context.Background(), "SELECT 1 FROM main.sqlite_schema WHERE name = ?1", properties)
	if err != nil || there == nil {
		return "FULL"
	}
	v, err := p.one(context.Background(), "SELECT value FROM "+properties+" WHERE name = 'recovery'")
	if text, ok := v.(string); ok && err == nil {
		return text
	}
	return "FULL"
}

// setRecovery keeps the recovery model in the database itself, so that copies of it have it, too.
func (p place) setRecovery(ctx context.Context, model string) error {
	if _, err := p.change(ctx, "CREATE TABLE IF NOT EXISTS main."+properties+" (name TEXT PRIMARY KEY, value TEXT)"); err != nil {
		return err
	}
	_, err := p.change(ctx, "INSERT OR REPLACE INTO main."+properties+" VALUES ('recovery', ?1)", model)
	return err
}

// mayDefine refuses new tables in the system databases: they would not be kept. On RDS the master user has no permission there either.
func (p place) mayDefine(s tsql.Statement) error {
	n, ok := tsql.Defines(s)
	if ok && !n.IsTemporary() && slices.Contains(systemDatabases, p.name) {
		f := failure(262, "CREATE TABLE permission denied in database '%s'.", p.name)
		f.Severity = 14
		return f
	}
	return nil
}

// objectID is a number for a table, the same as long as its name is.
func objectID(name string) int64 {
	h := fnv.New32a()
	h.Write([]byte(lower(name)))
	return int64(h.Sum32()&0x7FFFFFFF | 1)
}

func lower(s string) string { return strings.ToLower(s) }
