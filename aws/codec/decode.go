package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"

	"lifeboat/aws/model"
)

var (
	timeType = reflect.TypeFor[time.Time]()
)

// Decode fills an SDK value, given by pointer, from a plain tree. Beside what Encode gives it takes time.Time and Unix
// seconds for timestamps, base64 text for blobs, []byte, text or an io.Reader for streams, any integer type, json.Number, numbers
// and bools written as text, and a map or list where the model wants a string, which is sent as compact JSON. A member the
// shape does not have is an *Error, as is a value of a wrong type.
func Decode(shape *model.Shape, tree map[string]any, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("decoding %s into %T: it must be a pointer to a struct", shape.Name, into)
	}
	return decode(shape, tree, v.Elem(), "")
}

func decode(s *model.Shape, from any, to reflect.Value, path string) error {
	if from == nil {
		return nil
	}
	if to.Kind() == reflect.Pointer {
		p := reflect.New(to.Type().Elem())
		if err := decode(s, from, p.Elem(), path); err != nil {
			return err
		}
		to.Set(p)
		return nil
	}
	switch s.Kind {
	case model.Structure:
		return decodeStruct(s, from, to, path)
	case model.List:
		return decodeList(s, from, to, path)
	case model.Map:
		return decodeMap(s, from, to, path)
	}
	return decodeScalar(s, from, to, path)
}

