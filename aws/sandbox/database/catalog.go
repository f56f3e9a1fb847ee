package database

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/sandbox/store"
)

// catalog is which databases an instance has: the file catalog.json in its folder. It is written before a change is
// answered, and the folder is only worth something once it is there.
type catalog struct {
	Opened    time.Time `json:"opened"` // when the files were made
	Last      time.Time `json:"last"`   // a moment that was given; no later one is before it
	Next      int       `json:"next"`   // the id of the next database
	Databases []entry   `json:"databases"`
}

// entry is one database.
type entry struct {
	ID      int       `json:"id"` // names its files, never used again in this catalog
	Names   []naming  `json:"names"`
	Created time.Time `json:"created"`
	Dropped time.Time `json:"dropped,omitzero"`
	Seq     int       `json:"seq"` // the segment after which its file was made
}

// naming is the name of a database from a moment on.
type naming struct {
	From time.Time `json:"from"`
	Name string    `json:"name"`
}

func (e entry) name() string { return e.Names[len(e.Names)-1].Name }

// renamed is e under a new name from a moment on.
func (e entry) renamed(at time.Time, name string) entry {
	e.Names = append(e.Names[:len(e.Names):len(e.Names)], naming{at, name})
	return e
}

const catalogFile = "catalog.json"

func (s *Server) readCatalog() (there bool, err error) {
	raw, err := os.ReadFile(filepath.Join(s.dir, catalogFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &s.catalog)
	}
	return err == nil, err
}

// keep makes c the catalog, in the file first. s.mu is held, or nobody else has the server.
func (s *Server) keep(c catalog) error {
	c.Last = later(c.Last, s.last)
	raw, err := json.Marshal(c)
	if err == nil {
		err = store.WriteFile(filepath.Join(s.dir, catalogFile), raw)
	}
	if err != nil {
		return fmt.Errorf("database: write down which databases there are: %w; make room, then try again", err)
	}
	s.catalog = c
	return nil
}

// with is c with e in the place of the entry of its id, or at the end.
func (c catalog) with(e entry) catalog {
	entries := append([]entry(nil), c.Databases...)
	for i := range entries {
		if entries[i].ID == e.ID {
			entries[i] = e
			c.Databases = entries
			return c
		}
	}
	c.Databases, c.Next = append(entries, e), max(c.Next, e.ID+1)
	return c
}

// without is c without the entry of that id.
func (c catalog) without(id int) catalog {
	var entries []entry
	for _, e := range c.Databases {
		if e.ID != id {
			entries = append(entries, e)
		}
	}
	c.Databases = entries
	return c
}

// find is the database of that name, if it is not dropped.
func (c catalog) find(name string) (entry, bool) {
	for _, e := range c.Databases {
		if e.Dropped.IsZero() && e.name() == name {
			return e, true
		}
	}
	return entry{}, false
}

// sweep removes what a kill left half made: files that belong to no database of the catalog.
func (s *Server) sweep() error {
	files, err := os.ReadDir(s.dir)
	for _, f := range files {
		id, rest, _ := strings.Cut(f.Name(), ".")
		number, e := strconv.Atoi(id)
		belongs := e == nil && slices.ContainsFunc(s.catalog.Databases, func(e entry) bool { return e.ID == number })
		if f.Name() != catalogFile && (!belongs || rest == "") && !f.IsDir() {
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, f.Name())))
		}
	}
	return err
}
