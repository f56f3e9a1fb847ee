package cloudwatch

import (
	"fmt"
	"strings"
	"time"

	"lifeboat/aws/sandbox/store"
)

const (
	day        = 24 * time.Hour
	dueAge     = "cloudwatch.age" // data gets older
	everything = "all"
)

// ages are what becomes of data: after 15 days its minutes are put together by five, after 63 days by the hour, after 455 days it goes
// (Amazon CloudWatch User Guide, "Metrics retention").
var ages = []struct {
	after   time.Duration
	minutes int
}{{455 * day, 0}, {63 * day, 60}, {15 * day, 5}}

// age puts together what has become older, once a day as long as there is anything.
func (s *Service) age(tx *store.Tx, _ string) error {
	type old struct {
		key string
		Datum
		minutes int // it is to be put together by
	}
	var all []old
	s.data.Scan(tx, "", func(key string, d Datum) bool {
		if minutes, due := d.coarser(tx.Now()); due {
			all = append(all, old{key, d, minutes})
		}
		return true
	})
	for _, o := range all {
		s.data.Delete(tx, o.key)
		if o.minutes == 0 {
			continue
		}
		d := Datum{Start: o.Start.Truncate(time.Duration(o.minutes) * time.Minute), Minutes: o.minutes, Unit: o.Unit}
		metric := o.key[:strings.LastIndex(o.key, endOfKey)+len(endOfKey)]
		row := fmt.Sprintf("%s%010d\x00%s", metric, d.Start.Unix()/60, d.Unit)
		already, _ := s.data.Get(tx, row)
		d.Set = already.plus(o.Set)
		s.data.Put(tx, row, d)
	}
	s.forget(tx)
	if s.data.Len(tx) > 0 {
		tx.Due(tx.Now().Add(day), dueAge, everything)
	}
	return nil
}

// forget lets metrics go of which nothing is kept any more.
func (s *Service) forget(tx *store.Tx) {
	var gone []string
	s.metrics.Scan(tx, "", func(key string, m Metric) bool {
		if !s.active(tx, m, time.Unix(0, 0)) {
			gone = append(gone, key)
		}
		return true
	})
	for _, key := range gone {
		s.metrics.Delete(tx, key)
	}
}

// coarser says how many minutes data is to be put together by, if it is old enough for more than it is; 0 lets it go.
func (d Datum) coarser(now time.Time) (minutes int, due bool) {
	for _, a := range ages {
		if now.Sub(d.Start) >= a.after {
			return a.minutes, a.minutes == 0 || a.minutes > d.Minutes
		}
	}
	return 0, false
}
