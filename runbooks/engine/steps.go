package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// steps runs the steps that have not ended, in order, and then ends the run.
func (r *run) steps(ctx context.Context) error {
	switch {
	case r.state.Cleaning, len(r.state.Left) > 0:
		return r.clean(ctx) // it was cut off there, or could not remove everything
	case r.state.Cleaned:
		return nil
	}
	for i := range r.book.Steps {
		s := &r.book.Steps[i]
		if r.state.Step(s.ID).State.Ended() {
			continue
		}
		if err := r.step(ctx, s); err != nil {
			return r.leave(ctx, err)
		}
	}
	return r.leave(ctx, r.last(ctx))
}

// leave follows a command that ends the run.
func (r *run) leave(ctx context.Context, err error) error {
	var i *interrupt
	if !errors.As(err, &i) {
		return err
	}
	switch i.Kind {
	case Clean:
		return r.clean(ctx)
	case Abandon:
		return errEnd
	}
	return err
}

// last is what comes after the last step: clean-up, or a person says whether.
func (r *run) last(ctx context.Context) error {
	switch {
	case r.o.Mode == Incident:
		return nil // what an incident made is what is needed now
	case r.o.Clean:
		return r.clean(ctx)
	case r.o.Unattended || r.ledger.size() == 0:
		return nil
	}
	value, _, err := r.ask(ctx, nil, journal.Question{ID: "clean", Type: "confirm", Text: "Remove everything this run has made?", Default: "clean",
		Options: []journal.Option{{Value: "clean", Label: "clean up", Note: "undoes every step, newest first, and looks for what is left"},
			{Value: "keep", Label: "keep it", Note: "it can be cleaned up later, and costs until then"}}})
	if err != nil || value == "keep" {
		return err
	}
	return r.clean(ctx)
}

// step brings one step to its end.
func (r *run) step(ctx context.Context, s *runbooks.Step) error {
	f, err := r.frame(s)
	if err == nil {
		var reason string
		if reason, err = r.skips(f); reason != "" {
			return r.emit(journal.Event{Kind: journal.StepEnded, Step: s.ID, State: journal.Skipped, Text: reason})
		}
	}
	if err != nil {
		if err := r.emit(journal.Event{Kind: journal.StepStarted, Step: s.ID, Phase: s.Phase}); err != nil {
			return err
		}
		return r.failed(s, &failure{text: err.Error()})
	}
	if err := r.emit(journal.Event{Kind: journal.StepReady, Step: s.ID, Phase: s.Phase, Preview: r.preview(f)}); err != nil {
		return err
	}
	for {
		c, err := r.order(ctx, f)
		if err != nil {
			return err
		}
		err = r.obey(ctx, s, c)
		var fail *failure
		if !errors.As(err, &fail) {
			return err
		}
		if err := r.failed(s, fail); err != nil {
			return err
		}
	}
}

// failed records a failure. It gives it back where nobody is there to say what to do about it.
func (r *run) failed(s *runbooks.Step, fail *failure) error {
	if err := r.emit(journal.Event{Kind: journal.StepEnded, Step: s.ID, State: journal.Failed, Text: fail.text}); err != nil {
		return err
	}
	if r.o.Unattended {
		return fail
	}
	r.auto = false
	return nil
}

// order gives what to do with a step: what a person says, or Do where nobody is asked.
func (r *run) order(ctx context.Context, f *frame) (Command, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Command{}, err
		}
		c, ok := r.take()
		if !ok && r.auto {
			return Command{Kind: Do, Step: f.step.ID}, nil
		}
		if !ok {
			var err error
			if c, err = r.next(ctx); err != nil {
				return c, err
			}
		}
		switch c.Kind {
		case Stop, Clean, Abandon:
			return c, &interrupt{c}
		case Skip:
			if strings.TrimSpace(c.Text) != "" {
				return c, nil
			}
			if err := r.emit(journal.Event{Kind: journal.Note, Step: f.step.ID, Text: "a step is skipped only with a reason: say why"}); err != nil {
				return c, err
			}
		case Do, Mine, Done:
			return c, nil
		}
		if err := r.minor(f, c); err != nil {
			return c, err
		}
	}
}

// obey does what was said about a step.
func (r *run) obey(ctx context.Context, s *runbooks.Step, c Command) error {
	var err error
	switch c.Kind {
	case Done:
		return r.believe(ctx, s, c.Text)
	case Skip:
		return r.skip(s, c.Text)
	default:
		err = r.perform(ctx, s, c.Kind == Mine && !leavesNothing(s))
	}
	var i *interrupt
	if errors.As(err, &i) {
		switch i.Kind {
		case Do, Mine: // changed their mind while the step was going on
			return r.obey(ctx, s, i.Command)
		case Done:
			return r.believe(ctx, s, i.Text)
		case Skip:
			return r.skip(s, i.Text)
		}
	}
	return err
}

