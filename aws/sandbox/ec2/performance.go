package ec2

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// limits of a volume type (EBS User Guide, "Amazon EBS volume types"). Zero means the type does not take that figure.
type limits struct {
	minSize, maxSize               int32 // GiB
	minIops, maxIops, iopsPerGiB   int32
	minThroughput, maxThroughput   int32 // MiB/s
	defaultIops, defaultThroughput int32
	pendingSnapshots               int // at most so many pending at once
}

func limitsOf(t types.VolumeType) (limits, bool) {
	switch t {
	case types.VolumeTypeStandard:
		return limits{minSize: 1, maxSize: 1024, pendingSnapshots: 5}, true
	case types.VolumeTypeGp2:
		return limits{minSize: 1, maxSize: 16384, pendingSnapshots: 5}, true
	case types.VolumeTypeGp3:
		return limits{minSize: 1, maxSize: 65536, minIops: 3000, maxIops: 80000, iopsPerGiB: 500, defaultIops: 3000,
			minThroughput: 125, maxThroughput: 2000, defaultThroughput: 125, pendingSnapshots: 5}, true
	case types.VolumeTypeIo1:
		return limits{minSize: 4, maxSize: 16384, minIops: 100, maxIops: 64000, iopsPerGiB: 50, pendingSnapshots: 5}, true
	case types.VolumeTypeIo2:
		return limits{minSize: 4, maxSize: 65536, minIops: 100, maxIops: 256000, iopsPerGiB: 1000, pendingSnapshots: 5}, true
	case types.VolumeTypeSt1, types.VolumeTypeSc1:
		return limits{minSize: 125, maxSize: 16384, pendingSnapshots: 1}, true
	}
	return limits{}, false
}

// perform checks size, IOPS and throughput against the type and fills in what was not asked for. iops and throughput are what was asked for.
func (v *Volume) perform(iops, throughput *int32) error {
	l, ok := limitsOf(v.Type)
	if !ok {
		return errorf("UnknownVolumeType", "Unsupported volume type '%s' for volume creation.", v.Type)
	}
	switch {
	case v.Size < l.minSize:
		return sizeError(v, "at least %d GiB in size. Please specify a volume size above the minimum limit.", l.minSize)
	case v.Size > l.maxSize:
		return sizeError(v, "at most %d GiB in size. Please specify a volume size below the maximum limit.", l.maxSize)
	case v.Multi && l.iopsPerGiB != 50 && v.Type != types.VolumeTypeIo2:
		return errorf("InvalidParameterCombination", "The parameter multi-attach-enabled is not supported for %s volumes.", v.Type)
	}
	if err := v.performIops(l, iops); err != nil {
		return err
	}
	return v.performThroughput(l, throughput)
}

func sizeError(v *Volume, format string, limit int32) error {
	return errorf("InvalidParameterValue", "The volume size is invalid for %s volumes: %d GiB. %s volumes must be "+format, v.Type, v.Size, v.Type, limit)
}

func (v *Volume) performIops(l limits, asked *int32) error {
	switch {
	case l.maxIops == 0 && asked != nil:
		return errorf("InvalidParameterCombination", "The parameter iops is not supported for %s volumes.", v.Type)
	case v.Type == types.VolumeTypeGp2:
		v.Iops = min(max(3*v.Size, 100), 16000)
		return nil
	case l.maxIops == 0:
		v.Iops = 0
		return nil
	case asked == nil && l.defaultIops == 0:
		return errorf("InvalidParameterCombination", "The parameter iops must be specified for %s volumes.", v.Type)
	case asked == nil:
		v.Iops = l.defaultIops
		return nil
	case *asked < l.minIops:
		return errorf("InvalidParameterValue", "Volume iops of %d is too low; minimum is %d.", *asked, l.minIops)
	case *asked > l.maxIops:
		return errorf("InvalidParameterValue", "Volume iops of %d is too high; maximum is %d.", *asked, l.maxIops)
	case *asked > l.iopsPerGiB*v.Size && *asked > l.defaultIops:
		return errorf("InvalidParameterValue", "Iops to volume size ratio of %f is too high; maximum is %d", float64(*asked)/float64(v.Size), l.iopsPerGiB)
	}
	v.Iops = *asked
	return nil
}

func (v *Volume) performThroughput(l limits, asked *int32) error {
	switch {
	case l.maxThroughput == 0 && asked != nil:
		return errorf("InvalidParameterCombination", "The parameter throughput is not supported for %s volumes.", v.Type)
	case asked == nil:
		v.Throughput = l.defaultThroughput
		return nil
	case *asked < l.minThroughput:
		return errorf("InvalidParameterValue", "Volume throughput of %d is too low; minimum is %d.", *asked, l.minThroughput)
	case *asked > l.maxThroughput:
		return errorf("InvalidParameterValue", "Volume throughput of %d is too high; maximum is %d.", *asked, l.maxThroughput)
	case 4**asked > v.Iops:
		ratio := strings.TrimRight(fmt.Sprintf("%f", float64(*asked)/float64(v.Iops)), "0")
		return errorf("InvalidParameterValue", "Throughput (MiBps) to iops ratio of %s is too high; maximum is 0.250000 MiBps per iops.", ratio)
	}
	v.Throughput = *asked
	return nil
}
