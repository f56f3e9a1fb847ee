package runner

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

// pane is a drawing that is kept until something in it changes.
type pane struct {
	lines []string
	w, h  int
	dirty bool
}

func (p *pane) draw(w, h int, fn func() []string) []string {
	if p.dirty || p.w != w || p.h != h || p.lines == nil {
		p.lines, p.w, p.h, p.dirty = parts.Fit(fn(), w, h), w, h, false
	}
	return p.lines
}

// View draws the screen: exactly h lines of at most w cells.
func (m *Model) View(w, h int) []string {
	head := m.panes.head.draw(w, m.headHeight(w), func() []string { return m.head(w) })
	body := h - len(head) - 2
	var lines []string
	switch {
	case m.help.On():
		lines = parts.Fit(parts.Indent(m.help.Draw(m.t, m.table, w-3, body), " "), w, body)
	case w >= 120 && body >= 20:
		lines = m.wide(w, body)
	default:
		lines = m.narrow(w, body)
	}
	out := make([]string, 0, h)
	out = append(append(out, head...), lines...)
	out = append(out, parts.Rule(m.t, w), m.foot(w))
	if m.dialog != nil {
		out = parts.Over(out, m.dialog.draw(m.t, w, h-2), w)
	}
	return parts.Fit(out[:min(h, len(out))], w, h)
}

// wide shows everything side by side, the timeline across the bottom.
func (m *Model) wide(w, h int) []string {
	th := min(10, max(8, h/4))
	bh := h - th - 2
	left := min(50, max(42, w*3/10))
	sep := m.t.Faint.Render(m.t.Sym.Bar)
	steps := m.panes.steps.draw(left, bh, func() []string { return m.steps(left, bh) })
	var blocks [][]string
	if rest := w - left - 1; rest >= 132 {
		mid := rest / 2
		blocks = [][]string{steps,
			m.panes.step.draw(mid, bh, func() []string { return m.scrolled(m.what(mid-3), bh) }),
			m.panes.more.draw(rest-mid-1, bh, func() []string { return parts.Indent(tail(m.happening(rest-mid-4), bh-1, 1), "  ") })}
	} else {
		blocks = [][]string{steps, m.panes.step.draw(rest, bh, func() []string {
			return m.scrolled(m.whole(rest-3), bh)
		})}
	}
	line := m.panes.line.draw(w, th, func() []string {
		return append([]string{" " + parts.Head(m.t, "recovery timeline", w-2)}, parts.Indent(m.d.timeline().Draw(m.t, w-4, th-1), "  ")...)
	})
	return append(append(append([]string{""}, parts.Beside(sep, blocks...)...), ""), line...)
}

// narrow shows one of the three, and which.
func (m *Model) narrow(w, h int) []string {
	bh := h - 1
	var lines []string
	switch m.view {
	case viewSteps:
		lines = m.panes.steps.draw(w, bh, func() []string { return m.steps(w, bh) })
	case viewStep:
		lines = m.panes.step.draw(w, bh, func() []string { return m.scrolled(m.whole(w-4), bh) })
	default:
		lines = m.panes.line.draw(w, bh, func() []string { return m.lineView(w, bh) })
	}
	return append([]string{m.tabs(w)}, lines...)
}

// lineView is the timeline with what it says in words under it.
func (m *Model) lineView(w, h int) []string {
	l := m.d.timeline()
	out := append([]string{""}, parts.Indent(l.Draw(m.t, w-2, min(12, h-1)), " ")...)
	out = append(out, "", "")
	for _, words := range l.Words() {
		for _, s := range parts.Wrap(words, max(1, w-6)) {
			out = append(out, "   "+m.t.Muted.Render(s))
		}
	}
	return out
}

// tabs names the three views, the one that is shown set apart by its brackets.
func (m *Model) tabs(w int) string {
	var b strings.Builder
	b.WriteByte(' ')
	for i, name := range []string{"steps", "this step", "timeline"} {
		if i == m.view {
			b.WriteString(m.t.Accent.Render("[") + m.t.Strong.Render(fmt.Sprintf("%d %s", i+1, name)) + m.t.Accent.Render("]") + "  ")
			continue
		}
		b.WriteString(m.t.Muted.Render(fmt.Sprintf(" %d %s ", i+1, name)) + "  ")
	}
	return parts.Ends(b.String(), m.t.Muted.Render(m.count())+" ", w)
}

