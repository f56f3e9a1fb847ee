package s3

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
)

func TestNotifications(t *testing.T) {
	w := newWorld(t, t.TempDir())
	c := w.bucket(t, us, east, "things")
	put := func(n types.NotificationConfiguration, unchecked bool) error {
		_, err := c.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: p("things"), NotificationConfiguration: &n, SkipDestinationValidation: &unchecked})
		return err
	}
	topic := func(region string, event types.Event, rules ...types.FilterRule) types.TopicConfiguration {
		return types.TopicConfiguration{TopicArn: p("arn:aws:sns:" + region + ":" + us + ":t"), Events: []types.Event{event},
			Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: rules}}}
	}
	prefix := func(name, value string) types.FilterRule {
		return types.FilterRule{Name: types.FilterRuleName(name), Value: &value}
	}
	topics := func(all ...types.TopicConfiguration) types.NotificationConfiguration {
		return types.NotificationConfiguration{TopicConfigurations: all}
	}
	all, puts := types.EventS3ObjectCreated, types.EventS3ObjectCreatedPut
	for what, test := range map[string]struct {
		n         types.NotificationConfiguration
		unchecked bool
		code      string
	}{
		"a topic that is not there":   {topics(topic(east, all)), false, "InvalidArgument"},
		"a topic nobody looks for":    {topics(topic(east, all)), true, ""},
		"a topic of another Region":   {topics(topic(west, all)), true, "InvalidArgument"},
		"an event that is none":       {topics(topic(east, "s3:Nothing")), true, "MalformedXML"},
		"a rule that is none":         {topics(topic(east, all, prefix("middle", "x"))), true, "MalformedXML"},
		"two prefixes":                {topics(topic(east, all, prefix("prefix", "x"), prefix("prefix", "y"))), true, "InvalidArgument"},
		"two for the same":            {topics(topic(east, all, prefix("prefix", "a")), topic(east, puts, prefix("prefix", "ab"))), true, "InvalidArgument"},
		"two for different prefixes":  {topics(topic(east, all, prefix("prefix", "a")), topic(east, puts, prefix("prefix", "b"))), true, ""},
		"EventBridge, which is there": {types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}}, false, ""},
	} {
		refused(t, what, put(test.n, test.unchecked), test.code)
	}
	refused(t, "the last", put(topics(topic(east, all, prefix("suffix", ".jpg"))), true), "")
	out := must[*s3.GetBucketNotificationConfigurationOutput](t)(c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: p("things")}))
	if len(out.TopicConfigurations) != 1 || *out.TopicConfigurations[0].Id == "" || *out.TopicConfigurations[0].Filter.Key.FilterRules[0].Value != ".jpg" || out.EventBridgeConfiguration != nil {
		t.Errorf("%+v", out)
	}
	refused(t, "nothing", put(types.NotificationConfiguration{}, false), "")
	if out = must[*s3.GetBucketNotificationConfigurationOutput](t)(c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: p("things")})); len(out.TopicConfigurations) != 0 {
		t.Errorf("%+v", out)
	}
}

