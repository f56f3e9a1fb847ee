package account

import (
	"context"
	"time"
)

// Wall is this machine's time, the clock of a real account.
type Wall struct{}

var _ Clock = Wall{}

// Now is the time, UTC.
func (Wall) Now() time.Time { return time.Now().UTC() }

// Wait returns when d has passed, or with ctx's error when that ends first.
func (Wall) Wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Pass returns ErrRealTime.
func (Wall) Pass(context.Context, time.Duration) error { return ErrRealTime }

// Rate is 1.
func (Wall) Rate() float64 { return 1 }
