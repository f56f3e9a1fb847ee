package rds

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Types of snapshots.
const (
	manual    = "manual"
	automated = "automated"
)

// Snapshot is a DB snapshot.
type Snapshot struct {
	ID, Account, Region  string
	Type                 string   // manual, automated
	Status               string   // creating, available, failed
	Of                   Instance // as it was; OptionGroup, KMSKey and Encrypted are the snapshot's own
	History              database.History
	Created              time.Time // SnapshotCreateTime
	Original             time.Time // OriginalSnapshotCreateTime, which copies keep
	Done                 time.Time // when it is available, if all goes well
	Source, SourceRegion string    `json:",omitempty"` // of a copy
	Shared               []string  `json:",omitempty"` // accounts that may restore it
	Public               bool      `json:",omitempty"`
}

func (s Snapshot) key() string { return row(s.Account, s.Region, s.ID) }

// ARN names the snapshot everywhere.
func (s Snapshot) ARN() string { return arn(s.Region, s.Account, "snapshot", s.ID) }

// dueSnapshot is when a snapshot or a copy is done: account/region/identifier.
const dueSnapshot = "rds.snapshot.job"

// copyTakes is how long a copy takes at least; the duration is ours.
const copyTakes = 3 * time.Minute

// snapshot begins a snapshot of an instance over a history, and keeps it.
func (s *Service) snapshot(tx *store.Tx, i Instance, id, kind string, h database.History) Snapshot {
	i.Pending = nil
	snap := Snapshot{
		ID: id, Account: i.Account, Region: i.Region, Type: kind, Status: creating, Of: i, History: h.At(h.Last()).After(h.Last()),
		Created: tx.Now(), Original: tx.Now(), Done: tx.Now().Add(takes[backingUp]),
	}
	s.snapshots.Put(tx, snap.key(), snap)
	tx.Due(snap.Done, dueSnapshot, snap.key())
	if i.CopyTags {
		s.setTags(tx, snap.ARN(), s.tags(tx, i.ARN()))
	}
	return snap
}

// snapshotDue ends a snapshot or a copy.
func (s *Service) snapshotDue(tx *store.Tx, key string) error {
	snap, ok := s.snapshots.Get(tx, key)
	if !ok {
		return nil
	}
	snap.Status, snap.Done = available, tx.Now()
	message, category := "Manual snapshot created", "creation"
	if snap.Type == automated {
		message = "Automated snapshot created"
	}
	if why := tx.Failure(); why != "" {
		snap.Status, message, category = failed, "Snapshot failed: "+why, "notification"
	}
	s.snapshots.Put(tx, key, snap)
	s.event(tx, snap.Account, snap.Region, types.SourceTypeDbSnapshot, snap.ID, message, category)
	return nil
}

// removeSnapshot lets a snapshot go. What others hold of the same content stays.
func (s *Service) removeSnapshot(tx *store.Tx, snap Snapshot) {
	tx.Cancel(dueSnapshot, snap.key())
	tx.Cancel(dueExpiry, snap.key())
	s.dropTags(tx, snap.ARN())
	s.snapshots.Delete(tx, snap.key())
}

