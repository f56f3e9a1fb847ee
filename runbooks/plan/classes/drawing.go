package classes

import (
	"fmt"
	"strconv"

	"lifeboat/runbooks/plan/curves"
)

// Drawing is the cost of every class with a known price over how often an object is read, with the crossings at which
// the cheapest class changes.
func (c *Comparison) Drawing() curves.Drawing {
	d := curves.Drawing{
		From: FewestReads, To: MostReads, X: "reads of an object a month", Y: "USD a month",
		XLabel: func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }, YLabel: Money, Lowest: "cheapest",
	}
	index := map[string]int{}
	letters := map[string]string{}
	for _, k := range c.Classes {
		if k.Unpriced != "" {
			continue
		}
		index[k.ID], letters[k.ID] = len(d.Curves), k.Letter
		d.Curves = append(d.Curves, curves.Curve{Letter: rune(k.Letter[0]), Name: k.Name, Out: !k.Fits, Chosen: k.ID == c.Best})
	}
	d.At = func(reads float64) []float64 {
		out := make([]float64, len(c.priced))
		for i, row := range c.priced {
			out[i] = c.bill(row, reads).usd
		}
		return out
	}
	for _, x := range c.Crossings {
		if x.Cheapest {
			d.Marks = append(d.Marks, curves.Mark{X: x.Reads, Curve: index[x.Below], Label: fmt.Sprintf("%s>%s %s", letters[x.Below], letters[x.Above], figure(x.Reads))})
		}
	}
	if !c.ReadsUnknown && c.Reads >= FewestReads && c.Reads <= MostReads {
		d.Here = c.Reads
	}
	return d
}
