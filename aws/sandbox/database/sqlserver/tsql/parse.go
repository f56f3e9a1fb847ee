// Package tsql reads T-SQL and makes SQLite's SQL of it.
//
// Parse reads a whole batch first, as SQL Server does: after a syntax error nothing of it runs. A Translator then makes SQL of one statement at a time, against the tables that
// there are at that moment: every name is looked up and every expression has a data type, so that what SQL Server converts, compares without case, divides or
// refuses happens here too. What is not understood is an error, NotUnderstood.
package tsql

import (
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// Parse reads a batch. With quotedNames, as by default, "x" is a name; without (SET QUOTED_IDENTIFIER OFF), a text.
func Parse(batch string, quotedNames bool) ([]Statement, error) {
	tokens, err := lex(batch)
	if err != nil {
		return nil, err
	}
	for i, t := range tokens {
		if t.kind == quoted && t.double && !quotedNames {
			tokens[i].kind = text
		}
	}
	p := &parser{tokens: tokens}
	var body []Statement
	for {
		for p.take(";") {
		}
		if p.peek().kind == end {
			return body, nil
		}
		s, err := p.statement()
		if err != nil {
			return nil, p.place(err)
		}
		body = append(body, s)
	}
}

// ParseParameters reads the declaration of parameters that sp_executesql has: "@a int, @b nvarchar(10)".
func ParseParameters(s string) ([]Declare, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, parameters: true}
	if p.peek().kind == end {
		return nil, nil
	}
	ds, err := commas(p, p.declaration)
	if err == nil && p.peek().kind != end {
		err = near(p.peek().shown())
	}
	return ds, err
}

type parser struct {
	tokens     []token
	at         int
	depth      int
	parameters bool // types of parameters are read: drivers send every time as datetimeoffset, which is taken as datetime2
}

// place adds the line to an error.
func (p *parser) place(err error) error {
	if f, ok := err.(tds.Fault); ok && f.Line == 0 {
		f.Line = int32(p.peek().line)
		return f
	}
	return err
}

func (p *parser) peek() token { return p.ahead(0) }

func (p *parser) ahead(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// take goes past the keyword or operator s if it is next.
func (p *parser) take(s string) bool {
	if p.peek().is(s) {
		p.at++
		return true
	}
	return false
}

// takeAll goes past a sequence of keywords if it is next.
func (p *parser) takeAll(words string) bool {
	fields := strings.Fields(words)
	for i, w := range fields {
		if !p.ahead(i).is(w) {
			return false
		}
	}
	p.at += len(fields)
	return true
}

// takeOne goes past whichever of words is next, and gives it; "" is none.
func (p *parser) takeOne(words ...string) string {
	for _, w := range words {
		if p.take(w) {
			return w
		}
	}
	return ""
}

func (p *parser) expect(s string) error {
	if !p.take(s) {
		return near(p.peek().shown())
	}
	return nil
}

// deepest is how far statements, queries and expressions may stand inside each other.
const deepest = 400

// deeper reads something that may stand inside of itself.
func deeper[T any](p *parser, read func() (T, error)) (T, error) {
	if p.depth++; p.depth > deepest {
		var none T
		return none, fault(191, "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries.")
	}
	defer func() { p.depth-- }()
	return read()
}

// name reads an identifier.
func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind == quoted || t.kind == word && !reserved[t.upper] {
		p.at++
		return t.text, nil
	}
	return "", near(t.shown())
}

// objectName reads [database.][schema.]object; database..object leaves the schema out.
func (p *parser) objectName() (n Name, err error) {
	var parts []string
	for {
		part := ""
		if !p.peek().is(".") || len(parts) == 0 {
			if part, err = p.name(); err != nil {
				return n, err
			}
		}
		parts = append(parts, part)
		if !p.take(".") {
			break
		}
	}
	if len(parts) > 3 {
		return n, notUnderstood("names of other servers, like %s", strings.Join(parts, "."))
	}
	return nameOf(parts), nil
}

func nameOf(parts []string) (n Name) {
	n.Object = parts[len(parts)-1]
	if len(parts) > 1 {
		n.Schema = parts[len(parts)-2]
	}
	if len(parts) > 2 {
		n.Database = parts[0]
	}
	if n.Database != "" && n.Schema == "" {
		n.Schema = "dbo"
	}
	return n
}

// commas reads one or more of what one reads.
func commas[T any](p *parser, one func() (T, error)) ([]T, error) {
	var all []T
	for {
		x, err := one()
		if err != nil {
			return nil, err
		}
		all = append(all, x)
		if !p.take(",") {
			return all, nil
		}
	}
}

