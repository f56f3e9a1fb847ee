package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/postgres/dialect"
)

// command runs what is no SQL of SQLite.
func (c *session) command(ctx context.Context, st *dialect.Statement) error {
	if st.Alone && c.block {
		return dialect.Errorf("25001", "%s cannot run inside a transaction block", st.Tag)
	}
	var err error
	switch st.Kind {
	case dialect.Transaction:
		return c.transaction(ctx, st)
	case dialect.Set:
		err = c.change(st)
	case dialect.Deallocate:
		err = c.deallocate(st.Name)
	case dialect.CreateDatabase:
		err = c.createDatabase(st.Name)
	case dialect.DropDatabase:
		err = c.dropDatabase(st)
	case dialect.RenameDatabase:
		err = c.renameDatabase(st)
	}
	if err != nil {
		return err
	}
	return c.complete(&portal{st: st}, 0)
}

func (c *session) transaction(ctx context.Context, st *dialect.Statement) error {
	var err error
	switch st.Word {
	case "begin":
		if c.block {
			c.notice("WARNING", "25001", "there is already a transaction in progress")
			break
		}
		err = c.begin(ctx)
		c.block, c.readOnly = err == nil, st.Value == "read only"
	case "commit", "rollback":
		return c.end(st)
	default:
		err = c.savepoint(ctx, st)
	}
	if err != nil {
		return err
	}
	return c.complete(&portal{st: st}, 0)
}

// end is COMMIT and ROLLBACK. What has failed is rolled back by both, and the tag says so.
func (c *session) end(st *dialect.Statement) error {
	if !c.block {
		c.notice("WARNING", "25P01", "there is no transaction in progress")
	}
	keep := st.Word == "commit" && !c.aborted
	c.dropPortals()
	c.block, c.aborted, c.readOnly = false, false, false
	var err error
	switch {
	case !c.sql.InTransaction():
	case keep:
		err = c.sql.Commit(c.server.ctx)
	default:
		err = c.sql.Rollback(c.server.ctx)
	}
	if err != nil {
		return err
	}
	done := *st
	if !keep {
		done.Tag = "ROLLBACK"
	}
	return c.complete(&portal{st: &done}, 0)
}

func (c *session) savepoint(ctx context.Context, st *dialect.Statement) error {
	if !c.block {
		name := map[string]string{"savepoint": "SAVEPOINT", "release": "RELEASE SAVEPOINT", "rollback to": "ROLLBACK TO SAVEPOINT"}[st.Word]
		return dialect.Errorf("25P01", "%s can only be used in transaction blocks", name)
	}
	rows, err := c.sql.Run(ctx, st.Word+" "+quoted(st.Name))
	if err != nil {
		return err
	}
	if st.Word == "rollback to" {
		c.aborted = false
	}
	return rows.Close()
}

func quoted(name string) string {
	out := []byte{'"'}
	for i := range len(name) {
		if name[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, name[i])
	}
	return string(append(out, '"'))
}

func (c *session) deallocate(name string) error {
	if name == "" {
		clear(c.prepared)
		return nil
	}
	if c.prepared[name] == nil {
		return dialect.Errorf("26000", "prepared statement %q does not exist", name)
	}
	delete(c.prepared, name)
	return nil
}

func taken(name string) bool {
	return name == "template0" || name == "template1" || name == "rdsadmin"
}

func (c *session) createDatabase(name string) error {
	err := database.ErrExists
	if !taken(name) {
		err = c.server.o.Databases.Create(name)
	}
	if errors.Is(err, database.ErrExists) {
		return dialect.Errorf("42P04", "database %q already exists", name)
	}
	return err
}

func (c *session) dropDatabase(st *dialect.Statement) error {
	if st.Name == c.database {
		return dialect.Errorf("55006", "cannot drop the currently open database")
	}
	if taken(st.Name) {
		return dialect.Errorf("42501", "must be owner of database %s", st.Name)
	}
	err := c.unused(func() error { return c.server.o.Databases.Drop(st.Name) })
	switch {
	case errors.Is(err, database.ErrNotFound) && st.Missing:
		c.notice("NOTICE", "00000", "database \""+st.Name+"\" does not exist, skipping")
		return nil
	case errors.Is(err, database.ErrNotFound):
		return dialect.Errorf("3D000", "database %q does not exist", st.Name)
	case errors.Is(err, database.ErrInUse):
		return dialect.Errorf("55006", "database %q is being accessed by other users", st.Name)
	}
	return err
}

// leaving is how long sessions that are just ending are waited for, this machine's time. Postgres gives them 5 s; here nobody is
// further away than this machine.
const leaving = 500 * time.Millisecond

// unused does what wants a database without sessions.
func (c *session) unused(do func() error) error {
	late := time.After(leaving)
	for {
		err := do()
		if !errors.Is(err, database.ErrInUse) {
			return err
		}
		select {
		case <-late:
			return err
		case <-time.After(leaving / 50):
		}
	}
}

func (c *session) renameDatabase(st *dialect.Statement) error {
	if st.Name == c.database {
		return dialect.Errorf("0A000", "current database cannot be renamed")
	}
	if names := c.server.o.Databases.Names(); slices.Contains(names, st.Name) && slices.Contains(names, st.Value) {
		return dialect.Errorf("42P04", "database %q already exists", st.Value)
	}
	err := c.unused(func() error { return c.server.o.Databases.Rename(st.Name, st.Value) })
	switch {
	case errors.Is(err, database.ErrNotFound):
		return dialect.Errorf("3D000", "database %q does not exist", st.Name)
	case errors.Is(err, database.ErrExists):
		return dialect.Errorf("42P04", "database %q already exists", st.Value)
	case errors.Is(err, database.ErrInUse):
		return dialect.Errorf("55006", "database %q is being accessed by other users", st.Name)
	}
	return err
}
