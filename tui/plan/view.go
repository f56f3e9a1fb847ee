// Package plan shows a plan: what each failure costs beside the target, every rule with its reason and source, what
// cannot be met, and the labs that rehearse it, which can be started from here.
package plan

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/plan"
	"lifeboat/tui/parts"
	"lifeboat/tui/theme"
)

// What the screen asks for.
type (
	Back   struct{}
	Change struct{}
	Start  struct{ Runbook string }
	Save   struct{ Plan *plan.Plan }
)

// Model is the screen.
type Model struct {
	t      *theme.Theme
	p      *plan.Plan
	cursor int // among the labs that can be run
	scroll parts.Scroll
	lines  []string
	labs   []int // line of each lab that can be run
	w      int
	board  parts.Board
}

// New makes the screen of a plan.
func New(t *theme.Theme, p *plan.Plan) *Model {
	m := &Model{t: t, p: p}
	m.board.Table = m.keys()
	return m
}

// SetTheme changes the look.
func (m *Model) SetTheme(t *theme.Theme) { m.t, m.lines = t, nil }

// Say shows a sentence.
func (m *Model) Say(s string) { m.board.Say(s) }

// Saved tells how the saving went.
func (m *Model) Saved(path string, err error) { m.board.Saved(path, err) }

// Keys is the table of this screen's keys, for the documents.
func Keys() []parts.Key { return New(nil, nil).Table() }

// Table is the table as it stands now.
func (m *Model) Table() []parts.Key { return m.board.Table }

func (m *Model) keys() []parts.Key {
	roll := func(by int) func() tea.Cmd { return func() tea.Cmd { m.scroll.By(by); return nil } }
	page := func(by int) func() tea.Cmd { return func() tea.Cmd { m.scroll.Page(by); return nil } }
	return []parts.Key{
		{Keys: []string{"enter"}, Words: "start the lab", Help: "Start the chosen lab", Off: m.offLab, Do: func() tea.Cmd { return say(Start{m.runnable()[m.cursor].ID}) }},
		{Keys: []string{"n", "tab"}, Words: "next lab", Help: "Choose the next lab", Off: m.offNext, Do: m.next},
		{Keys: []string{"s"}, Words: "save", Help: "Write the plan as Markdown", Do: func() tea.Cmd { return say(Save{m.p}) }},
		{Keys: []string{"e"}, Words: "answers", Help: "Go through the questions again, with these answers", Do: func() tea.Cmd { return say(Change{}) }},
		{Keys: []string{"q", "esc"}, Words: "back", Help: "Back to the start", Do: func() tea.Cmd { return say(Back{}) }},
		{Keys: []string{"down", "j"}, Words: "down", Help: "A line down", Quiet: true, Do: roll(1)},
		{Keys: []string{"up", "k"}, Words: "up", Help: "A line up", Quiet: true, Do: roll(-1)},
		{Keys: []string{"space", "pgdown"}, Words: "page", Help: "A page down", Do: page(1)},
		{Keys: []string{"pgup"}, Words: "page up", Help: "A page up", Quiet: true, Do: page(-1)},
		{Keys: []string{"g", "home"}, Words: "top", Help: "To the top", Quiet: true, Do: func() tea.Cmd { m.scroll.Home(); return nil }},
		{Keys: []string{"G", "end"}, Words: "end", Help: "To the end", Quiet: true, Do: func() tea.Cmd { m.scroll.End(); return nil }},
		{Keys: []string{"?"}, Words: "keys", Help: "All keys", Quiet: true, Do: func() tea.Cmd { m.board.Help.Open(); return nil }},
	}
}

