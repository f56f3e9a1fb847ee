//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"lifeboat/runbooks/plan/classes"
)

// Without anything said, the storage classes are asked about and compared on the full screen; what is saved there is named
// at the end, and the answers are there the next time.
func TestClassesOnTheScreen(t *testing.T) {
	state := t.TempDir()
	x := onTerminal(t, state, 40, 140, "plan", "storage-class")
	n := len(classes.Questions())
	for i := range n {
		x.shows(140, 40, fmt.Sprintf("question %d of %d", i+1, n))
		x.types("\r")
	}
	for _, step := range [][2]string{{"Compare the classes", "\r"}, {"Which storage class?", "l"}, {"1.2 times", "s"}} {
		x.shows(140, 40, step[0])
		x.types(step[1])
	}
	x.shows(140, 40, "storage-class.md")
	x.types("q")
	if code := x.exit(); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, x.output())
	}
	for name, want := range map[string]string{"storage-class.md": "1.2 times a month", "storage-class.yaml": "reads: unknown"} {
		file := filepath.Join(state, "plan", name)
		doc, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(doc), want) {
			t.Errorf("%s lacks %q: %v", name, want, err)
		}
		if !strings.Contains(x.output(), "wrote "+file) {
			t.Errorf("%s is not named at the end", file)
		}
	}
}

// shows waits until a text stands on the screen, put together of what was drawn of it so far.
func (x *terminal) shows(w, h int, text string) {
	x.t.Helper()
	late := time.After(20 * time.Second)
	for {
		screen := drawn(w, h, x.output())
		if strings.Contains(screen, text) {
			return
		}
		select {
		case <-x.new:
		case <-late:
			x.t.Fatalf("%q never stood on the screen; there was:\n%s", text, screen)
		}
	}
}

// drawn is the screen that output leaves on a terminal.
func drawn(w, h int, output string) string {
	em := vt.NewEmulator(w, h)
	answered := make(chan struct{})
	go func() {
		io.Copy(io.Discard, em) // its answers to the program's questions
		close(answered)
	}()
	em.WriteString(output)
	em.InputPipe().(io.Closer).Close() // the emulator's own Close does not wait for who reads
	<-answered
	return ansi.Strip(em.Render())
}
