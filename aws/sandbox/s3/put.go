package s3

import (
	"context"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// PutObject writes an object. Its bytes are stored before the transaction, so that others do not wait for them; what a refused call leaves
// is swept.
func (s *Service) PutObject(ctx context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObject", key: aws.ToString(in.Key)}
	o, err := described(a.key, headersOf(in), in.Tagging, in.StorageClass)
	if err != nil {
		return nil, err
	}
	sum, err := given(in)
	if err != nil {
		return nil, err
	}
	if err := s.mayWrite(ctx, a, o, in); err != nil {
		return nil, err
	}
	put, release := s.held()
	defer release()
	r, err := s.receive(incoming{in.Body, in.ContentLength, in.ContentMD5, in.ChecksumAlgorithm, sum}, put)
	if err != nil {
		return nil, err
	}
	o.Content, o.Checksum = r.Content, r.Checksum
	out := &s3.PutObjectOutput{}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, a)
		if err != nil {
			return err
		}
		was, there := s.current(tx, b.Name, o.Key)
		if err := (conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, write: true}).unmet(was, there); err != nil {
			return err
		}
		if o.Encryption, err = s.encrypted(tx, c, b, in); err != nil {
			return err
		}
		if o.Lock, err = b.lockFor(c, in, o.Key, tx.Now()); err != nil {
			return err
		}
		o.Owner, o.ETag = b.Account, o.Encryption.etag(tx, hex.EncodeToString(r.MD5))
		o = s.insert(tx, b, o)
		out.Expiration = b.expiration(o)
		out.ETag, out.VersionId = quoted(o.ETag), b.shown(o)
		o.Encryption.tell(out)
		o.Checksum.tell(out)
		return nil
	})
}

// described is an object as the request that brings it describes it, without its bytes.
func described(key string, h headers, tagging *string, class types.StorageClass) (o Object, err error) {
	o = Object{Key: key, Headers: h}
	if o.Tags, err = headerTags(tagging); err != nil {
		return o, err
	}
	o.Class, err = checkClass(class)
	return o, err
}

// mayWrite refuses before the bytes come what would be refused after them.
func (s *Service) mayWrite(ctx context.Context, a ask, o Object, in any) error {
	if err := checkKey(o.Key); err != nil {
		return err
	}
	if err := o.Headers.check(); err != nil {
		return err
	}
	return s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, a)
		if err == nil {
			err = b.acceptACL(c, in)
		}
		if err == nil && brought(in, ofObject) {
			_, err = s.encrypted(tx, c, b, in)
		}
		return err
	})
}

// source reads where a copy comes from: bucket/key, percent-encoded, with ?versionId= behind it.
func source(text string) (bucket, key string, version *string, err error) {
	path, query, _ := strings.Cut(text, "?versionId=")
	path, err = url.PathUnescape(path)
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if err != nil || bucket == "" || key == "" {
		return "", "", nil, invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", text)
	}
	if query != "" {
		version = &query
	}
	return bucket, key, version, nil
}

// copied is the object a copy is made of, which may be in another Region and account.
func (s *Service) copied(tx *store.Tx, c wire.Caller, in any, from string, owner *string, conditions conditions) (b Bucket, o Object, err error) {
	bucket, key, version, err := source(from)
	if err != nil {
		return b, o, err
	}
	a := ask{bucket: &bucket, owner: owner, action: ofVersion("s3:GetObject", version), key: key, anywhere: true}
	b, _, o, err = s.locate(tx, c, a, version)
	if err != nil {
		return b, o, err
	}
	if err := conditions.unmet(o, true); err != nil {
		return b, o, err
	}
	if err := o.Encryption.opens(in, ofSource); err != nil {
		return b, o, err
	}
	if err := s.decrypt(tx, c, b, o.Encryption); err != nil {
		return b, o, err
	}
	return b, o, s.copyable(o, tx.Now())
}

// CopyObject writes an object with the bytes of another: they are there already. They are read only where the copy needs another checksum
// than its source has, and before the transaction, so that others do not wait for it.
func (s *Service) CopyObject(ctx context.Context, in *s3.CopyObjectInput) (*s3.CopyObjectOutput, error) {
	var o Object
	out, release := &s3.CopyObjectOutput{}, func() {}
	err := s.view(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		if o, err = s.original(tx, c, in, out); err == nil {
			release = s.hold(o.Content)
		}
		return err
	})
	defer release()
	if err != nil {
		return nil, err
	}
	if o, err = s.likeness(o, in); err != nil {
		return nil, err
	}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error { return s.arrive(tx, c, in, o, out) })
}

