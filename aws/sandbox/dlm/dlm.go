// Package dlm is the sandbox's Amazon Data Lifecycle Manager for EBS snapshots.
//
// Its rule: a policy is one row and one due event, the next moment any of its schedules fires. Each policy starts a fixed while after
// the time its schedule names, within the hour, as Data Lifecycle Manager does. What it made it knows by the tags on the snapshots, so
// a deleted policy leaves its snapshots and nothing else has to be kept.
package dlm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dlm/types"

	"lifeboat/aws/sandbox/ec2"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// Roles says what a service can do as a role now.
type Roles interface {
	// Assumable says that the role exists, trusts the service and can be assumed already. The error says what is missing.
	Assumable(tx *store.Tx, account, roleARN, service string) error
	// Permits says that the role's policies allow an action on a resource, named by its ARN.
	Permits(tx *store.Tx, roleARN, action, resource string) bool
}

// principal is the service that assumes the execution role.
const principal = "dlm.amazonaws.com"

// Policy is a lifecycle policy.
type Policy struct {
	ID, Account, Region string
	Description         string
	Role                string
	State               types.GettablePolicyStateValues
	Status              string `json:",omitempty"` // StatusMessage
	Details             types.PolicyDetails
	Tags                map[string]string `json:",omitempty"`
	Created, Modified   time.Time
	Late                time.Duration // how long after its schedule's time the policy starts
	Next                time.Time     `json:",omitzero"` // the schedule's time that is next
}

// Service keeps the policies.
type Service struct {
	store    *store.Store
	ec2      *ec2.Service
	roles    Roles
	policies *store.Table[Policy] // account/region/policy-
}

// policyLimit is how many policies an account has in a Region.
const policyLimit = 100

// New makes the service over the volumes and snapshots of e, with the roles of IAM.
func New(st *store.Store, e *ec2.Service, roles Roles) *Service {
	s := &Service{store: st, ec2: e, roles: roles, policies: store.NewTable[Policy](st, "dlm.policies")}
	st.OnDue(dueRun, s.runDue)
	st.OnDue(dueCopy, s.copyDue)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateLifecyclePolicy), wire.Op(s.GetLifecyclePolicy), wire.Op(s.GetLifecyclePolicies), wire.Op(s.UpdateLifecyclePolicy),
		wire.Op(s.DeleteLifecyclePolicy), wire.Op(s.TagResource), wire.Op(s.UntagResource), wire.Op(s.ListTagsForResource),
	}
}

func (s *Service) update(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.Update(func(tx *store.Tx) error { return fn(tx, c) })
}

func (s *Service) view(ctx context.Context, fn func(tx *store.Tx, c wire.Caller) error) error {
	c := wire.From(ctx)
	return s.store.View(func(tx *store.Tx) error { return fn(tx, c) })
}

func (p Policy) key() string { return p.Account + "/" + p.Region + "/" + p.ID }

func (p Policy) arn() string {
	return fmt.Sprintf("arn:aws:dlm:%s:%s:policy/%s", p.Region, p.Account, p.ID)
}

