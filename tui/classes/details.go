package classes

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/parts"
)

// details is everything about the chosen class: the verdict, the bill line by line, a restore of everything, where it
// crosses other classes, and the notes.
func (m *Model) details(w int) []string {
	k := m.class()
	p := &page{m: m, w: w}
	p.verdict(k)
	p.bill(k)
	p.restores(k)
	p.crossings(k)
	p.notes(k)
	p.prices()
	return p.lines
}

// page collects lines.
type page struct {
	m       *Model
	w       int
	lines   []string
	sources []string // of the prices named so far
}

func (p *page) add(lines ...string) { p.lines = append(p.lines, lines...) }

func (p *page) head(title string) {
	p.add("", parts.Head(p.m.t, title, p.w))
}

func (p *page) muted(text string) {
	for _, l := range parts.Wrap(parts.Plain(text), p.w) {
		p.add(p.m.t.Muted.Render(l))
	}
}

func (p *page) reason(sign string, r classes.Reason) {
	p.add(parts.Reason{Sign: sign, What: r.Text, Source: r.Source, Mark: r.Mark}.Draw(p.m.t, p.w)...)
}

func (p *page) verdict(k classes.Class) {
	t := p.m.t
	switch {
	case k.ID == p.m.c.Best:
		p.add(parts.Reason{Sign: t.Good.Render(t.Sym.Passed), What: p.m.c.Why, Why: p.m.c.Hint}.Draw(t, p.w)...)
	case k.Fits:
		p.add(parts.Reason{Sign: t.Good.Render(t.Sym.Passed), What: "It fits, and is not the best." + p.m.dearer(k)}.Draw(t, p.w)...)
	}
	for _, r := range k.RuledOut {
		r.Text = "Ruled out: " + r.Text
		p.reason(t.Bad.Render(t.Sym.Failed), r)
	}
	p.add(parts.Reason{Sign: t.Muted.Render(t.Sym.Bullet), Source: k.Source, Mark: k.Mark, What: fmt.Sprintf("Made for: %s. First byte: %s. Zones: %d. Designed durability: %s. Designed availability: %s.",
		k.Use, k.Wait, k.Zones, k.Durability, k.Availability)}.Draw(t, p.w)...)
}

// dearer compares with the best class.
func (m *Model) dearer(k classes.Class) string {
	other := m.c.Classes[m.index(m.c.Best)]
	if more := k.USD - other.USD; more >= 0 {
		return fmt.Sprintf(" %s USD a month more than %s.", classes.Money(more), other.Name)
	}
	return fmt.Sprintf(" At this frequency it costs %s USD a month less than %s, but it can cost %s more than the cheapest at another one, and how often is unknown.",
		classes.Money(other.USD-k.USD), other.Name, classes.Money(k.Regret))
}

func (p *page) bill(k classes.Class) {
	p.head("a month, " + frequency(p.m.c))
	if k.Unpriced != "" {
		p.add(parts.Prose(p.m.t, k.Unpriced, p.w)...)
		return
	}
	p.sum(k.Lines, k.USD)
}

// sum writes lines with their arithmetic, the date and the source of each price, and what they come to.
func (p *page) sum(lines []classes.Line, usd float64) {
	t := p.m.t
	for _, l := range lines {
		amount := classes.Money(l.USD)
		for i, s := range parts.Wrap(parts.Plain(l.For+": "+l.What), max(8, p.w-len(amount)-2)) {
			if i > 0 {
				amount = ""
			}
			p.add(parts.Ends(s, amount, p.w))
		}
		for _, s := range parts.Wrap(parts.Plain(l.How)+p.price(l), max(8, p.w-2)) {
			p.add("  " + t.Muted.Render(s))
		}
	}
	p.add(parts.Ends(t.Strong.Render("together"), t.Strong.Render(classes.Money(usd)+" USD"), p.w))
}

// price says of when a price is, and where its source stands in the list at the end.
func (p *page) price(l classes.Line) string {
	if l.Source == "" || l.AsOf == "-" {
		return ""
	}
	i := slices.Index(p.sources, l.Source)
	if i < 0 {
		i, p.sources = len(p.sources), append(p.sources, l.Source)
	}
	return fmt.Sprintf(", price of %s [%d]", l.AsOf, i+1)
}

// prices lists where the prices are from.
func (p *page) prices() {
	if len(p.sources) == 0 {
		return
	}
	p.head("where the prices are from")
	for i, s := range p.sources {
		p.muted(fmt.Sprintf("[%d] %s", i+1, s))
	}
}

func (p *page) restores(k classes.Class) {
	for _, r := range k.Restores {
		title := "everything restored once"
		if r.Tier != "" {
			title += ", " + r.Tier
		}
		p.head(title)
		said := fmt.Sprintf("The first byte: %s. All of it: %s.", r.First, r.Wait)
		switch {
		case r.Chosen && len(k.Restores) > 1:
			said += " The figures reckon with this way."
		case !r.Fits:
			said += " Longer than the longest accepted wait."
		}
		p.add(parts.Prose(p.m.t, said, p.w)...)
		p.sum(r.Lines, r.USD)
	}
}

func (p *page) crossings(k classes.Class) {
	first := true
	for _, x := range p.m.c.Crossings {
		if x.Below != k.ID && x.Above != k.ID {
			continue
		}
		if first {
			p.head("where it costs what another costs")
			first = false
		}
		p.add(parts.Prose(p.m.t, p.m.words(x), p.w)...)
	}
}

// times says a frequency as a number, and below one a month as people would.
func times(reads float64) string {
	reads = tidy(reads)
	s := number(reads) + " reads a month"
	if reads < 1 {
		s += " (" + classes.Often(reads) + ")"
	}
	return s
}

// words tells a crossing in a sentence.
func (m *Model) words(x classes.Crossing) string {
	s := fmt.Sprintf("At %s, at %s USD: with fewer %s is cheaper, with more %s.", times(x.Reads), classes.Money(x.USD), m.name(x.Below), m.name(x.Above))
	if x.Cheapest {
		s += " Here the cheapest class changes."
	}
	return s
}

func (m *Model) name(id string) string {
	return m.c.Classes[m.index(id)].Name
}

func (p *page) notes(k classes.Class) {
	p.head("good to know")
	bullet := p.m.t.Muted.Render(p.m.t.Sym.Bullet)
	for _, n := range k.Notes {
		p.reason(bullet, n)
	}
	for _, a := range p.m.c.Assumed {
		p.add(parts.Reason{Sign: bullet, What: "Nobody said, so it is taken: " + a}.Draw(p.m.t, p.w)...)
	}
	p.add(parts.Reason{Sign: bullet, What: p.m.c.Says}.Draw(p.m.t, p.w)...)
}

// number writes a number without an exponent and without zeros at its end.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// dollars writes an amount short enough for a column: below a cent it says only that.
func dollars(usd float64) string {
	switch {
	case usd > 0 && usd < 0.005:
		return "<0.01"
	case usd < 1000:
		return strconv.FormatFloat(usd, 'f', 2, 64)
	case usd < 1e7:
		return parts.Count(int(math.Round(usd)))
	}
	return strconv.FormatFloat(usd/1e6, 'f', 1, 64) + "M"
}

// brief writes a wait short enough for a column; what takes less than a second is milliseconds.
func brief(seconds float64) string {
	if seconds < 1 {
		return "ms"
	}
	if hours := seconds / 3600; hours > 2 && hours < 48 {
		return number(math.Ceil(hours*10)/10) + " h"
	}
	return parts.Span(time.Duration(seconds * float64(time.Second)).Round(time.Minute))
}
