package tsql

import (
	"strings"
)

func (p *parser) exec() (Statement, error) {
	if p.peek().is("(") {
		x, err := p.parenthesisedScalar()
		if err == nil && (p.peek().is("AT") || p.peek().is("AS")) {
			err = notUnderstood("EXEC (...) %s", p.peek().upper)
		}
		return ExecText{x}, err
	}
	var e Exec
	var err error
	if p.peek().kind == variable && p.ahead(1).is("=") {
		e.Status = lower(p.next().text)
		p.next()
	}
	if p.peek().kind == variable {
		return nil, notUnderstood("EXEC of a procedure whose name is in a variable")
	}
	if e.Procedure, err = p.objectName(); err != nil {
		return nil, err
	}
	if !p.startsArgument() {
		return e, nil
	}
	e.Args, err = commas(p, p.arg)
	return e, err
}

func (p *parser) parenthesisedScalar() (Scalar, error) {
	if err := p.expect("("); err != nil {
		return Scalar{}, err
	}
	x, err := p.scalar()
	if err != nil {
		return x, err
	}
	return x, p.expect(")")
}

func (p *parser) startsArgument() bool {
	t := p.peek()
	switch t.kind {
	case text, number, hexadecimal, variable, global, quoted:
		return true
	case word:
		return t.upper == "NULL" || t.upper == "DEFAULT" || !reserved[t.upper] && reader(t.upper) == nil
	}
	return t.is("-")
}

// arg reads one argument: constants, variables and, as T-SQL has it, bare words, which are texts.
func (p *parser) arg() (a Arg, err error) {
	if p.peek().kind == variable && p.ahead(1).is("=") {
		a.Name = strings.TrimPrefix(lower(p.next().text), "@")
		p.next()
	}
	t := p.peek()
	switch {
	case t.is("DEFAULT"):
		return a, notUnderstood("DEFAULT as an argument")
	case t.kind == word && t.upper != "NULL" || t.kind == quoted:
		p.next()
		a.X = Scalar{textLiteral(t.text, true)}
	default:
		var x expr
		x, err = p.signed()
		a.X = Scalar{x}
	}
	a.Output = p.take("OUTPUT") || p.take("OUT")
	return a, err
}

func (p *parser) raiseError() (Statement, error) {
	all, err := list(p, p.scalar)
	if err != nil {
		return nil, err
	}
	if len(all) < 3 {
		return nil, near(")")
	}
	s := RaiseError{Message: all[0], Severity: all[1], State: all[2], Args: all[3:]}
	if p.take("WITH") {
		if s.NoWait = p.next().is("NOWAIT"); !s.NoWait {
			return nil, notUnderstood("RAISERROR with anything but NOWAIT")
		}
	}
	return s, nil
}

func (p *parser) throw() (Statement, error) {
	if t := p.peek(); t.kind != number && t.kind != variable {
		return Throw{}, nil
	}
	all, err := commas(p, p.scalar)
	if err != nil {
		return nil, err
	}
	if len(all) != 3 {
		return nil, near(p.peek().shown())
	}
	return Throw{all[0], all[1]}, nil
}
