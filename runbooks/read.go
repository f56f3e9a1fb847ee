package runbooks

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"lifeboat/aws/spelling"
	"lifeboat/runbooks/expr"
)

// reader reads one file (or one use of a part) by the table of forms. It puts parts and named conditions in place as it
// reads: a name that stands for something else is replaced in every expression the moment it is read.
type reader struct {
	file     string
	lines    []string
	lib      Library
	stands   map[string]stand // names that stand for other expressions
	prefix   string           // of step ids inside a part: "seed-"
	inner    []string         // ids of the part's own steps
	failed   map[string]bool  // steps that use a part which is not there
	via      *via             // set while reading a part or a named condition
	problems *[]Problem
}

// via is where a person's file uses what is written in another one.
type via struct {
	pos   Pos
	label string // "part ebs-write"
}

// stand is what a name stands for: with alone, or with one of its fields.
type stand struct {
	what   string           // "part ebs-write"
	fields map[string]Value // with.NAME, or a part's outputs
}

func (r *reader) problem(p Pos, text, instead string) {
	if r.via != nil && p.File != r.via.pos.File {
		text = fmt.Sprintf("%s (%s): %s", r.via.label, p, text)
		p = r.via.pos
	}
	*r.problems = append(*r.problems, Problem{p, text, instead})
}

func (r *reader) pos(n *yaml.Node) Pos { return Pos{File: r.file, Line: n.Line, Column: n.Column} }