// list reads one or more in parentheses.
func list[T any](p *parser, one func() (T, error)) ([]T, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	all, err := commas(p, one)
	if err != nil {
		return nil, err
	}
	return all, p.expect(")")
}

func (p *parser) skipParentheses() error {
	if err := p.expect("("); err != nil {
		return err
	}
	for depth := 1; depth > 0; {
		switch t := p.next(); {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case t.kind == end:
			return near(t.shown())
		}
	}
	return nil
}

// dataType reads a type; length is that of a text or binary that has none given: 1 in a declaration, 30 in a conversion.
func (p *parser) dataType(length int) (tds.Type, error) {
	if p.peek().kind == word && p.peek().upper == "SYS" && p.ahead(1).is(".") {
		p.at += 2
	}
	t := p.next()
	name := t.text
	if t.kind != word && t.kind != quoted {
		return tds.Type{}, near(t.shown())
	}
	if strings.EqualFold(name, "double") && p.take("PRECISION") {
		name = "float"
	}
	var args []string
	if p.take("(") {
		for !p.take(")") {
			a := p.next()
			if a.kind != number && !a.is("MAX") {
				return tds.Type{}, near(a.shown())
			}
			args = append(args, a.text)
			p.take(",")
		}
	}
	if p.parameters && strings.EqualFold(name, "datetimeoffset") {
		name = "datetime2"
	}
	typ, ok := tds.ParseType(name, args)
	switch {
	case known[strings.ToLower(name)] && !ok:
		return typ, notUnderstood("the data type %s", strings.ToLower(name))
	case !ok:
		return typ, fault(243, "Type %s is not a defined system type.", name)
	case typ.Name == "decimal" && typ.Precision > mostDigits:
		if len(args) == 0 {
			typ.Precision = mostDigits
			return typ, nil
		}
		return typ, notUnderstood("%s: decimals have at most %d digits", typ, mostDigits)
	}
	if (typ.IsText() || typ.IsBinary()) && len(args) == 0 && typ.Length == 1 {
		typ.Length = length
	}
	return typ, nil
}

// mostDigits is how many digits a decimal keeps exactly: it is a floating-point number in the file.
const mostDigits = 15

// known are SQL Server's types that are not carried.
var known = map[string]bool{"money": true, "smallmoney": true, "datetimeoffset": true, "xml": true, "text": true, "ntext": true, "image": true, "sql_variant": true, "hierarchyid": true,
	"geography": true, "geometry": true, "rowversion": true, "timestamp": true, "json": true, "vector": true, "cursor": true, "table": true}

func lower(s string) string { return strings.ToLower(s) }

// reserved are the keywords that end an expression or a list where they stand; they are no names unless in brackets.
var reserved = words(`ADD ALL ALTER AND ANY AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BULK BY CASE CHECK CHECKPOINT CLOSE CLUSTERED COALESCE COLLATE COLUMN COMMIT
	CONSTRAINT CONTINUE CONVERT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE DBCC DEALLOCATE DECLARE DEFAULT DELETE DENY DESC DISTINCT DROP ELSE END ESCAPE
	EXCEPT EXEC EXECUTE EXISTS FETCH FOR FOREIGN FROM FULL FUNCTION GOTO GRANT GROUP HAVING IDENTITY_INSERT IF IN INDEX INNER INSERT INTERSECT INTO IS JOIN KEY
	KILL LEFT LIKE MERGE NONCLUSTERED NOT NULL NULLIF OF OFFSET ON OPEN OPTION OR ORDER OUTER OVER PIVOT PRIMARY PRINT PROC PROCEDURE RAISERROR READ RECONFIGURE REFERENCES RESTORE RETURN REVOKE
	RIGHT ROLLBACK SAVE SCHEMA SELECT SESSION_USER SET SHUTDOWN SOME STATISTICS SYSTEM_USER TABLE THEN TO TOP TRAN TRANSACTION TRIGGER TRUNCATE TRY_CONVERT UNION UNIQUE UNPIVOT UPDATE USE USER
	VALUES VIEW WAITFOR WHEN WHERE WHILE WITH OUTPUT GO`)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// ParseName reads a name out of a text, as OBJECT_ID gets it.
func ParseName(s string) (Name, error) {
	tokens, err := lex(s)
	if err != nil {
		return Name{}, err
	}
	p := &parser{tokens: tokens}
	n, err := p.objectName()
	if err == nil && p.peek().kind != end {
		err = near(p.peek().shown())
	}
	return n, err
}
