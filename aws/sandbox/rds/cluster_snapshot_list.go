package rds

import (
	"context"
	"slices"
	"strings"

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
		all, err := s.listedClusterSnapshots(tx, caller, in)
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

// listedClusterSnapshots are those a request names, in the order of their keys.
func (s *Service) listedClusterSnapshots(tx *store.Tx, caller wire.Caller, in *rds.DescribeDBClusterSnapshotsInput) (all []ClusterSnapshot, err error) {
	kind := aws.ToString(in.SnapshotType)
	if !slices.Contains([]string{"", manual, automated, "shared", "public", "awsbackup"}, kind) {
		return nil, invalid("Snapshot type %s is not valid. Valid types are: automated, manual, shared, public, awsbackup", kind)
	}
	if name := aws.ToString(in.DBClusterSnapshotIdentifier); name != "" {
		snap, err := s.visibleClusterSnapshot(tx, caller, caller.Region, name)
		if err != nil {
			return nil, err
		}
		all = []ClusterSnapshot{snap}
	} else {
		s.clusterSnapshots.Scan(tx, "", func(_ string, snap ClusterSnapshot) bool {
			if snap.Region == caller.Region && snap.plain().listedFor(caller.Account, kind, aws.ToBool(in.IncludeShared), aws.ToBool(in.IncludePublic)) {
				all = append(all, snap)
			}
			return true
		})
	}
	return slices.DeleteFunc(all, func(snap ClusterSnapshot) bool {
		return in.DBClusterIdentifier != nil && snap.Of.ID != lower(in.DBClusterIdentifier) && !strings.EqualFold(snap.Of.ARN(), *in.DBClusterIdentifier) ||
			in.DbClusterResourceId != nil && !strings.EqualFold(snap.Of.Resource, *in.DbClusterResourceId) ||
			(kind == manual || kind == automated || kind == "awsbackup") && snap.Type != kind
	}), nil
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
