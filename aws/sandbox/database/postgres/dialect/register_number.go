package dialect

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var divisionByZero = raise("22012", "division by zero")

// numberFunctions compute as Postgres does where SQLite would give null or a double.
var numberFunctions = map[string]body{
	"pg_number": func(a []driver.Value) (driver.Value, error) { // type, modifier (to an integer: 1 from a float), number
		v, err := toNumber(typeArg(a), a[2])
		return v, raised(err)
	},
	"pg_div": func(a []driver.Value) (driver.Value, error) {
		x, y := whole(a[0]), whole(a[1])
		switch {
		case y == 0:
			return nil, divisionByZero
		case y == -1 && x == math.MinInt64:
			return nil, raise("22003", "bigint out of range")
		}
		return x / y, nil
	},
	"pg_ratio": func(a []driver.Value) (driver.Value, error) { // type, numbers
		y := number64(a[2])
		if y == 0 {
			return nil, divisionByZero
		}
		v, err := toNumber(Type{OID: OID(whole(a[0]))}, number64(a[1])/y)
		return v, raised(err)
	},
	"pg_mod": func(a []driver.Value) (driver.Value, error) {
		x, okX := a[0].(int64)
		y, okY := a[1].(int64)
		if okX && okY {
			if y == 0 {
				return nil, divisionByZero
			}
			if y == -1 {
				return int64(0), nil
			}
			return x % y, nil
		}
		if number64(a[1]) == 0 {
			return nil, divisionByZero
		}
		return short(math.Mod(number64(a[0]), number64(a[1]))), nil
	},
	"pg_power": func(a []driver.Value) (driver.Value, error) {
		x, y := number64(a[0]), number64(a[1])
		if x == 0 && y < 0 {
			return nil, raise("2201F", "zero raised to a negative power is undefined")
		}
		if x < 0 && y != math.Trunc(y) {
			return nil, raise("2201F", "a negative number raised to a non-integer power yields a complex result")
		}
		return math.Pow(x, y), nil
	},
	"pg_sqrt": func(a []driver.Value) (driver.Value, error) {
		if number64(a[0]) < 0 {
			return nil, raise("2201F", "cannot take square root of a negative number")
		}
		return math.Sqrt(number64(a[0])), nil
	},
	"pg_ln": func(a []driver.Value) (driver.Value, error) {
		if number64(a[0]) == 0 {
			return nil, raise("2201E", "cannot take logarithm of zero")
		}
		if number64(a[0]) < 0 {
			return nil, raise("2201E", "cannot take logarithm of a negative number")
		}
		return math.Log(number64(a[0])), nil
	},
	"pg_round": func(a []driver.Value) (driver.Value, error) {
		if n, ok := a[0].(int64); ok && whole(a[1]) >= 0 {
			return n, nil
		}
		return roundTo(number64(a[0]), int(whole(a[1]))), nil
	},
	"pg_rint": func(a []driver.Value) (driver.Value, error) { return math.RoundToEven(number64(a[0])), nil },
	"pg_size": func(a []driver.Value) (driver.Value, error) { return sizePretty(whole(a[0])), nil },
	"pg_step": func(a []driver.Value) (driver.Value, error) {
		if n, ok := a[0].(int64); ok && n == 0 {
			return nil, raise("22023", "step size cannot equal zero")
		}
		return a[0], nil
	},
	"pg_up": func(a []driver.Value) (driver.Value, error) { // whether a step goes up
		if s, ok := a[0].(string); ok {
			span, err := parseSpan(s)
			if span.order() == 0 {
				return nil, raise("22023", "step size cannot equal zero")
			}
			return int64(bit(span.order() > 0)), err
		}
		return int64(bit(whole(a[0]) > 0)), nil
	},
}

// short drops what a double has beyond its 15 certain digits: what numeric would compute exactly.
func short(f float64) float64 {
	out, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', digits, 64), 64)
	return out
}

