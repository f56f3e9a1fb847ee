package s3control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamapi "github.com/aws/aws-sdk-go-v2/service/iam"
	s3api "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"lifeboat/aws/sandbox/iam"
	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/try"
)

// Accounts and Regions of the tests.
const (
	us   = "111122223333"
	them = "444455556666"
	east = "us-east-2"
	west = "us-west-2"
)

var (
	ctx = context.Background()
	p   = aws.String
)

// world is S3 and its jobs over HTTP, with the buckets here and there: here, in the east, replicates to there, in the west, what is written
// after the rule was made; notes, in the east, is for manifests and reports.
type world struct {
	*try.Ground
	*Service
	roles *iam.Service
	url   string
	role  string // of jobs: it may do all that they do
	s3    *s3api.Client
	jobs  *s3control.Client
}

// as are clients of an account in a Region.
func (w *world) as(account, region string) (*s3api.Client, *s3control.Client) {
	cfg := try.Config(w.url, account, region)
	return s3api.NewFromConfig(cfg, func(o *s3api.Options) { o.UsePathStyle = true }), s3control.NewFromConfig(cfg, func(o *s3control.Options) { o.EndpointResolverV2 = nameless{} })
}

// nameless resolves endpoints without an account in front: no name is below 127.0.0.1.
type nameless struct{}

func (nameless) ResolveEndpoint(ctx context.Context, p s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	p.RequiresAccountId = nil
	return s3control.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, p)
}

func newWorld(t testing.TB, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	roles := iam.New(g.Store)
	buckets := s3.New(g.Store, s3.Options{Keys: kms.New(g.Store), Roles: roles})
	w := &world{Ground: g, Service: New(g.Store, buckets.Within(), roles), roles: roles}
	w.url = try.Serve(t, try.Served{Name: "s3", Ops: buckets.Ops()}, try.Served{Name: "s3control", Ops: w.Ops()})
	w.s3, w.jobs = w.as(us, east)
	return w
}

// furnish makes the buckets, the roles and the rule; before it, what before writes.
func (w *world) furnish(t testing.TB, before func()) {
	t.Helper()
	far, _ := w.as(us, west)
	for _, b := range []struct {
		name, region string
		client       *s3api.Client
	}{{"here", east, w.s3}, {"notes", east, w.s3}, {"there", west, far}} {
		must[*s3api.CreateBucketOutput](t)(b.client.CreateBucket(ctx, &s3api.CreateBucketInput{Bucket: &b.name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(b.region)}}))
		if b.name != "notes" {
			must[*s3api.PutBucketVersioningOutput](t)(b.client.PutBucketVersioning(ctx, &s3api.PutBucketVersioningInput{Bucket: &b.name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}}))
		}
	}
	w.role = w.newRole(t, "batch", principal, "s3:*")
	replicator := w.newRole(t, "replicator", "s3.amazonaws.com", "s3:*")
	w.Pass(time.Minute)
	if before != nil {
		before()
	}
	must[*s3api.PutBucketReplicationOutput](t)(w.s3.PutBucketReplication(ctx, &s3api.PutBucketReplicationInput{Bucket: p("here"), ReplicationConfiguration: &s3types.ReplicationConfiguration{
		Role: &replicator, Rules: []s3types.ReplicationRule{{
			ID: p("away"), Priority: aws.Int32(1), Status: s3types.ReplicationRuleStatusEnabled, Filter: &s3types.ReplicationRuleFilter{Prefix: p("")},
			DeleteMarkerReplication: &s3types.DeleteMarkerReplication{Status: s3types.DeleteMarkerReplicationStatusDisabled}, Destination: &s3types.Destination{Bucket: p("arn:aws:s3:::there")},
		}}}}))
}

// newRole makes a role that may do the actions with everything, and gives its ARN.
func (w *world) newRole(t testing.TB, name, service string, actions ...string) string {
	t.Helper()
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service)
	r := must[*iamapi.CreateRoleOutput](t)(w.roles.CreateRole(try.As(us, east, "iam", "CreateRole"), &iamapi.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}))
	w.allow(t, name, actions...)
	return *r.Role.Arn
}

// allow replaces what a role may do.
func (w *world) allow(t testing.TB, role string, actions ...string) {
	t.Helper()
	list, _ := json.Marshal(actions)
	text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":"*"}]}`, list)
	must[*iamapi.PutRolePolicyOutput](t)(w.roles.PutRolePolicy(try.As(us, east, "iam", "PutRolePolicy"), &iamapi.PutRolePolicyInput{RoleName: &role, PolicyName: p("may"), PolicyDocument: &text}))
}

