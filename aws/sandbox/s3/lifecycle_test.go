package s3

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
	"lifeboat/aws/sandbox/try/kill"
)

const oneDay = 24 * time.Hour

// rules puts a lifecycle configuration.
func (w *world) rules(t testing.TB, bucket string, rules ...types.LifecycleRule) {
	t.Helper()
	for i := range rules {
		rules[i].Status = types.ExpirationStatusEnabled
		if rules[i].Filter == nil {
			rules[i].Filter = &types.LifecycleRuleFilter{}
		}
	}
	must[*s3.PutBucketLifecycleConfigurationOutput](t)(w.as(us, east).PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}}))
}

// at lets time pass up to a moment.
func (w *world) at(moment time.Time) { w.T.Helper(); w.Pass(moment.Sub(w.Clock.Now())) }

// The user guide's own example: created at half past ten, three days, so the midnight after the third.
func TestLifecycleCountsDaysAsTheUserGuide(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "aging")
	w.rules(t, "aging", types.LifecycleRule{ID: p("my rule"), Transitions: []types.Transition{to(deep, 3)}, Expiration: after(5), Filter: &types.LifecycleRuleFilter{ObjectSizeGreaterThan: aws.Int64(0)}})
	out := w.put(t, c, "aging", "k", "x")
	const header = `expiry-date="Sat, 07 Mar 2026 00:00:00 GMT", rule-id="my+rule"`
	got := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("aging"), Key: p("k")}))
	for what, text := range map[string]*string{"PutObject": out.Expiration, "HeadObject": head(t, c, "aging", "k").Expiration, "GetObject": got.Expiration} {
		if aws.ToString(text) != header {
			t.Errorf("%s says %s", what, aws.ToString(text))
		}
	}
	moved := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	w.at(moved.Add(-time.Second))
	if class := head(t, c, "aging", "k").StorageClass; class != "" {
		t.Errorf("a second before its day it is in %s", class)
	}
	w.at(moved)
	if class := head(t, c, "aging", "k").StorageClass; class != "DEEP_ARCHIVE" {
		t.Errorf("on its day it is in %s", class)
	}
	w.at(moved.Add(2*oneDay - time.Second))
	head(t, c, "aging", "k")
	w.Pass(time.Second)
	_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: p("aging"), Key: p("k")})
	refused(t, "expired", err, "NotFound")
}

// A rule with a date is for everything from that day on, and a rule that is put later is for what is there.
func TestLifecycleByDate(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "aging")
	w.put(t, c, "aging", "old", "x")
	w.Pass(3 * oneDay)
	w.rules(t, "aging", types.LifecycleRule{Expiration: &types.LifecycleExpiration{Date: aws.Time(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC))}})
	w.at(time.Date(2026, 3, 9, 23, 59, 59, 0, time.UTC))
	w.put(t, c, "aging", "new", "x")
	if n := len(w.rows("aging")); n != 2 {
		t.Errorf("%d objects before the date", n)
	}
	w.Pass(time.Second)
	if n := len(w.rows("aging")); n != 0 {
		t.Errorf("%d objects on the date", n)
	}
	w.put(t, c, "aging", "newer", "x")
	w.Pass(oneDay)
	if n := len(w.rows("aging")); n != 0 {
		t.Errorf("%d objects after the date", n)
	}
}

