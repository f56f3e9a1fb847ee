package dialect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// How SQLite keeps moments: always UTC, always microseconds.
const (
	momentLayout = "2006-01-02 15:04:05.000000"
	dateLayout   = "2006-01-02"
	clockLayout  = "15:04:05.000000"
)

// Moment is how SQLite keeps a timestamp.
func Moment(t time.Time) string { return t.UTC().Format(momentLayout) }

// ParseMoment reads what SQLite keeps for a timestamp, date or time of day.
func ParseMoment(kept string) (time.Time, error) {
	for _, layout := range []string{momentLayout, dateLayout, clockLayout, "2006-01-02 15:04:05", "2006-01-02T15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, kept); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, Errorf("22007", "invalid input syntax for type timestamp: %q", kept)
}

var momentForm = regexp.MustCompile(`^(?i)(\d{4})-(\d{1,2})-(\d{1,2})(?:[ t]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(z|utc|gmt|[+-]\d{1,2}(?::?\d{2})?(?::\d{2})?)?$`)
var clockForm = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$`)

func (t Type) inputMoment(text, trimmed string) (any, error) {
	fail := Errorf("22007", "invalid input syntax for type %s: %q", t, text)
	if t.OID == Time {
		m := clockForm.FindStringSubmatch(trimmed)
		if m == nil {
			return nil, fail
		}
		at, err := clockTime(m[1:], time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return nil, Errorf("22008", "date/time field value out of range: %q", text)
		}
		return at.Format(clockLayout), nil
	}
	switch strings.ToLower(trimmed) {
	case "epoch":
		return t.keep(time.Unix(0, 0)), nil
	case "now", "today", "tomorrow", "yesterday", "infinity", "-infinity":
		return nil, Unsupported("the %s %q", t, trimmed)
	}
	m := momentForm.FindStringSubmatch(trimmed)
	if m == nil {
		return nil, fail
	}
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[2])
	day, _ := strconv.Atoi(m[3])
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year == 0 || int(at.Month()) != month || at.Day() != day {
		return nil, Errorf("22008", "date/time field value out of range: %q", text)
	}
	at, err := clockTime(m[4:8], at)
	if err != nil {
		return nil, Errorf("22008", "date/time field value out of range: %q", text)
	}
	if t.OID == Timestamptz { // the others ignore a zone
		at = at.Add(-offset(strings.ToLower(m[8])))
	}
	return t.keep(at), nil
}

func clockTime(parts []string, day time.Time) (time.Time, error) {
	hour, _ := strconv.Atoi(parts[0])
	minute, _ := strconv.Atoi(parts[1])
	second, _ := strconv.Atoi(parts[2])
	if hour > 24 || minute > 59 || second > 60 || hour == 24 && minute+second > 0 {
		return day, fmt.Errorf("out of range")
	}
	fraction, _ := strconv.ParseFloat("0."+parts[3]+"0", 64)
	micros := time.Duration(fraction*1e6+0.5) * time.Microsecond
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + micros), nil
}

func offset(zone string) time.Duration {
	if zone == "" || zone == "z" || zone == "utc" || zone == "gmt" {
		return 0
	}
	figures := strings.ReplaceAll(zone[1:], ":", "")
	if len(figures) <= 2 {
		figures += "00"
	}
	n, _ := strconv.Atoi(figures[:min(4, len(figures))])
	d := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if zone[0] == '-' {
		return -d
	}
	return d
}

// keep is how SQLite keeps a moment in a column of this type.
func (t Type) keep(at time.Time) string {
	switch at = at.UTC(); t.OID {
	case Date:
		return at.Format(dateLayout)
	case Time:
		return at.Format(clockLayout)
	}
	return at.Format(momentLayout)
}

func (t Type) outputMoment(kept string) string {
	at, err := ParseMoment(kept)
	if err != nil {
		return kept
	}
	switch t.OID {
	case Date:
		return at.Format(dateLayout)
	case Time:
		return at.Format("15:04:05.999999")
	case Timestamptz:
		return at.Format("2006-01-02 15:04:05.999999+00")
	}
	return at.Format("2006-01-02 15:04:05.999999")
}

// Span is an interval: months and days have no fixed length, so they are kept apart, as in Postgres.
type Span struct {
	Months, Days, Micros int64
}

var spanUnits = map[string]Span{
	"microsecond": {Micros: 1}, "millisecond": {Micros: 1e3}, "second": {Micros: 1e6}, "sec": {Micros: 1e6}, "s": {Micros: 1e6},
	"minute": {Micros: 60e6}, "min": {Micros: 60e6}, "m": {Micros: 60e6}, "hour": {Micros: 3600e6}, "hr": {Micros: 3600e6}, "h": {Micros: 3600e6},
	"day": {Days: 1}, "d": {Days: 1}, "week": {Days: 7}, "w": {Days: 7}, "month": {Months: 1}, "mon": {Months: 1},
	"year": {Months: 12}, "yr": {Months: 12}, "y": {Months: 12}, "decade": {Months: 120}, "century": {Months: 1200},
}

var spanClock = regexp.MustCompile(`^([+-]?)(\d+):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$`)
var spanPart = regexp.MustCompile(`([+-]?\d+:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)|([+-]?\d*\.?\d+)\s*([a-zA-Z]+)?`)

// ParseSpan reads an interval as SQLite keeps it.
func ParseSpan(kept string) (Span, error) { return parseSpan(kept) }

func parseSpan(text string) (Span, error) {
	text = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "@")
	body, ago := strings.CutSuffix(text, "ago")
	if left := strings.Trim(spanPart.ReplaceAllString(body, ""), " ,"); left != "" || strings.TrimSpace(body) == "" {
		return Span{}, fmt.Errorf("no interval: %q", text)
	}
	var out Span
	for _, m := range spanPart.FindAllStringSubmatch(body, -1) {
		part, err := spanOf(m)
		if err != nil {
			return Span{}, err
		}
		out = out.plus(part)
	}
	if ago {
		out = out.times(-1)
	}
	return out, nil
}

func spanOf(m []string) (Span, error) {
	if m[1] != "" {
		c := spanClock.FindStringSubmatch(m[1])
		at, _ := clockTime([]string{"0", c[3], c[4], c[5]}, time.Unix(0, 0))
		hours, _ := strconv.ParseInt(c[2], 10, 64)
		s := Span{Micros: at.UnixMicro() + hours*3600e6}
		if c[1] == "-" {
			s = s.times(-1)
		}
		return s, nil
	}
	unit := m[3]
	if unit == "" {
		unit = "second"
	}
	of, ok := spanUnits[unit]
	if !ok {
		of, ok = spanUnits[strings.TrimSuffix(unit, "s")]
	}
	if !ok {
		return Span{}, fmt.Errorf("no unit of time: %q", unit)
	}
	n, err := strconv.ParseFloat(m[2], 64)
	return of.times(n), err
}

func (s Span) plus(o Span) Span {
	return Span{s.Months + o.Months, s.Days + o.Days, s.Micros + o.Micros}
}

// times multiplies; what is left of a month goes into days (30 to a month), of a day into microseconds.
func (s Span) times(n float64) Span {
	months := float64(s.Months) * n
	days := float64(s.Days)*n + (months-float64(int64(months)))*30
	micros := float64(s.Micros)*n + (days-float64(int64(days)))*86400e6
	half := 0.5
	if micros < 0 {
		half = -0.5
	}
	return Span{int64(months), int64(days), int64(micros + half)}
}

// order is the interval as one number of microseconds: how Postgres compares them.
func (s Span) order() int64 { return (s.Months*30+s.Days)*86400e6 + s.Micros }

func (s Span) String() string {
	var parts []string
	unit := func(n int64, name string) {
		if n == 1 {
			parts = append(parts, "1 "+name)
		} else if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %ss", n, name))
		}
	}
	unit(s.Months/12, "year")
	unit(s.Months%12, "mon")
	unit(s.Days, "day")
	if s.Micros != 0 || len(parts) == 0 {
		sign, n := "", s.Micros
		if n < 0 {
			sign, n = "-", -n
		}
		clock := fmt.Sprintf("%s%02d:%02d:%02d", sign, n/3600e6, n/60e6%60, n/1e6%60)
		if f := n % 1e6; f != 0 {
			clock += strings.TrimRight(fmt.Sprintf(".%06d", f), "0")
		}
		parts = append(parts, clock)
	}
	return strings.Join(parts, " ")
}

// from adds the interval to a moment: months keep the day of the month where the month has it.
func (s Span) from(at time.Time) time.Time {
	if s.Months != 0 {
		day := at.Day()
		first := time.Date(at.Year(), at.Month()+time.Month(s.Months), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		at = first.AddDate(0, 0, min(day, last)-1)
	}
	return at.AddDate(0, 0, int(s.Days)).Add(time.Duration(s.Micros) * time.Microsecond)
}
