package secretsmanager

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

var nameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)

// add checks a new secret and gives it what every secret has: its key, its suffix and its moment. It is not kept yet.
func (s *Service) add(tx *store.Tx, sec *Secret, kmsKey string) (err error) {
	if !nameForm.MatchString(sec.Name) {
		return invalidParameter("Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if old, there := s.secrets.Get(tx, sec.row()); there {
		if !old.Deletes.IsZero() {
			return invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
		}
		return &types.ResourceExistsException{Message: aws.String("The operation failed because the secret " + sec.Name + " already exists.")}
	}
	sec.OwnKey = kmsKey != "" && kmsKey != managedKey
	if kmsKey == "" {
		kmsKey = managedKey
	}
	if sec.Key, err = s.key(tx, sec.Account, sec.Region, kmsKey, "kms:GenerateDataKey"); err != nil {
		return err
	}
	sec.Suffix = suffix(tx)
	sec.Created, sec.Changed = tx.Now(), tx.Now()
	return nil
}

// suffix is six random letters and digits.
func suffix(tx *store.Tx) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	random := tx.Rand()
	var six [6]byte
	for i := range six {
		six[i] = letters[random.IntN(len(letters))]
	}
	return string(six[:])
}

// CreateSecret makes a secret, with or without a first value. The same token, name and value again answer with the same secret.
func (s *Service) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput) (out *secretsmanager.CreateSecretOutput, err error) {
	c := wire.From(ctx)
	if len(in.AddReplicaRegions) > 0 || in.Type != nil {
		return nil, invalidParameter("AddReplicaRegions and Type are not supported here: a secret is in one Region and holds what its user puts into it.")
	}
	tags, err := retagged(nil, tagMap(in.Tags), nil)
	if err != nil {
		return nil, err
	}
	answer := func(sec Secret, version *string) {
		out = &secretsmanager.CreateSecretOutput{ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name), VersionId: version}
	}
	err = s.store.Update(func(tx *store.Tx) error {
		sec := Secret{Account: c.Account, Region: c.Region, Name: aws.ToString(in.Name), Description: aws.ToString(in.Description), Tags: tags}
		valued := in.SecretString != nil || in.SecretBinary != nil
		if old, there := s.secrets.Get(tx, sec.row()); there && valued && old.Deletes.IsZero() {
			if v, again, err := old.version(tx, in.ClientRequestToken, in.SecretString, in.SecretBinary); err != nil {
				return err
			} else if again {
				answer(old, &v.ID)
				return nil
			}
		}
		if err := s.add(tx, &sec, aws.ToString(in.KmsKeyId)); err != nil {
			return err
		}
		if !valued {
			s.keep(tx, sec)
			answer(sec, nil)
			return nil
		}
		v, _, err := sec.version(tx, in.ClientRequestToken, in.SecretString, in.SecretBinary)
		if err != nil {
			return err
		}
		sec.put(v)
		s.keep(tx, sec)
		answer(sec, &v.ID)
		return nil
	})
	return out, err
}

// UpdateSecret changes what is told of a secret, its key, or its value.
func (s *Service) UpdateSecret(ctx context.Context, in *secretsmanager.UpdateSecretInput) (out *secretsmanager.UpdateSecretOutput, err error) {
	err = s.store.Update(func(tx *store.Tx) error {
		sec, err := s.own(ctx, tx, in.SecretId)
		if err != nil {
			return err
		}
		if in.Description != nil {
			sec.Description = *in.Description
		}
		if key := in.KmsKeyId; key != nil {
			if sec.Key, err = s.key(tx, sec.Account, sec.Region, *key, "kms:GenerateDataKey"); err != nil {
				return err
			}
			sec.OwnKey = *key != managedKey
		}
		sec.Changed = tx.Now()
		out = &secretsmanager.UpdateSecretOutput{ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name)}
		if in.SecretString == nil && in.SecretBinary == nil {
			s.keep(tx, sec)
			return nil
		}
		v, again, err := sec.version(tx, in.ClientRequestToken, in.SecretString, in.SecretBinary)
		if err != nil {
			return err
		}
		out.VersionId = aws.String(v.ID)
		if again {
			s.keep(tx, sec)
			return nil
		}
		return s.write(tx, &sec, v)
	})
	return out, err
}

