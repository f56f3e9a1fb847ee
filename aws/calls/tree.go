package calls

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lifeboat/aws/model"
)

// plain turns a parameter into what JSON can carry: times as RFC 3339 strings, bytes as base64, whole numbers as such, and
// documents given as trees where the model wants a string as their JSON text.
func plain(s *model.Shape, v any) any {
	switch t := v.(type) {
	case time.Time:
		return t.UTC().Format(time.RFC3339Nano)
	case []byte:
		return base64.StdEncoding.EncodeToString(t)
	case float64:
		if n := int64(t); float64(n) == t {
			return n
		}
	case map[string]any:
		if s.Kind == model.String {
			text, err := compact(t)
			if err == nil {
				return text
			}
		}
		out := make(map[string]any, len(t))
		for k, e := range t {
			if sub := child(s, k); sub != nil {
				out[k] = plain(sub, e)
			} else {
				out[k] = e
			}
		}
		return out
	}
	if items := list(v); items != nil {
		if s.Kind == model.String {
			if text, err := compact(items); err == nil {
				return text
			}
		}
		out := make([]any, len(items))
		for i, e := range items {
			if s.Elem != nil {
				e = plain(s.Elem.Shape, e)
			}
			out[i] = e
		}
		return out
	}
	return v
}

// child is the shape of a structure's member or of a map's values.
func child(s *model.Shape, name string) *model.Shape {
	if s.Kind == model.Map {
		return s.Value.Shape
	}
	if m := s.Member(name); m != nil {
		return m.Shape
	}
	return nil
}

// list gives the elements of a list of any element type that parameters come in; nil for anything else.
func list(v any) []any {
	switch v := v.(type) {
	case []any:
		if v == nil {
			return []any{}
		}
		return v
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out
	}
	return nil
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// compact is JSON on one line, with < > & as they are.
func compact(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
