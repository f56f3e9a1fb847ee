package curves

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the drawings under testdata instead of comparing them")

// example is what eight ways to keep 2 TiB cost: so much a month, and so much more each time all of it is read.
func example() Drawing {
	fixed := []float64{47, 49, 25.6, 20.5, 327, 8.2, 7.4, 2.1}
	read := []float64{0.4, 0.4, 20.9, 20.9, 3, 61.8, 70.5, 91}
	d := Drawing{From: 0.001, To: 100, X: "reads a month", Y: "USD a month", Lowest: "lowest",
		XLabel: short, YLabel: short,
		At: func(x float64) []float64 {
			out := make([]float64, len(fixed))
			for i := range out {
				out[i] = fixed[i] + read[i]*x
			}
			return out
		}}
	for i, name := range []string{"Standard", "Intelligent-Tiering", "Standard-IA", "One Zone-IA", "Express One Zone", "Glacier Instant", "Glacier Flexible", "Deep Archive"} {
		d.Curves = append(d.Curves, Curve{Letter: rune('A' + i), Name: name, Out: i == 3 || i == 7, Chosen: i == 2})
	}
	d.Marks = []Mark{{X: 0.0919, Curve: 6, Label: "1: 0.092"}, {X: 0.43, Curve: 5, Label: "2: 0.43"}, {X: 1.04, Curve: 2, Label: "3: 1.04"}}
	return d
}

func short(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func TestDrawings(t *testing.T) {
	low, all := example(), example()
	low.Marks, low.Lowest, low.Here = nil, "", 0.5
	all.ASCII, all.Here = true, 20
	for name, d := range map[string]Drawing{"classes": example(), "plain": low, "ascii": all} {
		for _, s := range [][2]int{{76, 18}, {140, 30}, {40, 10}} {
			file := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.txt", name, s[0], s[1]))
			got := strings.Join(append(Text(d.Cells(s[0], s[1])), Text(d.Legend(s[0]))...), "\n") + "\n"
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
				t.Errorf("%s differs (-update writes it):\n%s", file, got)
			}
		}
	}
}

// TestAnySizeAndValues draws whatever comes: always in exactly the size asked for, every label of a mark whole.
func TestAnySizeAndValues(t *testing.T) {
	odd := []float64{0, -1, math.NaN(), math.Inf(1), 1e-9, 1e12}
	rapid.Check(t, func(r *rapid.T) {
		w, h := rapid.IntRange(0, 220).Draw(r, "w"), rapid.IntRange(0, 60).Draw(r, "h")
		d := example()
		n := rapid.IntRange(0, 8).Draw(r, "curves")
		d.Curves = d.Curves[:n]
		fixed := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1e6), rapid.SampledFrom(odd)), n, n).Draw(r, "fixed")
		read := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-10, 1e3), rapid.SampledFrom(odd)), n, n).Draw(r, "read")
		d.At = func(x float64) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = fixed[i] + read[i]*x
			}
			return out
		}
		d.Marks = nil
		for i := range rapid.IntRange(0, 10).Draw(r, "marks") {
			d.Marks = append(d.Marks, Mark{X: rapid.Float64Range(0.0001, 1000).Draw(r, "x"), Curve: i, Label: rapid.StringMatching("[a-z]{1,30}").Draw(r, "label")})
		}
		d.Here = rapid.Float64Range(0, 1000).Draw(r, "here")
		rows := d.Cells(w, h)
		if rows == nil {
			return
		}
		if len(rows) != h {
			r.Fatalf("%d rows, not %d", len(rows), h)
		}
		for _, row := range rows {
			if len(row) != w {
				r.Fatalf("%d cells in a row, not %d", len(row), w)
			}
		}
		for _, row := range d.Legend(w) {
			if len(row) > w {
				r.Fatalf("a legend of %d cells in %d", len(row), w)
			}
		}
	})
}

// TestLabelsStandApart finds every label of crossing points that lie on each other, each once, none touching another.
func TestLabelsStandApart(t *testing.T) {
	d := example()
	d.Marks = nil
	for i, x := range []float64{0.1, 0.11, 0.12, 0.5, 0.55, 99, 0.001} {
		d.Marks = append(d.Marks, Mark{X: x, Curve: 6, Label: fmt.Sprintf("label-%d", i)})
	}
	text := Text(d.Cells(76, 20))
	below := strings.Join(text[slices.IndexFunc(text, func(l string) bool { return strings.Contains(l, "lowest") })+1:], "\n")
	if got := len(strings.Fields(below)); got != len(d.Marks) {
		t.Errorf("%d labels of %d:\n%s", got, len(d.Marks), strings.Join(text, "\n"))
	}
	for _, m := range d.Marks {
		if strings.Count(below, m.Label) != 1 {
			t.Errorf("%s is not there once:\n%s", m.Label, below)
		}
	}
}

// TestEveryCurveIsNamed finds the letter of each curve, also of two that cost the same everywhere.
func TestEveryCurveIsNamed(t *testing.T) {
	d := example()
	at := d.At
	d.At = func(x float64) []float64 { v := at(x); v[0] = v[2]; return v }
	text := strings.Join(Text(d.Cells(76, 18))[1:15], "\n")
	for _, c := range d.Curves {
		if !strings.ContainsRune(text, c.Letter) {
			t.Errorf("%c is not in\n%s", c.Letter, text)
		}
	}
}

// TestLowestIsTheLowest compares the row below the axis with the values.
func TestLowestIsTheLowest(t *testing.T) {
	d := example()
	for x, want := range map[float64]string{0.001: "G", 0.3: "F", 100: "A"} {
		rows := d.Cells(76, 18)
		i := slices.IndexFunc(Text(rows), func(l string) bool { return strings.Contains(l, "lowest") })
		c := newCanvas(d, 76, 18)
		if who := c.lowestAt(c.col(x)); string(d.Curves[who].Letter) != want {
			t.Errorf("at %g the lowest is %c, not %s", x, d.Curves[who].Letter, want)
		}
		if !strings.Contains(Text(rows)[i], want) {
			t.Errorf("%s is not in %q", want, Text(rows)[i])
		}
	}
}

func BenchmarkCells(b *testing.B) {
	d := example()
	for b.Loop() {
		d.Cells(120, 35)
	}
}
