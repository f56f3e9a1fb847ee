package tsql

import (
	"strconv"
)

func (p *parser) create() (Statement, error) {
	switch {
	case p.take("DATABASE"):
		n, err := p.name()
		if err == nil && (p.peek().is("ON") || p.peek().is("COLLATE") || p.peek().is("AS") || p.peek().is("CONTAINMENT")) {
			err = notUnderstood("CREATE DATABASE with %s", p.peek().upper)
		}
		return CreateDatabase{n}, err
	case p.take("TABLE"):
		return p.createTable()
	case p.peek().is("UNIQUE") || p.peek().is("CLUSTERED") || p.peek().is("NONCLUSTERED") || p.peek().is("INDEX"):
		return p.createIndex()
	}
	return nil, notUnderstood("CREATE %s", p.peek().shown())
}

func (p *parser) createTable() (Statement, error) {
	n, err := p.objectName()
	if err != nil {
		return nil, err
	}
	s := CreateTable{name: n}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for {
		if p.startsConstraint() {
			c, err := p.constraint("")
			if err != nil {
				return nil, err
			}
			s.constraints = append(s.constraints, c)
		} else {
			d, err := p.columnDef()
			if err != nil {
				return nil, err
			}
			s.columns = append(s.columns, d)
		}
		if !p.take(",") || p.peek().is(")") {
			break
		}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	return s, p.storage()
}

// storage skips ON [PRIMARY] and WITH (...), which say where and how SQL Server keeps a table.
func (p *parser) storage() error {
	for {
		switch {
		case p.peek().is("ON") || p.peek().is("TEXTIMAGE_ON"):
			p.at += 2
		case p.peek().is("WITH") && p.ahead(1).is("("):
			p.next()
			if err := p.skipParentheses(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (p *parser) startsConstraint() bool {
	t := p.peek()
	return t.is("CONSTRAINT") || t.is("PRIMARY") || t.is("UNIQUE") || t.is("CHECK") || t.is("FOREIGN")
}

func (p *parser) columnDef() (d columnDef, err error) {
	if d.name, err = p.name(); err != nil {
		return d, err
	}
	if p.peek().is("AS") {
		return d, notUnderstood("computed columns")
	}
	if d.typ, err = p.dataType(1); err != nil {
		return d, err
	}
	for {
		switch {
		case p.take("NULL"):
			d.nullable = true
		case p.takeAll("NOT NULL"):
			d.notNull = true
		case p.take("IDENTITY"):
			err = p.identity(&d)
		case p.takeAll("CONSTRAINT"):
			var name string
			if name, err = p.name(); err == nil && !p.peek().is("DEFAULT") {
				err = p.columnConstraint(&d, name)
			}
		case p.take("DEFAULT"):
			d.def, err = p.sum()
		case p.startsConstraint() || p.peek().is("REFERENCES"):
			err = p.columnConstraint(&d, "")
		case p.peek().is("COLLATE") || p.peek().is("ROWGUIDCOL") || p.peek().is("SPARSE") || p.peek().is("GENERATED") || p.peek().is("INDEX"):
			err = notUnderstood("%s of a column", p.peek().upper)
		default:
			return d, nil
		}
		if err != nil {
			return d, err
		}
	}
}

func (p *parser) identity(d *columnDef) error {
	d.identity, d.seed, d.step = true, 1, 1
	if !p.peek().is("(") {
		return nil
	}
	n, err := list(p, func() (int64, error) {
		sign := int64(1)
		if p.take("-") {
			sign = -1
		}
		v, err := strconv.ParseInt(p.next().text, 10, 64)
		return sign * v, err
	})
	if err != nil || len(n) != 2 {
		return near(p.peek().shown())
	}
	d.seed, d.step = n[0], n[1]
	if d.step != 1 {
		return notUnderstood("IDENTITY with an increment other than 1")
	}
	return nil
}

func (p *parser) columnConstraint(d *columnDef, name string) error {
	c, err := p.constraint(name)
	if len(c.columns) == 0 && c.kind != "CHECK" {
		c.columns = []ordering{{x: columnRef{[]string{d.name}}}}
	}
	d.constraints = append(d.constraints, c)
	return err
}

// constraint reads one of a table or a column; name is that which was read before.
func (p *parser) constraint(name string) (c constraint, err error) {
	c.name = name
	if p.take("CONSTRAINT") {
		if c.name, err = p.name(); err != nil {
			return c, err
		}
	}
	switch {
	case p.takeAll("PRIMARY KEY"):
		c.kind = "PRIMARY KEY"
	case p.take("UNIQUE"):
		c.kind = "UNIQUE"
	case p.take("CHECK"):
		c.kind = "CHECK"
		if err := p.expect("("); err != nil {
			return c, err
		}
		if c.check, err = p.expression(); err != nil {
			return c, err
		}
		return c, p.expect(")")
	case p.takeAll("FOREIGN KEY"):
		c.kind = "FOREIGN KEY"
		if c.columns, err = list(p, p.ordering); err != nil {
			return c, err
		}
		return c, p.references(&c)
	case p.peek().is("REFERENCES"):
		c.kind = "FOREIGN KEY"
		return c, p.references(&c)
	default:
		return c, near(p.peek().shown())
	}
	p.takeOne("CLUSTERED", "NONCLUSTERED")
	if p.peek().is("(") {
		c.columns, err = list(p, p.ordering)
	}
	if err == nil {
		err = p.storage()
	}
	return c, err
}

func (p *parser) references(c *constraint) (err error) {
	if err = p.expect("REFERENCES"); err != nil {
		return err
	}
	if c.table, err = p.objectName(); err != nil {
		return err
	}
	if p.peek().is("(") {
		if c.foreign, err = list(p, p.name); err != nil {
			return err
		}
	}
	for p.take("ON") {
		to := &c.onUpdate
		if p.takeOne("DELETE", "UPDATE") == "DELETE" {
			to = &c.onDelete
		}
		switch {
		case p.take("CASCADE"):
			*to = "CASCADE"
		case p.takeAll("NO ACTION"):
			*to = "NO ACTION"
		case p.takeAll("SET NULL"):
			*to = "SET NULL"
		default:
			return near(p.peek().shown())
		}
	}
	return nil
}

func (p *parser) createIndex() (Statement, error) {
	s := CreateIndex{unique: p.take("UNIQUE")}
	p.takeOne("CLUSTERED", "NONCLUSTERED")
	if err := p.expect("INDEX"); err != nil {
		return nil, err
	}
	var err error
	if s.name, err = p.name(); err != nil {
		return nil, err
	}
	if err := p.expect("ON"); err != nil {
		return nil, err
	}
	if s.table, err = p.objectName(); err != nil {
		return nil, err
	}
	if s.columns, err = list(p, p.ordering); err != nil {
		return nil, err
	}
	if p.take("INCLUDE") {
		if err := p.skipParentheses(); err != nil {
			return nil, err
		}
	}
	if p.take("WHERE") {
		if s.where, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return s, p.storage()
}

func (p *parser) drop() (Statement, error) {
	what := p.takeOne("DATABASE", "TABLE", "INDEX")
	if what == "" {
		return nil, notUnderstood("DROP %s", p.peek().shown())
	}
	ifExists := p.takeAll("IF EXISTS")
	switch what {
	case "DATABASE":
		names, err := commas(p, p.name)
		return DropDatabase{names, ifExists}, err
	case "TABLE":
		names, err := commas(p, p.objectName)
		return DropTable{names, ifExists}, err
	}
	s := DropIndex{ifExists: ifExists}
	n, err := p.objectName()
	if err != nil {
		return nil, err
	}
	s.name = n.Object
	if err := p.expect("ON"); err != nil {
		return nil, err
	}
	s.table, err = p.objectName()
	return s, err
}

func (p *parser) alter() (Statement, error) {
	switch {
	case p.take("DATABASE"):
		return p.alterDatabase()
	case p.take("TABLE"):
		return p.alterTable()
	}
	return nil, notUnderstood("ALTER %s", p.peek().shown())
}

func (p *parser) alterDatabase() (Statement, error) {
	var s AlterDatabase
	var err error
	if !p.take("CURRENT") {
		if s.Name, err = p.name(); err != nil {
			return nil, err
		}
	}
	switch {
	case p.takeAll("MODIFY NAME"):
		if err := p.expect("="); err != nil {
			return nil, err
		}
		s.NewName, err = p.name()
		return s, err
	case !p.take("SET"):
		return nil, notUnderstood("ALTER DATABASE %s", p.peek().shown())
	case p.take("RECOVERY"):
		if s.Recovery = p.takeOne("FULL", "SIMPLE", "BULK_LOGGED"); s.Recovery == "" {
			return nil, near(p.peek().shown())
		}
	default:
		if s.Access = p.takeOne("SINGLE_USER", "RESTRICTED_USER", "MULTI_USER"); s.Access == "" {
			return nil, notUnderstood("ALTER DATABASE SET %s", p.peek().shown())
		}
	}
	if p.take("WITH") {
		switch {
		case p.takeAll("ROLLBACK IMMEDIATE"):
			s.RollbackOthers = true
		case p.take("NO_WAIT"):
		default:
			return nil, notUnderstood("ALTER DATABASE SET ... WITH %s", p.peek().shown())
		}
	}
	return s, nil
}

func (p *parser) alterTable() (Statement, error) {
	n, err := p.objectName()
	if err != nil {
		return nil, err
	}
	s := AlterTable{table: n}
	switch {
	case p.take("ADD"):
		if p.startsConstraint() {
			return nil, notUnderstood("ALTER TABLE ADD CONSTRAINT")
		}
		s.add, err = commas(p, p.columnDef)
		return s, err
	case p.takeAll("DROP COLUMN"):
		p.takeAll("IF EXISTS")
		s.drop, err = commas(p, p.name)
		return s, err
	}
	return nil, notUnderstood("ALTER TABLE %s", p.peek().shown())
}
