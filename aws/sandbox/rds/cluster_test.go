package rds

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

func clusterRequest(id string) *rds.CreateDBClusterInput {
	return &rds.CreateDBClusterInput{
		DBClusterIdentifier: &id, Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("lifeboat"), MasterUserPassword: aws.String("correct-horse"),
		DatabaseName: aws.String("shop"),
	}
}

// makeCluster makes a cluster that is available.
func (w *ground) makeCluster(id string, change ...func(*rds.CreateDBClusterInput)) types.DBCluster {
	w.T.Helper()
	in := clusterRequest(id)
	for _, c := range change {
		c(in)
	}
	try.Must(w.CreateDBCluster(here, in))
	return w.clusterIs(id, available)
}

func (w *ground) showCluster(id string) (types.DBCluster, error) {
	out, err := w.DescribeDBClusters(here, &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	if err != nil {
		return types.DBCluster{}, err
	}
	return out.DBClusters[0], nil
}

// clusterIs lets time pass until a cluster is in a state, or gone where the state is empty.
func (w *ground) clusterIs(id, state string) types.DBCluster {
	w.T.Helper()
	for range 180 {
		c, err := w.showCluster(id)
		code, _ := try.Refusal(err)
		if err == nil && *c.Status == state || state == "" && code == "DBClusterNotFoundFault" {
			return c
		}
		w.Pass(10 * time.Second)
	}
	w.T.Fatal("cluster " + id + " is never " + state)
	panic("")
}

// join makes an instance in a cluster.
func (w *ground) join(cluster, id string, tier int32) types.DBInstance {
	w.T.Helper()
	try.Must(w.CreateDBInstance(here, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: &id, DBClusterIdentifier: &cluster, Engine: aws.String("aurora-postgresql"), DBInstanceClass: aws.String("db.t4g.medium"), PromotionTier: &tier,
	}))
	return w.until(here, id, available)
}

func (w *ground) leaves(id string) {
	w.T.Helper()
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)}))
	w.gone(here, id)
}

func (w *ground) clusterSnap(cluster, id string) types.DBClusterSnapshot {
	w.T.Helper()
	try.Must(w.CreateDBClusterSnapshot(here, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: &cluster, DBClusterSnapshotIdentifier: &id}))
	w.Pass(clusterSnapshotTakes)
	return try.Must(w.DescribeDBClusterSnapshots(here, &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: &id})).DBClusterSnapshots[0]
}

// writers are the members that write, of which there is one or none.
func writers(c types.DBCluster) (ids []string) {
	for _, m := range c.DBClusterMembers {
		if *m.IsClusterWriter {
			ids = append(ids, *m.DBInstanceIdentifier)
		}
	}
	return ids
}

