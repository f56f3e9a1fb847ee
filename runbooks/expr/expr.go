// Package expr is the expressions of runbooks: JMESPath, the query language AWS users know from --query, over one scope
// of names, and templates, YAML values in which strings may hold ${{ expression }}.
//
// An expression is compiled once and can be evaluated from any number of goroutines. What it refers to is read from its
// syntax tree, never guessed from its text. An expression sees the whole scope as its current node; inside a filter or
// projection the current node is the element, and $ is the scope.
package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/interpreter"
	"github.com/jmespath-community/go-jmespath/pkg/parsing"
	"github.com/jmespath-community/go-jmespath/pkg/util"
)

// Expr is a compiled expression.
type Expr struct {
	Source string
	ast    parsing.ASTNode
	root   *Node
}

// SyntaxError is an expression that does not compile. Offset counts bytes from 0 in the expression's source.
type SyntaxError struct {
	Offset int
	Text   string
}

func (e *SyntaxError) Error() string { return e.Text }

// Compile reads one JMESPath expression. The error is a *SyntaxError.
func Compile(source string) (e *Expr, err error) {
	if strings.TrimSpace(source) == "" {
		return nil, &SyntaxError{0, "empty expression"}
	}
	// The parser indexes its tokens without looking at their number, so some broken inputs panic in it.
	defer func() {
		if recover() != nil {
			e, err = nil, &SyntaxError{len(source), "incomplete expression"}
		}
	}()
	ast, err := parsing.NewParser().Parse(source)
	if err != nil {
		return nil, syntaxError(err)
	}
	e = &Expr{Source: source, ast: ast, root: place(source, ast)}
	return e, e.root.wellFormed()
}

// syntaxError takes the position out of the library's error and its token names out of the text.
func syntaxError(err error) *SyntaxError {
	text, offset := err.Error(), 0
	var s parsing.SyntaxError
	if errors.As(err, &s) {
		offset = s.Offset
	}
	text = strings.TrimPrefix(text, "SyntaxError: ")
	for token, plain := range tokenWords {
		text = strings.ReplaceAll(text, token, plain)
	}
	return &SyntaxError{offset, strings.ToLower(text[:min(1, len(text))]) + text[min(1, len(text)):]}
}

// tokenWords are the library's names of tokens as a person would write them.
var tokenWords = map[string]string{
	"TOKUnquotedIdentifier": "a name", "TOKQuotedIdentifier": "a quoted name", "TOKEOF": "the end", "TOKRbracket": "]", "TOKLbracket": "[",
	"TOKRparen": ")", "TOKLparen": "(", "TOKRbrace": "}", "TOKLbrace": "{", "TOKComma": ",", "TOKColon": ":", "TOKNumber": "a number (write it in backticks)",
	"TOKJSONLiteral": "a literal", "TOKStringLiteral": "a string", "TOKDot": ".", "TOKUnknown": "an unknown character", "TOKAssign": "=, write ==",
}

// Eval evaluates over a scope. What is not there is nil, as JMESPath has it; the error is a wrong argument of a function.
func (e *Expr) Eval(scope map[string]any) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("%s: %v", e.Source, r)
		}
	}()
	result, err = interpreter.NewInterpreter(scope, caller{scope}, nil).Execute(e.ast, scope)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Source, err)
	}
	return result, nil
}

// Eval compiles and evaluates, for expressions that are used once.
func Eval(source string, scope map[string]any) (any, error) {
	e, err := Compile(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return e.Eval(scope)
}

// Holds reports whether a value counts as true: JMESPath's rule, under which null, false and what is empty do not.
func Holds(v any) bool { return !util.IsFalse(v) }

// Overlay gives a scope in which the top-level members of an answer stand before the names of the scope.
func Overlay(scope, answer map[string]any) map[string]any {
	out := make(map[string]any, len(scope)+len(answer))
	for k, v := range scope {
		out[k] = v
	}
	for k, v := range answer {
		out[k] = v
	}
	return out
}

// Name is how a step id is written in expressions: a - would be a minus, so it is _.
func Name(id string) string { return strings.ReplaceAll(id, "-", "_") }
