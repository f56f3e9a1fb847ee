package cloudwatch

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// window is which data of a metric is wanted, and put together by what.
type window struct {
	from, to time.Time
	period   time.Duration
	unit     string // empty for all
	apart    bool   // what has different units is not put together
}

// points are the periods of a window with data, the oldest first.
func (s *Service) points(tx *store.Tx, m Metric, w window) (all []point) {
	s.since(tx, m, w.from, w.to, func(d Datum) {
		if w.unit != "" && d.Unit != w.unit {
			return
		}
		start := w.from.Add(d.Start.Sub(w.from) / w.period * w.period)
		for i := len(all) - 1; i >= 0 && all[i].Start.Equal(start); i-- {
			if !w.apart || all[i].Unit == d.Unit {
				all[i].Set = all[i].plus(d.Set)
				return
			}
		}
		all = append(all, point{d.Set, start, d.Unit})
	})
	return all
}

// isStatistic says whether a text is one of the statistics there are here: the five, and percentiles.
func isStatistic(name string) bool {
	if slices.Contains(types.Statistic("").Values(), types.Statistic(name)) {
		return true
	}
	_, ok := percentile(name)
	return ok
}

// percentile is the number in "p99.9".
func percentile(name string) (p float64, ok bool) {
	digits, isP := strings.CutPrefix(strings.ToLower(name), "p")
	p, err := strconv.ParseFloat(digits, 64)
	return p, isP && err == nil && p >= 0 && p <= 100
}

// statistic is one of the statistics; it is not known where percentiles are asked of values that were not kept.
func (a Set) statistic(name string) (value float64, known bool) {
	switch types.Statistic(name) {
	case types.StatisticSampleCount:
		return a.Count, true
	case types.StatisticSum:
		return a.Sum, true
	case types.StatisticAverage:
		return a.Sum / a.Count, a.Count > 0
	case types.StatisticMinimum:
		return a.Min, true
	case types.StatisticMaximum:
		return a.Max, true
	}
	p, ok := percentile(name)
	if !ok {
		return 0, false
	}
	rank, sum := p/100*a.Count, 0.0
	for _, v := range a.Values {
		if sum += v.Count; sum >= rank {
			return v.Value, true
		}
	}
	return 0, false
}

// began is the start of a request, rounded as CloudWatch does it by its age (GetMetricStatistics, StartTime).
func began(at, now time.Time) time.Time {
	switch age := now.Sub(at); {
	case age >= 63*day:
		return at.UTC().Truncate(time.Hour)
	case age >= 15*day:
		return at.UTC().Truncate(5 * time.Minute)
	}
	return at.UTC().Truncate(time.Minute)
}

// maxPoints is how many datapoints GetMetricStatistics gives.
const maxPoints = 1440

// GetMetricStatistics gives the statistics of a metric by periods that begin with the request's start.
func (s *Service) GetMetricStatistics(ctx context.Context, in *cloudwatch.GetMetricStatisticsInput) (*cloudwatch.GetMetricStatisticsOutput, error) {
	period := time.Duration(aws.ToInt32(in.Period)) * time.Second
	switch n := int64(math.Ceil(float64(in.EndTime.Sub(*in.StartTime)) / float64(max(period, 1)))); {
	case !in.StartTime.Before(*in.EndTime):
		return nil, wrong("The parameter StartTime must be less than the parameter EndTime.")
	case len(in.Statistics)+len(in.ExtendedStatistics) == 0:
		return nil, wire.Errorf("InvalidParameterCombinationException", "At least one of the parameters Statistics and ExtendedStatistics must be specified.")
	case !aligned(period):
		return nil, wire.Errorf("InvalidParameterValueException", "The value %d for parameter Period is not valid. Period must be 1, 5, 10, 20, 30, or a multiple of 60.", aws.ToInt32(in.Period))
	case n > maxPoints:
		return nil, wire.Errorf("InvalidParameterCombinationException", "You have requested up to %s datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", thousands(n))
	}
	for _, name := range in.ExtendedStatistics {
		if _, ok := percentile(name); !ok {
			return nil, wire.Errorf("InvalidParameterValueException", "The value %s for parameter ExtendedStatistics is not supported.", name)
		}
	}
	out := &cloudwatch.GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []types.Datapoint{}}
	return out, s.store.View(func(tx *store.Tx) error {
		c := wire.From(ctx)
		m := Metric{c.Account, c.Region, aws.ToString(in.Namespace), aws.ToString(in.MetricName), dimensions(in.Dimensions)}
		for _, p := range s.points(tx, m, window{from: began(*in.StartTime, tx.Now()), to: *in.EndTime, period: max(period, time.Minute), unit: string(in.Unit), apart: true}) {
			out.Datapoints = append(out.Datapoints, p.datapoint(in))
		}
		return nil
	})
}

