package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lifeboat/runbooks/journal"
)

func at(minute int) time.Time { return time.Date(2026, 11, 23, 5, minute, 0, 0, time.UTC) }

// written gives the lines of a journal with these events.
func written(t *testing.T, events ...journal.Event) []journal.Entry {
	t.Helper()
	f := journal.Folder{Dir: t.TempDir()}
	w, err := f.Create("run")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if _, err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := f.Read("run")
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func story() []journal.Event {
	run := &journal.Run{ID: "demo-1", Title: "A lab | with a bar", Runbook: "demo", Mode: "rehearse", Target: "sandbox", Account: "111122223333", Regions: map[string]string{"home": "us-east-2", "away": "us-west-2"}}
	call := &journal.Call{ID: "volume/1", Op: "ec2.CreateVolume", Effect: "create", Region: "us-east-2", Role: "call"}
	done := *call
	done.OK, done.RequestID = true, "req-7"
	proof := journal.Proof{Data: "ebs-blocks", OK: true, Total: 2048, Equal: 2048, Unit: "blocks", Fingerprint: "ab12", Expected: "ab12"}
	return []journal.Event{
		{Kind: journal.RunStarted, Wall: at(0), Run: run},
		{Kind: journal.StepStarted, At: at(1), Step: "volume", Phase: "prepare"},
		{Kind: journal.CallIntent, At: at(1), Step: "volume", Call: call},
		{Kind: journal.CallResult, At: at(2), Step: "volume", Call: &done},
		{Kind: journal.Checked, At: at(2), Step: "volume", Check: &journal.Check{Say: "it is there", OK: true}},
		{Kind: journal.StepEnded, At: at(2), Step: "volume", State: journal.Passed},
		{Kind: journal.RunResumed, Wall: at(3), Run: run, Text: "the runbook changed since the run began: proof changed"},
		{Kind: journal.Points, At: at(3), Step: "volume", Points: []journal.Point{{ID: "snap-0", At: at(1), Gone: true}, {ID: "snap-1", At: at(10), Used: true}, {ID: "snap-2", At: at(30), Bad: true}}},
		{Kind: journal.StepStarted, At: at(40), Step: "proof", Phase: "prove"},
		{Kind: journal.Proved, At: at(40), Step: "proof", Proof: &proof},
		{Kind: journal.Clocks, At: at(40), Step: "proof", Clocks: &journal.Clock{Disaster: at(25), NewestOut: at(10), Proved: at(40), RPO: 15 * time.Minute, RTO: 15 * time.Minute, TargetRPO: time.Hour, TargetRTO: 10 * time.Minute}},
		{Kind: journal.StepEnded, At: at(40), Step: "proof", State: journal.Passed},
		{Kind: journal.CleanStart, At: at(41)},
		{Kind: journal.CleanEnded, At: at(42), Left: []journal.Left{{What: "vol-1", Region: "us-east-2", Step: "volume", Reason: "it is protected"}}},
		{Kind: journal.RunEnded, Wall: at(5), Outcome: &journal.Outcome{State: journal.RunPassed, Left: 1}},
	}
}

func TestReportTellsWhatTheJournalHolds(t *testing.T) {
	entries := written(t, story()...)
	r, err := New(entries)
	if err != nil {
		t.Fatal(err)
	}
	var md, again, js bytes.Buffer
	if err := r.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	if err := r.Markdown(&again); err != nil || md.String() != again.String() {
		t.Error("the same report is not the same text")
	}
	for _, want := range []string{
		"# A lab \\| with a bar", "**passed**", "2048 of 2048 blocks", "| RPO, data lost | 15m0s | 1h0m0s | met |", "| RTO, outage | 15m0s | 10m0s | missed |",
		"| ec2.CreateVolume | us-east-2 |  | done | `req-7` |", "| vol-1 | us-east-2 | volume | it is protected |", entries[len(entries)-1].Hash, "| resumed | 1 |",
		"points    .---------------@-----------------------------------!-------------------",
		"                    |--------------------------x===========================#",
	} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("the report lacks %q\n%s", want, md.String())
		}
	}
	if err := r.JSON(&js); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || back.Schema != Schema || back.Clock.RTO != 900 || len(back.Changes) != 1 || back.Steps[0].Calls[0].RequestID != "req-7" || back.State != journal.RunPassed {
		t.Errorf("%+v %v", back, err)
	}
}

func TestReportOfARunThatWasCutOff(t *testing.T) {
	for n := 1; n <= len(story()); n++ {
		r, err := New(written(t, story()[:n]...))
		if err != nil {
			t.Fatal(err)
		}
		if n < len(story()) && r.State != journal.RunStopped {
			t.Errorf("after %d lines the run is %s", n, r.State)
		}
		if err := r.Markdown(&bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	}
	if _, err := New(nil); err == nil {
		t.Error("a report of nothing")
	}
}
