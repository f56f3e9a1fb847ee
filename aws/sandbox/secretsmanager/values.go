package secretsmanager

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	mostVersions = 100 // Secrets Manager keeps the newest 100 and all of the last day (PutSecretValue, API reference)
	day          = 24 * time.Hour
	managedDays  = 7 // "Password management with Amazon RDS and AWS Secrets Manager"
)

// put adds a version with labels, AWSCURRENT when none is given, and takes them from where they were. The version that loses
// AWSCURRENT becomes AWSPREVIOUS.
func (s *Secret) put(v Version, labels ...string) {
	if len(labels) == 0 || len(s.Versions) == 0 && !slices.Contains(labels, current) {
		labels = append(labels, current)
	}
	was, _ := s.labelled(current)
	versions := make([]Version, 0, len(s.Versions)+1)
	for _, old := range s.Versions {
		old.Labels = slices.DeleteFunc(slices.Clone(old.Labels), func(l string) bool {
			return slices.Contains(labels, l) || l == previous && slices.Contains(labels, current) && was.ID != ""
		})
		if old.ID == was.ID && slices.Contains(labels, current) {
			old.Labels = append(old.Labels, previous)
		}
		versions = append(versions, old)
	}
	v.Labels = labels
	s.Versions = append(versions, v)
	for i := 0; len(s.Versions) > mostVersions && i < len(s.Versions); {
		if old := s.Versions[i]; len(old.Labels) == 0 && v.Created.Sub(old.Created) > day {
			s.Versions = slices.Delete(s.Versions, i, i+1)
		} else {
			i++
		}
	}
}

// equal says that two versions hold the same value.
func (v Version) equal(o Version) bool {
	return (v.Text == nil) == (o.Text == nil) && aws.ToString(v.Text) == aws.ToString(o.Text) && bytes.Equal(v.Binary, o.Binary)
}

// version reads the value of a request. A token that made this very value before is again; one that made another is refused.
func (s Secret) version(tx *store.Tx, token, text *string, binary []byte) (v Version, again bool, err error) {
	if text != nil && binary != nil {
		return v, false, invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	}
	v = Version{ID: aws.ToString(token), Text: text, Binary: binary, Created: tx.Now()}
	if v.ID == "" {
		v.ID = tx.UUID()
	}
	for _, old := range s.Versions {
		if old.ID != v.ID {
			continue
		}
		if !old.equal(v) {
			return v, false, &types.ResourceExistsException{Message: aws.String(
				"You can't use ClientRequestToken " + v.ID + " because that value is already in use for a version of secret " + s.ARN() + ".")}
		}
		return old, true, nil
	}
	return v, false, nil
}

// GetSecretValue gives a value: the current one, or that of a version or a label.
func (s *Service) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput) (out *secretsmanager.GetSecretValueOutput, err error) {
	c := wire.From(ctx)
	err = s.store.Update(func(tx *store.Tx) error {
		sec, err := s.find(ctx, tx, in.SecretId)
		if err != nil {
			return err
		}
		if !sec.Deletes.IsZero() {
			return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
		}
		v, err := sec.asked(in.VersionId, in.VersionStage)
		if err != nil {
			return err
		}
		if _, err := s.key(tx, c.Account, c.Region, sec.Key, "kms:Decrypt"); err != nil {
			return err
		}
		if today := tx.Now().UTC().Truncate(day); !sec.Read.Equal(today) {
			sec.Read = today
			s.keep(tx, sec)
		}
		out = &secretsmanager.GetSecretValueOutput{
			ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name), VersionId: aws.String(v.ID), CreatedDate: aws.Time(v.Created),
			SecretString: v.Text, SecretBinary: v.Binary, VersionStages: v.Labels,
		}
		return nil
	})
	return out, err
}

