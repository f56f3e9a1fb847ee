// Package cloudwatch is the sandbox's CloudWatch: metrics and alarms.
//
// Its rule: what a metric was in a minute is one row, whoever measured it, and no single value is kept but for percentiles; older minutes are
// put together as CloudWatch does it. An alarm is looked at when a minute with data for it is over, and for as long as data is in its sight:
// a sandbox in which nothing is measured has nothing to do.
package cloudwatch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Service keeps the metrics and alarms of all accounts.
type Service struct {
	store   *store.Store
	metrics *store.Table[Metric] // account/region/namespace NUL name NUL dimensions
	data    *store.Table[Datum]  // metric NUL minute NUL unit
	alarms  *store.Table[Alarm]  // account/region/name
}

// New makes the service on st.
func New(st *store.Store) *Service {
	s := &Service{
		store:   st,
		metrics: store.NewTable[Metric](st, "cloudwatch.metrics"),
		data:    store.NewTable[Datum](st, "cloudwatch.data"),
		alarms:  store.NewTable[Alarm](st, "cloudwatch.alarms"),
	}
	st.OnDue(dueAlarm, s.evaluate)
	st.OnDue(dueAge, s.age)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.PutMetricData), wire.Op(s.GetMetricData), wire.Op(s.GetMetricStatistics), wire.Op(s.ListMetrics),
		wire.Op(s.PutMetricAlarm), wire.Op(s.DescribeAlarms), wire.Op(s.DeleteAlarms),
	}
}

// Metric is a thing that is measured.
type Metric struct {
	Account    string            `json:"account"`
	Region     string            `json:"region"`
	Namespace  string            `json:"namespace"`
	Name       string            `json:"name"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
}

func (m Metric) key() string {
	var key strings.Builder
	fmt.Fprintf(&key, "%s/%s/%s\x00%s", m.Account, m.Region, m.Namespace, m.Name)
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		fmt.Fprintf(&key, "\x00%s\x00%s", name, m.Dimensions[name])
	}
	return key.String()
}

// endOfKey is between a metric and its data.
const endOfKey = "\x00\x00"

// rows is where the data of a metric begins.
func (m Metric) rows() string { return m.key() + endOfKey }

// from is where the data of a metric begins that is of a moment or later.
func (m Metric) from(at time.Time) string { return fmt.Sprintf("%s%010d", m.rows(), at.Unix()/60) }

// Datum is what a metric was in a minute, or in several that were put together.
type Datum struct {
	Set
	Start   time.Time `json:"start"`
	Minutes int       `json:"minutes"`
	Unit    string    `json:"unit"`
}

func (m Metric) row(d Datum) string { return m.from(d.Start) + "\x00" + d.Unit }

// Set is the statistics of values.
type Set struct {
	Count  float64   `json:"count"`
	Sum    float64   `json:"sum"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
	Values []counted `json:"values,omitempty"` // for percentiles; none where there were too many, or they are not known
}

// counted is a value, and how often it was there.
type counted struct {
	Value float64 `json:"v"`
	Count float64 `json:"n"`
}

// maxValues is how many different values are kept of a time.
const maxValues = 150

// one is the statistics of a single value.
func one(value float64) Set {
	return Set{Count: 1, Sum: value, Min: value, Max: value, Values: []counted{{value, 1}}}
}

// plus is the statistics of the values of both.
func (a Set) plus(b Set) Set {
	switch {
	case a.Count == 0:
		return b
	case b.Count == 0:
		return a
	}
	sum := Set{Count: a.Count + b.Count, Sum: a.Sum + b.Sum, Min: min(a.Min, b.Min), Max: max(a.Max, b.Max)}
	if a.Values != nil && b.Values != nil {
		for _, v := range slices.SortedFunc(slices.Values(slices.Concat(a.Values, b.Values)), func(x, y counted) int { return cmp.Compare(x.Value, y.Value) }) {
			if n := len(sum.Values); n > 0 && sum.Values[n-1].Value == v.Value {
				sum.Values[n-1].Count += v.Count
			} else {
				sum.Values = append(sum.Values, v)
			}
		}
		if len(sum.Values) > maxValues {
			sum.Values = nil
		}
	}
	return sum
}

// Put notes a value of a metric at the store's time, for a service that measures something. Dimensions are name and value; a unit is one of
// CloudWatch's ("Count", "Seconds").
func (s *Service) Put(tx *store.Tx, account, region, namespace, name string, dimensions map[string]string, value float64, unit string) {
	s.put(tx, Metric{account, region, namespace, name, maps.Clone(dimensions)}, tx.Now(), one(value), unit)
}

// put adds values to a minute of a metric.
func (s *Service) put(tx *store.Tx, m Metric, at time.Time, values Set, unit string) {
	if _, there := s.metrics.Get(tx, m.key()); !there {
		s.metrics.Put(tx, m.key(), m)
	}
	if s.data.Len(tx) == 0 {
		tx.Due(tx.Now().Add(day), dueAge, everything)
	}
	d := Datum{Start: at.UTC().Truncate(time.Minute), Minutes: 1, Unit: unit}
	old, _ := s.data.Get(tx, m.row(d))
	d.Set = old.plus(values)
	s.data.Put(tx, m.row(d), d)
	s.wake(tx, m)
}

// since gives the data of a metric from a moment up to another, which is not in it, in order.
func (s *Service) since(tx *store.Tx, m Metric, from, to time.Time, fn func(d Datum)) {
	s.data.After(tx, m.rows(), m.from(from), func(_ string, d Datum) bool {
		if !d.Start.Before(to) {
			return false
		}
		fn(d)
		return true
	})
}

// active says whether a metric has data since a moment.
func (s *Service) active(tx *store.Tx, m Metric, since time.Time) (there bool) {
	s.data.After(tx, m.rows(), m.from(since), func(string, Datum) bool { there = true; return false })
	return there
}
