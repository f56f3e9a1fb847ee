package s3

import (
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestSmoke(t *testing.T) {
	w := newWorld(t, t.TempDir())
	c := w.as(us, east)
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: p("my-bucket"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: east}}))
	must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("my-bucket"), Key: p("a/ü b+c"), Body: strings.NewReader("hello"), Metadata: map[string]string{"x": "y"}}))
	out := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("my-bucket"), Key: p("a/ü b+c")}))
	b, err := io.ReadAll(out.Body)
	t.Log(string(b), err, *out.ChecksumCRC32, *out.ETag, out.Metadata, out.ResultMetadata)
	l := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("my-bucket")}))
	t.Log(*l.Contents[0].Key, *l.Contents[0].Size)
	_, err = w.as(us, west).GetObject(ctx, &s3.GetObjectInput{Bucket: p("my-bucket"), Key: p("x")})
	t.Log(err)
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("my-bucket"), Key: p("x")})
	t.Log(err)
}
