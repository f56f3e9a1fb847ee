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

// backUpCluster takes the daily snapshot of a cluster and plans the next. Clients do not notice: a cluster's storage is backed up all
// the time, and any moment of the retention period can be had.
func (s *Service) backUpCluster(tx *store.Tx, c *Cluster) error {
	h, err := s.seal(tx, c.Resource)
	if err != nil {
		return err
	}
	snap := s.clusterSnapshot(tx, *c, "rds:"+c.ID+"-"+tx.Now().UTC().Format("2006-01-02-15-04"), automated, h)
	tx.Due(tx.Now().Add(time.Duration(c.Common.Retention)*day), dueClusterExpiry, snap.key())
	tx.Due(nextDaily(c.Common.Window, tx.Now()), dueClusterBackup, c.dueKey())
	s.keepHistory(tx, c.Resource, h.After(c.earliest(tx.Now())))
	return nil
}

// clusterBackupDue takes the daily snapshot, a little later when the cluster is busy.
func (s *Service) clusterBackupDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	c, ok := s.clusterOf(tx, account, region, resource)
	switch {
	case !ok || c.Status == deleting || c.Status == failed:
		return nil
	case c.Status != available:
		tx.Due(tx.Now().Add(again), dueClusterBackup, key)
		return nil
	}
	return s.backUpCluster(tx, &c)
}

// clusterExpiryDue ends the retention of an automated snapshot, or of retained backups and their snapshots.
func (s *Service) clusterExpiryDue(tx *store.Tx, key string) error {
	if b, ok := s.clusterBackups.Get(tx, key); ok {
		for _, snap := range s.automatedOfCluster(tx, b.Of) {
			s.removeClusterSnapshot(tx, snap)
		}
		s.dropTags(tx, b.ARN())
		s.clusterBackups.Delete(tx, key)
		return nil
	}
	if snap, ok := s.clusterSnapshots.Get(tx, key); ok {
		s.removeClusterSnapshot(tx, snap)
	}
	return nil
}

// automatedOfCluster are a cluster's automated snapshots.
func (s *Service) automatedOfCluster(tx *store.Tx, c Cluster) (all []ClusterSnapshot) {
	s.clusterSnapshots.Scan(tx, row(c.Account, c.Region, "rds:"), func(_ string, snap ClusterSnapshot) bool {
		if snap.Of.Resource == c.Resource {
			all = append(all, snap)
		}
		return true
	})
	return all
}

// backup is the automated backups of a cluster that is there.
func (c Cluster) backup(now time.Time) ClusterBackup {
	return ClusterBackup{
		ID: c.Common.BackupID, Account: c.Account, Region: c.Region, Status: active, Of: c, Since: c.earliest(now), Until: c.latest(now),
	}
}

var clusterBackupFilters = attributes[ClusterBackup]{
	"status":                 one(func(b ClusterBackup) string { return b.Status }),
	"db-cluster-id":          func(b ClusterBackup) []string { return []string{b.Of.ID, b.Of.ARN()} },
	"db-cluster-resource-id": one(func(b ClusterBackup) string { return b.Of.Resource }),
}

// DescribeDBClusterAutomatedBackups lists automated backups: of clusters that are there, and those kept of clusters that were deleted.
func (s *Service) DescribeDBClusterAutomatedBackups(ctx context.Context, in *rds.DescribeDBClusterAutomatedBackupsInput) (*rds.DescribeDBClusterAutomatedBackupsOutput, error) {
	match, err := filter(in.Filters, clusterBackupFilters)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeDBClusterAutomatedBackupsOutput{}
	return out, s.view(ctx, func(tx *store.Tx, caller wire.Caller) error {
		all := listed(tx, s.clusterBackups, caller.Account, caller.Region)
		for _, c := range listed(tx, s.clusterRows, caller.Account, caller.Region) {
			if !c.Made.IsZero() {
				all = append(all, c.backup(tx.Now()))
			}
		}
		all = slices.DeleteFunc(all, func(b ClusterBackup) bool {
			return !match(b) || in.DBClusterIdentifier != nil && lower(in.DBClusterIdentifier) != b.Of.ID ||
				in.DbClusterResourceId != nil && !strings.EqualFold(*in.DbClusterResourceId, b.Of.Resource)
		})
		if in.DbClusterResourceId != nil && len(all) == 0 {
			return errorf("DBClusterAutomatedBackupNotFoundFault", "DB cluster automated backup not found: %s", *in.DbClusterResourceId)
		}
		slices.SortFunc(all, func(a, b ClusterBackup) int { return strings.Compare(a.ID, b.ID) })
		show := func(b ClusterBackup) types.DBClusterAutomatedBackup { return b.wire(s.tags(tx, b.ARN())) }
		out.DBClusterAutomatedBackups, out.Marker, err = pageOf(all, func(b ClusterBackup) string { return b.ID }, show, in.MaxRecords, in.Marker)
		return err
	})
}

func (b ClusterBackup) wire(tags []types.Tag) types.DBClusterAutomatedBackup {
	of := b.Of.Common
	return types.DBClusterAutomatedBackup{
		DBClusterAutomatedBackupsArn: aws.String(b.ARN()), DBClusterArn: aws.String(b.Of.ARN()), DBClusterIdentifier: aws.String(b.Of.ID),
		DbClusterResourceId: aws.String(b.Of.Resource), Region: aws.String(b.Region), Status: aws.String(b.Status), TagList: tags,
		Engine: aws.String(of.Engine), EngineVersion: aws.String(of.Version), EngineMode: aws.String("provisioned"), LicenseModel: aws.String(of.License),
		MasterUsername: aws.String(of.Master), Port: aws.Int32(of.Port), VpcId: aws.String(of.VPC), AvailabilityZones: b.Of.Zones,
		AllocatedStorage: aws.Int32(1), StorageEncrypted: aws.Bool(of.Encrypted), KmsKeyId: optional(of.KMSKey), IAMDatabaseAuthenticationEnabled: aws.Bool(of.IAMAuth),
		BackupRetentionPeriod: aws.Int32(of.Retention), PreferredBackupWindow: aws.String(of.Window), ClusterCreateTime: aws.Time(b.Of.Made),
		RestoreWindow: &types.RestoreWindow{EarliestTime: aws.Time(b.Since), LatestTime: aws.Time(b.Until)},
	}
}
