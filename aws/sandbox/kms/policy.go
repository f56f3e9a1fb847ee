package kms

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// defaultPolicy is the policy of a key that was made without one (KMS Developer Guide, "Default key policy").
func defaultPolicy(account string) string {
	return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::` + account + `:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

// managedPolicy is the policy of a key that AWS manages: its account may use it through the service, and look at it.
func managedPolicy(account, region, service string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "auto-%[3]s-2",
  "Statement" : [ {
    "Sid" : "Allow access through the service for all principals in the account that are authorized to use it",
    "Effect" : "Allow",
    "Principal" : { "AWS" : "*" },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : { "StringEquals" : { "kms:CallerAccount" : "%[1]s", "kms:ViaService" : "%[3]s.%[2]s.amazonaws.com" } }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : { "AWS" : "arn:aws:iam::%[1]s:root" },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  } ]
}`, account, region, service)
}

// allowed decides by the key's policy, then by its grants.
func (s *Service) allowed(tx *store.Tx, k Key, r policy.Request) error {
	d, err := policy.Parse(k.Policy)
	if err != nil {
		return err
	}
	switch d.Decide(r) {
	case policy.Allowed:
		return nil
	case policy.Silent:
		if s.granted(tx, k, r) {
			return nil
		}
	}
	who := r.ARN
	if who == "" {
		who = "arn:aws:iam::" + r.Account + ":root"
	}
	return wire.Errorf("AccessDeniedException",
		"User: %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action", who, r.Action, k.ARN(), r.Action)
}

// GetKeyPolicy gives the policy's text as it was put.
func (s *Service) GetKeyPolicy(ctx context.Context, in *kms.GetKeyPolicyInput) (out *kms.GetKeyPolicyOutput, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:GetKeyPolicy")
		if err != nil {
			return err
		}
		if err := onlyDefault(in.PolicyName); err != nil {
			return err
		}
		out = &kms.GetKeyPolicyOutput{Policy: aws.String(k.Policy), PolicyName: aws.String("default")}
		return nil
	})
	return out, err
}

// ListKeyPolicies gives the one name there is.
func (s *Service) ListKeyPolicies(ctx context.Context, in *kms.ListKeyPoliciesInput) (*kms.ListKeyPoliciesOutput, error) {
	return &kms.ListKeyPoliciesOutput{PolicyNames: []string{"default"}}, s.store.View(func(tx *store.Tx) error {
		_, err := s.asked(ctx, tx, in.KeyId, "kms:ListKeyPolicies")
		return err
	})
}

// PutKeyPolicy replaces the policy, unless the caller would lock itself out.
func (s *Service) PutKeyPolicy(ctx context.Context, in *kms.PutKeyPolicyInput) (*kms.PutKeyPolicyOutput, error) {
	return &kms.PutKeyPolicyOutput{}, s.change(ctx, in.KeyId, "kms:PutKeyPolicy", func(tx *store.Tx, k *Key) error {
		if err := onlyDefault(in.PolicyName); err != nil {
			return err
		}
		if k.State == types.KeyStatePendingDeletion {
			return invalidState(*k, "is pending deletion.")
		}
		k.Policy = aws.ToString(in.Policy)
		return checkPolicy(k.Policy, wire.From(ctx), in.BypassPolicyLockoutSafetyCheck)
	})
}

func onlyDefault(name *string) error {
	if n := aws.ToString(name); n != "" && n != "default" {
		return notFound("No such policy exists")
	}
	return nil
}

var principalForm = regexp.MustCompile(`^(\*|\d{12}|arn:aws:(iam|sts)::\d{12}:(root|(role|user|assumed-role)/.+))$`)

// checkPolicy is what KMS asks of a key policy: that it can be read, names principals that can be, and leaves the caller able
// to change it again (unless that is waived).
func checkPolicy(text string, c wire.Caller, bypass bool) error {
	malformed := func(message string) error {
		return &types.MalformedPolicyDocumentException{Message: aws.String(message)}
	}
	d, err := policy.Parse(text)
	if err != nil {
		return malformed("Policy document is malformed: " + err.Error())
	}
	for _, st := range d.Statements {
		switch {
		case st.Principals == nil && st.NotPrincipals == nil:
			return malformed("Policy contains a statement with no principal.")
		case len(st.Resources) == 0 && len(st.NotResources) == 0:
			return malformed("Policy contains a statement with no resource.")
		case slices.ContainsFunc(slices.Concat(st.Principals["AWS"], st.NotPrincipals["AWS"]), func(p string) bool { return !principalForm.MatchString(p) }):
			return malformed("Policy contains a statement with one or more invalid principals.")
		case slices.ContainsFunc(st.Actions, func(a string) bool { return a != "*" && !strings.HasPrefix(strings.ToLower(a), "kms:") }):
			return malformed("Policy contains a statement with one or more invalid actions.")
		}
	}
	r := policy.Request{Account: c.Account, ARN: c.ARN, Action: "kms:PutKeyPolicy", Context: map[string]string{"kms:calleraccount": c.Account}}
	if !bypass && d.Decide(r) != policy.Allowed {
		return malformed("The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}
