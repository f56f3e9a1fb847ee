// Package s3 is the sandbox's Simple Storage Service: buckets in Regions, objects with all their versions, uploads in parts.
//
// Its rule: an object is a row that is never changed but by what S3 itself changes (tags, class, lock, restored copy, replication), and its
// bytes are chunks in the store's content, so that a copy, a version or a replica of the same bytes takes no room. All versions of a key stand together, the newest first; the first of
// them is the object. Whoever holds a key of the bucket's account may do everything that the bucket's policy does not deny; another account
// may do what the policy lets it.
package s3

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Keys says who may use a KMS key for what.
type Keys interface {
	Usable(tx *store.Tx, account, region, keyID, action, principal string) (arn string, err error)
}

// Roles are what S3 acts as when it replicates.
type Roles interface {
	// Assumable says that the role exists, trusts the service and can be assumed already. The error says what is missing.
	Assumable(tx *store.Tx, account, roleARN, service string) error
	// Permits says that the role's policies allow an action on a resource, named by its ARN.
	Permits(tx *store.Tx, roleARN, action, resource string) bool
}

// Metrics takes what S3 measures of itself.
type Metrics interface {
	// Put notes a value at the store's time. Dimensions are name and value.
	Put(tx *store.Tx, account, region, namespace, name string, dimensions map[string]string, value float64, unit string)
}

// Options are the services that S3 leans on. Without Metrics nothing is measured.
type Options struct {
	Keys    Keys
	Roles   Roles
	Metrics Metrics
}

// Service keeps the buckets of all accounts: their names are one space.
type Service struct {
	store    *store.Store
	keys     Keys
	roles    Roles
	metrics  Metrics
	buckets  *store.Table[Bucket]  // name
	objects  *store.Table[Object]  // bucket/key NUL turn: the newest first
	uploads  *store.Table[Upload]  // bucket/key NUL id
	parts    *store.Table[Part]    // upload's id/number
	delayed  *store.Table[waiting] // of replication: source/destination NUL moment NUL key NUL version
	buffers  chan []byte           // of one chunk each, for the next upload
	readings readings              // what is being read
}

// New makes the service on st.
func New(st *store.Store, o Options) *Service {
	s := &Service{
		store: st, keys: o.Keys, roles: o.Roles, metrics: o.Metrics,
		buckets: store.NewTable[Bucket](st, "s3.buckets"),
		objects: store.NewTable[Object](st, "s3.objects"),
		uploads: store.NewTable[Upload](st, "s3.uploads"),
		parts:   store.NewTable[Part](st, "s3.parts"),
		delayed: store.NewTable[waiting](st, "s3.replication"),
		buffers: make(chan []byte, idleBuffers),
	}
	st.OnSweep(s.keeps)
	st.OnDue(replicates, s.replicate)
	st.OnDue(watches, s.minute)
	st.OnDue(dueRestore, s.restoreDue)
	st.OnDue(dueLifecycle, s.lifecycleDue)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateBucket), wire.Op(s.DeleteBucket), wire.Op(s.HeadBucket), wire.Op(s.ListBuckets), wire.Op(s.GetBucketLocation),
		wire.Op(s.PutBucketVersioning), wire.Op(s.GetBucketVersioning),
		wire.Op(s.PutBucketEncryption), wire.Op(s.GetBucketEncryption), wire.Op(s.DeleteBucketEncryption),
		wire.Op(s.PutBucketTagging), wire.Op(s.GetBucketTagging), wire.Op(s.DeleteBucketTagging),
		wire.Op(s.PutBucketPolicy), wire.Op(s.GetBucketPolicy), wire.Op(s.DeleteBucketPolicy), wire.Op(s.GetBucketPolicyStatus),
		wire.Op(s.PutPublicAccessBlock), wire.Op(s.GetPublicAccessBlock), wire.Op(s.DeletePublicAccessBlock),
		wire.Op(s.PutBucketOwnershipControls), wire.Op(s.GetBucketOwnershipControls), wire.Op(s.DeleteBucketOwnershipControls),
		wire.Op(s.PutBucketReplication), wire.Op(s.GetBucketReplication), wire.Op(s.DeleteBucketReplication),
		wire.Op(s.PutBucketNotificationConfiguration), wire.Op(s.GetBucketNotificationConfiguration),
		wire.Op(s.PutBucketMetricsConfiguration), wire.Op(s.GetBucketMetricsConfiguration), wire.Op(s.ListBucketMetricsConfigurations), wire.Op(s.DeleteBucketMetricsConfiguration),
		wire.Op(s.GetBucketAcl), wire.Op(s.GetObjectAcl),
		wire.Op(s.PutObject), wire.Op(s.GetObject), wire.Op(s.HeadObject), wire.Op(s.GetObjectAttributes), wire.Op(s.CopyObject),
		wire.Op(s.DeleteObject), wire.Op(s.DeleteObjects),
		wire.Op(s.PutObjectTagging), wire.Op(s.GetObjectTagging), wire.Op(s.DeleteObjectTagging),
		wire.Op(s.ListObjects), wire.Op(s.ListObjectsV2), wire.Op(s.ListObjectVersions),
		wire.Op(s.CreateMultipartUpload), wire.Op(s.UploadPart), wire.Op(s.UploadPartCopy), wire.Op(s.CompleteMultipartUpload),
		wire.Op(s.AbortMultipartUpload), wire.Op(s.ListMultipartUploads), wire.Op(s.ListParts),
		wire.Op(s.RestoreObject), wire.Op(s.PutBucketLifecycleConfiguration), wire.Op(s.GetBucketLifecycleConfiguration), wire.Op(s.DeleteBucketLifecycle),
		wire.Op(s.PutObjectLockConfiguration), wire.Op(s.GetObjectLockConfiguration),
		wire.Op(s.PutObjectRetention), wire.Op(s.GetObjectRetention), wire.Op(s.PutObjectLegalHold), wire.Op(s.GetObjectLegalHold),
	}
}

func (s *Service) update(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.Update(func(tx *store.Tx) error { return fn(tx, c) })
}

func (s *Service) view(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.View(func(tx *store.Tx) error { return fn(tx, c) })
}

// fault is an error with the elements that S3 puts beside code and words.
func fault(code, message string, elements ...wire.Element) *wire.Error {
	return &wire.Error{Code: code, Message: message, Elements: elements}
}

// invalid is an argument that cannot be.
func invalid(message, name, value string) error {
	return fault("InvalidArgument", message, wire.Element{Name: "ArgumentName", Text: name}, wire.Element{Name: "ArgumentValue", Text: value})
}

// some is a pointer to a text, nil when it is empty: S3 leaves out what is not there.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

// quoted is an ETag as it travels.
func quoted(etag string) *string { return aws.String(`"` + etag + `"`) }

func unquoted(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
