package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var moment = time.Date(2026, 11, 23, 21, 45, 0, 0, time.UTC)

// begin writes a run with n notes.
func begin(t testing.TB, f Folder, id string, n int) *Writer {
	t.Helper()
	w, err := f.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(Event{Kind: RunStarted, At: moment, Wall: moment, Run: &Run{ID: id, Runbook: "demo"}}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := w.Write(Event{Kind: Note, At: moment, Wall: moment.Add(time.Duration(i) * time.Second), Step: "s", Text: fmt.Sprint("note ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		f := Folder{Dir: filepath.Join(base, fmt.Sprint(n))}
		w, err := f.Create("run")
		if err != nil {
			t.Fatal(err)
		}
		var wrote []Event
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			e := Event{Kind: rapid.SampledFrom([]Kind{Note, StepStarted, CallIntent, StepEnded}).Draw(t, "kind"), At: moment, Wall: moment,
				Step: rapid.String().Draw(t, "step"), Text: rapid.String().Draw(t, "text")}
			e, err := w.Write(e)
			if err != nil {
				t.Fatal(err)
			}
			wrote = append(wrote, e)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := f.Read("run")
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range got {
			if e.Seq != i+1 || e.Kind != wrote[i].Kind || e.Text != strings.ToValidUTF8(wrote[i].Text, "\ufffd") || !e.At.Equal(moment) {
				t.Fatalf("line %d: %+v, wrote %+v", i+1, e, wrote[i])
			}
		}
		if len(got) != len(wrote) || got[len(got)-1].Hash != w.last {
			t.Fatalf("%d lines of %d", len(got), len(wrote))
		}
	})
}

// Whatever is done to a journal, reading it gives a beginning of what was written, or says which line is damaged. It never gives
// anything that was not written.
func TestDamageIsSeen(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	if err := begin(t, f, "run", 6).Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(f.Path("run"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	// forged is a line whose own hash is right.
	forged := func(seq int, prev string) []byte {
		line, _, err := encode(Entry{Event: Event{Seq: seq, Kind: Note, At: moment, Wall: moment, Text: "forged"}, Prev: prev})
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	first, reason := decode(lines[0], 1, "")
	if reason != "" {
		t.Fatal(reason)
	}
	for name, c := range map[string]struct {
		content []byte
		lines   int // read
		damaged int // line, 0 is none
	}{
		"whole":                   {whole, 7, 0},
		"torn last line":          {whole[:len(whole)-20], 6, 0},
		"last line lacks newline": {whole[:len(whole)-1], 6, 0},
		"zeros after a power cut": {join(whole, make([]byte, 300)), 7, 0},
		"a line is missing":       {join(lines[0], lines[2]), 0, 2},
		"two lines change places": {join(lines[0], lines[2], lines[1]), 0, 2},
		"a word is changed":       {bytes.Replace(whole, []byte("note 3"), []byte("note 4"), 1), 0, 5},
		"torn in the middle":      {join(lines[0], lines[1][:40], []byte("\n"), lines[2]), 0, 2},
		"the first is missing":    {join(lines[1:]...), 0, 1},
		"text":                    {[]byte("hello\n"), 0, 1},
		"a line of another run":   {join(lines[0], forged(2, strings.Repeat("0", 64)), lines[2]), 0, 2},
		"a line without a past":   {join(lines[0], forged(2, "")), 0, 2},
		"a number is left out":    {join(lines[0], forged(3, first.Hash)), 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := Folder{Dir: t.TempDir()}
			if err := os.WriteFile(f.Path("run"), c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := f.Read("run")
			var d *Damage
			switch {
			case c.damaged == 0 && err != nil:
				t.Error(err)
			case c.damaged > 0 && (!errors.As(err, &d) || d.Line != c.damaged):
				t.Errorf("%v, want line %d", err, c.damaged)
			case len(got) != c.lines:
				t.Errorf("%d lines, want %d", len(got), c.lines)
			}
		})
	}
	for _, empty := range []string{"", "{\"seq\":1"} {
		if err := os.WriteFile(f.Path("none"), []byte(empty), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Read("none"); !errors.Is(err, ErrEmpty) {
			t.Error(err)
		}
	}
}

func TestAppendGoesOnAfterATornLine(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	if err := begin(t, f, "run", 3).Close(); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(f.Path("run"))
	if err := os.WriteFile(f.Path("run"), whole[:len(whole)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	w, entries, err := f.Append("run")
	if err != nil || len(entries) != 3 {
		t.Fatal(len(entries), err)
	}
	if _, err := w.Write(Event{Kind: RunEnded, Outcome: &Outcome{State: RunPassed, Left: 2}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err = f.Read("run"); err != nil || len(entries) != 4 || entries[3].Seq != 4 {
		t.Fatal(len(entries), err)
	}
	list, err := f.List()
	if err != nil || len(list) != 1 || list[0].State != RunPassed || list[0].Left != 2 {
		t.Errorf("%+v %v", list, err)
	}
}

type fullDisk struct {
	File
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		n, _ := d.File.Write(p[:len(p)/2])
		return n, syscall.ENOSPC
	}
	return d.File.Write(p)
}

func TestFullDiskLosesNothingThatWasWritten(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	f.Wrap = func(file File) File { return &fullDisk{File: file, room: 1500} }
	w := begin(t, f, "run", 2)
	var err error
	for err == nil {
		_, err = w.Write(Event{Kind: Note, Text: "more"})
	}
	if !strings.Contains(err.Error(), "disk is full") {
		t.Error(err)
	}
	if _, again := w.Write(Event{Kind: Note}); again == nil || w.Failed() == nil {
		t.Error("a journal that failed goes on")
	}
	if raw, err := os.ReadFile(f.Path("run")); err != nil || !bytes.HasSuffix(raw, []byte("\n")) {
		t.Errorf("half a line was left behind, %v", err)
	}
	entries, err := f.Read("run")
	if err != nil || len(entries) != w.Seq() {
		t.Errorf("%d lines of %d, %v", len(entries), w.Seq(), err)
	}
}

// syncing knows whether all that was written is on the disk.
type syncing struct {
	File
	open  bool  // something was written since the last sync
	fails error // of the next sync
}

func (d *syncing) Write(p []byte) (int, error) {
	d.open = true
	return d.File.Write(p)
}

func (d *syncing) Sync() error {
	if d.fails != nil {
		return d.fails
	}
	d.open = false
	return d.File.Sync()
}

// What a resume after a power cut cannot work out again is on the disk when Write returns.
func TestSynced(t *testing.T) {
	disk := &syncing{}
	f := Folder{Dir: t.TempDir(), Wrap: func(file File) File { disk.File = file; return disk }}
	w := begin(t, f, "run", 0)
	for _, kind := range []Kind{RunStarted, RunResumed, CallIntent, Answered, StepEnded, CleanStart, CleanEnded, RunEnded} {
		if _, err := w.Write(Event{Kind: kind}); err != nil || disk.open {
			t.Errorf("%s was written and is not on the disk, %v", kind, err)
		}
	}
	if _, err := w.Write(Event{Kind: Note}); err != nil {
		t.Fatal(err)
	}
	disk.fails = syscall.EIO
	seq := w.Seq()
	if _, err := w.Write(Event{Kind: CallIntent}); !errors.Is(err, syscall.EIO) || w.Seq() != seq {
		t.Errorf("an intent counts that did not come to the disk: %v", err)
	}
	disk.fails = nil
	if _, err := w.Write(Event{Kind: Note}); !errors.Is(err, syscall.EIO) {
		t.Errorf("a journal that failed goes on once the disk is well again: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseMakesAllDurable(t *testing.T) {
	disk := &syncing{}
	f := Folder{Dir: t.TempDir(), Wrap: func(file File) File { disk.File = file; return disk }}
	if err := begin(t, f, "run", 1).Close(); err != nil || disk.open {
		t.Errorf("the last lines are not on the disk, %v", err)
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := Folder{Dir: filepath.Join(file, "runs")}
	for _, err := range []error{second(f.Create("run")), second(f.Lock("demo", "run"))} {
		if err == nil || !strings.Contains(err.Error(), "--state") {
			t.Error(err)
		}
	}
	if runs, err := f.List(); err != nil || len(runs) != 0 {
		t.Error(runs, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestPrivate(t *testing.T) {
	f := Folder{Dir: filepath.Join(t.TempDir(), "a", "runs")}
	if err := begin(t, f, "run", 1).Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{f.Dir: 0o700, f.Path("run"): 0o600} {
		if s, err := os.Stat(path); err != nil || s.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, s.Mode(), err)
		}
	}
	if _, err := f.Create("run"); err == nil {
		t.Error("a run was begun twice")
	}
}

func TestOneRunAtATime(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	l, err := f.Lock("demo", "demo-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lock("demo", "demo-2"); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "demo-1") {
		t.Error(err)
	}
	if _, err := f.Lock("other", "other-1"); err != nil {
		t.Error(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lock("demo", "demo-2"); err != nil {
		t.Error(err)
	}
}

func TestListNewestFirstAndNamesDamage(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	for i, id := range []string{"b", "a", "c"} {
		w, err := f.Create(id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(Event{Kind: RunStarted, Wall: moment.Add(time.Duration(i) * time.Hour), Run: &Run{ID: id}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(Event{Kind: Note, Step: "x", Text: strings.Repeat("long ", 5000)}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(f.Path("d"), []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range list {
		ids = append(ids, s.Run.ID)
	}
	if fmt.Sprint(ids) != "[c a b d]" || list[3].Damage == "" || list[0].Step != "x" || list[0].State != RunStopped {
		t.Errorf("%v %+v", ids, list[3])
	}
}

func BenchmarkWrite(b *testing.B) {
	w := begin(b, Folder{Dir: b.TempDir()}, "run", 0)
	for b.Loop() {
		if _, err := w.Write(Event{Kind: CallResult, At: moment, Wall: moment, Step: "volume", Call: &Call{ID: "volume/1", Op: "ec2.CreateVolume", OK: true, RequestID: "req"}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteSynced(b *testing.B) {
	w := begin(b, Folder{Dir: b.TempDir()}, "run", 0)
	for b.Loop() {
		if _, err := w.Write(Event{Kind: CallIntent, At: moment, Wall: moment, Step: "volume", Call: &Call{ID: "volume/1", Op: "ec2.CreateVolume"}}); err != nil {
			b.Fatal(err)
		}
	}
}
