package runbooks

import (
	"fmt"
	"slices"
	"strings"

	"lifeboat/aws/endpoint"
	"lifeboat/runbooks/expr"
)

// SQL is the operation of a step, find, wait, check or undo that runs a statement instead of calling AWS: With then has
// instance, database and run. It gives Rows, Columns, Count and Affected.
const SQL = endpoint.Statement

// Statement is what only the statement of a step says.
type Statement struct {
	Reads bool // it changes nothing
	Again bool // running it twice does no more than running it once
}

// called gives what a record calls with which parameters: an operation of AWS, or its statement as the operation SQL.
func (rec *record) called(what string) (op string, with Value) {
	n := rec.fields["sql"]
	if rec.keys["sql"].Line == 0 {
		return rec.text("call"), rec.value("with")
	}
	for _, k := range []string{"call", "with"} {
		if rec.keys[k].Line > 0 && (k != "call" || rec.of != "step") { // of a step's two doings the checker says it
			rec.r.problem(rec.keys[k], fmt.Sprintf("%s has sql and %s", what, k), "keep one of them")
		}
	}
	if n == nil {
		return SQL, Value{}
	}
	sub, ok := rec.r.record(n, "sql", "sql")
	if !ok {
		return SQL, Value{}
	}
	with = Value{Kind: Mapping, Pos: sub.pos}
	take := func(from *record, names ...string) {
		for _, name := range names {
			if from.fields[name] != nil {
				with.Map = append(with.Map, Field{Name: name, Pos: from.keys[name], Value: from.value(name)})
			}
		}
	}
	if n := sub.fields["on"]; n != nil {
		if on, ok := rec.r.record(n, "on", "on"); ok {
			take(on, "instance", "database")
		}
	}
	take(sub, "run")
	return SQL, with
}

// callless reports, and says, that a record neither calls nor has a statement.
func (rec *record) callless(what, instead string) bool {
	if rec.keys["call"].Line > 0 || rec.keys["sql"].Line > 0 {
		return false
	}
	rec.r.problem(rec.pos, what+" has no call", instead)
	return true
}

// asks is the path of the key that says what is called.
func asks(path, op string) string {
	key := "call"
	if op == SQL {
		key = "sql"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// rows is the type of a statement's answer. What a row has, only the database knows.
func rows() *typ {
	t := structure("the answer of sql", map[string]*typ{})
	t.named["Rows"] = listOf(&typ{sort: aStructure, what: "a row"})
	t.named["Columns"] = listOf(ofSort(aText))
	t.named["Count"], t.named["Affected"] = ofSort(aNumber), ofSort(aNumber)
	return t
}

// changing are the words that a statement begins with which is no read.
var changing = []string{"insert", "update", "delete", "drop", "create", "alter", "truncate", "merge", "grant", "revoke"}

// statement checks a statement: where it runs, and its text as far as it can be read without a database.
func (c *checker) statement(with Value, read bool) {
	c.template(with)
	run, ok := with.Get("run")
	text, isText := run.Scalar.(string)
	pieces, err := expr.ParseText(text)
	if !ok || !isText || err != nil {
		return
	}
	var b strings.Builder
	for _, p := range pieces {
		if b.WriteString(p.Plain); p.Expr != nil {
			b.WriteByte('x')
		}
	}
	bare, open := unquoted(b.String())
	switch {
	case open != "":
		c.say(run.Pos, fmt.Sprintf("the statement has a %s that is not closed", open), "close it")
	case strings.Trim(bare, " \t\n;") == "":
		c.say(run.Pos, "the statement is empty", "write run: and SQL")
	case read && slices.Contains(changing, firstWord(bare)):
		c.say(run.Pos, fmt.Sprintf("%s is no read", firstWord(bare)), "write a statement that reads, such as select")
	}
}

// unquoted gives SQL without its comments and without what is in quotes; open names what is not closed.
func unquoted(sql string) (bare, open string) {
	ends := []struct{ from, to, name string }{{"--", "\n", ""}, {"/*", "*/", "comment"}, {"'", "'", "quote '"}, {`"`, `"`, `quote "`}, {"$$", "$$", "quote $$"}}
	var b strings.Builder
next:
	for i := 0; i < len(sql); {
		for _, e := range ends {
			if !strings.HasPrefix(sql[i:], e.from) {
				continue
			}
			n := strings.Index(sql[i+len(e.from):], e.to)
			if n < 0 {
				return b.String(), e.name
			}
			if i += len(e.from) + n + len(e.to); e.from[0] != '-' && e.from[0] != '/' {
				b.WriteByte('q') // something stands here
			}
			continue next
		}
		b.WriteByte(sql[i])
		i++
	}
	return b.String(), ""
}

func firstWord(sql string) string {
	for _, word := range strings.FieldsFunc(strings.ToLower(sql), func(r rune) bool { return r < 'a' || r > 'z' }) {
		return word
	}
	return ""
}

// statementDuties are what a step with a statement owes: how a resumed run sees that it is done, and how to see that it worked.
func (c *checker) statementDuties() {
	d := c.d
	for key, given := range map[string]bool{"reads": d.rec.keys["reads"].Line > 0, "again": d.rec.keys["again"].Line > 0} {
		if given && d.Call != SQL {
			c.say(d.rec.keys[key], fmt.Sprintf("%s is for sql", key), "leave it out")
		}
	}
	if d.Call != SQL {
		return
	}
	if d.SQL.Reads && d.SQL.Again {
		c.say(d.rec.keys["again"], "what only reads can be done again anyhow", "leave again out")
	}
	if d.SQL.Reads || d.Refused != nil {
		return
	}
	run, _ := d.With.Get("run")
	text, _ := run.Scalar.(string)
	switch {
	case d.Find != nil || d.rec.keys["find"].Line > 0 || d.SQL.Again:
	case slices.Contains([]string{"select", "show"}, firstWord(text)):
		c.say(run.Pos, fmt.Sprintf("step %s does not say that it only reads", d.ID), "write reads: true on the step")
		return
	default:
		c.say(d.Step.Pos, fmt.Sprintf("step %s changes data and does not say how a resumed run sees that", d.ID),
			"write find: and how to see that it is done, again: true where doing it twice does no harm, or reads: true where it only reads")
	}
	if len(d.Checks) == 0 && d.rec.keys["check"].Line == 0 {
		c.say(d.Step.Pos, fmt.Sprintf("step %s changes data and has no check", d.ID), "write check: and what must hold afterwards")
	}
	if d.Undo.None == "" && len(d.Undo.Actions) == 0 && d.rec.keys["undo"].Line == 0 {
		c.say(d.Step.Pos, fmt.Sprintf("step %s changes data and has no undo", d.ID), "write undo: and the statement that takes it back, or undo: {none: and the reason}")
	}
}
