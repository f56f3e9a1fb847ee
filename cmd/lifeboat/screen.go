package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"lifeboat/aws/sandbox/store"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui"
	"lifeboat/tui/home"
)

// runHome starts the terminal program, or says what to do where there is no terminal for it.
func runHome(ctx context.Context, p *process) error {
	if !p.screen() {
		return &ending{code: exitUsage, err: fmt.Errorf("there is no terminal for the full screen here"),
			hint: "lifeboat lab run ebs-snapshots --yes, or lifeboat --help for all commands"}
	}
	dir, err := p.state()
	if err != nil {
		return err
	}
	_, err = newStage(p, dir).show(ctx, tui.First{})
	return err
}

// planOnScreen asks and shows the plan on the full screen. What is saved there goes to out, or to the state folder.
func planOnScreen(ctx context.Context, p *process, out string) error {
	dir, err := p.state()
	if err != nil {
		return err
	}
	s := newStage(p, dir)
	if out != "" {
		s.plans = out
	}
	res, err := s.show(ctx, tui.First{Wizard: true}) // err may be how a lab ended that was started from the plan
	switch {
	case res.Plan == nil && err == nil:
		return ended(exitInterrupted)
	case res.Plan == nil:
		return err
	case out != "": // asked for by name, so it is written whether or not a key was pressed for it
		return cmp.Or(writePlan(p, out, res.Plan), err)
	}
	wrote(p, res)
	return err
}

// classesOnScreen asks about some objects and compares the storage classes for them on the full screen.
func classesOnScreen(ctx context.Context, p *process) error {
	dir, err := p.state()
	if err != nil {
		return err
	}
	res, err := newStage(p, dir).show(ctx, tui.First{Classes: true})
	if res.ClassAnswers == nil && err == nil {
		return ended(exitInterrupted)
	}
	wrote(p, res)
	return err
}

// wrote names the files that were saved on the screen, since the screen is gone.
func wrote(p *process, res tui.Result) {
	slices.Sort(res.Saved)
	for _, file := range slices.Compact(res.Saved) {
		fmt.Fprintln(p.out, "wrote", file)
	}
}

// runOnScreen runs a lab on the full screen.
func runOnScreen(ctx context.Context, p *process, dir string, o labOptions, spec runSpec) error {
	first := tui.First{Lab: spec.book.ID}
	if spec.replayed > 0 {
		first = tui.First{Resume: spec.run}
	}
	s := newStage(p, dir)
	s.o, s.spec = o, &spec
	_, err := s.show(ctx, first)
	return err
}

// stage is what the terminal program acts on: sessions it opened, and what has to be closed after it.
type stage struct {
	p     *process
	dir   string // state folder
	plans string // where plans and answers are saved
	o     labOptions
	spec  *runSpec // the run the program was started for, nil when it starts at home

	opens sync.Mutex // held while a run is opened: the end of the screen waits for it
	over  bool       // the screen is gone, and nothing is opened any more

	mu       sync.Mutex
	ran      string // id of the run that was opened last
	sessions []engine.Session
	close    []func() error
}

func newStage(p *process, dir string) *stage {
	s := &stage{p: p, dir: dir, plans: filepath.Join(dir, "plan")}
	s.o.target.defaults()
	return s
}

// show runs the terminal program and brings every run it opened to a safe end, whatever ended it: a person, a signal or
// a lost terminal. The exit code comes from the run, not from the screen.
func (s *stage) show(ctx context.Context, first tui.First) (tui.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sig := watchSignals(func(int) { cancel() })
	res, err := tui.Run(ctx, s.deps(), first, s.p.in, s.p.out)
	broken := err != nil && ctx.Err() == nil
	cancel()
	ran := s.end()
	sig.stop()
	switch {
	case broken:
		return res, failed(fmt.Errorf("the terminal cannot be used: %w", err), "the same command with --plain")
	case res.Err != nil:
		return res, startError(res.Err)
	case ran == "" && sig.any():
		return res, ended(exitInterrupted)
	case ran == "":
		return res, nil
	}
	return res, s.farewell(ran, sig)
}

// end settles for the last time and gives the run that was opened last. The screen may not know of it: a signal can come
// while it is being opened.
func (s *stage) end() string {
	s.opens.Lock()
	defer s.opens.Unlock()
	s.over = true
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ran
}

// settle stops every run that still goes, and waits until its journal is whole.
func (s *stage) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		session.Send(engine.Command{Kind: engine.Stop})
		for range session.Events() { // nobody looks any more, and the run must not wait for a view
		}
		if _, err := session.Wait(); err != nil {
			s.p.log.Error("run", "error", err)
		}
	}
	for _, c := range s.close {
		if err := c(); err != nil {
			s.p.log.Error("closing the target", "error", err)
		}
	}
	s.sessions, s.close = nil, nil
}

// farewell says after the screen is gone how the last run ended, since the screen took its own words with it.
func (s *stage) farewell(ran string, sig *signals) error {
	entries, err := readRun(s.dir, ran)
	if err != nil {
		return err
	}
	run := followed{id: ran}
	for _, e := range entries {
		run.note(e.Event)
	}
	last := engine.Replay(entries).Outcome
	if last == nil {
		last = &journal.Outcome{State: journal.RunStopped}
	}
	fmt.Fprintf(s.p.out, "%s: %s", ran, last.State)
	if last.RTO > 0 {
		fmt.Fprintf(s.p.out, ", data lost %s, recovered in %s", short(last.RPO), short(last.RTO))
	}
	fmt.Fprintln(s.p.out, leftText(last.Left))
	return finish(s.p, run, *last, nil, sig, s.o)
}

