package rds

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/try"
)

const newTable = "create table marker (id integer primary key, text text)"

// restored restores a snapshot and waits for the instance.
func (w *ground) restored(snapshot, id string, change ...func(*rds.RestoreDBInstanceFromDBSnapshotInput)) types.DBInstance {
	w.T.Helper()
	in := &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: &snapshot, DBInstanceIdentifier: &id}
	for _, c := range change {
		c(in)
	}
	try.Must(w.RestoreDBInstanceFromDBSnapshot(here, in))
	return w.until(here, id, available)
}

func TestSnapshotHoldsWhatWasThereThen(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db")
	w.sql(i.DbiResourceId, newTable, "insert into marker values (1, 'before'), (2, 'before')")
	taken := try.Must(w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("Then")})).DBSnapshot
	w.sql(i.DbiResourceId, "insert into marker values (3, 'after')", "delete from marker where id = 1")
	if *taken.Status != creating || *taken.PercentProgress != 0 || *w.show(here, "db").DBInstanceStatus != backingUp {
		t.Errorf("at first it is %+v", taken)
	}
	_, err := w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("db"), DBSnapshotIdentifier: aws.String("again")})
	refused(t, err, "InvalidDBInstanceState", "Cannot create a snapshot because the database instance db is not currently in the available state.")
	_, err = w.RestoreDBInstanceFromDBSnapshot(here, &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: aws.String("then"), DBInstanceIdentifier: aws.String("early")})
	refused(t, err, "InvalidDBSnapshotState", "creating")
	w.Pass(time.Minute)
	if got := try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String("then")})).DBSnapshots[0]; *got.PercentProgress != 50 {
		t.Errorf("half way it is at %d%%", *got.PercentProgress)
	}
	snap := w.taken(here, "then")
	if *snap.SnapshotType != manual || *snap.PercentProgress != 100 || *snap.Engine != "postgres" || *snap.AllocatedStorage != 20 || *snap.FullSnapshotSizeInBytes == 0 || *snap.DbiResourceId != *i.DbiResourceId {
		t.Errorf("it is %+v", snap)
	}
	back := w.restored("then", "back")
	if got := w.sql(back.DbiResourceId, "select id from marker order by id"); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("what came back is %q", got)
	}
	if got := w.sql(i.DbiResourceId, "select id from marker order by id"); !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("what is there now is %q", got)
	}
	// What is written to either is none of the other's.
	w.sql(back.DbiResourceId, "delete from marker")
	again := w.restored("then", "again")
	if got := w.sql(again.DbiResourceId, "select id from marker order by id"); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("what came back again is %q", got)
	}
}

func TestRestoreLosesTheSettings(t *testing.T) {
	w := newGround(t, "", Options{})
	try.Must(w.CreateDBParameterGroup(here, &rds.CreateDBParameterGroupInput{DBParameterGroupName: aws.String("own"), DBParameterGroupFamily: aws.String("postgres17"), Description: aws.String("ours")}))
	i := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.DBParameterGroupName, in.MultiAZ, in.DeletionProtection, in.CopyTagsToSnapshot = aws.String("own"), aws.Bool(true), aws.Bool(true), aws.Bool(true)
		in.BackupRetentionPeriod, in.Tags = aws.Int32(3), []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	})
	snap := w.snap("db", "s")
	if len(snap.TagList) != 1 {
		t.Errorf("the snapshot's tags are %v", snap.TagList)
	}
	back := w.restored("s", "back")
	if *back.DBParameterGroups[0].DBParameterGroupName != "default.postgres17" || *back.MultiAZ || *back.DeletionProtection || len(back.TagList) != 0 {
		t.Errorf("the restored one is %+v", back)
	}
	if *back.BackupRetentionPeriod != 3 || *back.MasterUsername != *i.MasterUsername || *back.Endpoint.Port == *i.Endpoint.Port || *back.DBInstanceClass != *i.DBInstanceClass {
		t.Errorf("the restored one is %+v", back)
	}
	given := w.restored("s", "given", func(in *rds.RestoreDBInstanceFromDBSnapshotInput) {
		in.DBParameterGroupName, in.MultiAZ, in.DeletionProtection, in.DBInstanceClass = aws.String("own"), aws.Bool(true), aws.Bool(true), aws.String("db.t4g.small")
	})
	if *given.DBParameterGroups[0].DBParameterGroupName != "own" || !*given.MultiAZ || !*given.DeletionProtection || *given.DBInstanceClass != "db.t4g.small" {
		t.Errorf("what was asked for is %+v", given)
	}
}

