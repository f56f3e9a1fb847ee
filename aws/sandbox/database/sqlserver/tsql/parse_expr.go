package tsql

import (
	"slices"
	"strings"
)

// expression reads a condition or a value: OR binds least.
func (p *parser) expression() (expr, error) {
	return deeper(p, func() (expr, error) { return p.left([]string{"OR"}, p.conjunction) })
}

func (p *parser) conjunction() (expr, error) { return p.left([]string{"AND"}, p.negation) }

// left reads a chain of operators of one strength, which bind to the left.
func (p *parser) left(operators []string, operand func() (expr, error)) (expr, error) {
	l, err := operand()
	for err == nil && slices.ContainsFunc(operators, p.peek().is) {
		op := p.next()
		var r expr
		if r, err = operand(); err != nil {
			break
		}
		name := op.text
		if op.kind == word {
			name = op.upper
		}
		l = binaryOp{name, l, r}
	}
	return l, err
}

func (p *parser) negation() (expr, error) {
	if p.take("NOT") {
		x, err := deeper(p, p.negation)
		return unary{"NOT", x}, err
	}
	return p.predicate()
}

var comparisons = []string{"=", "<>", "!=", "<", "<=", ">", ">=", "!<", "!>"}

func (p *parser) predicate() (expr, error) {
	if p.take("EXISTS") {
		q, err := p.parenthesised()
		return exists{q}, err
	}
	l, err := p.sum()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(comparisons, p.peek().is) {
		op := p.next().text
		if p.peek().is("ANY") || p.peek().is("ALL") || p.peek().is("SOME") {
			return nil, notUnderstood("%s with a subquery", p.peek().upper)
		}
		r, err := p.sum()
		op = map[string]string{"!=": "<>", "!<": ">=", "!>": "<="}[op] + op
		if len(op) > 2 {
			op = op[:2]
		}
		return binaryOp{op, l, r}, err
	}
	if p.take("IS") {
		not := p.take("NOT")
		return isNull{l, not}, p.expect("NULL")
	}
	not := p.take("NOT")
	switch {
	case p.take("IN"):
		return p.in(l, not)
	case p.take("BETWEEN"):
		low, err := p.sum()
		if err != nil {
			return nil, err
		}
		if err := p.expect("AND"); err != nil {
			return nil, err
		}
		high, err := p.sum()
		return between{l, low, high, not}, err
	case p.take("LIKE"):
		pattern, err := p.sum()
		if err != nil {
			return nil, err
		}
		k := like{x: l, pattern: pattern, not: not}
		if p.take("ESCAPE") {
			k.escape, err = p.sum()
		}
		return k, err
	case not:
		return nil, near(p.peek().shown())
	}
	return l, nil
}

func (p *parser) in(x expr, not bool) (expr, error) {
	if p.peek().is("(") && p.startsQuery(1) {
		q, err := p.parenthesised()
		return inList{x: x, query: q, not: not}, err
	}
	list, err := p.expressionList()
	return inList{x: x, list: list, not: not}, err
}

// expressionList reads (a, b, ...).
func (p *parser) expressionList() ([]expr, error) {
	return list(p, p.expression)
}

func (p *parser) sum() (expr, error) {
	return p.left([]string{"+", "-", "&", "|", "^"}, p.product)
}

func (p *parser) product() (expr, error) { return p.left([]string{"*", "/", "%"}, p.signed) }

func (p *parser) signed() (expr, error) {
	for _, op := range []string{"-", "+", "~"} {
		if p.take(op) {
			x, err := deeper(p, p.signed)
			if l, ok := x.(literal); ok && op == "-" {
				switch v := l.value.(type) {
				case int64:
					return intLiteral(-v), err
				case float64:
					l.value = -v
					return l, err
				}
			}
			return unary{op, x}, err
		}
	}
	x, err := p.primary()
	if err == nil && p.peek().is("COLLATE") {
		return nil, notUnderstood("COLLATE")
	}
	return x, err
}

