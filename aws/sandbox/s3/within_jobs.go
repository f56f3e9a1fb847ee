package s3

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Acting is a role that does something with buckets of a Region. Unlike Within's other calls, those with an Acting refuse what the role's
// policies do not allow, what a bucket's policy denies, and in another account's bucket what its policy does not allow.
type Acting struct {
	Role   string // ARN
	Region string
}

// Place names an object, or with a version one version of it.
type Place struct {
	Bucket, Key string
	Version     *string
}

// Listed is a version as a list of them tells of it.
type Listed struct {
	Key, Version string
	Size         int64
	Modified     time.Time
	Class        types.StorageClass         // never empty
	Replication  types.ReplicationStatus    // empty for none
	Encryption   types.ServerSideEncryption // how it is encrypted at rest
	KMSKey       string                     // ARN
	BucketKey    bool
	Eligible     bool // a replication rule of the bucket is for it
}

func (a Acting) caller() wire.Caller {
	c := wire.Caller{ARN: a.Role, Region: a.Region, Service: "s3"}
	if parts := strings.Split(a.Role, ":"); len(parts) > 4 {
		c.Account = parts[4]
	}
	return c
}

// may says that the role's own policies allow an action on an object, or without a key on the bucket. The bucket's policy is asked where the
// bucket is found.
func (w Within) may(tx *store.Tx, by Acting, action, bucket, key string) error {
	if w.s.roles != nil && !w.s.roles.Permits(tx, by.Role, action, Bucket{Name: bucket}.resource(key)) {
		return denied("Access Denied")
	}
	return nil
}

// Allows says whether a role may do something with a bucket, or with an object in it: the error is S3's refusal.
func (w Within) Allows(tx *store.Tx, by Acting, action, bucket, key string) error {
	if err := w.may(tx, by, action, bucket, key); err != nil {
		return err
	}
	_, err := w.s.find(tx, by.caller(), ask{bucket: &bucket, action: action, key: key, anywhere: true})
	return err
}

// at finds the version that a role may do something with.
func (w Within) at(tx *store.Tx, by Acting, action string, p Place) (b Bucket, row string, o Object, err error) {
	if err := w.may(tx, by, action, p.Bucket, p.Key); err != nil {
		return b, "", o, err
	}
	return w.s.locate(tx, by.caller(), ask{bucket: &p.Bucket, action: action, key: p.Key}, p.Version)
}

// Versions gives every version of every object of a bucket, by key and the newest first, until fn says false. Delete markers are none.
func (w Within) Versions(tx *store.Tx, bucket string, fn func(Listed) bool) {
	b, _ := w.s.buckets.Get(tx, bucket)
	w.s.objects.Scan(tx, bucket+"/", func(_ string, o Object) bool {
		return o.Marker || fn(Listed{
			Key: o.Key, Version: o.Version, Size: o.Content.Size, Modified: o.Modified, Class: listed(o.Class), Replication: o.Replication.status(),
			Encryption: o.Encryption.Algorithm, KMSKey: o.Encryption.Key, BucketKey: o.Encryption.BucketKey, Eligible: len(b.destined(o)) > 0,
		})
	})
}

// Read opens an object that a role may read, and gives its ETag without quotes.
func (w Within) Read(tx *store.Tx, by Acting, p Place) (body io.ReadCloser, etag string, err error) {
	action := ofVersion("s3:GetObject", p.Version)
	if err := w.may(tx, by, action, p.Bucket, p.Key); err != nil {
		return nil, "", err
	}
	_, _, o, err := w.s.locate(tx, by.caller(), ask{bucket: &p.Bucket, action: action, key: p.Key, anywhere: true}, p.Version)
	if err != nil {
		return nil, "", err
	}
	return w.s.open(o.Content, 0, o.Content.Size), o.ETag, w.s.readable(o, tx.Now())
}

// Write writes an object as a role. The answer is its ETag without quotes and its version.
func (w Within) Write(tx *store.Tx, by Acting, bucket, key string, body io.Reader) (etag, version string, err error) {
	if err := w.Allows(tx, by, "s3:PutObject", bucket, key); err != nil {
		return "", "", err
	}
	if err := w.Put(tx, bucket, key, body); err != nil {
		return "", "", err
	}
	o, _ := w.s.current(tx, bucket, key)
	return o.ETag, o.Version, nil
}

// Retains says whether a bucket keeps what is written to it from being deleted for a time (Object Lock's default retention).
func (w Within) Retains(tx *store.Tx, bucket string) bool {
	b, _ := w.s.buckets.Get(tx, bucket)
	return b.Locking != nil && b.Locking.Default != nil
}

