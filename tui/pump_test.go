package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/runner"
)

// flow is a session whose events the test sends itself.
type flow struct {
	events chan journal.Event
	book   *runbooks.Runbook
}

func (f *flow) RunID() string                  { return "flow" }
func (f *flow) Runbook() *runbooks.Runbook     { return f.book }
func (f *flow) Events() <-chan journal.Event   { return f.events }
func (f *flow) Send(engine.Command)            {}
func (f *flow) Wait() (journal.Outcome, error) { return journal.Outcome{}, nil }

// beats hands out the beats of a pump one by one: nothing is sent before the test says so.
type beats struct{ asked, c chan struct{} }

func (b *beats) after(time.Duration) <-chan time.Time {
	out := make(chan time.Time, 1)
	go func() { b.asked <- struct{}{}; <-b.c; out <- time.Time{} }()
	return out
}

func TestPumpBatches(t *testing.T) {
	f := &flow{events: make(chan journal.Event)}
	b := &beats{make(chan struct{}), make(chan struct{})}
	got := make(chan tea.Msg, 100)
	startPump(f, func(m tea.Msg) { got <- m }, b.after)
	f.events <- journal.Event{Kind: journal.Note, Text: "first"}
	<-b.asked
	// The engine is not held back while a beat lasts, however many events come.
	for range 999 {
		f.events <- journal.Event{Kind: journal.Note}
	}
	f.events <- journal.Event{Kind: journal.Note, Text: "last"}
	close(b.c)
	n := 0
	for n < 1001 {
		select {
		case m := <-got:
			n += len(m.(runner.Batch).Events)
		case <-b.asked:
		}
	}
	if n != 1001 {
		t.Fatalf("%d events arrived, 1001 were sent", n)
	}
}

func TestPumpHurries(t *testing.T) {
	f := &flow{events: make(chan journal.Event)}
	got := make(chan tea.Msg, 100)
	never := func(time.Duration) <-chan time.Time { return make(chan time.Time) }
	startPump(f, func(m tea.Msg) { got <- m }, never)
	f.events <- journal.Event{Kind: journal.Note}
	f.events <- journal.Event{Kind: journal.Asked, Question: &journal.Question{}}
	n := 0
	for n < 2 {
		n += len((<-got).(runner.Batch).Events)
	}
	close(f.events)
	if last := (<-got).(runner.Batch); !last.Closed {
		t.Fatal("the end did not arrive")
	}
}

func TestPumpMergesOnlyWhatPasses(t *testing.T) {
	p := &pump{}
	for i, e := range []journal.Event{
		{Kind: journal.Time}, {Kind: journal.Time}, {Kind: journal.WaitSeen, Step: "a"}, {Kind: journal.WaitSeen, Step: "a"},
		{Kind: journal.WaitSeen, Step: "b"}, {Kind: journal.Note}, {Kind: journal.Note}, {Kind: journal.Time},
	} {
		e.Seq = i
		p.add(e)
	}
	var kinds []string
	for _, e := range p.buf {
		kinds = append(kinds, string(e.Kind)+e.Step)
	}
	if got, want := strings.Join(kinds, " "), "time waitinga waitingb note note time"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestPumpSurvivesAPanic(t *testing.T) {
	got := make(chan tea.Msg, 1)
	p := &pump{send: func(m tea.Msg) { got <- m }}
	p.guard(func() { panic("of a session") })
	if m, ok := (<-got).(failedMsg); !ok || !strings.Contains(m.err.Error(), "of a session") {
		t.Fatal("the panic was lost")
	}
	a := New(Deps{}, First{})
	_, cmd := a.Update(failedMsg{"the event pump", errors.New("panic: x")})
	if _, quit := cmd().(tea.QuitMsg); !quit || a.Result().Err == nil {
		t.Fatal("the program goes on with nothing to show")
	}
}
