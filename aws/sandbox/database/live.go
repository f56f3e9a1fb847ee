package database

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// database is one database that serves, or that was dropped and has still to be sealed.
type database struct {
	server   *Server
	id       int
	path     string // of the SQLite file
	log      *log
	writer   chan struct{}  // holds one: whose session writes, or what moves the log
	sessions map[*Conn]bool // Server.mu
	given    given          // Server.mu: to the last Seal

	keeping sync.Mutex
	keeper  rawConn // keeps the file open, moves the log into it, and reads it whole
}

// The files of a database: the SQLite file with its WAL, the file as it was made (until a history holds that), the moments
// of commits, and segments that no history holds for sure.
func (s *Server) path(id int, kind string) string {
	return filepath.Join(s.dir, fmt.Sprintf("%d.%s", id, kind))
}

// openDatabase opens the files of a database. sealed is the last segment that the history holds. What a kill left in the
// WAL is cut into a segment before SQLite touches it.
func openDatabase(s *Server, e entry, sealed int) (*database, error) {
	d := &database{server: s, id: e.ID, path: s.path(e.ID, "db"), writer: make(chan struct{}, 1), sessions: map[*Conn]bool{}}
	var err error
	if d.log, err = openLog(s, e, d.path, sealed); err != nil {
		return nil, err
	}
	if err = d.log.cut(); err == nil && e.Dropped.IsZero() {
		err = d.keep()
	}
	if err == nil {
		_, err = d.move()
	}
	if err != nil {
		return nil, errors.Join(err, d.shut())
	}
	return d, nil
}

// keep opens the connection that stays: SQLite moves the WAL into the file by itself when the last one closes.
func (d *database) keep() (err error) {
	d.keeper, err = d.connect(&sqlite.Driver{}, "busy_timeout(0)")
	if err != nil {
		return err
	}
	_, err = ask(d.keeper, "select count(*) from sqlite_schema") // opens the WAL
	return err
}

// connect opens the SQLite file. Nothing is moved out of the WAL but by roll, and nothing waits for the disk: a kill of the
// process loses nothing that was written.
func (d *database) connect(driver *sqlite.Driver, pragmas ...string) (rawConn, error) {
	if len(pragmas) == 0 {
		pragmas = []string{"busy_timeout(10000)", "foreign_keys(1)", "temp_store(memory)"}
	}
	query := url.Values{"mode": {"rw"}, "_defensive": {"1"}, "_time_format": {"sqlite"},
		"_pragma": append(pragmas, "synchronous(off)", "wal_autocheckpoint(0)")}
	conn, err := driver.Open(address(d.path) + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	return conn.(rawConn), nil
}

// address is a file as a URI (sqlite.org/uri.html).
func address(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") && filepath.IsAbs(path) {
		path = "/" + path // C:/x
	}
	if strings.HasPrefix(path, "/") {
		return "file://" + (&url.URL{Path: path}).EscapedPath()
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath()
}

// acquire waits until nobody else writes, no longer than wait and ctx, nor than the session lasts.
func (d *database) acquire(ctx, session context.Context) error {
	select {
	case d.writer <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case d.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-session.Done():
		return ErrClosed
	case <-timer.C:
		return fmt.Errorf("database: %w", ErrBusy)
	}
}

// release lets the next one write. A log that has grown long is moved into the file first.
func (d *database) release() {
	if d.log.long() {
		d.move() // what fails now is tried again, and reported, by Seal
	}
	<-d.writer
}

// noLimit is as many pages as SQLite can have.
const noLimit = math.MaxUint32 - 1

// limit is how many pages the database may have, with what the others have.
func (d *database) limit() int64 {
	s := d.server
	if s.o.Limit == nil {
		return noLimit
	}
	bytes := s.o.Limit()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.catalog.Databases {
		if e.ID != d.id && e.Dropped.IsZero() {
			bytes -= s.databases[e.ID].log.size()
		}
	}
	return min(max(bytes/pageSize, 1), noLimit)
}

// left notes that a session has ended.
func (d *database) left(c *Conn) {
	s := d.server
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(d.sessions, c)
	c.slot.conn = nil
	if c.slot.extended == s.extended {
		s.idle = append(s.idle, c.slot)
	}
}

// move moves the log into the file, for the one who writes. What is committed stands in segments before.
func (d *database) move() (done bool, err error) {
	if d.keeper == nil {
		return false, nil
	}
	if err := d.log.cut(); err != nil {
		return false, err
	}
	d.keeping.Lock()
	defer d.keeping.Unlock()
	if _, err := ask(d.keeper, "pragma wal_checkpoint(truncate)"); err != nil {
		return false, fmt.Errorf("database: move the log into the file: %w", err)
	}
	return d.log.moved()
}

// close ends the sessions and closes the files.
func (d *database) close() error {
	d.server.mu.Lock()
	sessions := make([]*Conn, 0, len(d.sessions))
	for c := range d.sessions {
		sessions = append(sessions, c)
	}
	d.server.mu.Unlock()
	var failed []error
	for _, c := range sessions {
		failed = append(failed, c.Close())
	}
	return errors.Join(append(failed, d.shut())...)
}

// shut closes the files of a database without sessions. SQLite moves the WAL into the file with it, so all of it goes into
// segments before; where that fails, the files are left as a kill leaves them.
func (d *database) shut() error {
	if err := d.log.close(); err != nil {
		return err
	}
	return d.closeFile()
}

// closeFile closes the file of a database, where it is open.
func (d *database) closeFile() error {
	d.keeping.Lock()
	defer d.keeping.Unlock()
	if d.keeper == nil {
		return nil
	}
	err := d.keeper.Close()
	d.keeper = nil
	return err
}

// remove deletes the files of a database that is closed.
func (s *Server) remove(id int) error {
	files, err := os.ReadDir(s.dir)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), fmt.Sprintf("%d.", id)) {
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, f.Name())))
		}
	}
	return err
}
