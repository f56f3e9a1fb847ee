package ec2

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Volume is an EBS volume. Content is the address of what is on it; volumes and snapshots of one Lineage can be compared block by block.
type Volume struct {
	ID         string
	Account    string
	Region     string
	Zone       string
	Size       int32 // GiB
	Type       types.VolumeType
	Iops       int32             `json:",omitempty"`
	Throughput int32             `json:",omitempty"` // MiB/s
	Encrypted  bool              `json:",omitempty"`
	KMSKey     string            `json:",omitempty"`
	Snapshot   string            `json:",omitempty"`
	Multi      bool              `json:",omitempty"` // Multi-Attach
	AutoIO     bool              `json:",omitempty"` // AutoEnableIO
	InitRate   int32             `json:",omitempty"` // VolumeInitializationRate, MiB/s
	State      types.VolumeState // creating, available, deleting, error
	Doomed     bool              `json:",omitempty"` // its key cannot be used: it vanishes instead of becoming available
	Created    time.Time
	Snapped    time.Time         `json:",omitzero"` // when its last snapshot was started
	Token      string            `json:",omitempty"`
	Tags       map[string]string `json:",omitempty"`
	Content    string            `json:",omitempty"`
	Blocks     int               `json:",omitempty"` // in Content
	Lineage    string
}

// Due kinds. A volume takes seconds to be made and to go.
const (
	dueVolume      = "ec2.volume"
	volumeCreating = 5 * time.Second
	volumeDeleting = 3 * time.Second
)

func volumeKey(account, region, id string) string { return account + "/" + region + "/" + id }

func (s *Service) putVolume(tx *store.Tx, v Volume) {
	s.volumes.Put(tx, volumeKey(v.Account, v.Region, v.ID), v)
}

// Volume finds a volume of an account. The error is InvalidVolume.NotFound.
func (s *Service) Volume(tx *store.Tx, account, region, id string) (Volume, error) {
	v, ok := s.volumes.Get(tx, volumeKey(account, region, id))
	if !ok {
		return v, errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
	}
	return v, nil
}

// Volumes gives an account's volumes in a Region that keep accepts, in the order of their ids; keep nil takes all.
func (s *Service) Volumes(tx *store.Tx, account, region string, keep func(Volume) bool) []Volume {
	var out []Volume
	s.volumes.Scan(tx, account+"/"+region+"/", func(_ string, v Volume) bool {
		if keep == nil || keep(v) {
			out = append(out, v)
		}
		return true
	})
	return out
}

