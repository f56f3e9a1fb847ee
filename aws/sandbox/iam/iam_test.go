package iam

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const own = "111122223333"

func open(t *testing.T) (*Service, *clock.Clock, context.Context) {
	c := clock.New(clock.Options{Start: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)})
	st, err := store.Open("", c, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return New(st), c, wire.With(t.Context(), wire.Caller{Account: own, ARN: "arn:aws:iam::" + own + ":user/admin", Service: "iam"})
}

func refused(t *testing.T, err error, code, words string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("error: %v; want %s with %q", err, code, words)
	}
}

const (
	dlm  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	some = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}`
)

func TestTrustPolicies(t *testing.T) {
	s, _, ctx := open(t)
	for text, words := range map[string]string{
		`nonsense`: "invalid Json",
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`:                                                       "Missing required field Principal",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}`:                        "Has prohibited field Resource",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"ec2:*"}}`:                                                "only specify STS AssumeRole actions",
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":"12345"},"Action":"sts:AssumeRole"}}`:                           `Invalid principal in policy: "AWS":"12345"`,
		`{"Statement":{"Effect":"Permit","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole"}}`:          "Syntax errors in policy",
		`{"Statement":{"Effect":"Allow","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole"},"Other":1}`: "Syntax errors in policy",
	} {
		_, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &text})
		refused(t, err, "MalformedPolicyDocument", words)
	}
}

func TestAssumable(t *testing.T) {
	s, c, ctx := open(t)
	out, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), Path: aws.String("/service-role/"), AssumeRolePolicyDocument: aws.String(dlm)})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Role.Arn != "arn:aws:iam::"+own+":role/service-role/r" {
		t.Errorf("ARN %s", *out.Role.Arn)
	}
	assumable := func(account, arn, service string) error {
		return s.store.View(func(tx *store.Tx) error { return s.Assumable(tx, account, arn, service) })
	}
	check := func(err error, words string) {
		t.Helper()
		if words == "" && err != nil || words != "" && (err == nil || !strings.Contains(err.Error(), words)) {
			t.Errorf("error: %v, want %q", err, words)
		}
	}
	check(assumable(own, *out.Role.Arn, "dlm.amazonaws.com"), "it was made 0s ago")
	c.Pass(ctx, Settle-time.Millisecond)
	check(assumable(own, *out.Role.Arn, "dlm.amazonaws.com"), "not known everywhere yet")
	c.Pass(ctx, time.Millisecond)
	check(assumable(own, *out.Role.Arn, "dlm.amazonaws.com"), "")
	check(assumable(own, *out.Role.Arn, "backup.amazonaws.com"), "does not trust backup.amazonaws.com")
	check(assumable(own, "arn:aws:iam::"+own+":role/r", "dlm.amazonaws.com"), "cannot be found") // the path belongs to it
	check(assumable("444455556666", *out.Role.Arn, "dlm.amazonaws.com"), "not one of account")
	if _, err := s.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: aws.String(strings.Replace(dlm, "dlm", "backup", 1))}); err != nil {
		t.Fatal(err)
	}
	check(assumable(own, *out.Role.Arn, "backup.amazonaws.com"), "")
	check(assumable(own, *out.Role.Arn, "dlm.amazonaws.com"), "does not trust")
}

func TestPolicyVersions(t *testing.T) {
	s, _, ctx := open(t)
	out, err := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(some), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	if err != nil {
		t.Fatal(err)
	}
	arn := out.Policy.Arn
	_, err = s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(some)})
	refused(t, err, "EntityAlreadyExists", "A policy called p already exists")
	_, err = s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("q"), PolicyDocument: aws.String(dlm)})
	refused(t, err, "MalformedPolicyDocument", "should not specify a principal")
	for range 4 {
		if _, err := s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(some), SetAsDefault: true}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(some)})
	refused(t, err, "LimitExceeded", "up to 5 versions")
	_, err = s.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v5")})
	refused(t, err, "DeleteConflict", "default version")
	_, err = s.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	refused(t, err, "DeleteConflict", "more than one version")
	v, err := s.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := url.PathUnescape(*v.PolicyVersion.Document); text != some || strings.ContainsAny(*v.PolicyVersion.Document, "{+ ") {
		t.Errorf("document %s", *v.PolicyVersion.Document)
	}
	_, err = s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(*arn + "x")})
	refused(t, err, "NoSuchEntity", "was not found")
	for _, known := range awsPolicies {
		got, err := s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy" + known.name)})
		if err != nil {
			t.Error(err)
			continue
		}
		p, _ := managed(*got.Policy.Arn)
		if _, err := policy.Parse(p.Versions[0].Text); err != nil {
			t.Errorf("%s: %v", known.name, err)
		}
	}
}

