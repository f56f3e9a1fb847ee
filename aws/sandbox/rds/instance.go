package rds

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Instance is a DB instance, and what a snapshot keeps of one.
type Instance struct {
	ID, Account, Region string
	Resource            string // DbiResourceId, which a rename does not change
	Status              string
	Made                time.Time `json:",omitzero"` // InstanceCreateTime, once it is made
	Restored            bool      `json:",omitempty"`

	Engine, Version, License string
	Class                    string
	Storage                  int32 // GiB
	MaxStorage               int32 `json:",omitempty"`
	StorageType              string
	IOPS, Throughput         int32  `json:",omitempty"`
	Encrypted                bool   `json:",omitempty"`
	KMSKey                   string `json:",omitempty"`
	Port                     int32  // the one asked for; the address has its own (parity)
	DBName                   string `json:",omitempty"`
	Cluster                  string `json:",omitempty"` // Aurora: DBClusterIdentifier
	ClusterResource          string `json:",omitempty"` // and its resource id, under which the data is
	Tier                     int32  `json:",omitempty"` // PromotionTier of a cluster's member

	Master, Password string
	Secret           *Secret `json:",omitempty"` // when RDS manages the password
	IAMAuth          bool    `json:",omitempty"`

	SubnetGroup     string
	VPC, Zone       string
	SecurityGroups  []string
	ParameterGroup  string
	ParameterStatus string // in-sync, applying, pending-reboot
	OptionGroup     string
	OptionStatus    string // in-sync, pending-apply, applying, failed
	MultiAZ         bool   `json:",omitempty"`
	SecondZone      string `json:",omitempty"`
	Public          bool   `json:",omitempty"`

	Retention   int32 // days of automated backups; 0 none
	Window      string
	Maintenance string
	BackupID    string    `json:",omitempty"` // of its automated backups: ab-...
	BackupSince time.Time `json:",omitzero"`  // the first moment automated backups can give; zero while there is none

	Protected bool                   `json:",omitempty"` // DeletionProtection
	CopyTags  bool                   `json:",omitempty"`
	AutoMinor bool                   `json:",omitempty"`
	CA        string                 `json:",omitempty"`
	Roles     []types.DBInstanceRole `json:",omitempty"`
	Logs      []string               `json:",omitempty"` // EnabledCloudwatchLogsExports
	Pending   *Change                `json:",omitempty"` // what waits for the maintenance window
	Doing     *Change                `json:",omitempty"` // what is being applied
	Boot      int                    `json:",omitempty"` // counted up by what ends all sessions
	Retained  bool                   `json:",omitempty"` // its automated backups outlive it
	Restarts  time.Time              `json:",omitzero"`  // of a stopped one: when RDS starts it again
}

// Secret is a master password that RDS manages in Secrets Manager.
type Secret struct{ ARN, KMSKey, Status string }

func (i Instance) key() string { return row(i.Account, i.Region, i.ID) }

// ARN names the instance everywhere.
func (i Instance) ARN() string { return arn(i.Region, i.Account, "db", i.ID) }

// Data is the resource id its data is kept under: its own, or its cluster's.
func (i Instance) Data() string {
	if i.ClusterResource != "" {
		return i.ClusterResource
	}
	return i.Resource
}
