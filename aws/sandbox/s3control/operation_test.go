package s3control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3api "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// with is a job on the manifest that does something else.
func (w *world) with(list *types.JobManifest, o types.JobOperation) *s3control.CreateJobInput {
	return w.replicating(func(in *s3control.CreateJobInput) { in.ManifestGenerator, in.Manifest, in.Operation = nil, list, &o })
}

// Every operation does to each object what its call does to one.
func TestOperations(t *testing.T) {
	w := newWorld(t, "")
	w.furnish(t, nil)
	must[*s3api.PutObjectOutput](t)(w.s3.PutObject(ctx, &s3api.PutObjectInput{Bucket: p("here"), Key: p("a b"), Body: strings.NewReader("text"), Metadata: map[string]string{"m": "1"}, Tagging: p("old=1")}))
	must[*s3api.PutObjectOutput](t)(w.s3.PutObject(ctx, &s3api.PutObjectInput{Bucket: p("here"), Key: p("cold"), Body: strings.NewReader("text"), StorageClass: s3types.StorageClassGlacier}))
	done := func(in *s3control.CreateJobInput, succeeded, failed int64) *types.JobDescriptor {
		t.Helper()
		j := w.run(t, in)
		if j.Status == types.JobStatusFailed {
			t.Fatalf("the job failed: %s", reasons(j))
		}
		if sum := j.ProgressSummary; j.Status != types.JobStatusComplete || *sum.NumberOfTasksSucceeded != succeeded || *sum.NumberOfTasksFailed != failed {
			t.Errorf("the job is %s (%s): %d succeeded, %d failed: %s", j.Status, reasons(j), *sum.NumberOfTasksSucceeded, *sum.NumberOfTasksFailed, w.failed(t, j))
		}
		return j
	}
	tags := func(bucket, key string) (list []string) {
		for _, tag := range must[*s3api.GetObjectTaggingOutput](t)(w.s3.GetObjectTagging(ctx, &s3api.GetObjectTaggingInput{Bucket: &bucket, Key: &key})).TagSet {
			list = append(list, *tag.Key+"="+*tag.Value)
		}
		return list
	}
	head := func(bucket, key string) *s3api.HeadObjectOutput {
		t.Helper()
		return must[*s3api.HeadObjectOutput](t)(w.s3.HeadObject(ctx, &s3api.HeadObjectInput{Bucket: &bucket, Key: &key}))
	}
	list := w.list(t, "here,a+b\nhere,none\n", keys...)
	set := []types.S3Tag{{Key: p("new"), Value: p("2")}}

	done(w.with(list, types.JobOperation{S3PutObjectTagging: &types.S3SetObjectTaggingOperation{TagSet: set}}), 1, 1)
	if got := tags("here", "a b"); !slices.Equal(got, []string{"new=2"}) {
		t.Errorf("tags %v", got)
	}
	done(w.with(list, types.JobOperation{S3DeleteObjectTagging: &types.S3DeleteObjectTaggingOperation{}}), 1, 1)
	if got := tags("here", "a b"); len(got) != 0 {
		t.Errorf("tags %v", got)
	}
	j := done(w.with(list, types.JobOperation{S3PutObjectCopy: &types.S3CopyObjectOperation{
		TargetResource: p("arn:aws:s3:::notes"), TargetKeyPrefix: p("copies"), StorageClass: types.S3StorageClassStandardIa, NewObjectTagging: set, ChecksumAlgorithm: types.S3ChecksumAlgorithmSha256,
	}}), 1, 1)
	if o := head("notes", "copies/a b"); o.StorageClass != s3types.StorageClassStandardIa || o.Metadata["m"] != "1" || !slices.Equal(tags("notes", "copies/a b"), []string{"new=2"}) {
		t.Errorf("the copy is %+v with %v", o, tags("notes", "copies/a b"))
	}
	if got := w.failed(t, j); got != "here,none,,failed,404,NoSuchKey,The specified key does not exist.\n" {
		t.Errorf("failed: %s", got)
	}
	done(w.with(w.list(t, "here,a%20b\n", keys...), types.JobOperation{S3PutObjectCopy: &types.S3CopyObjectOperation{
		TargetResource: p("arn:aws:s3:::here"), NewObjectMetadata: &types.S3ObjectMetadata{ContentType: p("text/x"), UserMetadata: map[string]string{"m": "2"}},
	}}), 1, 0)
	if o := head("here", "a b"); *o.ContentType != "text/x" || o.Metadata["m"] != "2" {
		t.Errorf("the object is now %+v", o)
	}
	j = done(w.with(w.list(t, "here,cold\nhere,a%20b\n", keys...), types.JobOperation{S3InitiateRestoreObject: &types.S3InitiateRestoreObjectOperation{ExpirationInDays: aws.Int32(2), GlacierJobTier: types.S3GlacierJobTierStandard}}), 1, 1)
	if !strings.Contains(w.failed(t, j), ",failed,403,InvalidObjectState,") || !strings.HasPrefix(aws.ToString(head("here", "cold").Restore), `ongoing-request="true"`) {
		t.Errorf("restored: %v, failed: %s", aws.ToString(head("here", "cold").Restore), w.failed(t, j))
	}

	// What has tags is copied with the right to them only.
	must[*s3api.PutObjectTaggingOutput](t)(w.s3.PutObjectTagging(ctx, &s3api.PutObjectTaggingInput{Bucket: p("here"), Key: p("a b"), Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: p("k"), Value: p("v")}}}}))
	one := w.list(t, "here,a+b\n", keys...)
	again := types.JobOperation{S3PutObjectCopy: &types.S3CopyObjectOperation{TargetResource: p("arn:aws:s3:::notes")}}
	for _, test := range []struct {
		rights []string
		failed int64
	}{{[]string{"s3:GetObject", "s3:PutObject"}, 1}, {[]string{"s3:GetObject", "s3:PutObject", "s3:GetObjectTagging"}, 1}, {[]string{"s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"}, 0}} {
		w.allow(t, "batch", test.rights...)
		done(w.with(one, again), 1-test.failed, test.failed)
	}

	// Without the right to it, none of them is done.
	list = w.list(t, "here,a+b\nhere,none\n", keys...)
	w.allow(t, "batch", "s3:GetObject", "s3:PutObject")
	denied := ",failed,403,AccessDenied,Access Denied\n"
	for _, o := range []types.JobOperation{
		{S3PutObjectTagging: &types.S3SetObjectTaggingOperation{TagSet: set}}, {S3DeleteObjectTagging: &types.S3DeleteObjectTaggingOperation{}},
		{S3InitiateRestoreObject: &types.S3InitiateRestoreObjectOperation{ExpirationInDays: aws.Int32(2), GlacierJobTier: types.S3GlacierJobTierBulk}},
	} {
		if got := w.failed(t, done(w.with(list, o), 0, 2)); strings.Count(got, denied) != 2 {
			t.Errorf("%s without the right to it: %s", named(&o), got)
		}
	}
}

