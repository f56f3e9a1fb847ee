package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifeboat/aws/model"
	"lifeboat/runbooks/expr"
)

// sort of value that an expression gives, as far as the API model tells.
type sortOf int

const (
	unknown sortOf = iota // could be anything: nothing is said about it
	aText
	aNumber
	aTruth
	aList
	aStructure
	aNull
)

var sortWords = map[sortOf]string{aText: "a text", aNumber: "a number", aTruth: "true or false", aList: "a list", aStructure: "a structure", aNull: "null"}

// typ is what is known of a value before anything runs.
type typ struct {
	sort  sortOf
	shape *model.Shape // where it comes from the model: its enum, its members
	elem  *typ         // of a list
	named map[string]*typ
	under *typ   // what a name means that is not among the members: the scope below an answer
	what  string // for messages: "the answer of ec2.DescribeVolumes"
}

var any_ = &typ{}

func ofSort(s sortOf) *typ { return &typ{sort: s} }

func listOf(t *typ) *typ { return &typ{sort: aList, elem: t} }

func structure(what string, fields map[string]*typ) *typ {
	return &typ{sort: aStructure, named: fields, what: what}
}

// texts is a structure whose fields are all texts.
func textFields(what string, names ...string) *typ {
	t := structure(what, map[string]*typ{})
	for _, n := range names {
		t.named[n] = ofSort(aText)
	}
	return t
}

// shaped is the type of a value of the API model. Members are looked up when they are read: shapes may hold themselves.
func shaped(s *model.Shape, what string) *typ {
	switch s.Kind {
	case model.Structure:
		return &typ{sort: aStructure, shape: s, what: what}
	case model.List:
		return &typ{sort: aList, shape: s, elem: shaped(s.Elem.Shape, s.Elem.Shape.Name)}
	case model.Map:
		return &typ{sort: unknown}
	case model.Boolean:
		return &typ{sort: aTruth, shape: s}
	case model.Integer, model.Long, model.Float, model.Double:
		return &typ{sort: aNumber, shape: s}
	}
	return &typ{sort: aText, shape: s}
}

// field gives the type of a structure's field.
func (t *typ) field(name string) (*typ, bool) {
	if t.named == nil && t.shape == nil && t.under == nil {
		return any_, true // a structure nothing is known of
	}
	if f, ok := t.named[name]; ok {
		return f, true
	}
	if m := t.shape.Member(name); m != nil {
		return shaped(m.Shape, m.Shape.Name), true
	}
	if t.under != nil {
		return t.under.field(name)
	}
	return nil, false
}

// names gives the fields there are, the nearest scope's first.
func (t *typ) names() []string {
	out := slices.Sorted(maps.Keys(t.named))
	if t.shape != nil {
		for _, m := range t.shape.Members {
			out = append(out, m.Name)
		}
	}
	if t.under != nil {
		out = append(out, t.under.names()...)
	}
	return out
}

// over lays an answer over a scope.
func over(answer, scope *typ) *typ {
	if answer == nil {
		return scope
	}
	if answer.sort != aStructure {
		return &typ{} // an element of which nothing is known, over the scope: any name may be its
	}
	return &typ{sort: aStructure, shape: answer.shape, named: answer.named, under: scope, what: answer.what}
}

// inference follows one expression through the types. say is called with each mistake and its byte offset.
type inference struct {
	root *typ
	vars map[string]*typ
	// steps has the names of all steps: a-b is a minus b where somebody meant the step a-b.
	steps map[string]int
	// missing says what is wrong with a name that is not in the scope.
	missing func(name string, names []string) (text, instead string)
	say     func(offset int, text, instead string)
}

