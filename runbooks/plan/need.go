package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// need is what the answers ask for, in numbers.
type need struct {
	rpo, rto, keep  time.Duration
	region, account bool // a copy must be there
	away, guard     string
	gib             float64 // of one resource; 0 is unknown
}

func read(a Answers) need {
	n := need{away: a.One("away"), guard: a.One("guard")}
	n.rpo, _ = ParseSpan(a.One("loss")) // Check has taken them
	n.rto, _ = ParseSpan(a.One("outage"))
	n.keep, _ = ParseSpan(a.One("keep"))
	n.gib, _ = strconv.ParseFloat(a.One("size"), 64)
	n.region = strings.Contains(n.away, "region")
	n.account = strings.Contains(n.away, "account")
	return n
}

// The figures nobody is asked for.
const (
	startWindow  = time.Hour        // the shortest an AWS Organizations backup policy takes; the default is 8 h
	nearKeep     = 35 * day         // how long frequent recovery points are kept beside rarer ones
	changeADay   = 0.05             // share of the data that changes in a day
	copyRate     = 500.0            // MiB/s, the most of one time-based EBS snapshot copy
	copyUnknown  = 30 * time.Minute // time of a copy to another Region or account
	transferUSD  = 0.02             // a GB between Regions
	transferAsOf = "2026-08"
)

var assumptions = []Assumption{
	{"A job may start up to 1 h after its time (the start window is set to 60 min; AWS Backup's default of 8 h would make every worst case 7 h longer).", "V"},
	{"A backup job takes 20 min and a copy to another place 30 min. Put in your own figures from the job history.", "D"},
	{"5 % of the data changes in a day.", "D"},
	{"Frequent recovery points are kept for 35 days; what must be kept longer is made by a rarer schedule.", "D"},
}

// intervals a schedule is generated with, longest first: a plan does not do more than is needed.
var intervals = []time.Duration{7 * day, day, 12 * time.Hour, 8 * time.Hour, 6 * time.Hour, 4 * time.Hour, 3 * time.Hour, 2 * time.Hour, time.Hour}

// copyTime is how long a copy to another place takes. EBS copies can be asked to end in time, in steps of 15 min, at
// 500 MiB/s at the most (EBS User Guide, time-based-copies).
func (n need) copyTime() time.Duration { return copyUnknown }

// worst is the longest stretch of data that a schedule can lose: the interval, the window in which the job may start,
// the job, and the copy where recovery starts from one.
func (n need) worst(m mechanism, every time.Duration, copied bool) time.Duration {
	d := every + startWindow + time.Duration(m.Job)*time.Second
	if copied {
		d += n.copyTime()
	}
	return d
}

func (n need) worstHow(m mechanism, every time.Duration, copied bool) string {
	s := fmt.Sprintf("%s interval + %s start window + %s job", Span(every), Span(startWindow), Span(time.Duration(m.Job)*time.Second))
	if copied {
		s += fmt.Sprintf(" + %s copy", Span(n.copyTime()))
	}
	return s + " = " + Span(n.worst(m, every, copied))
}

// interval is the longest interval whose worst case is within the RPO, else the shortest there is.
func (n need) interval(m mechanism, copied, besideContinuous bool) time.Duration {
	shortest := time.Duration(m.Every) * time.Second
	if besideContinuous {
		shortest = max(shortest, time.Duration(m.BesideContinuous)*time.Second)
	}
	for _, every := range intervals {
		if every >= shortest && n.worst(m, every, copied) <= n.rpo {
			return every
		}
	}
	return shortest
}

// restoreTime is how long reading the data back takes at the published rate, 0 when there is none or no size.
func (n need) restoreTime(m mechanism) time.Duration {
	if n.gib == 0 || m.Drivers.MiBPerSecond == 0 {
		return 0
	}
	return time.Duration(math.Ceil(n.gib*1024/m.Drivers.MiBPerSecond)) * time.Second
}

func requirements(a Answers) []Requirement {
	out := make([]Requirement, 0, len(a))
	for _, q := range Questions() {
		values := a[q.ID]
		if len(values) == 0 {
			continue
		}
		r := Requirement{ID: q.ID, Name: q.Text, Means: q.Help}
		labels := make([]string, len(values))
		for i, v := range values {
			labels[i] = q.label(v)
		}
		r.Value = strings.Join(labels, ", ")
		out = append(out, r)
	}
	return out
}

// label is how a value reads.
func (q Question) label(value string) string {
	for _, o := range q.Options {
		if o.Value == value {
			return o.Label
		}
	}
	if q.ID == "size" {
		return value + " GiB"
	}
	if d, err := ParseSpan(value); err == nil {
		return Span(d)
	}
	return value
}
