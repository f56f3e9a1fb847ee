package ec2

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Snapshot is an EBS snapshot. Content is what the volume held at Started, whatever was written since. Done is when it is expected to
// be complete, and is its completion time once it is.
type Snapshot struct {
	ID          string
	Owner       string
	Region      string
	Volume      string // vol-ffffffff for a copy and for one written through the EBS direct APIs
	Size        int32  // GiB of the volume
	State       types.SnapshotState
	Message     string            `json:",omitempty"` // StateMessage
	Error       string            `json:",omitempty"` // while pending: it will end in error, with this message
	Fails       bool              `json:",omitempty"` // while pending: it will end in error
	Open        bool              `json:",omitempty"` // being written through the EBS direct APIs
	Started     time.Time         // StartTime
	Done        time.Time         `json:",omitzero"`
	Description string            `json:",omitempty"`
	Encrypted   bool              `json:",omitempty"`
	KMSKey      string            `json:",omitempty"`
	Tags        map[string]string `json:",omitempty"`
	Content     string            `json:",omitempty"`
	Blocks      int               `json:",omitempty"` // in Content
	Lineage     string
	Changed     int      // blocks that were not in the snapshot of this lineage before it: the incremental size
	Copy        bool     `json:",omitempty"`
	Shared      []string `json:",omitempty"` // accounts, in order
	Public      bool     `json:",omitempty"`
	Tier        Tier     `json:",omitzero"`
	Lock        *Lock    `json:",omitempty"`
	Completed   int32    `json:",omitempty"` // ChangedBlocksCount it was completed with through the EBS direct APIs
}

// NoVolume is the VolumeId of a snapshot that no volume was snapshotted for.
const NoVolume = "vol-ffffffff"

const dueSnapshot = "ec2.snapshot"

func snapshotKey(region, id string) string { return region + "/" + id }

// PutSnapshot stores a snapshot's row.
func (s *Service) PutSnapshot(tx *store.Tx, snap Snapshot) {
	s.snapshots.Put(tx, snapshotKey(snap.Region, snap.ID), snap)
}

// Finish lets a pending snapshot end after a while, in state completed or, where it fails, in error.
func (s *Service) Finish(tx *store.Tx, snap Snapshot, after time.Duration) {
	snap.Open = false
	snap.Done = tx.Now().Add(after)
	s.PutSnapshot(tx, snap)
	tx.Due(snap.Done, dueSnapshot, snapshotKey(snap.Region, snap.ID))
}

func (s *Service) snapshotDue(tx *store.Tx, key string) error {
	snap, ok := s.snapshots.Get(tx, key)
	if !ok {
		return nil
	}
	snap.Done = tx.Now()
	snap.State = types.SnapshotStateCompleted
	if failure := tx.Failure(); failure != "" {
		snap.Fails, snap.Error = true, failure
	}
	if snap.Fails {
		snap.State, snap.Message = types.SnapshotStateError, snap.Error
	}
	s.PutSnapshot(tx, snap)
	return nil
}

// Snapshot finds a snapshot the account owns. Another's is InvalidSnapshot.NotFound.
func (s *Service) Snapshot(tx *store.Tx, account, region, id string) (Snapshot, error) {
	snap, ok := s.snapshots.Get(tx, snapshotKey(region, id))
	if !ok || snap.Owner != account {
		return snap, errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
	}
	return snap, nil
}

// Visible finds a snapshot the account owns or that is shared with it.
func (s *Service) Visible(tx *store.Tx, account, region, id string) (Snapshot, error) {
	snap, ok := s.snapshots.Get(tx, snapshotKey(region, id))
	if !ok || !s.mayUse(tx, snap, account) {
		return snap, errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
	}
	return snap, nil
}

// Exists finds a snapshot whoever owns it.
func (s *Service) Exists(tx *store.Tx, region, id string) (Snapshot, bool) {
	return s.snapshots.Get(tx, snapshotKey(region, id))
}

// mayUse says whether an account owns a snapshot or may make volumes and copies of it. Where its owner blocks all public sharing, public is private.
func (s *Service) mayUse(tx *store.Tx, snap Snapshot, account string) bool {
	if snap.Owner == account || slices.Contains(snap.Shared, account) {
		return true
	}
	return snap.Public && s.Settings(tx, snap.Owner, snap.Region).publicAccess() != types.SnapshotBlockPublicAccessStateBlockAllSharing
}

// Snapshots gives the snapshots of a Region that keep accepts, of every account, in the order of their ids.
func (s *Service) Snapshots(tx *store.Tx, region string, keep func(Snapshot) bool) []Snapshot {
	var out []Snapshot
	s.snapshots.Scan(tx, region+"/", func(_ string, snap Snapshot) bool {
		if keep(snap) {
			out = append(out, snap)
		}
		return true
	})
	return out
}

