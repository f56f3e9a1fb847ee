package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"lifeboat/aws/sandbox/store"
)

// maxAttached is the quota of managed policies a role has.
const maxAttached = 10

// PutRolePolicy sets an inline policy.
func (s *Service) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	return &iam.PutRolePolicyOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error {
		if r.Inline == nil {
			r.Inline = map[string]string{}
		}
		r.Inline[aws.ToString(in.PolicyName)] = aws.ToString(in.PolicyDocument)
		return checkPermissions(aws.ToString(in.PolicyDocument))
	})
}

// GetRolePolicy tells of an inline policy.
func (s *Service) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput) (out *iam.GetRolePolicyOutput, err error) {
	err = s.viewRole(ctx, in.RoleName, func(_ *store.Tx, r Role) error {
		text, there := r.Inline[aws.ToString(in.PolicyName)]
		if !there {
			return noSuch("The role policy with name %s cannot be found.", aws.ToString(in.PolicyName))
		}
		out = &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: encoded(text)}
		return nil
	})
	return out, err
}

// ListRolePolicies lists the names of inline policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	out := &iam.ListRolePoliciesOutput{}
	return out, s.viewRole(ctx, in.RoleName, func(_ *store.Tx, r Role) (err error) {
		names := append([]string{}, slices.Sorted(maps.Keys(r.Inline))...)
		out.PolicyNames, out.Marker, out.IsTruncated, err = cut(names, func(n string) string { return n }, in.Marker, in.MaxItems)
		return err
	})
}

// DeleteRolePolicy removes an inline policy.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error {
		name := aws.ToString(in.PolicyName)
		if _, there := r.Inline[name]; !there {
			return noSuch("The role policy with name %s cannot be found.", name)
		}
		delete(r.Inline, name)
		return nil
	})
}

// AttachRolePolicy hangs a managed policy on a role; once is enough.
func (s *Service) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	return &iam.AttachRolePolicyOutput{}, s.changeRole(ctx, in.RoleName, func(tx *store.Tx, r *Role) error {
		arn := aws.ToString(in.PolicyArn)
		if _, err := s.policy(tx, r.Account, arn); err != nil {
			return noSuch("Policy %s does not exist or is not attachable.", arn)
		}
		if slices.Contains(r.Attached, arn) {
			return nil
		}
		if len(r.Attached) == maxAttached {
			return quota("PoliciesPerRole", maxAttached)
		}
		r.Attached = append(r.Attached, arn)
		slices.Sort(r.Attached)
		return nil
	})
}

// DetachRolePolicy takes a managed policy off a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	return &iam.DetachRolePolicyOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error {
		at := slices.Index(r.Attached, aws.ToString(in.PolicyArn))
		if at < 0 {
			return noSuch("Policy %s was not found.", aws.ToString(in.PolicyArn))
		}
		r.Attached = slices.Delete(r.Attached, at, at+1)
		return nil
	})
}

// ListAttachedRolePolicies lists the managed policies of a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	out := &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []types.AttachedPolicy{}}
	return out, s.viewRole(ctx, in.RoleName, func(_ *store.Tx, r Role) (err error) {
		var part []string
		part, out.Marker, out.IsTruncated, err = cut(r.Attached, func(a string) string { return a }, in.Marker, in.MaxItems)
		for _, a := range part {
			out.AttachedPolicies = append(out.AttachedPolicies, types.AttachedPolicy{PolicyArn: aws.String(a), PolicyName: aws.String(a[strings.LastIndex(a, "/")+1:])})
		}
		return err
	})
}
