package sqlserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
	"lifeboat/aws/sandbox/database/sqlserver/tsql"
)

// argument is one of a procedure, with its value.
type argument struct {
	name   string // lower case without @; "" is positional
	value  tsql.Value
	output string // the @variable that takes what the procedure leaves in it; of a remote call its own name
}

// exec runs EXEC.
func (x *session) exec(ctx context.Context, e tsql.Exec) error {
	args, err := x.arguments(ctx, e)
	if err != nil {
		return err
	}
	return x.procedure(func() error {
		if err := x.invoke(ctx, e.Procedure, args); err != nil {
			return err
		}
		if v, ok := x.frame[e.Status]; ok {
			v.V = int64(0)
			x.frame[e.Status] = v
		}
		return nil
	})
}

func (x *session) arguments(ctx context.Context, e tsql.Exec) ([]argument, error) {
	args := make([]argument, len(e.Args))
	for i, a := range e.Args {
		v, err := x.typed(ctx, a.X)
		if err != nil {
			return nil, err
		}
		args[i] = argument{name: a.Name, value: v}
		if a.Output {
			if args[i].output = a.X.Variable(); args[i].output == "" {
				return nil, failure(179, "Cannot use the OUTPUT option when passing a constant to a stored procedure.")
			}
		}
	}
	return args, nil
}

// invoke runs a procedure by name: those of SQL Server that are done here, and those of RDS.
func (x *session) invoke(ctx context.Context, n tsql.Name, args []argument) error {
	switch lower(n.Object) {
	case "sp_executesql":
		return x.executeSQL(ctx, args)
	case "sp_rename":
		return x.renameObject(ctx, args)
	case "sp_databases":
		return x.listDatabases()
	}
	t, err := x.ask(ctx, n, args)
	if err != nil {
		return err
	}
	return x.send(t)
}

// ask calls a procedure of RDS.
func (x *session) ask(ctx context.Context, n tsql.Name, args []argument) (*Table, error) {
	where := lower(n.Database)
	if where == "" {
		where = lower(x.database)
	}
	missing := failure(2812, "Could not find stored procedure '%s'.", n)
	if where != "msdb" && where != "rdsadmin" || x.server.o.Procedures == nil || n.Schema != "" && !strings.EqualFold(n.Schema, "dbo") {
		return nil, missing
	}
	given := map[string]any{}
	for i, a := range args {
		key := a.name
		if key == "" {
			key = strconv.Itoa(i + 1)
		}
		if _, twice := given[key]; twice {
			return nil, failure(8143, "Parameter '@%s' was supplied multiple times.", key)
		}
		v, err := tsql.Wire(a.value.V, a.value.Type)
		if err != nil {
			return nil, err
		}
		given[key] = v
	}
	c := Call{Database: x.database, InTransaction: x.open > 0, Name: where + ".dbo." + lower(n.Object), Args: given}
	t, err := x.server.o.Procedures.Exec(ctx, c)
	var e Error
	if errors.As(err, &e) && e.Number == missing.Number {
		return nil, missing
	}
	return t, err
}

// send sends what a procedure of RDS answered.
func (x *session) send(t *Table) error {
	if t == nil {
		return nil
	}
	for _, m := range t.Messages {
		x.say(information(0, "%s", m))
	}
	if len(t.Columns) == 0 {
		return nil
	}
	columns, rows, err := t.typed()
	if err != nil {
		return err
	}
	x.flush(true)
	if err := x.out.Columns(columns); err != nil {
		return err
	}
	for _, row := range rows {
		if err := x.out.Row(row); err != nil {
			return err
		}
	}
	x.rowCount = int64(len(rows))
	x.done(true, true, x.rowCount)
	return nil
}

// typed are a table's columns and rows as package tds has them.
func (t *Table) typed() ([]tds.Column, [][]any, error) {
	columns := make([]tds.Column, len(t.Columns))
	for i, c := range t.Columns {
		typ, ok := tds.ParseType(c.Type, map[string][]string{"nvarchar": {"4000"}}[c.Type])
		if !ok {
			return nil, nil, fmt.Errorf("column %s of a procedure's answer: %q is no data type", c.Name, c.Type)
		}
		columns[i] = tds.Column{Name: c.Name, Type: typ}
	}
	rows := make([][]any, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = make([]any, len(columns))
		for j, v := range row {
			if at, ok := v.(time.Time); ok {
				rows[i][j] = at.UTC()
				continue
			}
			rows[i][j] = tsql.Stored(v, columns[j].Type)
			if s, ok := rows[i][j].(string); ok && len([]rune(s)) > columns[j].Type.Length {
				columns[j].Type.Length = tds.Max
			}
		}
	}
	return columns, rows, nil
}

