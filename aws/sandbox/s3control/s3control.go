// Package s3control is the sandbox's S3 Batch Operations: jobs that do one thing to every object on a list.
//
// Its rule: a job is what was asked, a row that is never changed, and a small row of how far it is. The list and what became of each task are
// content, cut into batches; a batch is done in one transaction with the count of what it did, so that a job that is killed in the middle goes on
// after the last batch and does each task once. What a job does it does as its role, which is asked for every bucket and every object.
package s3control

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"lifeboat/aws/sandbox/s3"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Roles are what jobs run as.
type Roles interface {
	// Assumable says that the role exists, trusts the service and can be assumed already. The error says what is missing.
	Assumable(tx *store.Tx, account, roleARN, service string) error
}

// principal is who assumes a job's role.
const principal = "batchoperations.s3.amazonaws.com"

// Service keeps the jobs of all accounts.
type Service struct {
	store   *store.Store
	buckets s3.Within
	roles   Roles
	jobs    *store.Table[Job]    // account/region/id
	states  *store.Table[State]  // account/region/id
	batches *store.Table[Batch]  // account/region/id/number
	tokens  *store.Table[string] // account/region/token: the id of the job it made
}

// New makes the service on st, for the objects of buckets.
func New(st *store.Store, buckets s3.Within, roles Roles) *Service {
	s := &Service{
		store: st, buckets: buckets, roles: roles,
		jobs:    store.NewTable[Job](st, "s3control.jobs"),
		states:  store.NewTable[State](st, "s3control.states"),
		batches: store.NewTable[Batch](st, "s3control.batches"),
		tokens:  store.NewTable[string](st, "s3control.tokens"),
	}
	st.OnDue(dueStep, s.step)
	st.OnDue(dueExpiry, s.expire)
	st.OnSweep(func(tx *store.Tx, k *store.Kept) {
		s.batches.Scan(tx, "", func(_ string, b Batch) bool { k.Content(b.Tasks); k.Content(b.Results); return true })
	})
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateJob), wire.Op(s.DescribeJob), wire.Op(s.ListJobs), wire.Op(s.UpdateJobStatus), wire.Op(s.UpdateJobPriority),
	}
}

// own refuses who asks for the jobs of another account: S3 Control is asked in the name of one's own.
func own(ctx context.Context, account *string) (wire.Caller, error) {
	c := wire.From(ctx)
	if aws.ToString(account) != c.Account {
		return c, wire.Errorf("AccessDenied", "Access Denied")
	}
	return c, nil
}

// find is a job of the caller in the caller's Region, and how far it is. All others are not there, whoever owns them (Amazon S3 User Guide,
// "Troubleshooting S3 Batch Operations").
func (s *Service) find(tx *store.Tx, c wire.Caller, id *string) (Job, State, error) {
	key := c.Account + "/" + c.Region + "/" + aws.ToString(id)
	j, there := s.jobs.Get(tx, key)
	if !there {
		return j, State{}, wire.Errorf("NoSuchJob", "No such job")
	}
	state, _ := s.states.Get(tx, key)
	return j, state, nil
}

// changed is find for what changes how far the job is.
func (s *Service) changed(ctx context.Context, account, id *string, fn func(tx *store.Tx, j Job, state *State) error) error {
	c, err := own(ctx, account)
	if err != nil {
		return err
	}
	return s.store.Update(func(tx *store.Tx) error {
		j, state, err := s.find(tx, c, id)
		if err != nil {
			return err
		}
		if err := fn(tx, j, &state); err != nil {
			return err
		}
		s.states.Put(tx, j.key(), state)
		s.dispatch(tx, j.Account, j.Region)
		return nil
	})
}

// kept is how long a job that has ended can still be seen (Amazon S3 User Guide, "Managing S3 Batch Operations jobs").
const kept = 90 * 24 * time.Hour

// expire forgets a job.
func (s *Service) expire(tx *store.Tx, key string) error {
	j, there := s.jobs.Get(tx, key)
	if !there {
		return nil
	}
	s.jobs.Delete(tx, key)
	s.states.Delete(tx, key)
	s.tokens.Delete(tx, j.token())
	return nil
}

// ended says whether a job is over.
func ended(status types.JobStatus) bool {
	return status == types.JobStatusComplete || status == types.JobStatusFailed || status == types.JobStatusCancelled
}
