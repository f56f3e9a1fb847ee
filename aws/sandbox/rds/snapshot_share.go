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

// The attribute that says who may restore a snapshot, and its value for everybody.
const (
	restoreAttribute = "restore"
	everybody        = "all"
)

// maxShares is how many accounts a snapshot is shared with (RDS User Guide, "Sharing a DB snapshot").
const maxShares = 20

// ModifyDBSnapshotAttribute shares a manual snapshot with accounts or with everybody, or stops it.
func (s *Service) ModifyDBSnapshotAttribute(ctx context.Context, in *rds.ModifyDBSnapshotAttributeInput) (*rds.ModifyDBSnapshotAttributeOutput, error) {
	out := &rds.ModifyDBSnapshotAttributeOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.ofInstances().own(tx, c, aws.ToString(in.DBSnapshotIdentifier))
		if err != nil {
			return err
		}
		if err := s.shareable(tx, snap, in); err != nil {
			return err
		}
		if snap.Shared, snap.Public, err = snap.share(in.ValuesToAdd, in.ValuesToRemove); err != nil {
			return err
		}
		s.snapshots.Put(tx, snap.key(), snap)
		out.DBSnapshotAttributesResult = snap.attributes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// share gives the accounts the snapshot is shared with after a change, and whether everybody is one of them.
func (s Snapshot) share(add, remove []string) (shared []string, public bool, err error) {
	shared = slices.DeleteFunc(slices.Clone(s.Shared), func(account string) bool { return slices.Contains(remove, account) })
	public = s.Public && !slices.Contains(remove, everybody)
	for _, account := range add {
		if account == everybody {
			public = true
		} else {
			shared = append(shared, account)
		}
	}
	slices.Sort(shared)
	if shared = slices.Compact(shared); len(shared) > maxShares {
		return nil, false, errorf("SharedSnapshotQuotaExceeded", "You have exceeded the maximum number of accounts that you can share a manual DB snapshot with: %d", maxShares)
	}
	return shared, public, nil
}

// shareable refuses what RDS refuses to share: automated snapshots, those under the default key of RDS, and encrypted ones
// with everybody (RDS User Guide, "Sharing a DB snapshot", "Sharing encrypted snapshots").
func (s *Service) shareable(tx *store.Tx, snap Snapshot, in *rds.ModifyDBSnapshotAttributeInput) error {
	if aws.ToString(in.AttributeName) != restoreAttribute {
		return invalid("Invalid snapshot attribute name: %s. Valid values are: restore", aws.ToString(in.AttributeName))
	}
	for _, value := range slices.Concat(in.ValuesToAdd, in.ValuesToRemove) {
		if value != everybody && (len(value) != 12 || strings.Trim(value, "0123456789") != "") {
			return invalid("Invalid snapshot attribute value: %s. It must be the id of an account, or all.", value)
		}
	}
	switch {
	case snap.Type == automated:
		return errorf("InvalidDBSnapshotState", "Cannot modify the attributes of an automated snapshot: copy it to a manual snapshot first.")
	case len(in.ValuesToAdd) == 0:
		return nil
	case snap.Status != available:
		return snap.ready()
	case snap.Of.Encrypted && slices.Contains(in.ValuesToAdd, everybody):
		return errorf("InvalidParameterCombination", "You cannot share encrypted snapshots with all AWS accounts.")
	case snap.Of.Encrypted && s.o.Keys.Managed(tx, snap.Of.KMSKey):
		return errorf("InvalidDBSnapshotState", "You cannot share a snapshot that is encrypted with the default AWS KMS key of the account: copy it under a customer managed key first.")
	}
	return nil
}

// DescribeDBSnapshotAttributes shows whom a manual snapshot is shared with.
func (s *Service) DescribeDBSnapshotAttributes(ctx context.Context, in *rds.DescribeDBSnapshotAttributesInput) (*rds.DescribeDBSnapshotAttributesOutput, error) {
	out := &rds.DescribeDBSnapshotAttributesOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.ofInstances().own(tx, c, aws.ToString(in.DBSnapshotIdentifier))
		out.DBSnapshotAttributesResult = snap.attributes()
		return err
	})
}

func (s Snapshot) attributes() *types.DBSnapshotAttributesResult {
	values := append([]string{}, s.Shared...)
	if s.Public {
		values = append(values, everybody)
	}
	return &types.DBSnapshotAttributesResult{
		DBSnapshotIdentifier: aws.String(s.ID),
		DBSnapshotAttributes: []types.DBSnapshotAttribute{{AttributeName: aws.String(restoreAttribute), AttributeValues: values}},
	}
}
