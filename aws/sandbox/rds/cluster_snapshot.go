package rds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// clusterSnapshotTakes is how long a cluster snapshot takes; the duration is ours.
const clusterSnapshotTakes = 2 * time.Minute

// copying is the state of a copy that is made.
const copying = "copying"

// clusterSnapshot begins a snapshot of a cluster over a history, and keeps it.
func (s *Service) clusterSnapshot(tx *store.Tx, c Cluster, id, kind string, h database.History) ClusterSnapshot {
	c.Common.Pending, c.Common.Doing = nil, nil
	snap := ClusterSnapshot{
		ID: id, Account: c.Account, Region: c.Region, Type: kind, Status: creating, Of: c, History: h.At(h.Last()).After(h.Last()),
		Created: tx.Now(), Done: tx.Now().Add(clusterSnapshotTakes),
	}
	if c.Common.CopyTags {
		if tags, there := s.labels.Get(tx, c.ARN()); there {
			s.labels.Put(tx, snap.ARN(), tags)
		}
	}
	s.clusterSnapshots.Put(tx, snap.key(), snap)
	tx.Due(snap.Done, dueClusterSnapshot, snap.key())
	return snap
}

// clusterSnapshotDue ends a snapshot or a copy.
func (s *Service) clusterSnapshotDue(tx *store.Tx, key string) error {
	snap, ok := s.clusterSnapshots.Get(tx, key)
	if !ok {
		return nil
	}
	snap.Status, snap.Done = available, tx.Now()
	message, category := "Manual cluster snapshot created", "backup"
	if snap.Type == automated {
		message = "Automated cluster snapshot created"
	}
	if why := tx.Failure(); why != "" {
		snap.Status, message, category = failed, "Cluster snapshot failed: "+why, "notification"
	}
	s.clusterSnapshots.Put(tx, key, snap)
	s.event(tx, snap.Account, snap.Region, types.SourceTypeDbClusterSnapshot, snap.ID, message, category)
	return nil
}

// removeClusterSnapshot lets a snapshot go. What others hold of the same content stays.
func (s *Service) removeClusterSnapshot(tx *store.Tx, snap ClusterSnapshot) {
	tx.Cancel(dueClusterSnapshot, snap.key())
	tx.Cancel(dueClusterExpiry, snap.key())
	s.dropTags(tx, snap.ARN())
	s.clusterSnapshots.Delete(tx, snap.key())
}

// manualClusterSnapshot begins a manual snapshot of a cluster that is in a state for it.
func (s *Service) manualClusterSnapshot(tx *store.Tx, caller wire.Caller, c Cluster, parameter string, name *string) (snap ClusterSnapshot, err error) {
	id, err := s.ofClusters().newID(tx, caller, parameter, name)
	if err != nil {
		return snap, err
	}
	if c.Status != available {
		return snap, errorf("InvalidDBClusterStateFault", "Cannot create a snapshot because the DB cluster %s is not currently in the available state.", c.ID)
	}
	h, err := s.seal(tx, c.Resource)
	if err != nil {
		return snap, err
	}
	s.event(tx, c.Account, c.Region, types.SourceTypeDbClusterSnapshot, id, "Creating manual cluster snapshot", "backup")
	return s.clusterSnapshot(tx, c, id, manual, h), nil
}

// CreateDBClusterSnapshot takes a snapshot of a cluster: it holds what is there at the moment of the call.
func (s *Service) CreateDBClusterSnapshot(ctx context.Context, in *rds.CreateDBClusterSnapshotInput) (*rds.CreateDBClusterSnapshotOutput, error) {
	out := &rds.CreateDBClusterSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		c, err := s.cluster(tx, caller, aws.ToString(in.DBClusterIdentifier))
		if err != nil {
			return err
		}
		snap, err := s.manualClusterSnapshot(tx, caller, c, "DBClusterSnapshotIdentifier", in.DBClusterSnapshotIdentifier)
		if err != nil {
			return err
		}
		if err := s.setTags(tx, snap.ARN(), in.Tags); err != nil {
			return err
		}
		out.DBClusterSnapshot = s.clusterSnapshotWire(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteDBClusterSnapshot deletes a manual snapshot. Automated ones go with their retention.
func (s *Service) DeleteDBClusterSnapshot(ctx context.Context, in *rds.DeleteDBClusterSnapshotInput) (*rds.DeleteDBClusterSnapshotOutput, error) {
	out := &rds.DeleteDBClusterSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		snap, err := s.ofClusters().own(tx, caller, aws.ToString(in.DBClusterSnapshotIdentifier))
		switch {
		case err != nil:
			return err
		case snap.Type == automated:
			return errorf("InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be deleted.")
		case snap.Status == creating || snap.Status == copying:
			return errorf("InvalidDBClusterSnapshotStateFault", "Cannot delete the snapshot because it is not currently in the available or failed state.")
		}
		snap.Status = "deleted"
		out.DBClusterSnapshot = s.clusterSnapshotWire(tx, snap)
		s.event(tx, snap.Account, snap.Region, types.SourceTypeDbClusterSnapshot, snap.ID, "Deleted manual cluster snapshot", "deletion")
		s.removeClusterSnapshot(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s ClusterSnapshot) subject() (id, arn, resource string) {
	return s.Of.ID, s.Of.ARN(), s.Of.Resource
}

// plain is what the snapshot has in common with an instance's: who owns and sees it, how far it is, its key.
func (s ClusterSnapshot) plain() Snapshot {
	return Snapshot{
		ID: s.ID, Account: s.Account, Region: s.Region, Type: s.Type, Status: s.Status, Of: s.Of.Common, Created: s.Created, Done: s.Done,
		Shared: s.Shared, Public: s.Public,
	}
}

// ready refuses a snapshot that cannot be restored or copied now.
func (s ClusterSnapshot) ready() error {
	if s.Status != available {
		return errorf("InvalidDBClusterSnapshotStateFault", "The cluster snapshot %s is not in the available state: its state is %s.", s.ID, s.Status)
	}
	return nil
}

func noClusterSnapshot(name string) error {
	return errorf("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot %s not found.", name)
}
