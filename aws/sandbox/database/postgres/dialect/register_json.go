package dialect

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// jsonGet is -> and ->>: the member or element, as JSON or as text.
func jsonGet(a []driver.Value) (driver.Value, error) {
	raw := []byte(str(a[0]))
	var found json.RawMessage
	if n, ok := a[1].(int64); ok {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, nil
		}
		if n < 0 {
			n += int64(len(list))
		}
		if n < 0 || n >= int64(len(list)) {
			return nil, nil
		}
		found = list[n]
	} else {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return nil, nil
		}
		if found, ok = object[str(a[1])]; !ok {
			return nil, nil
		}
	}
	found = bytes.TrimSpace(found)
	if whole(a[2]) == 0 {
		return string(found), nil
	}
	if string(found) == "null" {
		return nil, nil
	}
	var s string
	if json.Unmarshal(found, &s) == nil {
		return s, nil
	}
	return string(found), nil
}

func jsonType(a []driver.Value) (driver.Value, error) {
	switch s := strings.TrimSpace(str(a[0])); s[0] {
	case '{':
		return "object", nil
	case '[':
		return "array", nil
	case '"':
		return "string", nil
	case 't', 'f':
		return "boolean", nil
	case 'n':
		return "null", nil
	}
	return "number", nil
}

// normal is a jsonb's text: keys by length and then by bytes, the last of equal ones, one space after , and :.
func normal(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	var b strings.Builder
	writeJSON(&b, v)
	return b.String(), nil
}

func writeJSON(b *strings.Builder, v any) {
	switch x := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, c string) int {
			if len(a) != len(c) {
				return len(a) - len(c)
			}
			return strings.Compare(a, c)
		})
		for i, k := range keys {
			b.WriteString([]string{", ", "{"}[bit(i == 0)])
			writeJSON(b, k)
			b.WriteString(": ")
			writeJSON(b, x[k])
		}
		b.WriteString([]string{"}", "{}"}[bit(len(keys) == 0)])
	case []any:
		for i, it := range x {
			b.WriteString([]string{", ", "["}[bit(i == 0)])
			writeJSON(b, it)
		}
		b.WriteString([]string{"]", "[]"}[bit(len(x) == 0)])
	case string:
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		_ = e.Encode(x)
		b.WriteString(strings.TrimSuffix(out.String(), "\n"))
	case json.Number:
		b.WriteString(x.String())
	case nil:
		b.WriteString("null")
	default:
		fmt.Fprint(b, x)
	}
}
