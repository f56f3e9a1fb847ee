package rds

import (
	"slices"

	"lifeboat/aws/sandbox/store"
)

// fullPercent of its storage in use is full: so little is left that a statement which writes more than a few rows is refused.
const fullPercent = 98

// brim brings the instances whose storage is full into the state that says so (RDS User Guide, "Amazon RDS DB instance running
// out of storage").
func (s *Service) brim() error {
	full := s.data.full()
	if len(full) == 0 {
		return nil
	}
	return s.st.Update(func(tx *store.Tx) error {
		var all []Instance
		s.instances.Scan(tx, "", func(_ string, i Instance) bool {
			if i.Status == available && slices.Contains(full, i.Resource) {
				all = append(all, i)
			}
			return true
		})
		for _, i := range all {
			s.tell(tx, i, "The allocated storage of the DB instance has been exhausted. Allocate additional storage to resolve.", "low storage")
			s.enter(tx, &i, storageFull)
		}
		return nil
	})
}

// full are the resource ids whose databases fill their storage.
func (d *data) full() (full []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for resource, one := range d.servers {
		if limit := one.limit.Load(); limit > 0 && one.size() >= limit/100*fullPercent {
			full = append(full, resource)
		}
	}
	return full
}

// size is how many bytes the databases have, as far as they are open and nobody is busy with them.
func (d *served) size() (bytes int64) {
	if !d.mu.TryLock() {
		return 0 // next time
	}
	defer d.mu.Unlock()
	if d.server == nil {
		return 0
	}
	for _, name := range d.server.Names() {
		if one, err := d.server.Size(name); err == nil { // it may be dropped meanwhile
			bytes += one
		}
	}
	return bytes
}