// asked is the version of an id, a label or both.
func (s Secret) asked(id, label *string) (Version, error) {
	gone := func(what, value string) error {
		return &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret value for " + what + ": " + value)}
	}
	if id == nil {
		name := current
		if label != nil {
			name = *label
		}
		v, ok := s.labelled(name)
		if !ok {
			return v, gone("staging label", name)
		}
		return v, nil
	}
	i := slices.IndexFunc(s.Versions, func(v Version) bool { return v.ID == *id })
	switch {
	case i < 0:
		return Version{}, gone("VersionId", *id)
	case label != nil && !slices.Contains(s.Versions[i].Labels, *label):
		return Version{}, invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return s.Versions[i], nil
}

// PutSecretValue adds a version to a secret.
func (s *Service) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput) (out *secretsmanager.PutSecretValueOutput, err error) {
	err = s.store.Update(func(tx *store.Tx) error {
		sec, err := s.own(ctx, tx, in.SecretId)
		if err != nil {
			return err
		}
		if in.SecretString == nil && in.SecretBinary == nil {
			return invalidRequest("You must provide either SecretString or SecretBinary.")
		}
		v, again, err := sec.version(tx, in.ClientRequestToken, in.SecretString, in.SecretBinary)
		if err != nil {
			return err
		}
		if !again {
			if err := s.write(tx, &sec, v, in.VersionStages...); err != nil {
				return err
			}
			v = sec.Versions[len(sec.Versions)-1]
		}
		out = &secretsmanager.PutSecretValueOutput{
			ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name), VersionId: aws.String(v.ID), VersionStages: v.Labels}
		return nil
	})
	return out, err
}

// write encrypts a new version of a secret and keeps it.
func (s *Service) write(tx *store.Tx, sec *Secret, v Version, labels ...string) error {
	if _, err := s.key(tx, sec.Account, sec.Region, sec.Key, "kms:GenerateDataKey"); err != nil {
		return err
	}
	sec.put(v, labels...)
	sec.Changed = tx.Now()
	s.keep(tx, *sec)
	return nil
}

// RotateSecret lets the service that owns a secret give it a new value, and sets how often that happens. A secret of a user needs
// a Lambda function for that, which the sandbox does not run.
func (s *Service) RotateSecret(ctx context.Context, in *secretsmanager.RotateSecretInput) (out *secretsmanager.RotateSecretOutput, err error) {
	err = s.store.Update(func(tx *store.Tx) error {
		sec, err := s.find(ctx, tx, in.SecretId)
		switch {
		case err != nil:
			return err
		case !sec.Deletes.IsZero():
			return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
		case s.rotate[sec.Owner] == nil:
			return invalidRequest("You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured and you didn't include such an ARN as a parameter in this call.")
		}
		if r := in.RotationRules; r != nil {
			if r.ScheduleExpression != nil || aws.ToInt64(r.AutomaticallyAfterDays) < 1 || *r.AutomaticallyAfterDays > 1000 {
				return invalidParameter("RotationRules must have AutomaticallyAfterDays between 1 and 1000; a ScheduleExpression is not supported here.")
			}
			sec.RotationDays = *r.AutomaticallyAfterDays
		}
		s.keep(tx, sec)
		s.schedule(tx, sec)
		if in.RotateImmediately == nil || *in.RotateImmediately {
			if err := s.rotateNow(tx, sec.row()); err != nil {
				return err
			}
			sec, _ = s.secrets.Get(tx, sec.row())
		}
		v, _ := sec.labelled(current)
		out = &secretsmanager.RotateSecretOutput{ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name), VersionId: aws.String(v.ID)}
		return nil
	})
	return out, err
}

// schedule sets when a secret rotates next by itself.
func (s *Service) schedule(tx *store.Tx, sec Secret) {
	if sec.RotationDays > 0 {
		tx.Due(sec.next(), dueRotation, sec.row())
	}
}

// next is the end of the day of the next rotation.
func (s Secret) next() time.Time {
	last := s.Rotated
	if last.IsZero() {
		last = s.Created
	}
	return last.UTC().Truncate(day).AddDate(0, 0, int(s.RotationDays)+1).Add(-time.Second)
}

func (s *Service) rotateNow(tx *store.Tx, key string) error {
	sec, ok := s.secrets.Get(tx, key)
	if !ok {
		return nil
	}
	if err := s.rotate[sec.Owner](tx, sec.ARN()); err != nil {
		return err
	}
	sec, _ = s.secrets.Get(tx, key)
	sec.Rotated = tx.Now()
	s.keep(tx, sec)
	s.schedule(tx, sec)
	return nil
}

// rotationDue is the moment a secret rotates by itself.
func (s *Service) rotationDue(tx *store.Tx, key string) error {
	sec, ok := s.secrets.Get(tx, key)
	if !ok || s.rotate[sec.Owner] == nil {
		return nil
	}
	return s.rotateNow(tx, key)
}