func TestClusterLife(t *testing.T) {
	w := newGround(t, "", Options{})
	c := w.makeCluster("lab", func(in *rds.CreateDBClusterInput) {
		in.Tags = []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}}
		in.CopyTagsToSnapshot = aws.Bool(true)
	})
	if *c.Engine != "aurora-postgresql" || len(c.AvailabilityZones) != 3 || *c.Endpoint != host || *c.Port < firstPort || *c.BackupRetentionPeriod != 1 || len(c.DBClusterMembers) != 0 || len(c.TagList) != 1 {
		t.Errorf("the cluster is %+v", c)
	}
	doors := func() (n int) {
		w.Store.View(func(tx *store.Tx) error { n = len(w.clusterDoors(tx)); return nil })
		return n
	}
	if doors() != 0 {
		t.Error("a cluster without instances has an address")
	}
	first := w.join("lab", "first", 1)
	if *first.DBClusterIdentifier != "lab" || *first.MasterUsername != "lifeboat" || *first.EngineVersion != *c.EngineVersion || *first.StorageType != "aurora" || *first.DBName != "shop" {
		t.Errorf("the instance is %+v", first)
	}
	w.join("lab", "second", 0)
	c, _ = w.showCluster("lab")
	if got := writers(c); !slices.Equal(got, []string{"first"}) || len(c.DBClusterMembers) != 2 || doors() != 1 {
		t.Errorf("the members are %+v, with %d addresses", c.DBClusterMembers, doors())
	}
	w.sql(c.DbClusterResourceId, newTable, "insert into marker values (1, 'before')")
	w.clusterSnap("lab", "then")
	w.sql(c.DbClusterResourceId, "insert into marker values (2, 'after')")

	_, err := w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("first"), DBSnapshotIdentifier: aws.String("x")})
	refused(t, err, "InvalidParameterValue", "")
	_, err = w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("lab"), SkipFinalSnapshot: aws.Bool(true)})
	refused(t, err, "InvalidDBClusterStateFault", "Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	w.leaves("first")
	c, _ = w.showCluster("lab")
	if got := writers(c); !slices.Equal(got, []string{"second"}) {
		t.Errorf("after the writer is gone it is %v", got)
	}
	w.leaves("second")
	_, err = w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("lab")})
	refused(t, err, "InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	try.Must(w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("lab"), FinalDBSnapshotIdentifier: aws.String("last")}))
	w.clusterIs("lab", "")

	var left []string
	for _, snap := range try.Must(w.DescribeDBClusterSnapshots(here, &rds.DescribeDBClusterSnapshotsInput{})).DBClusterSnapshots {
		left = append(left, *snap.DBClusterSnapshotIdentifier)
		if len(snap.TagList) != 1 || *snap.Status != available {
			t.Errorf("a snapshot is %+v", snap)
		}
	}
	if !slices.Equal(left, []string{"last", "then"}) { // the automated ones went
		t.Errorf("left are %v", left)
	}
	for name, want := range map[string][]string{"then": {"1"}, "last": {"1", "2"}} {
		try.Must(w.RestoreDBClusterFromSnapshot(here, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("back-" + name), SnapshotIdentifier: &name, Engine: aws.String("aurora-postgresql")}))
		back := w.clusterIs("back-"+name, available)
		if got := w.sql(back.DbClusterResourceId, "select id from marker order by id"); !slices.Equal(got, want) {
			t.Errorf("from %s came back %v", name, got)
		}
		if *back.DBClusterParameterGroup != "default.aurora-postgresql16" || *back.CopyTagsToSnapshot || len(back.TagList) != 0 {
			t.Errorf("the restored one is %+v", back)
		}
	}
	w.join("back-then", "reader", 1)
}

