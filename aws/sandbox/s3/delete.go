package s3

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// removal is what a deletion did.
type removal struct {
	marker bool   // a marker was made, or was what was removed
	id     string // its version, or the version removed
}

// remove deletes an object (with versions, a marker takes its place) or the version that is named, unless a lock keeps it; bypass passes over
// governance mode. What is not there is no error.
func (s *Service) remove(tx *store.Tx, b Bucket, key string, version *string, bypass bool) (r removal, err error) {
	if err := checkKey(key); err != nil {
		return r, err
	}
	if version != nil {
		if err := checkVersion(*version); err != nil {
			return r, err
		}
		r.id = *version
		if at, o, there := s.version(tx, b.Name, key, *version); there {
			if err := s.locked(o, tx.Now(), bypass); err != nil {
				return r, err
			}
			r.marker = o.Marker
			s.objects.Delete(tx, at)
		}
		return r, nil
	}
	if b.Versioning == "" {
		if at, _, _, there := s.latest(tx, b.Name, key); there {
			s.objects.Delete(tx, at)
		}
		return r, nil
	}
	o := s.insert(tx, b, Object{Key: key, Marker: true, Owner: b.Account})
	return removal{true, o.Version}, nil
}

// deletion is the action that deletes an object or a version.
func deletion(version *string) string { return ofVersion("s3:DeleteObject", version) }

// DeleteObject deletes an object or a version.
func (s *Service) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	out := &s3.DeleteObjectOutput{}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		key := aws.ToString(in.Key)
		b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: deletion(in.VersionId), key: key})
		if err != nil {
			return err
		}
		if in.IfMatch != nil {
			o, there := s.current(tx, b.Name, key)
			if err := (conditions{match: in.IfMatch, write: true}).unmet(o, there); err != nil {
				return err
			}
		}
		if err := b.bypassable(in.BypassGovernanceRetention); err != nil {
			return err
		}
		r, err := s.remove(tx, b, key, in.VersionId, b.bypass(c, key, in.BypassGovernanceRetention))
		if out.VersionId = some(r.id); r.marker {
			out.DeleteMarker = aws.Bool(true)
		}
		return err
	})
}

// maxDelete is how many keys one DeleteObjects has.
const maxDelete = 1000

// DeleteObjects deletes many; each is answered for itself.
func (s *Service) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (*s3.DeleteObjectsOutput, error) {
	if n := len(in.Delete.Objects); n == 0 || n > maxDelete {
		return nil, fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	out := &s3.DeleteObjectsOutput{}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListBucket"})
		if err != nil && isFault(err, "NoSuchBucket", "PermanentRedirect") {
			return err
		}
		if err := b.bypassable(in.BypassGovernanceRetention); err != nil {
			return err
		}
		for _, one := range in.Delete.Objects {
			key := aws.ToString(one.Key)
			b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: deletion(one.VersionId), key: key})
			var r removal
			if err == nil {
				r, err = s.remove(tx, b, key, one.VersionId, b.bypass(c, key, in.BypassGovernanceRetention))
			}
			var api smithy.APIError
			switch {
			case errors.As(err, &api):
				out.Errors = append(out.Errors, types.Error{Key: one.Key, VersionId: one.VersionId, Code: aws.String(api.ErrorCode()), Message: aws.String(api.ErrorMessage())})
			case err != nil:
				return err
			case !aws.ToBool(in.Delete.Quiet):
				done := types.DeletedObject{Key: one.Key, VersionId: one.VersionId}
				if r.marker {
					done.DeleteMarker, done.DeleteMarkerVersionId = aws.Bool(true), some(r.id)
				}
				out.Deleted = append(out.Deleted, done)
			}
		}
		return nil
	})
}

// isFault says whether an error has one of the codes.
func isFault(err error, codes ...string) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		for _, code := range codes {
			if api.ErrorCode() == code {
				return true
			}
		}
	}
	return false
}
