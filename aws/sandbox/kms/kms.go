// Package kms is the sandbox's Key Management Service: keys, their policies, grants and aliases.
//
// Its rule: whether somebody may use a key is decided by the key, as in AWS: its state, then its policy, then its grants. An
// account's own administrators are no exception, and another account gets what the policy gives it. Keys that AWS manages
// (alias/aws/ebs) are made when they are first used, and can never be used by another account.
package kms

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/tagging"
	"lifeboat/aws/sandbox/wire"
)

// Key is a KMS key.
type Key struct {
	ID          string             `json:"id"`
	Account     string             `json:"account"`
	Region      string             `json:"region"`
	Created     time.Time          `json:"created"`
	Description string             `json:"description,omitempty"`
	State       types.KeyState     `json:"state"`
	Deletes     time.Time          `json:"deletes,omitzero"`  // while it is pending deletion
	Window      int32              `json:"window,omitempty"`  // days of waiting, while it is pending deletion
	Service     string             `json:"service,omitempty"` // ebs, for a key that AWS manages
	Policy      string             `json:"policy"`
	Spec        types.KeySpec      `json:"spec"`
	Usage       types.KeyUsageType `json:"usage"`
	Rotates     bool               `json:"rotates,omitempty"`
	Tags        map[string]string  `json:"tags,omitempty"`
}

