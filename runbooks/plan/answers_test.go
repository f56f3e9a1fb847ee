package plan

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", "a.yaml:1:1: an answers file is a list"},
		{"a list", "- ebs\n", "a.yaml:1:1: an answers file is a list"},
		{"no version", "resources: [ebs]\n", "a.yaml:1:1: the file does not say its version; write schema: lifeboat.answers/1"},
		{"another version", "schema: lifeboat.answers/2\n", `a.yaml:1:9: schema is "lifeboat.answers/2"`},
		{"unknown question", "schema: lifeboat.answers/1\nlosss: 4h\n", `a.yaml:2:1: there is no question "losss"; did you mean loss?`},
		{"nothing like it", "schema: lifeboat.answers/1\nxyzzy: 4h\n", `there is no question "xyzzy"; write one of resources, loss,`},
		{"unknown resource", "schema: lifeboat.answers/1\nresources:\n  - ebs\n  - dynamo\n", `a.yaml:4:5: "dynamo" is not an answer to resources; did you mean`},
		{"twice", "schema: lifeboat.answers/1\nloss: 4h\nloss: 1h\n", `a.yaml:3:1: "loss" is answered twice`},
		{"a list for one", "schema: lifeboat.answers/1\nloss: [4h, 1h]\n", "a.yaml:2:7: loss takes one plain value; write loss: 4h"},
		{"zero", "schema: lifeboat.answers/1\nloss: 0\n", "a.yaml:2:7: 0 is not a target that anything can keep"},
		{"no unit", "schema: lifeboat.answers/1\noutage: 4\n", `a.yaml:2:9: "4" is not a length of time; write it like 15m`},
		{"too long", "schema: lifeboat.answers/1\nkeep: 150y\n", "keep is 150y, which is not between 1 d and 100 y"},
		{"no size", "schema: lifeboat.answers/1\nsize: big\n", `"big" is not a size`},
		{"missing", "schema: lifeboat.answers/1\nresources: [ebs]\n", `a.yaml: the answer "away" is missing (Where else must a copy be?); write away: region`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read("a.yaml", []byte(c.src))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestReadJSON(t *testing.T) {
	src := `{"schema": "lifeboat.answers/1", "resources": ["s3", "ebs"], "loss": "4h", "outage": "1d", "keep": "35d", "away": "none", "guard": "nobody", "size": 12}`
	a, err := Read("a.json", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if got := a["resources"]; !slices.Equal(got, []string{"ebs", "s3"}) {
		t.Errorf("resources in the order of the question: %v", got)
	}
	if a.One("size") != "12" {
		t.Errorf("size: %v", a["size"])
	}
}

func TestSpan(t *testing.T) {
	for s, want := range map[string]time.Duration{"15m": 15 * time.Minute, "1h30m": 90 * time.Minute, "35d": 35 * day, "7y": 7 * 365 * day, "1d12h": 36 * time.Hour, "0": 0} {
		if got, err := ParseSpan(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "4", "h", "-4h", "4 h", "1.5h", "999999999999999999999y", "99999y"} {
		if got, err := ParseSpan(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

// anyAnswers draws answers that pass every check.
func anyAnswers(t *rapid.T) Answers {
	a := Answers{}
	for _, q := range Questions() {
		var values []string
		for _, o := range q.Options {
			values = append(values, o.Value)
		}
		switch {
		case q.Kind == Multi:
			must(t, a.Set(q.ID, rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, len(values), rapid.ID).Draw(t, q.ID)...))
		case q.Kind == Number:
			must(t, a.Set(q.ID, rapid.SampledFrom([]string{"", "1", "0.5", "300", "100000"}).Draw(t, q.ID)))
		case q.Validate != nil:
			more := []string{"1s", "2h20m", "3h20m", "26h", "1d", "36d", "90d", "200d"}
			v := rapid.SampledFrom(append(values, more...)).Filter(func(v string) bool { return q.Validate(v) == nil }).Draw(t, q.ID)
			must(t, a.Set(q.ID, v))
		default:
			must(t, a.Set(q.ID, rapid.SampledFrom(values).Draw(t, q.ID)))
		}
	}
	return a
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// Any right answers give a plan that is whole, honest about its targets, and the same bytes twice; and they survive
// being written to a file.
func TestEveryPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAnswers(t)
		p, err := Make(a)
		must(t, err)
		first, err := p.JSON()
		must(t, err)
		again, err := Read("again.yaml", a.Encode())
		must(t, err)
		q, err := Make(again)
		must(t, err)
		second, err := q.JSON()
		must(t, err)
		if !bytes.Equal(first, second) || !bytes.Equal(p.Markdown(), q.Markdown()) {
			t.Fatal("the same answers gave another plan")
		}
		honest(t, p, read(a))
	})
}

// honest checks what no row of data may break.
func honest(t *rapid.T, p *Plan, n need) {
	if strings.Contains(strings.ToLower(string(p.Markdown())), "complies") {
		t.Fatal("a plan supports, it never complies")
	}
	conflicts := map[string]bool{}
	for _, c := range p.Conflicts {
		conflicts[c.Resource] = true
		if c.Instead == "" || c.Source == "" || c.Mark == "" {
			t.Fatalf("conflict %s lacks what can be done, its source or its mark", c.Rule)
		}
	}
	for _, r := range p.Rules {
		if r.Why == "" || r.Source == "" || !strings.Contains("VPSDM", string(r.Mark)) {
			t.Fatalf("rule %s lacks its reason, source or mark", r.ID)
		}
	}
	for _, j := range p.Schedule {
		if len(j.Name) > 50 || strings.Trim(j.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Fatalf("AWS Backup takes no rule named %q", j.Name)
		}
	}
	for _, r := range p.Resources {
		if len(r.Outcomes) != len(Failures) {
			t.Fatalf("%s is not judged by every failure", r.ID)
		}
		for _, o := range r.Outcomes {
			if (o.RPOVerdict == Meets && o.RPO > n.rpo) || (o.RPOVerdict == Misses && o.RPO <= n.rpo) {
				t.Fatalf("%s after %s: %s with %s of %s", r.ID, o.Failure, o.RPOVerdict, o.RPO, n.rpo)
			}
			asked := o.Failure != "region" && o.Failure != "account" || o.Failure == "region" && n.region || o.Failure == "account" && n.account
			if asked && o.RPOVerdict != Meets && !conflicts[r.ID] {
				t.Fatalf("%s after %s is %s, and no conflict says so", r.ID, o.Failure, o.RPOVerdict)
			}
		}
	}
	if (p.Cost == nil) != (n.gib == 0) {
		t.Fatal("a cost goes with a size")
	}
}

// The worst case is the formula of the plan's assumptions, by hand.
func TestWorstCase(t *testing.T) {
	a := Answers{"resources": {"ebs"}, "loss": {"2h20m"}, "outage": {"4h"}, "keep": {"35d"}, "away": {"none"}, "guard": {"nobody"}}
	for loss, want := range map[string]int64{"2h20m": 8400, "3h19m": 8400, "3h20m": 12000, "24h": 48000, "2h19m": 8400} {
		if err := a.Set("loss", loss); err != nil {
			t.Fatal(err)
		}
		p, err := Make(a)
		if err != nil {
			t.Fatal(err)
		}
		o := p.Resources[0].Outcomes[0]
		if o.RPOSeconds != want {
			t.Errorf("%s: worst case %d s (%s), want %d", loss, o.RPOSeconds, o.RPOHow, want)
		}
		if (loss == "2h19m") != (o.RPOVerdict == Misses) {
			t.Errorf("%s: %s", loss, o.RPOVerdict)
		}
	}
}

// Wrong answers never become a plan.
func TestWrongAnswers(t *testing.T) {
	for _, a := range []Answers{nil, {}, {"resources": {"ebs"}}, {"colour": {"red"}}, {"resources": {"moon"}, "loss": {"4h"}, "outage": {"4h"}, "keep": {"35d"}, "away": {"none"}, "guard": {"nobody"}}} {
		if p, err := Make(a); err == nil || p != nil {
			t.Errorf("%v gave a plan", a)
		}
	}
}

// Every row of data has what a reader needs to trust it.
func TestRows(t *testing.T) {
	for _, m := range mechanisms() {
		if m.Source == "" || m.Mark == "" || m.Basis == "" || m.Name == "" {
			t.Errorf("mechanism %s lacks source, mark, basis or name", m.ID)
		}
		if m.Kind == "schedule" && (m.Every < 3600 || m.Job == 0 || m.KeepsDays == 0) {
			t.Errorf("schedule %s: every %d, job %d, keeps %d", m.ID, m.Every, m.Job, m.KeepsDays)
		}
		if m.backs() && (m.Region == "") != (m.RegionWhy != "") {
			t.Errorf("%s: a backup without a copy in another Region says why", m.ID)
		}
		if m.Kind != "control" && (m.Account == "") != (m.AccountWhy != "") {
			t.Errorf("%s: what does not reach another account says why", m.ID)
		}
	}
	for _, r := range resources() {
		if len(forResource(r.ID)) == 0 || r.Lab == "" || len(r.Ops) == 0 {
			t.Errorf("resource %s has no mechanism, lab or calls", r.ID)
		}
	}
	all, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, r := range all {
		if ids[r.id] || (r.effect == "conflict") != (r.instead != "") || !slices.Contains([]string{"plan", "resource"}, r.scope) {
			t.Errorf("rule %s: twice, or its effect, scope and instead do not go together", r.id)
		}
		ids[r.id] = true
	}
}
