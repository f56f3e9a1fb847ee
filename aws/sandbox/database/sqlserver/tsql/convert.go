package tsql

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// Convert is CAST and CONVERT: v, a kept value of type from, as one of type to. Errors are SQL Server's.
func Convert(v any, from, to tds.Type, style int) (any, error) {
	v = Stored(v, from)
	if n, ok := v.(int64); ok && (from.Name == "decimal" || from.IsFloat()) { // SQLite keeps 5.0 as 5
		v = float64(n)
	}
	if v == nil || to.Name == "" {
		return v, nil
	}
	if err := convertible(from, to); err != nil {
		return nil, err
	}
	switch {
	case to.IsInt():
		return toInt(v, from, to)
	case to.Name == "bit":
		return toBit(v, from)
	case to.IsFloat(), to.Name == "decimal":
		return toNumber(v, from, to)
	case to.IsText():
		s, err := toText(v, from, to, style)
		if err != nil {
			return nil, err
		}
		return cutText(s, from, to)
	case to.IsBinary():
		return toBinary(v, from, to)
	case to.IsMoment():
		return toMoment(v, from, to)
	case to.Name == "uniqueidentifier":
		return toGUID(v)
	}
	return nil, notUnderstood("conversions from %s to %s", from, to)
}

func toInt(v any, from, to tds.Type) (any, error) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case float64:
		if math.IsNaN(v) || math.Abs(v) >= 1<<63 {
			return nil, tds.Overflow(to.Name)
		}
		n = int64(v)
	case string:
		s := strings.TrimSpace(v)
		if s == "" {
			return int64(0), nil
		}
		got, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fault(245, "Conversion failed when converting the %s value '%s' to data type %s.", from.Name, v, to.Name)
		}
		n = got
	case []byte:
		for _, b := range v[max(len(v)-8, 0):] {
			n = n<<8 | int64(b)
		}
		if to.Name == "int" {
			n = int64(int32(n))
		}
	}
	low, high := limits(to)
	if n < low || n > high {
		if from.IsText() && to.Name == "int" {
			return nil, fault(248, "The conversion of the %s value '%v' overflowed an int column.", from.Name, v)
		}
		return nil, tds.Overflow(to.Name)
	}
	return n, nil
}

func limits(t tds.Type) (low, high int64) {
	switch t.Name {
	case "bigint":
		return math.MinInt64, math.MaxInt64
	case "smallint":
		return math.MinInt16, math.MaxInt16
	case "tinyint":
		return 0, math.MaxUint8
	}
	return math.MinInt32, math.MaxInt32
}

func toBit(v any, from tds.Type) (any, error) {
	on := false
	switch v := v.(type) {
	case int64:
		on = v != 0
	case float64:
		on = v != 0
	case string:
		switch lower(strings.TrimSpace(v)) {
		case "true":
			on = true
		case "false":
		default:
			n, err := toInt(v, from, tds.Type{Name: "bit"})
			if err != nil {
				return nil, err
			}
			on = n.(int64) != 0
		}
	}
	return Stored(on, from), nil
}

func toNumber(v any, from, to tds.Type) (any, error) {
	var f float64
	switch v := v.(type) {
	case int64:
		f = float64(v)
	case float64:
		f = v
	case string:
		got, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || math.IsInf(got, 0) || math.IsNaN(got) {
			return nil, fault(8114, "Error converting data type %s to %s.", from.Name, strings.Replace(to.Name, "decimal", "numeric", 1))
		}
		f = got
	default:
		return nil, fault(529, "Explicit conversion from data type %s to %s is not allowed.", from.Name, to.Name)
	}
	switch to.Name {
	case "real":
		return float64(float32(f)), nil
	case "decimal":
		f = roundTo(f, to.Scale)
		if math.Abs(f) >= math.Pow10(to.Precision-to.Scale) {
			return nil, tds.Overflow("numeric")
		}
	}
	return f, nil
}

// roundTo rounds half away from zero, in decimal digits.
func roundTo(f float64, digits int) float64 {
	if digits <= 0 {
		unit := math.Pow10(-digits)
		return math.Round(f/unit) * unit
	}
	unit := math.Pow10(digits)
	scaled := f * unit
	if math.Abs(scaled) > 1<<53 {
		return f
	}
	near, err := strconv.ParseFloat(strconv.FormatFloat(scaled, 'g', 15, 64), 64) // 1.005 is meant, not 1.00499999999999989
	if err != nil {
		near = scaled
	}
	return math.Round(near) / unit
}

