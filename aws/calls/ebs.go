package calls

import "github.com/aws/aws-sdk-go-v2/service/ebs"

func ebsLines() []*line {
	return service(ebs.NewFromConfig,
		call("ebs.StartSnapshot", (*ebs.Client).StartSnapshot, Create, token("ClientToken"), needs("ec2:CreateTags"), keys),
		call("ebs.PutSnapshotBlock", (*ebs.Client).PutSnapshotBlock, Change, same, keys),
		call("ebs.CompleteSnapshot", (*ebs.Client).CompleteSnapshot, Change),
		call("ebs.ListSnapshotBlocks", (*ebs.Client).ListSnapshotBlocks, Read),
		call("ebs.ListChangedBlocks", (*ebs.Client).ListChangedBlocks, Read),
		call("ebs.GetSnapshotBlock", (*ebs.Client).GetSnapshotBlock, Read, keys),
	)
}
