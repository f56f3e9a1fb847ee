package s3

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

// BenchmarkReplicate10000 gives the time that 10,000 objects of 1 KiB take from PENDING to COMPLETED, their writing not counted.
func BenchmarkReplicate10000(b *testing.B) {
	const many = 10_000
	for b.Loop() {
		b.StopTimer()
		pr := newPair(b, b.TempDir(), every("there"))
		content, err := pr.Store.Blobs().Put(bulk(1 << 10))
		if err != nil {
			b.Fatal(err)
		}
		writing := time.Now()
		for n := range many {
			err := pr.Store.Update(func(tx *store.Tx) error {
				from, _ := pr.buckets.Get(tx, "here")
				o := Object{
					Key: fmt.Sprintf("objects/%05d", n), Owner: us, Content: Content{Size: 1 << 10, Address: content}, ETag: "0f343b0931126a20f133d67c2b018a3b",
					Checksum: Checksum{types.ChecksumAlgorithmCrc32, "DUoRhQ==", types.ChecksumTypeFullObject}, Headers: headers{Metadata: map[string]string{"n": fmt.Sprint(n)}},
				}
				o.Encryption.Algorithm = types.ServerSideEncryptionAes256
				pr.insert(tx, from, o)
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		wrote := time.Since(writing)
		b.StartTimer()
		pr.Pass(soon)
		b.StopTimer()
		for _, bucket := range []string{"here", "there"} {
			if n := len(pr.rows(bucket)); n != many {
				b.Fatalf("%d versions are %s", n, bucket)
			}
		}
		b.ReportMetric(wrote.Seconds(), "s/writing")
		b.StartTimer()
	}
}
