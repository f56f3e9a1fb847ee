package s3control

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
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

	"lifeboat/aws/sandbox/try"
)

// What is older than the rule is not replicated, and is after a job of Batch Replication.
func TestReplicatesWhatIsOlder(t *testing.T) {
	w := newWorld(t, t.TempDir())
	w.furnish(t, func() {
		for n := range 700 {
			w.write(t, "here", fmt.Sprintf("old/%03d ü", n), fmt.Sprint("text ", n))
		}
	})
	w.write(t, "here", "new", "text")
	w.Pass(time.Minute)
	far, _ := w.as(us, west)
	there := func() (keys []string) {
		all := must[*s3api.ListObjectsV2Output](t)(far.ListObjectsV2(ctx, &s3api.ListObjectsV2Input{Bucket: p("there")}))
		for _, o := range all.Contents {
			keys = append(keys, *o.Key)
		}
		return keys
	}
	if got := there(); !slices.Equal(got, []string{"new"}) {
		t.Fatalf("before the job there are %v", got)
	}
	j := w.run(t, w.replicating())
	if sum := j.ProgressSummary; j.Status != types.JobStatusComplete || *sum.TotalNumberOfTasks != 700 || *sum.NumberOfTasksSucceeded != 700 || *sum.NumberOfTasksFailed != 0 || *sum.Timers.ElapsedTimeInActiveSeconds < 10 {
		t.Errorf("the job is %s, %+v, failed for %+v", j.Status, *sum, j.FailureReasons)
	}
	if got := there(); len(got) != 701 {
		t.Errorf("after the job there are %d objects", len(got))
	}
	here := must[*s3api.HeadObjectOutput](t)(w.s3.HeadObject(ctx, &s3api.HeadObjectInput{Bucket: p("here"), Key: p("old/007 ü")}))
	away := must[*s3api.HeadObjectOutput](t)(far.HeadObject(ctx, &s3api.HeadObjectInput{Bucket: p("there"), Key: p("old/007 ü")}))
	if here.ReplicationStatus != s3types.ReplicationStatusCompleted || away.ReplicationStatus != s3types.ReplicationStatusReplica || *here.VersionId != *away.VersionId {
		t.Errorf("here %s %s, there %s %s", here.ReplicationStatus, *here.VersionId, away.ReplicationStatus, *away.VersionId)
	}
	// Nothing is left to be done.
	if j = w.run(t, w.replicating()); j.Status != types.JobStatusFailed || *j.FailureReasons[0].FailureReason != nothingMatches {
		t.Errorf("a second job is %s, %+v", j.Status, j.FailureReasons)
	}
}

// The completion report lists each task, under a manifest with its MD5.
func TestReport(t *testing.T) {
	w := newWorld(t, "")
	w.furnish(t, func() { w.write(t, "here", "a b,c", "text") })
	version := *must[*s3api.HeadObjectOutput](t)(w.s3.HeadObject(ctx, &s3api.HeadObjectInput{Bucket: p("here"), Key: p("a b,c")})).VersionId
	list := w.list(t, "here,a%20b%2Cc,"+version+"\nhere,a+b%2Cc,\nhere,none,"+strings.Repeat("x", 32)+"\n", versions...)
	for scope, want := range map[types.JobReportScope]map[string]string{
		types.JobReportScopeAllTasks: {
			"succeeded": "here,a%20b%2Cc," + version + ",succeeded,200,,Successful\n",
			"failed": "here,a%20b%2Cc,,failed,400,InvalidRequest,Task failed due to missing VersionId\n" +
				"here,none," + strings.Repeat("x", 32) + ",failed,400,SrcVersionNotFound,Amazon S3 is unable to find the source object version to replicate.\n",
		},
		types.JobReportScopeFailedTasksOnly: {"failed": "same"},
	} {
		j := w.run(t, w.replicating(func(in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest, in.Report.ReportScope = nil, list, scope
		}))
		if sum := j.ProgressSummary; j.Status != types.JobStatusComplete || *sum.NumberOfTasksSucceeded != 1 || *sum.NumberOfTasksFailed != 2 {
			t.Fatalf("the job is %s: %+v, %+v", j.Status, *sum, j.FailureReasons)
		}
		folder := "reports/job-" + *j.JobId
		top := w.read(t, "notes", folder+"/manifest.json")
		sum := md5.Sum([]byte(top))
		if got := w.read(t, "notes", folder+"/manifest.json.md5"); got != hex.EncodeToString(sum[:]) {
			t.Errorf("the manifest's MD5 is %q", got)
		}
		var m completion
		if err := json.Unmarshal([]byte(top), &m); err != nil || m.Format != "Report_CSV_20180820" || len(m.Results) != len(want) {
			t.Fatalf("%s: the manifest is %s, %v", scope, top, err)
		}
		for _, r := range m.Results {
			body := w.read(t, r.Bucket, r.Key)
			if md5Of([]byte(body)) != r.MD5Checksum || body != want[r.TaskExecutionStatus] && want[r.TaskExecutionStatus] != "same" {
				t.Errorf("%s: %s", r.TaskExecutionStatus, body)
			}
		}
	}
}

