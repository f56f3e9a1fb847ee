package s3control

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/store"
)

// A job over 10,000 objects, from its making to its report.
func BenchmarkJob(b *testing.B) {
	const objects = 10_000
	for name, operation := range map[string]types.JobOperation{
		"replicate": {S3ReplicateObject: &types.S3ReplicateObjectOperation{}},
		"copy":      {S3PutObjectCopy: &types.S3CopyObjectOperation{TargetResource: p("arn:aws:s3:::notes"), TargetKeyPrefix: p("copy")}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := newWorld(b, b.TempDir())
				w.furnish(b, func() {
					body := strings.Repeat("x", 1024)
					for from := 0; from < objects; from += 500 {
						err := w.Store.Update(func(tx *store.Tx) error {
							for n := from; n < from+500; n++ {
								if err := w.buckets.PutObject(tx, "here", fmt.Sprintf("%05d", n), []byte(body)); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							b.Fatal(err)
						}
					}
				})
				b.StartTimer()
				j := w.run(b, w.replicating(func(in *s3control.CreateJobInput) {
					in.Operation, in.ManifestGenerator = &operation, generator(func(*types.S3JobManifestGenerator) {})
				}))
				if *j.ProgressSummary.NumberOfTasksSucceeded != objects {
					b.Fatalf("the job is %s: %+v", j.Status, *j.ProgressSummary)
				}
				b.ReportMetric(j.TerminationDate.Sub(*j.CreationTime).Seconds(), "virtual-s/job")
				w.Pass(time.Second)
			}
		})
	}
}
