package parts

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestShell(t *testing.T) {
	for _, c := range []struct {
		command string
		w       int
		want    string
	}{
		{"aws ec2 describe-volumes --region us-east-2", 60, "aws ec2 describe-volumes --region us-east-2"},
		{"aws ec2 describe-zones --region us-east-2 --filters Name=state,Values=available Name=zone-type,Values=availability-zone", 60,
			"aws ec2 describe-zones --region us-east-2 \\\n  --filters Name=state,Values=available \\\n    Name=zone-type,Values=availability-zone"},
		{"aws x y --tags '[{\"Key\":\"a, b\",\"Value\":\"0123456789\"},{\"Key\":\"b\"}]'", 30,
			"aws x y \\\n  --tags \\\n    '[{\"Key\":\"a, b\",\n    \"Value\":\"0123456789\"},\n    {\"Key\":\"b\"}]'"},
		{"aws x y --text 'one, two, three, four, five, six'", 20, "aws x y \\\n  --text \\\n    'one, two, three, four, five, six'"},
		{"echo 1\necho 2", 40, "echo 1\necho 2"},
	} {
		if got := strings.Join(Shell(c.command, c.w), "\n"); got != c.want {
			t.Errorf("%s in %d:\n%s\nwant\n%s", c.command, c.w, got, c.want)
		}
	}
}

// Whatever the width, bash sees the same words; but for space inside a document.
func TestShellMeansTheSame(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	words := func(t *rapid.T, command string) string {
		out, err := exec.Command(bash, "--norc", "-c", "printf '<%s>' "+command).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s\n%s", err, out, command)
		}
		return string(out)
	}
	word := rapid.SampledFrom([]string{"--region", "us-east-2", "Name=zone-type,Values=availability-zone", `'{"Key":"a","Value":"x, y"}'`,
		`'two words and more of them'`, `'it'\''s'`, `'ResourceType=volume,Tags=[{Key=a,Value=b}]'`, `"double, quoted"`, `a\ b`})
	rapid.Check(t, func(t *rapid.T) {
		command := strings.Join(rapid.SliceOfN(word, 1, 8).Draw(t, "words"), " ")
		w := rapid.IntRange(12, 90).Draw(t, "width")
		broken := strings.Join(Shell(command, w), "\n")
		if got, want := words(t, broken), words(t, command); strings.ReplaceAll(got, "\n    ", "") != want {
			t.Fatalf("%d:\n%s\nis %s\nwant %s", w, broken, got, want)
		}
	})
}
