package classes

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/theme"
)

func shown(t testing.TB, answers map[string]string) *Model {
	t.Helper()
	a := classes.Form().Defaults()
	for id, value := range answers {
		if err := classes.Form().Set(a, id, value); err != nil {
			t.Fatal(err)
		}
	}
	c, err := classes.Compare(a)
	if err != nil {
		t.Fatal(err)
	}
	return New(theme.New(true, false), c)
}

func press(m *Model, keys ...string) tea.Msg {
	var last tea.Msg
	codes := map[string]rune{"left": tea.KeyLeft, "right": tea.KeyRight, "down": tea.KeyDown, "up": tea.KeyUp}
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		if c, ok := codes[k]; ok {
			msg = tea.KeyPressMsg{Code: c}
		}
		if cmd := m.Update(msg); cmd != nil {
			last = cmd()
		}
	}
	return last
}

func text(m *Model, w, h int) string { return ansi.Strip(strings.Join(m.View(w, h), "\n")) }

// TestTheAxisHasTwoEnds walks from never to the most reads and back, through every stop once.
func TestTheAxisHasTwoEnds(t *testing.T) {
	m := shown(t, map[string]string{"reads": "never"})
	want := stops()
	for i, reads := range want {
		if m.c.Reads != reads {
			t.Fatalf("stop %d is %g, not %g", i, m.c.Reads, reads)
		}
		press(m, "right")
	}
	if got := text(m, 80, 24); !strings.Contains(got, "not now: the axis ends here") {
		t.Errorf("the end is not said:\n%s", got)
	}
	for range want {
		press(m, "left")
	}
	if m.c.Reads != 0 || !strings.Contains(text(m, 80, 24), "read never") {
		t.Errorf("the way back ends at %g", m.c.Reads)
	}
}

// TestStepsBeginBetweenStops goes from a frequency that was typed to its neighbours.
func TestStepsBeginBetweenStops(t *testing.T) {
	m := shown(t, map[string]string{"reads": "0.33/month"})
	press(m, "right")
	if m.c.Reads != 0.4 {
		t.Errorf("up from 0.33 is %g", m.c.Reads)
	}
	press(m, "a", "left")
	if m.c.Reads != 0.3 {
		t.Errorf("down from 0.33 is %g", m.c.Reads)
	}
	press(m, "a")
	if m.c != m.given || m.offAnswered() == "" {
		t.Error("a does not go back to what was answered")
	}
}

// TestCrossingsChangeTheBest goes over every crossing in both ways: the best class changes each time, the cursor that stood
// on it follows, and one that stood elsewhere stays.
func TestCrossingsChangeTheBest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		answers := map[string]string{"reads": "never"}
		for _, q := range classes.Questions() {
			if q.ID != "reads" && q.ID != "restore" && q.ID != "arrive" {
				answers[q.ID] = rapid.SampledFrom(q.Options).Draw(r, q.ID).Value
			}
		}
		m := shown(t, answers)
		stays := shown(t, answers)
		press(stays, "down")
		chosen := stays.class().ID
		for _, way := range []struct {
			key string
			off func() string
		}{{"n", m.offNext}, {"p", m.offBefore}} {
			for way.off() == "" {
				before := m.c.Best
				press(m, way.key)
				if m.c.Best == before && len(m.c.Near) == 0 { // two crossings can lie between places of two digits
					r.Fatalf("%s to %g reads leaves %s the best", way.key, m.c.Reads, before)
				}
				if m.class().ID != m.c.Best {
					r.Fatalf("the cursor is on %s, the best is %s", m.class().ID, m.c.Best)
				}
				press(stays, way.key)
			}
		}
		if stays.class().ID != chosen && stays.c.Best != stays.class().ID {
			r.Fatalf("the cursor went from %s to %s", chosen, stays.class().ID)
		}
	})
}

// TestTheTableSaysInWords finds what the colours say in the text: the best, what fits, what does not, and why.
func TestTheTableSaysInWords(t *testing.T) {
	m := shown(t, map[string]string{"reads": "1/year"})
	for i, k := range m.c.Classes {
		m.to(i)
		line := strings.Split(text(m, 200, 50), "\n")[4+i]
		word := " yes "
		switch {
		case k.ID == m.c.Best:
			word = " best "
		case !k.Fits:
			word = " no "
		}
		if !strings.Contains(line, word) || !strings.Contains(line, "› "+k.Letter+" ") {
			t.Errorf("the line of %s does not say%sor where the cursor is: %s", k.ID, word, line)
		}
		all := strings.Join(strings.Fields(ansi.Strip(strings.Join(m.details(300), " "))), " ")
		for _, r := range k.RuledOut {
			if !strings.Contains(all, "Ruled out: "+r.Text) || !strings.Contains(all, r.Source) {
				t.Errorf("%s does not say why it is ruled out: %s", k.ID, r.Text)
			}
		}
		for _, l := range k.Lines {
			if !strings.Contains(all, l.How) || !strings.Contains(all, l.Source) || l.AsOf != "-" && !strings.Contains(all, "price of "+l.AsOf) {
				t.Errorf("%s does not show the line %q", k.ID, l.What)
			}
		}
	}
}

// TestAsks finds what the screen asks the program for.
func TestAsks(t *testing.T) {
	m := shown(t, map[string]string{"reads": "1/month"})
	press(m, "right")
	if got, ok := press(m, "e").(Change); !ok || got.Answers.One("reads") != "1.2/month" {
		t.Errorf("e asks for %v", got)
	}
	if got, ok := press(m, "s").(Save); !ok || got.Comparison.Reads != 1.2 {
		t.Errorf("s asks for %v", got)
	}
	if _, ok := press(m, "q").(Back); !ok {
		t.Error("q does not go back")
	}
}

func TestBriefWords(t *testing.T) {
	for seconds, want := range map[float64]string{0: "ms", 0.1: "ms", 300: "5 min", 18000: "5 h", 44220: "12.3 h", 172800: "2 d"} {
		if got := brief(seconds); got != want {
			t.Errorf("%g seconds are %q, not %q", seconds, got, want)
		}
	}
	for usd, want := range map[float64]string{0: "0.00", 0.004: "<0.01", 12.345: "12.35", 1234.5: "1,235", 2.5e7: "25.0M"} {
		if got := dollars(usd); got != want {
			t.Errorf("%g USD are %q, not %q", usd, got, want)
		}
	}
}
