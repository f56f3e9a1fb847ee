package tsql

import (
	"fmt"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

func (t *Translator) createTable(s CreateTable) (Code, error) {
	if tab, err := t.s.Table(s.name); err != nil || tab != nil {
		if err == nil {
			err = fault(2714, "There is already an object named '%s' in the database.", s.name.Object)
		}
		return Code{}, err
	}
	if strings.HasPrefix(s.name.Object, "##") {
		return Code{}, notUnderstood("global temporary tables")
	}
	columns, constraints, err := keys(s)
	if err != nil {
		return Code{}, err
	}
	var all []tds.Column
	for _, d := range columns {
		all = append(all, tds.Column{Name: d.name, Type: d.typ})
	}
	t.defining = true
	t.scopes = []*scope{{tables: []bound{{name: s.name.Object, columns: all, bare: true}}}}
	var lines []string
	c := Code{}
	for _, d := range columns {
		line, err := t.columnDef(s.name, d)
		if err != nil {
			return c, err
		}
		lines = append(lines, line)
		if d.identity && d.seed != 1 {
			c.After = seed(s.name, s.name.Object, d.seed)
		}
	}
	for _, k := range constraints {
		line, err := t.constraint(s.name, k)
		if err != nil {
			return c, err
		}
		lines = append(lines, line)
	}
	c.SQL = "CREATE TABLE " + within(s.name) + " (" + strings.Join(lines, ", ") + ")"
	return c, nil
}

// keys gathers the constraints of columns and table. An identity column is SQLite's row number; a primary key elsewhere becomes unique.
func keys(s CreateTable) ([]columnDef, []constraint, error) {
	columns := append([]columnDef{}, s.columns...)
	constraints := append([]constraint{}, s.constraints...)
	identity := -1
	seen := map[string]int{}
	for i, d := range columns {
		if _, twice := seen[lower(d.name)]; twice {
			return nil, nil, fault(2705, "Column names in each table must be unique. Column name '%s' in table '%s' is specified more than once.", d.name, s.name.Object)
		}
		seen[lower(d.name)] = i
		constraints = append(constraints, d.constraints...)
		if d.identity {
			if identity >= 0 {
				return nil, nil, fault(2744, "Multiple identity columns specified for table '%s'. Only one identity column per table is allowed.", s.name.Object)
			}
			if !d.typ.IsInt() {
				return nil, nil, fault(2749, "Identity column '%s' must be of data type int, bigint, smallint, tinyint, or decimal or numeric with a scale of 0, unencrypted, and constrained to be nonnullable.", d.name)
			}
			identity = i
		}
	}
	primary := false
	rest := constraints[:0:0]
	for _, k := range constraints {
		if k.kind == "PRIMARY KEY" {
			if primary {
				return nil, nil, fault(8110, "Cannot add multiple PRIMARY KEY constraints to table '%s'.", s.name.Object)
			}
			primary = true
			for _, o := range k.columns {
				name, _ := o.x.(columnRef)
				i, ok := seen[lower(strings.Join(name.parts, "."))]
				if !ok {
					return nil, nil, fault(1911, "Column name '%s' does not exist in the target table or view.", strings.Join(name.parts, "."))
				}
				columns[i].notNull = true
				if i == identity && len(k.columns) == 1 {
					k.kind = ""
				}
			}
			if identity >= 0 && k.kind != "" {
				k.kind = "UNIQUE"
			}
		}
		if k.kind != "" {
			rest = append(rest, k)
		}
	}
	return columns, rest, nil
}

// columnDef writes a column; the type of an identity stands in a comment, where IdentityComment finds it: SQLite numbers columns of type INTEGER only.
func (t *Translator) columnDef(table Name, d columnDef) (string, error) {
	if d.identity {
		return fmt.Sprintf("%s INTEGER /* %s identity(%d,1) */ PRIMARY KEY AUTOINCREMENT", Quote(d.name), d.typ, d.seed), nil
	}
	line := Quote(d.name) + " " + declared(d.typ)
	if d.typ.IsText() {
		line += " COLLATE tsql"
	}
	if d.notNull {
		line += " NOT NULL"
	}
	if d.def != nil {
		v, err := t.expr(d.def)
		if err != nil {
			return "", err
		}
		if v, err = t.convert(v, d.typ); err != nil {
			return "", err
		}
		line += " DEFAULT (" + v.sql + ")"
	}
	return line, nil
}

// declared is a type as SQLite takes it: it has no word for max.
func declared(t tds.Type) string { return strings.Replace(t.String(), "(max)", "(-1)", 1) }

// Declared reads what declared wrote.
func Declared(s string) (tds.Type, bool) {
	name, args, _ := strings.Cut(strings.TrimSuffix(strings.Replace(s, "(-1)", "(max)", 1), ")"), "(")
	if args == "" {
		return tds.ParseType(name, nil)
	}
	return tds.ParseType(name, strings.Split(args, ","))
}

func (t *Translator) constraint(table Name, k constraint) (string, error) {
	line := ""
	if k.name != "" {
		line = "CONSTRAINT " + Quote(k.name) + " "
	}
	switch k.kind {
	case "CHECK":
		c, err := t.condition(k.check)
		return line + "CHECK (" + c + ")", err
	case "FOREIGN KEY":
		if table.IsTemporary() {
			return "", notUnderstood("foreign keys of temporary tables")
		}
	}
	columns, err := t.columnList(k.columns)
	if err != nil {
		return "", err
	}
	line += k.kind + " (" + columns + ")"
	if k.kind != "FOREIGN KEY" {
		return line, nil
	}
	if tab, err := t.s.Table(k.table); err != nil || tab == nil && !strings.EqualFold(k.table.Object, table.Object) {
		if err == nil {
			err = fault(1767, "Foreign key '%s' references invalid table '%s'.", k.name, k.table)
		}
		return "", err
	}
	line += " REFERENCES " + Quote(k.table.Object)
	if k.foreign != nil {
		quoted := make([]string, len(k.foreign))
		for i, f := range k.foreign {
			quoted[i] = Quote(f)
		}
		line += " (" + strings.Join(quoted, ", ") + ")"
	}
	if k.onDelete != "" {
		line += " ON DELETE " + k.onDelete
	}
	if k.onUpdate != "" {
		line += " ON UPDATE " + k.onUpdate
	}
	return line, nil
}

// columnList writes the columns of a key or index.
func (t *Translator) columnList(columns []ordering) (string, error) {
	parts := make([]string, len(columns))
	for i, o := range columns {
		name, ok := o.x.(columnRef)
		if !ok {
			return "", notUnderstood("keys and indexes of anything but columns")
		}
		v, err := t.column(name.parts)
		if err != nil {
			return "", err
		}
		if parts[i] = v.sql; o.desc {
			parts[i] += " DESC"
		}
	}
	return strings.Join(parts, ", "), nil
}

// indexName is an index's name in SQLite, where they belong to the database: in SQL Server they belong to the table.
func indexName(table, index string) string { return table + "." + index }

func (t *Translator) createIndex(s CreateIndex) (Code, error) {
	tab, err := t.table(s.table)
	if err != nil {
		return Code{}, err
	}
	t.defining = true
	t.scopes = []*scope{{tables: []bound{{name: tab.Name, columns: tab.columns(), bare: true}}}}
	columns, err := t.columnList(s.columns)
	if err != nil {
		return Code{}, err
	}
	schema, _, _ := strings.Cut(within(s.table), ".")
	sql := "CREATE " + map[bool]string{true: "UNIQUE "}[s.unique] + "INDEX " + schema + "." + Quote(indexName(lower(tab.Name), lower(s.name))) + " ON " + Quote(tab.Name) + " (" + columns + ")"
	if s.where != nil {
		c, err := t.condition(s.where)
		if err != nil {
			return Code{}, err
		}
		sql += " WHERE " + c
	}
	return Code{SQL: sql}, nil
}

func (t *Translator) dropIndex(s DropIndex) (Code, error) {
	tab, err := t.table(s.table)
	if err != nil {
		return Code{}, err
	}
	schema, _, _ := strings.Cut(within(s.table), ".")
	return Code{SQL: "DROP INDEX " + map[bool]string{true: "IF EXISTS "}[s.ifExists] + schema + "." + Quote(indexName(lower(tab.Name), lower(s.name)))}, nil
}

// Drops makes the statements of DROP TABLE. A table that is not there is an error, unless IF EXISTS stands there.
func (t *Translator) Drops(s DropTable) ([]Code, error) {
	var codes []Code
	for _, n := range s.names {
		tab, err := t.s.Table(n)
		if err != nil {
			return nil, err
		}
		switch {
		case tab != nil:
			codes = append(codes, Code{SQL: "DROP TABLE " + within(n), Drops: n.Object})
		case !s.ifExists:
			return codes, fault(3701, "Cannot drop the table '%s', because it does not exist or you do not have permission.", n)
		}
	}
	return codes, nil
}

// alterTable adds columns that are the same in old rows for both engines, or drops some.
func (t *Translator) alterTable(s AlterTable) (Code, error) {
	tab, err := t.table(s.table)
	if err != nil {
		return Code{}, err
	}
	t.defining = true
	var all []string
	for _, d := range s.add {
		if _, err := tab.column(d.name); err == nil {
			return Code{}, fault(2705, "Column names in each table must be unique. Column name '%s' in table '%s' is specified more than once.", d.name, tab.Name)
		}
		switch {
		case d.identity || len(d.constraints) > 0:
			return Code{}, notUnderstood("ALTER TABLE ADD of a column with IDENTITY or a constraint")
		case d.notNull && d.def == nil:
			return Code{}, fault(4901, "ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or the column being added is an identity or timestamp column, or alternatively if none of the previous conditions are satisfied the table must be empty to allow addition of this column. Column '%s' cannot be added to non-empty table '%s' because it does not satisfy these conditions.", d.name, tab.Name)
		case !d.notNull && d.def != nil:
			return Code{}, notUnderstood("ALTER TABLE ADD of a column with DEFAULT that is not NOT NULL")
		}
		line, err := t.columnDef(s.table, d)
		if err != nil {
			return Code{}, err
		}
		all = append(all, "ALTER TABLE "+within(s.table)+" ADD COLUMN "+line)
	}
	for _, name := range s.drop {
		c, err := tab.column(name)
		if err != nil {
			return Code{}, fault(4924, "ALTER TABLE DROP COLUMN failed because column '%s' does not exist in table '%s'.", name, tab.Name)
		}
		all = append(all, "ALTER TABLE "+within(s.table)+" DROP COLUMN "+Quote(c.Name))
	}
	return Code{SQL: all[0], After: all[1:]}, nil
}

// Defines is the table that a statement makes, if it makes one.
func Defines(s Statement) (Name, bool) {
	switch s := s.(type) {
	case CreateTable:
		return s.name, true
	case Select:
		if s.query.first != nil && s.query.first.into != nil {
			return *s.query.first.into, true
		}
	}
	return Name{}, false
}
