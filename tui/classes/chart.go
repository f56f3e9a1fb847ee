package classes

import (
	"fmt"

	"lifeboat/runbooks/plan/classes"
	"lifeboat/runbooks/plan/curves"
	"lifeboat/tui/parts"
)

// samples keep what the classes cost at the columns of the drawing: the frequency that is looked at does not change it.
type samples struct {
	w  int
	at map[float64][]float64
}

// chart is the drawing of cost over frequency with its legend, and the crossing points in words where there is room.
func (m *Model) chart(w, h int) []string {
	d := m.drawing(w)
	legend := d.Legend(w)
	if h-len(legend) < curves.LeastHeight+4 {
		legend = nil
	}
	words := m.changes(w)
	high := h - len(legend)
	if high-len(words)-1 >= 18 {
		high -= len(words) + 1
	} else {
		words = nil
	}
	cells := d.Cells(w, high)
	if cells == nil {
		return parts.Wrap("The drawing needs a larger window; 1 shows the table, 3 the details.", w)
	}
	out := parts.Curves(m.t, d, append(cells, legend...))
	if len(words) > 0 {
		out = append(append(out, ""), words...)
	}
	return out
}

// drawing is that of the comparison, with the chosen class drawn over the others and a line through the frequency.
func (m *Model) drawing(w int) curves.Drawing {
	if m.samples.w != w {
		m.samples = samples{w, map[float64][]float64{}}
	}
	d := m.c.Drawing()
	for i := range d.Curves {
		d.Curves[i].Chosen = string(d.Curves[i].Letter) == m.class().Letter
	}
	at := d.At
	d.At = func(x float64) []float64 {
		v, ok := m.samples.at[x]
		if !ok {
			v = at(x)
			m.samples.at[x] = v
		}
		return v
	}
	d.ASCII, d.Here, d.YLabel = m.t.ASCII, max(m.c.Reads, d.From), axis
	return d
}

// axis writes an amount at the axis.
func axis(usd float64) string {
	switch {
	case usd >= 1e6:
		return number(tidy(usd/1e6)) + "M"
	case usd >= 1000:
		return parts.Count(int(usd + 0.5))
	}
	return number(tidy(usd))
}

// change tells in a line where the cheapest class becomes another.
func (m *Model) change(x classes.Crossing) string {
	return fmt.Sprintf("%s: %s to %s, at %s USD", times(x.Reads), m.name(x.Below), m.name(x.Above), classes.Money(x.USD))
}

// changes tells in words where the cheapest class changes.
func (m *Model) changes(w int) []string {
	var out []string
	for _, x := range m.c.Crossings {
		if x.Cheapest {
			out = append(out, parts.Wrap(m.change(x), w)...)
		}
	}
	return out
}
