package cloudwatch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// asking is a request for statistics of the tests' metric, changed by a test.
func asking(change ...func(in *cloudwatch.GetMetricStatisticsInput)) *cloudwatch.GetMetricStatisticsInput {
	in := &cloudwatch.GetMetricStatisticsInput{
		Namespace: p("Tests"), MetricName: p("m"), Dimensions: []types.Dimension{{Name: p("d"), Value: p("1")}}, StartTime: at(-60), EndTime: at(60), Period: aws.Int32(300),
		Statistics: []types.Statistic{types.StatisticSum, types.StatisticAverage, types.StatisticMinimum, types.StatisticMaximum, types.StatisticSampleCount},
	}
	for _, fn := range change {
		fn(in)
	}
	return in
}

func TestStatistics(t *testing.T) {
	w := newWorld(t, "")
	w.note(t, at(0), 1, 2)
	w.note(t, at(1.5), 3)
	w.note(t, at(4.9), 10)
	w.note(t, at(5), 100)
	w.note(t, at(60), 7) // the end of the request is not in it
	out := must[*cloudwatch.GetMetricStatisticsOutput](t)(w.GetMetricStatistics(ctx, asking()))
	var got []string
	for _, d := range out.Datapoints {
		got = append(got, fmt.Sprint(d.Timestamp.Sub(try.Start()).Minutes(), *d.Sum, *d.Average, *d.Minimum, *d.Maximum, *d.SampleCount)+string(d.Unit))
	}
	if want := []string{"0 16 4 1 10 4Count", "5 100 100 100 100 1Count"}; !slices.Equal(got, want) || *out.Label != "m" {
		t.Errorf("%q, want %q", got, want)
	}
	out = must[*cloudwatch.GetMetricStatisticsOutput](t)(w.GetMetricStatistics(ctx, asking(func(in *cloudwatch.GetMetricStatisticsInput) {
		in.Statistics, in.ExtendedStatistics, in.Period = nil, []string{"p50", "p99.9"}, aws.Int32(7200)
	})))
	if d := out.Datapoints; len(d) != 1 || d[0].ExtendedStatistics["p50"] != 3 || d[0].ExtendedStatistics["p99.9"] != 100 {
		t.Errorf("percentiles %+v", d)
	}
	for what, other := range map[string]*cloudwatch.Client{"another account": w.as(try.Theirs, try.Home), "another Region": w.as(try.Mine, try.Away)} {
		if out := must[*cloudwatch.GetMetricStatisticsOutput](t)(other.GetMetricStatistics(ctx, asking())); len(out.Datapoints) > 0 {
			t.Errorf("%s sees %d datapoints", what, len(out.Datapoints))
		}
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "")
	w.note(t, nil, 1)
	for what, test := range map[string]struct {
		change func(in *cloudwatch.GetMetricStatisticsInput)
		want   string
	}{
		"as it should be":       {func(*cloudwatch.GetMetricStatisticsInput) {}, ""},
		"end before start":      {func(in *cloudwatch.GetMetricStatisticsInput) { in.EndTime = at(-61) }, "ValidationError"},
		"no statistics":         {func(in *cloudwatch.GetMetricStatisticsInput) { in.Statistics = nil }, "InvalidParameterCombination"},
		"a period of 45":        {func(in *cloudwatch.GetMetricStatisticsInput) { in.Period = aws.Int32(45) }, "InvalidParameterValue"},
		"too many datapoints":   {func(in *cloudwatch.GetMetricStatisticsInput) { in.StartTime, in.Period = at(-1441), aws.Int32(60) }, "InvalidParameterCombination"},
		"a trimmed mean":        {func(in *cloudwatch.GetMetricStatisticsInput) { in.ExtendedStatistics = []string{"tm90"} }, "InvalidParameterValue"},
		"a percentile over 100": {func(in *cloudwatch.GetMetricStatisticsInput) { in.ExtendedStatistics = []string{"p101"} }, "InvalidParameterValue"},
	} {
		_, err := w.GetMetricStatistics(ctx, asking(test.change))
		try.Refused(t, what, err, test.want)
	}
	for what, test := range map[string]struct {
		namespace string
		datum     types.MetricDatum
		want      string
	}{
		"a value":              {"Tests", types.MetricDatum{Value: aws.Float64(1)}, ""},
		"AWS's namespace":      {"AWS/S3", types.MetricDatum{Value: aws.Float64(1)}, "InvalidParameterValue"},
		"no value":             {"Tests", types.MetricDatum{}, "MissingParameter"},
		"two kinds of value":   {"Tests", types.MetricDatum{Value: aws.Float64(1), Values: []float64{1}}, "InvalidParameterCombination"},
		"not a number":         {"Tests", types.MetricDatum{Value: aws.Float64(math.NaN())}, "InvalidParameterValue"},
		"counts of others":     {"Tests", types.MetricDatum{Values: []float64{1}, Counts: []float64{1, 2}}, "InvalidParameterValue"},
		"of three weeks ago":   {"Tests", types.MetricDatum{Value: aws.Float64(1), Timestamp: at(-21 * 24 * 60)}, "InvalidParameterValue"},
		"of three hours ago":   {"Tests", types.MetricDatum{Value: aws.Float64(1), Timestamp: at(-180)}, ""},
		"of three hours hence": {"Tests", types.MetricDatum{Value: aws.Float64(1), Timestamp: at(180)}, "InvalidParameterValue"},
	} {
		test.datum.MetricName = p("m")
		_, err := w.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: &test.namespace, MetricData: []types.MetricDatum{test.datum}})
		try.Refused(t, what, err, test.want)
	}
}