func (in *inference) of(n *expr.Node, cur *typ) *typ {
	switch n.Kind {
	case expr.Field:
		return in.field(n, cur, "")
	case expr.Sub:
		return in.sub(n, cur)
	case expr.Index:
		return in.element(n, cur, "")
	case expr.Slice:
		return cur
	case expr.Project, expr.Filter, expr.Values:
		return in.projection(n, cur)
	case expr.Flatten:
		t := in.of(n.Children[0], cur)
		if t.sort == aList && t.elem != nil && t.elem.sort == aList {
			return t.elem
		}
		return t
	case expr.Literal:
		return literalType(n.Value)
	case expr.Current:
		return cur
	case expr.Root:
		return in.root
	case expr.Call:
		return in.call(n, cur)
	case expr.Compare:
		in.compare(n, in.of(n.Children[0], cur), in.of(n.Children[1], cur))
		return ofSort(aTruth)
	case expr.And:
		in.of(n.Children[0], cur)
		return in.of(n.Children[1], cur)
	case expr.Or:
		a, b := in.of(n.Children[0], cur), in.of(n.Children[1], cur)
		if a.sort == b.sort {
			return a
		}
		return any_
	case expr.Not:
		in.of(n.Children[0], cur)
		return ofSort(aTruth)
	case expr.Pipe:
		return in.of(n.Children[1], in.of(n.Children[0], cur))
	case expr.Hash:
		t := structure("", map[string]*typ{})
		for _, e := range n.Children {
			t.named[e.Name] = in.of(e.Children[0], cur)
		}
		return t
	case expr.List:
		return in.list(n, cur)
	case expr.Arithmetic:
		if name := dashed(n); in.has(name) {
			in.say(n.Children[0].Offset, fmt.Sprintf("%s is a subtraction", strings.ReplaceAll(name, "_", "-")), "write "+name)
			return any_
		}
		for _, c := range n.Children {
			if t := in.of(c, cur); t.sort > aNumber || t.sort == aText {
				in.say(c.Offset, fmt.Sprintf("%s is %s, and is used as a number", label(c), sortWords[t.sort]), "write a number, or to_number(...)")
			}
		}
		return ofSort(aNumber)
	case expr.Let:
		return in.let(n, cur)
	case expr.Variable:
		if t, ok := in.vars[strings.TrimPrefix(n.Name, "$")]; ok {
			return t
		}
		in.say(n.Offset, fmt.Sprintf("$%s is not bound", strings.TrimPrefix(n.Name, "$")), "bind it with let $name = ... in")
	}
	return any_
}

func (in *inference) has(step string) bool { _, ok := in.steps[step]; return ok }

// dashed is the step's name that somebody wrote with -.
func dashed(n *expr.Node) string {
	switch n.Kind {
	case expr.Field:
		return n.Name
	case expr.Sub:
		return dashed(n.Children[0])
	case expr.Arithmetic:
		if len(n.Children) == 2 {
			return dashed(n.Children[0]) + "_" + dashed(n.Children[1])
		}
	}
	return ""
}

func literalType(v any) *typ {
	switch v := v.(type) {
	case string:
		return ofSort(aText)
	case float64:
		return ofSort(aNumber)
	case bool:
		return ofSort(aTruth)
	case nil:
		return ofSort(aNull)
	case []any:
		if len(v) > 0 {
			return listOf(literalType(v[0]))
		}
		return listOf(any_)
	}
	return any_
}

// label is how messages call what a node gives.
func label(n *expr.Node) string {
	switch n.Kind {
	case expr.Field:
		return n.Name
	case expr.Sub:
		if r := n.Children[1]; r.Kind == expr.Field {
			return r.Name
		} else if r.Kind == expr.Index {
			return "an element of " + label(n.Children[0])
		}
	case expr.Call:
		return n.Name + "()"
	case expr.Current:
		return "the element"
	case expr.Compare:
		return "the comparison"
	case expr.Flatten, expr.Project, expr.Filter, expr.Values:
		return label(n.Children[0])
	case expr.Literal:
		return fmt.Sprintf("%#v", n.Value)
	}
	return "this"
}

func (in *inference) field(n *expr.Node, cur *typ, of string) *typ {
	switch cur.sort {
	case unknown, aNull:
		return any_
	case aStructure:
		if t, ok := cur.field(n.Name); ok {
			return t
		}
		switch n.Name {
		case "null": // a name that is never there, as everybody writes it
			return ofSort(aNull)
		case "true", "false":
			in.say(n.Offset, n.Name+" is a name here", "write `"+n.Name+"`")
			return any_
		}
		if cur == in.root || cur.under != nil {
			text, instead := in.missing(n.Name, cur.names())
			in.say(n.Offset, text, instead)
			return any_
		}
		what := cur.what
		if what == "" {
			what = of
		}
		if what == "" {
			what = "the element"
		}
		in.say(n.Offset, fmt.Sprintf("%s has no %s", what, n.Name), write(n.Name, cur.names()))
	case aList:
		in.say(n.Offset, fmt.Sprintf("%s is a list", orThis(of)), fmt.Sprintf("write %s[0].%s for the first one's, or %s[].%s for all", orThis(of), n.Name, orThis(of), n.Name))
	default:
		in.say(n.Offset, fmt.Sprintf("%s is %s and has no %s", orThis(of), sortWords[cur.sort], n.Name), "leave it out")
	}
	return any_
}

