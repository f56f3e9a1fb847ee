// Package ec2 is the sandbox's Amazon EC2 as far as backup needs it: Regions and zones, EBS volumes, EBS snapshots, the
// default network with its security groups, and their tags.
//
// Its rule: a volume and a snapshot are a row of state plus a content, and a content is an immutable list of block hashes
// (content.go). Taking a snapshot, copying it and making a volume from it copy that list's address, never a byte, so a point in
// time cannot change afterwards and deleting one never harms another. Everything that takes time is a due event of the store.
package ec2

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

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

// Service holds volumes, snapshots and the settings of each account and Region.
type Service struct {
	store       *store.Store
	keys        Keys
	volumes     *store.Table[Volume]            // account/region/vol-
	snapshots   *store.Table[Snapshot]          // region/snap-: a snapshot is visible to other accounts too
	changes     *store.Table[Modification]      // account/region/vol-: the last modification
	tokens      *store.Table[Token]             // account/region/operation/token
	settings    *store.Table[Settings]          // account/region
	groups      *store.Table[SecurityGroup]     // account/region/sg-: those a user made or changed
	networkTags *store.Table[map[string]string] // account/region/id, of VPCs and subnets
	groupUse    []func(tx *store.Tx, account, region, group string) bool
}

// New makes the service on st. Keys is the sandbox's KMS.
func New(st *store.Store, keys Keys) *Service {
	s := &Service{
		store:       st,
		keys:        keys,
		volumes:     store.NewTable[Volume](st, "ec2.volumes"),
		snapshots:   store.NewTable[Snapshot](st, "ec2.snapshots"),
		changes:     store.NewTable[Modification](st, "ec2.modifications"),
		tokens:      store.NewTable[Token](st, "ec2.tokens"),
		settings:    store.NewTable[Settings](st, "ec2.settings"),
		groups:      store.NewTable[SecurityGroup](st, "ec2.groups"),
		networkTags: store.NewTable[map[string]string](st, "ec2.network-tags"),
	}
	st.OnDue(dueVolume, s.volumeDue)
	st.OnDue(dueModification, s.modificationDue)
	st.OnDue(dueSnapshot, s.snapshotDue)
	st.OnDue(dueTier, s.tierDue)
	st.OnDue(dueLock, s.lockDue)
	st.OnSweep(s.keeps)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.DescribeRegions),
		wire.Op(s.DescribeAvailabilityZones),

		wire.Op(s.CreateVolume),
		wire.Op(s.DescribeVolumes),
		wire.Op(s.DescribeVolumeStatus),
		wire.Op(s.DescribeVolumeAttribute),
		wire.Op(s.ModifyVolumeAttribute),
		wire.Op(s.ModifyVolume),
		wire.Op(s.DescribeVolumesModifications),
		wire.Op(s.DeleteVolume),
		wire.Op(s.AttachVolume),
		wire.Op(s.DetachVolume),
		wire.Op(s.DescribeInstances),

		wire.Op(s.CreateSnapshot),
		wire.Op(s.CreateSnapshots),
		wire.Op(s.DescribeSnapshots),
		wire.Op(s.DeleteSnapshot),
		wire.Op(s.CopySnapshot),
		wire.Op(s.DescribeSnapshotAttribute),
		wire.Op(s.ModifySnapshotAttribute),
		wire.Op(s.ResetSnapshotAttribute),
		wire.Op(s.LockSnapshot),
		wire.Op(s.UnlockSnapshot),
		wire.Op(s.DescribeLockedSnapshots),
		wire.Op(s.ModifySnapshotTier),
		wire.Op(s.RestoreSnapshotTier),
		wire.Op(s.DescribeSnapshotTierStatus),
		wire.Op(s.ListSnapshotsInRecycleBin),
		wire.Op(s.RestoreSnapshotFromRecycleBin),

		wire.Op(s.GetEbsEncryptionByDefault),
		wire.Op(s.EnableEbsEncryptionByDefault),
		wire.Op(s.DisableEbsEncryptionByDefault),
		wire.Op(s.GetEbsDefaultKmsKeyId),
		wire.Op(s.ModifyEbsDefaultKmsKeyId),
		wire.Op(s.ResetEbsDefaultKmsKeyId),
		wire.Op(s.GetSnapshotBlockPublicAccessState),
		wire.Op(s.EnableSnapshotBlockPublicAccess),
		wire.Op(s.DisableSnapshotBlockPublicAccess),

		wire.Op(s.DescribeVpcs),
		wire.Op(s.DescribeSubnets),
		wire.Op(s.CreateSecurityGroup),
		wire.Op(s.DescribeSecurityGroups),
		wire.Op(s.AuthorizeSecurityGroupIngress),
		wire.Op(s.RevokeSecurityGroupIngress),
		wire.Op(s.DeleteSecurityGroup),
		wire.Op(s.DescribeNetworkInterfaces),

		wire.Op(s.CreateTags),
		wire.Op(s.DeleteTags),
		wire.Op(s.DescribeTags),
	}
}

// errorf makes an error with EC2's code and text (API reference, "Error codes for the Amazon EC2 API").
func errorf(code, format string, args ...any) error { return wire.Errorf(code, format, args...) }

// update runs fn as one transaction of the caller. With DryRun everything is checked, nothing is kept, and the answer is DryRunOperation.
func (s *Service) update(ctx context.Context, dryRun *bool, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.Update(func(tx *store.Tx) error { return dry(dryRun, fn(tx, c)) })
}

// view is update for reads.
func (s *Service) view(ctx context.Context, dryRun *bool, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.View(func(tx *store.Tx) error { return dry(dryRun, fn(tx, c)) })
}

func dry(dryRun *bool, err error) error {
	if err == nil && aws.ToBool(dryRun) {
		return errorf("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
	}
	return err
}

var hexID = regexp.MustCompile(`^[a-z]+-([0-9a-f]{8}|[0-9a-f]{17})$`)

// volumeID checks how an id is written. parameter is the name EC2 gives it in its error, which is the same for what is no
// volume id at all and for one of the wrong form.
func volumeID(id, parameter string) error {
	if !strings.HasPrefix(id, "vol-") || !hexID.MatchString(id) {
		return errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. Expected: 'vol-...'.", id, parameter)
	}
	return nil
}

// snapshotID checks how an id is written: EC2 tells what is no snapshot id at all from one of the wrong form.
func snapshotID(id, parameter string) error {
	if !strings.HasPrefix(id, "snap-") {
		return errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. Expected: 'snap-...'.", id, parameter)
	}
	if !hexID.MatchString(id) {
		return errorf("InvalidSnapshotID.Malformed", "Invalid id: %q", id)
	}
	return nil
}

func missing(parameter string) error {
	return errorf("MissingParameter", "The request must contain the parameter %s", parameter)
}

func arn(region, account, kind, id string) string {
	return fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", region, account, kind, id)
}

// optional is nil for the empty string, as EC2 leaves out what is not set.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalInt(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}

// tagList gives tags in the order of their keys.
func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range sortedKeys(tags) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}
