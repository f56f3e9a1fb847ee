package sts

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// oneRole lets anybody of one account assume one role.
type oneRole struct{ arn, account string }

func (o oneRole) Assume(_ *store.Tx, arn string, who policy.Request) (string, time.Duration, error) {
	if arn != o.arn || who.Account != o.account || who.Context["sts:externalid"] != "x" {
		return "", 0, errors.New("not trusted")
	}
	return "AROAX", 2 * time.Hour, nil
}

func TestSessions(t *testing.T) {
	c := clock.New(clock.Options{})
	st, err := store.Open("", c, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wall := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	role := oneRole{arn: "arn:aws:iam::444455556666:role/deep/r"}
	s := New(st, &role, func() time.Time { return wall })
	a, k, err := s.Login("me", nil)
	if err != nil {
		t.Fatal(err)
	}
	role.account = a.ID
	user := wire.Caller{Account: a.ID, ARN: a.User, AccessKey: k.ID}
	code := func(err error) string {
		var api smithy.APIError
		errors.As(err, &api)
		if api == nil {
			return ""
		}
		return api.ErrorCode()
	}
	for _, c := range []struct {
		caller  wire.Caller
		seconds *int32
		id      string
		want    string
		lasts   time.Duration
	}{
		{user, nil, "x", "", time.Hour},
		{user, aws.Int32(7200), "x", "", 2 * time.Hour},
		{user, aws.Int32(7201), "x", "ValidationError", 0},
		{user, aws.Int32(899), "x", "ValidationError", 0},
		{user, nil, "y", "AccessDenied", 0},
		{wire.Caller{Account: a.ID, ARN: "arn:aws:sts::" + a.ID + ":assumed-role/q/s"}, aws.Int32(7200), "x", "ValidationError", 0},
	} {
		out, err := s.AssumeRole(wire.With(t.Context(), c.caller), &sts.AssumeRoleInput{RoleArn: &role.arn, RoleSessionName: aws.String("sess"), ExternalId: &c.id, DurationSeconds: c.seconds})
		if code(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%v: %v", c, err)
			continue
		}
		if err != nil {
			continue
		}
		key, err := s.Key(*out.Credentials.AccessKeyId)
		if err != nil || !key.Expires.Equal(wall.Add(c.lasts)) || key.Account != "444455556666" || key.ARN != "arn:aws:sts::444455556666:assumed-role/r/sess" || key.SessionToken == "" {
			t.Errorf("key %+v, %v", key, err)
		}
	}
	// GetSessionToken is for users; old sessions are forgotten when new ones are made.
	old, err := s.GetSessionToken(wire.With(t.Context(), user), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	session := wire.Caller{Account: a.ID, ARN: a.User, AccessKey: *old.Credentials.AccessKeyId}
	if _, err := s.GetSessionToken(wire.With(t.Context(), session), &sts.GetSessionTokenInput{}); code(err) != "AccessDenied" {
		t.Errorf("session of a session: %v", err)
	}
	wall = wall.Add(48 * time.Hour)
	if _, err := s.GetSessionToken(wire.With(t.Context(), user), &sts.GetSessionTokenInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Key(*old.Credentials.AccessKeyId); err == nil || !strings.Contains(err.Error(), "is not known") {
		t.Errorf("an old session: %v", err)
	}
}

func TestLoginIsMadeOnce(t *testing.T) {
	st, err := store.Open("", clock.New(clock.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := New(st, nil, time.Now)
	a, k, _ := s.Login("", nil)
	again, same, _ := s.Login("", nil)
	other, _, _ := s.Login("other", nil)
	if a != again || k != same || a.ID == other.ID || len(a.ID) != 12 || len(k.ID) != 20 || len(k.Secret) != 40 {
		t.Errorf("%v %v %v %v", a, again, other, k)
	}
	given := &Key{ID: "AKIAGIVEN", Secret: "s"}
	if _, _, err := s.Login("", given); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Key(k.ID); err == nil {
		t.Error("the key that was replaced is still good")
	}
	if _, _, err := s.Login("other", given); err == nil {
		t.Error("one key for two accounts")
	}
}
