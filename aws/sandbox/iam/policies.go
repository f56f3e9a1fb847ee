package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Policy is a managed policy with its versions.
type Policy struct {
	ARN         string            `json:"arn"`
	Name        string            `json:"name"`
	Path        string            `json:"path"`
	ID          string            `json:"id"` // ANPA...
	Created     time.Time         `json:"created"`
	Updated     time.Time         `json:"updated"`
	Description string            `json:"description,omitempty"`
	Versions    []Version         `json:"versions"` // oldest first
	Default     string            `json:"default"`
	Last        int               `json:"last"` // number of the newest version there ever was
	Tags        map[string]string `json:"tags,omitempty"`
}

// Version is one text of a policy.
type Version struct {
	ID      string    `json:"id"` // v1
	Text    string    `json:"text"`
	Created time.Time `json:"created"`
}

const maxVersions = 5

// policy finds a managed policy of an account, or of AWS, by its ARN.
func (s *Service) policy(tx *store.Tx, account, arn string) (Policy, error) {
	if p, there := managed(arn); there {
		return p, nil
	}
	p, there := s.policies.Get(tx, account+"/"+arn[strings.LastIndex(arn, "/")+1:])
	if !there || p.ARN != arn {
		return Policy{}, noSuch("Policy %s was not found.", arn)
	}
	return p, nil
}

func (p Policy) key() string {
	account := strings.Split(p.ARN, ":")[4]
	return account + "/" + p.Name
}

func (p Policy) own() Policy {
	p.Versions = slices.Clone(p.Versions)
	return p
}

// changePolicy runs fn on one of the caller's own policies as one transaction and keeps what fn made of it.
func (s *Service) changePolicy(ctx context.Context, arn *string, fn func(tx *store.Tx, p *Policy) error) error {
	return change(ctx, s.store, s.policies, s.policy, arn, func(tx *store.Tx, p *Policy) error {
		if strings.HasPrefix(p.ARN, "arn:aws:iam::aws:") {
			return wire.Errorf("AccessDenied", "User: %s is not authorized to perform: iam:%s on resource: policy %s", wire.From(ctx).ARN, wire.From(ctx).Operation, p.ARN)
		}
		return fn(tx, p)
	})
}

func (s *Service) viewPolicy(ctx context.Context, arn *string, fn func(tx *store.Tx, p Policy) error) error {
	return view(ctx, s.store, s.policy, arn, fn)
}

// holders are the roles of an account that have a policy attached.
func (s *Service) holders(tx *store.Tx, account, arn string) (holders []Role) {
	s.roles.Scan(tx, account+"/", func(_ string, r Role) bool {
		if slices.Contains(r.Attached, arn) {
			holders = append(holders, r)
		}
		return true
	})
	return holders
}

func (p Policy) wire(attached int) types.Policy {
	return types.Policy{
		Arn: aws.String(p.ARN), PolicyName: aws.String(p.Name), PolicyId: aws.String(p.ID), Path: aws.String(p.Path), Description: optional(p.Description),
		CreateDate: aws.Time(p.Created), UpdateDate: aws.Time(p.Updated), DefaultVersionId: aws.String(p.Default),
		AttachmentCount: aws.Int32(int32(attached)), PermissionsBoundaryUsageCount: aws.Int32(0), IsAttachable: true,
	}
}

func (p Policy) version(id string) (Version, error) {
	for _, v := range p.Versions {
		if v.ID == id {
			return v, nil
		}
	}
	return Version{}, noSuch("Policy %s version %s does not exist or is not attachable.", p.ARN, id)
}

func (p Policy) versionWire(v Version, text bool) types.PolicyVersion {
	w := types.PolicyVersion{VersionId: aws.String(v.ID), CreateDate: aws.Time(v.Created), IsDefaultVersion: v.ID == p.Default}
	if text {
		w.Document = encoded(v.Text)
	}
	return w
}

