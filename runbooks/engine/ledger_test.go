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
