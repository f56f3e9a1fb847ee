package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// halfWritten is the pattern of the names of files that are not in their place yet.
const halfWritten = ".new-*"

// replace puts a file into its place whole, or leaves what is there: a new file beside it is written and renamed. It can be
// read by its owner only. There is no fsync: a kill of the process loses nothing that was written, and that is the promise.
// (google/renameio, which does the same elsewhere, has nothing for Windows.)
func replace(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), halfWritten)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// WriteFile puts a file into its place whole, for its owner only, or leaves what is there.
func WriteFile(path string, content []byte) error {
	return replace(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
