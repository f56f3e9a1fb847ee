//lint:file-ignore SA1019 S3 takes rules of the first version, so they are tried

package s3

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// soon is long enough for what is written now to be replicated.
const soon = 30 * time.Second

// trusting is the trust policy for a service.
func trusting(service string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service)
}

// role makes a role that may do the actions with everything, and gives its ARN.
func (w *world) role(t testing.TB, account, name, service string, actions ...string) string {
	t.Helper()
	as := try.As(account, east, "iam", "CreateRole")
	role := must[*iam.CreateRoleOutput](t)(w.roles.CreateRole(as, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: p(trusting(service))}))
	w.allow(t, account, name, actions...)
	return *role.Role.Arn
}

// allow replaces what a role may do.
func (w *world) allow(t testing.TB, account, name string, actions ...string) {
	t.Helper()
	list, _ := json.Marshal(actions)
	text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":"*"}]}`, list)
	must[*iam.PutRolePolicyOutput](t)(w.roles.PutRolePolicy(try.As(account, east, "iam", "PutRolePolicy"), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: p("may"), PolicyDocument: &text}))
}

// rights are what a role needs to replicate ("Setting up permissions for live replication").
func rights(but ...string) []string {
	all := []string{
		"s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
		"s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner",
		"kms:Decrypt", "kms:Encrypt",
	}
	return slices.DeleteFunc(all, func(a string) bool { return slices.Contains(but, a) })
}

// versioned makes a bucket with versions.
func (w *world) versioned(t testing.TB, account, region, name string) {
	t.Helper()
	w.versions(t, w.bucket(t, account, region, name), name, types.BucketVersioningStatusEnabled)
}

// every is a rule for all objects of a bucket, which tests change.
func every(to string, change ...func(r *types.ReplicationRule)) types.ReplicationRule {
	r := types.ReplicationRule{
		ID: p("to-" + to), Priority: aws.Int32(1), Status: types.ReplicationRuleStatusEnabled, Filter: &types.ReplicationRuleFilter{Prefix: p("")},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
		Destination:             &types.Destination{Bucket: p(bucketARN + to)},
	}
	for _, fn := range change {
		fn(&r)
	}
	return r
}

func markers(r *types.ReplicationRule) {
	r.DeleteMarkerReplication.Status = types.DeleteMarkerReplicationStatusEnabled
}

func modifications(r *types.ReplicationRule) {
	r.SourceSelectionCriteria = &types.SourceSelectionCriteria{ReplicaModifications: &types.ReplicaModifications{Status: types.ReplicaModificationsStatusEnabled}}
}

// filed is a rule's own id, priority and prefix.
func filed(id string, priority int32, prefix string) func(r *types.ReplicationRule) {
	return func(r *types.ReplicationRule) {
		r.ID, r.Priority, r.Filter.Prefix = &id, &priority, &prefix
	}
}

// rule sets a bucket's rules.
func (w *world) rule(t testing.TB, c *s3.Client, bucket, role string, rules ...types.ReplicationRule) {
	t.Helper()
	must[*s3.PutBucketReplicationOutput](t)(c.PutBucketReplication(ctx, &s3.PutBucketReplicationInput{Bucket: &bucket, ReplicationConfiguration: &types.ReplicationConfiguration{Role: &role, Rules: rules}}))
}

// pair is two buckets in two Regions; the first replicates to the second.
type pair struct {
	*world
	here, there *s3.Client
	role        string
}

func newPair(t testing.TB, dir string, rules ...types.ReplicationRule) *pair {
	t.Helper()
	w := newWorld(t, dir)
	pr := &pair{world: w, here: w.as(us, east), there: w.as(us, west)}
	w.versioned(t, us, east, "here")
	w.versioned(t, us, west, "there")
	pr.role = w.role(t, us, "replicator", "s3.amazonaws.com", rights()...)
	w.Pass(time.Minute)
	if len(rules) > 0 {
		w.rule(t, pr.here, "here", pr.role, rules...)
	}
	return pr
}

