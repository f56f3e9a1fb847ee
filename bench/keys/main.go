//go:build unix

// Command keys runs a lab in the program on a pseudo terminal, presses keys meanwhile, and prints how long it took from each key
// until the cell it changes stood on the terminal. It judges nothing; run it on a quiet machine. The budget is 16 ms for the
// 99th of 100.
//
//	go run ./bench/keys [-n 100] [-lab ebs-snapshots] [-bin path]
package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"lifeboat/bench/program"
)

func main() { program.Main("keys", 100, "how many keys to press", measure) }

func measure(p program.Program) error {
	// Slow waits, so that the lab still runs at the last key.
	t, err := start(p, "lab", "run", p.Lab, "--speed", "20")
	if err != nil {
		return err
	}
	defer t.tty.Close()
	if err := t.until("your turn"); err != nil {
		return err
	}
	t.press("a")
	if err := t.until("runs by itself"); err != nil {
		return err
	}
	took, err := t.keys(p.N)
	if err != nil {
		return err
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%-34s %8.1f ms 99th of 100, %.1f median, %.1f worst, of %d keys while the lab ran\n", "key to cell", ms(took[(len(took)*99-1)/100]), ms(took[len(took)/2]), ms(took[len(took)-1]), len(took))
	return nil
}

// terminal is the program on an emulated terminal.
type terminal struct {
	tty   *program.Terminal
	em    *vt.SafeEmulator
	wrote chan struct{}
	ended atomic.Bool
}

func start(p program.Program, args ...string) (*terminal, error) {
	tty, err := p.Start("state", args...)
	if err != nil {
		return nil, err
	}
	t := &terminal{tty: tty, em: vt.NewSafeEmulator(80, 24), wrote: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := tty.Read(buf)
			if n > 0 {
				t.em.Write(buf[:n])
			}
			t.ended.Store(err != nil)
			select {
			case t.wrote <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	go io.Copy(tty, t.em) // what the terminal answers when it is asked
	return t, nil
}

func (t *terminal) press(key string) { io.WriteString(t.tty, key) }

func (t *terminal) screen() string { return ansi.Strip(t.em.Render()) }

func (t *terminal) until(text string) error {
	return t.wait(20*time.Second, text, func() bool { return strings.Contains(t.screen(), text) })
}

func (t *terminal) wait(most time.Duration, what string, there func() bool) error {
	late := time.After(most)
	for !there() {
		if t.ended.Load() {
			return fmt.Errorf("the program ended before %s:\n%s", what, t.screen())
		}
		select {
		case <-t.wrote:
		case <-late:
			return fmt.Errorf("%s never came:\n%s", what, t.screen())
		}
	}
	return nil
}

// keys goes back and forth between two views: the bracket of the first tab stands in one cell of the third line.
func (t *terminal) keys(n int) ([]time.Duration, error) {
	var took []time.Duration
	for i := range n {
		key, want := "1", "["
		if i%2 == 1 {
			key, want = "3", " "
		}
		from := time.Now()
		t.press(key)
		err := t.wait(5*time.Second, "the view of key "+key, func() bool {
			c := t.em.CellAt(1, 2)
			return c != nil && c.Content == want
		})
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(from))
		time.Sleep(time.Duration(30+i*7%23) * time.Millisecond) // not in step with the program's own beat
	}
	if s := t.screen(); !strings.Contains(s, "runs by itself") {
		return nil, fmt.Errorf("the lab ended before the last key:\n%s", s)
	}
	return took, nil
}
