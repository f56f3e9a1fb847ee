package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"lifeboat/aws/sandbox"
	"lifeboat/runbooks/journal"
)

// dieEnv tells a test process to be lifeboat, and where to die: "journal torn 12".
const dieEnv = "LIFEBOAT_TEST_DIE"

// death is a moment at which a process kills itself.
type death struct {
	what   string // journal | sandbox
	moment string
	at     int // from 1
}

// reaper waits in a process for its death.
type reaper struct {
	death
	seen atomic.Int64
}

// moments are the deaths around one line of the journal and around one answer of the sandbox.
var moments = map[string][]string{
	"journal": {"before", "torn", "after"},
	"sandbox": {"before", "unsent", "after"},
}

func (d death) String() string { return fmt.Sprintf("%s %s %d", d.what, d.moment, d.at) }

// mortal is lifeboat in a process that dies as ordered: a real SIGKILL, after which nothing of this process runs any more.
func mortal(order string) int {
	d := &reaper{}
	if _, err := fmt.Sscan(order, &d.what, &d.moment, &d.at); err != nil {
		fmt.Fprintf(os.Stderr, "%s=%q: %v\n", dieEnv, order, err)
		return exitUsage
	}
	p := &process{env: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr, openSandbox: sandbox.Open}
	switch d.what {
	case "journal":
		p.journalFile = func(f journal.File) journal.File { return &watched{File: f, write: d.write} }
	case "sandbox":
		p.openSandbox = func(o sandbox.Options) (*sandbox.Sandbox, error) {
			o.Around = d.around
			return sandbox.Open(o)
		}
	}
	return p.run(os.Args[1:])
}

// killed is the exit code by which the system tells of a kill: no code at all, except on Windows.
var killed = map[bool]int{true: 1, false: -1}[runtime.GOOS == "windows"]

// die does not return.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Kill()
	}
	select {}
}

func (d *reaper) write(line []byte, write func([]byte) error) error {
	if int(d.seen.Add(1)) != d.at {
		return write(line)
	}
	switch d.moment {
	case "torn":
		write(line[:len(line)/2])
	case "after":
		write(line)
	}
	die()
	return nil
}

func (d *reaper) around(answer http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if int(d.seen.Add(1)) != d.at {
			answer.ServeHTTP(w, r)
			return
		}
		if d.moment == "before" {
			die()
		}
		held := httptest.NewRecorder()
		answer.ServeHTTP(held, r)
		if d.moment == "after" {
			for name, values := range held.Header() {
				w.Header()[name] = values
			}
			w.Header().Set("Content-Length", fmt.Sprint(held.Body.Len()))
			w.WriteHeader(held.Code)
			w.Write(held.Body.Bytes())
			http.NewResponseController(w).Flush()
		}
		die()
	})
}

// doomed runs lifeboat in a process that dies as ordered, and reports whether it did; a process that came to its end before
// must have ended well.
func doomed(t *testing.T, d death, args []string) (died bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), dieEnv+"="+d.String(), "GOGC=400")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == killed {
		return true
	}
	if err != nil {
		t.Errorf("lifeboat %s, which should have died at %s: %v\n%s", strings.Join(args, " "), d, err, tail(string(out), 25))
	}
	return false
}

// deaths are all moments of a lab at which a process of its can die, those of the journal and those of the sandbox in turn.
func (l *lab) deaths() []death {
	var out []death
	for at := 1; at <= max(l.lines, len(l.answers)); at++ {
		for i := range 3 {
			if at <= l.lines {
				out = append(out, death{"journal", moments["journal"][i], at})
			}
			if at <= len(l.answers) {
				out = append(out, death{"sandbox", moments["sandbox"][i], at})
			}
		}
	}
	return out
}

func (d death) name() string { return fmt.Sprintf("%s-%d-%s", d.what, d.at, d.moment) }

// killed: at every line of the journal and at every answer of the sandbox. Resume finishes the lab, nothing was made twice, and
// nothing is left.
func (l *lab) killed() (points []point) {
	for _, d := range l.deaths() {
		points = append(points, point{d.name(), func(t *testing.T) bool {
			dir, made := t.TempDir(), &census{}
			died := doomed(t, d, l.args(dir, "run", l.id))
			made.read(t, dir)
			l.finish(t, dir, made)
			return died
		}})
	}
	return points
}

// killedTwice: again while it was being resumed or cleaned up. The run still comes to its end.
func (l *lab) killedTwice() (points []point) {
	firsts := l.deaths()
	for i := range 25 {
		first := firsts[(2*i+1)*len(firsts)/50]
		for j, at := range []int{1, 2, 5, 15, 50} {
			what := []string{"journal", "sandbox"}[(i+j)%2]
			second := death{what, moments[what][(i+j/2)%3], at}
			how := []string{"resume", "clean"}[(i/2+j/3)%2]
			points = append(points, point{first.name() + "-" + how + "-" + second.name(), func(t *testing.T) bool {
				return l.dieTwice(t, first, how, second)
			}})
		}
	}
	return points
}

func (l *lab) dieTwice(t *testing.T, first death, how string, second death) bool {
	dir, made := t.TempDir(), &census{}
	died := doomed(t, first, l.args(dir, "run", l.id))
	made.read(t, dir)
	id := runOf(t, dir)
	if id == "" {
		l.finish(t, dir, made)
		return died
	}
	doomed(t, second, l.args(dir, how, id)) // a short way to the end may have no such moment
	made.read(t, dir)
	if how == "resume" {
		l.finish(t, dir, made)
	} else {
		l.clean(t, dir, id, made)
	}
	return died
}

// cleaned: killed after every line of the journal, the run is cleaned up instead of being resumed.
func (l *lab) cleaned() (points []point) {
	for at := 1; at <= l.lines; at++ {
		d := death{"journal", "after", at}
		points = append(points, point{d.name(), func(t *testing.T) bool {
			dir, made := t.TempDir(), &census{}
			died := doomed(t, d, l.args(dir, "run", l.id))
			made.read(t, dir)
			l.clean(t, dir, runOf(t, dir), made)
			return died
		}})
	}
	return points
}

// clean removes what a run has made: all of it, and nothing of it was made twice.
func (l *lab) clean(t *testing.T, dir, id string, made *census) {
	t.Helper()
	p, out := inProcess()
	if code := p.run(l.args(dir, "clean", id)); code != exitDone {
		t.Errorf("lifeboat lab clean: code %d\n%s%s", code, tail(out.String(), 25), failures(dir))
	}
	made.read(t, dir)
	for kind, n := range made.made {
		if n > l.made.made[kind] {
			t.Errorf("%s: %d, and %d in an undisturbed run", kind, n, l.made.made[kind])
		}
	}
	for kind, n := range made.left() {
		if n > l.made.left()[kind] {
			t.Errorf("%s: %d are left", kind, n)
		}
	}
}