func TestPermits(t *testing.T) {
	const snapshot, create = "arn:aws:ec2:us-east-2::snapshot/snap-1", "ec2:CreateSnapshot"
	allow := func(action, resource string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}}`
	}
	for _, test := range []struct {
		name, inline, attached string
		want                   bool
	}{
		{"nothing is allowed to whom nothing was allowed", "", "", false},
		{"inline", allow(create, "*"), "", true},
		{"inline, with stars", allow("ec2:*Snapshot", "arn:aws:ec2:*::snapshot/*"), "", true},
		{"another action", allow("ec2:DeleteSnapshot", "*"), "", false},
		{"another resource", allow(create, "arn:aws:ec2:us-west-2::snapshot/*"), "", false},
		{"attached, of AWS", "", "service-role/AWSDataLifecycleManagerServiceRole", true},
		{"attached, of AWS, for other work", "", "service-role/AWSLambdaBasicExecutionRole", false},
		{"a deny wins", strings.Replace(allow(create, "*"), "Allow", "Deny", 1), "AdministratorAccess", false},
	} {
		s, _, ctx := open(t)
		role, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(dlm)})
		if err == nil && test.inline != "" {
			_, err = s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: &test.inline})
		}
		if err == nil && test.attached != "" {
			_, err = s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/" + test.attached)})
		}
		if err != nil {
			t.Fatal(err)
		}
		err = s.store.View(func(tx *store.Tx) error {
			if got := s.Permits(tx, *role.Role.Arn, create, snapshot); got != test.want {
				t.Errorf("%s: %v", test.name, got)
			}
			if s.Permits(tx, *role.Role.Arn+"x", create, snapshot) {
				t.Error("a role that is not there may do something")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestRolesPageByPage(t *testing.T) {
	s, _, ctx := open(t)
	for _, name := range []string{"c", "a", "b", "d", "e"} {
		if _, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(dlm)}); err != nil {
			t.Fatal(err)
		}
	}
	var got string
	in := &iam.ListRolesInput{MaxItems: aws.Int32(2)}
	for {
		out, err := s.ListRoles(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Roles {
			got += *r.RoleName
		}
		if in.Marker = out.Marker; !out.IsTruncated {
			break
		}
		got += " "
	}
	if got != "ab cd e" {
		t.Errorf("pages %q", got)
	}
	_, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("A"), AssumeRolePolicyDocument: aws.String(dlm)})
	refused(t, err, "EntityAlreadyExists", "Role with name A already exists.")
}

func TestAccountAlias(t *testing.T) {
	s, _, ctx := open(t)
	other := wire.With(ctx, wire.Caller{Account: "444455556666"})
	if _, err := s.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: aws.String("lab")}); err != nil {
		t.Fatal(err)
	}
	_, err := s.CreateAccountAlias(other, &iam.CreateAccountAliasInput{AccountAlias: aws.String("lab")})
	refused(t, err, "EntityAlreadyExists", "lab already exists")
	_, err = s.DeleteAccountAlias(other, &iam.DeleteAccountAliasInput{AccountAlias: aws.String("lab")})
	refused(t, err, "NoSuchEntity", "cannot be found")
	if out, err := s.ListAccountAliases(ctx, nil); err != nil || len(out.AccountAliases) != 1 {
		t.Errorf("%v, %v", out, err)
	}
}
