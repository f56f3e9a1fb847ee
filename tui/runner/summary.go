package runner

import (
	"fmt"
	"strings"
	"time"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
)

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
	return parts.Prose(m.t, strings.Join(items, "\n"), parts.Readable(w))
}

// took says how long the run was, in the target's time.
func (m *Model) took() string {
	if m.d.began.IsZero() {
		return "the run's record is kept, every call with its request id"
	}
	return "it took " + parts.Span(m.d.now.Sub(m.d.began).Round(time.Second)) + " by the target's clock; the record is kept, every call with its request id"
}
