package main

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"lifeboat/aws/sandbox"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

// Every aws command that a lab prints does, pasted into a shell, what its step does: the engine never makes these calls, it
// only looks whether they were made, and the lab goes on to its proof with what the commands made.
func TestPastedCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("the aws CLI takes about a second a command")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the aws CLI is not installed")
	}
	for _, l := range runbooks.Labs() {
		t.Run(l.ID, func(t *testing.T) {
			t.Parallel()
			paste(t, l.ID)
		})
	}
}

func paste(t *testing.T, lab string) {
	book, err := runbooks.Open(lab)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &process{env: os.Environ(), stateDir: dir}
	box, err := sandbox.Open(sandbox.Options{Dir: dir + "/sandbox", Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	vars, err := p.variables(box, "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := engine.Start(context.Background(), engine.Options{
		Runbook: book, Target: box.Target(), Journal: journal.Folder{Dir: dir + "/runs"},
		Pause: box.Clock().Pass, // between two looks at what was done by hand, the sandbox's time passes
	})
	if err != nil {
		t.Fatal(err)
	}
	shell := pasting{t: t, session: session, env: withVariables(p.env, vars), dir: t.TempDir(), steps: map[string]runbooks.Step{}}
	for _, s := range book.Steps {
		shell.steps[s.ID] = s
	}
	for e := range session.Events() {
		shell.event(e)
	}
	out, err := session.Wait()
	if err != nil || out.State != journal.RunPassed || out.Left != 0 {
		t.Errorf("the lab ended %+v, %v; want passed with nothing left", out, err)
	}
	if shell.pasted+shell.missing < 15 || out.Count[journal.ByHand] < 10 {
		t.Errorf("%d commands pasted, %d steps seen as done by hand", shell.pasted, out.Count[journal.ByHand])
	}
	t.Logf("%d commands pasted, %d steps seen as done by hand", shell.pasted, out.Count[journal.ByHand])
}

// pasting is a person who does every step with the printed command.
type pasting struct {
	t       *testing.T
	session engine.Session
	env     []string
	dir     string // where the commands put their files
	steps   map[string]runbooks.Step
	pasted  int
	missing int // commands whose client is not installed
}

func (p *pasting) event(e journal.Event) {
	switch e.Kind {
	case journal.StepReady:
		p.step(e)
	case journal.WaitSeen:
		if e.Wait.For == "you to do it" && e.Wait.Polls == 20 {
			p.t.Errorf("%s: the command was pasted, and 20 looks later it is not seen: %s", e.Step, e.Wait.Seen)
			p.session.Send(engine.Command{Kind: engine.Do, Step: e.Step})
		}
	case journal.Asked:
		answer := e.Question.Default
		if e.Question.Typed != "" {
			answer = e.Question.Typed
		}
		p.session.Send(engine.Command{Kind: engine.Reply, Step: e.Step, Text: answer})
	case journal.StepEnded:
		if e.State == journal.Failed {
			p.t.Errorf("%s failed: %s", e.Step, e.Text)
			p.session.Send(engine.Command{Kind: engine.Stop})
		}
	}
}

// clientOf gives the database client that a command wants, and whether it is there; a command of the aws CLI wants none.
func clientOf(command string) (client string, there bool) {
	for _, client := range []string{"psql", "sqlcmd"} {
		if strings.Contains(command, " "+client+" -") {
			_, err := exec.LookPath(client)
			return client, err == nil
		}
	}
	return "", true
}

// step pastes the step's commands, and says who did it.
func (p *pasting) step(e journal.Event) {
	s, by := p.steps[e.Step], engine.Do
	for _, c := range e.Preview.Calls {
		if c.Role != "call" || c.CLI == "" || strings.HasPrefix(c.CLI, "#") {
			continue
		}
		if client, there := clientOf(c.CLI); !there {
			p.missing++
			p.t.Logf("%s: not pasted, %s is not installed", s.ID, client)
			continue
		}
		p.pasted++
		if s.Find != nil || slices.ContainsFunc(s.Checks, func(c runbooks.Check) bool { return c.Call != "" }) {
			by = engine.Mine // it leaves something that can be seen; a mere read does not
		}
		cmd := exec.Command("bash", "-c", c.CLI)
		cmd.Env, cmd.Dir = p.env, p.dir
		out, err := cmd.CombinedOutput()
		switch {
		case s.Refused != nil:
			by = engine.Do
			if err == nil || !strings.Contains(string(out), s.Refused.Code) {
				p.t.Errorf("%s: %s\nwas to be refused with %s: %v\n%s", s.ID, c.CLI, s.Refused.Code, err, out)
			}
		case err != nil && len(s.Retry) > 0 && strings.Contains(string(out), s.Retry[0].Code):
			by = engine.Do // a refusal that passes by itself: the engine tries again for a while
		case err != nil:
			p.t.Errorf("%s: %s\n%v\n%s", s.ID, c.CLI, err, out)
		}
	}
	p.session.Send(engine.Command{Kind: by, Step: e.Step})
}
