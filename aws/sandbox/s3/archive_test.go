package s3

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

func ofClass(class types.StorageClass) func(in *s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.StorageClass = class }
}

// restore asks for a restore and gives the HTTP status.
func restore(c *s3.Client, bucket, key string, days int32, tier types.Tier) (status int, err error) {
	r := &types.RestoreRequest{}
	if tier != "" {
		r.GlacierJobParameters = &types.GlacierJobParameters{Tier: tier}
	}
	if days != 0 {
		r.Days = &days
	}
	out, err := c.RestoreObject(ctx, &s3.RestoreObjectInput{Bucket: &bucket, Key: &key, RestoreRequest: r})
	if err != nil {
		var answer *smithyhttp.ResponseError
		errors.As(err, &answer)
		return answer.HTTPStatusCode(), err
	}
	return awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response).StatusCode, nil
}

func head(t testing.TB, c *s3.Client, bucket, key string) *s3.HeadObjectOutput {
	t.Helper()
	return must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key}))
}

// Each tier of each archive class: nothing before its least wait, all after its most, and the copy goes at the midnight after its days.
func TestRestoreWithEachTier(t *testing.T) {
	for class, tiers := range retrievals {
		for tier, takes := range tiers {
			t.Run(string(class)+" "+string(tier), func(t *testing.T) {
				w := newWorld(t, "")
				c := w.bucket(t, us, east, "vault")
				put(t, c, "vault", "k", "old papers", ofClass(class))
				if status, err := restore(c, "vault", "k", 3, tier); status != http.StatusAccepted {
					t.Fatalf("the first request: %d, %v", status, err)
				}
				if _, err := restore(c, "vault", "k", 3, tier); err == nil {
					t.Error("a second request while the first is under way went through")
				} else {
					refused(t, "again", err, "RestoreAlreadyInProgress")
				}
				w.Pass(takes.least - time.Second)
				if r := aws.ToString(head(t, c, "vault", "k").Restore); r != `ongoing-request="true"` {
					t.Errorf("under way: %s", r)
				}
				if got := w.get(t, c, "vault", "k", nil); got != "InvalidObjectState" {
					t.Errorf("under way it reads %q", got)
				}
				w.Pass(takes.most - takes.least + time.Second)
				ends := midnight(try.Start().Add(takes.most), 3)
				if takes.most < 13*time.Hour { // before the midnight after the start
					ends = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
				}
				h := head(t, c, "vault", "k")
				if want := `ongoing-request="false", expiry-date="` + ends.Format(http.TimeFormat) + `"`; aws.ToString(h.Restore) != want || h.StorageClass != class {
					t.Errorf("%s in %s, want %s", aws.ToString(h.Restore), h.StorageClass, want)
				}
				if got := w.get(t, c, "vault", "k", nil); got != "old papers" {
					t.Errorf("restored it reads %q", got)
				}
				w.Pass(ends.Sub(try.Start()) - takes.most - time.Second)
				if got := w.get(t, c, "vault", "k", nil); got != "old papers" {
					t.Errorf("a second before its end it reads %q", got)
				}
				w.Pass(time.Second)
				if got, r := w.get(t, c, "vault", "k", nil), head(t, c, "vault", "k").Restore; got != "InvalidObjectState" || r != nil {
					t.Errorf("after its end it reads %q, %s", got, aws.ToString(r))
				}
			})
		}
	}
}

