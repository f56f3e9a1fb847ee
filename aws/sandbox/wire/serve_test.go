package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// world is a server with a few operations, and what it saw.
type world struct {
	*httptest.Server
	srv   *Server
	mu    sync.Mutex
	log   []Entry
	fault func() Fault
	calls int
	keys  testKeys
	wall  time.Time
	saved []byte
}

func newWorld(t testing.TB) *world {
	w := &world{keys: oneKey(), wall: time.Now()}
	w.srv = New(Options{
		Keys: w.keys, Wall: func() time.Time { return w.wall },
		Log: func(e Entry) { w.mu.Lock(); w.log = append(w.log, e); w.mu.Unlock() },
		Fault: func(context.Context, Caller) Fault {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.fault == nil {
				return Fault{}
			}
			return w.fault()
		},
		Extra: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(rw, "%s for %s", r.URL.Path, From(r.Context()).Account)
		}),
	})
	w.srv.Mount("ec2", Op(w.createVolume), Op(w.describeVolumes))
	w.srv.Mount("sts", Op(w.whoAmI))
	w.srv.Mount("ebs", Op(w.putBlock))
	w.srv.Mount("s3", Op(w.putObject), Op(w.getObject), Op(w.headObject))
	w.srv.Mount("rds", Op(w.describeInstances))
	w.srv.Mount("backup", Op(w.createVault))
	w.srv.Mount("dynamodb", Op(w.describeTable))
	w.srv.Mount("cloudwatch", Op(w.listMetrics))
	w.srv.Mount("iam", Op(w.createRole))
	w.Server = httptest.NewServer(w.srv)
	t.Cleanup(w.Close)
	return w
}

func (w *world) createVolume(_ context.Context, in *ec2.CreateVolumeInput) (*ec2.CreateVolumeOutput, error) {
	w.mu.Lock()
	w.calls++
	w.mu.Unlock()
	return &ec2.CreateVolumeOutput{VolumeId: aws.String("vol-1"), Size: in.Size, AvailabilityZone: in.AvailabilityZone}, nil
}

func (w *world) describeVolumes(context.Context, *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error) {
	return nil, Errorf("InvalidVolume.NotFound", "The volume 'vol-9' does not exist.")
}

func (w *world) whoAmI(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	c := From(ctx)
	return &sts.GetCallerIdentityOutput{Account: &c.Account, Arn: &c.ARN, UserId: &c.UserID}, nil
}

func (w *world) putBlock(_ context.Context, in *ebs.PutSnapshotBlockInput) (*ebs.PutSnapshotBlockOutput, error) {
	b, err := io.ReadAll(in.BlockData)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saved = b
	return &ebs.PutSnapshotBlockOutput{Checksum: in.Checksum, ChecksumAlgorithm: in.ChecksumAlgorithm}, err
}

func (w *world) putObject(_ context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	b, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saved = b
	return &s3.PutObjectOutput{ETag: aws.String(`"1"`), ChecksumCRC32: in.ChecksumCRC32}, nil
}

func (w *world) getObject(_ context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &s3.GetObjectOutput{
		Body: io.NopCloser(bytes.NewReader(w.saved)), ContentLength: aws.Int64(int64(len(w.saved))), ContentType: aws.String("text/x-test"),
		Metadata: map[string]string{"colour": *in.Key},
	}, nil
}

func (w *world) headObject(context.Context, *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	return nil, Errorf("NotFound", "Not Found")
}

func (w *world) describeInstances(context.Context, *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error) {
	return nil, &rdstypes.DBInstanceNotFoundFault{Message: aws.String("DBInstance x not found.")}
}

func (w *world) createVault(_ context.Context, in *backup.CreateBackupVaultInput) (*backup.CreateBackupVaultOutput, error) {
	return &backup.CreateBackupVaultOutput{BackupVaultName: in.BackupVaultName}, nil
}

func (w *world) describeTable(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	panic("a bug")
}

func (w *world) listMetrics(context.Context, *cloudwatch.ListMetricsInput) (*cloudwatch.ListMetricsOutput, error) {
	return &cloudwatch.ListMetricsOutput{NextToken: aws.String("more")}, nil
}

func (w *world) createRole(context.Context, *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	return &iam.CreateRoleOutput{}, nil
}

