package ec2

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

func filterOf(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: aws.String(name), Values: values}}
}

// TestIDs goes through how ids can be written, and what EC2 answers to each.
func TestIDs(t *testing.T) {
	w := newWorld(t, "")
	const volume, snapshot = "Value (%s) for parameter volumes is invalid. Expected: 'vol-...'.", "Value (%s) for parameter snapshotId is invalid. Expected: 'snap-...'."
	for _, c := range []struct{ id, code, text string }{
		{"vol-0123456789abcdef0", "InvalidVolume.NotFound", "The volume '%s' does not exist."},
		{"vol-01234567", "InvalidVolume.NotFound", "The volume '%s' does not exist."},
		{"vol-nope", "InvalidParameterValue", volume},
		{"vol-zzz", "InvalidParameterValue", volume},
		{"vol-", "InvalidParameterValue", volume},
		{"vol-0123456789abcdef", "InvalidParameterValue", volume},
		{"vol-0123456789ABCDEF0", "InvalidParameterValue", volume},
		{"nonsense", "InvalidParameterValue", volume},
		{"snap-0123456789abcdef0", "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist."},
		{"snap-01234567", "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist."},
		{"snap-nope", "InvalidSnapshotID.Malformed", `Invalid id: "%s"`},
		{"snap-", "InvalidSnapshotID.Malformed", `Invalid id: "%s"`},
		{"snap-0123456789abcdef", "InvalidSnapshotID.Malformed", `Invalid id: "%s"`},
		{"other", "InvalidParameterValue", snapshot},
	} {
		var err error
		if strings.Contains(c.text, "volume") {
			_, err = w.DescribeVolumes(as(mine, home, "DescribeVolumes"), &ec2.DescribeVolumesInput{VolumeIds: []string{c.id}})
		} else {
			_, err = w.DescribeSnapshots(as(mine, home, "DescribeSnapshots"), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{c.id}})
		}
		if code, text := try.Refusal(err); code != c.code || text != fmt.Sprintf(c.text, c.id) {
			t.Errorf("%q: %s: %s", c.id, code, text)
		}
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(2)})
	snap := w.snap(vol)
	w.Pass(time.Hour)
	pending := w.snap(vol)
	const gone, goneSnap = "vol-0123456789abcdef0", "snap-0123456789abcdef0"
	zone := aws.String(home + "a")
	create := func(in ec2.CreateVolumeInput) func(context.Context) error {
		return func(ctx context.Context) error {
			if in.AvailabilityZone == nil {
				in.AvailabilityZone = zone
			}
			_, err := w.CreateVolume(ctx, &in)
			return err
		}
	}
	describe := func(in ec2.DescribeVolumesInput) func(context.Context) error {
		return func(ctx context.Context) error { _, err := w.DescribeVolumes(ctx, &in); return err }
	}
	snaps := func(in ec2.DescribeSnapshotsInput) func(context.Context) error {
		return func(ctx context.Context) error { _, err := w.DescribeSnapshots(ctx, &in); return err }
	}
	share := func(in ec2.ModifySnapshotAttributeInput) func(context.Context) error {
		return func(ctx context.Context) error { _, err := w.ModifySnapshotAttribute(ctx, &in); return err }
	}
	copied := func(in ec2.CopySnapshotInput) func(context.Context) error {
		return func(ctx context.Context) error { _, err := w.CopySnapshot(ctx, &in); return err }
	}
	tagSpec := func(kind types.ResourceType, keys ...string) []types.TagSpecification {
		spec := types.TagSpecification{ResourceType: kind}
		for _, k := range keys {
			spec.Tags = append(spec.Tags, types.Tag{Key: aws.String(k)})
		}
		return []types.TagSpecification{spec}
	}
	for _, c := range []struct {
		call       func(context.Context) error
		code, text string // text is what the message contains
	}{
		{create(ec2.CreateVolumeInput{}), "MissingParameter", "The request must contain the parameter size/snapshot"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(1), AvailabilityZone: aws.String("us-west-2a")}), "InvalidZone.NotFound", "The zone 'us-west-2a' does not exist."},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(20000)}), "InvalidParameterValue", "The volume size is invalid for gp2 volumes: 20000 GiB. gp2 volumes must be at most 16384 GiB in size."},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(1), VolumeType: types.VolumeTypeIo1, Iops: aws.Int32(100)}), "InvalidParameterValue", "at least 4 GiB"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(10), Iops: aws.Int32(300)}), "InvalidParameterCombination", "The parameter iops is not supported for gp2 volumes."},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(10), VolumeType: types.VolumeTypeIo2}), "InvalidParameterCombination", "The parameter iops must be specified for io2 volumes."},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(5), VolumeType: types.VolumeTypeGp3, Iops: aws.Int32(6000)}), "InvalidParameterValue", "Iops to volume size ratio of 1200.000000 is too high; maximum is 500"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(5), VolumeType: types.VolumeTypeGp3, Iops: aws.Int32(2000)}), "InvalidParameterValue", "minimum is 3000"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(5), VolumeType: types.VolumeTypeGp3, Throughput: aws.Int32(1000)}), "InvalidParameterValue", "maximum is 0.250000 MiBps per iops"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(5), Throughput: aws.Int32(200)}), "InvalidParameterCombination", "throughput is not supported for gp2"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(5), KmsKeyId: aws.String("alias/x")}), "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."},
		{create(ec2.CreateVolumeInput{SnapshotId: aws.String(goneSnap)}), "InvalidSnapshot.NotFound", "The snapshot '" + goneSnap + "' does not exist."},
		{create(ec2.CreateVolumeInput{SnapshotId: aws.String("nonsense")}), "InvalidParameterValue", "Value (nonsense) for parameter snapshotId is invalid. Expected: 'snap-...'."},
		{create(ec2.CreateVolumeInput{SnapshotId: aws.String("snap-12")}), "InvalidSnapshotID.Malformed", `Invalid id: "snap-12"`},
		{create(ec2.CreateVolumeInput{SnapshotId: aws.String(snap), Size: aws.Int32(1)}), "InvalidParameterValue", "is smaller than snapshot"},
		{create(ec2.CreateVolumeInput{SnapshotId: aws.String(pending)}), "IncorrectState", "Snapshot is in invalid state - pending"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(1), TagSpecifications: tagSpec("snapshot", "a")}), "InvalidParameterValue", "'snapshot' is not a valid taggable resource type for this operation."},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(1), TagSpecifications: tagSpec("volume", "aws:x")}), "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(1), TagSpecifications: tagSpec("volume", "a", "a")}), "InvalidParameterValue", "Duplicate tag key 'a' specified."},
		{create(ec2.CreateVolumeInput{Size: aws.Int32(1), DryRun: aws.Bool(true)}), "DryRunOperation", "Request would have succeeded, but DryRun flag is set."},
		{create(ec2.CreateVolumeInput{DryRun: aws.Bool(true)}), "MissingParameter", "size/snapshot"},
		{describe(ec2.DescribeVolumesInput{VolumeIds: []string{"nonsense"}}), "InvalidParameterValue", "Value (nonsense) for parameter volumes is invalid. Expected: 'vol-...'."},
		{describe(ec2.DescribeVolumesInput{VolumeIds: []string{gone}}), "InvalidVolume.NotFound", "The volume '" + gone + "' does not exist."},
		{describe(ec2.DescribeVolumesInput{Filters: filterOf("colour", "red")}), "InvalidParameterValue", "The filter 'colour' is invalid"},
		{describe(ec2.DescribeVolumesInput{MaxResults: aws.Int32(3)}), "InvalidParameterValue", "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5."},
		{describe(ec2.DescribeVolumesInput{MaxResults: aws.Int32(5), VolumeIds: []string{vol}}), "InvalidParameterCombination", "The parameter volumeSet cannot be used with the parameter maxResults"},
		{describe(ec2.DescribeVolumesInput{NextToken: aws.String("%%")}), "InvalidNextToken", ""},
		{snaps(ec2.DescribeSnapshotsInput{SnapshotIds: []string{goneSnap}}), "InvalidSnapshot.NotFound", "The snapshot '" + goneSnap + "' does not exist."},
		{snaps(ec2.DescribeSnapshotsInput{OwnerIds: []string{"me"}}), "InvalidUserID.Malformed", ""},
		{func(ctx context.Context) error {
			_, err := w.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: aws.String(gone)})
			return err
		}, "InvalidVolume.NotFound", "The volume '" + gone + "' does not exist."},
		{func(ctx context.Context) error {
			_, err := w.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: aws.String(gone)})
			return err
		}, "InvalidVolume.NotFound", ""},
		{func(ctx context.Context) error {
			_, err := w.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: aws.String(vol)})
			return err
		}, "SnapshotCreationPerVolumeRateExceeded", "The maximum per volume CreateSnapshot request rate has been exceeded."},
		{func(ctx context.Context) error {
			_, err := w.AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: aws.String(vol), InstanceId: aws.String("i-0123456789abcdef0"), Device: aws.String("/dev/sdf")})
			return err
		}, "InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist"},
		{func(ctx context.Context) error {
			_, err := w.DetachVolume(ctx, &ec2.DetachVolumeInput{VolumeId: aws.String(vol)})
			return err
		}, "IncorrectState", "'available'"},
		{copied(ec2.CopySnapshotInput{SourceRegion: aws.String("mars-1"), SourceSnapshotId: aws.String(snap)}), "InvalidParameterValue", "sourceRegion"},
		{copied(ec2.CopySnapshotInput{SourceRegion: aws.String(away), SourceSnapshotId: aws.String(snap)}), "InvalidSnapshot.NotFound", snap},
		{copied(ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: aws.String(pending)}), "IncorrectState", "pending"},
		{copied(ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: aws.String(snap), KmsKeyId: aws.String("alias/x")}), "InvalidParameterDependency", "KmsKeyId"},
		{share(ec2.ModifySnapshotAttributeInput{SnapshotId: aws.String(snap)}), "InvalidParameterCombination", "No attributes specified."},
		{share(ec2.ModifySnapshotAttributeInput{SnapshotId: aws.String(snap), OperationType: "add", UserIds: []string{"bob"}}), "InvalidAMIAttributeItemValue", "bob"},
		{share(ec2.ModifySnapshotAttributeInput{SnapshotId: aws.String(snap), CreateVolumePermission: &types.CreateVolumePermissionModifications{
			Add: []types.CreateVolumePermission{{UserId: aws.String(theirs)}}, Remove: []types.CreateVolumePermission{{UserId: aws.String(mine)}}}}), "InvalidParameterCombination", ""},
		{func(ctx context.Context) error {
			_, err := w.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{"hat-1"}, Tags: []types.Tag{{Key: aws.String("a")}}})
			return err
		}, "InvalidID", "The ID 'hat-1' is not valid"},
		{func(ctx context.Context) error {
			_, err := w.ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: aws.String(vol), Size: aws.Int32(1)})
			return err
		}, "InvalidParameterValue", "New size cannot be smaller than existing size"},
		{func(ctx context.Context) error {
			_, err := w.RestoreSnapshotFromRecycleBin(ctx, &ec2.RestoreSnapshotFromRecycleBinInput{SnapshotId: aws.String(snap)})
			return err
		}, "InvalidSnapshot.NotFound", snap},
	} {
		code, text := try.Refusal(c.call(as(mine, home, "CreateVolume")))
		if code != c.code || !strings.Contains(text, c.text) {
			t.Errorf("got %s: %s\nwant %s: %s", code, text, c.code, c.text)
		}
	}
	if n := len(try.Must(w.DescribeVolumes(as(mine, home, ""), &ec2.DescribeVolumesInput{})).Volumes); n != 1 {
		t.Errorf("the refused calls left %d volumes, want the 1 from before", n)
	}
}

