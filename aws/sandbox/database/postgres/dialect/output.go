package dialect

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Output writes a value that SQLite gave as Postgres's output functions do. An integer that grew out of its type, which SQLite
// does not notice, is refused here.
func (t Type) Output(v any) (string, error) {
	if b, ok := v.(bool); ok {
		v = map[bool]int64{true: 1}[b]
	}
	switch t.OID {
	case Bool:
		if n, ok := v.(int64); ok && n != 0 {
			return "t", nil
		}
		return "f", nil
	case Int2, Int4, Int8, Oid:
		n, err := t.Integer(v)
		return strconv.FormatInt(n, 10), err
	case Float4, Float8:
		return outputFloat(t.OID, number64(v)), nil
	case Numeric:
		return t.outputNumeric(v), nil
	case Bytea:
		switch b := v.(type) {
		case []byte:
			return `\x` + hex.EncodeToString(b), nil
		case string:
			return `\x` + hex.EncodeToString([]byte(b)), nil
		}
	case Timestamp, Timestamptz, Time, Date:
		return t.outputMoment(plain(v)), nil
	case Bpchar:
		s := plain(v)
		if n := int(t.Mod) - 4 - len([]rune(s)); t.Mod != 0 && n > 0 {
			s += strings.Repeat(" ", n)
		}
		return s, nil
	}
	if el, ok := t.OID.Element(); ok {
		return outputArray(el, plain(v))
	}
	return plain(v), nil
}

// Integer gives a whole number of the type, or says that it is out of range.
func (t Type) Integer(v any) (int64, error) {
	switch n := v.(type) {
	case int64:
		if t.OID.holds(n) {
			return n, nil
		}
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 && t.OID.holds(int64(n)) {
			return int64(n), nil
		}
	case bool:
		return map[bool]int64{true: 1}[n], nil
	case string:
		return 0, t.invalid(n)
	}
	return 0, Errorf("22003", "%s out of range", t)
}

func number64(v any) float64 {
	switch n := v.(type) {
	case int64:
		return float64(n)
	case float64:
		return n
	case string:
		f, _ := strconv.ParseFloat(n, 64)
		return f
	}
	return 0
}

func plain(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []byte:
		return string(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case time.Time:
		return x.UTC().Format(momentLayout)
	}
	return fmt.Sprint(v)
}

func outputFloat(o OID, f float64) string {
	size := 64
	if o == Float4 {
		size = 32
	}
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	s := strconv.FormatFloat(f, 'e', -1, size)
	mantissa, exp, _ := strings.Cut(s, "e")
	if n, _ := strconv.Atoi(exp); n < -4 || n >= map[int]int{32: 6, 64: 15}[size] {
		return mantissa + "e" + exp
	}
	return strconv.FormatFloat(f, 'f', -1, size)
}

func (t Type) outputNumeric(v any) string {
	scale := -1
	if t.Mod != 0 {
		_, scale = t.precision()
	}
	switch n := v.(type) {
	case int64:
		s := strconv.FormatInt(n, 10)
		if scale > 0 {
			s += "." + strings.Repeat("0", scale)
		}
		return s
	case float64:
		if scale >= 0 {
			return strconv.FormatFloat(roundTo(n, scale), 'f', scale, 64)
		}
		short, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'g', digits, 64), 64)
		if math.Abs(short-n) > math.Abs(n)*1e-15 {
			short = n
		}
		return strconv.FormatFloat(short, 'f', -1, 64)
	}
	return plain(v)
}

// Base64 is encode(bytea, 'base64'): lines of 76 characters.
func base64Lines(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(s) > 76 {
		out.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return out.String() + s
}
