// Package database keeps the databases of a sandbox instance: SQLite files that serve, and their history in the store.
//
// A database is pages and a log of pages. It is one SQLite file in WAL mode; what is committed stands in its WAL, and the
// virtual moment of every commit beside it, written before the commit. Seal puts what was committed since the last time
// into the store as a segment; a History, which is a row's content, names a full copy (a base) of each database and the
// segments after it. A restore to a moment is the base and the commits up to that moment, written into a new file. A kill
// at any instant loses nothing that was answered.
//
// A Conn is a session. Reads in it never wait and see what is committed; the first statement that writes waits until no
// other session writes to that database, and from there to the end of its transaction it is the only one (read committed,
// as both dialects have it by default).
//
// SQL functions and collations of a dialect, for instance now(), come with Server.Extend, which the dialect's package calls
// once, before the first Connect:
//
//	s.Extend(func(d *sqlite.Driver, conn func() *database.Conn) error {
//		return d.RegisterFunction("now", &sqlite.FunctionImpl{NArgs: 0, Scalar: func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
//			return conn().Session.(*session).began, nil
//		}})
//	})
//
// The driver d belongs to one open Conn at a time; conn() is that Conn, and Conn.Session is whatever the dialect has put
// there. Functions may be used in DEFAULT, CHECK and views: they are stored by name.
package database

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"lifeboat/aws/sandbox/store"

	"modernc.org/sqlite"
)

// What can be wrong with a database, or with what a session wants of it; test with errors.Is.
var (
	ErrExists     = errors.New("a database of that name exists")
	ErrNotFound   = errors.New("there is no database of that name")
	ErrInUse      = errors.New("the database has open sessions; end them first")
	ErrDamaged    = errors.New("the file is not a whole database")
	ErrFull       = errors.New("the storage is full; delete rows or allocate more storage")
	ErrBusy       = errors.New("another session is writing to the database; try again when its transaction has ended")
	ErrClosed     = errors.New("the session has ended; connect again")
	ErrRolledBack = errors.New("the transaction was rolled back after an error; roll it back and begin again")
	ErrRefused    = errors.New("a session may not do this")
)

// Options of Open.
type Options struct {
	Dir   string           // of this instance alone; empty is a temporary folder that Close removes
	Blobs *store.Blobs     // where sealed data goes, and comes from
	Now   func() time.Time // virtual time
	Limit func() int64     // bytes that all databases together may have; nil is no limit
}

// Server is the databases of one instance. It is safe for concurrent use.
type Server struct {
	o         Options
	dir       string
	temporary bool

	mu        sync.Mutex // the catalog and the list of sessions
	catalog   catalog
	databases map[int]*database // by id; those dropped, too, until a history holds them whole
	extend    func(*sqlite.Driver, func() *Conn) error
	extended  int // how often there was another extend
	idle      []*slot
	closed    bool

	moments sync.Mutex
	last    time.Time // the latest moment that was given
}

// Open goes on with the files in o.Dir or, when there are none, makes them from h as it is at its end; the zero History
// gives an instance without databases.
func Open(o Options, h History) (*Server, error) {
	s := &Server{o: o, dir: o.Dir, databases: map[int]*database{}}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "lifeboat-databases-")
		if err != nil {
			return nil, fmt.Errorf("database: make a folder for an instance's files: %w", err)
		}
		s.dir, s.temporary = dir, true
	}
	err := s.open(h)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("database: open the files in %s: %w", s.dir, err)
	}
	return s, nil
}

func (s *Server) open(h History) error {
	there, err := s.readCatalog()
	if err != nil {
		return err
	}
	if !there {
		if err := s.restore(h); err != nil {
			return err
		}
	}
	if err := s.sweep(); err != nil {
		return err
	}
	s.last = s.catalog.Last
	for _, e := range s.catalog.Databases {
		d, err := openDatabase(s, e, h.sealed(e.ID))
		if err != nil {
			return err
		}
		s.databases[e.ID] = d
		s.last = later(s.last, d.log.latest())
	}
	return nil
}

// Close ends the sessions. What was committed stays in the files, unless they are temporary.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	databases := s.databases
	s.mu.Unlock()
	var failed []error
	for _, d := range databases {
		failed = append(failed, d.close())
	}
	if s.temporary {
		failed = append(failed, os.RemoveAll(s.dir))
	}
	return errors.Join(failed...)
}

// Remove deletes the files of an instance that is closed. What its History names stays in the store.
func Remove(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("database: remove the files of an instance: %w; close its sessions and try again", err)
	}
	return nil
}

// moment is the virtual time, which as the server sees it never goes back.
func (s *Server) moment() time.Time {
	now := s.o.Now().UTC().Round(0)
	s.moments.Lock()
	defer s.moments.Unlock()
	s.last = later(s.last, now)
	return s.last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Extend lets register add SQL functions and collations to what sessions can use; see the package comment. It is called
// before the first Connect, and register once for each session that is open at a time: drivers are used again, because what
// is registered with one stays in the process for good.
func (s *Server) Extend(register func(d *sqlite.Driver, conn func() *Conn) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.extend, s.idle = register, nil
	s.extended++
}

// slot is a driver with the functions of the dialect, for one session at a time.
type slot struct {
	driver   sqlite.Driver
	conn     *Conn
	extended int // whose functions it has
}

// slot is a driver that no session uses. s.mu is held.
func (s *Server) slot() (*slot, error) {
	if last := len(s.idle) - 1; last >= 0 {
		l := s.idle[last]
		s.idle = s.idle[:last]
		return l, nil
	}
	l := &slot{extended: s.extended}
	if s.extend == nil {
		return l, nil
	}
	return l, s.extend(&l.driver, func() *Conn { return l.conn })
}
