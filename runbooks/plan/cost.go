package plan

import (
	"fmt"
	"math"
	"time"
)

// cost adds up what the recovery points cost a month by list prices of us-east-1, nil without a size. Incremental
// kinds are one full copy and what changed between the runs that are kept; full kinds are the size times the runs.
func cost(n need, drafts []*draft) *Cost {
	if n.gib == 0 {
		return nil
	}
	c := &Cost{Says: "List prices of us-east-1 without tax, discounts, free tier, requests and keys; a GB is 2^30 bytes. AWS's price pages win where they differ."}
	for _, d := range drafts {
		for _, role := range []string{Recover, Keep, Away} {
			if p := d.roles[role]; p != nil {
				c.Lines = append(c.Lines, d.costOf(role, p)...)
			}
		}
	}
	for _, l := range c.Lines {
		c.USD += l.USD
	}
	c.USD = cents(c.USD)
	return c
}

func cents(usd float64) float64 { return math.Round(usd*100) / 100 }

func (d *draft) costOf(role string, p *part) []CostLine {
	line := CostLine{Resource: d.resource.ID, What: p.Name}
	if p.Price == nil {
		line.How, line.AsOf, line.Mark, line.Source = "not priced here: it runs computers or replicas that cost by the hour", "-", "D", p.Source
		return []CostLine{line}
	}
	line.AsOf, line.Source, line.Mark = p.Price.AsOf, p.Price.Source, p.Price.Mark
	if role == Away && p == d.sharedWithRecover() {
		p = d.roles[Recover]
	} else if role == Away && p.Kind == "replica" {
		line.What += ", storage"
		line.How = fmt.Sprintf("%g GiB x %g USD", d.need.gib, p.Price.USD)
		line.USD = cents(d.need.gib * p.Price.USD)
		return []CostLine{line, d.transfer(p)}
	}
	keep := min(d.need.keep, nearKeep)
	if role == Keep {
		keep = d.need.keep
	}
	gib, how := d.stored(p, keep)
	line.How = fmt.Sprintf("%s x %g USD", how, p.Price.USD)
	line.USD = cents(gib * p.Price.USD)
	switch {
	case role == Away:
		line.What += ", copies"
		return []CostLine{line, d.transfer(p)}
	case role == Keep:
		line.What += ", kept long"
	}
	return []CostLine{line}
}

// stored is how many GiB the recovery points take.
func (d *draft) stored(p *part, keep time.Duration) (float64, string) {
	n := d.need
	if p.Flat {
		return n.gib, fmt.Sprintf("%g GiB", n.gib)
	}
	if p.Full {
		runs := math.Max(1, math.Floor(float64(keep)/float64(p.every)))
		return n.gib * runs, fmt.Sprintf("%g GiB, full each time, x %g kept", n.gib, runs)
	}
	days := float64(keep / day)
	changed := changeADay
	if p.every > day { // what changed twice between two runs is stored once
		runs := math.Max(1, math.Floor(float64(keep)/float64(p.every)))
		each := math.Min(1, changeADay*float64(p.every/day))
		return n.gib * (1 + each*(runs-1)), fmt.Sprintf("%g GiB once + %g %% changed x %g runs", n.gib, each*100, runs-1)
	}
	return n.gib * (1 + changed*days), fmt.Sprintf("%g GiB once + 5 %% a day x %g d", n.gib, days)
}

func (d *draft) transfer(p *part) CostLine {
	gib := d.need.gib * changeADay * 30
	if p.Full {
		gib = d.need.gib * math.Floor(float64(month)/float64(p.every))
	}
	return CostLine{Resource: d.resource.ID, What: p.Name + ", transfer to the other place",
		How: fmt.Sprintf("%g GiB a month x %g USD, at the rate between Regions", gib, transferUSD), USD: cents(gib * transferUSD),
		AsOf: transferAsOf, Source: "AWS Price List, inter-Region transfer (us-east-1 to us-east-2: .01)", Mark: "P"}
}
