package calls

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// line is one operation with what it takes to make it.
type line struct {
	Operation
	client func(aws.Config) any // makes the service's client
	faults string               // the list of an answer that says what was not done, though the call was answered with success
	invoke func(ctx context.Context, client any, shape *model.Op, params map[string]any) (map[string]any, error)
}

// call is one line of the table: the operation's name, the SDK's method, the effect, and what is not the obvious.
func call[C, I, O, F any](name string, method func(C, context.Context, *I, ...func(*F)) (*O, error), e Effect, more ...func(*line)) *line {
	l := &line{Operation: Operation{Name: name, Effect: e, Actions: []string{action(name)}}}
	l.invoke = func(ctx context.Context, client any, op *model.Op, params map[string]any) (map[string]any, error) {
		in := new(I)
		if err := codec.Decode(op.Input, params, in); err != nil {
			return nil, &paramError{err}
		}
		out, err := method(client.(C), ctx, in)
		if err != nil {
			return nil, err
		}
		return codec.Encode(op.Output, out)
	}
	for _, m := range more {
		m(l)
	}
	return l
}

// service is the lines of one service with the way to its client.
func service[C, F any](client func(aws.Config, ...func(*F)) C, lines ...*line) []*line {
	for _, l := range lines {
		l.client = func(cfg aws.Config) any { return client(cfg) }
	}
	return lines
}

// token names the member that makes the operation idempotent.
func token(member string) func(*line) { return func(l *line) { l.Token = member } }

// needs adds IAM actions beside the operation's own.
func needs(actions ...string) func(*line) {
	return func(l *line) { l.Actions = append(l.Actions, actions...) }
}

// allowed gives the IAM actions of an operation whose own is not named after it.
func allowed(actions ...string) func(*line) {
	return func(l *line) { l.Actions = actions }
}

// partly names the list of the answer that tells what failed of a call about many things: Code, Message and what it is about.
func partly(list string) func(*line) { return func(l *line) { l.faults = list } }

// passes names the service the operation hands a role to.
func passes(to string) func(*line) { return func(l *line) { l.Passes = to } }

// keys says that the operation uses the KMS key of what is encrypted.
func keys(l *line) { l.Keys = true }

// same says that the operation made twice leaves the same, and answers the same.
func same(l *line) { l.Same = true }

// prefixes are the IAM service prefixes that differ from the CLI's service name (Service Authorization Reference).
var prefixes = map[string]string{
	"efs":                      "elasticfilesystem",
	"s3control":                "s3",
	"resourcegroupstaggingapi": "tag",
}

// action is the IAM action that carries the operation's name.
func action(op string) string {
	svc, name, _ := strings.Cut(op, ".")
	if p, ok := prefixes[svc]; ok {
		svc = p
	}
	return svc + ":" + name
}

// table is made when it is first asked for.
var table = sync.OnceValue(func() map[string]*line {
	t := map[string]*line{}
	for _, lines := range [][]*line{ec2Lines(), ebsLines(), dlmLines(), kmsLines(), iamLines(), stsLines(), taggingLines(), rdsLines(), secretsmanagerLines(), s3Lines(), s3controlLines(), cloudwatchLines()} {
		for _, l := range lines {
			t[l.Name] = l
		}
	}
	return t
})

// Find gives an operation by its name, "ec2.CreateVolume".
func Find(op string) (Operation, bool) {
	l, ok := table()[op]
	if !ok {
		return Operation{}, false
	}
	return l.Operation, true
}

// All gives every operation, by name.
func All() []Operation {
	t := table()
	all := make([]Operation, 0, len(t))
	for _, name := range slices.Sorted(maps.Keys(t)) {
		all = append(all, t[name].Operation)
	}
	return all
}
