package secretsmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

const mine, theirs, home, away = try.Mine, try.Theirs, try.Home, try.Away

// world is the service on its ground, with its keys.
type world struct {
	*Service
	*try.Ground
	kms *kms.Service
	ctx context.Context
}

func newWorld(t try.Tester, dir string) *world {
	t.Helper()
	g := try.On(t, dir)
	keys := kms.New(g.Store)
	return &world{New(g.Store, keys), g, keys, as(mine, home)}
}

func as(account, region string) context.Context {
	return try.As(account, region, "secretsmanager", "X")
}

func (w *world) create(name, value string) *secretsmanager.CreateSecretOutput {
	w.T.Helper()
	return try.Must(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}))
}

func (w *world) value(id, label string) string {
	w.T.Helper()
	in := &secretsmanager.GetSecretValueInput{SecretId: &id}
	if label != "" {
		in.VersionStage = &label
	}
	return aws.ToString(try.Must(w.GetSecretValue(w.ctx, in)).SecretString)
}

func (w *world) update(fn func(tx *store.Tx)) {
	w.T.Helper()
	if err := w.Store.Update(func(tx *store.Tx) error { fn(tx); return nil }); err != nil {
		w.T.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestLifeOfASecret(t *testing.T) {
	w := newWorld(t, "")
	made := w.create("prod/db", "one")
	if !regexp.MustCompile(`^arn:aws:secretsmanager:us-east-2:111111111111:secret:prod/db-[A-Za-z0-9]{6}$`).MatchString(*made.ARN) {
		t.Errorf("ARN %s", *made.ARN)
	}
	for _, id := range []string{"prod/db", *made.ARN, strings.TrimSuffix(*made.ARN, (*made.ARN)[len(*made.ARN)-7:])} {
		if got := w.value(id, ""); got != "one" {
			t.Errorf("%s holds %q", id, got)
		}
	}
	try.Must(w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: aws.String("two")}))
	try.Must(w.UpdateSecret(w.ctx, &secretsmanager.UpdateSecretInput{SecretId: made.ARN, SecretString: aws.String("three"), Description: aws.String("words")}))
	if now, before := w.value("prod/db", ""), w.value("prod/db", previous); now != "three" || before != "two" {
		t.Errorf("now %s, before %s", now, before)
	}
	if old := try.Must(w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: made.ARN, VersionId: made.VersionId})); *old.SecretString != "one" || len(old.VersionStages) != 0 {
		t.Errorf("the first version %v", old)
	}
	d := try.Must(w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: made.ARN}))
	if *d.Description != "words" || d.KmsKeyId != nil || len(d.VersionIdsToStages) != 2 || !d.LastAccessedDate.Equal(try.Start().Truncate(day)) {
		t.Errorf("described %+v", d)
	}

	// Marked for deletion it is there and gives no value; restored it does; after its days it is gone, and its name is free.
	del := try.Must(w.DeleteSecret(w.ctx, &secretsmanager.DeleteSecretInput{SecretId: made.ARN, RecoveryWindowInDays: aws.Int64(7)}))
	if got := del.DeletionDate.Sub(try.Start()); got != 7*day {
		t.Errorf("deletion after %s", got)
	}
	w.Pass(6 * day)
	try.Must(w.RestoreSecret(w.ctx, &secretsmanager.RestoreSecretInput{SecretId: made.ARN}))
	w.Pass(10 * day)
	if got := w.value("prod/db", ""); got != "three" {
		t.Errorf("restored %q", got)
	}
	try.Must(w.DeleteSecret(w.ctx, &secretsmanager.DeleteSecretInput{SecretId: made.ARN}))
	w.Pass(30*day + time.Second)
	if code, _ := try.Refusal(second(w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: made.ARN}))); code != "ResourceNotFoundException" {
		t.Errorf("after its days: %s", code)
	}
	if again := w.create("prod/db", "anew"); *again.ARN == *made.ARN {
		t.Error("a new secret has the old ARN")
	}
	try.Must(w.DeleteSecret(w.ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("prod/db"), ForceDeleteWithoutRecovery: aws.Bool(true)}))
	try.Must(w.DeleteSecret(w.ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("prod/db"), ForceDeleteWithoutRecovery: aws.Bool(true)}))
	w.create("prod/db", "at once")
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "")
	there := w.create("there", "x")
	w.create("going", "x")
	try.Must(w.DeleteSecret(w.ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("going")}))
	empty := try.Must(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("empty")}))
	var owned string
	w.update(func(tx *store.Tx) { owned = try.Must(w.Make(tx, mine, home, "rds!db-1", "", "", "rds", "{}")) })
	token := strings.Repeat("t", 32)
	try.Must(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("token"), SecretString: aws.String("a"), ClientRequestToken: &token}))

	get := func(id string) error {
		return second(w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: &id}))
	}
	create := func(in secretsmanager.CreateSecretInput) error { return second(w.CreateSecret(w.ctx, &in)) }
	remove := func(in secretsmanager.DeleteSecretInput) error { return second(w.DeleteSecret(w.ctx, &in)) }
	put := func(id, value string) error {
		return second(w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &value}))
	}
	const marked = "You can't perform this operation on the secret because it was marked for deletion."
	const gone = "Secrets Manager can't find the specified secret."
	const elses = "The secret is managed by another service, and you must use that service to update it."
	for _, c := range []struct {
		name       string
		err        error
		code, text string
	}{
		{"not there", get("none"), "ResourceNotFoundException", gone},
		{"another Region", second(w.GetSecretValue(as(mine, away), &secretsmanager.GetSecretValueInput{SecretId: there.ARN})), "ResourceNotFoundException", gone},
		{"another suffix", get(strings.TrimSuffix(*there.ARN, (*there.ARN)[len(*there.ARN)-6:]) + "abcdef"), "ResourceNotFoundException", gone},
		{"no ARN", get("arn:aws:iam::1:role/r"), "ResourceNotFoundException", gone},
		{"no value", get(*empty.ARN), "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"},
		{"no label", second(w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: there.ARN, VersionStage: aws.String(previous)})),
			"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS"},
		{"another label", second(w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: there.ARN, VersionId: there.VersionId, VersionStage: aws.String(previous)})),
			"InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId."},
		{"value of a marked one", get("going"), "InvalidRequestException", marked},
		{"new value of a marked one", put("going", "y"), "InvalidRequestException", marked},
		{"marked twice", remove(secretsmanager.DeleteSecretInput{SecretId: aws.String("going")}), "InvalidRequestException", "You can't perform this operation on the secret because it was already scheduled for deletion."},
		{"name of a marked one", create(secretsmanager.CreateSecretInput{Name: aws.String("going")}), "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion."},
		{"name twice", create(secretsmanager.CreateSecretInput{Name: aws.String("there")}), "ResourceExistsException", "The operation failed because the secret there already exists."},
		{"wrong name", create(secretsmanager.CreateSecretInput{Name: aws.String("a b")}), "InvalidParameterException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"},
		{"both values", create(secretsmanager.CreateSecretInput{Name: aws.String("x"), SecretString: aws.String("a"), SecretBinary: []byte("b")}),
			"InvalidParameterException", "You can't specify both a binary secret value and a string secret value in the same secret."},
		{"token of another value", create(secretsmanager.CreateSecretInput{Name: aws.String("token"), SecretString: aws.String("b"), ClientRequestToken: &token}), "ResourceExistsException", ""},
		{"both ends", remove(secretsmanager.DeleteSecretInput{SecretId: there.ARN, ForceDeleteWithoutRecovery: aws.Bool(true), RecoveryWindowInDays: aws.Int64(7)}),
			"InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."},
		{"too soon", remove(secretsmanager.DeleteSecretInput{SecretId: there.ARN, RecoveryWindowInDays: aws.Int64(6)}),
			"InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."},
		{"another's deleted", remove(secretsmanager.DeleteSecretInput{SecretId: &owned, ForceDeleteWithoutRecovery: aws.Bool(true)}), "InvalidRequestException", elses},
		{"another's changed", put(owned, "y"), "InvalidRequestException", elses},
		{"rotation without a function", second(w.RotateSecret(w.ctx, &secretsmanager.RotateSecretInput{SecretId: there.ARN})), "InvalidRequestException",
			"You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured and you didn't include such an ARN as a parameter in this call."},
		{"tag of AWS", second(w.TagResource(w.ctx, &secretsmanager.TagResourceInput{SecretId: there.ARN, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}})),
			"InvalidParameterException", "Tag key names beginning with aws: are reserved for AWS use."},
		{"another account", second(w.DescribeSecret(as(theirs, home), &secretsmanager.DescribeSecretInput{SecretId: there.ARN})), "AccessDeniedException", ""},
	} {
		if code, text := try.Refusal(c.err); code != c.code || c.text != "" && text != c.text {
			t.Errorf("%s: %s: %s", c.name, code, text)
		}
	}
	again := try.Must(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("token"), SecretString: aws.String("a"), ClientRequestToken: &token}))
	if *again.VersionId != token {
		t.Errorf("the same call again made version %s", *again.VersionId)
	}
}

