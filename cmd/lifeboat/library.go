package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

// openRunbook opens a runbook of the program by its id, or a file. What looks like a path is a file.
func openRunbook(name string) (*runbooks.Runbook, error) {
	if !isFile(name) {
		book, err := runbooks.Open(name)
		if err != nil {
			return nil, &ending{code: exitUsage, err: err, hint: "lifeboat lab list"}
		}
		return book, nil
	}
	book, err := runbooks.Load(name)
	var problems runbooks.Problems
	switch {
	case errors.As(err, &problems):
		return nil, &ending{code: exitCheck, err: err, hint: "correct the lines above; lifeboat runbook check " + name + " says the same"}
	case err != nil:
		return nil, &ending{code: exitUsage, err: err, hint: "the path of a runbook file, or an id that lifeboat lab list shows"}
	}
	return book, nil
}

func isFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// checkRunbook gives the problems of a runbook, which are no error of the command.
func checkRunbook(name string) (*runbooks.Runbook, runbooks.Problems, error) {
	book, err := openRunbook(name)
	var problems runbooks.Problems
	if errors.As(err, &problems) {
		return nil, problems, nil
	}
	return book, nil, err
}

// allRunbooks lists the labs and restores of the program.
func allRunbooks() []runbooks.Listing { return append(runbooks.Labs(), runbooks.Restores()...) }

func runbookIDs() []string {
	var ids []string
	for _, l := range allRunbooks() {
		ids = append(ids, l.ID)
	}
	return ids
}

func completeRunbooks(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, l := range allRunbooks() {
		out = append(out, cobra.CompletionWithDesc(l.ID, l.Title))
	}
	return out, cobra.ShellCompDirectiveDefault
}

func completeRuns(p *process) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		dir, err := p.state()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		runs, _ := journals(dir).List()
		for _, s := range runs {
			out = append(out, cobra.CompletionWithDesc(s.Run.ID, string(s.State)))
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// journals is the folder of the runs' journals.
func journals(state string) journal.Folder { return journal.Folder{Dir: filepath.Join(state, "runs")} }
