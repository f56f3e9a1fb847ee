package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// run is one run of one runbook. One goroutine owns all of it but the fields behind mu.
type run struct {
	id     string
	o      Options
	book   *runbooks.Runbook
	state  *State
	log    *journal.Writer
	lock   *journal.Lock
	stream *stream
	caller calls.Caller
	inputs map[string]any
	ledger *ledger

	auto      bool // run everything without waiting for a command
	confirmed bool // account and Region
	quiet     bool // reads are no lines of the journal: they repeat until a person has done something

	done    chan struct{}
	outcome journal.Outcome
	err     error

	mu    sync.Mutex
	queue []Command
	bell  chan struct{}      // rung when the queue has something
	wake  context.CancelFunc // ends the sleep that is going on
}

// Start begins a run: it locks the runbook, opens the journal and goes. The run goes on in its own goroutine; cancelling ctx
// stops it at the next safe point, and it can be resumed.
func Start(ctx context.Context, o Options) (Session, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	inputs, err := o.inputs()
	if err != nil {
		return nil, err
	}
	id := o.ID
	if id == "" {
		id = fmt.Sprintf("%s-%s-%s", o.Runbook.ID, o.Wall().UTC().Format("20060102-1504"), o.NewID())
	}
	r := newRun(o, id, NewState(), inputs)
	if r.lock, err = o.Journal.Lock(o.Runbook.ID, id); err != nil {
		return nil, err
	}
	if r.log, err = o.Journal.Create(id); err != nil {
		r.release()
		return nil, err
	}
	if err := r.emit(journal.Event{Kind: journal.RunStarted, Run: r.describe()}); err != nil {
		r.release()
		return nil, err
	}
	go r.main(ctx, r.steps)
	return r, nil
}

// Resume goes on with an earlier run where it stopped. entries are the lines of its journal, as they were read to find out which run it is.
func Resume(ctx context.Context, o Options, entries []journal.Entry) (Session, error) {
	return reopen(ctx, o, entries, func(r *run) func(context.Context) error { return r.steps })
}

// CleanUp undoes everything an earlier run made, and ends it.
func CleanUp(ctx context.Context, o Options, entries []journal.Entry) (Session, error) {
	return reopen(ctx, o, entries, func(r *run) func(context.Context) error {
		return r.clean
	})
}

func reopen(ctx context.Context, o Options, entries []journal.Entry, what func(*run) func(context.Context) error) (Session, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 || entries[0].Run == nil {
		return nil, fmt.Errorf("the journal does not say which run it is: %w", journal.ErrEmpty)
	}
	was := entries[0].Run
	if err := o.same(was); err != nil {
		return nil, err
	}
	lock, err := o.Journal.Lock(o.Runbook.ID, was.ID)
	if err != nil {
		return nil, err
	}
	log, entries, err := o.Journal.Append(was.ID)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	r := newRun(o, was.ID, Replay(entries), was.Inputs)
	r.lock, r.log = lock, log
	for _, e := range entries {
		r.ledger.apply(e.Event)
		r.stream.put(e.Event)
	}
	if err := r.emit(journal.Event{Kind: journal.RunResumed, Run: r.describe(), Text: changed(was, o.Runbook)}); err != nil {
		r.release()
		return nil, err
	}
	go r.main(ctx, what(r))
	return r, nil
}

func newRun(o Options, id string, s *State, inputs map[string]any) *run {
	r := &run{id: id, o: o, book: o.Runbook, state: s, stream: newStream(), inputs: inputs, ledger: newLedger(),
		auto: o.Unattended, confirmed: o.Confirmed, done: make(chan struct{}), bell: make(chan struct{}, 1)}
	r.caller = o.Caller(r.guard())
	return r
}

// guard is what the run may do now.
func (r *run) guard() calls.Guard {
	return calls.Guard{ReadOnly: r.o.ReadOnly, Real: r.o.real(), Confirmed: r.confirmed, Owned: r.ledger.owns, Twice: r.ledger.twice}
}

// same refuses to go on with a run somewhere else than where it began.
func (o Options) same(was *journal.Run) error {
	switch {
	case was.Runbook != o.Runbook.ID:
		return fmt.Errorf("run %s is one of %s, not of %s: resume it with its own runbook", was.ID, was.Runbook, o.Runbook.ID)
	case was.Target != o.Target.Kind:
		return fmt.Errorf("run %s began on target %s, this is %s: resume it with --target %s", was.ID, was.Target, o.Target.Kind, was.Target)
	case was.Account != o.Target.Own.Account:
		return fmt.Errorf("run %s began in account %s, these credentials are of account %s: use the first one's", was.ID, was.Account, o.Target.Own.Account)
	case was.Regions["home"] != o.Target.Home || was.Regions["away"] != o.Target.Away:
		return fmt.Errorf("run %s began in %s and %s, this is %s and %s: resume it with the Regions it began in", was.ID, was.Regions["home"], was.Regions["away"], o.Target.Home, o.Target.Away)
	}
	return nil
}

