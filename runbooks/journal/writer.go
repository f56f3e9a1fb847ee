package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// File is what the journal needs of the file it writes. Tests put their own around it, to tear a write, to fill the disk
// or to die before or after any of them.
type File interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// Folder is the folder of all runs, usually $XDG_STATE_HOME/lifeboat/runs: one file a run, one lock a runbook.
type Folder struct {
	Dir string
	// Wrap, when set, stands between the writer and its file.
	Wrap func(File) File
}

// Writer appends the durable events of one run. It is used by one goroutine, and is of no use after its first error: a
// journal that could not be written must not be followed by anything.
type Writer struct {
	path   string
	file   File
	seq    int
	last   string // hash of the last line
	size   int64  // of the whole lines
	failed error
}

// Path is the journal file of a run.
func (f Folder) Path(id string) string { return filepath.Join(f.Dir, id+".jsonl") }

// Create begins the journal of a new run. The folder is made when it is not there (0700, files 0600).
func (f Folder) Create(id string) (*Writer, error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, folderError(f.Dir, err)
	}
	path := f.Path(id)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("run %s exists already in %s: resume it, or start a run with another id", id, f.Dir)
	case err != nil:
		return nil, folderError(f.Dir, err)
	}
	if err := syncDir(f.Dir); err != nil {
		file.Close()
		return nil, folderError(f.Dir, err)
	}
	return f.writer(path, file), nil
}

// Append opens the journal of an earlier run to go on with it, and gives what it holds. A torn last line is cut off.
func (f Folder) Append(id string) (*Writer, []Entry, error) {
	path := f.Path(id)
	entries, size, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, folderError(f.Dir, err)
	}
	w := f.writer(path, file)
	if err := w.file.Truncate(size); err != nil {
		file.Close()
		return nil, nil, w.explain(err)
	}
	w.size = size
	if n := len(entries); n > 0 {
		w.seq, w.last = entries[n-1].Seq, entries[n-1].Hash
	}
	return w, entries, nil
}

func (f Folder) writer(path string, file File) *Writer {
	if f.Wrap != nil {
		file = f.Wrap(file)
	}
	return &Writer{path: path, file: file}
}

// Seq is the number of durable events written so far.
func (w *Writer) Seq() int { return w.seq }

// Failed gives the error that ended the journal, nil while it can be written.
func (w *Writer) Failed() error { return w.failed }

// Write appends one durable event and gives it back with its Seq. When it returns without an error the line is written;
// for the kinds that Synced names it is on the disk.
func (w *Writer) Write(e Event) (Event, error) {
	if w.failed != nil {
		return e, w.failed
	}
	e.Seq = w.seq + 1
	line, hash, err := encode(Entry{Event: e, Prev: w.last})
	if err != nil {
		return e, w.fail(err)
	}
	if _, err := w.file.Write(line); err != nil {
		// Half a line may be there now; the disk that had no room to write has room to cut.
		_ = w.file.Truncate(w.size)
		return e, w.fail(err)
	}
	if e.Synced() {
		if err := w.file.Sync(); err != nil {
			return e, w.fail(err)
		}
	}
	w.seq, w.last, w.size = e.Seq, hash, w.size+int64(len(line))
	return e, nil
}

// Close makes all lines durable and closes the file.
func (w *Writer) Close() error {
	var synced error
	if w.failed == nil {
		synced = w.file.Sync()
	}
	return errors.Join(synced, w.file.Close())
}

func (w *Writer) fail(err error) error {
	w.failed = w.explain(err)
	return w.failed
}

func (w *Writer) explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the journal %s cannot be written, the disk is full: make room, then resume the run: %w", w.path, err)
	}
	return fmt.Errorf("the journal %s cannot be written: mend that, then resume the run: %w", w.path, err)
}

func folderError(dir string, err error) error {
	return fmt.Errorf("the folder of runs %s cannot be written: make it writable, or name another one with --state DIR: %w", dir, err)
}

// syncDir makes a new file's name durable. Some systems cannot sync a folder; there the name is durable with the file.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, os.ErrInvalid) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}

// hashField stands between a line's body and its hash. The hash is taken over the line as it would be without the
// field, so that a line can be verified with nothing but text tools.
const hashField = `,"hash":"`

// encode gives the line of an entry, with its newline, and the line's hash.
func encode(e Entry) (line []byte, hash string, err error) {
	e.Hash = ""
	body, err := json.Marshal(e)
	if err != nil {
		return nil, "", fmt.Errorf("event %d (%s) cannot be written as JSON: %w", e.Seq, e.Kind, err)
	}
	body = body[:len(body)-len(hashField+`"}`)]
	hash = hashOf(body)
	line = append(body, hashField...)
	line = append(line, hash...)
	return append(line, "\"}\n"...), hash, nil
}

// hashOf is the hash of a line whose hash field and closing brace were cut off.
func hashOf(body []byte) string {
	h := sha256.New()
	h.Write(body)
	h.Write([]byte{'}'})
	return hex.EncodeToString(h.Sum(nil))
}
