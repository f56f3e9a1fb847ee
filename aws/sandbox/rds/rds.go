// Package rds is the sandbox's Amazon RDS: instances one can connect to, their snapshots, automated backups and restores.
//
// Its rule: an instance is a row of settings, a history of pages under its resource id (package database) and, while it
// serves, an address. A snapshot is that row as it was and the history cut at a moment; a restore is a new row over the same
// history, cut at that moment or an earlier one. Nothing is copied but names of content, so a snapshot cannot change
// afterwards. What takes time is a due event of the store; the addresses follow the rows, outside the store's lock.
package rds

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"lifeboat/aws/sandbox/database"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Keys says whether a KMS key may be used. keyID is an id, alias or ARN; an id or alias is looked up in account and region.
// action is the KMS action ("kms:Decrypt"), principal the account that asks.
type Keys interface {
	Usable(tx *store.Tx, account, region, keyID, action, principal string) (arn string, err error)
	// Managed says whether AWS manages a key, which then cannot be shared.
	Managed(tx *store.Tx, keyARN string) bool
}

// Network is the VPCs that instances are in.
type Network interface {
	DefaultVPC(account, region string) (id string)
	Subnet(tx *store.Tx, account, region, id string) (vpc, zone string, ok bool)
	SubnetsOf(tx *store.Tx, account, region, vpc string) []string
	SecurityGroup(tx *store.Tx, account, region, id string) (vpc string, ok bool)
	DefaultSecurityGroup(account, region, vpc string) (id string)
}

// Secrets keeps the passwords that RDS manages.
type Secrets interface {
	Make(tx *store.Tx, account, region, name, description, kmsKey, owner, value string) (arn string, err error)
	Value(tx *store.Tx, arn string) (string, bool)
	SetValue(tx *store.Tx, arn, value string)
	Remove(tx *store.Tx, arn string)
	// OnRotate names who gives the secrets of an owner a new value, when that is asked for or due.
	OnRotate(owner string, fn func(tx *store.Tx, arn string) error)
}

// owner is the name of RDS where other services keep something for it.
const owner = "rds"

// Roles says what RDS can do as a role now.
type Roles interface {
	// Assumable says that the role exists, trusts the service and can be assumed already. The error says what is missing.
	Assumable(tx *store.Tx, account, roleARN, service string) error
	// Permits says that the role's policies allow an action on a resource, named by its ARN.
	Permits(tx *store.Tx, roleARN, action, resource string) bool
}

// Buckets are the buckets that native backups are written to and read from.
type Buckets interface {
	Bucket(tx *store.Tx, name string) (account, region string, ok bool)
	// Permits says whether the bucket lets a role of an account do action with an object, or without a key with the bucket.
	Permits(tx *store.Tx, bucket, key, action, account, roleARN string) bool
	PutObject(tx *store.Tx, bucket, key string, body []byte) error
	GetObject(tx *store.Tx, bucket, key string) (body []byte, ok bool, err error)
	Keys(tx *store.Tx, bucket, prefix string, most int) []string
}

// principal is the service that assumes roles.
const principal = "rds.amazonaws.com"

// Options of New.
type Options struct {
	Dir     string // where the databases' files are, one folder a resource id; empty keeps them for as long as the process lives
	Keys    Keys
	Network Network
	Secrets Secrets
	Roles   Roles
	Buckets Buckets
	Log     *slog.Logger     // nil is silence
	Now     func() time.Time // virtual time, which stamps what is committed
	GiB     int64            // how many bytes a GiB of allocated storage holds; 0 is 1<<30. Tests fill smaller ones
}

// Service holds the instances and snapshots of all accounts and Regions.
type Service struct {
	st *store.Store
	o  Options

	instances *store.Table[Instance]         // account/region/identifier
	snapshots *store.Table[Snapshot]         // account/region/identifier
	backups   *store.Table[Backup]           // account/region/ab-id: automated backups that outlive an instance, or are of another Region
	histories *store.Table[database.History] // resource id: of what has files
	addresses *store.Table[address]          // account/region/kind/name: the port of a name

	data  data
	doors doors
	groups
	clusters
	native
}

