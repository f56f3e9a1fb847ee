package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lifeboat/runbooks"
	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
)

// classesOptions are the flags of lifeboat plan storage-class.
type classesOptions struct {
	answers string
	given   map[string]*string // by question: every question is a flag
	json    bool
	plain   bool
}

func newPlanClasses(p *process) *cobra.Command {
	o := classesOptions{given: map[string]*string{}}
	c := &cobra.Command{
		Use:   "storage-class",
		Short: "Find the S3 storage class that some objects should be in",
		Long: "Puts the storage classes of S3 side by side for your objects: what each costs a month, line by line, how long a first\n" +
			"byte and everything take to come back, which are ruled out and why, and from how many reads on another is cheaper.",
		Example: "  lifeboat plan storage-class\n  " + classesExample + "\n  lifeboat plan storage-class --answers class.yaml --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.blank() && p.screen() {
				return classesOnScreen(cmd.Context(), p)
			}
			return runPlanClasses(p, o)
		},
	}
	f := c.Flags()
	for _, q := range classes.Questions() {
		o.given[q.ID] = f.String(q.ID, "", flagText(q))
	}
	f.StringVar(&o.answers, "answers", "", "file with the answers (YAML or JSON); flags come before it")
	f.BoolVar(&o.json, "json", false, "print the comparison as JSON")
	f.BoolVar(&o.plain, "plain", false, "ask line by line instead of on a full screen")
	return c
}

const classesExample = "lifeboat plan storage-class --objects 1M --size 1MiB --reads 1/month --wait 5h --keep 1y"

// blank reports that nothing was said on the command line.
func (o classesOptions) blank() bool {
	for _, value := range o.given {
		if *value != "" {
			return false
		}
	}
	return o.answers == "" && !o.json && !o.plain
}

// flagText is a question as the help of its flag, with the values that are offered.
func flagText(q plan.Question) string {
	var values []string
	for _, o := range q.Options {
		values = append(values, o.Value)
	}
	return strings.ToLower(q.Text[:1]) + strings.TrimSuffix(q.Text[1:], "?") + ": " + strings.Join(values, ", ")
}

func runPlanClasses(p *process, o classesOptions) error {
	answers, err := o.gather(p)
	if err != nil {
		return err
	}
	c, err := classes.Compare(answers)
	if err != nil {
		return answersError(err)
	}
	doc := c.Text()
	if o.json {
		if doc, err = c.JSON(); err != nil {
			return err
		}
	}
	_, err = p.out.Write(doc)
	return err
}

// gather takes the answers from the file and the flags, and asks for what is missing where somebody can be asked.
func (o classesOptions) gather(p *process) (plan.Answers, error) {
	form := classes.Form()
	answers := plan.Answers{}
	if o.answers != "" {
		var err error
		if answers, err = form.Load(o.answers); err != nil {
			return nil, answersError(err)
		}
	}
	var wrong runbooks.Problems
	for _, q := range form.Questions {
		if value := *o.given[q.ID]; value != "" {
			if err := form.Set(answers, q.ID, value); err != nil {
				wrong = append(wrong, runbooks.Problem{Text: fmt.Sprintf("--%s: %v", q.ID, err)})
			}
		}
	}
	if len(wrong) > 0 {
		return nil, answersError(wrong)
	}
	missing := form.Missing(answers)
	switch {
	case len(missing) == 0:
		return answers, nil
	case !p.terminal() || o.json:
		return nil, &ending{code: exitUsage, err: fmt.Errorf("there is no terminal to ask at, and the answer %q is missing (%s)", missing[0].ID, missing[0].Text),
			hint: classesExample + ", or --answers FILE with a file such as:\n" + string(form.Encode(form.Defaults()))}
	}
	return ask(p.in, p.out, form, answers)
}
