package s3control

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/store"
)

const (
	dueStep   = "s3control.job"    // account/region/id: the next step of a job
	dueExpiry = "s3control.expiry" // account/region/id: a job is forgotten
)

const (
	// maxActive is how many jobs of an account run at once in a Region; the others wait for them.
	maxActive = 6
	// trust is how long a job tries to assume a role that cannot be assumed: a new role takes its time.
	trust = time.Minute
	// manyTasks is from where on a job fails that has more failures than successes ("Tracking job status and completion reports").
	manyTasks = 1000
)

// lasts is how long a job is in a status before something happens to it; the others last until somebody does something.
var lasts = map[types.JobStatus]time.Duration{
	types.JobStatusNew:        time.Second,
	types.JobStatusPreparing:  5 * time.Second,
	types.JobStatusReady:      time.Second,
	types.JobStatusActive:     pace,
	types.JobStatusPausing:    2 * time.Second,
	types.JobStatusCompleting: 2 * time.Second,
	types.JobStatusCancelling: 2 * time.Second,
	types.JobStatusFailing:    2 * time.Second,
}

// enter puts a job into a status.
func (s *Service) enter(tx *store.Tx, j Job, state *State, status types.JobStatus) {
	now := tx.Now()
	if state.Status == types.JobStatusActive {
		state.Active += now.Sub(state.Entered)
	}
	state.Status, state.Entered = status, now
	switch {
	case status == types.JobStatusSuspended:
		state.Suspended = now
	case ended(status):
		state.Terminated = now
		s.discard(tx, j, *state)
		tx.Due(now.Add(kept), dueExpiry, j.key())
	}
	if d, there := lasts[status]; there {
		tx.Due(now.Add(d), dueStep, j.key())
	} else {
		tx.Cancel(dueStep, j.key())
	}
}

// failing begins the end of a job that cannot go on.
func (s *Service) failing(tx *store.Tx, j Job, state *State, code, reason string) {
	state.Failures = append(state.Failures, failure{code, reason})
	s.enter(tx, j, state, types.JobStatusFailing)
}

// step does what is next for a job.
func (s *Service) step(tx *store.Tx, key string) error {
	j, there := s.jobs.Get(tx, key)
	if !there {
		return nil
	}
	state, _ := s.states.Get(tx, key)
	if err := s.next(tx, j, &state); err != nil {
		s.failing(tx, j, &state, "InternalServiceException", fmt.Sprintf("%.200s", err))
	}
	s.states.Put(tx, key, state)
	s.dispatch(tx, j.Account, j.Region)
	return nil
}

func (s *Service) next(tx *store.Tx, j Job, state *State) error {
	if why := tx.Failure(); why != "" && !leaving(state.Status) {
		s.failing(tx, j, state, "InternalServiceException", why)
		return nil
	}
	switch state.Status {
	case types.JobStatusNew:
		s.enter(tx, j, state, types.JobStatusPreparing)
	case types.JobStatusPreparing:
		return s.prepare(tx, j, state)
	case types.JobStatusActive:
		return s.work(tx, j, state)
	case types.JobStatusPausing:
		s.enter(tx, j, state, types.JobStatusPaused)
	case types.JobStatusCompleting:
		return s.finish(tx, j, state, types.JobStatusComplete)
	case types.JobStatusCancelling:
		return s.finish(tx, j, state, types.JobStatusCancelled)
	case types.JobStatusFailing:
		return s.finish(tx, j, state, types.JobStatusFailed)
	}
	return nil // a job that is ready waits for its turn
}

// wrong is why a job cannot be prepared or ended as it was asked.
type wrong struct{ failure }

func (w *wrong) Error() string { return w.Code + ": " + w.Reason }

func because(code, reason string) error { return &wrong{failure{code, reason}} }

// prepare makes the list of what is to be done.
func (s *Service) prepare(tx *store.Tx, j Job, state *State) error {
	in, err := j.request()
	if err != nil {
		return err
	}
	if err := s.roles.Assumable(tx, j.Account, aws.ToString(in.RoleArn), principal); err != nil {
		if now := tx.Now(); now.Sub(j.Created) < trust {
			tx.Due(now.Add(lasts[state.Status]), dueStep, j.key())
			return nil
		}
		s.failing(tx, j, state, "AssumeRoleNotPermitted", "Amazon S3 can't assume the IAM role that's specified in the Batch Operations job.")
		return nil
	}
	tasks, err := s.listed(tx, j, in, state)
	if no, ok := errors.AsType[*wrong](err); ok {
		s.failing(tx, j, state, no.Code, no.Reason)
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.put(tx, j, state, tasks); err != nil {
		return err
	}
	status := types.JobStatusReady
	if confirms(in) {
		status = types.JobStatusSuspended
	}
	s.enter(tx, j, state, status)
	return nil
}

// finish ends a job, with its report.
func (s *Service) finish(tx *store.Tx, j Job, state *State, status types.JobStatus) error {
	in, err := j.request()
	if err != nil {
		return err
	}
	if state.Succeeded+state.Failed > 0 && in.Report.Enabled {
		err := s.report(tx, j, in, *state)
		if no, ok := errors.AsType[*wrong](err); ok {
			state.Failures = append(state.Failures, no.failure)
			status = types.JobStatusFailed
		} else if err != nil {
			state.Failures = append(state.Failures, failure{"InternalServiceException", fmt.Sprintf("%.200s", err)})
			status = types.JobStatusFailed
		}
	}
	s.enter(tx, j, state, status)
	return nil
}

// dispatch lets the jobs run that have the highest priority, the older first; those that run are paused for those that wait and come before them.
func (s *Service) dispatch(tx *store.Tx, account, region string) {
	var waiting, active []turn
	pausing := 0
	s.states.Scan(tx, account+"/"+region+"/", func(key string, state State) bool {
		switch at := tx.Now().Sub(state.Entered); {
		case state.Status == types.JobStatusActive:
			active = append(active, turn{key, state})
		case state.Status == types.JobStatusPausing:
			pausing++
		case state.Status == types.JobStatusPaused, state.Status == types.JobStatusReady && at >= lasts[types.JobStatusReady]:
			waiting = append(waiting, turn{key, state})
		}
		return true
	})
	slices.SortFunc(waiting, turn.compare)
	slices.SortFunc(active, turn.compare)
	free := maxActive - len(active) - pausing
	for _, w := range waiting {
		last := len(active) - 1
		switch {
		case free > 0:
			free--
			s.move(tx, w, types.JobStatusActive)
		case pausing > 0: // a place is being made
			pausing--
		case last >= 0 && active[last].Priority < w.Priority:
			s.move(tx, active[last], types.JobStatusPausing)
			active = active[:last]
		default:
			return
		}
	}
}

// turn is a job that waits for its turn, or has it.
type turn struct {
	key string
	State
}

func (a turn) compare(b turn) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.Entered.Compare(b.Entered), strings.Compare(a.key, b.key))
}

func (s *Service) move(tx *store.Tx, t turn, to types.JobStatus) {
	j, _ := s.jobs.Get(tx, t.key)
	s.enter(tx, j, &t.State, to)
	s.states.Put(tx, t.key, t.State)
}
