package engine

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"lifeboat/aws/account"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

// frame is one step at work, or one element of a step with for-each.
type frame struct {
	step   *runbooks.Step
	id     string // of the step, or step[2]
	scope  map[string]any
	region string
	as     string

	output any            // of the step or element
	waited map[string]any // the last answer of its wait
	read   map[string]any // the last check's own read
	sent   time.Time      // when its mutating call left, target's time
	state  journal.State  // when it is another than passed
	note   string
	seen   []journal.Point // by a pass-time step that watches
	lost   int             // how often its call was sent, was not answered, and turned out not to have been carried out
}

// answer is the last read: what checks without their own read look at.
func (f *frame) answer() map[string]any {
	if f.waited != nil {
		return f.waited
	}
	m, _ := f.output.(map[string]any)
	return m
}

// own puts the output under the step's own name, for its wait, checks and undo.
func (f *frame) own() {
	if f.output != nil {
		f.scope[expr.Name(f.step.ID)] = f.output
	}
}

// whole is the output as later steps see it.
func (f *frame) whole() any {
	m, ok := f.output.(map[string]any)
	if !ok {
		return f.output
	}
	m = maps.Clone(m)
	if f.waited != nil {
		m["waited"] = f.waited
	}
	if f.read != nil {
		m["read"] = f.read
	}
	return m
}

// output is the output of a step: a list where it has for-each.
func output(s *runbooks.Step, frames []*frame) any {
	if s.ForEach == "" {
		return frames[0].whole()
	}
	out := make([]any, len(frames))
	for i, f := range frames {
		out[i] = f.whole()
	}
	return out
}

// frame is a step at work, all its elements together.
func (r *run) frame(s *runbooks.Step) (*frame, error) {
	f := &frame{step: s, id: s.ID, as: s.As, scope: r.scope(s)}
	var err error
	f.region, err = r.region(s.Region, f.scope)
	return f, err
}

// frames are a step's elements at work; one without for-each.
func (r *run) frames(s *runbooks.Step) ([]*frame, error) {
	f, err := r.frame(s)
	if err != nil || s.ForEach == "" {
		if err == nil {
			f.scope["token"] = r.token(f.id)
		}
		return []*frame{f}, err
	}
	v, err := expr.Eval(s.ForEach, f.scope)
	if err != nil {
		return nil, fmt.Errorf("for-each: %w", err)
	}
	elements, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("for-each: %s gives no list", s.ForEach)
	}
	out := make([]*frame, len(elements))
	for i, e := range elements {
		g := &frame{step: s, id: fmt.Sprintf("%s[%d]", s.ID, i), as: s.As, scope: maps.Clone(f.scope)}
		g.scope["each"], g.scope["list"], g.scope["token"] = e, elements, r.token(g.id)
		if g.region, err = r.region(s.Region, g.scope); err != nil {
			return nil, err
		}
		out[i] = g
	}
	return out, nil
}

// scope is what the expressions of a step see.
func (r *run) scope(s *runbooks.Step) map[string]any {
	accounts := map[string]any{}
	for name := range r.book.Accounts {
		accounts[name] = nil
		if other, ok := r.o.Target.Others[name]; ok {
			accounts[name] = other.Account
		}
	}
	scope := map[string]any{}
	for name, region := range r.regions() {
		scope[name] = region
	}
	maps.Copy(scope, map[string]any{
		"run": r.state.Run.ID, "short": r.state.Run.ID[strings.LastIndex(r.state.Run.ID, "-")+1:], "account": r.o.Target.Own.Account, "accounts": accounts, "target": r.o.Target.Kind,
		"now": spell(r.o.Target.Clock.Now()), "inputs": r.inputs, "step": s.ID, "clock": clockScope(r.state.Clock),
	})
	for id, t := range r.state.Steps {
		if t.Output != nil {
			scope[expr.Name(id)] = t.Output
		}
	}
	return scope
}

func clockScope(c journal.Clock) map[string]any {
	out := map[string]any{}
	for name, at := range map[string]time.Time{"disaster": c.Disaster, "proved": c.Proved, "newest": c.NewestOut} {
		if !at.IsZero() {
			out[name] = spell(at)
		}
	}
	return out
}

