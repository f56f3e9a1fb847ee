package s3

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

func TestAnUploadInParts(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	c := w.bucket(t, us, east, "things")
	body := bulk(2*minPart + 100)
	pieces := [][]byte{body[:minPart], body[minPart : 2*minPart], body[2*minPart:]}
	for _, algorithm := range []types.ChecksumAlgorithm{"", "CRC32", "CRC64NVME", "SHA256"} {
		key := "key-" + string(algorithm)
		up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: p("things"), Key: &key, ChecksumAlgorithm: algorithm, Metadata: map[string]string{"m": "1"}}))
		var done []types.CompletedPart
		etag := md5.New()
		for i, piece := range pieces {
			out := must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, &s3.UploadPartInput{
				Bucket: p("things"), Key: &key, UploadId: up.UploadId, PartNumber: aws.Int32(int32(2*i + 1)), Body: bytes.NewReader(piece), ChecksumAlgorithm: algorithm}))
			sum := md5.Sum(piece)
			etag.Write(sum[:])
			done = append(done, types.CompletedPart{PartNumber: aws.Int32(int32(2*i + 1)), ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA256: out.ChecksumSHA256})
		}
		whole := must[*s3.CompleteMultipartUploadOutput](t)(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: p("things"), Key: &key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}))
		if want := fmt.Sprintf(`"%x-3"`, etag.Sum(nil)); *whole.ETag != want {
			t.Errorf("%s: ETag %s, want %s", algorithm, *whole.ETag, want)
		}
		if out := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("things"), Key: &key})); out.Metadata["m"] != "1" {
			t.Errorf("metadata %v", out.Metadata)
		} else if got, _ := io.ReadAll(out.Body); !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes", algorithm, len(got))
		}
		part := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("things"), Key: &key, PartNumber: aws.Int32(2)}))
		if got, _ := io.ReadAll(part.Body); !bytes.Equal(got, pieces[1]) || *part.PartsCount != 3 {
			t.Errorf("%s: part 2 has %d bytes", algorithm, len(got))
		}
		parts := must[*s3.GetObjectAttributesOutput](t)(c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
			Bucket: p("things"), Key: &key, ObjectAttributes: []types.ObjectAttributes{"ObjectParts", "Checksum"}, MaxParts: aws.Int32(2)}))
		if n := len(parts.ObjectParts.Parts); n != 2 || !*parts.ObjectParts.IsTruncated || *parts.ObjectParts.Parts[1].PartNumber != 3 {
			t.Errorf("%s: %+v", algorithm, parts.ObjectParts)
		}
	}
	if w.left(t) != 0 {
		t.Error("parts are left")
	}
}

// left is how many parts and uploads there are.
func (w *world) left(t testing.TB) (n int) {
	t.Helper()
	if err := w.Store.View(func(tx *store.Tx) error { n = w.parts.Len(tx) + w.uploads.Len(tx); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatCannotBeCompleted(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("k")})).UploadId
	etags := map[int32]*string{}
	for n := range int32(2) {
		etags[n+1] = must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, &s3.UploadPartInput{Bucket: p("things"), Key: p("k"), UploadId: up, PartNumber: aws.Int32(n + 1), Body: strings.NewReader("small")})).ETag
	}
	complete := func(id *string, numbers ...int32) error {
		var parts []types.CompletedPart
		for _, n := range numbers {
			etag := etags[n]
			if etag == nil {
				etag = p("none")
			}
			parts = append(parts, types.CompletedPart{PartNumber: aws.Int32(n), ETag: etag})
		}
		_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: p("things"), Key: p("k"), UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	refused(t, "a small part that is not the last", complete(up, 1, 2), "EntityTooSmall")
	refused(t, "the wrong order", complete(up, 2, 1), "InvalidPartOrder")
	refused(t, "a part that is not there", complete(up, 1, 7), "InvalidPart")
	refused(t, "no parts", complete(up), "MalformedXML")
	refused(t, "no upload", complete(p("nothing"), 1), "NoSuchUpload")
	_, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: p("things"), Key: p("k"), UploadId: up, PartNumber: aws.Int32(10_001), Body: strings.NewReader("x")})
	refused(t, "part 10001", err, "InvalidArgument")
	list := must[*s3.ListPartsOutput](t)(c.ListParts(ctx, &s3.ListPartsInput{Bucket: p("things"), Key: p("k"), UploadId: up, MaxParts: aws.Int32(1)}))
	if len(list.Parts) != 1 || !*list.IsTruncated || *list.NextPartNumberMarker != "1" {
		t.Errorf("%+v", list)
	}
	must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("a/1")}))
	all := must[*s3.ListMultipartUploadsOutput](t)(c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: p("things"), Delimiter: p("/")}))
	if len(all.Uploads) != 1 || len(all.CommonPrefixes) != 1 || *all.Uploads[0].UploadId != *up {
		t.Errorf("%+v", all)
	}
	refused(t, "the last part alone", complete(up, 2), "")
	refused(t, "again", complete(up, 2), "NoSuchUpload")
	for _, u := range must[*s3.ListMultipartUploadsOutput](t)(c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: p("things")})).Uploads {
		must[*s3.AbortMultipartUploadOutput](t)(c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: p("things"), Key: u.Key, UploadId: u.UploadId}))
	}
	if n := w.left(t); n != 0 {
		t.Errorf("%d parts and uploads are left", n)
	}
}

