package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

// whole is what the step is and what is happening, in one column.
func (m *Model) whole(w int) []string {
	if m.d.Outcome != nil && m.picked == "" {
		return m.summary(w)
	}
	what, now := m.what(w), m.happening(w)
	st := m.d.Steps[m.shown()]
	if st != nil && (st.State != journal.Pending || m.mine[st.ID] || len(st.Hints) > 0 || m.d.changed != "") {
		// Once something happened, that comes first: it is what one looks for.
		title := 3
		return append(append(append(append([]string{}, what[:min(title, len(what))]...), now...), ""), what[min(title, len(what)):]...)
	}
	return append(append(what, ""), now...)
}

// what is the step: why, what will be called, what it costs and whether it can be undone.
func (m *Model) what(w int) []string {
	if m.d.Outcome != nil && m.picked == "" {
		return m.summary(w)
	}
	i, ok := m.d.index[m.shown()]
	if !ok {
		return []string{"", m.t.Muted.Render("Opening the run " + m.t.Sym.Ellipsis)}
	}
	s, st := m.d.book.Steps[i], m.d.Steps[m.d.book.Steps[i].ID]
	state := m.d.state(s.ID)
	sign, word, style := m.t.State(state)
	if s.ID == m.d.Current && state == journal.Pending {
		sign, word, style = m.t.Sym.Running, "your turn", m.t.Accent
	}
	left := m.t.Muted.Render(fmt.Sprintf("%s %s step %d of %d", s.Phase, m.t.Sym.Dot, i+1, len(m.d.book.Steps)))
	out := append(m.justNow(s.ID, w), parts.Ends(left, style.Render(sign+" "+word), w), m.t.Strong.Render(parts.Cut(s.FullTitle(), w)), "")
	out = append(out, parts.Prose(m.t, s.Why, min(w, 92))...)
	if st != nil && st.Preview != nil {
		out = append(out, m.preview(s, st, w)...)
	} else if s.Call != "" {
		out = append(out, "", parts.Head(m.t, "will call", w), "", m.t.Strong.Render(s.Call))
	}
	return out
}

// justNow says what came of the step before, while the next one stands.
func (m *Model) justNow(id string, w int) []string {
	i, ok := m.d.index[m.d.before]
	if !ok || id != m.d.Current || m.d.state(id) != journal.Pending || m.d.Outcome != nil {
		return nil
	}
	sign, word, style := m.t.State(m.d.state(m.d.before))
	says := m.came(m.d.Steps[m.d.before])
	if says == "" {
		says = word
	}
	title := m.d.book.Steps[i].Title
	if !strings.HasSuffix(title, "?") {
		title += ":"
	}
	line := style.Render(sign) + " " + title + " " + m.t.Muted.Render(says)
	return []string{parts.Cut(line, w), ""}
}

// came is what came of a step, in a few words.
func (m *Model) came(st *engine.StepState) string {
	if p := st.Proof; p != nil && st.State.Ended() {
		return fmt.Sprintf("%s of %s %s are what was written", parts.Count(p.Equal), parts.Count(p.Total), p.Unit)
	}
	if st.Reason != "" {
		return parts.Plain(st.Reason)
	}
	if wrote := seeded(st.Output); wrote != "" {
		return wrote
	}
	if a := st.Answer; a != nil {
		switch {
		case a.Right == nil:
			return parts.Plain(a.Value)
		case *a.Right:
			return "right"
		}
		return "not quite"
	}
	if out, ok := st.Output.(map[string]any); ok && out["Code"] != nil && out["Message"] != nil {
		return fmt.Sprintf("refused with %v, as it should be", out["Code"])
	}
	switch seen := newest(st.Checks); {
	case len(seen) == 1:
		return parts.Plain(seen[0].Say)
	case len(seen) > 1:
		return parts.Plural(len(seen), "check") + " hold"
	}
	return ""
}

