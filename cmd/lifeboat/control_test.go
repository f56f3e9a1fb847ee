package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"lifeboat/aws/sandbox"
)

// The environment that the sandbox gives a shell reaches S3 Control too, as the account itself and as a further one by its profile.
func TestShellReachesS3Control(t *testing.T) {
	if testing.Short() {
		t.Skip("the aws CLI takes about a second a command")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the aws CLI is not installed")
	}
	t.Parallel()
	dir := t.TempDir()
	p := &process{env: os.Environ(), stateDir: dir}
	box, err := sandbox.Open(sandbox.Options{Dir: dir + "/sandbox", Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	vars, err := p.variables(box, "")
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(vars, func(v variable) bool { return v.name == "AWS_ENDPOINT_URL_S3_CONTROL" }); i < 0 || !strings.HasPrefix(vars[i].value, "http://account@127.0.0.1:") {
		t.Errorf("variables %v", vars)
	}
	accounts := map[string]string{"": box.Target().Own.Account}
	for name, id := range box.Target().Others {
		accounts[name] = id.Account
	}
	for name, account := range accounts {
		args := []string{"s3control", "list-jobs", "--account-id", account, "--query", "length(Jobs)"}
		if name != "" {
			args = append(args, "--profile", name)
		}
		cmd := exec.Command("aws", args...)
		cmd.Env = withVariables(p.env, vars)
		if name != "" { // a profile's keys count only where no others are given
			cmd.Env = withVariables(cmd.Env, []variable{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}})
		}
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "0" {
			t.Errorf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
