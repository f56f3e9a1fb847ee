package rds

import (
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// clusters is what Aurora's clusters keep.
type clusters struct {
	clusterRows      *store.Table[Cluster]         // account/region/identifier
	clusterSnapshots *store.Table[ClusterSnapshot] // account/region/identifier
}

func (s *Service) newClusters(st *store.Store) {
	s.clusters = clusters{
		clusterRows:      store.NewTable[Cluster](st, "rds.clusters"),
		clusterSnapshots: store.NewTable[ClusterSnapshot](st, "rds.cluster-snapshots"),
	}
}

func (s *Service) clusterOps() []wire.Handler { return nil }

// member puts a new instance into the cluster it names: engine, data, master user, network and encryption are the cluster's.
func (s *Service) member(*store.Tx, *Instance) error {
	return errorf("DBClusterNotFoundFault", "The source cluster could not be found or cannot be accessed.")
}

// leave is told that a cluster's member is gone.
func (s *Service) leave(*store.Tx, Instance) {}

// clusterDoors are the addresses of the clusters that serve.
func (s *Service) clusterDoors(*store.Tx) []door { return nil }
