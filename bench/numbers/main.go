//go:build unix

// Command numbers builds the stripped program and prints what can only be measured from outside of it: its size, the time to
// the first text on a terminal, the time and the memory of a whole lab. It judges nothing; run it twice, on a quiet machine.
//
//	go run ./bench/numbers [-n 20] [-lab ebs-snapshots] [-bin path]
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"lifeboat/bench/program"
)

func main() { program.Main("numbers", 20, "how many starts to take the median of", measure) }

func measure(p program.Program) error {
	info, err := os.Stat(p.Path)
	if err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Printf("%-34s %8.1f MiB\n", "stripped binary", float64(info.Size())/(1<<20))

	var first, version []time.Duration
	for i := range p.N + 1 {
		d, err := firstText(p)
		if err != nil {
			return fmt.Errorf("first text: %w", err)
		}
		v, _, err := whole(p.Path, "version")
		if err != nil {
			return fmt.Errorf("version: %w", err)
		}
		if i > 0 { // the first one warms the page cache
			first, version = append(first, d), append(version, v)
		}
	}
	report("first text on a terminal", first)
	report("`lifeboat version`, whole", version)

	var took []time.Duration
	var memory int64
	for i := range 6 {
		d, rss, err := whole(p.Path, "lab", "run", p.Lab, "--yes", "--json", "--state", filepath.Join(p.Dir, fmt.Sprint("lab", i)))
		if err != nil {
			return fmt.Errorf("lab %s: %w", p.Lab, err)
		}
		if i > 0 {
			took, memory = append(took, d), max(memory, rss)
		}
	}
	report("lab "+p.Lab+", start to finish", took)
	fmt.Printf("%-34s %8.1f MiB at its peak\n", "memory of the lab's process", float64(memory)/(1<<20))
	return nil
}

func report(what string, all []time.Duration) {
	slices.Sort(all)
	fmt.Printf("%-34s %8.1f ms median of %d (%.1f to %.1f)\n", what, ms(all[len(all)/2]), len(all), ms(all[0]), ms(all[len(all)-1]))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// whole runs a command to its end: wall time and the largest resident memory in bytes.
func whole(bin string, args ...string) (time.Duration, int64, error) {
	cmd := exec.Command(bin, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, stderr.String())
	}
	took := time.Since(start)
	rss := int64(0)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = int64(usage.Maxrss)
		if runtime.GOOS != "darwin" { // Linux counts in KiB, macOS in bytes
			rss *= 1024
		}
	}
	return took, rss, nil
}

// firstText is the time from the start of the process until the first letter stands on its terminal.
func firstText(p program.Program) (time.Duration, error) {
	start := time.Now()
	tty, err := p.Start("start")
	if err != nil {
		return 0, err
	}
	defer tty.Close()
	var seen []byte
	buffer := make([]byte, 4096)
	for {
		n, err := tty.Read(buffer)
		if err != nil {
			return 0, fmt.Errorf("the program ended before it showed anything: %q", seen)
		}
		at := time.Since(start)
		seen = append(seen, buffer[:n]...)
		for _, r := range ansi.Strip(string(seen)) {
			if unicode.IsLetter(r) {
				return at, nil
			}
		}
	}
}