// Whatever values are put, in whatever pieces, their statistics are those of all of them.
func TestSetsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 60).Draw(t, "values")
		whole, pieces := Set{}, []Set{{}, {}, {}}
		for i, v := range values {
			whole = whole.plus(one(v))
			pieces[i%3] = pieces[i%3].plus(one(v))
		}
		sum := pieces[0].plus(pieces[1].plus(pieces[2]))
		sorted := slices.Sorted(slices.Values(values))
		if sum.Count != whole.Count || math.Abs(sum.Sum-whole.Sum) > 1e-3 || sum.Min != sorted[0] || sum.Max != sorted[len(sorted)-1] {
			t.Fatalf("%+v, %+v", sum, whole)
		}
		for _, name := range []string{"p0", "p50", "p100"} {
			a, _ := whole.statistic(name)
			b, known := sum.statistic(name)
			if a != b || !known {
				t.Fatalf("%s is %v and %v", name, a, b)
			}
		}
		if top, _ := sum.statistic("p100"); top != sum.Max {
			t.Fatalf("p100 is %v, the greatest %v", top, sum.Max)
		}
	})
}

// What is old is put together, and goes; the statistics stay what they were.
func TestAge(t *testing.T) {
	w := newWorld(t, t.TempDir())
	for minute := range 120 {
		w.note(t, at(float64(minute-120)), float64(minute))
	}
	rows := func() (n int) {
		w.Store.View(func(tx *store.Tx) error { n = w.service.data.Len(tx); return nil })
		return n
	}
	sum := func(days int) float64 {
		all := 0.0
		out := must[*cloudwatch.GetMetricStatisticsOutput](t)(w.GetMetricStatistics(ctx, asking(func(in *cloudwatch.GetMetricStatisticsInput) {
			in.StartTime, in.EndTime, in.Period = at(-180), at(0), aws.Int32(3600)
		})))
		for _, d := range out.Datapoints {
			all += *d.Sum
		}
		return all
	}
	for _, test := range []struct {
		days, rows int
		sum        float64
	}{{1, 120, 7140}, {16, 24, 7140}, {64, 3, 7140}, {456, 0, 0}} {
		w.Pass(at(0).Add(time.Duration(test.days) * day).Sub(w.Clock.Now()))
		if got := rows(); got != test.rows || sum(test.days) != test.sum {
			t.Errorf("after %d days there are %d rows with a sum of %v", test.days, got, sum(test.days))
		}
	}
	if out := must[*cloudwatch.ListMetricsOutput](t)(w.ListMetrics(ctx, &cloudwatch.ListMetricsInput{})); len(out.Metrics) != 0 {
		t.Errorf("metrics %+v", out.Metrics)
	}
}

