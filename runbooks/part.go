package runbooks

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"lifeboat/runbooks/expr"
)

// Library is what runbooks share: parts (lists of steps with parameters) and named conditions, from parts/*.yaml.
type Library struct {
	parts      map[string]*part
	conditions map[string]*condition
}

// part is a part as its file has it. It is read anew for every use, with that use's values in place.
type part struct {
	name    string
	file    string
	lines   []string
	params  map[string]string
	steps   *yaml.Node
	outputs map[string]*yaml.Node
}

type condition struct {
	name   string
	file   string
	lines  []string
	node   *yaml.Node
	params []string
	say    string
}

// ReadLibrary reads every .yaml file of a folder of parts.
func ReadLibrary(files fs.FS) (Library, []Problem) {
	lib := Library{parts: map[string]*part{}, conditions: map[string]*condition{}}
	var problems []Problem
	found, _ := fs.Glob(files, "*.yaml")
	for _, name := range found {
		src, err := fs.ReadFile(files, name)
		if err != nil {
			problems = append(problems, Problem{Pos{File: name, Line: 1, Column: 1}, err.Error(), ""})
			continue
		}
		lib.add(path.Join("parts", name), src, &problems)
	}
	return lib, problems
}

func (lib Library) add(file string, src []byte, problems *[]Problem) {
	r := &reader{file: file, lines: strings.Split(string(src), "\n"), problems: problems}
	top := r.document(src)
	if top == nil {
		return
	}
	rec, ok := r.record(top, "part", "the part")
	if !ok {
		return
	}
	if n := rec.fields["conditions"]; n != nil {
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if rec, ok := r.record(n.Content[i+1], "condition", "condition "+k.Value); ok {
				lib.conditions[k.Value] = &condition{k.Value, file, r.lines, n.Content[i+1], rec.texts("params"), rec.text("say")}
			}
		}
	}
	name := rec.text("part")
	if name == "" {
		if rec.fields["conditions"] == nil {
			r.problem(rec.pos, "the part has no part", "write part: and its name")
		}
		return
	}
	p := &part{name: name, file: file, lines: r.lines, params: rec.textMap("params"), steps: rec.fields["steps"], outputs: map[string]*yaml.Node{}}
	if p.steps == nil {
		r.problem(rec.pos, "the part has no steps", "write steps: and a list of steps")
		return
	}
	if n := rec.fields["outputs"]; n != nil {
		for i := 0; i+1 < len(n.Content); i += 2 {
			p.outputs[n.Content[i].Value] = n.Content[i+1]
		}
	}
	lib.parts[name] = p
}

// Parts and Conditions give the names there are, sorted.
func (lib Library) Parts() []string      { return slices.Sorted(maps.Keys(lib.parts)) }
func (lib Library) Conditions() []string { return slices.Sorted(maps.Keys(lib.conditions)) }

// arguments checks the values given to a part or a condition against its parameters.
func (r *reader) arguments(given Value, params []string, what string, at Pos) map[string]Value {
	out := map[string]Value{}
	if given.Kind != None && given.Kind != Mapping {
		r.problem(given.Pos, "with is not a mapping", "write with: and the parameters of "+what)
		return out
	}
	for _, f := range given.Map {
		if !slices.Contains(params, f.Name) {
			r.problem(f.Pos, fmt.Sprintf("%s has no parameter %s", what, f.Name), write(f.Name, params))
			continue
		}
		out[f.Name] = f.Value
	}
	for _, p := range params {
		if _, ok := out[p]; !ok {
			r.problem(at, fmt.Sprintf("%s is used without its parameter %s", what, p), fmt.Sprintf("write with: {%s: ...}, null where there is none", p))
			out[p] = Value{Kind: Scalar, Pos: at}
		}
	}
	return out
}

