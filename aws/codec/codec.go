// Package codec turns values of the SDK's own types into plain trees and back, driven by aws/model. One walker serves the
// callers (parameters of a runbook -> SDK input, SDK output -> tree) and the sandbox (wire -> SDK input, SDK output -> wire,
// and its records), so a shape is understood in one place.
//
// A plain tree has the model's member names; strings, bools, float64 numbers, []any and map[string]any; timestamps as
// RFC 3339 strings; blobs as []byte. Fields are found by reflection; methods never are, so that the linker may drop them.
package codec

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"lifeboat/aws/model"
)

// Error says which member of a tree could not be turned into its type, and why.
type Error struct {
	Path string // "TagSpecifications[0].Tags"
	Text string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return e.Text
	}
	return e.Path + ": " + e.Text
}

// field is one member of a shape and the field of the Go struct that holds it.
type field struct {
	member *model.Member
	index  int
}

// binding is what a Go struct and a shape have in common, in the model's order.
type binding struct {
	fields []field
	byName map[string]int // member name -> field index
}

type boundType struct {
	t reflect.Type
	s *model.Shape
}

// bindings remembers the binding of every pair seen: a memo of facts that are fixed when the program is built.
var bindings sync.Map // boundType -> *binding

func bind(t reflect.Type, s *model.Shape) *binding {
	if b, ok := bindings.Load(boundType{t, s}); ok {
		return b.(*binding)
	}
	b := &binding{byName: map[string]int{}}
	for _, m := range s.Members {
		// Members the SDK's older release does not have are left out.
		if f, ok := t.FieldByName(goName(m.Name)); ok && len(f.Index) == 1 {
			b.fields = append(b.fields, field{m, f.Index[0]})
			b.byName[m.Name] = f.Index[0]
		}
	}
	actual, _ := bindings.LoadOrStore(boundType{t, s}, b)
	return actual.(*binding)
}

// goName is how the SDK names the field of a member.
func goName(member string) string {
	if member == "" {
		return ""
	}
	return strings.ToUpper(member[:1]) + member[1:]
}

// Has says whether the SDK's type has a field for the member: the models may be newer than the SDK.
func Has(t reflect.Type, s *model.Shape, member string) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Interface {
		for _, alternative := range unions[t] {
			if tag(alternative) == member {
				return true
			}
		}
		return false
	}
	_, ok := bind(t, s).byName[member]
	return ok
}

// tag is the member a union's alternative stands for: "S" for AttributeValueMemberS.
func tag(t reflect.Type) string {
	_, name, _ := strings.Cut(t.Name(), "Member")
	return name
}

func mismatch(s *model.Shape, t reflect.Type) string {
	return fmt.Sprintf("%s %s has no place in a Go %s", s.Kind, s.Name, t)
}

// Alternative is the Go type that holds a union's member; nil when the union does not have it.
func Alternative(union reflect.Type, member string) reflect.Type {
	for _, t := range unions[union] {
		if tag(t) == member {
			f, _ := t.FieldByName("Value")
			return f.Type
		}
	}
	return nil
}
