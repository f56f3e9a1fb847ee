package ebs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	"github.com/aws/aws-sdk-go-v2/service/ebs/types"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	kmsapi "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/try"
)

const mine, theirs, home = try.Mine, try.Theirs, try.Home

type world struct {
	*Service
	*try.Ground
	ec2 *ec2.Service
	kms *kms.Service
}

func newWorld(t try.Tester, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	keys := kms.New(g.Store)
	e := ec2.New(g.Store, keys)
	return &world{New(g.Store, e, keys), g, e, keys}
}

func as(account string) context.Context { return try.As(account, home, "ebs", "") }

// data is block content n.
func data(n int) []byte {
	b := make([]byte, ec2.BlockSize)
	binary.BigEndian.PutUint64(b, uint64(n))
	return b
}

func checksum(b []byte) *string {
	sum := sha256.Sum256(b)
	return aws.String(base64.StdEncoding.EncodeToString(sum[:]))
}

func (w *world) start(parent string) string {
	in := &ebs.StartSnapshotInput{VolumeSize: aws.Int64(1)}
	if parent != "" {
		in.ParentSnapshotId = &parent
	}
	return *try.Must(w.StartSnapshot(as(mine), in)).SnapshotId
}

func put(id string, index int32, b []byte) *ebs.PutSnapshotBlockInput {
	return &ebs.PutSnapshotBlockInput{SnapshotId: &id, BlockIndex: &index, BlockData: bytes.NewReader(b), DataLength: aws.Int32(int32(len(b))),
		Checksum: checksum(b), ChecksumAlgorithm: types.ChecksumAlgorithmChecksumAlgorithmSha256}
}

// snapshot writes blocks on top of a parent and completes.
func (w *world) snapshot(parent string, blocks map[int32]int) string {
	id := w.start(parent)
	for i, n := range blocks {
		try.Must(w.PutSnapshotBlock(as(mine), put(id, i, data(n))))
	}
	try.Must(w.CompleteSnapshot(as(mine), &ebs.CompleteSnapshotInput{SnapshotId: &id, ChangedBlocksCount: aws.Int32(int32(len(blocks)))}))
	w.Pass(time.Minute)
	return id
}

// read gives a snapshot's blocks by their numbers, through the API.
func (w *world) read(account, id string) map[int32]int {
	got := map[int32]int{}
	in := &ebs.ListSnapshotBlocksInput{SnapshotId: &id}
	for {
		out := try.Must(w.ListSnapshotBlocks(as(account), in))
		for _, b := range out.Blocks {
			block := try.Must(w.GetSnapshotBlock(as(account), &ebs.GetSnapshotBlockInput{SnapshotId: &id, BlockIndex: b.BlockIndex, BlockToken: b.BlockToken}))
			raw := try.Must(io.ReadAll(block.BlockData))
			if *block.Checksum != *checksum(raw) {
				w.T.Fatal("the checksum is not the block's")
			}
			got[*b.BlockIndex] = int(binary.BigEndian.Uint64(raw))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return got
		}
	}
}

