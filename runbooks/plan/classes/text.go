package classes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/curves"
)

// JSON writes the comparison as one object, with `schema` first.
func (c *Comparison) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(c)
	return b.Bytes(), err
}

// wide is how many columns the text takes at the most.
const wide = 80

// Text writes the comparison as plain lines of at most 80 columns, in characters that every terminal has.
func (c *Comparison) Text() []byte {
	p := &page{}
	c.head(p)
	c.table(p)
	c.crossings(p)
	for _, row := range curves.Text(c.Plain(wide, 20)) {
		p.line("%s", row)
	}
	c.lineByLine(p)
	p.line("\nTaken for granted")
	for _, a := range c.Assumed {
		p.wrap("  - ", "    ", "Nobody said, so: "+a)
	}
	p.wrap("  - ", "    ", c.Says)
	p.line("\nSources of the prices")
	for i, s := range p.sources {
		p.wrap(fmt.Sprintf("  [%d] ", i+1), "      ", s)
	}
	return p.Bytes()
}

// Plain draws the curves in characters of ASCII, with their legend below; nil where that is too small.
func (c *Comparison) Plain(w, h int) [][]curves.Cell {
	d := c.Drawing()
	d.ASCII = true
	rows := d.Cells(w, h)
	if rows == nil {
		return nil
	}
	return append(rows, d.Legend(w)...)
}

// page is a text in the making, with the sources that it has named so far.
type page struct {
	bytes.Buffer
	sources []string
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// wrap writes a text in lines of the page's width, the first after one indent and the rest after another.
func (p *page) wrap(first, rest, text string) {
	row := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			row += word
		case len([]rune(row))+1+len([]rune(word)) > wide:
			p.line("%s", row)
			row = rest + word
		default:
			row += " " + word
		}
	}
	p.line("%s", row)
}

// source is the number of a source, counted as they come.
func (p *page) source(text string) int {
	i := slices.Index(p.sources, text)
	if i < 0 {
		i, p.sources = len(p.sources), append(p.sources, text)
	}
	return i + 1
}

func (c *Comparison) head(p *page) {
	n := c.need
	p.wrap("", "  ", fmt.Sprintf("S3 storage classes for %s objects of %s, %s GB in all", grouped(n.objects), bytesText(n.bytes), figure(n.gib())))
	var said []string
	if n.unknown {
		said = append(said, fmt.Sprintf("reads unknown (the figures are for %g a month)", n.reads))
	} else {
		said = append(said, readText(c.Answers.One("reads")))
	}
	said = append(said, "first byte "+waitText(n), "kept "+plan.Span(n.keep))
	if n.only {
		said = append(said, "the only copy")
	} else {
		said = append(said, "another copy exists")
	}
	switch {
	case n.every == 0:
		said = append(said, "no restore expected")
	case n.part == 1:
		said = append(said, "all restored every "+plan.Span(n.every))
	default:
		said = append(said, fmt.Sprintf("%s restored every %s", bytesText(n.part*n.objects*n.bytes), plan.Span(n.every)))
	}
	if n.after > 0 {
		said = append(said, "moved by lifecycle after "+plan.Span(n.after))
	}
	p.wrap("  ", "  ", strings.Join(said, "; ")+".")
	p.line("")
	p.wrap("", "", c.Why)
	if c.Hint != "" {
		p.wrap("", "", c.Hint)
	}
}

// readText is a frequency in the words it was answered with.
func readText(answer string) string {
	times, in, said := strings.Cut(answer, "/")
	switch {
	case !said || times == "0":
		return "never read"
	case times == "1":
		return "each read once a " + in
	}
	return "each read " + times + " times a " + in
}

func waitText(n need) string {
	if n.wait == 0 {
		return "at once"
	}
	return "within " + plan.Span(n.wait)
}

