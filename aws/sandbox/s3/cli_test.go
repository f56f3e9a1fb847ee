package s3

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The real aws CLI, with nothing but its environment set: its s3 commands, which upload large files in parts, and s3api.
func TestAWSCommandLine(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the aws CLI is not installed")
	}
	t.Parallel()
	w := newWorld(t, t.TempDir())
	dir := t.TempDir()
	large := bulk(20 << 20) // above 8 MiB the CLI uploads in parts
	for name, body := range map[string][]byte{"large.bin": large, "small.txt": []byte("small\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_REGION=" + east, "AWS_DEFAULT_REGION=" + east, "AWS_DEFAULT_OUTPUT=json",
		"AWS_ENDPOINT_URL=" + w.url, "AWS_ACCESS_KEY_ID=" + us, "AWS_SECRET_ACCESS_KEY=" + us,
	}
	for _, step := range []struct{ command, want string }{
		{"s3 mb s3://the-bucket", "make_bucket: the-bucket"},
		{"s3 cp large.bin s3://the-bucket/in/large.bin", "upload: ./large.bin to s3://the-bucket/in/large.bin"},
		{"s3 ls s3://the-bucket", "PRE in/"},
		{"s3 ls --recursive --summarize s3://the-bucket", "Total Objects: 1"},
		{"s3 cp s3://the-bucket/in/large.bin back.bin", "download: s3://the-bucket/in/large.bin to ./back.bin"},
		{"s3 cp s3://the-bucket/in/large.bin s3://the-bucket/copy.bin", "copy: s3://the-bucket/in/large.bin"},
		{"s3 sync . s3://the-bucket/dir --exclude back.bin", "upload: ./small.txt to s3://the-bucket/dir/small.txt"},
		{"s3api put-object --bucket the-bucket --key api --body small.txt --checksum-algorithm SHA256 --metadata a=b", `"ChecksumSHA256"`},
		{"s3api get-object --bucket the-bucket --key api --range bytes=1-2 piece", `"ContentRange": "bytes 1-2/6"`},
		{"s3api get-object --bucket the-bucket --key none out", "An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does not exist."},
		{"s3api put-bucket-versioning --bucket the-bucket --versioning-configuration Status=Enabled", ""},
		{"s3api delete-object --bucket the-bucket --key api", `"DeleteMarker": true`},
		{"s3api delete-objects --bucket the-bucket --delete Objects=[{Key=none},{Key=copy.bin}]", `"Key": "copy.bin"`},
		{"s3 sync s3://the-bucket/dir back", "download: s3://the-bucket/dir/small.txt to back/small.txt"},
		{"s3 mv s3://the-bucket/dir/small.txt s3://the-bucket/moved.txt", "move: s3://the-bucket/dir/small.txt to s3://the-bucket/moved.txt"},
		{"s3 sync s3://the-bucket/dir back --delete", "delete: back/small.txt"},
		{"s3 mv s3://the-bucket/moved.txt moved.txt", "move: s3://the-bucket/moved.txt to ./moved.txt"},
		{"s3 sync back s3://the-bucket/dir --delete --dryrun", ""},
		{"s3 presign s3://the-bucket/in/large.bin --expires-in 60", "X-Amz-Expires=60"},
		{"s3api list-objects-v2 --bucket the-bucket --prefix in/ --delimiter / --fetch-owner --start-after a --encoding-type url", `"Key": "in/large.bin"`},
		{"s3api list-object-versions --bucket the-bucket --prefix dir/", `"IsLatest": true`},
		{"s3api head-object --bucket the-bucket --key in/large.bin --part-number 2 --checksum-mode ENABLED", `"PartsCount": 3`},
		{"s3api get-object-attributes --bucket the-bucket --key in/large.bin --object-attributes ObjectSize Checksum ObjectParts", `"ObjectSize": 20971520`},
		{"s3api put-object --bucket the-bucket --key api --body small.txt --if-none-match *", `"VersionId"`},
		{"s3api put-object --bucket the-bucket --key api --body small.txt --if-none-match *", "PreconditionFailed"},
		{"s3api put-object --bucket the-bucket --key api --body small.txt --acl public-read", "An error occurred (AccessControlListNotSupported) when calling the PutObject operation: The bucket does not allow ACLs"},
		{"s3api get-bucket-encryption --bucket the-bucket", `"SSE-C"`},
		{"s3 cp small.txt s3://the-bucket/mine --sse-c AES256 --sse-c-key 0123456789abcdef0123456789abcdef", "AccessDenied"},
		{"s3api put-bucket-notification-configuration --bucket the-bucket --notification-configuration EventBridgeConfiguration={}", ""},
		{"s3api get-bucket-notification-configuration --bucket the-bucket", `"EventBridgeConfiguration": {}`},
		{"s3 rm --recursive s3://the-bucket/dir", "delete: s3://the-bucket/dir/large.bin"},
		{"s3 mb s3://far --region us-west-2", "make_bucket: far"},
		{"s3 cp small.txt s3://far/x", "upload: ./small.txt to s3://far/x"}, // the CLI follows the 301 to the bucket's Region
		{"s3 rb --force s3://far --region us-west-2", "remove_bucket: far"},
	} {
		cmd := exec.Command(program, strings.Fields(step.command)...)
		cmd.Env, cmd.Dir = env, dir
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), step.want) || step.want == "" && len(out) > 0 {
			t.Errorf("aws %s\nprinted %s\nwant %s", step.command, out, step.want)
		}
	}
	back, err := os.ReadFile(filepath.Join(dir, "back.bin"))
	if err != nil || !bytes.Equal(back, large) {
		t.Errorf("%s came back, not %s: %v", fmt.Sprintf("%x", md5.Sum(back)), fmt.Sprintf("%x", md5.Sum(large)), err)
	}
}
