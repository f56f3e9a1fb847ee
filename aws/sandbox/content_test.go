package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	ebstypes "github.com/aws/aws-sdk-go-v2/service/ebs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"lifeboat/aws/sandbox/store"
)

// snapshot writes a snapshot whose blocks are each full of one byte, and completes it.
func (b *bench) snapshot(fill ...byte) string {
	b.t.Helper()
	disk := ebs.NewFromConfig(b.config(""))
	id := must[*ebs.StartSnapshotOutput](b)(disk.StartSnapshot(b.ctx, &ebs.StartSnapshotInput{VolumeSize: aws.Int64(1)})).SnapshotId
	for i, c := range fill {
		data := bytes.Repeat([]byte{c}, 512<<10)
		sum := sha256.Sum256(data)
		must[*ebs.PutSnapshotBlockOutput](b)(disk.PutSnapshotBlock(b.ctx, &ebs.PutSnapshotBlockInput{
			SnapshotId: id, BlockIndex: aws.Int32(int32(i)), BlockData: bytes.NewReader(data), DataLength: aws.Int32(int32(len(data))),
			Checksum: aws.String(base64.StdEncoding.EncodeToString(sum[:])), ChecksumAlgorithm: ebstypes.ChecksumAlgorithmChecksumAlgorithmSha256,
		}))
	}
	must[*ebs.CompleteSnapshotOutput](b)(disk.CompleteSnapshot(b.ctx, &ebs.CompleteSnapshotInput{SnapshotId: id, ChangedBlocksCount: aws.Int32(int32(len(fill)))}))
	if err := b.Clock().Wait(b.ctx, time.Minute); err != nil {
		b.t.Fatal(err)
	}
	return *id
}

// contents is how many files of content a sandbox's folder has.
func contents(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, store.BlobsFolder), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestContentOfWhatWasDeletedGoes when the sandbox ends, or after a kill when it begins, and what a snapshot or a volume made from one still has stays.
func TestContentOfWhatWasDeletedGoes(t *testing.T) {
	dir := t.TempDir()
	b := open(t, Options{Dir: dir})
	gone, kept := b.snapshot(1, 2), b.snapshot(2, 3)
	must[*ec2.CreateVolumeOutput](b)(b.ec2("").CreateVolume(b.ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String(Home + "a"), SnapshotId: aws.String(kept)}))
	for step, want := range []int{5, 3, 3} { // two lists and three blocks; one list and its blocks; the volume has the same
		if step > 0 {
			id := []string{gone, kept}[step-1]
			must[*ec2.DeleteSnapshotOutput](b)(b.ec2("").DeleteSnapshot(b.ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id)}))
		}
		if step == 2 {
			b.abandon()
		} else if err := b.Close(); err != nil {
			t.Fatal(err)
		} else if n := contents(t, dir); n != want {
			t.Errorf("step %d: %d contents at the end, want %d", step, n, want)
		}
		b = open(t, Options{Dir: dir})
		if n := contents(t, dir); n != want {
			t.Errorf("step %d: %d contents, want %d", step, n, want)
		}
		if step == 1 {
			disk := ebs.NewFromConfig(b.config(""))
			list := must[*ebs.ListSnapshotBlocksOutput](b)(disk.ListSnapshotBlocks(b.ctx, &ebs.ListSnapshotBlocksInput{SnapshotId: aws.String(kept)}))
			for _, block := range list.Blocks {
				must[*ebs.GetSnapshotBlockOutput](b)(disk.GetSnapshotBlock(b.ctx, &ebs.GetSnapshotBlockInput{
					SnapshotId: aws.String(kept), BlockIndex: block.BlockIndex, BlockToken: block.BlockToken}))
			}
		}
	}
}
