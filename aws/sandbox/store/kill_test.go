package store

import (
	"fmt"
	"os"
	"testing"

	"lifeboat/aws/sandbox/try/kill"
)

// TestKill kills a process that writes as fast as it can: everything it had answered for is there, and nothing by half. What no
// record refers to any more is swept meanwhile.
func TestKill(t *testing.T) {
	const folder = "LIFEBOAT_STORE_TEST_FOLDER"
	if dir := os.Getenv(folder); dir != "" {
		writeForever(t, dir)
		return
	}
	dir := t.TempDir()
	seen := 0
	for round := range 4 {
		seen = kill.Writer(t, folder, dir, seen, 300*(round+1))
		w := open(t, dir)
		w.View(func(tx *Tx) error {
			n := w.things.Len(tx)
			if n%2 != 0 || n/2 < seen {
				t.Errorf("%d records after a kill, %d transactions of two were answered", n, seen)
			}
			last, _ := w.things.Get(tx, fmt.Sprint(n/2, "a"))
			if text, err := w.Blobs().Get(last.Tags[0]); err != nil || string(text) != fmt.Sprint("content ", n/2) {
				t.Errorf("the content of %d is %q: %v", n/2, text, err)
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
	w.OnSweep(func(tx *Tx, k *Kept) {
		if last, there := w.things.Get(tx, fmt.Sprint(w.things.Len(tx)/2, "a")); there {
			k.Content(last.Tags[0])
		}
	})
	go func() {
		for w.Sweep() == nil {
		}
	}()
	for {
		n++
		w.update(t, func(tx *Tx) error {
			hash, err := w.Blobs().Put(fmt.Append(nil, "content ", n))
			if err != nil {
				return err
			}
			w.things.Put(tx, fmt.Sprint(n, "a"), thing{Name: tx.ID("vol-"), Tags: []string{hash}})
			w.things.Put(tx, fmt.Sprint(n, "b"), thing{Size: n})
			return nil
		})
		fmt.Println(n) // the answer
	}
}
