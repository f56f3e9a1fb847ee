package calls

import "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

// Putting an alarm replaces the one of that name. A value that is put twice counts twice.
func cloudwatchLines() []*line {
	return service(cloudwatch.NewFromConfig,
		call("cloudwatch.PutMetricData", (*cloudwatch.Client).PutMetricData, Change),
		call("cloudwatch.GetMetricData", (*cloudwatch.Client).GetMetricData, Read),
		call("cloudwatch.GetMetricStatistics", (*cloudwatch.Client).GetMetricStatistics, Read),
		call("cloudwatch.ListMetrics", (*cloudwatch.Client).ListMetrics, Read),
		call("cloudwatch.PutMetricAlarm", (*cloudwatch.Client).PutMetricAlarm, Change, same, needs("cloudwatch:TagResource")),
		call("cloudwatch.DescribeAlarms", (*cloudwatch.Client).DescribeAlarms, Read),
		call("cloudwatch.DeleteAlarms", (*cloudwatch.Client).DeleteAlarms, Delete),
	)
}

// cloudwatchHint is what to do next about CloudWatch's own codes (Amazon CloudWatch API reference, the errors of each action).
func cloudwatchHint(e *Error) string {
	switch e.Code {
	case "ResourceNotFound", "ResourceNotFoundException":
		return "check the alarm's name and the Region"
	case "InvalidNextToken":
		return "begin the list again: the token is of another list, or too old"
	case "LimitExceeded", "LimitExceededFault", "LimitExceededException":
		return quota
	}
	return ""
}
