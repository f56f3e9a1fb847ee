// Package stage plays a scripted run to the screens: for their tests, their benchmarks and the frames in the documents.
//
// The script is a recovery of an EBS volume from end to end, with a failure, a skipped step, hints and questions. It is
// cut into cues; a session goes on to the next one when it is told something that would move a real run.
package stage

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// Cue is a moment at which the run stands still, and what happened until then.
type Cue struct {
	Name   string
	Events []journal.Event
}

// Began is when the scripted run begins, in the target's time and in this machine's.
var Began = time.Date(2026, 11, 23, 9, 58, 0, 0, time.UTC)

// writer writes events with a clock that goes on as it is told.
type writer struct {
	book *runbooks.Runbook
	cues []Cue
	now  time.Time
	buf  []journal.Event
	seq  int
	aws  bool
}

func (w *writer) add(after time.Duration, e journal.Event) {
	w.now = w.now.Add(after)
	if e.Durable() {
		w.seq++
	}
	e.Seq, e.At, e.Wall = w.seq, w.now, Began
	w.buf = append(w.buf, e)
}

func (w *writer) cue(name string) {
	w.cues = append(w.cues, Cue{name, w.buf})
	w.buf = nil
}

func (w *writer) step(id string) runbooks.Step {
	for _, s := range w.book.Steps {
		if s.ID == id {
			return s
		}
	}
	panic("the script has no step " + id)
}

func (w *writer) ready(id string, p journal.Preview) {
	w.add(0, journal.Event{Kind: journal.StepReady, Step: id, Phase: w.step(id).Phase, Preview: &p})
}

func (w *writer) start(id string) {
	w.add(time.Second, journal.Event{Kind: journal.StepStarted, Step: id, Phase: w.step(id).Phase})
}

func (w *writer) call(id, op, effect, region string) {
	c := journal.Call{ID: fmt.Sprintf("%s-%d", id, w.seq), Op: op, Effect: effect, Region: region, Role: "call"}
	w.add(0, journal.Event{Kind: journal.CallIntent, Step: id, Call: &c})
	done := c
	done.OK, done.Millis, done.Attempts = true, int64(38+len(op)), 1
	w.add(time.Second, journal.Event{Kind: journal.CallResult, Step: id, Call: &done})
}

func (w *writer) end(id string, s journal.State, why string) {
	w.add(time.Second, journal.Event{Kind: journal.StepEnded, Step: id, State: s, Text: why})
}

func (w *writer) check(id, say string, ok bool, got string) {
	w.add(0, journal.Event{Kind: journal.Checked, Step: id, Check: &journal.Check{Say: say, OK: ok, Got: got}})
}

// pass is a whole uneventful step of one call.
func (w *writer) pass(id string, more time.Duration) {
	s := w.step(id)
	w.ready(id, journal.Preview{})
	w.start(id)
	if s.Call != "" {
		w.call(id, s.Call, "create", "us-east-2")
	}
	for _, c := range s.Checks {
		w.check(id, c.Say, true, "")
	}
	w.add(more, journal.Event{Kind: journal.Time})
	w.end(id, journal.Passed, "")
}

// Script is the run in cues: on the sandbox, or on an AWS account.
func Script(aws bool) (*runbooks.Runbook, []Cue) {
	w := &writer{book: Book(), now: Began, aws: aws}
	run := &journal.Run{
		ID: "ebs-snapshots-20261123-0958-x7k2", Schema: journal.Schema, Runbook: "ebs-snapshots", Title: w.book.Title, Mode: "rehearse",
		Target: "sandbox", Account: "111122223333", Regions: map[string]string{"home": "us-east-2", "away": "us-west-2"},
	}
	if aws {
		run.Target, run.Mode, run.Alias = "aws", "drill", "acme-staging"
	}
	w.add(0, journal.Event{Kind: journal.RunStarted, Run: run})
	w.prepare()
	w.protect()
	w.disaster()
	w.recover()
	w.finish()
	return w.book, w.cues
}

