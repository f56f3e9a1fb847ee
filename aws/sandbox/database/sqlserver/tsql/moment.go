package tsql

import (
	"strings"
	"time"

	"lifeboat/aws/sandbox/database/sqlserver/tds"
)

// How a database keeps dates and times: texts that sort as the moments do.
const (
	keptDateTime = "2006-01-02 15:04:05.0000000"
	keptDate     = "2006-01-02"
	keptTime     = "15:04:05.0000000"
)

// Stored is v, as it came over the wire or from the program, as a database keeps a value of type t.
func Stored(v any, t tds.Type) any {
	switch v := v.(type) {
	case time.Time:
		return keepMoment(v.UTC(), t)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case int:
		return int64(v)
	case int32:
		return int64(v)
	}
	return v
}

// Wire is a kept value of type t as package tds sends it.
func Wire(v any, t tds.Type) (any, error) {
	switch v := v.(type) {
	case int64:
		if t.IsFloat() || t.Name == "decimal" {
			return float64(v), nil
		}
		if t.IsText() {
			return Convert(v, tds.Type{Name: "bigint"}, t, 0)
		}
	case float64:
		if t.IsText() {
			return Convert(v, tds.Type{Name: "float"}, t, 0)
		}
		if t.IsInt() {
			return nil, tds.Overflow(t.Name)
		}
	case string:
		if t.IsMoment() {
			return parseMoment(v, t)
		}
	case time.Time:
		if !t.IsMoment() {
			return v.UTC().Format(keptDateTime), nil
		}
	}
	return v, nil
}

// keepMoment rounds a moment to its type's precision and writes it.
func keepMoment(at time.Time, t tds.Type) string {
	switch t.Name {
	case "date":
		return at.Format(keptDate)
	case "time":
		return roundScale(at, t.Scale).Format(keptTime)
	case "datetime": // 1/300 of a second, shown as .000, .003, .007
		ticks := (int64(at.Nanosecond())*3 + 5_000_000) / 10_000_000
		at = at.Truncate(time.Second).Add(time.Duration((ticks*10+1)/3) * time.Millisecond)
	case "smalldatetime":
		at = at.Round(time.Minute)
	case "datetime2":
		at = roundScale(at, t.Scale)
	}
	return at.Format(keptDateTime)
}

func roundScale(at time.Time, scale int) time.Time {
	unit := time.Second
	for range scale {
		unit /= 10
	}
	return at.Round(unit)
}

var momentLayouts = []string{keptDateTime, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04", "2006-01-02T15:04",
	keptDate, "20060102", "20060102 15:04:05", "20060102 15:04", "2006/01/02", "2006/01/02 15:04:05", "01/02/2006", "01/02/2006 15:04:05",
	"Jan 2 2006 3:04PM", "Jan 2 2006", "January 2, 2006", "15:04:05", "15:04"}

// parseMoment reads a date or time in the forms that SQL Server reads whatever the session's language is, and some English ones.
func parseMoment(s string, t tds.Type) (time.Time, error) {
	if t.Name == "datetime" || t.IsDateTime() { // the form it is kept in, first: almost all are
		if at, err := time.Parse(keptDateTime, s); err == nil {
			return at, nil
		}
	}
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range momentLayouts {
		at, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if at.Year() == 0 { // a time alone lies on SQL Server's day 0
			at = at.AddDate(1900, 0, 0)
		}
		return at.UTC(), nil
	}
	if s == "" {
		return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	return time.Time{}, fault(241, "Conversion failed when converting date and/or time from character string.")
}

// styles are those of CONVERT for moments that are done (Transact-SQL Reference, "CAST and CONVERT").
var styles = map[int]string{0: "Jan _2 2006  3:04PM", 100: "Jan _2 2006  3:04PM", 101: "01/02/2006", 102: "2006.01.02", 103: "02/01/2006", 104: "02.01.2006", 105: "02-01-2006", 108: "15:04:05",
	110: "01-02-2006", 111: "2006/01/02", 112: "20060102", 23: keptDate, 120: "2006-01-02 15:04:05", 20: "2006-01-02 15:04:05", 121: "2006-01-02 15:04:05", 21: "2006-01-02 15:04:05", 126: "2006-01-02T15:04:05",
	127: "2006-01-02T15:04:05Z"}

// showMoment is a kept moment as text.
func showMoment(v string, from tds.Type, style int) (string, error) {
	at, err := parseMoment(v, from)
	if err != nil {
		return "", err
	}
	fraction := ""
	switch digits := map[string]int{"datetime": 3, "datetime2": from.Scale, "time": from.Scale}[from.Name]; {
	case digits > 0 && (from.Name == "time" || style == 0 || style == 121 || style == 21 || style == 126 || style == 127):
		fraction = at.Format(".0000000")[:1+digits]
	}
	switch {
	case from.Name == "time":
		return at.Format("15:04:05") + fraction, nil
	case from.Name == "date" && style == 0:
		return at.Format(keptDate), nil
	case from.Name == "datetime2" && style == 0:
		return at.Format("2006-01-02 15:04:05") + fraction, nil
	}
	layout, ok := styles[style]
	if !ok {
		return "", notUnderstood("style %d of CONVERT", style)
	}
	if from.Name == "date" {
		layout, _, _ = strings.Cut(strings.ReplaceAll(layout, "T", " "), " ")
		return at.Format(layout), nil
	}
	zone := ""
	if style == 127 {
		layout, zone = strings.TrimSuffix(layout, "Z"), "Z"
	}
	if style == 0 || style == 100 {
		fraction = ""
	}
	return at.Format(layout) + fraction + zone, nil
}
