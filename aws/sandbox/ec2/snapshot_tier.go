package ec2

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Tier is where a snapshot is stored and how its last move between tiers went.
type Tier struct {
	Archived      bool                         `json:",omitempty"`
	Last          types.TieringOperationStatus `json:",omitempty"`
	Started       time.Time                    `json:",omitzero"`
	Ends          time.Time                    `json:",omitzero"`
	ArchivedAt    time.Time                    `json:",omitzero"`
	RestoreDays   int32                        `json:",omitempty"`
	RestoredUntil time.Time                    `json:",omitzero"` // a temporary restore goes back to the archive then
}

// Moving to the archive takes up to 72 hours, and so does coming back (EBS User Guide, "Archive Amazon EBS snapshots").
const (
	dueTier   = "ec2.tier"
	archiving = 24 * time.Hour
	restoring = 48 * time.Hour
)

func (t Tier) storage() types.StorageTier {
	if t.Archived {
		return types.StorageTierArchive
	}
	return types.StorageTierStandard
}

func (t Tier) moving() bool { return t.Ends.After(t.Started) }

// ModifySnapshotTier moves a completed snapshot to the archive.
func (s *Service) ModifySnapshotTier(ctx context.Context, in *ec2.ModifySnapshotTierInput) (*ec2.ModifySnapshotTierOutput, error) {
	out := &ec2.ModifySnapshotTierOutput{SnapshotId: in.SnapshotId}
	err := s.move(ctx, in.DryRun, in.SnapshotId, func(now time.Time, snap *Snapshot) error {
		if err := snap.ready(); err != nil {
			return err
		}
		out.TieringStartTime = aws.Time(now)
		snap.Tier = Tier{Last: types.TieringOperationStatusArchivalInProgress, Started: now, Ends: now.Add(archiving)}
		return nil
	})
	return out, err
}

// RestoreSnapshotTier brings an archived snapshot back, for good or for some days; restored for some days it can be restored for longer.
func (s *Service) RestoreSnapshotTier(ctx context.Context, in *ec2.RestoreSnapshotTierInput) (*ec2.RestoreSnapshotTierOutput, error) {
	out := &ec2.RestoreSnapshotTierOutput{SnapshotId: in.SnapshotId, IsPermanentRestore: aws.Bool(aws.ToBool(in.PermanentRestore))}
	err := s.move(ctx, in.DryRun, in.SnapshotId, func(now time.Time, snap *Snapshot) error {
		t := &snap.Tier
		switch {
		case !t.Archived && t.RestoredUntil.IsZero():
			return errorf("IncorrectState", "The snapshot '%s' is not in the archive tier.", snap.ID)
		case aws.ToBool(in.PermanentRestore) && in.TemporaryRestoreDays != nil:
			return errorf("InvalidParameterCombination", "PermanentRestore and TemporaryRestoreDays cannot be specified together.")
		case !aws.ToBool(in.PermanentRestore) && (aws.ToInt32(in.TemporaryRestoreDays) < 1 || *in.TemporaryRestoreDays > 180):
			return errorf("InvalidParameterValue", "Value (%d) for parameter temporaryRestoreDays is invalid. Expected: 1 to 180.", aws.ToInt32(in.TemporaryRestoreDays))
		}
		t.Started, t.Ends = now, now.Add(restoring)
		t.RestoreDays, t.Last = aws.ToInt32(in.TemporaryRestoreDays), types.TieringOperationStatusTemporaryRestoreInProgress
		out.RestoreDuration = optionalInt(t.RestoreDays)
		if t.RestoreDays == 0 {
			t.Last = types.TieringOperationStatusPermanentRestoreInProgress
		}
		if !t.RestoredUntil.IsZero() { // it is back already: only the days change
			t.Ends = now.Add(time.Second)
		}
		out.RestoreStartTime = aws.Time(now)
		return nil
	})
	return out, err
}

func (s *Service) move(ctx context.Context, dryRun *bool, id *string, change func(time.Time, *Snapshot) error) error {
	return s.update(ctx, dryRun, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.own(tx, c, aws.ToString(id))
		if err != nil {
			return err
		}
		if snap.Tier.moving() {
			return errorf("IncorrectState", "The snapshot '%s' is being moved between storage tiers.", snap.ID)
		}
		if err := change(tx.Now(), &snap); err != nil {
			return err
		}
		s.PutSnapshot(tx, snap)
		tx.Due(snap.Tier.Ends, dueTier, snapshotKey(snap.Region, snap.ID))
		return nil
	})
}