func refused(format string, args ...any) error {
	return &types.InvalidRequestException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func (s *Service) find(tx *store.Tx, c wire.Caller, id string) (Policy, error) {
	p, ok := s.policies.Get(tx, c.Account+"/"+c.Region+"/"+id)
	if !ok {
		return p, &types.ResourceNotFoundException{
			Message: aws.String(fmt.Sprintf("Policy with id %s does not exist.", id)), ResourceIds: []string{id}, ResourceType: aws.String("POLICY")}
	}
	return p, nil
}

// CreateLifecyclePolicy makes a policy. Its role must be there and trust the service already.
func (s *Service) CreateLifecyclePolicy(ctx context.Context, in *dlm.CreateLifecyclePolicyInput) (*dlm.CreateLifecyclePolicyOutput, error) {
	out := &dlm.CreateLifecyclePolicyOutput{}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		if in.DefaultPolicy != "" || in.PolicyDetails == nil {
			return refused("The sandbox has no default policies: PolicyDetails is required.")
		}
		have := 0
		s.policies.Scan(tx, c.Account+"/"+c.Region+"/", func(string, Policy) bool { have++; return true })
		if have >= policyLimit {
			return &types.LimitExceededException{
				Message: aws.String(fmt.Sprintf("You have reached the limit of %d policies in this Region.", policyLimit)), ResourceType: aws.String("POLICY")}
		}
		p := Policy{
			ID: tx.ID("policy-"), Account: c.Account, Region: c.Region, Description: aws.ToString(in.Description), Role: aws.ToString(in.ExecutionRoleArn),
			State: types.GettablePolicyStateValues(in.State), Details: *in.PolicyDetails, Tags: in.Tags, Created: tx.Now(), Modified: tx.Now(),
			Late: time.Minute + time.Duration(tx.Rand().IntN(54*60))*time.Second,
		}
		if err := s.accept(tx, &p); err != nil {
			return err
		}
		out.PolicyId = aws.String(p.ID)
		return s.plan(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// accept checks a policy and its role, and fills in the defaults.
func (s *Service) accept(tx *store.Tx, p *Policy) error {
	details, err := check(p.Details)
	if err != nil {
		return err
	}
	p.Details = details
	if err := s.roles.Assumable(tx, p.Account, p.Role, principal); err != nil {
		return refused("The execution role cannot be assumed by %s: %v", principal, err)
	}
	return nil
}

// plan stores a policy with the event of its next run, or without one when it is disabled.
func (s *Service) plan(tx *store.Tx, p Policy) error {
	p.Next = time.Time{}
	if p.State == types.GettablePolicyStateValuesDisabled {
		tx.Cancel(dueRun, p.key())
	} else {
		next, err := p.after(tx.Now())
		if err != nil {
			return err
		}
		p.Next = next
		if !next.IsZero() {
			tx.Due(next.Add(p.Late), dueRun, p.key())
		}
	}
	s.policies.Put(tx, p.key(), p)
	return nil
}

// UpdateLifecyclePolicy changes what is given, and plans the policy anew.
func (s *Service) UpdateLifecyclePolicy(ctx context.Context, in *dlm.UpdateLifecyclePolicyInput) (*dlm.UpdateLifecyclePolicyOutput, error) {
	return &dlm.UpdateLifecyclePolicyOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		p, err := s.find(tx, c, aws.ToString(in.PolicyId))
		if err != nil {
			return err
		}
		if in.PolicyDetails != nil {
			p.Details = *in.PolicyDetails
		}
		if in.Description != nil {
			p.Description = *in.Description
		}
		if in.ExecutionRoleArn != nil {
			p.Role = *in.ExecutionRoleArn
		}
		if in.State != "" {
			p.State, p.Status = types.GettablePolicyStateValues(in.State), ""
		}
		if p.State != types.GettablePolicyStateValuesDisabled || in.PolicyDetails != nil || in.ExecutionRoleArn != nil {
			if err := s.accept(tx, &p); err != nil {
				return err
			}
		}
		p.Modified = tx.Now()
		return s.plan(tx, p)
	})
}

// DeleteLifecyclePolicy deletes a policy. The snapshots it made stay.
func (s *Service) DeleteLifecyclePolicy(ctx context.Context, in *dlm.DeleteLifecyclePolicyInput) (*dlm.DeleteLifecyclePolicyOutput, error) {
	return &dlm.DeleteLifecyclePolicyOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		p, err := s.find(tx, c, aws.ToString(in.PolicyId))
		if err != nil {
			return err
		}
		s.policies.Delete(tx, p.key())
		tx.Cancel(dueRun, p.key())
		return nil
	})
}

