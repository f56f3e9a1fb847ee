package runner

import (
	"encoding/json"
	"fmt"
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
	out = append(out, parts.Prose(m.t, s.Why, parts.Readable(w))...)
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
		for n, l := range parts.Wrap(parts.Plain(f[1]), max(1, parts.Readable(w)-9)) {
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
	if c.Op == runbooks.SQL {
		return append(out, m.statement(c, w)...)
	}
	if c.Role == "" || c.Role == "call" {
		out = append(out, m.params(c.Params, w)...)
	}
	return append(out, m.shell(c.CLI, w)...)
}

// statement is a statement whole, where it runs, and for a step's own the command that does the same.
func (m *Model) statement(c journal.CallPreview, w int) []string {
	out := []string{m.t.Muted.Render(parts.Cut(fmt.Sprintf("  at database %s of %s", value(c.Params["database"]), value(c.Params["instance"])), w))}
	text, _ := c.Params["run"].(string)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		for _, l := range parts.Wrap(parts.Plain(line), max(1, w-2)) {
			out = append(out, "  "+m.t.Code.Render(l))
		}
	}
	if c.Role == "" || c.Role == "call" {
		out = append(out, m.shell(c.CLI, w)...)
	}
	return out
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
