package ec2_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	dlmtypes "github.com/aws/aws-sdk-go-v2/service/dlm/types"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	ebstypes "github.com/aws/aws-sdk-go-v2/service/ebs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/try"
)

const home, away = "us-east-2", "us-west-2"

func open(t *testing.T) (*sandbox.Sandbox, func(region string) aws.Config) {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{Start: time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	creds, err := box.Credentials("")
	if err != nil {
		t.Fatal(err)
	}
	return box, func(region string) aws.Config {
		return aws.Config{Region: region, BaseEndpoint: aws.String(box.Endpoint()),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })}
	}
}

// TestThroughTheSDK goes over HTTP from written blocks to a restored volume in another Region, and a day of a policy.
func TestThroughTheSDK(t *testing.T) {
	box, config := open(t)
	ctx := context.Background()
	here, there, blocks := ec2.NewFromConfig(config(home)), ec2.NewFromConfig(config(away)), ebs.NewFromConfig(config(home))
	wait := func(d time.Duration) {
		if err := box.Clock().Wait(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	data := bytes.Repeat([]byte("known data..."), 1<<16)[:1<<19]
	sum := sha256.Sum256(data)
	checksum := base64.StdEncoding.EncodeToString(sum[:])
	seed := try.Must(blocks.StartSnapshot(ctx, &ebs.StartSnapshotInput{VolumeSize: aws.Int64(1), Tags: []ebstypes.Tag{{Key: aws.String("Name"), Value: aws.String("seed")}}}))
	for _, i := range []int32{0, 2047} {
		try.Must(blocks.PutSnapshotBlock(ctx, &ebs.PutSnapshotBlockInput{SnapshotId: seed.SnapshotId, BlockIndex: aws.Int32(i), BlockData: bytes.NewReader(data),
			DataLength: aws.Int32(int32(len(data))), Checksum: &checksum, ChecksumAlgorithm: ebstypes.ChecksumAlgorithmChecksumAlgorithmSha256}))
	}
	try.Must(blocks.CompleteSnapshot(ctx, &ebs.CompleteSnapshotInput{SnapshotId: seed.SnapshotId, ChangedBlocksCount: aws.Int32(2)}))
	wait(time.Minute)
	tags := []types.TagSpecification{{ResourceType: types.ResourceTypeVolume, Tags: []types.Tag{{Key: aws.String("backup"), Value: aws.String("yes")}}}}
	volume := try.Must(here.CreateVolume(ctx, &ec2.CreateVolumeInput{SnapshotId: seed.SnapshotId, AvailabilityZone: aws.String(home + "b"), VolumeType: types.VolumeTypeGp3, TagSpecifications: tags}))
	wait(10 * time.Second)
	taken := try.Must(here.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: volume.VolumeId}))
	wait(time.Minute)
	copied := try.Must(there.CopySnapshot(ctx, &ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: taken.SnapshotId}))
	wait(5 * time.Minute)
	restored := try.Must(there.CreateVolume(ctx, &ec2.CreateVolumeInput{SnapshotId: copied.SnapshotId, AvailabilityZone: aws.String(away + "a")}))
	wait(10 * time.Second)
	proof := try.Must(there.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: restored.VolumeId}))
	if err := ec2.NewSnapshotCompletedWaiter(there).Wait(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*copied.SnapshotId}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	wait(time.Minute)
	far := ebs.NewFromConfig(config(away))
	list := try.Must(far.ListSnapshotBlocks(ctx, &ebs.ListSnapshotBlocksInput{SnapshotId: proof.SnapshotId}))
	if len(list.Blocks) != 2 {
		t.Fatalf("the restored volume has %d blocks, want 2", len(list.Blocks))
	}
	got := try.Must(far.GetSnapshotBlock(ctx, &ebs.GetSnapshotBlockInput{SnapshotId: proof.SnapshotId, BlockIndex: list.Blocks[1].BlockIndex, BlockToken: list.Blocks[1].BlockToken}))
	if raw := try.Must(io.ReadAll(got.BlockData)); !bytes.Equal(raw, data) || *got.Checksum != checksum || *list.Blocks[1].BlockIndex != 2047 {
		t.Error("block 2047 is not what was written")
	}

	role := try.Must(iam.NewFromConfig(config(home)).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("dlm"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))
	try.Must(iam.NewFromConfig(config(home)).AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
		RoleName: role.Role.RoleName, PolicyArn: aws.String("arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole")}))
	wait(time.Minute)
	policy := try.Must(dlm.NewFromConfig(config(home)).CreateLifecyclePolicy(ctx, &dlm.CreateLifecyclePolicyInput{
		ExecutionRoleArn: role.Role.Arn, Description: aws.String("hourly"), State: dlmtypes.SettablePolicyStateValuesEnabled,
		PolicyDetails: &dlmtypes.PolicyDetails{
			ResourceTypes: []dlmtypes.ResourceTypeValues{dlmtypes.ResourceTypeValuesVolume},
			TargetTags:    []dlmtypes.Tag{{Key: aws.String("backup"), Value: aws.String("yes")}},
			Schedules: []dlmtypes.Schedule{{Name: aws.String("hourly"), RetainRule: &dlmtypes.RetainRule{Count: aws.Int32(6)},
				CreateRule: &dlmtypes.CreateRule{Interval: aws.Int32(1), IntervalUnit: dlmtypes.IntervalUnitValuesHours, Times: []string{"00:00"}}}},
		}}))
	wait(26 * time.Hour)
	mine := try.Must(here.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"},
		Filters: []types.Filter{{Name: aws.String("tag:aws:dlm:lifecycle-policy-id"), Values: []string{*policy.PolicyId}}}}))
	if len(mine.Snapshots) != 6 {
		t.Errorf("after a day of hourly snapshots %d are there, want 6", len(mine.Snapshots))
	}
	found := try.Must(resourcegroupstaggingapi.NewFromConfig(config(home)).GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"ec2:snapshot"}}))
	if len(found.ResourceTagMappingList) != 7 {
		t.Errorf("the tagging API finds %d snapshots, want the seed and six", len(found.ResourceTagMappingList))
	}
}