func orThis(s string) string {
	if s == "" {
		return "this"
	}
	return s
}

func (in *inference) element(n *expr.Node, cur *typ, of string) *typ {
	switch cur.sort {
	case unknown, aNull:
		return any_
	case aList:
		if cur.elem == nil {
			return any_
		}
		return cur.elem
	}
	in.say(n.Offset, fmt.Sprintf("%s is %s, not a list", orThis(of), sortWords[cur.sort]), "leave the index out")
	return any_
}

func (in *inference) sub(n *expr.Node, cur *typ) *typ {
	left := in.of(n.Children[0], cur)
	right := n.Children[1]
	switch right.Kind {
	case expr.Field:
		return in.field(right, left, label(n.Children[0]))
	case expr.Index:
		// The index has no place of its own: its list's name has.
		at := *right
		at.Offset = last(n.Children[0]).Offset
		return in.element(&at, left, label(n.Children[0]))
	}
	return in.of(right, left)
}

// last is the rightmost name of a path.
func last(n *expr.Node) *expr.Node {
	for n.Kind == expr.Sub && n.Children[1].Kind != expr.Index && n.Children[1].Kind != expr.Slice {
		n = n.Children[1]
	}
	if n.Kind == expr.Sub {
		return last(n.Children[0])
	}
	return n
}

func (in *inference) projection(n *expr.Node, cur *typ) *typ {
	left := in.of(n.Children[0], cur)
	elem := any_
	switch left.sort {
	case aList:
		if left.elem != nil {
			elem = left.elem
		}
	case aText: // a slice of a text is a text
		if n.Kind == expr.Project && n.Children[0].Kind == expr.Sub {
			return left
		}
		fallthrough
	case aNumber, aTruth, aStructure:
		if n.Kind != expr.Values && n.Children[0].Kind != expr.Flatten {
			in.say(last(n.Children[0]).Offset, fmt.Sprintf("%s is %s, not a list", label(n.Children[0]), sortWords[left.sort]), "leave the brackets out")
		}
	}
	if n.Kind == expr.Filter {
		in.of(n.Children[1], elem)
		return listOf(in.of(n.Children[2], elem))
	}
	return listOf(in.of(n.Children[1], elem))
}

func (in *inference) list(n *expr.Node, cur *typ) *typ {
	out := listOf(any_)
	for i, c := range n.Children {
		t := in.of(c, cur)
		if i == 0 {
			out.elem = t
		} else if out.elem.sort != t.sort {
			out.elem = any_
		}
	}
	return out
}

func (in *inference) let(n *expr.Node, cur *typ) *typ {
	before := maps.Clone(in.vars)
	defer func() { in.vars = before }()
	for _, b := range n.Children[0].Children {
		t := in.of(b.Children[1], cur)
		if in.vars = maps.Clone(in.vars); in.vars == nil {
			in.vars = map[string]*typ{}
		}
		in.vars[strings.TrimPrefix(b.Children[0].Name, "$")] = t
	}
	return in.of(n.Children[1], cur)
}

// compare refuses comparisons that can never hold: a value that is not among an enum's, or of another sort.
func (in *inference) compare(n *expr.Node, l, r *typ) {
	left, right := n.Children[0], n.Children[1]
	if left.Kind == expr.Literal {
		left, right, l, r = right, left, r, l
	}
	if n.Name != "==" && n.Name != "!=" {
		for _, side := range []struct {
			n *expr.Node
			t *typ
		}{{left, l}, {right, r}} {
			if side.t.sort != unknown && side.t.sort != aNumber && side.t.sort != aNull {
				in.say(last(side.n).Offset, fmt.Sprintf("%s compares numbers, and %s is %s", n.Name, label(side.n), sortWords[side.t.sort]), "write between(a, b) > `0` for times, length(...) for lists")
				return
			}
		}
		return
	}
	if right.Kind == expr.Literal {
		in.member(l, label(left), right)
	}
	if l.sort == unknown || r.sort == unknown || l.sort == aNull || r.sort == aNull || l.sort == r.sort {
		return
	}
	instead := "compare it with " + sortWords[l.sort]
	if v, ok := right.Value.(string); ok && right.Kind == expr.Literal {
		switch l.sort {
		case aNumber:
			instead = fmt.Sprintf("write `%s`", v)
		case aTruth:
			instead = fmt.Sprintf("write `%s`, or the name alone", strings.ToLower(v))
		}
	} else if l.sort == aText && right.Kind == expr.Literal {
		instead = fmt.Sprintf("write '%v'", right.Value)
	}
	in.say(right.Offset, fmt.Sprintf("%s is %s, and is compared with %s", label(left), sortWords[l.sort], sortWords[r.sort]), instead)
}

