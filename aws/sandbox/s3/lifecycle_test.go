package s3

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const oneDay = 24 * time.Hour

// rules puts a lifecycle configuration.
func (w *world) rules(t testing.TB, bucket string, rules ...types.LifecycleRule) {
	t.Helper()
	for i := range rules {
		rules[i].Status = types.ExpirationStatusEnabled
		if rules[i].Filter == nil {
			rules[i].Filter = &types.LifecycleRuleFilter{}
		}
	}
	must[*s3.PutBucketLifecycleConfigurationOutput](t)(w.as(us, east).PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}}))
}

// A year of days over a thousand objects.
func BenchmarkYearOfLifecycle(b *testing.B) {
	for _, dir := range []bool{false, true} {
		b.Run(fmt.Sprintf("disk=%v", dir), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				path := ""
				if dir {
					path = b.TempDir()
				}
				w := newWorld(b, path)
				c := w.bucket(b, us, east, "aging")
				for i := range 1000 {
					must[*s3.PutObjectOutput](b)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: p("aging"), Key: p(fmt.Sprintf("k%d", i)), Body: strings.NewReader("x")}))
				}
				w.rules(b, "aging", types.LifecycleRule{
					Filter:      &types.LifecycleRuleFilter{ObjectSizeGreaterThan: aws.Int64(0)},
					Transitions: []types.Transition{{Days: aws.Int32(30), StorageClass: standardIA}, {Days: aws.Int32(90), StorageClass: flexible}, {Days: aws.Int32(400), StorageClass: deep}},
				})
				b.StartTimer()
				w.Pass(365 * oneDay)
			}
		})
	}
}
