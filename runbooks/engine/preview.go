package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"lifeboat/aws/calls"
	"lifeboat/aws/endpoint"
	"lifeboat/aws/prices"
	"lifeboat/runbooks"
	"lifeboat/runbooks/expr"
	"lifeboat/runbooks/journal"
	"lifeboat/runbooks/proof"
)

// preview is what a step is about to do, with its values as far as they are known by now.
func (r *run) preview(f *frame) *journal.Preview {
	s := f.step
	g := *f
	g.scope = maps.Clone(f.scope)
	g.scope["token"] = r.token(f.id)
	p := &journal.Preview{}
	effect := calls.Read
	op := s.Call
	with := s.With
	role := "call"
	switch {
	case s.Seed != nil:
		if kind, err := proof.Find(s.Seed.Data); err == nil {
			op, role = kind.Writes, "seed"
		}
		with = s.Seed.With
	case s.Choose != nil:
		op, with, role = s.Choose.From.Call, s.Choose.From.With, "find"
	}
	if known, ok := operation(op, role == "find" || s.SQL != nil && s.SQL.Reads); ok {
		effect = known.Effect
		var one journal.CallPreview
		for _, each := range r.elements(&g) {
			one = r.previewCall(each, role, op, with, s.Region)
			one.Effect = effect.String()
			if role == "seed" {
				one.CLI = "" // many calls, whose data is made by the program
			}
			p.Calls = append(p.Calls, one)
		}
		if c, _ := prices.Of(op, one.Params); effect != calls.Read && op != runbooks.SQL {
			p.Cost = c.Text
		}
		if effect == calls.Create && role == "call" {
			p.Creates = thing(op)
		}
	}
	if s.Wait != nil {
		p.Calls = append(p.Calls, r.previewCall(&g, "wait", s.Wait.Call, s.Wait.With, s.Wait.Region))
		if s.Wait.Typical > 0 {
			p.Typical = s.Wait.Typical.Round(time.Second).String()
		}
	}
	for _, c := range s.Checks {
		if c.Call != "" {
			p.Calls = append(p.Calls, r.previewCall(&g, "check", c.Call, c.With, c.Region))
		}
	}
	p.Undo = undoText(s, effect)
	return p
}

// elements are the calls of a step: one, or one an element of its for-each once the list is known.
func (r *run) elements(f *frame) []*frame {
	if f.step.ForEach != "" {
		if all, err := r.frames(f.step); err == nil && len(all) > 0 {
			return all
		}
	}
	return []*frame{f}
}

func (r *run) previewCall(f *frame, role, op string, with runbooks.Value, region string) journal.CallPreview {
	p := journal.CallPreview{Op: op, As: f.as, Role: role, Region: f.region}
	if known, ok := operation(op, true); ok {
		p.Effect = known.Effect.String()
	}
	if where, err := r.at(f, region, f.scope); err == nil {
		p.Region = where
	}
	p.Params, _ = plain(expr.Preview(with, f.scope)).(map[string]any)
	// A command that cannot be written yet, because a value in it is not known, is left out.
	if cli, err := r.command(p); err == nil {
		p.CLI = cli
	}
	return p
}

// command is the shell command that does the same as a call.
func (r *run) command(p journal.CallPreview) (string, error) {
	o := calls.CLIOptions{Profile: p.As, Endpoint: r.o.Target.Endpoint}
	if p.Op != runbooks.SQL {
		return calls.Command(p.Op, p.Region, p.Params, o)
	}
	text := func(name string) string { s, _ := p.Params[name].(string); return s }
	if text("instance") == "" || text("run") == "" {
		return "", fmt.Errorf("the statement is not known yet")
	}
	return endpoint.Command(r.book.Protocol(), text("instance"), text("database"), p.Region, text("run"), o)
}

// thing is what a creating operation makes, in words: "a lifecycle policy".
func thing(op string) string {
	_, name, _ := strings.Cut(op, ".")
	words := splitWords(name)
	// What it is made from, and up to when, is no part of what it is: RestoreDBInstanceFromDBSnapshot makes a DB instance.
	if end := slices.IndexFunc(words, func(w string) bool { return w == "from" || w == "to" }); end > 0 {
		words = words[:end]
	}
	if len(words) < 2 {
		return ""
	}
	noun := strings.Join(words[1:], " ")
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// splitWords splits CreateDBSnapshot into create, DB, snapshot.
func splitWords(name string) []string {
	var out []string
	start := 0
	rs := []rune(name)
	for i := 1; i <= len(rs); i++ {
		if i < len(rs) {
			up, next := unicode.IsUpper(rs[i]), i+1 < len(rs) && unicode.IsLower(rs[i+1])
			if !up || unicode.IsUpper(rs[i-1]) && !next {
				continue
			}
		}
		word := string(rs[start:i])
		if strings.ToUpper(word) != word {
			word = strings.ToLower(word)
		}
		out, start = append(out, word), i
	}
	return out
}

// undoText says how a step is undone.
func undoText(s *runbooks.Step, effect calls.Effect) string {
	switch {
	case s.Undo.None != "":
		return "nothing to undo: " + s.Undo.None
	case len(s.Undo.Actions) > 0:
		var ops []string
		for _, a := range s.Undo.Actions {
			if run, ok := a.With.Get("run"); ok && a.Call == runbooks.SQL {
				ops = append(ops, fmt.Sprintf("%s: %v", a.Call, run.Scalar))
				continue
			}
			ops = append(ops, a.Call)
		}
		return list(ops)
	case s.Call == "" && s.Seed == nil || s.Call != "" && effect == calls.Read:
		return "reads only"
	case effect == calls.Irreversible || effect == calls.Delete:
		return "cannot be undone"
	}
	return "nothing to undo"
}