func TestMetricsConfigurations(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	put := func(id string, f types.MetricsFilter) error {
		_, err := c.PutBucketMetricsConfiguration(ctx, &s3.PutBucketMetricsConfigurationInput{Bucket: p("things"), Id: &id, MetricsConfiguration: &types.MetricsConfiguration{Id: &id, Filter: f}})
		return err
	}
	tag := types.Tag{Key: p("k"), Value: p("v")}
	filters := map[string]types.MetricsFilter{
		"All": nil, "One": &types.MetricsFilterMemberPrefix{Value: "a/"}, "Tag": &types.MetricsFilterMemberTag{Value: tag},
		"Both": &types.MetricsFilterMemberAnd{Value: types.MetricsAndOperator{Prefix: p("a/"), Tags: []types.Tag{tag}}},
	}
	for id, f := range filters {
		refused(t, id, put(id, f), "")
		out := must[*s3.GetBucketMetricsConfigurationOutput](t)(c.GetBucketMetricsConfiguration(ctx, &s3.GetBucketMetricsConfigurationInput{Bucket: p("things"), Id: &id}))
		if got, want := fmt.Sprintf("%T", out.MetricsConfiguration.Filter), fmt.Sprintf("%T", f); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	refused(t, "an id that is none", put("a b", nil), "InvalidArgument")
	refused(t, "an And of one", put("x", &types.MetricsFilterMemberAnd{Value: types.MetricsAndOperator{Prefix: p("a")}}), "MalformedXML")
	for i := range 120 {
		refused(t, "one more", put(fmt.Sprintf("n-%03d", i), nil), "")
	}
	in, n := &s3.ListBucketMetricsConfigurationsInput{Bucket: p("things")}, 0
	for {
		out := must[*s3.ListBucketMetricsConfigurationsOutput](t)(c.ListBucketMetricsConfigurations(ctx, in))
		n += len(out.MetricsConfigurationList)
		if in.ContinuationToken = out.NextContinuationToken; !*out.IsTruncated {
			break
		}
	}
	if n != 124 {
		t.Errorf("%d are listed", n)
	}
	del := func() error {
		_, err := c.DeleteBucketMetricsConfiguration(ctx, &s3.DeleteBucketMetricsConfigurationInput{Bucket: p("things"), Id: p("Tag")})
		return err
	}
	refused(t, "delete", del(), "")
	refused(t, "delete again", del(), "NoSuchConfiguration")
}

// A key that the sender has is asked for wherever the object is read, and never kept.
func TestKeysThatSendersKeep(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	c := w.bucket(t, us, east, "things")
	key := func(text string) (algorithm, k, sum *string) { return customerMembers(strings.Repeat(text, 32)) }
	put := func(name, with string) error {
		in := &s3.PutObjectInput{Bucket: p("things"), Key: &name, Body: strings.NewReader("secret")}
		if with != "" {
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = key(with)
		}
		_, err := c.PutObject(ctx, in)
		return err
	}
	get := func(name, with string) error {
		in := &s3.GetObjectInput{Bucket: p("things"), Key: &name}
		if with != "" {
			in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = key(with)
		}
		out, err := c.GetObject(ctx, in)
		if err == nil && text(t, out, nil) != "secret" {
			t.Error("something else came back")
		}
		return err
	}
	refused(t, "a new bucket", put("k", "a"), "AccessDenied")
	must[*s3.PutBucketEncryptionOutput](t)(c.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: p("things"), ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{BlockedEncryptionTypes: &types.BlockedEncryptionTypes{EncryptionType: []types.EncryptionType{types.EncryptionTypeNone}}}}}}))
	refused(t, "put", put("k", "a"), "")
	refused(t, "put without", put("plain", ""), "")
	refused(t, "get", get("k", "a"), "")
	refused(t, "get without the key", get("k", ""), "InvalidRequest")
	refused(t, "get with another", get("k", "b"), "AccessDenied")
	refused(t, "get what has none", get("plain", "a"), "InvalidRequest")
	for what, change := range map[string]func(in *s3.PutObjectInput){
		"no algorithm": func(in *s3.PutObjectInput) { in.SSECustomerAlgorithm = nil }, "no key": func(in *s3.PutObjectInput) { in.SSECustomerKey = nil },
		"another MD5": func(in *s3.PutObjectInput) { _, _, in.SSECustomerKeyMD5 = key("b") },
		"a short key": func(in *s3.PutObjectInput) { _, in.SSECustomerKey, in.SSECustomerKeyMD5 = customerMembers("short") },
		"KMS as well": func(in *s3.PutObjectInput) { in.ServerSideEncryption = "aws:kms" },
	} {
		in := &s3.PutObjectInput{Bucket: p("things"), Key: p("x"), Body: strings.NewReader("secret")}
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = key("a")
		change(in)
		_, err := c.PutObject(ctx, in)
		refused(t, what, err, "InvalidArgument")
	}
	copied := &s3.CopyObjectInput{Bucket: p("things"), Key: p("copy"), CopySource: p("things/k")}
	_, err := c.CopyObject(ctx, copied)
	refused(t, "copy without the key", err, "InvalidRequest")
	copied.CopySourceSSECustomerAlgorithm, copied.CopySourceSSECustomerKey, copied.CopySourceSSECustomerKeyMD5 = key("a")
	copied.SSECustomerAlgorithm, copied.SSECustomerKey, copied.SSECustomerKeyMD5 = key("b")
	_, err = c.CopyObject(ctx, copied)
	refused(t, "copy", err, "")
	refused(t, "get the copy", get("copy", "b"), "")
	up := &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("parts")}
	up.SSECustomerAlgorithm, up.SSECustomerKey, up.SSECustomerKeyMD5 = key("a")
	id := must[*s3.CreateMultipartUploadOutput](t)(c.CreateMultipartUpload(ctx, up)).UploadId
	part := &s3.UploadPartInput{Bucket: p("things"), Key: p("parts"), UploadId: id, PartNumber: aws.Int32(1), Body: strings.NewReader("secret")}
	_, err = c.UploadPart(ctx, part)
	refused(t, "a part without the key", err, "InvalidRequest")
	part.SSECustomerAlgorithm, part.SSECustomerKey, part.SSECustomerKeyMD5 = key("a")
	part.Body = strings.NewReader("secret")
	etag := must[*s3.UploadPartOutput](t)(c.UploadPart(ctx, part)).ETag
	must[*s3.CompleteMultipartUploadOutput](t)(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: p("things"), Key: p("parts"), UploadId: id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: etag}}}}))
	refused(t, "get the parts", get("parts", "a"), "")
	kept, err := os.ReadFile(filepath.Join(dir, store.JournalFile))
	if _, k, _ := key("a"); err != nil || strings.Contains(string(kept), *k) || strings.Contains(string(kept), strings.Repeat("a", 32)) {
		t.Errorf("the journal has the key: %v", err)
	}
}

