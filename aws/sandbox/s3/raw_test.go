package s3

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// signed is a request for the east, signed as it is.
func (w *world) signed(t testing.TB, method, path string, header map[string]string, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	credentials := aws.Credentials{AccessKeyID: us, SecretAccessKey: us}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, header["X-Amz-Content-Sha256"], "s3", east, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }); err != nil {
		t.Fatal(err)
	}
	return r
}

// send signs a request for the east and sends it.
func (w *world) send(t testing.TB, method, path string, header map[string]string, body string) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(w.signed(t, method, path, header, body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}

// Bodies in chunks with a checksum behind them, whole, cut, of another length than was said, and with another checksum.
func TestAwsChunkedUploads(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	const whole = "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	for _, test := range []struct{ what, body, length, code string }{
		{"whole", whole, "11", ""},
		{"cut", "5\r\nhello\r\n6\r\n wo", "11", "IncompleteBody"},
		{"without its end", "5\r\nhello\r\n6\r\n world\r\n", "11", "IncompleteBody"},
		{"shorter than said", whole, "12", "IncompleteBody"},
		{"another checksum", strings.Replace(whole, "DUoRhQ", "AAAAAA", 1), "11", "BadDigest"},
	} {
		header := map[string]string{
			"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length": test.length, "Content-Encoding": "aws-chunked",
		}
		key := strings.ReplaceAll(test.what, " ", "-")
		status, answer := w.send(t, "PUT", "/things/"+key, header, test.body)
		if test.code == "" {
			head := must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: p("things"), Key: &key, ChecksumMode: types.ChecksumModeEnabled}))
			if status != 200 || aws.ToString(head.ChecksumCRC32) != "DUoRhQ==" || head.ContentEncoding != nil {
				t.Errorf("%s: %d %s %+v", test.what, status, answer, head)
			}
			continue
		}
		if !strings.Contains(answer, "<Code>"+test.code+"</Code>") || w.get(t, c, "things", key, nil) != "NoSuchKey" {
			t.Errorf("%s: %d %s", test.what, status, answer)
		}
	}
}

// A presigned URL needs no credentials, and says itself what it is good for.
func TestPresignedURLs(t *testing.T) {
	w := newWorld(t, "")
	signer := s3.NewPresignClient(w.bucket(t, us, east, "things"))
	put, err := signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: p("things"), Key: p("a b/ü")})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequest(put.Method, put.URL, strings.NewReader("presigned"))
	for name, values := range put.SignedHeader {
		if name != "Host" {
			r.Header[name] = values
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	get, err := signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: p("things"), Key: p("a b/ü")})
	if err != nil {
		t.Fatal(err)
	}
	if resp, err = http.Get(get.URL); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "presigned" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A connection that breaks in the middle of a body leaves what was there, an object or a part, as it was.
func TestCutUploads(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	put(t, c, "things", "kept", "as it was")
	up := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("parts")}))
	for _, path := range []string{"/things/kept", "/things/new", "/things/parts?partNumber=1&uploadId=" + *up.UploadId} {
		r := w.signed(t, "PUT", path, map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}, strings.Repeat("x", 100_000))
		r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", 60_000)))
		conn, err := net.Dial("tcp", r.URL.Host)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Write(conn); err == nil {
			t.Error("the body was not cut")
		}
		conn.(*net.TCPConn).CloseWrite()
		if answer, _ := io.ReadAll(conn); len(answer) > 0 && !strings.Contains(string(answer), "<Code>IncompleteBody</Code>") {
			t.Errorf("%s: %s", path, answer)
		}
		conn.Close()
	}
	if got := w.get(t, c, "things", "kept", nil); got != "as it was" {
		t.Errorf("what was there is %q", got)
	}
	if got := w.get(t, c, "things", "new", nil); got != "NoSuchKey" {
		t.Errorf("what was cut is %q", got)
	}
	if parts := must[*s3.ListPartsOutput](t)(c.ListParts(ctx, &s3.ListPartsInput{Bucket: p("things"), Key: p("parts"), UploadId: up.UploadId})); len(parts.Parts) > 0 {
		t.Errorf("the upload has %d parts", len(parts.Parts))
	}
}
