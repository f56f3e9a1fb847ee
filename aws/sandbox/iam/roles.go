package iam

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Role is an identity that others assume.
type Role struct {
	Account     string            `json:"account"`
	Name        string            `json:"name"`
	Path        string            `json:"path"`
	ID          string            `json:"id"` // AROA...
	Created     time.Time         `json:"created"`
	Description string            `json:"description,omitempty"`
	Trust       string            `json:"trust"`   // policy document
	Longest     int32             `json:"longest"` // seconds a session may last
	Inline      map[string]string `json:"inline,omitempty"`
	Attached    []string          `json:"attached,omitempty"` // policy ARNs, in order
	Tags        map[string]string `json:"tags,omitempty"`
}

// ARN names the role everywhere.
func (r Role) ARN() string { return arn(r.Account, "role", r.Path, r.Name) }

// Role finds a role by its name in account, or by its ARN.
func (s *Service) Role(tx *store.Tx, account, nameOrARN string) (Role, error) {
	name := nameOrARN
	if rest, isARN := strings.CutPrefix(nameOrARN, "arn:aws:iam::"); isARN {
		var resource string
		account, resource, _ = strings.Cut(rest, ":")
		name = resource[strings.LastIndex(resource, "/")+1:]
	}
	r, there := s.roles.Get(tx, account+"/"+name)
	if !there || name != nameOrARN && r.ARN() != nameOrARN {
		return Role{}, noSuch("The role with name %s cannot be found.", name)
	}
	return r, nil
}

// Settle is how long a new role cannot be assumed yet: IAM is eventually consistent.
const Settle = 10 * time.Second

// Assumable says whether a service principal (dlm.amazonaws.com) can assume a role for account: the role is that account's,
// trusts the service, and is old enough. The error says which of them it is.
func (s *Service) Assumable(tx *store.Tx, account, roleARN, service string) error {
	r, err := s.Role(tx, account, roleARN)
	if err != nil {
		return err
	}
	if r.Account != account {
		return fmt.Errorf("role %s is not one of account %s", roleARN, account)
	}
	_, _, err = s.Assume(tx, roleARN, policy.Request{Service: service})
	return err
}

// Assume says whether somebody may assume a role, and gives the role's id and the longest time a session may last.
func (s *Service) Assume(tx *store.Tx, roleARN string, who policy.Request) (id string, longest time.Duration, err error) {
	r, err := s.Role(tx, "", roleARN)
	if err != nil {
		return "", 0, err
	}
	trust, err := policy.Parse(r.Trust)
	if err != nil {
		return "", 0, err
	}
	who.Action = "sts:AssumeRole"
	switch {
	case trust.Decide(who) != policy.Allowed:
		name := who.Service
		if name == "" {
			name = who.ARN
		}
		return "", 0, fmt.Errorf("role %s does not trust %s", roleARN, name)
	case tx.Now().Before(r.Created.Add(Settle)):
		return "", 0, fmt.Errorf("role %s is not known everywhere yet: it was made %s ago", roleARN, tx.Now().Sub(r.Created))
	}
	return r.ID, time.Duration(r.Longest) * time.Second, nil
}

// Permits says whether the policies of a role, inline and attached, let it do action (ec2:CreateSnapshot) on resource, an ARN.
// A deny in any of them wins (IAM User Guide, "Policy evaluation logic"); a role that is not there may do nothing.
func (s *Service) Permits(tx *store.Tx, roleARN, action, resource string) bool {
	r, err := s.Role(tx, "", roleARN)
	if err != nil {
		return false
	}
	texts := slices.Collect(maps.Values(r.Inline))
	for _, arn := range r.Attached {
		if p, err := s.policy(tx, r.Account, arn); err == nil {
			if v, err := p.version(p.Default); err == nil {
				texts = append(texts, v.Text)
			}
		}
	}
	permitted := false
	for _, text := range texts {
		d, err := s.parsed.parse(text)
		if err != nil {
			continue // nothing is kept that was not read before
		}
		switch d.Decide(policy.Request{Account: r.Account, ARN: r.ARN(), Action: action, Resource: resource}) {
		case policy.Denied:
			return false
		case policy.Allowed:
			permitted = true
		}
	}
	return permitted
}

func (r Role) key() string { return r.Account + "/" + r.Name }

func (r Role) own() Role {
	r.Inline, r.Attached = maps.Clone(r.Inline), slices.Clone(r.Attached)
	return r
}

func (s *Service) changeRole(ctx context.Context, name *string, fn func(tx *store.Tx, r *Role) error) error {
	return change(ctx, s.store, s.roles, s.Role, name, fn)
}

func (s *Service) viewRole(ctx context.Context, name *string, fn func(tx *store.Tx, r Role) error) error {
	return view(ctx, s.store, s.Role, name, fn)
}

