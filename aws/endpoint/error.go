package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Kind is what a failure means to whoever asked.
type Kind string

const (
	Unreachable Kind = "unreachable" // no session came about: nothing was run
	Denied      Kind = "denied"      // the user or the password is wrong
	Missing     Kind = "missing"     // there is no such database or table
	Refused     Kind = "refused"     // the server refuses the statement
	Lost        Kind = "lost"        // it was sent, and no answer came back
	Stopped     Kind = "stopped"     // whoever asked has gone away
)

// Codes of failures that the server has no code for.
const (
	CodeNoEndpoint = "NoEndpoint"       // the instance has no address yet
	CodeNoClient   = "NoClient"         // an engine whose protocol is not known here
	CodeNoSecret   = "NoManagedSecret"  // the instance's password is in no secret of RDS
	CodeConnection = "ConnectionFailed" // no connection, or no encryption that is good enough
	CodeLost       = "ConnectionLost"
	CodeTooMany    = "TooManyRows"
)

// Error is a statement or a connection that failed, in the server's own words.
type Error struct {
	Instance string
	Kind     Kind
	Code     string // SQLSTATE, or SQL Server's error number; a Code... of this package when the server said nothing
	Message  string
	// MayHaveRun says that the statement may have been carried out all the same: look before running it again.
	MayHaveRun bool

	cause error // the end of the context, if that was it
}

func (e *Error) Error() string {
	what := e.Instance + ": "
	switch e.Kind {
	case Unreachable:
		what += "no session: "
	case Denied:
		what += "not let in: "
	case Lost:
		what += "the answer was lost: "
	case Stopped:
		what += "stopped: "
	}
	if e.Code != "" {
		what += e.Code + ": "
	}
	return what + strings.TrimSuffix(e.Message, ".")
}

func (e *Error) Unwrap() error { return e.cause }

// passing are the refusals that pass by themselves: too busy, starting, shutting down, a deadlock's victim.
var passing = map[string]bool{
	"40001": true, "40P01": true, "53300": true, "55P03": true, "57P01": true, "57P02": true, "57P03": true,
	"1205": true, "1222": true, "3960": true, "6005": true, "17142": true, CodeNoEndpoint: true, CodeConnection: true,
}

// Retryable reports whether the same may well succeed in a moment, and did nothing now.
func (e *Error) Retryable() bool { return !e.MayHaveRun && passing[e.Code] }

// Hint is the next thing to do, one sentence.
func (e *Error) Hint() string {
	switch {
	case e.Code == CodeNoEndpoint:
		return "wait until the instance is available, then try again"
	case e.Code == CodeNoClient:
		return "use postgres, aurora-postgresql or an edition of sqlserver"
	case e.Code == CodeNoSecret:
		return "let RDS keep the password: 'aws rds modify-db-instance --manage-master-user-password --apply-immediately', or ManageMasterUserPassword when it is created or restored"
	case e.Code == CodeTooMany:
		return fmt.Sprintf("ask for less: at most %d rows, a count, or a page", MostRows)
	}
	switch e.Kind {
	case Unreachable:
		return "check that the instance is available, that its security group lets this machine in on its port, and that it is publicly accessible or this machine is in its network; nothing was run"
	case Denied:
		return "the secret's password is not the instance's: wait while it is being rotated, then try again"
	case Missing:
		return "check the database's and the table's name"
	case Lost:
		return "it may have been done all the same: look before running it again"
	case Stopped:
		return "resume the run"
	}
	if e.Retryable() {
		return "try again in a moment"
	}
	return "correct the statement and try again"
}

// fail makes an error of this address. The password is struck from whatever a server or driver says.
func (a Address) fail(kind Kind, code, message string, cause error) *Error {
	if a.Password != "" {
		message = strings.ReplaceAll(message, string(a.Password), a.Password.String())
	}
	e := &Error{Instance: a.name(), Kind: kind, Code: code, Message: message}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(cause, end) {
			e.cause = end
		}
	}
	return e
}

// unanswered is a failure without the server's word: sent says whether the statement may have reached it.
func (a Address) unanswered(ctx context.Context, err error, sent bool) *Error {
	var e *Error
	switch {
	case ctx.Err() != nil:
		e = a.fail(Stopped, "", context.Cause(ctx).Error(), ctx.Err())
	case sent:
		e = a.fail(Lost, CodeLost, plainly(err), nil)
	default:
		e = a.fail(Unreachable, CodeConnection, plainly(err), nil)
	}
	e.MayHaveRun = sent
	return e
}

// plainly is what the network said, without the drivers' own frames around it; else all on one line.
func plainly(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

func tooMany(a Address) *Error {
	return a.fail(Refused, CodeTooMany, fmt.Sprintf("the statement gives more than %d rows", MostRows), nil)
}