func aligned(period time.Duration) bool {
	return period > 0 && period%time.Minute == 0 || slices.Contains([]time.Duration{1, 5, 10, 20, 30}, period/time.Second) && period%time.Second == 0
}

// thousands writes a number with commas.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// datapoint is a period with the statistics that were asked for.
func (p point) datapoint(in *cloudwatch.GetMetricStatisticsInput) types.Datapoint {
	d := types.Datapoint{Timestamp: aws.Time(p.Start), Unit: types.StandardUnit(p.Unit)}
	into := map[types.Statistic]**float64{
		types.StatisticAverage: &d.Average, types.StatisticMaximum: &d.Maximum, types.StatisticMinimum: &d.Minimum, types.StatisticSum: &d.Sum, types.StatisticSampleCount: &d.SampleCount,
	}
	for _, name := range in.Statistics {
		if value, known := p.statistic(string(name)); known {
			*into[name] = &value
		}
	}
	for _, name := range in.ExtendedStatistics {
		if value, known := p.statistic(name); known {
			if d.ExtendedStatistics == nil {
				d.ExtendedStatistics = map[string]float64{}
			}
			d.ExtendedStatistics[name] = value
		}
	}
	return d
}

// dimensions are name and value.
func dimensions(list []types.Dimension) map[string]string {
	if len(list) == 0 {
		return nil
	}
	m := map[string]string{}
	for _, d := range list {
		m[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	return m
}

const (
	maxMetrics = 500      // of one page
	listedFor  = 14 * day // a metric that has no new data is listed for that long
	recently   = 3 * time.Hour
)

// ListMetrics lists the metrics that had data in the last two weeks.
func (s *Service) ListMetrics(ctx context.Context, in *cloudwatch.ListMetricsInput) (*cloudwatch.ListMetricsOutput, error) {
	out := &cloudwatch.ListMetricsOutput{Metrics: []types.Metric{}}
	return out, s.store.View(func(tx *store.Tx) error {
		c := wire.From(ctx)
		since := tx.Now().Add(-listedFor)
		if in.RecentlyActive != "" {
			since = tx.Now().Add(-recently)
		}
		var all []Metric
		s.metrics.Scan(tx, c.Account+"/"+c.Region+"/", func(_ string, m Metric) bool {
			if (in.Namespace == nil || *in.Namespace == m.Namespace) && (in.MetricName == nil || *in.MetricName == m.Name) && m.has(in.Dimensions) && s.active(tx, m, since) {
				all = append(all, m)
			}
			return true
		})
		part, next, err := page.Cut(all, Metric.key, aws.ToString(in.NextToken), maxMetrics)
		if err != nil {
			return wire.Errorf("InvalidParameterValueException", "Request parameter NextToken is invalid")
		}
		if next != "" {
			out.NextToken = &next
		}
		for _, m := range part {
			out.Metrics = append(out.Metrics, m.wire())
		}
		return nil
	})
}

// has says whether a metric has the dimensions of a filter, which names values or not.
func (m Metric) has(filters []types.DimensionFilter) bool {
	for _, f := range filters {
		value, there := m.Dimensions[aws.ToString(f.Name)]
		if !there || f.Value != nil && *f.Value != value {
			return false
		}
	}
	return true
}

func (m Metric) wire() types.Metric {
	out := types.Metric{Namespace: aws.String(m.Namespace), MetricName: aws.String(m.Name), Dimensions: []types.Dimension{}}
	for name, value := range m.Dimensions {
		out.Dimensions = append(out.Dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(value)})
	}
	slices.SortFunc(out.Dimensions, func(a, b types.Dimension) int { return strings.Compare(*a.Name, *b.Name) })
	return out
}
