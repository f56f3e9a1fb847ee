//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// terminal is the program in a process of its own, on a pseudo terminal.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	done chan error

	mu  sync.Mutex
	raw strings.Builder
	new chan struct{}
}

func onTerminal(t *testing.T, state string, rows, cols uint16, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"--state", state}, args...)...)
	cmd.Env = append(os.Environ(), "LIFEBOAT_TEST_PROCESS=1", "TERM=xterm-256color", "CI=", "NO_COLOR=1")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: cols})
	if err != nil {
		t.Skip("no pseudo terminal here:", err)
	}
	x := &terminal{t: t, cmd: cmd, tty: tty, done: make(chan error, 1), new: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			x.mu.Lock()
			x.raw.Write(buf[:n])
			x.mu.Unlock()
			select {
			case x.new <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	go func() { err := cmd.Wait(); <-read; x.done <- err }()
	t.Cleanup(func() { cmd.Process.Kill(); tty.Close() })
	return x
}

func (x *terminal) output() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

// until waits for a text on the terminal.
func (x *terminal) until(text string) {
	x.t.Helper()
	late := time.After(20 * time.Second)
	for !strings.Contains(ansi.Strip(x.output()), text) {
		select {
		case <-x.new:
		case <-late:
			x.t.Fatalf("%q never came; there was:\n%s", text, ansi.Strip(x.output()))
		}
	}
}

func (x *terminal) types(s string) {
	if _, err := io.WriteString(x.tty, s); err != nil {
		x.t.Fatal(err)
	}
}

// exit waits for the end of the process and gives its code.
func (x *terminal) exit() int {
	x.t.Helper()
	select {
	case err := <-x.done:
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			return ee.ExitCode()
		}
		return 0
	case <-time.After(20 * time.Second):
		x.t.Fatalf("it does not end; there was:\n%s", ansi.Strip(x.output()))
		return -1
	}
}

// whole fails when the terminal was left on the other screen or without its cursor.
func (x *terminal) whole() {
	x.t.Helper()
	out := x.output()
	for _, mode := range []struct{ on, off, what string }{
		{"\x1b[?1049h", "\x1b[?1049l", "the alternate screen"}, {"\x1b[?25l", "\x1b[?25h", "a hidden cursor"},
	} {
		if strings.LastIndex(out, mode.on) > strings.LastIndex(out, mode.off) {
			x.t.Errorf("the terminal was left with %s", mode.what)
		}
	}
}

// onlyRun gives the id of the one run in the state folder.
func onlyRun(t *testing.T, state string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "runs", "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("runs: %v, %v", files, err)
	}
	return strings.TrimSuffix(filepath.Base(files[0]), ".jsonl")
}

var stops = []struct {
	name   string
	signal os.Signal
	code   int
}{
	{"INT", os.Interrupt, exitInterrupted}, {"TERM", syscall.SIGTERM, exitStopped}, {"HUP", syscall.SIGHUP, exitStopped},
}

// A signal stops an attended run of plain lines at a safe point, says how to go on, and the run can be resumed.
func TestSignalsOnPlainLines(t *testing.T) {
	for _, s := range stops {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			x := onTerminal(t, state, 24, 80, "lab", "run", "ebs-snapshots", "--plain")
			x.until("enter runs it")
			x.types("\r")
			x.until("Step 2 of")
			x.until("enter runs it")
			x.cmd.Process.Signal(s.signal)
			if got := x.exit(); got != s.code {
				t.Errorf("exit code %d, want %d", got, s.code)
			}
			id := onlyRun(t, state)
			x.until("lifeboat lab resume " + id)
			y := onTerminal(t, state, 24, 80, "lab", "resume", id, "--plain")
			y.until("Resumed run " + id)
			y.until("Step 2 of")
			y.types("q\r")
			if got := y.exit(); got != exitStopped {
				t.Errorf("exit code of the resumed run %d, want %d", got, exitStopped)
			}
		})
	}
}

// A signal ends the full screen, gives the terminal back whole, and leaves a run that can be resumed.
func TestSignalsOnTheScreen(t *testing.T) {
	for _, s := range stops {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			x := onTerminal(t, state, 30, 120, "lab", "run", "ebs-snapshots")
			x.until("your turn")
			x.cmd.Process.Signal(s.signal)
			if got := x.exit(); got != s.code {
				t.Errorf("exit code %d, want %d", got, s.code)
			}
			x.whole()
			x.until("lifeboat lab resume " + onlyRun(t, state))
		})
	}
}

