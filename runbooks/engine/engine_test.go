package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"lifeboat/aws/calls"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

func TestRunPassesProvesAndLeavesNothing(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	s, err := engine.Start(context.Background(), options(t, demo(t), c, dir, &mortal{}))
	if err != nil {
		t.Fatal(err)
	}
	live := engine.NewState()
	for e := range s.Events() {
		if e.Durable() {
			live.Apply(e)
		}
	}
	o, err := s.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if o.State != journal.RunPassed || o.Left != 0 || len(c.things) != 0 {
		t.Errorf("outcome %+v, %d things left in the account", o, len(c.things))
	}
	if o.RPO <= 0 || o.RTO <= 0 {
		t.Errorf("the clocks did not run: RPO %s, RTO %s", o.RPO, o.RTO)
	}
	for id, st := range live.Steps {
		want := journal.Passed
		if id == "question" {
			want = journal.Assisted
		}
		if st.State != want {
			t.Errorf("step %s is %s: %s", id, st.State, st.Reason)
		}
	}
	for step, n := range c.made {
		if n != 1 {
			t.Errorf("%s was made %d times", step, n)
		}
	}
	if len(live.Proofs) != 1 || !live.Proofs[0].OK || live.Proofs[0].Total != 2048 || live.Proofs[0].Equal != 2048 {
		t.Errorf("proof %+v", live.Proofs)
	}
	used := 0
	for _, p := range live.Points {
		if p.Used {
			used++
		}
	}
	if len(live.Points) != 2 || used != 1 {
		t.Errorf("points %+v", live.Points)
	}

	// The journal gives the very state that the views have seen.
	entries, err := journal.Folder{Dir: dir}.Read("demo-1")
	if err != nil {
		t.Fatal(err)
	}
	if replayed := engine.Replay(entries); asJSON(t, replayed) != asJSON(t, live) {
		t.Errorf("the replayed state is not the live one:\n%s\n%s", asJSON(t, replayed), asJSON(t, live))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// One walk over every moment at which the program can be killed: before and after every call, before, within and after every
// line of the journal.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	b := demo(t)
	whole := &mortal{}
	s, err := engine.Start(context.Background(), options(t, b, newCloud(), t.TempDir(), whole))
	if _, err := finish(t, s, err); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d moments", whole.count)
	for at := 1; at <= whole.count; at++ {
		c, dir, dead := newCloud(), t.TempDir(), &mortal{at: at}
		s, err := engine.Start(context.Background(), options(t, b, c, dir, dead))
		if err == nil {
			_, err = s.Wait()
		}
		if err == nil && at < whole.count-1 {
			t.Fatalf("killed at %d, and the run says nothing", at)
		}
		o, err := resumed(t, c, dir)
		if err != nil {
			t.Fatalf("killed at %d: %v", at, err)
		}
		if o.State != journal.RunPassed || o.Left != 0 || len(c.things) != 0 {
			t.Fatalf("killed at %d: %+v, left %v; %s", at, o, c.sorted(), failedReason(t, dir))
		}
		for step, n := range c.made {
			if n != 1 {
				t.Fatalf("killed at %d: %s was made %d times", at, step, n)
			}
		}
	}
}

// resumed goes on with the run in dir, or starts it when the kill came before its first line.
func resumed(t *testing.T, c *cloud, dir string) (journal.Outcome, error) {
	t.Helper()
	o := options(t, demo(t), c, dir, &mortal{})
	entries, err := o.Journal.Read("demo-1")
	if errors.Is(err, journal.ErrEmpty) || !exists(dir) {
		o.ID = "demo-2"
		s, err := engine.Start(context.Background(), o)
		return finish(t, s, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := engine.Resume(context.Background(), o, entries)
	return finish(t, s, err)
}

// Every call fails in turn, in every way there is; the run says so, and a resume finishes it.
func TestEveryCallFailsInTurn(t *testing.T) {
	t.Parallel()
	b := demo(t)
	c := newCloud()
	s, err := engine.Start(context.Background(), options(t, b, c, t.TempDir(), &mortal{}))
	if _, err := finish(t, s, err); err != nil {
		t.Fatal(err)
	}
	total := c.calls
	for name, f := range map[string]fault{
		"denied":       {err: &calls.Error{Code: "UnauthorizedOperation", Kind: calls.Denied, Message: "You are not authorized to perform this operation."}},
		"throttled":    {err: &calls.Error{Code: "RequestLimitExceeded", Kind: calls.Throttled, Message: "Request limit exceeded."}},
		"timeout":      {err: &calls.Error{Kind: calls.TimedOut, MayHaveRun: true}},
		"lost, done":   {err: &calls.Error{Kind: calls.Lost, MayHaveRun: true}, done: true},
		"lost, undone": {err: &calls.Error{Kind: calls.Lost, MayHaveRun: true}},
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; at <= total; at++ {
				c, dir := newCloud(), t.TempDir()
				failedOp := ""
				c.fault = func(n int, r calls.Request) fault {
					if n != at {
						return fault{}
					}
					failedOp = r.Op
					e := *f.err
					g := f
					g.err = &e
					return g
				}
				s, err := engine.Start(context.Background(), options(t, b, c, dir, &mortal{}))
				o, err := finish(t, s, err)
				if err != nil {
					t.Fatalf("call %d: %v", at, err)
				}
				if o.State == journal.RunFailed {
					reason := failedReason(t, dir)
					if !strings.Contains(reason, failedOp) || f.err.Code != "" && !strings.Contains(reason, f.err.Code) {
						t.Errorf("call %d (%s): the failed step does not name the call and its code: %s", at, failedOp, reason)
					}
					if o, err = resumed(t, c, dir); err != nil {
						t.Fatal(err)
					}
				}
				if o.Left > 0 { // the sweep itself could not look: a second clean-up can
					entries, err := journal.Folder{Dir: dir}.Read("demo-1")
					if err != nil {
						t.Fatal(err)
					}
					s, err := engine.CleanUp(context.Background(), options(t, b, c, dir, &mortal{}), entries)
					if o, err = finish(t, s, err); err != nil {
						t.Fatal(err)
					}
				}
				if o.State != journal.RunPassed || o.Left != 0 || len(c.things) != 0 {
					t.Fatalf("call %d (%s): %+v, left %d; %s", at, failedOp, o, len(c.things), failedReason(t, dir))
				}
				for step, n := range c.made {
					if n != 1 {
						t.Fatalf("call %d (%s): %s was made %d times", at, failedOp, step, n)
					}
				}
			}
		})
	}
}

func failedReason(t *testing.T, dir string) string {
	t.Helper()
	entries, err := journal.Folder{Dir: dir}.Read("demo-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range engine.Replay(entries).Steps {
		if st.State == journal.Failed {
			return st.Reason
		}
	}
	return ""
}

func TestDiskFull(t *testing.T) {
	b := demo(t)
	for room := 1; room < 40; room += 3 {
		c, dir, left := newCloud(), t.TempDir(), room
		o := options(t, b, c, dir, &mortal{})
		o.Journal.Wrap = func(f journal.File) journal.File { return diskFile{File: f, dead: &mortal{}, full: &left} }
		s, err := engine.Start(context.Background(), o)
		_, err = finish(t, s, err)
		if err == nil || !strings.Contains(err.Error(), "disk is full") {
			t.Fatalf("room for %d lines: %v", room, err)
		}
		out, err := resumed(t, c, dir)
		if err != nil || out.State != journal.RunPassed || out.Left != 0 || len(c.things) != 0 {
			t.Fatalf("room for %d lines: resumed to %+v, %v", room, out, err)
		}
	}
}

func TestBrokenThingIsRemovedAndMadeAnew(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	c.breakIt = 1
	s, err := engine.Start(context.Background(), options(t, demo(t), c, dir, &mortal{}))
	o, err := finish(t, s, err)
	if err != nil || o.State != journal.RunFailed {
		t.Fatalf("%+v %v", o, err)
	}
	if reason := failedReason(t, dir); !strings.Contains(reason, "error") {
		t.Error(reason)
	}
	if o, err = resumed(t, c, dir); err != nil || o.State != journal.RunPassed || len(c.things) != 0 {
		t.Fatalf("%+v %v, left %v", o, err, c.sorted())
	}
	if n := c.made["demo-1/volume"]; n != 2 {
		t.Errorf("the volume was made %d times", n)
	}
}

func TestWhatCannotBeRemovedIsLeftWithItsReason(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	o := options(t, demo(t), c, dir, &mortal{})
	o.Clean = false
	s, err := engine.Start(context.Background(), o)
	out, err := finish(t, s, err)
	if err != nil || out.State != journal.RunPassed || out.Left == 0 {
		t.Fatalf("%+v %v", out, err)
	}
	var stuck string
	for _, th := range c.sorted() {
		if strings.Contains(th.Step, "copies-a") {
			stuck = th.ID
		}
	}
	c.deny[stuck] = true
	entries, _ := journal.Folder{Dir: dir}.Read("demo-1")
	s, err = engine.CleanUp(context.Background(), options(t, demo(t), c, dir, &mortal{}), entries)
	out, err = finish(t, s, err)
	if err != nil || len(c.things) != 1 || out.Left == 0 {
		t.Fatalf("%+v %v left %v", out, err, c.sorted())
	}
	entries, _ = journal.Folder{Dir: dir}.Read("demo-1")
	reasons := ""
	for _, l := range engine.Replay(entries).Left {
		reasons += l.What + " " + l.Reason + "\n"
	}
	if !strings.Contains(reasons, "is protected") {
		t.Error(reasons)
	}
	c.deny = map[string]bool{}
	s, err = engine.CleanUp(context.Background(), options(t, demo(t), c, dir, &mortal{}), entries)
	if out, err = finish(t, s, err); err != nil || out.Left != 0 || len(c.things) != 0 {
		t.Fatalf("%+v %v left %v", out, err, c.sorted())
	}
}

func TestTwoRunsOfOneRunbook(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	o := options(t, demo(t), c, dir, &mortal{})
	o.Unattended = false
	ctx, stop := context.WithCancel(context.Background())
	s, err := engine.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	o.ID = "demo-2"
	if _, err := engine.Start(ctx, o); !errors.Is(err, journal.ErrBusy) || !strings.Contains(err.Error(), "demo-1") {
		t.Errorf("a second run: %v", err)
	}
	stop()
	if out, err := s.Wait(); err != nil || out.State != journal.RunStopped {
		t.Errorf("%+v %v", out, err)
	}
}

// attended starts a run that somebody steers.
func attended(t *testing.T, c *cloud, dir string) engine.Session {
	t.Helper()
	o := options(t, demo(t), c, dir, &mortal{})
	o.Unattended, o.Clean = false, false
	s, err := engine.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// person drives a run as somebody at the keyboard does: say gives the command for an event, or none.
func person(t *testing.T, s engine.Session, say func(e journal.Event, st *engine.State) *engine.Command) *engine.State {
	t.Helper()
	st := engine.NewState()
	for e := range s.Events() {
		st.Apply(e)
		if c := say(e, st); c != nil {
			s.Send(*c)
		}
	}
	return st
}

func TestByHandSkippedStoppedAndResumed(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	s := attended(t, c, dir)
	st := person(t, s, func(e journal.Event, st *engine.State) *engine.Command {
		switch {
		case e.Kind == journal.StepReady && e.Step == "copies":
			return &engine.Command{Kind: engine.Mine, Step: e.Step}
		case e.Kind == journal.WaitSeen && e.Step == "copies" && e.Wait.For == "you to do it":
			for _, x := range []string{"a", "b"} {
				if c.count("demo-1/copies-"+x) > 0 {
					continue
				}
				_, err := c.answer(calls.Request{Op: "ec2.CreateSnapshot", Region: "us-east-2", Params: map[string]any{"VolumeId": "volu-0002",
					"TagSpecifications": []any{map[string]any{"Tags": []any{map[string]any{"Key": "lifeboat:run", "Value": "demo-1"}, map[string]any{"Key": "lifeboat:step", "Value": "demo-1/copies-" + x}}}}}})
				if err != nil {
					t.Error(err)
				}
			}
		case e.Kind == journal.StepReady && e.Step == "restore":
			return &engine.Command{Kind: engine.Skip, Step: e.Step, Text: "no time"}
		case e.Kind == journal.StepReady && e.Step == "proof":
			return &engine.Command{Kind: engine.Stop}
		case e.Kind == journal.StepReady:
			return &engine.Command{Kind: engine.Do, Step: e.Step}
		case e.Kind == journal.Asked:
			return &engine.Command{Kind: engine.Reply, Step: e.Step, Text: "nothing"}
		}
		return nil
	})
	if out, err := s.Wait(); err != nil || out.State != journal.RunStopped {
		t.Fatalf("%+v %v", out, err)
	}
	for step, want := range map[string]journal.State{"copies": journal.ByHand, "restore": journal.Skipped, "question": journal.Assisted, "volume": journal.Passed} {
		if got := st.Step(step); got.State != want {
			t.Errorf("%s is %s (%s), not %s", step, got.State, got.Reason, want)
		}
	}
	out, err := resumed(t, c, dir)
	if err != nil || out.State != journal.RunIncomplete || out.Left != 0 || len(c.things) != 0 {
		t.Errorf("%+v %v left %v", out, err, c.sorted())
	}
}

func TestDependentsOfASkippedStepAreSkipped(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	s := attended(t, c, dir)
	st := person(t, s, func(e journal.Event, st *engine.State) *engine.Command {
		switch {
		case e.Kind == journal.StepReady && e.Step == "volume":
			return &engine.Command{Kind: engine.Skip, Step: e.Step, Text: "not today"}
		case e.Kind == journal.StepReady:
			return &engine.Command{Kind: engine.Do, Step: e.Step}
		case e.Kind == journal.Asked && e.Question.ID == "clean":
			return &engine.Command{Kind: engine.Reply, Text: "clean"}
		case e.Kind == journal.Asked:
			return &engine.Command{Kind: engine.Reply, Step: e.Step, Text: "a disaster"}
		}
		return nil
	})
	out, err := s.Wait()
	if err != nil || out.State != journal.RunIncomplete {
		t.Fatalf("%+v %v", out, err)
	}
	for _, id := range []string{"copies", "share", "lose", "restore"} {
		if got := st.Step(id); got.State != journal.Skipped || !strings.Contains(got.Reason, "was skipped") {
			t.Errorf("%s is %s: %s", id, got.State, got.Reason)
		}
	}
	if st.Step("question").State != journal.Passed || len(c.things) != 0 {
		t.Errorf("question %s, left %v", st.Step("question").State, c.sorted())
	}
}

func TestHintsAndLateKeys(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	s := attended(t, c, dir)
	st := person(t, s, func(e journal.Event, st *engine.State) *engine.Command {
		switch {
		case e.Kind == journal.StepReady && e.Step == "start":
			s.Send(engine.Command{Kind: engine.Skip, Step: "volume", Text: "a late key"})
			for range 3 {
				s.Send(engine.Command{Kind: engine.Hint, Step: "start"})
			}
			return &engine.Command{Kind: engine.Done, Step: "start", Text: "did it in the console"}
		case e.Kind == journal.StepEnded && e.Step == "start":
			return &engine.Command{Kind: engine.Abandon}
		}
		return nil
	})
	if _, err := s.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := st.Step("start"); got.State != journal.Assisted || len(got.Hints) != 3 || got.Reason != "did it in the console" {
		t.Errorf("%+v", got)
	}
	if st.Step("volume").State != journal.Pending {
		t.Error("a late key acted on another step")
	}
}

func TestChangedRunbookIsSaid(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	o := options(t, demo(t), c, dir, &mortal{})
	c.fault = func(n int, r calls.Request) fault {
		if r.Op == "ec2.CreateVolume" {
			return fault{err: &calls.Error{Code: "UnauthorizedOperation", Kind: calls.Denied}}
		}
		return fault{}
	}
	s, err := engine.Start(context.Background(), o)
	if out, err := finish(t, s, err); err != nil || out.State != journal.RunFailed {
		t.Fatalf("%+v %v", out, err)
	}
	c.fault = nil
	b := demo(t)
	b.Digest = "another"
	b.Steps[4].Digest = "another"
	entries, _ := o.Journal.Read("demo-1")
	o = options(t, b, c, dir, &mortal{})
	s, err = engine.Resume(context.Background(), o, entries)
	if _, err := finish(t, s, err); err != nil {
		t.Fatal(err)
	}
	entries, _ = o.Journal.Read("demo-1")
	said := ""
	for _, e := range entries {
		if e.Kind == journal.RunResumed {
			said = e.Text
		}
	}
	if said != "the runbook changed since the run began: copies changed" {
		t.Errorf("said %q", said)
	}
	o.Target.Own.Account = "999999999999"
	if _, err := engine.Resume(context.Background(), o, entries); err == nil || !strings.Contains(err.Error(), "999999999999") {
		t.Errorf("resumed in another account: %v", err)
	}
}

// BenchmarkRun gives the events per second of a whole run, journal and all.
func BenchmarkRun(b *testing.B) {
	book := demo(b)
	events := 0
	for b.Loop() {
		c, dir := newCloud(), b.TempDir()
		s, err := engine.Start(context.Background(), options(b, book, c, dir, &mortal{}))
		if err != nil {
			b.Fatal(err)
		}
		for range s.Events() {
			events++
		}
		if o, err := s.Wait(); err != nil || o.State != journal.RunPassed {
			b.Fatal(o, err)
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
