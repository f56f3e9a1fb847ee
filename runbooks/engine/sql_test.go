package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/aws/account"
	"lifeboat/aws/endpoint"
	"lifeboat/runbooks"
	"lifeboat/runbooks/engine"
	"lifeboat/runbooks/journal"
)

func TestStatementsRunAndLeaveNothing(t *testing.T) {
	h, dir := newHouse(t), t.TempDir()
	var log strings.Builder
	o := h.options(t, dir, &mortal{})
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := engine.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	st := engine.NewState()
	var told strings.Builder
	for e := range s.Events() {
		st.Apply(e)
		told.WriteString(asJSON(t, e) + "\n")
	}
	out, err := s.Wait()
	if err != nil || out.State != journal.RunPassed || out.Left != 0 || len(h.things) != 0 {
		t.Fatalf("%+v %v left %v: %s", out, err, h.sorted(), failedReason(t, dir))
	}
	if len(st.Proofs) != 1 || !st.Proofs[0].OK || st.Proofs[0].Count != 20 || st.Clock.NewestOut.IsZero() {
		t.Errorf("proofs %+v, clock %+v", st.Proofs, st.Clock)
	}
	if h.ran("drop table orders") != 1 {
		t.Errorf("undone by %q", h.Texts())
	}
	p := st.Step("count").Preview
	if c := p.Calls[0]; c.Op != runbooks.SQL || c.Effect != "read" || c.Params["run"] != "select count(*) as n from orders" || c.Params["instance"] != "demo-1" || !strings.Contains(c.CLI, "psql") || p.Undo != "reads only" {
		t.Errorf("preview %+v", p)
	}
	if p := st.Step("table").Preview; p.Calls[0].Effect != "change" || p.Undo != "sql: drop table orders" {
		t.Errorf("preview %+v", p)
	}
	// The password stands nowhere, and neither does the call that fetched it.
	raw, err := os.ReadFile(filepath.Join(dir, "demo-1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"journal": string(raw), "events": told.String(), "log": log.String()} {
		if strings.Contains(text, password) || strings.Contains(text, "GetSecretValue") {
			t.Errorf("the %s tells the secret", what)
		}
	}
}

// Killed at any moment, a run with statements comes to its end, and no row is inserted twice.
func TestKilledAnywhereWithStatements(t *testing.T) {
	t.Parallel()
	whole := &mortal{}
	s, err := engine.Start(context.Background(), newHouse(t).options(t, t.TempDir(), whole))
	if out, err := finish(t, s, err); err != nil || out.State != journal.RunPassed {
		t.Fatal(out, err)
	}
	t.Logf("%d moments", whole.count)
	for at := 1; at <= whole.count; at++ {
		h, dir := newHouse(t), t.TempDir()
		s, err := engine.Start(context.Background(), h.options(t, dir, &mortal{at: at}))
		if err == nil {
			_, _ = s.Wait()
		}
		o := h.options(t, dir, &mortal{})
		entries, err := o.Journal.Read("demo-1")
		if err == nil {
			s, err = engine.Resume(context.Background(), o, entries)
		} else {
			s, err = engine.Start(context.Background(), h.options(t, t.TempDir(), &mortal{}))
		}
		out, err := finish(t, s, err)
		if err != nil || out.State != journal.RunPassed || out.Left != 0 || len(h.things) != 0 {
			t.Fatalf("killed at %d: %+v %v, left %v; %s", at, out, err, h.sorted(), failedReason(t, dir))
		}
		for _, n := range []int{10, 20} {
			if text := fmt.Sprintf("insert into orders values (%d)", n); h.ran(text) != 1 {
				t.Fatalf("killed at %d: %q was run %d times", at, text, h.ran(text))
			}
		}
	}
}

// What is refused for the moment is tried again, what is lost is looked for.
func TestStatementsThatFail(t *testing.T) {
	lost := func(text string) error {
		return &endpoint.Error{Instance: "demo-1", Kind: endpoint.Lost, Code: endpoint.CodeLost, Message: "unexpected EOF", MayHaveRun: true}
	}
	for name, c := range map[string]struct {
		refuse int
		hook   func(n int, text string, done bool) error
		state  journal.RunState
		says   string
	}{
		"an answer lost, done": {0, func(n int, text string, done bool) error {
			if done && n == 1 && strings.HasPrefix(text, "insert into orders") {
				return lost(text)
			}
			return nil
		}, journal.RunPassed, ""},
		"an answer lost, not done": {0, func(n int, text string, done bool) error {
			if !done && n == 1 && strings.HasPrefix(text, "insert into orders") {
				return lost(text)
			}
			return nil
		}, journal.RunPassed, ""},
		"no connection at first": {2, nil, journal.RunPassed, ""},
		"never a connection": {1000, nil, journal.RunFailed,
			"demo-1: no session: ConnectionFailed: connection refused; check that the instance is available"},
		"a wrong statement": {0, func(n int, text string, done bool) error {
			if strings.HasPrefix(text, "create table if not exists orders") {
				return &endpoint.Error{Instance: "demo-1", Kind: endpoint.Refused, Code: "42601", Message: `syntax error at or near "x"`}
			}
			return nil
		}, journal.RunFailed, `demo-1: 42601: syntax error at or near "x"; correct the statement`},
	} {
		t.Run(name, func(t *testing.T) {
			h, dir := newHouse(t), t.TempDir()
			seen := map[string]int{}
			h.refuse = c.refuse
			h.Hook = func(text string, done bool) error {
				if c.hook == nil {
					return nil
				}
				if !done {
					seen[text]++
				}
				return c.hook(seen[text], text, done)
			}
			s, err := engine.Start(context.Background(), h.options(t, dir, &mortal{}))
			out, err := finish(t, s, err)
			if err != nil || out.State != c.state {
				t.Fatalf("%+v %v: %s", out, err, failedReason(t, dir))
			}
			if reason := failedReason(t, dir); c.says != "" && !strings.Contains(reason, c.says) {
				t.Error(reason)
			}
			if c.state == journal.RunPassed && (h.ran("insert into orders values (10)") != 1 || h.ran("insert into orders values (20)") != 1) {
				t.Errorf("ran %q", h.Texts())
			}
		})
	}
}

// Every statement fails in turn, in every way there is; the run says so, or goes on, and a resume finishes it. No row comes in twice.
func TestEveryStatementFailsInTurn(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		err  endpoint.Error
		done bool
	}{
		"lost, done":    {endpoint.Error{Instance: "demo-1", Kind: endpoint.Lost, Code: endpoint.CodeLost, MayHaveRun: true}, true},
		"lost, undone":  {endpoint.Error{Instance: "demo-1", Kind: endpoint.Lost, Code: endpoint.CodeLost, MayHaveRun: true}, false},
		"refused":       {endpoint.Error{Instance: "demo-1", Kind: endpoint.Refused, Code: "42601"}, false},
		"not let in":    {endpoint.Error{Instance: "demo-1", Kind: endpoint.Denied, Code: "28P01"}, false},
		"shutting down": {endpoint.Error{Instance: "demo-1", Kind: endpoint.Unreachable, Code: "57P01"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			for at := 1; ; at++ {
				h, dir := newHouse(t), t.TempDir()
				n, hit := 0, ""
				h.Hook = func(text string, done bool) error {
					if done != f.done {
						return nil
					}
					if n++; n != at {
						return nil
					}
					hit = text
					e := f.err
					return &e
				}
				s, err := engine.Start(context.Background(), h.options(t, dir, &mortal{}))
				out, err := finish(t, s, err)
				if err != nil {
					t.Fatal(err)
				}
				if hit == "" {
					break
				}
				if out.State == journal.RunFailed {
					if failed++; !strings.Contains(failedReason(t, dir), f.err.Code) {
						t.Errorf("%q: %s", hit, failedReason(t, dir))
					}
					o := h.options(t, dir, &mortal{})
					entries, err := o.Journal.Read("demo-1")
					if err != nil {
						t.Fatal(err)
					}
					s, err := engine.Resume(context.Background(), o, entries)
					if out, err = finish(t, s, err); err != nil {
						t.Fatal(err)
					}
				}
				if out.State != journal.RunPassed || out.Left != 0 && !strings.HasPrefix(hit, "drop table") {
					t.Fatalf("%q: %+v; %s", hit, out, failedReason(t, dir))
				}
				for _, text := range []string{"insert into orders values (10)", "insert into orders values (20)"} {
					if h.ran(text) != 1 {
						t.Fatalf("%q: %q was run %d times", hit, text, h.ran(text))
					}
				}
			}
			t.Logf("%d runs failed and were resumed", failed)
		})
	}
}

