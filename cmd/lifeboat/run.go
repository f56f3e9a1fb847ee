package main

import (
	"context"
	"errors"
	"fmt"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

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
