package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// hexed writes base64 as hex.
func hexed(text string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	return hex.EncodeToString(raw), err
}

// span is a part of an object's bytes.
type span struct {
	from, length int64
	part         bool // not the whole
}

// header is the Content-Range of a span of an object of that size.
func (r span) header(size int64) *string {
	if !r.part {
		return nil
	}
	return aws.String(fmt.Sprintf("bytes %d-%d/%d", r.from, r.from+r.length-1, size))
}

// ranged reads a Range header (RFC 9110, section 14.1.2). One that cannot be read, or asks for several ranges, asks for the whole.
func ranged(header *string, size int64) (span, error) {
	whole := span{length: size}
	text, isBytes := strings.CutPrefix(aws.ToString(header), "bytes=")
	first, last, isRange := strings.Cut(text, "-")
	if !isBytes || !isRange || strings.Contains(text, ",") {
		return whole, nil
	}
	from, noFrom := strconv.ParseInt(first, 10, 64)
	to, noTo := strconv.ParseInt(last, 10, 64)
	switch {
	case first == "" && noTo == nil: // the last bytes
		from, to = max(0, size-to), size-1
		if last == "0" {
			from = size
		}
	case noFrom != nil || last != "" && (noTo != nil || to < from):
		return whole, nil
	case last == "":
		to = size - 1
	}
	if from >= size {
		return whole, fault("InvalidRange", "The requested range is not satisfiable", wire.Element{Name: "RangeRequested", Text: *header}, wire.Element{Name: "ActualObjectSize", Text: fmt.Sprint(size)})
	}
	return span{from, min(to, size-1) - from + 1, true}, nil
}

// partOf is the span of a part that an object was uploaded in; an object that came as one is its own part 1.
func partOf(o Object, number int32) (span, error) {
	if len(o.Parts) == 0 && number == 1 {
		return span{length: o.Content.Size, part: o.Content.Size > 0}, nil
	}
	var from int64
	for i, p := range o.Parts {
		if int32(i+1) == number {
			return span{from, p.Size, true}, nil
		}
		from += p.Size
	}
	return span{}, fault("InvalidPartNumber", "The requested partnumber is not satisfiable",
		wire.Element{Name: "PartNumberRequested", Text: fmt.Sprint(number)}, wire.Element{Name: "ActualPartCount", Text: fmt.Sprint(max(1, len(o.Parts)))})
}

// reading is what GetObject and HeadObject have in common.
type reading struct {
	ask
	version, span *string
	part          *int32
	conditions
	request any                                                                    // brings the key of an object that its sender's own encrypts
	found   func(tx *store.Tx, c wire.Caller, b Bucket, o Object, part span) error // is called in the transaction, where there is one
}

func (s *Service) read(ctx context.Context, r reading) (b Bucket, o Object, part span, now standing, err error) {
	r.action = ofVersion("s3:GetObject", r.version)
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		var at string
		if b, at, o, err = s.locate(tx, c, r.ask, r.version); err != nil {
			return err
		}
		if err := r.conditions.unmet(o, true); err != nil {
			return err
		}
		if err := o.Encryption.opens(r.request, ofObject); err != nil {
			return err
		}
		now = s.standing(tx, b, at, o)
		if r.part != nil {
			if r.span != nil {
				return fault("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
			}
			part, err = partOf(o, *r.part)
		} else {
			part, err = ranged(r.span, o.Content.Size)
		}
		if err == nil && r.found != nil {
			err = r.found(tx, c, b, o, part)
		}
		return err
	})
	return b, o, part, now, err
}

// GetObject reads an object, a version, a range or a part of it.
func (s *Service) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	var body *reader
	b, o, part, now, err := s.read(ctx, reading{
		ask: ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, key: aws.ToString(in.Key)}, version: in.VersionId, span: in.Range, part: in.PartNumber, request: in,
		conditions: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, since: in.IfModifiedSince, notSince: in.IfUnmodifiedSince},
		found: func(tx *store.Tx, c wire.Caller, b Bucket, o Object, part span) error {
			if err := s.decrypt(tx, c, b, o.Encryption); err != nil {
				return err
			}
			if err := s.readable(o, tx.Now()); err != nil {
				return err
			}
			body = s.open(o.Content, part.from, part.length)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, body.done) // an answer that is never sent holds nothing
	out := &s3.GetObjectOutput{Body: body}
	same(out, o.headed(b, part, now, in.ChecksumMode, in.PartNumber))
	for asked, answered := range map[*string]**string{
		in.ResponseContentType: &out.ContentType, in.ResponseContentEncoding: &out.ContentEncoding, in.ResponseContentLanguage: &out.ContentLanguage,
		in.ResponseContentDisposition: &out.ContentDisposition, in.ResponseCacheControl: &out.CacheControl,
	} {
		if asked != nil {
			*answered = asked
		}
	}
	if in.ResponseExpires != nil {
		//lint:ignore SA1019 the wire writes this field
		out.Expires, out.ExpiresString = in.ResponseExpires, nil
	}
	return out, nil
}

