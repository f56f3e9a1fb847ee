package tsql

import (
	"strings"
)

// order translates ORDER BY: numbers and names of the select list, or expressions.
func (t *Translator) order(q *query, r result) (string, error) {
	parts := make([]string, len(q.order))
	for i, o := range q.order {
		v, err := t.orderBy(o.x, r)
		if err != nil {
			return "", err
		}
		parts[i] = v
		if o.desc {
			parts[i] += " DESC"
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " ORDER BY " + strings.Join(parts, ", "), nil
}

func (t *Translator) orderBy(x expr, r result) (string, error) {
	at := -1
	switch x := x.(type) {
	case literal:
		n, ok := x.value.(int64)
		if !ok || n < 1 || n > int64(len(r.columns)) {
			return "", fault(108, "The ORDER BY position number %v is out of range of the number of items in the select list.", x.value)
		}
		at = int(n) - 1
	case columnRef:
		for i, c := range r.columns {
			if len(x.parts) == 1 && strings.EqualFold(c.Name, x.parts[0]) {
				at = i
			}
		}
	}
	if at >= 0 {
		return collated(value{sql: t.literal(int64(at + 1)), t: r.columns[at].Type}), nil
	}
	v, err := t.expr(x)
	return collated(v), err
}

func (t *Translator) limit(q *query) (string, error) {
	number := func(x expr) (string, error) {
		v, err := t.as(x, bigintType)
		if n, ok := v.v.(int64); err == nil && ok && n < 0 {
			err = fault(1060, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.")
		}
		return v.sql, err
	}
	var n expr
	if q.first != nil && len(q.rest) == 0 {
		n = q.first.top
	}
	if q.offset == nil {
		if n == nil {
			return "", nil
		}
		sql, err := number(n)
		return " LIMIT " + sql, err
	}
	if len(q.order) == 0 || n != nil {
		return "", near("OFFSET")
	}
	offset, err := number(q.offset)
	if err != nil {
		return "", err
	}
	limit := "-1"
	if q.fetch != nil {
		limit, err = number(q.fetch)
	}
	return " LIMIT " + limit + " OFFSET " + offset, err
}

// collated is v as texts are ordered and grouped: without case.
func collated(v value) string {
	if v.t.IsText() {
		return v.sql + " COLLATE tsql"
	}
	return v.sql
}
