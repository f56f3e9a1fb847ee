package database

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// log is the log of one database: the WAL with the moments of its commits, and the segments that were cut from it. A cut
// puts what was committed into a segment file; only after it may SQLite move the WAL into the database's file. A segment
// file says up to which frame of which WAL it goes, so that after a kill nothing is cut twice.
type log struct {
	server *Server
	id     int

	mu       sync.Mutex
	closed   bool
	wal      wal
	file     *os.File // the database's: the pages as they were before the WAL
	moments  *moments
	cutTo    int   // frames of the WAL that are in segments
	seq      int   // of the last segment
	segments []int // that are in files, ascending
	pages    int   // of the database
	tried    int   // frames when it last was tried to move the WAL
	newest   int64 // moment of the last commit that was cut, ns
}

// head is how a segment file begins: up to which frame of which WAL it goes, and what a history tells of it.
type head struct {
	Salts    salts
	Frames   uint32
	Pages    uint32 // of the database at its end
	From, To int64  // moments of its first and last commit, ns
}

var segmentHeader = binary.Size(head{})

// segmentBytes is how long a segment gets before, at the end of a commit, the next one begins.
const segmentBytes = 8 << 20

// longLog is how many frames a WAL has before it is moved into the file without a Seal.
const longLog = 8192

func openLog(s *Server, e entry, path string, sealed int) (l *log, err error) {
	l = &log{server: s, id: e.ID, wal: wal{path: path + "-wal"}, seq: max(e.Seq, sealed)}
	if l.file, err = os.Open(path); err != nil {
		return nil, err
	}
	info, err := l.file.Stat()
	if err != nil {
		return nil, err
	}
	l.pages = int(info.Size() / pageSize)
	if l.moments, err = openMoments(s.path(e.ID, "moments")); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(s.dir)
	for _, f := range files {
		number, ok := strings.CutPrefix(f.Name(), fmt.Sprintf("%d.", e.ID))
		number, is := strings.CutSuffix(number, ".segment")
		if seq, err := strconv.Atoi(number); ok && is && err == nil {
			l.segments = append(l.segments, seq)
		}
	}
	slices.Sort(l.segments)
	if err != nil || len(l.segments) == 0 {
		return l, err
	}
	last := l.segments[len(l.segments)-1]
	l.seq = max(l.seq, last)
	if _, err = l.advance(); err != nil {
		return nil, err
	}
	h, _, err := l.read(last)
	l.newest = h.To
	if err == nil && h.Salts == l.wal.salts {
		l.cutTo = int(h.Frames)
	}
	return l, err
}

func (l *log) path(seq int) string { return l.server.path(l.id, fmt.Sprintf("%d.segment", seq)) }

// advance reads what was committed since.
func (l *log) advance() (again bool, err error) {
	if again, err = l.wal.advance(); again {
		l.cutTo, l.tried = 0, 0
	}
	if last := len(l.wal.commits) - 1; last >= 0 {
		l.pages = l.wal.commits[last].pages
	}
	return again, err
}

// committing writes down the moment of a commit that is about to happen. SQLite holds its write lock.
func (l *log) committing() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if _, err := l.advance(); err != nil {
		return err
	}
	return l.moments.add(moment{l.wal.salts, len(l.wal.frames), l.server.moment()})
}

// latest is the latest moment that is known here.
func (l *log) latest() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := nanoseconds(l.newest)
	if last := len(l.moments.list) - 1; last >= 0 {
		at = later(at, l.moments.list[last].at)
	}
	return at
}

// size is how many bytes the database has.
func (l *log) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.advance() // what cannot be read now, the next cut reports
	}
	return int64(l.pages) * pageSize
}

// long says whether the WAL should be moved into the file.
func (l *log) long() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.wal.frames)-l.tried > longLog
}

// cut puts what was committed since the last cut into segment files.
func (l *log) cut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cutNow()
}

func (l *log) cutNow() error {
	if l.closed {
		return nil
	}
	if _, err := l.advance(); err != nil {
		return err
	}
	c := cutter{log: l, last: map[uint32]int{}}
	for frame, page := range l.wal.frames[:l.cutTo] {
		c.last[page] = frame
	}
	for l.cutTo < len(l.wal.frames) {
		if err := l.cutOne(&c); err != nil {
			return fmt.Errorf("database: put what was committed into a segment: %w; make room, then try again", err)
		}
	}
	return nil
}