func (w *writer) prepare() {
	w.pass("zones", 0)
	w.pass("seed", 4*time.Second)
	w.ready("volume", journal.Preview{
		Calls: []journal.CallPreview{
			{Op: "ec2.CreateVolume", Effect: "create", Region: "us-east-2", Role: "call", Params: map[string]any{
				"AvailabilityZone": "us-east-2a", "SnapshotId": "snap-0c2f31a94d6b7e805", "VolumeType": "gp3",
				"ClientToken":       "5f0c7a1e-volume",
				"TagSpecifications": []any{map[string]any{"ResourceType": "volume", "Tags": []any{map[string]any{"Key": "lifeboat:run", "Value": "ebs-snapshots-20261123-0958-x7k2"}}}},
			}, CLI: "aws ec2 create-volume --region us-east-2 --availability-zone us-east-2a --snapshot-id snap-0c2f31a94d6b7e805 --volume-type gp3 --client-token 5f0c7a1e-volume --tag-specifications 'ResourceType=volume,Tags=[{Key=lifeboat:run,Value=ebs-snapshots-20261123-0958-x7k2}]'"},
			{Op: "ec2.DescribeVolumes", Effect: "read", Region: "us-east-2", Role: "wait", Params: map[string]any{"VolumeIds": []any{"(of CreateVolume)"}},
				CLI: "aws ec2 describe-volumes --region us-east-2 --volume-ids VOLUME"},
		},
		Creates: "an EBS volume, 1 GiB gp3", Cost: "about 0.08 USD a month while it exists (gp3, 1 GiB; us-east-1 list price of 2024-07)",
		Undo: "ec2.DeleteVolume", Typical: "30 s",
	})
	w.cue("ready")
	w.add(0, journal.Event{Kind: journal.Hinted, Step: "volume", Level: 1, Text: "A volume needs a zone and either a size or a snapshot."})
	w.cue("hint")
	w.start("volume")
	w.call("volume", "ec2.CreateVolume", "create", "us-east-2")
	k := journal.Wait{For: "the volume is available", Seen: "creating", Typical: 30 * time.Second, Within: 5 * time.Minute}
	w.add(0, journal.Event{Kind: journal.WaitStarted, Step: "volume", Wait: &k})
	k2 := k
	k2.Elapsed, k2.Polls = 12*time.Second, 3
	w.add(12*time.Second, journal.Event{Kind: journal.WaitSeen, Step: "volume", Wait: &k2})
	w.cue("waiting")
	k3 := k
	k3.Elapsed, k3.Polls, k3.OK, k3.Seen = 18*time.Second, 4, true, "available"
	w.add(6*time.Second, journal.Event{Kind: journal.WaitEnded, Step: "volume", Wait: &k3})
	w.check("volume", "The volume has 1 GiB", true, "")
	w.check("volume", "It was made from the snapshot with the known data", true, "")
	w.end("volume", journal.Passed, "")
}

func (w *writer) points(id string, points ...journal.Point) {
	w.add(0, journal.Event{Kind: journal.Points, Step: id, Points: points})
}

var first = journal.Point{ID: "snap-01", At: Began.Add(32 * time.Second), Holds: "generation one", Where: "home"}
var second = journal.Point{ID: "snap-02", At: Began.Add(3 * time.Minute), Holds: "generation two", Where: "home"}

