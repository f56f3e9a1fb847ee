// Package iam is the sandbox's Identity and Access Management: roles, policies, instance profiles, account aliases.
//
// Its rule: whoever holds a key of an account is its administrator, so permissions policies are kept, listed and checked for
// form, but no caller is refused by them. What a service does as a role is decided for real, by trust policy (who is not trusted
// by a role cannot assume it, and a new role takes some seconds before anybody can) and by the role's policies (Permits).
package iam

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// Service holds the identities of all accounts. IAM is global: it does not know Regions.
type Service struct {
	store    *store.Store
	roles    *store.Table[Role]    // account/name
	policies *store.Table[Policy]  // account/name, of the customer's own
	profiles *store.Table[Profile] // account/name
	aliases  *store.Table[string]  // account
	parsed   documents
}

// New makes the service on st.
func New(st *store.Store) *Service {
	return &Service{
		store:    st,
		roles:    store.NewTable[Role](st, "iam.roles"),
		policies: store.NewTable[Policy](st, "iam.policies"),
		profiles: store.NewTable[Profile](st, "iam.profiles"),
		aliases:  store.NewTable[string](st, "iam.aliases"),
	}
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateRole), wire.Op(s.GetRole), wire.Op(s.ListRoles), wire.Op(s.UpdateRole), wire.Op(s.DeleteRole),
		wire.Op(s.UpdateAssumeRolePolicy), wire.Op(s.TagRole), wire.Op(s.UntagRole), wire.Op(s.ListRoleTags),
		wire.Op(s.PutRolePolicy), wire.Op(s.GetRolePolicy), wire.Op(s.ListRolePolicies), wire.Op(s.DeleteRolePolicy),
		wire.Op(s.AttachRolePolicy), wire.Op(s.DetachRolePolicy), wire.Op(s.ListAttachedRolePolicies),
		wire.Op(s.CreatePolicy), wire.Op(s.GetPolicy), wire.Op(s.ListPolicies), wire.Op(s.DeletePolicy),
		wire.Op(s.CreatePolicyVersion), wire.Op(s.GetPolicyVersion), wire.Op(s.ListPolicyVersions), wire.Op(s.DeletePolicyVersion),
		wire.Op(s.ListEntitiesForPolicy), wire.Op(s.TagPolicy), wire.Op(s.UntagPolicy), wire.Op(s.ListPolicyTags),
		wire.Op(s.CreateInstanceProfile), wire.Op(s.GetInstanceProfile), wire.Op(s.ListInstanceProfiles), wire.Op(s.DeleteInstanceProfile),
		wire.Op(s.ListInstanceProfilesForRole), wire.Op(s.AddRoleToInstanceProfile), wire.Op(s.RemoveRoleFromInstanceProfile),
		wire.Op(s.CreateAccountAlias), wire.Op(s.DeleteAccountAlias), wire.Op(s.ListAccountAliases), wire.Op(s.GetUser),
	}
}

// Tagged gives roles and policies with tags; they are found in us-east-1, as AWS has it.
func (s *Service) Tagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	if region != "us-east-1" {
		return nil
	}
	s.roles.Scan(tx, account+"/", func(_ string, r Role) bool {
		if len(r.Tags) > 0 {
			all = append(all, tagging.Resource{ARN: r.ARN(), Type: "iam:role", Tags: r.Tags})
		}
		return true
	})
	s.policies.Scan(tx, account+"/", func(_ string, p Policy) bool {
		if len(p.Tags) > 0 {
			all = append(all, tagging.Resource{ARN: p.ARN, Type: "iam:policy", Tags: p.Tags})
		}
		return true
	})
	return all
}

// uniqueID is an id in IAM's form: AROA and 17 characters for a role.
func uniqueID(tx *store.Tx, prefix string) string {
	r := tx.Rand()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], r.Uint64())
	binary.LittleEndian.PutUint64(b[8:], r.Uint64())
	return prefix + base32.StdEncoding.EncodeToString(b[:])[:17]
}

func arn(account, kind, path, name string) string {
	return fmt.Sprintf("arn:aws:iam::%s:%s%s%s", account, kind, path, name)
}

func path(asked *string) string {
	if p := aws.ToString(asked); p != "" {
		return p
	}
	return "/"
}

