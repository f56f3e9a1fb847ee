package database

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"lifeboat/aws/sandbox/store"
)

// chunkPages is how many pages of a base are one content in the store.
const chunkPages = 16

// Seal gives h and all that was committed since, with the content in the store. It is called inside an Update, with what
// the row says, and the result kept in that Update. Files are given up only when two later Seals in a row were given a
// History that holds them, so one Update may seal twice and fail all the same. It waits for nobody; what a transaction has
// not committed is left to the next Seal.
func (s *Server) Seal(h History) (History, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return h, fmt.Errorf("database: seal: %w", ErrClosed)
	}
	now := s.moment()
	sealed := History{Since: h.Since, Until: later(h.Until, now), Databases: slices.Clone(h.Databases)}
	if sealed.Since.IsZero() {
		sealed.Since = s.catalog.Opened
	}
	for _, e := range s.catalog.Databases {
		i, l := h.find(e.ID), line{ID: e.ID}
		if i >= 0 {
			l = h.Databases[i]
		}
		over, err := s.settle(e, l, i >= 0)
		if err == nil && !over {
			err = s.databases[e.ID].seal(&sealed, l, e, now)
		}
		if err != nil {
			return h, fmt.Errorf("database: seal %s: %w", e.name(), err)
		}
	}
	return sealed, nil
}

// settle gives up the files that the history holds, and says whether that is all there was: the database is dropped.
func (s *Server) settle(e entry, l line, known bool) (over bool, err error) {
	d, made := s.databases[e.ID], s.path(e.ID, "base")
	before := d.given
	d.given = given{known, l}
	if known && before.known {
		if err := os.Remove(made); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err := d.log.tidy(min(l.sealed(), before.line.sealed())); err != nil {
			return false, err
		}
		over = !e.Dropped.IsZero() && l.Dropped.Equal(e.Dropped) && before.line.Dropped.Equal(e.Dropped)
	} else if !known && !e.Dropped.IsZero() {
		_, err := os.Stat(made)
		over = errors.Is(err, fs.ErrNotExist) // a history held it, and its time to be kept is over
	}
	if !over {
		return false, nil
	}
	if err := s.keep(s.catalog.without(e.ID)); err != nil {
		return false, err
	}
	delete(s.databases, e.ID)
	return true, errors.Join(d.log.close(), s.remove(e.ID))
}

// given is what a Seal was given of one database.
type given struct {
	known bool
	line  line
}

// seal puts what is new of one database into the store and into its line of the history. Server.mu is held.
func (d *database) seal(h *History, l line, e entry, now time.Time) error {
	l.Names, l.Created, l.Dropped = namesAfter(e.Names, h.Since), e.Created, e.Dropped
	if err := d.log.cut(); err != nil {
		return err
	}
	moved, err := d.hold()
	defer d.letGo(moved)
	if err == nil && len(l.Bases) == 0 {
		err = d.firstBase(&l, e)
	}
	if err != nil {
		return err
	}
	if len(l.Bases) == 0 || !d.log.whole(l.sealed()) {
		// The history did not become what a Seal gave, and files were given up for that: it begins here.
		if !e.Dropped.IsZero() {
			h.put(l)
			return nil
		}
		l.Bases, l.Segments, h.Since = nil, nil, now
		if err := d.baseNow(&l, moved, now); err != nil {
			return err
		}
	}
	if err := d.publish(&l); err != nil {
		return err
	}
	if moved && l.outgrown() {
		if err := d.baseNow(&l, moved, now); err != nil {
			return err
		}
	}
	if last := len(l.Segments) - 1; last >= 0 {
		h.Until = later(h.Until, l.Segments[last].To)
	}
	h.put(l)
	return nil
}

// firstBase adds the file as it was made, if it is there.
func (d *database) firstBase(l *line, e entry) error {
	made, err := os.Open(d.server.path(d.id, "base"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer made.Close()
	return d.base(l, made, e.Created, e.Seq)
}

// hold makes the caller the one that writes, unless another is, and moves the log into the file if it can.
func (d *database) hold() (moved bool, err error) {
	select {
	case d.writer <- struct{}{}:
	default:
		return false, nil
	}
	if moved, err = d.move(); !moved {
		<-d.writer
	}
	return moved, err
}

func (d *database) letGo(moved bool) {
	if moved {
		<-d.writer
	}
}

// publish puts the segments into the store that the line does not have.
func (d *database) publish(l *line) error {
	l.Segments = slices.Clone(l.Segments)
	for _, seq := range d.log.after(l.sealed()) {
		h, content, err := d.log.read(seq)
		if err != nil {
			return err
		}
		hash, err := d.server.o.Blobs.Put(content)
		if err != nil {
			return err
		}
		l.Segments = append(l.Segments, segment{Seq: seq, From: nanoseconds(h.From), To: nanoseconds(h.To),
			Pages: int(h.Pages), Bytes: int64(len(content)), Hash: hash})
	}
	return l.fold(d.server.o.Blobs)
}

// foldAt is how many segments a line has before the oldest of them, foldOf, become one.
const (
	foldAt = 48
	foldOf = 32
)

// fold keeps the list of segments short.
func (l *line) fold(blobs *store.Blobs) error {
	first := slices.IndexFunc(l.Segments, func(s segment) bool { return !s.Folded })
	for first >= 0 && len(l.Segments)-first >= foldAt {
		old := l.Segments[first : first+foldOf]
		list, err := json.Marshal(old)
		if err != nil {
			return err
		}
		one := segment{Folded: true, From: old[0].From, Seq: old[foldOf-1].Seq, To: old[foldOf-1].To, Pages: old[foldOf-1].Pages}
		for _, s := range old {
			one.Bytes += s.Bytes
		}
		if one.Hash, err = blobs.Put(list); err != nil {
			return err
		}
		l.Segments = slices.Replace(l.Segments, first, first+foldOf, one)
		first++
	}
	return nil
}

// outgrown says whether the log after the last base is longer than another base is worth.
func (l *line) outgrown() bool {
	last := l.Bases[len(l.Bases)-1]
	var log int64
	for _, s := range l.Segments {
		if s.Seq > last.Seq {
			log += s.Bytes
		}
	}
	return log > max(2*int64(l.pages())*pageSize, 1<<20)
}

// baseNow adds a full copy of the database as it is: its file, into which the whole log was moved.
func (d *database) baseNow(l *line, moved bool, now time.Time) error {
	if !moved {
		return fmt.Errorf("copy the file: %w", ErrBusy)
	}
	file, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer file.Close()
	return d.base(l, file, now, d.log.last())
}

// base adds a full copy of the database out of a file.
func (d *database) base(l *line, file io.Reader, at time.Time, seq int) error {
	b := base{At: at, Seq: seq}
	var names []string
	chunk := make([]byte, chunkPages*pageSize)
	for {
		n, err := io.ReadFull(file, chunk)
		if err == io.EOF {
			break
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("copy the file: %w", err)
		}
		hash, err := d.server.o.Blobs.Put(chunk[:n])
		if err != nil {
			return err
		}
		names, b.Pages = append(names, hash), b.Pages+n/pageSize
	}
	list, err := json.Marshal(names)
	if err == nil {
		b.List, err = d.server.o.Blobs.Put(list)
	}
	l.Bases = append(l.Bases[:len(l.Bases):len(l.Bases)], b)
	return err
}

func nanoseconds(n int64) time.Time { return time.Unix(0, n).UTC() }
