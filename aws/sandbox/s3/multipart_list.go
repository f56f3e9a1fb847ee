package s3

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// begun are the uploads under way in a bucket, by key and, of one key, in the order they began.
func (s *Service) begun(tx *store.Tx, bucket, prefix string) (all []Upload) {
	s.uploads.Scan(tx, bucket+"/"+prefix, func(_ string, u Upload) bool { all = append(all, u); return true })
	slices.SortStableFunc(all, func(a, b Upload) int {
		if byKey := strings.Compare(a.Object.Key, b.Object.Key); byKey != 0 {
			return byKey
		}
		return a.Begun.Compare(b.Begun)
	})
	return all
}

// ListMultipartUploads lists uploads that are neither completed nor aborted.
func (s *Service) ListMultipartUploads(ctx context.Context, in *s3.ListMultipartUploadsInput) (*s3.ListMultipartUploadsOutput, error) {
	limit, err := pageSize(in.MaxUploads)
	if err != nil {
		return nil, err
	}
	as := written(in.EncodingType == types.EncodingTypeUrl)
	w := walk{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter)}
	out := &s3.ListMultipartUploadsOutput{
		Bucket: in.Bucket, Prefix: as.text(w.prefix), Delimiter: as.optional(in.Delimiter), KeyMarker: as.text(aws.ToString(in.KeyMarker)), EncodingType: in.EncodingType,
		UploadIdMarker: aws.String(aws.ToString(in.UploadIdMarker)), MaxUploads: aws.Int32(int32(limit)), IsTruncated: aws.Bool(false),
	}
	var all []Upload
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListBucketMultipartUploads"})
		all = s.begun(tx, b.Name, w.prefix)
		return err
	})
	if err != nil {
		return nil, err
	}
	rolled := ""
	for _, u := range beyondMarker(all, w, aws.ToString(in.KeyMarker), aws.ToString(in.UploadIdMarker)) {
		prefix, isRolled := w.rollUp(u.Object.Key)
		if isRolled && prefix == rolled {
			continue
		}
		if len(out.Uploads)+len(out.CommonPrefixes) == limit {
			out.IsTruncated = aws.Bool(true)
			break
		}
		if isRolled {
			rolled = prefix
			out.CommonPrefixes = append(out.CommonPrefixes, types.CommonPrefix{Prefix: as.text(prefix)})
			out.NextKeyMarker, out.NextUploadIdMarker = as.text(prefix), nil
			continue
		}
		out.NextKeyMarker, out.NextUploadIdMarker = as.text(u.Object.Key), aws.String(u.ID)
		out.Uploads = append(out.Uploads, types.MultipartUpload{
			Key: as.text(u.Object.Key), UploadId: aws.String(u.ID), Initiated: second(u.Begun), StorageClass: listed(u.Object.Class), Owner: owner(u.Object.Owner),
			Initiator: &types.Initiator{ID: owner(u.Object.Owner).ID}, ChecksumAlgorithm: u.Algorithm, ChecksumType: u.Type})
	}
	if !*out.IsTruncated {
		out.NextKeyMarker, out.NextUploadIdMarker = nil, nil
	}
	return out, nil
}

// beyondMarker are the uploads after the one, or the key or common prefix, that a page ended with.
func beyondMarker(all []Upload, w walk, key, id string) []Upload {
	if key == "" {
		return all
	}
	prefix, isRolled := w.rollUp(key)
	return slices.DeleteFunc(all, func(u Upload) bool {
		switch {
		case isRolled && prefix == key && strings.HasPrefix(u.Object.Key, key):
			return true
		case u.Object.Key != key:
			return u.Object.Key < key
		case id == "":
			return true
		}
		at := slices.IndexFunc(all, func(o Upload) bool { return o.ID == id })
		return at >= 0 && !u.Begun.After(all[at].Begun)
	})
}

// ListParts lists the parts of an upload that came.
func (s *Service) ListParts(ctx context.Context, in *s3.ListPartsInput) (*s3.ListPartsOutput, error) {
	after, limit, err := partPage(in.MaxParts, in.PartNumberMarker)
	if err != nil {
		return nil, err
	}
	out := &s3.ListPartsOutput{
		Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, PartNumberMarker: aws.String(fmt.Sprint(after)), MaxParts: aws.Int32(int32(limit)), IsTruncated: aws.Bool(false)}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListMultipartUploadParts", key: aws.ToString(in.Key)}
		b, u, err := s.under(tx, c, a, in.UploadId)
		if err != nil {
			return err
		}
		out.AbortDate, out.AbortRuleId = b.aborts(u)
		out.StorageClass, out.Owner, out.Initiator = listed(u.Object.Class), owner(u.Object.Owner), &types.Initiator{ID: owner(u.Object.Owner).ID}
		out.ChecksumAlgorithm, out.ChecksumType = u.Algorithm, u.Type
		for _, p := range s.partsOf(tx, u) {
			if p.Number <= after {
				continue
			}
			if len(out.Parts) == limit {
				out.IsTruncated = aws.Bool(true)
				break
			}
			out.NextPartNumberMarker = aws.String(fmt.Sprint(p.Number))
			part := types.Part{PartNumber: aws.Int32(p.Number), Size: aws.Int64(p.Content.Size), ETag: quoted(p.MD5), LastModified: second(p.Modified)}
			p.Checksum.tell(&part)
			out.Parts = append(out.Parts, part)
		}
		return nil
	})
}
