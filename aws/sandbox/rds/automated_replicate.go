package rds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// dueReplica is when automated backups of another Region are there for the first time: account/region/ab-id.
const dueReplica = "rds.replica.job"

// replicaTakes is how long the first copy takes; the duration is ours.
const replicaTakes = 5 * time.Minute

// replicated is the instance that backups of another Region follow, while it is there.
func (s *Service) replicated(tx *store.Tx, b Backup) (Instance, bool) {
	if b.Source == "" || b.Status == retained {
		return Instance{}, false
	}
	return s.resource(tx, b.Of.Account, b.Of.Region, b.Of.Resource)
}

// replicasOf are the backups in other Regions that follow an instance.
func (s *Service) replicasOf(tx *store.Tx, resource string) (all []Backup) {
	s.backups.Scan(tx, "", func(_ string, b Backup) bool {
		if b.Source != "" && b.Of.Resource == resource {
			all = append(all, b)
		}
		return true
	})
	return all
}

// StartDBInstanceAutomatedBackupsReplication keeps the automated backups of another Region's instance here too, from now on.
func (s *Service) StartDBInstanceAutomatedBackupsReplication(ctx context.Context, in *rds.StartDBInstanceAutomatedBackupsReplicationInput) (*rds.StartDBInstanceAutomatedBackupsReplicationOutput, error) {
	out := &rds.StartDBInstanceAutomatedBackupsReplicationOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		i, err := s.foreign(tx, c, aws.ToString(in.SourceDBInstanceArn))
		if err != nil {
			return err
		}
		days := int32(7)
		set(&days, in.BackupRetentionPeriod)
		switch {
		case days < 1 || days > 35:
			return invalid("Invalid backup retention period: %d. Must be between 1 and 35.", days)
		case !i.usable():
			return notAvailable(&i)
		case i.BackupSince.IsZero():
			return errorf("InvalidDBInstanceState", "Automated backups are not enabled for %s.", i.ID)
		case i.Encrypted && in.KmsKeyId == nil:
			return invalid("KmsKeyId must be specified to replicate the automated backups of the encrypted DB instance %s.", i.ID)
		}
		for _, b := range s.replicasOf(tx, i.Resource) {
			if b.Status != retained {
				return errorf("InvalidDBInstanceState", "The automated backups of %s are already replicated to %s.", i.ID, b.Region)
			}
		}
		b := Backup{ID: resourceID(tx, "ab-"), Account: c.Account, Region: c.Region, Status: creating, Of: i, Source: i.ARN()}
		b.Of.Retention = days
		if key := aws.ToString(in.KmsKeyId); key != "" {
			if b.Of.KMSKey, err = s.usableKey(tx, c.Account, c.Region, key); err != nil {
				return err
			}
		}
		if len(in.Tags) > 0 {
			if err := s.setTags(tx, b.ARN(), in.Tags); err != nil {
				return err
			}
		}
		s.backups.Put(tx, b.key(), b)
		tx.Due(tx.Now().Add(replicaTakes), dueReplica, b.key())
		out.DBInstanceAutomatedBackup = s.backupWire(tx, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// foreign is an instance of the caller in another Region.
func (s *Service) foreign(tx *store.Tx, c wire.Caller, name string) (Instance, error) {
	account, region, _, ok := parseARN(name, "db")
	if !ok || region == c.Region {
		return Instance{}, invalid("The source must be the ARN of a DB instance of another Region: %s", name)
	}
	if account != c.Account {
		return Instance{}, noInstance(name)
	}
	c.Region = region
	return s.instance(tx, c, name)
}

// replicaDue is the end of the first copy.
func (s *Service) replicaDue(tx *store.Tx, key string) error {
	b, ok := s.backups.Get(tx, key)
	if !ok || b.Status != creating {
		return nil
	}
	b.Status, b.Since, b.Until = active, tx.Now(), tx.Now()
	s.backups.Put(tx, key, b)
	return nil
}

// StopDBInstanceAutomatedBackupsReplication ends it. What was replicated is retained for its days.
func (s *Service) StopDBInstanceAutomatedBackupsReplication(ctx context.Context, in *rds.StopDBInstanceAutomatedBackupsReplicationInput) (*rds.StopDBInstanceAutomatedBackupsReplicationOutput, error) {
	out := &rds.StopDBInstanceAutomatedBackupsReplicationOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		i, err := s.foreign(tx, c, aws.ToString(in.SourceDBInstanceArn))
		if err != nil {
			return err
		}
		for _, b := range s.replicasOf(tx, i.Resource) {
			if b.Region != c.Region || b.Status == retained {
				continue
			}
			if err := s.detach(tx, &b, i); err != nil {
				return err
			}
			out.DBInstanceAutomatedBackup = s.backupWire(tx, b)
			return nil
		}
		return noBackup(i.ARN())
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// detach lets backups of another Region stand alone: they hold what the instance held up to now, for their days.
func (s *Service) detach(tx *store.Tx, b *Backup, i Instance) (err error) {
	if b.Status == creating { // nothing was copied
		s.backups.Delete(tx, b.key())
		tx.Cancel(dueReplica, b.key())
		b.Status = deleting
		return nil
	}
	if b.History, err = s.seal(tx, i.Resource); err != nil {
		return err
	}
	b.Status, b.Until, b.Expires = retained, i.latest(tx.Now()), tx.Now().Add(time.Duration(b.Of.Retention)*day)
	s.backups.Put(tx, b.key(), *b)
	tx.Due(b.Expires, dueExpiry, b.key())
	return nil
}
