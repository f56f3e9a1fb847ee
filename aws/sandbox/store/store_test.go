package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/clock"
)

type thing struct {
	Name string   `json:"name"`
	Size int      `json:"size,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is a store with one table, and a log of what was due.
type world struct {
	*Store
	clock  *clock.Clock
	things *Table[thing]
	log    *Table[string]
	failed []error
}

func open(t testing.TB, dir string) *world {
	t.Helper()
	w, err := tryOpen(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func tryOpen(dir string) (*world, error) {
	w := &world{clock: clock.New(clock.Options{Start: noon})}
	st, err := Open(dir, w.clock, Options{Seed: 7, Failed: func(err error) { w.failed = append(w.failed, err) }})
	if err != nil {
		return nil, err
	}
	w.Store = st
	w.things = NewTable[thing](st, "things")
	w.log = NewTable[string](st, "log")
	st.OnDue("note", func(tx *Tx, key string) error {
		w.log.Put(tx, fmt.Sprintf("%s %s", tx.Now().Format(time.RFC3339), key), tx.Failure())
		return nil
	})
	return w, nil
}

func (w *world) update(t testing.TB, fn func(tx *Tx) error) {
	t.Helper()
	if err := w.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func (w *world) all(t testing.TB) (all []string) {
	t.Helper()
	err := w.View(func(tx *Tx) error {
		w.things.Scan(tx, "", func(key string, v thing) bool { all = append(all, fmt.Sprint(key, v)); return true })
		w.log.Scan(tx, "", func(key, v string) bool { all = append(all, key+v); return true })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) notes(t testing.TB) (notes []string) {
	t.Helper()
	if err := w.View(func(tx *Tx) error {
		w.log.Scan(tx, "", func(key, _ string) bool { notes = append(notes, key); return true })
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return notes
}

func TestSortedIsAMapInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sorted[int]
		model := map[string]int{}
		key := rapid.StringMatching(`[a-c]{0,7}`)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for _, k := range rapid.SliceOfN(key, 1, 300).Draw(t, "keys") {
					v := rapid.Int().Draw(t, "value")
					s.put(k, v)
					model[k] = v
				}
			},
			"remove": func(t *rapid.T) {
				for _, k := range rapid.SliceOfN(key, 1, 300).Draw(t, "keys") {
					s.remove(k)
					delete(model, k)
				}
			},
			"": func(t *rapid.T) {
				from := key.Draw(t, "from")
				var want, got []string
				for _, k := range slices.Sorted(maps.Keys(model)) {
					if v, there := s.get(k); !there || v != model[k] {
						t.Fatalf("get(%q) = %v %v, want %v", k, v, there, model[k])
					}
					if k >= from {
						want = append(want, k)
					}
				}
				s.from(from, func(k string, _ int) bool { got = append(got, k); return true })
				if !slices.Equal(got, want) || s.size != len(model) {
					t.Fatalf("from %q: %v, want %v; size %d, want %d", from, got, want, s.size, len(model))
				}
			},
		})
	})
}

func TestTransactionsAgainstAModel(t *testing.T) {
	dirs := 0
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dirs++
		dir := filepath.Join(root, fmt.Sprint(dirs))
		w, err := tryOpen(dir)
		if err != nil {
			t.Fatal(err)
		}
		model := map[string]thing{}
		key := rapid.StringMatching(`[ab]/[a-d]`)
		refusal := errors.New("refused")
		t.Repeat(map[string]func(*rapid.T){
			"update": func(t *rapid.T) {
				next := maps.Clone(model)
				refuse := rapid.Bool().Draw(t, "refuse")
				err := w.Update(func(tx *Tx) error {
					for range rapid.IntRange(0, 6).Draw(t, "changes") {
						k := key.Draw(t, "key")
						if rapid.Bool().Draw(t, "delete") {
							w.things.Delete(tx, k)
							delete(next, k)
						} else {
							v := thing{Name: k, Size: rapid.Int().Draw(t, "size")}
							w.things.Put(tx, k, v)
							next[k] = v
						}
					}
					if refuse {
						return refusal
					}
					return nil
				})
				switch {
				case refuse && err != refusal, !refuse && err != nil:
					t.Fatal(err)
				case !refuse:
					model = next
				}
			},
			"abandon and reopen": func(t *rapid.T) {
				if w, err = tryOpen(dir); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				prefix := rapid.SampledFrom([]string{"", "a/", "b/", "b/c"}).Draw(t, "prefix")
				w.View(func(tx *Tx) error {
					var got []string
					w.things.Scan(tx, prefix, func(k string, v thing) bool {
						if v.Size != model[k].Size {
							t.Fatalf("%s is %v, want %v", k, v, model[k])
						}
						got = append(got, k)
						return true
					})
					var want []string
					for _, k := range slices.Sorted(maps.Keys(model)) {
						if strings.HasPrefix(k, prefix) {
							want = append(want, k)
						}
					}
					if !slices.Equal(got, want) {
						t.Fatalf("scan %q: %v, want %v", prefix, got, want)
					}
					return nil
				})
			},
		})
	})
}

// TestCutAtEveryByte cuts the journal at every byte of its last lines: what was whole is there, what was not is not, and the
// store goes on from there.
func TestCutAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	path := filepath.Join(dir, "journal.jsonl")
	var sizes []int
	var states [][]string
	note := func() {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sizes, states = append(sizes, len(content)), append(states, w.all(t))
	}
	note()
	for i := range 4 {
		w.update(t, func(tx *Tx) error {
			w.things.Put(tx, fmt.Sprint("k", i), thing{Name: tx.ID("vol-"), Tags: []string{"a", "ü"}})
			tx.Due(tx.Now().Add(time.Second), "note", fmt.Sprint(i))
			return nil
		})
		note()
	}
	w.clock.Pass(context.Background(), 1500*time.Millisecond) // five lines more: four events, one move
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := sizes[2]; cut <= len(whole); cut++ {
		there := t.TempDir()
		if err := os.WriteFile(filepath.Join(there, "journal.jsonl"), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again := open(t, there)
		last := 0
		for last+1 < len(sizes) && sizes[last+1] <= cut {
			last++
		}
		if last < len(sizes)-1 {
			if got := again.all(t); !slices.Equal(got, states[last]) {
				t.Fatalf("cut at %d: %v, want %v", cut, got, states[last])
			}
		}
		if err := again.Update(func(tx *Tx) error { again.things.Put(tx, "after", thing{Name: "the cut"}); return nil }); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		again.clock.Pass(context.Background(), time.Minute)
		if got := len(again.notes(t)); got != last {
			t.Fatalf("cut at %d: %d notes, want %d", cut, got, last)
		}
		again.Close()
		once := open(t, there)
		if got := len(once.notes(t)); got != last {
			t.Fatalf("cut at %d: %d notes after one more restart, want %d", cut, got, last)
		}
		once.Close()
	}
}

func TestDamageIsRefusedWithItsLine(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	for i := range 5 {
		w.update(t, func(tx *Tx) error { w.things.Put(tx, fmt.Sprint(i), thing{Name: "n"}); return nil })
	}
	w.Close()
	path := filepath.Join(dir, "journal.jsonl")
	whole, _ := os.ReadFile(path)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for i := range lines[:len(lines)-1] {
		for _, at := range []int{0, 3, 12, bodyAt + 1, len(lines[i]) - 3} {
			damaged := slices.Clone(whole)
			damaged[len(bytes.Join(lines[:i], nil))+at] ^= 1
			os.WriteFile(path, damaged, 0o600)
			_, err := tryOpen(dir)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("damaged at line %d:", i+1)) {
				t.Fatalf("byte %d of line %d: %v", at, i+1, err)
			}
		}
	}
	os.WriteFile(path, bytes.Join(append(lines[:2:2], lines[3:]...), nil), 0o600)
	if _, err := tryOpen(dir); err == nil {
		t.Error("a line that is missing in the middle is not seen")
	}
}

func TestDueHappensInOrderAtItsOwnMoment(t *testing.T) {
	w := open(t, t.TempDir())
	w.OnDue("chain", func(tx *Tx, key string) error {
		w.log.Put(tx, fmt.Sprintf("%s %s", tx.Now().Format(time.RFC3339), key), "")
		if len(key) < 3 {
			tx.Due(tx.Now().Add(time.Hour), "chain", key+"c")
		}
		return nil
	})
	w.update(t, func(tx *Tx) error {
		tx.Due(noon.Add(90*time.Minute), "note", "later")
		tx.Due(noon.Add(time.Hour), "chain", "c")
		tx.Due(noon.Add(time.Hour), "note", "same moment, set second")
		tx.Due(noon.Add(time.Minute), "note", "taken back")
		tx.Due(noon.Add(time.Minute), "note", "moved")
		return nil
	})
	w.update(t, func(tx *Tx) error {
		tx.Cancel("note", "taken back")
		tx.Due(noon.Add(4*time.Hour), "note", "moved")
		return nil
	})
	if err := w.clock.Pass(context.Background(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2026-11-23T13:00:00Z c", "2026-11-23T13:00:00Z same moment, set second", "2026-11-23T13:30:00Z later",
		"2026-11-23T14:00:00Z cc", "2026-11-23T15:00:00Z ccc", "2026-11-23T16:00:00Z moved",
	}
	if got := w.notes(t); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestDueSurvivesACrashAndTimeNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	w.update(t, func(tx *Tx) error { tx.Due(noon.Add(time.Hour), "note", "x"); return nil })
	w.clock.Pass(context.Background(), 30*time.Minute)
	for range 3 { // abandoned each time
		w = open(t, dir)
		if got := w.clock.Now(); !got.Equal(noon.Add(30 * time.Minute)) {
			t.Fatalf("time is %s after a restart", got)
		}
	}
	w.clock.Pass(context.Background(), 31*time.Minute)
	w = open(t, dir)
	if got := w.notes(t); !slices.Equal(got, []string{"2026-11-23T13:00:00Z x"}) {
		t.Errorf("notes: %q", got)
	}
}

func TestAHandlerThatFailsIsUndoneAndReported(t *testing.T) {
	w := open(t, "")
	w.OnDue("bad", func(tx *Tx, key string) error {
		w.things.Put(tx, "half", thing{})
		return errors.New("no")
	})
	w.update(t, func(tx *Tx) error { tx.Due(noon.Add(time.Second), "bad", "k"); return nil })
	w.clock.Pass(context.Background(), time.Minute)
	if got := w.all(t); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	if len(w.failed) != 1 || !strings.Contains(w.failed[0].Error(), "bad of k at 2026-11-23T12:00:01Z: no") {
		t.Errorf("reported: %v", w.failed)
	}
}

func TestOutlookDelaysAndFails(t *testing.T) {
	c := clock.New(clock.Options{Start: noon})
	s, err := Open("", c, Options{Outlook: func(kind, key string, now, at time.Time) (time.Time, string) {
		return now.Add(3 * at.Sub(now)), "weather"
	}})
	if err != nil {
		t.Fatal(err)
	}
	var at time.Time
	var message string
	s.OnDue("job", func(tx *Tx, key string) error { at, message = tx.Now(), tx.Failure(); return nil })
	s.Update(func(tx *Tx) error { tx.Due(noon.Add(time.Minute), "job", "j"); return nil })
	c.Pass(context.Background(), time.Hour)
	if !at.Equal(noon.Add(3*time.Minute)) || message != "weather" {
		t.Errorf("at %s: %q", at, message)
	}
}

// tornFile writes some bytes of each line and then fails, as a full disk does.
type tornFile struct {
	file
	room  int
	uncut bool
}

func (f *tornFile) Write(p []byte) (int, error) {
	if len(p) <= f.room {
		f.room -= len(p)
		return f.file.Write(p)
	}
	n, _ := f.file.Write(p[:f.room])
	f.room = 0
	return n, errors.New("no space left on device")
}

func (f *tornFile) Truncate(size int64) error {
	if f.uncut {
		return errors.New("input/output error")
	}
	return f.file.Truncate(size)
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	put := func(key string) error {
		return w.Update(func(tx *Tx) error { w.things.Put(tx, key, thing{Name: key}); return nil })
	}
	if err := put("first"); err != nil {
		t.Fatal(err)
	}
	before := w.all(t)
	disk := &tornFile{file: w.journal.file, room: 50}
	w.journal.file = disk
	for range 3 {
		err := put("second")
		if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "nothing was changed") {
			t.Fatalf("error: %v", err)
		}
		if got := w.all(t); !slices.Equal(got, before) {
			t.Fatalf("after a refused write: %v", got)
		}
	}
	disk.room = 1 << 20
	if err := put("third"); err != nil {
		t.Fatal(err)
	}
	after := w.all(t)
	if got := open(t, dir).all(t); !slices.Equal(got, after) {
		t.Fatalf("reopened: %v, want %v", got, after)
	}
	disk.room, disk.uncut = 20, true
	if err := put("fourth"); err == nil {
		t.Fatal("no error")
	}
	disk.room = 1 << 20
	if err := put("fifth"); err == nil || w.Check() == nil {
		t.Fatal("a journal with half a line in it is still written to")
	}
	if got := open(t, dir).all(t); !slices.Equal(got, after) {
		t.Fatalf("reopened: %v, want %v", got, after)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere")
	}
	dir := t.TempDir()
	os.Chmod(dir, 0o500)
	if _, err := tryOpen(filepath.Join(dir, "sandbox")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error: %v", err)
	}
}

func TestCompaction(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	long := strings.Repeat("x", 1000)
	var last string
	for i := range 600 {
		w.update(t, func(tx *Tx) error {
			last = tx.ID("vol-")
			w.things.Put(tx, fmt.Sprint(i%3), thing{Name: long, Size: i})
			tx.Due(noon.Add(time.Hour), "note", "k")
			return nil
		})
	}
	want := w.all(t)
	path := filepath.Join(dir, "journal.jsonl")
	before, _ := os.Stat(path)
	if os.Getuid() != 0 { // root may write anywhere
		os.Chmod(dir, 0o500)
		if got := open(t, dir); !slices.Equal(got.all(t), want) {
			t.Error("a journal that cannot be rewritten is not read")
		}
		os.Chmod(dir, 0o700)
	}
	w = open(t, dir)
	after, _ := os.Stat(path)
	if before.Size() < compactAt || after.Size() > 10_000 {
		t.Errorf("from %d to %d bytes", before.Size(), after.Size())
	}
	if got := w.all(t); !slices.Equal(got, want) {
		t.Errorf("other content after compaction")
	}
	w.update(t, func(tx *Tx) error {
		if id := tx.ID("vol-"); id == last {
			t.Errorf("id %s comes twice", id)
		}
		return nil
	})
	w = open(t, dir)
	w.clock.Pass(context.Background(), 2*time.Hour)
	if got := w.notes(t); len(got) != 1 {
		t.Errorf("notes: %v", got)
	}
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	w := open(t, "")
	w.update(t, func(tx *Tx) error {
		for range 10_000 {
			for _, id := range []string{tx.ID("vol-"), tx.UUID()} {
				if seen[id] {
					t.Fatalf("%s twice", id)
				}
				seen[id] = true
			}
		}
		if id := tx.ID("vol-"); len(id) != len("vol-")+17 {
			t.Errorf("id %s", id)
		}
		if id := tx.UUID(); len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Errorf("uuid %s", id)
		}
		return nil
	})
	var first, second string
	for _, id := range []*string{&first, &second} {
		open(t, "").update(t, func(tx *Tx) error { *id = tx.ID("") + tx.UUID() + fmt.Sprint(tx.Rand().Int()); return nil })
	}
	if first != second {
		t.Errorf("one seed: %s and %s", first, second)
	}
}

func TestPanicInAnUpdateChangesNothing(t *testing.T) {
	w := open(t, "")
	func() {
		defer func() { recover() }()
		w.Update(func(tx *Tx) error { w.things.Put(tx, "k", thing{}); panic("bug") })
	}()
	if got := w.all(t); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestRecordsThatNoTableCanRead(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	w.update(t, func(tx *Tx) error { w.things.Put(tx, "k", thing{Name: "n"}); return nil })
	c := clock.New(clock.Options{})
	s, err := Open(dir, c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	NewTable[[]int](s, "things")
	if err := s.View(func(*Tx) error { return nil }); err == nil || !strings.Contains(err.Error(), "record k of table things") {
		t.Errorf("error: %v", err)
	}
	// Tables nobody asks for are kept, also over a compaction.
	s, _ = Open(dir, clock.New(clock.Options{}), Options{})
	s.compact()
	if got := open(t, dir).all(t); len(got) != 1 {
		t.Errorf("kept: %v", got)
	}
}

func TestBlobs(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		w := open(t, dir)
		one, err := w.Blobs().Put([]byte("content"))
		two, _ := w.Blobs().Put([]byte("content"))
		if err != nil || one != two || len(one) != 64 {
			t.Fatalf("%s %s %v", one, two, err)
		}
		if got, err := w.Blobs().Get(one); err != nil || string(got) != "content" {
			t.Errorf("%q %v", got, err)
		}
		if _, err := w.Blobs().Get(strings.Repeat("0", 64)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error: %v", err)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	w := open(b, b.TempDir())
	i := 0
	for b.Loop() {
		i++
		w.Update(func(tx *Tx) error {
			w.things.Put(tx, fmt.Sprint("account/region/", i%1000), thing{Name: "n", Size: i})
			return nil
		})
	}
}

func BenchmarkScanTen(b *testing.B) {
	w := open(b, b.TempDir())
	w.update(b, func(tx *Tx) error {
		for i := range 10 {
			w.things.Put(tx, fmt.Sprint("account/region/", i), thing{Name: "n", Size: i})
		}
		return nil
	})
	for b.Loop() {
		n := 0
		w.View(func(tx *Tx) error {
			w.things.Scan(tx, "account/region/", func(string, thing) bool { n++; return true })
			return nil
		})
	}
}

// TestManyAtOnce writes, reads and moves time from many goroutines: every transaction counts once.
func TestManyAtOnce(t *testing.T) {
	w := open(t, t.TempDir())
	var group sync.WaitGroup
	const each = 50
	for g := range 8 {
		group.Go(func() {
			for i := range each {
				w.Update(func(tx *Tx) error {
					v, _ := w.things.Get(tx, "counter")
					v.Size++
					w.things.Put(tx, "counter", v)
					tx.Due(tx.Now().Add(time.Duration(i)*time.Second), "note", fmt.Sprint(g, " ", i))
					return nil
				})
				w.View(func(tx *Tx) error { w.log.Scan(tx, "", func(string, string) bool { return true }); return nil })
				w.clock.Pass(context.Background(), time.Second)
			}
		})
	}
	group.Wait()
	w.clock.Pass(context.Background(), time.Hour)
	w.View(func(tx *Tx) error {
		if v, _ := w.things.Get(tx, "counter"); v.Size != 8*each {
			t.Errorf("counter %d, want %d", v.Size, 8*each)
		}
		return nil
	})
	if got := len(w.notes(t)); got != 8*each {
		t.Errorf("%d notes, want %d", got, 8*each)
	}
}
