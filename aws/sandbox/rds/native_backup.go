package rds

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
)

const (
	nativeOption = "SQLSERVER_BACKUP_RESTORE"
	nativeRole   = "IAM_ROLE_ARN"
	compression  = "s3 backup compression"
	maxFiles     = 10
)

// bucketRules is what Buckets may tell beside: what a bucket's policy says, and which keys there are.
type bucketRules interface {
	Permits(tx *store.Tx, bucket, key, action, account, roleARN string) bool
	Keys(tx *store.Tx, bucket, prefix string, most int) []string
}

// errAccess is the answer to whatever the option's role may not do.
var errAccess = raise("Access Denied")

// reach says whether the option's role may do action with the objects of a bucket, which must be where the instance is.
func (s *Service) reach(tx *store.Tx, i Instance, t Task, action string, keys ...string) error {
	settings, _ := s.optionSettings(tx, i, nativeOption)
	role := settings[nativeRole]
	if err := s.o.Roles.Assumable(tx, i.Account, role, principal); err != nil {
		return errAccess
	}
	rules, _ := s.o.Buckets.(bucketRules)
	_, region, there := s.o.Buckets.Bucket(tx, t.Bucket)
	may := func(action, key string) bool {
		resource := "arn:aws:s3:::" + t.Bucket
		if key != "" {
			resource += "/" + key
		}
		return s.o.Roles.Permits(tx, role, action, resource) && (rules == nil || !there || rules.Permits(tx, t.Bucket, key, action, i.Account, role))
	}
	if !may("s3:GetBucketLocation", "") || !may("s3:ListBucket", "") {
		return errAccess
	}
	switch {
	case !there:
		return raise("The specified bucket does not exist")
	case region != i.Region:
		return raise("Please specify a bucket that is in the same region as RDS instance")
	}
	for _, key := range keys {
		if !may(action, key) {
			return errAccess
		}
	}
	return s.mayEncrypt(tx, i, t, role)
}

// mayEncrypt says whether the option's role may use the key of a task.
func (s *Service) mayEncrypt(tx *store.Tx, i Instance, t Task, role string) error {
	if t.KMSKey == "" {
		return nil
	}
	action := "kms:GenerateDataKey"
	if t.restores() {
		action = "kms:Decrypt"
	}
	arn, err := s.o.Keys.Usable(tx, i.Account, i.Region, t.KMSKey, action, i.Account)
	switch {
	case err != nil || s.o.Keys.Managed(tx, arn):
		return raise("Key %s does not exist", t.KMSKey)
	case !s.o.Roles.Permits(tx, role, action, arn):
		return raise("User %s is not authorized to perform %s on resource %s", role, action, arn)
	}
	return nil
}

// names are the keys of the files of a backup: one as it is, several with their numbers in the place of the asterisk.
func (t Task) names() []string {
	if t.Files <= 1 {
		return []string{t.Key}
	}
	var names []string
	for n := range t.Files {
		names = append(names, strings.Replace(t.Key, "*", fmt.Sprintf("%d-of-%d", n+1, t.Files), 1))
	}
	return names
}

