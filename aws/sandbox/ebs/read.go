package ebs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	"github.com/aws/aws-sdk-go-v2/service/ebs/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// readable finds a completed snapshot and what it holds.
func (s *Service) readable(tx *store.Tx, c wire.Caller, id string) (ec2.Snapshot, ec2.Content, error) {
	snap, err := s.find(tx, c, id)
	if err != nil {
		return snap, nil, err
	}
	if snap.State != ec2types.SnapshotStateCompleted {
		return snap, nil, invalid(types.ValidationExceptionReasonInvalidSnapshotId, "The snapshot '%s' is not in the 'completed' state.", id)
	}
	if snap.Tier.Archived {
		return snap, nil, invalid(types.ValidationExceptionReasonInvalidSnapshotId, "The snapshot '%s' is archived.", id)
	}
	content, err := s.ec2.Content(snap.Content)
	return snap, content, err
}

// window reads the page that is asked for: from a token or an index on, and how many blocks at most (100 to 10,000).
func (s *Service) window(c wire.Caller, seal []byte, token *string, from, max *int32, ids ...string) (start int32, limit int, err error) {
	limit = int(aws.ToInt32(max))
	if max == nil {
		limit = 10000
	}
	if limit < 100 || limit > 10000 {
		return 0, 0, invalid(types.ValidationExceptionReasonInvalidParameterValue, "MaxResults %d is invalid. It must be between 100 and 10000.", limit)
	}
	if aws.ToString(token) == "" {
		if aws.ToInt32(from) < 0 {
			return 0, 0, invalid(types.ValidationExceptionReasonInvalidParameterValue, "StartingBlockIndex %d is invalid.", *from)
		}
		return aws.ToInt32(from), limit, nil
	}
	p, ok := unseal(seal, *token)
	if !ok || p.kind != pageToken || p.account != c.Account || p.snapshots() != joined(ids) {
		return 0, 0, invalid(types.ValidationExceptionReasonInvalidPageToken, "The pagination token %s is invalid.", *token)
	}
	return p.index, limit, nil
}

// ListSnapshotBlocks lists the written blocks of a snapshot, each with a token to read it by.
func (s *Service) ListSnapshotBlocks(ctx context.Context, in *ebs.ListSnapshotBlocksInput) (*ebs.ListSnapshotBlocksOutput, error) {
	seal, err := s.seal()
	if err != nil {
		return nil, err
	}
	out := &ebs.ListSnapshotBlocksOutput{BlockSize: aws.Int32(ec2.BlockSize), Blocks: []types.Block{}}
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, content, err := s.readable(tx, c, aws.ToString(in.SnapshotId))
		if err != nil {
			return err
		}
		start, limit, err := s.window(c, seal, in.NextToken, in.StartingBlockIndex, in.MaxResults, snap.ID)
		if err != nil {
			return err
		}
		expires := tx.Now().Add(tokenLife)
		out.VolumeSize, out.ExpiryTime = aws.Int64(int64(snap.Size)), aws.Time(expires)
		content = content[content.From(start):]
		if len(content) > limit {
			out.NextToken = aws.String(stamp{pageToken, c.Account, []string{snap.ID}, content[limit].Index, expires}.seal(seal))
			content = content[:limit]
		}
		for _, b := range content {
			out.Blocks = append(out.Blocks, types.Block{
				BlockIndex: aws.Int32(b.Index), BlockToken: aws.String(stamp{blockToken, c.Account, []string{snap.ID}, b.Index, expires}.seal(seal))})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetSnapshotBlock reads a block by its index and the token a listing gave for it.
func (s *Service) GetSnapshotBlock(ctx context.Context, in *ebs.GetSnapshotBlockInput) (*ebs.GetSnapshotBlockOutput, error) {
	seal, err := s.seal()
	if err != nil {
		return nil, err
	}
	var hash string
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		snap, content, err := s.readable(tx, c, aws.ToString(in.SnapshotId))
		if err != nil {
			return err
		}
		token, index := aws.ToString(in.BlockToken), aws.ToInt32(in.BlockIndex)
		p, ok := unseal(seal, token)
		there := false
		if ok && p.kind == blockToken && p.account == c.Account && p.snapshots() == snap.ID && p.index == index && !p.expires.Before(tx.Now()) {
			hash, there = content.At(index)
		}
		if !there {
			return invalid(types.ValidationExceptionReasonInvalidBlockToken, "The block token %s is invalid.", token)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	data, err := s.store.Blobs().Get(hash)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return &ebs.GetSnapshotBlockOutput{
		BlockData: io.NopCloser(bytes.NewReader(data)), DataLength: aws.Int32(int32(len(data))),
		Checksum: aws.String(base64.StdEncoding.EncodeToString(sum[:])), ChecksumAlgorithm: types.ChecksumAlgorithmChecksumAlgorithmSha256,
	}, nil
}

// ListChangedBlocks lists the blocks that are not the same in two snapshots of one lineage. A token is absent where a snapshot has
// no such block; without a first snapshot the second is compared with an empty volume.
func (s *Service) ListChangedBlocks(ctx context.Context, in *ebs.ListChangedBlocksInput) (*ebs.ListChangedBlocksOutput, error) {
	seal, err := s.seal()
	if err != nil {
		return nil, err
	}
	out := &ebs.ListChangedBlocksOutput{BlockSize: aws.Int32(ec2.BlockSize), ChangedBlocks: []types.ChangedBlock{}}
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		second, after, err := s.readable(tx, c, aws.ToString(in.SecondSnapshotId))
		if err != nil {
			return err
		}
		var first ec2.Snapshot
		var before ec2.Content
		if in.FirstSnapshotId != nil {
			if first, before, err = s.readable(tx, c, *in.FirstSnapshotId); err != nil {
				return err
			}
			if first.Lineage != second.Lineage {
				return invalid(types.ValidationExceptionReasonUnrelatedSnapshots, "The snapshots '%s' and '%s' are not of the same volume lineage.", first.ID, second.ID)
			}
		}
		start, limit, err := s.window(c, seal, in.NextToken, in.StartingBlockIndex, in.MaxResults, first.ID, second.ID)
		if err != nil {
			return err
		}
		expires := tx.Now().Add(tokenLife)
		out.VolumeSize, out.ExpiryTime = aws.Int64(int64(second.Size)), aws.Time(expires)
		token := func(snapshot, hash string, index int32) *string {
			if hash == "" {
				return nil
			}
			return aws.String(stamp{blockToken, c.Account, []string{snapshot}, index, expires}.seal(seal))
		}
		for _, d := range ec2.Differences(before[before.From(start):], after[after.From(start):]) {
			if len(out.ChangedBlocks) == limit {
				out.NextToken = aws.String(stamp{pageToken, c.Account, []string{first.ID, second.ID}, d.Index, expires}.seal(seal))
				break
			}
			out.ChangedBlocks = append(out.ChangedBlocks, types.ChangedBlock{
				BlockIndex: aws.Int32(d.Index), FirstBlockToken: token(first.ID, d.First, d.Index), SecondBlockToken: token(second.ID, d.Second, d.Index)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