// What RDS keeps: made, read, rotated by it, read by the user, gone with the instance.
func TestSecretsOfRDS(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	rotations := 0
	rotate := func(w *world) {
		w.OnRotate("rds", func(tx *store.Tx, arn string) error {
			rotations++
			w.SetValue(tx, arn, fmt.Sprintf(`{"password":"p%d"}`, rotations))
			return nil
		})
	}
	rotate(w)
	var id string
	w.update(func(tx *store.Tx) {
		id = try.Must(w.Make(tx, mine, home, "rds!db-0001", "Secret associated with primary RDS DB instance", "", "rds", `{"password":"p0"}`))
		w.Tag(tx, id, "aws:rds:primaryDBInstanceArn", "arn:aws:rds:us-east-2:111111111111:db:a")
	})
	d := try.Must(w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: &id}))
	if aws.ToString(d.OwningService) != "rds" || !aws.ToBool(d.RotationEnabled) || aws.ToInt64(d.RotationRules.AutomaticallyAfterDays) != 7 || len(d.Tags) != 2 {
		t.Errorf("described %+v", d)
	}
	try.Must(w.TagResource(w.ctx, &secretsmanager.TagResourceInput{SecretId: &id, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("db")}}}))
	w.Pass(7 * day)
	if rotations != 0 {
		t.Error("rotated before the end of its seventh day")
	}
	w.Pass(day)
	try.Must(w.RotateSecret(w.ctx, &secretsmanager.RotateSecretInput{SecretId: &id, RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)}}))
	if got, before := w.value(id, ""), w.value(id, previous); rotations != 2 || got != `{"password":"p2"}` || before != `{"password":"p1"}` {
		t.Errorf("after %d rotations %s, before %s", rotations, got, before)
	}

	// A new process goes on where this one ended.
	w.Clock.Close()
	w.Store.Close()
	w = newWorld(t, dir)
	rotate(w)
	w.Pass(32 * day)
	if rotations != 3 {
		t.Errorf("%d rotations", rotations)
	}
	w.update(func(tx *store.Tx) {
		if v, ok := w.Value(tx, id); !ok || v != `{"password":"p3"}` {
			t.Errorf("value %s", v)
		}
		w.Remove(tx, id)
		w.Remove(tx, id)
		w.SetValue(tx, id, "x")
		if _, ok := w.Value(tx, id); ok {
			t.Error("a removed secret has a value")
		}
	})
	w.Pass(365 * day)
	if rotations != 3 {
		t.Error("a removed secret was rotated")
	}
}

