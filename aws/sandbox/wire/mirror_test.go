package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// clients makes one client of every service of the model.
var clients = map[string]func(aws.Config) any{
	"backup":                   func(c aws.Config) any { return backup.NewFromConfig(c) },
	"cloudwatch":               func(c aws.Config) any { return cloudwatch.NewFromConfig(c) },
	"dlm":                      func(c aws.Config) any { return dlm.NewFromConfig(c) },
	"dynamodb":                 func(c aws.Config) any { return dynamodb.NewFromConfig(c) },
	"ebs":                      func(c aws.Config) any { return ebs.NewFromConfig(c) },
	"ec2":                      func(c aws.Config) any { return ec2.NewFromConfig(c) },
	"efs":                      func(c aws.Config) any { return efs.NewFromConfig(c) },
	"events":                   func(c aws.Config) any { return eventbridge.NewFromConfig(c) },
	"iam":                      func(c aws.Config) any { return iam.NewFromConfig(c) },
	"kms":                      func(c aws.Config) any { return kms.NewFromConfig(c) },
	"lambda":                   func(c aws.Config) any { return lambda.NewFromConfig(c) },
	"logs":                     func(c aws.Config) any { return cloudwatchlogs.NewFromConfig(c) },
	"rds":                      func(c aws.Config) any { return rds.NewFromConfig(c) },
	"resourcegroupstaggingapi": func(c aws.Config) any { return resourcegroupstaggingapi.NewFromConfig(c) },
	"s3":                       func(c aws.Config) any { return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }) },
	"s3control": func(c aws.Config) any {
		return s3control.NewFromConfig(c, func(o *s3control.Options) { o.EndpointResolverV2 = bare{*c.BaseEndpoint} })
	},
	"secretsmanager": func(c aws.Config) any { return secretsmanager.NewFromConfig(c) },
	"sns":            func(c aws.Config) any { return sns.NewFromConfig(c) },
	"ssm":            func(c aws.Config) any { return ssm.NewFromConfig(c) },
	"storagegateway": func(c aws.Config) any { return storagegateway.NewFromConfig(c) },
	"sts":            func(c aws.Config) any { return sts.NewFromConfig(c) },
}

// bare is an endpoint without the account in front: an address has no names under it.
type bare struct{ endpoint string }

func (b bare) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(b.endpoint)
	return smithyendpoints.Endpoint{URI: *u}, err
}

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

type testKeys map[string]Key

func (k testKeys) Key(id string) (Key, error) {
	key, ok := k[id]
	if !ok {
		return Key{}, errors.New("no such key")
	}
	return key, nil
}

func oneKey() testKeys {
	return testKeys{testKey: {Secret: testSecret, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/test", UserID: "AIDATEST"}}
}

func config(endpoint string) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(testKey, testSecret, ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions:  []func(*middleware.Stack) error{noHostPrefix, hideWriteTo},
	}
}

func noHostPrefix(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
	}), middleware.Before)
}

// hideWriteTo keeps the transport from looking at a request's body after the SDK has closed it.
func hideWriteTo(s *middleware.Stack) error {
	return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("HideWriteTo", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok && r.GetStream() != nil {
			if seek, ok := r.GetStream().(io.ReadSeeker); ok {
				if wrapped, err := r.SetStream(struct{ io.ReadSeeker }{seek}); err == nil {
					in.Request = wrapped
				}
			}
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

// mirror is a server whose every operation keeps what came and answers what it is told.
type mirror struct {
	mu     sync.Mutex
	calls  int
	got    any
	answer func() any
	log    []Entry
}

func (m *mirror) mount(s *Server, service string, client any) {
	t := reflect.TypeOf(client)
	api, err := model.Load(service)
	if err != nil {
		panic(err)
	}
	for name := range api.Ops {
		method, ok := t.MethodByName(name)
		if !ok {
			continue
		}
		s.Mount(service, Handler{Name: name, input: method.Type.In(2).Elem(), call: func(_ context.Context, in any) (any, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.calls++
			var err error
			if m.got, err = codec.Encode(api.Ops[name].Input, in); err != nil {
				return nil, err
			}
			return m.answer(), nil
		}})
	}
}

// unmodelled are members that never travel: the SDK or the service drops them.
func unmodelled(s *model.Shape, m string) bool {
	switch s.Name + "." + m {
	case "CopySnapshotRequest.DestinationRegion",
		"CopyDBSnapshotMessage.SourceRegion", "CopyDBClusterSnapshotMessage.SourceRegion",
		"RestoreDBClusterToPointInTimeMessage.SourceRegion", "StartDBInstanceAutomatedBackupsReplicationMessage.SourceRegion",
		"CreateDBClusterMessage.SourceRegion":
		return true
	}
	return false
}

// Every operation of the model, every member set, goes through the SDK's own client there and back.
func TestMirror(t *testing.T) {
	for _, service := range model.Services() {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			mirrorService(t, service)
		})
	}
}

func mirrorService(t *testing.T, service string) {
	m := &mirror{}
	srv := New(Options{Keys: oneKey(), Log: func(e Entry) { m.mu.Lock(); m.log = append(m.log, e); m.mu.Unlock() }})
	web := httptest.NewServer(srv)
	defer web.Close()
	make := clients[service]
	if make == nil {
		t.Fatalf("no client of %s in the table", service)
	}
	client := make(config(web.URL))
	m.mount(srv, service, client)
	api, _ := model.Load(service)
	var names []string
	for name := range api.Ops {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) { mirrorOp(t, m, client, api.Ops[name]) })
	}
}

