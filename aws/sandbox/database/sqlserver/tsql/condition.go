package tsql

import (
	"strings"
)

// condition makes SQL of a condition.
func (t *Translator) condition(x expr) (string, error) {
	switch x := x.(type) {
	case unary:
		if x.op == "NOT" {
			c, err := t.condition(x.x)
			return "(NOT " + c + ")", err
		}
	case binaryOp:
		switch x.op {
		case "AND", "OR":
			l, err := t.condition(x.l)
			if err != nil {
				return "", err
			}
			r, err := t.condition(x.r)
			return "(" + l + " " + x.op + " " + r + ")", err
		case "=", "<>", "<", "<=", ">", ">=":
			return t.comparison(x.l, x.op, x.r)
		}
	case isNull:
		v, err := t.expr(x.x)
		return "(" + v.sql + " IS" + notIf(x.not) + " NULL)", err
	case exists:
		q, err := t.inner(x.query)
		return "EXISTS (" + q.sql + ")", err
	case inList:
		return t.in(x)
	case between:
		low, err := t.comparison(x.x, ">=", x.low)
		if err != nil {
			return "", err
		}
		high, err := t.comparison(x.x, "<=", x.high)
		if x.not {
			return "(NOT (" + low + " AND " + high + "))", err
		}
		return "(" + low + " AND " + high + ")", err
	case like:
		return t.like(x)
	}
	return "", fault(4145, "An expression of non-boolean type specified in a context where a condition is expected.")
}

func notIf(not bool) string {
	if not {
		return " NOT"
	}
	return ""
}

func (t *Translator) comparison(l expr, op string, r expr) (string, error) {
	a, err := t.expr(l)
	if err != nil {
		return "", err
	}
	b, err := t.expr(r)
	if err != nil {
		return "", err
	}
	if a, b, err = t.comparable(a, b); err != nil {
		return "", err
	}
	return "(" + a.sql + " " + op + " " + b.sql + ")", nil
}

func (t *Translator) in(x inList) (string, error) {
	if x.query == nil { // each comparison converts for itself
		parts := make([]string, len(x.list))
		for i, y := range x.list {
			c, err := t.comparison(x.x, "=", y)
			if err != nil {
				return "", err
			}
			parts[i] = c
		}
		return "(" + strings.TrimPrefix(notIf(x.not)+" (", " ") + strings.Join(parts, " OR ") + "))", nil
	}
	v, err := t.expr(x.x)
	if err != nil {
		return "", err
	}
	q, err := t.inner(x.query)
	if err != nil {
		return "", err
	}
	if len(q.columns) != 1 {
		return "", fault(116, "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.")
	}
	typ := q.columns[0].Type
	_, b, err := t.comparable(v, value{sql: "x", t: typ})
	if err != nil {
		return "", err
	}
	if b.sql != "x" && !strings.HasPrefix(b.sql, "x ") {
		return "", notUnderstood("IN with a subquery of another data type")
	}
	if v, _, err = t.comparable(v, value{sql: "x", t: typ}); err != nil {
		return "", err
	}
	return "(" + v.sql + notIf(x.not) + " IN (" + q.sql + "))", nil
}

func (t *Translator) like(x like) (string, error) {
	v, err := t.text(x.x)
	if err != nil {
		return "", err
	}
	pattern, err := t.text(x.pattern)
	if err != nil {
		return "", err
	}
	escape := value{sql: "''"}
	if x.escape != nil {
		if escape, err = t.text(x.escape); err != nil {
			return "", err
		}
	}
	return "(" + strings.TrimPrefix(notIf(x.not)+" ", " ") + "tsql_like(" + v.sql + "," + pattern.sql + "," + escape.sql + "))", nil
}
