package tsql

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/sandbox/database/sqlserver/tds"

	"modernc.org/sqlite"
)

// Register gives a session of SQLite the functions and the collation that translated statements use. now is the moment of the statement that runs.
func Register(d *sqlite.Driver, now func() time.Time) error {
	for name, f := range functions {
		impl := &sqlite.FunctionImpl{NArgs: f.args, Deterministic: name != "tsql_newid", Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if f.strict && slices.Contains(args, nil) {
				return nil, nil
			}
			v, err := f.do(args)
			if fault, ok := err.(tds.Fault); ok {
				err = fmt.Errorf("%s%d:%s", faultMark, fault.Number, fault.Message)
			}
			return v, err
		}}
		if err := d.RegisterFunction(name, impl); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	err := d.RegisterFunction("tsql_now", &sqlite.FunctionImpl{NArgs: 1, Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		t, _ := Declared(args[0].(string))
		return keepMoment(now().UTC(), t), nil
	}})
	if err != nil {
		return fmt.Errorf("register tsql_now: %w", err)
	}
	if err := d.RegisterCollationUtf8("tsql", Compare); err != nil {
		return fmt.Errorf("register a collation: %w", err)
	}
	return nil
}

// faultMark stands before the number of an error that a function made; SQLite puts words of its own around.
const faultMark = "tsql-fault:"

var faultText = regexp.MustCompile(`(?s)` + faultMark + `(\d+):(.*?)(?: \(\d+\))?$`)

