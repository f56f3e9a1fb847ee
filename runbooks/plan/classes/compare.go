package classes

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"lifeboat/runbooks/plan"
)

// Compare puts every class side by side. The error is runbooks.Problems where an answer is missing, wrong, or contradicts
// another.
func Compare(a plan.Answers) (*Comparison, error) {
	if err := Form().Check(a); err != nil {
		return nil, err
	}
	n := read(filled(a))
	c := &Comparison{Schema: Schema, Answers: a, Assumed: assumed(a), GiB: micros(n.gib()), Reads: n.reads, ReadsUnknown: n.unknown,
		Near: []string{}, Crossings: []Crossing{}, Says: says, need: n, fixed: map[string]*bill{}}
	for _, row := range classes() {
		if row.storage != nil {
			c.priced = append(c.priced, row)
			c.fixed[row.id] = row.fixed(n)
		}
		c.Classes = append(c.Classes, c.class(row))
	}
	c.choose()
	c.cross()
	return c, nil
}

const says = "List prices of us-east-1, each with its date; AWS's price pages win where they differ. Every object is taken to be of the average size, written in one request, and read and restored at any time of its life. Left out: tax, discounts, the free tier, transfer out of AWS, KMS, tags, versions and unfinished uploads."

func (c *Comparison) class(row class) Class {
	n := c.need
	out := Class{ID: row.id, Letter: row.letter, Name: row.name, Use: row.use, Zones: row.zones, Durability: row.durability,
		Availability: row.availability, MinDays: int(row.least / day), Wait: row.wait, WaitSeconds: row.quick.Seconds(),
		Lines: []Line{}, RuledOut: row.against(n), Notes: row.notes(n), Source: row.source, Mark: row.mark}
	out.Fits = len(out.RuledOut) == 0
	if row.archive() {
		t := row.tier(n)
		out.Wait, out.WaitSeconds = t.words(n), t.longest(n).Seconds()
	}
	if row.storage == nil {
		out.Unpriced = "no price of it is known here"
		return out
	}
	out.Lines = c.bill(row, n.reads).lines()
	out.USD = total(out.Lines)
	out.Restores = row.everything(n)
	return out
}

// bill is the whole bill of a class at a frequency.
func (c *Comparison) bill(row class, reads float64) *bill {
	f := c.fixed[row.id]
	b := &bill{items: f.items[:len(f.items):len(f.items)], usd: f.usd, standard: f.standard}
	row.used(b, c.need, reads)
	return b
}

// words says how long the tier takes for an object: "3 h to 5 h".
func (t tier) words(n need) string {
	if t.from == 0 {
		return "within " + plan.Span(t.longest(n))
	}
	return plan.Span(t.from) + " to " + plan.Span(t.longest(n))
}

// everything is getting all objects back once, in each way there is.
func (c class) everything(n need) []Restore {
	if !c.archive() {
		b := &bill{}
		b.add(Getting, "GET", n.objects, c.get)
		if c.retrieval != nil {
			b.add(Getting, "retrieval", n.gib(), c.retrieval)
		}
		lines := b.lines()
		return []Restore{{Fits: true, Chosen: true, First: c.wait, Wait: "at once", Lines: lines, USD: total(lines)}}
	}
	var out []Restore
	for _, t := range c.tiers {
		b := &bill{}
		c.restore(b, Getting, n, t, 1)
		b.add(Getting, "GET", n.objects, c.get)
		all := (t.longest(n) + n.asking()).Round(time.Minute)
		r := Restore{Tier: t.name, Fits: t.longest(n) <= n.wait && t.takes(n.objects), First: t.words(n), Wait: plan.Span(all), WaitSeconds: all.Seconds(), Lines: b.lines()}
		r.USD = total(r.Lines)
		out = append(out, r)
	}
	out[max(0, slices.IndexFunc(out, func(r Restore) bool { return r.Fits }))].Chosen = true
	return out
}

// asking is how long it takes until the last of all objects is asked for, or is let through.
func (n need) asking() time.Duration {
	seconds := max(n.objects/asksASecond, n.objects*n.bytes/restoredADay*secondsInADay)
	return time.Duration(math.Ceil(seconds)) * time.Second
}

// nearly is how much more a class may cost to be called a near tie: 5 %, or a cent.
func nearly(best float64) float64 { return max(best*1.05, best+0.01) }

// choose finds the best class among those that fit, and those that are nearly as good. Where the frequency is unknown it
// is the class that costs least too much at the worst frequency for it.
func (c *Comparison) choose() {
	if c.need.unknown {
		c.regrets()
	}
	measure := func(k *Class) float64 {
		if c.need.unknown {
			return k.Regret
		}
		return k.USD
	}
	var best *Class
	for i := range c.Classes {
		if k := &c.Classes[i]; k.Fits && (best == nil || measure(k) < measure(best)) {
			best = k
		}
	}
	c.Best = best.ID
	var names []string
	for i := range c.Classes {
		if k := &c.Classes[i]; k.Fits && k != best && measure(k) <= nearly(measure(best)) {
			c.Near, names = append(c.Near, k.ID), append(names, k.Name)
		}
	}
	c.Why = c.why(best, names)
	c.Hint = c.hint(best)
}

func (c *Comparison) why(best *Class, near []string) string {
	text := fmt.Sprintf("%s costs least of what fits: %s USD a month", best.Name, Money(best.USD))
	var next *Class
	for i := range c.Classes {
		if k := &c.Classes[i]; k.Fits && k != best && (next == nil || k.USD < next.USD) {
			next = k
		}
	}
	if next != nil {
		text += fmt.Sprintf("; after it comes %s with %s", next.Name, Money(next.USD))
	} else {
		text = fmt.Sprintf("Only %s fits: %s USD a month", best.Name, Money(best.USD))
	}
	if c.need.unknown && next != nil {
		text = fmt.Sprintf("However often objects are read, between %g and %g times a month, %s costs at most %s USD a month more than the cheapest class; any other that fits can cost more than that", FewestReads, MostReads, best.Name, Money(best.Regret))
	}
	if len(near) > 0 {
		text += fmt.Sprintf(". A near tie, within 5 %% or a cent: %s; let something else than the price decide", strings.Join(near, ", "))
	}
	return text + "."
}

// hint says what a longer wait would save, where a class is ruled out by nothing else and costs less than the best.
func (c *Comparison) hint(best *Class) string {
	var saving *Class
	for i := range c.Classes {
		k := &c.Classes[i]
		if len(k.RuledOut) == 1 && len(k.Restores) > 1 && k.USD < best.USD && (saving == nil || k.USD < saving.USD) && k.WaitSeconds > c.need.wait.Seconds() {
			saving = k
		}
	}
	if saving == nil || c.need.unknown {
		return ""
	}
	return fmt.Sprintf("If a first byte could take %s, %s would cost %s USD a month.", plan.Span(time.Duration(saving.WaitSeconds)*time.Second), saving.Name, Money(saving.USD))
}
