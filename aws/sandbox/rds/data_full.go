package rds

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"lifeboat/aws/sandbox/store"
)

// A storage counts as full when so little is left of it that a statement which writes more than a few rows is refused.
const fullPercent = 98

// near is from how many percent on, by the size of the files, it is looked at closely.
const near = 90

// brim brings the instances whose storage is full into the state that says so (RDS User Guide, "Amazon RDS DB instance running
// out of storage"). Whoever may be near it is seen by the size of its files.
func (s *Service) brim() error {
	var tight []string
	s.data.mu.Lock()
	for resource, one := range s.data.servers {
		if limit := one.limit.Load(); limit > 0 && occupied(filepath.Join(s.data.dir, resource)) > limit/100*near {
			tight = append(tight, resource)
		}
	}
	s.data.mu.Unlock()
	if len(tight) == 0 {
		return nil
	}
	return s.st.Update(func(tx *store.Tx) (failed error) {
		var all []Instance
		s.instances.Scan(tx, "", func(_ string, i Instance) bool { all = append(all, i); return true })
		for _, i := range all {
			if i.Status == available && slices.Contains(tight, i.Resource) {
				failed = errors.Join(failed, s.full(tx, i))
			}
		}
		return failed
	})
}

// full looks how full the storage of an instance is.
func (s *Service) full(tx *store.Tx, i Instance) error {
	h, err := s.seal(tx, i.Resource)
	if err != nil || h.Size() < int64(i.Storage)*s.o.GiB/100*fullPercent {
		return err
	}
	s.tell(tx, i, "The allocated storage of the DB instance has been exhausted. Allocate additional storage to resolve.", "low storage")
	s.enter(tx, &i, storageFull)
	return nil
}

// occupied is how many bytes the files in a folder have.
func occupied(dir string) (bytes int64) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
	}
	return bytes
}
