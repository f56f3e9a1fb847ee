package runbooks

import (
	"slices"

	"lifeboat/runbooks/proof"
)

// The format, as one table: every mapping a file may have, its keys, what each holds and what it is for. The reader and
// the JSON Schema for editors both come from it, so neither can know a key the other does not.

// holds says what a key holds.
type holds int

const (
	text       holds = iota // a string, as it is
	template                // a string that may hold ${{ expression }}
	expression              // a bare JMESPath expression
	anything                // any YAML value; its strings may hold ${{ expression }}
	number                  // a whole number, 0 or more
	truth                   // true or false
	duration                // a Go duration that may begin with days: 90s, 24h, 35d
	texts                   // a list of strings
	textOrList              // one string or a list of them
	textMap                 // a mapping of names to strings
	form                    // a mapping of the form `of`
	forms                   // a list of such mappings
	formOrList              // one such mapping or a list of them
	formMap                 // a mapping of names to such mappings
)

// key is one key of a form.
type key struct {
	name     string
	holds    holds
	of       string   // the form of the mapping
	words    []string // the only values a text may have
	required bool
	say      string
}

// forms by name.
var table = map[string][]key{
	"runbook": {
		{name: "id", holds: text, required: true, say: "kebab-case, and the file's name"},
		{name: "title", holds: text, required: true, say: "what it is, in a few words"},
		{name: "kind", holds: text, words: []string{KindLab, KindRestore}, required: true, say: "lab teaches, restore is for on-call"},
		{name: "summary", holds: text, required: true, say: "one or two sentences, for lists"},
		{name: "source", holds: textOrList, say: "addresses of the AWS pages it rests on"},
		{name: "minutes", holds: number, say: "typical length on AWS, in minutes"},
		{name: "regions", holds: textMap, say: "names of Regions with their defaults: home: primary, away: secondary"},
		{name: "accounts", holds: textMap, say: "further identities that steps act as, with what they are for"},
		{name: "inputs", holds: formMap, of: "input", say: "values a person may set before the run; expressions read inputs.NAME"},
		{name: "targets", holds: form, of: "targets", say: "the recovery objectives it measures itself against"},
		{name: "steps", holds: forms, of: "step", required: true, say: "what is to be done, in order"},
	},
	"part": {
		{name: "part", holds: text, say: "name of the part, for use:"},
		{name: "params", holds: textMap, say: "its parameters, with what each is for; expressions read with.NAME"},
		{name: "steps", holds: forms, of: "step", say: "its steps; they refer to each other by these ids"},
		{name: "outputs", holds: textMap, say: "what the using step gives afterwards, each a ${{ expression }}"},
		{name: "conditions", holds: formMap, of: "condition", say: "named conditions, for wait: {use: NAME}"},
	},
	"input": {
		{name: "say", holds: text, required: true, say: "what it is"},
		{name: "default", holds: anything, say: "value when nobody sets it"},
		{name: "pattern", holds: text, say: "regular expression (RE2) the value must match"},
	},
	"targets": {
		{name: "rpo", holds: duration, say: "how much data may be lost, as a time"},
		{name: "rto", holds: duration, say: "how long the outage may be"},
	},
	"step": {
		{name: "id", holds: text, required: true, say: "kebab-case, unique; in expressions a - is written _"},
		{name: "phase", holds: text, words: Phases, say: "where in the run it belongs"},
		{name: "title", holds: text, say: "what is done, in a few words"},
		{name: "why", holds: text, say: "what a learner should understand, in a few sentences"},
		{name: "region", holds: template, say: "where: a name of regions, or a ${{ expression }}; home when left out"},
		{name: "as", holds: text, say: "a name of accounts: who acts; the run itself when left out"},
		{name: "if", holds: expression, say: "false skips the step"},
		{name: "only", holds: text, words: []string{"sandbox", "aws"}, say: "the one target it is for"},
		{name: "for-each", holds: expression, say: "a list; the step is done for each element, `each`, and gives a list"},
		{name: "call", holds: text, say: "an AWS operation, service.Operation: ec2.CreateVolume"},
		{name: "with", holds: anything, say: "parameters of the call, or of the part"},
		{name: "seed", holds: form, of: "seed", say: "writes known data"},
		{name: "prove", holds: form, of: "prove", say: "reads data back and compares it with what a seed wrote"},
		{name: "sql", holds: form, of: "sql", say: "SQL at a database of an instance, in a session of its own; gives {Rows, Columns, Count, Affected}"},
		{name: "reads", holds: truth, say: "true: the sql changes nothing"},
		{name: "again", holds: truth, say: "true: running the sql twice does no more than once, so a resumed run repeats it"},
		{name: "shell", holds: form, of: "script", say: "a command on an instance"},
		{name: "ask", holds: form, of: "ask", say: "asks a person for a value; gives {Value}"},
		{name: "choose", holds: form, of: "choose", say: "lets a person pick from a list; gives the element"},
		{name: "by-hand", holds: text, say: "what a person does by hand; the checks see it"},
		{name: "pass-time", holds: form, of: "pass-time", say: "lets time pass"},
		{name: "quiz", holds: form, of: "quiz", say: "one question with a right answer"},
		{name: "use", holds: text, say: "a part, whose steps come in the place of this one"},
		{name: "refused", holds: form, of: "refused", say: "the call is meant to be refused: that is the lesson"},
		{name: "retry", holds: formOrList, of: "retry", say: "refusals that pass by themselves"},
		{name: "find", holds: form, of: "find", say: "how to see that what the step makes already exists"},
		{name: "wait", holds: form, of: "wait", say: "polls a read until a condition holds"},
		{name: "check", holds: formOrList, of: "check", say: "what must hold afterwards"},
		{name: "hints", holds: texts, say: "three: a first nudge, a stronger one, what to do"},
		{name: "undo", holds: formOrList, of: "undo", say: "brings things back to how they were before"},
		{name: "points", holds: expression, say: "recovery points known after the step: a list of {id, at, holds, where, bad, gone, used}"},
		{name: "clock", holds: text, words: []string{"disaster", "proved"}, say: "disaster starts the RTO clock, proved stops it"},
		{name: "newest", holds: expression, say: "time of the newest data that came back, on the step with clock: proved"},
	},
	"seed": {
		{name: "data", holds: text, words: proof.Kinds(), required: true, say: "kind of data"},
		{name: "with", holds: anything, say: "what that kind needs"},
	},
	"prove": {
		{name: "data", holds: text, words: proof.Kinds(), required: true, say: "kind of data"},
		{name: "with", holds: anything, say: "what that kind needs"},
		{name: "against", holds: text, required: true, say: "id of the seed step whose data is expected"},
		{name: "differs", holds: truth, say: "true where the lesson is that the data is damaged"},
	},
	"sql": {
		{name: "on", holds: form, of: "on", required: true, say: "where it runs"},
		{name: "run", holds: template, required: true, say: "the statement, or several; the last result set is the answer"},
	},
	"on": {
		{name: "instance", holds: template, required: true, say: "the DB instance identifier; address and password are looked up by it"},
		{name: "database", holds: template, required: true, say: "the name of the database"},
	},
	"script": {
		{name: "on", holds: anything, required: true, say: "the instance"},
		{name: "run", holds: template, required: true, say: "what to run"},
	},
	"ask": {
		{name: "text", holds: text, required: true, say: "the question"},
		{name: "default", holds: anything, say: "value when nobody is asked"},
		{name: "pattern", holds: text, say: "regular expression (RE2) the answer must match"},
	},
	"choose": {
		{name: "text", holds: text, required: true, say: "the question"},
		{name: "from", holds: form, of: "find", required: true, say: "a read call, and the list to take from its answer"},
		{name: "value", holds: expression, required: true, say: "over the element: what is shown first and typed"},
		{name: "label", holds: expression, say: "over the element: what is shown beside it"},
		{name: "default", holds: expression, required: true, say: "over `list`: the index or the value taken when nobody is asked"},
	},
	"pass-time": {
		{name: "for", holds: duration, required: true, say: "how long"},
		{name: "every", holds: duration, say: "the pieces it passes in, with a look at watch after each"},
		{name: "real", holds: text, words: []string{"wait", "skip"}, required: true, say: "what happens on AWS, where time cannot jump"},
		{name: "say", holds: text, required: true, say: "the reason, where it is skipped"},
		{name: "watch", holds: form, of: "find", say: "a read call, and the recovery points to take from its answer"},
	},
	"quiz": {
		{name: "ask", holds: text, required: true, say: "the question"},
		{name: "choices", holds: texts, required: true, say: "the answers to choose from"},
		{name: "answer", holds: text, required: true, say: "the right one, word for word"},
		{name: "because", holds: text, required: true, say: "the explanation, shown after the answer"},
	},
	"refused": {
		{name: "code", holds: text, required: true, say: "the error code AWS answers with"},
		{name: "say", holds: text, required: true, say: "in words, what is refused"},
	},
	"retry": {
		{name: "code", holds: text, required: true, say: "the error code"},
		{name: "message", holds: text, say: "a part of the message; any when left out"},
		{name: "within", holds: duration, required: true, say: "how long to go on trying"},
	},
	"find": finding,
	"each": append(slices.Clone(finding), key{name: "batch", holds: number, say: "how many elements one call undoes: `each` is then a list of so many at most, and it is read again until nothing is left"}),
	"wait": append([]key{
		{name: "use", holds: text, say: "a named condition of parts/*.yaml, with `with` for its parameters"},
		{name: "say", holds: text, say: "what it waits for, in words that follow: waiting for"},
	}, waiting...),
	"condition": append([]key{
		{name: "params", holds: texts, say: "its parameters; expressions read with.NAME"},
		{name: "say", holds: text, say: "what it waits for, in words"},
	}, waiting...),
	"check": {
		{name: "call", holds: text, say: "a read operation; the step's last read when left out"},
		{name: "with", holds: anything, say: "its parameters"},
		{name: "sql", holds: form, of: "sql", say: "a statement that reads, in the place of the call"},
		{name: "region", holds: template, say: "where; the step's own when left out"},
		{name: "that", holds: expression, required: true, say: "what must hold"},
		{name: "say", holds: text, required: true, say: "in words, what holds"},
		{name: "else", holds: text, required: true, say: "what to do when it does not hold"},
	},
	"undo": {
		{name: "none", holds: text, say: "why there is nothing to undo"},
		{name: "call", holds: text, say: "an operation"},
		{name: "with", holds: anything, say: "its parameters"},
		{name: "sql", holds: form, of: "sql", say: "a statement, in the place of the call"},
		{name: "region", holds: template, say: "where; the step's own when left out"},
		{name: "as", holds: text, say: "a name of accounts; the step's own when left out"},
		{name: "gone", holds: textOrList, say: "error codes that mean there is nothing left to undo"},
		{name: "each", holds: form, of: "each", say: "a read call, and the list whose elements, `each`, are undone one by one"},
		{name: "wait", holds: form, of: "wait", say: "polls until it is gone"},
		{name: "retry", holds: formOrList, of: "retry", say: "refusals that pass by themselves"},
	},
}

