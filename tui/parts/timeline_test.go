package parts

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/theme"
)

var update = flag.Bool("update", false, "write the pictures under testdata instead of comparing them")

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-11-23 "+s)
	if err != nil {
		panic(err)
	}
	return t
}

func hourly(n int, until time.Time) []journal.Point {
	var out []journal.Point
	for i := n - 1; i >= 0; i-- {
		out = append(out, journal.Point{ID: fmt.Sprint("p", i), At: until.Add(-time.Duration(i) * time.Hour), Where: "us-east-2"})
	}
	return out
}

// pictures are moments of recoveries that must stay good to look at.
func pictures() map[string]Timeline {
	targets := journal.Clock{TargetRPO: 2 * time.Hour, TargetRTO: 4 * time.Hour}
	base := Timeline{Points: hourly(6, at("10:00")), Now: at("10:04"), Home: "us-east-2", Lost: "Delete the volume", Clock: targets}
	out := map[string]Timeline{"before": base, "nothing": {Now: at("10:00"), Home: "us-east-2", Clock: targets}}

	lost := base
	lost.Clock.Disaster, lost.Now = at("10:05"), at("10:09")
	out["lost"] = lost

	back := lost
	back.Points = append(slices.Clone(base.Points), journal.Point{ID: "a", At: at("06:00"), Where: "us-west-2"},
		journal.Point{ID: "b", At: at("10:00"), Where: "partner account"}, journal.Point{ID: "x", At: at("10:07"), Bad: true, Where: "us-east-2"})
	back.Points[0].Gone, back.Points[5].Used = true, true
	back.Clock.Proved, back.Clock.RPO, back.Clock.RTO, back.Clock.NewestOut = at("10:16"), 5*time.Minute, 11*time.Minute, at("10:00")
	back.Proof = &journal.Proof{OK: true, Equal: 2048, Total: 2048, Unit: "blocks"}
	out["back"] = back

	over := back
	over.Clock.TargetRTO, over.Clock.TargetRPO = 10*time.Minute, time.Minute
	out["over"] = over

	many := back
	many.Points = hourly(300, at("10:00"))
	for i := range 100 {
		many.Points[i].Gone = true
	}
	out["many"] = many

	gap := lost
	gap.Points = append([]journal.Point{{ID: "old", At: at("09:30").AddDate(0, 0, -40), Where: "us-east-2"}},
		journal.Point{ID: "1", At: at("09:30"), Where: "us-east-2"}, journal.Point{ID: "2", At: at("09:40"), Where: "us-east-2"}, journal.Point{ID: "3", At: at("09:50"), Where: "us-east-2"})
	out["gap"] = gap

	one := base
	one.Points = one.Points[5:]
	out["one"] = one
	return out
}

func TestTimeline(t *testing.T) {
	th := theme.New(true, false)
	for name, l := range pictures() {
		var b strings.Builder
		for _, s := range [][2]int{{40, 9}, {60, 9}, {80, 9}, {140, 12}, {200, 12}} {
			fmt.Fprintf(&b, "%dx%d\n", s[0], s[1])
			for _, line := range l.Draw(th, s[0], s[1]) {
				b.WriteString(strings.TrimRight(ansi.Strip(line), " ") + "\n")
			}
			b.WriteByte('\n')
		}
		b.WriteString(strings.Join(l.Words(), "\n") + "\n")
		path := filepath.Join("testdata", "timeline-"+name+".txt")
		if *update {
			_ = os.MkdirAll("testdata", 0o755)
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s differs\n--- got\n%s--- want\n%s", path, b.String(), want)
		}
	}
}

