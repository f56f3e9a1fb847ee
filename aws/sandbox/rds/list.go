package rds

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/page"
)

// invalid is the refusal of a parameter's value.
func invalid(format string, args ...any) error {
	return errorf("InvalidParameterValue", format, args...)
}

// identifier checks a name of letters, digits and single hyphens, and gives it as RDS keeps it: in lower case.
func identifier(parameter string, name *string, longest int) (string, error) {
	text := lower(name)
	switch {
	case text == "":
		return "", invalid("The parameter %s must be provided and must not be blank.", parameter)
	case !isLetter(text[0]) || strings.HasSuffix(text, "-") || strings.Contains(text, "--") ||
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return "", invalid("The parameter %s is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.", parameter)
	case len(text) > longest:
		return "", invalid("The parameter %s is not a valid identifier because it is longer than %d characters.", parameter, longest)
	}
	return text, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// lower is a name as RDS keeps it.
func lower(name *string) string { return strings.ToLower(aws.ToString(name)) }

// attributes are what a kind of resource can be filtered by: a filter's name to the values the resource has for it.
type attributes[T any] map[string]func(T) []string

// filter gives a test for the filters of a request: every one must match, by any of its values.
func filter[T any](filters []types.Filter, known attributes[T]) (func(T) bool, error) {
	for _, f := range filters {
		if known[aws.ToString(f.Name)] == nil {
			return nil, invalid("Unrecognized filter name: %s", aws.ToString(f.Name))
		}
	}
	return func(v T) bool {
		return !slices.ContainsFunc(filters, func(f types.Filter) bool {
			have := known[*f.Name](v)
			return !slices.ContainsFunc(f.Values, func(want string) bool { return slices.Contains(have, want) })
		})
	}, nil
}

// one is an attribute of which a resource has one value.
func one[T any](of func(T) string) func(T) []string {
	return func(v T) []string { return []string{of(v)} }
}

// paged cuts the page that a request asks for, of 20 to 100 items, out of items in the order of key, which must be unique.
func paged[T any](items []T, key func(T) string, most *int32, marker *string) ([]T, *string, error) {
	limit := int32(100)
	if most != nil {
		if limit = *most; limit < 20 || limit > 100 {
			return nil, nil, invalid("Invalid value %d for MaxRecords. Must be between 20 and 100", limit)
		}
	}
	part, next, err := page.Cut(items, key, aws.ToString(marker), int(limit))
	if err != nil {
		return nil, nil, invalid("Marker value is not valid.")
	}
	return part, optional(next), nil
}

// pageOf is the page that a request asks for, as paged cuts it, in the form in which it is shown.
func pageOf[T, W any](items []T, key func(T) string, show func(T) W, most *int32, marker *string) ([]W, *string, error) {
	part, next, err := paged(items, key, most, marker)
	out := make([]W, len(part))
	for n, item := range part {
		out[n] = show(item)
	}
	return out, next, err
}