// code is an error's code and status.
func code(err error) (string, int) {
	var api smithy.APIError
	var status interface{ HTTPStatusCode() int }
	if !errors.As(err, &api) || !errors.As(err, &status) {
		return fmt.Sprint(err), 0
	}
	return api.ErrorCode(), status.HTTPStatusCode()
}

func TestErrorsKeepAWSsCodesTextsAndStatuses(t *testing.T) {
	w := newWorld(t)
	c := config(w.URL)
	ctx := context.Background()
	long := strings.Repeat("x", 60)
	for _, test := range []struct {
		name   string
		call   func() error
		code   string
		status int
		text   string
	}{
		{"ec2 handler", func() error { _, err := ec2.NewFromConfig(c).DescribeVolumes(ctx, nil); return err }, "InvalidVolume.NotFound", 400, "The volume 'vol-9' does not exist."},
		{"ec2 enum", func() error {
			_, err := ec2.NewFromConfig(c).CreateVolume(ctx, &ec2.CreateVolumeInput{VolumeType: "gp9"})
			return err
		}, "InvalidParameterValue", 400, "Value (gp9) for parameter volumeType is invalid."},
		{"ec2 unknown operation", func() error { _, err := ec2.NewFromConfig(c).DescribeVpcs(ctx, nil); return err }, "InvalidAction", 400, "The action DescribeVpcs is not valid for this web service."},
		{"rds modelled error", func() error { _, err := rds.NewFromConfig(c).DescribeDBInstances(ctx, nil); return err }, "DBInstanceNotFound", 404, "DBInstance x not found."},
		{"rds unknown operation", func() error { _, err := rds.NewFromConfig(c).DescribeEvents(ctx, nil); return err }, "InvalidAction", 400, "Could not find operation DescribeEvents for version 2014-10-31"},
		{"backup pattern", func() error {
			_, err := backup.NewFromConfig(c).CreateBackupVault(ctx, &backup.CreateBackupVaultInput{BackupVaultName: aws.String("x!")})
			return err
		}, "InvalidParameterValueException", 400, "1 validation error detected: Value 'x!' at 'backupVaultName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9\\-\\_]{2,50}$"},
		{"backup unknown operation", func() error { _, err := backup.NewFromConfig(c).ListBackupJobs(ctx, nil); return err }, "UnknownOperationException", 404, ""},
		{"dynamodb internal", func() error {
			_, err := dynamodb.NewFromConfig(c).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("t")})
			return err
		}, "InternalServerError", 500, "An internal error has occurred: panic: a bug"},
		{"dynamodb unknown operation", func() error { _, err := dynamodb.NewFromConfig(c).ListTables(ctx, nil); return err }, "UnknownOperationException", 400, ""},
		{"service without operations", func() error { _, err := sns.NewFromConfig(c).ListTopics(ctx, nil); return err }, "InvalidAction", 400, "Could not find operation ListTopics for version 2010-03-31"},
		{"iam length", func() error {
			_, err := iam.NewFromConfig(c).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(long + long), AssumeRolePolicyDocument: aws.String("{}")})
			return err
		}, "ValidationError", 400, "1 validation error detected: Value '" + long + long + "' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"s3 head", func() error {
			_, err := s3client(c).HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
			return err
		}, "NotFound", 404, ""},
		{"s3 unknown operation", func() error {
			_, err := s3client(c).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bbb")})
			return err
		}, "MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
		{"cloudwatch unknown operation", func() error { _, err := cloudwatch.NewFromConfig(c).DescribeAlarms(ctx, nil); return err }, "UnknownOperationException", 404, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.call()
			got, status := code(err)
			if got != test.code || status != test.status || !strings.Contains(fmt.Sprint(err), test.text) {
				t.Errorf("got %s %d: %v\nwant %s %d: %s", got, status, err, test.code, test.status, test.text)
			}
		})
	}
	notes := 0
	for _, e := range w.log {
		if strings.HasPrefix(e.Note, "the sandbox does not have ") {
			notes++
		}
	}
	if notes != 7 {
		t.Errorf("the log notes %d operations that are not there, want 7", notes)
	}
}

func s3client(c aws.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
}

