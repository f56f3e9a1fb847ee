package s3

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

// dueLifecycle is the next run over a bucket, whose name is its key: at midnight UTC.
const dueLifecycle = "s3.lifecycle"

// lifecycleDue lets a bucket's rules act, once a day. Nothing that they do is replicated.
func (s *Service) lifecycleDue(tx *store.Tx, bucket string) error {
	b, there := s.buckets.Get(tx, bucket)
	if !there || b.Lifecycle == nil {
		return nil
	}
	tx.Due(midnight(tx.Now(), 0), dueLifecycle, bucket)
	if tx.Failure() != "" {
		return nil // what was left is done the next day
	}
	b.Replicates = nil
	d := day{s: s, tx: tx, b: b, now: tx.Now(), rules: b.Lifecycle.enabled()}
	d.run()
	return nil
}

// day is one run over a bucket. It looks at everything first and acts then.
type day struct {
	s     *Service
	tx    *store.Tx
	b     Bucket
	now   time.Time
	rules []lifeRule
	acts  []func()
}

// placed is a version and its row.
type placed struct {
	at string
	Object
}

func (d *day) run() {
	var shelf []placed // all versions of a key
	d.s.objects.Scan(d.tx, d.b.Name+"/", func(at string, o Object) bool {
		if len(shelf) > 0 && shelf[0].Key != o.Key {
			d.key(shelf)
			shelf = shelf[:0]
		}
		shelf = append(shelf, placed{at, o})
		return true
	})
	if len(shelf) > 0 {
		d.key(shelf)
	}
	d.s.uploads.Scan(d.tx, d.b.Name+"/", func(_ string, u Upload) bool {
		if at, _ := aborts(d.rules, u); at != nil && d.due(*at) {
			d.acts = append(d.acts, func() { d.s.drop(d.tx, u) })
		}
		return true
	})
	for _, act := range d.acts {
		act()
	}
}

func (d *day) due(at time.Time) bool { return !at.After(d.now) }

// key decides about all versions of a key, the newest first.
func (d *day) key(versions []placed) {
	d.current(&versions[0], len(versions) == 1)
	for i := 1; i < len(versions); i++ {
		d.noncurrent(&versions[i], versions[i-1].Modified, int32(i))
	}
}

// current decides about the newest version. Permanent deletion goes before transition, and transition before a delete marker ("Examples of
// S3 Lifecycle configurations", overlapping filters and conflicting actions).
func (d *day) current(v *placed, alone bool) {
	switch {
	case v.Replication.undecided():
		return
	case v.Marker:
		if alone && d.expired(v) {
			d.delete(v)
		}
		return
	}
	expired, to := d.expired(v), d.target(v, v.Modified, 0)
	kept := d.b.Versioning == types.BucketVersioningStatusEnabled || d.b.Versioning != "" && v.Version != null // the marker stands before it
	switch {
	case expired && d.b.Versioning == "":
		d.delete(v)
	case to != "" && (!expired || kept):
		d.move(v, to)
	case expired:
		key := v.Key
		d.acts = append(d.acts, func() { d.s.insert(d.tx, d.b, Object{Key: key, Marker: true, Owner: d.b.Account}) })
	}
}

// expired says that a rule makes a current version expire by now. A delete marker that stands alone goes when a rule says so of markers, or
// when it has the age at which its rule would have made an object expire.
func (d *day) expired(v *placed) bool {
	for i := range d.rules {
		r := &d.rules[i]
		if r.Expiration == nil || !r.covers(&v.Object) {
			continue
		}
		if at, ok := r.expires(&v.Object); ok && d.due(at) || v.Marker && aws.ToBool(r.Expiration.ExpiredObjectDeleteMarker) {
			return true
		}
	}
	return false
}

// noncurrent decides about a version that has been an older one since a moment, the nth of them.
func (d *day) noncurrent(v *placed, since time.Time, nth int32) {
	if v.Replication.undecided() {
		return
	}
	for i := range d.rules {
		r := &d.rules[i]
		e := r.NoncurrentVersionExpiration
		if e == nil || nth <= aws.ToInt32(e.NewerNoncurrentVersions) || !d.due(midnight(since, aws.ToInt32(e.NoncurrentDays))) || !r.covers(&v.Object) {
			continue
		}
		if d.s.locked(v.Object, d.now, false) == nil {
			d.delete(v)
			return
		}
	}
	if to := d.target(v, since, nth); to != "" {
		d.move(v, to)
	}
}

// target is the class that a version has to be moved to by now, the cheapest that a rule says; empty when it stays.
func (d *day) target(v *placed, since time.Time, nth int32) (to types.TransitionStorageClass) {
	if v.Marker || v.Restored.running() {
		return ""
	}
	for i := range d.rules {
		r := &d.rules[i]
		moves := r.moves
		if nth > 0 {
			moves = r.olderMoves
		}
		for _, m := range moves {
			if nth > 0 && nth <= aws.ToInt32(m.newer) || !d.due(m.begins(since)) || !r.covers(&v.Object) || !d.b.Lifecycle.permits(r, &v.Object, m.class) {
				continue
			}
			if slices.Index(descent, m.class) > slices.Index(descent, to) {
				to = m.class
			}
		}
	}
	return to
}

// move changes a version's class.
func (d *day) move(v *placed, to types.TransitionStorageClass) {
	at, o := v.at, v.Object
	o.Class = types.StorageClass(to)
	d.acts = append(d.acts, func() { d.s.objects.Put(d.tx, at, o) })
}

// delete removes a version for good.
func (d *day) delete(v *placed) {
	at := v.at
	d.acts = append(d.acts, func() { d.s.objects.Delete(d.tx, at) })
}
