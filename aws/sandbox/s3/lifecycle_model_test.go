package s3

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// The model below counts in whole dates and knows nothing of the service but the user guide's words.

// agedRule is a rule with at most one of each action; 0 days is none.
type agedRule struct {
	prefix, tag  string
	over         int // bytes; -1 is none
	expire       int
	markers      bool
	moves, older []agedMove
	end, keep    int // of noncurrent versions: days, and how many newer ones stay
	abort        int
}

type agedMove struct {
	class string
	days  int
	keep  int
}

type agedVersion struct {
	class, tag string
	size       int
	written    time.Time
	marker     bool
	null       bool
	locked     time.Time
}

type agedUpload struct {
	key   string
	begun time.Time
}

type agedBucket struct {
	state   string // of versioning
	varies  bool   // minimum sizes by class
	rules   []agedRule
	keys    map[string][]agedVersion // the newest first
	uploads []agedUpload
}

var ladder = []string{"STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"}

// dates is how many midnights lie after a moment, up to a day that begins.
func dates(from, midnight time.Time) int {
	return int(midnight.Sub(from.UTC().Truncate(oneDay)) / oneDay)
}

func (r agedRule) fits(key string, v agedVersion) bool {
	return strings.HasPrefix(key, r.prefix) && (r.tag == "" || v.tag == r.tag) && v.size > r.over
}

// down is the class that moves bring a version to on a day, counted from a moment.
func (m *agedBucket) down(v agedVersion, r agedRule, moves []agedMove, from, day time.Time, nth int) int {
	now, best := slices.Index(ladder, v.class), 0
	for _, move := range moves {
		to := slices.Index(ladder, move.class)
		if dates(from, day) <= move.days || nth > 0 && nth <= move.keep || to <= now || v.class == "ONEZONE_IA" && move.class == "GLACIER_IR" {
			continue
		}
		if v.size < 128*1024 && r.over < 0 && !(m.varies && (move.class == "GLACIER" || move.class == "DEEP_ARCHIVE")) {
			continue
		}
		best = max(best, to)
	}
	return best
}

// midnight lets the rules act as a day begins.
func (m *agedBucket) midnight(day time.Time) {
	for key, versions := range m.keys {
		var left []agedVersion
		for i, v := range versions {
			gone, to := false, 0
			for _, r := range m.rules {
				switch {
				case !r.fits(key, v):
				case i == 0 && v.marker:
					gone = gone || len(versions) == 1 && (r.markers || r.expire > 0 && dates(v.written, day) > r.expire)
				case i == 0:
					gone = gone || r.expire > 0 && dates(v.written, day) > r.expire
					to = max(to, m.down(v, r, r.moves, v.written, day, 0))
				default:
					since := versions[i-1].written
					gone = gone || r.end > 0 && dates(since, day) > r.end && i > r.keep && !v.locked.After(day)
					if !v.marker {
						to = max(to, m.down(v, r, r.older, since, day, i))
					}
				}
			}
			staying := i == 0 && !v.marker && (m.state == "Enabled" || m.state == "Suspended" && !v.null)
			switch {
			case gone && staying && to == 0: // a marker comes before it
				left = append(left, agedVersion{marker: true, written: day, null: m.state == "Suspended"}, v)
				continue
			case gone && i == 0 && !v.marker && m.state == "Suspended" && v.null: // a marker takes its place
				left = append(left, agedVersion{marker: true, written: day, null: true})
				continue
			case gone && !staying:
				continue
			case to > 0:
				v.class = ladder[to]
			}
			left = append(left, v)
		}
		if len(left) > 1 && left[0].null && left[0].marker && left[0].written.Equal(day) { // one version without an id
			left = append(left[:1:1], slices.DeleteFunc(slices.Clone(left[1:]), func(v agedVersion) bool { return v.null })...)
		}
		if m.keys[key] = left; len(left) == 0 {
			delete(m.keys, key)
		}
	}
	m.uploads = slices.DeleteFunc(m.uploads, func(u agedUpload) bool {
		return slices.ContainsFunc(m.rules, func(r agedRule) bool {
			return r.abort > 0 && strings.HasPrefix(u.key, r.prefix) && dates(u.begun, day) > r.abort
		})
	})
}

func (m *agedBucket) put(key string, v agedVersion) {
	v.null = m.state != "Enabled"
	old := m.keys[key]
	if v.null {
		old = slices.DeleteFunc(slices.Clone(old), func(o agedVersion) bool { return o.null })
	}
	m.keys[key] = append([]agedVersion{v}, old...)
}