// target is where a copy goes.
func target(in *s3.CopyObjectInput) ask {
	return ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutObject", key: aws.ToString(in.Key)}
}

// original is the object that a copy is to be made of, once it is known that it may be.
func (s *Service) original(tx *store.Tx, c wire.Caller, in *s3.CopyObjectInput, out *s3.CopyObjectOutput) (o Object, err error) {
	a := target(in)
	if _, err := checkClass(in.StorageClass); err != nil {
		return o, err
	}
	if err := checkKey(a.key); err != nil {
		return o, err
	}
	b, err := s.find(tx, c, a)
	if err != nil {
		return o, err
	}
	if err := b.acceptACL(c, in); err != nil {
		return o, err
	}
	from, o, err := s.copied(tx, c, in, aws.ToString(in.CopySource), in.ExpectedSourceBucketOwner, conditions{
		match: in.CopySourceIfMatch, noneMatch: in.CopySourceIfNoneMatch, since: in.CopySourceIfModifiedSince, notSince: in.CopySourceIfUnmodifiedSince, copySource: true})
	if err != nil {
		return o, err
	}
	if from.Name == b.Name && o.Key == a.key && changesNothing(in) {
		return o, fault("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	out.CopySourceVersionId = from.shown(o)
	return o, nil
}

// arrive puts a copy in its place.
func (s *Service) arrive(tx *store.Tx, c wire.Caller, in *s3.CopyObjectInput, o Object, out *s3.CopyObjectOutput) error {
	a := target(in)
	b, err := s.find(tx, c, a)
	if err != nil {
		return err
	}
	was, there := s.current(tx, b.Name, a.key)
	if err := (conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch, write: true}).unmet(was, there); err != nil {
		return err
	}
	o.Key, o.Owner = a.key, b.Account
	if o.Class, err = checkClass(in.StorageClass); err != nil {
		return err
	}
	if o.Encryption, err = s.encrypted(tx, c, b, in); err != nil {
		return err
	}
	o.ETag = o.Encryption.etag(tx, o.ETag)
	if o.Lock, err = b.lockFor(c, in, o.Key, tx.Now()); err != nil {
		return err
	}
	o = s.insert(tx, b, o)
	out.VersionId, out.Expiration = b.shown(o), b.expiration(o)
	o.Encryption.tell(out)
	out.CopyObjectResult = &types.CopyObjectResult{ETag: quoted(o.ETag), LastModified: second(o.Modified)}
	o.Checksum.tell(out.CopyObjectResult)
	return nil
}

// changesNothing says that a copy of an object onto itself would leave everything as it is.
func changesNothing(in *s3.CopyObjectInput) bool {
	return in.MetadataDirective != types.MetadataDirectiveReplace && in.StorageClass == "" && in.ServerSideEncryption == "" && in.TaggingDirective == "" && in.SSECustomerKey == nil &&
		in.WebsiteRedirectLocation == nil && !strings.Contains(*in.CopySource, "?versionId=")
}

// likeness is what a copy takes from its source and from the request. It is one piece, whatever its source was uploaded in: it has the
// MD5, as its ETag, and the checksum of its bytes.
func (s *Service) likeness(from Object, in *s3.CopyObjectInput) (o Object, err error) {
	o = Object{Headers: from.Headers, Tags: from.Tags, Content: from.Content, ETag: from.ETag, Checksum: from.Checksum}
	if in.MetadataDirective == types.MetadataDirectiveReplace {
		o.Headers = headersOf(in)
		if err := o.Headers.check(); err != nil {
			return o, err
		}
	}
	o.Headers.Redirect = aws.ToString(in.WebsiteRedirectLocation)
	if in.TaggingDirective == types.TaggingDirectiveReplace {
		if o.Tags, err = headerTags(in.Tagging); err != nil {
			return o, err
		}
	}
	if len(from.Parts) > 0 || from.Encryption.Key != "" || from.Encryption.Customer != "" {
		sum, err := s.over(o.Content, "MD5")
		if err != nil {
			return o, err
		}
		if o.ETag, err = hexed(sum.Value); err != nil {
			return o, err
		}
	}
	use := o.Checksum.Algorithm
	if in.ChecksumAlgorithm != "" {
		use = in.ChecksumAlgorithm
	}
	if use == "" || hashes[use] == nil {
		use = types.ChecksumAlgorithmCrc64nvme
	}
	if use != o.Checksum.Algorithm || o.Checksum.Type == types.ChecksumTypeComposite {
		o.Checksum, err = s.over(o.Content, use)
	}
	return o, err
}