// DescribeSecret tells of a secret, never its value.
func (s *Service) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput) (out *secretsmanager.DescribeSecretOutput, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		sec, err := s.find(ctx, tx, in.SecretId)
		if err != nil {
			return err
		}
		e := sec.entry()
		out = &secretsmanager.DescribeSecretOutput{
			ARN: e.ARN, Name: e.Name, Description: e.Description, KmsKeyId: e.KmsKeyId, OwningService: e.OwningService,
			CreatedDate: e.CreatedDate, LastChangedDate: e.LastChangedDate, LastAccessedDate: e.LastAccessedDate, LastRotatedDate: e.LastRotatedDate,
			DeletedDate: e.DeletedDate, RotationEnabled: e.RotationEnabled, RotationRules: e.RotationRules, NextRotationDate: e.NextRotationDate,
			Tags: e.Tags, VersionIdsToStages: e.SecretVersionsToStages,
		}
		return nil
	})
	return out, err
}

func (s Secret) entry() types.SecretListEntry {
	e := types.SecretListEntry{
		ARN: aws.String(s.ARN()), Name: aws.String(s.Name), CreatedDate: aws.Time(s.Created), LastChangedDate: aws.Time(s.Changed), Tags: tagList(s.Tags),
	}
	if s.Description != "" {
		e.Description = aws.String(s.Description)
	}
	if s.OwnKey { // the key AWS manages goes without saying
		e.KmsKeyId = aws.String(s.Key)
	}
	if s.Owner != "" {
		e.OwningService = aws.String(s.Owner)
	}
	if !s.Read.IsZero() {
		e.LastAccessedDate = aws.Time(s.Read)
	}
	if !s.Rotated.IsZero() {
		e.LastRotatedDate = aws.Time(s.Rotated)
	}
	if !s.Deletes.IsZero() {
		e.DeletedDate = aws.Time(s.Deletes)
	}
	if s.RotationDays > 0 {
		e.RotationEnabled = aws.Bool(true)
		e.RotationRules = &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(s.RotationDays)}
		e.NextRotationDate = aws.Time(s.next())
	}
	for _, v := range s.Versions {
		if len(v.Labels) > 0 {
			if e.SecretVersionsToStages == nil {
				e.SecretVersionsToStages = map[string][]string{}
			}
			e.SecretVersionsToStages[v.ID] = v.Labels
		}
	}
	return e
}

// ListSecrets lists the caller's secrets in the Region by name, never their values.
func (s *Service) ListSecrets(ctx context.Context, in *secretsmanager.ListSecretsInput) (out *secretsmanager.ListSecretsOutput, err error) {
	c := wire.From(ctx)
	limit := 100
	if n := aws.ToInt32(in.MaxResults); n > 0 {
		limit = int(n)
	}
	err = s.store.View(func(tx *store.Tx) error {
		var all []Secret
		s.secrets.Scan(tx, row(c.Account, c.Region, ""), func(_ string, sec Secret) bool {
			if (sec.Deletes.IsZero() || aws.ToBool(in.IncludePlannedDeletion)) && sec.matches(in.Filters) {
				all = append(all, sec)
			}
			return true
		})
		part, next, err := page.Cut(all, func(sec Secret) string { return sec.Name }, aws.ToString(in.NextToken), limit)
		if err != nil {
			return &types.InvalidNextTokenException{Message: aws.String("Invalid next token.")}
		}
		out = &secretsmanager.ListSecretsOutput{SecretList: []types.SecretListEntry{}}
		if next != "" {
			out.NextToken = aws.String(next)
		}
		for _, sec := range part {
			e := sec.entry()
			e.RotationEnabled = nil
			if sec.RotationDays > 0 {
				e.RotationEnabled = aws.Bool(true)
			}
			out.SecretList = append(out.SecretList, e)
		}
		return nil
	})
	return out, err
}

