package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeboat/aws/prices"
	"lifeboat/runbooks/expr"
)

// Sheet is a runbook as a lab sheet in Markdown: why, the aws commands, what must hold, the hints folded away, how it is taken
// back and what it costs. It is all derived from the runbook.
func Sheet(b *Runbook) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n\n%s\n\n", b.Title, b.Summary)
	fmt.Fprintf(&out, "%d steps", len(b.Steps))
	if b.Minutes > 0 {
		fmt.Fprintf(&out, ", about %d minutes on AWS", b.Minutes)
	}
	if b.Targets.RPO > 0 {
		fmt.Fprintf(&out, "; at most %s of data lost", short(b.Targets.RPO))
	}
	if b.Targets.RTO > 0 {
		fmt.Fprintf(&out, "; back within %s", short(b.Targets.RTO))
	}
	out.WriteString(".\n")
	for _, name := range slices.Sorted(maps.Keys(b.Accounts)) {
		fmt.Fprintf(&out, "\nAccount `%s`: %s.\n", name, b.Accounts[name])
	}
	sh := newShell(b)
	phase := ""
	for i := range b.Steps {
		s := &b.Steps[i]
		if s.Phase != phase {
			phase = s.Phase
			fmt.Fprintf(&out, "\n## %s%s\n", strings.ToUpper(phase[:1]), phase[1:])
		}
		fmt.Fprintf(&out, "\n### %d. %s\n\n%s\n", i+1, s.FullTitle(), s.Why)
		sh.sheet(&out, s)
	}
	if len(b.Source) > 0 {
		out.WriteString("\n## Sources\n\n")
		for _, source := range b.Source {
			fmt.Fprintf(&out, "- %s\n", source)
		}
	}
	return out.String()
}

// short is a duration without its zeros: 4h, not 4h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// sheet writes what follows from one step.
func (s *shell) sheet(out *strings.Builder, step *Step) {
	if step.As != "" {
		fmt.Fprintf(out, "\nActs as `%s`.\n", step.As)
	}
	if lines := s.step(step); len(lines) > 0 {
		fmt.Fprintf(out, "\n```bash\n%s\n```\n", strings.Join(lines, "\n"))
	}
	if step.Refused != nil {
		fmt.Fprintf(out, "\nMeant to be refused with `%s`: %s.\n", step.Refused.Code, step.Refused.Say)
	}
	if q := step.Quiz; q != nil {
		fmt.Fprintf(out, "\n%s\n\n", q.Ask)
		for _, c := range q.Choices {
			fmt.Fprintf(out, "- [ ] %s\n", c)
		}
		if q.Answer >= 0 && q.Answer < len(q.Choices) {
			fmt.Fprintf(out, "\n<details><summary>Answer</summary>\n\n%s. %s\n\n</details>\n", q.Choices[q.Answer], q.Because)
		}
	}
	for i, c := range step.Checks {
		if i == 0 {
			out.WriteString("\nAfterwards:\n\n")
		}
		fmt.Fprintf(out, "- %s. If not: %s.\n", c.Say, c.Else)
	}
	for i, h := range step.Hints {
		fmt.Fprintf(out, "\n<details><summary>Hint %d</summary>\n\n%s\n\n</details>\n", i+1, h)
	}
	if lines := s.undo(step); len(lines) > 0 {
		fmt.Fprintf(out, "\nUndo:\n\n```bash\n%s\n```\n", strings.Join(lines, "\n"))
	} else if step.Undo.None != "" {
		fmt.Fprintf(out, "\nNothing to undo: %s.\n", step.Undo.None)
	}
	if step.Call != "" {
		params, _ := expr.Preview(step.With, nil).(map[string]any)
		if cost, ok := prices.Of(step.Call, params); ok && !cost.Free {
			fmt.Fprintf(out, "\nCost: %s.\n", cost.Text)
		}
	}
}
