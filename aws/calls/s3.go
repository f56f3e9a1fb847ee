package calls

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// newS3 makes a client that names the bucket in the path where the address is not AWS's own: no name resolves to
// bucket.127.0.0.1.
func newS3(cfg aws.Config, options ...func(*s3.Options)) *s3.Client {
	return s3.NewFromConfig(cfg, append(options, func(o *s3.Options) { o.UsePathStyle = o.UsePathStyle || o.BaseEndpoint != nil })...)
}

// The IAM actions of S3 are rarely named after its operations (Amazon S3 user guide, "Required permissions for Amazon S3 API
// operations"). Writing an object makes something that must go again, though on a bucket without versioning it may replace what
// was there.
func s3Lines() []*line {
	version := needs("s3:GetObjectVersion")
	return service(newS3,
		// buckets
		call("s3.CreateBucket", (*s3.Client).CreateBucket, Create),
		call("s3.ListBuckets", (*s3.Client).ListBuckets, Read, allowed("s3:ListAllMyBuckets")),
		call("s3.HeadBucket", (*s3.Client).HeadBucket, Read, allowed("s3:ListBucket")),
		call("s3.GetBucketLocation", (*s3.Client).GetBucketLocation, Read),
		call("s3.DeleteBucket", (*s3.Client).DeleteBucket, Delete),

		// their settings
		call("s3.PutBucketVersioning", (*s3.Client).PutBucketVersioning, Change, same),
		call("s3.GetBucketVersioning", (*s3.Client).GetBucketVersioning, Read),
		call("s3.PutBucketEncryption", (*s3.Client).PutBucketEncryption, Change, same, allowed("s3:PutEncryptionConfiguration")),
		call("s3.GetBucketEncryption", (*s3.Client).GetBucketEncryption, Read, allowed("s3:GetEncryptionConfiguration")),
		call("s3.DeleteBucketEncryption", (*s3.Client).DeleteBucketEncryption, Delete, allowed("s3:PutEncryptionConfiguration")),
		call("s3.PutBucketReplication", (*s3.Client).PutBucketReplication, Change, same, allowed("s3:PutReplicationConfiguration"), passes("s3.amazonaws.com")),
		call("s3.GetBucketReplication", (*s3.Client).GetBucketReplication, Read, allowed("s3:GetReplicationConfiguration")),
		call("s3.DeleteBucketReplication", (*s3.Client).DeleteBucketReplication, Delete, allowed("s3:PutReplicationConfiguration")),
		call("s3.PutBucketLifecycleConfiguration", (*s3.Client).PutBucketLifecycleConfiguration, Change, same, allowed("s3:PutLifecycleConfiguration")),
		call("s3.GetBucketLifecycleConfiguration", (*s3.Client).GetBucketLifecycleConfiguration, Read, allowed("s3:GetLifecycleConfiguration")),
		call("s3.DeleteBucketLifecycle", (*s3.Client).DeleteBucketLifecycle, Delete, allowed("s3:PutLifecycleConfiguration")),
		call("s3.PutBucketNotificationConfiguration", (*s3.Client).PutBucketNotificationConfiguration, Change, same, allowed("s3:PutBucketNotification")),
		call("s3.GetBucketNotificationConfiguration", (*s3.Client).GetBucketNotificationConfiguration, Read, allowed("s3:GetBucketNotification")),
		call("s3.PutBucketTagging", (*s3.Client).PutBucketTagging, Change, same),
		call("s3.GetBucketTagging", (*s3.Client).GetBucketTagging, Read),
		call("s3.DeleteBucketTagging", (*s3.Client).DeleteBucketTagging, Delete, allowed("s3:PutBucketTagging")),
		call("s3.PutBucketMetricsConfiguration", (*s3.Client).PutBucketMetricsConfiguration, Change, same, allowed("s3:PutMetricsConfiguration")),
		call("s3.GetBucketMetricsConfiguration", (*s3.Client).GetBucketMetricsConfiguration, Read, allowed("s3:GetMetricsConfiguration")),
		call("s3.ListBucketMetricsConfigurations", (*s3.Client).ListBucketMetricsConfigurations, Read, allowed("s3:GetMetricsConfiguration")),
		call("s3.DeleteBucketMetricsConfiguration", (*s3.Client).DeleteBucketMetricsConfiguration, Delete, allowed("s3:PutMetricsConfiguration")),

		// who may use them
		call("s3.PutBucketPolicy", (*s3.Client).PutBucketPolicy, Change, same),
		call("s3.GetBucketPolicy", (*s3.Client).GetBucketPolicy, Read),
		call("s3.GetBucketPolicyStatus", (*s3.Client).GetBucketPolicyStatus, Read),
		call("s3.DeleteBucketPolicy", (*s3.Client).DeleteBucketPolicy, Delete),
		call("s3.PutPublicAccessBlock", (*s3.Client).PutPublicAccessBlock, Change, same, allowed("s3:PutBucketPublicAccessBlock")),
		call("s3.GetPublicAccessBlock", (*s3.Client).GetPublicAccessBlock, Read, allowed("s3:GetBucketPublicAccessBlock")),
		call("s3.DeletePublicAccessBlock", (*s3.Client).DeletePublicAccessBlock, Delete, allowed("s3:PutBucketPublicAccessBlock")),
		call("s3.PutBucketOwnershipControls", (*s3.Client).PutBucketOwnershipControls, Change, same),
		call("s3.GetBucketOwnershipControls", (*s3.Client).GetBucketOwnershipControls, Read),
		call("s3.DeleteBucketOwnershipControls", (*s3.Client).DeleteBucketOwnershipControls, Delete, allowed("s3:PutBucketOwnershipControls")),
		call("s3.GetBucketAcl", (*s3.Client).GetBucketAcl, Read),

		// Object Lock cannot be switched off again, and nobody can shorten a retention in compliance mode
		call("s3.PutObjectLockConfiguration", (*s3.Client).PutObjectLockConfiguration, Irreversible, allowed("s3:PutBucketObjectLockConfiguration")),
		call("s3.GetObjectLockConfiguration", (*s3.Client).GetObjectLockConfiguration, Read, allowed("s3:GetBucketObjectLockConfiguration")),
		call("s3.PutObjectRetention", (*s3.Client).PutObjectRetention, Irreversible),
		call("s3.GetObjectRetention", (*s3.Client).GetObjectRetention, Read),
		call("s3.PutObjectLegalHold", (*s3.Client).PutObjectLegalHold, Change, same),
		call("s3.GetObjectLegalHold", (*s3.Client).GetObjectLegalHold, Read),

		// objects
		call("s3.PutObject", (*s3.Client).PutObject, Create, needs("s3:PutObjectTagging"), keys),
		call("s3.GetObject", (*s3.Client).GetObject, Read, version, keys),
		call("s3.HeadObject", (*s3.Client).HeadObject, Read, allowed("s3:GetObject", "s3:ListBucket"), version, keys),
		call("s3.GetObjectAttributes", (*s3.Client).GetObjectAttributes, Read, needs("s3:GetObject"), version, needs("s3:GetObjectVersionAttributes"), keys),
		call("s3.GetObjectAcl", (*s3.Client).GetObjectAcl, Read),
		call("s3.CopyObject", (*s3.Client).CopyObject, Create, allowed("s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"), version, keys),
		call("s3.RestoreObject", (*s3.Client).RestoreObject, Change),
		call("s3.DeleteObject", (*s3.Client).DeleteObject, Delete, needs("s3:DeleteObjectVersion")),
		call("s3.DeleteObjects", (*s3.Client).DeleteObjects, Delete, allowed("s3:DeleteObject", "s3:DeleteObjectVersion"), partly("Errors")),
		call("s3.PutObjectTagging", (*s3.Client).PutObjectTagging, Change, same),
		call("s3.GetObjectTagging", (*s3.Client).GetObjectTagging, Read),
		call("s3.DeleteObjectTagging", (*s3.Client).DeleteObjectTagging, Delete),
		call("s3.ListObjects", (*s3.Client).ListObjects, Read, allowed("s3:ListBucket")),
		call("s3.ListObjectsV2", (*s3.Client).ListObjectsV2, Read, allowed("s3:ListBucket")),
		call("s3.ListObjectVersions", (*s3.Client).ListObjectVersions, Read, allowed("s3:ListBucketVersions")),

		// objects in parts
		call("s3.CreateMultipartUpload", (*s3.Client).CreateMultipartUpload, Create, allowed("s3:PutObject"), keys),
		call("s3.UploadPart", (*s3.Client).UploadPart, Change, same, allowed("s3:PutObject"), keys),
		call("s3.UploadPartCopy", (*s3.Client).UploadPartCopy, Change, same, allowed("s3:GetObject", "s3:PutObject"), version, keys),
		call("s3.CompleteMultipartUpload", (*s3.Client).CompleteMultipartUpload, Create, allowed("s3:PutObject"), keys),
		call("s3.AbortMultipartUpload", (*s3.Client).AbortMultipartUpload, Delete),
		call("s3.ListMultipartUploads", (*s3.Client).ListMultipartUploads, Read, allowed("s3:ListBucketMultipartUploads")),
		call("s3.ListParts", (*s3.Client).ListParts, Read, allowed("s3:ListMultipartUploadParts")),
	)
}

