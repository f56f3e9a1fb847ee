package parts

import (
	"math"
	"slices"
	"time"
)

// scale maps moments to columns. It keeps their order, draws equal gaps equally wide, and draws a long gap shorter than
// it is (by its square root), so that an hour and a month fit on one line; Long says which gaps to mark.
type scale struct {
	at  []time.Time // distinct, in order
	col []int       // of each
}

// zone is a stretch of time that must be at least so many columns wide: something is written in it.
type zone struct {
	from, to time.Time
	cols     int
}

func newScale(moments []time.Time, cols int, zones ...zone) scale {
	moments = slices.Clone(moments)
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, func(a, b time.Time) bool { return a.Equal(b) })
	s := scale{at: moments, col: make([]int, len(moments))}
	if len(moments) < 2 || cols < 2 {
		return s
	}
	widths := make([]float64, len(moments)-1)
	for i := range widths {
		widths[i] = math.Sqrt(float64(moments[i+1].Sub(moments[i])))
	}
	stretch(widths, nil, 0, float64(cols-1))
	held := make([]bool, len(widths))
	for range zones {
		for _, z := range zones {
			in := s.gaps(z)
			if len(in) == 0 || sum(widths, in) >= float64(z.cols) {
				continue
			}
			scaleTo(widths, in, float64(z.cols))
			for _, i := range in {
				held[i] = true
			}
			stretch(widths, held, sumHeld(widths, held), float64(cols-1))
		}
	}
	x := 0.0
	for i, w := range widths {
		x += w
		s.col[i+1] = min(cols-1, int(math.Round(x)))
	}
	return s
}

// gaps lists the gaps that lie in a zone.
func (s scale) gaps(z zone) []int {
	var out []int
	for i := range len(s.at) - 1 {
		if !s.at[i].Before(z.from) && !s.at[i+1].After(z.to) {
			out = append(out, i)
		}
	}
	return out
}

// stretch brings all gaps that are not held to the width that the held ones leave.
func stretch(widths []float64, held []bool, taken, total float64) {
	var free []int
	for i := range widths {
		if held == nil || !held[i] {
			free = append(free, i)
		}
	}
	scaleTo(widths, free, max(0, total-taken))
	if len(free) == 0 || taken > total {
		all := make([]int, len(widths))
		for i := range all {
			all[i] = i
		}
		scaleTo(widths, all, total)
	}
}

func scaleTo(widths []float64, in []int, total float64) {
	have := sum(widths, in)
	if have == 0 {
		return
	}
	for _, i := range in {
		widths[i] *= total / have
	}
}

func sum(widths []float64, in []int) float64 {
	t := 0.0
	for _, i := range in {
		t += widths[i]
	}
	return t
}

func sumHeld(widths []float64, held []bool) float64 {
	t := 0.0
	for i, h := range held {
		if h {
			t += widths[i]
		}
	}
	return t
}

// x is the column of a moment; one that is not among the scale's own stands between its neighbours.
func (s scale) x(t time.Time) int {
	if len(s.at) == 0 {
		return 0
	}
	i, found := slices.BinarySearchFunc(s.at, t, time.Time.Compare)
	switch {
	case found:
		return s.col[i]
	case i == 0:
		return 0
	case i == len(s.at):
		return s.col[i-1]
	}
	part := float64(t.Sub(s.at[i-1])) / float64(s.at[i].Sub(s.at[i-1]))
	return s.col[i-1] + int(part*float64(s.col[i]-s.col[i-1]))
}

// uneven reports whether gaps differ so much that the drawing must say that it is not to scale.
func (s scale) uneven() bool {
	if len(s.at) < 3 {
		return false
	}
	least, most := time.Duration(math.MaxInt64), time.Duration(0)
	for i := range len(s.at) - 1 {
		g := s.at[i+1].Sub(s.at[i])
		least, most = min(least, g), max(most, g)
	}
	return most > 4*least
}

// long lists the gaps much longer than the middle one that have room for a word: they are drawn broken.
func (s scale) long(room int) []int {
	n := len(s.at) - 1
	if n < 3 {
		return nil
	}
	gaps := make([]time.Duration, n)
	for i := range gaps {
		gaps[i] = s.at[i+1].Sub(s.at[i])
	}
	sorted := slices.Clone(gaps)
	slices.Sort(sorted)
	var out []int
	for i, g := range gaps {
		if g > 8*sorted[n/2] && s.col[i+1]-s.col[i] >= room {
			out = append(out, i)
		}
	}
	return out
}
