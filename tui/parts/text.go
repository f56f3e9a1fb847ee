// Package parts holds small pure drawing functions: text in, lines out.
//
// A part knows no screen and does nothing; the few that keep something (Scroll, Help, Board) are fields of the screen they
// belong to. It gets a width and never draws a line wider than that,
// whatever the width is and whatever the text holds; widths are cells, measured, never bytes.
package parts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"lifeboat/tui/theme"
)

// Cut shortens s to w cells, with a sign that something is missing.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	s = oneLine(s)
	if ansi.StringWidth(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// Pad makes s exactly w cells wide, cut or filled with spaces.
func Pad(s string, w int) string {
	if w <= 0 {
		return ""
	}
	s = oneLine(s)
	n := ansi.StringWidth(s)
	switch {
	case n > w:
		s = ansi.Truncate(s, w, "…")
		n = ansi.StringWidth(s)
		fallthrough
	case n < w:
		return s + strings.Repeat(" ", max(0, w-n))
	}
	return s
}

// Fit makes a block exactly w cells wide and h lines high.
func Fit(lines []string, w, h int) []string {
	out := make([]string, max(0, h))
	blank := strings.Repeat(" ", max(0, w))
	for i := range out {
		if i < len(lines) {
			out[i] = Pad(lines[i], w)
		} else {
			out[i] = blank
		}
	}
	return out
}

// Wrap breaks text at words into lines of at most w cells; a word longer than that is broken too. Line ends in the
// text are kept.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	lines := strings.Split(ansi.Wrap(clean(s), w, ""), "\n")
	for i, l := range lines {
		if ansi.StringWidth(l) > w { // blanks at a line's start, or a letter of two cells in one
			lines[i] = Cut(l, w)
		}
	}
	return lines
}

// Readable is how wide prose is in a column of w cells: the eye does not find the next line after a longer one.
func Readable(w int) int { return min(w, 92) }

// oneLine makes blanks of what would leave the line.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\n\r\t") {
		return s
	}
	return strings.NewReplacer("\n", " ", "\r", "", "\t", " ").Replace(s)
}

// clean takes out what would move the cursor: user data may hold anything.
func clean(s string) string {
	s = strings.ReplaceAll(s, "\t", "  ")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\x1b' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// Plain takes every escape and control character out of s and makes it one line.
func Plain(s string) string {
	return strings.Join(strings.Fields(clean(ansi.Strip(s))), " ")
}

// Indent puts a prefix before every line.
func Indent(lines []string, prefix string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = prefix + l
	}
	return out
}

// Ends sets left and right at the two ends of a line of w cells; the right one gives way first.
func Ends(left, right string, w int) string {
	left, right = oneLine(left), oneLine(right)
	l, r := ansi.StringWidth(left), ansi.StringWidth(right)
	switch {
	case w <= 0:
		return ""
	case l+r+1 > w && l+2 > w:
		return Pad(left, w)
	case l+r+1 > w:
		right = Cut(right, w-l-1)
		r = ansi.StringWidth(right)
	}
	return left + strings.Repeat(" ", max(0, w-l-r)) + right
}

// Beside sets blocks of the same height next to each other with a separator between.
func Beside(sep string, blocks ...[]string) []string {
	if len(blocks) == 0 {
		return nil
	}
	out := make([]string, len(blocks[0]))
	var b strings.Builder
	for i := range out {
		b.Reset()
		for n, block := range blocks {
			if n > 0 {
				b.WriteString(sep)
			}
			if i < len(block) {
				b.WriteString(block[i])
			}
		}
		out[i] = b.String()
	}
	return out
}

// Head is a section's title on a rule that fills the line.
func Head(t *theme.Theme, title string, w int) string {
	title = oneLine(title)
	n := ansi.StringWidth(title)
	if n+1 >= w {
		return Cut(t.Muted.Render(title), w)
	}
	return t.Muted.Render(title) + " " + t.Faint.Render(strings.Repeat(t.Sym.Line, w-n-1))
}

// Rule is a line across.
func Rule(t *theme.Theme, w int) string { return t.Faint.Render(strings.Repeat(t.Sym.Line, max(0, w))) }

