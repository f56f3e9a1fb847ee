package rds

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

var clusterFilters = attributes[Cluster]{
	"clone-group-id":         one(func(c Cluster) string { return c.Clones }),
	"db-cluster-id":          func(c Cluster) []string { return []string{c.ID, c.ARN()} },
	"db-cluster-resource-id": one(func(c Cluster) string { return c.Resource }),
	"domain":                 func(Cluster) []string { return nil },
	"engine":                 one(func(c Cluster) string { return c.Common.Engine }),
}

// DescribeDBClusters lists the clusters, or shows the one that is named.
func (s *Service) DescribeDBClusters(ctx context.Context, in *rds.DescribeDBClustersInput) (*rds.DescribeDBClustersOutput, error) {
	match, err := filter(in.Filters, clusterFilters)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBClustersOutput{}
	return out, s.view(ctx, func(tx *store.Tx, caller wire.Caller) error {
		all := listed(tx, s.clusterRows, caller.Account, caller.Region)
		if name := aws.ToString(in.DBClusterIdentifier); name != "" {
			c, err := s.cluster(tx, caller, name)
			if err != nil {
				return err
			}
			all = []Cluster{c}
		}
		all = slices.DeleteFunc(all, func(c Cluster) bool { return !match(c) })
		show := func(c Cluster) types.DBCluster { return *s.clusterWire(tx, c) }
		out.DBClusters, out.Marker, err = pageOf(all, func(c Cluster) string { return c.ID }, show, in.MaxRecords, in.Marker)
		return err
	})
}

// clusterWire is a cluster as RDS shows it. Both endpoints are that of the instance that writes: a cluster has one port (parity).
func (s *Service) clusterWire(tx *store.Tx, c Cluster) *types.DBCluster {
	of := c.Common
	out := &types.DBCluster{
		DBClusterIdentifier: aws.String(c.ID), DBClusterArn: aws.String(c.ARN()), DbClusterResourceId: aws.String(c.Resource), Status: aws.String(c.Status),
		Engine: aws.String(of.Engine), EngineVersion: aws.String(of.Version), EngineMode: aws.String("provisioned"), DatabaseName: optional(of.DBName),
		MasterUsername: aws.String(of.Master), IAMDatabaseAuthenticationEnabled: aws.Bool(of.IAMAuth),
		Endpoint: aws.String(host), ReaderEndpoint: aws.String(host), Port: aws.Int32(int32(s.portOf(tx, c.Account, c.Region, doorWriter, c.ID))),
		AllocatedStorage: aws.Int32(1), StorageEncrypted: aws.Bool(of.Encrypted), KmsKeyId: optional(of.KMSKey), AvailabilityZones: c.Zones,
		DBSubnetGroup: aws.String(of.SubnetGroup), DBClusterParameterGroup: aws.String(c.ParameterGroup), NetworkType: aws.String("IPV4"),
		BackupRetentionPeriod: aws.Int32(of.Retention), PreferredBackupWindow: aws.String(of.Window), PreferredMaintenanceWindow: aws.String(of.Maintenance),
		DeletionProtection: aws.Bool(of.Protected), CopyTagsToSnapshot: aws.Bool(of.CopyTags), MultiAZ: aws.Bool(false), EnabledCloudwatchLogsExports: of.Logs,
		CloneGroupId: aws.String(c.Clones), HttpEndpointEnabled: aws.Bool(false), CrossAccountClone: aws.Bool(false), AutoMinorVersionUpgrade: aws.Bool(true),
		ActivityStreamStatus: types.ActivityStreamStatusStopped, AssociatedRoles: []types.DBClusterRole{}, DomainMemberships: []types.DomainMembership{},
		ReadReplicaIdentifiers: []string{}, DBClusterMembers: []types.DBClusterMember{}, TagList: s.tags(tx, c.ARN()),
	}
	if of.StorageType != "aurora" {
		out.StorageType = optional(of.StorageType)
	}
	if v := c.Serverless; v != nil {
		out.ServerlessV2ScalingConfiguration = &types.ServerlessV2ScalingConfigurationInfo{
			MinCapacity: v.MinCapacity, MaxCapacity: v.MaxCapacity, SecondsUntilAutoPause: v.SecondsUntilAutoPause,
		}
	}
	for _, id := range of.SecurityGroups {
		out.VpcSecurityGroups = append(out.VpcSecurityGroups, types.VpcSecurityGroupMembership{VpcSecurityGroupId: aws.String(id), Status: aws.String("active")})
	}
	zones := map[string]bool{}
	for _, i := range s.membersOf(tx, c) {
		zones[i.Zone] = true
		out.DBClusterMembers = append(out.DBClusterMembers, types.DBClusterMember{
			DBInstanceIdentifier: aws.String(i.ID), IsClusterWriter: aws.Bool(i.Resource == c.Writer), PromotionTier: aws.Int32(i.Tier),
			DBClusterParameterGroupStatus: aws.String(inSync),
		})
	}
	out.MultiAZ = aws.Bool(len(zones) > 1)
	if of.Secret != nil {
		out.MasterUserSecret = &types.MasterUserSecret{SecretArn: aws.String(of.Secret.ARN), KmsKeyId: aws.String(of.Secret.KMSKey), SecretStatus: aws.String(of.Secret.Status)}
	}
	if !c.Made.IsZero() {
		out.ClusterCreateTime = aws.Time(c.Made)
		out.EarliestRestorableTime, out.LatestRestorableTime = aws.Time(c.earliest(tx.Now())), aws.Time(c.latest(tx.Now()))
	}
	if p := of.Pending; p != nil {
		out.PendingModifiedValues = &types.ClusterPendingModifiedValues{
			DBClusterIdentifier: p.NewDBInstanceIdentifier, EngineVersion: p.EngineVersion, IAMDatabaseAuthenticationEnabled: p.EnableIAMDatabaseAuthentication,
		}
		if p.MasterUserPassword != nil {
			out.PendingModifiedValues.MasterUserPassword = aws.String("****")
		}
	}
	return out
}

// latest is the newest moment the cluster can be restored to.
func (c Cluster) latest(now time.Time) time.Time {
	if now = now.Truncate(logs); now.Before(c.Common.BackupSince) {
		return c.Common.BackupSince
	}
	return now
}

// earliest is the oldest one: its creation, or as many days ago as backups are kept.
func (c Cluster) earliest(now time.Time) time.Time {
	if from := now.Add(-time.Duration(c.Common.Retention) * day); from.After(c.Common.BackupSince) {
		return from
	}
	return c.Common.BackupSince
}
