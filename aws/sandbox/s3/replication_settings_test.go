//lint:file-ignore SA1019 S3 takes rules of the first version, so they are tried

package s3

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/try"
)

// TestReplicationSettings puts, gives back, replaces and deletes rules.
func TestReplicationSettings(t *testing.T) {
	pr := newPair(t, "")
	get := func() (*s3.GetBucketReplicationOutput, error) {
		return pr.here.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: p("here")})
	}
	_, err := get()
	refused(t, "no rules", err, "ReplicationConfigurationNotFoundError")
	full := every("there", modifications, func(r *types.ReplicationRule) {
		r.Destination.Metrics = &types.Metrics{Status: types.MetricsStatusEnabled, EventThreshold: &types.ReplicationTimeValue{Minutes: aws.Int32(15)}}
		r.Destination.ReplicationTime = &types.ReplicationTime{Status: types.ReplicationTimeStatusEnabled, Time: &types.ReplicationTimeValue{Minutes: aws.Int32(15)}}
		r.Destination.StorageClass = types.StorageClassStandardIa
		r.Destination.Account, r.Destination.AccessControlTranslation = p(us), &types.AccessControlTranslation{Owner: types.OwnerOverrideDestination}
	})
	nameless := every("there", filed("", 2, "x/"))
	pr.rule(t, pr.here, "here", pr.role, full, nameless)
	got := must[*s3.GetBucketReplicationOutput](t)(get()).ReplicationConfiguration
	if *got.Role != pr.role || len(got.Rules) != 2 || aws.ToString(got.Rules[1].ID) == "" {
		t.Fatalf("the rules are %+v", got)
	}
	if r := got.Rules[0]; *r.ID != "to-there" || *r.Priority != 1 || r.Destination.StorageClass != "STANDARD_IA" || *r.Destination.ReplicationTime.Time.Minutes != 15 ||
		r.SourceSelectionCriteria.ReplicaModifications.Status != "Enabled" || r.Filter == nil || r.DeleteMarkerReplication.Status != "Disabled" {
		t.Errorf("the first rule is %+v", r)
	}

	_, err = pr.here.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: p("here"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
	refused(t, "suspend versioning of a source", err, "InvalidBucketState")
	must[*s3.DeleteBucketReplicationOutput](t)(pr.here.DeleteBucketReplication(ctx, &s3.DeleteBucketReplicationInput{Bucket: p("here")}))
	must[*s3.DeleteBucketReplicationOutput](t)(pr.here.DeleteBucketReplication(ctx, &s3.DeleteBucketReplicationInput{Bucket: p("here")}))
	_, err = get()
	refused(t, "rules deleted", err, "ReplicationConfigurationNotFoundError")
	pr.versions(t, pr.here, "here", types.BucketVersioningStatusSuspended)
}