func (s *stage) deps() tui.Deps {
	return tui.Deps{
		Labs: s.labs, Runs: s.runs, Start: s.start, Resume: s.resume,
		SavePlan: s.savePlan, SaveAnswers: s.saveAnswers, Answers: s.answers(planAnswersFile, plan.Load),
		SaveClasses: s.saveClasses, SaveClassAnswers: s.saveClassAnswers, ClassAnswers: s.answers(classAnswersFile, classes.Form().Load),
		ResumeCommand: func(run string) string { return s.p.command("lab resume " + run) },
		Shell:         s.p.command("sandbox shell"), Target: s.o.target.kind, Where: s.o.target.where(), Pace: s.o.target.speed, Version: version(),
		Now: time.Now, Env: s.p.env,
	}
}

func (s *stage) labs(context.Context) ([]home.Lab, error) {
	var out []home.Lab
	for _, l := range runbooks.Labs() {
		out = append(out, home.Lab{ID: l.ID, Title: l.Title, Summary: l.Summary, Minutes: l.Minutes, Steps: l.Steps})
	}
	return out, nil
}

func (s *stage) runs(context.Context) ([]home.Run, error) {
	list, err := journals(s.dir).List()
	var out []home.Run
	for _, r := range list {
		if r.Damage != "" {
			continue // lab status names it; there is nothing to open
		}
		one := home.Run{ID: r.Run.ID, Runbook: r.Run.Runbook, Title: r.Run.Title, Began: r.Started, State: r.State,
			Target: r.Run.Target, Left: r.Left, Steps: len(r.Run.StepDigests), RPO: r.RPO, RTO: r.RTO,
			Open: r.State == journal.RunStopped || r.State == journal.RunFailed || r.Left > 0}
		if one.Open {
			if entries, err := readRun(s.dir, r.Run.ID); err == nil {
				one.Step = min(stands(engine.Replay(entries)), one.Steps)
			}
		}
		out = append(out, one)
	}
	return out, err
}

// stands counts to the step a run stands at, from 1.
func stands(run *engine.State) int {
	n := 1
	for _, step := range run.Steps {
		if step.State.Ended() {
			n++
		}
	}
	return n
}

// start opens the target and begins a run. It is called beside the program, so that the first frame never waits for it.
func (s *stage) start(ctx context.Context, runbook string) (engine.Session, error) {
	spec := s.spec
	if spec == nil || spec.book.ID != runbook || spec.replayed > 0 {
		book, err := openRunbook(runbook)
		if err != nil {
			return nil, err
		}
		spec = &runSpec{book: book, start: engine.Start}
	}
	return s.open(ctx, s.o, *spec)
}

// resume goes on with an earlier run, where it began.
func (s *stage) resume(ctx context.Context, run string) (engine.Session, error) {
	entries, err := readRun(s.dir, run)
	if err != nil {
		return nil, err
	}
	o := s.o
	book, err := o.book(entries[0].Run)
	if err != nil {
		return nil, err
	}
	o.target.as(entries[0].Run)
	return s.open(ctx, o, runSpec{book: book, start: func(ctx context.Context, eo engine.Options) (engine.Session, error) {
		return engine.Resume(ctx, eo, entries)
	}})
}

func (s *stage) open(ctx context.Context, o labOptions, spec runSpec) (engine.Session, error) {
	s.opens.Lock()
	defer s.opens.Unlock()
	if s.over {
		return nil, context.Canceled
	}
	spec.attended = true
	s.settle() // one run at a time: the one before has ended, or is asked to
	t, err := o.target.open(ctx, s.p, s.dir, false)
	if err != nil {
		return nil, err
	}
	// Not ctx: the end of the screen asks a run to stop at a safe point, it does not cut it off.
	session, err := spec.start(context.WithoutCancel(ctx), o.engine(s.p, s.dir, t, spec))
	if err != nil {
		t.Close()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran = session.RunID()
	s.sessions, s.close = append(s.sessions, session), append(s.close, t.Close)
	return session, nil
}

func (s *stage) savePlan(made *plan.Plan) (string, error) {
	quiet := &process{out: io.Discard}
	return filepath.Join(s.plans, "plan.md"), writePlan(quiet, s.plans, made)
}

// Names of the files that the answers are kept in.
const (
	planAnswersFile  = "answers.yaml"
	classAnswersFile = "storage-class.yaml"
)

// save writes a document into the folder of the plans and gives where it is.
func (s *stage) save(name string, doc []byte) (string, error) {
	if err := os.MkdirAll(s.plans, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(s.plans, name)
	return path, store.WriteFile(path, doc)
}

func (s *stage) saveAnswers(a plan.Answers) (string, error) {
	return s.save(planAnswersFile, a.Encode())
}

func (s *stage) saveClassAnswers(a plan.Answers) (string, error) {
	return s.save(classAnswersFile, classes.Form().Encode(a))
}

func (s *stage) saveClasses(c *classes.Comparison) (string, error) {
	return s.save("storage-class.md", c.Markdown())
}

// answers are those of the last time, to begin the questions with. Wrong or missing ones are no reason not to start.
func (s *stage) answers(name string, load func(path string) (plan.Answers, error)) plan.Answers {
	a, err := load(filepath.Join(s.plans, name))
	if err != nil {
		return nil
	}
	return a
}
