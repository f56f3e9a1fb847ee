// Package ebs is the sandbox's EBS direct APIs: reading a snapshot's blocks, writing a snapshot without a volume, and comparing two.
//
// Its rule: it keeps nothing of a snapshot but the blocks that are being written; a snapshot is a snapshot of package ec2 from
// its first moment, and once completed it is like any other. Block and page tokens carry what they stand for, signed, so they need no row.
package ebs

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ebs/types"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Service reads and writes snapshot blocks.
type Service struct {
	store  *store.Store
	ec2    *ec2.Service
	keys   ec2.Keys
	writes *store.Table[Writing] // region/snap-
	blocks *store.Table[string]  // region/snap-/index: the block's hash while its snapshot is being written
	tokens *store.Table[Token]   // account/region/token
	seals  *store.Table[string]  // the one key that signs tokens
}

// New makes the service over the snapshots of e. Keys is the sandbox's KMS.
func New(st *store.Store, e *ec2.Service, keys ec2.Keys) *Service {
	s := &Service{
		store:  st,
		ec2:    e,
		keys:   keys,
		writes: store.NewTable[Writing](st, "ebs.writes"),
		blocks: store.NewTable[string](st, "ebs.blocks"),
		tokens: store.NewTable[Token](st, "ebs.tokens"),
		seals:  store.NewTable[string](st, "ebs.seal"),
	}
	st.OnDue(dueTimeout, s.timeoutDue)
	st.OnSweep(func(tx *store.Tx, k *store.Kept) {
		s.blocks.Scan(tx, "", func(_, hash string) bool { k.Content(hash); return true })
	})
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.StartSnapshot), wire.Op(s.PutSnapshotBlock), wire.Op(s.CompleteSnapshot),
		wire.Op(s.ListSnapshotBlocks), wire.Op(s.GetSnapshotBlock), wire.Op(s.ListChangedBlocks),
	}
}

func (s *Service) update(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.Update(func(tx *store.Tx) error { return fn(tx, c) })
}

func (s *Service) view(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.View(func(tx *store.Tx) error { return fn(tx, c) })
}

var snapshotID = regexp.MustCompile(`^snap-[0-9a-f]+$`)

// find gives a snapshot that the caller may use. Another account's is denied unless it is shared.
func (s *Service) find(tx *store.Tx, c wire.Caller, id string) (ec2.Snapshot, error) {
	if !snapshotID.MatchString(id) {
		return ec2.Snapshot{}, invalid(types.ValidationExceptionReasonInvalidSnapshotId, "Value (%s) for parameter snapshotId is invalid. Expected: 'snap-...'.", id)
	}
	snap, ok := s.ec2.Exists(tx, c.Region, id)
	if !ok {
		return snap, &types.ResourceNotFoundException{
			Message: aws.String(fmt.Sprintf("The snapshot '%s' does not exist.", id)), Reason: types.ResourceNotFoundExceptionReasonSnapshotNotFound}
	}
	if _, err := s.ec2.Visible(tx, c.Account, c.Region, id); err != nil {
		return snap, denied(types.AccessDeniedExceptionReasonUnauthorizedAccount, "Account %s is not authorized to access snapshot %s.", c.Account, id)
	}
	return snap, s.usable(tx, c, snap)
}

// usable asks for the snapshot's key, which the caller needs to read and to write its blocks.
func (s *Service) usable(tx *store.Tx, c wire.Caller, snap ec2.Snapshot) error {
	if !snap.Encrypted {
		return nil
	}
	if _, err := s.keys.Usable(tx, snap.Owner, snap.Region, snap.KMSKey, "kms:Decrypt", c.Account); err != nil {
		return denied(types.AccessDeniedExceptionReasonDependencyAccessDenied, "The KMS key %s of snapshot %s is not accessible.", snap.KMSKey, snap.ID)
	}
	return nil
}

func invalid(reason types.ValidationExceptionReason, format string, args ...any) error {
	return &types.ValidationException{Message: aws.String(fmt.Sprintf(format, args...)), Reason: reason}
}

func denied(reason types.AccessDeniedExceptionReason, format string, args ...any) error {
	return &types.AccessDeniedException{Message: aws.String(fmt.Sprintf(format, args...)), Reason: reason}
}