func TestWhatASnapshotIsRefusedFor(t *testing.T) {
	w := newGround(t, "", Options{})
	w.make("db")
	w.snap("db", "s")
	auto := *try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String(automated)})).DBSnapshots[0].DBSnapshotIdentifier
	create := func(id, name string) error {
		_, err := w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: &id, DBSnapshotIdentifier: &name})
		return err
	}
	remove := func(name string) error {
		_, err := w.DeleteDBSnapshot(here, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: &name})
		return err
	}
	restore := func(snapshot, id, group string) error {
		in := &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: &snapshot, DBInstanceIdentifier: &id}
		if group != "" {
			in.DBSubnetGroupName = &group
		}
		_, err := w.RestoreDBInstanceFromDBSnapshot(here, in)
		return err
	}
	refused(t, create("none", "x"), "DBInstanceNotFound", "DBInstance none not found.")
	refused(t, create("db", "s"), "DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier s already exists.")
	refused(t, create("db", "ends-"), "InvalidParameterValue", "The parameter DBSnapshotIdentifier is not a valid identifier.")
	refused(t, remove("none"), "DBSnapshotNotFound", "none")
	refused(t, remove(auto), "InvalidDBSnapshotState", "utomated snapshot")
	refused(t, restore("s", "db", ""), "DBInstanceAlreadyExists", "DB instance already exists")
	refused(t, restore("none", "new", ""), "DBSnapshotNotFound", "none")
	refused(t, restore("s", "new", "none"), "DBSubnetGroupNotFoundFault", "none")
	for n := range maxSnapshots - 1 {
		try.Must(w.CopyDBSnapshot(here, &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: aws.String("s"), TargetDBSnapshotIdentifier: aws.String(fmt.Sprintf("c%d", n))}))
	}
	refused(t, create("db", "x"), "SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots")
	try.Must(w.DeleteDBSnapshot(here, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("s")}))
	if err := create("db", "x"); err != nil {
		t.Error(err)
	}
}

func TestSnapshotsAreListed(t *testing.T) {
	w := newGround(t, "", Options{})
	w.make("db")
	w.snap("db", "s")
	names := func(in *rds.DescribeDBSnapshotsInput) string {
		t.Helper()
		var names []string
		for _, snap := range try.Must(w.DescribeDBSnapshots(here, in)).DBSnapshots {
			names = append(names, strings.SplitN(*snap.DBSnapshotIdentifier, "-20", 2)[0])
		}
		return strings.Join(names, " ")
	}
	for want, in := range map[string]*rds.DescribeDBSnapshotsInput{
		"rds:db s": {DBInstanceIdentifier: aws.String("db")},
		"rds:db":   {SnapshotType: aws.String(automated)},
		"s":        {SnapshotType: aws.String(manual), DBInstanceIdentifier: aws.String("DB")},
		"":         {DBInstanceIdentifier: aws.String("other")},
	} {
		if got := names(in); got != want {
			t.Errorf("%+v gives %q", in, got)
		}
	}
	_, err := w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String("new")})
	refused(t, err, "InvalidParameterValue", "new")
	_, err = w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: aws.String("none")})
	refused(t, err, "DBSnapshotNotFound", "DBSnapshot none not found.")
}

func TestCopyIntoAnotherRegion(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) { in.StorageEncrypted = aws.Bool(true) })
	w.sql(i.DbiResourceId, newTable, "insert into marker values (1, 'here')")
	snap := w.snap("db", "s")
	there := as(mine, away)
	copied := func(change func(*rds.CopyDBSnapshotInput)) error {
		in := &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: snap.DBSnapshotArn, TargetDBSnapshotIdentifier: aws.String("c"), SourceRegion: aws.String(home), CopyTags: aws.Bool(true)}
		change(in)
		_, err := w.CopyDBSnapshot(there, in)
		return err
	}
	refused(t, copied(func(in *rds.CopyDBSnapshotInput) {}), "InvalidParameterCombination", "KMS key")
	refused(t, copied(func(in *rds.CopyDBSnapshotInput) { in.KmsKeyId = snap.KmsKeyId }), "KMSKeyNotAccessibleFault", "The specified KMS key")
	refused(t, copied(func(in *rds.CopyDBSnapshotInput) { in.SourceDBSnapshotIdentifier = aws.String("s") }), "DBSnapshotNotFound", "s")
	key := w.key(mine, away)
	if err := copied(func(in *rds.CopyDBSnapshotInput) { in.KmsKeyId = &key }); err != nil {
		t.Fatal(err)
	}
	c := w.taken(there, "c")
	if *c.KmsKeyId != key || *c.SourceRegion != home || *c.SourceDBSnapshotIdentifier != *snap.DBSnapshotArn || *c.SnapshotType != manual || !c.OriginalSnapshotCreateTime.Equal(*snap.SnapshotCreateTime) || c.SnapshotCreateTime.Equal(*snap.SnapshotCreateTime) {
		t.Errorf("the copy is %+v", c)
	}
	// The source goes, and the copy has all.
	try.Must(w.DeleteDBSnapshot(here, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String("s")}))
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, "db")
	if err := w.Store.Sweep(); err != nil {
		t.Fatal(err)
	}
	try.Must(w.RestoreDBInstanceFromDBSnapshot(there, &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: aws.String("c"), DBInstanceIdentifier: aws.String("db")}))
	back := w.until(there, "db", available)
	if got := w.sql(back.DbiResourceId, "select text from marker"); !slices.Equal(got, []string{"here"}) || *back.KmsKeyId != key {
		t.Errorf("what came back is %q", got)
	}
}

