package sqlserver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

const master = "master"

// systemDatabases are those that every instance of RDS for SQL Server has, in the order of their numbers. They hold nothing here that is to be kept.
var systemDatabases = []string{master, "tempdb", "model", "msdb", "rdsadmin"}

// online is the state of a database that can be used.
const online = "ONLINE"

// state is the state_desc of a database; an error if there is none.
func (s *Server) state(name string) (string, error) {
	real, ok := s.find(name)
	if !ok {
		return "", failure(911, "Database '%s' does not exist. Make sure that the name is entered correctly.", name)
	}
	if states, ok := s.o.Procedures.(interface{ State(string) string }); ok {
		if state := states.State(real); state != "" {
			return state, nil
		}
	}
	return online, nil
}

// find is a database's name as it was created.
func (s *Server) find(name string) (string, bool) {
	for _, n := range append(slices.Clone(systemDatabases), s.o.Databases.Names()...) {
		if strings.EqualFold(n, name) {
			return n, true
		}
	}
	return name, false
}

// connect begins a session with a database of the instance, or a system database.
func (s *Server) connect(name string) (*database.Conn, string, error) {
	state, err := s.state(name)
	if err != nil {
		return nil, name, err
	}
	real, _ := s.find(name)
	switch {
	case state == "RESTORING":
		f := failure(927, "Database '%s' cannot be opened. It is in the middle of a restore.", real)
		f.Severity = 14
		return nil, real, f
	case state != online:
		f := failure(942, "Database '%s' cannot be opened because it is offline.", real)
		f.Severity = 14
		return nil, real, f
	}
	if !slices.Contains(systemDatabases, real) {
		db, err := s.o.Databases.Connect(real)
		if errors.Is(err, database.ErrNotFound) {
			err = failure(911, "Database '%s' does not exist. Make sure that the name is entered correctly.", name)
		}
		return db, real, err
	}
	system, err := s.system()
	if err != nil {
		return nil, real, err
	}
	db, err := system.Connect(master)
	return db, real, err
}

// system opens what stands for all system databases, when the first session wants one: nothing can be made in them, and it is gone with the server.
func (s *Server) system() (*database.Server, error) {
	s.systemMu.Lock()
	defer s.systemMu.Unlock()
	if s.scratch != nil {
		return s.scratch, nil
	}
	scratch, err := database.Open(database.Options{Now: s.o.Now}, database.History{})
	if err != nil {
		return nil, err
	}
	s.extend(scratch)
	if err := scratch.Create(master); err != nil {
		return nil, errors.Join(err, scratch.Close())
	}
	s.scratch = scratch
	return scratch, nil
}

// define runs the statements about databases.
func (x *session) define(ctx context.Context, s tsql.Statement) error {
	var err error
	switch s := s.(type) {
	case tsql.CreateDatabase:
		err = x.outsideTransaction("CREATE DATABASE", func() error { return x.createDatabase(s.Name) })
	case tsql.DropDatabase:
		for _, name := range s.Names {
			err = x.outsideTransaction("DROP DATABASE", func() error { return x.dropDatabase(name, s.IfExists) })
			if err != nil {
				break
			}
		}
	case tsql.AlterDatabase:
		err = x.outsideTransaction("ALTER DATABASE", func() error { return x.alterDatabase(ctx, s) })
	}
	if err == nil {
		x.done(false, false, 0)
	}
	return err
}

func (x *session) outsideTransaction(statement string, f func() error) error {
	if x.open > 0 {
		return failure(226, "%s statement not allowed within multi-statement transaction.", statement)
	}
	return f()
}

func (x *session) createDatabase(name string) error {
	if existing, there := x.server.find(name); there {
		return failure(1801, "Database '%s' already exists. Choose a different database name.", existing)
	}
	if name == "" || len([]rune(name)) > 128 {
		return failure(103, "The identifier that starts with '%.40s' is too long. Maximum length is 128.", name)
	}
	err := x.server.o.Databases.Create(name)
	if errors.Is(err, database.ErrExists) {
		err = failure(1801, "Database '%s' already exists. Choose a different database name.", name)
	}
	return err
}

