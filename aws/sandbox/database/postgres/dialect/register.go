package dialect

import (
	"database/sql/driver"
	"time"

	"modernc.org/sqlite"
)

// Session is what functions ask of the session that runs them.
type Session interface {
	Began() time.Time // of the transaction: now()
	Now() time.Time
	PID() uint32
	Transaction() int64 // its number
	Size(database string) (bytes int64, err error)
}

// body is a function of SQLite in Go. Null in, null out, unless its name stands in nulls.
type body func(args []driver.Value) (driver.Value, error)

// Register puts our functions into the connections of a driver. session gives that of the connection that is running.
func Register(d *sqlite.Driver, session func() Session) error {
	for _, set := range []map[string]body{textFunctions, numberFunctions, momentFunctions, valueFunctions} {
		for name, f := range set {
			if err := register(d, name, true, f); err != nil {
				return err
			}
		}
	}
	for name, f := range sessionFunctions(session) {
		if err := register(d, name, false, f); err != nil {
			return err
		}
	}
	return nil
}

// takesNull are the functions that are called with nulls.
var takesNull = wordSet("pg_greatest pg_least pg_given pg_amount pg_array pg_json_list")

func register(d *sqlite.Driver, name string, deterministic bool, f body) error {
	strict := !takesNull[name]
	return d.RegisterFunction(name, &sqlite.FunctionImpl{NArgs: -1, Deterministic: deterministic,
		Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if strict {
				for _, a := range args {
					if a == nil {
						return nil, nil
					}
				}
			}
			return f(args)
		}})
}

func sessionFunctions(session func() Session) map[string]body {
	return map[string]body{
		"pg_now":         func([]driver.Value) (driver.Value, error) { return Moment(session().Began()), nil },
		"pg_clock":       func([]driver.Value) (driver.Value, error) { return Moment(session().Now()), nil },
		"pg_pid":         func([]driver.Value) (driver.Value, error) { return int64(session().PID()), nil },
		"pg_transaction": func([]driver.Value) (driver.Value, error) { return session().Transaction(), nil },
		"pg_bytes_of": func(a []driver.Value) (driver.Value, error) {
			n, err := session().Size(str(a[0]))
			return n, raised(err)
		},
		"pg_uuid":   func([]driver.Value) (driver.Value, error) { return randomUUID(), nil },
		"pg_random": func([]driver.Value) (driver.Value, error) { return randomUnit(), nil },
	}
}

// raised carries an Error of ours through SQLite.
func raised(err error) error {
	if e, ok := err.(*Error); ok {
		return raise(e.Code, "%s", e.Message)
	}
	return err
}

func str(v driver.Value) string { return plain(v) }

func whole(v driver.Value) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}

func typeArg(args []driver.Value) Type {
	return Type{OID: OID(whole(args[0])), Mod: int32(whole(args[1]))}
}

// valueFunctions convert between types.
var valueFunctions = map[string]body{
	"pg_input": func(a []driver.Value) (driver.Value, error) { // type, modifier, text
		v, err := typeArg(a).Input(str(a[2]))
		return v, raised(err)
	},
	"pg_output": func(a []driver.Value) (driver.Value, error) { // type, modifier, value
		s, err := typeArg(a).Output(a[2])
		return s, raised(err)
	},
	"pg_fit": func(a []driver.Value) (driver.Value, error) { // type, modifier, explicit, value
		t := typeArg(a)
		if t.OID == Numeric {
			n, isWhole := a[3].(int64)
			var exact any
			if isWhole {
				exact = n
			}
			v, err := t.scaled(number64(a[3]), exact)
			return v, raised(err)
		}
		if !t.OID.stringy() {
			return a[3], nil
		}
		v, err := t.fit(str(a[3]), whole(a[2]) != 0)
		return v, raised(err)
	},
	"pg_given": func(a []driver.Value) (driver.Value, error) { // value, table, column
		if a[0] == nil {
			return nil, raise("23502", "null value in column %q of relation %q violates not-null constraint", str(a[2]), str(a[1]))
		}
		return a[0], nil
	},
	"pg_amount": func(a []driver.Value) (driver.Value, error) { // LIMIT or OFFSET, number
		if a[1] == nil {
			return map[string]int64{"LIMIT": -1}[str(a[0])], nil
		}
		if n := whole(a[1]); n < 0 {
			return nil, raise(map[string]string{"LIMIT": "2201W", "OFFSET": "2201X"}[str(a[0])], "%s must not be negative", str(a[0]))
		}
		return a[1], nil
	},
	"pg_several": func([]driver.Value) (driver.Value, error) {
		return nil, raise("21000", "more than one row returned by a subquery used as an expression")
	},
	"pg_array": func(a []driver.Value) (driver.Value, error) { // array_agg of no rows is null
		if str(a[0]) == "[]" {
			return nil, nil
		}
		return a[0], nil
	},
	"pg_format_type": func(a []driver.Value) (driver.Value, error) {
		t := Type{OID: OID(whole(a[0])), Mod: int32(whole(a[1]))}
		if t.Mod < 0 {
			t.Mod = 0
		}
		return t.String(), nil
	},
	"pg_greatest": func(a []driver.Value) (driver.Value, error) { return extreme(a, 1), nil },
	"pg_least":    func(a []driver.Value) (driver.Value, error) { return extreme(a, -1), nil },
	"pg_bytes": func(a []driver.Value) (driver.Value, error) {
		var out []byte
		for _, v := range a {
			out = append(out, bytesOf(v)...)
		}
		return out, nil
	},
}

func bytesOf(v driver.Value) []byte {
	if b, ok := v.([]byte); ok {
		return b
	}
	return []byte(str(v))
}

// extreme is the greatest (sign 1) or least (-1) of those that are not null.
func extreme(all []driver.Value, sign int) (best driver.Value) {
	for _, v := range all {
		if v != nil && (best == nil || compareValues(v, best)*sign > 0) {
			best = v
		}
	}
	return best
}

func compareValues(a, b driver.Value) int {
	x, okX := a.(int64)
	y, okY := b.(int64)
	switch {
	case okX && okY:
		return sign(x < y, x > y)
	case isNumber(a) && isNumber(b):
		return sign(number64(a) < number64(b), number64(a) > number64(b))
	}
	return sign(str(a) < str(b), str(a) > str(b))
}

func isNumber(v driver.Value) bool {
	switch v.(type) {
	case int64, float64:
		return true
	}
	return false
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}