func (w *world) state(id string) string {
	ctx := as(mine)
	out := try.Must(w.ec2.DescribeSnapshots(ctx, &awsec2.DescribeSnapshotsInput{SnapshotIds: []string{id}}))
	return string(out.Snapshots[0].State)
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "")
	done := w.snapshot("", map[int32]int{0: 1, 1: 2})
	other := w.snapshot("", map[int32]int{0: 1})
	open := w.start("")
	list := try.Must(w.ListSnapshotBlocks(as(mine), &ebs.ListSnapshotBlocksInput{SnapshotId: &done}))
	token := list.Blocks[0].BlockToken
	const gone = "snap-0123456789abcdef0"
	bad := put(open, 0, data(1))
	bad.Checksum = checksum(data(2))
	start := func(in ebs.StartSnapshotInput) func(context.Context) error {
		return func(ctx context.Context) error {
			if in.VolumeSize == nil {
				in.VolumeSize = aws.Int64(1)
			}
			_, err := w.StartSnapshot(ctx, &in)
			return err
		}
	}
	write := func(in *ebs.PutSnapshotBlockInput) func(context.Context) error {
		return func(ctx context.Context) error { _, err := w.PutSnapshotBlock(ctx, in); return err }
	}
	listed := func(in ebs.ListSnapshotBlocksInput) func(context.Context) error {
		return func(ctx context.Context) error { _, err := w.ListSnapshotBlocks(ctx, &in); return err }
	}
	changed := func(first, second string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.ListChangedBlocks(ctx, &ebs.ListChangedBlocksInput{FirstSnapshotId: &first, SecondSnapshotId: &second})
			return err
		}
	}
	get := func(id string, index int32, token string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.GetSnapshotBlock(ctx, &ebs.GetSnapshotBlockInput{SnapshotId: &id, BlockIndex: &index, BlockToken: &token})
			return err
		}
	}
	for _, c := range []struct {
		account            string
		call               func(context.Context) error
		code, reason, text string // text is a pattern
	}{
		{mine, start(ebs.StartSnapshotInput{VolumeSize: aws.Int64(70000)}), "ValidationException", "INVALID_VOLUME_SIZE", ""},
		{mine, start(ebs.StartSnapshotInput{ParentSnapshotId: &done, Encrypted: aws.Bool(true)}), "ValidationException", "INVALID_PARAMETER_VALUE", "Encrypted and ParentSnapshotId"},
		{mine, start(ebs.StartSnapshotInput{ParentSnapshotId: &open}), "ValidationException", "INVALID_SNAPSHOT_ID", "completed"},
		{mine, start(ebs.StartSnapshotInput{ParentSnapshotId: aws.String(gone)}), "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", `^The snapshot 'snap-0123456789abcdef0' does not exist\.$`},
		{mine, start(ebs.StartSnapshotInput{Tags: []types.Tag{{Key: aws.String("aws:x")}}}), "ValidationException", "INVALID_TAG", ""},
		{mine, start(ebs.StartSnapshotInput{Encrypted: aws.Bool(true), KmsKeyArn: aws.String("arn:aws:kms:" + home + ":" + mine + ":key/none")}), "ValidationException", "INVALID_CUSTOMER_KEY", ""},
		{mine, write(bad), "InvalidSignatureException", "", `^The value passed in as x-amz-Checksum does not match the computed checksum\. Computed checksum: \S+ expected checksum: \S+$`},
		{mine, write(put(open, 2048, data(1))), "ValidationException", "INVALID_BLOCK", "^Block index 2048 is beyond the volume size extent$"},
		{mine, write(put(open, 0, data(1)[:100])), "ValidationException", "INVALID_BLOCK", "100"},
		{mine, write(put(done, 0, data(1))), "ValidationException", "INVALID_SNAPSHOT_ID", "not being written"},
		{mine, write(put(gone, 0, data(1))), "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", ""},
		{theirs, write(put(open, 0, data(1))), "AccessDeniedException", "UNAUTHORIZED_ACCOUNT", ""},
		{mine, listed(ebs.ListSnapshotBlocksInput{SnapshotId: aws.String("snap-THING")}), "ValidationException", "INVALID_SNAPSHOT_ID", "Expected: 'snap-...'"},
		{mine, listed(ebs.ListSnapshotBlocksInput{SnapshotId: &done, MaxResults: aws.Int32(99)}), "ValidationException", "INVALID_PARAMETER_VALUE", ""},
		{mine, listed(ebs.ListSnapshotBlocksInput{SnapshotId: &done, NextToken: aws.String("KK")}), "ValidationException", "INVALID_PAGE_TOKEN", `^The pagination token KK is invalid\.$`},
		{mine, listed(ebs.ListSnapshotBlocksInput{SnapshotId: &done, NextToken: token}), "ValidationException", "INVALID_PAGE_TOKEN", ""},
		{mine, listed(ebs.ListSnapshotBlocksInput{SnapshotId: &open}), "ValidationException", "INVALID_SNAPSHOT_ID", "completed"},
		{theirs, listed(ebs.ListSnapshotBlocksInput{SnapshotId: &done}), "AccessDeniedException", "UNAUTHORIZED_ACCOUNT", ""},
		{mine, changed(other, done), "ValidationException", "UNRELATED_SNAPSHOTS", ""},
		{mine, get(done, 0, "INVALIDTOKEN"), "ValidationException", "INVALID_BLOCK_TOKEN", `^The block token INVALIDTOKEN is invalid\.$`},
		{mine, get(done, 1, *token), "ValidationException", "INVALID_BLOCK_TOKEN", ""},
		{mine, get(other, 0, *token), "ValidationException", "INVALID_BLOCK_TOKEN", ""},
	} {
		err := c.call(as(c.account))
		var api smithy.APIError
		if !errors.As(err, &api) {
			t.Errorf("want %s %s, got %v", c.code, c.reason, err)
			continue
		}
		reason := ""
		var v *types.ValidationException
		var n *types.ResourceNotFoundException
		var d *types.AccessDeniedException
		switch {
		case errors.As(err, &v):
			reason = string(v.Reason)
		case errors.As(err, &n):
			reason = string(n.Reason)
		case errors.As(err, &d):
			reason = string(d.Reason)
		}
		if api.ErrorCode() != c.code || reason != c.reason || !regexp.MustCompile(c.text).MatchString(api.ErrorMessage()) {
			t.Errorf("got %s %s: %s\nwant %s %s: %s", api.ErrorCode(), reason, api.ErrorMessage(), c.code, c.reason, c.text)
		}
	}
	w.Pass(tokenLife + time.Hour)
	if err := get(done, 0, *token)(as(mine)); err == nil {
		t.Error("a block token still works after its time")
	}
}

