package engine

import (
	"cmp"
	"slices"

	"lifeboat/runbooks/journal"
)

// NewState is the state of a run of which nothing is known yet.
func NewState() *State { return &State{Steps: map[string]*StepState{}} }

// Replay folds the lines of a journal.
func Replay(entries []journal.Entry) *State {
	s := NewState()
	for _, e := range entries {
		s.Apply(e.Event)
	}
	return s
}

// Step gives the state of a step; one of which nothing was heard is pending.
func (s *State) Step(id string) *StepState {
	t, ok := s.Steps[id]
	if !ok {
		t = &StepState{ID: id, State: journal.Pending}
		s.Steps[id] = t
	}
	return t
}

// Apply folds one event into the state. It is the only way a state changes, for a live run and a replayed one.
func (s *State) Apply(e journal.Event) {
	s.Last = e
	switch e.Kind {
	case journal.RunStarted:
		s.Run = *e.Run
	case journal.RunResumed:
		s.Outcome, s.Question = nil, nil
	case journal.Points:
		s.Points = e.Points
	case journal.Clocks:
		s.Clock = *e.Clocks
	case journal.CleanStart:
		s.Cleaning, s.Cleaned, s.Current, s.Phase, s.Left = true, false, "", "clean", nil
	case journal.CleanEnded:
		s.Cleaning, s.Cleaned, s.Left = false, true, e.Left
	case journal.RunEnded:
		s.Outcome, s.Question = e.Outcome, nil
		if e.Outcome.State == journal.RunPassed || e.Outcome.State == journal.RunIncomplete {
			s.Current = ""
		}
	case journal.Asked:
		s.Question, s.Current = e.Question, e.Step // between steps there is no current one
	case journal.Answered:
		s.Question = nil
	}
	if e.Step != "" {
		s.applyStep(e, s.Step(e.Step))
	}
}

func (s *State) applyStep(e journal.Event, t *StepState) {
	switch e.Kind {
	case journal.StepReady:
		s.Current, s.Phase, t.Preview = e.Step, e.Phase, e.Preview
	case journal.StepStarted:
		s.Current, s.Phase = e.Step, e.Phase
		if !t.State.UnderWay() {
			t.Begun = e.At
		}
		t.State, t.Reason, t.Started = journal.Running, "", e.At
		t.Wait, t.Checks, t.Proof = nil, nil, nil
	case journal.CallIntent:
		t.Open = append(t.Open, *e.Call)
	case journal.CallResult:
		t.Open = slices.DeleteFunc(t.Open, func(c journal.Call) bool { return c.ID == e.Call.ID })
		t.Calls = append(t.Calls, *e.Call)
	case journal.WaitStarted, journal.WaitSeen, journal.WaitEnded:
		t.Wait = e.Wait
		switch {
		case s.Cleaning:
		case e.Kind == journal.WaitEnded:
			t.State = journal.Running
		default:
			t.State = journal.Waiting
		}
	case journal.Checked:
		t.Checks = append(t.Checks, *e.Check)
	case journal.Answered:
		t.Answer = e.Answer
	case journal.Hinted:
		t.Hints = append(t.Hints, e.Text)
	case journal.Proved:
		t.Proof = e.Proof
		s.Proofs = append(s.Proofs, *e.Proof)
	case journal.StepEnded:
		s.Question = nil
		t.State, t.Reason, t.Output, t.Ended = e.State, e.Text, e.Output, e.At
	}
}

// Count says how many steps stand in each state.
func (s *State) Count() map[journal.State]int {
	n := map[journal.State]int{}
	for _, t := range s.Steps {
		n[t.State]++
	}
	return n
}

// merge puts newer knowledge of recovery points over older, by id, oldest first. What is not in news stays as it was.
func merge(known, news []journal.Point) []journal.Point {
	out := slices.Clone(known)
	for _, p := range news {
		i := slices.IndexFunc(out, func(q journal.Point) bool { return q.ID == p.ID })
		if i < 0 {
			out = append(out, p)
			continue
		}
		q := &out[i]
		q.Gone, q.Used, q.Bad = q.Gone || p.Gone, q.Used || p.Used, q.Bad || p.Bad
		q.Holds, q.Where = cmp.Or(p.Holds, q.Holds), cmp.Or(p.Where, q.Where)
		if !p.At.IsZero() {
			q.At = p.At
		}
	}
	slices.SortStableFunc(out, func(a, b journal.Point) int { return a.At.Compare(b.At) })
	return out
}
