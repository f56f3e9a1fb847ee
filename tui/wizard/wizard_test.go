package wizard

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/plan"
	"lifeboat/tui/theme"
)

// person drives the wizard, running what it asks for; done collects what it says to the program.
type person struct {
	m    *Model
	done []tea.Msg
}

func begin(before plan.Answers) *person {
	p := &person{m: New(theme.New(true, false), Purpose{Title: "A plan", Make: "make the plan"}, plan.Questions(), before)}
	p.m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	p.run(p.m.Init())
	return p
}

func (p *person) run(cmd tea.Cmd) {
	for queue := []tea.Cmd{cmd}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == nil || waits(queue[0]) {
			continue
		}
		switch msg := queue[0]().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		case Done, Cancel:
			p.done = append(p.done, msg)
		default:
			queue = append(queue, p.m.Update(msg))
		}
	}
}

// waits reports whether a command is a cursor's: it would only let wall time pass.
func waits(cmd tea.Cmd) bool {
	return strings.Contains(runtime.FuncForPC(reflect.ValueOf(cmd).Pointer()).Name(), "bubbles/v2/cursor")
}

func (p *person) press(keys ...string) {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "down": tea.KeyDown, "up": tea.KeyUp, "backspace": tea.KeyBackspace}
	for _, k := range keys {
		if c, ok := codes[k]; ok {
			p.run(p.m.Update(tea.KeyPressMsg{Code: c}))
			continue
		}
		for _, r := range k {
			p.run(p.m.Update(tea.KeyPressMsg{Code: r, Text: string(r)}))
		}
	}
}

func (p *person) screen() string { return ansi.Strip(strings.Join(p.m.View(80, 24), "\n")) }

func TestDefaultsLeadToAnswers(t *testing.T) {
	p := begin(nil)
	p.press(" ")
	for range len(plan.Questions()) + 1 {
		p.press("enter")
	}
	if len(p.done) != 1 {
		t.Fatalf("it said %v:\n%s", p.done, p.screen())
	}
	a := p.done[0].(Done).Answers
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestBackNeverMeetsAValidation(t *testing.T) {
	p := begin(nil)
	p.press("enter") // nothing chosen: refused
	if !strings.Contains(p.screen(), "choose at least one") {
		t.Fatalf("nothing says what is wrong:\n%s", p.screen())
	}
	p.press("esc")
	if len(p.done) != 1 || p.done[0] != (Cancel{}) {
		t.Fatalf("it said %v", p.done)
	}
}

func TestAnAnswerIsKeptOnlyWhenGiven(t *testing.T) {
	p := begin(plan.Answers{"resources": {"ebs"}})
	p.press("enter")
	before := p.m.answers.One("loss")
	p.press("down", "down", "esc", "enter")
	if got := p.m.answers.One("loss"); got != before {
		t.Fatalf("moving the cursor changed the answer to %s", got)
	}
}

func TestAValueOfOnesOwn(t *testing.T) {
	p := begin(plan.Answers{"resources": {"ebs"}})
	p.press("enter", "up", "up", "up", "up", "up", "enter") // up past the first comes to the last: another value
	if !p.m.typing {
		t.Fatalf("nothing to type in:\n%s", p.screen())
	}
	p.press("nonsense", "enter")
	if !strings.Contains(p.screen(), "is not a length of time") {
		t.Fatalf("nothing says what is wrong:\n%s", p.screen())
	}
	for range len("nonsense") {
		p.press("backspace")
	}
	p.press("90m", "enter")
	if got := p.m.answers.One("loss"); got != "90m" || p.m.at != 2 {
		t.Fatalf("the answer is %q at question %d", got, p.m.at)
	}
}

func TestReviewChangesOneAnswer(t *testing.T) {
	p := begin(plan.Answers{"resources": {"ebs"}})
	for range plan.Questions() {
		p.press("enter")
	}
	p.press("down", "down", "enter") // past the end to the first, then the second
	if p.m.at != 1 {
		t.Fatalf("question %d is asked", p.m.at)
	}
	p.press("down", "enter")
	if p.m.at != len(plan.Questions()) || p.m.answers.One("loss") != "24h" {
		t.Fatalf("question %d, answer %s", p.m.at, p.m.answers.One("loss"))
	}
}

// A question nobody has answered yet is not wrong, whatever else the terminal says meanwhile.
func TestNothingIsWrongBeforeEnter(t *testing.T) {
	const words = "choose at least one"
	p := begin(nil)
	p.run(p.m.Update(tea.FocusMsg{}))
	if strings.Contains(p.screen(), words) {
		t.Errorf("it complains before anything was pressed:\n%s", p.screen())
	}
	p.press("enter")
	if !strings.Contains(p.screen(), words) {
		t.Errorf("an empty answer goes through:\n%s", p.screen())
	}
	p.press(" ")
	if strings.Contains(p.screen(), words) {
		t.Errorf("it complains about an answer:\n%s", p.screen())
	}
}

// A value a person typed once stands in the list, and enter takes it again.
func TestTypedAnswerIsKept(t *testing.T) {
	p := begin(plan.Answers{"resources": {"ebs"}, "loss": {"90m"}})
	p.press("enter")
	if !strings.Contains(p.screen(), "› 90m") {
		t.Fatalf("the answer is not under the cursor:\n%s", p.screen())
	}
	p.press("enter")
	if got := p.m.answers["loss"]; len(got) != 1 || got[0] != "90m" {
		t.Errorf("it became %v", got)
	}
	if !strings.Contains(p.screen(), "question 3") {
		t.Errorf("it asks again:\n%s", p.screen())
	}
}

// Keys that come faster than the questions are for the questions in their order, and none is lost.
func TestKeysAheadOfTheQuestions(t *testing.T) {
	p := begin(plan.Answers{"resources": {"ebs"}})
	var cmds []tea.Cmd
	for _, code := range []rune{tea.KeyEnter, tea.KeyDown, tea.KeyEnter, tea.KeyEnter} { // 24h instead of 4h is lost
		cmds = append(cmds, p.m.Update(tea.KeyPressMsg{Code: code}))
	}
	for _, cmd := range cmds {
		p.run(cmd)
	}
	if got := p.m.answers.One("loss"); got != "24h" || p.m.at != 3 {
		t.Errorf("the answer is %s at question %d:\n%s", got, p.m.at, p.screen())
	}
	p.run(p.m.Update(tea.KeyPressMsg{Code: tea.KeyEnter}))
	if p.m.at != 4 {
		t.Errorf("after it, enter leads to question %d", p.m.at)
	}
}
