package cloudwatch

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/try"
	"lifeboat/aws/sandbox/wire"
)

var (
	ctx = context.Background()
	p   = aws.String
)

type accounts struct{}

func (accounts) Key(id string) (wire.Key, error) {
	return wire.Key{Secret: id, Account: id, ARN: "arn:aws:iam::" + id + ":user/admin"}, nil
}

// world is CloudWatch over HTTP, and a client of it.
type world struct {
	*try.Ground
	service *Service
	*cloudwatch.Client
	url string
}

func newWorld(t testing.TB, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	w := &world{Ground: g, service: New(g.Store)}
	server := wire.New(wire.Options{Keys: accounts{}})
	server.Mount("cloudwatch", w.service.Ops()...)
	if err := server.Check(); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	w.url = h.URL
	w.Client = w.as(try.Mine, try.Home)
	return w
}

func (w *world) as(account, region string) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(aws.Config{Region: region, BaseEndpoint: &w.url, Credentials: credentials.NewStaticCredentialsProvider(account, account, ""), RetryMaxAttempts: 1, AppID: "lifeboat"})
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

func refused(t testing.TB, what string, err error, want string) {
	t.Helper()
	if code, text := try.Refusal(err); code != want {
		t.Errorf("%s: %s %q, want %s", what, code, text, want)
	}
}

// at is a moment so many minutes after the clock's beginning.
func at(minutes float64) *time.Time {
	return aws.Time(try.Start().Add(time.Duration(minutes * float64(time.Minute))))
}

// note puts values of the metric m of the namespace Tests at a moment.
func (w *world) note(t testing.TB, when *time.Time, values ...float64) {
	t.Helper()
	must[*cloudwatch.PutMetricDataOutput](t)(w.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: p("Tests"), MetricData: []types.MetricDatum{
		{MetricName: p("m"), Timestamp: when, Values: values, Unit: types.StandardUnitCount, Dimensions: []types.Dimension{{Name: p("d"), Value: p("1")}}},
	}}))
}
