package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON writes the plan as one object, with `schema` first.
func (p *Plan) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(p)
	return b.Bytes(), err
}

// Markdown writes the plan as a document for people.
func (p *Plan) Markdown() []byte {
	d := &document{}
	d.line("# Backup and restore plan")
	d.line("")
	d.line("Made by Lifeboat from the answers below; the same answers give the same plan. It supports the requirements, it")
	d.line("proves nothing by itself: a restore that was rehearsed does. Letters after a source say how well it is known:")
	d.line("V read in an AWS page, P from the AWS Price List, S a third party quoting AWS, D derived by us, M not verified.")
	d.summary(p)
	d.requirements(p)
	d.conflicts(p)
	for _, r := range p.Resources {
		d.resource(p, r)
	}
	d.schedule(p)
	d.rules(p)
	d.cost(p)
	d.labs(p)
	d.assumptions(p)
	return d.Bytes()
}

type document struct{ bytes.Buffer }

func (d *document) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *document) head(text string) { d.line("\n## %s\n", text) }

// table writes rows under a head; cells must not hold line breaks.
func (d *document) table(head []string, rows [][]string) {
	d.line("| %s |", strings.Join(head, " | "))
	d.line("|%s", strings.Repeat(" --- |", len(head)))
	for _, r := range rows {
		for i := range r {
			r[i] = strings.ReplaceAll(r[i], "|", `\|`)
		}
		d.line("| %s |", strings.Join(r, " | "))
	}
}

func (d *document) summary(p *Plan) {
	d.head("In short")
	d.line("Strategy: **%s**. %s (%s, %s).\n", p.Strategy.Name, sentence(p.Strategy.Why), p.Strategy.Source, p.Strategy.Mark)
	head := []string{"What is lost at most, after"}
	for _, f := range Failures {
		head = append(head, failureWords[f])
	}
	var rows [][]string
	for _, r := range p.Resources {
		row := []string{r.Name}
		for _, o := range r.Outcomes {
			row = append(row, o.Loss())
		}
		rows = append(rows, row)
	}
	d.table(head, rows)
}

var failureWords = map[string]string{
	"deletion": "deletion", "corruption": "corruption", "zone": "loss of a zone", "region": "loss of the Region", "account": "loss of the account",
}

// FailureName is how a kind of failure reads.
func FailureName(failure string) string { return failureWords[failure] }

// Loss is the worst-case RPO with its verdict, in a few words: "2 h 20 min (misses)".
func (o Outcome) Loss() string {
	if o.RPOVerdict == Unprotected {
		return "everything"
	}
	text := Span(o.RPO)
	if o.RPO == 0 {
		text = "nothing"
	}
	if o.RPOVerdict == Misses {
		text += " (misses)"
	}
	return text
}

// Back is the estimated RTO in a few words: "6 min restore alone", "unknown, rehearse".
func (o Outcome) Back() string {
	switch {
	case o.RTOVerdict == Unprotected:
		return "never"
	case o.RTOVerdict == Unknown:
		return "unknown, rehearse"
	case o.RTO == 0:
		return "at once"
	case o.RTOVerdict == Misses:
		return Span(o.RTO) + " for the restore alone (misses)"
	}
	return Span(o.RTO) + " for the restore alone"
}

func (d *document) requirements(p *Plan) {
	d.head("What was asked for")
	var rows [][]string
	for _, r := range p.Requirements {
		rows = append(rows, []string{r.Name, r.Value, r.Means})
	}
	d.table([]string{"Question", "Answer", "What it means"}, rows)
}

func (d *document) conflicts(p *Plan) {
	d.head("What these backups cannot give")
	if len(p.Conflicts) == 0 {
		d.line("Nothing that was asked for: the mechanisms below keep to the targets, as far as AWS publishes figures.")
		return
	}
	for _, c := range p.Conflicts {
		d.line("- **%s** (%s)  \n  Instead: %s  \n  Source: %s (%s)", sentence(c.Text), c.Rule, c.Instead, c.Source, c.Mark)
	}
}

