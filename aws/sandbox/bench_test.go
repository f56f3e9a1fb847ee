package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// BenchmarkDescribeVolumes asks for ten volumes over kept connections, as several clients at once; the calls are signed, each
// client's once, and checked each time.
func BenchmarkDescribeVolumes(b *testing.B) {
	s := open(b, Options{Dir: b.TempDir()})
	for range 10 {
		s.volume()
	}
	const body = "Action=DescribeVolumes&Version=2016-11-15"
	key, err := s.Credentials("")
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		r, _ := http.NewRequest(http.MethodPost, s.Endpoint()+"/", nil)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		r.ContentLength = int64(len(body))
		sum := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(b.Context(), key, r, hex.EncodeToString(sum[:]), "ec2", Home, time.Now()); err != nil {
			b.Error(err)
		}
		for pb.Next() {
			again := r.Clone(b.Context())
			again.Body = io.NopCloser(strings.NewReader(body))
			answer, err := client.Do(again)
			if err != nil {
				b.Error(err)
				return
			}
			text, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK || strings.Count(string(text), "<volumeId>") != 10 {
				b.Errorf("%s: %s", answer.Status, text)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// BenchmarkOpen is a start with a folder, to the point where it can be called.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := Open(Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