func TestClusterPointInTime(t *testing.T) {
	w := newGround(t, "", Options{})
	c := w.makeCluster("lab")
	w.sql(c.DbClusterResourceId, newTable, "insert into marker values (1, 'before')")
	w.Pass(10 * time.Second)
	moment := w.Clock.Now()
	w.Pass(10 * time.Second)
	w.sql(c.DbClusterResourceId, "drop table marker")
	restore := func(id string, in rds.RestoreDBClusterToPointInTimeInput) error {
		in.DBClusterIdentifier = &id
		if in.SourceDBClusterIdentifier == nil && in.SourceDbClusterResourceId == nil {
			in.SourceDBClusterIdentifier = aws.String("lab")
		}
		_, err := w.RestoreDBClusterToPointInTime(here, &in)
		return err
	}
	refused(t, restore("back", rds.RestoreDBClusterToPointInTimeInput{RestoreToTime: &moment}), "InvalidParameterValue", "not within the restorable window") // logs are kept every five minutes
	w.Pass(10 * time.Minute)
	refused(t, restore("back", rds.RestoreDBClusterToPointInTimeInput{RestoreToTime: aws.Time(moment.Add(-time.Hour))}), "InvalidParameterValue", "not within the restorable window")
	refused(t, restore("back", rds.RestoreDBClusterToPointInTimeInput{}), "InvalidParameterCombination", "")
	refused(t, restore("back", rds.RestoreDBClusterToPointInTimeInput{RestoreToTime: &moment, UseLatestRestorableTime: aws.Bool(true)}), "InvalidParameterCombination", "")
	refused(t, restore("lab", rds.RestoreDBClusterToPointInTimeInput{RestoreToTime: &moment}), "DBClusterAlreadyExistsFault", "")
	refused(t, restore("back", rds.RestoreDBClusterToPointInTimeInput{SourceDBClusterIdentifier: aws.String("no"), RestoreToTime: &moment}), "DBClusterNotFoundFault", "DBCluster no not found.")
	refused(t, restore("back", rds.RestoreDBClusterToPointInTimeInput{RestoreToTime: &moment, RestoreType: aws.String(fullCopy)}), "", "")
	back := w.clusterIs("back", available)
	if got := w.sql(back.DbClusterResourceId, "select id from marker"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("at that moment there was %v", got)
	}
	refused(t, restore("clone", rds.RestoreDBClusterToPointInTimeInput{UseLatestRestorableTime: aws.Bool(true), RestoreType: aws.String(copyOnWrite)}), "", "")
	clone := w.clusterIs("clone", available)
	if got := w.sql(clone.DbClusterResourceId, "select count(*) from sqlite_schema where name = 'marker'"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("the newest moment has %v", got)
	}
	if *clone.CloneGroupId != *c.CloneGroupId || *back.CloneGroupId == *c.CloneGroupId {
		t.Error("a clone is of its source's group, a copy of its own")
	}

	// Retained backups outlive the cluster, and end.
	try.Must(w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("lab"), SkipFinalSnapshot: aws.Bool(true), DeleteAutomatedBackups: aws.Bool(false)}))
	w.clusterIs("lab", "")
	kept := try.Must(w.DescribeDBClusterAutomatedBackups(here, &rds.DescribeDBClusterAutomatedBackupsInput{DbClusterResourceId: c.DbClusterResourceId})).DBClusterAutomatedBackups
	if len(kept) != 1 || *kept[0].Status != retained || kept[0].RestoreWindow.EarliestTime.After(moment) {
		t.Fatalf("kept are %+v", kept)
	}
	refused(t, restore("again", rds.RestoreDBClusterToPointInTimeInput{SourceDbClusterResourceId: c.DbClusterResourceId, RestoreToTime: &moment}), "", "")
	again := w.clusterIs("again", available)
	if got := w.sql(again.DbClusterResourceId, "select id from marker"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("from what was kept came back %v", got)
	}
	w.Pass(2 * day)
	_, err := w.DescribeDBClusterAutomatedBackups(here, &rds.DescribeDBClusterAutomatedBackupsInput{DbClusterResourceId: c.DbClusterResourceId})
	refused(t, err, "DBClusterAutomatedBackupNotFoundFault", "")
}

// The restore window moves on with the days, and so do the automated snapshots.
func TestClusterBackups(t *testing.T) {
	w := newGround(t, "", Options{})
	c := w.makeCluster("lab", func(in *rds.CreateDBClusterInput) { in.BackupRetentionPeriod = aws.Int32(2) })
	w.sql(c.DbClusterResourceId, newTable)
	for range 5 {
		w.sql(c.DbClusterResourceId, "insert into marker (text) values ('a day')")
		w.Pass(day)
	}
	c, _ = w.showCluster("lab")
	if got := w.Clock.Now().Sub(*c.EarliestRestorableTime); got != 2*day {
		t.Errorf("it can go back %s", got)
	}
	if got := w.Clock.Now().Sub(*c.LatestRestorableTime); got < 0 || got > logs {
		t.Errorf("the newest moment was %s ago", got)
	}
	all := try.Must(w.DescribeDBClusterSnapshots(here, &rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String(automated)})).DBClusterSnapshots
	if len(all) < 2 || len(all) > 3 {
		t.Errorf("%d automated snapshots", len(all))
	}
	_, err := w.DeleteDBClusterSnapshot(here, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: all[0].DBClusterSnapshotIdentifier})
	refused(t, err, "InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be deleted.")
	history := must(t, func() (historyView, error) { return w.viewHistory(*c.DbClusterResourceId) })
	if history.first.After(*c.EarliestRestorableTime) {
		t.Errorf("the history begins at %s", history.first)
	}
	try.Must(w.RestoreDBClusterToPointInTime(here, &rds.RestoreDBClusterToPointInTimeInput{DBClusterIdentifier: aws.String("early"), SourceDBClusterIdentifier: aws.String("lab"), RestoreToTime: c.EarliestRestorableTime}))
	early := w.clusterIs("early", available)
	if got := w.sql(early.DbClusterResourceId, "select count(*) from marker"); !slices.Equal(got, []string{"4"}) {
		t.Errorf("at the earliest moment there were %v rows", got)
	}
}

