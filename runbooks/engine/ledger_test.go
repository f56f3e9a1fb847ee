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
