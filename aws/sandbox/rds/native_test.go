package rds

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	s3api "github.com/aws/aws-sdk-go-v2/service/s3"
	mssql "github.com/microsoft/go-mssqldb"
	"pgregory.net/rapid"

	tds "lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

func TestABackupComesBackUnderAnotherName(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	fill(w, 1, 11)
	id := w.submitted(fullBackup)
	var seen []string
	var percents []int64
	for range 40 {
		lifecycle, _ := w.status(id)
		if len(seen) == 0 || seen[len(seen)-1] != lifecycle {
			seen = append(seen, lifecycle)
		}
		percents = append(percents, w.column(id, "% complete").(int64))
		if lifecycle == taskInProgress && len(seen) == 2 {
			fill(w, 11, 21) // what is written after the task's start is not in the backup
			seen[1] += " "
		}
		w.Pass(3 * time.Second)
	}
	if got := strings.Join(strings.Fields(strings.Join(slices.Compact(seen), " ")), " "); !strings.HasPrefix(got, "CREATED IN_PROGRESS") || !strings.HasSuffix(got, "SUCCESS") {
		t.Errorf("states %s", got)
	}
	if !slices.IsSorted(percents) || percents[len(percents)-1] != 100 || !slices.ContainsFunc(percents, func(n int64) bool { return n > 0 && n < 100 && n%5 == 0 }) {
		t.Errorf("progress %v", percents)
	}
	w.done(restoreBack)
	if got := w.run("back", counted); !slices.Equal(got, []string{"10 1 10"}) {
		t.Errorf("%v", got)
	}
	if _, err := w.exec("rds_drop_database db_name=back"); err != nil {
		t.Error(err)
	}
	w.done(restoreBack)
	lifecycle, info := w.task("rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/labdb.bak")
	if lifecycle != taskError || !strings.Contains(info, "Please reissue task with correct type and overwrite property") ||
		!strings.Contains(info, "Aborted the task because of a task failure or an overlap with your preferred backup window for RDS automated backup.") {
		t.Errorf("a file that is there: %s %s", lifecycle, info)
	}
}

func TestADifferentialBackup(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	fill(w, 1, 11)
	if lifecycle, info := w.task(differential); lifecycle != taskError || !strings.Contains(info, "because a current database backup does not exist") {
		t.Errorf("without a full one: %s %s", lifecycle, info)
	}
	w.done(fullBackup)
	fill(w, 11, 16)
	w.done(differential)
	w.done(restoreBack + " with_norecovery=1")
	if state := w.procs.(procedures).State("BACK"); state != "RESTORING" {
		t.Errorf("state %q", state)
	}
	w.done("rds_restore_database restore_db_name=back s3_arn_to_restore_from=arn:aws:s3:::backups/diff.bak type=DIFFERENTIAL with_norecovery=1")
	w.done("rds_finish_restore db_name=back")
	if state := w.procs.(procedures).State("back"); state != "" {
		t.Errorf("state %q", state)
	}
	if got := w.run("back", counted); !slices.Equal(got, []string{"15 1 15"}) {
		t.Errorf("%v", got)
	}
	// A snapshot in between breaks the chain; a full backup mends it.
	w.snap("shop", "between")
	if lifecycle, info := w.task(differential); lifecycle != taskError || !strings.Contains(info, "Cannot perform a differential backup") {
		t.Errorf("after a snapshot: %s %s", lifecycle, info)
	}
	w.done(fullBackup)
	w.done(differential)
	if _, err := w.exec("rds_drop_database db_name=back"); err != nil {
		t.Fatal(err)
	}
	w.done(strings.Replace(restoreBack, "labdb.bak", "labdb.bak with_norecovery=1", 1))
	w.done(fullBackup) // the differential one belongs to the full one before it
	w.done(differential)
	lifecycle, info := w.task("rds_restore_database restore_db_name=back s3_arn_to_restore_from=arn:aws:s3:::backups/diff.bak type=DIFFERENTIAL with_norecovery=0")
	if lifecycle != taskError || !strings.Contains(info, "has not been restored to the correct earlier state") {
		t.Errorf("of another full backup: %s %s", lifecycle, info)
	}
}

