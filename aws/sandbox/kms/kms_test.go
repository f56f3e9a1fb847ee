package kms

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	own   = "111122223333"
	other = "444455556666"
	home  = "us-east-2"
)

type bench struct {
	*Service
	t     *testing.T
	clock *clock.Clock
	me    context.Context
	they  context.Context
}

func open(t *testing.T) *bench {
	c := clock.New(clock.Options{Start: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)})
	st, err := store.Open("", c, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	as := func(account string) context.Context {
		return wire.With(t.Context(), wire.Caller{Account: account, ARN: "arn:aws:iam::" + account + ":user/admin", Region: home, Service: "kms"})
	}
	return &bench{Service: New(st), t: t, clock: c, me: as(own), they: as(other)}
}

func (b *bench) key(policy string) string {
	b.t.Helper()
	in := &kms.CreateKeyInput{}
	if policy != "" {
		in.Policy = &policy
	}
	out, err := b.CreateKey(b.me, in)
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.KeyMetadata.Arn
}

func (b *bench) usable(id, action, principal string) (arn string, err error) {
	e := b.store.Update(func(tx *store.Tx) error { arn, err = b.Usable(tx, own, home, id, action, principal); return nil })
	return arn, errors.Join(e, err)
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestUsable(t *testing.T) {
	b := open(t)
	plain := b.key("")
	shared := b.key(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + other + `:root"},"Action":["kms:DescribeKey","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Decrypt"],"Resource":"*"},
		{"Effect":"Allow","Principal":{"AWS":"` + other + `"},"Action":"kms:CreateGrant","Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}}]}`)
	disabled := b.key("")
	if _, err := b.DisableKey(b.me, &kms.DisableKeyInput{KeyId: &disabled}); err != nil {
		t.Fatal(err)
	}
	dying := b.key("")
	if _, err := b.ScheduleKeyDeletion(b.me, &kms.ScheduleKeyDeletionInput{KeyId: &dying}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ id, action, principal, want string }{
		{plain, "kms:Decrypt", own, ""},
		{plain[strings.LastIndex(plain, "/")+1:], "kms:Decrypt", own, ""},
		{plain, "kms:Decrypt", other, "AccessDeniedException"},
		{shared, "kms:Decrypt", other, ""},
		{shared, "kms:GenerateDataKeyWithoutPlaintext", other, ""},
		{shared, "kms:ReEncryptFrom", other, ""},
		{shared, "kms:CreateGrant", other, ""},
		{shared, "kms:Encrypt", other, "AccessDeniedException"},
		{disabled, "kms:Decrypt", own, "DisabledException"},
		{dying, "kms:Decrypt", own, "KMSInvalidStateException"},
		{"alias/aws/ebs", "kms:GenerateDataKeyWithoutPlaintext", own, ""},
		{"alias/aws/ebs", "kms:Decrypt", other, "AccessDeniedException"},
		{"alias/none", "kms:Decrypt", own, "NotFoundException"},
		{"f3b5c0de-0000-4000-8000-000000000000", "kms:Decrypt", own, "NotFoundException"},
		{"arn:aws:kms:eu-west-1:" + own + ":key/x", "kms:Decrypt", own, "InvalidArnException"},
		{"arn:aws:s3:::bucket", "kms:Decrypt", own, "InvalidArnException"},
	} {
		arn, err := b.usable(c.id, c.action, c.principal)
		if code(err) != c.want || err == nil && !strings.HasPrefix(arn, "arn:aws:kms:"+home+":"+own+":key/") {
			t.Errorf("%s of %s by %s: %s, %v; want %q", c.action, c.id, c.principal, arn, err, c.want)
		}
	}
	one, _ := b.usable("alias/aws/ebs", "kms:Decrypt", own)
	two, _ := b.usable("alias/aws/ebs", "kms:Decrypt", own)
	if one != two {
		t.Errorf("the default key is made twice: %s, %s", one, two)
	}
	b.store.View(func(tx *store.Tx) error {
		if !b.Managed(tx, one) || b.Managed(tx, plain) {
			t.Error("which key AWS manages is not known")
		}
		return nil
	})
}

func TestGrants(t *testing.T) {
	b := open(t)
	key := b.key("")
	out, err := b.CreateGrant(b.me, &kms.CreateGrantInput{KeyId: &key, Name: aws.String("share"), GranteePrincipal: aws.String("arn:aws:iam::" + other + ":root"),
		Operations: []types.GrantOperation{types.GrantOperationDecrypt, types.GrantOperationRetireGrant}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.CreateGrant(b.me, &kms.CreateGrantInput{KeyId: &key, Name: aws.String("share"), GranteePrincipal: aws.String("arn:aws:iam::" + other + ":root"),
		Operations: []types.GrantOperation{types.GrantOperationDecrypt, types.GrantOperationRetireGrant}})
	if err != nil || *again.GrantId != *out.GrantId {
		t.Errorf("the same grant is made twice: %v", err)
	}
	if _, err := b.usable(key, "kms:Decrypt", other); err != nil {
		t.Error(err)
	}
	if _, err := b.usable(key, "kms:CreateGrant", other); code(err) != "AccessDeniedException" {
		t.Errorf("more than was granted: %v", err)
	}
	if _, err := b.RetireGrant(b.they, &kms.RetireGrantInput{GrantToken: out.GrantToken}); err != nil {
		t.Error(err)
	}
	if _, err := b.usable(key, "kms:Decrypt", other); code(err) != "AccessDeniedException" {
		t.Errorf("after retiring: %v", err)
	}
	if _, err := b.RevokeGrant(b.me, &kms.RevokeGrantInput{KeyId: &key, GrantId: out.GrantId}); code(err) != "NotFoundException" {
		t.Errorf("revoked twice: %v", err)
	}
	if _, err := b.CreateGrant(b.me, &kms.CreateGrantInput{KeyId: &key, GranteePrincipal: aws.String("nobody")}); code(err) != "InvalidArnException" {
		t.Errorf("grantee: %v", err)
	}
}

func TestDeletionIsCancelled(t *testing.T) {
	b := open(t)
	key := b.key("")
	if _, err := b.CancelKeyDeletion(b.me, &kms.CancelKeyDeletionInput{KeyId: &key}); code(err) != "KMSInvalidStateException" {
		t.Errorf("error: %v", err)
	}
	for _, days := range []int32{6, 31} {
		if _, err := b.ScheduleKeyDeletion(b.me, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: &days}); code(err) != "ValidationException" {
			t.Errorf("%d days: %v", days, err)
		}
	}
	if _, err := b.ScheduleKeyDeletion(b.me, &kms.ScheduleKeyDeletionInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CancelKeyDeletion(b.me, &kms.CancelKeyDeletionInput{KeyId: &key}); err != nil {
		t.Fatal(err)
	}
	b.clock.Pass(b.me, 60*24*time.Hour)
	out, err := b.DescribeKey(b.me, &kms.DescribeKeyInput{KeyId: &key})
	if err != nil || out.KeyMetadata.KeyState != types.KeyStateDisabled {
		t.Errorf("after cancelling: %v, %v", out, err)
	}
}

func TestAliases(t *testing.T) {
	b := open(t)
	one, two := b.key(""), b.key("")
	for name, want := range map[string]string{"lab": "InvalidAliasNameException", "alias/aws/lab": "NotAuthorizedException", "alias/a b": "InvalidAliasNameException"} {
		if _, err := b.CreateAlias(b.me, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &one}); code(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	name := aws.String("alias/lab")
	if _, err := b.UpdateAlias(b.me, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &one}); code(err) != "NotFoundException" {
		t.Errorf("error: %v", err)
	}
	b.CreateAlias(b.me, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &one})
	if arn, err := b.usable("alias/lab", "kms:Decrypt", own); arn != one {
		t.Errorf("alias is %s, %v", arn, err)
	}
	if arn, err := b.usable("arn:aws:kms:"+home+":"+own+":alias/lab", "kms:Decrypt", own); arn != one {
		t.Errorf("alias by ARN is %s, %v", arn, err)
	}
	b.UpdateAlias(b.me, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &two})
	if arn, err := b.usable("alias/lab", "kms:Decrypt", own); arn != two {
		t.Errorf("alias is %s, %v", arn, err)
	}
	if _, err := b.DeleteAlias(b.me, &kms.DeleteAliasInput{AliasName: name}); err != nil {
		t.Error(err)
	}
	if _, err := b.usable("alias/lab", "kms:Decrypt", own); code(err) != "NotFoundException" {
		t.Errorf("error: %v", err)
	}
}
