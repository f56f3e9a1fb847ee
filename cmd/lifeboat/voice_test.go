package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

var (
	began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	tale  = &runbooks.Runbook{ID: "tale", Title: "A tale", Steps: []runbooks.Step{
		{ID: "volume", Phase: "prepare", Title: "Make a volume", Why: "Something must be\nlost.", Call: "ec2.CreateVolume"},
		{ID: "prove", Phase: "prove", Title: "Prove it"},
	}}
)

// taleEvents is a run that has one of everything a voice tells.
func taleEvents() []journal.Event {
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	wrong := false
	events := []journal.Event{
		{Kind: journal.RunStarted, Run: &journal.Run{ID: "tale-1", Runbook: "tale", Title: "A tale", Mode: "rehearse", Target: "sandbox", Account: "111122223333", Regions: map[string]string{"home": "us-east-2", "away": "us-west-2"}}},
		{Kind: journal.StepReady, Step: "volume", Preview: &journal.Preview{Calls: []journal.CallPreview{{Op: "ec2.CreateVolume", Region: "us-east-2", Effect: "create", CLI: "aws ec2 create-volume --size 1"}}, Cost: "0.08 USD a month", Undo: "ec2.DeleteVolume"}},
		{Kind: journal.StepStarted, Step: "volume", At: at(0)},
		{Kind: journal.CallResult, Step: "volume", Call: &journal.Call{Op: "ec2.CreateVolume", Region: "us-east-2", Role: "call", Code: "VolumeLimitExceeded", Message: "Too many.", RequestID: "r-1"}},
		{Kind: journal.CallResult, Step: "volume", Call: &journal.Call{Op: "ec2.CreateVolume", Region: "us-east-2", Role: "call", OK: true}},
		{Kind: journal.CallResult, Step: "volume", Call: &journal.Call{Op: "ec2.DescribeVolumes", Region: "us-east-2", Role: "wait", OK: true}},
		{Kind: journal.WaitStarted, Step: "volume", Wait: &journal.Wait{For: "volume available", Typical: 15 * time.Second}},
		{Kind: journal.WaitSeen, Step: "volume", Wall: at(3), Wait: &journal.Wait{For: "volume available", Seen: "creating", Elapsed: 3 * time.Second}},
		{Kind: journal.WaitSeen, Step: "volume", Wall: at(12), Wait: &journal.Wait{For: "volume available", Seen: "creating", Elapsed: 12 * time.Second}},
		{Kind: journal.WaitEnded, Step: "volume", Wall: at(13), Wait: &journal.Wait{For: "volume available", Seen: "available", Elapsed: 13 * time.Second, OK: true}},
		{Kind: journal.Checked, Step: "volume", Check: &journal.Check{Say: "It has 1 GiB", OK: true}},
		{Kind: journal.Checked, Step: "volume", Check: &journal.Check{Say: "It is encrypted", Got: "false"}},
		{Kind: journal.Asked, Step: "volume", Question: &journal.Question{ID: "q", Text: "Why?", Options: []journal.Option{{Value: "a", Label: "So", Note: "maybe"}}}},
		{Kind: journal.Answered, Step: "volume", Answer: &journal.Answer{Value: "a", By: "person", Right: &wrong, Because: "it is\nnot"}},
		{Kind: journal.Hinted, Step: "volume", Level: 1, Text: "look"},
		{Kind: journal.StepEnded, Step: "volume", State: journal.Skipped, Text: "no time", At: at(90)},
		{Kind: journal.StepStarted, Step: "prove", At: at(90)},
		{Kind: journal.Proved, Step: "prove", Proof: &journal.Proof{Data: "ebs-blocks", OK: true, Total: 2048, Equal: 2048, Unit: "blocks", Fingerprint: "0123456789abcdef0123", Expected: "0123456789abcdef0123"}},
		{Kind: journal.Clocks, Step: "prove", Clocks: &journal.Clock{Disaster: at(0), Proved: at(60), RPO: 5 * time.Minute, RTO: time.Minute, TargetRPO: 2 * time.Hour}},
		{Kind: journal.StepEnded, Step: "prove", State: journal.Passed, At: at(100)},
		{Kind: journal.CleanStart},
		{Kind: journal.CleanEnded, At: at(101), Left: []journal.Left{{What: "vol-1", Region: "us-east-2", Reason: "it is attached"}}},
		{Kind: journal.RunEnded, At: at(101), Outcome: &journal.Outcome{State: journal.RunIncomplete, Count: map[journal.State]int{journal.Passed: 1, journal.Skipped: 1}, Left: 1, RPO: 5 * time.Minute, RTO: time.Minute}},
	}
	return events
}