// toNumber makes a number one of type t. A conversion to an integer rounds: numeric half away from zero, a float half to even (Mod 1).
func toNumber(t Type, v driver.Value) (driver.Value, error) {
	if n, ok := v.(int64); ok && t.OID != Float4 {
		switch {
		case t.OID == Numeric && t.Mod != 0:
			return t.scaled(float64(n), n)
		case t.OID == Numeric:
			return n, nil
		case !t.OID.holds(n):
			return nil, Errorf("22003", "%s out of range", Type{OID: t.OID})
		}
		return n, nil
	}
	f := number64(v)
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return nil, Errorf("22003", "value out of range: overflow")
	case t.OID == Float8:
		return f, nil
	case t.OID == Float4:
		if math.Abs(f) > math.MaxFloat32 {
			return nil, Errorf("22003", "value out of range: overflow")
		}
		return float64(float32(f)), nil
	case t.OID == Numeric && math.Abs(f) >= 1e15:
		return nil, Unsupported("a numeric of more than %d digits (%g)", digits, f)
	case t.OID == Numeric && t.Mod != 0:
		return t.scaled(f, nil)
	case t.OID == Numeric:
		return short(f), nil
	}
	rounded := roundTo(f, 0)
	if t.Mod == 1 {
		rounded = math.RoundToEven(f)
	}
	if math.Abs(rounded) >= 1<<63 || !t.OID.holds(int64(rounded)) {
		return nil, Errorf("22003", "%s out of range", Type{OID: t.OID})
	}
	return int64(rounded), nil
}

// sizePretty is pg_size_pretty.
func sizePretty(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for limit := int64(10 * 1024); i < len(units)-1 && (n >= limit || n <= -limit); i++ {
		if i == 0 {
			n, limit = n>>9, 20*1024-1 // one more bit, to round by
		} else {
			n >>= 10
		}
	}
	if i > 0 {
		n = (n + 1) / 2
	}
	return fmt.Sprintf("%d %s", n, units[i])
}

func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func randomUnit() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// momentFunctions compute with moments and intervals.
var momentFunctions = map[string]body{
	"pg_moment_plus": func(a []driver.Value) (driver.Value, error) { // moment, interval, sign
		at, err := ParseMoment(str(a[0]))
		if err != nil {
			return nil, raised(err)
		}
		span, err := parseSpan(str(a[1]))
		if err != nil {
			return nil, err
		}
		at = span.times(number64(a[2])).from(at)
		if at.Year() < 1 || at.Year() > 9999 {
			return nil, raise("22008", "timestamp out of range")
		}
		return Moment(at), nil
	},
	"pg_moment_minus": func(a []driver.Value) (driver.Value, error) {
		x, err := ParseMoment(str(a[0]))
		if err != nil {
			return nil, raised(err)
		}
		y, err := ParseMoment(str(a[1]))
		d := x.UnixMicro() - y.UnixMicro()
		return Span{Days: d / 86400e6, Micros: d % 86400e6}.String(), raised(err)
	},
	"pg_span_order": func(a []driver.Value) (driver.Value, error) { s, err := parseSpan(str(a[0])); return s.order(), err },
	"pg_span_plus": func(a []driver.Value) (driver.Value, error) {
		x, err := parseSpan(str(a[0]))
		if err != nil {
			return nil, err
		}
		y, err := parseSpan(str(a[1]))
		return x.plus(y).String(), err
	},
	"pg_span_times": func(a []driver.Value) (driver.Value, error) {
		s, err := parseSpan(str(a[0]))
		return s.times(number64(a[1])).String(), err
	},
	"pg_span_part":  spanPartOf,
	"pg_part":       momentPart,
	"pg_date_trunc": dateTrunc,
	"pg_from_epoch": func(a []driver.Value) (driver.Value, error) {
		return Moment(time.UnixMicro(int64(math.Round(number64(a[0]) * 1e6)))), nil
	},
	"pg_to_char": toChar,
}

func spanPartOf(a []driver.Value) (driver.Value, error) {
	s, err := parseSpan(str(a[1]))
	if err != nil {
		return nil, err
	}
	switch str(a[0]) {
	case "epoch":
		return (float64(s.Months/12)*365.25+float64(s.Months%12)*30+float64(s.Days))*86400 + float64(s.Micros)/1e6, nil
	case "year":
		return s.Months / 12, nil
	case "month":
		return s.Months % 12, nil
	case "day":
		return s.Days, nil
	case "hour":
		return s.Micros / 3600e6, nil
	case "minute":
		return s.Micros / 60e6 % 60, nil
	case "second":
		return float64(s.Micros%60e6) / 1e6, nil
	}
	return nil, raise("0A000", "unit %q of an interval is not supported by the sandbox", str(a[0]))
}

