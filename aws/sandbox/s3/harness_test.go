package s3

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/try"
	"lifeboat/aws/sandbox/wire"
)

// Accounts and Regions of the tests.
const (
	us   = "111122223333"
	them = "444455556666"
	east = "us-east-2"
	west = "us-west-2"
)

var ctx = context.Background()

// accounts are the keys of the tests: a key's id is its account's number, and so is its secret.
type accounts struct{}

func (accounts) Key(id string) (wire.Key, error) {
	return wire.Key{Secret: id, Account: id, ARN: "arn:aws:iam::" + id + ":user/admin"}, nil
}

// world is S3 over HTTP.
type world struct {
	*try.Ground
	*Service
	roles *iam.Service
	url   string
}

func newWorld(t testing.TB, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	roles := iam.New(g.Store)
	w := &world{Ground: g, Service: New(g.Store, Options{Keys: kms.New(g.Store), Roles: roles}), roles: roles}
	server := wire.New(wire.Options{Keys: accounts{}})
	server.Mount("s3", w.Ops()...)
	if err := server.Check(); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	w.url = h.URL
	return w
}

// as is a client of an account in a Region, with the SDK's default settings.
func (w *world) as(account, region string, options ...func(*s3.Options)) *s3.Client {
	return s3.NewFromConfig(aws.Config{
		Region: region, BaseEndpoint: &w.url, Credentials: credentials.NewStaticCredentialsProvider(account, account, ""),
		RetryMaxAttempts: 1, AppID: "lifeboat",
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}, options...)
}

// must gives an answer that may not be an error.
func must[T any](t testing.TB) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused checks the code of a refusal; an empty one is none.
func refused(t testing.TB, what string, err error, want string) {
	t.Helper()
	if code, text := try.Refusal(err); code != want {
		t.Errorf("%s: %s %q, want %s", what, code, text, want)
	}
}

var p = aws.String
