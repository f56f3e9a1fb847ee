package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/plan/classes"
	classview "lifeboat/tui/classes"
	"lifeboat/tui/home"
	"lifeboat/tui/parts"
	planview "lifeboat/tui/plan"
	"lifeboat/tui/runner"
	"lifeboat/tui/stage"
	"lifeboat/tui/wizard"
)

// fits reports what is wrong with a frame: too high, or a line too wide.
func fits(a *App) error {
	content := a.View().Content
	lines := strings.Split(content, "\n")
	if len(lines) > max(1, a.h) {
		return fmt.Errorf("%d lines in a window of %d", len(lines), a.h)
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n > a.w {
			return fmt.Errorf("line %d is %d wide in a window of %d: %q", i, n, a.w, ansi.Strip(l))
		}
	}
	return nil
}

// everywhere gives a program on each of its screens.
func everywhere(t testing.TB) map[string]*App {
	out := map[string]*App{}
	for _, m := range moments {
		out["run "+m], _ = opened(t, size{80, 24}, m == "ready", m)
	}
	plain := func() *App {
		a := New(deps(&clock{stage.Began}, nil), First{})
		a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		settle(a, a.list())
		return a
	}
	out["home"] = plain()
	a := plain()
	press(a, "p")
	out["wizard"] = a
	a = plain()
	press(a, "p", "space", "enter", "enter")
	out["wizard deeper"] = a
	a = plain()
	press(a, "p", "space", "enter", "enter", "enter", "enter", "enter", "enter", "enter", "enter")
	out["plan"] = a
	for _, view := range []string{"1", "2", "3"} {
		a = advised(t, size{80, 24}, media)
		press(a, view)
		out["classes "+view] = a
	}
	return out
}

func TestEverySizeFits(t *testing.T) {
	for name, a := range everywhere(t) {
		for _, w := range []int{0, 1, 7, 20, 39, 40, 41, 59, 60, 71, 76, 80, 99, 119, 120, 121, 140, 180, 200} {
			for _, h := range []int{0, 1, 5, 11, 12, 13, 17, 24, 39, 60} {
				a.Update(tea.WindowSizeMsg{Width: w, Height: h})
				if err := fits(a); err != nil {
					t.Fatalf("%s at %dx%d: %v", name, w, h, err)
				}
			}
		}
	}
}

