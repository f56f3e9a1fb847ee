package plan

import (
	"fmt"
	"time"
)

// survivor is the part of the draft that data comes back from after a failure, nil when nothing survives it.
func (d *draft) survivor(failure string) *part {
	switch failure {
	case "deletion", "corruption":
		return d.roles[Recover]
	case "zone":
		r := d.roles[Recover]
		if r != nil && r.Kind == "history" {
			return d.roles[Away]
		}
		return r
	case "region":
		if d.need.region {
			return d.roles[Away]
		}
	case "account":
		if d.need.account {
			return d.roles[Away]
		}
	}
	return nil
}

// outcome judges the draft by one kind of failure.
func (d *draft) outcome(failure string) Outcome {
	if failure == "zone" && d.resource.Zone != "" {
		return Outcome{Failure: failure, By: "the service itself", RPOHow: d.resource.Zone + " (" + string(d.resource.ZoneMark) + ", " + d.resource.ZoneSource + ")",
			RPOVerdict: Meets, RTOHow: "nothing to restore", RTOVerdict: Fits}
	}
	p := d.survivor(failure)
	if p == nil {
		o := Outcome{Failure: failure, RPOSeconds: -1, RTOSeconds: -1, RPOVerdict: Unprotected, RTOVerdict: Unprotected}
		o.RPOHow = "everything: " + unprotected[failure]
		o.RTOHow = "nothing to restore from"
		return o
	}
	o := Outcome{Failure: failure, By: p.Name, RPO: p.worst, RPOSeconds: int64(p.worst / time.Second), RPOHow: p.how, RPOVerdict: Meets}
	if p.worst > d.need.rpo {
		o.RPOVerdict = Misses
	}
	d.timeBack(&o, p)
	return o
}

var unprotected = map[string]string{
	"deletion":   "no backup meets the retention",
	"corruption": "no backup meets the retention",
	"zone":       "no copy outside it",
	"region":     "no copy in a second Region is in this plan",
	"account":    "no copy in a second account is in this plan",
}

// timeBack estimates the restore. Where AWS publishes no rate the plan says so, and never guesses.
func (d *draft) timeBack(o *Outcome, p *part) {
	o.RTOSeconds, o.RTOVerdict = -1, Unknown
	t := d.need.restoreTime(p.mechanism)
	switch {
	case p.Kind == "replica":
		o.RTOHow = p.Drivers.Text
	case p.Drivers.MiBPerSecond == 0:
		o.RTOHow = "unknown, rehearse: " + p.Drivers.Text
	case t == 0:
		o.RTOHow = "unknown without the size, rehearse: " + p.Drivers.Text
	default:
		o.RTO, o.RTOSeconds = t, int64(t/time.Second)
		o.RTOHow = fmt.Sprintf("%g GiB at %g MiB/s = %s for the restore alone; noticing, deciding, checking and switching over come on top", d.need.gib, p.Drivers.MiBPerSecond, Span(t))
		o.RTOVerdict = Fits
		if t > d.need.rto {
			o.RTOVerdict = Misses
		}
	}
}
