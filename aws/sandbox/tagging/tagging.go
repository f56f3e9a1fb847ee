// Package tagging is the sandbox's Resource Groups Tagging API: one view of the tags of all services.
//
// It keeps nothing. Each service keeps its own tags and is asked for them.
package tagging

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Resource is a resource with tags.
type Resource struct {
	ARN  string
	Type string // as ResourceTypeFilters name it: ec2:volume, kms:key
	Tags map[string]string
}

// Source is a service whose resources can be found by their tags.
type Source interface {
	// Tagged gives the account's resources in the Region that have tags. Global resources are in us-east-1.
	Tagged(tx *store.Tx, account, region string) []Resource
}

// Retagger is a Source whose tags can be changed from here. Retag answers false for an ARN that is not one of its own.
type Retagger interface {
	Retag(tx *store.Tx, account, region, arn string, set map[string]string, remove []string) (mine bool, err error)
}

// Service is the tagging API over its sources.
type Service struct {
	store   *store.Store
	sources []Source
}

// New makes the service over what the other services keep.
func New(st *store.Store, sources ...Source) *Service { return &Service{store: st, sources: sources} }

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.GetResources), wire.Op(s.GetTagKeys), wire.Op(s.GetTagValues), wire.Op(s.TagResources), wire.Op(s.UntagResources),
	}
}

// all are the caller's resources in its Region, by ARN.
func (s *Service) all(ctx context.Context) (all []Resource, err error) {
	c := wire.From(ctx)
	err = s.store.View(func(tx *store.Tx) error {
		for _, source := range s.sources {
			all = append(all, source.Tagged(tx, c.Account, c.Region)...)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.ARN, b.ARN) })
	return all, err
}

// GetResources finds resources by their tags (every filter, any of its values) and types.
func (s *Service) GetResources(ctx context.Context, in *resourcegroupstaggingapi.GetResourcesInput) (*resourcegroupstaggingapi.GetResourcesOutput, error) {
	if len(in.ResourceARNList) > 0 && (len(in.TagFilters) > 0 || len(in.ResourceTypeFilters) > 0 || in.ResourcesPerPage != nil || aws.ToString(in.PaginationToken) != "") {
		return nil, invalid("ResourceARNList may not be used with other parameters")
	}
	limit := 100
	if n := aws.ToInt32(in.ResourcesPerPage); n != 0 {
		if n < 1 || n > 100 {
			return nil, invalid("ResourcesPerPage must be between 1 and 100")
		}
		limit = int(n)
	}
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r Resource) bool {
		return !oneOf(in.ResourceARNList, r.ARN) || !ofType(in.ResourceTypeFilters, r.Type) || !tagged(in.TagFilters, r.Tags)
	})
	part, next, err := page.Cut(all, func(r Resource) string { return r.ARN }, aws.ToString(in.PaginationToken), limit)
	if err != nil {
		return nil, &types.PaginationTokenExpiredException{Message: aws.String("The pagination token is not valid or has expired")}
	}
	out := &resourcegroupstaggingapi.GetResourcesOutput{PaginationToken: aws.String(next), ResourceTagMappingList: []types.ResourceTagMapping{}}
	for _, r := range part {
		mapping := types.ResourceTagMapping{ResourceARN: aws.String(r.ARN), Tags: []types.Tag{}}
		for _, k := range slices.Sorted(maps.Keys(r.Tags)) {
			mapping.Tags = append(mapping.Tags, types.Tag{Key: aws.String(k), Value: aws.String(r.Tags[k])})
		}
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, mapping)
	}
	return out, nil
}

func oneOf(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }

// ofType matches "ec2" and "ec2:volume" against the type ec2:volume.
func ofType(filters []string, kind string) bool {
	service, _, _ := strings.Cut(kind, ":")
	return oneOf(filters, kind) || slices.Contains(filters, service)
}