func TestModifyCluster(t *testing.T) {
	w := newGround(t, "", Options{})
	c := w.makeCluster("lab")
	w.join("lab", "one", 1)
	modify := func(in rds.ModifyDBClusterInput) error {
		if in.DBClusterIdentifier == nil {
			in.DBClusterIdentifier = aws.String("lab")
		}
		_, err := w.ModifyDBCluster(here, &in)
		return err
	}
	refused(t, modify(rds.ModifyDBClusterInput{BackupRetentionPeriod: aws.Int32(0)}), "InvalidParameterValue", "Must be between 1 and 35")
	refused(t, modify(rds.ModifyDBClusterInput{BackupRetentionPeriod: aws.Int32(7), DeletionProtection: aws.Bool(true)}), "", "")
	if now, _ := w.showCluster("lab"); *now.BackupRetentionPeriod != 7 || *now.Status != available {
		t.Errorf("at once it is %+v", now)
	}
	_, err := w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("lab"), SkipFinalSnapshot: aws.Bool(true)})
	refused(t, err, "InvalidParameterCombination", "Cannot delete protected Cluster")
	refused(t, modify(rds.ModifyDBClusterInput{EngineVersion: aws.String("17.5"), ApplyImmediately: aws.Bool(true)}), "InvalidParameterCombination", "AllowMajorVersionUpgrade")
	refused(t, modify(rds.ModifyDBClusterInput{MasterUserPassword: aws.String("battery-staple")}), "", "")
	if now, _ := w.showCluster("lab"); now.PendingModifiedValues == nil || *now.PendingModifiedValues.MasterUserPassword != "****" {
		t.Error("a password that waits is not told of")
	}
	refused(t, modify(rds.ModifyDBClusterInput{NewDBClusterIdentifier: aws.String("Other"), ApplyImmediately: aws.Bool(true)}), "", "")
	if now, _ := w.showCluster("lab"); *now.Status != renaming {
		t.Errorf("it is %s", *now.Status)
	}
	refused(t, modify(rds.ModifyDBClusterInput{BackupRetentionPeriod: aws.Int32(1)}), "InvalidDBClusterStateFault", "renaming")
	after := w.clusterIs("other", available)
	if *after.DbClusterResourceId != *c.DbClusterResourceId || *after.Port == *c.Port {
		t.Errorf("the renamed one is %+v", after)
	}
	if i := must(t, func() (Instance, error) { return w.one("one") }); i.Password != "battery-staple" || i.Cluster != "other" || i.Retention != 7 {
		t.Errorf("its instance is of %s", i.Cluster)
	}
	_, err = w.showCluster("lab")
	refused(t, err, "DBClusterNotFoundFault", "DBCluster lab not found.")
}

func TestClusterSecret(t *testing.T) {
	w := newGround(t, "", Options{})
	c := w.makeCluster("lab", func(in *rds.CreateDBClusterInput) {
		in.MasterUserPassword, in.ManageMasterUserPassword = nil, aws.Bool(true)
	})
	value := func() (text string) {
		w.Store.View(func(tx *store.Tx) error { text, _ = w.secrets.Value(tx, *c.MasterUserSecret.SecretArn); return nil })
		return text
	}
	before := value()
	w.join("lab", "one", 1)
	try.Must(w.ModifyDBCluster(here, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("lab"), RotateMasterUserPassword: aws.Bool(true), ApplyImmediately: aws.Bool(true)}))
	w.clusterIs("lab", available)
	if i := must(t, func() (Instance, error) { return w.one("one") }); before == "" || before == value() || i.secretValue() != value() {
		t.Errorf("the secret was %q, is %q, and the instance has %q", before, value(), i.secretValue())
	}
	w.leaves("one")
	try.Must(w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("lab"), SkipFinalSnapshot: aws.Bool(true)}))
	w.clusterIs("lab", "")
	if value() != "" {
		t.Error("the secret outlives the cluster")
	}
}

