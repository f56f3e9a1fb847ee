package parts

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// strip is one line of cells that can be written to in any order. Styles are compared by address, so that neighbours
// of the same style are rendered together.
type strip struct {
	cells  []string
	styles []*lipgloss.Style
}

func newStrip(w int) *strip {
	s := &strip{cells: make([]string, max(0, w)), styles: make([]*lipgloss.Style, max(0, w))}
	for i := range s.cells {
		s.cells[i] = " "
	}
	return s
}

// put writes single-width text from x on; what would stand outside is left out.
func (s *strip) put(x int, text string, style *lipgloss.Style) {
	for _, r := range text {
		if x >= 0 && x < len(s.cells) {
			s.cells[x], s.styles[x] = string(r), style
		}
		x++
	}
}

// fill writes one sign from x to the cell before end.
func (s *strip) fill(x, end int, sign string, style *lipgloss.Style) {
	for ; x < end; x++ {
		s.put(x, sign, style)
	}
}

// free reports whether the cells of text at x, with one blank on each side, hold nothing yet.
func (s *strip) free(x, n int) bool {
	if x < 0 || x+n > len(s.cells) {
		return false
	}
	for i := max(0, x-1); i < min(len(s.cells), x+n+1); i++ {
		if s.cells[i] != " " {
			return false
		}
	}
	return true
}

// beside writes a sign at x with words next to it, without touching what is there: the words to its right, else to its
// left, else closer to the middle. It reports whether there was room.
func (s *strip) beside(x int, sign, words string, style *lipgloss.Style) bool {
	right, left := sign+" "+words, words+" "+sign
	n := ansi.StringWidth(right)
	for _, try := range []struct {
		at   int
		text string
	}{{x, right}, {x - n + 1, left}} {
		if s.free(try.at, n) {
			s.put(try.at, try.text, style)
			return true
		}
	}
	at := min(max(0, x-n/2), len(s.cells)-n)
	if !s.free(at, n) {
		return false
	}
	s.put(at, right, style)
	return true
}

func (s *strip) String() string {
	var b strings.Builder
	for i := 0; i < len(s.cells); {
		j := i + 1
		for j < len(s.cells) && s.styles[j] == s.styles[i] {
			j++
		}
		run := strings.Join(s.cells[i:j], "")
		if st := s.styles[i]; st != nil && strings.TrimSpace(run) != "" {
			run = st.Render(run)
		}
		b.WriteString(run)
		i = j
	}
	return b.String()
}