// A job goes through its statuses in order, and says when.
func TestStatuses(t *testing.T) {
	w := newWorld(t, "")
	w.furnish(t, func() { w.write(t, "here", "k", "text") })
	for name, test := range map[string]struct {
		change func(in *s3control.CreateJobInput)
		update map[types.JobStatus]types.RequestedJobStatus
		want   string
	}{
		"replication":  {nil, nil, "New Preparing Ready Active Completing Complete"},
		"confirmation": {func(in *s3control.CreateJobInput) { in.ConfirmationRequired = aws.Bool(true) }, map[types.JobStatus]types.RequestedJobStatus{types.JobStatusSuspended: types.RequestedJobStatusReady}, "New Preparing Suspended Ready Active Completing Complete"},
		"no confirmation": {func(in *s3control.CreateJobInput) { in.ConfirmationRequired = aws.Bool(true) }, map[types.JobStatus]types.RequestedJobStatus{types.JobStatusSuspended: types.RequestedJobStatusCancelled},
			"New Preparing Suspended Cancelling Cancelled"},
		"cancelled": {nil, map[types.JobStatus]types.RequestedJobStatus{types.JobStatusActive: types.RequestedJobStatusCancelled}, "New Preparing Ready Active Cancelling Cancelled"},
		"failed":    {func(in *s3control.CreateJobInput) { in.RoleArn = p("arn:aws:iam::" + us + ":role/none") }, nil, "New Preparing Failing Failed"},
	} {
		t.Run(name, func(t *testing.T) {
			in := w.replicating(func(in *s3control.CreateJobInput) {
				in.ManifestGenerator = generator(func(*types.S3JobManifestGenerator) {})
			})
			if test.change != nil {
				test.change(in)
			}
			id, was := w.create(t, in), []string{}
			for range 1000 {
				j := w.job(t, id)
				if len(was) == 0 || was[len(was)-1] != string(j.Status) {
					was = append(was, string(j.Status))
				}
				if to, there := test.update[j.Status]; there {
					out := must[*s3control.UpdateJobStatusOutput](t)(w.jobs.UpdateJobStatus(ctx, &s3control.UpdateJobStatusInput{AccountId: p(us), JobId: &id, RequestedJobStatus: to, StatusUpdateReason: p("as we please")}))
					if out.Status == j.Status || *w.job(t, id).StatusUpdateReason != "as we please" {
						t.Errorf("after %s it is %s", to, out.Status)
					}
				}
				if (j.Status == types.JobStatusSuspended) != (j.SuspendedDate != nil && len(was) == 3) {
					t.Errorf("%s: suspended %v", j.Status, j.SuspendedDate)
				}
				if ended(j.Status) {
					if j.TerminationDate == nil || j.TerminationDate.Before(*j.CreationTime) {
						t.Errorf("terminated %v", j.TerminationDate)
					}
					break
				}
				w.Pass(500 * time.Millisecond)
			}
			if got := strings.Join(was, " "); got != test.want {
				t.Errorf("it was %s\nwant   %s", got, test.want)
			}
			_, err := w.jobs.UpdateJobStatus(ctx, &s3control.UpdateJobStatusInput{AccountId: p(us), JobId: &id, RequestedJobStatus: types.RequestedJobStatusCancelled})
			refusedWith(t, "cancelled when it was over", err, "JobStatusException")
		})
	}
	w.Pass(kept)
	if all := must[*s3control.ListJobsOutput](t)(w.jobs.ListJobs(ctx, &s3control.ListJobsInput{AccountId: p(us)})); len(all.Jobs) != 0 {
		t.Errorf("after 90 days there are %d jobs", len(all.Jobs))
	}
}

