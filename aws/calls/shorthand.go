package calls

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"lifeboat/aws/model"
)

// longest is the longest shorthand a person still reads more easily than JSON.
const longest = 200

var (
	// shortValue is what means itself everywhere in the CLI's shorthand syntax: no comma, bracket, quote, equals sign,
	// backslash or space at an end.
	shortValue = regexp.MustCompile(`^[A-Za-z0-9_./:+*@%-]+( [A-Za-z0-9_./:+*@%-]+)*$`)
	shortKey   = regexp.MustCompile(`^[A-Za-z0-9_.#/:-]+$`)
	bareWord   = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)
)

// shorthand writes a structure or map as the CLI's shorthand, "Key=lifeboat:run,Value=x" (CLI user guide, "Shorthand
// syntax"); ok is false where only JSON is safe or readable. At the top a list of scalars is "Values=a,b"; deeper it is
// bracketed.
func shorthand(s *model.Shape, v any, top bool) (text string, ok bool) {
	tree, ok := v.(map[string]any)
	if !ok || len(tree) == 0 {
		return "", false
	}
	var pairs []string
	add := func(key string, sub *model.Shape) bool {
		value, ok := shortOf(sub, tree[key], top)
		if !ok || !shortKey.MatchString(key) {
			return false
		}
		pairs = append(pairs, key+"="+value)
		return true
	}
	if s.Kind == model.Map {
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			if !add(key, s.Value.Shape) {
				return "", false
			}
		}
	} else {
		for _, m := range s.Members {
			if _, given := tree[m.Name]; given && !add(m.Name, m.Shape) {
				return "", false
			}
		}
	}
	text = strings.Join(pairs, ",")
	return text, len(pairs) == len(tree) && len(text) <= longest
}

func shortOf(s *model.Shape, v any, top bool) (string, bool) {
	switch s.Kind {
	case model.Structure, model.Map:
		text, ok := shorthand(s, v, false)
		return "{" + text + "}", ok
	case model.List:
		items := list(v)
		if len(items) == 0 {
			return "", false
		}
		words := make([]string, len(items))
		flat := top
		for i, item := range items {
			w, ok := shortOf(s.Elem.Shape, item, false)
			if !ok {
				return "", false
			}
			words[i] = w
			flat = flat && !compound(s.Elem.Shape)
		}
		if flat {
			return strings.Join(words, ","), true
		}
		return "[" + strings.Join(words, ",") + "]", true
	case model.Blob:
		return "", false
	}
	text := scalar(v)
	return text, shortValue.MatchString(text)
}

// Quote is a text as one word for bash.
func Quote(s string) string {
	if bareWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