func FuzzView(f *testing.F) {
	f.Add(80, 24, "q")
	f.Add(200, 50, "2h\x00")
	f.Fuzz(func(t *testing.T, w, h int, keys string) {
		a, c := opened(t, size{max(0, min(w, 200)), max(0, min(h, 200))}, false, "recovering")
		for _, r := range keys[:min(len(keys), 20)] {
			c.now = c.now.Add(time.Second)
			a.Update(key(string(r)))
		}
		if err := fits(a); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnyEventsFit throws events in any order, with any text, at the screen.
func TestAnyEventsFit(t *testing.T) {
	kinds := []journal.Kind{journal.StepReady, journal.StepStarted, journal.CallResult, journal.WaitSeen, journal.WaitEnded, journal.Checked, journal.Asked,
		journal.Answered, journal.Hinted, journal.Points, journal.Proved, journal.Clocks, journal.StepEnded, journal.CleanStart, journal.CleanEnded, journal.Note, journal.Time}
	states := []journal.State{journal.Passed, journal.Failed, journal.Skipped, journal.ByHand, journal.Assisted}
	book := stage.Book()
	var ids []string
	for _, s := range book.Steps {
		ids = append(ids, s.ID)
	}
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \t\n\x1b[31m漢字é\u200d`-")), 0, 90, -1)
	rapid.Check(t, func(r *rapid.T) {
		a, _ := opened(t, size{rapid.IntRange(0, 200).Draw(r, "w"), rapid.IntRange(0, 80).Draw(r, "h")}, false, "ready")
		sess := a.run.Session()
		for range rapid.IntRange(1, 30).Draw(r, "n") {
			at := stage.Began.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(r, "at")) * time.Second)
			e := journal.Event{Kind: rapid.SampledFrom(kinds).Draw(r, "kind"), Step: rapid.SampledFrom(ids).Draw(r, "step"), At: at, Text: text.Draw(r, "text")}
			s := text.Draw(r, "s")
			e.State = rapid.SampledFrom(states).Draw(r, "state")
			e.Preview = &journal.Preview{Cost: s, Calls: []journal.CallPreview{{Op: s, Effect: "delete", CLI: s + " --x " + s, Params: map[string]any{s: s}, Role: "call"}}}
			e.Call = &journal.Call{ID: s, Op: s, Code: s, Message: s}
			e.Wait = &journal.Wait{For: s, Seen: s, Elapsed: time.Hour, Typical: time.Minute}
			e.Check = &journal.Check{Say: s, Got: s}
			e.Question = &journal.Question{ID: s, Type: "choose", Text: s, Options: []journal.Option{{Value: s, Label: s, Note: s}}}
			e.Answer = &journal.Answer{Value: s, Because: s}
			e.Points = []journal.Point{{ID: s, At: at, Where: s}, {ID: s + "2", At: at.Add(time.Hour), Bad: true}}
			e.Proof = &journal.Proof{Total: 3, Equal: 2, Unit: s, Fingerprint: s, Expected: s, Different: []string{s}}
			e.Clocks = &journal.Clock{Disaster: at, Proved: at.Add(time.Minute)}
			e.Left = []journal.Left{{What: s, Region: s, Reason: s}}
			a.Update(runner.Batch{Session: sess, Events: []journal.Event{e}})
			a.run.Update(key(rapid.SampledFrom([]string{"1", "2", "3", "esc", "down", "right", "h"}).Draw(r, "key")))
			if err := fits(a); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// TestAnyAnswersFit compares classes for any answers, presses any keys in any window, and finds every frame in its bounds.
func TestAnyAnswersFit(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		answers := map[string]string{}
		for _, q := range classes.Questions() {
			if q.ID != "restore" && q.ID != "arrive" { // those can contradict the others
				answers[q.ID] = rapid.SampledFrom(q.Options).Draw(r, q.ID).Value
			}
		}
		a := advised(t, size{80, 24}, answers)
		a.Update(tea.WindowSizeMsg{Width: rapid.IntRange(0, 220).Draw(r, "w"), Height: rapid.IntRange(0, 70).Draw(r, "h")})
		for range rapid.IntRange(0, 12).Draw(r, "n") {
			press(a, rapid.SampledFrom([]string{"right", "left", "n", "p", "a", "b", "down", "up", "1", "2", "3", "tab", "space", "?", "s"}).Draw(r, "key"))
			if err := fits(a); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func TestSmallWindowSaysSo(t *testing.T) {
	a := New(deps(&clock{stage.Began}, nil), First{})
	a.Update(tea.WindowSizeMsg{Width: 20, Height: 5})
	if got := plain(a); !strings.Contains(got, "This window is 20x5") {
		t.Fatalf("got %q", got)
	}
}

// TestKeysSayWhy presses every key that is off and expects the reason.
func TestKeysSayWhy(t *testing.T) {
	a, _ := opened(t, size{140, 45}, false, "waiting")
	for k, why := range map[string]string{"enter": "the step runs already", "R": "the step has not failed", "s": "the step runs already", "d": "press m first"} {
		press(a, k)
		if !strings.Contains(plain(a), "not now: "+why) {
			t.Errorf("%s does not say %q:\n%s", k, why, plain(a))
		}
	}
}

// TestKeyTables finds every key of every screen in the documents' tables, and none twice on one screen.
func TestKeyTables(t *testing.T) {
	doc := KeyTables()
	for screen, table := range map[string][]parts.Key{"home": home.Keys(), "wizard": wizard.Keys(), "plan": planview.Keys(), "classes": classview.Keys(), "run": runner.Keys()} {
		seen := map[string]bool{}
		for _, k := range table {
			for _, name := range k.Keys {
				if seen[name] {
					t.Errorf("%s has the key %s twice", screen, name)
				}
				seen[name] = true
				if !strings.Contains(doc, "`"+name+"`") {
					t.Errorf("the tables lack %s of %s", name, screen)
				}
			}
			if k.Words == "" || k.Help == "" {
				t.Errorf("%s does not say what %v does", screen, k.Keys)
			}
		}
	}
}
