package s3

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// PutBucketLifecycleConfiguration replaces a bucket's rules. They are for the objects that are there too, from the next midnight on.
func (s *Service) PutBucketLifecycleConfiguration(ctx context.Context, in *s3.PutBucketLifecycleConfigurationInput) (*s3.PutBucketLifecycleConfigurationOutput, error) {
	least := in.TransitionDefaultMinimumObjectSize
	if least == "" {
		least = types.TransitionDefaultMinimumObjectSizeAllStorageClasses128k
	}
	switch {
	case !slices.Contains(least.Values(), least):
		return nil, refuseRule("Invalid TransitionDefaultMinimumObjectSize found")
	case in.LifecycleConfiguration == nil:
		return nil, malformed()
	}
	rules := slices.Clone(in.LifecycleConfiguration.Rules)
	if err := checkLifecycle(rules); err != nil {
		return nil, err
	}
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutLifecycleConfiguration"}
	return &s3.PutBucketLifecycleConfigurationOutput{TransitionDefaultMinimumObjectSize: least}, s.setting(ctx, a, func(tx *store.Tx, _ wire.Caller, b *Bucket) error {
		for i := range rules {
			if aws.ToString(rules[i].ID) == "" {
				rules[i].ID = aws.String(versionID(tx))
			}
		}
		b.Lifecycle = &lifecycle{rules, least}
		tx.Due(midnight(tx.Now(), 0), dueLifecycle, b.Name)
		return nil
	})
}

// GetBucketLifecycleConfiguration gives a bucket's rules.
func (s *Service) GetBucketLifecycleConfiguration(ctx context.Context, in *s3.GetBucketLifecycleConfigurationInput) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	out := &s3.GetBucketLifecycleConfigurationOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetLifecycleConfiguration"}, func(b Bucket) error {
		if b.Lifecycle == nil {
			return fault("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", wire.Element{Name: "BucketName", Text: b.Name})
		}
		out.Rules, out.TransitionDefaultMinimumObjectSize = b.Lifecycle.Rules, b.Lifecycle.Minimum
		return nil
	})
}

// DeleteBucketLifecycle takes all rules away; none is no error.
func (s *Service) DeleteBucketLifecycle(ctx context.Context, in *s3.DeleteBucketLifecycleInput) (*s3.DeleteBucketLifecycleOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutLifecycleConfiguration"}
	return &s3.DeleteBucketLifecycleOutput{}, s.setting(ctx, a, func(tx *store.Tx, _ wire.Caller, b *Bucket) error {
		b.Lifecycle = nil
		tx.Cancel(dueLifecycle, b.Name)
		return nil
	})
}