// A person runs the statement with a client of their own; find sees the row.
func TestAStatementByHand(t *testing.T) {
	h, dir := newHouse(t), t.TempDir()
	o := h.options(t, dir, &mortal{})
	o.Unattended, o.Clean = false, false
	s, err := engine.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	st := person(t, s, func(e journal.Event, st *engine.State) *engine.Command {
		switch {
		case e.Kind == journal.StepReady && e.Step == "rows":
			return &engine.Command{Kind: engine.Mine, Step: e.Step}
		case e.Kind == journal.WaitSeen && e.Step == "rows":
			if h.ran("insert into orders values (10), (20)") == 0 {
				psql, err := h.Connect(context.Background(), endpoint.Address{Instance: "demo-1", Database: "app", Password: password})
				if err == nil {
					_, err = psql.Run(context.Background(), "insert into orders values (10), (20)")
				}
				if err != nil {
					t.Error(err)
				}
			}
		case e.Kind == journal.StepReady && e.Step == "count":
			return &engine.Command{Kind: engine.Clean}
		case e.Kind == journal.StepReady:
			return &engine.Command{Kind: engine.Do, Step: e.Step}
		}
		return nil
	})
	out, err := s.Wait()
	if err != nil || st.Step("rows").State != journal.ByHand || out.Left != 0 || len(h.things) != 0 {
		t.Errorf("%+v %v: rows is %s (%s)", out, err, st.Step("rows").State, st.Step("rows").Reason)
	}
	if h.ran("insert into orders values (10)") != 0 {
		t.Errorf("ran %q", h.Texts())
	}
}