func TestWhatIsRefusedAtOnce(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	fill(w, 1, 2)
	for call, want := range map[string]string{
		"rds_backup_database source_db_name=none s3_arn_to_backup_to=arn:aws:s3:::backups/x.bak":                                   "Database 'none' does not exist.",
		"rds_backup_database source_db_name=master s3_arn_to_backup_to=arn:aws:s3:::backups/x.bak":                                 "system database",
		"rds_backup_database source_db_name=labdb s3_arn_to_backup_to=backups/x.bak":                                               "is not valid",
		"rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/x type=LOG":                             "Valid types are FULL and DIFFERENTIAL",
		"rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/x number_of_files=11":                   "must be from 1 to 10",
		"rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/x number_of_files=2":                    "exactly one asterisk",
		"rds_backup_database source_db_name=labdb colour=red":                                                                      "@colour is not a parameter",
		"rds_restore_database restore_db_name=LABDB s3_arn_to_restore_from=arn:aws:s3:::backups/x.bak":                             "Database 'LABDB' already exists. Two databases that differ only by case or accent are not allowed. Choose a different database name.",
		"rds_restore_database restore_db_name=x":                                                                                   "S3 ARN prefix cannot be empty",
		"rds_restore_database restore_db_name=x s3_arn_to_restore_from=arn:aws:s3:::backups/x type=DIFFERENTIAL with_norecovery=0": "no files are ready to rollforward",
		"rds_restore_log restore_db_name=x s3_arn_to_restore_from=arn:aws:s3:::backups/x":                                          "no files are ready to rollforward",
		"rds_finish_restore db_name=labdb":                                                                                         "must be in the RESTORING state",
		"rds_cancel_task task_id=9":                                                                                                "Task 9 does not exist",
		"rds_drop_database db_name=none":                                                                                           "Cannot drop the database 'none'",
		"rds_no_such":                                                                                                              "Could not find stored procedure 'msdb.dbo.rds_no_such'",
	} {
		if _, err := w.exec(call); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", call, err, want)
		}
	}
	_, err := w.procs.Exec(context.Background(), tds.Call{Database: "msdb", Name: "rds_backup_database", InTransaction: true})
	if err == nil || !strings.Contains(err.Error(), "within a transaction") {
		t.Errorf("in a transaction: %v", err)
	}
}

