package dlm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is an AWS cron expression: cron(minutes hours day-of-month month day-of-week year), in UTC. Days of the week are 1-7 or SUN-SAT,
// and one of the two day fields is "?" (Amazon EventBridge User Guide, "Cron expressions").
type cron struct {
	minute, hour, month, year []int
	day                       func(time.Time) bool
}

var (
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func readCron(text string) (c cron, err error) {
	inner, ok := strings.CutPrefix(text, "cron(")
	if ok {
		inner, ok = strings.CutSuffix(inner, ")")
	}
	f := strings.Fields(strings.ToUpper(inner))
	if !ok || len(f) != 6 {
		return c, fmt.Errorf("expected cron(minutes hours day-of-month month day-of-week year)")
	}
	if (f[2] == "?") == (f[4] == "?") {
		return c, fmt.Errorf("one of day-of-month and day-of-week must be ?, the other not")
	}
	if c.minute, err = values(f[0], 0, 59, nil); err != nil {
		return c, fmt.Errorf("minutes: %w", err)
	}
	if len(c.minute) != 1 {
		return c, fmt.Errorf("minutes: more than one run an hour")
	}
	if c.hour, err = values(f[1], 0, 23, nil); err != nil {
		return c, fmt.Errorf("hours: %w", err)
	}
	if c.month, err = values(f[3], 1, 12, monthNames); err != nil {
		return c, fmt.Errorf("month: %w", err)
	}
	if c.year, err = values(f[5], 1970, 2199, nil); err != nil {
		return c, fmt.Errorf("year: %w", err)
	}
	if f[2] == "?" {
		if c.day, err = weekday(f[4]); err != nil {
			return c, fmt.Errorf("day-of-week: %w", err)
		}
	} else if c.day, err = monthday(f[2]); err != nil {
		return c, fmt.Errorf("day-of-month: %w", err)
	}
	return c, nil
}

// values reads a field: *, a number or name, a range, a step, or a list of them.
func values(field string, low, high int, names []string) ([]int, error) {
	var out []int
	for _, item := range strings.Split(field, ",") {
		item, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%q is no step", stepText)
			}
			step = n
		}
		first, last := low, high
		if item != "*" {
			from, to, isRange := strings.Cut(item, "-")
			var err error
			if first, err = value(from, low, high, names); err != nil {
				return nil, err
			}
			switch {
			case isRange:
				if last, err = value(to, low, high, names); err != nil {
					return nil, err
				}
			case !stepped:
				last = first
			}
		}
		for v := first; v <= last; v += step {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%q names nothing", field)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func value(text string, low, high int, names []string) (int, error) {
	if i := slices.Index(names, text); i >= 0 {
		return i + low, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%q is not between %d and %d", text, low, high)
	}
	return n, nil
}

// weekday reads days of the week; 6#3 is the third Friday of the month, 6L the last one.
func weekday(field string) (func(time.Time) bool, error) {
	if day, nth, ok := strings.Cut(field, "#"); ok {
		d, err := value(day, 1, 7, dayNames)
		n, bad := strconv.Atoi(nth)
		if err != nil || bad != nil || n < 1 || n > 5 {
			return nil, fmt.Errorf("%q is no weekday of the month", field)
		}
		return func(t time.Time) bool { return int(t.Weekday())+1 == d && (t.Day()-1)/7+1 == n }, nil
	}
	if day, ok := strings.CutSuffix(field, "L"); ok {
		if day == "" {
			return func(t time.Time) bool { return t.Weekday() == time.Saturday }, nil
		}
		d, err := value(day, 1, 7, dayNames)
		return func(t time.Time) bool { return int(t.Weekday())+1 == d && t.AddDate(0, 0, 7).Month() != t.Month() }, err
	}
	days, err := values(field, 1, 7, dayNames)
	return func(t time.Time) bool { return slices.Contains(days, int(t.Weekday())+1) }, err
}

// monthday reads days of the month; L is the last one, 15W the weekday nearest to the 15th.
func monthday(field string) (func(time.Time) bool, error) {
	if field == "L" {
		return func(t time.Time) bool { return t.AddDate(0, 0, 1).Day() == 1 }, nil
	}
	if day, ok := strings.CutSuffix(field, "W"); ok {
		d, err := value(day, 1, 31, nil)
		return func(t time.Time) bool { return t.Day() == nearestWeekday(t, d) }, err
	}
	days, err := values(field, 1, 31, nil)
	return func(t time.Time) bool { return slices.Contains(days, t.Day()) }, err
}

// nearestWeekday is the day from Monday to Friday nearest to a day of t's month, within the month; 0 when the month has no such day.
func nearestWeekday(t time.Time, day int) int {
	last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if day > last {
		return 0
	}
	switch time.Date(t.Year(), t.Month(), day, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == last {
			return day - 2
		}
		return day + 1
	}
	return day
}

// after is the first time after t; zero when there is none within the years it names or the next ten.
func (c cron) after(t time.Time) time.Time {
	t = t.UTC()
	for d := 0; d <= 3660; d++ {
		day := time.Date(t.Year(), t.Month(), t.Day()+d, 0, 0, 0, 0, time.UTC)
		if !slices.Contains(c.year, day.Year()) || !slices.Contains(c.month, int(day.Month())) || !c.day(day) {
			continue
		}
		for _, h := range c.hour {
			if at := day.Add(time.Duration(h)*time.Hour + time.Duration(c.minute[0])*time.Minute); at.After(t) {
				return at
			}
		}
	}
	return time.Time{}
}