// A filter lets through what all of its parts let through.
func TestFilters(t *testing.T) {
	w := newWorld(t, "")
	var middle time.Time
	w.furnish(t, func() {
		w.write(t, "here", "logs/1.txt", "1")
		w.write(t, "here", "logs/2.bin", strings.Repeat("x", 100))
		w.Pass(time.Hour)
		middle = w.Clock.Now()
		w.Pass(time.Hour)
		must[*s3api.PutObjectOutput](t)(w.s3.PutObject(ctx, &s3api.PutObjectInput{Bucket: p("here"), Key: p("data/3.txt"), Body: strings.NewReader("text"), StorageClass: s3types.StorageClassStandardIa}))
		must[*s3api.PutObjectOutput](t)(w.s3.PutObject(ctx, &s3api.PutObjectInput{Bucket: p("here"), Key: p("data/4.txt"), Body: strings.NewReader("text"), StorageClass: s3types.StorageClassDeepArchive}))
	})
	w.write(t, "here", "new.txt", "text")
	w.Pass(time.Minute)
	none, completed := []types.ReplicationStatus{types.ReplicationStatusNone}, []types.ReplicationStatus{types.ReplicationStatusCompleted}
	for what, test := range map[string]struct {
		filter *types.JobManifestGeneratorFilter
		want   string
	}{
		"none":                   {nil, "data/3.txt data/4.txt logs/1.txt logs/2.bin new.txt"},
		"eligible":               {&types.JobManifestGeneratorFilter{EligibleForReplication: aws.Bool(true)}, "data/3.txt logs/1.txt logs/2.bin new.txt"},
		"not eligible":           {&types.JobManifestGeneratorFilter{EligibleForReplication: aws.Bool(false)}, "data/4.txt"},
		"replicated":             {&types.JobManifestGeneratorFilter{ObjectReplicationStatuses: completed}, "new.txt"},
		"eligible, not yet gone": {&types.JobManifestGeneratorFilter{EligibleForReplication: aws.Bool(true), ObjectReplicationStatuses: none}, "data/3.txt logs/1.txt logs/2.bin"},
		"old":                    {&types.JobManifestGeneratorFilter{CreatedBefore: &middle}, "logs/1.txt logs/2.bin"},
		"new":                    {&types.JobManifestGeneratorFilter{CreatedAfter: &middle}, "data/3.txt data/4.txt new.txt"},
		"of a size":              {&types.JobManifestGeneratorFilter{ObjectSizeGreaterThanBytes: aws.Int64(1), ObjectSizeLessThanBytes: aws.Int64(100)}, "data/3.txt data/4.txt new.txt"},
		"of a class":             {&types.JobManifestGeneratorFilter{MatchAnyStorageClass: []types.S3StorageClass{types.S3StorageClassStandardIa, types.S3StorageClassGlacier}}, "data/3.txt"},
		"prefix and suffix":      {&types.JobManifestGeneratorFilter{KeyNameConstraint: &types.KeyNameConstraint{MatchAnyPrefix: []string{"logs/", "new"}, MatchAnySuffix: []string{".txt"}}}, "logs/1.txt new.txt"},
		"substring":              {&types.JobManifestGeneratorFilter{KeyNameConstraint: &types.KeyNameConstraint{MatchAnySubstring: []string{"a/3", "2."}}}, "data/3.txt logs/2.bin"},
		"encryption":             {&types.JobManifestGeneratorFilter{MatchAnyObjectEncryption: []types.ObjectEncryptionFilter{&types.ObjectEncryptionFilterMemberSSEKMS{}}}, ""},
		"SSE-S3":                 {&types.JobManifestGeneratorFilter{MatchAnyObjectEncryption: []types.ObjectEncryptionFilter{&types.ObjectEncryptionFilterMemberSSES3{}}, CreatedBefore: &middle}, "logs/1.txt logs/2.bin"},
	} {
		t.Run(what, func(t *testing.T) {
			prefix := strings.ReplaceAll(what, " ", "-")
			j := w.run(t, w.replicating(func(in *s3control.CreateJobInput) {
				in.Operation = &types.JobOperation{S3PutObjectTagging: &types.S3SetObjectTaggingOperation{TagSet: []types.S3Tag{{Key: p("k"), Value: p("v")}}}}
				in.ManifestGenerator = generator(func(g *types.S3JobManifestGenerator) {
					g.Filter, g.EnableManifestOutput = test.filter, true
					g.ManifestOutputLocation = &types.S3ManifestOutputLocation{Bucket: p("arn:aws:s3:::notes"), ManifestPrefix: &prefix, ManifestFormat: types.GeneratedManifestFormatS3InventoryReportCsv20211130}
				})
			}))
			if test.want == "" {
				if reasons(j) != nothingMatches {
					t.Errorf("the job is %s: %s", j.Status, reasons(j))
				}
				return
			}
			if j.Status != types.JobStatusComplete {
				t.Fatalf("the job is %s: %s", j.Status, reasons(j))
			}
			// The manifest that was written makes the next job.
			from := j.GeneratedManifestDescriptor.Location
			again := w.run(t, w.with(&types.JobManifest{Spec: &types.JobManifestSpec{Format: types.JobManifestFormatS3InventoryReportCsv20161130}, Location: from}, *j.Operation))
			if again.Status != types.JobStatusComplete || *again.ProgressSummary.TotalNumberOfTasks != int64(len(strings.Fields(test.want))) || w.failed(t, again) != "" {
				t.Errorf("a job of the manifest is %s: %s", again.Status, reasons(again))
			}
			var keys []string
			for line := range strings.Lines(w.succeeded(t, again)) {
				keys = append(keys, strings.Split(line, ",")[1])
			}
			if got := strings.Join(keys, " "); got != test.want {
				t.Errorf("%s: %s, want %s", what, got, test.want)
			}
		})
	}
}

