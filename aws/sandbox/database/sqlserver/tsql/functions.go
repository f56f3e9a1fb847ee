package tsql

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

func textOf(v any) string { return fmt.Sprintf("%T:%v", v, v) }

// scalar is a function that one of SQLite or of functions in this package does: its arguments' types, the least number of them, and what it gives.
type scalar struct {
	sql    string // name( of the function, %s for all arguments
	args   []tds.Type
	least  int
	result tds.Type
	like   int // the result has the type of this argument, from 1
}

// scalars are the functions with nothing special about them.
var scalars = map[string]scalar{
	"LEN":         {sql: "length(rtrim(%s))", args: []tds.Type{maxType}, result: intType},
	"UPPER":       {sql: "tsql_upper(%s)", args: []tds.Type{maxType}, like: 1},
	"LOWER":       {sql: "tsql_lower(%s)", args: []tds.Type{maxType}, like: 1},
	"LTRIM":       {sql: "ltrim(%s)", args: []tds.Type{maxType}, like: 1},
	"RTRIM":       {sql: "rtrim(%s)", args: []tds.Type{maxType}, like: 1},
	"TRIM":        {sql: "trim(%s)", args: []tds.Type{maxType}, like: 1},
	"REVERSE":     {sql: "tsql_reverse(%s)", args: []tds.Type{maxType}, like: 1},
	"SUBSTRING":   {sql: "tsql_substring(%s)", args: []tds.Type{maxType, intType, intType}, like: 1},
	"LEFT":        {sql: "tsql_left(%s)", args: []tds.Type{maxType, intType}, like: 1},
	"RIGHT":       {sql: "tsql_right(%s)", args: []tds.Type{maxType, intType}, like: 1},
	"REPLACE":     {sql: "tsql_replace(%s)", args: []tds.Type{maxType, maxType, maxType}, result: maxType},
	"REPLICATE":   {sql: "tsql_replicate(%s)", args: []tds.Type{maxType, intType}, result: maxType},
	"SPACE":       {sql: "tsql_replicate(' ',%s)", args: []tds.Type{intType}, result: maxType},
	"CHARINDEX":   {sql: "tsql_charindex(%s)", args: []tds.Type{maxType, maxType, intType}, least: 2, result: intType},
	"QUOTENAME":   {sql: "('[' || replace(%s,']',']]') || ']')", args: []tds.Type{nameType}, result: tds.Type{Name: "nvarchar", Length: 258}},
	"NCHAR":       {sql: "char(%s)", args: []tds.Type{intType}, result: tds.Type{Name: "nvarchar", Length: 1}},
	"CHAR":        {sql: "char(%s)", args: []tds.Type{intType}, result: tds.Type{Name: "varchar", Length: 1}},
	"UNICODE":     {sql: "unicode(%s)", args: []tds.Type{maxType}, result: intType},
	"ASCII":       {sql: "unicode(%s)", args: []tds.Type{maxType}, result: intType},
	"ISNUMERIC":   {sql: "tsql_isnumeric(%s)", args: []tds.Type{maxType}, result: intType},
	"ISDATE":      {sql: "tsql_isdate(%s)", args: []tds.Type{maxType}, result: intType},
	"HASHBYTES":   {sql: "tsql_hashbytes(%s)", args: []tds.Type{maxType, {}}, result: tds.Type{Name: "varbinary", Length: 8000}},
	"FLOOR":       {sql: "floor(%s)", args: []tds.Type{{}}, like: 1},
	"CEILING":     {sql: "ceil(%s)", args: []tds.Type{{}}, like: 1},
	"ABS":         {sql: "abs(%s)", args: []tds.Type{{}}, like: 1},
	"SIGN":        {sql: "sign(%s)", args: []tds.Type{{}}, like: 1},
	"ROUND":       {sql: "tsql_round(%s)", args: []tds.Type{{}, intType}, like: 1},
	"SQRT":        {sql: "sqrt(%s)", args: []tds.Type{floatType}, result: floatType},
	"EXP":         {sql: "exp(%s)", args: []tds.Type{floatType}, result: floatType},
	"LOG":         {sql: "ln(%s)", args: []tds.Type{floatType}, result: floatType},
	"LOG10":       {sql: "log10(%s)", args: []tds.Type{floatType}, result: floatType},
	"POWER":       {sql: "pow(%s)", args: []tds.Type{floatType, floatType}, result: floatType},
	"PI":          {sql: "pi()", result: floatType},
	"YEAR":        {sql: "tsql_datepart('year',%s)", args: []tds.Type{latestType}, result: intType},
	"MONTH":       {sql: "tsql_datepart('month',%s)", args: []tds.Type{latestType}, result: intType},
	"DAY":         {sql: "tsql_datepart('day',%s)", args: []tds.Type{latestType}, result: intType},
	"DATEPART":    {sql: "tsql_datepart(%s)", args: []tds.Type{maxType, latestType}, result: intType},
	"DATENAME":    {sql: "tsql_datename(%s)", args: []tds.Type{maxType, latestType}, result: tds.Type{Name: "nvarchar", Length: 30}},
	"DATEDIFF":    {sql: "tsql_datediff(%s)", args: []tds.Type{maxType, latestType, latestType}, result: intType},
	"SCHEMA_NAME": {sql: "tsql_schema(%s)", args: []tds.Type{intType}, result: nameType},
	"NEWID":       {sql: "tsql_newid()", result: tds.Type{Name: "uniqueidentifier"}},
}

