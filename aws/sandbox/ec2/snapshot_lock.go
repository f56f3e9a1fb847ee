package ec2

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Lock keeps a snapshot from being deleted until Expires. Governance mode can be taken back; compliance mode cannot once its
// cooling-off period is over (EBS User Guide, "Amazon EBS snapshot lock").
type Lock struct {
	Mode     types.LockMode
	State    types.LockState
	Created  time.Time
	Begins   time.Time // what Days counts from: the lock, or where the snapshot is pending its expected completion
	Days     int32
	Expires  time.Time
	CoolOff  int32     `json:",omitempty"` // hours
	CoolsOff time.Time `json:",omitzero"`
}

const dueLock = "ec2.lock"

const day = 24 * time.Hour

// LockSnapshot locks a snapshot, or changes its lock where the mode allows.
func (s *Service) LockSnapshot(ctx context.Context, in *ec2.LockSnapshotInput) (*ec2.LockSnapshotOutput, error) {
	var out *ec2.LockSnapshotOutput
	err := s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.own(tx, c, aws.ToString(in.SnapshotId))
		if err != nil {
			return err
		}
		lock, err := newLock(tx.Now(), snap, in)
		if err != nil {
			return err
		}
		if old := snap.Lock; old != nil && old.State == types.LockStateCompliance && (lock.Expires.Before(old.Expires) || lock.Mode != old.Mode) {
			return errorf("OperationNotPermitted", "The snapshot %s is locked in compliance mode. Its lock can only be extended.", snap.ID)
		}
		snap.Lock = &lock
		s.PutSnapshot(tx, snap)
		tx.Due(lock.next(), dueLock, snapshotKey(snap.Region, snap.ID))
		out = &ec2.LockSnapshotOutput{
			SnapshotId: aws.String(snap.ID), LockState: lock.State, LockCreatedOn: aws.Time(lock.Created), LockDuration: aws.Int32(lock.Days),
			LockDurationStartTime: aws.Time(lock.Begins), LockExpiresOn: aws.Time(lock.Expires), CoolOffPeriod: optionalInt(lock.CoolOff),
			CoolOffPeriodExpiresOn: optionalTime(lock.CoolsOff),
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func newLock(now time.Time, snap Snapshot, in *ec2.LockSnapshotInput) (Lock, error) {
	lock := Lock{Mode: in.LockMode, State: types.LockStateGovernance, Created: now, Begins: now, Days: aws.ToInt32(in.LockDuration), CoolOff: aws.ToInt32(in.CoolOffPeriod)}
	if snap.State == types.SnapshotStatePending && snap.Done.After(now) {
		lock.Begins = snap.Done
	}
	switch {
	case in.LockMode == "":
		return lock, missing("lockMode")
	case in.LockDuration == nil && in.ExpirationDate == nil:
		return lock, errorf("MissingParameter", "Either LockDuration or ExpirationDate must be specified.")
	case in.LockDuration != nil && in.ExpirationDate != nil:
		return lock, errorf("InvalidParameterCombination", "LockDuration and ExpirationDate cannot be specified together.")
	case in.LockDuration != nil && (lock.Days < 1 || lock.Days > 36500):
		return lock, errorf("InvalidParameterValue", "Value (%d) for parameter lockDuration is invalid. Expected: 1 to 36500 days.", lock.Days)
	case in.ExpirationDate != nil && in.ExpirationDate.Before(now.Add(day)):
		return lock, errorf("InvalidParameterValue", "The expiration date must be at least one day in the future.")
	case in.CoolOffPeriod != nil && in.LockMode != types.LockModeCompliance:
		return lock, errorf("InvalidParameterCombination", "CoolOffPeriod can be specified only for compliance mode.")
	}
	if in.ExpirationDate != nil {
		lock.Expires = in.ExpirationDate.UTC()
		lock.Days = int32(lock.Expires.Sub(lock.Begins) / day)
	} else {
		lock.Expires = lock.Begins.Add(time.Duration(lock.Days) * day)
	}
	if in.LockMode == types.LockModeCompliance {
		lock.State = types.LockStateCompliance
		if lock.CoolOff > 0 {
			lock.State, lock.CoolsOff = types.LockStateComplianceCooloff, now.Add(time.Duration(lock.CoolOff)*time.Hour)
		}
	}
	return lock, nil
}

// next is when the lock's state changes by itself.
func (l Lock) next() time.Time {
	if l.State == types.LockStateComplianceCooloff {
		return l.CoolsOff
	}
	return l.Expires
}

func (s *Service) lockDue(tx *store.Tx, key string) error {
	snap, ok := s.snapshots.Get(tx, key)
	if !ok || snap.Lock == nil {
		return nil
	}
	lock := *snap.Lock
	if lock.State == types.LockStateComplianceCooloff {
		lock.State = types.LockStateCompliance
		tx.Due(lock.Expires, dueLock, key)
	} else {
		lock.State = types.LockStateExpired
	}
	snap.Lock = &lock
	s.PutSnapshot(tx, snap)
	return nil
}

// UnlockSnapshot takes a lock away, unless it is in compliance mode.
func (s *Service) UnlockSnapshot(ctx context.Context, in *ec2.UnlockSnapshotInput) (*ec2.UnlockSnapshotOutput, error) {
	return &ec2.UnlockSnapshotOutput{SnapshotId: in.SnapshotId}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.own(tx, c, aws.ToString(in.SnapshotId))
		switch {
		case err != nil:
			return err
		case snap.Lock == nil:
			return errorf("IncorrectState", "The snapshot %s is not locked.", snap.ID)
		case snap.Lock.State == types.LockStateCompliance:
			return errorf("OperationNotPermitted", "The snapshot %s is locked in compliance mode and cannot be unlocked.", snap.ID)
		}
		snap.Lock = nil
		s.PutSnapshot(tx, snap)
		tx.Cancel(dueLock, snapshotKey(snap.Region, snap.ID))
		return nil
	})
}

// DescribeLockedSnapshots lists the caller's locked snapshots.
func (s *Service) DescribeLockedSnapshots(ctx context.Context, in *ec2.DescribeLockedSnapshotsInput) (*ec2.DescribeLockedSnapshotsOutput, error) {
	out := &ec2.DescribeLockedSnapshotsOutput{}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, attributes[Snapshot]{
			"lock-state": func(snap Snapshot) []string { return []string{string(snap.Lock.State)} },
		}, nil)
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, 0, "")
		if err != nil {
			return err
		}
		rows, err := s.chosen(tx, c, in.SnapshotIds)
		if err != nil {
			return err
		}
		var locked []Snapshot
		for _, snap := range rows {
			if snap.Owner == c.Account && snap.Lock != nil && match(snap) {
				locked = append(locked, snap)
			}
		}
		if locked, out.NextToken, err = cut(p, locked, func(snap Snapshot) string { return snap.ID }); err != nil {
			return err
		}
		for _, snap := range locked {
			l := snap.Lock
			out.Snapshots = append(out.Snapshots, types.LockedSnapshotsInfo{
				SnapshotId: aws.String(snap.ID), OwnerId: aws.String(snap.Owner), LockState: l.State, LockCreatedOn: aws.Time(l.Created),
				LockDuration: aws.Int32(l.Days), LockDurationStartTime: aws.Time(l.Begins), LockExpiresOn: aws.Time(l.Expires),
				CoolOffPeriod: optionalInt(l.CoolOff), CoolOffPeriodExpiresOn: optionalTime(l.CoolsOff),
			})
		}
		return nil
	})
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
