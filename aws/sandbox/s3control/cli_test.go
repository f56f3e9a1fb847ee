package s3control

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// The real aws CLI makes a job, follows it and cancels another. Its endpoint rules put the account in front of whatever address they are
// given: in front of a user it does no harm.
func TestAWSCommandLine(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the aws CLI is not installed")
	}
	t.Parallel()
	w := newWorld(t, "")
	w.furnish(t, func() { w.write(t, "here", "k", "text") })
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_REGION=" + east, "AWS_DEFAULT_REGION=" + east, "AWS_DEFAULT_OUTPUT=json",
		"AWS_ENDPOINT_URL=" + w.url, "AWS_ENDPOINT_URL_S3_CONTROL=" + strings.Replace(w.url, "://", "://account@", 1), "AWS_ACCESS_KEY_ID=" + us, "AWS_SECRET_ACCESS_KEY=" + us,
	}
	aws := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, append([]string{"s3control"}, args...)...)
		cmd.Env = env
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	create := []string{
		"create-job", "--account-id", us, "--operation", `{"S3ReplicateObject":{}}`, "--priority", "10", "--role-arn", w.role, "--client-request-token", "first", "--no-confirmation-required",
		"--report", `{"Bucket":"arn:aws:s3:::notes","Prefix":"reports","Format":"Report_CSV_20180820","Enabled":true,"ReportScope":"AllTasks"}`,
		"--manifest-generator", `{"S3JobManifestGenerator":{"SourceBucket":"arn:aws:s3:::here","EnableManifestOutput":false,"Filter":{"EligibleForReplication":true,"ObjectReplicationStatuses":["NONE","FAILED"]}}}`,
	}
	id := func(out string) string {
		t.Helper()
		var made struct{ JobId string }
		if err := json.Unmarshal([]byte(out), &made); err != nil || made.JobId == "" {
			t.Fatalf("aws printed %s", out)
		}
		return made.JobId
	}
	first := id(aws(create...))
	if again := id(aws(create...)); again != first {
		t.Errorf("the same command made %s and %s", first, again)
	}
	w.Pass(time.Minute)
	create[slices.Index(create, "first")] = "second"
	create[slices.Index(create, "--no-confirmation-required")] = "--confirmation-required"
	create[len(create)-1] = strings.Replace(create[len(create)-1], `"NONE"`, `"COMPLETED"`, 1) // what the first job has done
	second := id(aws(create...))
	w.Pass(10 * time.Second)
	for _, step := range []struct {
		command []string
		want    string
	}{
		{[]string{"describe-job", "--account-id", us, "--job-id", first, "--query", "Job.[Status,ProgressSummary.NumberOfTasksSucceeded]", "--output", "text"}, "Complete\t1"},
		{[]string{"list-jobs", "--account-id", us, "--job-statuses", "Complete", "--query", "Jobs[].JobId", "--output", "text"}, first},
		{[]string{"update-job-priority", "--account-id", us, "--job-id", second, "--priority", "20", "--query", "Priority"}, "20"},
		{[]string{"update-job-status", "--account-id", us, "--job-id", first, "--requested-job-status", "Ready"}, "An error occurred (JobStatusException) when calling the UpdateJobStatus operation"},
		{[]string{"describe-job", "--account-id", us, "--job-id", "none-such"}, "An error occurred (NoSuchJob) when calling the DescribeJob operation: No such job"},
		{[]string{"list-jobs", "--account-id", them}, "An error occurred (AccessDenied) when calling the ListJobs operation: Access Denied"},
	} {
		if out := aws(step.command...); !strings.Contains(out, step.want) {
			t.Errorf("aws s3control %s\nprinted %s\nwant %s", strings.Join(step.command, " "), out, step.want)
		}
	}
}
