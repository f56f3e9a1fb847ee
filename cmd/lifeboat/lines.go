package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// A voice tells a run to somebody who has no screen. Both voices are made of the same events, and only of those.
type voice interface {
	event(journal.Event)
}

// heartbeat is how long the lines may stay silent while something is waited for, in this machine's time.
const heartbeat = 10 * time.Second

// lines is the voice for people and their screen readers: whole lines, no colour, no cursor moves.
type lines struct {
	out   io.Writer
	book  *runbooks.Runbook
	why   bool // tell the why of each step, and what it is about to call: for a person who decides
	step  string
	spoke time.Time // when the last line was written, as the events tell it
	// retried is the step and the code of the refusal that is said once, however often it is met.
	retried string
}

func newLines(out io.Writer, book *runbooks.Runbook, why bool) *lines {
	return &lines{out: out, book: book, why: why}
}

func (l *lines) say(e journal.Event, format string, args ...any) {
	l.spoke = e.Wall
	fmt.Fprintf(l.out, format+"\n", args...)
}

func (l *lines) event(e journal.Event) {
	switch e.Kind {
	case journal.RunStarted, journal.RunResumed:
		l.run(e)
	case journal.StepReady:
		l.head(e)
		if e.Preview != nil && l.why {
			l.preview(e)
		}
	case journal.StepStarted:
		l.head(e)
	case journal.CallResult:
		l.call(e)
	case journal.WaitStarted:
		l.say(e, "  waiting for %s%s", e.Wait.For, typical(e.Wait.Typical))
	case journal.WaitSeen:
		if e.Wall.Sub(l.spoke) >= heartbeat {
			l.say(e, "  still waiting for %s, %s so far%s", e.Wait.For, short(e.Wait.Elapsed), seen(e.Wait.Seen))
		}
	case journal.WaitEnded:
		l.say(e, "  %s after %s%s", waited(e.Wait.OK), short(e.Wait.Elapsed), seen(e.Wait.Seen))
	case journal.Checked:
		l.check(e)
	case journal.Asked:
		l.question(e)
	case journal.Answered:
		l.answer(e)
	case journal.Hinted:
		l.say(e, "  hint %d: %s", e.Level, e.Text)
	case journal.Note:
		l.say(e, "  note: %s", e.Text)
	case journal.Proved:
		l.proof(e)
	case journal.Clocks:
		l.clocks(e)
	case journal.StepEnded:
		l.ended(e)
	case journal.CleanStart:
		l.step = ""
		l.say(e, "Clean-up: everything this run made goes away, newest first")
	case journal.CleanEnded:
		l.left(e)
	case journal.RunEnded:
		l.outcome(e)
	}
}

func (l *lines) run(e journal.Event) {
	if e.Run == nil {
		return
	}
	verb := "Run"
	if e.Kind == journal.RunResumed {
		verb = "Resumed run"
	}
	l.say(e, "%s %s: %s", verb, e.Run.ID, e.Run.Title)
	account := e.Run.Account
	if e.Run.Alias != "" {
		account += " (" + e.Run.Alias + ")"
	}
	var regions []string
	for _, name := range slices.Sorted(maps.Keys(e.Run.Regions)) {
		regions = append(regions, name+" "+e.Run.Regions[name])
	}
	l.say(e, "%s on %s, account %s, %s", e.Run.Mode, e.Run.Target, account, strings.Join(regions, ", "))
	if e.Text != "" {
		l.say(e, "note: %s", e.Text)
	}
}

// head says which step it is, once.
func (l *lines) head(e journal.Event) {
	if e.Step == l.step {
		return
	}
	l.step = e.Step
	if len(l.book.Steps) == 0 {
		l.say(e, "")
		l.say(e, "Step %s", e.Step)
	}
	for i, s := range l.book.Steps {
		if s.ID != e.Step {
			continue
		}
		l.say(e, "")
		l.say(e, "Step %d of %d, %s: %s", i+1, len(l.book.Steps), s.Phase, s.FullTitle())
		if l.why && s.Why != "" {
			l.say(e, "  %s", strings.Join(strings.Fields(s.Why), " "))
		}
	}
}

func (l *lines) preview(e journal.Event) {
	for _, c := range e.Preview.Calls {
		if c.Role != "" && c.Role != "call" {
			continue
		}
		if c.Op == runbooks.SQL {
			l.say(e, "  will run in %s, at database %v of %v (%s): %s", c.Region, c.Params["database"], c.Params["instance"], c.Effect,
				strings.Join(strings.Fields(fmt.Sprint(c.Params["run"])), " "))
		} else {
			l.say(e, "  will call %s in %s (%s)", c.Op, c.Region, c.Effect)
		}
		if c.CLI != "" {
			l.say(e, "  the same by hand: %s", c.CLI)
		}
	}
	for _, part := range []struct{ name, text string }{{"creates", e.Preview.Creates}, {"costs", e.Preview.Cost}, {"undo", e.Preview.Undo}} {
		if part.text != "" {
			l.say(e, "  %s: %s", part.name, part.text)
		}
	}
}

