// Package runbooks is the format of what is to be done: one YAML file is one runbook, data that can be read top to
// bottom, checked, priced, dry-run, translated and exported without running it. Adding a lab or a restore is adding a
// file; if that needs Go, the format lacks something.
package runbooks

import (
	"time"

	"lifeboat/runbooks/expr"
)

// Kind of runbook.
const (
	KindLab     = "lab"
	KindRestore = "restore"
)

// Phases of a runbook, in the order a run goes through them.
var Phases = []string{"prepare", "protect", "disaster", "recover", "prove", "clean"}

// Places and templates are the expression package's own.
type (
	Pos       = expr.Pos
	Value     = expr.Value
	ValueKind = expr.ValueKind
	Field     = expr.KeyValue
)

const (
	None     = expr.None
	Scalar   = expr.Scalar
	Mapping  = expr.Mapping
	Sequence = expr.Sequence
)

// Runbook is one file, with its parts and named conditions already put in place.
type Runbook struct {
	ID      string
	Title   string
	Kind    string // lab | restore
	Summary string // one or two sentences, for lists
	Source  []string
	Minutes int               // typical length on AWS, minutes
	Regions map[string]string // name -> default: home: primary, away: secondary
	// Accounts names further identities that steps may act as (`as: partner`), with what they are for.
	Accounts map[string]string
	Inputs   []Input
	Targets  Targets
	Steps    []Step // in the order of the file; parts are expanded
	Pos      Pos
	Digest   string // SHA-256 of the expanded content, hex
}

// Targets are the recovery objectives this runbook measures itself against; zero means none was set.
type Targets struct {
	RPO time.Duration
	RTO time.Duration
}

// Input is a value a person (or the plan) may set before the run.
type Input struct {
	Name    string
	Say     string
	Default Value
	Pattern string // RE2
	Pos     Pos
}

// Step is one thing to do. Exactly one of Call, Seed, Prove, Shell, Ask, Choose, ByHand, PassTime and Quiz is set;
// a step with none of them and at least one Check is a check.
type Step struct {
	ID      string // kebab-case, unique; in expressions a - is written _
	Phase   string
	Title   string
	Why     string
	Region  string // template, "home" when empty; a name of Runbook.Regions or an expression
	As      string // name of Runbook.Accounts; empty is the run's own identity
	If      string // expression; false skips the step with its reason
	Only    string // sandbox | aws
	ForEach string // expression giving a list; `each` is the element, the output is the list of outputs

	Call     string // "ec2.CreateVolume", or SQL
	With     Value
	SQL      *Statement // more about Call, where that is SQL
	Seed     *Seed
	Prove    *Prove
	Shell    *Script
	Ask      *Ask
	Choose   *Choose
	ByHand   *ByHand
	PassTime *PassTime
	Quiz     *Quiz

	Refused *Refused // the call is meant to be refused, with this code: that is the lesson
	Retry   []Retry  // refusals that pass by themselves, e.g. a role that cannot be assumed yet
	Find    *Find
	Wait    *Wait
	Checks  []Check
	Hints   []string // first nudge, stronger nudge, the command
	Undo    Undo

	// Points says which recovery points are known after the step: an expression giving a list of
	// {id, at, holds, where, bad}. The timeline draws them.
	Points string
	// Clock is "disaster" on the step that starts the RTO clock and "proved" on the one that stops it.
	Clock string
	// Newest is an expression giving the time of the newest data that came back, on the step with clock: proved.
	Newest string

	// Part is the id of the step that used a part this step came from, empty otherwise; PartTitle is that step's title and
	// PartWith are the values it gave. That step's why stands at the head of the why of the part's first step.
	Part      string
	PartTitle string
	PartWith  Value
	Pos       Pos
	Digest    string // SHA-256 of this step's content, hex
}

