package s3

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// How many tags there may be.
const (
	maxBucketTags = 50
	maxObjectTags = 10
)

// tagMap checks tags and gives them by key.
func tagMap(list []types.Tag, most int) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		_, twice := tags[key]
		switch {
		case twice:
			return nil, fault("InvalidTag", "Cannot provide multiple Tags with the same key")
		case key == "" || len(key) > 128:
			return nil, fault("InvalidTag", "The TagKey you have provided is invalid", wire.Element{Name: "TagKey", Text: key})
		case len(value) > 256:
			return nil, fault("InvalidTag", "The TagValue you have provided is invalid", wire.Element{Name: "TagValue", Text: value})
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, fault("InvalidTag", "System tags cannot be added/updated by requester", wire.Element{Name: "TagKey", Text: key})
		}
		tags[key] = value
	}
	if len(tags) > most {
		if most == maxObjectTags {
			return nil, fault("BadRequest", "Object tags cannot be greater than 10")
		}
		return nil, fault("BadRequest", "Bucket tag count cannot be greater than 50")
	}
	return tags, nil
}

// headerTags reads tags as PutObject has them: a query string.
func headerTags(text *string) (map[string]string, error) {
	if aws.ToString(text) == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(*text)
	if err != nil {
		return nil, invalid("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", *text)
	}
	var list []types.Tag
	for key, all := range values {
		for _, value := range all {
			list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(value)})
		}
	}
	return tagMap(list, maxObjectTags)
}

func tagSet(tags map[string]string) []types.Tag {
	list := []types.Tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

// PutBucketTagging replaces all tags of a bucket.
func (s *Service) PutBucketTagging(ctx context.Context, in *s3.PutBucketTaggingInput) (*s3.PutBucketTaggingOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketTagging"}
	return &s3.PutBucketTaggingOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) (err error) {
		b.Tags, err = tagMap(in.Tagging.TagSet, maxBucketTags)
		return err
	})
}

// GetBucketTagging gives a bucket's tags.
func (s *Service) GetBucketTagging(ctx context.Context, in *s3.GetBucketTaggingInput) (*s3.GetBucketTaggingOutput, error) {
	out := &s3.GetBucketTaggingOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketTagging"}, func(b Bucket) error {
		if len(b.Tags) == 0 {
			return fault("NoSuchTagSet", "The TagSet does not exist", wire.Element{Name: "BucketName", Text: b.Name})
		}
		out.TagSet = tagSet(b.Tags)
		return nil
	})
}

// DeleteBucketTagging removes all tags of a bucket.
func (s *Service) DeleteBucketTagging(ctx context.Context, in *s3.DeleteBucketTaggingInput) (*s3.DeleteBucketTaggingOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketTagging"}
	return &s3.DeleteBucketTaggingOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error { b.Tags = nil; return nil })
}

// Tagged gives the buckets with tags.
func (s *Service) Tagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	for _, b := range s.own(tx, account) {
		if b.Region == region && len(b.Tags) > 0 {
			all = append(all, tagging.Resource{ARN: b.ARN(), Type: "s3", Tags: b.Tags})
		}
	}
	return all
}

// Retag changes the tags of a bucket.
func (s *Service) Retag(tx *store.Tx, account, region, arn string, set map[string]string, remove []string) (mine bool, err error) {
	name, mine := strings.CutPrefix(arn, "arn:aws:s3:::")
	if !mine {
		return false, nil
	}
	b, err := s.find(tx, wire.Caller{Account: account, Region: region, ARN: "arn:aws:iam::" + account + ":root"}, ask{bucket: &name, action: "s3:PutBucketTagging"})
	if err != nil {
		return true, err
	}
	tags := maps.Clone(b.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, set)
	for _, key := range remove {
		delete(tags, key)
	}
	if b.Tags, err = tagMap(tagSet(tags), maxBucketTags); err != nil {
		return true, err
	}
	s.buckets.Put(tx, b.Name, b)
	return true, nil
}

// PutObjectTagging replaces all tags of a version.
func (s *Service) PutObjectTagging(ctx context.Context, in *s3.PutObjectTaggingInput) (*s3.PutObjectTaggingOutput, error) {
	out := &s3.PutObjectTaggingOutput{}
	return out, s.retagObject(ctx, in.Bucket, in.ExpectedBucketOwner, in.Key, in.VersionId, "s3:PutObjectTagging", &out.VersionId, func() (map[string]string, error) {
		return tagMap(in.Tagging.TagSet, maxObjectTags)
	})
}

// DeleteObjectTagging removes all tags of a version.
func (s *Service) DeleteObjectTagging(ctx context.Context, in *s3.DeleteObjectTaggingInput) (*s3.DeleteObjectTaggingOutput, error) {
	out := &s3.DeleteObjectTaggingOutput{}
	return out, s.retagObject(ctx, in.Bucket, in.ExpectedBucketOwner, in.Key, in.VersionId, "s3:DeleteObjectTagging", &out.VersionId, func() (map[string]string, error) {
		return nil, nil
	})
}

func (s *Service) retagObject(ctx context.Context, bucket, owner, key, version *string, action string, id **string, tags func() (map[string]string, error)) error {
	return s.update(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		*id, err = s.retag(tx, c, ask{bucket: bucket, owner: owner, action: ofVersion(action, version), key: aws.ToString(key)}, version, tags)
		return err
	})
}

// retag replaces the tags of a version.
func (s *Service) retag(tx *store.Tx, c wire.Caller, a ask, version *string, tags func() (map[string]string, error)) (id *string, err error) {
	b, at, o, err := s.locate(tx, c, a, version)
	if err != nil {
		return nil, err
	}
	if o.Tags, err = tags(); err != nil {
		return nil, err
	}
	s.outgoing(tx, b, &o)
	s.objects.Put(tx, at, o)
	return b.shown(o), nil
}

// GetObjectTagging gives a version's tags.
func (s *Service) GetObjectTagging(ctx context.Context, in *s3.GetObjectTaggingInput) (*s3.GetObjectTaggingOutput, error) {
	out := &s3.GetObjectTaggingOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: ofVersion("s3:GetObjectTagging", in.VersionId), key: aws.ToString(in.Key)}
		b, _, o, err := s.locate(tx, c, a, in.VersionId)
		out.TagSet, out.VersionId = tagSet(o.Tags), b.shown(o)
		return err
	})
}
