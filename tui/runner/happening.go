package runner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

// happening is what goes on: calls, the wait, checks, hints, the proof, and what a person should do.
func (m *Model) happening(w int) []string {
	if m.d.Cleaning || m.d.Cleaned && m.picked == "" {
		return m.sweep(w)
	}
	id := m.shown()
	st := m.d.Steps[id]
	if st == nil {
		return nil
	}
	var body []string
	if m.d.changed != "" && id == m.d.Current {
		body = append(mark(parts.Wrap(parts.Plain(m.d.changed), max(1, parts.Readable(w)-2)), m.t.Warn.Render("!")), "")
	}
	body = append(body, m.byHand(id, st, w)...)
	body = append(body, m.callLines(id, st, w)...)
	if st.Wait != nil {
		body = append(body, m.wait(st, w)...)
	}
	for _, c := range newest(st.Checks) {
		body = append(body, m.check(c, w)...)
	}
	if wrote := seeded(st.Output); wrote != "" {
		body = append(body, m.t.Good.Render(m.t.Sym.Passed)+" "+parts.Cut(wrote, max(1, w-2)))
	}
	if st.Proof != nil {
		body = append(body, m.proof(*st.Proof, w)...)
	}
	body = append(body, m.answer(id, st, w)...)
	body = append(body, m.hints(id, st, w)...)
	for _, n := range m.d.notes[id] {
		body = append(body, parts.Prose(m.t, n, w)...)
	}
	body = append(body, m.reason(id, st, w)...)
	if len(body) == 0 {
		if id != m.d.Current {
			return nil
		}
		body = m.invite(id, w)
	} else if id == m.d.Current && st.State == journal.Pending && !st.Started.IsZero() && !m.mine[id] {
		body = append(append(body, ""), parts.Prose(m.t, "The run was stopped in this step. `enter` goes on with it; what was made already is not made again.", parts.Readable(w))...)
	}
	title := "what is happening"
	if st.State.Ended() {
		title = "what happened"
	} else if st.State == journal.Pending && !m.mine[id] {
		title = "your turn"
	}
	if n := m.d.tries[id].n; n > 1 {
		title += fmt.Sprintf(", try %d", n)
	}
	return append([]string{parts.Head(m.t, title, w), ""}, body...)
}

// invite says what can be done with a step that stands.
func (m *Model) invite(id string, w int) []string {
	text := "Press `enter` and it is run for you, or `m` to do it yourself in a second terminal. `h` gives a hint."
	if m.offMine() != "" {
		text = "Press `enter` to go on. `h` gives a hint."
	}
	if m.d.Question != nil {
		text = "Press `enter` to answer."
	}
	return parts.Prose(m.t, text, parts.Readable(w))
}

func (m *Model) byHand(id string, st *engine.StepState, w int) []string {
	if !m.mine[id] || st.State.Ended() {
		return nil
	}
	text := "Do it in a second terminal"
	if m.o.Shell != "" {
		text += ", opened with `" + m.o.Shell + "`"
	}
	if m.looks(id) {
		text += ", and look at the answer. Then press `enter`: the run reads the same, because later steps need it."
	} else {
		text += ". This command or any other way is fine; the run goes on when it sees that it is there."
	}
	out := append(parts.Prose(m.t, text, parts.Readable(w)), "")
	return append(append(out, m.shell(m.command(id), w)...), "")
}

// callLines are the calls of the newest try that ended, the last ones when there are many, and those under way.
func (m *Model) callLines(id string, st *engine.StepState, w int) []string {
	const most = 6
	var out []string
	var calls []journal.Call
	n := len(st.Calls) - 1
	for ; n >= m.d.tries[id].calls && len(calls) < most; n-- {
		if c := st.Calls[n]; c.Role != "wait" || !c.OK {
			calls = append(calls, c)
		}
	}
	if n >= 0 {
		out = append(out, m.t.Muted.Render("  "+parts.Plural(n+1, "call")+" before"))
	}
	slices.Reverse(calls)
	for _, c := range calls {
		out = append(out, m.ended(c, w)...)
	}
	for _, c := range st.Open {
		out = append(out, m.t.Accent.Render(m.spin())+" "+c.Op+m.t.Muted.Render("  sent"))
	}
	return out
}

