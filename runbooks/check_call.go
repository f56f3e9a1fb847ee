package runbooks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lifeboat/aws/calls"
	"lifeboat/aws/codec"
	"lifeboat/aws/model"
	"lifeboat/aws/spelling"
	"lifeboat/runbooks/expr"
)

// called is an operation that a step calls.
type called struct {
	calls.Operation
	effect calls.Effect
	model  *model.Op
}

func operations() []string {
	var out []string
	for _, o := range calls.All() {
		out = append(out, o.Name)
	}
	return out
}

// call checks an operation and its parameters; nil when it cannot be called at all. With read, nothing but a read may be called.
func (c *checker) call(p Pos, name string, with Value, read bool) *called {
	switch name {
	case "":
		return nil
	case SQL:
		c.statement(with, read)
		return nil
	case "secretsmanager.GetSecretValue":
		c.say(p, "the answer of "+name+" is a secret, and a run's record keeps answers", "write sql:, which looks the password up by itself")
		return nil
	}
	op, ok := calls.Find(name)
	if !ok {
		what := "there is no operation"
		if _, err := model.Find(name); err == nil {
			what = "this program cannot call"
		}
		all := operations()
		if service, _, ok := strings.Cut(name, "."); ok {
			same := slices.DeleteFunc(slices.Clone(all), func(o string) bool { return !strings.HasPrefix(o, service+".") })
			if len(same) > 0 && spelling.Nearest(name, same) != "" {
				all = same
			}
		}
		c.say(p, fmt.Sprintf("%s %s", what, name), write(name, all))
		return nil
	}
	m, err := model.Find(name)
	if err != nil {
		c.say(p, err.Error(), "")
		return nil
	}
	if read && op.Effect != calls.Read {
		c.say(p, fmt.Sprintf("%s is no read: it %ss", name, op.Effect), "write a Describe, Get or List operation")
		return nil
	}
	c.parameters(m, with, p)
	return &called{op, op.Effect, m}
}

// parameters checks a call's parameters against the model: what is literal by its limits, what is an expression by its type.
func (c *checker) parameters(op *model.Op, with Value, at Pos) {
	if with.Kind != None && with.Kind != Mapping {
		c.say(with.Pos, "with is not a mapping", "write with: and the parameters by name")
		return
	}
	if with.Kind == None {
		with = Value{Kind: Mapping, Pos: at}
	}
	places := map[string]place{}
	tree := c.tree(with, op.Input, "", places).(map[string]any)
	for _, p := range codec.Validate(op.Input, tree) {
		c.limit(op, p, places)
	}
}

// place is where a parameter stands: the value, and its name.
type place struct{ value, name Pos }

// tree makes the plain tree that the limits are checked on, Later where an expression stands.
func (c *checker) tree(v Value, s *model.Shape, path string, places map[string]place) any {
	if _, ok := places[path]; !ok {
		places[path] = place{v.Pos, v.Pos}
	}
	switch v.Kind {
	case Mapping:
		out := map[string]any{}
		for _, f := range v.Map {
			below := f.Name
			if path != "" {
				below = path + "." + f.Name
			}
			places[below] = place{f.Value.Pos, f.Pos}
			out[f.Name] = c.tree(f.Value, member(s, f.Name), below, places)
		}
		return out
	case Sequence:
		out := make([]any, len(v.List))
		for i, e := range v.List {
			var elem *model.Shape
			if s != nil && s.Elem != nil {
				elem = s.Elem.Shape
			}
			out[i] = c.tree(e, elem, path+"["+strconv.Itoa(i)+"]", places)
		}
		return out
	}
	text, ok := v.Scalar.(string)
	if !ok {
		if i, ok := v.Scalar.(int64); ok {
			return float64(i)
		}
		return v.Scalar
	}
	t, err := expr.ParseText(text)
	if err != nil || len(t) == 0 || len(t) == 1 && t[0].Expr == nil {
		return text
	}
	types := c.text(v.Pos, text, t, c.at(nil))
	if len(t) == 1 && s != nil {
		c.wanted(v.Pos, t[0].Expr, types[0], s, path)
	}
	return codec.Later{}
}

