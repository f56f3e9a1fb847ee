package s3

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

// replication is what a version knows of its being replicated. It is a value: To is never changed in place.
type replication struct {
	Replica bool      `json:"replica,omitempty"` // S3 made it of a version in another bucket
	To      []passage `json:"to,omitempty"`
	Changed *changed  `json:"changed,omitempty"`
}

// passage is the way of a version to one destination.
type passage struct {
	Bucket  string                  `json:"bucket"`
	Rule    string                  `json:"rule,omitempty"` // its id
	Status  types.ReplicationStatus `json:"status"`
	Arrived bool                    `json:"arrived,omitempty"` // the destination had it once
	Why     string                  `json:"why,omitempty"`     // why it failed ("Amazon S3 replication failure reasons")
}

// changed is when and where a version's metadata were changed last after it was written: of two changes in two buckets the later one is
// kept in both.
type changed struct {
	At time.Time `json:"at"`
	In string    `json:"in"`
}

func (c *changed) after(other *changed) bool {
	switch {
	case c == nil || other == nil:
		return c != nil
	case c.At.Equal(other.At):
		return c.In > other.In
	}
	return c.At.After(other.At)
}

// status is what the header says: the worst of all destinations, and of a replica that it is one while none of its own changes is on its way
// ("Getting replication status information").
func (r replication) status() (status types.ReplicationStatus) {
	if r.Replica {
		status = types.ReplicationStatusReplica
	}
	for _, p := range r.To {
		switch {
		case p.Status == types.ReplicationStatusFailed:
			return p.Status
		case p.Status == types.ReplicationStatusPending, status == "":
			status = p.Status
		}
	}
	return status
}

// undecided says that lifecycle has to leave a version alone: it blocks its actions on versions whose replication is pending or has failed
// ("Troubleshooting Amazon S3 Lifecycle issues").
func (r replication) undecided() bool {
	status := r.status()
	return status == types.ReplicationStatusPending || status == types.ReplicationStatusFailed
}

// passage is the way to a destination.
func (r replication) passage(bucket string) (p passage, there bool) {
	if i := slices.IndexFunc(r.To, func(p passage) bool { return p.Bucket == bucket }); i >= 0 {
		return r.To[i], true
	}
	return passage{Bucket: bucket}, false
}

// set notes the way to a destination.
func (r *replication) set(p passage) {
	r.To = slices.Clone(r.To)
	if i := slices.IndexFunc(r.To, func(old passage) bool { return old.Bucket == p.Bucket }); i >= 0 {
		r.To[i] = p
		return
	}
	r.To = append(r.To, p)
}

// outgoing sends a version where the bucket's rules say; it becomes PENDING. It is called before a version is put into its place: a new one,
// or one whose tags, access list or lock were changed. Lifecycle's own actions are never replicated: it calls with a bucket without rules.
func (s *Service) outgoing(tx *store.Tx, b Bucket, o *Object) {
	if b.Replicates == nil {
		return
	}
	if _, _, there := s.version(tx, b.Name, o.Key, o.Version); there {
		s.resend(tx, b, o)
		return
	}
	for _, r := range b.destined(*o) {
		s.send(tx, b, o, r)
	}
}

// resend sends the changed metadata of a version to where the version went; those of a replica only by rules that sync replica
// modifications, and only to where the version is.
func (s *Service) resend(tx *store.Tx, b Bucket, o *Object) {
	o.Replication.Changed = &changed{At: tx.Now(), In: b.Name}
	if o.Replication.Replica {
		for _, r := range b.destined(*o) {
			if _, _, there := s.version(tx, r.to(), o.Key, o.Version); there && r.modifications() {
				s.send(tx, b, o, r)
			}
		}
		return
	}
	for _, p := range o.Replication.To {
		if r, there := b.toward(p); there && (p.Arrived || p.Status == types.ReplicationStatusPending) {
			s.send(tx, b, o, r)
		}
	}
}

// replicateExisting sends a version by the rules there are now, whatever its age and its status, as Batch Replication does. The code and the
// words are of what cannot be sent; how it ends is seen in the version's status.
func (s *Service) replicateExisting(tx *store.Tx, b Bucket, at string, o Object) (code, why string) {
	if b.Replicates == nil {
		return "SrcBucketReplicationConfigMissing", "The source bucket has no replication configuration."
	}
	rules := b.destined(o)
	if len(rules) == 0 {
		return "SrcObjectNotEligible", "The object is not eligible for replication under the source bucket's replication configuration."
	}
	for _, r := range rules {
		_, _, there := s.version(tx, r.to(), o.Key, o.Version)
		if p, _ := o.Replication.passage(r.to()); p.Arrived && !there {
			return "DstObjectHardDeleted", "The version was deleted from the destination bucket by its version ID and cannot be replicated again."
		}
		s.send(tx, b, &o, r)
	}
	s.objects.Put(tx, at, o)
	return "", ""
}

// send puts a version on its way by a rule. One that is on its way already will arrive as it is then.
func (s *Service) send(tx *store.Tx, b Bucket, o *Object, r rule) {
	p, _ := o.Replication.passage(r.to())
	if p.Status != types.ReplicationStatusPending {
		s.queue(tx, b, *o, r)
	}
	p.Rule, p.Status, p.Why = aws.ToString(r.ID), types.ReplicationStatusPending, ""
	o.Replication.set(p)
}

