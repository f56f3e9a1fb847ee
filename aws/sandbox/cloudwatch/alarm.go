package cloudwatch

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// Alarm is an alarm on one metric, and how it stands.
type Alarm struct {
	Metric
	Title      string            `json:"title"` // its name
	Asked      map[string]any    `json:"asked"` // the request, in the words of the API model
	Configured time.Time         `json:"configured"`
	State      types.StateValue  `json:"state"`
	Reason     string            `json:"reason"`
	Updated    time.Time         `json:"updated"` // state or reason
	Changed    time.Time         `json:"changed"` // state
	Tags       map[string]string `json:"tags,omitempty"`
}

func (a Alarm) key() string { return a.Account + "/" + a.Region + "/" + a.Title }

// ARN names the alarm everywhere.
func (a Alarm) ARN() string {
	return fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", a.Region, a.Account, a.Title)
}

// request is what was asked, typed again.
func (a Alarm) request() (*cloudwatch.PutMetricAlarmInput, error) {
	op, err := model.Find("cloudwatch.PutMetricAlarm")
	if err != nil {
		return nil, err
	}
	in := &cloudwatch.PutMetricAlarmInput{}
	return in, codec.Decode(op.Input, a.Asked, in)
}

// Tagged gives the alarms with tags.
func (s *Service) Tagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	s.alarms.Scan(tx, account+"/"+region+"/", func(_ string, a Alarm) bool {
		if len(a.Tags) > 0 {
			all = append(all, tagging.Resource{ARN: a.ARN(), Type: "cloudwatch:alarm", Tags: a.Tags})
		}
		return true
	})
	return all
}

// PutMetricAlarm makes an alarm, or gives the one of that name other settings; its state stays what it is until it is looked at.
func (s *Service) PutMetricAlarm(ctx context.Context, in *cloudwatch.PutMetricAlarmInput) (*cloudwatch.PutMetricAlarmOutput, error) {
	if err := checkAlarm(in); err != nil {
		return nil, err
	}
	op, err := model.Find("cloudwatch.PutMetricAlarm")
	if err != nil {
		return nil, err
	}
	settings, err := codec.Encode(op.Input, in)
	if err != nil {
		return nil, err
	}
	delete(settings, "Tags")
	return &cloudwatch.PutMetricAlarmOutput{}, s.store.Update(func(tx *store.Tx) error {
		c := wire.From(ctx)
		a := Alarm{Metric: Metric{c.Account, c.Region, aws.ToString(in.Namespace), aws.ToString(in.MetricName), dimensions(in.Dimensions)}, Title: aws.ToString(in.AlarmName)}
		if old, there := s.alarms.Get(tx, a.key()); there {
			old.Metric = a.Metric
			a = old // tags are those of the beginning
		} else {
			a.State, a.Reason, a.Updated, a.Changed = types.StateValueInsufficientData, "Unchecked: Initial alarm creation", tx.Now(), tx.Now()
			for _, t := range in.Tags {
				if a.Tags == nil {
					a.Tags = map[string]string{}
				}
				a.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
		}
		a.Asked, a.Configured = settings, tx.Now()
		s.alarms.Put(tx, a.key(), a)
		tx.Due(soon(tx.Now()), dueAlarm, a.key())
		return nil
	})
}

func wrong(format string, args ...any) error { return wire.Errorf("ValidationError", format, args...) }

// checkAlarm is what CloudWatch asks of an alarm, and what the sandbox has: alarms on one metric.
func checkAlarm(in *cloudwatch.PutMetricAlarmInput) error {
	period, periods := aws.ToInt32(in.Period), aws.ToInt32(in.EvaluationPeriods)
	switch {
	case in.EvaluationCriteria != nil || len(in.Metrics) > 0 || in.ThresholdMetricId != nil:
		return wrong("The sandbox has alarms on one metric with a fixed threshold only: give MetricName, Namespace, Statistic and Threshold")
	case in.MetricName == nil || in.Namespace == nil || in.Period == nil || in.EvaluationPeriods == nil || in.Threshold == nil || in.ComparisonOperator == "":
		return wrong("MetricName, Namespace, Period, EvaluationPeriods, Threshold and ComparisonOperator must be specified")
	case (in.Statistic == "") == (in.ExtendedStatistic == nil):
		return wrong("Exactly one of Statistic and ExtendedStatistic must be specified")
	case in.ExtendedStatistic != nil && !isStatistic(*in.ExtendedStatistic):
		return wrong("The value %s for parameter ExtendedStatistic is not supported.", *in.ExtendedStatistic)
	case !goodPeriod(period):
		return wrong("Period must be 10, 20, 30, or a multiple of 60")
	case int64(period)*int64(periods) > 7*86400 || period < 3600 && int64(period)*int64(periods) > 86400:
		return wrong("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
	case aws.ToInt32(in.DatapointsToAlarm) > periods:
		return wrong("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
	case over(in.ComparisonOperator) == nil:
		return wrong("The comparison operator %s needs an anomaly detection model, which the sandbox does not have", in.ComparisonOperator)
	case in.TreatMissingData != nil && !slices.Contains([]string{"breaching", "notBreaching", "ignore", "missing"}, *in.TreatMissingData):
		return wrong("The value %s for parameter TreatMissingData is not supported.", *in.TreatMissingData)
	}
	return nil
}

func goodPeriod(seconds int32) bool {
	return seconds > 0 && seconds%60 == 0 || seconds == 10 || seconds == 20 || seconds == 30
}

// DescribeAlarms lists alarms by name.
func (s *Service) DescribeAlarms(ctx context.Context, in *cloudwatch.DescribeAlarmsInput) (*cloudwatch.DescribeAlarmsOutput, error) {
	if len(in.AlarmNames) > 0 && in.AlarmNamePrefix != nil {
		return nil, wrong("AlarmNamePrefix and AlarmNames cannot be specified together")
	}
	out := &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []types.MetricAlarm{}, CompositeAlarms: []types.CompositeAlarm{}}
	if len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm) || in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil {
		return out, nil // only composite alarms are asked for
	}
	limit := 50
	if n := int(aws.ToInt32(in.MaxRecords)); n > 0 {
		limit = n
	}
	return out, s.store.View(func(tx *store.Tx) error {
		c := wire.From(ctx)
		var all []Alarm
		s.alarms.Scan(tx, c.Account+"/"+c.Region+"/"+aws.ToString(in.AlarmNamePrefix), func(_ string, a Alarm) bool {
			if (len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.Title)) && (in.StateValue == "" || in.StateValue == a.State) && a.acts(aws.ToString(in.ActionPrefix)) {
				all = append(all, a)
			}
			return true
		})
		part, next, err := page.Cut(all, Alarm.key, aws.ToString(in.NextToken), limit)
		if err != nil {
			return wire.Errorf("InvalidNextToken", "The next token is invalid")
		}
		if next != "" {
			out.NextToken = &next
		}
		for _, a := range part {
			shown, err := a.wire()
			if err != nil {
				return err
			}
			out.MetricAlarms = append(out.MetricAlarms, shown)
		}
		return nil
	})
}

