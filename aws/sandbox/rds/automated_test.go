package rds

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/try"
)

// backups are the automated backups of an account and Region.
func (w *ground) automatedBackups(region string) []types.DBInstanceAutomatedBackup {
	w.T.Helper()
	return try.Must(w.DescribeDBInstanceAutomatedBackups(as(mine, region), &rds.DescribeDBInstanceAutomatedBackupsInput{})).DBInstanceAutomatedBackups
}

// to restores an instance to a moment, or to the latest one.
func (w *ground) to(at *time.Time, id string, change ...func(*rds.RestoreDBInstanceToPointInTimeInput)) error {
	in := &rds.RestoreDBInstanceToPointInTimeInput{SourceDBInstanceIdentifier: aws.String("db"), TargetDBInstanceIdentifier: &id, RestoreTime: at}
	if at == nil {
		in.UseLatestRestorableTime = aws.Bool(true)
	}
	for _, c := range change {
		c(in)
	}
	_, err := w.RestoreDBInstanceToPointInTime(here, in)
	return err
}

func TestPointInTimeOneSecondBeforeTheDrop(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db")
	w.sql(i.DbiResourceId, newTable, "insert into marker values (1, 'first')")
	w.Pass(10 * time.Minute)
	w.sql(i.DbiResourceId, "insert into marker values (2, 'second')")
	second := w.Clock.Now()
	w.Pass(10 * time.Minute)
	w.sql(i.DbiResourceId, "drop table marker")
	dropped := w.Clock.Now()
	before := dropped.Add(-time.Second)

	refused(t, w.to(aws.Time(dropped.Add(time.Hour)), "x"), "InvalidParameterValue", "restorable window")
	refused(t, w.to(aws.Time(i.InstanceCreateTime.Add(-time.Hour)), "x"), "InvalidParameterValue", "restorable window")
	w.Pass(5 * time.Minute)
	if latest := *w.show(here, "db").LatestRestorableTime; latest.Before(before) || w.Clock.Now().Sub(latest) > 5*time.Minute {
		t.Errorf("at %s the latest restorable time is %s", w.Clock.Now(), latest)
	}
	for _, test := range []struct {
		id   string
		at   *time.Time
		want []string
	}{
		{"second", &before, []string{"first", "second"}},
		{"first", aws.Time(second.Add(-time.Second)), []string{"first"}},
		{"exactly", &second, []string{"first", "second"}},
		{"latest", nil, nil},
	} {
		if err := w.to(test.at, test.id); err != nil {
			t.Fatal(err)
		}
		back := w.until(here, test.id, available)
		query := "select text from marker order by id"
		if test.want == nil {
			query = "select name from sqlite_schema where name = 'marker'"
		}
		if got := w.sql(back.DbiResourceId, query); !slices.Equal(got, test.want) {
			t.Errorf("%s: what came back is %q", test.id, got)
		}
	}
	refused(t, w.to(&before, "first"), "DBInstanceAlreadyExists", "DB instance already exists")
	refused(t, w.to(&before, "x", func(in *rds.RestoreDBInstanceToPointInTimeInput) { in.UseLatestRestorableTime = aws.Bool(true) }), "InvalidParameterCombination", "RestoreTime")
	refused(t, w.to(&before, "x", func(in *rds.RestoreDBInstanceToPointInTimeInput) { in.RestoreTime = nil }), "InvalidParameterCombination", "RestoreTime")
	refused(t, w.to(&before, "x", func(in *rds.RestoreDBInstanceToPointInTimeInput) { in.SourceDBInstanceIdentifier = aws.String("none") }), "DBInstanceNotFound", "DBInstance none not found.")
	refused(t, w.to(&before, "x", func(in *rds.RestoreDBInstanceToPointInTimeInput) { in.DBSubnetGroupName = aws.String("none") }), "DBSubnetGroupNotFoundFault", "none")
}

func TestNoRetentionNoPointInTime(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) { in.BackupRetentionPeriod = aws.Int32(0) })
	if got := w.automatedBackups(home); i.LatestRestorableTime != nil || len(got) > 0 {
		t.Errorf("it has automated backups: %+v", got)
	}
	refused(t, w.to(nil, "x"), "PointInTimeRestoreNotEnabled", "BackupRetentionPeriod equal to 0")
	w.sql(i.DbiResourceId, newTable)
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), BackupRetentionPeriod: aws.Int32(2), ApplyImmediately: aws.Bool(true)}))
	if got := w.states(here, "db", available); !slices.Equal(got, []string{modifying, backingUp, available}) {
		t.Errorf("the states of the first backup are %q", got)
	}
	if err := w.to(nil, "x"); err != nil {
		t.Error(err)
	}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), BackupRetentionPeriod: aws.Int32(0), ApplyImmediately: aws.Bool(true)}))
	w.until(here, "db", available)
	if got := try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String(automated), DBInstanceIdentifier: aws.String("db")})); len(got.DBSnapshots) > 0 {
		t.Errorf("no retention leaves %d automated snapshots", len(got.DBSnapshots))
	}
	refused(t, w.to(nil, "y"), "PointInTimeRestoreNotEnabled", "BackupRetentionPeriod equal to 0")
}

