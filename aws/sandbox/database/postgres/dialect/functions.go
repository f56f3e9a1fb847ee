package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// function is one form of a function: the types of its arguments, what it gives, and how SQLite writes it ($1 is an argument, $* all
// of them). A last argument with three dots may come any number of times.
type function struct {
	args, gives, sql string
}

// functions are those that need no more than that. "any" takes everything; "=" as what it gives is the type of the first argument.
var functions = map[string][]function{
	"length":                   {{"text", "int4", "length($1)"}, {"bytea", "int4", "length($1)"}},
	"char_length":              {{"text", "int4", "length($1)"}},
	"character_length":         {{"text", "int4", "length($1)"}},
	"octet_length":             {{"text", "int4", "octet_length($1)"}, {"bytea", "int4", "length($1)"}},
	"bit_length":               {{"text", "int4", "(8 * octet_length($1))"}, {"bytea", "int4", "(8 * length($1))"}},
	"upper":                    {{"text", "text", "pg_upper($1)"}},
	"lower":                    {{"text", "text", "pg_lower($1)"}},
	"initcap":                  {{"text", "text", "pg_initcap($1)"}},
	"reverse":                  {{"text", "text", "pg_reverse($1)"}},
	"left":                     {{"text int4", "text", "pg_left($1, $2)"}},
	"right":                    {{"text int4", "text", "pg_right($1, $2)"}},
	"lpad":                     {{"text int4", "text", "pg_pad($1, $2, ' ', 1)"}, {"text int4 text", "text", "pg_pad($1, $2, $3, 1)"}},
	"rpad":                     {{"text int4", "text", "pg_pad($1, $2, ' ', 0)"}, {"text int4 text", "text", "pg_pad($1, $2, $3, 0)"}},
	"repeat":                   {{"text int4", "text", "pg_repeat($1, $2)"}},
	"replace":                  {{"text text text", "text", "replace($1, $2, $3)"}},
	"split_part":               {{"text text int4", "text", "pg_split_part($1, $2, $3)"}},
	"strpos":                   {{"text text", "int4", "instr($1, $2)"}},
	"position":                 {{"text text", "int4", "instr($2, $1)"}},
	"substr":                   {{"text int4", "text", "pg_substring($1, $2)"}, {"text int4 int4", "text", "pg_substring($1, $2, $3)"}, {"bytea int4 int4", "bytea", "pg_substring($1, $2, $3)"}},
	"substring":                {{"text int4", "text", "pg_substring($1, $2)"}, {"text int4 int4", "text", "pg_substring($1, $2, $3)"}, {"bytea int4 int4", "bytea", "pg_substring($1, $2, $3)"}, {"bytea int4", "bytea", "pg_substring($1, $2)"}},
	"btrim":                    {{"text", "text", "trim($1)"}, {"text text", "text", "trim($1, $2)"}},
	"ltrim":                    {{"text", "text", "ltrim($1)"}, {"text text", "text", "ltrim($1, $2)"}},
	"rtrim":                    {{"text", "text", "rtrim($1)"}, {"text text", "text", "rtrim($1, $2)"}},
	"starts_with":              {{"text text", "bool", "(substr($1, 1, length($2)) = $2)"}},
	"ascii":                    {{"text", "int4", "coalesce(unicode($1), 0)"}},
	"chr":                      {{"int4", "text", "char($1)"}},
	"to_hex":                   {{"int8", "text", "printf('%x', $1)"}},
	"quote_ident":              {{"text", "text", "pg_quote_ident($1)"}},
	"quote_literal":            {{"text", "text", "pg_quote_literal($1)"}},
	"concat":                   {{"text...", "text", "concat('', $*)"}},
	"concat_ws":                {{"text text...", "text", "concat_ws($*)"}},
	"regexp_replace":           {{"text text text", "text", "pg_regexp_replace($1, $2, $3, '')"}, {"text text text text", "text", "pg_regexp_replace($1, $2, $3, $4)"}},
	"regexp_like":              {{"text text", "bool", "pg_regexp($1, $2, 0)"}},
	"md5":                      {{"text", "text", "pg_md5($1)"}, {"bytea", "text", "pg_md5($1)"}},
	"sha256":                   {{"bytea", "bytea", "pg_sha256($1)"}},
	"sha512":                   {{"bytea", "bytea", "pg_sha512($1)"}},
	"encode":                   {{"bytea text", "text", "pg_encode($1, $2)"}},
	"decode":                   {{"text text", "bytea", "pg_decode($1, $2)"}},
	"convert_to":               {{"text name", "bytea", "cast($1 as blob)"}},
	"convert_from":             {{"bytea name", "text", "cast($1 as text)"}},
	"abs":                      {{"int4", "int4", "abs($1)"}, {"int8", "int8", "abs($1)"}, {"numeric", "numeric", "abs($1)"}, {"float8", "float8", "abs($1)"}},
	"ceil":                     {{"numeric", "numeric", "ceil($1)"}, {"float8", "float8", "ceil($1)"}},
	"ceiling":                  {{"numeric", "numeric", "ceil($1)"}, {"float8", "float8", "ceil($1)"}},
	"floor":                    {{"numeric", "numeric", "floor($1)"}, {"float8", "float8", "floor($1)"}},
	"round":                    {{"numeric", "numeric", "pg_round($1, 0)"}, {"float8", "float8", "pg_rint($1)"}, {"numeric int4", "numeric", "pg_round($1, $2)"}},
	"trunc":                    {{"numeric", "numeric", "trunc($1)"}, {"float8", "float8", "trunc($1)"}},
	"sign":                     {{"numeric", "numeric", "sign($1)"}, {"float8", "float8", "cast(sign($1) as real)"}},
	"sqrt":                     {{"float8", "float8", "pg_sqrt($1)"}},
	"power":                    {{"float8 float8", "float8", "pg_power($1, $2)"}},
	"exp":                      {{"float8", "float8", "exp($1)"}},
	"ln":                       {{"float8", "float8", "pg_ln($1)"}},
	"pi":                       {{"", "float8", "pi()"}},
	"random":                   {{"", "float8", "pg_random()"}},
	"mod":                      {{"int4 int4", "int4", "pg_mod($1, $2)"}, {"int8 int8", "int8", "pg_mod($1, $2)"}, {"numeric numeric", "numeric", "pg_mod($1, $2)"}},
	"div":                      {{"numeric numeric", "numeric", "trunc(pg_ratio(1700, $1, $2))"}},
	"gen_random_uuid":          {{"", "uuid", "pg_uuid()"}},
	"now":                      {{"", "timestamptz", "pg_now()"}},
	"transaction_timestamp":    {{"", "timestamptz", "pg_now()"}},
	"statement_timestamp":      {{"", "timestamptz", "pg_clock()"}},
	"clock_timestamp":          {{"", "timestamptz", "pg_clock()"}},
	"date_trunc":               {{"text timestamptz", "timestamptz", "pg_date_trunc($1, $2)"}, {"text timestamp", "timestamp", "pg_date_trunc($1, $2)"}},
	"to_timestamp":             {{"float8", "timestamptz", "pg_from_epoch($1)"}},
	"to_char":                  {{"timestamptz text", "text", "pg_to_char($1, $2)"}, {"timestamp text", "text", "pg_to_char($1, $2)"}},
	"make_date":                {{"int4 int4 int4", "date", "pg_input(1082, 0, printf('%04d-%02d-%02d', $1, $2, $3))"}},
	"isfinite":                 {{"timestamptz", "bool", "($1 is not null)"}},
	"pg_size_pretty":           {{"int8", "text", "pg_size($1)"}},
	"json_typeof":              {{"json", "text", "pg_json_type($1)"}},
	"jsonb_typeof":             {{"jsonb", "text", "pg_json_type($1)"}},
	"json_array_length":        {{"json", "int4", "json_array_length($1)"}},
	"jsonb_array_length":       {{"jsonb", "int4", "json_array_length($1)"}},
	"array_length":             {{"any int4", "int4", "(case when $2 = 1 then nullif(json_array_length($1), 0) end)"}},
	"cardinality":              {{"any", "int4", "json_array_length($1)"}},
	"array_to_string":          {{"any text", "text", "pg_join($1, $2)"}, {"any text text", "text", "pg_join($1, $2, $3)"}},
	"pg_sleep":                 nil,
	"pg_backend_pid":           {{"", "int4", "pg_pid()"}},
	"txid_current":             {{"", "int8", "pg_transaction()"}},
	"pg_is_in_recovery":        {{"", "bool", "0"}},
	"pg_postmaster_start_time": nil,
	"lastval":                  {{"", "int8", "last_insert_rowid()"}},
	"set_config":               nil,
}

