// Package engine runs one runbook: state per step, waits, checks, undo, resume, clean-up.
//
// A run is a loop over the steps that reads commands and writes events. It never repeats a mutating call blindly, never
// merges states, and never goes on past a failed step. The journal is written first; whoever watches gets the same events
// after it.
package engine

import (
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// CommandKind is what whoever drives a run may say.
type CommandKind string

const (
	Do      CommandKind = "do"      // run the step for me; on a failed step: try it again
	Mine    CommandKind = "mine"    // I do it myself: watch with find and check until it is there
	Done    CommandKind = "done"    // I did it, believe me: Text is the note; recorded as by-hand
	Skip    CommandKind = "skip"    // Text is the reason, which must not be empty
	Reply   CommandKind = "reply"   // Text answers the question that was asked
	Hint    CommandKind = "hint"    // show the next hint; the last one is the solution
	Stop    CommandKind = "stop"    // stop at the next safe point; the run can be resumed
	Clean   CommandKind = "clean"   // undo everything this run made, then end
	Abandon CommandKind = "abandon" // end the run here without clean-up (incident mode keeps everything)
	Auto    CommandKind = "auto"    // run this and all further steps for me, taking every default
	Manual  CommandKind = "manual"  // ask again before each step
)

// Command is one thing said to a run. Step is the step it is meant for; a command for a step that is not current is
// dropped, so that a late key cannot act on the wrong step.
type Command struct {
	Kind CommandKind
	Step string
	Text string
}

// Session is a run as a view sees it.
type Session interface {
	// RunID is the id of the run, which names its journal.
	RunID() string
	// Runbook is the expanded runbook of the run.
	Runbook() *runbooks.Runbook
	// Events gives every event from the run's first one on (those of the journal are replayed on resume), and is closed
	// when the run has ended or stopped and its journal is safe.
	Events() <-chan journal.Event
	// Send says something to the run. It never blocks.
	Send(Command)
	// Wait returns the run's end, after Events is closed.
	Wait() (journal.Outcome, error)
}

// State is a run's state, folded from its events. Views and resume use the same fold.
type State struct {
	Run      journal.Run
	Steps    map[string]*StepState // by step id
	Current  string                // step that stands or runs; empty before the first and after the last
	Phase    string                // of the current step; "clean" while cleaning up
	Question *journal.Question     // open question, nil when none
	Points   []journal.Point       // the newest list of recovery points, oldest first
	Clock    journal.Clock
	Proofs   []journal.Proof
	Left     []journal.Left
	Cleaning bool
	Cleaned  bool
	Outcome  *journal.Outcome // nil until the run ended
	Last     journal.Event
}

// StepState is one step's state.
type StepState struct {
	ID      string
	State   journal.State
	Reason  string // why it failed or was skipped, or the note of by-hand
	Preview *journal.Preview
	Calls   []journal.Call // ended calls, in order
	Wait    *journal.Wait  // the newest
	Checks  []journal.Check
	Hints   []string // shown so far
	Answer  *journal.Answer
	Proof   *journal.Proof
	Open    []journal.Call // intents whose result is not known, in order
	Output  any            // as later steps see it; nil until the step ended
	Begun   time.Time      // of the first try since it last ended, target's time
	Started time.Time      // of the newest try
	Ended   time.Time
}
