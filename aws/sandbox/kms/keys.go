package kms

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// CreateKey makes a symmetric encryption key.
func (s *Service) CreateKey(ctx context.Context, in *kms.CreateKeyInput) (out *kms.CreateKeyOutput, err error) {
	c := wire.From(ctx)
	unsupported := func(what string) error {
		return &types.UnsupportedOperationException{Message: aws.String(what + " is not supported here: keys are symmetric encryption keys of one Region")}
	}
	switch {
	case in.KeySpec != "" && in.KeySpec != types.KeySpecSymmetricDefault:
		return nil, unsupported("KeySpec " + string(in.KeySpec))
	case in.KeyUsage != "" && in.KeyUsage != types.KeyUsageTypeEncryptDecrypt:
		return nil, unsupported("KeyUsage " + string(in.KeyUsage))
	case in.Origin != "" && in.Origin != types.OriginTypeAwsKms:
		return nil, unsupported("Origin " + string(in.Origin))
	case aws.ToBool(in.MultiRegion):
		return nil, unsupported("MultiRegion")
	}
	tags, err := retag(nil, tagMap(in.Tags), nil)
	if err != nil {
		return nil, err
	}
	if in.Policy != nil {
		if err := checkPolicy(*in.Policy, c, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	err = s.store.Update(func(tx *store.Tx) error {
		k := s.make(tx, c.Account, c.Region)
		k.Description, k.Tags = aws.ToString(in.Description), tags
		if in.Policy != nil {
			k.Policy = *in.Policy
		}
		s.keys.Put(tx, k.row(), k)
		out = &kms.CreateKeyOutput{KeyMetadata: k.metadata()}
		return nil
	})
	return out, err
}

func tagMap(list []types.Tag) map[string]string {
	tags := map[string]string{}
	for _, t := range list {
		tags[aws.ToString(t.TagKey)] = aws.ToString(t.TagValue)
	}
	return tags
}

func (k Key) metadata() *types.KeyMetadata {
	m := &types.KeyMetadata{
		KeyId: aws.String(k.ID), Arn: aws.String(k.ARN()), AWSAccountId: aws.String(k.Account), CreationDate: aws.Time(k.Created),
		Description: aws.String(k.Description), Enabled: k.State == types.KeyStateEnabled, KeyState: k.State,
		KeyManager: types.KeyManagerTypeCustomer, KeySpec: k.Spec, KeyUsage: k.Usage,
		Origin: types.OriginTypeAwsKms, MultiRegion: aws.Bool(false), EncryptionAlgorithms: []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault},
	}
	//lint:ignore SA1019 AWS still answers with it
	m.CustomerMasterKeySpec = types.CustomerMasterKeySpec(k.Spec)
	if k.Managed() {
		m.KeyManager = types.KeyManagerTypeAws
	}
	if !k.Deletes.IsZero() {
		m.DeletionDate = aws.Time(k.Deletes)
	}
	return m
}

// DescribeKey tells of a key; asked for the alias of a key that AWS manages, it makes that key.
func (s *Service) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput) (out *kms.DescribeKeyOutput, err error) {
	read := s.store.View
	if strings.Contains(aws.ToString(in.KeyId), "alias/aws/") {
		read = s.store.Update
	}
	err = read(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:DescribeKey")
		if err != nil {
			return err
		}
		out = &kms.DescribeKeyOutput{KeyMetadata: k.metadata()}
		return nil
	})
	return out, err
}

// ListKeys lists the account's keys in the Region.
func (s *Service) ListKeys(ctx context.Context, in *kms.ListKeysInput) (out *kms.ListKeysOutput, err error) {
	c := wire.From(ctx)
	err = s.store.View(func(tx *store.Tx) error {
		var all []Key
		s.keys.Scan(tx, row(c.Account, c.Region, ""), func(_ string, k Key) bool { all = append(all, k); return true })
		part, next, err := page.Cut(all, func(k Key) string { return k.ID }, aws.ToString(in.Marker), limit(in.Limit, 100))
		if err != nil {
			return badMarker()
		}
		out = &kms.ListKeysOutput{Truncated: next != "", NextMarker: optional(next), Keys: []types.KeyListEntry{}}
		for _, k := range part {
			out.Keys = append(out.Keys, types.KeyListEntry{KeyId: aws.String(k.ID), KeyArn: aws.String(k.ARN())})
		}
		return nil
	})
	return out, err
}

