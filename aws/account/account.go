// Package account opens the target of a run: which account, which Region, which credentials; the sandbox or AWS.
//
// Whoever opens a target gets clients' configuration and a clock, and that is all it sees: nothing above this package
// knows whether AWS or the sandbox answers.
package account

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Kinds of target.
const (
	Sandbox = "sandbox"
	AWS     = "aws"
)

// Clock is the target's time. On AWS it is this machine's; on the sandbox it is virtual, and jumps or runs.
type Clock interface {
	Now() time.Time // UTC
	// Wait returns when d of the target's time has passed or ctx ends. A jumping clock moves itself and returns at once.
	Wait(ctx context.Context, d time.Duration) error
	// Pass lets d of time pass at once. On AWS it returns ErrRealTime.
	Pass(ctx context.Context, d time.Duration) error
	// Rate is how many seconds of the target pass in one second of this machine: 1 on AWS, 0 for a jumping clock.
	Rate() float64
}

// ErrRealTime says that time cannot be made to pass on this target.
var ErrRealTime = errors.New("time on AWS cannot be moved: wait for it, or skip the step")

// Identity is who calls, as sts:GetCallerIdentity tells it.
type Identity struct {
	Account string // 12 digits
	Alias   string // empty when there is none or it may not be read
	ARN     string
}

// Target is an open target.
type Target struct {
	Kind  string // Sandbox | AWS
	Home  string // Region
	Away  string // Region
	Clock Clock
	// Own is the identity of the run; Others are further ones by the name a runbook gives them.
	Own    Identity
	Others map[string]Identity
	// Endpoint is the address calls go to when it is not AWS's own (the sandbox, or AWS_ENDPOINT_URL); else empty.
	Endpoint string
	// Config gives the SDK configuration of an identity in a Region; as is empty for the run's own.
	Config func(as, region string) (aws.Config, error)
	// Close releases what the target holds (the sandbox in this process, its lock).
	Close func() error
}
