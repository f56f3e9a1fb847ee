package try

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"lifeboat/aws/sandbox/wire"
)

// Served is a service under the name that the aws CLI gives it, with the operations it answers.
type Served struct {
	Name string
	Ops  []wire.Handler
}

// accounts are the keys of the tests: a key's id is its account's number, and so is its secret.
type accounts struct{}

func (accounts) Key(id string) (wire.Key, error) {
	return wire.Key{Secret: id, Account: id, ARN: "arn:aws:iam::" + id + ":user/admin"}, nil
}

// Serve answers for services over HTTP until the test ends, and gives the address.
func Serve(t testing.TB, services ...Served) (url string) {
	t.Helper()
	server := wire.New(wire.Options{Keys: accounts{}})
	for _, s := range services {
		server.Mount(s.Name, s.Ops...)
	}
	if err := server.Check(); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	return h.URL
}

// Config is what a client of an account in a Region is made with, at an address that Serve gave. Nothing is sent twice.
func Config(url, account, region string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(account, account, ""), RetryMaxAttempts: 1, AppID: "lifeboat"}
}

// Refused checks the code of a refusal; an empty one is none.
func Refused(t testing.TB, what string, err error, want string) {
	t.Helper()
	if code, text := Refusal(err); code != want {
		t.Errorf("%s: %s %q, want %s", what, code, text, want)
	}
}