// document parses a file into its one mapping; nil after a problem.
func (r *reader) document(src []byte) (top *yaml.Node) {
	defer func() { // the YAML library is not ours to trust with every input
		if e := recover(); e != nil {
			r.problem(Pos{File: r.file, Line: 1, Column: 1}, "the YAML library gave up on this file", "write plain YAML")
			top = nil
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		line, text := yamlError(err)
		r.problem(Pos{File: r.file, Line: line, Column: 1}, "not YAML: "+text, "put texts that hold : or # in quotes, and indent with spaces")
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.problem(Pos{File: r.file, Line: 1, Column: 1}, "the file is empty", "write id, title, kind, summary and steps")
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

func yamlError(err error) (int, string) {
	m := yamlLine.FindStringSubmatch(strings.SplitN(err.Error(), "\n", 2)[0])
	if m == nil {
		return 1, err.Error()
	}
	line, _ := strconv.Atoi(m[1])
	return max(line, 1), m[2]
}

// record is a mapping that was read by a form.
type record struct {
	r      *reader
	of     string
	pos    Pos
	fields map[string]*yaml.Node
	keys   map[string]Pos
	order  []string
}

// record reads a mapping: unknown and double keys, keys that are missing, and values of the wrong kind are problems, and are
// left out.
func (r *reader) record(n *yaml.Node, of, what string) (*record, bool) {
	rec := &record{r: r, of: of, pos: r.pos(n), fields: map[string]*yaml.Node{}, keys: map[string]Pos{}}
	if n.Kind != yaml.MappingNode {
		r.problem(rec.pos, fmt.Sprintf("%s is %s", what, kindWord(n)), fmt.Sprintf("write a mapping with %s", strings.Join(names(of)[:min(4, len(names(of)))], ", ")))
		return rec, false
	}
	var meant []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		spec, known := lookup(of, k.Value)
		switch {
		case rec.keys[k.Value].Line > 0:
			r.problem(r.pos(k), fmt.Sprintf("%s is there twice, first on line %d", k.Value, rec.keys[k.Value].Line), "keep one of them")
			continue
		case !known:
			r.problem(r.pos(k), fmt.Sprintf("%s has no key %s", what, k.Value), write(k.Value, names(of)))
			meant = append(meant, spelling.Nearest(k.Value, names(of)))
			continue
		}
		rec.keys[k.Value] = r.pos(k)
		rec.order = append(rec.order, k.Value)
		if r.fits(spec, v) {
			rec.fields[k.Value] = v
		}
	}
	for _, name := range meant { // a misspelt key is not a missing one too
		if rec.keys[name].Line == 0 {
			rec.keys[name] = rec.pos
		}
	}
	for _, spec := range table[of] {
		if spec.required && rec.keys[spec.name].Line == 0 {
			r.problem(rec.pos, fmt.Sprintf("%s has no %s", what, spec.name), fmt.Sprintf("write %s: %s", spec.name, spec.say))
		}
	}
	return rec, true
}

func kindWord(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	}
	return "a text"
}

// fits checks a key's value against what the key holds.
func (r *reader) fits(k key, n *yaml.Node) bool {
	wrong := func(instead string) bool {
		r.problem(r.pos(n), fmt.Sprintf("%s is %s", k.name, kindWord(n)), instead)
		return false
	}
	isText := n.Kind == yaml.ScalarNode && (n.Tag == "!!str" || n.Tag == "!!timestamp")
	switch k.holds {
	case text, template:
		switch {
		case !isText && n.Kind == yaml.ScalarNode && n.Tag != "!!null":
			return wrong(fmt.Sprintf("write it in quotes: %q", n.Value))
		case !isText || strings.TrimSpace(n.Value) == "":
			return wrong("write " + k.say)
		case k.words != nil && !slices.Contains(k.words, n.Value):
			r.problem(r.pos(n), fmt.Sprintf("%s is %q", k.name, n.Value), write(n.Value, k.words))
			return false
		}
	case expression:
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return wrong("write an expression, in quotes where it holds [ or {")
		}
		if strings.HasPrefix(n.Value, "${{") {
			r.problem(r.pos(n), fmt.Sprintf("%s is an expression already", k.name), "write it without ${{ }}")
			return false
		}
	case number:
		if v, err := strconv.Atoi(n.Value); n.Tag != "!!int" || err != nil || v < 0 {
			return wrong("write a whole number")
		}
	case truth:
		if n.Tag != "!!bool" {
			return wrong("write true or false")
		}
	case duration:
		d, err := expr.Duration(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || d <= 0 {
			r.problem(r.pos(n), fmt.Sprintf("%s is %q, which is not a duration", k.name, n.Value), "write 90s, 10m, 24h or 35d")
			return false
		}
	case texts, textOrList:
		if k.holds == textOrList && isText {
			return true
		}
		return n.Kind == yaml.SequenceNode && r.allTexts(k, n.Content) || n.Kind != yaml.SequenceNode && wrong("write a list of texts")
	case textMap:
		if n.Kind != yaml.MappingNode {
			return wrong("write a mapping of names to texts")
		}
		var values []*yaml.Node
		for i := 1; i < len(n.Content); i += 2 {
			values = append(values, n.Content[i])
		}
		return r.allTexts(k, values)
	case forms:
		if n.Kind != yaml.SequenceNode {
			return wrong("write a list, each entry with - before it")
		}
	case formMap:
		if n.Kind != yaml.MappingNode {
			return wrong("write a mapping of names")
		}
	}
	return true
}

func (r *reader) allTexts(k key, ns []*yaml.Node) bool {
	for _, n := range ns {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || strings.TrimSpace(n.Value) == "" {
			r.problem(r.pos(n), fmt.Sprintf("%s holds %s", k.name, kindWord(n)), "write texts, in quotes where they look like something else")
			return false
		}
	}
	return true
}

// text gives a key's string; none is empty.
func (rec *record) text(name string) string {
	if n := rec.fields[name]; n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

func (rec *record) texts(name string) []string {
	n := rec.fields[name]
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, e := range n.Content {
		out = append(out, e.Value)
	}
	return out
}

func (rec *record) textMap(name string) map[string]string {
	n := rec.fields[name]
	if n == nil {
		return nil
	}
	out := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = n.Content[i+1].Value
	}
	return out
}

func (rec *record) duration(name string) time.Duration {
	d, _ := expr.Duration(rec.text(name))
	return d
}

func (rec *record) number(name string) int {
	v, _ := strconv.Atoi(rec.text(name))
	return v
}

// at is the place of a key's value, or of the mapping.
func (rec *record) at(name string) Pos {
	if n := rec.fields[name]; n != nil {
		return rec.r.pos(n)
	}
	return rec.pos
}

// expression gives a bare expression, its names put in place; one that does not compile is a problem, and empty.
func (rec *record) expression(name string) string {
	n := rec.fields[name]
	if n == nil {
		return ""
	}
	e, err := expr.Compile(n.Value)
	if err != nil {
		rec.r.syntax(rec.r.pos(n), n.Value, err)
		return ""
	}
	return e.Rewrite(rec.r.replace(rec.r.pos(n)))
}

func (r *reader) syntax(p Pos, scalar string, err error) {
	var s *expr.SyntaxError
	if !errors.As(err, &s) {
		s = &expr.SyntaxError{Text: err.Error()}
	}
	instead := "write a JMESPath expression"
	if strings.Contains(s.Text, " takes ") {
		instead = "give it all of its arguments and no more"
	} else if name, ok := strings.CutPrefix(s.Text, "there is no function "); ok {
		instead = write(name, expr.Functions())
	} else if before, after, ok := strings.Cut(s.Text, ", write "); ok {
		s = &expr.SyntaxError{Offset: s.Offset, Text: before}
		instead = "write " + after
	}
	r.problem(within(r.lines, p, scalar, s.Offset), s.Text, instead)
}

// template gives a string with ${{ }}, names put in place.
func (rec *record) template(name string) string {
	n := rec.fields[name]
	if n == nil {
		return ""
	}
	v := rec.r.scalar(n)
	s, _ := v.Scalar.(string)
	return s
}

// value gives any YAML value, names put in place and its expressions compiled.
func (rec *record) value(name string) Value {
	n := rec.fields[name]
	if n == nil {
		return Value{}
	}
	v := rec.r.value(n, 0)
	_ = v.Compile() // what does not compile was reported when it was read
	return v
}

func (r *reader) value(n *yaml.Node, depth int) Value {
	v := Value{Pos: r.pos(n)}
	if depth > 60 {
		r.problem(v.Pos, "this is nested too deeply", "write it flatter")
		return v
	}
	switch n.Kind {
	case yaml.MappingNode:
		v.Kind = Mapping
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if first := seen[k.Value]; first > 0 {
				r.problem(r.pos(k), fmt.Sprintf("%s is there twice, first on line %d", k.Value, first), "keep one of them")
				continue
			}
			seen[k.Value] = k.Line
			v.Map = append(v.Map, Field{Name: k.Value, Pos: r.pos(k), Value: r.value(n.Content[i+1], depth+1)})
		}
	case yaml.SequenceNode:
		v.Kind = Sequence
		for _, e := range n.Content {
			v.List = append(v.List, r.value(e, depth+1))
		}
	case yaml.ScalarNode:
		return r.scalar(n)
	default:
		r.problem(v.Pos, "anchors and aliases are not read here", "write the value out")
	}
	return v
}

// scalar keeps the type that YAML sees, except that dates stay texts. A text that is nothing but one name that stands for a
// value becomes that value.
func (r *reader) scalar(n *yaml.Node) Value {
	v := Value{Pos: r.pos(n), Kind: Scalar}
	switch n.Tag {
	case "!!null":
		return v
	case "!!bool":
		v.Scalar = strings.EqualFold(n.Value, "true")
		return v
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			v.Scalar = i
			return v
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			v.Scalar = f
			return v
		}
	}
	v.Scalar = n.Value
	t, err := expr.ParseText(n.Value)
	if err != nil {
		r.syntax(v.Pos, n.Value, err)
		v.Scalar = ""
		return v
	}
	return r.putInPlace(v, t)
}