// rights are all that a job of Batch Replication needs, but some ("Granting permissions for S3 Batch Operations").
func rights(but ...string) []string {
	all := []string{"s3:InitiateReplication", "s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"}
	return slices.DeleteFunc(all, func(a string) bool { return slices.Contains(but, a) })
}

// write puts an object, and gives its ETag.
func (w *world) write(t testing.TB, bucket, key, body string) (etag string) {
	t.Helper()
	out := must[*s3api.PutObjectOutput](t)(w.s3.PutObject(ctx, &s3api.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)}))
	return *out.ETag
}

// replicating is a job that replicates what the rules do not, changed by a test.
func (w *world) replicating(change ...func(in *s3control.CreateJobInput)) *s3control.CreateJobInput {
	in := &s3control.CreateJobInput{
		AccountId: p(us), Operation: &types.JobOperation{S3ReplicateObject: &types.S3ReplicateObjectOperation{}}, Priority: aws.Int32(1), RoleArn: &w.role,
		Report: &types.JobReport{Enabled: true, Bucket: p("arn:aws:s3:::notes"), Prefix: p("reports"), Format: types.JobReportFormatReportCsv20180820, ReportScope: types.JobReportScopeAllTasks},
		ManifestGenerator: generator(func(g *types.S3JobManifestGenerator) {
			g.Filter = &types.JobManifestGeneratorFilter{EligibleForReplication: aws.Bool(true), ObjectReplicationStatuses: []types.ReplicationStatus{types.ReplicationStatusNone, types.ReplicationStatusFailed}}
		}),
		ConfirmationRequired: aws.Bool(false),
	}
	for _, fn := range change {
		fn(in)
	}
	return in
}

func generator(change func(g *types.S3JobManifestGenerator)) types.JobManifestGenerator {
	g := types.S3JobManifestGenerator{SourceBucket: p("arn:aws:s3:::here")}
	change(&g)
	return &types.JobManifestGeneratorMemberS3JobManifestGenerator{Value: g}
}

// list is a manifest of the given lines, as an object.
func (w *world) list(t testing.TB, lines string, fields ...types.JobManifestFieldName) *types.JobManifest {
	t.Helper()
	etag := w.write(t, "notes", "list.csv", lines)
	return &types.JobManifest{
		Spec:     &types.JobManifestSpec{Format: types.JobManifestFormatS3BatchOperationsCsv20180820, Fields: fields},
		Location: &types.JobManifestLocation{ObjectArn: p("arn:aws:s3:::notes/list.csv"), ETag: &etag},
	}
}

var (
	keys     = []types.JobManifestFieldName{types.JobManifestFieldNameBucket, types.JobManifestFieldNameKey}
	versions = append(slices.Clone(keys), types.JobManifestFieldNameVersionId)
)

// create makes a job.
func (w *world) create(t testing.TB, in *s3control.CreateJobInput) (id string) {
	t.Helper()
	return *must[*s3control.CreateJobOutput](t)(w.jobs.CreateJob(ctx, in)).JobId
}

func (w *world) job(t testing.TB, id string) *types.JobDescriptor {
	t.Helper()
	return must[*s3control.DescribeJobOutput](t)(w.jobs.DescribeJob(ctx, &s3control.DescribeJobInput{AccountId: p(us), JobId: &id})).Job
}

// run makes a job and gives what it is when it is over.
func (w *world) run(t testing.TB, in *s3control.CreateJobInput) *types.JobDescriptor {
	t.Helper()
	id := w.create(t, in)
	for range 1000 {
		if j := w.job(t, id); ended(j.Status) {
			return j
		}
		w.Pass(5 * time.Second)
	}
	t.Fatalf("the job is %+v", w.job(t, id))
	return nil
}

// read gets an object's text.
func (w *world) read(t testing.TB, bucket, key string) string {
	t.Helper()
	out := must[*s3api.GetObjectOutput](t)(w.s3.GetObject(ctx, &s3api.GetObjectInput{Bucket: &bucket, Key: &key}))
	defer out.Body.Close()
	return string(must[[]byte](t)(io.ReadAll(out.Body)))
}

// must gives an answer that may not be an error.
func must[T any](t testing.TB) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}
