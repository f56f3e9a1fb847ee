package s3

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/try"
)

func to(class types.TransitionStorageClass, days int32) types.Transition {
	return types.Transition{Days: &days, StorageClass: class}
}

func on(class types.TransitionStorageClass, month time.Month) types.Transition {
	return types.Transition{Date: aws.Time(time.Date(2027, month, 1, 0, 0, 0, 0, time.UTC)), StorageClass: class}
}

func olderTo(class types.TransitionStorageClass, days int32) types.NoncurrentVersionTransition {
	return types.NoncurrentVersionTransition{NoncurrentDays: &days, StorageClass: class}
}

func after(days int32) *types.LifecycleExpiration { return &types.LifecycleExpiration{Days: &days} }

func prefixed(prefix string) *types.LifecycleRuleFilter {
	return &types.LifecycleRuleFilter{Prefix: &prefix}
}

// Each is what S3 answers to a configuration: a code, and words that its message has.
func TestLifecycleRefusals(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "aging")
	one := func(change func(r *types.LifecycleRule)) []types.LifecycleRule {
		r := types.LifecycleRule{Status: types.ExpirationStatusEnabled, Filter: prefixed("logs/")}
		change(&r)
		return []types.LifecycleRule{r}
	}
	moves := func(all ...types.Transition) []types.LifecycleRule {
		return one(func(r *types.LifecycleRule) { r.Transitions = all })
	}
	older := func(all ...types.NoncurrentVersionTransition) []types.LifecycleRule {
		return one(func(r *types.LifecycleRule) { r.NoncurrentVersionTransitions = all })
	}
	filter := func(f types.LifecycleRuleFilter) []types.LifecycleRule {
		return one(func(r *types.LifecycleRule) { r.Filter, r.Expiration = &f, after(1) })
	}
	tags := func(all ...types.Tag) *types.LifecycleRuleFilter {
		return &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{Prefix: p(""), Tags: all}}
	}
	named := func(id string) types.LifecycleRule {
		return types.LifecycleRule{ID: &id, Status: "Enabled", Filter: prefixed(""), Expiration: after(1)}
	}
	base := func(prefix string) types.LifecycleRule {
		//lint:ignore SA1019 rules from before filters have it
		return types.LifecycleRule{Status: "Enabled", Prefix: &prefix, Expiration: after(1)}
	}
	red := types.Tag{Key: p("colour"), Value: p("red")}
	many := make([]types.LifecycleRule, 1001)
	for i := range many {
		many[i] = types.LifecycleRule{Status: "Enabled", Filter: prefixed(""), Expiration: after(1)}
	}
	for _, test := range []struct {
		name, code, words string
		rules             []types.LifecycleRule
	}{
		{"one", "", "", one(func(r *types.LifecycleRule) { r.Expiration = after(1) })},
		{"a thousand", "", "", many[:1000]},
		{"a thousand and one", "InvalidRequest", "must not exceed the allowed limit of 1000 rules", many},
		{"none", "MalformedXML", "", []types.LifecycleRule{}},
		{"same id", "InvalidArgument", "Rule ID must be unique", []types.LifecycleRule{named("x"), named("x")}},
		{"long id", "InvalidArgument", "ID length should not exceed", []types.LifecycleRule{named(strings.Repeat("x", 256))}},
		{"no filter", "MalformedXML", "", one(func(r *types.LifecycleRule) { r.Filter, r.Expiration = nil, after(1) })},
		{"empty filter", "", "", filter(types.LifecycleRuleFilter{})},
		{"two in a filter", "MalformedXML", "", filter(types.LifecycleRuleFilter{Prefix: p("x"), ObjectSizeLessThan: aws.Int64(5)})},
		{"sizes the wrong way round", "InvalidRequest", "greater than 'ObjectSizeGreaterThan'", filter(types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{ObjectSizeGreaterThan: aws.Int64(5), ObjectSizeLessThan: aws.Int64(5)}})},
		{"size of nothing", "InvalidRequest", "between 1 and", filter(types.LifecycleRuleFilter{ObjectSizeLessThan: aws.Int64(0)})},
		{"a tag twice", "InvalidRequest", "Duplicate Tag Keys", filter(*tags(red, red))},
		{"prefix and filter", "InvalidRequest", "Base level prefix", []types.LifecycleRule{named(""), base("x")}},
		{"filter after prefix", "InvalidRequest", "Filter element", []types.LifecycleRule{base("x"), named("")}},
		{"prefixes", "", "", []types.LifecycleRule{base("x"), base("y")}},
		{"overlapping prefixes", "InvalidRequest", "overlapping prefixes 'x' and 'xy' for same action type 'Expiration'", []types.LifecycleRule{base("xy"), base("x")}},
		{"no action", "InvalidRequest", "At least one action", one(func(r *types.LifecycleRule) {})},
		{"no days", "InvalidArgument", "'Days' for Expiration action must be a positive integer", one(func(r *types.LifecycleRule) { r.Expiration = after(0) })},
		{"empty expiration", "MalformedXML", "", one(func(r *types.LifecycleRule) { r.Expiration = &types.LifecycleExpiration{} })},
		{"days and markers", "MalformedXML", "", one(func(r *types.LifecycleRule) {
			r.Expiration = after(1)
			r.Expiration.ExpiredObjectDeleteMarker = aws.Bool(true)
		})},
		{"at noon", "InvalidArgument", "'Date' must be at midnight GMT", one(func(r *types.LifecycleRule) {
			r.Expiration = &types.LifecycleExpiration{Date: aws.Time(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))}
		})},
		{"markers by tag", "InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.", one(func(r *types.LifecycleRule) {
			r.Filter, r.Expiration = tags(red), &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)}
		})},
		{"uploads by size", "InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Object Size.", one(func(r *types.LifecycleRule) {
			r.Filter = &types.LifecycleRuleFilter{ObjectSizeLessThan: aws.Int64(5)}
			r.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)}
		})},
		{"uploads after no days", "InvalidArgument", "'DaysAfterInitiation'", one(func(r *types.LifecycleRule) {
			r.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(0)}
		})},
		{"noncurrent without days", "MalformedXML", "", one(func(r *types.LifecycleRule) {
			r.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NewerNoncurrentVersions: aws.Int32(1)}
		})},
		{"no newer versions", "InvalidArgument", "'NewerNoncurrentVersions'", one(func(r *types.LifecycleRule) {
			r.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1), NewerNoncurrentVersions: aws.Int32(0)}
		})},
		{"IA too early", "InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'", moves(to(standardIA, 29))},
		{"IA in time", "", "", moves(to(standardIA, 30))},
		{"one zone too early", "InvalidArgument", "'ONEZONE_IA'", moves(to(onezoneIA, 0))},
		{"older IA too early", "InvalidArgument", "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30", older(olderTo(standardIA, 29))},
		{"Glacier at once", "", "", moves(to(flexible, 0))},
		{"before it is there", "InvalidArgument", "must be nonnegative", moves(to(flexible, -1))},
		{"a class twice", "InvalidRequest", "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=logs/)'", moves(to(flexible, 1), to(flexible, 9))},
		{"to no class", "MalformedXML", "", moves(to("", 1))},
		{"neither days nor date", "InvalidArgument", "must specify either", moves(types.Transition{StorageClass: flexible})},
		{"up the waterfall", "InvalidArgument", "StorageClass 'DEEP_ARCHIVE' for filter '(prefix=logs/)' must be greater than 'Days' in the Transition action for StorageClass 'GLACIER'", moves(to(deep, 1), to(flexible, 1))},
		{"soon after IA", "InvalidArgument", "must be 30 days more than", moves(to(standardIA, 30), to(flexible, 59))},
		{"late enough after IA", "", "", moves(to(standardIA, 30), to(flexible, 60))},
		{"soon after instant retrieval", "InvalidArgument", "must be 90 days more than", moves(to(instant, 4), to(deep, 93))},
		{"late enough after instant retrieval", "", "", moves(to(instant, 4), to(deep, 94))},
		{"dates", "", "", moves(on(standardIA, time.January), on(flexible, time.March))},
		{"dates too close", "InvalidArgument", "'Date' in the Transition action", moves(on(standardIA, time.February), on(flexible, time.March))},
		{"dates and days", "InvalidRequest", "mixed 'Date' and 'Days' based Transition actions", moves(to(flexible, 1), on(deep, time.March))},
		{"expires as it moves", "InvalidArgument", "'Days' in the Expiration action for filter '(prefix=logs/)' must be greater than 'Days' in the Transition action", one(func(r *types.LifecycleRule) { r.Transitions, r.Expiration = []types.Transition{to(deep, 9)}, after(9) })},
		{"expires by days, moves by date", "InvalidRequest", "mixed 'Date' and 'Days' based Expiration and Transition", one(func(r *types.LifecycleRule) {
			r.Transitions, r.Expiration = []types.Transition{on(deep, time.March)}, after(9)
		})},
		{"older expire as they move", "InvalidArgument", "'NoncurrentDays' in the NoncurrentVersionExpiration action", one(func(r *types.LifecycleRule) {
			r.NoncurrentVersionTransitions = []types.NoncurrentVersionTransition{olderTo(deep, 9)}
			r.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(9)}
		})},
	} {
		_, err := c.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: p("aging"), LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: test.rules}})
		refused(t, test.name, err, test.code)
		if _, words := try.Refusal(err); !strings.Contains(words, test.words) {
			t.Errorf("%s: %q", test.name, words)
		}
	}
}

