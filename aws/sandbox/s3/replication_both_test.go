package s3

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/try"
	"lifeboat/aws/sandbox/try/kill"
)

// kept is a version as both buckets of a pair must have it.
type kept struct {
	key, version, etag, tags string
	marker                   bool
	modified                 time.Time
}

func (w *world) kept(bucket string) (all []kept) {
	for _, o := range w.rows(bucket) {
		all = append(all, kept{o.Key, o.Version, o.ETag, fmt.Sprint(o.Tags), o.Marker, o.Modified})
	}
	return all
}

// Two buckets that replicate into each other, delete markers and changed tags too, hold the same at rest whatever was written, deleted
// or tagged in either, in the same order; and nothing was written more than once, so nothing goes round.
func TestBothWaysComeToTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pr := newPair(t, "")
		pr.rule(t, pr.here, "here", pr.role, every("there", markers, modifications))
		pr.rule(t, pr.there, "there", pr.role, every("here", markers, modifications))
		written := 0
		for range rapid.IntRange(1, 25).Draw(rt, "changes") {
			bucket, c := "here", pr.here
			if rapid.Bool().Draw(rt, "there") {
				bucket, c = "there", pr.there
			}
			key := rapid.SampledFrom([]string{"a", "b", "b/c"}).Draw(rt, "key")
			switch rapid.SampledFrom([]string{"put", "put", "delete", "tag", "wait"}).Draw(rt, "does") {
			case "put":
				put(t, c, bucket, key, fmt.Sprint("text ", written))
				written++
			case "delete":
				must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}))
				written++
			case "tag":
				if status(t, c, bucket, key) != "absent" {
					tag(t, c, bucket, key, fmt.Sprint(written))
				}
			case "wait":
				pr.Pass(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second)
			}
		}
		pr.Pass(5 * soon)
		here, there := pr.kept("here"), pr.kept("there")
		if !slices.Equal(here, there) {
			rt.Fatalf("here  %v\nthere %v", here, there)
		}
		if len(here) != written {
			rt.Fatalf("%d versions of %d that were written: %v", len(here), written, here)
		}
		for _, bucket := range []string{"here", "there"} {
			for _, o := range pr.rows(bucket) {
				if s := o.Replication.status(); s != "COMPLETED" && s != "REPLICA" {
					rt.Fatalf("%s: %s %s is %q at rest", bucket, o.Key, o.Version, s)
				}
			}
		}
	})
}

// A kill at any moment loses no replica of what was answered for, and makes none twice.
func TestKilledWhileItReplicates(t *testing.T) {
	const folder = "LIFEBOAT_S3_REPLICATION_FOLDER"
	if dir := os.Getenv(folder); dir != "" {
		var pr *pair
		if w := newWorld(t, dir); len(w.rows("here")) == 0 {
			w.Clock.Close()
			w.Store.Close()
			pr = newPair(t, dir, every("there"))
		} else {
			pr = &pair{world: w, here: w.as(us, east)}
		}
		as := try.As(us, east, "s3", "PutObject")
		for n := len(pr.rows("here")) + 1; ; n++ {
			key, text := fmt.Sprintf("%06d", n), fmt.Sprint("number ", n)
			must[*s3.PutObjectOutput](t)(pr.Service.PutObject(as, &s3.PutObjectInput{Bucket: p("here"), Key: &key, ContentLength: aws.Int64(int64(len(text))), Body: strings.NewReader(text)}))
			fmt.Println(n)
			pr.Pass(2 * time.Second)
		}
	}
	dir, seen := t.TempDir(), 0
	for round := range 4 {
		seen = kill.Writer(t, folder, dir, seen, 20+31*round)
		w := newWorld(t, dir)
		if here := w.rows("here"); len(here) < seen {
			t.Fatalf("%d are here, %d were answered", len(here), seen)
		}
		w.Pass(5 * soon)
		if here, there := w.kept("here"), w.kept("there"); !slices.Equal(here, there) {
			t.Errorf("%d are here and %d there, or others", len(here), len(there))
		}
		w.Clock.Close()
		w.Store.Close()
	}
}
