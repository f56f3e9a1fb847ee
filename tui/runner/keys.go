package runner

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

// Keys is the table of this screen's keys, for the documents.
func Keys() []parts.Key { return New(Options{}).table }

// Table is the table as it stands now.
func (m *Model) Table() []parts.Key { return m.table }

func (m *Model) keys() []parts.Key {
	view := func(n int) func() tea.Cmd { return func() tea.Cmd { m.view, m.scroll = n, parts.Scroll{}; return nil } }
	return []parts.Key{
		{Keys: []string{"enter", "r"}, Words: "run it for me", Now: m.runWords, Help: "Run this step; on a question, answer it", Off: m.offRun, Do: m.doRun},
		{Keys: []string{"R"}, Words: "retry", Help: "Try a failed step again", Off: m.offRetry, Do: m.tell(engine.Do)},
		{Keys: []string{"m"}, Words: "do it myself", Help: "Do this step in a second terminal; the runner watches until it is there", Off: m.offMine, Do: m.doMine},
		{Keys: []string{"d"}, Words: "it is done", Help: "Say that a step you do yourself is done, with a note; recorded as done by hand", Off: m.offDone, Do: m.doDone},
		{Keys: []string{"h"}, Words: "hint", Help: "Show the next hint; the last one is the solution and is recorded", Off: m.offHint, Do: m.tell(engine.Hint)},
		{Keys: []string{"c"}, Words: "copy command", Help: "Copy the aws command of this step", Off: m.offCopy, Do: m.doCopy},
		{Keys: []string{"s"}, Words: "skip", Help: "Skip this step, with a reason; the run then ends as incomplete", Off: m.offSkip, Do: m.doSkip},
		{Keys: []string{"a"}, Words: "run the rest", Now: m.autoWords,
			Help: "Run this and all further steps with every default; again to pause", Off: m.offAuto, Do: m.doAuto},
		{Keys: []string{"x"}, Words: "clean up", Help: "Undo everything this run made, then end it", Off: m.offClean, Do: m.doClean},
		{Keys: []string{"q"}, Words: "stop", Help: "Stop at the next safe point; the run can be resumed", Do: m.doStop},
		{Keys: []string{"tab", "p"}, Words: "next view", Help: "Next of: steps, this step, timeline", Quiet: true, Do: m.turn(1)},
		{Keys: []string{"shift+tab", "P"}, Words: "view before", Help: "The view before", Quiet: true, Do: m.turn(2)},
		{Keys: []string{"1"}, Words: "steps", Help: "Where I am: the steps by phase", Quiet: true, Do: view(viewSteps)},
		{Keys: []string{"2"}, Words: "this step", Help: "What this step is and what is happening", Quiet: true, Do: view(viewStep)},
		{Keys: []string{"3"}, Words: "timeline", Help: "The recovery timeline", Quiet: true, Do: view(viewLine)},
		{Keys: []string{"down", "j"}, Words: "scroll down", Help: "Scroll the step down", Quiet: true, Do: m.roll(1)},
		{Keys: []string{"up", "k"}, Words: "scroll up", Help: "Scroll the step up", Quiet: true, Do: m.roll(-1)},
		{Keys: []string{"pgdown", "space"}, Words: "page down", Help: "Scroll the step a page down", Quiet: true, Do: m.roll(10)},
		{Keys: []string{"pgup"}, Words: "page up", Help: "Scroll the step a page up", Quiet: true, Do: m.roll(-10)},
		{Keys: []string{"right", "]"}, Words: "look ahead", Help: "Look at the step after", Quiet: true, Do: m.look(1)},
		{Keys: []string{"left", "["}, Words: "look back", Help: "Look at the step before", Quiet: true, Do: m.look(-1)},
		{Keys: []string{"."}, Words: "back to the current step", Help: "Look at the current step again", Quiet: true, Do: m.look(0)},
		{Keys: []string{"?"}, Words: "keys", Help: "All keys", Quiet: true, Do: func() tea.Cmd { m.help.Open(); return nil }},
	}
}

// The reasons why a key is off. Each is a clause after "not now:".

func (m *Model) offRun() string {
	if m.d.Question != nil && !m.said[m.d.Current] {
		return ""
	}
	if m.mine[m.d.Current] && !m.closed && m.d.Outcome == nil && !m.d.state(m.d.Current).Ended() {
		return "" // they changed their mind
	}
	return m.offStand()
}

