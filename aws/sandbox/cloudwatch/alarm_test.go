package cloudwatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/store"

	"lifeboat/aws/sandbox/try"
)

// alarm is one on the tests' metric, changed by a test.
func alarm(change ...func(in *cloudwatch.PutMetricAlarmInput)) *cloudwatch.PutMetricAlarmInput {
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: p("high"), Namespace: p("Tests"), MetricName: p("m"), Dimensions: []types.Dimension{{Name: p("d"), Value: p("1")}}, Statistic: types.StatisticMaximum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(3), DatapointsToAlarm: aws.Int32(2), Threshold: aws.Float64(5), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		AlarmActions: []string{"arn:aws:sns:us-east-2:111111111111:topic"},
	}
	for _, fn := range change {
		fn(in)
	}
	return in
}

// An alarm looks at each minute that is over. The text has a value for each minute, a dash where there is none.
func TestAlarmStates(t *testing.T) {
	for _, test := range []struct {
		missing, values, want string // states at the end of each minute: I, O, A
	}{
		{"", "- 1 1 1 9 9 1 1 1 - - - -", "I I O O O A A O O O O I I"},
		{"", "9 - - - 9 9", "I I I I I A"},
		{"breaching", "1 1 1 - - -", "A O O O A A"},
		{"notBreaching", "- - 9 9 - -", "O O O A A O"},
		{"ignore", "9 9 9 - - - - 1 1", "I A A A A A A A O"},
	} {
		t.Run(test.missing+" "+test.values, func(t *testing.T) {
			w := newWorld(t, "")
			must[*cloudwatch.PutMetricAlarmOutput](t)(w.PutMetricAlarm(ctx, alarm(func(in *cloudwatch.PutMetricAlarmInput) {
				if test.missing != "" {
					in.TreatMissingData = &test.missing
				}
			})))
			var got []string
			for _, v := range strings.Fields(test.values) {
				if v != "-" {
					var value float64
					fmt.Sscan(v, &value)
					w.note(t, nil, value)
				}
				w.Pass(time.Minute)
				got = append(got, string(w.alarm(t).StateValue[0]))
			}
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("it was %s\nwant   %s", text, test.want)
			}
		})
	}
}

func (w *world) alarm(t testing.TB) types.MetricAlarm {
	t.Helper()
	out := must[*cloudwatch.DescribeAlarmsOutput](t)(w.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"high"}}))
	if len(out.MetricAlarms) != 1 {
		t.Fatalf("%d alarms", len(out.MetricAlarms))
	}
	return out.MetricAlarms[0]
}

// An alarm says why it is as it is, and since when; a metric that nobody measures gives nothing to do.
func TestAlarmReason(t *testing.T) {
	w := newWorld(t, t.TempDir())
	must[*cloudwatch.PutMetricAlarmOutput](t)(w.PutMetricAlarm(ctx, alarm()))
	if a := w.alarm(t); *a.StateReason != "Unchecked: Initial alarm creation" || *a.Threshold != 5 || !*a.ActionsEnabled || *a.AlarmArn != "arn:aws:cloudwatch:us-east-2:111111111111:alarm:high" {
		t.Errorf("a new alarm is %+v", a)
	}
	w.note(t, nil, 7)
	w.Pass(time.Minute)
	w.note(t, nil, 8)
	w.Pass(time.Minute)
	a := w.alarm(t)
	const want = "Threshold Crossed: 2 out of the last 3 datapoints [7 (01/03/26 10:30:00), 8 (01/03/26 10:31:00)] were greater than the threshold (5) (minimum 2 datapoints for OK -> ALARM transition)."
	if *a.StateReason != want || !a.StateTransitionedTimestamp.Equal(*at(2)) {
		t.Errorf("since %s: %s", a.StateTransitionedTimestamp, *a.StateReason)
	}
	w.Pass(time.Hour)
	if a := w.alarm(t); a.StateValue != types.StateValueInsufficientData || *a.StateReason != "Insufficient Data: 3 datapoints were unknown." {
		t.Errorf("without data it is %s: %s", a.StateValue, *a.StateReason)
	}
	next, _ := w.Store.Next()
	if left := next.Sub(w.Clock.Now()); left < time.Hour {
		t.Errorf("without data something is due in %s", left)
	}
}

func TestAlarmList(t *testing.T) {
	w := newWorld(t, "")
	for n := range 60 {
		must[*cloudwatch.PutMetricAlarmOutput](t)(w.PutMetricAlarm(ctx, alarm(func(in *cloudwatch.PutMetricAlarmInput) {
			in.AlarmName = p(fmt.Sprintf("a%02d", n))
			if n == 7 {
				in.AlarmActions, in.Tags = nil, []types.Tag{{Key: p("k"), Value: p("v")}}
			}
		})))
	}
	list := func(in cloudwatch.DescribeAlarmsInput) (n, pages int) {
		for pages = 1; ; pages++ {
			out := must[*cloudwatch.DescribeAlarmsOutput](t)(w.DescribeAlarms(ctx, &in))
			n += len(out.MetricAlarms)
			if in.NextToken = out.NextToken; out.NextToken == nil {
				return n, pages
			}
		}
	}
	for what, test := range map[string]struct {
		in       cloudwatch.DescribeAlarmsInput
		n, pages int
	}{
		"all":       {cloudwatch.DescribeAlarmsInput{}, 60, 2},
		"a prefix":  {cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: p("a1"), MaxRecords: aws.Int32(4)}, 10, 3},
		"an action": {cloudwatch.DescribeAlarmsInput{ActionPrefix: p("arn:aws:sns")}, 59, 2},
		"a state":   {cloudwatch.DescribeAlarmsInput{StateValue: types.StateValueAlarm}, 0, 1},
		"composite": {cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}}, 0, 1},
	} {
		if n, pages := list(test.in); n != test.n || pages != test.pages {
			t.Errorf("%s: %d alarms on %d pages", what, n, pages)
		}
	}
	w.Store.View(func(tx *store.Tx) error {
		if all := w.service.Tagged(tx, "111111111111", "us-east-2"); len(all) != 1 || all[0].Tags["k"] != "v" {
			t.Errorf("with tags: %+v", all)
		}
		return nil
	})
	_, err := w.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a01", "none"}})
	try.Refused(t, "delete one that is not there", err, "ResourceNotFound")
	must[*cloudwatch.DeleteAlarmsOutput](t)(w.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a01", "a02"}}))
	if n, _ := list(cloudwatch.DescribeAlarmsInput{}); n != 58 {
		t.Errorf("%d alarms are left", n)
	}
	for what, change := range map[string]func(in *cloudwatch.PutMetricAlarmInput){
		"no statistic":        func(in *cloudwatch.PutMetricAlarmInput) { in.Statistic = "" },
		"two statistics":      func(in *cloudwatch.PutMetricAlarmInput) { in.ExtendedStatistic = p("p90") },
		"a period of 45":      func(in *cloudwatch.PutMetricAlarmInput) { in.Period = aws.Int32(45) },
		"more than a day":     func(in *cloudwatch.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(1441) },
		"more than there are": func(in *cloudwatch.PutMetricAlarmInput) { in.DatapointsToAlarm = aws.Int32(4) },
		"no threshold":        func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = nil },
		"an anomaly": func(in *cloudwatch.PutMetricAlarmInput) {
			in.ComparisonOperator = types.ComparisonOperatorGreaterThanUpperThreshold
		},
	} {
		_, err := w.PutMetricAlarm(ctx, alarm(change))
		try.Refused(t, what, err, "ValidationError")
	}
}
