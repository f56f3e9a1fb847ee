package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/try"
)

func asError[T error](err error, target *T) bool { return errors.As(err, target) }

func (w *world) put(t testing.TB, c *s3.Client, bucket, key, text string) *s3.PutObjectOutput {
	t.Helper()
	return must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)}))
}

func (w *world) versions(t testing.TB, c *s3.Client, bucket string, status types.BucketVersioningStatus) {
	t.Helper()
	must[*s3.PutBucketVersioningOutput](t)(c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status}}))
}

func text(t testing.TB, out *s3.GetObjectOutput, err error) string {
	t.Helper()
	if err != nil {
		code, _ := try.Refusal(err)
		return code
	}
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *world) get(t testing.TB, c *s3.Client, bucket, key string, version *string) string {
	t.Helper()
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key, VersionId: version})
	return text(t, out, err)
}

// bulk is that many bytes which no two places have alike.
func bulk(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func TestAnObjectComesBackAsItWent(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	c := w.bucket(t, us, east, "things")
	body := bulk(2*chunkSize + 123)
	expires := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	in := &s3.PutObjectInput{
		Bucket: p("things"), Key: p("a b/ü+c&=?#%/"), Body: bytes.NewReader(body), ContentType: p("text/x"), ContentEncoding: p("zip"), ContentLanguage: p("de"),
		ContentDisposition: p("inline"), CacheControl: p("no-cache"), Expires: &expires, Metadata: map[string]string{"colour": "red"}, Tagging: p("a=1&b=%20"),
		WebsiteRedirectLocation: p("/x"),
	}
	put := must[*s3.PutObjectOutput](t)(c.PutObject(ctx, in))
	if want := fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(body))); *put.ETag != want || put.ChecksumCRC32 == nil || put.VersionId != nil || put.ServerSideEncryption != "AES256" {
		t.Errorf("put: %+v", put)
	}
	// What was answered survives a kill: the second store reads what the first one wrote.
	again := newWorld(t, dir)
	c = again.as(us, east)
	out := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key}))
	got, err := io.ReadAll(out.Body)
	if err != nil || !bytes.Equal(got, body) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if *out.ContentType != "text/x" || *out.ContentEncoding != "zip" || *out.ContentLanguage != "de" || *out.ContentDisposition != "inline" || *out.CacheControl != "no-cache" ||
		*out.ExpiresString != expires.Format(http.TimeFormat) || out.Metadata["colour"] != "red" || *out.TagCount != 2 || *out.WebsiteRedirectLocation != "/x" {
		t.Errorf("%+v", out)
	}
	head := must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key, ChecksumMode: types.ChecksumModeEnabled}))
	if *head.ContentLength != int64(len(body)) || *head.ChecksumCRC32 != *put.ChecksumCRC32 || head.ChecksumType != types.ChecksumTypeFullObject {
		t.Errorf("%+v", head)
	}
	over := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, ResponseContentType: p("x/y"), Range: p("bytes=0-0")}))
	if *over.ContentType != "x/y" || *over.ContentRange != fmt.Sprintf("bytes 0-0/%d", len(body)) {
		t.Errorf("%+v", over)
	}
}

func TestRanges(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	body := bulk(chunkSize + 100)
	must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("things"), Key: p("k"), Body: bytes.NewReader(body)}))
	n := len(body)
	for header, want := range map[string][2]int{
		"bytes=0-9": {0, 10}, fmt.Sprintf("bytes=%d-%d", chunkSize-5, chunkSize+4): {chunkSize - 5, chunkSize + 5}, "bytes=-7": {n - 7, n},
		fmt.Sprintf("bytes=%d-", n-3): {n - 3, n}, fmt.Sprintf("bytes=%d-%d", n-3, 2*n): {n - 3, n}, "bytes=5-1": {0, n}, "lines=1-2": {0, n},
	} {
		out := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("things"), Key: p("k"), Range: &header}))
		if got, _ := io.ReadAll(out.Body); !bytes.Equal(got, body[want[0]:want[1]]) {
			t.Errorf("%s: %d bytes", header, len(got))
		}
	}
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("things"), Key: p("k"), Range: p(fmt.Sprintf("bytes=%d-", n))})
	refused(t, "beyond the end", err, "InvalidRange")
}

