package s3

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	mostReplications = 1000
	longestRule      = 255
	// inTime is the only time of replication time control, and the only threshold of its events.
	inTime = 15 // minutes
)

// PutBucketReplication replaces the rules. What was written before them is not replicated by them.
func (s *Service) PutBucketReplication(ctx context.Context, in *s3.PutBucketReplicationInput) (*s3.PutBucketReplicationOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutReplicationConfiguration"}
	return &s3.PutBucketReplicationOutput{}, s.setting(ctx, a, func(tx *store.Tx, c wire.Caller, b *Bucket) error {
		set := *in.ReplicationConfiguration
		if err := checkReplicationRole(aws.ToString(set.Role), c.Account); err != nil {
			return err
		}
		if b.Versioning != types.BucketVersioningStatusEnabled {
			return unreplicable("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
		}
		if err := checkReplication(set.Rules, b.Name); err != nil {
			return err
		}
		set.Rules = append([]types.ReplicationRule{}, set.Rules...)
		for i := range set.Rules {
			r := &set.Rules[i]
			to, there := s.buckets.Get(tx, rule{*r}.to())
			switch {
			case !there:
				return unreplicable("Destination bucket must exist.")
			case to.Versioning != types.BucketVersioningStatusEnabled:
				return unreplicable("Destination bucket must have versioning enabled.")
			case aws.ToString(r.ID) == "":
				r.ID = aws.String(tx.UUID())
			}
		}
		b.Replicates = &set
		return nil
	})
}

// GetBucketReplication gives the rules.
func (s *Service) GetBucketReplication(ctx context.Context, in *s3.GetBucketReplicationInput) (*s3.GetBucketReplicationOutput, error) {
	out := &s3.GetBucketReplicationOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetReplicationConfiguration"}, func(b Bucket) error {
		if out.ReplicationConfiguration = b.Replicates; b.Replicates == nil {
			return fault("ReplicationConfigurationNotFoundError", "The replication configuration was not found", wire.Element{Name: "BucketName", Text: b.Name})
		}
		return nil
	})
}

// DeleteBucketReplication takes the rules away. What is still on its way fails.
func (s *Service) DeleteBucketReplication(ctx context.Context, in *s3.DeleteBucketReplicationInput) (*s3.DeleteBucketReplicationOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutReplicationConfiguration"}
	return &s3.DeleteBucketReplicationOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error { b.Replicates = nil; return nil })
}

// keepsVersions refuses to suspend versioning while a bucket replicates.
func (b Bucket) keepsVersions(next types.BucketVersioningStatus) error {
	if b.Replicates != nil && next != types.BucketVersioningStatusEnabled {
		return fault("InvalidBucketState", "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.",
			wire.Element{Name: "BucketName", Text: b.Name})
	}
	return nil
}

func unreplicable(text string) error { return fault("InvalidRequest", text) }

