package iam

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Profile is an instance profile: how an instance carries a role.
type Profile struct {
	Account string            `json:"account"`
	Name    string            `json:"name"`
	Path    string            `json:"path"`
	ID      string            `json:"id"` // AIPA...
	Created time.Time         `json:"created"`
	Role    string            `json:"role,omitempty"` // name
	Tags    map[string]string `json:"tags,omitempty"`
}

// ARN names the profile everywhere.
func (p Profile) ARN() string { return arn(p.Account, "instance-profile", p.Path, p.Name) }

// Profile finds an instance profile by its name in account, or by its ARN.
func (s *Service) Profile(tx *store.Tx, account, nameOrARN string) (Profile, error) {
	name := nameOrARN[strings.LastIndex(nameOrARN, "/")+1:]
	p, there := s.profiles.Get(tx, account+"/"+name)
	if !there || name != nameOrARN && p.ARN() != nameOrARN {
		return Profile{}, noSuch("Instance Profile %s cannot be found.", name)
	}
	return p, nil
}

func (s *Service) profilesOf(tx *store.Tx, r Role) (all []Profile) {
	s.profiles.Scan(tx, r.Account+"/", func(_ string, p Profile) bool {
		if p.Role == r.Name {
			all = append(all, p)
		}
		return true
	})
	return all
}

func (s *Service) profileWire(tx *store.Tx, p Profile) *types.InstanceProfile {
	w := &types.InstanceProfile{
		Arn: aws.String(p.ARN()), InstanceProfileName: aws.String(p.Name), InstanceProfileId: aws.String(p.ID), Path: aws.String(p.Path),
		CreateDate: aws.Time(p.Created), Tags: tagList(p.Tags), Roles: []types.Role{},
	}
	if r, there := s.roles.Get(tx, p.Account+"/"+p.Role); there && p.Role != "" {
		w.Roles = append(w.Roles, *r.wire())
	}
	return w
}

func (p Profile) key() string { return p.Account + "/" + p.Name }

func (p Profile) own() Profile { return p } // nothing in it is changed in place

func (s *Service) changeProfile(ctx context.Context, name *string, fn func(tx *store.Tx, p *Profile) error) error {
	return change(ctx, s.store, s.profiles, s.Profile, name, fn)
}

// CreateInstanceProfile makes a profile without a role.
func (s *Service) CreateInstanceProfile(ctx context.Context, in *iam.CreateInstanceProfileInput) (out *iam.CreateInstanceProfileOutput, err error) {
	c := wire.From(ctx)
	tags, err := retag(nil, in.Tags, nil)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		name := aws.ToString(in.InstanceProfileName)
		if _, there := s.profiles.Get(tx, c.Account+"/"+name); there {
			return exists("Instance Profile %s already exists.", name)
		}
		p := Profile{Account: c.Account, Name: name, Path: path(in.Path), ID: uniqueID(tx, "AIPA"), Created: tx.Now(), Tags: tags}
		s.profiles.Put(tx, c.Account+"/"+name, p)
		out = &iam.CreateInstanceProfileOutput{InstanceProfile: s.profileWire(tx, p)}
		return nil
	})
	return out, err
}

// GetInstanceProfile tells of a profile.
func (s *Service) GetInstanceProfile(ctx context.Context, in *iam.GetInstanceProfileInput) (out *iam.GetInstanceProfileOutput, err error) {
	err = view(ctx, s.store, s.Profile, in.InstanceProfileName, func(tx *store.Tx, p Profile) error {
		out = &iam.GetInstanceProfileOutput{InstanceProfile: s.profileWire(tx, p)}
		return nil
	})
	return out, err
}

// ListInstanceProfiles lists the account's profiles below a path.
func (s *Service) ListInstanceProfiles(ctx context.Context, in *iam.ListInstanceProfilesInput) (*iam.ListInstanceProfilesOutput, error) {
	out := &iam.ListInstanceProfilesOutput{InstanceProfiles: []types.InstanceProfile{}}
	return out, s.store.View(func(tx *store.Tx) (err error) {
		var all []Profile
		s.profiles.Scan(tx, wire.From(ctx).Account+"/", func(_ string, p Profile) bool {
			if strings.HasPrefix(p.Path, path(in.PathPrefix)) {
				all = append(all, p)
			}
			return true
		})
		all, out.Marker, out.IsTruncated, err = cut(all, func(p Profile) string { return p.Name }, in.Marker, in.MaxItems)
		for _, p := range all {
			out.InstanceProfiles = append(out.InstanceProfiles, *s.profileWire(tx, p))
		}
		return err
	})
}

// ListInstanceProfilesForRole lists the profiles that carry a role.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	out := &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}
	return out, s.viewRole(ctx, in.RoleName, func(tx *store.Tx, r Role) (err error) {
		all := s.profilesOf(tx, r)
		all, out.Marker, out.IsTruncated, err = cut(all, func(p Profile) string { return p.Name }, in.Marker, in.MaxItems)
		for _, p := range all {
			out.InstanceProfiles = append(out.InstanceProfiles, *s.profileWire(tx, p))
		}
		return err
	})
}

// DeleteInstanceProfile removes a profile without a role.
func (s *Service) DeleteInstanceProfile(ctx context.Context, in *iam.DeleteInstanceProfileInput) (*iam.DeleteInstanceProfileOutput, error) {
	return &iam.DeleteInstanceProfileOutput{}, s.store.Update(func(tx *store.Tx) error {
		p, err := s.Profile(tx, wire.From(ctx).Account, aws.ToString(in.InstanceProfileName))
		if err != nil {
			return err
		}
		if p.Role != "" {
			return conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
		s.profiles.Delete(tx, p.key())
		return nil
	})
}

// AddRoleToInstanceProfile gives a profile its one role.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, in *iam.AddRoleToInstanceProfileInput) (*iam.AddRoleToInstanceProfileOutput, error) {
	return &iam.AddRoleToInstanceProfileOutput{}, s.changeProfile(ctx, in.InstanceProfileName, func(tx *store.Tx, p *Profile) error {
		r, err := s.Role(tx, p.Account, aws.ToString(in.RoleName))
		if err != nil {
			return err
		}
		if p.Role != "" {
			return quota("InstanceSessionsPerInstanceProfile", 1)
		}
		p.Role = r.Name
		return nil
	})
}

// RemoveRoleFromInstanceProfile takes the role away.
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	return &iam.RemoveRoleFromInstanceProfileOutput{}, s.changeProfile(ctx, in.InstanceProfileName, func(_ *store.Tx, p *Profile) error {
		if p.Role == "" || p.Role != aws.ToString(in.RoleName) {
			return noSuch("Role %s in Instance Profile %s cannot be found.", aws.ToString(in.RoleName), p.Name)
		}
		p.Role = ""
		return nil
	})
}
