package kms

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

var aliasForm = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

// CreateAlias gives a key a name that is not taken.
func (s *Service) CreateAlias(ctx context.Context, in *kms.CreateAliasInput) (*kms.CreateAliasOutput, error) {
	c := wire.From(ctx)
	return &kms.CreateAliasOutput{}, s.name(ctx, in.AliasName, in.TargetKeyId, "kms:CreateAlias", func(tx *store.Tx, a *Alias, there bool) error {
		if there {
			return &types.AlreadyExistsException{Message: aws.String("An alias with the name " + aliasARN(c, a.Name) + " already exists")}
		}
		a.Created = tx.Now()
		return nil
	})
}

// UpdateAlias lets a name mean another key.
func (s *Service) UpdateAlias(ctx context.Context, in *kms.UpdateAliasInput) (*kms.UpdateAliasOutput, error) {
	c := wire.From(ctx)
	return &kms.UpdateAliasOutput{}, s.name(ctx, in.AliasName, in.TargetKeyId, "kms:UpdateAlias", func(_ *store.Tx, a *Alias, there bool) error {
		if !there {
			return notFound("Alias %s is not found.", aliasARN(c, a.Name))
		}
		return nil
	})
}

func (s *Service) name(ctx context.Context, name, keyID *string, action string, fn func(tx *store.Tx, a *Alias, there bool) error) error {
	c := wire.From(ctx)
	if err := checkAlias(aws.ToString(name)); err != nil {
		return err
	}
	return s.store.Update(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, keyID, action)
		if err != nil {
			return err
		}
		if err := notDying(k); err != nil {
			return err
		}
		at := row(c.Account, c.Region, *name)
		a, there := s.aliases.Get(tx, at)
		a.Name = *name
		if err := fn(tx, &a, there); err != nil {
			return err
		}
		a.Key, a.Updated = k.ID, tx.Now()
		s.aliases.Put(tx, at, a)
		return nil
	})
}

func checkAlias(name string) error {
	switch {
	case !aliasForm.MatchString(name):
		return &types.InvalidAliasNameException{Message: aws.String("Alias must start with the prefix \"alias/\" and may hold letters, digits, /, _ and -. Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")}
	case strings.HasPrefix(name, "alias/aws/"):
		return wire.Errorf("NotAuthorizedException", "")
	}
	return nil
}

func aliasARN(c wire.Caller, name string) string {
	return "arn:aws:kms:" + c.Region + ":" + c.Account + ":" + name
}

// DeleteAlias takes a name away; the key stays.
func (s *Service) DeleteAlias(ctx context.Context, in *kms.DeleteAliasInput) (*kms.DeleteAliasOutput, error) {
	c := wire.From(ctx)
	name := aws.ToString(in.AliasName)
	if err := checkAlias(name); err != nil {
		return nil, err
	}
	return &kms.DeleteAliasOutput{}, s.store.Update(func(tx *store.Tx) error {
		at := row(c.Account, c.Region, name)
		if _, there := s.aliases.Get(tx, at); !there {
			return notFound("Alias %s is not found.", aliasARN(c, name))
		}
		s.aliases.Delete(tx, at)
		return nil
	})
}

// ListAliases lists names, all of them or those of one key.
func (s *Service) ListAliases(ctx context.Context, in *kms.ListAliasesInput) (out *kms.ListAliasesOutput, err error) {
	c := wire.From(ctx)
	err = s.store.View(func(tx *store.Tx) error {
		only := ""
		if in.KeyId != nil {
			k, err := s.asked(ctx, tx, in.KeyId, "kms:ListAliases")
			if err != nil {
				return err
			}
			only = k.ID
		}
		var all []Alias
		s.aliases.Scan(tx, row(c.Account, c.Region, ""), func(_ string, a Alias) bool {
			if only == "" || a.Key == only {
				all = append(all, a)
			}
			return true
		})
		part, next, err := page.Cut(all, func(a Alias) string { return a.Name }, aws.ToString(in.Marker), limit(in.Limit, 50))
		if err != nil {
			return badMarker()
		}
		out = &kms.ListAliasesOutput{Truncated: next != "", NextMarker: optional(next), Aliases: []types.AliasListEntry{}}
		for _, a := range part {
			out.Aliases = append(out.Aliases, types.AliasListEntry{
				AliasName: aws.String(a.Name), AliasArn: aws.String(aliasARN(c, a.Name)), TargetKeyId: aws.String(a.Key),
				CreationDate: aws.Time(a.Created), LastUpdatedDate: aws.Time(a.Updated),
			})
		}
		return nil
	})
	return out, err
}
