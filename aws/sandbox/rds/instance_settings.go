package rds

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
)

// Change is what a caller may choose for an instance, under the names that the inputs of creating, restoring and modifying
// one have in common. What is nil was not chosen.
type Change struct {
	DBInstanceClass                                                                 *string                                  `json:",omitempty"`
	EngineVersion, LicenseModel, StorageType, CACertificateIdentifier               *string                                  `json:",omitempty"`
	AllocatedStorage, MaxAllocatedStorage, Iops, StorageThroughput                  *int32                                   `json:",omitempty"`
	MultiAZ, PubliclyAccessible, EnableIAMDatabaseAuthentication                    *bool                                    `json:",omitempty"`
	AvailabilityZone, DBSubnetGroupName, DBParameterGroupName, OptionGroupName      *string                                  `json:",omitempty"`
	VpcSecurityGroupIds, EnableCloudwatchLogsExports                                []string                                 `json:",omitempty"`
	BackupRetentionPeriod, Port, DBPortNumber, PromotionTier                        *int32                                   `json:",omitempty"`
	PreferredBackupWindow, PreferredMaintenanceWindow                               *string                                  `json:",omitempty"`
	DeletionProtection, CopyTagsToSnapshot, AutoMinorVersionUpgrade                 *bool                                    `json:",omitempty"`
	KmsKeyId, MasterUserPassword, MasterUserSecretKmsKeyId, NewDBInstanceIdentifier *string                                  `json:",omitempty"`
	ManageMasterUserPassword, RotateMasterUserPassword                              *bool                                    `json:",omitempty"`
	CloudwatchLogsExportConfiguration                                               *types.CloudwatchLogsExportConfiguration `json:",omitempty"`
}

// chosen reads what an input chooses.
func chosen(input any) (c Change) {
	text, err := json.Marshal(input)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		panic(fmt.Sprintf("rds: settings of a %T: %v", input, err)) // the names and types are the SDK's own
	}
	return c
}

// set puts a chosen value in the place of another.
func set[T any](place *T, chosen *T) {
	if chosen != nil {
		*place = *chosen
	}
}