// moments are the functions that give the virtual time.
var moments = map[string]tds.Type{"GETDATE": {Name: "datetime"}, "GETUTCDATE": {Name: "datetime"}, "CURRENT_TIMESTAMP": {Name: "datetime"}, "SYSDATETIME": latestType, "SYSUTCDATETIME": latestType}

// call translates a function.
func (t *Translator) call(c call) (value, error) {
	if c.over != nil || aggregateFunctions[c.name] {
		return t.aggregate(c)
	}
	if typ, ok := moments[c.name]; ok {
		if len(c.args) > 0 {
			return value{}, wrongArguments(c)
		}
		if t.defining {
			return value{sql: "tsql_now(" + quoteText(typ.String()) + ")", t: typ}, nil
		}
	}
	if f, ok := scalars[c.name]; ok {
		return t.scalar(c, f)
	}
	if f := t.special(c.name); f != nil {
		return f(c)
	}
	return t.sessionFunction(c)
}

func wrongArguments(c call) error {
	return fault(174, "The %s function requires another number of arguments than %d.", lower(c.name), len(c.args))
}

func (t *Translator) scalar(c call, f scalar) (value, error) {
	if len(c.args) > len(f.args) || len(c.args) < len(f.args) && (f.least == 0 || len(c.args) < f.least) {
		return value{}, wrongArguments(c)
	}
	parts := make([]string, len(c.args))
	var likes tds.Type
	for i, x := range c.args {
		v, err := t.expr(x)
		if err != nil {
			return v, err
		}
		if i == f.like-1 {
			likes = v.t
		}
		if v, err = t.argument(c, v, f.args[i]); err != nil {
			return v, err
		}
		if c.name == "HASHBYTES" && i == 1 && !v.t.IsBinary() { // what is hashed is the bytes of its type
			if v, err = t.convert(v, tds.Type{Name: "varbinary", Length: tds.Max}); err != nil {
				return v, err
			}
		}
		parts[i] = v.sql
	}
	typ := f.result
	if f.like > 0 {
		if typ = likes; f.args[f.like-1].IsText() && !typ.IsText() {
			typ = maxType
		}
	}
	sql := f.sql
	if strings.Contains(sql, "%s") {
		sql = fmt.Sprintf(sql, strings.Join(parts, ","))
	}
	return value{sql: sql, t: typ}, nil
}

// argument makes v what a function takes: any text for a text, any number for type "".
func (t *Translator) argument(c call, v value, want tds.Type) (value, error) {
	switch {
	case want.IsText() && v.t.IsText():
		return v, nil
	case want.Name != "":
		return t.convert(v, want)
	case c.name != "HASHBYTES" && !v.t.IsNumber() && v.t.Name != "":
		return t.convert(v, floatType)
	}
	return v, nil
}

// sessionFunction is one whose answer is known now: its arguments must be, too.
func (t *Translator) sessionFunction(c call) (value, error) {
	args := make([]any, len(c.args))
	for i, x := range c.args {
		v, err := t.expr(x)
		if err != nil {
			return v, err
		}
		if !v.known {
			return v, notUnderstood("%s() of something that is no constant or variable", c.name)
		}
		args[i] = v.v
	}
	v, ok, err := t.s.Function(c.name, args)
	switch {
	case err != nil:
		return value{}, err
	case !ok:
		return value{}, notUnderstood("the function %s()", c.name)
	case t.defining:
		return value{}, notUnderstood("%s() in a DEFAULT or CHECK", c.name)
	}
	return t.constant(v.V, v.Type), nil
}

// special is the translator of a function with rules of its own; nil for none.
func (t *Translator) special(name string) func(call) (value, error) {
	switch name {
	case "ISNULL":
		return t.isNull
	case "COALESCE":
		return t.coalesce
	case "NULLIF":
		return t.nullIf
	case "IIF":
		return t.iif
	case "CONCAT", "CONCAT_WS":
		return t.concat
	case "DATALENGTH":
		return t.dataLength
	case "DATEADD":
		return t.dateAdd
	case "DATEDIFF_BIG":
		return func(c call) (value, error) {
			c.name = "DATEDIFF"
			v, err := t.scalar(c, scalars[c.name])
			v.t = bigintType
			return v, err
		}
	case "CHECKSUM", "BINARY_CHECKSUM":
		return t.checksum
	}
	return nil
}

