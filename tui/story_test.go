//go:build !windows

package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/home"
	"lifeboat/tui/stage"
)

// story drives the whole program as a person would: on a terminal, with keys, looking at what is there.
type story struct {
	t     *testing.T
	em    *vt.SafeEmulator
	keys  io.Writer
	wrote chan struct{} // holds one when the screen changed
	done  chan struct{}
	res   Result
	err   error
	mu    sync.Mutex
	time  time.Time
}

func (s *story) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

// later lets this machine's time pass, so that a dialog that came by itself listens.
func (s *story) later() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = s.time.Add(time.Second)
}

func tell(t *testing.T, w, h int, first First, change func(*Deps)) (*story, *stage.Session) {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo terminal here: ", err)
	}
	if err := pty.Setsize(ptmx, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, em: vt.NewSafeEmulator(w, h), keys: ptmx, wrote: make(chan struct{}, 1), done: make(chan struct{}), time: stage.Began}
	book, cues := stage.Script(false)
	sess := stage.Play(book, cues)
	d := deps(&clock{stage.Began}, sess)
	d.Now, d.Env = s.now, []string{"TERM=xterm-256color", "LANG=en_US.UTF-8"}
	if change != nil {
		change(&d)
	}
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := ptmx.Read(buf)
			if err != nil {
				return
			}
			_, _ = s.em.Write(buf[:n])
			ring(s.wrote)
		}
	}()
	go func() { _, _ = io.Copy(ptmx, s.em) }() // the answers of the terminal to what the program asks it
	go func() {
		defer close(s.done)
		s.res, s.err = Run(context.Background(), d, first, tty, tty, tea.WithoutSignals())
		tty.Close()
	}()
	t.Cleanup(func() { ptmx.Close() })
	return s, sess
}

func (s *story) screen() string { return ansi.Strip(s.em.Render()) }

// sees waits until the screen holds the text.
func (s *story) sees(text string) {
	s.t.Helper()
	limit := time.After(20 * time.Second) // only a broken program gets here
	for !strings.Contains(s.screen(), text) {
		select {
		case <-s.wrote:
		case <-limit:
			s.t.Fatalf("%q never came to the screen:\n%s", text, s.screen())
		}
	}
}

func (s *story) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the end of the program, and finds the terminal as it was.
func (s *story) ends() Result {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the program does not end:\n%s", s.screen())
	}
	if s.err != nil {
		s.t.Fatal(s.err)
	}
	for limit := time.After(5 * time.Second); s.em.IsAltScreen(); {
		select {
		case <-s.wrote:
		case <-limit:
			s.t.Fatal("the terminal is left in the alternate screen")
		}
	}
	return s.res
}

const (
	enter = "\r"
	esc   = "\x1b"
)

func TestStoryOfARun(t *testing.T) {
	s, sess := tell(t, 140, 45, First{}, nil)
	s.sees("EBS snapshots, from first copy to proof")
	s.press(enter)
	s.sees("ec2.CreateVolume  creates")
	s.press("h")
	s.sees("hint 1 of 3")
	s.press(enter)
	s.sees("now creating")
	s.press(enter)
	s.sees("not now: the step runs already")
	sess.Advance()
	s.sees("Take the first snapshot")
	s.sees("about 0.05 USD")
	s.press(enter)
	s.sees("there instead: State = pending")
	s.press("R")
	s.sees("A question to think about")
	s.later()
	s.press("j" + enter)
	s.sees("frees only the blocks")
	s.later()
	s.press(enter)
	s.sees("right: The whole volume")
	if got := sess.Heard(); !strings.HasSuffix(got, "reply quiz-incremental The whole volume, as it was at the second snapshot") {
		t.Errorf("the run heard: %s", got)
	}
	s.press("q")
	s.sees("lifeboat lab resume ebs-snapshots-20261123-0958-x7k2")
	s.press(enter)
	s.sees("Lose data on purpose")
	s.press("q")
	if res := s.ends(); res.Outcome == nil || res.Outcome.State != journal.RunStopped {
		t.Errorf("the result is %+v", res)
	}
}

func TestStoryOfASkip(t *testing.T) {
	s, sess := tell(t, 80, 24, First{Lab: "ebs-snapshots"}, nil)
	s.sees("will call")
	s.press("s")
	s.sees("Skip this step")
	s.press(enter)
	s.sees("a skipped step needs a reason")
	s.press("no time" + enter)
	s.sees("hint 1 of 3") // the script goes on
	if got := sess.Heard(); got != "skip volume no time" {
		t.Errorf("the run heard: %s", got)
	}
	s.press("\x03")
	if res := s.ends(); res.Outcome == nil || res.Outcome.State != journal.RunStopped || res.Run == "" {
		t.Errorf("the result is %+v", res)
	}
}

func TestStoryOfAPlan(t *testing.T) {
	s, _ := tell(t, 80, 24, First{Wizard: true}, nil)
	s.sees("question 1 of 7")
	s.press(enter)
	s.sees("choose at least one")
	s.press(" " + enter)
	s.sees("question 2 of 7")
	s.press(esc)
	s.sees("question 1 of 7")
	s.press(enter)
	for _, n := range []string{"2", "3", "4", "5", "6", "7"} {
		s.sees("question " + n + " of 7")
		s.press(enter)
	}
	s.sees("Make the plan")
	s.press(enter)
	s.sees("worst-case loss")
	s.press("s")
	s.sees("saved plan.md")
	s.press("q")
	res := s.ends()
	if res.Plan == nil || len(res.Answers["resources"]) != 1 || len(res.Saved) != 1 {
		t.Errorf("the result is %+v", res)
	}
}

func TestStoryOfAStorageClass(t *testing.T) {
	s, _ := tell(t, 80, 24, First{}, func(d *Deps) {
		d.SaveClassAnswers = func(plan.Answers) (string, error) { return "answers.yaml", nil }
	})
	s.sees("Find the storage class")
	s.press("c")
	n := len(classes.Questions())
	for i := range n {
		s.sees(fmt.Sprintf("question %d of %d", i+1, n))
		s.press(enter)
	}
	s.sees("Compare the classes")
	s.press(enter)
	s.sees("Which storage class?")
	s.sees("reads unknown")
	s.sees("saved answers.yaml")
	s.press("l") // the first step from the frequency that is shown
	s.sees("1.2 times a month")
	s.press("hh")
	s.sees("(0.8 a month)")
	s.press("2")
	s.sees("cheapest")
	s.press("3")
	s.sees("price of 20")
	s.press("s")
	s.sees("saved storage-class.md")
	s.press("e")
	s.sees(fmt.Sprintf("question 1 of %d", n))
	s.press(esc)
	s.sees("Lose data on purpose")
	s.press("q")
	res := s.ends()
	if got := res.ClassAnswers.One("reads"); got != "0.8/month" || len(res.Saved) != 2 {
		t.Errorf("the result is %+v", res)
	}
}

func TestStoryOfAnError(t *testing.T) {
	s, _ := tell(t, 80, 24, First{}, func(d *Deps) {
		d.Labs = func(context.Context) ([]home.Lab, error) { panic("of the outside world") }
	})
	if res := s.ends(); res.Err == nil || !strings.Contains(res.Err.Error(), "of the outside world") {
		t.Errorf("the result is %+v", res)
	}
}
