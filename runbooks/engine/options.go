package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"regexp"
	"time"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
)

// Mode is what a run is for.
type Mode string

const (
	Rehearse Mode = "rehearse" // the sandbox
	Drill    Mode = "drill"    // AWS; what it made is for practice, and is cleaned up when it is asked to
	Incident Mode = "incident" // AWS; everything it made is kept, whatever Options.Clean says
)

// Options is what a run needs from outside. Runbook, Target and Journal must be given; everything else has a default.
type Options struct {
	Runbook *runbooks.Runbook
	Target  *account.Target
	Journal journal.Folder
	Mode    Mode // Rehearse on the sandbox, Drill on AWS when empty

	// Inputs sets inputs of the runbook by name, and answers its ask and choose steps by step id.
	Inputs map[string]any
	// Unattended runs every step without asking, and takes every default. What has none fails its step.
	Unattended bool
	// Clean undoes what the run made when it has come to its end. A failed or stopped run keeps everything, so that it
	// can be resumed; CleanUp undoes that one.
	Clean bool
	// Confirmed says that a person confirmed account and Region before (on the sandbox nobody has to).
	Confirmed bool

	// ReadOnly refuses every call and statement that would change anything.
	ReadOnly bool

	// Caller makes the calls under a guard; calls.New on the target when nil.
	Caller func(calls.Guard) calls.Caller
	// Connect opens a session at a database; endpoint.Open when nil.
	Connect func(context.Context, endpoint.Address) (endpoint.Conn, error)
	ID      string                                           // run id; made from runbook, time and NewID when empty
	NewID   func() string                                    // four characters that no other run has
	Wall    func() time.Time                                 // this machine's time
	Rand    func() float64                                   // from 0 to 1, for jitter
	Pause   func(ctx context.Context, d time.Duration) error // this machine's time passes: between looks at what a person does by hand
	Log     *slog.Logger                                     // stacks and other things no user wants to read
	Version string                                           // of the program
}

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Runbook == nil:
		return o, fmt.Errorf("a run needs a runbook")
	case o.Target == nil || o.Target.Clock == nil:
		return o, fmt.Errorf("a run of %s needs an open target with a clock", o.Runbook.ID)
	case o.Journal.Dir == "":
		return o, fmt.Errorf("a run of %s needs a folder for its journal", o.Runbook.ID)
	}
	if o.Mode == "" {
		o.Mode = Rehearse
		if o.real() {
			o.Mode = Drill
		}
	}
	if (o.Mode == Rehearse) == o.real() {
		return o, fmt.Errorf("mode %s does not go with target %s: rehearse is for the sandbox, drill and incident are for aws", o.Mode, o.Target.Kind)
	}
	if o.Caller == nil {
		o.Caller = func(g calls.Guard) calls.Caller { return calls.New(o.Target, g) }
	}
	if o.Connect == nil {
		o.Connect = endpoint.Open
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Rand == nil {
		o.Rand = mathrand.Float64
	}
	if o.Pause == nil {
		o.Pause = account.Wall{}.Wait
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// real reports whether the target is a real account.
func (o Options) real() bool { return o.Target.Kind == account.AWS }

// inputs gives the value of every input, from Inputs or its default.
func (o Options) inputs() (map[string]any, error) {
	out := map[string]any{}
	for name, v := range o.Inputs {
		out[name] = v
	}
	for _, in := range o.Runbook.Inputs {
		v, given := out[in.Name]
		if !given {
			if in.Default.Kind == runbooks.None {
				return nil, fmt.Errorf("input %s of %s is missing (%s): give it with --input %s=VALUE", in.Name, o.Runbook.ID, in.Say, in.Name)
			}
			filled, err := expr.Fill(in.Default, map[string]any{"home": o.Target.Home, "away": o.Target.Away, "account": o.Target.Own.Account})
			if err != nil {
				return nil, fmt.Errorf("default of input %s: %w", in.Name, err)
			}
			v = filled
			out[in.Name] = v
		}
		if err := matches(in.Pattern, v); err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
	}
	return out, nil
}

// matches checks a value against a pattern that must match it whole; an empty pattern takes everything.
func matches(pattern string, v any) error {
	if pattern == "" {
		return nil
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return fmt.Errorf("its pattern is wrong: %w", err)
	}
	if s := fmt.Sprint(v); !re.MatchString(s) {
		return fmt.Errorf("%q is not allowed, it must match %s", s, pattern)
	}
	return nil
}

// newID is four characters that are easy to read aloud.
func newID() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:])
}
