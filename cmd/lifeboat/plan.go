package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"lifeboat/aws/sandbox/store"
	"lifeboat/runbooks"
	"lifeboat/runbooks/plan"
)

// planOptions are the flags of lifeboat plan.
type planOptions struct {
	answers string
	out     string
	json    bool
	plain   bool
}

func newPlan(p *process) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan",
		Short: "Answer a few questions and get a plan that says why",
		Long: "Makes a plan from answers: which backups, how often, kept how long and where, what is lost and how long it takes\n" +
			"after each kind of failure, why, and which labs rehearse it. Without --answers a wizard asks.",
		Example: "  lifeboat plan\n  lifeboat plan --answers answers.yaml --out plan/\n  lifeboat plan --answers answers.yaml --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPlan(cmd.Context(), p, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.answers, "answers", "", "file with the answers (YAML or JSON); no wizard then")
	f.StringVar(&o.out, "out", "", "folder to write answers.yaml, plan.md and plan.json to")
	f.BoolVar(&o.json, "json", false, "print the plan as JSON")
	f.BoolVar(&o.plain, "plain", false, "ask line by line instead of on a full screen")
	c.AddCommand(newPlanClasses(p))
	return c
}

func runPlan(ctx context.Context, p *process, o planOptions) error {
	if o.answers == "" && !o.json && !o.plain && p.screen() {
		return planOnScreen(ctx, p, o.out)
	}
	answers, err := planAnswers(p, o)
	if err != nil {
		return err
	}
	made, err := plan.Make(answers)
	if err != nil {
		return answersError(err)
	}
	if o.out != "" {
		return writePlan(p, o.out, made)
	}
	return printPlan(p, made, o.json)
}

// planAnswers takes the answers from the file, or asks line by line.
func planAnswers(p *process, o planOptions) (plan.Answers, error) {
	if o.answers != "" {
		a, err := plan.Load(o.answers)
		return a, answersError(err)
	}
	if !p.terminal() || o.json {
		return nil, &ending{code: exitUsage, err: fmt.Errorf("there is no terminal to ask at, and the answer %q is missing", plan.Answers{}.Missing()[0].ID),
			hint: "lifeboat plan --answers FILE, with a file such as:\n" + example()}
	}
	return ask(p.in, p.out, plan.PlanForm(), nil)
}

// example is an answers file with every default, to start from.
func example() string {
	a := plan.Defaults()
	if err := a.Set("resources", "ebs"); err != nil {
		return ""
	}
	return string(a.Encode())
}

// answersError gives wrong answers the exit code of wrong usage, and a file that is not there its hint.
func answersError(err error) error {
	var wrong runbooks.Problems
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return &ending{code: exitUsage, err: err}
	case errors.Is(err, fs.ErrNotExist):
		return &ending{code: exitUsage, err: err, hint: "lifeboat plan, which asks and can write the file"}
	}
	return err
}

func printPlan(p *process, made *plan.Plan, asJSON bool) error {
	doc := made.Markdown()
	if asJSON {
		var err error
		if doc, err = made.JSON(); err != nil {
			return err
		}
	}
	_, err := p.out.Write(doc)
	return err
}

// writePlan writes the documents, each whole or not at all.
func writePlan(p *process, dir string, made *plan.Plan) error {
	js, err := made.JSON()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return failed(fmt.Errorf("the folder for the plan cannot be made: %w", err), "lifeboat plan --out with a folder you may write to")
	}
	for _, f := range []struct {
		name string
		doc  []byte
	}{{"answers.yaml", made.Answers.Encode()}, {"plan.md", made.Markdown()}, {"plan.json", js}} {
		path := filepath.Join(dir, f.name)
		if err := store.WriteFile(path, f.doc); err != nil {
			return failed(fmt.Errorf("the plan cannot be written: %w", err), "lifeboat plan --out with a folder you may write to")
		}
		fmt.Fprintln(p.out, "wrote", path)
	}
	return nil
}
