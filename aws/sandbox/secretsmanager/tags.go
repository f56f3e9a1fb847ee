package secretsmanager

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
)

// mostTags is the quota of a secret.
const mostTags = 50

// Tag sets a tag that belongs to the service that owns a secret ("aws:rds:primaryDBInstanceArn"); its user cannot change those.
func (s *Service) Tag(tx *store.Tx, arn, key, value string) {
	if sec, err := s.byARN(tx, arn); err == nil {
		sec.Tags = maps.Clone(sec.Tags)
		if sec.Tags == nil {
			sec.Tags = map[string]string{}
		}
		sec.Tags[key] = value
		s.keep(tx, sec)
	}
}

// retagged is tags after a change, in a map of its own.
func retagged(tags, set map[string]string, remove []string) (map[string]string, error) {
	next := maps.Clone(tags)
	if next == nil {
		next = map[string]string{}
	}
	for _, k := range slices.Concat(slices.Sorted(maps.Keys(set)), remove) {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return nil, invalidParameter("Tag key names beginning with aws: are reserved for AWS use.")
		}
	}
	maps.Copy(next, set)
	for _, k := range remove {
		delete(next, k)
	}
	own := 0
	for k := range next {
		if !strings.HasPrefix(k, "aws:") {
			own++
		}
	}
	if own > mostTags {
		return nil, invalidParameter("Too many tags. You can't have more than %d tags on a secret.", mostTags)
	}
	return next, nil
}

func tagMap(list []types.Tag) map[string]string {
	tags := map[string]string{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

func tagList(tags map[string]string) (list []types.Tag) {
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}

// retag changes the tags of the caller's secret. That of another service may have tags of its user's.
func (s *Service) retag(ctx context.Context, id *string, set map[string]string, remove []string) error {
	return s.store.Update(func(tx *store.Tx) error {
		sec, err := s.find(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case !sec.Deletes.IsZero():
			return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
		}
		if sec.Tags, err = retagged(sec.Tags, set, remove); err == nil {
			s.keep(tx, sec)
		}
		return err
	})
}

// TagResource adds tags to a secret, or changes their values.
func (s *Service) TagResource(ctx context.Context, in *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error) {
	return &secretsmanager.TagResourceOutput{}, s.retag(ctx, in.SecretId, tagMap(in.Tags), nil)
}

// UntagResource removes tags from a secret.
func (s *Service) UntagResource(ctx context.Context, in *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error) {
	return &secretsmanager.UntagResourceOutput{}, s.retag(ctx, in.SecretId, nil, in.TagKeys)
}

// Tagged gives the secrets with tags, except those that are marked for deletion.
func (s *Service) Tagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	s.secrets.Scan(tx, row(account, region, ""), func(_ string, sec Secret) bool {
		if len(sec.Tags) > 0 && sec.Deletes.IsZero() {
			all = append(all, tagging.Resource{ARN: sec.ARN(), Type: "secretsmanager:secret", Tags: sec.Tags})
		}
		return true
	})
	return all
}

// Retag changes the tags of a secret by its ARN.
func (s *Service) Retag(tx *store.Tx, account, region, arn string, set map[string]string, remove []string) (mine bool, err error) {
	if !strings.HasPrefix(arn, arnPrefix(account, region)) {
		return false, nil
	}
	sec, err := s.byARN(tx, arn)
	if err == nil {
		sec.Tags, err = retagged(sec.Tags, set, remove)
	}
	if err == nil {
		s.keep(tx, sec)
	}
	return true, err
}

func isNotFound(err error) bool {
	_, ok := errors.AsType[*types.ResourceNotFoundException](err)
	return ok
}
