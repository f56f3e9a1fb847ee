package rds

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
)

// data is the databases that are open, by the resource id of their instance or cluster.
type data struct {
	dir     string // one folder a resource id below it
	passing bool   // it is for the life of the process
	mu      sync.Mutex
	servers map[string]*served
	closed  bool
}

// served is the databases of one resource id. Its lock is held while they are opened; who holds it never asks the store,
// which the holder of the store's lock may wait for.
type served struct {
	mu     sync.Mutex
	server *database.Server
	limit  atomic.Int64 // bytes of storage; 0 is no limit
}

// history is what a resource id's databases were, up to the last time they were sealed.
func (s *Service) history(tx *store.Tx, resource string) (database.History, bool) {
	return s.histories.Get(tx, resource)
}

// keepHistory makes h the history of a resource id: of a new one, or of one that goes on.
func (s *Service) keepHistory(tx *store.Tx, resource string, h database.History) {
	s.histories.Put(tx, resource, h)
}

// removeData lets go of the data of a resource id. Its files go when the transaction is kept.
func (s *Service) removeData(tx *store.Tx, resource string) {
	s.histories.Delete(tx, resource)
	s.data.of(resource) // to be looked at when the transaction is over
}

// seal puts what was committed since the last time into the history of a resource id, and keeps it.
func (s *Service) seal(tx *store.Tx, resource string) (database.History, error) {
	h, ok := s.histories.Get(tx, resource)
	if !ok {
		return h, fmt.Errorf("seal the databases of %s: %w", resource, fs.ErrNotExist)
	}
	server, err := s.open(resource, h)
	if err == nil {
		h, err = server.Seal(h)
	}
	if err != nil {
		return h, fmt.Errorf("seal the databases of %s: %w", resource, err)
	}
	s.histories.Put(tx, resource, h)
	return h, nil
}

// databases are the open databases of a resource id. It is not for use inside a transaction.
func (s *Service) databases(resource string) (*database.Server, error) {
	var h database.History
	err := s.st.View(func(tx *store.Tx) error {
		var ok bool
		if h, ok = s.histories.Get(tx, resource); !ok {
			return fmt.Errorf("open the databases of %s: %w", resource, fs.ErrNotExist)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.open(resource, h)
}

// open gives the databases of a resource id, opened when they are not: from their files, or from h where there are none.
func (s *Service) open(resource string, h database.History) (*database.Server, error) {
	d, err := s.data.of(resource)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return d.server, nil
	}
	server, err := database.Open(database.Options{Dir: filepath.Join(s.data.dir, resource), Blobs: s.st.Blobs(), Now: s.o.Now, Limit: d.room}, h)
	if err != nil {
		return nil, fmt.Errorf("open the databases of %s: %w", resource, err)
	}
	d.server = server
	return server, nil
}

func (d *served) room() int64 {
	if limit := d.limit.Load(); limit > 0 {
		return limit
	}
	return math.MaxInt64
}

var errClosed = errors.New("rds: the service is closed")

func (d *data) of(resource string) (*served, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	if d.servers == nil {
		d.servers = map[string]*served{}
	}
	if d.dir == "" {
		dir, err := os.MkdirTemp("", "lifeboat-databases-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for databases: %w", err)
		}
		d.dir, d.passing = dir, true
	}
	one := d.servers[resource]
	if one == nil {
		one = &served{}
		d.servers[resource] = one
	}
	return one, nil
}

// limit says how many bytes the databases of a resource id may have.
func (d *data) limit(resource string, bytes int64) {
	if one, err := d.of(resource); err == nil {
		one.limit.Store(bytes)
	}
}

// clear closes the databases whose row is gone and removes their files. With folders it looks for those too that a process
// left which was killed before it came to it.
func (s *Service) clear(folders bool) error {
	d := &s.data
	var names []string
	err := s.st.View(func(tx *store.Tx) error { // no transaction is under way that makes the row of files that are there
		d.mu.Lock()
		defer d.mu.Unlock()
		for resource := range d.servers {
			names = append(names, resource)
		}
		if folders && d.dir != "" {
			all, err := os.ReadDir(d.dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			for _, one := range all {
				names = append(names, one.Name())
			}
		}
		names = slices.DeleteFunc(names, func(resource string) bool { _, known := s.histories.Get(tx, resource); return known })
		return nil
	})
	for _, resource := range names {
		err = errors.Join(err, d.remove(resource))
	}
	return err
}

// remove closes the databases of a resource id and removes their files. Who comes while another does it waits until it is done.
func (d *data) remove(resource string) error {
	one, err := d.of(resource)
	if err != nil {
		return nil // everything is closed; the next process looks for what is left
	}
	err = one.close()
	one.mu.Lock()
	defer one.mu.Unlock()
	err = errors.Join(err, database.Remove(filepath.Join(d.dir, resource)))
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.servers, resource)
	return err
}

func (d *served) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return nil
	}
	server := d.server
	d.server = nil
	return server.Close()
}

// close ends everything. The files stay, unless they are for the life of the process.
func (d *data) close() (err error) {
	d.mu.Lock()
	d.closed = true
	open := slices.Collect(maps.Values(d.servers))
	d.mu.Unlock()
	for _, one := range open {
		err = errors.Join(err, one.close())
	}
	if d.passing {
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	return err
}

// keeps names the content that histories need.
func (s *Service) keeps(tx *store.Tx, k *store.Kept) {
	s.histories.Scan(tx, "", func(_ string, h database.History) bool { h.Keep(k); return true })
	s.snapshots.Scan(tx, "", func(_ string, snap Snapshot) bool { snap.History.Keep(k); return true })
	s.backups.Scan(tx, "", func(_ string, b Backup) bool { b.History.Keep(k); return true })
}