func tell(v voice) {
	for _, e := range taleEvents() {
		v.event(e)
	}
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := newLines(&out, tale, true)
	l.spoke = began
	tell(l)
	want := `Run tale-1: A tale
rehearse on sandbox, account 111122223333, away us-west-2, home us-east-2

Step 1 of 2, prepare: Make a volume
  Something must be lost.
  will call ec2.CreateVolume in us-east-2 (create)
  the same by hand: aws ec2 create-volume --size 1
  costs: 0.08 USD a month
  undo: ec2.DeleteVolume
  ec2.CreateVolume in us-east-2: VolumeLimitExceeded: Too many. (request r-1)
  ec2.CreateVolume in us-east-2: ok
  waiting for volume available, typically 15 s
  still waiting for volume available, 3 s so far, seen: creating
  there after 13 s, seen: available
  checked: It has 1 GiB
  NOT SO: It is encrypted, seen: false
  Why?
    1. So (maybe)
  answer (person): a
  that is not right
  because: it is not
  hint 1: look
  skipped: no time

Step 2 of 2, prove: Prove it
  2048 of 2048 blocks are equal, fingerprint 0123456789abcdef
  data lost (RPO): 5 min (target 2 h)
  time to recover (RTO): 1 min
  passed
Clean-up: everything this run made goes away, newest first
  left behind: 1
    vol-1 in us-east-2: it is attached

The run is over: incomplete (1 passed, 1 skipped)
Data lost 5 min, recovered in 1 min
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A waiting run speaks every ten seconds, not at every poll.
func TestHeartbeat(t *testing.T) {
	var out bytes.Buffer
	l := newLines(&out, tale, false)
	l.event(journal.Event{Kind: journal.WaitStarted, Step: "volume", Wall: began, Wait: &journal.Wait{For: "it"}})
	for s := range 61 {
		l.event(journal.Event{Kind: journal.WaitSeen, Step: "volume", Wall: began.Add(time.Duration(s) * time.Second), Wait: &journal.Wait{For: "it", Elapsed: time.Duration(s) * time.Second}})
	}
	if got := strings.Count(out.String(), "still waiting"); got != 6 {
		t.Errorf("%d heartbeats in a minute, want 6", got)
	}
}

func TestJSONLines(t *testing.T) {
	var out bytes.Buffer
	tell(newJSONLines(&out, tale))
	want := `{"schema":"lifeboat.run/1","kind":"run-started","run":"tale-1","runbook":"tale","mode":"rehearse","target":"sandbox","account":"111122223333","regions":{"away":"us-west-2","home":"us-east-2"},"steps":2,"at":"0001-01-01T00:00:00Z"}
{"kind":"step-ended","step":"volume","phase":"prepare","title":"Make a volume","state":"skipped","reason":"no time","seconds":90,"at":"2026-11-23T10:01:30Z"}
{"kind":"step-ended","step":"prove","phase":"prove","title":"Prove it","state":"passed","seconds":10,"at":"2026-11-23T10:01:40Z","proof":{"data":"ebs-blocks","ok":true,"total":2048,"equal":2048,"unit":"blocks","fingerprint":"0123456789abcdef0123","expected":"0123456789abcdef0123"}}
{"kind":"clean-ended","left":1,"items":[{"what":"vol-1","region":"us-east-2","reason":"it is attached"}],"at":"2026-11-23T10:01:41Z"}
{"kind":"run-ended","state":"incomplete","left":1,"rpo_seconds":300,"rto_seconds":60,"count":{"passed":1,"skipped":1},"at":"2026-11-23T10:01:41Z"}
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	quiet := &signals{over: make(chan struct{})}
	for _, c := range []struct {
		name string
		out  journal.Outcome
		run  followed
		o    labOptions
		want int
	}{
		{"passed", journal.Outcome{State: journal.RunPassed}, followed{}, labOptions{}, exitDone},
		{"skipped steps", journal.Outcome{State: journal.RunIncomplete}, followed{}, labOptions{}, exitDone},
		{"stopped", journal.Outcome{State: journal.RunStopped, Left: 3}, followed{}, labOptions{}, exitStopped},
		{"failed", journal.Outcome{State: journal.RunFailed}, followed{}, labOptions{}, exitFailed},
		{"failed check", journal.Outcome{State: journal.RunFailed}, followed{checkFailed: true}, labOptions{}, exitCheck},
		{"left behind", journal.Outcome{State: journal.RunPassed, Left: 1}, followed{}, labOptions{}, exitLeft},
		{"kept on purpose", journal.Outcome{State: journal.RunPassed, Left: 1}, followed{}, labOptions{keep: true}, exitDone},
		{"cleaned up", journal.Outcome{State: journal.RunStopped}, followed{}, labOptions{cleaning: true}, exitDone},
		{"not cleaned up", journal.Outcome{State: journal.RunStopped, Left: 1}, followed{}, labOptions{cleaning: true}, exitLeft},
	} {
		var errs bytes.Buffer
		p := &process{err: &errs}
		got := report(&errs, finish(p, c.run, c.out, nil, quiet, c.o), p)
		if got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, c.want)
		}
		if said := errs.Len() > 0; said != (got != exitDone || c.o.keep) {
			t.Errorf("%s: said %q", c.name, errs.String())
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", time.Second: "1 s", 90 * time.Second: "1 min 30 s", time.Hour: "1 h", 70 * time.Minute: "1 h 10 min", 10 * time.Minute: "10 min", 26 * time.Hour: "26 h"} {
		if got := short(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