// CreateVolume makes a volume, blank or from a snapshot. Without a type it is gp2, as in the API (the console takes gp3).
func (s *Service) CreateVolume(ctx context.Context, in *ec2.CreateVolumeInput) (*ec2.CreateVolumeOutput, error) {
	var made Volume
	err := s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		id, again, err := s.once(tx, c, in.ClientToken, tokenless(in))
		if err != nil {
			return err
		}
		if again {
			made, err = s.Volume(tx, c.Account, c.Region, id)
			return err
		}
		if made, err = s.newVolume(tx, c, in); err != nil {
			return err
		}
		s.putVolume(tx, made)
		s.remember(tx, c, in.ClientToken, tokenless(in), made.ID)
		tx.Due(tx.Now().Add(volumeCreating), dueVolume, volumeKey(made.Account, made.Region, made.ID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	v := made.wire()
	return &ec2.CreateVolumeOutput{
		VolumeId: v.VolumeId, VolumeType: v.VolumeType, State: v.State, Size: v.Size, Iops: v.Iops, Throughput: v.Throughput,
		AvailabilityZone: v.AvailabilityZone, AvailabilityZoneId: v.AvailabilityZoneId, CreateTime: v.CreateTime,
		Encrypted: v.Encrypted, KmsKeyId: v.KmsKeyId, SnapshotId: aws.String(made.Snapshot),
		MultiAttachEnabled: v.MultiAttachEnabled, VolumeInitializationRate: v.VolumeInitializationRate, Tags: v.Tags,
	}, nil
}

func tokenless(in *ec2.CreateVolumeInput) ec2.CreateVolumeInput {
	bare := *in
	bare.ClientToken = nil
	return bare
}

func (s *Service) newVolume(tx *store.Tx, c wire.Caller, in *ec2.CreateVolumeInput) (Volume, error) {
	v := Volume{
		ID: tx.ID("vol-"), Account: c.Account, Region: c.Region, Created: tx.Now(), State: types.VolumeStateCreating,
		Type: in.VolumeType, Size: aws.ToInt32(in.Size), Iops: aws.ToInt32(in.Iops), Throughput: aws.ToInt32(in.Throughput),
		Multi: aws.ToBool(in.MultiAttachEnabled), InitRate: aws.ToInt32(in.VolumeInitializationRate), Token: aws.ToString(in.ClientToken),
	}
	if v.Type == "" {
		v.Type = types.VolumeTypeGp2
	}
	v.Lineage = v.ID
	var err error
	if v.Zone, err = chosenZone(c.Region, aws.ToString(in.AvailabilityZone), aws.ToString(in.AvailabilityZoneId)); err != nil {
		return v, err
	}
	if v.Tags, err = specified(in.TagSpecifications, types.ResourceTypeVolume); err != nil {
		return v, err
	}
	var from Snapshot
	if id := aws.ToString(in.SnapshotId); id != "" {
		if from, err = s.source(tx, c, id); err != nil {
			return v, err
		}
		v.Snapshot, v.Content, v.Blocks, v.Lineage = from.ID, from.Content, from.Blocks, from.Lineage
		if in.Size == nil {
			v.Size = from.Size
		}
		if v.Size < from.Size {
			return v, errorf("InvalidParameterValue", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", v.Size, from.ID, from.Size)
		}
	} else if in.Size == nil {
		return v, missing("size/snapshot")
	} else if v.InitRate != 0 {
		return v, errorf("InvalidParameterDependency", "The parameter VolumeInitializationRate requires the parameter SnapshotId to be set.")
	}
	if err := v.perform(in.Iops, in.Throughput); err != nil {
		return v, err
	}
	return v, s.encryptVolume(tx, &v, from, in)
}

// encryptVolume decides whether the volume is encrypted and by which key. A key that cannot be used shows only later: the call
// succeeds and the volume is gone before it was available (API reference, CreateVolume, KmsKeyId).
func (s *Service) encryptVolume(tx *store.Tx, v *Volume, from Snapshot, in *ec2.CreateVolumeInput) error {
	set := s.Settings(tx, v.Account, v.Region)
	if from.Encrypted && in.Encrypted != nil && !*in.Encrypted {
		return errorf("InvalidParameterCombination", "Encrypted snapshots must be used to create encrypted volumes.")
	}
	v.Encrypted = aws.ToBool(in.Encrypted) || from.Encrypted || set.EncryptByDefault
	if in.KmsKeyId != nil && !v.Encrypted {
		return errorf("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	}
	if !v.Encrypted {
		return nil
	}
	v.KMSKey = aws.ToString(in.KmsKeyId)
	if v.KMSKey == "" {
		v.KMSKey = from.KMSKey
	}
	if v.KMSKey == "" || from.Encrypted && from.Owner != v.Account && in.KmsKeyId == nil {
		v.KMSKey = set.Key()
	}
	key, err := s.keys.Usable(tx, v.Account, v.Region, v.KMSKey, "kms:GenerateDataKeyWithoutPlaintext", v.Account)
	if err == nil {
		v.KMSKey = key
	}
	v.Doomed = err != nil || !s.decryptable(tx, from, v.Account)
	if v.KMSKey != from.KMSKey && from.Encrypted || from.ID != "" && !from.Encrypted {
		v.Lineage = v.ID // re-encrypted: every block is another one for EBS
	}
	return nil
}

func (s *Service) volumeDue(tx *store.Tx, key string) error {
	v, ok := s.volumes.Get(tx, key)
	if !ok {
		return nil
	}
	if v.State == types.VolumeStateDeleting || v.Doomed {
		s.forgetVolume(tx, v)
		return nil
	}
	v.State = types.VolumeStateAvailable
	if tx.Failure() != "" {
		v.State = types.VolumeStateError
	}
	s.putVolume(tx, v)
	return nil
}

func (s *Service) forgetVolume(tx *store.Tx, v Volume) {
	key := volumeKey(v.Account, v.Region, v.ID)
	s.volumes.Delete(tx, key)
	s.changes.Delete(tx, key)
	tx.Cancel(dueModification, key)
	s.forget(tx, v.Account, v.Region, "CreateVolume", v.Token)
}

// ownVolume finds the caller's volume by an id that may be malformed.
func (s *Service) ownVolume(tx *store.Tx, c wire.Caller, id string) (Volume, error) {
	if err := volumeID(id, "volumeId"); err != nil {
		return Volume{}, err
	}
	return s.Volume(tx, c.Account, c.Region, id)
}

// DeleteVolume deletes a volume that is available. Its snapshots stay.
func (s *Service) DeleteVolume(ctx context.Context, in *ec2.DeleteVolumeInput) (*ec2.DeleteVolumeOutput, error) {
	return &ec2.DeleteVolumeOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(in.VolumeId)
		v, err := s.ownVolume(tx, c, id)
		if err != nil {
			return err
		}
		switch v.State {
		case types.VolumeStateDeleting:
			return errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
		case types.VolumeStateCreating:
			return errorf("IncorrectState", "The volume '%s' is '%s'", id, v.State)
		case types.VolumeStateInUse:
			return errorf("VolumeInUse", "Volume %s is currently attached", id)
		}
		v.State = types.VolumeStateDeleting
		s.putVolume(tx, v)
		tx.Due(tx.Now().Add(volumeDeleting), dueVolume, volumeKey(v.Account, v.Region, v.ID))
		return nil
	})
}

// wire is the volume as DescribeVolumes shows it.
func (v Volume) wire() types.Volume {
	return types.Volume{
		Attachments:      []types.VolumeAttachment{},
		AvailabilityZone: aws.String(v.Zone), AvailabilityZoneId: aws.String(zoneID(v.Zone)),
		CreateTime: aws.Time(v.Created), Encrypted: aws.Bool(v.Encrypted), KmsKeyId: optional(v.KMSKey),
		Iops: optionalInt(v.Iops), Throughput: optionalInt(v.Throughput), MultiAttachEnabled: aws.Bool(v.Multi),
		Size: aws.Int32(v.Size), SnapshotId: aws.String(v.Snapshot), State: v.State, VolumeId: aws.String(v.ID), VolumeType: v.Type,
		VolumeInitializationRate: optionalInt(v.InitRate), Tags: tagList(v.Tags),
	}
}