// encoded is how IAM answers with documents: percent-encoded (RFC 3986).
func encoded(document string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(document), "+", "%20"))
}

func noSuch(format string, args ...any) error {
	return &types.NoSuchEntityException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func exists(format string, args ...any) error {
	return &types.EntityAlreadyExistsException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func conflict(message string) error {
	return &types.DeleteConflictException{Message: aws.String(message)}
}

func malformed(message string) error {
	return &types.MalformedPolicyDocumentException{Message: aws.String(message)}
}

func quota(what string, n int) error {
	return &types.LimitExceededException{Message: aws.String(fmt.Sprintf("Cannot exceed quota for %s: %d", what, n))}
}

// cut gives one page of a list as IAM lists: marker, at most maxItems, and whether there is more.
func cut[T any](all []T, key func(T) string, marker *string, maxItems *int32) (part []T, next *string, more bool, err error) {
	limit := 100
	if n := int(aws.ToInt32(maxItems)); n > 0 {
		limit = n
	}
	part, after, err := page.Cut(all, key, aws.ToString(marker), limit)
	if err != nil {
		return nil, nil, false, wire.Errorf("ValidationError", "Invalid Marker.")
	}
	if after != "" {
		next = &after
	}
	return part, next, after != "", nil
}

// kept is what an account has by name: a role, a policy, a profile.
type kept[T any] interface {
	key() string // in its table
	own() T      // a copy that shares nothing with what is kept
}

// change runs fn on the one of the caller that find finds by name, as one transaction, and keeps what fn made of it.
func change[T kept[T]](ctx context.Context, st *store.Store, table *store.Table[T], find func(tx *store.Tx, account, name string) (T, error), name *string, fn func(tx *store.Tx, v *T) error) error {
	return st.Update(func(tx *store.Tx) error {
		v, err := find(tx, wire.From(ctx).Account, aws.ToString(name))
		if err != nil {
			return err
		}
		v = v.own()
		if err := fn(tx, &v); err != nil {
			return err
		}
		table.Put(tx, v.key(), v)
		return nil
	})
}

// view runs fn on the one of the caller that find finds by name.
func view[T any](ctx context.Context, st *store.Store, find func(tx *store.Tx, account, name string) (T, error), name *string, fn func(tx *store.Tx, v T) error) error {
	return st.View(func(tx *store.Tx) error {
		v, err := find(tx, wire.From(ctx).Account, aws.ToString(name))
		if err != nil {
			return err
		}
		return fn(tx, v)
	})
}

const maxTags = 50

// tag changes the tags that something has.
func tag(tags *map[string]string, set []types.Tag, remove []string) error {
	next, err := retag(*tags, set, remove)
	if err == nil {
		*tags = next
	}
	return err
}

// cutTags gives one page of tags, by key.
func cutTags(tags map[string]string, marker *string, maxItems *int32) (part []types.Tag, next *string, more bool, err error) {
	return cut(tagList(tags), func(t types.Tag) string { return *t.Key }, marker, maxItems)
}

// retag gives the tags there are after a change.
func retag(tags map[string]string, set []types.Tag, remove []string) (map[string]string, error) {
	next := maps.Clone(tags)
	if next == nil {
		next = map[string]string{}
	}
	seen := map[string]bool{}
	for _, t := range set {
		k := aws.ToString(t.Key)
		switch {
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return nil, &types.InvalidInputException{Message: aws.String("The tag key cannot begin with aws: because it is reserved for system tags.")}
		case seen[strings.ToLower(k)]:
			return nil, &types.InvalidInputException{Message: aws.String("Duplicate tag keys found. Please note that Tag keys are case insensitive.")}
		}
		seen[strings.ToLower(k)] = true
		next[k] = aws.ToString(t.Value)
	}
	for _, k := range remove {
		delete(next, k)
	}
	if len(next) > maxTags {
		return nil, quota("TagsPerRole", maxTags)
	}
	return next, nil
}

func tagList(tags map[string]string) []types.Tag {
	list := []types.Tag{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}

// checkTrust is what IAM asks of a trust policy.
func checkTrust(text string) error {
	d, err := parse(text)
	if err != nil {
		return err
	}
	for _, st := range d.Statements {
		switch {
		case len(st.Resources)+len(st.NotResources) > 0:
			return malformed("Has prohibited field Resource")
		case st.Principals == nil && st.NotPrincipals == nil:
			return malformed("Missing required field Principal")
		case slices.ContainsFunc(st.Actions, func(a string) bool { return !strings.HasPrefix(a, "sts:") }):
			return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
		}
		for _, name := range st.Principals["AWS"] {
			if !trustee(name) {
				return malformed(fmt.Sprintf("Invalid principal in policy: %q:%q", "AWS", name))
			}
		}
		for _, name := range st.Principals["Service"] {
			if !strings.HasSuffix(name, ".amazonaws.com") {
				return malformed(fmt.Sprintf("Invalid principal in policy: %q:%q", "SERVICE", name))
			}
		}
	}
	return nil
}

func trustee(name string) bool {
	digits := strings.TrimSuffix(strings.TrimPrefix(name, "arn:aws:iam::"), ":root")
	number := len(digits) == 12 && strings.Trim(digits, "0123456789") == ""
	return name == "*" || number || strings.HasPrefix(name, "arn:aws:iam::") || strings.HasPrefix(name, "arn:aws:sts::")
}

// checkPermissions is what IAM asks of an identity policy.
func checkPermissions(text string) error {
	d, err := parse(text)
	if err != nil {
		return err
	}
	for _, st := range d.Statements {
		switch {
		case st.Principals != nil || st.NotPrincipals != nil:
			return malformed("Policy document should not specify a principal.")
		case len(st.Resources)+len(st.NotResources) == 0:
			return malformed("Policy statement must contain resources.")
		}
	}
	return nil
}

func parse(text string) (policy.Document, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return policy.Document{}, malformed("This policy contains invalid Json")
	}
	d, err := policy.Parse(text)
	if err != nil {
		return d, malformed("Syntax errors in policy: " + err.Error())
	}
	return d, nil
}

// GetUser tells of the caller, the only user an account has here.
func (s *Service) GetUser(ctx context.Context, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	c := wire.From(ctx)
	own := c.ARN[strings.LastIndex(c.ARN, "/")+1:]
	if in.UserName == nil && !strings.Contains(c.ARN, ":user/") {
		return nil, wire.Errorf("ValidationError", "Must specify userName when calling with non-User credentials")
	}
	if in.UserName != nil && *in.UserName != own {
		return nil, noSuch("The user with name %s cannot be found.", *in.UserName)
	}
	return &iam.GetUserOutput{User: &types.User{
		UserName: aws.String(own), UserId: aws.String(c.UserID), Arn: aws.String(c.ARN), Path: aws.String("/"), CreateDate: aws.Time(published),
	}}, nil
}

// CreateAccountAlias gives the account its name; a former one goes.
func (s *Service) CreateAccountAlias(ctx context.Context, in *iam.CreateAccountAliasInput) (*iam.CreateAccountAliasOutput, error) {
	c := wire.From(ctx)
	return &iam.CreateAccountAliasOutput{}, s.store.Update(func(tx *store.Tx) error {
		taken := false
		s.aliases.Scan(tx, "", func(account, alias string) bool {
			taken = taken || alias == *in.AccountAlias && account != c.Account
			return !taken
		})
		if taken {
			return exists("The account alias %s already exists.", *in.AccountAlias)
		}
		s.aliases.Put(tx, c.Account, *in.AccountAlias)
		return nil
	})
}

// DeleteAccountAlias takes the account's name away.
func (s *Service) DeleteAccountAlias(ctx context.Context, in *iam.DeleteAccountAliasInput) (*iam.DeleteAccountAliasOutput, error) {
	c := wire.From(ctx)
	return &iam.DeleteAccountAliasOutput{}, s.store.Update(func(tx *store.Tx) error {
		if alias, there := s.aliases.Get(tx, c.Account); !there || alias != *in.AccountAlias {
			return noSuch("The account alias %s cannot be found.", *in.AccountAlias)
		}
		s.aliases.Delete(tx, c.Account)
		return nil
	})
}

// ListAccountAliases gives the account's name, if it has one.
func (s *Service) ListAccountAliases(ctx context.Context, in *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
	out := &iam.ListAccountAliasesOutput{AccountAliases: []string{}}
	return out, s.store.View(func(tx *store.Tx) error {
		if alias, there := s.aliases.Get(tx, wire.From(ctx).Account); there {
			out.AccountAliases = []string{alias}
		}
		return nil
	})
}
