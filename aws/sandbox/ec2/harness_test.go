package ec2

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	mine   = "111111111111"
	theirs = "222222222222"
	home   = "us-east-2"
	away   = "us-west-2"
)

func start() time.Time { return time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC) }

// tester is what a test and a rapid check have in common.
type tester interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
}

// world is the service with its store, its keys and a clock that jumps.
type world struct {
	*Service
	t     tester
	clock *clock.Clock
	store *store.Store
	kms   *kms.Service
}

func newWorld(t tester, dir string) *world {
	t.Helper()
	c := clock.New(clock.Options{Start: start()})
	st, err := store.Open(dir, c, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys := kms.New(st)
	w := &world{New(st, keys), t, c, st, keys}
	t.Cleanup(func() { c.Close(); st.Close() })
	return w
}

func as(account, region, operation string) context.Context {
	return wire.With(context.Background(), wire.Caller{Account: account, Region: region, Service: "ec2", Operation: operation})
}

func (w *world) pass(d time.Duration) {
	w.t.Helper()
	if err := w.clock.Pass(context.Background(), d); err != nil {
		w.t.Fatal(err)
	}
}

// must gives an answer that may not be an error.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

func refusal(err error) (code, text string) {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode(), api.ErrorMessage()
	}
	if err != nil {
		return "not an API error", err.Error()
	}
	return "", ""
}

func (w *world) volume(in *ec2.CreateVolumeInput) string {
	w.t.Helper()
	if in.AvailabilityZone == nil {
		in.AvailabilityZone = aws.String(home + "a")
	}
	out := must(w.CreateVolume(as(mine, home, "CreateVolume"), in))
	w.pass(volumeCreating)
	return *out.VolumeId
}

func (w *world) snap(volume string) string {
	w.t.Helper()
	return *must(w.CreateSnapshot(as(mine, home, "CreateSnapshot"), &ec2.CreateSnapshotInput{VolumeId: aws.String(volume)})).SnapshotId
}

func (w *world) shows(account, region, id string) types.Snapshot {
	w.t.Helper()
	return must(w.DescribeSnapshots(as(account, region, "DescribeSnapshots"), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})).Snapshots[0]
}

// write puts blocks on a volume whose content is n.
func (w *world) write(volume string, n int, indexes ...int32) {
	w.t.Helper()
	blocks := map[int32]string{}
	for _, i := range indexes {
		blocks[i] = w.blob(n)
	}
	if err := w.store.Update(func(tx *store.Tx) error { return w.WriteBlocks(tx, mine, home, volume, blocks) }); err != nil {
		w.t.Fatal(err)
	}
}

// blob keeps a short content that stands for a block, and gives its hash.
func (w *world) blob(n int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return must(w.store.Blobs().Put(sum[:]))
}

func (w *world) content(region, id string) Content {
	w.t.Helper()
	var c Content
	err := w.store.View(func(tx *store.Tx) error {
		snap, ok := w.Exists(tx, region, id)
		if !ok {
			return errors.New("no snapshot " + id)
		}
		var err error
		c, err = w.Content(snap.Content)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}