func (t *Translator) isNull(c call) (value, error) {
	if len(c.args) != 2 {
		return value{}, wrongArguments(c)
	}
	a, err := t.expr(c.args[0])
	if err != nil {
		return a, err
	}
	b, err := t.expr(c.args[1])
	if err != nil {
		return b, err
	}
	if a.t.Name == "" {
		a.t = b.t
	}
	if b, err = t.convert(b, a.t); err != nil {
		return b, err
	}
	if a.known && a.v != nil {
		return a, nil
	}
	return value{sql: "coalesce(" + a.sql + "," + b.sql + ")", t: a.t, known: a.known && b.known, v: b.v}, nil
}

func (t *Translator) coalesce(c call) (value, error) {
	if len(c.args) < 2 {
		return value{}, wrongArguments(c)
	}
	var x caseOf
	for _, a := range c.args[:len(c.args)-1] {
		x.whens = append(x.whens, [2]expr{isNull{a, true}, a})
	}
	x.other = c.args[len(c.args)-1]
	return t.caseOf(x)
}

func (t *Translator) nullIf(c call) (value, error) {
	if len(c.args) != 2 {
		return value{}, wrongArguments(c)
	}
	return t.caseOf(caseOf{whens: [][2]expr{{binaryOp{"=", c.args[0], c.args[1]}, literal{}}}, other: c.args[0]})
}

func (t *Translator) iif(c call) (value, error) {
	if len(c.args) != 3 {
		return value{}, wrongArguments(c)
	}
	return t.caseOf(caseOf{whens: [][2]expr{{c.args[0], c.args[1]}}, other: c.args[2]})
}

func (t *Translator) concat(c call) (value, error) {
	if len(c.args) < 2 {
		return value{}, wrongArguments(c)
	}
	parts := make([]string, len(c.args))
	for i, x := range c.args {
		v, err := t.text(x)
		if err != nil {
			return v, err
		}
		parts[i] = v.sql
	}
	if c.name == "CONCAT_WS" {
		return value{sql: "concat_ws(" + strings.Join(parts, ",") + ")", t: maxType}, nil
	}
	return value{sql: "concat(" + strings.Join(parts, ",") + ")", t: maxType}, nil
}

func (t *Translator) dataLength(c call) (value, error) {
	if len(c.args) != 1 {
		return value{}, wrongArguments(c)
	}
	v, err := t.expr(c.args[0])
	if err != nil {
		return v, err
	}
	switch {
	case v.t.IsText() || v.t.IsBinary():
		v, err = t.convert(v, tds.Type{Name: "varbinary", Length: tds.Max})
		return value{sql: "length(" + v.sql + ")", t: intType}, err
	}
	return v, notUnderstood("DATALENGTH of %s", v.t.Name)
}

func (t *Translator) dateAdd(c call) (value, error) {
	if len(c.args) != 3 {
		return value{}, wrongArguments(c)
	}
	part, err := t.expr(c.args[0])
	if err != nil {
		return part, err
	}
	n, err := t.as(c.args[1], intType)
	if err != nil {
		return n, err
	}
	at, err := t.expr(c.args[2])
	if err != nil {
		return at, err
	}
	if at.t.IsText() {
		if at, err = t.convert(at, tds.Type{Name: "datetime"}); err != nil {
			return at, err
		}
	}
	if !at.t.IsMoment() && at.t.Name != "" || at.t.Name == "time" {
		return at, notUnderstood("DATEADD of %s", at.t.Name)
	}
	return value{sql: "tsql_dateadd(" + part.sql + "," + n.sql + "," + at.sql + "," + quoteText(at.t.String()) + ")", t: at.t}, nil
}

// checksum is over the columns it names, or all of the row.
func (t *Translator) checksum(c call) (value, error) {
	var parts []string
	for _, x := range c.args {
		if s, ok := x.(star); ok {
			values, _, err := t.stars(s)
			if err != nil {
				return value{}, err
			}
			for _, v := range values {
				parts = append(parts, v.sql)
			}
			continue
		}
		v, err := t.expr(x)
		if err != nil {
			return v, err
		}
		parts = append(parts, v.sql)
	}
	if len(parts) == 0 {
		return value{}, wrongArguments(c)
	}
	return value{sql: "tsql_checksum(" + strings.Join(parts, ",") + ")", t: intType}, nil
}

// Functions are the names of the functions that are translated; those that the session answers are not among them.
func Functions() []string {
	names := words(`ISNULL COALESCE NULLIF IIF CONCAT CONCAT_WS DATALENGTH DATEADD DATEDIFF_BIG CHECKSUM BINARY_CHECKSUM CAST CONVERT TRY_CAST TRY_CONVERT
		COUNT COUNT_BIG SUM AVG MIN MAX CHECKSUM_AGG STRING_AGG ROW_NUMBER RANK DENSE_RANK LAG LEAD FIRST_VALUE`)
	for name := range scalars {
		names[name] = true
	}
	return slices.Collect(maps.Keys(names))
}
