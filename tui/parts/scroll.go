package parts

import (
	"fmt"

	"lifeboat/tui/theme"
)

// Scroll is where a column that is longer than its place is looked at. Its zero value is the top. How long the column
// is comes with every cut, so it never stands past the end for longer than until it is drawn.
type Scroll struct {
	top, page int
}

// By moves by lines; Page by pages, which share two lines with the one before.
func (s *Scroll) By(lines int) { s.top = max(0, s.top+lines) }

// Page moves by pages.
func (s *Scroll) Page(pages int) { s.By(pages * max(1, s.page-2)) }

// Home goes to the top, End to the end.
func (s *Scroll) Home() { s.top = 0 }

// End goes to the end.
func (s *Scroll) End() { s.top = 1 << 30 }

// Show brings a line to the middle.
func (s *Scroll) Show(line int) { s.top = max(0, line-s.page/2) }

// Cut gives the lines that are seen through a window of h.
func (s *Scroll) Cut(lines []string, h int) []string {
	s.page = max(1, h)
	s.top = max(0, min(s.top, len(lines)-s.page))
	return lines[s.top:min(len(lines), s.top+s.page)]
}

// Marked is Cut with a word in the first and the last line about what is outside.
func (s *Scroll) Marked(t *theme.Theme, lines []string, h int) []string {
	all := len(lines)
	out := s.Cut(lines, h)
	if all <= h || h <= 2 {
		return out
	}
	out = append([]string(nil), out...)
	if rest := all - s.top - h; rest > 0 {
		out[h-1] = t.Muted.Render(fmt.Sprintf("%s %s more", t.Sym.Down, Plural(rest+1, "line")))
	}
	if s.top > 0 {
		out[0] = t.Muted.Render(t.Sym.Up + " " + Plural(s.top+1, "line") + " above")
	}
	return out
}

// Place says how far down a column of so many lines the window of the last cut is.
func (s *Scroll) Place(lines int) string {
	if lines <= s.page {
		return "all of it"
	}
	return fmt.Sprintf("%d%%", 100*s.top/(lines-s.page))
}
