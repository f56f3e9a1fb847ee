package sqlserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// What leaves a loop or a batch from inside.
var (
	errBreak    = errors.New("BREAK outside of a loop")
	errContinue = errors.New("CONTINUE outside of a loop")
	errReturn   = errors.New("RETURN")
)

// batch reads T-SQL and runs it.
func (x *session) batch(ctx context.Context, text string) error {
	body, err := tsql.Parse(text, !x.options.textQuotes)
	if err != nil {
		return err
	}
	err = x.runAll(ctx, body)
	if errors.Is(err, errReturn) {
		err = nil
	}
	return err
}

// runAll runs statements in order. An error that does not end the batch is told, and the next statement runs; inside TRY every error ends the block.
func (x *session) runAll(ctx context.Context, body []tsql.Statement) error {
	for _, s := range body {
		if ctx.Err() != nil {
			return errStopped
		}
		x.now = x.server.o.Now()
		err := x.run(ctx, s)
		switch {
		case ctx.Err() != nil:
			return errStopped // the client no longer wants to know
		case err == nil:
			continue
		case errors.Is(err, errBreak), errors.Is(err, errContinue), errors.Is(err, errReturn), errors.Is(err, errStopped):
			return err
		}
		if errors.Is(err, database.ErrRolledBack) || errors.Is(err, database.ErrFull) && x.open > 0 {
			x.rolledBack(ctx)
		}
		f := fault(err)
		x.lastErr, x.rowCount = f.Number, 0
		if x.tries > 0 {
			return err
		}
		x.report(f)
		if x.open > 0 && (x.options.xactAbort || f.Number == 245 || f.Number == 241) {
			x.rolledBack(ctx)
			return errStopped
		}
		if _, thrown := s.(tsql.Throw); thrown || !goesOn(f) {
			return errStopped
		}
	}
	return nil
}

// run runs one statement.
func (x *session) run(ctx context.Context, s tsql.Statement) error {
	switch s := s.(type) {
	case tsql.Block:
		return x.runAll(ctx, s.Body)
	case tsql.If:
		return x.ifThen(ctx, s)
	case tsql.While:
		return x.while(ctx, s)
	case tsql.Try:
		return x.try(ctx, s)
	case tsql.Break:
		return errBreak
	case tsql.Continue:
		return errContinue
	case tsql.Return:
		return errReturn
	case tsql.Declare:
		return x.declare(ctx, s)
	case tsql.Set:
		return x.assign(ctx, s.Name, s.X)
	case tsql.Option:
		return x.setOption(s)
	case tsql.Print:
		v, err := x.convert(ctx, s.X, tds.Type{Name: "nvarchar", Length: tds.Max})
		if text, ok := v.(string); ok && err == nil {
			x.say(information(0, "%s", text))
		}
		return err
	case tsql.Use:
		return x.goTo(s.Database)
	case tsql.RaiseError:
		return x.raiseError(ctx, s)
	case tsql.Throw:
		return x.throw(ctx, s)
	case tsql.Begin, tsql.Commit, tsql.Rollback:
		if err := x.steer(ctx, s); err != nil {
			return err
		}
		x.done(false, false, 0)
		return nil
	case tsql.CreateDatabase, tsql.DropDatabase, tsql.AlterDatabase:
		return x.define(ctx, s)
	case tsql.Exec:
		return x.exec(ctx, s)
	case tsql.ExecText:
		v, err := x.convert(ctx, s.X, tds.Type{Name: "nvarchar", Length: tds.Max})
		if err != nil {
			return err
		}
		text, _ := v.(string)
		return x.procedure(func() error { return x.scoped(map[string]tsql.Value{}, func() error { return x.batch(ctx, text) }) })
	}
	x.lastErr = 0
	return x.data(ctx, s)
}

func (x *session) ifThen(ctx context.Context, s tsql.If) error {
	yes, err := x.condition(ctx, s.Cond)
	switch {
	case err != nil:
		return err
	case yes:
		return x.runAll(ctx, []tsql.Statement{s.Then})
	case s.Else != nil:
		return x.runAll(ctx, []tsql.Statement{s.Else})
	}
	return nil
}

func (x *session) while(ctx context.Context, s tsql.While) error {
	for ctx.Err() == nil {
		yes, err := x.condition(ctx, s.Cond)
		if err != nil || !yes {
			return err
		}
		err = x.runAll(ctx, []tsql.Statement{s.Body})
		switch {
		case errors.Is(err, errBreak):
			return nil
		case err != nil && !errors.Is(err, errContinue):
			return err
		}
	}
	return errStopped
}

