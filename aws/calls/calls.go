// Package calls has every AWS operation this program can make, one line each, with its effect. What is not in the table
// cannot be called, and the guard sits here, not in a view: a call that is not allowed never reaches the wire.
//
// The table names typed methods of the SDK's clients (method expressions, never names looked up at run time), so the linker
// drops the operations that nobody lists. Parameters and answers are plain trees in the words of the API model; package codec
// turns them into the SDK's types and back.
//
// From the same table and model come, without making a call: the aws command of an operation (Command) and the IAM policy
// that allows a list of them (Policy).
//
// # What is repeated, and what never is
//
// Reads, operations with an idempotency token, and those that leave the same when made twice (writing a block, a tag) are
// repeated as the SDK's retryer sees fit. Any other mutating operation is repeated only where it is known not to have run: throttled, refused for now, or never sent. When its answer is
// lost on the way the error is of kind Lost and MayHaveRun is true: look before doing it again.
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

func (e Effect) String() string {
	return [...]string{"read", "create", "change", "delete", "irreversible"}[e]
}

// Operation is one line of the table.
type Operation struct {
	Name    string // "ec2.CreateVolume": service as the aws CLI writes it, operation as the API does
	Effect  Effect
	Token   string   // the member that makes it idempotent ("ClientToken"); empty when it has none
	Actions []string // IAM actions it needs, its own first
	Passes  string   // the service it hands a role to ("dlm.amazonaws.com"): iam:PassRole is needed too
	Keys    bool     // it uses the KMS key of what is encrypted, in the caller's name
	Same    bool     // made twice it leaves the same, and answers the same
}

// Repeatable says that making the call twice does no more than making it once.
func (o Operation) Repeatable() bool { return o.Effect == Read || o.Token != "" || o.Same }

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