func member(s *model.Shape, name string) *model.Shape {
	if s == nil {
		return nil
	}
	if m := s.Member(name); m != nil {
		return m.Shape
	}
	if s.Value != nil {
		return s.Value.Shape
	}
	return nil
}

// wanted refuses an expression of another type than the parameter's.
func (c *checker) wanted(p Pos, e *expr.Expr, t *typ, s *model.Shape, path string) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	got := func(instead string) {
		c.say(p, fmt.Sprintf("%s wants %s, and %s is %s", name, article(s), e.Source, sortWords[t.sort]), instead)
	}
	switch {
	case t.sort == unknown || t.sort == aNull:
	case s.Kind == model.List && t.sort != aList:
		got(fmt.Sprintf(`write ["${{ %s }}"]`, e.Source))
	case (s.Kind == model.Structure || s.Kind == model.Map) && t.sort != aStructure:
		got("write a mapping")
	case t.sort == aList && s.Kind != model.List:
		got(fmt.Sprintf("write one element, such as ${{ %s[0] }}", e.Source))
	case t.sort == aStructure && s.Kind != model.Structure && s.Kind != model.Map:
		got(fmt.Sprintf("write one of its fields, such as ${{ %s }}", strings.Join(firstField(e.Source, t), "")))
	case s.Kind == model.Boolean && t.sort != aTruth && t.sort != aText:
		got("write true or false")
	case (s.Kind == model.Integer || s.Kind == model.Long) && t.sort == aTruth:
		got("write a number")
	}
}

func firstField(source string, t *typ) []string {
	if names := t.names(); len(names) > 0 {
		for _, n := range names {
			if strings.HasSuffix(n, "Id") || strings.HasSuffix(n, "Arn") {
				return []string{source, ".", n}
			}
		}
		return []string{source, ".", names[0]}
	}
	return []string{source, ".Name"}
}

func article(s *model.Shape) string {
	switch s.Kind {
	case model.Integer, model.Long, model.Float, model.Double:
		return "a number"
	case model.Boolean:
		return "true or false"
	case model.Structure, model.Map:
		return "a structure"
	case model.List:
		return "a list"
	}
	return "a text"
}

// limit turns a broken limit of the model into a problem at its place.
func (c *checker) limit(op *model.Op, p codec.Problem, places map[string]place) {
	at, ok := places[p.Path]
	parent, name := "", p.Path
	if i := strings.LastIndexByte(p.Path, '.'); i >= 0 {
		parent, name = p.Path[:i], p.Path[i+1:]
	}
	if !ok {
		at = places[parent]
	}
	whose := op.String()
	if parent != "" {
		whose = parent
	}
	text, instead := fmt.Sprintf("%s %s", name, p.Text), ""
	switch p.Rule {
	case codec.Missing:
		text, instead = fmt.Sprintf("%s wants %s", whose, name), "write "+name+": and "+article(p.Shape)
	case codec.Unknown:
		at.value = at.name
		var members []string
		for _, m := range p.Shape.Members {
			members = append(members, m.Name)
		}
		text, instead = fmt.Sprintf("%s has no %s", whose, name), write(name, members)
	case codec.Type:
		wants, _, _ := strings.Cut(strings.TrimPrefix(p.Text, "wants "), ", not ")
		instead = "write " + wants
	case codec.Enum:
		value, _ := codec.Text(p.Value)
		text, instead = fmt.Sprintf("%s has no value %q", name, value), write(value, p.Shape.Enum)
	case codec.Pattern:
		instead = "write one that does"
	default:
		if before, after, ok := strings.Cut(p.Text, "; it must be "); ok {
			text, instead = fmt.Sprintf("%s %s", name, before), "write "+after
		} else if before, after, ok := strings.Cut(p.Text, ": "); ok {
			text, instead = fmt.Sprintf("%s %s", name, before), after
		}
	}
	c.say(at.value, text, instead)
}