func (x *session) try(ctx context.Context, s tsql.Try) error {
	x.tries++
	err := x.runAll(ctx, s.Body)
	x.tries--
	if err == nil || errors.Is(err, errBreak) || errors.Is(err, errContinue) || errors.Is(err, errReturn) || errors.Is(err, errStopped) {
		return err
	}
	before := x.caught
	f := fault(err)
	x.caught = &f
	defer func() { x.caught = before }()
	return x.runAll(ctx, s.Catch)
}

func (x *session) raiseError(ctx context.Context, s tsql.RaiseError) error {
	message, err := x.convert(ctx, s.Message, tds.Type{Name: "nvarchar", Length: 2048})
	if err != nil {
		return err
	}
	severity, err := x.convert(ctx, s.Severity, tds.Type{Name: "int"})
	if err != nil {
		return err
	}
	args := make([]any, len(s.Args))
	for i, a := range s.Args {
		if args[i], err = x.value(ctx, a); err != nil {
			return err
		}
	}
	text, _ := message.(string)
	if len(args) > 0 {
		text = fmt.Sprintf(strings.NewReplacer("%i", "%d", "%u", "%d", "%ld", "%d", "%I64d", "%d").Replace(text), args...)
	}
	level, _ := severity.(int64)
	f := tds.Fault{Number: 50000, State: 1, Severity: uint8(min(max(level, 0), 18)), Message: text}
	if f.Severity > 10 && x.tries > 0 {
		return f
	}
	if f.Severity <= 10 {
		x.say(f)
	} else {
		x.report(f)
	}
	if s.NoWait {
		x.out.Flush()
	}
	return nil
}

func (x *session) throw(ctx context.Context, s tsql.Throw) error {
	if s.Number.IsZero() {
		if x.caught == nil {
			return failure(10704, "To rethrow an error, a THROW statement must be used inside a CATCH block.")
		}
		return *x.caught
	}
	number, err := x.convert(ctx, s.Number, tds.Type{Name: "int"})
	if err != nil {
		return err
	}
	message, err := x.convert(ctx, s.Message, tds.Type{Name: "nvarchar", Length: 2048})
	if err != nil {
		return err
	}
	n, _ := number.(int64)
	text, _ := message.(string)
	return failure(int32(n), "%s", text)
}

// declare makes a variable. In a loop, one without a value keeps the one it has.
func (x *session) declare(ctx context.Context, s tsql.Declare) error {
	if _, there := x.frame[s.Name]; there && s.X.IsZero() {
		return nil
	}
	x.frame[s.Name] = tsql.Value{Type: s.Type}
	if s.X.IsZero() {
		return nil
	}
	return x.assign(ctx, s.Name, s.X)
}

func (x *session) assign(ctx context.Context, name string, to tsql.Scalar) error {
	v, ok := x.frame[name]
	if !ok {
		return failure(137, "Must declare the scalar variable \"%s\".", name)
	}
	got, err := x.convert(ctx, to, v.Type)
	if err != nil {
		return err
	}
	v.V = got
	x.frame[name] = v
	return nil
}

// scoped runs f with other variables.
func (x *session) scoped(frame map[string]tsql.Value, f func() error) error {
	before := x.frame
	x.frame = frame
	defer func() { x.frame = before }()
	return f()
}

// procedure runs f as the inside of a procedure: what it ends is no statement of the batch.
func (x *session) procedure(f func() error) error {
	x.inside++
	err := f()
	x.inside--
	if errors.Is(err, errReturn) {
		err = nil
	}
	if err != nil && !errors.Is(err, errStopped) {
		return err
	}
	x.returned(0)
	return err
}

// returned ends a procedure.
func (x *session) returned(status int32) {
	if x.inside > 0 {
		return
	}
	x.flush(true)
	x.out.ReturnStatus(status)
	x.ending = &ending{kind: tds.DoneProc}
	if x.open > 0 {
		x.ending.status = tds.InTran
	}
}

func (x *session) goTo(name string) error {
	if strings.EqualFold(name, x.database) {
		name = x.database
	} else if x.open > 0 {
		return tsql.Refused("USE of another database inside a transaction")
	}
	if err := x.use(name); err != nil {
		return err
	}
	x.done(false, false, 0)
	return nil
}
