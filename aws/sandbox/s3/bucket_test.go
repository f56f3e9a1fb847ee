package s3

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"lifeboat/aws/sandbox/try"
)

// bucket makes a bucket of an account in a Region.
func (w *world) bucket(t testing.TB, account, region, name string) *s3.Client {
	t.Helper()
	c := w.as(account, region)
	in := &s3.CreateBucketInput{Bucket: &name}
	if region != home {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(ctx, in))
	return c
}

func TestBucketNames(t *testing.T) {
	for name, want := range map[string]bool{
		"abc": true, "a.b-c": true, "123": true, strings.Repeat("a", 63): true,
		"ab": false, strings.Repeat("a", 64): false, "Abc": false, "a_b": false, "a..b": false, "-abc": false, "abc-": false, "192.168.5.4": false,
		"xn--a": false, "sthree-a": false, "amzn-s3-demo-x": false, "a-s3alias": false, "a--ol-s3": false, "a--x-s3": false,
	} {
		if validName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestWhereABucketIs(t *testing.T) {
	w := newWorld(t, "")
	for i, test := range []struct{ caller, constraint, code, region string }{
		{home, "", "", ""}, {home, "eu-central-1", "", "eu-central-1"}, {home, "EU", "", "eu-west-1"}, {east, east, "", east},
		{home, home, "InvalidLocationConstraint", ""}, {east, "", "IllegalLocationConstraintException", ""}, {east, west, "IllegalLocationConstraintException", ""},
		{east, "nowhere-1", "InvalidLocationConstraint", ""},
	} {
		name := fmt.Sprintf("bucket-%d", i)
		in := &s3.CreateBucketInput{Bucket: &name}
		if test.constraint != "" {
			in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(test.constraint)}
		}
		_, err := w.as(us, test.caller).CreateBucket(ctx, in)
		refused(t, test.caller+" "+test.constraint, err, test.code)
		if test.code != "" {
			continue
		}
		out := must[*s3.GetBucketLocationOutput](t)(w.as(us, home).GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &name}))
		if string(out.LocationConstraint) != test.region {
			t.Errorf("%s %s is in %q", test.caller, test.constraint, out.LocationConstraint)
		}
	}
}

func TestANameIsTakenOnce(t *testing.T) {
	w := newWorld(t, "")
	w.bucket(t, us, east, "taken")
	w.bucket(t, us, home, "first")
	create := func(account, region, name string) error {
		in := &s3.CreateBucketInput{Bucket: &name}
		if region != home {
			in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
		}
		_, err := w.as(account, region).CreateBucket(ctx, in)
		return err
	}
	refused(t, "again", create(us, east, "taken"), "BucketAlreadyOwnedByYou")
	refused(t, "elsewhere", create(us, west, "taken"), "BucketAlreadyOwnedByYou")
	refused(t, "somebody else", create(them, east, "taken"), "BucketAlreadyExists")
	refused(t, "us-east-1", create(us, home, "first"), "")
	refused(t, "wrong name", create(us, home, "No"), "InvalidBucketName")
}

func TestTheWrongRegionSaysWhereToGo(t *testing.T) {
	w := newWorld(t, "")
	w.bucket(t, us, west, "far")
	_, err := w.as(us, east).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: p("far")})
	var answer *smithyhttp.ResponseError
	if !asError(err, &answer) || answer.HTTPStatusCode() != 301 || answer.Response.Header.Get("X-Amz-Bucket-Region") != west {
		t.Errorf("%v", err)
	}
	_, err = w.as(us, east).GetObject(ctx, &s3.GetObjectInput{Bucket: p("far"), Key: p("k")})
	refused(t, "get", err, "PermanentRedirect")
	out := must[*s3.HeadBucketOutput](t)(w.as(us, west).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: p("far")}))
	if *out.BucketRegion != west {
		t.Errorf("Region %s", *out.BucketRegion)
	}
	_, err = w.as(us, west).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: p("nowhere-at-all")})
	refused(t, "no bucket", err, "NotFound")
}

func TestListBucketsByPage(t *testing.T) {
	w := newWorld(t, "")
	for i := range 7 {
		w.bucket(t, us, []string{east, west}[i%2], fmt.Sprintf("mine-%d", i))
	}
	w.bucket(t, them, east, "theirs")
	var names []string
	pages := s3.NewListBucketsPaginator(w.as(us, east), &s3.ListBucketsInput{MaxBuckets: aws.Int32(3)})
	for pages.HasMorePages() {
		for _, b := range must[*s3.ListBucketsOutput](t)(pages.NextPage(ctx)).Buckets {
			names = append(names, *b.Name+" "+*b.BucketRegion)
		}
	}
	if len(names) != 7 || names[1] != "mine-1 "+west {
		t.Errorf("%v", names)
	}
	one := must[*s3.ListBucketsOutput](t)(w.as(us, east).ListBuckets(ctx, &s3.ListBucketsInput{BucketRegion: p(west), Prefix: p("mine")}))
	if len(one.Buckets) != 3 {
		t.Errorf("%d in %s", len(one.Buckets), west)
	}
}