func TestDefaults(t *testing.T) {
	w := newWorld(t, "")
	for _, c := range []struct {
		kind             types.VolumeType
		size             int32
		ask              int32
		iops, throughput int32
	}{
		{"", 1, 0, 100, 0}, {types.VolumeTypeGp2, 1000, 0, 3000, 0}, {types.VolumeTypeGp2, 10000, 0, 16000, 0},
		{types.VolumeTypeGp3, 1, 0, 3000, 125}, {types.VolumeTypeGp3, 100, 5000, 5000, 125}, {types.VolumeTypeIo1, 10, 500, 500, 0}, {types.VolumeTypeSt1, 125, 0, 0, 0},
	} {
		id := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(c.size), VolumeType: c.kind, Iops: optionalInt(c.ask)})
		v := try.Must(w.DescribeVolumes(as(mine, home, ""), &ec2.DescribeVolumesInput{VolumeIds: []string{id}})).Volumes[0]
		if aws.ToInt32(v.Iops) != c.iops || aws.ToInt32(v.Throughput) != c.throughput || v.State != "available" || *v.AvailabilityZoneId != "use2-az1" {
			t.Errorf("%s of %d GiB: iops %d, throughput %d, state %s, zone %s", c.kind, c.size, aws.ToInt32(v.Iops), aws.ToInt32(v.Throughput), v.State, *v.AvailabilityZoneId)
		}
	}
}

