package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifeboat/runbooks"
)

// runbookDocs prints the sheet of a runbook: every step with its why, its commands, its checks, hints and undo.
func runbookDocs(p *process, name string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(p.out, runbooks.Sheet(book))
	return err
}

// runbookCLI prints the runbook as a bash script of aws commands, which carries the outputs from step to step.
func runbookCLI(p *process, name string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(p.out, runbooks.Bash(book))
	return err
}

// runbookPolicy prints the least IAM policy of the run's own identity, or of one of the runbook's further accounts.
func runbookPolicy(p *process, name, as string) error {
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	if _, ok := book.Accounts[as]; as != "" && !ok {
		return usagef("%s has no account %q; it has %s", book.ID, as, orNone(slices.Sorted(maps.Keys(book.Accounts))))
	}
	policy, err := runbooks.Policy(book, as)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, strings.TrimSpace(string(policy)))
	return err
}
