package tui

import (
	"context"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vttest"

	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/home"
	"lifeboat/tui/runner"
	"lifeboat/tui/stage"
	"lifeboat/tui/theme"
)

var (
	update = flag.Bool("update", false, "write the frames under testdata/frames instead of comparing them")
	images = flag.String("png", "", "folder to write every frame to as a picture")
)

type size struct{ w, h int }

var sizes = []size{{60, 20}, {80, 24}, {140, 45}, {200, 50}}

// clock is a time that stands until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// deps is an outside world without an outside.
func deps(c *clock, s engine.Session) Deps {
	return Deps{
		Labs: func(context.Context) ([]home.Lab, error) {
			b := stage.Book()
			return []home.Lab{{ID: b.ID, Title: b.Title, Minutes: 45, Steps: len(b.Steps),
				Summary: "Write known data to a volume, snapshot it, copy it to a second Region, share it with a second account, let a policy take a day of snapshots; then lose the volume twice over, bring it back and prove it, block for block.",
				Source:  []string{"https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshots.html"}}}, nil
		},
		Runs: func(context.Context) ([]home.Run, error) {
			return []home.Run{
				{ID: "ebs-snapshots-20261122-2145-a2b3", Runbook: "other", Title: "EBS snapshots, from first copy to proof", Began: stage.Began.Add(-12 * time.Hour), Step: 12, Steps: 16, Open: true, State: journal.RunStopped},
				{ID: "ebs-snapshots-20261121-0901-q9z1", Runbook: "ebs-snapshots", Title: "EBS snapshots, from first copy to proof", Began: stage.Began.Add(-48 * time.Hour), State: journal.RunPassed, RPO: 23 * time.Minute, RTO: 11 * time.Minute},
				{ID: "ebs-snapshots-20261120-1400-k1m2", Runbook: "ebs-snapshots", Title: "EBS snapshots, from first copy to proof", Began: stage.Began.Add(-67 * time.Hour), State: journal.RunFailed, Left: 2},
			}, nil
		},
		Start:         func(context.Context, string) (engine.Session, error) { return s, nil },
		Resume:        func(context.Context, string) (engine.Session, error) { return s, nil },
		SavePlan:      func(*plan.Plan) (string, error) { return "plan.md", nil },
		SaveClasses:   func(*classes.Comparison) (string, error) { return "storage-class.md", nil },
		ResumeCommand: func(run string) string { return "lifeboat lab resume " + run },
		Shell:         "lifeboat sandbox shell",
		Target:        "sandbox", Version: "0.1.0", Now: c.Now, Env: []string{"LANG=en_US.UTF-8"},
	}
}

// settle runs commands and what they bring, until nothing comes any more; ticks are left out.
func settle(a *App, cmd tea.Cmd) {
	for queue := []tea.Cmd{cmd}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == nil {
			continue
		}
		switch msg := queue[0]().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		default:
			if strings.HasSuffix(fmt.Sprintf("%T", msg), "quitMsg") || strings.Contains(fmt.Sprintf("%T", msg), "tea.") {
				continue
			}
			_, next := a.Update(msg)
			queue = append(queue, next)
		}
	}
}

func press(a *App, keys ...string) {
	for _, k := range keys {
		_, cmd := a.Update(key(k))
		settle(a, cmd)
	}
}

var named = map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp,
	"left": tea.KeyLeft, "right": tea.KeyRight, "space": tea.KeySpace, "pgdown": tea.KeyPgDown, "f1": tea.KeyF1, "end": tea.KeyEnd}

