package rds

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// CopyDBClusterSnapshot copies a snapshot into the Region that is called, where it is a manual one: of the same Region by its name,
// of another Region or account by its ARN. The presigned URL that clients send is not needed to find the source.
func (s *Service) CopyDBClusterSnapshot(ctx context.Context, in *rds.CopyDBClusterSnapshotInput) (*rds.CopyDBClusterSnapshotOutput, error) {
	out := &rds.CopyDBClusterSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		id, err := s.ofClusters().newID(tx, caller, "TargetDBClusterSnapshotIdentifier", in.TargetDBClusterSnapshotIdentifier)
		if err != nil {
			return err
		}
		region := caller.Region
		if _, there, _, ok := parseARN(aws.ToString(in.SourceDBClusterSnapshotIdentifier), "cluster-snapshot"); ok {
			region = there
		}
		from, err := s.ofClusters().visible(tx, caller, region, aws.ToString(in.SourceDBClusterSnapshotIdentifier))
		if err == nil {
			err = from.ready()
		}
		if err != nil {
			return err
		}
		snap := from
		snap.ID, snap.Account, snap.Region, snap.Type, snap.Status = id, caller.Account, caller.Region, manual, copying
		snap.Created, snap.Done, snap.Source, snap.Shared, snap.Public = tx.Now(), tx.Now().Add(copyTakes), from.ARN(), nil, false
		if err := s.copyClusterKey(tx, &snap, from, aws.ToString(in.KmsKeyId)); err != nil {
			return err
		}
		tags := in.Tags
		if aws.ToBool(in.CopyTags) && from.Account == caller.Account {
			tags = slices.Concat(s.tags(tx, from.ARN()), tags)
		}
		if err := s.setTags(tx, snap.ARN(), tags); err != nil {
			return err
		}
		s.clusterSnapshots.Put(tx, snap.key(), snap)
		tx.Due(snap.Done, dueClusterSnapshot, snap.key())
		s.event(tx, snap.Account, snap.Region, types.SourceTypeDbClusterSnapshot, id, "Started copy of cluster snapshot "+from.ARN(), "notification")
		out.DBClusterSnapshot = s.clusterSnapshotWire(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// copyClusterKey chooses the key of a copy. An unencrypted cluster snapshot cannot become encrypted by copying; an encrypted one needs
// a key of the Region it comes to (RDS User Guide, "Copying a DB cluster snapshot").
func (s *Service) copyClusterKey(tx *store.Tx, snap *ClusterSnapshot, from ClusterSnapshot, key string) error {
	switch {
	case !from.Of.Common.Encrypted && key != "":
		return errorf("InvalidParameterCombination", "KmsKeyId cannot be specified for an unencrypted DB cluster snapshot: %s", from.ID)
	case !from.Of.Common.Encrypted:
		return nil
	}
	to := snap.plain()
	if err := s.copyKey(tx, &to, from.plain(), key); err != nil {
		return err
	}
	snap.Of.Common.KMSKey = to.Of.KMSKey
	return nil
}

// ModifyDBClusterSnapshotAttribute shares a manual snapshot with accounts or with everybody, or stops it.
func (s *Service) ModifyDBClusterSnapshotAttribute(ctx context.Context, in *rds.ModifyDBClusterSnapshotAttributeInput) (*rds.ModifyDBClusterSnapshotAttributeOutput, error) {
	out := &rds.ModifyDBClusterSnapshotAttributeOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		snap, err := s.ofClusters().own(tx, caller, aws.ToString(in.DBClusterSnapshotIdentifier))
		if err == nil {
			err = s.clusterShareable(tx, snap, in)
		}
		if err != nil {
			return err
		}
		if snap.Shared, snap.Public, err = snap.plain().share(in.ValuesToAdd, in.ValuesToRemove); err != nil {
			return err
		}
		s.clusterSnapshots.Put(tx, snap.key(), snap)
		out.DBClusterSnapshotAttributesResult = snap.attributes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clusterShareable refuses what RDS refuses to share, which is the same as of an instance's snapshot.
func (s *Service) clusterShareable(tx *store.Tx, snap ClusterSnapshot, in *rds.ModifyDBClusterSnapshotAttributeInput) error {
	err := s.shareable(tx, snap.plain(), &rds.ModifyDBSnapshotAttributeInput{
		DBSnapshotIdentifier: in.DBClusterSnapshotIdentifier, AttributeName: in.AttributeName, ValuesToAdd: in.ValuesToAdd, ValuesToRemove: in.ValuesToRemove,
	})
	var refusal smithy.APIError
	if errors.As(err, &refusal) && refusal.ErrorCode() == "InvalidDBSnapshotState" {
		return errorf("InvalidDBClusterSnapshotStateFault", "%s", refusal.ErrorMessage())
	}
	return err
}

// DescribeDBClusterSnapshotAttributes shows whom a manual snapshot is shared with.
func (s *Service) DescribeDBClusterSnapshotAttributes(ctx context.Context, in *rds.DescribeDBClusterSnapshotAttributesInput) (*rds.DescribeDBClusterSnapshotAttributesOutput, error) {
	out := &rds.DescribeDBClusterSnapshotAttributesOutput{}
	err := s.view(ctx, func(tx *store.Tx, caller wire.Caller) error {
		snap, err := s.ofClusters().own(tx, caller, aws.ToString(in.DBClusterSnapshotIdentifier))
		out.DBClusterSnapshotAttributesResult = snap.attributes()
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s ClusterSnapshot) attributes() *types.DBClusterSnapshotAttributesResult {
	out := &types.DBClusterSnapshotAttributesResult{DBClusterSnapshotIdentifier: aws.String(s.ID)}
	for _, a := range s.plain().attributes().DBSnapshotAttributes {
		out.DBClusterSnapshotAttributes = append(out.DBClusterSnapshotAttributes, types.DBClusterSnapshotAttribute(a))
	}
	return out
}
