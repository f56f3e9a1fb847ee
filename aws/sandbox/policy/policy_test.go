package policy

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                           "EOF",
		`{`:                          "EOF",
		`[]`:                         "cannot unmarshal",
		`{"Version":"1"}`:            "version",
		`{"Version":"2012-10-17"}`:   "no Statement",
		`{"Statement":[],"Extra":1}`: "Extra",
		`{"Statement":[{"Effect":"Maybe","Action":"a:b"}]}`:                                            "neither Allow nor Deny",
		`{"Statement":[{"Effect":"Allow"}]}`:                                                           "Action or NotAction",
		`{"Statement":[{"Effect":"Allow","Action":"nothing"}]}`:                                        "no service",
		`{"Statement":{"Effect":"Allow","Action":"a:b","Principal":"me"}}`:                             `must be "*"`,
		`{"Statement":{"Effect":"Allow","Action":"a:b","Principal":{"Me":"x"}}}`:                       "not a kind of principal",
		`{"Statement":{"Effect":"Allow","Action":{"a":"b"}}}`:                                          "neither a string nor a list",
		`{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"*"}}`:             "both Resource",
		`{"Statement":{"Effect":"Allow","Action":"a:b","Color":"red"}}`:                                "Color",
		`{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}} {"Statement":"and some more"}`: "text after",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestDecide(t *testing.T) {
	const own, other = "111122223333", "444455556666"
	root := func(account string) string { return `"arn:aws:iam::` + account + `:root"` }
	allow := func(principal, rest string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,` + rest + `}}`
	}
	me := Request{Account: own, Action: "kms:CreateGrant"}
	for _, c := range []struct {
		name, policy string
		request      Request
		want         Decision
	}{
		{"root of the account", allow(`{"AWS":`+root(own)+`}`, `"Action":"kms:*"`), me, Allowed},
		{"another account's root", allow(`{"AWS":`+root(other)+`}`, `"Action":"kms:*"`), me, Silent},
		{"account number", allow(`{"AWS":["`+other+`","`+own+`"]}`, `"Action":"kms:*"`), me, Allowed},
		{"everybody", allow(`"*"`, `"Action":"*"`), me, Allowed},
		{"case of an action", allow(`"*"`, `"Action":"KMS:create*"`), me, Allowed},
		{"other action", allow(`"*"`, `"Action":["kms:Decrypt","kms:ReEncrypt*"]`), me, Silent},
		{"not this action", allow(`"*"`, `"NotAction":"kms:CreateGrant"`), me, Silent},
		{"a role", allow(`{"AWS":"arn:aws:iam::`+own+`:role/r"}`, `"Action":"*"`),
			Request{Account: own, ARN: "arn:aws:sts::" + own + ":assumed-role/r/session", Action: "a:b"}, Allowed},
		{"another role", allow(`{"AWS":"arn:aws:iam::`+own+`:role/s"}`, `"Action":"*"`),
			Request{Account: own, ARN: "arn:aws:sts::" + own + ":assumed-role/r/session", Action: "a:b"}, Silent},
		{"service", allow(`{"Service":["backup.amazonaws.com","dlm.amazonaws.com"]}`, `"Action":"sts:AssumeRole"`),
			Request{Service: "dlm.amazonaws.com", Action: "sts:AssumeRole"}, Allowed},
		{"service is not everybody", allow(`"*"`, `"Action":"*"`), Request{Service: "dlm.amazonaws.com", Action: "sts:AssumeRole"}, Silent},
		{"resource", allow(`"*"`, `"Action":"*","Resource":"arn:aws:s3:::b/*"`), Request{Account: own, Action: "s3:GetObject", Resource: "arn:aws:s3:::c/k"}, Silent},
		{"deny wins", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":{"AWS":"` + own + `"},"Action":"kms:C*"}]}`, me, Denied},
		{"condition", allow(`"*"`, `"Action":"*","Condition":{"StringEquals":{"sts:ExternalId":"x"}}`),
			Request{Account: own, Action: "sts:AssumeRole", Context: map[string]string{"sts:externalid": "x"}}, Allowed},
		{"condition not met", allow(`"*"`, `"Action":"*","Condition":{"StringEquals":{"sts:ExternalId":"x"}}`), me, Silent},
		{"negated condition", allow(`"*"`, `"Action":"*","Condition":{"StringNotEquals":{"sts:ExternalId":"x"}}`),
			Request{Account: own, Action: "a:b", Context: map[string]string{"sts:externalid": "x"}}, Silent},
		{"negated condition, no key", allow(`"*"`, `"Action":"*","Condition":{"StringNotEquals":{"sts:ExternalId":"x"}}`), me, Allowed},
		{"if exists", allow(`"*"`, `"Action":"*","Condition":{"BoolIfExists":{"kms:GrantIsForAWSResource":true}}`), me, Allowed},
		{"unknown operator", allow(`"*"`, `"Action":"*","Condition":{"Moon":{"a":"b"}}`), me, Silent},
	} {
		d, err := Parse(c.policy)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := d.Decide(c.request); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "x", true}, {"a*c", "abbc", true}, {"a*c", "abcd", false},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"*b*", "abc", true}, {"**", "", true}, {"a*b*c", "aXbYbZc", true}, {"a", "", false},
	} {
		if got := Match(c.pattern, c.s); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}