func TestCompleteChecksCountAndChecksumLater(t *testing.T) {
	w := newWorld(t, "")
	sum := func(blocks ...int) *string {
		var all []byte
		for _, n := range blocks {
			s := sha256.Sum256(data(n))
			all = append(all, s[:]...)
		}
		return checksum(all)
	}
	for name, c := range map[string]struct {
		count int32
		sum   *string
		want  string
	}{
		"right": {2, sum(10, 20), "completed"}, "no checksum": {2, nil, "completed"}, "wrong count": {1, nil, "error"}, "wrong order": {2, sum(20, 10), "error"},
	} {
		id := w.start("")
		try.Must(w.PutSnapshotBlock(as(mine), put(id, 7, data(99))))
		try.Must(w.PutSnapshotBlock(as(mine), put(id, 7, data(20)))) // written again, counted once
		try.Must(w.PutSnapshotBlock(as(mine), put(id, 3, data(10))))
		in := &ebs.CompleteSnapshotInput{SnapshotId: &id, ChangedBlocksCount: &c.count, Checksum: c.sum}
		if out := try.Must(w.CompleteSnapshot(as(mine), in)); out.Status != types.StatusPending {
			t.Errorf("%s: CompleteSnapshot answers %s", name, out.Status)
		}
		try.Must(w.CompleteSnapshot(as(mine), in)) // the same call again does nothing
		w.Pass(time.Minute)
		if got := w.state(id); got != c.want {
			t.Errorf("%s: the snapshot ends %s, want %s", name, got, c.want)
		}
	}
}

