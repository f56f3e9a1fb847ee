package s3

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// rclone with nothing but its environment set: copy, sync, check, lists, versions, uploads in parts, copies on the server, cleanup.
func TestRclone(t *testing.T) {
	program, err := exec.LookPath("rclone")
	if err != nil {
		t.Skip("rclone is not installed")
	}
	t.Parallel()
	w := newWorld(t, t.TempDir())
	dir := t.TempDir()
	write := func(name string, body []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	large := bulk(2*minPart + 7)
	write("here/large.bin", large)
	write("here/a b/ü.txt", []byte("small"))
	write("here/gone.txt", []byte("gone"))
	run := func(command, want string) {
		t.Helper()
		cmd := exec.Command(program, strings.Fields(command)...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "RCLONE_CONFIG=" + filepath.Join(dir, "none.conf"), "RCLONE_CONFIG_S_TYPE=s3", "RCLONE_CONFIG_S_PROVIDER=Other",
			"RCLONE_CONFIG_S_ACCESS_KEY_ID=" + us, "RCLONE_CONFIG_S_SECRET_ACCESS_KEY=" + us, "RCLONE_CONFIG_S_REGION=" + east, "RCLONE_CONFIG_S_LOCATION_CONSTRAINT=" + east,
			"RCLONE_CONFIG_S_ENDPOINT=" + w.url, "RCLONE_CONFIG_S_FORCE_PATH_STYLE=true", "RCLONE_RETRIES=1", "RCLONE_LOW_LEVEL_RETRIES=1"}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("rclone %s: %v\nprinted %s\nwant %s", command, err, out, want)
		}
	}
	run("mkdir s:things", "")
	w.versions(t, w.as(us, east), "things", types.BucketVersioningStatusEnabled)
	run("copy here s:things/dir --s3-upload-cutoff 5Mi --s3-chunk-size 5Mi", "")
	run("check here s:things/dir", "0 differences found")
	run("check --download here s:things/dir", "0 differences found")
	run("lsf -R s:things", "dir/a b/ü.txt")
	write("here/a b/ü.txt", []byte("another"))
	if err := os.Remove(filepath.Join(dir, "here/gone.txt")); err != nil {
		t.Fatal(err)
	}
	run("sync here s:things/dir", "")
	run("check here s:things/dir", "0 differences found")
	run("ls s:things --s3-versions", "-v20")
	run("copy s:things/dir s:things/copy --s3-copy-cutoff 5Mi --s3-chunk-size 5Mi", "")
	run("check s:things/dir s:things/copy", "0 differences found")
	run("sync s:things/copy back", "")
	run("cleanup s:things", "")
	run("size s:things", "Total objects: 4")
	run("delete s:things", "")
	if back, err := os.ReadFile(filepath.Join(dir, "back/large.bin")); err != nil || !bytes.Equal(back, large) {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
}