func TestABucketWithSomethingInItStays(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "full")
	w.put(t, c, "full", "k", "text")
	remove := func() error { _, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: p("full")}); return err }
	refused(t, "an object", remove(), "BucketNotEmpty")
	w.versions(t, c, "full", types.BucketVersioningStatusEnabled)
	must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("full"), Key: p("k")}))
	refused(t, "versions", remove(), "BucketNotEmpty")
	all := must[*s3.ListObjectVersionsOutput](t)(c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: p("full")}))
	for _, v := range all.Versions {
		must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("full"), Key: v.Key, VersionId: v.VersionId}))
	}
	refused(t, "a marker", remove(), "BucketNotEmpty")
	for _, v := range all.DeleteMarkers {
		must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("full"), Key: v.Key, VersionId: v.VersionId}))
	}
	must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("full"), Key: p("k")}))
	refused(t, "an upload", remove(), "")
	refused(t, "gone", remove(), "NoSuchBucket")
	w.bucket(t, them, west, "full")
}

func TestSettingsOfABucket(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "set")
	b := p("set")
	block := must[*s3.GetPublicAccessBlockOutput](t)(c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})).PublicAccessBlockConfiguration
	if !*block.BlockPublicAcls || !*block.BlockPublicPolicy || !*block.IgnorePublicAcls || !*block.RestrictPublicBuckets {
		t.Errorf("a new bucket is not private: %+v", block)
	}
	must[*s3.PutPublicAccessBlockOutput](t)(c.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: b, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true)}}))
	if block = must[*s3.GetPublicAccessBlockOutput](t)(c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})).PublicAccessBlockConfiguration; *block.BlockPublicPolicy {
		t.Error("what was left out is on")
	}
	must[*s3.DeletePublicAccessBlockOutput](t)(c.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: b}))
	_, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})
	refused(t, "no block", err, "NoSuchPublicAccessBlockConfiguration")
	_, err = c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})
	refused(t, "no tags", err, "NoSuchTagSet")
	must[*s3.PutBucketTaggingOutput](t)(c.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: b, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: p("b"), Value: p("2")}, {Key: p("a"), Value: p("")}}}}))
	if tags := must[*s3.GetBucketTaggingOutput](t)(c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})).TagSet; len(tags) != 2 || *tags[0].Key != "a" {
		t.Errorf("%v", tags)
	}
	_, err = c.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: b, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: p("aws:x"), Value: p("")}}}})
	refused(t, "a tag of AWS", err, "InvalidTag")
	rules := must[*s3.GetBucketEncryptionOutput](t)(c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b})).ServerSideEncryptionConfiguration.Rules
	if rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != types.ServerSideEncryptionAes256 {
		t.Errorf("%v", rules)
	}
	if v := must[*s3.GetBucketVersioningOutput](t)(c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b})); v.Status != "" {
		t.Errorf("versioning %s", v.Status)
	}
}

func TestWhatAPolicyGives(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "shared")
	other := w.as(them, east)
	w.put(t, c, "shared", "open/a", "text")
	w.put(t, c, "shared", "shut/a", "text")
	get := func(c *s3.Client, key string) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: p("shared"), Key: &key})
		return err
	}
	set := func(policy string) error {
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: p("shared"), Policy: &policy})
		return err
	}
	refused(t, "another account", get(other, "open/a"), "AccessDenied")
	statement := func(effect, principal, action, resource string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":%q,"Principal":%s,"Action":%q,"Resource":"arn:aws:s3:::shared%s"}}`, effect, principal, action, resource)
	}
	refused(t, "a policy", set(statement("Allow", `{"AWS":"`+them+`"}`, "s3:GetObject", "/open/*")), "")
	refused(t, "what it gives", get(other, "open/a"), "")
	refused(t, "what it does not give", get(other, "shut/a"), "AccessDenied")
	refused(t, "a deny", set(statement("Deny", `"*"`, "s3:GetObject", "/shut/*")), "")
	err := get(c, "shut/a")
	refused(t, "the owner, denied", err, "AccessDenied")
	if _, text := try.Refusal(err); !strings.Contains(text, "with an explicit deny in a resource-based policy") {
		t.Error(text)
	}
	refused(t, "the owner", get(c, "open/a"), "")
	everybody := statement("Allow", `"*"`, "s3:GetObject", "/*")
	refused(t, "a public policy while they are blocked", set(everybody), "AccessDenied")
	must[*s3.PutPublicAccessBlockOutput](t)(c.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: p("shared"), PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{RestrictPublicBuckets: aws.Bool(true)}}))
	refused(t, "a public policy", set(everybody), "")
	refused(t, "what it gives while that is restricted", get(other, "open/a"), "AccessDenied")
	must[*s3.DeletePublicAccessBlockOutput](t)(c.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: p("shared")}))
	refused(t, "what it gives", get(other, "open/a"), "")
	if s := must[*s3.GetBucketPolicyStatusOutput](t)(c.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: p("shared")})); !*s.PolicyStatus.IsPublic {
		t.Error("it is not public")
	}
	for policy, why := range map[string]string{
		"{": "no JSON", strings.Replace(everybody, "shared/*", "another/*", 1): "another bucket", strings.Replace(everybody, "s3:GetObject", "ec2:RunInstances", 1): "another service",
	} {
		refused(t, why, set(policy), "MalformedPolicy")
	}
	must[*s3.DeleteBucketPolicyOutput](t)(c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: p("shared")}))
	_, err = c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: p("shared")})
	refused(t, "no policy", err, "NoSuchBucketPolicy")
	_, err = c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("shared"), ExpectedBucketOwner: p(them)})
	refused(t, "not the owner expected", err, "AccessDenied")
}
