package s3

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// restored is the temporary copy of an archived version; zero when there is none and none is on its way.
type restored struct {
	Tier  types.Tier `json:"tier,omitempty"` // of the restore under way; empty when none is
	Days  int32      `json:"days,omitempty"` // how long its copy will stay
	Ready time.Time  `json:"ready,omitzero"` // when it ends if all goes well
	Until time.Time  `json:"until,omitzero"` // the copy's end
}

// dueRestore is the end of a restore; its key is the version's row.
const dueRestore = "s3.restore.job"

// wait is how long a restore takes.
type wait struct{ least, most time.Duration }

// retrievals are the archive classes with the tiers they can be restored by (Amazon S3 User Guide, "Understanding archive retrieval options";
// for DEEP_ARCHIVE it gives only the most).
var retrievals = map[types.StorageClass]map[types.Tier]wait{
	types.StorageClassGlacier: {
		types.TierExpedited: {time.Minute, 5 * time.Minute}, types.TierStandard: {3 * time.Hour, 5 * time.Hour}, types.TierBulk: {5 * time.Hour, 12 * time.Hour},
	},
	types.StorageClassDeepArchive: {types.TierStandard: {9 * time.Hour, 12 * time.Hour}, types.TierBulk: {36 * time.Hour, 48 * time.Hour}},
}

// speeds are the tiers, the slowest first.
var speeds = []types.Tier{types.TierBulk, types.TierStandard, types.TierExpedited}

func (r restored) running() bool            { return r.Tier != "" }
func (r restored) there(now time.Time) bool { return r.Until.After(now) }

// upgraded says that a request only asks a running restore to be faster ("Upgrading the speed of an in-progress restore").
func (r restored) upgraded(days int32, tier types.Tier) bool {
	return days == r.Days && slices.Index(speeds, tier) > slices.Index(speeds, r.Tier)
}

// header is x-amz-restore.
func (r restored) header(now time.Time) *string {
	switch {
	case r.running():
		return aws.String(`ongoing-request="true"`)
	case r.there(now):
		return aws.String(fmt.Sprintf(`ongoing-request="false", expiry-date="%s"`, r.Until.UTC().Format(http.TimeFormat)))
	}
	return nil
}

// status is what listings say of it.
func (r restored) status(now time.Time) *types.RestoreStatus {
	switch {
	case r.running():
		return &types.RestoreStatus{IsRestoreInProgress: aws.Bool(true)}
	case r.there(now):
		return &types.RestoreStatus{IsRestoreInProgress: aws.Bool(false), RestoreExpiryDate: aws.Time(r.Until)}
	}
	return nil
}

// restores says that a listing is asked for temporary copies.
func restores(attributes []types.OptionalObjectAttributes) bool {
	return slices.Contains(attributes, types.OptionalObjectAttributesRestoreStatus)
}

// copies adds to a page of a listing what there is of temporary copies now.
func (w walk) copies(page []found, now time.Time) {
	for i := range page {
		if w.restores {
			page[i].copy = page[i].object.Restored.status(now)
		}
	}
}

// farthest is how many days are counted at most: a time.Duration has no more.
const farthest = 100_000

// midnight is the moment some days later, rounded to the next day at midnight UTC, as S3 counts days everywhere.
func midnight(t time.Time, days int32) time.Time {
	return t.UTC().Truncate(24 * time.Hour).Add(time.Duration(min(days, farthest)+1) * 24 * time.Hour)
}

// archived says that a version must be restored before it can be read.
func (o Object) archived() bool { return retrievals[o.Class] != nil }

// readable refuses to read an archived version that has no temporary copy now.
func (s *Service) readable(o Object, now time.Time) error {
	return o.unreadable(now, "The operation is not valid for the object's storage class")
}

// copyable is readable for the source of a copy, where S3 has other words.
func (s *Service) copyable(o Object, now time.Time) error {
	return o.unreadable(now, "Operation is not valid for the source object's storage class")
}

