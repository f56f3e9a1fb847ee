package s3control

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3api "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/store"
)

// A job whose process ends at any of its steps goes on in the next one: each object is copied once, and the report has each of them once.
func TestKillPoints(t *testing.T) {
	const objects = 2*batchSize + 7
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.furnish(t, func() {
		for n := range objects {
			w.write(t, "here", fmt.Sprintf("%04d", n), "text")
		}
	})
	id := w.create(t, w.replicating(func(in *s3control.CreateJobInput) {
		in.ManifestGenerator = generator(func(*types.S3JobManifestGenerator) {})
		in.Operation = &types.JobOperation{S3PutObjectCopy: &types.S3CopyObjectOperation{TargetResource: p("arn:aws:s3:::here"), TargetKeyPrefix: p("copy")}}
	}))
	journal := filepath.Join(dir, store.JournalFile)
	points := 0
	for !ended(w.job(t, id).Status) {
		w.Pass(pace)
		points++
		// What a killed process leaves is the journal as far as it was written: the next one opens a copy of it.
		next := t.TempDir()
		raw, err := os.ReadFile(journal)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(next, store.JournalFile), append(raw, `{"torn`...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(next, store.BlobsFolder), os.DirFS(filepath.Join(dir, store.BlobsFolder))); err != nil {
			t.Fatal(err)
		}
		if points%5 == 0 {
			heir := newWorld(t, next)
			heir.Pass(time.Minute)
			heir.copies(t, id, objects)
		}
	}
	if points < 20 {
		t.Errorf("the job had %d points", points)
	}
	w.copies(t, id, objects)
}

// copies checks that a job is complete, that every object has one copy, and that the report says so.
func (w *world) copies(t *testing.T, id string, objects int) {
	t.Helper()
	j := w.job(t, id)
	if j.Status != types.JobStatusComplete || *j.ProgressSummary.NumberOfTasksSucceeded != int64(objects) {
		t.Errorf("the job is %s: %d tasks succeeded", j.Status, *j.ProgressSummary.NumberOfTasksSucceeded)
	}
	versions, lines := map[string]int{}, map[string]int{}
	pages := s3api.NewListObjectVersionsPaginator(w.s3, &s3api.ListObjectVersionsInput{Bucket: p("here"), Prefix: p("copy/")})
	for pages.HasMorePages() {
		for _, v := range must[*s3api.ListObjectVersionsOutput](t)(pages.NextPage(ctx)).Versions {
			versions[aws.ToString(v.Key)]++
		}
	}
	for line := range strings.Lines(w.succeeded(t, j)) {
		lines[line]++
	}
	if len(versions) != objects || len(lines) != objects {
		t.Errorf("%d objects were copied, the report has %d", len(versions), len(lines))
	}
	for key, n := range versions {
		if n != 1 {
			t.Errorf("%s was copied %d times", key, n)
		}
	}
}

// What a job writes of itself into the journal grows with its batches, not with its tasks: here are 990, of which none changes an object.
func TestJournalStaysSmall(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.furnish(t, nil)
	list := w.list(t, strings.Repeat("here,none\n", 990), keys...)
	size := func() int64 {
		return must[os.FileInfo](t)(os.Stat(filepath.Join(dir, store.JournalFile))).Size()
	}
	before := size()
	j := w.run(t, w.replicating(func(in *s3control.CreateJobInput) { in.ManifestGenerator, in.Manifest = nil, list }))
	if *j.ProgressSummary.NumberOfTasksFailed != 990 {
		t.Fatalf("the job is %s: %s", j.Status, reasons(j))
	}
	if grown := size() - before; grown > 16<<10 {
		t.Errorf("the journal has grown by %d bytes", grown)
	} else {
		t.Logf("the journal has grown by %d bytes", grown)
	}
}
