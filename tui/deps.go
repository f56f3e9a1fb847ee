// Package tui is what a person sees: one root model, a folder per screen, and small pure drawing parts.
//
// Nothing in here knows AWS, reads a file or holds a rule. The outside world comes in as Deps; screens are plain structs
// that fold messages and draw lines, and say what they want as small messages that the root acts on. Everything slow
// runs as a command beside the program, so the first frame never waits and a key is never kept waiting.
package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/home"
)

// Deps is the outside world. A nil func means that the program cannot do that; the screen then says so.
type Deps struct {
	// Labs and Runs list what can be run and what was; called beside the program when the start screen opens.
	Labs func(context.Context) ([]home.Lab, error)
	Runs func(context.Context) ([]home.Run, error)
	// Start begins a run of a runbook, Resume goes on with one. Called beside the program; opening a target may take a while.
	Start  func(ctx context.Context, runbook string) (engine.Session, error)
	Resume func(ctx context.Context, run string) (engine.Session, error)
	// SavePlan writes a plan's documents, SaveAnswers the answers; each gives where.
	SavePlan    func(*plan.Plan) (string, error)
	SaveAnswers func(plan.Answers) (string, error)
	// SaveClasses writes a comparison of storage classes, SaveClassAnswers its answers; each gives where.
	SaveClasses      func(*classes.Comparison) (string, error)
	SaveClassAnswers func(plan.Answers) (string, error)
	// Answers and ClassAnswers are those given before, to begin the questions with; nil for none.
	Answers, ClassAnswers plan.Answers
	// ResumeCommand says how a run is taken up from the command line.
	ResumeCommand func(run string) string
	// Shell says how a second terminal is opened in which the printed commands work.
	Shell string
	// Target says in a few words where runs act, for the start screen: "sandbox", or "aws" with Where.
	Target string
	Where  string
	// Pace is how many seconds of the sandbox pass in one of this machine while something is waited for.
	Pace float64
	// Version of the program.
	Version string
	// Now is this machine's time; Env the environment of the person at the terminal.
	Now func() time.Time
	Env []string
	// Copy puts text on the clipboard; nil asks the terminal to.
	Copy func(string) error
}

// First is where the program begins.
type First struct {
	Wizard  bool   // with the plan's questions; the program ends when the plan is there and was looked at
	Classes bool   // with the questions of the storage classes; the program ends when the comparison was looked at
	Lab     string // with a run of this runbook
	Resume  string // with this run
	Answers bool   // with Wizard: the program ends with the answers, before the plan is shown
}

// Result is what a session at the terminal led to.
type Result struct {
	Run     string           // id of the last run that was open, if any
	Outcome *journal.Outcome // its end; nil when there was none
	Err     error            // why it could not be opened or went wrong
	Answers plan.Answers     // of the plan's questions, when they were gone through to their end
	Plan    *plan.Plan
	// ClassAnswers are those about the storage class.
	ClassAnswers plan.Answers
	Saved        []string // files written
}

func env(list []string, name string) string {
	for i := len(list) - 1; i >= 0; i-- {
		if len(list[i]) > len(name) && list[i][len(name)] == '=' && list[i][:len(name)] == name {
			return list[i][len(name)+1:]
		}
	}
	return ""
}

var _ tea.Model = (*App)(nil)