// TestTimelineIsHonest draws any recovery at any size: no line too wide, none too many, and every place that has usable
// points shows one.
func TestTimelineIsHonest(t *testing.T) {
	th := theme.New(true, true)
	rapid.Check(t, func(r *rapid.T) {
		start := at("00:00")
		moment := func(name string) time.Time {
			return start.Add(time.Duration(rapid.IntRange(0, 5e6).Draw(r, name)) * time.Second)
		}
		l := Timeline{Home: "home", Lost: rapid.String().Draw(r, "lost"), Now: start.Add(5e6 * time.Second)}
		for i := range rapid.IntRange(0, 40).Draw(r, "points") {
			l.Points = append(l.Points, journal.Point{ID: fmt.Sprint(i), At: moment("at"), Bad: rapid.Bool().Draw(r, "bad"), Gone: rapid.Bool().Draw(r, "gone"),
				Where: rapid.SampledFrom([]string{"", "away", "漢字 account"}).Draw(r, "where")})
		}
		if rapid.Bool().Draw(r, "lost it") {
			l.Clock.Disaster = moment("disaster")
			if rapid.Bool().Draw(r, "proved it") {
				l.Clock.Proved = l.Clock.Disaster.Add(time.Duration(rapid.IntRange(0, 1e5).Draw(r, "took")) * time.Second)
			}
		}
		w, h := rapid.IntRange(0, 210).Draw(r, "w"), rapid.IntRange(0, 14).Draw(r, "h")
		lines := l.Draw(th, w, h)
		if len(lines) > h {
			r.Fatalf("%d lines of %d", len(lines), h)
		}
		for _, line := range lines {
			if n := ansi.StringWidth(line); n > w {
				r.Fatalf("a line of %d in %d: %q", n, w, ansi.Strip(line))
			}
		}
		usable := slices.ContainsFunc(l.Points, func(p journal.Point) bool { return !p.Bad && !p.Gone })
		if text := strings.Join(lines, "\n"); usable && w > 40 && h > 9 && !strings.ContainsAny(text, "o8@") {
			r.Fatalf("there are points, and none is drawn:\n%s", ansi.Strip(text))
		}
	})
}

// TestScaleKeepsOrder maps any moments: later is never further left, and the ends are the ends.
func TestScaleKeepsOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var moments []time.Time
		for range rapid.IntRange(2, 80).Draw(r, "n") {
			moments = append(moments, at("00:00").Add(time.Duration(rapid.IntRange(0, 1e6).Draw(r, "s"))*time.Second))
		}
		cols := rapid.IntRange(2, 200).Draw(r, "cols")
		a, b := rapid.SampledFrom(moments).Draw(r, "a"), rapid.SampledFrom(moments).Draw(r, "b")
		s := newScale(moments, cols, zone{a, b, rapid.IntRange(0, 250).Draw(r, "zone")}, zone{b, a, 9})
		for i := range s.col {
			if s.col[i] < 0 || s.col[i] >= cols || i > 0 && s.col[i] < s.col[i-1] {
				r.Fatalf("columns %v of %d", s.col, cols)
			}
		}
		if n := len(s.at); n > 1 && (s.col[0] != 0 || s.col[n-1] != cols-1) {
			r.Fatalf("the ends are at %d and %d of %d", s.col[0], s.col[n-1], cols)
		}
	})
}

func TestEqualGapsAreEquallyWide(t *testing.T) {
	s := newScale([]time.Time{at("05:00"), at("06:00"), at("07:00"), at("08:00"), at("09:00")}, 101)
	if want := []int{0, 25, 50, 75, 100}; !slices.Equal(s.col, want) {
		t.Fatalf("got %v, want %v", s.col, want)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 412 * time.Millisecond: "412 ms", 12 * time.Second: "12 s", 90 * time.Second: "90 s", 5 * time.Minute: "5 min",
		5*time.Minute + 7*time.Second: "5 min 7 s", 59*time.Minute + 40*time.Second: "60 min", 80 * time.Minute: "1 h 20 min", 24 * time.Hour: "24 h",
		76 * time.Hour: "3 d 4 h", 35 * 24 * time.Hour: "35 d", -5 * time.Minute: "-5 min",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 12: "12", 999: "999", 2048: "2,048", 1234567: "1,234,567", -1500: "-1,500"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
}

// TestNothingIsWiderThanItMayBe gives every drawing function any text at any width.
func TestNothingIsWiderThanItMayBe(t *testing.T) {
	th := theme.New(false, false)
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab `-\n\t漢字é\u200d✓")), 0, 80, -1)
	rapid.Check(t, func(r *rapid.T) {
		w, s, u := rapid.IntRange(0, 120).Draw(r, "w"), text.Draw(r, "s"), text.Draw(r, "u")
		lines := append([]string{Cut(s, w), Pad(s, w), Ends(s, u, w), Head(th, s, w), Rule(th, w), Gauge(th, 0.4, w)}, Prose(th, s, w)...)
		lines = append(lines, Fit([]string{s, u}, w, 3)...)
		lines = append(lines, Wrap(s, w)...)
		for i, l := range lines {
			if n := ansi.StringWidth(l); n > w || strings.Contains(l, "\n") {
				r.Fatalf("line %d is %d wide of %d: %q", i, n, w, l)
			}
		}
	})
}
