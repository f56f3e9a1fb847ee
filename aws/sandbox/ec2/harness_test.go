package ec2

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

const mine, theirs, home, away = try.Mine, try.Theirs, try.Home, try.Away

// world is the service on its ground, with its keys.
type world struct {
	*Service
	*try.Ground
	kms *kms.Service
}

func newWorld(t try.Tester, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	keys := kms.New(g.Store)
	return &world{New(g.Store, keys), g, keys}
}

func as(account, region, operation string) context.Context {
	return try.As(account, region, "ec2", operation)
}

func (w *world) volume(in *ec2.CreateVolumeInput) string {
	w.T.Helper()
	if in.AvailabilityZone == nil {
		in.AvailabilityZone = aws.String(home + "a")
	}
	out := try.Must(w.CreateVolume(as(mine, home, "CreateVolume"), in))
	w.Pass(volumeCreating)
	return *out.VolumeId
}

func (w *world) snap(volume string) string {
	w.T.Helper()
	return *try.Must(w.CreateSnapshot(as(mine, home, "CreateSnapshot"), &ec2.CreateSnapshotInput{VolumeId: aws.String(volume)})).SnapshotId
}

func (w *world) shows(account, region, id string) types.Snapshot {
	w.T.Helper()
	return try.Must(w.DescribeSnapshots(as(account, region, "DescribeSnapshots"), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})).Snapshots[0]
}

// write puts blocks on a volume whose content is n.
func (w *world) write(volume string, n int, indexes ...int32) {
	w.T.Helper()
	blocks := map[int32]string{}
	for _, i := range indexes {
		blocks[i] = w.blob(n)
	}
	if err := w.Store.Update(func(tx *store.Tx) error { return w.WriteBlocks(tx, mine, home, volume, blocks) }); err != nil {
		w.T.Fatal(err)
	}
}

// blob keeps a short content that stands for a block, and gives its hash.
func (w *world) blob(n int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return try.Must(w.Store.Blobs().Put(sum[:]))
}

func (w *world) content(region, id string) Content {
	w.T.Helper()
	var c Content
	err := w.Store.View(func(tx *store.Tx) error {
		snap, ok := w.Exists(tx, region, id)
		if !ok {
			return errors.New("no snapshot " + id)
		}
		var err error
		c, err = w.Content(snap.Content)
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return c
}