// leavesNothing reports whether a step only reads. Nobody can see that a person has read something, and the run needs the answer.
func leavesNothing(s *runbooks.Step) bool {
	op, ok := stepOperation(s)
	return ok && op.Effect == calls.Read && s.Find == nil
}

// believe ends a step that a person says was done.
func (r *run) believe(ctx context.Context, s *runbooks.Step, note string) error {
	state := r.handState(s)
	frames, err := r.frames(s)
	if err != nil {
		return &failure{text: err.Error(), cause: err}
	}
	for _, f := range frames {
		if f.output = r.made(ctx, f); f.output != nil && s.Call != "" {
			if err := r.adopt(f); err != nil {
				return err
			}
		}
	}
	if len(frames) == 0 {
		return r.emit(journal.Event{Kind: journal.StepEnded, Step: s.ID, State: state, Text: note})
	}
	return r.emit(journal.Event{Kind: journal.StepEnded, Step: s.ID, State: state, Text: note, Output: output(s, frames)})
}

// made gives what a step or element has made as far as it can be known: by the run's own calls, else by looking.
func (r *run) made(ctx context.Context, f *frame) any {
	if c, ok := r.prior(f.id); ok && c.OK && (c.Output != nil || f.step.Find == nil) {
		return tree(c.Output)
	}
	if f.step.Find == nil {
		return nil
	}
	found, err := r.find(ctx, f)
	if err != nil {
		r.o.Log.Warn("find", "step", f.id, "error", err)
		return nil
	}
	return found
}

// skip ends a step that a person does not want.
func (r *run) skip(s *runbooks.Step, reason string) error {
	return r.emit(journal.Event{Kind: journal.StepEnded, Step: s.ID, State: journal.Skipped, Text: reason})
}

// perform does a step, or watches until a person has done it.
func (r *run) perform(ctx context.Context, s *runbooks.Step, mine bool) error {
	hopeless := r.state.Step(s.ID).Wait != nil && r.state.Step(s.ID).Wait.Failed
	if err := r.emit(journal.Event{Kind: journal.StepStarted, Step: s.ID, Phase: s.Phase}); err != nil {
		return err
	}
	err := r.safely(func() error {
		if hopeless && !mine {
			if left := r.undo(ctx, s); len(left) > 0 {
				return &failure{text: fmt.Sprintf("%s cannot be tried again: what it made could not be removed: %s", s.ID, left[0].Reason)}
			}
		}
		if mine {
			return r.watch(ctx, s)
		}
		return r.do(ctx, s)
	})
	var i *interrupt
	var fail *failure
	if err == nil || errors.As(err, &i) || errors.As(err, &fail) || ctx.Err() != nil || r.log.Failed() != nil {
		return err
	}
	return &failure{text: err.Error(), cause: err}
}

// do does a step for the person: acts, waits, checks.
func (r *run) do(ctx context.Context, s *runbooks.Step) error {
	frames, err := r.frames(s)
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := r.act(ctx, f); err != nil {
			return err
		}
		f.own()
	}
	if err := r.await(ctx, frames, s.Wait); err != nil {
		return err
	}
	for _, f := range frames {
		if err := r.check(ctx, f); err != nil {
			return err
		}
	}
	return r.ended(s, frames, journal.Passed)
}

// ended records what a step gave, and its end.
func (r *run) ended(s *runbooks.Step, frames []*frame, state journal.State) error {
	text := ""
	for _, f := range frames {
		if f.state != "" {
			state, text = f.state, f.note
		}
	}
	if err := r.points(s, frames); err != nil {
		return err
	}
	if err := r.clocks(s, frames); err != nil {
		return err
	}
	return r.emit(journal.Event{Kind: journal.StepEnded, Step: s.ID, State: state, Text: text, Output: output(s, frames)})
}

// act does what a step of its kind does.
func (r *run) act(ctx context.Context, f *frame) error {
	s := f.step
	switch {
	case s.Call != "":
		return r.actCall(ctx, f)
	case s.Seed != nil:
		return r.actSeed(ctx, f)
	case s.Prove != nil:
		return r.actProve(ctx, f)
	case s.Ask != nil:
		return r.actAsk(ctx, f)
	case s.Choose != nil:
		return r.actChoose(ctx, f)
	case s.Quiz != nil:
		return r.actQuiz(ctx, f)
	case s.PassTime != nil:
		return r.actPassTime(ctx, f)
	case s.ByHand != nil:
		return r.actByHand(ctx, f)
	case s.Shell != nil:
		return &failure{text: s.ID + ": this version runs no shell steps: do it yourself and say that it is done, or skip it with a reason"}
	}
	return nil // a check
}
