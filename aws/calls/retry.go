package calls

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// retryer is the SDK's own, in the mode of the configuration (adaptive when it names none), except that it never repeats
// what may have run and must not run twice. With a backoff it is the standard mode with those delays: the adaptive rate
// limit measures wall time and would make a jumping target wait.
func retryer(mode aws.RetryMode, backoff func(int) time.Duration) aws.Retryer {
	once := func(o *retry.StandardOptions) {
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(neverTwice)}, o.Retryables...)
	}
	if backoff != nil {
		return retry.NewStandard(once, func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return backoff(attempt), nil })
		})
	}
	if mode == aws.RetryModeStandard {
		return retry.NewStandard(once)
	}
	return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) { o.StandardOptions = append(o.StandardOptions, once) })
}

func neverTwice(err error) aws.Ternary {
	if _, ok := errors.AsType[*onlyOnce](err); ok {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// onlyOnce marks the error of an attempt that may have run and must not be repeated.
type onlyOnce struct{ err error }

func (e *onlyOnce) Error() string { return e.err.Error() }
func (e *onlyOnce) Unwrap() error { return e.err }

// trail is what is seen of one call while it is made.
type trail struct {
	repeatable bool
	attempts   int
	unsettled  bool // an attempt reached AWS and got no answer saying what came of it
	requestID  string
}

type trailKey struct{}

// follow adds a middleware inside the retry loop that counts attempts, keeps the request id, and notes attempts
// that may have run. A request counts as sent from the moment its headers were written.
func follow(stack *middleware.Stack) error {
	if _, ok := stack.Finalize.Get("Retry"); !ok { // a URL is signed in advance (ec2.CopySnapshot does it): nothing is sent
		return nil
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("lifeboat.Follow", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		seen, ok := ctx.Value(trailKey{}).(*trail)
		if !ok {
			return next.HandleFinalize(ctx, in)
		}
		var sent atomic.Bool // the transport writes it from its own goroutine
		seen.attempts++
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
		out, meta, err := next.HandleFinalize(ctx, in)
		seen.requestID, _ = awsmiddleware.GetRequestIDMetadata(meta)
		if err != nil && sent.Load() && !answered(err) {
			seen.unsettled = true
			if !seen.repeatable {
				err = &onlyOnce{err}
			}
		}
		return out, meta, err
	}), "Retry", middleware.After)
}

// answered says that AWS told what came of the request: an error that is the caller's, or a refusal for now. A 5xx that is
// no refusal leaves open whether the work was done.
func answered(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	if throttling(api.ErrorCode()) || unavailable[api.ErrorCode()] {
		return true
	}
	if res, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return res.HTTPStatusCode() >= 300 && res.HTTPStatusCode() < 500
	}
	return false
}

// unavailable are the 5xx codes that say the request was turned away before any work.
var unavailable = map[string]bool{
	"ServiceUnavailable": true, "Unavailable": true, "ServiceUnavailableException": true,
	"InsufficientCapacity": true, "InsufficientInstanceCapacity": true, "InsufficientVolumeCapacity": true,
}

func throttling(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok || code == "RequestLimitExceeded" || code == "SnapshotCreationPerVolumeRateExceeded"
}

// hideWriteTo is the mend for a race of the SDK that answers of a fast, near server wake. Once the answer is there the SDK
// closes its request body, while net/http's transport may still be probing it; the body's WriteTo then returns io.EOF as an
// error, the transport drops the connection ("use of closed network connection") and the retryer repeats a call that AWS
// has carried out. A stream that shows no WriteTo is read with Read, whose io.EOF means what it should.
func hideWriteTo(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("lifeboat.HideWriteTo", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		if req, ok := in.Request.(*smithyhttp.Request); ok {
			var plain io.Reader
			switch stream := req.GetStream().(type) {
			case nil, *io.PipeReader:
			case io.ReadSeeker:
				plain = struct{ io.ReadSeeker }{stream}
			case io.Reader:
				plain = struct{ io.Reader }{stream}
			}
			if plain != nil {
				wrapped, err := req.SetStream(plain)
				if err != nil {
					return middleware.BuildOutput{}, middleware.Metadata{}, err
				}
				in.Request = wrapped
			}
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}