// s3Hint is what to do next about S3's own codes ("Error responses", S3 API reference).
func s3Hint(e *Error) string {
	switch e.Code {
	case "NoSuchBucket":
		return "check the bucket's name; one that was made a moment ago may need some seconds"
	case "BucketAlreadyOwnedByYou":
		return "the bucket is this account's already: use it, or choose another name"
	case "BucketAlreadyExists":
		return "bucket names are shared by all accounts of AWS: choose another name"
	case "BucketNotEmpty":
		return "delete all that is in it first: every object, every version, every delete marker"
	case "InvalidBucketName":
		return "a bucket's name is 3 to 63 lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit"
	case "OperationAborted":
		return "another change of this bucket is under way, or a bucket of this name has just been deleted: try again in some minutes"
	case "IllegalLocationConstraintException":
		return "name the Region in CreateBucketConfiguration.LocationConstraint; in us-east-1 give none"
	case "PermanentRedirect", "MovedPermanently", "TemporaryRedirect", "AuthorizationHeaderMalformed":
		return "the bucket is in another Region: use that one; GetBucketLocation tells which"
	case "NoSuchKey", "NoSuchVersion":
		return "check the key and the version; a delete marker may hide an object whose versions are still there: ListObjectVersions shows them"
	case "InvalidObjectState":
		return "the object is in an archive class: restore it first (RestoreObject), then wait until it can be read"
	case "RestoreAlreadyInProgress":
		return "a restore of this object is under way: wait for it"
	case "NoSuchUpload":
		return "the upload was completed or aborted: begin a new one"
	case "EntityTooSmall":
		return "every part but the last must have 5 MiB at least"
	case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch":
		return "what arrived is not what was sent: try again"
	case "InvalidBucketState":
		return "the bucket's versioning does not allow this: Object Lock and replication need it enabled"
	case "AccessDenied", "Forbidden":
		return "besides this identity's own policy, the bucket's policy, its block of public access, a lock on the object and the policy of the KMS key decide: check " + ownAction(e.Op) + " in each"
	}
	if e.Kind == NotFound && e.Code != "NotFound" {
		return "the bucket or object has no such setting: put one first, or take its absence as the answer"
	}
	return ""
}