// aggregates take a set of rows; "order" marks those whose argument may say ORDER BY.
var aggregates = map[string][]function{
	"count":      {{"any", "int8", "count($1)"}},
	"sum":        {{"int4", "int8", "sum($1)"}, {"int8", "numeric", "sum($1)"}, {"numeric", "numeric", "pg_number(1700, 0, sum($1))"}, {"float8", "float8", "sum($1)"}},
	"avg":        {{"numeric", "numeric", "pg_number(1700, 0, avg($1))"}, {"float8", "float8", "avg($1)"}},
	"min":        {{"any", "=", "min($1)"}},
	"max":        {{"any", "=", "max($1)"}},
	"bool_and":   {{"bool", "bool", "min($1)"}},
	"every":      {{"bool", "bool", "min($1)"}},
	"bool_or":    {{"bool", "bool", "max($1)"}},
	"string_agg": {{"text text", "text", "string_agg($1, $2)"}},
	"array_agg":  {{"any", "[]", "pg_array(json_group_array($1))"}},
	"json_agg":   {{"any", "json", ""}},
	"jsonb_agg":  {{"any", "jsonb", ""}},
}

// windowed functions stand before OVER.
var windowed = map[string][]function{
	"row_number":   {{"", "int8", "row_number()"}},
	"rank":         {{"", "int8", "rank()"}},
	"dense_rank":   {{"", "int8", "dense_rank()"}},
	"percent_rank": {{"", "float8", "percent_rank()"}},
	"cume_dist":    {{"", "float8", "cume_dist()"}},
	"ntile":        {{"int4", "int4", "ntile($1)"}},
	"lag":          {{"any", "=", "lag($1)"}, {"any int4", "=", "lag($1, $2)"}, {"any int4 any", "=", "lag($1, $2, $3)"}},
	"lead":         {{"any", "=", "lead($1)"}, {"any int4", "=", "lead($1, $2)"}, {"any int4 any", "=", "lead($1, $2, $3)"}},
	"first_value":  {{"any", "=", "first_value($1)"}},
	"last_value":   {{"any", "=", "last_value($1)"}},
	"nth_value":    {{"any int4", "=", "nth_value($1, $2)"}},
}

