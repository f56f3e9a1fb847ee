package s3

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/wire"
)

// acceptACL refuses what a request says about access lists where the bucket's owner owns everything in it (the default since April 2023): only
// the list that gives the owner everything passes, which is what "private" says when the owner sends it. Elsewhere the canned lists pass that public access does not forbid; nothing is decided by
// them. Lists of grants in headers are not kept (Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs").
func (b Bucket) acceptACL(c wire.Caller, in any) error {
	canned := reflect.ValueOf(member(in, "ACL")).String()
	grants := ""
	for _, name := range []string{"GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"} {
		if text, _ := member(in, name).(*string); text != nil {
			grants = *text
		}
	}
	everything, _ := member(in, "GrantFullControl").(*string)
	switch {
	case canned == "" && grants == "":
		return nil
	case canned != "" && grants != "":
		return fault("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
	case b.Ownership == types.ObjectOwnershipBucketOwnerEnforced:
		if canned == string(types.ObjectCannedACLBucketOwnerFullControl) || canned == string(types.ObjectCannedACLPrivate) && c.Account == b.Account || grants == aws.ToString(everything) && strings.Trim(strings.TrimPrefix(grants, "id="), `"`) == canonical(b.Account) {
			return nil
		}
		return fault("AccessControlListNotSupported", "The bucket does not allow ACLs")
	case grants != "":
		return fault("NotImplemented", "A header you provided implies functionality that is not implemented", wire.Element{Name: "Header", Text: "x-amz-grant-full-control"})
	case b.Block != nil && aws.ToBool(b.Block.BlockPublicAcls) && (strings.HasPrefix(canned, "public-") || canned == string(types.ObjectCannedACLAuthenticatedRead)):
		return denied("Access Denied")
	}
	return nil
}

// acceptOwnACL is acceptACL for a bucket that is being made.
func (b Bucket) acceptOwnACL(canned types.BucketCannedACL) error {
	switch {
	case canned == "" || canned == types.BucketCannedACLPrivate:
		return nil
	case b.Ownership == types.ObjectOwnershipBucketOwnerEnforced:
		return fault("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	return fault("InvalidBucketAclWithBlockPublicAccessError", "Bucket cannot have public ACLs set with BlockPublicAccess enabled")
}
