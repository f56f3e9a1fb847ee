package cloudwatch

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// PutMetricData notes values of metrics.
func (s *Service) PutMetricData(ctx context.Context, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
	namespace := aws.ToString(in.Namespace)
	if strings.HasPrefix(namespace, "AWS/") {
		return nil, badParameter("Value", "The value AWS/ for parameter Namespace is invalid.")
	}
	all := in.MetricData
	for _, e := range in.EntityMetricData {
		all = append(all[:len(all):len(all)], e.MetricData...)
	}
	if len(all) == 0 {
		return nil, wire.Errorf("MissingRequiredParameterException", "The parameter MetricData is required.")
	}
	if len(all) > maxDatums {
		return nil, badParameter("Value", "The collection MetricData must not have a size greater than %d.", maxDatums)
	}
	sets := make([]Set, len(all))
	for i, d := range all {
		var err error
		if sets[i], err = values(fmt.Sprintf("MetricData.member.%d", i+1), d); err != nil {
			return nil, err
		}
	}
	return &cloudwatch.PutMetricDataOutput{}, s.store.Update(func(tx *store.Tx) error {
		c, now := wire.From(ctx), tx.Now()
		for i, d := range all {
			at := now
			if d.Timestamp != nil {
				at = *d.Timestamp
			}
			if at.Before(now.Add(-14*day)) || at.After(now.Add(2*time.Hour)) {
				return badParameter("Value", "The parameter MetricData.member.%d.Timestamp must specify a time no more than two weeks in the past and no more than two hours in the future.", i+1)
			}
			unit := string(d.Unit)
			if unit == "" {
				unit = string(types.StandardUnitNone)
			}
			s.put(tx, Metric{c.Account, c.Region, namespace, aws.ToString(d.MetricName), dimensions(d.Dimensions)}, at, sets[i], unit)
		}
		return nil
	})
}

// maxDatums is how many metrics one call may bring.
const maxDatums = 1000

// badParameter is an error about a parameter: its Value, or a Combination of several.
func badParameter(what, format string, args ...any) error {
	return wire.Errorf("InvalidParameter"+what+"Exception", format, args...)
}

// values are those of one datum, which has one, several with their counts, or their statistics.
func values(name string, d types.MetricDatum) (set Set, err error) {
	forms := 0
	for _, given := range []bool{d.Value != nil, len(d.Values) > 0, d.StatisticValues != nil} {
		if given {
			forms++
		}
	}
	switch {
	case forms > 1:
		return set, badParameter("Combination", "The parameters %s.Value, %s.Values and %s.StatisticValues are mutually exclusive and you have specified more than one.", name, name, name)
	case forms == 0:
		return set, wire.Errorf("MissingRequiredParameterException", "At least one of the parameters must be specified: %s.Value, %s.Values, %s.StatisticValues.", name, name, name)
	case len(d.Values) > maxValues:
		return set, badParameter("Value", "The collection %s.Values must not have a size greater than %d.", name, maxValues)
	case len(d.Counts) > 0 && len(d.Counts) != len(d.Values):
		return set, badParameter("Value", "The parameters %s.Values and %s.Counts must have the same number of elements.", name, name)
	case d.Value != nil:
		return one(*d.Value), finite(name+".Value", *d.Value)
	case d.StatisticValues != nil:
		v := d.StatisticValues
		set = Set{Count: aws.ToFloat64(v.SampleCount), Sum: aws.ToFloat64(v.Sum), Min: aws.ToFloat64(v.Minimum), Max: aws.ToFloat64(v.Maximum)}
		if set.Count <= 0 || set.Min > set.Max {
			return set, badParameter("Value", "The values of %s.StatisticValues are not those of any values.", name)
		}
		return set, finite(name+".StatisticValues", set.Sum, set.Min, set.Max)
	}
	for i, v := range d.Values {
		n := 1.0
		if len(d.Counts) > 0 {
			n = d.Counts[i]
		}
		if n <= 0 {
			return set, badParameter("Value", "The values of %s.Counts must be greater than 0.", name)
		}
		set = set.plus(Set{Count: n, Sum: v * n, Min: v, Max: v, Values: []counted{{v, n}}})
	}
	return set, finite(name+".Values", d.Values...)
}

func finite(name string, values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return badParameter("Value", "The value %v for parameter %s is invalid.", v, name)
		}
	}
	return nil
}