// takes tells how well arguments fit a form: -1 not at all, else how many need no conversion.
func (f function) takes(args []expr) int {
	want := strings.Fields(f.args)
	variadic := len(want) > 0 && strings.HasSuffix(want[len(want)-1], "...")
	if len(args) < len(want) || len(args) > len(want) && !variadic {
		return -1
	}
	exact := 0
	for i, a := range args {
		w := strings.TrimSuffix(want[min(i, len(want)-1)], "...")
		switch {
		case variadic && i >= len(want)-1, w == "any":
			exact++
		case a.unknown():
			if w == "text" || w == "timestamptz" || w == "float8" {
				exact++
			}
		case a.typ.OID == byName[w].oid:
			exact += 2
		default:
			wider, ok := widest(a.typ.OID, byName[w].oid)
			if !ok || wider != byName[w].oid && !(a.typ.OID.stringy() && byName[w].oid.stringy()) {
				return -1
			}
			if byName[w].oid != Float8 || a.typ.OID == Float4 {
				exact++
			}
		}
	}
	return exact
}

// pick chooses the form that fits best.
func pick(forms []function, args []expr) (best function, ok bool) {
	most := -1
	for _, f := range forms {
		if n := f.takes(args); n > most {
			best, most = f, n
		}
	}
	return best, most >= 0
}

