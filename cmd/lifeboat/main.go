// Command lifeboat is the door of the house: one file per command, each from flags to options to one call into a room.
// What a person reads goes to standard output, what went wrong to standard error, everything else to the log file in
// the state folder. A command without a terminal never asks.
package main

import (
	"io"
	"os"
)

func main() {
	os.Exit(Main(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Main runs one command and returns its exit code. It is the whole program but for os.Exit, so that tests can run it.
func Main(args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &process{env: env, in: stdin, out: stdout, err: stderr}
	root := newRoot(p)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	p.close()
	return report(stderr, err, p)
}
