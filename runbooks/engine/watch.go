package engine

import (
	"context"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// watch looks until a person has done the step by hand: find sees it, its wait and its checks hold.
func (r *run) watch(ctx context.Context, s *runbooks.Step) error {
	frames, err := r.frames(s)
	if err != nil {
		return err
	}
	if s.Find == nil && !visible(s) {
		return &failure{text: s.ID + ": nothing that can be read shows whether this step was done: do it, and then say that it is done"}
	}
	w := journal.Wait{For: "you to do it"}
	if err := r.emit(journal.Event{Kind: journal.WaitStarted, Step: s.ID, Wait: copyOf(w)}); err != nil {
		return err
	}
	began := r.o.Target.Clock.Now()
	for _, f := range frames {
		if err := r.appears(ctx, f, &w, began); err != nil {
			return err
		}
		f.sent = r.o.Target.Clock.Now()
		if f.step.Call != "" {
			if err := r.adopt(f); err != nil {
				return err
			}
		}
	}
	w.OK = true
	if err := r.emit(journal.Event{Kind: journal.WaitEnded, Step: s.ID, Wait: copyOf(w)}); err != nil {
		return err
	}
	if err := r.await(ctx, frames, s.Wait); err != nil {
		return err
	}
	state := r.handState(s)
	for _, f := range frames {
		if err := r.check(ctx, f); err != nil {
			return err
		}
		f.state = state
	}
	return r.ended(s, frames, state)
}

// appears looks until what a step or element makes is there, and tells each look.
func (r *run) appears(ctx context.Context, f *frame, w *journal.Wait, began time.Time) error {
	for {
		r.quiet = true
		there, seen, err := r.there(ctx, f)
		r.quiet = false
		if err != nil {
			return err
		}
		w.Seen = seen
		w.Polls++
		w.Elapsed = r.o.Target.Clock.Now().Sub(began)
		if there {
			return nil
		}
		if err := r.emit(journal.Event{Kind: journal.WaitSeen, Step: f.step.ID, Wait: copyOf(*w)}); err != nil {
			return err
		}
		if err := r.rest(ctx, f, handPoll, r.o.Pause, Do, Done); err != nil {
			return err
		}
	}
}

// handState is how a step ends that a person did: by hand, or assisted when its solution was shown.
func (r *run) handState(s *runbooks.Step) journal.State {
	if r.solved(s) {
		return journal.Assisted
	}
	return journal.ByHand
}

// there reports whether what a step makes is there, made by whomever; seen says what is still missing.
func (r *run) there(ctx context.Context, f *frame) (ok bool, seen string, err error) {
	if f.step.Find != nil {
		found, err := r.find(ctx, f)
		if err != nil {
			return false, "", refusal(f, err)
		}
		if found == nil {
			return false, "nothing yet", nil
		}
		f.output = found
		f.own()
		return true, "", nil
	}
	for i := range f.step.Checks {
		c := &f.step.Checks[i]
		if c.Call == "" {
			continue
		}
		ok, _, err := r.holds(ctx, f, c)
		if err != nil || !ok {
			return false, "not yet: " + c.Say, err
		}
	}
	return true, "", nil
}

// adopt puts what a person made into the ledger, as if the run had made it.
func (r *run) adopt(f *frame) error {
	op, _ := stepOperation(f.step)
	m, _ := f.output.(map[string]any)
	c := journal.Call{ID: r.callID(f.id), Op: op.Name, Effect: op.Effect.String(), Region: f.region, As: f.as, Role: "find", OK: true, Found: true, Output: m}
	return r.emit(journal.Event{Kind: journal.CallResult, Step: f.step.ID, Call: copyOf(c)})
}