func TestRestoreRefusals(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "vault")
	for _, class := range []types.StorageClass{"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"} {
		put(t, c, "vault", string(class), "x", ofClass(class))
	}
	for _, class := range []types.StorageClass{"OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS"} {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("vault"), Key: p("k"), StorageClass: class})
		refused(t, string(class), err, "InvalidStorageClass")
	}
	for _, test := range []struct {
		class  string
		days   int32
		tier   types.Tier
		status int
		code   string
	}{
		{"STANDARD", 1, "", 403, "InvalidObjectState"},
		{"STANDARD_IA", 1, "", 403, "InvalidObjectState"},
		{"ONEZONE_IA", 1, "", 403, "InvalidObjectState"},
		{"GLACIER_IR", 1, "", 403, "InvalidObjectState"},
		{"REDUCED_REDUNDANCY", 1, "", 403, "InvalidObjectState"},
		{"INTELLIGENT_TIERING", 1, "", 400, "InvalidArgument"},
		{"INTELLIGENT_TIERING", 0, "", 403, "ObjectAlreadyInActiveTierError"},
		{"GLACIER", 0, "", 400, "MalformedXML"},
		{"GLACIER", -1, "", 400, "InvalidArgument"},
		{"DEEP_ARCHIVE", 1, types.TierExpedited, 400, "InvalidArgument"},
		{"none", 1, "", 404, "NoSuchKey"},
	} {
		status, err := restore(c, "vault", test.class, test.days, test.tier)
		if refused(t, test.class, err, test.code); status != test.status {
			t.Errorf("%s: status %d, want %d", test.class, status, test.status)
		}
	}
	_, err := c.RestoreObject(ctx, &s3.RestoreObjectInput{Bucket: p("vault"), Key: p("GLACIER"), RestoreRequest: &types.RestoreRequest{Type: types.RestoreRequestTypeSelect}})
	refused(t, "select", err, "MethodNotAllowed")
	var state *types.InvalidObjectState
	if _, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("vault"), Key: p("GLACIER"), Range: p("bytes=0-0")}); !errors.As(err, &state) || state.StorageClass != types.StorageClassGlacier {
		t.Errorf("reading what is archived: %v", err)
	}
}

// What is archived cannot be copied, in one or in parts; restored, it can, and the copy knows of no restore.
func TestCopyOfWhatIsArchived(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "vault")
	put(t, c, "vault", "k", "papers", ofClass("GLACIER"))
	up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("vault"), Key: p("parts")}))
	both := func() (whole, part error) {
		_, whole = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("vault"), Key: p("copy"), CopySource: p("vault/k")})
		_, part = c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: p("vault"), Key: p("parts"), UploadId: up.UploadId, PartNumber: aws.Int32(1), CopySource: p("vault/k")})
		return whole, part
	}
	whole, part := both()
	refused(t, "copy", whole, "InvalidObjectState")
	refused(t, "part", part, "InvalidObjectState")
	must[int](t)(restore(c, "vault", "k", 1, types.TierExpedited))
	w.Pass(5 * time.Minute)
	whole, part = both()
	refused(t, "copy of what is restored", whole, "")
	refused(t, "part of what is restored", part, "")
	if h := head(t, c, "vault", "copy"); h.Restore != nil || h.StorageClass != "" {
		t.Errorf("the copy: %s %s", aws.ToString(h.Restore), h.StorageClass)
	}
}