func TestConditions(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	etag := *w.put(t, c, "things", "k", "one").ETag
	get := func(in s3.GetObjectInput) error {
		in.Bucket, in.Key = p("things"), p("k")
		_, err := c.GetObject(ctx, &in)
		return err
	}
	put := func(key string, in s3.PutObjectInput) error {
		in.Bucket, in.Key, in.Body = p("things"), &key, strings.NewReader("two")
		_, err := c.PutObject(ctx, &in)
		return err
	}
	before, after := w.Clock.Now().Add(-time.Hour), w.Clock.Now().Add(time.Hour)
	refused(t, "If-Match", get(s3.GetObjectInput{IfMatch: &etag}), "")
	refused(t, "If-Match another", get(s3.GetObjectInput{IfMatch: p("x")}), "PreconditionFailed")
	refused(t, "If-None-Match", get(s3.GetObjectInput{IfNoneMatch: &etag}), "NotModified")
	refused(t, "If-Modified-Since", get(s3.GetObjectInput{IfModifiedSince: &after}), "NotModified")
	refused(t, "If-Modified-Since before", get(s3.GetObjectInput{IfModifiedSince: &before}), "")
	refused(t, "If-Unmodified-Since", get(s3.GetObjectInput{IfUnmodifiedSince: &before}), "PreconditionFailed")
	refused(t, "put where there is one", put("k", s3.PutObjectInput{IfNoneMatch: p("*")}), "PreconditionFailed")
	refused(t, "put where there is none", put("new", s3.PutObjectInput{IfNoneMatch: p("*")}), "")
	refused(t, "put over what is expected", put("k", s3.PutObjectInput{IfMatch: &etag}), "")
	refused(t, "put over something else", put("k", s3.PutObjectInput{IfMatch: &etag}), "PreconditionFailed")
	refused(t, "put over nothing", put("none", s3.PutObjectInput{IfMatch: &etag}), "NoSuchKey")
}

func TestWrongChecksumsAreRefusedAndLeaveNothing(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	put := func(in s3.PutObjectInput) error {
		in.Bucket, in.Key, in.Body = p("things"), p("k"), strings.NewReader("text")
		_, err := c.PutObject(ctx, &in)
		return err
	}
	four := func(b byte, n int) *string { return p(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, n))) }
	refused(t, "CRC32", put(s3.PutObjectInput{ChecksumCRC32: four(1, 4)}), "BadDigest")
	refused(t, "SHA256", put(s3.PutObjectInput{ChecksumSHA256: four(1, 32)}), "BadDigest")
	refused(t, "CRC64NVME", put(s3.PutObjectInput{ChecksumCRC64NVME: four(1, 8)}), "BadDigest")
	refused(t, "MD5", put(s3.PutObjectInput{ContentMD5: four(1, 16)}), "BadDigest")
	refused(t, "no MD5", put(s3.PutObjectInput{ContentMD5: p("x")}), "InvalidDigest")
	if got := w.get(t, c, "things", "k", nil); got != "NoSuchKey" {
		t.Errorf("there is %q", got)
	}
	for _, a := range []types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		refused(t, string(a), put(s3.PutObjectInput{ChecksumAlgorithm: a}), "")
		out := must[*s3.GetObjectAttributesOutput](t)(c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
			Bucket: p("things"), Key: p("k"), ObjectAttributes: []types.ObjectAttributes{"Checksum", "ObjectSize", "ETag"}}))
		if sum, _ := given(out.Checksum); sum.Algorithm != a || *out.ObjectSize != 4 {
			t.Errorf("%s: %+v", a, sum)
		}
	}
}

