package expr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmespath-community/go-jmespath/pkg/functions"
	"github.com/jmespath-community/go-jmespath/pkg/interpreter"
)

// caller calls functions; those that tell about the run read it from the scope of the evaluation.
type caller struct{ scope map[string]any }

func (c caller) CallFunction(name string, arguments []any) (any, error) {
	if _, ok := table[name]; !ok {
		return nil, fmt.Errorf("there is no function %s", name)
	}
	if f, ok := tagFunctions[name]; ok {
		arguments = append([]any{Tags(text(c.scope["run"]), text(c.scope["step"]))}, arguments...)
		return f(arguments)
	}
	return plain.CallFunction(name, arguments)
}

// text gives a string, or nothing.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// Tag is one tag of what a run creates.
type Tag struct{ Key, Value string }

// Tags of what a step of a run creates: by them clean-up's sweep and `find` see it.
func Tags(run, step string) []Tag {
	return []Tag{{"lifeboat:run", run}, {"lifeboat:step", run + "/" + step}, {"Name", "lifeboat " + step}}
}

func pairs(tags []Tag, key, value string) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		out[i] = map[string]any{key: t.Key, value: t.Value}
	}
	return out
}

// tagFunctions give the tags in the shapes that services want; the first argument is the tags themselves.
var tagFunctions = map[string]func([]any) (any, error){
	"tags": func(a []any) (any, error) { // EC2: TagSpecifications
		return []any{map[string]any{"ResourceType": text(a[1]), "Tags": pairs(a[0].([]Tag), "Key", "Value")}}, nil
	},
	"tag_list": func(a []any) (any, error) { return pairs(a[0].([]Tag), "Key", "Value"), nil },
	"tag_pairs": func(a []any) (any, error) { // KMS: TagKey, TagValue
		return pairs(a[0].([]Tag), text(a[1]), text(a[2])), nil
	},
	"tag_map": func(a []any) (any, error) { // DLM, Backup
		out := map[string]any{}
		for _, t := range a[0].([]Tag) {
			out[t.Key] = t.Value
		}
		return out, nil
	},
}

func entry(name string, handler functions.JpFunction, arguments ...functions.JpType) functions.FunctionEntry {
	e := functions.FunctionEntry{Name: name, Handler: handler}
	for _, t := range arguments {
		e.Arguments = append(e.Arguments, functions.ArgSpec{Types: []functions.JpType{t}})
	}
	return e
}

// own are the functions beside JMESPath's.
var own = []functions.FunctionEntry{
	entry("tags", nil, functions.JpString),
	entry("tag_list", nil),
	entry("tag_map", nil),
	entry("tag_pairs", nil, functions.JpString, functions.JpString),
	entry("plus", func(a []any) (any, error) { return shift(text(a[0]), text(a[1]), 1) }, functions.JpString, functions.JpString),
	entry("minus", func(a []any) (any, error) { return shift(text(a[0]), text(a[1]), -1) }, functions.JpString, functions.JpString),
	entry("between", between, functions.JpString, functions.JpString),
	entry("json", func(a []any) (any, error) { return compact(a[0]) }, functions.JpAny),
	entry("sha256", digest, functions.JpAny),
	entry("differing", differing, functions.JpObject, functions.JpObject),
}

// table has every function by name, plain those that need no scope. Neither is changed after start.
var (
	table = func() map[string]functions.FunctionEntry {
		t := map[string]functions.FunctionEntry{}
		for _, f := range append(functions.GetDefaultFunctions(), own...) {
			t[f.Name] = f
		}
		return t
	}()
	plain = interpreter.NewFunctionCaller(slices.Collect(maps.Values(table))...)
)

// Functions gives the names of all functions, sorted.
func Functions() []string { return slices.Sorted(maps.Keys(table)) }

// shift moves an RFC 3339 time by a duration.
func shift(at, by string, sign time.Duration) (any, error) {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, fmt.Errorf("%q is not an RFC 3339 time", at)
	}
	d, err := Duration(by)
	if err != nil {
		return nil, err
	}
	return t.Add(sign * d).UTC().Format(time.RFC3339Nano), nil
}

// between is the seconds from the first time to the second.
func between(a []any) (any, error) {
	from, err := time.Parse(time.RFC3339Nano, text(a[0]))
	if err != nil {
		return nil, fmt.Errorf("%q is not an RFC 3339 time", text(a[0]))
	}
	to, err := time.Parse(time.RFC3339Nano, text(a[1]))
	if err != nil {
		return nil, fmt.Errorf("%q is not an RFC 3339 time", text(a[1]))
	}
	return to.Sub(from).Seconds(), nil
}

func compact(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

// digest is the SHA-256 of a string, or of any other value's compact JSON, hex.
func digest(a []any) (any, error) {
	s, ok := a[0].(string)
	if !ok {
		var err error
		if s, err = compact(a[0]); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:]), nil
}

// differing lists the members in which two structures differ, by name: {key, was, is}, null where one has no such member. Members
// are compared whole, lists in their order.
func differing(a []any) (any, error) {
	was, is := a[0].(map[string]any), a[1].(map[string]any)
	names := map[string]bool{}
	for _, m := range []map[string]any{was, is} {
		for name := range m {
			names[name] = true
		}
	}
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !reflect.DeepEqual(was[name], is[name]) {
			out = append(out, map[string]any{"key": name, "was": was[name], "is": is[name]})
		}
	}
	return out, nil
}

// Duration reads a Go duration that may begin with days: 90s, 24h, 35d, 1d12h.
func Duration(s string) (time.Duration, error) {
	rest, days := s, 0.0
	if i := strings.IndexByte(s, 'd'); i > 0 {
		n, err := strconv.ParseFloat(s[:i], 64)
		if err != nil || n > 36500 {
			return 0, fmt.Errorf("%q is not a duration", s)
		}
		days, rest = n, s[i+1:]
	}
	total := time.Duration(days * 24 * float64(time.Hour))
	if rest == "" && total > 0 {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration", s)
	}
	return total + d, nil
}

// Takes gives the types that a function takes as its i-th argument, as JMESPath names them: number, string, array, object,
// array[number], array[string], array[array], expref, any. Past the last argument of a variadic function it is the last one's.
func Takes(name string, i int) []string {
	arguments := table[name].Arguments
	if len(arguments) == 0 {
		return nil
	}
	var out []string
	for _, t := range arguments[min(i, len(arguments)-1)].Types {
		out = append(out, string(t))
	}
	return out
}
