package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/aws/sandbox"
)

func newDoctor(p *process) *cobra.Command {
	var o targetOptions
	var asJSON bool
	c := &cobra.Command{Use: "doctor", Short: "Say whether this machine, and an account, are ready", Args: cobra.NoArgs,
		Long: "Looks at this machine: terminal, state folder, sandbox, aws CLI. With --target aws also at the account: who you are,\nwhether both Regions answer, and by dry runs whether you may do what the labs do. It changes nothing.",
		RunE: func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), p, o, asJSON) }}
	o.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// finding is one thing that was looked at. Need is false for what is only nice to have.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Need bool   `json:"need"`
	Says string `json:"says"`
	Do   string `json:"do,omitempty"`
}

func runDoctor(ctx context.Context, p *process, o targetOptions, asJSON bool) error {
	found := machine(p)
	switch o.kind {
	case account.Sandbox:
	case account.AWS:
		found = append(found, theAccount(ctx, o)...)
	default:
		return usagef("there is no target %q; write sandbox or aws", o.kind)
	}
	if asJSON {
		if err := printJSON(p, found); err != nil {
			return err
		}
	}
	bad := false
	for _, f := range found {
		bad = bad || (f.Need && !f.OK)
		if asJSON {
			continue
		}
		word := "ok"
		switch {
		case !f.OK && f.Need:
			word = "MISSING"
		case !f.OK:
			word = "note"
		}
		fmt.Fprintf(p.out, "%-8s %s: %s\n", word, f.What, f.Says)
		if f.Do != "" {
			fmt.Fprintf(p.out, "         try: %s\n", f.Do)
		}
	}
	if bad {
		return ended(exitCheck)
	}
	return nil
}

func machine(p *process) []finding {
	out := []finding{{What: "program", OK: true, Says: "lifeboat " + version() + " on " + runtime.GOOS + "/" + runtime.GOARCH}, terminalFinding(p)}
	dir, err := p.state()
	if err != nil {
		return append(out, finding{What: "state folder", Need: true, Says: err.Error(), Do: "lifeboat --state DIR doctor"})
	}
	return append(out, finding{What: "state folder", Need: true, OK: true, Says: dir + " can be written"}, sandboxFinding(dir), cliFinding(p))
}

func terminalFinding(p *process) finding {
	f := finding{What: "terminal", OK: p.screen(), Says: "the full screen can be shown (TERM=" + p.getenv("TERM") + ")"}
	switch {
	case f.OK:
	case !p.terminal():
		f.Says, f.Do = "standard input or output is no terminal, so there is no full screen", "commands with --yes, --plain or --json"
	default:
		f.Says, f.Do = "TERM=dumb, CI or LIFEBOAT_PLAIN is set, so plain lines are used", "commands with --yes or --plain"
	}
	return f
}

// sandboxFinding starts a sandbox of its own, in memory, and times it.
func sandboxFinding(dir string) finding {
	f := finding{What: "sandbox", Need: true}
	began := time.Now()
	box, err := sandbox.Open(sandbox.Options{})
	if err != nil {
		f.Says, f.Do = err.Error(), "let this program listen on 127.0.0.1"
		return f
	}
	defer box.Close()
	f.OK, f.Says = true, fmt.Sprintf("starts in %d ms and listens on loopback", time.Since(began).Milliseconds())
	if _, err := os.Stat(filepath.Join(dir, "sandbox")); err == nil {
		f.Says += "; its state is kept in " + filepath.Join(dir, "sandbox")
	}
	return f
}

func cliFinding(p *process) finding {
	f := finding{What: "aws CLI"}
	path, err := exec.LookPath("aws")
	if err != nil {
		f.Says, f.Do = "not found: labs run without it, but steps cannot be done by hand", "install it from the AWS CLI User Guide"
		return f
	}
	cmd := exec.Command(path, "--version")
	cmd.Env = p.env
	text, err := cmd.CombinedOutput()
	f.OK, f.Says = err == nil, strings.TrimSpace(string(text))
	if err != nil {
		f.Says = path + " does not start: " + err.Error()
	}
	return f
}

func theAccount(ctx context.Context, o targetOptions) []finding {
	t, err := o.openAWS(ctx, false)
	if err != nil {
		return []finding{{What: "account", Need: true, Says: err.Error(), Do: advice(err)}}
	}
	defer t.Close()
	out := []finding{{What: "account", Need: true, OK: true, Says: named(t.Own) + ", as " + t.Own.ARN}}
	caller := calls.New(t, calls.Guard{ReadOnly: true, Real: true})
	for _, region := range []string{t.Home, t.Away} {
		out = append(out, regionFinding(ctx, caller, region))
	}
	return append(out, permissionFindings(ctx, caller, t.Home)...)
}

func regionFinding(ctx context.Context, caller calls.Caller, region string) finding {
	f := finding{What: "Region " + region, Need: true}
	r, err := caller.Call(ctx, calls.Request{Op: "ec2.DescribeAvailabilityZones", Region: region})
	if err != nil {
		f.Says, f.Do = err.Error(), "switch the Region on for this account, or name another with --home and --away"
		return f
	}
	zones, _ := r.Output["AvailabilityZones"].([]any)
	f.OK, f.Says = true, fmt.Sprintf("answers, with %d zones", len(zones))
	return f
}

// dryRuns are what the labs do first. EC2 answers DryRunOperation when a call would be allowed, and does nothing.
func dryRuns(region string) []calls.Request {
	return []calls.Request{
		{Op: "ec2.CreateVolume", Region: region, Params: map[string]any{"DryRun": true, "Size": float64(1), "AvailabilityZone": region + "a"}},
		{Op: "ec2.CreateSnapshot", Region: region, Params: map[string]any{"DryRun": true, "VolumeId": "vol-00000000000000000"}},
	}
}

func permissionFindings(ctx context.Context, caller calls.Caller, region string) []finding {
	var out []finding
	for _, r := range dryRuns(region) {
		f := finding{What: "permission " + r.Op, Need: true}
		_, err := caller.Call(ctx, r)
		var e *calls.Error
		switch {
		case errors.As(err, &e) && e.Code == "DryRunOperation":
			f.OK, f.Says = true, "allowed (dry run)"
		case errors.As(err, &e) && e.Kind == calls.Denied:
			f.Says, f.Do = "refused (dry run): "+e.Code, "attach the policy that lifeboat runbook policy ID prints"
		case errors.As(err, &e) && e.Kind == calls.NotFound:
			f.Need, f.Says = false, "the dry run does not tell: there is nothing to try it on ("+e.Code+")"
		case err != nil:
			f.Need, f.Says = false, "the dry run does not tell: "+err.Error()
		default:
			f.OK, f.Says = true, "allowed"
		}
		out = append(out, f)
	}
	return out
}
