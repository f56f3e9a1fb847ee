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

func TestAnInstanceIsCreatedBackedUpAndAvailable(t *testing.T) {
	w := newGround(t, "", Options{})
	made := try.Must(w.CreateDBInstance(here, request("Orders"))).DBInstance
	if *made.DBInstanceIdentifier != "orders" || *made.DBInstanceStatus != creating || made.Endpoint != nil || made.InstanceCreateTime != nil {
		t.Errorf("at first it is %+v", made)
	}
	if got := w.states(here, "orders", available); !slices.Equal(got, []string{creating, backingUp, available}) {
		t.Errorf("its states are %q", got)
	}
	i := w.show(here, "orders")
	if *i.Endpoint.Address != host || *i.Endpoint.Port < firstPort || *i.BackupRetentionPeriod != 1 || i.LatestRestorableTime == nil || *i.MultiAZ || *i.StorageEncrypted {
		t.Errorf("it is %+v", i)
	}
	if *i.DBParameterGroups[0].ParameterApplyStatus != "in-sync" || *i.OptionGroupMemberships[0].Status != "in-sync" || *i.VpcSecurityGroups[0].Status != "active" || *i.DBSubnetGroup.DBSubnetGroupName != "default" {
		t.Errorf("its groups are %+v %+v %+v %+v", i.DBParameterGroups, i.OptionGroupMemberships, i.VpcSecurityGroups, i.DBSubnetGroup)
	}
}

func TestWhatAnInstanceIsRefusedFor(t *testing.T) {
	w := newGround(t, "", Options{})
	w.make("there")
	for _, test := range []struct {
		name        string
		change      func(*rds.CreateDBInstanceInput)
		code, words string
	}{
		{"taken", func(in *rds.CreateDBInstanceInput) { in.DBInstanceIdentifier = aws.String("There") }, "DBInstanceAlreadyExists", "DB instance already exists"},
		{"name", func(in *rds.CreateDBInstanceInput) { in.DBInstanceIdentifier = aws.String("1st") }, "InvalidParameterValue", "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter"},
		{"hyphens", func(in *rds.CreateDBInstanceInput) { in.DBInstanceIdentifier = aws.String("a--b") }, "InvalidParameterValue", "two consecutive hyphens"},
		{"engine", func(in *rds.CreateDBInstanceInput) { in.Engine = aws.String("mysql") }, "InvalidParameterValue", "Invalid DB engine: mysql"},
		{"version", func(in *rds.CreateDBInstanceInput) { in.EngineVersion = aws.String("9.1") }, "InvalidParameterCombination", "Cannot find version 9.1 for postgres"},
		{"class", func(in *rds.CreateDBInstanceInput) { in.DBInstanceClass = aws.String("big") }, "InvalidParameterValue", "Invalid DB Instance class: big"},
		{"no storage", func(in *rds.CreateDBInstanceInput) { in.AllocatedStorage = nil }, "MissingParameter", "AllocatedStorage"},
		{"storage", func(in *rds.CreateDBInstanceInput) { in.AllocatedStorage = aws.Int32(1) }, "InvalidParameterValue", "Invalid storage size for engine name postgres and storage type gp2: 1"},
		{"all storage", func(in *rds.CreateDBInstanceInput) { in.AllocatedStorage = aws.Int32(65536) }, "", ""},
		{"more storage", func(in *rds.CreateDBInstanceInput) { in.AllocatedStorage = aws.Int32(65536) }, "StorageQuotaExceeded", "storage"},
		{"master", func(in *rds.CreateDBInstanceInput) { in.MasterUsername = aws.String("admin") }, "InvalidParameterValue", "MasterUsername admin cannot be used as it is a reserved word used by the engine"},
		{"short password", func(in *rds.CreateDBInstanceInput) { in.MasterUserPassword = aws.String("short") }, "InvalidParameterValue", "shorter than 8 characters"},
		{"password", func(in *rds.CreateDBInstanceInput) { in.MasterUserPassword = aws.String("a password") }, "InvalidParameterValue", "Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."},
		{"no password", func(in *rds.CreateDBInstanceInput) { in.MasterUserPassword = nil }, "MissingParameter", "MasterUserPassword"},
		{"two passwords", func(in *rds.CreateDBInstanceInput) { in.ManageMasterUserPassword = aws.Bool(true) }, "InvalidParameterCombination", "ManageMasterUserPassword"},
		{"retention", func(in *rds.CreateDBInstanceInput) { in.BackupRetentionPeriod = aws.Int32(36) }, "InvalidParameterValue", "Invalid backup retention period"},
		{"windows", func(in *rds.CreateDBInstanceInput) {
			in.PreferredBackupWindow, in.PreferredMaintenanceWindow = aws.String("03:00-04:00"), aws.String("sun:03:30-sun:04:30")
		}, "InvalidParameterValue", "The backup window and maintenance window must not overlap."},
		{"subnet group", func(in *rds.CreateDBInstanceInput) { in.DBSubnetGroupName = aws.String("none") }, "DBSubnetGroupNotFoundFault", "none"},
		{"security group", func(in *rds.CreateDBInstanceInput) { in.VpcSecurityGroupIds = []string{"sg-12345678"} }, "InvalidParameterValue", "Invalid security group , groupId= sg-12345678, groupName=."},
		{"zone", func(in *rds.CreateDBInstanceInput) { in.AvailabilityZone = aws.String("us-east-1a") }, "InvalidVPCNetworkStateFault", "us-east-1a"},
		{"zones", func(in *rds.CreateDBInstanceInput) {
			in.AvailabilityZone, in.MultiAZ = aws.String("us-east-2a"), aws.Bool(true)
		}, "InvalidParameterCombination", "Requesting a specific availability zone is not valid for Multi-AZ instances."},
		{"key", func(in *rds.CreateDBInstanceInput) {
			in.StorageEncrypted, in.KmsKeyId = aws.Bool(true), aws.String("alias/none")
		}, "KMSKeyNotAccessibleFault", "The specified KMS key [alias/none] does not exist, is not enabled or you do not have permissions to access it."},
		{"parameter group", func(in *rds.CreateDBInstanceInput) { in.DBParameterGroupName = aws.String("none") }, "DBParameterGroupNotFound", "none"},
		{"option group", func(in *rds.CreateDBInstanceInput) { in.OptionGroupName = aws.String("none") }, "OptionGroupNotFoundFault", "none"},
		{"database", func(in *rds.CreateDBInstanceInput) { in.DBName = aws.String("1st") }, "InvalidParameterValue", "DBName must begin with a letter"},
		{"sql server's database", func(in *rds.CreateDBInstanceInput) {
			in.Engine, in.DBInstanceClass, in.DBName = aws.String("sqlserver-ex"), aws.String("db.t3.small"), aws.String("lab")
		}, "InvalidParameterValue", "DBName must be null for engine: sqlserver-ex"},
	} {
		in := request("new")
		if test.code == "" {
			in = request("huge")
		}
		test.change(in)
		_, err := w.CreateDBInstance(here, in)
		t.Run(test.name, func(t *testing.T) { refused(t, err, test.code, test.words) })
	}
	_, err := w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("none")})
	refused(t, err, "DBInstanceNotFound", "DBInstance none not found.")
}