func (m *Model) count() string {
	n := len(m.d.book.Steps)
	switch {
	case m.d.Cleaning:
		return "cleaning up"
	case m.d.Outcome != nil:
		return fmt.Sprintf("%d of %s over", m.d.done(), parts.Plural(n, "step"))
	}
	auto := ""
	if m.auto && m.d.state(m.d.Current) != journal.Failed {
		auto = "runs by itself " + m.t.Sym.Dot + " "
	}
	return auto + fmt.Sprintf("step %d of %d", min(m.d.index[m.d.last]+1, n), n)
}

func (m *Model) headHeight(w int) int {
	if w < 76 {
		return 3
	}
	return 2
}

// head is what is always there: the target, the clock, RPO and RTO.
func (m *Model) head(w int) []string {
	t := m.t
	badge := t.Sandbox.Render(" SANDBOX ")
	where := strings.TrimSpace(m.d.Run.Account)
	if m.d.Run.Target == "aws" {
		badge = t.Real.Render(" AWS ACCOUNT ")
		where = t.Bad.Bold(true).Render(strings.TrimSpace(m.d.Run.Alias + " " + m.d.Run.Account))
	} else if m.d.Run.ID == "" {
		badge, where = t.Muted.Render(" opening "), ""
	} else {
		where = t.Muted.Render(where)
	}
	if home := m.d.Run.Regions["home"]; home != "" {
		regions := home
		if away := m.d.Run.Regions["away"]; away != "" {
			regions += " " + t.Sym.Dot + " " + away
		}
		where += "  " + t.Muted.Render(regions)
	}
	title := m.d.book.Title
	if title == "" {
		title = m.d.Run.Title
	}
	clock := ""
	if !m.d.now.IsZero() {
		clock = t.Strong.Render(m.d.clock().UTC().Format("15:04:05"))
		if w >= 100 {
			clock += t.Muted.Render(m.d.clock().UTC().Format(" Mon 2 Jan"))
		}
		clock += t.Muted.Render(" UTC")
		if m.d.Run.Target != "aws" && w >= 100 {
			clock = t.Muted.Render("sandbox clock ") + clock
		}
	}
	rpo, rto := m.d.figures()
	figures := rpo.Short(t) + "   " + rto.Short(t)
	if w >= 120 {
		figures += "   " + t.Muted.Render(m.count())
	}
	first := parts.Ends(" "+badge+" "+t.Strong.Render(parts.Cut(title, max(8, w-14-ansi.StringWidth(clock)))), clock+" ", w)
	if w < 76 {
		return []string{parts.Ends(" "+badge+" "+t.Strong.Render(title), " ", w),
			parts.Ends(" "+figures, clock+" ", w), parts.Ends(" "+where, "", w)}
	}
	return []string{first, parts.Ends(" "+where, figures+" ", w)}
}

// foot is the line of keys, or what was just said.
func (m *Model) foot(w int) string {
	switch {
	case m.dialog != nil:
		words := "the run waits for you"
		if m.closed || m.d.Outcome != nil {
			words = "the run has ended"
		} else if !m.dialog.asked && m.d.busy() {
			words = "the run goes on meanwhile"
		}
		return parts.Ends(" "+m.t.Muted.Render(words), "", w)
	case m.help.On():
		return m.help.Foot(m.t, w)
	case m.toast != "":
		return parts.Said(m.t, m.t.Sym.Cursor, m.toast, w)
	case m.closed:
		return parts.Ends(" "+m.t.Key.Render("q")+" "+m.t.Muted.Render("back to the start"), m.t.Key.Render("?")+" "+m.t.Muted.Render("keys")+" ", w)
	}
	return parts.Footer(m.t, m.table, "?", w)
}

// scrolled cuts a column to what can be seen, and says where there is more.
func (m *Model) scrolled(lines []string, h int) []string {
	return parts.Indent(m.scroll.Marked(m.t, lines, h), "  ")
}

// tail keeps the first lines and, when there are too many, the last ones: what happens now is at the end.
func tail(lines []string, h, first int) []string {
	if len(lines) <= h || h <= first {
		return lines
	}
	return append(append([]string(nil), lines[:first]...), lines[len(lines)-h+first:]...)
}
