// Package sts is the sandbox's Security Token Service, and the accounts and access keys behind it.
//
// Its rule: a key belongs to an account, and who holds a key of an account is its administrator. Keys are made of the
// machine's randomness, never of the seed; they and their expiry live in wall time, as signatures do.
package sts

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Roles decides who may assume a role. The error says why not.
type Roles interface {
	Assume(tx *store.Tx, roleARN string, who policy.Request) (id string, longest time.Duration, err error)
}

// Account is an account of the sandbox, with its administrator's key.
type Account struct {
	ID        string `json:"id"`   // 12 digits
	Name      string `json:"name"` // empty for the sandbox's own
	User      string `json:"user"` // ARN
	UserID    string `json:"userID"`
	AccessKey string `json:"accessKey"`
}

// Key is an access key, of a user or of a session.
type Key struct {
	ID      string    `json:"id"`
	Secret  string    `json:"secret"`
	Token   string    `json:"token,omitempty"`
	Account string    `json:"account"`
	ARN     string    `json:"arn"`
	UserID  string    `json:"userID"`
	Expires time.Time `json:"expires,omitzero"` // wall time
}

// Service mints keys and knows whose they are.
type Service struct {
	store    *store.Store
	roles    Roles
	wall     func() time.Time
	accounts *store.Table[Account] // name
	keys     *store.Table[Key]     // access key id
}

// New makes the service on st. wall is this machine's time.
func New(st *store.Store, roles Roles, wall func() time.Time) *Service {
	return &Service{
		store: st, roles: roles, wall: wall,
		accounts: store.NewTable[Account](st, "sts.accounts"),
		keys:     store.NewTable[Key](st, "sts.keys"),
	}
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{wire.Op(s.GetCallerIdentity), wire.Op(s.GetAccessKeyInfo), wire.Op(s.GetSessionToken), wire.Op(s.AssumeRole)}
}

// Key finds an access key for the signature check.
func (s *Service) Key(id string) (key wire.Key, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		k, there := s.keys.Get(tx, id)
		if !there {
			return fmt.Errorf("access key %s is not known", id)
		}
		key = wire.Key{Secret: k.Secret, SessionToken: k.Token, Account: k.Account, ARN: k.ARN, UserID: k.UserID, Expires: k.Expires}
		return nil
	})
	return key, err
}

// Login gives the account of a name and its administrator's key, and makes them when they are not there; the empty name is
// the sandbox's own account. A given key replaces the one there is.
func (s *Service) Login(name string, given *Key) (a Account, k Key, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		a, _ = s.accounts.Get(tx, name)
		k, _ = s.keys.Get(tx, a.AccessKey)
		return nil
	})
	if err != nil || a.ID != "" && (given == nil || given.ID == k.ID && given.Secret == k.Secret) {
		return a, k, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		if a.ID == "" {
			a = s.account(tx, name)
		}
		s.keys.Delete(tx, a.AccessKey)
		if k = s.mint("AKIA"); given != nil {
			k.ID, k.Secret = given.ID, given.Secret
		}
		if other, taken := s.keys.Get(tx, k.ID); taken && other.Account != a.ID {
			return fmt.Errorf("access key %s belongs to account %s already; choose another one", k.ID, other.Account)
		}
		a.AccessKey, k.Account, k.ARN, k.UserID = k.ID, a.ID, a.User, a.UserID
		s.accounts.Put(tx, name, a)
		s.keys.Put(tx, k.ID, k)
		return nil
	})
	return a, k, err
}

// account is a new account with a number that no other has.
func (s *Service) account(tx *store.Tx, name string) Account {
	taken := map[string]bool{}
	s.accounts.Scan(tx, "", func(_ string, a Account) bool { taken[a.ID] = true; return true })
	id := ""
	for id == "" || taken[id] {
		id = fmt.Sprintf("%012d", 100_000_000_000+tx.Rand().Int64N(900_000_000_000))
	}
	user := name
	if user == "" {
		user = "lifeboat"
	}
	return Account{ID: id, Name: name, User: "arn:aws:iam::" + id + ":user/" + user, UserID: "AIDA" + random32(17)}
}

// Accounts are those that have a name, by it; the sandbox's own is not among them.
func (s *Service) Accounts() (all []Account, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		s.accounts.Scan(tx, "", func(name string, a Account) bool {
			if name != "" {
				all = append(all, a)
			}
			return true
		})
		return nil
	})
	return all, err
}

// mint makes a key with nobody's name on it.
func (s *Service) mint(prefix string) Key {
	return Key{ID: prefix + random32(16), Secret: random64(40)}
}

