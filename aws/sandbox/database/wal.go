package database

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The WAL as SQLite writes it (sqlite.org/fileformat2.html, "The Write-Ahead Log"): a header, then frames, each a header
// and a page. A frame counts when its salts are the header's and its checksum follows from all before it; a commit frame
// says how many pages the database has after it.
const (
	pageSize    = 4096
	walHeader   = 32
	frameHeader = 24
	frameSize   = frameHeader + pageSize

	walMagic   = 0x377f0682 // its lowest bit says that checksums are big-endian
	walVersion = 3007000
)

// salts name a generation of a WAL: SQLite changes them each time it begins from the front.
type salts [8]byte

// sum is SQLite's running checksum.
type sum struct{ a, b uint32 }

func (s sum) add(order binary.ByteOrder, content []byte) sum {
	if order == binary.LittleEndian { // the usual one, without a call for each word
		for ; len(content) >= 8; content = content[8:] {
			s.a += binary.LittleEndian.Uint32(content) + s.b
			s.b += binary.LittleEndian.Uint32(content[4:]) + s.a
		}
		return s
	}
	for ; len(content) >= 8; content = content[8:] {
		s.a += order.Uint32(content) + s.b
		s.b += order.Uint32(content[4:]) + s.a
	}
	return s
}

// commit is a commit frame: the number of frames up to and with it, and the pages of the database after it.
type commit struct{ frames, pages int }

// wal is what is committed in a WAL file, as far as it was read.
type wal struct {
	path    string
	file    *os.File // nil until SQLite has made it
	salts   salts    // zero: the WAL is empty
	order   binary.ByteOrder
	sum     sum      // after the last commit
	frames  []uint32 // the page of each frame up to the last commit
	commits []commit
	buffer  []byte
}

// at is where the page of a frame begins in the file; frames count from 0 here.
func (w *wal) at(frame int) int64 {
	return walHeader + int64(frame)*frameSize + frameHeader
}

// advance reads on what was committed since the last time. A generation that began meanwhile is read from its front, and
// again says so. Whatever is torn or left over ends the log there.
func (w *wal) advance() (again bool, err error) {
	if w.file == nil {
		if w.file, err = os.Open(w.path); errors.Is(err, fs.ErrNotExist) {
			w.file = nil
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("database: read the log: %w", err)
		}
	}
	if len(w.frames) > 0 {
		known := len(w.frames)
		if err := w.readFrames(); err != nil || len(w.frames) > known {
			return false, err // what follows on the last commit is of this generation
		}
	}
	var head [walHeader]byte
	if n, err := w.file.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return false, fmt.Errorf("database: read the log: %w", err)
	} else if n < walHeader {
		again = w.salts != salts{}
		w.begin(salts{})
		return again, nil
	}
	if s := salts(head[16:24]); s != w.salts {
		magic := binary.BigEndian.Uint32(head[0:])
		order := binary.ByteOrder(binary.LittleEndian)
		if magic&1 == 1 {
			order = binary.BigEndian
		}
		first := sum{}.add(order, head[:24])
		if magic&^1 != walMagic || binary.BigEndian.Uint32(head[4:]) != walVersion || binary.BigEndian.Uint32(head[8:]) != pageSize ||
			first != readSum(head[24:]) {
			again = w.salts != salts{}
			w.begin(salts{}) // a header that is half written begins nothing
			return again, nil
		}
		w.begin(s)
		w.order, w.sum, again = order, first, true
	}
	return again, w.readFrames()
}

func (w *wal) begin(s salts) {
	w.salts, w.frames, w.commits = s, w.frames[:0], w.commits[:0]
}

// readFrames reads from the last commit to the next ones.
func (w *wal) readFrames() error {
	const few, many = 2, 64
	if len(w.buffer) == 0 {
		w.buffer = make([]byte, many*frameSize)
	}
	buffer := w.buffer[:few*frameSize]
	running, pending := w.sum, []uint32(nil)
	offset := walHeader + int64(len(w.frames))*frameSize
	for {
		n, err := w.file.ReadAt(buffer, offset)
		if err != nil && err != io.EOF {
			return fmt.Errorf("database: read the log: %w", err)
		}
		for frame := buffer[:n]; len(frame) >= frameSize; frame = frame[frameSize:] {
			page := binary.BigEndian.Uint32(frame)
			if salts(frame[8:16]) != w.salts || page == 0 {
				return nil
			}
			running = running.add(w.order, frame[:8]).add(w.order, frame[frameHeader:frameSize])
			if running != readSum(frame[16:]) {
				return nil
			}
			pending = append(pending, page)
			if pages := binary.BigEndian.Uint32(frame[4:]); pages != 0 {
				w.frames = append(w.frames, pending...)
				w.commits = append(w.commits, commit{len(w.frames), int(pages)})
				w.sum, pending = running, pending[:0]
			}
		}
		if n < len(buffer) {
			return nil
		}
		offset += int64(n)
		buffer = w.buffer // there is more than a small commit
	}
}

func readSum(b []byte) sum {
	return sum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}
