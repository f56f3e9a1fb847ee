package dialect

import (
	"fmt"
	"strings"
)

// Error is a refusal in Postgres's words. Code is the SQLSTATE ("PostgreSQL Error Codes", appendix A of its manual); Position
// counts characters of the statement's text from 1, 0 where there is none.
type Error struct {
	Code, Message, Detail, Hint string
	Constraint, Table, Column   string
	Position                    int
}

func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// Errorf makes an error with a SQLSTATE.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// at says where in the statement the error is.
func (e *Error) at(t token) *Error {
	e.Position = t.pos + 1
	return e
}

// Unsupported is what the sandbox cannot do although Postgres can: said plainly, so that nobody takes it for their own mistake.
func Unsupported(format string, args ...any) *Error {
	e := Errorf("0A000", format, args...)
	e.Message += " is not supported by the sandbox"
	e.Detail = "The sandbox's database is SQLite behind the Postgres protocol."
	e.Hint = "See: lifeboat sandbox parity"
	return e
}

const marker = "postgres:" // begins the message of an error that one of our SQL functions gave

// raise is how a function inside SQLite refuses: SQLite carries only a text, and Raised reads it again.
func raise(code, format string, args ...any) error {
	return fmt.Errorf(marker+code+":"+format, args...)
}

// Raised finds the refusal of one of our SQL functions in an error that SQLite gave.
func Raised(err error) (*Error, bool) {
	_, rest, ok := strings.Cut(err.Error(), marker)
	if !ok || len(rest) < 6 || rest[5] != ':' {
		return nil, false
	}
	message := rest[6:]
	if i := strings.LastIndex(message, " ("); i >= 0 && strings.HasSuffix(message, ")") && allDigits(message[i+2:len(message)-1]) {
		message = message[:i] // SQLite's own number
	}
	return &Error{Code: rest[:5], Message: message}, true
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
