package calls

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// What RDS makes has no idempotency token: its identifier, chosen by the caller, is what keeps it from being made twice. A
// repeated create is answered with DBInstanceAlreadyExists and the like, so none is repeated blindly.
func rdsLines() []*line {
	tags := needs("rds:AddTagsToResource")
	// A master password that RDS manages is a secret ("Password management with Amazon RDS and AWS Secrets Manager").
	secret := needs("secretsmanager:CreateSecret", "secretsmanager:TagResource")
	rotates := needs("secretsmanager:RotateSecret")
	monitors := passes("monitoring.rds.amazonaws.com")
	return service(rds.NewFromConfig,
		// instances
		call("rds.CreateDBInstance", (*rds.Client).CreateDBInstance, Create, tags, secret, keys, monitors),
		call("rds.DescribeDBInstances", (*rds.Client).DescribeDBInstances, Read),
		call("rds.ModifyDBInstance", (*rds.Client).ModifyDBInstance, Change, secret, rotates, keys, monitors),
		call("rds.RebootDBInstance", (*rds.Client).RebootDBInstance, Change),
		call("rds.StartDBInstance", (*rds.Client).StartDBInstance, Change, keys),
		call("rds.StopDBInstance", (*rds.Client).StopDBInstance, Change),
		call("rds.DeleteDBInstance", (*rds.Client).DeleteDBInstance, Delete, needs("rds:CreateDBSnapshot")),
		call("rds.AddRoleToDBInstance", (*rds.Client).AddRoleToDBInstance, Change, passes("rds.amazonaws.com")),
		call("rds.RemoveRoleFromDBInstance", (*rds.Client).RemoveRoleFromDBInstance, Change),

		// snapshots
		call("rds.CreateDBSnapshot", (*rds.Client).CreateDBSnapshot, Create, tags),
		call("rds.CopyDBSnapshot", (*rds.Client).CopyDBSnapshot, Create, tags, keys),
		call("rds.DescribeDBSnapshots", (*rds.Client).DescribeDBSnapshots, Read),
		call("rds.DescribeDBSnapshotAttributes", (*rds.Client).DescribeDBSnapshotAttributes, Read),
		call("rds.ModifyDBSnapshot", (*rds.Client).ModifyDBSnapshot, Change),
		call("rds.ModifyDBSnapshotAttribute", (*rds.Client).ModifyDBSnapshotAttribute, Change, same),
		call("rds.DeleteDBSnapshot", (*rds.Client).DeleteDBSnapshot, Delete),
		call("rds.RestoreDBInstanceFromDBSnapshot", (*rds.Client).RestoreDBInstanceFromDBSnapshot, Create, tags, secret, keys),

		// automated backups
		call("rds.DescribeDBInstanceAutomatedBackups", (*rds.Client).DescribeDBInstanceAutomatedBackups, Read),
		call("rds.DeleteDBInstanceAutomatedBackup", (*rds.Client).DeleteDBInstanceAutomatedBackup, Delete),
		call("rds.StartDBInstanceAutomatedBackupsReplication", (*rds.Client).StartDBInstanceAutomatedBackupsReplication, Create, tags, keys),
		call("rds.StopDBInstanceAutomatedBackupsReplication", (*rds.Client).StopDBInstanceAutomatedBackupsReplication, Change),
		call("rds.RestoreDBInstanceToPointInTime", (*rds.Client).RestoreDBInstanceToPointInTime, Create, tags, secret, keys),

		// clusters
		call("rds.CreateDBCluster", (*rds.Client).CreateDBCluster, Create, tags, secret, keys, monitors),
		call("rds.DescribeDBClusters", (*rds.Client).DescribeDBClusters, Read),
		call("rds.ModifyDBCluster", (*rds.Client).ModifyDBCluster, Change, secret, rotates, keys, monitors),
		call("rds.DeleteDBCluster", (*rds.Client).DeleteDBCluster, Delete, needs("rds:CreateDBClusterSnapshot")),
		call("rds.CreateDBClusterSnapshot", (*rds.Client).CreateDBClusterSnapshot, Create, tags),
		call("rds.CopyDBClusterSnapshot", (*rds.Client).CopyDBClusterSnapshot, Create, tags, keys),
		call("rds.DescribeDBClusterSnapshots", (*rds.Client).DescribeDBClusterSnapshots, Read),
		call("rds.DescribeDBClusterSnapshotAttributes", (*rds.Client).DescribeDBClusterSnapshotAttributes, Read),
		call("rds.ModifyDBClusterSnapshotAttribute", (*rds.Client).ModifyDBClusterSnapshotAttribute, Change, same),
		call("rds.DeleteDBClusterSnapshot", (*rds.Client).DeleteDBClusterSnapshot, Delete),
		call("rds.DescribeDBClusterAutomatedBackups", (*rds.Client).DescribeDBClusterAutomatedBackups, Read),
		call("rds.RestoreDBClusterFromSnapshot", (*rds.Client).RestoreDBClusterFromSnapshot, Create, tags, keys, monitors),
		call("rds.RestoreDBClusterToPointInTime", (*rds.Client).RestoreDBClusterToPointInTime, Create, tags, keys, monitors),

		// subnet groups
		call("rds.CreateDBSubnetGroup", (*rds.Client).CreateDBSubnetGroup, Create, tags),
		call("rds.DescribeDBSubnetGroups", (*rds.Client).DescribeDBSubnetGroups, Read),
		call("rds.ModifyDBSubnetGroup", (*rds.Client).ModifyDBSubnetGroup, Change, same),
		call("rds.DeleteDBSubnetGroup", (*rds.Client).DeleteDBSubnetGroup, Delete),

		// parameter groups
		call("rds.CreateDBParameterGroup", (*rds.Client).CreateDBParameterGroup, Create, tags),
		call("rds.DescribeDBParameterGroups", (*rds.Client).DescribeDBParameterGroups, Read),
		call("rds.DescribeDBParameters", (*rds.Client).DescribeDBParameters, Read),
		call("rds.ModifyDBParameterGroup", (*rds.Client).ModifyDBParameterGroup, Change, same),
		call("rds.ResetDBParameterGroup", (*rds.Client).ResetDBParameterGroup, Change, same),
		call("rds.DeleteDBParameterGroup", (*rds.Client).DeleteDBParameterGroup, Delete),

		// option groups; an option may carry the role RDS takes (SQLSERVER_BACKUP_RESTORE)
		call("rds.CreateOptionGroup", (*rds.Client).CreateOptionGroup, Create, tags),
		call("rds.CopyOptionGroup", (*rds.Client).CopyOptionGroup, Create, tags),
		call("rds.DescribeOptionGroups", (*rds.Client).DescribeOptionGroups, Read),
		call("rds.DescribeOptionGroupOptions", (*rds.Client).DescribeOptionGroupOptions, Read),
		call("rds.ModifyOptionGroup", (*rds.Client).ModifyOptionGroup, Change, passes("rds.amazonaws.com")),
		call("rds.DeleteOptionGroup", (*rds.Client).DeleteOptionGroup, Delete),

		// what can be had, what happened, and tags
		call("rds.DescribeDBEngineVersions", (*rds.Client).DescribeDBEngineVersions, Read),
		call("rds.DescribeOrderableDBInstanceOptions", (*rds.Client).DescribeOrderableDBInstanceOptions, Read),
		call("rds.DescribeEvents", (*rds.Client).DescribeEvents, Read),
		call("rds.AddTagsToResource", (*rds.Client).AddTagsToResource, Change, same),
		call("rds.RemoveTagsFromResource", (*rds.Client).RemoveTagsFromResource, Change, same),
		call("rds.ListTagsForResource", (*rds.Client).ListTagsForResource, Read),

		// snapshots as files in a bucket
		call("rds.StartExportTask", (*rds.Client).StartExportTask, Create, keys, passes("export.rds.amazonaws.com")),
		call("rds.DescribeExportTasks", (*rds.Client).DescribeExportTasks, Read),
	)
}

