package s3

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// PutObjectLockConfiguration switches object lock on in a versioned bucket and sets the default retention of what comes from now on; without
// a rule there is none.
func (s *Service) PutObjectLockConfiguration(ctx context.Context, in *s3.PutObjectLockConfigurationInput) (*s3.PutObjectLockConfigurationOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketObjectLockConfiguration"}
	return &s3.PutObjectLockConfigurationOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		set, err := lockingOf(in.ObjectLockConfiguration)
		if err != nil {
			return err
		}
		if b.Versioning != types.BucketVersioningStatusEnabled {
			return fault("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
		}
		b.Locking = set
		return nil
	})
}

// lockingOf reads a bucket's configuration.
func lockingOf(set *types.ObjectLockConfiguration) (*locking, error) {
	switch {
	case set == nil || set.ObjectLockEnabled != types.ObjectLockEnabledEnabled:
		return nil, malformed()
	case set.Rule == nil:
		return &locking{}, nil
	}
	d := set.Rule.DefaultRetention
	if d == nil || d.Mode == "" || (d.Days == nil) == (d.Years == nil) {
		return nil, malformed()
	}
	name, n, most := "Days", d.Days, int32(maxLockDays)
	if d.Years != nil {
		name, n, most = "Years", d.Years, maxLockYears
	}
	switch {
	case *n < 1:
		return nil, invalid("Default retention period must be a positive integer value.", name, fmt.Sprint(*n))
	case *n > most:
		return nil, invalid("Default retention period too large.", name, fmt.Sprint(*n))
	}
	return &locking{Default: d}, nil
}

// GetObjectLockConfiguration gives a bucket's object lock.
func (s *Service) GetObjectLockConfiguration(ctx context.Context, in *s3.GetObjectLockConfigurationInput) (*s3.GetObjectLockConfigurationOutput, error) {
	out := &s3.GetObjectLockConfigurationOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketObjectLockConfiguration"}, func(b Bucket) error {
		if b.Locking == nil {
			return fault("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", wire.Element{Name: "BucketName", Text: b.Name})
		}
		out.ObjectLockConfiguration = &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled}
		if d := b.Locking.Default; d != nil {
			out.ObjectLockConfiguration.Rule = &types.ObjectLockRule{DefaultRetention: d}
		}
		return nil
	})
}

// relock changes the lock of a version.
func (s *Service) relock(ctx context.Context, a ask, version *string, change func(tx *store.Tx, c wire.Caller, b Bucket, l *lock) error) error {
	return s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, at, o, err := s.lockedVersion(tx, c, a, version)
		if err != nil {
			return err
		}
		if err := change(tx, c, b, &o.Lock); err != nil {
			return err
		}
		s.outgoing(tx, b, &o)
		s.objects.Put(tx, at, o)
		return nil
	})
}

// lockedVersion is a version in a bucket with object lock.
func (s *Service) lockedVersion(tx *store.Tx, c wire.Caller, a ask, version *string) (b Bucket, at string, o Object, err error) {
	if b, err = s.find(tx, c, a); err != nil {
		return b, "", o, err
	}
	if b.Locking == nil {
		return b, "", o, noLocking()
	}
	return s.locate(tx, c, a, version)
}

// PutObjectRetention sets until when a version is retained. Everybody who may set it may make it longer; to shorten it, change its mode or take
// it away needs a bypass in governance mode, and is impossible in compliance mode.
func (s *Service) PutObjectRetention(ctx context.Context, in *s3.PutObjectRetentionInput) (*s3.PutObjectRetentionOutput, error) {
	r := in.Retention
	if r == nil || (r.Mode == "") != (r.RetainUntilDate == nil) {
		return nil, malformed()
	}
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObjectRetention", key: aws.ToString(in.Key)}
	return &s3.PutObjectRetentionOutput{}, s.relock(ctx, a, in.VersionId, func(tx *store.Tx, c wire.Caller, b Bucket, l *lock) error {
		now, set := tx.Now(), lock{Mode: r.Mode, Until: aws.ToTime(r.RetainUntilDate).UTC(), Hold: l.Hold}
		if r.RetainUntilDate == nil {
			set.Until = time.Time{}
		} else if !set.retains(now) {
			return inThePast("RetainUntilDate", set.Until)
		}
		bypass := b.bypass(c, a.key, in.BypassGovernanceRetention)
		loosens := set.Mode != l.Mode || set.Until.Before(l.Until)
		if l.retains(now) && loosens && (l.Mode == types.ObjectLockRetentionModeCompliance || !bypass) {
			return protected()
		}
		*l = set
		return nil
	})
}

// PutObjectLegalHold puts a hold on a version or takes it off.
func (s *Service) PutObjectLegalHold(ctx context.Context, in *s3.PutObjectLegalHoldInput) (*s3.PutObjectLegalHoldOutput, error) {
	if in.LegalHold == nil || in.LegalHold.Status == "" {
		return nil, malformed()
	}
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObjectLegalHold", key: aws.ToString(in.Key)}
	return &s3.PutObjectLegalHoldOutput{}, s.relock(ctx, a, in.VersionId, func(_ *store.Tx, _ wire.Caller, _ Bucket, l *lock) error {
		l.Hold = in.LegalHold.Status
		return nil
	})
}

// lockOf shows the lock of a version that has what is asked for.
func (s *Service) lockOf(ctx context.Context, a ask, version *string, has func(l lock) bool) (l lock, err error) {
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		_, _, o, err := s.lockedVersion(tx, c, a, version)
		if l = o.Lock; err == nil && !has(l) {
			err = fault("NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
		}
		return err
	})
	return l, err
}

// GetObjectRetention gives until when a version is retained, or was.
func (s *Service) GetObjectRetention(ctx context.Context, in *s3.GetObjectRetentionInput) (*s3.GetObjectRetentionOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetObjectRetention", key: aws.ToString(in.Key)}
	l, err := s.lockOf(ctx, a, in.VersionId, func(l lock) bool { return l.Mode != "" })
	if err != nil {
		return nil, err
	}
	return &s3.GetObjectRetentionOutput{Retention: &types.ObjectLockRetention{Mode: l.Mode, RetainUntilDate: &l.Until}}, nil
}

// GetObjectLegalHold says whether a version is held; one that never was has none.
func (s *Service) GetObjectLegalHold(ctx context.Context, in *s3.GetObjectLegalHoldInput) (*s3.GetObjectLegalHoldOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetObjectLegalHold", key: aws.ToString(in.Key)}
	l, err := s.lockOf(ctx, a, in.VersionId, func(l lock) bool { return l.Hold != "" })
	if err != nil {
		return nil, err
	}
	return &s3.GetObjectLegalHoldOutput{LegalHold: &types.ObjectLockLegalHold{Status: l.Hold}}, nil
}