// A run that only reads lets no statement through that changes anything.
func TestReadOnlyRunsNoStatementThatChanges(t *testing.T) {
	h, dir := newHouse(t), t.TempDir()
	h.things["demo-1"] = &thing{ID: "demo-1", Kind: "db", Region: "us-east-2"}
	o := h.options(t, dir, &mortal{})
	o.ReadOnly = true
	b := *o.Runbook
	b.Steps = b.Steps[1:]
	o.Runbook = &b
	s, err := engine.Start(context.Background(), o)
	out, err := finish(t, s, err)
	if err != nil || out.State != journal.RunFailed || len(h.Texts()) != 0 {
		t.Fatalf("%+v %v, ran %q", out, err, h.Texts())
	}
	if reason := failedReason(t, dir); !strings.Contains(reason, "this run only reads") {
		t.Error(reason)
	}
}

// On a real account a statement changes what the run made, or what a person named.
func TestARealInstanceIsNamedBeforeAStatementChangesIt(t *testing.T) {
	for name, c := range map[string]struct {
		typed string
		state journal.RunState
	}{
		"named": {"demo-1", journal.RunStopped}, "not named": {"", journal.RunFailed},
	} {
		t.Run(name, func(t *testing.T) {
			h, dir := newHouse(t), t.TempDir()
			h.things["demo-1"] = &thing{ID: "demo-1", Kind: "db", Region: "us-east-2"}
			o := h.options(t, dir, &mortal{})
			o.Target.Kind, o.Confirmed, o.Unattended, o.Clean = account.AWS, true, c.typed == "", false
			b := *o.Runbook
			b.Steps = b.Steps[1:3]
			o.Runbook = &b
			s, err := engine.Start(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			asked := 0
			person(t, s, func(e journal.Event, st *engine.State) *engine.Command {
				switch {
				case e.Kind == journal.Asked && e.Question.ID == "change":
					asked++
					if len(h.Texts()) > 0 {
						t.Errorf("ran %q before the instance was named", h.Texts())
					}
					return &engine.Command{Kind: engine.Reply, Step: e.Step, Text: c.typed}
				case e.Kind == journal.StepReady && e.Step == "rows":
					return &engine.Command{Kind: engine.Stop}
				case e.Kind == journal.StepReady:
					return &engine.Command{Kind: engine.Do, Step: e.Step}
				}
				return nil
			})
			out, err := s.Wait()
			if err != nil || out.State != c.state || asked != 1 || (len(h.Texts()) > 0) != (c.typed != "") {
				t.Errorf("%+v %v, asked %d times, ran %q", out, err, asked, h.Texts())
			}
		})
	}
}