func TestLeftAlone(t *testing.T) {
	w := newWorld(t, "")
	out := try.Must(w.StartSnapshot(as(mine), &ebs.StartSnapshotInput{VolumeSize: aws.Int64(1), Timeout: aws.Int32(10)}))
	w.Pass(9 * time.Minute)
	try.Must(w.PutSnapshotBlock(as(mine), put(*out.SnapshotId, 0, data(1))))
	w.Pass(9 * time.Minute)
	if got := w.state(*out.SnapshotId); got != "pending" {
		t.Errorf("nine minutes after a block it is %s", got)
	}
	w.Pass(2 * time.Minute)
	if got := w.state(*out.SnapshotId); got != "error" {
		t.Errorf("after its time-out it is %s", got)
	}
}

func TestClientToken(t *testing.T) {
	w := newWorld(t, "")
	in := func(size int64) *ebs.StartSnapshotInput {
		return &ebs.StartSnapshotInput{VolumeSize: &size, ClientToken: aws.String("once")}
	}
	first, second := try.Must(w.StartSnapshot(as(mine), in(1))), try.Must(w.StartSnapshot(as(mine), in(1)))
	if *first.SnapshotId != *second.SnapshotId {
		t.Error("the same token started two snapshots")
	}
	_, err := w.StartSnapshot(as(mine), in(2))
	var conflict *types.ConflictException
	if !errors.As(err, &conflict) {
		t.Errorf("another request with the same token: %v", err)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t, "")
	blocks := map[int32]int{}
	for i := range int32(250) {
		blocks[i*8] = int(i)
	}
	id := w.snapshot("", blocks)
	in := &ebs.ListSnapshotBlocksInput{SnapshotId: &id, MaxResults: aws.Int32(100)}
	var sizes []int
	for {
		out := try.Must(w.ListSnapshotBlocks(as(mine), in))
		sizes = append(sizes, len(out.Blocks))
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if len(sizes) != 3 || sizes[0] != 100 || sizes[2] != 50 {
		t.Errorf("250 blocks came in pages of %v", sizes)
	}
	out := try.Must(w.ListSnapshotBlocks(as(mine), &ebs.ListSnapshotBlocksInput{SnapshotId: &id, StartingBlockIndex: aws.Int32(1985)}))
	if len(out.Blocks) != 1 || *out.Blocks[0].BlockIndex != 1992 {
		t.Errorf("from 1985 on: %d blocks", len(out.Blocks))
	}
}

// TestThroughAVolume is the way of the lab: blocks to a snapshot, to a volume, to a snapshot of it, and compared with its origin.
func TestThroughAVolume(t *testing.T) {
	w := newWorld(t, "")
	blocks := map[int32]int{0: 1, 512: 2, 2047: 3}
	seed := w.snapshot("", blocks)
	vol := try.Must(w.ec2.CreateVolume(as(mine), &awsec2.CreateVolumeInput{SnapshotId: &seed, AvailabilityZone: aws.String(home + "a")}))
	w.Pass(time.Minute)
	first := try.Must(w.ec2.CreateSnapshot(as(mine), &awsec2.CreateSnapshotInput{VolumeId: vol.VolumeId}))
	w.Pass(time.Minute)
	second := w.snapshot(*first.SnapshotId, map[int32]int{512: 9, 100: 4})
	out := try.Must(w.ListChangedBlocks(as(mine), &ebs.ListChangedBlocksInput{FirstSnapshotId: first.SnapshotId, SecondSnapshotId: &second}))
	if len(out.ChangedBlocks) != 2 || *out.ChangedBlocks[0].BlockIndex != 100 || out.ChangedBlocks[0].FirstBlockToken != nil || out.ChangedBlocks[1].FirstBlockToken == nil {
		t.Errorf("changed blocks: %+v", out.ChangedBlocks)
	}
	same := try.Must(w.ListChangedBlocks(as(mine), &ebs.ListChangedBlocksInput{FirstSnapshotId: &seed, SecondSnapshotId: first.SnapshotId}))
	if len(same.ChangedBlocks) != 0 {
		t.Errorf("the volume's snapshot differs from the one it was made of in %d blocks", len(same.ChangedBlocks))
	}
	try.Must(w.ec2.DeleteSnapshot(as(mine), &awsec2.DeleteSnapshotInput{SnapshotId: first.SnapshotId}))
	try.Must(w.ec2.DeleteSnapshot(as(mine), &awsec2.DeleteSnapshotInput{SnapshotId: &seed}))
	got := w.read(mine, second)
	if len(got) != 4 || got[0] != 1 || got[100] != 4 || got[512] != 9 || got[2047] != 3 {
		t.Errorf("after its forerunners were deleted the snapshot reads %v", got)
	}
	if _, err := w.ec2.ModifySnapshotAttribute(as(mine), &awsec2.ModifySnapshotAttributeInput{SnapshotId: &second, OperationType: "add", UserIds: []string{theirs}}); err != nil {
		t.Fatal(err)
	}
	if len(w.read(theirs, second)) != 4 {
		t.Error("the account it is shared with cannot read it")
	}
}

// TestLineage writes and deletes snapshots of one lineage at random: each reads back as it was written, and ListChangedBlocks is the true difference.
func TestLineage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, "")
		live := map[string]map[int32]int{}
		var order []string
		n := 0
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			parent, held := "", map[int32]int{}
			if len(order) > 0 {
				parent = rapid.SampledFrom(order).Draw(t, "parent")
				for i, v := range live[parent] {
					held[i] = v
				}
			}
			written := map[int32]int{}
			for _, i := range rapid.SliceOfN(rapid.Int32Range(0, 7), 1, 3).Draw(t, "blocks") {
				n++
				written[i], held[i] = n, n
			}
			id := w.snapshot(parent, written)
			live[id] = held
			order = append(order, id)
			if len(order) > 2 && rapid.Bool().Draw(t, "delete") {
				try.Must(w.ec2.DeleteSnapshot(as(mine), &awsec2.DeleteSnapshotInput{SnapshotId: &order[0]}))
				delete(live, order[0])
				order = order[1:]
			}
		}
		for id, want := range live {
			got := w.read(mine, id)
			for i := range int32(8) {
				if got[i] != want[i] || len(got) != len(want) {
					t.Fatalf("%s reads %v, want %v", id, got, want)
				}
			}
			for other, has := range live {
				out := try.Must(w.ListChangedBlocks(as(mine), &ebs.ListChangedBlocksInput{FirstSnapshotId: &other, SecondSnapshotId: &id}))
				differ := 0
				for i := range int32(8) {
					if has[i] != want[i] {
						differ++
					}
				}
				if len(out.ChangedBlocks) != differ {
					t.Fatalf("%s to %s: %d changed blocks, want %d", other, id, len(out.ChangedBlocks), differ)
				}
			}
		}
	})
}