func say(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

func (m *Model) offLab() string {
	if m.p == nil || len(m.runnable()) == 0 {
		return "the program has no lab for this plan yet"
	}
	return ""
}

func (m *Model) offNext() string {
	if m.offLab() == "" && len(m.runnable()) == 1 {
		return "there is one lab for this plan"
	}
	return m.offLab()
}

// runnable are the labs that the program has.
func (m *Model) runnable() []plan.Lab {
	var out []plan.Lab
	for _, l := range m.p.Labs {
		if l.ID != "" {
			out = append(out, l)
		}
	}
	return out
}

func (m *Model) next() tea.Cmd {
	m.cursor = (m.cursor + 1) % len(m.runnable())
	m.lines = nil
	m.build(m.w)
	if m.cursor < len(m.labs) {
		m.scroll.Show(m.labs[m.cursor])
	}
	return nil
}

// Update takes one message.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		return m.board.Press(key.String())
	}
	return nil
}

// View draws exactly h lines of at most w cells.
func (m *Model) View(w, h int) []string {
	t := m.t
	inner := min(w-4, 110)
	side := strings.Repeat(" ", max(2, (w-inner)/2))
	if m.lines == nil || m.w != inner {
		m.build(inner)
	}
	foot := m.board.Foot(t, w)
	room := max(1, h-2-len(foot))
	body := m.scroll.Cut(m.lines, room)
	place := m.scroll.Place(len(m.lines))
	if m.board.Help.On() {
		body = m.board.Help.Draw(t, m.board.Table, inner, room)
	}
	out := []string{parts.Ends(side+t.Accent.Bold(true).Render("The plan")+"  "+t.Muted.Render(parts.Cut(m.p.Strategy.Name, max(1, inner-24))), t.Muted.Render(place)+side, w), ""}
	out = append(out, parts.Fit(parts.Indent(body, side), w, room)...)
	return parts.Fit(append(out, foot...), w, h)
}

// build lays the whole plan out once; scrolling only cuts it.
func (m *Model) build(w int) {
	m.w, m.lines, m.labs = w, nil, nil
	m.strategy(w)
	m.failures(w)
	m.rehearse(w)
	m.conflicts(w)
	m.rules(w)
	m.schedule(w)
	m.rest(w)
}

func (m *Model) add(lines ...string) { m.lines = append(m.lines, lines...) }

func (m *Model) head(title string, w int) {
	if len(m.lines) > 0 {
		m.add("")
	}
	m.add(parts.Head(m.t, title, w), "")
}

// told is a sentence with its reason and its source under it.
func (m *Model) told(sign, what, why, source string, mark plan.Mark, w int) {
	m.add(parts.Reason{Sign: sign, What: what, Why: why, Source: source, Mark: mark}.Draw(m.t, w)...)
}

func (m *Model) strategy(w int) {
	name, value := 0, 0
	for _, r := range m.p.Requirements {
		name, value = max(name, ansi.StringWidth(r.Name)), max(value, ansi.StringWidth(r.Value))
	}
	name = min(name, max(w/2, w-2-value))
	for _, r := range m.p.Requirements {
		m.add(parts.Ends(m.t.Muted.Render(parts.Pad(r.Name, name))+"  "+m.t.Strong.Render(r.Value), "", w))
	}
	if m.p.Strategy.Why != "" {
		m.add("")
		m.add(parts.Prose(m.t, m.p.Strategy.Why, min(w, 96))...)
	}
}

// failures is the table that the plan is judged by: what each failure loses and how long it lasts, beside the target.
func (m *Model) failures(w int) {
	t := m.t
	for _, r := range m.p.Resources {
		m.head(r.Name, w)
		when := min(22, w/3)
		col := max(8, (w-when-2)/2)
		m.add(t.Muted.Render(parts.Pad("when", when) + "  " + parts.Pad("worst-case loss", col) + "back again"))
		for _, o := range r.Outcomes {
			m.add(parts.Pad(plan.FailureName(o.Failure), when) + "  " +
				parts.Pad(m.verdict(o.RPOVerdict)+" "+o.Loss(), col) + parts.Cut(m.verdict(o.RTOVerdict)+" "+o.Back(), col))
			if o.RPOHow != "" && w >= 70 {
				for _, l := range parts.Wrap(parts.Plain(o.RPOHow), w-when-2) {
					m.add(t.Muted.Render(strings.Repeat(" ", when+2) + l))
				}
			}
		}
		m.add("")
		for _, c := range r.Chosen {
			m.told(t.Good.Render(t.Sym.Passed), t.Strong.Render(c.Name)+t.Muted.Render("  "+plan.RoleName(c.Role)), c.Why, c.Source, c.Mark, w)
		}
	}
}

