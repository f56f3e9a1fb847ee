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

// maxClusters is a quota (RDS User Guide, "Quotas and constraints for Amazon RDS").
const maxClusters = 40

// dataZones is how many zones hold a cluster's data.
const dataZones = 3

// CreateDBCluster makes an Aurora cluster. It has no instance yet: nobody can connect before one is created in it.
func (s *Service) CreateDBCluster(ctx context.Context, in *rds.CreateDBClusterInput) (*rds.CreateDBClusterOutput, error) {
	out := &rds.CreateDBClusterOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		if err := offered(in); err != nil {
			return err
		}
		c, e, err := s.newCluster(tx, caller, in.DBClusterIdentifier, aws.ToString(in.Engine), aws.ToString(in.EngineVersion))
		if err != nil {
			return err
		}
		c.Serverless = in.ServerlessV2ScalingConfiguration
		c.Common.DBName, c.Common.Master, c.Common.Retention = aws.ToString(in.DatabaseName), aws.ToString(in.MasterUsername), 1
		if err := databaseName(c.Common.DBName, e); err != nil {
			return err
		}
		if err := masterName(c.Common.Master, e); err != nil {
			return err
		}
		if err := s.encrypt(tx, &c.Common, aws.ToBool(in.StorageEncrypted), aws.ToString(in.KmsKeyId)); err != nil {
			return err
		}
		if err := s.firstPassword(tx, &c, in); err != nil {
			return err
		}
		change := chosen(in)
		if err := s.settleCluster(tx, &c, e, change, in.DBClusterParameterGroupName, in.AvailabilityZones); err != nil {
			return err
		}
		if err := s.beginCluster(tx, &c, database.History{}, change, in.Tags, in.TagSpecifications); err != nil {
			return err
		}
		out.DBCluster = s.clusterWire(tx, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// offered refuses kinds of clusters that the sandbox does not have, rather than to make another kind.
func offered(in *rds.CreateDBClusterInput) error {
	mode, given := aws.ToString(in.EngineMode), ""
	for name, is := range map[string]bool{
		"AllocatedStorage": in.AllocatedStorage != nil, "BacktrackWindow": aws.ToInt64(in.BacktrackWindow) != 0, "DBClusterInstanceClass": in.DBClusterInstanceClass != nil,
		"EnableHttpEndpoint": aws.ToBool(in.EnableHttpEndpoint), "GlobalClusterIdentifier": in.GlobalClusterIdentifier != nil,
		"ReplicationSourceIdentifier": in.ReplicationSourceIdentifier != nil, "ScalingConfiguration": in.ScalingConfiguration != nil,
	} {
		if is {
			given = max(given, name)
		}
	}
	switch {
	case mode != "" && mode != "provisioned":
		return invalid("The engine mode %s you requested is currently unavailable.", mode)
	case given != "":
		return errorf("InvalidParameterCombination", "The sandbox has no clusters with the parameter %s.", given)
	}
	return nil
}

// newCluster is a cluster that is not kept yet, under a name that is free.
func (s *Service) newCluster(tx *store.Tx, caller wire.Caller, name *string, engineName, version string) (c Cluster, e engine, err error) {
	if e, err = findEngine(engineName, version); err != nil {
		return c, e, err
	}
	if !e.Cluster {
		return c, e, invalid("Invalid DB engine: %s. The sandbox has clusters of Aurora only.", e.Name)
	}
	id, err := identifier("DBClusterIdentifier", name, longestName)
	if err != nil {
		return c, e, err
	}
	if _, there := s.clusterRows.Get(tx, row(caller.Account, caller.Region, id)); there {
		return c, e, errorf("DBClusterAlreadyExistsFault", "DB Cluster already exists")
	}
	if count(tx, s.clusterRows, caller.Account, caller.Region) >= maxClusters {
		return c, e, errorf("DBClusterQuotaExceededFault", "DB Cluster quota exceeded: an account can have %d clusters in a Region.", maxClusters)
	}
	c = Cluster{ID: id, Account: caller.Account, Region: caller.Region, Resource: resourceID(tx, "cluster-"), Clones: tx.UUID()}
	c.Common = Instance{
		ID: id, Account: c.Account, Region: c.Region, Resource: c.Resource, Engine: e.Name, Version: e.Version, License: e.License, Port: e.Port,
		BackupID: resourceID(tx, "ab-"),
	}
	return c, e, nil
}

// firstPassword is the master password that a caller chose, or one that RDS manages.
func (s *Service) firstPassword(tx *store.Tx, c *Cluster, in *rds.CreateDBClusterInput) error {
	change := Change{MasterUserPassword: in.MasterUserPassword, ManageMasterUserPassword: in.ManageMasterUserPassword}
	if err := change.passwords(c.Common); err != nil {
		return err
	}
	switch {
	case aws.ToBool(in.ManageMasterUserPassword):
		return s.manageCluster(tx, c, aws.ToString(in.MasterUserSecretKmsKeyId))
	case in.MasterUserPassword == nil:
		return errorf("InvalidParameterCombination", "The parameter MasterUserPassword must be provided and must not be blank.")
	}
	c.Common.Password = *in.MasterUserPassword
	return nil
}

// manageCluster lets RDS make the master password and keep it in Secrets Manager, under the name rds!cluster- and an id.
func (s *Service) manageCluster(tx *store.Tx, c *Cluster, key string) (err error) {
	if key == "" {
		key = secretKey
	}
	if key, err = s.usableKey(tx, c.Account, c.Region, key); err != nil {
		return err
	}
	c.Common.Password = newPassword(tx)
	arn, err := s.o.Secrets.Make(tx, c.Account, c.Region, "rds!cluster-"+tx.UUID(),
		"The secret associated with the primary RDS DB cluster: "+c.ARN(), key, "rds", c.Common.secretValue())
	if err != nil {
		return err
	}
	c.Common.Secret = &Secret{ARN: arn, KMSKey: key, Status: active}
	return nil
}

// settleCluster puts what was chosen into a cluster, after the checks that creating, restoring and modifying have in common.
func (s *Service) settleCluster(tx *store.Tx, c *Cluster, e engine, change Change, parameters *string, zones []string) error {
	i := c.Common
	set(&i.IAMAuth, change.EnableIAMDatabaseAuthentication)
	set(&i.Protected, change.DeletionProtection)
	set(&i.CopyTags, change.CopyTagsToSnapshot)
	set(&i.Port, change.Port)
	switch {
	case i.Port < 1150 || i.Port > 65535:
		return invalid("The parameter Port must be between 1150 and 65535: %d", i.Port)
	case change.BackupRetentionPeriod != nil && *change.BackupRetentionPeriod < 1:
		return invalid("Invalid backup retention period: %d. Must be between 1 and 35.", *change.BackupRetentionPeriod)
	}
	if kind := aws.ToString(change.StorageType); kind != "" || i.StorageType == "" {
		v, err := e.volume(kind, 0)
		if err != nil {
			return err
		}
		i.StorageType = v.Type
	}
	change.AvailabilityZone, change.MultiAZ = nil, nil
	if err := s.settleNetwork(tx, &i, e, change); err != nil {
		return err
	}
	if err := s.settleBackups(tx, &i, e, change); err != nil {
		return err
	}
	c.Common = i
	if err := c.settleParameters(e, parameters); err != nil {
		return err
	}
	return s.settleZones(tx, c, zones)
}

// settleParameters chooses the parameter group of a cluster, which is the family's default one.
func (c *Cluster) settleParameters(e engine, name *string) error {
	group := defaultPrefix + e.Family
	if name != nil && lower(name) != group {
		return errorf("DBClusterParameterGroupNotFound", "DBClusterParameterGroup not found: %s", *name)
	}
	c.ParameterGroup = group
	return nil
}

// settleZones chooses the zones that hold a cluster's data among those of its subnet group.
func (s *Service) settleZones(tx *store.Tx, c *Cluster, asked []string) error {
	g, err := s.subnetGroup(tx, c.Account, c.Region, c.Common.SubnetGroup)
	if err != nil {
		return err
	}
	zones := g.zones()
	for _, zone := range asked {
		if !slices.Contains(zones, zone) {
			return errorf("InvalidVPCNetworkStateFault", "Availability zone '%s' is unavailable in this region, please choose another zone set.", zone)
		}
	}
	if len(asked) > 0 {
		zones = asked
	}
	c.Zones = slices.Clone(zones[:min(len(zones), dataZones)])
	return nil
}

// beginCluster lets a cluster be created over a history.
func (s *Service) beginCluster(tx *store.Tx, c *Cluster, h database.History, change Change, tags []types.Tag, specified []types.TagSpecification) error {
	for _, spec := range specified {
		if aws.ToString(spec.ResourceType) == "cluster" || aws.ToString(spec.ResourceType) == "db-cluster" {
			tags = slices.Concat(tags, spec.Tags)
		}
	}
	if err := s.setTags(tx, c.ARN(), tags); err != nil {
		return err
	}
	if err := s.addressed(tx, c.Account, c.Region, doorWriter, c.ID); err != nil {
		return err
	}
	c.Common.Logs = slices.Clone(change.EnableCloudwatchLogsExports)
	s.keepHistory(tx, c.Resource, h)
	s.enterCluster(tx, c, creating)
	return nil
}

// clusterCreated is the end of creating: there are databases now, and backups of them from here on.
func (s *Service) clusterCreated(tx *store.Tx, c *Cluster) error {
	c.Made, c.Common.Made, c.Common.BackupSince = tx.Now(), tx.Now(), tx.Now()
	if err := s.furnish(tx, c.Common); err != nil {
		return err
	}
	message := "DB cluster created"
	if c.Common.Restored {
		message = "Restored DB cluster"
	}
	s.tellCluster(tx, *c, message, "creation")
	s.enterCluster(tx, c, available)
	return s.backUpCluster(tx, c)
}
