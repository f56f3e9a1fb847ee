package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/store"
	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// The walks go over every lab that comes with the program, from one moment to the next: at each the program is killed
// (walk_kill_test.go), or a call is refused (walk_refuse_test.go). What counts is told by two records that the code under
// test does not keep for this purpose: the exit code, and the journal of the sandbox.
//
// A plain go test walks a sample, evenly spread. LIFEBOAT_WALK=all walks every point; bench/walk.sh does that.

// walkEnv chooses how far a walk goes.
const walkEnv = "LIFEBOAT_WALK"

// walks are the ways over a lab, each with how many points a sample of it has.
var walks = []struct {
	name    string
	sampled int
	points  func(*lab) []point
}{
	{"killed", 9, (*lab).killed},
	{"killed-twice", 4, (*lab).killedTwice},
	{"cleaned", 4, (*lab).cleaned},
	{"refused", 13, (*lab).refused},
}

// TestWalks goes over every lab in every way.
func TestWalks(t *testing.T) {
	t.Parallel()
	labs := runbooks.Labs()
	for _, l := range labs {
		t.Run(l.ID, func(t *testing.T) {
			t.Parallel()
			lab := &lab{id: l.ID}
			lab.observe(t)
			t.Logf("a whole run has %d lines of the journal and %d answers", lab.lines, len(lab.answers))
			for _, w := range walks {
				t.Run(w.name, func(t *testing.T) { walk(t, w.points(lab), few(w.sampled, len(labs))) })
			}
		})
	}
}

// walk goes over n of the points, or over all of them where that is asked for.
func walk(t *testing.T, all []point, n int) {
	t.Parallel()
	chosen := all
	if os.Getenv(walkEnv) != "all" {
		chosen = sample(all, n)
	}
	var walked, missed atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d of %d points were walked; %d were not reached, the run was over before", walked.Load(), len(all), missed.Load())
		if missed.Load() > 1+walked.Load()/20 {
			t.Error("too many points were not reached")
		}
	})
	for _, p := range chosen {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			walked.Add(1)
			if !p.walk(t) {
				missed.Add(1)
			}
		})
	}
}

// point is one moment of a lab. walk reports whether the moment came.
type point struct {
	name string
	walk func(t *testing.T) bool
}

// sample takes n points, evenly spread.
func sample(all []point, n int) []point {
	if n >= len(all) {
		return all
	}
	var out []point
	for i := range n {
		out = append(out, all[(2*i+1)*len(all)/(2*n)])
	}
	return out
}

// few is how many points of one lab a sample has: n with one lab, less with more, with -short, and where the race detector
// makes everything slow.
func few(n, labs int) int {
	switch {
	case raceDetector:
		n = 2
	case testing.Short():
		n = 3
	}
	return max(2, n/labs)
}

// lab is what is known of a lab from an undisturbed run.
type lab struct {
	id      string
	lines   int      // of the run's journal
	answers []string // the operations that the sandbox answered, in order
	made    census
}

// observe runs the lab undisturbed.
func (l *lab) observe(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	var lines atomic.Int64
	seen := &requestLog{}
	p, out := inProcess()
	p.journalFile = func(f journal.File) journal.File {
		return &watched{File: f, write: func(line []byte, write func([]byte) error) error {
			lines.Add(1)
			return write(line)
		}}
	}
	p.openSandbox = func(o sandbox.Options) (*sandbox.Sandbox, error) {
		o.Log = seen
		return sandbox.Open(o)
	}
	if code := p.run(l.args(dir, "run", l.id)); code != exitDone {
		t.Fatalf("undisturbed, the lab ends with code %d:\n%s", code, out)
	}
	l.lines, l.answers = int(lines.Load()), seen.names
	l.made.read(t, dir)
	if len(l.made.made) == 0 || l.lines == 0 || len(l.answers) == 0 {
		t.Fatalf("nothing was seen: %+v, %d lines, %d answers", l.made, l.lines, len(l.answers))
	}
}

