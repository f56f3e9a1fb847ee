package runbooks

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Everything that comes with the program. A folder may be empty but for its .gitkeep.
//
//go:embed all:labs all:restores all:parts
var embedded embed.FS

// Schema is the JSON Schema of runbook files, for editors.
//
//go:embed schema.json
var Schema []byte

// builtin is the library of the embedded parts, read when first asked for. A broken part is a fault of the build: a test
// reads them all.
var builtin = sync.OnceValues(func() (Library, []Problem) {
	parts, err := fs.Sub(embedded, "parts")
	if err != nil {
		return Library{}, []Problem{{Text: err.Error()}}
	}
	return ReadLibrary(parts)
})

// Builtin gives the parts and named conditions that come with the program.
func Builtin() Library {
	lib, _ := builtin()
	return lib
}

// Parse reads and checks one file; name is its name in messages. All mistakes of the file are given, in its order. The
// runbook is nil when there is any.
func Parse(name string, src []byte, lib Library) (*Runbook, []Problem) {
	var problems []Problem
	r := &reader{file: name, lines: strings.Split(string(src), "\n"), lib: lib, stands: map[string]stand{}, failed: map[string]bool{}, problems: &problems}
	top := r.document(src)
	if top == nil {
		return nil, problems
	}
	book, drafts, rec := r.runbook(top)
	if book != nil {
		c := &checker{r: r, book: book, drafts: drafts, rec: rec}
		c.check()
	}
	if problems = sorted(problems); len(problems) > 0 {
		return nil, problems
	}
	return book, nil
}

// Load reads and checks a file from the disk. A wrong file is Problems.
func Load(file string) (*Runbook, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("runbook: %w", err)
	}
	return parsed(Parse(file, src, Builtin()))
}

func parsed(b *Runbook, problems []Problem) (*Runbook, error) {
	if len(problems) > 0 {
		return nil, Problems(problems)
	}
	return b, nil
}

// Listing is an embedded runbook as lists show it.
type Listing struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Minutes int    `json:"minutes"`
	Steps   int    `json:"steps"` // with those of its parts
	File    string `json:"file"`  // inside the program: labs/ebs-snapshots.yaml
}

// Labs and Restores list what comes with the program, by id. They check nothing; Open does.
func Labs() []Listing     { return list("labs") }
func Restores() []Listing { return list("restores") }

func list(folder string) []Listing {
	files, _ := fs.Glob(embedded, folder+"/*.yaml")
	out := make([]Listing, 0, len(files))
	for _, file := range files {
		src, err := embedded.ReadFile(file)
		if err != nil {
			continue
		}
		r := &reader{file: file, problems: &[]Problem{}}
		top := r.document(src)
		if top == nil {
			continue
		}
		rec, ok := r.record(top, "runbook", "the runbook")
		if !ok {
			continue
		}
		out = append(out, Listing{rec.text("id"), rec.text("kind"), rec.text("title"), strings.TrimSpace(rec.text("summary")), rec.number("minutes"), countSteps(rec.fields["steps"]), file})
	}
	slices.SortFunc(out, func(a, b Listing) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// countSteps counts the steps of a list, with those of its parts.
func countSteps(list *yaml.Node) int {
	if list == nil {
		return 0
	}
	n := len(list.Content)
	for _, s := range list.Content {
		for i := 0; i+1 < len(s.Content); i += 2 {
			if p := Builtin().parts[s.Content[i+1].Value]; p != nil && s.Content[i].Value == "use" {
				n += len(p.steps.Content) - 1
			}
		}
	}
	return n
}

// Open gives a runbook that comes with the program, by its id.
func Open(id string) (*Runbook, error) {
	all := append(Labs(), Restores()...)
	ids := make([]string, len(all))
	for i, l := range all {
		if l.ID == id {
			src, err := embedded.ReadFile(l.File)
			if err != nil {
				return nil, err
			}
			return parsed(Parse(path.Join("runbooks", l.File), src, Builtin()))
		}
		ids[i] = l.ID
	}
	return nil, fmt.Errorf("there is no runbook %s: %s", id, write(id, ids))
}
