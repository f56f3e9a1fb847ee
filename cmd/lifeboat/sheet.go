package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/runbooks"
)

// runbookDocs prints the sheet of a runbook: every step with its why, what it calls, what is checked and how it is undone.
func runbookDocs(p *process, name string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	return sheet(p.out, book)
}

func sheet(w io.Writer, book *runbooks.Runbook) error {
	fmt.Fprintf(w, "# %s\n\n%s\n\n", book.Title, paragraph(book.Summary))
	fmt.Fprintf(w, "%d steps, about %d minutes on AWS", len(book.Steps), book.Minutes)
	if book.Targets.RPO > 0 || book.Targets.RTO > 0 {
		fmt.Fprintf(w, "; targets: at most %s of data lost, back within %s", short(book.Targets.RPO), short(book.Targets.RTO))
	}
	fmt.Fprint(w, ".\n")
	for _, name := range slices.Sorted(maps.Keys(book.Accounts)) {
		fmt.Fprintf(w, "\nAccount `%s`: %s.\n", name, book.Accounts[name])
	}
	phase := ""
	for i, s := range book.Steps {
		if s.Phase != phase {
			phase = s.Phase
			fmt.Fprintf(w, "\n## %s\n", phase)
		}
		fmt.Fprintf(w, "\n### %d. %s\n\n", i+1, s.Title)
		sheetStep(w, s)
	}
	if len(book.Source) > 0 {
		fmt.Fprint(w, "\n## Sources\n\n")
		for _, s := range book.Source {
			fmt.Fprintf(w, "- %s\n", s)
		}
	}
	return nil
}

func sheetStep(w io.Writer, s runbooks.Step) {
	if s.Why != "" {
		fmt.Fprintf(w, "%s\n\n", paragraph(s.Why))
	}
	if what := does(s); what != "" {
		fmt.Fprintf(w, "- Does: %s\n", what)
	}
	for _, c := range s.Checks {
		fmt.Fprintf(w, "- Checks: %s\n", c.Say)
	}
	if s.Quiz != nil {
		for _, choice := range s.Quiz.Choices {
			fmt.Fprintf(w, "  - %s\n", choice)
		}
	}
	for _, u := range s.Undo.Actions {
		fmt.Fprintf(w, "- Undo: `%s`\n", u.Call)
	}
	if s.Undo.None != "" {
		fmt.Fprintf(w, "- Undo: nothing to undo, %s\n", s.Undo.None)
	}
}

// does says in a few words what a step does.
func does(s runbooks.Step) string {
	switch {
	case s.Call != "":
		text := "calls `" + s.Call + "`"
		if s.Region != "" && s.Region != "home" {
			text += " in " + s.Region
		}
		if s.As != "" {
			text += ", as `" + s.As + "`"
		}
		if s.Refused != nil {
			text += ", which AWS is meant to refuse with " + s.Refused.Code
		}
		return text
	case s.Seed != nil:
		return "writes known data (" + s.Seed.Data + ")"
	case s.Prove != nil:
		return "reads the data back and compares it with what was written (" + s.Prove.Data + ")"
	case s.Ask != nil:
		return "asks: " + s.Ask.Text
	case s.Choose != nil:
		return "lets you choose: " + s.Choose.Text
	case s.ByHand != nil:
		return "you do it: " + paragraph(s.ByHand.Text)
	case s.PassTime != nil:
		return "lets " + short(s.PassTime.For) + " pass"
	case s.Quiz != nil:
		return "asks: " + paragraph(s.Quiz.Ask)
	}
	return ""
}

func paragraph(s string) string { return strings.Join(strings.Fields(s), " ") }

// everyRun is what a run calls whatever its runbook says: who am I, and what carries its tag.
var everyRun = []string{"sts.GetCallerIdentity", "iam.ListAccountAliases", "resourcegroupstaggingapi.GetResources"}

// dataCalls are the calls of seed and prove steps, by kind of data.
var dataCalls = map[string][]string{"ebs-blocks": {"ebs.PutSnapshotBlock", "ebs.ListSnapshotBlocks", "ebs.GetSnapshotBlock"}}

// operations lists every operation a run of the runbook can make, sorted.
func operations(book *runbooks.Runbook) []string {
	ops := slices.Clone(everyRun)
	add := func(op string) {
		if op != "" {
			ops = append(ops, op)
		}
	}
	wait := func(w *runbooks.Wait) {
		if w != nil {
			add(w.Call)
		}
	}
	find := func(f *runbooks.Find) {
		if f != nil {
			add(f.Call)
		}
	}
	for _, s := range book.Steps {
		add(s.Call)
		find(s.Find)
		wait(s.Wait)
		for _, c := range s.Checks {
			add(c.Call)
		}
		for _, u := range s.Undo.Actions {
			add(u.Call)
			find(u.Each)
			wait(u.Wait)
		}
		if s.Choose != nil {
			find(&s.Choose.From)
		}
		if s.Seed != nil {
			ops = append(ops, dataCalls[s.Seed.Data]...)
		}
		if s.Prove != nil {
			ops = append(ops, dataCalls[s.Prove.Data]...)
		}
	}
	slices.Sort(ops)
	return slices.Compact(ops)
}

// runbookCLI prints the aws command of every call. Values that only a run knows stay as their expressions.
func runbookCLI(p *process, name string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	for _, s := range book.Steps {
		if s.Call == "" {
			continue
		}
		params, _ := draft(s.With).(map[string]any)
		region := s.Region
		if region == "" {
			region = "home"
		}
		command, err := calls.Command(s.Call, region, params, calls.CLIOptions{Profile: s.As, Width: 100})
		if err != nil {
			return fmt.Errorf("step %s: %w", s.ID, err)
		}
		fmt.Fprintf(p.out, "# %s: %s\n%s\n\n", s.ID, s.Title, command)
	}
	return nil
}

// draft gives a template as a plain tree, its expressions as they stand.
func draft(v runbooks.Value) any {
	switch v.Kind {
	case runbooks.Mapping:
		out := map[string]any{}
		for _, f := range v.Map {
			out[f.Name] = draft(f.Value)
		}
		return out
	case runbooks.Sequence:
		out := []any{}
		for _, e := range v.List {
			out = append(out, draft(e))
		}
		return out
	}
	return v.Scalar
}
