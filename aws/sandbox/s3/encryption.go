package s3

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// encryption is how an object is encrypted.
type encryption struct {
	Algorithm types.ServerSideEncryption `json:"algorithm,omitempty"` // empty where its sender has the key
	Key       string                     `json:"key,omitempty"`       // ARN of a KMS key
	BucketKey bool                       `json:"bucket_key,omitempty"`
	Customer  string                     `json:"customer,omitempty"` // MD5, in base64, of the key that its sender has; the key itself is never kept
}

// customerAlgorithm is the only one for keys that senders have.
const customerAlgorithm = "AES256"

// tell sets the members of an answer that say how an object is encrypted.
func (e encryption) tell(out any) {
	set(out, "ServerSideEncryption", e.Algorithm)
	set(out, "SSEKMSKeyId", some(e.Key))
	if e.BucketKey {
		set(out, "BucketKeyEnabled", aws.Bool(true))
	}
	if e.Customer != "" {
		set(out, "SSECustomerAlgorithm", aws.String(customerAlgorithm))
		set(out, "SSECustomerKeyMD5", aws.String(e.Customer))
	}
}

// etag is that of an object with this MD5: the MD5 itself, unless a KMS key or its sender's own encrypts it (API reference, "Object": ETag).
func (e encryption) etag(tx *store.Tx, sum string) string {
	if e.Customer == "" && e.Key == "" {
		return sum
	}
	r := tx.Rand()
	b := make([]byte, md5.Size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}

// encrypted is how the object of a request is encrypted: with the key that came along, as the request says, or as the bucket does.
func (s *Service) encrypted(tx *store.Tx, c wire.Caller, b Bucket, in any) (encryption, error) {
	asked, _ := member(in, "ServerSideEncryption").(types.ServerSideEncryption)
	if brought(in, ofObject) {
		if !b.CustomerKeys {
			return encryption{}, denied("Access Denied: server-side encryption with customer-provided keys (SSE-C) is blocked for the bucket by its BlockedEncryptionTypes")
		}
		if asked != "" {
			return encryption{}, invalid("Server Side Encryption with Customer provided key is incompatible with the encryption method specified", "x-amz-server-side-encryption", string(asked))
		}
		sum, err := customerKey(in, ofObject)
		return encryption{Customer: sum}, err
	}
	key, _ := member(in, "SSEKMSKeyId").(*string)
	bucketKey, _ := member(in, "BucketKeyEnabled").(*bool)
	return s.encrypt(tx, c, b, asked, key, bucketKey)
}

// encrypt is how an object that comes to a bucket is encrypted: as its sender says, else as the bucket does. The sender must be able to use the key.
func (s *Service) encrypt(tx *store.Tx, c wire.Caller, b Bucket, asked types.ServerSideEncryption, key *string, bucketKey *bool) (e encryption, err error) {
	e = encryption{Algorithm: asked, Key: aws.ToString(key), BucketKey: aws.ToBool(bucketKey)}
	if set := b.Encryption; asked == "" && set != nil {
		by := set.Rules[0].ApplyServerSideEncryptionByDefault
		e = encryption{Algorithm: by.SSEAlgorithm, Key: aws.ToString(by.KMSMasterKeyID), BucketKey: aws.ToBool(set.Rules[0].BucketKeyEnabled)}
	}
	if e.Algorithm == "" {
		e.Algorithm = types.ServerSideEncryptionAes256
	}
	if !strings.HasPrefix(string(e.Algorithm), "aws:kms") {
		if key != nil {
			return e, invalid("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms", "x-amz-server-side-encryption", string(asked))
		}
		return encryption{Algorithm: e.Algorithm}, nil
	}
	if e.Key == "" {
		e.Key = "alias/aws/s3"
	}
	if e.Key, err = s.keys.Usable(tx, c.Account, b.Region, e.Key, "kms:GenerateDataKey", c.Account); err != nil {
		return e, keyError(err)
	}
	return e, nil
}

// decrypt refuses a caller who may not use the KMS key of an object.
func (s *Service) decrypt(tx *store.Tx, c wire.Caller, b Bucket, e encryption) error {
	if e.Key == "" {
		return nil
	}
	if _, err := s.keys.Usable(tx, b.Account, b.Region, e.Key, "kms:Decrypt", c.Account); err != nil {
		return keyError(err)
	}
	return nil
}

// How the members are called that bring the key of an object, and of the one it is copied from.
const (
	ofObject = "SSECustomer"
	ofSource = "CopySourceSSECustomer"
)

// brought says whether a request has one of those members.
func brought(in any, of string) bool {
	return slices.ContainsFunc([]string{"Algorithm", "Key", "KeyMD5"}, func(name string) bool {
		text, _ := member(in, of+name).(*string)
		return text != nil
	})
}

// customerKey is the MD5 of the key that a request brings; empty when it brings none (Amazon S3 User Guide, "Specifying server-side
// encryption with customer-provided keys").
func customerKey(in any, of string) (string, error) {
	if !brought(in, of) {
		return "", nil
	}
	text := func(name string) string {
		p, _ := member(in, of+name).(*string)
		return aws.ToString(p)
	}
	wrong := func(why string) (string, error) {
		return "", invalid(why, "x-amz-server-side-encryption", "SSE-C")
	}
	key, err := base64.StdEncoding.DecodeString(text("Key"))
	sum := md5.Sum(key)
	switch {
	case text("Algorithm") == "":
		return wrong("Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.")
	case text("Algorithm") != customerAlgorithm:
		return "", fault("InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.")
	case text("Key") == "":
		return wrong("Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
	case text("KeyMD5") == "":
		return wrong("Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.")
	case err != nil || len(key) != 32:
		return wrong("The secret key was invalid for the specified algorithm.")
	case base64.StdEncoding.EncodeToString(sum[:]) != text("KeyMD5"):
		return wrong("The calculated MD5 hash of the key did not match the hash that was provided.")
	}
	return text("KeyMD5"), nil
}

// opens refuses a request that does not bring the key of an object, or brings one where there is none.
func (e encryption) opens(in any, of string) error {
	sum, err := customerKey(in, of)
	switch {
	case err != nil:
		return err
	case e.Customer == sum:
		return nil
	case sum == "":
		return fault("InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	case e.Customer == "":
		return fault("InvalidRequest", "The encryption parameters are not applicable to this object.")
	}
	return denied("Access Denied")
}

// continues refuses a part that does not bring the key that its upload was begun with.
func (e encryption) continues(in any) error {
	sum, err := customerKey(in, ofObject)
	switch {
	case err != nil:
		return err
	case e.Customer == sum:
		return nil
	case sum == "":
		return fault("InvalidRequest", "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
	case e.Customer == "":
		return fault("InvalidRequest", "The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.")
	}
	return fault("InvalidRequest", "The provided encryption parameters did not match the ones used originally.")
}

// PutBucketEncryption sets how objects are encrypted whose sender does not say, and whether senders may bring keys of their own. New buckets
// let them not (since April 2026).
func (s *Service) PutBucketEncryption(ctx context.Context, in *s3.PutBucketEncryptionInput) (*s3.PutBucketEncryptionOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutEncryptionConfiguration"}
	return &s3.PutBucketEncryptionOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error {
		malformed := fault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		rules := in.ServerSideEncryptionConfiguration.Rules
		if len(rules) != 1 || rules[0].ApplyServerSideEncryptionByDefault == nil && rules[0].BlockedEncryptionTypes == nil {
			return malformed
		}
		rule := rules[0]
		if blocked := rule.BlockedEncryptionTypes; blocked != nil {
			if len(blocked.EncryptionType) != 1 {
				return malformed
			}
			b.CustomerKeys = blocked.EncryptionType[0] == types.EncryptionTypeNone
		}
		by := rule.ApplyServerSideEncryptionByDefault
		if by == nil {
			return nil
		}
		if by.KMSMasterKeyID != nil && by.SSEAlgorithm == types.ServerSideEncryptionAes256 {
			return fault("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
		}
		rule.BlockedEncryptionTypes = nil
		b.Encryption = &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{rule}}
		return nil
	})
}

// GetBucketEncryption gives how objects are encrypted whose sender does not say.
func (s *Service) GetBucketEncryption(ctx context.Context, in *s3.GetBucketEncryptionInput) (*s3.GetBucketEncryptionOutput, error) {
	out := &s3.GetBucketEncryptionOutput{}
	return out, s.settings(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:GetEncryptionConfiguration"}, func(b Bucket) error {
		rule := types.ServerSideEncryptionRule{ // what every bucket has (since January 2023)
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}, BucketKeyEnabled: aws.Bool(false),
		}
		if b.Encryption != nil {
			rule = b.Encryption.Rules[0]
		}
		blocked := types.EncryptionTypeSseC
		if b.CustomerKeys {
			blocked = types.EncryptionTypeNone
		}
		rule.BlockedEncryptionTypes = &types.BlockedEncryptionTypes{EncryptionType: []types.EncryptionType{blocked}}
		out.ServerSideEncryptionConfiguration = &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{rule}}
		return nil
	})
}

// DeleteBucketEncryption goes back to what every bucket has.
func (s *Service) DeleteBucketEncryption(ctx context.Context, in *s3.DeleteBucketEncryptionInput) (*s3.DeleteBucketEncryptionOutput, error) {
	a := ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:PutEncryptionConfiguration"}
	return &s3.DeleteBucketEncryptionOutput{}, s.setting(ctx, a, func(_ *store.Tx, _ wire.Caller, b *Bucket) error { b.Encryption = nil; return nil })
}
