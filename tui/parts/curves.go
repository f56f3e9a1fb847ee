package parts

import (
	"strings"

	"charm.land/lipgloss/v2"

	"lifeboat/runbooks/plan/curves"
	"lifeboat/tui/theme"
)

// Curves gives the cells of a drawing their colours, a line for each row. A curve that does not count is as quiet as the
// axes; the letters, the dots and the double line say the same without colours.
func Curves(t *theme.Theme, d curves.Drawing, rows [][]curves.Cell) []string {
	out := make([]string, len(rows))
	pens := newPens(t, d)
	var b strings.Builder
	for i, row := range rows {
		b.Reset()
		var in *pen
		for _, c := range row {
			if p := pens.of(c); p != in && c.Sign != ' ' { // a blank has no colour, so it is no reason to change the pen
				in.lift(&b)
				p.set(&b)
				in = p
			}
			b.WriteRune(c.Sign)
		}
		in.lift(&b)
		out[i] = b.String()
	}
	return out
}

// pen is a style as what is written before and after the text: a drawing changes it hundreds of times.
type pen struct{ before, after string }

func newPen(s lipgloss.Style) *pen {
	before, after, _ := strings.Cut(s.Render("x"), "x")
	return &pen{before, after}
}

func (p *pen) set(b *strings.Builder) {
	if p != nil {
		b.WriteString(p.before)
	}
}

func (p *pen) lift(b *strings.Builder) {
	if p != nil {
		b.WriteString(p.after)
	}
}

// pens are those of a drawing.
type pens struct {
	axis, label, cross, here *pen
	line, letter             []*pen // by curve
}

func newPens(t *theme.Theme, d curves.Drawing) pens {
	p := pens{axis: newPen(t.Faint), label: newPen(t.Muted), cross: newPen(t.Strong), here: newPen(t.Accent)}
	for i, c := range d.Curves {
		look := t.Muted
		if !c.Out {
			look = t.Curves[i%len(t.Curves)]
		}
		p.line = append(p.line, newPen(look.Bold(c.Chosen && !c.Out)))
		p.letter = append(p.letter, newPen(look.Bold(!c.Out)))
	}
	return p
}

func (p pens) of(c curves.Cell) *pen {
	switch c.Role {
	case curves.Axis:
		return p.axis
	case curves.Label:
		return p.label
	case curves.Line:
		return p.line[c.Curve]
	case curves.Letter:
		return p.letter[c.Curve]
	case curves.Cross:
		return p.cross
	case curves.Here:
		return p.here
	}
	return nil
}
