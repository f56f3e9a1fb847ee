package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Roles of a mechanism in a plan.
const (
	Recover = "recover" // brings the newest data back after deletion and corruption
	Keep    = "keep"    // reaches further back than the frequent recovery points
	Away    = "away"    // survives the Region or the account
	Lock    = "lock"    // keeps recovery points from being deleted
)

// Make turns answers into a plan. The error is runbooks.Problems when the answers are missing or wrong; else there is always a
// plan, which says itself what it cannot give.
func Make(a Answers) (*Plan, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	n := read(a)
	p := &Plan{Schema: Schema, Answers: a, Requirements: requirements(a), Strategy: strategy(n), Assumptions: assumptions}
	var drafts []*draft
	for _, r := range resources() {
		if slices.Contains(a["resources"], r.ID) {
			d := newDraft(n, r)
			drafts = append(drafts, d)
			p.Resources = append(p.Resources, d.plan())
			p.Schedule = append(p.Schedule, d.jobs()...)
		}
	}
	if err := applyRules(p, n, drafts); err != nil {
		return nil, err
	}
	p.Labs = rehearsals(drafts)
	p.Cost = cost(n, drafts)
	return p, nil
}

// draft is the plan of one resource in the making: which mechanism plays which part.
type draft struct {
	need     need
	resource resource
	all      []mechanism
	roles    map[string]*part
}

// part is a mechanism in a role. Every is zero when it has no schedule.
type part struct {
	mechanism
	every  time.Duration
	copied bool // recovery points are copied away
	worst  time.Duration
	how    string
	why    string
}

func newDraft(n need, r resource) *draft {
	d := &draft{need: n, resource: r, all: forResource(r.ID), roles: map[string]*part{}}
	d.chooseRecover()
	d.chooseKeep()
	d.chooseAway()
	d.chooseLock()
	return d
}

// candidate makes a part of a mechanism, at the longest interval that meets the need.
func (d *draft) candidate(m mechanism, copied bool) *part {
	p := &part{mechanism: m, copied: copied}
	switch m.Kind {
	case "schedule":
		r := d.roles[Recover]
		p.every = d.need.interval(m, copied, r != nil && r.Kind == "continuous")
		p.worst = d.need.worst(m, p.every, copied)
		p.how = d.need.worstHow(m, p.every, copied)
	case "history":
		p.how = "every change is kept"
	default:
		p.worst = time.Duration(m.Lag) * time.Second
		p.how = m.Basis
	}
	return p
}

// unmet says which needs a backup does not meet, by the name of the need.
func (d *draft) unmet(m mechanism) map[string]string {
	out := map[string]string{}
	p := d.candidate(m, false)
	if p.worst > d.need.rpo {
		out["loss"] = fmt.Sprintf("can lose %s (%s), more than %s", Span(p.worst), p.how, Span(d.need.rpo))
	}
	if m.keeps() < min(d.need.keep, nearKeep) {
		out["keep"] = fmt.Sprintf("keeps %s at the most, less than %s", Span(m.keeps()), Span(min(d.need.keep, nearKeep)))
	}
	if d.need.region && m.Region == "" {
		out["region"] = "has no copy in a second Region: " + m.RegionWhy
	}
	if d.need.account && m.Account == "" {
		out["account"] = "has no copy in a second account: " + m.AccountWhy
	}
	if !m.locksFor(d.need.guard) {
		out["guard"] = "cannot be locked against " + guardWords[d.need.guard]
	}
	return out
}

var guardWords = map[string]string{
	"operators": "the people who run the workload", "administrators": "an administrator of the account", "anyone": "everybody",
}

// chooseRecover takes the first backup that meets everything; else the first that meets the RPO with the fewest other
// gaps, which other mechanisms then fill; else the one that loses least.
func (d *draft) chooseRecover() {
	type rank struct {
		p     *part
		gaps  int
		loses bool
	}
	var best *rank
	for _, m := range d.all {
		if !m.backs() {
			continue
		}
		gaps := d.unmet(m)
		copied := (d.need.region && m.Region == "copy") || (d.need.account && m.Account == "copy")
		r := &rank{p: d.candidate(m, copied && m.Kind == "schedule"), gaps: len(gaps), loses: gaps["loss"] != ""}
		if _, short := gaps["keep"]; short {
			continue
		}
		switch {
		case best == nil, best.loses && !r.loses:
			best = r
		case best.loses && r.loses && r.p.worst < best.p.worst:
			best = r
		case best.loses == r.loses && !r.loses && r.gaps < best.gaps:
			best = r
		}
	}
	if best == nil {
		return
	}
	best.p.why = fmt.Sprintf("it loses %s at the most, within the %s allowed", Span(best.p.worst), Span(d.need.rpo))
	if best.p.worst == 0 {
		best.p.why = "it loses nothing that was written, as long as the bucket stands"
	}
	if best.loses {
		best.p.why = fmt.Sprintf("no backup here keeps to %s; this one loses least, %s at the most", Span(d.need.rpo), Span(best.p.worst))
	}
	// Recovery on the spot does not wait for the copy; only the copy's own worst case has it.
	if best.p.copied && best.p.Kind == "schedule" {
		best.p.worst = d.need.worst(best.p.mechanism, best.p.every, false)
		best.p.how = d.need.worstHow(best.p.mechanism, best.p.every, false)
		if !best.loses {
			best.p.why = fmt.Sprintf("it loses %s at the most, within the %s allowed", Span(best.p.worst), Span(d.need.rpo))
		}
	}
	d.roles[Recover] = best.p
}

