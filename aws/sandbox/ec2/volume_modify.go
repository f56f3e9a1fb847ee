package ec2

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Figures are what ModifyVolume can change.
type Figures struct {
	Size, Iops, Throughput int32
	Type                   types.VolumeType
	Multi                  bool
}

// Modification is the last change of a volume: modifying, then optimizing (the new size can be used), then completed.
type Modification struct {
	Volume   string
	From, To Figures
	State    types.VolumeModificationState
	Message  string `json:",omitempty"` // StatusMessage
	Started  time.Time
	Ended    time.Time `json:",omitzero"`
}

const (
	dueModification = "ec2.modification"
	modifying       = 10 * time.Second
	optimizing      = 5 * time.Minute
	betweenChanges  = 6 * time.Hour
)

func (v Volume) figures() Figures { return Figures{v.Size, v.Iops, v.Throughput, v.Type, v.Multi} }

// ModifyVolume changes size, type and performance; a volume can only grow, and only once in six hours (EBS User Guide, "Modify an Amazon EBS volume").
func (s *Service) ModifyVolume(ctx context.Context, in *ec2.ModifyVolumeInput) (*ec2.ModifyVolumeOutput, error) {
	out := &ec2.ModifyVolumeOutput{}
	err := s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(in.VolumeId)
		v, err := s.ownVolume(tx, c, id)
		if err != nil {
			return err
		}
		if v.State != types.VolumeStateAvailable && v.State != types.VolumeStateInUse {
			return errorf("IncorrectState", "The volume '%s' is '%s'", id, v.State)
		}
		key := volumeKey(c.Account, c.Region, id)
		if last, ok := s.changes.Get(tx, key); ok && tx.Now().Sub(last.Started) < betweenChanges {
			return errorf("VolumeModificationRateExceeded", "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.")
		}
		next, err := v.modified(in)
		if err != nil {
			return err
		}
		m := Modification{Volume: id, From: v.figures(), To: next.figures(), State: types.VolumeModificationStateModifying, Started: tx.Now()}
		s.changes.Put(tx, key, m)
		tx.Due(tx.Now().Add(modifying), dueModification, key)
		shown := m.wire(tx.Now())
		out.VolumeModification = &shown
		return nil
	})
	return out, err
}

// modified is the volume as the request wants it, checked.
func (v Volume) modified(in *ec2.ModifyVolumeInput) (Volume, error) {
	if in.Size == nil && in.VolumeType == "" && in.Iops == nil && in.Throughput == nil && in.MultiAttachEnabled == nil {
		return v, missing("size, volumeType, iops or throughput")
	}
	next := v
	if in.Size != nil {
		if next.Size = *in.Size; next.Size < v.Size {
			return v, errorf("InvalidParameterValue", "New size cannot be smaller than existing size")
		}
	}
	if in.VolumeType != "" {
		next.Type = in.VolumeType
	}
	if in.MultiAttachEnabled != nil {
		next.Multi = *in.MultiAttachEnabled
	}
	iops, throughput := in.Iops, in.Throughput
	l, _ := limitsOf(next.Type)
	if iops == nil && l.maxIops > 0 && v.Iops > 0 && next.Type == v.Type {
		iops = &v.Iops
	}
	if throughput == nil && l.maxThroughput > 0 && v.Throughput > 0 && next.Type == v.Type {
		throughput = &v.Throughput
	}
	return next, next.perform(iops, throughput)
}

func (s *Service) modificationDue(tx *store.Tx, key string) error {
	m, ok := s.changes.Get(tx, key)
	v, there := s.volumes.Get(tx, key)
	if !ok || !there {
		return nil
	}
	if failure := tx.Failure(); failure != "" {
		m.State, m.Message, m.Ended = types.VolumeModificationStateFailed, failure, tx.Now()
	} else if m.State == types.VolumeModificationStateModifying {
		v.Size, v.Iops, v.Throughput, v.Type, v.Multi = m.To.Size, m.To.Iops, m.To.Throughput, m.To.Type, m.To.Multi
		s.putVolume(tx, v)
		m.State = types.VolumeModificationStateOptimizing
		tx.Due(tx.Now().Add(optimizing), dueModification, key)
	} else {
		m.State, m.Ended = types.VolumeModificationStateCompleted, tx.Now()
	}
	s.changes.Put(tx, key, m)
	return nil
}

func (m Modification) wire(now time.Time) types.VolumeModification {
	progress := int64(100)
	if m.State != types.VolumeModificationStateCompleted {
		progress = min(99, int64(100*now.Sub(m.Started)/(modifying+optimizing)))
	}
	return types.VolumeModification{
		VolumeId: aws.String(m.Volume), ModificationState: m.State, StatusMessage: optional(m.Message), Progress: aws.Int64(progress), StartTime: aws.Time(m.Started), EndTime: optionalTime(m.Ended),
		OriginalSize: aws.Int32(m.From.Size), OriginalIops: optionalInt(m.From.Iops), OriginalThroughput: optionalInt(m.From.Throughput),
		OriginalVolumeType: m.From.Type, OriginalMultiAttachEnabled: aws.Bool(m.From.Multi),
		TargetSize: aws.Int32(m.To.Size), TargetIops: optionalInt(m.To.Iops), TargetThroughput: optionalInt(m.To.Throughput),
		TargetVolumeType: m.To.Type, TargetMultiAttachEnabled: aws.Bool(m.To.Multi),
	}
}

// DescribeVolumesModifications lists the last modification of each volume that had one.
func (s *Service) DescribeVolumesModifications(ctx context.Context, in *ec2.DescribeVolumesModificationsInput) (*ec2.DescribeVolumesModificationsOutput, error) {
	out := &ec2.DescribeVolumesModificationsOutput{}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, attributes[Modification]{
			"modification-state":   func(m Modification) []string { return []string{string(m.State)} },
			"original-size":        func(m Modification) []string { return []string{strconv.Itoa(int(m.From.Size))} },
			"original-volume-type": func(m Modification) []string { return []string{string(m.From.Type)} },
			"target-size":          func(m Modification) []string { return []string{strconv.Itoa(int(m.To.Size))} },
			"target-volume-type":   func(m Modification) []string { return []string{string(m.To.Type)} },
			"volume-id":            func(m Modification) []string { return []string{m.Volume} },
		}, nil)
		if err != nil {
			return err
		}
		p, err := paging(in.MaxResults, in.NextToken, 0, "")
		if err != nil {
			return err
		}
		for _, id := range in.VolumeIds {
			if _, err := s.Volume(tx, c.Account, c.Region, id); err != nil {
				return err
			}
			if _, ok := s.changes.Get(tx, volumeKey(c.Account, c.Region, id)); !ok {
				return errorf("InvalidVolumeModification.NotFound", "Modification for volume '%s' does not exist.", id)
			}
		}
		var rows []Modification
		s.changes.Scan(tx, c.Account+"/"+c.Region+"/", func(_ string, m Modification) bool {
			if (len(in.VolumeIds) == 0 || slices.Contains(in.VolumeIds, m.Volume)) && match(m) {
				rows = append(rows, m)
			}
			return true
		})
		if rows, out.NextToken, err = cut(p, rows, func(m Modification) string { return m.Volume }); err != nil {
			return err
		}
		for _, m := range rows {
			out.VolumesModifications = append(out.VolumesModifications, m.wire(tx.Now()))
		}
		return nil
	})
}
