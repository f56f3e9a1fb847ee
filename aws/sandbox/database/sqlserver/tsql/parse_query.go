package tsql

// startsQuery tells whether the token n ahead begins a query, through any parentheses.
func (p *parser) startsQuery(n int) bool {
	for p.ahead(n).is("(") {
		n++
	}
	return p.ahead(n).is("SELECT") || p.ahead(n).is("WITH")
}

// parenthesised reads (query).
func (p *parser) parenthesised() (*query, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	return q, p.expect(")")
}

// query reads [WITH ...] SELECT ... [UNION ...] [ORDER BY ...] [OFFSET ...].
func (p *parser) query() (*query, error) { return deeper(p, p.oneQuery) }

func (p *parser) oneQuery() (*query, error) {
	with, err := p.with()
	if err != nil {
		return nil, err
	}
	q, err := p.queryTerm()
	if err != nil {
		return nil, err
	}
	q.with = with
	for {
		op := p.setOperator()
		if op == "" {
			break
		}
		part, err := p.queryTerm()
		if err != nil {
			return nil, err
		}
		q.rest = append(q.rest, setPart{op, part})
		if (op == "INTERSECT") != (q.rest[0].op == "INTERSECT") { // it binds more tightly in T-SQL
			return nil, notUnderstood("INTERSECT beside %s without parentheses", q.rest[0].op)
		}
	}
	if q.order, err = p.orderBy(); err != nil {
		return nil, err
	}
	if err := p.offset(q); err != nil {
		return nil, err
	}
	return q, p.queryOptions()
}

func (p *parser) setOperator() string {
	switch {
	case p.take("UNION"):
		if p.take("ALL") {
			return "UNION ALL"
		}
		return "UNION"
	case p.take("EXCEPT"):
		return "EXCEPT"
	case p.take("INTERSECT"):
		return "INTERSECT"
	}
	return ""
}

func (p *parser) queryTerm() (*query, error) {
	if p.peek().is("(") {
		inner, err := p.parenthesised()
		return &query{inner: inner}, err
	}
	s, err := p.selection()
	return &query{first: s}, err
}

func (p *parser) with() ([]cte, error) {
	if !p.take("WITH") {
		return nil, nil
	}
	return commas(p, func() (c cte, err error) {
		if c.name, err = p.name(); err != nil {
			return c, err
		}
		if p.peek().is("(") {
			if c.columns, err = list(p, p.name); err != nil {
				return c, err
			}
		}
		if err = p.expect("AS"); err != nil {
			return c, err
		}
		c.query, err = p.parenthesised()
		return c, err
	})
}

// queryOptions skips OPTION (MAXRECURSION n) and its like, which do not change a result here.
func (p *parser) queryOptions() error {
	if p.peek().is("FOR") {
		return notUnderstood("FOR XML and FOR JSON")
	}
	if !p.take("OPTION") {
		return nil
	}
	return p.skipParentheses()
}

func (p *parser) orderBy() ([]ordering, error) {
	if !p.take("ORDER") {
		return nil, nil
	}
	if err := p.expect("BY"); err != nil {
		return nil, err
	}
	return commas(p, p.ordering)
}

func (p *parser) ordering() (o ordering, err error) {
	if o.x, err = p.expression(); err != nil {
		return o, err
	}
	if o.desc = p.take("DESC"); !o.desc {
		p.take("ASC")
	}
	return o, nil
}

// offset reads OFFSET n ROWS [FETCH NEXT m ROWS ONLY].
func (p *parser) offset(q *query) (err error) {
	if !p.take("OFFSET") {
		return nil
	}
	if q.offset, err = p.sum(); err != nil {
		return err
	}
	if !p.take("ROWS") && !p.take("ROW") {
		return near(p.peek().shown())
	}
	if !p.take("FETCH") {
		return nil
	}
	if !p.take("NEXT") && !p.take("FIRST") {
		return near(p.peek().shown())
	}
	if q.fetch, err = p.sum(); err != nil {
		return err
	}
	if !p.take("ROWS") && !p.take("ROW") {
		return near(p.peek().shown())
	}
	return p.expect("ONLY")
}

func (p *parser) selection() (*selection, error) {
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	s := &selection{distinct: p.take("DISTINCT")}
	if !s.distinct {
		p.take("ALL")
	}
	var err error
	if s.top, err = p.top(); err != nil {
		return nil, err
	}
	if s.items, err = commas(p, p.item); err != nil {
		return nil, err
	}
	if p.take("INTO") {
		n, err := p.objectName()
		if err != nil {
			return nil, err
		}
		s.into = &n
	}
	if p.take("FROM") {
		if s.from, err = commas(p, p.source); err != nil {
			return nil, err
		}
	}
	if p.take("WHERE") {
		if s.where, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if p.take("GROUP") {
		if err := p.expect("BY"); err != nil {
			return nil, err
		}
		if s.group, err = commas(p, p.expression); err != nil {
			return nil, err
		}
	}
	if p.take("HAVING") {
		s.having, err = p.expression()
	}
	return s, err
}

// top reads TOP (n) or TOP n.
func (p *parser) top() (x expr, err error) {
	if !p.take("TOP") {
		return nil, nil
	}
	if p.take("(") {
		if x, err = p.expression(); err == nil {
			err = p.expect(")")
		}
	} else {
		x, err = p.primary()
	}
	if p.peek().is("PERCENT") || p.peek().is("WITH") && p.ahead(1).is("TIES") {
		return nil, notUnderstood("TOP with PERCENT or WITH TIES")
	}
	return x, err
}

// item reads one column of a select list: x, x AS name, name = x, @variable = x.
func (p *parser) item() (i item, err error) {
	t, after := p.peek(), p.ahead(1)
	switch {
	case t.kind == variable && after.is("="):
		p.at += 2
		i.set = lower(t.text)
		i.x, err = p.expression()
		return i, err
	case t.kind == variable && len(after.text) == 2 && after.kind == operator && after.text[1] == '=' && after.text[0] != '<' && after.text[0] != '>' && after.text[0] != '!':
		return i, notUnderstood("%s in SELECT", after.text)
	case (t.kind == word && !reserved[t.upper] || t.kind == quoted || t.kind == text) && after.is("="):
		p.at += 2
		i.alias = t.text
		i.x, err = p.expression()
		return i, err
	}
	if i.x, err = p.expression(); err != nil {
		return i, err
	}
	i.alias, err = p.alias(true)
	return i, err
}

// alias reads [AS] name; a text can name a column.
func (p *parser) alias(ofColumn bool) (string, error) {
	t := p.peek()
	if p.take("AS") {
		if t = p.peek(); ofColumn && t.kind == text {
			return p.next().text, nil
		}
		return p.name()
	}
	if t.kind == quoted || t.kind == word && !reserved[t.upper] || ofColumn && t.kind == text {
		return p.next().text, nil
	}
	return "", nil
}
