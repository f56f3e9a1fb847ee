package runbooks

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

// broken is one broken file: the valid one with one piece replaced, and the lines the checker answers with.
type broken struct {
	name, old, new string
	want           []string
}

// bases are the valid files that broken ones are made from, with the list of those.
var bases = map[string]string{"valid.yaml": "broken.txt", "sql.yaml": "broken-sql.txt"}

// readBroken reads a list of testdata: == name, - what is replaced, + with what, > each line of the answer.
func readBroken(t *testing.T, list string) []*broken {
	src, err := os.ReadFile("testdata/" + list)
	if err != nil {
		t.Fatal(err)
	}
	var out []*broken
	for _, block := range strings.Split("\n"+string(src), "\n== ")[1:] {
		lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
		b := &broken{name: lines[0]}
		into := &b.old
		for _, line := range lines[1:] {
			switch {
			case strings.HasPrefix(line, "> "):
				b.want = append(b.want, line[2:])
			case strings.HasPrefix(line, "-") && into == &b.old && b.old == "":
				b.old = line[1:]
			case strings.HasPrefix(line, "+"):
				into = &b.new
				b.new = line[1:]
			default:
				*into += "\n" + line
			}
		}
		out = append(out, b)
	}
	return out
}

func (b *broken) text() string {
	var s strings.Builder
	s.WriteString("== " + b.name + "\n-" + b.old + "\n+" + b.new + "\n")
	for _, w := range b.want {
		s.WriteString("> " + w + "\n")
	}
	return s.String()
}

// Every mistake is said at its place, with what to write instead, and nothing else is said.
func TestBroken(t *testing.T) {
	total := 0
	for base, list := range bases {
		t.Run(base, func(t *testing.T) { total += tryBroken(t, base, list) })
	}
	if total < 130 {
		t.Errorf("%d broken files, want 130 or more", total)
	}
}

func tryBroken(t *testing.T, base, list string) int {
	valid, err := os.ReadFile("testdata/" + base)
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := Parse("small.yaml", valid, Builtin()); len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	all := readBroken(t, list)
	var written strings.Builder
	for _, b := range all {
		src := ""
		if b.old != "*" {
			if !strings.Contains(string(valid), b.old) {
				t.Errorf("%s: the valid file has no %q", b.name, b.old)
			}
			src = strings.Replace(string(valid), b.old, b.new, 1)
		}
		book, problems := Parse("small.yaml", []byte(src), Builtin())
		if book != nil || len(problems) == 0 {
			t.Errorf("%s: accepted", b.name)
		}
		var got []string
		for _, p := range problems {
			got = append(got, strings.TrimPrefix(p.String(), "small.yaml:"))
		}
		if strings.Join(got, "\n") != strings.Join(b.want, "\n") && !*update {
			t.Errorf("%s:\n got %s\nwant %s", b.name, strings.Join(got, "\n     "), strings.Join(b.want, "\n     "))
		}
		b.want = got
		written.WriteString(b.text())
	}
	if *update {
		if err := os.WriteFile("testdata/"+list, []byte(written.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return len(all)
}
