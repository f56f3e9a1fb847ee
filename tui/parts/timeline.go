package parts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/theme"
)

// Timeline is the recovery timeline, the program's signature picture: one axis of time with the recovery points as they
// appear and expire, the disaster, and the bracket of what is lost and how long it takes to come back.
//
// Moments are drawn in their order; equal gaps are drawn equally wide, long ones shorter than they are, and the picture
// says so. A sign that stands for several points is a sign of its own. Nothing is drawn that has not happened.
type Timeline struct {
	Points []journal.Point
	Clock  journal.Clock
	Now    time.Time      // the target's time
	Lost   string         // what the disaster was, in a few words
	Proof  *journal.Proof // the newest one, nil when nothing was compared yet
	Home   string         // the place whose line comes first; a point without a place is there
}

// marks are the columns everything hangs on; -1 is absent.
type marks struct {
	scale
	newest                          time.Time // the newest usable point before the disaster, or the one restored
	end                             time.Time
	newestX, disasterX, provedX, ex int
}

// Draw gives the picture in at most h lines of at most w cells. It leaves out, in this order, the legend, the lines of
// single places, and the line above the axis.
func (l Timeline) Draw(t *theme.Theme, w, h int) []string {
	if w < 8 || h < 1 {
		return nil
	}
	lanes := l.lanes(h - 5)
	gutter := 0
	if len(lanes) > 1 && w >= 72 {
		for _, lane := range lanes {
			gutter = max(gutter, ansi.StringWidth(lane.where)+2)
		}
		gutter = min(gutter, 18)
	}
	if w >= 40 {
		gutter = max(gutter, 2)
	}
	axis := w - gutter - 1
	m := l.marks(axis)
	margin := strings.Repeat(" ", gutter)

	if len(l.Points) == 0 && l.Clock.Disaster.IsZero() {
		return l.empty(t, margin, w, h)
	}
	above := l.above(t, m, axis)
	var middle []string
	for _, lane := range lanes {
		name := margin
		if gutter > 2 {
			name = t.Muted.Render(Pad(lane.where, gutter))
		}
		middle = append(middle, name+l.lane(t, m, lane, axis))
	}
	middle = append(middle, margin+l.ticks(t, m, axis))
	if b := l.bracket(t, m, axis); b != "" {
		middle = append(middle, margin+b)
	}
	figures := Indent(l.figures(t, w-gutter), margin)
	legend := Indent(l.legend(t, m, axis, w-gutter), margin)

	out := middle
	if len(out)+len(figures)+1 <= h {
		out = append([]string{margin + above}, out...)
	}
	for _, more := range [][]string{figures, legend} {
		if len(out)+len(more) <= h {
			out = append(out, more...)
		}
	}
	out = out[:min(h, len(out))]
	for i := range out {
		out[i] = Cut(out[i], w)
	}
	return out
}

// empty is the picture before there is anything to come back to: it says so, and what that would cost.
func (l Timeline) empty(t *theme.Theme, margin string, w, h int) []string {
	axis := w - ansi.StringWidth(margin) - 1
	s := newStrip(axis)
	s.fill(0, axis, t.Sym.Dash, &t.Faint)
	s.put(3, " no recovery point yet: if it broke now, everything would be lost ", &t.Warn)
	if axis < 74 {
		s.put(3, " no recovery point yet ", &t.Warn)
		s.fill(26, axis, t.Sym.Dash, &t.Faint)
	}
	out := append([]string{"", margin + s.String(), ""}, Indent(l.figures(t, w-len(margin)), margin)...)
	if h < len(out) {
		out = out[1:]
	}
	out = out[:min(h, len(out))]
	for i := range out {
		out[i] = Cut(out[i], w)
	}
	return out
}

// lane is one place that holds recovery points.
type lane struct {
	where  string
	points []journal.Point
}