// rule is one of a bucket's replication rules.
type rule struct{ types.ReplicationRule }

const bucketARN = "arn:aws:s3:::"

// to is the name of the destination bucket.
func (r rule) to() string { return strings.TrimPrefix(aws.ToString(r.Destination.Bucket), bucketARN) }

// measured says that the rule has metrics.
func (r rule) measured() bool {
	return r.Destination.Metrics != nil && r.Destination.Metrics.Status == types.MetricsStatusEnabled
}

// modifications says that changes of replicas are replicated back.
func (r rule) modifications() bool {
	c := r.SourceSelectionCriteria
	return c != nil && c.ReplicaModifications != nil && c.ReplicaModifications.Status == types.ReplicaModificationsStatusEnabled
}

// encrypted says that objects encrypted with KMS keys are replicated.
func (r rule) encrypted() bool {
	c := r.SourceSelectionCriteria
	return c != nil && c.SseKmsEncryptedObjects != nil && c.SseKmsEncryptedObjects.Status == types.SseKmsEncryptedObjectsStatusEnabled
}

// markers says that delete markers are replicated: where the rule says so, and always by a configuration of the first version, which has no
// Filter ("Replication configuration backward compatibility").
func (r rule) markers() bool {
	if r.Filter == nil {
		return true
	}
	return r.DeleteMarkerReplication != nil && r.DeleteMarkerReplication.Status == types.DeleteMarkerReplicationStatusEnabled
}

// alone is the prefix of a configuration of the first version, which has no Filter.
func (r rule) alone() *string {
	//lint:ignore SA1019 buckets still have such configurations, and S3 takes them
	return r.Prefix
}

// scope is what a rule's filter asks of a key and its tags.
func (r rule) scope() (prefix string, tags []types.Tag) {
	f := r.Filter
	switch {
	case f == nil:
		return aws.ToString(r.alone()), nil
	case f.And != nil:
		return aws.ToString(f.And.Prefix), f.And.Tags
	case f.Tag != nil:
		return "", []types.Tag{*f.Tag}
	}
	return aws.ToString(f.Prefix), nil
}

// covers says that the rule replicates a version ("What does Amazon S3 replicate?"): not what is archived, and neither markers nor what a
// KMS key encrypts unless it says so.
func (r rule) covers(o Object) bool {
	prefix, tags := r.scope()
	switch {
	case r.Status != types.ReplicationRuleStatusEnabled || !strings.HasPrefix(o.Key, prefix):
		return false
	case o.Marker:
		return r.markers() && len(tags) == 0
	case o.Class == types.StorageClassGlacier, o.Class == types.StorageClassDeepArchive, o.Encryption.withKey() && !r.encrypted():
		return false
	}
	return !slices.ContainsFunc(tags, func(t types.Tag) bool {
		value, there := o.Tags[aws.ToString(t.Key)]
		return !there || value != aws.ToString(t.Value)
	})
}

// withKey says that a KMS key encrypts.
func (e encryption) withKey() bool { return strings.HasPrefix(string(e.Algorithm), "aws:kms") }

// destined are the rules that replicate a version: of those with the same destination the one with the highest priority.
func (b Bucket) destined(o Object) (all []rule) {
	if b.Replicates == nil {
		return nil
	}
	for _, one := range b.Replicates.Rules {
		r := rule{one}
		if !r.covers(o) {
			continue
		}
		i := slices.IndexFunc(all, func(other rule) bool { return other.to() == r.to() })
		switch {
		case i < 0:
			all = append(all, r)
		case aws.ToInt32(r.Priority) > aws.ToInt32(all[i].Priority):
			all[i] = r
		}
	}
	return all
}

// toward is the enabled rule that a version goes its way by: the one that sent it, else the one with the highest priority to that bucket.
func (b Bucket) toward(p passage) (found rule, there bool) {
	if b.Replicates == nil {
		return found, false
	}
	for _, one := range b.Replicates.Rules {
		r := rule{one}
		if r.to() != p.Bucket || r.Status != types.ReplicationRuleStatusEnabled {
			continue
		}
		if aws.ToString(r.ID) == p.Rule {
			return r, true
		}
		if !there || aws.ToInt32(r.Priority) > aws.ToInt32(found.Priority) {
			found, there = r, true
		}
	}
	return found, there
}

// nextTurn is the turn of a version written now. It grows with time, the same way in all buckets: a replica keeps its turn, so that in two
// buckets which replicate both ways the version written last is the newest in both, whichever came first. The last 20 bits part those that
// were written in one millisecond.
func nextTurn(tx *store.Tx, latest uint64, version string) uint64 {
	h := fnv.New32a()
	h.Write([]byte(version))
	return max(latest+1, uint64(tx.Now().UnixMilli())<<20|uint64(h.Sum32()>>12))
}

// turnOf is the turn of a row of versions.
func turnOf(at string) uint64 {
	n, _ := strconv.ParseUint(at[len(at)-16:], 16, 64)
	return math.MaxUint64 - n
}

// lane is the way from one bucket to another.
type lane struct{ from, to string }

func (l lane) String() string { return l.from + "/" + l.to }

// due is the key of what is due on a lane. It begins with the Regions, so that the weather can strike what crosses one of them.
func (l lane) due(from, to Bucket) string { return fmt.Sprintf("%s/%s/%s", from.Region, to.Region, l) }
