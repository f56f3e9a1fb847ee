package ec2

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

func volumeTags(v Volume) map[string]string { return v.Tags }

// stamp is a time as filters see it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// volumeAttributes are the filters of DescribeVolumes.
var volumeAttributes = func() attributes[Volume] {
	text := func(of func(Volume) string) func(Volume) []string {
		return func(v Volume) []string { return []string{of(v)} }
	}
	none := func(Volume) []string { return nil }
	return attributes[Volume]{
		"attachment.attach-time": none, "attachment.delete-on-termination": none, "attachment.device": none,
		"attachment.instance-id": none, "attachment.status": none, "fast-restored": text(func(Volume) string { return "false" }),
		"availability-zone":    text(func(v Volume) string { return v.Zone }),
		"availability-zone-id": text(func(v Volume) string { return zoneID(v.Zone) }),
		"create-time":          text(func(v Volume) string { return stamp(v.Created) }),
		"encrypted":            text(func(v Volume) string { return strconv.FormatBool(v.Encrypted) }),
		"multi-attach-enabled": text(func(v Volume) string { return strconv.FormatBool(v.Multi) }),
		"size":                 text(func(v Volume) string { return strconv.Itoa(int(v.Size)) }),
		"snapshot-id":          text(func(v Volume) string { return v.Snapshot }),
		"status":               text(func(v Volume) string { return string(v.State) }),
		"volume-id":            text(func(v Volume) string { return v.ID }),
		"volume-type":          text(func(v Volume) string { return string(v.Type) }),
	}
}()

// listed is what the listings of volumes have in common: the caller's volumes of these ids, those that match, one page of them.
func (s *Service) listed(tx *store.Tx, c wire.Caller, ids []string, most *int32, token *string, match func(Volume) bool) ([]Volume, *string, error) {
	p, err := paging(most, token, len(ids), "volumeSet")
	if err != nil {
		return nil, nil, err
	}
	var gone []string
	for _, id := range ids {
		if err := volumeID(id, "volumes"); err != nil {
			return nil, nil, err
		}
		if _, ok := s.volumes.Get(tx, volumeKey(c.Account, c.Region, id)); !ok {
			gone = append(gone, id)
		}
	}
	switch len(gone) {
	case 0:
	case 1:
		return nil, nil, errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", gone[0])
	default:
		return nil, nil, errorf("InvalidVolume.NotFound", "The volumes '%s' do not exist.", strings.Join(gone, ", "))
	}
	rows := s.Volumes(tx, c.Account, c.Region, func(v Volume) bool {
		return (len(ids) == 0 || slices.Contains(ids, v.ID)) && match(v)
	})
	return cut(p, rows, func(v Volume) string { return v.ID })
}

// DescribeVolumes lists the caller's volumes in the Region.
func (s *Service) DescribeVolumes(ctx context.Context, in *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error) {
	out := &ec2.DescribeVolumesOutput{Volumes: []types.Volume{}}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		match, err := filter(in.Filters, volumeAttributes, volumeTags)
		if err != nil {
			return err
		}
		rows, next, err := s.listed(tx, c, in.VolumeIds, in.MaxResults, in.NextToken, match)
		for _, v := range rows {
			out.Volumes = append(out.Volumes, v.wire())
		}
		out.NextToken = next
		return err
	})
}