func toText(v any, from, to tds.Type, style int) (string, error) {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		if from.Name == "decimal" {
			return strconv.FormatFloat(v, 'f', from.Scale, 64), nil
		}
		if f := math.Abs(v); v == math.Trunc(v) && f < 1e6 {
			return strconv.FormatFloat(v, 'f', -1, 64), nil
		}
		s := strconv.FormatFloat(v, 'g', 6, 64)
		if m, e, ok := strings.Cut(s, "e"); ok { // 1.5e+07 is written 1.5e+007
			s = m + "e" + e[:1] + strings.Repeat("0", 3-len(e[1:])) + e[1:]
		}
		return s, nil
	case string:
		if from.IsMoment() {
			return showMoment(v, from, style)
		}
		return v, nil
	case []byte:
		if style == 1 || style == 2 {
			return map[int]string{1: "0x", 2: ""}[style] + strings.ToUpper(hex.EncodeToString(v)), nil
		}
		if strings.HasPrefix(to.Name, "n") {
			units := make([]uint16, len(v)/2)
			for i := range units {
				units[i] = binary.LittleEndian.Uint16(v[2*i:])
			}
			return string(utf16.Decode(units)), nil
		}
		return string(v), nil
	}
	return "", fmt.Errorf("convert a %T to a text: it is no value of SQL", v)
}

// firstUnits is as much of s as n units of UTF-16 hold.
func firstUnits(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// cutText makes s as long as its type: texts are cut silently in a conversion, numbers are not.
func cutText(s string, from, to tds.Type) (any, error) {
	if to.Length == tds.Max {
		return s, nil
	}
	short := firstUnits(s, to.Length)
	if len(short) < len(s) {
		if from.IsNumber() {
			return nil, tds.Overflow(to.Name)
		}
		if from.Name == "uniqueidentifier" {
			return nil, fault(8170, "Insufficient result space to convert uniqueidentifier value to char.")
		}
		return short, nil
	}
	if to.Name == "char" || to.Name == "nchar" {
		s += strings.Repeat(" ", to.Length-len(utf16.Encode([]rune(s))))
	}
	return s, nil
}

func toBinary(v any, from, to tds.Type) (any, error) {
	var b []byte
	switch v := v.(type) {
	case []byte:
		b = v
	case int64:
		b = binary.BigEndian.AppendUint64(nil, uint64(v))
		b = b[8-map[string]int{"bigint": 8, "int": 4, "smallint": 2, "tinyint": 1}[from.Name]:]
	case string:
		if strings.HasPrefix(from.Name, "n") {
			for _, u := range utf16.Encode([]rune(v)) {
				b = binary.LittleEndian.AppendUint16(b, u)
			}
		} else {
			b = []byte(v)
		}
	default:
		return nil, fault(529, "Explicit conversion from data type %s to %s is not allowed.", from.Name, to.Name)
	}
	if to.Length != tds.Max && len(b) > to.Length {
		b = b[:to.Length]
	}
	if to.Name == "binary" {
		b = append(append([]byte{}, b...), make([]byte, to.Length-len(b))...)
	}
	return b, nil
}

func toMoment(v any, from, to tds.Type) (any, error) {
	switch v := v.(type) {
	case string:
		at, err := parseMoment(v, from)
		if err != nil {
			return nil, err
		}
		if to.Name == "datetime" && at.Year() < 1753 || to.Name == "smalldatetime" && (at.Year() < 1900 || at.Year() > 2079) {
			return nil, fault(242, "The conversion of a %s data type to a %s data type resulted in an out-of-range value.", from.Name, to.Name)
		}
		return keepMoment(at, to), nil
	case time.Time:
		return keepMoment(v.UTC(), to), nil
	}
	return nil, fault(529, "Explicit conversion from data type %s to %s is not allowed.", from.Name, to.Name)
}

var guid = regexp.MustCompile(`^\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})`)

func toGUID(v any) (any, error) {
	if s, ok := v.(string); ok {
		if m := guid.FindStringSubmatch(s); m != nil {
			return strings.ToUpper(m[1]), nil
		}
	}
	return nil, fault(8169, "Conversion failed when converting from a character string to uniqueidentifier.")
}

// assign is Convert for a column: a value that would be cut is an error.
func assign(v any, from, to tds.Type, table, column string) (any, error) {
	if s, ok := v.(string); ok && to.IsText() && to.Length != tds.Max {
		if short := firstUnits(strings.TrimRight(s, " "), to.Length); len(short) < len(strings.TrimRight(s, " ")) {
			return nil, fault(2628, "String or binary data would be truncated in table '%s', column '%s'. Truncated value: '%s'.", table, column, short)
		}
	}
	if b, ok := v.([]byte); ok && to.IsBinary() && to.Length != tds.Max && len(b) > to.Length {
		return nil, fault(2628, "String or binary data would be truncated in table '%s', column '%s'. Truncated value: '%x'.", table, column, b[:to.Length])
	}
	return Convert(v, from, to, 0)
}
