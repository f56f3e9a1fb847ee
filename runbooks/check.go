package runbooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/aws/model"
	"lifeboat/runbooks/expr"
)

// checker refuses what would go wrong in a run, before anything runs. It goes through the steps as a run does, with the
// types of what each gives in place of the values.
type checker struct {
	r      *reader
	book   *Runbook
	drafts []*draft
	rec    *record

	d     *draft          // the step that is looked at
	done  map[string]int  // name in expressions -> index of the step that ended
	later map[string]int  // of all steps
	scope map[string]*typ // of the ended steps and the run
	phase int
	clock string
}

func (c *checker) check() {
	c.head()
	c.done, c.later = map[string]int{}, map[string]int{}
	for i, d := range c.drafts {
		if id := strings.TrimPrefix(d.ID, prefix(d)); id != "" && !kebab.MatchString(id) {
			c.d = d
			c.say(d.place("id"), fmt.Sprintf("id %q is not kebab-case", id), "write "+kebabOf(id))
			d.ID = prefix(d) + kebabOf(id) // what it should be, for all that follows
		}
		name := expr.Name(d.ID)
		if first, ok := c.later[name]; ok {
			c.d = d
			c.say(d.place("id"), fmt.Sprintf("id %s is there twice, first on line %d", d.ID, c.drafts[first].Pos.Line), "give each step its own id")
			continue
		}
		c.later[name] = i
	}
	c.scope = c.run()
	for id := range c.r.failed {
		c.scope[expr.Name(id)] = any_
	}
	for i, d := range c.drafts {
		c.d = d
		c.step()
		if _, again := c.done[expr.Name(d.ID)]; !again {
			c.done[expr.Name(d.ID)] = i
			c.scope[expr.Name(d.ID)] = c.output()
		}
	}
	if len(c.drafts) == 0 && len(c.r.failed) == 0 && c.rec.fields["steps"] != nil && len(c.rec.fields["steps"].Content) == 0 {
		c.r.problem(c.rec.at("steps"), "there are no steps", "write at least one")
	}
}

// say reports a problem where a person can mend it: what is in a part or a named condition, at the place that uses it.
func (c *checker) say(p Pos, text, instead string) {
	if p.File != c.r.file && c.d != nil {
		label, at := "named condition", c.d.Step.Pos
		if c.d.via != nil {
			label, at = c.d.via.label, c.d.via.pos
		}
		if w := c.d.Wait; w != nil && w.Name != "" && w.Pos.File == c.r.file {
			label, at = "condition "+w.Name, w.Pos
		}
		text, p = fmt.Sprintf("%s (%s): %s", label, p, text), at
	}
	c.r.problem(p, text, instead)
}

// head checks what stands before the steps.
func (c *checker) head() {
	if id := c.book.ID; id != "" && !kebab.MatchString(id) {
		c.say(c.rec.at("id"), fmt.Sprintf("id %q is not kebab-case", id), "write "+kebabOf(id))
	}
	for name, def := range c.book.Regions {
		if def != "primary" && def != "secondary" {
			c.say(c.rec.at("regions"), fmt.Sprintf("Region %s is %q", name, def), "write primary or secondary; which Regions these are, the run says")
		}
	}
	for name := range c.book.Accounts {
		if !kebab.MatchString(name) || strings.Contains(name, "-") {
			c.say(c.rec.at("accounts"), fmt.Sprintf("account %q is not one small word", name), "write "+strings.ReplaceAll(kebabOf(name), "-", ""))
		}
	}
	seen := map[string]bool{}
	for _, in := range c.book.Inputs {
		if !identifierPattern.MatchString(in.Name) {
			c.say(in.Pos, fmt.Sprintf("input %q cannot be read by expressions", in.Name), "write letters, digits and _ only")
		}
		if seen[in.Name] {
			c.say(in.Pos, fmt.Sprintf("input %s is there twice", in.Name), "keep one of them")
		}
		seen[in.Name] = true
		if s, ok := in.Default.Scalar.(string); ok && in.Pattern != "" {
			if p, err := regexp.Compile(in.Pattern); err == nil && !p.MatchString(s) {
				c.say(in.Default.Pos, fmt.Sprintf("the default of %s does not match its own pattern", in.Name), "write one that matches "+in.Pattern)
			}
		}
	}
}

var identifierPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// run is the scope before the first step.
func (c *checker) run() map[string]*typ {
	scope := map[string]*typ{}
	for _, name := range []string{"run", "short", "account", "target", "now", "step", "token", "home"} {
		scope[name] = ofSort(aText)
	}
	for name := range c.book.Regions {
		scope[name] = ofSort(aText)
	}
	scope["accounts"] = textFields("accounts", slices.Sorted(maps.Keys(c.book.Accounts))...)
	inputs := structure("inputs", map[string]*typ{})
	for _, in := range c.book.Inputs {
		inputs.named[in.Name] = any_
	}
	scope["inputs"] = inputs
	scope["clock"] = textFields("clock", "disaster", "proved")
	return scope
}

var reserved = []string{"run", "short", "account", "accounts", "target", "now", "step", "token", "home", "away", "inputs", "clock", "each", "list", "with"}

// step checks one step.
func (c *checker) step() {
	d := c.d
	c.identity()
	c.order()
	action := c.action()
	if d.If != "" {
		c.expression("if", d.If, c.at(nil))
	}
	if d.ForEach != "" {
		t := c.expression("for-each", d.ForEach, c.at(nil))
		if t.sort != unknown && t.sort != aList {
			c.say(d.place("for-each"), fmt.Sprintf("for-each is %s", sortWords[t.sort]), "write an expression that gives a list")
		}
		c.scope["each"] = any_
		if t.elem != nil {
			c.scope["each"] = t.elem
		}
		defer delete(c.scope, "each")
	}
	c.region("region", d.Region)
	c.identityOf("as", d.As)
	var op *called
	switch {
	case d.Call != "":
		op = c.call(d.place(asks("", d.Call)), d.Call, d.With, d.SQL != nil && d.SQL.Reads)
	case d.With.Kind != None && action != "use":
		c.say(d.place("with"), fmt.Sprintf("step %s has with and no call", d.ID), "write call: and an operation, or leave with out")
	}
	c.doing()
	if d.Refused != nil && d.Call == "" {
		c.say(d.place("refused"), "refused is for a call", "leave it out")
	} else if d.Refused != nil {
		c.codes("refused.code", op, d.Refused.Code)
	}
	for _, r := range d.Retry {
		c.codes("retry", op, r.Code)
	}
	if f := d.Find; f != nil {
		c.find("find", f)
	}
	own := c.own()
	if d.Wait != nil {
		c.wait("wait", d.Wait, own)
	}
	c.checks(own)
	if d.Points != "" {
		c.points("points", d.Points, own)
	}
	if d.Newest != "" {
		if t := c.expression("newest", d.Newest, over(own, c.at(own))); t.sort != unknown && t.sort != aText {
			c.say(d.place("newest"), fmt.Sprintf("newest is %s", sortWords[t.sort]), "write an expression that gives a time")
		}
		if d.Clock != "proved" {
			c.say(d.place("newest"), "newest is for the step with clock: proved", "move it there")
		}
	}
	c.duties(op)
	c.statementDuties()
	c.undo(op, own)
}

func (c *checker) identity() {
	d := c.d
	if slices.Contains(reserved, expr.Name(d.ID)) || c.book.Regions[d.ID] != "" {
		c.say(d.place("id"), fmt.Sprintf("id %s is a name that expressions have already", d.ID), "write another one, such as "+d.ID+"-step")
	}
	for _, f := range []struct{ key, value string }{{"title", d.Title}, {"why", d.Why}, {"phase", d.Phase}} {
		if f.value == "" && d.rec.keys[f.key].Line == 0 {
			k, _ := lookup("step", f.key)
			c.say(d.Step.Pos, fmt.Sprintf("step %s has no %s", d.ID, f.key), fmt.Sprintf("write %s: %s", f.key, k.say))
		}
	}
	if n := len(d.Hints); n != 3 && c.book.Kind != KindRestore {
		at := d.Step.Pos
		if n > 0 {
			at = d.place("hints")
		}
		c.say(at, fmt.Sprintf("step %s has %d hints", d.ID, n), "write 3: a first nudge, a stronger one, what to do")
	}
}

// prefix is what a part's step has before its own id.
func prefix(d *draft) string {
	if d.Part == "" {
		return ""
	}
	return d.Part + "-"
}

