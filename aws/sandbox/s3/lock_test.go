package s3

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/try"
)

const (
	governance = types.ObjectLockRetentionModeGovernance
	compliance = types.ObjectLockRetentionModeCompliance
)

// lockable makes a bucket with object lock.
func (w *world) lockable(t testing.TB, name string) *s3.Client {
	t.Helper()
	c := w.as(us, east)
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(true),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: east}}))
	return c
}

// until is a moment some days after the start.
func until(days int) *time.Time { return aws.Time(try.Start().Add(time.Duration(days) * oneDay)) }

func retain(c *s3.Client, bucket, key string, mode types.ObjectLockRetentionMode, end *time.Time, bypass *bool) error {
	_, err := c.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{
		Bucket: &bucket, Key: &key, Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: end}, BypassGovernanceRetention: bypass})
	return err
}

// What may be done to a version that is retained for ten days.
func TestWhatALockLetsBeDone(t *testing.T) {
	yes := aws.Bool(true)
	for i, test := range []struct {
		was    types.ObjectLockRetentionMode
		to     types.ObjectLockRetentionMode // empty to take the retention away
		days   int
		bypass *bool
		code   string
	}{
		{governance, governance, 20, nil, ""},
		{governance, governance, 5, nil, "AccessDenied"},
		{governance, governance, 5, yes, ""},
		{governance, compliance, 20, nil, "AccessDenied"},
		{governance, compliance, 20, yes, ""},
		{governance, "", 0, nil, "AccessDenied"},
		{governance, "", 0, yes, ""},
		{governance, governance, 20, aws.Bool(false), ""},
		{governance, governance, -1, yes, "InvalidArgument"},
		{compliance, compliance, 20, nil, ""},
		{compliance, compliance, 10, nil, ""},
		{compliance, compliance, 9, yes, "AccessDenied"},
		{compliance, governance, 20, yes, "AccessDenied"},
		{compliance, "", 0, yes, "AccessDenied"},
	} {
		w := newWorld(t, "")
		c := w.lockable(t, "safe")
		put(t, c, "safe", "k", "x")
		if err := retain(c, "safe", "k", test.was, until(10), nil); err != nil {
			t.Fatal(err)
		}
		end := until(test.days)
		if test.to == "" {
			end = nil
		}
		refused(t, fmt.Sprint(i, " change to ", test.to, test.days), retain(c, "safe", "k", test.to, end, test.bypass), test.code)
	}
}

// A version is deleted when nothing keeps it; a marker may always be put before it.
func TestDeletingWhatIsLocked(t *testing.T) {
	yes := aws.Bool(true)
	for _, test := range []struct {
		name   string
		mode   types.ObjectLockRetentionMode
		hold   types.ObjectLockLegalHoldStatus
		after  time.Duration
		bypass *bool
		want   string
	}{
		{"nothing", "", "", 0, nil, ""},
		{"governance", governance, "", 0, nil, "AccessDenied"},
		{"governance, passed over", governance, "", 0, yes, ""},
		{"governance, until its end", governance, "", 10*oneDay - time.Second, nil, "AccessDenied"},
		{"governance, over", governance, "", 10 * oneDay, nil, ""},
		{"compliance", compliance, "", 0, yes, "AccessDenied"},
		{"compliance, over", compliance, "", 10 * oneDay, nil, ""},
		{"hold", "", "ON", 100 * oneDay, yes, "AccessDenied"},
		{"hold off", "", "OFF", 0, nil, ""},
		{"hold after compliance", compliance, "ON", 10 * oneDay, yes, "AccessDenied"},
	} {
		w := newWorld(t, "")
		c := w.lockable(t, "safe")
		version := put(t, c, "safe", "k", "x", func(in *s3.PutObjectInput) {
			in.ObjectLockLegalHoldStatus = test.hold
			if test.mode != "" {
				in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockMode(test.mode), until(10)
			}
		})
		h := head(t, c, "safe", "k")
		if h.ObjectLockMode != types.ObjectLockMode(test.mode) || h.ObjectLockLegalHoldStatus != test.hold || (h.ObjectLockRetainUntilDate == nil) != (test.mode == "") {
			t.Errorf("%s: HeadObject says %s until %v, hold %s", test.name, h.ObjectLockMode, h.ObjectLockRetainUntilDate, h.ObjectLockLegalHoldStatus)
		}
		marker := must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("safe"), Key: p("k")}))
		if !aws.ToBool(marker.DeleteMarker) {
			t.Errorf("%s: no marker", test.name)
		}
		w.Pass(test.after)
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("safe"), Key: p("k"), VersionId: marker.VersionId})
		refused(t, test.name+": the marker", err, "")
		many := func(version string) *s3.DeleteObjectsOutput {
			return must[*s3.DeleteObjectsOutput](t)(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: p("safe"), BypassGovernanceRetention: test.bypass,
				Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: p("k"), VersionId: &version}, {Key: p("other")}}}}))
		}
		if test.want != "" {
			out := many(version)
			if len(out.Errors) != 1 || *out.Errors[0].Code != test.want || *out.Errors[0].Message != "Access Denied because object protected by object lock." || len(out.Deleted) != 1 {
				t.Errorf("%s: many: %v, %v", test.name, out.Errors, out.Deleted)
			}
		}
		_, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("safe"), Key: p("k"), VersionId: &version, BypassGovernanceRetention: test.bypass})
		refused(t, test.name, err, test.want)
	}
}

