package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"lifeboat/aws/account"
	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/weather"
	"lifeboat/runbooks/journal"
)

// targetOptions say where a run acts. With no flag it is the sandbox; a real account is always asked for by name.
type targetOptions struct {
	kind    string
	profile string
	others  []string
	home    string
	away    string
	account string // the account a person confirms
	speed   float64
	weather string
	seed    uint64
}

func (o *targetOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.kind, "target", account.Sandbox, "sandbox, or aws for a real account")
	f.StringVar(&o.profile, "profile", "", "AWS profile of the run (with --target aws)")
	f.StringArrayVar(&o.others, "other", nil, "`name=profile` of a further account that the runbook names (with --target aws); repeatable")
	f.StringVar(&o.account, "account", "", "account `ID` that you mean; --target aws --yes needs it")
	f.StringVar(&o.home, "home", "", "Region of the run (default us-east-2)")
	f.StringVar(&o.away, "away", "", "second Region (default us-west-2)")
	o.sandboxFlags(c)
	c.Flags().Lookup("speed").Usage = "seconds of the sandbox in one second of yours while something is waited for, when a person takes part"
	_ = c.RegisterFlagCompletionFunc("target", cobra.FixedCompletions([]string{account.Sandbox, account.AWS}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *targetOptions) sandboxFlags(c *cobra.Command) {
	f := c.Flags()
	f.Float64Var(&o.speed, "speed", 60, "seconds of the sandbox in one second of yours")
	f.StringVar(&o.weather, "weather", "", "faults of the sandbox: "+weather.Names)
	f.Uint64Var(&o.seed, "seed", 0, "makes the sandbox's ids and weather repeat")
}

// defaults are those of the flags, for a program started without them.
func (o *targetOptions) defaults() { o.kind, o.speed = account.Sandbox, 60 }

// where says in a few words which account is meant; empty for the sandbox.
func (o *targetOptions) where() string {
	if o.kind != account.AWS {
		return ""
	}
	return strings.TrimSpace(cmp.Or(o.account, o.profile, "default profile") + " " + o.home)
}

// as sets what a resumed run must have again.
func (o *targetOptions) as(was *journal.Run) {
	o.kind, o.home, o.away = was.Target, was.Regions["home"], was.Regions["away"]
}

// open opens the target. A jumping clock is for runs that nobody watches.
func (o *targetOptions) open(ctx context.Context, p *process, dir string, jumping bool) (*account.Target, error) {
	switch o.kind {
	case account.Sandbox:
		if len(o.others) > 0 || o.profile != "" {
			return nil, usagef("--profile and --other are for --target aws: the sandbox has its own accounts")
		}
		rate := o.speed
		if jumping {
			rate = 0
		}
		if o.speed <= 0 {
			return nil, usagef("--speed %g would stop the sandbox's clock; give it a number above 0", o.speed)
		}
		return o.openSandbox(p, dir, rate)
	case account.AWS:
		return o.openAWS(ctx, jumping)
	}
	return nil, usagef("there is no target %q; write sandbox or aws", o.kind)
}

// openSandbox opens the sandbox of the state folder, or attaches to the one that runs there already.
func (o *targetOptions) openSandbox(p *process, dir string, rate float64) (*account.Target, error) {
	box, err := p.openSandbox(sandbox.Options{Dir: filepath.Join(dir, "sandbox"), Rate: rate, Idle: 1, Seed: o.seed, Weather: o.weather, Log: p.boxLog})
	if err != nil {
		return nil, failed(fmt.Errorf("the sandbox does not start: %w", err), "lifeboat sandbox reset, if its folder is damaged")
	}
	t := box.Target()
	if rate == 0 && box.Attached() && t.Clock.Rate() > 0 {
		fmt.Fprintf(p.err, "note: the sandbox is open in another process, so its time runs %g times as fast as yours instead of jumping\n", t.Clock.Rate())
	}
	if o.home != "" {
		t.Home = o.home
	}
	if o.away != "" {
		t.Away = o.away
	}
	return t, nil
}

func (o *targetOptions) openAWS(ctx context.Context, unattended bool) (*account.Target, error) {
	if unattended && o.account == "" {
		return nil, usagef("a run on AWS that asks nothing needs --account ID, the account you mean")
	}
	var given []string
	for _, s := range o.others {
		if name, who, ok := strings.Cut(s, "="); ok && !strings.HasPrefix(who, "profile:") && !strings.HasPrefix(who, "arn:") {
			s = name + "=profile:" + who
		}
		given = append(given, s)
	}
	others, err := account.Identities(given)
	if err != nil {
		return nil, &ending{code: exitUsage, err: err}
	}
	t, err := account.Open(ctx, account.Options{Profile: o.profile, Home: o.home, Away: o.away, Others: others})
	if err != nil {
		return nil, err
	}
	if o.account != "" && o.account != t.Own.Account {
		t.Close()
		return nil, failed(fmt.Errorf("these credentials are of account %s, not of %s", named(t.Own), o.account), "lifeboat doctor --target aws, which says who you are")
	}
	return t, nil
}

// confirmed reports whether a person named the account that was opened.
func (o *targetOptions) confirmed(t *account.Target) bool {
	return t.Kind == account.Sandbox || (o.account != "" && o.account == t.Own.Account)
}

// named is an account's id, with its alias where it has one.
func named(id account.Identity) string {
	if id.Alias == "" {
		return id.Account
	}
	return id.Account + " (" + id.Alias + ")"
}
