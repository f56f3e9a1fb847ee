package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"lifeboat/runbooks"
	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui"
)

var update = flag.Bool("update", false, "write the documents that are made of the program, instead of comparing them")

const (
	refresh = "go test ./cmd/lifeboat -run TestDocuments -update"
	made    = "<!-- Made by " + refresh + "; do not edit. -->\n\n"
	top     = "../.." // of the repository
)

// TestDocuments keeps what is written about the program as the program is.
func TestDocuments(t *testing.T) {
	book, events := attendedRun(t, "ebs-snapshots")
	f := &film{t, book, events}
	for path, text := range map[string]string{
		"docs/frames.md":                   made + frames(t, f),
		"docs/keys.md":                     made + "# Keys\n\nThe keys of every screen. `?` shows them in the program.\n\n" + tui.KeyTables(),
		"docs/commands.md":                 made + commandList(),
		"docs/third-party.md":              made + thirdParty(t),
		"docs/answers.yaml":                example(),
		"docs/pictures/runner-dark.svg":    picture(t, f, restored, 200, 50, false),
		"docs/pictures/runner-light.svg":   picture(t, f, restored, 200, 50, true),
		"docs/pictures/timeline-dark.svg":  picture(t, f, timeline, 118, 22, false),
		"docs/pictures/timeline-light.svg": picture(t, f, timeline, 118, 22, true),
	} {
		document(t, path, text)
	}
	for _, l := range runbooks.Labs() {
		lab, err := runbooks.Open(l.ID)
		if err != nil {
			t.Fatal(err)
		}
		document(t, "docs/labs/"+l.ID+".md", made+runbooks.Sheet(lab))
	}
	readme := read(t, "README.md")
	frame := regexp.MustCompile(`(?s)(<!-- frame: runner -->\n).*?(<!-- end -->)`)
	if !frame.MatchString(readme) {
		t.Fatal("README.md has lost the marks around its frame")
	}
	document(t, "README.md", frame.ReplaceAllLiteralString(readme, "<!-- frame: runner -->\n"+fenced(f.at(counted, 80, 24, false).text())+"<!-- end -->"))
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(top, path))
	if err != nil {
		t.Fatalf("%v (%s writes it)", err, refresh)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// document compares a file with what it must be, or writes it.
func document(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		full := filepath.Join(top, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := read(t, path); got != want {
		t.Errorf("%s is not what the program shows now, first in the line %q; %s refreshes it", path, firstOther(got, want), refresh)
	}
}

// firstOther is the first line of what is wanted that is not there.
func firstOther(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			return w[i]
		}
	}
	return "after the last one"
}

func fenced(text string) string { return "```text\n" + text + "```\n" }

func picture(t *testing.T, f *film, m moment, w, h int, light bool) string {
	return svg(t, f.at(m, w, h, light).styled(), w, h, light, m.title)
}

var (
	proved   = moment{title: "The proof", says: "Every block was read back. RPO and RTO are measured from the run's own clock, beside their targets.", w: 200, h: 50, is: whenState("proof", journal.Passed)}
	timeline = moment{title: "The recovery timeline", says: "The same run on a narrow terminal: `3` shows the timeline alone, with what it says in words.", w: 80, h: 24, is: whenState("proof", journal.Passed), keys: []string{"3"}}
	restored = moment{title: "The restore", says: "A restore makes a new volume; the timeline shows where it came from, and the clock of the outage runs.", w: 140, h: 45, is: whenState("restore", journal.Passed)}
	theEnd   = moment{title: "The end", says: "What came of it, and the search for the run's tag in every Region it used.", w: 140, h: 45, is: when(journal.RunEnded, "")}
	counted  = moment{title: "A step that has passed", says: "The answer, and what was looked at in it: the second snapshot holds one block.", w: 80, h: 24, is: whenState("difference", journal.Passed)}
)