// TestRefusedRules has every rule and set of rules that S3 does not take, with its code and its words.
func TestRefusedRules(t *testing.T) {
	pr := newPair(t, "")
	pr.bucket(t, us, west, "unversioned")
	pr.versioned(t, us, west, "other")
	change := func(fn func(r *types.ReplicationRule)) []types.ReplicationRule {
		return []types.ReplicationRule{every("there", fn)}
	}
	first := func(r *types.ReplicationRule) {
		r.Filter, r.Priority, r.DeleteMarkerReplication, r.Prefix = nil, nil, nil, p("a")
	}
	schema := " for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information."
	minutes := func(n int32) *types.ReplicationTimeValue { return &types.ReplicationTimeValue{Minutes: &n} }
	timed := func(control, metrics *int32, status types.ReplicationTimeStatus) []types.ReplicationRule {
		return change(func(r *types.ReplicationRule) {
			if control != nil {
				r.Destination.ReplicationTime = &types.ReplicationTime{Status: status, Time: minutes(*control)}
			}
			r.Destination.Metrics = &types.Metrics{Status: types.MetricsStatusEnabled}
			if metrics != nil {
				r.Destination.Metrics.EventThreshold = minutes(*metrics)
			}
		})
	}
	keyed := func(key string, selected bool) []types.ReplicationRule {
		return change(func(r *types.ReplicationRule) {
			if key != "" {
				r.Destination.EncryptionConfiguration = &types.EncryptionConfiguration{ReplicaKmsKeyID: &key}
			}
			if selected {
				r.SourceSelectionCriteria = &types.SourceSelectionCriteria{SseKmsEncryptedObjects: &types.SseKmsEncryptedObjects{Status: types.SseKmsEncryptedObjectsStatusEnabled}}
			}
		})
	}
	many := make([]types.ReplicationRule, 1001)
	for i := range many {
		many[i] = every("there", filed(fmt.Sprint(i), int32(i), fmt.Sprint(i)))
	}
	on, off := types.ReplicationTimeStatusEnabled, types.ReplicationTimeStatusDisabled
	for what, c := range map[string]struct {
		rules        []types.ReplicationRule
		code, text   string
		role, bucket string
	}{
		"a source without versions":      {bucket: "unversioned", code: "InvalidRequest", text: "Versioning must be 'Enabled' on the bucket to apply a replication configuration"},
		"a destination without versions": {rules: []types.ReplicationRule{every("unversioned")}, code: "InvalidRequest", text: "Destination bucket must have versioning enabled."},
		"no destination":                 {rules: []types.ReplicationRule{every("nowhere")}, code: "InvalidRequest", text: "Destination bucket must exist."},
		"itself":                         {rules: []types.ReplicationRule{every("here")}, code: "InvalidRequest", text: "Destination bucket cannot be the same as the source bucket."},
		"a destination by name":          {rules: change(func(r *types.ReplicationRule) { r.Destination.Bucket = p("there") }), code: "InvalidArgument", text: "Invalid bucket ARN"},
		"no role":                        {role: "replicator", code: "InvalidArgument", text: "Invalid Role specified in replication configuration"},
		"a user":                         {role: "arn:aws:iam::" + us + ":user/a", code: "InvalidArgument", text: "The relative id should start with role"},
		"another account's role":         {role: "arn:aws:iam::" + them + ":role/a", code: "AccessDenied"},
		"no delete marker replication":   {rules: change(func(r *types.ReplicationRule) { r.DeleteMarkerReplication = nil }), code: "InvalidRequest", text: "DeleteMarkerReplication must be specified" + schema},
		"no priority":                    {rules: change(func(r *types.ReplicationRule) { r.Priority = nil }), code: "InvalidRequest", text: "Priority must be specified" + schema},
		"a priority below zero":          {rules: change(func(r *types.ReplicationRule) { r.Priority = aws.Int32(-1) }), code: "InvalidRequest"},
		"first schema with priority":     {rules: change(func(r *types.ReplicationRule) { first(r); r.Priority = aws.Int32(1) }), code: "InvalidRequest", text: "Priority cannot be used" + schema},
		"first schema with markers": {rules: change(func(r *types.ReplicationRule) {
			m := r.DeleteMarkerReplication
			first(r)
			r.DeleteMarkerReplication = m
		}), code: "InvalidRequest", text: "DeleteMarkerReplication cannot be used" + schema},
		"first schema, two destinations":   {rules: []types.ReplicationRule{every("there", first), every("other", first)}, code: "InvalidRequest", text: "Number of distinct destination bucket ARNs cannot exceed 1"},
		"neither filter nor prefix":        {rules: change(func(r *types.ReplicationRule) { first(r); r.Prefix = nil }), code: "MalformedXML"},
		"filter and prefix":                {rules: change(func(r *types.ReplicationRule) { r.Prefix = p("a") }), code: "MalformedXML"},
		"prefix and tag beside each other": {rules: change(func(r *types.ReplicationRule) { r.Filter.Tag = &types.Tag{Key: p("a"), Value: p("b")} }), code: "MalformedXML"},
		"an And of one": {rules: change(func(r *types.ReplicationRule) {
			r.Filter = &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Tags: []types.Tag{{Key: p("a"), Value: p("b")}}}}
		}), code: "MalformedXML"},
		"markers by tag": {rules: change(func(r *types.ReplicationRule) {
			r.Filter = &types.ReplicationRuleFilter{Tag: &types.Tag{Key: p("a"), Value: p("b")}}
			markers(r)
		}), code: "InvalidRequest", text: "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information."},
		"one priority twice": {rules: []types.ReplicationRule{every("there", filed("a", 7, "a")), every("other", filed("b", 7, "b"))}, code: "InvalidRequest", text: "Found duplicate priority 7."},
		"one id twice":       {rules: []types.ReplicationRule{every("there", filed("a", 7, "a")), every("other", filed("a", 8, "b"))}, code: "InvalidArgument", text: "Rule Id must be unique"},
		"a long id":          {rules: []types.ReplicationRule{every("there", filed(strings.Repeat("a", 256), 7, "a"))}, code: "InvalidArgument", text: "Rule Id cannot be greater than 255"},
		"existing objects": {rules: change(func(r *types.ReplicationRule) {
			r.ExistingObjectReplication = &types.ExistingObjectReplication{Status: types.ExistingObjectReplicationStatusEnabled}
		}), code: "MalformedXML"},
		"1,001 rules":   {rules: many, code: "MalformedXML"},
		"a wrong class": {rules: change(func(r *types.ReplicationRule) { r.Destination.StorageClass = types.StorageClassOutposts }), code: "MalformedXML"},
		"an owner without an account": {rules: change(func(r *types.ReplicationRule) {
			r.Destination.AccessControlTranslation = &types.AccessControlTranslation{Owner: types.OwnerOverrideDestination}
		}), code: "InvalidRequest", text: "Account must be specified if the Owner in AccessControlTranslation has a value"},
		"empty criteria":          {rules: change(func(r *types.ReplicationRule) { r.SourceSelectionCriteria = &types.SourceSelectionCriteria{} }), code: "InvalidRequest", text: "SourceSelectionCriteria cannot be empty."},
		"a key without selecting": {rules: keyed("arn:aws:kms:us-west-2:"+us+":key/a", false), code: "InvalidRequest", text: "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present."},
		"selecting without a key": {rules: keyed("", true), code: "InvalidRequest", text: "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."},
		"a key by its id":         {rules: keyed("1234abcd", true), code: "InvalidArgument", text: "Invalid ReplicaKmsKeyID ARN."},
		"time control without metrics": {rules: change(func(r *types.ReplicationRule) {
			r.Destination.ReplicationTime = &types.ReplicationTime{Status: on, Time: minutes(15)}
		}), code: "InvalidRequest", text: "Replication destination must contain both ReplicationTime and Metrics or neither."},
		"time control of 10 minutes":       {rules: timed(aws.Int32(10), aws.Int32(15), on), code: "InvalidArgument", text: "Invalid time minute value"},
		"time control without threshold":   {rules: timed(aws.Int32(15), nil, on), code: "InvalidArgument", text: "ReplicationMetrics must contain an event threshold"},
		"a threshold of 10 minutes":        {rules: timed(aws.Int32(15), aws.Int32(10), on), code: "InvalidArgument", text: "Invalid event threshold minute value"},
		"a threshold, time control off":    {rules: timed(aws.Int32(15), aws.Int32(15), off), code: "InvalidArgument", text: "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled"},
		"a threshold without time control": {rules: timed(nil, aws.Int32(15), on), code: "InvalidArgument", text: "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled"},
		"metrics alone":                    {rules: timed(nil, nil, on)},
		"the first schema":                 {rules: []types.ReplicationRule{every("there", first), every("there", func(r *types.ReplicationRule) { first(r); r.ID, r.Prefix = p("b"), p("b") })}},
		"1,000 rules":                      {rules: many[:1000]},
	} {
		set := &types.ReplicationConfiguration{Role: p(pr.role), Rules: c.rules}
		if c.rules == nil {
			set.Rules = []types.ReplicationRule{every("there")}
		}
		if c.role != "" {
			set.Role = &c.role
		}
		in, client := &s3.PutBucketReplicationInput{Bucket: p("here"), ReplicationConfiguration: set}, pr.here
		if c.bucket != "" {
			in.Bucket, client = &c.bucket, pr.there
		}
		_, err := client.PutBucketReplication(ctx, in)
		code, text := try.Refusal(err)
		if code != c.code || c.text != "" && text != c.text {
			t.Errorf("%s: %s %q, want %s %q", what, code, text, c.code, c.text)
		}
	}
}
