package rds

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
)

// expressLimit is the largest database of the Express edition, in bytes.
const expressLimit = 10 << 30

// taken is the answer to a name that a database of the instance has, whatever its case.
func taken(names []string, name string) error {
	for _, other := range names {
		if strings.EqualFold(other, name) {
			return raise("Database '%s' already exists. Two databases that differ only by case or accent are not allowed. Choose a different database name.", name)
		}
	}
	return nil
}

// startRestore looks whether the restore can be done, and how much it is.
func (s *Service) startRestore(tx *store.Tx, i Instance, t *Task) (bytes int64, err error) {
	server, err := s.opened(tx, t.Resource)
	if err != nil {
		return 0, err
	}
	if err := t.fits(server); err != nil {
		return 0, err
	}
	if t.Kind == finishRestore {
		return 0, nil
	}
	_, file, err := s.fetch(tx, i, *t)
	return int64(len(file)), err
}

// fits says whether the name of a full restore is free.
func (t Task) fits(server *database.Server) error {
	if t.Kind != restoreFull && t.Kind != restoreFull+noRecovery {
		return nil
	}
	return taken(server.Names(), t.Database)
}

// beginLoading is the last look before the database comes. It is kept before that: whoever finds a database of the name afterwards, after a
// kill, finds the task's own.
func (s *Service) beginLoading(tx *store.Tx, t Task) error {
	server, err := s.opened(tx, t.Resource)
	if err == nil {
		err = t.fits(server)
	}
	if err != nil {
		return s.failed(tx, t, err)
	}
	t.Loading = true
	s.tasks.Put(tx, t.key(), t)
	tx.Due(tx.Now(), dueNative, t.key())
	return nil
}

// fetch reads the backup that a task restores and gives the database in it, with what its full backup holds where it is a differential one.
func (s *Service) fetch(tx *store.Tx, i Instance, t Task) (h backupHeader, file []byte, err error) {
	keys, err := s.sources(tx, i, t)
	if err != nil {
		return h, nil, err
	}
	if err := s.reach(tx, i, t, "s3:GetObject", keys...); err != nil {
		return h, nil, err
	}
	var files [][]byte
	for _, key := range keys {
		body, there, err := s.o.Buckets.GetObject(tx, t.Bucket, key)
		if err != nil || !there {
			return h, nil, errors.Join(err, errNotBackup)
		}
		files = append(files, body)
	}
	h, payload, err := unpackBackup(files)
	switch {
	case err != nil:
		return h, nil, err
	case (h.Kind == "DIFFERENTIAL") != strings.HasPrefix(t.Kind, restoreDifferential):
		return h, nil, errNotBackup
	case h.KMSKey != t.KMSKey:
		return h, nil, raise("Key %s does not exist", cmp.Or(t.KMSKey, h.KMSKey))
	case editions[i.Engine] == "Express" && h.Size > expressLimit:
		return h, nil, raise("CREATE DATABASE or ALTER DATABASE failed because the resulting cumulative database size would exceed your licensed limit of 10240 MB per database.")
	case h.Kind == "FULL":
		return h, payload, nil
	}
	full, waits := s.partial.Get(tx, place(t.Resource, t.Database))
	if !waits || full.Backup != h.Base {
		return h, nil, raise("This differential backup cannot be restored because the database has not been restored to the correct earlier state.")
	}
	var was []byte
	for _, kept := range full.Images {
		if was, err = readFile(s.st.Blobs(), kept); err != nil {
			return h, nil, err
		}
	}
	file, err = together(was, payload)
	return h, file, err
}

// sources are the keys of a backup's files: one, or all that begin with what stands before the asterisk.
func (s *Service) sources(tx *store.Tx, i Instance, t Task) ([]string, error) {
	prefix, _, several := strings.Cut(t.Key, "*")
	rules, tells := s.o.Buckets.(bucketRules)
	if !several || !tells {
		return []string{t.Key}, nil
	}
	if err := s.reach(tx, i, t, ""); err != nil {
		return nil, err
	}
	keys := rules.Keys(tx, t.Bucket, prefix, maxFiles+1)
	switch {
	case len(keys) > maxFiles:
		return nil, raise("The Restore task is unable to restore from more than %d backup file(s). Please reduce the number of files matched and try again.", maxFiles)
	case len(keys) == 0:
		return nil, errNotBackup
	}
	return keys, nil
}

// endRestore brings the database. With NORECOVERY it waits for more, in the RESTORING state; else it is open, and RDS takes a snapshot.
func (s *Service) endRestore(tx *store.Tx, i Instance, t *Task) error {
	waits := place(t.Resource, t.Database)
	if t.Kind == finishRestore {
		s.partial.Delete(tx, waits)
		return s.restored(tx, i, t)
	}
	h, file, err := s.fetch(tx, i, *t)
	if err != nil {
		return err
	}
	server, err := s.opened(tx, t.Resource)
	if err != nil {
		return err
	}
	if err := server.Load(t.Database, file); err != nil {
		if errors.Is(err, database.ErrFull) {
			return raise("There is insufficient free space on disk volume to create the database.")
		}
		return err
	}
	if !strings.HasSuffix(t.Kind, noRecovery) {
		s.partial.Delete(tx, waits)
		return s.restored(tx, i, t)
	}
	p, there := s.partial.Get(tx, waits)
	if !there { // a differential restore starts from the full backup again, as the next one will
		kept, err := keepFile(s.st.Blobs(), file)
		if err != nil {
			return err
		}
		p = partial{Database: t.Database, Backup: h.Backup, Images: []keptFile{kept}}
	}
	s.partial.Put(tx, waits, p)
	t.note(tx.Now(), "Command execution completed successfully.")
	return nil
}

// restored is the end of a restore whose database is open: what is in it is in the instance's history from now on.
func (s *Service) restored(tx *store.Tx, i Instance, t *Task) error {
	t.note(tx.Now(), "Command execution completed successfully.")
	if i.Retention > 0 && i.usable() {
		return s.backUp(tx, &i)
	}
	_, err := s.seal(tx, t.Resource)
	return err
}

// pendingRestore is a restore of a database that has not ended.
func (s *Service) pendingRestore(tx *store.Tx, resource, name string) (Task, bool) {
	all := s.tasksOf(tx, resource)
	n := slices.IndexFunc(all, func(t Task) bool { return t.restores() && t.pending() && strings.EqualFold(t.Database, name) })
	if n < 0 {
		return Task{}, false
	}
	return all[n], true
}
