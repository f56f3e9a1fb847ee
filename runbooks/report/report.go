// Package report tells what happened in a run, for people (Markdown) and for auditors (JSON), from its journal alone: the
// same journal gives the same report, byte for byte. It holds the hash of the journal's last line, so that anybody who has
// both can see that they belong together.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// Schema names the shape of the JSON.
const Schema = "lifeboat.report/1"

// Report is what happened in a run.
type Report struct {
	Schema  string           `json:"schema"`
	Run     journal.Run      `json:"run"`
	Started time.Time        `json:"started"` // this machine's time, UTC
	Ended   time.Time        `json:"ended"`
	State   journal.RunState `json:"state"`
	Resumes int              `json:"resumes"`
	Changes []string         `json:"changes,omitempty"` // what changed in the runbook while the run stood still
	Steps   []Step           `json:"steps"`
	Proofs  []journal.Proof  `json:"proofs"`
	Points  []journal.Point  `json:"points"`
	Clock   *Clock           `json:"clock,omitempty"`
	Cleaned bool             `json:"cleaned"`
	Left    []journal.Left   `json:"left"`
	Notes   []string         `json:"notes,omitempty"`
	Lines   int              `json:"journal_lines"`
	Hash    string           `json:"journal_hash"` // of its last line
}

// Clock is the two clocks of the recovery beside their targets, in seconds.
type Clock struct {
	Disaster  time.Time `json:"disaster"`
	Newest    time.Time `json:"newest_recovered"`
	Proved    time.Time `json:"proved"`
	RPO       float64   `json:"rpo_seconds"`
	RTO       float64   `json:"rto_seconds"`
	TargetRPO float64   `json:"target_rpo_seconds,omitempty"`
	TargetRTO float64   `json:"target_rto_seconds,omitempty"`
}

// Step is what happened in one step, all its tries together.
type Step struct {
	ID      string          `json:"id"`
	Phase   string          `json:"phase"`
	State   journal.State   `json:"state"`
	Reason  string          `json:"reason,omitempty"`
	Started time.Time       `json:"started"` // target's time
	Ended   time.Time       `json:"ended"`
	Tries   int             `json:"tries"`
	Hints   int             `json:"hints,omitempty"` // shown
	Calls   []Call          `json:"calls,omitempty"`
	Checks  []journal.Check `json:"checks,omitempty"`
	Waited  float64         `json:"waited_seconds,omitempty"`
	Answer  *journal.Answer `json:"answer,omitempty"`
	Proof   *journal.Proof  `json:"proof,omitempty"`
}

// Call is one AWS call as it ended.
type Call struct {
	At        time.Time `json:"at"` // target's time
	Op        string    `json:"op"`
	Effect    string    `json:"effect"`
	Region    string    `json:"region"`
	As        string    `json:"as,omitempty"`
	Role      string    `json:"role,omitempty"`
	OK        bool      `json:"ok"`
	Found     bool      `json:"found,omitempty"`
	Code      string    `json:"code,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Millis    int64     `json:"ms,omitempty"`
}

// New reads a report out of a journal's lines.
func New(entries []journal.Entry) (*Report, error) {
	if len(entries) == 0 || entries[0].Run == nil {
		return nil, fmt.Errorf("the journal does not say which run it is: %w", journal.ErrEmpty)
	}
	last := entries[len(entries)-1]
	r := &Report{Schema: Schema, Run: *entries[0].Run, Started: entries[0].Wall, Ended: last.Wall, State: journal.RunStopped,
		Lines: len(entries), Hash: last.Hash, Proofs: []journal.Proof{}, Points: []journal.Point{}, Left: []journal.Left{}, Steps: []Step{}}
	at := map[string]int{}
	for _, e := range entries {
		r.note(e.Event)
		if e.Step == "" {
			continue
		}
		i, ok := at[e.Step]
		if !ok {
			i = len(r.Steps)
			at[e.Step] = i
			r.Steps = append(r.Steps, Step{ID: e.Step, Started: e.At})
		}
		r.Steps[i].note(e.Event)
	}
	s := engine.Replay(entries)
	for i := range r.Steps {
		t := s.Step(r.Steps[i].ID)
		r.Steps[i].State, r.Steps[i].Reason, r.Steps[i].Checks, r.Steps[i].Answer, r.Steps[i].Proof = t.State, t.Reason, t.Checks, t.Answer, t.Proof
		r.Steps[i].Hints = len(t.Hints)
	}
	r.Proofs, r.Points, r.Left, r.Cleaned = append(r.Proofs, s.Proofs...), append(r.Points, s.Points...), append(r.Left, s.Left...), s.Cleaned
	if c := s.Clock; !c.Disaster.IsZero() {
		r.Clock = &Clock{Disaster: c.Disaster, Newest: c.NewestOut, Proved: c.Proved, RPO: c.RPO.Seconds(), RTO: c.RTO.Seconds(),
			TargetRPO: c.TargetRPO.Seconds(), TargetRTO: c.TargetRTO.Seconds()}
	}
	return r, nil
}

func (r *Report) note(e journal.Event) {
	switch e.Kind {
	case journal.RunResumed:
		r.Resumes++
		r.State = journal.RunStopped
		if e.Text != "" {
			r.Changes = append(r.Changes, e.Text)
		}
	case journal.RunEnded:
		r.State = e.Outcome.State
	case journal.Note:
		r.Notes = append(r.Notes, e.Text)
	}
}

func (s *Step) note(e journal.Event) {
	switch e.Kind {
	case journal.StepStarted:
		s.Tries++
		s.Phase = e.Phase
	case journal.StepEnded:
		s.Ended = e.At
	case journal.WaitEnded:
		s.Waited += e.Wait.Elapsed.Seconds()
	case journal.CallResult:
		c := e.Call
		s.Calls = append(s.Calls, Call{At: e.At, Op: c.Op, Effect: c.Effect, Region: c.Region, As: c.As, Role: c.Role, OK: c.OK, Found: c.Found, Code: c.Code, RequestID: c.RequestID, Millis: c.Millis})
	}
}

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
