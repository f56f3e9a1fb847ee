package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func tenVolumes() *ec2.DescribeVolumesOutput {
	out := &ec2.DescribeVolumesOutput{}
	for i := range 10 {
		out.Volumes = append(out.Volumes, types.Volume{
			VolumeId: aws.String(fmt.Sprintf("vol-%017x", i)), AvailabilityZone: aws.String("eu-west-1a"), Size: aws.Int32(1), State: types.VolumeStateAvailable,
			SnapshotId: aws.String("snap-0123456789abcdef0"), VolumeType: types.VolumeTypeGp3, Iops: aws.Int32(3000), Throughput: aws.Int32(125),
			Encrypted: aws.Bool(false), MultiAttachEnabled: aws.Bool(false), CreateTime: aws.Time(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
			Attachments: []types.VolumeAttachment{}, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("lifeboat volume")}, {Key: aws.String("lifeboat:run"), Value: aws.String("r")}},
		})
	}
	return out
}

func listServer() *Server {
	s := New(Options{Keys: oneKey()})
	out := tenVolumes()
	s.Mount("ec2", Op(func(context.Context, *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error) { return out, nil }))
	s.Mount("dynamodb", Op(func(context.Context, *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
		return &dynamodb.ListTablesOutput{TableNames: []string{"a", "b"}}, nil
	}))
	return s
}

// One request through signature check, codec and handler, without a network.
func BenchmarkServe(b *testing.B) {
	s := listServer()
	for _, c := range []struct {
		name, service, body string
		header              map[string]string
	}{
		{"DescribeVolumes-10", "ec2", "Action=DescribeVolumes&Version=2016-11-15&MaxResults=100", nil},
		{"ListTables", "dynamodb", "{}", map[string]string{"X-Amz-Target": "DynamoDB_20120810.ListTables"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			r := signed(b, "POST", "http://127.0.0.1/", c.service, c.header, c.body)
			r.RequestURI = "/"
			for b.Loop() {
				again := *r
				again.Body = io.NopCloser(bytes.NewReader([]byte(c.body)))
				rec := httptest.NewRecorder()
				s.ServeHTTP(rec, &again)
				if rec.Code != 200 {
					b.Fatal(rec.Body)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	s := listServer()
	r := signed(b, "POST", "http://127.0.0.1/", "ec2", nil, "x")
	sig, hash := signatureOf(r), sha256Hex([]byte("x"))
	b.ReportAllocs()
	for b.Loop() {
		if _, why := s.verify(r, sig, hash); why != "" {
			b.Fatal(why)
		}
	}
}

// Signed requests over loopback from eight plain HTTP clients on the same processors: DescribeVolumes with ten volumes.
func BenchmarkSignedRequestsOverLoopback(b *testing.B) {
	web := httptest.NewServer(listServer())
	defer web.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	body := []byte("Action=DescribeVolumes&Version=2016-11-15")
	hash := sha256Hex(body)
	signer := v4.NewSigner()
	var failed atomic.Int64
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequest("POST", web.URL, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			_ = signer.SignHTTP(context.Background(), aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}, r, hash, "ec2", "eu-west-1", time.Now())
			resp, err := client.Do(r)
			if err != nil {
				failed.Add(1)
				continue
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 200 {
				failed.Add(1)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	if failed.Load() > 0 {
		b.Errorf("%d requests failed", failed.Load())
	}
}