// A signal while the run is still being opened loses neither the run nor the way back to it: there is a journal and the
// command to go on with it, or there was no run yet.
func TestSignalWhileOpening(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	x := onTerminal(t, state, 30, 120, "lab", "run", "ebs-snapshots")
	x.until("See where a volume can live") // of the runbook, which is shown before anything is opened
	x.cmd.Process.Signal(syscall.SIGTERM)
	code := x.exit()
	x.whole()
	runs, err := filepath.Glob(filepath.Join(state, "runs", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		if code != exitInterrupted {
			t.Errorf("exit code %d without a run, want %d", code, exitInterrupted)
		}
		return
	}
	if code != exitStopped {
		t.Errorf("exit code %d with a run, want %d", code, exitStopped)
	}
	x.until("lifeboat lab resume " + onlyRun(t, state))
}

// The start screen has nothing to resume; a signal ends it, and the terminal is whole.
func TestSignalAtHome(t *testing.T) {
	t.Parallel()
	x := onTerminal(t, t.TempDir(), 24, 80)
	x.until("EBS snapshots")
	x.cmd.Process.Signal(syscall.SIGTERM)
	if got := x.exit(); got != exitInterrupted {
		t.Errorf("exit code %d, want %d", got, exitInterrupted)
	}
	x.whole()
}

// A terminal of 20x5 is too small for anything, and says so instead of breaking.
func TestTinyTerminal(t *testing.T) {
	t.Parallel()
	x := onTerminal(t, t.TempDir(), 5, 20)
	x.until("Lifeboat needs")
	x.types("\x03")
	x.exit()
	x.whole()
}

// A second run of the same lab is refused while the first one goes, and the first is not disturbed.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	x := onTerminal(t, state, 24, 80, "lab", "run", "ebs-snapshots", "--plain")
	x.until("enter runs it")
	id := onlyRun(t, state)
	y := onTerminal(t, state, 24, 80, "lab", "run", "ebs-snapshots", "--yes")
	y.until("another run of this runbook is going on (run " + id + ")")
	if got := y.exit(); got != exitFailed {
		t.Errorf("exit code %d, want %d", got, exitFailed)
	}
	x.types("q\r")
	if got := x.exit(); got != exitStopped {
		t.Errorf("exit code of the first run %d, want %d", got, exitStopped)
	}
	onlyRun(t, state)
}

// The wizard in plain lines asks again after a wrong answer and ends in a plan.
func TestPlainWizard(t *testing.T) {
	t.Parallel()
	x := onTerminal(t, t.TempDir(), 40, 200, "plan", "--plain")
	x.until("Question 1 of 7")
	x.types("ebz\r")
	x.until("did you mean ebs?")
	x.types("1\r\r\r\r\r\r\r")
	x.until("Backup and restore plan")
	if got := x.exit(); got != exitDone {
		t.Errorf("exit code %d", got)
	}
	if strings.Contains(x.output(), "\x1b") {
		t.Error("plain lines hold escape codes")
	}
}

// A shell on the sandbox has its address and keys, and none of the person's own AWS settings.
func TestSandboxShell(t *testing.T) {
	t.Setenv("SHELL", "/bin/sh")
	t.Setenv("AWS_PROFILE", "production")
	x := onTerminal(t, t.TempDir(), 24, 100, "sandbox", "shell")
	x.until("aws pointed at the sandbox")
	x.types("echo at=$AWS_ENDPOINT_URL profile=${AWS_PROFILE-none}.\r")
	x.until("profile=none.")
	x.until("at=http://127.0.0.1:")
	x.types("exit 3\r")
	if got := x.exit(); got != exitDone {
		t.Errorf("exit code %d: how a person leaves the shell is no failure", got)
	}
}

// Serve serves until it is told to stop; meanwhile env points a shell at it and a reset is refused.
func TestSandboxServe(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	x := onTerminal(t, state, 24, 120, "sandbox", "serve")
	x.until("the sandbox listens at http://127.0.0.1:")
	y := onTerminal(t, state, 24, 120, "sandbox", "env", "--as", "partner")
	y.until("export AWS_ENDPOINT_URL='http://127.0.0.1:")
	y.until("unset AWS_PROFILE")
	if got := y.exit(); got != exitDone {
		t.Errorf("env: exit code %d", got)
	}
	z := onTerminal(t, state, 24, 120, "sandbox", "reset", "--yes")
	z.until("open in another process")
	if got := z.exit(); got != exitFailed {
		t.Errorf("reset: exit code %d", got)
	}
	x.cmd.Process.Signal(syscall.SIGTERM)
	x.until("stopped; its state is kept")
	if got := x.exit(); got != exitDone {
		t.Errorf("serve: exit code %d", got)
	}
}

// The wizard on the full screen ends with nothing when it is left, and the terminal is whole.
func TestWizardIsLeft(t *testing.T) {
	t.Parallel()
	x := onTerminal(t, t.TempDir(), 30, 100, "plan")
	x.until("What do you keep your data in?")
	x.types("\x03")
	if got := x.exit(); got != exitInterrupted {
		t.Errorf("exit code %d, want %d", got, exitInterrupted)
	}
	x.whole()
}
