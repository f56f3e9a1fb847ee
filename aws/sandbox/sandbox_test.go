package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/clock"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/weather"
	"lifeboat/aws/sandbox/wire"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// bench is an open sandbox with a client of each service, all of one attempt, so that what happens is seen.
type bench struct {
	*Sandbox
	t   testing.TB
	ctx context.Context
}

func open(t testing.TB, o Options) *bench {
	t.Helper()
	if o.Start.IsZero() {
		o.Start = noon
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &bench{s, t, t.Context()}
}

func (b *bench) config(as string) aws.Config {
	b.t.Helper()
	c, err := b.Target().Config(as, Home)
	if err != nil {
		b.t.Fatal(err)
	}
	c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return c
}

func (b *bench) ec2(as string) *ec2.Client { return ec2.NewFromConfig(b.config(as)) }
func (b *bench) iam(as string) *iam.Client { return iam.NewFromConfig(b.config(as)) }
func (b *bench) kms(as string) *kms.Client { return kms.NewFromConfig(b.config(as)) }
func (b *bench) sts(as string) *sts.Client { return sts.NewFromConfig(b.config(as)) }

// abandon is what a kill leaves: nothing is closed but what the system takes away from a process.
func (b *bench) abandon() {
	b.house.server.Close()
	b.house.databases.Close() // ports and open files; it writes nothing
	b.house.clock.Close()
	b.house.lock.Unlock()
}

func must[T any](b *bench) func(v T, err error) T {
	return func(v T, err error) T {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
		return v
	}
}

// refused checks that an error is AWS's, with that code and those words.
func refused(t testing.TB, err error, code, words string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("error: %v; want %s with %q", err, code, words)
	}
}

func (b *bench) volume() string {
	b.t.Helper()
	v := must[*ec2.CreateVolumeOutput](b)(b.ec2("").CreateVolume(b.ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String(Home + "a"), Size: aws.Int32(1)}))
	return *v.VolumeId
}

func (b *bench) state(volume string) string {
	b.t.Helper()
	out, err := b.ec2("").DescribeVolumes(b.ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{volume}})
	if err != nil || len(out.Volumes) != 1 {
		return fmt.Sprint(err)
	}
	return string(out.Volumes[0].State)
}

func TestIdentities(t *testing.T) {
	b := open(t, Options{})
	own := must[*sts.GetCallerIdentityOutput](b)(b.sts("").GetCallerIdentity(b.ctx, nil))
	partner := must[*sts.GetCallerIdentityOutput](b)(b.sts(Partner).GetCallerIdentity(b.ctx, nil))
	target := b.Target()
	if *own.Account != target.Own.Account || *own.Arn != target.Own.ARN || len(*own.Account) != 12 {
		t.Errorf("own: %v, target %v", *own.Arn, target.Own)
	}
	if *partner.Account != target.Others[Partner].Account || *partner.Account == *own.Account {
		t.Errorf("partner: %v", *partner.Arn)
	}
	key, _ := b.Credentials(Partner)
	info := must[*sts.GetAccessKeyInfoOutput](b)(b.sts("").GetAccessKeyInfo(b.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &key.AccessKeyID}))
	if *info.Account != *partner.Account {
		t.Errorf("key of %s, said to be of %s", *partner.Account, *info.Account)
	}
	c := b.config("")
	c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAUNKNOWN", SecretAccessKey: "x"}, nil
	})
	_, err := sts.NewFromConfig(c).GetCallerIdentity(b.ctx, nil)
	refused(t, err, "InvalidClientTokenId", "")
	c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: "wrong"}, nil
	})
	_, err = sts.NewFromConfig(c).GetCallerIdentity(b.ctx, nil)
	refused(t, err, "SignatureDoesNotMatch", "")
}

func TestAccountsBySeed(t *testing.T) {
	account := func(o Options) string {
		b := open(t, o)
		defer b.Close()
		return b.Target().Own.Account
	}
	if a, b := account(Options{Seed: 1}), account(Options{Seed: 1}); a != b {
		t.Errorf("one seed, the accounts %s and %s", a, b)
	}
	if a, b := account(Options{}), account(Options{}); a == b {
		t.Errorf("two sandboxes have the account %s", a)
	}
	dir := t.TempDir()
	if a, b := account(Options{Dir: dir}), account(Options{Dir: dir}); a != b {
		t.Errorf("a folder's account was %s and is %s", a, b)
	}
}

