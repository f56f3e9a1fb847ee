package rds

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// maxSnapshots is how many manual snapshots of a kind an account has in a Region (RDS User Guide, "Quotas and constraints").
const maxSnapshots = 100

// snapshots are those of instances, or those of clusters, with what RDS says of them.
type snapshots[T interface {
	plain() Snapshot
	subject() (id, arn, resource string) // what it is a snapshot of
}] struct {
	rows  *store.Table[T]
	kind  string // in an ARN
	taken string // the code of a name that is taken
	wrong string // the words for an ARN that names none in the Region
	none  func(name string) error
}

func (s *Service) ofInstances() snapshots[Snapshot] {
	return snapshots[Snapshot]{s.snapshots, "snapshot", "DBSnapshotAlreadyExists", "The parameter DBSnapshotIdentifier is not a valid identifier: %s", noSnapshot}
}

func (s *Service) ofClusters() snapshots[ClusterSnapshot] {
	return snapshots[ClusterSnapshot]{s.clusterSnapshots, "cluster-snapshot", "DBClusterSnapshotAlreadyExistsFault", "Invalid snapshot identifier: %s", noClusterSnapshot}
}

// newID checks the name of a new manual snapshot, and that there is room for one more.
func (all snapshots[T]) newID(tx *store.Tx, c wire.Caller, parameter string, name *string) (string, error) {
	id, err := identifier(parameter, name, 255)
	if err != nil {
		return "", err
	}
	if _, there := all.rows.Get(tx, row(c.Account, c.Region, id)); there {
		return "", errorf(all.taken, "Cannot create the snapshot because a snapshot with the identifier %s already exists.", id)
	}
	n := 0
	all.rows.Scan(tx, row(c.Account, c.Region, ""), func(_ string, snap T) bool {
		if snap.plain().Type == manual {
			n++
		}
		return true
	})
	if n >= maxSnapshots {
		return "", errorf("SnapshotQuotaExceeded", "Cannot create more than %d manual snapshots", maxSnapshots)
	}
	return id, nil
}

// own is a snapshot of the caller, by its name or ARN.
func (all snapshots[T]) own(tx *store.Tx, c wire.Caller, name string) (T, error) {
	snap, err := all.visible(tx, c, c.Region, name)
	if err == nil && snap.plain().Account != c.Account {
		err = all.none(name)
	}
	return snap, err
}

// visible is a snapshot the caller owns or may restore, in a Region. What is shared is named by its ARN.
func (all snapshots[T]) visible(tx *store.Tx, c wire.Caller, region, name string) (none T, err error) {
	account, id := c.Account, name
	if strings.HasPrefix(name, "arn:") {
		var there string
		var ok bool
		if account, there, id, ok = parseARN(name, all.kind); !ok || there != region {
			return none, invalid(all.wrong, name)
		}
	}
	snap, ok := all.rows.Get(tx, row(account, region, strings.ToLower(id)))
	if !ok || !snap.plain().sharedWith(c.Account) {
		return none, all.none(name)
	}
	return snap, nil
}

// which are the snapshots that a list is asked for.
type which struct {
	name, kind     *string
	of, resource   *string // what they are snapshots of: its identifier or ARN, its resource id
	shared, public bool    // besides the caller's own
}

// listed are those a request names, in the order of their keys.
func (all snapshots[T]) listed(tx *store.Tx, c wire.Caller, w which) (found []T, err error) {
	kind := aws.ToString(w.kind)
	if !slices.Contains([]string{"", manual, automated, "shared", "public", "awsbackup"}, kind) {
		return nil, invalid("Snapshot type %s is not valid. Valid types are: automated, manual, shared, public, awsbackup", kind)
	}
	if name := aws.ToString(w.name); name != "" {
		snap, err := all.visible(tx, c, c.Region, name)
		if err != nil {
			return nil, err
		}
		found = []T{snap}
	} else {
		all.rows.Scan(tx, "", func(_ string, snap T) bool {
			if plain := snap.plain(); plain.Region == c.Region && plain.listedFor(c.Account, kind, w.shared, w.public) {
				found = append(found, snap)
			}
			return true
		})
	}
	return slices.DeleteFunc(found, func(snap T) bool {
		id, arn, resource := snap.subject()
		return w.of != nil && id != lower(w.of) && !strings.EqualFold(arn, *w.of) ||
			w.resource != nil && !strings.EqualFold(resource, *w.resource) ||
			(kind == manual || kind == automated || kind == "awsbackup") && snap.plain().Type != kind
	}), nil
}