// spell writes a time as AWS answers carry it.
func spell(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// token is the idempotency token of a step or element: the same after a kill, another one after what it made was undone.
func (r *run) token(id string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%s/%d", r.state.Run.ID, id, r.generation(id))))
	return hex.EncodeToString(sum[:16])
}

// region gives the Region a template names; home when it is empty.
func (r *run) region(template string, scope map[string]any) (string, error) {
	if template == "" {
		return r.o.Target.Home, nil
	}
	v, err := fillText(template, scope)
	if err != nil {
		return "", fmt.Errorf("region: %w", err)
	}
	name, ok := v.(string)
	if !ok || name == "" {
		return "", fmt.Errorf("region: %s gives no Region", template)
	}
	if known, ok := r.regions()[name]; ok {
		return known, nil
	}
	return name, nil
}

// at gives the Region of a find, wait or check: its own, or the step's.
func (r *run) at(f *frame, template string, scope map[string]any) (string, error) {
	if template == "" {
		return f.region, nil
	}
	return r.region(template, scope)
}

func fillText(text string, scope map[string]any) (any, error) {
	return expr.Fill(runbooks.Value{Kind: runbooks.Scalar, Scalar: text}, scope)
}

// params fills the parameters of a call.
func params(v runbooks.Value, scope map[string]any) (map[string]any, error) {
	filled, err := expr.Fill(v, scope)
	if err != nil {
		return nil, err
	}
	if filled == nil {
		return map[string]any{}, nil
	}
	m, ok := filled.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("parameters are a mapping, not %s", short(filled))
	}
	return m, nil
}

// skips says why a step is not for this run; empty when it is.
func (r *run) skips(f *frame) (string, error) {
	s := f.step
	if s.Only != "" && s.Only != r.o.Target.Kind {
		where := map[string]string{account.Sandbox: "the sandbox", account.AWS: "AWS"}
		return fmt.Sprintf("only on %s, this is %s", where[s.Only], where[r.o.Target.Kind]), nil
	}
	if s.If != "" {
		v, err := expr.Eval(s.If, f.scope)
		if err != nil {
			return "", fmt.Errorf("if: %w", err)
		}
		if !expr.Holds(v) {
			return "not for this run: " + s.If + " does not hold", nil
		}
	}
	for _, name := range reads(s) {
		for _, other := range r.book.Steps {
			if other.ID != s.ID && expr.Name(other.ID) == name && r.state.Step(other.ID).State == journal.Skipped {
				return fmt.Sprintf("it needs what the step %s makes, which was skipped", other.ID), nil
			}
		}
	}
	return "", nil
}

// reads gives the names of the scope that a step cannot do without.
func reads(s *runbooks.Step) []string {
	var names []string
	value := func(v runbooks.Value) {
		for _, ref := range v.Refs() {
			names = append(names, ref.Root())
		}
	}
	bare := func(source string) {
		if e, err := expr.Compile(source); source != "" && err == nil {
			for _, ref := range e.Refs() {
				names = append(names, ref.Root())
			}
		}
	}
	value(s.With)
	value(runbooks.Value{Kind: runbooks.Scalar, Scalar: s.Region})
	bare(s.ForEach)
	if s.Seed != nil {
		value(s.Seed.With)
	}
	if s.Prove != nil {
		value(s.Prove.With)
		names = append(names, expr.Name(s.Prove.Against))
	}
	if s.Choose != nil {
		value(s.Choose.From.With)
	}
	if s.Wait != nil {
		value(s.Wait.With)
	}
	if s.PassTime != nil && s.PassTime.Watch != nil {
		value(s.PassTime.Watch.With)
	}
	for _, c := range s.Checks {
		value(c.With)
	}
	return names
}

// plain gives a value as a journal gives it back: what is in bytes is base64, every number is a float64.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return spell(v)
	case int:
		return float64(v)
	case int64:
		return float64(v)
	}
	return v
}

func plainMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	return plain(m).(map[string]any)
}

// short writes a value for a sentence.
func short(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 200
	if s := string(raw); len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(string(raw[:most]), "") + " ..."
}

func list(words []string) string { return strings.Join(words, ", ") }
