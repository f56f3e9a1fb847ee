package wire

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The real aws CLI works against the server with nothing but its environment set, and is refused with AWS's words.
func TestAWSCommandLine(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the aws CLI is not installed")
	}
	w := newWorld(t)
	w.saved = []byte("an object")
	dir := t.TempDir()
	file := filepath.Join(dir, "block")
	if err := os.WriteFile(file, []byte("a block"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_DEFAULT_OUTPUT=json",
		"AWS_ENDPOINT_URL=" + w.URL, "AWS_ACCESS_KEY_ID=" + testKey, "AWS_SECRET_ACCESS_KEY=" + testSecret,
	}
	for _, test := range []struct {
		command string
		want    string // in what it prints
	}{
		{"sts get-caller-identity", `"Arn": "arn:aws:iam::111122223333:user/test"`},
		{"ec2 create-volume --availability-zone eu-west-1a --size 2 --tag-specifications ResourceType=volume,Tags=[{Key=a,Value=b}]", `"Size": 2`},
		{"ec2 create-volume --availability-zone z --volume-type gp9", "An error occurred (InvalidParameterValue) when calling the CreateVolume operation: Value (gp9) for parameter volumeType is invalid."},
		{"backup create-backup-vault --backup-vault-name x!", "(InvalidParameterValueException) when calling the CreateBackupVault operation: 1 validation error detected: Value 'x!' at 'backupVaultName'"},
		{"cloudwatch list-metrics --no-paginate", `"NextToken": "more"`},
		{"ebs put-snapshot-block --snapshot-id snap-0123456789abcdef0 --block-index 0 --block-data " + file + " --data-length 7 --checksum x --checksum-algorithm SHA256", `"Checksum": "x"`},
		{"s3api put-object --bucket b --key k --body " + file, `"ETag": "\"1\""`},
		{"s3api head-object --bucket b --key k", "An error occurred (404) when calling the HeadObject operation: Not Found"},
	} {
		t.Run(strings.Join(strings.Fields(test.command)[:2], " "), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(program, strings.Fields(test.command)...)
			cmd.Env = env
			out, _ := cmd.CombinedOutput()
			if !strings.Contains(string(out), test.want) {
				t.Errorf("aws %s\nprinted %s\nwant %s", test.command, out, test.want)
			}
		})
	}
}
