package expr

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// Kind of a node of an expression.
type Kind string

const (
	Field      Kind = "field"      // Name
	Sub        Kind = "sub"        // a.b: left, right (right sees left's value)
	Index      Kind = "index"      // the current list's element
	Slice      Kind = "slice"      // the current list's or string's part
	Project    Kind = "project"    // a[*].b: left, right over each element
	Values     Kind = "values"     // a.*.b: left, right over each value
	Filter     Kind = "filter"     // a[?c].b: left, condition, right over each element that meets it
	Flatten    Kind = "flatten"    // a[]
	Literal    Kind = "literal"    // Value
	Current    Kind = "current"    // @
	Root       Kind = "root"       // $
	Call       Kind = "call"       // Name, arguments
	Reference  Kind = "reference"  // &expression, an argument of a function
	Compare    Kind = "compare"    // Name is the operator: left, right
	Arithmetic Kind = "arithmetic" // one or two operands
	And        Kind = "and"
	Or         Kind = "or"
	Not        Kind = "not"
	Pipe       Kind = "pipe"
	Hash       Kind = "hash" // entries
	Entry      Kind = "entry"
	List       Kind = "list"
	Let        Kind = "let" // bindings, body
	Bindings   Kind = "bindings"
	Binding    Kind = "binding"
	Variable   Kind = "variable" // $name
)

// Node is one node of an expression, with its place.
type Node struct {
	Kind     Kind
	Name     string
	Value    any
	Offset   int // byte offset in the source; of the name for fields and calls
	Children []*Node
}

// Tree is the expression's syntax tree. It must not be changed.
func (e *Expr) Tree() *Node { return e.root }

// word is a name or literal of the source. The library's tree has no places: they are found by walking the tree in the
// order of the source beside the list of its words.
type word struct {
	text   string
	offset int
	isLit  bool
}

// A literal in backticks or quotes, a quoted name, or a plain name.
var wordPattern = regexp.MustCompile("`(?:\\\\.|[^`\\\\])*`|'(?:\\\\.|[^'\\\\])*'|\"(?:\\\\.|[^\"\\\\])*\"|[A-Za-z_][A-Za-z0-9_]*")

func words(source string) []word {
	var out []word
	for _, at := range wordPattern.FindAllStringIndex(source, -1) {
		text := source[at[0]:at[1]]
		switch text[0] {
		case '`', '\'':
			out = append(out, word{"", at[0], true})
		case '"':
			out = append(out, word{strings.Trim(text, `"`), at[0], false})
		default:
			out = append(out, word{text, at[0], false})
		}
	}
	return out
}

// placer gives every node its place.
type placer struct {
	words []word
	next  int
}

func place(source string, ast parsing.ASTNode) *Node {
	p := &placer{words: words(source)}
	return p.node(ast)
}

// take finds the next word of that text (or the next literal) and goes past it.
func (p *placer) take(text string, literal bool) int {
	for i := p.next; i < len(p.words); i++ {
		if w := p.words[i]; w.isLit == literal && (literal || w.text == text) {
			p.next = i + 1
			return w.offset
		}
	}
	if p.next < len(p.words) {
		return p.words[p.next].offset
	}
	return 0
}

var kinds = map[any]Kind{
	parsing.ASTSubexpression: Sub, parsing.ASTIndexExpression: Sub, parsing.ASTIndex: Index, parsing.ASTSlice: Slice, parsing.ASTProjection: Project,
	parsing.ASTValueProjection: Values, parsing.ASTFlatten: Flatten, parsing.ASTIdentity: Current, parsing.ASTCurrentNode: Current, parsing.ASTRootNode: Root,
	parsing.ASTExpRef: Reference, parsing.ASTAndExpression: And, parsing.ASTOrExpression: Or, parsing.ASTNotExpression: Not, parsing.ASTPipe: Pipe,
	parsing.ASTMultiSelectHash: Hash, parsing.ASTMultiSelectList: List, parsing.ASTLetExpression: Let, parsing.ASTBindings: Bindings, parsing.ASTBinding: Binding,
	parsing.ASTArithmeticExpression: Arithmetic, parsing.ASTArithmeticUnaryExpression: Arithmetic,
}