// acts says whether one of the alarm's actions begins with a text.
func (a Alarm) acts(prefix string) bool {
	if prefix == "" {
		return true
	}
	in, err := a.request()
	return err == nil && slices.ContainsFunc(slices.Concat(in.AlarmActions, in.OKActions, in.InsufficientDataActions), func(arn string) bool { return strings.HasPrefix(arn, prefix) })
}

// wire is an alarm as DescribeAlarms gives it: all that was asked for, and how it stands.
func (a Alarm) wire() (types.MetricAlarm, error) {
	in, err := a.request()
	if err != nil {
		return types.MetricAlarm{}, err
	}
	out := types.MetricAlarm{
		AlarmArn: aws.String(a.ARN()), AlarmConfigurationUpdatedTimestamp: &a.Configured, StateValue: a.State, StateReason: &a.Reason,
		StateUpdatedTimestamp: &a.Updated, StateTransitionedTimestamp: &a.Changed,
	}
	from, to := reflect.ValueOf(in).Elem(), reflect.ValueOf(&out).Elem()
	for i := range from.NumField() {
		f := from.Type().Field(i)
		if into := to.FieldByName(f.Name); f.IsExported() && into.IsValid() && into.Type() == f.Type {
			into.Set(from.Field(i))
		}
	}
	if out.ActionsEnabled == nil {
		out.ActionsEnabled = aws.Bool(true)
	}
	return out, nil
}

// DeleteAlarms deletes alarms: all that are named, or none when one is not there.
func (s *Service) DeleteAlarms(ctx context.Context, in *cloudwatch.DeleteAlarmsInput) (*cloudwatch.DeleteAlarmsOutput, error) {
	return &cloudwatch.DeleteAlarmsOutput{}, s.store.Update(func(tx *store.Tx) error {
		c := wire.From(ctx)
		for _, name := range in.AlarmNames {
			key := c.Account + "/" + c.Region + "/" + name
			if _, there := s.alarms.Get(tx, key); !there {
				return wire.Errorf("ResourceNotFound", "Unknown alarm: %s", name)
			}
			s.alarms.Delete(tx, key)
			tx.Cancel(dueAlarm, key)
		}
		return nil
	})
}