func TestAPartIsCopied(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	body := bulk(minPart + 50)
	must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("things"), Key: p("from"), Body: bytes.NewReader(body)}))
	up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("to")})).UploadId
	var parts []types.CompletedPart
	for i, span := range []string{fmt.Sprintf("bytes=50-%d", minPart+49), "bytes=0-49"} {
		out := must[*s3.UploadPartCopyOutput](t)(c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: p("things"), Key: p("to"), UploadId: up, PartNumber: aws.Int32(int32(i + 1)), CopySource: p("things/from"), CopySourceRange: &span}))
		parts = append(parts, types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: out.CopyPartResult.ETag})
	}
	must[*s3.CompleteMultipartUploadOutput](t)(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: p("things"), Key: p("to"), UploadId: up, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}))
	if got := w.get(t, c, "things", "to", nil); got != string(body[50:])+string(body[:50]) {
		t.Errorf("%d bytes", len(got))
	}
	// A copy of an object in parts is one piece: its ETag is the MD5 of its bytes.
	out := must[*s3.CopyObjectOutput](t)(c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("things"), Key: p("one"), CopySource: p("things/to")}))
	if want := fmt.Sprintf(`"%x"`, md5.Sum(append(append([]byte(nil), body[50:]...), body[:50]...))); *out.CopyObjectResult.ETag != want {
		t.Errorf("ETag %s, want %s", *out.CopyObjectResult.ETag, want)
	}
}

// endless is that many bytes without one of them in memory.
type endless struct {
	left int64
	next byte
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), e.left)]
	for i := range p {
		p[i] = e.next
		e.next += 7
	}
	e.left -= int64(len(p))
	return len(p), nil
}

// An object streams in and out: what it holds in memory does not grow with it.
func TestAnObjectStreams(t *testing.T) {
	const size, most = 128 << 20, 24 << 20
	w := newWorld(t, t.TempDir())
	w.bucket(t, us, east, "things")
	var before, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	watch := func(r io.Reader) io.Reader {
		n := 0
		return readerFunc(func(p []byte) (int, error) {
			if n++; n%2000 == 0 {
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				if now.HeapInuse > peak.HeapInuse {
					peak = now
				}
			}
			return r.Read(p)
		})
	}
	put, release := w.held()
	defer release()
	length := int64(size)
	r, err := w.receive(incoming{body: watch(&endless{left: size}), length: &length}, put)
	if err != nil {
		t.Fatal(err)
	}
	body := w.open(r.Content, 0, size)
	defer body.Close()
	sum := md5.New()
	if n, err := io.Copy(sum, watch(body)); n != size || err != nil || !bytes.Equal(sum.Sum(nil), r.MD5) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if grown := int64(peak.HeapInuse) - int64(before.HeapInuse); grown > most {
		t.Errorf("%d MiB more in memory, at most %d", grown>>20, most>>20)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func BenchmarkStream256MiB(b *testing.B) {
	w := newWorld(b, b.TempDir())
	c := w.bucket(b, us, east, "things")
	b.SetBytes(256 << 20)
	for b.Loop() {
		up := must[*s3.CreateMultipartUploadOutput](b)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("k")})).UploadId
		var parts []types.CompletedPart
		piece := bulk(16 << 20)
		for n := range int32(16) {
			piece[0] = byte(n)
			out := must[*s3.UploadPartOutput](b)(c.UploadPart(ctx, &s3.UploadPartInput{Bucket: p("things"), Key: p("k"), UploadId: up, PartNumber: aws.Int32(n + 1), Body: bytes.NewReader(piece)}))
			parts = append(parts, types.CompletedPart{PartNumber: aws.Int32(n + 1), ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
		}
		must[*s3.CompleteMultipartUploadOutput](b)(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: p("things"), Key: p("k"), UploadId: up, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}))
		out := must[*s3.GetObjectOutput](b)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("things"), Key: p("k")}))
		if n, err := io.Copy(io.Discard, out.Body); n != 256<<20 || err != nil {
			b.Fatal(n, err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys>>20), "MiB-of-process")
}
