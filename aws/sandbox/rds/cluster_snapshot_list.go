package rds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

var clusterSnapshotFilters = attributes[ClusterSnapshot]{
	"db-cluster-id":          func(s ClusterSnapshot) []string { return []string{s.Of.ID, s.Of.ARN()} },
	"db-cluster-snapshot-id": func(s ClusterSnapshot) []string { return []string{s.ID, s.ARN()} },
	"snapshot-type":          one(func(s ClusterSnapshot) string { return s.Type }),
	"engine":                 one(func(s ClusterSnapshot) string { return s.Of.Common.Engine }),
}

// DescribeDBClusterSnapshots lists the caller's snapshots of clusters, and what others share with it when that is asked for.
func (s *Service) DescribeDBClusterSnapshots(ctx context.Context, in *rds.DescribeDBClusterSnapshotsInput) (*rds.DescribeDBClusterSnapshotsOutput, error) {
	match, err := filter(in.Filters, clusterSnapshotFilters)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBClusterSnapshotsOutput{DBClusterSnapshots: []types.DBClusterSnapshot{}}
	return out, s.view(ctx, func(tx *store.Tx, caller wire.Caller) error {
		all, err := s.ofClusters().listed(tx, caller, which{
			name: in.DBClusterSnapshotIdentifier, kind: in.SnapshotType, of: in.DBClusterIdentifier, resource: in.DbClusterResourceId,
			shared: aws.ToBool(in.IncludeShared), public: aws.ToBool(in.IncludePublic),
		})
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(snap ClusterSnapshot) bool { return !match(snap) })
		part, next, err := paged(all, ClusterSnapshot.key, in.MaxRecords, in.Marker)
		for _, snap := range part {
			shown := s.clusterSnapshotWire(tx, snap)
			if snap.Account != caller.Account {
				shown.DBClusterSnapshotIdentifier, shown.TagList = aws.String(snap.ARN()), nil // what is shared is named by its ARN
			}
			out.DBClusterSnapshots = append(out.DBClusterSnapshots, *shown)
		}
		out.Marker = next
		return err
	})
}

func (s *Service) clusterSnapshotWire(tx *store.Tx, snap ClusterSnapshot) *types.DBClusterSnapshot {
	of := snap.Of.Common
	out := &types.DBClusterSnapshot{
		DBClusterSnapshotIdentifier: aws.String(snap.ID), DBClusterSnapshotArn: aws.String(snap.ARN()), DBClusterIdentifier: aws.String(snap.Of.ID),
		DbClusterResourceId: aws.String(snap.Of.Resource), Status: aws.String(snap.Status), SnapshotType: aws.String(snap.Type),
		PercentProgress: aws.Int32(snap.plain().progress(tx.Now())), SnapshotCreateTime: aws.Time(snap.Created), ClusterCreateTime: aws.Time(snap.Of.Made),
		Engine: aws.String(of.Engine), EngineVersion: aws.String(of.Version), EngineMode: aws.String("provisioned"), LicenseModel: aws.String(of.License),
		MasterUsername: aws.String(of.Master), Port: aws.Int32(of.Port), VpcId: aws.String(of.VPC), AvailabilityZones: snap.Of.Zones,
		AllocatedStorage: aws.Int32(1), StorageEncrypted: aws.Bool(of.Encrypted), KmsKeyId: optional(of.KMSKey),
		IAMDatabaseAuthenticationEnabled: aws.Bool(of.IAMAuth), SourceDBClusterSnapshotArn: optional(snap.Source), TagList: s.tags(tx, snap.ARN()),
	}
	if of.StorageType != "aurora" {
		out.StorageType = optional(of.StorageType)
	}
	return out
}