// order checks phases and clocks, which go one way.
func (c *checker) order() {
	d := c.d
	if at := slices.Index(Phases, d.Phase); at >= 0 {
		if at < c.phase {
			c.say(d.place("phase"), fmt.Sprintf("phase %s comes after %s", d.Phase, Phases[c.phase]), "write "+strings.Join(Phases[c.phase:], " or ")+", or move the step")
		}
		c.phase = max(c.phase, at)
	}
	switch {
	case d.Clock == "":
	case d.Clock == "disaster" && c.clock != "":
		c.say(d.place("clock"), "the disaster clock runs already", "keep clock: disaster on the one step that does the damage")
	case d.Clock == "proved" && c.clock == "":
		c.say(d.place("clock"), "clock: proved comes before clock: disaster", "write clock: disaster on the step that does the damage")
	case d.Clock == "proved" && c.clock == "proved":
		c.say(d.place("clock"), "the clock is stopped already", "keep clock: proved on the last proof")
	default:
		c.clock = d.Clock
	}
}

// action checks that a step does exactly one thing.
func (c *checker) action() string {
	d := c.d
	var has []string
	for _, a := range actions {
		if d.rec.keys[a].Line > 0 {
			has = append(has, a)
		}
	}
	switch {
	case len(has) > 1:
		second := d.rec.keys[has[1]]
		for _, a := range has[2:] {
			if p := d.rec.keys[a]; p.Line < second.Line {
				second = p
			}
		}
		c.say(second, fmt.Sprintf("step %s has %s", d.ID, strings.Join(has, " and ")), "keep one of them, and write a step for each other")
	case len(has) == 0 && len(d.Checks) == 0:
		c.say(d.Step.Pos, fmt.Sprintf("step %s does nothing", d.ID), "write one of "+strings.Join(actions, ", ")+", or a check")
	}
	if len(has) == 0 {
		return "check"
	}
	return has[0]
}

// duties are what a step that creates or changes owes: how to see it is there, how to see it worked, whose it is.
func (c *checker) duties(op *called) {
	d := c.d
	if d.ByHand != nil && len(d.Checks) == 0 {
		c.say(d.Step.Pos, fmt.Sprintf("step %s is done by hand and has no check", d.ID), "write check: and how to see that it is done")
	}
	if op == nil || op.effect == calls.Read || d.Refused != nil {
		return
	}
	if len(d.Checks) == 0 && d.rec.keys["check"].Line == 0 {
		c.say(d.Step.Pos, fmt.Sprintf("step %s %ss and has no check", d.ID, op.effect), "write check: and what must hold afterwards")
	}
	if op.effect == calls.Create && op.Token == "" && d.Find == nil && d.rec.keys["find"].Line == 0 {
		c.say(d.Step.Pos, fmt.Sprintf("%s has no idempotency token and step %s has no find", d.Call, d.ID), "write find: and how to see that it is there, so that a resumed run does not make it twice")
	}
	if _, given := d.With.Get(op.Token); op.Token != "" && !given {
		c.say(d.place("with"), fmt.Sprintf("%s is not given its idempotency token", d.Call), fmt.Sprintf(`write %s: "${{ token }}"`, op.Token))
	}
	if op.effect == calls.Create {
		c.tags(op)
	}
}

// tags checks that what is created carries the run's tags, by which clean-up finds what is left.
func (c *checker) tags(op *called) {
	for _, name := range []string{"Tags", "TagSpecifications", "TagList", "BackupVaultTags", "BackupPlanTags", "RecoveryPointTags"} {
		m := op.model.Input.Member(name)
		if m == nil {
			continue
		}
		if _, given := c.d.With.Get(name); given {
			return
		}
		instead := `"${{ tag_list() }}"`
		switch {
		case name == "TagSpecifications":
			instead = fmt.Sprintf(`"${{ tags('%s') }}"`, resource(op.model.Name))
		case m.Shape.Kind == model.Map:
			instead = `"${{ tag_map() }}"`
		case m.Shape.Elem != nil && m.Shape.Elem.Shape.Member("TagKey") != nil:
			instead = `"${{ tag_pairs('TagKey', 'TagValue') }}"`
		}
		c.say(c.d.place("with"), fmt.Sprintf("what %s makes is not tagged", c.d.Call), fmt.Sprintf("write %s: %s, so that clean-up finds it", name, instead))
		return
	}
}

// resource is the EC2 resource type an operation makes: CopySnapshot makes a snapshot.
func resource(op string) string {
	words := strings.Split(model.CLIName(op), "-")
	return strings.Join(words[min(1, len(words)-1):], "-")
}