func (s *Service) tierDue(tx *store.Tx, key string) error {
	snap, ok := s.snapshots.Get(tx, key)
	if !ok {
		return nil
	}
	t := &snap.Tier
	t.Ends = time.Time{}
	if tx.Failure() != "" {
		t.Last = types.TieringOperationStatus(strings.Replace(string(t.Last), "in-progress", "failed", 1))
	}
	switch t.Last {
	case types.TieringOperationStatusArchivalInProgress:
		t.Archived, t.ArchivedAt, t.Last = true, tx.Now(), types.TieringOperationStatusArchivalCompleted
	case types.TieringOperationStatusPermanentRestoreInProgress:
		t.Archived, t.RestoredUntil, t.Last = false, time.Time{}, types.TieringOperationStatusPermanentRestoreCompleted
	case types.TieringOperationStatusTemporaryRestoreInProgress:
		t.Archived, t.Last = false, types.TieringOperationStatusTemporaryRestoreCompleted
		t.RestoredUntil = t.Started.Add(time.Duration(t.RestoreDays) * day)
		tx.Due(t.RestoredUntil, dueTier, key)
	case types.TieringOperationStatusTemporaryRestoreCompleted:
		t.Archived, t.RestoredUntil = true, time.Time{}
	}
	s.PutSnapshot(tx, snap)
	return nil
}

// DescribeSnapshotTierStatus shows where the caller's snapshots are stored.
func (s *Service) DescribeSnapshotTierStatus(ctx context.Context, in *ec2.DescribeSnapshotTierStatusInput) (*ec2.DescribeSnapshotTierStatusOutput, error) {
	out := &ec2.DescribeSnapshotTierStatusOutput{}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, attributes[Snapshot]{
			"snapshot-id":            func(snap Snapshot) []string { return []string{snap.ID} },
			"volume-id":              func(snap Snapshot) []string { return []string{snap.Volume} },
			"last-tiering-operation": func(snap Snapshot) []string { return []string{string(snap.Tier.Last)} },
		}, snapshotTags)
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, 0, "")
		if err != nil {
			return err
		}
		rows := s.Snapshots(tx, c.Region, func(snap Snapshot) bool { return snap.Owner == c.Account && match(snap) })
		if rows, out.NextToken, err = cut(p, rows, func(snap Snapshot) string { return snap.ID }); err != nil {
			return err
		}
		for _, snap := range rows {
			out.SnapshotTierStatuses = append(out.SnapshotTierStatuses, snap.tierStatus(tx.Now()))
		}
		return nil
	})
}

func (snap Snapshot) tierStatus(now time.Time) types.SnapshotTierStatus {
	t := snap.Tier
	out := types.SnapshotTierStatus{
		SnapshotId: aws.String(snap.ID), VolumeId: aws.String(snap.Volume), OwnerId: aws.String(snap.Owner), Status: snap.State,
		StorageTier: t.storage(), LastTieringOperationStatus: t.Last, LastTieringStartTime: optionalTime(t.Started),
		ArchivalCompleteTime: optionalTime(t.ArchivedAt), RestoreExpiryTime: optionalTime(t.RestoredUntil), Tags: tagList(snap.Tags),
	}
	switch {
	case t.moving():
		out.LastTieringProgress = aws.Int32(int32(min(99, 100*now.Sub(t.Started)/t.Ends.Sub(t.Started))))
	case t.Last != "":
		out.LastTieringProgress = aws.Int32(100)
	}
	return out
}

// ListSnapshotsInRecycleBin lists what retention rules keep. The sandbox has no Recycle Bin rules, so a deleted snapshot is gone.
func (s *Service) ListSnapshotsInRecycleBin(ctx context.Context, in *ec2.ListSnapshotsInRecycleBinInput) (*ec2.ListSnapshotsInRecycleBinOutput, error) {
	return &ec2.ListSnapshotsInRecycleBinOutput{}, s.view(ctx, in.DryRun, func(*store.Tx, wire.Caller) error {
		if len(in.SnapshotIds) > 0 {
			return notInBin(in.SnapshotIds[0])
		}
		return nil
	})
}

// RestoreSnapshotFromRecycleBin finds nothing to restore, for the same reason.
func (s *Service) RestoreSnapshotFromRecycleBin(ctx context.Context, in *ec2.RestoreSnapshotFromRecycleBinInput) (*ec2.RestoreSnapshotFromRecycleBinOutput, error) {
	id := aws.ToString(in.SnapshotId)
	if err := snapshotID(id, "snapshotId"); err != nil {
		return nil, err
	}
	return nil, notInBin(id)
}

func notInBin(id string) error {
	return errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
}
