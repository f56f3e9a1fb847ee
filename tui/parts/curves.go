package parts

import (
	"charm.land/lipgloss/v2"

	"lifeboat/runbooks/plan/curves"
	"lifeboat/tui/theme"
)

// Curves gives the cells of a drawing their colours, a line for each row. A curve that does not count is as quiet as the
// axes; the letters, the dots and the double line say the same without colours.
func Curves(t *theme.Theme, d curves.Drawing, rows [][]curves.Cell) []string {
	out := make([]string, len(rows))
	looks := looks(t, d)
	for i, row := range rows {
		line := newStrip(len(row))
		for col, c := range row {
			line.put(col, string(c.Sign), looks(c))
		}
		out[i] = line.String()
	}
	return out
}

// looks are the styles of a drawing's cells; one address stands for one look, so that neighbours can be compared.
func looks(t *theme.Theme, d curves.Drawing) func(curves.Cell) *lipgloss.Style {
	line := make([]lipgloss.Style, len(d.Curves))
	bold := make([]lipgloss.Style, len(d.Curves))
	for i, c := range d.Curves {
		line[i] = t.Muted
		if !c.Out {
			line[i] = t.Curves[i%len(t.Curves)]
		}
		bold[i] = line[i].Bold(!c.Out)
		if c.Chosen {
			line[i] = bold[i]
		}
	}
	cross := t.Strong
	return func(c curves.Cell) *lipgloss.Style {
		switch c.Role {
		case curves.Axis:
			return &t.Faint
		case curves.Label:
			return &t.Muted
		case curves.Line:
			return &line[c.Curve]
		case curves.Letter:
			return &bold[c.Curve]
		case curves.Cross:
			return &cross
		case curves.Here:
			return &t.Accent
		}
		return nil
	}
}