// call tells what was called. Reads that only look (waits, checks, finds) are silent: what they saw is told anyway.
func (l *lines) call(e journal.Event) {
	c := e.Call
	switch {
	case c.Found && c.Role == "undo":
		l.say(e, "  %s in %s: gone already, nothing was sent", c.Op, c.Region)
	case c.Found:
		l.say(e, "  %s in %s: it was there already, nothing was sent", c.Op, c.Region)
	case l.again(e):
		if again := e.Step + " " + c.Code; l.retried != again {
			l.retried = again
			l.say(e, "  %s in %s: not yet: %s; again", c.Op, c.Region, c.Code)
		}
	case !c.OK && c.Role != "wait" && c.Role != "find":
		l.say(e, "  %s in %s: %s: %s%s", c.Op, c.Region, c.Code, c.Message, request(c.RequestID))
	case c.OK && (c.Role == "call" || c.Role == "undo" || c.Role == ""):
		l.say(e, "  %s in %s: ok", c.Op, c.Region)
	}
}

// again reports whether a call was refused with what its step knows to pass by itself.
func (l *lines) again(e journal.Event) bool {
	if e.Call.OK || e.Call.Role != "call" {
		return false
	}
	i := slices.IndexFunc(l.book.Steps, func(s runbooks.Step) bool { return s.ID == e.Step })
	return i >= 0 && slices.ContainsFunc(l.book.Steps[i].Retry, func(r runbooks.Retry) bool {
		return r.Code == e.Call.Code && strings.Contains(e.Call.Message, r.Message)
	})
}

func (l *lines) check(e journal.Event) {
	if e.Check.OK {
		l.say(e, "  checked: %s", e.Check.Say)
		return
	}
	l.say(e, "  NOT SO: %s%s", e.Check.Say, seen(e.Check.Got))
}

func (l *lines) question(e journal.Event) {
	q := e.Question
	l.say(e, "  %s", q.Text)
	for i, o := range q.Options {
		note := ""
		if o.Note != "" {
			note = " (" + o.Note + ")"
		}
		l.say(e, "    %d. %s%s", i+1, o.Label, note)
	}
}

func (l *lines) answer(e journal.Event) {
	a := e.Answer
	l.say(e, "  answer (%s): %s", a.By, a.Value)
	if a.Right != nil && !*a.Right {
		l.say(e, "  that is not right")
	}
	if a.Because != "" {
		l.say(e, "  because: %s", strings.Join(strings.Fields(a.Because), " "))
	}
}

func (l *lines) proof(e journal.Event) {
	p := e.Proof
	l.say(e, "  %d of %d %s are equal, fingerprint %s", p.Equal, p.Total, p.Unit, cut(p.Fingerprint, 16))
	if len(p.Different) > 0 {
		l.say(e, "  different: %s", strings.Join(p.Different, ", "))
	}
}

func (l *lines) clocks(e journal.Event) {
	c := e.Clocks
	switch {
	case c.Disaster.IsZero():
	case c.Proved.IsZero():
		l.say(e, "  disaster at %s: the clock for the recovery time runs", c.Disaster.Format(time.DateTime))
	default:
		l.say(e, "  data lost (RPO): %s%s", short(c.RPO), target(c.TargetRPO))
		l.say(e, "  time to recover (RTO): %s%s", short(c.RTO), target(c.TargetRTO))
	}
}

func (l *lines) ended(e journal.Event) {
	if out, ok := e.Output.(map[string]any); ok && e.State.Ended() {
		if sum, ok := out["Fingerprint"].(string); ok && out["ChangedBlocksCount"] != nil {
			l.say(e, "  wrote %v %v, fingerprint %s", out["ChangedBlocksCount"], out["Unit"], cut(sum, 16))
		}
	}
	if e.Text == "" {
		l.say(e, "  %s", e.State)
		return
	}
	l.say(e, "  %s: %s", e.State, e.Text)
}

func (l *lines) left(e journal.Event) {
	if len(e.Left) == 0 {
		l.say(e, "  left behind: nothing")
		return
	}
	l.say(e, "  left behind: %d", len(e.Left))
	for _, x := range e.Left {
		l.say(e, "    %s in %s: %s", x.What, x.Region, x.Reason)
	}
}

func (l *lines) outcome(e journal.Event) {
	o := e.Outcome
	l.say(e, "")
	var counts []string
	for _, s := range []journal.State{journal.Passed, journal.ByHand, journal.Assisted, journal.Skipped, journal.Failed, journal.Pending} {
		if n := o.Count[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	l.say(e, "The run is over: %s (%s)", o.State, strings.Join(counts, ", "))
	if o.RTO > 0 {
		l.say(e, "Data lost %s, recovered in %s", short(o.RPO), short(o.RTO))
	}
}

func waited(ok bool) string {
	if ok {
		return "there"
	}
	return "not there"
}

func seen(s string) string {
	if s == "" {
		return ""
	}
	return ", seen: " + s
}

func request(id string) string {
	if id == "" {
		return ""
	}
	return " (request " + id + ")"
}

func typical(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return ", typically " + short(d)
}

func target(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return " (target " + short(d) + ")"
}

// short writes a length of time for people, to the second.
func short(d time.Duration) string {
	d = d.Round(time.Second)
	if d == 0 {
		return "0 s"
	}
	s := d.String()
	s = strings.NewReplacer("h", " h ", "m", " min ", "s", " s").Replace(s)
	s = strings.TrimSuffix(strings.TrimSuffix(s, " 0 s"), " 0 min")
	return strings.TrimSpace(s)
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n]
}