// Who cannot use the key cannot read the secret, at that moment.
func TestKeys(t *testing.T) {
	w := newWorld(t, "")
	keys := func(op string) context.Context { return try.As(mine, home, "kms", op) }
	key := try.Must(w.kms.CreateKey(keys("CreateKey"), &awskms.CreateKeyInput{})).KeyMetadata
	made := try.Must(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("x"), KmsKeyId: key.KeyId}))
	if d := try.Must(w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: made.ARN})); aws.ToString(d.KmsKeyId) != *key.Arn {
		t.Errorf("key %v", d.KmsKeyId)
	}
	try.Must(w.kms.DisableKey(keys("DisableKey"), &awskms.DisableKeyInput{KeyId: key.KeyId}))
	if code, _ := try.Refusal(second(w.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: made.ARN}))); code != "DecryptionFailure" {
		t.Errorf("read under a disabled key: %s", code)
	}
	if code, _ := try.Refusal(second(w.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: aws.String("y")}))); code != "EncryptionFailure" {
		t.Errorf("written under a disabled key: %s", code)
	}
	try.Must(w.UpdateSecret(w.ctx, &secretsmanager.UpdateSecretInput{SecretId: made.ARN, KmsKeyId: aws.String(managedKey)}))
	if got := w.value("s", ""); got != "x" {
		t.Errorf("under another key %q", got)
	}
}