func (w *writer) protect() {
	w.ready("first", journal.Preview{Calls: []journal.CallPreview{{Op: "ec2.CreateSnapshot", Effect: "create", Region: "us-east-2", Role: "call",
		Params: map[string]any{"VolumeId": "vol-0a91bd7731f0c2e55", "Description": "lifeboat: first snapshot"},
		CLI:    "aws ec2 create-snapshot --region us-east-2 --volume-id vol-0a91bd7731f0c2e55 --description 'lifeboat: first snapshot'"}},
		Creates: "a snapshot", Cost: "about 0.05 USD a month per GiB stored", Undo: "ec2.DeleteSnapshot", Typical: "2 min"})
	w.cue("snapshot")
	w.start("first")
	w.call("first", "ec2.CreateSnapshot", "create", "us-east-2")
	w.check("first", "The snapshot is completed", false, "State = pending")
	w.end("first", journal.Failed, "a check does not hold: the snapshot is completed")
	w.cue("failed")
	w.start("first")
	w.add(time.Minute, journal.Event{Kind: journal.Time})
	w.check("first", "The snapshot is completed", true, "")
	w.points("first", first)
	w.end("first", journal.Passed, "")
	w.pass("change", 3*time.Minute)
	w.points("change", first, second)
	w.pass("difference", 0)
	w.ready("quiz-incremental", journal.Preview{})
	w.start("quiz-incremental")
	w.add(0, journal.Event{Kind: journal.Asked, Step: "quiz-incremental", Question: &journal.Question{
		ID: "quiz-incremental", Type: "quiz", Text: "The second snapshot stores one block. You delete the first, which stores the other fifteen. What can you restore from the second?",
		Options: []journal.Option{{Value: "Only the one block that changed"}, {Value: "The whole volume, as it was at the second snapshot"}, {Value: "Nothing, because the chain is broken"}},
	}})
	w.cue("quiz")
	yes := true
	w.add(time.Second, journal.Event{Kind: journal.Answered, Step: "quiz-incremental", Answer: &journal.Answer{Question: "quiz-incremental",
		Value: "The whole volume, as it was at the second snapshot", Right: &yes, By: "person",
		Because: "A snapshot refers to every block it needs. Deleting one frees only the blocks that no other snapshot needs, so the order in which snapshots are deleted never matters."}})
	w.end("quiz-incremental", journal.Passed, "")
	w.cue("answered")
	w.ready("copy", journal.Preview{})
	w.end("copy", journal.Skipped, "no second Region for us")
	away, partner := second, second
	away.ID, away.Where = "snap-03", "away"
	partner.ID, partner.Where = "snap-04", "partner account"
	w.pass("share", 20*time.Second)
	w.points("share", first, second, away, partner)
	w.pass("policy", 0)
	w.day(first, second, away, partner)
}

// day lets a policy take a day of snapshots, of which it keeps the last twelve.
func (w *writer) day(points ...journal.Point) {
	w.ready("day", journal.Preview{})
	w.start("day")
	from := w.now.Truncate(time.Hour).Add(time.Hour)
	for i := range 24 {
		at := from.Add(time.Duration(i) * time.Hour)
		points = append(points, journal.Point{ID: fmt.Sprintf("snap-h%02d", i), At: at, Holds: "generation two", Where: "home"})
		if i >= 12 {
			points[len(points)-13].Gone = true
		}
		w.now = at
		w.points("day", append([]journal.Point(nil), points...)...)
	}
	w.add(0, journal.Event{Kind: journal.Note, Step: "day", Text: "A day has passed: 24 snapshots were taken and 12 of them have expired."})
	w.end("day", journal.Passed, "")
	w.ready("overwrite", journal.Preview{Calls: []journal.CallPreview{{Op: "ebs.PutSnapshotBlock", Effect: "change", Region: "us-east-2", Role: "call",
		Params: map[string]any{"BlockIndex": 512, "DataLength": 524288}, CLI: "aws ebs put-snapshot-block --region us-east-2 --block-index 512"}},
		Undo: "cannot be undone: that is what the snapshots are for"})
	w.cue("day")
}

func (w *writer) known() []journal.Point {
	var last []journal.Point
	for _, c := range append(w.cues, Cue{Events: w.buf}) {
		for _, e := range c.Events {
			if e.Kind == journal.Points {
				last = e.Points
			}
		}
	}
	return append([]journal.Point(nil), last...)
}

