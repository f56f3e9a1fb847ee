package s3

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
)

// Why replication fails ("Amazon S3 replication failure reasons").
const (
	roleUnknown   = "AssumeRoleNotPermitted"
	noRules       = "SrcBucketReplicationConfigMissing"
	noRule        = "SrcObjectNotEligible"
	noRead        = "SrcGetObjectNotPermitted"
	noReadTags    = "SrcGetTaggingNotPermitted"
	noReadLock    = "SrcGetRetentionNotPermitted"
	noDestination = "DstBucketNotFound"
	notVersioned  = "DstBucketUnversioned"
	notLocking    = "DstBucketObjectLockConfigMissing"
	noWrite       = "DstPutObjectNotPermitted"
	noWriteMarker = "DstDelObjNotPermitted"
	noWriteTags   = "DstPutTaggingNotPermitted"
	deletedThere  = "DstObjectHardDeleted"
	noKeyThere    = "DstKmsKeyNotFound"
	badKeyThere   = "DstKmsKeyInvalidState"
)

// crossing carries versions over a lane, within one transaction.
type crossing struct {
	*Service
	tx       *store.Tx
	from, to Bucket
	role     string
	blocked  string // why nothing can go
}

// crossing looks at what is the same for everything on a lane: the role, and the destination.
func (s *Service) crossing(tx *store.Tx, l lane, from Bucket) *crossing {
	c := &crossing{Service: s, tx: tx, from: from}
	to, there := s.buckets.Get(tx, l.to)
	c.to = to
	if from.Replicates == nil {
		c.blocked = noRules
		return c
	}
	c.role = aws.ToString(from.Replicates.Role)
	switch {
	case s.roles.Assumable(tx, from.Account, c.role, "s3.amazonaws.com") != nil:
		c.blocked = roleUnknown
	case !c.reads("s3:GetReplicationConfiguration", ""), !c.reads("s3:ListBucket", ""):
		c.blocked = noRules
	case !there:
		c.blocked = noDestination
	case to.Versioning != types.BucketVersioningStatusEnabled:
		c.blocked = notVersioned
	}
	return c
}

// reads says that the role may do something in the source: its policies allow it, and the bucket's does not deny it.
func (c *crossing) reads(action, key string) bool { return c.may(c.from, action, key) }

// writes says that the role may do something in the destination. In another account the bucket's policy has to say so too.
func (c *crossing) writes(action, key string) bool { return c.may(c.to, action, key) }

func (c *crossing) may(b Bucket, action, key string) bool {
	who := policy.Request{Account: c.from.Account, ARN: c.role, Action: action}
	return c.roles.Permits(c.tx, c.role, action, b.resource(key)) && b.allow(who, key) == nil
}

// carry makes the destination hold a version as the source holds it now: it makes the replica, or gives it the metadata that were changed.
// The answer is why it could not, empty when it could.
func (c *crossing) carry(at string, o Object, p passage) (why string) {
	if c.blocked != "" {
		return c.blocked
	}
	r, there := c.from.toward(p)
	switch {
	case !there:
		return noRule
	case !c.reads("s3:GetObjectVersionForReplication", o.Key), !c.reads("s3:GetObjectVersionAcl", o.Key):
		return noRead
	}
	row, held, there := c.version(c.tx, c.to.Name, o.Key, o.Version)
	there = there && held.is(o)
	switch {
	case !there && p.Arrived:
		return deletedThere
	case o.Marker && !c.writes("s3:ReplicateDelete", o.Key):
		return noWriteMarker
	case o.Marker && !there:
		return c.stand(at, Object{Key: o.Key, Version: o.Version, Marker: true, Modified: o.Modified, Owner: c.owner(o, r)})
	case o.Marker:
		return ""
	case there:
		return c.sync(row, held, o)
	}
	return c.copy(at, o, r)
}

// is says that both are the same version in two buckets: ids are unique but for null.
func (o Object) is(other Object) bool {
	return o.Version != null || o.Modified.Equal(other.Modified) && o.ETag == other.ETag
}