// describe says what this run is and where it acts.
func (r *run) describe() *journal.Run {
	t := r.o.Target
	d := &journal.Run{ID: r.id, Schema: journal.Schema, Runbook: r.book.ID, Title: r.book.Title, Digest: r.book.Digest, Mode: string(r.o.Mode),
		Target: t.Kind, Account: t.Own.Account, Alias: t.Own.Alias, Caller: t.Own.ARN, Regions: r.regions(), Inputs: r.inputs, Version: r.o.Version,
		StepDigests: map[string]string{}}
	for name := range r.book.Accounts {
		if other, ok := t.Others[name]; ok {
			if d.Accounts == nil {
				d.Accounts = map[string]string{}
			}
			d.Accounts[name] = other.Account
		}
	}
	for _, s := range r.book.Steps {
		d.StepDigests[s.ID] = s.Digest
	}
	return d
}

// regions gives the Regions by their names in the runbook; home and away are always there.
func (r *run) regions() map[string]string {
	out := map[string]string{}
	for name, which := range r.book.Regions {
		switch which {
		case "primary", "":
			which = r.o.Target.Home
		case "secondary":
			which = r.o.Target.Away
		}
		out[name] = which
	}
	out["home"], out["away"] = r.o.Target.Home, r.o.Target.Away
	return out
}

// changed says which steps of a runbook are not what they were when the run began; empty when all are.
func changed(was *journal.Run, now *runbooks.Runbook) string {
	if was.Digest == now.Digest {
		return ""
	}
	var what []string
	here := map[string]bool{}
	for _, s := range now.Steps {
		here[s.ID] = true
		switch old, ok := was.StepDigests[s.ID]; {
		case !ok:
			what = append(what, s.ID+" is new")
		case old != s.Digest:
			what = append(what, s.ID+" changed")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(was.StepDigests)) {
		if !here[id] {
			what = append(what, id+" is gone")
		}
	}
	text := "the runbook changed since the run began"
	if len(what) == 0 {
		return text + ", none of its steps"
	}
	return text + ": " + list(what)
}

// main does what the run is for and brings it to its end, whatever happens.
func (r *run) main(ctx context.Context, what func(context.Context) error) {
	defer close(r.done)
	defer r.stream.close()
	defer r.release()
	err := r.safely(func() error { return what(ctx) })
	if err := r.finish(ctx, err); err != nil {
		r.err = err
	}
}

// safely turns a panic into an error; the stack goes to the log.
func (r *run) safely(what func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.Error("panic", "value", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v; this is a mistake in the program: the log has more, and the run can be resumed", p)
		}
	}()
	return what()
}

// finish writes how the run ended. Its own error is one that keeps the run from being whole: a journal that cannot be
// written, or what no step is to blame for.
func (r *run) finish(ctx context.Context, err error) error {
	o := journal.Outcome{State: journal.RunPassed, Count: r.counts(), Left: len(r.state.Left)}
	if !r.state.Cleaned {
		o.Left = r.ledger.size()
	}
	switch {
	case r.log.Failed() != nil:
		err = r.log.Failed()
		o.State = journal.RunStopped
	case stopping(ctx, err):
		o.State, err = journal.RunStopped, nil
	case err != nil && !errors.Is(err, errEnd):
		o.State = journal.RunFailed
	case o.Count[journal.Failed] > 0:
		o.State = journal.RunFailed
	case o.Undone() > 0:
		o.State = journal.RunStopped
		if r.state.Cleaned {
			o.State = journal.RunIncomplete
		}
	case o.Count[journal.Skipped] > 0:
		o.State = journal.RunIncomplete
	}
	if errors.Is(err, errEnd) || errors.As(err, new(*failure)) {
		err = nil // the step says it
	}
	o.RPO, o.RTO = r.state.Clock.RPO, r.state.Clock.RTO
	r.outcome = o
	if r.log.Failed() != nil {
		return err
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	return errors.Join(err, r.emit(journal.Event{Kind: journal.RunEnded, Outcome: &o, Text: text}))
}

// counts says how many of the runbook's steps stand in each state.
func (r *run) counts() map[journal.State]int {
	n := map[journal.State]int{}
	for _, s := range r.book.Steps {
		n[r.state.Step(s.ID).State]++
	}
	return n
}

func (r *run) release() {
	if r.log != nil {
		if err := r.log.Close(); err != nil {
			r.o.Log.Error("closing the journal", "error", err)
		}
	}
	if err := r.lock.Release(); err != nil {
		r.o.Log.Error("releasing the lock", "error", err)
	}
}

// emit writes a durable event to the journal, folds it, and tells the views. An error means that nothing may follow.
func (r *run) emit(e journal.Event) error {
	e.At, e.Wall = stamp(r.o.Target.Clock.Now()), stamp(r.o.Wall())
	if e.Durable() {
		written, err := r.log.Write(e)
		if err != nil {
			return err
		}
		e = written
	} else {
		e.Seq = r.log.Seq()
	}
	r.state.Apply(e)
	r.ledger.apply(e)
	r.stream.put(e)
	return nil
}

// stamp gives a time as a journal gives it back: in UTC, without this process's monotonic reading.
func stamp(t time.Time) time.Time { return t.UTC().Round(0) }

// RunID, Runbook, Events, Send and Wait make a run a Session.
func (r *run) RunID() string { return r.id }

// Runbook see Session.
func (r *run) Runbook() *runbooks.Runbook { return r.book }

// Events see Session.
func (r *run) Events() <-chan journal.Event { return r.stream.events() }

// Wait see Session. Without anybody who ever asked for events it returns when the run has ended.
func (r *run) Wait() (journal.Outcome, error) {
	<-r.done
	r.stream.wait()
	return r.outcome, r.err
}
