package runbooks

import (
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// No file makes the reader or the checker panic, and every problem is at a place inside the file.
func TestNothingPanics(t *testing.T) {
	valid, err := os.ReadFile("testdata/valid.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(valid), "\n")
	piece := rapid.SampledFrom([]string{"", "null", "{", "[", "]", "}", ": ", "- ", "&a ", "*a", "!!binary ", "|\n", "${{ ", "}}", "${{ volume }}", "`", "'", "\"", "0", "-1",
		"1e999", "true", "~", "{a: b}", "[a, b]", "use: ebs-write", "with: {}", "steps:", "  ", "\t", "é", "\x00", "<<: *a", "? ", "# ", "call: ec2.", "id: ", "if: a.b.c[?d]", "@", "length(", "$."})
	rapid.Check(t, func(t *rapid.T) {
		src := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if rapid.IntRange(0, 9).Draw(t, "how") > 0 {
			mine := append([]string{}, lines...)
			for range rapid.IntRange(1, 4).Draw(t, "changes") {
				i := rapid.IntRange(0, len(mine)-1).Draw(t, "line")
				at := rapid.IntRange(0, len(mine[i])).Draw(t, "column")
				end := min(len(mine[i]), at+rapid.IntRange(0, 20).Draw(t, "cut"))
				mine[i] = mine[i][:at] + piece.Draw(t, "piece") + mine[i][end:]
			}
			src = strings.Join(mine, "\n")
		}
		book, problems := Parse("x.yaml", []byte(src), Builtin())
		if (book == nil) != (len(problems) > 0) {
			t.Fatalf("%v with %d problems", book, len(problems))
		}
		for _, p := range problems {
			if p.Pos.File != "x.yaml" || p.Pos.Line < 1 || p.Pos.Column < 1 || p.Pos.Line > strings.Count(src, "\n")+2 {
				t.Fatalf("a problem at %s: %s", p.Pos, p)
			}
		}
	})
}
