package wire

import (
	"fmt"
	"math"
	"reflect"
	"regexp/syntax"
	"strings"
	"time"

	"lifeboat/aws/codec"
	"lifeboat/aws/model"
)

// filler makes values that the model calls valid: every member set, lists and maps with two entries.
type filler struct {
	n     int                                 // makes values differ
	fixed map[string]any                      // values by member name, where the SDK wants more than the model says
	skip  func(s *model.Shape, m string) bool // members that cannot travel
}

func (f *filler) next() int { f.n++; return f.n }

// tree fills a structure, with the members the Go type has. A union takes its alternatives in turn.
func (f *filler) tree(s *model.Shape, t reflect.Type, depth int) map[string]any {
	t = deref(t)
	tree := map[string]any{}
	if t.Kind() == reflect.Interface {
		var possible []*model.Member
		for _, m := range s.Members {
			if codec.Has(t, s, m.Name) && (depth < 4 || m.Shape.Kind != model.List && m.Shape.Kind != model.Map) {
				possible = append(possible, m)
			}
		}
		m := possible[f.next()%len(possible)]
		tree[m.Name] = f.value(m.Shape, alternative(t, m.Name), m.Name, depth+1)
		return tree
	}
	for _, m := range s.Members {
		if !codec.Has(t, s, m.Name) || f.skip != nil && f.skip(s, m.Name) {
			continue
		}
		field, _ := t.FieldByName(strings.ToUpper(m.Name[:1]) + m.Name[1:])
		if v, ok := f.fixed[m.Name]; ok && (v == nil || m.Shape.Kind != model.Structure) {
			if v != nil {
				tree[m.Name] = v
			}
			continue
		}
		if v := f.value(m.Shape, field.Type, m.Name, depth+1); v != nil {
			tree[m.Name] = v
		}
	}
	return tree
}

// alternative is the type of a union's member: any type does where it is not looked at again.
func alternative(union reflect.Type, member string) reflect.Type {
	return codec.Alternative(union, member)
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func (f *filler) value(s *model.Shape, t reflect.Type, name string, depth int) any {
	t = deref(t)
	switch s.Kind {
	case model.Structure:
		if depth > 9 {
			return nil
		}
		return f.tree(s, t, depth)
	case model.List:
		if depth > 9 {
			return nil
		}
		list := []any{}
		for range f.count(s) {
			if v := f.value(s.Elem.Shape, t.Elem(), name, depth+1); v != nil {
				list = append(list, v)
			}
		}
		return list
	case model.Map:
		if depth > 9 {
			return nil
		}
		tree := map[string]any{}
		for i := range f.count(s) {
			key := f.text(s.Key.Shape, strings.ToLower(name))
			if len(s.Key.Shape.Enum) > i {
				key = s.Key.Shape.Enum[i]
			}
			if v := f.value(s.Value.Shape, t.Elem(), name, depth+1); v != nil {
				tree[key] = v
			}
		}
		return tree
	case model.String:
		return f.text(s, name)
	case model.Blob:
		return []byte(fmt.Sprintf("bytes of %s %d \x00\xff", name, f.next()))
	case model.Boolean:
		return true
	case model.Timestamp:
		return time.Date(2026, 3, 4, 5, 6, f.next()%60, 0, time.UTC).Format(time.RFC3339)
	case model.Float, model.Double:
		return f.within(s, float64(f.next()%100)+0.5)
	}
	return f.within(s, float64(f.next()%1000))
}

func (f *filler) count(s *model.Shape) int {
	n := 2
	if s.Min != nil {
		n = max(n, int(*s.Min))
	}
	if s.Max != nil {
		n = min(n, int(*s.Max))
	}
	return n
}

func (f *filler) within(s *model.Shape, n float64) float64 {
	if s.Min != nil {
		n = math.Max(n, *s.Min)
	}
	if s.Max != nil {
		n = math.Min(n, *s.Max)
	}
	return n
}

func (f *filler) text(s *model.Shape, name string) string {
	if len(s.Enum) > 0 {
		return s.Enum[f.next()%len(s.Enum)]
	}
	lo, hi := 1, 200
	if s.Min != nil {
		lo = max(lo, int(*s.Min))
	}
	if s.Max != nil {
		hi = int(*s.Max)
	}
	if s.Pattern != "" {
		return matching(s.Pattern, lo, hi)
	}
	text := fmt.Sprintf("%s-%d", name, f.next())
	for len(text) < lo {
		text += "x"
	}
	return text[len(text)-min(len(text), hi):]
}

// matching makes a text that a pattern matches, of a length between lo and hi where it can.
func matching(pattern string, lo, hi int) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		panic(err)
	}
	best := ""
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 32, 36, 64, 100, 0} {
		s := grow(re.Simplify(), n)
		if best == "" {
			best = s
		}
		if len(s) >= lo && len(s) <= hi {
			return s
		}
	}
	return best
}

func grow(re *syntax.Regexp, n int) string {
	var b strings.Builder
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for _, want := range "aA1-/ " {
			for i := 0; i < len(re.Rune); i += 2 {
				if re.Rune[i] <= want && want <= re.Rune[i+1] {
					return string(want)
				}
			}
		}
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture:
		return grow(re.Sub[0], n)
	case syntax.OpStar, syntax.OpPlus:
		count := n
		if re.Op == syntax.OpPlus {
			count = max(1, n)
		}
		for range count {
			b.WriteString(grow(re.Sub[0], 1))
		}
	case syntax.OpQuest:
		if n > 0 {
			return grow(re.Sub[0], n-1)
		}
	case syntax.OpConcat:
		for _, s := range re.Sub {
			b.WriteString(grow(s, n))
		}
	case syntax.OpAlternate:
		longest := grow(re.Sub[0], n)
		for _, s := range re.Sub[1:] {
			if t := grow(s, n); len(t) > len(longest) {
				longest = t
			}
		}
		return longest
	}
	return b.String()
}