func TestClusterRefusals(t *testing.T) {
	w := newGround(t, "", Options{})
	create := func(change func(*rds.CreateDBClusterInput)) error {
		in := clusterRequest("lab")
		change(in)
		_, err := w.CreateDBCluster(here, in)
		return err
	}
	for _, test := range []struct {
		change      func(*rds.CreateDBClusterInput)
		code, words string
	}{
		{func(in *rds.CreateDBClusterInput) { in.Engine = aws.String("aurora-mysql") }, "InvalidParameterValue", "Invalid DB engine"},
		{func(in *rds.CreateDBClusterInput) { in.Engine = aws.String("postgres") }, "InvalidParameterValue", "Invalid DB engine: postgres"},
		{func(in *rds.CreateDBClusterInput) { in.EngineMode = aws.String("serverless") }, "InvalidParameterValue", "The engine mode serverless you requested is currently unavailable."},
		{func(in *rds.CreateDBClusterInput) { in.GlobalClusterIdentifier = aws.String("g") }, "InvalidParameterCombination", "GlobalClusterIdentifier"},
		{func(in *rds.CreateDBClusterInput) { in.EngineVersion = aws.String("9.6") }, "InvalidParameterCombination", "Cannot find version 9.6 for aurora-postgresql"},
		{func(in *rds.CreateDBClusterInput) { in.MasterUserPassword = aws.String("short") }, "InvalidParameterValue", "shorter than 8"},
		{func(in *rds.CreateDBClusterInput) { in.MasterUserPassword = nil }, "InvalidParameterCombination", "MasterUserPassword"},
		{func(in *rds.CreateDBClusterInput) { in.DBSubnetGroupName = aws.String("no") }, "DBSubnetGroupNotFoundFault", "no"},
		{func(in *rds.CreateDBClusterInput) { in.VpcSecurityGroupIds = []string{"sg-0"} }, "InvalidParameterValue", "Invalid security group"},
		{func(in *rds.CreateDBClusterInput) { in.DBClusterParameterGroupName = aws.String("own") }, "DBClusterParameterGroupNotFound", "own"},
		{func(in *rds.CreateDBClusterInput) { in.KmsKeyId = aws.String("alias/none") }, "InvalidParameterCombination", "StorageEncrypted"},
		{func(in *rds.CreateDBClusterInput) {
			in.StorageEncrypted, in.KmsKeyId = aws.Bool(true), aws.String("alias/none")
		}, "KMSKeyNotAccessibleFault", "alias/none"},
		{func(in *rds.CreateDBClusterInput) { in.AvailabilityZones = []string{"us-east-2z"} }, "InvalidVPCNetworkStateFault", "us-east-2z"},
	} {
		refused(t, create(test.change), test.code, test.words)
	}
	w.makeCluster("lab")
	refused(t, create(func(*rds.CreateDBClusterInput) {}), "DBClusterAlreadyExistsFault", "DB Cluster already exists")
	_, err := w.CreateDBInstance(here, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("i"), DBClusterIdentifier: aws.String("no"), Engine: aws.String("aurora-postgresql"), DBInstanceClass: aws.String("db.t4g.medium")})
	refused(t, err, "DBClusterNotFoundFault", "no")
	_, err = w.CreateDBClusterSnapshot(here, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: aws.String("no"), DBClusterSnapshotIdentifier: aws.String("s")})
	refused(t, err, "DBClusterNotFoundFault", "DBCluster no not found.")
	try.Must(w.CreateDBClusterSnapshot(here, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: aws.String("lab"), DBClusterSnapshotIdentifier: aws.String("s")}))
	_, err = w.CreateDBClusterSnapshot(here, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: aws.String("lab"), DBClusterSnapshotIdentifier: aws.String("S")})
	refused(t, err, "DBClusterSnapshotAlreadyExistsFault", "Cannot create the snapshot because a snapshot with the identifier s already exists.")
	_, err = w.RestoreDBClusterFromSnapshot(here, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("early"), SnapshotIdentifier: aws.String("s"), Engine: aws.String("aurora-postgresql")})
	refused(t, err, "InvalidDBClusterSnapshotStateFault", "creating")
	w.Pass(clusterSnapshotTakes)
	_, err = w.RestoreDBClusterFromSnapshot(here, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("lab"), SnapshotIdentifier: aws.String("s"), Engine: aws.String("aurora-postgresql")})
	refused(t, err, "DBClusterAlreadyExistsFault", "")
	_, err = w.RestoreDBClusterFromSnapshot(here, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("x"), SnapshotIdentifier: aws.String("none"), Engine: aws.String("aurora-postgresql")})
	refused(t, err, "DBClusterSnapshotNotFoundFault", "DBClusterSnapshot none not found.")
}