// Asked again, a restore can be made faster but not otherwise; done, its end is set anew from then on, and may come sooner.
func TestRestoreAskedAgain(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "vault")
	put(t, c, "vault", "k", "papers", ofClass("GLACIER"))
	must[int](t)(restore(c, "vault", "k", 5, types.TierBulk))
	_, err := restore(c, "vault", "k", 6, types.TierExpedited)
	refused(t, "other days", err, "RestoreAlreadyInProgress")
	must[int](t)(restore(c, "vault", "k", 5, types.TierStandard))
	_, err = restore(c, "vault", "k", 5, types.TierBulk)
	refused(t, "slower", err, "RestoreAlreadyInProgress")
	if status, err := restore(c, "vault", "k", 5, types.TierExpedited); status != http.StatusAccepted {
		t.Errorf("faster: %d, %v", status, err)
	}
	listed := func() *types.RestoreStatus {
		t.Helper()
		one := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("vault"), OptionalObjectAttributes: []types.OptionalObjectAttributes{"RestoreStatus"}})).Contents[0]
		two := must[*s3.ListObjectVersionsOutput](t)(c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: p("vault"), OptionalObjectAttributes: []types.OptionalObjectAttributes{"RestoreStatus"}})).Versions[0]
		three := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("vault")})).Contents[0]
		if *one.RestoreStatus.IsRestoreInProgress != *two.RestoreStatus.IsRestoreInProgress || three.RestoreStatus != nil {
			t.Error("the listings differ, or say what they are not asked for")
		}
		return one.RestoreStatus
	}
	if r := listed(); !*r.IsRestoreInProgress || r.RestoreExpiryDate != nil {
		t.Errorf("under way it is listed as %+v", r)
	}
	w.Pass(5 * time.Minute)
	if r := listed(); *r.IsRestoreInProgress || !r.RestoreExpiryDate.Equal(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("done it is listed as %+v", r)
	}
	w.Pass(oneDay)
	if status, err := restore(c, "vault", "k", 1, ""); status != http.StatusOK {
		t.Errorf("days anew: %d, %v", status, err)
	}
	if r := listed(); !r.RestoreExpiryDate.Equal(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("with new days it is listed as %+v", r)
	}
}

// An object put where a deleted one stood gets nothing of that one's restore.
func TestRestoreOfWhatIsGone(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "vault")
	put(t, c, "vault", "k", "old", ofClass("GLACIER"))
	must[int](t)(restore(c, "vault", "k", 1, types.TierExpedited))
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("vault"), Key: p("k")}))
	put(t, c, "vault", "k", "new", ofClass("GLACIER"))
	w.Pass(time.Hour)
	if got := w.get(t, c, "vault", "k", nil); got != "InvalidObjectState" {
		t.Errorf("it reads %q", got)
	}
}

// The weather makes a restore late, or fail: then the version is as archived as before and can be asked for again.
func TestRestoreInBadWeather(t *testing.T) {
	late, fail := time.Duration(0), ""
	clk := clock.New(clock.Options{Start: try.Start()})
	st, err := store.Open("", clk, store.Options{Outlook: func(kind, _ string, _, at time.Time) (time.Time, string) { return at.Add(late), fail }, Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	g := &try.Ground{T: t, Clock: clk, Store: st}
	t.Cleanup(func() { clk.Close(); st.Close() })
	s := New(st, Options{})
	as := try.As(us, home, "s3", "")
	must[*s3.CreateBucketOutput](t)(s.CreateBucket(as, &s3.CreateBucketInput{Bucket: p("vault")}))
	must[*s3.PutObjectOutput](t)(s.PutObject(as, &s3.PutObjectInput{Bucket: p("vault"), Key: p("k"), ContentLength: aws.Int64(0), StorageClass: "GLACIER"}))
	ask := func() {
		t.Helper()
		must[*s3.RestoreObjectOutput](t)(s.RestoreObject(as, &s3.RestoreObjectInput{Bucket: p("vault"), Key: p("k"), RestoreRequest: &types.RestoreRequest{Days: aws.Int32(1), Tier: types.TierExpedited}}))
	}
	state := func() string {
		return aws.ToString(must[*s3.HeadObjectOutput](t)(s.HeadObject(as, &s3.HeadObjectInput{Bucket: p("vault"), Key: p("k")})).Restore)
	}
	fail = "the archive is on fire"
	ask()
	g.Pass(time.Hour)
	if got := state(); got != "" {
		t.Errorf("failed: %s", got)
	}
	late, fail = 2*time.Hour, ""
	ask()
	g.Pass(time.Hour)
	if got := state(); got != `ongoing-request="true"` {
		t.Errorf("late: %s", got)
	}
	g.Pass(2 * time.Hour)
	if got := state(); got != `ongoing-request="false", expiry-date="Tue, 03 Mar 2026 00:00:00 GMT"` {
		t.Errorf("late but done: %s", got)
	}
}
