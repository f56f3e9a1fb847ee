package s3

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// told is one destination of a bucket's notifications, whatever kind of destination it is.
type told struct {
	id     **string
	arn    string
	kind   string // service in the destination's ARN
	events []types.Event
	filter *types.NotificationConfigurationFilter
}

// destinations are those of a configuration, one after another.
func destinations(n *types.NotificationConfiguration) (all []told) {
	for i := range n.TopicConfigurations {
		c := &n.TopicConfigurations[i]
		all = append(all, told{&c.Id, aws.ToString(c.TopicArn), "sns", c.Events, c.Filter})
	}
	for i := range n.QueueConfigurations {
		c := &n.QueueConfigurations[i]
		all = append(all, told{&c.Id, aws.ToString(c.QueueArn), "sqs", c.Events, c.Filter})
	}
	for i := range n.LambdaFunctionConfigurations {
		c := &n.LambdaFunctionConfigurations[i]
		all = append(all, told{&c.Id, aws.ToString(c.LambdaFunctionArn), "lambda", c.Events, c.Filter})
	}
	return all
}

// PutBucketNotificationConfiguration replaces what is told to whom. A destination has to be there unless the request says that it need not
// be; the sandbox has no topics, queues and functions, so that only EventBridge passes without.
func (s *Service) PutBucketNotificationConfiguration(ctx context.Context, in *s3.PutBucketNotificationConfigurationInput) (*s3.PutBucketNotificationConfigurationOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketNotification"}
	return &s3.PutBucketNotificationConfigurationOutput{}, s.setting(ctx, a, func(tx *store.Tx, _ wire.Caller, b *Bucket) error {
		all := destinations(in.NotificationConfiguration)
		for i, d := range all {
			if aws.ToString(*d.id) == "" {
				*d.id = aws.String(tx.UUID())
			}
			if err := d.check(*b); err != nil {
				return err
			}
			for _, before := range all[:i] {
				if **before.id == **d.id {
					return invalid("Same ID used for multiple configurations. IDs must be unique", "Id", **d.id)
				}
				if before.overlaps(d) {
					return fault("InvalidArgument", "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.")
				}
			}
		}
		if len(all) > 0 && !aws.ToBool(in.SkipDestinationValidation) {
			return invalid("Unable to validate the following destination configurations", all[0].arn, "The destination does not exist")
		}
		b.Notifications = in.NotificationConfiguration
		return nil
	})
}

// check is what S3 asks of one destination.
func (d told) check(b Bucket) error {
	where, err := arn.Parse(d.arn)
	switch {
	case err != nil || where.Service != d.kind:
		return invalid("The ARN is not well formed", d.kind, d.arn)
	case where.Region != b.Region:
		return invalid("The notification destination service region is not valid for the bucket location constraint", d.kind, d.arn)
	case len(d.events) == 0:
		return fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	seen := map[types.FilterRuleName]bool{}
	for _, r := range d.rules() {
		if seen[r.Name] {
			return invalid("Cannot specify more than one "+string(r.Name)+" rule in a filter.", "FilterRule.Name", string(r.Name))
		}
		seen[r.Name] = true
	}
	return nil
}

func (d told) rules() []types.FilterRule {
	if d.filter == nil || d.filter.Key == nil {
		return nil
	}
	return d.filter.Key.FilterRules
}

func (d told) rule(name types.FilterRuleName) string {
	for _, r := range d.rules() {
		if r.Name == name {
			return aws.ToString(r.Value)
		}
	}
	return ""
}

// overlaps says that one event could go to both (Amazon S3 User Guide, "Event notification types and destinations": overlapping prefixes and suffixes).
func (d told) overlaps(o told) bool {
	common := slices.ContainsFunc(d.events, func(e types.Event) bool {
		return slices.ContainsFunc(o.events, func(f types.Event) bool { return covers(e, f) || covers(f, e) })
	})
	p, q := d.rule(types.FilterRuleNamePrefix), o.rule(types.FilterRuleNamePrefix)
	u, v := d.rule(types.FilterRuleNameSuffix), o.rule(types.FilterRuleNameSuffix)
	return common && (strings.HasPrefix(p, q) || strings.HasPrefix(q, p)) && (strings.HasSuffix(u, v) || strings.HasSuffix(v, u))
}

// covers says that an event is another, or a family that the other is of ("s3:ObjectCreated:*").
func covers(family, e types.Event) bool {
	prefix, isFamily := strings.CutSuffix(string(family), "*")
	return family == e || isFamily && strings.HasPrefix(string(e), prefix)
}

// GetBucketNotificationConfiguration gives what is told to whom; nothing is an empty configuration.
func (s *Service) GetBucketNotificationConfiguration(ctx context.Context, in *s3.GetBucketNotificationConfigurationInput) (*s3.GetBucketNotificationConfigurationOutput, error) {
	out := &s3.GetBucketNotificationConfigurationOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketNotification"}, func(b Bucket) error {
		if b.Notifications != nil {
			same(out, b.Notifications)
		}
		return nil
	})
}
