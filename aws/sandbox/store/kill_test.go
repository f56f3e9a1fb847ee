package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestKill kills a process that writes as fast as it can: everything it had answered for is there, and nothing by half.
func TestKill(t *testing.T) {
	const folder = "LIFEBOAT_STORE_TEST_FOLDER"
	if dir := os.Getenv(folder); dir != "" {
		writeForever(t, dir)
		return
	}
	dir := t.TempDir()
	seen := 0
	for round := range 4 {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), folder+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for enough := seen + 300*(round+1); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("the child says %q", lines.Text())
			}
			if seen = n; n == enough {
				child.Process.Kill()
			}
		}
		child.Wait()
		w := open(t, dir)
		w.View(func(tx *Tx) error {
			n := w.things.Len(tx)
			if n%2 != 0 || n/2 < seen {
				t.Errorf("%d records after a kill, %d transactions of two were answered", n, seen)
			}
			for i := 1; i <= n/2; i++ {
				for _, half := range []string{"a", "b"} {
					if _, there := w.things.Get(tx, fmt.Sprint(i, half)); !there {
						t.Errorf("record %d%s is lost", i, half)
					}
				}
			}
			return nil
		})
		w.Close()
	}
}

func writeForever(t *testing.T, dir string) {
	w := open(t, dir)
	n := 0
	w.View(func(tx *Tx) error { n = w.things.Len(tx) / 2; return nil })
	for {
		n++
		w.update(t, func(tx *Tx) error {
			w.things.Put(tx, fmt.Sprint(n, "a"), thing{Name: tx.ID("vol-")})
			w.things.Put(tx, fmt.Sprint(n, "b"), thing{Size: n})
			return nil
		})
		fmt.Println(n) // the answer
	}
}