func (x *session) dropDatabase(name string, ifExists bool) error {
	real, there := x.server.find(name)
	switch {
	case !there && ifExists:
		return nil
	case !there:
		f := failure(3701, "Cannot drop the database '%s', because it does not exist or you do not have permission.", name)
		f.Severity = 11
		return f
	case slices.Contains(systemDatabases, real):
		return failure(3708, "Cannot drop the database '%s' because it is a system database.", real)
	}
	err := x.server.o.Databases.Drop(real)
	if errors.Is(err, database.ErrInUse) {
		err = failure(3702, "Cannot drop database \"%s\" because it is currently in use.", real)
	}
	return err
}

func (x *session) alterDatabase(ctx context.Context, s tsql.AlterDatabase) error {
	name := s.Name
	if name == "" {
		name = x.database
	}
	real, there := x.server.find(name)
	if !there || slices.Contains(systemDatabases, real) {
		f := failure(5011, "User does not have permission to alter database '%s', the database does not exist, or the database is not in a state that allows access checks.", name)
		f.Severity = 14
		return f
	}
	switch {
	case s.NewName != "":
		return x.renameDatabase(real, s.NewName)
	case s.RollbackOthers || s.Access == "SINGLE_USER":
		if !s.RollbackOthers && x.server.others(x, real) > 0 {
			return failure(5070, "Database state cannot be changed while other users are using the database '%s'", real)
		}
		if s.Access != "MULTI_USER" {
			x.server.endOthers(x, real)
		}
		return nil
	case s.Recovery != "":
		p, leave, err := x.in(real)
		if err != nil {
			return err
		}
		defer leave()
		return p.setRecovery(ctx, s.Recovery)
	}
	return nil
}

// renameDatabase needs the database for itself; a session that is in it goes on in it.
func (x *session) renameDatabase(old, name string) error {
	if existing, there := x.server.find(name); there && !strings.EqualFold(existing, old) {
		return failure(1801, "Database '%s' already exists. Choose a different database name.", existing)
	}
	inside := strings.EqualFold(x.database, old)
	if inside {
		if err := x.use(master); err != nil {
			return err
		}
	}
	err := x.server.o.Databases.Rename(old, name)
	if errors.Is(err, database.ErrInUse) {
		err = failure(5030, "The database could not be exclusively locked to perform the operation.")
	}
	if err == nil {
		x.say(information(0, "The database name '%s' has been set.", name))
	} else {
		name = old
	}
	if inside {
		err = errors.Join(err, x.use(name))
	}
	return err
}

// others is how many other sessions are in a database.
func (s *Server) others(x *session, name string) int {
	n := 0
	s.each(func(o *session) {
		if o != x && o.isIn(name) {
			n++
		}
	})
	return n
}

// endOthers ends the other sessions in a database, and waits until they are over.
func (s *Server) endOthers(x *session, name string) {
	var ended []*session
	s.each(func(o *session) {
		if o != x && o.isIn(name) {
			o.kill()
			ended = append(ended, o)
		}
	})
	for _, o := range ended {
		<-o.over
	}
}

func (s *Server) each(f func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sessions {
		f(x)
	}
}

// column types of the system views.
var (
	intType      = tds.Type{Name: "int"}
	smallType    = tds.Type{Name: "smallint"}
	tinyType     = tds.Type{Name: "tinyint"}
	bitType      = tds.Type{Name: "bit"}
	bigType      = tds.Type{Name: "bigint"}
	nameType     = tds.Type{Name: "nvarchar", Length: 128}
	longType     = tds.Type{Name: "nvarchar", Length: 4000}
	datetimeType = tds.Type{Name: "datetime"}
)