// offStand is why nothing can be said about the current step.
func (m *Model) offStand() string {
	switch s := m.d.state(m.d.Current); {
	case m.d.Outcome != nil || m.closed:
		return "the run has ended"
	case m.d.Cleaning:
		return "it cleans up"
	case m.d.Current == "":
		return "no step stands yet"
	case m.said[m.d.Current]:
		return "it was asked to a moment ago"
	case s.UnderWay():
		return "the step runs already"
	case s.Ended():
		return "the step is over"
	}
	return ""
}

// offSkip lets a person skip also what waits for them: a question of the step, or what they said they would do themselves.
func (m *Model) offSkip() string {
	waits := m.d.Question != nil || m.mine[m.d.Current] && !m.d.state(m.d.Current).Ended()
	if waits && m.d.Current != "" && !m.said[m.d.Current] && !m.closed && m.d.Outcome == nil && !m.d.Cleaning {
		return ""
	}
	return m.offStand()
}

func (m *Model) offRetry() string {
	if m.d.state(m.d.Current) != journal.Failed {
		return "the step has not failed"
	}
	return m.offStand()
}

func (m *Model) offMine() string {
	if i, ok := m.d.index[m.d.Current]; ok && m.d.book.Steps[i].Call == "" && m.d.book.Steps[i].ByHand == nil {
		return "there is no single command to type for this step"
	}
	if m.mine[m.d.Current] {
		return "it is yours already"
	}
	return m.offStand()
}

func (m *Model) offDone() string {
	if !m.mine[m.d.Current] {
		return "press m first to do the step yourself"
	}
	if m.looks(m.d.Current) {
		return "the run reads it too; press enter"
	}
	if m.d.state(m.d.Current).Ended() {
		return "the step is over"
	}
	return ""
}

func (m *Model) offHint() string {
	i, ok := m.d.index[m.d.Current]
	switch {
	case m.d.Outcome != nil || m.closed:
		return "the run has ended"
	case !ok || m.d.state(m.d.Current).Ended():
		return "no step stands"
	case len(m.d.Step(m.d.Current).Hints) >= len(m.d.book.Steps[i].Hints):
		return "there are no more hints"
	}
	return ""
}

func (m *Model) offCopy() string {
	if m.command(m.shown()) == "" {
		return "this step has no command"
	}
	return ""
}

func (m *Model) offAuto() string {
	switch {
	case m.d.Outcome != nil || m.closed:
		return "the run has ended"
	case m.d.Cleaning:
		return "it cleans up"
	}
	return ""
}

func (m *Model) offClean() string {
	switch {
	case m.closed:
		return "the run has ended; lifeboat lab clean takes away what it left"
	case m.d.Cleaning:
		return "it cleans up already"
	case m.d.Run.ID == "":
		return "nothing was made yet"
	}
	return ""
}

func (m *Model) tell(kind engine.CommandKind) func() tea.Cmd {
	return func() tea.Cmd {
		if kind == engine.Hint {
			m.o.Session.Send(engine.Command{Kind: kind, Step: m.d.Current})
			return nil
		}
		m.say(kind, "")
		return nil
	}
}

func (m *Model) doRun() tea.Cmd {
	if m.d.Question != nil {
		m.ask()
		m.dialog.byItself = false
		return nil
	}
	delete(m.mine, m.d.Current)
	m.say(engine.Do, "")
	return nil
}

func (m *Model) doMine() tea.Cmd {
	m.mine[m.d.Current] = true
	m.view = viewStep
	if m.looks(m.d.Current) {
		return nil
	}
	m.o.Session.Send(engine.Command{Kind: engine.Mine, Step: m.d.Current})
	return nil
}

// looks reports whether a step only reads: nobody can see that a person has read, and later steps need the answer, so the run
// reads it too.
func (m *Model) looks(id string) bool {
	i, ok := m.d.index[id]
	s := m.d.Steps[id]
	if !ok || s == nil || s.Preview == nil || m.d.book.Steps[i].Find != nil {
		return false
	}
	return slices.ContainsFunc(s.Preview.Calls, func(c journal.CallPreview) bool { return c.Role == "call" && c.Effect == "read" })
}

func (m *Model) doDone() tea.Cmd {
	m.dialog = &dialog{
		title: "Done by hand", body: "What did you do? The note is kept in the run's record.", input: newInput(""), yes: "record it",
		need: "write a few words", ok: func(v string) tea.Cmd { m.say(engine.Done, v); return nil },
	}
	return nil
}

