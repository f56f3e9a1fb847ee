package plan

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	jmespath "github.com/jmespath-community/go-jmespath/pkg/api"
)

// row is one rule of rules.csv. When is JMESPath over the facts of a plan (scope plan) or of one resource in it (scope
// resource); the texts may hold {expressions} over the same.
type row struct {
	id, scope, effect string // effect: do | conflict
	when              string
	test              jmespath.JMESPath // nil: always
	do, why, instead  string
	source            string
	mark              Mark
}

//go:embed rules.csv
var ruleRows []byte

var rules = sync.OnceValues(func() ([]row, error) {
	lines, err := csv.NewReader(bytes.NewReader(ruleRows)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("rules.csv: %w", err)
	}
	var out []row
	for _, l := range lines[1:] {
		r := row{id: l[0], scope: l[1], effect: l[2], when: l[3], do: l[4], why: l[5], instead: l[6], source: l[7], mark: Mark(l[8])}
		if r.when != "" {
			if r.test, err = jmespath.Compile(r.when); err != nil {
				return nil, fmt.Errorf("rule %s: %w", r.id, err)
			}
		}
		out = append(out, r)
	}
	return out, nil
})

// applyRules adds the rules and conflicts whose condition holds, in the order of the file.
func applyRules(p *Plan, n need, drafts []*draft) error {
	all, err := rules()
	if err != nil {
		return err
	}
	p.Rules, p.Conflicts = []Rule{}, []Conflict{}
	whole := planFacts(n, drafts)
	for _, r := range all {
		scopes := []map[string]any{whole}
		if r.scope == "resource" {
			scopes = nil
			for _, d := range drafts {
				scopes = append(scopes, d.facts(whole))
			}
		}
		for _, facts := range scopes {
			if err := r.apply(p, facts); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r row) apply(p *Plan, facts map[string]any) error {
	if r.test != nil {
		got, err := r.test.Search(facts)
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.id, err)
		}
		if got != true {
			return nil
		}
	}
	var texts [3]string
	for i, t := range []string{r.do, r.why, r.instead} {
		var err error
		if texts[i], err = fill(t, facts); err != nil {
			return fmt.Errorf("rule %s: %w", r.id, err)
		}
	}
	name := ""
	if res, ok := facts["resource"].(map[string]any); ok {
		name = res["id"].(string)
	}
	if r.effect == "conflict" {
		p.Conflicts = append(p.Conflicts, Conflict{Rule: r.id, Resource: name, Text: texts[0] + ": " + texts[1], Instead: texts[2], Source: r.source, Mark: r.mark})
		return nil
	}
	p.Rules = append(p.Rules, Rule{ID: r.id, Resource: name, Do: texts[0], Why: texts[1], Source: r.source, Mark: r.mark})
	return nil
}

var hole = regexp.MustCompile(`\{([^{}]+)\}`)

// fill puts the values of {expressions} into a text.
func fill(text string, facts map[string]any) (string, error) {
	var bad error
	out := hole.ReplaceAllStringFunc(text, func(h string) string {
		got, err := jmespath.Search(h[1:len(h)-1], facts)
		if err != nil || got == nil {
			bad = fmt.Errorf("%s in %q has no value", h, text)
			return h
		}
		return strings.TrimSuffix(fmt.Sprint(got), ".0")
	})
	return out, bad
}

// planFacts is what a rule about the whole plan sees. Times are seconds; the same name with _text reads for people.
func planFacts(n need, drafts []*draft) map[string]any {
	ids, used := []any{}, []any{}
	for _, d := range drafts {
		ids = append(ids, d.resource.ID)
		for _, role := range []string{Recover, Keep, Away, Lock} {
			if p := d.roles[role]; p != nil {
				used = append(used, p.ID)
			}
		}
	}
	return map[string]any{
		"need": map[string]any{
			"rpo": n.rpo.Seconds(), "rpo_text": Span(n.rpo), "rto": n.rto.Seconds(), "rto_text": Span(n.rto),
			"keep_days": float64(n.keep / day), "keep_text": Span(n.keep), "away": n.away, "region": n.region, "account": n.account,
			"guard": n.guard, "size": n.gib,
		},
		"resources": ids, "mechanisms": used,
	}
}

// facts is what a rule about one resource sees.
func (d *draft) facts(whole map[string]any) map[string]any {
	out := map[string]any{"need": whole["need"]}
	out["resource"] = map[string]any{"id": d.resource.ID, "name": d.resource.Name, "cmk": d.resource.CMK, "db_window": d.resource.DBWindow}
	for _, role := range []string{Recover, Keep, Away, Lock} {
		f := map[string]any{"id": "", "kind": "", "every": 0.0, "name": "", "copied": false, "lockable": false, "full": false}
		if p := d.roles[role]; p != nil {
			f = map[string]any{"id": p.ID, "kind": p.Kind, "name": p.Name, "every": p.every.Seconds(), "every_text": Span(p.every),
				"worst": p.worst.Seconds(), "worst_text": Span(p.worst), "how": p.how, "copied": p.copied, "full": p.Full,
				"lockable": p.locksFor(d.need.guard), "vault": p.mechanism.Lock == "vault",
				"failed_text": Span(p.worst + p.every), "default_window_text": Span(p.worst - startWindow + 8*time.Hour)}
		}
		out[role] = f
	}
	outcomes := map[string]any{}
	for _, name := range Failures {
		o := d.outcome(name)
		outcomes[name] = map[string]any{"rpo": string(o.RPOVerdict), "rto": string(o.RTOVerdict), "restore": float64(o.RTOSeconds), "restore_text": Span(o.RTO)}
	}
	out["outcome"] = outcomes
	return out
}