// FullTitle is the step's title, behind that of the step which used the part it came from.
func (s Step) FullTitle() string {
	if s.PartTitle == "" {
		return s.Title
	}
	return s.PartTitle + ": " + s.Title
}

// Find is how to see that what a step makes already exists: for resume, and for "I did it myself".
type Find struct {
	Call   string // a read, or SQL
	With   Value
	Region string
	Take   string // expression over the answer; null means it is not there
	Batch  int    // of an undo's list: how many elements are undone by one call; 0 is one, and `each` is then the element itself
	Pos    Pos
}

// Wait polls a read call until a condition holds.
type Wait struct {
	Name    string // of the named condition it came from, if any
	Say     string // what it waits for, in words that follow "waiting for"; empty is the name, or the condition itself
	Call    string
	With    Value
	Region  string
	Until   string        // expression over the answer
	Fails   string        // expression; true fails the step at once
	Show    string        // expression giving the state to show while waiting, e.g. Volumes[0].State
	Within  time.Duration // in the target's time
	Typical time.Duration // how long it usually takes on AWS; 0 = unknown
	// Missing lists error codes that mean "not there yet" (or, with Until empty, "gone": the wait is for its absence).
	Missing []string
	Pos     Pos
}

// Check is one condition after the step, over the answer of the step's last read (its own call, else the wait's, else
// the call's).
type Check struct {
	Call   string
	With   Value
	Region string
	That   string // expression
	Say    string // in words, what holds
	Else   string // what to do when it does not hold
	Pos    Pos
}

// Undo brings things back to how they were before the step. A step that creates or changes has at least one action, or
// says in None why there is nothing to undo.
type Undo struct {
	None    string
	Actions []UndoAction
	Pos     Pos
}

// UndoAction is one call of an undo; with Each it is made for every element of a list that a read call gives.
type UndoAction struct {
	Call   string
	With   Value
	Region string
	As     string
	Gone   []string // error codes that mean there is nothing left to undo
	Each   *Find    // its Take gives the list; `each` is the element
	Wait   *Wait
	Retry  []Retry
	Pos    Pos
}

// Refused is an error the step expects, as the lesson.
type Refused struct {
	Code string
	Say  string
}

// Retry is a refusal that passes by itself.
type Retry struct {
	Code    string
	Message string // part of the message; empty matches any
	Within  time.Duration
}

// Seed writes known data; Prove reads data back and compares it with what was written. Data names the kind
// (ebs-blocks, s3-objects, table-items, sql-rows, files); With is what that kind needs.
type Seed struct {
	Data string
	With Value
}

// Prove compares.
type Prove struct {
	Data string
	With Value
	// Against is the id of the seed step whose data is expected.
	Against string
	// Differs is true where the lesson is that the data is damaged: then equal data fails the step.
	Differs bool
}

// Script is a shell command on an instance.
type Script struct {
	On  Value
	Run string
}

// Ask asks a person for a value; Choose lets a person pick from a list that an expression gives.
type Ask struct {
	Text    string
	Default Value
	Pattern string
}

// Choose picks one element; the output of the step is that element.
type Choose struct {
	Text    string
	From    Find   // a read call and the list to take
	Value   string // expression over `each`: what is shown first and typed
	Label   string // expression over `each`
	Default string // expression over `list`: the index or the value taken when nobody is asked
}

// ByHand is done by a person; the step's checks see it.
type ByHand struct{ Text string }

// PassTime lets time pass: the sandbox clock jumps; on AWS the step waits or is skipped with the reason.
type PassTime struct {
	For   time.Duration
	Every time.Duration // the pieces it passes in; 0 is all at once
	Real  string        // wait | skip: what happens on AWS
	Say   string
	Watch *Find // read after each piece: Take gives a list of recovery points as Step.Points does; nil reads nothing
}

// Quiz is one question with a right answer and its explanation.
type Quiz struct {
	Ask     string
	Choices []string
	Answer  int // index, from 0
	Because string
}
