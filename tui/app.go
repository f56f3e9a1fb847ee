package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/engine"
	classview "lifeboat/tui/classes"
	"lifeboat/tui/home"
	"lifeboat/tui/parts"
	planview "lifeboat/tui/plan"
	"lifeboat/tui/runner"
	"lifeboat/tui/theme"
	"lifeboat/tui/wizard"
)

// screen is what the root shows: it takes messages, draws exactly h lines of at most w cells, and has a table of keys.
type screen interface {
	Update(tea.Msg) tea.Cmd
	View(w, h int) []string
	SetTheme(*theme.Theme)
	Table() []parts.Key
}

// App is the root model: the size, the screens on top of each other, and who gets which message.
type App struct {
	d     Deps
	ctx   context.Context
	first First
	t     *theme.Theme
	w, h  int

	stack []screen // the last one is shown
	asks  inquiry  // what the wizard is open for
	home  *home.Model
	run   *runner.Model // the run that is open, nil when none
	res   Result
	quits bool // the program ends as soon as the run has stopped

	send  func(tea.Msg)
	after func(time.Duration) <-chan time.Time
}

// Messages of the root.
type (
	listedMsg struct {
		labs []home.Lab
		runs []home.Run
		err  error
	}
	openedMsg struct {
		session engine.Session
		err     error
	}
	savedMsg struct {
		path string
		err  error
	}
	failedMsg struct {
		what string
		err  error
	}
)

// New makes the program; nothing outside is touched before it runs.
func New(d Deps, first First) *App {
	if d.Now == nil {
		d.Now = time.Now
	}
	a := &App{d: d, first: first, ctx: context.Background(), send: func(tea.Msg) {}, after: time.After}
	lookup := func(n string) string { return env(d.Env, n) }
	a.t = theme.New(theme.Dark(lookup), !theme.UTF8(lookup))
	a.home = home.New(home.Options{Theme: a.t, Target: d.Target, Where: d.Where, Version: d.Version})
	a.stack = []screen{a.home}
	return a
}

// Result is what it led to so far.
func (a *App) Result() Result {
	r := a.res
	if a.run != nil {
		r.Run, r.Outcome = a.run.RunID(), a.run.Outcome()
	}
	return r
}

// Init opens what comes first and asks the terminal for its background; nothing waits for either.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.RequestBackgroundColor}
	switch f := a.first; {
	case f.Wizard:
		cmds = append(cmds, a.askPlan())
	case f.Classes:
		cmds = append(cmds, a.askClasses())
	case f.Lab != "":
		cmds = append(cmds, a.open(f.Lab, ""))
	case f.Resume != "":
		cmds = append(cmds, a.open("", f.Resume))
	default:
		cmds = append(cmds, a.list())
	}
	return tea.Batch(cmds...)
}

func (a *App) top() screen { return a.stack[len(a.stack)-1] }

func (a *App) push(s screen) { a.stack = append(a.stack, s) }

// pop goes back to the screen below; below the first one the program ends.
func (a *App) pop() tea.Cmd {
	a.stack = a.stack[:len(a.stack)-1]
	if len(a.stack) == 0 || a.first != (First{}) && len(a.stack) == 1 {
		a.stack = []screen{a.home}
		return tea.Quit
	}
	if a.top() == screen(a.home) {
		return a.list()
	}
	return nil
}

// Update routes one message.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = msg.Width, msg.Height
		return a, a.top().Update(msg)
	case tea.BackgroundColorMsg:
		a.t = theme.New(msg.IsDark(), a.t.ASCII)
		a.home.SetTheme(a.t)
		for _, s := range a.stack {
			s.SetTheme(a.t)
		}
		return a, nil
	case tea.KeyPressMsg:
		if msg.String() == "ctrl+c" {
			return a, a.interrupt()
		}
		return a, a.top().Update(msg)
	case runner.Batch:
		return a, a.batch(msg)
	case tea.PasteMsg:
		return a, a.top().Update(msg)
	}
	if cmd, ok := a.act(msg); ok {
		return a, cmd
	}
	return a, a.top().Update(msg)
}

// act does what a screen asked for, and takes what commands brought.
func (a *App) act(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case listedMsg:
		a.home.Set(msg.labs, msg.runs, msg.err)
	case home.Start:
		return a.open(msg.Runbook, ""), true
	case home.Resume:
		return a.open("", msg.Run), true
	case home.Plan:
		return a.askPlan(), true
	case home.Class:
		return a.askClasses(), true
	case home.Quit:
		return tea.Quit, true
	case openedMsg:
		return a.opened(msg), true
	case wizard.Done:
		return a.answered(msg.Answers), true
	case wizard.Cancel, planview.Back, classview.Back, runner.Leave:
		return a.left(msg), true
	case planview.Change:
		a.stack = a.stack[:len(a.stack)-1]
		return a.askPlan(), true
	case planview.Start:
		return a.open(msg.Runbook, ""), true
	case planview.Save:
		return keep(a, "the plan", a.d.SavePlan, msg.Plan), true
	case classview.Change:
		a.stack = a.stack[:len(a.stack)-1]
		a.res.ClassAnswers = msg.Answers
		return a.askClasses(), true
	case classview.Save:
		return keep(a, "the comparison", a.d.SaveClasses, msg.Comparison), true
	case savedMsg:
		if p, ok := a.top().(interface{ Saved(string, error) }); ok {
			p.Saved(msg.path, msg.err)
		}
		if msg.err == nil {
			a.res.Saved = append(a.res.Saved, msg.path)
		}
	case failedMsg:
		a.res.Err = fmt.Errorf("%s: %w", msg.what, msg.err)
		return tea.Quit, true
	default:
		return nil, false
	}
	return nil, true
}

