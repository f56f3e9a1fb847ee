package rds

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// States of automated backups.
const (
	active   = "active"
	retained = "retained"
)

// backupOf is the automated backups of an instance that is there.
func (i Instance) backupOf(now time.Time) Backup {
	b := Backup{ID: i.BackupID, Account: i.Account, Region: i.Region, Status: active, Of: i, Since: i.BackupSince, Until: i.latest(now)}
	if i.BackupSince.IsZero() {
		b.Status = creating
	}
	return b
}

var backupFilters = attributes[Backup]{
	"status":          one(func(b Backup) string { return b.Status }),
	"db-instance-id":  func(b Backup) []string { return []string{b.Of.ID, b.Of.ARN()} },
	"dbi-resource-id": one(func(b Backup) string { return b.Of.Resource }),
}

// DescribeDBInstanceAutomatedBackups lists automated backups: of instances that are there, of those that were deleted, and of
// other Regions' instances.
func (s *Service) DescribeDBInstanceAutomatedBackups(ctx context.Context, in *rds.DescribeDBInstanceAutomatedBackupsInput) (*rds.DescribeDBInstanceAutomatedBackupsOutput, error) {
	out := &rds.DescribeDBInstanceAutomatedBackupsOutput{DBInstanceAutomatedBackups: []types.DBInstanceAutomatedBackup{}}
	fits, err := filter(in.Filters, backupFilters)
	if err != nil {
		return nil, err
	}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		var all []Backup
		for _, i := range s.members(tx, c.Account, c.Region, func(i Instance) bool { return i.Retention > 0 && i.ClusterResource == "" }) {
			all = append(all, i.backupOf(tx.Now()))
		}
		for _, b := range listed(tx, s.backups, c.Account, c.Region) {
			if i, ok := s.replicated(tx, b); ok {
				b.Until = i.latest(tx.Now())
			}
			all = append(all, b)
		}
		slices.SortFunc(all, func(a, b Backup) int { return strings.Compare(a.ID, b.ID) })
		named := in.DbiResourceId != nil || in.DBInstanceAutomatedBackupsArn != nil
		all = slices.DeleteFunc(all, func(b Backup) bool {
			return !fits(b) || in.DBInstanceIdentifier != nil && b.Of.ID != lower(in.DBInstanceIdentifier) ||
				in.DbiResourceId != nil && !strings.EqualFold(b.Of.Resource, *in.DbiResourceId) ||
				in.DBInstanceAutomatedBackupsArn != nil && b.ARN() != *in.DBInstanceAutomatedBackupsArn
		})
		if named && len(all) == 0 {
			return noBackup(aws.ToString(in.DbiResourceId) + aws.ToString(in.DBInstanceAutomatedBackupsArn))
		}
		all, out.Marker, err = paged(all, func(b Backup) string { return b.ID }, in.MaxRecords, in.Marker)
		for _, b := range all {
			out.DBInstanceAutomatedBackups = append(out.DBInstanceAutomatedBackups, *s.backupWire(tx, b))
		}
		return err
	})
}

func (s *Service) backupWire(tx *store.Tx, b Backup) *types.DBInstanceAutomatedBackup {
	of := b.Of
	out := &types.DBInstanceAutomatedBackup{
		DBInstanceAutomatedBackupsArn: aws.String(b.ARN()), DBInstanceArn: aws.String(of.ARN()), DBInstanceIdentifier: aws.String(of.ID), DbiResourceId: aws.String(of.Resource),
		Status: aws.String(b.Status), Region: aws.String(of.Region), BackupTarget: aws.String("region"), BackupRetentionPeriod: aws.Int32(of.Retention), PreferredBackupWindow: aws.String(of.Window),
		Engine: aws.String(of.Engine), EngineVersion: aws.String(of.Version), LicenseModel: aws.String(of.License), MasterUsername: aws.String(of.Master), Port: aws.Int32(of.Port),
		AllocatedStorage: aws.Int32(of.Storage), StorageType: aws.String(of.StorageType), Iops: optionalInt(of.IOPS), StorageThroughput: aws.Int32(of.Throughput),
		AvailabilityZone: aws.String(of.Zone), VpcId: aws.String(of.VPC), OptionGroupName: aws.String(of.OptionGroup),
		Encrypted: aws.Bool(of.Encrypted), KmsKeyId: optional(of.KMSKey), IAMDatabaseAuthenticationEnabled: aws.Bool(of.IAMAuth), TagList: s.tags(tx, b.ARN()),
	}
	if !of.Made.IsZero() {
		out.InstanceCreateTime = aws.Time(of.Made)
	}
	if !b.Since.IsZero() {
		out.RestoreWindow = &types.RestoreWindow{EarliestTime: aws.Time(b.Since), LatestTime: aws.Time(b.Until)}
	}
	for _, r := range s.replicasOf(tx, of.Resource) {
		if r.ID != b.ID {
			out.DBInstanceAutomatedBackupsReplications = append(out.DBInstanceAutomatedBackupsReplications, types.DBInstanceAutomatedBackupsReplication{DBInstanceAutomatedBackupsArn: aws.String(r.ARN())})
		}
	}
	return out
}

// DeleteDBInstanceAutomatedBackup deletes automated backups that were kept. Those of an instance go with its retention period.
func (s *Service) DeleteDBInstanceAutomatedBackup(ctx context.Context, in *rds.DeleteDBInstanceAutomatedBackupInput) (*rds.DeleteDBInstanceAutomatedBackupOutput, error) {
	out := &rds.DeleteDBInstanceAutomatedBackupOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		if (in.DbiResourceId == nil) == (in.DBInstanceAutomatedBackupsArn == nil) {
			return errorf("InvalidParameterCombination", "Either DbiResourceId or DBInstanceAutomatedBackupsArn must be specified, not both.")
		}
		b, i, err := s.backup(tx, c, in.DbiResourceId, in.DBInstanceAutomatedBackupsArn)
		if err != nil {
			return err
		}
		if b == nil || b.Status != retained {
			return errorf("InvalidDBInstanceAutomatedBackupState", "The automated backup is not in the retained state: %s", i.ID)
		}
		b.Status = deleting
		out.DBInstanceAutomatedBackup = s.backupWire(tx, *b)
		s.removeBackup(tx, *b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
