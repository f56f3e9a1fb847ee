package policy

import (
	"strings"
)

// Request is what somebody wants to do. Resource is left empty where the policy belongs to the resource itself.
type Request struct {
	Account  string // of the principal; empty for a service
	ARN      string // of the principal; empty stands for the account as a whole
	Service  string // service principal, such as dlm.amazonaws.com
	Action   string // kms:CreateGrant
	Resource string
	Context  map[string]string // condition keys in lower case
}

// Decision is what a policy says to a request.
type Decision int

// Decisions. Silence is not a refusal: another policy may allow.
const (
	Silent Decision = iota
	Allowed
	Denied
)

// Decide applies the document: a deny that matches wins, then an allow, else it is silent.
func (d Document) Decide(r Request) Decision {
	decision := Silent
	for _, s := range d.Statements {
		switch {
		case !s.applies(r):
		case !s.Allow:
			return Denied
		default:
			decision = Allowed
		}
	}
	return decision
}

func (s Statement) applies(r Request) bool {
	return s.principal(r) && s.action(r.Action) && s.resource(r.Resource) && s.conditions(r.Context)
}

func (s Statement) principal(r Request) bool {
	switch {
	case s.Principals != nil:
		return among(s.Principals, r)
	case s.NotPrincipals != nil:
		return !among(s.NotPrincipals, r)
	}
	return true
}

func among(named map[string][]string, r Request) bool {
	if r.Service != "" {
		for _, name := range named["Service"] {
			if strings.EqualFold(name, r.Service) {
				return true
			}
		}
		return false
	}
	for _, name := range named["AWS"] {
		if name == "*" || name == r.Account || name == "arn:aws:iam::"+r.Account+":root" || r.ARN != "" && (name == r.ARN || name == roleOf(r.ARN)) {
			return true
		}
	}
	return false
}

// roleOf is the role behind the ARN of an assumed role's session.
func roleOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[2] != "sts" {
		return arn
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 3 || path[0] != "assumed-role" {
		return arn
	}
	return "arn:aws:iam::" + parts[4] + ":role/" + path[1]
}

func (s Statement) action(action string) bool {
	if len(s.Actions) > 0 {
		return anyMatch(s.Actions, action, true)
	}
	return !anyMatch(s.NotActions, action, true)
}

func (s Statement) resource(resource string) bool {
	switch {
	case resource == "":
		return true
	case len(s.Resources) > 0:
		return anyMatch(s.Resources, resource, false)
	case len(s.NotResources) > 0:
		return !anyMatch(s.NotResources, resource, false)
	}
	return true
}

func (s Statement) conditions(context map[string]string) bool {
	for operator, keys := range s.Conditions {
		for key, values := range keys {
			actual, there := context[strings.ToLower(key)]
			if !holds(operator, actual, there, values) {
				return false
			}
		}
	}
	return true
}

// holds applies one condition operator. One that is not known here holds for nothing: the statement then does not apply.
func holds(operator, actual string, there bool, values []string) bool {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if operator == "Null" {
		return anyMatch(values, map[bool]string{true: "false", false: "true"}[there], true)
	}
	positive := strings.Replace(operator, "Not", "", 1)
	negated := positive != operator
	if !there {
		return ifExists || negated // a key that is not there differs from every value
	}
	var found bool
	switch positive {
	case "StringEquals":
		for _, v := range values {
			found = found || v == actual
		}
	case "StringEqualsIgnoreCase", "Bool":
		for _, v := range values {
			found = found || strings.EqualFold(v, actual)
		}
	case "StringLike", "ArnLike", "ArnEquals":
		found = anyMatch(values, actual, false)
	default:
		return false
	}
	return found != negated
}

func anyMatch(patterns []string, s string, fold bool) bool {
	for _, p := range patterns {
		if fold {
			p, s = strings.ToLower(p), strings.ToLower(s)
		}
		if Match(p, s) {
			return true
		}
	}
	return false
}

// Match says whether s matches a pattern in which * stands for any text and ? for any one byte.
func Match(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