func (o Object) unreadable(now time.Time, words string) error {
	if !o.archived() || o.Restored.there(now) {
		return nil
	}
	return fault("InvalidObjectState", words, wire.Element{Name: "StorageClass", Text: string(o.Class)})
}

// RestoreObject brings a temporary copy of an archived version back, answered with 202; with 200 where there is one already and only its end
// is set anew. A restore under way can be asked to be faster.
func (s *Service) RestoreObject(ctx context.Context, in *s3.RestoreObjectInput) (*s3.RestoreObjectOutput, error) {
	r := in.RestoreRequest
	switch {
	case r == nil:
		return nil, malformed()
	case r.Type == types.RestoreRequestTypeSelect:
		return nil, fault("MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	tier := r.Tier
	if r.GlacierJobParameters != nil {
		tier = r.GlacierJobParameters.Tier
	}
	out := &s3.RestoreObjectOutput{}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:RestoreObject", key: aws.ToString(in.Key)}
		b, at, o, err := s.locate(tx, c, a, in.VersionId)
		switch {
		case err != nil:
			return err
		case o.archived() && r.Days == nil:
			return malformed()
		case !o.Restored.there(tx.Now()):
			wire.SetStatus(&out.ResultMetadata, http.StatusAccepted)
		}
		return s.beginRestore(tx, b, at, o, aws.ToInt32(r.Days), tier)
	})
}

// beginRestore restores the version at a row for some days; no tier is Standard. Refused with InvalidObjectState for a class that is not
// archived, with RestoreAlreadyInProgress while a restore is under way, unless it is only to be faster.
func (s *Service) beginRestore(tx *store.Tx, b Bucket, at string, o Object, days int32, tier types.Tier) error {
	if tier == "" {
		tier = types.TierStandard
	}
	if err := o.restorable(days, tier); err != nil {
		return err
	}
	now, was := tx.Now(), o.Restored
	switch {
	case was.there(now):
		o.Restored = restored{Until: midnight(now, days)}
		s.objects.Put(tx, at, o)
		return nil
	case was.running() && !was.upgraded(days, tier):
		return fault("RestoreAlreadyInProgress", "Object restore is already in progress")
	}
	w := retrievals[o.Class][tier]
	ready := now.Add(w.least + time.Duration(tx.Rand().Int64N(int64(w.most-w.least))))
	if was.Ready.After(now) && was.Ready.Before(ready) {
		ready = was.Ready
	}
	o.Restored = restored{Tier: tier, Days: days, Ready: ready}
	s.objects.Put(tx, at, o)
	tx.Due(ready, dueRestore, at)
	return nil
}

// restorable says whether the version can be restored at all in that way.
func (o Object) restorable(days int32, tier types.Tier) error {
	options := retrievals[o.Class]
	_, offered := options[tier]
	switch {
	case o.Class == types.StorageClassIntelligentTiering && days != 0:
		return invalid("INTELLIGENT_TIERING objects are not subject to restore expiry. Do not specify Days when restoring this object", "Days", fmt.Sprint(days))
	case o.Class == types.StorageClassIntelligentTiering:
		return fault("ObjectAlreadyInActiveTierError", "This action is not allowed against this storage tier.")
	case options == nil:
		return fault("InvalidObjectState", "Restore is not allowed for the object's current storage class", wire.Element{Name: "StorageClass", Text: string(listed(o.Class))})
	case !offered:
		return invalid("Retrieval option is not supported by this storage class", "Tier", string(tier))
	case days < 1:
		return invalid("'Days' must be a positive integer", "Days", fmt.Sprint(days))
	}
	return nil
}

// restoreDue ends a restore. One that the weather lets fail leaves the version archived; it can be asked for again.
func (s *Service) restoreDue(tx *store.Tx, at string) error {
	o, there := s.objects.Get(tx, at)
	if !there || !o.Restored.running() {
		return nil
	}
	until := midnight(tx.Now(), o.Restored.Days)
	if tx.Failure() != "" {
		until = time.Time{}
	}
	o.Restored = restored{Until: until}
	s.objects.Put(tx, at, o)
	return nil
}