// TestOperationsAreInTheModel asks the server whether it can carry all that the services answer.
func TestOperationsAreInTheModel(t *testing.T) {
	h := &house{clock: clock.New(clock.Options{}), log: slog.New(slog.DiscardHandler)}
	var err error
	if h.store, err = store.Open("", h.clock, store.Options{}); err != nil {
		t.Fatal(err)
	}
	server := wire.New(wire.Options{})
	for _, m := range h.services(Options{Wall: clock.Machine{}}) {
		server.Mount(m.name, m.service.Ops()...)
	}
	if err := server.Check(); err != nil {
		t.Error(err)
	}
}

func trust(principal string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}]}`)
}

func TestAssumeRole(t *testing.T) {
	b := open(t, Options{})
	partner := b.Target().Others[Partner]
	role := must[*iam.CreateRoleOutput](b)(b.iam("").CreateRole(b.ctx, &iam.CreateRoleInput{
		RoleName: aws.String("reader"), AssumeRolePolicyDocument: trust(`{"AWS":"` + partner.Account + `"}`),
	})).Role
	assume := func(as string, seconds *int32) (*sts.AssumeRoleOutput, error) {
		return b.sts(as).AssumeRole(b.ctx, &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("session"), DurationSeconds: seconds})
	}
	_, err := assume(Partner, nil)
	refused(t, err, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: "+*role.Arn) // it is too new
	b.Clock().Pass(b.ctx, 10*time.Second)
	_, err = assume("", nil)
	refused(t, err, "AccessDenied", "sts:AssumeRole")
	_, err = assume(Partner, aws.Int32(7200))
	refused(t, err, "ValidationError", "MaxSessionDuration")
	session := must[*sts.AssumeRoleOutput](b)(assume(Partner, nil))
	c := b.config("")
	c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		k := session.Credentials
		return aws.Credentials{AccessKeyID: *k.AccessKeyId, SecretAccessKey: *k.SecretAccessKey, SessionToken: *k.SessionToken}, nil
	})
	who := must[*sts.GetCallerIdentityOutput](b)(sts.NewFromConfig(c).GetCallerIdentity(b.ctx, nil))
	if want := "arn:aws:sts::" + b.Target().Own.Account + ":assumed-role/reader/session"; *who.Arn != want {
		t.Errorf("the session is %s, want %s", *who.Arn, want)
	}
	if left := time.Until(*session.Credentials.Expiration); left < 50*time.Minute || left > time.Hour {
		t.Errorf("the session ends in %s of this machine's time", left)
	}
}

func TestRoleLifeCycle(t *testing.T) {
	b := open(t, Options{})
	c, name := b.iam(""), aws.String("backup-role")
	_, err := c.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(`{"Statement":[]`)})
	refused(t, err, "MalformedPolicyDocument", "")
	_, err = c.CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust(`{"Service":"backup"}`)})
	refused(t, err, "MalformedPolicyDocument", `Invalid principal in policy: "SERVICE":"backup"`)
	create := &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust(`{"Service":"dlm.amazonaws.com"}`)}
	must[*iam.CreateRoleOutput](b)(c.CreateRole(b.ctx, create))
	_, err = c.CreateRole(b.ctx, create)
	refused(t, err, "EntityAlreadyExists", "Role with name backup-role already exists.")
	managed := aws.String("arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole")
	_, err = c.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(*managed + "X")})
	refused(t, err, "NoSuchEntity", "does not exist or is not attachable")
	must[*iam.AttachRolePolicyOutput](b)(c.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: managed}))
	must[*iam.PutRolePolicyOutput](b)(c.PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}`)}))
	must[*iam.CreateInstanceProfileOutput](b)(c.CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name}))
	must[*iam.AddRoleToInstanceProfileOutput](b)(c.AddRoleToInstanceProfile(b.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: name}))

	remove := func() error {
		_, err := c.DeleteRole(b.ctx, &iam.DeleteRoleInput{RoleName: name})
		return err
	}
	refused(t, remove(), "DeleteConflict", "must remove roles from instance profile first")
	must[*iam.RemoveRoleFromInstanceProfileOutput](b)(c.RemoveRoleFromInstanceProfile(b.ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: name}))
	refused(t, remove(), "DeleteConflict", "must detach all policies first")
	must[*iam.DetachRolePolicyOutput](b)(c.DetachRolePolicy(b.ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: managed}))
	refused(t, remove(), "DeleteConflict", "must delete policies first")
	must[*iam.DeleteRolePolicyOutput](b)(c.DeleteRolePolicy(b.ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")}))
	if err := remove(); err != nil {
		t.Error(err)
	}
	refused(t, remove(), "NoSuchEntity", "The role with name backup-role cannot be found.")
}

func TestKeyLifeCycle(t *testing.T) {
	b := open(t, Options{})
	c := b.kms("")
	own, partner := b.Target().Own, b.Target().Others[Partner]
	key := must[*kms.CreateKeyOutput](b)(c.CreateKey(b.ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("lifeboat:run"), TagValue: aws.String("r")}}})).KeyMetadata
	describe := func(as, id string) error {
		_, err := b.kms(as).DescribeKey(b.ctx, &kms.DescribeKeyInput{KeyId: aws.String(id)})
		return err
	}
	refused(t, describe(Partner, *key.Arn), "AccessDeniedException", "no resource-based policy allows the kms:DescribeKey action")
	put := func(policy string) error {
		_, err := c.PutKeyPolicy(b.ctx, &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: &policy})
		return err
	}
	root := func(account string) string { return "arn:aws:iam::" + account + ":root" }
	refused(t, put(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+root(partner.Account)+`"},"Action":"kms:*","Resource":"*"}}`),
		"MalformedPolicyDocumentException", "will not allow you to update the key policy in the future")
	refused(t, put(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"somebody"},"Action":"kms:*","Resource":"*"}}`),
		"MalformedPolicyDocumentException", "invalid principals")
	if err := put(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + root(own.Account) + `"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"AWS":"` + root(partner.Account) + `"},"Action":["kms:DescribeKey","kms:CreateGrant"],"Resource":"*"}]}`); err != nil {
		t.Fatal(err)
	}
	if err := describe(Partner, *key.Arn); err != nil {
		t.Error(err)
	}
	must[*kms.CreateAliasOutput](b)(c.CreateAlias(b.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/lab"), TargetKeyId: key.KeyId}))
	_, err := c.CreateAlias(b.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/lab"), TargetKeyId: key.KeyId})
	refused(t, err, "AlreadyExistsException", "alias/lab already exists")
	must[*kms.DisableKeyOutput](b)(c.DisableKey(b.ctx, &kms.DisableKeyInput{KeyId: key.KeyId}))
	grant := &kms.CreateGrantInput{KeyId: key.KeyId, GranteePrincipal: aws.String(root(partner.Account)), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt}}
	_, err = c.CreateGrant(b.ctx, grant)
	refused(t, err, "DisabledException", "is disabled.")
	must[*kms.EnableKeyOutput](b)(c.EnableKey(b.ctx, &kms.EnableKeyInput{KeyId: key.KeyId}))
	must[*kms.CreateGrantOutput](b)(c.CreateGrant(b.ctx, grant))
	if got := must[*kms.ListGrantsOutput](b)(c.ListGrants(b.ctx, &kms.ListGrantsInput{KeyId: key.KeyId})); len(got.Grants) != 1 {
		t.Errorf("%d grants", len(got.Grants))
	}
	deletion := must[*kms.ScheduleKeyDeletionOutput](b)(c.ScheduleKeyDeletion(b.ctx, &kms.ScheduleKeyDeletionInput{KeyId: key.KeyId, PendingWindowInDays: aws.Int32(7)}))
	if want := b.Clock().Now().Add(7 * 24 * time.Hour); !deletion.DeletionDate.Equal(want) {
		t.Errorf("deleted at %s, want %s", deletion.DeletionDate, want)
	}
	_, err = c.EnableKey(b.ctx, &kms.EnableKeyInput{KeyId: key.KeyId})
	refused(t, err, "KMSInvalidStateException", "is pending deletion.")
	b.Clock().Pass(b.ctx, 7*24*time.Hour-time.Second)
	if err := describe("", "alias/lab"); err != nil {
		t.Error(err)
	}
	b.Clock().Pass(b.ctx, time.Second)
	refused(t, describe("", *key.KeyId), "NotFoundException", "does not exist")
	refused(t, describe("", "alias/lab"), "NotFoundException", "is not found")
	// A key that AWS manages is there when it is asked for, and no account can delete it.
	if err := describe("", "alias/aws/ebs"); err != nil {
		t.Error(err)
	}
	aliases := must[*kms.ListAliasesOutput](b)(c.ListAliases(b.ctx, nil)).Aliases
	_, err = c.ScheduleKeyDeletion(b.ctx, &kms.ScheduleKeyDeletionInput{KeyId: aliases[0].TargetKeyId})
	refused(t, err, "AccessDeniedException", "kms:ScheduleKeyDeletion")
}

func TestResourcesByTheirTags(t *testing.T) {
	b := open(t, Options{})
	tag := func(v string) []ec2types.TagSpecification {
		return []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeVolume, Tags: []ec2types.Tag{{Key: aws.String("lifeboat:run"), Value: aws.String(v)}}}}
	}
	for i := range 3 {
		must[*ec2.CreateVolumeOutput](b)(b.ec2("").CreateVolume(b.ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String(Home + "a"), Size: aws.Int32(1), TagSpecifications: tag(fmt.Sprint(i % 2))}))
	}
	must[*kms.CreateKeyOutput](b)(b.kms("").CreateKey(b.ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("lifeboat:run"), TagValue: aws.String("0")}}}))
	c := resourcegroupstaggingapi.NewFromConfig(b.config(""))
	var arns []string
	in := &resourcegroupstaggingapi.GetResourcesInput{ResourcesPerPage: aws.Int32(2), TagFilters: []tagtypes.TagFilter{{Key: aws.String("lifeboat:run"), Values: []string{"0"}}}}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(c, in)
	for pages.HasMorePages() {
		for _, m := range must[*resourcegroupstaggingapi.GetResourcesOutput](b)(pages.NextPage(b.ctx)).ResourceTagMappingList {
			arns = append(arns, *m.ResourceARN)
		}
	}
	if len(arns) != 3 || !slices.IsSorted(arns) {
		t.Errorf("found %q", arns)
	}
	in = &resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"ec2:volume"}}
	if got := must[*resourcegroupstaggingapi.GetResourcesOutput](b)(c.GetResources(b.ctx, in)); len(got.ResourceTagMappingList) != 3 {
		t.Errorf("%d volumes", len(got.ResourceTagMappingList))
	}
}

