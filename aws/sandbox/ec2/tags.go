package ec2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

const tagLimit = 50

// specified reads the tags of a request's TagSpecifications, which must all be for kind.
func specified(specs []types.TagSpecification, kind types.ResourceType) (map[string]string, error) {
	var tags map[string]string
	for _, spec := range specs {
		switch {
		case spec.ResourceType == "":
			return nil, errorf("InvalidParameterValue", "Tag specification resource type must have a value")
		case spec.ResourceType != kind:
			return nil, errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		case len(spec.Tags) == 0:
			return nil, errorf("InvalidParameterValue", "Tag specification must have at least one tag")
		}
		for _, t := range spec.Tags {
			if _, twice := tags[aws.ToString(t.Key)]; twice {
				return nil, errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", aws.ToString(t.Key))
			}
			var err error
			if tags, err = tagged(tags, t); err != nil {
				return nil, err
			}
		}
	}
	return tags, nil
}

// tagged is tags with one more, in a map of its own.
func tagged(tags map[string]string, t types.Tag) (map[string]string, error) {
	key, value := aws.ToString(t.Key), aws.ToString(t.Value)
	switch {
	case key == "":
		return nil, errorf("InvalidParameterValue", "Tag key cannot be null or empty. Member must have length greater than or equal to 1")
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return nil, reserved(key)
	case len([]rune(key)) > 127:
		return nil, errorf("InvalidParameterValue", "Tag key exceeds the maximum length of 127 characters")
	case len([]rune(value)) > 255:
		return nil, errorf("InvalidParameterValue", "Tag value exceeds the maximum length of 255 characters")
	}
	next := maps.Clone(tags)
	if next == nil {
		next = map[string]string{}
	}
	next[key] = value
	own := 0
	for k := range next {
		if !strings.HasPrefix(k, "aws:") {
			own++
		}
	}
	if own > tagLimit {
		return nil, errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return next, nil
}

func reserved(key string) error {
	return errorf("InvalidParameterValue", "Value ( %s ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use", key)
}

// retag changes the tags of the caller's resources, of all or of none.
func (s *Service) retag(tx *store.Tx, c wire.Caller, ids []string, change func(map[string]string) (map[string]string, error)) error {
	for _, id := range ids {
		kind, _, _ := strings.Cut(id, "-")
		var err error
		switch kind {
		case "vol":
			err = s.retagVolume(tx, c, id, change)
		case "snap":
			err = s.retagSnapshot(tx, c, id, change)
		case "sg":
			err = s.retagGroup(tx, c, id, change)
		case "vpc", "subnet":
			err = s.retagNetwork(tx, c, id, change)
		default:
			err = errorf("InvalidID", "The ID '%s' is not valid", id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) retagVolume(tx *store.Tx, c wire.Caller, id string, change func(map[string]string) (map[string]string, error)) error {
	v, err := s.ownVolume(tx, c, id)
	if err != nil {
		return err
	}
	if v.Tags, err = change(v.Tags); err == nil {
		s.putVolume(tx, v)
	}
	return err
}

func (s *Service) retagSnapshot(tx *store.Tx, c wire.Caller, id string, change func(map[string]string) (map[string]string, error)) error {
	snap, err := s.own(tx, c, id)
	if err != nil {
		return err
	}
	if snap.Tags, err = change(snap.Tags); err == nil {
		s.PutSnapshot(tx, snap)
	}
	return err
}

// CreateTags adds tags to resources, or changes their values.
func (s *Service) CreateTags(ctx context.Context, in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
	return &ec2.CreateTagsOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		if len(in.Tags) == 0 {
			return missing("Tag")
		}
		return s.retag(tx, c, in.Resources, func(tags map[string]string) (map[string]string, error) {
			var err error
			for _, t := range in.Tags {
				if tags, err = tagged(tags, t); err != nil {
					return nil, err
				}
			}
			return tags, nil
		})
	})
}

// DeleteTags removes tags: those of a key, those of a key and value where a value is given, or without tags all that are the user's own.
func (s *Service) DeleteTags(ctx context.Context, in *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error) {
	return &ec2.DeleteTagsOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		for _, t := range in.Tags {
			if strings.HasPrefix(strings.ToLower(aws.ToString(t.Key)), "aws:") {
				return reserved(*t.Key)
			}
		}
		return s.retag(tx, c, in.Resources, func(tags map[string]string) (map[string]string, error) {
			next := maps.Clone(tags)
			maps.DeleteFunc(next, func(k, v string) bool {
				if len(in.Tags) == 0 {
					return !strings.HasPrefix(k, "aws:")
				}
				return slices.ContainsFunc(in.Tags, func(t types.Tag) bool {
					return aws.ToString(t.Key) == k && (t.Value == nil || *t.Value == v)
				})
			})
			return next, nil
		})
	})
}