// random32 gives n characters of A-Z2-7, random64 of base64's.
func random32(n int) string { return base32.StdEncoding.EncodeToString(random(n))[:n] }
func random64(n int) string { return base64.RawStdEncoding.EncodeToString(random(n))[:n] }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return b
}

// session makes the key of a session, and forgets those that ended long ago.
func (s *Service) session(tx *store.Tx, account, arn, userID string, lasts time.Duration) Key {
	now := s.wall().UTC().Truncate(time.Second)
	var ended []string
	s.keys.Scan(tx, "ASIA", func(id string, k Key) bool {
		if k.Expires.Add(24 * time.Hour).Before(now) {
			ended = append(ended, id)
		}
		return strings.HasPrefix(id, "ASIA")
	})
	for _, id := range ended {
		s.keys.Delete(tx, id)
	}
	k := s.mint("ASIA")
	k.Token, k.Expires = random64(300), now.Add(lasts)
	k.Account, k.ARN, k.UserID = account, arn, userID
	s.keys.Put(tx, k.ID, k)
	return k
}

func (k Key) wire() *types.Credentials {
	return &types.Credentials{
		AccessKeyId: aws.String(k.ID), SecretAccessKey: aws.String(k.Secret), SessionToken: aws.String(k.Token), Expiration: aws.Time(k.Expires),
	}
}

// GetCallerIdentity says who asks.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	c := wire.From(ctx)
	return &sts.GetCallerIdentityOutput{Account: aws.String(c.Account), Arn: aws.String(c.ARN), UserId: aws.String(c.UserID)}, nil
}

// GetAccessKeyInfo says which account a key belongs to.
func (s *Service) GetAccessKeyInfo(ctx context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	k, err := s.Key(aws.ToString(in.AccessKeyId))
	if err != nil {
		return nil, wire.Errorf("ValidationError", "Invalid access key identifier: %s", aws.ToString(in.AccessKeyId))
	}
	return &sts.GetAccessKeyInfoOutput{Account: aws.String(k.Account)}, nil
}

// lasts checks how long a session is to last.
func lasts(asked *int32, normal, shortest, longest time.Duration, tooLong string) (time.Duration, error) {
	if asked == nil {
		return normal, nil
	}
	d := time.Duration(*asked) * time.Second
	switch {
	case d < shortest:
		return 0, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to %d", *asked, int(shortest.Seconds()))
	case d > longest:
		return 0, wire.Errorf("ValidationError", "%s", tooLong)
	}
	return d, nil
}

// GetSessionToken gives a user temporary keys.
func (s *Service) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenInput) (out *sts.GetSessionTokenOutput, err error) {
	c := wire.From(ctx)
	if strings.HasPrefix(c.AccessKey, "ASIA") {
		return nil, wire.Errorf("AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	d, err := lasts(in.DurationSeconds, 12*time.Hour, 15*time.Minute, 36*time.Hour, "The requested DurationSeconds exceeds the 36 hour session limit.")
	if err != nil {
		return nil, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		out = &sts.GetSessionTokenOutput{Credentials: s.session(tx, c.Account, c.ARN, c.UserID, d).wire()}
		return nil
	})
	return out, err
}

// AssumeRole gives temporary keys of a role to somebody the role trusts.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (out *sts.AssumeRoleOutput, err error) {
	c := wire.From(ctx)
	roleARN, session := aws.ToString(in.RoleArn), aws.ToString(in.RoleSessionName)
	who := policy.Request{Account: c.Account, ARN: c.ARN, Context: map[string]string{"aws:principalaccount": c.Account, "aws:principalarn": c.ARN, "sts:rolesessionname": session}}
	if in.ExternalId != nil {
		who.Context["sts:externalid"] = *in.ExternalId
	}
	err = s.store.Update(func(tx *store.Tx) error {
		id, longest, refused := s.roles.Assume(tx, roleARN, who)
		if refused != nil {
			return wire.Errorf("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.ARN, roleARN)
		}
		tooLong := "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
		if strings.Contains(c.ARN, ":assumed-role/") {
			longest, tooLong = time.Hour, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
		}
		d, err := lasts(in.DurationSeconds, time.Hour, 15*time.Minute, longest, tooLong)
		if err != nil {
			return err
		}
		parts := strings.Split(roleARN, ":")
		role := roleARN[strings.LastIndex(roleARN, "/")+1:]
		arn := fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", parts[4], role, session)
		k := s.session(tx, parts[4], arn, id+":"+session, d)
		out = &sts.AssumeRoleOutput{
			Credentials:     k.wire(),
			AssumedRoleUser: &types.AssumedRoleUser{Arn: aws.String(arn), AssumedRoleId: aws.String(id + ":" + session)},
		}
		return nil
	})
	return out, err
}