func momentPart(a []driver.Value) (driver.Value, error) {
	t, err := ParseMoment(str(a[1]))
	if err != nil {
		return nil, raised(err)
	}
	seconds := float64(t.Second()) + float64(t.Nanosecond()/1000)/1e6
	isoYear, isoWeek := t.ISOWeek()
	switch str(a[0]) {
	case "epoch":
		return float64(t.UnixMicro()) / 1e6, nil
	case "second":
		return seconds, nil
	case "milliseconds":
		return seconds * 1e3, nil
	case "microseconds":
		return int64(math.Round(seconds * 1e6)), nil
	}
	parts := map[string]int{"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "minute": t.Minute(), "dow": int(t.Weekday()),
		"isodow": (int(t.Weekday())+6)%7 + 1, "doy": t.YearDay(), "week": isoWeek, "isoyear": isoYear, "quarter": (int(t.Month()) + 2) / 3,
		"decade": t.Year() / 10, "century": (t.Year() + 99) / 100, "millennium": (t.Year() + 999) / 1000, "timezone": 0}
	return int64(parts[str(a[0])]), nil
}

func dateTrunc(a []driver.Value) (driver.Value, error) {
	t, err := ParseMoment(str(a[1]))
	if err != nil {
		return nil, raised(err)
	}
	y, m, d := t.Date()
	switch unit := strings.ToLower(str(a[0])); unit {
	case "microseconds":
	case "milliseconds":
		t = t.Truncate(time.Millisecond)
	case "second":
		t = t.Truncate(time.Second)
	case "minute":
		t = t.Truncate(time.Minute)
	case "hour":
		t = t.Truncate(time.Hour)
	case "day":
		t = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	case "week":
		t = time.Date(y, m, d-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	case "month":
		t = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	case "quarter":
		t = time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	case "year":
		t = time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	default:
		return nil, raise("22023", "unit %q not recognized for type timestamp with time zone", str(a[0]))
	}
	return Moment(t), nil
}

// charFields are what to_char knows, longest first.
var charFields = []struct {
	name string
	of   func(time.Time) string
}{
	{"YYYY", func(t time.Time) string { return t.Format("2006") }}, {"HH24", func(t time.Time) string { return t.Format("15") }},
	{"HH12", func(t time.Time) string { return t.Format("03") }}, {"Month", func(t time.Time) string { return fmt.Sprintf("%-9s", t.Month()) }},
	{"Mon", func(t time.Time) string { return t.Format("Jan") }}, {"DDD", func(t time.Time) string { return t.Format("002") }},
	{"Day", func(t time.Time) string { return fmt.Sprintf("%-9s", t.Weekday()) }}, {"Dy", func(t time.Time) string { return t.Format("Mon") }},
	{"YY", func(t time.Time) string { return t.Format("06") }}, {"MM", func(t time.Time) string { return t.Format("01") }},
	{"DD", func(t time.Time) string { return t.Format("02") }}, {"HH", func(t time.Time) string { return t.Format("03") }},
	{"MI", func(t time.Time) string { return t.Format("04") }}, {"SS", func(t time.Time) string { return t.Format("05") }},
	{"MS", func(t time.Time) string { return fmt.Sprintf("%03d", t.Nanosecond()/1e6) }}, {"US", func(t time.Time) string { return fmt.Sprintf("%06d", t.Nanosecond()/1e3) }},
	{"AM", func(t time.Time) string { return t.Format("PM") }}, {"PM", func(t time.Time) string { return t.Format("PM") }},
	{"TZ", func(time.Time) string { return "UTC" }}, {"OF", func(time.Time) string { return "+00" }}, {"Q", func(t time.Time) string { return fmt.Sprint((int(t.Month()) + 2) / 3) }},
}

func toChar(a []driver.Value) (driver.Value, error) {
	t, err := ParseMoment(str(a[0]))
	if err != nil {
		return nil, raised(err)
	}
	var b strings.Builder
next:
	for form := str(a[1]); form != ""; {
		if form[0] == '"' {
			end := strings.IndexByte(form[1:], '"')
			if end < 0 {
				end = len(form) - 1
			}
			b.WriteString(form[1 : end+1])
			form = form[min(len(form), end+2):]
			continue
		}
		for _, f := range charFields {
			if strings.HasPrefix(form, f.name) {
				b.WriteString(f.of(t))
				form = form[len(f.name):]
				continue next
			}
		}
		if c := form[0]; letter(c) && c != 'T' {
			return nil, raise("0A000", "the to_char format %q is not supported by the sandbox", str(a[1]))
		}
		b.WriteByte(form[0])
		form = form[1:]
	}
	return b.String(), nil
}
