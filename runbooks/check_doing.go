package runbooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lifeboat/runbooks/expr"
)

// doing checks what a step does beside a call.
func (c *checker) doing() {
	d := c.d
	switch {
	case d.Seed != nil:
		c.data("seed", d.Seed.Data, d.Seed.With, dataKind(d.Seed.Data).SeedWith)
		c.seed(d.Seed)
	case d.Prove != nil:
		c.data("prove", d.Prove.Data, d.Prove.With, dataKind(d.Prove.Data).ProveWith)
		c.against("prove.against", d.Prove.Against, d.Prove.Data)
	case d.Shell != nil:
		c.script("shell", d.Shell)
	case d.Ask != nil:
		c.template(d.Ask.Default)
		if _, err := regexp.Compile(d.Ask.Pattern); err != nil {
			c.say(d.place("ask.pattern"), "pattern is no regular expression", "write it in RE2's syntax")
		}
	case d.Choose != nil:
		c.choose()
	case d.PassTime != nil:
		if d.PassTime.Every > d.PassTime.For {
			c.say(d.place("pass-time.every"), "every is longer than for", "write a piece of it")
		}
		if d.PassTime.Watch != nil {
			c.pointsType("pass-time.watch.take", c.find("pass-time.watch", d.PassTime.Watch))
		}
	}
}

// data checks the parameters of a seed or a proof.
func (c *checker) data(what, kind string, with Value, wants map[string]bool) {
	if kind == "" {
		return
	}
	at := c.d.place(what)
	if with.Kind != None && with.Kind != Mapping {
		c.say(with.Pos, "with is not a mapping", "write with: and the parameters by name")
		return
	}
	names := slices.Sorted(maps.Keys(wants))
	for _, f := range with.Map {
		if _, ok := wants[f.Name]; !ok {
			c.say(f.Pos, fmt.Sprintf("%s of %s has no parameter %s", what, kind, f.Name), write(f.Name, names))
		}
	}
	for _, name := range names {
		if _, given := with.Get(name); wants[name] && !given {
			c.say(at, fmt.Sprintf("%s of %s wants %s", what, kind, name), "write with: {"+name+": ...}")
		}
	}
	c.template(with)
}

// seed checks of which parameters there is exactly one, and whose data is changed.
func (c *checker) seed(s *Seed) {
	oneOf := dataKind(s.Data).OneOf
	given := slices.DeleteFunc(slices.Clone(oneOf), func(name string) bool { _, ok := s.With.Get(name); return !ok })
	if len(oneOf) > 0 && len(given) != 1 {
		c.say(c.d.place("seed"), fmt.Sprintf("seed of %s wants either %s", s.Data, strings.Join(oneOf, " or ")), "write exactly one of them")
	}
	if base, ok := s.With.Get("base"); ok && base.Scalar != nil {
		if id, ok := base.Scalar.(string); ok {
			c.seeded(base.Pos, "base", id, s.Data)
		}
	}
}

func (c *checker) against(path, id, data string) {
	if id != "" {
		c.seeded(c.d.place(path), "against", id, data)
	}
}

// seeded checks that an id is an earlier seed step's, of the same kind of data.
func (c *checker) seeded(p Pos, what, id, data string) {
	var seeds []string
	for _, name := range slices.Sorted(maps.Keys(c.done)) {
		if s := c.drafts[c.done[name]]; s.Seed != nil {
			seeds = append(seeds, s.ID)
		}
	}
	for failed := range c.r.failed {
		if strings.HasPrefix(id, failed+"-") {
			return
		}
	}
	i, ok := c.done[expr.Name(id)]
	switch {
	case data == "": // said by the reader
	case !ok && len(seeds) == 0:
		c.say(p, fmt.Sprintf("%s is %s, and no step before this one seeds data", what, id), "write a step with seed: first")
	case !ok || c.drafts[i].Seed == nil || c.drafts[i].ID != id:
		c.say(p, fmt.Sprintf("%s is %s, which is no earlier seed step", what, id), write(id, seeds))
	case c.drafts[i].Seed.Data != data:
		c.say(p, fmt.Sprintf("step %s seeds %s, not %s", id, c.drafts[i].Seed.Data, data), "compare data of one kind")
	}
}

func (c *checker) script(what string, s *Script) {
	c.template(s.On)
	if t, err := expr.ParseText(s.Run); err == nil {
		c.text(c.d.place(what+".run"), s.Run, t, c.at(nil))
	}
}

func (c *checker) choose() {
	ch := c.d.Choose
	t := c.find("choose.from", &ch.From)
	if t.sort != unknown && t.sort != aList {
		c.say(c.d.place("choose.from.take"), fmt.Sprintf("take is %s", sortWords[t.sort]), "write an expression that gives a list")
		return
	}
	elem := any_
	if t.elem != nil {
		elem = t.elem
	}
	named := maps.Clone(c.scope)
	named["each"], named["list"] = elem, t
	for _, e := range []struct {
		path, source string
		scope        *typ
	}{
		{"choose.value", ch.Value, over(elem, &typ{sort: aStructure, named: named})},
		{"choose.label", ch.Label, over(elem, &typ{sort: aStructure, named: named})},
		{"choose.default", ch.Default, &typ{sort: aStructure, named: named}},
	} {
		if e.source != "" {
			c.expression(e.path, e.source, e.scope)
		}
	}
}
