package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// RunTag is the tag by which everything a run made is found again.
const RunTag = "lifeboat:run"

// clean undoes every step, newest first, keeps going past what cannot be undone, looks by tag for what is left, and says it.
// It can be cut off anywhere and begun again: what is gone is done.
func (r *run) clean(ctx context.Context) error {
	if err := r.emit(journal.Event{Kind: journal.CleanStart}); err != nil {
		return err
	}
	steps := slices.Clone(r.book.Steps)
	slices.Reverse(steps)
	var left []journal.Left
	// What could not be removed because something newer hung on it can be once that is gone: as long as anything goes, go round.
	for again := true; again; {
		again = false
		left = nil
		var stuck []runbooks.Step
		for i := range steps {
			if err := r.heedCleaning(ctx); err != nil {
				return err
			}
			rest := r.undo(ctx, &steps[i])
			if err := r.broken(ctx); err != nil {
				return err
			}
			if len(rest) > 0 {
				stuck, left = append(stuck, steps[i]), append(left, rest...)
			}
		}
		again = len(stuck) > 0 && len(stuck) < len(steps)
		steps = stuck
	}
	found, err := r.sweep(ctx, left)
	if err != nil {
		return err
	}
	return r.emit(journal.Event{Kind: journal.CleanEnded, Left: append(left, found...)})
}

// broken gives the reason to stop at once: the context's end, or a journal that cannot be written.
func (r *run) broken(ctx context.Context) error {
	if err := r.log.Failed(); err != nil {
		return err
	}
	return ctx.Err()
}

// heedCleaning lets a person stop the clean-up between two steps. All other commands mean nothing here.
func (r *run) heedCleaning(ctx context.Context) error {
	err := r.heed(ctx, nil)
	var i *interrupt
	if errors.As(err, &i) && i.Kind != Stop {
		return nil
	}
	return err
}

// undo undoes one step, its elements newest first, and says what is left of it.
func (r *run) undo(ctx context.Context, s *runbooks.Step) (left []journal.Left) {
	if len(s.Undo.Actions) == 0 {
		return nil
	}
	err := r.safely(func() error {
		frames, err := r.undoing(ctx, s)
		if err != nil {
			return err
		}
		r.ripen(ctx, s, frames)
		for _, f := range slices.Backward(frames) {
			for i := range s.Undo.Actions {
				left = append(left, r.undoAction(ctx, f, &s.Undo.Actions[i])...)
			}
		}
		return nil
	})
	if err != nil {
		left = append(left, journal.Left{What: "what " + s.ID + " made", Region: r.o.Target.Home, Step: s.ID, Reason: err.Error()})
	}
	return left
}

// ripen lets what a step made that was cut off come to rest: what is still being created cannot be deleted. When it does not,
// the undo says why.
func (r *run) ripen(ctx context.Context, s *runbooks.Step, frames []*frame) {
	t := r.state.Step(s.ID)
	if s.Wait == nil || t.State.Ended() || t.State == journal.Failed && t.Wait != nil {
		return
	}
	there := slices.DeleteFunc(slices.Clone(frames), func(f *frame) bool {
		_, made := r.prior(f.id)
		return !made
	})
	if err := r.await(ctx, there, s.Wait); err != nil {
		r.o.Log.Warn("waiting before undo", "step", s.ID, "error", err)
	}
}

// undoing gives the frames of a step that have something to undo, with their outputs.
func (r *run) undoing(ctx context.Context, s *runbooks.Step) ([]*frame, error) {
	if !r.touched(s) {
		return nil, nil
	}
	frames, err := r.frames(s)
	if err != nil {
		return nil, err
	}
	var out []*frame
	for i, f := range frames {
		if r.hasUndo(ctx, f, i) {
			f.own() // what a failed try has made is under no name yet
			out = append(out, f)
		}
	}
	return out, nil
}