func (m *Model) doSkip() tea.Cmd {
	m.dialog = &dialog{
		title: "Skip this step", yes: "skip it", input: newInput(""), need: "a skipped step needs a reason",
		body: "Why? A run with a skipped step ends as incomplete, and later steps may need what this one makes.",
		ok:   func(v string) tea.Cmd { m.say(engine.Skip, v); return nil },
	}
	return nil
}

func (m *Model) doAuto() tea.Cmd {
	m.auto = !m.auto
	kind := engine.Manual
	if m.auto {
		kind = engine.Auto
	} else {
		m.toast = "paused: the next step waits for you"
	}
	m.o.Session.Send(engine.Command{Kind: kind, Step: m.d.Current})
	return nil
}

func (m *Model) runWords() string {
	switch {
	case m.d.Question != nil:
		return "answer"
	case m.d.state(m.d.Current) == journal.Failed:
		return "try again"
	}
	if i, ok := m.d.index[m.d.Current]; ok {
		if s := m.d.book.Steps[i]; s.Quiz != nil || s.Choose != nil || s.Ask != nil {
			return "answer"
		}
	}
	return ""
}

func (m *Model) autoWords() string {
	if m.auto {
		return "pause"
	}
	return ""
}

func (m *Model) doClean() tea.Cmd {
	d := &dialog{
		title: "Clean up", yes: "clean up",
		body: "Everything this run made is undone, newest first, and what is left is listed. The run then ends.",
		ok: func(string) tea.Cmd {
			m.auto = false
			m.o.Session.Send(engine.Command{Kind: engine.Clean, Step: m.d.Current})
			return nil
		},
	}
	if m.d.Run.Target == "aws" {
		d.typed = m.d.Run.Account
		if m.d.Run.Alias != "" {
			d.typed = m.d.Run.Alias
		}
		d.input = newInput("")
	}
	m.dialog = d
	return nil
}

func (m *Model) doStop() tea.Cmd {
	if m.closed {
		return func() tea.Msg { return Leave{} }
	}
	body := "The run stops at the next safe point. Nothing is lost and nothing will be made twice."
	if how := m.resume(); how != "" {
		body += "\n\nTo go on: `" + how + "`"
	}
	m.dialog = &dialog{title: "Stop here?", body: body, yes: "stop", ok: func(string) tea.Cmd {
		m.Stop()
		return nil
	}}
	return nil
}

// Stop asks the run to stop at the next safe point; the screen is left when it has.
func (m *Model) Stop() {
	m.ending, m.toast = true, "stopping at the next safe point"
	if m.o.Session != nil {
		m.o.Session.Send(engine.Command{Kind: engine.Stop, Step: m.d.Current})
	}
}

func (m *Model) resume() string {
	if m.o.Resume == nil || m.d.Run.ID == "" {
		return ""
	}
	return m.o.Resume(m.d.Run.ID)
}

func (m *Model) doCopy() tea.Cmd {
	text := m.command(m.shown())
	m.toast = "copied: " + strings.Join(strings.Fields(text), " ")
	if m.o.Copy != nil {
		return m.o.Copy(text)
	}
	return tea.SetClipboard(text)
}

func (m *Model) turn(by int) func() tea.Cmd {
	return func() tea.Cmd { m.view = (m.view + by) % 3; m.scroll.Home(); return nil }
}

func (m *Model) roll(by int) func() tea.Cmd {
	return func() tea.Cmd {
		if m.view == viewSteps {
			return m.look(by)()
		}
		m.scroll.By(by)
		return nil
	}
}

func (m *Model) look(by int) func() tea.Cmd {
	return func() tea.Cmd {
		m.scroll.Home()
		if by == 0 {
			m.picked = ""
			return nil
		}
		i := m.d.index[m.shown()] + by
		if n := len(m.d.book.Steps); n > 0 {
			m.picked = m.d.book.Steps[min(max(0, i), n-1)].ID
		}
		if m.picked == m.d.Current {
			m.picked = ""
		}
		return nil
	}
}

// shown is the step that is looked at.
func (m *Model) shown() string {
	if m.picked != "" {
		return m.picked
	}
	if m.d.last == "" && len(m.d.book.Steps) > 0 {
		return m.d.book.Steps[0].ID
	}
	return m.d.last
}

// command is the aws command of a step: the one of its own call, else the first there is.
func (m *Model) command(id string) string {
	s := m.d.Steps[id]
	if s == nil || s.Preview == nil || len(s.Preview.Calls) == 0 {
		return ""
	}
	i := max(0, slices.IndexFunc(s.Preview.Calls, func(c journal.CallPreview) bool { return c.Role == "call" }))
	return s.Preview.Calls[i].CLI
}
