package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"time"
)

// record is one transaction: one line of the journal.
type record struct {
	Line   int       `json:"line"`            // its place in the file, from 1
	At     time.Time `json:"at"`              // virtual time of the transaction
	Ahead  time.Time `json:"ahead,omitzero"`  // virtual time that may have been shown without a further record
	Draws  uint64    `json:"draws,omitempty"` // random numbers drawn so far
	Seed   uint64    `json:"seed,omitempty"`  // in the first record only
	Change []change  `json:"change,omitempty"`
}

// change is one row as it is after the transaction; no value means that it is gone.
type change struct {
	Table string          `json:"table"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value,omitempty"`
}

// A line is {"sum":"<crc32 of the record>","record":<record>} and a newline.
const (
	lineHead = `{"sum":"`
	lineBody = `","record":`
	lineTail = "}\n"
	bodyAt   = len(lineHead) + 8 + len(lineBody)
)

func (r record) line() ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line := make([]byte, 0, bodyAt+len(body)+len(lineTail))
	line = fmt.Appendf(line, "%s%08x%s", lineHead, crc32.ChecksumIEEE(body), lineBody)
	return append(append(line, body...), lineTail...), nil
}

func parseLine(line []byte) (r record, err error) {
	if len(line) < bodyAt+len(lineTail) || !bytes.HasSuffix(line, []byte(lineTail)) {
		return r, errors.New("it is not a record")
	}
	body := line[bodyAt : len(line)-len(lineTail)]
	if head := fmt.Sprintf("%s%08x%s", lineHead, crc32.ChecksumIEEE(body), lineBody); string(line[:bodyAt]) != head {
		return r, errors.New("its sum does not match")
	}
	return r, json.Unmarshal(body, &r)
}

// file is what a journal writes to; an *os.File.
type file interface {
	io.Writer
	Truncate(size int64) error
	Close() error
}

// journal is the file that transactions are appended to; with no path it keeps nothing.
type journal struct {
	path string
	file file
	size int64 // bytes
	line int   // number of the last one
}

// openJournal reads the journal at path record by record and opens it for appending. A last line without its newline was
// never answered for: it is cut off. Any other damage is an error with the line's number.
func openJournal(path string, each func(record)) (*journal, error) {
	j := &journal{path: path}
	if path == "" {
		return j, nil
	}
	torn, err := j.read(each)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: %w; the sandbox needs a folder it can write to", err)
	}
	if torn {
		if err := f.Truncate(j.size); err != nil {
			f.Close()
			return nil, fmt.Errorf("store: cut the torn last line off: %w", err)
		}
	}
	j.file = f
	return j, nil
}

func (j *journal) read(each func(record)) (torn bool, err error) {
	f, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return len(line) > 0, nil
		}
		if err != nil {
			return false, fmt.Errorf("store: %w", err)
		}
		j.line++
		r, err := parseLine(line)
		if err == nil && r.Line != j.line {
			err = fmt.Errorf("it says that it is line %d", r.Line)
		}
		if err != nil {
			return false, fmt.Errorf("store: %s is damaged at line %d: %w; bring the file back, or reset the sandbox", j.path, j.line, err)
		}
		each(r)
		j.size += int64(len(line))
	}
}

// append writes one record with one write. When that fails the file is as it was before.
func (j *journal) append(r record) error {
	if j.path == "" {
		return nil
	}
	r.Line = j.line + 1
	line, err := r.line()
	if err != nil {
		return fmt.Errorf("store: %s: %w", j.path, err)
	}
	if _, err := j.file.Write(line); err != nil {
		err = fmt.Errorf("store: %s: %w; nothing was changed: make room or make it writable, then try again", j.path, err)
		if cut := j.file.Truncate(j.size); cut != nil {
			return &brokenError{fmt.Errorf("%w (and the half line could not be cut off: %w)", err, cut)}
		}
		return err
	}
	j.line, j.size = r.Line, j.size+int64(len(line))
	return nil
}

// brokenError is a journal that may not be written to any more.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

// rewrite replaces the whole file by these records, or leaves it as it is; with a brokenError it cannot be used any more.
func (j *journal) rewrite(records func(yield func(record) bool)) error {
	if err := j.file.Close(); err != nil { // an open file cannot be replaced on Windows
		return &brokenError{err}
	}
	var size int64
	number := 0
	replaced := replace(j.path, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 1<<16)
		for r := range records {
			number++
			r.Line = number
			line, err := r.line()
			if err != nil {
				return err
			}
			size += int64(len(line))
			if _, err := out.Write(line); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if replaced == nil {
		j.size, j.line = size, number
	}
	f, err := os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return &brokenError{errors.Join(replaced, err)}
	}
	j.file = f
	return replaced
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