// filler is the scheduled backup that closes a gap which the mechanism for recovery leaves: that one itself if it can.
func (d *draft) filler(can func(mechanism) bool) *mechanism {
	if r := d.roles[Recover]; r != nil && r.Kind == "schedule" && can(r.mechanism) {
		return &r.mechanism
	}
	for _, m := range d.all {
		if m.Kind == "schedule" && can(m) {
			return &m
		}
	}
	return nil
}

func (d *draft) chooseKeep() {
	if d.need.keep <= nearKeep && (d.roles[Recover] == nil || d.roles[Recover].locksFor(d.need.guard)) {
		return
	}
	lasts := func(m mechanism) bool { return m.keeps() >= d.need.keep }
	m := d.filler(func(m mechanism) bool { return lasts(m) && m.locksFor(d.need.guard) && d.reaches(m) })
	if m == nil {
		m = d.filler(func(m mechanism) bool { return lasts(m) && m.locksFor(d.need.guard) })
	}
	if m == nil {
		m = d.filler(lasts)
	}
	if m == nil {
		return
	}
	p := &part{mechanism: *m, every: keepEvery(d.need.keep), copied: d.copies(*m)}
	p.worst = d.need.worst(*m, p.every, false)
	p.how = d.need.worstHow(*m, p.every, false)
	p.why = fmt.Sprintf("recovery points reach back %s", Span(d.need.keep))
	if d.need.keep <= nearKeep {
		p.why = fmt.Sprintf("%s cannot be locked, this can", d.roles[Recover].Name)
	}
	d.roles[Keep] = p
}

// keepEvery is how far apart the recovery points are that are kept for long.
func keepEvery(keep time.Duration) time.Duration {
	switch {
	case keep <= nearKeep:
		return day
	case keep <= 90*day:
		return 7 * day
	}
	return month
}

const month = 30 * day

func (d *draft) reaches(m mechanism) bool {
	return (!d.need.region || m.Region != "") && (!d.need.account || m.Account != "")
}

func (d *draft) copies(m mechanism) bool {
	return (d.need.region && m.Region == "copy") || (d.need.account && m.Account == "copy")
}

// chooseAway takes what survives the loss asked about: a copied backup when that meets the RPO, else a live replica,
// else the copied backup that loses least.
func (d *draft) chooseAway() {
	if d.need.away == "none" {
		return
	}
	var copied *part
	if m := d.filler(d.reaches); m != nil {
		copied = d.candidate(*m, true)
		copied.why = fmt.Sprintf("its copies lose %s at the most, within the %s allowed", Span(copied.worst), Span(d.need.rpo))
		if copied.worst <= d.need.rpo {
			d.setAway(copied)
			return
		}
	}
	for _, m := range d.all {
		if m.Kind == "replica" && d.reaches(m) && time.Duration(m.Lag)*time.Second <= d.need.rpo {
			p := d.candidate(m, false)
			p.why = fmt.Sprintf("no copied backup keeps to %s; a live replica does", Span(d.need.rpo))
			d.setAway(p)
			return
		}
	}
	if copied != nil {
		copied.why = fmt.Sprintf("nothing here keeps to %s elsewhere; its copies lose least, %s at the most", Span(d.need.rpo), Span(copied.worst))
		d.setAway(copied)
	}
}

// setAway puts the part in its role. Where the backup for recovery is the one that is copied, both share one schedule.
func (d *draft) setAway(p *part) {
	d.roles[Away] = p
	r := d.roles[Recover]
	if r == nil {
		return
	}
	if r.ID == p.ID {
		r.every = p.every
		r.worst, r.how = d.need.worst(r.mechanism, r.every, false), d.need.worstHow(r.mechanism, r.every, false)
		r.copied = true
	} else {
		r.copied = false
	}
}