func TestListMetrics(t *testing.T) {
	w := newWorld(t, "")
	err := w.Store.Update(func(tx *store.Tx) error {
		for n := range 501 {
			w.service.Put(tx, try.Mine, try.Home, "AWS/S3", "ReplicationLatency", map[string]string{"SourceBucket": fmt.Sprintf("b%03d", n), "RuleId": "r"}, 1, "Seconds")
		}
		w.service.Put(tx, try.Mine, try.Home, "AWS/S3", "OperationsPendingReplication", nil, 1, "Count")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	names := func(in *cloudwatch.ListMetricsInput) (n, pages int) {
		for pages = 1; ; pages++ {
			out := must[*cloudwatch.ListMetricsOutput](t)(w.ListMetrics(ctx, in))
			n += len(out.Metrics)
			if in.NextToken = out.NextToken; out.NextToken == nil {
				return n, pages
			}
		}
	}
	for what, test := range map[string]struct {
		in       cloudwatch.ListMetricsInput
		n, pages int
	}{
		"all":              {cloudwatch.ListMetricsInput{}, 502, 2},
		"by name":          {cloudwatch.ListMetricsInput{MetricName: p("OperationsPendingReplication")}, 1, 1},
		"by dimension":     {cloudwatch.ListMetricsInput{Dimensions: []types.DimensionFilter{{Name: p("SourceBucket"), Value: p("b007")}, {Name: p("RuleId")}}}, 1, 1},
		"of another space": {cloudwatch.ListMetricsInput{Namespace: p("AWS/EC2")}, 0, 1},
	} {
		if n, pages := names(&test.in); n != test.n || pages != test.pages {
			t.Errorf("%s: %d metrics on %d pages", what, n, pages)
		}
	}
	w.Pass(4 * time.Hour)
	if n, _ := names(&cloudwatch.ListMetricsInput{RecentlyActive: types.RecentlyActivePt3h}); n != 0 {
		t.Errorf("%d metrics were active in the last three hours", n)
	}
	w.Pass(15 * day)
	if n, _ := names(&cloudwatch.ListMetricsInput{}); n != 0 {
		t.Errorf("after two weeks %d metrics are listed", n)
	}
}

func TestMetricData(t *testing.T) {
	w := newWorld(t, "")
	for minute := range 10 {
		w.note(t, at(float64(minute)), float64(minute))
	}
	stat := func(id, name string, period int32) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: p("Tests"), MetricName: p("m"), Dimensions: []types.Dimension{{Name: p("d"), Value: p("1")}}}, Period: &period, Stat: &name}}
	}
	formula := func(id, text string) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, Expression: &text}
	}
	hidden := func(q types.MetricDataQuery) types.MetricDataQuery { q.ReturnData = aws.Bool(false); return q }
	for what, test := range map[string]struct {
		queries []types.MetricDataQuery
		want    string // the values, or the code
	}{
		"a metric":             {[]types.MetricDataQuery{stat("m1", "Sum", 300)}, "m1 m 10 35"},
		"a percentile":         {[]types.MetricDataQuery{stat("m1", "p100", 600)}, "m1 m 9"},
		"an expression":        {[]types.MetricDataQuery{formula("e2", "(e1 + 1) * -2"), hidden(stat("m1", "Sum", 300)), formula("e1", "m1 / 5 ^ 2 * 5 - m1/5 + m1")}, "e2 e2 -22 -72; e1 e1 10 35"},
		"two of one id":        {[]types.MetricDataQuery{stat("m1", "Sum", 300), stat("m1", "Sum", 300)}, "ValidationError"},
		"a bad id":             {[]types.MetricDataQuery{stat("M1", "Sum", 300)}, "ValidationError"},
		"an unknown statistic": {[]types.MetricDataQuery{stat("m1", "Mean", 300)}, "ValidationError"},
		"a circle":             {[]types.MetricDataQuery{formula("a", "b"), formula("b", "a")}, "ValidationError"},
		"an unknown id":        {[]types.MetricDataQuery{formula("a", "b + 1")}, "ValidationError"},
		"a function":           {[]types.MetricDataQuery{stat("m1", "Sum", 300), formula("a", "SUM(METRICS())")}, "ValidationError"},
		"half an expression":   {[]types.MetricDataQuery{stat("m1", "Sum", 300), formula("a", "m1 + (")}, "ValidationError"},
		"nothing returned":     {[]types.MetricDataQuery{hidden(stat("m1", "Sum", 300))}, "ValidationError"},
	} {
		out, err := w.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: at(0), EndTime: at(10), ScanBy: types.ScanByTimestampAscending, MetricDataQueries: test.queries})
		if err != nil {
			try.Refused(t, what, err, test.want)
			continue
		}
		var got []string
		for _, r := range out.MetricDataResults {
			text := *r.Id + " " + *r.Label
			for i, v := range r.Values {
				if want := try.Start().Add(time.Duration(i) * 5 * time.Minute); !r.Timestamps[i].Equal(want) {
					t.Errorf("%s: value %d is of %s", what, i, r.Timestamps[i])
				}
				text += fmt.Sprint(" ", v)
			}
			got = append(got, text)
		}
		if text := strings.Join(got, "; "); text != test.want {
			t.Errorf("%s: %s, want %s", what, text, test.want)
		}
	}
	// Pages give every value once.
	in := &cloudwatch.GetMetricDataInput{StartTime: at(0), EndTime: at(10), MaxDatapoints: aws.Int32(3), MetricDataQueries: []types.MetricDataQuery{stat("m1", "Sum", 60), stat("m2", "Sum", 300)}}
	got := map[string][]float64{}
	for {
		out := must[*cloudwatch.GetMetricDataOutput](t)(w.GetMetricData(ctx, in))
		for _, r := range out.MetricDataResults {
			got[*r.Id] = append(got[*r.Id], r.Values...)
		}
		if in.NextToken = out.NextToken; out.NextToken == nil {
			break
		}
	}
	if !slices.Equal(got["m1"], []float64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}) || !slices.Equal(got["m2"], []float64{35, 10}) {
		t.Errorf("by pages: %v", got)
	}
}