// condition puts a named condition in the place of a wait that uses it.
func (r *reader) condition(rec *record) *Wait {
	at := rec.at("use")
	name := rec.text("use")
	for _, k := range rec.order {
		if k != "use" && k != "with" && k != "region" && k != "within" && k != "typical" {
			r.problem(rec.keys[k], fmt.Sprintf("a wait that uses a named condition has %s too", k), "leave it out, or write the whole wait here")
		}
	}
	c, ok := r.lib.conditions[name]
	if !ok {
		r.problem(at, fmt.Sprintf("there is no condition %s", name), write(name, r.lib.Conditions()))
		return nil
	}
	given := r.arguments(rec.value("with"), c.params, "condition "+name, at)
	if at.File == c.file { // not from a file that a person runs
		return nil
	}
	inner := &reader{file: c.file, lines: c.lines, lib: r.lib, via: r.seen(at, "condition "+name), problems: r.problems,
		stands: map[string]stand{"with": {"condition " + name, given}}}
	w := inner.wait(c.node, "condition")
	if w == nil {
		return nil
	}
	w.Name, w.Say, w.Pos = name, "", rec.pos // what a condition says is a sentence of its own
	if s := rec.template("region"); s != "" {
		w.Region = s
	}
	if d := rec.duration("within"); d > 0 {
		w.Within = d
	}
	if d := rec.duration("typical"); d > 0 {
		w.Typical = d
	}
	return w
}

// seen is the place that a person edits: the outermost use.
func (r *reader) seen(at Pos, label string) *via {
	if r.via != nil {
		return &via{r.via.pos, r.via.label + ", " + label}
	}
	return &via{at, label}
}

// use puts the steps of a part in the place of the step that uses it. Afterwards the step's name stands for the part's outputs.
func (r *reader) use(rec *record, outer *draft) []*draft {
	at, name := rec.at("use"), rec.text("use")
	if r.via != nil {
		r.problem(at, "a part uses another part", "write its steps here")
		return nil
	}
	p, ok := r.lib.parts[name]
	if !ok {
		r.problem(at, fmt.Sprintf("there is no part %s", name), write(name, r.lib.Parts()))
		r.failed[outer.ID] = true
		return nil
	}
	for _, k := range rec.order {
		if !slices.Contains([]string{"id", "phase", "title", "why", "region", "as", "if", "only", "with", "use"}, k) {
			r.problem(rec.keys[k], fmt.Sprintf("a step that uses a part has %s", k), "leave it out; the part's own steps have theirs")
		}
	}
	label := "part " + name
	given := r.arguments(outer.With, slices.Sorted(maps.Keys(p.params)), label, at)
	inner := &reader{file: p.file, lines: p.lines, lib: r.lib, via: &via{at, label}, problems: r.problems, prefix: outer.ID + "-",
		stands: map[string]stand{"with": {label, given}}}
	inner.inner = stepIDs(p.steps)
	steps := inner.steps(p.steps)
	for i, s := range steps {
		s.Part, s.PartTitle, s.PartWith, s.via = outer.ID, outer.Title, outer.With, inner.via
		if i == 0 && outer.Why != "" {
			s.Why = strings.TrimSpace(outer.Why + "\n\n" + s.Why)
		}
		s.Step.Pos = outer.Step.Pos
		s.inherit(outer)
	}
	outputs := map[string]Value{}
	for field, n := range p.outputs {
		outputs[field] = inner.scalar(n)
	}
	r.stands[expr.Name(outer.ID)] = stand{label, outputs}
	return steps
}

func stepIDs(n *yaml.Node) []string {
	var out []string
	for _, s := range n.Content {
		for i := 0; i+1 < len(s.Content); i += 2 {
			if s.Content[i].Value == "id" {
				out = append(out, s.Content[i+1].Value)
			}
		}
	}
	return out
}