// CreatePolicy makes a managed policy.
func (s *Service) CreatePolicy(ctx context.Context, in *iam.CreatePolicyInput) (out *iam.CreatePolicyOutput, err error) {
	c := wire.From(ctx)
	if err := checkPermissions(aws.ToString(in.PolicyDocument)); err != nil {
		return nil, err
	}
	tags, err := retag(nil, in.Tags, nil)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		name := aws.ToString(in.PolicyName)
		if _, there := s.policies.Get(tx, c.Account+"/"+name); there {
			return exists("A policy called %s already exists. Duplicate names are not allowed.", name)
		}
		p := Policy{
			ARN: arn(c.Account, "policy", path(in.Path), name), Name: name, Path: path(in.Path), ID: uniqueID(tx, "ANPA"), Created: tx.Now(), Updated: tx.Now(),
			Description: aws.ToString(in.Description), Versions: []Version{{ID: "v1", Text: *in.PolicyDocument, Created: tx.Now()}}, Default: "v1", Last: 1, Tags: tags,
		}
		s.policies.Put(tx, c.Account+"/"+name, p)
		w := p.wire(0)
		w.Tags = tagList(tags)
		out = &iam.CreatePolicyOutput{Policy: &w}
		return nil
	})
	return out, err
}

// GetPolicy tells of a managed policy, the account's or AWS's.
func (s *Service) GetPolicy(ctx context.Context, in *iam.GetPolicyInput) (out *iam.GetPolicyOutput, err error) {
	err = s.viewPolicy(ctx, in.PolicyArn, func(tx *store.Tx, p Policy) error {
		w := p.wire(len(s.holders(tx, wire.From(ctx).Account, p.ARN)))
		w.Tags = tagList(p.Tags)
		out = &iam.GetPolicyOutput{Policy: &w}
		return nil
	})
	return out, err
}

// ListPolicies lists managed policies, the account's and those of AWS that are known here.
func (s *Service) ListPolicies(ctx context.Context, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	account := wire.From(ctx).Account
	out := &iam.ListPoliciesOutput{Policies: []types.Policy{}}
	return out, s.store.View(func(tx *store.Tx) (err error) {
		var all []Policy
		if in.Scope != types.PolicyScopeTypeLocal {
			all = append(all, managedPolicies()...)
		}
		if in.Scope != types.PolicyScopeTypeAws {
			s.policies.Scan(tx, account+"/", func(_ string, p Policy) bool { all = append(all, p); return true })
		}
		all = slices.DeleteFunc(all, func(p Policy) bool {
			return !strings.HasPrefix(p.Path, path(in.PathPrefix)) || in.OnlyAttached && len(s.holders(tx, account, p.ARN)) == 0
		})
		slices.SortFunc(all, func(a, b Policy) int { return strings.Compare(a.ARN, b.ARN) })
		all, out.Marker, out.IsTruncated, err = cut(all, func(p Policy) string { return p.ARN }, in.Marker, in.MaxItems)
		for _, p := range all {
			out.Policies = append(out.Policies, p.wire(len(s.holders(tx, account, p.ARN))))
		}
		return err
	})
}

// DeletePolicy removes a policy that nothing has attached and that has one version only.
func (s *Service) DeletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	account := wire.From(ctx).Account
	return &iam.DeletePolicyOutput{}, s.store.Update(func(tx *store.Tx) error {
		p, err := s.policy(tx, account, aws.ToString(in.PolicyArn))
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(p.ARN, "arn:aws:iam::aws:"):
			return wire.Errorf("AccessDenied", "User: %s is not authorized to perform: iam:DeletePolicy on resource: policy %s", wire.From(ctx).ARN, p.ARN)
		case len(s.holders(tx, account, p.ARN)) > 0:
			return conflict("Cannot delete a policy attached to entities.")
		case len(p.Versions) > 1:
			return conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		s.policies.Delete(tx, account+"/"+p.Name)
		return nil
	})
}

