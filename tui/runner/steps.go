package runner

import (
	"strings"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

// steps is where I am: the steps by phase with their states, scrolled so that the one that is looked at can be seen.
func (m *Model) steps(w, h int) []string {
	var out []string
	at, phase := 0, ""
	for i, s := range m.d.book.Steps {
		if s.Phase != phase {
			phase = s.Phase
			if i > 0 {
				out = append(out, "")
			}
			out = append(out, " "+parts.Ends(m.phase(phase), "", w-1))
		}
		if s.Part != "" && (i == 0 || m.d.book.Steps[i-1].Part != s.Part) {
			group := m.d.group(s.Part)
			if !m.open(group) {
				out = append(out, m.groupLine(group, w))
			} else {
				out = append(out, parts.Cut("  "+m.t.Muted.Render(m.t.Sym.Down)+" "+m.t.Strong.Render(s.PartTitle), w))
			}
		}
		if s.Part != "" && !m.open(m.d.group(s.Part)) {
			continue
		}
		if s.ID == m.shown() {
			at = len(out)
		}
		out = append(out, m.stepLine(s, m.marked(s.ID), w))
	}
	if m.d.Cleaning || m.d.Cleaned {
		sign, word, style := m.t.State(journal.Running)
		if m.d.Cleaned {
			sign, word, style = m.t.State(journal.Passed)
			if len(m.d.Left) > 0 {
				sign, word, style = m.t.State(journal.Failed)
			}
		}
		if m.d.Cleaned && len(m.d.Left) == 0 {
			word = "nothing left"
		}
		out = append(out, "", " "+m.phase("clean"), parts.Ends("  "+style.Render(sign)+" Undo all of it", style.Render(word)+" ", w))
		if m.d.Cleaning {
			at = len(out) - 1
		}
	}
	if len(out) > h {
		start := max(0, min(at-h/2, len(out)-h))
		out = out[start : start+h]
	}
	return out
}

// open reports whether the steps of a part are listed one by one: where the run stands among them, or somebody looks.
func (m *Model) open(group []runbooks.Step) bool {
	for _, s := range group {
		if s.ID == m.d.Current && m.d.Outcome == nil && !m.d.Cleaning || m.marked(s.ID) {
			return true
		}
	}
	return false
}

// groupLine is a part's steps in one line, under the title of the step that used it.
func (m *Model) groupLine(group []runbooks.Step, w int) string {
	one := runbooks.Step{ID: group[0].ID, Title: group[0].PartTitle}
	return m.line(one, m.d.together(group), false, w)
}

// phase is the heading of a phase; the one the run is in stands out.
func (m *Model) phase(name string) string {
	title := strings.ToUpper(name)
	if i, ok := m.d.index[m.d.Current]; ok && m.d.book.Steps[i].Phase == name && m.d.Outcome == nil {
		return m.t.Accent.Render(title)
	}
	return m.t.Muted.Render(title)
}

// marked reports whether the cursor stands at a step: not when the run is past all of them.
func (m *Model) marked(id string) bool {
	if m.picked == "" && (m.d.Cleaning || m.d.Outcome != nil) {
		return false
	}
	return id == m.shown()
}

func (m *Model) stepLine(s runbooks.Step, on bool, w int) string {
	if s.Part != "" {
		return "  " + m.line(s, m.d.state(s.ID), on, w-2)
	}
	return m.line(s, m.d.state(s.ID), on, w)
}

// line is one line of the list: sign, title and, where it says more than the sign, a word.
func (m *Model) line(s runbooks.Step, state journal.State, on bool, w int) string {
	sign, word, style := m.t.State(state)
	cursor, title := "  ", s.Title
	if on {
		cursor = m.t.Accent.Render(m.t.Sym.Cursor) + " "
		title = m.t.Strong.Render(parts.Cut(title, max(4, w-8)))
	}
	switch {
	case state.UnderWay():
		sign = m.spin()
	case s.ID == m.d.Current && state == journal.Pending:
		word = "your turn"
		style = m.t.Accent
		if !on {
			title = m.t.Strong.Render(title)
		}
	case state == journal.Pending:
		word = ""
		if !on {
			title = m.t.Muted.Render(title)
		}
	case state == journal.Passed:
		word = ""
	}
	if word != "" {
		room := w - 6 - len(word) - 2
		title = parts.Cut(title, max(4, room))
		word = style.Render(word)
	}
	return parts.Ends(cursor+style.Render(sign)+" "+title, word+" ", w)
}