// lines say what there is, to be compared.
func (m *agedBucket) lines() (all []string) {
	for key, versions := range m.keys {
		for i, v := range versions {
			all = append(all, fmt.Sprintf("%s #%d %s %d marker=%v", key, i, v.class, v.size, v.marker))
		}
	}
	for _, u := range m.uploads {
		all = append(all, "upload "+u.key)
	}
	slices.Sort(all)
	return all
}

// drawnMoves are moves that S3 accepts.
func drawnMoves(t *rapid.T, name string) (moves []agedMove, days int) {
	from := "STANDARD"
	for _, class := range ladder[1:] {
		if len(moves) == 3 || rapid.IntRange(0, 2).Draw(t, name+" to "+class) > 0 {
			continue
		}
		days += rapid.IntRange(1, 20).Draw(t, "days")
		switch from {
		case "STANDARD_IA", "ONEZONE_IA":
			days += 30
		case "GLACIER_IR":
			days += 90
		}
		if class == "STANDARD_IA" || class == "ONEZONE_IA" {
			days = max(days, 30)
		}
		moves, from = append(moves, agedMove{class: class, days: days}), class
	}
	return moves, days
}

func drawnRule(t *rapid.T) (r agedRule) {
	r.prefix, r.tag, r.over = rapid.SampledFrom([]string{"", "a", "a/b", "c"}).Draw(t, "prefix"), rapid.SampledFrom([]string{"", "", "red"}).Draw(t, "tag"), -1
	if rapid.IntRange(0, 3).Draw(t, "sized") == 0 {
		r.over = rapid.SampledFrom([]int{0, 100, 150_000}).Draw(t, "over")
	}
	var days int
	if rapid.Bool().Draw(t, "moves") {
		r.moves, days = drawnMoves(t, "current")
	}
	if rapid.Bool().Draw(t, "expires") {
		r.expire = days + rapid.IntRange(1, 40).Draw(t, "after")
	}
	days = 0
	if rapid.Bool().Draw(t, "moves older") {
		r.older, days = drawnMoves(t, "older")
		for i := range r.older {
			r.older[i].keep = rapid.IntRange(0, 2).Draw(t, "keep")
		}
	}
	if rapid.Bool().Draw(t, "expires older") {
		r.end, r.keep = days+rapid.IntRange(1, 40).Draw(t, "after"), rapid.IntRange(0, 3).Draw(t, "keep")
	}
	if r.tag == "" && r.over < 0 {
		r.markers = r.expire == 0 && rapid.Bool().Draw(t, "markers")
		r.abort = rapid.IntRange(0, 10).Draw(t, "abort")
	}
	if r.expire+r.end+r.abort+len(r.moves)+len(r.older) == 0 && !r.markers {
		r.expire = 1
	}
	return r
}

func optional(n int) *int32 {
	if n == 0 {
		return nil
	}
	return aws.Int32(int32(n))
}

// written is the rule as S3 reads it.
func (r agedRule) written() types.LifecycleRule {
	and := &types.LifecycleRuleAndOperator{Prefix: &r.prefix}
	if r.tag != "" {
		and.Tags = []types.Tag{{Key: p("colour"), Value: &r.tag}}
	}
	if r.over >= 0 {
		and.ObjectSizeGreaterThan = aws.Int64(int64(r.over))
	}
	out := types.LifecycleRule{Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{And: and}}
	for _, m := range r.moves {
		out.Transitions = append(out.Transitions, types.Transition{Days: aws.Int32(int32(m.days)), StorageClass: types.TransitionStorageClass(m.class)})
	}
	for _, m := range r.older {
		out.NoncurrentVersionTransitions = append(out.NoncurrentVersionTransitions,
			types.NoncurrentVersionTransition{NoncurrentDays: aws.Int32(int32(m.days)), StorageClass: types.TransitionStorageClass(m.class), NewerNoncurrentVersions: optional(m.keep)})
	}
	switch {
	case r.expire > 0:
		out.Expiration = &types.LifecycleExpiration{Days: optional(r.expire)}
	case r.markers:
		out.Expiration = &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)}
	}
	if r.end > 0 {
		out.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: optional(r.end), NewerNoncurrentVersions: optional(r.keep)}
	}
	if r.abort > 0 {
		out.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: optional(r.abort)}
	}
	return out
}

