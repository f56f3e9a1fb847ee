package tagging

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// shelf is a service with some resources in one account and Region.
type shelf []Resource

func (s shelf) Tagged(_ *store.Tx, account, region string) []Resource {
	if account != "111122223333" || region != "us-east-2" {
		return nil
	}
	return s
}

func (s shelf) Retag(_ *store.Tx, _, _, arn string, set map[string]string, remove []string) (bool, error) {
	for _, r := range s {
		if r.ARN != arn {
			continue
		}
		for k, v := range set {
			if v == "bad" {
				return true, wire.Errorf("TagException", "no")
			}
			r.Tags[k] = v
		}
		for _, k := range remove {
			delete(r.Tags, k)
		}
		return true, nil
	}
	return false, nil
}

func TestGetResources(t *testing.T) {
	st, err := store.Open("", clock.New(clock.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	disks := shelf{{"v1", "ec2:volume", map[string]string{"run": "a", "Name": "x"}}, {"s1", "ec2:snapshot", map[string]string{"run": "a"}}, {"v2", "ec2:volume", map[string]string{"run": "b"}}}
	keys := shelf{{"k1", "kms:key", map[string]string{"run": "a", "x": ""}}, {"k2", "kms:key", nil}}
	s := New(st, disks, keys)
	ctx := wire.With(t.Context(), wire.Caller{Account: "111122223333", Region: "us-east-2"})
	filter := func(key string, values ...string) types.TagFilter { return types.TagFilter{Key: &key, Values: values} }
	for _, c := range []struct {
		in   resourcegroupstaggingapi.GetResourcesInput
		want []string
	}{
		{resourcegroupstaggingapi.GetResourcesInput{}, []string{"k1", "s1", "v1", "v2"}},
		{resourcegroupstaggingapi.GetResourcesInput{TagFilters: []types.TagFilter{filter("run", "a")}}, []string{"k1", "s1", "v1"}},
		{resourcegroupstaggingapi.GetResourcesInput{TagFilters: []types.TagFilter{filter("run", "a", "b"), filter("Name")}}, []string{"v1"}},
		{resourcegroupstaggingapi.GetResourcesInput{TagFilters: []types.TagFilter{filter("RUN")}}, nil},
		{resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"ec2"}}, []string{"s1", "v1", "v2"}},
		{resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"ec2:snapshot", "kms"}}, []string{"k1", "s1"}},
		{resourcegroupstaggingapi.GetResourcesInput{ResourceARNList: []string{"v2", "v9"}}, []string{"v2"}},
	} {
		out, err := s.GetResources(ctx, &c.in)
		var got []string
		if err == nil {
			for _, m := range out.ResourceTagMappingList {
				got = append(got, *m.ResourceARN)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for _, in := range []resourcegroupstaggingapi.GetResourcesInput{
		{ResourceARNList: []string{"v1"}, ResourceTypeFilters: []string{"ec2"}}, {ResourcesPerPage: aws.Int32(101)}, {PaginationToken: aws.String("??")},
	} {
		var api smithy.APIError
		if _, err := s.GetResources(ctx, &in); !errors.As(err, &api) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	if out, err := s.GetTagKeys(ctx, &resourcegroupstaggingapi.GetTagKeysInput{}); err != nil || !slices.Equal(out.TagKeys, []string{"Name", "run", "x"}) {
		t.Errorf("keys %v, %v", out, err)
	}
	if out, err := s.GetTagValues(ctx, &resourcegroupstaggingapi.GetTagValuesInput{Key: aws.String("run")}); err != nil || !slices.Equal(out.TagValues, []string{"a", "b"}) {
		t.Errorf("values %v, %v", out, err)
	}
	set, err := s.TagResources(ctx, &resourcegroupstaggingapi.TagResourcesInput{ResourceARNList: []string{"v1", "v9"}, Tags: map[string]string{"run": "c"}})
	if err != nil || len(set.FailedResourcesMap) != 1 || disks[0].Tags["run"] != "c" {
		t.Errorf("%v, %v, %v", set, err, disks[0])
	}
	set, err = s.TagResources(ctx, &resourcegroupstaggingapi.TagResourcesInput{ResourceARNList: []string{"v1"}, Tags: map[string]string{"run": "bad"}})
	if err != nil || *set.FailedResourcesMap["v1"].ErrorMessage != "TagException: no" {
		t.Errorf("%v, %v", set, err)
	}
	if _, err := s.UntagResources(ctx, &resourcegroupstaggingapi.UntagResourcesInput{ResourceARNList: []string{"v1"}, TagKeys: []string{"run"}}); err != nil || len(disks[0].Tags) != 1 {
		t.Errorf("%v, %v", err, disks[0])
	}
}
