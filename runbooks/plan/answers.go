package plan

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"lifeboat/runbooks"
)

// AnswersSchema is the version of the answers file.
const AnswersSchema = "lifeboat.answers/1"

// Answers holds what was answered, by question id: one value, or several where the question is Multi. A question that
// is not in it has no answer. The values are as in the answers file: "4h", "region", "ebs".
type Answers map[string][]string

// Form is a list of questions that are answered together, and the file their answers stand in.
type Form struct {
	Schema    string // version of the answers file
	Command   string // what takes the file with --answers
	Questions []Question
	// Together says what is wrong with answers of which each alone is right; nil when nothing can be.
	Together func(Answers) []Wrong
}

// Wrong is one mistake in answers that contradict each other.
type Wrong struct {
	Question string // whose answer is the one to look at
	Text     string
	Instead  string
}

// PlanForm is the form of a plan.
func PlanForm() Form {
	return Form{Schema: AnswersSchema, Command: "lifeboat plan", Questions: Questions()}
}

// Defaults are the answers taken when nobody is asked. What has no default is missing.
func Defaults() Answers { return PlanForm().Defaults() }

// Defaults are the answers taken when nobody is asked. What has no default is missing.
func (f Form) Defaults() Answers {
	a := Answers{}
	for _, q := range f.Questions {
		if len(q.Default) > 0 {
			a[q.ID] = slices.Clone(q.Default)
		}
	}
	return a
}

// Set answers one question of a plan, after checking every value. No values, or one empty value, takes the answer back.
func (a Answers) Set(id string, values ...string) error { return PlanForm().Set(a, id, values...) }

// Set answers one question, after checking every value. No values, or one empty value, takes the answer back.
func (f Form) Set(a Answers, id string, values ...string) error {
	q, ok := f.question(id)
	if !ok {
		return fmt.Errorf("there is no question %q; %s", id, suggest(id, f.ids()))
	}
	if len(values) == 0 || (len(values) == 1 && values[0] == "") {
		delete(a, id)
		return nil
	}
	if q.Kind != Multi && len(values) > 1 {
		return fmt.Errorf("%s takes one answer, not %d; write the one you mean", id, len(values))
	}
	for _, v := range values {
		if err := q.check(v); err != nil {
			return err
		}
	}
	a[id] = ordered(q, values)
	return nil
}

// ordered sorts the values of a Multi question as the question lists them and drops repeats, so that the order of
// ticking makes no other plan.
func ordered(q Question, values []string) []string {
	if q.Kind != Multi {
		return slices.Clone(values)
	}
	var out []string
	for _, o := range q.Options {
		if slices.Contains(values, o.Value) {
			out = append(out, o.Value)
		}
	}
	return out
}

// One gives the only value of an answer, "" when there is none.
func (a Answers) One(id string) string {
	if len(a[id]) == 0 {
		return ""
	}
	return a[id][0]
}

// Missing lists the questions of a plan that need an answer and have none, in order.
func (a Answers) Missing() []Question { return PlanForm().Missing(a) }

// Missing lists the questions that need an answer and have none, in order.
func (f Form) Missing(a Answers) []Question {
	var out []Question
	for _, q := range f.Questions {
		if !q.Optional && len(a[q.ID]) == 0 {
			out = append(out, q)
		}
	}
	return out
}

// Check says everything that is wrong: unknown questions, wrong values and missing answers. Nil when a plan can be made.
func (a Answers) Check() error { return PlanForm().Check(a) }