func TestClientToken(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "CreateVolume")
	in := func(size int32) *ec2.CreateVolumeInput {
		return &ec2.CreateVolumeInput{Size: aws.Int32(size), AvailabilityZone: aws.String(home + "a"), ClientToken: aws.String("once")}
	}
	first, second := try.Must(w.CreateVolume(ctx, in(1))), try.Must(w.CreateVolume(ctx, in(1)))
	if *first.VolumeId != *second.VolumeId {
		t.Errorf("the same token made %s and %s", *first.VolumeId, *second.VolumeId)
	}
	_, err := w.CreateVolume(ctx, in(2))
	if code, _ := try.Refusal(err); code != "IdempotentParameterMismatch" {
		t.Errorf("another request with the same token: %v", err)
	}
	if other := try.Must(w.CreateVolume(as(theirs, home, "CreateVolume"), in(1))); *other.VolumeId == *first.VolumeId {
		t.Error("another account got the volume of this one")
	}
}

func TestStatesTakeTheirTime(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "CreateVolume")
	vol := *try.Must(w.CreateVolume(ctx, &ec2.CreateVolumeInput{Size: aws.Int32(1), AvailabilityZone: aws.String(home + "a")})).VolumeId
	state := func() string {
		out, err := w.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{vol}})
		if err != nil {
			code, _ := try.Refusal(err)
			return code
		}
		return string(out.Volumes[0].State)
	}
	var seen []string
	see := func(s string) { seen = append(seen, s) }
	see(state())
	w.Pass(volumeCreating)
	see(state())
	w.write(vol, 1, 0, 1, 2047)
	snap := w.snap(vol)
	w.write(vol, 2, 0) // after the call: not in the snapshot
	s := w.shows(mine, home, snap)
	see(string(s.State) + " " + *s.Progress)
	w.Pass(transfer(3, false) / 2)
	s = w.shows(mine, home, snap)
	see(string(s.State) + " " + *s.Progress)
	w.Pass(transfer(3, false))
	s = w.shows(mine, home, snap)
	see(string(s.State) + " " + *s.Progress)
	try.Must(w.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &vol}))
	see(state())
	w.Pass(volumeDeleting)
	see(state())
	want := []string{"creating", "available", "pending 0%", "pending 50%", "completed 100%", "deleting", "InvalidVolume.NotFound"}
	if !slices.Equal(seen, want) {
		t.Errorf("states %q\nwant   %q", seen, want)
	}
	if *s.FullSnapshotSizeInBytes != 3*BlockSize || !s.CompletionTime.Equal(s.StartTime.Add(transfer(3, false))) {
		t.Errorf("full size %d, started %s, completed %s", *s.FullSnapshotSizeInBytes, s.StartTime, s.CompletionTime)
	}
	if h, _ := w.content(home, snap).At(0); h != w.blob(1) {
		t.Error("the snapshot has what was written after it")
	}
}

