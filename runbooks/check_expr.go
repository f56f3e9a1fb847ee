package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/aws/model"
	"lifeboat/aws/spelling"
	"lifeboat/runbooks/expr"
)

// at is the scope of an expression of the step: the run, the ended steps, and its own output where that is there already.
func (c *checker) at(own *typ) *typ {
	if own == nil {
		return &typ{sort: aStructure, named: c.scope}
	}
	return &typ{sort: aStructure, named: withOwn(c.scope, c.d.ID, own)}
}

func withOwn(scope map[string]*typ, id string, own *typ) map[string]*typ {
	if own == nil {
		return scope
	}
	out := maps.Clone(scope)
	out[expr.Name(id)] = own
	return out
}

// own is the output of the step when it has ended (for one element, with for-each), nil when it has none.
func (c *checker) own() *typ {
	d := c.d
	switch {
	case d.Refused != nil:
		return textFields("the refusal", "Code", "Message")
	case d.Call != "":
		t := answer(d.Call)
		if t.sort != aStructure {
			return any_
		}
		if t.named == nil {
			t.named = map[string]*typ{}
		}
		t.named["waited"], t.named["read"] = any_, any_
		if d.Wait != nil {
			t.named["waited"] = answer(d.Wait.Call)
		}
		for _, k := range d.Checks {
			if k.Call != "" {
				t.named["read"] = answer(k.Call)
			}
		}
		return t
	case d.Seed != nil:
		t := structure("a seed of "+d.Seed.Data, map[string]*typ{})
		for name, v := range dataKind(d.Seed.Data).Gives {
			t.named[name] = literalType(v)
		}
		return t
	case d.Prove != nil:
		t := textFields("a proof", "Fingerprint", "Expected")
		t.named["OK"], t.named["Total"], t.named["Equal"], t.named["Count"] = ofSort(aTruth), ofSort(aNumber), ofSort(aNumber), ofSort(aNumber)
		if dataKind(d.Prove.Data).Dates {
			t.named["Newest"] = ofSort(aText)
		}
		return t
	case d.Ask != nil:
		return textFields("an answer", "Value")
	case d.Quiz != nil:
		t := textFields("a quiz", "Answer")
		t.named["Right"] = ofSort(aTruth)
		return t
	case d.Choose != nil:
		if t := c.taken(&d.Choose.From); t.sort == aList && t.elem != nil {
			return t.elem
		}
	}
	return any_
}

// output is what later steps see.
func (c *checker) output() *typ {
	own := c.own()
	if c.d.ForEach != "" {
		return listOf(own)
	}
	return own
}

// answer is the type of an operation's answer; unknown where it cannot be called, which is said elsewhere.
func answer(op string) *typ {
	if op == SQL {
		return rows()
	}
	m, err := model.Find(op)
	if _, ok := calls.Find(op); err != nil || !ok {
		return any_
	}
	return shaped(m.Output, "the answer of "+op)
}

// expression checks a bare expression at a path of the step.
func (c *checker) expression(path, source string, scope *typ) *typ {
	e, err := expr.Compile(source)
	if err != nil {
		return any_ // said when it was read
	}
	return c.infer(e, scope, c.d.place(path), source, 0)
}

// text checks the expressions in a text and gives their types.
func (c *checker) text(p Pos, text string, t expr.Text, scope *typ) []*typ {
	var out []*typ
	for _, piece := range t {
		if piece.Expr == nil {
			continue
		}
		out = append(out, c.infer(piece.Expr, scope, p, text, piece.Offset))
	}
	return out
}

// template checks every text of a value that is not a call's parameters.
func (c *checker) template(v Value) {
	v.Texts(func(p Pos, t expr.Text) {
		c.text(p, t.String(), t, c.at(nil))
	})
}

func (c *checker) infer(e *expr.Expr, scope *typ, p Pos, text string, offset int) *typ {
	in := &inference{root: scope, missing: c.missing, steps: c.later, say: func(o int, text_, instead string) {
		at := p
		if p.File == c.r.file {
			at = within(c.r.lines, p, text, offset+o)
		}
		c.say(at, text_, instead)
	}}
	c.conditional(e, func(o int) Pos {
		if p.File == c.r.file {
			return within(c.r.lines, p, text, offset+o)
		}
		return p
	}, e.Source == c.d.If)
	return in.of(e.Tree(), scope)
}

// missing says what is wrong with a name that is not there.
func (c *checker) missing(name string, names []string) (string, string) {
	names = slices.DeleteFunc(names, func(n string) bool { return n == name })
	if i, ok := c.later[name]; ok {
		if c.drafts[i] == c.d {
			return fmt.Sprintf("%s has no output yet here", name), "read an earlier step's output"
		}
		return fmt.Sprintf("%s is a later step", name), "read an earlier one, or move step " + c.drafts[i].ID + " up"
	}
	if name == "away" {
		return "away is no Region of this runbook", "write regions: {home: primary, away: secondary} above"
	}
	if name == "with" {
		return "with is for parts", "write the value"
	}
	if dashed := spelling.Nearest(name, names); dashed != "" {
		return fmt.Sprintf("there is no %s", name), "write " + dashed
	}
	return fmt.Sprintf("there is no %s", name), "write a step's id, with _ for -, or one of the run's names such as run, home, account, inputs.NAME"
}

