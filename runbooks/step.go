package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"lifeboat/aws/spelling"
)

// draft is a step as it was read, with the places of what is in it.
type draft struct {
	Step
	rec *record
	via *via           // of a part's step
	at  map[string]Pos // of expressions and texts: "if", "wait.until", "check[1].that", "undo[0].each.take"
}

func (d *draft) place(path string) Pos {
	if p, ok := d.at[path]; ok {
		return p
	}
	return d.Step.Pos
}

// mark remembers the places of a record's values below a path.
func (d *draft) mark(path string, rec *record) {
	for name := range rec.keys {
		if path == "" {
			d.at[name] = rec.at(name)
		} else {
			d.at[path+"."+name] = rec.at(name)
		}
	}
}

func (r *reader) steps(list *yaml.Node) []*draft {
	var out []*draft
	for _, n := range list.Content {
		rec, ok := r.record(n, "step", stepName(n))
		if !ok {
			continue
		}
		d := r.step(rec)
		if _, uses := rec.keys["use"]; !uses {
			out = append(out, d)
			continue
		}
		out = append(out, r.use(rec, d)...)
	}
	return out
}

// stepName is how messages call a step.
func stepName(n *yaml.Node) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "id" && n.Content[i+1].Value != "" {
			return "step " + n.Content[i+1].Value
		}
	}
	return "the step"
}

// stepWord is how messages call a step that was read.
func stepWord(rec *record) string {
	if id := rec.text("id"); id != "" {
		return "step " + id
	}
	return "the step"
}

func (r *reader) step(rec *record) *draft {
	d := &draft{rec: rec, via: r.via, at: map[string]Pos{}}
	d.mark("", rec)
	call, with := rec.called(stepWord(rec))
	d.Step = Step{
		ID: r.prefix + rec.text("id"), Phase: rec.text("phase"), Title: rec.text("title"), Why: strings.TrimSpace(rec.text("why")),
		Region: rec.template("region"), As: rec.text("as"), If: rec.expression("if"), Only: rec.text("only"), ForEach: rec.expression("for-each"),
		Call: call, With: with, Hints: rec.texts("hints"), Points: rec.expression("points"), Clock: rec.text("clock"),
		Newest: rec.expression("newest"), Pos: rec.pos,
	}
	if call == SQL {
		d.SQL = &Statement{Reads: rec.text("reads") == "true", Again: rec.text("again") == "true"}
	}
	if text := rec.text("by-hand"); text != "" {
		d.ByHand = &ByHand{text}
	}
	r.doings(d, rec)
	for _, sub := range rec.list("retry", "retry", "retry") {
		d.Retry = append(d.Retry, sub.retry())
	}
	d.Find = rec.find("find", d, "find")
	if n := rec.fields["wait"]; n != nil {
		d.Wait = r.wait(n, "wait", marker(d, "wait"))
	}
	for i, sub := range rec.list("check", "check", "check") {
		d.mark(fmt.Sprintf("check[%d]", i), sub)
		call, with := sub.called("check")
		d.Checks = append(d.Checks, Check{Call: call, With: with, Region: sub.template("region"), That: sub.expression("that"),
			Say: sub.text("say"), Else: sub.text("else"), Pos: sub.pos})
	}
	r.undo(d, rec)
	return d
}