// settle puts what was chosen into an instance of an engine, after the checks that creating, restoring and modifying have in
// common.
func (s *Service) settle(tx *store.Tx, i *Instance, e engine, c Change) error {
	set(&i.Class, c.DBInstanceClass)
	set(&i.License, c.LicenseModel)
	set(&i.MaxStorage, c.MaxAllocatedStorage)
	set(&i.IAMAuth, c.EnableIAMDatabaseAuthentication)
	set(&i.Public, c.PubliclyAccessible)
	set(&i.Protected, c.DeletionProtection)
	set(&i.CopyTags, c.CopyTagsToSnapshot)
	set(&i.AutoMinor, c.AutoMinorVersionUpgrade)
	set(&i.CA, c.CACertificateIdentifier)
	set(&i.Tier, c.PromotionTier)
	set(&i.Port, c.Port)
	set(&i.Port, c.DBPortNumber)
	if i.Port < 1150 || i.Port > 65535 {
		return invalid("The parameter Port must be between 1150 and 65535: %d", i.Port)
	}
	if err := e.class(i.Class); err != nil {
		return err
	}
	for _, check := range []func(*store.Tx, *Instance, engine, Change) error{s.settleStorage, s.settleNetwork, s.settleGroups, s.settleBackups} {
		if err := check(tx, i, e, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) settleStorage(_ *store.Tx, i *Instance, e engine, c Change) error {
	set(&i.StorageType, c.StorageType)
	size := i.Storage
	set(&size, c.AllocatedStorage)
	if i.StorageType == "" && c.Iops != nil {
		i.StorageType = "io1"
	}
	v, err := e.volume(i.StorageType, size)
	if err != nil {
		return err
	}
	if i.StorageType != v.Type || c.StorageType != nil {
		i.StorageType, i.IOPS, i.Throughput = v.Type, v.BaseIOPS, v.BaseThroughput
	}
	set(&i.IOPS, c.Iops)
	set(&i.Throughput, c.StorageThroughput)
	switch {
	case c.Iops != nil && !v.IOPS:
		return errorf("InvalidParameterCombination", "You can't specify IOPS for engine %s and storage type %s.", e.Name, v.Type)
	case v.IOPS && v.BaseIOPS == 0 && i.IOPS == 0:
		return errorf("InvalidParameterCombination", "You must specify IOPS for storage type %s.", v.Type)
	case c.Iops != nil && size < v.IOPSFrom:
		return errorf("InvalidParameterCombination", "You can't specify IOPS or storage throughput for engine %s and a storage size less than %d.", e.Name, v.IOPSFrom)
	case v.IOPS && i.IOPS != 0 && (i.IOPS < v.LeastIOPS || i.IOPS > v.MostIOPS):
		return errorf("InvalidParameterCombination", "Invalid iops value for engine name %s and storage type %s: %d", e.Name, v.Type, i.IOPS)
	case c.StorageThroughput != nil && (*c.StorageThroughput < v.LeastThroughput || *c.StorageThroughput > v.MostThroughput):
		return errorf("InvalidParameterCombination", "Invalid storage throughput value for engine name %s and storage type %s: %d", e.Name, v.Type, *c.StorageThroughput)
	case i.MaxStorage != 0 && i.MaxStorage <= size:
		return errorf("InvalidParameterCombination", "Max storage size must be greater than storage size")
	}
	i.Storage = size
	return nil
}

func (s *Service) settleNetwork(tx *store.Tx, i *Instance, _ engine, c Change) error {
	set(&i.SubnetGroup, c.DBSubnetGroupName)
	g, err := s.subnetGroup(tx, i.Account, i.Region, i.SubnetGroup)
	if err != nil {
		return err
	}
	i.SubnetGroup = g.Name
	if i.VPC != g.VPC { // new, or moved: the groups of the VPC before are none of this one
		i.VPC, i.Zone, i.SecurityGroups = g.VPC, "", nil
	}
	if len(c.VpcSecurityGroupIds) > 0 {
		i.SecurityGroups = slices.Clone(c.VpcSecurityGroupIds)
	}
	if len(i.SecurityGroups) == 0 {
		i.SecurityGroups = []string{s.o.Network.DefaultSecurityGroup(i.Account, i.Region, i.VPC)}
	}
	for _, id := range c.VpcSecurityGroupIds {
		vpc, ok := s.o.Network.SecurityGroup(tx, i.Account, i.Region, id)
		if !ok {
			return invalid("Invalid security group , groupId= %s, groupName=.", id)
		}
		if vpc != i.VPC {
			return errorf("InvalidParameterCombination", "The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group is in %s", i.VPC, vpc)
		}
	}
	return settleZones(i, g, c)
}

// settleZones chooses the zones among those of the subnet group.
func settleZones(i *Instance, g SubnetGroup, c Change) error {
	zones := g.zones()
	if len(zones) == 0 {
		return errorf("InvalidVPCNetworkStateFault", "DB subnet group %s has no subnets that are there.", g.Name)
	}
	set(&i.MultiAZ, c.MultiAZ)
	if asked := aws.ToString(c.AvailabilityZone); asked != "" {
		if i.MultiAZ {
			return errorf("InvalidParameterCombination", "Requesting a specific availability zone is not valid for Multi-AZ instances.")
		}
		if !slices.Contains(zones, asked) {
			return errorf("InvalidVPCNetworkStateFault", "Availability Zone %s is not valid for the DB subnet group %s: it has subnets in %s.", asked, g.Name, strings.Join(zones, ", "))
		}
		i.Zone = asked
	}
	if i.Zone == "" {
		i.Zone = zones[0]
	}
	i.SecondZone = ""
	if !i.MultiAZ {
		return nil
	}
	other := slices.IndexFunc(zones, func(zone string) bool { return zone != i.Zone })
	if other < 0 {
		return errorf("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", i.Zone)
	}
	i.SecondZone = zones[other]
	return nil
}

func (s *Service) settleGroups(tx *store.Tx, i *Instance, e engine, c Change) error {
	was, err := findEngine(i.Engine, i.Version)
	if err != nil {
		return err
	}
	other := was.Family != e.Family // a major upgrade: default groups become those of the new version
	custom := i.ParameterGroup != "" && i.ParameterGroup != defaultPrefix+was.Family
	if other && custom && c.DBParameterGroupName == nil {
		return errorf("InvalidParameterCombination", "The current DB instance parameter group %s is custom. You must explicitly specify a new DB parameter group, either default or custom, for the engine version upgrade.", i.ParameterGroup)
	}
	if c.DBParameterGroupName != nil || i.ParameterGroup == "" || other {
		g, err := s.parameterGroup(tx, i.Account, i.Region, aws.ToString(c.DBParameterGroupName), e)
		if err != nil {
			return err
		}
		if i.ParameterGroup != "" && i.ParameterGroup != g.Name {
			i.ParameterStatus = "pending-reboot"
		}
		i.ParameterGroup = g.Name
	}
	if c.OptionGroupName != nil || i.OptionGroup == "" || other {
		g, err := s.optionGroup(tx, i.Account, i.Region, aws.ToString(c.OptionGroupName), e, i.VPC)
		if err != nil {
			return err
		}
		i.OptionGroup = g.Name
	}
	return nil
}

// The windows of a Region: where nobody chose one, RDS draws it from these (RDS User Guide, "Backup window").
const (
	backupBlock      = 3 * time.Hour
	backupLength     = 30 * time.Minute
	leastBackup      = 30 * time.Minute
	maintenanceShift = 5 * time.Hour
)

var (
	daily  = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$`)
	weekly = regexp.MustCompile(`^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d$`)
)

func (s *Service) settleBackups(tx *store.Tx, i *Instance, _ engine, c Change) error {
	if days := c.BackupRetentionPeriod; days != nil {
		if *days < 0 || *days > 35 {
			return invalid("Invalid backup retention period: %d. Must be between 0 and 35.", *days)
		}
		i.Retention = *days
	}
	if i.Window == "" {
		begin := backupBlock + time.Duration(tx.Rand().IntN(16))*30*time.Minute
		i.Window = clockOf(begin) + "-" + clockOf(begin+backupLength)
		i.Maintenance = "sun:" + clockOf(begin+maintenanceShift) + "-sun:" + clockOf(begin+maintenanceShift+backupLength)
	}
	if w := aws.ToString(c.PreferredBackupWindow); w != "" {
		if !daily.MatchString(w) || lasts(w[:5], w[6:], day) < leastBackup {
			return invalid("Invalid backup window: %s. It must be in the format hh24:mi-hh24:mi and at least 30 minutes long.", w)
		}
		i.Window = w
	}
	if w := strings.ToLower(aws.ToString(c.PreferredMaintenanceWindow)); w != "" {
		if !weekly.MatchString(w) {
			return invalid("Invalid maintenance window format: %s. It must be in the format ddd:hh24:mi-ddd:hh24:mi.", w)
		}
		i.Maintenance = w
	}
	if overlap(i.Window, i.Maintenance) && (c.PreferredBackupWindow != nil || c.PreferredMaintenanceWindow != nil) {
		return invalid("The backup window and maintenance window must not overlap.")
	}
	return nil
}

// clockOf is a time of day as windows write it.
func clockOf(d time.Duration) string {
	d %= day
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// lasts is how long it is from one time of day to the next other.
func lasts(from, to string, round time.Duration) time.Duration {
	return (since(to) - since(from) + round) % round
}

// since is a time of day as the time since midnight.
func since(clock string) time.Duration {
	t, _ := time.Parse("15:04", clock)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// overlap says whether a daily window and a weekly one have a moment in common on the weekly one's day.
func overlap(daily, weekly string) bool {
	from, to := daily[:5], daily[6:]
	begins, ends := weekly[4:9], weekly[14:]
	return lasts(from, begins, day) < lasts(from, to, day) || lasts(begins, from, day) < lasts(begins, ends, day)
}

// UsesGroup reports whether an instance or a cluster is in a security group of the account, which then cannot be deleted.
func (s *Service) UsesGroup(tx *store.Tx, account, region, group string) (yes bool) {
	prefix := account + "/" + region + "/"
	s.instances.Scan(tx, prefix, func(_ string, i Instance) bool {
		yes = slices.Contains(i.SecurityGroups, group)
		return !yes
	})
	if !yes {
		s.clusterRows.Scan(tx, prefix, func(_ string, c Cluster) bool {
			yes = slices.Contains(c.Common.SecurityGroups, group)
			return !yes
		})
	}
	return yes
}