// rowsOf are the rows that INSERT ... EXEC inserts.
func (x *session) rowsOf(ctx context.Context, e tsql.Exec) ([]tds.Column, [][]any, error) {
	args, err := x.arguments(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	t, err := x.ask(ctx, e.Procedure, args)
	if err != nil || t == nil {
		return nil, nil, err
	}
	columns, rows, err := t.typed()
	for _, row := range rows {
		for i, v := range row {
			row[i] = tsql.Stored(v, columns[i].Type)
		}
	}
	return columns, rows, err
}

// executeSQL is sp_executesql: a batch with parameters.
func (x *session) executeSQL(ctx context.Context, args []argument) error {
	if len(args) == 0 {
		return failure(201, "Procedure or function 'sp_executesql' expects parameter '@stmt', which was not supplied.")
	}
	text, ok := args[0].value.V.(string)
	if !ok {
		return failure(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.")
	}
	declared := ""
	if len(args) > 1 {
		declared, _ = args[1].value.V.(string)
		args = args[2:]
	} else {
		args = nil
	}
	return x.withParameters(ctx, text, declared, args)
}

// withParameters runs a batch whose variables begin with the arguments' values; output variables get theirs back.
func (x *session) withParameters(ctx context.Context, text, declared string, args []argument) error {
	parameters, err := tsql.ParseParameters(declared)
	if err != nil {
		return err
	}
	frame := map[string]tsql.Value{}
	for _, d := range parameters {
		frame[d.Name] = tsql.Value{Type: d.Type}
	}
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = "@" + a.name
		if a.name == "" && i < len(parameters) {
			names[i] = parameters[i].Name
		}
		to, ok := frame[names[i]]
		if !ok {
			return failure(8145, "%s is not a parameter for procedure sp_executesql.", names[i])
		}
		if to.V, err = tsql.Convert(a.value.V, a.value.Type, to.Type, 0); err != nil {
			return err
		}
		frame[names[i]] = to
	}
	for i, d := range parameters {
		if i >= len(args) && !slices.Contains(names, d.Name) {
			return failure(8178, "The parameterized query '%.100s' expects the parameter '%s', which was not supplied.", text, d.Name)
		}
	}
	if err := x.scoped(frame, func() error { return x.batch(ctx, text) }); err != nil {
		return err
	}
	for i, a := range args {
		if to, ok := x.frame[a.output]; ok && a.output != "" {
			got := frame[names[i]]
			if to.V, err = tsql.Convert(got.V, got.Type, to.Type, 0); err != nil {
				return err
			}
			x.frame[a.output] = to
		}
	}
	return nil
}

// renameObject is sp_rename for tables.
func (x *session) renameObject(ctx context.Context, args []argument) error {
	if len(args) < 2 {
		return failure(201, "Procedure or function 'sp_rename' expects parameter '@newname', which was not supplied.")
	}
	if len(args) > 2 {
		if kind, _ := args[2].value.V.(string); !strings.EqualFold(kind, "OBJECT") {
			return tsql.Refused("sp_rename of anything but a table")
		}
	}
	old, _ := args[0].value.V.(string)
	new, _ := args[1].value.V.(string)
	n, err := tsql.ParseName(old)
	if err != nil {
		return err
	}
	p := place{x, x.db, x.database}
	tab, err := p.Table(n)
	switch {
	case err != nil:
		return err
	case tab == nil:
		return failure(15225, "No item by the name of '%s' could be found in the current database '%s', given that @itemtype was input as '(null)'.", old, x.database)
	}
	if _, err := p.change(ctx, "ALTER TABLE main."+tsql.Quote(tab.Name)+" RENAME TO "+tsql.Quote(new)); err != nil {
		return err
	}
	x.say(information(15477, "Caution: Changing any part of an object name could break scripts and stored procedures."))
	return nil
}

// listDatabases is sp_databases.
func (x *session) listDatabases() error {
	t := &Table{Columns: []Column{{"DATABASE_NAME", "nvarchar"}, {"DATABASE_SIZE", "int"}, {"REMARKS", "nvarchar"}}}
	for _, n := range x.server.names() {
		t.Rows = append(t.Rows, []any{n, nil, nil})
	}
	return x.send(t)
}
