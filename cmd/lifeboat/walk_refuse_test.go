package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/weather"
	"lifeboat/aws/sandbox/wire"
	"lifeboat/runbooks/journal"
)

// refusal is one thing that can happen to a call.
type refusal struct {
	name  string
	fault wire.Fault
	// words are what a step that fails by it must say. A refusal that passes by itself has none: no step fails.
	words *regexp.Regexp
}

var refusals = []refusal{
	{"throttled", wire.Fault{Code: weather.Throttled}, nil},
	{"denied", wire.Fault{Code: weather.Denied}, regexp.MustCompile(`: (AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError): .*; .`)},
	{"timed-out", wire.Fault{Hang: true}, regexp.MustCompile(`no answer in time.*; .`)},
	{"lost", wire.Fault{Lose: true}, regexp.MustCompile(`the answer was lost.*; .`)},
}

// hasty calls give up on one operation soon, so that an answer that will not come is not waited for long.
type hasty struct {
	calls.Caller
	op   string
	soon calls.Caller
}

func (h hasty) Call(ctx context.Context, r calls.Request) (calls.Response, error) {
	if r.Op == h.op {
		return h.soon.Call(ctx, r)
	}
	return h.Caller.Call(ctx, r)
}

const soon = time.Second

// refused: every call of a lab in turn is throttled, denied, left without an answer, and has its answer lost after the work was
// done. The run passes, or ends with a step that says what failed and what to do, and resume finishes it.
func (l *lab) refused() (points []point) {
	for _, call := range l.calls() {
		for _, r := range refusals {
			points = append(points, point{call.String() + "-" + r.name, func(t *testing.T) bool { return l.refuse(t, call, r) }})
		}
	}
	return points
}

// refuse runs the lab with one call refused, and reports whether the call came.
func (l *lab) refuse(t *testing.T, call nth, r refusal) bool {
	service, operation, _ := strings.Cut(call.op, ".")
	var struck atomic.Bool
	p, out := inProcess()
	p.openSandbox = func(o sandbox.Options) (*sandbox.Sandbox, error) {
		box, err := sandbox.Open(o)
		if err == nil {
			box.Weather().Add(weather.Rule{Service: service, Operation: operation, Skip: call.n - 1, Times: 1, Fault: r.fault,
				Then: func() { struck.Store(true) }})
		}
		return box, err
	}
	if r.fault.Hang {
		p.caller = func(t *account.Target, g calls.Guard) calls.Caller {
			return hasty{calls.New(t, g), call.op, calls.New(t, g, calls.Timeout(soon))}
		}
	}
	dir, made := t.TempDir(), &census{}
	code := p.run(l.args(dir, "run", l.id))
	made.read(t, dir)
	end := outcomeOf(t, dir)
	switch {
	case end == nil:
		t.Fatalf("code %d, and the run has no end:\n%s", code, tail(out.String(), 25))
	case code == exitDone && end.State == journal.RunPassed && end.Left == 0:
		l.same(t, made)
		return struck.Load()
	case r.words == nil:
		t.Errorf("code %d, outcome %+v\n%s%s", code, end, tail(out.String(), 25), failures(dir))
	}
	why, want := failures(dir), exitFailed
	if end.State == journal.RunPassed && end.Left > 0 {
		want = exitLeft
	}
	if code != want {
		t.Errorf("code %d, want %d; outcome %+v", code, want, end)
	}
	if r.words != nil && (!r.words.MatchString(why) || !strings.Contains(why, call.op)) {
		t.Errorf("the failure does not say that %s %s, and what to do: %s", call.op, r.name, why)
	}
	next := fmt.Sprintf("lifeboat lab resume %s --state %s --yes", runOf(t, dir), dir)
	if end.State == journal.RunPassed {
		next = fmt.Sprintf("lifeboat lab clean %s --state %s", runOf(t, dir), dir)
	}
	if !strings.Contains(out.String(), next) {
		t.Errorf("the program does not say to go on with %s:\n%s", next, tail(out.String(), 6))
	}
	l.finish(t, dir, made)
	return struck.Load()
}
