package s3

import (
	"maps"
	"slices"
	"time"

	"lifeboat/aws/sandbox/store"
)

// watches is the kind of what is due each minute while something with metrics waits on a lane.
const watches = "s3.replication.metrics"

// measuring is what a rule's metrics say of a lane, by rule, where rules have metrics ("Using S3 Replication metrics").
type measuring struct {
	*Service
	tx   *store.Tx
	lane lane
	from Bucket
	seen map[string]*measured
}

type measured struct {
	failed int
	behind time.Duration // the longest that one which arrived was on its way
}

func (s *Service) measuring(tx *store.Tx, l lane, from Bucket) *measuring {
	return &measuring{s, tx, l, from, map[string]*measured{}}
}

// count notes how it went with a version.
func (m *measuring) count(d delayed, why string) {
	if d.Rule == "" {
		return
	}
	seen := m.seen[d.Rule]
	if seen == nil {
		seen = &measured{}
		m.seen[d.Rule] = seen
	}
	if why != "" {
		seen.failed++
		return
	}
	seen.behind = max(seen.behind, m.tx.Now().Sub(d.Since))
}

// tell puts what came of it: what failed, how far behind the destination was, and what is still waiting.
func (m *measuring) tell() {
	waiting := m.pending()
	for _, rule := range slices.Sorted(maps.Keys(m.seen)) {
		seen := m.seen[rule]
		m.put(rule, "OperationsFailedReplication", float64(seen.failed), "Count")
		if !waiting[rule] {
			m.put(rule, "BytesPendingReplication", 0, "Bytes")
			m.put(rule, "OperationsPendingReplication", 0, "Count")
			m.put(rule, "ReplicationLatency", seen.behind.Seconds(), "Seconds")
		}
	}
}

// pending puts what is waiting on the lane, and says of which rules something is.
func (m *measuring) pending() map[string]bool {
	type load struct {
		bytes, count int64
		since        time.Time
	}
	waits := map[string]*load{}
	if m.metrics != nil {
		m.delayed.Scan(m.tx, m.lane.String()+"\x00", func(_ string, w waiting) bool {
			switch l := waits[w.Rule]; {
			case w.Rule == "":
			case l == nil:
				waits[w.Rule] = &load{w.Size, 1, w.Since}
			default:
				l.bytes, l.count = l.bytes+w.Size, l.count+1
				if w.Since.Before(l.since) {
					l.since = w.Since
				}
			}
			return true
		})
	}
	some := map[string]bool{}
	for _, rule := range slices.Sorted(maps.Keys(waits)) {
		l := waits[rule]
		some[rule] = true
		m.put(rule, "BytesPendingReplication", float64(l.bytes), "Bytes")
		m.put(rule, "OperationsPendingReplication", float64(l.count), "Count")
		m.put(rule, "ReplicationLatency", m.tx.Now().Sub(l.since).Seconds(), "Seconds")
	}
	return some
}

// put notes a value where S3 publishes it: failures in the source's Region, everything else in the destination's and only as long as that is
// there.
func (m *measuring) put(rule, name string, value float64, unit string) {
	if m.metrics == nil {
		return
	}
	region := m.from.Region
	if name != "OperationsFailedReplication" {
		to, there := m.buckets.Get(m.tx, m.lane.to)
		if !there {
			return
		}
		region = to.Region
	}
	m.metrics.Put(m.tx, m.from.Account, region, "AWS/S3", name, map[string]string{"SourceBucket": m.lane.from, "DestinationBucket": m.lane.to, "RuleId": rule}, value, unit)
}

// watch measures a lane each minute, as long as something waits on it.
func (s *Service) watch(tx *store.Tx, l lane) {
	tx.Due(tx.Now().Truncate(time.Minute).Add(time.Minute), watches, l.String())
}

// minute is what is due each minute.
func (s *Service) minute(tx *store.Tx, key string) error {
	l := laneOf(key)
	from, there := s.buckets.Get(tx, l.from)
	if !there {
		return nil
	}
	if len(s.measuring(tx, l, from).pending()) > 0 {
		s.watch(tx, l)
	}
	return nil
}