// lanes groups the points by place, home first, or puts them all on one line when there is no room for more.
func (l Timeline) lanes(room int) []lane {
	var out []lane
	for _, p := range l.Points {
		where := cmp.Or(p.Where, l.Home)
		i := slices.IndexFunc(out, func(x lane) bool { return x.where == where })
		if i < 0 {
			out = append(out, lane{where: where})
			i = len(out) - 1
		}
		out[i].points = append(out[i].points, p)
	}
	slices.SortStableFunc(out, func(a, b lane) int {
		return cmp.Compare(rank(b.where == l.Home), rank(a.where == l.Home))
	})
	if len(out) == 0 || len(out) > max(1, room) {
		return []lane{{where: l.Home, points: l.Points}}
	}
	return out
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Newest is the moment of the newest data that can come back: what did come back, once that is known, else the newest
// point that is there and holds no damage.
func (l Timeline) Newest() time.Time {
	if !l.Clock.NewestOut.IsZero() {
		return l.Clock.NewestOut
	}
	var newest, used time.Time
	for _, p := range l.Points {
		if p.Bad || p.Gone || (!l.Clock.Disaster.IsZero() && p.At.After(l.Clock.Disaster)) {
			continue
		}
		if p.Used && p.At.After(used) {
			used = p.At
		}
		if p.At.After(newest) {
			newest = p.At
		}
	}
	if !used.IsZero() {
		return used
	}
	return newest
}

func (l Timeline) marks(axis int) marks {
	m := marks{newest: l.Newest(), end: l.Now, newestX: -1, disasterX: -1, provedX: -1}
	if !l.Clock.Proved.IsZero() {
		m.end = l.Clock.Proved
	}
	if n := len(l.Points); n > 0 && l.Clock.Proved.IsZero() && l.Points[n-1].At.After(m.end) {
		m.end = l.Points[n-1].At // two clocks that differ a little
	}
	var moments []time.Time
	for _, at := range []time.Time{m.newest, l.Clock.Disaster, l.Clock.Proved, m.end} {
		if !at.IsZero() {
			moments = append(moments, at)
		}
	}
	for _, p := range l.Points {
		if !p.At.IsZero() {
			moments = append(moments, p.At)
		}
	}
	var zones []zone
	room := func(text string) int { return min(ansi.StringWidth(text)+6, axis/3) }
	if lost, back := l.words(m); !l.Clock.Disaster.IsZero() {
		if !m.newest.IsZero() {
			zones = append(zones, zone{m.newest, l.Clock.Disaster, room(lost)})
		}
		cols := room(back)
		if !l.Clock.Proved.IsZero() {
			cols = max(cols, min(ansi.StringWidth(l.proved())+12, axis*2/5))
		}
		zones = append(zones, zone{l.Clock.Disaster, m.end, cols})
	} else if !m.newest.IsZero() {
		zones = append(zones, zone{m.newest, m.end, room(lost)})
	}
	m.scale = newScale(moments, axis, zones...)
	if !m.newest.IsZero() {
		m.newestX = m.x(m.newest)
	}
	if !l.Clock.Disaster.IsZero() {
		m.disasterX = m.x(l.Clock.Disaster)
	}
	if !l.Clock.Proved.IsZero() {
		m.provedX = m.x(l.Clock.Proved)
	}
	m.ex = m.x(m.end)
	return m
}

// words are what stands in the two brackets.
func (l Timeline) words(m marks) (lost, back string) {
	switch d := l.Clock.Disaster; {
	case d.IsZero() && m.newest.IsZero():
		return "", ""
	case d.IsZero():
		return Span(m.end.Sub(m.newest)) + " at risk", ""
	case m.newest.IsZero():
		return "", Span(m.end.Sub(d)) + " down"
	case l.Clock.Proved.IsZero():
		return Span(d.Sub(m.newest)) + " lost", Span(m.end.Sub(d)) + " down"
	default:
		return Span(d.Sub(m.newest)) + " lost", Span(m.end.Sub(d)) + " to come back"
	}
}

// above is the line over the axis: what happened, where it happened.
func (l Timeline) above(t *theme.Theme, m marks, axis int) string {
	s := newStrip(axis)
	at := func(when time.Time) string { return when.UTC().Format("15:04") }
	if m.provedX >= 0 {
		words := l.proved()
		if m.provedX-m.disasterX < ansi.StringWidth(words)+10 {
			words = "proved"
		}
		s.beside(m.provedX, t.Sym.Proved, at(l.Clock.Proved)+" "+words, &t.Good)
	}
	if m.disasterX >= 0 {
		_ = s.beside(m.disasterX, t.Sym.Disaster, at(l.Clock.Disaster)+" "+Cut(Plain(l.Lost), max(8, axis/3)), &t.Bad) ||
			s.beside(m.disasterX, t.Sym.Disaster, at(l.Clock.Disaster), &t.Bad)
	}
	if m.provedX < 0 && len(m.at) > 0 {
		s.beside(m.ex, t.Sym.Now, "now "+at(m.end), &t.Text)
	}
	return s.String()
}

// proved says what the proof compared.
func (l Timeline) proved() string {
	if l.Proof == nil {
		return "proved"
	}
	return fmt.Sprintf("proved, %s of %s %s", Count(l.Proof.Equal), Count(l.Proof.Total), l.Proof.Unit)
}

// lane draws the axis of one place: whole while the data lives, broken from the disaster on, heavy once it is back.
func (l Timeline) lane(t *theme.Theme, m marks, la lane, axis int) string {
	s := newStrip(axis)
	if len(m.at) == 0 {
		s.fill(0, axis, t.Sym.Dash, &t.Faint)
		s.put(2, " no recovery point yet ", &t.Muted)
		return s.String()
	}
	home := la.where == l.Home
	s.fill(0, m.ex+1, t.Sym.Line, &t.Faint)
	for _, i := range m.long(10) {
		a, b := m.col[i]+1, m.col[i+1]
		s.fill(a, b, t.Sym.Dash, &t.Faint)
		if home {
			text := " " + Span(m.at[i+1].Sub(m.at[i])) + " "
			s.put(a+(b-a-ansi.StringWidth(text))/2, text, &t.Muted)
		}
	}
	if home && m.disasterX >= 0 {
		s.fill(m.disasterX, m.ex+1, t.Sym.Dash, &t.Bad)
	}
	for x, c := range l.signs(m, la.points) {
		sign, style := c.sign(t)
		s.put(x, sign, style)
	}
	if home && m.disasterX >= 0 {
		s.put(m.disasterX, t.Sym.Disaster, &t.Bad)
	}
	if home && m.provedX >= 0 {
		s.put(m.provedX, t.Sym.Proved, &t.Good)
	}
	if m.provedX < 0 && (s.cells[m.ex] == t.Sym.Line || s.cells[m.ex] == t.Sym.Dash) {
		s.put(m.ex, t.Sym.Bar, &t.Muted)
	}
	return s.String()
}

// column is what one column of a lane stands for.
type column struct{ there, gone, bad, used int }

func (l Timeline) signs(m marks, points []journal.Point) map[int]column {
	out := map[int]column{}
	for _, p := range points {
		if p.At.IsZero() {
			continue
		}
		x := m.x(p.At)
		c := out[x]
		switch {
		case p.Used:
			c.used++
		case p.Gone:
			c.gone++
		case p.Bad:
			c.bad++
		default:
			c.there++
		}
		out[x] = c
	}
	return out
}

func (c column) sign(t *theme.Theme) (string, *lipgloss.Style) {
	switch {
	case c.used > 0:
		return t.Sym.Used, &t.Good
	case c.there > 1:
		return t.Sym.Several, &t.Point
	case c.there == 1:
		return t.Sym.Point, &t.Point
	case c.bad > 0:
		return t.Sym.Spoilt, &t.Bad
	}
	return t.Sym.Gone, &t.Muted
}

// ticks writes the times under the axis, the ones that matter first, then as many others as fit.
func (l Timeline) ticks(t *theme.Theme, m marks, axis int) string {
	s := newStrip(axis)
	if len(m.at) == 0 {
		return s.String()
	}
	span := m.at[len(m.at)-1].Sub(m.at[0])
	layout := "15:04"
	switch {
	case span > 6*24*time.Hour:
		layout = "2 Jan"
	case m.at[0].UTC().YearDay() != m.end.UTC().YearDay():
		layout = "Mon 15:04"
	case span < 10*time.Minute:
		layout = "15:04:05"
	}
	last := ""
	write := func(at time.Time, style *lipgloss.Style) {
		text := at.UTC().Format(layout)
		if layout == "2 Jan" && style != &t.Muted && m.end.Sub(at) < 24*time.Hour {
			text = at.UTC().Format("15:04")
		}
		x := min(max(0, m.x(at)-len(text)/2), axis-len(text))
		if s.free(x, len(text)) && text != last {
			s.put(x, text, style)
			last = text
		}
	}
	if m.disasterX >= 0 {
		write(l.Clock.Disaster, &t.Bad)
	}
	if !m.newest.IsZero() {
		write(m.newest, &t.Text)
	}
	write(m.end, &t.Text)
	write(m.at[0], &t.Muted)
	last = ""
	for _, at := range m.at {
		write(at, &t.Muted)
	}
	return s.String()
}

// bracket says what is lost and how long it took, under the stretch of time that it is.
func (l Timeline) bracket(t *theme.Theme, m marks, axis int) string {
	if len(m.at) == 0 {
		return ""
	}
	s := newStrip(axis)
	lost, back := l.words(m)
	edge, style := m.ex, &t.Warn
	if m.disasterX >= 0 {
		edge, style = m.disasterX, &t.Bad
	}
	if m.newestX >= 0 && lost != "" {
		l.span(t, s, m.newestX, edge, t.Sym.Line, lost, style)
	}
	if m.disasterX >= 0 {
		style = &t.Warn
		if m.provedX >= 0 {
			style = &t.Good
		}
		l.span(t, s, m.disasterX+1, m.ex, t.Sym.Heavy, back, style)
		if m.provedX < 0 && m.ex > m.disasterX {
			s.put(m.ex, t.Sym.Arrow, style)
		}
	}
	return s.String()
}

// span draws one bracket with its words in the middle, where they fit.
func (l Timeline) span(t *theme.Theme, s *strip, from, to int, line, text string, style *lipgloss.Style) {
	if to <= from {
		return
	}
	s.fill(from, to+1, line, style)
	s.put(from, t.Sym.Left, style)
	s.put(to, t.Sym.Right, style)
	number, unit, _ := strings.Cut(text, " ")
	unit, _, _ = strings.Cut(unit, " ")
	for _, words := range []string{" " + text + " ", " " + number + " " + unit + " ", number + unit} {
		if n := ansi.StringWidth(words); n <= to-from-1 {
			s.put(from+1+(to-from-1-n)/2, words, style)
			return
		}
	}
}

// figures are RPO and RTO beside their targets, on one line where that fits.
func (l Timeline) figures(t *theme.Theme, w int) []string {
	rpo, rto := l.Figures()
	a, b := rpo.Draw(t, 12), rto.Draw(t, 12)
	if ansi.StringWidth(a)+ansi.StringWidth(b)+4 <= w {
		return []string{a + "    " + b}
	}
	return []string{rpo.Draw(t, 0), rto.Draw(t, 0)}
}

// legend names the signs that are in the picture.
func (l Timeline) legend(t *theme.Theme, m marks, axis, w int) []string {
	var c column
	several := false
	for _, la := range l.lanes(9) {
		for _, x := range l.signs(m, la.points) {
			c.there += x.there
			c.gone += x.gone
			c.bad += x.bad
			c.used += x.used
			several = several || x.there > 1
		}
	}
	var items []string
	add := func(on bool, text string) {
		if on {
			items = append(items, text)
		}
	}
	add(c.there > 0, t.Sym.Point+" "+Plural(c.there, "recovery point"))
	add(several, t.Sym.Several+" several")
	add(c.used > 0, t.Sym.Used+" restored from")
	add(c.gone > 0, fmt.Sprintf("%s %s gone", t.Sym.Gone, Count(c.gone)))
	add(c.bad > 0, t.Sym.Spoilt+" holds the damage")
	add(m.uneven(), "long gaps are drawn shorter")
	if len(items) == 0 {
		return nil
	}
	lines := []string{items[0]}
	for _, item := range items[1:] {
		last := len(lines) - 1
		if ansi.StringWidth(lines[last])+3+ansi.StringWidth(item) <= w {
			lines[last] += "   " + item
			continue
		}
		lines = append(lines, item)
	}
	for i := range lines {
		lines[i] = t.Muted.Render(Cut(lines[i], w))
	}
	return lines
}
