package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/proof"
)

// actSeed writes known data. Writing the same again is harmless, so one intent covers all of it.
func (r *run) actSeed(ctx context.Context, f *frame) error {
	kind, err := proof.Find(f.step.Seed.Data)
	if err != nil {
		return err
	}
	with, err := params(f.step.Seed.With, f.scope)
	if err != nil {
		return fmt.Errorf("%s: seed: %w", f.step.ID, err)
	}
	op, _ := operation(kind.Writes, false)
	c := journal.Call{ID: r.callID(f.id), Op: op.Name, Effect: op.Effect.String(), Region: f.region, As: f.as, Params: plainMap(with), Role: "seed"}
	if err := r.permit(ctx, f, c); err != nil {
		return err
	}
	if err := r.emit(journal.Event{Kind: journal.CallIntent, Step: f.step.ID, Call: copyOf(c)}); err != nil {
		return err
	}
	f.sent = r.o.Target.Clock.Now()
	job, count := r.job(f, c, "writing known data")
	began := r.o.Wall()
	out, err := kind.Seed(ctx, job)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.Millis, c.Attempts = r.o.Wall().Sub(began).Milliseconds(), count()
	err = asCall(f.region, err)
	var e *calls.Error
	switch {
	case err == nil:
		c.OK = true
		f.output = plain(out)
	case errors.As(err, &e):
		c.Code, c.Message, c.RequestID = e.Code, e.Message, e.RequestID
	default:
		c.Code, c.Message = "Error", err.Error()
	}
	if werr := r.emit(journal.Event{Kind: journal.CallResult, Step: f.step.ID, Call: copyOf(c)}); werr != nil {
		return werr
	}
	return refusal(f, err)
}

func (r *run) actProve(ctx context.Context, f *frame) error {
	p := f.step.Prove
	kind, err := proof.Find(p.Data)
	if err != nil {
		return err
	}
	with, err := params(p.With, f.scope)
	if err != nil {
		return fmt.Errorf("%s: prove: %w", f.step.ID, err)
	}
	seeded, ok := r.state.Step(p.Against).Output.(map[string]any)
	if !ok {
		return &failure{text: fmt.Sprintf("%s: nothing is known about the data of %s: that step has written none in this run", f.step.ID, p.Against)}
	}
	job, _ := r.job(f, journal.Call{Effect: calls.Read.String(), Region: f.region, As: f.as, Params: with}, "reading the data back")
	got, err := kind.Prove(ctx, job, seeded)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return refusal(f, asCall(f.region, err))
	}
	got.Differs = p.Differs
	if err := r.emit(journal.Event{Kind: journal.Proved, Step: f.step.ID, Proof: &got}); err != nil {
		return err
	}
	f.output = map[string]any{"OK": got.OK, "Total": float64(got.Total), "Equal": float64(got.Equal), "Fingerprint": got.Fingerprint, "Expected": got.Expected, "Count": float64(got.Count)}
	if !got.Newest.IsZero() {
		f.output.(map[string]any)["Newest"] = spell(got.Newest)
	}
	switch {
	case !got.OK && !p.Differs:
		return &failure{text: fmt.Sprintf("%s: the data is not what %s wrote: %d of %d %s are equal; %s", f.step.ID, p.Against, got.Equal, got.Total, got.Unit, list(got.Different))}
	case got.OK && p.Differs:
		return &failure{text: fmt.Sprintf("%s: the data was expected to be damaged, and all %d %s are what %s wrote", f.step.ID, got.Total, got.Unit, p.Against)}
	}
	return nil
}

// job is the work of a kind of data in a step: its calls go out as the step's do, and how far it is becomes an event. c says where, and
// what it may do there.
func (r *run) job(f *frame, c journal.Call, words string) (proof.Job, func() int) {
	var mu sync.Mutex
	attempts := 0
	var told time.Time
	j := proof.Job{Run: r.state.Run.ID, With: c.Params}
	j.Call = func(ctx context.Context, op string, params map[string]any) (map[string]any, error) {
		resp, err := r.caller.Call(ctx, calls.Request{Op: op, Region: f.region, As: f.as, Params: params})
		mu.Lock()
		attempts += max(resp.Attempts, 1)
		mu.Unlock()
		return resp.Output, err
	}
	j.SQL = func(ctx context.Context, instance, database string) (endpoint.Conn, error) {
		return r.session(ctx, c, instance, database)
	}
	j.Seeded = func(step string) (map[string]any, bool) {
		out, ok := r.state.Step(step).Output.(map[string]any)
		return out, ok
	}
	// The run's goroutine stands in the job meanwhile, and progress comes one at a time, so emitting from here is safe. Ten a second are
	// more than anybody reads.
	j.Progress = func(done, total int) {
		if now := r.o.Wall(); done == total || now.Sub(told) >= 100*time.Millisecond {
			told = now
			_ = r.emit(journal.Event{Kind: journal.WaitSeen, Step: f.step.ID, Wait: &journal.Wait{For: words, Seen: fmt.Sprintf("%d of %d", done, total), Polls: done}})
		}
	}
	return j, func() int { return attempts }
}
