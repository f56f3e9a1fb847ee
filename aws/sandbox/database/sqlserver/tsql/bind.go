package tsql

import (
	"encoding/json"
	"fmt"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// column finds a column among the tables of the query and of those around it.
func (t *Translator) column(parts []string) (value, error) {
	name, table := parts[len(parts)-1], ""
	if len(parts) > 1 {
		table = parts[len(parts)-2]
	}
	for i := len(t.scopes) - 1; i >= 0; i-- {
		var found []value
		for _, b := range t.scopes[i].tables {
			if table != "" && !strings.EqualFold(b.name, table) {
				continue
			}
			for _, c := range b.columns {
				if strings.EqualFold(c.Name, name) {
					found = append(found, b.value(c))
				}
			}
		}
		if len(found) > 1 {
			return value{}, fault(209, "Ambiguous column name '%s'.", name)
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	if table != "" {
		return value{}, fault(4104, "The multi-part identifier \"%s\" could not be bound.", strings.Join(parts, "."))
	}
	return value{}, fault(207, "Invalid column name '%s'.", name)
}

// value is a column of b.
func (b bound) value(c tds.Column) value {
	if b.bare {
		return value{sql: Quote(c.Name), t: c.Type}
	}
	return value{sql: Quote(b.name) + "." + Quote(c.Name), t: c.Type}
}

// stars are the columns that * or table.* stands for.
func (t *Translator) stars(x star) ([]value, []string, error) {
	var values []value
	var names []string
	for _, b := range t.scopes[len(t.scopes)-1].tables {
		if x.qualifier != "" && !strings.EqualFold(b.name, x.qualifier) {
			continue
		}
		for _, c := range b.columns {
			values = append(values, b.value(c))
			names = append(names, c.Name)
		}
	}
	switch {
	case len(values) > 0:
		return values, names, nil
	case x.qualifier != "":
		return nil, nil, fault(107, "The column prefix '%s' does not match with a table name or alias name used in the query.", x.qualifier)
	}
	return nil, nil, fault(263, "Must specify table to select from.")
}

// from makes SQL of a FROM and puts its tables into the innermost scope.
func (t *Translator) from(sources []source) (string, error) {
	parts := make([]string, len(sources))
	for i, s := range sources {
		var err error
		if parts[i], err = t.source(s); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, ", "), nil
}

func (t *Translator) source(s source) (string, error) {
	switch s := s.(type) {
	case tableSource:
		return t.tableSource(s)
	case querySource:
		q, err := t.apart(func() (result, error) { return t.query(s.query) })
		if err != nil {
			return "", err
		}
		return t.derived(q.sql, s.alias, q.columns, s.columns)
	case valuesSource:
		return t.valuesSource(s)
	case functionSource:
		return t.functionSource(s)
	case join:
		l, err := t.source(s.left)
		if err != nil {
			return "", err
		}
		r, err := t.source(s.right)
		if _, ok := s.right.(join); ok {
			r = "(" + r + ")"
		}
		if err != nil || s.on == nil {
			return l + " " + s.kind + " " + r, err
		}
		on, err := t.condition(s.on)
		return l + " " + s.kind + " " + r + " ON " + on, err
	}
	return "", fmt.Errorf("translate a FROM: a %T is no source", s)
}

// commasWithJoins refuses what the engines read differently: SQLite joins from left to right, T-SQL commas last.
func commasWithJoins(sources []source) error {
	for _, s := range sources {
		if j, ok := s.(join); ok && len(sources) > 1 && (j.kind == "RIGHT JOIN" || j.kind == "FULL JOIN") {
			return notUnderstood("%s beside a comma in FROM", j.kind)
		}
	}
	return nil
}

// apart translates a derived table: it does not see the tables beside it.
func (t *Translator) apart(f func() (result, error)) (result, error) {
	inner := t.scopes[len(t.scopes)-1]
	t.scopes = t.scopes[:len(t.scopes)-1]
	r, err := f()
	t.scopes = append(t.scopes, inner)
	return r, err
}

func (t *Translator) add(name string, columns []tds.Column) error {
	s := t.scopes[len(t.scopes)-1]
	for _, b := range s.tables {
		if strings.EqualFold(b.name, name) {
			return fault(1011, "The correlation name '%s' is specified multiple times in a FROM clause.", name)
		}
	}
	s.tables = append(s.tables, bound{name: name, columns: columns})
	return nil
}

func (t *Translator) tableSource(s tableSource) (string, error) {
	name := s.alias
	if name == "" {
		name = s.name.Object
	}
	if s.name.Schema == "" {
		for i := len(t.ctes) - 1; i >= 0; i-- {
			if c := t.ctes[i]; strings.EqualFold(c.name, s.name.Object) {
				return Quote(c.name) + " AS " + Quote(name), t.add(name, c.columns)
			}
		}
	}
	view, ok, err := t.s.View(s.name)
	if err != nil {
		return "", err
	}
	if ok {
		sql, err := t.view(view)
		if err != nil {
			return "", err
		}
		return "(" + sql + ") AS " + Quote(name), t.add(name, view.Columns)
	}
	tab, err := t.table(s.name)
	if err != nil {
		return "", err
	}
	return within(s.name) + " AS " + Quote(name), t.add(name, tab.columns())
}

func (tab *Table) columns() []tds.Column {
	columns := make([]tds.Column, len(tab.Columns))
	for i, c := range tab.Columns {
		columns[i] = tds.Column{Name: c.Name, Type: c.Type}
	}
	return columns
}

// view makes a query of a system view: its rows go along as one JSON argument.
func (t *Translator) view(v *View) (string, error) {
	rows, err := json.Marshal(v.Rows)
	if err != nil {
		return "", fmt.Errorf("make a system view: %w", err)
	}
	if len(v.Rows) == 0 {
		rows = []byte("[]")
	}
	names := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		names[i] = fmt.Sprintf("value->>%d", i)
		if c.Type.IsText() {
			names[i] += " COLLATE tsql"
		}
		names[i] += " AS " + Quote(c.Name)
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM json_each(" + t.bind(string(rows)) + ")", nil
}

// derived names a query in FROM. Names given after the alias replace the query's own.
func (t *Translator) derived(sql, alias string, columns []tds.Column, names []string) (string, error) {
	columns, err := renamed(alias, columns, names)
	if err != nil {
		return "", err
	}
	if names != nil {
		quoted := make([]string, len(names))
		for i, n := range names {
			quoted[i] = Quote(n)
		}
		sql = "WITH d(" + strings.Join(quoted, ", ") + ") AS (" + sql + ") SELECT * FROM d"
	}
	return "(" + sql + ") AS " + Quote(alias), t.add(alias, columns)
}

func renamed(alias string, columns []tds.Column, names []string) ([]tds.Column, error) {
	if names != nil && len(names) != len(columns) {
		return nil, fault(8158, "'%s' has %d columns than were specified in the column list.", alias, len(columns))
	}
	all := make([]tds.Column, len(columns))
	for i, c := range columns {
		if names != nil {
			c.Name = names[i]
		}
		if c.Name == "" {
			return nil, fault(8155, "No column name was specified for column %d of '%s'.", i+1, alias)
		}
		all[i] = c
	}
	return all, nil
}

func (t *Translator) valuesSource(s valuesSource) (string, error) {
	r, err := t.values(s.rows)
	if err != nil {
		return "", err
	}
	return t.derived(r.sql, s.alias, r.columns, s.columns)
}

// values makes a query of rows of expressions.
func (t *Translator) values(rows [][]expr) (result, error) {
	all := make([][]value, len(rows))
	types := make([]tds.Column, len(rows[0]))
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return result{}, fault(10709, "The number of columns for each row in a table value constructor must be the same.")
		}
		all[i] = make([]value, len(row))
		for j, x := range row {
			v, err := t.expr(x)
			if err != nil {
				return result{}, err
			}
			all[i][j], types[j].Type = v, higher(types[j].Type, v.t)
		}
	}
	lines := make([]string, len(all))
	for i, row := range all {
		cells := make([]string, len(row))
		for j, v := range row {
			v, err := t.convert(v, types[j].Type)
			if err != nil {
				return result{}, err
			}
			cells[j] = v.sql
		}
		lines[i] = "(" + strings.Join(cells, ",") + ")"
	}
	return result{sql: "VALUES " + strings.Join(lines, ","), columns: types}, nil
}

// functionSource is a function that gives rows: GENERATE_SERIES(start, stop [, step]) with its column value.
func (t *Translator) functionSource(s functionSource) (string, error) {
	if s.call.name != "GENERATE_SERIES" || len(s.call.args) < 2 || len(s.call.args) > 3 {
		return "", notUnderstood("the table-valued function %s", s.call.name)
	}
	args := append(s.call.args, literal{int64(1), intType})[:3]
	var n [3]string
	typ := intType
	for i, x := range args {
		v, err := t.expr(x)
		if err != nil {
			return "", err
		}
		if !v.t.IsInt() {
			return "", notUnderstood("GENERATE_SERIES of %s", v.t.Name)
		}
		typ = higher(typ, v.t)
		n[i] = v.sql
	}
	name := s.alias
	if name == "" {
		name = "GENERATE_SERIES"
	}
	sql := fmt.Sprintf("(WITH RECURSIVE g(value) AS (SELECT %[1]s WHERE (%[3]s > 0 AND %[1]s <= %[2]s) OR (%[3]s < 0 AND %[1]s >= %[2]s) UNION ALL SELECT value + %[3]s FROM g WHERE "+
		"(%[3]s > 0 AND value + %[3]s <= %[2]s) OR (%[3]s < 0 AND value + %[3]s >= %[2]s)) SELECT value FROM g) AS %[4]s", n[0], n[1], n[2], Quote(name))
	return sql, t.add(name, []tds.Column{{Name: "value", Type: typ}})
}
