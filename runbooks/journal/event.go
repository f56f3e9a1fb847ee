// Package journal is the durable record of a run, and the only way a run's state is kept.
//
// A run is a sequence of events. The durable ones are lines of an append-only file, each carrying the hash of the
// line before; they are on the disk before anything that depends on them happens. The same Event feeds every view:
// the runner screen, the plain lines, the JSON lines and the reports. A view can be lost, the journal cannot.
package journal

import (
	"time"
)

// Schema names the shape of the events, as the first event of every run and every JSON stream says.
const Schema = "lifeboat.run/1"

// Kind says what an event tells. The durable kinds are lines of the journal, the passing ones only reach the views.
type Kind string

const (
	RunStarted  Kind = "run-started"   // durable; Run is set
	RunResumed  Kind = "run-resumed"   // durable; Run is set; Text says what changed in the runbook, if anything
	StepReady   Kind = "step-ready"    // passing; Preview is set: what will be called, what it costs, whether it can be undone
	StepStarted Kind = "step-started"  // durable
	CallIntent  Kind = "call-intent"   // durable, fsynced before a mutating call leaves; Call is set
	CallResult  Kind = "call-result"   // durable; Call is set and has the ID of its intent (reads have no intent)
	WaitStarted Kind = "wait-started"  // durable; Wait is set
	WaitSeen    Kind = "waiting"       // passing; Wait is set: what was seen, once a poll
	WaitEnded   Kind = "wait-ended"    // durable; Wait is set
	Checked     Kind = "checked"       // durable; Check is set
	Asked       Kind = "asked"         // passing; Question is set: the run stands still until an answer comes
	Answered    Kind = "answered"      // durable; Answer is set
	Hinted      Kind = "hinted"        // durable; Level and Text are set
	Points      Kind = "points"        // durable; Points is set: all recovery points that the step knows of now
	Proved      Kind = "proved"        // durable; Proof is set
	Clocks      Kind = "clocks"        // durable; Clocks is set: the disaster, the proof, RPO and RTO
	StepEnded   Kind = "step-ended"    // durable; State is set, Text says why when it is not passed
	CleanStart  Kind = "clean-started" // durable
	CleanEnded  Kind = "clean-ended"   // durable; Left is set: empty is the promise
	RunEnded    Kind = "run-ended"     // durable; Outcome is set
	Note        Kind = "note"          // durable; Text: something a person should know, which is no failure
	Time        Kind = "time"          // passing; the target's clock moved: At has it
)

// State is where a step stands. States are never merged: a run with a skipped step is not a completed one.
type State string

const (
	Pending  State = "pending"
	Running  State = "running"
	Waiting  State = "waiting"
	Passed   State = "passed"
	Failed   State = "failed"
	Skipped  State = "skipped"  // with a reason
	ByHand   State = "by-hand"  // a person did it; find and check saw it, or a note says so
	Assisted State = "assisted" // the solution was shown or used
)

// Ended reports whether a step in this state is over and the run may go on to the next one.
func (s State) Ended() bool {
	return s == Passed || s == Skipped || s == ByHand || s == Assisted
}

// UnderWay reports whether a step in this state has begun and is not over.
func (s State) UnderWay() bool { return s == Running || s == Waiting }

// RunState is how a run ended.
type RunState string

const (
	RunPassed     RunState = "passed"     // every step passed (or by hand, or assisted)
	RunIncomplete RunState = "incomplete" // it went to its end, with skipped steps
	RunFailed     RunState = "failed"
	RunStopped    RunState = "stopped" // can be resumed
)

// Event is one thing that happened in a run. Exactly the fields that its Kind names are set.
type Event struct {
	Seq      int       `json:"seq"`  // counts the durable events of a run from 1; a passing event repeats the last one's
	At       time.Time `json:"at"`   // the target's time, UTC: virtual on the sandbox
	Wall     time.Time `json:"wall"` // this machine's time, UTC
	Kind     Kind      `json:"kind"`
	Step     string    `json:"step,omitempty"`
	Phase    string    `json:"phase,omitempty"` // of the step, on step-ready and step-started
	State    State     `json:"state,omitempty"`
	Text     string    `json:"text,omitempty"`
	Level    int       `json:"level,omitempty"` // hint level, from 1
	Run      *Run      `json:"run,omitempty"`
	Preview  *Preview  `json:"preview,omitempty"`
	Call     *Call     `json:"call,omitempty"`
	Wait     *Wait     `json:"wait,omitempty"`
	Check    *Check    `json:"check,omitempty"`
	Question *Question `json:"question,omitempty"`
	Answer   *Answer   `json:"answer,omitempty"`
	Points   []Point   `json:"points,omitempty"`
	Proof    *Proof    `json:"proof,omitempty"`
	Clocks   *Clock    `json:"clocks,omitempty"`
	Left     []Left    `json:"left,omitempty"`
	Outcome  *Outcome  `json:"outcome,omitempty"`
	// Output is the output of a step as later steps see it, on its step-ended. Resume takes it from here.
	Output any `json:"output,omitempty"`
}

