package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// keep lets a world's things name content: Name is content, each of Tags is on the list that Name names.
func (w *world) keep() {
	w.OnSweep(func(tx *Tx, k *Kept) {
		w.things.Scan(tx, "", func(_ string, v thing) bool { k.List(v.Name, names); return true })
	})
}

func names(content []byte) ([]string, error) { return strings.Fields(string(content)), nil }

// write puts two contents and the list of them, as one thing.
func (w *world) write(key, text string) error {
	return w.Update(func(tx *Tx) error {
		one, err1 := w.Blobs().Put([]byte(text + " one"))
		two, err2 := w.Blobs().Put([]byte(text + " two"))
		list, err3 := w.Blobs().Put([]byte(one + " " + two))
		w.things.Put(tx, key, thing{Name: list})
		return errors.Join(err1, err2, err3)
	})
}

// whole says what of a thing's content is not there.
func (w *world) whole(key, text string) error {
	return w.View(func(tx *Tx) error {
		v, _ := w.things.Get(tx, key)
		list, err := w.Blobs().Get(v.Name)
		if err != nil {
			return err
		}
		hashes, _ := names(list)
		for i, hash := range hashes {
			content, err := w.Blobs().Get(hash)
			if want := text + []string{" one", " two"}[i]; err != nil || string(content) != want {
				return fmt.Errorf("%s is %q, want %q: %w", key, content, want, err)
			}
		}
		return nil
	})
}

func count(t interface{ Fatal(...any) }, b *Blobs) int {
	sizes, err := b.sizes()
	if err != nil {
		t.Fatal(err)
	}
	return len(sizes)
}

// TestSweepAgainstAModel writes, overwrites, deletes, gives up, holds, sweeps, and opens anew without closing: what a row
// refers to is always there, and after a sweep nothing else is.
func TestSweepAgainstAModel(t *testing.T) {
	dirs, root := 0, t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dirs++
		dir := ""
		if rapid.Bool().Draw(t, "on disk") {
			dir = filepath.Join(root, fmt.Sprint(dirs))
		}
		begin := func() *world {
			w, err := tryOpen(dir)
			if err != nil {
				t.Fatal(err)
			}
			w.keep()
			return w
		}
		w := begin()
		defer func() { w.Close() }()
		model := map[string]string{}
		held := map[string]func(){}
		key, text := rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]string{"x", "y", "z"})
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), text.Draw(t, "text")
				if err := w.write(k, v); err != nil {
					t.Fatal(err)
				}
				model[k] = v
			},
			"give up": func(t *rapid.T) {
				enough := errors.New("enough")
				err := w.Update(func(tx *Tx) error {
					hash, err := w.Blobs().Put([]byte("given up"))
					w.things.Put(tx, key.Draw(t, "key"), thing{Name: hash})
					return errors.Join(enough, err)
				})
				if !errors.Is(err, enough) {
					t.Fatal(err)
				}
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if err := w.Update(func(tx *Tx) error { w.things.Delete(tx, k); return nil }); err != nil {
					t.Fatal(err)
				}
				delete(model, k)
			},
			"hold": func(t *rapid.T) {
				v := text.Draw(t, "text") + " one"
				hash, release, err := w.Blobs().Hold([]byte(v))
				if err != nil {
					t.Fatal(err)
				}
				if held[hash] != nil {
					held[hash]() // once more is still held
				}
				held[hash] = release
			},
			"release": func(*rapid.T) {
				for _, release := range held {
					release()
				}
				clear(held)
			},
			"kill": func(t *rapid.T) {
				if dir == "" {
					t.Skip("what is in memory does not survive")
				}
				w.clock.Close()
				w.journal.close()
				clear(held)
				w = begin()
			},
			"sweep": func(t *rapid.T) {
				if err := w.Sweep(); err != nil {
					t.Fatal(err)
				}
				want := map[string]bool{}
				for hash := range held {
					want[hash] = true
				}
				for _, v := range model {
					want[v+" one"], want[v+" two"], want["list of "+v] = true, true, true
				}
				for hash := range held { // the same content may be in a row
					if content, err := w.Blobs().Get(hash); err == nil && want[string(content)] {
						delete(want, hash)
					}
				}
				if n := count(t, w.Blobs()); n != len(want) {
					t.Fatalf("%d are left, want %v", n, want)
				}
			},
			"": func(t *rapid.T) {
				for k, v := range model {
					if err := w.whole(k, v); err != nil {
						t.Fatal(err)
					}
				}
				for hash := range held {
					if _, err := w.Blobs().Get(hash); err != nil {
						t.Fatal(err)
					}
				}
			},
		})
	})
}

// TestSweepBesideWriters sweeps without end while contents come, go, and come again.
func TestSweepBesideWriters(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		w := open(t, dir)
		w.keep()
		var writers, sweeper sync.WaitGroup
		stop := make(chan struct{})
		sweeper.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := w.Sweep(); err != nil {
					t.Error(err)
					return
				}
			}
		})
		for n := range 3 {
			writers.Go(func() {
				for i := range 150 {
					key, text := fmt.Sprint(n), fmt.Sprint(i%2) // the other writers write the same
					hash, release, err := w.Blobs().Hold([]byte(text + " two"))
					if err == nil {
						err = w.write(key, text)
					}
					if err == nil {
						_, err = w.Blobs().Get(hash)
					}
					release()
					if err = errors.Join(err, w.whole(key, text)); err != nil {
						t.Errorf("%d %d: %v", n, i, err)
						return
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		sweeper.Wait()
	}
}

func TestSweepLeavesAllWhenAListCannotBeRead(t *testing.T) {
	w := open(t, t.TempDir())
	broken := errors.New("broken")
	w.OnSweep(func(tx *Tx, k *Kept) {
		w.things.Scan(tx, "", func(_ string, v thing) bool {
			k.List(v.Name, func([]byte) ([]string, error) { return nil, broken })
			return true
		})
	})
	if err := w.write("a", "x"); err != nil {
		t.Fatal(err)
	}
	if err := w.Sweep(); !errors.Is(err, broken) || count(t, w.Blobs()) != 3 {
		t.Errorf("%v; %d are left of 3", err, count(t, w.Blobs()))
	}
}

// TestSweepComesByItself when as much came as there was.
func TestSweepComesByItself(t *testing.T) {
	w := open(t, "")
	if err := w.Sweep(); err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 9)
	w.Blobs().swept(sweepAt+1, func() { asked <- struct{}{} })
	for i := range 3 {
		if _, err := w.Blobs().Put(slices.Repeat([]byte{byte(i)}, sweepAt/2)); err != nil {
			t.Fatal(err)
		}
	}
	<-asked
	if len(asked) != 0 {
		t.Error("it was asked for twice")
	}
}

func TestHalfWrittenContentIsRemoved(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	hash, err := w.Blobs().Put([]byte("whole"))
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, BlobsFolder, hash[:2], ".new-123")
	if err := errors.Join(os.WriteFile(half, []byte("ha"), 0o600), w.Close()); err != nil {
		t.Fatal(err)
	}
	w = open(t, dir)
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Error("half of a file is still there")
	}
	if _, err := w.Blobs().Get(hash); err != nil {
		t.Error(err)
	}
}