// A snapshot goes to another account and another Region under a key that is theirs, and no other way.
func TestShareAndCopyClusterSnapshots(t *testing.T) {
	w := newGround(t, "", Options{})
	key := w.key(mine, home)
	c := w.makeCluster("lab", func(in *rds.CreateDBClusterInput) { in.StorageEncrypted = aws.Bool(true) })
	w.sql(c.DbClusterResourceId, newTable, "insert into marker values (1, 'x')")
	w.clusterSnap("lab", "default-key")
	share := func(id string, accounts ...string) error {
		_, err := w.ModifyDBClusterSnapshotAttribute(here, &rds.ModifyDBClusterSnapshotAttributeInput{DBClusterSnapshotIdentifier: &id, AttributeName: aws.String("restore"), ValuesToAdd: accounts})
		return err
	}
	refused(t, share("default-key", theirs), "InvalidDBClusterSnapshotStateFault", "default AWS KMS key")
	copied := func(region, source, target string, key *string) error {
		_, err := w.CopyDBClusterSnapshot(as(mine, region), &rds.CopyDBClusterSnapshotInput{SourceDBClusterSnapshotIdentifier: &source, TargetDBClusterSnapshotIdentifier: &target, KmsKeyId: key})
		return err
	}
	refused(t, copied(home, "default-key", "own-key", &key), "", "")
	w.Pass(copyTakes)
	refused(t, share("own-key", everybody), "InvalidParameterCombination", "all AWS accounts")
	refused(t, share("own-key", "12"), "InvalidParameterValue", "12")
	refused(t, share("own-key", theirs), "", "")
	arn := "arn:aws:rds:us-east-2:111111111111:cluster-snapshot:own-key"
	theirsHere := as(theirs, home)
	shared := try.Must(w.DescribeDBClusterSnapshots(theirsHere, &rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String("shared")})).DBClusterSnapshots
	if len(shared) != 1 || *shared[0].DBClusterSnapshotIdentifier != arn {
		t.Errorf("shared are %+v", shared)
	}
	_, err := w.RestoreDBClusterFromSnapshot(theirsHere, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("x"), SnapshotIdentifier: &arn, Engine: aws.String("aurora-postgresql")})
	refused(t, err, "InvalidDBClusterSnapshotStateFault", "copy")
	attributes := try.Must(w.DescribeDBClusterSnapshotAttributes(here, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: aws.String("own-key")})).DBClusterSnapshotAttributesResult
	if got := attributes.DBClusterSnapshotAttributes[0].AttributeValues; !slices.Equal(got, []string{theirs}) {
		t.Errorf("it is shared with %v", got)
	}
	refused(t, copied(away, arn, "away", nil), "InvalidParameterCombination", "us-west-2")
	far := w.key(mine, away)
	refused(t, copied(away, arn, "away", &far), "", "")
	w.Pass(copyTakes)
	moved := try.Must(w.DescribeDBClusterSnapshots(as(mine, away), &rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: aws.String("away")})).DBClusterSnapshots[0]
	if *moved.Status != available || *moved.KmsKeyId != far || *moved.SourceDBClusterSnapshotArn != arn {
		t.Errorf("the copy is %+v", moved)
	}
	back := try.Must(w.RestoreDBClusterFromSnapshot(as(mine, away), &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("back"), SnapshotIdentifier: aws.String("away"), Engine: aws.String("aurora-postgresql")})).DBCluster
	w.Pass(clusterTakes[creating])
	if got := w.sql(back.DbClusterResourceId, "select id from marker"); !slices.Equal(got, []string{"1"}) || *back.KmsKeyId != far {
		t.Errorf("in the other Region came back %v", got)
	}
}

