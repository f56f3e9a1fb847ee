package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// recorder is procedures that remember how they were called.
type recorder struct {
	calls []Call
	state string
}

func (r *recorder) State(database string) string {
	if database == "labdb" {
		return r.state
	}
	return ""
}

func (r *recorder) Exec(_ context.Context, c Call) (*Table, error) {
	r.calls = append(r.calls, c)
	switch c.Name {
	case "msdb.dbo.rds_task_status":
		return &Table{
			Columns:  []Column{{"task_id", "bigint"}, {"task_type", "nvarchar"}, {"% complete", "int"}, {"created_at", "datetime"}, {"done", "bit"}},
			Rows:     [][]any{{int64(4), "BACKUP_DB", 100, noon, true}, {int64(5), "RESTORE_DB", nil, nil, false}},
			Messages: []string{"two tasks"},
		}, nil
	case "msdb.dbo.rds_backup_database":
		return nil, Error{Number: 50000, Message: "Access Denied"}
	case "rdsadmin.dbo.rds_set_configuration":
		return nil, nil
	}
	return nil, Error{Number: 2812}
}

func TestProcedures(t *testing.T) {
	r := &recorder{}
	_, address := endpoint(t, r)
	db := dial(t, address, "labdb")
	want := "4|BACKUP_DB|100|2026-03-01 12:00:00.123|true\n5|RESTORE_DB|NULL|NULL|false\n"
	for _, text := range []string{
		"exec msdb.dbo.rds_task_status @task_id = 4",
		"EXEC [msdb].[dbo].[rds_task_status] NULL, 4;",
		"USE msdb; EXECUTE rds_task_status",
		"msdb..rds_task_status",
	} {
		if got := show(t, db, text); got != want {
			t.Errorf("%s: got %q", text, got)
		}
	}
	if got := show(t, db, "msdb.dbo.rds_task_status", sql.Named("db_name", "x")); got != want {
		t.Errorf("as a remote call: got %q", got)
	}
	if got := show(t, db, "CREATE TABLE #s (id int, kind nvarchar(20), done int, at datetime, ok bit); INSERT #s EXEC msdb.dbo.rds_task_status; SELECT kind, at FROM #s WHERE id = 4"); got != "BACKUP_DB|2026-03-01 12:00:00.123\n" {
		t.Errorf("INSERT EXEC: got %q", got)
	}
	exec(t, db, "DECLARE @v nvarchar(10) = N'true'; exec rdsadmin..rds_set_configuration 'S3 backup compression', @v")
	_, err := db.Exec("BEGIN TRAN; exec msdb.dbo.rds_backup_database @source_db_name='labdb', @overwrite_s3_backup_file=1, @type = FULL")
	if errorNumber(err) != 50000 || !strings.Contains(err.Error(), "Access Denied") {
		t.Errorf("got %v", err)
	}
	if _, err := db.Exec("exec msdb.dbo.rds_nope"); errorNumber(err) != 2812 || !strings.Contains(err.Error(), "Could not find stored procedure 'msdb.dbo.rds_nope'.") {
		t.Errorf("got %v", err)
	}
	got := ""
	for _, c := range r.calls {
		got += fmt.Sprintln(c.Database, c.InTransaction, c.Name, c.Args)
	}
	if want := `labdb false msdb.dbo.rds_task_status map[task_id:4]
labdb false msdb.dbo.rds_task_status map[1:<nil> 2:4]
msdb false msdb.dbo.rds_task_status map[]
labdb false msdb.dbo.rds_task_status map[]
labdb false msdb.dbo.rds_task_status map[db_name:x]
labdb false msdb.dbo.rds_task_status map[]
labdb false rdsadmin.dbo.rds_set_configuration map[1:S3 backup compression 2:true]
labdb true msdb.dbo.rds_backup_database map[overwrite_s3_backup_file:1 source_db_name:labdb type:FULL]
labdb false msdb.dbo.rds_nope map[]
`; got != want {
		t.Errorf("calls:\n%swant:\n%s", got, want)
	}
}

// TestRestoring shows a database that a restore has left open for more.
func TestRestoring(t *testing.T) {
	r := &recorder{state: "RESTORING"}
	_, address := endpoint(t, r)
	db := dial(t, address, "master")
	if got := show(t, db, "SELECT state_desc, state FROM sys.databases WHERE name = 'labdb'; SELECT HAS_DBACCESS('labdb'), DATABASEPROPERTYEX('labdb', 'Status')"); got != "RESTORING|1\n--\n0|RESTORING\n" {
		t.Errorf("got %q", got)
	}
	if _, err := db.Exec("USE labdb"); errorNumber(err) != 927 {
		t.Errorf("got %v, want error 927", err)
	}
}