func (w *writer) disaster() {
	w.start("overwrite")
	w.call("overwrite", "ebs.PutSnapshotBlock", "change", "us-east-2")
	w.add(23*time.Minute, journal.Event{Kind: journal.Clocks, Step: "overwrite", Clocks: &journal.Clock{Disaster: w.now.Add(23 * time.Minute)}})
	w.end("overwrite", journal.Passed, "")
	bad := journal.Point{ID: "snap-bad", At: w.now.Add(2 * time.Minute), Holds: "damage", Where: "home", Bad: true}
	w.add(2*time.Minute, journal.Event{Kind: journal.Time})
	w.points("lose", append(w.known(), bad)...)
	w.ready("lose", journal.Preview{Calls: []journal.CallPreview{{Op: "ec2.DeleteVolume", Effect: "delete", Region: "us-east-2", Role: "call",
		Params: map[string]any{"VolumeId": "vol-0a91bd7731f0c2e55"}, CLI: "aws ec2 delete-volume --region us-east-2 --volume-id vol-0a91bd7731f0c2e55"}},
		Undo: "cannot be undone: the volume's data is gone; it comes back from a snapshot"})
	w.add(time.Second, journal.Event{Kind: journal.Asked, Step: "lose", Question: &journal.Question{ID: "lose", Type: "confirm",
		Text: "The volume vol-0a91bd7731f0c2e55 will be deleted, with everything in it.", Typed: "vol-0a91bd7731f0c2e55"}})
	w.cue("confirm")
	w.add(0, journal.Event{Kind: journal.Answered, Step: "lose", Answer: &journal.Answer{Question: "lose", Value: "vol-0a91bd7731f0c2e55", By: "person"}})
	w.start("lose")
	w.call("lose", "ec2.DeleteVolume", "delete", "us-east-2")
	w.end("lose", journal.Passed, "")
}

func (w *writer) recover() {
	points := w.known()
	var options []journal.Option
	for i := len(points) - 1; i >= 0 && len(options) < 6; i-- {
		if p := points[i]; !p.Gone {
			options = append(options, journal.Option{Value: p.ID, Label: p.At.Format("Mon 15:04:05") + "  " + p.ID, Note: p.Holds})
		}
	}
	w.ready("choice", journal.Preview{})
	w.start("choice")
	w.add(0, journal.Event{Kind: journal.Asked, Step: "choice", Question: &journal.Question{ID: "choice", Type: "choose",
		Text: "Which recovery point do you restore from?", Options: options, Default: "snap-h23"}})
	w.cue("choose")
	w.add(time.Minute, journal.Event{Kind: journal.Answered, Step: "choice", Answer: &journal.Answer{Question: "choice", Value: "snap-h23", By: "person"}})
	for i := range points {
		points[i].Used = points[i].ID == "snap-h23"
	}
	w.points("choice", points...)
	w.end("choice", journal.Passed, "")
	w.ready("restore", journal.Preview{Calls: []journal.CallPreview{{Op: "ec2.CreateVolume", Effect: "create", Region: "us-east-2", Role: "call",
		Params: map[string]any{"SnapshotId": "snap-0h23", "AvailabilityZone": "us-east-2a"},
		CLI:    "aws ec2 create-volume --region us-east-2 --availability-zone us-east-2a --snapshot-id snap-0h23"}},
		Creates: "an EBS volume, 1 GiB gp3", Undo: "ec2.DeleteVolume", Typical: "30 s"})
	w.start("restore")
	w.call("restore", "ec2.CreateVolume", "create", "us-east-2")
	k := journal.Wait{For: "the volume is available", Seen: "creating", Typical: 30 * time.Second, Within: 5 * time.Minute, Elapsed: 44 * time.Second, Polls: 7}
	w.add(44*time.Second, journal.Event{Kind: journal.WaitSeen, Step: "restore", Wait: &k})
	w.cue("recovering")
	w.add(6*time.Minute, journal.Event{Kind: journal.Time})
	w.end("restore", journal.Passed, "")
	w.ready("proof", journal.Preview{})
	w.start("proof")
	disaster := w.clockOf()
	sum := "9f2c61d0b6a54e1f8d37c0aa41be6f7702d95c1be8840c3a6d2f1907e5b8c4d1"
	w.add(2*time.Minute, journal.Event{Kind: journal.Proved, Step: "proof", Proof: &journal.Proof{Data: "ebs-blocks", OK: true, Total: 2048, Equal: 2048, Unit: "blocks", Fingerprint: sum, Expected: sum}})
	newest := points[len(points)-2].At
	w.add(0, journal.Event{Kind: journal.Clocks, Step: "proof", Clocks: &journal.Clock{Disaster: disaster, NewestOut: newest, Proved: w.now,
		RPO: disaster.Sub(newest), RTO: w.now.Sub(disaster), TargetRPO: w.book.Targets.RPO, TargetRTO: w.book.Targets.RTO}})
	w.end("proof", journal.Passed, "")
	w.cue("proved")
}

