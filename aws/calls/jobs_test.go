package calls_test

import (
	"errors"
	"testing"

	"lifeboat/aws/calls"
)

// S3 Control and CloudWatch are reached in this process as through an endpoint.
func TestJobsAndMetrics(t *testing.T) {
	all, _ := targets(t)
	for name, target := range all {
		t.Run(name, func(t *testing.T) {
			c := calls.New(target, calls.Guard{})
			call := func(op string, params map[string]any) map[string]any {
				t.Helper()
				r, err := c.Call(t.Context(), calls.Request{Op: op, Params: params})
				if err != nil {
					t.Fatalf("%s: %v", op, err)
				}
				return r.Output
			}
			account := target.Own.Account
			made := call("s3control.CreateJob", map[string]any{
				"AccountId": account, "ClientRequestToken": name, "Operation": map[string]any{"S3ReplicateObject": map[string]any{}}, "Priority": 1, "RoleArn": "arn:aws:iam::" + account + ":role/r",
				"Report": map[string]any{"Enabled": false}, "ConfirmationRequired": false,
				"ManifestGenerator": map[string]any{"S3JobManifestGenerator": map[string]any{"SourceBucket": "arn:aws:s3:::none", "EnableManifestOutput": false, "Filter": map[string]any{"EligibleForReplication": true}}},
			})
			job := call("s3control.DescribeJob", map[string]any{"AccountId": account, "JobId": made["JobId"]})["Job"].(map[string]any)
			if job["Status"] != "New" && job["Status"] != "Preparing" {
				t.Errorf("the job is %v", job["Status"])
			}
			_, err := c.Call(t.Context(), calls.Request{Op: "s3control.DescribeJob", Params: map[string]any{"AccountId": account, "JobId": "none-such"}})
			e, ok := errors.AsType[*calls.Error](err)
			if !ok || e.Kind != calls.NotFound || e.Code != "NoSuchJob" || e.Hint() == "" {
				t.Errorf("a job that is not there: %v", err)
			}
			call("cloudwatch.PutMetricData", map[string]any{"Namespace": "Tests", "MetricData": []any{map[string]any{"MetricName": name, "Value": 3}}})
			metrics := call("cloudwatch.ListMetrics", map[string]any{"MetricName": name})["Metrics"].([]any)
			if len(metrics) != 1 {
				t.Errorf("metrics %v", metrics)
			}
		})
	}
}
