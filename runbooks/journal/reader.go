package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// ErrEmpty says that a run was killed before its first line was written: nothing happened, so nothing can be resumed.
var ErrEmpty = errors.New("nothing was recorded")

// Damage is a journal that was changed after it was written, or lost a part in its middle.
type Damage struct {
	Path   string
	Line   int // from 1
	Reason string
}

func (d *Damage) Error() string {
	return fmt.Sprintf("%s:%d: the journal is damaged: %s; restore the file from a copy, or look for what the run made by its tag lifeboat:run and remove it by hand", d.Path, d.Line, d.Reason)
}

// Read gives all lines of a run's journal. A torn last line, which only a kill in the middle of a write leaves, is dropped; anything
// else that does not fit is a *Damage, and a file with no whole line is ErrEmpty.
func (f Folder) Read(id string) ([]Entry, error) {
	entries, _, err := read(f.Path(id))
	return entries, err
}

// read gives the entries and the size of the whole lines.
func read(path string) ([]Entry, int64, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, fmt.Errorf("there is no run %s in %s: %w", strings.TrimSuffix(filepath.Base(path), ".jsonl"), filepath.Dir(path), os.ErrNotExist)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("the journal %s cannot be read: %w", path, err)
	}
	defer file.Close()

	var entries []Entry
	var size int64
	prev := ""
	in := bufio.NewReaderSize(file, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what stands here has no newline: torn
		}
		if err != nil {
			return nil, 0, fmt.Errorf("the journal %s cannot be read: %w", path, err)
		}
		e, reason := decode(line, n, prev)
		if reason != "" {
			return nil, 0, &Damage{Path: path, Line: n, Reason: reason}
		}
		entries, prev, size = append(entries, e), e.Hash, size+int64(len(line))
	}
	if len(entries) == 0 {
		return nil, 0, fmt.Errorf("the journal %s: %w; start the run anew", path, ErrEmpty)
	}
	return entries, size, nil
}

// decode reads line n of a chain that stands at prev; reason says what is wrong with it.
func decode(line []byte, n int, prev string) (e Entry, reason string) {
	body, _, found := cutLast(line, []byte(hashField))
	if !found {
		return e, "the line has no hash"
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return e, "the line is no JSON: " + err.Error()
	}
	switch {
	case hashOf(body) != e.Hash:
		return e, "the line was changed after it was written"
	case e.Prev != prev:
		return e, "the line does not follow the one before it"
	case e.Seq != n:
		return e, fmt.Sprintf("the line is event %d where event %d belongs", e.Seq, n)
	}
	return e, ""
}

func cutLast(s, sep []byte) (before, after []byte, found bool) {
	if i := bytes.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, nil, false
}

// Summary is a run in a list: what its first and its last line tell.
type Summary struct {
	Run     Run       `json:"run"`
	Path    string    `json:"path"`
	Started time.Time `json:"started"` // this machine's time
	Last    time.Time `json:"last"`    // of the last line, this machine's time
	Step    string    `json:"step,omitempty"`
	State   RunState  `json:"state"` // stopped when the run did not come to an end
	Left    int       `json:"left"`
	// RPO and RTO are what was achieved, 0 when the run did not come to an end.
	RPO    time.Duration `json:"rpo,omitempty"`
	RTO    time.Duration `json:"rto,omitempty"`
	Damage string        `json:"damage,omitempty"` // why the file cannot be read
}

// List gives the runs of the folder, newest first. It reads the first and the last line of each file, not more, and names the
// files that cannot be read instead of leaving them out.
func (f Folder) List() ([]Summary, error) {
	names, err := filepath.Glob(filepath.Join(escape(f.Dir), "*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("the folder of runs %s cannot be listed: %w", f.Dir, err)
	}
	var runs []Summary
	for _, name := range names {
		s, err := summary(name)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			s.Damage = err.Error()
		}
		runs = append(runs, s)
	}
	sort.SliceStable(runs, func(i, j int) bool { return runs[i].Started.After(runs[j].Started) })
	return runs, nil
}

// escape keeps a folder's own name from being read as a pattern.
func escape(dir string) string {
	return strings.NewReplacer(`[`, `\[`, `*`, `\*`, `?`, `\?`).Replace(dir)
}

func summary(path string) (Summary, error) {
	s := Summary{Path: path, Run: Run{ID: strings.TrimSuffix(filepath.Base(path), ".jsonl")}, State: RunStopped}
	file, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer file.Close()

	head, err := bufio.NewReaderSize(file, 1<<14).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return s, ErrEmpty
	}
	if err != nil {
		return s, err
	}
	first, reason := decode(head, 1, "")
	if reason == "" && first.Run == nil {
		reason = "the first line does not say which run it is"
	}
	if reason != "" {
		return s, &Damage{Path: path, Line: 1, Reason: reason}
	}
	s.Run, s.Started, s.Last = *first.Run, first.Wall, first.Wall

	tail, err := lastLine(file)
	if err != nil {
		return s, err
	}
	var last Entry
	if err := json.Unmarshal(tail, &last); err != nil {
		return s, fmt.Errorf("the last line of %s is no JSON: %w", path, err)
	}
	s.Last, s.Step = last.Wall, last.Step
	if last.Kind == RunEnded && last.Outcome != nil {
		s.State, s.Left = last.Outcome.State, last.Outcome.Left
		s.RPO, s.RTO = last.Outcome.RPO, last.Outcome.RTO
	}
	return s, nil
}

// lastLine reads backwards until it has the last line that ends with a newline.
func lastLine(file *os.File) ([]byte, error) {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	for size := int64(1 << 13); ; size *= 4 {
		size = min(size, end)
		buf := make([]byte, size)
		if _, err := file.ReadAt(buf, end-size); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		whole := buf[:bytes.LastIndexByte(buf, '\n')+1]
		if n := len(whole); n > 0 {
			if i := bytes.LastIndexByte(whole[:n-1], '\n'); i >= 0 || size == end {
				return whole[i+1 : n-1], nil
			}
		}
		if size == end {
			return nil, ErrEmpty
		}
	}
}