func TestWhatATaskFailsWith(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	fill(w, 1, 2)
	w.bucket("far-away", away)
	to := func(file string) string {
		return "rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::" + file
	}
	fails := func(call, want string) {
		t.Helper()
		if lifecycle, info := w.task(call); lifecycle != taskError || !strings.Contains(info, want) {
			t.Errorf("%s: %s %s\nwant %s", call, lifecycle, info, want)
		}
	}
	fails(to("far-away/x.bak"), "Please specify a bucket that is in the same region as RDS instance")
	fails(to("no-such-bucket/x.bak"), "The specified bucket does not exist")
	w.policy(strings.Replace(may, `"s3:PutObject"`, `"s3:DeleteObject"`, 1))
	fails(to("backups/x.bak"), "Access Denied")
	w.policy(strings.Replace(may, `"s3:ListBucket",`, "", 1))
	fails(to("backups/x.bak"), "Access Denied")
	w.policy(may)
	fails(to("backups/x.bak kms_master_key_arn=arn:aws:kms:us-east-2:"+mine+":key/none"), "Key arn:aws:kms:us-east-2:"+mine+":key/none does not exist")
	key := w.key(mine, home)
	fails(to("backups/x.bak kms_master_key_arn="+key), "User "+roleARN+" is not authorized to perform kms:GenerateDataKey")
	w.done(fullBackup)
	fails("rds_restore_database restore_db_name=x s3_arn_to_restore_from=arn:aws:s3:::backups/none.bak", "Please reissue task with correct type and overwrite property")
	if err := w.Store.Update(func(tx *store.Tx) error {
		return w.buckets.Within().PutObject(tx, "backups", "text.bak", []byte("no backup"))
	}); err != nil {
		t.Fatal(err)
	}
	fails("rds_restore_database restore_db_name=x s3_arn_to_restore_from=arn:aws:s3:::backups/text.bak", "Please reissue task with correct type and overwrite property")
	compress := tds.Call{Database: "master", Name: "rdsadmin..rds_set_configuration", Args: map[string]any{"1": "S3 backup compression", "2": "true"}}
	try.Must(w.procs.Exec(context.Background(), compress))
	fails(fullBackup, "BACKUP DATABASE WITH COMPRESSION isn't supported on Express Edition")
	shown := try.Must(w.procs.Exec(context.Background(), tds.Call{Database: "rdsadmin", Name: "rds_show_configuration", Args: map[string]any{}}))
	if !slices.ContainsFunc(shown.Rows, func(r []any) bool { return r[0] == "S3 backup compression" && r[1] == "true" }) {
		t.Errorf("%v", shown.Rows)
	}
	// A policy of the bucket's that denies wins over the role's.
	deny := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::backups/*"}}`
	try.Must(w.buckets.PutBucketPolicy(try.As(mine, home, "s3", ""), &s3api.PutBucketPolicyInput{Bucket: aws.String("backups"), Policy: &deny}))
	fails(restoreBack, "Access Denied")
}

func TestNothingIsDoneWithoutTheOption(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: aws.String("shop"), OptionGroupName: aws.String("default:sqlserver-ex-" + strings.Replace(*w.show(here, "shop").EngineVersion, ".", "-", 1)[:5]), ApplyImmediately: aws.Bool(true)}))
	w.Pass(10 * time.Minute)
	_, err := w.exec(fullBackup)
	if err == nil || err.Error() != "Database backup/restore option is not enabled yet or is in the process of being enabled. Please try again later." {
		t.Errorf("%v", err)
	}
}

func TestTwoTasksAtATimeAndOneIsCancelled(t *testing.T) {
	w, _ := newShop(t, "sqlserver-se")
	fill(w, 1, 5)
	var ids []int64
	for n := range 4 {
		ids = append(ids, w.submitted(fmt.Sprintf("rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/%d.bak", n)))
	}
	w.Pass(nativeStarts + time.Second)
	states := func() (all []string) {
		for _, id := range ids {
			lifecycle, _ := w.status(id)
			all = append(all, lifecycle)
		}
		return all
	}
	if got := states(); !slices.Equal(got, []string{taskInProgress, taskInProgress, taskCreated, taskCreated}) {
		t.Errorf("%v", got)
	}
	for _, id := range []int64{ids[0], ids[3]} {
		if _, err := w.exec(fmt.Sprintf("rds_cancel_task task_id=%d", id)); err != nil {
			t.Error(err)
		}
	}
	if got := states(); got[0] != taskCancelRequested {
		t.Errorf("%v", got)
	}
	w.Pass(10 * time.Minute)
	if got := states(); !slices.Equal(got, []string{taskCancelled, taskSuccess, taskSuccess, taskCancelled}) {
		t.Errorf("%v", got)
	}
	if _, err := w.exec(fmt.Sprintf("rds_cancel_task task_id=%d", ids[1])); err == nil {
		t.Error("a task that ended is cancelled")
	}
	if _, err := w.buckets.HeadObject(try.As(mine, home, "s3", ""), &s3api.HeadObjectInput{Bucket: aws.String("backups"), Key: aws.String("0.bak")}); err == nil {
		t.Error("a cancelled backup is in the bucket")
	}
	w.Pass(nativeKept)
	if out := try.Must(w.exec("rds_task_status")); len(out.Rows) != 0 {
		t.Errorf("%d tasks are remembered after 36 days", len(out.Rows))
	}
}

func TestSeveralFilesCompressed(t *testing.T) {
	w, _ := newShop(t, "sqlserver-se")
	fill(w, 1, 50)
	key := w.key(mine, home)
	w.policy(strings.Replace(may, `"Statement":[`, `"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},`, 1))
	try.Must(w.procs.Exec(context.Background(), tds.Call{Name: "rdsadmin..rds_set_configuration", Args: map[string]any{"name": "S3 backup compression", "value": "true"}}))
	w.done("rds_backup_database source_db_name=labdb s3_arn_to_backup_to=arn:aws:s3:::backups/part*.bak number_of_files=3 kms_master_key_arn=" + key)
	list := try.Must(w.buckets.ListObjectsV2(try.As(mine, home, "s3", ""), &s3api.ListObjectsV2Input{Bucket: aws.String("backups")}))
	if len(list.Contents) != 3 || *list.Contents[0].Key != "part1-of-3.bak" {
		t.Errorf("%+v", list.Contents)
	}
	many := "rds_restore_database restore_db_name=back s3_arn_to_restore_from=arn:aws:s3:::backups/part*"
	if lifecycle, info := w.task(many); lifecycle != taskError || !strings.Contains(info, "Key "+key+" does not exist") {
		t.Errorf("without the key: %s %s", lifecycle, info)
	}
	w.done(many + " kms_master_key_arn=" + key)
	if got := w.run("back", counted); !slices.Equal(got, []string{"49 1 49"}) {
		t.Errorf("%v", got)
	}
}

// TestATaskSurvivesAKill reopens the folder as it is at every moment of a backup and of a restore: the task ends as if nothing had been.
func TestATaskSurvivesAKill(t *testing.T) {
	w, dir := newShop(t, "sqlserver-ex")
	fill(w, 1, 11)
	for _, call := range []string{fullBackup, restoreBack} {
		w.submitted(call)
		for range 4 {
			again := openShop(t, image(t, dir))
			again.serve(w.resource)
			again.Pass(5 * time.Minute)
			all := try.Must(again.exec("rds_task_status"))
			last := all.Rows[len(all.Rows)-1]
			if last[5] != taskSuccess {
				t.Errorf("%s: %v", call, last)
			}
			if call == restoreBack {
				if got := again.run("back", counted); !slices.Equal(got, []string{"10 1 10"}) {
					t.Errorf("%v", got)
				}
			} else {
				again.done(restoreBack)
			}
			w.Pass(20 * time.Second)
		}
		w.Pass(5 * time.Minute)
	}
}

// TestAKillBetweenTheDatabaseAndItsTask leaves the database there and its task not ended: the task ends, with the same database.
func TestAKillBetweenTheDatabaseAndItsTask(t *testing.T) {
	w, dir := newShop(t, "sqlserver-ex")
	fill(w, 1, 11)
	w.done(fullBackup)
	w.done(restoreBack)
	cut := image(t, dir)
	path := filepath.Join(cut, store.JournalFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loading := bytes.Index(text, []byte(`"Loading":true`))
	end := loading + bytes.IndexByte(text[loading:], '\n') + 1
	if err := os.WriteFile(path, text[:end], 0o600); err != nil {
		t.Fatal(err)
	}
	again := openShop(t, cut)
	again.serve(w.resource)
	if lifecycle, info := again.status(2); lifecycle != taskSuccess {
		t.Errorf("%s %s", lifecycle, info)
	}
	if got := again.run("back", counted); !slices.Equal(got, []string{"10 1 10"}) {
		t.Errorf("%v", got)
	}
}

func TestSnapshotsAndNativeBackups(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	fill(w, 1, 5)
	id := w.submitted(fullBackup)
	w.Pass(nativeStarts + time.Second)
	w.snap("shop", "in-the-middle")
	if lifecycle, info := w.status(id); lifecycle != taskError || !strings.Contains(info, "Aborting native backup because there is an RDS automated backup in progress.") {
		t.Errorf("a snapshot in the middle: %s %s", lifecycle, info)
	}
	w.until(here, "shop", available)
	// A task waits while a snapshot is being taken, and a snapshot follows a restore where there are automated backups.
	try.Must(w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("shop"), DBSnapshotIdentifier: aws.String("before")}))
	w.done(fullBackup)
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("shop"), BackupRetentionPeriod: aws.Int32(1), ApplyImmediately: aws.Bool(true)}))
	w.Pass(10 * time.Minute)
	w.until(here, "shop", available)
	w.done(restoreBack)
	if state := *w.show(here, "shop").DBInstanceStatus; state != backingUp {
		t.Errorf("after a restore: %s", state)
	}
	w.until(here, "shop", available)
	if lifecycle, _ := w.task(differential); lifecycle != taskError {
		t.Errorf("a differential backup after that snapshot: %s", lifecycle)
	}
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("shop"), SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, "shop")
	w.Pass(nativeKept)
	if err := w.Store.View(func(tx *store.Tx) error {
		if n := w.tasks.Len(tx) + w.bases.Len(tx) + w.partial.Len(tx); n != 0 {
			t.Errorf("%d rows of an instance that is gone", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Whatever pages changed, grew or went, a full and a differential backup together are the database.
func TestFullAndDifferentialAreTheDatabase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := func(label string) []byte {
			pages := rapid.IntRange(1, 6).Draw(t, label)
			b := make([]byte, 512*pages)
			for n := range pages {
				copy(b[512*n:], bytes.Repeat([]byte{rapid.Byte().Draw(t, "page")}, 512))
			}
			b[16], b[17] = 2, 0
			return b
		}
		full, now := file("full"), file("now")
		payload, err := difference(full, now)
		if err != nil {
			t.Fatal(err)
		}
		h := backupHeader{Backup: "b", Files: rapid.IntRange(1, 10).Draw(t, "files"), Compressed: rapid.Bool().Draw(t, "compressed")}
		files, err := packBackup(h, payload)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(files)
		_, unpacked, err := unpackBackup(files)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := together(full, unpacked); err != nil || !bytes.Equal(got, now) {
			t.Fatalf("%v", err)
		}
		if len(files) > 1 {
			if _, _, err := unpackBackup(files[1:]); err != errNotBackup {
				t.Fatalf("a file is missing: %v", err)
			}
		}
	})
}

// TestANativeBackupOverTDS does with a SQL Server client what the documentation shows.
func TestANativeBackupOverTDS(t *testing.T) {
	w, _ := newShop(t, "sqlserver-ex")
	at := w.show(here, "shop").Endpoint
	db, err := sql.Open("sqlserver", fmt.Sprintf("sqlserver://lifeboat:correct-horse@%s:%d?encrypt=disable", *at.Address, *at.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do := func(text string) {
		t.Helper()
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	do("create table labdb.dbo.marker (id int primary key, text nvarchar(50))")
	do("insert into labdb.dbo.marker values (1, N'one'), (2, N'two')")
	done := func(text string) {
		t.Helper()
		do(text)
		w.Pass(5 * time.Minute)
		rows, err := db.Query("exec msdb.dbo.rds_task_status")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, _ := rows.Columns()
		values := make([]any, len(names))
		for n := range values {
			values[n] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
		}
		if lifecycle := *values[slices.Index(names, "lifecycle")].(*any); lifecycle != taskSuccess {
			t.Fatalf("%s: %v %v", text, lifecycle, *values[slices.Index(names, "task_info")].(*any))
		}
	}
	state := func() (desc string) {
		t.Helper()
		if err := db.QueryRow("select state_desc from sys.databases where name = 'back'").Scan(&desc); err != nil {
			t.Fatal(err)
		}
		return desc
	}
	done("exec msdb.dbo.rds_backup_database @source_db_name='labdb', @s3_arn_to_backup_to='arn:aws:s3:::backups/labdb.bak', @overwrite_s3_backup_file=1, @type='FULL'")
	done("exec msdb.dbo.rds_restore_database @restore_db_name='back', @s3_arn_to_restore_from='arn:aws:s3:::backups/labdb.bak', @with_norecovery=1")
	if got := state(); got != "RESTORING" {
		t.Errorf("state %s", got)
	}
	done("exec msdb.dbo.rds_finish_restore @db_name='back'")
	if got := state(); got != "ONLINE" {
		t.Errorf("state %s", got)
	}
	var n int
	if err := db.QueryRow("select count(*) from back.dbo.marker").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	do("exec msdb.dbo.rds_drop_database N'back'")
	_, err = db.Exec("exec msdb.dbo.rds_restore_database 'labdb', 'arn:aws:s3:::backups/labdb.bak'")
	var said mssql.Error
	if !errors.As(err, &said) || said.Number != 50000 || !strings.HasPrefix(said.Message, "Database 'labdb' already exists.") {
		t.Errorf("%v", err)
	}
	do("exec rdsadmin..rds_set_configuration 'S3 backup compression', 'true'")
}
