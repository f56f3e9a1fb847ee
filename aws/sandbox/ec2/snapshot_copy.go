package ec2

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// CopyRequest is a copy to be made by an account into a Region.
type CopyRequest struct {
	Account, Region        string // who copies, and where to
	SourceRegion, SourceID string
	Description, KMSKey    string
	Encrypted              *bool
	Tags                   map[string]string
	CompletionMinutes      int32 // 0: as long as it takes
}

// pendingCopies is how many copies may be in progress into one Region.
const pendingCopies = 20

// CopySnapshot copies a snapshot into the Region that is called. The presigned URL that clients send is not needed to find the source.
func (s *Service) CopySnapshot(ctx context.Context, in *ec2.CopySnapshotInput) (*ec2.CopySnapshotOutput, error) {
	out := &ec2.CopySnapshotOutput{}
	err := s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		tags, err := specified(in.TagSpecifications, types.ResourceTypeSnapshot)
		if err != nil {
			return err
		}
		snap, err := s.Copy(tx, CopyRequest{
			Account: c.Account, Region: c.Region, SourceRegion: aws.ToString(in.SourceRegion), SourceID: aws.ToString(in.SourceSnapshotId),
			Description: aws.ToString(in.Description), KMSKey: aws.ToString(in.KmsKeyId), Encrypted: in.Encrypted, Tags: tags,
			CompletionMinutes: aws.ToInt32(in.CompletionDurationMinutes),
		})
		out.SnapshotId, out.Tags = aws.String(snap.ID), tagList(snap.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Copy starts a copy. What KMS refuses shows only later: the call succeeds and the copy ends in state error
// (EBS User Guide, "Copy an Amazon EBS snapshot").
func (s *Service) Copy(tx *store.Tx, r CopyRequest) (Snapshot, error) {
	from, err := s.copySource(tx, r)
	if err != nil {
		return Snapshot{}, err
	}
	set := s.Settings(tx, r.Account, r.Region)
	encrypted := from.Encrypted || aws.ToBool(r.Encrypted) || set.EncryptByDefault
	switch {
	case from.Encrypted && r.Encrypted != nil && !*r.Encrypted:
		return Snapshot{}, errorf("InvalidParameterCombination", "The encrypted flag cannot be set to false: a copy of an encrypted snapshot is always encrypted.")
	case r.KMSKey != "" && !encrypted:
		return Snapshot{}, errorf("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	case r.CompletionMinutes%15 != 0 || r.CompletionMinutes < 0 || r.CompletionMinutes > 48*60:
		return Snapshot{}, errorf("InvalidParameterValue", "Value (%d) for parameter completionDurationMinutes is invalid. Expected: a multiple of 15, at most 2880.", r.CompletionMinutes)
	}
	snap := Snapshot{
		ID: tx.ID("snap-"), Owner: r.Account, Region: r.Region, Volume: NoVolume, Size: from.Size, State: types.SnapshotStatePending,
		Started: tx.Now(), Description: r.Description, Tags: r.Tags, Content: from.Content, Blocks: from.Blocks, Lineage: from.Lineage, Copy: true, Encrypted: encrypted,
	}
	if encrypted {
		s.encryptCopy(tx, &snap, from, r.KMSKey, set)
	}
	if snap.Changed, err = s.changedSince(s.lastCopy(tx, snap).Content, snap.Content); err != nil {
		return snap, err
	}
	took := transfer(snap.Changed, true)
	if r.CompletionMinutes > 0 {
		took = max(took, time.Duration(r.CompletionMinutes)*time.Minute/2)
	}
	s.Finish(tx, snap, took)
	return s.Snapshot(tx, r.Account, r.Region, snap.ID)
}

func (s *Service) copySource(tx *store.Tx, r CopyRequest) (Snapshot, error) {
	if r.SourceRegion == "" {
		return Snapshot{}, missing("sourceRegion")
	}
	if err := snapshotID(r.SourceID, "sourceSnapshotId"); err != nil {
		return Snapshot{}, err
	}
	if _, ok := regionNamed(r.SourceRegion); !ok {
		return Snapshot{}, errorf("InvalidParameterValue", "Value (%s) for parameter sourceRegion is invalid. Invalid region name", r.SourceRegion)
	}
	from, err := s.Visible(tx, r.Account, r.SourceRegion, r.SourceID)
	if err != nil {
		return from, err
	}
	if err := from.ready(); err != nil {
		return from, err
	}
	running := s.Snapshots(tx, r.Region, func(o Snapshot) bool {
		return o.Copy && o.Owner == r.Account && o.State == types.SnapshotStatePending
	})
	if len(running) >= pendingCopies {
		return from, errorf("ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is %d for this destination region.", pendingCopies)
	}
	return from, nil
}

// encryptCopy chooses the copy's key: the one asked for, else the account's default for EBS in the Region. Another key than the
// source's makes every block another one, so the copy begins a lineage of that key.
func (s *Service) encryptCopy(tx *store.Tx, snap *Snapshot, from Snapshot, key string, set Settings) {
	if key == "" {
		key = set.Key()
	}
	used, err := s.keys.Usable(tx, snap.Owner, snap.Region, key, "kms:GenerateDataKeyWithoutPlaintext", snap.Owner)
	if err != nil {
		used = key
	}
	snap.KMSKey = used
	if err != nil || !s.decryptable(tx, from, snap.Owner) {
		snap.Fails, snap.Error = true, "Given key ID is not accessible"
	}
	if snap.KMSKey != from.KMSKey {
		snap.Lineage = from.Lineage + " " + snap.KMSKey
	}
}

// lastCopy is the newest completed copy of the same lineage in the destination, which makes the next one incremental.
func (s *Service) lastCopy(tx *store.Tx, snap Snapshot) Snapshot {
	earlier := s.Snapshots(tx, snap.Region, func(o Snapshot) bool {
		return o.Owner == snap.Owner && o.Lineage == snap.Lineage && o.State == types.SnapshotStateCompleted
	})
	if len(earlier) == 0 {
		return Snapshot{}
	}
	return slices.MaxFunc(earlier, func(a, b Snapshot) int { return a.Started.Compare(b.Started) })
}
