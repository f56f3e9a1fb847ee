package parts

import (
	"fmt"
	"strings"
	"time"

	"lifeboat/tui/theme"
)

// Figure is one of the two numbers of a recovery, beside its target.
type Figure struct {
	Wide    int           // cells its value takes at least, to stand under another figure
	Name    string        // RPO | RTO
	Value   time.Duration // meaningful when Known
	Target  time.Duration // 0 = none was set
	Known   bool
	Running bool   // it still grows
	None    string // what to say when it is not known
}

// Figures gives RPO and RTO as they stand now: before the disaster the RPO is what would be lost if it came now.
func (l Timeline) Figures() (rpo, rto Figure) {
	c := l.Clock
	rpo = Figure{Name: "RPO", Target: c.TargetRPO, None: "no recovery point yet"}
	rto = Figure{Name: "RTO", Target: c.TargetRTO, None: "no disaster yet"}
	newest := l.Newest()
	switch {
	case c.Disaster.IsZero() && !newest.IsZero():
		rpo.Known, rpo.Running, rpo.Value = true, true, max(0, l.Now.Sub(newest))
	case !c.Proved.IsZero():
		rpo.Known, rpo.Value = true, c.RPO
		if rpo.Value == 0 && !newest.IsZero() {
			rpo.Value = max(0, c.Disaster.Sub(newest))
		}
	case !newest.IsZero():
		rpo.Known, rpo.Value = true, max(0, c.Disaster.Sub(newest))
	}
	switch {
	case c.Disaster.IsZero():
	case c.Proved.IsZero():
		rto.Known, rto.Running, rto.Value = true, true, max(0, l.Now.Sub(c.Disaster))
	default:
		rto.Known, rto.Value = true, c.RTO
		if rto.Value == 0 {
			rto.Value = c.Proved.Sub(c.Disaster)
		}
	}
	return rpo, rto
}

// Draw writes the figure with a gauge of so many cells; 0 leaves the gauge out.
func (f Figure) Draw(t *theme.Theme, gauge int) string {
	if !f.Known {
		s := t.Muted.Render(f.Name + " " + f.None)
		if f.Target > 0 {
			s += t.Muted.Render(", target " + Span(f.Target))
		}
		return s
	}
	var b strings.Builder
	b.WriteString(t.Muted.Render(f.Name+" ") + t.Strong.Render(Span(f.Value)) + strings.Repeat(" ", max(0, f.Wide-len(Span(f.Value)))))
	if f.Running && f.Name == "RPO" {
		b.WriteString(t.Muted.Render(" if it broke now"))
	} else if f.Running {
		b.WriteString(t.Muted.Render(" so far"))
	}
	if f.Target == 0 {
		return b.String()
	}
	if gauge > 0 {
		b.WriteString(" " + Gauge(t, float64(f.Value)/float64(f.Target), gauge))
	}
	style := t.Good
	if f.Value > f.Target {
		style = t.Bad
	}
	b.WriteString(t.Muted.Render(" target "+Span(f.Target)+" ") + style.Render(f.Verdict()))
	return b.String()
}

// Short is the figure for a status line: "RPO 5 min of 2 h".
func (f Figure) Short(t *theme.Theme) string {
	value, style := "-", t.Muted
	if f.Known {
		value, style = Span(f.Value), t.Strong
		if f.Target > 0 && f.Value > f.Target {
			style = t.Bad
		}
	}
	s := t.Muted.Render(f.Name+" ") + style.Render(value)
	if f.Target > 0 {
		s += t.Muted.Render(" of " + Span(f.Target))
	}
	if f.Known && f.Target > 0 && f.Value > f.Target {
		s += t.Bad.Render(" over")
	}
	return s
}

// Verdict compares with the target, in a word.
func (f Figure) Verdict() string {
	switch {
	case !f.Known || f.Target == 0:
		return ""
	case f.Value > f.Target:
		return "over"
	}
	return "within"
}

// Words tells the timeline without a picture, one sentence a line, for a screen reader and for plain output.
func (l Timeline) Words() []string {
	var out []string
	there, gone, bad := 0, 0, 0
	for _, p := range l.Points {
		switch {
		case p.Gone:
			gone++
		case p.Bad:
			bad++
		default:
			there++
		}
	}
	line := Plural(there, "recovery point")
	if newest := l.Newest(); !newest.IsZero() {
		line += ", the newest usable of " + stamp(newest)
	}
	if gone > 0 {
		line += fmt.Sprintf(", %s gone", Count(gone))
	}
	if bad > 0 {
		line += fmt.Sprintf(", %s with the damage in it", Count(bad))
	}
	out = append(out, line)
	if !l.Clock.Disaster.IsZero() {
		out = append(out, strings.TrimSpace("disaster at "+stamp(l.Clock.Disaster)+" "+Plain(l.Lost)))
	}
	if !l.Clock.Proved.IsZero() {
		s := "proved at " + stamp(l.Clock.Proved)
		if l.Proof != nil {
			s += fmt.Sprintf(", %s of %s %s equal", Count(l.Proof.Equal), Count(l.Proof.Total), l.Proof.Unit)
		}
		out = append(out, s)
	}
	rpo, rto := l.Figures()
	for _, f := range []Figure{rpo, rto} {
		if !f.Known {
			out = append(out, f.Name+": "+f.None)
			continue
		}
		s := f.Name + " " + Span(f.Value)
		if f.Target > 0 {
			s += ", " + f.Verdict() + " the target of " + Span(f.Target)
		}
		out = append(out, s)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
