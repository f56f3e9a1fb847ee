package rds

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
		if c.InTransaction {
			return nil, refusal(574, "DROP DATABASE statement cannot be used inside a user transaction.")
		}
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