func TestShareWithAnotherAccount(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db")
	w.sql(i.DbiResourceId, newTable, "insert into marker values (1, 'ours')")
	plain := w.snap("db", "plain")
	key := w.key(mine, home)
	for name, id := range map[string]string{"default-key": "alias/aws/rds", "own-key": key} {
		try.Must(w.CopyDBSnapshot(here, &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: aws.String("plain"), TargetDBSnapshotIdentifier: &name, KmsKeyId: &id}))
		w.taken(here, name)
	}
	share := func(name string, accounts ...string) error {
		_, err := w.ModifyDBSnapshotAttribute(here, &rds.ModifyDBSnapshotAttributeInput{DBSnapshotIdentifier: &name, AttributeName: aws.String("restore"), ValuesToAdd: accounts})
		return err
	}
	auto := *try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String(automated)})).DBSnapshots[0].DBSnapshotIdentifier
	refused(t, share(auto, theirs), "InvalidDBSnapshotState", "automated")
	refused(t, share("default-key", theirs), "InvalidDBSnapshotState", "default AWS KMS key")
	refused(t, share("own-key", "all"), "InvalidParameterCombination", "encrypted")
	refused(t, share("plain", "me"), "InvalidParameterValue", "me")
	them := as(theirs, home)
	_, err := w.DescribeDBSnapshots(them, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: plain.DBSnapshotArn})
	refused(t, err, "DBSnapshotNotFound", "plain")
	for _, name := range []string{"plain", "own-key"} {
		if err := share(name, theirs); err != nil {
			t.Fatal(err)
		}
	}
	if got := try.Must(w.DescribeDBSnapshotAttributes(here, &rds.DescribeDBSnapshotAttributesInput{DBSnapshotIdentifier: aws.String("plain")})).DBSnapshotAttributesResult; !slices.Equal(got.DBSnapshotAttributes[0].AttributeValues, []string{theirs}) {
		t.Errorf("it is shared with %v", got.DBSnapshotAttributes)
	}
	for want, in := range map[int]*rds.DescribeDBSnapshotsInput{0: {}, 2: {SnapshotType: aws.String("shared")}} {
		if got := len(try.Must(w.DescribeDBSnapshots(them, in)).DBSnapshots); got != want {
			t.Errorf("the other account sees %d, want %d", got, want)
		}
	}
	restore := func(arn, id string) error {
		_, err := w.RestoreDBInstanceFromDBSnapshot(them, &rds.RestoreDBInstanceFromDBSnapshotInput{DBSnapshotIdentifier: &arn, DBInstanceIdentifier: &id})
		return err
	}
	refused(t, restore("plain", "x"), "DBSnapshotNotFound", "plain")
	own := strings.Replace(*plain.DBSnapshotArn, "plain", "own-key", 1)
	refused(t, restore(own, "x"), "InvalidDBSnapshotState", "shared snapshot that is encrypted")
	if err := restore(*plain.DBSnapshotArn, "theirs"); err != nil {
		t.Fatal(err)
	}
	if got := w.sql(w.until(them, "theirs", available).DbiResourceId, "select text from marker"); !slices.Equal(got, []string{"ours"}) {
		t.Errorf("what they have is %q", got)
	}
	_, err = w.CopyDBSnapshot(them, &rds.CopyDBSnapshotInput{SourceDBSnapshotIdentifier: &own, TargetDBSnapshotIdentifier: aws.String("c"), KmsKeyId: aws.String(w.key(theirs, home))})
	refused(t, err, "KMSKeyNotAccessibleFault", "source snapshot KMS key")
	_, err = w.ModifyDBSnapshotAttribute(here, &rds.ModifyDBSnapshotAttributeInput{DBSnapshotIdentifier: aws.String("plain"), AttributeName: aws.String("restore"), ValuesToRemove: []string{theirs}})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, restore(*plain.DBSnapshotArn, "y"), "DBSnapshotNotFound", "plain")
}