// What cannot be done fails the job, or the task, for AWS's reason.
func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(w *world, in *s3control.CreateJobInput)
		status  types.JobStatus
		reason  string // of the job, or the code of the task
	}{
		"a role that trusts somebody else": {func(w *world, in *s3control.CreateJobInput) {
			in.RoleArn = p(w.newRole(w.T.(testing.TB), "other", "s3.amazonaws.com", "s3:*"))
		}, types.JobStatusFailed, "Amazon S3 can't assume the IAM role that's specified in the Batch Operations job."},
		"a role made a moment ago": {func(w *world, in *s3control.CreateJobInput) {
			in.RoleArn = p(w.newRole(w.T.(testing.TB), "fresh", principal, "s3:*"))
		}, types.JobStatusComplete, ""},
		"no right to replicate": {func(w *world, _ *s3control.CreateJobInput) {
			w.allow(w.T.(testing.TB), "batch", rights("s3:InitiateReplication")...)
		}, types.JobStatusComplete, "InitiateReplicationNotPermitted"},
		"no right to look for objects": {func(w *world, _ *s3control.CreateJobInput) {
			w.allow(w.T.(testing.TB), "batch", rights("s3:PutInventoryConfiguration")...)
		}, types.JobStatusFailed, "Generating the manifest is forbidden: AccessDenied"},
		"no right to read the rules": {func(w *world, _ *s3control.CreateJobInput) {
			w.allow(w.T.(testing.TB), "batch", rights("s3:GetReplicationConfiguration")...)
		}, types.JobStatusFailed, "Generating the manifest is forbidden: AccessDenied"},
		"no right to write the report": {func(w *world, _ *s3control.CreateJobInput) {
			w.allow(w.T.(testing.TB), "batch", rights("s3:PutObject")...)
		}, types.JobStatusFailed, reportForbidden},
		"a report bucket that keeps what it has": {func(w *world, in *s3control.CreateJobInput) {
			t := w.T.(testing.TB)
			must[*s3api.CreateBucketOutput](t)(w.s3.CreateBucket(ctx, &s3api.CreateBucketInput{Bucket: p("worm"), ObjectLockEnabledForBucket: aws.Bool(true),
				CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: east}}))
			must[*s3api.PutObjectLockConfigurationOutput](t)(w.s3.PutObjectLockConfiguration(ctx, &s3api.PutObjectLockConfigurationInput{Bucket: p("worm"), ObjectLockConfiguration: &s3types.ObjectLockConfiguration{
				ObjectLockEnabled: s3types.ObjectLockEnabledEnabled, Rule: &s3types.ObjectLockRule{DefaultRetention: &s3types.DefaultRetention{Mode: s3types.ObjectLockRetentionModeGovernance, Days: aws.Int32(1)}}}}))
			in.Report.Bucket = p("arn:aws:s3:::worm")
		}, types.JobStatusFailed, reportForbidden},
		"no bucket for the report": {func(_ *world, in *s3control.CreateJobInput) { in.Report.Bucket = p("arn:aws:s3:::none") }, types.JobStatusFailed, reportForbidden},
		"all the rights there must be": {func(w *world, _ *s3control.CreateJobInput) {
			w.allow(w.T.(testing.TB), "batch", rights()...)
		}, types.JobStatusComplete, ""},
		"a replication role that may not write": {func(w *world, _ *s3control.CreateJobInput) {
			w.allow(w.T.(testing.TB), "replicator", "s3:Get*", "s3:ListBucket")
		}, types.JobStatusComplete, "DstPutObjectNotPermitted"},
		"no destination": {func(w *world, _ *s3control.CreateJobInput) {
			far, _ := w.as(us, west)
			must[*s3api.DeleteBucketOutput](w.T.(testing.TB))(far.DeleteBucket(ctx, &s3api.DeleteBucketInput{Bucket: p("there")}))
		}, types.JobStatusComplete, "DstBucketNotFound"},
		"no rules": {func(w *world, in *s3control.CreateJobInput) {
			t := w.T.(testing.TB)
			must[*s3api.DeleteBucketReplicationOutput](t)(w.s3.DeleteBucketReplication(ctx, &s3api.DeleteBucketReplicationInput{Bucket: p("here")}))
			in.ManifestGenerator, in.Manifest = nil, w.list(t, "here,k\n", keys...)
		}, types.JobStatusComplete, "SrcBucketReplicationConfigMissing"},
		"another ETag": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(w.T.(testing.TB), "here,k\n", keys...)
			in.Manifest.Location.ETag = p("other")
		}, types.JobStatusFailed, otherManifest},
		"no manifest": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(w.T.(testing.TB), "here,k\n", keys...)
			in.Manifest.Location.ObjectArn = p("arn:aws:s3:::notes/none")
		}, types.JobStatusFailed, otherManifest},
		"a manifest that may not be read": {func(w *world, in *s3control.CreateJobInput) {
			t := w.T.(testing.TB)
			in.ManifestGenerator, in.Manifest = nil, w.list(t, "here,k\n", keys...)
			w.allow(t, "batch", rights("s3:GetObject")...)
		}, types.JobStatusFailed, "Reading the manifest is forbidden: AccessDenied"},
		"a manifest with a column too many": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(w.T.(testing.TB), "here,k,v\n", keys...)
		}, types.JobStatusFailed, improperlyMade},
		"a key that is not encoded": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(w.T.(testing.TB), "here,100%\n", keys...)
		}, types.JobStatusFailed, invalidKey},
		"an empty manifest": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(w.T.(testing.TB), "", keys...)
		}, types.JobStatusFailed, invalidContent},
		"a bucket in another Region": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator = generator(func(g *types.S3JobManifestGenerator) { g.SourceBucket = p("arn:aws:s3:::there") })
		}, types.JobStatusFailed, "The source bucket isn't in the same AWS Region as specified by the Batch Operations job."},
		"too many failures": {func(w *world, in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(w.T.(testing.TB), strings.Repeat("here,none\n", 1500), keys...)
		}, types.JobStatusFailed, "The task failure rate exceeded 50%: 1000 of 1000 tasks failed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			w.furnish(t, func() { w.write(t, "here", "k", "text") })
			in := w.replicating()
			test.prepare(w, in)
			j := w.run(t, in)
			if j.Status != test.status {
				t.Errorf("the job is %s: %s", j.Status, reasons(j))
			}
			if test.status == types.JobStatusFailed {
				if reasons(j) != test.reason {
					t.Errorf("it failed for %q, want %q", reasons(j), test.reason)
				}
				return
			}
			want := int64(1)
			if test.reason == "" {
				want = 0
			}
			if *j.ProgressSummary.NumberOfTasksFailed != want {
				t.Fatalf("%d tasks failed", *j.ProgressSummary.NumberOfTasksFailed)
			}
			if want > 0 {
				if failed := w.failed(t, j); !strings.Contains(failed, ","+test.reason+",") {
					t.Errorf("the report says %q, want %s", failed, test.reason)
				}
			}
		})
	}
}