// cutOne writes the next segment file, whole or not at all.
func (l *log) cutOne(c *cutter) error {
	f, err := os.CreateTemp(l.server.dir, ".new-*")
	if err != nil {
		return err
	}
	h, err := c.write(f)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), l.path(l.seq+1))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	l.seq, l.cutTo, l.newest = l.seq+1, int(h.Frames), h.To
	l.segments = append(l.segments, l.seq)
	return nil
}

// moved notes that SQLite has moved the WAL into the file, if it could: a session that reads from the WAL keeps it there.
func (l *log) moved() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried = len(l.wal.frames)
	if info, err := os.Stat(l.wal.path); err != nil || info.Size() > 0 {
		return false, err
	}
	if _, err := l.advance(); err != nil {
		return false, err
	}
	return true, l.moments.clear()
}

// tidy removes the files of segments up to seq, which a history holds; the newest stays for what its head says.
func (l *log) tidy(seq int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.segments) > 1 && l.segments[0] <= seq {
		if err := os.Remove(l.path(l.segments[0])); err != nil {
			return err
		}
		l.segments = l.segments[1:]
	}
	return nil
}

// after are the segments beyond seq.
func (l *log) after(seq int) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, _ := slices.BinarySearch(l.segments, seq+1)
	return slices.Clone(l.segments[first:])
}

// whole says whether the segments go on after seq without a gap.
func (l *log) whole(seq int) bool { return l.last() <= seq+len(l.after(seq)) }

// last is the last segment.
func (l *log) last() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

// read is the content of a segment file.
func (l *log) read(seq int) (h head, content []byte, err error) {
	raw, err := os.ReadFile(l.path(seq))
	if err == nil && len(raw) < segmentHeader {
		err = errTorn
	}
	if err == nil {
		_, err = binary.Decode(raw, binary.BigEndian, &h)
	}
	if err != nil {
		return h, nil, fmt.Errorf("database: read %s: %w", filepath.Base(l.path(seq)), err)
	}
	return h, raw[segmentHeader:], nil
}

// close cuts a last time and lets go of the files.
func (l *log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	err := l.cutNow()
	l.closed = true
	if l.wal.file != nil {
		err = errors.Join(err, l.wal.file.Close())
	}
	return errors.Join(err, l.file.Close(), l.moments.file.Close())
}

// cutter encodes frames of the WAL.
type cutter struct {
	log           *log
	last          map[uint32]int // the last frame of a page so far
	from          int            // where to look for moments
	before, after [pageSize]byte
}

// write encodes commits from the last cut on, until the segment is long enough, and gives its head.
func (c *cutter) write(f *os.File) (h head, err error) {
	l, w := c.log, &segmentWriter{out: bufio.NewWriterSize(f, 1<<16)}
	w.write(make([]byte, segmentHeader))
	h = head{Salts: l.wal.salts, Frames: uint32(l.cutTo)}
	next, _ := slices.BinarySearchFunc(l.wal.commits, l.cutTo+1, func(x commit, frames int) int { return x.frames - frames })
	for _, commit := range l.wal.commits[next:] {
		var at time.Time
		at, c.from = l.moments.of(l.wal.salts, commit.frames, c.from)
		if h.To = at.UnixNano(); h.From == 0 {
			h.From = h.To
		}
		from := int(h.Frames)
		w.commit(at, commit.pages, commit.frames-from)
		for frame := from; frame < commit.frames; frame++ {
			if err := c.frame(w, frame); err != nil {
				return h, err
			}
		}
		h.Frames, h.Pages = uint32(commit.frames), uint32(commit.pages)
		if w.bytes >= segmentBytes {
			break
		}
	}
	if err := errors.Join(w.err, w.out.Flush()); err != nil {
		return h, err
	}
	raw, err := binary.Append(nil, binary.BigEndian, h)
	if err == nil {
		_, err = f.WriteAt(raw, 0)
	}
	return h, err
}

func (c *cutter) frame(w *segmentWriter, frame int) error {
	l := c.log
	page := l.wal.frames[frame]
	var err error
	if earlier, there := c.last[page]; there {
		_, err = l.wal.file.ReadAt(c.before[:], l.wal.at(earlier))
	} else if n, e := l.file.ReadAt(c.before[:], int64(page-1)*pageSize); e == nil || e == io.EOF {
		clear(c.before[n:])
	} else {
		err = e
	}
	if err == nil {
		_, err = l.wal.file.ReadAt(c.after[:], l.wal.at(frame))
	}
	if err != nil {
		return err
	}
	c.last[page] = frame
	w.frame(page, c.before[:], c.after[:])
	return w.err
}