// codes refuses an error code that is nearly one of the operation's, where the model lists them.
func (c *checker) codes(path string, op *called, codes ...string) {
	if op == nil {
		return
	}
	var known []string
	for _, e := range op.model.Errors {
		known = append(known, e.Code(), e.Name)
	}
	for _, code := range codes {
		if slices.Contains(known, code) {
			continue
		}
		if n := spelling.Nearest(code, known); n != "" {
			c.say(c.d.place(path), fmt.Sprintf("%s has no error %s", op.model, code), "write "+n)
		}
	}
}

// undo checks that what a step creates or changes is brought back, by an operation of the right kind that names it.
func (c *checker) undo(op *called, own *typ) {
	d := c.d
	owes := op != nil && (op.effect == calls.Create || op.effect == calls.Change) && d.Refused == nil
	if owes && d.Undo.None == "" && len(d.Undo.Actions) == 0 && d.rec.keys["undo"].Line == 0 {
		c.say(d.Step.Pos, fmt.Sprintf("step %s %ss and has no undo", d.ID, op.effect), "write undo: and the call that takes it back, or undo: {none: and the reason}")
	}
	named := false
	for i, a := range d.Undo.Actions {
		path := fmt.Sprintf("undo[%d]", i)
		c.identityOf(path+".as", a.As)
		c.region(path+".region", a.Region)
		scope := c.scope
		c.scope = withOwn(scope, d.ID, own)
		if a.Each != nil {
			c.scope["each"] = any_
			if t := c.find(path+".each", a.Each); t.sort == aList && t.elem != nil {
				if c.scope["each"] = t.elem; a.Each.Batch > 0 {
					c.scope["each"] = t
				}
			} else if t.sort != unknown {
				c.say(d.place(path+".each.take"), fmt.Sprintf("take is %s", sortWords[t.sort]), "write an expression that gives a list")
			}
			named = named || c.names(a.Each.With)
		}
		undo := c.call(d.place(asks(path, a.Call)), a.Call, a.With, false)
		if undo != nil && (undo.effect == calls.Read || undo.effect == calls.Create) {
			c.say(d.place(path+".call"), fmt.Sprintf("%s undoes nothing: it %ss", a.Call, undo.effect), "write an operation that deletes or changes")
		}
		c.codes(path+".gone", undo, a.Gone...)
		if a.Wait != nil {
			c.wait(path+".wait", a.Wait, own)
		}
		named = named || c.names(a.With)
		c.scope = scope
	}
	if owes && op.effect == calls.Create && len(d.Undo.Actions) > 0 && !named {
		c.say(d.Undo.Pos, fmt.Sprintf("undo does not name what step %s made", d.ID), fmt.Sprintf("give it an output of this step, such as ${{ %s.%s }}", expr.Name(d.ID), outputID(op.model)))
	}
}

// names reports whether a call's parameters name what the step made: by its output, or by a name that it was given itself.
func (c *checker) names(with Value) bool {
	for _, r := range with.Refs() {
		if r.Root() == expr.Name(c.d.ID) {
			return true
		}
	}
	own := map[string]bool{}
	c.d.With.Texts(func(_ Pos, t expr.Text) {
		for _, piece := range t {
			if piece.Expr != nil && slices.ContainsFunc(piece.Expr.Refs(), func(r expr.Ref) bool { _, ended := c.done[r.Root()]; return ended }) {
				return // a name that another step gave
			}
		}
		own[t.String()] = true
	})
	named := false
	with.Texts(func(_ Pos, t expr.Text) { named = named || own[t.String()] })
	return named
}

// outputID is the member of an operation's answer that looks like the id of what it made.
func outputID(op *model.Op) string {
	best := "Id"
	for i, m := range op.Output.Members {
		if strings.HasSuffix(op.Name, strings.TrimSuffix(m.Name, "Id")) && strings.HasSuffix(m.Name, "Id") {
			return m.Name
		}
		if i == 0 || strings.HasSuffix(m.Name, "Id") && !strings.HasSuffix(best, "Id") {
			best = m.Name
		}
	}
	return best
}