var comparators = map[any]string{
	parsing.TOKEQ: "==", parsing.TOKNE: "!=", parsing.TOKLT: "<", parsing.TOKLTE: "<=", parsing.TOKGT: ">", parsing.TOKGTE: ">=",
}

func (p *placer) node(ast parsing.ASTNode) *Node {
	n := &Node{Kind: kinds[any(ast.NodeType)]}
	if p.next < len(p.words) {
		n.Offset = p.words[p.next].offset
	}
	switch ast.NodeType {
	case parsing.ASTField:
		n.Kind, n.Name = Field, ast.Value.(string)
		n.Offset = p.take(n.Name, false)
	case parsing.ASTFunctionExpression:
		n.Kind, n.Name = Call, ast.Value.(string)
		n.Offset = p.take(n.Name, false)
	case parsing.ASTKeyValPair:
		n.Kind, n.Name = Entry, ast.Value.(string)
		n.Offset = p.take(n.Name, false)
	case parsing.ASTVariable:
		n.Kind, n.Name = Variable, ast.Value.(string)
		n.Offset = p.take(strings.TrimPrefix(n.Name, "$"), false)
	case parsing.ASTLiteral:
		n.Kind, n.Value = Literal, ast.Value
		n.Offset = p.take("", true)
	case parsing.ASTComparator:
		n.Kind, n.Name = Compare, comparators[ast.Value]
	case parsing.ASTFilterProjection: // the source has left, condition, right
		n.Kind = Filter
		n.Children = []*Node{p.node(ast.Children[0]), p.node(ast.Children[2]), p.node(ast.Children[1])}
		return n
	}
	for _, c := range ast.Children {
		n.Children = append(n.Children, p.node(c))
	}
	return n
}

// wellFormed refuses what the library compiles but cannot evaluate.
func (n *Node) wellFormed() error {
	switch {
	case n.Kind == "":
		return &SyntaxError{n.Offset, "incomplete expression"}
	case n.Kind == Binding && (len(n.Children) != 2 || n.Children[0].Kind != Variable):
		return &SyntaxError{n.Offset, "= binds a $name inside let, write == to compare"}
	case n.Kind == Bindings:
		for _, c := range n.Children {
			if c.Kind != Binding {
				return &SyntaxError{c.Offset, "let wants $name = expression"}
			}
		}
	case n.Kind == Call:
		if err := arity(n); err != nil {
			return err
		}
	}
	for _, c := range n.Children {
		if err := c.wellFormed(); err != nil {
			return err
		}
	}
	return nil
}

// arity refuses functions that are not there and wrong numbers of arguments, before anything runs.
func arity(n *Node) error {
	f, ok := table[n.Name]
	if !ok {
		return &SyntaxError{n.Offset, fmt.Sprintf("there is no function %s", n.Name)}
	}
	least, most := 0, len(f.Arguments)
	for _, a := range f.Arguments {
		if !a.Optional {
			least++
		}
		if a.Variadic {
			most = 1 << 10
		}
	}
	switch got := len(n.Children); {
	case got < least || got > most:
		return &SyntaxError{n.Offset, fmt.Sprintf("%s takes %s, not %d", n.Name, counted(least, most), got)}
	}
	return nil
}

func counted(least, most int) string {
	word := "arguments"
	if least == 1 && most == 1 {
		word = "argument"
	}
	switch {
	case most >= 1<<10:
		return fmt.Sprintf("%d or more %s", least, word)
	case least == most:
		return fmt.Sprintf("%d %s", least, word)
	}
	return fmt.Sprintf("%d to %d %s", least, most, word)
}

// Ref is one path from the scope that an expression reads: volume.VolumeId is {volume, VolumeId}. Indexes, slices and
// filters in it are left out.
type Ref struct {
	Path   []string
	Offset int // of the root name
}

// Root is the name in the scope.
func (r Ref) Root() string { return r.Path[0] }

