//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"lifeboat/bench/program"
)

// Where the buckets are, and the key that the sandbox is told to accept.
const (
	home = "us-east-2"
	away = "us-west-2"
	key  = "AKIABENCHBENCHBENCH0"
)

// served is a sandbox in a process of its own.
type served struct {
	cmd    *exec.Cmd
	config aws.Config
	memory memory
	idle   int64 // bytes of its process before it was used
}

// serve starts the program's sandbox and waits until it listens.
func serve(p program.Program) (*served, error) {
	secret := filepath.Join(p.Dir, "secret")
	if err := os.WriteFile(secret, []byte("bench"), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.Path, "sandbox", "serve", "--access-key", key, "--secret-key-file", secret, "--state", filepath.Join(p.Dir, "state"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &served{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, endpoint, found := strings.Cut(lines.Text(), "listens at "); found {
			s.config = aws.Config{BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(key, "bench", ""), AppID: "lifeboat", RetryMaxAttempts: 1}
			go func() {
				for lines.Scan() { // what it says later must not block it
				}
			}()
			s.idle = s.memory.watch(cmd.Process.Pid)
			return s, nil
		}
	}
	s.end()
	return nil, fmt.Errorf("the sandbox ended before it listened")
}

// in is a client of a Region.
func (s *served) in(region string) *s3.Client {
	c := s.config.Copy()
	c.Region = region
	return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
}

func (s *served) end() {
	s.cmd.Process.Signal(syscall.SIGINT)
	s.cmd.Wait()
}

// memory is the resident memory of a process, looked at all the time.
type memory struct {
	pid  int
	most atomic.Int64
}

const often = 5 * time.Millisecond

// watch looks at a process from here on, and gives what it has now.
func (m *memory) watch(pid int) int64 {
	m.pid = pid
	now := m.now()
	go func() {
		for range time.Tick(often) {
			if n := m.now(); n > m.most.Load() {
				m.most.Store(n)
			}
		}
	}()
	return now
}

// rest forgets the peak.
func (m *memory) rest() { m.most.Store(m.now()) }

func (m *memory) peak() int64 { return m.most.Load() }

// now is the resident memory in bytes: from the kernel's files on Linux, elsewhere from ps.
func (m *memory) now() int64 {
	if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", m.pid)); err == nil {
		if fields := strings.Fields(string(raw)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			return pages * int64(os.Getpagesize())
		}
	}
	raw, _ := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(m.pid)).Output()
	kib, _ := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
	return kib << 10
}
