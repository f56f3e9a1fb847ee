package cloudwatch

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// formula is an expression over other queries: numbers, the queries' ids, + - * / ^ and parentheses ("Using math expressions with CloudWatch
// metrics"). CloudWatch's functions are not here.
type formula struct {
	id    string
	names []string // of the queries it is over
	value func(at func(name string) float64) float64
}

// over calculates the formula for each moment at which all that it is over has a value.
func (f formula) over(known map[string]series) map[time.Time]float64 {
	out := map[time.Time]float64{}
	if len(f.names) == 0 {
		return out
	}
	for at := range known[f.names[0]].at {
		whole := true
		value := f.value(func(name string) float64 {
			v, there := known[name].at[at]
			whole = whole && there
			return v
		})
		if whole && !math.IsNaN(value) && !math.IsInf(value, 0) {
			out[at] = value
		}
	}
	return out
}

type calculation = func(at func(name string) float64) float64

// parser reads an expression from left to right.
type parser struct {
	formula
	text string
}

// syntax is what is wrong with an expression; it ends the parser.
type syntax string

func parse(id, text string) (f formula, err error) {
	p := &parser{formula{id: id}, text}
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case syntax:
			err = wrong("Error in expression '%s': %s", id, string(problem))
		default:
			panic(problem)
		}
	}()
	p.value = p.sum()
	if rest := p.peek(); rest != 0 {
		panic(syntax(fmt.Sprintf("Unexpected %q", p.text)))
	}
	if len(p.names) == 0 {
		panic(syntax("it must be over at least one other query"))
	}
	return p.formula, nil
}

// peek is the next character that is not a space; 0 at the end.
func (p *parser) peek() byte {
	if p.text = strings.TrimLeft(p.text, " \t\n"); p.text == "" {
		return 0
	}
	return p.text[0]
}

func (p *parser) take() byte {
	c := p.peek()
	p.text = p.text[1:]
	return c
}

func (p *parser) sum() calculation {
	left := p.product()
	for c := p.peek(); c == '+' || c == '-'; c = p.peek() {
		sign := map[byte]float64{'+': 1, '-': -1}[p.take()]
		a, b := left, p.product()
		left = func(at func(string) float64) float64 { return a(at) + sign*b(at) }
	}
	return left
}

func (p *parser) product() calculation {
	left := p.power()
	for c := p.peek(); c == '*' || c == '/'; c = p.peek() {
		divides := p.take() == '/'
		a, b := left, p.power()
		left = func(at func(string) float64) float64 {
			if divides {
				return a(at) / b(at)
			}
			return a(at) * b(at)
		}
	}
	return left
}

func (p *parser) power() calculation {
	base := p.atom()
	if p.peek() != '^' {
		return base
	}
	p.take()
	exponent := p.power()
	return func(at func(string) float64) float64 { return math.Pow(base(at), exponent(at)) }
}

func (p *parser) atom() calculation {
	switch c := p.peek(); {
	case c == '-':
		p.take()
		value := p.power()
		return func(at func(string) float64) float64 { return -value(at) }
	case c == '(':
		p.take()
		value := p.sum()
		if p.peek() != ')' {
			panic(syntax("a parenthesis is not closed"))
		}
		p.take()
		return value
	case c >= '0' && c <= '9', c == '.':
		word := p.word()
		number, err := strconv.ParseFloat(word, 64)
		if err != nil {
			panic(syntax(fmt.Sprintf("%q is not a number", word)))
		}
		return func(func(string) float64) float64 { return number }
	case c >= 'a' && c <= 'z':
		name := p.word()
		p.names = append(p.names, name)
		return func(at func(string) float64) float64 { return at(name) }
	case c == 0:
		panic(syntax("it ends too early"))
	}
	panic(syntax(fmt.Sprintf("Unsupported operand or function at %q: the sandbox has numbers, ids, + - * / ^ and parentheses", p.text)))
}

// word takes letters, digits, dots and underscores.
func (p *parser) word() string {
	end := strings.IndexFunc(p.text, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(p.text)
	}
	word := p.text[:end]
	p.text = p.text[end:]
	return word
}
