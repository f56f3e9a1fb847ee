package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newRunbook(p *process) *cobra.Command {
	one := func(use, short string, run func(*process, string) error) *cobra.Command {
		return &cobra.Command{Use: use + " ID|FILE", Short: short, Args: cobra.ExactArgs(1), ValidArgsFunction: completeRunbooks,
			RunE: func(_ *cobra.Command, args []string) error { return run(p, args[0]) }}
	}
	return noun("runbook", "For authors and auditors: check a runbook, and what follows from it",
		newRunbookCheck(p),
		one("show", "Show its steps, one line each", runbookShow),
		one("cli", "Print it as a bash script of aws commands", runbookCLI),
		newRunbookPolicy(p),
		one("docs", "Print its sheet as Markdown", runbookDocs))
}

func newRunbookPolicy(p *process) *cobra.Command {
	var as string
	c := &cobra.Command{Use: "policy ID|FILE", Short: "Print the least IAM policy it needs", Args: cobra.ExactArgs(1), ValidArgsFunction: completeRunbooks,
		RunE: func(_ *cobra.Command, args []string) error { return runbookPolicy(p, args[0], as) }}
	c.Flags().StringVar(&as, "as", "", "of a further account that the runbook names, such as partner")
	return c
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