// FaultIn finds the error that a function made in what SQLite reports.
func FaultIn(message string) (tds.Fault, bool) {
	m := faultText.FindStringSubmatch(message)
	if m == nil {
		return tds.Fault{}, false
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	return fault(int32(n), "%s", m[2]), err == nil
}

// Compare orders texts as the collation does: without case, and without spaces at their ends.
func Compare(a, b string) int {
	a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x >= 0x80 || y >= 0x80 {
			return strings.Compare(strings.ToLower(a[i:]), strings.ToLower(b[i:]))
		}
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		if y >= 'A' && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// function is one that SQLite lacks. A strict one is NULL if an argument is.
type function struct {
	args   int32
	strict bool
	do     func([]driver.Value) (driver.Value, error)
}

func text1(f func(string) string) function {
	return function{1, true, func(a []driver.Value) (driver.Value, error) { return f(asText(a[0])), nil }}
}

var functions = map[string]function{
	"tsql_convert":     {4, true, func(a []driver.Value) (driver.Value, error) { return convertArgs(a) }},
	"tsql_try_convert": {4, true, func(a []driver.Value) (driver.Value, error) { v, err := convertArgs(a); return ifRight(v, err), nil }},
	"tsql_assign":      {5, true, assignArgs},
	"tsql_single":      {2, false, single},
	"tsql_like":        {3, true, likeArgs},
	"tsql_divide":      {2, true, divide},
	"tsql_modulo":      {2, true, modulo},
	"tsql_round":       {2, true, round},
	"tsql_wrap":        {1, true, func(a []driver.Value) (driver.Value, error) { return int64(int32(asInt(a[0]))), nil }},
	"tsql_checksum":    {-1, false, checksum},
	"tsql_newid":       {0, false, newID},
	"tsql_schema":      {1, true, func(a []driver.Value) (driver.Value, error) { return ifRight(schemas[asInt(a[0])], nil), nil }},
	"tsql_upper":       text1(strings.ToUpper),
	"tsql_lower":       text1(strings.ToLower),
	"tsql_reverse":     text1(func(s string) string { r := []rune(s); slices.Reverse(r); return string(r) }),
	"tsql_substring":   {3, true, substring},
	"tsql_left": {2, true, func(a []driver.Value) (driver.Value, error) {
		return part(a, func(n, size int64) (int64, int64) { return 0, n })
	}},
	"tsql_right": {2, true, func(a []driver.Value) (driver.Value, error) {
		return part(a, func(n, size int64) (int64, int64) { return size - n, size })
	}},
	"tsql_replace":   {3, true, replace},
	"tsql_replicate": {2, true, replicate},
	"tsql_charindex": {-1, true, charIndex},
	"tsql_isnumeric": {1, false, func(a []driver.Value) (driver.Value, error) {
		_, err := toNumber(a[0], maxType, floatType)
		return isTrue(a[0] != nil && err == nil), nil
	}},
	"tsql_isdate": {1, false, func(a []driver.Value) (driver.Value, error) {
		_, err := parseMoment(asText(a[0]), tds.Type{Name: "datetime"})
		return isTrue(a[0] != nil && err == nil), nil
	}},
	"tsql_hashbytes": {2, true, hashBytes},
	"tsql_datepart":  {2, true, datePart},
	"tsql_datename":  {2, true, dateName},
	"tsql_datediff":  {3, true, dateDiff},
	"tsql_dateadd":   {4, true, dateAdd},
}

// schemas are those that sys.schemas has here, by number.
var schemas = map[int64]string{1: "dbo", 3: "INFORMATION_SCHEMA", 4: "sys"}

func isTrue(b bool) int64 { return Stored(b, bitType).(int64) }

func ifRight(v any, err error) any {
	if err != nil || v == "" {
		return nil
	}
	return v
}

func asText(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func asInt(v driver.Value) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case float64:
		return int64(v)
	}
	return 0
}

func asFloat(v driver.Value) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

func convertArgs(a []driver.Value) (driver.Value, error) {
	from, _ := Declared(asText(a[1]))
	to, _ := Declared(asText(a[2]))
	return Convert(a[0], from, to, int(asInt(a[3])))
}

func assignArgs(a []driver.Value) (driver.Value, error) {
	from, _ := Declared(asText(a[1]))
	to, _ := Declared(asText(a[2]))
	return assign(a[0], from, to, asText(a[3]), asText(a[4]))
}

func single(a []driver.Value) (driver.Value, error) {
	if asInt(a[1]) > 1 {
		return nil, fault(512, "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.")
	}
	return a[0], nil
}

func divide(a []driver.Value) (driver.Value, error) {
	if asFloat(a[1]) == 0 {
		return nil, fault(8134, "Divide by zero error encountered.")
	}
	x, ok := a[0].(int64)
	y, also := a[1].(int64)
	if ok && also {
		return x / y, nil
	}
	return asFloat(a[0]) / asFloat(a[1]), nil
}

func modulo(a []driver.Value) (driver.Value, error) {
	if asFloat(a[1]) == 0 {
		return nil, fault(8134, "Divide by zero error encountered.")
	}
	x, ok := a[0].(int64)
	y, also := a[1].(int64)
	if ok && also {
		return x % y, nil
	}
	return math.Mod(asFloat(a[0]), asFloat(a[1])), nil
}

func round(a []driver.Value) (driver.Value, error) {
	digits := int(asInt(a[1]))
	if n, ok := a[0].(int64); ok {
		if digits >= 0 {
			return n, nil
		}
		return int64(roundTo(float64(n), digits)), nil
	}
	return roundTo(asFloat(a[0]), digits), nil
}

// checksum is 32 bits of FNV-1a over the kinds and values, mixed so that sums of checksums change with any bit of any row.
func checksum(a []driver.Value) (driver.Value, error) {
	h := fnv.New64a()
	var b [9]byte
	for _, v := range a {
		switch v := v.(type) {
		case nil:
			b[0] = 0
			h.Write(b[:1])
			continue
		case int64:
			b[0] = 1
			binary.LittleEndian.PutUint64(b[1:], uint64(v))
			h.Write(b[:])
		case float64:
			b[0] = 2
			if v == math.Trunc(v) && math.Abs(v) < 1<<53 { // a decimal without digits after the point is kept as a whole number
				b[0] = 1
				binary.LittleEndian.PutUint64(b[1:], uint64(int64(v)))
			} else {
				binary.LittleEndian.PutUint64(b[1:], math.Float64bits(v))
			}
			h.Write(b[:])
		default:
			s := asText(v)
			b[0] = 3
			binary.LittleEndian.PutUint64(b[1:], uint64(len(s)))
			h.Write(b[:])
			h.Write([]byte(s))
		}
	}
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return int64(int32(x)), nil
}

func newID([]driver.Value) (driver.Value, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}

func hashBytes(a []driver.Value) (driver.Value, error) {
	data, _ := a[1].([]byte)
	switch strings.ToUpper(asText(a[0])) {
	case "MD5":
		sum := md5.Sum(data)
		return sum[:], nil
	case "SHA", "SHA1":
		sum := sha1.Sum(data)
		return sum[:], nil
	case "SHA2_256":
		sum := sha256.Sum256(data)
		return sum[:], nil
	case "SHA2_512":
		sum := sha512.Sum512(data)
		return sum[:], nil
	}
	return nil, notUnderstood("HASHBYTES('%s', ...)", asText(a[0]))
}
