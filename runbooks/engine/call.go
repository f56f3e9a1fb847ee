package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/aws/model"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

const (
	// looks is how often find looks for what a lost answer may have made, before it counts as not made: what AWS has just
	// made can take some seconds to be seen.
	looks = 4
	// tries is how often a call is settled anew when its answers keep being lost.
	tries = 3
	// grace is how long a mutating call may still take for its answer when the run is stopped, in this machine's time.
	grace = 5 * time.Second
)

// actCall makes the step's call, or settles the one that an earlier try has made.
func (r *run) actCall(ctx context.Context, f *frame) error {
	op, ok := stepOperation(f.step)
	if !ok {
		return &failure{text: fmt.Sprintf("%s: this program does not make the call %s: use another operation", f.step.ID, f.step.Call)}
	}
	if op.Effect == calls.Read {
		return r.attempt(ctx, f, op)
	}
	prior, ok := r.prior(f.id)
	switch {
	case !ok:
		return r.attempt(ctx, f, op)
	case prior.OK && f.step.Refused == nil:
		f.output, f.sent = tree(prior.Output), r.state.Step(f.step.ID).Begun
		return nil
	case prior.Unsettled:
		return r.settle(ctx, f, op, prior)
	}
	return r.attempt(ctx, f, op)
}

// tree is an answer as a step's output: one without members is empty, not nothing.
func tree(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// prior gives the newest call of a step or element, as far as what it made was not undone since. An intent without a
// result is unsettled.
func (r *run) prior(id string) (journal.Call, bool) {
	c, undone, ok := r.newest(id)
	return c, ok && !undone
}

// newest gives the newest call of a step or element, and whether anything of it was undone since.
func (r *run) newest(id string) (c journal.Call, undone, ok bool) {
	t := r.state.Step(stepOf(id))
	for _, c := range slices.Backward(t.Open) {
		if c.Role == "call" && belongs(c, id) {
			c.Unsettled = true
			return c, false, true
		}
	}
	for _, c := range slices.Backward(t.Calls) {
		switch {
		case !belongs(c, id) || c.Effect == calls.Read.String() && !c.Found:
		case c.Role == "undo":
			undone = undone || c.OK
		case c.Role == "call" || c.Role == "find":
			return c, undone, true
		}
	}
	return journal.Call{}, undone, false
}

// generation counts how often what a step or element made was undone.
func (r *run) generation(id string) int {
	n, undone := 0, false
	for _, c := range r.state.Step(stepOf(id)).Calls {
		switch {
		case !belongs(c, id):
		case c.Role == "undo" && c.OK && !undone:
			n, undone = n+1, true
		case c.Role == "call":
			undone = false
		}
	}
	return n
}

func belongs(c journal.Call, id string) bool {
	return strings.HasPrefix(c.ID, id+"/")
}

func stepOf(id string) string {
	step, _, _ := strings.Cut(id, "[")
	return step
}

// callID is unique in the run: the step or element, and its place among the step's calls.
func (r *run) callID(id string) string {
	t := r.state.Step(stepOf(id))
	return fmt.Sprintf("%s/%d", id, len(t.Calls)+len(t.Open)+1)
}

// attempt makes the step's call, and again while it is refused with what passes by itself.
func (r *run) attempt(ctx context.Context, f *frame, op calls.Operation) error {
	p, err := params(f.step.With, f.scope)
	if err != nil {
		return &failure{text: fmt.Sprintf("%s: %s cannot be called: with: %v", f.step.ID, op.Name, err)}
	}
	began := r.o.Target.Clock.Now()
	for n := 0; ; n++ {
		call := journal.Call{Op: op.Name, Effect: op.Effect.String(), Region: f.region, As: f.as, Params: plainMap(p), Role: "call"}
		call, err := r.send(ctx, f, call)
		switch {
		case err == nil && f.step.Refused != nil:
			return &failure{text: fmt.Sprintf("%s: %s was expected to be refused with %s, and went through: this account lets more through than the lesson thinks", f.step.ID, op.Name, f.step.Refused.Code)}
		case err == nil:
			f.output = tree(call.Output)
			return nil
		case meant(f.step, call):
			f.output = map[string]any{"Code": call.Code, "Message": call.Message}
			return nil
		case call.Unsettled:
			return r.settle(ctx, f, op, call)
		case !passes(f.step.Retry, call, r.o.Target.Clock.Now().Sub(began)):
			return refusal(f, err)
		}
		if err := r.sleep(ctx, f, r.backoff(n+1)); err != nil {
			return err
		}
	}
}

// passes reports whether a refusal is one of those that pass by themselves, and there is time left for it.
func passes(list []runbooks.Retry, c journal.Call, elapsed time.Duration) bool {
	for _, w := range list {
		if c.Code == w.Code && strings.Contains(c.Message, w.Message) && elapsed < w.Within {
			return true
		}
	}
	return false
}

// refusal is the failure of a call that AWS or the guard refused; other errors stay what they are.
func refusal(f *frame, err error) error {
	var e *calls.Error
	if errors.As(err, &e) {
		return &failure{text: f.step.ID + ": " + advised(err), cause: err}
	}
	return err
}

// advised is an error's text with the next thing to do, where it knows one.
func advised(err error) string {
	var e interface{ Hint() string }
	if errors.As(err, &e) && e.Hint() != "" {
		return err.Error() + "; " + e.Hint()
	}
	return err.Error()
}

// send makes one call: a mutating one behind its intent. The call comes back as its result is recorded, beside the error.
// When the run was stopped before the answer came there is no result: the intent stays open.
func (r *run) send(ctx context.Context, f *frame, c journal.Call) (journal.Call, error) {
	if c.ID == "" {
		c.ID = r.callID(f.id)
	}
	read := c.Effect == calls.Read.String()
	if !read {
		if err := r.permit(ctx, f, c); err != nil {
			return c, err
		}
		f.sent = r.o.Target.Clock.Now()
		if err := r.emit(journal.Event{Kind: journal.CallIntent, Step: f.step.ID, Call: copyOf(c)}); err != nil {
			return c, err
		}
	}
	return r.answer(ctx, f, c)
}

// answer makes a call whose intent is written, and records its result.
func (r *run) answer(ctx context.Context, f *frame, c journal.Call) (journal.Call, error) {
	began := r.o.Wall()
	resp, err := r.call(ctx, c)
	c.Millis = r.o.Wall().Sub(began).Milliseconds()
	var e *calls.Error
	switch {
	case err == nil:
		c.OK, c.Output, c.RequestID, c.Attempts = true, plainMap(resp.Output), resp.RequestID, resp.Attempts
	case errors.As(err, &e):
		c.Code, c.Message, c.RequestID, c.Attempts, c.Unsettled = e.Code, e.Message, e.RequestID, e.Attempts, e.MayHaveRun
		if c.Code == "" {
			c.Code = string(e.Kind)
		}
		if c.Effect == calls.Read.String() {
			c.Unsettled = false
		}
		if ctx.Err() != nil && (c.Unsettled || e.Kind == calls.Stopped) {
			return c, ctx.Err()
		}
	case ctx.Err() != nil:
		return c, ctx.Err()
	default:
		c.Code, c.Message = "Error", err.Error()
	}
	if r.quiet {
		return c, err
	}
	recorded := c
	if c.Role == "find" || c.Role == "wait" || c.Role == "check" || c.Role == "sweep" {
		recorded.Output = nil // what counts of it is in the step's output, the check or the wait
	}
	if err := r.emit(journal.Event{Kind: journal.CallResult, Step: f.step.ID, Call: &recorded}); err != nil {
		return c, err
	}
	return c, err
}

// call makes one call, a read with all its pages. A mutating one that has left is not cut off when the run is stopped: its answer is
// worth a moment.
func (r *run) call(ctx context.Context, c journal.Call) (calls.Response, error) {
	if c.Effect != calls.Read.String() {
		whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		stop := context.AfterFunc(ctx, func() {
			if r.o.Pause(whole, grace) == nil {
				cancel()
			}
		})
		defer stop()
		ctx = whole
	}
	if c.Op == runbooks.SQL {
		return r.statement(ctx, c)
	}
	resp, err := calls.Whole(ctx, r.caller, calls.Request{Op: c.Op, Region: c.Region, As: c.As, Params: c.Params})
	if err == nil {
		resp.Output = withLists(c.Op, resp.Output)
	}
	return resp, err
}

// withLists puts an empty list where an answer has none: some services leave out what is empty, and an expression that counts
// must not depend on which.
func withLists(name string, answer map[string]any) map[string]any {
	op, err := model.Find(name)
	if err != nil || op.Output == nil {
		return answer
	}
	answer = maps.Clone(tree(answer))
	for _, m := range op.Output.Members {
		if _, there := answer[m.Name]; !there && m.Shape.Kind == model.List {
			answer[m.Name] = []any{}
		}
	}
	return answer
}

// read makes a read call of a step and gives its answer.
func (r *run) read(ctx context.Context, f *frame, role, op string, with runbooks.Value, region string, scope map[string]any) (map[string]any, error) {
	c, err := r.reading(f, role, op, with, region, scope)
	if err != nil {
		return nil, err
	}
	c, err = r.send(ctx, f, c)
	return c.Output, err
}

// reading is a read call with its parameters filled in.
func (r *run) reading(f *frame, role, op string, with runbooks.Value, region string, scope map[string]any) (journal.Call, error) {
	known, ok := operation(op, true)
	if !ok || known.Effect != calls.Read {
		return journal.Call{}, fmt.Errorf("%s of %s: %s is not a call that reads", role, f.step.ID, op)
	}
	where, err := r.at(f, region, scope)
	if err != nil {
		return journal.Call{}, err
	}
	p, err := params(with, scope)
	if err != nil {
		return journal.Call{}, fmt.Errorf("%s of %s: with: %w", role, f.step.ID, err)
	}
	return journal.Call{Op: op, Effect: known.Effect.String(), Region: where, As: f.as, Params: plainMap(p), Role: role}, nil
}

// find looks whether what the step makes is there; nil when it is not.
func (r *run) find(ctx context.Context, f *frame) (any, error) {
	return r.taken(ctx, f, "find", f.step.Find)
}

// taken makes a find's call and takes what it names from the answer.
func (r *run) taken(ctx context.Context, f *frame, role string, find *runbooks.Find) (any, error) {
	answer, err := r.read(ctx, f, role, find.Call, find.With, find.Region, f.scope)
	if err != nil {
		var e *calls.Error
		if errors.As(err, &e) && e.Kind == calls.NotFound {
			return nil, nil
		}
		return nil, err
	}
	v, err := expr.Eval(find.Take, expr.Overlay(f.scope, answer))
	if err != nil {
		return nil, fmt.Errorf("%s of %s: take: %w", role, f.step.ID, err)
	}
	return plain(v), nil
}

// permit asks what only a person can allow, before a mutating call on a real account: once whether the account is meant; for a
// deletion of what the run did not make, its name; for what cannot be undone, twice.
func (r *run) permit(ctx context.Context, f *frame, c journal.Call) error {
	if !r.o.real() {
		return nil
	}
	if !r.confirmed {
		t := r.o.Target
		account := t.Own.Account
		if t.Own.Alias != "" {
			account += " (" + t.Own.Alias + ")"
		}
		text := fmt.Sprintf("This changes AWS account %s, Regions %s and %s, as %s. Type the account id to go on.", account, t.Home, t.Away, t.Own.ARN)
		if err := r.typed(ctx, f, journal.Question{ID: "account", Type: "confirm", Text: text, Typed: t.Own.Account}); err != nil {
			return err
		}
		r.confirmed = true
		r.caller = r.o.Caller(r.guard())
	}
	if c.Op == runbooks.SQL {
		return r.permitStatement(ctx, f, c)
	}
	request := calls.Request{Op: c.Op, Region: c.Region, As: c.As, Params: c.Params}
	gone := c.Effect == calls.Irreversible.String()
	if !gone && c.Effect != calls.Delete.String() {
		return nil
	}
	name := named(c.Op, c.Params)
	q := journal.Question{ID: "delete", Type: "confirm", Typed: name, Text: fmt.Sprintf("%s in %s takes %s away, which this run did not make. Type its name to go on.", c.Op, c.Region, name)}
	if !r.ledger.owns(request) {
		if err := r.typed(ctx, f, q); err != nil {
			return err
		}
		r.ledger.allow(c.Op, c.Params)
	}
	if !gone || r.ledger.twice(request) {
		return nil
	}
	q.ID, q.Text = "irreversible", fmt.Sprintf("%s in %s on %s cannot be undone once it is through. Type its name.", c.Op, c.Region, name)
	for _, again := range []bool{false, true} {
		q.Again = again
		if err := r.typed(ctx, f, q); err != nil {
			return err
		}
	}
	r.ledger.allowTwice(c.Params)
	return nil
}

// typed asks until the name is typed as it is.
func (r *run) typed(ctx context.Context, f *frame, q journal.Question) error {
	for {
		value, _, err := r.ask(ctx, f, q)
		if errors.Is(err, errNoAnswer) {
			return &failure{text: fmt.Sprintf("%s: %s is not confirmed: a person has to type %s, so run it with a terminal", stepID(f), q.ID, q.Typed)}
		}
		if err != nil || value == q.Typed {
			return err
		}
	}
}
