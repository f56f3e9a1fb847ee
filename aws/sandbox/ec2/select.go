package ec2

import (
	"math"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/page"
)

// attributes are what a kind of resource can be filtered by: the filter's name to the values the resource has for it.
type attributes[T any] map[string]func(T) []string

// filter gives a test for EC2 filters: all filters must match, each by any of its values; * and ? stand for any characters and one, \ takes
// their meaning away. tags gives the tags of a resource for tag:KEY and tag-key (EC2 User Guide, "List and filter using the CLI and API").
func filter[T any](filters []types.Filter, known attributes[T], tags func(T) map[string]string) (func(T) bool, error) {
	var tests []func(T) bool
	for _, f := range filters {
		name, values := aws.ToString(f.Name), f.Values
		get, ok := known[name]
		switch {
		case strings.HasPrefix(name, "tag:") && tags != nil:
			key := strings.TrimPrefix(name, "tag:")
			get = func(t T) []string {
				if v, ok := tags(t)[key]; ok {
					return []string{v}
				}
				return nil
			}
		case name == "tag-key" && tags != nil:
			get = func(t T) []string { return sortedKeys(tags(t)) }
		case !ok:
			return nil, errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		tests = append(tests, func(t T) bool {
			for _, have := range get(t) {
				for _, want := range values {
					if like(want, have) {
						return true
					}
				}
			}
			return false
		})
	}
	return func(t T) bool {
		for _, test := range tests {
			if !test(t) {
				return false
			}
		}
		return true
	}, nil
}

// like matches a filter value with its wildcards.
func like(pattern, s string) bool {
	if !strings.ContainsAny(pattern, `*?\`) {
		return pattern == s
	}
	for pattern != "" {
		switch c := pattern[0]; {
		case c == '*':
			for i := len(s); i >= 0; i-- {
				if like(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case s == "":
			return false
		case c == '?':
		case c == '\\' && len(pattern) > 1:
			pattern = pattern[1:]
			if pattern[0] != s[0] {
				return false
			}
		case c != s[0]:
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// window is how much of a listing is asked for, and where it goes on.
type window struct {
	marker string
	limit  int
}

// paging reads MaxResults (5 to 1,000; more counts as 1,000) and NextToken. With ids given EC2 takes no MaxResults.
func paging(max *int32, token *string, ids int, idsParameter string) (window, error) {
	w := window{marker: aws.ToString(token), limit: math.MaxInt}
	if max == nil {
		return w, nil
	}
	if ids > 0 {
		return w, errorf("InvalidParameterCombination", "The parameter %s cannot be used with the parameter maxResults", idsParameter)
	}
	if *max < 5 {
		return w, errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than 5.", *max)
	}
	w.limit = min(int(*max), 1000)
	return w, nil
}

// cut takes the window out of all rows, which are in the order of their ids, and gives the token for what follows.
func cut[T any](w window, rows []T, id func(T) string) ([]T, *string, error) {
	rows, next, err := page.Cut(rows, id, w.marker, w.limit)
	if err != nil {
		return nil, nil, errorf("InvalidNextToken", "The specified NextToken is not valid.")
	}
	return rows, optional(next), nil
}