func TestInstancesAreListedByPageAndFilter(t *testing.T) {
	w := newGround(t, "", Options{})
	for _, id := range "abcdefghijklmnopqrstuvw" {
		try.Must(w.CreateDBInstance(here, request(string(id))))
	}
	out := try.Must(w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(20)}))
	rest := try.Must(w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(20), Marker: out.Marker}))
	if len(out.DBInstances) != 20 || len(rest.DBInstances) != 3 || rest.Marker != nil || *rest.DBInstances[0].DBInstanceIdentifier != "u" {
		t.Errorf("pages of %d and %d", len(out.DBInstances), len(rest.DBInstances))
	}
	some := try.Must(w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{Filters: []types.Filter{{Name: aws.String("db-instance-id"), Values: []string{"c", "w"}}}}))
	if len(some.DBInstances) != 2 {
		t.Errorf("%d of two", len(some.DBInstances))
	}
	_, err := w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{Filters: []types.Filter{{Name: aws.String("colour"), Values: []string{"red"}}}})
	refused(t, err, "InvalidParameterValue", "Unrecognized filter name: colour")
	_, err = w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(5)})
	refused(t, err, "InvalidParameterValue", "MaxRecords")
	if other := try.Must(w.DescribeDBInstances(as(theirs, home), &rds.DescribeDBInstancesInput{})); len(other.DBInstances) > 0 {
		t.Error("another account sees them")
	}
}

