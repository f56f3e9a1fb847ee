package rds

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// clusterRestore is a new cluster that is to have the data of another.
type clusterRestore struct {
	name            *string
	of              Cluster // where the data is from, as it was
	engine, version string  // the ones asked for, if any
	change          Change
	parameters, key *string
	zones           []string
	serverless      *types.ServerlessV2ScalingConfiguration
	tags            []types.Tag
	specified       []types.TagSpecification
	clones          string // CloneGroupId of a clone
	ready           func() error
	history         func() (database.History, error)
}

// RestoreDBClusterFromSnapshot makes a new cluster from a snapshot. It has no instance yet.
func (s *Service) RestoreDBClusterFromSnapshot(ctx context.Context, in *rds.RestoreDBClusterFromSnapshotInput) (*rds.RestoreDBClusterFromSnapshotOutput, error) {
	out := &rds.RestoreDBClusterFromSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		snap, err := s.ofClusters().visible(tx, caller, caller.Region, aws.ToString(in.SnapshotIdentifier))
		if err != nil {
			return err
		}
		out.DBCluster, err = s.restoreCluster(tx, caller, clusterRestore{
			name: in.DBClusterIdentifier, of: snap.Of, engine: lower(in.Engine), version: aws.ToString(in.EngineVersion), change: chosen(in),
			parameters: in.DBClusterParameterGroupName, key: in.KmsKeyId, serverless: in.ServerlessV2ScalingConfiguration, zones: in.AvailabilityZones, tags: in.Tags, specified: in.TagSpecifications,
			ready: func() error {
				if snap.Of.Common.Encrypted && snap.Account != caller.Account {
					return errorf("InvalidDBClusterSnapshotStateFault", "You can't restore a DB cluster from a shared snapshot that is encrypted: copy %s first.", snap.ARN())
				}
				return snap.ready()
			},
			history: func() (database.History, error) { return snap.History, nil },
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Kinds of restores to a point in time. Both give the data of the moment; a clone shares its content, as every copy here does.
const (
	fullCopy    = "full-copy"
	copyOnWrite = "copy-on-write"
)

// RestoreDBClusterToPointInTime makes a new cluster with the data another one had at a moment, to the second, or at its
// LatestRestorableTime. It has no instance yet.
func (s *Service) RestoreDBClusterToPointInTime(ctx context.Context, in *rds.RestoreDBClusterToPointInTimeInput) (*rds.RestoreDBClusterToPointInTimeOutput, error) {
	out := &rds.RestoreDBClusterToPointInTimeOutput{}
	err := s.update(ctx, func(tx *store.Tx, caller wire.Caller) error {
		b, err := s.clusterPoint(tx, caller, in)
		if err != nil {
			return err
		}
		at := b.Until
		set(&at, in.RestoreToTime)
		r := clusterRestore{
			name: in.DBClusterIdentifier, of: b.Of, change: chosen(in), parameters: in.DBClusterParameterGroupName, key: in.KmsKeyId, serverless: in.ServerlessV2ScalingConfiguration, tags: in.Tags, specified: in.TagSpecifications,
			ready: func() error { return b.ready(in) },
			history: func() (h database.History, err error) {
				if h = b.History; b.Status == active {
					h, err = s.seal(tx, b.Of.Resource)
				}
				return h.At(at.UTC()).After(at.UTC()), err
			},
		}
		if aws.ToString(in.RestoreType) == copyOnWrite {
			r.clones = b.Of.Clones
		}
		out.DBCluster, err = s.restoreCluster(tx, caller, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clusterPoint finds the source of a restore: a cluster by its name or resource id, or backups that were kept by the resource id.
func (s *Service) clusterPoint(tx *store.Tx, caller wire.Caller, in *rds.RestoreDBClusterToPointInTimeInput) (b ClusterBackup, err error) {
	if (in.SourceDBClusterIdentifier == nil) == (in.SourceDbClusterResourceId == nil) {
		return b, errorf("InvalidParameterCombination", "Exactly one of SourceDBClusterIdentifier and SourceDbClusterResourceId must be specified.")
	}
	if in.SourceDBClusterIdentifier != nil {
		c, err := s.cluster(tx, caller, *in.SourceDBClusterIdentifier)
		return c.backup(tx.Now()), err
	}
	for _, c := range listed(tx, s.clusterRows, caller.Account, caller.Region) {
		if strings.EqualFold(c.Resource, *in.SourceDbClusterResourceId) {
			return c.backup(tx.Now()), nil
		}
	}
	for _, b := range listed(tx, s.clusterBackups, caller.Account, caller.Region) {
		if strings.EqualFold(b.Of.Resource, *in.SourceDbClusterResourceId) {
			return b, nil
		}
	}
	return b, errorf("DBClusterAutomatedBackupNotFoundFault", "DB cluster automated backup not found: %s", *in.SourceDbClusterResourceId)
}

// ready refuses a moment that cannot be given.
func (b ClusterBackup) ready(in *rds.RestoreDBClusterToPointInTimeInput) error {
	newest, kind := aws.ToBool(in.UseLatestRestorableTime), aws.ToString(in.RestoreType)
	switch at := in.RestoreToTime; {
	case kind != "" && kind != fullCopy && kind != copyOnWrite:
		return invalid("Invalid restore type: %s. Valid values are: full-copy, copy-on-write", kind)
	case at != nil && newest:
		return errorf("InvalidParameterCombination", "RestoreToTime cannot be specified when UseLatestRestorableTime is true.")
	case at != nil && kind == copyOnWrite:
		return errorf("InvalidParameterCombination", "RestoreToTime cannot be specified for a copy-on-write restore: use UseLatestRestorableTime.")
	case at == nil && !newest:
		return errorf("InvalidParameterCombination", "Either RestoreToTime or UseLatestRestorableTime must be specified.")
	case b.Of.Made.IsZero():
		return errorf("InvalidDBClusterStateFault", "The source DB cluster %s is not in a state that can be restored from: %s", b.Of.ID, b.Of.Status)
	case at != nil && (at.Before(b.Since.Truncate(time.Second)) || at.After(b.Until)):
		return invalid("The specified RestoreToTime %s is not within the restorable window of %s: %s to %s", wireTime(*at), b.Of.ID, wireTime(b.Since), wireTime(b.Until))
	}
	return nil
}

// restoreCluster makes the cluster. The name is checked first, as RDS does.
func (s *Service) restoreCluster(tx *store.Tx, caller wire.Caller, r clusterRestore) (*types.DBCluster, error) {
	of := r.of.Common
	c, e, err := s.newCluster(tx, caller, r.name, of.Engine, of.Version)
	if err == nil {
		err = r.ready()
	}
	if err == nil && r.engine != "" && r.engine != of.Engine {
		err = errorf("InvalidParameterCombination", "The engine %s is not compatible with the source, whose engine is %s.", r.engine, of.Engine)
	}
	if err == nil && r.version != "" {
		e, err = Change{EngineVersion: &r.version}.engine(of)
	}
	if err != nil {
		return nil, err
	}
	c.Common.Restored, c.Common.Version, c.Common.DBName, c.Common.Master, c.Common.Password = true, e.Version, of.DBName, of.Master, of.Password
	c.Common.Port, c.Common.StorageType, c.Common.Retention, c.Common.Window, c.Common.Maintenance = e.Port, of.StorageType, of.Retention, of.Window, of.Maintenance
	c.Serverless = r.serverless
	if r.clones != "" {
		c.Clones = r.clones
	}
	if err := s.restoreKey(tx, &c, of, r.key); err != nil {
		return nil, err
	}
	if err := s.settleCluster(tx, &c, e, r.change, r.parameters, slices.Clone(r.zones)); err != nil {
		return nil, err
	}
	h, err := r.history()
	if err != nil {
		return nil, err
	}
	if err := s.beginCluster(tx, &c, h, r.change, r.tags, r.specified); err != nil {
		return nil, err
	}
	return s.clusterWire(tx, c), nil
}

// restoreKey chooses the key of a restored cluster: the source's, or the one that is named, which also encrypts what was not encrypted.
func (s *Service) restoreKey(tx *store.Tx, c *Cluster, of Instance, key *string) error {
	named := of.KMSKey
	set(&named, key)
	if named == "" {
		return nil
	}
	return s.encrypt(tx, &c.Common, true, named)
}
