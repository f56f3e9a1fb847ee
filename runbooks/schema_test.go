package runbooks

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func compiled(t *testing.T) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("runbook.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("runbook.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, src []byte) any {
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The committed schema is what the reader's own table says.
func TestSchemaIsTheTable(t *testing.T) {
	want, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		Schema = want
	}
	if !bytes.Equal(Schema, want) {
		t.Error("schema.json is not what the table of forms gives: run go test ./runbooks -update")
	}
	compiled(t)
}

func TestSchemaAccepts(t *testing.T) {
	s := compiled(t)
	err := fs.WalkDir(embedded, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".yaml") {
			return err
		}
		src, err := embedded.ReadFile(file)
		if err != nil {
			return err
		}
		if err := s.Validate(asJSON(t, src)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for base := range bases {
		valid, _ := os.ReadFile("testdata/" + base)
		if err := s.Validate(asJSON(t, valid)); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// What is wrong in shape, an editor says already.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	refused := 0
	for base, list := range bases {
		valid, _ := os.ReadFile("testdata/" + base)
		for _, b := range readBroken(t, list) {
			switch b.name {
			case "unknown key of the runbook", "missing key", "wrong kind", "a number for a text", "a text for a number", "id not kebab-case", "bad duration",
				"unknown key of a step", "id of a step not kebab-case", "unknown phase", "two actions", "no action", "unquoted expression", "check without words",
				"undo without a call", "wait without within", "kind of data", "retry without an end",
				"sql without a database", "sql on an unknown key", "sql without run", "sql and call", "find by sql and call":
				refused++
				src := strings.Replace(string(valid), b.old, b.new, 1)
				if err := s.Validate(asJSON(t, []byte(src))); err == nil {
					t.Errorf("%s: accepted", b.name)
				}
			}
		}
	}
	if refused != 23 {
		t.Errorf("%d of 23 broken files tried", refused)
	}
}
