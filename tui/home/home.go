// Package home is the start screen: what this is, the labs, the plan and the past runs.
//
// It lists what it was given and asks for what was chosen; it opens nothing itself.
package home

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
	"lifeboat/tui/theme"
)

// Lab is a runbook that can be run.
type Lab struct {
	ID, Title, Summary string
	Minutes, Steps     int
	Source             []string
}

// Run is a past run. State is empty while it was neither ended nor stopped.
type Run struct {
	ID, Runbook, Title string
	Began              time.Time
	State              journal.RunState
	Step, Steps        int // where it stands
	Target             string
	RPO, RTO           time.Duration
	Left               int
	Open               bool // it can be resumed
}

// What the screen asks for.
type (
	Start  struct{ Runbook string }
	Resume struct{ Run string }
	Plan   struct{}
	Class  struct{} // the advisor of storage classes
	Quit   struct{}
)

// Options are what the screen is given.
type Options struct {
	Theme                  *theme.Theme
	Target, Where, Version string
}

// Model is the screen.
type Model struct {
	o       Options
	t       *theme.Theme
	labs    []Lab
	runs    []Run
	loaded  bool
	err     error
	cursor  int
	opening string
	board   parts.Board
}

// New makes the screen; Set fills it.
func New(o Options) *Model {
	m := &Model{o: o, t: o.Theme}
	m.board.Table = m.keys()
	return m
}

// Set puts in what there is. The cursor goes to the newest run that can be resumed, if nobody moved it.
func (m *Model) Set(labs []Lab, runs []Run, err error) {
	m.labs, m.runs, m.err, m.loaded = labs, runs, err, true
	m.cursor = min(m.cursor, max(0, len(m.items())-1))
}

// SetTheme changes the look.
func (m *Model) SetTheme(t *theme.Theme) { m.t = t }

// Open says what is being opened; empty says that nothing is any more.
func (m *Model) Open(what string) { m.opening = what }

// Opening reports that a run is being opened.
func (m *Model) Opening() bool { return m.opening != "" }

// Say shows a sentence.
func (m *Model) Say(s string) { m.board.Say(s) }

// Keys is the table of this screen's keys, for the documents.
func Keys() []parts.Key { return New(Options{}).Table() }

// Table is the table as it stands now.
func (m *Model) Table() []parts.Key { return m.board.Table }

func (m *Model) keys() []parts.Key {
	move := func(by int) func() tea.Cmd {
		return func() tea.Cmd {
			if n := len(m.items()); n > 0 {
				m.cursor = (m.cursor + by + n) % n
			}
			return nil
		}
	}
	return []parts.Key{
		{Keys: []string{"enter"}, Words: "open", Help: "Open what is chosen: start a lab, make a plan, compare storage classes, go on with a run", Off: m.offOpen, Do: m.open},
		{Keys: []string{"r"}, Words: "resume", Help: "Go on with the newest run that was not ended", Off: m.offResume, Do: m.resume},
		{Keys: []string{"p"}, Words: "plan", Help: "Answer a few questions and get a plan", Do: func() tea.Cmd { return say(Plan{}) }},
		{Keys: []string{"down", "j"}, Words: "down", Help: "The next line", Quiet: true, Do: move(1)},
		{Keys: []string{"up", "k"}, Words: "up", Help: "The line before", Quiet: true, Do: move(-1)},
		{Keys: []string{"?"}, Words: "keys", Help: "All keys", Quiet: true, Do: func() tea.Cmd { m.board.Help.Open(); return nil }},
		{Keys: []string{"q", "esc"}, Words: "quit", Help: "Leave the program", Do: func() tea.Cmd { return say(Quit{}) }},
		{Keys: []string{"c"}, Words: "class", Help: "Compare the storage classes of S3 for some data", Do: func() tea.Cmd { return say(Class{}) }},
	}
}

