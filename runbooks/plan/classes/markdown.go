package classes

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"lifeboat/runbooks/plan/curves"
)

// Markdown writes the comparison as a document for people: the classes side by side, what is ruled out and why, the
// drawing, and every bill with the date and the source of each price.
func (c *Comparison) Markdown() []byte {
	d := &document{}
	d.line("# Which storage class?\n\n%s", c.Why)
	if c.Hint != "" {
		d.line("\n%s", c.Hint)
	}
	d.line("\n## Answers\n")
	for _, q := range Questions() {
		if v := c.Answers.One(q.ID); v != "" {
			d.line("- %s **%s**", q.Text, v)
		}
	}
	for _, a := range c.Assumed {
		d.line("- Nobody said, so it is taken: %s", a)
	}
	d.sideBySide(c)
	d.changes(c)
	d.line("\n## Line by line")
	for _, k := range c.Classes {
		d.class(k)
	}
	d.line("\n## What the figures leave out\n\n%s", c.Says)
	return d.Bytes()
}

// document is Markdown in the making.
type document struct{ bytes.Buffer }

func (d *document) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *document) row(cells ...string) {
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", "\\|")
	}
	d.line("| %s |", strings.Join(cells, " | "))
}

func (d *document) sideBySide(c *Comparison) {
	d.line("\n## Side by side\n\nRead %s.\n", Often(c.Reads))
	d.row("", "Class", "Fits", "USD a month", "First byte", "Charged at least", "Paid though not stored", "Everything restored once")
	d.line("|---|---|---|---:|---|---|---:|---|")
	for _, k := range c.Classes {
		fits, usd, least, unused, back := "yes", Money(k.USD), "", "", ""
		switch {
		case k.ID == c.Best:
			fits = "**best**"
		case !k.Fits:
			fits = "no"
		}
		if k.Unpriced != "" {
			usd = "unknown"
		}
		if k.MinDays > 0 {
			least = strconv.Itoa(k.MinDays) + " days"
		}
		if n := paidFor(k, Charged); n > 0 {
			unused = Money(n)
		}
		for _, r := range k.Restores {
			if r.Chosen || r.First == k.Wait {
				back = r.words()
				break
			}
		}
		d.row(k.Letter, k.Name, fits, usd, k.Wait, least, unused, back)
	}
	d.line("\nRuled out:\n")
	for _, k := range c.Classes {
		for _, r := range k.RuledOut {
			d.line("- **%s**: %s (%s, %s)", k.Name, r.Text, r.Source, r.Mark)
		}
	}
}

// paidFor is what the lines of one kind come to.
func paidFor(k Class, kind string) float64 {
	usd := 0.0
	for _, l := range k.Lines {
		if l.For == kind {
			usd += l.USD
		}
	}
	return usd
}

func (d *document) changes(c *Comparison) {
	d.line("\n## Cost over frequency\n\n```text")
	for _, row := range curves.Text(c.Plain(100, 26)) {
		d.line("%s", row)
	}
	d.line("```\n")
	for _, x := range c.Crossings {
		at := fmt.Sprintf("At %s reads a month (%s, %s USD): below it %s is cheaper, above it %s", figure(x.Reads), Often(x.Reads), Money(x.USD), c.name(x.Below), c.name(x.Above))
		if x.Cheapest {
			d.line("- **%s; the cheapest class changes.**", at)
		} else {
			d.line("- %s.", at)
		}
	}
}

func (d *document) class(k Class) {
	d.line("\n### %s\n\nMade for: %s. Zones: %d. Designed durability: %s. Designed availability: %s. (%s, %s)", k.Name, k.Use, k.Zones, k.Durability, k.Availability, k.Source, k.Mark)
	if k.Unpriced != "" {
		d.line("\n%s.", strings.ToUpper(k.Unpriced[:1])+k.Unpriced[1:])
		return
	}
	d.bill("A month", k.Lines, k.USD)
	for _, r := range k.Restores {
		title := "Everything restored once"
		if r.Tier != "" {
			title += ", " + r.Tier
		}
		if !r.Fits {
			title += " (longer than accepted)"
		}
		d.bill(title+": "+r.Wait, r.Lines, r.USD)
	}
	if len(k.Notes) > 0 {
		d.line("")
	}
	for _, n := range k.Notes {
		d.line("- %s (%s, %s)", n.Text, n.Source, n.Mark)
	}
}

func (d *document) bill(title string, lines []Line, usd float64) {
	d.line("\n**%s**\n", title)
	d.row("What", "How", "USD", "Price of", "Source")
	d.line("|---|---|---:|---|---|")
	for _, l := range lines {
		d.row(l.For+": "+l.What, l.How, Money(l.USD), l.AsOf, l.Source)
	}
	d.row("**together**", "", "**"+Money(usd)+"**", "", "")
}