// chapters are the run, phase by phase.
var chapters = []struct {
	phase string
	all   []moment
}{
	{"Prepare", []moment{
		{title: "Before a call", says: "Nothing was called yet. The step says why, what it will call and with which values, what that makes and costs, how it is undone, and the `aws` command that does the same. The first hint was asked for with `h`.", w: 140, h: 45, is: when(journal.Hinted, "volume")},
		{title: "All steps", says: "`1` shows where one is.", w: 80, h: 24, is: when(journal.StepReady, "volume"), keys: []string{"1"}},
		{title: "Waiting", says: "What is waited for, what was seen last, how long it has taken and how long it usually takes.", w: 80, h: 24, is: when(journal.WaitSeen, "seed-complete")},
	}},
	{"Protect", []moment{
		counted,
		{title: "A question to think about", says: "A wrong answer is no shame: the reason is shown, and the step is recorded as assisted.", w: 140, h: 45, is: when(journal.Asked, "quiz-incremental")},
		{title: "A refusal that is the lesson", says: "AWS's own code and words. Here the step passes because the call was refused as it had to be.", w: 140, h: 45, is: whenState("share-refused", journal.Passed)},
		{title: "What passes by itself", says: "A new role is not known everywhere at once. Such refusals are retried for as long as the lab says, and shown.", w: 140, h: 45, is: whenState("policy", journal.Passed)},
		{title: "A day passes", says: "The sandbox's clock jumps over a day, and the hourly policy fires and deletes as it would.", w: 140, h: 45, is: whenState("day", journal.Passed)},
		{title: "Skipping a step", says: "Only with a reason; the run then ends as incomplete.", w: 80, h: 24, is: when(journal.StepReady, "copy"), keys: []string{"s"}},
		{title: "All keys", says: "`?`, on every screen.", w: 80, h: 24, is: when(journal.StepReady, "copy"), keys: []string{"?"}},
	}},
	{"Disaster", []moment{
		{title: "The clock of the outage starts", says: "The damage goes live: from here on, time and lost work are counted.", w: 80, h: 24, is: whenState("bad-volume", journal.Passed), keys: []string{"3"}},
		{title: "The data is gone", says: "Seen, not believed: the blocks are read, and they are not what was written.", w: 140, h: 45, is: whenState("read-damage", journal.Passed)},
	}},
	{"Recover", []moment{
		{title: "Which recovery point?", says: "The newest one is not always the right one.", w: 140, h: 45, is: when(journal.Asked, "choice")},
		restored,
	}},
	{"Prove", []moment{proved, timeline}},
	{"Clean up", []moment{
		{title: "Cleaning up is asked for", says: "", w: 80, h: 24, is: func(e journal.Event) bool { return e.Kind == journal.Asked && e.Question.Type == "confirm" }},
		theEnd,
	}},
}

// frames is the whole lab as it looks, in text.
func frames(t *testing.T, f *film) string {
	var b strings.Builder
	b.WriteString("# The lab in frames\n\nWhat a person sees from the first screen to the last, as text, made by the tests: the program itself on its own engine and\nsandbox, with a clock that jumps and ids that repeat. The sizes are those of the terminal.\n")
	show := func(title, says string, s *shown) {
		fmt.Fprintf(&b, "\n### %s\n\n", title)
		if says != "" {
			b.WriteString(says + "\n\n")
		}
		b.WriteString(fenced(s.text()))
	}
	b.WriteString("\n## Start and plan\n")
	first := showApp(t, 80, 24, false, nil, tui.First{}, nil)
	show("The first screen", "`lifeboat`, without arguments.", first)
	show("The first question", "", first.press("p"))
	show("How much may be lost?", "", first.press("space", "enter"))
	show("The answers", "", first.press("enter", "enter", "enter", "enter", "enter", "enter"))
	wide := showApp(t, 140, 45, false, nil, tui.First{}, nil)
	show("The plan", "What is lost and how long it takes after each kind of failure, the rules with their reasons, and the labs that rehearse them.", wide.press("p", "space", "enter", "enter", "enter", "enter", "enter", "enter", "enter", "enter"))
	storage := showApp(t, 140, 45, false, nil, tui.First{}, nil)
	storage.press("c")
	for range len(classes.Questions()) {
		storage.press("enter")
	}
	show("Which storage class?", "`c` on the first screen: what each class of S3 costs, which are ruled out and why, and where another one becomes the cheapest.", storage.press("enter", "right", "a"))
	for _, phase := range chapters {
		fmt.Fprintf(&b, "\n## %s\n", phase.phase)
		for _, m := range phase.all {
			show(m.title, m.says, f.at(m, m.w, m.h, false))
		}
	}
	b.WriteString("\n## When things go otherwise\n\nThese are of a shorter run that the tests of the screens play.\n")
	for _, x := range []struct{ file, title, says string }{
		{"run-failed-140x45", "A step that failed", "What was there instead, and what to do next."},
		{"run-mine-80x24", "Doing it yourself", "After `m` the command is run in a second terminal, and the runner watches until it sees the result."},
		{"run-aws-140x45", "A real account", "It cannot be taken for the sandbox."},
		{"run-ascii-80x24", "A terminal without Unicode", ""},
		{"home-140x45", "The first screen later", "With runs to go on with."},
	} {
		show := "\n### " + x.title + "\n\n"
		if x.says != "" {
			show += x.says + "\n\n"
		}
		b.WriteString(show + fenced(strings.TrimRight(read(t, "tui/testdata/frames/"+x.file+".txt"), "\n")+"\n"))
	}
	return b.String()
}