func (p *parser) primary() (expr, error) {
	t := p.peek()
	switch {
	case t.kind == number:
		p.next()
		return numberLiteral(t.text)
	case t.kind == text:
		p.next()
		return textLiteral(t.text, t.wide), nil
	case t.kind == hexadecimal:
		p.next()
		return binaryLiteral(t.text)
	case t.kind == variable:
		p.next()
		return variableRef{strings.ToLower(t.text)}, nil
	case t.kind == global:
		p.next()
		return globalRef{strings.ToUpper(t.text)}, nil
	case t.is("("):
		if p.startsQuery(1) {
			q, err := p.parenthesised()
			return subquery{q}, err
		}
		p.next()
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		return x, p.expect(")")
	case t.is("NULL"):
		p.next()
		return literal{}, nil
	case t.is("CASE"):
		p.next()
		return p.caseOf()
	case t.is("*"):
		p.next()
		return star{}, nil
	case t.kind == word && p.ahead(1).is("(") && !reserved[t.upper]:
		return p.function()
	case t.kind == word && !reserved[t.upper], t.kind == quoted:
		return p.column()
	case (t.is("LEFT") || t.is("RIGHT") || t.is("CONVERT") || t.is("COALESCE") || t.is("NULLIF") || t.is("TRY_CONVERT")) && p.ahead(1).is("("):
		return p.function()
	case bareFunctions[t.upper] && t.kind == word:
		p.next()
		return call{name: t.upper}, nil
	}
	return nil, near(t.shown())
}

// bareFunctions are called without parentheses.
var bareFunctions = map[string]bool{"CURRENT_TIMESTAMP": true, "CURRENT_USER": true, "SESSION_USER": true, "SYSTEM_USER": true, "USER": true}

func (p *parser) caseOf() (expr, error) {
	var c caseOf
	var err error
	if !p.peek().is("WHEN") {
		if c.operand, err = p.expression(); err != nil {
			return nil, err
		}
	}
	for p.take("WHEN") {
		when, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.expect("THEN"); err != nil {
			return nil, err
		}
		then, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.whens = append(c.whens, [2]expr{when, then})
	}
	if len(c.whens) == 0 {
		return nil, near(p.peek().shown())
	}
	if p.take("ELSE") {
		if c.other, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return c, p.expect("END")
}

// column reads a name of up to four parts, the last of which may be *.
func (p *parser) column() (expr, error) {
	parts := []string{p.next().text}
	for p.take(".") {
		if p.take("*") {
			return star{parts[len(parts)-1]}, nil
		}
		part, err := p.name()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if p.peek().is("(") && len(parts) > 1 {
		return nil, notUnderstood("functions of a schema, like %s()", strings.Join(parts, "."))
	}
	return columnRef{parts}, nil
}

// function reads a call, and the forms that only look like one.
func (p *parser) function() (expr, error) {
	name := p.next().upper
	switch name {
	case "CAST", "TRY_CAST":
		return p.castAs(name == "TRY_CAST")
	case "CONVERT", "TRY_CONVERT":
		return p.convert(name == "TRY_CONVERT")
	}
	c := call{name: name}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	c.distinct = p.take("DISTINCT")
	if !c.distinct {
		p.take("ALL")
	}
	for !p.peek().is(")") {
		x, err := p.argument(name, len(c.args))
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, x)
		if !p.take(",") {
			break
		}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if p.peek().is("WITHIN") {
		return nil, notUnderstood("WITHIN GROUP")
	}
	if p.take("OVER") {
		w, err := p.window()
		c.over = w
		return c, err
	}
	return c, nil
}

// argument reads one; the first of DATEADD and its kin is a word.
func (p *parser) argument(function string, at int) (expr, error) {
	if at == 0 && dateFunctions[function] && p.peek().kind == word {
		return textLiteral(strings.ToLower(p.next().text), false), nil
	}
	return p.expression()
}

func (p *parser) castAs(try bool) (expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AS"); err != nil {
		return nil, err
	}
	t, err := p.dataType(30)
	if err != nil {
		return nil, err
	}
	return cast{x: x, typ: t, try: try}, p.expect(")")
}

func (p *parser) convert(try bool) (expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	t, err := p.dataType(30)
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	c := cast{typ: t, try: try}
	if c.x, err = p.expression(); err != nil {
		return nil, err
	}
	if p.take(",") {
		if c.style, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return c, p.expect(")")
}

func (p *parser) window() (*window, error) {
	var w window
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if p.take("PARTITION") {
		if err := p.expect("BY"); err != nil {
			return nil, err
		}
		var err error
		if w.partition, err = commas(p, p.expression); err != nil {
			return nil, err
		}
	}
	order, err := p.orderBy()
	if err != nil {
		return nil, err
	}
	w.order = order
	if p.peek().is("ROWS") || p.peek().is("RANGE") {
		return nil, notUnderstood("%s in OVER", p.peek().upper)
	}
	return &w, p.expect(")")
}

// dateFunctions have the name of a part of a date as their first argument.
var dateFunctions = map[string]bool{"DATEADD": true, "DATEDIFF": true, "DATEDIFF_BIG": true, "DATEPART": true, "DATENAME": true}