// CreateDBSnapshot takes a snapshot of an instance: it holds what is there at the moment of the call.
func (s *Service) CreateDBSnapshot(ctx context.Context, in *rds.CreateDBSnapshotInput) (*rds.CreateDBSnapshotOutput, error) {
	out := &rds.CreateDBSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		i, err := s.instance(tx, c, aws.ToString(in.DBInstanceIdentifier))
		if err != nil {
			return err
		}
		snap, err := s.manualSnapshot(tx, c, &i, in.DBSnapshotIdentifier)
		if err != nil {
			return err
		}
		if len(in.Tags) > 0 {
			if err := s.setTags(tx, snap.ARN(), in.Tags); err != nil {
				return err
			}
		}
		s.enter(tx, &i, backingUp)
		out.DBSnapshot = s.snapshotWire(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// manualSnapshot begins a manual snapshot of an instance that is in a state for it.
func (s *Service) manualSnapshot(tx *store.Tx, c wire.Caller, i *Instance, name *string) (snap Snapshot, err error) {
	id, err := s.ofInstances().newID(tx, c, "DBSnapshotIdentifier", name)
	switch {
	case err != nil:
		return snap, err
	case i.ClusterResource != "":
		return snap, invalid("The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.")
	case !i.usable():
		return snap, errorf("InvalidDBInstanceState", "Cannot create a snapshot because the database instance %s is not currently in the available state.", i.ID)
	}
	h, err := s.seal(tx, i.Resource)
	if err != nil {
		return snap, err
	}
	s.event(tx, c.Account, c.Region, types.SourceTypeDbSnapshot, id, "Creating manual snapshot", "creation")
	return s.snapshot(tx, *i, id, manual, h), nil
}

// DeleteDBSnapshot deletes a manual snapshot, or one that failed. Automated ones go with their retention.
func (s *Service) DeleteDBSnapshot(ctx context.Context, in *rds.DeleteDBSnapshotInput) (*rds.DeleteDBSnapshotOutput, error) {
	out := &rds.DeleteDBSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, err := s.ofInstances().own(tx, c, aws.ToString(in.DBSnapshotIdentifier))
		switch {
		case err != nil:
			return err
		case snap.Type == automated:
			return errorf("InvalidDBSnapshotState", "Automated snapshots cannot be deleted directly: %s", snap.ID)
		case snap.Status == creating:
			return errorf("InvalidDBSnapshotState", "Cannot delete the snapshot because it is not currently in the available or failed state.")
		}
		snap.Status = "deleted"
		out.DBSnapshot = s.snapshotWire(tx, snap)
		s.event(tx, c.Account, c.Region, types.SourceTypeDbSnapshot, snap.ID, "Deleted manual snapshot", "deletion")
		s.removeSnapshot(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// plain is what snapshots of instances and of clusters have in common: here it is the whole.
func (s Snapshot) plain() Snapshot { return s }

func (s Snapshot) subject() (id, arn, resource string) { return s.Of.ID, s.Of.ARN(), s.Of.Resource }

func (s Snapshot) sharedWith(account string) bool {
	return s.Account == account || s.Public || slices.Contains(s.Shared, account)
}

func noSnapshot(name string) error {
	return errorf("DBSnapshotNotFound", "DBSnapshot %s not found.", name)
}

// ready refuses a snapshot that cannot be restored or copied now.
func (s Snapshot) ready() error {
	if s.Status != available {
		return errorf("InvalidDBSnapshotState", "The snapshot %s is not in the available state: its state is %s.", s.ID, s.Status)
	}
	return nil
}

// progress grows while the snapshot is made, and stands at 99 when it takes longer than expected.
func (s Snapshot) progress(now time.Time) int32 {
	switch {
	case s.Status == available:
		return 100
	case s.Status == failed || !s.Done.After(s.Created):
		return 0
	}
	return int32(min(100*now.Sub(s.Created)/s.Done.Sub(s.Created), 99))
}

func (s *Service) snapshotWire(tx *store.Tx, snap Snapshot) *types.DBSnapshot {
	of := snap.Of
	out := &types.DBSnapshot{
		DBSnapshotIdentifier: aws.String(snap.ID), DBSnapshotArn: aws.String(snap.ARN()), DBInstanceIdentifier: aws.String(of.ID), DbiResourceId: aws.String(of.Resource),
		Status: aws.String(snap.Status), SnapshotType: aws.String(snap.Type), PercentProgress: aws.Int32(snap.progress(tx.Now())),
		SnapshotCreateTime: aws.Time(snap.Created), OriginalSnapshotCreateTime: aws.Time(snap.Original), InstanceCreateTime: aws.Time(of.Made),
		SnapshotDatabaseTime: aws.Time(snap.Original), SnapshotTarget: aws.String("region"), SourceRegion: optional(snap.SourceRegion),
		SourceDBSnapshotIdentifier: optional(snap.Source),
		Engine:                     aws.String(of.Engine), EngineVersion: aws.String(of.Version), LicenseModel: aws.String(of.License), MasterUsername: aws.String(of.Master),
		AllocatedStorage: aws.Int32(of.Storage), StorageType: aws.String(of.StorageType), Iops: optionalInt(of.IOPS), StorageThroughput: aws.Int32(of.Throughput),
		AvailabilityZone: aws.String(of.Zone), VpcId: aws.String(of.VPC), Port: aws.Int32(of.Port), OptionGroupName: aws.String(of.OptionGroup),
		Encrypted: aws.Bool(of.Encrypted), KmsKeyId: optional(of.KMSKey), IAMDatabaseAuthenticationEnabled: aws.Bool(of.IAMAuth),
		BackupRetentionPeriod: aws.Int32(of.Retention), PreferredBackupWindow: aws.String(of.Window),
		DedicatedLogVolume: aws.Bool(false), MultiTenant: aws.Bool(false), ProcessorFeatures: []types.ProcessorFeature{}, TagList: s.tags(tx, snap.ARN()),
	}
	if snap.Status == available {
		out.FullSnapshotSizeInBytes = aws.Int64(snap.History.Size())
	}
	return out
}

func optionalInt(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}

func sortBy[T any](all []T, when func(T) time.Time) {
	slices.SortStableFunc(all, func(a, b T) int { return when(a).Compare(when(b)) })
}
