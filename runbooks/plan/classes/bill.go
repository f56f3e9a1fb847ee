package classes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/prices"
)

// bill adds up what is paid for. Its lines are in no order yet.
type bill struct {
	items    []item
	usd      float64
	standard float64 // GB of Standard so far: its price falls with what is stored altogether
}

// item is a quantity at a price. A price of nil is free.
type item struct {
	kind, what string
	quantity   float64
	price      *prices.Price
}

// of is how much of an item a price is for.
func of(p *prices.Price) float64 {
	if number, _, counted := strings.Cut(p.Unit, " "); counted {
		if n, err := strconv.ParseFloat(number, 64); err == nil {
			return n
		}
	}
	return 1
}

func (b *bill) add(kind, what string, quantity float64, p *prices.Price) {
	if quantity <= 0 {
		return
	}
	b.items = append(b.items, item{kind, what, quantity, p})
	if p != nil {
		b.usd += quantity / of(p) * p.USD
	}
}

// steps of the price of Standard by what an account stores of it in a month, in GB. The edges are AWS's "first 50 TB",
// "next 450 TB" and "over 500 TB" in TB of 2^10 GB.
var steps = []struct {
	from float64
	id   string
}{{0, "s3-standard"}, {50 << 10, "s3-standard-500tb"}, {500 << 10, "s3-standard-more"}}

// inStandard adds storage in Standard, each part at the price of its step.
func (b *bill) inStandard(kind, what string, gib float64) {
	from, to := b.standard, b.standard+gib
	for i, s := range steps {
		end := to
		if i+1 < len(steps) {
			end = min(to, steps[i+1].from)
		}
		p := price(s.id)
		b.add(kind, what, end-max(from, s.from), &p)
	}
	b.standard = to
}

// kinds in the order that lines are written.
var kinds = []string{Storing, Charged, Watching, Writing, Reading, Getting}

// lines writes the items down, each with its price's date and source.
func (b *bill) lines() []Line {
	out := []Line{}
	for _, i := range b.items {
		l := Line{For: i.kind, What: i.what, AsOf: "-", Source: "free"}
		if i.price == nil {
			l.How = fmt.Sprintf("%s, free", figure(i.quantity))
		} else {
			l.How = fmt.Sprintf("%s at %s USD", i.amount(), strconv.FormatFloat(i.price.USD, 'f', -1, 64))
			if n := of(i.price); n > 1 {
				l.How += " for " + grouped(n)
			}
			l.USD = micros(i.quantity / of(i.price) * i.price.USD)
			l.AsOf, l.Source = i.price.AsOf, i.price.Source
		}
		out = append(out, l)
	}
	slices.SortStableFunc(out, func(x, y Line) int { return slices.Index(kinds, x.For) - slices.Index(kinds, y.For) })
	return out
}

// amount is the quantity with what it counts: "976.56 GB", "1,000,000 requests".
func (i item) amount() string {
	switch _, unit, _ := strings.Cut(i.price.Unit, " "); unit {
	case "":
		return figure(i.quantity) + " GB"
	case "objects-month":
		return figure(i.quantity) + " objects"
	default:
		return figure(i.quantity) + " " + unit
	}
}

// total is the sum of lines as they are written.
func total(lines []Line) float64 {
	var usd float64
	for _, l := range lines {
		usd += l.USD
	}
	return micros(usd)
}

// restoredFor is how long the readable copy of an archived object is kept: long enough to use it, short enough to be
// cheap. RestoreObject asks for it in days.
const restoredFor = 7 * day

// fixed bills what does not depend on how often objects are read: they are written, and they lie there. Every object
// leaves after its time and another one takes its place, so what is paid once for each is spread over the time it is kept.
func (c class) fixed(n need) *bill {
	b := &bill{}
	held, before := c.shares(n)
	rest := n.keep - n.before(c)
	b.inStandard(Storing, "Standard, until lifecycle moves them", n.gib()*before)
	switch c.id {
	case "STANDARD":
		b.inStandard(Storing, "storage", n.gib()*held)
	case "INTELLIGENT_TIERING": // its tiers depend on reads
	default:
		b.add(Storing, "storage", n.gib()*held, c.storage)
	}
	if c.smallest > n.bytes {
		b.add(Charged, "objects charged as "+bytesText(c.smallest), n.objects*(c.smallest-n.bytes)/gib*held, c.storage)
	}
	b.add(Charged, bytesText(c.own)+" beside each object", n.objects*c.own/gib*held, c.storage)
	b.inStandard(Charged, bytesText(c.standard)+" beside each object, as Standard", n.objects*c.standard/gib*held)
	if rest < c.least {
		charged := n.objects * (max(c.smallest, n.bytes) + c.own) / gib
		b.add(Charged, fmt.Sprintf("%d days charged of each object at least", c.least/day), charged*float64(c.least-rest)/float64(n.keep), c.storage)
	}
	if c.watches(n) {
		p := price("s3-int-monitoring")
		b.add(Watching, "monitoring and automation", n.objects*held, &p)
	}
	c.written(b, n)
	return b
}

func (c class) written(b *bill, n need) {
	a := n.objects * float64(month) / float64(n.keep)
	if before := n.before(c); before > 0 {
		p := price("s3-put")
		b.add(Writing, "written to Standard", a, &p)
		b.add(Writing, "moved by lifecycle", a, c.move)
		return
	}
	b.add(Writing, "written", a, c.put)
	if c.upload != nil {
		b.add(Writing, "uploaded", a*n.bytes/gib, c.upload)
	}
}

// before is the time that objects spend in Standard until lifecycle moves them to the class.
func (n need) before(c class) time.Duration {
	if c.id == "STANDARD" || c.move == nil {
		return 0
	}
	return n.after
}

// shares are how much of an object's time is spent in the class, and in Standard before it.
func (c class) shares(n need) (held, before float64) {
	before = float64(n.before(c)) / float64(n.keep)
	return 1 - before, before
}

// watches reports whether Intelligent-Tiering monitors, and moves, objects of this size (S3 User Guide,
// intelligent-tiering-overview).
func (c class) watches(n need) bool { return c.id == "INTELLIGENT_TIERING" && n.bytes >= 128*kib }
