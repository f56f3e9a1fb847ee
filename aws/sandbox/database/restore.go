package database

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"lifeboat/aws/sandbox/store"
)

// restore makes the files from h as it is at its end. Only the catalog, which comes last, makes them count: what a kill
// left of another attempt is made again.
func (s *Server) restore(h History) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := s.sweep(); err != nil { // the catalog is empty: everything goes
		return err
	}
	now := s.moment()
	c := catalog{Opened: now, Last: later(now, h.Until), Next: 1}
	for _, l := range h.Databases {
		c.Next = max(c.Next, l.ID+1)
		if !l.Dropped.IsZero() {
			continue
		}
		e := entry{ID: l.ID, Names: l.Names, Created: l.Created, Seq: l.sealed()}
		if err := writeImage(s.o.Blobs, l, s.path(l.ID, "db")); err != nil {
			return fmt.Errorf("restore %s: %w", e.name(), err)
		}
		c = c.with(e)
	}
	return s.keep(c)
}

// writeImage writes a database as it is at the end of its line into a new file: the newest base, and the commits after it.
func writeImage(blobs *store.Blobs, l line, path string) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	b := l.Bases[len(l.Bases)-1]
	list, err := blobs.Get(b.List)
	if err != nil {
		return err
	}
	names, err := chunks(list)
	if err != nil {
		return fmt.Errorf("content %s: %w", b.List, err)
	}
	for _, name := range names {
		chunk, err := blobs.Get(name)
		if err != nil {
			return err
		}
		if _, err := file.Write(chunk); err != nil {
			return err
		}
	}
	i := image{file: file, blobs: blobs, changed: map[uint32][]byte{}, pages: b.Pages}
	if err := i.log(l.Segments, b.Seq, time.Time{}); err != nil {
		return err
	}
	return i.finish()
}

// image is a file that commits are put on.
type image struct {
	file    *os.File
	blobs   *store.Blobs
	changed map[uint32][]byte // pages that are not in the file yet
	pages   int
}

// manyPages is how many changed pages are held at a time.
const manyPages = 8192

// log puts the segments after a base on, up to the moment at which they are cut.
func (i *image) log(segments []segment, base int, cut time.Time) error {
	for _, s := range segments {
		if s.Cut.IsZero() || !cut.IsZero() && cut.Before(s.Cut) {
			s.Cut = cut
		}
		if s.Seq <= base || !s.Cut.IsZero() && s.From.After(s.Cut) {
			continue
		}
		content, err := i.blobs.Get(s.Hash)
		if err == nil && s.Folded {
			var list []segment
			if list, err = unfold(content); err == nil {
				err = i.log(list, base, s.Cut)
			}
		} else if err == nil {
			err = i.apply(content, s)
		}
		if err != nil {
			return fmt.Errorf("segment %d: %w", s.Seq, err)
		}
	}
	return nil
}

// apply puts the commits of a segment on, up to the moment at which it is cut.
func (i *image) apply(content []byte, s segment) error {
	r := segmentReader{in: bufio.NewReader(bytes.NewReader(content))}
	for {
		at, pages, err := r.commit()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !s.Cut.IsZero() && at.After(s.Cut) {
			return nil
		}
		for r.frames > 0 {
			if err := r.frame(i.page); err != nil {
				return err
			}
		}
		i.pages = pages
		if len(i.changed) > manyPages {
			if err := i.write(); err != nil {
				return err
			}
		}
	}
}

// page is a page to be changed.
func (i *image) page(number uint32) ([]byte, error) {
	if content, there := i.changed[number]; there {
		return content, nil
	}
	content := make([]byte, pageSize)
	if _, err := i.file.ReadAt(content, int64(number-1)*pageSize); err != nil && err != io.EOF {
		return nil, err
	}
	i.changed[number] = content
	return content, nil
}

func (i *image) write() error {
	for number, content := range i.changed {
		if _, err := i.file.WriteAt(content, int64(number-1)*pageSize); err != nil {
			return err
		}
	}
	clear(i.changed)
	return nil
}

func (i *image) finish() error {
	if err := i.write(); err != nil {
		return err
	}
	return i.file.Truncate(int64(i.pages) * pageSize)
}

// sqliteMagic is how every SQLite file begins.
const sqliteMagic = "SQLite format 3\x00"

// journalModes is where the header of a file says whether it is in WAL mode (2, 2) or not (1, 1).
const journalModes = 18

// withMode is a whole file in another mode, which needs no WAL beside it to be read.
func withMode(file []byte, mode byte) []byte {
	file = bytes.Clone(file)
	file[journalModes], file[journalModes+1] = mode, mode
	return file
}

func isDatabase(file []byte) bool {
	return len(file) >= 512 && strings.HasPrefix(string(file[:16]), sqliteMagic)
}
