package codec

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"lifeboat/aws/model"
)

// Rule is the kind of limit a value breaks.
type Rule int

// The rules of the models.
const (
	Missing Rule = iota // a required member is not there
	Unknown             // there is no such member
	Type                // a value of another type
	Length              // of a string or blob, or the count of a list or map
	Range               // of a number
	Enum                // not one of the values there are
	Pattern             // does not match the whole pattern
	Choice              // a union without exactly one member
)

// Problem is one place where a tree breaks a limit of the model.
type Problem struct {
	Path  string // "TagSpecifications[0].Tags[1].Key"
	Rule  Rule
	Shape *model.Shape // what is wanted there; for Unknown, the structure that lacks the member
	Value any
	Text  string // "has 300 characters; at most 255"
}

func (p Problem) String() string { return p.Path + ": " + p.Text }

// Later is a value that is not known yet, such as an expression over a step that has not run: it breaks no rule.
type Later struct{}

// Validate lists where a tree breaks the model's limits: members that are missing or unknown, types, lengths, ranges, enums,
// patterns. The order is the model's. A timestamp, number or bool may be given in every form that Decode takes.
func Validate(shape *model.Shape, tree map[string]any) []Problem {
	var c check
	c.structure(shape, tree, "")
	return c.problems
}

type check struct{ problems []Problem }

func (c *check) add(path string, r Rule, s *model.Shape, v any, text string) {
	c.problems = append(c.problems, Problem{path, r, s, v, text})
}

func (c *check) value(s *model.Shape, v any, path string) {
	if _, later := v.(Later); later || v == nil {
		return
	}
	switch s.Kind {
	case model.Structure:
		if tree, ok := v.(map[string]any); ok {
			c.structure(s, tree, path)
		} else {
			c.add(path, Type, s, v, "wants a structure, not "+describe(v))
		}
	case model.List:
		list, ok := v.([]any)
		if !ok {
			c.add(path, Type, s, v, "wants a list, not "+describe(v))
			return
		}
		c.size(s, float64(len(list)), v, path, "items")
		for i, e := range list {
			c.value(s.Elem.Shape, e, path+"["+strconv.Itoa(i)+"]")
		}
	case model.Map:
		tree, ok := v.(map[string]any)
		if !ok {
			c.add(path, Type, s, v, "wants a map, not "+describe(v))
			return
		}
		c.size(s, float64(len(tree)), v, path, "entries")
		for _, k := range Names(tree) {
			c.value(s.Key.Shape, k, join(path, k))
			c.value(s.Value.Shape, tree[k], join(path, k))
		}
	default:
		c.scalar(s, v, path)
	}
}

func (c *check) structure(s *model.Shape, tree map[string]any, path string) {
	for _, m := range s.Members {
		v, given := tree[m.Name]
		if given && v != nil {
			c.value(m.Shape, v, join(path, m.Name))
		} else if m.Required && !m.IdempotencyToken {
			c.add(join(path, m.Name), Missing, m.Shape, nil, "is required")
		}
	}
	for _, name := range Names(tree) {
		if s.Member(name) == nil {
			c.add(join(path, name), Unknown, s, tree[name], s.Name+" has no such member")
		}
	}
	if s.Union && len(tree) != 1 {
		c.add(path, Choice, s, tree, "is a choice: give exactly one member")
	}
}

func (c *check) scalar(s *model.Shape, v any, path string) {
	switch s.Kind {
	case model.String:
		text, ok := Text(v)
		if !ok {
			c.add(path, Type, s, v, "wants a string, not "+describe(v))
			return
		}
		c.text(s, text, path)
	case model.Blob:
		if _, isStream := v.(io.Reader); isStream {
			return // its length shows when it is read
		}
		b, ok := blob(v)
		if !ok && !s.Streaming {
			c.add(path, Type, s, v, "wants bytes or base64 text, not "+describe(v))
		} else if ok && !s.Streaming {
			c.size(s, float64(len(b)), v, path, "bytes")
		}
	case model.Boolean:
		if _, ok := boolean(v); !ok {
			c.add(path, Type, s, v, "wants true or false, not "+describe(v))
		}
	case model.Timestamp:
		if _, ok := Time(v); !ok {
			c.add(path, Type, s, v, "wants a time such as 2026-01-02T15:04:05Z, not "+describe(v))
		}
	default:
		n, ok := Number(v)
		if _, whole := integer(v); !ok || !whole && (s.Kind == model.Integer || s.Kind == model.Long) {
			c.add(path, Type, s, v, "wants "+wanted(s)+", not "+describe(v))
			return
		}
		c.size(s, n, v, path, "")
	}
}

func (c *check) text(s *model.Shape, text, path string) {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		c.add(path, Enum, s, text, describe(text)+" is not one of "+strings.Join(s.Enum, ", "))
		return
	}
	c.size(s, float64(utf8.RuneCountInString(text)), text, path, "characters")
	if s.Pattern != "" && !pattern(s.Pattern).MatchString(text) {
		c.add(path, Pattern, s, text, describe(text)+" does not match "+s.Pattern)
	}
}

// size checks a length, a count or a number itself (unit "") against the shape's least and most.
func (c *check) size(s *model.Shape, n float64, v any, path, unit string) {
	rule, has, is := Length, "has "+decimal(n)+" "+unit, ""
	if unit == "" {
		rule, has = Range, "is "+decimal(n)
	}
	switch {
	case s.Min != nil && n < *s.Min:
		is = "at least " + decimal(*s.Min)
	case s.Max != nil && n > *s.Max:
		is = "at most " + decimal(*s.Max)
	default:
		return
	}
	c.add(path, rule, s, v, has+"; it must be "+is)
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// patterns remembers compiled patterns of the models.
var patterns sync.Map // string -> *regexp.Regexp

// pattern compiles a limit of the model, which the whole text must match.
func pattern(p string) *regexp.Regexp {
	if r, ok := patterns.Load(p); ok {
		return r.(*regexp.Regexp)
	}
	r, _ := patterns.LoadOrStore(p, regexp.MustCompile(`\A(?:`+p+`)\z`))
	return r.(*regexp.Regexp)
}