func (l *lab) args(dir string, how ...string) []string {
	args := append([]string{"lab"}, how...)
	if how[0] != "clean" {
		args = append(args, "--yes")
	}
	return append(args, "--state", dir)
}

// inProcess is the program in this process, with all it says in one place.
func inProcess() (*process, *said) {
	out := &said{}
	return &process{env: []string{"HOME=/nowhere"}, in: strings.NewReader(""), out: out, err: out, openSandbox: sandbox.Open}, out
}

// said collects what a program says on both its streams.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// finish goes on with the run of a state folder, if there is one, as often as what the program says and does allows: once.
// It must end well, and the sandbox must hold what the undisturbed run left there, each thing made once.
func (l *lab) finish(t *testing.T, dir string, made *census) {
	t.Helper()
	p, out := inProcess()
	args := l.args(dir, "run", l.id)
	if id := runOf(t, dir); id != "" {
		args = l.args(dir, "resume", id)
	}
	code := p.run(args)
	made.read(t, dir)
	if end := outcomeOf(t, dir); code != exitDone || end == nil || end.State != journal.RunPassed || end.Left != 0 {
		t.Errorf("lifeboat %s: code %d, outcome %+v\n%s%s", strings.Join(args[:3], " "), code, end, tail(out.String(), 25), failures(dir))
	}
	l.same(t, made)
}

// same compares what was made, and what is still there, with the undisturbed run.
func (l *lab) same(t *testing.T, c *census) {
	t.Helper()
	if d := compare(l.made.made, c.made); d != "" {
		t.Errorf("made otherwise than in an undisturbed run:\n%s", d)
	}
	if d := compare(l.made.left(), c.left()); d != "" {
		t.Errorf("left otherwise than by an undisturbed run:\n%s", d)
	}
}

// runOf gives the id of the newest run that can be resumed; empty when the program died before it wrote that there is one.
func runOf(t *testing.T, dir string) string {
	t.Helper()
	runs, err := journals(dir).List()
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		return ""
	}
	return runs[0].Run.ID
}

// outcomeOf is how the newest run ended; nil when it did not.
func outcomeOf(t *testing.T, dir string) *journal.Outcome {
	t.Helper()
	entries := entriesOf(t, dir)
	if len(entries) == 0 {
		return nil
	}
	return entries[len(entries)-1].Outcome
}

