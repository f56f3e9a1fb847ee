package runner

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/tui/stage"
	"lifeboat/tui/theme"
)

type told struct {
	*stage.Session
	said []engine.Command
}

func (s *told) Send(c engine.Command) { s.said = append(s.said, c) }

func screen(aws bool, cue string) (*Model, *told, *time.Time) {
	book, cues := stage.Script(aws)
	s := &told{Session: stage.Play(book, cues)}
	now := stage.Began
	m := New(Options{Theme: theme.New(true, false), Session: s, Now: func() time.Time { return now }})
	for _, c := range cues {
		m.Update(Batch{Session: s, Events: c.Events})
		if c.Name == cue {
			break
		}
	}
	return m, s, &now
}

func press(m *Model, keys ...string) {
	for _, k := range keys {
		switch k {
		case "enter":
			m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		case "esc":
			m.Update(tea.KeyPressMsg{Code: tea.KeyEscape})
		case "down":
			m.Update(tea.KeyPressMsg{Code: tea.KeyDown})
		default:
			for _, r := range k {
				m.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
			}
		}
	}
}

func TestAQuestionThatComesByItselfIsDeafForAMoment(t *testing.T) {
	m, s, now := screen(false, "quiz")
	press(m, "enter")
	*now = now.Add(300 * time.Millisecond)
	press(m, "enter") // still hammering: the moment begins again
	*now = now.Add(300 * time.Millisecond)
	press(m, "enter")
	if len(s.said) != 0 || m.dialog == nil {
		t.Fatalf("a key nobody meant was taken: %v", s.said)
	}
	*now = now.Add(grace)
	press(m, "down", "enter")
	if len(s.said) != 1 || s.said[0].Kind != engine.Reply || s.said[0].Text != "The whole volume, as it was at the second snapshot" {
		t.Fatalf("the run heard %v", s.said)
	}
}

func TestDeafnessEnds(t *testing.T) {
	m, s, now := screen(false, "quiz")
	for range 16 {
		*now = now.Add(100 * time.Millisecond)
		press(m, "enter")
	}
	if len(s.said) == 0 {
		t.Fatal("a person who never stops pressing is never heard")
	}
}

func TestConfirmWantsTheNameTyped(t *testing.T) {
	m, s, now := screen(false, "confirm")
	*now = now.Add(time.Second)
	press(m, "enter")
	press(m, "vol-wrong", "enter")
	if len(s.said) != 0 {
		t.Fatalf("a wrong name was taken: %v", s.said)
	}
	if got := strings.Join(m.View(80, 24), "\n"); !strings.Contains(got, "that is not") {
		t.Fatal("nothing says that the name is wrong")
	}
	press(m, "esc", "enter", "vol-0a91bd7731f0c2e55", "enter")
	if len(s.said) != 1 || s.said[0].Text != "vol-0a91bd7731f0c2e55" || s.said[0].Step != "lose" {
		t.Fatalf("the run heard %v", s.said)
	}
}

func TestConfirmAgain(t *testing.T) {
	m, s, now := screen(false, "ready")
	m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.Asked, Step: "volume", Question: &journal.Question{ID: "x", Type: "confirm", Typed: "name", Again: true}}}})
	*now = now.Add(time.Second)
	press(m, "name", "enter")
	if len(s.said) != 0 {
		t.Fatal("once was enough")
	}
	press(m, "name", "enter")
	if len(s.said) != 1 {
		t.Fatalf("the run heard %v", s.said)
	}
}

func TestCleanUpOnAWSWantsTheAliasTyped(t *testing.T) {
	m, s, _ := screen(true, "ready")
	press(m, "x", "enter", "acme-staging", "enter")
	if len(s.said) != 1 || s.said[0].Kind != engine.Clean {
		t.Fatalf("the run heard %v", s.said)
	}
}