// put writes an object and gives its version.
func put(t testing.TB, c *s3.Client, bucket, key, text string, change ...func(in *s3.PutObjectInput)) string {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)}
	for _, fn := range change {
		fn(in)
	}
	return aws.ToString(must[*s3.PutObjectOutput](t)(c.PutObject(ctx, in)).VersionId)
}

// status is the replication status of an object; absent when there is none.
func status(t testing.TB, c *s3.Client, bucket, key string) string {
	t.Helper()
	out, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if code, _ := try.Refusal(err); code == "NotFound" {
		return "absent"
	}
	return string(must[*s3.HeadObjectOutput](t)(out, err).ReplicationStatus)
}

// expect checks the statuses of an object at both ends.
func (pr *pair) expect(t testing.TB, what, key, here, there string) {
	t.Helper()
	if a, b := status(t, pr.here, "here", key), status(t, pr.there, "there", key); a != here || b != there {
		t.Errorf("%s: %q here and %q there, want %q and %q (why: %s)", what, a, b, here, there, pr.why("here", key))
	}
}

// why is the reason that the newest version of a key could not be replicated.
func (w *world) why(bucket, key string) (why string) {
	w.Store.View(func(tx *store.Tx) error {
		_, o, _, _ := w.latest(tx, bucket, key)
		for _, p := range o.Replication.To {
			why += p.Why
		}
		return nil
	})
	return why
}

// rows are the versions of a bucket as their rows are, the order of a key's versions kept.
func (w *world) rows(bucket string) (all []Object) {
	w.Store.View(func(tx *store.Tx) error {
		w.objects.Scan(tx, bucket+"/", func(_ string, o Object) bool { all = append(all, o); return true })
		return nil
	})
	return all
}

// tagsOf are an object's tags.
func tagsOf(t testing.TB, c *s3.Client, bucket, key string) map[string]string {
	t.Helper()
	tags := map[string]string{}
	for _, tag := range must[*s3.GetObjectTaggingOutput](t)(c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &bucket, Key: &key})).TagSet {
		tags[*tag.Key] = *tag.Value
	}
	return tags
}

// tag replaces an object's tags by one.
func tag(t testing.TB, c *s3.Client, bucket, key, value string) {
	t.Helper()
	must[*s3.PutObjectTaggingOutput](t)(c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &bucket, Key: &key, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: p("tag"), Value: &value}}}}))
}

// TestReplicas looks at what a replica has of its source.
func TestReplicas(t *testing.T) {
	pr := newPair(t, "", every("there"))
	before := put(t, pr.here, "here", "plain", "text", func(in *s3.PutObjectInput) {
		in.Metadata, in.Tagging, in.ContentType = map[string]string{"by": "us"}, p("a=1&b=2"), p("text/plain")
		in.CacheControl, in.ChecksumAlgorithm, in.StorageClass = p("no-cache"), types.ChecksumAlgorithmSha256, types.StorageClassStandardIa
	})
	put(t, pr.here, "here", "empty", "")
	pr.expect(t, "at once", "plain", "PENDING", "absent")
	pr.Pass(soon)
	pr.expect(t, "then", "plain", "COMPLETED", "REPLICA")
	pr.expect(t, "of no bytes", "empty", "COMPLETED", "REPLICA")

	head := func(c *s3.Client, bucket string) *s3.HeadObjectOutput {
		return must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: p("plain"), ChecksumMode: types.ChecksumModeEnabled}))
	}
	a, b := head(pr.here, "here"), head(pr.there, "there")
	if *b.VersionId != before || *b.ETag != *a.ETag || !b.LastModified.Equal(*a.LastModified) || *b.ChecksumSHA256 != *a.ChecksumSHA256 {
		t.Errorf("a replica is %s %s %s, its source %s %s %s", *b.VersionId, *b.ETag, b.LastModified, before, *a.ETag, a.LastModified)
	}
	if *b.ContentType != "text/plain" || *b.CacheControl != "no-cache" || !maps.Equal(a.Metadata, b.Metadata) || b.StorageClass != types.StorageClassStandardIa {
		t.Errorf("a replica's headers are %+v", b)
	}
	if tags := tagsOf(t, pr.there, "there", "plain"); !maps.Equal(tags, map[string]string{"a": "1", "b": "2"}) {
		t.Errorf("a replica's tags are %v", tags)
	}
	if body := pr.get(t, pr.there, "there", "plain", nil); body != "text" {
		t.Errorf("a replica has %q", body)
	}
	if x, y := pr.rows("here"), pr.rows("there"); x[0].Content != y[0].Content {
		t.Error("a replica does not share its source's content")
	}
}