// rdsHint is what to do next about RDS's own codes ("Common errors" and the errors of each action, RDS API reference).
func rdsHint(e *Error) string {
	switch e.Code {
	case "DBInstanceAlreadyExists", "DBClusterAlreadyExistsFault":
		if strings.HasPrefix(e.Op, "rds.Restore") {
			return "a restore always makes a new one: choose another name, or rename the old one away first"
		}
	case "InvalidDBInstanceState", "InvalidDBInstanceStateFault", "InvalidDBClusterStateFault":
		return "wait until its status is available, then try again; a stopped one must be started first"
	case "InvalidDBSnapshotState", "InvalidDBClusterSnapshotStateFault":
		return "wait until the snapshot's status is available; an automated one cannot be changed, shared or deleted: copy it first"
	case "DBSnapshotNotFound", "DBSnapshotNotFoundFault", "DBClusterSnapshotNotFoundFault":
		return "check the name and the Region; a snapshot of another Region or account is named by its ARN, and only once it is shared"
	case "DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFoundFault":
		return "check the name and the Region: it may have been deleted or renamed; its snapshots and retained backups can still be there"
	case "PointInTimeRestoreNotEnabled":
		return "automated backups are off (BackupRetentionPeriod 0), so there is no log to restore from: restore from a snapshot"
	case "InvalidRestoreFault":
		return "this cannot be restored from: check that the time is inside the restore window and that engine and source fit"
	case "SharedSnapshotQuotaExceeded":
		return "a snapshot can be shared with 20 accounts: take it away from one first"
	case "InvalidOptionGroupStateFault":
		return "the option group is being changed, or an instance or a snapshot still uses it: wait, or remove those first"
	case "InvalidDBParameterGroupState":
		return "the parameter group is being changed, or an instance still uses it: wait, or give the instance another one"
	case "InvalidDBSubnetGroupStateFault", "InvalidDBSubnetGroupFault":
		return "an instance still uses the subnet group: delete the instance, or move it to another group"
	case "DBSubnetGroupDoesNotCoverEnoughAZs":
		return "give subnets of at least two Availability Zones"
	case "InvalidSubnet", "InvalidVPCNetworkStateFault":
		return "subnets, subnet group, option group and security groups must be there and belong to one VPC: check their VpcId"
	case "KMSKeyNotAccessibleFault":
		return "the KMS key cannot be used: it must be enabled, of the same Region, and its policy must allow this account; a copy into another Region needs a key of that Region"
	case "InvalidParameterCombination":
		if strings.Contains(e.Message, "deletion protection") {
			return "switch deletion protection off first (DeletionProtection false)"
		}
	}
	has := func(part string) bool { return strings.Contains(e.Code, part) }
	switch {
	case has("AlreadyExists"):
		return taken
	case has("QuotaExceeded"):
		return quota
	case has("Capacity"):
		return "this class has no capacity in these zones now: try another class or zone, or later"
	case has("State"):
		return "it is being changed, or something still uses it: wait until its status allows this, or remove what uses it first"
	}
	return ""
}
