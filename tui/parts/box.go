package parts

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"lifeboat/tui/theme"
)

// Box frames lines of at most inner cells under a title; it is inner+6 cells wide and at most h lines high.
func Box(t *theme.Theme, title string, lines []string, inner, h int) []string {
	title = Cut(title, inner)
	rest := max(0, inner+1-ansi.StringWidth(title))
	out := []string{t.Accent.Render(t.Sym.TopLeft+t.Sym.Line+" ") + t.Strong.Render(title) +
		t.Accent.Render(" "+strings.Repeat(t.Sym.Line, rest)+t.Sym.TopRight)}
	side := t.Accent.Render(t.Sym.Bar)
	blank := side + strings.Repeat(" ", inner+4) + side
	if h > len(lines)+3 {
		lines = append([]string{""}, lines...)
	}
	for _, l := range lines {
		if len(out) >= h-1 {
			break
		}
		if l == "" {
			out = append(out, blank)
			continue
		}
		out = append(out, side+"  "+Pad(l, inner)+"  "+side)
	}
	return append(out, t.Accent.Render(t.Sym.BottomLeft+strings.Repeat(t.Sym.Line, inner+4)+t.Sym.BottomRight))
}

// Over lays a block in the middle of a screen of w cells a line.
func Over(screen, block []string, w int) []string {
	if len(block) == 0 {
		return screen
	}
	out := append([]string(nil), screen...)
	top := max(0, (len(screen)-len(block))/2)
	bw := ansi.StringWidth(block[0])
	left := max(0, (w-bw)/2)
	for i, b := range block {
		if top+i >= len(out) {
			break
		}
		line := out[top+i]
		out[top+i] = Cut(Pad(ansi.Truncate(line, left, ""), left)+Pad(b, min(bw, w))+ansi.TruncateLeft(line, left+bw, ""), w)
	}
	return out
}
