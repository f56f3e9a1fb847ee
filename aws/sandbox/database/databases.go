package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"slices"

	"lifeboat/aws/sandbox/store"

	"modernc.org/sqlite"
)

// Names are the databases of the instance, sorted.
func (s *Server) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{}
	for _, e := range s.catalog.Databases {
		if e.Dropped.IsZero() {
			names = append(names, e.name())
		}
	}
	slices.Sort(names)
	return names
}

// Size is how many bytes a database has, with all that is committed. SQL functions may call it.
func (s *Server) Size(name string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.catalog.find(name)
	if !there {
		return 0, fmt.Errorf("database: size of %s: %w", name, ErrNotFound)
	}
	return s.databases[e.ID].log.size(), nil
}

// Create makes an empty database; ErrExists when there is one of that name.
func (s *Server) Create(name string) error {
	err := s.create(name, nil, false)
	if err != nil {
		return fmt.Errorf("database: create %s: %w", name, err)
	}
	return nil
}

// Load makes a database out of one SQLite file, as Dump gives it, in the place of the one of that name if there is one;
// ErrInUse when that has sessions, ErrDamaged when the file is not a whole database.
func (s *Server) Load(name string, file []byte) error {
	if !isDatabase(file) {
		return fmt.Errorf("database: load %s: %w", name, ErrDamaged)
	}
	if err := s.create(name, file, true); err != nil {
		return fmt.Errorf("database: load %s: %w", name, err)
	}
	return nil
}

// create makes a database out of a file, nil for an empty one.
func (s *Server) create(name string, file []byte, replace bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	old, there := s.catalog.find(name)
	switch {
	case there && !replace:
		return ErrExists
	case there && len(s.databases[old.ID].sessions) > 0:
		return ErrInUse
	}
	at := s.moment()
	e := entry{ID: s.catalog.Next, Names: []naming{{at, name}}, Created: at}
	if err := s.make(e.ID, file); err != nil {
		return errors.Join(err, s.remove(e.ID))
	}
	d, err := openDatabase(s, e, 0)
	if err != nil {
		return errors.Join(err, s.remove(e.ID))
	}
	c := s.catalog.with(e)
	if there {
		old.Dropped = at
		c = c.with(old)
	}
	if err := s.keep(c); err != nil {
		return errors.Join(err, d.shut(), s.remove(e.ID))
	}
	s.databases[e.ID] = d
	if there {
		return s.databases[old.ID].drop()
	}
	return nil
}

// make makes the files of a new database: the SQLite file in WAL mode with the page size of all, and a copy of it for the
// first base.
func (s *Server) make(id int, content []byte) error {
	path, copied := s.path(id, "db"), s.path(id, "base")
	if err := s.remove(id); err != nil { // of an attempt that failed
		return err
	}
	if content != nil {
		content = withMode(content, 1)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	raw, err := (&sqlite.Driver{}).Open(address(path) + "?mode=rw")
	if err != nil {
		return err
	}
	conn := raw.(rawConn)
	err = s.prepare(conn, content)
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return store.WriteFile(copied, whole)
}

// prepare checks a file that came from elsewhere, and gives it the page size and the mode.
func (s *Server) prepare(conn rawConn, content []byte) error {
	if content != nil {
		if found, err := ask(conn, "pragma quick_check(1)"); err != nil || found != "ok" {
			return fmt.Errorf("%w: %v", ErrDamaged, errors.Join(err, fmt.Errorf("%v", found)))
		}
	}
	was, err := ask(conn, "pragma page_size")
	if err == nil && was != int64(pageSize) {
		_, err = ask(conn, fmt.Sprintf("pragma page_size = %d", pageSize))
		if err == nil {
			_, err = ask(conn, "vacuum")
		}
	}
	if err == nil {
		_, err = ask(conn, "pragma journal_mode = wal")
	}
	return err
}

// ask runs a statement and gives the first value of its first row, if it has one.
func ask(conn rawConn, sql string) (value any, err error) {
	st, err := conn.Prepare(sql)
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 no context may cut it off
	rows, err := st.Query(nil)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	row := make([]driver.Value, len(rows.Columns()))
	if len(row) > 0 && rows.Next(row) == nil {
		value = row[0]
	}
	return value, errors.Join(rows.Close(), st.Close())
}

// Drop removes a database; ErrInUse when it has sessions. Its History goes on holding what it was.
func (s *Server) Drop(name string) error {
	err := s.change(name, func(e entry) (entry, error) {
		e.Dropped = s.moment()
		return e, nil
	})
	if err != nil {
		return fmt.Errorf("database: drop %s: %w", name, err)
	}
	return nil
}

// Rename gives a database another name; ErrInUse when it has sessions, ErrExists when another has that name.
func (s *Server) Rename(old, new string) error {
	err := s.change(old, func(e entry) (entry, error) {
		if _, there := s.catalog.find(new); there {
			return e, ErrExists
		}
		return e.renamed(s.moment(), new), nil
	})
	if err != nil {
		return fmt.Errorf("database: rename %s to %s: %w", old, new, err)
	}
	return nil
}

// change changes the entry of a database without sessions.
func (s *Server) change(name string, how func(entry) (entry, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, there := s.catalog.find(name)
	switch {
	case s.closed:
		return ErrClosed
	case !there:
		return ErrNotFound
	case len(s.databases[e.ID].sessions) > 0:
		return ErrInUse
	}
	e, err := how(e)
	if err == nil {
		err = s.keep(s.catalog.with(e))
	}
	if err == nil && !e.Dropped.IsZero() {
		err = s.databases[e.ID].drop()
	}
	return err
}

// drop closes the file of a database that was dropped. Its segments stay until a history holds them.
func (d *database) drop() error {
	if err := d.log.cut(); err != nil {
		return err
	}
	return d.closeFile()
}

// Dump is a database as one consistent SQLite file, with all that is committed.
func (s *Server) Dump(name string) ([]byte, error) {
	s.mu.Lock()
	e, there := s.catalog.find(name)
	d := s.databases[e.ID]
	s.mu.Unlock()
	if !there {
		return nil, fmt.Errorf("database: dump %s: %w", name, ErrNotFound)
	}
	d.keeping.Lock()
	defer d.keeping.Unlock()
	if d.keeper == nil {
		return nil, fmt.Errorf("database: dump %s: %w", name, ErrNotFound)
	}
	file, err := d.keeper.Serialize()
	if err != nil {
		return nil, fmt.Errorf("database: dump %s: %w", name, err)
	}
	return withMode(file, 1), nil
}
