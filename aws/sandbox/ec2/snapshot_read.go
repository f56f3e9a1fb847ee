package ec2

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

func snapshotTags(snap Snapshot) map[string]string { return snap.Tags }

// DescribeSnapshots lists snapshots the caller owns, those shared with it and public ones, or of them the owners, the restorers and ids asked for.
func (s *Service) DescribeSnapshots(ctx context.Context, in *ec2.DescribeSnapshotsInput) (*ec2.DescribeSnapshotsOutput, error) {
	out := &ec2.DescribeSnapshotsOutput{}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		now := tx.Now()
		text := func(of func(Snapshot) string) func(Snapshot) []string {
			return func(snap Snapshot) []string { return []string{of(snap)} }
		}
		match, err := filter(in.Filters, attributes[Snapshot]{
			"description":   text(func(snap Snapshot) string { return snap.Description }),
			"encrypted":     text(func(snap Snapshot) string { return strconv.FormatBool(snap.Encrypted) }),
			"owner-alias":   func(Snapshot) []string { return nil },
			"owner-id":      text(func(snap Snapshot) string { return snap.Owner }),
			"progress":      text(func(snap Snapshot) string { return snap.progress(now) }),
			"snapshot-id":   text(func(snap Snapshot) string { return snap.ID }),
			"start-time":    text(func(snap Snapshot) string { return stamp(snap.Started) }),
			"status":        text(func(snap Snapshot) string { return string(snap.State) }),
			"storage-tier":  text(func(snap Snapshot) string { return string(snap.Tier.storage()) }),
			"transfer-type": func(snap Snapshot) []string { return []string{string(snap.wire(now).TransferType)} },
			"volume-id":     text(func(snap Snapshot) string { return snap.Volume }),
			"volume-size":   text(func(snap Snapshot) string { return strconv.Itoa(int(snap.Size)) }),
		}, snapshotTags)
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, len(in.SnapshotIds), "snapshotSet")
		if err != nil {
			return err
		}
		for _, id := range slices.Concat(in.OwnerIds, in.RestorableByUserIds) {
			if !isAccount(id) && !slices.Contains([]string{"self", "amazon", "aws-marketplace", "all"}, id) {
				return errorf("InvalidUserID.Malformed", "Invalid user id: \"%s\"", id)
			}
		}
		rows, err := s.chosen(tx, c, in.SnapshotIds)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(snap Snapshot) bool {
			return !ownedBy(snap, c.Account, in.OwnerIds) || !restorableBy(snap, c.Account, in.RestorableByUserIds) || !match(snap)
		})
		if rows, out.NextToken, err = cut(p, rows, func(snap Snapshot) string { return snap.ID }); err != nil {
			return err
		}
		for _, snap := range rows {
			out.Snapshots = append(out.Snapshots, snap.wire(now))
		}
		return nil
	})
}

// chosen gives the snapshots of these ids, or without ids all that the caller can see. An id that is not there is an error.
func (s *Service) chosen(tx *store.Tx, c wire.Caller, ids []string) ([]Snapshot, error) {
	if len(ids) == 0 {
		return s.Snapshots(tx, c.Region, func(snap Snapshot) bool { return s.mayUse(tx, snap, c.Account) }), nil
	}
	var rows []Snapshot
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if err := snapshotID(id, "snapshotId"); err != nil {
			return nil, err
		}
		snap, err := s.Visible(tx, c.Account, c.Region, id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, snap)
	}
	return rows, nil
}

func ownedBy(snap Snapshot, caller string, owners []string) bool {
	return len(owners) == 0 || slices.Contains(owners, snap.Owner) || snap.Owner == caller && slices.Contains(owners, "self")
}

func restorableBy(snap Snapshot, caller string, users []string) bool {
	if len(users) == 0 {
		return true
	}
	for _, u := range users {
		u = strings.Replace(u, "self", caller, 1)
		if u == "all" && snap.Public || u == snap.Owner || u != "all" && slices.Contains(snap.Shared, u) {
			return true
		}
	}
	return false
}