func mirrorOp(t *testing.T, m *mirror, client any, op *model.Op) {
	method := reflect.ValueOf(client).MethodByName(op.Name)
	if !method.IsValid() {
		t.Fatalf("the SDK has no %s", op)
	}
	inType, outType := method.Type().In(1).Elem(), method.Type().Out(0).Elem()
	in := reflect.New(inType)
	fill := filler{fixed: fixedIn[op.API.Service], skip: unmodelled}
	sent := fill.tree(op.Input, inType, 0)
	if problems := codec.Validate(op.Input, sent); len(problems) > 0 {
		t.Fatalf("the filler's input is not valid: %v", problems)
	}
	if err := codec.Decode(op.Input, sent, in.Interface()); err != nil {
		t.Fatal(err)
	}
	back := filler{n: 500, fixed: fixedOut[op.API.Service]}
	answer := back.tree(op.Output, outType, 0)
	m.answer = func() any {
		out := reflect.New(outType)
		if err := codec.Decode(op.Output, answer, out.Interface()); err != nil {
			t.Error(err)
		}
		return out.Interface()
	}
	m.got, m.calls = nil, 0
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	if err, _ := results[1].Interface().(error); err != nil {
		t.Fatalf("%v\nsent %v", err, sent)
	}
	if m.calls != 1 {
		t.Errorf("one call became %d at the server", m.calls)
	}
	for _, d := range differences("input", sent, m.got) {
		t.Error(d)
	}
	received, err := codec.Encode(op.Output, results[0].Interface())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences("output", answer, received) {
		t.Error(d)
	}
}

// differences compares two plain trees.
func differences(path string, want, got any) (out []string) {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v, want a map", path, got)}
		}
		for k := range want {
			out = append(out, differences(path+"."+k, want[k], got[k])...)
		}
		for k := range got {
			if _, ok := want[k]; !ok && got[k] != false && got[k] != 0.0 && k != "ContentLength" {
				out = append(out, fmt.Sprintf("%s.%s is %v, want nothing", path, k, got[k]))
			}
		}
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return []string{fmt.Sprintf("%s is %v, want %d items", path, got, len(want))}
		}
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])...)
		}
	default:
		if b, ok := want.([]byte); ok {
			want = string(b)
		}
		if b, ok := got.([]byte); ok {
			got = string(b)
		}
		if !reflect.DeepEqual(want, got) {
			return []string{fmt.Sprintf("%s is %#v, want %#v", path, got, want)}
		}
	}
	return out
}

// fixedIn and fixedOut are values by member name where the SDK knows more than the model.
var fixedIn = map[string]map[string]any{
	"s3": {
		"Bucket": "a-bucket", "Key": "a/key with ü+c&=", "ChecksumMode": nil, "ContentMD5": nil, "SSECustomerKeyMD5": nil,
		"ChecksumAlgorithm": nil, "ContentLength": nil, "CopySource": "b-bucket/key", "Expires": nil,
		"CopySourceSSECustomerKeyMD5": nil,
	},
	"s3control": {"AccountId": "111122223333"},
	"events":    {"EndpointId": nil}, // its requests are signed with SigV4a
}

var fixedOut = map[string]map[string]any{
	"s3":     {"ContentLength": nil, "Expires": nil, "ContentRange": nil, "ExpiresString": nil},
	"lambda": {"StatusCode": 200.0},
}