// DescribeVolumeStatus shows the checks of the caller's volumes, which pass.
func (s *Service) DescribeVolumeStatus(ctx context.Context, in *ec2.DescribeVolumeStatusInput) (*ec2.DescribeVolumeStatusOutput, error) {
	out := &ec2.DescribeVolumeStatusOutput{}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		ok := func(Volume) []string { return []string{"ok"} }
		match, err := filter(in.Filters, attributes[Volume]{
			"availability-zone":    volumeAttributes["availability-zone"],
			"volume-status.status": ok,
			"action.code":          func(Volume) []string { return nil },
			"event.event-type":     func(Volume) []string { return nil },
		}, nil)
		if err != nil {
			return err
		}
		rows, next, err := s.listed(tx, c, in.VolumeIds, in.MaxResults, in.NextToken, match)
		for _, v := range rows {
			status := types.VolumeStatusInfo{Status: types.VolumeStatusInfoStatusOk, Details: []types.VolumeStatusDetails{
				{Name: types.VolumeStatusNameIoEnabled, Status: aws.String("passed")},
				{Name: types.VolumeStatusNameIoPerformance, Status: aws.String("not-applicable")},
			}}
			if v.State == types.VolumeStateCreating {
				status = types.VolumeStatusInfo{Status: types.VolumeStatusInfoStatusInsufficientData}
			}
			out.VolumeStatuses = append(out.VolumeStatuses, types.VolumeStatusItem{
				VolumeId: aws.String(v.ID), AvailabilityZone: aws.String(v.Zone), AvailabilityZoneId: aws.String(zoneID(v.Zone)), VolumeStatus: &status})
		}
		out.NextToken = next
		return err
	})
}

// DescribeVolumeAttribute shows one attribute of a volume.
func (s *Service) DescribeVolumeAttribute(ctx context.Context, in *ec2.DescribeVolumeAttributeInput) (*ec2.DescribeVolumeAttributeOutput, error) {
	out := &ec2.DescribeVolumeAttributeOutput{VolumeId: in.VolumeId}
	return out, s.view(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(in.VolumeId)
		if err := volumeID(id, "volumeId"); err != nil {
			return err
		}
		v, err := s.Volume(tx, c.Account, c.Region, id)
		if in.Attribute == types.VolumeAttributeNameAutoEnableIO {
			out.AutoEnableIO = &types.AttributeBooleanValue{Value: aws.Bool(v.AutoIO)}
		}
		return err
	})
}

// ModifyVolumeAttribute sets whether a volume's I/O is enabled again by itself.
func (s *Service) ModifyVolumeAttribute(ctx context.Context, in *ec2.ModifyVolumeAttributeInput) (*ec2.ModifyVolumeAttributeOutput, error) {
	return &ec2.ModifyVolumeAttributeOutput{}, s.update(ctx, in.DryRun, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(in.VolumeId)
		if err := volumeID(id, "volumeId"); err != nil {
			return err
		}
		if in.AutoEnableIO == nil {
			return errorf("InvalidParameterCombination", "No attributes specified.")
		}
		v, err := s.Volume(tx, c.Account, c.Region, id)
		if err != nil {
			return err
		}
		v.AutoIO = aws.ToBool(in.AutoEnableIO.Value)
		s.putVolume(tx, v)
		return nil
	})
}

// DescribeInstances lists instances; the sandbox has none.
func (s *Service) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	if len(in.InstanceIds) > 0 {
		return nil, noInstance(in.InstanceIds[0])
	}
	return &ec2.DescribeInstancesOutput{}, dry(in.DryRun, nil)
}

// AttachVolume finds no instance to attach to.
func (s *Service) AttachVolume(ctx context.Context, in *ec2.AttachVolumeInput) (*ec2.AttachVolumeOutput, error) {
	return nil, s.detached(ctx, in.VolumeId, noInstance(aws.ToString(in.InstanceId)))
}

// DetachVolume finds no attachment.
func (s *Service) DetachVolume(ctx context.Context, in *ec2.DetachVolumeInput) (*ec2.DetachVolumeOutput, error) {
	return nil, s.detached(ctx, in.VolumeId, errorf("IncorrectState", "Volume '%s' is in the 'available' state.", aws.ToString(in.VolumeId)))
}

// detached refuses a request about an attachment: for its volume if that is wrong, else with err.
func (s *Service) detached(ctx context.Context, volume *string, err error) error {
	return s.view(ctx, nil, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(volume)
		if err := volumeID(id, "volumeId"); err != nil {
			return err
		}
		if _, err := s.Volume(tx, c.Account, c.Region, id); err != nil {
			return err
		}
		return err
	})
}

func noInstance(id string) error {
	if len(id) < 2 || id[:2] != "i-" || !hexID.MatchString(id) {
		return errorf("InvalidInstanceID.Malformed", "Invalid id: \"%s\"", id)
	}
	return errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
}
