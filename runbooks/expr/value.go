package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Pos is a place in a file, for messages and for editors. Line and column count from 1.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String is file:line:column, or the file alone where the line is not known.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Value is a template: any YAML value in which strings may hold ${{ expression }}. A string that is one expression
// keeps the expression's type. Maps keep the order of the file.
type Value struct {
	Pos  Pos
	Map  []KeyValue // when it is a mapping
	List []Value    // when it is a sequence
	// Scalar holds string, bool, int64, float64 or nil when it is neither.
	Scalar any
	Kind   ValueKind
	// text is Scalar cut into plain pieces and expressions, compiled once. Nil where nobody called Compile.
	text Text
}

// ValueKind tells which of a Value's fields is meant.
type ValueKind int

const (
	None ValueKind = iota // not given at all
	Scalar
	Mapping
	Sequence
)

// KeyValue is one entry of a mapping.
type KeyValue struct {
	Name  string
	Pos   Pos
	Value Value
}

// Piece is a part of a string: plain text, or an expression.
type Piece struct {
	Plain  string
	Expr   *Expr // nil for plain text
	Offset int   // of the expression in the string
}

// Text is a string with expressions in it.
type Text []Piece

// ParseText cuts a string at its ${{ }}. The error is a *SyntaxError, its offset counts from the start of the string.
func ParseText(s string) (Text, error) {
	var out Text
	for at := 0; at < len(s); {
		start := strings.Index(s[at:], "${{")
		if start < 0 {
			return append(out, Piece{Plain: s[at:]}), nil
		}
		start += at
		if start > at {
			out = append(out, Piece{Plain: s[at:start]})
		}
		length := closing(s[start+3:])
		if length < 0 {
			return nil, &SyntaxError{start, "${{ is not closed, write }}"}
		}
		inner := s[start+3 : start+3+length]
		source := strings.TrimSpace(inner)
		offset := start + 3 + strings.Index(inner, source)
		e, err := Compile(source)
		if err != nil {
			var syntax *SyntaxError
			errors.As(err, &syntax)
			return nil, &SyntaxError{offset + syntax.Offset, syntax.Text}
		}
		out = append(out, Piece{Expr: e, Offset: offset})
		at = start + 3 + length + 2
	}
	return out, nil
}

// closing finds the }} that ends an expression: not one inside quotes, nor the ends of two { }.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\'', '"', '`':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '{':
			depth++
		case '}':
			if depth == 0 {
				if strings.HasPrefix(s[i:], "}}") {
					return i
				}
				return -1
			}
			depth--
		}
	}
	return -1
}

// Eval puts the expressions' values in. One expression alone keeps its type; in a longer text a list or mapping is
// written as JSON. An expression that gives null is an error: an AWS call with a hole in it is worse than no call.
func (t Text) Eval(scope map[string]any) (any, error) {
	var b strings.Builder
	for _, p := range t {
		if p.Expr == nil {
			b.WriteString(p.Plain)
			continue
		}
		v, err := p.Expr.Eval(scope)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, fmt.Errorf("%s is null", p.Expr.Source)
		}
		if len(t) == 1 {
			return v, nil
		}
		s, err := spell(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Expr.Source, err)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// spell writes a value into a text.
func spell(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return compact(v)
}

// Compile compiles every expression in the value, for fillings that come after. It gives the first error's place.
func (v *Value) Compile() error {
	for i := range v.Map {
		if err := v.Map[i].Value.Compile(); err != nil {
			return err
		}
	}
	for i := range v.List {
		if err := v.List[i].Compile(); err != nil {
			return err
		}
	}
	s, ok := v.Scalar.(string)
	if !ok || v.Kind != Scalar || v.text != nil {
		return nil
	}
	t, err := ParseText(s)
	if err != nil {
		return fmt.Errorf("%s: %w", v.Pos, err)
	}
	v.text = t
	return nil
}

// Fill gives the plain tree of a value: strings, bools, float64 numbers, []any, map[string]any. A value not given is nil; an
// entry of a mapping written as null is left out.
func Fill(v Value, scope map[string]any) (any, error) {
	return v.walk(func(t Text) (any, error) { return t.Eval(scope) })
}

// Preview is Fill for what is not all known yet: an expression that has no value yet stands in its text as <expression>.
func Preview(v Value, scope map[string]any) any {
	out, _ := v.walk(func(t Text) (any, error) {
		if filled, err := t.Eval(scope); err == nil {
			return filled, nil
		}
		var b strings.Builder
		for _, p := range t {
			b.WriteString(p.preview(scope))
		}
		return b.String(), nil
	})
	return out
}

func (p Piece) preview(scope map[string]any) string {
	if p.Expr == nil {
		return p.Plain
	}
	if v, err := (Text{p}).Eval(scope); err == nil {
		if s, err := spell(v); err == nil {
			return s
		}
	}
	return "<" + p.Expr.Source + ">"
}

// String is the text as written.
func (t Text) String() string {
	var b strings.Builder
	for _, p := range t {
		if p.Expr == nil {
			b.WriteString(p.Plain)
		} else {
			b.WriteString("${{ " + p.Expr.Source + " }}")
		}
	}
	return b.String()
}

func (v Value) walk(eval func(Text) (any, error)) (any, error) {
	switch v.Kind {
	case Mapping:
		out := make(map[string]any, len(v.Map))
		for _, f := range v.Map {
			if f.Value.Kind == Scalar && f.Value.Scalar == nil {
				continue // written as null: not given
			}
			filled, err := f.Value.walk(eval)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			out[f.Name] = filled
		}
		return out, nil
	case Sequence:
		out := make([]any, len(v.List))
		for i, e := range v.List {
			filled, err := e.walk(eval)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			out[i] = filled
		}
		return out, nil
	}
	switch s := v.Scalar.(type) {
	case int64:
		return float64(s), nil
	case string:
		t := v.text
		if t == nil {
			var err error
			if t, err = ParseText(s); err != nil {
				return nil, err
			}
		}
		if len(t) == 0 {
			return "", nil
		}
		return eval(t)
	}
	return v.Scalar, nil
}

// Texts calls fn for every string of the value, with its place; what does not compile is left out.
func (v Value) Texts(fn func(Pos, Text)) {
	for _, f := range v.Map {
		f.Value.Texts(fn)
	}
	for _, e := range v.List {
		e.Texts(fn)
	}
	if s, ok := v.Scalar.(string); ok && v.Kind == Scalar {
		if t, err := ParseText(s); err == nil {
			fn(v.Pos, t)
		}
	}
}

// Refs gives every path from the scope that the value's expressions read.
func (v Value) Refs() []Ref {
	var out []Ref
	v.Texts(func(_ Pos, t Text) {
		for _, p := range t {
			if p.Expr != nil {
				out = append(out, p.Expr.Refs()...)
			}
		}
	})
	return out
}

// Get gives an entry of a mapping.
func (v Value) Get(name string) (Value, bool) {
	for _, f := range v.Map {
		if f.Name == name {
			return f.Value, true
		}
	}
	return Value{}, false
}
