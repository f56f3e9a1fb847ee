package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// ask is what a caller wants of a bucket.
type ask struct {
	bucket   *string
	owner    *string // whose the caller expects it to be
	action   string  // s3:GetObject
	key      string  // of an object, when it is about one
	anywhere bool    // from every Region
}

// find is the bucket of a request that may do what it asks: it is there, in the request's Region, and its owner or its policy lets it.
func (s *Service) find(tx *store.Tx, c wire.Caller, a ask) (Bucket, error) {
	name := aws.ToString(a.bucket)
	b, there := s.buckets.Get(tx, name)
	element := wire.Element{Name: "BucketName", Text: name}
	switch {
	case !there && !validName(name):
		return b, fault("InvalidBucketName", "The specified bucket is not valid.", element)
	case !there:
		return b, fault("NoSuchBucket", "The specified bucket does not exist", element)
	case b.Region != c.Region && !a.anywhere:
		return b, elsewhere(b)
	case a.owner != nil && *a.owner != b.Account:
		return b, denied("Access Denied")
	}
	return b, b.allow(policy.Request{Account: c.Account, ARN: c.ARN, Action: a.action}, a.key)
}

// elsewhere is the answer in the wrong Region, which tells clients where to go.
func elsewhere(b Bucket) error {
	e := fault("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
		wire.Element{Name: "Endpoint", Text: b.Name + ".s3-" + b.Region + ".amazonaws.com"}, wire.Element{Name: "Bucket", Text: b.Name})
	e.Header = map[string][]string{"X-Amz-Bucket-Region": {b.Region}}
	return e
}

func denied(text string) error { return fault("AccessDenied", text) }

// allow lets the owner do what the policy does not deny, and others what it allows.
func (b Bucket) allow(who policy.Request, key string) error {
	switch d := b.Decide(who, key); {
	case d == policy.Denied && who.Account == b.Account:
		return denied("User: " + who.ARN + " is not authorized to perform: " + who.Action + " on resource: \"" + b.resource(key) + "\" with an explicit deny in a resource-based policy")
	case d == policy.Allowed, d == policy.Silent && who.Account == b.Account:
		return nil
	}
	return denied("Access Denied")
}

// Decide is what the bucket's policy says to somebody who wants to do something with the bucket or, with a key, with an object in it. What
// the policy gives to the public counts only while public access is not restricted.
func (b Bucket) Decide(who policy.Request, key string) policy.Decision {
	if b.Policy == "" {
		return policy.Silent
	}
	d, err := policy.Parse(b.Policy)
	if err != nil {
		return policy.Silent // nothing is kept that was not read before
	}
	who.Resource = b.resource(key)
	decision := d.Decide(who)
	if decision == policy.Allowed && who.Account != b.Account && who.Service == "" && b.Block != nil && aws.ToBool(b.Block.RestrictPublicBuckets) && public(d) {
		return policy.Silent
	}
	return decision
}

func (b Bucket) resource(key string) string {
	if key == "" {
		return b.ARN()
	}
	return b.ARN() + "/" + key
}

// narrowing are the condition keys that make a policy for everybody one for a few ("The meaning of public", Amazon S3 User Guide).
var narrowing = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
	"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// public says whether a policy gives something to everybody.
func public(d policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(st policy.Statement) bool {
		if !st.Allow || !slices.Contains(st.Principals["AWS"], "*") && st.NotPrincipals == nil {
			return false
		}
		for _, keys := range st.Conditions {
			for key := range keys {
				if slices.Contains(narrowing, strings.ToLower(key)) {
					return false
				}
			}
		}
		return true
	})
}

// canonical is the id by which S3 names an account: 64 hex digits.
func canonical(account string) string {
	sum := sha256.Sum256([]byte("canonical user of " + account))
	return hex.EncodeToString(sum[:])
}

// setting is a change of a bucket's settings.
func (s *Service) setting(ctx context.Context, a ask, fn func(tx *store.Tx, c wire.Caller, b *Bucket) error) error {
	return s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, a)
		if err != nil {
			return err
		}
		if err := fn(tx, c, &b); err != nil {
			return err
		}
		s.buckets.Put(tx, b.Name, b)
		return nil
	})
}