func entriesOf(t *testing.T, dir string) []journal.Entry {
	t.Helper()
	id := runOf(t, dir)
	if id == "" {
		return nil
	}
	entries, err := journals(dir).Read(id)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// failures are the last words of a run's journal about what failed.
func failures(dir string) string {
	var b strings.Builder
	runs, _ := journals(dir).List()
	for _, run := range runs {
		entries, err := journals(dir).Read(run.Run.ID)
		if err != nil && !errors.Is(err, journal.ErrEmpty) {
			fmt.Fprintln(&b, err)
		}
		for _, e := range entries {
			if e.Kind == journal.StepEnded && e.State == journal.Failed {
				fmt.Fprintf(&b, "%s failed: %s\n", e.Step, e.Text)
			}
			for _, left := range e.Left {
				fmt.Fprintf(&b, "left: %+v\n", left)
			}
		}
	}
	return b.String()
}

func tail(text string, n int) string {
	all := strings.SplitAfter(text, "\n")
	return strings.Join(all[max(0, len(all)-n):], "")
}

// census counts what was ever made in a sandbox, from the sandbox's own journal: rows of its tables by the step whose tag they
// carry, or by table where they carry none. What AWS makes by itself (a policy's snapshots, marked by aws: tags; automated snapshots,
// whose names begin with rds; events; what is measured each minute) depends on the time that passes and is not counted.
type census struct {
	seen map[string]bool
	made map[string]int
	live map[string]string // row -> what it is counted as; without those that are being deleted
}

// row is what rows have in common.
type row struct {
	Tags  map[string]string
	State string
}

// read adds what the journal in dir tells beyond what was read before: a sandbox rewrites its journal when it is opened, so it
// is read after each process that used it.
func (c *census) read(t *testing.T, dir string) {
	t.Helper()
	if c.seen == nil {
		c.seen, c.made = map[string]bool{}, map[string]int{}
	}
	c.live = map[string]string{}
	f, err := os.Open(filepath.Join(dir, "sandbox", store.JournalFile))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	for {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			return // a torn last line was never answered for
		}
		if err != nil {
			t.Fatal(err)
		}
		var line struct {
			Record struct {
				Change []struct {
					Table, Key string
					Value      json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatal(err)
		}
		for _, change := range line.Record.Change {
			id := change.Table + " " + change.Key
			if len(change.Value) == 0 {
				delete(c.live, id)
				continue
			}
			kind, ours, going := kindOf(change.Table, change.Key, change.Value)
			if !ours {
				continue
			}
			if c.live[id] = kind; going {
				delete(c.live, id)
			}
			if !c.seen[id] {
				c.seen[id] = true
				c.made[kind]++
			}
		}
	}
}

// left counts what is there now and carries the tag of a run.
func (c *census) left() map[string]int {
	out := map[string]int{}
	for _, kind := range c.live {
		if strings.Contains(kind, " of ") {
			out[kind]++
		}
	}
	return out
}

// kindOf says what a row is counted as, and whether it is on its way out; ours is false for what the sandbox makes for itself.
func kindOf(table, key string, value json.RawMessage) (kind string, ours, going bool) {
	if table == "due" || table == "rds.events" || table == "cloudwatch.data" || strings.Contains(key, "/rds:") || strings.Contains(key, "snapshot:rds:") {
		return "", false, false
	}
	var r row
	_ = json.Unmarshal(value, &r) // what is no object has no tags
	for name := range r.Tags {
		if strings.HasPrefix(name, "aws:") {
			return "", false, false
		}
	}
	going = strings.Contains(strings.ToLower(r.State), "delet")
	if _, step, tagged := strings.Cut(r.Tags["lifeboat:step"], "/"); tagged {
		return table + " of " + step, true, going
	}
	return table, true, going
}

func compare(want, got map[string]int) string {
	var b strings.Builder
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if want[name] != got[name] {
			fmt.Fprintf(&b, "  %s: %d, not %d\n", name, got[name], want[name])
		}
	}
	return b.String()
}

// watched is a journal's file whose writes are seen.
type watched struct {
	journal.File
	write func(line []byte, write func([]byte) error) error
}

func (w *watched) Write(line []byte) (int, error) {
	err := w.write(line, func(b []byte) error { _, err := w.File.Write(b); return err })
	if err != nil {
		return 0, err
	}
	return len(line), nil
}

// requestLog is the sandbox's request log, kept as names in the order of the answers.
type requestLog struct {
	mu    sync.Mutex
	names []string
}

func (o *requestLog) Enabled(context.Context, slog.Level) bool { return true }
func (o *requestLog) WithAttrs([]slog.Attr) slog.Handler       { return o }
func (o *requestLog) WithGroup(string) slog.Handler            { return o }

func (o *requestLog) Handle(_ context.Context, r slog.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.Contains(r.Message, ".") {
		o.names = append(o.names, r.Message)
	}
	return nil
}

// nth is a call by its operation and its place among the calls of that operation, from 1.
type nth struct {
	op string
	n  int
}

func (c nth) String() string { return fmt.Sprintf("%s-%d", c.op, c.n) }

// calls gives the lab's calls, in the order of their answers.
func (l *lab) calls() []nth {
	count := map[string]int{}
	var out []nth
	for _, op := range l.answers {
		count[op]++
		out = append(out, nth{op, count[op]})
	}
	return out
}
