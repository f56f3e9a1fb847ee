package cloudwatch

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	maxQueries = 500
	maxData    = 100_800 // values of one page
)

// series is a metric or an expression by moments.
type series struct {
	at    map[time.Time]float64
	label string
}

var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

// GetMetricData gives metrics, and what is calculated of them, by periods that begin at multiples of the period.
func (s *Service) GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
	formulas, err := checkQueries(in)
	if err != nil {
		return nil, err
	}
	out := &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{}, Messages: []types.MessageData{}}
	known := map[string]series{}
	err = s.store.View(func(tx *store.Tx) error {
		c := wire.From(ctx)
		for _, q := range in.MetricDataQueries {
			if q.MetricStat == nil {
				continue
			}
			m := Metric{c.Account, c.Region, aws.ToString(q.MetricStat.Metric.Namespace), aws.ToString(q.MetricStat.Metric.MetricName), dimensions(q.MetricStat.Metric.Dimensions)}
			period := max(time.Duration(aws.ToInt32(q.MetricStat.Period))*time.Second, time.Minute)
			one := series{map[time.Time]float64{}, m.Name}
			from := began(*in.StartTime, tx.Now()).Truncate(period)
			for _, p := range s.points(tx, m, window{from: from, to: *in.EndTime, period: period, unit: string(q.MetricStat.Unit)}) {
				if value, there := p.statistic(aws.ToString(q.MetricStat.Stat)); there && !p.Start.Before(*in.StartTime) {
					one.at[p.Start] = value
				}
			}
			known[*q.Id] = one
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range formulas { // those it leans on are before it
		known[f.id] = series{f.over(known), f.id}
	}
	return out, paged(in, known, out)
}

// paged puts the results of one page into the answer.
func paged(in *cloudwatch.GetMetricDataInput, known map[string]series, out *cloudwatch.GetMetricDataOutput) error {
	limit := maxData
	if n := int(aws.ToInt32(in.MaxDatapoints)); n > 0 && n < limit {
		limit = n
	}
	skip := 0
	if token := aws.ToString(in.NextToken); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 1 {
			return wire.Errorf("InvalidNextToken", "The next token is invalid")
		}
		skip = n
	}
	first := skip
	for _, q := range in.MetricDataQueries {
		if q.ReturnData != nil && !*q.ReturnData {
			continue
		}
		one := known[*q.Id]
		moments := slices.SortedFunc(maps.Keys(one.at), time.Time.Compare)
		if in.ScanBy != types.ScanByTimestampAscending {
			slices.Reverse(moments)
		}
		r := types.MetricDataResult{Id: q.Id, Label: aws.String(one.label), StatusCode: types.StatusCodeComplete, Timestamps: []time.Time{}, Values: []float64{}}
		if q.Label != nil {
			r.Label = q.Label
		}
		here := min(skip, len(moments))
		moments, skip = moments[here:], skip-here
		if len(moments) > limit {
			moments, r.StatusCode = moments[:limit], types.StatusCodePartialData
		}
		for _, at := range moments {
			r.Timestamps, r.Values = append(r.Timestamps, at), append(r.Values, one.at[at])
		}
		limit, first = limit-len(moments), first+len(moments)
		out.MetricDataResults = append(out.MetricDataResults, r)
		if r.StatusCode == types.StatusCodePartialData {
			out.NextToken = aws.String(strconv.Itoa(first))
			return nil
		}
	}
	return nil
}

// checkQueries is what CloudWatch asks of queries; it gives the expressions in an order in which they can be calculated.
func checkQueries(in *cloudwatch.GetMetricDataInput) (formulas []formula, err error) {
	if !in.StartTime.Before(*in.EndTime) {
		return nil, wrong("The parameter StartTime must be less than the parameter EndTime.")
	}
	if len(in.MetricDataQueries) > maxQueries {
		return nil, wrong("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	}
	ids := map[string]bool{}
	returned := false
	for _, q := range in.MetricDataQueries {
		id := aws.ToString(q.Id)
		switch stat := q.MetricStat; {
		case !queryID.MatchString(id):
			return nil, wrong("The value %s for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", id)
		case ids[id]:
			return nil, wrong("The values for parameter id in MetricDataQueries are not unique.")
		case (stat == nil) == (q.Expression == nil):
			return nil, wrong("Exactly one of the parameters MetricStat and Expression must be specified for %s.", id)
		case stat != nil && !isStatistic(aws.ToString(stat.Stat)):
			return nil, wrong("The value %s for parameter MetricDataQueries.member.MetricStat.Stat is not supported.", aws.ToString(stat.Stat))
		case stat != nil && !aligned(time.Duration(aws.ToInt32(stat.Period))*time.Second):
			return nil, wrong("Period must be 1, 5, 10, 20, 30, or a multiple of 60")
		}
		ids[id] = true
		returned = returned || q.ReturnData == nil || *q.ReturnData
		if q.Expression != nil {
			f, err := parse(id, *q.Expression)
			if err != nil {
				return nil, err
			}
			formulas = append(formulas, f)
		}
	}
	if !returned {
		return nil, wrong("At least one of the queries must return data.")
	}
	return ordered(formulas, ids)
}

// ordered are expressions, each behind those it leans on.
func ordered(formulas []formula, ids map[string]bool) (in []formula, err error) {
	known := maps.Clone(ids)
	for _, f := range formulas {
		delete(known, f.id)
		for _, name := range f.names {
			if !ids[name] {
				return nil, wrong("Error in expression '%s': the id %s is not one of the queries", f.id, name)
			}
		}
	}
	for len(formulas) > 0 {
		next := slices.IndexFunc(formulas, func(f formula) bool {
			return !slices.ContainsFunc(f.names, func(name string) bool { return !known[name] })
		})
		if next < 0 {
			return nil, wrong("Error in expression '%s': it leans on itself", formulas[0].id)
		}
		in, known[formulas[next].id] = append(in, formulas[next]), true
		formulas = slices.Delete(formulas, next, next+1)
	}
	return in, nil
}
