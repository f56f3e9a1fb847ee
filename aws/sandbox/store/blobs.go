package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Blobs is content by its SHA-256 (64 lower-case hex digits): what is the same is kept once. It is safe for concurrent use.
type Blobs struct {
	dir string // empty keeps them in memory

	mu     sync.RWMutex
	memory map[string][]byte
}

func newBlobs(dir string) *Blobs {
	if dir == "" {
		return &Blobs{memory: map[string][]byte{}}
	}
	return &Blobs{dir: filepath.Join(dir, BlobsFolder)}
}

// Put keeps content and gives its name. It is in its place, whole, before Put returns.
func (b *Blobs) Put(content []byte) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	if b.dir == "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, there := b.memory[hash]; !there {
			b.memory[hash] = append([]byte(nil), content...)
		}
		return hash, nil
	}
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
	return hash, nil
}

// Get is the content of that name. It must not be changed.
func (b *Blobs) Get(hash string) ([]byte, error) {
	if b.dir == "" {
		b.mu.RLock()
		defer b.mu.RUnlock()
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

func (b *Blobs) path(hash string) string { return filepath.Join(b.dir, hash[:2], hash[2:]) }
