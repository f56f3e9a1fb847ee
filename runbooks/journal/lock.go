package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// ErrBusy says that another run of the same runbook is going on.
var ErrBusy = errors.New("another run of this runbook is going on")

// Lock keeps a second run of one runbook out, in this process or another. The system gives it back when the process ends,
// however it ends.
type Lock struct{ f *flock.Flock }

// Lock takes the lock of a runbook for a run. When it is taken the error is an ErrBusy that names the run that has it.
func (f Folder) Lock(runbook, run string) (*Lock, error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, folderError(f.Dir, err)
	}
	path := filepath.Join(f.Dir, runbook+".lock")
	l := flock.New(path, flock.SetPermissions(0o600))
	held, err := l.TryLock()
	if err != nil {
		return nil, folderError(f.Dir, err)
	}
	if !held {
		holder, _ := os.ReadFile(path)
		return nil, fmt.Errorf("%s: %w (run %s): stop it first, or let it end", runbook, ErrBusy, strings.TrimSpace(string(holder)))
	}
	// The name is for the sentence above only; where a locked file cannot be written the sentence lacks it.
	_ = os.WriteFile(path, []byte(run+"\n"), 0o600)
	return &Lock{f: l}, nil
}

// Release gives the lock back. The file stays: removing it would let two runs lock two files of one name.
func (l *Lock) Release() error { return l.f.Unlock() }