// left goes back from a screen that has nothing more to do.
func (a *App) left(msg tea.Msg) tea.Cmd {
	if _, ok := msg.(runner.Leave); ok && a.quits {
		return tea.Quit
	}
	return a.pop()
}

// interrupt is ctrl+c: a run that goes is asked to stop first, a second one ends the program; the journal is whole
// either way.
func (a *App) interrupt() tea.Cmd {
	if a.run == nil || a.run.Closed() || a.quits {
		return tea.Quit
	}
	a.quits = true
	a.run.Stop()
	return nil
}

func (a *App) batch(b runner.Batch) tea.Cmd {
	if a.run == nil || b.Session != a.run.Session() {
		return nil
	}
	cmd := a.run.Update(b)
	if a.quits && b.Closed {
		return tea.Quit
	}
	return cmd
}

// list asks for the labs and the past runs.
func (a *App) list() tea.Cmd {
	return a.guard("the list of labs and runs", func() tea.Msg {
		var m listedMsg
		if a.d.Labs != nil {
			m.labs, m.err = a.d.Labs(a.ctx)
		}
		if a.d.Runs != nil && m.err == nil {
			m.runs, m.err = a.d.Runs(a.ctx)
		}
		return m
	})
}

// guard keeps a panic of the outside world from taking the terminal with it.
func (a *App) guard(what string, fn func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = failedMsg{what: what, err: fmt.Errorf("panic: %v", r)}
			}
		}()
		return fn()
	}
}

// open starts or resumes a run beside the program; the start screen says so meanwhile.
func (a *App) open(runbook, run string) tea.Cmd {
	if a.d.Start == nil || a.d.Resume == nil {
		a.home.Say("runs cannot be opened from here")
		return nil
	}
	if a.home.Opening() {
		return nil
	}
	what := "opening " + runbook
	if run != "" {
		what = "going on with " + run
	}
	a.home.Open(what)
	if p, ok := a.top().(*planview.Model); ok {
		p.Say(what)
	}
	return a.guard("opening the run", func() tea.Msg {
		if run != "" {
			s, err := a.d.Resume(a.ctx, run)
			return openedMsg{s, err}
		}
		s, err := a.d.Start(a.ctx, runbook)
		return openedMsg{s, err}
	})
}

func (a *App) opened(m openedMsg) tea.Cmd {
	a.home.Open("")
	if m.err != nil {
		if a.first.Lab != "" || a.first.Resume != "" {
			a.res.Err = m.err // what the program was started for
			return tea.Quit
		}
		a.home.Say(sentence(m.err))
		if p, ok := a.top().(*planview.Model); ok {
			p.Say(sentence(m.err))
		}
		return nil
	}
	a.res.Err = nil
	if p, ok := a.top().(*planview.Model); ok {
		p.Say("")
	}
	a.run = runner.New(runner.Options{Theme: a.t, Session: m.session, Now: a.d.Now, Pace: a.d.Pace, Resume: a.d.ResumeCommand, Shell: a.d.Shell, Copy: a.copy()})
	a.push(a.run)
	startPump(m.session, a.send, a.after)
	return nil
}

// sentence is an error with the next thing to do, where it knows one.
func sentence(err error) string {
	if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
		return err.Error() + "; " + h.Hint()
	}
	return err.Error()
}

// copy gives how text is copied: the terminal's own way, and the machine's where there is one.
func (a *App) copy() func(string) tea.Cmd {
	if a.d.Copy == nil {
		return nil
	}
	return func(s string) tea.Cmd {
		return tea.Batch(tea.SetClipboard(s), func() tea.Msg { _ = a.d.Copy(s); return nil })
	}
}

// Least is the smallest terminal the screens are drawn in.
const (
	LeastWidth  = 40
	LeastHeight = 12
)

// View draws the frame.
func (a *App) View() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	v.WindowTitle = "lifeboat"
	if a.w < LeastWidth || a.h < LeastHeight {
		v.Content = strings.Join(small(a.w, a.h), "\n")
		return v
	}
	v.Content = strings.Join(a.top().View(a.w, a.h), "\n")
	if a.t.ASCII {
		v.Content = strings.ReplaceAll(v.Content, "…", a.t.Sym.Ellipsis)
	}
	if a.run != nil && a.top() == screen(a.run) && !a.run.Closed() {
		v.ProgressBar = tea.NewProgressBar(tea.ProgressBarDefault, int(100*a.run.Progress()))
	}
	return v
}

// small is the sentence a terminal gets that is too small for a screen.
func small(w, h int) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	text := fmt.Sprintf("This window is %dx%d. Lifeboat needs %dx%d: enlarge it, or quit with ctrl+c.", w, h, LeastWidth, LeastHeight)
	return parts.Fit(parts.Wrap(text, w), w, h)
}

// KeyTables are the tables of keys of every screen as Markdown, for the documents.
func KeyTables() string {
	return strings.Join([]string{
		parts.KeyTable("Start", home.Keys()),
		parts.KeyTable("Questions", wizard.Keys()),
		parts.KeyTable("Plan", planview.Keys()),
		parts.KeyTable("Storage classes", classview.Keys()),
		parts.KeyTable("Run", runner.Keys()),
	}, "\n")
}
