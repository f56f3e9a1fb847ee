package classes

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifeboat/runbooks/plan"
)

// anyAnswers draws answers that pass every check.
func anyAnswers(t *rapid.T) plan.Answers {
	more := map[string][]string{
		"objects": {"1", "37", "1000000", "5G"}, "size": {"1B", "127KiB", "128KiB", "250MiB", "50TiB"}, "reads": {"0.001/month", "3/week", "30000/day"},
		"wait": {"1m", "4h59m", "11h", "100d"}, "keep": {"1d", "29d", "31d", "179d", "100y"}, "restore-every": {"1d", "100y"}, "restore": {"1B", "1KiB"},
		"arrive": {"1d", "29d", "180d"},
	}
	for {
		a := plan.Answers{}
		for _, q := range Questions() {
			values := slices.Clone(more[q.ID])
			for _, o := range q.Options {
				values = append(values, o.Value)
			}
			if q.Optional {
				values = append(values, "")
			}
			if err := Form().Set(a, q.ID, rapid.SampledFrom(values).Draw(t, q.ID)); err != nil {
				t.Fatal(err)
			}
		}
		if Form().Check(a) == nil {
			return a
		}
	}
}

// with is the same answers but one.
func with(t *rapid.T, a plan.Answers, id, value string) *Comparison {
	b := plan.Answers{}
	for k, v := range a {
		b[k] = v
	}
	b[id] = []string{value}
	c, err := Compare(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What holds whatever was answered.
func TestEveryComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAnswers(t)
		c, err := Compare(a)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, c)
		dearer(t, c)
		crossed(t, c)
		waits := []string{"0", "1m", "5m", "1h", "5h", "11h", "12h", "47h", "48h", "30d"}
		i := rapid.IntRange(1, len(waits)-1).Draw(t, "wait")
		long, short := with(t, a, "wait", waits[i]), with(t, a, "wait", waits[rapid.IntRange(0, i-1).Draw(t, "shorter")])
		for k, class := range short.Classes {
			if class.Fits && !long.Classes[k].Fits {
				t.Fatalf("%s fits with the shorter wait only", class.ID)
			}
		}
		again, err := Form().Read("again.yaml", Form().Encode(a))
		if err != nil {
			t.Fatal(err)
		}
		twice, err := Compare(again)
		if err != nil {
			t.Fatal(err)
		}
		one, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		two, err := twice.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) || !bytes.Equal(c.Text(), twice.Text()) {
			t.Fatal("the same answers gave another comparison")
		}
		for _, row := range strings.Split(string(c.Text()), "\n") {
			if len(row) > wide || strings.ContainsFunc(row, func(r rune) bool { return r > 126 }) {
				t.Fatalf("%d columns or signs that not every terminal has: %q", len(row), row)
			}
		}
	})
}

// sound checks that nothing costs less than nothing, that the best fits and costs least, and that every price has a date
// and a source.
func sound(t *rapid.T, c *Comparison) {
	best := c.get(c.Best)
	for _, k := range c.Classes {
		var usd float64
		for _, l := range k.Lines {
			usd += l.USD
			if l.USD < 0 || l.AsOf == "" || l.Source == "" || l.What == "" || !slices.Contains(kinds, l.For) {
				t.Fatalf("%s: %+v", k.ID, l)
			}
		}
		if k.USD < 0 || math.IsNaN(k.USD) || math.Abs(k.USD-usd) > 1e-6*max(1, usd) {
			t.Fatalf("%s costs %g, its lines %g", k.ID, k.USD, usd)
		}
		if at := c.At(c.Reads)[k.ID]; k.Unpriced == "" && math.Abs(at-usd) > 1e-5*max(1, usd) {
			t.Fatalf("%s costs %g on the curve, and %g by its lines", k.ID, at, usd)
		}
		if k.Fits != (len(k.RuledOut) == 0) || k.Unpriced != "" && k.Fits {
			t.Fatalf("%s: fits %v with %v, %s", k.ID, k.Fits, k.RuledOut, k.Unpriced)
		}
		if !c.ReadsUnknown && k.Fits && k.USD < best.USD || c.ReadsUnknown && k.Fits && k.Regret < best.Regret {
			t.Fatalf("%s is better than the best", k.ID)
		}
		for i, r := range k.Restores {
			if r.USD < 0 || r.Fits && !r.Chosen && !slices.ContainsFunc(k.Restores[:i], func(r Restore) bool { return r.Chosen }) {
				t.Fatalf("%s: %+v", k.ID, r)
			}
		}
	}
	if !best.Fits {
		t.Fatalf("%s is the best and ruled out", best.ID)
	}
}

// dearer checks that more reads never cost less.
func dearer(t *rapid.T, c *Comparison) {
	few := rapid.Float64Range(0, 1000).Draw(t, "reads")
	less, more := c.At(few), c.At(few+rapid.Float64Range(0, 1000).Draw(t, "more"))
	for id, usd := range less {
		if more[id] < usd*(1-1e-12) {
			t.Fatalf("%s costs %g for %g reads and %g for more", id, usd, few, more[id])
		}
	}
}

// crossed checks that both classes cost the same at every crossing, that they change places there, and that between two
// changes of the cheapest class it is the one that the crossings name.
func crossed(t *rapid.T, c *Comparison) {
	cheapest := func(reads float64, id string) {
		at := c.At(reads)
		for _, k := range c.Classes {
			if k.Fits && at[k.ID] < at[id]*(1-1e-6) {
				t.Fatalf("at %g %s costs %g, less than %s with %g; crossings %+v", reads, k.ID, at[k.ID], id, at[id], c.Crossings)
			}
		}
	}
	from, last := FewestReads, ""
	for _, x := range c.Crossings {
		at := c.At(x.Reads)
		if math.Abs(at[x.Below]-at[x.Above]) > 1e-4*at[x.Above] {
			t.Fatalf("at %g %s costs %g and %s %g", x.Reads, x.Below, at[x.Below], x.Above, at[x.Above])
		}
		if fewer, more := c.At(x.Reads*0.9999), c.At(x.Reads*1.0001); fewer[x.Below] > fewer[x.Above]*(1+1e-9) || more[x.Above] > more[x.Below]*(1+1e-9) {
			t.Fatalf("around %g %s and %s do not change places", x.Reads, x.Below, x.Above)
		}
		if x.Cheapest {
			cheapest(math.Sqrt(from*x.Reads), x.Below)
			from, last = x.Reads, x.Above
		}
	}
	if last != "" {
		cheapest(math.Sqrt(from*MostReads), last)
	}
}