// matches is whether a secret has, for every filter, one of its values: the beginning of a name or a tag, words of a description;
// a value that begins with ! must not be there (Filter, Secrets Manager API reference).
func (s Secret) matches(filters []types.Filter) bool {
	var keys, values []string
	for _, t := range tagList(s.Tags) {
		keys, values = append(keys, *t.Key), append(values, *t.Value)
	}
	fields := map[types.FilterNameStringType][]string{
		types.FilterNameStringTypeName: {s.Name}, types.FilterNameStringTypeDescription: strings.Fields(s.Description),
		types.FilterNameStringTypeTagKey: keys, types.FilterNameStringTypeTagValue: values, types.FilterNameStringTypeOwningService: {s.Owner},
		types.FilterNameStringTypePrimaryRegion: nil, types.FilterNameStringTypeAll: slices.Concat([]string{s.Name}, strings.Fields(s.Description), keys, values),
	}
	for _, f := range filters {
		if !slices.ContainsFunc(f.Values, func(want string) bool {
			want, not := strings.CutPrefix(want, "!")
			return not != slices.ContainsFunc(fields[f.Key], func(have string) bool { return strings.HasPrefix(have, want) })
		}) {
			return false
		}
	}
	return true
}

// DeleteSecret marks a secret for deletion after 7 to 30 days, or deletes it at once and for good.
func (s *Service) DeleteSecret(ctx context.Context, in *secretsmanager.DeleteSecretInput) (out *secretsmanager.DeleteSecretOutput, err error) {
	c := wire.From(ctx)
	force := aws.ToBool(in.ForceDeleteWithoutRecovery)
	days := 30
	switch {
	case force && in.RecoveryWindowInDays != nil:
		return nil, invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case in.RecoveryWindowInDays != nil:
		if days = int(*in.RecoveryWindowInDays); days < 7 || days > 30 {
			return nil, invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
		}
	}
	err = s.store.Update(func(tx *store.Tx) error {
		sec, err := s.find(ctx, tx, in.SecretId)
		switch {
		case err != nil && force && isNotFound(err): // so that a repeated call is none that fails
			name := aws.ToString(in.SecretId)
			gone := Secret{Account: c.Account, Region: c.Region, Name: name, Suffix: suffix(tx)}
			out = &secretsmanager.DeleteSecretOutput{ARN: aws.String(gone.ARN()), Name: aws.String(name), DeletionDate: aws.Time(tx.Now())}
			if strings.HasPrefix(name, "arn:") {
				out.ARN = in.SecretId
			}
			return nil
		case err != nil:
			return err
		case sec.Owner != "":
			return managed()
		case !sec.Deletes.IsZero() && !force:
			return invalidRequest("You can't perform this operation on the secret because it was already scheduled for deletion.")
		}
		out = &secretsmanager.DeleteSecretOutput{ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name)}
		if force {
			s.remove(tx, sec.row())
			out.DeletionDate = aws.Time(tx.Now())
			return nil
		}
		sec.Deletes = tx.Now().AddDate(0, 0, days)
		s.keep(tx, sec)
		tx.Due(sec.Deletes, dueDeletion, sec.row())
		out.DeletionDate = aws.Time(sec.Deletes)
		return nil
	})
	return out, err
}

// RestoreSecret takes the mark of deletion back.
func (s *Service) RestoreSecret(ctx context.Context, in *secretsmanager.RestoreSecretInput) (out *secretsmanager.RestoreSecretOutput, err error) {
	err = s.store.Update(func(tx *store.Tx) error {
		sec, err := s.find(ctx, tx, in.SecretId)
		if err != nil {
			return err
		}
		sec.Deletes = time.Time{}
		tx.Cancel(dueDeletion, sec.row())
		s.keep(tx, sec)
		out = &secretsmanager.RestoreSecretOutput{ARN: aws.String(sec.ARN()), Name: aws.String(sec.Name)}
		return nil
	})
	return out, err
}