// finding are the keys of a read and what is taken from it.
var finding = []key{
	{name: "call", holds: text, say: "a read operation"},
	{name: "with", holds: anything, say: "its parameters"},
	{name: "sql", holds: form, of: "sql", say: "a statement that reads, in the place of the call"},
	{name: "region", holds: template, say: "where; the step's own when left out"},
	{name: "take", holds: expression, required: true, say: "over the answer; null means it is not there"},
}

// waiting are the keys of a wait and of a named condition.
var waiting = []key{
	{name: "call", holds: text, say: "a read operation"},
	{name: "with", holds: anything, say: "its parameters"},
	{name: "sql", holds: form, of: "sql", say: "a statement that reads, in the place of the call"},
	{name: "region", holds: template, say: "where; the step's own when left out"},
	{name: "until", holds: expression, say: "what ends the waiting"},
	{name: "fails", holds: expression, say: "true fails the step at once"},
	{name: "show", holds: expression, say: "the state to show meanwhile"},
	{name: "within", holds: duration, say: "how long to wait at most, in the target's time"},
	{name: "typical", holds: duration, say: "how long it usually takes on AWS"},
	{name: "missing", holds: textOrList, say: "error codes that mean it is not there (yet); without until the wait is for its absence"},
}

// actions are the keys of a step that say what it does: exactly one is there, or none and at least one check.
var actions = []string{"call", "seed", "prove", "sql", "shell", "ask", "choose", "by-hand", "pass-time", "quiz", "use"}

// names of a form's keys.
func names(of string) []string {
	var out []string
	for _, k := range table[of] {
		out = append(out, k.name)
	}
	return out
}

func lookup(of, name string) (key, bool) {
	i := slices.IndexFunc(table[of], func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return table[of][i], true
}
