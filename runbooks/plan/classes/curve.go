package classes

import (
	"cmp"
	"math"
	"slices"
)

// At is what each class costs a month, in USD by id, when an object is read so many times a month. Classes without a
// known price are not in it; those that are ruled out are.
func (c *Comparison) At(reads float64) map[string]float64 {
	out := map[string]float64{}
	for _, row := range c.priced {
		out[row.id] = c.bill(row, reads).usd
	}
	return out
}

// fitting are the classes that fit, with their prices.
func (c *Comparison) fitting() []class {
	var out []class
	for _, row := range c.priced {
		for _, k := range c.Classes {
			if k.ID == row.id && k.Fits {
				out = append(out, row)
			}
		}
	}
	return out
}

// points is how many steps of the curve are looked at for a change of sign. Between two of them a cost bends at most
// once, so no crossing is missed but a pair within a fortieth of a power of ten.
const points = 200

// stations are the frequencies between which crossings are looked for, from the fewest reads to the most.
func stations() []float64 {
	out := make([]float64, points+1)
	for i := range out {
		out[i] = FewestReads * math.Pow(MostReads/FewestReads, float64(i)/points)
	}
	return out
}

// cross finds where two classes that fit cost the same. Each crossing is closed in on by halving, until it is known to a
// millionth of itself.
func (c *Comparison) cross() {
	rows, at := c.fitting(), stations()
	costs := make([][]float64, len(rows))
	for i, row := range rows {
		for _, reads := range at {
			costs[i] = append(costs[i], c.bill(row, reads).usd)
		}
	}
	for i := range rows {
		for j := i + 1; j < len(rows); j++ {
			last := 0 // the last station at which the two differ
			for k := range at {
				switch {
				case same(costs[i][k], costs[j][k]):
					continue
				case !same(costs[i][last], costs[j][last]) && (costs[i][last] < costs[j][last]) != (costs[i][k] < costs[j][k]):
					c.Crossings = append(c.Crossings, c.crossing(rows[i], rows[j], at[last], at[k]))
				}
				last = k
			}
		}
	}
	slices.SortStableFunc(c.Crossings, func(x, y Crossing) int { return cmp.Compare(x.Reads, y.Reads) })
}

// same reports whether two costs differ by no more than arithmetic does.
func same(x, y float64) bool { return math.Abs(x-y) <= 1e-9*max(x, y) }

// crossing closes in on the one crossing of two classes between two frequencies.
func (c *Comparison) crossing(x, y class, from, to float64) Crossing {
	under := func(reads float64) bool { return c.bill(x, reads).usd < c.bill(y, reads).usd }
	below, above := x, y
	if !under(from) {
		below, above = y, x
	}
	for first := under(from); to/from-1 > 1e-7; {
		if mid := math.Sqrt(from * to); under(mid) == first {
			from = mid
		} else {
			to = mid
		}
	}
	at := math.Sqrt(from * to)
	out := Crossing{Reads: round(at, 6), USD: micros(c.bill(x, at).usd), Below: below.id, Above: above.id, Cheapest: true}
	for _, row := range c.fitting() {
		if other := c.bill(row, at).usd; row.id != x.id && row.id != y.id && other < c.bill(x, at).usd && !same(other, c.bill(x, at).usd) {
			out.Cheapest = false
		}
	}
	return out
}

// round keeps so many digits.
func round(v float64, digits int) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, float64(digits)-math.Ceil(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// regrets tells of every class that fits the most it can cost above the cheapest, over all frequencies of the curve.
func (c *Comparison) regrets() {
	rows := c.fitting()
	regret := map[string]float64{}
	for _, reads := range stations() {
		least := math.Inf(1)
		for _, row := range rows {
			least = min(least, c.bill(row, reads).usd)
		}
		for _, row := range rows {
			regret[row.id] = max(regret[row.id], c.bill(row, reads).usd-least)
		}
	}
	for i := range c.Classes {
		c.Classes[i].Regret = micros(regret[c.Classes[i].ID])
	}
}