// Durable reports whether the event is a line of the journal.
func (e Event) Durable() bool {
	switch e.Kind {
	case StepReady, WaitSeen, Asked, Time:
		return false
	}
	return true
}

// Synced reports whether the event must be on the disk, not just written, before the run goes on: what a resume after a
// power cut cannot work out again.
func (e Event) Synced() bool {
	switch e.Kind {
	case RunStarted, RunResumed, CallIntent, Answered, StepEnded, CleanStart, CleanEnded, RunEnded:
		return true
	}
	return false
}

// Run is what a run is and where it acts.
type Run struct {
	ID       string            `json:"id"`
	Schema   string            `json:"schema"`
	Runbook  string            `json:"runbook"`
	Title    string            `json:"title"`
	Digest   string            `json:"digest"` // SHA-256 of the expanded runbook, hex
	Mode     string            `json:"mode"`   // rehearse | drill | incident
	Target   string            `json:"target"` // sandbox | aws
	Account  string            `json:"account"`
	Alias    string            `json:"alias,omitempty"`
	Caller   string            `json:"caller"` // ARN
	Regions  map[string]string `json:"regions"`
	Accounts map[string]string `json:"accounts,omitempty"` // further identities by name -> account id
	Inputs   map[string]any    `json:"inputs,omitempty"`
	Version  string            `json:"version,omitempty"` // of the program
	// StepDigests has one SHA-256 a step, so that a resume can say which step of the file changed.
	StepDigests map[string]string `json:"step_digests,omitempty"`
}

// Preview is what a step is about to do, before it does it.
type Preview struct {
	Calls   []CallPreview `json:"calls,omitempty"`
	Creates string        `json:"creates,omitempty"` // plain words: "an EBS volume, 1 GiB gp3"
	Cost    string        `json:"cost,omitempty"`    // "about 0.08 USD a month while it exists (prices of 2024-07)"
	Undo    string        `json:"undo,omitempty"`    // "ec2.DeleteVolume" | "cannot be undone: ..." | "reads only"
	Typical string        `json:"typical,omitempty"` // how long it usually takes, e.g. "30s"
}

// CallPreview is one call of a step, with its values filled in where they are known by now.
type CallPreview struct {
	Op     string         `json:"op"`
	Effect string         `json:"effect"` // read | create | change | delete | irreversible
	Region string         `json:"region"`
	As     string         `json:"as,omitempty"`
	Params map[string]any `json:"params,omitempty"`
	CLI    string         `json:"cli"`            // the aws command that does the same
	Role   string         `json:"role,omitempty"` // call | seed | wait | check | find
}

