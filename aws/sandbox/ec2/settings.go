package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Settings are what an account has set for EBS in a Region.
type Settings struct {
	EncryptByDefault bool                                 `json:",omitempty"`
	DefaultKey       string                               `json:",omitempty"` // empty: the key AWS manages
	PublicAccess     types.SnapshotBlockPublicAccessState `json:",omitempty"`
}

// managedKey is the alias of the key AWS manages for EBS.
const managedKey = "alias/aws/ebs"

// Settings of an account in a Region.
func (s *Service) Settings(tx *store.Tx, account, region string) Settings {
	set, _ := s.settings.Get(tx, account+"/"+region)
	return set
}

// Key is the key that is used where none is named: an ARN, or the alias of the key AWS manages.
func (set Settings) Key() string {
	if set.DefaultKey == "" {
		return managedKey
	}
	return set.DefaultKey
}

// publicAccess is unblocked for an account that never chose.
func (set Settings) publicAccess() types.SnapshotBlockPublicAccessState {
	if set.PublicAccess == "" {
		return types.SnapshotBlockPublicAccessStateUnblocked
	}
	return set.PublicAccess
}

// set changes the caller's settings in its Region.
func (s *Service) set(ctx context.Context, dryRun *bool, change func(tx *store.Tx, c wire.Caller, set *Settings) error) error {
	return s.update(ctx, dryRun, func(tx *store.Tx, c wire.Caller) error {
		set := s.Settings(tx, c.Account, c.Region)
		if err := change(tx, c, &set); err != nil {
			return err
		}
		s.settings.Put(tx, c.Account+"/"+c.Region, set)
		return nil
	})
}

// get reads the caller's settings in its Region.
func (s *Service) get(ctx context.Context, dryRun *bool) (set Settings, err error) {
	err = s.view(ctx, dryRun, func(tx *store.Tx, c wire.Caller) error {
		set = s.Settings(tx, c.Account, c.Region)
		return nil
	})
	return set, err
}

// GetEbsEncryptionByDefault says whether new volumes and copies are encrypted unasked.
func (s *Service) GetEbsEncryptionByDefault(ctx context.Context, in *ec2.GetEbsEncryptionByDefaultInput) (*ec2.GetEbsEncryptionByDefaultOutput, error) {
	set, err := s.get(ctx, in.DryRun)
	return &ec2.GetEbsEncryptionByDefaultOutput{EbsEncryptionByDefault: aws.Bool(set.EncryptByDefault), SseType: types.SSETypeSseEbs}, err
}

// EnableEbsEncryptionByDefault encrypts new volumes and copies unasked.
func (s *Service) EnableEbsEncryptionByDefault(ctx context.Context, in *ec2.EnableEbsEncryptionByDefaultInput) (*ec2.EnableEbsEncryptionByDefaultOutput, error) {
	err := s.set(ctx, in.DryRun, func(_ *store.Tx, _ wire.Caller, set *Settings) error { set.EncryptByDefault = true; return nil })
	return &ec2.EnableEbsEncryptionByDefaultOutput{EbsEncryptionByDefault: aws.Bool(true)}, err
}

// DisableEbsEncryptionByDefault leaves new volumes and copies as they are asked for.
func (s *Service) DisableEbsEncryptionByDefault(ctx context.Context, in *ec2.DisableEbsEncryptionByDefaultInput) (*ec2.DisableEbsEncryptionByDefaultOutput, error) {
	err := s.set(ctx, in.DryRun, func(_ *store.Tx, _ wire.Caller, set *Settings) error { set.EncryptByDefault = false; return nil })
	return &ec2.DisableEbsEncryptionByDefaultOutput{EbsEncryptionByDefault: aws.Bool(false)}, err
}

// GetEbsDefaultKmsKeyId gives the key that is used where none is named.
func (s *Service) GetEbsDefaultKmsKeyId(ctx context.Context, in *ec2.GetEbsDefaultKmsKeyIdInput) (*ec2.GetEbsDefaultKmsKeyIdOutput, error) {
	set, err := s.get(ctx, in.DryRun)
	return &ec2.GetEbsDefaultKmsKeyIdOutput{KmsKeyId: aws.String(set.Key())}, err
}

// ModifyEbsDefaultKmsKeyId sets the key that is used where none is named; it must be usable.
func (s *Service) ModifyEbsDefaultKmsKeyId(ctx context.Context, in *ec2.ModifyEbsDefaultKmsKeyIdInput) (*ec2.ModifyEbsDefaultKmsKeyIdOutput, error) {
	out := &ec2.ModifyEbsDefaultKmsKeyIdOutput{}
	return out, s.set(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller, set *Settings) error {
		key, err := s.keys.Usable(tx, c.Account, c.Region, aws.ToString(in.KmsKeyId), "kms:DescribeKey", c.Account)
		if err != nil {
			return errorf("InvalidParameterValue", "The specified keyId %s is not valid or is not accessible.", aws.ToString(in.KmsKeyId))
		}
		set.DefaultKey, out.KmsKeyId = key, aws.String(key)
		return nil
	})
}

// ResetEbsDefaultKmsKeyId goes back to the key AWS manages.
func (s *Service) ResetEbsDefaultKmsKeyId(ctx context.Context, in *ec2.ResetEbsDefaultKmsKeyIdInput) (*ec2.ResetEbsDefaultKmsKeyIdOutput, error) {
	err := s.set(ctx, in.DryRun, func(_ *store.Tx, _ wire.Caller, set *Settings) error { set.DefaultKey = ""; return nil })
	return &ec2.ResetEbsDefaultKmsKeyIdOutput{KmsKeyId: aws.String(managedKey)}, err
}

// GetSnapshotBlockPublicAccessState says whether snapshots may be shared with everybody.
func (s *Service) GetSnapshotBlockPublicAccessState(ctx context.Context, in *ec2.GetSnapshotBlockPublicAccessStateInput) (*ec2.GetSnapshotBlockPublicAccessStateOutput, error) {
	set, err := s.get(ctx, in.DryRun)
	return &ec2.GetSnapshotBlockPublicAccessStateOutput{State: set.publicAccess(), ManagedBy: types.ManagedByAccount}, err
}

// EnableSnapshotBlockPublicAccess stops sharing with everybody: new sharing, or all of it.
func (s *Service) EnableSnapshotBlockPublicAccess(ctx context.Context, in *ec2.EnableSnapshotBlockPublicAccessInput) (*ec2.EnableSnapshotBlockPublicAccessOutput, error) {
	err := s.set(ctx, in.DryRun, func(_ *store.Tx, _ wire.Caller, set *Settings) error { set.PublicAccess = in.State; return nil })
	return &ec2.EnableSnapshotBlockPublicAccessOutput{State: in.State}, err
}

// DisableSnapshotBlockPublicAccess allows sharing with everybody again.
func (s *Service) DisableSnapshotBlockPublicAccess(ctx context.Context, in *ec2.DisableSnapshotBlockPublicAccessInput) (*ec2.DisableSnapshotBlockPublicAccessOutput, error) {
	err := s.set(ctx, in.DryRun, func(_ *store.Tx, _ wire.Caller, set *Settings) error { set.PublicAccess = ""; return nil })
	return &ec2.DisableSnapshotBlockPublicAccessOutput{State: types.SnapshotBlockPublicAccessStateUnblocked}, err
}
