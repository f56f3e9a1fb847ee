package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"lifeboat/aws/account"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

// errNoAnswer says that a question has no default and nobody is there to ask.
var errNoAnswer = errors.New("nobody is there to answer")

// ask puts a question and waits for its answer; with nobody to ask the default is the answer. f is nil between steps.
func (r *run) ask(ctx context.Context, f *frame, q journal.Question) (value, by string, err error) {
	if err := r.emit(journal.Event{Kind: journal.Asked, Step: stepID(f), Question: &q}); err != nil {
		return "", "", err
	}
	switch {
	case r.auto && q.Default != "" && q.Typed == "":
		return q.Default, "default", r.answered(f, journal.Answer{Question: q.ID, Value: q.Default, By: "default"}, q)
	case r.o.Unattended:
		return "", "", errNoAnswer
	}
	for {
		c, err := r.next(ctx)
		if err != nil {
			return "", "", err
		}
		switch c.Kind {
		case Stop, Abandon:
			return "", "", &interrupt{c}
		case Clean:
			if q.ID == "clean" {
				c.Text = "clean"
				break
			}
			return "", "", &interrupt{c}
		case Skip:
			if c.Text != "" && f != nil {
				return "", "", &interrupt{c}
			}
			continue
		case Done:
			if q.Type == "by-hand" {
				return "", "", &interrupt{c}
			}
			continue
		case Auto:
			r.auto = true
			if q.Default != "" && q.Typed == "" {
				c.Text = q.Default
				break
			}
			continue
		case Reply:
		default:
			if err := r.minor(f, c); err != nil {
				return "", "", err
			}
			continue
		}
		return c.Text, "person", r.answered(f, journal.Answer{Question: q.ID, Value: c.Text, By: "person"}, q)
	}
}

// answered records an answer; a quiz records its own, with the explanation.
func (r *run) answered(f *frame, a journal.Answer, q journal.Question) error {
	if q.Type == "quiz" {
		return nil
	}
	return r.emit(journal.Event{Kind: journal.Answered, Step: stepID(f), Answer: &a})
}

func stepID(f *frame) string {
	if f == nil {
		return ""
	}
	return f.step.ID
}

// given is the answer to a step's question that came with the run.
func (r *run) given(f *frame) (string, bool) {
	v, ok := r.inputs[f.step.ID]
	if !ok || v == nil {
		return "", false
	}
	return fmt.Sprint(v), true
}

func (r *run) actAsk(ctx context.Context, f *frame) error {
	a := f.step.Ask
	q := journal.Question{ID: f.id, Type: "ask", Text: a.Text}
	if given, ok := r.given(f); ok {
		q.Default = given
	} else if a.Default.Kind != runbooks.None {
		v, err := expr.Fill(a.Default, f.scope)
		if err != nil {
			return fmt.Errorf("%s: default: %w", f.step.ID, err)
		}
		q.Default = fmt.Sprint(v)
	}
	value, _, err := r.ask(ctx, f, q)
	if errors.Is(err, errNoAnswer) {
		return &failure{text: fmt.Sprintf("%s: the answer to %q is missing and there is no default: give it with --input %s=VALUE", f.step.ID, a.Text, f.step.ID)}
	}
	if err != nil {
		return err
	}
	if err := matches(a.Pattern, value); err != nil {
		return &failure{text: f.step.ID + ": " + err.Error()}
	}
	f.output = map[string]any{"Value": value}
	return nil
}

