package tsql

import (
	"strconv"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// result is a query in SQL.
type result struct {
	sql     string
	columns []tds.Column
	sets    []string
	single  bool // it gives one row at most
}

func (t *Translator) selectStatement(s Select) (Code, error) {
	if f := s.query.first; f != nil && f.into != nil {
		return t.selectInto(s.query)
	}
	r, err := t.query(s.query)
	if err != nil {
		return Code{}, err
	}
	for i := range r.columns {
		if r.columns[i].Type.Name == "" { // NULL alone
			r.columns[i].Type = intType
		}
	}
	return Code{SQL: r.sql, Columns: r.columns, Sets: r.sets}, nil
}

// selectInto makes a table of a result.
func (t *Translator) selectInto(q *query) (Code, error) {
	into := *q.first.into
	plain, first := *q, *q.first
	first.into, plain.first = nil, &first
	r, err := t.query(&plain)
	if err != nil {
		return Code{}, err
	}
	if tab, err := t.s.Table(into); err != nil || tab != nil {
		if err == nil {
			err = fault(2714, "There is already an object named '%s' in the database.", into.Object)
		}
		return Code{}, err
	}
	columns, err := renamed(into.Object, r.columns, nil)
	if err != nil {
		return Code{}, err
	}
	d := CreateTable{name: into}
	for _, c := range columns {
		if c.Type.Name == "" {
			c.Type = intType
		}
		d.columns = append(d.columns, columnDef{name: c.Name, typ: c.Type})
	}
	code, err := t.createTable(d)
	code.After = append(code.After, "INSERT INTO "+within(into)+" "+r.sql)
	code.Count = true
	return code, err
}

// inner translates a query inside an expression, which sees the tables around it.
func (t *Translator) inner(q *query) (result, error) {
	r, err := t.query(q)
	if err == nil && r.sets != nil {
		err = fault(141, "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.")
	}
	return r, err
}

func (t *Translator) query(q *query) (result, error) {
	before := len(t.ctes)
	defer func() { t.ctes = t.ctes[:before] }()
	with, err := t.with(q.with)
	if err != nil {
		return result{}, err
	}
	t.scopes = append(t.scopes, &scope{})
	defer func() { t.scopes = t.scopes[:len(t.scopes)-1] }()
	r, err := t.body(q)
	if err != nil {
		return result{}, err
	}
	if q.first != nil && len(q.rest) == 0 {
		if err := grouped(q.first, q.order...); err != nil {
			return result{}, err
		}
	}
	order, err := t.order(q, r)
	if err != nil {
		return result{}, err
	}
	limit, err := t.limit(q)
	if err != nil {
		return result{}, err
	}
	r.sql = with + r.sql + order + limit
	r.single = r.single || limit == " LIMIT 1"
	return r, nil
}

// with makes WITH RECURSIVE of common table expressions: T-SQL tells recursion by the name only.
func (t *Translator) with(ctes []cte) (string, error) {
	if len(ctes) == 0 {
		return "", nil
	}
	parts := make([]string, len(ctes))
	for i, c := range ctes {
		at := len(t.ctes)
		if len(c.query.rest) > 0 && c.query.first != nil { // the first part tells what columns a recursion reads
			r, err := t.query(&query{first: c.query.first})
			if err != nil {
				return "", err
			}
			columns, err := renamed(c.name, r.columns, c.columns)
			if err != nil {
				return "", err
			}
			t.ctes = append(t.ctes, cteColumns{c.name, columns})
		}
		r, err := t.query(c.query)
		if err != nil {
			return "", err
		}
		columns, err := renamed(c.name, r.columns, c.columns)
		if err != nil {
			return "", err
		}
		t.ctes = append(t.ctes[:at], cteColumns{c.name, columns})
		names := make([]string, len(columns))
		for j, col := range columns {
			names[j] = Quote(col.Name)
		}
		parts[i] = Quote(c.name) + "(" + strings.Join(names, ", ") + ") AS (" + r.sql + ")"
	}
	return "WITH RECURSIVE " + strings.Join(parts, ", ") + " ", nil
}

// body translates the selections of q, joined by UNION and its kin.
func (t *Translator) body(q *query) (result, error) {
	r, err := t.term(q)
	if err != nil || len(q.rest) == 0 {
		return r, err
	}
	parts := []result{r}
	for _, p := range q.rest {
		t.scopes = append(t.scopes, &scope{})
		r, err := t.term(p.q)
		t.scopes = t.scopes[:len(t.scopes)-1]
		if err != nil {
			return r, err
		}
		if len(r.columns) != len(parts[0].columns) {
			return r, fault(205, "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.")
		}
		parts = append(parts, r)
	}
	columns := append([]tds.Column{}, parts[0].columns...)
	for _, p := range parts[1:] {
		for i, c := range p.columns {
			columns[i].Type = higher(columns[i].Type, c.Type)
		}
	}
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(" " + q.rest[i-1].op + " ")
		}
		sql, err := t.recast(p, columns)
		if err != nil {
			return r, err
		}
		b.WriteString(sql)
	}
	t.scopes[len(t.scopes)-1].tables = nil // ORDER BY sees the result's columns only
	return result{sql: b.String(), columns: columns}, nil
}

