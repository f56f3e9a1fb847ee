package dialect

import (
	"encoding/json"
	"strings"
)

// inputArray reads {a,"b c",NULL} into JSON, which is how SQLite keeps an array. Only arrays of one dimension are there.
func inputArray(el OID, text string) (any, error) {
	s := strings.TrimSpace(text)
	if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") {
		e := Errorf("22P02", "malformed array literal: %q", text)
		e.Detail = `Array value must start with "{" or dimension information.`
		return nil, e
	}
	out := []any{}
	s = s[1 : len(s)-1]
	for strings.TrimSpace(s) != "" {
		item, isQuoted, rest, err := arrayItem(s)
		if err != nil {
			return nil, err
		}
		s = rest
		if !isQuoted && strings.EqualFold(item, "null") {
			out = append(out, nil)
			continue
		}
		v, err := Type{OID: el}.Input(item)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return ArrayOf(el, out)
}

// ArrayOf is an array as SQLite keeps it, from its elements as SQLite would keep them.
func ArrayOf(el OID, items []any) (string, error) {
	for i, v := range items {
		if b, ok := v.([]byte); ok {
			items[i], _ = Type{OID: Bytea}.Output(b)
		}
	}
	b, err := json.Marshal(items)
	return string(b), err
}

// Items are an array's elements, as SQLite would keep each.
func Items(el OID, kept string) ([]any, error) {
	var items []any
	d := json.NewDecoder(strings.NewReader(kept))
	d.UseNumber()
	if err := d.Decode(&items); err != nil {
		return nil, Errorf("22P02", "malformed array: %q", kept)
	}
	for i, v := range items {
		var err error
		switch x := v.(type) {
		case json.Number:
			items[i], err = Type{OID: el}.Input(x.String())
		case bool:
			items[i] = map[bool]int64{true: 1}[x]
		case string:
			if el == Bytea {
				items[i], err = inputBytes(x)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

func arrayItem(s string) (item string, isQuoted bool, rest string, err error) {
	var b strings.Builder
	inside := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"':
			inside, isQuoted = !inside, true
		case c == '{' && !inside:
			return "", false, "", Unsupported("an array of more than one dimension")
		case c == ',' && !inside:
			return finish(b.String(), isQuoted), isQuoted, s[i+1:], nil
		default:
			b.WriteByte(c)
		}
	}
	return finish(b.String(), isQuoted), isQuoted, "", nil
}

func finish(item string, isQuoted bool) string {
	if isQuoted {
		return item
	}
	return strings.TrimSpace(item)
}

func outputArray(el OID, kept string) (string, error) {
	items, err := Items(el, kept)
	if err != nil {
		return "", err
	}
	out := make([]string, len(items))
	for i, v := range items {
		if v == nil {
			out[i] = "NULL"
			continue
		}
		s, err := Type{OID: el}.Output(v)
		if err != nil {
			return "", err
		}
		if s == "" || strings.EqualFold(s, "null") || strings.ContainsAny(s, `{},"\ `+"\t\n\r") {
			s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
		}
		out[i] = s
	}
	return "{" + strings.Join(out, ",") + "}", nil
}
