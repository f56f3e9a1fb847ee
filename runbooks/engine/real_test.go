package engine_test

import (
	"context"
	"strings"
	"testing"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// guarded is the fake cloud behind the real guard.
type guarded struct {
	calls.Caller
	guard calls.Guard
}

func (g guarded) Call(ctx context.Context, r calls.Request) (calls.Response, error) {
	if err := g.guard.Check(r); err != nil {
		return calls.Response{}, err
	}
	return g.Caller.Call(ctx, r)
}

// real makes a run's target an AWS account.
func real(o engine.Options, c *cloud) engine.Options {
	o.Target.Kind = account.AWS
	o.Caller = func(g calls.Guard) calls.Caller { return guarded{&session{c, &mortal{}}, g} }
	return o
}

func TestNothingChangesInARealAccountBeforeItIsConfirmed(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	s, err := engine.Start(context.Background(), real(options(t, demo(t), c, dir, &mortal{}), c))
	o, err := finish(t, s, err)
	if err != nil || o.State != journal.RunFailed || len(c.made) != 0 {
		t.Fatalf("%+v %v, made %v", o, err, c.made)
	}
	if reason := failedReason(t, dir); !strings.Contains(reason, "111122223333") {
		t.Error(reason)
	}
}

func TestARealAccountIsConfirmedByTypingItsID(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	o := real(options(t, demo(t), c, dir, &mortal{}), c)
	o.Unattended = false
	s, err := engine.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	person(t, s, func(e journal.Event, st *engine.State) *engine.Command {
		switch {
		case e.Kind == journal.Asked && e.Question.ID == "account":
			if asked++; asked == 1 {
				if c.count("") != 0 {
					t.Error("something was made before the account was confirmed")
				}
				return &engine.Command{Kind: engine.Reply, Step: e.Step, Text: "yes"}
			}
			return &engine.Command{Kind: engine.Reply, Step: e.Step, Text: e.Question.Typed}
		case e.Kind == journal.Asked:
			return &engine.Command{Kind: engine.Reply, Step: e.Step, Text: "a disaster"}
		case e.Kind == journal.StepReady:
			return &engine.Command{Kind: engine.Do, Step: e.Step}
		}
		return nil
	})
	out, err := s.Wait()
	if err != nil || out.State != journal.RunPassed || out.Left != 0 || len(c.things) != 0 || asked != 2 {
		t.Errorf("%+v %v, asked %d times, left %v", out, err, asked, c.sorted())
	}
}

// What the run made may be deleted, what it only read about may not.
func TestARealAccountKeepsWhatTheRunDidNotMake(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	c.things["volu-prod"] = &thing{ID: "volu-prod", Kind: "volume", Region: "us-east-2"}
	b := demo(t)
	for i := range b.Steps {
		if s := &b.Steps[i]; s.ID == "lose" {
			s.With = runbooks.Value{Kind: runbooks.Mapping, Map: []runbooks.Field{{Name: "VolumeId", Value: runbooks.Value{Kind: runbooks.Scalar, Scalar: "volu-prod"}}}}
		}
	}
	o := real(options(t, b, c, dir, &mortal{}), c)
	o.Confirmed = true
	s, err := engine.Start(context.Background(), o)
	out, err := finish(t, s, err)
	if err != nil || out.State != journal.RunFailed || c.things["volu-prod"] == nil {
		t.Fatalf("%+v %v", out, err)
	}
	if reason := failedReason(t, dir); !strings.Contains(reason, "volu-prod") {
		t.Error(reason)
	}
	entries, err := o.Journal.Read("demo-1")
	if err != nil {
		t.Fatal(err)
	}
	s, err = engine.CleanUp(context.Background(), o, entries)
	if out, err = finish(t, s, err); err != nil || out.Left != 0 || len(c.things) != 1 {
		t.Errorf("%+v %v, left %v", out, err, c.sorted())
	}
}

func TestAnIncidentKeepsEverything(t *testing.T) {
	c, dir := newCloud(), t.TempDir()
	o := real(options(t, demo(t), c, dir, &mortal{}), c)
	o.Confirmed, o.Mode = true, engine.Incident
	s, err := engine.Start(context.Background(), o)
	out, err := finish(t, s, err)
	if err != nil || out.State != journal.RunPassed || len(c.things) == 0 || out.Left == 0 {
		t.Errorf("%+v %v, %d things", out, err, len(c.things))
	}
}
