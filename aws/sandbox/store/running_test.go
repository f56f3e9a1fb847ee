package store

import (
	"testing"
	"testing/synctest"
	"time"

	"lifeboat/aws/sandbox/clock"
)

// TestRunningClockNeverGoesBack abandons a store whose clock runs: whatever time it had shown, a restart begins no earlier,
// and not much later.
func TestRunningClockNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 60
		dir := t.TempDir()
		reopen := func() (*Store, *clock.Clock) {
			c := clock.New(clock.Options{Start: noon, Rate: rate})
			s, err := Open(dir, c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s, c
		}
		shown := noon
		for i := range 5 {
			s, c := reopen()
			now := c.Now()
			if now.Before(shown) || now.Sub(shown) > rate*lead+time.Second {
				t.Fatalf("start %d at %s, %s was shown before", i, now, shown)
			}
			time.Sleep(time.Duration(i*7) * time.Second)
			s.View(func(tx *Tx) error { shown = tx.Now(); return nil })
			shown = c.Now()
			c.Close() // the process is gone, the store is not closed
		}
		s, c := reopen()
		time.Sleep(3 * time.Second)
		shown = c.Now()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, c = reopen()
		if got := c.Now(); !got.Equal(shown) {
			t.Errorf("closed at %s, opened at %s", shown, got)
		}
		c.Close()
	})
}

func TestRunningClockLetsThingsHappen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(clock.Options{Start: noon, Rate: 60})
		s, err := Open("", c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		happened := make(chan time.Time, 1)
		s.OnDue("k", func(tx *Tx, key string) error { happened <- tx.Now(); return nil })
		s.Update(func(tx *Tx) error { tx.Due(noon.Add(30*time.Minute), "k", "one"); return nil })
		s.Update(func(tx *Tx) error { tx.Due(noon.Add(10*time.Minute), "k", "one"); return nil })
		begin := time.Now()
		if at := <-happened; !at.Equal(noon.Add(10 * time.Minute)) {
			t.Errorf("happened at %s", at)
		}
		if took := time.Since(begin).Round(time.Millisecond); took != 10*time.Second {
			t.Errorf("ten minutes at rate 60 took %s", took)
		}
		s.Close()
	})
}