// GetLifecyclePolicy shows a policy.
func (s *Service) GetLifecyclePolicy(ctx context.Context, in *dlm.GetLifecyclePolicyInput) (*dlm.GetLifecyclePolicyOutput, error) {
	out := &dlm.GetLifecyclePolicyOutput{}
	err := s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		p, err := s.find(tx, c, aws.ToString(in.PolicyId))
		if err != nil {
			return err
		}
		out.Policy = &types.LifecyclePolicy{
			PolicyId: aws.String(p.ID), PolicyArn: aws.String(p.arn()), Description: aws.String(p.Description), ExecutionRoleArn: aws.String(p.Role),
			State: p.State, StatusMessage: aws.String(p.Status), PolicyDetails: &p.Details, Tags: p.Tags,
			DateCreated: aws.Time(p.Created), DateModified: aws.Time(p.Modified), DefaultPolicy: aws.Bool(false),
		}
		if p.Status == "" {
			out.Policy.StatusMessage = aws.String(string(p.State))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetLifecyclePolicies lists the policies that match all that is asked for.
func (s *Service) GetLifecyclePolicies(ctx context.Context, in *dlm.GetLifecyclePoliciesInput) (*dlm.GetLifecyclePoliciesOutput, error) {
	out := &dlm.GetLifecyclePoliciesOutput{Policies: []types.LifecyclePolicySummary{}}
	err := s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		for _, id := range in.PolicyIds {
			if _, err := s.find(tx, c, id); err != nil {
				return err
			}
		}
		s.policies.Scan(tx, c.Account+"/"+c.Region+"/", func(_ string, p Policy) bool {
			if p.matches(in) {
				out.Policies = append(out.Policies, types.LifecyclePolicySummary{
					PolicyId: aws.String(p.ID), Description: aws.String(p.Description), State: p.State, PolicyType: p.Details.PolicyType,
					Tags: p.Tags, DefaultPolicy: aws.Bool(false)})
			}
			return true
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (p Policy) matches(in *dlm.GetLifecyclePoliciesInput) bool {
	var added []types.Tag
	for _, schedule := range p.Details.Schedules {
		added = append(added, schedule.TagsToAdd...)
	}
	return (len(in.PolicyIds) == 0 || slices.Contains(in.PolicyIds, p.ID)) &&
		(in.State == "" || in.State == p.State) &&
		(len(in.ResourceTypes) == 0 || slices.ContainsFunc(in.ResourceTypes, func(t types.ResourceTypeValues) bool { return slices.Contains(p.Details.ResourceTypes, t) })) &&
		among(in.TargetTags, p.Details.TargetTags) && among(in.TagsToAdd, added) &&
		in.DefaultPolicyType == ""
}

// among says whether one of the wanted "key=value" is among the tags; nothing wanted is always there.
func among(wanted []string, tags []types.Tag) bool {
	return len(wanted) == 0 || slices.ContainsFunc(tags, func(t types.Tag) bool {
		return slices.Contains(wanted, aws.ToString(t.Key)+"="+aws.ToString(t.Value))
	})
}

// retag changes the tags of the caller's policy by its ARN.
func (s *Service) retag(ctx context.Context, arn *string, set map[string]string, remove []string) error {
	return s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		p, err := s.find(tx, c, policyID(aws.ToString(arn)))
		if err == nil {
			s.tag(tx, p, set, remove)
		}
		return err
	})
}

func policyID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// TagResource adds tags to a policy.
func (s *Service) TagResource(ctx context.Context, in *dlm.TagResourceInput) (*dlm.TagResourceOutput, error) {
	return &dlm.TagResourceOutput{}, s.retag(ctx, in.ResourceArn, in.Tags, nil)
}

// UntagResource removes tags from a policy.
func (s *Service) UntagResource(ctx context.Context, in *dlm.UntagResourceInput) (*dlm.UntagResourceOutput, error) {
	return &dlm.UntagResourceOutput{}, s.retag(ctx, in.ResourceArn, nil, in.TagKeys)
}

// ListTagsForResource lists the tags of a policy.
func (s *Service) ListTagsForResource(ctx context.Context, in *dlm.ListTagsForResourceInput) (*dlm.ListTagsForResourceOutput, error) {
	out := &dlm.ListTagsForResourceOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		p, err := s.find(tx, c, policyID(aws.ToString(in.ResourceArn)))
		out.Tags = p.Tags
		return err
	})
}

// Tagged lists an account's policies in a Region that have tags.
func (s *Service) Tagged(tx *store.Tx, account, region string) []tagging.Resource {
	var out []tagging.Resource
	s.policies.Scan(tx, account+"/"+region+"/", func(_ string, p Policy) bool {
		if len(p.Tags) > 0 {
			out = append(out, tagging.Resource{ARN: p.arn(), Type: "dlm:policy", Tags: p.Tags})
		}
		return true
	})
	return out
}

// Retag sets and removes tags of a policy by its ARN; another's ARN is not its own.
func (s *Service) Retag(tx *store.Tx, account, region, resource string, set map[string]string, remove []string) (mine bool, err error) {
	p, ok := s.policies.Get(tx, account+"/"+region+"/"+policyID(resource))
	if !ok || p.arn() != resource {
		return false, nil
	}
	s.tag(tx, p, set, remove)
	return true, nil
}

// tag keeps a policy with these tags set and those removed.
func (s *Service) tag(tx *store.Tx, p Policy, set map[string]string, remove []string) {
	tags := map[string]string{}
	maps.Copy(tags, p.Tags)
	maps.Copy(tags, set)
	for _, k := range remove {
		delete(tags, k)
	}
	p.Tags = tags
	s.policies.Put(tx, p.key(), p)
}
