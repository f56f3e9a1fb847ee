package wire

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// shelf is S3 with what it was sent.
type shelf struct {
	bucket, key, body string
	announced, sum    string
	length            int64
}

func (b *shelf) put(_ context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	trailer, _ := in.Body.(Trailer)
	if trailer != nil {
		b.announced = trailer.Announced()
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	b.bucket, b.key, b.body = *in.Bucket, *in.Key, string(body)
	if in.ContentLength != nil {
		b.length = *in.ContentLength
	}
	if trailer != nil {
		b.sum = trailer.Trailer(b.announced)
	}
	return &s3.PutObjectOutput{}, nil
}

func (b *shelf) get(context.Context, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	return nil, &Error{Code: "PermanentRedirect", Message: "elsewhere", Header: http.Header{"X-Amz-Bucket-Region": {"eu-west-9"}}, Elements: []Element{{"Bucket", "a<b"}}}
}

func newShelf(t *testing.T) (*world, *shelf) {
	w, b := newWorld(t), &shelf{}
	w.srv.Mount("s3", Op(b.put), Op(b.get))
	return w, b
}

// resign signs a request again after a change.
func resign(t *testing.T, r *http.Request, service, hash string) {
	t.Helper()
	r.Header.Del("Authorization")
	credentials := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hash, service, "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestABucketInTheHost(t *testing.T) {
	w, b := newShelf(t)
	for host, want := range map[string]string{
		"the-bucket.localhost:1": "the-bucket a/b", "dotted.name.localhost": "dotted.name a/b", "the-bucket.s3.localhost": "the-bucket a/b", "localhost": "a b", "s3.localhost": "a b",
	} {
		r := signed(t, "PUT", w.URL+"/a/b", "s3", map[string]string{"X-Amz-Content-Sha256": unsigned}, "text")
		r.Host = host
		resign(t, r, "s3", unsigned)
		status, _, text := send(t, r)
		if got := b.bucket + " " + b.key; status != 200 || got != want {
			t.Errorf("Host %s: %d %s %s, want %s", host, status, got, text, want)
		}
	}
}

func TestAnErrorSaysMore(t *testing.T) {
	w, _ := newShelf(t)
	status, header, text := send(t, signed(t, "GET", w.URL+"/b/k", "s3", map[string]string{"X-Amz-Content-Sha256": unsigned}, ""))
	if status != 301 || header.Get("X-Amz-Bucket-Region") != "eu-west-9" || !strings.Contains(text, "<Code>PermanentRedirect</Code><Message>elsewhere</Message><Bucket>a&lt;b</Bucket>") {
		t.Errorf("%d %v %s", status, header, text)
	}
}

func TestATrailerComesBehindTheBody(t *testing.T) {
	w, b := newShelf(t)
	body := "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	header := map[string]string{
		"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length": "11", "Content-Encoding": "aws-chunked",
	}
	if status, _, text := send(t, signed(t, "PUT", w.URL+"/b/k", "s3", header, body)); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	if b.body != "hello world" || b.announced != "x-amz-checksum-crc32" || b.sum != "DUoRhQ==" || b.length != 11 {
		t.Errorf("%+v", b)
	}
	cut := strings.TrimSuffix(body, "0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n")
	if status, _, _ := send(t, signed(t, "PUT", w.URL+"/b/k", "s3", header, cut)); status == 200 {
		t.Errorf("a cut body: %d", status)
	}
}

// chunks writes a body in chunks signed as "Transferring payload in multiple chunks" has it (SigV4 reference), written here a second time.
func chunks(seed, date string, trailer string, pieces ...string) string {
	sign := func(parts ...string) string {
		key := []byte("AWS4" + testSecret)
		for _, part := range []string{date[:8], "eu-west-1", "s3", "aws4_request", strings.Join(parts, "\n")} {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(part))
			key = h.Sum(nil)
		}
		return hex.EncodeToString(key)
	}
	scope := date[:8] + "/eu-west-1/s3/aws4_request"
	var out bytes.Buffer
	for _, piece := range append(pieces, "") {
		seed = sign("AWS4-HMAC-SHA256-PAYLOAD", date, scope, seed, sha256Hex(nil), sha256Hex([]byte(piece)))
		fmt.Fprintf(&out, "%x;chunk-signature=%s\r\n", len(piece), seed)
		if piece != "" {
			out.WriteString(piece + "\r\n")
		}
	}
	if trailer != "" {
		seed = sign("AWS4-HMAC-SHA256-TRAILER", date, scope, seed, sha256Hex([]byte(trailer+"\n")))
		fmt.Fprintf(&out, "%s\r\nx-amz-trailer-signature:%s\r\n", trailer, seed)
	}
	return out.String() + "\r\n"
}

func TestSignedChunks(t *testing.T) {
	w, b := newShelf(t)
	for _, trailer := range []string{"", "x-amz-checksum-crc32:DUoRhQ=="} {
		header := map[string]string{"X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "X-Amz-Decoded-Content-Length": "11", "Content-Encoding": "aws-chunked"}
		if trailer != "" {
			header["X-Amz-Content-Sha256"] += "-TRAILER"
			header["X-Amz-Trailer"] = "x-amz-checksum-crc32"
		}
		for change, want := range map[string]int{"": 200, "hello": 403, "world": 403, "DUoRhQ": 403} {
			if change == "DUoRhQ" && trailer == "" {
				continue
			}
			*b = shelf{}
			r := signed(t, "PUT", w.URL+"/b/k", "s3", header, "")
			_, seed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			body := chunks(seed, r.Header.Get("X-Amz-Date"), trailer, "hello", " world")
			if change != "" {
				body = strings.Replace(body, change, strings.ToUpper(change), 1)
			}
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			status, _, text := send(t, r)
			if status != want || want == 200 && b.body != "hello world" || want == 403 && !strings.Contains(text, "<Code>SignatureDoesNotMatch</Code>") {
				t.Errorf("%q %q: %d %s %+v", trailer, change, status, text, b)
			}
		}
	}
}