func TestPendingSnapshotsAreLimited(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(100)})
	var all []int32
	for i := range int32(20000) {
		all = append(all, i)
	}
	w.write(vol, 1, all...)
	for i := range 5 {
		w.write(vol, i+2, all...)
		w.snap(vol)
		w.Pass(16 * time.Second)
	}
	_, err := w.CreateSnapshot(as(mine, home, ""), &ec2.CreateSnapshotInput{VolumeId: &vol})
	if code, text := try.Refusal(err); code != "ConcurrentSnapshotLimitExceeded" || text != "Maximum allowed in-progress snapshots for a single volume exceeded." {
		t.Errorf("the sixth pending snapshot: %s %s", code, text)
	}
}

func TestShareAndCopy(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
	w.write(vol, 7, 3, 4)
	plain := w.snap(vol)
	w.Pass(time.Minute)
	copyIt := func(account, region, source string, key string) string {
		in := &ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: &source}
		if key != "" {
			in.Encrypted, in.KmsKeyId = aws.Bool(true), aws.String(key)
		}
		id := *try.Must(w.CopySnapshot(as(account, region, "CopySnapshot"), in)).SnapshotId
		w.Pass(5 * time.Minute)
		return id
	}
	share := func(id string) error {
		_, err := w.ModifySnapshotAttribute(as(mine, home, ""), &ec2.ModifySnapshotAttributeInput{
			SnapshotId: &id, Attribute: "createVolumePermission", OperationType: "add", UserIds: []string{theirs}})
		return err
	}

	elsewhere := copyIt(mine, away, plain, "")
	if s := w.shows(mine, away, elsewhere); s.State != "completed" || *s.Encrypted || *s.VolumeId != NoVolume || len(s.Tags) != 0 {
		t.Errorf("copy to %s: %+v", away, s)
	}
	if len(Differences(w.content(home, plain), w.content(away, elsewhere))) != 0 {
		t.Error("the copy does not hold what the source holds")
	}

	byDefault := copyIt(mine, home, plain, managedKey)
	if code, text := try.Refusal(share(byDefault)); code != "OperationNotPermitted" || text != "Encrypted snapshots with EBS default key cannot be shared" {
		t.Errorf("share under the default key: %s %s", code, text)
	}

	closed := *try.Must(w.kms.CreateKey(as(mine, home, "CreateKey"), &kms.CreateKeyInput{})).KeyMetadata.Arn
	own := copyIt(mine, home, byDefault, closed)
	if s := w.shows(mine, home, own); s.State != "completed" || *s.KmsKeyId != closed {
		t.Fatalf("copy under our own key: %s %s", s.State, aws.ToString(s.StateMessage))
	}
	if _, err := w.DescribeSnapshots(as(theirs, home, ""), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{own}}); err == nil {
		t.Error("another account sees a snapshot that was not shared")
	}
	if err := share(own); err != nil {
		t.Fatal(err)
	}
	refusedKey := copyIt(theirs, home, own, managedKey)
	if s := w.shows(theirs, home, refusedKey); s.State != "error" || *s.StateMessage != "Given key ID is not accessible" {
		t.Errorf("copy by an account that may not use the key: %s %q", s.State, aws.ToString(s.StateMessage))
	}
	try.Must(w.kms.PutKeyPolicy(as(mine, home, "PutKeyPolicy"), &kms.PutKeyPolicyInput{KeyId: &closed, PolicyName: aws.String("default"), Policy: aws.String(`{
		"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::` + mine + `:root", "arn:aws:iam::` + theirs + `:root"]}, "Action": "kms:*", "Resource": "*"}]}`)}))
	out := copyIt(theirs, home, own, managedKey)
	if s := w.shows(theirs, home, out); s.State != "completed" || *s.OwnerId != theirs {
		t.Errorf("copy by the account the key lets in: %s %q", s.State, aws.ToString(s.StateMessage))
	}
	ctx := as(theirs, home, "")
	if got := try.Must(w.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{mine}})).Snapshots; len(got) != 1 || *got[0].SnapshotId != own {
		t.Errorf("the other account sees %d of our snapshots, want the shared one", len(got))
	}
	try.Must(w.ResetSnapshotAttribute(as(mine, home, ""), &ec2.ResetSnapshotAttributeInput{SnapshotId: &own, Attribute: "createVolumePermission"}))
	try.Must(w.DeleteSnapshot(as(mine, home, ""), &ec2.DeleteSnapshotInput{SnapshotId: &own}))
	if len(Differences(w.content(home, plain), w.content(home, out))) != 0 {
		t.Error("the other account's copy lost something with its source")
	}
}