func (r Role) wire() *types.Role {
	return &types.Role{
		RoleName: aws.String(r.Name), RoleId: aws.String(r.ID), Arn: aws.String(r.ARN()), Path: aws.String(r.Path), CreateDate: aws.Time(r.Created),
		Description: optional(r.Description), AssumeRolePolicyDocument: encoded(r.Trust), MaxSessionDuration: aws.Int32(r.Longest),
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// CreateRole makes a role; it can be assumed after Settle.
func (s *Service) CreateRole(ctx context.Context, in *iam.CreateRoleInput) (out *iam.CreateRoleOutput, err error) {
	c := wire.From(ctx)
	if err := checkTrust(aws.ToString(in.AssumeRolePolicyDocument)); err != nil {
		return nil, err
	}
	tags, err := retag(nil, in.Tags, nil)
	if err != nil {
		return nil, err
	}
	longest := int32(3600)
	if in.MaxSessionDuration != nil {
		longest = *in.MaxSessionDuration
	}
	err = s.store.Update(func(tx *store.Tx) error {
		name := aws.ToString(in.RoleName)
		taken := false // names are unique whatever their case
		s.roles.Scan(tx, c.Account+"/", func(_ string, r Role) bool { taken = taken || strings.EqualFold(r.Name, name); return !taken })
		if taken {
			return exists("Role with name %s already exists.", name)
		}
		r := Role{
			Account: c.Account, Name: name, Path: path(in.Path), ID: uniqueID(tx, "AROA"), Created: tx.Now(),
			Description: aws.ToString(in.Description), Trust: *in.AssumeRolePolicyDocument, Longest: longest, Tags: tags,
		}
		s.roles.Put(tx, c.Account+"/"+name, r)
		out = &iam.CreateRoleOutput{Role: r.wire()}
		out.Role.Tags = tagList(r.Tags)
		return nil
	})
	return out, err
}

// GetRole tells of a role.
func (s *Service) GetRole(ctx context.Context, in *iam.GetRoleInput) (out *iam.GetRoleOutput, err error) {
	err = s.viewRole(ctx, in.RoleName, func(_ *store.Tx, r Role) error {
		out = &iam.GetRoleOutput{Role: r.wire()}
		out.Role.Tags, out.Role.RoleLastUsed = tagList(r.Tags), &types.RoleLastUsed{}
		return nil
	})
	return out, err
}

// ListRoles lists the account's roles below a path.
func (s *Service) ListRoles(ctx context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	out := &iam.ListRolesOutput{Roles: []types.Role{}}
	return out, s.store.View(func(tx *store.Tx) (err error) {
		var all []Role
		s.roles.Scan(tx, wire.From(ctx).Account+"/", func(_ string, r Role) bool {
			if strings.HasPrefix(r.Path, path(in.PathPrefix)) {
				all = append(all, r)
			}
			return true
		})
		all, out.Marker, out.IsTruncated, err = cut(all, func(r Role) string { return r.Name }, in.Marker, in.MaxItems)
		for _, r := range all {
			out.Roles = append(out.Roles, *r.wire())
		}
		return err
	})
}

// UpdateRole changes description and longest session.
func (s *Service) UpdateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	return &iam.UpdateRoleOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.Longest = *in.MaxSessionDuration
		}
		return nil
	})
}

// UpdateAssumeRolePolicy changes whom a role trusts.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	return &iam.UpdateAssumeRolePolicyOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error {
		r.Trust = aws.ToString(in.PolicyDocument)
		return checkTrust(r.Trust)
	})
}

// DeleteRole removes a role that nothing hangs on any more.
func (s *Service) DeleteRole(ctx context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	return &iam.DeleteRoleOutput{}, s.store.Update(func(tx *store.Tx) error {
		r, err := s.Role(tx, wire.From(ctx).Account, aws.ToString(in.RoleName))
		if err != nil {
			return err
		}
		switch {
		case len(s.profilesOf(tx, r)) > 0:
			return conflict("Cannot delete entity, must remove roles from instance profile first.")
		case len(r.Attached) > 0:
			return conflict("Cannot delete entity, must detach all policies first.")
		case len(r.Inline) > 0:
			return conflict("Cannot delete entity, must delete policies first.")
		}
		s.roles.Delete(tx, r.key())
		return nil
	})
}

// TagRole sets tags.
func (s *Service) TagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error { return tag(&r.Tags, in.Tags, nil) })
}

// UntagRole removes tags.
func (s *Service) UntagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, s.changeRole(ctx, in.RoleName, func(_ *store.Tx, r *Role) error { return tag(&r.Tags, nil, in.TagKeys) })
}

// ListRoleTags lists tags.
func (s *Service) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	out := &iam.ListRoleTagsOutput{}
	return out, s.viewRole(ctx, in.RoleName, func(_ *store.Tx, r Role) (err error) {
		out.Tags, out.Marker, out.IsTruncated, err = cutTags(r.Tags, in.Marker, in.MaxItems)
		return err
	})
}
