package plan

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The table of answers whose plans are kept as files, so that a change of a row is seen where it matters.
var goldens = map[string]Answers{
	"ebs":           {"resources": {"ebs"}, "loss": {"4h"}, "outage": {"4h"}, "keep": {"35d"}, "away": {"region"}, "guard": {"operators"}, "size": {"100"}},
	"ebs-tight":     {"resources": {"ebs"}, "loss": {"15m"}, "outage": {"15m"}, "keep": {"7d"}, "away": {"region"}, "guard": {"nobody"}, "size": {"2000"}},
	"ebs-insider":   {"resources": {"ebs"}, "loss": {"24h"}, "outage": {"24h"}, "keep": {"1y"}, "away": {"region-and-account"}, "guard": {"anyone"}},
	"everything":    {"resources": {"ebs", "ec2", "s3", "rds", "rds-cluster", "aurora", "dynamodb", "efs", "storage-gateway"}, "loss": {"1h"}, "outage": {"4h"}, "keep": {"7y"}, "away": {"region"}, "guard": {"administrators"}, "size": {"500"}},
	"databases":     {"resources": {"rds", "aurora", "dynamodb"}, "loss": {"1m"}, "outage": {"1h"}, "keep": {"35d"}, "away": {"account"}, "guard": {"operators"}},
	"nothing-asked": {"resources": {"s3", "efs"}, "loss": {"7d"}, "outage": {"72h"}, "keep": {"7d"}, "away": {"none"}, "guard": {"nobody"}, "size": {"1"}},
}

func TestGoldens(t *testing.T) {
	for name, a := range goldens {
		t.Run(name, func(t *testing.T) {
			p, err := Make(a)
			if err != nil {
				t.Fatal(err)
			}
			js, err := p.JSON()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".md", p.Markdown())
			golden(t, name+".json", js)
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the plan made now; run go test -update and read the difference", path)
	}
}
