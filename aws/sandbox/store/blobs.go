package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Blobs is content by its SHA-256 (64 lower-case hex digits): what is the same is kept once. What nothing refers to is
// swept (Store.Sweep). It is safe for concurrent use.
type Blobs struct {
	dir string // empty keeps them in memory

	mu     sync.Mutex
	memory map[string][]byte
	held   map[string]int  // how often Hold holds it
	fresh  map[string]bool // put since the sweep that is going on began; nil when none is
	grown  int64           // bytes that came since the last sweep
	used   int64           // bytes that the last sweep left
	wants  func()          // told when it has grown so much that a sweep is worth it
}

func newBlobs(dir string) *Blobs {
	b := &Blobs{held: map[string]int{}}
	if dir == "" {
		b.memory = map[string][]byte{}
	} else {
		b.dir = filepath.Join(dir, BlobsFolder)
	}
	return b
}

// Put keeps content and gives its name; it is in its place, whole, before Put returns. It is for use inside the Update that
// refers to it; outside of one, Hold is.
func (b *Blobs) Put(content []byte) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	b.mu.Lock()
	if b.fresh != nil {
		b.fresh[hash] = true // from here on the sweep leaves it, so it is there still or is written now
	}
	if b.dir == "" {
		if _, there := b.memory[hash]; !there {
			b.memory[hash] = append([]byte(nil), content...)
			b.grow(len(content))
		}
		b.mu.Unlock()
		return hash, nil
	}
	b.mu.Unlock()
	path := b.path(hash)
	if _, err := os.Stat(path); err == nil {
		return hash, nil
	}
	err = os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = WriteFile(path, content)
	}
	if err != nil {
		return "", fmt.Errorf("store: content: %w; make room or make the folder writable, then try again", err)
	}
	b.mu.Lock()
	b.grow(len(content))
	b.mu.Unlock()
	return hash, nil
}

// Hold is Put for content that a later Update refers to: no sweep takes it until release is called.
func (b *Blobs) Hold(content []byte) (hash string, release func(), err error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	b.mu.Lock()
	b.held[name]++
	b.mu.Unlock()
	release = sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.held[name]--; b.held[name] == 0 {
			delete(b.held, name)
		}
	})
	if hash, err = b.Put(content); err != nil {
		release()
	}
	return hash, release, err
}

// Get is the content of that name. It must not be changed.
func (b *Blobs) Get(hash string) ([]byte, error) {
	if b.dir == "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		if content, there := b.memory[hash]; there {
			return content, nil
		}
		return nil, fmt.Errorf("store: content %s: %w", hash, fs.ErrNotExist)
	}
	if len(hash) != hex.EncodedLen(sha256.Size) {
		return nil, fmt.Errorf("store: content %q: a name has %d hex digits", hash, hex.EncodedLen(sha256.Size))
	}
	content, err := os.ReadFile(b.path(hash))
	if err != nil {
		return nil, fmt.Errorf("store: content: %w", err)
	}
	return content, nil
}

// Open reads the content of that name from its beginning, without having it whole in memory. While it is open it must be kept by a row or by
// a service (Store.OnSweep).
func (b *Blobs) Open(hash string) (io.ReadSeekCloser, error) {
	if b.dir == "" || len(hash) != hex.EncodedLen(sha256.Size) {
		content, err := b.Get(hash)
		return inMemory{bytes.NewReader(content)}, err
	}
	f, err := os.Open(b.path(hash))
	if err != nil {
		return nil, fmt.Errorf("store: content: %w", err)
	}
	return f, nil
}

// inMemory is content that is read where it is.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func (b *Blobs) path(hash string) string { return filepath.Join(b.dir, hash[:2], hash[2:]) }

// sweepAt is how many bytes come at least before another sweep is worth it.
const sweepAt = 32 << 20

// grow counts what came, and asks for a sweep when there is as much of it as there was.
func (b *Blobs) grow(bytes int) {
	b.grown += int64(bytes)
	if b.grown >= max(sweepAt, b.used) && b.wants != nil {
		b.grown = 0
		go b.wants()
	}
}

// begin lets a sweep begin: what is put from here on, and what is held now, it leaves.
func (b *Blobs) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fresh, b.grown = map[string]bool{}, 0
	for hash := range b.held {
		b.fresh[hash] = true
	}
}

// end ends what begin began.
func (b *Blobs) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fresh = nil
}

// swept notes what a sweep has left, and who is told when the next is worth it.
func (b *Blobs) swept(used int64, wants func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used, b.wants = used, wants
}

// sizes are the names that are there, with their sizes in bytes.
func (b *Blobs) sizes() (map[string]int64, error) {
	sizes := map[string]int64{}
	if b.dir == "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		for hash, content := range b.memory {
			sizes[hash] = int64(len(content))
		}
		return sizes, nil
	}
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing was put yet, or it went a moment ago
		}
		if err != nil || d.IsDir() {
			return err
		}
		hash := filepath.Base(filepath.Dir(path)) + d.Name()
		if len(hash) != hex.EncodedLen(sha256.Size) {
			return nil // it is being written
		}
		info, err := d.Info()
		if err == nil {
			sizes[hash] = info.Size()
		}
		return nil
	})
	return sizes, err
}

// remove takes one away, unless it came back since the sweep began.
func (b *Blobs) remove(hash string) (gone bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.fresh[hash]:
		return false, nil
	case b.dir == "":
		delete(b.memory, hash)
		return true, nil
	}
	return true, os.Remove(b.path(hash))
}

// tidy removes what a kill left half written. Nothing else may be at work in the folder.
func (b *Blobs) tidy() error {
	if b.dir == "" {
		return nil
	}
	half, err := filepath.Glob(filepath.Join(b.dir, "*", halfWritten))
	for _, path := range half {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