func TestLifecycleConfiguration(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "aging")
	get := func() (*s3.GetBucketLifecycleConfigurationOutput, error) {
		return c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: p("aging")})
	}
	_, err := get()
	refused(t, "none", err, "NoSuchLifecycleConfiguration")
	put := must[*s3.PutBucketLifecycleConfigurationOutput](t)(c.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: p("aging"), TransitionDefaultMinimumObjectSize: types.TransitionDefaultMinimumObjectSizeVariesByStorageClass,
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{
			{Status: "Disabled", Filter: &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{Prefix: p("a"), Tags: []types.Tag{{Key: p("k"), Value: p("v")}}}}, Transitions: []types.Transition{to(deep, 3)}}}}}))
	out := must[*s3.GetBucketLifecycleConfigurationOutput](t)(get())
	r := out.Rules[0]
	if put.TransitionDefaultMinimumObjectSize != "varies_by_storage_class" || out.TransitionDefaultMinimumObjectSize != "varies_by_storage_class" ||
		len(*r.ID) != 32 || *r.Filter.And.Tags[0].Value != "v" || *r.Transitions[0].Days != 3 || r.Status != "Disabled" {
		t.Errorf("%+v", out)
	}
	must[*s3.DeleteBucketLifecycleOutput](t)(c.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: p("aging")}))
	_, err = get()
	refused(t, "deleted", err, "NoSuchLifecycleConfiguration")
}
