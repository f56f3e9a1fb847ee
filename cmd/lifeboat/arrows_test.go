package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// The arrows of docs/architecture.md: cmd -> tui -> runbooks -> aws, never back. They are read off the packages that the
// compiler would link, so a dependency through a third package is seen as well.
func TestArrowsPointOneWay(t *testing.T) {
	forbidden := []struct {
		room string   // packages below this path
		not  []string // must not need packages at or below these
		why  string
	}{
		{"lifeboat/aws", []string{"lifeboat/runbooks", "lifeboat/tui", "lifeboat/cmd", "charm.land", "github.com/charmbracelet"},
			"aws knows AWS and nothing above it"},
		{"lifeboat/runbooks", []string{"lifeboat/tui", "lifeboat/cmd", "lifeboat/aws/sandbox", "charm.land", "github.com/charmbracelet"},
			"a runbook runs the same on every target, so it must not see the sandbox or a screen"},
		{"lifeboat/tui", []string{"lifeboat/cmd", "lifeboat/aws/sandbox"},
			"a screen shows what it is given"},
	}
	direct := []struct{ room, not, why string }{
		{"lifeboat/tui", "lifeboat/aws", "a screen shows runbooks and events; AWS reaches it through them"},
	}
	for _, p := range packages(t) {
		for _, f := range forbidden {
			if !under(p.ImportPath, f.room) {
				continue
			}
			for _, dep := range p.Deps {
				for _, not := range f.not {
					if under(dep, not) {
						t.Errorf("%s needs %s: %s", p.ImportPath, dep, f.why)
					}
				}
			}
		}
		for _, d := range direct {
			for _, dep := range p.Imports {
				if under(p.ImportPath, d.room) && under(dep, d.not) {
					t.Errorf("%s imports %s: %s", p.ImportPath, dep, d.why)
				}
			}
		}
	}
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "lifeboat/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages; the house has more rooms than that", len(all))
	}
	return all
}

func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}