func (m *Model) ended(c journal.Call, w int) []string {
	right := m.t.Muted.Render(fmt.Sprintf("%d ms", c.Millis))
	if c.Attempts > 1 {
		right = m.t.Warn.Render(parts.Plural(c.Attempts, "try")+"  ") + right
	}
	switch {
	case c.Found:
		words := "  was there already"
		if c.Role == "undo" {
			words = "  was gone already"
		}
		return []string{parts.Ends(m.t.Good.Render(m.t.Sym.Passed)+" "+c.Op+m.t.Muted.Render(words), "", w)}
	case c.OK || c.Code == "":
		role := ""
		if c.Role != "" && c.Role != "call" {
			role = m.t.Muted.Render("  " + c.Role)
		}
		return []string{parts.Ends(m.t.Good.Render(m.t.Sym.Passed)+" "+c.Op+role, right, w)}
	}
	out := []string{parts.Ends(m.t.Bad.Render(m.t.Sym.Failed)+" "+c.Op+"  "+m.t.Bad.Render(c.Code), right, w)}
	for _, l := range parts.Wrap(parts.Plain(c.Message), max(1, parts.Readable(w)-2)) {
		out = append(out, "  "+l)
	}
	if c.RequestID != "" {
		out = append(out, "  "+m.t.Muted.Render(parts.Cut("request "+c.RequestID, w-2)))
	}
	return out
}

func (m *Model) spin() string { return m.t.Sym.Spin[m.frame%len(m.t.Sym.Spin)] }

// wait is the state that is waited for, the one that was seen, and how long it takes beside how long it usually does.
func (m *Model) wait(st *engine.StepState, w int) []string {
	k := st.Wait
	if k.OK {
		return []string{parts.Ends(m.t.Good.Render(m.t.Sym.Passed)+" "+parts.Cut(parts.Plain(k.For), max(8, w-20)), m.t.Muted.Render(parts.Span(k.Elapsed)), w)}
	}
	sign := m.t.Warn.Render(m.spin())
	if st.State == journal.Failed {
		sign = m.t.Bad.Render(m.t.Sym.Failed)
	}
	seen := ""
	if k.Seen != "" {
		seen = "now " + m.t.Strong.Render(parts.Plain(k.Seen))
	}
	verb := " waiting for "
	if st.State == journal.Failed {
		verb = " waited for "
	}
	out := []string{parts.Ends(sign+verb+parts.Cut(parts.Plain(k.For), max(8, w-32)), seen, w)}
	elapsed := k.Elapsed
	if st.State == journal.Waiting {
		elapsed += m.d.ahead
	}
	elapsed = elapsed.Round(time.Second)
	span := parts.Span(elapsed)
	if elapsed == 0 {
		span = "0 s"
	}
	times, x := span, 0.0
	switch {
	case k.Typical > 0:
		times += m.t.Muted.Render(" of usually " + parts.Span(k.Typical))
		x = float64(elapsed) / float64(k.Typical)
	case k.Within > 0:
		times += m.t.Muted.Render(" of at most " + parts.Span(k.Within))
		x = float64(elapsed) / float64(k.Within)
	}
	bar := ""
	if k.Typical > 0 || k.Within > 0 {
		bar = parts.Gauge(m.t, min(x, 1), max(1, min(28, w-40))) + "  "
	}
	out = append(out, "  "+bar+times)
	var more []string
	if k.Polls > 0 {
		more = append(more, "looked "+parts.Plural(k.Polls, "time"))
	}
	if k.Typical > 0 && elapsed > k.Typical {
		more = append(more, "longer than usual")
	}
	if k.Within > 0 {
		more = append(more, "gives up after "+parts.Span(k.Within))
	}
	if len(more) > 0 {
		out = append(out, "  "+m.t.Muted.Render(parts.Cut(strings.Join(more, ", "), w-2)))
	}
	return out
}

// newest gives each condition as it was seen last, in the order of the first sight; while a person works a check is
// looked at many times.
func newest(checks []journal.Check) []journal.Check {
	const most = 60
	checks = checks[max(0, len(checks)-most):]
	var out []journal.Check
	for _, c := range checks {
		if i := slices.IndexFunc(out, func(o journal.Check) bool { return o.Say == c.Say }); i >= 0 {
			out[i] = c
			continue
		}
		out = append(out, c)
	}
	return out
}

func (m *Model) check(c journal.Check, w int) []string {
	if c.OK {
		return mark(parts.Wrap(c.Say, max(1, w-2)), m.t.Good.Render(m.t.Sym.Passed))
	}
	out := mark(parts.Wrap(c.Say, max(1, w-2)), m.t.Bad.Render(m.t.Sym.Failed))
	if c.Got != "" {
		out = append(out, "  "+m.t.Muted.Render("there instead: ")+parts.Cut(parts.Plain(c.Got), max(1, w-17)))
	}
	return out
}

