package s3

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"
)

// other is a client of S3 that is not AWS's.
func (w *world) other(t testing.TB, region string) *minio.Client {
	t.Helper()
	return must[*minio.Client](t)(minio.New(strings.TrimPrefix(w.url, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(us, us, ""), Region: region, BucketLookup: minio.BucketLookupPath, TrailingHeaders: true}))
}

// all reads a channel of a listing to its end.
func all(t testing.TB, list <-chan minio.ObjectInfo) (found []minio.ObjectInfo) {
	t.Helper()
	for o := range list {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		found = append(found, o)
	}
	return found
}

// Another client than AWS's finds what it looks for: streams of unknown length, seeking reads, versions, copies, tags, presigned URLs.
func TestAnotherClient(t *testing.T) {
	w := newWorld(t, t.TempDir())
	c := w.other(t, east)
	none := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	none("make a bucket", c.MakeBucket(ctx, "things", minio.MakeBucketOptions{Region: east}))
	none("versions", c.EnableVersioning(ctx, "things"))
	body := bulk(2*minPart + 1234)

	one := must[minio.UploadInfo](t)(c.PutObject(ctx, "things", "dir/a b+ü", bytes.NewReader(body[:1000]), 1000, minio.PutObjectOptions{
		ContentType: "text/x", UserMetadata: map[string]string{"colour": "red"}, UserTags: map[string]string{"t": "1"}}))
	stream := must[minio.UploadInfo](t)(c.PutObject(ctx, "things", "dir/stream", struct{ io.Reader }{bytes.NewReader(body)}, -1, minio.PutObjectOptions{PartSize: minPart}))
	parts := must[minio.UploadInfo](t)(c.PutObject(ctx, "things", "dir/parts", bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{PartSize: minPart, SendContentMd5: true}))
	if !strings.HasSuffix(parts.ETag, "-3") || parts.ETag != stream.ETag || one.VersionID == "" {
		t.Errorf("%+v\n%+v\n%+v", one, stream, parts)
	}
	o := must[*minio.Object](t)(c.GetObject(ctx, "things", "dir/stream", minio.GetObjectOptions{}))
	if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	piece := make([]byte, 100)
	if _, err := o.Seek(-200, io.SeekEnd); err != nil {
		t.Error(err)
	} else if _, err = io.ReadFull(o, piece); err != nil || !bytes.Equal(piece, body[len(body)-200:len(body)-100]) {
		t.Errorf("after a seek: %v", err)
	}
	if _, err := o.ReadAt(piece, minPart-50); err != nil || !bytes.Equal(piece, body[minPart-50:minPart+50]) {
		t.Errorf("at an offset: %v", err)
	}
	stat := must[minio.ObjectInfo](t)(c.StatObject(ctx, "things", "dir/a b+ü", minio.StatObjectOptions{}))
	if stat.Size != 1000 || stat.ContentType != "text/x" || stat.UserMetadata["Colour"] != "red" || stat.UserTagCount != 1 || stat.ETag != one.ETag {
		t.Errorf("%+v", stat)
	}
	_, err := c.StatObject(ctx, "things", "none", minio.StatObjectOptions{})
	if minio.ToErrorResponse(err).Code != "NoSuchKey" {
		t.Errorf("%v", err)
	}

	must[minio.UploadInfo](t)(c.CopyObject(ctx, minio.CopyDestOptions{Bucket: "things", Object: "copy", UserMetadata: map[string]string{"m": "2"}, ReplaceMetadata: true}, minio.CopySrcOptions{Bucket: "things", Object: "dir/a b+ü"}))
	whole := must[minio.UploadInfo](t)(c.ComposeObject(ctx, minio.CopyDestOptions{Bucket: "things", Object: "composed"},
		minio.CopySrcOptions{Bucket: "things", Object: "dir/parts"}, minio.CopySrcOptions{Bucket: "things", Object: "dir/a b+ü"}))
	composed := must[*minio.Object](t)(c.GetObject(ctx, "things", "composed", minio.GetObjectOptions{}))
	if got, err := io.ReadAll(composed); err != nil || !bytes.Equal(got, append(bytes.Clone(body), body[:1000]...)) {
		t.Errorf("composed: %d bytes, %v, %+v", len(got), err, whole)
	}

	set := must[*tags.Tags](t)(tags.NewTags(map[string]string{"a": "1", "b": "2"}, true))
	none("tag", c.PutObjectTagging(ctx, "things", "copy", set, minio.PutObjectTaggingOptions{}))
	if got := must[*tags.Tags](t)(c.GetObjectTagging(ctx, "things", "copy", minio.GetObjectTaggingOptions{})); got.String() != set.String() {
		t.Errorf("tags %s", got)
	}
	none("untag", c.RemoveObjectTagging(ctx, "things", "copy", minio.RemoveObjectTaggingOptions{}))

	address, err := c.PresignedGetObject(ctx, "things", "dir/a b+ü", time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := must[*http.Response](t)(http.Get(address.String()))
	if got, _ := io.ReadAll(answer.Body); !bytes.Equal(got, body[:1000]) {
		t.Errorf("presigned: %d %s", answer.StatusCode, got)
	}
	answer.Body.Close()

	must[minio.UploadInfo](t)(c.PutObject(ctx, "things", "dir/a b+ü", strings.NewReader("two"), 3, minio.PutObjectOptions{}))
	none("remove", c.RemoveObject(ctx, "things", "dir/a b+ü", minio.RemoveObjectOptions{}))
	if found := all(t, c.ListObjects(ctx, "things", minio.ListObjectsOptions{Prefix: "dir/", Recursive: true, MaxKeys: 1})); len(found) != 2 {
		t.Errorf("%+v", found)
	}
	if found := all(t, c.ListObjects(ctx, "things", minio.ListObjectsOptions{})); len(found) != 3 { // dir/, composed, copy
		t.Errorf("%+v", found)
	}
	versions := all(t, c.ListObjects(ctx, "things", minio.ListObjectsOptions{Prefix: "dir/a", Recursive: true, WithVersions: true}))
	marker := slices.IndexFunc(versions, func(o minio.ObjectInfo) bool { return o.IsDeleteMarker && o.IsLatest })
	if len(versions) != 3 || marker < 0 || !slices.ContainsFunc(versions, func(o minio.ObjectInfo) bool { return o.VersionID == one.VersionID && o.Size == 1000 }) {
		t.Errorf("%+v", versions)
	}
	old := must[*minio.Object](t)(c.GetObject(ctx, "things", "dir/a b+ü", minio.GetObjectOptions{VersionID: one.VersionID}))
	if got, _ := io.ReadAll(old); !bytes.Equal(got, body[:1000]) {
		t.Errorf("the first version: %d bytes", len(got))
	}
	w.begunAndDropped(t, c)
	gone := make(chan minio.ObjectInfo)
	go func() {
		defer close(gone)
		for o := range c.ListObjects(ctx, "things", minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			gone <- o
		}
	}()
	for e := range c.RemoveObjects(ctx, "things", gone, minio.RemoveObjectsOptions{}) {
		t.Errorf("%s: %v", e.ObjectName, e.Err)
	}
	none("remove the bucket", c.RemoveBucket(ctx, "things"))
}

// begunAndDropped begins an upload, finds it, and gives it up.
func (w *world) begunAndDropped(t testing.TB, c *minio.Client) {
	t.Helper()
	core := minio.Core{Client: c}
	id := must[string](t)(core.NewMultipartUpload(ctx, "things", "half", minio.PutObjectOptions{}))
	must[minio.ObjectPart](t)(core.PutObjectPart(ctx, "things", "half", id, 1, strings.NewReader("half"), 4, minio.PutObjectPartOptions{}))
	found := 0
	for u := range c.ListIncompleteUploads(context.Background(), "things", "ha", true) {
		if found++; u.Err != nil || u.Key != "half" {
			t.Errorf("%+v", u)
		}
	}
	if err := c.RemoveIncompleteUpload(ctx, "things", "half"); err != nil || found != 1 || w.left(t) != 0 {
		t.Errorf("%d uploads found, %d rows left, %v", found, w.left(t), err)
	}
}
