package engine

import (
	"context"
	"errors"
	"fmt"

	"lifeboat/aws/calls"
	"lifeboat/runbooks/journal"
)

// settle finds out what became of a mutating call whose answer is not known. It is never blindly repeated: the same token
// makes a repetition harmless, or the operation's kind does, else find or the step's own checks see what is there, else a person says.
func (r *run) settle(ctx context.Context, f *frame, op calls.Operation, c journal.Call) error {
	for n := 1; ; n++ {
		if n > 1 {
			if err := r.sleep(ctx, f, r.backoff(n)); err != nil {
				return err
			}
		}
		again, err := r.settled(ctx, f, op, c)
		if err != nil || !again {
			return err
		}
		if n == tries {
			return &failure{text: fmt.Sprintf("%s: %s in %s: the answer was lost %d times (%s): check the network, then try again; it is of a kind that is not done twice", f.step.ID, op.Name, f.region, n+1, c.Code)}
		}
	}
}

// settled tries once to settle a call; again says that the answer was lost once more.
func (r *run) settled(ctx context.Context, f *frame, op calls.Operation, c journal.Call) (again bool, err error) {
	c.Unsettled, c.Code, c.Message = false, "", ""
	if op.Token != "" && c.Params[op.Token] != nil || op.Same && f.step.Find == nil && f.step.Refused == nil {
		// The very parameters of the intent: another value with the same token would be refused.
		c, err = r.answer(ctx, f, c)
		if err == nil {
			f.output = tree(c.Output)
			return false, nil
		}
		if c.Unsettled {
			return true, nil
		}
		return false, refusal(f, err)
	}
	switch {
	case f.step.Find != nil:
		for n := range looks {
			if n > 0 {
				if err := r.sleep(ctx, f, r.backoff(n)); err != nil {
					return false, err
				}
			}
			found, err := r.find(ctx, f)
			if err != nil {
				return false, refusal(f, err)
			}
			if found != nil {
				return false, r.found(f, c, found)
			}
		}
	case op.Effect == calls.Delete:
		return false, r.deleteAgain(ctx, f, op, c)
	case f.step.Refused != nil: // meant to be refused: it changes nothing
	case visible(f.step):
		done, err := r.visiblyDone(ctx, f)
		if err != nil {
			return false, err
		}
		if done {
			return false, r.found(f, c, nil)
		}
	default:
		return false, r.askWhether(ctx, f, op, c)
	}
	return false, r.undone(ctx, f, op, c)
}

// found closes a call that turned out to have been carried out.
func (r *run) found(f *frame, c journal.Call, what any) error {
	m, _ := what.(map[string]any)
	c.OK, c.Found, c.Output = true, true, m
	if f.output = what; what == nil {
		f.output = tree(nil)
	}
	return r.emit(journal.Event{Kind: journal.CallResult, Step: f.step.ID, Call: copyOf(c)})
}

// undone closes a call that turned out not to have been carried out, and makes it anew.
func (r *run) undone(ctx context.Context, f *frame, op calls.Operation, c journal.Call) error {
	c.Code, c.Message = "NotDone", "the answer was lost, and what the call would have done is not there"
	if err := r.emit(journal.Event{Kind: journal.CallResult, Step: f.step.ID, Call: copyOf(c)}); err != nil {
		return err
	}
	if f.lost++; f.lost == tries {
		return &failure{text: fmt.Sprintf("%s: %s in %s: sent %d times, never answered and never carried out: look at the service's health, then try again", f.step.ID, op.Name, f.region, tries)}
	}
	return r.attempt(ctx, f, op)
}

// deleteAgain repeats a deletion: what is gone cannot be deleted twice.
func (r *run) deleteAgain(ctx context.Context, f *frame, op calls.Operation, c journal.Call) error {
	c, err := r.answer(ctx, f, c)
	var e *calls.Error
	switch {
	case err == nil:
		f.output = tree(c.Output)
		return nil
	case errors.As(err, &e) && e.Kind == calls.NotFound:
		c.Code, c.Message = "", ""
		return r.found(f, c, map[string]any{})
	case c.Unsettled:
		return &failure{text: fmt.Sprintf("%s: %s in %s: the answer was lost again (%s): check the network, then try again", f.step.ID, op.Name, f.region, c.Code), cause: err}
	}
	return refusal(f, err)
}

// askWhether asks a person whether a call was carried out, where nothing else can tell.
func (r *run) askWhether(ctx context.Context, f *frame, op calls.Operation, c journal.Call) error {
	text := fmt.Sprintf("%s in %s was sent, and its answer never came. Look in the account: was it done?", op.Name, f.region)
	value, _, err := r.ask(ctx, f, journal.Question{ID: f.id + "-settle", Type: "confirm", Text: text,
		Options: []journal.Option{{Value: "yes", Label: "it was done"}, {Value: "no", Label: "it was not done", Note: "it is called again"}}})
	switch {
	case errors.Is(err, errNoAnswer):
		return &failure{text: fmt.Sprintf("%s: %s in %s was sent and its answer never came; nothing tells whether it was done: look in the account, then resume without --yes and say so", f.step.ID, op.Name, f.region)}
	case err != nil:
		return err
	case value == "yes":
		return r.found(f, c, nil)
	}
	return r.undone(ctx, f, op, c)
}
