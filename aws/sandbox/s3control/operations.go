package s3control

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// DescribeJob gives all there is to know of a job.
func (s *Service) DescribeJob(ctx context.Context, in *s3control.DescribeJobInput) (*s3control.DescribeJobOutput, error) {
	c, err := own(ctx, in.AccountId)
	if err != nil {
		return nil, err
	}
	out := &s3control.DescribeJobOutput{}
	return out, s.store.View(func(tx *store.Tx) error {
		j, state, err := s.find(tx, c, in.JobId)
		if err == nil {
			out.Job, err = j.descriptor(state, tx.Now())
		}
		return err
	})
}

// pageSize is how many jobs a page has when nobody says.
const pageSize = 1000

// ListJobs lists the jobs that are not over, and those that ended in the last 90 days, the newest first.
func (s *Service) ListJobs(ctx context.Context, in *s3control.ListJobsInput) (*s3control.ListJobsOutput, error) {
	c, err := own(ctx, in.AccountId)
	if err != nil {
		return nil, err
	}
	limit := int(aws.ToInt32(in.MaxResults))
	if limit == 0 {
		limit = pageSize
	}
	out := &s3control.ListJobsOutput{Jobs: []types.JobListDescriptor{}}
	return out, s.store.View(func(tx *store.Tx) error {
		var all []Job
		s.jobs.Scan(tx, c.Account+"/"+c.Region+"/", func(key string, j Job) bool {
			state, _ := s.states.Get(tx, key)
			if len(in.JobStatuses) == 0 || slices.Contains(in.JobStatuses, state.Status) {
				all = append(all, j)
			}
			return true
		})
		turn := func(j Job) string { return fmt.Sprintf("%019d %s", math.MaxInt64-j.Created.UnixNano(), j.ID) }
		slices.SortFunc(all, func(a, b Job) int { return strings.Compare(turn(a), turn(b)) })
		part, next, err := page.Cut(all, turn, aws.ToString(in.NextToken), limit)
		if err != nil {
			return wire.Errorf("InvalidNextToken", "The next token is invalid")
		}
		out.NextToken = some(next)
		for _, j := range part {
			state, _ := s.states.Get(tx, j.key())
			entry, err := j.entry(state, tx.Now())
			if err != nil {
				return err
			}
			out.Jobs = append(out.Jobs, entry)
		}
		return nil
	})
}

// UpdateJobStatus confirms a job that waits for it, or cancels one that is not over.
func (s *Service) UpdateJobStatus(ctx context.Context, in *s3control.UpdateJobStatusInput) (*s3control.UpdateJobStatusOutput, error) {
	out := &s3control.UpdateJobStatusOutput{JobId: in.JobId, StatusUpdateReason: in.StatusUpdateReason}
	return out, s.changed(ctx, in.AccountId, in.JobId, func(tx *store.Tx, j Job, state *State) error {
		refused := wire.Errorf("JobStatusException", "Unsupported job status transition from %s to %s", state.Status, in.RequestedJobStatus)
		switch {
		case in.RequestedJobStatus == types.RequestedJobStatusReady && state.Status == types.JobStatusSuspended:
			s.enter(tx, j, state, types.JobStatusReady)
		case in.RequestedJobStatus == types.RequestedJobStatusReady, ended(state.Status), leaving(state.Status):
			return refused
		default:
			s.enter(tx, j, state, types.JobStatusCancelling)
		}
		state.Reason, out.Status = aws.ToString(in.StatusUpdateReason), state.Status
		return nil
	})
}

// leaving says whether a job is about to be over.
func leaving(status types.JobStatus) bool {
	return status == types.JobStatusCancelling || status == types.JobStatusFailing || status == types.JobStatusCompleting
}

// UpdateJobPriority gives a job that is not over another priority. The higher the number, the earlier it runs.
func (s *Service) UpdateJobPriority(ctx context.Context, in *s3control.UpdateJobPriorityInput) (*s3control.UpdateJobPriorityOutput, error) {
	out := &s3control.UpdateJobPriorityOutput{JobId: in.JobId, Priority: in.Priority}
	return out, s.changed(ctx, in.AccountId, in.JobId, func(_ *store.Tx, _ Job, state *State) error {
		if ended(state.Status) {
			return wire.Errorf("BadRequest", "The priority of a job in status %s cannot be updated", state.Status)
		}
		state.Priority = out.Priority
		return nil
	})
}
