package ec2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// ModifySnapshotAttribute shares a snapshot with accounts, or stops it.
func (s *Service) ModifySnapshotAttribute(ctx context.Context, in *ec2.ModifySnapshotAttributeInput) (*ec2.ModifySnapshotAttributeOutput, error) {
	return &ec2.ModifySnapshotAttributeOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.own(tx, c, aws.ToString(in.SnapshotId))
		if err != nil {
			return err
		}
		if in.Attribute != "" && in.Attribute != types.SnapshotAttributeNameCreateVolumePermission {
			return errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Only createVolumePermission can be modified.", in.Attribute)
		}
		add, remove, err := permissions(in)
		if err != nil {
			return err
		}
		if err := s.shareable(tx, snap, add); err != nil {
			return err
		}
		shared := slices.Clone(snap.Shared)
		for _, p := range add {
			if p.Group != "" {
				snap.Public = true
			} else if id := *p.UserId; !slices.Contains(shared, id) {
				shared = append(shared, id)
			}
		}
		for _, p := range remove {
			if p.Group != "" {
				snap.Public = false
			} else {
				shared = slices.DeleteFunc(shared, func(id string) bool { return id == *p.UserId })
			}
		}
		slices.Sort(shared)
		snap.Shared = shared
		s.PutSnapshot(tx, snap)
		return nil
	})
}

// permissions reads both ways a request can say it: OperationType with UserIds and GroupNames, or CreateVolumePermission.
func permissions(in *ec2.ModifySnapshotAttributeInput) (add, remove []types.CreateVolumePermission, err error) {
	if p := in.CreateVolumePermission; p != nil {
		add, remove = p.Add, p.Remove
	}
	var listed []types.CreateVolumePermission
	for _, id := range in.UserIds {
		listed = append(listed, types.CreateVolumePermission{UserId: aws.String(id)})
	}
	for _, g := range in.GroupNames {
		listed = append(listed, types.CreateVolumePermission{Group: types.PermissionGroup(g)})
	}
	switch {
	case in.OperationType == types.OperationTypeAdd:
		add = append(slices.Clone(add), listed...)
	case in.OperationType == types.OperationTypeRemove:
		remove = append(slices.Clone(remove), listed...)
	case len(listed) > 0:
		return nil, nil, missing("operationType")
	}
	switch {
	case len(add)+len(remove) == 0:
		return nil, nil, errorf("InvalidParameterCombination", "No attributes specified.")
	case len(add) > 0 && len(remove) > 0:
		return nil, nil, errorf("InvalidParameterCombination", "Add and remove operations cannot be combined in one request.")
	}
	for _, p := range slices.Concat(add, remove) {
		if p.Group != "" && p.Group != types.PermissionGroupAll {
			return nil, nil, errorf("InvalidAMIAttributeItemValue", "Invalid attribute item value \"%s\" for group item type.", p.Group)
		}
		if p.Group == "" && !isAccount(aws.ToString(p.UserId)) {
			return nil, nil, errorf("InvalidAMIAttributeItemValue", "Invalid attribute item value \"%s\" for userId item type.", aws.ToString(p.UserId))
		}
	}
	return add, remove, nil
}

// shareable refuses what EBS refuses: snapshots under the default key of EBS, encrypted ones for everybody, and
// everybody where public access is blocked (EBS User Guide, "Share an Amazon EBS snapshot").
func (s *Service) shareable(tx *store.Tx, snap Snapshot, add []types.CreateVolumePermission) error {
	if len(add) == 0 {
		return nil
	}
	if snap.Encrypted && s.keys.Managed(tx, snap.KMSKey) {
		return errorf("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
	}
	if !slices.ContainsFunc(add, func(p types.CreateVolumePermission) bool { return p.Group != "" }) {
		return nil
	}
	if snap.Encrypted {
		return errorf("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
	}
	if state := s.Settings(tx, snap.Owner, snap.Region).publicAccess(); state != types.SnapshotBlockPublicAccessStateUnblocked {
		return errorf("OperationNotPermitted", "You can't publicly share snapshots in this Region because block public access for snapshots is enabled (%s).", state)
	}
	return nil
}

// DescribeSnapshotAttribute shows whom a snapshot is shared with.
func (s *Service) DescribeSnapshotAttribute(ctx context.Context, in *ec2.DescribeSnapshotAttributeInput) (*ec2.DescribeSnapshotAttributeOutput, error) {
	out := &ec2.DescribeSnapshotAttributeOutput{SnapshotId: in.SnapshotId}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.own(tx, c, aws.ToString(in.SnapshotId))
		if err != nil || in.Attribute == types.SnapshotAttributeNameProductCodes {
			return err
		}
		if snap.Public {
			out.CreateVolumePermissions = append(out.CreateVolumePermissions, types.CreateVolumePermission{Group: types.PermissionGroupAll})
		}
		for _, id := range snap.Shared {
			out.CreateVolumePermissions = append(out.CreateVolumePermissions, types.CreateVolumePermission{UserId: aws.String(id)})
		}
		return nil
	})
}

// ResetSnapshotAttribute takes all sharing back.
func (s *Service) ResetSnapshotAttribute(ctx context.Context, in *ec2.ResetSnapshotAttributeInput) (*ec2.ResetSnapshotAttributeOutput, error) {
	return &ec2.ResetSnapshotAttributeOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.own(tx, c, aws.ToString(in.SnapshotId))
		if err != nil {
			return err
		}
		if in.Attribute != types.SnapshotAttributeNameCreateVolumePermission {
			return errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Only createVolumePermission can be reset.", in.Attribute)
		}
		snap.Shared, snap.Public = nil, false
		s.PutSnapshot(tx, snap)
		return nil
	})
}

// own finds the caller's snapshot by an id that may be malformed.
func (s *Service) own(tx *store.Tx, c wire.Caller, id string) (Snapshot, error) {
	if err := snapshotID(id, "snapshotId"); err != nil {
		return Snapshot{}, err
	}
	return s.Snapshot(tx, c.Account, c.Region, id)
}