func TestModifyNowAndInTheWindow(t *testing.T) {
	w := newGround(t, "", Options{})
	w.make("db")
	out := try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: aws.String("db"), DBInstanceClass: aws.String("db.t4g.small"), DeletionProtection: aws.Bool(true), MultiAZ: aws.Bool(true),
	})).DBInstance
	if !*out.DeletionProtection || *out.DBInstanceClass != "db.t4g.micro" || *out.PendingModifiedValues.DBInstanceClass != "db.t4g.small" || *out.DBInstanceStatus != available {
		t.Errorf("it is %+v", out)
	}
	w.Pass(7*day + time.Hour)
	i := w.until(here, "db", available)
	if *i.DBInstanceClass != "db.t4g.small" || !*i.MultiAZ || i.SecondaryAvailabilityZone == nil || i.PendingModifiedValues.DBInstanceClass != nil {
		t.Errorf("after the window it is %+v", i)
	}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), AllocatedStorage: aws.Int32(40), ApplyImmediately: aws.Bool(true)}))
	if got := w.states(here, "db", available); !slices.Equal(got, []string{modifying, optimizing, available}) {
		t.Errorf("the states of more storage are %q", got)
	}
	_, err := w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), AllocatedStorage: aws.Int32(30)})
	refused(t, err, "InvalidParameterCombination", "cannot be reduced")
	_, err = w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), DBSubnetGroupName: aws.String("default")})
	refused(t, err, "InvalidVPCNetworkStateFault", "You cannot move DB instance db to subnet group default. The specified DB subnet group and DB instance are in the same VPC.")
	_, err = w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("db"), SkipFinalSnapshot: aws.Bool(true)})
	refused(t, err, "InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
	unprotected := try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), DeletionProtection: aws.Bool(false), ApplyImmediately: aws.Bool(true)})).DBInstance
	if *unprotected.DeletionProtection || *unprotected.DBInstanceStatus != available {
		t.Errorf("a change that is no work made it %+v", unprotected)
	}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), DBInstanceClass: aws.String("db.t4g.micro")}))
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), DeletionProtection: aws.Bool(false), ApplyImmediately: aws.Bool(true)}))
	if got := w.states(here, "db", available); !slices.Contains(got, modifying) || *w.until(here, "db", available).DBInstanceClass != "db.t4g.micro" {
		t.Errorf("what was pending did not go along: %q", got)
	}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), MasterUserPassword: aws.String("another-horse")}))
	if got := w.states(here, "db", available); !slices.Equal(got, []string{resetting, available}) {
		t.Errorf("the states of a new password are %q", got)
	}
	if password, ok := w.password(w.door("db"), "lifeboat"); password != "another-horse" || !ok {
		t.Errorf("the password is %q", password)
	}
}

func TestRenameMovesTheAddressWithTheName(t *testing.T) {
	w := newGround(t, "", Options{})
	old := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.Tags = []types.Tag{{Key: aws.String("of"), Value: aws.String("db")}}
	})
	next := w.make("db-restored")
	rename := func(from, to string) types.DBInstance {
		t.Helper()
		out := try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &from, NewDBInstanceIdentifier: &to, ApplyImmediately: aws.Bool(true)}))
		if *out.DBInstance.DBInstanceStatus != renaming || *out.DBInstance.PendingModifiedValues.DBInstanceIdentifier != to {
			t.Errorf("while it is renamed it is %+v", out.DBInstance)
		}
		return w.until(here, to, available)
	}
	_, err := w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db-restored"), NewDBInstanceIdentifier: aws.String("db"), ApplyImmediately: aws.Bool(true)})
	refused(t, err, "DBInstanceAlreadyExists", "DB instance already exists")
	away := rename("db", "db-broken")
	cut := rename("db-restored", "db")
	if *cut.Endpoint.Port != *old.Endpoint.Port || *away.Endpoint.Port == *old.Endpoint.Port || *cut.DbiResourceId != *next.DbiResourceId || *away.DbiResourceId != *old.DbiResourceId {
		t.Errorf("db was at %d with %s, is at %d with %s", *old.Endpoint.Port, *old.DbiResourceId, *cut.Endpoint.Port, *cut.DbiResourceId)
	}
	if len(away.TagList) != 1 || len(cut.TagList) != 0 {
		t.Errorf("the tags are %v and %v", away.TagList, cut.TagList)
	}
	if open := w.door("db"); open.resource != *next.DbiResourceId {
		t.Errorf("at db's address %s answers", open.resource)
	}
	if _, err := w.DescribeDBInstances(here, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("db-restored")}); err == nil {
		t.Error("the former name is there still")
	}
}