func TestPublicSharing(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
	snap := w.snap(vol)
	w.Pass(time.Minute)
	ctx := as(mine, home, "")
	public := &ec2.ModifySnapshotAttributeInput{SnapshotId: &snap, OperationType: "add", GroupNames: []string{"all"}}
	seen := func() bool {
		return len(try.Must(w.DescribeSnapshots(as(theirs, home, ""), &ec2.DescribeSnapshotsInput{RestorableByUserIds: []string{"all"}})).Snapshots) == 1
	}
	try.Must(w.ModifySnapshotAttribute(ctx, public))
	if !seen() {
		t.Error("a public snapshot is not seen")
	}
	try.Must(w.EnableSnapshotBlockPublicAccess(ctx, &ec2.EnableSnapshotBlockPublicAccessInput{State: "block-all-sharing"}))
	if seen() {
		t.Error("a public snapshot is seen although all public sharing is blocked")
	}
	_, err := w.ModifySnapshotAttribute(ctx, public)
	if code, _ := try.Refusal(err); code != "OperationNotPermitted" {
		t.Errorf("sharing with everybody where that is blocked: %v", err)
	}
	try.Must(w.DisableSnapshotBlockPublicAccess(ctx, &ec2.DisableSnapshotBlockPublicAccessInput{}))
	if !seen() {
		t.Error("unblocked, the public snapshot is not seen")
	}
}

// TestSecondCopyIsIncremental copies twice into a Region: the second copy brings only what changed, and is done sooner.
func TestSecondCopyIsIncremental(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
	var took []time.Duration
	for _, blocks := range [][]int32{{0, 1, 2, 3, 4, 5, 6, 7}, {3}} {
		w.write(vol, len(took), blocks...)
		snap := w.snap(vol)
		w.Pass(time.Minute)
		id := *try.Must(w.CopySnapshot(as(mine, away, "CopySnapshot"), &ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: &snap})).SnapshotId
		w.Pass(time.Hour)
		s := w.shows(mine, away, id)
		took = append(took, s.CompletionTime.Sub(*s.StartTime))
		if *s.FullSnapshotSizeInBytes != 8*BlockSize {
			t.Errorf("the copy holds %d bytes, want all eight blocks", *s.FullSnapshotSizeInBytes)
		}
	}
	if took[0] != transfer(8, true) || took[1] != transfer(1, true) {
		t.Errorf("the copies took %v", took)
	}
}