// Check says everything that is wrong, as runbooks.Problems: unknown questions, wrong values, missing answers, and answers
// that contradict each other. Nil when there is nothing.
func (f Form) Check(a Answers) error {
	var wrong runbooks.Problems
	for id, values := range a {
		if err := f.Set(Answers{}, id, values...); err != nil {
			wrong = append(wrong, runbooks.Problem{Text: err.Error()})
		}
	}
	slices.SortFunc(wrong, func(x, y runbooks.Problem) int { return strings.Compare(x.Text, y.Text) })
	wrong = append(wrong, f.missing(a, "", nil)...)
	if len(wrong) == 0 {
		wrong = f.together(a, "", nil)
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// Contradictions are the answers that do not go together, where all that are needed are there.
func (f Form) Contradictions(a Answers) []Wrong {
	if f.Together == nil || len(f.Missing(a)) > 0 {
		return nil
	}
	return f.Together(a)
}

// together says what contradicts what, each at its place in the file.
func (f Form) together(a Answers, file string, places map[string]runbooks.Pos) runbooks.Problems {
	var out runbooks.Problems
	for _, w := range f.Contradictions(a) {
		at := places[w.Question]
		at.File = file
		out = append(out, runbooks.Problem{Pos: at, Text: w.Text, Instead: w.Instead})
	}
	return out
}

// missing says which answers are not there, beside those that are there and faulty.
func (f Form) missing(a Answers, file string, faulty map[string]bool) runbooks.Problems {
	var out runbooks.Problems
	for _, q := range f.Missing(a) {
		if !faulty[q.ID] {
			out = append(out, runbooks.Problem{Pos: runbooks.Pos{File: file}, Text: fmt.Sprintf("the answer %q is missing (%s)", q.ID, q.Text), Instead: example(q)})
		}
	}
	return out
}

func example(q Question) string {
	if q.Kind == Multi {
		return fmt.Sprintf("write %s: [%s]", q.ID, q.Options[0].Value)
	}
	if len(q.Default) > 0 {
		return fmt.Sprintf("write %s: %s", q.ID, q.Default[0])
	}
	return fmt.Sprintf("write %s: and its value", q.ID)
}

// Load reads the answers file of a plan. The error is runbooks.Problems when the file can be read but is not right.
func Load(path string) (Answers, error) { return PlanForm().Load(path) }

// Load reads an answers file. The error is runbooks.Problems when the file can be read but is not right.
func (f Form) Load(path string) (Answers, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return f.Read(path, src)
}

// Read reads the answers of a plan from YAML (or JSON, which is YAML too).
func Read(name string, src []byte) (Answers, error) { return PlanForm().Read(name, src) }

// Read reads answers from YAML (or JSON, which is YAML too). Every mistake is found in one go, each with its place.
func (f Form) Read(name string, src []byte) (Answers, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, runbooks.Problems{{Pos: runbooks.Pos{File: name}, Text: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, runbooks.Problems{{Pos: runbooks.Pos{File: name, Line: 1, Column: 1}, Text: "an answers file is a list of `question: answer` lines; start it with schema: " + f.Schema}}
	}
	r := reader{form: f, file: name, answers: Answers{}, places: map[string]runbooks.Pos{}}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		r.entry(doc.Content[0].Content[i], doc.Content[0].Content[i+1])
	}
	if _, said := r.places["schema"]; !said {
		r.wrong = append(r.wrong, runbooks.Problem{Pos: runbooks.Pos{File: name, Line: 1, Column: 1}, Text: "the file does not say its version; write schema: " + f.Schema})
	}
	r.wrong = append(r.wrong, f.missing(r.answers, name, r.faulty)...)
	if len(r.wrong) == 0 {
		r.wrong = f.together(r.answers, name, r.places)
	}
	if len(r.wrong) > 0 {
		return nil, r.wrong
	}
	return r.answers, nil
}

type reader struct {
	form    Form
	file    string
	answers Answers
	places  map[string]runbooks.Pos // of each value that was read
	faulty  map[string]bool         // questions that have an answer, which is wrong
	wrong   runbooks.Problems
}

func (r *reader) say(n *yaml.Node, format string, args ...any) {
	r.wrong = append(r.wrong, runbooks.Problem{Pos: runbooks.Pos{File: r.file, Line: n.Line, Column: n.Column}, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) entry(key, value *yaml.Node) {
	id := key.Value
	if _, seen := r.places[id]; seen {
		r.say(key, "%q is answered twice; keep one of the two", id)
		return
	}
	r.places[id] = runbooks.Pos{File: r.file, Line: value.Line, Column: value.Column}
	if id == "schema" {
		if value.Value != r.form.Schema {
			r.say(value, "schema is %q, which this version cannot read; write %s", value.Value, r.form.Schema)
		}
		return
	}
	q, ok := r.form.question(id)
	if !ok {
		r.say(key, "there is no question %q; %s", id, suggest(id, append(r.form.ids(), "schema")))
		return
	}
	items := []*yaml.Node{value}
	switch {
	case value.Kind == yaml.SequenceNode && q.Kind == Multi:
		items = value.Content
	case value.Kind != yaml.ScalarNode:
		r.fault(id, value, "%s takes one plain value; %s", id, example(q))
		return
	}
	var values []string
	for _, n := range items {
		if n.Kind != yaml.ScalarNode {
			r.fault(id, n, "%s takes plain values; %s", id, example(q))
			return
		}
		if n.Tag == "!!null" {
			continue
		}
		if err := q.check(n.Value); err != nil {
			r.fault(id, n, "%s", err)
			return
		}
		values = append(values, n.Value)
	}
	if len(values) > 0 {
		r.answers[id] = ordered(q, values)
	}
}

func (r *reader) fault(id string, n *yaml.Node, format string, args ...any) {
	if r.faulty == nil {
		r.faulty = map[string]bool{}
	}
	r.faulty[id] = true
	r.say(n, format, args...)
}

func (f Form) ids() []string {
	var out []string
	for _, q := range f.Questions {
		out = append(out, q.ID)
	}
	return out
}

// question finds a question by its id.
func (f Form) question(id string) (Question, bool) {
	for _, q := range f.Questions {
		if q.ID == id {
			return q, true
		}
	}
	return Question{}, false
}

// Encode writes the answers of a plan as a file a person can read and change; see Form.Encode.
func (a Answers) Encode() []byte { return PlanForm().Encode(a) }

// Encode writes the answers as a file a person can read and change: each with its question above it. Read gives the
// same answers back.
func (f Form) Encode(a Answers) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Answers for a %s: %s --answers FILE\nschema: %s\n", f.Command, f.Command, f.Schema)
	for _, q := range f.Questions {
		values := a[q.ID]
		fmt.Fprintf(&b, "\n# %s\n", q.Text)
		switch {
		case len(values) == 0:
			fmt.Fprintf(&b, "# %s:\n", q.ID)
		case q.Kind == Multi:
			fmt.Fprintf(&b, "%s: [%s]\n", q.ID, strings.Join(values, ", "))
		default:
			fmt.Fprintf(&b, "%s: %s\n", q.ID, values[0])
		}
	}
	return b.Bytes()
}
