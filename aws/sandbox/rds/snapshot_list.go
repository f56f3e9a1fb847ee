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

var snapshotFilters = attributes[Snapshot]{
	"db-instance-id":  func(s Snapshot) []string { return []string{s.Of.ID, s.Of.ARN()} },
	"db-snapshot-id":  func(s Snapshot) []string { return []string{s.ID, s.ARN()} },
	"dbi-resource-id": one(func(s Snapshot) string { return s.Of.Resource }),
	"snapshot-type":   one(func(s Snapshot) string { return s.Type }),
	"engine":          one(func(s Snapshot) string { return s.Of.Engine }),
}

// DescribeDBSnapshots lists the caller's snapshots, and what others share with it when that is asked for: by the type shared or
// public, or IncludeShared and IncludePublic.
func (s *Service) DescribeDBSnapshots(ctx context.Context, in *rds.DescribeDBSnapshotsInput) (*rds.DescribeDBSnapshotsOutput, error) {
	out := &rds.DescribeDBSnapshotsOutput{DBSnapshots: []types.DBSnapshot{}}
	fits, err := filter(in.Filters, snapshotFilters)
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		all, err := s.ofInstances().listed(tx, c, which{
			name: in.DBSnapshotIdentifier, kind: in.SnapshotType, of: in.DBInstanceIdentifier, resource: in.DbiResourceId,
			shared: aws.ToBool(in.IncludeShared), public: aws.ToBool(in.IncludePublic),
		})
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(snap Snapshot) bool { return !fits(snap) })
		all, out.Marker, err = paged(all, func(snap Snapshot) string { return snap.key() }, in.MaxRecords, in.Marker)
		for _, snap := range all {
			shown := s.snapshotWire(tx, snap)
			if snap.Account != c.Account {
				shown.DBSnapshotIdentifier, shown.TagList = aws.String(snap.ARN()), nil // what is shared is named by its ARN
			}
			out.DBSnapshots = append(out.DBSnapshots, *shown)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// listedFor says whether a list for an account has the snapshot in it.
func (s Snapshot) listedFor(account, kind string, shared, public bool) bool {
	listed := slices.Contains(s.Shared, account)
	switch kind {
	case "shared":
		return listed && s.Account != account
	case "public":
		return s.Public
	}
	return s.Account == account || shared && listed || public && s.Public
}

// ModifyDBSnapshot gives a snapshot a newer version of its engine, or another option group.
func (s *Service) ModifyDBSnapshot(ctx context.Context, in *rds.ModifyDBSnapshotInput) (*rds.ModifyDBSnapshotOutput, error) {
	out := &rds.ModifyDBSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.ofInstances().own(tx, c, aws.ToString(in.DBSnapshotIdentifier))
		if err == nil {
			err = snap.ready()
		}
		if err == nil && snap.Type != manual {
			err = errorf("InvalidDBSnapshotState", "Only manual snapshots can be modified: %s is automated.", snap.ID)
		}
		if err != nil {
			return err
		}
		e, err := Change{EngineVersion: in.EngineVersion}.engine(snap.Of)
		if err != nil {
			return err
		}
		snap.Of.Version = e.Version
		if in.OptionGroupName != nil {
			g, err := s.optionGroup(tx, c.Account, c.Region, *in.OptionGroupName, e, snap.Of.VPC)
			if err != nil {
				return err
			}
			snap.Of.OptionGroup = g.Name
		}
		s.snapshots.Put(tx, snap.key(), snap)
		out.DBSnapshot = s.snapshotWire(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