func TestUnusableKeyShowsLater(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "CreateVolume")
	out := try.Must(w.CreateVolume(ctx, &ec2.CreateVolumeInput{
		Size: aws.Int32(1), AvailabilityZone: aws.String(home + "a"), Encrypted: aws.Bool(true), KmsKeyId: aws.String("alias/nobody")}))
	w.Pass(volumeCreating)
	_, err := w.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{*out.VolumeId}})
	if code, _ := try.Refusal(err); code != "InvalidVolume.NotFound" {
		t.Errorf("a volume under a key that is not there: %v", err)
	}
}

func TestFiltersAndPages(t *testing.T) {
	w := newWorld(t, "")
	var ids []string
	for i := range 12 {
		tags := []types.TagSpecification{{ResourceType: "volume", Tags: []types.Tag{{Key: aws.String("n"), Value: aws.String(string(rune('a' + i)))}, {Key: aws.String("of"), Value: aws.String("lab*1")}}}}
		ids = append(ids, w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(int32(i + 1)), TagSpecifications: tags}))
	}
	slices.Sort(ids)
	ctx := as(mine, home, "")
	for name, want := range map[string]int{"tag:n=a": 1, "tag:n=[ab]": 0, "tag:of=lab*": 12, `tag:of=lab\*1`: 12, "tag:of=lab?": 0, "tag-key=n": 12, "size=3": 1, "status=creating": 0, "availability-zone=" + home + "?": 12, "volume-id=" + ids[3]: 1} {
		key, value, _ := strings.Cut(name, "=")
		if got := len(try.Must(w.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: filterOf(key, value)})).Volumes); got != want {
			t.Errorf("filter %s gives %d volumes, want %d", name, got, want)
		}
	}
	var paged []string
	in := &ec2.DescribeVolumesInput{MaxResults: aws.Int32(5)}
	for pages := 1; ; pages++ {
		out := try.Must(w.DescribeVolumes(ctx, in))
		for _, v := range out.Volumes {
			paged = append(paged, *v.VolumeId)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			if pages != 3 {
				t.Errorf("12 volumes came in %d pages of 5", pages)
			}
			break
		}
	}
	if !slices.Equal(paged, ids) {
		t.Errorf("paged %v\nwant  %v", paged, ids)
	}
	if got := len(try.Must(w.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: filterOf("key", "n")})).Tags); got != 12 {
		t.Errorf("DescribeTags gives %d tags n", got)
	}
	try.Must(w.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: ids, Tags: []types.Tag{{Key: aws.String("n"), Value: aws.String("a")}}}))
	if got := len(try.Must(w.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: filterOf("key", "n")})).Tags); got != 11 {
		t.Errorf("after deleting n=a there are %d tags n", got)
	}
}

func TestLockOfAPendingSnapshotBeginsWhenItCompletes(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "")
	snap := w.snap(w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)}))
	lock := try.Must(w.LockSnapshot(ctx, &ec2.LockSnapshotInput{SnapshotId: &snap, LockMode: "governance", LockDuration: aws.Int32(1)}))
	w.Pass(time.Minute)
	done := *w.shows(mine, home, snap).CompletionTime
	if !lock.LockDurationStartTime.Equal(done) || !lock.LockExpiresOn.Equal(done.Add(day)) || !lock.LockCreatedOn.Before(done) {
		t.Errorf("locked at %s from %s to %s, completed at %s", lock.LockCreatedOn, lock.LockDurationStartTime, lock.LockExpiresOn, done)
	}
}