func (r *run) actChoose(ctx context.Context, f *frame) error {
	c := f.step.Choose
	v, err := r.taken(ctx, f, "find", &c.From)
	if err != nil {
		return refusal(f, err)
	}
	elements, _ := v.([]any)
	if len(elements) == 0 {
		return &failure{text: f.step.ID + ": there is nothing to choose from: " + c.From.Call + " lists nothing that fits"}
	}
	q := journal.Question{ID: f.id, Type: "choose", Text: c.Text}
	for _, e := range elements {
		scope := r.element(f, e, elements)
		o := journal.Option{Value: valueOf(c.Value, scope), Label: valueOf(c.Label, scope)}
		q.Options = append(q.Options, o)
	}
	if q.Default, err = r.chosen(f, c, elements, q.Options); err != nil {
		return err
	}
	value, _, err := r.ask(ctx, f, q)
	if errors.Is(err, errNoAnswer) {
		return &failure{text: fmt.Sprintf("%s: the answer to %q is missing and there is no default: give it with --input %s=VALUE", f.step.ID, c.Text, f.step.ID)}
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(q.Options, func(o journal.Option) bool { return o.Value == value })
	if i < 0 {
		return &failure{text: fmt.Sprintf("%s: %q is none of the %d that can be chosen: take a value from the list", f.step.ID, value, len(q.Options))}
	}
	f.output = elements[i]
	return nil
}

// element is the scope of an expression over one element of a list.
func (r *run) element(f *frame, e any, elements []any) map[string]any {
	m, _ := e.(map[string]any)
	scope := expr.Overlay(f.scope, m)
	scope["each"], scope["list"] = e, elements
	return scope
}

// chosen is the default of a choice: what came with the run, else what the author's expression gives: an index, a value or an element.
func (r *run) chosen(f *frame, c *runbooks.Choose, elements []any, options []journal.Option) (string, error) {
	if given, ok := r.given(f); ok {
		return given, nil
	}
	if c.Default == "" {
		return "", nil
	}
	scope := expr.Overlay(f.scope, map[string]any{"list": elements})
	v, err := expr.Eval(c.Default, scope)
	if err != nil {
		return "", fmt.Errorf("%s: default: %w", f.step.ID, err)
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case float64:
		if i := int(v); i >= 0 && i < len(options) {
			return options[i].Value, nil
		}
		return "", fmt.Errorf("%s: default: the list has no element %v", f.step.ID, v)
	case map[string]any:
		return valueOf(c.Value, r.element(f, v, elements)), nil
	}
	return fmt.Sprint(v), nil
}

// actQuiz asks once. With nobody to ask, or after a wrong answer, the solution is shown: the step is assisted.
func (r *run) actQuiz(ctx context.Context, f *frame) error {
	z := f.step.Quiz
	q := journal.Question{ID: f.id, Type: "quiz", Text: z.Ask, Default: z.Choices[z.Answer]}
	for _, c := range z.Choices {
		q.Options = append(q.Options, journal.Option{Value: c, Label: c})
	}
	shown := q
	if !r.auto {
		shown.Default = "" // the view has no business knowing it
	}
	value, by, err := r.ask(ctx, f, shown)
	if errors.Is(err, errNoAnswer) {
		value, by, err = q.Default, "default", nil
	}
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= len(z.Choices) && !slices.Contains(z.Choices, value) {
		value = z.Choices[n-1] // answered by its number
	}
	right := value == q.Default
	if !right || by == "default" || r.solved(f.step) {
		f.state = journal.Assisted
	}
	if !right {
		f.note = "the answer was: " + q.Default
	}
	f.output = map[string]any{"Answer": value, "Right": right}
	return r.emit(journal.Event{Kind: journal.Answered, Step: f.step.ID, Answer: &journal.Answer{Question: q.ID, Value: value, Right: &right, Because: z.Because, By: by}})
}

// actByHand says what a person has to do and watches the checks. With nobody there it looks once.
func (r *run) actByHand(ctx context.Context, f *frame) error {
	f.state = journal.ByHand
	if r.o.Unattended {
		done := false
		var err error
		if visible(f.step) {
			done, err = r.visiblyDone(ctx, f)
		}
		if err != nil || done {
			return err
		}
		return &failure{text: fmt.Sprintf("%s: a person has to do this: %s; then resume the run", f.step.ID, f.step.ByHand.Text)}
	}
	if !visible(f.step) {
		_, _, err := r.ask(ctx, f, journal.Question{ID: f.id, Type: "by-hand", Text: f.step.ByHand.Text})
		if errors.Is(err, errNoAnswer) {
			return &failure{text: fmt.Sprintf("%s: a person has to do this and say so: %s", f.step.ID, f.step.ByHand.Text)}
		}
		return err
	}
	if err := r.emit(journal.Event{Kind: journal.Asked, Step: f.step.ID, Question: &journal.Question{ID: f.id, Type: "by-hand", Text: f.step.ByHand.Text}}); err != nil {
		return err
	}
	for {
		r.quiet = true
		done, err := r.visiblyDone(ctx, f)
		r.quiet = false
		if err != nil || done {
			return err
		}
		if err := r.rest(ctx, f, handPoll, r.o.Pause, Done); err != nil {
			return err
		}
	}
}

// actPassTime lets time pass, in pieces where the author wants a look after each. What has passed before a kill is not passed again.
func (r *run) actPassTime(ctx context.Context, f *frame) error {
	p := f.step.PassTime
	clock := r.o.Target.Clock
	real := r.o.Target.Kind == account.AWS
	if real && p.Real == "skip" {
		return &interrupt{Command{Kind: Skip, Step: f.step.ID, Text: p.Say}}
	}
	end := r.state.Step(f.step.ID).Begun.Add(p.For)
	for now := clock.Now(); now.Before(end); now = clock.Now() {
		piece := end.Sub(now)
		if p.Every > 0 {
			piece = min(piece, p.Every)
		}
		if real {
			if err := r.sleep(ctx, f, piece); err != nil {
				return err
			}
		} else if err := clock.Pass(ctx, piece); err != nil {
			return err
		}
		if err := r.emit(journal.Event{Kind: journal.Time, Step: f.step.ID}); err != nil {
			return err
		}
		if err := r.lookAround(ctx, f); err != nil {
			return err
		}
		if err := r.heed(ctx, f); err != nil {
			return err
		}
	}
	f.output = map[string]any{"Passed": p.For.String()}
	return nil
}

// lookAround reads what a pass-time step watches: recovery points that come, and go.
func (r *run) lookAround(ctx context.Context, f *frame) error {
	w := f.step.PassTime.Watch
	if w == nil {
		return nil
	}
	r.quiet = true
	v, err := r.taken(ctx, f, "find", w)
	r.quiet = false
	if err != nil {
		return refusal(f, err)
	}
	news := points(v)
	watched := map[string]bool{}
	for _, p := range news {
		watched[p.ID] = true
	}
	for _, p := range f.seen {
		if !watched[p.ID] {
			p.Gone = true
			news = append(news, p)
		}
	}
	f.seen = merge(f.seen, news)
	return r.learn(f.step.ID, news)
}
