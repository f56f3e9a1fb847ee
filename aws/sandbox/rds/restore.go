package rds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// RestoreDBInstanceFromDBSnapshot makes a new instance from a snapshot. It has what the snapshot holds, but not the settings: the
// default parameter group, the default security group, one zone, no deletion protection, unless they are given (RDS User Guide,
// "Restoring to a DB instance").
func (s *Service) RestoreDBInstanceFromDBSnapshot(ctx context.Context, in *rds.RestoreDBInstanceFromDBSnapshotInput) (*rds.RestoreDBInstanceFromDBSnapshotOutput, error) {
	out := &rds.RestoreDBInstanceFromDBSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		snap, err := s.ofInstances().visible(tx, c, c.Region, aws.ToString(in.DBSnapshotIdentifier))
		if err != nil {
			return err
		}
		r := restore{
			parameter: "DBInstanceIdentifier", name: in.DBInstanceIdentifier, of: snap.Of, engine: aws.ToString(in.Engine), change: chosen(in),
			tags: in.Tags, specified: in.TagSpecifications,
			history: func() (database.History, error) { return snap.History, nil },
		}
		r.ready = func() error {
			if err := snap.ready(); err != nil {
				return err
			}
			if snap.Of.Encrypted && snap.Account != c.Account {
				return errorf("InvalidDBSnapshotState", "You can't restore a DB instance from a shared snapshot that is encrypted: copy %s first.", snap.ARN())
			}
			return nil
		}
		out.DBInstance, err = s.restore(tx, c, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// restore is a new instance that is to have the data of another.
type restore struct {
	parameter string // that names it
	name      *string
	of        Instance // where the data is from, as it was
	engine    string   // the one asked for, if any
	change    Change
	tags      []types.Tag
	specified []types.TagSpecification
	ready     func() error // refuses a source that cannot be restored now
	history   func() (database.History, error)
}

// restore makes the instance. The name is checked first, as RDS does.
func (s *Service) restore(tx *store.Tx, c wire.Caller, r restore) (*types.DBInstance, error) {
	e, err := findEngine(r.of.Engine, r.of.Version)
	if err != nil {
		return nil, err
	}
	i, err := s.newInstance(tx, c, r.parameter, r.name, e)
	if err == nil {
		err = r.ready()
	}
	if err == nil {
		err = r.fits(e)
	}
	if err != nil {
		return nil, err
	}
	of := r.of
	i.Restored, i.DBName, i.Master, i.Password, i.Port, i.License, i.CA = true, of.DBName, of.Master, of.Password, of.Port, of.License, of.CA
	i.Class, i.Storage, i.StorageType, i.IOPS, i.Throughput = of.Class, of.Storage, of.StorageType, of.IOPS, of.Throughput
	i.Encrypted, i.KMSKey, i.Retention, i.Window, i.Maintenance = of.Encrypted, of.KMSKey, of.Retention, of.Window, of.Maintenance
	i.Logs = slices.Clone(r.change.EnableCloudwatchLogsExports)
	if r.change.PubliclyAccessible == nil {
		i.Public = r.change.DBSubnetGroupName == nil
	}
	if of.Encrypted {
		if _, err := s.usableKey(tx, c.Account, c.Region, of.KMSKey); err != nil {
			return nil, err
		}
	}
	if r.change.OptionGroupName == nil && of.Account == c.Account && of.Region == c.Region {
		r.change.OptionGroupName = s.sameOptions(tx, of, e)
	}
	if err := s.settle(tx, &i, e, r.change); err != nil {
		return nil, err
	}
	if aws.ToBool(r.change.ManageMasterUserPassword) {
		if err := s.managePassword(tx, &i, aws.ToString(r.change.MasterUserSecretKmsKeyId)); err != nil {
			return nil, err
		}
	}
	h, err := r.history()
	if err != nil {
		return nil, err
	}
	if err := s.begin(tx, &i, h, r.tags, r.specified); err != nil {
		return nil, err
	}
	return s.instanceWire(tx, i), nil
}

// fits refuses what the source cannot be restored as.
func (r restore) fits(e engine) error {
	switch size := r.change.AllocatedStorage; {
	case r.engine != "" && r.engine != e.Name:
		return errorf("InvalidParameterCombination", "The engine %s is not compatible with the source, whose engine is %s.", r.engine, e.Name)
	case size != nil && e.Edition != "":
		return errorf("InvalidParameterCombination", "AllocatedStorage isn't valid for restoring engine %s: its storage is that of the source.", e.Name)
	case size != nil && *size < r.of.Storage:
		return invalid("Invalid storage size for engine name %s and storage type %s: %d", e.Name, r.of.StorageType, *size)
	}
	return nil
}

// sameOptions is the option group that a restore takes over; nil for the default one, and where it is there no longer.
func (s *Service) sameOptions(tx *store.Tx, of Instance, e engine) *string {
	if _, err := s.optionGroup(tx, of.Account, of.Region, of.OptionGroup, e, of.VPC); err != nil {
		return nil
	}
	return &of.OptionGroup
}
