package cloudwatch

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"lifeboat/aws/sandbox/try"
)

var (
	ctx = context.Background()
	p   = aws.String
)

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
	w.url = try.Serve(t, try.Served{Name: "cloudwatch", Ops: w.service.Ops()})
	w.Client = w.as(try.Mine, try.Home)
	return w
}

func (w *world) as(account, region string) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(try.Config(w.url, account, region))
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
