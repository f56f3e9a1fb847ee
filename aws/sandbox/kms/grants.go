package kms

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Grant lets one principal do some operations with a key until it is revoked.
type Grant struct {
	ID          string                  `json:"id"`
	Token       string                  `json:"token"`
	Key         string                  `json:"key"` // ARN
	Name        string                  `json:"name,omitempty"`
	Grantee     string                  `json:"grantee"` // ARN, or a service
	Retiring    string                  `json:"retiring,omitempty"`
	Issuer      string                  `json:"issuer"` // account
	Operations  []types.GrantOperation  `json:"operations"`
	Constraints *types.GrantConstraints `json:"constraints,omitempty"`
	Created     time.Time               `json:"created"`
}

// granted says whether a grant of the key allows what the policy does not.
func (s *Service) granted(tx *store.Tx, k Key, r policy.Request) (yes bool) {
	operation := strings.TrimPrefix(r.Action, "kms:")
	s.grants.Scan(tx, k.row()+"/", func(_ string, g Grant) bool {
		account := strings.Contains(g.Grantee, "::"+r.Account+":")
		whole := r.ARN == "" || g.Grantee == "arn:aws:iam::"+r.Account+":root"
		yes = account && (whole || g.Grantee == r.ARN) && slices.Contains(g.Operations, types.GrantOperation(operation))
		return !yes
	})
	return yes
}

// CreateGrant lets a principal use a key. The same grant by the same name is made once.
func (s *Service) CreateGrant(ctx context.Context, in *kms.CreateGrantInput) (out *kms.CreateGrantOutput, err error) {
	c := wire.From(ctx)
	grantee := aws.ToString(in.GranteePrincipal)
	if !principalForm.MatchString(grantee) || grantee == "*" {
		if !strings.HasSuffix(grantee, ".amazonaws.com") {
			return nil, &types.InvalidArnException{Message: aws.String("ARN does not refer to a valid principal: " + grantee)}
		}
	}
	err = s.store.Update(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:CreateGrant")
		if err != nil {
			return err
		}
		if err := usable(k); err != nil {
			return err
		}
		g := Grant{
			Key: k.ARN(), Name: aws.ToString(in.Name), Grantee: grantee, Retiring: aws.ToString(in.RetiringPrincipal),
			Issuer: c.Account, Operations: in.Operations, Constraints: in.Constraints, Created: tx.Now(),
		}
		if same, there := s.same(tx, k, g); there {
			g = same
		} else {
			g.ID = strings.ReplaceAll(tx.UUID()+tx.UUID(), "-", "")
			g.Token = strings.ReplaceAll(tx.UUID()+tx.UUID(), "-", "")
			s.grants.Put(tx, k.row()+"/"+g.ID, g)
		}
		out = &kms.CreateGrantOutput{GrantId: aws.String(g.ID), GrantToken: aws.String(g.Token)}
		return nil
	})
	return out, err
}

func (s *Service) same(tx *store.Tx, k Key, g Grant) (same Grant, there bool) {
	if g.Name == "" {
		return same, false
	}
	s.grants.Scan(tx, k.row()+"/", func(_ string, old Grant) bool {
		same, there = old, old.Name == g.Name && old.Grantee == g.Grantee && slices.Equal(old.Operations, g.Operations)
		return !there
	})
	return same, there
}

// ListGrants lists the grants of a key.
func (s *Service) ListGrants(ctx context.Context, in *kms.ListGrantsInput) (out *kms.ListGrantsOutput, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:ListGrants")
		if err != nil {
			return err
		}
		var all []Grant
		s.grants.Scan(tx, k.row()+"/", func(_ string, g Grant) bool {
			id, who := aws.ToString(in.GrantId), aws.ToString(in.GranteePrincipal)
			if (id == "" || id == g.ID) && (who == "" || who == g.Grantee) {
				all = append(all, g)
			}
			return true
		})
		part, next, err := page.Cut(all, func(g Grant) string { return g.ID }, aws.ToString(in.Marker), limit(in.Limit, 50))
		if err != nil {
			return badMarker()
		}
		out = &kms.ListGrantsOutput{Truncated: next != "", NextMarker: optional(next), Grants: []types.GrantListEntry{}}
		for _, g := range part {
			out.Grants = append(out.Grants, types.GrantListEntry{
				GrantId: aws.String(g.ID), KeyId: aws.String(g.Key), Name: optional(g.Name), GranteePrincipal: aws.String(g.Grantee),
				RetiringPrincipal: optional(g.Retiring), IssuingAccount: aws.String("arn:aws:iam::" + g.Issuer + ":root"),
				Operations: g.Operations, Constraints: g.Constraints, CreationDate: aws.Time(g.Created),
			})
		}
		return nil
	})
	return out, err
}

// RevokeGrant takes a grant back.
func (s *Service) RevokeGrant(ctx context.Context, in *kms.RevokeGrantInput) (*kms.RevokeGrantOutput, error) {
	return &kms.RevokeGrantOutput{}, s.store.Update(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, in.KeyId, "kms:RevokeGrant")
		if err != nil {
			return err
		}
		return s.drop(tx, k.row()+"/"+aws.ToString(in.GrantId), aws.ToString(in.GrantId))
	})
}

func (s *Service) drop(tx *store.Tx, at, id string) error {
	if _, there := s.grants.Get(tx, at); !there {
		return notFound("Grant ID %s not found", id)
	}
	s.grants.Delete(tx, at)
	return nil
}

// RetireGrant ends a grant, by its token or by key and id. It is for the retiring principal, the grantee who may, and the
// key's account.
func (s *Service) RetireGrant(ctx context.Context, in *kms.RetireGrantInput) (*kms.RetireGrantOutput, error) {
	c := wire.From(ctx)
	return &kms.RetireGrantOutput{}, s.store.Update(func(tx *store.Tx) error {
		at, g, there := s.retirable(tx, c, in)
		switch {
		case !there && in.GrantToken != nil:
			return &types.InvalidGrantTokenException{Message: aws.String("The grant token is not valid.")}
		case !there:
			return notFound("Grant ID %s not found", aws.ToString(in.GrantId))
		}
		owner := strings.Split(g.Key, ":")[4]
		grantee := slices.Contains(g.Operations, types.GrantOperationRetireGrant) && strings.Contains(g.Grantee, "::"+c.Account+":")
		if c.Account != owner && !strings.Contains(g.Retiring, "::"+c.Account+":") && !grantee {
			return wire.Errorf("AccessDeniedException", "User: %s is not authorized to perform: kms:RetireGrant on resource: %s", c.ARN, g.Key)
		}
		return s.drop(tx, at, g.ID)
	})
}

func (s *Service) retirable(tx *store.Tx, c wire.Caller, in *kms.RetireGrantInput) (at string, g Grant, there bool) {
	if in.GrantToken == nil {
		if k, err := s.find(tx, c.Account, c.Region, aws.ToString(in.KeyId)); err == nil {
			at = k.row() + "/" + aws.ToString(in.GrantId)
			g, there = s.grants.Get(tx, at)
		}
		return at, g, there
	}
	s.grants.Scan(tx, "", func(key string, one Grant) bool {
		at, g, there = key, one, one.Token == *in.GrantToken
		return !there
	})
	return at, g, there
}
