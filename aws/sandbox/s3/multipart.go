package s3

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Upload is an object that comes in parts: what it will be, without its bytes.
type Upload struct {
	ID        string                  `json:"id"`
	Bucket    string                  `json:"bucket"`
	Begun     time.Time               `json:"begun"`
	Object    Object                  `json:"object"`
	Algorithm types.ChecksumAlgorithm `json:"algorithm,omitempty"` // of the checksum its sender wants
	Type      types.ChecksumType      `json:"type,omitempty"`
}

// Part is a part that came.
type Part struct {
	Number   int32     `json:"number"`
	Content  Content   `json:"content"`
	MD5      string    `json:"md5"` // hex
	Checksum Checksum  `json:"checksum,omitzero"`
	Modified time.Time `json:"modified"`
}

const (
	maxParts = 10_000
	minPart  = 5 << 20 // bytes of every part but the last
	maxSize  = 5 << 40 // bytes of an object
)

func (u Upload) row() string              { return shelf(u.Bucket, u.Object.Key) + u.ID }
func (u Upload) part(number int32) string { return fmt.Sprintf("%s/%05d", u.ID, number) }

// CreateMultipartUpload begins an upload in parts.
func (s *Service) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (*s3.CreateMultipartUploadOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObject", key: aws.ToString(in.Key)}
	o, err := described(a.key, headersOf(in), in.Tagging, in.StorageClass)
	if err != nil {
		return nil, err
	}
	u := Upload{Bucket: aws.ToString(in.Bucket), Algorithm: in.ChecksumAlgorithm, Type: in.ChecksumType}
	if err := u.checkType(); err != nil {
		return nil, err
	}
	if err := s.mayWrite(ctx, a, o, in); err != nil {
		return nil, err
	}
	out := &s3.CreateMultipartUploadOutput{Bucket: in.Bucket, Key: in.Key, ChecksumAlgorithm: u.Algorithm, ChecksumType: u.Type}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, a)
		if err != nil {
			return err
		}
		if o.Encryption, err = s.encrypted(tx, c, b, in); err != nil {
			return err
		}
		if o.Lock, err = b.lockFor(c, in, o.Key, tx.Now()); err != nil {
			return err
		}
		o.Owner, u.Begun, u.ID = b.Account, tx.Now(), versionID(tx)+versionID(tx)
		u.Object = o
		s.uploads.Put(tx, u.row(), u)
		out.AbortDate, out.AbortRuleId = b.aborts(u)
		out.UploadId = aws.String(u.ID)
		o.Encryption.tell(out)
		return nil
	})
}

// checkType says how the checksum of the whole will be made: CRC64NVME only over all bytes, the SHA family only over the parts' checksums, the
// other CRCs over the parts' checksums unless they are asked for over all bytes (Amazon S3 User Guide, "Checksums of multipart uploads").
func (u *Upload) checkType() error {
	wrong := fault("InvalidRequest", "The "+string(u.Type)+" checksum type cannot be used with the "+strings.ToLower(string(u.Algorithm))+" checksum algorithm.")
	switch u.Algorithm {
	case "":
		if u.Type == types.ChecksumTypeComposite {
			return wrong
		}
	case types.ChecksumAlgorithmCrc64nvme:
		if u.Type == types.ChecksumTypeComposite {
			return wrong
		}
		u.Type = types.ChecksumTypeFullObject
	case types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c:
		if u.Type == "" {
			u.Type = types.ChecksumTypeComposite
		}
	default:
		if u.Type == types.ChecksumTypeFullObject || hashes[u.Algorithm] == nil {
			return wrong
		}
		u.Type = types.ChecksumTypeComposite
	}
	return nil
}

// upload is one that is under way.
func (s *Service) upload(tx *store.Tx, bucket, key, id *string) (Upload, error) {
	u, there := s.uploads.Get(tx, shelf(aws.ToString(bucket), aws.ToString(key))+aws.ToString(id))
	if !there {
		return u, fault("NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
			wire.Element{Name: "UploadId", Text: aws.ToString(id)})
	}
	return u, nil
}

// under finds the bucket and the upload of a request.
func (s *Service) under(tx *store.Tx, c wire.Caller, a ask, id *string) (Bucket, Upload, error) {
	b, err := s.find(tx, c, a)
	if err != nil {
		return b, Upload{}, err
	}
	u, err := s.upload(tx, a.bucket, &a.key, id)
	return b, u, err
}

func checkNumber(number *int32) (int32, error) {
	n := aws.ToInt32(number)
	if n < 1 || n > maxParts {
		return n, invalid("Part number must be an integer between 1 and 10000, inclusive", "partNumber", fmt.Sprint(n))
	}
	return n, nil
}