func limit(asked *int32, normal int) int {
	if n := int(aws.ToInt32(asked)); n > 0 {
		return n
	}
	return normal
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func badMarker() error {
	return &types.InvalidMarkerException{Message: aws.String("The marker is not valid.")}
}

// UpdateKeyDescription changes what a key says of itself.
func (s *Service) UpdateKeyDescription(ctx context.Context, in *kms.UpdateKeyDescriptionInput) (*kms.UpdateKeyDescriptionOutput, error) {
	return &kms.UpdateKeyDescriptionOutput{}, s.change(ctx, in.KeyId, "kms:UpdateKeyDescription", func(_ *store.Tx, k *Key) error {
		k.Description = aws.ToString(in.Description)
		return notDying(*k)
	})
}

func notDying(k Key) error {
	if k.State == types.KeyStatePendingDeletion {
		return invalidState(k, "is pending deletion.")
	}
	return nil
}

// EnableKey makes a disabled key usable.
func (s *Service) EnableKey(ctx context.Context, in *kms.EnableKeyInput) (*kms.EnableKeyOutput, error) {
	return &kms.EnableKeyOutput{}, s.change(ctx, in.KeyId, "kms:EnableKey", func(_ *store.Tx, k *Key) error {
		err := notDying(*k)
		k.State = types.KeyStateEnabled
		return err
	})
}

// DisableKey makes a key unusable: what it encrypted cannot be read until it is enabled again.
func (s *Service) DisableKey(ctx context.Context, in *kms.DisableKeyInput) (*kms.DisableKeyOutput, error) {
	return &kms.DisableKeyOutput{}, s.change(ctx, in.KeyId, "kms:DisableKey", func(_ *store.Tx, k *Key) error {
		err := notDying(*k)
		k.State = types.KeyStateDisabled
		return err
	})
}

// ScheduleKeyDeletion lets the key be gone after 7 to 30 days; it is unusable from now on.
func (s *Service) ScheduleKeyDeletion(ctx context.Context, in *kms.ScheduleKeyDeletionInput) (out *kms.ScheduleKeyDeletionOutput, err error) {
	days := int32(30)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, wire.Errorf("ValidationException", "PendingWindowInDays must be between 7 and 30 (inclusive)")
	}
	err = s.change(ctx, in.KeyId, "kms:ScheduleKeyDeletion", func(tx *store.Tx, k *Key) error {
		if err := notDying(*k); err != nil {
			return err
		}
		k.State, k.Window = types.KeyStatePendingDeletion, days
		k.Deletes = tx.Now().Add(time.Duration(days) * 24 * time.Hour)
		tx.Due(k.Deletes, dueDeletion, k.row())
		out = &kms.ScheduleKeyDeletionOutput{
			KeyId: aws.String(k.ARN()), DeletionDate: aws.Time(k.Deletes), KeyState: k.State, PendingWindowInDays: aws.Int32(days),
		}
		return nil
	})
	return out, err
}

// CancelKeyDeletion keeps a key that was to be deleted; it comes back disabled.
func (s *Service) CancelKeyDeletion(ctx context.Context, in *kms.CancelKeyDeletionInput) (out *kms.CancelKeyDeletionOutput, err error) {
	err = s.change(ctx, in.KeyId, "kms:CancelKeyDeletion", func(tx *store.Tx, k *Key) error {
		if k.State != types.KeyStatePendingDeletion {
			return invalidState(*k, "is not pending deletion.")
		}
		k.State, k.Deletes, k.Window = types.KeyStateDisabled, time.Time{}, 0
		tx.Cancel(dueDeletion, k.row())
		out = &kms.CancelKeyDeletionOutput{KeyId: aws.String(k.ARN())}
		return nil
	})
	return out, err
}

// EnableKeyRotation turns on yearly rotation, which is only said: a key's material is not modelled.
func (s *Service) EnableKeyRotation(ctx context.Context, in *kms.EnableKeyRotationInput) (*kms.EnableKeyRotationOutput, error) {
	return &kms.EnableKeyRotationOutput{}, s.rotate(ctx, in.KeyId, "kms:EnableKeyRotation", true)
}

// DisableKeyRotation turns it off.
func (s *Service) DisableKeyRotation(ctx context.Context, in *kms.DisableKeyRotationInput) (*kms.DisableKeyRotationOutput, error) {
	return &kms.DisableKeyRotationOutput{}, s.rotate(ctx, in.KeyId, "kms:DisableKeyRotation", false)
}

func (s *Service) rotate(ctx context.Context, keyID *string, action string, on bool) error {
	return s.change(ctx, keyID, action, func(_ *store.Tx, k *Key) error {
		k.Rotates = on
		return usable(*k)
	})
}

// GetKeyRotationStatus says whether a key rotates; those that AWS manages always do.
func (s *Service) GetKeyRotationStatus(ctx context.Context, in *kms.GetKeyRotationStatusInput) (out *kms.GetKeyRotationStatusOutput, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:GetKeyRotationStatus")
		out = &kms.GetKeyRotationStatusOutput{KeyId: aws.String(k.ARN()), KeyRotationEnabled: k.Rotates || k.Managed()}
		return err
	})
	return out, err
}

// TagResource sets tags of a key.
func (s *Service) TagResource(ctx context.Context, in *kms.TagResourceInput) (*kms.TagResourceOutput, error) {
	return &kms.TagResourceOutput{}, s.change(ctx, in.KeyId, "kms:TagResource", func(_ *store.Tx, k *Key) (err error) {
		k.Tags, err = retag(k.Tags, tagMap(in.Tags), nil)
		return err
	})
}

// UntagResource removes tags of a key.
func (s *Service) UntagResource(ctx context.Context, in *kms.UntagResourceInput) (*kms.UntagResourceOutput, error) {
	return &kms.UntagResourceOutput{}, s.change(ctx, in.KeyId, "kms:UntagResource", func(_ *store.Tx, k *Key) (err error) {
		k.Tags, err = retag(k.Tags, nil, in.TagKeys)
		return err
	})
}

// ListResourceTags lists the tags of a key.
func (s *Service) ListResourceTags(ctx context.Context, in *kms.ListResourceTagsInput) (out *kms.ListResourceTagsOutput, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:ListResourceTags")
		if err != nil {
			return err
		}
		part, next, err := page.Cut(slices.Sorted(maps.Keys(k.Tags)), func(name string) string { return name }, aws.ToString(in.Marker), limit(in.Limit, 50))
		if err != nil {
			return badMarker()
		}
		out = &kms.ListResourceTagsOutput{Truncated: next != "", NextMarker: optional(next), Tags: []types.Tag{}}
		for _, name := range part {
			out.Tags = append(out.Tags, types.Tag{TagKey: aws.String(name), TagValue: aws.String(k.Tags[name])})
		}
		return nil
	})
	return out, err
}
