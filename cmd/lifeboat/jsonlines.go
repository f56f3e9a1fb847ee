package main

import (
	"encoding/json"
	"io"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// jsonLines is the voice for programs: one object a line. The first names the schema, each step's ending is one line,
// the last one is run-ended.
type jsonLines struct {
	enc    *json.Encoder
	book   *runbooks.Runbook
	begun  map[string]time.Time // when a step started, target's time
	proofs map[string]*journal.Proof
}

func newJSONLines(out io.Writer, book *runbooks.Runbook) *jsonLines {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &jsonLines{enc: enc, book: book, begun: map[string]time.Time{}, proofs: map[string]*journal.Proof{}}
}

type runLine struct {
	Schema  string            `json:"schema"`
	Kind    journal.Kind      `json:"kind"` // run-started | run-resumed
	Run     string            `json:"run"`
	Runbook string            `json:"runbook"`
	Mode    string            `json:"mode"`
	Target  string            `json:"target"`
	Account string            `json:"account"`
	Regions map[string]string `json:"regions"`
	Steps   int               `json:"steps"`
	At      time.Time         `json:"at"`
	Note    string            `json:"note,omitempty"`
}

type stepLine struct {
	Kind    journal.Kind   `json:"kind"` // step-ended
	Step    string         `json:"step"`
	Phase   string         `json:"phase"`
	Title   string         `json:"title"`
	State   journal.State  `json:"state"`
	Reason  string         `json:"reason,omitempty"`
	Seconds int64          `json:"seconds"` // of the target's time
	At      time.Time      `json:"at"`
	Proof   *journal.Proof `json:"proof,omitempty"`
}

type cleanLine struct {
	Kind  journal.Kind   `json:"kind"` // clean-ended
	Left  int            `json:"left"`
	Items []journal.Left `json:"items,omitempty"`
	At    time.Time      `json:"at"`
}

type endLine struct {
	Kind  journal.Kind          `json:"kind"` // run-ended
	State journal.RunState      `json:"state"`
	Left  int                   `json:"left"`
	RPO   int64                 `json:"rpo_seconds"`
	RTO   int64                 `json:"rto_seconds"`
	Count map[journal.State]int `json:"count"`
	At    time.Time             `json:"at"`
}

func (j *jsonLines) event(e journal.Event) {
	switch e.Kind {
	case journal.RunStarted, journal.RunResumed:
		if e.Run != nil {
			j.enc.Encode(runLine{journal.Schema, e.Kind, e.Run.ID, e.Run.Runbook, e.Run.Mode, e.Run.Target, e.Run.Account, e.Run.Regions, len(j.book.Steps), e.At, e.Text})
		}
	case journal.StepStarted:
		j.begun[e.Step] = e.At
	case journal.Proved:
		j.proofs[e.Step] = e.Proof
	case journal.StepEnded:
		j.step(e)
	case journal.CleanEnded:
		j.enc.Encode(cleanLine{e.Kind, len(e.Left), e.Left, e.At})
	case journal.RunEnded:
		o := e.Outcome
		j.enc.Encode(endLine{e.Kind, o.State, o.Left, int64(o.RPO / time.Second), int64(o.RTO / time.Second), o.Count, e.At})
	}
}

func (j *jsonLines) step(e journal.Event) {
	line := stepLine{Kind: e.Kind, Step: e.Step, State: e.State, Reason: e.Text, At: e.At, Proof: j.proofs[e.Step]}
	if begun, ok := j.begun[e.Step]; ok {
		line.Seconds = int64(e.At.Sub(begun) / time.Second)
	}
	for _, s := range j.book.Steps {
		if s.ID == e.Step {
			line.Phase, line.Title = s.Phase, s.FullTitle()
		}
	}
	j.enc.Encode(line)
}