// UploadPart takes one part; the same number again replaces it.
func (s *Service) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	number, err := checkNumber(in.PartNumber)
	if err != nil {
		return nil, err
	}
	said, err := given(in)
	if err != nil {
		return nil, err
	}
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObject", key: aws.ToString(in.Key)}
	var u Upload
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		if _, u, err = s.under(tx, c, a, in.UploadId); err == nil {
			err = u.Object.Encryption.continues(in)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	use := u.Algorithm
	if in.ChecksumAlgorithm != "" {
		use = in.ChecksumAlgorithm
	}
	put, release := s.held()
	defer release()
	r, err := s.receive(incoming{in.Body, in.ContentLength, in.ContentMD5, use, said}, put)
	if err != nil {
		return nil, err
	}
	if u.Algorithm != "" && r.Checksum.Algorithm != u.Algorithm {
		return nil, fault("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: "+strings.ToLower(string(u.Algorithm))+", actual checksum Type: "+strings.ToLower(string(r.Checksum.Algorithm)))
	}
	p := Part{Number: number, Content: r.Content, MD5: hex.EncodeToString(r.MD5), Checksum: r.Checksum}
	if err := s.arrived(ctx, a, in.UploadId, p); err != nil {
		return nil, err
	}
	out := &s3.UploadPartOutput{ETag: quoted(p.MD5)}
	u.Object.Encryption.tell(out)
	p.Checksum.tell(out)
	return out, nil
}

// arrived keeps a part, unless the upload ended meanwhile.
func (s *Service) arrived(ctx context.Context, a ask, id *string, p Part) error {
	return s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		_, u, err := s.under(tx, c, a, id)
		p.Modified = tx.Now()
		if err == nil {
			s.parts.Put(tx, u.part(p.Number), p)
		}
		return err
	})
}

// UploadPartCopy takes a part from an object that is there.
func (s *Service) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (*s3.UploadPartCopyOutput, error) {
	number, err := checkNumber(in.PartNumber)
	if err != nil {
		return nil, err
	}
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObject", key: aws.ToString(in.Key)}
	var u Upload
	var from Bucket
	var o Object
	var part span
	var body *reader
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		if _, u, err = s.under(tx, c, a, in.UploadId); err != nil {
			return err
		}
		if err := u.Object.Encryption.continues(in); err != nil {
			return err
		}
		from, o, err = s.copied(tx, c, in, aws.ToString(in.CopySource), in.ExpectedSourceBucketOwner, conditions{
			match: in.CopySourceIfMatch, noneMatch: in.CopySourceIfNoneMatch, since: in.CopySourceIfModifiedSince, notSince: in.CopySourceIfUnmodifiedSince, copySource: true})
		if err != nil {
			return err
		}
		if part, err = ranged(in.CopySourceRange, o.Content.Size); err == nil {
			body = s.open(o.Content, part.from, part.length)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	put, release := s.held()
	defer release()
	r, err := s.receive(incoming{body: body, length: &part.length, algorithm: u.Algorithm}, put)
	if err != nil {
		return nil, err
	}
	p := Part{Number: number, Content: r.Content, MD5: hex.EncodeToString(r.MD5), Checksum: r.Checksum}
	if err := s.arrived(ctx, a, in.UploadId, p); err != nil {
		return nil, err
	}
	out := &s3.UploadPartCopyOutput{CopySourceVersionId: from.shown(o), CopyPartResult: &types.CopyPartResult{ETag: quoted(p.MD5)}}
	u.Object.Encryption.tell(out)
	p.Checksum.tell(out.CopyPartResult)
	return out, nil
}

// drop forgets an upload and its parts.
func (s *Service) drop(tx *store.Tx, u Upload) {
	for _, p := range s.partsOf(tx, u) {
		s.parts.Delete(tx, u.part(p.Number))
	}
	s.uploads.Delete(tx, u.row())
}

// partsOf are the parts that came, in order.
func (s *Service) partsOf(tx *store.Tx, u Upload) (all []Part) {
	s.parts.Scan(tx, u.ID+"/", func(_ string, p Part) bool { all = append(all, p); return true })
	return all
}

// AbortMultipartUpload ends an upload without an object.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) (*s3.AbortMultipartUploadOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:AbortMultipartUpload", key: aws.ToString(in.Key)}
	return &s3.AbortMultipartUploadOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		_, u, err := s.under(tx, c, a, in.UploadId)
		if err == nil {
			s.drop(tx, u)
		}
		return err
	})
}