func TestKilledAndReopened(t *testing.T) {
	dir := t.TempDir()
	b := open(t, Options{Dir: dir})
	own, _ := b.Login("")
	stranger, _ := b.Login("stranger")
	volume := b.volume()
	if got := b.state(volume); got != "creating" {
		t.Fatalf("state %s", got)
	}
	b.abandon()

	b = open(t, Options{Dir: dir, Start: noon.Add(-time.Hour)})
	if again, _ := b.Login(""); again != own {
		t.Errorf("the own account is %v, was %v", again, own)
	}
	if again, _ := b.Login("stranger"); again != stranger {
		t.Errorf("the stranger is %v, was %v", again, stranger)
	}
	if got := b.state(volume); got != "creating" {
		t.Errorf("state %s after the kill", got)
	}
	if now := b.Clock().Now(); !now.Equal(noon) {
		t.Errorf("time is %s after the kill", now)
	}
	b.Clock().Pass(b.ctx, time.Hour)
	if got := b.state(volume); got != "available" {
		t.Errorf("state %s after an hour", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, Options{Dir: dir})
	if got := b.state(volume); got != "available" {
		t.Errorf("state %s after it was closed", got)
	}
}

// ownersOnly checks that nobody else can read what is in a folder: a file, or the folder it is in.
func ownersOnly(t *testing.T, dir string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if info, failed := d.Info(); failed == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", path, info.Mode())
		}
		return err
	})
}

func TestFolderIsForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sandbox")
	b := open(t, Options{Dir: dir})
	secret, _ := b.Login("")
	ownersOnly(t, dir)
	b.Close()
	if _, err := os.Stat(filepath.Join(dir, runningFile)); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", runningFile, err)
	}
	if err := Reset(dir); err != nil {
		t.Fatal(err)
	}
	b = open(t, Options{Dir: dir})
	if again, _ := b.Login(""); again.SecretKey == secret.SecretKey {
		t.Error("a reset sandbox has its old key")
	}
	if err := Reset(dir); err == nil || !strings.Contains(err.Error(), "open in another process") {
		t.Errorf("reset of an open sandbox: %v", err)
	}
}

func TestAttach(t *testing.T) {
	dir := t.TempDir()
	b := open(t, Options{Dir: dir})
	second := open(t, Options{Dir: dir})
	if b.Attached() || !second.Attached() || second.Endpoint() != b.Endpoint() {
		t.Fatalf("attached %v and %v, at %s and %s", b.Attached(), second.Attached(), b.Endpoint(), second.Endpoint())
	}
	volume := second.volume()
	if err := second.Clock().Pass(second.ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := b.state(volume); got != "available" {
		t.Errorf("state %s", got)
	}
	if !second.Clock().Now().Equal(b.Clock().Now()) || second.Clock().Rate() != 0 {
		t.Errorf("now %s and %s", second.Clock().Now(), b.Clock().Now())
	}
	one, _ := b.Login("third")
	other, err := second.Login("third")
	if err != nil || one != other {
		t.Errorf("third is %v and %v, %v", one, other, err)
	}
	if err := second.SetWeather("stormy"); err == nil || !strings.Contains(err.Error(), "stormy") {
		t.Errorf("error: %v", err)
	}
	if err := second.SetWeather("outage:" + Home); err != nil {
		t.Error(err)
	}
	_, err = b.ec2("").DescribeVolumes(b.ctx, nil)
	refused(t, err, "Unavailable", "")
	if _, err := Open(Options{Dir: dir, Weather: "calm"}); err == nil {
		t.Error("weather of another process's sandbox was set by opening it")
	}
	// A key of another account is no key to the sandbox itself.
	r := second.desk.(*remote)
	thief := &remote{running: r.running, wall: r.wall, client: r.client, signer: r.signer}
	thief.running.Login = other
	if err := thief.Stop(); err == nil || !strings.Contains(err.Error(), "own account only") {
		t.Errorf("error: %v", err)
	}
	second.Close()
	second = open(t, Options{Dir: dir})
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	<-b.Done()
}

func TestGivenKey(t *testing.T) {
	dir := t.TempDir()
	b := open(t, Options{Dir: dir, AccessKey: "AKIAGIVEN", SecretKey: "secret"})
	account := b.Target().Own.Account
	must[*sts.GetCallerIdentityOutput](b)(b.sts("").GetCallerIdentity(b.ctx, nil))
	b.Close()
	b = open(t, Options{Dir: dir, AccessKey: "AKIAOTHER", SecretKey: "secret"})
	if l, _ := b.Login(""); l.AccessKey != "AKIAOTHER" || l.Account != account {
		t.Errorf("login %v, account was %s", l, account)
	}
	if _, err := Open(Options{AccessKey: "AKIA"}); err == nil {
		t.Error("a key without its secret is taken")
	}
}

func TestListensOnThisMachineOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "localhost:0", "127.0.0.1"} {
		if s, err := Open(Options{Listen: address}); err == nil {
			s.Close()
			t.Errorf("listens on %s", address)
		}
	}
}

