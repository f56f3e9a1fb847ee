// Package runner is the screen a run is followed and steered from.
//
// It shows three things: where I am, what this step is, and the recovery timeline. It folds the run's events and says
// commands to its session; it decides nothing about the run, reads nothing and waits for nothing. Every pane keeps its
// last drawing and is drawn again only when something in it changed.
package runner

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
	"lifeboat/tui/theme"
)

// Batch is what the pump hands over: events in order, and whether they were the last ones.
type Batch struct {
	Session engine.Session
	Events  []journal.Event
	Closed  bool
}

// Leave asks the program to go back to where the run was opened from.
type Leave struct{}

// Options are what the screen is given.
type Options struct {
	Theme   *theme.Theme
	Session engine.Session
	// Now is this machine's time: for the grace of dialogs and for what has not moved for long.
	Now func() time.Time
	// Pace is how many seconds of the sandbox pass in one of this machine while something is waited for; 0 is 1.
	Pace float64
	// Resume says how the run is taken up again, given its id: "lifeboat lab resume ID".
	Resume func(run string) string
	// Shell says how to open a second terminal in which the commands work: "lifeboat sandbox shell".
	Shell string
	// Copy puts text on the clipboard; nil uses the terminal's own way.
	Copy func(string) tea.Cmd
}

// The three things to look at.
const (
	viewSteps = iota
	viewStep
	viewLine
)

// Model is the screen.
type Model struct {
	o      Options
	t      *theme.Theme
	d      *desk
	table  []parts.Key
	dialog *dialog
	help   parts.Help

	view    int             // which of the three is shown when there is room for one
	picked  string          // step that is looked at; empty is the current one
	scroll  parts.Scroll    // of the step's pane
	auto    bool            // the rest is run without asking
	mine    map[string]bool // steps a person does by hand
	said    map[string]bool // steps a command was sent for and nothing came back yet
	toast   string
	frame   int       // of the sign that something is under way
	quizzed string    // the quiz that the person at this screen has just answered
	heard   time.Time // when the newest events came, this machine's time
	ticks   bool
	ending  bool // a stop was asked for
	closed  bool // no more events come
	err     error

	panes struct{ head, steps, step, more, line pane }
}

// New makes the screen of a session.
func New(o Options) *Model {
	m := &Model{o: o, t: o.Theme, mine: map[string]bool{}, said: map[string]bool{}, view: viewStep}
	if o.Session != nil {
		m.d = newDesk(o.Session.Runbook())
	} else {
		m.d = newDesk(nil)
	}
	m.table = m.keys()
	return m
}

// Session is the run this screen steers.
func (m *Model) Session() engine.Session { return m.o.Session }

// SetTheme changes the look.
func (m *Model) SetTheme(t *theme.Theme) { m.t = t; m.touch(touched{true, true, true, true}) }

// RunID is the id of the run, empty until its first event.
func (m *Model) RunID() string { return m.d.Run.ID }

// Outcome is how the run ended, nil until then.
func (m *Model) Outcome() *journal.Outcome { return m.d.Outcome }

// Closed reports that no more events come.
func (m *Model) Closed() bool { return m.closed }

// Blocked reports that a person is asked something; Busy that something is under way.
func (m *Model) Blocked() bool { return m.d.Question != nil }

// Busy reports that something is under way that a person waits for.
func (m *Model) Busy() bool { return m.d.busy() }

// Progress is the share of the steps that are over, from 0 to 1.
func (m *Model) Progress() float64 {
	if len(m.d.book.Steps) == 0 {
		return 0
	}
	return float64(m.d.done()) / float64(len(m.d.book.Steps))
}

type tick struct{}

// Tick is how often the sign that something is under way moves. It stops when nothing is.
const Tick = 125 * time.Millisecond

// Update takes one message.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case Batch:
		return m.batch(msg)
	case tick:
		m.ticks = false
		if !m.d.busy() {
			m.touch(touched{step: true, head: true})
			return nil
		}
		m.frame++
		m.panes.more.dirty, m.panes.step.dirty, m.panes.steps.dirty = true, true, true
		if m.pass() {
			m.panes.head.dirty, m.panes.line.dirty = true, true
		}
		return m.pulse()
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.PasteMsg:
		if m.dialog != nil {
			return m.dialog.edit(msg)
		}
	}
	return nil
}

// pass lets the target's time go on between events while something is waited for, at the pace it has then; when the next
// event comes its time counts. It reports whether the clock moved.
func (m *Model) pass() bool {
	const most = 20 * time.Second // without a word for so long, nobody knows
	if m.d.Outcome != nil || m.d.state(m.d.Current) != journal.Waiting || m.o.Now == nil {
		return false
	}
	pace := max(m.o.Pace, 1)
	if m.d.Run.Target == "aws" || m.mine[m.d.Current] {
		pace = 1
	}
	gone := time.Duration(float64(min(m.o.Now().Sub(m.heard), most)) * pace)
	m.d.ahead = max(m.d.ahead, gone)
	return true
}