func TestDailyBackupsAndTheirRetention(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.BackupRetentionPeriod, in.PreferredBackupWindow, in.PreferredMaintenanceWindow = aws.Int32(3), aws.String("04:00-04:30"), aws.String("sun:08:00-sun:08:30")
	})
	w.sql(i.DbiResourceId, newTable)
	for range 10 {
		w.sql(i.DbiResourceId, "insert into marker (text) values ('x')")
		w.Pass(day)
	}
	out := try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String(automated)})).DBSnapshots
	if len(out) < 3 || len(out) > 4 {
		t.Errorf("after ten days there are %d automated snapshots", len(out))
	}
	for _, snap := range out {
		if id := *snap.DBSnapshotIdentifier; id != "rds:db-"+snap.SnapshotCreateTime.Format("2006-01-02-15-04") || snap.SnapshotCreateTime.Hour() != 4 {
			t.Errorf("%s is of %s", id, snap.SnapshotCreateTime)
		}
	}
	b := w.automatedBackups(home)[0]
	if *b.Status != active || !b.RestoreWindow.EarliestTime.Equal(*out[0].SnapshotCreateTime) || !b.RestoreWindow.LatestTime.Equal(*w.show(here, "db").LatestRestorableTime) {
		t.Errorf("the automated backup is %+v %+v", b, b.RestoreWindow)
	}
	h := must(t, func() (historyView, error) { return w.viewHistory(*i.DbiResourceId) })
	if h.first.Before(b.RestoreWindow.EarliestTime.Add(-time.Second)) {
		t.Errorf("the history goes back to %s", h.first)
	}
	refused(t, w.to(aws.Time(b.RestoreWindow.EarliestTime.Add(-time.Minute)), "x"), "InvalidParameterValue", "restorable window")
	if err := w.to(b.RestoreWindow.EarliestTime, "x"); err != nil {
		t.Error(err)
	}
	if got := w.sql(w.until(here, "x", available).DbiResourceId, "select count(*) from marker"); !slices.Equal(got, []string{"7"}) && !slices.Equal(got, []string{"8"}) {
		t.Errorf("at the beginning of the window there are %q rows", got)
	}
}

func TestBackupsOutliveTheInstance(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) { in.BackupRetentionPeriod = aws.Int32(2) })
	w.sql(i.DbiResourceId, newTable, "insert into marker values (1, 'kept')")
	w.Pass(time.Hour)
	written := w.Clock.Now()
	_, err := w.DeleteDBInstanceAutomatedBackup(here, &rds.DeleteDBInstanceAutomatedBackupInput{DbiResourceId: i.DbiResourceId})
	refused(t, err, "InvalidDBInstanceAutomatedBackupState", "")
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true), DeleteAutomatedBackups: aws.Bool(false)}))
	w.gone(here, "db")
	b := w.automatedBackups(home)
	if len(b) != 1 || *b[0].Status != retained || *b[0].DbiResourceId != *i.DbiResourceId {
		t.Fatalf("what is kept is %+v", b)
	}
	from := func(in *rds.RestoreDBInstanceToPointInTimeInput) {
		in.SourceDBInstanceIdentifier, in.SourceDBInstanceAutomatedBackupsArn = nil, b[0].DBInstanceAutomatedBackupsArn
	}
	if err := w.to(&written, "db", from); err != nil {
		t.Fatal(err)
	}
	if got := w.sql(w.until(here, "db", available).DbiResourceId, "select text from marker"); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("what came back is %q", got)
	}
	w.Pass(3 * day)
	if got := w.automatedBackups(home); len(got) != 1 || *got[0].Status != active {
		t.Errorf("after its days what is kept is %+v", got)
	}
	refused(t, w.to(&written, "x", from), "DBInstanceAutomatedBackupNotFound", *b[0].DBInstanceAutomatedBackupsArn)
}

func TestBackupsInAnotherRegion(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db")
	there := as(mine, away)
	w.sql(i.DbiResourceId, newTable, "insert into marker values (1, 'far')")
	out := try.Must(w.StartDBInstanceAutomatedBackupsReplication(there, &rds.StartDBInstanceAutomatedBackupsReplicationInput{SourceDBInstanceArn: i.DBInstanceArn, BackupRetentionPeriod: aws.Int32(4)}))
	arn := out.DBInstanceAutomatedBackup.DBInstanceAutomatedBackupsArn
	w.Pass(20 * time.Minute)
	if b := w.automatedBackups(away); len(b) != 1 || *b[0].Status != active || *b[0].Region != home || *b[0].BackupRetentionPeriod != 4 {
		t.Fatalf("what is there is %+v", b)
	}
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, "db")
	if b := w.automatedBackups(away); len(b) != 1 || *b[0].Status != retained || len(w.automatedBackups(home)) != 0 {
		t.Fatalf("after the instance is gone what is there is %+v", b)
	}
	try.Must(w.RestoreDBInstanceToPointInTime(there, &rds.RestoreDBInstanceToPointInTimeInput{SourceDBInstanceAutomatedBackupsArn: arn, TargetDBInstanceIdentifier: aws.String("db"), UseLatestRestorableTime: aws.Bool(true)}))
	if got := w.sql(w.until(there, "db", available).DbiResourceId, "select text from marker"); !slices.Equal(got, []string{"far"}) {
		t.Errorf("what came back is %q", got)
	}
	w.Pass(5 * day)
	if b := w.automatedBackups(away); len(b) != 1 || *b[0].Status != active {
		t.Errorf("after its days what is there is %+v", b)
	}
}
