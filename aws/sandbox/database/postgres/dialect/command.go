package dialect

import (
	"strings"
)

// command reads the statements that are neither queries nor INSERT, UPDATE, DELETE.
func (p *parser) command(verb string) *Statement {
	at := p.take()
	switch verb {
	case "create":
		return p.create()
	case "drop":
		return p.drop()
	case "alter":
		return p.alter()
	case "truncate":
		return p.truncate()
	case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release":
		return p.transaction(verb)
	case "set":
		return p.set()
	case "reset":
		if p.accept("all") {
			return &Statement{Kind: Set, Tag: "RESET", Name: "all"}
		}
		return &Statement{Kind: Set, Tag: "RESET", Name: p.setting()}
	case "show":
		if p.accept("all") {
			return &Statement{Kind: Show, Tag: "SHOW", Name: "all"}
		}
		name := p.setting()
		return &Statement{Kind: Show, Tag: "SHOW", Name: name, Columns: []Column{{Name: name, Type: Type{OID: Text}}}}
	case "copy":
		return p.copy()
	case "deallocate", "discard":
		p.accept("prepare")
		st := &Statement{Kind: Deallocate, Tag: strings.ToUpper(verb)}
		if !p.accept("all") {
			st.Name = p.name()
		} else {
			st.Tag += " ALL"
		}
		return st
	case "vacuum", "analyze", "analyse", "checkpoint", "reindex", "cluster":
		return p.upkeep(verb)
	case "table":
		p.syntaxAt(at)
	}
	if postgresCommands[verb] {
		fail(Unsupported("%s", strings.ToUpper(verb)).at(at))
	}
	p.syntaxAt(at)
	return nil
}

var postgresCommands = wordSet(`explain prepare execute declare fetch move close listen unlisten notify lock grant revoke comment do call
	import load refresh reassign security merge`)

// upkeep reads statements that change nothing one can see, and that SQLite has no need of.
func (p *parser) upkeep(verb string) *Statement {
	for p.peek().kind != end {
		p.i++
	}
	return &Statement{Kind: Nothing, Tag: strings.ToUpper(verb), Alone: verb == "vacuum"}
}

func (p *parser) transaction(verb string) *Statement {
	if verb == "start" {
		p.expect("transaction")
	} else if !p.accept("work") && (verb != "savepoint" && verb != "release") {
		p.accept("transaction")
	}
	st := &Statement{Kind: Transaction}
	switch verb {
	case "begin", "start":
		st.Word, st.Tag = "begin", "BEGIN"
		if verb == "start" {
			st.Tag = "START TRANSACTION"
		}
		st.Value = p.modes()
	case "commit", "end":
		st.Word, st.Tag = "commit", "COMMIT"
		p.noChain()
	case "rollback", "abort":
		st.Word, st.Tag = "rollback", "ROLLBACK"
		if p.accept("to") {
			p.accept("savepoint")
			st.Word, st.Name = "rollback to", p.name()
		}
		p.noChain()
	case "savepoint":
		st.Word, st.Tag, st.Name = verb, "SAVEPOINT", p.name()
	case "release":
		p.accept("savepoint")
		st.Word, st.Tag, st.Name = verb, "RELEASE", p.name()
	}
	return st
}

func (p *parser) noChain() {
	if p.accept("and", "no", "chain") {
		return
	}
	if p.at("and", "chain") || p.at("prepared") {
		fail(Unsupported("COMMIT or ROLLBACK %s", strings.ToUpper(p.peek().text)).at(p.peek()))
	}
}

// modes reads how a transaction wants to be isolated. The sandbox's are read committed, whoever asks.
func (p *parser) modes() string {
	mode := "read write"
	for p.peek().kind != end {
		switch at := p.peek(); {
		case p.accept("isolation", "level", "read"):
			if !p.accept("committed") {
				p.expect("uncommitted") // which is read committed in Postgres, too
			}
		case p.at("isolation", "level"):
			fail(Unsupported("an isolation level other than READ COMMITTED").at(at))
		case p.accept("read", "write"):
			mode = "read write"
		case p.accept("read", "only"):
			mode = "read only"
		case p.accept("not", "deferrable"), p.accept("deferrable"), p.symbol(","):
		default:
			p.syntax()
		}
	}
	return mode
}

// setting reads the name of a parameter, which may have a dot.
func (p *parser) setting() string {
	switch {
	case p.accept("time", "zone"):
		return "TimeZone"
	case p.accept("transaction", "isolation", "level"):
		return "transaction_isolation"
	case p.accept("session", "authorization"):
		return "session_authorization"
	}
	name := p.label()
	for p.symbol(".") {
		name += "." + p.label()
	}
	return name
}