// customerMembers are those of a request that brings a key.
func customerMembers(key string) (algorithm, encoded, sum *string) {
	md := md5.Sum([]byte(key))
	return p(customerAlgorithm), p(base64.StdEncoding.EncodeToString([]byte(key))), p(base64.StdEncoding.EncodeToString(md[:]))
}

func TestAccessLists(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	put := func(bucket string, in s3.PutObjectInput) error {
		in.Bucket, in.Key, in.Body = &bucket, p("k"), strings.NewReader("x")
		_, err := c.PutObject(ctx, &in)
		return err
	}
	refused(t, "the owner has everything", put("things", s3.PutObjectInput{ACL: types.ObjectCannedACLBucketOwnerFullControl}), "")
	refused(t, "the owner is granted everything", put("things", s3.PutObjectInput{GrantFullControl: p("id=" + canonical(us))}), "")
	refused(t, "everybody reads", put("things", s3.PutObjectInput{ACL: types.ObjectCannedACLPublicRead}), "AccessControlListNotSupported")
	refused(t, "another is granted everything", put("things", s3.PutObjectInput{GrantFullControl: p("id=" + canonical(them))}), "AccessControlListNotSupported")
	refused(t, "both", put("things", s3.PutObjectInput{ACL: types.ObjectCannedACLPrivate, GrantRead: p("id=x")}), "InvalidRequest")
	_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: p("things"), Key: p("copy"), CopySource: p("things/k"), ACL: types.ObjectCannedACLPublicRead})
	refused(t, "a copy that everybody reads", err, "AccessControlListNotSupported")
	_, err = c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: p("things"), Key: p("parts"), ACL: types.ObjectCannedACLPublicRead})
	refused(t, "parts that everybody reads", err, "AccessControlListNotSupported")
	made := func(in s3.CreateBucketInput) error {
		in.Bucket, in.CreateBucketConfiguration = p("lists"), &types.CreateBucketConfiguration{LocationConstraint: east}
		_, err := c.CreateBucket(ctx, &in)
		return err
	}
	refused(t, "a bucket for everybody", made(s3.CreateBucketInput{ACL: types.BucketCannedACLPublicRead}), "InvalidBucketAclWithObjectOwnership")
	refused(t, "a bucket with lists", made(s3.CreateBucketInput{ACL: types.BucketCannedACLPrivate, ObjectOwnership: types.ObjectOwnershipObjectWriter}), "")
	refused(t, "a private object in it", put("lists", s3.PutObjectInput{ACL: types.ObjectCannedACLPrivate}), "")
	refused(t, "a public object in it", put("lists", s3.PutObjectInput{ACL: types.ObjectCannedACLPublicRead}), "AccessDenied")
}