// Jobs with a higher priority run first; those that run wait for them.
func TestPriorities(t *testing.T) {
	w := newWorld(t, t.TempDir())
	w.furnish(t, nil)
	w.write(t, "here", "k", "text")
	long := w.list(t, strings.Repeat("here,k\n", 20000), keys...)
	job := func(priority int32) string {
		return w.create(t, w.replicating(func(in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest, in.Priority = nil, long, &priority
			in.Operation = &types.JobOperation{S3DeleteObjectTagging: &types.S3DeleteObjectTaggingOperation{}}
		}))
	}
	var low []string
	for range maxActive + 1 {
		low = append(low, job(1))
	}
	w.Pass(8 * time.Second)
	statuses := func(ids ...string) string {
		var all []string
		for _, id := range ids {
			all = append(all, string(w.job(t, id).Status))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	if got := statuses(low...); got != strings.Repeat("Active ", maxActive)+"Ready" {
		t.Errorf("seven jobs are %s", got)
	}
	high := job(9)
	w.Pass(7*time.Second + 500*time.Millisecond)
	if got := statuses(low...); !strings.Contains(got, "Pausing Ready") {
		t.Errorf("as a job of higher priority comes, the others are %s", got)
	}
	w.Pass(2 * time.Second)
	if got := statuses(low...) + "; " + statuses(high); got != strings.Repeat("Active ", maxActive-1)+"Paused Ready; Active" {
		t.Errorf("then they are %s", got)
	}
	must[*s3control.UpdateJobPriorityOutput](t)(w.jobs.UpdateJobPriority(ctx, &s3control.UpdateJobPriorityInput{AccountId: p(us), JobId: &low[maxActive], Priority: 10}))
	w.Pass(2 * time.Second)
	if got := w.job(t, low[maxActive]); got.Status != types.JobStatusActive || got.Priority != 10 {
		t.Errorf("with priority 10 the last is %s", got.Status)
	}
	w.Pass(5 * time.Minute)
	if got := statuses(append(low, high)...); got != strings.TrimSpace(strings.Repeat("Complete ", maxActive+2)) {
		t.Errorf("in the end they are %s", got)
	}
}

func TestListJobs(t *testing.T) {
	w := newWorld(t, "")
	w.furnish(t, nil)
	var made []string
	for n := range 5 {
		made = append(made, w.create(t, w.replicating(func(in *s3control.CreateJobInput) { in.Description = p(fmt.Sprint("job ", n)) })))
		w.Pass(time.Millisecond)
	}
	must[*s3control.UpdateJobStatusOutput](t)(w.jobs.UpdateJobStatus(ctx, &s3control.UpdateJobStatusInput{AccountId: p(us), JobId: &made[2], RequestedJobStatus: types.RequestedJobStatusCancelled}))
	list := func(in s3control.ListJobsInput) (ids []string) {
		for in.AccountId = p(us); ; {
			out := must[*s3control.ListJobsOutput](t)(w.jobs.ListJobs(ctx, &in))
			for _, j := range out.Jobs {
				ids = append(ids, *j.JobId)
			}
			if in.NextToken = out.NextToken; out.NextToken == nil {
				return ids
			}
		}
	}
	newest := slices.Clone(made)
	slices.Reverse(newest)
	if got := list(s3control.ListJobsInput{MaxResults: aws.Int32(2)}); !slices.Equal(got, newest) {
		t.Errorf("listed %v, want %v", got, newest)
	}
	if got := list(s3control.ListJobsInput{JobStatuses: []types.JobStatus{types.JobStatusCancelling, types.JobStatusCancelled}}); !slices.Equal(got, made[2:3]) {
		t.Errorf("cancelled: %v", got)
	}
	_, theirs := w.as(them, east)
	_, far := w.as(us, west)
	_, err := theirs.DescribeJob(ctx, &s3control.DescribeJobInput{AccountId: p(them), JobId: &made[0]})
	refusedWith(t, "another account's job", err, "NoSuchJob")
	_, err = far.DescribeJob(ctx, &s3control.DescribeJobInput{AccountId: p(us), JobId: &made[0]})
	refusedWith(t, "a job in another Region", err, "NoSuchJob")
	_, err = theirs.ListJobs(ctx, &s3control.ListJobsInput{AccountId: p(us)})
	refusedWith(t, "the jobs of another account", err, "AccessDenied")
	_, err = w.jobs.ListJobs(ctx, &s3control.ListJobsInput{AccountId: p(us), NextToken: p("@@")})
	refusedWith(t, "a wrong token", err, "InvalidNextToken")
}
