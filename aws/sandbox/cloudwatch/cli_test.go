package cloudwatch

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"lifeboat/aws/sandbox/try"
)

// The real aws CLI, whatever protocol its version speaks to CloudWatch.
func TestAWSCommandLine(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the aws CLI is not installed")
	}
	t.Parallel()
	w := newWorld(t, "")
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_REGION=" + try.Home, "AWS_DEFAULT_REGION=" + try.Home, "AWS_DEFAULT_OUTPUT=text",
		"AWS_ENDPOINT_URL=" + w.url, "AWS_ACCESS_KEY_ID=" + try.Mine, "AWS_SECRET_ACCESS_KEY=" + try.Mine,
	}
	for _, step := range []struct{ command, want string }{
		{"put-metric-data --namespace Tests --metric-name m --value 3 --unit Count --dimensions d=1", ""},
		{"put-metric-data --namespace Tests --metric-name m --statistic-values SampleCount=2,Sum=14,Minimum=5,Maximum=7 --unit Count --dimensions d=1", ""},
		{"list-metrics --namespace Tests", "METRICS\tm\tTests"},
		{"get-metric-statistics --namespace Tests --metric-name m --dimensions Name=d,Value=1 --start-time 2026-03-01T10:00:00Z --end-time 2026-03-01T11:00:00Z --period 60 --statistics Sum Maximum --query Datapoints[].[Sum,Maximum,Unit]", "17\t7\tCount"},
		{"put-metric-alarm --alarm-name a --namespace Tests --metric-name m --dimensions Name=d,Value=1 --statistic Sum --period 60 --evaluation-periods 1 --threshold 5 --comparison-operator GreaterThanThreshold", ""},
		{"describe-alarms --alarm-names a --query MetricAlarms[].[StateValue,Threshold]", "INSUFFICIENT_DATA\t5"},
		{"put-metric-data --namespace AWS/S3 --metric-name m --value 3", "An error occurred (InvalidParameterValue) when calling the PutMetricData operation"},
		{"delete-alarms --alarm-names b", "An error occurred (ResourceNotFound) when calling the DeleteAlarms operation"},
		{"delete-alarms --alarm-names a", ""},
	} {
		cmd := exec.Command(program, append([]string{"cloudwatch"}, strings.Fields(step.command)...)...)
		cmd.Env = env
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), step.want) || step.want == "" && len(out) > 0 {
			t.Errorf("aws cloudwatch %s\nprinted %s\nwant %s", step.command, out, step.want)
		}
	}
}
