package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// person lets somebody at a plain terminal steer a run: a word and enter. Lines are read beside the events, so that a
// run which ends (by a signal, say) never waits for a line.
type person struct {
	p       *process
	session engine.Session

	mu       sync.Mutex
	waiting  bool // the run stands still for this person
	step     string
	question *journal.Question // when it is a question that it stands for
}

const words = "enter runs it, m: I do it myself, h: a hint, s REASON: skip it, d NOTE: I did it, a: run the rest, c: clean up and end, q: stop"

var commands = map[string]engine.CommandKind{
	"": engine.Do, "m": engine.Mine, "h": engine.Hint, "s": engine.Skip, "d": engine.Done, "a": engine.Auto, "c": engine.Clean, "q": engine.Stop,
}

func newPerson(p *process, session engine.Session) *person {
	d := &person{p: p, session: session}
	go func() {
		lines := bufio.NewScanner(p.in)
		for lines.Scan() {
			d.line(strings.TrimSpace(lines.Text()))
		}
		// The terminal is gone. Nothing may be decided for the person.
		session.Send(engine.Command{Kind: engine.Stop})
	}()
	return d
}

// event notes where the run stands still, and says what may be answered.
func (d *person) event(e journal.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case e.Kind == journal.StepReady:
		d.ask(e.Step, nil, words)
	case e.Kind == journal.Asked:
		d.ask(e.Step, e.Question, "answer"+defaultText(e.Question.Default)+", or q to stop")
	case e.Kind == journal.Hinted:
		d.ask(e.Step, nil, words)
	case e.Kind == journal.StepEnded && e.State == journal.Failed:
		d.ask(e.Step, nil, "it failed: enter tries again; "+words)
	case e.Kind == journal.StepStarted, e.Kind == journal.Answered, e.Kind == journal.CleanStart:
		d.waiting = false
	}
}

func (d *person) ask(step string, q *journal.Question, what string) {
	d.waiting, d.step, d.question = true, step, q
	fmt.Fprintf(d.p.out, "  %s: ", what)
}

func defaultText(s string) string {
	if s == "" {
		return ""
	}
	return " (enter takes " + s + ")"
}

// line acts on one line that was typed. While the run is busy only q means something.
func (d *person) line(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if line != "q" && !d.waiting {
		fmt.Fprintln(d.p.out, "  it is busy; q stops it at the next safe point")
		return
	}
	if d.question != nil && line != "q" {
		d.session.Send(engine.Command{Kind: engine.Reply, Step: d.step, Text: d.pick(line)})
		return
	}
	word, rest, _ := strings.Cut(line, " ")
	kind, ok := commands[word]
	if !ok || (kind == engine.Skip && rest == "") {
		d.ask(d.step, nil, "not understood; "+words)
		return
	}
	d.session.Send(engine.Command{Kind: kind, Step: d.step, Text: rest})
}

// pick takes an option by its number; nothing takes the default.
func (d *person) pick(line string) string {
	if line == "" {
		return d.question.Default
	}
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(d.question.Options) {
		return d.question.Options[n-1].Value
	}
	return line
}
