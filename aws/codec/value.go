package codec

import (
	"io"
	"iter"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"lifeboat/aws/model"
)

// Value is a part of an SDK value seen through its shape: what Encode and the sandbox's writers walk over.
type Value struct {
	Shape *model.Shape
	v     reflect.Value // never a pointer to a scalar, never nil
}

// Of looks at a struct, or a pointer to one, through its shape.
func Of(shape *model.Shape, from any) Value {
	v := reflect.ValueOf(from)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return Value{shape, v}
}

// Members gives the members that are set, in the model's order. Nil pointers, lists and maps and empty enums are not set;
// a plain number or bool always is.
func (v Value) Members() iter.Seq2[*model.Member, Value] {
	return func(yield func(*model.Member, Value) bool) {
		isUnion := v.v.Kind() == reflect.Interface
		if isUnion {
			v.v = v.v.Elem()
		}
		for v.v.Kind() == reflect.Pointer {
			if v.v.IsNil() {
				return
			}
			v.v = v.v.Elem()
		}
		if v.v.Kind() != reflect.Struct {
			return
		}
		// A union's alternative holds its one member in Value.
		if isUnion {
			if m := v.Shape.Member(tag(v.v.Type())); m != nil {
				if e, ok := element(m.Shape, v.v.FieldByName("Value")); ok {
					yield(m, e)
				}
			}
			return
		}
		for _, f := range bind(v.v.Type(), v.Shape).fields {
			if e, ok := settle(f.member.Shape, v.v.Field(f.index)); ok {
				if !yield(f.member, e) {
					return
				}
			}
		}
	}
}

// settle follows pointers; ok is false when there is nothing.
func settle(s *model.Shape, v reflect.Value) (Value, bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return Value{}, false
		}
		return Value{s, v.Elem()}, true
	case reflect.Interface:
		return Value{s, v}, !v.IsNil()
	case reflect.Slice, reflect.Map:
		return Value{s, v}, !v.IsNil()
	case reflect.String:
		return Value{s, v}, v.Len() > 0 // a plain string is an enum, or has a default
	}
	return Value{s, v}, true
}

// Len is the number of items or entries.
func (v Value) Len() int { return v.v.Len() }

// Items gives a list's items; ok is false for a null in a sparse list.
func (v Value) Items() iter.Seq2[Value, bool] {
	return func(yield func(Value, bool) bool) {
		for i := range v.v.Len() {
			if !yield(element(v.Shape.Elem.Shape, v.v.Index(i))) {
				return
			}
		}
	}
}

// element is settle for lists and maps, where an empty string is a value.
func element(s *model.Shape, e reflect.Value) (Value, bool) {
	if e.Kind() == reflect.String {
		return Value{s, e}, true
	}
	return settle(s, e)
}

// Entries gives a map's entries in key order.
func (v Value) Entries() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		keys := v.v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			if a.String() < b.String() {
				return -1
			}
			return 1
		})
		for _, k := range keys {
			if e, ok := element(v.Shape.Value.Shape, v.v.MapIndex(k)); ok && !yield(k.String(), e) {
				return
			}
		}
	}
}

// Text is a string's value.
func (v Value) Text() string {
	if v.v.Kind() == reflect.Struct { // S3's Expires: a time where the model has the header's text
		return v.Time().UTC().Format(http.TimeFormat)
	}
	return v.v.String()
}

// Bool is a boolean's value.
func (v Value) Bool() bool { return v.v.Bool() }

// Number writes a number as decimal text. A few numbers of the models are strings in the SDK's types (S3's part markers).
func (v Value) Number() string {
	if v.v.Kind() == reflect.String {
		return v.v.String()
	}
	if v.v.CanInt() {
		return strconv.FormatInt(v.v.Int(), 10)
	}
	return strconv.FormatFloat(v.v.Float(), 'g', -1, v.v.Type().Bits())
}

// Float is a number's value; integers above 2^53 lose precision.
func (v Value) Float() float64 {
	if v.v.Kind() == reflect.String {
		f, _ := strconv.ParseFloat(v.v.String(), 64)
		return f
	}
	if v.v.CanInt() {
		return float64(v.v.Int())
	}
	return v.v.Float()
}

// Int is an integer's value; ok is false for floating point.
func (v Value) Int() (n int64, ok bool) {
	if !v.v.CanInt() {
		return 0, false
	}
	return v.v.Int(), true
}

// Time is a timestamp's value.
func (v Value) Time() time.Time {
	t, _ := v.v.Interface().(time.Time)
	return t
}

// Bytes is a blob's value; a stream is read to its end.
func (v Value) Bytes() ([]byte, error) {
	if r, ok := v.Reader(); ok {
		return io.ReadAll(r)
	}
	return v.v.Bytes(), nil
}

// Reader is a streaming blob's value.
func (v Value) Reader() (io.Reader, bool) {
	if v.v.Kind() != reflect.Interface {
		return nil, false
	}
	r, ok := v.v.Interface().(io.Reader)
	return r, ok
}

// Encode gives the plain tree of an SDK value. Streams are read whole and, where they can be, closed.
func Encode(shape *model.Shape, from any) (map[string]any, error) {
	tree, err := plain(Of(shape, from))
	if err != nil {
		return nil, err
	}
	return tree.(map[string]any), nil
}

func plain(v Value) (any, error) {
	switch v.Shape.Kind {
	case model.Structure:
		tree := map[string]any{}
		for m, e := range v.Members() {
			p, err := plain(e)
			if err != nil {
				return nil, &Error{Path: m.Name, Text: err.Error()}
			}
			tree[m.Name] = p
		}
		return tree, nil
	case model.List:
		list := make([]any, 0, v.Len())
		for e, ok := range v.Items() {
			var p any
			var err error
			if ok {
				if p, err = plain(e); err != nil {
					return nil, err
				}
			}
			list = append(list, p)
		}
		return list, nil
	case model.Map:
		tree := make(map[string]any, v.Len())
		for k, e := range v.Entries() {
			p, err := plain(e)
			if err != nil {
				return nil, &Error{Path: k, Text: err.Error()}
			}
			tree[k] = p
		}
		return tree, nil
	case model.Blob:
		b, err := v.Bytes()
		if c, ok := v.v.Interface().(io.Closer); ok {
			c.Close()
		}
		return b, err
	case model.Boolean:
		return v.Bool(), nil
	case model.Timestamp:
		return v.Time().UTC().Format(time.RFC3339Nano), nil
	case model.String:
		return v.Text(), nil
	}
	return v.Float(), nil
}

// Names lists the keys of a tree, sorted.
func Names(tree map[string]any) []string { return slices.Sorted(maps.Keys(tree)) }
