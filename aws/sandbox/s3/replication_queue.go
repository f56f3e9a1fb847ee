package s3

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

// What is to be replicated waits in lanes, one from each source to each destination. A lane has one moment at which it is due; then all that
// is ready goes together.
const (
	// replicates is the kind of what is due: a lane has something ready.
	replicates = "s3.replication"
	// shortest is how long a version waits at least; most objects are replicated within seconds to 15 minutes ("Replicating objects").
	shortest = 12 * time.Second
	// speed is how many bytes of an object go in a second: a large one takes longer.
	speed = 64 << 20
	// tact is what the moments are rounded up to, so that what was written together goes together.
	tact = 5 * time.Second
	// atOnce is how many versions go in one transaction, so that other calls do not wait long.
	atOnce = 500
	// again is how long after a try that failed for a passing reason the next one is.
	again = time.Minute
	// patience is how long a role that cannot be assumed is taken for one that is not known everywhere yet.
	patience = time.Minute
)

// waiting is a version on its way.
type waiting struct {
	Since time.Time `json:"since"`
	Size  int64     `json:"size,omitempty"`
	Rule  string    `json:"rule,omitempty"` // its id, when it has metrics
}

// delayed is a row of the queue.
type delayed struct {
	waiting
	row, key, version string
	ready             time.Time
}

// row is where a version waits: by lane and by the moment it is ready.
func (l lane) row(ready time.Time, key, version string) string {
	return fmt.Sprintf("%s\x00%013d\x00%s\x00%s", l, ready.UnixMilli(), key, version)
}

// parseDelayed reads a row of the queue.
func parseDelayed(row string, w waiting) delayed {
	parts := strings.SplitN(row, "\x00", 3)
	end := strings.LastIndexByte(parts[2], 0)
	var ms int64
	fmt.Sscanf(parts[1], "%d", &ms)
	return delayed{w, row, parts[2][:end], parts[2][end+1:], time.UnixMilli(ms).UTC()}
}

// first is the version of a lane that is ready first.
func (s *Service) first(tx *store.Tx, l lane) (d delayed, there bool) {
	s.delayed.Scan(tx, l.String()+"\x00", func(row string, w waiting) bool {
		d, there = parseDelayed(row, w), true
		return false
	})
	return d, there
}

// ready are the versions of a lane that are ready, the oldest first; at most so many.
func (s *Service) ready(tx *store.Tx, l lane, most int) (all []delayed) {
	s.delayed.Scan(tx, l.String()+"\x00", func(row string, w waiting) bool {
		d := parseDelayed(row, w)
		if d.ready.After(tx.Now()) || len(all) == most {
			return false
		}
		all = append(all, d)
		return true
	})
	return all
}

// queue lets a version wait until it is ready.
func (s *Service) queue(tx *store.Tx, b Bucket, o Object, r rule) {
	l := lane{b.Name, r.to()}
	at := tx.Now().Add(shortest + time.Duration(o.Content.Size/speed)*time.Second)
	if cut := at.Truncate(tact); cut.Before(at) {
		at = cut.Add(tact)
	}
	w := waiting{Since: tx.Now(), Size: o.Content.Size}
	if r.measured() {
		w.Rule = aws.ToString(r.ID)
	}
	first, waits := s.first(tx, l)
	s.delayed.Put(tx, l.row(at, o.Key, o.Version), w)
	if !waits || at.Before(first.ready) {
		s.wake(tx, b, l, at)
	}
	if w.Rule != "" {
		s.watch(tx, l)
	}
}

// wake lets a lane be due. The key names the Regions that are crossed; those of a destination that is gone are the source's.
func (s *Service) wake(tx *store.Tx, from Bucket, l lane, at time.Time) {
	to, there := s.buckets.Get(tx, l.to)
	if !there {
		to = from
	}
	tx.Due(at, replicates, l.due(from, to))
}

// laneOf reads the key of what is due: the buckets are at its end.
func laneOf(key string) lane {
	parts := strings.Split(key, "/")
	return lane{parts[len(parts)-2], parts[len(parts)-1]}
}

// replicate brings what is ready on a lane to its destination.
func (s *Service) replicate(tx *store.Tx, key string) error {
	l := laneOf(key)
	from, there := s.buckets.Get(tx, l.from)
	if !there {
		for _, d := range s.ready(tx, l, s.delayed.Len(tx)) {
			s.delayed.Delete(tx, d.row)
		}
		return nil
	}
	if tx.Failure() != "" { // an outage passes: it stays PENDING
		s.wake(tx, from, l, tx.Now().Add(again))
		return nil
	}
	c, m := s.crossing(tx, l, from), s.measuring(tx, l, from)
	m.pending()
	retry := time.Time{}
	for _, d := range s.ready(tx, l, atOnce) {
		at, o, there := s.version(tx, l.from, d.key, d.version)
		p, sent := o.Replication.passage(l.to)
		if there && sent {
			why := c.carry(at, o, p)
			if why == roleUnknown && tx.Now().Before(d.Since.Add(patience)) {
				retry = tx.Now().Add(shortest)
				break // so it is for all behind it
			}
			s.ended(tx, at, o, p, why)
			m.count(d, why)
		}
		s.delayed.Delete(tx, d.row)
	}
	m.tell()
	if first, more := s.first(tx, l); more {
		next := first.ready
		if next.Before(retry) {
			next = retry
		}
		s.wake(tx, from, l, next)
	}
	return nil
}

// ended notes at the source how it went.
func (s *Service) ended(tx *store.Tx, at string, o Object, p passage, why string) {
	p.Status, p.Why = types.ReplicationStatusFailed, why
	if why == "" {
		p.Status, p.Arrived = types.ReplicationStatusCompleted, true
	}
	o.Replication.set(p)
	s.objects.Put(tx, at, o)
}
