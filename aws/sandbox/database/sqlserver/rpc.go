package sqlserver

import (
	"context"
	"errors"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// prepared is a batch that a client runs again and again by its handle.
type prepared struct{ text, declared string }

// call runs a remote procedure call.
func (x *session) call(ctx context.Context, c tds.Call) error {
	args := make([]argument, len(c.Params))
	x.frame = map[string]tsql.Value{}
	for i, p := range c.Params {
		v := tsql.Value{V: tsql.Stored(p.Value, p.Type), Type: p.Type}
		args[i] = argument{name: strings.TrimPrefix(lower(p.Name), "@"), value: v}
		if p.Output {
			args[i].output = "\x00" + lower(p.Name) // no variable of the batch has that name
			x.frame[args[i].output] = v
		}
	}
	x.inside++
	err := x.remote(ctx, c.Name, args)
	x.inside--
	if errors.Is(err, errReturn) {
		err = nil
	}
	x.report(err)
	x.flush(true)
	x.out.ReturnStatus(map[bool]int32{true: 0, false: 1}[err == nil])
	for i, p := range c.Params {
		if !p.Output || err != nil {
			continue
		}
		v := x.frame[args[i].output]
		value, err := tsql.Wire(v.V, v.Type)
		if err == nil {
			err = x.out.ReturnValue(i, p.Name, v.Type, value)
		}
		if err != nil {
			return err
		}
	}
	x.ending = &ending{kind: tds.DoneProc}
	if err != nil {
		x.ending.status = tds.Failed
	}
	if x.open > 0 {
		x.ending.status |= tds.InTran
	}
	return nil
}

func (x *session) remote(ctx context.Context, name string, args []argument) error {
	switch lower(name) {
	case "sp_prepare", "sp_prepexec":
		return x.prepare(ctx, args, lower(name) == "sp_prepexec")
	case "sp_execute":
		p, ok := x.handle(args)
		if !ok {
			return failure(8179, "Could not find prepared statement with handle %v.", first(args))
		}
		return x.withParameters(ctx, p.text, p.declared, args[1:])
	case "sp_unprepare":
		if _, ok := x.handle(args); !ok {
			return failure(8179, "Could not find prepared statement with handle %v.", first(args))
		}
		delete(x.prepared, first(args).(int64))
		return nil
	}
	if strings.HasPrefix(lower(name), "sp_cursor") {
		return tsql.Refused("cursors of the server")
	}
	n, err := tsql.ParseName(name)
	if err != nil {
		return err
	}
	return x.invoke(ctx, n, args)
}

func first(args []argument) any {
	if len(args) == 0 {
		return nil
	}
	return args[0].value.V
}

func (x *session) handle(args []argument) (prepared, bool) {
	n, _ := first(args).(int64)
	p, ok := x.prepared[n]
	return p, ok
}

// prepare keeps a batch (handle OUTPUT, parameters, text), and runs it at once for sp_prepexec.
func (x *session) prepare(ctx context.Context, args []argument, run bool) error {
	if len(args) < 3 || args[0].output == "" {
		return failure(214, "Procedure expects parameter '@handle' of type 'int'.")
	}
	var p prepared
	p.declared, _ = args[1].value.V.(string)
	p.text, _ = args[2].value.V.(string)
	if _, err := tsql.Parse(p.text, !x.options.textQuotes); err != nil {
		return err
	}
	x.handles++
	x.prepared[x.handles] = p
	x.frame[args[0].output] = tsql.Value{V: x.handles, Type: intType}
	if !run {
		return nil
	}
	return x.withParameters(ctx, p.text, p.declared, args[3:])
}
