package dlm

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dlm/types"
)

// after is the first time after t that one of the policy's schedules names; zero when there is none any more.
func (p Policy) after(t time.Time) (time.Time, error) {
	var first time.Time
	for _, schedule := range p.Details.Schedules {
		next, err := after(schedule, t)
		if err != nil {
			return first, err
		}
		if !next.IsZero() && (first.IsZero() || next.Before(first)) {
			first = next
		}
	}
	return first, nil
}

// after is the first time after t that the schedule names, in UTC: by its cron expression, or at its time of day and every Interval hours from it.
func after(s types.Schedule, t time.Time) (time.Time, error) {
	r := s.CreateRule
	if r.CronExpression != nil {
		c, err := readCron(*r.CronExpression)
		if err != nil {
			return time.Time{}, err
		}
		return c.after(t), nil
	}
	at, err := time.Parse("15:04", r.Times[0])
	if err != nil {
		return time.Time{}, err
	}
	t = t.UTC()
	step := time.Duration(*r.Interval) * time.Hour
	next := time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC).Add(-24 * time.Hour)
	for !next.After(t) {
		next = next.Add(step)
	}
	return next, nil
}

// span is roughly how long a schedule keeps a snapshot, to find the one that keeps longest.
func span(s types.Schedule) time.Duration {
	r := s.RetainRule
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if r.Count == nil {
		return add(start, *r.Interval, r.IntervalUnit).Sub(start)
	}
	first, err := after(s, start)
	if err != nil || first.IsZero() {
		return 0
	}
	second, _ := after(s, first)
	return time.Duration(*r.Count) * second.Sub(first)
}
