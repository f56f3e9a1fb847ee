package tsql

import (
	"database/sql/driver"
	"strings"
	"time"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// substring counts from 1, and what lies before the text counts, too.
func substring(a []driver.Value) (driver.Value, error) {
	start, n := asInt(a[1])-1, asInt(a[2])
	if n < 0 {
		return nil, fault(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.")
	}
	return cut(asText(a[0]), start, start+n), nil
}

// part is LEFT and RIGHT.
func part(a []driver.Value, which func(n, size int64) (from, to int64)) (driver.Value, error) {
	n := asInt(a[1])
	if n < 0 {
		return nil, fault(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.")
	}
	s := asText(a[0])
	from, to := which(n, int64(len([]rune(s))))
	return cut(s, from, to), nil
}

func cut(s string, from, to int64) string {
	r := []rune(s)
	size := int64(len(r))
	from, to = min(max(from, 0), size), min(max(to, 0), size)
	return string(r[from:max(from, to)])
}

// fold is s without case, rune by rune, so that places in it are places in s.
func fold(s string) []rune {
	r := []rune(s)
	for i, c := range r {
		if l := []rune(strings.ToLower(string(c))); len(l) == 1 {
			r[i] = l[0]
		}
	}
	return r
}

// index is where what stands in s, from a place on; -1 is nowhere.
func index(s, what []rune, from int) int {
	for i := max(from, 0); i+len(what) <= len(s); i++ {
		if string(s[i:i+len(what)]) == string(what) {
			return i
		}
	}
	return -1
}

func replace(a []driver.Value) (driver.Value, error) {
	s, what, with := []rune(asText(a[0])), fold(asText(a[1])), asText(a[2])
	folded := fold(string(s))
	var b strings.Builder
	for len(what) > 0 {
		i := index(folded, what, 0)
		if i < 0 {
			break
		}
		b.WriteString(string(s[:i]) + with)
		s, folded = s[i+len(what):], folded[i+len(what):]
	}
	return b.String() + string(s), nil
}

func replicate(a []driver.Value) (driver.Value, error) {
	n, s := asInt(a[1]), asText(a[0])
	if n < 0 {
		return nil, nil
	}
	if n*int64(len(s)) > 8000 { // as SQL Server does with what is not (max)
		n = 8000 / int64(max(len(s), 1))
	}
	return strings.Repeat(s, int(n)), nil
}

func charIndex(a []driver.Value) (driver.Value, error) {
	from := int64(1)
	if len(a) > 2 {
		from = asInt(a[2])
	}
	return int64(index(fold(asText(a[1])), fold(asText(a[0])), int(from-1)) + 1), nil
}

// likeArgs is LIKE: %, _, [a-z], [^a-z], without case.
func likeArgs(a []driver.Value) (driver.Value, error) {
	escape := []rune(asText(a[2]))
	if len(escape) > 1 {
		return nil, fault(506, "The invalid escape character \"%s\" was specified in a LIKE predicate.", string(escape))
	}
	var e rune = -1
	if len(escape) == 1 {
		e = escape[0]
	}
	return isTrue(matches(fold(asText(a[0])), fold(asText(a[1])), e)), nil
}

// matches goes back to the last % only, which is enough: what an earlier one could take besides, the last one can.
func matches(s, pattern []rune, escape rune) bool {
	var backS, backPattern []rune
	back := false
	for len(s) > 0 || len(pattern) > 0 {
		if len(pattern) > 0 && pattern[0] == '%' && escape != '%' {
			backS, backPattern, back = s, pattern[1:], true
			pattern = pattern[1:]
			continue
		}
		if n, ok := matchOne(s, pattern, escape); ok {
			s, pattern = s[1:], pattern[n:]
			continue
		}
		if len(pattern) == 0 && len(strings.TrimRight(string(s), " ")) == 0 { // spaces at the end do not count
			return true
		}
		if !back || len(backS) == 0 {
			return false
		}
		backS = backS[1:]
		s, pattern = backS, backPattern
	}
	return true
}

// matchOne matches one character with what the pattern begins with, and tells how long that is.
func matchOne(s, pattern []rune, escape rune) (int, bool) {
	if len(s) == 0 || len(pattern) == 0 {
		return 0, false
	}
	switch p := pattern[0]; {
	case p == escape && len(pattern) > 1:
		return 2, s[0] == pattern[1]
	case p == '_':
		return 1, true
	case p == '[':
		end := index(pattern, []rune{']'}, 2)
		return end + 1, end > 0 && inSet(s[0], pattern[1:end])
	default:
		return 1, p == s[0]
	}
}

func inSet(c rune, set []rune) bool {
	not := len(set) > 0 && set[0] == '^'
	if not {
		set = set[1:]
	}
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if c >= set[i] && c <= set[i+2] {
				return !not
			}
			i += 2
			continue
		}
		if c == set[i] {
			return !not
		}
	}
	return not
}

// dateParts are the names of parts of a moment, with their short forms.
var dateParts = map[string]string{"yy": "year", "yyyy": "year", "qq": "quarter", "q": "quarter", "mm": "month", "m": "month", "dy": "dayofyear", "y": "dayofyear", "dd": "day", "d": "day",
	"wk": "week", "ww": "week", "dw": "weekday", "w": "weekday", "hh": "hour", "mi": "minute", "n": "minute", "ss": "second", "s": "second", "ms": "millisecond", "mcs": "microsecond", "ns": "nanosecond"}

var units = map[string]time.Duration{"hour": time.Hour, "minute": time.Minute, "second": time.Second, "millisecond": time.Millisecond, "microsecond": time.Microsecond, "nanosecond": time.Nanosecond}

func partName(v driver.Value) string {
	name := lower(asText(v))
	if full, ok := dateParts[name]; ok {
		return full
	}
	return name
}

func datePart(a []driver.Value) (driver.Value, error) {
	at, err := parseMoment(asText(a[1]), latestType)
	if err != nil {
		return nil, err
	}
	n := 0
	switch name := partName(a[0]); name {
	case "year":
		n = at.Year()
	case "quarter":
		n = (int(at.Month()) + 2) / 3
	case "month":
		n = int(at.Month())
	case "dayofyear":
		n = at.YearDay()
	case "day":
		n = at.Day()
	case "weekday": // SET DATEFIRST 7: Sunday is 1
		n = int(at.Weekday()) + 1
	case "hour":
		n = at.Hour()
	case "minute":
		n = at.Minute()
	case "second":
		n = at.Second()
	case "millisecond", "microsecond", "nanosecond":
		n = at.Nanosecond() / int(units[name])
	default:
		return nil, notUnderstood("the date part %s", name)
	}
	return int64(n), nil
}

func dateName(a []driver.Value) (driver.Value, error) {
	at, err := parseMoment(asText(a[1]), latestType)
	if err != nil {
		return nil, err
	}
	switch partName(a[0]) {
	case "month":
		return at.Month().String(), nil
	case "weekday":
		return at.Weekday().String(), nil
	}
	n, err := datePart(a)
	return asText(n), err
}

// dateDiff counts the boundaries of the part that lie between two moments.
func dateDiff(a []driver.Value) (driver.Value, error) {
	from, err := parseMoment(asText(a[1]), latestType)
	if err != nil {
		return nil, err
	}
	to, err := parseMoment(asText(a[2]), latestType)
	if err != nil {
		return nil, err
	}
	months := int64(to.Year()-from.Year())*12 + int64(to.Month()) - int64(from.Month())
	days := func(t time.Time) int64 { return floorDivide(t.Unix(), 24*60*60) }
	switch name := partName(a[0]); name {
	case "year":
		return int64(to.Year() - from.Year()), nil
	case "quarter":
		quarter := func(t time.Time) int64 { return int64(t.Year())*4 + int64(t.Month()-1)/3 }
		return quarter(to) - quarter(from), nil
	case "month":
		return months, nil
	case "day", "dayofyear", "weekday":
		return days(to) - days(from), nil
	case "week":
		week := func(t time.Time) int64 { return floorDivide(days(t)+4, 7) } // weeks begin on Sunday
		return week(to) - week(from), nil
	case "hour", "minute", "second":
		unit := int64(units[name] / time.Second)
		return floorDivide(to.Unix(), unit) - floorDivide(from.Unix(), unit), nil
	case "millisecond", "microsecond", "nanosecond":
		unit := int64(units[name])
		per := int64(time.Second) / unit
		if seconds := to.Unix() - from.Unix(); seconds > (1<<62)/per || seconds < -(1<<62)/per {
			return nil, fault(535, "The datediff function resulted in an overflow. The number of dateparts separating two date/time instances is too large. Try to use datediff with a less precise datepart.")
		}
		return (to.Unix()-from.Unix())*per + int64(to.Nanosecond())/unit - int64(from.Nanosecond())/unit, nil
	default:
		return nil, notUnderstood("the date part %s", name)
	}
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func dateAdd(a []driver.Value) (driver.Value, error) {
	typ, _ := Declared(asText(a[3]))
	at, err := parseMoment(asText(a[2]), typ)
	if err != nil {
		return nil, err
	}
	n := int(asInt(a[1]))
	switch name := partName(a[0]); name {
	case "year":
		at = addMonths(at, 12*n)
	case "quarter":
		at = addMonths(at, 3*n)
	case "month":
		at = addMonths(at, n)
	case "week":
		at = at.AddDate(0, 0, 7*n)
	case "day", "dayofyear", "weekday":
		at = at.AddDate(0, 0, n)
	default:
		unit, ok := units[name]
		if !ok || typ.Name == "date" {
			return nil, notUnderstood("DATEADD of %s to a %s", name, typ.Name)
		}
		at = at.Add(time.Duration(n) * unit)
	}
	if at.Year() < 1 || at.Year() > 9999 {
		return nil, fault(517, "Adding a value to a '%s' column caused an overflow.", typ.Name)
	}
	return keepMoment(at, typ), nil
}

// addMonths keeps the day, or takes the month's last.
func addMonths(at time.Time, n int) time.Time {
	first := time.Date(at.Year(), at.Month(), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(at.Day(), last)-1)
}

// IdentityComment finds the type and seed of an identity column in the SQL of its table.
func IdentityComment(create string) (typ tds.Type, seed int64, ok bool) {
	_, rest, ok := strings.Cut(create, " INTEGER /* ")
	if !ok {
		return typ, 0, false
	}
	name, rest, _ := strings.Cut(rest, " identity(")
	number, _, _ := strings.Cut(rest, ",")
	typ, ok = Declared(name)
	for _, c := range strings.TrimPrefix(number, "-") {
		seed = seed*10 + int64(c-'0')
	}
	if strings.HasPrefix(number, "-") {
		seed = -seed
	}
	return typ, seed, ok
}
