package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"lifeboat/aws/calls"
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
						if c.Role == "call" && !strings.HasPrefix(c.CLI, "aws ") {
							t.Errorf("%s: the command of %s is %q", id, c.Op, c.CLI)
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

// killable are the calls of a process that may be killed before or after any of them.
type killable struct {
	calls.Caller
	dead *mortal
}

func (k killable) Call(ctx context.Context, r calls.Request) (calls.Response, error) {
	if k.dead.point() {
		return calls.Response{}, errKilled
	}
	out, err := k.Caller.Call(ctx, r)
	if k.dead.point() {
		return calls.Response{}, errKilled
	}
	return out, err
}

// stride is how many moments of the walk over a lab lie between two kills: the whole walk takes minutes, and is made with
// LIFEBOAT_STRIDE=1.
func stride(t *testing.T) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("LIFEBOAT_STRIDE"), "211"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Killed at moments all over every lab: resume finishes it, and clean-up ends at zero.
func TestLabsKilledAnywhere(t *testing.T) {
	for _, l := range runbooks.Labs() {
		book, err := runbooks.Open(l.ID)
		if err != nil {
			t.Fatal(err)
		}
		step := stride(t)
		for at, more := step/2+1, true; more; at += step {
			t.Run(fmt.Sprintf("%s/%d", l.ID, at), func(t *testing.T) {
				box, err := sandbox.Open(sandbox.Options{Seed: 1, Start: time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)})
				if err != nil {
					t.Fatal(err)
				}
				defer box.Close()
				dir, dead := t.TempDir(), &mortal{at: at}
				o := engine.Options{Runbook: book, Target: box.Target(), Unattended: true, Clean: true, ID: "demo-1",
					Journal: journal.Folder{Dir: dir, Wrap: func(f journal.File) journal.File { return diskFile{File: f, dead: dead} }},
					Caller:  func(g calls.Guard) calls.Caller { return killable{calls.New(box.Target(), g), dead} }}
				s, err := engine.Start(context.Background(), o)
				if err == nil {
					_, err = s.Wait()
				}
				if more = dead.dead; !more {
					return // the run was over before
				}
				if err == nil {
					t.Fatal("killed, and the run says nothing")
				}
				o.Journal.Wrap, o.Caller = nil, nil
				entries, err := o.Journal.Read("demo-1")
				if errors.Is(err, journal.ErrEmpty) || !exists(dir) {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if last := entries[len(entries)-1]; last.Kind == journal.RunEnded {
					return
				}
				s, err = engine.Resume(context.Background(), o, entries)
				out, err := finish(t, s, err)
				if err != nil || out.State != journal.RunPassed || out.Left != 0 {
					t.Fatalf("%+v %v: %s", out, err, failedReason(t, dir))
				}
				entries, _ = o.Journal.Read("demo-1")
				made := map[string]bool{}
				for _, e := range entries {
					if e.Kind == journal.CallResult && e.Call.Role == "call" && e.Call.OK && e.Call.Effect == "create" {
						if made[e.Call.ID] {
							t.Errorf("%s was made twice", e.Call.ID)
						}
						made[e.Call.ID] = true
					}
				}
			})
			if t.Failed() && step > 50 {
				return
			}
		}
	}
}