func (m *Model) verdict(v plan.Verdict) string {
	switch v {
	case plan.Meets:
		return m.t.Good.Render(m.t.Sym.Passed)
	case plan.Misses:
		return m.t.Bad.Render(m.t.Sym.Failed)
	case plan.Unprotected:
		return m.t.Bad.Render("!")
	}
	return m.t.Warn.Render("?")
}

// rehearse lists the labs; the chosen one is started with enter.
func (m *Model) rehearse(w int) {
	if len(m.p.Labs) == 0 {
		return
	}
	m.head("rehearse it", w)
	n := 0
	for _, l := range m.p.Labs {
		if l.ID == "" {
			m.add("  " + m.t.Muted.Render(parts.Cut(l.Title+" (no lab yet)", w-2)))
			continue
		}
		mark, style := "  ", m.t.Text
		if n == m.cursor {
			mark, style = m.t.Accent.Render(m.t.Sym.Cursor)+" ", m.t.Strong
		}
		m.labs = append(m.labs, len(m.lines))
		n++
		m.add(parts.Ends(mark+style.Render(parts.Cut(l.Title, max(4, w-14))), m.t.Accent.Render("enter starts"), w))
		for _, s := range parts.Prose(m.t, l.Why, max(1, w-2)) {
			m.add("  " + m.t.Muted.Render(s))
		}
	}
}

func (m *Model) conflicts(w int) {
	if len(m.p.Conflicts) == 0 {
		return
	}
	m.head("what this cannot give", w)
	for _, c := range m.p.Conflicts {
		m.told(m.t.Bad.Render("!"), c.Text, "Instead: "+c.Instead, c.Source, c.Mark, w)
	}
}

func (m *Model) rules(w int) {
	if len(m.p.Rules) == 0 {
		return
	}
	m.head("rules, and why", w)
	for i, r := range m.p.Rules {
		if i > 0 {
			m.add("")
		}
		m.told(m.t.Accent.Render(m.t.Sym.Bullet), m.t.Strong.Render(r.Do), r.Why, r.Source, r.Mark, w)
	}
}

func (m *Model) schedule(w int) {
	if len(m.p.Schedule) == 0 {
		return
	}
	m.head("schedule", w)
	for _, j := range m.p.Schedule {
		m.add(parts.Ends(m.t.Strong.Render(j.Name), m.t.Muted.Render("keep "+j.Keep), w))
		line := j.When
		if j.Copy != "" {
			line += ", copied " + j.Copy
		}
		for _, l := range parts.Wrap(parts.Plain(line), w-2) {
			m.add("  " + m.t.Muted.Render(l))
		}
	}
}

func (m *Model) rest(w int) {
	if m.p.Cost != nil {
		m.head("cost", w)
		m.add(m.t.Strong.Render(fmt.Sprintf("about %.2f USD a month", m.p.Cost.USD)))
		m.add(parts.Prose(m.t, m.p.Cost.Says, w)...)
		for _, c := range m.p.Cost.Lines {
			m.add(parts.Ends("  "+parts.Cut(c.What, max(4, w-20)), fmt.Sprintf("%.2f", c.USD), w))
			m.add("  " + m.t.Muted.Render(parts.Cut(c.How+", prices of "+c.AsOf, w-2)))
		}
	}
	if len(m.p.Assumptions) > 0 {
		m.head("taken for granted", w)
		for _, a := range m.p.Assumptions {
			m.told(m.t.Muted.Render(m.t.Sym.Bullet), a.Text, "", "", a.Mark, w)
		}
	}
}
