package s3

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/try"
)

// Accounts and Regions of the tests.
const (
	us   = "111122223333"
	them = "444455556666"
	east = "us-east-2"
	west = "us-west-2"
)

var ctx = context.Background()

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
	w.url = try.Serve(t, try.Served{Name: "s3", Ops: w.Ops()})
	return w
}

// as is a client of an account in a Region, with the SDK's default settings.
func (w *world) as(account, region string, options ...func(*s3.Options)) *s3.Client {
	cfg := try.Config(w.url, account, region)
	cfg.RequestChecksumCalculation, cfg.ResponseChecksumValidation = aws.RequestChecksumCalculationWhenSupported, aws.ResponseChecksumValidationWhenSupported
	return s3.NewFromConfig(cfg, options...)
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
	try.Refused(t, what, err, want)
}

var p = aws.String
