package account

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// The Regions of a run that names none.
const (
	DefaultHome = "us-east-2"
	DefaultAway = "us-west-2"
)

// Options say which real account is meant. What they leave open is what the SDK's own configuration says: AWS_PROFILE,
// AWS_REGION, AWS_ENDPOINT_URL, ~/.aws/config, SSO, a role to assume. Nothing is read or kept beside that.
type Options struct {
	Profile string // empty: AWS_PROFILE, else "default"
	Home    string // Region; empty: the profile's or AWS_REGION, else DefaultHome
	Away    string // Region; empty: DefaultAway, or DefaultHome when home is that
	// Others are further identities, by the name a runbook gives them: "profile:NAME" is a profile, "arn:..." a role that
	// the run's own identity assumes.
	Others map[string]string
}

// Identities reads identities as a person gives them, "partner=profile:other" or "partner=arn:aws:iam::123456789012:role/x".
func Identities(given []string) (map[string]string, error) {
	others := make(map[string]string, len(given))
	for _, g := range given {
		name, who, ok := strings.Cut(g, "=")
		if !ok || name == "" || !strings.HasPrefix(who, "profile:") && !strings.HasPrefix(who, "arn:") {
			return nil, &Error{What: fmt.Sprintf("identity %q is not understood", g), Next: "write name=profile:PROFILE or name=arn:aws:iam::ACCOUNT:role/ROLE"}
		}
		if others[name] != "" {
			return nil, &Error{What: fmt.Sprintf("identity %s is given twice", name), Next: "give it once"}
		}
		others[name] = who
	}
	return others, nil
}

// Open opens a real account: it loads the configuration and asks AWS who calls (sts:GetCallerIdentity, for every identity)
// and what the account is called (iam:ListAccountAliases, which may be denied). The error is an *Error that says what to do.
func Open(ctx context.Context, o Options) (*Target, error) {
	own, err := load(ctx, "", o.Profile, o.Home)
	if err != nil {
		return nil, err
	}
	home := cmp.Or(o.Home, own.Region, DefaultHome)
	away := o.Away
	if away == "" {
		away = DefaultAway
		if home == DefaultAway {
			away = DefaultHome
		}
	}
	own.Region = home
	t := &Target{Kind: AWS, Home: home, Away: away, Clock: Wall{}, Others: map[string]Identity{}, Close: func() error { return nil }}
	t.Endpoint = aws.ToString(own.BaseEndpoint)
	if t.Own, err = whoami(ctx, "", own); err != nil {
		return nil, err
	}
	configs := map[string]aws.Config{"": own}
	for _, name := range slices.Sorted(maps.Keys(o.Others)) {
		cfg, err := other(ctx, name, o.Others[name], own)
		if err != nil {
			return nil, err
		}
		if t.Others[name], err = whoami(ctx, name, cfg); err != nil {
			return nil, err
		}
		configs[name] = cfg
	}
	t.Config = func(as, region string) (aws.Config, error) {
		cfg, ok := configs[as]
		if !ok {
			return aws.Config{}, &Error{What: fmt.Sprintf("there is no identity %q", as), Next: fmt.Sprintf("give it with --other %s=PROFILE or --other %s=arn:...", as, as)}
		}
		cfg = cfg.Copy()
		cfg.Region = cmp.Or(region, home)
		return cfg, nil
	}
	return t, nil
}

// load reads the SDK's configuration of one profile.
func load(ctx context.Context, who, profile, region string) (aws.Config, error) {
	// What goes wrong comes back as an error; the SDK's own lines would land in the middle of a screen.
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, explain(who, err)
	}
	return cfg, nil
}

// other gives the configuration of a further identity.
func other(ctx context.Context, name, who string, own aws.Config) (aws.Config, error) {
	if profile, ok := strings.CutPrefix(who, "profile:"); ok {
		return load(ctx, name, profile, own.Region)
	}
	if !strings.HasPrefix(who, "arn:") {
		return aws.Config{}, &Error{Who: name, What: fmt.Sprintf("%q is neither a profile nor a role", who), Next: "write profile:NAME or the ARN of a role"}
	}
	cfg := own.Copy()
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(own), who))
	return cfg, nil
}

// whoami asks AWS who calls.
func whoami(ctx context.Context, name string, cfg aws.Config) (Identity, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, explain(name, err)
	}
	id := Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}
	aliases, err := iam.NewFromConfig(cfg).ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
	if err == nil && len(aliases.AccountAliases) > 0 { // an alias is a nicety: without the permission there is none
		id.Alias = aliases.AccountAliases[0]
	}
	return id, ctx.Err()
}
