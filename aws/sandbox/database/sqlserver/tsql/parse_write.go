package tsql

func (p *parser) insert() (Statement, error) {
	if p.peek().is("TOP") || p.peek().is("BULK") {
		return nil, notUnderstood("INSERT %s", p.peek().upper)
	}
	p.take("INTO")
	if p.peek().kind == variable {
		return nil, notUnderstood("table variables")
	}
	var s Insert
	var err error
	if s.into, err = p.objectName(); err != nil {
		return nil, err
	}
	if err := p.tableHints(); err != nil {
		return nil, err
	}
	if p.peek().is("(") && !p.startsQuery(1) {
		if s.columns, err = list(p, p.name); err != nil {
			return nil, err
		}
	}
	if s.output, err = p.output(); err != nil {
		return nil, err
	}
	switch {
	case p.takeAll("DEFAULT VALUES"):
		s.rows = [][]expr{nil}
	case p.take("VALUES"):
		s.rows, err = commas(p, func() ([]expr, error) { return list(p, p.valueOrDefault) })
		if len(s.rows) > 1000 {
			return nil, fault(10738, "The number of row value expressions in the INSERT statement exceeds the maximum allowed number of 1000 row values.")
		}
	case p.takeOne("EXEC", "EXECUTE") != "":
		x, err := p.exec()
		if err != nil {
			return nil, err
		}
		e, ok := x.(Exec)
		if !ok {
			return nil, notUnderstood("INSERT with EXEC of a text")
		}
		s.exec = &e
	default:
		s.query, err = p.query()
	}
	return s, err
}

// byDefault stands for DEFAULT in VALUES.
type byDefault struct{}

func (p *parser) valueOrDefault() (expr, error) {
	if p.take("DEFAULT") {
		return byDefault{}, nil
	}
	return p.expression()
}

// output reads OUTPUT inserted.x, ...
func (p *parser) output() ([]item, error) {
	if !p.take("OUTPUT") {
		return nil, nil
	}
	items, err := commas(p, p.item)
	if err == nil && p.peek().is("INTO") {
		err = notUnderstood("OUTPUT INTO")
	}
	return items, err
}

func (p *parser) update() (Statement, error) {
	var s Update
	var err error
	if p.peek().is("STATISTICS") {
		return nil, notUnderstood("UPDATE STATISTICS")
	}
	if s.top, err = p.top(); err != nil {
		return nil, err
	}
	if s.table, err = p.objectName(); err != nil {
		return nil, err
	}
	if err := p.tableHints(); err != nil {
		return nil, err
	}
	if err := p.expect("SET"); err != nil {
		return nil, err
	}
	if s.sets, err = commas(p, p.assignment); err != nil {
		return nil, err
	}
	if s.output, err = p.output(); err != nil {
		return nil, err
	}
	if p.peek().is("FROM") {
		return nil, notUnderstood("UPDATE with FROM")
	}
	if p.take("WHERE") {
		s.where, err = p.expression()
	}
	return s, err
}

func (p *parser) assignment() (a assignment, err error) {
	if p.peek().kind == variable {
		return a, notUnderstood("variables in the SET of UPDATE")
	}
	n, err := p.objectName()
	if err != nil {
		return a, err
	}
	a.column = n.Object
	op := p.next()
	if p.take("DEFAULT") {
		a.x = byDefault{}
		return a, nil
	}
	if a.x, err = p.expression(); err != nil {
		return a, err
	}
	switch {
	case op.is("="):
	case op.kind == operator && len(op.text) == 2 && op.text[1] == '=' && op.text != "<=" && op.text != ">=" && op.text != "!=":
		a.x = binaryOp{op.text[:1], columnRef{[]string{a.column}}, a.x}
	default:
		return a, near(op.shown())
	}
	return a, nil
}

func (p *parser) delete() (Statement, error) {
	var s Delete
	var err error
	if s.top, err = p.top(); err != nil {
		return nil, err
	}
	p.take("FROM")
	if s.table, err = p.objectName(); err != nil {
		return nil, err
	}
	if err := p.tableHints(); err != nil {
		return nil, err
	}
	if s.output, err = p.output(); err != nil {
		return nil, err
	}
	if p.peek().is("FROM") || p.peek().kind == word && !reserved[p.peek().upper] && p.ahead(1).is("FROM") {
		return nil, notUnderstood("DELETE with a second FROM")
	}
	if p.take("WHERE") {
		s.where, err = p.expression()
	}
	return s, err
}

func (p *parser) truncate() (Statement, error) {
	if err := p.expect("TABLE"); err != nil {
		return nil, err
	}
	n, err := p.objectName()
	return Truncate{n}, err
}