// TestEveryKeySays presses each key where it works, and compares what the run hears.
func TestEveryKeySays(t *testing.T) {
	for _, c := range []struct {
		at, keys string
		want     engine.Command
	}{
		{"ready", "r", engine.Command{Kind: engine.Do, Step: "volume"}},
		{"ready", "m", engine.Command{Kind: engine.Mine, Step: "volume"}},
		{"ready", "h", engine.Command{Kind: engine.Hint, Step: "volume"}},
		{"ready", "a", engine.Command{Kind: engine.Auto, Step: "volume"}},
		{"failed", "R", engine.Command{Kind: engine.Do, Step: "first"}},
	} {
		m, s, _ := screen(false, c.at)
		press(m, c.keys)
		if len(s.said) != 1 || s.said[0] != c.want {
			t.Errorf("%s at %s: the run heard %v, want %v", c.keys, c.at, s.said, c.want)
		}
	}
	m, s, _ := screen(false, "ready")
	press(m, "m", "d", "made it with the console", "enter", "a", "a")
	var kinds []string
	for _, c := range s.said {
		kinds = append(kinds, string(c.Kind))
	}
	if got := strings.Join(kinds, " "); got != "mine done auto manual" {
		t.Errorf("the run heard %s", got)
	}
}

func TestAPersonMayChangeTheirMind(t *testing.T) {
	m, s, _ := screen(false, "ready")
	press(m, "m")
	m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.StepStarted, Step: "volume"}, {Kind: journal.WaitSeen, Step: "volume", Wait: &journal.Wait{For: "you to do it"}}}})
	if got := strings.Join(m.View(80, 24), "\n"); !strings.Contains(got, "aws ec2 create-volume") {
		t.Fatalf("the command is not to be seen:\n%s", got)
	}
	press(m, "r")
	if n := len(s.said); n != 2 || s.said[1].Kind != engine.Do {
		t.Fatalf("the run heard %v", s.said)
	}
}

func TestNothingIsSaidTwice(t *testing.T) {
	m, s, _ := screen(false, "ready")
	press(m, "r", "r", "enter")
	if len(s.said) != 1 {
		t.Fatalf("the run heard %v", s.said)
	}
}

func TestIdleHasNoTick(t *testing.T) {
	m, s, _ := screen(false, "ready")
	if cmd := m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.Time, At: stage.Began}}}); cmd != nil {
		t.Fatal("a tick runs though nothing does")
	}
	m, s, _ = screen(false, "waiting")
	if !m.ticks {
		t.Fatal("nothing moves though something runs")
	}
	if cmd := m.Update(Batch{Session: s}); cmd != nil {
		t.Fatal("a second tick was started")
	}
	m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.StepEnded, Step: "volume", State: journal.Passed}}})
	if cmd := m.Update(tick{}); cmd != nil {
		t.Fatal("the tick goes on after the end")
	}
}

func TestAChangedRunbookIsSaid(t *testing.T) {
	m, s, _ := screen(false, "ready")
	m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.RunResumed, Text: "the step volume of the file changed since the run began"}}})
	if got := strings.Join(m.View(80, 24), "\n"); !strings.Contains(got, "changed since the run began") {
		t.Fatalf("nothing says so:\n%s", got)
	}
}

// A run that was stopped in the middle of a step asks again, once it is resumed, what to do with that step.
func TestStepThatWasCutOffCanBeGoneOnWith(t *testing.T) {
	m, s, _ := screen(false, "waiting")
	id := m.d.Current
	if !m.d.busy() {
		t.Fatal("nothing is waited for at this cue")
	}
	m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.RunResumed, Run: &m.d.Run}, {Kind: journal.StepReady, Step: id, Preview: m.d.Steps[id].Preview}}})
	if why := m.offRun(); why != "" {
		t.Fatalf("enter does nothing: %s", why)
	}
	if text := strings.Join(m.View(80, 24), "\n"); !strings.Contains(text, "your turn") {
		t.Errorf("it does not say whose turn it is:\n%s", text)
	}
	press(m, "enter")
	if len(s.said) == 0 || s.said[len(s.said)-1].Kind != engine.Do {
		t.Errorf("enter said %v", s.said)
	}
}

// A proof that was made before the disaster says nothing about a recovery.
func TestRunThatNeverProvedHasNoFigures(t *testing.T) {
	m, s, _ := screen(false, "recovering")
	m.d.Proofs = append(m.d.Proofs, journal.Proof{OK: true, Total: 2048, Equal: 2048, Unit: "blocks"})
	m.Update(Batch{Session: s, Events: []journal.Event{{Kind: journal.RunEnded, Outcome: &journal.Outcome{State: journal.RunIncomplete, Count: map[journal.State]int{journal.Skipped: 2}}}}})
	text := strings.Join(m.View(80, 24), "\n")
	if !strings.Contains(text, "not proved") || strings.Contains(text, "2,048 of 2,048") {
		t.Errorf("it claims a recovery:\n%s", text)
	}
}
