package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
)

func newLabStatus(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "status [RUN]", Short: "List the runs, or show one", Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeRuns(p),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := p.state()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return showRun(p, dir, args[0], asJSON)
			}
			return listRuns(p, dir, asJSON)
		}}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

type statusLine struct {
	Run     string           `json:"run"`
	Runbook string           `json:"runbook"`
	Target  string           `json:"target"`
	Account string           `json:"account"`
	State   journal.RunState `json:"state"`
	Step    string           `json:"step,omitempty"`
	Left    int              `json:"left"`
	Started time.Time        `json:"started"`
	Last    time.Time        `json:"last"`
	Damage  string           `json:"damage,omitempty"` // why the journal cannot be read
}

func listRuns(p *process, dir string, asJSON bool) error {
	runs, bad := journals(dir).List()
	out := []statusLine{}
	for _, s := range runs {
		out = append(out, statusLine{s.Run.ID, s.Run.Runbook, s.Run.Target, s.Run.Account, s.State, s.Step, s.Left, s.Started, s.Last, s.Damage})
	}
	var err error
	if asJSON {
		err = printJSON(p, out)
	} else {
		for _, s := range out {
			if s.Damage != "" {
				fmt.Fprintf(p.out, "%s: damaged, %s\n", s.Run, s.Damage)
				continue
			}
			fmt.Fprintf(p.out, "%s: %s on %s, last at %s%s\n", s.Run, s.State, s.Target, s.Last.UTC().Format("2006-01-02 15:04 UTC"), leftText(s.Left))
		}
		if len(out) == 0 && bad == nil {
			fmt.Fprintln(p.out, "no runs yet; lifeboat lab list shows what can be run")
		}
	}
	if bad != nil {
		return failed(bad, "restore the named file from a copy, or move it out of the folder")
	}
	return err
}

func leftText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d left behind", n)
}

func showRun(p *process, dir, id string, asJSON bool) error {
	entries, err := readRun(dir, id)
	if err != nil {
		return err
	}
	book, err := runbooks.Open(entries[0].Run.Runbook)
	if err != nil { // a run of a file: the steps are told without their titles
		book = &runbooks.Runbook{}
	}
	var v voice = newLines(p.out, book, false)
	if asJSON {
		v = newJSONLines(p.out, book)
	}
	for _, e := range entries {
		v.event(e.Event)
	}
	return nil
}

// readRun reads a run's journal, with what to do when it cannot be read.
func readRun(dir, id string) ([]journal.Entry, error) {
	if id != filepath.Base(id) || id == "." || id == ".." {
		return nil, usagef("%q is not a run's id; lifeboat lab status lists them", id)
	}
	entries, err := journals(dir).Read(id)
	var damage *journal.Damage
	switch {
	case errors.As(err, &damage):
		return nil, failed(err, "restore the file from a copy; what the run made carries the tag lifeboat:run="+id)
	case errors.Is(err, journal.ErrEmpty):
		return nil, failed(fmt.Errorf("run %s: %w", id, err), "start the lab again: nothing was made")
	case err != nil:
		return nil, &ending{code: exitUsage, err: fmt.Errorf("run %s cannot be read: %w", id, err), hint: "lifeboat lab status, which lists the runs"}
	case len(entries) == 0 || entries[0].Run == nil:
		return nil, failed(fmt.Errorf("the journal of run %s does not say which run it is", id), "restore the file from a copy")
	}
	return entries, nil
}
