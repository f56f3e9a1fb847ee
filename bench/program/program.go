//go:build unix

// Package program is the program that is measured from outside: what both commands here build, and start on a terminal.
package program

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/creack/pty"
)

// Program is the program and what it is measured with.
type Program struct {
	Path string // of the program
	Dir  string // a folder of its own, for states
	Lab  string // to run
	N    int    // how often
}

// Main reads the flags of command name, builds the program and measures it. many says what -n counts.
func Main(name string, n int, many string, measure func(Program) error) {
	p := Program{}
	flag.IntVar(&p.N, "n", n, many)
	flag.StringVar(&p.Lab, "lab", "ebs-snapshots", "the lab to run")
	flag.StringVar(&p.Path, "bin", "", "measure this program instead of building one")
	flag.Parse()
	if err := p.measured(measure); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func (p Program) measured(measure func(Program) error) (err error) {
	if p.Dir, err = os.MkdirTemp("", "lifeboat-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.Dir)
	if p.Path == "" {
		p.Path = filepath.Join(p.Dir, "lifeboat")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", p.Path, "./cmd/lifeboat")
		build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building: %w", err)
		}
	}
	return measure(p)
}

// Terminal is the program in a process of its own, on a pseudo terminal of 80x24.
type Terminal struct {
	*os.File
	cmd *exec.Cmd
}

// Start starts the program on a terminal, with its state in a folder of this name.
func (p Program) Start(state string, args ...string) (*Terminal, error) {
	cmd := exec.Command(p.Path, append(args, "--state", filepath.Join(p.Dir, state))...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "CI=")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return nil, err
	}
	return &Terminal{tty, cmd}, nil
}

// Close ends the program, wherever it stands.
func (t *Terminal) Close() error {
	t.cmd.Process.Kill()
	t.cmd.Wait()
	return t.File.Close()
}
