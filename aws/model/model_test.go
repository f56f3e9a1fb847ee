package model

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestEveryServiceLoads(t *testing.T) {
	total := 0
	for _, service := range Services() {
		api, err := Load(service)
		if err != nil {
			t.Fatal(err)
		}
		for name, op := range api.Ops {
			total++
			if op.Input == nil || op.Output == nil || op.Method == "" || op.CLIName == "" {
				t.Errorf("%s.%s is not whole: %+v", service, name, op)
			}
			for _, e := range op.Errors {
				if !e.Exception {
					t.Errorf("%s: %s is not an error", op, e.Name)
				}
			}
		}
		for _, s := range api.Shapes {
			if _, err := regexp.Compile(s.Pattern); err != nil {
				t.Errorf("%s %s: %v", service, s.Name, err)
			}
			for _, m := range append([]*Member{s.Elem, s.Key, s.Value}, s.Members...) {
				if m != nil && m.Shape == nil {
					t.Errorf("%s: %s.%s has no shape", service, s.Name, m.Name)
				}
			}
		}
	}
	if total < 402 {
		t.Errorf("%d operations, want at least 402", total)
	}
	t.Logf("%d services, %d operations", len(Services()), total)
}

func TestFind(t *testing.T) {
	op, err := Find("ec2.CreateVolume")
	if err != nil {
		t.Fatal(err)
	}
	m := op.Input.Member("AvailabilityZone")
	if op.CLIName != "create-volume" || m == nil || m.CLIName != "availability-zone" || m.Shape.Kind != String {
		t.Errorf("ec2.CreateVolume: %+v %+v", op, m)
	}
	if !op.Input.Member("ClientToken").IdempotencyToken {
		t.Error("ec2.CreateVolume: ClientToken is not its idempotency token")
	}
	for _, bad := range []string{"ec2.MakeVolume", "ecc.CreateVolume", "CreateVolume"} {
		if _, err := Find(bad); err == nil || !strings.Contains(err.Error(), "ec") && !strings.Contains(err.Error(), "Volume") {
			t.Errorf("Find(%q): %v", bad, err)
		}
	}
}

func TestErrorByCode(t *testing.T) {
	api, _ := Load("rds")
	if s := api.Error("DBInstanceNotFound"); s == nil || s.Name != "DBInstanceNotFoundFault" || s.Status != 404 {
		t.Errorf("DBInstanceNotFound: %+v", s)
	}
	if s := api.Error("DBInstanceNotFoundFault"); s == nil || s.Code() != "DBInstanceNotFound" {
		t.Errorf("DBInstanceNotFoundFault: %+v", s)
	}
}

func TestCLINames(t *testing.T) {
	for name, want := range map[string]string{
		"CreateDBSnapshot": "create-db-snapshot", "ListTagsForResource": "list-tags-for-resource", "VolumeIds": "volume-ids",
		"GetBackupPlanFromJSON": "get-backup-plan-from-json", "ListObjectsV2": "list-objects-v2", "SSEKMSKeyId": "ssekms-key-id",
		"CreateStorediSCSIVolume": "create-stored-iscsi-volume", "backupVaultName": "backup-vault-name", "ACL": "acl",
		"ResourceARNs": "resource-arns", "DBInstanceIdentifier": "db-instance-identifier", "ChecksumSHA256": "checksum-sha256",
	} {
		if got := CLIName(name); got != want {
			t.Errorf("CLIName(%q) = %q, want %q", name, got, want)
		}
	}
}

// The names are botocore's where it is installed: every operation and every parameter.
func TestCLINamesAreBotocores(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	names := map[string]string{}
	for _, service := range Services() {
		api, _ := Load(service)
		for _, op := range api.Ops {
			names[op.Name] = op.CLIName
			for _, m := range op.Input.Members {
				names[m.Name] = m.CLIName
			}
		}
	}
	var list strings.Builder
	for name := range names {
		list.WriteString(name + "\n")
	}
	cmd := exec.Command(python, "-c", "import sys\nfrom botocore import xform_name\nfor n in sys.stdin.read().split(): print(n, xform_name(n, '-'))")
	cmd.Stdin = strings.NewReader(list.String())
	out, err := cmd.Output()
	if err != nil {
		t.Skip("botocore is not installed")
	}
	for line := range strings.Lines(string(out)) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		if names[name] != want {
			t.Errorf("CLI name of %s is %q, botocore's is %q", name, names[name], want)
		}
	}
}

func BenchmarkLoadEC2(b *testing.B) {
	for b.Loop() {
		if _, err := read("ec2"); err != nil {
			b.Fatal(err)
		}
	}
}