// source is a snapshot something is made from: visible, completed, not archived.
func (s *Service) source(tx *store.Tx, c wire.Caller, id string) (Snapshot, error) {
	if err := snapshotID(id, "snapshotId"); err != nil {
		return Snapshot{}, err
	}
	snap, err := s.Visible(tx, c.Account, c.Region, id)
	if err != nil {
		return snap, err
	}
	return snap, snap.ready()
}

func (snap Snapshot) ready() error {
	switch {
	case snap.State != types.SnapshotStateCompleted:
		return errorf("IncorrectState", "Snapshot is in invalid state - %s", snap.State)
	case snap.Tier.Archived:
		return errorf("IncorrectState", "The snapshot '%s' is archived. Restore it from the archive tier first.", snap.ID)
	}
	return nil
}

// decryptable says whether an account can read a snapshot's blocks: it is plain, or its key lets the account decrypt.
func (s *Service) decryptable(tx *store.Tx, snap Snapshot, account string) bool {
	if !snap.Encrypted {
		return true
	}
	_, err := s.keys.Usable(tx, snap.Owner, snap.Region, snap.KMSKey, "kms:Decrypt", account)
	return err == nil
}

// transfer is how long EBS takes to bring that many changed blocks to S3, and across Regions. EBS gives no figure; these are what small volumes are seen to take.
func transfer(blocks int, copied bool) time.Duration {
	if copied {
		return time.Minute + time.Duration(blocks)*40*time.Millisecond
	}
	return 15*time.Second + time.Duration(blocks)*10*time.Millisecond
}

// TakeSnapshot starts a snapshot of a volume at this moment; its point in time is now. The limits are EBS's: at most 5 pending of one
// volume (1 for st1 and sc1), and 15 seconds between two of which the first is pending. patient leaves the rate limit out,
// for services of AWS that wait for it themselves.
func (s *Service) TakeSnapshot(tx *store.Tx, account, region, volume, description string, tags map[string]string, patient bool) (Snapshot, error) {
	v, err := s.Volume(tx, account, region, volume)
	if err != nil {
		return Snapshot{}, err
	}
	if v.State != types.VolumeStateAvailable && v.State != types.VolumeStateInUse {
		return Snapshot{}, errorf("IncorrectState", "The volume '%s' is '%s'", volume, v.State)
	}
	pending, newest := 0, Snapshot{}
	for _, other := range s.Snapshots(tx, region, func(o Snapshot) bool { return o.Owner == account && o.Volume == volume }) {
		if other.State == types.SnapshotStatePending {
			pending++
		}
		if !other.Started.Before(newest.Started) {
			newest = other
		}
	}
	l, _ := limitsOf(v.Type)
	if pending >= l.pendingSnapshots {
		return Snapshot{}, errorf("ConcurrentSnapshotLimitExceeded", "Maximum allowed in-progress snapshots for a single volume exceeded.")
	}
	if !patient && pending > 0 && tx.Now().Sub(v.Snapped) < 15*time.Second {
		return Snapshot{}, errorf("SnapshotCreationPerVolumeRateExceeded",
			"The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or variable sleep interval between requests.")
	}
	snap := Snapshot{
		ID: tx.ID("snap-"), Owner: account, Region: region, Volume: volume, Size: v.Size, State: types.SnapshotStatePending, Started: tx.Now(),
		Description: description, Encrypted: v.Encrypted, KMSKey: v.KMSKey, Tags: tags, Content: v.Content, Blocks: v.Blocks, Lineage: v.Lineage,
	}
	if newest.ID == "" && v.Lineage != v.ID { // made from a snapshot: only what was written since is new
		newest, _ = s.Exists(tx, region, v.Snapshot)
	}
	if snap.Changed, err = s.changedSince(newest.Content, snap.Content); err != nil {
		return snap, err
	}
	v.Snapped = tx.Now()
	s.putVolume(tx, v)
	s.Finish(tx, snap, transfer(snap.Changed, false))
	return s.Snapshot(tx, account, region, snap.ID)
}

func (s *Service) changedSince(before, now string) (int, error) {
	if before == now {
		return 0, nil
	}
	first, err := s.Content(before)
	if err != nil {
		return 0, err
	}
	second, err := s.Content(now)
	return len(Differences(first, second)), err
}