// doings reads what a step does beside a call.
func (r *reader) doings(d *draft, rec *record) {
	if sub := rec.form("seed", d); sub != nil {
		d.Seed = &Seed{sub.text("data"), sub.value("with")}
	}
	if sub := rec.form("prove", d); sub != nil {
		d.Prove = &Prove{Data: sub.text("data"), With: sub.value("with"), Against: sub.text("against"), Differs: sub.text("differs") == "true"}
		if slices.Contains(r.inner, d.Prove.Against) {
			d.Prove.Against = r.prefix + d.Prove.Against
		}
	}
	if sub := rec.form("shell", d); sub != nil {
		d.Shell = &Script{sub.value("on"), sub.template("run")}
	}
	if sub := rec.form("ask", d); sub != nil {
		d.Ask = &Ask{sub.text("text"), sub.value("default"), sub.text("pattern")}
	}
	if sub := rec.form("choose", d); sub != nil {
		d.Choose = &Choose{Text: sub.text("text"), Value: sub.expression("value"), Label: sub.expression("label"), Default: sub.expression("default")}
		if from := sub.find("from", d, "choose.from"); from != nil {
			d.Choose.From = *from
		}
	}
	if sub := rec.form("pass-time", d); sub != nil {
		d.PassTime = &PassTime{For: sub.duration("for"), Every: sub.duration("every"), Real: sub.text("real"), Say: sub.text("say"),
			Watch: sub.find("watch", d, "pass-time.watch")}
	}
	if sub := rec.form("quiz", d); sub != nil {
		d.Quiz = &Quiz{Ask: sub.text("ask"), Choices: sub.texts("choices"), Because: sub.text("because")}
		d.Quiz.Answer = slices.Index(d.Quiz.Choices, sub.text("answer"))
		if answer := sub.text("answer"); answer != "" && d.Quiz.Answer < 0 && len(d.Quiz.Choices) > 0 {
			instead := "write one of the choices, word for word"
			if n := spelling.Nearest(answer, d.Quiz.Choices); n != "" {
				instead = fmt.Sprintf("write %q", n)
			}
			r.problem(sub.at("answer"), "answer is not among the choices", instead)
		}
		if sub.fields["choices"] != nil && len(d.Quiz.Choices) < 2 {
			r.problem(sub.at("choices"), "the quiz has fewer than 2 choices", "write at least one more")
		}
	}
	if sub := rec.form("refused", d); sub != nil {
		d.Refused = &Refused{sub.text("code"), sub.text("say")}
	}
}

func (r *reader) undo(d *draft, rec *record) {
	d.Undo.Pos = rec.at("undo")
	for i, sub := range rec.list("undo", "undo", "undo") {
		path := fmt.Sprintf("undo[%d]", i)
		d.mark(path, sub)
		if none := sub.text("none"); none != "" {
			d.Undo.None = none
			if len(sub.order) > 1 || len(rec.entries("undo")) > 1 {
				r.problem(sub.keys["none"], "undo says none and something else", "keep one of them")
			}
			continue
		}
		call, with := sub.called("undo")
		a := UndoAction{Call: call, With: with, Region: sub.template("region"), As: sub.text("as"), Gone: sub.texts("gone"),
			Each: sub.each(d, path+".each"), Pos: sub.pos}
		if n := sub.fields["wait"]; n != nil {
			a.Wait = r.wait(n, "wait", marker(d, path+".wait"))
		}
		for _, s := range sub.list("retry", "retry", "retry") {
			a.Retry = append(a.Retry, s.retry())
		}
		if sub.callless("undo", "write call: and the operation that takes it back, or none: and the reason") {
			continue
		}
		d.Undo.Actions = append(d.Undo.Actions, a)
	}
}

// form reads a key's mapping; nil when it is not there or no mapping.
func (rec *record) form(name string, d *draft) *record {
	n := rec.fields[name]
	if n == nil {
		return nil
	}
	k, _ := lookup(rec.of, name)
	sub, ok := rec.r.record(n, k.of, name)
	if !ok {
		return nil
	}
	d.mark(name, sub)
	return sub
}

// entries are the nodes of a key that holds one mapping or a list of them.
func (rec *record) entries(name string) []*yaml.Node {
	n := rec.fields[name]
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		return n.Content
	}
	return []*yaml.Node{n}
}

// list reads them.
func (rec *record) list(name, of, what string) []*record {
	var out []*record
	for _, e := range rec.entries(name) {
		if sub, ok := rec.r.record(e, of, what); ok {
			out = append(out, sub)
		}
	}
	return out
}

func (rec *record) retry() Retry {
	return Retry{rec.text("code"), rec.text("message"), rec.duration("within")}
}

func (rec *record) find(name string, d *draft, path string) *Find {
	f, _ := rec.finding(name, "find", d, path)
	return f
}