// member refuses a literal that is not among the values an enum has.
func (in *inference) member(t *typ, name string, lit *expr.Node) {
	v, ok := lit.Value.(string)
	if !ok || t.shape == nil || len(t.shape.Enum) == 0 || slices.Contains(t.shape.Enum, v) {
		return
	}
	quoted := make([]string, len(t.shape.Enum))
	for i, e := range t.shape.Enum {
		quoted[i] = "'" + e + "'"
	}
	in.say(lit.Offset, fmt.Sprintf("%s is never '%s'", name, v), write("'"+v+"'", quoted))
}

// gives has what functions give, where it does not depend on their arguments. It is never changed.
var gives = func() map[string]*typ {
	m := map[string]*typ{
		"keys": listOf(ofSort(aText)), "split": listOf(ofSort(aText)), "tag_list": listOf(textFields("a tag", "Key", "Value")),
		"differing": listOf(structure("a difference", map[string]*typ{"key": ofSort(aText), "was": any_, "is": any_})),
		"tags":      listOf(any_), "tag_pairs": listOf(any_), "tag_map": {sort: aStructure},
	}
	for s, names := range map[sortOf]string{
		aText:   "join lower upper replace trim trim_left trim_right to_string json sha256 plus minus type pad_left pad_right",
		aNumber: "length between sum avg abs ceil floor to_number find_first find_last",
		aTruth:  "contains starts_with ends_with",
	} {
		for _, name := range strings.Fields(names) {
			m[name] = ofSort(s)
		}
	}
	return m
}()

func (in *inference) call(n *expr.Node, cur *typ) *typ {
	args := make([]*typ, len(n.Children))
	for i, c := range n.Children {
		if c.Kind == expr.Reference {
			continue
		}
		args[i] = in.of(c, cur)
	}
	elem := any_ // what a reference's expression sees: the elements of the list among the arguments
	for _, a := range args {
		if a != nil && a.sort == aList && a.elem != nil {
			elem = a.elem
		}
	}
	var mapped *typ
	for i, c := range n.Children {
		if c.Kind == expr.Reference {
			mapped = in.of(c.Children[0], elem)
		} else {
			in.argument(n, i, args[i])
		}
	}
	switch n.Name {
	case "contains":
		if args[0].sort == aList && n.Children[1].Kind == expr.Literal {
			in.member(elem, "an element of "+label(n.Children[0]), n.Children[1])
		}
	case "sort", "sort_by", "reverse", "not_null":
		if args[0] != nil {
			return args[0]
		}
	case "max_by", "min_by", "max", "min":
		return elem
	case "map":
		return listOf(mapped)
	}
	if t, ok := gives[n.Name]; ok {
		return t
	}
	return any_
}

// argument refuses an argument of a sort that the function does not take.
func (in *inference) argument(n *expr.Node, i int, t *typ) {
	takes := expr.Takes(n.Name, i)
	if t.sort == unknown || t.sort == aNull || len(takes) == 0 {
		return
	}
	for _, want := range takes {
		if want == "any" || want == map[sortOf]string{aText: "string", aNumber: "number", aTruth: "boolean", aList: "array", aStructure: "object"}[t.sort] ||
			strings.HasPrefix(want, "array[") && t.sort == aList {
			return
		}
	}
	in.say(last(n.Children[i]).Offset, fmt.Sprintf("%s takes %s, and %s is %s", n.Name, strings.Join(takes, " or "), label(n.Children[i]), sortWords[t.sort]), "give it what it takes")
}