// CreatePolicyVersion adds a text, at most five.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (out *iam.CreatePolicyVersionOutput, err error) {
	if err := checkPermissions(aws.ToString(in.PolicyDocument)); err != nil {
		return nil, err
	}
	err = s.changePolicy(ctx, in.PolicyArn, func(tx *store.Tx, p *Policy) error {
		if len(p.Versions) == maxVersions {
			return &types.LimitExceededException{Message: aws.String("A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")}
		}
		p.Last++
		v := Version{ID: fmt.Sprintf("v%d", p.Last), Text: *in.PolicyDocument, Created: tx.Now()}
		p.Versions, p.Updated = append(p.Versions, v), tx.Now()
		if in.SetAsDefault {
			p.Default = v.ID
		}
		w := p.versionWire(v, false)
		out = &iam.CreatePolicyVersionOutput{PolicyVersion: &w}
		return nil
	})
	return out, err
}

// GetPolicyVersion gives a text.
func (s *Service) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput) (out *iam.GetPolicyVersionOutput, err error) {
	err = s.viewPolicy(ctx, in.PolicyArn, func(_ *store.Tx, p Policy) error {
		v, err := p.version(aws.ToString(in.VersionId))
		w := p.versionWire(v, true)
		out = &iam.GetPolicyVersionOutput{PolicyVersion: &w}
		return err
	})
	return out, err
}

// ListPolicyVersions lists the texts, newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsInput) (out *iam.ListPolicyVersionsOutput, err error) {
	err = s.viewPolicy(ctx, in.PolicyArn, func(_ *store.Tx, p Policy) error {
		out = &iam.ListPolicyVersionsOutput{}
		for _, v := range slices.Backward(p.Versions) {
			out.Versions = append(out.Versions, p.versionWire(v, false))
		}
		return nil
	})
	return out, err
}

// DeletePolicyVersion removes a text that is not the default.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	return &iam.DeletePolicyVersionOutput{}, s.changePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *Policy) error {
		id := aws.ToString(in.VersionId)
		if _, err := p.version(id); err != nil {
			return err
		}
		if id == p.Default {
			return conflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.DeleteFunc(p.Versions, func(v Version) bool { return v.ID == id })
		return nil
	})
}

// ListEntitiesForPolicy lists who has a policy attached: roles, as there are no users and groups.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	out := &iam.ListEntitiesForPolicyOutput{PolicyRoles: []types.PolicyRole{}, PolicyGroups: []types.PolicyGroup{}, PolicyUsers: []types.PolicyUser{}}
	return out, s.viewPolicy(ctx, in.PolicyArn, func(tx *store.Tx, p Policy) (err error) {
		roles := s.holders(tx, wire.From(ctx).Account, p.ARN)
		roles, out.Marker, out.IsTruncated, err = cut(roles, func(r Role) string { return r.Name }, in.Marker, in.MaxItems)
		for _, r := range roles {
			out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleId: aws.String(r.ID), RoleName: aws.String(r.Name)})
		}
		return err
	})
}

// TagPolicy sets tags.
func (s *Service) TagPolicy(ctx context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return &iam.TagPolicyOutput{}, s.changePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *Policy) error { return tag(&p.Tags, in.Tags, nil) })
}

// UntagPolicy removes tags.
func (s *Service) UntagPolicy(ctx context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return &iam.UntagPolicyOutput{}, s.changePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *Policy) error { return tag(&p.Tags, nil, in.TagKeys) })
}

// ListPolicyTags lists tags.
func (s *Service) ListPolicyTags(ctx context.Context, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	out := &iam.ListPolicyTagsOutput{}
	return out, s.viewPolicy(ctx, in.PolicyArn, func(_ *store.Tx, p Policy) (err error) {
		out.Tags, out.Marker, out.IsTruncated, err = cutTags(p.Tags, in.Marker, in.MaxItems)
		return err
	})
}