// settings shows a bucket's settings.
func (s *Service) settings(ctx context.Context, a ask, fn func(b Bucket) error) error {
	return s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, a)
		if err != nil {
			return err
		}
		return fn(b)
	})
}

// maxPolicy is the longest policy, in bytes.
const maxPolicy = 20 << 10

// PutBucketPolicy replaces the policy. One for everybody is refused while public policies are blocked.
func (s *Service) PutBucketPolicy(ctx context.Context, in *s3.PutBucketPolicyInput) (*s3.PutBucketPolicyOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutBucketPolicy"}
	return &s3.PutBucketPolicyOutput{}, s.setting(ctx, a, func(_ *store.Tx, c wire.Caller, b *Bucket) error {
		text := aws.ToString(in.Policy)
		d, err := checkPolicy(text, *b)
		if err != nil {
			return err
		}
		if b.Block != nil && aws.ToBool(b.Block.BlockPublicPolicy) && public(d) {
			return denied("User: " + c.ARN + " is not authorized to perform: s3:PutBucketPolicy on resource: \"" + b.ARN() +
				"\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
		}
		b.Policy = text
		return nil
	})
}

// checkPolicy is what S3 asks of a policy: that it can be read, names principals, and is about this bucket and S3.
func checkPolicy(text string, b Bucket) (policy.Document, error) {
	wrong := func(why string) error { return fault("MalformedPolicy", why) }
	if len(text) > maxPolicy {
		return policy.Document{}, fault("PolicyTooLarge", "The policy exceeds the maximum allowed document size.")
	}
	d, err := policy.Parse(text)
	if err != nil {
		return d, wrong("Policies must be valid JSON and the first byte must be '{': " + err.Error())
	}
	for _, st := range d.Statements {
		resources := slices.Concat(st.Resources, st.NotResources)
		switch {
		case st.Principals == nil && st.NotPrincipals == nil:
			return d, wrong("Missing required field Principal")
		case len(resources) == 0:
			return d, wrong("Missing required field Resource")
		case slices.ContainsFunc(resources, func(r string) bool {
			return r != b.ARN() && r != "*" && !strings.HasPrefix(r, b.ARN()+"/") && r != b.ARN()+"*"
		}):
			return d, wrong("Policy has invalid resource")
		case slices.ContainsFunc(slices.Concat(st.Actions, st.NotActions), func(a string) bool { return a != "*" && !strings.HasPrefix(strings.ToLower(a), "s3:") }):
			return d, wrong("Policy has invalid action")
		}
	}
	return d, nil
}

func noPolicy(b Bucket) error {
	return fault("NoSuchBucketPolicy", "The bucket policy does not exist", wire.Element{Name: "BucketName", Text: b.Name})
}

// GetBucketPolicy gives the policy's text as it was put.
func (s *Service) GetBucketPolicy(ctx context.Context, in *s3.GetBucketPolicyInput) (*s3.GetBucketPolicyOutput, error) {
	out := &s3.GetBucketPolicyOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketPolicy"}, func(b Bucket) error {
		if b.Policy == "" {
			return noPolicy(b)
		}
		out.Policy = aws.String(b.Policy)
		return nil
	})
}

// DeleteBucketPolicy removes the policy; one that is not there is no error.
func (s *Service) DeleteBucketPolicy(ctx context.Context, in *s3.DeleteBucketPolicyInput) (*s3.DeleteBucketPolicyOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:DeleteBucketPolicy"}
	return &s3.DeleteBucketPolicyOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error { b.Policy = ""; return nil })
}

// GetBucketPolicyStatus says whether the policy gives something to everybody.
func (s *Service) GetBucketPolicyStatus(ctx context.Context, in *s3.GetBucketPolicyStatusInput) (*s3.GetBucketPolicyStatusOutput, error) {
	out := &s3.GetBucketPolicyStatusOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketPolicyStatus"}, func(b Bucket) error {
		if b.Policy == "" {
			return noPolicy(b)
		}
		d, err := policy.Parse(b.Policy)
		out.PolicyStatus = &types.PolicyStatus{IsPublic: aws.Bool(public(d))}
		return err
	})
}
