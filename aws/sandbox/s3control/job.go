package s3control

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// Job is what was asked for. It never changes.
type Job struct {
	Account string         `json:"account"`
	Region  string         `json:"region"`
	ID      string         `json:"id"`
	Created time.Time      `json:"created"`
	Asked   map[string]any `json:"asked"` // the request, in the words of the API model
}

// State is how far a job is.
type State struct {
	Status     types.JobStatus `json:"status"`
	Priority   int32           `json:"priority"`
	Reason     string          `json:"reason,omitempty"` // of who changed the status
	Total      int64           `json:"total,omitempty"`  // tasks
	Succeeded  int64           `json:"succeeded,omitempty"`
	Failed     int64           `json:"failed,omitempty"`
	Batches    int             `json:"batches,omitempty"`   // of the list
	Begun      int             `json:"begun,omitempty"`     // batches
	Done       int             `json:"done,omitempty"`      // batches
	Entered    time.Time       `json:"entered"`             // the status
	Active     time.Duration   `json:"active,omitempty"`    // but since Entered
	Suspended  time.Time       `json:"suspended,omitzero"`  // when confirmation was asked for
	Terminated time.Time       `json:"terminated,omitzero"` // when it was over
	Failures   []failure       `json:"failures,omitempty"`
	Generated  *location       `json:"generated,omitempty"` // the manifest that was generated
}

// failure is why a job failed.
type failure struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// location is a manifest that is an object.
type location struct {
	ARN     string `json:"arn"`
	Version string `json:"version,omitempty"`
	ETag    string `json:"etag"`
}

func (j Job) key() string { return j.Account + "/" + j.Region + "/" + j.ID }

// ARN names the job everywhere.
func (j Job) ARN() string { return fmt.Sprintf("arn:aws:s3:%s:%s:job/%s", j.Region, j.Account, j.ID) }

func (j Job) token() string {
	token, _ := j.Asked["ClientRequestToken"].(string)
	return j.Account + "/" + j.Region + "/" + token
}

// asked is a request as it is kept: the SDK's types hold alternatives that JSON cannot tell apart.
func asked(in *s3control.CreateJobInput) (map[string]any, error) {
	op, err := model.Find("s3control.CreateJob")
	if err != nil {
		return nil, err
	}
	return codec.Encode(op.Input, in)
}

// request is what was asked, typed again.
func (j Job) request() (*s3control.CreateJobInput, error) {
	op, err := model.Find("s3control.CreateJob")
	if err != nil {
		return nil, err
	}
	in := &s3control.CreateJobInput{}
	if err := codec.Decode(op.Input, j.Asked, in); err != nil {
		return nil, fmt.Errorf("job %s as it is kept: %w", j.ID, err)
	}
	return in, nil
}

// progress is how many tasks there are and what became of them.
func (s State) progress(now time.Time) *types.JobProgressSummary {
	active := s.Active
	if s.Status == types.JobStatusActive {
		active += now.Sub(s.Entered)
	}
	return &types.JobProgressSummary{
		TotalNumberOfTasks: aws.Int64(s.Total), NumberOfTasksSucceeded: aws.Int64(s.Succeeded), NumberOfTasksFailed: aws.Int64(s.Failed),
		Timers: &types.JobTimers{ElapsedTimeInActiveSeconds: aws.Int64(int64(active / time.Second))},
	}
}

// descriptor is a job as DescribeJob gives it.
func (j Job) descriptor(s State, now time.Time) (*types.JobDescriptor, error) {
	in, err := j.request()
	if err != nil {
		return nil, err
	}
	d := &types.JobDescriptor{
		JobId: aws.String(j.ID), JobArn: aws.String(j.ARN()), CreationTime: aws.Time(j.Created), Status: s.Status, Priority: s.Priority,
		ConfirmationRequired: aws.Bool(confirms(in)), Description: in.Description, Manifest: in.Manifest, ManifestGenerator: in.ManifestGenerator,
		Operation: in.Operation, Report: in.Report, RoleArn: in.RoleArn, ProgressSummary: s.progress(now),
		StatusUpdateReason: some(s.Reason), TerminationDate: moment(s.Terminated), SuspendedDate: moment(s.Suspended), FailureReasons: []types.JobFailure{},
	}
	if !s.Suspended.IsZero() {
		d.SuspendedCause = aws.String(awaiting)
	}
	for _, f := range s.Failures {
		d.FailureReasons = append(d.FailureReasons, types.JobFailure{FailureCode: aws.String(f.Code), FailureReason: aws.String(f.Reason)})
	}
	if g := s.Generated; g != nil {
		d.GeneratedManifestDescriptor = &types.S3GeneratedManifestDescriptor{
			Format: types.GeneratedManifestFormatS3InventoryReportCsv20211130, Location: &types.JobManifestLocation{ObjectArn: aws.String(g.ARN), ObjectVersionId: some(g.Version), ETag: aws.String(g.ETag)}}
	}
	return d, nil
}

// confirms says whether a job waits for a confirmation; only who says so does not want one ("Updating job status").
func confirms(in *s3control.CreateJobInput) bool {
	return in.ConfirmationRequired == nil || *in.ConfirmationRequired
}

// awaiting is why a job is suspended.
const awaiting = "Awaiting confirmation"

// entry is a job as ListJobs gives it.
func (j Job) entry(s State, now time.Time) (types.JobListDescriptor, error) {
	in, err := j.request()
	if err != nil {
		return types.JobListDescriptor{}, err
	}
	return types.JobListDescriptor{
		JobId: aws.String(j.ID), CreationTime: aws.Time(j.Created), Description: in.Description, Operation: named(in.Operation), Priority: s.Priority,
		Status: s.Status, ProgressSummary: s.progress(now), TerminationDate: moment(s.Terminated),
	}, nil
}

// some is a pointer to a text, nil when it is empty.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// moment is a pointer to a time, nil when it has not come.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