func (d *document) resource(p *Plan, r ResourcePlan) {
	d.head(r.Name)
	if t := timeline(p, r); t != "" {
		d.line("```\n%s```\n", t)
	}
	var rows [][]string
	for _, c := range r.Chosen {
		rows = append(rows, []string{roleWords[c.Role], c.Name, c.Why, c.Basis, fmt.Sprintf("%s (%s)", c.Source, c.Mark)})
	}
	d.table([]string{"For", "Mechanism", "Why", "Rests on", "Source"}, rows)
	for _, c := range r.Chosen {
		if len(c.Limits) > 0 && c.Role != Keep && (c.Role != Away || c.Mechanism != r.Chosen[0].Mechanism) {
			d.line("\nMind with %s: %s.", c.Name, strings.Join(c.Limits, "; "))
		}
	}
	d.line("")
	rows = nil
	for _, o := range r.Outcomes {
		rows = append(rows, []string{failureWords[o.Failure], or(o.By, "nothing"), o.Loss(), o.RPOHow, o.Back(), o.RTOHow})
	}
	loss, back := target(p, "loss"), target(p, "outage")
	d.table([]string{"After", "It comes back from", "Lost at most (target " + loss + ")", "Worked out", "Back in (target " + back + ")", "Worked out"}, rows)
	if len(r.Refused) > 0 {
		d.line("\nNot chosen:\n")
		for _, f := range r.Refused {
			d.line("- %s: %s. (%s, %s)", f.Name, strings.Join(f.Why, "; "), f.Source, f.Mark)
		}
	}
}

var roleWords = map[string]string{Recover: "recovery", Keep: "keeping", Away: "elsewhere", Lock: "the lock"}

// RoleName is how a role reads.
func RoleName(role string) string { return roleWords[role] }

func target(p *Plan, id string) string {
	d, err := ParseSpan(p.Answers.One(id))
	if err != nil {
		return ""
	}
	return Span(d)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// sentence ends a text with a full stop and begins it with a capital.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// timeline draws the worst case of a schedule: recovery points, the disaster just before the next one can be used, and
// what is lost.
func timeline(p *Plan, r ResourcePlan) string {
	o := r.Outcomes[0]
	if o.RPOVerdict == Unprotected {
		return ""
	}
	if o.RPO == 0 {
		return "  every change        ooooooooooooooooooooooooooooooooooooo x disaster\n" +
			"                                          nothing written is lost, while the place stands\n"
	}
	for _, j := range p.Schedule {
		if j.Resource == r.ID && j.Role == Recover && j.Cron == "" {
			return fmt.Sprintf("  any second          ==============================|-------x disaster\n"+
				"                                                     lost  %s at most (target %s)\n", Span(o.RPO), target(p, "loss"))
		}
	}
	return fmt.Sprintf("  recovery points     o-------o-------o-------o-------(o)---x disaster, just before (o) can be used\n"+
		"                                              |-------------|\n"+
		"                                                   lost  %s at most (target %s)\n", Span(o.RPO), target(p, "loss"))
}

func (d *document) schedule(p *Plan) {
	d.head("Schedule")
	d.line("Times are UTC: a schedule in local time skips or repeats a run when the clocks change.\n")
	var rows [][]string
	for _, j := range p.Schedule {
		rows = append(rows, []string{j.Name, j.Mechanism, j.When, or(j.Cron, "-"), or(j.Start, "-"), j.Keep, or(j.Copy, "-")})
	}
	d.table([]string{"Rule", "Mechanism", "When", "Expression", "Starts", "Kept", "Copied"}, rows)
}

func (d *document) rules(p *Plan) {
	d.head("Rules, and why")
	for _, r := range p.Rules {
		d.line("- **%s.** %s (%s; %s, %s)", strings.TrimSuffix(r.Do, "."), sentence(r.Why), r.ID, r.Source, r.Mark)
	}
}

func (d *document) cost(p *Plan) {
	d.head("Cost of the recovery points")
	if p.Cost == nil {
		d.line("Not worked out: the size of the data was not given.")
		return
	}
	var rows [][]string
	for _, l := range p.Cost.Lines {
		rows = append(rows, []string{l.Resource, l.What, l.How, fmt.Sprintf("%.2f", l.USD), l.AsOf, fmt.Sprintf("%s (%s)", l.Source, l.Mark)})
	}
	d.table([]string{"Resource", "What", "Worked out", "USD a month", "Prices of", "Source"}, rows)
	d.line("\nTogether about **%.2f USD a month**. %s", p.Cost.USD, p.Cost.Says)
}

func (d *document) labs(p *Plan) {
	d.head("Rehearse")
	for _, l := range p.Labs {
		if l.Command == "" {
			d.line("- %s: %s.", l.Title, l.Why)
			continue
		}
		d.line("- **%s**: %s.  \n  `%s`", l.Title, l.Why, l.Command)
	}
}

func (d *document) assumptions(p *Plan) {
	d.head("Assumed, since nobody was asked")
	for _, a := range p.Assumptions {
		d.line("- %s (%s)", a.Text, a.Mark)
	}
	d.line("- Worst-case loss = interval + start window + time of the job (+ time of the copy where recovery starts from it); one run that fails adds one more interval. (D)")
}