// Call is one AWS call, as intended or as it ended.
type Call struct {
	ID        string         `json:"id"` // unique in the run: step, ordinal
	Op        string         `json:"op"`
	Effect    string         `json:"effect"`
	Region    string         `json:"region"`
	As        string         `json:"as,omitempty"`
	Params    map[string]any `json:"params,omitempty"`
	Role      string         `json:"role,omitempty"` // call | find | wait | check | undo | seed | prove | sweep
	OK        bool           `json:"ok,omitempty"`
	Output    map[string]any `json:"output,omitempty"`
	Found     bool           `json:"found,omitempty"`     // the result was found to exist already, nothing was sent
	Unsettled bool           `json:"unsettled,omitempty"` // the answer was lost: it may have been done or not
	Code      string         `json:"code,omitempty"`      // with OK, of an undo: there was nothing left to undo
	Message   string         `json:"message,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Attempts  int            `json:"attempts,omitempty"`
	Millis    int64          `json:"ms,omitempty"`
}

// Wait is one waiting for a state.
type Wait struct {
	For     string        `json:"for"`             // the condition, in words or as its expression
	Seen    string        `json:"seen,omitempty"`  // the state seen at the last poll
	Elapsed time.Duration `json:"elapsed"`         // in the target's time
	Typical time.Duration `json:"typical"`         // 0 = unknown
	Within  time.Duration `json:"within"`          // after this the step fails
	Polls   int           `json:"polls,omitempty"` // so far
	OK      bool          `json:"ok,omitempty"`
	Failed  bool          `json:"failed,omitempty"` // what is waited for will never come: waiting longer is no use
}

// Check is one condition that was looked at.
type Check struct {
	Say  string `json:"say"`
	That string `json:"that"`
	OK   bool   `json:"ok"`
	Got  string `json:"got,omitempty"` // what was there instead, when not OK
}

// Question is something only a person can say. It always has a default or says that it has none.
type Question struct {
	ID      string   `json:"id"`
	Type    string   `json:"type"` // ask | choose | quiz | confirm | by-hand
	Text    string   `json:"text"`
	Options []Option `json:"options,omitempty"`
	Default string   `json:"default,omitempty"`
	// Typed is what must be typed to confirm: the name of the thing. Again asks for it a second time.
	Typed string `json:"typed,omitempty"`
	Again bool   `json:"again,omitempty"`
}

// Option is one thing to choose.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Note  string `json:"note,omitempty"`
}

// Answer is what a person (or the default) said.
type Answer struct {
	Question string `json:"question"`
	Value    string `json:"value"`
	Right    *bool  `json:"right,omitempty"`   // quiz only
	Because  string `json:"because,omitempty"` // quiz only: the explanation
	By       string `json:"by,omitempty"`      // person | default
}

// Point is a recovery point on the timeline.
type Point struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"` // the moment whose data it holds
	Holds string    `json:"holds,omitempty"`
	Where string    `json:"where,omitempty"` // Region, or account when it is another one
	Gone  bool      `json:"gone,omitempty"`  // expired or deleted since
	Used  bool      `json:"used,omitempty"`  // the restore took this one
	Bad   bool      `json:"bad,omitempty"`   // holds the damage, not the data
}

// Proof is the outcome of comparing data with what was written.
type Proof struct {
	Data        string   `json:"data"` // kind of data: ebs-blocks, ...
	OK          bool     `json:"ok"`
	Total       int      `json:"total"`
	Equal       int      `json:"equal"`
	Unit        string   `json:"unit"` // blocks, rows, items, objects, files
	Fingerprint string   `json:"fingerprint"`
	Expected    string   `json:"expected"`
	Different   []string `json:"different,omitempty"` // the first few that differ
	Differs     bool     `json:"differs,omitempty"`   // the data is meant to differ: that is the lesson
	// Count is how many units came back, and Newest when the newest of them was written, where the kind of data knows.
	Count  int       `json:"count,omitempty"`
	Newest time.Time `json:"newest,omitzero"`
}

// Clock has the two clocks of a recovery. Zero times have not happened.
type Clock struct {
	Disaster  time.Time     `json:"disaster"`
	NewestOut time.Time     `json:"newest_recovered"` // time of the newest data that came back
	Proved    time.Time     `json:"proved"`
	RPO       time.Duration `json:"rpo"`
	RTO       time.Duration `json:"rto"`
	TargetRPO time.Duration `json:"target_rpo,omitempty"`
	TargetRTO time.Duration `json:"target_rto,omitempty"`
}

// Left is something that clean-up could not remove, with the reason.
type Left struct {
	What   string `json:"what"` // id or ARN
	Region string `json:"region"`
	Step   string `json:"step,omitempty"`
	Reason string `json:"reason"`
}

// Outcome is how a run ended, in numbers.
type Outcome struct {
	State RunState      `json:"state"`
	Count map[State]int `json:"count"`
	Left  int           `json:"left"`
	RPO   time.Duration `json:"rpo,omitempty"`
	RTO   time.Duration `json:"rto,omitempty"`
}

// Undone counts the steps that are not over, failed ones left aside: the run did not come to them, or broke off in them.
func (o Outcome) Undone() int { return o.Count[Pending] + o.Count[Running] + o.Count[Waiting] }

// Entry is a line of the journal file.
type Entry struct {
	Event
	Prev string `json:"prev"` // hash of the line before, empty on the first
	Hash string `json:"hash"` // SHA-256 over the line without this field, hex
}
