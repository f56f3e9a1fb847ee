package tsql

import (
	"strings"
)

// statement reads one; what follows it may do so with or without a semicolon.
func (p *parser) statement() (Statement, error) { return deeper(p, p.oneStatement) }

func (p *parser) oneStatement() (Statement, error) {
	start := p.at
	t := p.next()
	if t.kind != word {
		p.at = start
		switch {
		case t.is("(") && p.startsQuery(0):
			q, err := p.query()
			return Select{q}, err
		case t.kind == quoted && start == 0:
			return p.exec()
		}
		return nil, near(t.shown())
	}
	if read := reader(t.upper); read != nil {
		return read(p)
	}
	p.at = start
	switch {
	case t.upper == "SELECT" || t.upper == "WITH":
		return p.selectOrWrite()
	case refused[t.upper]:
		return nil, notUnderstood("%s", t.upper)
	case start == 0 && !reserved[t.upper]: // a procedure's name alone
		return p.exec()
	}
	return nil, near(t.shown())
}

// refused are statements of T-SQL that are not done here.
var refused = words("MERGE GRANT REVOKE DENY BACKUP RESTORE DBCC KILL WAITFOR GOTO OPEN CLOSE FETCH DEALLOCATE CHECKPOINT RECONFIGURE SHUTDOWN BULK ENABLE DISABLE READTEXT ADD REVERT")

// reader is what reads the statement that begins with a keyword, after it; nil for none.
func reader(keyword string) func(*parser) (Statement, error) {
	switch keyword {
	case "BEGIN":
		return (*parser).begin
	case "IF":
		return (*parser).ifThen
	case "WHILE":
		return (*parser).while
	case "BREAK":
		return func(*parser) (Statement, error) { return Break{}, nil }
	case "CONTINUE":
		return func(*parser) (Statement, error) { return Continue{}, nil }
	case "RETURN":
		return (*parser).returnValue
	case "DECLARE":
		return (*parser).declare
	case "SET":
		return (*parser).set
	case "PRINT":
		return func(p *parser) (Statement, error) { x, err := p.scalar(); return Print{x}, err }
	case "RAISERROR":
		return (*parser).raiseError
	case "THROW":
		return (*parser).throw
	case "USE":
		return func(p *parser) (Statement, error) { n, err := p.name(); return Use{n}, err }
	case "COMMIT":
		return func(p *parser) (Statement, error) { return Commit{}, p.transactionName() }
	case "ROLLBACK":
		return func(p *parser) (Statement, error) { return Rollback{}, p.transactionName() }
	case "SAVE":
		return func(*parser) (Statement, error) { return nil, notUnderstood("SAVE TRANSACTION") }
	case "EXEC", "EXECUTE":
		return (*parser).exec
	}
	return dataReader(keyword)
}

// dataReader is reader for the statements that read, write and define.
func dataReader(keyword string) func(*parser) (Statement, error) {
	switch keyword {
	case "INSERT":
		return (*parser).insert
	case "UPDATE":
		return (*parser).update
	case "DELETE":
		return (*parser).delete
	case "TRUNCATE":
		return (*parser).truncate
	case "CREATE":
		return (*parser).create
	case "DROP":
		return (*parser).drop
	case "ALTER":
		return (*parser).alter
	}
	return nil
}

func (p *parser) selectOrWrite() (Statement, error) {
	q, err := p.query()
	if err != nil && q == nil && (p.peek().is("INSERT") || p.peek().is("UPDATE") || p.peek().is("DELETE")) {
		return nil, notUnderstood("WITH before %s", p.peek().upper)
	}
	return Select{q}, err
}

func (p *parser) scalar() (Scalar, error) {
	x, err := p.expression()
	return Scalar{x}, err
}

func (p *parser) begin() (Statement, error) {
	switch {
	case p.take("TRAN") || p.take("TRANSACTION"):
		if p.peek().kind == variable || p.peek().kind == word && !reserved[p.peek().upper] && reader(p.peek().upper) == nil {
			p.next()
		}
		return Begin{}, nil
	case p.peek().is("DISTRIBUTED"):
		return nil, notUnderstood("distributed transactions")
	case p.take("TRY"):
		body, err := p.bodyUntil("END", "TRY")
		if err != nil {
			return nil, err
		}
		p.take(";")
		if err := p.expect("BEGIN"); err != nil {
			return nil, err
		}
		if err := p.expect("CATCH"); err != nil {
			return nil, err
		}
		catch, err := p.bodyUntil("END", "CATCH")
		return Try{body, catch}, err
	}
	body, err := p.bodyUntil("END")
	if err == nil && len(body) == 0 {
		err = near("END")
	}
	return Block{body}, err
}