// seeded says what a step that wrote known data wrote.
func seeded(output any) string {
	out, _ := output.(map[string]any)
	sum, ok := out["Fingerprint"].(string)
	n, counted := out["ChangedBlocksCount"].(float64)
	if !ok || !counted {
		return ""
	}
	return fmt.Sprintf("wrote %s %v, fingerprint %.16s", parts.Count(int(n)), out["Unit"], sum)
}

// preview is what a step is about to do: first what it costs and whether it can be undone, then its calls.
func (m *Model) preview(s runbooks.Step, st *engine.StepState, w int) []string {
	p := st.Preview
	var out []string
	for _, f := range [][2]string{{"makes", p.Creates}, {"costs", p.Cost}, {"undo", p.Undo}, {"usually", usual(p.Typical)}} {
		if f[1] == "" {
			continue
		}
		if out == nil {
			out = append(out, "")
		}
		for n, l := range parts.Wrap(parts.Plain(f[1]), max(1, min(w, 92)-9)) {
			name := parts.Pad(f[0], 9)
			if n > 0 {
				name = strings.Repeat(" ", 9)
			}
			out = append(out, m.t.Muted.Render(name)+l)
		}
	}
	for i, c := range p.Calls {
		if i == 0 {
			title := "will call"
			if st.State != journal.Pending {
				title = "calls"
			}
			out = append(out, "", parts.Head(m.t, title, w))
		} else {
			out = append(out, "")
		}
		out = append(out, m.call(c, w)...)
	}
	return out
}

// usual says a Go duration in words, and leaves words as they are.
func usual(s string) string {
	if d, err := time.ParseDuration(s); err == nil {
		return parts.Span(d)
	}
	return s
}

// call is one call with its values and the aws command that does the same.
func (m *Model) call(c journal.CallPreview, w int) []string {
	where := c.Region
	if c.As != "" {
		where += " as " + c.As
	}
	role := ""
	if c.Role != "" && c.Role != "call" {
		role = m.t.Muted.Render("  to " + roleWord(c.Role))
	}
	out := []string{parts.Ends(m.t.Strong.Render(c.Op)+"  "+m.t.Effect(c.Effect).Render(effectWord(c.Effect))+role, m.t.Muted.Render(where), w)}
	if c.Role == "" || c.Role == "call" {
		out = append(out, m.params(c.Params, w)...)
	}
	return append(out, m.shell(c.CLI, w)...)
}

// shell draws a command as it would be typed.
func (m *Model) shell(cli string, w int) []string {
	var out []string
	if cli == "" {
		return out
	}
	for i, l := range parts.Shell(cli, w-2) {
		prompt := "  "
		if i == 0 {
			prompt = m.t.Accent.Render("$") + " "
		}
		out = append(out, prompt+m.t.Code.Render(l))
	}
	return out
}

func effectWord(effect string) string {
	switch effect {
	case "read":
		return "reads"
	case "create":
		return "creates"
	case "change":
		return "changes"
	case "delete":
		return "deletes"
	case "irreversible":
		return "cannot be undone"
	}
	return effect
}

func roleWord(role string) string {
	switch role {
	case "seed":
		return "write the known data"
	case "wait":
		return "wait for it"
	case "check":
		return "check it"
	case "find":
		return "see whether it is there"
	}
	return role
}

// params lists the values of a call, names aligned; what is nested is one line of JSON.
func (m *Model) params(params map[string]any, w int) []string {
	names := make([]string, 0, len(params))
	wide := 0
	for n := range params {
		names = append(names, n)
		wide = max(wide, len(n))
	}
	sort.Strings(names)
	wide = min(wide, max(8, w/3))
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, "  "+m.t.Muted.Render(parts.Pad(n, wide))+"  "+parts.Cut(value(params[n]), max(1, w-wide-4)))
	}
	return out
}

