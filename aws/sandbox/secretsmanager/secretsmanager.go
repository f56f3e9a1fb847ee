// Package secretsmanager is the sandbox's AWS Secrets Manager: secrets, their versions and what other services keep in it.
//
// Its rule: a secret is a list of versions, and a version never changes. What is current is a label that moves from one version
// to the next, so the value of a moment ago is still there as AWSPREVIOUS. Whoever reads a value must be able to use the KMS key
// of the secret at that moment. A secret that another service owns changes through that service alone.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Keys says whether a KMS key may be used; kms.Service is one. Its errors are KMS's own.
type Keys interface {
	Usable(tx *store.Tx, account, region, keyID, action, principal string) (arn string, err error)
}

// Secret is a secret with its values.
type Secret struct {
	Account      string            `json:"account"`
	Region       string            `json:"region"`
	Name         string            `json:"name"`
	Suffix       string            `json:"suffix"` // of its ARN
	Description  string            `json:"description,omitempty"`
	Key          string            `json:"key"`                // ARN of its KMS key
	OwnKey       bool              `json:"ownKey,omitempty"`   // Key was named, it is not the one AWS manages
	Owner        string            `json:"owner,omitempty"`    // the service that manages it: rds
	Versions     []Version         `json:"versions,omitempty"` // oldest first
	Created      time.Time         `json:"created"`
	Changed      time.Time         `json:"changed"`
	Read         time.Time         `json:"read,omitzero"` // the day its value was last read
	Rotated      time.Time         `json:"rotated,omitzero"`
	RotationDays int64             `json:"rotationDays,omitempty"` // 0 does not rotate by itself
	Deletes      time.Time         `json:"deletes,omitzero"`       // when it goes, while it is marked for deletion
	Tags         map[string]string `json:"tags,omitempty"`
}

// Version is one value of a secret.
type Version struct {
	ID      string    `json:"id"`
	Text    *string   `json:"text,omitempty"`
	Binary  []byte    `json:"binary,omitempty"`
	Labels  []string  `json:"labels,omitempty"`
	Created time.Time `json:"created"`
}

// Labels that Secrets Manager moves itself.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// ARN names the secret everywhere: its name and six characters, so that a secret made anew under an old name has another ARN.
func (s Secret) ARN() string {
	return fmt.Sprintf("%s%s-%s", arnPrefix(s.Account, s.Region), s.Name, s.Suffix)
}

func arnPrefix(account, region string) string {
	return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:", region, account)
}

func (s Secret) row() string { return row(s.Account, s.Region, s.Name) }

// row keeps names, which may hold slashes, behind account and Region.
func row(account, region, name string) string { return account + "/" + region + "/" + name }

// Service holds the secrets of all accounts and Regions.
type Service struct {
	store   *store.Store
	keys    Keys
	secrets *store.Table[Secret] // account/region/name
	rotate  map[string]func(tx *store.Tx, arn string) error
}

const (
	dueDeletion = "secretsmanager.deletion"
	dueRotation = "secretsmanager.rotation"
)

// New makes the service on st. Keys is the sandbox's KMS.
func New(st *store.Store, keys Keys) *Service {
	s := &Service{
		store: st, keys: keys, secrets: store.NewTable[Secret](st, "secretsmanager.secrets"),
		rotate: map[string]func(*store.Tx, string) error{},
	}
	st.OnDue(dueDeletion, func(tx *store.Tx, key string) error { s.remove(tx, key); return nil })
	st.OnDue(dueRotation, s.rotationDue)
	return s
}

// Ops are the operations this service answers.
func (s *Service) Ops() []wire.Handler {
	return []wire.Handler{
		wire.Op(s.CreateSecret), wire.Op(s.DescribeSecret), wire.Op(s.UpdateSecret), wire.Op(s.ListSecrets),
		wire.Op(s.DeleteSecret), wire.Op(s.RestoreSecret),
		wire.Op(s.GetSecretValue), wire.Op(s.PutSecretValue), wire.Op(s.RotateSecret),
		wire.Op(s.TagResource), wire.Op(s.UntagResource),
	}
}

// Make makes a secret for another service, which owns it from then on: its user can read it, and neither change nor delete it
// ("Secrets managed by other AWS services"). An empty kmsKey is the key AWS manages. The errors are those of CreateSecret.
func (s *Service) Make(tx *store.Tx, account, region, name, description, kmsKey, owner, value string) (arn string, err error) {
	sec := Secret{Account: account, Region: region, Name: name, Description: description, Owner: owner}
	sec.Tags = map[string]string{"aws:secretsmanager:owningService": owner}
	if s.rotate[owner] != nil {
		sec.RotationDays = managedDays
	}
	if err := s.add(tx, &sec, kmsKey); err != nil {
		return "", err
	}
	sec.put(Version{ID: tx.UUID(), Text: &value, Created: tx.Now()})
	s.keep(tx, sec)
	s.schedule(tx, sec)
	return sec.ARN(), nil
}

// Value is the current text of the secret with that ARN, for a service that needs it; what is marked for deletion has none.
func (s *Service) Value(tx *store.Tx, arn string) (string, bool) {
	sec, err := s.byARN(tx, arn)
	if err != nil || !sec.Deletes.IsZero() {
		return "", false
	}
	v, ok := sec.labelled(current)
	return aws.ToString(v.Text), ok && v.Text != nil
}

