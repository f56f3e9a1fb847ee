package classes

import (
	"strings"
	"testing"
)

// TestMarkdownIsWhole finds every class, every line of every bill and every reason in the document, in whole tables.
func TestMarkdownIsWhole(t *testing.T) {
	a := Form().Defaults()
	a["reads"], a["keep"] = []string{"1/year"}, []string{"30d"}
	c, err := Compare(a)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(c.Markdown())
	if again := string(c.Markdown()); again != doc {
		t.Error("the same comparison makes another document")
	}
	for _, k := range c.Classes {
		if !strings.Contains(doc, "\n### "+k.Name+"\n") {
			t.Errorf("%s is missing", k.Name)
		}
		for _, l := range k.Lines {
			if !strings.Contains(doc, "| "+l.For+": "+l.What+" | "+l.How+" | "+Money(l.USD)+" | "+l.AsOf+" |") {
				t.Errorf("%s lacks the line %s", k.Name, l.What)
			}
		}
		for _, r := range k.RuledOut {
			if !strings.Contains(doc, r.Text) {
				t.Errorf("%s lacks the reason %s", k.Name, r.Text)
			}
		}
	}
	bars := 0
	for line := range strings.Lines(doc) {
		n := strings.Count(line, "|") - strings.Count(line, "\\|")
		switch {
		case !strings.HasPrefix(line, "|"):
			bars = 0
		case bars == 0:
			bars = n
		case n != bars:
			t.Errorf("a row of another width: %s", line)
		}
	}
}
