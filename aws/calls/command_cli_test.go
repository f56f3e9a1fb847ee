package calls

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lifeboat/aws/model"
)

// awsCLI finds a Python that has version 1 of the aws CLI; the test is skipped where there is none.
func awsCLI(t *testing.T) string {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	for _, python := range []string{"python3", "python"} {
		if exec.Command(python, "-c", "import awscli.clidriver").Run() == nil {
			return python
		}
	}
	t.Skip("the aws CLI (version 1, as a Python package) is not installed")
	return ""
}

// printed is a command with the parameters it must make.
type printed struct {
	op     string
	params map[string]any
	text   string
}

// read lets bash and the aws CLI read the commands, and compares the parameters they make: a part of them on each processor,
// for the CLI takes its time.
func read(t *testing.T, commands []printed) {
	python := awsCLI(t)
	for part := range slices.Chunk(commands, len(commands)/runtime.NumCPU()+1) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			readPart(t, python, part)
		})
	}
}

func readPart(t *testing.T, python string, commands []printed) {
	dir := t.TempDir()
	var script bytes.Buffer
	script.WriteString(`
aws() {
  printf '%s\0' "$PWD"
  local n=0 word
  for word in "$@"; do
    case $word in fileb:///dev/fd/*) n=$((n+1)); cat "${word#fileb://}" >made.$n; word=fileb://made.$n;; esac
    printf '%s\0' "$word"
  done
  printf '\1\0'
} >>` + filepath.Join(dir, "argv") + "\n")
	for i, c := range commands {
		fmt.Fprintf(&script, "mkdir %[1]s/%[2]d && cd %[1]s/%[2]d\n%[3]s\n", dir, i, c.text)
	}
	cmd := exec.Command("bash")
	cmd.Stdin = &script
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("bash: %v\n%s", err, out)
	}
	cmd = exec.Command(python, filepath.Join("testdata", "read_commands.py"), filepath.Join(dir, "argv"))
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret", "AWS_CONFIG_FILE="+filepath.Join(dir, "none"), "AWS_ENDPOINT_URL=http://127.0.0.1:1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("aws CLI: %v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(commands) {
		t.Fatalf("%d commands printed, %d read", len(commands), len(lines))
	}
	for i, line := range lines {
		c := commands[i]
		var got struct {
			Op     string
			Params map[string]any
			Error  string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		m, _ := model.Find(c.op)
		want := wanted(m.Input, c.params).(map[string]any)
		_, name, _ := model.Split(c.op)
		if want["MaxResults"] == nil && got.Params["MaxResults"] == 1000.0 {
			delete(got.Params, "MaxResults") // the CLI's own page size for some lists of ec2
		}
		if got.Error != "" || got.Op != name {
			t.Errorf("%s: read as %q: %s\n%s", c.op, got.Op, got.Error, c.text)
			continue
		}
		for m := range maps.Keys(want) {
			if !reflect.DeepEqual(got.Params[m], want[m]) {
				t.Errorf("%s: %s is read as %v, want %v\n%s", c.op, m, got.Params[m], want[m], c.text)
			}
			delete(got.Params, m)
		}
		if len(got.Params) > 0 {
			t.Errorf("%s: also reads %v\n%s", c.op, got.Params, c.text)
		}
	}
}

