package s3control

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// CreateJob makes a job, or answers with the one that the same request made before.
func (s *Service) CreateJob(ctx context.Context, in *s3control.CreateJobInput) (*s3control.CreateJobOutput, error) {
	c, err := own(ctx, in.AccountId)
	if err != nil {
		return nil, err
	}
	if err := check(c, in); err != nil {
		return nil, err
	}
	j := Job{Account: c.Account, Region: c.Region}
	if j.Asked, err = asked(in); err != nil {
		return nil, err
	}
	out := &s3control.CreateJobOutput{}
	return out, s.store.Update(func(tx *store.Tx) error {
		if id, there := s.tokens.Get(tx, j.token()); there {
			out.JobId = &id
			return s.repeated(tx, j, id)
		}
		j.ID, j.Created = tx.UUID(), tx.Now()
		state := State{Priority: aws.ToInt32(in.Priority)}
		s.enter(tx, j, &state, types.JobStatusNew)
		s.jobs.Put(tx, j.key(), j)
		s.states.Put(tx, j.key(), state)
		s.tokens.Put(tx, j.token(), j.ID)
		out.JobId = &j.ID
		return nil
	})
}

// repeated refuses a token that was used for another request.
func (s *Service) repeated(tx *store.Tx, j Job, id string) error {
	j.ID = id
	old, _ := s.jobs.Get(tx, j.key())
	before, err := old.request()
	if err != nil {
		return err
	}
	now, err := j.request()
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(before, now) {
		return wire.Errorf("IdempotencyException", "The client request token was used for a job with other parameters")
	}
	return nil
}

func invalid(format string, args ...any) error { return wire.Errorf("InvalidRequest", format, args...) }

// check is what S3 asks of a job before it makes it.
func check(c wire.Caller, in *s3control.CreateJobInput) error {
	role := strings.Split(aws.ToString(in.RoleArn), ":")
	switch {
	case len(role) < 6 || role[4] != c.Account:
		return invalid("Cross-account pass role is not allowed.")
	case (in.Manifest == nil) == (in.ManifestGenerator == nil):
		return invalid("Exactly one of Manifest and ManifestGenerator must be specified")
	case len(in.Tags) > maxTags:
		return invalid("A job can have at most %d tags", maxTags)
	}
	if err := checkReport(in.Report); err != nil {
		return err
	}
	if in.Manifest != nil {
		if err := checkManifest(in.Manifest); err != nil {
			return err
		}
	} else if err := checkGenerator(in.ManifestGenerator); err != nil {
		return err
	}
	return checkOperation(in.Operation)
}

const maxTags = 50

func checkReport(r *types.JobReport) error {
	if r.Enabled && (aws.ToString(r.Bucket) == "" || r.Format == "" || r.ReportScope == "") {
		return invalid("Bucket, Format and ReportScope must be specified for an enabled report")
	}
	return nil
}

func checkManifest(m *types.JobManifest) error {
	if _, _, ok := objectOf(aws.ToString(m.Location.ObjectArn)); !ok {
		return invalid("The manifest's ObjectArn must name an object")
	}
	if m.Spec.Format == types.JobManifestFormatS3InventoryReportCsv20161130 {
		if len(m.Spec.Fields) > 0 {
			return invalid("Fields must not be specified for an inventory report")
		}
		return nil
	}
	var missing []string
	for _, field := range []types.JobManifestFieldName{types.JobManifestFieldNameBucket, types.JobManifestFieldNameKey} {
		if !slices.Contains(m.Spec.Fields, field) {
			missing = append(missing, string(field))
		}
	}
	if len(missing) > 0 {
		return invalid("Required fields are missing in the schema: %s", strings.Join(missing, ", "))
	}
	return nil
}

func checkGenerator(in types.JobManifestGenerator) error {
	g, ok := in.(*types.JobManifestGeneratorMemberS3JobManifestGenerator)
	switch {
	case !ok || bucketOf(g.Value.SourceBucket) == "":
		return invalid("The manifest generator's SourceBucket must name a bucket")
	case g.Value.EnableManifestOutput && (g.Value.ManifestOutputLocation == nil || bucketOf(g.Value.ManifestOutputLocation.Bucket) == ""):
		return invalid("ManifestOutputLocation must be specified when manifest output is enabled")
	}
	return nil
}

// named is the operation of a job by its name.
func named(o *types.JobOperation) types.OperationName {
	v := reflect.ValueOf(o).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			return types.OperationName(v.Type().Field(i).Name)
		}
	}
	return ""
}

// checkOperation is what S3 asks of what a job is to do: it is one thing, and it is told what it needs.
func checkOperation(o *types.JobOperation) error {
	given, v := 0, reflect.ValueOf(o).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			given++
		}
	}
	if given != 1 {
		return invalid("Exactly one operation must be specified")
	}
	switch {
	case o.S3ReplicateObject != nil, o.S3DeleteObjectTagging != nil:
	case o.S3PutObjectTagging != nil:
		if len(o.S3PutObjectTagging.TagSet) > 10 {
			return invalid("Object tags cannot be greater than 10")
		}
	case o.S3PutObjectCopy != nil:
		if bucketOf(o.S3PutObjectCopy.TargetResource) == "" {
			return invalid("TargetResource must name a bucket")
		}
	case o.S3InitiateRestoreObject != nil:
		r := o.S3InitiateRestoreObject
		if aws.ToInt32(r.ExpirationInDays) < 1 {
			return invalid("ExpirationInDays must be a positive number")
		}
		if r.GlacierJobTier == "" {
			return invalid("GlacierJobTier must be BULK or STANDARD")
		}
	default:
		return wire.Errorf("NotImplemented", "The sandbox has no %s jobs: it copies, replicates, restores and tags", named(o))
	}
	return nil
}

// bucketOf is the bucket that an ARN names; empty when it names none.
func bucketOf(arn *string) string {
	name, ok := strings.CutPrefix(aws.ToString(arn), "arn:aws:s3:::")
	if !ok || strings.Contains(name, "/") {
		return ""
	}
	return name
}

// objectOf is the object that an ARN names.
func objectOf(arn string) (bucket, key string, ok bool) {
	name, isS3 := strings.CutPrefix(arn, "arn:aws:s3:::")
	bucket, key, _ = strings.Cut(name, "/")
	return bucket, key, isS3 && bucket != "" && key != ""
}
