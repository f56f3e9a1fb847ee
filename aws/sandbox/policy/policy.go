// Package policy reads AWS policy documents (IAM User Guide, "Grammar of the IAM JSON policy language") and decides by them.
//
// The sandbox's callers are administrators of their own account, so their identity policies are not asked. What one account
// lets another do, and what a role lets a service do, is decided here: key policies, trust policies, shares, a role's policies.
package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Document is a parsed policy.
type Document struct {
	Version    string
	ID         string
	Statements []Statement
}

// Statement is one of its statements. Of each pair (Actions, NotActions) at most one is set.
type Statement struct {
	SID                     string
	Allow                   bool
	Principals              map[string][]string // AWS, Service, Federated, CanonicalUser; "*" alone is AWS: *
	NotPrincipals           map[string][]string
	Actions, NotActions     []string
	Resources, NotResources []string
	Conditions              map[string]map[string][]string // operator -> key -> values
}

// many is one string or a list of them, as the grammar allows nearly everywhere. Booleans and numbers count as their text.
type many []string

func (m *many) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, e := range list {
		switch e.(type) {
		case string, bool, float64:
			*m = append(*m, fmt.Sprint(e))
		default:
			return fmt.Errorf("%s is neither a string nor a list of strings", b)
		}
	}
	return nil
}

// principals is "*" or a map of kinds.
type principals map[string][]string

func (p *principals) UnmarshalJSON(b []byte) error {
	var all string
	if json.Unmarshal(b, &all) == nil {
		if all != "*" {
			return fmt.Errorf("the principal %q must be \"*\" or an object", all)
		}
		*p = principals{"AWS": {"*"}}
		return nil
	}
	var kinds map[string]many
	if err := json.Unmarshal(b, &kinds); err != nil {
		return err
	}
	*p = principals{}
	for kind, names := range kinds {
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind) {
			return fmt.Errorf("%q is not a kind of principal", kind)
		}
		(*p)[kind] = names
	}
	return nil
}

type statement struct {
	Sid          string
	Effect       string
	Principal    principals
	NotPrincipal principals
	Action       many
	NotAction    many
	Resource     many
	NotResource  many
	Condition    map[string]map[string]many
}

// Parse reads a document. Unknown elements, effects and kinds of principal are errors, as they are in AWS.
func Parse(text string) (Document, error) {
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strict(text, &raw); err != nil {
		return Document{}, err
	}
	if raw.Version != "" && raw.Version != "2012-10-17" && raw.Version != "2008-10-17" {
		return Document{}, fmt.Errorf("the version %q is neither 2012-10-17 nor 2008-10-17", raw.Version)
	}
	list, err := statements(raw.Statement)
	if err != nil {
		return Document{}, err
	}
	d := Document{Version: raw.Version, ID: raw.ID}
	for i, s := range list {
		parsed, err := s.check()
		if err != nil {
			return Document{}, fmt.Errorf("statement %d: %w", i+1, err)
		}
		d.Statements = append(d.Statements, parsed)
	}
	return d, nil
}

func strict(text string, into any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("there is text after the document")
	}
	return nil
}

// statements reads one statement or a list of them.
func statements(raw json.RawMessage) ([]statement, error) {
	switch text := strings.TrimSpace(string(raw)); {
	case text == "" || text == "null":
		return nil, errors.New("it has no Statement")
	case strings.HasPrefix(text, "["):
		var list []statement
		err := strict(text, &list)
		return list, err
	default:
		var one statement
		err := strict(text, &one)
		return []statement{one}, err
	}
}

func (s statement) check() (Statement, error) {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return Statement{}, fmt.Errorf("the effect %q is neither Allow nor Deny", s.Effect)
	case (len(s.Action) > 0) == (len(s.NotAction) > 0):
		return Statement{}, errors.New("it needs Action or NotAction")
	case len(s.Resource) > 0 && len(s.NotResource) > 0:
		return Statement{}, errors.New("it has both Resource and NotResource")
	case s.Principal != nil && s.NotPrincipal != nil:
		return Statement{}, errors.New("it has both Principal and NotPrincipal")
	}
	for _, a := range slices.Concat(s.Action, s.NotAction) {
		if a != "*" && !strings.Contains(a, ":") {
			return Statement{}, fmt.Errorf("the action %q has no service before a colon", a)
		}
	}
	p := Statement{
		SID: s.Sid, Allow: s.Effect == "Allow", Principals: s.Principal, NotPrincipals: s.NotPrincipal,
		Actions: s.Action, NotActions: s.NotAction, Resources: s.Resource, NotResources: s.NotResource,
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if p.Conditions == nil {
				p.Conditions = map[string]map[string][]string{}
			}
			if p.Conditions[operator] == nil {
				p.Conditions[operator] = map[string][]string{}
			}
			p.Conditions[operator][key] = values
		}
	}
	return p, nil
}