// apply writes the call of a form.
func (p *parser) apply(f function, args []expr) expr {
	want := strings.Fields(f.args)
	parts := make([]string, len(args))
	for i, a := range args {
		w := strings.TrimSuffix(want[min(i, len(want)-1)], "...")
		switch {
		case strings.HasSuffix(want[min(i, len(want)-1)], "..."):
			parts[i] = p.shown(a)
		case w == "any":
			args[i] = p.anything(a)
			parts[i] = args[i].sql
		default:
			t := Type{OID: byName[w].oid}
			if a = p.known(a, t); a.typ.OID != t.OID && a.typ.OID.category() == t.OID.category() {
				a, _ = p.convert(a, t, false)
			}
			parts[i] = a.sql
		}
	}
	pairs := []string{"$*", strings.Join(parts, ", ")}
	for i, part := range parts {
		pairs = append(pairs, fmt.Sprintf("$%d", i+1), part)
	}
	sql := strings.NewReplacer(pairs...).Replace(f.sql)
	out := expr{sql: sql}
	switch f.gives {
	case "=":
		out.typ = args[0].typ
	case "[]":
		out.typ = Type{OID: args[0].typ.OID.Array()}
	default:
		out.typ = Type{OID: byName[f.gives].oid}
	}
	return out
}

// shown is how concat writes a value: by its output function, which for a truth value is t or f.
func (p *parser) shown(e expr) string {
	if e.typ.OID == Bool {
		return fmt.Sprintf("(case when %s then 't' when not %s then 'f' end)", e.sql, e.sql)
	}
	return p.asText(e)
}

// call writes a plain function by its name.
func (p *parser) call(name string, args []expr, at token) expr {
	f, ok := pick(functions[name], args)
	if !ok {
		fail(noFunction(name, args).at(at))
	}
	out := p.apply(f, args)
	out.name = name
	return out
}

func noFunction(name string, args []expr) *Error {
	types := make([]string, len(args))
	for i, a := range args {
		types[i] = Type{OID: a.typ.OID}.String()
	}
	e := Errorf("42883", "function %s(%s) does not exist", name, strings.Join(types, ", "))
	e.Hint = "No function matches the given name and argument types. You might need to add explicit type casts."
	if known(name) || strings.HasPrefix(name, "pg_") || slices.Contains(postgresOnly, name) {
		e = Unsupported("the function %s(%s)", name, strings.Join(types, ", "))
	}
	return e
}

func known(name string) bool {
	_, a := functions[name]
	_, b := aggregates[name]
	return a || b
}

// postgresOnly are functions that one meets often and that are not here: said so, instead of that they do not exist.
var postgresOnly = strings.Fields(`nextval currval setval pg_get_serial_sequence pg_sleep age justify_interval justify_days
	regexp_matches regexp_match regexp_split_to_array regexp_split_to_table string_to_array array_append array_cat array_remove
	array_position json_build_object jsonb_build_object json_build_array row_to_json to_json to_jsonb jsonb_set json_each jsonb_each
	json_object_agg jsonb_object_agg percentile_cont percentile_disc mode stddev variance stddev_pop stddev_samp var_pop var_samp corr
	to_date to_number to_tsvector to_tsquery pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_notify format translate
	overlay width_bucket factorial cbrt log sin cos tan degrees radians make_timestamp make_timestamptz make_interval uuid_generate_v4
	pg_terminate_backend pg_cancel_backend pg_stat_file pg_read_file lo_import crypt digest hmac bit_and bit_or date_bin`)
