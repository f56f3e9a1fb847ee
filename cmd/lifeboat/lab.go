package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// labOptions are the flags of lab run, resume and clean.
type labOptions struct {
	target targetOptions
	yes    bool
	plain  bool
	json   bool
	keep   bool
	inputs []string

	runbook  string // file of the run's runbook, when it does not come with the program
	cleaning bool   // the run is only cleaned up
}

func newLab(p *process) *cobra.Command {
	return noun("lab", "Learn and rehearse: guided labs, step by step",
		newLabList(p), newLabShow(p), newLabRun(p), newLabResume(p), newLabStatus(p), newLabClean(p))
}

func (o *labOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.yes, "yes", false, "run every step without asking, and take every default")
	f.BoolVar(&o.plain, "plain", false, "plain lines instead of the full screen")
	f.BoolVar(&o.json, "json", false, "one JSON object a line; needs --yes")
	f.BoolVar(&o.keep, "keep", false, "with --yes: leave what the run made, instead of cleaning up at its end")
	o.target.flags(c)
}

func newLabRun(p *process) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:               "run ID|FILE",
		Short:             "Run a lab, in the sandbox unless told otherwise",
		Example:           "  lifeboat lab run ebs-snapshots\n  lifeboat lab run ebs-snapshots --yes\n  lifeboat lab run ebs-snapshots --yes --json\n  lifeboat lab run my-lab.yaml --target aws --profile training",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRunbooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLab(cmd.Context(), p, args[0], o)
		},
	}
	o.flags(c)
	c.Flags().StringArrayVar(&o.inputs, "input", nil, "`name=value` for an input of the lab, or for a question by its step id; repeatable")
	return c
}

func newLabResume(p *process) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use: "resume RUN", Short: "Go on with a run that stopped", Args: cobra.ExactArgs(1), ValidArgsFunction: completeRuns(p),
		RunE: func(cmd *cobra.Command, args []string) error {
			return reopenRun(cmd.Context(), p, args[0], o, engine.Resume)
		},
	}
	o.flags(c)
	o.runbookFlag(c)
	return c
}

// runbookFlag is for runs of files: a journal names the runbook, not where it lies.
func (o *labOptions) runbookFlag(c *cobra.Command) {
	c.Flags().StringVar(&o.runbook, "runbook", "", "`file` of the run's runbook, when it does not come with the program")
}

func newLabClean(p *process) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use: "clean RUN", Short: "Remove everything a run made, and list what is left", Args: cobra.ExactArgs(1), ValidArgsFunction: completeRuns(p),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.yes, o.cleaning = true, true
			return reopenRun(cmd.Context(), p, args[0], o, engine.CleanUp)
		},
	}
	c.Flags().BoolVar(&o.json, "json", false, "one JSON object a line")
	c.Flags().Bool("yes", true, "clean-up asks nothing; taken so that scripts may always say it")
	_ = c.Flags().MarkHidden("yes")
	o.target.flags(c)
	o.runbookFlag(c)
	return c
}

// attended reports whether a person steers the run, and refuses what would have to ask where nobody is.
func (o labOptions) attended(p *process, what string) (bool, error) {
	switch {
	case o.json && o.plain:
		return false, usagef("--json and --plain are two voices; choose one")
	case o.yes:
		return false, nil
	case o.json:
		return false, usagef("--json asks nothing, so it needs --yes: lifeboat lab %s --yes --json", what)
	case !p.terminal():
		return false, usagef("there is no terminal to ask at, so the answer to every step is missing: add --yes to take every default (lifeboat lab %s --yes)", what)
	}
	return true, nil
}

func runLab(ctx context.Context, p *process, name string, o labOptions) error {
	attended, err := o.attended(p, "run "+name)
	if err != nil {
		return err
	}
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	inputs, err := parseInputs(book, o.inputs)
	if err != nil {
		return err
	}
	start := func(ctx context.Context, eo engine.Options) (engine.Session, error) { return engine.Start(ctx, eo) }
	return o.run(ctx, p, runSpec{book: book, inputs: inputs, attended: attended, start: start})
}

// reopenRun goes on with, or cleans up, a run of which there is a journal.
func reopenRun(ctx context.Context, p *process, id string, o labOptions, how func(context.Context, engine.Options, []journal.Entry) (engine.Session, error)) error {
	attended, err := o.attended(p, "resume "+id)
	if err != nil {
		return err
	}
	dir, err := p.state()
	if err != nil {
		return err
	}
	entries, err := readRun(dir, id)
	if err != nil {
		return err
	}
	was := entries[0].Run
	book, err := o.book(was)
	if err != nil {
		return err
	}
	o.target.as(was)
	start := func(ctx context.Context, eo engine.Options) (engine.Session, error) { return how(ctx, eo, entries) }
	return o.run(ctx, p, runSpec{book: book, attended: attended, start: start, run: id, replayed: len(entries)})
}

