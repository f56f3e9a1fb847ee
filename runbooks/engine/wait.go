package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

const (
	firstPoll = time.Second
	lastPoll  = 15 * time.Second // polls do not come slower than this, in the first quarter of an hour
	// slack is the part of the time waited so far that may pass between two polls: nobody is late by more, and who waits two days
	// does not ask ten thousand times.
	slack    = 60
	patience = time.Hour // of a wait that has no within
	// unseen is how long a thing that was just made may be unknown to the reads of AWS.
	unseen = time.Minute
	// handPoll is how often a look is taken at what a person does by hand, in this machine's time.
	handPoll = 2 * time.Second
)

// backoff is the time before try n+1, from 1: growing, with jitter, so that many runs do not poll in step.
func (r *run) backoff(n int) time.Duration {
	d := firstPoll
	for range min(n-1, 10) {
		d = d * 8 / 5
	}
	d = min(d, lastPoll)
	return time.Duration(float64(d) * (0.85 + 0.3*r.o.Rand()))
}

// waiter is one frame that waits.
type waiter struct {
	f    *frame
	call journal.Call
	key  string // equal for equal calls: those are polled once for all
	seen string
}

// await polls until the condition holds for every frame, the first time at once. Equal calls are made once for all of them.
func (r *run) await(ctx context.Context, frames []*frame, w *runbooks.Wait) error {
	if w == nil || len(frames) == 0 {
		return nil
	}
	s := frames[0].step
	var waiting []*waiter
	for _, f := range frames {
		call, err := r.reading(f, "wait", w.Call, w.With, w.Region, f.scope)
		if err != nil {
			return err
		}
		raw, err := json.Marshal([]any{call.Region, call.As, call.Params})
		if err != nil {
			return err
		}
		waiting = append(waiting, &waiter{f: f, call: call, key: string(raw)})
	}
	now := journal.Wait{For: waitsFor(w), Typical: w.Typical, Within: w.Within}
	if now.Within == 0 {
		now.Within = patience
	}
	if err := r.emit(journal.Event{Kind: journal.WaitStarted, Step: s.ID, Wait: copyOf(now)}); err != nil {
		return err
	}
	began := r.o.Target.Clock.Now()
	for n := 1; ; n++ {
		still, err := r.poll(ctx, w, waiting, began)
		now.Elapsed, now.Polls, now.Seen = r.o.Target.Clock.Now().Sub(began), n, seen(waiting)
		var fail *failure
		switch {
		case err == nil && len(still) == 0:
			now.OK = true
			return r.emit(journal.Event{Kind: journal.WaitEnded, Step: s.ID, Wait: copyOf(now)})
		case err == nil && now.Elapsed >= now.Within:
			err = &failure{text: fmt.Sprintf("%s: waited %s for %s, and saw %s: look at it in the account, then try again to wait longer", s.ID, now.Elapsed.Round(time.Second), now.For, orNothing(now.Seen))}
		}
		if errors.As(err, &fail) {
			now.Failed = fail.redo
			if err := r.emit(journal.Event{Kind: journal.WaitEnded, Step: s.ID, Wait: copyOf(now)}); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		waiting = still
		if err := r.emit(journal.Event{Kind: journal.WaitSeen, Step: s.ID, Wait: copyOf(now)}); err != nil {
			return err
		}
		if err := r.sleep(ctx, frames[0], min(max(r.backoff(n), now.Elapsed/slack), now.Within-now.Elapsed)); err != nil {
			return err
		}
	}
}

func copyOf[T any](v T) *T { return &v }

func waitsFor(w *runbooks.Wait) string {
	switch {
	case w.Say != "":
		return w.Say
	case w.Name != "":
		return strings.ReplaceAll(w.Name, "-", " ")
	case w.Until != "":
		return w.Until
	}
	return "its absence (" + list(w.Missing) + ")"
}

func seen(ws []*waiter) string {
	var out []string
	for _, w := range ws {
		if w.seen != "" && !slices.Contains(out, w.seen) {
			out = append(out, w.seen)
		}
	}
	return list(out)
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// poll makes each distinct call once and gives those that still wait.
func (r *run) poll(ctx context.Context, w *runbooks.Wait, waiting []*waiter, began time.Time) ([]*waiter, error) {
	type answer struct {
		call journal.Call
		err  error
	}
	answers := map[string]answer{}
	var still []*waiter
	for _, one := range waiting {
		a, polled := answers[one.key]
		if !polled {
			// Polls are no lines of the journal: the wait's own events say what they saw.
			resp, err := r.call(ctx, one.call)
			a = answer{call: one.call, err: err}
			a.call.Output = plainMap(resp.Output)
			answers[one.key] = a
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		done, err := r.judge(w, one, a.call, a.err, r.o.Target.Clock.Now().Sub(began))
		if err != nil {
			return waiting, err
		}
		if !done {
			still = append(still, one)
		}
	}
	return still, nil
}

// judge says whether one wait is over.
func (r *run) judge(w *runbooks.Wait, one *waiter, c journal.Call, err error, elapsed time.Duration) (bool, error) {
	var e *calls.Error
	if errors.As(err, &e) {
		one.seen = e.Code
		switch {
		case slices.Contains(w.Missing, e.Code):
			if one.seen = "not there"; w.Until == "" {
				one.f.waited = map[string]any{}
				return true, nil
			}
			return false, nil
		case e.Kind == calls.NotFound && elapsed < unseen && w.Until != "":
			one.seen = "not there yet"
			return false, nil
		case transient(err):
			return false, nil // a look that failed says nothing about the thing
		}
		return false, refusal(one.f, err)
	}
	if err != nil {
		return false, err
	}
	scope := expr.Overlay(one.f.scope, c.Output)
	one.seen = shows(w, scope)
	one.f.waited = c.Output
	if w.Fails != "" {
		bad, err := expr.Eval(w.Fails, scope)
		if err != nil {
			return false, fmt.Errorf("wait of %s: fails: %w", one.f.step.ID, err)
		}
		if expr.Holds(bad) {
			return false, &failure{redo: true, text: fmt.Sprintf("%s: it will never come to %s: %s says %s; trying again removes it first and makes it anew", one.f.step.ID, waitsFor(w), w.Call, orNothing(one.seen))}
		}
	}
	if w.Until == "" {
		return false, nil
	}
	ok, err := expr.Eval(w.Until, scope)
	if err != nil {
		return false, fmt.Errorf("wait of %s: until: %w", one.f.step.ID, err)
	}
	return expr.Holds(ok), nil
}

// shows is the state to show while waiting: what the author names, else the left side of the condition.
func shows(w *runbooks.Wait, scope map[string]any) string {
	source := w.Show
	if source == "" {
		source = left(w.Until)
	}
	return valueOf(source, scope)
}

// left is the left side of a comparison, the empty string when the expression is none.
func left(source string) string {
	for _, op := range []string{"==", "!=", ">=", "<=", ">", "<"} {
		if a, _, ok := strings.Cut(source, op); ok {
			return strings.TrimSpace(a)
		}
	}
	return ""
}

// valueOf evaluates for a sentence; empty when there is nothing to say.
func valueOf(source string, scope map[string]any) string {
	if source == "" {
		return ""
	}
	v, err := expr.Eval(source, scope)
	if err != nil || v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return short(v)
}