// CreateSnapshot starts a snapshot of a volume.
func (s *Service) CreateSnapshot(ctx context.Context, in *ec2.CreateSnapshotInput) (*ec2.CreateSnapshotOutput, error) {
	var out *ec2.CreateSnapshotOutput
	err := s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		volume := aws.ToString(in.VolumeId)
		if err := volumeID(volume, "volumeId"); err != nil {
			return err
		}
		tags, err := specified(in.TagSpecifications, types.ResourceTypeSnapshot)
		if err != nil {
			return err
		}
		snap, err := s.TakeSnapshot(tx, c.Account, c.Region, volume, aws.ToString(in.Description), tags, false)
		if err != nil {
			return err
		}
		out = &ec2.CreateSnapshotOutput{
			SnapshotId: aws.String(snap.ID), VolumeId: aws.String(snap.Volume), VolumeSize: aws.Int32(snap.Size), State: snap.State,
			StartTime: aws.Time(snap.Started), Progress: aws.String(""), OwnerId: aws.String(snap.Owner), Encrypted: aws.Bool(snap.Encrypted),
			Description: aws.String(snap.Description), Tags: tagList(snap.Tags),
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CreateSnapshots snapshots all volumes of an instance; the sandbox has no instances.
func (s *Service) CreateSnapshots(ctx context.Context, in *ec2.CreateSnapshotsInput) (*ec2.CreateSnapshotsOutput, error) {
	if in.InstanceSpecification == nil {
		return nil, missing("InstanceSpecification")
	}
	return nil, noInstance(aws.ToString(in.InstanceSpecification.InstanceId))
}

// RemoveSnapshot deletes a snapshot of an account. What other snapshots and volumes hold is not touched.
func (s *Service) RemoveSnapshot(tx *store.Tx, account, region, id string) error {
	snap, err := s.Snapshot(tx, account, region, id)
	if err != nil {
		return err
	}
	if snap.Lock != nil && snap.Lock.State != types.LockStateExpired {
		return errorf("OperationNotPermitted", "The snapshot %s is locked in %s mode and cannot be deleted.", id, snap.Lock.Mode)
	}
	key := snapshotKey(region, id)
	s.snapshots.Delete(tx, key)
	for _, kind := range []string{dueSnapshot, dueTier, dueLock} {
		tx.Cancel(kind, key)
	}
	return nil
}

// DeleteSnapshot deletes a snapshot. One that AWS Backup manages is refused.
func (s *Service) DeleteSnapshot(ctx context.Context, in *ec2.DeleteSnapshotInput) (*ec2.DeleteSnapshotOutput, error) {
	return &ec2.DeleteSnapshotOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(in.SnapshotId)
		snap, err := s.own(tx, c, id)
		if err != nil {
			return err
		}
		if _, managed := snap.Tags["aws:backup:source-resource"]; managed {
			return errorf("InvalidParameterValue", "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. If you wish to delete this snapshot, please do so via the Backup console.")
		}
		return s.RemoveSnapshot(tx, c.Account, c.Region, id)
	})
}

// wire is the snapshot as DescribeSnapshots shows it at a moment.
func (snap Snapshot) wire(now time.Time) types.Snapshot {
	out := types.Snapshot{
		SnapshotId: aws.String(snap.ID), VolumeId: aws.String(snap.Volume), VolumeSize: aws.Int32(snap.Size), State: snap.State,
		StateMessage: optional(snap.Message), StartTime: aws.Time(snap.Started), Progress: aws.String(snap.progress(now)), OwnerId: aws.String(snap.Owner),
		Encrypted: aws.Bool(snap.Encrypted), KmsKeyId: optional(snap.KMSKey), Description: aws.String(snap.Description),
		StorageTier: snap.Tier.storage(), Tags: tagList(snap.Tags),
	}
	if !snap.Tier.RestoredUntil.IsZero() {
		out.RestoreExpiryTime = aws.Time(snap.Tier.RestoredUntil)
	}
	if snap.State == types.SnapshotStateCompleted {
		out.CompletionTime = aws.Time(snap.Done)
		out.FullSnapshotSizeInBytes = aws.Int64(int64(snap.Blocks) * BlockSize)
	}
	if snap.Copy {
		out.TransferType = types.TransferTypeStandard
	}
	return out
}

// progress grows while the snapshot is pending, and stands at 99% when it takes longer than expected.
func (snap Snapshot) progress(now time.Time) string {
	switch {
	case snap.State == types.SnapshotStateCompleted:
		return "100%"
	case snap.State == types.SnapshotStateError, snap.Open || !snap.Done.After(snap.Started):
		return "0%"
	}
	percent := int(100 * now.Sub(snap.Started) / snap.Done.Sub(snap.Started))
	return fmt.Sprintf("%d%%", min(percent, 99))
}

func isAccount(id string) bool {
	return len(id) == 12 && strings.Trim(id, "0123456789") == ""
}
