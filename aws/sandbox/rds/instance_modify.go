package rds

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// ModifyDBInstance changes settings: some at once, some at once only with ApplyImmediately and else in the maintenance window
// (RDS User Guide, "Settings for DB instances").
func (s *Service) ModifyDBInstance(ctx context.Context, in *rds.ModifyDBInstanceInput) (*rds.ModifyDBInstanceOutput, error) {
	out := &rds.ModifyDBInstanceOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		i, err := s.instance(tx, c, aws.ToString(in.DBInstanceIdentifier))
		if err != nil {
			return err
		}
		change := chosen(in)
		now, soon, later := change.split(i)
		work := (&later).with(soon) != nil
		if work && !i.mendable() || i.Status == deleting {
			return errorf("InvalidDBInstanceState", "Database instance is not in available state.")
		}
		if err := s.modifiable(tx, c, i, change, aws.ToBool(in.AllowMajorVersionUpgrade)); err != nil {
			return err
		}
		if err := s.apply(tx, &i, now); err != nil {
			return err
		}
		i.Pending = i.Pending.with(later)
		if all := i.Pending.with(soon); all != nil && aws.ToBool(in.ApplyImmediately) && i.mendable() {
			soon, i.Pending, work = *all, nil, true // what was pending too (RDS User Guide, "Using the schedule modifications setting")
		}
		if work {
			s.do(tx, &i, soon)
		} else {
			s.instances.Put(tx, i.key(), i)
		}
		out.DBInstance = s.instanceWire(tx, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// modifiable refuses what a modification cannot do, by trying it on a copy. major allows another major version.
func (s *Service) modifiable(tx *store.Tx, c wire.Caller, i Instance, change Change, major bool) error {
	e, err := change.engine(i)
	if err != nil {
		return err
	}
	if was, err := findEngine(i.Engine, i.Version); err == nil && was.Major != e.Major && !major {
		return errorf("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
	}
	if name := change.NewDBInstanceIdentifier; name != nil {
		longest := longestName
		if e.Edition != "" {
			longest = longestSQLServer
		}
		if _, err := s.newName(tx, c, "NewDBInstanceIdentifier", name, longest); err != nil {
			return err
		}
	}
	if size := change.AllocatedStorage; size != nil && *size < i.Storage {
		return errorf("InvalidParameterCombination", "The allocated storage of a DB instance cannot be reduced: it is %d GiB, and %d GiB was asked for.", i.Storage, *size)
	}
	if group := change.DBSubnetGroupName; group != nil {
		g, err := s.subnetGroup(tx, i.Account, i.Region, *group)
		if err != nil {
			return err
		}
		if g.VPC == i.VPC {
			return errorf("InvalidVPCNetworkStateFault", "You cannot move DB instance %s to subnet group %s. The specified DB subnet group and DB instance are in the same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again.", i.ID, g.Name)
		}
	}
	if err := change.passwords(i); err != nil {
		return err
	}
	return s.settle(tx, &i, e, change)
}

// engine is the one an instance has with a change: a newer version may be asked for.
func (c Change) engine(i Instance) (engine, error) {
	version := i.Version
	set(&version, c.EngineVersion)
	e, err := findEngine(i.Engine, version)
	if err == nil && c.EngineVersion != nil && older(e.Version, i.Version) {
		err = errorf("InvalidParameterCombination", "Cannot upgrade %s from %s to %s", i.Engine, i.Version, e.Version)
	}
	return e, err
}

// older compares versions of one engine.
func older(a, b string) bool {
	at := func(v string) int {
		return slices.IndexFunc(engines(), func(e engine) bool { return e.Version == v })
	}
	return at(a) < at(b)
}

// split tells what is applied now, what is worked on at once whatever ApplyImmediately says, and what waits for the window.
func (c Change) split(i Instance) (now, soon, later Change) {
	now = c
	now.take(&later)
	soon = Change{
		MasterUserPassword: c.MasterUserPassword, ManageMasterUserPassword: c.ManageMasterUserPassword, MasterUserSecretKmsKeyId: c.MasterUserSecretKmsKeyId,
		RotateMasterUserPassword: c.RotateMasterUserPassword, CloudwatchLogsExportConfiguration: c.CloudwatchLogsExportConfiguration,
	}
	if days := c.BackupRetentionPeriod; days != nil && (*days == 0) != (i.Retention == 0) {
		now.BackupRetentionPeriod, later.BackupRetentionPeriod = nil, days
	}
	return now, soon, later
}

// take moves what takes work into later. The security groups go with a subnet group: they are of the other VPC.
func (c *Change) take(later *Change) {
	*later = Change{
		DBInstanceClass: c.DBInstanceClass, EngineVersion: c.EngineVersion, LicenseModel: c.LicenseModel, StorageType: c.StorageType,
		AllocatedStorage: c.AllocatedStorage, Iops: c.Iops, StorageThroughput: c.StorageThroughput, MultiAZ: c.MultiAZ,
		EnableIAMDatabaseAuthentication: c.EnableIAMDatabaseAuthentication, CACertificateIdentifier: c.CACertificateIdentifier,
		DBSubnetGroupName: c.DBSubnetGroupName, OptionGroupName: c.OptionGroupName, DBPortNumber: c.DBPortNumber, NewDBInstanceIdentifier: c.NewDBInstanceIdentifier,
	}
	c.DBInstanceClass, c.EngineVersion, c.LicenseModel, c.StorageType = nil, nil, nil, nil
	c.AllocatedStorage, c.Iops, c.StorageThroughput, c.MultiAZ = nil, nil, nil, nil
	c.EnableIAMDatabaseAuthentication, c.CACertificateIdentifier = nil, nil
	c.DBSubnetGroupName, c.OptionGroupName, c.DBPortNumber, c.NewDBInstanceIdentifier = nil, nil, nil, nil
	if later.DBSubnetGroupName != nil {
		later.VpcSecurityGroupIds, c.VpcSecurityGroupIds = c.VpcSecurityGroupIds, nil
	}
}

// with is a change and another after it; nil when there is nothing in either. Neither is touched: rows share what they point to.
func (c *Change) with(other Change) *Change {
	sum := Change{}
	for _, part := range []*Change{c, &other} {
		text, _ := json.Marshal(part) // null where there is none, which changes nothing
		json.Unmarshal(text, &sum)
	}
	if empty, _ := json.Marshal(sum); string(empty) == "{}" {
		return nil
	}
	return &sum
}

// apply puts a change that needs no work into an instance.
func (s *Service) apply(tx *store.Tx, i *Instance, c Change) error {
	e, err := c.engine(*i)
	if err != nil {
		return err
	}
	days := i.Retention
	if err := s.settle(tx, i, e, c); err != nil {
		return err
	}
	if i.Retention != days && i.Retention > 0 && days > 0 {
		if err := s.retain(tx, i); err != nil {
			return err
		}
	}
	if c.PreferredBackupWindow != nil {
		s.planBackup(tx, *i)
	}
	return nil
}

// do begins the work on a change, and sets when what is pending comes.
func (s *Service) do(tx *store.Tx, i *Instance, c Change) {
	if i.Pending != nil {
		tx.Due(nextWeekly(i.Maintenance, tx.Now()), dueMaintenance, i.dueKey())
	} else {
		tx.Cancel(dueMaintenance, i.dueKey())
	}
	if i.Pending != nil && i.Pending.OptionGroupName != nil {
		i.OptionStatus = pendingMaintenance
	}
	if i.Doing = (*Change)(nil).with(c); i.Doing == nil {
		s.instances.Put(tx, i.key(), *i)
		return
	}
	if c.OptionGroupName != nil {
		i.OptionStatus = pendingApply
	}
	state := c.state()
	s.tell(tx, *i, "Applying modification to the DB instance: "+state, "configuration change")
	s.enter(tx, i, state)
}

// state is what an instance is in while a change is worked on.
func (c Change) state() string {
	only := func(part Change) bool {
		whole, _ := json.Marshal(c)
		of, _ := json.Marshal(part)
		return string(whole) == string(of)
	}
	switch {
	case c.NewDBInstanceIdentifier != nil:
		return renaming
	case only(Change{MasterUserPassword: c.MasterUserPassword, RotateMasterUserPassword: c.RotateMasterUserPassword}):
		return resetting
	case only(Change{EnableIAMDatabaseAuthentication: c.EnableIAMDatabaseAuthentication}):
		return configuringAuth
	case only(Change{CloudwatchLogsExportConfiguration: c.CloudwatchLogsExportConfiguration}):
		return configuringLogs
	}
	return modifying
}

// maintenanceDue begins what waited for the maintenance window. A stopped instance waits for the next one.
func (s *Service) maintenanceDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	i, ok := s.resource(tx, account, region, resource)
	switch {
	case !ok || i.Pending == nil:
	case i.usable():
		c := *i.Pending
		i.Pending = nil
		s.do(tx, &i, c)
	case takes[i.Status] > 0 && i.Status != deleting:
		tx.Due(tx.Now().Add(again), dueMaintenance, key)
	default:
		tx.Due(nextWeekly(i.Maintenance, tx.Now()), dueMaintenance, key)
	}
	return nil
}

// modified is the end of the work on a change.
func (s *Service) modified(tx *store.Tx, i *Instance) error {
	var c Change
	set(&c, i.Doing)
	i.Doing = nil
	before := *i
	e, err := c.engine(*i)
	if err == nil {
		err = s.settle(tx, i, e, c)
	}
	if err == nil {
		err = s.passwordChange(tx, i, c)
	}
	if err != nil { // what it refers to was deleted meanwhile
		*i = before
		s.tell(tx, *i, "The modification could not be applied: "+err.Error(), "failure")
		s.enter(tx, i, available)
		return nil
	}
	if i.Version = e.Version; c.OptionGroupName != nil {
		s.joinOptions(tx, i)
	}
	i.Logs = exports(i.Logs, c.CloudwatchLogsExportConfiguration)
	if i.Class != before.Class || i.MultiAZ != before.MultiAZ || i.Port != before.Port || i.Version != before.Version || i.VPC != before.VPC {
		i.Boot++
	}
	if name := lower(c.NewDBInstanceIdentifier); name != "" {
		if err := s.rename(tx, i, name); err != nil {
			return err
		}
	}
	s.tell(tx, *i, "Finished applying modification to the DB instance", "configuration change")
	switch {
	case before.Retention == 0 && i.Retention > 0:
		return s.backUp(tx, i)
	case before.Retention > 0 && i.Retention == 0:
		if err := s.retain(tx, i); err != nil {
			return err
		}
	case i.Storage != before.Storage:
		s.enter(tx, i, optimizing)
		return nil
	}
	s.enter(tx, i, available)
	return nil
}

// rename moves an instance to another name. Its data, its automated backups and what is due are its resource id's and stay;
// its address is the new name's. A name that was taken meanwhile leaves it where it is.
func (s *Service) rename(tx *store.Tx, i *Instance, name string) error {
	if _, taken := s.instances.Get(tx, row(i.Account, i.Region, name)); taken {
		s.tell(tx, *i, "Unable to rename the DB instance: "+name+" exists", "failure")
		return nil
	}
	old := *i
	s.instances.Delete(tx, old.key())
	i.ID = name
	s.moveTags(tx, old.ARN(), i.ARN())
	s.tell(tx, *i, "Renamed instance from "+old.ID+" to "+i.ID, "configuration change")
	return s.addressed(tx, i.Account, i.Region, doorInstance, i.ID)
}

// exports are the logs that are published after a change.
func exports(logs []string, c *types.CloudwatchLogsExportConfiguration) []string {
	if c == nil {
		return logs
	}
	logs = slices.DeleteFunc(slices.Clone(logs), func(l string) bool { return slices.Contains(c.DisableLogTypes, l) })
	logs = append(logs, c.EnableLogTypes...)
	slices.Sort(logs)
	return slices.Compact(logs)
}

// pendingWire is what an instance has still to become, as RDS shows it.
func (i Instance) pendingWire() *types.PendingModifiedValues {
	var c Change
	set(&c, i.Pending)
	if i.Doing != nil {
		if sum := (&c).with(*i.Doing); sum != nil {
			c = *sum
		}
	}
	out := &types.PendingModifiedValues{
		DBInstanceClass: c.DBInstanceClass, AllocatedStorage: c.AllocatedStorage, StorageType: c.StorageType, Iops: c.Iops, StorageThroughput: c.StorageThroughput,
		MultiAZ: c.MultiAZ, EngineVersion: c.EngineVersion, LicenseModel: c.LicenseModel, Port: c.DBPortNumber, DBInstanceIdentifier: c.NewDBInstanceIdentifier,
		BackupRetentionPeriod: c.BackupRetentionPeriod, IAMDatabaseAuthenticationEnabled: c.EnableIAMDatabaseAuthentication,
		CACertificateIdentifier: c.CACertificateIdentifier, DBSubnetGroupName: c.DBSubnetGroupName,
	}
	if c.MasterUserPassword != nil {
		out.MasterUserPassword = aws.String("****")
	}
	if logs := c.CloudwatchLogsExportConfiguration; logs != nil {
		out.PendingCloudwatchLogsExports = &types.PendingCloudwatchLogsExports{LogTypesToEnable: logs.EnableLogTypes, LogTypesToDisable: logs.DisableLogTypes}
	}
	return out
}