// New makes the service on st. No address is served before Listen.
func New(st *store.Store, o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.GiB == 0 {
		o.GiB = 1 << 30
	}
	s := &Service{
		st: st, o: o,
		instances: store.NewTable[Instance](st, "rds.instances"),
		snapshots: store.NewTable[Snapshot](st, "rds.snapshots"),
		backups:   store.NewTable[Backup](st, "rds.backups"),
		histories: store.NewTable[database.History](st, "rds.histories"),
		addresses: store.NewTable[address](st, "rds.addresses"),
	}
	s.data.dir = o.Dir
	s.doors.stir = make(chan struct{}, 1)
	st.OnDue(dueInstance, s.instanceDue)
	st.OnDue(dueSnapshot, s.snapshotDue)
	st.OnDue(dueBackup, s.backupDue)
	st.OnDue(dueMaintenance, s.maintenanceDue)
	st.OnDue(dueExpiry, s.expiryDue)
	st.OnDue(dueRestart, s.restartDue)
	st.OnDue(dueReplica, s.replicaDue)
	st.OnSweep(s.keeps)
	if o.Secrets != nil {
		o.Secrets.OnRotate(owner, s.rotate)
	}
	s.newGroups(st)
	s.newClusters(st)
	s.newNative(st)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	ops := []wire.Handler{
		wire.Op(s.CreateDBInstance), wire.Op(s.DescribeDBInstances), wire.Op(s.ModifyDBInstance), wire.Op(s.RebootDBInstance),
		wire.Op(s.StartDBInstance), wire.Op(s.StopDBInstance), wire.Op(s.DeleteDBInstance),
		wire.Op(s.AddRoleToDBInstance), wire.Op(s.RemoveRoleFromDBInstance),
		wire.Op(s.CreateDBSnapshot), wire.Op(s.DescribeDBSnapshots), wire.Op(s.CopyDBSnapshot), wire.Op(s.ModifyDBSnapshot),
		wire.Op(s.DeleteDBSnapshot), wire.Op(s.DescribeDBSnapshotAttributes), wire.Op(s.ModifyDBSnapshotAttribute),
		wire.Op(s.DescribeDBInstanceAutomatedBackups), wire.Op(s.DeleteDBInstanceAutomatedBackup),
		wire.Op(s.StartDBInstanceAutomatedBackupsReplication), wire.Op(s.StopDBInstanceAutomatedBackupsReplication),
		wire.Op(s.RestoreDBInstanceFromDBSnapshot), wire.Op(s.RestoreDBInstanceToPointInTime),
	}
	ops = append(ops, s.groupOps()...)
	return append(ops, s.clusterOps()...)
}

// update runs fn as one transaction of the caller; what it changed is served, or no longer, when it is answered.
func (s *Service) update(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	err := s.st.Update(func(tx *store.Tx) error { return fn(tx, c) })
	s.follow()
	return err
}

// view is update for reads: what it tells of as available can be connected to.
func (s *Service) view(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	s.follow()
	return s.st.View(func(tx *store.Tx) error { return fn(tx, c) })
}

// errorf makes an error with RDS's code and text (API reference, "Common errors", and the errors of each action).
func errorf(code, format string, args ...any) error { return wire.Errorf(code, format, args...) }

// row is the key of something of an account in a Region. Names are kept in lower case.
func row(account, region, name string) string { return account + "/" + region + "/" + name }

// arn names a resource of RDS: kind is db, snapshot, og, pg, subgrp, cluster, cluster-snapshot, auto-backup.
func arn(region, account, kind, name string) string {
	return fmt.Sprintf("arn:aws:rds:%s:%s:%s:%s", region, account, kind, name)
}

// parseARN takes an ARN of RDS apart; ok is false when it is not one of that kind.
func parseARN(text, kind string) (account, region, name string, ok bool) {
	parts := strings.SplitN(text, ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "rds" || parts[5] != kind {
		return "", "", "", false
	}
	return parts[4], parts[3], parts[6], true
}

// resourceID is a new id in the form of a DbiResourceId: a prefix and 26 capitals and digits.
func resourceID(tx *store.Tx, prefix string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	r := tx.Rand()
	id := []byte(prefix)
	for range 26 {
		id = append(id, alphabet[r.IntN(len(alphabet))])
	}
	return string(id)
}

// parts takes a key apart.
func parts(key string) (account, region, rest string) {
	account, rest, _ = strings.Cut(key, "/")
	region, rest, _ = strings.Cut(rest, "/")
	return account, region, rest
}

// optional is nil for the empty string, as RDS leaves out what is not set.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
