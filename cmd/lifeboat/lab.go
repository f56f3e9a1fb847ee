package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// labOptions are the flags of lab run, resume and clean.
type labOptions struct {
	target targetOptions
	yes    bool
	plain  bool
	json   bool
	keep   bool
	inputs []string

	runbook  string // file of the run's runbook, when it does not come with the program
	cleaning bool   // the run is only cleaned up
}

func newLab(p *process) *cobra.Command {
	return noun("lab", "Learn and rehearse: guided labs, step by step",
		newLabList(p), newLabShow(p), newLabRun(p), newLabResume(p), newLabStatus(p), newLabClean(p))
}

func (o *labOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.yes, "yes", false, "run every step without asking, and take every default")
	f.BoolVar(&o.plain, "plain", false, "plain lines instead of the full screen")
	f.BoolVar(&o.json, "json", false, "one JSON object a line; needs --yes")
	f.BoolVar(&o.keep, "keep", false, "with --yes: leave what the run made, instead of cleaning up at its end")
	o.target.flags(c)
}

func newLabRun(p *process) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:               "run ID|FILE",
		Short:             "Run a lab, in the sandbox unless told otherwise",
		Example:           "  lifeboat lab run ebs-snapshots\n  lifeboat lab run ebs-snapshots --yes\n  lifeboat lab run ebs-snapshots --yes --json\n  lifeboat lab run my-lab.yaml --target aws --profile training",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRunbooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLab(cmd.Context(), p, args[0], o)
		},
	}
	o.flags(c)
	c.Flags().StringArrayVar(&o.inputs, "input", nil, "`name=value` for an input of the lab, or for a question by its step id; repeatable")
	return c
}

// oneRun asks for the id of a run.
func oneRun(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("lab %s takes the id of one run; lifeboat lab status lists the runs", c.Name())
	}
	return nil
}

func newLabResume(p *process) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use: "resume RUN", Short: "Go on with a run that stopped", Args: oneRun, ValidArgsFunction: completeRuns(p),
		RunE: func(cmd *cobra.Command, args []string) error {
			return reopenRun(cmd.Context(), p, args[0], o, engine.Resume)
		},
	}
	o.flags(c)
	o.runbookFlag(c)
	return c
}

// runbookFlag is for runs of files: a journal names the runbook, not where it lies.
func (o *labOptions) runbookFlag(c *cobra.Command) {
	c.Flags().StringVar(&o.runbook, "runbook", "", "`file` of the run's runbook, when it does not come with the program")
}

func newLabClean(p *process) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use: "clean RUN", Short: "Remove everything a run made, and list what is left", Args: oneRun, ValidArgsFunction: completeRuns(p),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.yes, o.cleaning = true, true
			return reopenRun(cmd.Context(), p, args[0], o, engine.CleanUp)
		},
	}
	c.Flags().BoolVar(&o.json, "json", false, "one JSON object a line")
	c.Flags().Bool("yes", true, "clean-up asks nothing; taken so that scripts may always say it")
	_ = c.Flags().MarkHidden("yes")
	o.target.flags(c)
	o.runbookFlag(c)
	return c
}

// attended reports whether a person steers the run, and refuses what would have to ask where nobody is.
func (o labOptions) attended(p *process, what string) (bool, error) {
	switch {
	case o.json && o.plain:
		return false, usagef("--json and --plain are two voices; choose one")
	case o.yes:
		return false, nil
	case o.json:
		return false, usagef("--json asks nothing, so it needs --yes: lifeboat lab %s --yes --json", what)
	case !p.terminal():
		return false, usagef("there is no terminal to ask at, so the answer to every step is missing: add --yes to take every default (lifeboat lab %s --yes)", what)
	}
	return true, nil
}

func runLab(ctx context.Context, p *process, name string, o labOptions) error {
	attended, err := o.attended(p, "run "+name)
	if err != nil {
		return err
	}
	book, err := openRunbook(name)
	if err != nil {
		return err
	}
	inputs, err := parseInputs(book, o.inputs)
	if err != nil {
		return err
	}
	start := func(ctx context.Context, eo engine.Options) (engine.Session, error) { return engine.Start(ctx, eo) }
	return o.run(ctx, p, runSpec{book: book, inputs: inputs, attended: attended, start: start})
}

// reopenRun goes on with, or cleans up, a run of which there is a journal.
func reopenRun(ctx context.Context, p *process, id string, o labOptions, how func(context.Context, engine.Options, []journal.Entry) (engine.Session, error)) error {
	attended, err := o.attended(p, "resume "+id)
	if err != nil {
		return err
	}
	dir, err := p.state()
	if err != nil {
		return err
	}
	entries, err := readRun(dir, id)
	if err != nil {
		return err
	}
	was := entries[0].Run
	book, err := o.book(was)
	if err != nil {
		return err
	}
	o.target.as(was)
	start := func(ctx context.Context, eo engine.Options) (engine.Session, error) { return how(ctx, eo, entries) }
	return o.run(ctx, p, runSpec{book: book, attended: attended, start: start, run: id, replayed: len(entries)})
}

// book is the runbook of an earlier run.
func (o labOptions) book(was *journal.Run) (*runbooks.Runbook, error) {
	if o.runbook != "" {
		return openRunbook(o.runbook)
	}
	book, err := openRunbook(was.Runbook)
	if err != nil {
		return nil, &ending{code: exitUsage, err: err, hint: "--runbook FILE, if " + was.ID + " was a run of a file"}
	}
	return book, nil
}

// parseInputs reads name=value pairs and refuses names that the runbook does not know.
func parseInputs(book *runbooks.Runbook, given []string) (map[string]any, error) {
	known := map[string]bool{}
	var names []string
	for _, in := range book.Inputs {
		known[in.Name] = true
		names = append(names, in.Name)
	}
	for _, s := range book.Steps {
		if s.Ask != nil || s.Choose != nil || s.Quiz != nil {
			known[s.ID] = true
			names = append(names, s.ID)
		}
	}
	out := map[string]any{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			return nil, usagef("--input %s has no value; write --input %s=VALUE", pair, pair)
		case !known[name]:
			return nil, usagef("%s has no input %q; it has %s", book.ID, name, orNone(names))
		}
		out[name] = value
	}
	return out, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func newLabList(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List the labs", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return listLabs(p, asJSON)
	}}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func listLabs(p *process, asJSON bool) error {
	labs := runbooks.Labs()
	if asJSON {
		return printJSON(p, labs)
	}
	for _, l := range labs {
		fmt.Fprintf(p.out, "%s: %s (about %d minutes on AWS)\n  %s\n", l.ID, l.Title, l.Minutes, l.Summary)
	}
	return nil
}

func newLabShow(p *process) *cobra.Command {
	return &cobra.Command{Use: "show ID|FILE", Short: "Show a lab's sheet: every step, why, and what it calls", Args: cobra.ExactArgs(1), ValidArgsFunction: completeRunbooks,
		RunE: func(_ *cobra.Command, args []string) error {
			return runbookDocs(p, args[0])
		}}
}
