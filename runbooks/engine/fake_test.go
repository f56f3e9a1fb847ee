package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// clock jumps: whoever waits moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) Wait(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.Pass(ctx, d)
}
func (c *clock) Pass(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}
func (c *clock) Rate() float64 { return 0 }

// thing is one resource of the fake AWS.
type thing struct {
	ID, Kind, Step, Run, Region, Token, From string
	Born                                     time.Time
	Broken                                   bool
}

// cloud is a scripted AWS: volumes and snapshots, made by token and tag, described and deleted; it refuses, loses answers and
// dies where a test says so. What it holds survives the death of the program, as AWS does.
type cloud struct {
	mu      sync.Mutex
	clock   *clock
	things  map[string]*thing
	serial  int
	made    map[string]int // creations by step tag
	blocks  map[string]map[int][]byte
	sealed  map[string]bool
	calls   int
	fault   func(n int, r calls.Request) fault
	byOp    map[string]int
	breakIt int             // so many volumes come up broken
	deny    map[string]bool // ids that cannot be deleted
}

// fault is what happens to a call instead of its answer.
type fault struct {
	err  *calls.Error
	done bool // the work is done all the same
}

func newCloud() *cloud {
	return &cloud{clock: &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}, things: map[string]*thing{}, made: map[string]int{}, byOp: map[string]int{},
		blocks: map[string]map[int][]byte{}, sealed: map[string]bool{}, deny: map[string]bool{}}
}

// session is the cloud as one process sees it, until it is killed.
type session struct {
	*cloud
	dead *mortal
}

// mortal counts the points at which a process may be killed, and kills it at one of them.
type mortal struct {
	mu    sync.Mutex
	at    int // the point to die at; 0 is never
	count int
	dead  bool
}

var errKilled = errors.New("killed")

// point counts one moment and reports whether the process is dead from it on.
func (m *mortal) point() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	if m.count == m.at {
		m.dead = true
	}
	return m.dead
}

func (s *session) Call(ctx context.Context, r calls.Request) (calls.Response, error) {
	if ctx.Err() != nil {
		return calls.Response{}, &calls.Error{Op: r.Op, Kind: calls.Stopped}
	}
	if s.dead.point() {
		return calls.Response{}, errKilled
	}
	n, out, err := s.cloud.numbered(r)
	if s.dead.point() {
		return calls.Response{}, errKilled
	}
	return calls.Response{Output: out, RequestID: fmt.Sprintf("req-%d", n), Attempts: 1}, err
}

func (c *cloud) answer(r calls.Request) (map[string]any, error) {
	_, out, err := c.numbered(r)
	return out, err
}

// numbered answers a request, and says which one it was.
func (c *cloud) numbered(r calls.Request) (int, map[string]any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	out, err := c.faulty(r)
	return c.calls, out, err
}

func (c *cloud) faulty(r calls.Request) (map[string]any, error) {
	c.byOp[r.Op]++
	if c.fault != nil {
		f := c.fault(c.calls, r)
		if f.err != nil {
			f.err.Op, f.err.Region = r.Op, r.Region
			if f.done {
				_, _ = c.work(r)
			}
			return nil, f.err
		}
	}
	return c.work(r)
}

// count is how often a step's thing was made; of all steps when step is empty.
func (c *cloud) count(step string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if step == "" {
		return len(c.made)
	}
	return c.made[step]
}

func refuse(r calls.Request, code, message string) (map[string]any, error) {
	kind := calls.Client
	if strings.HasSuffix(code, ".NotFound") {
		kind = calls.NotFound
	}
	return nil, &calls.Error{Op: r.Op, Region: r.Region, Code: code, Message: message, Kind: kind, RequestID: "req-x", Attempts: 1}
}