// TestNotReplicated looks at what stays where it is.
func TestNotReplicated(t *testing.T) {
	pr := newPair(t, "")
	put(t, pr.here, "here", "old", "older than the rule")
	pr.rule(t, pr.here, "here", pr.role, every("there"))
	put(t, pr.here, "here", "archived", "cold", func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassGlacier })
	put(t, pr.here, "here", "deep", "cold", func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassDeepArchive })
	put(t, pr.here, "here", "instant", "cool", func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassGlacierIr })
	kept := put(t, pr.here, "here", "kept", "one")
	put(t, pr.here, "here", "marked", "one")
	gone := put(t, pr.here, "here", "gone", "one")
	must[*s3.DeleteObjectOutput](t)(pr.here.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("here"), Key: p("gone"), VersionId: &gone}))
	pr.Pass(soon)
	pr.expect(t, "older than the rule", "old", "", "absent")
	pr.expect(t, "in GLACIER", "archived", "", "absent")
	pr.expect(t, "in DEEP_ARCHIVE", "deep", "", "absent")
	pr.expect(t, "in GLACIER_IR", "instant", "COMPLETED", "REPLICA")
	pr.expect(t, "deleted while it was pending", "gone", "absent", "absent")

	must[*s3.DeleteObjectOutput](t)(pr.here.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("here"), Key: p("kept"), VersionId: &kept}))
	must[*s3.DeleteObjectOutput](t)(pr.here.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("here"), Key: p("marked")}))
	tag(t, pr.here, "here", "old", "new")
	pr.Pass(time.Hour)
	pr.expect(t, "a version that was deleted", "kept", "absent", "REPLICA")
	pr.expect(t, "a delete marker", "marked", "absent", "REPLICA")
	pr.expect(t, "tags of what is older than the rule", "old", "", "absent")

	// A replica goes no further, and a copy of a replica is a new object.
	pr.versioned(t, us, east, "third")
	pr.rule(t, pr.there, "there", pr.role, every("third"))
	put(t, pr.here, "here", "chained", "one")
	pr.Pass(soon)
	pr.expect(t, "the first hop", "chained", "COMPLETED", "REPLICA")
	must[*s3.CopyObjectOutput](t)(pr.there.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("there"), Key: p("copied"), CopySource: p("there/chained")}))
	pr.Pass(soon)
	if got := status(t, pr.here, "third", "chained"); got != "absent" {
		t.Errorf("a replica of a replica is %q", got)
	}
	if a, b := status(t, pr.there, "there", "copied"), status(t, pr.here, "third", "copied"); a != "COMPLETED" || b != "REPLICA" {
		t.Errorf("a copy of a replica is %q, and %q at the destination", a, b)
	}
}

// TestDeleteMarkers replicates delete markers where the rule, or the first version of the schema, says so.
func TestDeleteMarkers(t *testing.T) {
	first := every("there", func(r *types.ReplicationRule) {
		r.Filter, r.Priority, r.DeleteMarkerReplication, r.Prefix = nil, nil, nil, p("")
	})
	for name, c := range map[string]struct {
		rule types.ReplicationRule
		want string
	}{
		"off": {every("there"), "REPLICA"}, "on": {every("there", markers), "absent"}, "first schema": {first, "absent"},
	} {
		pr := newPair(t, "", c.rule)
		put(t, pr.here, "here", "a", "one")
		pr.Pass(soon)
		marker := must[*s3.DeleteObjectOutput](t)(pr.here.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("here"), Key: p("a")}))
		pr.Pass(soon)
		pr.expect(t, name, "a", "absent", c.want)
		if c.want == "absent" {
			if o := pr.rows("there")[0]; !o.Marker || o.Version != *marker.VersionId {
				t.Errorf("%s: the replicated marker is %+v", name, o)
			}
		}
		// The marker's own deletion is one of a version: it stays here.
		must[*s3.DeleteObjectOutput](t)(pr.here.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("here"), Key: p("a"), VersionId: marker.VersionId}))
		pr.Pass(soon)
		pr.expect(t, name+", marker removed", "a", "COMPLETED", c.want)
	}
}