func (d *draft) chooseLock() {
	if d.need.guard == "nobody" {
		return
	}
	kinds := map[string]bool{}
	for _, role := range []string{Recover, Keep, Away} {
		if p := d.roles[role]; p != nil && p.locksFor(d.need.guard) {
			kinds[p.mechanism.Lock] = true
		}
	}
	for _, m := range mechanisms() {
		if m.Kind == "control" && kinds[m.Lock] && slices.Contains(m.Guards, d.need.guard) && !slices.Contains(m.NotFor, d.resource.ID) {
			d.roles[Lock] = &part{mechanism: m, why: "it keeps " + guardWords[d.need.guard] + " from deleting the recovery points"}
			return
		}
	}
}

// plan writes the draft down.
func (d *draft) plan() ResourcePlan {
	rp := ResourcePlan{ID: d.resource.ID, Name: d.resource.Name, Chosen: []Choice{}, Refused: []Refusal{}}
	used := map[string]bool{}
	for _, role := range []string{Recover, Keep, Away, Lock} {
		p := d.roles[role]
		if p == nil {
			continue
		}
		used[p.ID] = true
		rp.Chosen = append(rp.Chosen, Choice{Role: role, Mechanism: p.ID, Name: p.Name, Why: p.why, Basis: p.Basis,
			Restore: p.Restore, Limits: p.Limits, Source: p.Source, Mark: p.Mark})
	}
	for _, m := range d.all {
		if !used[m.ID] {
			rp.Refused = append(rp.Refused, Refusal{Mechanism: m.ID, Name: m.Name, Why: d.refusal(m), Source: m.Source, Mark: m.Mark})
		}
	}
	for _, f := range Failures {
		rp.Outcomes = append(rp.Outcomes, d.outcome(f))
	}
	return rp
}

// refusal gives every reason against a mechanism that was not chosen, in the order of the questions.
func (d *draft) refusal(m mechanism) []string {
	if m.Kind == "replica" {
		switch lag := time.Duration(m.Lag) * time.Second; {
		case lag > d.need.rpo:
			return []string{fmt.Sprintf("may be %s behind, more than %s", Span(lag), Span(d.need.rpo))}
		case d.need.away == "none":
			return []string{"no copy elsewhere was asked for, and a replica copies damage too"}
		case !d.reaches(m):
			return []string{"does not reach the place that was asked for: " + strings.TrimPrefix(m.RegionWhy+m.AccountWhy, " ")}
		}
		return []string{"more than is needed: " + d.roles[Away].Name + " meets the targets for less"}
	}
	unmet := d.unmet(m)
	var why []string
	for _, k := range []string{"loss", "keep", "region", "account", "guard"} {
		if w := unmet[k]; w != "" {
			why = append(why, w)
		}
	}
	if len(why) == 0 {
		why = []string{"would do as well; " + d.roles[Recover].Name + " is the simpler one"}
	}
	return why
}

// jobs are the schedules of the draft.
func (d *draft) jobs() []Job {
	var out []Job
	seen := map[string]bool{}
	for _, role := range []string{Recover, Away, Keep} {
		p := d.roles[role]
		if p == nil || (role == Away && p == d.sharedWithRecover()) {
			continue
		}
		out = append(out, d.job(role, p, seen))
	}
	return out
}

// sharedWithRecover is the part for away when its copies come from the schedule for recovery.
func (d *draft) sharedWithRecover() *part {
	r, a := d.roles[Recover], d.roles[Away]
	if r != nil && a != nil && r.ID == a.ID {
		return a
	}
	return nil
}

func (d *draft) job(role string, p *part, seen map[string]bool) Job {
	keep := min(d.need.keep, nearKeep)
	if role == Keep {
		keep = d.need.keep
	}
	j := Job{Resource: d.resource.ID, Name: d.resource.ID + "-" + role, Mechanism: p.Name, Role: role, Keep: Span(keep)}
	switch p.Kind {
	case "schedule":
		j.When, j.Cron = when(p.every)
		j.Start = "within " + Span(startWindow)
	case "replica":
		j.When, j.Keep = "all the time", "as long as the data"
	default:
		j.When = "all the time"
	}
	if p.copied {
		j.Copy = "to " + map[string]string{"region": "the second Region", "account": "the second account",
			"region-and-account": "the second account, in the second Region"}[d.need.away] + ", kept " + Span(keep)
	}
	return j
}

// when writes an interval in words and as a cron expression of EventBridge, in UTC: local time would skip or repeat a
// run when the clocks change. An interval of 12 h starts before noon, or it would run once a day.
func when(every time.Duration) (words, cron string) {
	switch {
	case every == month:
		return "on the first of each month, 01:30 UTC", "cron(30 1 1 * ? *)"
	case every == 7*day:
		return "on Sundays, 01:30 UTC", "cron(30 1 ? * SUN *)"
	case every == day:
		return "every day, 01:30 UTC", "cron(30 1 * * ? *)"
	case every == time.Hour:
		return "every hour", "cron(0 * * * ? *)"
	}
	return "every " + Span(every) + ", from 00:00 UTC", fmt.Sprintf("cron(0 0/%d * * ? *)", int(every.Hours()))
}
