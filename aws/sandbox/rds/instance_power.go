package rds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// change runs fn on the caller's instance as one transaction, and shows what fn made of it.
func (s *Service) change(ctx context.Context, name *string, fn func(tx *store.Tx, c wire.Caller, i *Instance) error) (out *types.DBInstance, err error) {
	err = s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		i, err := s.instance(tx, c, aws.ToString(name))
		if err != nil {
			return err
		}
		if err := fn(tx, c, &i); err != nil {
			return err
		}
		out = s.instanceWire(tx, i)
		return nil
	})
	return out, err
}

func notAvailable(i *Instance) error {
	return errorf("InvalidDBInstanceState", "Instance %s is not in available state.", i.ID)
}

// RebootDBInstance ends all sessions and starts the engine again, with the parameters that waited for it.
func (s *Service) RebootDBInstance(ctx context.Context, in *rds.RebootDBInstanceInput) (*rds.RebootDBInstanceOutput, error) {
	out, err := s.change(ctx, in.DBInstanceIdentifier, func(tx *store.Tx, _ wire.Caller, i *Instance) error {
		switch failover := aws.ToBool(in.ForceFailover); {
		case !i.mendable():
			return notAvailable(i)
		case failover && !i.MultiAZ:
			return errorf("InvalidParameterCombination", "Cannot force failover of the DB instance %s: it is not a Multi-AZ instance.", i.ID)
		case failover:
			i.Zone, i.SecondZone = i.SecondZone, i.Zone
		}
		i.Boot++
		s.enter(tx, i, rebooting)
		return nil
	})
	return &rds.RebootDBInstanceOutput{DBInstance: out}, err
}

// StopDBInstance stops an instance, for seven days at most. Its data and its automated backups stay.
func (s *Service) StopDBInstance(ctx context.Context, in *rds.StopDBInstanceInput) (*rds.StopDBInstanceOutput, error) {
	out, err := s.change(ctx, in.DBInstanceIdentifier, func(tx *store.Tx, c wire.Caller, i *Instance) error {
		switch {
		case i.ClusterResource != "":
			return errorf("InvalidDBInstanceState", "%s is a member of a DB cluster: stop the cluster.", i.ID)
		case i.Status != available:
			return notAvailable(i)
		case i.MultiAZ && editions[i.Engine] != "":
			return errorf("InvalidDBInstanceState", "A Multi-AZ DB instance of SQL Server cannot be stopped.")
		}
		if in.DBSnapshotIdentifier != nil {
			if _, err := s.manualSnapshot(tx, c, i, in.DBSnapshotIdentifier); err != nil {
				return err
			}
		}
		tx.Cancel(dueBackup, i.dueKey())
		s.enter(tx, i, stopping)
		return nil
	})
	return &rds.StopDBInstanceOutput{DBInstance: out}, err
}

// StartDBInstance starts a stopped instance.
func (s *Service) StartDBInstance(ctx context.Context, in *rds.StartDBInstanceInput) (*rds.StartDBInstanceOutput, error) {
	out, err := s.change(ctx, in.DBInstanceIdentifier, func(tx *store.Tx, _ wire.Caller, i *Instance) error {
		if i.Status != stopped && i.Status != noCapacity {
			return errorf("InvalidDBInstanceState", "Instance %s is not in stopped state.", i.ID)
		}
		tx.Cancel(dueRestart, i.dueKey())
		s.enter(tx, i, starting)
		return nil
	})
	return &rds.StartDBInstanceOutput{DBInstance: out}, err
}

// AddRoleToDBInstance lets an instance use a role for a feature, as SQL Server's S3_INTEGRATION.
func (s *Service) AddRoleToDBInstance(ctx context.Context, in *rds.AddRoleToDBInstanceInput) (*rds.AddRoleToDBInstanceOutput, error) {
	role, feature := aws.ToString(in.RoleArn), aws.ToString(in.FeatureName)
	_, err := s.change(ctx, in.DBInstanceIdentifier, func(tx *store.Tx, c wire.Caller, i *Instance) error {
		e, err := findEngine(i.Engine, i.Version)
		switch {
		case err != nil:
			return err
		case !i.usable():
			return notAvailable(i)
		case !slices.Contains(e.Features, feature):
			return invalid("The feature name %s isn't valid for engine %s %s.", feature, e.Name, e.Version)
		case slices.ContainsFunc(i.Roles, func(r types.DBInstanceRole) bool { return *r.RoleArn == role && *r.FeatureName == feature }):
			return errorf("DBInstanceRoleAlreadyExists", "The role %s is already associated with the DB instance %s.", role, i.ID)
		}
		if err := s.o.Roles.Assumable(tx, c.Account, role, principal); err != nil {
			return invalid("IAM role ARN value is invalid or does not include the required permissions for: %s", feature)
		}
		i.Roles = append(slices.Clone(i.Roles), types.DBInstanceRole{RoleArn: &role, FeatureName: &feature, Status: aws.String("ACTIVE")})
		s.instances.Put(tx, i.key(), *i)
		return nil
	})
	return &rds.AddRoleToDBInstanceOutput{}, err
}

// RemoveRoleFromDBInstance takes a role away.
func (s *Service) RemoveRoleFromDBInstance(ctx context.Context, in *rds.RemoveRoleFromDBInstanceInput) (*rds.RemoveRoleFromDBInstanceOutput, error) {
	role, feature := aws.ToString(in.RoleArn), aws.ToString(in.FeatureName)
	_, err := s.change(ctx, in.DBInstanceIdentifier, func(tx *store.Tx, _ wire.Caller, i *Instance) error {
		left := slices.DeleteFunc(slices.Clone(i.Roles), func(r types.DBInstanceRole) bool { return *r.RoleArn == role && *r.FeatureName == feature })
		if len(left) == len(i.Roles) {
			return errorf("DBInstanceRoleNotFound", "The role %s is not associated with the DB instance %s.", role, i.ID)
		}
		i.Roles = left
		s.instances.Put(tx, i.key(), *i)
		return nil
	})
	return &rds.RemoveRoleFromDBInstanceOutput{}, err
}
