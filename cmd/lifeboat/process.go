package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/charmbracelet/x/term"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/aws/sandbox"
	"lifeboat/runbooks/journal"
)

// process is what a command has of the world: its streams, its environment and its state folder.
type process struct {
	env      []string
	in       io.Reader
	out, err io.Writer
	stateDir string // flag --state
	log      *slog.Logger
	boxLog   slog.Handler // the sandbox's part of the log: what was refused or went wrong, not every request
	logPath  string
	closers  []io.Closer

	// What a run meets of the world outside; tests put themselves in between.
	openSandbox func(sandbox.Options) (*sandbox.Sandbox, error)
	journalFile func(journal.File) journal.File                 // around each journal's file; nil is nothing
	caller      func(*account.Target, calls.Guard) calls.Caller // nil is the engine's own
}

func (p *process) close() {
	for _, c := range p.closers {
		c.Close()
	}
}

// command is a command line that finds the same state folder again.
func (p *process) command(words string) string {
	if p.stateDir != "" {
		words += " --state " + shellWord(p.stateDir)
	}
	return "lifeboat " + words
}

// shellWord quotes a word for a shell where it needs it.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// getenv reads the environment the process was given, not the one of the Go process: several can live in one.
func (p *process) getenv(name string) string {
	for i := len(p.env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(p.env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// terminal reports whether a person sits at both ends.
func (p *process) terminal() bool { return isTerminal(p.in) && isTerminal(p.out) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// screen reports whether the terminal program may be started: a person at a terminal that can move its cursor.
func (p *process) screen() bool {
	return p.terminal() && p.getenv("TERM") != "dumb" && p.getenv("CI") == "" && p.getenv("LIFEBOAT_PLAIN") == ""
}

// state is the state folder, made when it is not there: --state, else lifeboat under XDG_STATE_HOME.
func (p *process) state() (string, error) {
	dir := p.stateDir
	if dir == "" {
		home := p.getenv("XDG_STATE_HOME")
		if home == "" {
			home = xdg.StateHome
		}
		dir = filepath.Join(home, "lifeboat")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for _, d := range []string{dir, filepath.Join(dir, "runs")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return "", failed(fmt.Errorf("the state folder cannot be made: %w", err), "lifeboat --state DIR with a folder you may write to")
		}
	}
	if err := p.openLog(dir); err != nil {
		return "", failed(fmt.Errorf("the state folder cannot be written: %w", err), "lifeboat --state DIR with a folder you may write to")
	}
	return dir, nil
}

// openLog opens the log file, once. Logs never go to the terminal.
func (p *process) openLog(dir string) error {
	if p.log != nil {
		return nil
	}
	path := filepath.Join(dir, "lifeboat.log")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, f)
	p.log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelInfo}))
	p.boxLog = slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelWarn})
	p.logPath = path
	return nil
}

// printJSON writes one value for programs, indented so that people can read it too.
func printJSON(p *process, v any) error {
	enc := json.NewEncoder(p.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