// The check values of the CRC catalogue for "123456789".
func TestChecksumsHaveTheirPublishedValues(t *testing.T) {
	for a, want := range map[types.ChecksumAlgorithm]string{"CRC32": "cbf43926", "CRC32C": "e3069283", "CRC64NVME": "ae8b14860a799888"} {
		h := hashes[a]()
		h.Write([]byte("123456789"))
		if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
			t.Errorf("%s: %s, want %s", a, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "kept")
	del := func(version *string) *s3.DeleteObjectOutput {
		return must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("kept"), Key: p("k"), VersionId: version}))
	}
	w.put(t, c, "kept", "k", "before")
	w.versions(t, c, "kept", types.BucketVersioningStatusEnabled)
	one, two := w.put(t, c, "kept", "k", "one").VersionId, w.put(t, c, "kept", "k", "two").VersionId
	for version, want := range map[*string]string{nil: "two", one: "one", two: "two", p("null"): "before", p("x"): "InvalidArgument", p(strings.Repeat("x", 32)): "NoSuchVersion"} {
		if got := w.get(t, c, "kept", "k", version); got != want {
			t.Errorf("version %v: %q, want %q", aws.ToString(version), got, want)
		}
	}
	marker := del(nil)
	if !aws.ToBool(marker.DeleteMarker) || w.get(t, c, "kept", "k", nil) != "NoSuchKey" || w.get(t, c, "kept", "k", marker.VersionId) != "MethodNotAllowed" {
		t.Errorf("the marker: %+v", marker)
	}
	if list := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("kept")})); len(list.Contents) != 0 {
		t.Error("a deleted object is listed")
	}
	del(marker.VersionId)
	if got := w.get(t, c, "kept", "k", nil); got != "two" {
		t.Errorf("without the marker: %q", got)
	}
	del(two)
	if got := w.get(t, c, "kept", "k", nil); got != "one" {
		t.Errorf("without the newest: %q", got)
	}
	w.versions(t, c, "kept", types.BucketVersioningStatusSuspended)
	if id := w.put(t, c, "kept", "k", "suspended").VersionId; *id != "null" || w.get(t, c, "kept", "k", one) != "one" {
		t.Errorf("suspended: %s", *id)
	}
	if out := del(nil); *out.VersionId != "null" || w.get(t, c, "kept", "k", p("null")) != "MethodNotAllowed" {
		t.Errorf("delete while suspended: %+v", out)
	}
	all := must[*s3.ListObjectVersionsOutput](t)(c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: p("kept")}))
	if len(all.Versions) != 1 || len(all.DeleteMarkers) != 1 || !*all.DeleteMarkers[0].IsLatest || *all.Versions[0].IsLatest {
		t.Errorf("%+v", all)
	}
}

func TestCopies(t *testing.T) {
	w := newWorld(t, "")
	c, far := w.bucket(t, us, east, "from"), w.bucket(t, us, west, "away")
	must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("from"), Key: p("a+b ü"), Body: strings.NewReader("text"), ContentType: p("x/y"), Metadata: map[string]string{"m": "1"}, Tagging: p("t=1")}))
	copied := func(in s3.CopyObjectInput) (*s3.CopyObjectOutput, error) {
		in.Bucket, in.Key, in.CopySource = p("away"), p("copy"), p("from/a%2Bb%20%C3%BC")
		return far.CopyObject(ctx, &in)
	}
	out := must[*s3.CopyObjectOutput](t)(copied(s3.CopyObjectInput{}))
	got := must[*s3.GetObjectOutput](t)(far.GetObject(ctx, &s3.GetObjectInput{Bucket: p("away"), Key: p("copy")}))
	if *got.ContentType != "x/y" || got.Metadata["m"] != "1" || *got.TagCount != 1 || *got.ETag != *out.CopyObjectResult.ETag {
		t.Errorf("%+v", got)
	}
	must[*s3.CopyObjectOutput](t)(copied(s3.CopyObjectInput{MetadataDirective: "REPLACE", Metadata: map[string]string{"n": "2"}, TaggingDirective: "REPLACE", ChecksumAlgorithm: "SHA256"}))
	got = must[*s3.GetObjectOutput](t)(far.GetObject(ctx, &s3.GetObjectInput{Bucket: p("away"), Key: p("copy")}))
	if *got.ContentType != noType || got.Metadata["m"] != "" || got.Metadata["n"] != "2" || got.TagCount != nil {
		t.Errorf("%+v", got)
	}
	_, err := copied(s3.CopyObjectInput{CopySourceIfMatch: p("x")})
	refused(t, "a condition", err, "PreconditionFailed")
	_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("from"), Key: p("a+b ü"), CopySource: p("from/a%2Bb%20%C3%BC")})
	refused(t, "onto itself", err, "InvalidRequest")
	_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("from"), Key: p("x"), CopySource: p("from/none")})
	refused(t, "of nothing", err, "NoSuchKey")
}

