package curves

import (
	"math"
	"slices"
)

// canvas is a drawing in the making. The plot's own cells begin at column left and row 1; row 0 has the names of the
// axes, and below the plot come the axis, its numbers, the row of the lowest and the labels of the marks.
type canvas struct {
	d      Drawing
	rows   [][]Cell
	sign   signs
	left   int // first column of the plot
	wide   int // columns of the plot
	high   int // rows of the plot
	values [][]float64
	low    float64 // logarithms of the y axis's ends
	top    float64
	labels []placed
}

// placed is the label of a mark with its place below the axis.
type placed struct {
	col, at, row int
	text         []rune
}

// mostLabelRows is how many rows the labels of the marks may take.
const mostLabelRows = 3

func newCanvas(d Drawing, w, h int) *canvas {
	c := &canvas{d: d, sign: d.signs(), rows: make([][]Cell, h)}
	for i := range c.rows {
		c.rows[i] = slices.Repeat([]Cell{{Sign: ' '}}, w)
	}
	for i := 0; i < 2; i++ { // the numbers beside the axis need to know its ends, and those what is drawn
		c.wide = w - c.left
		if c.wide < 2 || !c.measure() {
			return nil
		}
		c.left = c.gutter(w)
	}
	c.wide = w - c.left
	c.measure()
	below := 2
	if d.Lowest != "" {
		below++
	}
	c.placeLabels(min(mostLabelRows, h-1-below-4))
	for _, l := range c.labels {
		c.high = max(c.high, l.row+1)
	}
	c.high = h - 1 - below - c.high
	return c
}

// measure takes the height of every curve at every column, and the ends of the y axis.
func (c *canvas) measure() bool {
	c.values = make([][]float64, c.wide)
	least, most := math.Inf(1), 0.0
	for i := range c.values {
		c.values[i] = c.d.At(c.x(i))
		for n := range c.d.Curves {
			if y := c.y(i, n); drawn(y) {
				least, most = min(least, y), max(most, y)
			}
		}
	}
	if most == 0 {
		return false
	}
	c.low, c.top = math.Floor(math.Log10(least)*2)/2, math.Ceil(math.Log10(most)*2)/2
	if c.top-c.low < 1 {
		c.low, c.top = c.low-0.5, c.top+0.5
	}
	return true
}

// y is the height of a curve at a column; 0 where it has none.
func (c *canvas) y(col, curve int) float64 {
	if v := c.values[col]; curve < len(v) {
		return v[curve]
	}
	return 0
}

// x is the value of a column, and col the column of a value.
func (c *canvas) x(col int) float64 {
	part := float64(col) / float64(max(1, c.wide-1))
	return math.Pow(10, math.Log10(c.d.From)+part*(math.Log10(c.d.To)-math.Log10(c.d.From)))
}

func (c *canvas) col(x float64) int {
	if !(x > c.d.From) {
		return 0
	}
	part := (math.Log10(x) - math.Log10(c.d.From)) / (math.Log10(c.d.To) - math.Log10(c.d.From))
	return min(c.wide-1, int(math.Round(min(1, part)*float64(c.wide-1))))
}

// row is the row of the screen that a height is in.
func (c *canvas) row(y float64) int {
	part := (math.Log10(y) - c.low) / (c.top - c.low)
	return 1 + max(0, min(c.high-1, c.high-1-int(math.Round(part*float64(c.high-1)))))
}

// put writes one cell of the plot's columns, write a text; what would stand outside is left out.
func (c *canvas) put(col, row int, cell Cell) {
	if col += c.left; row >= 0 && row < len(c.rows) && col >= 0 && col < len(c.rows[row]) {
		c.rows[row][col] = cell
	}
}

func (c *canvas) write(col, row int, text []rune, role Role) {
	for i, r := range text {
		c.put(col+i, row, Cell{Sign: r, Role: role})
	}
}

// powers lists the powers of ten between two logarithms.
func powers(low, top float64) []float64 {
	var out []float64
	for p := math.Ceil(low - 1e-9); p <= top+1e-9; p++ {
		out = append(out, math.Pow(10, p))
	}
	return out
}

func label(write func(float64) string, v float64) []rune {
	if write == nil {
		return nil
	}
	return []rune(write(v))
}

// gutter is how many columns the numbers beside the y axis take, with the axis itself.
func (c *canvas) gutter(w int) int {
	n := len([]rune(c.d.Lowest))
	for _, v := range powers(c.low, c.top) {
		n = max(n, len(label(c.d.YLabel, v)))
	}
	return min(n, w/3) + 2
}

// yAxis draws the axis with its numbers, and the names of both axes above the plot.
func (c *canvas) yAxis() {
	for r := 1; r <= c.high; r++ {
		c.put(-1, r, Cell{Sign: c.sign.yAxis, Role: Axis})
	}
	for _, v := range powers(c.low, c.top) {
		r := c.row(v)
		c.put(-1, r, Cell{Sign: c.sign.yTick, Role: Axis})
		c.gutterWords(r, label(c.d.YLabel, v))
	}
	name := append([]rune{c.sign.up, ' '}, []rune(c.d.Y)...)
	c.write(-c.left, 0, name[:min(len(name), c.left+c.wide)], Label)
	if across := append([]rune(c.d.X), ' ', c.sign.on); len(name)+2+len(across) <= c.left+c.wide {
		c.write(c.wide-len(across), 0, across, Label)
	}
}

// gutterWords writes right-aligned beside the axis.
func (c *canvas) gutterWords(row int, text []rune) {
	if room := c.left - 2; len(text) > room {
		text = append(slices.Clone(text[:max(0, room-1)]), c.sign.more)
	}
	c.write(-2-len(text), row, text, Label)
}

// xAxis draws the axis with its numbers.
func (c *canvas) xAxis() {
	r := c.high + 1
	c.put(-1, r, Cell{Sign: c.sign.origin, Role: Axis})
	for i := range c.wide {
		c.put(i, r, Cell{Sign: c.sign.xAxis, Role: Axis})
	}
	end := -1
	for _, v := range powers(math.Log10(c.d.From), math.Log10(c.d.To)) {
		col, text := c.col(v), label(c.d.XLabel, v)
		c.put(col, r, Cell{Sign: c.sign.xTick, Role: Axis})
		at := max(0, min(col-len(text)/2, c.wide-len(text)))
		if at > end && at+len(text) <= c.wide {
			c.write(at, r+1, text, Label)
			end = at + len(text)
		}
	}
}

// here draws the line through the value one stands at.
func (c *canvas) here() {
	if !(c.d.Here > 0) {
		return
	}
	for r := 1; r <= c.high; r++ {
		c.put(c.col(c.d.Here), r, Cell{Sign: c.sign.here, Role: Here})
	}
}