// conditional refuses to read the output of a step that may have been skipped, unless this step is skipped with it.
func (c *checker) conditional(e *expr.Expr, at func(int) Pos, inIf bool) {
	if inIf {
		return
	}
	for _, ref := range e.Refs() {
		i, ok := c.done[ref.Root()]
		if !ok {
			continue
		}
		from := c.drafts[i]
		if from.If != "" && !implies(c.d.If, from.If) {
			c.say(at(ref.Offset), fmt.Sprintf("step %s is skipped unless %s", from.ID, from.If), fmt.Sprintf("write if: %s on this step too", from.If))
		}
		if from.Only != "" && c.d.Only != from.Only {
			c.say(at(ref.Offset), fmt.Sprintf("step %s is for %s only", from.ID, from.Only), fmt.Sprintf("write only: %s on this step too", from.Only))
		}
	}
}

// implies reports whether a condition holds only where the other does: it is the same, or joins it with &&.
func implies(condition, other string) bool {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if squeeze(condition) == squeeze(other) {
		return true
	}
	for _, part := range strings.Split(condition, "&&") {
		if squeeze(strings.Trim(strings.TrimSpace(part), "()")) == squeeze(other) {
			return true
		}
	}
	return false
}

// find checks a read and what is taken from its answer, and gives the type of that.
func (c *checker) find(path string, f *Find) *typ {
	c.region(path+".region", f.Region)
	c.call(c.d.place(asks(path, f.Call)), f.Call, f.With, true)
	if f.Take == "" {
		return any_
	}
	return c.expression(path+".take", f.Take, over(answer(f.Call), c.at(nil)))
}

// taken is the type of what a find takes, with nothing said.
func (c *checker) taken(f *Find) *typ {
	e, err := expr.Compile(f.Take)
	if err != nil {
		return any_
	}
	scope := over(answer(f.Call), c.at(nil))
	in := &inference{root: scope, missing: c.missing, say: func(int, string, string) {}}
	return in.of(e.Tree(), scope)
}

func (c *checker) wait(path string, w *Wait, own *typ) {
	before := c.scope
	c.scope = withOwn(before, c.d.ID, own)
	defer func() { c.scope = before }()
	at := func(key string) Pos {
		if w.Name != "" {
			return w.Pos
		}
		return c.d.place(path + "." + key)
	}
	c.regionAt(at("region"), w.Region)
	op := c.call(at(asks("", w.Call)), w.Call, w.With, true)
	c.codes(path+".missing", op, w.Missing...)
	scope := over(answer(w.Call), c.at(nil))
	for _, e := range []struct{ key, source string }{{"until", w.Until}, {"fails", w.Fails}, {"show", w.Show}} {
		if e.source == "" {
			continue
		}
		if x, err := expr.Compile(e.source); err == nil {
			c.infer(x, scope, at(e.key), e.source, 0)
		}
	}
}

// checks follows the rule of which answer a check sees: its own call's, else the wait's, else the step's.
func (c *checker) checks(own *typ) {
	seen := own
	if c.d.Wait != nil {
		seen = answer(c.d.Wait.Call)
	} else if c.d.rec.keys["wait"].Line > 0 {
		seen = any_ // it is wrong, which was said
	}
	before := c.scope
	c.scope = withOwn(before, c.d.ID, own)
	defer func() { c.scope = before }()
	for i, k := range c.d.Checks {
		path := fmt.Sprintf("check[%d]", i)
		c.region(path+".region", k.Region)
		scope := over(seen, c.at(nil))
		if k.Call != "" {
			c.call(c.d.place(asks(path, k.Call)), k.Call, k.With, true)
			scope = over(answer(k.Call), c.at(nil))
		} else if k.With.Kind != None {
			c.say(c.d.place(path+".with"), "check has with and no call", "write call: and a read operation, or leave with out")
		}
		if k.That != "" {
			c.expression(path+".that", k.That, scope)
		}
	}
}

// points checks a list of recovery points.
func (c *checker) points(path, source string, own *typ) {
	t := c.expression(path, source, over(own, c.at(own)))
	c.pointsType(path, t)
}

var pointFields = []string{"id", "at", "holds", "where", "bad", "gone", "used"}

func (c *checker) pointsType(path string, t *typ) {
	if t.sort != unknown && t.sort != aList {
		c.say(c.d.place(path), fmt.Sprintf("%s is %s", path, sortWords[t.sort]), "write a list of {id, at, holds, where}")
		return
	}
	if t.elem == nil || t.elem.sort != aStructure || t.elem.named == nil {
		return
	}
	for name := range t.elem.named {
		if !slices.Contains(pointFields, name) {
			c.say(c.d.place(path), fmt.Sprintf("a recovery point has no %s", name), write(name, pointFields))
		}
	}
	for _, name := range []string{"id", "at"} {
		if t.elem.named[name] == nil {
			c.say(c.d.place(path), fmt.Sprintf("a recovery point has no %s", name), "write "+name+":")
		}
	}
}

func (c *checker) region(path, region string) { c.regionAt(c.d.place(path), region) }

// regionAt checks a Region's name: one of regions, or an expression.
func (c *checker) regionAt(p Pos, region string) {
	if region == "" {
		return
	}
	t, err := expr.ParseText(region)
	if err != nil {
		return
	}
	c.text(p, region, t, c.at(nil))
	names := slices.Sorted(maps.Keys(c.book.Regions))
	if len(names) == 0 {
		names = []string{"home"}
	}
	if len(t) == 1 && t[0].Expr == nil && !slices.Contains(names, region) {
		c.say(p, fmt.Sprintf("there is no Region %s in regions", region), write(region, names))
	}
}

func (c *checker) identityOf(path, as string) {
	if as == "" {
		return
	}
	if _, ok := c.book.Accounts[as]; !ok {
		c.say(c.d.place(path), fmt.Sprintf("there is no account %s in accounts", as), write(as, slices.Sorted(maps.Keys(c.book.Accounts))))
	}
}