// SetValue gives a secret that a service owns a new current text; one that is not there stays so.
func (s *Service) SetValue(tx *store.Tx, arn, value string) {
	if sec, err := s.byARN(tx, arn); err == nil {
		sec.put(Version{ID: tx.UUID(), Text: &value, Created: tx.Now()})
		sec.Changed = tx.Now()
		s.keep(tx, sec)
	}
}

// Remove deletes a secret at once and for good, as the service that owns it does; one that is not there is no error.
func (s *Service) Remove(tx *store.Tx, arn string) {
	if sec, err := s.byARN(tx, arn); err == nil {
		s.remove(tx, sec.row())
	}
}

// OnRotate lets the secrets of owner be rotated: fn gives the secret of that ARN a new value with SetValue, where it is used and
// here. It is called while the sandbox is made, never later.
func (s *Service) OnRotate(owner string, fn func(tx *store.Tx, arn string) error) {
	s.rotate[owner] = fn
}

func (s *Service) keep(tx *store.Tx, sec Secret) { s.secrets.Put(tx, sec.row(), sec) }

func (s *Service) remove(tx *store.Tx, key string) {
	s.secrets.Delete(tx, key)
	tx.Cancel(dueDeletion, key)
	tx.Cancel(dueRotation, key)
}

// byARN is the secret of a complete ARN.
func (s *Service) byARN(tx *store.Tx, arn string) (Secret, error) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) != 7 || parts[2] != "secretsmanager" || parts[5] != "secret" {
		return Secret{}, notFound()
	}
	name, suffix := parts[6], ""
	if i := len(name) - 7; i > 0 && name[i] == '-' {
		name, suffix = name[:i], name[i+1:]
	}
	sec, ok := s.secrets.Get(tx, row(parts[4], parts[3], name))
	if !ok || sec.Suffix != suffix {
		return Secret{}, notFound()
	}
	return sec, nil
}

// find is the caller's secret of a name, an ARN, or an ARN without its last six characters ("Finding a secret from a partial ARN").
func (s *Service) find(ctx context.Context, tx *store.Tx, id *string) (Secret, error) {
	c := wire.From(ctx)
	name := aws.ToString(id)
	if !strings.HasPrefix(name, "arn:") {
		sec, ok := s.secrets.Get(tx, row(c.Account, c.Region, name))
		if !ok {
			return sec, notFound()
		}
		return sec, nil
	}
	sec, err := s.byARN(tx, name)
	if err != nil {
		parts := strings.SplitN(name, ":", 7)
		if sec, ok := s.secrets.Get(tx, row(c.Account, c.Region, parts[len(parts)-1])); ok && strings.HasPrefix(sec.ARN(), name+"-") {
			return sec, nil
		}
		return sec, err
	}
	if sec.Region != c.Region {
		return Secret{}, notFound()
	}
	if sec.Account != c.Account {
		return Secret{}, wire.Errorf("AccessDeniedException",
			"User: %s is not authorized to perform: secretsmanager:%s on resource: %s because no resource-based policy allows the secretsmanager:%[2]s action", c.ARN, c.Operation, sec.ARN())
	}
	return sec, nil
}

// own is find for what is about to change: neither marked for deletion nor another service's.
func (s *Service) own(ctx context.Context, tx *store.Tx, id *string) (Secret, error) {
	sec, err := s.find(ctx, tx, id)
	switch {
	case err != nil:
	case !sec.Deletes.IsZero():
		err = invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
	case sec.Owner != "":
		err = managed()
	}
	return sec, err
}

// key is the KMS key of a secret, when account may do action with it ("Secret encryption and decryption in AWS Secrets Manager").
func (s *Service) key(tx *store.Tx, account, region, key, action string) (arn string, err error) {
	arn, err = s.keys.Usable(tx, account, region, key, action, account)
	var api smithy.APIError
	switch {
	case err == nil:
		return arn, nil
	case errors.As(err, &api) && api.ErrorCode() == "AccessDeniedException":
		return "", wire.Errorf("AccessDeniedException", "Access to KMS is not allowed")
	case action == "kms:Decrypt":
		return "", &types.DecryptionFailure{Message: aws.String("Secrets Manager can't decrypt the protected secret text using the provided KMS key. " + api.ErrorMessage())}
	}
	return "", &types.EncryptionFailure{Message: aws.String("Secrets Manager can't encrypt the protected secret text using the provided KMS key. " + api.ErrorMessage())}
}

// managedKey is the alias of the key AWS manages for secrets.
const managedKey = "alias/aws/secretsmanager"

func notFound() error {
	return &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret.")}
}

func invalidRequest(format string, args ...any) error {
	return &types.InvalidRequestException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func invalidParameter(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// managed is the refusal of a change to a secret of another service (InvalidRequestException, Secrets Manager API reference).
func managed() error {
	return invalidRequest("The secret is managed by another service, and you must use that service to update it.")
}

// labelled is the version that has a label.
func (s Secret) labelled(label string) (Version, bool) {
	i := slices.IndexFunc(s.Versions, func(v Version) bool { return slices.Contains(v.Labels, label) })
	if i < 0 {
		return Version{}, false
	}
	return s.Versions[i], true
}