// What uploads are told of their end is when they end.
func TestLifecycleEndsUploads(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "aging")
	w.rules(t, "aging", types.LifecycleRule{ID: p("tidy"), Filter: prefixed("big/"), AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)}})
	up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("aging"), Key: p("big/k")}))
	must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, &s3.UploadPartInput{Bucket: p("aging"), Key: p("big/k"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")}))
	parts := must[*s3.ListPartsOutput](t)(c.ListParts(ctx, &s3.ListPartsInput{Bucket: p("aging"), Key: p("big/k"), UploadId: up.UploadId}))
	ends := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	if !aws.ToTime(up.AbortDate).Equal(ends) || aws.ToString(up.AbortRuleId) != "tidy" || !aws.ToTime(parts.AbortDate).Equal(ends) {
		t.Errorf("told %v by %s, and %v", up.AbortDate, aws.ToString(up.AbortRuleId), parts.AbortDate)
	}
	w.at(ends.Add(-time.Second))
	must[*s3.ListPartsOutput](t)(c.ListParts(ctx, &s3.ListPartsInput{Bucket: p("aging"), Key: p("big/k"), UploadId: up.UploadId}))
	w.Pass(time.Second)
	_, err := c.ListParts(ctx, &s3.ListPartsInput{Bucket: p("aging"), Key: p("big/k"), UploadId: up.UploadId})
	refused(t, "ended", err, "NoSuchUpload")
	if n := w.left(t); n != 0 {
		t.Errorf("%d parts are left", n)
	}
}

// Nothing that lifecycle does goes to the other bucket, and what has yet to go there waits for it.
func TestLifecycleAndReplication(t *testing.T) {
	pr := newPair(t, "", every("there", markers))
	pr.rules(t, "here", types.LifecycleRule{Expiration: after(1)})
	put(t, pr.here, "here", "gone", "x")
	pr.Pass(time.Hour)
	pr.expect(t, "replicated", "gone", "COMPLETED", "REPLICA")
	put(t, pr.here, "here", "stuck", "x")
	pr.Store.Update(func(tx *store.Tx) error { // as one whose way never ends
		at, o, _, _ := pr.latest(tx, "here", "stuck")
		o.Replication = replication{To: []passage{{Bucket: "nowhere", Status: types.ReplicationStatusPending}}}
		pr.objects.Put(tx, at, o)
		return nil
	})
	pr.Pass(3 * oneDay)
	pr.expect(t, "expired", "gone", "absent", "REPLICA")
	if now := status(t, pr.here, "here", "stuck"); now != "PENDING" {
		t.Errorf("what waits for its replication is %s", now)
	}
	for _, o := range pr.rows("here") {
		if o.Marker && o.Key == "gone" && o.Replication.status() != "" {
			t.Errorf("lifecycle's marker is to be replicated: %s", o.Replication.status())
		}
	}
}

// A kill at any moment loses no restore that was answered, and leaves no bucket whose day was half done.
func TestKilledWhileItRestoresAndExpires(t *testing.T) {
	const folder = "LIFEBOAT_S3_AGING_FOLDER"
	as := try.As(us, home, "s3", "")
	open := func(dir string) (*try.Ground, *Service) {
		g := try.On(t, dir)
		return g, New(g.Store, Options{})
	}
	if dir := os.Getenv(folder); dir != "" {
		g, s := open(dir)
		last := 0
		if _, err := s.HeadBucket(as, &s3.HeadBucketInput{Bucket: p("aging")}); err != nil {
			must[*s3.CreateBucketOutput](t)(s.CreateBucket(as, &s3.CreateBucketInput{Bucket: p("aging")}))
			must[*s3.PutBucketLifecycleConfigurationOutput](t)(s.PutBucketLifecycleConfiguration(as, &s3.PutBucketLifecycleConfigurationInput{Bucket: p("aging"),
				LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{Status: "Enabled", Filter: prefixed(""), Expiration: after(1)}}}}))
		}
		for _, o := range (&world{Ground: g, Service: s}).rows("aging") {
			n, _ := strconv.Atoi(o.Key)
			last = max(last, n)
		}
		for n := last + 1; ; n++ {
			key := fmt.Sprintf("%06d", n)
			must[*s3.PutObjectOutput](t)(s.PutObject(as, &s3.PutObjectInput{Bucket: p("aging"), Key: &key, ContentLength: aws.Int64(0), StorageClass: "GLACIER"}))
			must[*s3.RestoreObjectOutput](t)(s.RestoreObject(as, &s3.RestoreObjectInput{Bucket: p("aging"), Key: &key, RestoreRequest: &types.RestoreRequest{Days: aws.Int32(1), Tier: types.TierExpedited}}))
			fmt.Println(n)
			g.Pass(time.Hour)
		}
	}
	dir, seen := t.TempDir(), 0
	for round := range 4 {
		seen = kill.Writer(t, folder, dir, seen, 40+33*round)
		g, s := open(dir)
		w := &world{Ground: g, Service: s}
		rows := w.rows("aging")
		first, _ := strconv.Atoi(rows[0].Key)
		for i, o := range rows {
			if n, _ := strconv.Atoi(o.Key); n != first+i {
				t.Fatalf("object %d stands after %d", n, first+i-1)
			} else if n <= seen && o.Restored == (restored{}) {
				t.Errorf("the restore of %d is lost", n)
			}
			if !midnight(o.Modified, 1).After(w.Clock.Now()) {
				t.Errorf("%s of %s is there at %s", o.Key, o.Modified, w.Clock.Now())
			}
		}
		if before := rows[0].Modified.Add(-time.Hour); first+len(rows)-1 < seen || first > 1 && midnight(before, 1).After(w.Clock.Now()) {
			t.Errorf("%d to %d are there at %s, the first of %s; %d were answered", first, first+len(rows)-1, w.Clock.Now(), rows[0].Modified, seen)
		}
		w.Pass(5 * time.Minute)
		for _, o := range w.rows("aging") {
			if n, _ := strconv.Atoi(o.Key); n <= seen && s.readable(o, w.Clock.Now()) != nil {
				t.Errorf("%s was never restored: %+v", o.Key, o.Restored)
			}
		}
		g.Clock.Close()
		g.Store.Close()
	}
}

// A year of days over a thousand objects.
func BenchmarkYearOfLifecycle(b *testing.B) {
	for _, dir := range []bool{false, true} {
		b.Run(fmt.Sprintf("disk=%v", dir), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				path := ""
				if dir {
					path = b.TempDir()
				}
				w := newWorld(b, path)
				c := w.bucket(b, us, east, "aging")
				for i := range 1000 {
					must[*s3.PutObjectOutput](b)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("aging"), Key: p(fmt.Sprintf("k%d", i)), Body: strings.NewReader("x")}))
				}
				w.rules(b, "aging", types.LifecycleRule{
					Filter:      &types.LifecycleRuleFilter{ObjectSizeGreaterThan: aws.Int64(0)},
					Transitions: []types.Transition{{Days: aws.Int32(30), StorageClass: standardIA}, {Days: aws.Int32(90), StorageClass: flexible}, {Days: aws.Int32(400), StorageClass: deep}},
				})
				b.StartTimer()
				w.Pass(365 * oneDay)
			}
		})
	}
}
