package dialect

import (
	"fmt"
	"strings"
)

// orderBy reads ORDER BY of a query: names of the result before columns, and nulls where Postgres has them.
func (p *parser) orderBy(q query) string {
	p.expect("order", "by")
	var parts []string
	p.list(func() {
		if t := p.peek(); t.kind == word || t.kind == quoted {
			next := p.ahead(1)
			if next.kind == end || next.kind == symbol && (next.text == "," || next.text == ")") || next.kind == word && next.text != "collate" && next.text != "is" && next.text != "at" {
				for i, c := range q.cols {
					if c.name == t.text {
						p.i++
						parts = append(parts, fmt.Sprintf("%d", i+1)+p.direction())
						return
					}
				}
			}
		}
		if t := p.peek(); t.kind == number {
			n := 0
			fmt.Sscan(t.text, &n)
			if n < 1 || n > len(q.cols) {
				fail(Errorf("42P10", "ORDER BY position %s is not in select list", t.text).at(t))
			}
			p.i++
			parts = append(parts, t.text+p.direction())
			return
		}
		at := p.peek()
		e := p.anything(p.expr())
		if e.typ.OID == Interval {
			e.sql = "pg_span_order(" + e.sql + ")"
		}
		if q.distinct && !among(e.sql, q.cols) {
			fail(Errorf("42P10", "for SELECT DISTINCT, ORDER BY expressions must appear in select list").at(at))
		}
		parts = append(parts, e.sql+p.direction())
	})
	return " order by " + strings.Join(parts, ", ")
}

func among(sql string, cols []expr) bool {
	for _, c := range cols {
		if c.sql == sql {
			return true
		}
	}
	return false
}

// direction reads ASC, DESC, NULLS FIRST, NULLS LAST. In Postgres nulls are greater than everything, in SQLite less.
func (p *parser) direction() string {
	out, nulls := " asc", " nulls last"
	if p.at("using") {
		fail(Unsupported("ORDER BY ... USING").at(p.peek()))
	}
	if !p.accept("asc") && p.accept("desc") {
		out, nulls = " desc", " nulls first"
	}
	if p.accept("nulls", "first") {
		nulls = " nulls first"
	} else if p.accept("nulls", "last") {
		nulls = " nulls last"
	}
	return out + nulls
}

// limit reads LIMIT, OFFSET and FETCH FIRST, in any order.
func (p *parser) limit() string {
	limit, offset := "", ""
	amount := func(what string) string {
		e := p.known(p.other(), Type{OID: Int8})
		return fmt.Sprintf("pg_amount('%s', %s)", what, e.sql)
	}
	for {
		switch {
		case p.accept("limit"):
			if p.accept("all") || p.accept("null") {
				continue
			}
			limit = amount("LIMIT")
		case p.accept("offset"):
			offset = amount("OFFSET")
			if !p.accept("rows") {
				p.accept("row")
			}
		case p.accept("fetch", "first"), p.accept("fetch", "next"):
			limit = "1"
			if !p.at("row") && !p.at("rows") {
				limit = amount("LIMIT")
			}
			if !p.accept("rows") {
				p.expect("row")
			}
			p.expect("only")
		case limit == "" && offset == "":
			return ""
		default:
			if limit == "" {
				limit = "-1"
			}
			out := " limit " + limit
			if offset != "" {
				out += " offset " + offset
			}
			return out
		}
	}
}

// locking reads FOR UPDATE and FOR SHARE. A session that writes is the only one until it commits, so there is no row to lock; but
// passing over rows that are locked has no meaning here.
func (p *parser) locking() {
	for p.at("for") {
		at := p.take()
		p.accept("no")
		p.accept("key")
		if !p.accept("update") && !p.accept("share") {
			p.syntax()
		}
		if p.accept("of") {
			p.list(func() { p.name() })
		}
		if p.at("skip") || p.at("nowait") {
			fail(Unsupported("FOR UPDATE ... SKIP LOCKED or NOWAIT").at(at))
		}
	}
}