// hasUndo reports whether a step or its i-th element has something to undo, and finds its output.
func (r *run) hasUndo(ctx context.Context, f *frame, i int) bool {
	t := r.state.Step(f.step.ID)
	// A clean-up that was cut off between two actions has the second one to make still, so what is undone in part counts.
	c, _, called := r.newest(f.id)
	byPerson := t.State == journal.ByHand || t.State == journal.Assisted
	if called && !c.OK && !c.Unsettled || !called && !byPerson {
		return false
	}
	outputs, _ := t.Output.([]any)
	switch {
	case f.step.ForEach == "" && t.Output != nil:
		f.output = t.Output
	case i < len(outputs):
		f.output = outputs[i]
	case called && c.OK:
		f.output = tree(c.Output)
	default:
		f.output = r.made(ctx, f)
	}
	// Where the answer was lost and find sees nothing, nothing was made.
	return f.output != nil || f.step.Find == nil || called && c.OK
}

// touched reports whether a step has changed anything, or a person has for it.
func (r *run) touched(s *runbooks.Step) bool {
	t := r.state.Step(s.ID)
	if t.State == journal.ByHand || t.State == journal.Assisted {
		return true
	}
	for _, c := range slices.Concat(t.Calls, t.Open) {
		if (c.Role == "call" || c.Role == "find" && c.Found) && c.Effect != calls.Read.String() {
			return true
		}
	}
	return false
}

// undoAction makes one action of an undo, for every element where it has a list.
func (r *run) undoAction(ctx context.Context, f *frame, a *runbooks.UndoAction) []journal.Left {
	g := *f
	if a.As != "" {
		g.as = a.As
	}
	fail := func(what string, err error) []journal.Left {
		return []journal.Left{{What: what, Region: g.region, Step: f.step.ID, Reason: err.Error()}}
	}
	region, err := r.at(&g, a.Region, g.scope)
	if err != nil {
		return fail(f.id, err)
	}
	g.region = region
	if a.Each == nil {
		if err := r.undoOne(ctx, &g, a); err != nil {
			return fail(f.id, err)
		}
		return nil
	}
	if a.Each.Batch > 0 {
		return r.undoBatches(ctx, &g, a, fail)
	}
	elements, err := r.undoList(ctx, &g, a)
	if err != nil {
		return fail(f.id, err)
	}
	var left []journal.Left
	for _, element := range elements {
		if err := r.undoElement(ctx, &g, a, element, elements); err != nil {
			left = append(left, fail(short(element), err)...)
		}
	}
	return left
}

// undoList reads the list of an undo; where what has the list is gone, it is empty.
func (r *run) undoList(ctx context.Context, f *frame, a *runbooks.UndoAction) ([]any, error) {
	v, err := r.taken(ctx, f, "find", a.Each)
	var e *calls.Error
	if errors.As(err, &e) && slices.Contains(a.Gone, e.Code) {
		return nil, nil
	}
	elements, _ := v.([]any)
	return elements, err
}

// undoElement makes one call of an undo for an element of its list, or for a batch of them.
func (r *run) undoElement(ctx context.Context, f *frame, a *runbooks.UndoAction, each any, elements []any) error {
	g := *f
	g.scope = maps.Clone(f.scope)
	g.scope["each"], g.scope["list"] = each, elements
	r.ledger.adopt(each)
	return r.undoOne(ctx, &g, a)
}

// undoBatches makes a call for so many elements at a time, and reads the list again until nothing is left of it, or nothing goes
// away any more: what may be gone in part is only known by looking.
func (r *run) undoBatches(ctx context.Context, f *frame, a *runbooks.UndoAction, fail func(string, error) []journal.Left) []journal.Left {
	for before := -1; ; {
		elements, err := r.undoList(ctx, f, a)
		if err != nil {
			return fail(f.id, err)
		}
		if len(elements) == 0 {
			return nil
		}
		stuck := len(elements) == before
		before = len(elements)
		var failure error
		for batch := range slices.Chunk(elements, a.Each.Batch) {
			if err := r.undoElement(ctx, f, a, batch, elements); err != nil {
				failure = errors.Join(failure, err)
			}
			if err := r.broken(ctx); err != nil {
				return fail(f.id, err)
			}
		}
		if stuck && failure == nil {
			failure = fmt.Errorf("%s was answered, and they are still listed: try the clean-up again in a moment", a.Call)
		}
		if stuck {
			return fail(fmt.Sprintf("%d things, the first of them %s", len(elements), short(elements[0])), failure)
		}
	}
}

