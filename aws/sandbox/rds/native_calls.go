package rds

import (
	"errors"
	"slices"
	"strings"

	"lifeboat/aws/sandbox/database"
	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// object takes the ARN of a file apart.
func object(arn string) (bucket, key string, err error) {
	if strings.TrimSpace(arn) == "" {
		return "", "", raise("S3 ARN prefix cannot be empty")
	}
	rest, ours := strings.CutPrefix(arn, "arn:aws:s3:::")
	bucket, key, whole := strings.Cut(rest, "/")
	if !ours || !whole || bucket == "" || key == "" {
		return "", "", raise("The S3 ARN %s is not valid. Provide the ARN as arn:aws:s3:::bucket_name/file_name.extension.", arn)
	}
	return bucket, key, nil
}

// nameOf is the name of a database, which must be given.
func nameOf(a arguments, parameter string) (string, error) {
	name := a.text(parameter)
	switch {
	case name == "":
		return "", refusal(201, "Procedure or function expects parameter '@%s', which was not supplied.", parameter)
	case slices.Contains([]string{"master", "model", "msdb", "tempdb", "rdsadmin"}, strings.ToLower(name)):
		return "", raise("Database %s is a system database. Native backup and restore is for user databases.", name)
	}
	return name, nil
}

// kindOf is FULL or DIFFERENTIAL.
func kindOf(a arguments) (differential bool, err error) {
	switch kind := strings.ToUpper(a.text("type")); kind {
	case "", "FULL":
		return false, nil
	case "DIFFERENTIAL":
		return true, nil
	default:
		return false, raise("Backup type %s is not valid. Valid types are FULL and DIFFERENTIAL.", kind)
	}
}

func (p procedures) backup(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	name, err := nameOf(a, "source_db_name")
	if err != nil {
		return nil, err
	}
	t := Task{Resource: p.resource, Kind: backupFull, Database: name, KMSKey: a.text("kms_master_key_arn")}
	if t.Bucket, t.Key, err = object(a.text("s3_arn_to_backup_to")); err != nil {
		return nil, err
	}
	overwrite, err := a.number("overwrite_s3_backup_file", 0)
	if err != nil {
		return nil, err
	}
	t.Overwrite = overwrite == 1
	differential, err := kindOf(a)
	if err != nil {
		return nil, err
	}
	if differential {
		t.Kind = backupDifferential
	}
	if t.Files, err = a.number("number_of_files", 1); err != nil {
		return nil, err
	}
	switch {
	case t.Files < 1 || t.Files > maxFiles:
		return nil, raise("The number of files %d is not valid. It must be from 1 to %d.", t.Files, maxFiles)
	case t.Files > 1 && strings.Count(t.Key, "*") != 1:
		return nil, raise("A backup into several files needs exactly one asterisk (*) in the file name of the S3 ARN.")
	}
	server, err := p.s.opened(tx, p.resource)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(server.Names(), func(other string) bool { return strings.EqualFold(other, name) }) {
		return nil, refusal(911, "Database '%s' does not exist. Make sure that the name is entered correctly.", name)
	}
	if _, waits := p.s.partial.Get(tx, place(p.resource, name)); waits {
		return nil, refusal(3013, "Database '%s' cannot be opened. It is in the middle of a restore.", name)
	}
	return p.submitted(p.s.submit(tx, t)), nil
}

func (p procedures) restore(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	name, err := nameOf(a, "restore_db_name")
	if err != nil {
		return nil, err
	}
	t := Task{Resource: p.resource, Kind: restoreFull, Database: name, KMSKey: a.text("kms_master_key_arn")}
	if t.Bucket, t.Key, err = object(a.text("s3_arn_to_restore_from")); err != nil {
		return nil, err
	}
	differential, err := kindOf(a)
	if err != nil {
		return nil, err
	}
	waits, err := a.number("with_norecovery", 0)
	if err != nil {
		return nil, err
	}
	if i.MultiAZ && (differential || waits == 1) {
		return nil, raise("Differential restores and restores with NORECOVERY aren't supported on Multi-AZ instances.")
	}
	server, err := p.s.opened(tx, p.resource)
	if err != nil {
		return nil, err
	}
	if err := p.may(tx, name, differential, server); err != nil {
		return nil, err
	}
	if differential {
		t.Kind = restoreDifferential
	}
	if waits == 1 {
		t.Kind += noRecovery
	}
	return p.submitted(p.s.submit(tx, t)), nil
}

// may says whether a restore can follow what is there and what is under way: a full one needs a free name, a differential one a database that
// waits for it, or a task that will leave one so.
func (p procedures) may(tx *store.Tx, name string, differential bool, server *database.Server) error {
	before, pending := p.s.pendingRestore(tx, p.resource, name)
	_, waits := p.s.partial.Get(tx, place(p.resource, name))
	switch {
	case pending && (!differential || !strings.HasSuffix(before.Kind, noRecovery)):
		return raise("There is already a pending restore task for database '%s'. Wait until task %d has ended.", name, before.Number)
	case !differential:
		if err := taken(server.Names(), name); err != nil {
			return raise("%s", err.Error())
		}
	case !waits && !pending:
		return refusal(3117, "The log or differential backup cannot be restored because no files are ready to rollforward.")
	}
	return nil
}

// restoreLog is refused: nothing here makes backups of a log, as RDS makes none itself.
func (p procedures) restoreLog(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	if _, _, err := object(a.text("s3_arn_to_restore_from")); err != nil {
		return nil, err
	}
	if _, waits := p.s.partial.Get(tx, place(p.resource, a.text("restore_db_name"))); !waits {
		return nil, refusal(3117, "The log or differential backup cannot be restored because no files are ready to rollforward.")
	}
	return nil, raise("The sandbox restores no log backups: restore a full backup, then a differential one.")
}

func (p procedures) finish(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	name, err := nameOf(a, "db_name")
	if err != nil {
		return nil, err
	}
	_, pending := p.s.pendingRestore(tx, p.resource, name)
	waiting, waits := p.s.partial.Get(tx, place(p.resource, name))
	if !waits || pending {
		return nil, raise("Database '%s' must be in the RESTORING state without any pending restore tasks.", name)
	}
	return p.submitted(p.s.submit(tx, Task{Resource: p.resource, Kind: finishRestore, Database: waiting.Database})), nil
}

func (p procedures) cancel(tx *store.Tx, i Instance, a arguments) (*tds.Table, error) {
	number, err := a.number("task_id", 0)
	if err != nil {
		return nil, err
	}
	t, there := p.s.tasks.Get(tx, Task{Resource: p.resource, Number: number}.key())
	switch {
	case !there:
		return nil, raise("Task %d does not exist.", number)
	case t.Kind == finishRestore:
		return nil, raise("You can't cancel a FINISH_RESTORE task.")
	case t.Loading || t.Lifecycle != taskCreated && t.Lifecycle != taskInProgress:
		return nil, raise("Task %d cannot be canceled: its status is %s.", number, t.Lifecycle)
	}
	t.Lifecycle, t.Ends = taskCancelRequested, tx.Now()
	p.s.tasks.Put(tx, t.key(), t)
	tx.Due(tx.Now().Add(nativeStops), dueNative, t.key())
	return p.submitted(t), nil
}

// drop removes a database, one that waits for a restore too. It is done at once, outside of the store's lock: sessions may hold the database.
func (p procedures) drop(a arguments) (*tds.Table, error) {
	name, err := nameOf(a, "db_name")
	if err != nil {
		return nil, err
	}
	err = p.s.st.Update(func(tx *store.Tx) error {
		if t, pending := p.s.pendingRestore(tx, p.resource, name); pending {
			return raise("You can't submit a DROP database request for a database that already has a pending restore or finish restore task (%d).", t.Number)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	server, err := p.s.databases(p.resource)
	if err != nil {
		return nil, err
	}
	if n := slices.IndexFunc(server.Names(), func(other string) bool { return strings.EqualFold(other, name) }); n >= 0 {
		name = server.Names()[n]
	}
	switch err := server.Drop(name); {
	case errors.Is(err, database.ErrNotFound):
		return nil, refusal(3701, "Cannot drop the database '%s', because it does not exist or you do not have permission.", name)
	case errors.Is(err, database.ErrInUse):
		return nil, refusal(3702, "Cannot drop database \"%s\" because it is currently in use.", name)
	case err != nil:
		return nil, err
	}
	return &tds.Table{}, p.s.st.Update(func(tx *store.Tx) error {
		p.s.partial.Delete(tx, place(p.resource, name))
		p.s.bases.Delete(tx, place(p.resource, name))
		return nil
	})
}
