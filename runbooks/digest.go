package runbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
	"slices"
)

// digest is the SHA-256 of what a step or a runbook says, hex: places do not count, so that a line more above a step does
// not change it.
func digest(v any) string {
	h := sha256.New()
	content(h, reflect.ValueOf(v))
	return hex.EncodeToString(h.Sum(nil))
}

var posType = reflect.TypeFor[Pos]()

func content(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == posType {
			return
		}
		fmt.Fprint(w, "{")
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "Digest" {
				fmt.Fprintf(w, "%s:", f.Name)
				content(w, v.Field(i))
			}
		}
		fmt.Fprint(w, "}")
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			fmt.Fprint(w, "nil;")
			return
		}
		content(w, v.Elem())
	case reflect.Slice:
		fmt.Fprintf(w, "[%d", v.Len())
		for i := range v.Len() {
			content(w, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			if a.String() < b.String() {
				return -1
			}
			return 1
		})
		for _, k := range keys {
			fmt.Fprintf(w, "%q:", k.String())
			content(w, v.MapIndex(k))
		}
	default:
		fmt.Fprintf(w, "%T %q;", v.Interface(), fmt.Sprint(v.Interface()))
	}
}
