package cloudwatch

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/store"
)

// dueAlarm is the kind of what is due when an alarm has something to look at.
const dueAlarm = "cloudwatch.alarm" // account/region/name

// soon is when the minute is over.
func soon(now time.Time) time.Time { return now.Truncate(time.Minute).Add(time.Minute) }

// wake lets the alarms on a metric look at it.
func (s *Service) wake(tx *store.Tx, m Metric) {
	s.alarms.Scan(tx, m.Account+"/"+m.Region+"/", func(key string, a Alarm) bool {
		if a.Metric.key() == m.key() {
			tx.Due(soon(tx.Now()), dueAlarm, key)
		}
		return true
	})
}

// compared are the comparisons with a fixed threshold, with their words.
var compared = map[types.ComparisonOperator]struct {
	breaks func(value, threshold float64) bool
	words  string
}{
	types.ComparisonOperatorGreaterThanThreshold:          {func(v, t float64) bool { return v > t }, "greater than"},
	types.ComparisonOperatorGreaterThanOrEqualToThreshold: {func(v, t float64) bool { return v >= t }, "greater than or equal to"},
	types.ComparisonOperatorLessThanThreshold:             {func(v, t float64) bool { return v < t }, "less than"},
	types.ComparisonOperatorLessThanOrEqualToThreshold:    {func(v, t float64) bool { return v <= t }, "less than or equal to"},
}

func over(o types.ComparisonOperator) func(value, threshold float64) bool { return compared[o].breaks }

// evaluate looks at the periods of an alarm that are over (Amazon CloudWatch User Guide, "Evaluating an alarm"). As long as one of them has data
// the alarm looks again when the next one is over; then nothing changes before there is new data.
func (s *Service) evaluate(tx *store.Tx, key string) error {
	a, there := s.alarms.Get(tx, key)
	if !there {
		return nil
	}
	in, err := a.request()
	if err != nil {
		return err
	}
	seen := s.look(tx, a, in)
	state, reason := a.judge(in, seen)
	if state != a.State {
		a.State, a.Changed = state, tx.Now()
	}
	if reason != a.Reason {
		a.Reason, a.Updated = reason, tx.Now()
		s.alarms.Put(tx, key, a)
	}
	if s.active(tx, a.Metric, seen.from) {
		tx.Due(seen.to.Add(max(seen.period, time.Minute)), dueAlarm, key)
	}
	return nil
}

// sight is what an alarm sees of its metric.
type sight struct {
	from, to time.Time
	period   time.Duration
	points   []point // those with data, the oldest first
}

// point is a metric in a period.
type point struct {
	Set
	Start time.Time
	Unit  string
}

func (s *Service) look(tx *store.Tx, a Alarm, in *cloudwatch.PutMetricAlarmInput) sight {
	period := time.Duration(aws.ToInt32(in.Period)) * time.Second
	v := sight{period: period, to: tx.Now().Truncate(max(period, time.Minute))}
	v.from = v.to.Add(-max(period, time.Minute) * time.Duration(aws.ToInt32(in.EvaluationPeriods)))
	v.points = s.points(tx, a.Metric, window{from: v.from, to: v.to, period: max(period, time.Minute), unit: string(in.Unit)})
	return v
}

// judge is the state that follows from what an alarm sees.
func (a Alarm) judge(in *cloudwatch.PutMetricAlarmInput, seen sight) (types.StateValue, string) {
	threshold, all := aws.ToFloat64(in.Threshold), int(aws.ToInt32(in.EvaluationPeriods))
	needed := int(aws.ToInt32(in.DatapointsToAlarm))
	if needed == 0 {
		needed = all
	}
	statistic := string(in.Statistic)
	if in.ExtendedStatistic != nil {
		statistic = *in.ExtendedStatistic
	}
	var breaking, fine []string
	for _, p := range seen.points {
		value, known := p.statistic(statistic)
		text := fmt.Sprintf("%v (%s)", value, p.Start.Format("02/01/06 15:04:05"))
		switch {
		case !known:
		case over(in.ComparisonOperator)(value, threshold):
			breaking = append(breaking, text)
		default:
			fine = append(fine, text)
		}
	}
	missing := all - len(breaking) - len(fine)
	bad, good := len(breaking), len(fine)
	switch aws.ToString(in.TreatMissingData) {
	case "breaching":
		bad += missing
	case "notBreaching":
		good += missing
	}
	switch {
	case bad >= needed:
		return types.StateValueAlarm, told(breaking, "was", in, needed, "OK -> ALARM", bad-len(breaking))
	case good > all-needed:
		return types.StateValueOk, told(fine, "was not", in, all-needed+1, "ALARM -> OK", good-len(fine))
	case len(breaking)+len(fine) == 0 && aws.ToString(in.TreatMissingData) != "ignore":
		return types.StateValueInsufficientData, fmt.Sprintf("Insufficient Data: %s unknown.", count(missing, "datapoint was", "datapoints were"))
	}
	return a.State, a.Reason
}

// told is why a state is what it is, in CloudWatch's words.
func told(points []string, was string, in *cloudwatch.PutMetricAlarmInput, needed int, transition string, missing int) string {
	if len(points) == 0 {
		return fmt.Sprintf("Threshold Crossed: no datapoints were received for %s and %s treated as [%s].",
			count(missing, "period", "periods"), count(missing, "missing datapoint was", "missing datapoints were"), map[bool]string{true: "Breaching", false: "NonBreaching"}[was == "was"])
	}
	if was == "was not" && len(points) > 1 {
		was = "were not"
	} else if len(points) > 1 {
		was = "were"
	}
	return fmt.Sprintf("Threshold Crossed: %d out of the last %s [%s] %s %s the threshold (%v) (minimum %s for %s transition).", len(points),
		count(int(aws.ToInt32(in.EvaluationPeriods)), "datapoint", "datapoints"), strings.Join(points, ", "), was, compared[in.ComparisonOperator].words, aws.ToFloat64(in.Threshold),
		count(needed, "datapoint", "datapoints"), transition)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
