package rds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// DeleteDBInstance deletes an instance with its data and, unless they are retained, its automated backups. Manual snapshots stay.
func (s *Service) DeleteDBInstance(ctx context.Context, in *rds.DeleteDBInstanceInput) (*rds.DeleteDBInstanceOutput, error) {
	out, err := s.change(ctx, in.DBInstanceIdentifier, func(tx *store.Tx, c wire.Caller, i *Instance) error {
		skip := aws.ToBool(in.SkipFinalSnapshot)
		switch {
		case i.Protected:
			return errorf("InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
		case i.Status == deleting:
			return errorf("InvalidDBInstanceState", "Instance %s is already being deleted.", i.ID)
		case i.ClusterResource != "":
		case skip && in.FinalDBSnapshotIdentifier != nil:
			return errorf("InvalidParameterCombination", "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is specified.")
		case !skip && in.FinalDBSnapshotIdentifier == nil:
			return errorf("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
		case !skip:
			if _, err := s.manualSnapshot(tx, c, i, in.FinalDBSnapshotIdentifier); err != nil {
				return err
			}
		}
		i.Retained = in.DeleteAutomatedBackups != nil && !*in.DeleteAutomatedBackups
		i.Boot++
		for _, kind := range []string{dueBackup, dueMaintenance, dueRestart} {
			tx.Cancel(kind, i.dueKey())
		}
		s.tell(tx, *i, "DB instance is being deleted", "deletion")
		s.enter(tx, i, deleting)
		return nil
	})
	return &rds.DeleteDBInstanceOutput{DBInstance: out}, err
}

// deleted is the end of deleting.
func (s *Service) deleted(tx *store.Tx, i Instance) error {
	for _, b := range s.replicasOf(tx, i.Resource) {
		if b.Status != retained {
			if err := s.detach(tx, &b, i); err != nil {
				return err
			}
		}
	}
	switch {
	case i.ClusterResource != "":
		s.leave(tx, i)
	case i.Retained && !i.BackupSince.IsZero():
		if err := s.retained(tx, i); err != nil {
			return err
		}
	default:
		for _, snap := range s.automatedOf(tx, i.Account, i.Region, i.Resource) {
			s.removeSnapshot(tx, snap)
		}
	}
	if i.ClusterResource == "" {
		s.removeData(tx, i.Resource)
	}
	if i.Secret != nil {
		s.o.Secrets.Remove(tx, i.Secret.ARN)
	}
	s.dropTags(tx, i.ARN())
	s.instances.Delete(tx, i.key())
	s.tell(tx, i, "DB instance deleted", "deletion")
	s.changed()
	return nil
}

// retained keeps the automated backups of an instance that goes, for as many days as it had asked for.
func (s *Service) retained(tx *store.Tx, i Instance) error {
	h, err := s.seal(tx, i.Resource)
	if err != nil {
		return err
	}
	b := Backup{
		ID: i.BackupID, Account: i.Account, Region: i.Region, Status: retained, Of: i, History: h, Since: i.BackupSince, Until: tx.Now(),
		Expires: tx.Now().Add(time.Duration(i.Retention) * day),
	}
	tx.Due(b.Expires, dueExpiry, b.key())
	s.backups.Put(tx, b.key(), b)
	return nil
}
