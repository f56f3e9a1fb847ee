package rds

import (
	"slices"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// clusters is what Aurora's clusters keep.
type clusters struct {
	clusterRows      *store.Table[Cluster]         // account/region/identifier
	clusterSnapshots *store.Table[ClusterSnapshot] // account/region/identifier
	clusterBackups   *store.Table[ClusterBackup]   // account/region/ab-id: automated backups that outlive a cluster
}

func (s *Service) newClusters(st *store.Store) {
	s.clusters = clusters{
		clusterRows:      store.NewTable[Cluster](st, "rds.clusters"),
		clusterSnapshots: store.NewTable[ClusterSnapshot](st, "rds.cluster-snapshots"),
		clusterBackups:   store.NewTable[ClusterBackup](st, "rds.cluster-backups"),
	}
	st.OnDue(dueCluster, s.clusterDue)
	st.OnDue(dueClusterMaintenance, s.clusterMaintenanceDue)
	st.OnDue(dueClusterBackup, s.clusterBackupDue)
	st.OnDue(dueClusterSnapshot, s.clusterSnapshotDue)
	st.OnDue(dueClusterExpiry, s.clusterExpiryDue)
	st.OnSweep(func(tx *store.Tx, k *store.Kept) {
		s.clusterSnapshots.Scan(tx, "", func(_ string, snap ClusterSnapshot) bool { snap.History.Keep(k); return true })
		s.clusterBackups.Scan(tx, "", func(_ string, b ClusterBackup) bool { b.History.Keep(k); return true })
	})
}

func (s *Service) clusterOps() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateDBCluster), wire.Op(s.DescribeDBClusters), wire.Op(s.ModifyDBCluster), wire.Op(s.DeleteDBCluster),
		wire.Op(s.CreateDBClusterSnapshot), wire.Op(s.DescribeDBClusterSnapshots), wire.Op(s.CopyDBClusterSnapshot), wire.Op(s.DeleteDBClusterSnapshot),
		wire.Op(s.DescribeDBClusterSnapshotAttributes), wire.Op(s.ModifyDBClusterSnapshotAttribute),
		wire.Op(s.RestoreDBClusterFromSnapshot), wire.Op(s.RestoreDBClusterToPointInTime), wire.Op(s.DescribeDBClusterAutomatedBackups),
	}
}

// mostMembers is how many instances a cluster has: a writer and 15 readers.
const mostMembers = 16

// member puts a new instance into the cluster it names: engine, data, master user, network and encryption are the cluster's.
func (s *Service) member(tx *store.Tx, i *Instance) error {
	c, there := s.clusterRows.Get(tx, row(i.Account, i.Region, i.Cluster))
	switch {
	case !there:
		return errorf("DBClusterNotFoundFault", "The source cluster could not be found or cannot be accessed: %s", i.Cluster)
	case c.Common.Engine != i.Engine:
		return errorf("InvalidParameterCombination", "The engine name requested for your DB instance (%s) doesn't match the engine name of your DB cluster (%s).", i.Engine, c.Common.Engine)
	case c.Status == deleting || c.Status == failed:
		return errorf("InvalidDBClusterStateFault", "DB cluster %s is not in a state in which an instance can be added: %s", c.ID, c.Status)
	case len(s.membersOf(tx, c)) >= mostMembers:
		return errorf("InvalidDBClusterStateFault", "DB cluster %s has %d instances already.", c.ID, mostMembers)
	}
	e, err := findEngine(c.Common.Engine, c.Common.Version)
	if err != nil {
		return err
	}
	i.ClusterResource, i.License, i.Port, i.Storage = c.Resource, e.License, c.Common.Port, 1
	i.StorageType, i.ParameterGroup, i.OptionGroup = c.Common.StorageType, defaultPrefix+e.Family, e.defaultOptionGroup()
	c.spread(i)
	if c.Writer == "" {
		c.Writer = i.Resource
		s.clusterRows.Put(tx, c.key(), c)
	}
	return nil
}

// spread gives an instance what its cluster decides.
func (c Cluster) spread(i *Instance) {
	of := c.Common
	i.Cluster, i.Version, i.DBName, i.Master, i.Password, i.IAMAuth = c.ID, of.Version, of.DBName, of.Master, of.Password, of.IAMAuth
	i.Encrypted, i.KMSKey, i.SubnetGroup, i.VPC = of.Encrypted, of.KMSKey, of.SubnetGroup, of.VPC
	i.SecurityGroups = slices.Clone(of.SecurityGroups)
	i.Window, i.Retention = of.Window, of.Retention
	if i.Maintenance == "" {
		i.Maintenance = of.Maintenance
	}
}

// membersOf are the cluster's instances, those to be promoted first first: by tier, then the older ones.
func (s *Service) membersOf(tx *store.Tx, c Cluster) []Instance {
	all := s.members(tx, c.Account, c.Region, func(i Instance) bool { return i.ClusterResource == c.Resource })
	slices.SortStableFunc(all, func(a, b Instance) int {
		if a.Tier != b.Tier {
			return int(a.Tier - b.Tier)
		}
		return a.Made.Compare(b.Made)
	})
	return all
}

// leave is told that a cluster's member is gone. When it was the writer, the next one is.
func (s *Service) leave(tx *store.Tx, gone Instance) {
	c, there := s.clusterRows.Get(tx, row(gone.Account, gone.Region, gone.Cluster))
	if !there || c.Writer != gone.Resource {
		return
	}
	c.Writer = ""
	for _, i := range s.membersOf(tx, c) {
		if i.Resource != gone.Resource {
			c.Writer = i.Resource
			s.tellCluster(tx, c, "Completed failover to DB instance: "+i.ID, "failover")
			break
		}
	}
	s.clusterRows.Put(tx, c.key(), c)
}

// clusterDoors are the addresses of the clusters that serve: of each the one of the instance that writes.
func (s *Service) clusterDoors(tx *store.Tx) (all []door) {
	s.clusterRows.Scan(tx, "", func(_ string, c Cluster) bool {
		writer, ok := s.resource(tx, c.Account, c.Region, c.Writer)
		if ok && writer.serves() && c.serves() {
			d := writer.door()
			d.kind, d.name, d.boot = doorWriter, c.ID, d.boot+c.Boot
			all = append(all, d)
		}
		return true
	})
	return all
}