func TestWeatherSeenByAClient(t *testing.T) {
	b := open(t, Options{})
	create := func() error {
		_, err := b.ec2("").CreateVolume(b.ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String(Home + "a"), Size: aws.Int32(1)})
		return err
	}
	volumes := func() int {
		return len(must[*ec2.DescribeVolumesOutput](b)(b.ec2("").DescribeVolumes(b.ctx, nil)).Volumes)
	}
	b.Weather().RefuseNth(1, weather.Throttled, "")
	refused(t, create(), "RequestLimitExceeded", "Rate exceeded")
	b.Weather().RefuseNth(1, weather.Denied, "")
	refused(t, create(), "UnauthorizedOperation", "not authorized")
	if n := volumes(); n != 0 {
		t.Errorf("%d volumes after two refusals", n)
	}
	b.Weather().LoseNth(1)
	var api smithy.APIError
	if err := create(); err == nil || errors.As(err, &api) {
		t.Errorf("a lost answer: %v", err)
	}
	if n := volumes(); n != 1 {
		t.Errorf("%d volumes after a lost answer", n)
	}
	b.Weather().Add(weather.Rule{Times: 1, Fault: wire.Fault{Drop: true}})
	if err := create(); err == nil || errors.As(err, &api) {
		t.Errorf("a dropped call: %v", err)
	}
	if n := volumes(); n != 1 {
		t.Errorf("%d volumes after a dropped call", n)
	}
	killed := make(chan struct{})
	b.Weather().AtNth(1, func() { close(killed) })
	if err := create(); err != nil {
		t.Error(err)
	}
	<-killed
	b.Weather().Add(weather.Rule{Times: 1, Fault: wire.Fault{Hang: true}})
	ctx, cancel := context.WithCancel(b.ctx)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }})
	if _, err := b.ec2("").DescribeVolumes(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that hangs: %v", err)
	}
}

func TestLog(t *testing.T) {
	var text bytes.Buffer
	b := open(t, Options{Log: slog.NewTextHandler(&text, nil)})
	b.ec2("").DescribeVolumes(b.ctx, nil)
	b.ec2("").DescribeImages(b.ctx, nil)
	b.Close()
	for _, want := range []string{"level=INFO msg=ec2.DescribeVolumes status=200", "msg=ec2.DescribeImages", "the sandbox does not have ec2.DescribeImages"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, text.String())
		}
	}
}