func (c *cloud) work(r calls.Request) (map[string]any, error) {
	text := func(k string) string { s, _ := r.Params[k].(string); return s }
	switch r.Op {
	case "ec2.CreateVolume":
		return c.create(r, "volume", "VolumeId", text("SnapshotId"))
	case "ec2.CreateSnapshot":
		return c.create(r, "snapshot", "SnapshotId", text("VolumeId"))
	case "ebs.StartSnapshot":
		return c.create(r, "snapshot", "SnapshotId", text("ParentSnapshotId"))
	case "ec2.DescribeVolumes":
		return map[string]any{"Volumes": c.list(r, "volume", "VolumeId", "VolumeIds")}, c.missing(r, "VolumeIds", "InvalidVolume.NotFound")
	case "ec2.DescribeSnapshots":
		return map[string]any{"Snapshots": c.list(r, "snapshot", "SnapshotId", "SnapshotIds")}, c.missing(r, "SnapshotIds", "InvalidSnapshot.NotFound")
	case "ec2.DeleteVolume":
		return c.remove(r, text("VolumeId"), "InvalidVolume.NotFound")
	case "ec2.DeleteSnapshot":
		return c.remove(r, text("SnapshotId"), "InvalidSnapshot.NotFound")
	case "ec2.ModifySnapshotAttribute":
		return refuse(r, "OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
	case "ebs.CompleteSnapshot":
		c.sealed[text("SnapshotId")] = true
		return map[string]any{"Status": "completed"}, nil
	case "ebs.PutSnapshotBlock":
		id := text("SnapshotId")
		if c.things[id] == nil || c.sealed[id] {
			return refuse(r, "ValidationException", "the snapshot is not pending")
		}
		if c.blocks[id] == nil {
			c.blocks[id] = map[int][]byte{}
		}
		c.blocks[id][int(r.Params["BlockIndex"].(float64))] = r.Params["BlockData"].([]byte)
		return map[string]any{}, nil
	case "ebs.ListSnapshotBlocks":
		var out []any
		for i := range c.content(text("SnapshotId")) {
			out = append(out, map[string]any{"BlockIndex": float64(i), "BlockToken": "t"})
		}
		return map[string]any{"Blocks": out}, nil
	case "ebs.GetSnapshotBlock":
		return map[string]any{"BlockData": c.content(text("SnapshotId"))[int(r.Params["BlockIndex"].(float64))]}, nil
	case "resourcegroupstaggingapi.GetResources":
		filters := r.Params["TagFilters"].([]any)[0].(map[string]any)
		run := filters["Values"].([]any)[0].(string)
		var out []any
		for _, t := range c.sorted() {
			if t.Run == run && t.Region == r.Region {
				out = append(out, map[string]any{"ResourceARN": "arn:aws:ec2:" + t.Region + ":111122223333:" + t.Kind + "/" + t.ID})
			}
		}
		return map[string]any{"ResourceTagMappingList": out, "PaginationToken": ""}, nil
	}
	return refuse(r, "UnknownOperation", r.Op)
}

// content follows a thing to what it was made from.
func (c *cloud) content(id string) map[int][]byte {
	out := map[int][]byte{}
	for t := c.things[id]; t != nil; t = c.things[t.From] {
		for i, b := range c.blocks[t.ID] {
			if out[i] == nil {
				out[i] = b
			}
		}
	}
	return out
}

func (c *cloud) create(r calls.Request, kind, idName, from string) (map[string]any, error) {
	token, _ := r.Params["ClientToken"].(string)
	t := &thing{Kind: kind, Region: r.Region, Token: token, From: from, Born: c.clock.Now()}
	if token != "" {
		for _, was := range c.things {
			if was.Token == token && was.Kind == kind {
				return map[string]any{idName: was.ID, "StartTime": was.Born.Format(time.RFC3339)}, nil
			}
		}
	}
	raw, _ := json.Marshal(r.Params)
	var tagged struct {
		Tags              []map[string]string
		TagSpecifications []struct{ Tags []map[string]string }
	}
	if err := json.Unmarshal(raw, &tagged); err != nil {
		return nil, err
	}
	tags := tagged.Tags
	for _, s := range tagged.TagSpecifications {
		tags = append(tags, s.Tags...)
	}
	for _, tag := range tags {
		switch tag["Key"] {
		case "lifeboat:run":
			t.Run = tag["Value"]
		case "lifeboat:step":
			t.Step = tag["Value"]
		}
	}
	c.serial++
	t.ID = fmt.Sprintf("%s-%04d", kind[:4], c.serial)
	if kind == "volume" && c.breakIt > 0 {
		c.breakIt--
		t.Broken = true
	}
	c.things[t.ID] = t
	c.made[t.Step]++
	return map[string]any{idName: t.ID, "StartTime": t.Born.Format(time.RFC3339), "From": from}, nil
}

func (c *cloud) sorted() []*thing {
	var out []*thing
	for _, t := range c.things {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *thing) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (c *cloud) list(r calls.Request, kind, idName, idsName string) []any {
	ids, _ := r.Params[idsName].([]any)
	step := ""
	if filters, ok := r.Params["Filters"].([]any); ok {
		f := filters[0].(map[string]any)
		step = f["Values"].([]any)[0].(string)
	}
	out := []any{}
	for _, t := range c.sorted() {
		if t.Kind != kind || t.Region != r.Region || step != "" && t.Step != step || len(ids) > 0 && !slices.Contains(ids, any(t.ID)) {
			continue
		}
		state := "creating"
		if c.clock.Now().Sub(t.Born) > 20*time.Second {
			state = map[string]string{"volume": "available", "snapshot": "completed"}[kind]
		}
		if t.Broken {
			state = "error"
		}
		out = append(out, map[string]any{idName: t.ID, "State": state, "Size": float64(1), "StartTime": t.Born.Format(time.RFC3339)})
	}
	return out
}

func (c *cloud) missing(r calls.Request, idsName, code string) error {
	ids, _ := r.Params[idsName].([]any)
	for _, id := range ids {
		if c.things[id.(string)] == nil {
			_, err := refuse(r, code, fmt.Sprintf("%v does not exist", id))
			return err
		}
	}
	return nil
}

func (c *cloud) remove(r calls.Request, id, code string) (map[string]any, error) {
	if c.things[id] == nil {
		return refuse(r, code, id+" does not exist")
	}
	if c.deny[id] {
		return refuse(r, "OperationNotPermitted", id+" is protected")
	}
	delete(c.things, id)
	return map[string]any{}, nil
}

// diskFile is a journal file that dies, tears a line or finds the disk full where a test says so.
type diskFile struct {
	journal.File
	dead *mortal
	full *int // writes until the disk is full; nil is never
}

func (d diskFile) Write(p []byte) (int, error) {
	if d.full != nil {
		if *d.full--; *d.full < 0 {
			n, _ := d.File.Write(p[:len(p)/3])
			return n, syscall.ENOSPC
		}
	}
	if d.dead.point() { // before
		return 0, errKilled
	}
	if d.dead.point() { // in the middle
		_, _ = d.File.Write(p[:len(p)/2])
		return 0, errKilled
	}
	n, err := d.File.Write(p)
	if d.dead.point() { // after
		return n, errKilled
	}
	return n, err
}

// Sync is nothing here: a killed process, unlike a power cut, loses nothing that was written.
func (d diskFile) Sync() error { return nil }

func (d diskFile) Truncate(n int64) error {
	if d.dead.dead {
		return errKilled
	}
	return d.File.Truncate(n)
}

const book = `
id: demo
title: A small lab
kind: lab
summary: Data is written, lost and brought back.
source: [https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshots.html]
minutes: 5
regions: {home: primary, away: secondary}
targets: {rpo: 1h, rto: 1h}
steps:
  - id: start
    phase: prepare
    title: Open a snapshot
    why: It holds the data.
    call: ebs.StartSnapshot
    with: {VolumeSize: 1, ClientToken: "${{ token }}", Tags: "${{ tag_list() }}"}
    check: {that: SnapshotId != null, say: It has an id, else: look at the error}
    hints: [one, two, three]
    undo: {call: ec2.DeleteSnapshot, with: {SnapshotId: "${{ start.SnapshotId }}"}, gone: InvalidSnapshot.NotFound}
  - id: seed
    phase: prepare
    title: Write data
    why: To know it again.
    seed: {data: ebs-blocks, with: {snapshot: "${{ start.SnapshotId }}", gib: 1, blocks: [0, 7], text: one}}
    hints: [one, two, three]
  - id: complete
    phase: prepare
    title: Close it
    why: It must be closed.
    call: ebs.CompleteSnapshot
    with: {SnapshotId: "${{ start.SnapshotId }}", ChangedBlocksCount: "${{ seed.ChangedBlocksCount }}"}
    find: {call: ec2.DescribeSnapshots, with: {SnapshotIds: ["${{ start.SnapshotId }}"]}, take: "Snapshots[?State=='completed'] | [0]"}
    wait: {call: ec2.DescribeSnapshots, with: {SnapshotIds: ["${{ start.SnapshotId }}"]}, until: "Snapshots[0].State == 'completed'", within: 5m}
    check: {that: "Snapshots[0].State == 'completed'", say: It is completed, else: wait}
    hints: [one, two, three]
    undo: {none: the snapshot is deleted by the step that started it}
  - id: volume
    phase: prepare
    title: Make a volume
    why: It is the one to lose.
    call: ec2.CreateVolume
    with: {AvailabilityZone: "${{ home }}a", SnapshotId: "${{ start.SnapshotId }}", ClientToken: "${{ token }}", TagSpecifications: "${{ tags('volume') }}"}
    wait: {call: ec2.DescribeVolumes, with: {VolumeIds: ["${{ volume.VolumeId }}"]}, until: "Volumes[0].State == 'available'", fails: "Volumes[0].State == 'error'", within: 5m, typical: 20s}
    check: {that: "Volumes[0].Size == ` + "`1`" + `", say: The volume has 1 GiB, else: look at its size}
    hints: [one, two, three]
    undo: {call: ec2.DeleteVolume, with: {VolumeId: "${{ volume.VolumeId }}"}, gone: InvalidVolume.NotFound}
  - id: copies
    phase: protect
    title: Take two snapshots
    why: One is none.
    for-each: "['a', 'b']"
    call: ec2.CreateSnapshot
    with: {VolumeId: "${{ volume.VolumeId }}", Description: "copy ${{ each }}", TagSpecifications: [{ResourceType: snapshot, Tags: [{Key: "lifeboat:run", Value: "${{ run }}"}, {Key: "lifeboat:step", Value: "${{ run }}/copies-${{ each }}"}]}]}
    find: {call: ec2.DescribeSnapshots, with: {Filters: [{Name: "tag:lifeboat:step", Values: ["${{ run }}/copies-${{ each }}"]}]}, take: "Snapshots[0]"}
    wait: {call: ec2.DescribeSnapshots, with: {SnapshotIds: ["${{ copies.SnapshotId }}"]}, until: "Snapshots[0].State == 'completed'", within: 5m}
    points: "[{id: SnapshotId, at: StartTime, holds: 'generation one', where: home}]"
    check: {that: "Snapshots[0].State == 'completed'", say: It is completed, else: wait}
    hints: [one, two, three]
    undo: {call: ec2.DeleteSnapshot, with: {SnapshotId: "${{ copies.SnapshotId }}"}, gone: InvalidSnapshot.NotFound}
  - id: share
    phase: protect
    title: Try to share one
    why: To meet the refusal.
    call: ec2.ModifySnapshotAttribute
    with: {SnapshotId: "${{ copies[0].SnapshotId }}", Attribute: createVolumePermission, OperationType: add, UserIds: ["444455556666"]}
    refused: {code: OperationNotPermitted, say: AWS refuses}
    hints: [one, two, three]
    undo: {none: it changes nothing}
  - id: question
    phase: disaster
    title: What now?
    why: To think.
    quiz: {ask: "What is next?", choices: [nothing, a disaster], answer: a disaster, because: it always is}
    hints: [one, two, three]
  - id: lose
    phase: disaster
    title: Lose the volume
    why: It happens.
    call: ec2.DeleteVolume
    with: {VolumeId: "${{ volume.VolumeId }}"}
    check: {call: ec2.DescribeVolumes, with: {Filters: [{Name: "tag:lifeboat:step", Values: ["${{ run }}/volume"]}]}, that: "length(Volumes) == ` + "`0`" + `", say: It is gone, else: delete it}
    clock: disaster
    hints: [one, two, three]
  - id: restore
    phase: recover
    title: Bring it back
    why: That is what backups are for.
    call: ec2.CreateVolume
    with: {AvailabilityZone: "${{ home }}a", SnapshotId: "${{ copies[1].SnapshotId }}", ClientToken: "${{ token }}", TagSpecifications: "${{ tags('volume') }}"}
    wait: {call: ec2.DescribeVolumes, with: {VolumeIds: ["${{ restore.VolumeId }}"]}, until: "Volumes[0].State == 'available'", within: 5m}
    check: {that: "Volumes[0].State == 'available'", say: It is back, else: wait}
    hints: [one, two, three]
    undo: {call: ec2.DeleteVolume, with: {VolumeId: "${{ restore.VolumeId }}"}, gone: InvalidVolume.NotFound}
  - id: proof
    phase: prove
    title: Prove it
    why: A volume is no proof.
    prove: {data: ebs-blocks, against: seed, with: {snapshot: "${{ start.SnapshotId }}", gib: 1}}
    clock: proved
    hints: [one, two, three]
`

func demo(t testing.TB) *runbooks.Runbook {
	t.Helper()
	b, problems := runbooks.Parse("demo.yaml", []byte(book), runbooks.Builtin())
	for _, p := range problems {
		t.Error(p)
	}
	if b == nil {
		t.Fatal("the demo runbook does not parse")
	}
	return b
}

// options of an unattended run in a folder, killed at a point (0: never).
func options(t testing.TB, b *runbooks.Runbook, c *cloud, dir string, dead *mortal) engine.Options {
	t.Helper()
	wall := time.Date(2026, 11, 23, 21, 45, 0, 0, time.UTC)
	return engine.Options{
		Runbook: b, Unattended: true, Clean: true, Version: "test",
		Target:  &account.Target{Kind: account.Sandbox, Home: "us-east-2", Away: "us-west-2", Clock: c.clock, Own: account.Identity{Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/me"}},
		Journal: journal.Folder{Dir: dir, Wrap: func(f journal.File) journal.File { return diskFile{File: f, dead: dead} }},
		Caller:  func(calls.Guard) calls.Caller { return &session{c, dead} },
		ID:      "demo-1",
		NewID:   func() string { return "x7k2" },
		Wall:    func() time.Time { return wall },
		Rand:    func() float64 { return 0.5 },
		Pause:   func(ctx context.Context, d time.Duration) error { return ctx.Err() },
	}
}

func finish(t testing.TB, s engine.Session, err error) (journal.Outcome, error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return s.Wait()
}

func exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "demo-1.jsonl"))
	return err == nil
}
