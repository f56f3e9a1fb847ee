package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Exit codes of every command. The table in --help is made of exitCodes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitCheck       = 3
	exitStopped     = 4
	exitLeft        = 5
	exitInterrupted = 130
)

var exitCodes = []struct {
	code int
	says string
}{
	{exitDone, "done"},
	{exitFailed, "failed"},
	{exitUsage, "wrong usage: a flag, an argument or an answer is missing or wrong"},
	{exitCheck, "a check failed"},
	{exitStopped, "stopped, can be resumed"},
	{exitLeft, "left something behind"},
	{exitInterrupted, "interrupted"},
}

// ending is an error that knows its exit code and what to do next. An ending without err has already said all there is.
type ending struct {
	code int
	err  error
	hint string
}

func (e *ending) Error() string {
	if e.err == nil {
		return fmt.Sprintf("ended with code %d", e.code)
	}
	return e.err.Error()
}

func (e *ending) Unwrap() error { return e.err }

// ended is an ending that was told already.
func ended(code int) error {
	if code == exitDone {
		return nil
	}
	return &ending{code: code}
}

func usagef(format string, args ...any) error {
	return &ending{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// failed puts the next thing to do beside an error.
func failed(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &ending{code: exitFailed, err: err, hint: hint}
}

// report says an error as one sentence and a hint, and returns the exit code.
func report(w io.Writer, err error, p *process) int {
	if err == nil {
		return exitDone
	}
	code, hint := exitFailed, advice(err)
	var e *ending
	if errors.As(err, &e) {
		code = e.code
		if e.err == nil {
			return code
		}
	} else if isUsage(err) {
		code, hint = exitUsage, "lifeboat --help lists the commands, lifeboat COMMAND --help their flags"
	}
	fmt.Fprintf(w, "lifeboat: %s\n", err)
	if hint != "" {
		fmt.Fprintf(w, "  try: %s\n", hint)
	}
	if code == exitFailed && p.logPath != "" {
		fmt.Fprintf(w, "  log: %s\n", p.logPath)
	}
	if p.log != nil {
		p.log.Error("command ended", "code", code, "error", err.Error())
	}
	return code
}

// advice is the next thing to do about an error, where it knows one.
func advice(err error) string {
	var e *ending
	if errors.As(err, &e) && e.hint != "" {
		return e.hint
	}
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// isUsage tells cobra's complaints about flags and arguments from our own errors: it has no type for them.
func isUsage(err error) bool {
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "flag needs an argument",
		"invalid argument", "accepts ", "requires ", "required flag", "if any flags in the group", "bad flag syntax"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}
