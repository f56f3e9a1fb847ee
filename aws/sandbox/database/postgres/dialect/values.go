package dialect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Input reads a value as Postgres's input functions do and gives what SQLite keeps for it: int64, float64, string or []byte.
// Booleans are 0 and 1, moments are text of one width (so that they compare as text), arrays are JSON.
func (t Type) Input(text string) (any, error) {
	trimmed := strings.TrimSpace(text)
	switch t.OID {
	case Int2, Int4, Int8, Oid, Regproc, Regclass, Regtype, Regnamespace:
		n, err := strconv.ParseInt(trimmed, 10, 64)
		if err != nil && strings.Contains(err.Error(), "out of range") || err == nil && !t.OID.holds(n) {
			return nil, Errorf("22003", "value %q is out of range for type %s", text, t)
		}
		if err != nil {
			return nil, t.invalid(text)
		}
		return n, nil
	case Float4, Float8:
		return t.inputFloat(text, trimmed)
	case Numeric:
		return t.inputNumeric(text, trimmed)
	case Bool:
		return t.inputBool(text, strings.ToLower(trimmed))
	case Date, Time, Timestamp, Timestamptz:
		return t.inputMoment(text, trimmed)
	case Interval:
		span, err := parseSpan(trimmed)
		if err != nil {
			return nil, Errorf("22007", "invalid input syntax for type interval: %q", text)
		}
		return span.String(), nil
	case Bytea:
		return inputBytes(text)
	case UUID:
		return t.inputUUID(text, trimmed)
	case JSON, JSONB:
		if !json.Valid([]byte(text)) {
			e := Errorf("22P02", "invalid input syntax for type %s", t)
			e.Detail = "The input string is no valid JSON."
			return nil, e
		}
		if t.OID == JSONB {
			return normal(text)
		}
		return text, nil
	case Varchar, Bpchar:
		return t.fit(text, false)
	case Char:
		return text[:min(1, len(text))], nil
	}
	if el, ok := t.OID.Element(); ok {
		return inputArray(el, text)
	}
	return text, nil
}

func (t Type) invalid(text string) error {
	return Errorf("22P02", "invalid input syntax for type %s: %q", Type{OID: t.OID}, text)
}

func (o OID) holds(n int64) bool {
	switch o {
	case Int2:
		return n >= math.MinInt16 && n <= math.MaxInt16
	case Int4:
		return n >= math.MinInt32 && n <= math.MaxInt32
	case Int8:
		return true
	}
	return n >= 0 && n <= math.MaxUint32
}

func (t Type) inputFloat(text, trimmed string) (any, error) {
	f, err := strconv.ParseFloat(trimmed, 64)
	switch {
	case err != nil && math.IsInf(f, 0):
		return nil, Errorf("22003", "%q is out of range for type %s", text, t)
	case err != nil:
		return nil, t.invalid(text)
	case math.IsNaN(f):
		return nil, Unsupported("NaN")
	case t.OID == Float4:
		return float64(float32(f)), nil
	}
	return f, nil
}

// digits are what a double keeps of a decimal number for certain.
const digits = 15

func (t Type) inputNumeric(text, trimmed string) (any, error) {
	if n, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
		return t.scaled(float64(n), n)
	}
	f, err := strconv.ParseFloat(trimmed, 64)
	switch {
	case math.IsNaN(f), math.IsInf(f, 0):
		return nil, Unsupported("the numeric %s", trimmed)
	case err != nil:
		return nil, t.invalid(text)
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(trimmed), "e")
	if len(strings.Trim(strings.Replace(strings.TrimLeft(mantissa, "+-"), ".", "", 1), "0")) > digits {
		return nil, Unsupported("a numeric of more than %d digits (%s)", digits, trimmed)
	}
	return t.scaled(f, nil)
}

// scaled rounds a number to numeric(p,s) and refuses what does not fit in.
func (t Type) scaled(f float64, exact any) (any, error) {
	if t.Mod == 0 {
		if exact != nil {
			return exact, nil
		}
		return f, nil
	}
	p, s := t.precision()
	if math.Abs(f) >= math.Pow10(p-s)-0.5*math.Pow10(-s) {
		e := Errorf("22003", "numeric field overflow")
		e.Detail = fmt.Sprintf("A field with precision %d, scale %d must round to an absolute value less than 10^%d.", p, s, p-s)
		return nil, e
	}
	if exact != nil {
		return exact, nil
	}
	return roundTo(f, s), nil
}

// roundTo rounds as numeric does: half away from zero, on the decimal digits one sees.
func roundTo(f float64, scale int) float64 {
	text := strconv.FormatFloat(math.Abs(f), 'g', digits, 64)
	shifted, _ := strconv.ParseFloat(text+exponent(text, scale), 64)
	if strings.Contains(text, "e") {
		shifted = math.Abs(f) * math.Pow10(scale)
	}
	out, _ := strconv.ParseFloat(strconv.FormatFloat(math.Floor(shifted+0.5), 'f', 0, 64)+"e"+strconv.Itoa(-scale), 64)
	return math.Copysign(out, f)
}

func exponent(text string, scale int) string {
	if strings.Contains(text, "e") {
		return ""
	}
	return "e" + strconv.Itoa(scale)
}

func (t Type) inputBool(text, lower string) (any, error) {
	if lower != "" {
		for _, yes := range []string{"true", "yes", "on", "1"} {
			if strings.HasPrefix(yes, lower) && lower != "o" {
				return int64(1), nil
			}
		}
		for _, no := range []string{"false", "no", "off", "0"} {
			if strings.HasPrefix(no, lower) && lower != "o" {
				return int64(0), nil
			}
		}
	}
	return nil, t.invalid(text)
}

func inputBytes(text string) (any, error) {
	if h, ok := strings.CutPrefix(text, `\x`); ok {
		b, err := hex.DecodeString(strings.Join(strings.Fields(h), ""))
		if err != nil {
			return nil, Errorf("22023", "invalid hexadecimal data: %q", text)
		}
		return b, nil
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case rest[0] != '\\':
			out = append(out, rest[0])
		case strings.HasPrefix(rest, `\\`):
			out = append(out, '\\')
			i++
		default:
			n, err := strconv.ParseUint(rest[1:min(4, len(rest))], 8, 8)
			if err != nil || len(rest) < 4 {
				return nil, Errorf("22P02", "invalid input syntax for type bytea")
			}
			out = append(out, byte(n))
			i += 3
		}
	}
	return out, nil
}

func (t Type) inputUUID(text, trimmed string) (any, error) {
	bare := strings.ToLower(strings.ReplaceAll(strings.Trim(trimmed, "{}"), "-", ""))
	if b, err := hex.DecodeString(bare); err != nil || len(b) != 16 {
		return nil, t.invalid(text)
	}
	return bare[:8] + "-" + bare[8:12] + "-" + bare[12:16] + "-" + bare[16:20] + "-" + bare[20:], nil
}

// fit holds a string to varchar(n) and char(n). Spaces beyond the end are cut; other characters only by an explicit cast.
func (t Type) fit(text string, explicit bool) (any, error) {
	if t.OID == Bpchar {
		text = strings.TrimRight(text, " ") // the padding is put back on the way out
	}
	if t.Mod == 0 {
		return text, nil
	}
	n := int(t.Mod - 4)
	runes := []rune(text)
	if len(runes) <= n {
		return text, nil
	}
	if !explicit && strings.TrimRight(string(runes[n:]), " ") != "" {
		return nil, Errorf("22001", "value too long for type %s", t)
	}
	return string(runes[:n]), nil
}
