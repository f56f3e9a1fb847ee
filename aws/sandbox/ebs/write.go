package ebs

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	"github.com/aws/aws-sdk-go-v2/service/ebs/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Writing is a snapshot that is being written. It is cancelled when nothing is written for Timeout.
type Writing struct {
	Parent  string `json:",omitempty"`
	Timeout time.Duration
}

// Token remembers what a client token started, and of which request.
type Token struct {
	Request, Snapshot string
}

const dueTimeout = "ebs.timeout"

// pendingSnapshots is how many snapshots an account may be writing in a Region at once.
const pendingSnapshots = 100

func writeKey(region, id string) string { return region + "/" + id }

// StartSnapshot begins a snapshot to write blocks to, empty or on top of a parent.
func (s *Service) StartSnapshot(ctx context.Context, in *ebs.StartSnapshotInput) (*ebs.StartSnapshotOutput, error) {
	var snap ec2.Snapshot
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		bare := *in
		bare.ClientToken = nil
		request, key := ec2.Fingerprint(bare), c.Account+"/"+c.Region+"/"+aws.ToString(in.ClientToken)
		if t, ok := s.tokens.Get(tx, key); ok {
			if t.Request != request {
				return &types.ConflictException{Message: aws.String("The request uses the same client token as a previous, but non-identical request.")}
			}
			if had, ok := s.ec2.Exists(tx, c.Region, t.Snapshot); ok {
				snap = had
				return nil
			}
		}
		var err error
		if snap, err = s.newSnapshot(tx, c, in); err != nil {
			return err
		}
		s.ec2.PutSnapshot(tx, snap)
		w := Writing{Parent: aws.ToString(in.ParentSnapshotId), Timeout: time.Hour}
		if in.Timeout != nil {
			w.Timeout = time.Duration(*in.Timeout) * time.Minute
		}
		s.writes.Put(tx, writeKey(c.Region, snap.ID), w)
		tx.Due(tx.Now().Add(w.Timeout), dueTimeout, writeKey(c.Region, snap.ID))
		if aws.ToString(in.ClientToken) != "" {
			s.tokens.Put(tx, key, Token{Request: request, Snapshot: snap.ID})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &ebs.StartSnapshotOutput{
		SnapshotId: aws.String(snap.ID), OwnerId: aws.String(snap.Owner), StartTime: aws.Time(snap.Started), Status: status(snap),
		VolumeSize: aws.Int64(int64(snap.Size)), BlockSize: aws.Int32(ec2.BlockSize), ParentSnapshotId: in.ParentSnapshotId,
		Description: in.Description, Tags: in.Tags,
	}
	if snap.Encrypted {
		out.KmsKeyArn, out.SseType = aws.String(snap.KMSKey), types.SSETypeSseKms
	}
	return out, nil
}

func status(snap ec2.Snapshot) types.Status { return types.Status(snap.State) }

func (s *Service) newSnapshot(tx *store.Tx, c wire.Caller, in *ebs.StartSnapshotInput) (ec2.Snapshot, error) {
	size := aws.ToInt64(in.VolumeSize)
	snap := ec2.Snapshot{
		ID: tx.ID("snap-"), Owner: c.Account, Region: c.Region, Volume: ec2.NoVolume, State: ec2types.SnapshotStatePending, Open: true,
		Started: tx.Now(), Description: aws.ToString(in.Description), Size: int32(min(size, 1<<20)),
	}
	snap.Lineage = snap.ID
	var err error
	switch {
	case size < 1 || size > 65536:
		return snap, invalid(types.ValidationExceptionReasonInvalidVolumeSize, "The volume size %d is invalid. It must be between 1 and 65536 GiB.", size)
	case in.Timeout != nil && (*in.Timeout < 10 || *in.Timeout > 4320):
		return snap, invalid(types.ValidationExceptionReasonInvalidParameterValue, "The timeout %d is invalid. It must be between 10 and 4320 minutes.", *in.Timeout)
	case in.ParentSnapshotId != nil && in.Encrypted != nil:
		return snap, invalid(types.ValidationExceptionReasonInvalidParameterValue, "Encrypted and ParentSnapshotId cannot be specified in the same request.")
	}
	writing := s.ec2.Snapshots(tx, c.Region, func(o ec2.Snapshot) bool { return o.Owner == c.Account && o.Open })
	if len(writing) >= pendingSnapshots {
		return snap, &types.ConcurrentLimitExceededException{Message: aws.String(fmt.Sprintf("You have reached the limit of %d pending snapshots.", pendingSnapshots))}
	}
	if snap.Tags, err = tagMap(in.Tags); err != nil {
		return snap, err
	}
	if in.ParentSnapshotId != nil {
		return snap, s.inherit(tx, c, &snap, *in.ParentSnapshotId, in.KmsKeyArn)
	}
	return snap, s.encrypt(tx, c, &snap, in)
}

// inherit puts a snapshot on top of its parent: the parent's blocks, lineage and encryption (EBS User Guide, "Use encryption with EBS direct APIs").
func (s *Service) inherit(tx *store.Tx, c wire.Caller, snap *ec2.Snapshot, parent string, key *string) error {
	p, err := s.find(tx, c, parent)
	switch {
	case err != nil:
		return err
	case p.Owner != c.Account:
		return denied(types.AccessDeniedExceptionReasonUnauthorizedAccount, "Account %s does not own the parent snapshot %s.", c.Account, parent)
	case p.State != ec2types.SnapshotStateCompleted || p.Tier.Archived:
		return invalid(types.ValidationExceptionReasonInvalidSnapshotId, "The parent snapshot '%s' is not in the 'completed' state.", parent)
	case snap.Size < p.Size:
		return invalid(types.ValidationExceptionReasonInvalidVolumeSize, "The volume size %d is smaller than that of the parent snapshot, %d GiB.", snap.Size, p.Size)
	case key != nil:
		return invalid(types.ValidationExceptionReasonInvalidParameterValue, "KmsKeyArn and ParentSnapshotId cannot be specified in the same request.")
	}
	snap.Content, snap.Blocks, snap.Lineage, snap.Encrypted, snap.KMSKey = p.Content, p.Blocks, p.Lineage, p.Encrypted, p.KMSKey
	return nil
}

func (s *Service) encrypt(tx *store.Tx, c wire.Caller, snap *ec2.Snapshot, in *ebs.StartSnapshotInput) error {
	set := s.ec2.Settings(tx, c.Account, c.Region)
	snap.Encrypted = aws.ToBool(in.Encrypted) || set.EncryptByDefault
	if !snap.Encrypted {
		if in.KmsKeyArn != nil {
			return invalid(types.ValidationExceptionReasonInvalidParameterValue, "KmsKeyArn requires Encrypted to be true.")
		}
		return nil
	}
	key := aws.ToString(in.KmsKeyArn)
	if key == "" {
		key = set.Key()
	}
	var err error
	if snap.KMSKey, err = s.keys.Usable(tx, c.Account, c.Region, key, "kms:GenerateDataKeyWithoutPlaintext", c.Account); err != nil {
		return invalid(types.ValidationExceptionReasonInvalidCustomerKey, "The KMS key %s is not accessible.", key)
	}
	return nil
}

func tagMap(list []types.Tag) (map[string]string, error) {
	var tags map[string]string
	for _, t := range list {
		key := aws.ToString(t.Key)
		if _, twice := tags[key]; twice || key == "" || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalid(types.ValidationExceptionReasonInvalidTag, "The tag key '%s' is invalid.", key)
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = aws.ToString(t.Value)
	}
	if len(tags) > 50 {
		return nil, invalid(types.ValidationExceptionReasonInvalidTag, "A snapshot can have at most 50 tags.")
	}
	return tags, nil
}

// PutSnapshotBlock writes one block of 512 KiB, checked against its SHA-256. Writing an index again replaces it.
func (s *Service) PutSnapshotBlock(ctx context.Context, in *ebs.PutSnapshotBlockInput) (*ebs.PutSnapshotBlockOutput, error) {
	data, err := block(in)
	if err != nil {
		return nil, err
	}
	// The content goes to disk before the transaction, so that other callers do not wait for it; what a refused call leaves is swept.
	hash, release, err := s.store.Blobs().Hold(data)
	if err != nil {
		return nil, err
	}
	defer release()
	err = s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, w, err := s.open(tx, c, aws.ToString(in.SnapshotId))
		if err != nil {
			return err
		}
		if index := aws.ToInt32(in.BlockIndex); index < 0 || int64(index) >= int64(snap.Size)*ec2.BlocksPerGiB {
			return invalid(types.ValidationExceptionReasonInvalidBlock, "Block index %d is beyond the volume size extent", index)
		}
		key := writeKey(c.Region, snap.ID)
		s.blocks.Put(tx, fmt.Sprintf("%s/%010d", key, *in.BlockIndex), hash)
		tx.Due(tx.Now().Add(w.Timeout), dueTimeout, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ebs.PutSnapshotBlockOutput{Checksum: in.Checksum, ChecksumAlgorithm: types.ChecksumAlgorithmChecksumAlgorithmSha256}, nil
}

// block reads and checks the body. A wrong checksum is, to AWS, a wrong signature, because the header that holds it is signed.
func block(in *ebs.PutSnapshotBlockInput) ([]byte, error) {
	if aws.ToInt32(in.DataLength) != ec2.BlockSize {
		return nil, invalid(types.ValidationExceptionReasonInvalidBlock, "The data length %d is invalid. It must be %d.", aws.ToInt32(in.DataLength), ec2.BlockSize)
	}
	if in.BlockData == nil {
		return nil, invalid(types.ValidationExceptionReasonInvalidBlock, "The block data is missing.")
	}
	data, err := io.ReadAll(io.LimitReader(in.BlockData, ec2.BlockSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the block's data: %w", err)
	}
	if len(data) != ec2.BlockSize {
		return nil, invalid(types.ValidationExceptionReasonInvalidBlock, "The block data has %d bytes. It must have %d.", len(data), ec2.BlockSize)
	}
	sum := sha256.Sum256(data)
	if computed := base64.StdEncoding.EncodeToString(sum[:]); computed != aws.ToString(in.Checksum) {
		return nil, wire.Errorf("InvalidSignatureException",
			"The value passed in as x-amz-Checksum does not match the computed checksum. Computed checksum: %s expected checksum: %s", computed, aws.ToString(in.Checksum))
	}
	return data, nil
}

// open finds a snapshot that the caller is writing.
func (s *Service) open(tx *store.Tx, c wire.Caller, id string) (ec2.Snapshot, Writing, error) {
	snap, err := s.find(tx, c, id)
	if err != nil {
		return snap, Writing{}, err
	}
	w, ok := s.writes.Get(tx, writeKey(c.Region, id))
	if snap.Owner != c.Account {
		return snap, w, denied(types.AccessDeniedExceptionReasonUnauthorizedAccount, "Account %s does not own the snapshot %s.", c.Account, id)
	}
	if !ok || !snap.Open {
		return snap, w, invalid(types.ValidationExceptionReasonInvalidSnapshotId, "The snapshot '%s' is not in a valid state for this operation: it is not being written.", id)
	}
	return snap, w, nil
}

// CompleteSnapshot seals a snapshot. It answers pending; a wrong count or aggregate checksum shows only afterwards, as state error.
func (s *Service) CompleteSnapshot(ctx context.Context, in *ebs.CompleteSnapshotInput) (*ebs.CompleteSnapshotOutput, error) {
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		id := aws.ToString(in.SnapshotId)
		if snap, ok := s.ec2.Exists(tx, c.Region, id); ok && snap.Owner == c.Account && s.completedBefore(tx, snap, in) {
			return nil
		}
		snap, _, err := s.open(tx, c, id)
		if err != nil {
			return err
		}
		written := s.written(tx, writeKey(c.Region, id))
		if snap.Fails, err = mismatch(in, written); err != nil {
			return err
		}
		before, err := s.ec2.Content(snap.Content)
		if err != nil {
			return err
		}
		content := before.With(written)
		if snap.Content, err = s.ec2.Keep(content); err != nil {
			return err
		}
		snap.Blocks, snap.Changed, snap.Completed = len(content), len(written), aws.ToInt32(in.ChangedBlocksCount)
		s.closeWriting(tx, writeKey(c.Region, id))
		s.ec2.Finish(tx, snap, 10*time.Second+time.Duration(len(written))*10*time.Millisecond)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ebs.CompleteSnapshotOutput{Status: types.StatusPending}, nil
}

// completedBefore says that the same call was done before: CompleteSnapshot is idempotent while the snapshot is the same.
func (s *Service) completedBefore(tx *store.Tx, snap ec2.Snapshot, in *ebs.CompleteSnapshotInput) bool {
	_, writing := s.writes.Get(tx, writeKey(snap.Region, snap.ID))
	return !writing && !snap.Open && snap.Volume == ec2.NoVolume && !snap.Copy && snap.Completed == aws.ToInt32(in.ChangedBlocksCount)
}

// written are the blocks put so far, by index.
func (s *Service) written(tx *store.Tx, key string) map[int32]string {
	written := map[int32]string{}
	s.blocks.Scan(tx, key+"/", func(k string, hash string) bool {
		index, _ := strconv.Atoi(k[strings.LastIndexByte(k, '/')+1:])
		written[int32(index)] = hash
		return true
	})
	return written
}

// mismatch compares what the caller says it wrote with what was written. The aggregate is the SHA-256 of the blocks' checksums in the order of their indexes.
func mismatch(in *ebs.CompleteSnapshotInput, written map[int32]string) (bool, error) {
	if int(aws.ToInt32(in.ChangedBlocksCount)) != len(written) {
		return true, nil
	}
	if in.Checksum == nil {
		return false, nil
	}
	want, err := base64.StdEncoding.DecodeString(*in.Checksum)
	if err != nil || len(want) != sha256.Size {
		return false, invalid("", "The checksum %s is invalid.", *in.Checksum)
	}
	all := sha256.New()
	for _, b := range ec2.Content(nil).With(written) {
		sum, err := hex.DecodeString(b.Hash)
		if err != nil {
			return false, fmt.Errorf("block %d has no SHA-256: %w", b.Index, err)
		}
		all.Write(sum)
	}
	return string(all.Sum(nil)) != string(want), nil
}

func (s *Service) closeWriting(tx *store.Tx, key string) {
	var keys []string
	s.blocks.Scan(tx, key+"/", func(k string, _ string) bool { keys = append(keys, k); return true })
	for _, k := range keys {
		s.blocks.Delete(tx, k)
	}
	s.writes.Delete(tx, key)
	tx.Cancel(dueTimeout, key)
}

// timeoutDue cancels a snapshot that was left alone: it ends in error.
func (s *Service) timeoutDue(tx *store.Tx, key string) error {
	region, id, _ := strings.Cut(key, "/")
	s.closeWriting(tx, key)
	snap, ok := s.ec2.Exists(tx, region, id)
	if !ok || !snap.Open {
		return nil
	}
	snap.Open, snap.State, snap.Done = false, ec2types.SnapshotStateError, tx.Now()
	s.ec2.PutSnapshot(tx, snap)
	return nil
}
