package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// CompleteMultipartUpload makes the object of the parts that are named.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObject", key: aws.ToString(in.Key)}
	said, err := given(in)
	if err != nil {
		return nil, err
	}
	u, parts, let, err := s.assembled(ctx, a, in)
	if err != nil {
		return nil, err
	}
	defer let()
	put, release := s.held()
	defer release()
	o, err := s.whole(u, parts, put)
	if err != nil {
		return nil, err
	}
	if said.Value != "" && (said.Algorithm != o.Checksum.Algorithm || said.Value != strings.Split(o.Checksum.Value, "-")[0] && said.Value != o.Checksum.Value) {
		return nil, fault("BadDigest", "The "+string(said.Algorithm)+" you specified did not match the calculated checksum.")
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != o.Content.Size {
		return nil, fault("InvalidRequest", "The provided 'x-amz-mp-object-size' header does not match what was computed.")
	}
	out := &s3.CompleteMultipartUploadOutput{Bucket: in.Bucket, Key: in.Key}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, u, err := s.under(tx, c, a, in.UploadId)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if now, there := s.parts.Get(tx, u.part(p.Number)); !there || now.MD5 != p.MD5 {
				return invalidPart(u, p.Number, p.MD5)
			}
		}
		was, there := s.current(tx, b.Name, a.key)
		if err := (conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, write: true}).unmet(was, there); err != nil {
			return err
		}
		o = s.insert(tx, b, o)
		out.Expiration = b.expiration(o)
		s.drop(tx, u)
		out.Location = aws.String(fmt.Sprintf("https://%s.s3.%s.amazonaws.com/%s", b.Name, b.Region, *written(true).text(o.Key)))
		out.ETag, out.VersionId = quoted(o.ETag), b.shown(o)
		o.Encryption.tell(out)
		o.Checksum.tell(out)
		return nil
	})
}

func invalidPart(u Upload, number int32, etag string) error {
	return fault("InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
		wire.Element{Name: "UploadId", Text: u.ID}, wire.Element{Name: "PartNumber", Text: fmt.Sprint(number)}, wire.Element{Name: "ETag", Text: etag})
}

// assembled are the parts that a request to complete names, in order; what they hold is held until release is called.
func (s *Service) assembled(ctx context.Context, a ask, in *s3.CompleteMultipartUploadInput) (u Upload, parts []Part, release func(), err error) {
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		if _, u, err = s.under(tx, c, a, in.UploadId); err != nil {
			return err
		}
		if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 {
			return fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		named := in.MultipartUpload.Parts
		for i, n := range named {
			number := aws.ToInt32(n.PartNumber)
			if i > 0 && number <= aws.ToInt32(named[i-1].PartNumber) {
				return fault("InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.", wire.Element{Name: "UploadId", Text: u.ID})
			}
			p, there := s.parts.Get(tx, u.part(number))
			sum, err := given(&n)
			if err != nil {
				return err
			}
			if !there || unquoted(n.ETag) != p.MD5 || sum.Value != "" && (sum.Algorithm != p.Checksum.Algorithm || sum.Value != p.Checksum.Value) {
				return invalidPart(u, number, unquoted(n.ETag))
			}
			parts = append(parts, p)
		}
		for _, p := range parts[:len(parts)-1] {
			if p.Content.Size < minPart {
				return fault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
					wire.Element{Name: "ProposedSize", Text: fmt.Sprint(p.Content.Size)}, wire.Element{Name: "MinSizeAllowed", Text: strconv.Itoa(minPart)}, wire.Element{Name: "PartNumber", Text: fmt.Sprint(p.Number)})
			}
		}
		contents := make([]Content, len(parts))
		for i, p := range parts {
			contents[i] = p.Content
		}
		release = s.hold(contents...)
		return nil
	})
	return u, parts, release, err
}

// whole is the object that parts make: their chunks one after another, so no byte is copied. A checksum over all bytes reads them once.
func (s *Service) whole(u Upload, parts []Part, put putter) (Object, error) {
	o := u.Object
	var all []chunk
	etag := md5.New()
	for _, p := range parts {
		chunks, err := s.chunks(p.Content)
		if err != nil {
			return o, err
		}
		all = append(all, chunks...)
		sum, err := hex.DecodeString(p.MD5)
		if err != nil {
			return o, err
		}
		etag.Write(sum)
		one := ObjectPart{Number: p.Number, Size: p.Content.Size}
		if u.Algorithm != "" {
			one.Checksum = p.Checksum
		}
		o.Parts = append(o.Parts, one)
	}
	var err error
	if o.Content, err = listing(all, put); err != nil {
		return o, err
	}
	if o.Content.Size > maxSize {
		return o, fault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	o.ETag = fmt.Sprintf("%x-%d", etag.Sum(nil), len(parts))
	if u.Type == types.ChecksumTypeComposite {
		o.Checksum, err = composite(u.Algorithm, parts)
		return o, err
	}
	use := u.Algorithm
	if use == "" {
		use = types.ChecksumAlgorithmCrc64nvme
	}
	o.Checksum, err = s.over(o.Content, use)
	return o, err
}