func decodeStruct(s *model.Shape, from any, to reflect.Value, path string) error {
	tree, ok := from.(map[string]any)
	if !ok {
		return &Error{path, "wants a structure, not " + describe(from)}
	}
	if to.Kind() == reflect.Interface {
		return decodeUnion(s, tree, to, path)
	}
	if to.Kind() != reflect.Struct {
		return &Error{path, mismatch(s, to.Type())}
	}
	b := bind(to.Type(), s)
	for name, e := range tree {
		m := s.Member(name)
		if m == nil {
			return &Error{join(path, name), fmt.Sprintf("%s has no such member", s.Name)}
		}
		if i, ok := b.byName[name]; ok {
			if err := decode(m.Shape, e, to.Field(i), join(path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeUnion(s *model.Shape, tree map[string]any, to reflect.Value, path string) error {
	for _, t := range unions[to.Type()] {
		e, given := tree[tag(t)]
		m := s.Member(tag(t))
		if !given || m == nil || e == nil {
			continue
		}
		alternative := reflect.New(t)
		if err := decode(m.Shape, e, alternative.Elem().FieldByName("Value"), join(path, m.Name)); err != nil {
			return err
		}
		to.Set(alternative)
		return nil
	}
	return &Error{path, fmt.Sprintf("%s is a choice: give exactly one of its members, not %v", s.Name, Names(tree))}
}

func decodeList(s *model.Shape, from any, to reflect.Value, path string) error {
	list, ok := from.([]any)
	if !ok {
		return &Error{path, "wants a list, not " + describe(from)}
	}
	if to.Kind() != reflect.Slice {
		return &Error{path, mismatch(s, to.Type())}
	}
	out := reflect.MakeSlice(to.Type(), len(list), len(list))
	for i, e := range list {
		if err := decode(s.Elem.Shape, e, out.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	to.Set(out)
	return nil
}

func decodeMap(s *model.Shape, from any, to reflect.Value, path string) error {
	tree, ok := from.(map[string]any)
	if !ok {
		return &Error{path, "wants a map, not " + describe(from)}
	}
	if to.Kind() != reflect.Map {
		return &Error{path, mismatch(s, to.Type())}
	}
	out := reflect.MakeMapWithSize(to.Type(), len(tree))
	for k, e := range tree {
		item := reflect.New(to.Type().Elem()).Elem()
		if err := decode(s.Value.Shape, e, item, join(path, k)); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(k).Convert(to.Type().Key()), item)
	}
	to.Set(out)
	return nil
}

func decodeScalar(s *model.Shape, from any, to reflect.Value, path string) error {
	wrong := func() error { return &Error{path, "wants " + wanted(s) + ", not " + describe(from)} }
	switch {
	case to.Type() == timeType && (s.Kind == model.Timestamp || s.Kind == model.String): // S3's Expires is a string in the model alone
		t, ok := Time(from)
		if !ok {
			return &Error{path, "wants a time such as 2026-01-02T15:04:05Z, not " + describe(from)}
		}
		to.Set(reflect.ValueOf(t))
	case s.Kind == model.Blob && to.Kind() == reflect.Interface:
		r, ok := stream(from)
		if !ok {
			return wrong()
		}
		to.Set(reflect.ValueOf(r))
	case s.Kind == model.Blob:
		b, ok := blob(from)
		if !ok {
			return &Error{path, "wants bytes or base64 text, not " + describe(from)}
		}
		to.SetBytes(b)
	case to.Kind() == reflect.String:
		text, ok := Text(from)
		if !ok {
			return wrong()
		}
		to.SetString(text)
	case to.Kind() == reflect.Bool:
		b, ok := boolean(from)
		if !ok {
			return wrong()
		}
		to.SetBool(b)
	case to.CanInt():
		n, ok := integer(from)
		if !ok || to.OverflowInt(n) {
			return wrong()
		}
		to.SetInt(n)
	case to.CanFloat():
		f, ok := Number(from)
		if !ok {
			return wrong()
		}
		to.SetFloat(f)
	default:
		return &Error{path, mismatch(s, to.Type())}
	}
	return nil
}

// Time reads a timestamp of a plain tree.
func Time(from any) (time.Time, bool) {
	switch t := from.(type) {
	case time.Time:
		return t, true
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "2006-01-02 15:04:05"} {
			if parsed, err := time.Parse(layout, t); err == nil {
				return parsed.UTC(), true
			}
		}
		return time.Time{}, false
	}
	f, ok := Number(from)
	if !ok {
		return time.Time{}, false
	}
	whole, part := math.Modf(f)
	// AWS's clocks tell milliseconds; a float64 of seconds cannot tell much more.
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1e3).UTC(), true
}

func stream(from any) (io.ReadCloser, bool) {
	switch b := from.(type) {
	case io.ReadCloser:
		return b, true
	case io.ReadSeeker: // the SDK wants to seek when it signs
		return seeker{b}, true
	case io.Reader:
		return io.NopCloser(b), true
	case []byte:
		return seeker{bytes.NewReader(b)}, true
	case string:
		return seeker{bytes.NewReader([]byte(b))}, true
	}
	return nil, false
}

type seeker struct{ io.ReadSeeker }

func (seeker) Close() error { return nil }

func blob(from any) ([]byte, bool) {
	switch b := from.(type) {
	case []byte:
		return b, true
	case string:
		out, err := base64.StdEncoding.DecodeString(b)
		return out, err == nil
	case io.Reader:
		out, err := io.ReadAll(b)
		return out, err == nil
	}
	return nil, false
}

// Text reads a string of a plain tree: text itself, a number or bool as AWS writes it, and compact JSON for a map or list.
func Text(from any) (string, bool) {
	switch t := from.(type) {
	case string:
		return t, true
	case []byte:
		return string(t), true
	case bool:
		return strconv.FormatBool(t), true
	case json.Number:
		return t.String(), true
	case time.Time:
		return t.UTC().Format(time.RFC3339Nano), true
	case map[string]any, []any:
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(t); err != nil {
			return "", false
		}
		return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), true
	}
	if n, ok := integer(from); ok {
		return strconv.FormatInt(n, 10), true
	}
	if f, ok := Number(from); ok {
		return strconv.FormatFloat(f, 'g', -1, 64), true
	}
	return "", false
}

func boolean(from any) (value, ok bool) {
	switch b := from.(type) {
	case bool:
		return b, true
	case string:
		return b == "true", b == "true" || b == "false"
	}
	return false, false
}

func integer(from any) (int64, bool) {
	switch n := from.(type) {
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<63
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return i, true
		}
		f, err := n.Float64()
		return int64(f), err == nil && f == math.Trunc(f)
	case string:
		i, err := strconv.ParseInt(n, 10, 64)
		return i, err == nil
	}
	return 0, false
}

// Number reads a number of a plain tree.
func Number(from any) (float64, bool) {
	switch n := from.(type) {
	case float64:
		return n, true
	case float32:
		return float64(n), true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(n, 64)
		return f, err == nil
	}
	i, ok := integer(from)
	return float64(i), ok
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// wanted names a scalar in a person's words.
func wanted(s *model.Shape) string {
	switch s.Kind {
	case model.String:
		return "a string"
	case model.Boolean:
		return "true or false"
	case model.Integer, model.Long:
		return "a whole number"
	case model.Blob:
		return "bytes"
	}
	return "a number"
}

// describe names what was given, briefly.
func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		if len(v) > 40 {
			v = v[:40] + "..."
		}
		return strconv.Quote(v)
	}
	return fmt.Sprintf("%v", v)
}