func TestStopStartRebootDelete(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db")
	db := aws.String("db")
	listens := func() bool { return w.door("db").port != 0 }
	_, err := w.StartDBInstance(here, &rds.StartDBInstanceInput{DBInstanceIdentifier: db})
	refused(t, err, "InvalidDBInstanceState", "Instance db is not in stopped state.")
	try.Must(w.RebootDBInstance(here, &rds.RebootDBInstanceInput{DBInstanceIdentifier: db}))
	if listens() {
		t.Error("it listens while it is rebooted")
	}
	w.until(here, "db", available)
	try.Must(w.StopDBInstance(here, &rds.StopDBInstanceInput{DBInstanceIdentifier: db}))
	w.until(here, "db", stopped)
	if listens() {
		t.Error("it listens while it is stopped")
	}
	_, err = w.StopDBInstance(here, &rds.StopDBInstanceInput{DBInstanceIdentifier: db})
	refused(t, err, "InvalidDBInstanceState", "Instance db is not in available state.")
	_, err = w.CreateDBSnapshot(here, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: db, DBSnapshotIdentifier: aws.String("s")})
	refused(t, err, "InvalidDBInstanceState", "Cannot create a snapshot because the database instance db is not currently in the available state.")
	w.Pass(7*day + 10*time.Minute)
	again := w.until(here, "db", available)
	if !listens() || *again.Endpoint.Port != *i.Endpoint.Port {
		t.Error("after seven days it is not where it was")
	}
	_, err = w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: db})
	refused(t, err, "InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	w.until(here, "db", available)
	try.Must(w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: db, FinalDBSnapshotIdentifier: aws.String("last")}))
	_, err = w.DeleteDBInstance(here, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: db, SkipFinalSnapshot: aws.Bool(true)})
	refused(t, err, "InvalidDBInstanceState", "Instance db is already being deleted.")
	w.gone(here, "db")
	if out := try.Must(w.DescribeDBSnapshots(here, &rds.DescribeDBSnapshotsInput{})); len(out.DBSnapshots) != 1 || *out.DBSnapshots[0].DBSnapshotIdentifier != "last" {
		t.Errorf("what is left is %+v", out.DBSnapshots)
	}
	w.follow()
	w.data.mu.Lock()
	defer w.data.mu.Unlock()
	if n := len(w.data.servers); n != 0 {
		t.Errorf("%d databases are open", n)
	}
}

func TestManagedPassword(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) {
		in.MasterUserPassword, in.ManageMasterUserPassword = nil, aws.Bool(true)
	})
	if i.MasterUserSecret == nil || *i.MasterUserSecret.SecretStatus != "active" {
		t.Fatalf("its secret is %+v", i.MasterUserSecret)
	}
	secret := func() string {
		t.Helper()
		return *try.Must(w.secrets.GetSecretValue(try.As(mine, home, "secretsmanager", ""), secretOf(i))).SecretString
	}
	first := secret()
	kept := try.Must(w.one("db"))
	if first != `{"username":"lifeboat","password":"`+kept.Password+`"}` && kept.secretValue() != first {
		t.Errorf("the secret is %s", first)
	}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), RotateMasterUserPassword: aws.Bool(true), ApplyImmediately: aws.Bool(true)}))
	w.until(here, "db", available)
	if kept := try.Must(w.one("db")); secret() == first || secret() != kept.secretValue() {
		t.Error("the password was not rotated")
	}
	_, err := w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), MasterUserPassword: aws.String("another-horse")})
	refused(t, err, "InvalidParameterCombination", "ManageMasterUserPassword")
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), ManageMasterUserPassword: aws.Bool(false), MasterUserPassword: aws.String("another-horse"), ApplyImmediately: aws.Bool(true)}))
	if i := w.until(here, "db", available); i.MasterUserSecret != nil {
		t.Error("it has a secret still")
	}
	if _, err := w.secrets.GetSecretValue(try.As(mine, home, "secretsmanager", ""), secretOf(i)); err == nil {
		t.Error("the secret is there still")
	}
}

