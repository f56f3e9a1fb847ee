package tui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/runner"
	"lifeboat/tui/theme"
)

// BenchmarkView draws a frame of 200x50 in which everything changed; the budget is 4 ms.
func BenchmarkView(b *testing.B) {
	for _, m := range []string{"ready", "recovering"} {
		b.Run(m, func(b *testing.B) {
			a, _ := opened(b, size{200, 50}, false, m)
			t := theme.New(true, false)
			for b.Loop() {
				a.run.SetTheme(t) // every pane is to be drawn again
				a.View()
			}
		})
	}
	b.Run("dialog", func(b *testing.B) {
		a, _ := opened(b, size{200, 50}, false, "choose")
		for b.Loop() {
			a.View()
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		a, _ := opened(b, size{200, 50}, false, "recovering")
		for b.Loop() {
			a.View()
		}
	})
}

// BenchmarkClasses moves the frequency under the storage classes and draws the frame; the budget is 4 ms.
func BenchmarkClasses(b *testing.B) {
	for _, s := range []size{{80, 24}, {200, 50}} {
		b.Run(fmt.Sprintf("%dx%d", s.w, s.h), func(b *testing.B) {
			a := advised(b, s, media)
			n := 0
			for b.Loop() {
				a.Update(key([]string{"right", "left"}[n%2]))
				a.View()
				n++
			}
		})
	}
}

// flood is 20,000 events of a run under way.
func flood() []journal.Event {
	var out []journal.Event
	for i := range 20000 {
		e := journal.Event{Seq: i, At: time.Unix(int64(1795000000+i), 0), Step: "restore", Kind: journal.WaitSeen,
			Wait: &journal.Wait{For: "x", Seen: "creating", Elapsed: time.Duration(i) * time.Millisecond, Typical: time.Minute}}
		switch i % 4 {
		case 1:
			e.Kind, e.Call = journal.CallResult, &journal.Call{ID: fmt.Sprint(i), Op: "ebs.GetSnapshotBlock", OK: true, Role: "prove"}
		case 2:
			e.Kind = journal.Time
		case 3:
			e.Kind, e.Check = journal.Checked, &journal.Check{Say: "it holds", OK: true}
		}
		out = append(out, e)
	}
	return out
}

// BenchmarkEvents brings 20,000 events to the screen in the batches a pump makes of them; the budget is 1 s.
func BenchmarkEvents(b *testing.B) {
	events := flood()
	for b.Loop() {
		a, _ := opened(b, size{200, 50}, false, "recovering")
		for chunk := range slices.Chunk(events, 700) {
			a.Update(runner.Batch{Session: a.run.Session(), Events: chunk})
			a.View()
		}
	}
}

// BenchmarkKey answers a key while events flow: the 99th of 100 is reported; the budget is 16 ms.
func BenchmarkKey(b *testing.B) {
	a, _ := opened(b, size{200, 50}, false, "recovering")
	events := flood()
	var took []time.Duration
	n := 0
	for b.Loop() {
		from := time.Now()
		a.Update(runner.Batch{Session: a.run.Session(), Events: events[n%19000 : n%19000+700]})
		a.View()
		a.Update(key([]string{"right", "left"}[n%2]))
		a.View()
		took = append(took, time.Since(from))
		n++
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-99th")
}