// Over random rules, versions, markers, uploads, locks and days, the service and the model have the same.
func TestLifecycleAgainstAModel(t *testing.T) {
	zeros := make([]byte, 200_000)
	rapid.Check(t, func(t *rapid.T) {
		g := try.On(t, "")
		s, as := New(g.Store, Options{}), try.As(us, home, "s3", "")
		ok := func(_ any, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		m := &agedBucket{keys: map[string][]agedVersion{}, varies: rapid.Bool().Draw(t, "varies")}
		locking := rapid.Bool().Draw(t, "locking")
		ok(s.CreateBucket(as, &s3.CreateBucketInput{Bucket: p("aging"), ObjectLockEnabledForBucket: &locking}))
		if locking {
			m.state = "Enabled"
		}
		put := &s3.PutBucketLifecycleConfigurationInput{Bucket: p("aging"), LifecycleConfiguration: &types.BucketLifecycleConfiguration{}}
		if m.varies {
			put.TransitionDefaultMinimumObjectSize = types.TransitionDefaultMinimumObjectSizeVariesByStorageClass
		}
		for range rapid.IntRange(1, 3).Draw(t, "rules") {
			r := drawnRule(t)
			m.rules = append(m.rules, r)
			put.LifecycleConfiguration.Rules = append(put.LifecycleConfiguration.Rules, r.written())
		}
		ok(s.PutBucketLifecycleConfiguration(as, put))
		now := try.Start()
		keys := rapid.SampledFrom([]string{"a", "a/b", "c", "d"})
		for range rapid.IntRange(1, 25).Draw(t, "turns") {
			switch key := keys.Draw(t, "key"); rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1, 2, 3:
				v := agedVersion{written: now, size: rapid.SampledFrom([]int{0, 5, 128 << 10, 160_000}).Draw(t, "size"), class: rapid.SampledFrom(ladder).Draw(t, "class")}
				in := &s3.PutObjectInput{Bucket: p("aging"), Key: &key, StorageClass: types.StorageClass(v.class), Body: bytes.NewReader(zeros[:v.size]), ContentLength: aws.Int64(int64(v.size)), ChecksumAlgorithm: "CRC32"}
				if v.tag = rapid.SampledFrom([]string{"", "red"}).Draw(t, "tag"); v.tag != "" {
					in.Tagging = aws.String("colour=" + v.tag)
				}
				if locking && rapid.Bool().Draw(t, "locked") {
					v.locked = now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "hours locked")) * time.Hour)
					in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeCompliance, &v.locked
				}
				ok(s.PutObject(as, in))
				m.put(key, v)
			case 4:
				ok(s.DeleteObject(as, &s3.DeleteObjectInput{Bucket: p("aging"), Key: &key}))
				if m.state == "" {
					delete(m.keys, key)
				} else {
					m.put(key, agedVersion{marker: true, written: now})
				}
			case 5:
				ok(s.CreateMultipartUpload(as, &s3.CreateMultipartUploadInput{Bucket: p("aging"), Key: &key}))
				m.uploads = append(m.uploads, agedUpload{key, now})
			case 6:
				if !locking {
					m.state = rapid.SampledFrom([]string{"Enabled", "Suspended"}).Draw(t, "versioning")
					ok(s.PutBucketVersioning(as, &s3.PutBucketVersioningInput{Bucket: p("aging"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatus(m.state)}}))
				}
			default:
				then := now.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(t, "hours")) * time.Hour)
				if rapid.Bool().Draw(t, "at midnight") {
					then = midnight(then, 0)
				}
				g.Pass(then.Sub(now))
				for day := now.Truncate(oneDay).Add(oneDay); !day.After(then); day = day.Add(oneDay) {
					m.midnight(day)
				}
				now = then
			}
			w := &world{Ground: g, Service: s}
			if got, want := w.lines("aging"), m.lines(); !slices.Equal(got, want) {
				t.Fatalf("%s: the service has\n%s\nthe model has\n%s", now.Format(time.RFC3339), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// lines say what there is in a bucket, as the model does.
func (w *world) lines(bucket string) (all []string) {
	nth, last := 0, ""
	for _, o := range w.rows(bucket) {
		if nth++; o.Key != last {
			nth, last = 0, o.Key
		}
		class := string(listed(o.Class))
		if o.Marker {
			class = ""
		}
		all = append(all, fmt.Sprintf("%s #%d %s %d marker=%v", o.Key, nth, class, o.Content.Size, o.Marker))
	}
	w.Store.View(func(tx *store.Tx) error {
		for _, u := range w.begun(tx, bucket, "") {
			all = append(all, "upload "+u.Object.Key)
		}
		return nil
	})
	slices.Sort(all)
	return all
}