func TestLockAndArchive(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
	snap := w.snap(vol)
	w.Pass(time.Minute)
	try.Must(w.LockSnapshot(ctx, &ec2.LockSnapshotInput{SnapshotId: &snap, LockMode: "governance", LockDuration: aws.Int32(1)}))
	if _, err := w.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &snap}); err == nil {
		t.Error("a locked snapshot was deleted")
	}
	if got := try.Must(w.DescribeLockedSnapshots(ctx, &ec2.DescribeLockedSnapshotsInput{})).Snapshots; len(got) != 1 || got[0].LockState != "governance" {
		t.Errorf("locked snapshots: %+v", got)
	}
	w.Pass(day)
	if got := try.Must(w.DescribeLockedSnapshots(ctx, &ec2.DescribeLockedSnapshotsInput{})).Snapshots; got[0].LockState != "expired" {
		t.Errorf("after a day the lock is %s", got[0].LockState)
	}
	try.Must(w.ModifySnapshotTier(ctx, &ec2.ModifySnapshotTierInput{SnapshotId: &snap, StorageTier: "archive"}))
	var seen []string
	see := func() {
		st := try.Must(w.DescribeSnapshotTierStatus(ctx, &ec2.DescribeSnapshotTierStatusInput{})).SnapshotTierStatuses[0]
		seen = append(seen, string(st.StorageTier)+" "+string(st.LastTieringOperationStatus))
	}
	see()
	w.Pass(archiving)
	see()
	if _, err := w.CreateVolume(ctx, &ec2.CreateVolumeInput{SnapshotId: &snap, AvailabilityZone: aws.String(home + "a")}); err == nil {
		t.Error("a volume was made of an archived snapshot")
	}
	try.Must(w.RestoreSnapshotTier(ctx, &ec2.RestoreSnapshotTierInput{SnapshotId: &snap, TemporaryRestoreDays: aws.Int32(3)}))
	see()
	w.Pass(restoring)
	see()
	w.Pass(2 * day)
	see()
	want := []string{"standard archival-in-progress", "archive archival-completed", "archive temporary-restore-in-progress", "standard temporary-restore-completed", "archive temporary-restore-completed"}
	if !slices.Equal(seen, want) {
		t.Errorf("tiers %q\nwant  %q", seen, want)
	}
}

func TestModify(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
	try.Must(w.ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: &vol, Size: aws.Int32(4), VolumeType: "gp3"}))
	var seen []string
	for _, d := range []time.Duration{0, modifying, optimizing} {
		w.Pass(d)
		m := try.Must(w.DescribeVolumesModifications(ctx, &ec2.DescribeVolumesModificationsInput{VolumeIds: []string{vol}})).VolumesModifications[0]
		seen = append(seen, string(m.ModificationState))
	}
	v := try.Must(w.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})).Volumes[0]
	if !slices.Equal(seen, []string{"modifying", "optimizing", "completed"}) || *v.Size != 4 || *v.Iops != 3000 || *v.Throughput != 125 {
		t.Errorf("states %v, then %d GiB, %d IOPS, %d MiB/s", seen, *v.Size, *v.Iops, *v.Throughput)
	}
	_, err := w.ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: &vol, Size: aws.Int32(5)})
	if code, _ := try.Refusal(err); code != "VolumeModificationRateExceeded" {
		t.Errorf("a second change: %v", err)
	}
}

func TestEncryptionByDefault(t *testing.T) {
	w := newWorld(t, "")
	ctx := as(mine, home, "")
	try.Must(w.EnableEbsEncryptionByDefault(ctx, &ec2.EnableEbsEncryptionByDefaultInput{}))
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
	v := try.Must(w.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{vol}})).Volumes[0]
	if !*v.Encrypted || !strings.HasPrefix(*v.KmsKeyId, "arn:aws:kms:"+home+":"+mine+":key/") {
		t.Errorf("encrypted %t by %s", *v.Encrypted, aws.ToString(v.KmsKeyId))
	}
	if try.Must(w.GetEbsEncryptionByDefault(as(mine, away, ""), &ec2.GetEbsEncryptionByDefaultInput{})); *try.Must(w.GetEbsDefaultKmsKeyId(ctx, &ec2.GetEbsDefaultKmsKeyIdInput{})).KmsKeyId != managedKey {
		t.Error("the default key is not alias/aws/ebs")
	}
}

