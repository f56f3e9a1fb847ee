package database

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// moment is one record of the moments file: written before a commit, with the state the WAL was in. What is committed next
// in that WAL is its commit; when that did not happen, the next record has the same state and counts instead.
type moment struct {
	salts  salts // of the WAL, zero when it was empty
	frames int   // committed in it
	at     time.Time
}

// moments are the records, in the file and here, since the WAL last was empty.
type moments struct {
	file *os.File
	list []moment
}

const momentSize = 8 + 4 + 8 + 4

// openMoments reads the records; a torn last one was never followed by its commit.
func openMoments(path string) (*moments, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(f)
	m := &moments{file: f}
	for ; len(raw) >= momentSize; raw = raw[momentSize:] {
		if crc32.ChecksumIEEE(raw[:20]) != binary.BigEndian.Uint32(raw[20:]) {
			break
		}
		m.list = append(m.list, moment{
			salts:  salts(raw[:8]),
			frames: int(binary.BigEndian.Uint32(raw[8:])),
			at:     time.Unix(0, int64(binary.BigEndian.Uint64(raw[12:]))).UTC(),
		})
	}
	return m, err
}

// add writes one down.
func (m *moments) add(r moment) error {
	var b bytes.Buffer
	b.Write(r.salts[:])
	for _, v := range []any{uint32(r.frames), r.at.UnixNano()} {
		binary.Write(&b, binary.BigEndian, v)
	}
	binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(b.Bytes()))
	if _, err := m.file.WriteAt(b.Bytes(), int64(len(m.list))*momentSize); err != nil {
		return fmt.Errorf("database: write down the moment of a commit: %w; make room, then try again", err)
	}
	m.list = append(m.list, r)
	return nil
}

// clear forgets them: the WAL is empty, and all of it is in segments.
func (m *moments) clear() error {
	m.list = m.list[:0]
	return m.file.Truncate(0)
}

// of is the moment of a commit that ends at that frame of a generation: that of the last record before the first one that
// saw it. from is where to begin looking, and next where the search for a later commit may begin.
func (m *moments) of(g salts, frames, from int) (at time.Time, next int) {
	for from+1 < len(m.list) && !(m.list[from+1].salts == g && m.list[from+1].frames >= frames) {
		from++
	}
	if from < len(m.list) {
		at = m.list[from].at
	}
	return at, from
}
