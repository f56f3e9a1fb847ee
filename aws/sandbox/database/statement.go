package database

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// statement is a prepared statement, and what the guard saw in it.
type statement struct {
	sql       string
	prepared  driver.Stmt
	writes    bool
	savepoint bool
}

// statements are prepared ones that wait to be run again, the one used last at the end.
type statements struct{ list []*statement }

// kept is how many a session keeps.
const kept = 32

func (s *statements) take(sql string) *statement {
	for i, st := range s.list {
		if st.sql == sql {
			s.list = append(s.list[:i], s.list[i+1:]...)
			return st
		}
	}
	return nil
}

func (s *statements) put(st *statement) {
	if len(s.list) == kept {
		s.list[0].prepared.Close()
		s.list = append(s.list[:0], s.list[1:]...)
	}
	s.list = append(s.list, st)
}

func (s *statements) close() {
	for _, st := range s.list {
		st.prepared.Close()
	}
	s.list = nil
}

// prepare is the statement of that text, out of those kept or new.
func (c *Conn) prepare(ctx context.Context, sql string) (*statement, error) {
	if st := c.statements.take(sql); st != nil {
		return st, nil
	}
	c.guard.seen, c.guard.refused, c.guard.preparing = seen{}, "", true
	prepared, err := c.raw.PrepareContext(ctx, sql)
	c.guard.preparing = false
	if err != nil {
		return nil, c.problem(err)
	}
	return &statement{sql, prepared, c.guard.seen.writes, c.guard.seen.savepoint}, nil
}

// guard sees what each statement is about to do, and turns down what would go past the log: other files, checkpoints,
// transactions that no method of Conn began.
type guard struct {
	own       bool // a statement of the session itself
	preparing bool // and not running, which is too late to find out that there is something to write
	writing   bool // the session is the one that writes
	seen      seen
	refused   string // what was turned down
}

type seen struct{ writes, savepoint bool }

// pragmas are those that only read, or that concern the transaction alone; some would do more with a value.
const (
	pragmas = " table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list foreign_key_check " +
		"defer_foreign_keys function_list collation_list database_list "
	readPragmas = " data_version page_count page_size freelist_count "
)

// authorize is SQLite's authorizer (sqlite.org/c3ref/set_authorizer.html).
func (g *guard) authorize(action sqlite.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite.AuthorizerReturnCode {
	if g.own {
		return sqlite.AuthorizerOK
	}
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthFunction, sqlite.AuthRecursive:
	case sqlite.AuthSavepoint:
		if g.seen.savepoint = true; !g.preparing {
			return g.refuse("a second statement")
		}
	case sqlite.AuthPragma:
		name := " " + strings.ToLower(arg1) + " "
		if !strings.Contains(pragmas, name) && (arg2 != "" || !strings.Contains(readPragmas, name)) {
			return g.refuse("pragma " + arg1)
		}
	case sqlite.AuthTransaction:
		return g.refuse(fmt.Sprintf("%s as a statement", arg1))
	case sqlite.AuthAttach, sqlite.AuthDetach:
		return g.refuse("vacuum, attach or detach")
	default:
		if g.seen.writes = true; !g.preparing && !g.writing {
			return g.refuse("a second statement")
		}
	}
	return sqlite.AuthorizerOK
}

func (g *guard) refuse(what string) sqlite.AuthorizerReturnCode {
	g.refused = what
	return sqlite.AuthorizerDeny
}