func tagged(filters []types.TagFilter, tags map[string]string) bool {
	for _, f := range filters {
		if v, there := tags[aws.ToString(f.Key)]; !there || !oneOf(f.Values, v) {
			return false
		}
	}
	return len(tags) > 0
}

// GetTagKeys lists the keys in use.
func (s *Service) GetTagKeys(ctx context.Context, in *resourcegroupstaggingapi.GetTagKeysInput) (*resourcegroupstaggingapi.GetTagKeysOutput, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, r := range all {
		for k := range r.Tags {
			keys[k] = true
		}
	}
	part, next, err := words(keys, in.PaginationToken)
	return &resourcegroupstaggingapi.GetTagKeysOutput{TagKeys: part, PaginationToken: next}, err
}

// GetTagValues lists the values in use of one key.
func (s *Service) GetTagValues(ctx context.Context, in *resourcegroupstaggingapi.GetTagValuesInput) (*resourcegroupstaggingapi.GetTagValuesOutput, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	values := map[string]bool{}
	for _, r := range all {
		if v, there := r.Tags[aws.ToString(in.Key)]; there {
			values[v] = true
		}
	}
	part, next, err := words(values, in.PaginationToken)
	return &resourcegroupstaggingapi.GetTagValuesOutput{TagValues: part, PaginationToken: next}, err
}

func words(set map[string]bool, token *string) ([]string, *string, error) {
	part, next, err := page.Cut(slices.Sorted(maps.Keys(set)), func(w string) string { return w }, aws.ToString(token), 1000)
	if err != nil {
		return nil, nil, &types.PaginationTokenExpiredException{Message: aws.String("The pagination token is not valid or has expired")}
	}
	return part, aws.String(next), nil
}

// TagResources sets tags on resources of any service, each on its own; what failed is in the answer.
func (s *Service) TagResources(ctx context.Context, in *resourcegroupstaggingapi.TagResourcesInput) (*resourcegroupstaggingapi.TagResourcesOutput, error) {
	failed, err := s.retag(ctx, in.ResourceARNList, in.Tags, nil)
	return &resourcegroupstaggingapi.TagResourcesOutput{FailedResourcesMap: failed}, err
}

// UntagResources removes tags from resources of any service, each on its own; what failed is in the answer.
func (s *Service) UntagResources(ctx context.Context, in *resourcegroupstaggingapi.UntagResourcesInput) (*resourcegroupstaggingapi.UntagResourcesOutput, error) {
	failed, err := s.retag(ctx, in.ResourceARNList, nil, in.TagKeys)
	return &resourcegroupstaggingapi.UntagResourcesOutput{FailedResourcesMap: failed}, err
}

func (s *Service) retag(ctx context.Context, arns []string, set map[string]string, remove []string) (map[string]types.FailureInfo, error) {
	c := wire.From(ctx)
	failed := map[string]types.FailureInfo{}
	for _, arn := range arns {
		err := s.store.Update(func(tx *store.Tx) error { return s.retagOne(tx, c, arn, set, remove) })
		var api smithy.APIError
		switch {
		case errors.As(err, &api):
			failed[arn] = types.FailureInfo{
				ErrorCode: types.ErrorCodeInvalidParameterException, StatusCode: 400,
				ErrorMessage: aws.String(api.ErrorCode() + ": " + api.ErrorMessage()),
			}
		case err != nil:
			return nil, err
		}
	}
	return failed, nil
}

func (s *Service) retagOne(tx *store.Tx, c wire.Caller, arn string, set map[string]string, remove []string) error {
	for _, source := range s.sources {
		if r, ok := source.(Retagger); ok {
			if mine, err := r.Retag(tx, c.Account, c.Region, arn, set, remove); mine || err != nil {
				return err
			}
		}
	}
	return invalid("The resource " + arn + " is not known in this Region, or its tags cannot be changed here")
}

func invalid(message string) error {
	return &types.InvalidParameterException{Message: aws.String(message)}
}