func TestMajorUpgrade(t *testing.T) {
	w := newGround(t, "", Options{})
	i := w.make("db", func(in *rds.CreateDBInstanceInput) { in.EngineVersion = aws.String("16.4") })
	if *i.DBParameterGroups[0].DBParameterGroupName != "default.postgres16" {
		t.Errorf("its group is %s", *i.DBParameterGroups[0].DBParameterGroupName)
	}
	in := &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db"), EngineVersion: aws.String("17.4"), ApplyImmediately: aws.Bool(true)}
	_, err := w.ModifyDBInstance(here, in)
	refused(t, err, "InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
	in.AllowMajorVersionUpgrade = aws.Bool(true)
	try.Must(w.ModifyDBInstance(here, in))
	i = w.until(here, "db", available)
	if *i.EngineVersion != "17.4" || *i.DBParameterGroups[0].DBParameterGroupName != "default.postgres17" || *i.OptionGroupMemberships[0].OptionGroupName != "default:postgres-17" {
		t.Errorf("it is %s with %s and %s", *i.EngineVersion, *i.DBParameterGroups[0].DBParameterGroupName, *i.OptionGroupMemberships[0].OptionGroupName)
	}
	in.EngineVersion = aws.String("16.4")
	_, err = w.ModifyDBInstance(here, in)
	refused(t, err, "InvalidParameterCombination", "Cannot upgrade postgres from 17.4 to 16.4")
}

func TestBadWeatherCanBeMended(t *testing.T) {
	var bad []string
	w := stormy(t, &bad)
	w.make("db")
	db := aws.String("db")
	bad = []string{dueInstance}
	try.Must(w.ModifyDBInstance(here, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: db, DBInstanceClass: aws.String("db.t4g.small"), ApplyImmediately: aws.Bool(true)}))
	bad = nil
	if i := w.until(here, "db", incompatibleValues); *i.DBInstanceClass != "db.t4g.micro" || i.PendingModifiedValues.DBInstanceClass != nil {
		t.Errorf("after a change that failed it is %+v", i)
	}
	try.Must(w.RebootDBInstance(here, &rds.RebootDBInstanceInput{DBInstanceIdentifier: db}))
	w.until(here, "db", available)
	try.Must(w.StopDBInstance(here, &rds.StopDBInstanceInput{DBInstanceIdentifier: db}))
	w.until(here, "db", stopped)
	bad = []string{dueInstance}
	try.Must(w.StartDBInstance(here, &rds.StartDBInstanceInput{DBInstanceIdentifier: db}))
	bad = nil
	w.until(here, "db", noCapacity)
	try.Must(w.StartDBInstance(here, &rds.StartDBInstanceInput{DBInstanceIdentifier: db}))
	w.until(here, "db", available)
}

func TestWhatIsPendingIsReplaced(t *testing.T) {
	w := newGround(t, "", Options{})
	w.make("db")
	modify := func(change func(*rds.ModifyDBInstanceInput)) types.DBInstance {
		t.Helper()
		in := &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("db")}
		change(in)
		return *try.Must(w.ModifyDBInstance(here, in)).DBInstance
	}
	modify(func(in *rds.ModifyDBInstanceInput) {
		in.DBInstanceClass, in.AllocatedStorage = aws.String("db.t4g.small"), aws.Int32(30)
	})
	before := try.Must(w.one("db"))
	i := modify(func(in *rds.ModifyDBInstanceInput) { in.DBInstanceClass = aws.String("db.t4g.medium") })
	if p := i.PendingModifiedValues; *p.DBInstanceClass != "db.t4g.medium" || *p.AllocatedStorage != 30 {
		t.Errorf("what is pending is %+v", p)
	}
	if *before.Pending.DBInstanceClass != "db.t4g.small" {
		t.Error("a row that was read has changed")
	}
	if i := modify(func(in *rds.ModifyDBInstanceInput) { in.DeletionProtection = aws.Bool(true) }); *i.DBInstanceStatus != available {
		t.Errorf("what needs no work makes it %s", *i.DBInstanceStatus)
	}
	modify(func(in *rds.ModifyDBInstanceInput) { in.ApplyImmediately = aws.Bool(true) })
	if i := w.until(here, "db", available); *i.DBInstanceClass != "db.t4g.medium" || *i.AllocatedStorage != 30 || i.PendingModifiedValues.DBInstanceClass != nil {
		t.Errorf("all of it applied gives %+v", i)
	}
	if i := modify(func(in *rds.ModifyDBInstanceInput) {
		in.DeletionProtection, in.ApplyImmediately = aws.Bool(false), aws.Bool(true)
	}); *i.DBInstanceStatus != available || *i.DeletionProtection {
		t.Errorf("what needs no work makes it %s", *i.DBInstanceStatus)
	}
}