// DescribeTags lists the tags of the caller's resources in the Region.
func (s *Service) DescribeTags(ctx context.Context, in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
	out := &ec2.DescribeTagsOutput{}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		text := func(of func(types.TagDescription) string) func(types.TagDescription) []string {
			return func(t types.TagDescription) []string { return []string{of(t)} }
		}
		match, err := filter(in.Filters, attributes[types.TagDescription]{
			"key":           text(func(t types.TagDescription) string { return *t.Key }),
			"value":         text(func(t types.TagDescription) string { return *t.Value }),
			"resource-id":   text(func(t types.TagDescription) string { return *t.ResourceId }),
			"resource-type": text(func(t types.TagDescription) string { return string(t.ResourceType) }),
		}, func(t types.TagDescription) map[string]string { return map[string]string{*t.Key: *t.Value} })
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, 0, "")
		if err != nil {
			return err
		}
		var rows []types.TagDescription
		for _, r := range s.Tagged(tx, c.Account, c.Region) {
			id := r.ARN[strings.LastIndex(r.ARN, "/")+1:]
			kind := types.ResourceType(strings.TrimPrefix(r.Type, "ec2:"))
			for _, k := range sortedKeys(r.Tags) {
				row := types.TagDescription{Key: aws.String(k), Value: aws.String(r.Tags[k]), ResourceId: aws.String(id), ResourceType: kind}
				if match(row) {
					rows = append(rows, row)
				}
			}
		}
		out.Tags, out.NextToken, err = cut(p, rows, func(t types.TagDescription) string { return *t.ResourceId + "\x00" + *t.Key })
		return err
	})
}

// Tagged lists what an account has in a Region that has tags.
func (s *Service) Tagged(tx *store.Tx, account, region string) []tagging.Resource {
	var out []tagging.Resource
	for _, snap := range s.Snapshots(tx, region, func(snap Snapshot) bool { return snap.Owner == account && len(snap.Tags) > 0 }) {
		out = append(out, tagging.Resource{ARN: arn(region, account, "snapshot", snap.ID), Type: "ec2:snapshot", Tags: snap.Tags})
	}
	for _, v := range s.Volumes(tx, account, region, func(v Volume) bool { return len(v.Tags) > 0 }) {
		out = append(out, tagging.Resource{ARN: arn(region, account, "volume", v.ID), Type: "ec2:volume", Tags: v.Tags})
	}
	return append(out, s.networkTagged(tx, account, region)...)
}

// taggable are the kinds of resources that have tags here, as their ARNs name them.
var taggable = []string{"volume", "snapshot", "vpc", "subnet", "security-group"}

// Retag sets and removes tags of a resource by its ARN; another's ARN is not its own.
func (s *Service) Retag(tx *store.Tx, account, region, resource string, set map[string]string, remove []string) (mine bool, err error) {
	rest, _ := strings.CutPrefix(resource, strings.TrimSuffix(arn(region, account, "", ""), "/"))
	kind, id, _ := strings.Cut(rest, "/")
	if !slices.Contains(taggable, kind) {
		return false, nil
	}
	return true, s.retag(tx, wire.Caller{Account: account, Region: region}, []string{id}, func(tags map[string]string) (map[string]string, error) {
		next := maps.Clone(tags)
		for _, k := range remove {
			delete(next, k)
		}
		for _, k := range sortedKeys(set) {
			if next, err = tagged(next, types.Tag{Key: aws.String(k), Value: aws.String(set[k])}); err != nil {
				return nil, err
			}
		}
		return next, nil
	})
}