// TestPointInTime writes, snapshots, copies, restores and deletes at random, and compares every live snapshot and volume with a plain model.
func TestPointInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, "")
		volumes, snaps := map[string]map[int32]int{}, map[string]map[int32]int{}
		root := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1)})
		volumes[root] = map[int32]int{}
		pick := func(m map[string]map[int32]int) string {
			return rapid.SampledFrom(sortedKeys(m)).Draw(t, "which")
		}
		n := 0
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case kind <= 1:
				vol := pick(volumes)
				n++
				for _, i := range rapid.SliceOfN(rapid.Int32Range(0, 9), 1, 4).Draw(t, "blocks") {
					w.write(vol, n, i)
					volumes[vol] = maps.Clone(volumes[vol])
					volumes[vol][i] = n
				}
			case kind == 2:
				vol := pick(volumes)
				snaps[w.snap(vol)] = volumes[vol]
				w.Pass(time.Minute)
			case kind == 3 && len(snaps) > 0:
				id := pick(snaps)
				volumes[w.volume(&ec2.CreateVolumeInput{SnapshotId: &id})] = snaps[id]
			case kind == 4 && len(snaps) > 0:
				id := pick(snaps)
				out := try.Must(w.CopySnapshot(as(mine, home, "CopySnapshot"), &ec2.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: &id}))
				snaps[*out.SnapshotId] = snaps[id]
				w.Pass(5 * time.Minute)
			case kind == 5 && len(snaps) > 0:
				id := pick(snaps)
				try.Must(w.DeleteSnapshot(as(mine, home, ""), &ec2.DeleteSnapshotInput{SnapshotId: &id}))
				delete(snaps, id)
			}
		}
		for id, want := range snaps {
			got := w.content(home, id)
			if len(got) != len(want) {
				t.Fatalf("%s has %d blocks, want %d", id, len(got), len(want))
			}
			for i, n := range want {
				if h, _ := got.At(i); h != w.blob(n) {
					t.Fatalf("block %d of %s is not what was written", i, id)
				}
			}
			if s := w.shows(mine, home, id); *s.FullSnapshotSizeInBytes != int64(len(want))*BlockSize {
				t.Fatalf("%s says it has %d bytes, want %d blocks", id, *s.FullSnapshotSizeInBytes, len(want))
			}
		}
	})
}

// TestDifferences compares Differences with the two maps it is about.
func TestDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blocks := rapid.MapOf(rapid.Int32Range(0, 30), rapid.SampledFrom([]string{"a", "b", "c"}))
		a, b := blocks.Draw(t, "first"), blocks.Draw(t, "second")
		got := map[int32][2]string{}
		last := int32(-1)
		for _, d := range Differences(Content(nil).With(a), Content(nil).With(b)) {
			if d.Index <= last {
				t.Fatalf("index %d after %d", d.Index, last)
			}
			last = d.Index
			got[d.Index] = [2]string{d.First, d.Second}
		}
		want := map[int32][2]string{}
		for i := range int32(31) {
			if a[i] != b[i] {
				want[i] = [2]string{a[i], b[i]}
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("got %v want %v", got, want)
		}
	})
}

// TestRestart stops in the middle of a snapshot and goes on from what is on disk.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1), ClientToken: aws.String("tok")})
	w.write(vol, 1, 5, 6)
	snap := w.snap(vol)
	w.Pass(time.Second)
	w.Clock.Close()
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	again := newWorld(t, dir)
	if s := again.shows(mine, home, snap); s.State != "pending" {
		t.Fatalf("after the restart the snapshot is %s", s.State)
	}
	again.Pass(time.Minute)
	if s := again.shows(mine, home, snap); s.State != "completed" || *s.FullSnapshotSizeInBytes != 2*BlockSize {
		t.Fatalf("then it is %s with %d bytes", s.State, *s.FullSnapshotSizeInBytes)
	}
	if h, ok := again.content(home, snap).At(6); !ok || h != again.blob(1) {
		t.Error("block 6 is lost")
	}
	out := try.Must(again.CreateVolume(as(mine, home, "CreateVolume"), &ec2.CreateVolumeInput{Size: aws.Int32(1), AvailabilityZone: aws.String(home + "a"), ClientToken: aws.String("tok")}))
	if *out.VolumeId != vol {
		t.Error("the client token was forgotten")
	}
}

func TestTagged(t *testing.T) {
	w := newWorld(t, "")
	vol := w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1), TagSpecifications: []types.TagSpecification{{ResourceType: "volume", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}}})
	arn := "arn:aws:ec2:" + home + ":" + mine + ":volume/" + vol
	err := w.Store.Update(func(tx *store.Tx) error {
		mineToo, err := w.Retag(tx, mine, home, arn, map[string]string{"b": "2"}, []string{"a"})
		if !mineToo {
			t.Error("the volume's ARN is not its own")
		}
		r := w.Tagged(tx, mine, home)
		if len(r) != 1 || r[0].ARN != arn || r[0].Type != "ec2:volume" || !maps.Equal(r[0].Tags, map[string]string{"b": "2"}) {
			t.Errorf("tagged %+v", r)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func BenchmarkDescribeVolumesTen(b *testing.B) {
	w := newWorld(b, "")
	for range 10 {
		w.volume(&ec2.CreateVolumeInput{Size: aws.Int32(1), TagSpecifications: []types.TagSpecification{{ResourceType: "volume", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}}})
	}
	ctx := as(mine, home, "DescribeVolumes")
	b.ReportAllocs()
	for b.Loop() {
		try.Must(w.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{}))
	}
}
