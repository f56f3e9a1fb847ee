package s3

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	sandboxkms "lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// key makes a KMS key of an account in a Region, and gives its ARN.
func (w *world) key(t testing.TB, account, region string) string {
	t.Helper()
	return *must[*kms.CreateKeyOutput](t)(w.vault().CreateKey(try.As(account, region, "kms", "CreateKey"), &kms.CreateKeyInput{})).KeyMetadata.Arn
}

func (w *world) vault() *sandboxkms.Service { return w.Service.keys.(*sandboxkms.Service) }

// bucketPolicy sets a bucket's policy for one action of everybody with its objects.
func (w *world) bucketPolicy(t testing.TB, c *s3.Client, bucket, effect, principal string, actions ...string) {
	t.Helper()
	text := ""
	for i, action := range actions {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"Effect":%q,"Principal":{"AWS":%q},"Action":%q,"Resource":"arn:aws:s3:::%s/*"}`, effect, principal, action, bucket)
	}
	text = `{"Version":"2012-10-17","Statement":[` + text + `]}`
	must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &text}))
}

// withKey selects what KMS keys encrypt, for a key at the destination.
func withKey(key string) func(r *types.ReplicationRule) {
	return func(r *types.ReplicationRule) {
		r.Destination.EncryptionConfiguration = &types.EncryptionConfiguration{ReplicaKmsKeyID: &key}
		r.SourceSelectionCriteria = &types.SourceSelectionCriteria{SseKmsEncryptedObjects: &types.SseKmsEncryptedObjects{Status: types.SseKmsEncryptedObjectsStatusEnabled}}
	}
}

// by encrypts what is put with a KMS key.
func by(key string) func(in *s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &key
	}
}

// TestFailures has each reason that replication fails for: the source says FAILED, nothing arrives by half, and what is mended is replicated
// when it is sent again, as Batch Replication does.
func TestFailures(t *testing.T) {
	lacks := func(action string) func(t *testing.T, pr *pair) {
		return func(t *testing.T, pr *pair) { pr.allow(t, us, "replicator", rights(action)...) }
	}
	granted := func(t *testing.T, pr *pair) { pr.allow(t, us, "replicator", rights()...) }
	trust := func(service string) func(t *testing.T, pr *pair) {
		return func(t *testing.T, pr *pair) {
			must[*iam.UpdateAssumeRolePolicyOutput](t)(pr.roles.UpdateAssumeRolePolicy(try.As(us, east, "iam", ""), &iam.UpdateAssumeRolePolicyInput{RoleName: p("replicator"), PolicyDocument: p(trusting(service))}))
		}
	}
	for what, c := range map[string]struct {
		wrong, mend func(t *testing.T, pr *pair)
		why         string
	}{
		"role does not trust S3":         {trust("ec2.amazonaws.com"), trust("s3.amazonaws.com"), roleUnknown},
		"GetReplicationConfiguration":    {lacks("s3:GetReplicationConfiguration"), granted, noRules},
		"ListBucket":                     {lacks("s3:ListBucket"), granted, noRules},
		"GetObjectVersionForReplication": {lacks("s3:GetObjectVersionForReplication"), granted, noRead},
		"GetObjectVersionAcl":            {lacks("s3:GetObjectVersionAcl"), granted, noRead},
		"ReplicateObject":                {lacks("s3:ReplicateObject"), granted, noWrite},
		"ReplicateTags":                  {lacks("s3:ReplicateTags"), granted, noWriteTags},
		"rules deleted": {func(t *testing.T, pr *pair) {
			must[*s3.DeleteBucketReplicationOutput](t)(pr.here.DeleteBucketReplication(ctx, &s3.DeleteBucketReplicationInput{Bucket: p("here")}))
		}, func(t *testing.T, pr *pair) { pr.rule(t, pr.here, "here", pr.role, every("there")) }, noRules},
		"rule disabled": {func(t *testing.T, pr *pair) {
			pr.rule(t, pr.here, "here", pr.role, every("there", func(r *types.ReplicationRule) { r.Status = "Disabled" }))
		}, func(t *testing.T, pr *pair) { pr.rule(t, pr.here, "here", pr.role, every("there")) }, noRule},
		"destination gone": {func(t *testing.T, pr *pair) {
			must[*s3.DeleteBucketOutput](t)(pr.there.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: p("there")}))
		}, func(t *testing.T, pr *pair) { pr.versioned(t, us, west, "there") }, noDestination},
		"destination's versioning suspended": {func(t *testing.T, pr *pair) { pr.versions(t, pr.there, "there", types.BucketVersioningStatusSuspended) }, func(t *testing.T, pr *pair) { pr.versions(t, pr.there, "there", types.BucketVersioningStatusEnabled) }, notVersioned},
		"destination's policy denies": {func(t *testing.T, pr *pair) {
			pr.bucketPolicy(t, pr.there, "there", "Deny", pr.role, "s3:ReplicateObject")
		}, func(t *testing.T, pr *pair) {
			must[*s3.DeleteBucketPolicyOutput](t)(pr.there.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: p("there")}))
		}, noWrite},
		"source's policy denies": {func(t *testing.T, pr *pair) {
			pr.bucketPolicy(t, pr.here, "here", "Deny", pr.role, "s3:GetObjectVersionForReplication")
		}, func(t *testing.T, pr *pair) {
			must[*s3.DeleteBucketPolicyOutput](t)(pr.here.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: p("here")}))
		}, noRead},
	} {
		t.Run(what, func(t *testing.T) {
			pr := newPair(t, "", every("there"))
			put(t, pr.here, "here", "a", "text", func(in *s3.PutObjectInput) { in.Tagging = p("a=b") })
			c.wrong(t, pr)
			pr.Pass(2 * time.Minute)
			if got, why := status(t, pr.here, "here", "a"), pr.why("here", "a"); got != "FAILED" || why != c.why || len(pr.rows("there")) > 0 {
				t.Fatalf("%s because of %s, and %d versions there; want %s", got, why, len(pr.rows("there")), c.why)
			}
			c.mend(t, pr)
			pr.Pass(time.Hour)
			pr.expect(t, "mended, not sent again", "a", "FAILED", "absent")
			pr.again(t, "here", "a", "")
			pr.expect(t, "sent again", "a", "PENDING", "absent")
			pr.Pass(soon)
			pr.expect(t, "sent again", "a", "COMPLETED", "REPLICA")
		})
	}
}

// again sends the newest version of a key as Batch Replication does, and checks the code it is refused with.
func (w *world) again(t testing.TB, bucket, key, want string) {
	t.Helper()
	w.Store.Update(func(tx *store.Tx) error {
		b, _ := w.buckets.Get(tx, bucket)
		at, o, _, _ := w.latest(tx, bucket, key)
		if code, why := w.replicateExisting(tx, b, at, o); code != want {
			t.Errorf("sent again, %s of %s: %s %q, want %q", key, bucket, code, why, want)
		}
		return nil
	})
}

// TestARoleMustSettle leaves what is written with a new role PENDING until the role can be assumed, and fails what has none.
func TestARoleMustSettle(t *testing.T) {
	pr := newPair(t, "")
	missing := "arn:aws:iam::" + us + ":role/later"
	pr.rule(t, pr.here, "here", missing, every("there"))
	put(t, pr.here, "here", "a", "text")
	pr.Pass(soon)
	pr.expect(t, "no role yet", "a", "PENDING", "absent")
	pr.role = pr.world.role(t, us, "later", "s3.amazonaws.com", rights()...)
	pr.Pass(2 * time.Minute)
	pr.expect(t, "a role that came in time", "a", "COMPLETED", "REPLICA")

	pr.rule(t, pr.here, "here", "arn:aws:iam::"+us+":role/never", every("there"))
	put(t, pr.here, "here", "b", "text")
	pr.Pass(50 * time.Second)
	pr.expect(t, "no role yet", "b", "PENDING", "absent")
	pr.Pass(time.Minute)
	pr.expect(t, "no role", "b", "FAILED", "absent")
}

// TestTagsNeedTheirOwnRight replicates an object without its tags when they cannot be read, and fails a change of them.
func TestTagsNeedTheirOwnRight(t *testing.T) {
	pr := newPair(t, "", every("there"))
	pr.allow(t, us, "replicator", rights("s3:GetObjectVersionTagging")...)
	put(t, pr.here, "here", "a", "text", func(in *s3.PutObjectInput) { in.Tagging = p("a=b") })
	pr.Pass(soon)
	pr.expect(t, "an object with tags", "a", "COMPLETED", "REPLICA")
	if tags := tagsOf(t, pr.there, "there", "a"); len(tags) != 0 {
		t.Errorf("tags that could not be read are %v", tags)
	}
	tag(t, pr.here, "here", "a", "new")
	pr.expect(t, "changed tags", "a", "PENDING", "REPLICA")
	pr.Pass(soon)
	pr.expect(t, "changed tags", "a", "FAILED", "REPLICA")
	if why := pr.why("here", "a"); why != noReadTags {
		t.Errorf("it failed with %s", why)
	}
}

// TestEncryptedObjects replicates what KMS keys encrypt only where the rule selects it, with the key of the rule.
func TestEncryptedObjects(t *testing.T) {
	pr := newPair(t, "", every("there"))
	here, there, wrong := pr.key(t, us, east), pr.key(t, us, west), pr.key(t, us, east)
	must[*s3.PutBucketEncryptionOutput](t)(pr.there.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: p("there"), ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: &there}}}}}))
	put(t, pr.here, "here", "unselected", "text", by(here))
	put(t, pr.here, "here", "plain", "text")
	pr.Pass(soon)
	pr.expect(t, "a rule that does not select it", "unselected", "", "absent")
	pr.expect(t, "without a key", "plain", "COMPLETED", "REPLICA")
	out := must[*s3.HeadObjectOutput](t)(pr.there.HeadObject(ctx, &s3.HeadObjectInput{Bucket: p("there"), Key: p("plain")}))
	if out.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("the replica of an object with SSE-S3 has %s", out.ServerSideEncryption)
	}

	disable := func(key, region string) func() {
		return func() {
			must[*kms.DisableKeyOutput](t)(pr.vault().DisableKey(try.As(us, region, "kms", ""), &kms.DisableKeyInput{KeyId: &key}))
		}
	}
	for i, c := range []struct {
		what, key, why string
		first          func()
	}{
		{"as it should", there, "", func() {}},
		{"key of another Region", wrong, noKeyThere, func() {}},
		{"key that is not there", "arn:aws:kms:us-west-2:" + us + ":key/11111111-2222-3333-4444-555555555555", noKeyThere, func() {}},
		{"decrypt not permitted", there, noRead, func() { pr.allow(t, us, "replicator", rights("kms:Decrypt")...) }},
		{"encrypt not permitted", there, noWrite, func() { pr.allow(t, us, "replicator", rights("kms:Encrypt")...) }},
		{"key there disabled", there, badKeyThere, func() { pr.allow(t, us, "replicator", rights()...); disable(there, west)() }},
		{"key here disabled", there, noRead, nil},
	} {
		pr.rule(t, pr.here, "here", pr.role, every("there", withKey(c.key)))
		key := fmt.Sprint(i)
		put(t, pr.here, "here", key, "text", by(here))
		if c.first == nil {
			c.first = disable(here, east)
		}
		c.first()
		pr.Pass(soon)
		if c.why == "" {
			pr.expect(t, c.what, key, "COMPLETED", "REPLICA")
			out := must[*s3.HeadObjectOutput](t)(pr.there.HeadObject(ctx, &s3.HeadObjectInput{Bucket: p("there"), Key: &key}))
			if out.ServerSideEncryption != types.ServerSideEncryptionAwsKms || aws.ToString(out.SSEKMSKeyId) != there {
				t.Errorf("%s: the replica has %s %s", c.what, out.ServerSideEncryption, aws.ToString(out.SSEKMSKeyId))
			}
			continue
		}
		pr.expect(t, c.what, key, "FAILED", "absent")
		if why := pr.why("here", key); why != c.why {
			t.Errorf("%s: %s, want %s", c.what, why, c.why)
		}
	}
}

// TestAnotherAccount replicates to another account's bucket as far as its policy lets the role.
func TestAnotherAccount(t *testing.T) {
	pr := newPair(t, "")
	pr.versioned(t, them, west, "theirs")
	theirs := pr.as(them, west)
	must[*s3.PutBucketOwnershipControlsOutput](t)(theirs.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: p("theirs"), OwnershipControls: &types.OwnershipControls{
		Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}}))
	given := func(account string) func(r *types.ReplicationRule) {
		return func(r *types.ReplicationRule) {
			r.Destination.Account, r.Destination.AccessControlTranslation = &account, &types.AccessControlTranslation{Owner: types.OwnerOverrideDestination}
		}
	}
	plain := func(*types.ReplicationRule) {}
	for i, c := range []struct {
		what    string
		rule    func(r *types.ReplicationRule)
		actions []string
		why     string
		owner   string
	}{
		{"a silent policy", plain, nil, noWrite, ""},
		{"an allowing policy", plain, []string{"s3:ReplicateObject"}, "", us},
		{"given away, not allowed", given(them), []string{"s3:ReplicateObject"}, noWrite, ""},
		{"given away", given(them), []string{"s3:ReplicateObject", "s3:ObjectOwnerOverrideToBucketOwner"}, "", them},
		{"given to a third account", given("999988887777"), []string{"s3:ReplicateObject", "s3:ObjectOwnerOverrideToBucketOwner"}, noWrite, ""},
	} {
		if c.actions != nil {
			pr.bucketPolicy(t, theirs, "theirs", "Allow", pr.role, c.actions...)
		}
		pr.rule(t, pr.here, "here", pr.role, every("theirs", c.rule))
		key := fmt.Sprint(i)
		put(t, pr.here, "here", key, "text")
		pr.Pass(soon)
		if why := pr.why("here", key); why != c.why {
			t.Errorf("%s: failed with %q, want %q", c.what, why, c.why)
		}
		if rows := pr.rows("theirs"); c.why == "" && rows[len(rows)-1].Owner != c.owner {
			t.Errorf("%s: the replica is %s's, want %s's", c.what, rows[len(rows)-1].Owner, c.owner)
		}
	}
}

// TestLockedObjects carries locks to where object lock is on, and nothing to where it is not.
func TestLockedObjects(t *testing.T) {
	w := newWorld(t, "")
	pr := &pair{world: w, here: w.as(us, east), there: w.as(us, west), role: w.role(t, us, "replicator", "s3.amazonaws.com", rights()...)}
	for name, region := range map[string]string{"here": east, "there": west, "locking": west} {
		c, on := w.as(us, region), name != "there"
		must[*s3.CreateBucketOutput](t)(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: &on,
			CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}}))
		w.versions(t, c, name, types.BucketVersioningStatusEnabled)
	}
	until := w.Clock.Now().Add(48 * time.Hour)
	kept := func(in *s3.PutObjectInput) {
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, &until
	}
	pr.rule(t, pr.here, "here", pr.role, every("there"))
	put(t, pr.here, "here", "a", "text", kept)
	pr.Pass(soon)
	if why := pr.why("here", "a"); why != notLocking {
		t.Errorf("to a bucket without object lock: %q", why)
	}
	pr.rule(t, pr.here, "here", pr.role, every("locking"))
	put(t, pr.here, "here", "b", "text", kept)
	pr.Pass(soon)
	out := must[*s3.GetObjectRetentionOutput](t)(pr.there.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: p("locking"), Key: p("b")}))
	if out.Retention.Mode != types.ObjectLockRetentionModeGovernance || !out.Retention.RetainUntilDate.Equal(until.Truncate(time.Second)) {
		t.Errorf("the replica's retention is %+v", out.Retention)
	}
	must[*s3.PutObjectLegalHoldOutput](t)(pr.here.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: p("here"), Key: p("b"), LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn}}))
	pr.Pass(soon)
	hold := must[*s3.GetObjectLegalHoldOutput](t)(pr.there.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: p("locking"), Key: p("b")}))
	if hold.LegalHold.Status != types.ObjectLockLegalHoldStatusOn {
		t.Error("a hold put on later did not follow")
	}
}
