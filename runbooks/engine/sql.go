package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// operation gives what is known of an operation. A statement is one that changes what its instance holds, unless it is said to
// read; AWS knows nothing of it.
func operation(name string, reads bool) (calls.Operation, bool) {
	switch {
	case name != runbooks.SQL:
		return calls.Find(name)
	case reads:
		return calls.Operation{Name: name, Effect: calls.Read}, true
	}
	return calls.Operation{Name: name, Effect: calls.Change}, true
}

// stepOperation is the operation of a step's own call.
func stepOperation(s *runbooks.Step) (calls.Operation, bool) {
	op, ok := operation(s.Call, s.SQL != nil && s.SQL.Reads)
	op.Same = op.Same || s.SQL != nil && s.SQL.Again
	return op, ok
}

// statementError is what a database answered, with what the rules about failed calls want to know of it.
type statementError struct {
	said *endpoint.Error
	call *calls.Error
}

func (e *statementError) Error() string   { return e.said.Error() }
func (e *statementError) Hint() string    { return e.said.Hint() }
func (e *statementError) Unwrap() []error { return []error{e.said, e.call} }

// kinds are the kinds of failed calls that failed statements are treated as.
var kinds = map[endpoint.Kind]calls.Kind{
	endpoint.Unreachable: calls.Unreachable, endpoint.Denied: calls.Denied, endpoint.Missing: calls.NotFound,
	endpoint.Refused: calls.Client, endpoint.Lost: calls.Lost, endpoint.Stopped: calls.Stopped,
}

// asCall lets the engine treat a database's error as a failed call; errors of AWS stay what they are.
func asCall(region string, err error) error {
	var e *endpoint.Error
	if !errors.As(err, &e) {
		return err
	}
	kind := kinds[e.Kind]
	if e.Retryable() && kind == calls.Client {
		kind = calls.Throttled // busy for the moment
	}
	return &statementError{e, &calls.Error{Op: "sql at " + e.Instance, Region: region, Code: e.Code, Message: e.Message, Kind: kind, MayHaveRun: e.MayHaveRun, Attempts: 1}}
}

// statement runs one call of the operation SQL, in a session of its own.
func (r *run) statement(ctx context.Context, c journal.Call) (calls.Response, error) {
	text := func(name string) string { s, _ := c.Params[name].(string); return s }
	conn, err := r.session(ctx, c, text("instance"), text("database"))
	if err != nil {
		return calls.Response{Attempts: 1}, err
	}
	defer func() { _ = conn.Close() }()
	answer, err := conn.Run(ctx, text("run"))
	if err != nil {
		return calls.Response{Attempts: 1}, asCall(c.Region, err)
	}
	return calls.Response{Output: answered(answer), Attempts: 1}, nil
}

// answered is a statement's answer as a step's output.
func answered(a endpoint.Answer) map[string]any {
	rows, columns := make([]any, len(a.Rows)), make([]any, len(a.Columns))
	for i, row := range a.Rows {
		rows[i] = row
	}
	for i, name := range a.Columns {
		columns[i] = name
	}
	return map[string]any{"Rows": rows, "Columns": columns, "Count": float64(len(rows)), "Affected": float64(a.Affected)}
}

// session opens a session at a database, for a call that says where and whether it changes anything. Address and password are
// looked up each time: an instance may have got another name or password meanwhile. The look-ups are no lines of the
// journal and no events, since one of their answers is the password.
func (r *run) session(ctx context.Context, c journal.Call, instance, database string) (endpoint.Conn, error) {
	if err := r.mayChange(c, instance); err != nil {
		return nil, err
	}
	ask := func(ctx context.Context, op string, params map[string]any) (map[string]any, error) {
		resp, err := r.caller.Call(ctx, calls.Request{Op: op, Region: c.Region, As: c.As, Params: params})
		return resp.Output, err
	}
	address, err := endpoint.Find(ctx, ask, instance, database)
	if err != nil {
		return nil, asCall(c.Region, err)
	}
	for n := 1; ; n++ {
		conn, err := r.o.Connect(ctx, address)
		// An instance that has just become available may not take connections at once.
		if e, ok := errors.AsType[*endpoint.Error](err); !ok || e.Code != endpoint.CodeConnection || n == tries {
			return conn, asCall(c.Region, err)
		}
		if err := r.sleepCleaning(ctx, r.backoff(n)); err != nil {
			return nil, err
		}
	}
}

// mayChange is the guard of statements: as that of calls, with one that changes being as grave as a deletion, since nobody
// can tell from outside what it takes away.
func (r *run) mayChange(c journal.Call, instance string) error {
	g := r.guard()
	refuse := func(code, text string) error {
		return &calls.Error{Op: "sql at " + instance, Region: c.Region, Kind: calls.Refused, Code: code, Message: text}
	}
	switch {
	case c.Effect == calls.Read.String():
	case g.ReadOnly:
		return refuse(calls.CodeReadOnly, "this run only reads, and the statement changes data")
	case !g.Real:
	case !g.Confirmed:
		return refuse(calls.CodeNotConfirmed, "nobody has confirmed yet that this account and Region are meant")
	case !r.ledger.holds(instance):
		return refuse(calls.CodeNotOwned, "the instance was not made by this run, and nobody has typed its name")
	}
	return nil
}

// permitStatement asks a person before a statement changes data of an instance that the run did not make.
func (r *run) permitStatement(ctx context.Context, f *frame, c journal.Call) error {
	instance, _ := c.Params["instance"].(string)
	if r.ledger.holds(instance) {
		return nil
	}
	text := fmt.Sprintf("The statement changes data of the instance %s in %s, which this run did not make. Type its name to go on.", instance, c.Region)
	if err := r.typed(ctx, f, journal.Question{ID: "change", Type: "confirm", Typed: instance, Text: text}); err != nil {
		return err
	}
	r.ledger.allowed[instance] = true
	return nil
}

// meant reports whether a refusal is the one that a step expects: by its code or, of a statement, by a part of its words, since many
// refusals of a database share one code.
func meant(s *runbooks.Step, c journal.Call) bool {
	return s.Refused != nil && (c.Code == s.Refused.Code || c.Op == runbooks.SQL && strings.Contains(c.Message, s.Refused.Code))
}
