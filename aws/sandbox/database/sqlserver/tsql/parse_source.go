package tsql

var joins = []struct{ words, kind string }{
	{"INNER JOIN", "JOIN"}, {"JOIN", "JOIN"}, {"LEFT OUTER JOIN", "LEFT JOIN"}, {"LEFT JOIN", "LEFT JOIN"},
	{"RIGHT OUTER JOIN", "RIGHT JOIN"}, {"RIGHT JOIN", "RIGHT JOIN"}, {"FULL OUTER JOIN", "FULL JOIN"}, {"FULL JOIN", "FULL JOIN"}, {"CROSS JOIN", "CROSS JOIN"},
}

// source reads a table, a subquery or a chain of joins.
func (p *parser) source() (source, error) {
	l, err := deeper(p, p.oneSource)
	for err == nil {
		kind := ""
		for _, j := range joins {
			if p.takeAll(j.words) {
				kind = j.kind
				break
			}
		}
		if kind == "" {
			if (p.peek().is("CROSS") || p.peek().is("OUTER")) && p.ahead(1).is("APPLY") {
				return nil, notUnderstood("APPLY")
			}
			return l, nil
		}
		j := join{kind: kind, left: l}
		if j.right, err = p.oneSource(); err != nil {
			return nil, err
		}
		if kind != "CROSS JOIN" {
			if err = p.expect("ON"); err != nil {
				return nil, err
			}
			if j.on, err = p.expression(); err != nil {
				return nil, err
			}
		}
		l = j
	}
	return nil, err
}

func (p *parser) oneSource() (source, error) {
	switch {
	case p.peek().is("(") && p.ahead(1).is("VALUES"):
		p.at += 2
		rows, err := commas(p, p.expressionList)
		if err != nil {
			return nil, err
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
		v := valuesSource{rows: rows}
		v.alias, v.columns, err = p.derivedName()
		return v, err
	case p.peek().is("(") && p.startsQuery(1):
		q, err := p.parenthesised()
		if err != nil {
			return nil, err
		}
		s := querySource{query: q}
		s.alias, s.columns, err = p.derivedName()
		return s, err
	case p.take("("):
		s, err := p.source()
		if err != nil {
			return nil, err
		}
		return s, p.expect(")")
	case p.peek().kind == word && p.ahead(1).is("(") && !reserved[p.peek().upper]:
		c, err := p.function()
		if err != nil {
			return nil, err
		}
		f := functionSource{call: c.(call)}
		f.alias, err = p.alias(false)
		return f, err
	}
	n, err := p.objectName()
	if err != nil {
		return nil, err
	}
	t := tableSource{name: n}
	if t.alias, err = p.alias(false); err != nil {
		return nil, err
	}
	return t, p.tableHints()
}

// tableHints skips WITH (NOLOCK) and its like: they change how SQL Server locks, not what a statement reads here.
func (p *parser) tableHints() error {
	if p.peek().is("WITH") && p.ahead(1).is("(") {
		p.next()
		return p.skipParentheses()
	}
	return nil
}

// derivedName reads the alias that a derived table must have, and its columns' names.
func (p *parser) derivedName() (alias string, columns []string, err error) {
	if alias, err = p.alias(false); err != nil {
		return "", nil, err
	}
	if alias == "" {
		return "", nil, near(p.peek().shown())
	}
	if p.peek().is("(") {
		columns, err = list(p, p.name)
	}
	return alias, columns, err
}
