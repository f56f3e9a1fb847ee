package rds

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// tagLimit is how many tags a resource can have (RDS User Guide, "Tagging Amazon RDS resources").
const tagLimit = 50

// tags are the tags of a resource in the order of their keys, never nil.
func (s *Service) tags(tx *store.Tx, arn string) []types.Tag {
	all, _ := s.labels.Get(tx, arn)
	list := []types.Tag{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(all[key])})
	}
	return list
}

// setTags adds tags to a resource, or changes their values. The error is AWS's, of a key or value that cannot be one.
func (s *Service) setTags(tx *store.Tx, arn string, tags []types.Tag) error {
	set := map[string]string{}
	for _, t := range tags {
		if _, twice := set[aws.ToString(t.Key)]; twice {
			return invalid("Duplicate tag key '%s' specified.", aws.ToString(t.Key))
		}
		set[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return s.retag(tx, arn, set, nil)
}

// retag sets and removes tags of a resource.
func (s *Service) retag(tx *store.Tx, arn string, set map[string]string, remove []string) error {
	old, _ := s.labels.Get(tx, arn)
	next := map[string]string{}
	maps.Copy(next, old)
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if err := tagged(key, set[key]); err != nil {
			return err
		}
		next[key] = set[key]
	}
	for _, key := range remove {
		delete(next, key)
	}
	if len(next) > tagLimit {
		return invalid("The number of tags on the resource exceeds the limit of %d.", tagLimit)
	}
	if len(next) == 0 {
		s.labels.Delete(tx, arn)
		return nil
	}
	s.labels.Put(tx, arn, next)
	return nil
}

// tagged says whether a tag can be one.
func tagged(key, value string) error {
	reserved := strings.ToLower(key)
	switch {
	case key == "":
		return invalid("Tag keys must not be empty.")
	case strings.HasPrefix(reserved, "aws:") || strings.HasPrefix(reserved, "rds:"):
		return invalid("Tag keys must not start with the reserved prefix aws: or rds:. Tag key: %s", key)
	case len([]rune(key)) > 128:
		return invalid("Tag keys must not be longer than 128 characters.")
	case len([]rune(value)) > 256:
		return invalid("Tag values must not be longer than 256 characters.")
	}
	return nil
}

// dropTags forgets the tags of a resource that is gone.
func (s *Service) dropTags(tx *store.Tx, arn string) { s.labels.Delete(tx, arn) }

// moveTags gives the tags of a resource to its new ARN, when it is renamed.
func (s *Service) moveTags(tx *store.Tx, from, to string) {
	if tags, there := s.labels.Get(tx, from); there {
		s.labels.Delete(tx, from)
		s.labels.Put(tx, to, tags)
	}
}

// owned says that the caller has a resource of this ARN; the error is that of its kind.
func (s *Service) owned(tx *store.Tx, account, region, resource string) error {
	parts := strings.SplitN(resource, ":", 7)
	if len(parts) != 7 || parts[2] != "rds" || parts[3] != region || parts[4] != account {
		return invalid("Invalid resource name: %s", resource)
	}
	key := row(account, region, strings.ToLower(parts[6]))
	there, code, title := false, "", ""
	switch parts[5] {
	case "db":
		code, title = "DBInstanceNotFound", "DB Instance"
		_, there = s.instances.Get(tx, key)
	case "snapshot":
		code, title = "DBSnapshotNotFound", "DB Snapshot"
		_, there = s.snapshots.Get(tx, key)
	case "auto-backup":
		code, title = "DBInstanceAutomatedBackupNotFound", "DB Instance Automated Backup"
		_, there = s.backups.Get(tx, row(account, region, parts[6]))
		there = there || len(s.members(tx, account, region, func(i Instance) bool { return i.BackupID == parts[6] })) > 0
	case "cluster-auto-backup":
		code, title = "DBClusterAutomatedBackupNotFoundFault", "DB Cluster Automated Backup"
		_, there = s.clusterBackups.Get(tx, row(account, region, parts[6]))
		for _, c := range listed(tx, s.clusterRows, account, region) {
			there = there || c.Common.BackupID == parts[6]
		}
	case "cluster":
		code, title = "DBClusterNotFoundFault", "DB Cluster"
		_, there = s.clusterRows.Get(tx, key)
	case "cluster-snapshot":
		code, title = "DBClusterSnapshotNotFoundFault", "DB Cluster Snapshot"
		_, there = s.clusterSnapshots.Get(tx, key)
	case "subgrp":
		code, title = "DBSubnetGroupNotFoundFault", "DB Subnet Group"
		_, err := s.subnetGroup(tx, account, region, parts[6])
		there = err == nil
	case "pg":
		code, title = "DBParameterGroupNotFound", "DB Parameter Group"
		_, there = s.ofParameters().find(tx, account, region, parts[6])
	case "og":
		code, title = "OptionGroupNotFoundFault", "Option Group"
		_, there = s.ofOptions().find(tx, account, region, parts[6])
	default:
		return invalid("Invalid resource name: %s", resource)
	}
	if !there {
		return errorf(code, "Could not find a %s matching the resource name: '%s'", title, resource)
	}
	return nil
}

// AddTagsToResource adds tags to a resource of RDS, or changes their values.
func (s *Service) AddTagsToResource(ctx context.Context, in *rds.AddTagsToResourceInput) (*rds.AddTagsToResourceOutput, error) {
	return &rds.AddTagsToResourceOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		if err := s.owned(tx, c.Account, c.Region, aws.ToString(in.ResourceName)); err != nil {
			return err
		}
		return s.setTags(tx, *in.ResourceName, in.Tags)
	})
}

// RemoveTagsFromResource removes tags of a resource of RDS; a key it does not have is no error.
func (s *Service) RemoveTagsFromResource(ctx context.Context, in *rds.RemoveTagsFromResourceInput) (*rds.RemoveTagsFromResourceOutput, error) {
	return &rds.RemoveTagsFromResourceOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		if err := s.owned(tx, c.Account, c.Region, aws.ToString(in.ResourceName)); err != nil {
			return err
		}
		return s.retag(tx, *in.ResourceName, nil, in.TagKeys)
	})
}

// ListTagsForResource lists the tags of a resource of RDS.
func (s *Service) ListTagsForResource(ctx context.Context, in *rds.ListTagsForResourceInput) (*rds.ListTagsForResourceOutput, error) {
	out := &rds.ListTagsForResourceOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		if err := s.owned(tx, c.Account, c.Region, aws.ToString(in.ResourceName)); err != nil {
			return err
		}
		out.TagList = s.tags(tx, *in.ResourceName)
		return nil
	})
}

// Tagged gives what has tags.
func (s *Service) Tagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	s.labels.Scan(tx, "arn:aws:rds:"+region+":"+account+":", func(arn string, tags map[string]string) bool {
		all = append(all, tagging.Resource{ARN: arn, Type: "rds:" + strings.SplitN(arn, ":", 7)[5], Tags: tags})
		return true
	})
	return all
}

// Retag changes the tags of what is RDS's own.
func (s *Service) Retag(tx *store.Tx, account, region, resource string, set map[string]string, remove []string) (mine bool, err error) {
	if !strings.HasPrefix(resource, "arn:aws:rds:") {
		return false, nil
	}
	if err := s.owned(tx, account, region, resource); err != nil {
		return true, err
	}
	return true, s.retag(tx, resource, set, remove)
}
