package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lifeboat/runbooks/plan"
)

// ask is the wizard line by line, for screen readers and plain terminals: no cursor moves, numbers instead of keys. It
// asks for what is not given yet, asks again after a wrong answer or one that contradicts another, and the end of the input
// is an error, never an answer.
func ask(in io.Reader, out io.Writer, form plan.Form, given plan.Answers) (plan.Answers, error) {
	lines := bufio.NewScanner(in)
	answers := plan.Answers{}
	maps.Copy(answers, given)
	questions := slices.DeleteFunc(slices.Clone(form.Questions), func(q plan.Question) bool { return len(given[q.ID]) > 0 })
	for i, q := range questions {
		fmt.Fprintf(out, "\nQuestion %d of %d. %s\n%s\n", i+1, len(questions), q.Text, q.Help)
		for n, o := range q.Options {
			fmt.Fprintf(out, "  %d. %s", n+1, o.Label)
			if o.Note != "" {
				fmt.Fprintf(out, ": %s", o.Note)
			}
			fmt.Fprintln(out)
		}
		if err := askOne(lines, out, form, q, answers); err != nil {
			return nil, err
		}
	}
	for wrong := form.Contradictions(answers); len(wrong) > 0; wrong = form.Contradictions(answers) {
		fmt.Fprintf(out, "That does not work: %s; %s\n", wrong[0].Text, wrong[0].Instead)
		at := slices.IndexFunc(form.Questions, func(q plan.Question) bool { return q.ID == wrong[0].Question })
		if err := askOne(lines, out, form, form.Questions[at], answers); err != nil {
			return nil, err
		}
	}
	fmt.Fprintln(out)
	return answers, nil
}

func askOne(lines *bufio.Scanner, out io.Writer, form plan.Form, q plan.Question, answers plan.Answers) error {
	for {
		fmt.Fprint(out, prompt(q))
		if !lines.Scan() {
			return &ending{code: exitUsage, err: fmt.Errorf("the input ended before the answer %q was given", q.ID), hint: form.Command + " --answers FILE"}
		}
		values := pick(q, lines.Text())
		if len(values) == 0 {
			values = q.Default
		}
		err := form.Set(answers, q.ID, values...)
		if err == nil && len(answers[q.ID]) == 0 && !q.Optional {
			err = fmt.Errorf("this one needs an answer")
		}
		if err == nil {
			return nil
		}
		fmt.Fprintf(out, "That does not work: %s\n", err)
	}
}

func prompt(q plan.Question) string {
	switch {
	case q.Kind == plan.Multi:
		return "Numbers, with commas between: "
	case len(q.Default) > 0:
		return fmt.Sprintf("Number or value (enter takes %s): ", q.Default[0])
	case q.Optional:
		return "Number (enter leaves it open): "
	}
	return "Answer: "
}

// pick reads what was typed: option numbers, or the values themselves.
func pick(q plan.Question, line string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		if n, err := strconv.Atoi(word); err == nil && len(q.Options) > 0 && n >= 1 && n <= len(q.Options) {
			word = q.Options[n-1].Value
		}
		out = append(out, word)
	}
	return out
}
