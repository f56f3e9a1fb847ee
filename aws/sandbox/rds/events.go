package rds

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Event is something that happened to a resource.
type Event struct {
	At         time.Time
	Source     types.SourceType
	ID         string // SourceIdentifier
	ARN        string
	Message    string
	Categories []string
}

// remembered is how long events can be asked for (API reference, "DescribeEvents").
const remembered = 14 * day

// sourceKinds are the kinds in the ARNs of what events are of.
var sourceKinds = map[types.SourceType]string{
	types.SourceTypeDbInstance: "db", types.SourceTypeDbSnapshot: "snapshot", types.SourceTypeDbParameterGroup: "pg",
	types.SourceTypeDbCluster: "cluster", types.SourceTypeDbClusterSnapshot: "cluster-snapshot",
}

// event notes that something happened to a resource, and forgets what is too old.
func (s *Service) event(tx *store.Tx, account, region string, source types.SourceType, id, message string, categories ...string) {
	e := Event{At: tx.Now(), Source: source, ID: id, ARN: arn(region, account, sourceKinds[source], id), Message: message, Categories: categories}
	moment := row(account, region, moment(e.At))
	n := 0
	s.events.Scan(tx, moment, func(string, Event) bool { n++; return true })
	s.events.Put(tx, fmt.Sprintf("%s/%06d", moment, n), e)
	var old []string
	s.events.Scan(tx, row(account, region, ""), func(key string, e Event) bool {
		if tx.Now().Sub(e.At) <= remembered {
			return false
		}
		old = append(old, key)
		return true
	})
	for _, key := range old {
		s.events.Delete(tx, key)
	}
}

// moment is a time as a key, in the order of time.
func moment(t time.Time) string { return fmt.Sprintf("%015d", t.UnixMilli()) }

// eventWindow is the time a request asks for: from StartTime, else Duration minutes (60) before the end, to EndTime or now.
func eventWindow(now time.Time, in *rds.DescribeEventsInput) (from, to time.Time, err error) {
	to = now
	if in.EndTime != nil {
		to = *in.EndTime
	}
	minutes := int32(60)
	if in.Duration != nil {
		minutes = *in.Duration
	}
	from = to.Add(-time.Duration(minutes) * time.Minute)
	switch {
	case in.StartTime != nil && in.Duration != nil && in.EndTime != nil:
		return from, to, errorf("InvalidParameterCombination", "Duration cannot be specified together with both StartTime and EndTime.")
	case in.StartTime != nil:
		if from = *in.StartTime; in.EndTime == nil && in.Duration != nil {
			to = from.Add(time.Duration(minutes) * time.Minute)
		}
	}
	switch {
	case minutes < 0 || minutes > int32(remembered/time.Minute):
		return from, to, invalid("The value for Duration must be between 0 and %d minutes.", remembered/time.Minute)
	case from.After(to):
		return from, to, errorf("InvalidParameterCombination", "The StartTime must be before the EndTime.")
	case now.Sub(from) > remembered:
		return from, to, invalid("The StartTime cannot be more than 14 days in the past.")
	}
	return from, to, nil
}

// DescribeEvents lists what happened, the oldest first: in the last hour, unless another time is asked for.
func (s *Service) DescribeEvents(ctx context.Context, in *rds.DescribeEventsInput) (*rds.DescribeEventsOutput, error) {
	if in.SourceIdentifier != nil && in.SourceType == "" {
		return nil, errorf("InvalidParameterCombination", "If a SourceIdentifier is specified, SourceType must also be specified.")
	}
	if _, err := filter(in.Filters, attributes[Event]{}); err != nil {
		return nil, err
	}
	out := &rds.DescribeEventsOutput{Events: []types.Event{}}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		from, to, err := eventWindow(tx.Now(), in)
		if err != nil {
			return err
		}
		type kept struct {
			key string
			Event
		}
		var all []kept
		s.events.Scan(tx, row(c.Account, c.Region, ""), func(key string, e Event) bool {
			if !e.At.Before(from) && !e.At.After(to) && e.asked(in) {
				all = append(all, kept{key, e})
			}
			return true
		})
		part, next, err := paged(all, func(k kept) string { return k.key }, in.MaxRecords, in.Marker)
		for _, k := range part {
			out.Events = append(out.Events, k.wire())
		}
		out.Marker = next
		return err
	})
}

// asked says whether the event is of the source and of one of the categories that a request names.
func (e Event) asked(in *rds.DescribeEventsInput) bool {
	return (in.SourceType == "" || in.SourceType == e.Source) &&
		(in.SourceIdentifier == nil || lower(in.SourceIdentifier) == e.ID) &&
		(len(in.EventCategories) == 0 || slices.ContainsFunc(in.EventCategories, func(c string) bool { return slices.Contains(e.Categories, c) }))
}

func (e Event) wire() types.Event {
	return types.Event{
		SourceIdentifier: aws.String(e.ID), SourceType: e.Source, SourceArn: aws.String(e.ARN), Message: aws.String(e.Message),
		EventCategories: e.Categories, Date: aws.Time(e.At),
	}
}
