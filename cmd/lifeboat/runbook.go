package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lifeboat/aws/calls"
)

func newRunbook(p *process) *cobra.Command {
	one := func(use, short string, run func(*process, string) error) *cobra.Command {
		return &cobra.Command{Use: use + " ID|FILE", Short: short, Args: cobra.ExactArgs(1), ValidArgsFunction: completeRunbooks,
			RunE: func(_ *cobra.Command, args []string) error { return run(p, args[0]) }}
	}
	return noun("runbook", "For authors and auditors: check a runbook, and what follows from it",
		newRunbookCheck(p),
		one("show", "Show its steps, one line each", runbookShow),
		one("cli", "Print the aws command of every call", runbookCLI),
		one("policy", "Print the least IAM policy it needs", runbookPolicy),
		one("docs", "Print its sheet as Markdown", runbookDocs))
}

func newRunbookCheck(p *process) *cobra.Command {
	return &cobra.Command{Use: "check [ID|FILE...]", Short: "Check runbooks; each mistake is one line file:line:column", ValidArgsFunction: completeRunbooks,
		Long: "Checks runbooks before anything runs: operations, parameters, limits, references, undo, Regions. Each mistake is one\nline, file:line:column: what is wrong; what to write instead. Without arguments it checks every runbook of the program.",
		RunE: func(_ *cobra.Command, args []string) error { return runbookCheck(p, args) }}
}

func runbookCheck(p *process, names []string) error {
	if len(names) == 0 {
		names = runbookIDs()
	}
	wrong := 0
	for _, name := range names {
		book, problems, err := checkRunbook(name)
		if err != nil {
			return err
		}
		wrong += len(problems)
		for _, pr := range problems {
			fmt.Fprintln(p.out, pr)
		}
		if len(problems) == 0 {
			fmt.Fprintf(p.out, "%s: right, %d steps\n", book.ID, len(book.Steps))
		}
	}
	if wrong > 0 {
		return ended(exitCheck)
	}
	return nil
}

func runbookShow(p *process, name string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s: %s\n", book.ID, book.Title)
	for i, s := range book.Steps {
		fmt.Fprintf(p.out, "%3d. %-8s %-28s %s\n", i+1, s.Phase, s.ID, s.Title)
	}
	return nil
}

func runbookPolicy(p *process, name string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	policy, err := calls.Policy(operations(book))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, strings.TrimSpace(string(policy)))
	return err
}