// TestKeyOfASharedSnapshot shares an encrypted snapshot: without the key the other account sees it and cannot read it.
func TestKeyOfASharedSnapshot(t *testing.T) {
	w := newWorld(t, "")
	key := *try.Must(w.kms.CreateKey(as(mine), &kmsapi.CreateKeyInput{})).KeyMetadata.Arn
	out := try.Must(w.StartSnapshot(as(mine), &ebs.StartSnapshotInput{VolumeSize: aws.Int64(1), Encrypted: aws.Bool(true), KmsKeyArn: &key}))
	if aws.ToString(out.KmsKeyArn) != key || out.SseType != types.SSETypeSseKms {
		t.Errorf("encrypted by %s, %s", aws.ToString(out.KmsKeyArn), out.SseType)
	}
	id := *out.SnapshotId
	try.Must(w.PutSnapshotBlock(as(mine), put(id, 9, data(9))))
	try.Must(w.CompleteSnapshot(as(mine), &ebs.CompleteSnapshotInput{SnapshotId: &id, ChangedBlocksCount: aws.Int32(1)}))
	w.Pass(time.Minute)
	try.Must(w.ec2.ModifySnapshotAttribute(as(mine), &awsec2.ModifySnapshotAttributeInput{SnapshotId: &id, OperationType: "add", UserIds: []string{theirs}}))
	_, err := w.ListSnapshotBlocks(as(theirs), &ebs.ListSnapshotBlocksInput{SnapshotId: &id})
	var refused *types.AccessDeniedException
	if !errors.As(err, &refused) || refused.Reason != types.AccessDeniedExceptionReasonDependencyAccessDenied {
		t.Errorf("without the key: %v", err)
	}
	try.Must(w.kms.PutKeyPolicy(as(mine), &kmsapi.PutKeyPolicyInput{KeyId: &key, Policy: aws.String(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + mine + `:root"}, "Action": "kms:*", "Resource": "*"},
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + theirs + `:root"}, "Action": "kms:Decrypt", "Resource": "*"}]}`)}))
	if got := w.read(theirs, id); len(got) != 1 || got[9] != 9 {
		t.Errorf("with the key it reads %v", got)
	}
	try.Must(w.kms.DisableKey(as(mine), &kmsapi.DisableKeyInput{KeyId: &key}))
	if _, err := w.ListSnapshotBlocks(as(mine), &ebs.ListSnapshotBlocksInput{SnapshotId: &id}); !errors.As(err, &refused) {
		t.Errorf("under a disabled key even its owner reads it: %v", err)
	}
}

// TestManyWriters puts blocks from many goroutines at once; none is lost.
func TestManyWriters(t *testing.T) {
	w := newWorld(t, "")
	id := w.start("")
	var writers sync.WaitGroup
	for g := range 8 {
		writers.Go(func() {
			for i := range 16 {
				index := int32(16*g + i)
				if _, err := w.PutSnapshotBlock(as(mine), put(id, index, data(int(index)))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	try.Must(w.CompleteSnapshot(as(mine), &ebs.CompleteSnapshotInput{SnapshotId: &id, ChangedBlocksCount: aws.Int32(128)}))
	w.Pass(time.Minute)
	got := w.read(mine, id)
	for i := range int32(128) {
		if got[i] != int(i) {
			t.Fatalf("block %d reads %d", i, got[i])
		}
	}
}

// TestRestart closes and reopens the folder before each step in turn; the snapshot always ends the same.
func TestRestart(t *testing.T) {
	const steps = 6
	for stop := range steps {
		dir := t.TempDir()
		w := newWorld(t, dir)
		var parent, id string
		var token *string
		for step := range steps {
			if step == stop {
				w.Clock.Close()
				if err := w.Store.Close(); err != nil {
					t.Fatal(err)
				}
				w = newWorld(t, dir)
			}
			switch step {
			case 0:
				parent = w.snapshot("", map[int32]int{4: 44})
				token = try.Must(w.ListSnapshotBlocks(as(mine), &ebs.ListSnapshotBlocksInput{SnapshotId: &parent})).Blocks[0].BlockToken
			case 1:
				id = w.start(parent)
			case 2:
				try.Must(w.PutSnapshotBlock(as(mine), put(id, 1, data(11))))
			case 3:
				try.Must(w.PutSnapshotBlock(as(mine), put(id, 2, data(22))))
			case 4:
				try.Must(w.CompleteSnapshot(as(mine), &ebs.CompleteSnapshotInput{SnapshotId: &id, ChangedBlocksCount: aws.Int32(2)}))
			case 5:
				w.Pass(time.Minute)
			}
		}
		if got := w.read(mine, id); len(got) != 3 || got[1] != 11 || got[2] != 22 || got[4] != 44 {
			t.Errorf("restarted before step %d it reads %v", stop, got)
		}
		try.Must(w.GetSnapshotBlock(as(mine), &ebs.GetSnapshotBlockInput{SnapshotId: &parent, BlockIndex: aws.Int32(4), BlockToken: token}))
	}
}
