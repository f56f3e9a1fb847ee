package engine

import (
	"testing"

	"lifeboat/aws/calls"
	"lifeboat/runbooks/journal"
)

// What a run made is its own by the name it was given, whichever operation made it, and by the name it got later.
func TestTheLedgerKnowsInstances(t *testing.T) {
	l := newLedger()
	ended := func(op string, effect calls.Effect, params map[string]any) {
		l.apply(journal.Event{Kind: journal.CallResult, Call: &journal.Call{ID: op + "/1", Op: op, Effect: effect.String(), Role: "call", OK: true, Params: params}})
	}
	ended("rds.CreateDBInstance", calls.Create, map[string]any{"DBInstanceIdentifier": "made"})
	ended("rds.RestoreDBInstanceFromDBSnapshot", calls.Create, map[string]any{"DBInstanceIdentifier": "restored", "DBSnapshotIdentifier": "theirs"})
	ended("rds.RestoreDBInstanceToPointInTime", calls.Create, map[string]any{"SourceDBInstanceIdentifier": "source", "TargetDBInstanceIdentifier": "point"})
	ended("rds.ModifyDBInstance", calls.Change, map[string]any{"DBInstanceIdentifier": "made", "NewDBInstanceIdentifier": "made-old"})
	ended("rds.ModifyDBInstance", calls.Change, map[string]any{"DBInstanceIdentifier": "foreign", "NewDBInstanceIdentifier": "foreign-new"})
	for name, want := range map[string]bool{"made": true, "restored": true, "point": true, "made-old": true, "theirs": false, "source": false, "foreign": false, "foreign-new": false} {
		if l.holds(name) != want {
			t.Errorf("%s is the run's own: %v", name, !want)
		}
	}
}

// What surrounds a thing is somebody's, and a run's own only where an operation has made just that: then the run may delete it.
func TestTheLedgerKnowsSurroundings(t *testing.T) {
	l := newLedger()
	made := func(op string, params, output map[string]any) {
		l.apply(journal.Event{Kind: journal.CallResult, Call: &journal.Call{ID: op + "/1", Op: op, Effect: calls.Create.String(), Role: "call", OK: true, Params: params, Output: output}})
	}
	made("ec2.CreateSecurityGroup", map[string]any{"GroupName": "ours", "VpcId": "vpc-theirs"}, map[string]any{"GroupId": "sg-ours"})
	made("rds.CreateOptionGroup", map[string]any{"OptionGroupName": "options"}, nil)
	made("rds.CreateDBSubnetGroup", map[string]any{"DBSubnetGroupName": "subnets", "SubnetIds": []any{"subnet-theirs"}}, nil)
	made("rds.CreateDBParameterGroup", map[string]any{"DBParameterGroupName": "parameters"}, nil)
	made("rds.RestoreDBInstanceFromDBSnapshot", map[string]any{"DBInstanceIdentifier": "back"}, map[string]any{"DBInstance": map[string]any{
		"DBInstanceIdentifier": "back", "OptionGroupMemberships": []any{map[string]any{"OptionGroupName": "their-options"}},
		"VpcSecurityGroups": []any{map[string]any{"VpcSecurityGroupId": "sg-theirs"}}, "DBSubnetGroup": map[string]any{"DBSubnetGroupName": "their-subnets", "VpcId": "vpc-theirs"},
	}})
	for _, c := range []struct {
		op, key, name string
		ours          bool
	}{
		{"ec2.DeleteSecurityGroup", "GroupId", "sg-ours", true}, {"ec2.DeleteSecurityGroup", "GroupId", "sg-theirs", false},
		{"rds.DeleteOptionGroup", "OptionGroupName", "options", true}, {"rds.DeleteOptionGroup", "OptionGroupName", "their-options", false},
		{"rds.DeleteDBSubnetGroup", "DBSubnetGroupName", "subnets", true}, {"rds.DeleteDBSubnetGroup", "DBSubnetGroupName", "their-subnets", false},
		{"rds.DeleteDBParameterGroup", "DBParameterGroupName", "parameters", true}, {"rds.DeleteDBInstance", "DBInstanceIdentifier", "back", true},
	} {
		if got := l.owns(calls.Request{Op: c.op, Params: map[string]any{c.key: c.name}}); got != c.ours {
			t.Errorf("%s of %s may be made: %v", c.op, c.name, got)
		}
	}
	if name := named("ec2.DeleteSecurityGroup", map[string]any{"GroupId": "sg-theirs"}); name != "sg-theirs" {
		t.Errorf("the name to type is %s", name)
	}
}

// Whatever is in a bucket that the run made is the run's own, versions and uploads too; nothing is in a bucket of somebody else's.
func TestTheLedgerKnowsBuckets(t *testing.T) {
	l := newLedger()
	l.apply(journal.Event{Kind: journal.CallResult, Call: &journal.Call{ID: "bucket/1", Op: "s3.CreateBucket", Effect: calls.Create.String(), Role: "call", OK: true,
		Params: map[string]any{"Bucket": "ours"}, Output: map[string]any{"Location": "/ours", "BucketArn": "arn:aws:s3:::ours"}}})
	version := map[string]any{"Key": "k", "VersionId": "0123456789abcdef0123456789abcdef"}
	for _, bucket := range []string{"ours", "theirs"} {
		for op, params := range map[string]map[string]any{
			"s3.DeleteObject":            {"Key": "k", "VersionId": version["VersionId"]},
			"s3.DeleteObjects":           {"Delete": map[string]any{"Objects": []any{version}}},
			"s3.AbortMultipartUpload":    {"Key": "k", "UploadId": "u"},
			"s3.DeleteBucketReplication": {},
			"s3.DeleteBucketLifecycle":   {},
			"s3.DeleteBucket":            {},
		} {
			params["Bucket"] = bucket
			if got := l.owns(calls.Request{Op: op, Params: params}); got != (bucket == "ours") {
				t.Errorf("%s in the bucket %s may be made: %v", op, bucket, got)
			}
		}
	}
	if name := named("s3.DeleteObjects", map[string]any{"Bucket": "theirs", "Delete": map[string]any{"Objects": []any{version}}}); name != "theirs" {
		t.Errorf("the name to type is %s", name)
	}
}
