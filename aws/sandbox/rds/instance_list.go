package rds

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

var instanceFilters = attributes[Instance]{
	"db-instance-id":  func(i Instance) []string { return []string{i.ID, i.ARN()} },
	"db-cluster-id":   func(i Instance) []string { return []string{i.Cluster, arn(i.Region, i.Account, "cluster", i.Cluster)} },
	"dbi-resource-id": one(func(i Instance) string { return i.Resource }),
	"engine":          one(func(i Instance) string { return i.Engine }),
	"domain":          func(i Instance) []string { return nil },
}

// DescribeDBInstances lists instances, or shows the one that is named.
func (s *Service) DescribeDBInstances(ctx context.Context, in *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error) {
	out := &rds.DescribeDBInstancesOutput{DBInstances: []types.DBInstance{}}
	fits, err := filter(in.Filters, instanceFilters)
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		var all []Instance
		if name := aws.ToString(in.DBInstanceIdentifier); name != "" {
			i, err := s.instance(tx, c, name)
			if err != nil {
				return err
			}
			all = append(all, i)
		} else {
			all = listed(tx, s.instances, c.Account, c.Region)
		}
		all = slices.DeleteFunc(all, func(i Instance) bool { return !fits(i) })
		all, out.Marker, err = paged(all, func(i Instance) string { return i.ID }, in.MaxRecords, in.Marker)
		for _, i := range all {
			out.DBInstances = append(out.DBInstances, *s.instanceWire(tx, i))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// instance is one of the caller's, by its name or ARN.
func (s *Service) instance(tx *store.Tx, c wire.Caller, name string) (Instance, error) {
	id := name
	if strings.HasPrefix(name, "arn:") {
		account, region, named, ok := parseARN(name, "db")
		if !ok || account != c.Account || region != c.Region {
			return Instance{}, noInstance(name)
		}
		id = named
	}
	i, ok := s.instances.Get(tx, row(c.Account, c.Region, strings.ToLower(id)))
	if !ok {
		return i, noInstance(name)
	}
	return i, nil
}

func noInstance(name string) error {
	return errorf("DBInstanceNotFound", "DBInstance %s not found.", name)
}

// instanceWire is an instance as RDS shows it.
func (s *Service) instanceWire(tx *store.Tx, i Instance) *types.DBInstance {
	out := &types.DBInstance{
		DBInstanceIdentifier: aws.String(i.ID), DBInstanceArn: aws.String(i.ARN()), DbiResourceId: aws.String(i.Resource), DBInstanceStatus: aws.String(i.Status),
		Engine: aws.String(i.Engine), EngineVersion: aws.String(i.Version), LicenseModel: aws.String(i.License), DBInstanceClass: aws.String(i.Class),
		AllocatedStorage: aws.Int32(i.Storage), MaxAllocatedStorage: optionalInt(i.MaxStorage), StorageType: aws.String(i.StorageType),
		Iops: optionalInt(i.IOPS), StorageThroughput: aws.Int32(i.Throughput), StorageEncrypted: aws.Bool(i.Encrypted), KmsKeyId: optional(i.KMSKey),
		DBName: optional(i.DBName), MasterUsername: aws.String(i.Master), IAMDatabaseAuthenticationEnabled: aws.Bool(i.IAMAuth), DbInstancePort: aws.Int32(0),
		DBClusterIdentifier: optional(i.Cluster), AvailabilityZone: optional(i.Zone), SecondaryAvailabilityZone: optional(i.SecondZone), MultiAZ: aws.Bool(i.MultiAZ),
		PubliclyAccessible: aws.Bool(i.Public), NetworkType: aws.String("IPV4"), DBSecurityGroups: []types.DBSecurityGroupMembership{},
		DBParameterGroups:      []types.DBParameterGroupStatus{{DBParameterGroupName: aws.String(i.ParameterGroup), ParameterApplyStatus: aws.String(i.ParameterStatus)}},
		OptionGroupMemberships: []types.OptionGroupMembership{{OptionGroupName: aws.String(i.OptionGroup), Status: aws.String(i.OptionStatus)}},
		BackupRetentionPeriod:  aws.Int32(i.Retention), PreferredBackupWindow: aws.String(i.Window), PreferredMaintenanceWindow: aws.String(i.Maintenance),
		BackupTarget: aws.String("region"), DeletionProtection: aws.Bool(i.Protected), CopyTagsToSnapshot: aws.Bool(i.CopyTags),
		AutoMinorVersionUpgrade: aws.Bool(i.AutoMinor), AssociatedRoles: i.Roles, EnabledCloudwatchLogsExports: i.Logs, CACertificateIdentifier: optional(i.CA),
		MonitoringInterval: aws.Int32(0), PerformanceInsightsEnabled: aws.Bool(false), DedicatedLogVolume: aws.Bool(false), MultiTenant: aws.Bool(false),
		CustomerOwnedIpEnabled: aws.Bool(false), ActivityStreamStatus: types.ActivityStreamStatusStopped, ReadReplicaDBInstanceIdentifiers: []string{},
		PendingModifiedValues: i.pendingWire(), TagList: s.tags(tx, i.ARN()),
	}
	for _, id := range i.SecurityGroups {
		out.VpcSecurityGroups = append(out.VpcSecurityGroups, types.VpcSecurityGroupMembership{VpcSecurityGroupId: aws.String(id), Status: aws.String("active")})
	}
	if g, err := s.subnetGroup(tx, i.Account, i.Region, i.SubnetGroup); err == nil {
		shown := g.wire()
		out.DBSubnetGroup = &shown
	}
	for _, b := range s.replicasOf(tx, i.Resource) {
		out.DBInstanceAutomatedBackupsReplications = append(out.DBInstanceAutomatedBackupsReplications, types.DBInstanceAutomatedBackupsReplication{DBInstanceAutomatedBackupsArn: aws.String(b.ARN())})
	}
	if i.Secret != nil {
		out.MasterUserSecret = &types.MasterUserSecret{SecretArn: aws.String(i.Secret.ARN), KmsKeyId: aws.String(i.Secret.KMSKey), SecretStatus: aws.String(i.Secret.Status)}
	}
	if i.Cluster != "" {
		out.PromotionTier = aws.Int32(i.Tier)
	}
	if !i.Made.IsZero() {
		out.InstanceCreateTime = aws.Time(i.Made)
		out.Endpoint = &types.Endpoint{Address: aws.String(host), Port: aws.Int32(int32(s.portOf(tx, i.Account, i.Region, doorInstance, i.ID)))}
	}
	if at := i.latest(tx.Now()); !at.IsZero() {
		out.LatestRestorableTime = aws.Time(at)
	}
	if i.Status == stopped {
		out.AutomaticRestartTime = aws.Time(i.Restarts)
	}
	return out
}