func TestDeleteManyAnswersForEach(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	w.put(t, c, "things", "a", "1")
	ids := []types.ObjectIdentifier{{Key: p("a")}, {Key: p("none")}, {Key: p("a"), VersionId: p("bad")}}
	out := must[*s3.DeleteObjectsOutput](t)(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: p("things"), Delete: &types.Delete{Objects: ids}}))
	if len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Code != "InvalidArgument" {
		t.Errorf("%+v", out)
	}
	if got := w.get(t, c, "things", "a", nil); got != "NoSuchKey" {
		t.Errorf("there is %q", got)
	}
	_, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: p("no-such"), Delete: &types.Delete{Objects: ids}})
	refused(t, "no bucket", err, "NoSuchBucket")
}

func TestWhatAnObjectCannotBe(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	put := func(in s3.PutObjectInput) error {
		in.Bucket, in.Body = p("things"), strings.NewReader("x")
		if in.Key == nil {
			in.Key = p("k")
		}
		_, err := c.PutObject(ctx, &in)
		return err
	}
	refused(t, "a long key", put(s3.PutObjectInput{Key: p(strings.Repeat("k", 1025))}), "KeyTooLongError")
	refused(t, "a key that is no text", put(s3.PutObjectInput{Key: p("\xff")}), "InvalidURI")
	refused(t, "much metadata", put(s3.PutObjectInput{Metadata: map[string]string{"m": strings.Repeat("x", 2<<10)}}), "MetadataTooLarge")
	refused(t, "eleven tags", put(s3.PutObjectInput{Tagging: p("a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=")}), "BadRequest")
	refused(t, "a class of another service", put(s3.PutObjectInput{StorageClass: "OUTPOSTS"}), "InvalidStorageClass")
	refused(t, "no key in KMS", put(s3.PutObjectInput{ServerSideEncryption: "aws:kms", SSEKMSKeyId: p("11111111-1111-1111-1111-111111111111")}), "KMS.NotFoundException")
	refused(t, "the account's own key", put(s3.PutObjectInput{ServerSideEncryption: "aws:kms"}), "")
	head := must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: p("things"), Key: p("k")}))
	if head.ServerSideEncryption != "aws:kms" || !strings.HasPrefix(*head.SSEKMSKeyId, "arn:aws:kms:"+east+":"+us+":key/") {
		t.Errorf("%+v", head)
	}
}

func BenchmarkPut1KiB(b *testing.B) {
	w := newWorld(b, b.TempDir())
	c := w.bucket(b, us, east, "things")
	body := bulk(1 << 10)
	n := 0
	for b.Loop() {
		n++
		copy(body, fmt.Sprint(n))
		must[*s3.PutObjectOutput](b)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("things"), Key: p(fmt.Sprintf("key-%06d", n)), Body: bytes.NewReader(body)}))
	}
}
