package runbooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// digest is the SHA-256 of what a step or a runbook says, hex: places do not count, so that a line more above a step does
// not change it.
func digest(v any) string {
	var b bytes.Buffer
	content(&b, reflect.ValueOf(v))
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// whole is a runbook's digest, over its head and the digests of its steps.
func (b *Runbook) whole() string {
	head := *b
	head.Steps = nil
	all := digest(head)
	for _, s := range b.Steps {
		all += s.Digest
	}
	return digest(all)
}

var posType = reflect.TypeFor[Pos]()

func content(w *bytes.Buffer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == posType {
			return
		}
		w.WriteByte('{')
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "Digest" {
				w.WriteString(f.Name)
				w.WriteByte(':')
				content(w, v.Field(i))
			}
		}
		w.WriteByte('}')
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			w.WriteString("nil;")
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
	case reflect.String:
		w.WriteString(strconv.Quote(v.String()))
		w.WriteByte(';')
	default:
		fmt.Fprintf(w, "%T %q;", v.Interface(), fmt.Sprint(v.Interface()))
	}
}