// commandList is every command with its flags, and the exit codes.
func commandList() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `--help` says of each, in one place.\n\n## Exit codes\n\n| Code | Meaning |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.says)
	}
	root := newRoot(&process{})
	fmt.Fprintf(&b, "\n## Flags of every command\n\n```text\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, c := range root.Commands() {
		commandPage(&b, c)
	}
	return b.String()
}

func commandPage(b *strings.Builder, c *cobra.Command) {
	if !c.IsAvailableCommand() || c.Name() == "completion" || c.Name() == "help" {
		return
	}
	if !c.HasSubCommands() {
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n```text\n%s\n", c.CommandPath(), text, c.UseLine())
		if usages := c.LocalFlags().FlagUsages(); usages != "" {
			fmt.Fprintf(b, "\n%s", usages)
		}
		b.WriteString("```\n")
		if c.Example != "" {
			fmt.Fprintf(b, "\nExamples:\n\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
		}
	}
	for _, child := range c.Commands() {
		commandPage(b, child)
	}
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestShownCommands finds the commands that the documents show in the program, with their flags.
func TestShownCommands(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, page := range append(pages, filepath.Join(top, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shellBlock.FindAllSubmatch(text, -1) {
			for line := range strings.Lines(string(block[1])) {
				for _, args := range shownCommands(line) {
					n++
					if err := understood(args); err != nil {
						t.Errorf("%s shows %q: %v", filepath.Base(page), strings.TrimSpace(line), err)
					}
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d commands were found in the documents", n)
	}
}

var shownCommand = regexp.MustCompile(`(?:^|\$\(|&& )(?:go run \./cmd/lifeboat|lifeboat)((?: [^|&)#>"]+)?)`)

func shownCommands(line string) (out [][]string) {
	for _, m := range shownCommand.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
		out = append(out, strings.Fields(m[1]))
	}
	return out
}

// understood says what the program would not understand of a command.
func understood(args []string) error {
	c, rest, err := newRoot(&process{}).Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// TestExampleLab checks and runs the lab that the document about writing labs shows.
func TestExampleLab(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile("(?s)```yaml\n(id: .*?)```").FindStringSubmatch(read(t, "docs/add-a-lab.md"))
	if m == nil {
		t.Fatal("docs/add-a-lab.md shows no lab")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "my-lab.yaml")
	if err := os.WriteFile(file, []byte(m[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"runbook", "check", file}, {"runbook", "show", file}, {"runbook", "cli", file}, {"runbook", "policy", file}, {"lab", "run", file, "--yes"}} {
		var out bytes.Buffer
		if code := Main(append(args, "--state", dir), nil, strings.NewReader(""), &out, &out); code != exitDone {
			t.Errorf("lifeboat %s: exit code %d\n%s", strings.Join(args, " "), code, &out)
		}
		if args[0] == "lab" && !strings.Contains(out.String(), "left behind: nothing") {
			t.Errorf("the run left something behind:\n%s", &out)
		}
	}
}
