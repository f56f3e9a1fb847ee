package runbooks

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func valid(t *testing.T) *Runbook {
	src, err := os.ReadFile("testdata/valid.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b, problems := Parse("small.yaml", src, Builtin())
	if len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	return b
}

func golden(t *testing.T, file, got string) {
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is made now: look at it, then go test ./runbooks -update", file)
	}
}

func TestBash(t *testing.T) { golden(t, "testdata/small.sh", Bash(valid(t))) }

func TestSheet(t *testing.T) { golden(t, "testdata/small.md", Sheet(valid(t))) }

var variableUse = regexp.MustCompile(`\$([A-Z][A-Z0-9_]*)`)

// Every script is one that bash can read, uses no variable that nothing sets, and leaves nothing of the stand-ins in.
func TestScripts(t *testing.T) {
	books := []*Runbook{valid(t)}
	for _, l := range append(Labs(), Restores()...) {
		b, err := Open(l.ID)
		if err != nil {
			t.Fatal(err)
		}
		books = append(books, b)
	}
	for _, b := range books {
		script := Bash(b)
		if strings.Contains(script, "XvarX") || strings.Contains(script, "${{") {
			t.Errorf("%s: the script has what nobody filled in", b.ID)
		}
		for _, use := range variableUse.FindAllStringSubmatch(script, -1) {
			name := use[1]
			set := strings.Contains(script, name+"=") || strings.Contains(script, "${"+name+":?") || strings.Contains(script, "for "+name+" in") ||
				regexp.MustCompile(`read -r .*\b`+name+`\b`).MatchString(script)
			if !set {
				t.Errorf("%s: nothing sets $%s", b.ID, name)
			}
		}
		if bash, err := exec.LookPath("bash"); err == nil {
			cmd := exec.Command(bash, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: bash: %s", b.ID, out)
			}
		}
	}
}

func TestPolicy(t *testing.T) {
	raw, err := Policy(valid(t), "")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, action := range []string{"ec2:CreateVolume", "ec2:DeleteVolume", "ebs:PutSnapshotBlock", "ebs:GetSnapshotBlock", "kms:ScheduleKeyDeletion", "tag:GetResources"} {
		if !strings.Contains(text, `"`+action+`"`) {
			t.Errorf("the policy does not allow %s", action)
		}
	}
	if strings.Contains(text, "dlm:") {
		t.Error("the policy allows what the runbook does not call")
	}
}

// A digest tells what a step says, not where it stands.
func TestDigests(t *testing.T) {
	src, _ := os.ReadFile("testdata/valid.yaml")
	a := valid(t)
	moved, problems := Parse("other.yaml", []byte("# a comment\n\n"+string(src)), Builtin())
	if len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	changed, problems := Parse("small.yaml", []byte(strings.Replace(string(src), "within: 5m", "within: 6m", 1)), Builtin())
	if len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	if a.Digest != moved.Digest {
		t.Error("a moved runbook has another digest")
	}
	if a.Digest == changed.Digest {
		t.Error("a changed runbook has the same digest")
	}
	for i := range a.Steps {
		if same := a.Steps[i].Digest == changed.Steps[i].Digest; same == (a.Steps[i].ID == "volume") {
			t.Errorf("step %s: same digest %v", a.Steps[i].ID, same)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		if _, err := Open("ebs-snapshots"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLabs(b *testing.B) {
	for b.Loop() {
		Labs()
	}
}
