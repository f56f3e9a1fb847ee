package tsql

import "strings"

// walk shows f every expression, source and query in x, outermost first; f says whether to go on inside.
func walk(x any, f func(any) bool) {
	if x == nil || !f(x) {
		return
	}
	each := func(xs []expr) {
		for _, x := range xs {
			walk(x, f)
		}
	}
	ordered := func(os []ordering) {
		for _, o := range os {
			walk(o.x, f)
		}
	}
	switch x := x.(type) {
	case unary:
		walk(x.x, f)
	case binaryOp:
		each([]expr{x.l, x.r})
	case call:
		each(x.args)
		if x.over != nil {
			each(x.over.partition)
			ordered(x.over.order)
		}
	case caseOf:
		each([]expr{x.operand, x.other})
		for _, w := range x.whens {
			each(w[:])
		}
	case cast:
		each([]expr{x.x, x.style})
	case inList:
		walk(x.x, f)
		each(x.list)
		walkQuery(x.query, f)
	case between:
		each([]expr{x.x, x.low, x.high})
	case like:
		each([]expr{x.x, x.pattern, x.escape})
	case isNull:
		walk(x.x, f)
	case exists:
		walkQuery(x.query, f)
	case subquery:
		walkQuery(x.query, f)
	case querySource:
		walkQuery(x.query, f)
	case valuesSource:
		for _, row := range x.rows {
			each(row)
		}
	case functionSource:
		walk(x.call, f)
	case join:
		walk(x.left, f)
		walk(x.right, f)
		walk(x.on, f)
	}
}

func walkQuery(q *query, f func(any) bool) {
	if q == nil || !f(q) {
		return
	}
	for _, c := range q.with {
		walkQuery(c.query, f)
	}
	walkQuery(q.inner, f)
	if s := q.first; s != nil {
		for _, i := range s.items {
			walk(i.x, f)
		}
		for _, x := range s.from {
			walk(x, f)
		}
		for _, x := range append([]expr{s.top, s.where, s.having}, s.group...) {
			walk(x, f)
		}
	}
	for _, p := range q.rest {
		walkQuery(p.q, f)
	}
	for _, o := range q.order {
		walk(o.x, f)
	}
}

// names are the tables that a statement names, outside of its common table expressions.
func names(s Statement) []Name {
	var found []Name
	ctes := map[string]bool{}
	see := func(x any) bool {
		switch x := x.(type) {
		case *query:
			for _, c := range x.with {
				ctes[lower(c.name)] = true
			}
			if x.first != nil && x.first.into != nil {
				found = append(found, *x.first.into)
			}
		case tableSource:
			if x.name.Schema != "" || !ctes[lower(x.name.Object)] {
				found = append(found, x.name)
			}
		}
		return true
	}
	switch s := s.(type) {
	case Condition:
		walk(s.x, see)
	case Scalar:
		walk(s.x, see)
	case Select:
		walkQuery(s.query, see)
	case Insert:
		found = append(found, s.into)
		walkQuery(s.query, see)
		for _, row := range s.rows {
			for _, x := range row {
				walk(x, see)
			}
		}
	case Update:
		found = append(found, s.table)
		walk(s.where, see)
		for _, a := range s.sets {
			walk(a.x, see)
		}
	case Delete:
		found = append(found, s.table)
		walk(s.where, see)
	case Truncate:
		found = append(found, s.table)
	case CreateTable:
		found = append(found, s.name)
	case DropTable:
		found = append(found, s.names...)
	case CreateIndex:
		found = append(found, s.table)
	case DropIndex:
		found = append(found, s.table)
	case AlterTable:
		found = append(found, s.table)
	}
	return found
}

var aggregateFunctions = words("COUNT COUNT_BIG SUM AVG MIN MAX CHECKSUM_AGG STRING_AGG")

// isAggregate tells a call that makes one value of many rows.
func isAggregate(x any) bool {
	c, ok := x.(call)
	return ok && aggregateFunctions[c.name] && c.over == nil
}

// aggregates tells whether the select list or HAVING has an aggregate.
func aggregates(s *selection) bool {
	found := false
	see := func(x any) bool {
		_, inner := x.(*query)
		found = found || isAggregate(x)
		return !inner && !found
	}
	for _, i := range s.items {
		walk(i.x, see)
	}
	walk(s.having, see)
	return found
}

// grouped refuses a column that stands beside aggregates or groups without being one: SQLite would give any row's value.
func grouped(s *selection, order ...ordering) error {
	if s.group == nil && !aggregates(s) {
		return nil
	}
	keys := map[string]bool{}
	for _, g := range s.group {
		if k := shown(g); k != "" {
			keys[k] = true
		}
	}
	var err error
	number, place := int32(8120), "select list"
	see := func(x any) bool {
		if _, inner := x.(*query); inner || isAggregate(x) || keys[shown(x)] {
			return false
		}
		switch x := x.(type) {
		case columnRef:
			if name := strings.Join(x.parts, "."); !keys["."+lower(x.parts[len(x.parts)-1])] && err == nil {
				err = fault(number, "Column '%s' is invalid in the %s because it is not contained in either an aggregate function or the GROUP BY clause.", name, place)
			}
		case star:
			err = fault(8120, "Column '*' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.")
		}
		return true
	}
	for _, i := range s.items {
		walk(i.x, see)
	}
	walk(s.having, see)
	for _, i := range s.items {
		keys["."+lower(i.alias)] = true
	}
	number, place = 8127, "ORDER BY clause"
	for _, o := range order {
		walk(o.x, see)
	}
	return err
}

// shown tells expressions apart as far as grouping needs it; a column is told by its last name.
func shown(x any) string {
	switch x := x.(type) {
	case columnRef:
		return "." + lower(x.parts[len(x.parts)-1])
	case literal:
		return textOf(x.value)
	case call:
		parts := []string{x.name}
		for _, a := range x.args {
			parts = append(parts, shown(a))
		}
		return strings.Join(parts, "(") + ")"
	case binaryOp:
		return "(" + shown(x.l) + x.op + shown(x.r) + ")"
	case unary:
		return "(" + x.op + shown(x.x) + ")"
	case cast:
		return "cast(" + shown(x.x) + " as " + x.typ.String() + ")"
	}
	return "" // like nothing: no key is empty
}
