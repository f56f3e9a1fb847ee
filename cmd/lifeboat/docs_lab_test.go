package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/aws/calls"
	"lifeboat/aws/sandbox"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui"
	"lifeboat/tui/home"
	"lifeboat/tui/runner"
)

// The real lab on the real engine and sandbox, made to write the same events each time: the clock jumps, and ids, times and
// chances are given. Its frames are those of the documents.

const docsRun = "ebs-snapshots-20261123-0910-demo"

var docsStart = time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)

// numbered are calls whose request ids count, where AWS and the sandbox give random ones.
type numbered struct {
	calls.Caller
	mu sync.Mutex
	n  int
}

func (c *numbered) Call(ctx context.Context, r calls.Request) (calls.Response, error) {
	out, err := c.Caller.Call(ctx, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", c.n)
	out.RequestID, out.Took = id, 0
	if e, ok := err.(*calls.Error); ok {
		same := *e
		same.RequestID, same.Took = id, 0
		return out, &same
	}
	return out, err
}

// attendedRun is a run of a lab by somebody who does everything right and looks at every hint of one step.
func attendedRun(t testing.TB, lab string) (*runbooks.Runbook, []journal.Event) {
	t.Helper()
	book, err := runbooks.Open(lab)
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Open(sandbox.Options{Seed: 1, Start: docsStart})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	s, err := engine.Start(t.Context(), engine.Options{
		Runbook: book, Target: box.Target(), Journal: journal.Folder{Dir: t.TempDir()}, ID: docsRun, Version: "docs",
		Wall: func() time.Time { return docsStart }, Rand: func() float64 { return 0.5 },
		Pause:  func(context.Context, time.Duration) error { return nil },
		Caller: func(g calls.Guard) calls.Caller { return &numbered{Caller: calls.New(box.Target(), g)} },
	})
	if err != nil {
		t.Fatal(err)
	}
	reads := func(step string) { // a person reads for a while before each step, but is too quick for a new role
		if step == "role-policy" || step == "protect-tag" || step == "policy" {
			return
		}
		if err := box.Target().Clock.Pass(t.Context(), 40*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	var events []journal.Event
	for e := range s.Events() {
		if e.Kind == journal.Time {
			continue
		}
		events = append(events, e)
		switch {
		case e.Kind == journal.StepReady && e.Step == "volume":
			s.Send(engine.Command{Kind: engine.Hint, Step: e.Step})
		case e.Kind == journal.StepReady, e.Kind == journal.Hinted:
			reads(e.Step)
			s.Send(engine.Command{Kind: engine.Do, Step: e.Step})
		case e.Kind == journal.Asked:
			s.Send(engine.Command{Kind: engine.Reply, Step: e.Step, Text: rightAnswer(book, e)})
		case e.Kind == journal.StepEnded && e.State == journal.Failed:
			t.Fatalf("%s failed: %s", e.Step, e.Text)
		}
	}
	if out, err := s.Wait(); err != nil || out.State != journal.RunPassed || out.Left != 0 {
		t.Fatalf("the run of the documents ended as %+v, %v", out, err)
	}
	return book, events
}

// rightAnswer is the default, or what a quiz does not show before.
func rightAnswer(book *runbooks.Runbook, e journal.Event) string {
	for _, s := range book.Steps {
		if s.ID == e.Step && s.Quiz != nil {
			return s.Quiz.Choices[s.Quiz.Answer]
		}
	}
	return e.Question.Default
}

// replayed is a session whose events are handed to the program by the test.
type replayed struct {
	book *runbooks.Runbook
	last journal.Outcome
}

func (r *replayed) RunID() string              { return "replayed" }
func (r *replayed) Runbook() *runbooks.Runbook { return r.book }
func (r *replayed) Send(engine.Command)        {}
func (r *replayed) Wait() (journal.Outcome, error) {
	return r.last, nil
}

func (r *replayed) Events() <-chan journal.Event {
	none := make(chan journal.Event)
	close(none)
	return none
}

// shown is the terminal program at a size, with this program's own labs and questions and no terminal.
type shown struct {
	t    testing.TB
	app  *tui.App
	w, h int
}

func showApp(t testing.TB, w, h int, light bool, runs []home.Run, first tui.First, session engine.Session) *shown {
	t.Helper()
	p := &process{env: []string{"LANG=en_US.UTF-8"}, out: io.Discard, err: io.Discard, log: slog.New(slog.DiscardHandler)}
	d := newStage(p, t.TempDir()).deps()
	d.Runs = func(context.Context) ([]home.Run, error) { return runs, nil }
	d.SaveAnswers, d.Answers, d.Version = nil, nil, ""
	d.Now = func() time.Time { return docsStart }
	d.Start = func(context.Context, string) (engine.Session, error) { return session, nil }
	s := &shown{t: t, app: tui.New(d, first), w: w, h: h}
	s.app.Update(tea.WindowSizeMsg{Width: w, Height: h})
	s.do(s.app.Init())
	if light {
		s.app.Update(tea.BackgroundColorMsg{Color: white{}})
	}
	return s
}

type white struct{}

func (white) RGBA() (r, g, b, a uint32) { return 0xffff, 0xffff, 0xffff, 0xffff }

// do runs commands and what they bring, until nothing comes any more. What is meant for the terminal is left out.
func (s *shown) do(cmd tea.Cmd) {
	for queue := []tea.Cmd{cmd}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == nil {
			continue
		}
		switch msg := queue[0]().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			if !strings.HasPrefix(fmt.Sprintf("%T", msg), "tea.") {
				_, next := s.app.Update(msg)
				queue = append(queue, next)
			}
		}
	}
}

func (s *shown) press(keys ...string) *shown {
	codes := map[string]rune{"enter": tea.KeyEnter, "space": tea.KeySpace, "down": tea.KeyDown}
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		if code, ok := codes[k]; ok {
			msg = tea.KeyPressMsg{Code: code}
		}
		if k == "space" {
			msg.Text = " "
		}
		_, cmd := s.app.Update(msg)
		s.do(cmd)
	}
	return s
}

func (s *shown) styled() string { return s.app.View().Content }

func (s *shown) text() string {
	lines := strings.Split(ansi.Strip(s.styled()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// film is a run from which any moment can be shown at any size.
type film struct {
	t      testing.TB
	book   *runbooks.Runbook
	events []journal.Event
}

// at shows the program after the first event that the moment takes for its own.
func (f *film) at(m moment, w, h int, light bool) *shown {
	f.t.Helper()
	i := slices.IndexFunc(f.events, m.is)
	if i < 0 {
		f.t.Fatalf("the moment %q never came", m.title)
	}
	session := &replayed{book: f.book}
	s := showApp(f.t, w, h, light, nil, tui.First{Lab: f.book.ID}, session)
	last := f.events[i]
	if last.Outcome != nil {
		session.last = *last.Outcome
	}
	// Not through do: a batch may start the tick of the sign that something is under way.
	s.app.Update(runner.Batch{Session: session, Events: f.events[:i+1], Closed: last.Kind == journal.RunEnded})
	return s.press(m.keys...)
}

// moment is a point of the run that the documents show.
type moment struct {
	title, says string
	w, h        int
	is          func(journal.Event) bool
	keys        []string // pressed then
}

func when(kind journal.Kind, step string) func(journal.Event) bool {
	return func(e journal.Event) bool { return e.Kind == kind && e.Step == step }
}

func whenState(step string, s journal.State) func(journal.Event) bool {
	return func(e journal.Event) bool { return e.Kind == journal.StepEnded && e.Step == step && e.State == s }
}