// book is the runbook of an earlier run.
func (o labOptions) book(was *journal.Run) (*runbooks.Runbook, error) {
	if o.runbook != "" {
		return openRunbook(o.runbook)
	}
	book, err := openRunbook(was.Runbook)
	if err != nil {
		return nil, &ending{code: exitUsage, err: err, hint: "--runbook FILE, if " + was.ID + " was a run of a file"}
	}
	return book, nil
}

// readRun reads a run's journal, with what to do when it cannot be read.
func readRun(dir, id string) ([]journal.Entry, error) {
	if id != filepath.Base(id) || id == "." || id == ".." {
		return nil, usagef("%q is not a run's id; lifeboat lab status lists them", id)
	}
	entries, err := journals(dir).Read(id)
	var damage *journal.Damage
	switch {
	case errors.As(err, &damage):
		return nil, failed(err, "restore the file from a copy; what the run made carries the tag lifeboat:run="+id)
	case errors.Is(err, journal.ErrEmpty):
		return nil, failed(fmt.Errorf("run %s: %w", id, err), "start the lab again: nothing was made")
	case err != nil:
		return nil, &ending{code: exitUsage, err: fmt.Errorf("run %s cannot be read: %w", id, err), hint: "lifeboat lab status, which lists the runs"}
	case len(entries) == 0 || entries[0].Run == nil:
		return nil, failed(fmt.Errorf("the journal of run %s does not say which run it is", id), "restore the file from a copy")
	}
	return entries, nil
}

// parseInputs reads name=value pairs and refuses names that the runbook does not know.
func parseInputs(book *runbooks.Runbook, given []string) (map[string]any, error) {
	known := map[string]bool{}
	var names []string
	for _, in := range book.Inputs {
		known[in.Name] = true
		names = append(names, in.Name)
	}
	for _, s := range book.Steps {
		if s.Ask != nil || s.Choose != nil || s.Quiz != nil {
			known[s.ID] = true
			names = append(names, s.ID)
		}
	}
	out := map[string]any{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			return nil, usagef("--input %s has no value; write --input %s=VALUE", pair, pair)
		case !known[name]:
			return nil, usagef("%s has no input %q; it has %s", book.ID, name, orNone(names))
		}
		out[name] = value
	}
	return out, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// runSpec is what a run needs beside the flags.
type runSpec struct {
	book     *runbooks.Runbook
	inputs   map[string]any
	attended bool
	start    func(context.Context, engine.Options) (engine.Session, error)
	run      string // id of the run, on resume
	replayed int    // events of the journal that come first again, on resume
}

// run opens the target, starts the session and follows it to its end, on the screen or as lines.
func (o labOptions) run(ctx context.Context, p *process, spec runSpec) error {
	dir, err := p.state()
	if err != nil {
		return err
	}
	if spec.attended && !o.plain && p.screen() {
		return runOnScreen(ctx, p, dir, o, spec)
	}
	// The run's own context outlives a signal: a signal asks the run to stop, and it stops where that is safe.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	target, err := o.target.open(ctx, p, dir, !spec.attended)
	if err != nil {
		return err
	}
	defer target.Close()
	session, err := spec.start(ctx, o.engine(p, dir, target, spec))
	if err != nil {
		return startError(err)
	}
	sig := watchSignals(func(nth int) {
		if nth == 0 {
			session.Send(engine.Command{Kind: engine.Stop})
		} else {
			cancel()
		}
	})
	defer sig.stop()
	run := o.follow(p, session, spec)
	outcome, err := session.Wait()
	return finish(p, run, outcome, err, sig, o)
}

func (o labOptions) engine(p *process, dir string, t *account.Target, spec runSpec) engine.Options {
	eo := engine.Options{
		Runbook: spec.book, Target: t, Journal: journals(dir), Inputs: spec.inputs,
		Unattended: !spec.attended, Clean: !spec.attended && !o.keep, Confirmed: o.target.confirmed(t),
		Log: p.log, Version: version(),
	}
	eo.Journal.Wrap = p.journalFile
	if p.caller != nil {
		eo.Caller = func(g calls.Guard) calls.Caller { return p.caller(t, g) }
	}
	return eo
}

func startError(err error) error {
	if errors.Is(err, journal.ErrBusy) {
		return failed(err, "lifeboat lab status, which shows the run that is going on")
	}
	return failed(err, "")
}

// followed is what was seen of a run.
type followed struct {
	id          string
	checkFailed bool // the last failure was a check or a proof
}

// follow tells the run's events to the voice, and in attended runs lets the person at the terminal answer.
func (o labOptions) follow(p *process, session engine.Session, spec runSpec) followed {
	var v voice = newLines(p.out, session.Runbook(), spec.attended)
	if o.json {
		v = newJSONLines(p.out, session.Runbook())
	}
	var desk *person
	if spec.attended {
		desk = newPerson(p, session)
	}
	var run followed
	seen := 0
	for e := range session.Events() {
		run.note(e)
		seen++
		if seen <= spec.replayed {
			continue
		}
		v.event(e)
		if desk != nil {
			desk.event(e)
		}
	}
	return run
}

