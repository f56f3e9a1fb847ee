package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// What S3 measures of a rule with metrics is in CloudWatch: what waits and for how long where it goes to, what failed where it comes from.
// An alarm sees it.
func TestReplicationMetrics(t *testing.T) {
	b := open(t, Options{})
	pass := func(d time.Duration) {
		if err := b.Clock().Pass(b.ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	there := b.config("")
	there.Region = Away
	style := func(o *s3.Options) { o.UsePathStyle = true }
	buckets := map[string]*s3.Client{"metrics-here": s3.NewFromConfig(b.config(""), style), "metrics-there": s3.NewFromConfig(there, style)}
	for name, c := range buckets {
		must[*s3.CreateBucketOutput](b)(c.CreateBucket(b.ctx, &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(c.Options().Region)}}))
		must[*s3.PutBucketVersioningOutput](b)(c.PutBucketVersioning(b.ctx, &s3.PutBucketVersioningInput{Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}}))
	}
	name := aws.String("replicator")
	role := must[*iam.CreateRoleOutput](b)(b.iam("").CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))
	may := func(actions string) {
		must[*iam.PutRolePolicyOutput](b)(b.iam("").PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("may"), PolicyDocument: aws.String(
			fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":"*"}]}`, actions))}))
	}
	may("s3:*")
	pass(time.Minute)
	limit := &s3types.ReplicationTimeValue{Minutes: aws.Int32(15)}
	must[*s3.PutBucketReplicationOutput](b)(buckets["metrics-here"].PutBucketReplication(b.ctx, &s3.PutBucketReplicationInput{Bucket: aws.String("metrics-here"), ReplicationConfiguration: &s3types.ReplicationConfiguration{
		Role: role.Role.Arn, Rules: []s3types.ReplicationRule{{
			ID: aws.String("rule"), Priority: aws.Int32(1), Status: s3types.ReplicationRuleStatusEnabled, Filter: &s3types.ReplicationRuleFilter{Prefix: aws.String("")},
			DeleteMarkerReplication: &s3types.DeleteMarkerReplication{Status: s3types.DeleteMarkerReplicationStatusDisabled},
			Destination: &s3types.Destination{Bucket: aws.String("arn:aws:s3:::metrics-there"),
				ReplicationTime: &s3types.ReplicationTime{Status: s3types.ReplicationTimeStatusEnabled, Time: limit}, Metrics: &s3types.Metrics{Status: s3types.MetricsStatusEnabled, EventThreshold: limit}},
		}}}}))
	put := func(key string) {
		must[*s3.PutObjectOutput](b)(buckets["metrics-here"].PutObject(b.ctx, &s3.PutObjectInput{Bucket: aws.String("metrics-here"), Key: &key, Body: strings.NewReader("text")}))
	}
	dimensions := []cwtypes.Dimension{{Name: aws.String("SourceBucket"), Value: aws.String("metrics-here")}, {Name: aws.String("DestinationBucket"), Value: aws.String("metrics-there")}, {Name: aws.String("RuleId"), Value: aws.String("rule")}}
	greatest := func(c *cloudwatch.Client, metric string) (value float64, points int) {
		now := b.Clock().Now()
		out := must[*cloudwatch.GetMetricStatisticsOutput](b)(c.GetMetricStatistics(b.ctx, &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String("AWS/S3"), MetricName: &metric, Dimensions: dimensions, StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Minute)),
			Period: aws.Int32(60), Statistics: []cwtypes.Statistic{cwtypes.StatisticMaximum}}))
		for _, p := range out.Datapoints {
			value = max(value, *p.Maximum)
		}
		return value, len(out.Datapoints)
	}
	home, away := cloudwatch.NewFromConfig(b.config("")), cloudwatch.NewFromConfig(there)
	must[*cloudwatch.PutMetricAlarmOutput](b)(home.PutMetricAlarm(b.ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("failed"), Namespace: aws.String("AWS/S3"), MetricName: aws.String("OperationsFailedReplication"), Dimensions: dimensions, Statistic: cwtypes.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(0), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching")}))
	state := func() cwtypes.StateValue {
		return must[*cloudwatch.DescribeAlarmsOutput](b)(home.DescribeAlarms(b.ctx, &cloudwatch.DescribeAlarmsInput{})).MetricAlarms[0].StateValue
	}
	for n := range 20 {
		put(fmt.Sprint(n))
	}
	pass(3 * time.Minute)
	if latency, points := greatest(away, "ReplicationLatency"); points == 0 || latency < 1 || latency > 900 {
		t.Errorf("the latency was %v s, in %d minutes", latency, points)
	}
	if failed, _ := greatest(home, "OperationsFailedReplication"); failed != 0 || state() != cwtypes.StateValueOk {
		t.Errorf("%v failed, the alarm is %s", failed, state())
	}
	may("s3:Get*")
	put("refused")
	seen := state()
	for range 5 {
		if pass(time.Minute); seen != cwtypes.StateValueAlarm {
			seen = state()
		}
	}
	if failed, _ := greatest(home, "OperationsFailedReplication"); failed != 1 || seen != cwtypes.StateValueAlarm || state() != cwtypes.StateValueOk {
		t.Errorf("%v failed, the alarm was %s and is %s", failed, seen, state())
	}
}
