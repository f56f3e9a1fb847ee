package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/database/sqlserver"
	"lifeboat/aws/sandbox/store"
)

// sandboxOptions are the flags of the sandbox commands.
type sandboxOptions struct {
	target     targetOptions
	listen     string
	accessKey  string
	secretFile string
	shell      string
	as         string
	yes        bool
	json       bool
}

func newSandbox(p *process) *cobra.Command {
	return noun("sandbox", "AWS inside this program: serve it, use it from a shell, start it anew",
		newSandboxServe(p), newSandboxShell(p), newSandboxEnv(p), newSandboxReset(p), newSandboxParity(p))
}

func newSandboxServe(p *process) *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{Use: "serve", Short: "Serve the sandbox until it is interrupted", Args: cobra.NoArgs,
		Example: "  lifeboat sandbox serve --listen 127.0.0.1:4599\n  eval \"$(lifeboat sandbox env)\" && aws ec2 describe-volumes",
		RunE:    func(cmd *cobra.Command, _ []string) error { return sandboxServe(cmd.Context(), p, o) }}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` on loopback; port 0 takes a free one")
	f.StringVar(&o.accessKey, "access-key", "", "access key ID to accept, beside the sandbox's own")
	f.StringVar(&o.secretFile, "secret-key-file", "", "file with the secret of --access-key")
	o.target.sandboxFlags(c)
	return c
}

func sandboxServe(ctx context.Context, p *process, o sandboxOptions) error {
	if (o.accessKey == "") != (o.secretFile == "") {
		return usagef("--access-key and --secret-key-file go together")
	}
	box, err := o.open(p)
	if err != nil {
		return err
	}
	defer box.Close()
	fmt.Fprintf(p.out, "the sandbox listens at %s\n", box.Endpoint())
	fmt.Fprintf(p.out, "in another shell: eval \"$(%s)\", then aws ec2 describe-volumes\n", p.command("sandbox env"))
	ctx, cancel := context.WithCancel(ctx)
	sig := watchSignals(func(int) { cancel() })
	defer sig.stop()
	select {
	case <-ctx.Done():
	case <-box.Done(): // asked over its control address
	}
	fmt.Fprintln(p.out, "stopped; its state is kept")
	return nil
}

// open opens the sandbox of the state folder, or attaches to the one that is open already.
func (o *sandboxOptions) open(p *process) (*sandbox.Sandbox, error) {
	dir, err := p.state()
	if err != nil {
		return nil, err
	}
	so := sandbox.Options{Dir: filepath.Join(dir, "sandbox"), Rate: o.target.speed, Seed: o.target.seed, Weather: o.target.weather, Listen: o.listen, Log: p.boxLog}
	if o.secretFile != "" {
		secret, err := os.ReadFile(o.secretFile)
		if err != nil {
			return nil, &ending{code: exitUsage, err: fmt.Errorf("the secret key cannot be read: %w", err)}
		}
		so.AccessKey, so.SecretKey = o.accessKey, strings.TrimSpace(string(secret))
	}
	box, err := p.openSandbox(so)
	if _, ok := errors.AsType[*sandbox.AddressError](err); ok {
		return nil, &ending{code: exitUsage, err: err, hint: "lifeboat sandbox serve --listen 127.0.0.1:0, which takes a free port"}
	}
	if err != nil {
		return nil, failed(fmt.Errorf("the sandbox does not start: %w", err), "lifeboat sandbox reset, if its folder is damaged")
	}
	return box, nil
}

func newSandboxEnv(p *process) *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{Use: "env", Short: "Print the lines that point a shell's aws at the sandbox", Args: cobra.NoArgs,
		Example: "  eval \"$(lifeboat sandbox env)\"\n  lifeboat sandbox env --shell fish | source\n  lifeboat sandbox env --shell powershell | Invoke-Expression",
		RunE:    func(*cobra.Command, []string) error { return sandboxEnv(p, o) }}
	c.Flags().StringVar(&o.shell, "shell", "bash", "bash, fish or powershell")
	c.Flags().StringVar(&o.as, "as", "", "a further account of the sandbox, by name, such as partner")
	return c
}

// dialects say how a shell sets a variable and how it forgets one.
var dialects = map[string]struct{ set, unset string }{
	"bash":       {"export %s='%s'\n", "unset %s\n"},
	"fish":       {"set -gx %s '%s'\n", "set -e %s\n"},
	"powershell": {"$Env:%s = '%s'\n", "Remove-Item Env:%s -ErrorAction SilentlyContinue\n"},
}

func sandboxEnv(p *process, o sandboxOptions) error {
	dialect, ok := dialects[o.shell]
	if !ok {
		return usagef("there is no shell %q here; write bash (also for zsh and sh), fish or powershell", o.shell)
	}
	o.target.defaults()
	box, err := o.open(p)
	if err != nil {
		return err
	}
	defer box.Close()
	if !box.Attached() {
		return failed(errors.New("no sandbox is running, so there is nothing to point a shell at"), "lifeboat sandbox serve in another shell, or lifeboat sandbox shell here")
	}
	vars, err := p.variables(box, o.as)
	if err != nil {
		return err
	}
	for _, v := range vars {
		if v.value == "" {
			fmt.Fprintf(p.out, dialect.unset, v.name)
		} else {
			fmt.Fprintf(p.out, dialect.set, v.name, v.value)
		}
	}
	return nil
}

type variable struct{ name, value string }

// variables are what the aws CLI and every SDK need to reach the sandbox as one of its accounts: the account itself by its
// keys, every further one as a profile of its name (the printed commands say --profile partner), and nothing of the person's
// own configuration. A variable without a value must not be set at all: the CLI takes an empty AWS_PROFILE for a name.
func (p *process) variables(box *sandbox.Sandbox, as string) ([]variable, error) {
	c, err := box.Credentials(as)
	if err != nil {
		return nil, err
	}
	dir, err := p.state()
	if err != nil {
		return nil, err
	}
	config, keys := filepath.Join(dir, "sandbox", "aws-config"), filepath.Join(dir, "sandbox", "aws-credentials")
	if err := errors.Join(store.WriteFile(config, []byte(profiles(box, false))), store.WriteFile(keys, []byte(profiles(box, true)))); err != nil {
		return nil, failed(fmt.Errorf("the profiles of the sandbox's accounts are not written: %w", err), "")
	}
	return []variable{
		{"AWS_CONFIG_FILE", config}, {"AWS_SHARED_CREDENTIALS_FILE", keys},
		{"AWS_ENDPOINT_URL", box.Endpoint()}, {"AWS_ENDPOINT_URL_S3_CONTROL", controlEndpoint(box.Endpoint())}, {"AWS_ACCESS_KEY_ID", c.AccessKeyID}, {"AWS_SECRET_ACCESS_KEY", c.SecretAccessKey},
		{"AWS_SESSION_TOKEN", c.SessionToken}, {"AWS_REGION", sandbox.Home}, {"AWS_DEFAULT_REGION", sandbox.Home}, {"AWS_PROFILE", ""},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	}, nil
}

// controlEndpoint is an address for S3 Control. Its clients put the account in front of any address ("111122223333.127.0.0.1"), by their
// endpoint rules, which AWS_DISABLE_HOST_PREFIX_INJECTION does not reach; no such name resolves, and 111122223333.localhost does on some
// machines only. In front of an address with a user the account becomes part of the user, which nobody asks for.
func controlEndpoint(endpoint string) string {
	return strings.Replace(endpoint, "://", "://account@", 1)
}

// profiles is a configuration file with a profile for every further account, or the credentials file beside it.
func profiles(box *sandbox.Sandbox, keys bool) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(box.Target().Others)) {
		c, err := box.Credentials(name)
		switch {
		case err != nil:
			continue // it has no keys to offer
		case keys:
			fmt.Fprintf(&out, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", name, c.AccessKeyID, c.SecretAccessKey)
		default:
			fmt.Fprintf(&out, "[profile %s]\nregion = %s\nendpoint_url = %s\n", name, sandbox.Home, box.Endpoint())
		}
	}
	return out.String()
}

func newSandboxShell(p *process) *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{Use: "shell", Short: "Open a shell whose aws is the sandbox", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return sandboxShell(cmd.Context(), p, o) }}
	c.Flags().StringVar(&o.as, "as", "", "a further account of the sandbox, by name, such as partner")
	o.target.sandboxFlags(c)
	return c
}

func sandboxShell(ctx context.Context, p *process, o sandboxOptions) error {
	if !p.terminal() {
		return &ending{code: exitUsage, err: errors.New("there is no terminal for a shell"), hint: "eval \"$(lifeboat sandbox env)\""}
	}
	box, err := o.open(p)
	if err != nil {
		return err
	}
	defer box.Close()
	vars, err := p.variables(box, o.as)
	if err != nil {
		return err
	}
	shell := p.getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := exec.CommandContext(ctx, shell)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.in, p.out, p.err
	cmd.Env = append(withVariables(p.env, vars), "LIFEBOAT_SANDBOX=1")
	fmt.Fprintf(p.out, "%s with aws pointed at the sandbox (%s); exit ends it\n", shell, box.Endpoint())
	// An interrupt is the shell's own affair; it must not take the sandbox with it.
	sig := watchSignals(func(int) {})
	defer sig.stop()
	err = cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil // how the person left the shell is no failure of ours
	}
	return failed(err, "set SHELL to a shell that can be started")
}

// withVariables is an environment with the variables put in, and those without a value taken out.
func withVariables(env []string, vars []variable) []string {
	out := slices.DeleteFunc(slices.Clone(env), func(line string) bool {
		return slices.ContainsFunc(vars, func(v variable) bool { return strings.HasPrefix(line, v.name+"=") })
	})
	for _, v := range vars {
		if v.value != "" {
			out = append(out, v.name+"="+v.value)
		}
	}
	return out
}

func newSandboxReset(p *process) *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{Use: "reset", Short: "Throw away everything in the sandbox and start anew", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return sandboxReset(p, o) }}
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return c
}

func newSandboxParity(p *process) *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{Use: "parity", Short: "Say where the sandbox knowingly differs from AWS", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return sandboxParity(p, o) }}
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return c
}

func sandboxReset(p *process, o sandboxOptions) error {
	dir, err := p.state()
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "sandbox")
	if !o.yes {
		if !p.terminal() {
			return usagef("there is no terminal to ask at: add --yes to throw away everything in %s", folder)
		}
		fmt.Fprintf(p.out, "Everything in %s goes away: volumes, snapshots, accounts. Type reset to go on: ", folder)
		typed, _ := bufio.NewReader(p.in).ReadString('\n')
		if strings.TrimSpace(typed) != "reset" {
			fmt.Fprintln(p.out, "nothing was changed")
			return ended(exitInterrupted)
		}
	}
	if err := sandbox.Reset(folder); err != nil {
		return failed(fmt.Errorf("the sandbox cannot be reset: %w", err), "end the lifeboat that has it open")
	}
	fmt.Fprintln(p.out, "the sandbox is empty")
	return nil
}

//go:embed parity.csv
var parityRows []byte

// difference is one way in which the sandbox knowingly differs from AWS.
type difference struct {
	Service string `json:"service"`
	AWS     string `json:"aws"`
	Here    string `json:"here"`
}

func differences() ([]difference, error) {
	lines, err := csv.NewReader(bytes.NewReader(parityRows)).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []difference
	for _, l := range lines[1:] {
		out = append(out, difference{l[0], l[1], l[2]})
	}
	// The endpoint itself knows what it understands; whatever it does not list here is refused.
	for _, what := range sqlserver.Understands() {
		out = append(out, difference{"rds (sqlserver)", "all of T-SQL", "understands " + what})
	}
	return out, nil
}

func sandboxParity(p *process, o sandboxOptions) error {
	all, err := differences()
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(p, all)
	}
	for _, d := range all {
		fmt.Fprintf(p.out, "%s\n  AWS: %s\n  here: %s\n", d.Service, d.AWS, d.Here)
	}
	return nil
}
