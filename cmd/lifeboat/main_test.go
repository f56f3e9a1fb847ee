package main

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary the program itself, for scripts and for the tests on a pseudo terminal: they run a
// process of their own, with its own signals.
func TestMain(m *testing.M) {
	if os.Getenv("LIFEBOAT_TEST_PROCESS") != "" {
		main()
		return
	}
	if order := os.Getenv(dieEnv); order != "" {
		os.Exit(mortal(order))
	}
	testscript.Main(m, map[string]func(){"lifeboat": main})
}

// TestScripts runs the commands without a terminal. `code N` after a `! lifeboat` line checks its exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", e.WorkDir+"/state")
			e.Setenv("TERM", "xterm-256color")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code},
	})
}

// code runs a command and compares its exit code, which testscript itself does not tell: code 3 lifeboat runbook check x.
func code(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		var ee interface{ ExitCode() int }
		if e, ok := err.(interface{ ExitCode() int }); ok {
			ee = e
		} else {
			ts.Fatalf("%v", err)
		}
		got = ee.ExitCode()
	}
	if (got == want) == neg {
		ts.Fatalf("%s", fmt.Sprintf("exit code %d, want %d", got, want))
	}
}
