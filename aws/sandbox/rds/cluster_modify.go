package rds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// ModifyDBCluster changes settings. A new name, password, version or way to log in waits for the maintenance window unless
// ApplyImmediately is set; the rest is applied at once (API reference, "ModifyDBCluster").
func (s *Service) ModifyDBCluster(ctx context.Context, in *rds.ModifyDBClusterInput) (*rds.ModifyDBClusterOutput, error) {
	out := &rds.ModifyDBClusterOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		c, err := s.cluster(tx, caller, aws.ToString(in.DBClusterIdentifier))
		if err != nil {
			return err
		}
		change := chosen(in)
		change.NewDBInstanceIdentifier = in.NewDBClusterIdentifier
		if err := s.clusterModifiable(tx, c, change, in); err != nil {
			return err
		}
		now, work := change.ofCluster()
		e, err := findEngine(c.Common.Engine, c.Common.Version)
		if err != nil {
			return err
		}
		if err := s.settleCluster(tx, &c, e, now, nil, c.Zones); err != nil {
			return err
		}
		s.spreadAll(tx, c)
		if in.ServerlessV2ScalingConfiguration != nil {
			c.Serverless = in.ServerlessV2ScalingConfiguration
		}
		c.Common.Logs = exports(c.Common.Logs, change.CloudwatchLogsExportConfiguration)
		pending := c.Common.Pending.with(work)
		if pending != nil && aws.ToBool(in.ApplyImmediately) {
			c.Common.Pending = nil
			s.workOnCluster(tx, &c, *pending)
		} else {
			c.Common.Pending = pending
			s.clusterRows.Put(tx, c.key(), c)
			if pending != nil {
				tx.Due(nextWeekly(c.Common.Maintenance, tx.Now()), dueClusterMaintenance, c.dueKey())
			}
		}
		out.DBCluster = s.clusterWire(tx, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clusterModifiable refuses what a modification cannot do.
func (s *Service) clusterModifiable(tx *store.Tx, c Cluster, change Change, in *rds.ModifyDBClusterInput) error {
	if c.Status != available {
		return errorf("InvalidDBClusterStateFault", "The DB cluster %s is not in the available state: its state is %s.", c.ID, c.Status)
	}
	if name := change.NewDBInstanceIdentifier; name != nil {
		id, err := identifier("NewDBClusterIdentifier", name, longestName)
		if err != nil {
			return err
		}
		if _, there := s.clusterRows.Get(tx, row(c.Account, c.Region, id)); there {
			return errorf("DBClusterAlreadyExistsFault", "DB Cluster already exists")
		}
	}
	e, err := change.engine(c.Common)
	if err != nil {
		return err
	}
	if in.DBClusterParameterGroupName != nil {
		if err := c.settleParameters(e, in.DBClusterParameterGroupName); err != nil {
			return err
		}
	}
	if e.Family != defaultFamily(c.ParameterGroup) && !aws.ToBool(in.AllowMajorVersionUpgrade) {
		return errorf("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
	}
	return change.passwords(c.Common)
}

// defaultFamily is the family of a default parameter group.
func defaultFamily(group string) string { return group[len(defaultPrefix):] }

// ofCluster tells apart what is applied to a cluster at once and what takes work.
func (c Change) ofCluster() (now, work Change) {
	work = Change{
		NewDBInstanceIdentifier: c.NewDBInstanceIdentifier, MasterUserPassword: c.MasterUserPassword, EngineVersion: c.EngineVersion,
		EnableIAMDatabaseAuthentication: c.EnableIAMDatabaseAuthentication, ManageMasterUserPassword: c.ManageMasterUserPassword,
		MasterUserSecretKmsKeyId: c.MasterUserSecretKmsKeyId, RotateMasterUserPassword: c.RotateMasterUserPassword, Port: c.Port,
	}
	now = c
	now.EnableIAMDatabaseAuthentication, now.Port = nil, nil
	return now, work
}

// workOnCluster begins the work on a change.
func (s *Service) workOnCluster(tx *store.Tx, c *Cluster, change Change) {
	state := modifying
	switch {
	case change.NewDBInstanceIdentifier != nil:
		state = renaming
	case change.EngineVersion != nil:
		state = upgrading
	case change.MasterUserPassword != nil || change.RotateMasterUserPassword != nil:
		state = resetting
	}
	c.Common.Doing = &change
	s.tellCluster(tx, *c, "Applying modification to the DB cluster: "+state, "configuration change")
	s.enterCluster(tx, c, state)
}

// clusterMaintenanceDue begins what waited for the maintenance window.
func (s *Service) clusterMaintenanceDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	c, ok := s.clusterOf(tx, account, region, resource)
	if !ok || c.Common.Pending == nil {
		return nil
	}
	if c.Status != available {
		tx.Due(tx.Now().Add(again), dueClusterMaintenance, key)
		return nil
	}
	change := *c.Common.Pending
	c.Common.Pending = nil
	s.workOnCluster(tx, &c, change)
	return nil
}

// clusterModified is the end of the work on a change.
func (s *Service) clusterModified(tx *store.Tx, c *Cluster) error {
	var change Change
	set(&change, c.Common.Doing)
	c.Common.Doing = nil
	e, err := change.engine(c.Common)
	if err != nil {
		return err
	}
	if c.Common.Version != e.Version || change.Port != nil {
		c.Boot++
	}
	c.Common.Version, c.ParameterGroup = e.Version, defaultPrefix+e.Family
	set(&c.Common.IAMAuth, change.EnableIAMDatabaseAuthentication)
	set(&c.Common.Port, change.Port)
	if err := s.clusterPassword(tx, c, change); err != nil {
		return err
	}
	if change.NewDBInstanceIdentifier != nil {
		if err := s.renameCluster(tx, c, lower(change.NewDBInstanceIdentifier)); err != nil {
			return err
		}
	}
	s.spreadAll(tx, *c)
	s.tellCluster(tx, *c, "Finished applying modification to the DB cluster", "configuration change")
	s.enterCluster(tx, c, available)
	return nil
}

// clusterPassword changes the master password, or who manages it.
func (s *Service) clusterPassword(tx *store.Tx, c *Cluster, change Change) error {
	secret := c.Common.Secret
	switch manage := change.ManageMasterUserPassword; {
	case secret != nil && manage != nil && !*manage:
		s.o.Secrets.Remove(tx, secret.ARN)
		c.Common.Secret = nil
	case secret == nil && aws.ToBool(manage):
		return s.manageCluster(tx, c, aws.ToString(change.MasterUserSecretKmsKeyId))
	case secret != nil && aws.ToBool(change.RotateMasterUserPassword):
		c.Common.Password = newPassword(tx)
		s.o.Secrets.SetValue(tx, secret.ARN, c.Common.secretValue())
	}
	if change.MasterUserPassword != nil {
		c.Common.Password = *change.MasterUserPassword
		s.tellCluster(tx, *c, "Reset master credentials", "configuration change")
	}
	return nil
}

// renameCluster gives a cluster another name, and the address that belongs to that name.
func (s *Service) renameCluster(tx *store.Tx, c *Cluster, name string) error {
	if _, there := s.clusterRows.Get(tx, row(c.Account, c.Region, name)); there {
		s.tellCluster(tx, *c, "The DB cluster was not renamed: the name "+name+" is taken", "failure")
		return nil
	}
	old := *c
	s.clusterRows.Delete(tx, old.key())
	c.ID, c.Common.ID = name, name
	s.moveTags(tx, old.ARN(), c.ARN())
	s.tellCluster(tx, *c, "Renamed cluster from "+old.ID+" to "+name, "notification")
	return s.addressed(tx, c.Account, c.Region, doorWriter, name)
}

// spreadAll gives the cluster's instances what it decides.
func (s *Service) spreadAll(tx *store.Tx, c Cluster) {
	for _, i := range s.membersOf(tx, c) {
		c.spread(&i)
		s.instances.Put(tx, i.key(), i)
	}
}