// wanted is the tree as the CLI must make it: numbers as JSON reads them, blobs as {"blob": hex}.
func wanted(s *model.Shape, v any) any {
	switch v := v.(type) {
	case []byte:
		return map[string]any{"blob": hex.EncodeToString(v)}
	case int:
		return float64(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case map[string]any:
		if s.Kind == model.String {
			text, _ := compact(v)
			return text
		}
		out := map[string]any{}
		for k, e := range v {
			out[k] = wanted(child(s, k), e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = wanted(s.Elem.Shape, e)
		}
		return out
	}
	return v
}

// fill makes a tree with every member set; text gives the strings that have no enum.
func fill(s *model.Shape, text string, depth int) any {
	switch s.Kind {
	case model.Structure:
		tree := map[string]any{}
		for _, m := range s.Members {
			if blobs(m.Shape) && depth > 0 {
				continue // bytes inside JSON are base64 to version 2 of the CLI and text to version 1
			}
			if (depth < 4 || m.Required || s.Union) && depth < 8 {
				tree[m.Name] = fill(m.Shape, text, depth+1)
			}
			switch m.Name {
			case "Expires": // a string to the model, a time to the CLI
				tree[m.Name] = "2026-11-23T21:50:00Z"
			case "Bucket": // the CLI sends none whose name is not one
				if m.Shape.Kind == model.String {
					tree[m.Name] = "word"
				}
			case "CopySource": // is URL-encoded to S3, and the CLI does it
				tree[m.Name] = escaped(text)
			case "Metadata": // goes into headers
				tree[m.Name] = map[string]any{"key": strings.Map(ascii, text)}
			}
			if s.Union && len(tree) == 1 {
				break
			}
		}
		return tree
	case model.List:
		n := 2
		if s.Min != nil {
			n = max(n, int(*s.Min))
		}
		items := make([]any, n)
		for i := range items {
			items[i] = fill(s.Elem.Shape, text, depth+1)
		}
		return items
	case model.Map:
		return map[string]any{fill(s.Key.Shape, "key", depth+1).(string): fill(s.Value.Shape, text, depth+1)}
	case model.Boolean:
		return len(text)%2 == 0
	case model.Integer, model.Long:
		if s.Min != nil {
			return int(*s.Min) + 1
		}
		return 7
	case model.Float, model.Double:
		return 2.5
	case model.Timestamp:
		return time.Date(2026, 11, 23, 21, 50, 0, 0, time.UTC)
	case model.Blob:
		return []byte{0, 1, 2, 'a', '\n', 0xff}
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	if s.Min != nil {
		for utf8.RuneCountInString(text) < int(*s.Min) {
			text += "-x"
		}
	}
	return text
}

// filled are parameters of an operation that one command can make.
func filled(op *model.Op, text string) map[string]any {
	params := fill(op.Input, text, 0).(map[string]any)
	if op.String() == "rds.ModifyOptionGroup" { // two commands to the CLI
		delete(params, "OptionsToRemove")
	}
	for _, m := range op.Input.Members {
		if m.HostLabel { // the CLI puts it into a host's name before anything else
			params[m.Name] = "111122223333"
		}
	}
	delete(params, "NetworkInterfaces") // the CLI moves other parameters into it
	return params
}

// escaped is text as S3 wants it in a header of the source of a copy.
func escaped(text string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(text))
}

func ascii(r rune) rune {
	if r > 126 {
		return 'e'
	}
	return r
}

func blobs(s *model.Shape) bool {
	return s.Kind == model.Blob || s.Kind == model.List && s.Elem.Shape.Kind == model.Blob
}

// Every operation of the model, with every parameter, is read back as what it says: with plain words, and with text that
// means something to bash or to the CLI.
func TestCommandsAreReadBack(t *testing.T) {
	var commands []printed
	add := func(op string, params map[string]any, o CLIOptions) {
		text, err := Command(op, "us-west-2", params, o)
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, printed{op, params, text})
	}
	awful := `it's "$HOME", a\b [1] {x=y}; ` + "`id` é"
	for _, s := range model.Services() {
		api, err := model.Load(s)
		if err != nil {
			t.Fatal(err)
		}
		ours := slices.Contains(services, s)
		if testing.Short() && !ours {
			continue
		}
		for _, name := range sorted(api.Ops) {
			op := api.Ops[name]
			params := filled(op, "word")
			add(op.String(), params, CLIOptions{Width: 80})
			if !ours {
				continue
			}
			params = filled(op, awful)
			if params["UserData"] == awful {
				params["UserData"] = base64.StdEncoding.EncodeToString([]byte(awful))
			}
			add(op.String(), params, CLIOptions{})
		}
	}
	read(t, commands)
}

func sorted(ops map[string]*model.Op) []string {
	var names []string
	for n := range ops {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