// A kill after every step of a cluster's life loses nothing that was answered, and what was on its way ends.
func TestClusterKilledAnywhere(t *testing.T) {
	dir := t.TempDir()
	w := kept(t, dir)
	var resource *string
	var before time.Time
	insert := func(text string) func() {
		return func() { w.sql(resource, "insert into marker (text) values ('"+text+"')") }
	}
	for _, step := range []struct {
		name string
		do   func()
		want string // clusters with what is in them, and their writers, once everything has ended
	}{
		{"create", func() { try.Must(w.CreateDBCluster(here, clusterRequest("lab"))) }, "lab:-"},
		{"table", func() {
			resource = w.clusterIs("lab", available).DbClusterResourceId
			w.sql(resource, newTable)
			insert("a")()
		}, "lab:a"},
		{"member", func() { w.join("lab", "one", 1) }, "lab:a@one"},
		{"snapshot", func() {
			try.Must(w.CreateDBClusterSnapshot(here, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: aws.String("lab"), DBClusterSnapshotIdentifier: aws.String("s")}))
		}, "lab:a@one"},
		{"more", func() {
			w.Pass(10 * time.Minute)
			before = w.Clock.Now()
			w.Pass(time.Second)
			insert("b")()
			w.Pass(logs)
		}, "lab:ab@one"},
		{"restore", func() {
			try.Must(w.RestoreDBClusterFromSnapshot(here, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("back"), SnapshotIdentifier: aws.String("s"), Engine: aws.String("aurora-postgresql")}))
		}, "back:a lab:ab@one"},
		{"point in time", func() {
			try.Must(w.RestoreDBClusterToPointInTime(here, &rds.RestoreDBClusterToPointInTimeInput{DBClusterIdentifier: aws.String("then"), SourceDBClusterIdentifier: aws.String("lab"), RestoreToTime: &before}))
		}, "back:a lab:ab@one then:a"},
		{"rename", func() {
			try.Must(w.ModifyDBCluster(here, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("lab"), NewDBClusterIdentifier: aws.String("old"), ApplyImmediately: aws.Bool(true)}))
		}, "back:a old:ab@one then:a"},
		{"leave", func() { w.clusterIs("old", available); w.leaves("one") }, "back:a old:ab then:a"},
		{"delete", func() {
			try.Must(w.DeleteDBCluster(here, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("old"), SkipFinalSnapshot: aws.Bool(true)}))
		}, "back:a then:a"},
	} {
		step.do()
		t.Run(step.name, func(t *testing.T) {
			again := kept(t, image(t, dir))
			again.Pass(20 * time.Minute)
			if got := again.clustersAre(); got != step.want {
				t.Errorf("after a kill there is %q, want %q", got, step.want)
			}
		})
	}
}

// clustersAre are the clusters with the texts in them and the instances that write.
func (w *ground) clustersAre() string {
	w.T.Helper()
	var all []string
	for _, c := range try.Must(w.DescribeDBClusters(here, &rds.DescribeDBClustersInput{})).DBClusters {
		line := *c.DBClusterIdentifier + ":"
		if got := w.sql(c.DbClusterResourceId, "select count(*) from sqlite_schema where name = 'marker'"); got[0] == "0" {
			line += "-"
		} else {
			line += strings.Join(w.sql(c.DbClusterResourceId, "select text from marker order by id"), "")
		}
		for _, id := range writers(c) {
			line += "@" + id
		}
		all = append(all, line)
	}
	return strings.Join(all, " ")
}