// mark puts a sign before the first line and indents the others.
func mark(lines []string, sign string) []string {
	for i := range lines {
		if i == 0 {
			lines[i] = sign + " " + lines[i]
			continue
		}
		lines[i] = "  " + lines[i]
	}
	return lines
}

func (m *Model) proof(p journal.Proof, w int) []string {
	sign, style := m.t.Sym.Passed, m.t.Good
	if !p.OK {
		sign, style = m.t.Sym.Failed, m.t.Bad
	}
	share := 0.0
	if p.Total > 0 {
		share = float64(p.Equal) / float64(p.Total)
	}
	out := []string{"",
		style.Render(sign) + " " + m.t.Strong.Render(fmt.Sprintf("%s of %s %s are what was written", parts.Count(p.Equal), parts.Count(p.Total), p.Unit)),
		"  " + parts.Gauge(m.t, share, max(1, min(44, w-2))),
		"  " + m.t.Muted.Render("written  ") + m.t.Code.Render(parts.Cut(p.Expected, w-11)),
		"  " + m.t.Muted.Render("read     ") + m.t.Code.Render(parts.Cut(p.Fingerprint, w-11)),
	}
	if len(p.Different) > 0 {
		out = append(out, "  "+m.t.Bad.Render(parts.Cut("different: "+strings.Join(p.Different, ", "), w-2)))
	}
	return append(out, "")
}

func (m *Model) answer(id string, st *engine.StepState, w int) []string {
	a := st.Answer
	if a == nil {
		return nil
	}
	var out []string
	if q, ok := m.d.asked[id]; ok && a.Right != nil {
		out = append(out, parts.Prose(m.t, q.Text, parts.Readable(w))...)
		out = append(out, "")
	}
	said := "you said: "
	if a.By == "default" {
		said = "taken: "
	}
	value := a.Value
	for _, o := range m.d.asked[id].Options {
		if o.Value == value && o.Label != "" && !strings.Contains(o.Label, value) {
			value = o.Label + " (" + value + ")"
		}
	}
	switch {
	case a.Right == nil:
		out = append(out, mark(parts.Wrap(said+parts.Plain(value), max(1, w-2)), m.t.Accent.Render(m.t.Sym.Cursor))...)
	case *a.Right:
		out = append(out, mark(parts.Wrap("right: "+parts.Plain(a.Value), max(1, w-2)), m.t.Good.Render(m.t.Sym.Passed))...)
	default:
		out = append(out, mark(parts.Wrap("not quite: "+parts.Plain(a.Value), max(1, w-2)), m.t.Warn.Render("!"))...)
	}
	if a.Because != "" {
		out = append(append(out, ""), parts.Prose(m.t, a.Because, parts.Readable(w))...)
	}
	return out
}

func (m *Model) hints(id string, st *engine.StepState, w int) []string {
	if len(st.Hints) == 0 {
		return nil
	}
	all := len(st.Hints)
	if i, ok := m.d.index[id]; ok {
		all = max(all, len(m.d.book.Steps[i].Hints))
	}
	out := []string{""}
	for i, h := range st.Hints {
		name := m.t.Warn.Render(fmt.Sprintf("hint %d of %d", i+1, all))
		lines := parts.Prose(m.t, h, max(1, parts.Readable(w)-13))
		for n, l := range lines {
			if n > 0 {
				name = strings.Repeat(" ", 11)
			}
			out = append(out, name+"  "+l)
		}
	}
	return out
}

// reason is why the step ended as it did, and what can be done about a failure.
func (m *Model) reason(id string, st *engine.StepState, w int) []string {
	if st.Reason == "" && st.State != journal.Failed {
		return nil
	}
	sign, word, style := m.t.State(st.State)
	out := append([]string{""}, mark(parts.Wrap(word+": "+parts.Plain(st.Reason), max(1, parts.Readable(w)-2)), style.Render(sign))...)
	if st.State != journal.Failed || id != m.d.Current || m.d.Outcome != nil {
		return out
	}
	if i, ok := m.d.index[id]; ok {
		for _, c := range m.d.book.Steps[i].Checks {
			if broken(st.Checks, c.Say) && c.Else != "" && !strings.Contains(st.Reason, c.Else) {
				out = append(out, parts.Prose(m.t, "What to do: "+c.Else, parts.Readable(w))...)
			}
		}
	}
	return append(append(out, ""), parts.Prose(m.t, "`R` tries it again, `s` skips it with a reason, `q` stops here and the run can be resumed.", parts.Readable(w))...)
}

// broken reports whether a condition did not hold when it was seen last.
func broken(checks []journal.Check, say string) bool {
	for _, c := range newest(checks) {
		if c.Say == say {
			return !c.OK
		}
	}
	return false
}
