package s3

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

// lifecycle is a bucket's lifecycle configuration.
type lifecycle struct {
	Rules   []types.LifecycleRule                    `json:"rules"`
	Minimum types.TransitionDefaultMinimumObjectSize `json:"minimum"`
}

// smallest is the size in bytes below which objects do not transition unless a rule's filter speaks of sizes (Amazon S3 User Guide,
// "Transitioning objects using Amazon S3 Lifecycle").
const smallest = 128 << 10

// waterfall are the classes, and the further ones that lifecycle moves their objects to, the cheapest last ("Supported transitions").
var waterfall = map[types.StorageClass][]types.TransitionStorageClass{
	"":                                   {standardIA, intelligent, onezoneIA, instant, flexible, deep},
	types.StorageClassReducedRedundancy:  {standardIA, intelligent, onezoneIA, instant, flexible, deep},
	types.StorageClassStandardIa:         {intelligent, onezoneIA, instant, flexible, deep},
	types.StorageClassIntelligentTiering: {onezoneIA, instant, flexible, deep},
	types.StorageClassOnezoneIa:          {flexible, deep},
	types.StorageClassGlacierIr:          {flexible, deep},
	types.StorageClassGlacier:            {deep},
}

const (
	standardIA  = types.TransitionStorageClassStandardIa
	intelligent = types.TransitionStorageClassIntelligentTiering
	onezoneIA   = types.TransitionStorageClassOnezoneIa
	instant     = types.TransitionStorageClassGlacierIr
	flexible    = types.TransitionStorageClassGlacier
	deep        = types.TransitionStorageClassDeepArchive
)

// lifeRule is a rule with its filter taken apart.
type lifeRule struct {
	types.LifecycleRule
	prefix      string
	tags        []types.Tag
	over, under *int64 // bytes
	moves       []step // of current versions
	olderMoves  []step // of noncurrent ones
}

// enabled are the rules in force.
func (l *lifecycle) enabled() (rules []lifeRule) {
	if l == nil {
		return nil
	}
	for _, r := range l.Rules {
		if r.Status == types.ExpirationStatusEnabled {
			rules = append(rules, ruled(r))
		}
	}
	return rules
}

func ruled(from types.LifecycleRule) lifeRule {
	//lint:ignore SA1019 rules from before filters have it
	r := lifeRule{LifecycleRule: from, prefix: aws.ToString(from.Prefix), moves: steps(from.Transitions), olderMoves: olderSteps(from.NoncurrentVersionTransitions)}
	f := from.Filter
	switch {
	case f == nil:
	case f.And != nil:
		r.prefix, r.tags, r.over, r.under = aws.ToString(f.And.Prefix), f.And.Tags, f.And.ObjectSizeGreaterThan, f.And.ObjectSizeLessThan
	default:
		r.prefix, r.over, r.under = aws.ToString(f.Prefix), f.ObjectSizeGreaterThan, f.ObjectSizeLessThan
		if f.Tag != nil {
			r.tags = []types.Tag{*f.Tag}
		}
	}
	return r
}

// covers says that the rule is for a version: a delete marker has no tags and no size.
func (r *lifeRule) covers(o *Object) bool {
	if !strings.HasPrefix(o.Key, r.prefix) || r.over != nil && o.Content.Size <= *r.over || r.under != nil && o.Content.Size >= *r.under {
		return false
	}
	for _, t := range r.tags {
		if value, there := o.Tags[aws.ToString(t.Key)]; !there || value != aws.ToString(t.Value) {
			return false
		}
	}
	return true
}

// expires is when the rule makes a current version expire; ok is false when it does not.
func (r *lifeRule) expires(o *Object) (at time.Time, ok bool) {
	switch e := r.Expiration; {
	case e == nil:
		return at, false
	case e.Date != nil:
		return *e.Date, true
	case e.Days != nil:
		return midnight(o.Modified, *e.Days), true
	}
	return at, false
}

// expiration is x-amz-expiration of a current version: when the first of the rules makes it expire.
func (b Bucket) expiration(o Object) *string {
	var first time.Time
	var id string
	for _, r := range b.Lifecycle.enabled() {
		if at, ok := r.expires(&o); ok && r.covers(&o) && (id == "" || at.Before(first)) {
			first, id = at, aws.ToString(r.ID)
		}
	}
	if id == "" {
		return nil
	}
	return aws.String(fmt.Sprintf(`expiry-date="%s", rule-id="%s"`, first.UTC().Format(http.TimeFormat), url.QueryEscape(id)))
}

// aborts is when the first of the rules ends an upload that nobody completes, and which rule that is.
func (b Bucket) aborts(u Upload) (at *time.Time, id *string) { return aborts(b.Lifecycle.enabled(), u) }

func aborts(rules []lifeRule, u Upload) (at *time.Time, id *string) {
	for _, r := range rules {
		a := r.AbortIncompleteMultipartUpload
		if a == nil || !strings.HasPrefix(u.Object.Key, r.prefix) {
			continue
		}
		if ends := midnight(u.Begun, aws.ToInt32(a.DaysAfterInitiation)); at == nil || ends.Before(*at) {
			at, id = &ends, r.ID
		}
	}
	return at, id
}

// permits says that lifecycle may move a version from its class to another, whatever its age: further down the waterfall, and not too small.
func (l *lifecycle) permits(r *lifeRule, o *Object, to types.TransitionStorageClass) bool {
	if !slices.Contains(waterfall[o.Class], to) {
		return false
	}
	archive := to == flexible || to == deep
	byFilter := r.over != nil || r.under != nil
	return o.Content.Size >= smallest || byFilter || archive && l.Minimum == types.TransitionDefaultMinimumObjectSizeVariesByStorageClass
}

// standing is what the moment says of a version, beside what it is.
type standing struct{ restore, expiration *string }

// standing of the version at a row now. Only the current one expires.
func (s *Service) standing(tx *store.Tx, b Bucket, at string, o Object) (now standing) {
	now.restore = o.Restored.header(tx.Now())
	if b.Lifecycle == nil {
		return now
	}
	if newest, _, _, _ := s.latest(tx, b.Name, o.Key); newest == at {
		now.expiration = b.expiration(o)
	}
	return now
}