// TestThroughTheCLI runs the aws command, where there is one.
func TestThroughTheCLI(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the aws CLI is not installed")
	}
	if testing.Short() {
		t.Skip("each call of the aws CLI takes a second")
	}
	box, config := open(t)
	creds := try.Must(config(home).Credentials.Retrieve(context.Background()))
	run := func(line string) string {
		cmd := exec.Command("aws", strings.Fields(line)...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+box.Endpoint(), "AWS_REGION="+home, "AWS_DEFAULT_REGION="+home, "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null",
			"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_ACCESS_KEY_ID="+creds.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+creds.SecretAccessKey, "AWS_SESSION_TOKEN="+creds.SessionToken)
		out, _ := cmd.CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	var volume struct{ VolumeId, State string }
	out := run("ec2 create-volume --availability-zone us-east-2a --size 1 --volume-type gp3 --tag-specifications ResourceType=volume,Tags=[{Key=Name,Value=x}]")
	if err := json.Unmarshal([]byte(out), &volume); err != nil || volume.State != "creating" {
		t.Fatalf("create-volume: %s", out)
	}
	if err := box.Clock().Wait(context.Background(), time.Minute); err != nil {
		t.Fatal(err)
	}
	snapshot := run("ec2 create-snapshot --volume-id " + volume.VolumeId + " --query SnapshotId --output text")
	for line, want := range map[string]string{
		"ec2 describe-volumes --filters Name=tag:Name,Values=x --query Volumes[].[VolumeId,State,Iops] --output text":      volume.VolumeId + "\tavailable\t3000",
		"ec2 describe-snapshots --owner-ids self --query Snapshots[].[SnapshotId,State,Progress,VolumeSize] --output text": snapshot + "\tpending\t0%\t1",
		"ec2 describe-snapshots --snapshot-ids nonsense":                                                                   "An error occurred (InvalidParameterValue) when calling the DescribeSnapshots operation: Value (nonsense) for parameter snapshotId is invalid. Expected: 'snap-...'.",
		"ec2 create-volume --availability-zone us-east-2a":                                                                 "An error occurred (MissingParameter) when calling the CreateVolume operation: The request must contain the parameter size/snapshot",
		"ec2 delete-volume --volume-id vol-0123456789abcdef0":                                                              "An error occurred (InvalidVolume.NotFound) when calling the DeleteVolume operation: The volume 'vol-0123456789abcdef0' does not exist.",
		"ec2 delete-snapshot --dry-run --snapshot-id " + snapshot:                                                          "An error occurred (DryRunOperation) when calling the DeleteSnapshot operation: Request would have succeeded, but DryRun flag is set.",
		"ebs list-snapshot-blocks --snapshot-id snap-0123456789abcdef0":                                                    "An error occurred (ResourceNotFoundException) when calling the ListSnapshotBlocks operation: The snapshot 'snap-0123456789abcdef0' does not exist.",
		"dlm get-lifecycle-policies":                                                                                       "{\n    \"Policies\": []\n}",
		"ec2 describe-regions --query length(Regions)":                                                                     "17",
	} {
		if got := run(line); !strings.HasSuffix(got, want) {
			t.Errorf("aws %s\ngot  %s\nwant %s", line, got, want)
		}
	}
}