// each reads the list of an undo.
func (rec *record) each(d *draft, path string) *Find {
	f, sub := rec.finding("each", "each", d, path)
	if f != nil {
		f.Batch = sub.number("batch")
	}
	return f
}

func (rec *record) finding(name, of string, d *draft, path string) (*Find, *record) {
	n := rec.fields[name]
	if n == nil {
		return nil, nil
	}
	sub, ok := rec.r.record(n, of, name)
	if !ok {
		return nil, nil
	}
	d.mark(path, sub)
	sub.callless(name, "write call: and a read operation, or sql: and a statement")
	call, with := sub.called(name)
	return &Find{Call: call, With: with, Region: sub.template("region"), Take: sub.expression("take"), Pos: sub.pos}, sub
}

func marker(d *draft, path string) func(*record) {
	return func(rec *record) { d.mark(path, rec) }
}

// wait reads a wait, or a named condition in its place.
func (r *reader) wait(n *yaml.Node, of string, mark ...func(*record)) *Wait {
	rec, ok := r.record(n, of, "wait")
	if !ok {
		return nil
	}
	for _, m := range mark {
		m(rec)
	}
	if rec.text("use") != "" {
		return r.condition(rec)
	}
	call, with := rec.called("wait")
	w := &Wait{Say: rec.text("say"), Call: call, With: with, Region: rec.template("region"), Until: rec.expression("until"), Fails: rec.expression("fails"),
		Show: rec.expression("show"), Within: rec.duration("within"), Typical: rec.duration("typical"), Missing: rec.texts("missing"), Pos: rec.pos}
	switch {
	case rec.callless("wait", "write call: and a read operation, sql: and a statement, or use: and a named condition"):
	case rec.keys["until"].Line == 0 && len(w.Missing) == 0:
		r.problem(rec.pos, "wait has no until", "write until: and what ends the waiting")
	}
	if rec.keys["within"].Line == 0 {
		r.problem(rec.pos, "wait has no within", "write within: and how long to wait at most, such as 5m")
	}
	return w
}

var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// kebabOf suggests an id.
func kebabOf(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case c >= 'A' && c <= 'Z':
			if i > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(c + 32)
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		default:
			b.WriteByte('-')
		}
	}
	out := strings.Trim(regexp.MustCompile(`-+`).ReplaceAllString(b.String(), "-"), "-0123456789")
	if !kebab.MatchString(out) {
		return "small letters, digits and single hyphens"
	}
	return out
}

// runbook reads the whole file.
func (r *reader) runbook(top *yaml.Node) (*Runbook, []*draft, *record) {
	rec, ok := r.record(top, "runbook", "the runbook")
	if !ok {
		return nil, nil, rec
	}
	b := &Runbook{
		ID: rec.text("id"), Title: rec.text("title"), Kind: rec.text("kind"), Summary: strings.TrimSpace(rec.text("summary")), Source: rec.texts("source"),
		Minutes: rec.number("minutes"), Regions: rec.textMap("regions"), Accounts: rec.textMap("accounts"), Pos: rec.pos,
	}
	if n := rec.fields["targets"]; n != nil {
		if sub, ok := r.record(n, "targets", "targets"); ok {
			b.Targets = Targets{sub.duration("rpo"), sub.duration("rto")}
		}
	}
	if n := rec.fields["inputs"]; n != nil {
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			sub, ok := r.record(n.Content[i+1], "input", "input "+k.Value)
			if !ok {
				continue
			}
			if _, err := regexp.Compile(sub.text("pattern")); err != nil {
				r.problem(sub.at("pattern"), "pattern is no regular expression", "write it in RE2's syntax")
			}
			b.Inputs = append(b.Inputs, Input{k.Value, sub.text("say"), sub.value("default"), sub.text("pattern"), r.pos(k)})
		}
	}
	var drafts []*draft
	if n := rec.fields["steps"]; n != nil {
		drafts = r.steps(n)
	}
	for _, d := range drafts {
		d.Digest = digest(d.Step)
		b.Steps = append(b.Steps, d.Step)
	}
	b.Digest = b.whole()
	return b, drafts, rec
}
