package rds

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// maxInstances is how many instances an account has in a Region (RDS User Guide, "Quotas and constraints").
const maxInstances = 40

// maxStorage is how many GiB all of them have together.
const maxStorage = 100_000

// longestName of an instance; SQL Server's are shorter.
const (
	longestName      = 63
	longestSQLServer = 15
)

// CreateDBInstance makes an instance, which can be connected to when it is available.
func (s *Service) CreateDBInstance(ctx context.Context, in *rds.CreateDBInstanceInput) (*rds.CreateDBInstanceOutput, error) {
	out := &rds.CreateDBInstanceOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		e, err := findEngine(aws.ToString(in.Engine), aws.ToString(in.EngineVersion))
		if err != nil {
			return err
		}
		i, err := s.newInstance(tx, c, "DBInstanceIdentifier", in.DBInstanceIdentifier, e)
		if err != nil {
			return err
		}
		i.Cluster, i.DBName, i.Tier, i.Retention = lower(in.DBClusterIdentifier), aws.ToString(in.DBName), 1, 1
		if err := s.origin(tx, &i, e, in); err != nil {
			return err
		}
		change := chosen(in)
		i.Logs = slices.Clone(in.EnableCloudwatchLogsExports)
		if in.PubliclyAccessible == nil {
			i.Public = in.DBSubnetGroupName == nil // the default VPC has a way to the internet
		}
		if err := s.settle(tx, &i, e, change); err != nil {
			return err
		}
		if err := s.begin(tx, &i, database.History{}, in.Tags, in.TagSpecifications); err != nil {
			return err
		}
		out.DBInstance = s.instanceWire(tx, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// newInstance is an instance that is not kept yet, under a name that is free.
func (s *Service) newInstance(tx *store.Tx, c wire.Caller, parameter string, name *string, e engine) (i Instance, err error) {
	longest := longestName
	if e.Edition != "" {
		longest = longestSQLServer
	}
	id, err := s.newName(tx, c, parameter, name, longest)
	if err != nil {
		return i, err
	}
	if count(tx, s.instances, c.Account, c.Region) >= maxInstances {
		return i, errorf("InstanceQuotaExceeded", "DB Instance quota exceeded: an account can have %d instances in a Region.", maxInstances)
	}
	return Instance{
		ID: id, Account: c.Account, Region: c.Region, Resource: resourceID(tx, "db-"), Engine: e.Name, Version: e.Version, License: e.License,
		Port: e.Port, AutoMinor: true, CA: "rds-ca-rsa2048-g1", ParameterStatus: "in-sync", OptionStatus: "in-sync",
	}, nil
}

// newName checks a name that an instance is to have.
func (s *Service) newName(tx *store.Tx, c wire.Caller, parameter string, name *string, longest int) (string, error) {
	id, err := identifier(parameter, name, longest)
	if err != nil {
		return "", err
	}
	if _, there := s.instances.Get(tx, row(c.Account, c.Region, id)); there {
		return "", errorf("DBInstanceAlreadyExists", "DB instance already exists")
	}
	return id, nil
}

// origin is what only a new instance can be given: storage, the master user, encryption. A cluster's member has its cluster's.
func (s *Service) origin(tx *store.Tx, i *Instance, e engine, in *rds.CreateDBInstanceInput) error {
	if e.Cluster != (i.Cluster != "") {
		return invalid("The engine %s requires a DBClusterIdentifier, and only an engine of Aurora has one: %q", e.Name, i.Cluster)
	}
	if i.Cluster != "" {
		if in.MasterUsername != nil || in.MasterUserPassword != nil || in.AllocatedStorage != nil || in.DBName != nil {
			return errorf("InvalidParameterCombination", "The requested DB Instance will be a member of a DB Cluster. Set master user, password, database name and storage for the DB Cluster.")
		}
		return s.member(tx, i)
	}
	if in.AllocatedStorage == nil {
		return errorf("MissingParameter", "The request must contain the parameter AllocatedStorage")
	}
	if err := databaseName(i.DBName, e); err != nil {
		return err
	}
	i.Master = aws.ToString(in.MasterUsername)
	if err := masterName(i.Master, e); err != nil {
		return err
	}
	if err := s.encrypt(tx, i, aws.ToBool(in.StorageEncrypted), aws.ToString(in.KmsKeyId)); err != nil {
		return err
	}
	if aws.ToBool(in.ManageMasterUserPassword) {
		if in.MasterUserPassword != nil {
			return errorf("InvalidParameterCombination", "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.")
		}
		return s.managePassword(tx, i, aws.ToString(in.MasterUserSecretKmsKeyId))
	}
	if in.MasterUserPassword == nil {
		return errorf("MissingParameter", "The request must contain the parameter MasterUserPassword")
	}
	i.Password = *in.MasterUserPassword
	return passwordForm(i.Password)
}

// begin lets an instance be created over a history.
func (s *Service) begin(tx *store.Tx, i *Instance, h database.History, tags []types.Tag, specified []types.TagSpecification) error {
	stored := i.Storage
	for _, other := range listed(tx, s.instances, i.Account, i.Region) {
		stored += other.Storage
	}
	if stored > maxStorage {
		return errorf("StorageQuotaExceeded", "The request would exceed the allowed amount of storage available across all DB instances: %d GiB of %d.", stored, maxStorage)
	}
	for _, spec := range specified {
		if aws.ToString(spec.ResourceType) == "db-instance" {
			tags = append(slices.Clone(tags), spec.Tags...)
		}
	}
	if len(tags) > 0 {
		if err := s.setTags(tx, i.ARN(), tags); err != nil {
			return err
		}
	}
	if i.ClusterResource == "" {
		s.keepHistory(tx, i.Resource, h)
	}
	i.BackupID = resourceID(tx, "ab-")
	if err := s.addressed(tx, i.Account, i.Region, doorInstance, i.ID); err != nil {
		return err
	}
	s.enter(tx, i, creating)
	return nil
}

// databaseName checks the database that is made with an instance.
func databaseName(name string, e engine) error {
	switch {
	case name == "":
		return nil
	case e.Edition != "":
		return invalid("DBName must be null for engine: %s", e.Name)
	case !isLetter(name[0]) && name[0] != '_' || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
		return invalid("DBName must begin with a letter and contain only alphanumeric characters.")
	case len(name) > longestName:
		return invalid("DBName must be at most %d characters long.", longestName)
	}
	return nil
}

// masterName checks the name of the master user.
func masterName(name string, e engine) error {
	switch {
	case name == "":
		return errorf("MissingParameter", "The request must contain the parameter MasterUsername")
	case !isLetter(name[0]) || len(name) > e.LongestUser || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
		return invalid("The parameter MasterUsername is not valid: it must be 1 to %d letters, numbers or underscores, and the first must be a letter.", e.LongestUser)
	case slices.Contains(e.Roots, strings.ToLower(name)):
		return invalid("MasterUsername %s cannot be used as it is a reserved word used by the engine", name)
	}
	return nil
}

// storageKey is the key that AWS manages for storage, of who names none.
const storageKey = "alias/aws/rds"

// encrypt gives an instance the key of its storage.
func (s *Service) encrypt(tx *store.Tx, i *Instance, encrypted bool, key string) (err error) {
	switch {
	case key != "" && !encrypted:
		return errorf("InvalidParameterCombination", "KmsKeyId can only be specified when StorageEncrypted is true.")
	case !encrypted:
		return nil
	case key == "":
		key = storageKey
	}
	i.Encrypted = true
	i.KMSKey, err = s.usableKey(tx, i.Account, i.Region, key)
	return err
}

// usableKey is the ARN of a key that an account may use.
func (s *Service) usableKey(tx *store.Tx, account, region, key string) (string, error) {
	arn, err := s.o.Keys.Usable(tx, account, region, key, "kms:GenerateDataKey", account)
	if err != nil {
		return "", errorf("KMSKeyNotAccessibleFault", "The specified KMS key [%s] does not exist, is not enabled or you do not have permissions to access it.", key)
	}
	return arn, nil
}
