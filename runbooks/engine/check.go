package engine

import (
	"context"
	"errors"
	"fmt"

	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

// check looks at every check of a step, and fails at the first that does not hold.
func (r *run) check(ctx context.Context, f *frame) error {
	for i := range f.step.Checks {
		c := &f.step.Checks[i]
		var ok bool
		var got string
		var err error
		for n := 0; ; n++ {
			if ok, got, err = r.holds(ctx, f, c); err != nil {
				return err
			}
			// What was changed a moment ago may be read as it was before, so a read that is the check's own is repeated a little.
			if ok || c.Call == "" || f.sent.IsZero() || n == 3 {
				break
			}
			if err := r.sleep(ctx, f, r.backoff(n+1)); err != nil {
				return err
			}
		}
		seen := journal.Check{Say: c.Say, That: c.That, OK: ok}
		if !ok {
			seen.Got = got
		}
		if err := r.emit(journal.Event{Kind: journal.Checked, Step: f.step.ID, Check: &seen}); err != nil {
			return err
		}
		if !ok {
			return &failure{text: unmet(f, c, got)}
		}
	}
	return nil
}

func unmet(f *frame, c *runbooks.Check, got string) string {
	text := fmt.Sprintf("%s: this does not hold: %s (%s)", f.step.ID, c.Say, c.That)
	if got != "" {
		text += "; found " + got
	}
	if c.Else != "" {
		text += "; " + c.Else
	}
	return text
}

// holds looks at one check: its own read, else the last one. got is what is there instead.
func (r *run) holds(ctx context.Context, f *frame, c *runbooks.Check) (ok bool, got string, err error) {
	answer := f.answer()
	if c.Call != "" {
		if answer, err = r.read(ctx, f, "check", c.Call, c.With, c.Region, f.scope); err != nil {
			var e *calls.Error
			if errors.As(err, &e) && e.Kind == calls.NotFound {
				return false, e.Code, nil
			}
			return false, "", refusal(f, err)
		}
		f.read = answer
	}
	scope := expr.Overlay(f.scope, answer)
	v, err := expr.Eval(c.That, scope)
	if err != nil {
		return false, "", fmt.Errorf("check of %s: %w", f.step.ID, err)
	}
	return expr.Holds(v), valueOf(left(c.That), scope), nil
}

// visible reports whether a step's own reads show if it was done.
func visible(s *runbooks.Step) bool {
	for _, c := range s.Checks {
		if c.Call != "" {
			return true
		}
	}
	return false
}

// visiblyDone reports whether all checks that read for themselves hold.
func (r *run) visiblyDone(ctx context.Context, f *frame) (bool, error) {
	for i := range f.step.Checks {
		c := &f.step.Checks[i]
		if c.Call == "" {
			continue
		}
		ok, _, err := r.holds(ctx, f, c)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}