// table has two rows for each class: what it costs and how long a first byte takes, and what everything back costs, or
// why it is ruled out.
func (c *Comparison) table(p *page) {
	p.line("\n  %-34s %15s  %s", "Class", "USD a month", "First byte")
	p.line("  %s", strings.Repeat("-", wide-2))
	for _, k := range c.Classes {
		mark := " "
		switch {
		case k.ID == c.Best:
			mark = ">"
		case !k.Fits:
			mark = "x"
		}
		usd := Money(k.USD)
		if k.Unpriced != "" {
			usd = "unknown"
		}
		p.line("%s %s %-32s %15s  %s", mark, k.Letter, k.Name, usd, k.Wait)
		if !k.Fits {
			var why []string
			for _, r := range k.RuledOut {
				why = append(why, r.Text)
			}
			p.wrap("      ruled out: ", "      ", strings.Join(why, "; "))
			continue
		}
		for _, r := range k.Restores {
			if r.Chosen {
				p.wrap("      ", "      ", "everything back: "+r.words())
			}
		}
	}
	p.line("\n  > the advice   x ruled out; an archive is billed with its cheapest restore")
}

// words says what a restore costs and how long it takes.
func (r Restore) words() string {
	if r.Tier == "" {
		return fmt.Sprintf("%s USD, %s", Money(r.USD), r.Wait)
	}
	return fmt.Sprintf("%s USD and %s, %s", Money(r.USD), r.Wait, r.Tier)
}

func (c *Comparison) crossings(p *page) {
	p.line("\nWhere the cheapest class changes, by reads of an object a month")
	none := true
	for _, x := range c.Crossings {
		if x.Cheapest {
			none = false
			p.wrap("  ", "    ", fmt.Sprintf("%s (%s, %s USD): %s below it, %s above", figure(x.Reads), Often(x.Reads), Money(x.USD), c.name(x.Below), c.name(x.Above)))
		}
	}
	if none {
		p.wrap("  ", "    ", fmt.Sprintf("nowhere between %g and %g: one class is the cheapest throughout", FewestReads, MostReads))
	}
	var rest []string
	for _, x := range c.Crossings {
		if !x.Cheapest {
			rest = append(rest, fmt.Sprintf("%s and %s at %s", c.name(x.Below), c.name(x.Above), figure(x.Reads)))
		}
	}
	if len(rest) > 0 {
		p.wrap("  ", "    ", "Others cross where neither is the cheapest: "+strings.Join(rest, "; ")+".")
	}
	p.line("")
}

func (c *Comparison) name(id string) string {
	for _, k := range c.Classes {
		if k.ID == id {
			return k.Name
		}
	}
	return id
}

// lineByLine writes every class's bill, with the sources of its prices by number, and what to know of it.
func (c *Comparison) lineByLine(p *page) {
	p.line("\nLine by line, USD a month")
	for _, k := range c.Classes {
		if k.Unpriced != "" {
			p.line("\n%s %s: %s", k.Letter, k.Name, k.Unpriced)
			continue
		}
		p.line("\n%s %s (%s)", k.Letter, k.Name, k.ID)
		for _, l := range k.Lines {
			p.bill(l)
		}
		p.line("%12s  together", Money(k.USD))
		for _, r := range k.Restores {
			if r.Tier != "" {
				note := ""
				if !r.Fits {
					note = " (not within the wait, or not for so many)"
				}
				p.wrap("    ", "      ", "everything back by "+r.Tier+": "+Money(r.USD)+" USD, "+r.Wait+note)
			}
		}
		for _, n := range k.Notes {
			p.wrap("    ", "      ", n.Text+" ("+n.Source+", "+string(n.Mark)+")")
		}
	}
}

func (p *page) bill(l Line) {
	from := ""
	if l.AsOf != "-" {
		from = fmt.Sprintf(" [%d]", p.source(l.AsOf+": "+l.Source))
	}
	p.wrap(fmt.Sprintf("%12s  ", Money(l.USD)), strings.Repeat(" ", 16), l.For+": "+l.What+", "+l.How+from)
}
