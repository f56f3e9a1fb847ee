package proof

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"sync"
)

// most is how many calls are on their way at once at the most: enough to hide the latency, few enough to stay well under
// the default request quotas of the EBS direct APIs and under 10 MB of blocks in memory.
const most = 8

// workers is how many calls with whole blocks are on their way at once. Blocks are hashed here, and a screen wants its keys answered
// meanwhile: more of them than processors would only make it wait.
func workers() int { return min(most, max(2, runtime.GOMAXPROCS(0))) }

// each does work on all items, n at once, and tells done about each that succeeded, one at a time. It stops at the
// first error; a panic in work is an error.
func each(ctx context.Context, n int, items []int, work func(context.Context, int) error, done func(int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo := make(chan int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(n, len(items)) {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					stop(fmt.Errorf("internal error: %v", p))
				}
			}()
			for item := range todo {
				if err := work(ctx, item); err != nil {
					stop(err)
					return
				}
				mu.Lock()
				done(item)
				mu.Unlock()
			}
		})
	}
feed:
	for _, item := range items {
		select {
		case todo <- item:
		case <-ctx.Done():
			break feed
		}
	}
	close(todo)
	wg.Wait()
	return context.Cause(ctx)
}

func (j Job) progress(done, total int) {
	if j.Progress != nil {
		j.Progress(done, total)
	}
}

// text is a parameter that is a text; empty when it is not there.
func (j Job) text(name string) string { s, _ := j.With[name].(string); return s }

// whole is a parameter that is a whole number between two others, usual when it is not there.
func (j Job) whole(name string, least, most, usual int) (int, error) {
	v := j.With[name]
	if v == nil {
		return usual, nil
	}
	n, ok := number(v)
	if !ok || n < least || n > most {
		return 0, fmt.Errorf("%s: %v is not a whole number from %d to %d", name, v, least, most)
	}
	return n, nil
}

func number(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	case float64:
		return int(n), n == float64(int(n))
	}
	return 0, false
}

func blob(v any) ([]byte, error) {
	switch b := v.(type) {
	case []byte:
		return b, nil
	case string:
		return base64.StdEncoding.DecodeString(b)
	}
	return nil, fmt.Errorf("the answer has no data")
}
