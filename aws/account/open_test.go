package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// aws is a server that answers sts and iam as a test says.
func fakeAWS(t *testing.T, alias func(http.ResponseWriter), identity func(w http.ResponseWriter, key string)) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(credential, "/")
		switch {
		case strings.Contains(string(body), "Action=GetCallerIdentity"):
			identity(w, key)
		case strings.Contains(string(body), "Action=ListAccountAliases"):
			alias(w)
		case strings.Contains(string(body), "Action=AssumeRole"):
			fmt.Fprint(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func named(w http.ResponseWriter) {
	fmt.Fprint(w, `<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases><member>my-team</member></AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>`)
}

func denied(w http.ResponseWriter) { fail(w, 403, "AccessDenied", "not authorized") }

func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
}

func known(w http.ResponseWriter, key string) {
	account := map[string]string{"OWN": "111111111111", "OTHER": "222222222222", "ASSUMED": "333333333333"}[key]
	fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::%s:user/%s</Arn><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, account, key, account)
}

// configure gives the SDK a configuration of its own, away from the machine's.
func configure(t *testing.T, config string, env map[string]string) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file+".none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for k, v := range env {
		t.Setenv(k, v)
	}
}

const twoProfiles = `
[default]
aws_access_key_id = OWN
aws_secret_access_key = s
[profile other]
aws_access_key_id = OTHER
aws_secret_access_key = s
region = eu-west-1
`

func TestOpen(t *testing.T) {
	url := fakeAWS(t, named, known)
	configure(t, twoProfiles, map[string]string{"AWS_ENDPOINT_URL": url})
	others, err := Identities([]string{"partner=profile:other", "auditor=arn:aws:iam::333333333333:role/audit"})
	if err != nil {
		t.Fatal(err)
	}
	target, err := Open(t.Context(), Options{Others: others})
	if err != nil {
		t.Fatal(err)
	}
	if target.Kind != AWS || target.Home != "us-east-2" || target.Away != "us-west-2" || target.Endpoint != url || target.Clock.Rate() != 1 {
		t.Errorf("target %+v", target)
	}
	if want := (Identity{"111111111111", "my-team", "arn:aws:iam::111111111111:user/OWN"}); target.Own != want {
		t.Errorf("own identity %+v", target.Own)
	}
	if target.Others["partner"].Account != "222222222222" || target.Others["auditor"].Account != "333333333333" {
		t.Errorf("others %+v", target.Others)
	}
	for as, key := range map[string]string{"": "OWN", "partner": "OTHER", "auditor": "ASSUMED"} {
		cfg, err := target.Config(as, "ap-south-1")
		if err != nil || cfg.Region != "ap-south-1" {
			t.Fatalf("%s: Region %s, %v", as, cfg.Region, err)
		}
		if c, err := cfg.Credentials.Retrieve(t.Context()); err != nil || c.AccessKeyID != key {
			t.Errorf("%s: key %s, %v", as, c.AccessKeyID, err)
		}
	}
	if _, err := target.Config("nobody", ""); err == nil || !strings.Contains(err.Error(), "--other nobody=") {
		t.Errorf("an identity nobody gave: %v", err)
	}
	if err := target.Close(); err != nil {
		t.Error(err)
	}
}

func TestRegions(t *testing.T) {
	url := fakeAWS(t, denied, known)
	for _, c := range []struct {
		env        string
		o          Options
		home, away string
	}{
		{"", Options{}, "us-east-2", "us-west-2"},
		{"eu-west-1", Options{}, "eu-west-1", "us-west-2"},
		{"us-west-2", Options{}, "us-west-2", "us-east-2"},
		{"", Options{Profile: "other"}, "eu-west-1", "us-west-2"},
		{"eu-west-1", Options{Home: "eu-north-1", Away: "eu-south-1"}, "eu-north-1", "eu-south-1"},
	} {
		configure(t, twoProfiles, map[string]string{"AWS_ENDPOINT_URL": url})
		if c.env != "" {
			t.Setenv("AWS_REGION", c.env)
		}
		target, err := Open(t.Context(), c.o)
		if err != nil || target.Home != c.home || target.Away != c.away || target.Own.Alias != "" {
			t.Errorf("%s %+v: %+v, %v", c.env, c.o, target, err)
		}
	}
}

// Each way an account cannot be opened says what to do.
func TestOpenFails(t *testing.T) {
	ok := fakeAWS(t, named, known)
	answers := func(code string) string {
		return fakeAWS(t, named, func(w http.ResponseWriter, _ string) { fail(w, 403, code, "The words of AWS.") })
	}
	sso := "[profile sso]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = x\nregion = us-east-1\n"
	for _, c := range []struct {
		name, config, url string
		o                 Options
		what, next        string
	}{
		{"no credentials", "", ok, Options{}, "no AWS credentials", "AWS_PROFILE"},
		{"no profile", twoProfiles, ok, Options{Profile: "nope"}, "no AWS profile nope", "list-profiles"},
		{"no other profile", twoProfiles, ok, Options{Others: map[string]string{"partner": "profile:nope"}}, "identity partner: there is no AWS profile nope", "list-profiles"},
		{"no sign-in", sso, ok, Options{Profile: "sso"}, "SSO sign-in", "aws sso login"},
		{"expired", twoProfiles, answers("ExpiredToken"), Options{}, "expired", "sign in again"},
		{"unknown key", twoProfiles, answers("InvalidClientTokenId"), Options{}, "does not know these credentials", "clock"},
		{"refused", twoProfiles, answers("AccessDenied"), Options{}, "The words of AWS", "trust policy"},
		{"no connection", twoProfiles, "http://127.0.0.1:1", Options{}, "no connection", "AWS_ENDPOINT_URL"},
		{"no such name", twoProfiles, "http://no-such-host.invalid", Options{}, "no", "check the"},
		{"nonsense", twoProfiles, ok, Options{Others: map[string]string{"x": "y"}}, "neither a profile nor a role", "profile:NAME"},
	} {
		t.Run(c.name, func(t *testing.T) {
			configure(t, c.config, map[string]string{"AWS_ENDPOINT_URL": c.url})
			home := t.TempDir()
			t.Setenv("HOME", home)
			_, err := Open(t.Context(), c.o)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v is no *Error", err)
			}
			if !strings.Contains(e.Error(), c.what) || !strings.Contains(e.Hint(), c.next) {
				t.Errorf("says %q, to do %q", e, e.Hint())
			}
		})
	}
	configure(t, twoProfiles, map[string]string{"AWS_ENDPOINT_URL": ok})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Open(ctx, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestIdentities(t *testing.T) {
	for _, bad := range [][]string{{"partner"}, {"=profile:x"}, {"a=b"}, {"a=profile:x", "a=profile:y"}} {
		if _, err := Identities(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestWall(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	if err := (Wall{}).Wait(ctx, 0); err != nil {
		t.Error(err)
	}
	stop()
	if err := (Wall{}).Wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped wait says %v", err)
	}
	if err := (Wall{}).Pass(t.Context(), time.Hour); !errors.Is(err, ErrRealTime) {
		t.Errorf("time passed: %v", err)
	}
}
