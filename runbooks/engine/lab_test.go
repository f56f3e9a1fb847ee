package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/weather"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// Every lab that comes with the program runs to its end against the sandbox, proves its data and leaves nothing.
func TestLabsAgainstTheSandbox(t *testing.T) {
	for _, l := range runbooks.Labs() {
		t.Run(l.ID, func(t *testing.T) {
			book, err := runbooks.Open(l.ID)
			if err != nil {
				t.Fatal(err)
			}
			box, err := sandbox.Open(sandbox.Options{Listen: "127.0.0.1:0", Seed: 1, Start: time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			dir := t.TempDir()
			s, err := engine.Start(context.Background(), engine.Options{Runbook: book, Target: box.Target(), Journal: journal.Folder{Dir: dir}, Unattended: true, Clean: true})
			if err != nil {
				t.Fatal(err)
			}
			st := engine.NewState()
			for e := range s.Events() {
				st.Apply(e)
				if e.Kind == journal.StepEnded && (e.State == journal.Failed || e.State == journal.Skipped) {
					t.Logf("%s %s: %s", e.Step, e.State, e.Text)
				}
				if e.Kind == journal.Note {
					t.Log(e.Text)
				}
				for _, p := range e.Points {
					if p.At.IsZero() || !slices.Contains([]string{"", "us-east-2", "us-west-2", "partner account"}, p.Where) {
						t.Errorf("%s: the recovery point %s is of %s, in %q", e.Step, p.ID, p.At, p.Where)
					}
				}
			}
			o, err := s.Wait()
			if err != nil || o.State != journal.RunPassed || o.Left != 0 {
				t.Fatalf("%+v %v left %v", o, err, st.Left)
			}
			if len(st.Proofs) == 0 || o.RTO <= 0 || o.RPO <= 0 {
				t.Errorf("proofs %d, RPO %s, RTO %s", len(st.Proofs), o.RPO, o.RTO)
			}
			for id, step := range st.Steps {
				if step.Preview != nil {
					for _, c := range step.Preview.Calls {
						if c.Role == "call" && c.Op != runbooks.SQL && !strings.Contains("\n"+c.CLI, "\naws ") {
							t.Errorf("%s: the command of %s is %.300q", id, c.Op, c.CLI)
						}
					}
				}
			}
			t.Logf("RPO %s, RTO %s, %d events", o.RPO, o.RTO, st.Last.Seq)
		})
	}
}

// A deletion that takes a minute after its answer is waited for, not noted.
func TestCleanUpWaitsForDeletions(t *testing.T) {
	book, err := runbooks.Open("ebs-snapshots")
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Open(sandbox.Options{Seed: 1, Start: time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	box.Weather().AddLate(weather.Late{Kinds: []string{"ec2.volume"}, Slower: 20})
	s, err := engine.Start(context.Background(), engine.Options{Runbook: book, Target: box.Target(), Journal: journal.Folder{Dir: t.TempDir()}, Unattended: true, Clean: true})
	if err != nil {
		t.Fatal(err)
	}
	for e := range s.Events() {
		if e.Kind == journal.Note && strings.Contains(e.Text, "still listed") {
			t.Error(e.Text)
		}
	}
	if o, err := s.Wait(); err != nil || o.State != journal.RunPassed || o.Left != 0 {
		t.Errorf("%+v %v", o, err)
	}
}
