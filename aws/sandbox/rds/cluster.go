package rds

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Cluster is an Aurora cluster: the data, and what its instances, which serve it, have in common.
type Cluster struct {
	ID, Account, Region string
	Resource            string // DbClusterResourceId, under which the data is
	Status              string
	Writer              string                                  `json:",omitempty"` // resource id of the instance that writes
	Made                time.Time                               `json:",omitzero"`  // ClusterCreateTime
	Clones              string                                  // CloneGroupId
	Common              Instance                                // what the instances have in common, under the names an instance has for it
	ParameterGroup      string                                  // of the cluster
	Zones               []string                                // which hold the data
	Serverless          *types.ServerlessV2ScalingConfiguration `json:",omitempty"`
	Boot                int                                     `json:",omitempty"` // counted up by what ends all sessions
	Retained            bool                                    `json:",omitempty"` // the automated backups stay when it is deleted
}

func (c Cluster) key() string { return row(c.Account, c.Region, c.ID) }

// ARN names the cluster everywhere.
func (c Cluster) ARN() string { return arn(c.Region, c.Account, "cluster", c.ID) }

func (c Cluster) dueKey() string { return row(c.Account, c.Region, c.Resource) }

// ClusterSnapshot is a snapshot of a cluster.
type ClusterSnapshot struct {
	ID, Account, Region string
	Type                string  // manual, automated
	Status              string  // creating, copying, available, failed
	Of                  Cluster // as it was; Common.KMSKey and Common.Encrypted are the snapshot's own
	History             database.History
	Created, Done       time.Time
	Source              string   `json:",omitempty"` // of a copy
	Shared              []string `json:",omitempty"` // accounts that may restore it
	Public              bool     `json:",omitempty"`
}

func (s ClusterSnapshot) key() string { return row(s.Account, s.Region, s.ID) }

// ARN names the snapshot everywhere.
func (s ClusterSnapshot) ARN() string { return arn(s.Region, s.Account, "cluster-snapshot", s.ID) }

// ClusterBackup is the automated backups of a cluster. Those of one that is there are told from it.
type ClusterBackup struct {
	ID, Account, Region string
	Status              string // active, retained
	Of                  Cluster
	History             database.History
	Since, Until        time.Time
	Expires             time.Time `json:",omitzero"`
}

func (b ClusterBackup) key() string { return row(b.Account, b.Region, b.ID) }

// ARN names the backups.
func (b ClusterBackup) ARN() string { return arn(b.Region, b.Account, "cluster-auto-backup", b.ID) }

// Kinds of what is due of clusters. Jobs take longer in slow weather and can fail; the others keep their time.
const (
	dueCluster            = "rds.cluster.job"          // account/region/resource id: its state is over
	dueClusterSnapshot    = "rds.cluster-snapshot.job" // account/region/identifier: it is done
	dueClusterMaintenance = "rds.cluster.maintenance"  // account/region/resource id: what waited for the window is applied
	dueClusterBackup      = "rds.cluster.backup"       // account/region/resource id: the daily one
	dueClusterExpiry      = "rds.cluster.expiry"       // account/region/rds:... or ab-...: its retention is over
)

// upgrading is the state of a cluster that is brought to a newer version.
const upgrading = "upgrading"

// clusterTakes is how long a cluster's state lasts. The durations are ours, of the size that users see.
var clusterTakes = map[string]time.Duration{
	creating:  2 * time.Minute,
	modifying: time.Minute,
	renaming:  time.Minute,
	resetting: 30 * time.Second,
	upgrading: 10 * time.Minute,
	deleting:  2 * time.Minute,
}

// serves says whether the cluster's address answers, if it has an instance that does.
func (c Cluster) serves() bool {
	return !c.Made.IsZero() && c.Status != deleting && c.Status != renaming
}

// enterCluster brings a cluster into a state, which ends by itself when it is one that does, and keeps it.
func (s *Service) enterCluster(tx *store.Tx, c *Cluster, state string) {
	c.Status = state
	if d, ends := clusterTakes[state]; ends {
		tx.Due(tx.Now().Add(d), dueCluster, c.dueKey())
	} else {
		tx.Cancel(dueCluster, c.dueKey())
	}
	s.clusterRows.Put(tx, c.key(), *c)
	s.changed()
}

// clusterDue is called when a state is over.
func (s *Service) clusterDue(tx *store.Tx, key string) error {
	account, region, resource := parts(key)
	c, ok := s.clusterOf(tx, account, region, resource)
	if !ok {
		return nil
	}
	if why := tx.Failure(); why != "" && c.Status != deleting {
		state := available
		if c.Status == creating {
			state = failed
		}
		s.tellCluster(tx, c, "The DB cluster could not leave the state "+c.Status+": "+why, "failure")
		c.Common.Doing = nil
		s.enterCluster(tx, &c, state)
		return nil
	}
	switch c.Status {
	case creating:
		return s.clusterCreated(tx, &c)
	case deleting:
		return s.clusterDeleted(tx, &c)
	}
	return s.clusterModified(tx, &c)
}

// clusterOf is the cluster of a resource id, whatever its name is now.
func (s *Service) clusterOf(tx *store.Tx, account, region, resource string) (found Cluster, ok bool) {
	s.clusterRows.Scan(tx, row(account, region, ""), func(_ string, c Cluster) bool {
		if c.Resource == resource {
			found, ok = c, true
		}
		return !ok
	})
	return found, ok
}

// cluster is one of the caller's, by its name or ARN.
func (s *Service) cluster(tx *store.Tx, c wire.Caller, name string) (Cluster, error) {
	id := name
	if account, region, named, ok := parseARN(name, "cluster"); ok && account == c.Account && region == c.Region {
		id = named
	}
	found, there := s.clusterRows.Get(tx, row(c.Account, c.Region, strings.ToLower(id)))
	if !there {
		return found, errorf("DBClusterNotFoundFault", "DBCluster %s not found.", name)
	}
	return found, nil
}

// tellCluster makes an event of a cluster.
func (s *Service) tellCluster(tx *store.Tx, c Cluster, message string, categories ...string) {
	s.event(tx, c.Account, c.Region, types.SourceTypeDbCluster, c.ID, message, categories...)
}