func say(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

func (m *Model) offOpen() string {
	switch {
	case m.opening != "":
		return "a run is being opened"
	case len(m.items()) == 0:
		return "nothing is listed yet"
	}
	return ""
}

func (m *Model) offResume() string {
	for _, r := range m.runs {
		if r.Open {
			return m.offOpen()
		}
	}
	return "no run stands"
}

// item is one line that can be chosen.
type item struct {
	lab  *Lab
	run  *Run
	tool *tool
}

// tool is something that questions lead to.
type tool struct {
	title, side, about string
	open               tea.Msg
}

var tools = [...]tool{
	{"Make a backup plan that says why", "a few questions",
		"What may an outage cost, and what may be lost? A few questions lead to the mechanisms that can keep it, the rules that follow, each with its reason and source, the loss and the time in the worst case, and the labs that rehearse it.", Plan{}},
	{"Find the storage class for data in S3", "a few questions",
		"How often is it read, how long may one wait for it, how large are the objects and how long are they kept? Every class side by side: what it costs a month and what a restore of everything costs and takes, what is ruled out and why, and where one class becomes cheaper than another.", Class{}},
}

func (m *Model) items() []item {
	var out []item
	for i := range m.labs {
		out = append(out, item{lab: &m.labs[i]})
	}
	for i := range tools {
		out = append(out, item{tool: &tools[i]})
	}
	for i := range m.runs {
		out = append(out, item{run: &m.runs[i]})
	}
	return out
}

func (m *Model) open() tea.Cmd {
	switch it := m.items()[m.cursor]; {
	case it.tool != nil:
		return say(it.tool.open)
	case it.lab != nil:
		if r := m.standing(it.lab.ID); r != nil {
			return say(Resume{r.ID})
		}
		return say(Start{it.lab.ID})
	case it.run.Open:
		return say(Resume{it.run.ID})
	}
	m.board.Say("not now: that run has ended; start its lab to do it again")
	return nil
}

func (m *Model) resume() tea.Cmd {
	for _, r := range m.runs {
		if r.Open {
			return say(Resume{r.ID})
		}
	}
	return nil
}

// standing is the newest run of a runbook that can be resumed.
func (m *Model) standing(runbook string) *Run {
	for i, r := range m.runs {
		if r.Runbook == runbook && r.Open {
			return &m.runs[i]
		}
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
	var out []string
	foot := m.board.Foot(m.t, w)
	if m.opening != "" {
		foot = []string{parts.Rule(m.t, w), parts.Said(m.t, m.t.Sym.Running, m.opening+" "+m.t.Sym.Ellipsis, w)}
	}
	body := max(0, h-len(foot))
	inner := min(w-4, 116)
	side := strings.Repeat(" ", max(2, (w-inner)/2))
	if m.board.Help.On() {
		out = m.board.Help.Draw(m.t, m.board.Table, inner, body)
	} else {
		out = m.body(inner, body)
	}
	if spare := body - len(out); spare > 4 && !m.board.Help.On() {
		out = append(make([]string, spare/3), out...)
	}
	out = parts.Fit(parts.Indent(out, side), w, body)
	return parts.Fit(append(out, foot...), w, h)
}

func (m *Model) body(w, h int) []string {
	out := m.mast(w, h)
	list, at := m.list(w)
	room := h - len(out)
	detail := m.detail(w)
	if len(list)+len(detail)+2 <= room {
		return append(append(append(out, list...), ""), detail...)
	}
	if room > 1 {
		var around parts.Scroll
		around.By(at - room/2)
		list = around.Marked(m.t, list, room)
	}
	return append(out, list...)
}

// mast is the head: the name, the motif of the timeline, what this is, and where runs act.
func (m *Model) mast(w, h int) []string {
	t, s := m.t, m.t.Sym
	badge := t.Sandbox.Render(" SANDBOX ")
	where := t.Muted.Render(" no account, no network, free")
	if m.o.Target == "aws" {
		badge, where = t.Real.Render(" AWS ACCOUNT "), " "+t.Bad.Bold(true).Render(m.o.Where)
	}
	if w < 66 {
		where = ""
	}
	step := strings.Repeat(s.Line, 3)
	motif := t.Point.Render(s.Point) + t.Faint.Render(step) + t.Point.Render(s.Point) + t.Faint.Render(step) + t.Point.Render(s.Point) +
		t.Faint.Render(step) + t.Bad.Render(s.Disaster) + t.Faint.Render(strings.Repeat(s.Dash, 4)) + t.Good.Render(strings.Repeat(s.Heavy, 3)+s.Proved)
	out := []string{}
	if h >= 18 && h < 30 {
		out = append(out, "")
	}
	out = append(out, parts.Ends(t.Accent.Bold(true).Render("L I F E B O A T")+"   "+motif, badge, w))
	out = append(out, parts.Ends(parts.Cut(t.Text.Render("Lose data on purpose. Bring it back. Prove it."), w), where, w))
	return append(out, "")
}

func (m *Model) list(w int) (out []string, at int) {
	t := m.t
	if m.err != nil {
		out = append(out, parts.Wrap(t.Bad.Render(t.Sym.Failed)+" "+parts.Plain(m.err.Error()), w)...)
		out = append(out, "")
	}
	if !m.loaded {
		return append(out, t.Muted.Render("Looking for labs and runs "+t.Sym.Ellipsis)), 0
	}
	items := m.items()
	for i, it := range items {
		head := ""
		switch {
		case it.lab != nil && i == 0:
			head = "labs"
		case it.tool != nil && (i == 0 || items[i-1].tool == nil):
			head = "plan"
		case it.run != nil && items[i-1].run == nil:
			head = "past runs"
		}
		if head != "" {
			if len(out) > 0 {
				out = append(out, "")
			}
			out = append(out, parts.Head(t, head, w))
		}
		if i == m.cursor {
			at = len(out)
		}
		out = append(out, m.line(it, i == m.cursor, w))
	}
	return out, at
}

func (m *Model) line(it item, on bool, w int) string {
	t := m.t
	mark, style := "  ", t.Text
	if on {
		mark, style = t.Accent.Render(t.Sym.Cursor)+" ", t.Strong
	}
	switch {
	case it.tool != nil:
		return parts.Ends(mark+style.Render(it.tool.title), t.Muted.Render(it.tool.side), w)
	case it.lab != nil:
		right := t.Muted.Render(fmt.Sprintf("%d steps   %d min on AWS", it.lab.Steps, it.lab.Minutes))
		if it.lab.Steps == 0 {
			right = t.Muted.Render(fmt.Sprintf("%d min on AWS", it.lab.Minutes))
		}
		if r := m.standing(it.lab.ID); r != nil {
			at := ""
			if r.Step > 0 {
				at = fmt.Sprintf(" at %d of %d", r.Step, r.Steps)
			}
			right = t.Warn.Render("stands" + at + ", enter resumes")
		}
		return parts.Ends(mark+style.Render(parts.Cut(it.lab.Title, max(8, w-4-ansi.StringWidth(right)))), right, w)
	}
	r := it.run
	sign, word := t.Warn.Render(t.Sym.Running), t.Warn.Render("stands")
	switch r.State {
	case journal.RunPassed:
		sign, word = t.Good.Render(t.Sym.Passed), t.Good.Render("passed")
	case journal.RunIncomplete:
		sign, word = t.Warn.Render("!"), t.Warn.Render("incomplete")
	case journal.RunFailed:
		sign, word = t.Bad.Render(t.Sym.Failed), t.Bad.Render("failed")
	}
	if r.Open && r.Step > 0 {
		word += t.Muted.Render(fmt.Sprintf(" %d of %d", r.Step, r.Steps))
	}
	right := word
	if r.RTO > 0 && w >= 90 {
		right = t.Muted.Render("RPO "+parts.Span(r.RPO)+"  RTO "+parts.Span(r.RTO)+"  ") + word
	}
	if r.Left > 0 && r.State != "" && r.State != journal.RunStopped {
		right += t.Bad.Render(fmt.Sprintf("  %d left behind", r.Left))
	}
	left := mark + sign + " " + t.Muted.Render(r.Began.UTC().Format("2 Jan 15:04")) + "  " + style.Render(cmp.Or(r.Title, r.Runbook))
	return parts.Ends(parts.Cut(left, max(8, w-ansi.StringWidth(right)-2)), right, w)
}

// detail says more about what is chosen.
func (m *Model) detail(w int) []string {
	items := m.items()
	if m.cursor >= len(items) || !m.loaded {
		return nil
	}
	t := m.t
	width := parts.Readable(w - 2)
	var text string
	switch it := items[m.cursor]; {
	case it.tool != nil:
		text = it.tool.about
	case it.lab != nil:
		text = it.lab.Summary
	default:
		text = "Run `" + it.run.ID + "`."
		if it.run.Open {
			text += " It can be resumed where it stands; nothing is made twice."
		}
	}
	out := append([]string{""}, parts.Indent(parts.Prose(t, text, width), "  ")...)
	if it := items[m.cursor]; it.lab != nil && len(it.lab.Source) > 0 {
		out = append(out, "", "  "+t.Muted.Render(parts.Cut("after "+it.lab.Source[0], width)))
	}
	return out
}
