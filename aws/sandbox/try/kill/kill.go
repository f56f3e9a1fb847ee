// Package kill is for tests of what a process leaves that is killed while it writes. Only tests use it.
package kill

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// Writer runs the test that calls it once more, in a process of its own with dir in a variable of its environment, which answers with
// numbers that grow by one, a line each. It is killed at its answer seen+more; the last answer is given.
func Writer(t *testing.T, variable, dir string, seen, more int) int {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for enough := seen + more; lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		if seen = n; n == enough {
			child.Process.Kill()
		}
	}
	child.Wait()
	return seen
}
