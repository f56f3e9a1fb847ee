package rds

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"lifeboat/aws/sandbox/store"
)

// secretKey is the key that AWS manages for secrets, of who names none.
const secretKey = "alias/aws/secretsmanager"

// passwordForm checks a master password that a caller chose.
func passwordForm(password string) error {
	switch {
	case len(password) < 8:
		return invalid("The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.")
	case len(password) > 128:
		return invalid("The parameter MasterUserPassword is not a valid password because it is longer than 128 characters.")
	case strings.ContainsAny(password, `/@" `) || strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r > '~' }):
		return invalid("The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.")
	}
	return nil
}

// managePassword lets RDS make the master password and keep it in Secrets Manager, under the name rds!db- and an id (RDS User
// Guide, "Password management with Amazon RDS and AWS Secrets Manager").
func (s *Service) managePassword(tx *store.Tx, i *Instance, key string) error {
	if key == "" {
		key = secretKey
	}
	key, err := s.usableKey(tx, i.Account, i.Region, key)
	if err != nil {
		return err
	}
	i.Password = newPassword(tx)
	arn, err := s.o.Secrets.Make(tx, i.Account, i.Region, "rds!db-"+tx.UUID(),
		"The secret associated with the primary RDS DB instance: "+i.ARN(), key, owner, i.secretValue())
	if err != nil {
		return err
	}
	i.Secret = &Secret{ARN: arn, KMSKey: key, Status: "creating"}
	return nil
}

// rotate gives the instance whose password is in a secret a new one; its sessions stay.
func (s *Service) rotate(tx *store.Tx, arn string) error {
	var found *Instance
	s.instances.Scan(tx, "", func(_ string, i Instance) bool {
		if i.Secret != nil && i.Secret.ARN == arn {
			found = &i
		}
		return found == nil
	})
	if found == nil {
		return nil
	}
	found.Password = newPassword(tx)
	s.o.Secrets.SetValue(tx, arn, found.secretValue())
	s.tell(tx, *found, "Reset master credentials", "configuration change")
	s.instances.Put(tx, found.key(), *found)
	return nil
}

// secretValue is user and password as RDS keeps them: JSON in which no character of the password is written as a code, so that a
// shell can cut it out.
func (i Instance) secretValue() string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(struct { // two strings always are JSON
		User     string `json:"username"`
		Password string `json:"password"`
	}{i.Master, i.Password})
	return strings.TrimSpace(text.String())
}

// newPassword is a random one of 28 characters, as RDS makes them.
func newPassword(tx *store.Tx) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%*+-.:<=>?[]^_{|}~"
	r := tx.Rand()
	password := make([]byte, 28)
	for n := range password {
		password[n] = alphabet[r.IntN(len(alphabet))]
	}
	return string(password)
}

// passwords refuses what cannot be done about the master password.
func (c Change) passwords(i Instance) error {
	managed := i.Secret != nil
	set(&managed, c.ManageMasterUserPassword)
	switch {
	case managed && c.MasterUserPassword != nil:
		return errorf("InvalidParameterCombination", "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.")
	case i.Secret != nil && !managed && c.MasterUserPassword == nil:
		return errorf("InvalidParameterCombination", "You must specify MasterUserPassword when ManageMasterUserPassword is turned off.")
	case i.Secret == nil && aws.ToBool(c.RotateMasterUserPassword):
		return errorf("InvalidParameterCombination", "You can't rotate the master user password of an instance that does not have ManageMasterUserPassword enabled.")
	case c.MasterUserPassword != nil:
		return passwordForm(*c.MasterUserPassword)
	}
	return nil
}

// passwordChange gives an instance its new master password.
func (s *Service) passwordChange(tx *store.Tx, i *Instance, c Change) error {
	switch {
	case i.Secret != nil && c.ManageMasterUserPassword != nil && !*c.ManageMasterUserPassword:
		s.o.Secrets.Remove(tx, i.Secret.ARN)
		i.Secret = nil
	case i.Secret == nil && aws.ToBool(c.ManageMasterUserPassword):
		if err := s.managePassword(tx, i, aws.ToString(c.MasterUserSecretKmsKeyId)); err != nil {
			return err
		}
		i.Secret = &Secret{ARN: i.Secret.ARN, KMSKey: i.Secret.KMSKey, Status: "active"}
	case aws.ToBool(c.RotateMasterUserPassword):
		if err := s.rotate(tx, i.Secret.ARN); err != nil {
			return err
		}
		kept, _ := s.instances.Get(tx, i.key())
		i.Password = kept.Password
	}
	set(&i.Password, c.MasterUserPassword)
	if c.MasterUserPassword != nil {
		s.tell(tx, *i, "Reset master credentials", "configuration change")
	}
	return nil
}