// recast makes the columns of r those types.
func (t *Translator) recast(r result, columns []tds.Column) (string, error) {
	names, cells, changed := make([]string, len(columns)), make([]string, len(columns)), false
	for i, c := range columns {
		names[i] = "c" + strconv.Itoa(i)
		v, err := t.convert(value{sql: names[i], t: r.columns[i].Type}, c.Type)
		if err != nil {
			return "", err
		}
		changed = changed || v.sql != names[i]
		cells[i] = v.sql
	}
	if !changed {
		return r.sql, nil
	}
	return "SELECT " + strings.Join(cells, ", ") + " FROM (WITH p(" + strings.Join(names, ", ") + ") AS (" + r.sql + ") SELECT * FROM p)", nil
}

func (t *Translator) term(q *query) (result, error) {
	if q.inner != nil {
		r, err := t.query(q.inner)
		r.sql = "SELECT * FROM (" + r.sql + ")"
		return r, err
	}
	return t.selection(q.first, len(q.rest) > 0)
}

// selection translates one SELECT; the innermost scope is its own.
func (t *Translator) selection(s *selection, part bool) (result, error) {
	if part && s.top != nil {
		return result{}, notUnderstood("TOP in a part of a UNION")
	}
	if s.into != nil {
		return result{}, near("INTO")
	}
	var b strings.Builder
	from := ""
	if s.from != nil {
		if err := commasWithJoins(s.from); err != nil {
			return result{}, err
		}
		f, err := t.from(s.from)
		if err != nil {
			return result{}, err
		}
		from = " FROM " + f
	}
	r, items, err := t.items(s, part)
	if err != nil {
		return r, err
	}
	b.WriteString("SELECT ")
	if s.distinct {
		b.WriteString("DISTINCT ")
	}
	b.WriteString(items + from)
	if s.where != nil {
		c, err := t.condition(s.where)
		if err != nil {
			return r, err
		}
		b.WriteString(" WHERE " + c)
	}
	if err := t.grouping(&b, s); err != nil {
		return r, err
	}
	r.sql = b.String()
	r.single = s.from == nil || s.group == nil && aggregates(s)
	return r, nil
}

func (t *Translator) grouping(b *strings.Builder, s *selection) error {
	for i, g := range s.group {
		v, err := t.expr(g)
		if err != nil {
			return err
		}
		if v.known {
			return fault(164, "Each GROUP BY expression must contain at least one column that is not an outer reference.")
		}
		b.WriteString(map[bool]string{true: " GROUP BY ", false: ", "}[i == 0] + collated(v))
	}
	if s.having == nil {
		return nil
	}
	c, err := t.condition(s.having)
	b.WriteString(" HAVING " + c)
	return err
}

// items translates a select list. Texts that are compared with each other, in DISTINCT and UNION, are so without case.
func (t *Translator) items(s *selection, part bool) (result, string, error) {
	var r result
	var cells []string
	add := func(v value, name string) {
		sql := v.sql
		if s.distinct || part {
			sql = collated(v)
		}
		if name != "" {
			sql += " AS " + Quote(name)
		}
		cells = append(cells, sql)
		r.columns = append(r.columns, tds.Column{Name: name, Type: v.t})
	}
	for _, i := range s.items {
		if x, ok := i.x.(star); ok {
			values, names, err := t.stars(x)
			if err != nil {
				return r, "", err
			}
			for j, v := range values {
				add(v, names[j])
			}
			continue
		}
		v, err := t.expr(i.x)
		if err != nil {
			return r, "", err
		}
		if i.set != "" {
			to, ok := t.s.Variable(i.set)
			if !ok {
				return r, "", fault(137, "Must declare the scalar variable \"%s\".", i.set)
			}
			if v, err = t.convert(v, to.Type); err != nil {
				return r, "", err
			}
			r.sets = append(r.sets, i.set)
		}
		name := i.alias
		if c, ok := i.x.(columnRef); ok && name == "" {
			name = c.parts[len(c.parts)-1]
		}
		add(v, name)
	}
	if len(r.sets) > 0 && len(r.sets) != len(r.columns) {
		return r, "", fault(141, "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.")
	}
	return r, strings.Join(cells, ", "), nil
}