func (m *Model) batch(b Batch) tea.Cmd {
	if b.Session != m.o.Session {
		return nil
	}
	var t touched
	was, question, shown := m.d.Current, m.d.Question, m.d.clock()
	for _, e := range b.Events {
		n := m.d.apply(e)
		t = touched{t.steps || n.steps, t.step || n.step, t.line || n.line, t.head || n.head}
		if e.Step != "" {
			delete(m.said, e.Step)
		}
	}
	if m.o.Now != nil {
		m.heard = m.o.Now()
	}
	m.d.ahead = 0
	if m.d.state(m.d.Current) == journal.Waiting {
		m.d.ahead = max(0, shown.Sub(m.d.now)) // a clock never goes back
	}
	if b.Closed {
		m.closed, t = true, touched{true, true, true, true}
		_, m.err = m.o.Session.Wait()
		if m.dialog != nil && !m.dialog.byItself {
			m.dialog = nil // what it would have said to the run is past
		}
	}
	if m.d.Current != was {
		m.scroll, m.toast = parts.Scroll{}, ""
	}
	if q := m.d.Question; q != question && !(m.auto && q != nil && (q.Type == "quiz" || q.Type == "choose")) {
		m.ask() // while the run goes by itself it answers those itself: a dialog would only swallow a key
	}
	m.explain()
	if m.d.Outcome != nil {
		m.auto = false
	}
	m.touch(t)
	if m.closed && m.ending {
		return func() tea.Msg { return Leave{} }
	}
	return m.pulse()
}

// pulse starts the tick when something is under way and none runs yet.
func (m *Model) pulse() tea.Cmd {
	if m.ticks || !m.d.busy() {
		return nil
	}
	m.ticks = true
	return tea.Tick(Tick, func(time.Time) tea.Msg { return tick{} })
}

func (m *Model) touch(t touched) {
	m.panes.head.dirty = m.panes.head.dirty || t.head
	m.panes.steps.dirty = m.panes.steps.dirty || t.steps
	m.panes.step.dirty = m.panes.step.dirty || t.step
	m.panes.more.dirty = m.panes.more.dirty || t.step
	m.panes.line.dirty = m.panes.line.dirty || t.line
}

func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	if m.dialog != nil {
		if m.dialog.deaf(m.o.Now()) {
			return nil
		}
		d := m.dialog
		cmd, closed := d.press(msg)
		if closed && m.dialog == d {
			m.dialog = nil
		}
		return cmd
	}
	if m.help.Takes(msg.String()) {
		return nil
	}
	m.toast = ""
	cmd, why, ok := parts.Press(m.table, msg.String())
	if ok && why != "" {
		m.toast = "not now: " + why
	}
	m.touch(touched{step: true, steps: true})
	return cmd
}

// say sends a command for the current step.
func (m *Model) say(kind engine.CommandKind, text string) {
	m.said[m.d.Current] = true
	m.o.Session.Send(engine.Command{Kind: kind, Step: m.d.Current, Text: text})
}

// ask opens the dialog of the question that stands, or closes the one whose question was taken back.
func (m *Model) ask() {
	q := m.d.Question
	if q == nil {
		if m.dialog != nil && m.dialog.asked {
			m.dialog = nil
		}
		return
	}
	now := m.o.Now()
	d := &dialog{
		title: questionTitle(q.Type), body: q.Text, options: q.Options, typed: q.Typed, again: q.Again, yes: "answer",
		stays: true, asked: true, byItself: true, opened: now, touched: now,
		ok: func(value string) tea.Cmd {
			if q.Type == "quiz" {
				m.quizzed = m.d.Current
			}
			m.say(engine.Reply, value)
			return nil
		},
	}
	if q.Type == "choose" && !m.d.Clock.Disaster.IsZero() {
		d.body += "\n\nThe disaster was at " + m.d.Clock.Disaster.UTC().Format(time.RFC3339) + "."
	}
	for i, o := range q.Options {
		if o.Value == q.Default && q.Default != "" && q.Type != "quiz" {
			d.cursor = i
		}
	}
	switch {
	case q.Type == "confirm" && q.Typed != "":
		d.input, d.yes, d.options = newInput(""), "confirm", nil
	case q.Type == "confirm" && len(q.Options) == 0:
		d.options, d.yes = []journal.Option{{Value: "no", Label: "No, not now"}, {Value: "yes", Label: "Yes"}}, "take this"
	case q.Type == "by-hand":
		d.yes = "it is done, look"
		d.ok = func(string) tea.Cmd { m.say(engine.Reply, "done"); return nil }
	case len(q.Options) == 0:
		d.input = newInput(q.Default)
		if q.Default == "" {
			d.need = "there is no default: type an answer"
		}
	}
	m.dialog, m.help = d, parts.Help{}
}

// explain says why the answer to a quiz is right or not, to whoever gave it: the run is at the next step by then.
func (m *Model) explain() {
	st := m.d.Steps[m.quizzed]
	if m.quizzed == "" || st == nil || st.Answer == nil || st.Answer.Right == nil || m.dialog != nil {
		return
	}
	title := "Right"
	if !*st.Answer.Right {
		title = "Not quite"
		if i, ok := m.d.index[m.quizzed]; ok {
			if q := m.d.book.Steps[i].Quiz; q != nil && q.Answer < len(q.Choices) {
				title = "Not quite: " + q.Choices[q.Answer]
			}
		}
	}
	now := m.o.Now()
	m.dialog = &dialog{title: title, body: st.Answer.Because, yes: "go on", byItself: true, opened: now, touched: now, ok: func(string) tea.Cmd { return nil }}
	m.quizzed = ""
}

func questionTitle(kind string) string {
	switch kind {
	case "quiz":
		return "A question to think about"
	case "choose":
		return "Choose"
	case "confirm":
		return "Confirm"
	case "by-hand":
		return "Your turn"
	}
	return "A question"
}
