package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

// desk is everything the screen knows of a run: the engine's own fold of its events, and what only a screen wants.
type desk struct {
	*engine.State
	book  *runbooks.Runbook
	index map[string]int // step id -> place in the book

	notes   map[string][]string // by step
	asked   map[string]journal.Question
	tries   map[string]try
	swept   []journal.Call // calls of the clean-up, in order
	now     time.Time      // the target's, as the newest event has it
	ahead   time.Duration  // how far the target's time has gone since, while something is waited for
	began   time.Time
	last    string // the step that stood last
	lost    string // title of the disaster step
	changed string // what a resume said about the runbook, until a step has ended
	before  string // the step that ended last
}

// try is one going at a step: which it is, from 1, and how many calls were made before it.
type try struct{ n, calls int }

func newDesk(book *runbooks.Runbook) *desk {
	d := &desk{State: engine.NewState(), book: book, index: map[string]int{}, notes: map[string][]string{}, asked: map[string]journal.Question{}, tries: map[string]try{}}
	if book == nil {
		d.book = &runbooks.Runbook{}
	}
	for i, s := range d.book.Steps {
		d.index[s.ID] = i
	}
	return d
}

// what an event touched, so that only that is drawn again.
type touched struct{ steps, step, line, head bool }

// apply folds one event in.
func (d *desk) apply(e journal.Event) (t touched) {
	if d.began.IsZero() {
		d.began = e.At
	}
	if e.At.After(d.now) {
		d.now, t.head, t.line = e.At, true, true
	}
	if e.Kind == journal.Time {
		return t
	}
	if e.Call != nil && e.Kind == journal.CallResult {
		c := *e.Call
		c.Output = nil // a screen does not show it, and it can be large
		e.Call = &c
	}
	before := d.Clock.Disaster
	if st := d.Steps[e.Step]; e.Kind == journal.StepStarted && st != nil {
		d.tries[e.Step] = try{d.tries[e.Step].n + 1, len(st.Calls)}
	}
	d.Apply(e)
	if d.Current != "" {
		d.last = d.Current
	}
	if st := d.Steps[e.Step]; st != nil {
		switch {
		case e.Kind == journal.StepStarted:
			st.Answer = nil // that of the try before
		case e.Kind == journal.StepReady && st.State.UnderWay():
			st.State = journal.Pending // it was cut off in the middle, and the resumed run asks again what to do with it
		}
	}
	t.step = true
	switch e.Kind {
	case journal.RunStarted, journal.RunResumed:
		d.changed, d.before = few(e.Text), ""
		return touched{true, true, true, true}
	case journal.Clocks:
		if i, ok := d.index[e.Step]; ok && before.IsZero() && !d.Clock.Disaster.IsZero() {
			d.lost = cmp.Or(d.book.Steps[i].PartTitle, d.book.Steps[i].Title)
		}
		t.line, t.head = true, true
	case journal.Points, journal.Proved:
		t.line, t.head = true, true
	case journal.Asked:
		if e.Question != nil && e.Step != "" {
			d.asked[e.Step] = *e.Question
		}
	case journal.Note:
		d.notes[e.Step] = append(d.notes[e.Step], e.Text)
	case journal.CleanStart:
		d.swept = nil
	case journal.CallResult:
		if d.Cleaning {
			d.swept = append(d.swept, *e.Call)
		}
	case journal.StepEnded:
		d.Question, d.changed, d.before = nil, "", e.Step
	}
	switch e.Kind {
	case journal.StepReady, journal.StepStarted, journal.StepEnded, journal.RunEnded, journal.CleanStart, journal.CleanEnded,
		journal.WaitStarted, journal.WaitEnded:
		t.steps, t.head, t.line = true, true, true
	}
	return t
}

// few keeps the first of many things that a sentence lists.
func few(text string) string {
	const most = 4
	list := strings.Split(text, ", ")
	if len(list) <= most {
		return text
	}
	return strings.Join(list[:most-1], ", ") + fmt.Sprintf(", and %d more", len(list)-most+1)
}

// place says the Region behind a name of the runbook.
func (d *desk) place(where string) string {
	if where == "" {
		where = "home"
	}
	if region := d.Run.Regions[where]; region != "" {
		return region
	}
	return where
}

func (d *desk) timeline() parts.Timeline {
	points := slices.Clone(d.Points)
	for i := range points {
		points[i].Where = d.place(points[i].Where)
	}
	clock := d.Clock
	clock.TargetRPO, clock.TargetRTO = cmp.Or(clock.TargetRPO, d.book.Targets.RPO), cmp.Or(clock.TargetRTO, d.book.Targets.RTO)
	return parts.Timeline{Points: points, Clock: clock, Now: d.clock(), Lost: d.lost, Proof: d.proof(), Home: d.place("home")}
}

// clock is the target's time now.
func (d *desk) clock() time.Time { return d.now.Add(d.ahead) }

// figures are RPO and RTO; a run that ended without a proof of what was lost has achieved neither.
func (d *desk) figures() (rpo, rto parts.Figure) {
	rpo, rto = d.timeline().Figures()
	if d.unproved() {
		rpo.Known, rto.Known = false, false
	}
	return rpo, rto
}

// unproved reports that the run ended after its disaster and before its proof.
func (d *desk) unproved() bool {
	return d.Outcome != nil && d.Outcome.State != journal.RunStopped && !d.Clock.Disaster.IsZero() && d.Clock.Proved.IsZero()
}

// proof is the newest one that was right, of what came back: what the recovery is judged by.
func (d *desk) proof() *journal.Proof {
	if d.Clock.Proved.IsZero() {
		return nil // what was read before is no recovery
	}
	for i := len(d.Proofs) - 1; i >= 0; i-- {
		if d.Proofs[i].OK {
			return &d.Proofs[i]
		}
	}
	return nil
}

// done counts the steps that are over.
func (d *desk) done() int {
	n := 0
	for _, s := range d.book.Steps {
		if d.state(s.ID).Ended() {
			n++
		}
	}
	return n
}

// group gives the steps that a part put in the place of a step.
func (d *desk) group(part string) []runbooks.Step {
	from := slices.IndexFunc(d.book.Steps, func(s runbooks.Step) bool { return s.Part == part })
	to := from
	for to >= 0 && to < len(d.book.Steps) && d.book.Steps[to].Part == part {
		to++
	}
	return d.book.Steps[max(from, 0):max(to, 0)]
}

// together is the state of several steps as one: what has to be looked at first.
func (d *desk) together(group []runbooks.Step) journal.State {
	has := map[journal.State]bool{}
	for _, s := range group {
		has[d.state(s.ID)] = true
	}
	for _, state := range []journal.State{journal.Failed, journal.Waiting, journal.Running, journal.Pending, journal.Skipped, journal.Assisted, journal.ByHand} {
		if has[state] {
			return state
		}
	}
	return journal.Passed
}

// state is a step's state without making it.
func (d *desk) state(id string) journal.State {
	if s := d.Steps[id]; s != nil {
		return s.State
	}
	return journal.Pending
}

// busy reports whether something is under way that a person waits for.
func (d *desk) busy() bool {
	return d.Outcome == nil && (d.Cleaning || d.Question == nil && d.state(d.Current).UnderWay())
}