func malformed() error {
	return fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// checkReplicationRole is what S3 asks of the role's ARN. Whether there is such a role, and what it may, shows when S3 acts as it.
func checkReplicationRole(role, account string) error {
	parsed, err := arn.Parse(role)
	switch {
	case err != nil || parsed.Partition != "aws" || parsed.Service != "iam" || parsed.Region != "" || len(parsed.AccountID) != 12:
		return invalid("Invalid Role specified in replication configuration", "Role", role)
	case !strings.HasPrefix(parsed.Resource, "role/") || len(parsed.Resource) == len("role/"):
		return invalid("The relative id should start with role", "Role", role)
	case parsed.AccountID != account:
		return denied("Cross-account pass role is not allowed.")
	}
	return nil
}

// checkReplication is what S3 asks of all rules together: names and priorities are theirs alone, and all are of one version of the schema. Rules
// without a Filter are of the first one ("Replication configuration backward compatibility").
func checkReplication(rules []types.ReplicationRule, source string) error {
	if len(rules) == 0 || len(rules) > mostReplications {
		return malformed()
	}
	first := false
	for _, r := range rules {
		first = first || r.Filter == nil
	}
	names, priorities, destinations := map[string]bool{}, map[int32]bool{}, map[string]bool{}
	for _, r := range rules {
		if err := (rule{r}).check(source, first); err != nil {
			return err
		}
		name, priority := aws.ToString(r.ID), aws.ToInt32(r.Priority)
		destinations[*r.Destination.Bucket] = true
		switch {
		case name != "" && names[name]:
			return invalid("Rule Id must be unique", "ID", name)
		case r.Priority != nil && priorities[priority]:
			return unreplicable(fmt.Sprintf("Found duplicate priority %d.", priority))
		case first && len(destinations) > 1:
			return unreplicable("Number of distinct destination bucket ARNs cannot exceed 1")
		}
		names[name], priorities[priority] = true, r.Priority != nil
	}
	return nil
}

// check is what S3 asks of a rule for itself.
func (r rule) check(source string, first bool) error {
	schema := func(member, must string) error {
		return unreplicable(member + " " + must + " for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.")
	}
	_, tags := r.scope()
	switch {
	case r.Destination == nil || r.Destination.Bucket == nil || r.ExistingObjectReplication != nil:
		return malformed()
	case r.Status != types.ReplicationRuleStatusEnabled && r.Status != types.ReplicationRuleStatusDisabled:
		return malformed()
	case len(aws.ToString(r.ID)) > longestRule:
		return invalid("Rule Id cannot be greater than 255", "ID", *r.ID)
	case first && r.Priority != nil:
		return schema("Priority", "cannot be used")
	case first && r.DeleteMarkerReplication != nil:
		return schema("DeleteMarkerReplication", "cannot be used")
	case !first && r.Priority == nil:
		return schema("Priority", "must be specified")
	case !first && r.DeleteMarkerReplication == nil:
		return schema("DeleteMarkerReplication", "must be specified")
	case aws.ToInt32(r.Priority) < 0:
		return unreplicable("Priority must be between 0 and 2147483647.")
	}
	if err := r.checkFilter(); err != nil {
		return err
	}
	if len(tags) > 0 && r.markers() {
		return unreplicable("Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.")
	}
	if err := r.checkDestination(source); err != nil {
		return err
	}
	return r.checkTime()
}

// checkFilter is what S3 asks of a filter: one condition, or several within And.
func (r rule) checkFilter() error {
	f := r.Filter
	if f == nil {
		if r.alone() == nil {
			return malformed()
		}
		return nil
	}
	conditions := 0
	for _, there := range []bool{f.Prefix != nil, f.Tag != nil, f.And != nil} {
		if there {
			conditions++
		}
	}
	if conditions > 1 || r.alone() != nil {
		return malformed()
	}
	if f.And != nil && (len(f.And.Tags) == 0 || len(f.And.Tags) == 1 && f.And.Prefix == nil) {
		return malformed()
	}
	_, tags := r.scope()
	_, err := tagMap(tags, maxObjectTags)
	return err
}

// checkDestination is what S3 asks of a destination, without looking for it.
func (r rule) checkDestination(source string) error {
	d, selects := r.Destination, r.SourceSelectionCriteria
	name, isARN := strings.CutPrefix(*d.Bucket, bucketARN)
	switch {
	case !isARN:
		return invalid("Invalid bucket ARN", "Bucket", *d.Bucket)
	case !validName(name):
		return invalid("The specified bucket is not valid.", "Bucket", *d.Bucket)
	case name == source:
		return unreplicable("Destination bucket cannot be the same as the source bucket.")
	}
	if _, err := checkClass(d.StorageClass); err != nil {
		return malformed()
	}
	if d.AccessControlTranslation != nil && aws.ToString(d.Account) == "" {
		return unreplicable("Account must be specified if the Owner in AccessControlTranslation has a value")
	}
	if selects != nil && selects.SseKmsEncryptedObjects == nil && selects.ReplicaModifications == nil {
		return unreplicable("SourceSelectionCriteria cannot be empty.")
	}
	selected := selects != nil && selects.SseKmsEncryptedObjects != nil
	key := ""
	if d.EncryptionConfiguration != nil {
		key = aws.ToString(d.EncryptionConfiguration.ReplicaKmsKeyID)
	}
	switch {
	case d.EncryptionConfiguration != nil && !selected:
		return unreplicable("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
	case selected && key == "":
		return unreplicable("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
	case key == "":
		return nil
	}
	if k, err := arn.Parse(key); err != nil || k.Service != "kms" || k.Region == "" || !strings.HasPrefix(k.Resource, "key/") && !strings.HasPrefix(k.Resource, "alias/") {
		return invalid("Invalid ReplicaKmsKeyID ARN.", "ReplicaKmsKeyID", key)
	}
	return nil
}

// checkTime is what S3 asks of replication time control and metrics: the first needs the second, and both know 15 minutes only.
func (r rule) checkTime() error {
	minutes := func(v *types.ReplicationTimeValue) int32 {
		if v == nil {
			return 0
		}
		return aws.ToInt32(v.Minutes)
	}
	control, metrics := r.Destination.ReplicationTime, r.Destination.Metrics
	on := control != nil && control.Status == types.ReplicationTimeStatusEnabled
	switch {
	case control != nil && metrics == nil:
		return unreplicable("Replication destination must contain both ReplicationTime and Metrics or neither.")
	case control != nil && minutes(control.Time) != inTime:
		return invalid("Invalid time minute value", "ReplicationTime", fmt.Sprint(minutes(control.Time)))
	case on && metrics.EventThreshold == nil:
		return invalid("ReplicationMetrics must contain an event threshold", "ReplicationMetrics", "")
	case on && minutes(metrics.EventThreshold) != inTime:
		return invalid("Invalid event threshold minute value", "ReplicationMetrics", fmt.Sprint(minutes(metrics.EventThreshold)))
	case !on && metrics != nil && metrics.EventThreshold != nil:
		return invalid("Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled", "Metrics", "")
	}
	return nil
}
