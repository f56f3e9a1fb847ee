package calls

import "github.com/aws/aws-sdk-go-v2/service/ec2"

func ec2Lines() []*line {
	tags := needs("ec2:CreateTags") // for TagSpecifications
	return service(ec2.NewFromConfig,
		// volumes
		call("ec2.CreateVolume", (*ec2.Client).CreateVolume, Create, token("ClientToken"), tags, keys),
		call("ec2.DescribeVolumes", (*ec2.Client).DescribeVolumes, Read),
		call("ec2.DescribeVolumeAttribute", (*ec2.Client).DescribeVolumeAttribute, Read),
		call("ec2.DescribeVolumeStatus", (*ec2.Client).DescribeVolumeStatus, Read),
		call("ec2.DescribeVolumesModifications", (*ec2.Client).DescribeVolumesModifications, Read),
		call("ec2.ModifyVolume", (*ec2.Client).ModifyVolume, Change),
		call("ec2.ModifyVolumeAttribute", (*ec2.Client).ModifyVolumeAttribute, Change, same),
		call("ec2.AttachVolume", (*ec2.Client).AttachVolume, Change, keys),
		call("ec2.DetachVolume", (*ec2.Client).DetachVolume, Change),
		call("ec2.DeleteVolume", (*ec2.Client).DeleteVolume, Delete),

		// snapshots
		call("ec2.CreateSnapshot", (*ec2.Client).CreateSnapshot, Create, tags),
		call("ec2.CreateSnapshots", (*ec2.Client).CreateSnapshots, Create, tags),
		call("ec2.CopySnapshot", (*ec2.Client).CopySnapshot, Create, tags, keys),
		call("ec2.DescribeSnapshots", (*ec2.Client).DescribeSnapshots, Read),
		call("ec2.DescribeSnapshotAttribute", (*ec2.Client).DescribeSnapshotAttribute, Read),
		call("ec2.DescribeSnapshotTierStatus", (*ec2.Client).DescribeSnapshotTierStatus, Read),
		call("ec2.DescribeFastSnapshotRestores", (*ec2.Client).DescribeFastSnapshotRestores, Read),
		call("ec2.DescribeLockedSnapshots", (*ec2.Client).DescribeLockedSnapshots, Read),
		call("ec2.ListSnapshotsInRecycleBin", (*ec2.Client).ListSnapshotsInRecycleBin, Read),
		call("ec2.ModifySnapshotAttribute", (*ec2.Client).ModifySnapshotAttribute, Change, same),
		call("ec2.ResetSnapshotAttribute", (*ec2.Client).ResetSnapshotAttribute, Change, same),
		call("ec2.ModifySnapshotTier", (*ec2.Client).ModifySnapshotTier, Change),
		call("ec2.RestoreSnapshotTier", (*ec2.Client).RestoreSnapshotTier, Change),
		call("ec2.EnableFastSnapshotRestores", (*ec2.Client).EnableFastSnapshotRestores, Change, same),
		call("ec2.DisableFastSnapshotRestores", (*ec2.Client).DisableFastSnapshotRestores, Change, same),
		// A lock in compliance mode cannot be taken off by anybody once its cooling-off period is over.
		call("ec2.LockSnapshot", (*ec2.Client).LockSnapshot, Irreversible),
		call("ec2.UnlockSnapshot", (*ec2.Client).UnlockSnapshot, Change),
		call("ec2.RestoreSnapshotFromRecycleBin", (*ec2.Client).RestoreSnapshotFromRecycleBin, Change),
		call("ec2.DeleteSnapshot", (*ec2.Client).DeleteSnapshot, Delete),

		// settings of the Region
		call("ec2.GetEbsEncryptionByDefault", (*ec2.Client).GetEbsEncryptionByDefault, Read),
		call("ec2.EnableEbsEncryptionByDefault", (*ec2.Client).EnableEbsEncryptionByDefault, Change, same),
		call("ec2.DisableEbsEncryptionByDefault", (*ec2.Client).DisableEbsEncryptionByDefault, Change, same),
		call("ec2.GetEbsDefaultKmsKeyId", (*ec2.Client).GetEbsDefaultKmsKeyId, Read),
		call("ec2.ModifyEbsDefaultKmsKeyId", (*ec2.Client).ModifyEbsDefaultKmsKeyId, Change, same),
		call("ec2.ResetEbsDefaultKmsKeyId", (*ec2.Client).ResetEbsDefaultKmsKeyId, Change, same),
		call("ec2.GetSnapshotBlockPublicAccessState", (*ec2.Client).GetSnapshotBlockPublicAccessState, Read),
		call("ec2.EnableSnapshotBlockPublicAccess", (*ec2.Client).EnableSnapshotBlockPublicAccess, Change, same),
		call("ec2.DisableSnapshotBlockPublicAccess", (*ec2.Client).DisableSnapshotBlockPublicAccess, Change, same),

		// tags
		call("ec2.CreateTags", (*ec2.Client).CreateTags, Change, same),
		call("ec2.DescribeTags", (*ec2.Client).DescribeTags, Read),
		call("ec2.DeleteTags", (*ec2.Client).DeleteTags, Change, same),

		// images
		call("ec2.CreateImage", (*ec2.Client).CreateImage, Create, tags),
		call("ec2.CopyImage", (*ec2.Client).CopyImage, Create, token("ClientToken"), tags, keys),
		call("ec2.RegisterImage", (*ec2.Client).RegisterImage, Create, tags),
		call("ec2.DescribeImages", (*ec2.Client).DescribeImages, Read),
		call("ec2.DescribeImageAttribute", (*ec2.Client).DescribeImageAttribute, Read),
		call("ec2.ModifyImageAttribute", (*ec2.Client).ModifyImageAttribute, Change, same),
		call("ec2.DeregisterImage", (*ec2.Client).DeregisterImage, Delete),

		// instances
		call("ec2.RunInstances", (*ec2.Client).RunInstances, Create, token("ClientToken"), tags, keys, passes("ec2.amazonaws.com")),
		call("ec2.DescribeInstances", (*ec2.Client).DescribeInstances, Read),
		call("ec2.DescribeInstanceStatus", (*ec2.Client).DescribeInstanceStatus, Read),
		call("ec2.DescribeInstanceAttribute", (*ec2.Client).DescribeInstanceAttribute, Read),
		call("ec2.DescribeInstanceTypes", (*ec2.Client).DescribeInstanceTypes, Read),
		call("ec2.DescribeInstanceTypeOfferings", (*ec2.Client).DescribeInstanceTypeOfferings, Read),
		call("ec2.ModifyInstanceAttribute", (*ec2.Client).ModifyInstanceAttribute, Change, same),
		call("ec2.StartInstances", (*ec2.Client).StartInstances, Change, keys),
		call("ec2.StopInstances", (*ec2.Client).StopInstances, Change),
		call("ec2.RebootInstances", (*ec2.Client).RebootInstances, Change),
		call("ec2.TerminateInstances", (*ec2.Client).TerminateInstances, Delete),
		call("ec2.AssociateIamInstanceProfile", (*ec2.Client).AssociateIamInstanceProfile, Change, passes("ec2.amazonaws.com")),
		call("ec2.DescribeIamInstanceProfileAssociations", (*ec2.Client).DescribeIamInstanceProfileAssociations, Read),

		// what instances need
		call("ec2.CreateKeyPair", (*ec2.Client).CreateKeyPair, Create, tags),
		call("ec2.DescribeKeyPairs", (*ec2.Client).DescribeKeyPairs, Read),
		call("ec2.DeleteKeyPair", (*ec2.Client).DeleteKeyPair, Delete),
		call("ec2.CreateSecurityGroup", (*ec2.Client).CreateSecurityGroup, Create, tags),
		call("ec2.DescribeSecurityGroups", (*ec2.Client).DescribeSecurityGroups, Read),
		call("ec2.AuthorizeSecurityGroupIngress", (*ec2.Client).AuthorizeSecurityGroupIngress, Change, tags),
		call("ec2.RevokeSecurityGroupIngress", (*ec2.Client).RevokeSecurityGroupIngress, Change),
		call("ec2.DeleteSecurityGroup", (*ec2.Client).DeleteSecurityGroup, Delete),
		call("ec2.DescribeNetworkInterfaces", (*ec2.Client).DescribeNetworkInterfaces, Read),
		call("ec2.DescribeSubnets", (*ec2.Client).DescribeSubnets, Read),
		call("ec2.DescribeVpcs", (*ec2.Client).DescribeVpcs, Read),

		// the account and its places
		call("ec2.DescribeAccountAttributes", (*ec2.Client).DescribeAccountAttributes, Read),
		call("ec2.DescribeAvailabilityZones", (*ec2.Client).DescribeAvailabilityZones, Read),
		call("ec2.DescribeRegions", (*ec2.Client).DescribeRegions, Read),
	)
}
