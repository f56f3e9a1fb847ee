// Package calls has every AWS operation this program can make, one line each, with its effect. What is not in the table
// cannot be called, and the guard sits here, not in a view: a call that is not allowed never reaches the wire.
package calls

import (
	"context"
	"time"
)

// Effect is what an operation does to the account.
type Effect int

const (
	Read Effect = iota
	Create
	Change
	Delete
	Irreversible
)

// Operation is one line of the table.
type Operation struct {
	Name    string // "ec2.CreateVolume": service as the aws CLI writes it, operation as the API does
	Effect  Effect
	Token   string   // the member that makes it idempotent ("ClientToken"); empty when it has none
	Actions []string // IAM actions it needs
}

// Request is one call, its parameters as a plain tree: member names of the API model; strings, bools, numbers, lists,
// maps; timestamps as RFC 3339 strings or time.Time; blobs as []byte or base64 strings.
type Request struct {
	Op     string
	Region string
	As     string // identity name; empty is the run's own
	Params map[string]any
}

// Response is what came back, as a plain tree: numbers are float64, timestamps RFC 3339 strings, blobs []byte.
type Response struct {
	Output    map[string]any
	RequestID string
	Attempts  int
	Took      time.Duration // wall time
}

// Caller makes calls on one target under one guard.
type Caller interface {
	// Call makes one call. The error is an *Error when AWS answered or the guard refused.
	Call(ctx context.Context, r Request) (Response, error)
}