func key(name string) tea.KeyPressMsg {
	if name == "ctrl+c" {
		return tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	if r, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: r}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// opened is a program whose run has come to a cue.
func opened(t testing.TB, s size, aws bool, until string) (*App, *clock) {
	t.Helper()
	book, cues := stage.Script(aws)
	c := &clock{stage.Began}
	sess := stage.Play(book, cues)
	a := New(deps(c, sess), First{})
	a.after = func(time.Duration) <-chan time.Time { return make(chan time.Time) }
	a.Update(tea.WindowSizeMsg{Width: s.w, Height: s.h})
	a.run = runner.New(runner.Options{Theme: a.t, Session: sess, Now: c.Now, Resume: a.d.ResumeCommand, Shell: a.d.Shell})
	a.push(a.run)
	for _, cue := range cues {
		a.Update(runner.Batch{Session: sess, Events: cue.Events, Closed: cue.Name == "ended"})
		if cue.Name == until {
			break
		}
	}
	return a, c
}

// plain is a frame as text.
func plain(a *App) string {
	lines := strings.Split(ansi.Strip(a.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// frame compares the screen with the one on file, and draws it where pictures are asked for.
func frame(t *testing.T, a *App, name string) {
	t.Helper()
	path := filepath.Join("testdata", "frames", name+".txt")
	got := plain(a)
	if *images != "" {
		picture(t, a, filepath.Join(*images, name+".png"))
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./tui -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./tui -update writes it)\n--- got\n%s--- want\n%s", path, got, want)
	}
}

// picture draws a frame the way a terminal would.
func picture(t *testing.T, a *App, path string) {
	t.Helper()
	term, err := vttest.NewTerminal(t, a.w, a.h)
	if err != nil {
		t.Fatal(err)
	}
	defer term.Close()
	content := a.View().Content
	if !a.t.Dark {
		term.Emulator.SetBackgroundColor(color.RGBA{255, 255, 255, 255})
		term.Emulator.SetForegroundColor(color.RGBA{27, 31, 36, 255})
	} else {
		term.Emulator.SetBackgroundColor(color.RGBA{20, 23, 28, 255})
		term.Emulator.SetForegroundColor(color.RGBA{215, 220, 227, 255})
	}
	if !a.t.Dark { // the drawer knows no other default than white
		ink := "\x1b[38;2;27;31;36m"
		content = ink + strings.NewReplacer("\x1b[m", "\x1b[m"+ink, "\x1b[1m", "\x1b[1m"+ink).Replace(content)
	}
	fmt.Fprint(term.Emulator, strings.NewReplacer("\n", "\r\n", "✓", "√", "✗", "x").Replace(content))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, term.Image()); err != nil {
		t.Fatal(err)
	}
}

var moments = []string{"ready", "hint", "waiting", "failed", "quiz", "answered", "day", "confirm", "choose", "recovering", "proved", "cleaning", "ended"}

func TestRunFrames(t *testing.T) {
	for _, s := range sizes {
		for _, m := range moments {
			name := fmt.Sprintf("run-%s-%dx%d", m, s.w, s.h)
			t.Run(name, func(t *testing.T) {
				a, _ := opened(t, s, false, m)
				frame(t, a, name)
			})
		}
		t.Run(fmt.Sprintf("views-%dx%d", s.w, s.h), func(t *testing.T) {
			a, _ := opened(t, s, false, "recovering")
			press(a, "1")
			frame(t, a, fmt.Sprintf("run-steps-%dx%d", s.w, s.h))
			press(a, "3")
			frame(t, a, fmt.Sprintf("run-timeline-%dx%d", s.w, s.h))
			press(a, "?")
			frame(t, a, fmt.Sprintf("run-keys-%dx%d", s.w, s.h))
		})
		t.Run(fmt.Sprintf("aws-%dx%d", s.w, s.h), func(t *testing.T) {
			a, _ := opened(t, s, true, "ready")
			frame(t, a, fmt.Sprintf("run-aws-%dx%d", s.w, s.h))
		})
	}
}

func TestLooks(t *testing.T) {
	a, _ := opened(t, size{80, 24}, false, "recovering")
	a.t = theme.New(true, true)
	a.run.SetTheme(a.t)
	frame(t, a, "run-ascii-80x24")
	for _, r := range ansi.Strip(a.View().Content) {
		if r > 126 {
			t.Fatalf("the ASCII look holds %q", r)
		}
	}
	press(a, "3")
	frame(t, a, "run-ascii-timeline-80x24")
	if *images != "" {
		for _, s := range []size{{80, 24}, {200, 50}} {
			a, _ := opened(t, s, false, "proved")
			a.Update(tea.BackgroundColorMsg{Color: white{}})
			frame(t, a, fmt.Sprintf("run-proved-%dx%d", s.w, s.h))
			picture(t, a, filepath.Join(*images, fmt.Sprintf("light-%dx%d.png", s.w, s.h)))
		}
	}
}

type white struct{}

func (white) RGBA() (r, g, b, a uint32) { return 0xffff, 0xffff, 0xffff, 0xffff }

func TestOtherFrames(t *testing.T) {
	for _, s := range sizes {
		at := func(name string) string { return fmt.Sprintf("%s-%dx%d", name, s.w, s.h) }
		t.Run(at("screens"), func(t *testing.T) {
			c := &clock{stage.Began}
			a := New(deps(c, nil), First{})
			a.Update(tea.WindowSizeMsg{Width: s.w, Height: s.h})
			frame(t, a, at("home-first"))
			settle(a, a.list())
			frame(t, a, at("home"))
			press(a, "p")
			frame(t, a, at("wizard-resources"))
			press(a, "space", "enter")
			frame(t, a, at("wizard-loss"))
			for range 6 {
				press(a, "enter")
			}
			frame(t, a, at("wizard-review"))
			press(a, "enter")
			frame(t, a, at("plan"))
			press(a, "space")
			frame(t, a, at("plan-page"))
			press(a, "s")
			if !strings.Contains(plain(a), "saved plan.md") {
				t.Fatalf("saving says nothing:\n%s", plain(a))
			}
		})
	}
}

// advised is a program that shows the comparison for some answers.
func advised(t testing.TB, s size, answers map[string]string) *App {
	t.Helper()
	d := deps(&clock{stage.Began}, nil)
	d.ClassAnswers = classes.Form().Defaults()
	for id, value := range answers {
		if err := classes.Form().Set(d.ClassAnswers, id, value); err != nil {
			t.Fatal(err)
		}
	}
	a := New(d, First{Classes: true})
	a.Update(tea.WindowSizeMsg{Width: s.w, Height: s.h})
	settle(a, a.askClasses())
	settle(a, a.answered(d.ClassAnswers)) // as the last page of the questions does
	return a
}

// media are objects that wait for the choice of a class: a copy exists, and hours are fine.
var media = map[string]string{"reads": "1/year", "wait": "12h", "only-copy": "no", "keep": "30d"}

func TestClassFrames(t *testing.T) {
	for _, s := range append(sizes, size{40, 12}) {
		at := func(name string) string { return fmt.Sprintf("classes-%s-%dx%d", name, s.w, s.h) }
		t.Run(at("all"), func(t *testing.T) {
			a := advised(t, s, nil)
			frame(t, a, at("unknown"))
			a = advised(t, s, media)
			frame(t, a, at("table"))
			press(a, "down")
			frame(t, a, at("next"))
			press(a, "b", "n", "2")
			frame(t, a, at("drawing"))
			press(a, "3", "space")
			frame(t, a, at("details"))
		})
	}
	a := advised(t, size{80, 24}, media)
	press(a, "?")
	frame(t, a, "classes-keys-80x24")
	a = advised(t, size{80, 24}, media)
	a.t = theme.New(true, true)
	a.top().SetTheme(a.t)
	for _, view := range []string{"1", "2", "3"} {
		press(a, view)
		for _, r := range ansi.Strip(a.View().Content) {
			if r > 126 {
				t.Fatalf("the ASCII look of view %s holds %q:\n%s", view, r, plain(a))
			}
		}
	}
	press(a, "2")
	frame(t, a, "classes-ascii-80x24")
	if *images != "" {
		for _, s := range []size{{80, 24}, {200, 50}} {
			a := advised(t, s, media)
			a.Update(tea.BackgroundColorMsg{Color: white{}})
			press(a, "2")
			picture(t, a, filepath.Join(*images, fmt.Sprintf("classes-light-%dx%d.png", s.w, s.h)))
		}
	}
}

// TestKeysPage keeps the documented table of keys as it is.
func TestKeysPage(t *testing.T) {
	path := filepath.Join("testdata", "keys.md")
	if *update {
		if err := os.WriteFile(path, []byte(KeyTables()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if KeyTables() != string(want) {
		t.Errorf("%s differs (go test ./tui -update writes it)", path)
	}
}

func TestMineFrame(t *testing.T) {
	a, _ := opened(t, size{80, 24}, false, "ready")
	press(a, "m")
	a.Update(runner.Batch{Session: a.run.Session(), Events: []journal.Event{{Kind: journal.StepStarted, Step: "volume"},
		{Kind: journal.WaitSeen, Step: "volume", Wait: &journal.Wait{For: "you to do it", Seen: "nothing yet", Polls: 2, Elapsed: time.Minute}}}})
	frame(t, a, "run-mine-80x24")
}
