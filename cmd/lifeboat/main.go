// Command lifeboat is the door of the house: one file per command, each from flags to options to one call into a room.
// What a person reads goes to standard output, what went wrong to standard error, everything else to the log file in
// the state folder. A command without a terminal never asks.
package main

import (
	"io"
	"os"

	"lifeboat/aws/sandbox"
)

func main() {
	os.Exit(Main(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Main runs one command and returns its exit code. It is the whole program but for os.Exit, so that tests can run it.
func Main(args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return (&process{env: env, in: stdin, out: stdout, err: stderr, openSandbox: sandbox.Open}).run(args)
}

// run runs one command in the process and returns its exit code.
func (p *process) run(args []string) int {
	root := newRoot(p)
	root.SetArgs(args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.Execute()
	p.close()
	return report(p.err, err, p)
}