// A policy that denies the bypass makes it worth nothing.
func TestBypassWithoutPermission(t *testing.T) {
	w := newWorld(t, "")
	c := w.lockable(t, "safe")
	version := put(t, c, "safe", "k", "x")
	if err := retain(c, "safe", "k", governance, until(10), nil); err != nil {
		t.Fatal(err)
	}
	must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: p("safe"), Policy: p(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:BypassGovernanceRetention","Resource":"arn:aws:s3:::safe/*"}]}`)}))
	_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("safe"), Key: p("k"), VersionId: &version, BypassGovernanceRetention: aws.Bool(true)})
	refused(t, "delete", err, "AccessDenied")
	refused(t, "shorten", retain(c, "safe", "k", governance, until(5), aws.Bool(true)), "AccessDenied")
}

// A bucket's default is for what comes after it was set, in one piece, in parts or as a copy, and what its sender says goes before it.
func TestDefaultRetention(t *testing.T) {
	w := newWorld(t, "")
	c := w.lockable(t, "safe")
	put(t, c, "safe", "before", "x")
	must[*s3.PutObjectLockConfigurationOutput](t)(c.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: p("safe"), ObjectLockConfiguration: &types.ObjectLockConfiguration{
		ObjectLockEnabled: "Enabled", Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: compliance, Years: aws.Int32(2)}}}}))
	put(t, c, "safe", "put", "x")
	put(t, c, "safe", "said", "x", func(in *s3.PutObjectInput) {
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, until(3)
	})
	must[*s3.CopyObjectOutput](t)(c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("safe"), Key: p("copy"), CopySource: p("safe/said")}))
	up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("safe"), Key: p("parts")}))
	part := must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, &s3.UploadPartInput{Bucket: p("safe"), Key: p("parts"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")}))
	must[*s3.CompleteMultipartUploadOutput](t)(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: p("safe"), Key: p("parts"), UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}}}))
	for key, want := range map[string]lock{
		"before": {}, "said": {Mode: governance, Until: *until(3)},
		"put": {Mode: compliance, Until: *until(730)}, "copy": {Mode: compliance, Until: *until(730)}, "parts": {Mode: compliance, Until: *until(730)},
	} {
		h := head(t, c, "safe", key)
		if got := (lock{Mode: types.ObjectLockRetentionMode(h.ObjectLockMode), Until: aws.ToTime(h.ObjectLockRetainUntilDate).UTC()}); got != want {
			t.Errorf("%s: %+v, want %+v", key, got, want)
		}
	}
}

func TestLockRefusals(t *testing.T) {
	w := newWorld(t, "")
	c := w.lockable(t, "safe")
	w.bucket(t, us, east, "plain")
	put(t, c, "plain", "k", "x")
	put(t, c, "safe", "k", "x")
	configure := func(bucket string, set *types.ObjectLockConfiguration) error {
		_, err := c.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: &bucket, ObjectLockConfiguration: set})
		return err
	}
	byDefault := func(d types.DefaultRetention) error {
		return configure("safe", &types.ObjectLockConfiguration{ObjectLockEnabled: "Enabled", Rule: &types.ObjectLockRule{DefaultRetention: &d}})
	}
	brought := func(bucket string, change func(in *s3.PutObjectInput)) error {
		in := &s3.PutObjectInput{Bucket: &bucket, Key: p("k"), Body: strings.NewReader("x")}
		change(in)
		_, err := c.PutObject(ctx, in)
		return err
	}
	hold := func(bucket string) error {
		_, err := c.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: &bucket, Key: p("k"), LegalHold: &types.ObjectLockLegalHold{Status: "ON"}})
		return err
	}
	read := func(bucket string) (retention, held, locking error) {
		_, retention = c.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &bucket, Key: p("k")})
		_, held = c.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &bucket, Key: p("k")})
		_, locking = c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
		return retention, held, locking
	}
	plainRetention, plainHold, plainLocking := read("plain")
	safeRetention, safeHold, safeLocking := read("safe")
	_, suspended := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: p("safe"), VersioningConfiguration: &types.VersioningConfiguration{Status: "Suspended"}})
	_, bypass := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("plain"), Key: p("k"), BypassGovernanceRetention: aws.Bool(true)})
	_, bypassMany := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: p("plain"), BypassGovernanceRetention: aws.Bool(false), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: p("k")}}}})
	_, marked := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("safe"), Key: p("gone")})
	for _, test := range []struct {
		name, code string
		err        error
	}{
		{"retention without locking", "InvalidRequest", retain(c, "plain", "k", governance, until(1), nil)},
		{"hold without locking", "InvalidRequest", hold("plain")},
		{"read retention without locking", "InvalidRequest", plainRetention},
		{"read hold without locking", "InvalidRequest", plainHold},
		{"read locking without it", "ObjectLockConfigurationNotFoundError", plainLocking},
		{"read no retention", "NoSuchObjectLockConfiguration", safeRetention},
		{"read no hold", "NoSuchObjectLockConfiguration", safeHold},
		{"read locking", "", safeLocking},
		{"suspend", "InvalidBucketState", suspended},
		{"bypass without locking", "InvalidArgument", bypass},
		{"bypass without locking, of many", "InvalidArgument", bypassMany},
		{"a marker in the way", "", marked},
		{"retention of a marker", "NoSuchKey", retain(c, "safe", "gone", governance, until(1), nil)},
		{"retention of nothing", "NoSuchKey", retain(c, "safe", "none", governance, until(1), nil)},
		{"only a mode", "MalformedXML", retain(c, "safe", "k", governance, nil, nil)},
		{"only a moment", "MalformedXML", retain(c, "safe", "k", "", until(1), nil)},
		{"in the past", "InvalidArgument", retain(c, "safe", "k", governance, until(-1), nil)},
		{"locking unversioned", "InvalidBucketState", configure("plain", &types.ObjectLockConfiguration{ObjectLockEnabled: "Enabled"})},
		{"locking not said", "MalformedXML", configure("safe", &types.ObjectLockConfiguration{})},
		{"an empty rule", "MalformedXML", configure("safe", &types.ObjectLockConfiguration{ObjectLockEnabled: "Enabled", Rule: &types.ObjectLockRule{}})},
		{"default without days", "MalformedXML", byDefault(types.DefaultRetention{Mode: governance})},
		{"default without mode", "MalformedXML", byDefault(types.DefaultRetention{Days: aws.Int32(1)})},
		{"default days and years", "MalformedXML", byDefault(types.DefaultRetention{Mode: governance, Days: aws.Int32(1), Years: aws.Int32(1)})},
		{"default of no days", "InvalidArgument", byDefault(types.DefaultRetention{Mode: governance, Days: aws.Int32(0)})},
		{"default too long", "InvalidArgument", byDefault(types.DefaultRetention{Mode: governance, Years: aws.Int32(101)})},
		{"put only a mode", "InvalidArgument", brought("safe", func(in *s3.PutObjectInput) { in.ObjectLockMode = "GOVERNANCE" })},
		{"put only a moment", "InvalidArgument", brought("safe", func(in *s3.PutObjectInput) { in.ObjectLockRetainUntilDate = until(1) })},
		{"put in the past", "InvalidArgument", brought("plain", func(in *s3.PutObjectInput) {
			in.ObjectLockMode, in.ObjectLockRetainUntilDate = "GOVERNANCE", until(-1)
		})},
		{"put a hold without locking", "InvalidRequest", brought("plain", func(in *s3.PutObjectInput) { in.ObjectLockLegalHoldStatus = "ON" })},
		{"put retention without locking", "InvalidRequest", brought("plain", func(in *s3.PutObjectInput) {
			in.ObjectLockMode, in.ObjectLockRetainUntilDate = "GOVERNANCE", until(1)
		})},
	} {
		refused(t, test.name, test.err, test.code)
	}
	if status, body := w.send(t, http.MethodPut, "/safe/raw", map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "X-Amz-Object-Lock-Legal-Hold": "ON"}, "x"); status != 400 || !strings.Contains(body, "Content-MD5 OR x-amz-checksum-") {
		t.Errorf("a lock without a checksum: %d %s", status, body)
	}
}

// Object lock can be switched on in a bucket that is there already; its versions from before get no lock and lose none.
func TestLockingLater(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "late")
	put(t, c, "late", "k", "x")
	w.versions(t, c, "late", "Enabled")
	must[*s3.PutObjectLockConfigurationOutput](t)(c.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: p("late"), ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: "Enabled"}}))
	if err := retain(c, "late", "k", compliance, until(1), nil); err != nil {
		t.Fatal(err)
	}
	must[*s3.PutObjectLegalHoldOutput](t)(c.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{Bucket: p("late"), Key: p("k"), LegalHold: &types.ObjectLockLegalHold{Status: "ON"}}))
	out := must[*s3.GetObjectRetentionOutput](t)(c.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: p("late"), Key: p("k")}))
	held := must[*s3.GetObjectLegalHoldOutput](t)(c.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: p("late"), Key: p("k")}))
	if !out.Retention.RetainUntilDate.Equal(*until(1)) || out.Retention.Mode != compliance || held.LegalHold.Status != "ON" {
		t.Errorf("%+v, %+v", out.Retention, held.LegalHold)
	}
	_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("late"), Key: p("k"), VersionId: p("null")})
	refused(t, "delete", err, "AccessDenied")
}
