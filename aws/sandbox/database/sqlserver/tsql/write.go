package tsql

import (
	"fmt"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// insert translates INSERT of values or of a query. What INSERT ... EXEC inserts, package sqlserver reads first and gives as values.
func (t *Translator) insert(s Insert) (Code, error) {
	tab, err := t.table(s.into)
	if err != nil {
		return Code{}, err
	}
	targets, err := t.targets(tab, s)
	if err != nil {
		return Code{}, err
	}
	c := Code{SQL: "INSERT INTO " + within(s.into), Count: true}
	for _, col := range tab.Columns {
		if col.Identity {
			c.Inserts = tab.Name
		}
	}
	if len(s.rows) == 1 && s.rows[0] == nil {
		c.SQL += " DEFAULT VALUES"
		return t.returning(c, tab, s.output, "inserted")
	}
	quoted := make([]string, len(targets))
	for i, col := range targets {
		quoted[i] = Quote(col.Name)
	}
	c.SQL += " (" + strings.Join(quoted, ", ") + ") "
	var rows string
	if s.query != nil {
		rows, err = t.insertQuery(tab, targets, s.query)
	} else {
		rows, err = t.insertRows(tab, targets, s)
	}
	if err != nil {
		return c, err
	}
	c.SQL += rows
	return t.returning(c, tab, s.output, "inserted")
}

// targets are the columns that an INSERT fills.
func (t *Translator) targets(tab *Table, s Insert) ([]TableColumn, error) {
	mayIdentity := t.s.MayInsertIdentity(tab.Name)
	if s.columns == nil {
		var all []TableColumn
		for _, c := range tab.Columns {
			if !c.Identity {
				all = append(all, c)
			}
		}
		return all, nil
	}
	targets := make([]TableColumn, len(s.columns))
	for i, name := range s.columns {
		c, err := tab.column(name)
		if err != nil {
			return nil, err
		}
		if c.Identity && !mayIdentity {
			return nil, fault(544, "Cannot insert explicit value for identity column in table '%s' when IDENTITY_INSERT is set to OFF.", tab.Name)
		}
		targets[i] = c
	}
	return targets, nil
}

func (tab *Table) column(name string) (TableColumn, error) {
	for _, c := range tab.Columns {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
	}
	return TableColumn{}, fault(207, "Invalid column name '%s'.", name)
}

func (t *Translator) insertRows(tab *Table, targets []TableColumn, s Insert) (string, error) {
	var b strings.Builder
	b.WriteString("VALUES ")
	for i, row := range s.rows {
		if len(row) != len(targets) {
			return "", wrongCount(len(row), len(targets), s.columns != nil)
		}
		b.WriteString(map[bool]string{true: "(", false: ",("}[i == 0])
		for j, x := range row {
			v, err := t.assigned(tab, targets[j], x)
			if err != nil {
				return "", err
			}
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(v)
		}
		b.WriteByte(')')
	}
	return b.String(), nil
}

func wrongCount(values, columns int, named bool) error {
	switch {
	case !named:
		return fault(213, "Column name or number of supplied values does not match table definition.")
	case values < columns:
		return fault(109, "There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.")
	}
	return fault(110, "There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.")
}

func (t *Translator) insertQuery(tab *Table, targets []TableColumn, q *query) (string, error) {
	r, err := t.query(q)
	if err != nil {
		return "", err
	}
	if len(r.columns) != len(targets) {
		return "", fault(121, "The select list for the INSERT statement contains more or fewer items than the insert list. The number of SELECT values must match the number of INSERT columns.")
	}
	names, cells := make([]string, len(targets)), make([]string, len(targets))
	for i, c := range targets {
		names[i] = fmt.Sprintf("c%d", i)
		if cells[i], err = t.fits(tab, c, value{sql: names[i], t: r.columns[i].Type}); err != nil {
			return "", err
		}
	}
	return "SELECT " + strings.Join(cells, ", ") + " FROM (WITH q(" + strings.Join(names, ", ") + ") AS (" + r.sql + ") SELECT * FROM q)", nil
}

// assigned is x as a value for a column.
func (t *Translator) assigned(tab *Table, c TableColumn, x expr) (string, error) {
	if _, ok := x.(byDefault); ok {
		if c.Default == "" {
			return "NULL", nil
		}
		return c.Default, nil
	}
	v, err := t.expr(x)
	if err != nil {
		return "", err
	}
	return t.fits(tab, c, v)
}

// fits converts v for a column, and refuses what would be cut.
func (t *Translator) fits(tab *Table, c TableColumn, v value) (string, error) {
	full := t.s.Database() + ".dbo." + tab.Name
	if v.known {
		if v.v == nil && c.NotNull {
			return "", NullRefused(c.Name, full, "INSERT")
		}
		got, err := assign(v.v, v.t, c.Type, full, c.Name)
		return t.literal(got), err
	}
	if sameStorage(v.t, c.Type) {
		return v.sql, nil
	}
	if err := convertible(v.t, c.Type); err != nil {
		return "", err
	}
	return fmt.Sprintf("tsql_assign(%s,%s,%s,%s,%s)", v.sql, quoteText(v.t.String()), quoteText(c.Type.String()), quoteText(full), quoteText(c.Name)), nil
}

// NullRefused is SQL Server's error for NULL in a column that takes none.
func NullRefused(column, table, statement string) tds.Fault {
	return fault(515, "Cannot insert the value NULL into column '%s', table '%s'; column does not allow nulls. %s fails.", column, table, statement)
}

// returning adds OUTPUT to a statement.
func (t *Translator) returning(c Code, tab *Table, output []item, name string) (Code, error) {
	if output == nil {
		return c, nil
	}
	t.scopes = []*scope{{tables: []bound{{name: name, columns: tab.columns(), bare: true}}}}
	r, items, err := t.items(&selection{items: output}, false)
	if err != nil {
		return c, err
	}
	c.SQL += " RETURNING " + items
	c.Columns = r.columns
	return c, nil
}

func (t *Translator) update(s Update) (Code, error) {
	tab, err := t.table(s.table)
	if err != nil {
		return Code{}, err
	}
	t.scopes = []*scope{{tables: []bound{{name: s.table.Object, columns: tab.columns()}}}}
	sets := make([]string, len(s.sets))
	for i, a := range s.sets {
		c, err := tab.column(a.column)
		if err != nil {
			return Code{}, err
		}
		if c.Identity {
			return Code{}, fault(8102, "Cannot update identity column '%s'.", c.Name)
		}
		v, err := t.assigned(tab, c, a.x)
		if f, ok := err.(tds.Fault); ok && f.Number == 515 {
			err = NullRefused(c.Name, t.s.Database()+".dbo."+tab.Name, "UPDATE")
		}
		if err != nil {
			return Code{}, err
		}
		sets[i] = Quote(c.Name) + " = " + v
	}
	where, err := t.which(s.table, s.where, s.top)
	if err != nil {
		return Code{}, err
	}
	c := Code{SQL: "UPDATE " + within(s.table) + " SET " + strings.Join(sets, ", ") + where, Count: true}
	return t.returning(c, tab, s.output, "inserted")
}

// which makes the WHERE of an UPDATE or DELETE; TOP is a choice among its rows.
func (t *Translator) which(n Name, where, top expr) (string, error) {
	sql := ""
	if where != nil {
		c, err := t.condition(where)
		if err != nil {
			return "", err
		}
		sql = " WHERE " + c
	}
	if top == nil {
		return sql, nil
	}
	limit, err := t.as(top, bigintType)
	return " WHERE rowid IN (SELECT rowid FROM " + within(n) + sql + " LIMIT " + limit.sql + ")", err
}

func (t *Translator) delete(s Delete) (Code, error) {
	tab, err := t.table(s.table)
	if err != nil {
		return Code{}, err
	}
	t.scopes = []*scope{{tables: []bound{{name: s.table.Object, columns: tab.columns()}}}}
	where, err := t.which(s.table, s.where, s.top)
	if err != nil {
		return Code{}, err
	}
	c := Code{SQL: "DELETE FROM " + within(s.table) + where, Count: true}
	return t.returning(c, tab, s.output, "deleted")
}

func (t *Translator) truncate(s Truncate) (Code, error) {
	tab, err := t.table(s.table)
	if err != nil {
		return Code{}, err
	}
	c := Code{SQL: "DELETE FROM " + within(s.table)}
	for _, col := range tab.Columns {
		if col.Identity {
			c.After = append(c.After, seed(s.table, tab.Name, col.Seed)...)
		}
	}
	return c, nil
}

// seed makes a table's identity begin at n.
func seed(name Name, table string, n int64) []string {
	sequence := "main.sqlite_sequence"
	if name.IsTemporary() {
		sequence = "temp.sqlite_sequence"
	}
	return []string{
		"DELETE FROM " + sequence + " WHERE name = " + quoteText(table),
		fmt.Sprintf("INSERT INTO %s (name, seq) VALUES (%s, %d)", sequence, quoteText(table), n-1),
	}
}