// startBackup takes the data as it is now; the files are in the bucket when the task has ended.
func (s *Service) startBackup(tx *store.Tx, i Instance, t *Task) (bytes int64, err error) {
	names := t.names()
	if err := s.reach(tx, i, *t, "s3:PutObject", names...); err != nil {
		return 0, err
	}
	for _, name := range names {
		if _, taken, err := s.o.Buckets.GetObject(tx, t.Bucket, name); err != nil || taken && !t.Overwrite {
			return 0, errors.Join(err, errNotBackup)
		}
	}
	h := backupHeader{
		Backup: tx.UUID(), Kind: "FULL", Database: t.Database, Moment: tx.Now(), Files: max(t.Files, 1), KMSKey: t.KMSKey,
		Compressed: s.nativeSwitch(tx, t.Resource, compression) == "true",
	}
	if edition := editions[i.Engine]; h.Compressed && (edition == "Express" || edition == "Web") {
		return 0, raise("BACKUP DATABASE WITH COMPRESSION isn't supported on %s Edition", edition)
	}
	server, err := s.opened(tx, t.Resource)
	if err != nil {
		return 0, err
	}
	payload, err := server.Dump(t.Database)
	if errors.Is(err, database.ErrNotFound) {
		return 0, raise("Database '%s' does not exist. Make sure that the name is entered correctly.", t.Database)
	}
	if err != nil {
		return 0, err
	}
	h.Size = int64(len(payload))
	if t.Kind == backupDifferential {
		h.Kind = "DIFFERENTIAL"
		if h.Base, payload, err = s.sinceFull(tx, i, t.Database, payload); err != nil {
			return 0, err
		}
	}
	files, err := packBackup(h, payload)
	if err != nil {
		return 0, err
	}
	t.Backup = h.Backup
	for _, file := range files {
		kept, err := keepFile(s.st.Blobs(), file)
		if err != nil {
			return 0, err
		}
		t.Images = append(slices.Clone(t.Images), kept)
		bytes += kept.Size
	}
	return bytes, nil
}

// sinceFull is what changed since the last full backup. A snapshot is, to SQL Server, a full backup that is not in the bucket: after one there
// is nothing a differential backup could be restored on.
func (s *Service) sinceFull(tx *store.Tx, i Instance, name string, now []byte) (from string, payload []byte, err error) {
	const again = "Cannot perform a differential backup for database \"%s\", because a current database backup does not exist. Perform a full database backup by reissuing BACKUP DATABASE, omitting the WITH DIFFERENTIAL option."
	full, there := s.bases.Get(tx, place(i.Resource, name))
	if !there || s.snapshotSince(tx, i, full.At) {
		return "", nil, raise(again, name)
	}
	var files [][]byte
	for _, kept := range full.Images {
		file, err := readFile(s.st.Blobs(), kept)
		if err != nil {
			return "", nil, err
		}
		files = append(files, file)
	}
	_, was, err := unpackBackup(files)
	if err != nil {
		return "", nil, err
	}
	payload, err = difference(was, now)
	return full.Backup, payload, err
}

// snapshotSince says whether a snapshot of the instance was begun at a moment or later.
func (s *Service) snapshotSince(tx *store.Tx, i Instance, at time.Time) (found bool) {
	s.snapshots.Scan(tx, row(i.Account, i.Region, ""), func(_ string, snap Snapshot) bool {
		found = snap.Of.Resource == i.Resource && snap.Source == "" && !snap.Created.Before(at)
		return !found
	})
	return found
}

// endBackup puts the files into the bucket.
func (s *Service) endBackup(tx *store.Tx, i Instance, t *Task) error {
	names := t.names()
	if s.snapshotSince(tx, i, t.Started) {
		return raise("Aborting native backup because there is an RDS automated backup in progress.")
	}
	if err := s.reach(tx, i, *t, "s3:PutObject", names...); err != nil {
		return err
	}
	for n, name := range names {
		file, err := readFile(s.st.Blobs(), t.Images[n])
		if err == nil {
			err = s.o.Buckets.PutObject(tx, t.Bucket, name, file)
		}
		if err != nil {
			return err
		}
		t.note(tx.Now(), "%s: S3 processing completed successfully", name)
	}
	if t.Kind == backupFull {
		s.bases.Put(tx, place(t.Resource, t.Database), base{Backup: t.Backup, At: t.Started, Images: t.Images})
	}
	t.note(tx.Now(), "Command execution completed successfully.")
	return nil
}

// opened are the databases of a resource id, inside a transaction.
func (s *Service) opened(tx *store.Tx, resource string) (*database.Server, error) {
	h, ok := s.history(tx, resource)
	if !ok {
		return nil, fmt.Errorf("open the databases of %s: there are none", resource)
	}
	return s.open(resource, h)
}