// copy makes the replica: the same bytes, version id, time, headers, tags and lock; class, owner and key as the rule says.
func (c *crossing) copy(at string, o Object, r rule) (why string) {
	given := c.overrides(r)
	if !c.writes("s3:ReplicateObject", o.Key) || given && (*r.Destination.Account != c.to.Account || !c.writes("s3:ObjectOwnerOverrideToBucketOwner", o.Key)) {
		return noWrite
	}
	replica := o
	replica.Replication, replica.Restored = replication{}, restored{}
	replica.Owner = c.owner(o, r)
	if class := r.Destination.StorageClass; class != "" {
		replica.Class, _ = checkClass(class)
	}
	if replica.Encryption, why = c.encryption(o, r); why != "" {
		return why
	}
	if why := c.locks(o); why != "" {
		return why
	}
	// Without the right to read tags, S3 replicates the object without them ("Setting up permissions for live replication").
	if !c.reads("s3:GetObjectVersionTagging", o.Key) {
		replica.Tags = nil
	}
	if len(replica.Tags) > 0 && !c.writes("s3:ReplicateTags", o.Key) {
		return noWriteTags
	}
	replica.Replication.Changed = o.Replication.Changed
	return c.stand(at, replica)
}

// stand puts a replica among the versions of its key, where its time says.
func (c *crossing) stand(at string, replica Object) (why string) {
	replica.Replication.Replica = true
	if row, _, there := c.version(c.tx, c.to.Name, replica.Key, replica.Version); there {
		c.objects.Delete(c.tx, row) // another one without an id: there is only one
	}
	for turn := turnOf(at); ; turn-- {
		row := place(c.to.Name, replica.Key, turn)
		if _, taken := c.objects.Get(c.tx, row); !taken {
			c.objects.Put(c.tx, row, replica)
			return ""
		}
	}
}

// sync gives a version in the destination the metadata of the same version in the source, unless its own were changed later.
func (c *crossing) sync(row string, held, o Object) (why string) {
	if !o.Replication.Changed.after(held.Replication.Changed) {
		return ""
	}
	switch {
	case !c.reads("s3:GetObjectVersionTagging", o.Key):
		return noReadTags
	case !c.writes("s3:ReplicateTags", o.Key):
		return noWriteTags
	}
	if why := c.locks(o); why != "" {
		return why
	}
	held.Tags, held.Lock, held.Replication.Changed = o.Tags, o.Lock, o.Replication.Changed
	c.objects.Put(c.tx, row, held)
	return ""
}

// overrides says that the rule gives replicas to another account, the destination's.
func (c *crossing) overrides(r rule) bool {
	return r.Destination.AccessControlTranslation != nil && c.to.Account != c.from.Account
}

// owner is whose a replica is: its source's owner's, unless the rule or the destination gives it to the destination's.
func (c *crossing) owner(o Object, r rule) string {
	if c.overrides(r) || c.to.Ownership == types.ObjectOwnershipBucketOwnerEnforced {
		return c.to.Account
	}
	return o.Owner
}

// locks says why a version's lock cannot go with it: the destination has to have object lock when the source has.
func (c *crossing) locks(o Object) (why string) {
	switch {
	case c.from.Locking == nil:
		return ""
	case c.to.Locking == nil:
		return notLocking
	case o.Lock != (lock{}) && (!c.reads("s3:GetObjectRetention", o.Key) || !c.reads("s3:GetObjectLegalHold", o.Key)):
		return noReadLock
	}
	return ""
}

// encryption is how a replica is encrypted: in the way of its source, whatever the destination's default, with the rule's key where there is
// one. The role must be able to decrypt with the one key and to encrypt with the other.
func (c *crossing) encryption(o Object, r rule) (e encryption, why string) {
	e = o.Encryption
	if !e.withKey() {
		return e, ""
	}
	if !r.encrypted() {
		return e, noRule
	}
	if _, err := c.key(e.Key, "kms:Decrypt"); err != nil {
		return e, noRead
	}
	key := *r.Destination.EncryptionConfiguration.ReplicaKmsKeyID
	if parsed, err := arn.Parse(key); err != nil || parsed.Region != c.to.Region {
		return e, noKeyThere
	}
	found, err := c.key(key, "kms:Encrypt")
	switch {
	case isFault(err, "NotFoundException"):
		return e, noKeyThere
	case isFault(err, "DisabledException", "KMSInvalidStateException"):
		return e, badKeyThere
	case err != nil:
		return e, noWrite
	}
	e.Key = found
	return e, ""
}

// key finds a key that the role may use.
func (c *crossing) key(id, action string) (found string, err error) {
	parsed, err := arn.Parse(id)
	if err != nil {
		return "", err
	}
	if found, err = c.keys.Usable(c.tx, parsed.AccountID, parsed.Region, id, action, c.from.Account); err != nil {
		return "", err
	}
	if !c.roles.Permits(c.tx, c.role, action, found) {
		return "", denied("the role may not " + action)
	}
	return found, nil
}