// HeadObject is GetObject without the bytes.
func (s *Service) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	b, o, part, now, err := s.read(ctx, reading{
		ask: ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, key: aws.ToString(in.Key)}, version: in.VersionId, span: in.Range, part: in.PartNumber, request: in,
		conditions: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, since: in.IfModifiedSince, notSince: in.IfUnmodifiedSince},
	})
	if err != nil {
		return nil, err
	}
	return o.headed(b, part, now, in.ChecksumMode, in.PartNumber), nil
}

// headed is all that headers say about an object. Its checksum is said when it is asked for and the whole is given.
func (o Object) headed(b Bucket, part span, now standing, mode types.ChecksumMode, number *int32) *s3.HeadObjectOutput {
	h := o.Headers
	if h.Type == "" {
		h.Type = noType
	}
	out := &s3.HeadObjectOutput{
		AcceptRanges: aws.String("bytes"), ContentLength: aws.Int64(part.length), ContentRange: part.header(o.Content.Size), ETag: quoted(o.ETag),
		LastModified: second(o.Modified), VersionId: b.shown(o), ReplicationStatus: o.Replication.status(), Metadata: h.Metadata, StorageClass: o.Class,
		ContentType: some(h.Type), ContentEncoding: some(h.Encoding), ContentLanguage: some(h.Language), ContentDisposition: some(h.Disposition),
		//lint:ignore SA1019 the wire writes this field
		CacheControl: some(h.Cache), WebsiteRedirectLocation: some(h.Redirect), Expires: h.Expires, Restore: now.restore, Expiration: now.expiration,
	}
	o.Encryption.tell(out)
	o.Lock.tell(out)
	if mode == types.ChecksumModeEnabled && part.length == o.Content.Size {
		o.Checksum.tell(out)
	}
	if n := len(o.Parts); n > 0 && number != nil {
		out.PartsCount = aws.Int32(int32(n))
	}
	if n := len(o.Tags); n > 0 {
		out.TagCount = aws.Int32(int32(n))
	}
	return out
}

// GetObjectAttributes tells of an object without its bytes what it is asked for.
func (s *Service) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (*s3.GetObjectAttributesOutput, error) {
	b, o, _, _, err := s.read(ctx, reading{ask: ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, key: aws.ToString(in.Key)}, version: in.VersionId, request: in})
	if err != nil {
		return nil, err
	}
	out := &s3.GetObjectAttributesOutput{LastModified: second(o.Modified), VersionId: b.shown(o)}
	for _, a := range in.ObjectAttributes {
		switch a {
		case types.ObjectAttributesEtag:
			out.ETag = aws.String(o.ETag)
		case types.ObjectAttributesObjectSize:
			out.ObjectSize = aws.Int64(o.Content.Size)
		case types.ObjectAttributesStorageClass:
			out.StorageClass = listed(o.Class)
		case types.ObjectAttributesChecksum:
			out.Checksum = &types.Checksum{}
			o.Checksum.tell(out.Checksum)
		case types.ObjectAttributesObjectParts:
			if out.ObjectParts, err = o.attributes(in.MaxParts, in.PartNumberMarker); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// attributes is a page of the parts an object was uploaded in; nil when it came as one.
func (o Object) attributes(most *int32, marker *string) (*types.GetObjectAttributesParts, error) {
	if len(o.Parts) == 0 {
		return nil, nil
	}
	after, limit, err := partPage(most, marker)
	if err != nil {
		return nil, err
	}
	out := &types.GetObjectAttributesParts{
		TotalPartsCount: aws.Int32(int32(len(o.Parts))), PartNumberMarker: aws.String(fmt.Sprint(after)), MaxParts: aws.Int32(int32(limit)), IsTruncated: aws.Bool(false)}
	rest := o.Parts[slices.IndexFunc(append(slices.Clone(o.Parts), ObjectPart{Number: 1 << 30}), func(p ObjectPart) bool { return p.Number > after }):]
	if len(rest) > limit {
		rest = rest[:limit]
		out.IsTruncated = aws.Bool(true)
	}
	for _, p := range rest {
		out.NextPartNumberMarker = aws.String(fmt.Sprint(p.Number))
		part := types.ObjectPart{PartNumber: aws.Int32(p.Number), Size: aws.Int64(p.Size)}
		p.Checksum.tell(&part)
		out.Parts = append(out.Parts, part)
	}
	return out, nil
}

// partPage reads where a page of parts begins and how many it has.
func partPage(most *int32, marker *string) (after int32, limit int, err error) {
	if text := aws.ToString(marker); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return 0, 0, invalid("Argument partNumberMarker must be an integer between 0 and 2147483647", "part-number-marker", text)
		}
		after = int32(n)
	}
	limit = maxPage
	if most != nil && *most < maxPage {
		limit = int(max(*most, 0))
	}
	return after, limit, nil
}

// GetObjectAcl gives an object's access list.
func (s *Service) GetObjectAcl(ctx context.Context, in *s3.GetObjectAclInput) (*s3.GetObjectAclOutput, error) {
	out := &s3.GetObjectAclOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: ofVersion("s3:GetObjectAcl", in.VersionId), key: aws.ToString(in.Key)}
		_, _, o, err := s.locate(tx, c, a, in.VersionId)
		out.Owner, out.Grants = owner(o.Owner), full(o.Owner)
		return err
	})
}
