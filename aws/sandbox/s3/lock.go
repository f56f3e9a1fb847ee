package s3

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/wire"
)

// lock is what keeps a version from being deleted or overwritten (Amazon S3 User Guide, "Locking objects with Object Lock"): a retention until a
// moment, a hold until it is taken off, or both.
type lock struct {
	Mode  types.ObjectLockRetentionMode   `json:"mode,omitempty"`
	Until time.Time                       `json:"until,omitzero"`
	Hold  types.ObjectLockLegalHoldStatus `json:"hold,omitempty"` // empty when there never was one
}

// locking is a bucket's object lock, which cannot be switched off again.
type locking struct {
	Default *types.DefaultRetention `json:"default,omitempty"` // of versions whose sender says nothing
}

// The most a default retention can be.
const (
	maxLockDays  = 36_500
	maxLockYears = 100
	yearDays     = 365 // as S3 counts
)

// retains says that the retention still holds.
func (l lock) retains(now time.Time) bool { return l.Until.After(now) }

// protected is the answer to who would change what a lock keeps.
func protected() error {
	return denied("Access Denied because object protected by object lock.")
}

// locked refuses to delete a version that is held or retained; governance mode gives way to a bypass. Delete markers are never locked.
func (s *Service) locked(o Object, now time.Time, bypass bool) error {
	switch l := o.Lock; {
	case o.Marker:
		return nil
	case l.Hold == types.ObjectLockLegalHoldStatusOn,
		l.retains(now) && (l.Mode == types.ObjectLockRetentionModeCompliance || !bypass):
		return protected()
	}
	return nil
}

// bypassable refuses to pass over governance mode, or not to, in a bucket that has none.
func (b Bucket) bypassable(asked *bool) error {
	if asked == nil || b.Locking != nil {
		return nil
	}
	return invalid("x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.", "x-amz-bypass-governance-retention", fmt.Sprint(*asked))
}

// bypass says whether the caller asks to pass over governance mode and may.
func (b Bucket) bypass(c wire.Caller, key string, asked *bool) bool {
	return aws.ToBool(asked) && b.lets(c, "s3:BypassGovernanceRetention", key) == nil
}

// lets asks for a permission beside the one that the request itself needs.
func (b Bucket) lets(c wire.Caller, action, key string) error {
	return b.allow(policy.Request{Account: c.Account, ARN: c.ARN, Action: action}, key)
}

// lockFor is the lock of a version that a request brings now: as its headers say, else as the bucket does for every version.
func (b Bucket) lockFor(c wire.Caller, in any, key string, now time.Time) (l lock, err error) {
	if l, err = lockHeaders(in, now); err != nil {
		return l, err
	}
	switch {
	case b.Locking == nil && l != (lock{}):
		return l, noLocking()
	case l.Mode != "":
		err = b.lets(c, "s3:PutObjectRetention", key)
	case b.Locking != nil:
		l.Mode, l.Until = b.Locking.retention(now)
	}
	if err == nil && l.Hold != "" {
		err = b.lets(c, "s3:PutObjectLegalHold", key)
	}
	if err == nil && l != (lock{}) && unchecked(in) {
		err = fault("InvalidRequest", "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
	}
	return l, err
}

// lockHeaders are what a request says of the lock of what it brings, whatever the bucket.
func lockHeaders(in any, now time.Time) (l lock, err error) {
	mode, _ := member(in, "ObjectLockMode").(types.ObjectLockMode)
	until, _ := member(in, "ObjectLockRetainUntilDate").(*time.Time)
	l.Hold, _ = member(in, "ObjectLockLegalHoldStatus").(types.ObjectLockLegalHoldStatus)
	l.Mode, l.Until = types.ObjectLockRetentionMode(mode), aws.ToTime(until)
	const modeHeader, untilHeader, holdHeader = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"
	const both = untilHeader + " and " + modeHeader + " must both be supplied"
	switch {
	case l.Mode == "" && until != nil:
		return l, invalid(both, modeHeader, "")
	case l.Mode != "" && until == nil:
		return l, invalid(both, untilHeader, "")
	case l.Mode != "" && !slices.Contains(l.Mode.Values(), l.Mode):
		return l, invalid("Unknown wormMode directive.", modeHeader, string(l.Mode))
	case until != nil && !l.retains(now):
		return l, inThePast(untilHeader, l.Until)
	case l.Hold != "" && !slices.Contains(l.Hold.Values(), l.Hold):
		return l, invalid("Legal Hold must be either of 'ON' or 'OFF'", holdHeader, string(l.Hold))
	}
	return l, nil
}

func inThePast(name string, until time.Time) error {
	return invalid("The retain until date must be in the future!", name, until.UTC().Format(time.RFC3339))
}

func noLocking() error {
	return fault("InvalidRequest", "Bucket is missing Object Lock Configuration")
}

// unchecked says that a request brings bytes without any checksum of them.
func unchecked(in any) bool {
	md5, brings := member(in, "ContentMD5").(*string)
	algorithm, _ := member(in, "ChecksumAlgorithm").(types.ChecksumAlgorithm)
	if !brings || md5 != nil || algorithm != "" {
		return false
	}
	if t, chunked := member(in, "Body").(wire.Trailer); chunked && t.Announced() != "" {
		return false
	}
	sum, err := given(in)
	return err == nil && sum.Value == ""
}

// retention is the default of a version that is made now.
func (l locking) retention(now time.Time) (mode types.ObjectLockRetentionMode, until time.Time) {
	if l.Default == nil {
		return "", time.Time{}
	}
	days := aws.ToInt32(l.Default.Days) + yearDays*aws.ToInt32(l.Default.Years)
	return l.Default.Mode, now.AddDate(0, 0, int(days))
}

// lockable switches object lock on in a new bucket, and with it versioning.
func (b *Bucket) lockable(asked *bool) {
	if aws.ToBool(asked) {
		b.Locking, b.Versioning = &locking{}, types.BucketVersioningStatusEnabled
	}
}

// versionable refuses a state of versioning that object lock does not allow.
func (b Bucket) versionable(status types.BucketVersioningStatus) error {
	if b.Locking != nil && status != types.BucketVersioningStatusEnabled {
		return fault("InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
	}
	return nil
}

// tell sets the members of an answer about a version that has a lock.
func (l lock) tell(out *s3.HeadObjectOutput) {
	out.ObjectLockMode, out.ObjectLockLegalHoldStatus = types.ObjectLockMode(l.Mode), l.Hold
	if l.Mode != "" {
		out.ObjectLockRetainUntilDate = aws.Time(l.Until)
	}
}