func TestSignatures(t *testing.T) {
	w := newWorld(t)
	w.keys["ASIATOKEN"] = Key{Secret: "s2", SessionToken: "tok", Account: "444455556666", ARN: "arn:aws:sts::444455556666:assumed-role/r/s", Expires: w.wall.Add(time.Hour)}
	ctx := context.Background()
	with := func(id, secret, token string) aws.Config {
		c := config(w.URL)
		c.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
		return c
	}
	for _, test := range []struct {
		name   string
		c      aws.Config
		wall   time.Duration
		sts    string
		dynamo string
		ec2    string
		s3     string
	}{
		{name: "right", c: with(testKey, testSecret, "")},
		{name: "temporary", c: with("ASIATOKEN", "s2", "tok")},
		{"unknown key", with("AKIANOBODY", "x", ""), 0, "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId"},
		{"wrong secret", with(testKey, "x", ""), 0, "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "SignatureDoesNotMatch"},
		{"wrong token", with("ASIATOKEN", "s2", "other"), 0, "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId"},
		{"expired token", with("ASIATOKEN", "s2", "tok"), 2 * time.Hour, "ExpiredToken", "ExpiredTokenException", "RequestExpired", "ExpiredToken"},
		{"too late", with(testKey, testSecret, ""), time.Hour, "SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"},
		{"too early", with(testKey, testSecret, ""), -time.Hour, "SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.wall = time.Now().Add(test.wall)
			_, stsErr := sts.NewFromConfig(test.c).GetCallerIdentity(ctx, nil)
			_, dynamoErr := dynamodb.NewFromConfig(test.c).ListTables(ctx, nil)
			_, ec2Err := ec2.NewFromConfig(test.c).CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("z")})
			_, s3Err := s3client(test.c).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("ü+c&= d"), Body: strings.NewReader("x")})
			if test.dynamo == "" {
				test.dynamo = "UnknownOperationException"
			}
			if test.name == "too late" && !strings.Contains(fmt.Sprint(stsErr), " - 15 min.)") {
				t.Errorf("too late: %v", stsErr)
			}
			for _, c := range []struct {
				service, want string
				err           error
			}{{"sts", test.sts, stsErr}, {"dynamodb", test.dynamo, dynamoErr}, {"ec2", test.ec2, ec2Err}, {"s3", test.s3, s3Err}} {
				if got, _ := code(c.err); c.want == "" && c.err != nil || c.want != "" && got != c.want {
					t.Errorf("%s: %v, want %q", c.service, c.err, c.want)
				}
			}
		})
	}
}

func TestCallerComesFromTheKey(t *testing.T) {
	w := newWorld(t)
	out, err := sts.NewFromConfig(config(w.URL)).GetCallerIdentity(context.Background(), nil)
	if err != nil || *out.Account != "111122223333" || *out.Arn != "arn:aws:iam::111122223333:user/test" {
		t.Fatalf("%+v %v", out, err)
	}
	e := w.log[len(w.log)-1]
	if e.Caller.Region != "eu-west-1" || e.Caller.Service != "sts" || e.Caller.Operation != "GetCallerIdentity" || e.Status != 200 || e.Caller.RequestID == "" {
		t.Errorf("log entry %+v", e)
	}
}

func TestPresignedURL(t *testing.T) {
	w := newWorld(t)
	w.saved = []byte("what was put")
	p := s3.NewPresignClient(s3client(config(w.URL)))
	r, err := p.PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("a b/ü")}, s3.WithPresignExpires(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	get := func(url string) (int, string) {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if status, body := get(r.URL); status != 200 || body != "what was put" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get(r.URL + "1"); status != 403 || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
		t.Errorf("changed URL: %d %s", status, body)
	}
	w.wall = w.wall.Add(11 * time.Minute)
	if status, body := get(r.URL); status != 403 || !strings.Contains(body, "Request has expired") {
		t.Errorf("expired URL: %d %s", status, body)
	}
}

// signed makes a signed request by hand.
func signed(t testing.TB, method, url, service string, header map[string]string, body string) *http.Request {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" {
		hash = sha256Hex([]byte(body))
	}
	err = v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}, r, hash, service, "eu-west-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func send(t testing.TB, r *http.Request) (int, http.Header, string) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b)
}