func value(v any) string {
	switch v := v.(type) {
	case string:
		return parts.Plain(v)
	case []byte:
		return fmt.Sprintf("%s of data", parts.Plural(len(v), "byte"))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return parts.Plain(string(b))
}

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
		body = append(mark(parts.Wrap(parts.Plain(m.d.changed), max(1, min(w, 92)-2)), m.t.Warn.Render("!")), "")
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
		body = append(append(body, ""), parts.Prose(m.t, "The run was stopped in this step. `enter` goes on with it; what was made already is not made again.", min(w, 92))...)
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
	return parts.Prose(m.t, text, min(w, 92))
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
	out := append(parts.Prose(m.t, text, min(w, 92)), "")
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
		right = strings.Replace(right, "trys", "tries", 1)
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
	for _, l := range parts.Wrap(parts.Plain(c.Message), max(1, min(w, 92)-2)) {
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
		out = append(out, parts.Prose(m.t, q.Text, min(w, 92))...)
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
		out = append(append(out, ""), parts.Prose(m.t, a.Because, min(w, 92))...)
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
		lines := parts.Prose(m.t, h, max(1, min(w, 92)-13))
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
	out := append([]string{""}, mark(parts.Wrap(word+": "+parts.Plain(st.Reason), max(1, min(w, 92)-2)), style.Render(sign))...)
	if st.State != journal.Failed || id != m.d.Current || m.d.Outcome != nil {
		return out
	}
	if i, ok := m.d.index[id]; ok {
		for _, c := range m.d.book.Steps[i].Checks {
			if broken(st.Checks, c.Say) && c.Else != "" && !strings.Contains(st.Reason, c.Else) {
				out = append(out, parts.Prose(m.t, "What to do: "+c.Else, min(w, 92))...)
			}
		}
	}
	return append(append(out, ""), parts.Prose(m.t, "`R` tries it again, `s` skips it with a reason, `q` stops here and the run can be resumed.", min(w, 92))...)
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

// sweep is the clean-up: what is undone, and what is left.
func (m *Model) sweep(w int) []string {
	title := "cleaning up"
	if m.d.Cleaned {
		title = "cleaned up"
	}
	out := []string{parts.Head(m.t, title, w), ""}
	calls := m.d.swept
	if n := len(calls) - 12; n > 0 {
		out = append(out, m.t.Muted.Render("  "+parts.Plural(n, "call")+" before"))
		calls = calls[n:]
	}
	for _, c := range calls {
		out = append(out, m.ended(c, w)...)
	}
	if m.d.Cleaning {
		return append(out, m.t.Accent.Render(m.spin())+" undoing, newest first")
	}
	return append(out, m.leftover(w)...)
}

func (m *Model) leftover(w int) []string {
	if len(m.d.Left) == 0 {
		return []string{m.t.Good.Render(m.t.Sym.Passed) + " " + m.t.Strong.Render("0 left") + m.t.Muted.Render(": every Region the run used was searched for its tag")}
	}
	out := []string{m.t.Bad.Render(m.t.Sym.Failed) + " " + m.t.Strong.Render(parts.Count(len(m.d.Left))+" left")}
	for _, l := range m.d.Left {
		out = append(out, parts.Cut("  "+l.What+"  "+m.t.Muted.Render(l.Region), w))
		for _, s := range parts.Wrap(parts.Plain(l.Reason), max(1, w-4)) {
			out = append(out, "    "+m.t.Muted.Render(s))
		}
	}
	return out
}

// summary is the end: how it went, in numbers, and what comes next.
func (m *Model) summary(w int) []string {
	t, o := m.t, m.d.Outcome
	word, style := "The run ended: "+string(o.State), t.Strong
	switch o.State {
	case journal.RunPassed:
		word, style = t.Sym.Passed+" Done: the data was lost, came back, and was proved", t.Good.Bold(true)
		if m.d.proof() == nil {
			word = t.Sym.Passed + " Done: every step passed"
		}
	case journal.RunIncomplete:
		word, style = "! Incomplete: it went to its end, with skipped steps", t.Warn.Bold(true)
		if o.Undone() > 0 {
			word = "! Incomplete: it was ended before every step was done"
		}
	case journal.RunFailed:
		word, style = t.Sym.Failed+" Failed", t.Bad.Bold(true)
	case journal.RunStopped:
		word, style = t.Sym.Running+" Stopped: it can be resumed", t.Warn.Bold(true)
	}
	out := []string{parts.Ends(t.Muted.Render("the run"), t.Muted.Render(m.d.Run.ID), w), style.Render(parts.Cut(word, w)), ""}
	rpo, rto := m.d.figures()
	if m.d.unproved() {
		out = append(out, parts.Wrap(t.Warn.Render("!")+" The data was lost and not proved to be back: this run has achieved no RPO and no RTO.", w)...)
	}
	wide := max(len(parts.Span(rpo.Value)), len(parts.Span(rto.Value)))
	for _, f := range []parts.Figure{rpo, rto} {
		if m.d.Clock.Disaster.IsZero() || m.d.unproved() {
			break
		}
		f.Wide = wide
		out = append(out, f.Draw(t, max(0, min(24, w-50))))
	}
	if m.d.proof() != nil {
		out = append(out, t.Muted.Render("proof ")+t.Strong.Render(fmt.Sprintf("%s of %s %s", parts.Count(m.d.proof().Equal), parts.Count(m.d.proof().Total), m.d.proof().Unit))+t.Muted.Render(" equal, by SHA-256"))
	}
	out = append(out, "", t.Muted.Render("steps ")+m.counts(), "")
	if m.d.Cleaned {
		out = append(out, m.leftover(w)...)
	} else {
		out = append(out, t.Warn.Render("!")+" Nothing was cleaned up yet")
	}
	if m.err != nil {
		out = append(append(out, ""), parts.Wrap(parts.Plain(m.err.Error()), max(1, w))...)
	}
	out = append(out, "", parts.Head(t, "what next", w), "")
	return append(out, m.next(w)...)
}

func (m *Model) counts() string {
	var out []string
	for _, s := range []journal.State{journal.Passed, journal.ByHand, journal.Assisted, journal.Skipped, journal.Failed, journal.Pending} {
		n := m.d.Outcome.Count[s]
		if n == 0 {
			continue
		}
		sign, word, style := m.t.State(s)
		out = append(out, style.Render(sign)+fmt.Sprintf(" %d %s", n, word))
	}
	return strings.Join(out, "   ")
}

func (m *Model) next(w int) []string {
	var items []string
	if m.d.Outcome.State != journal.RunPassed && m.d.Outcome.State != journal.RunIncomplete {
		if how := m.resume(); how != "" {
			items = append(items, "- go on where it stands: `"+how+"`")
		}
	}
	if len(m.d.Left) > 0 {
		items = append(items, "- take away what is left: `lifeboat lab clean "+m.d.Run.ID+"`")
	}
	if m.d.Outcome.State == journal.RunPassed {
		items = append(items, "- do a few steps yourself next time, with `m`", "- make a plan for your own data, from the start screen")
	}
	if n := m.d.Outcome.Count[journal.Skipped]; n > 0 {
		items = append(items, "- do the "+parts.Plural(n, "skipped step")+" next time: a run with one is never called done")
	}
	items = append(items, "- "+m.took(), "- `q` goes back to the start")
	return parts.Prose(m.t, strings.Join(items, "\n"), min(w, 92))
}

// took says how long the run was, in the target's time.
func (m *Model) took() string {
	if m.d.began.IsZero() {
		return "the run's record is kept, every call with its request id"
	}
	return "it took " + parts.Span(m.d.now.Sub(m.d.began).Round(time.Second)) + " by the target's clock; the record is kept, every call with its request id"
}
