package rds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lifeboat/aws/sandbox/database"
	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// arguments of a call, by name or by place.
type arguments struct {
	given map[string]any
	order []string
}

// value is an argument by its name; nil when it was not given.
func (a arguments) value(name string) any {
	if v, there := a.given[name]; there {
		return v
	}
	return a.given[strconv.Itoa(slices.Index(a.order, name)+1)]
}

func (a arguments) text(name string) string {
	switch v := a.value(name).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (a arguments) number(name string, otherwise int) (int, error) {
	text := strings.TrimSpace(a.text(name))
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, refusal(8114, "Error converting data type %T to int.", a.value(name))
	}
	return n, nil
}

// unknown is the first argument that the procedure does not have.
func (a arguments) unknown() (string, bool) {
	for name := range a.given {
		if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(a.order) {
			continue
		}
		if !slices.Contains(a.order, name) {
			return name, true
		}
	}
	return "", false
}

// refusal is an error of SQL Server. RDS's own procedures raise number 50000.
func refusal(number int32, format string, args ...any) error {
	return tds.Error{Number: number, Severity: 16, Message: fmt.Sprintf(format, args...)}
}

func raise(format string, args ...any) error { return refusal(50000, format, args...) }

// tuning are arguments that make no difference here: how SQL Server reads and writes a file.
var tuning = []string{"block_size", "max_transfer_size", "buffer_count"}

// procedure is one of RDS's: the names of its arguments in their order, and what it does.
type procedure struct {
	database string
	order    []string
	plain    bool // it needs no option, and may run in a transaction
	run      func(p procedures, tx *store.Tx, i Instance, a arguments) (*tds.Table, error)
}

// nativeProcedures are the procedures, by name.
func nativeProcedures() map[string]procedure {
	return map[string]procedure{
		"rds_backup_database": {database: "msdb", run: procedures.backup,
			order: append([]string{"source_db_name", "s3_arn_to_backup_to", "kms_master_key_arn", "overwrite_s3_backup_file", "type", "number_of_files", "enable_bucket_default_encryption"}, tuning...)},
		"rds_restore_database": {database: "msdb", run: procedures.restore,
			order: append([]string{"restore_db_name", "s3_arn_to_restore_from", "with_norecovery", "keep_cdc", "kms_master_key_arn", "type"}, tuning...)},
		"rds_restore_log": {database: "msdb", run: procedures.restoreLog,
			order: append([]string{"restore_db_name", "s3_arn_to_restore_from", "kms_master_key_arn", "with_norecovery", "keep_cdc", "stopat"}, tuning...)},
		"rds_finish_restore":     {database: "msdb", run: procedures.finish, order: []string{"db_name"}},
		"rds_cancel_task":        {database: "msdb", run: procedures.cancel, order: []string{"task_id"}},
		"rds_task_status":        {database: "msdb", run: procedures.status, order: []string{"db_name", "task_id"}, plain: true},
		"rds_show_configuration": {database: "rdsadmin", run: procedures.showSwitches, order: []string{"name"}, plain: true},
		"rds_set_configuration":  {database: "rdsadmin", run: procedures.setSwitch, order: []string{"name", "value"}, plain: true},
	}
}

// Exec is part of sqlserver.Procedures.
func (p procedures) Exec(ctx context.Context, c tds.Call) (out *tds.Table, err error) {
	schema, name := "", c.Name
	if parts := strings.Split(c.Name, "."); len(parts) > 1 {
		name = parts[len(parts)-1]
		schema = parts[0]
		if len(parts) == 2 { // dbo.name
			schema = ""
		}
	}
	if schema == "" {
		schema = strings.ToLower(c.Database)
	}
	if name == "rds_drop_database" && schema == "msdb" {
		return p.drop(arguments{c.Args, []string{"db_name"}})
	}
	known, there := nativeProcedures()[name]
	if !there || known.database != schema {
		return nil, refusal(2812, "Could not find stored procedure '%s'.", c.Name)
	}
	a := arguments{c.Args, known.order}
	if bad, is := a.unknown(); is {
		return nil, refusal(8145, "@%s is not a parameter for procedure %s.", bad, name)
	}
	if c.InTransaction && !known.plain {
		return nil, refusal(3021, "Cannot perform a backup or restore operation within a transaction.")
	}
	do := p.s.st.Update
	if name == "rds_task_status" || name == "rds_show_configuration" {
		do = p.s.st.View
	}
	err = do(func(tx *store.Tx) error {
		i, ok := p.s.owner(tx, p.resource)
		if !ok {
			return raise("The DB instance is no longer there.")
		}
		if _, synced := p.s.optionSettings(tx, i, nativeOption); !known.plain && !synced {
			return raise("Database backup/restore option is not enabled yet or is in the process of being enabled. Please try again later.")
		}
		out, err = known.run(p, tx, i, a)
		return err
	})
	return out, err
}

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