// undoOne makes one call of an undo. It may be repeated: an undo is written so that doing it twice does no more than once.
func (r *run) undoOne(ctx context.Context, f *frame, a *runbooks.UndoAction) error {
	op, ok := operation(a.Call, false)
	if !ok {
		return fmt.Errorf("this program does not make the call %s", a.Call)
	}
	p, err := params(a.With, f.scope)
	if err != nil {
		return fmt.Errorf("%s: %w", a.Call, err)
	}
	c := journal.Call{Op: op.Name, Effect: op.Effect.String(), Region: f.region, As: f.as, Params: plainMap(p), Role: "undo"}
	if r.alreadyUndone(f, c) {
		return nil
	}
	began := r.o.Target.Clock.Now()
	for n := 1; ; n++ {
		try, err := r.sendUndo(ctx, f, c, a.Gone)
		if err == nil {
			break
		}
		if r.broken(ctx) != nil {
			return r.broken(ctx)
		}
		elapsed := r.o.Target.Clock.Now().Sub(began)
		if !passes(a.Retry, try, elapsed) && (!transient(err) || n >= tries) {
			return refusal(f, err)
		}
		if err := r.sleepCleaning(ctx, r.backoff(n)); err != nil {
			return err
		}
	}
	if a.Wait == nil {
		return nil
	}
	return r.await(ctx, []*frame{f}, a.Wait)
}

// sendUndo makes the call and counts what is gone as done.
func (r *run) sendUndo(ctx context.Context, f *frame, c journal.Call, gone []string) (journal.Call, error) {
	c.ID = r.callID(f.id)
	if err := r.permit(ctx, f, c); err != nil {
		return c, err
	}
	if err := r.emit(journal.Event{Kind: journal.CallIntent, Step: f.step.ID, Call: copyOf(c)}); err != nil {
		return c, err
	}
	r.quiet = true // the result is ours to record: being gone is no failure here
	c, err := r.answer(ctx, f, c)
	r.quiet = false
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	var e *calls.Error
	if errors.As(err, &e) && (e.Kind == calls.NotFound || slices.Contains(gone, e.Code)) {
		c.OK, err = true, nil // the code says that it was gone before
	}
	return c, errors.Join(err, r.emit(journal.Event{Kind: journal.CallResult, Step: f.step.ID, Call: copyOf(c)}))
}

// transient reports whether the same call may well succeed in a moment.
func transient(err error) bool {
	var e *calls.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case calls.Throttled, calls.TimedOut, calls.Lost, calls.Server, calls.Unreachable:
		return true
	}
	return false
}

// alreadyUndone reports whether this very call was made after the step's last own one: then a clean-up that was cut off has
// done it.
func (r *run) alreadyUndone(f *frame, c journal.Call) bool {
	for _, was := range slices.Backward(r.state.Step(f.step.ID).Calls) {
		switch {
		case !belongs(was, f.id):
		case was.Role == "call" || was.Role == "find" && was.Found:
			return false
		case was.Role == "undo" && was.OK && was.Op == c.Op && was.Region == c.Region && was.As == c.As && key(was.Params) == key(c.Params):
			return true
		}
	}
	return false
}

func (r *run) sleepCleaning(ctx context.Context, d time.Duration) error {
	if err := r.o.Target.Clock.Wait(ctx, d); err != nil {
		return err
	}
	return ctx.Err()
}
