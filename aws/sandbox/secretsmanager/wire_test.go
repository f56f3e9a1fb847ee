package secretsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"lifeboat/aws/sandbox/wire"
)

// oneKey knows one access key.
type oneKey struct{}

func (oneKey) Key(string) (wire.Key, error) { return wire.Key{Secret: "secret", Account: mine}, nil }

// serve lets a world answer over HTTP; log is all that the request log would know.
func serve(t *testing.T, w *world) (endpoint string, log func() string) {
	var mu sync.Mutex
	var lines strings.Builder
	server := wire.New(wire.Options{Keys: oneKey{}, Log: func(e wire.Entry) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&lines, "%+v\n", e)
	}})
	server.Mount("secretsmanager", w.Ops()...)
	if err := server.Check(); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	return s.URL, func() string { mu.Lock(); defer mu.Unlock(); return lines.String() }
}

// A value goes in and comes out over the wire, text and bytes, and the request log knows none of it.
func TestValuesStayOutOfTheLog(t *testing.T) {
	w := newWorld(t, "")
	endpoint, log := serve(t, w)
	client := secretsmanager.New(secretsmanager.Options{Region: home, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")})
	ctx := context.Background()
	const hidden = "hunter2-never-logged"
	for name, in := range map[string]*secretsmanager.CreateSecretInput{"text": {SecretString: aws.String(hidden)}, "bytes": {SecretBinary: []byte(hidden)}} {
		in.Name = &name
		if _, err := client.CreateSecret(ctx, in); err != nil {
			t.Fatal(err)
		}
		in.SecretString, in.SecretBinary = aws.String(hidden+"!"), nil
		if _, err := client.CreateSecret(ctx, in); err == nil {
			t.Error("another value under the same name was taken")
		}
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err != nil || aws.ToString(out.SecretString)+string(out.SecretBinary) != hidden {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	if l := log(); strings.Contains(l, "hunter2") || strings.Count(l, "\n") != 6 {
		t.Errorf("the log has %d lines:\n%s", strings.Count(l, "\n"), l)
	}
}

// The aws CLI drives the life of a secret; where it is installed.
func TestCLI(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the aws CLI several times")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the aws CLI is not installed")
	}
	w := newWorld(t, "")
	endpoint, _ := serve(t, w)
	aws := func(args ...string) (out map[string]any, text string) {
		cmd := exec.Command("aws", append([]string{"secretsmanager", "--output", "json"}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION="+home,
			"AWS_DEFAULT_REGION="+home, "AWS_CONFIG_FILE="+t.TempDir()+"/none", "AWS_SHARED_CREDENTIALS_FILE="+t.TempDir()+"/none", "AWS_PAGER=")
		raw, _ := cmd.CombinedOutput()
		json.Unmarshal(raw, &out)
		return out, strings.TrimSpace(string(raw))
	}
	made, text := aws("create-secret", "--name", "lab/db", "--secret-string", `{"username":"a","password":"b"}`, "--tags", "Key=lifeboat:run,Value=r-1")
	if made["Name"] != "lab/db" {
		t.Fatal(text)
	}
	if got, text := aws("get-secret-value", "--secret-id", made["ARN"].(string)); got["SecretString"] != `{"username":"a","password":"b"}` {
		t.Error(text)
	}
	if got, text := aws("describe-secret", "--secret-id", "lab/db"); len(got["VersionIdsToStages"].(map[string]any)) != 1 || len(got["Tags"].([]any)) != 1 {
		t.Error(text)
	}
	if _, text := aws("delete-secret", "--secret-id", "lab/db", "--recovery-window-in-days", "7"); !strings.Contains(text, "DeletionDate") {
		t.Error(text)
	}
	if _, text := aws("get-secret-value", "--secret-id", "lab/db"); !strings.HasSuffix(text, "An error occurred (InvalidRequestException) when calling the GetSecretValue operation: You can't perform this operation on the secret because it was marked for deletion.") {
		t.Error(text)
	}
	if _, text := aws("delete-secret", "--secret-id", "lab/db", "--force-delete-without-recovery"); !strings.Contains(text, "DeletionDate") {
		t.Error(text)
	}
}
