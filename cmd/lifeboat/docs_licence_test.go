package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is one that is linked into the program.
type module struct{ Path, Version, Dir string }

// linked lists the modules of the program on every system it is built for.
func linked(t *testing.T) []module {
	t.Helper()
	all := map[string]module{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-json=Module", ".")
		cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", system, err)
		}
		for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p struct {
				Module *struct {
					module
					Main bool
				}
			}
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if p.Module != nil && !p.Module.Main {
				all[p.Module.Path] = p.Module.module
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b module) int { return strings.Compare(a.Path, b.Path) })
}

// licences tell a licence by words that no other one has.
var licences = []struct{ words, name string }{
	{"Apache License", "Apache-2.0"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Neither the name", "BSD-3-Clause"},
	{"Mozilla Public License", "MPL-2.0"},
}

var owner = regexp.MustCompile(`(?m)^\s*(Copyright .*\d{4}.*)$`)

// thirdParty is the list of what else is in the program, under which licence, with the notices that go with it.
func thirdParty(t *testing.T) string {
	var b, notices strings.Builder
	b.WriteString("# What else is in the program\n\nThe modules that are linked into `lifeboat`, on any of its systems. Each one's licence in full is in its source, at the version given.\nThe Go standard library is linked in too (BSD-3-Clause, Copyright 2009 The Go Authors).\n\n| Module | Version | Licence | Copyright |\n|---|---|---|---|\n")
	for _, m := range linked(t) {
		text := file(t, m, "LICENSE")
		var names []string
		for _, l := range licences {
			if strings.Contains(text, l.words) {
				names = append(names, l.name)
			}
		}
		if len(names) == 0 {
			t.Errorf("the licence of %s is none that is known here", m.Path)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.Path, m.Version, strings.Join(names, " and "), strings.TrimSpace(owner.FindString(text)))
		if notice := file(t, m, "NOTICE"); notice != "" {
			fmt.Fprintf(&notices, "\n%s:\n\n```text\n%s\n```\n", m.Path, strings.TrimSpace(notice))
		}
	}
	return b.String() + "\n## Notices\n" + notices.String()
}

// file reads a module's LICENSE or NOTICE, whatever its ending; empty when there is none.
func file(t *testing.T, m module, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(m.Dir, name+"*"))
	if err != nil || len(found) == 0 {
		return ""
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