// inherit gives a part's step what the using step says and it does not say itself.
func (d *draft) inherit(outer *draft) {
	for _, f := range []struct{ to, from *string }{
		{&d.Phase, &outer.Phase}, {&d.Region, &outer.Region}, {&d.As, &outer.As}, {&d.Only, &outer.Only},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	switch {
	case d.If == "":
		d.If = outer.If
	case outer.If != "":
		d.If = "(" + outer.If + ") && (" + d.If + ")"
	}
}

// replace is how names are put in place in an expression that stands at p.
func (r *reader) replace(p Pos) func(name, field string) (string, bool) {
	return func(name, field string) (string, bool) {
		if s, ok := r.stands[name]; ok {
			if v, ok := s.fields[field]; ok {
				return source(v), true
			}
			fields := slices.Sorted(maps.Keys(s.fields))
			if field == "" {
				r.problem(p, fmt.Sprintf("%s stands for %s alone", name, s.what), write(name+".", dotted(name, fields)))
			} else {
				r.problem(p, fmt.Sprintf("%s gives no %s", s.what, field), write(field, fields))
			}
			return "`null`", true
		}
		if r.prefix != "" && slices.ContainsFunc(r.inner, func(id string) bool { return expr.Name(id) == name }) {
			return expr.Name(r.prefix) + name, false
		}
		return "", false
	}
}

func dotted(name string, fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = name + "." + f
	}
	return out
}

// putInPlace replaces the names in a text. A text that is one name that stands for a value becomes the value, at the value's
// own place in the file of the person who gave it.
func (r *reader) putInPlace(v Value, t expr.Text) Value {
	if len(t) == 1 && t[0].Expr != nil {
		if tree := t[0].Expr.Tree(); tree.Kind == expr.Sub && tree.Children[0].Kind == expr.Field && tree.Children[1].Kind == expr.Field {
			if s, ok := r.stands[tree.Children[0].Name]; ok {
				if given, ok := s.fields[tree.Children[1].Name]; ok {
					return given
				}
			}
		}
	}
	var b strings.Builder
	for _, piece := range t {
		switch {
		case piece.Expr == nil:
			b.WriteString(piece.Plain)
		default:
			at := v.Pos
			if r.via == nil {
				at = within(r.lines, v.Pos, v.Scalar.(string), piece.Offset)
			}
			b.WriteString(inText(piece.Expr.Rewrite(r.replace(at))))
		}
	}
	if len(r.stands) > 0 || r.prefix != "" {
		v.Scalar = b.String()
	}
	return v
}

// inText writes an expression into a text: a literal as what it is.
func inText(source string) string {
	if e, err := expr.Compile(source); err == nil && e.Tree().Kind == expr.Literal {
		if s, ok := e.Tree().Value.(string); ok {
			return s
		}
	}
	return "${{ " + source + " }}"
}

var plainLiteral = regexp.MustCompile(`^[^'\\]*$`)

// source writes a value as an expression.
func source(v Value) string {
	switch v.Kind {
	case Sequence:
		items := make([]string, len(v.List))
		for i, e := range v.List {
			items[i] = source(e)
		}
		if len(items) == 0 {
			return "`[]`"
		}
		return "[" + strings.Join(items, ", ") + "]"
	case Mapping:
		items := make([]string, len(v.Map))
		for i, f := range v.Map {
			name, _ := json.Marshal(f.Name)
			items[i] = string(name) + ": " + source(f.Value)
		}
		if len(items) == 0 {
			return "`{}`"
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	s, ok := v.Scalar.(string)
	if !ok {
		return literal(v.Scalar)
	}
	t, err := expr.ParseText(s)
	if err != nil || len(t) == 0 {
		return literal(s)
	}
	if len(t) == 1 && t[0].Expr != nil {
		return t[0].Expr.Source
	}
	parts := make([]string, len(t))
	for i, piece := range t {
		if parts[i] = literal(piece.Plain); piece.Expr != nil {
			parts[i] = "to_string(" + piece.Expr.Source + ")"
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "join('', [" + strings.Join(parts, ", ") + "])"
}

func literal(v any) string {
	if s, ok := v.(string); ok && plainLiteral.MatchString(s) {
		return "'" + s + "'"
	}
	raw, _ := json.Marshal(v)
	return "`" + strings.ReplaceAll(string(raw), "`", "\\`") + "`"
}