func (w *writer) clockOf() time.Time {
	for _, c := range append(w.cues, Cue{Events: w.buf}) {
		for _, e := range c.Events {
			if e.Clocks != nil {
				return e.Clocks.Disaster
			}
		}
	}
	return time.Time{}
}

func (w *writer) finish() {
	w.add(time.Second, journal.Event{Kind: journal.CleanStart})
	for _, op := range []string{"ec2.DeleteVolume", "ec2.DeleteSnapshot", "ec2.DeleteSnapshot", "dlm.DeleteLifecyclePolicy"} {
		c := journal.Call{ID: fmt.Sprint("undo-", w.seq), Op: op, Effect: "delete", Region: "us-east-2", Role: "undo", OK: true, Millis: 41, Attempts: 1}
		w.add(time.Second, journal.Event{Kind: journal.CallResult, Step: "proof", Call: &c})
	}
	w.cue("cleaning")
	w.add(time.Second, journal.Event{Kind: journal.CleanEnded})
	var rpo, rto time.Duration
	for _, c := range w.cues {
		for _, e := range c.Events {
			if e.Clocks != nil {
				rpo, rto = e.Clocks.RPO, e.Clocks.RTO
			}
		}
	}
	w.add(0, journal.Event{Kind: journal.RunEnded, Outcome: &journal.Outcome{State: journal.RunIncomplete,
		Count: map[journal.State]int{journal.Passed: len(w.book.Steps) - 1, journal.Skipped: 1}, RPO: rpo, RTO: rto}})
	w.cue("ended")
}

// Session plays cues: it stands at the end of each until it is told something that moves a run.
type Session struct {
	book *runbooks.Runbook
	cues []Cue
	out  chan journal.Event

	mu   sync.Mutex
	next int
	done bool
	Said []engine.Command // what it was told, in order; read it through Heard
}

// Play begins a session at the first cue.
func Play(book *runbooks.Runbook, cues []Cue) *Session {
	n := 0
	for _, c := range cues {
		n += len(c.Events)
	}
	s := &Session{book: book, cues: cues, out: make(chan journal.Event, n+8)}
	s.advance()
	return s
}

func (s *Session) advance() {
	if s.done {
		return
	}
	if s.next < len(s.cues) {
		for _, e := range s.cues[s.next].Events {
			s.out <- e
		}
		s.next++
	}
	if s.next == len(s.cues) {
		s.done = true
		close(s.out)
	}
}

// Advance goes on to the next cue without having been told to.
func (s *Session) Advance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
}

// RunID see engine.Session.
func (s *Session) RunID() string { return s.cues[0].Events[0].Run.ID }

// Runbook see engine.Session.
func (s *Session) Runbook() *runbooks.Runbook { return s.book }

// Events see engine.Session.
func (s *Session) Events() <-chan journal.Event { return s.out }

// Send see engine.Session.
func (s *Session) Send(c engine.Command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Said = append(s.Said, c)
	switch c.Kind {
	case engine.Do, engine.Reply, engine.Skip, engine.Hint, engine.Auto:
		s.advance()
	case engine.Stop:
		if !s.done {
			s.done = true
			s.out <- journal.Event{Kind: journal.RunEnded, At: Began, Outcome: &journal.Outcome{State: journal.RunStopped}}
			close(s.out)
		}
	}
}

// Heard lists what it was told.
func (s *Session) Heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.Said {
		out = append(out, strings.TrimSpace(string(c.Kind)+" "+c.Step+" "+c.Text))
	}
	return strings.Join(out, "; ")
}

// Wait see engine.Session.
func (s *Session) Wait() (journal.Outcome, error) { return journal.Outcome{}, nil }