func (p *parser) set() *Statement {
	st := &Statement{Kind: Set, Tag: "SET"}
	switch {
	case p.accept("session", "characteristics", "as", "transaction"), p.accept("transaction"):
		st.Name, st.Local = "transaction", true
		st.Value = p.modes()
		return st
	case p.accept("local"):
		st.Local = true
	case p.at("session") && p.ahead(1).text != "authorization":
		p.i++
	}
	at := p.peek()
	st.Name = p.setting()
	if st.Name == "session_authorization" || st.Name == "role" {
		fail(Unsupported("SET ROLE").at(at))
	}
	if st.Name == "names" {
		st.Name = "client_encoding"
	} else if st.Name != "TimeZone" || !p.atValue() {
		if !p.symbol("=") {
			p.expect("to")
		}
	}
	var parts []string
	p.list(func() {
		sign := ""
		if p.symbol("-") {
			sign = "-"
		}
		t := p.take()
		if t.kind == end || t.kind == symbol {
			p.syntaxAt(t)
		}
		parts = append(parts, sign+t.text)
	})
	st.Value = strings.Join(parts, ", ")
	if st.Value == "default" {
		st.Value = ""
	}
	return st
}

func (p *parser) atValue() bool {
	t := p.peek()
	return t.kind == literal || t.kind == number || t.kind == word && t.text != "to"
}

// CopyTask is a COPY between a table or a query and the client.
type CopyTask struct {
	In        bool
	Columns   []Column // what a row of the data has
	Insert    string   // In: INSERT INTO t (columns) VALUES, to be followed by rows of parameters
	Guards    []string // In: how the parameter of each column is written; %s is it
	Format    string   // text, csv, binary
	Delimiter byte
	Null      string
	Header    bool
	Quote     byte
	Escape    byte
}

// copy reads COPY ... FROM STDIN and COPY ... TO STDOUT.
func (p *parser) copy() *Statement {
	task := &CopyTask{Format: "text", Quote: '"'}
	st := &Statement{Kind: Copy, Tag: "COPY", Counted: true, Copy: task}
	if p.symbol("(") {
		q := p.settle(p.query())
		p.need(")")
		p.expect("to")
		task.Columns, st.SQL = p.results(&q), []string{q.sql}
	} else {
		p.copyTable(st)
	}
	at := p.peek()
	if want := map[bool]string{true: "stdin", false: "stdout"}[task.In]; !p.accept(want) {
		e := Unsupported("COPY with a file or a program of the server").at(at)
		e.Hint = "Use COPY ... FROM STDIN or TO STDOUT, in psql \\copy."
		fail(e)
	}
	p.accept("with")
	p.copyOptions(task)
	if p.at("where") {
		fail(Unsupported("COPY ... WHERE").at(p.peek()))
	}
	return st
}

func (p *parser) copyTable(st *Statement) {
	schema, name, at := p.qualified()
	src := p.named(schema, name, at)
	cols := src.cols
	if p.atSymbol("(") {
		cols = nil
		if src.table == nil {
			fail(Unsupported("COPY of a catalog").at(at))
		}
		cols = p.insertColumns(src.table)
	}
	st.Copy.Columns = cols
	switch {
	case p.accept("from"):
		if src.table == nil || src.table.View {
			fail(Errorf("42809", "cannot copy to view %q", name).at(at))
		}
		st.Copy.In = true
		st.Copy.Insert = "insert into main." + ident(src.table.Name) + " (" + idents(columnNames(cols)) + ") values "
		for _, c := range cols {
			st.Copy.Guards = append(st.Copy.Guards, p.stored(src.table, c, expr{sql: "%s"}, true, at).sql)
		}
	case p.accept("to"):
		p.scope = &scope{sources: []source{src}}
		var parts []string
		for _, c := range cols {
			parts = append(parts, ident(c.Name))
		}
		st.SQL = []string{"select " + strings.Join(parts, ", ") + " from " + src.sql}
	default:
		p.syntax()
	}
}

// copyOptions reads (FORMAT csv, HEADER ...) and the older spelling without brackets.
func (p *parser) copyOptions(task *CopyTask) {
	null, delimiter := false, false
	brackets := p.symbol("(")
	text := func() string {
		p.accept("as")
		t := p.take()
		if t.kind == end || t.kind == symbol {
			p.syntaxAt(t)
		}
		return t.text
	}
	one := func() byte {
		if s := text(); len(s) == 1 {
			return s[0]
		}
		fail(Errorf("22023", "COPY delimiter, quote and escape must be a single one-byte character"))
		return 0
	}
	for p.peek().kind != end && !p.atSymbol(")") && !p.at("where") {
		at := p.take()
		switch at.text {
		case "format":
			task.Format = text()
		case "csv", "binary":
			task.Format = at.text
		case "header":
			task.Header = !p.accept("false") && !p.accept("off")
			_ = p.accept("true") || p.accept("on")
		case "delimiter", "delimiters":
			task.Delimiter, delimiter = one(), true
		case "null":
			task.Null, null = text(), true
		case "quote":
			task.Quote = one()
		case "escape":
			task.Escape = one()
		case "encoding":
			text()
		default:
			fail(Unsupported("COPY ... %s", strings.ToUpper(at.shown())).at(at))
		}
		if brackets && !p.atSymbol(")") {
			p.need(",")
		}
	}
	if brackets {
		p.need(")")
	}
	csv := task.Format == "csv"
	if !csv && task.Format != "text" && task.Format != "binary" {
		fail(Errorf("22023", "COPY format %q not recognized", task.Format))
	}
	if !delimiter {
		task.Delimiter = map[bool]byte{true: ',', false: '\t'}[csv]
	}
	if !null && !csv {
		task.Null = `\N`
	}
	if task.Escape == 0 {
		task.Escape = task.Quote
	}
}
