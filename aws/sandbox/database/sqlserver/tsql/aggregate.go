package tsql

import (
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// aggregate translates the functions over many rows, and those with OVER.
func (t *Translator) aggregate(c call) (value, error) {
	v, err := t.overRows(c)
	if err != nil || c.over == nil {
		return v, err
	}
	var parts []string
	if len(c.over.partition) > 0 {
		var by []string
		for _, x := range c.over.partition {
			p, err := t.expr(x)
			if err != nil {
				return p, err
			}
			by = append(by, collated(p))
		}
		parts = append(parts, "PARTITION BY "+strings.Join(by, ", "))
	}
	if len(c.over.order) > 0 {
		order, err := t.overOrder(c.over.order)
		if err != nil {
			return v, err
		}
		parts = append(parts, "ORDER BY "+order)
	}
	over := " OVER (" + strings.Join(parts, " ") + ")"
	if !strings.Contains(v.sql, overMark) {
		return v, notUnderstood("%s with OVER", c.name)
	}
	v.sql = strings.ReplaceAll(v.sql, overMark, over)
	return v, nil
}

func (t *Translator) overOrder(order []ordering) (string, error) {
	parts := make([]string, len(order))
	for i, o := range order {
		if q, ok := o.x.(subquery); ok && q.query.first != nil && q.query.first.from == nil { // ORDER BY (SELECT NULL): no order at all
			o.x = literal{}
		}
		v, err := t.expr(o.x)
		if err != nil {
			return "", err
		}
		parts[i] = collated(v)
		if o.desc {
			parts[i] += " DESC"
		}
	}
	return strings.Join(parts, ", "), nil
}

// overMark is where OVER (...) is put; without OVER it is nothing.
const overMark = "\x00"

// overRows translates the call itself, with marks where OVER goes.
func (t *Translator) overRows(c call) (value, error) {
	v, err := t.rowFunction(c)
	if err == nil && c.over == nil {
		v.sql = strings.ReplaceAll(v.sql, overMark, "")
	}
	return v, err
}

func (t *Translator) rowFunction(c call) (value, error) {
	switch c.name {
	case "ROW_NUMBER", "RANK", "DENSE_RANK":
		if len(c.args) > 0 || c.over == nil || len(c.over.order) == 0 {
			return value{}, fault(4112, "The function '%s' must have an OVER clause with ORDER BY.", c.name)
		}
		return value{sql: lower(c.name) + "()" + overMark, t: bigintType}, nil
	case "LAG", "LEAD", "FIRST_VALUE":
		return t.neighbour(c)
	case "COUNT", "COUNT_BIG":
		return t.count(c)
	}
	if !aggregateFunctions[c.name] || len(c.args) == 0 {
		return value{}, notUnderstood("%s with OVER", c.name)
	}
	v, err := t.expr(c.args[0])
	if err != nil {
		return v, err
	}
	argument := v.sql
	if c.distinct {
		argument = "DISTINCT " + collated(v)
	}
	if c.name == "STRING_AGG" {
		return t.stringAgg(c, v)
	}
	if len(c.args) != 1 {
		return v, wrongArguments(c)
	}
	return t.fold(c.name, v, argument)
}

// fold translates the aggregates of one argument.
func (t *Translator) fold(name string, v value, argument string) (value, error) {
	if name == "MIN" || name == "MAX" {
		if v.t.Name == "bit" {
			return v, fault(8117, "Operand data type bit is invalid for %s operator.", lower(name))
		}
		return value{sql: lower(name) + "(" + collated(value{sql: argument, t: v.t}) + ")" + overMark, t: v.t}, nil
	}
	if !v.t.IsNumber() || v.t.Name == "bit" {
		return v, fault(8117, "Operand data type %s is invalid for %s operator.", v.t.Name, lower(name))
	}
	switch name {
	case "SUM":
		return t.sum(v, argument), nil
	case "AVG":
		sum := t.sum(v, argument)
		if sum.t.IsInt() {
			return value{sql: "(" + sum.sql + " / nullif(count(" + argument + ")" + overMark + ",0))", t: sum.t}, nil
		}
		if sum.t.Name == "decimal" {
			sum.t = decimalOf(mostDigits-6, 6)
			return value{sql: "tsql_round(avg(" + argument + ")" + overMark + ",6)", t: sum.t}, nil
		}
		return value{sql: "avg(" + argument + ")" + overMark, t: floatType}, nil
	case "CHECKSUM_AGG":
		return value{sql: "tsql_wrap(sum(" + argument + ")" + overMark + ")", t: intType}, nil
	}
	return v, notUnderstood("the aggregate %s", name)
}

func (t *Translator) sum(v value, argument string) value {
	sql := "sum(" + argument + ")" + overMark
	switch {
	case v.t.Name == "bigint":
		return value{sql: sql, t: v.t}
	case v.t.IsInt():
		return value{sql: sql, t: intType}
	case v.t.Name == "decimal":
		return value{sql: "tsql_round(" + sql + "," + t.literal(int64(v.t.Scale)) + ")", t: decimalOf(mostDigits-v.t.Scale, v.t.Scale)}
	}
	return value{sql: sql, t: floatType}
}

func (t *Translator) count(c call) (value, error) {
	typ := map[string]tds.Type{"COUNT": intType, "COUNT_BIG": bigintType}[c.name]
	if len(c.args) != 1 {
		return value{}, wrongArguments(c)
	}
	if _, ok := c.args[0].(star); ok {
		return value{sql: "count(*)" + overMark, t: typ}, nil
	}
	v, err := t.expr(c.args[0])
	argument := v.sql
	if c.distinct {
		argument = "DISTINCT " + collated(v)
	}
	return value{sql: "count(" + argument + ")" + overMark, t: typ}, err
}

func (t *Translator) stringAgg(c call, v value) (value, error) {
	if len(c.args) != 2 || c.distinct {
		return v, wrongArguments(c)
	}
	v, err := t.text(c.args[0])
	if err != nil {
		return v, err
	}
	separator, err := t.text(c.args[1])
	return value{sql: "group_concat(" + v.sql + "," + separator.sql + ")" + overMark, t: maxType}, err
}

func (t *Translator) neighbour(c call) (value, error) {
	if len(c.args) == 0 || len(c.args) > 3 || c.over == nil {
		return value{}, wrongArguments(c)
	}
	v, err := t.expr(c.args[0])
	if err != nil {
		return v, err
	}
	parts := []string{v.sql}
	for i, x := range c.args[1:] {
		typ := intType
		if i == 1 {
			typ = v.t
		}
		a, err := t.as(x, typ)
		if err != nil {
			return a, err
		}
		parts = append(parts, a.sql)
	}
	return value{sql: lower(c.name) + "(" + strings.Join(parts, ", ") + ")" + overMark, t: v.t}, nil
}
