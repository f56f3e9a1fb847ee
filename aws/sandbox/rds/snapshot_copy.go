package rds

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// CopyDBSnapshot copies a snapshot into the Region that is called, where it is a manual one: of the same Region by its name, of
// another Region or account by its ARN. The presigned URL that clients send is not needed to find the source.
func (s *Service) CopyDBSnapshot(ctx context.Context, in *rds.CopyDBSnapshotInput) (*rds.CopyDBSnapshotOutput, error) {
	out := &rds.CopyDBSnapshotOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		id, err := s.ofInstances().newID(tx, c, "TargetDBSnapshotIdentifier", in.TargetDBSnapshotIdentifier)
		if err != nil {
			return err
		}
		from, err := s.copySource(tx, c, aws.ToString(in.SourceDBSnapshotIdentifier))
		if err != nil {
			return err
		}
		snap := Snapshot{
			ID: id, Account: c.Account, Region: c.Region, Type: manual, Status: creating, Of: from.Of, History: from.History,
			Created: tx.Now(), Original: from.Original, Done: tx.Now().Add(copyTakes),
		}
		if from.Region != c.Region || from.Account != c.Account {
			snap.Source, snap.SourceRegion = from.ARN(), from.Region
		}
		if err := s.copyKey(tx, &snap, from, aws.ToString(in.KmsKeyId)); err != nil {
			return err
		}
		if err := s.copyOptions(tx, &snap, from, in.OptionGroupName); err != nil {
			return err
		}
		tags := in.Tags
		for _, spec := range in.TagSpecifications {
			if aws.ToString(spec.ResourceType) == "snapshot" || aws.ToString(spec.ResourceType) == "db-snapshot" {
				tags = append(slices.Clone(tags), spec.Tags...)
			}
		}
		if aws.ToBool(in.CopyTags) && from.Account == c.Account {
			tags = append(s.tags(tx, from.ARN()), tags...)
		}
		if len(tags) > 0 {
			if err := s.setTags(tx, snap.ARN(), tags); err != nil {
				return err
			}
		}
		s.snapshots.Put(tx, snap.key(), snap)
		tx.Due(snap.Done, dueSnapshot, snap.key())
		s.event(tx, c.Account, c.Region, types.SourceTypeDbSnapshot, id, "Started copy of snapshot "+from.ARN(), "notification")
		out.DBSnapshot = s.snapshotWire(tx, snap)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// copySource is the snapshot a copy is made of, wherever it is.
func (s *Service) copySource(tx *store.Tx, c wire.Caller, name string) (Snapshot, error) {
	region := c.Region
	if strings.HasPrefix(name, "arn:") {
		if _, there, _, ok := parseARN(name, "snapshot"); ok {
			region = there
		}
	}
	from, err := s.ofInstances().visible(tx, c, region, name)
	if err == nil {
		err = from.ready()
	}
	return from, err
}

// copyKey chooses the key of a copy. In the same Region and account an encrypted snapshot keeps its key where none is named; in
// another one a key of there must be named, and of another account's snapshot a key of the caller's own. A key makes the copy of an unencrypted one encrypted
// (RDS User Guide, "Copying a DB snapshot", "Handling encryption").
func (s *Service) copyKey(tx *store.Tx, snap *Snapshot, from Snapshot, key string) (err error) {
	moved := from.Region != snap.Region || from.Account != snap.Account
	switch {
	case key == "" && !from.Of.Encrypted:
		return nil
	case key == "" && moved:
		return errorf("InvalidParameterCombination", "You must specify a KMS key that is valid in %s to copy the encrypted snapshot %s.", snap.Region, from.ARN())
	case key == "":
		key = from.Of.KMSKey
	}
	if snap.Of.KMSKey, err = s.usableKey(tx, snap.Account, snap.Region, key); err != nil {
		return err
	}
	snap.Of.Encrypted = true
	if from.Of.Encrypted && from.Account != snap.Account {
		_, err = s.o.Keys.Usable(tx, from.Account, from.Region, from.Of.KMSKey, "kms:Decrypt", snap.Account)
	}
	if err != nil {
		return errorf("KMSKeyNotAccessibleFault", "The source snapshot KMS key [%s] does not exist, is not enabled or you do not have permissions to access it.", from.Of.KMSKey)
	}
	return nil
}

// copyOptions chooses the option group of a copy. One that is not a default is not known in another Region or account, so there
// one must be named (RDS User Guide, "Copying a DB snapshot", "Option group considerations").
func (s *Service) copyOptions(tx *store.Tx, snap *Snapshot, from Snapshot, name *string) error {
	moved := from.Region != snap.Region || from.Account != snap.Account
	if name == nil && !moved {
		return nil
	}
	e, err := findEngine(from.Of.Engine, from.Of.Version)
	if err != nil {
		return err
	}
	if moved {
		snap.Of.VPC = s.o.Network.DefaultVPC(snap.Account, snap.Region)
	}
	g, err := s.optionGroup(tx, snap.Account, snap.Region, aws.ToString(name), e, snap.Of.VPC)
	snap.Of.OptionGroup = g.Name
	return err
}
