package calls

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// bucket is a server that keeps what is put and gives it back, and says what reached it.
type bucket struct {
	t       *testing.T
	objects map[string][]byte
	sums    map[string]string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Error(err)
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" || len(r.TransferEncoding) > 0 {
		b.t.Errorf("%s %s comes in pieces: %s %v", r.Method, r.URL, enc, r.TransferEncoding)
	}
	switch r.Method {
	case http.MethodPut:
		b.objects[r.URL.Path], b.sums[r.URL.Path] = body, r.Header.Get("X-Amz-Checksum-Crc32")
	default:
		stored, there := b.objects[r.URL.Path]
		if !there {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusNotFound)
			if r.Method == http.MethodGet {
				io.WriteString(w, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
			}
			return
		}
		if sum := b.sums[r.URL.Path]; sum != "" {
			w.Header().Set("X-Amz-Checksum-Crc32", sum)
		}
		w.Write(stored)
	}
}

// Where the address is not AWS's own the bucket is in the path, and bytes arrive as they are, in one piece and with the
// checksum the SDK's configuration asks for.
func TestObjectsAtAnEndpoint(t *testing.T) {
	for name, checksums := range map[string]aws.RequestChecksumCalculation{"always": aws.RequestChecksumCalculationWhenSupported, "never": aws.RequestChecksumCalculationWhenRequired} {
		t.Run(name, func(t *testing.T) {
			b := &bucket{t, map[string][]byte{}, map[string]string{}}
			f := serve(t, func(_ int, w http.ResponseWriter, r *http.Request, op string) {})
			f.Config.Handler = b
			target := f.target()
			config := target.Config
			target.Config = func(as, region string) (aws.Config, error) {
				cfg, err := config(as, region)
				cfg.RequestChecksumCalculation = checksums
				return cfg, err
			}
			c := New(target, Guard{})
			for key, body := range map[string][]byte{"empty": {}, "a b/ü+&=.bak": []byte("some bytes\x00"), "big": bytes.Repeat([]byte{1, 2, 3, 0xff}, 1<<20)} {
				params := map[string]any{"Bucket": "lifeboat-1", "Key": key, "Body": body}
				if res, err := c.Call(t.Context(), Request{Op: "s3.PutObject", Params: params}); err != nil || res.Attempts != 1 {
					t.Fatalf("%s: %v, %d attempts", key, err, res.Attempts)
				}
				delete(params, "Body")
				res, err := c.Call(t.Context(), Request{Op: "s3.GetObject", Params: params})
				if got, _ := res.Output["Body"].([]byte); err != nil || !bytes.Equal(got, body) {
					t.Errorf("%s: %d bytes of %d came back, %v", key, len(got), len(body), err)
				}
				sum := ""
				if name == "always" {
					sum = base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
				}
				if got := b.sums["/lifeboat-1/"+key]; got != sum {
					t.Errorf("%s: checksum %q, want %q", key, got, sum)
				}
			}
			for op, code := range map[string]string{"s3.GetObject": "NoSuchKey", "s3.HeadObject": "NotFound"} {
				_, err := c.Call(t.Context(), Request{Op: op, Params: map[string]any{"Bucket": "lifeboat-1", "Key": "none"}})
				var e *Error
				if !errors.As(err, &e) || e.Kind != NotFound || e.Code != code || e.MayHaveRun {
					t.Errorf("%s of what is not there: %v", op, err)
				}
			}
		})
	}
}

// At AWS's own address the bucket is in the host's name.
func TestBucketsAtAWS(t *testing.T) {
	if newS3(aws.Config{Region: "us-east-2"}).Options().UsePathStyle {
		t.Error("the bucket is in the path at AWS's own address")
	}
	if !newS3(aws.Config{BaseEndpoint: aws.String("http://127.0.0.1:1")}).Options().UsePathStyle {
		t.Error("the bucket is in the host's name at another address")
	}
	if !newS3(aws.Config{}, func(o *s3.Options) { o.UsePathStyle = true }).Options().UsePathStyle {
		t.Error("what was asked for is taken back")
	}
}

// A deletion of many things that was answered with success, and not done for all of them, is no success.
func TestWhatIsDoneInPart(t *testing.T) {
	for _, c := range []struct {
		name, answer, want string
		kind               Kind
	}{
		{"all done", "", "", ""},
		{"one refused", "<Error><Key>a</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", "s3.DeleteObjects in us-east-2: AccessDenied: 1 not done, the first is a: Access Denied", Denied},
		{"to be tried again", "<Error><Key>a</Key><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error><Error><Key>b</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
			"s3.DeleteObjects in us-east-2: InternalError: 2 not done, the first is a: We encountered an internal error", Server},
		{"gone is not all gone", "<Error><Key>a</Key><Code>NoSuchBucket</Code><Message>x</Message></Error>", "s3.DeleteObjects in us-east-2: NoSuchBucket: 1 not done, the first is a: x", Client},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) {
				w.Header().Set("Content-Type", "application/xml")
				io.WriteString(w, "<DeleteResult>"+c.answer+"</DeleteResult>")
			})
			objects := []any{map[string]any{"Key": "a"}, map[string]any{"Key": "b"}}
			_, err := New(f.target(), Guard{}).Call(t.Context(), Request{Op: "s3.DeleteObjects", Region: "us-east-2", Params: map[string]any{"Bucket": "one", "Delete": map[string]any{"Objects": objects}}})
			var e *Error
			if c.want == "" {
				if err != nil {
					t.Errorf("%v, want no error", err)
				}
				return
			}
			if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), c.want) || e.Kind != c.kind || e.MayHaveRun {
				t.Errorf("%v, want %s of kind %s", err, c.want, c.kind)
			}
		})
	}
}
