package calls

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"lifeboat/aws/account"
)

// fake is a server that counts what reaches it and answers as a test says.
type fake struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []string // operation by operation, as they arrived
	answer func(n int, w http.ResponseWriter, r *http.Request, op string)
}

func serve(t testing.TB, answer func(n int, w http.ResponseWriter, r *http.Request, op string)) *fake {
	f := &fake{answer: answer}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		op := r.Method + " " + r.URL.Path
		if _, rest, ok := strings.Cut(string(body), "Action="); ok {
			op, _, _ = strings.Cut(rest, "&")
		} else if target := r.Header.Get("X-Amz-Target"); target != "" {
			_, op, _ = strings.Cut(target, ".")
		}
		f.mu.Lock()
		f.seen = append(f.seen, op)
		n := len(f.seen)
		f.mu.Unlock()
		w.Header().Set("X-Amzn-Requestid", fmt.Sprintf("req-%d", n))
		f.answer(n, w, r, op)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

// jumping is a clock that never waits.
type jumping struct{ account.Wall }

func (jumping) Rate() float64                                   { return 0 }
func (jumping) Wait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func (f *fake) target() *account.Target {
	return &account.Target{Kind: account.Sandbox, Home: "us-east-2", Away: "us-west-2", Clock: jumping{}, Endpoint: f.URL,
		Config: func(as, region string) (aws.Config, error) {
			if as != "" && as != "partner" {
				return aws.Config{}, fmt.Errorf("no identity %q", as)
			}
			return aws.Config{Region: region, BaseEndpoint: aws.String(f.URL), Credentials: credentials.NewStaticCredentialsProvider("AKID"+as, "secret", "")}, nil
		}}
}

// refuse answers an ec2 call with an error.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>req-body</RequestID></Response>", code, message)
}

// volumes answers ec2.DescribeVolumes with n volumes (about 240 bytes each).
func volumes(w http.ResponseWriter, n int) {
	var b strings.Builder
	b.WriteString(`<DescribeVolumesResponse><requestId>req-body</requestId><volumeSet>`)
	for i := range n {
		fmt.Fprintf(&b, `<item><volumeId>vol-%017x</volumeId><size>1</size><status>available</status><createTime>2026-11-23T10:00:00.000Z</createTime><encrypted>true</encrypted><availabilityZone>us-east-2a</availabilityZone><volumeType>gp3</volumeType></item>`, i)
	}
	b.WriteString(`</volumeSet></DescribeVolumesResponse>`)
	io.WriteString(w, b.String())
}

func snapshot(w http.ResponseWriter) {
	io.WriteString(w, `<CreateSnapshotResponse><requestId>req-body</requestId><snapshotId>snap-1</snapshotId><status>pending</status></CreateSnapshotResponse>`)
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}
