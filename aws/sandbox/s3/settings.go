package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// private blocks all public access, as new buckets have it.
func private() *types.PublicAccessBlockConfiguration {
	yes := aws.Bool(true)
	return &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}
}

// PutPublicAccessBlock sets all four settings; what is left out is off.
func (s *Service) PutPublicAccessBlock(ctx context.Context, in *s3.PutPublicAccessBlockInput) (*s3.PutPublicAccessBlockOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketPublicAccessBlock"}
	return &s3.PutPublicAccessBlockOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		set := in.PublicAccessBlockConfiguration
		is := func(v *bool) *bool { return aws.Bool(aws.ToBool(v)) }
		b.Block = &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: is(set.BlockPublicAcls), BlockPublicPolicy: is(set.BlockPublicPolicy),
			IgnorePublicAcls: is(set.IgnorePublicAcls), RestrictPublicBuckets: is(set.RestrictPublicBuckets),
		}
		return nil
	})
}

// GetPublicAccessBlock gives the four settings.
func (s *Service) GetPublicAccessBlock(ctx context.Context, in *s3.GetPublicAccessBlockInput) (*s3.GetPublicAccessBlockOutput, error) {
	out := &s3.GetPublicAccessBlockOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketPublicAccessBlock"}, func(b Bucket) error {
		if out.PublicAccessBlockConfiguration = b.Block; b.Block == nil {
			return fault("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", wire.Element{Name: "BucketName", Text: b.Name})
		}
		return nil
	})
}

// DeletePublicAccessBlock takes the settings away: nothing is blocked.
func (s *Service) DeletePublicAccessBlock(ctx context.Context, in *s3.DeletePublicAccessBlockInput) (*s3.DeletePublicAccessBlockOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketPublicAccessBlock"}
	return &s3.DeletePublicAccessBlockOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error { b.Block = nil; return nil })
}

// PutBucketVersioning switches versioning on, or suspends it; it is never off again.
func (s *Service) PutBucketVersioning(ctx context.Context, in *s3.PutBucketVersioningInput) (*s3.PutBucketVersioningOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketVersioning"}
	return &s3.PutBucketVersioningOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		if in.VersioningConfiguration.Status == "" {
			return fault("IllegalVersioningConfigurationException", "The Versioning element must be specified")
		}
		if err := b.versionable(in.VersioningConfiguration.Status); err != nil {
			return err
		}
		if err := b.keepsVersions(in.VersioningConfiguration.Status); err != nil {
			return err
		}
		b.Versioning = in.VersioningConfiguration.Status
		return nil
	})
}

// GetBucketVersioning gives the state: nothing until it was set.
func (s *Service) GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput) (*s3.GetBucketVersioningOutput, error) {
	out := &s3.GetBucketVersioningOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketVersioning"}, func(b Bucket) error {
		out.Status = b.Versioning
		return nil
	})
}

// PutBucketOwnershipControls sets who owns objects that others write.
func (s *Service) PutBucketOwnershipControls(ctx context.Context, in *s3.PutBucketOwnershipControlsInput) (*s3.PutBucketOwnershipControlsOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketOwnershipControls"}
	return &s3.PutBucketOwnershipControlsOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		if len(in.OwnershipControls.Rules) != 1 {
			return fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		b.Ownership = in.OwnershipControls.Rules[0].ObjectOwnership
		return nil
	})
}

// GetBucketOwnershipControls says who owns objects that others write.
func (s *Service) GetBucketOwnershipControls(ctx context.Context, in *s3.GetBucketOwnershipControlsInput) (*s3.GetBucketOwnershipControlsOutput, error) {
	out := &s3.GetBucketOwnershipControlsOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketOwnershipControls"}, func(b Bucket) error {
		if b.Ownership == "" {
			return fault("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", wire.Element{Name: "BucketName", Text: b.Name})
		}
		out.OwnershipControls = &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: b.Ownership}}}
		return nil
	})
}

// DeleteBucketOwnershipControls takes the setting away.
func (s *Service) DeleteBucketOwnershipControls(ctx context.Context, in *s3.DeleteBucketOwnershipControlsInput) (*s3.DeleteBucketOwnershipControlsOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketOwnershipControls"}
	return &s3.DeleteBucketOwnershipControlsOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error { b.Ownership = ""; return nil })
}

// full is the access list that everything has: its owner may do everything. There are no others.
func full(account string) []types.Grant {
	return []types.Grant{{Grantee: &types.Grantee{ID: aws.String(canonical(account)), Type: types.TypeCanonicalUser}, Permission: types.PermissionFullControl}}
}

// GetBucketAcl gives the bucket's access list.
func (s *Service) GetBucketAcl(ctx context.Context, in *s3.GetBucketAclInput) (*s3.GetBucketAclOutput, error) {
	out := &s3.GetBucketAclOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketAcl"}, func(b Bucket) error {
		out.Owner, out.Grants = owner(b.Account), full(b.Account)
		return nil
	})
}