func TestListAndTags(t *testing.T) {
	w := newWorld(t, "")
	for i := range 5 {
		name := fmt.Sprintf("app/%d", i)
		try.Must(w.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("hidden"), Description: aws.String("of app"),
			Tags: []types.Tag{{Key: aws.String("lifeboat:run"), Value: aws.String(fmt.Sprint("r-", i%2))}}}))
	}
	try.Must(w.CreateSecret(as(theirs, home), &secretsmanager.CreateSecretInput{Name: aws.String("app/9")}))
	list := func(in secretsmanager.ListSecretsInput) (names []string) {
		for {
			out := try.Must(w.ListSecrets(w.ctx, &in))
			for _, s := range out.SecretList {
				names = append(names, *s.Name)
			}
			if raw := string(try.Must(json.Marshal(out))); strings.Contains(raw, "hidden") {
				t.Error("a listing shows a value")
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return names
			}
		}
	}
	by := func(key types.FilterNameStringType, values ...string) []types.Filter {
		return []types.Filter{{Key: key, Values: values}}
	}
	for _, c := range []struct {
		name string
		in   secretsmanager.ListSecretsInput
		want int
	}{
		{"pages of two", secretsmanager.ListSecretsInput{MaxResults: aws.Int32(2)}, 5},
		{"by name", secretsmanager.ListSecretsInput{Filters: by(types.FilterNameStringTypeName, "app/1", "app/2", "no")}, 2},
		{"by tag", secretsmanager.ListSecretsInput{Filters: by(types.FilterNameStringTypeTagValue, "r-1")}, 2},
		{"not by tag", secretsmanager.ListSecretsInput{Filters: by(types.FilterNameStringTypeTagValue, "!r-1")}, 3},
		{"by any", secretsmanager.ListSecretsInput{Filters: by(types.FilterNameStringTypeAll, "of")}, 5},
	} {
		got := list(c.in)
		if len(got) != c.want || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	try.Must(w.DeleteSecret(w.ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("app/0")}))
	if n, all := len(list(secretsmanager.ListSecretsInput{})), len(list(secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})); n != 4 || all != 5 {
		t.Errorf("%d, and %d with what is marked", n, all)
	}
	w.update(func(tx *store.Tx) {
		tagged := w.Tagged(tx, mine, home)
		if len(tagged) != 4 || tagged[0].Type != "secretsmanager:secret" {
			t.Errorf("tagged %v", tagged)
		}
		if own, err := w.Retag(tx, mine, home, tagged[0].ARN, nil, []string{"lifeboat:run"}); !own || err != nil || len(w.Tagged(tx, mine, home)) != 3 {
			t.Errorf("retagged %v %v", own, err)
		}
		if own, _ := w.Retag(tx, mine, home, "arn:aws:kms:us-east-2:111111111111:key/x", nil, nil); own {
			t.Error("a key is a secret")
		}
	})
}

// However versions come, one has AWSCURRENT, the one before it AWSPREVIOUS, and no label is on two.
func TestLabels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Secret
		now, before := "", ""
		for i := range rapid.IntRange(1, 8).Draw(t, "versions") {
			id := fmt.Sprint("v", i)
			labels := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{current, "blue", "green"}), 0, 3, rapid.ID[string]).Draw(t, "labels")
			if len(labels) == 0 || slices.Contains(labels, current) || i == 0 {
				now, before = id, now
			}
			s.put(Version{ID: id}, slices.Clone(labels)...)
			seen := map[string]string{}
			for _, v := range s.Versions {
				for _, l := range v.Labels {
					if seen[l] != "" {
						t.Fatalf("%s is on %s and %s", l, seen[l], v.ID)
					}
					seen[l] = v.ID
				}
			}
			if seen[current] != now || seen[previous] != before {
				t.Fatalf("current %s, previous %s; want %s, %s", seen[current], seen[previous], now, before)
			}
		}
	})
}

// A seed gives the same ARNs and versions again.
func TestRepeats(t *testing.T) {
	once := func() string { return fmt.Sprint(*newWorld(t, "").create("s", "x").ARN) }
	if a, b := once(), once(); a != b {
		t.Errorf("%s, then %s", a, b)
	}
	if _, err := newWorld(t, "").DescribeSecret(as(mine, home), &secretsmanager.DescribeSecretInput{SecretId: aws.String("s")}); !errors.As(err, new(*types.ResourceNotFoundException)) {
		t.Errorf("error %v", err)
	}
}
