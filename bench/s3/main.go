//go:build unix

// Command s3 serves the sandbox in a process of its own and prints how its buckets do: a large object put, uploaded in parts, copied and
// read, with the memory of the sandbox's process; a list of 100,000 keys by pages; small objects put, replicated and verified. It judges
// nothing; run it on a quiet machine. The budgets are 64 MB above idle, 2 s for the list, 15 s for 10,000 small objects.
//
//	go run ./bench/s3 [-n 10000] [-bin path]
package main

import (
	"context"
	"fmt"
	"time"

	"lifeboat/bench/program"
)

const (
	large = 1 << 30 // bytes of the large object
	keys  = 100_000 // of the list
)

func main() {
	program.Main("s3", 10_000, "how many small objects to replicate", func(p program.Program) error {
		s, err := serve(p)
		if err != nil {
			return err
		}
		defer s.end()
		ctx := context.Background()
		if err := s.large(ctx); err != nil {
			return fmt.Errorf("large object: %w", err)
		}
		if err := s.list(ctx, keys); err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if err := s.replicate(ctx, p.N); err != nil {
			return fmt.Errorf("replication: %w", err)
		}
		return nil
	})
}

// timed runs and prints how long it took, and how far the sandbox's process grew meanwhile.
func (s *served) timed(what string, bytes int64, run func() error) error {
	s.memory.rest()
	start := time.Now()
	err := run()
	took := time.Since(start)
	speed := ""
	if bytes > 0 {
		speed = fmt.Sprintf(", %.0f MiB/s", float64(bytes)/(1<<20)/took.Seconds())
	}
	fmt.Printf("%-46s %8.2f s%s, %.0f MiB at its peak, %.0f above idle\n", what, took.Seconds(), speed, mib(s.memory.peak()), mib(s.memory.peak()-s.idle))
	return err
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
