package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// Pictures are SVG made of a terminal's cells: text stays text, and the signs that must join are drawn as lines, so that it
// looks the same in every font.

const (
	cellW, cellH = 8, 18
	baseline     = 13
	margin       = 14

	bold, reverse = 1, 32 // of a cell's attributes
)

// joins says which arms a sign of the box-drawing block has: left, right, up, down, and whether it is double.
var joins = map[string]string{"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud", "═": "LR"}

type ink struct {
	fg   string
	bold bool
}

// svg draws a styled frame the way a terminal would.
func svg(t testing.TB, styled string, w, h int, light bool, title string) string {
	t.Helper()
	back, fore := "#14171C", "#D7DCE3"
	if light {
		back, fore = "#FFFFFF", "#1B1F24"
	}
	em := vt.NewEmulator(w, h)
	defer em.Close()
	if _, err := em.WriteString(strings.ReplaceAll(styled, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	width, height := w*cellW+2*margin, h*cellH+2*margin
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n<title>%s</title>\n", width, height, html.EscapeString(title))
	b.WriteString("<style>text{font:13.2px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;white-space:pre}.b{font-weight:700}path{fill:none}</style>\n")
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"%s\"/>\n", width, height, back)
	for y := range h {
		for x := 0; x < w; {
			x += run(&b, em, x, y, w, fore, back)
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// run draws the cells from x on that look the same, and says how many they are.
func run(b *strings.Builder, em *vt.Emulator, x, y, w int, fore, back string) int {
	first, ground := look(em, x, y, fore, back)
	content, kind := cell(em, x, y)
	n := 1
	for ; x+n < w; n++ {
		l, g := look(em, x+n, y, fore, back)
		c, k := cell(em, x+n, y)
		if l != first || g != ground || k != kind || kind == "|" || (c == " " && strings.HasSuffix(content, " ")) {
			break
		}
		content += c
	}
	px, py := margin+x*cellW, margin+y*cellH
	if ground != back {
		fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", px, py, n*cellW, cellH, ground)
	}
	switch {
	case strings.TrimSpace(content) == "":
	case kind != "text":
		fmt.Fprintf(b, "<path stroke=\"%s\" d=\"%s\"/>\n", first.fg, arms(joins[string([]rune(content)[0])], px, py, n))
	default:
		class := ""
		if first.bold {
			class = ` class="b"`
		}
		lead := len(content) - len(strings.TrimLeft(content, " "))
		text := strings.Trim(content, " ")
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"%s\"%s>%s</text>\n",
			px+lead*cellW, py+baseline, len([]rune(text))*cellW, first.fg, class, html.EscapeString(text))
	}
	return n
}

// cell gives a cell's content and what it is drawn as: text, one sign after the other ("|"), or a line of the same sign.
func cell(em *vt.Emulator, x, y int) (content, kind string) {
	c := em.CellAt(x, y)
	if c == nil || c.Content == "" {
		return " ", "text"
	}
	switch arms := joins[c.Content]; arms {
	case "":
		return c.Content, "text"
	case "lr", "LR":
		return c.Content, arms
	}
	return c.Content, "|"
}

func look(em *vt.Emulator, x, y int, fore, back string) (ink, string) {
	c := em.CellAt(x, y)
	if c == nil {
		return ink{fg: fore}, back
	}
	fg, bg := hex(c.Style.Fg, fore), hex(c.Style.Bg, back)
	if c.Style.Attrs&reverse != 0 {
		fg, bg = bg, fg
	}
	return ink{fg, c.Style.Attrs&bold != 0}, bg
}

func hex(c color.Color, otherwise string) string {
	if c == nil {
		return otherwise
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}

// arms is the path of a sign, n cells long.
func arms(which string, px, py, n int) string {
	cx, cy := float64(px)+cellW/2, float64(py)+cellH/2
	var d strings.Builder
	line := func(x1, y1, x2, y2 float64) { fmt.Fprintf(&d, "M%g %gL%g %g", x1, y1, x2, y2) }
	for _, a := range which {
		switch a {
		case 'l':
			line(float64(px), cy, cx+float64((n-1)*cellW), cy)
		case 'r':
			line(cx, cy, float64(px+n*cellW), cy)
		case 'L':
			line(float64(px), cy-1.5, float64(px+n*cellW), cy-1.5)
		case 'R':
			line(float64(px), cy+1.5, float64(px+n*cellW), cy+1.5)
		case 'u':
			line(cx, float64(py), cx, cy)
		case 'd':
			line(cx, cy, cx, float64(py+cellH))
		}
	}
	return d.String()
}