func (p *parser) bodyUntil(words ...string) ([]Statement, error) {
	var body []Statement
	for {
		for p.take(";") {
		}
		if p.takeAll(strings.Join(words, " ")) {
			return body, nil
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		body = append(body, s)
	}
}

func (p *parser) ifThen() (Statement, error) {
	cond, err := p.expression()
	if err != nil {
		return nil, err
	}
	s := If{Cond: Condition{cond}}
	if s.Then, err = p.statement(); err != nil {
		return nil, err
	}
	semicolon := p.peek().is(";") && p.ahead(1).is("ELSE")
	if semicolon {
		p.next()
	}
	if p.take("ELSE") {
		s.Else, err = p.statement()
	}
	return s, err
}

func (p *parser) while() (Statement, error) {
	cond, err := p.expression()
	if err != nil {
		return nil, err
	}
	body, err := p.statement()
	return While{Condition{cond}, body}, err
}

func (p *parser) returnValue() (Statement, error) {
	if t := p.peek(); t.kind == number || t.kind == variable || t.is("-") || t.is("(") {
		x, err := p.scalar()
		return Return{x}, err
	}
	return Return{}, nil
}

func (p *parser) declare() (Statement, error) {
	ds, err := commas(p, p.declaration)
	if err != nil {
		return nil, err
	}
	if len(ds) == 1 {
		return ds[0], nil
	}
	b := Block{}
	for _, d := range ds {
		b.Body = append(b.Body, d)
	}
	return b, nil
}

func (p *parser) declaration() (d Declare, err error) {
	t := p.next()
	if t.kind != variable {
		return d, near(t.shown())
	}
	d.Name = lower(t.text)
	p.take("AS")
	if d.Type, err = p.dataType(1); err != nil {
		return d, err
	}
	if p.take("=") {
		d.X, err = p.scalar()
	}
	if p.take("OUTPUT") || p.take("OUT") {
		return d, err
	}
	return d, err
}

func (p *parser) set() (Statement, error) {
	if t := p.peek(); t.kind == variable {
		p.next()
		op := p.next()
		x, err := p.expression()
		switch {
		case err != nil:
			return nil, err
		case op.text == "=":
		case op.kind == operator && len(op.text) == 2 && strings.HasSuffix(op.text, "="):
			x = binaryOp{op.text[:1], variableRef{lower(t.text)}, x}
		default:
			return nil, near(op.shown())
		}
		return Set{lower(t.text), Scalar{x}}, nil
	}
	if p.takeAll("TRANSACTION ISOLATION LEVEL") {
		level := p.takeOne("SNAPSHOT", "SERIALIZABLE", "REPEATABLE", "READ")
		p.takeOne("READ", "COMMITTED", "UNCOMMITTED")
		return Option{"TRANSACTION ISOLATION LEVEL", level}, nil
	}
	o := Option{Name: p.next().upper}
	if o.Name == "IDENTITY_INSERT" {
		n, err := p.objectName()
		if err != nil {
			return nil, err
		}
		o.Name += " " + n.String()
	}
	if o.Name == "STATISTICS" || o.Name == "DEADLOCK_PRIORITY" && p.ahead(0).kind != word {
		o.Name += " " + p.next().upper
	}
	t := p.next()
	if t.is("-") {
		t = p.next()
	}
	if t.kind == operator || t.kind == end {
		return nil, near(t.shown())
	}
	o.Value = strings.ToUpper(t.text)
	return o, nil
}

// transactionName reads what may follow COMMIT and ROLLBACK.
func (p *parser) transactionName() error {
	if p.takeOne("TRAN", "TRANSACTION", "WORK") == "" {
		return nil
	}
	if t := p.peek(); t.kind == variable || t.kind == quoted || t.kind == word && !reserved[t.upper] && reader(t.upper) == nil {
		p.next()
	}
	return nil
}
