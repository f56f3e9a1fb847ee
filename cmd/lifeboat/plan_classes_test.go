package main

import (
	"bytes"
	"strings"
	"testing"

	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
)

// Line by line only what was not said yet is asked; a wrong answer is asked for again, enter takes the default, and what was
// typed makes the comparison that the same flags make.
func TestAskStorageClass(t *testing.T) {
	var out bytes.Buffer
	given := plan.Answers{"objects": {"1M"}, "wait": {"0"}, "keep": {"1y"}}
	typed := "64\n1MB\n3/fortnight\n1/year\n\n\n\n1\n"
	got, err := ask(strings.NewReader(typed), &out, classes.Form(), given)
	if err != nil {
		t.Fatal(err)
	}
	want := plan.Answers{"objects": {"1M"}, "size": {"1MB"}, "reads": {"1/year"}, "wait": {"0"}, "keep": {"1y"},
		"only-copy": {"yes"}, "restore-every": {"1y"}, "restore": {"all"}, "arrive": {"direct"}}
	for _, q := range classes.Questions() {
		if got.One(q.ID) != want.One(q.ID) {
			t.Errorf("%s: %q, want %q", q.ID, got.One(q.ID), want.One(q.ID))
		}
	}
	for _, words := range []string{"Question 1 of 6. How large is one of them?", `That does not work: "64" has no unit`, `That does not work: "3/fortnight" is not a frequency`,
		"Number or value (enter takes unknown): "} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("it does not say %q:\n%s", words, out.String())
		}
	}
	if strings.Contains(out.String(), "How many objects") {
		t.Error("it asks for what was said")
	}
	if len(given) != 3 {
		t.Error("it changes the answers that it was given")
	}
	clash := plan.Answers{"objects": {"1"}, "size": {"1KiB"}, "reads": {"never"}, "wait": {"0"}, "keep": {"1y"}, "only-copy": {"yes"}, "restore-every": {"1y"}, "restore": {"1MiB"}}
	if got, err = ask(strings.NewReader("2y\n30d\n1KiB\n"), &out, classes.Form(), clash); err != nil || got.One("restore") != "1KiB" || got.One("arrive") != "30d" {
		t.Errorf("contradictions are asked again: %v, %v", got, err)
	}
	if _, err := ask(strings.NewReader("1MB\n"), &out, classes.Form(), given); err == nil || !strings.Contains(err.Error(), `before the answer "reads" was given`) {
		t.Errorf("the end of the input is no answer: %v", err)
	}
}