// TestRules sends each object by the rules that cover it.
func TestRules(t *testing.T) {
	pr := newPair(t, "")
	pr.versioned(t, us, east, "near")
	and := every("near", filed("and", 5, "x/"), func(r *types.ReplicationRule) {
		r.Filter = &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Prefix: p("x/"), Tags: []types.Tag{{Key: p("a"), Value: p("1")}, {Key: p("b"), Value: p("2")}}}}
	})
	tagged := every("near", filed("tagged", 6, ""), func(r *types.ReplicationRule) {
		r.Filter = &types.ReplicationRuleFilter{Tag: &types.Tag{Key: p("near"), Value: p("yes")}}
	})
	colder := func(r *types.ReplicationRule) { r.Destination.StorageClass = types.StorageClassOnezoneIa }
	off := func(r *types.ReplicationRule) { r.Status = types.ReplicationRuleStatusDisabled }
	pr.rule(t, pr.here, "here", pr.role,
		every("there", filed("all", 1, "x/")), every("there", filed("cold", 2, "x/cold/"), colder), every("there", filed("off", 9, "x/"), off), and, tagged)
	for _, c := range []struct{ key, tags, there, near, class string }{
		{"y", "", "absent", "absent", ""},
		{"x/a", "", "REPLICA", "absent", ""},
		{"x/cold/a", "", "REPLICA", "absent", "ONEZONE_IA"},
		{"x/a1", "a=1", "REPLICA", "absent", ""},
		{"x/a1b2", "a=1&b=2&c=3", "REPLICA", "REPLICA", ""},
		{"y1", "near=yes", "absent", "REPLICA", ""},
		{"y2", "near=no", "absent", "absent", ""},
	} {
		put(t, pr.here, "here", c.key, "text", func(in *s3.PutObjectInput) { in.Tagging = &c.tags })
		pr.Pass(soon)
		if there, near := status(t, pr.there, "there", c.key), status(t, pr.here, "near", c.key); there != c.there || near != c.near {
			t.Errorf("%s with %q: %s there and %s near, want %s and %s", c.key, c.tags, there, near, c.there, c.near)
		}
		if c.there != "absent" {
			if got := must[*s3.HeadObjectOutput](t)(pr.there.HeadObject(ctx, &s3.HeadObjectInput{Bucket: p("there"), Key: &c.key})).StorageClass; string(got) != c.class {
				t.Errorf("%s: class %q, want %q", c.key, got, c.class)
			}
		}
	}
	// COMPLETED is said when all destinations have it, FAILED when one will not.
	must[*s3.DeleteBucketOutput](t)(nil, emptied(pr.world, "near"))
	put(t, pr.here, "here", "x/both", "text", func(in *s3.PutObjectInput) { in.Tagging = p("near=yes") })
	pr.Pass(soon)
	pr.expect(t, "one of two destinations is gone", "x/both", "FAILED", "REPLICA")
	if why := pr.why("here", "x/both"); why != noDestination {
		t.Errorf("it failed with %s", why)
	}
}

// emptied removes a bucket with all that is in it.
func emptied(w *world, name string) error {
	return w.Store.Update(func(tx *store.Tx) error {
		var rows []string
		w.objects.Scan(tx, name+"/", func(row string, _ Object) bool { rows = append(rows, row); return true })
		for _, row := range rows {
			w.objects.Delete(tx, row)
		}
		w.buckets.Delete(tx, name)
		return nil
	})
}
