package s3

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// counted is a request-metrics configuration: for which objects of a bucket requests are counted.
type counted struct {
	Filtered    bool              `json:"filtered,omitempty"`
	Several     bool              `json:"several,omitempty"` // its conditions stand in an And
	Prefix      *string           `json:"prefix,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	AccessPoint *string           `json:"access_point,omitempty"`
}

// How many a bucket has at most, and how many a page of them shows (API reference, "ListBucketMetricsConfigurations").
const (
	maxCounted  = 1000
	countedPage = 100
)

var countedID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// countedOf reads a filter as it travels.
func countedOf(filter types.MetricsFilter) (m counted, err error) {
	m.Filtered = filter != nil
	var tags []types.Tag
	switch f := filter.(type) {
	case *types.MetricsFilterMemberPrefix:
		m.Prefix = &f.Value
	case *types.MetricsFilterMemberTag:
		tags = []types.Tag{f.Value}
	case *types.MetricsFilterMemberAccessPointArn:
		m.AccessPoint = &f.Value
	case *types.MetricsFilterMemberAnd:
		m.Several, m.Prefix, m.AccessPoint, tags = true, f.Value.Prefix, f.Value.AccessPointArn, f.Value.Tags
	}
	if m.Tags, err = tagMap(tags, maxObjectTags); err != nil {
		return m, err
	}
	conditions := len(m.Tags)
	for _, text := range []*string{m.Prefix, m.AccessPoint} {
		if text != nil {
			conditions++
		}
	}
	if m.Several && conditions < 2 || m.Filtered && conditions == 0 {
		return m, fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	return m, nil
}

// filter is the filter as it travels.
func (m counted) filter() types.MetricsFilter {
	switch {
	case m.Several:
		return &types.MetricsFilterMemberAnd{Value: types.MetricsAndOperator{Prefix: m.Prefix, Tags: tagSet(m.Tags), AccessPointArn: m.AccessPoint}}
	case m.Prefix != nil:
		return &types.MetricsFilterMemberPrefix{Value: *m.Prefix}
	case m.AccessPoint != nil:
		return &types.MetricsFilterMemberAccessPointArn{Value: *m.AccessPoint}
	case len(m.Tags) > 0:
		return &types.MetricsFilterMemberTag{Value: tagSet(m.Tags)[0]}
	}
	return nil
}

// PutBucketMetricsConfiguration sets one by its id.
func (s *Service) PutBucketMetricsConfiguration(ctx context.Context, in *s3.PutBucketMetricsConfigurationInput) (*s3.PutBucketMetricsConfigurationOutput, error) {
	id := aws.ToString(in.Id)
	if !countedID.MatchString(id) || id != aws.ToString(in.MetricsConfiguration.Id) {
		return nil, invalid("The specified configuration id is not valid, or is not the one in the request's body", "id", id)
	}
	m, err := countedOf(in.MetricsConfiguration.Filter)
	if err != nil {
		return nil, err
	}
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutMetricsConfiguration"}
	return &s3.PutBucketMetricsConfigurationOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		if _, there := b.Counted[id]; !there && len(b.Counted) == maxCounted {
			return fault("TooManyConfigurations", "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.")
		}
		all := map[string]counted{id: m}
		for other, has := range b.Counted {
			if other != id {
				all[other] = has
			}
		}
		b.Counted = all
		return nil
	})
}

func noCounted() error {
	return fault("NoSuchConfiguration", "The specified configuration does not exist.")
}

// GetBucketMetricsConfiguration gives one by its id.
func (s *Service) GetBucketMetricsConfiguration(ctx context.Context, in *s3.GetBucketMetricsConfigurationInput) (*s3.GetBucketMetricsConfigurationOutput, error) {
	out := &s3.GetBucketMetricsConfigurationOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetMetricsConfiguration"}, func(b Bucket) error {
		m, there := b.Counted[aws.ToString(in.Id)]
		if !there {
			return noCounted()
		}
		out.MetricsConfiguration = &types.MetricsConfiguration{Id: in.Id, Filter: m.filter()}
		return nil
	})
}

// ListBucketMetricsConfigurations lists them by id, a hundred a page.
func (s *Service) ListBucketMetricsConfigurations(ctx context.Context, in *s3.ListBucketMetricsConfigurationsInput) (*s3.ListBucketMetricsConfigurationsOutput, error) {
	out := &s3.ListBucketMetricsConfigurationsOutput{ContinuationToken: in.ContinuationToken, IsTruncated: aws.Bool(false)}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetMetricsConfiguration"}, func(b Bucket) error {
		ids, next, err := page.Cut(slices.Sorted(maps.Keys(b.Counted)), func(id string) string { return id }, aws.ToString(in.ContinuationToken), countedPage)
		if err != nil {
			return invalid("The continuation token provided is incorrect", "continuation-token", *in.ContinuationToken)
		}
		for _, id := range ids {
			out.MetricsConfigurationList = append(out.MetricsConfigurationList, types.MetricsConfiguration{Id: aws.String(id), Filter: b.Counted[id].filter()})
		}
		out.NextContinuationToken, out.IsTruncated = some(next), aws.Bool(next != "")
		return nil
	})
}

// DeleteBucketMetricsConfiguration removes one.
func (s *Service) DeleteBucketMetricsConfiguration(ctx context.Context, in *s3.DeleteBucketMetricsConfigurationInput) (*s3.DeleteBucketMetricsConfigurationOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutMetricsConfiguration"}
	return &s3.DeleteBucketMetricsConfigurationOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		id := aws.ToString(in.Id)
		if _, there := b.Counted[id]; !there {
			return noCounted()
		}
		b.Counted = maps.Clone(b.Counted)
		delete(b.Counted, id)
		return nil
	})
}