// ARN names the key everywhere.
func (k Key) ARN() string { return fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", k.Region, k.Account, k.ID) }

func (k Key) row() string { return row(k.Account, k.Region, k.ID) }

// Managed says that AWS manages the key: it cannot be shared, changed or deleted.
func (k Key) Managed() bool { return k.Service != "" }

// Alias is a name for a key of the same account and Region.
type Alias struct {
	Name    string    `json:"name"` // alias/...
	Key     string    `json:"key"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

func row(parts ...string) string { return strings.Join(parts, "/") }

// Service holds the keys of all accounts and Regions.
type Service struct {
	store   *store.Store
	keys    *store.Table[Key]   // account/region/id
	aliases *store.Table[Alias] // account/region/alias/name
	grants  *store.Table[Grant] // account/region/key/grant
}

const dueDeletion = "kms.deletion"

// New makes the service on st.
func New(st *store.Store) *Service {
	s := &Service{
		store:   st,
		keys:    store.NewTable[Key](st, "kms.keys"),
		aliases: store.NewTable[Alias](st, "kms.aliases"),
		grants:  store.NewTable[Grant](st, "kms.grants"),
	}
	st.OnDue(dueDeletion, s.delete)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateKey), wire.Op(s.DescribeKey), wire.Op(s.ListKeys), wire.Op(s.UpdateKeyDescription),
		wire.Op(s.EnableKey), wire.Op(s.DisableKey), wire.Op(s.ScheduleKeyDeletion), wire.Op(s.CancelKeyDeletion),
		wire.Op(s.EnableKeyRotation), wire.Op(s.DisableKeyRotation), wire.Op(s.GetKeyRotationStatus),
		wire.Op(s.GetKeyPolicy), wire.Op(s.PutKeyPolicy), wire.Op(s.ListKeyPolicies),
		wire.Op(s.CreateAlias), wire.Op(s.UpdateAlias), wire.Op(s.DeleteAlias), wire.Op(s.ListAliases),
		wire.Op(s.CreateGrant), wire.Op(s.ListGrants), wire.Op(s.RevokeGrant), wire.Op(s.RetireGrant),
		wire.Op(s.TagResource), wire.Op(s.UntagResource), wire.Op(s.ListResourceTags),
	}
}

// Usable answers for another service whether principal, an account, may do action ("kms:Decrypt") with a key for it, and
// gives the key's ARN. keyID is an id, an alias or the ARN of either; an id or alias is one of account and region. The
// errors are KMS's own: NotFoundException, DisabledException, KMSInvalidStateException, AccessDeniedException. A key that AWS
// manages is made here when it is not there yet, so a first use belongs into an Update.
func (s *Service) Usable(tx *store.Tx, account, region, keyID, action, principal string) (arn string, err error) {
	k, err := s.find(tx, account, region, keyID)
	if err != nil {
		return "", err
	}
	who := policy.Request{Account: principal, Action: action, Context: map[string]string{
		"kms:viaservice": through(k.Service) + "." + k.Region + ".amazonaws.com", "kms:calleraccount": principal, "kms:grantisforawsresource": "true",
	}}
	if err := s.allowed(tx, k, who); err != nil {
		return "", err
	}
	return k.ARN(), usable(k)
}

// through is the service that kms:ViaService names for the one a key is for. EBS is a part of EC2, which is also who uses
// the keys of customers.
func through(service string) string {
	if service == "" || service == "ebs" {
		return "ec2"
	}
	return service
}

// Managed says whether keyARN is a key that AWS manages, which can never be shared.
func (s *Service) Managed(tx *store.Tx, keyARN string) bool {
	k, err := s.find(tx, "", "", keyARN)
	return err == nil && k.Managed()
}

// usable is the error of a key that is not enabled.
func usable(k Key) error {
	switch k.State {
	case types.KeyStateEnabled:
		return nil
	case types.KeyStateDisabled:
		return &types.DisabledException{Message: aws.String(k.ARN() + " is disabled.")}
	}
	return invalidState(k, "is pending deletion.")
}

func invalidState(k Key, what string) error {
	return &types.KMSInvalidStateException{Message: aws.String(k.ARN() + " " + what)}
}

func notFound(format string, args ...any) error {
	return &types.NotFoundException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// find is the key that keyID means to somebody in account and region.
func (s *Service) find(tx *store.Tx, account, region, keyID string) (Key, error) {
	id := keyID
	if strings.HasPrefix(keyID, "arn:") {
		parts := strings.SplitN(keyID, ":", 6)
		if len(parts) != 6 || parts[2] != "kms" || region != "" && parts[3] != region {
			return Key{}, &types.InvalidArnException{Message: aws.String("Invalid arn " + keyID)}
		}
		region, account, id = parts[3], parts[4], strings.TrimPrefix(parts[5], "key/")
	}
	if name, isAlias := strings.CutPrefix(id, "alias/"); isAlias {
		a, there := s.aliases.Get(tx, row(account, region, id))
		service, managed := strings.CutPrefix(name, "aws/")
		switch {
		case there:
			id = a.Key
		case managed && !tx.ReadOnly():
			return s.manage(tx, account, region, service), nil
		default:
			return Key{}, notFound("Alias arn:aws:kms:%s:%s:%s is not found.", region, account, id)
		}
	}
	k, there := s.keys.Get(tx, row(account, region, id))
	if !there {
		return Key{}, notFound("Key 'arn:aws:kms:%s:%s:key/%s' does not exist", region, account, id)
	}
	return k, nil
}

// manage makes the key that AWS manages for a service in an account and Region.
func (s *Service) manage(tx *store.Tx, account, region, service string) Key {
	k := s.make(tx, account, region)
	k.Service = service
	k.Description = "Default key that protects my " + strings.ToUpper(service) + " data when no other key is defined"
	k.Policy = managedPolicy(account, region, through(service))
	s.keys.Put(tx, k.row(), k)
	name := "alias/aws/" + service
	s.aliases.Put(tx, row(account, region, name), Alias{Name: name, Key: k.ID, Created: tx.Now(), Updated: tx.Now()})
	return k
}

// make is a new key with what every key has; it is not kept yet.
func (s *Service) make(tx *store.Tx, account, region string) Key {
	return Key{
		ID: tx.UUID(), Account: account, Region: region, Created: tx.Now(), State: types.KeyStateEnabled,
		Policy: defaultPolicy(account), Spec: types.KeySpecSymmetricDefault, Usage: types.KeyUsageTypeEncryptDecrypt,
	}
}

// delete is what happens when the days of waiting are over.
func (s *Service) delete(tx *store.Tx, at string) error {
	s.keys.Delete(tx, at)
	var gone []string
	s.grants.Scan(tx, at+"/", func(key string, _ Grant) bool { gone = append(gone, key); return true })
	for _, key := range gone {
		s.grants.Delete(tx, key)
	}
	gone = nil
	id := at[strings.LastIndex(at, "/")+1:]
	s.aliases.Scan(tx, strings.TrimSuffix(at, id), func(key string, a Alias) bool {
		if a.Key == id {
			gone = append(gone, key)
		}
		return true
	})
	for _, key := range gone {
		s.aliases.Delete(tx, key)
	}
	return nil
}

// Tagged gives the keys with tags.
func (s *Service) Tagged(tx *store.Tx, account, region string) (all []tagging.Resource) {
	s.keys.Scan(tx, row(account, region, ""), func(_ string, k Key) bool {
		if len(k.Tags) > 0 {
			all = append(all, tagging.Resource{ARN: k.ARN(), Type: "kms:key", Tags: k.Tags})
		}
		return true
	})
	return all
}

// Retag changes the tags of a key.
func (s *Service) Retag(tx *store.Tx, account, region, arn string, set map[string]string, remove []string) (mine bool, err error) {
	if !strings.HasPrefix(arn, "arn:aws:kms:") {
		return false, nil
	}
	k, err := s.find(tx, account, region, arn)
	if err == nil {
		k.Tags, err = retag(k.Tags, set, remove)
	}
	if err == nil {
		s.keys.Put(tx, k.row(), k)
	}
	return true, err
}

// maxTags is the quota of a key.
const maxTags = 50

func retag(tags, set map[string]string, remove []string) (map[string]string, error) {
	next := maps.Clone(tags)
	if next == nil {
		next = map[string]string{}
	}
	for _, k := range slices.Sorted(maps.Keys(set)) {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return nil, &types.TagException{Message: aws.String("aws: prefixed tag key names are not allowed for external use.")}
		}
		next[k] = set[k]
	}
	for _, k := range remove {
		delete(next, k)
	}
	if len(next) > maxTags {
		return nil, &types.LimitExceededException{Message: aws.String("Too many tags")}
	}
	return next, nil
}

// change runs fn on the caller's key as one transaction and keeps what fn made of it, when the caller may do action with it.
func (s *Service) change(ctx context.Context, keyID *string, action string, fn func(tx *store.Tx, k *Key) error) error {
	return s.store.Update(func(tx *store.Tx) error {
		k, err := s.asked(ctx, tx, keyID, action)
		if err != nil {
			return err
		}
		if err := fn(tx, &k); err != nil {
			return err
		}
		s.keys.Put(tx, k.row(), k)
		return nil
	})
}

// asked is the key a caller named, when it may do action with it.
func (s *Service) asked(ctx context.Context, tx *store.Tx, keyID *string, action string) (Key, error) {
	c := wire.From(ctx)
	k, err := s.find(tx, c.Account, c.Region, aws.ToString(keyID))
	if err != nil {
		return k, err
	}
	return k, s.allowed(tx, k, policy.Request{
		Account: c.Account, ARN: c.ARN, Action: action, Context: map[string]string{"kms:calleraccount": c.Account},
	})
}