// String is the path with dots.
func (r Ref) String() string { return strings.Join(r.Path, ".") }

// Refs gives every path from the scope that the expression reads, in the order of the source, each once.
func (e *Expr) Refs() []Ref {
	w := &refWalk{}
	w.walk(e.root, &trail{scope: true})
	seen := map[string]bool{}
	var out []Ref
	for _, t := range w.trails {
		r := Ref{t.path, t.offset}
		if !t.extended && !seen[r.String()] {
			seen[r.String()] = true
			out = append(out, r)
		}
	}
	return out
}

// root is a name of the scope where an expression reads it.
type root struct {
	node   *Node
	next   *Node // the field right after it, if any
	dollar bool  // read as $.name, inside a filter or projection
}

// Rewrite replaces names of the scope by other expressions, as parts and named conditions are put in place: replace is
// given a name of the scope and the field read from it ("" for none), and returns the source that stands for the name
// alone or, with both, for name.field. An empty source keeps what is written.
func (e *Expr) Rewrite(replace func(name, field string) (source string, both bool)) string {
	w := &refWalk{}
	w.walk(e.root, &trail{scope: true})
	out, last := "", 0
	for _, r := range w.roots {
		start, end := r.node.Offset, r.node.Offset+len(r.node.Name)
		field := ""
		if r.next != nil && strings.TrimSpace(e.Source[min(end, r.next.Offset):r.next.Offset]) == "." {
			field = r.next.Name
		}
		source, both := replace(r.node.Name, field)
		if source == "" || start < last {
			continue
		}
		if both && field != "" {
			end = r.next.Offset + len(field)
		}
		if r.dollar {
			start = strings.LastIndexByte(e.Source[:start], '$')
			source = anchored(source)
		}
		out += e.Source[last:start] + grouped(source)
		last = end
	}
	return out + e.Source[last:]
}

// anchored writes $. before every name of the scope, so that the expression means the same inside a filter.
func anchored(source string) string {
	e, err := Compile(source)
	if err != nil {
		return source
	}
	w := &refWalk{}
	w.walk(e.root, &trail{scope: true})
	out, last := "", 0
	for _, r := range w.roots {
		if !r.dollar {
			out += source[last:r.node.Offset] + "$."
			last = r.node.Offset
		}
	}
	return out + source[last:]
}

var simple = regexp.MustCompile("^([A-Za-z0-9_.$]+|'[^']*'|`[^`]*`)$")

// grouped puts an expression in parentheses unless it is one path or literal.
func grouped(source string) string {
	if simple.MatchString(source) {
		return source
	}
	return "(" + source + ")"
}

// trail is a value while walking: the scope itself, a path from it, or something made (neither).
type trail struct {
	scope    bool
	path     []string
	offset   int
	extended bool
	dollar   bool
	root     *root
}

type refWalk struct {
	trails []*trail
	roots  []*root
}

var made = &trail{}

func (w *refWalk) walk(n *Node, at *trail) *trail {
	switch n.Kind {
	case Field:
		if !at.scope && at.path == nil {
			return made
		}
		t := &trail{path: append(append([]string{}, at.path...), n.Name), offset: at.offset, root: at.root}
		if at.scope {
			t.offset = n.Offset
			t.root = &root{node: n, dollar: at.dollar}
			w.roots = append(w.roots, t.root)
		} else if len(at.path) == 1 && t.root.next == nil {
			t.root.next = n
		}
		at.extended = true
		w.trails = append(w.trails, t)
		return t
	case Current, Index, Slice:
		return at
	case Root:
		return &trail{scope: true, dollar: true}
	case Sub, Project, Values, Pipe:
		return w.walk(n.Children[1], w.walk(n.Children[0], at))
	case Filter:
		left := w.walk(n.Children[0], at)
		w.walk(n.Children[1], left)
		return w.walk(n.Children[2], left)
	case Flatten:
		return w.walk(n.Children[0], at)
	case Reference: // the elements it sees come from another argument
		w.walk(n.Children[0], made)
		return made
	}
	for _, c := range n.Children {
		w.walk(c, at)
	}
	return made
}
