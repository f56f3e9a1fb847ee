package s3

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/page"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Bucket is a bucket with its settings.
type Bucket struct {
	Name          string                                   `json:"name"`
	Account       string                                   `json:"account"`
	Region        string                                   `json:"region"`
	Created       time.Time                                `json:"created"`
	Versioning    types.BucketVersioningStatus             `json:"versioning,omitempty"` // empty until it is set for the first time
	Tags          map[string]string                        `json:"tags,omitempty"`
	Policy        string                                   `json:"policy,omitempty"`
	Block         *types.PublicAccessBlockConfiguration    `json:"block,omitempty"`
	Encryption    *types.ServerSideEncryptionConfiguration `json:"encryption,omitempty"`    // nil is SSE-S3, which every bucket has
	CustomerKeys  bool                                     `json:"customer_keys,omitempty"` // senders may bring keys of their own
	Notifications *types.NotificationConfiguration         `json:"notifications,omitempty"`
	Counted       map[string]counted                       `json:"counted,omitempty"` // id
	Ownership     types.ObjectOwnership                    `json:"ownership,omitempty"`
	Replicates    *types.ReplicationConfiguration          `json:"replicates,omitempty"`
	Locking       *locking                                 `json:"locking,omitempty"`
	Lifecycle     *lifecycle                               `json:"lifecycle,omitempty"`
}

// ARN names the bucket everywhere.
func (b Bucket) ARN() string { return "arn:aws:s3:::" + b.Name }

// home is the Region where a bucket without a location constraint is.
const home = "us-east-1"

// maxBuckets is an account's quota (Amazon S3 User Guide, "Bucket quotas, restrictions, and limitations").
const maxBuckets = 10_000

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// validName is what S3 asks of a bucket's name ("General purpose bucket naming rules").
func validName(name string) bool {
	if !nameForm.MatchString(name) || strings.Contains(name, "..") {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	reserved := func(part string) bool { return strings.HasPrefix(name, part) }
	return !slices.ContainsFunc([]string{"xn--", "sthree-", "amzn-s3-demo-"}, reserved) &&
		!slices.ContainsFunc([]string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}, func(part string) bool { return strings.HasSuffix(name, part) })
}

