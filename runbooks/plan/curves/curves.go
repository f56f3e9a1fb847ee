// Package curves draws curves in the cells of a terminal or of a text file: what things cost over how often they are
// used, on two axes that count in powers of ten.
//
// A drawing is cells, each with what it is, so that a screen can colour it and a document can print it as it stands.
// Nothing is told by colour: every curve carries its letter along the way, one that does not count is dotted, the chosen
// one is drawn double, and a row below the axis says which one is lowest where.
package curves

import (
	"math"
	"strings"
)

// Curve is one of at most eight lines of a drawing.
type Curve struct {
	Letter rune   // that tells it from the others
	Name   string // for the legend
	Out    bool   // it does not count: it is dotted, and never the lowest
	Chosen bool   // it is drawn double, over the others
}

// Mark is a point of a curve that has a name: where it crosses another.
type Mark struct {
	X     float64
	Curve int    // which of the curves it lies on
	Label string // one line, short; written below the axis
}

// Drawing is what is to be drawn. Both axes are logarithmic.
type Drawing struct {
	Curves []Curve
	// At gives the height of every curve at x, in the order of Curves. What is not above zero or not finite is not drawn.
	At       func(x float64) []float64
	From, To float64 // ends of the x axis; 0 < From < To
	X, Y     string  // what is on the axes, with the unit
	// XLabel and YLabel write a value on an axis.
	XLabel, YLabel func(float64) string
	Marks          []Mark
	Here           float64 // an x to draw a line through; 0 for none
	Lowest         string  // name of the row that says which curve is lowest; empty leaves the row out
	ASCII          bool    // no signs beyond ASCII
}

// Role is what a cell is part of.
type Role int

const (
	Blank  Role = iota
	Axis        // the axes and their ticks
	Label       // words and numbers beside the axes
	Line        // a curve
	Letter      // the letter of a curve
	Cross       // a mark: where two curves cross, and what is written of it
	Here        // the line through Drawing.Here
)

// Cell is one character of a drawing. Curve counts from 0 in cells of the roles Line and Letter.
type Cell struct {
	Sign  rune
	Role  Role
	Curve int
}

// Least is the smallest size that a drawing is made in; below it Cells gives nothing.
const (
	LeastWidth  = 24
	LeastHeight = 7
)

// Cells draws in exactly h rows of exactly w cells, or gives nil when that is too small or there is nothing to draw.
func (d Drawing) Cells(w, h int) [][]Cell {
	if w < LeastWidth || h < LeastHeight || len(d.Curves) == 0 || !(d.From > 0 && d.From < d.To) {
		return nil
	}
	c := newCanvas(d, w, h)
	if c == nil {
		return nil
	}
	c.yAxis()
	c.xAxis()
	c.here()
	c.lines()
	c.letters()
	c.marks()
	c.lowest()
	return c.rows
}

// Legend says which letter is which curve, in as many rows of at most w cells as that takes.
func (d Drawing) Legend(w int) [][]Cell {
	var out [][]Cell
	var row []Cell
	for i, c := range d.Curves {
		words := " " + c.Name
		switch {
		case c.Out:
			words += " (ruled out)"
		case c.Chosen:
			words += " (chosen)"
		}
		item := []Cell{{c.Letter, Letter, i}}
		for _, r := range words {
			item = append(item, Cell{Sign: r, Role: Label})
		}
		if len(row) > 0 && len(row)+3+len(item) > w {
			out, row = append(out, row), nil
		}
		if len(row) > 0 {
			row = append(row, Cell{Sign: ' '}, Cell{Sign: ' '}, Cell{Sign: ' '})
		}
		row = append(row, item...)
		if len(row) > w {
			row = row[:max(0, w)]
			if w > 0 {
				row[w-1] = Cell{Sign: d.signs().more, Role: Label}
			}
		}
	}
	if len(row) > 0 {
		out = append(out, row)
	}
	return out
}

// Text is a drawing as plain lines, without blanks at their ends.
func Text(rows [][]Cell) []string {
	out := make([]string, len(rows))
	var b strings.Builder
	for i, row := range rows {
		b.Reset()
		for _, c := range row {
			b.WriteRune(c.Sign)
		}
		out[i] = strings.TrimRight(b.String(), " ")
	}
	return out
}

// signs are the characters of a drawing: up, down, left and right are where the arms of a corner go.
type signs struct {
	flat, upright                        rune
	leftUp, leftDown, rightUp, rightDown rune
	dot, cross, here, tick, more, up, on rune
	yAxis, yTick, xAxis, xTick, origin   rune
}

var (
	single = signs{
		flat: '─', upright: '│', leftUp: '┘', leftDown: '┐', rightUp: '└', rightDown: '┌',
		dot: '·', cross: '×', here: ':', tick: '▲', more: '…', up: '↑', on: '→', yAxis: '│', yTick: '┤', xAxis: '─', xTick: '┬', origin: '└',
	}
	double = signs{flat: '═', upright: '║', leftUp: '╝', leftDown: '╗', rightUp: '╚', rightDown: '╔'}
	ascii  = signs{
		flat: '-', upright: '|', leftUp: '+', leftDown: '+', rightUp: '+', rightDown: '+',
		dot: '.', cross: 'x', here: ':', tick: '^', more: '~', up: '^', on: '>', yAxis: '|', yTick: '+', xAxis: '-', xTick: '+', origin: '+',
	}
	asciiDouble = signs{flat: '=', upright: '|', leftUp: '#', leftDown: '#', rightUp: '#', rightDown: '#'}
)

func (d Drawing) signs() signs {
	if d.ASCII {
		return ascii
	}
	return single
}

// strokes are the signs of one curve's line.
func (d Drawing) strokes(c Curve) signs {
	switch {
	case c.Chosen && d.ASCII:
		return asciiDouble
	case c.Chosen:
		return double
	}
	return d.signs()
}

// drawn reports whether a height can be drawn on a logarithmic axis.
func drawn(y float64) bool { return y > 0 && !math.IsInf(y, 1) }
