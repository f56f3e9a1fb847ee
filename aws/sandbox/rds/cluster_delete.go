package rds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// DeleteDBCluster deletes a cluster without instances, with its data and, unless they are retained, its automated backups. Manual
// snapshots stay.
func (s *Service) DeleteDBCluster(ctx context.Context, in *rds.DeleteDBClusterInput) (*rds.DeleteDBClusterOutput, error) {
	out := &rds.DeleteDBClusterOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		c, err := s.cluster(tx, caller, aws.ToString(in.DBClusterIdentifier))
		if err != nil {
			return err
		}
		if err := s.clusterDeletable(tx, c, in); err != nil {
			return err
		}
		if in.FinalDBSnapshotIdentifier != nil {
			if _, err := s.manualClusterSnapshot(tx, caller, c, "FinalDBSnapshotIdentifier", in.FinalDBSnapshotIdentifier); err != nil {
				return err
			}
		}
		c.Retained = in.DeleteAutomatedBackups != nil && !*in.DeleteAutomatedBackups
		tx.Cancel(dueClusterBackup, c.dueKey())
		tx.Cancel(dueClusterMaintenance, c.dueKey())
		s.tellCluster(tx, c, "DB cluster is being deleted", "deletion")
		s.enterCluster(tx, &c, deleting)
		out.DBCluster = s.clusterWire(tx, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clusterDeletable refuses to delete a cluster that is protected or has instances, and a final snapshot that was not settled.
func (s *Service) clusterDeletable(tx *store.Tx, c Cluster, in *rds.DeleteDBClusterInput) error {
	skip, final := aws.ToBool(in.SkipFinalSnapshot), in.FinalDBSnapshotIdentifier != nil
	switch {
	case c.Common.Protected:
		return errorf("InvalidParameterCombination", "Cannot delete protected Cluster, please disable deletion protection and try again.")
	case c.Status == deleting:
		return errorf("InvalidDBClusterStateFault", "Cluster %s is already being deleted.", c.ID)
	case skip && final:
		return errorf("InvalidParameterCombination", "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is specified.")
	case !skip && !final:
		return errorf("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	}
	for _, i := range s.membersOf(tx, c) {
		if i.Status != deleting {
			return errorf("InvalidDBClusterStateFault", "Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
		}
	}
	return nil
}

// clusterDeleted is the end of deleting, once the last instance is gone.
func (s *Service) clusterDeleted(tx *store.Tx, c *Cluster) error {
	if len(s.membersOf(tx, *c)) > 0 {
		s.enterCluster(tx, c, deleting)
		return nil
	}
	if c.Retained && !c.Made.IsZero() {
		h, err := s.seal(tx, c.Resource)
		if err != nil {
			return err
		}
		b := c.backup(tx.Now())
		b.Status, b.History, b.Until, b.Expires = retained, h, tx.Now(), tx.Now().Add(time.Duration(c.Common.Retention)*day)
		s.clusterBackups.Put(tx, b.key(), b)
		tx.Due(b.Expires, dueClusterExpiry, b.key())
	} else {
		for _, snap := range s.automatedOfCluster(tx, *c) {
			s.removeClusterSnapshot(tx, snap)
		}
	}
	s.removeData(tx, c.Resource)
	if c.Common.Secret != nil {
		s.o.Secrets.Remove(tx, c.Common.Secret.ARN)
	}
	s.dropTags(tx, c.ARN())
	s.clusterRows.Delete(tx, c.key())
	s.tellCluster(tx, *c, "DB cluster deleted", "deletion")
	s.changed()
	return nil
}
