package calls

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"lifeboat/aws/account"
	"lifeboat/aws/model"
)

// AWS makes calls on a target. It is safe for concurrent use.
type AWS struct {
	target  *account.Target
	guard   Guard
	timeout time.Duration
	backoff func(attempt int) time.Duration
	clients *clients
}

var _ Caller = (*AWS)(nil)

// clients holds what was built so far, one client for each service, identity and Region.
type clients struct {
	mu   sync.Mutex
	made map[clientKey]any
}

type clientKey struct{ service, as, region string }

// AppID names this program in the requests' User-Agent, for CloudTrail; the sandbox knows by it that the client carries the
// mend of hideWriteTo.
const AppID = "lifeboat"

// Option changes how calls are made.
type Option func(*AWS)

// Timeout is how long one call may take, all its attempts together, in wall time. The default is two minutes, and ten
// seconds on a target whose clock jumps.
func Timeout(d time.Duration) Option { return func(a *AWS) { a.timeout = d } }

// New makes calls on t under g. No client is built before its first call. Between attempts stand the SDK's own delays and its
// adaptive rate limit; on a target whose clock jumps it is a millisecond and no rate limit, so that nothing waits.
func New(t *account.Target, g Guard, options ...Option) *AWS {
	a := &AWS{target: t, guard: g, timeout: 2 * time.Minute, clients: &clients{made: map[clientKey]any{}}}
	if t.Clock != nil && t.Clock.Rate() == 0 {
		a.timeout = 10 * time.Second
		a.backoff = func(int) time.Duration { return time.Millisecond }
	}
	for _, o := range options {
		o(a)
	}
	return a
}

// Call makes one call. An empty Region is the target's home.
func (a *AWS) Call(ctx context.Context, r Request) (Response, error) {
	l, ok := table()[r.Op]
	if !ok {
		return Response{}, &Error{Op: r.Op, Kind: Client, Code: CodeNotListed, Message: "this program does not make that call" + nearest(r.Op)}
	}
	if r.Region == "" {
		r.Region = a.target.Home
	}
	if err := a.guard.check(l.Operation, r); err != nil {
		return Response{}, err
	}
	op, err := model.Find(r.Op)
	if err != nil {
		return Response{}, &Error{Op: r.Op, Region: r.Region, Kind: Client, Message: err.Error(), err: err}
	}
	client, err := a.clients.get(a, l, op, r)
	if err != nil {
		return Response{}, failed(r, l.Operation, &trail{}, fmt.Errorf("configuration: %w", err))
	}

	seen := &trail{repeatable: l.Repeatable()}
	begun := time.Now()
	outer := ctx
	if a.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.timeout)
		defer cancel()
	}
	out, err := l.invoke(context.WithValue(ctx, trailKey{}, seen), client, op, r.Params)
	took := time.Since(begun)
	if err != nil {
		e := failed(r, l.Operation, seen, err)
		if outer.Err() != nil && errors.Is(outer.Err(), context.Canceled) {
			e.Kind = Stopped
		} else if ctx.Err() != nil && e.Status == 0 {
			e.Kind, e.Message = TimedOut, fmt.Sprintf("given up after %s", took.Round(time.Millisecond))
		}
		e.Took = took
		return Response{RequestID: seen.requestID, Attempts: seen.attempts, Took: took}, e
	}
	resp := Response{Output: out, RequestID: seen.requestID, Attempts: seen.attempts, Took: took}
	if faults, _ := out[l.faults].([]any); len(faults) > 0 {
		return resp, inPart(r, resp, faults)
	}
	return resp, nil
}

// get gives the client of a call, and builds it when this is its first.
func (c *clients) get(a *AWS, l *line, op *model.Op, r Request) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := clientKey{op.API.Service, r.As, r.Region}
	if client, ok := c.made[key]; ok {
		return client, nil
	}
	cfg, err := a.target.Config(r.As, r.Region)
	if err != nil {
		return nil, err
	}
	client := l.client(a.prepare(cfg))
	c.made[key] = client
	return client, nil
}

// prepare gives the configuration our clients are built with: the target's own, our retryer and our middleware.
func (a *AWS) prepare(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	if cfg.AppID == "" {
		cfg.AppID = AppID
	}
	cfg.Retryer = func() aws.Retryer { return retryer(cfg.RetryMode, a.backoff) }
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], hideWriteTo, follow)
	return cfg
}
