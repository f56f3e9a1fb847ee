package calls_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"lifeboat/aws/account"
	"lifeboat/aws/calls"
	"lifeboat/aws/sandbox"
	"lifeboat/aws/sandbox/weather"
)

// counter counts the lines of the sandbox's log, one a request.
type counter struct {
	slog.Handler
	n *atomic.Int64
}

func (c counter) Enabled(context.Context, slog.Level) bool { return true }
func (c counter) Handle(context.Context, slog.Record) error {
	c.n.Add(1)
	return nil
}

// targets are the sandbox in this process, and the same sandbox reached as an account is: through the SDK's own
// configuration and AWS_ENDPOINT_URL.
func targets(t *testing.T) (map[string]*account.Target, *atomic.Int64) {
	_, all, seen := open(t)
	return all, seen
}

func open(t *testing.T) (*sandbox.Sandbox, map[string]*account.Target, *atomic.Int64) {
	seen := new(atomic.Int64)
	box, err := sandbox.Open(sandbox.Options{Seed: 1, Log: counter{slog.DiscardHandler, seen}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	own := box.Target()
	c, err := box.Credentials("")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": box.Endpoint(), "AWS_ACCESS_KEY_ID": c.AccessKeyID, "AWS_SECRET_ACCESS_KEY": c.SecretAccessKey,
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "us-east-2", "AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(name, value)
	}
	far, err := account.Open(t.Context(), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if far.Own.Account != own.Own.Account || far.Endpoint != box.Endpoint() {
		t.Errorf("account %s at %s, want %s at %s", far.Own.Account, far.Endpoint, own.Own.Account, box.Endpoint())
	}
	return box, map[string]*account.Target{"sandbox": own, "endpoint": far}, seen
}

// The same calls do the same on the sandbox and on an account reached through its endpoint.
func TestContract(t *testing.T) {
	all, seen := targets(t)
	for name, target := range all {
		t.Run(name, func(t *testing.T) {
			c := calls.New(target, calls.Guard{})
			made := int64(0)
			before := seen.Load()
			call := func(op string, params map[string]any) map[string]any {
				t.Helper()
				made++
				res, err := c.Call(t.Context(), calls.Request{Op: op, Region: "us-east-2", Params: params})
				if err != nil {
					t.Fatalf("%v; %s", err, hint(err))
				}
				if res.Attempts != 1 || res.RequestID == "" {
					t.Errorf("%s: %d attempts, request %q", op, res.Attempts, res.RequestID)
				}
				return res.Output
			}
			refused := func(kind calls.Kind, code, op string, params map[string]any) {
				t.Helper()
				made++
				_, err := c.Call(t.Context(), calls.Request{Op: op, Region: "us-east-2", Params: params})
				var e *calls.Error
				if !errors.As(err, &e) || e.Kind != kind || e.Code != code || e.RequestID == "" {
					t.Errorf("%s: %v, want %s %s", op, err, kind, code)
				}
			}

			if id := call("sts.GetCallerIdentity", nil); id["Account"] != target.Own.Account {
				t.Errorf("account %v", id)
			}
			zone := call("ec2.DescribeAvailabilityZones", nil)["AvailabilityZones"].([]any)[0].(map[string]any)["ZoneName"]
			create := map[string]any{"AvailabilityZone": zone, "Size": 1, "VolumeType": "gp3", "ClientToken": "token-" + name,
				"TagSpecifications": []any{map[string]any{"ResourceType": "volume", "Tags": []any{map[string]any{"Key": "target", "Value": name}}}}}
			volume := call("ec2.CreateVolume", create)["VolumeId"]
			if again := call("ec2.CreateVolume", create)["VolumeId"]; again != volume {
				t.Errorf("one token made %v and %v", volume, again)
			}
			found := call("ec2.DescribeVolumes", map[string]any{"Filters": []any{map[string]any{"Name": "tag:target", "Values": []any{name}}}})["Volumes"].([]any)
			if len(found) != 1 || found[0].(map[string]any)["VolumeId"] != volume {
				t.Errorf("found %v", found)
			}
			tagged := call("resourcegroupstaggingapi.GetResources", map[string]any{"TagFilters": []any{map[string]any{"Key": "target", "Values": []any{name}}}})
			if list, _ := tagged["ResourceTagMappingList"].([]any); len(list) != 1 {
				t.Errorf("tagged %v", tagged)
			}

			// Bytes go out and come back as they are.
			block := bytes.Repeat([]byte(name), 524288/len(name)+1)[:524288]
			sum := sha256.Sum256(block)
			snapshot := call("ebs.StartSnapshot", map[string]any{"VolumeSize": 1, "ClientToken": "snapshot-" + name})["SnapshotId"]
			call("ebs.PutSnapshotBlock", map[string]any{"SnapshotId": snapshot, "BlockIndex": 7, "BlockData": block, "DataLength": 524288,
				"Checksum": base64.StdEncoding.EncodeToString(sum[:]), "ChecksumAlgorithm": "SHA256"})
			call("ebs.CompleteSnapshot", map[string]any{"SnapshotId": snapshot, "ChangedBlocksCount": 1})
			call("ec2.DescribeSnapshots", map[string]any{"SnapshotIds": []any{snapshot}})

			refused(calls.NotFound, "InvalidVolume.NotFound", "ec2.DeleteVolume", map[string]any{"VolumeId": "vol-0123456789abcdef0"})
			refused(calls.NotFound, "NoSuchEntity", "iam.GetRole", map[string]any{"RoleName": "nobody"})
			refused(calls.NotFound, "NotFoundException", "kms.DescribeKey", map[string]any{"KeyId": "01234567-89ab-cdef-0123-456789abcdef"})
			call("ec2.DeleteSnapshot", map[string]any{"SnapshotId": snapshot})
			if got := seen.Load() - before; got != made {
				t.Errorf("%d calls made, %d seen", made, got)
			}
		})
	}
}

func hint(err error) string {
	var e *calls.Error
	if errors.As(err, &e) {
		return e.Hint()
	}
	return ""
}

// Every read of the table that needs no parameter is answered: with a tree, or with AWS's own words.
func TestReads(t *testing.T) {
	all, _ := targets(t)
	c := calls.New(all["sandbox"], calls.Guard{ReadOnly: true})
	for _, op := range calls.All() {
		if op.Effect != calls.Read {
			continue
		}
		_, err := c.Call(t.Context(), calls.Request{Op: op.Name, Region: "us-east-2"})
		var e *calls.Error
		if err != nil && (!errors.As(err, &e) || e.Kind != calls.Client && e.Kind != calls.NotFound || e.Hint() == "") {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

// The work is done and the answer is lost: what has a token is repeated and made once, what has none is not repeated.
func TestLostAnswersMakeNothingTwice(t *testing.T) {
	box, all, _ := open(t)
	c := calls.New(all["sandbox"], calls.Guard{})
	do := func(op string, params map[string]any) (map[string]any, *calls.Error) {
		t.Helper()
		res, err := c.Call(t.Context(), calls.Request{Op: op, Region: "us-east-2", Params: params})
		var e *calls.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
		return res.Output, e
	}
	count := func(op, list string) int {
		t.Helper()
		out, e := do(op, map[string]any{"Filters": []any{map[string]any{"Name": "tag-key", "Values": []any{"lost"}}}})
		if e != nil {
			t.Fatal(e)
		}
		items, _ := out[list].([]any)
		return len(items)
	}
	tag := func(kind string) []any {
		return []any{map[string]any{"ResourceType": kind, "Tags": []any{map[string]any{"Key": "lost", "Value": "x"}}}}
	}

	box.Weather().LoseNth(1)
	out, e := do("ec2.CreateVolume", map[string]any{"AvailabilityZone": "us-east-2a", "Size": 1, "ClientToken": "once", "TagSpecifications": tag("volume")})
	if e != nil || count("ec2.DescribeVolumes", "Volumes") != 1 {
		t.Fatalf("a volume with a token: %v, %d volumes", e, count("ec2.DescribeVolumes", "Volumes"))
	}
	box.Weather().Clear()
	if err := box.Clock().Pass(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	box.Weather().LoseNth(1)
	_, e = do("ec2.CreateSnapshot", map[string]any{"VolumeId": out["VolumeId"], "TagSpecifications": tag("snapshot")})
	if e == nil || e.Kind != calls.Lost || !e.MayHaveRun || e.Attempts != 1 || count("ec2.DescribeSnapshots", "Snapshots") != 1 {
		t.Errorf("a snapshot without a token: %v, %d snapshots", e, count("ec2.DescribeSnapshots", "Snapshots"))
	}
	if want := "ec2.CreateSnapshot in us-east-2: the answer was lost: EOF"; e != nil && e.Error() != want {
		t.Errorf("says %q, want %q", e, want)
	}
	box.Weather().Clear()
	if err := box.Clock().Pass(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	box.Weather().RefuseNth(1, weather.Throttled, "slow down")
	if _, e = do("ec2.CreateSnapshot", map[string]any{"VolumeId": out["VolumeId"], "TagSpecifications": tag("snapshot")}); e != nil || count("ec2.DescribeSnapshots", "Snapshots") != 2 {
		t.Errorf("throttled once: %v, %d snapshots", e, count("ec2.DescribeSnapshots", "Snapshots"))
	}
}

// shell is where printed commands are pasted.
type shell struct {
	*testing.T
	box    *sandbox.Sandbox
	target *account.Target // what the commands reach
	dir    string
}

// openShell skips the test where there is no aws CLI.
func openShell(t *testing.T) *shell {
	if testing.Short() {
		t.Skip("starts the aws CLI several times")
	}
	for _, tool := range []string{"bash", "aws", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	box, all, _ := open(t)
	return &shell{t, box, all["endpoint"], t.TempDir()}
}

// paste runs the printed command of a call.
func (s *shell) paste(region, op string, params map[string]any) {
	s.Helper()
	text, err := calls.Command(op, region, params, calls.CLIOptions{Endpoint: s.target.Endpoint, Width: 80})
	if err != nil {
		s.Fatal(err)
	}
	cmd := exec.Command("bash", "-ec", text)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json")
	for i, v := range cmd.Env { // an empty profile is a wrong one to the CLI
		if v == "AWS_PROFILE=" {
			cmd.Env = append(cmd.Env[:i:i], cmd.Env[i+1:]...)
			break
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%s\n%v\n%s", text, err, out)
	}
}

// Printed commands do, pasted, what the call does; where the aws CLI is installed.
func TestPasted(t *testing.T) {
	sh := openShell(t)
	c := calls.New(sh.target, calls.Guard{})
	sh.paste("us-east-2", "ec2.CreateVolume", map[string]any{"AvailabilityZone": "us-east-2a", "Size": 1, "Encrypted": false,
		"TagSpecifications": []any{map[string]any{"ResourceType": "volume", "Tags": []any{map[string]any{"Key": "Name", "Value": "it's pasted"}}}}})
	res, err := c.Call(t.Context(), calls.Request{Op: "ec2.DescribeVolumes", Params: map[string]any{"Filters": []any{map[string]any{"Name": "tag:Name", "Values": []any{"it's pasted"}}}}})
	if err != nil || len(res.Output["Volumes"].([]any)) != 1 {
		t.Errorf("%v, %v", res.Output, err)
	}

	// A security group as the labs of databases make one: the default VPC is there without being made.
	sh.paste("us-east-2", "ec2.CreateSecurityGroup", map[string]any{"GroupName": "lifeboat db", "Description": "for the lab: {db}",
		"TagSpecifications": []any{map[string]any{"ResourceType": "security-group", "Tags": []any{map[string]any{"Key": "Name", "Value": "pasted"}}}}})
	group := func() map[string]any {
		t.Helper()
		res, err := c.Call(t.Context(), calls.Request{Op: "ec2.DescribeSecurityGroups", Params: map[string]any{"Filters": []any{map[string]any{"Name": "tag:Name", "Values": []any{"pasted"}}}}})
		if err != nil || len(res.Output["SecurityGroups"].([]any)) != 1 {
			t.Fatalf("%v, %v", res.Output, err)
		}
		return res.Output["SecurityGroups"].([]any)[0].(map[string]any)
	}
	sh.paste("us-east-2", "ec2.AuthorizeSecurityGroupIngress", map[string]any{"GroupId": group()["GroupId"], "IpPermissions": []any{map[string]any{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
		"IpRanges": []any{map[string]any{"CidrIp": "203.0.113.7/32", "Description": "me"}}}}})
	if rules, _ := group()["IpPermissions"].([]any); len(rules) != 1 || rules[0].(map[string]any)["ToPort"] != 5432.0 {
		t.Errorf("rules %v", rules)
	}

	block := bytes.Repeat([]byte{1, 2, 3, 0}, 524288/4)
	sum := sha256.Sum256(block)
	call := func(op string, params map[string]any) map[string]any {
		t.Helper()
		res, err := c.Call(t.Context(), calls.Request{Op: op, Params: params})
		if err != nil {
			t.Fatal(err)
		}
		return res.Output
	}
	snapshot := call("ebs.StartSnapshot", map[string]any{"VolumeSize": 1})["SnapshotId"]
	if err := os.WriteFile(filepath.Join(sh.dir, "block-data.bin"), block, 0o600); err != nil {
		t.Fatal(err)
	}
	sh.paste("us-east-2", "ebs.PutSnapshotBlock", map[string]any{"SnapshotId": snapshot, "BlockIndex": 3, "BlockData": block, "DataLength": 524288,
		"Checksum": base64.StdEncoding.EncodeToString(sum[:]), "ChecksumAlgorithm": "SHA256"})
	call("ebs.CompleteSnapshot", map[string]any{"SnapshotId": snapshot, "ChangedBlocksCount": 1})
	if err := sh.box.Clock().Pass(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	blocks := call("ebs.ListSnapshotBlocks", map[string]any{"SnapshotId": snapshot})["Blocks"].([]any)
	if err := os.Remove(filepath.Join(sh.dir, "block-data.bin")); err != nil {
		t.Fatal(err)
	}
	sh.paste("us-east-2", "ebs.GetSnapshotBlock", map[string]any{"SnapshotId": snapshot, "BlockIndex": 3, "BlockToken": blocks[0].(map[string]any)["BlockToken"]})
	if got, err := os.ReadFile(filepath.Join(sh.dir, "block-data.bin")); err != nil || !bytes.Equal(got, block) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
}

// One call through the table and over the sandbox's wire, ten volumes in the answer.
func BenchmarkSandbox(b *testing.B) {
	box, err := sandbox.Open(sandbox.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	c := calls.New(box.Target(), calls.Guard{})
	for range 10 {
		if _, err := c.Call(b.Context(), calls.Request{Op: "ec2.CreateVolume", Params: map[string]any{"AvailabilityZone": "us-east-2a", "Size": 1}}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := c.Call(b.Context(), calls.Request{Op: "ec2.DescribeVolumes"}); err != nil {
			b.Fatal(err)
		}
	}
}