func TestHostMustBeLoopback(t *testing.T) {
	w := newWorld(t)
	for host, want := range map[string]int{"evil.example:80": 403, "169.254.169.254": 403, "127.0.0.1": 200, "localhost:1": 200, "[::1]:9": 200} {
		r, _ := http.NewRequest("POST", w.URL, strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		body := "Action=GetCallerIdentity&Version=2011-06-15"
		if err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}, r, sha256Hex([]byte(body)), "sts", "eu-west-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		if got, _, text := send(t, r); got != want {
			t.Errorf("Host %s: %d %s, want %d", host, got, text, want)
		}
	}
}

func TestUnsignedAndBroken(t *testing.T) {
	w := newWorld(t)
	r, _ := http.NewRequest("GET", w.URL+"/bucket", nil)
	if status, _, body := send(t, r); status != 403 || !strings.Contains(body, "MissingAuthenticationToken") {
		t.Errorf("unsigned: %d %s", status, body)
	}
	for name, test := range map[string]struct {
		r    *http.Request
		want string
	}{
		"body changed": {func() *http.Request {
			r := signed(t, "POST", w.URL, "sts", nil, "Action=GetCallerIdentity")
			r.Body = io.NopCloser(strings.NewReader("Action=GetCallerIdentitx"))
			return r
		}(), "SignatureDoesNotMatch"},
		"unknown service":   {signed(t, "POST", w.URL, "glacier", nil, "x"), "the sandbox has no service &#34;glacier&#34;"},
		"unknown parameter": {signed(t, "POST", w.URL, "ec2", nil, "Action=CreateVolume&Version=2016-11-15&Sizze=1"), "<Code>UnknownParameter</Code><Message>The parameter Sizze is not recognized</Message>"},
		"bad number":        {signed(t, "POST", w.URL, "ec2", nil, "Action=CreateVolume&Version=2016-11-15&Size=big"), "InvalidParameterValue"},
		"no action":         {signed(t, "POST", w.URL, "ec2", nil, "Version=2016-11-15"), "InvalidAction"},
		"bad JSON":          {signed(t, "POST", w.URL, "dynamodb", map[string]string{"X-Amz-Target": "DynamoDB_20120810.DescribeTable"}, "{"), "SerializationException"},
		"missing member":    {signed(t, "POST", w.URL, "dynamodb", map[string]string{"X-Amz-Target": "DynamoDB_20120810.DescribeTable"}, "{}"), "Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
		"wrong type":        {signed(t, "POST", w.URL, "dynamodb", map[string]string{"X-Amz-Target": "DynamoDB_20120810.DescribeTable"}, `{"TableName": ["x"]}`), "SerializationException"},
	} {
		_, _, body := send(t, test.r)
		if !strings.Contains(body, test.want) {
			t.Errorf("%s: %s, want %s", name, body, test.want)
		}
	}
}

// CloudWatch speaks three protocols, chosen by the request.
func TestProtocolPerRequest(t *testing.T) {
	w := newWorld(t)
	for name, r := range map[string]*http.Request{
		"json":  signed(t, "POST", w.URL, "monitoring", map[string]string{"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics", "Content-Type": "application/x-amz-json-1.0"}, "{}"),
		"query": signed(t, "POST", w.URL, "monitoring", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "Action=ListMetrics&Version=2010-08-01"),
		"cbor":  signed(t, "POST", w.URL+"/service/GraniteServiceVersion20100801/operation/ListMetrics", "monitoring", map[string]string{"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}, "\xa0"),
	} {
		status, header, body := send(t, r)
		if status != 200 || !strings.Contains(body, "NextToken") || !strings.Contains(body, "more") {
			t.Errorf("%s: %d %v %q", name, status, header, body)
		}
	}
}

func TestChunkedBody(t *testing.T) {
	w := newWorld(t)
	chunked := "5;chunk-signature=0\r\nhello\r\n6;chunk-signature=0\r\n world\r\n0;chunk-signature=0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	r := signed(t, "PUT", w.URL+"/bucket/key", "s3", map[string]string{
		"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": "11",
		"Content-Encoding": "aws-chunked", "X-Amz-Trailer": "x-amz-checksum-crc32",
	}, chunked)
	if status, _, body := send(t, r); status != 200 || string(w.saved) != "hello world" {
		t.Errorf("%d %s, saved %q", status, body, w.saved)
	}
	r = signed(t, "PUT", w.URL+"/bucket/key", "s3", map[string]string{
		"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": "11", "Content-Encoding": "aws-chunked",
	}, chunked[:30])
	if status, _, _ := send(t, r); status == 200 {
		t.Error("a body cut off in the middle was taken")
	}
}

func TestStreamedBodyMustBeTheSignedOne(t *testing.T) {
	w := newWorld(t)
	r := signed(t, "PUT", w.URL+"/bucket/key", "s3", map[string]string{"X-Amz-Content-Sha256": sha256Hex([]byte("one thing"))}, "one thing")
	r.Body = io.NopCloser(strings.NewReader("two thing"))
	if status, _, body := send(t, r); status != 400 || !strings.Contains(body, "XAmzContentSHA256Mismatch") {
		t.Errorf("%d %s", status, body)
	}
	w.saved = nil
	block := bytes.Repeat([]byte{7}, 512<<10)
	_, err := ebs.NewFromConfig(config(w.URL)).PutSnapshotBlock(context.Background(), &ebs.PutSnapshotBlockInput{
		SnapshotId: aws.String("snap-0123456789abcdef0"), BlockIndex: aws.Int32(3), BlockData: bytes.NewReader(block), DataLength: aws.Int32(512 << 10),
		Checksum: aws.String("x"), ChecksumAlgorithm: "SHA256",
	})
	if err != nil || !bytes.Equal(w.saved, block) {
		t.Errorf("EBS block: %v, %d bytes", err, len(w.saved))
	}
}

func TestUserMetadataIsLowerCase(t *testing.T) {
	w := newWorld(t)
	p, err := s3.NewPresignClient(s3client(config(w.URL))).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", p.URL, nil)
	rec := httptest.NewRecorder()
	w.srv.ServeHTTP(rec, r)
	if v := rec.Header()[strings.ToLower("X-Amz-Meta-Colour")]; len(v) != 1 || rec.Header().Get("Content-Type") != "text/x-test" {
		t.Errorf("%v", rec.Header())
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(config(w.URL))
	call := func(ctx context.Context) error {
		_, err := client.CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("z"), VolumeType: ec2types.VolumeTypeGp3})
		return err
	}
	weather := func(f func() Fault) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls, w.fault = 0, f
	}
	for _, test := range []struct {
		name  string
		fault Fault
		calls int
		want  string
	}{
		{"none", Fault{}, 1, "<nil>"},
		{"delay", Fault{Delay: time.Nanosecond}, 1, "<nil>"},
		{"code", Fault{Code: "RequestLimitExceeded", Message: "Request limit exceeded."}, 0, "RequestLimitExceeded: Request limit exceeded."},
		{"drop", Fault{Drop: true}, 0, "EOF"},
		{"lose", Fault{Lose: true}, 1, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			weather(func() Fault { return test.fault })
			err := call(context.Background())
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.calls != test.calls || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("%d calls, %v; want %d, %s", w.calls, err, test.calls, test.want)
			}
		})
	}
	t.Run("hang", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		weather(func() Fault { cancel(); return Fault{Hang: true} })
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestControlPathsAreSigned(t *testing.T) {
	w := newWorld(t)
	r, _ := http.NewRequest("GET", w.URL+"/_lifeboat/clock", nil)
	if status, _, body := send(t, r); status != 403 {
		t.Errorf("unsigned: %d %s", status, body)
	}
	if status, _, body := send(t, signed(t, "GET", w.URL+"/_lifeboat/clock", "lifeboat", nil, "")); status != 200 || body != "/_lifeboat/clock for 111122223333" {
		t.Errorf("signed: %d %s", status, body)
	}
}

func TestMountedOperationsAreInTheModel(t *testing.T) {
	if err := newWorld(t).srv.Check(); err != nil {
		t.Error(err)
	}
	s := New(Options{})
	s.Mount("ec2", Handler{Name: "MakeVolume"})
	if err := s.Check(); err == nil {
		t.Error("MakeVolume passed")
	}
	for name, service := range s.services {
		l, err := service.load()
		if err != nil || l.api.SigningName != scopeName(name) {
			t.Errorf("%s signs as %s, the model says %s", name, scopeName(name), l.api.SigningName)
		}
	}
}
