package parts

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/plan/curves"
	"lifeboat/tui/theme"
)

// TestCurvesColourOnly finds the drawing unchanged under its colours, and every curve that counts in a colour of its own.
func TestCurvesColourOnly(t *testing.T) {
	d := curves.Drawing{From: 0.01, To: 10, At: func(x float64) []float64 { return []float64{1 + x, 2, 3 * x, 4, 5 * x, 6, 7 * x, 8} },
		X: "x", Y: "y", Lowest: "lowest", Here: 1, Marks: []curves.Mark{{X: 1, Curve: 1, Label: "here"}}}
	for i := range 8 {
		d.Curves = append(d.Curves, curves.Curve{Letter: rune('A' + i), Name: "curve", Chosen: i == 2})
	}
	cells := d.Cells(90, 24)
	out := Curves(theme.New(true, false), d, cells)
	for i, l := range out {
		out[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	if !slices.Equal(out, curves.Text(cells)) {
		t.Errorf("the colours change the drawing:\n%s", strings.Join(out, "\n"))
	}
	seen := map[string]bool{}
	for _, p := range newPens(theme.New(true, false), d).letter {
		seen[p.before] = true
	}
	if len(seen) != 8 {
		t.Errorf("eight curves have %d colours", len(seen))
	}
}