// located is the Region of a bucket that a caller of a Region asks for with a constraint.
func located(caller, constraint string) (string, error) {
	wrong := func(text string) error {
		return fault("IllegalLocationConstraintException", text)
	}
	switch {
	case constraint == "" && caller == home:
		return home, nil
	case constraint == "":
		return "", wrong("The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	case constraint == "EU":
		constraint = "eu-west-1"
	case constraint == home || !slices.Contains(types.BucketLocationConstraint("").Values(), types.BucketLocationConstraint(constraint)):
		return "", fault("InvalidLocationConstraint", "The specified location-constraint is not valid", wire.Element{Name: "LocationConstraint", Text: constraint})
	}
	if caller != home && caller != constraint {
		return "", wrong("The " + constraint + " location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	return constraint, nil
}

// CreateBucket makes a bucket in the caller's Region or, from us-east-1, in the one the constraint says. It is private: all public access is
// blocked (the default since April 2023).
func (s *Service) CreateBucket(ctx context.Context, in *s3.CreateBucketInput) (*s3.CreateBucketOutput, error) {
	name := aws.ToString(in.Bucket)
	if !validName(name) {
		return nil, fault("InvalidBucketName", "The specified bucket is not valid.", wire.Element{Name: "BucketName", Text: name})
	}
	b := Bucket{Name: name, Tags: map[string]string{}, Block: private(), Ownership: types.ObjectOwnershipBucketOwnerEnforced}
	b.lockable(in.ObjectLockEnabledForBucket)
	if in.ObjectOwnership != "" {
		b.Ownership = in.ObjectOwnership
	}
	if err := b.acceptOwnACL(in.ACL); err != nil {
		return nil, err
	}
	constraint := ""
	if set := in.CreateBucketConfiguration; set != nil {
		var err error
		constraint = string(set.LocationConstraint)
		if b.Tags, err = tagMap(set.Tags, maxBucketTags); err != nil {
			return nil, err
		}
	}
	err := s.update(ctx, func(tx *store.Tx, c wire.Caller) (err error) {
		b.Account, b.Created = c.Account, tx.Now()
		if b.Region, err = located(c.Region, constraint); err != nil {
			return err
		}
		if old, taken := s.buckets.Get(tx, name); taken {
			return old.taken(c, b.Region)
		}
		if n := len(s.own(tx, c.Account)); n >= maxBuckets {
			return fault("TooManyBuckets", "You have attempted to create more buckets than allowed")
		}
		s.buckets.Put(tx, name, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	location := "/" + name
	if b.Region != home {
		location = fmt.Sprintf("http://%s.s3.amazonaws.com/", name)
	}
	return &s3.CreateBucketOutput{Location: aws.String(location), BucketArn: aws.String(b.ARN())}, nil
}

// taken is the answer to somebody who wants to make a bucket that is there. In us-east-1 an owner's second call succeeds, for the sake of old clients.
func (b Bucket) taken(c wire.Caller, region string) error {
	name := wire.Element{Name: "BucketName", Text: b.Name}
	switch {
	case b.Account != c.Account:
		return fault("BucketAlreadyExists",
			"The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.", name)
	case b.Region == home && region == home:
		return nil
	}
	return fault("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", name)
}

// own are the buckets of an account, by name.
func (s *Service) own(tx *store.Tx, account string) (all []Bucket) {
	s.buckets.Scan(tx, "", func(_ string, b Bucket) bool {
		if b.Account == account {
			all = append(all, b)
		}
		return true
	})
	return all
}

// DeleteBucket removes an empty bucket; uploads that were never completed go with it.
func (s *Service) DeleteBucket(ctx context.Context, in *s3.DeleteBucketInput) (*s3.DeleteBucketOutput, error) {
	return &s3.DeleteBucketOutput{}, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:DeleteBucket"})
		if err != nil {
			return err
		}
		empty := true
		s.objects.Scan(tx, b.Name+"/", func(string, Object) bool { empty = false; return false })
		if !empty {
			text := "The bucket you tried to delete is not empty"
			if b.Versioning != "" {
				text += ". You must delete all versions in the bucket."
			}
			return fault("BucketNotEmpty", text, wire.Element{Name: "BucketName", Text: b.Name})
		}
		for _, u := range s.begun(tx, b.Name, "") {
			s.drop(tx, u)
		}
		s.buckets.Delete(tx, b.Name)
		return nil
	})
}

// HeadBucket says whether the caller may use a bucket, and where it is.
func (s *Service) HeadBucket(ctx context.Context, in *s3.HeadBucketInput) (out *s3.HeadBucketOutput, err error) {
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListBucket"})
		out = &s3.HeadBucketOutput{BucketRegion: aws.String(b.Region), BucketArn: aws.String(b.ARN()), AccessPointAlias: aws.Bool(false)}
		return err
	})
	return out, err
}

// GetBucketLocation gives a bucket's Region, from any Region; us-east-1 has no name here.
func (s *Service) GetBucketLocation(ctx context.Context, in *s3.GetBucketLocationInput) (*s3.GetBucketLocationOutput, error) {
	out := &s3.GetBucketLocationOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		b, err := s.find(tx, c, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetBucketLocation", anywhere: true})
		if b.Region != home {
			out.LocationConstraint = types.BucketLocationConstraint(b.Region)
		}
		return err
	})
}

// ListBuckets lists the account's buckets in all Regions, or those of one.
func (s *Service) ListBuckets(ctx context.Context, in *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
	out := &s3.ListBucketsOutput{Buckets: []types.Bucket{}, Prefix: in.Prefix}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		limit := maxBuckets
		if in.MaxBuckets != nil {
			if limit = int(*in.MaxBuckets); limit < 1 || limit > maxBuckets {
				return invalid("Argument max-buckets must be an integer between 1 and 10000", "max-buckets", fmt.Sprint(limit))
			}
		}
		all := slices.DeleteFunc(s.own(tx, c.Account), func(b Bucket) bool {
			return !strings.HasPrefix(b.Name, aws.ToString(in.Prefix)) || in.BucketRegion != nil && b.Region != *in.BucketRegion
		})
		all, next, err := page.Cut(all, func(b Bucket) string { return b.Name }, aws.ToString(in.ContinuationToken), limit)
		if err != nil {
			return invalid("The continuation token provided is incorrect", "continuation-token", *in.ContinuationToken)
		}
		for _, b := range all {
			out.Buckets = append(out.Buckets, types.Bucket{
				Name: aws.String(b.Name), CreationDate: aws.Time(b.Created.Truncate(time.Second)), BucketRegion: aws.String(b.Region), BucketArn: aws.String(b.ARN())})
		}
		out.ContinuationToken, out.Owner = some(next), owner(c.Account)
		return nil
	})
}

// owner is an account as S3 names owners: by a canonical id, which is made from its number here.
func owner(account string) *types.Owner { return &types.Owner{ID: aws.String(canonical(account))} }