func reasons(j *types.JobDescriptor) string {
	var all []string
	for _, f := range j.FailureReasons {
		all = append(all, *f.FailureReason)
	}
	return strings.Join(all, "; ")
}

// failed is the list of the tasks that failed, from a job's report.
func (w *world) failed(t testing.TB, j *types.JobDescriptor) string {
	t.Helper()
	return w.outcome(t, j, "failed")
}

// succeeded is the list of the tasks that succeeded.
func (w *world) succeeded(t testing.TB, j *types.JobDescriptor) string {
	t.Helper()
	return w.outcome(t, j, "succeeded")
}

func (w *world) outcome(t testing.TB, j *types.JobDescriptor, which string) string {
	t.Helper()
	var m completion
	if err := json.Unmarshal([]byte(w.read(t, "notes", "reports/job-"+*j.JobId+"/manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Results {
		if r.TaskExecutionStatus == which {
			return w.read(t, r.Bucket, r.Key)
		}
	}
	return ""
}

// refusedWith checks the code of a refusal; an empty one is none.
func refusedWith(t testing.TB, what string, err error, want string) {
	t.Helper()
	if code, text := try.Refusal(err); code != want {
		t.Errorf("%s: %s %q, want %s", what, code, text, want)
	}
}

// What S3 does not take is refused, and the same request twice makes one job.
func TestCreateJob(t *testing.T) {
	w := newWorld(t, "")
	w.furnish(t, nil)
	for what, test := range map[string]struct {
		change func(in *s3control.CreateJobInput)
		want   string
	}{
		"as it should be":   {func(*s3control.CreateJobInput) {}, ""},
		"another account":   {func(in *s3control.CreateJobInput) { in.AccountId = p(them) }, "AccessDenied"},
		"a role of another": {func(in *s3control.CreateJobInput) { in.RoleArn = p("arn:aws:iam::" + them + ":role/x") }, "InvalidRequest"},
		"no list":           {func(in *s3control.CreateJobInput) { in.ManifestGenerator = nil }, "InvalidRequest"},
		"two lists":         {func(in *s3control.CreateJobInput) { in.Manifest = w.list(t, "here,k\n", keys...) }, "InvalidRequest"},
		"no operation":      {func(in *s3control.CreateJobInput) { in.Operation = &types.JobOperation{} }, "InvalidRequest"},
		"two operations": {func(in *s3control.CreateJobInput) {
			in.Operation.S3DeleteObjectTagging = &types.S3DeleteObjectTaggingOperation{}
		}, "InvalidRequest"},
		"a function": {func(in *s3control.CreateJobInput) {
			in.Operation = &types.JobOperation{LambdaInvoke: &types.LambdaInvokeOperation{FunctionArn: p("f")}}
		}, "NotImplemented"},
		"a report nowhere": {func(in *s3control.CreateJobInput) { in.Report.Bucket = nil }, "InvalidRequest"},
		"no report":        {func(in *s3control.CreateJobInput) { in.Report = &types.JobReport{} }, ""},
		"a manifest nowhere": {func(in *s3control.CreateJobInput) {
			in.ManifestGenerator = generator(func(g *types.S3JobManifestGenerator) { g.EnableManifestOutput = true })
		}, "InvalidRequest"},
		"no column for keys": {func(in *s3control.CreateJobInput) {
			in.ManifestGenerator, in.Manifest = nil, w.list(t, "here\n", keys[:1]...)
		}, "InvalidRequest"},
		"a copy to nowhere": {func(in *s3control.CreateJobInput) {
			in.Operation = &types.JobOperation{S3PutObjectCopy: &types.S3CopyObjectOperation{}}
		}, "InvalidRequest"},
		"a restore for never": {func(in *s3control.CreateJobInput) {
			in.Operation = &types.JobOperation{S3InitiateRestoreObject: &types.S3InitiateRestoreObjectOperation{}}
		}, "InvalidRequest"},
	} {
		_, err := w.jobs.CreateJob(ctx, w.replicating(test.change))
		refusedWith(t, what, err, test.want)
	}
	in := w.replicating(func(in *s3control.CreateJobInput) {
		in.ClientRequestToken, in.Tags = p("token"), []types.S3Tag{{Key: p("k"), Value: p("v")}}
	})
	first := w.create(t, in)
	if again := w.create(t, in); again != first {
		t.Errorf("the same request made %s and %s", first, again)
	}
	in.Priority = aws.Int32(7)
	_, err := w.jobs.CreateJob(ctx, in)
	refusedWith(t, "another request with the token", err, "IdempotencyException")
}
