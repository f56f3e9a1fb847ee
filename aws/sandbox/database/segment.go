package database

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// A segment is the commits between two cuts of the log, each with its moment, the pages the database has after it, and its
// frames. A frame is what differs from the page as it was before: runs of bytes to keep and bytes to put, and the sum of
// the page that comes out. So a small change takes little room, and a frame put on the wrong page is noticed.
//
//	commit: moment (8 bytes, ns), pages, number of frames; frames
//	frame:  page, crc32 of the page (4 bytes), number of runs; runs
//	run:    bytes to keep, bytes to put, these bytes
//
// Numbers without a size are varints. Segments can be put one behind the other.
type segmentWriter struct {
	out   *bufio.Writer
	bytes int64
	runs  []byte
	err   error
}

func (w *segmentWriter) write(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
		w.bytes += int64(len(b))
	}
}

func (w *segmentWriter) number(n int) { w.write(binary.AppendUvarint(nil, uint64(n))) }

func (w *segmentWriter) commit(at time.Time, pages, frames int) {
	w.write(binary.BigEndian.AppendUint64(nil, uint64(at.UnixNano())))
	w.number(pages)
	w.number(frames)
}

// gap is how many equal bytes are cheaper put than kept.
const gap = 6

// frame writes how page becomes after what it is in before; both are whole pages.
func (w *segmentWriter) frame(page uint32, before, after []byte) {
	w.runs = w.runs[:0]
	count, done := 0, 0
	for from := differs(before, after, 0); from < pageSize; {
		to := from + 1
		for same := 0; to+same < pageSize && same < gap; {
			if before[to+same] == after[to+same] {
				same++
			} else {
				to, same = to+same+1, 0
			}
		}
		w.runs = binary.AppendUvarint(w.runs, uint64(from-done))
		w.runs = binary.AppendUvarint(w.runs, uint64(to-from))
		w.runs = append(w.runs, after[from:to]...)
		count, done = count+1, to
		from = differs(before, after, to)
	}
	w.number(int(page))
	w.write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(after)))
	w.number(count)
	w.write(w.runs)
}

// differs is where two pages first differ from a place on.
func differs(a, b []byte, from int) int {
	for from+8 <= pageSize && binary.LittleEndian.Uint64(a[from:]) == binary.LittleEndian.Uint64(b[from:]) {
		from += 8
	}
	for from < pageSize && a[from] == b[from] {
		from++
	}
	return from
}

// errTorn is a segment that ends too early or says what cannot be.
var errTorn = errors.New("a segment of the log is damaged")

// segmentReader reads a segment commit by commit.
type segmentReader struct {
	in     *bufio.Reader
	frames int // of the commit, still to read
}

// commit is the next commit; io.EOF when there is none. The frames of the one before must have been read.
func (r *segmentReader) commit() (at time.Time, pages int, err error) {
	var b [8]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		if err == io.EOF {
			return at, 0, err
		}
		return at, 0, errTorn
	}
	at = time.Unix(0, int64(binary.BigEndian.Uint64(b[:]))).UTC()
	pages = r.number(&err)
	r.frames = r.number(&err)
	return at, pages, err
}

func (r *segmentReader) number(err *error) int {
	n, e := binary.ReadUvarint(r.in)
	if e != nil || n > 1<<40 {
		*err = errTorn
	}
	return int(n)
}

// frame puts the next frame of the commit onto its page, which page gives to be changed.
func (r *segmentReader) frame(page func(number uint32) ([]byte, error)) error {
	r.frames--
	var err error
	number := r.number(&err)
	var want [4]byte
	if _, e := io.ReadFull(r.in, want[:]); e != nil {
		err = errTorn
	}
	runs := r.number(&err)
	if err != nil || number < 1 || number > 1<<32-1 {
		return errTorn
	}
	content, err := page(uint32(number))
	if err != nil {
		return err
	}
	for at := 0; runs > 0 && err == nil; runs-- {
		at += r.number(&err)
		n := r.number(&err)
		if err != nil || at+n > pageSize {
			return errTorn
		}
		if _, err := io.ReadFull(r.in, content[at:at+n]); err != nil {
			return errTorn
		}
		at += n
	}
	if err == nil && crc32.ChecksumIEEE(content) != binary.BigEndian.Uint32(want[:]) {
		err = fmt.Errorf("%w: page %d does not come out", errTorn, number)
	}
	return err
}