// Replicate sends a version by its bucket's rules, whatever its age (Batch Replication). The code is one of Amazon S3's replication failure
// reasons, empty when it is on its way: how that ends, Replicated says.
func (w Within) Replicate(tx *store.Tx, by Acting, p Place) (code, why string) {
	b, there := w.s.buckets.Get(tx, p.Bucket)
	switch {
	case !there:
		return "SrcBucketNotFound", "Amazon S3 is unable to find the source bucket."
	case b.Region != by.Region:
		return "SrcBucketInvalidRegion", "The source bucket isn't in the same AWS Region as specified by the Batch Operations job."
	}
	b, at, o, err := w.at(tx, by, "s3:InitiateReplication", p)
	api, _ := errors.AsType[smithy.APIError](err)
	switch {
	case err == nil:
		return w.s.replicateExisting(tx, b, at, o)
	case api == nil:
		return "InternalError", err.Error()
	}
	switch api.ErrorCode() {
	case "AccessDenied":
		return "InitiateReplicationNotPermitted", "Amazon S3 is unable to initiate replication on objects."
	case "NoSuchVersion":
		return "SrcVersionNotFound", "Amazon S3 is unable to find the source object version to replicate."
	}
	return "SrcKeyNotFound", "Amazon S3 is unable to find the source object key to replicate."
}

// Replicated says how the replication of a version stands: under way, or over, with the replication failure reason where it failed.
func (w Within) Replicated(tx *store.Tx, p Place) (over bool, code string) {
	var o Object
	var found bool
	if p.Version == nil {
		_, o, _, found = w.s.latest(tx, p.Bucket, p.Key)
	} else {
		_, o, found = w.s.version(tx, p.Bucket, p.Key, *p.Version)
	}
	if !found {
		return true, "SrcObjectNotFound"
	}
	for _, to := range o.Replication.To {
		switch to.Status {
		case types.ReplicationStatusPending:
			return false, ""
		case types.ReplicationStatusFailed:
			code = to.Why
		}
	}
	return true, code
}

// Restore begins to restore an archived version as a role.
func (w Within) Restore(tx *store.Tx, by Acting, p Place, days int32, tier types.Tier) error {
	b, at, o, err := w.at(tx, by, "s3:RestoreObject", p)
	if err != nil {
		return err
	}
	return w.s.beginRestore(tx, b, at, o, days, tier)
}

// Tag replaces the tags of a version as a role; without any it takes them away.
func (w Within) Tag(tx *store.Tx, by Acting, p Place, tags []types.Tag) error {
	action := "s3:PutObjectTagging"
	if tags == nil {
		action = "s3:DeleteObjectTagging"
	}
	action = ofVersion(action, p.Version)
	if err := w.may(tx, by, action, p.Bucket, p.Key); err != nil {
		return err
	}
	_, err := w.s.retag(tx, by.caller(), ask{bucket: &p.Bucket, action: action, key: p.Key}, p.Version, func() (map[string]string, error) {
		return tagMap(tags, maxObjectTags)
	})
	return err
}

// Copy copies a version as a role, to a bucket in the role's Region. Tags that come along are read and written by rights of their own.
func (w Within) Copy(tx *store.Tx, by Acting, from Place, in *s3.CopyObjectInput) error {
	if err := w.may(tx, by, ofVersion("s3:GetObject", from.Version), from.Bucket, from.Key); err != nil {
		return err
	}
	if err := w.may(tx, by, "s3:PutObject", aws.ToString(in.Bucket), aws.ToString(in.Key)); err != nil {
		return err
	}
	in.CopySource = aws.String(from.Bucket + "/" + aws.ToString(written(true).text(from.Key)))
	if from.Version != nil {
		*in.CopySource += "?versionId=" + *from.Version
	}
	c, out := by.caller(), &s3.CopyObjectOutput{}
	o, err := w.s.original(tx, c, in, out)
	if err != nil {
		return err
	}
	if len(o.Tags) > 0 && in.TaggingDirective != types.TaggingDirectiveReplace {
		if err := w.may(tx, by, ofVersion("s3:GetObjectTagging", from.Version), from.Bucket, from.Key); err != nil {
			return err
		}
	}
	if o, err = w.s.likeness(o, in); err != nil {
		return err
	}
	if len(o.Tags) > 0 {
		if err := w.may(tx, by, "s3:PutObjectTagging", aws.ToString(in.Bucket), aws.ToString(in.Key)); err != nil {
			return err
		}
	}
	return w.s.arrive(tx, c, in, o, out)
}
