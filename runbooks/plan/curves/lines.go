package curves

import (
	"cmp"
	"slices"
	"strings"
)

// order is the order in which curves are drawn: those that do not count first, the chosen one last, over all others.
func (c *canvas) order() []int {
	var out []int
	for i := range c.d.Curves {
		out = append(out, i)
	}
	rank := func(i int) int {
		switch k := c.d.Curves[i]; {
		case k.Chosen:
			return 2
		case k.Out:
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

func (c *canvas) lines() {
	for _, i := range c.order() {
		if c.d.Curves[i].Out {
			c.dots(i)
		} else {
			c.line(i)
		}
	}
}

// dots draws a curve that does not count.
func (c *canvas) dots(i int) {
	for col := range c.wide {
		if y := c.y(col, i); drawn(y) && col%2 == 0 {
			c.put(col, c.row(y), Cell{c.sign.dot, Line, i})
		}
	}
}

// line draws a curve without a gap: flat along a row, and up or down at the column where it leaves it.
func (c *canvas) line(i int) {
	s := c.d.strokes(c.d.Curves[i])
	before := 0 // row of the column before; 0 when it had none
	for col := range c.wide {
		y := c.y(col, i)
		if !drawn(y) {
			before = 0
			continue
		}
		row := c.row(y)
		switch {
		case before == 0 || before == row:
			c.put(col, row, Cell{s.flat, Line, i})
		case row < before:
			c.put(col, before, Cell{s.leftUp, Line, i})
			c.put(col, row, Cell{s.rightDown, Line, i})
		default:
			c.put(col, before, Cell{s.leftDown, Line, i})
			c.put(col, row, Cell{s.rightUp, Line, i})
		}
		for r := min(row, before) + 1; before > 0 && r < max(row, before); r++ {
			c.put(col, r, Cell{s.upright, Line, i})
		}
		before = row
	}
}

// letters writes the letter of every curve along its way, each in columns of its own, so that of curves that lie on each
// other every one can still be read.
func (c *canvas) letters() {
	n := len(c.d.Curves)
	step := max(2*n, 12)
	for i, k := range c.d.Curves {
		for col := 1 + i*step/n; col < c.wide; col += step {
			for try := col; try < min(col+3, c.wide); try++ {
				y := c.y(try, i)
				if !drawn(y) || c.rows[c.row(y)][c.left+try].Role == Letter {
					continue
				}
				c.put(try, c.row(y), Cell{k.Letter, Letter, i})
				break
			}
		}
	}
}

// placeLabels finds a place for the label of every mark in at most so many rows: below its mark where that is free, else
// as near to it as there is room. What has no place keeps its mark.
func (c *canvas) placeLabels(rows int) {
	taken := make([][]bool, max(0, rows))
	for i := range taken {
		taken[i] = make([]bool, c.wide)
	}
	for _, m := range c.d.Marks {
		if m.X < c.d.From || m.X > c.d.To {
			continue
		}
		col, text := c.col(m.X), []rune(m.Label)
		if at, row, ok := spot(taken, col-len(text)/2, len(text)); ok {
			for i := max(0, at-1); i < min(c.wide, at+len(text)+1); i++ {
				taken[row][i] = true
			}
			c.labels = append(c.labels, placed{col, at, row, text})
		}
	}
}

// spot finds n free columns near to column want; a row further down costs as much as two columns aside.
func spot(taken [][]bool, want, n int) (at, row int, ok bool) {
	best := 1 << 30
	for r, line := range taken {
		for i := 0; i+n <= len(line); i++ {
			away := max(i-want, want-i) + 2*r
			if away < best && !slices.Contains(line[i:i+n], true) {
				at, row, ok, best = i, r, true, away
			}
		}
	}
	return at, row, ok
}

// marks draws where curves cross: on the curve, on the axis, and the label below.
func (c *canvas) marks() {
	for _, m := range c.d.Marks {
		if m.X < c.d.From || m.X > c.d.To {
			continue
		}
		col := c.col(m.X)
		c.put(col, c.high+1, Cell{Sign: c.sign.tick, Role: Cross})
		if y := c.d.At(m.X); m.Curve < len(y) && drawn(y[m.Curve]) {
			c.put(col, c.row(y[m.Curve]), Cell{Sign: c.sign.cross, Role: Cross})
		}
	}
	first := c.high + 3
	if c.d.Lowest != "" {
		first++
	}
	for _, l := range c.labels {
		c.write(l.at, first+l.row, l.text, Cross)
	}
}

// lowest writes below the axis which curve is lowest, in stretches.
func (c *canvas) lowest() {
	if c.d.Lowest == "" {
		return
	}
	row := c.high + 3
	c.gutterWords(row, []rune(c.d.Lowest))
	from, who := 0, c.lowestAt(0)
	for col := 1; col <= c.wide; col++ {
		if col < c.wide && c.lowestAt(col) == who {
			continue
		}
		c.stretch(row, from, col, who)
		if col < c.wide {
			from, who = col, c.lowestAt(col)
		}
	}
}

func (c *canvas) lowestAt(col int) int {
	who := -1
	for i, k := range c.d.Curves {
		if y := c.y(col, i); !k.Out && drawn(y) && (who < 0 || y < c.y(col, who)) {
			who = i
		}
	}
	return who
}

// stretch writes a curve's letter, and its name where there is room, over the columns it is lowest in.
func (c *canvas) stretch(row, from, to, who int) {
	if who < 0 {
		return
	}
	k := c.d.Curves[who]
	fill := c.d.strokes(k).flat
	for col := from; col < to; col++ {
		c.put(col, row, Cell{fill, Line, who})
	}
	if from > 0 {
		c.put(from, row, Cell{Sign: c.sign.upright, Role: Axis})
		from++
	}
	if from >= to {
		return
	}
	c.put(from, row, Cell{k.Letter, Letter, who})
	if name := " " + strings.TrimSpace(k.Name) + " "; k.Name != "" && from+1+len([]rune(name)) < to {
		c.write(from+1, row, []rune(name), Label)
	}
}
