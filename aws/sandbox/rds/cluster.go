package rds

import (
	"time"

	"lifeboat/aws/sandbox/database"
)

// Cluster is an Aurora cluster: the data, which its instances serve, and the settings they have in common.
type Cluster struct {
	ID, Account, Region string
	Resource            string // DbClusterResourceId, under which the data is
	Status              string
	Made                time.Time `json:",omitzero"`
	Restored            bool      `json:",omitempty"`
	CloneGroup          string

	Engine, Version string
	Port            int32
	DBName          string `json:",omitempty"`
	Master          string
	Password        string
	Secret          *Secret `json:",omitempty"`
	IAMAuth         bool    `json:",omitempty"`
	Encrypted       bool    `json:",omitempty"`
	KMSKey          string  `json:",omitempty"`
	StorageType     string  `json:",omitempty"` // aurora-iopt1; empty is aurora

	SubnetGroup    string
	VPC            string
	Zones          []string // three, which hold the data
	SecurityGroups []string
	ParameterGroup string

	Retention   int32
	Window      string
	Maintenance string
	Since       time.Time      `json:",omitzero"` // the earliest moment it can be restored to
	Protected   bool           `json:",omitempty"`
	CopyTags    bool           `json:",omitempty"`
	Logs        []string       `json:",omitempty"`
	Doing       *ClusterChange `json:",omitempty"` // what its state is about
	Pending     *ClusterChange `json:",omitempty"` // what waits for the maintenance window
	Boot        int            `json:",omitempty"`
}

func (c Cluster) key() string { return row(c.Account, c.Region, c.ID) }

// ARN names the cluster everywhere.
func (c Cluster) ARN() string { return arn(c.Region, c.Account, "cluster", c.ID) }

// ClusterSnapshot is a snapshot of a cluster.
type ClusterSnapshot struct {
	ID, Account, Region string
	Type, Status        string
	Of                  Cluster // as it was; KMSKey and Encrypted are the snapshot's own
	History             database.History
	Created, Done       time.Time
	Source              string   `json:",omitempty"` // of a copy
	Shared              []string `json:",omitempty"`
	Public              bool     `json:",omitempty"`
}

func (s ClusterSnapshot) key() string { return row(s.Account, s.Region, s.ID) }

// ARN names the snapshot everywhere.
func (s ClusterSnapshot) ARN() string { return arn(s.Region, s.Account, "cluster-snapshot", s.ID) }

// ClusterChange is what a modification has still to apply.
type ClusterChange struct{}
