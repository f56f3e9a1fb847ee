package classes

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/parts"
)

// The smallest terminal in which the table, the drawing and the details stand side by side.
const (
	wideWidth  = 120
	wideHeight = 26
)

// View draws exactly h lines of at most w cells.
func (m *Model) View(w, h int) []string {
	m.wide = w >= wideWidth && h >= wideHeight
	inner := min(w-4, 230)
	if w < 60 {
		inner = w - 2
	}
	side := strings.Repeat(" ", (w-inner)/2)
	foot := m.board.Foot(m.t, w)
	out := m.head(inner, h)
	room := max(1, h-len(out)-len(foot))
	switch {
	case m.board.Help.On():
		out, room = nil, h-len(foot)
		out = append(out, m.board.Help.Draw(m.t, m.board.Table, inner, room)...)
	case m.wide:
		out = append(out, m.abreast(inner, room)...)
	case m.view == drawing:
		out = append(out, m.chart(inner, room)...)
	case m.view == details:
		out = append(out, m.column(inner, room)...)
	default:
		out = append(out, m.stacked(inner, room)...)
	}
	out = append(parts.Indent(out, side), make([]string, max(0, h-len(foot)-len(out)))...)
	return parts.Fit(append(out[:max(0, h-len(foot))], foot...), w, h)
}

// head says what is compared, for how many reads, and what comes of it.
func (m *Model) head(w, h int) []string {
	t, c := m.t, m.c
	out := []string{parts.Ends(t.Accent.Bold(true).Render("Which storage class?"), t.Muted.Render(summary(c)), w)}
	k := c.Classes[m.index(c.Best)]
	reads := t.Strong.Render(frequency(c))
	best := t.Good.Render("best: ") + t.Strong.Render(k.Name) + t.Muted.Render(" "+classes.Money(k.USD)+" USD a month")
	if ansi.StringWidth(reads)+2+ansi.StringWidth(best) <= w {
		out = append(out, parts.Ends(reads, best, w))
	} else {
		out = append(out, parts.Cut(reads, w), parts.Cut(best, w))
	}
	if h < 18 {
		return out[len(out)-2:]
	}
	return append(out, "")
}

// summary says what is compared, in the words of the answers.
func summary(c *classes.Comparison) string {
	a := c.Answers
	return a.One("objects") + " objects of " + a.One("size") + ", kept " + a.One("keep")
}

// frequency says how often an object is read.
func frequency(c *classes.Comparison) string {
	if c.ReadsUnknown {
		return "reads unknown, shown: " + classes.Often(c.Reads)
	}
	s := "read " + classes.Often(c.Reads)
	if c.Reads > 0 && c.Reads != 1 {
		s += " (" + number(tidy(c.Reads)) + " a month)"
	}
	return s
}

// abreast is everything side by side: the table over the drawing, and the details beside them.
func (m *Model) abreast(w, h int) []string {
	left := max(tableWidth, w*3/5)
	right := w - left - 3
	rows := append(m.table(left), parts.Wrap(m.t.Muted.Render(legend), left)...)
	rows = append(rows, "", parts.Head(m.t, "cost over how often an object is read", left))
	rows = append(rows, m.chart(left, h-len(rows))...)
	bar := " " + m.t.Faint.Render(m.t.Sym.Bar) + " "
	return parts.Beside(bar, parts.Fit(rows, left, h), parts.Fit(m.column(right, h), right, h))
}

// stacked is the table with as much of the details below it as there is room for.
func (m *Model) stacked(w, h int) []string {
	rows := m.table(w)
	if len(rows) > h { // the header stays, the classes roll under it
		var around parts.Scroll
		around.By(m.cursor - (h-1)/2)
		return append(rows[:1:1], around.Marked(m.t, rows[1:], h-1)...)
	}
	if h-len(rows) >= 8 {
		rows = append(append(rows, parts.Wrap(m.t.Muted.Render(legend), w)...), "")
	}
	if h-len(rows) < 4 {
		return rows
	}
	return append(rows, m.column(w, h-len(rows))...)
}

// column is the details of the chosen class, through a window that can be moved.
func (m *Model) column(w, h int) []string {
	lines := m.details(min(w, 100))
	out := m.scroll.Marked(m.t, lines, max(1, h-1))
	place := " " + m.scroll.Place(len(lines))
	return append([]string{parts.Head(m.t, m.class().Name, max(1, w-len(place))) + m.t.Muted.Render(place)}, out...)
}