// Prose wraps text as lessons are written: paragraphs, lines starting with "- ", and `code`, which is coloured.
func Prose(t *theme.Theme, text string, w int) []string {
	var out []string
	for _, para := range strings.Split(strings.TrimSpace(ansi.Strip(text)), "\n\n") {
		if len(out) > 0 {
			out = append(out, "")
		}
		for _, item := range items(para) {
			first, rest := "", ""
			if body, ok := strings.CutPrefix(item, "- "); ok {
				first, rest, item = t.Sym.Bullet+" ", "  ", body
			}
			for i, line := range Wrap(item, max(1, w-ansi.StringWidth(first))) {
				if i > 0 {
					first = rest
				}
				out = append(out, Cut(first+line, w))
			}
		}
	}
	return code(t, out)
}

// items joins the lines of a paragraph, except where a list item begins.
func items(para string) []string {
	var out []string
	for _, line := range strings.Split(para, "\n") {
		line = strings.TrimSpace(line)
		if len(out) == 0 || strings.HasPrefix(line, "- ") {
			out = append(out, line)
			continue
		}
		out[len(out)-1] += " " + line
	}
	return out
}

// code colours what stands between backticks, also across a line's end, and takes the backticks away.
func code(t *theme.Theme, lines []string) []string {
	in := false
	for i, line := range lines {
		pieces := strings.Split(line, "`")
		if len(pieces) == 1 && !in {
			continue
		}
		var b strings.Builder
		for n, p := range pieces {
			if n > 0 {
				in = !in
			}
			if in && p != "" {
				p = t.Code.Render(p)
			}
			b.WriteString(p)
		}
		lines[i] = b.String()
	}
	return lines
}

// Span says a length of time in words short enough for a label: "12 s", "5 min", "1 h 20 min", "3 d 4 h".
func Span(d time.Duration) string {
	neg := ""
	if d < 0 {
		neg, d = "-", -d
	}
	switch {
	case d < time.Second && d > 0:
		return neg + strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 2*time.Minute:
		return neg + strconv.Itoa(int(d.Round(time.Second)/time.Second)) + " s"
	case d < time.Hour:
		return neg + pair(d, time.Minute, "min", time.Second, "s", d < 10*time.Minute)
	case d < 48*time.Hour:
		return neg + pair(d, time.Hour, "h", time.Minute, "min", true)
	}
	return neg + pair(d, 24*time.Hour, "d", time.Hour, "h", d < 14*24*time.Hour)
}

func pair(d, big time.Duration, bigName string, small time.Duration, smallName string, both bool) string {
	if !both {
		return fmt.Sprintf("%d %s", int(d.Round(big)/big), bigName)
	}
	d = d.Round(small)
	n, rest := int(d/big), int(d%big/small)
	if rest == 0 {
		return fmt.Sprintf("%d %s", n, bigName)
	}
	return fmt.Sprintf("%d %s %d %s", n, bigName, rest, smallName)
}

// Count writes a number with commas: 2,048.
func Count(n int) string {
	s := strconv.Itoa(n)
	start := len(s) % 3
	if n < 0 {
		return "-" + Count(-n)
	}
	var b strings.Builder
	b.WriteString(s[:start])
	for i := start; i < len(s); i += 3 {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}

// Plural gives "1 step", "3 steps" or "3 tries".
func Plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	if stem, y := strings.CutSuffix(word, "y"); y && strings.TrimRight(stem, "aeou") == stem {
		word = stem + "ie"
	}
	return Count(n) + " " + word + "s"
}

// Gauge is a bar of w cells filled to x of 1; beyond 1 it is full and its end says so.
func Gauge(t *theme.Theme, x float64, w int) string {
	if w <= 0 {
		return ""
	}
	n := max(0, min(w, int(x*float64(w)+0.5)))
	if x > 0 && n == 0 {
		n = 1
	}
	style := t.Accent
	if x > 1 {
		style = t.Bad
	}
	return style.Render(strings.Repeat(t.Sym.Heavy, n)) + t.Faint.Render(strings.Repeat(t.Sym.Line, w-n))
}