func (f *followed) note(e journal.Event) {
	switch {
	case e.Run != nil:
		f.id = e.Run.ID
	case e.Kind == journal.StepStarted:
		f.checkFailed = false
	case e.Kind == journal.Checked && !e.Check.OK:
		f.checkFailed = true
	case e.Kind == journal.Proved && !e.Proof.OK:
		f.checkFailed = true
	}
}

// finish turns a run's end into the exit code, and says how to go on. What it says goes to standard error, so that the
// JSON lines stay pure.
func finish(p *process, run followed, out journal.Outcome, err error, sig *signals, o labOptions) error {
	open := out.State == journal.RunStopped || out.State == journal.RunFailed
	switch {
	case o.cleaning && out.Left > 0:
		fmt.Fprintf(p.err, "Try again to remove what is left: %s\n", p.command("lab clean "+run.id))
	case o.cleaning:
	case open:
		fmt.Fprintf(p.err, "Go on with: %s%s\n", p.command("lab resume "+run.id), o.yesText())
		if out.Left > 0 {
			fmt.Fprintf(p.err, "Or remove what it made: %s\n", p.command("lab clean "+run.id))
		}
	case out.Left > 0:
		fmt.Fprintf(p.err, "Remove what is left: %s\n", p.command("lab clean "+run.id))
	}
	switch {
	case err != nil:
		return failed(err, "")
	case sig.interrupted() && open:
		return ended(exitInterrupted)
	case o.cleaning && out.Left > 0:
		return ended(exitLeft)
	case o.cleaning:
		return nil
	case out.State == journal.RunStopped:
		return ended(exitStopped)
	case out.State == journal.RunFailed && run.checkFailed:
		return ended(exitCheck)
	case out.State == journal.RunFailed:
		return ended(exitFailed)
	case out.Left > 0 && !o.keep:
		return ended(exitLeft)
	}
	return nil
}

func (o labOptions) yesText() string {
	if o.yes {
		return " --yes"
	}
	return ""
}

func newLabList(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List the labs", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return listLabs(p, asJSON)
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func listLabs(p *process, asJSON bool) error {
	labs := runbooks.Labs()
	if asJSON {
		return printJSON(p, labs)
	}
	for _, l := range labs {
		fmt.Fprintf(p.out, "%s: %s (about %d minutes on AWS)\n  %s\n", l.ID, l.Title, l.Minutes, l.Summary)
	}
	return nil
}

func printJSON(p *process, v any) error {
	enc := json.NewEncoder(p.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func newLabShow(p *process) *cobra.Command {
	return &cobra.Command{Use: "show ID|FILE", Short: "Show a lab's sheet: every step, why, and what it calls", Args: cobra.ExactArgs(1), ValidArgsFunction: completeRunbooks,
		RunE: func(_ *cobra.Command, args []string) error {
			return runbookDocs(p, args[0])
		}}
}

func newLabStatus(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "status [RUN]", Short: "List the runs, or show one", Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeRuns(p),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := p.state()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return showRun(p, dir, args[0], asJSON)
			}
			return listRuns(p, dir, asJSON)
		}}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

type statusLine struct {
	Run     string           `json:"run"`
	Runbook string           `json:"runbook"`
	Target  string           `json:"target"`
	Account string           `json:"account"`
	State   journal.RunState `json:"state"`
	Step    string           `json:"step,omitempty"`
	Left    int              `json:"left"`
	Started time.Time        `json:"started"`
	Last    time.Time        `json:"last"`
	Damage  string           `json:"damage,omitempty"` // why the journal cannot be read
}

func listRuns(p *process, dir string, asJSON bool) error {
	runs, bad := journals(dir).List()
	out := []statusLine{}
	for _, s := range runs {
		out = append(out, statusLine{s.Run.ID, s.Run.Runbook, s.Run.Target, s.Run.Account, s.State, s.Step, s.Left, s.Started, s.Last, s.Damage})
	}
	var err error
	if asJSON {
		err = printJSON(p, out)
	} else {
		for _, s := range out {
			if s.Damage != "" {
				fmt.Fprintf(p.out, "%s: damaged, %s\n", s.Run, s.Damage)
				continue
			}
			fmt.Fprintf(p.out, "%s: %s on %s, last at %s%s\n", s.Run, s.State, s.Target, s.Last.Format(time.DateTime), leftText(s.Left))
		}
		if len(out) == 0 && bad == nil {
			fmt.Fprintln(p.out, "no runs yet; lifeboat lab list shows what can be run")
		}
	}
	if bad != nil {
		return failed(bad, "restore the named file from a copy, or move it out of the folder")
	}
	return err
}

func leftText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d left behind", n)
}

func showRun(p *process, dir, id string, asJSON bool) error {
	entries, err := readRun(dir, id)
	if err != nil {
		return err
	}
	book, err := runbooks.Open(entries[0].Run.Runbook)
	if err != nil { // a run of a file: the steps are told without their titles
		book = &runbooks.Runbook{}
	}
	var v voice = newLines(p.out, book, false)
	if asJSON {
		v = newJSONLines(p.out, book)
	}
	for _, e := range entries {
		v.event(e.Event)
	}
	return nil
}
