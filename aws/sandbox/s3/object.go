package s3

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Object is one version of an object, or a delete marker.
type Object struct {
	Key         string             `json:"key"`
	Version     string             `json:"version"` // null for one that was written without versioning
	Marker      bool               `json:"marker,omitempty"`
	Modified    time.Time          `json:"modified"`
	Owner       string             `json:"owner"` // account
	Content     Content            `json:"content,omitzero"`
	ETag        string             `json:"etag,omitempty"` // without the quotes
	Checksum    Checksum           `json:"checksum,omitzero"`
	Class       types.StorageClass `json:"class,omitempty"` // empty for STANDARD
	Encryption  encryption         `json:"encryption,omitzero"`
	Headers     headers            `json:"headers,omitzero"`
	Tags        map[string]string  `json:"tags,omitempty"`
	Parts       []ObjectPart       `json:"parts,omitempty"` // of an upload in parts
	Replication replication        `json:"replication,omitzero"`
	Restored    restored           `json:"restored,omitzero"`
	Lock        lock               `json:"lock,omitzero"`
}

// ObjectPart is a part that an object was uploaded in.
type ObjectPart struct {
	Number   int32    `json:"number"`
	Size     int64    `json:"size"`
	Checksum Checksum `json:"checksum,omitzero"`
}

// headers are what an object's sender wants given back with it.
type headers struct {
	Type        string            `json:"type,omitempty"`
	Encoding    string            `json:"encoding,omitempty"`
	Language    string            `json:"language,omitempty"`
	Disposition string            `json:"disposition,omitempty"`
	Cache       string            `json:"cache,omitempty"`
	Redirect    string            `json:"redirect,omitempty"`
	Expires     *time.Time        `json:"expires,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

const (
	null    = "null" // the version of what was written without versioning
	maxKey  = 1024   // bytes
	maxMeta = 2 << 10
	maxPut  = 5 << 30 // bytes of one upload or part
	// noType is the content type of an object whose sender gave none.
	noType = "binary/octet-stream"
)

// checkKey is what S3 asks of a key.
func checkKey(key string) error {
	switch {
	case len(key) > maxKey:
		return fault("KeyTooLongError", "Your key is too long", wire.Element{Name: "Size", Text: fmt.Sprint(len(key))}, wire.Element{Name: "MaxSizeAllowed", Text: fmt.Sprint(maxKey)})
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return fault("InvalidURI", "Couldn't parse the specified URI.", wire.Element{Name: "URI", Text: strings.ToValidUTF8(key, "?")})
	}
	return nil
}

func (h headers) check() error {
	size := 0
	for k, v := range h.Metadata {
		size += len(k) + len(v)
	}
	if size > maxMeta {
		return fault("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
			wire.Element{Name: "Size", Text: fmt.Sprint(size)}, wire.Element{Name: "MaxSizeAllowed", Text: fmt.Sprint(maxMeta)})
	}
	return nil
}

// shelf is where all versions of a key stand.
func shelf(bucket, key string) string { return bucket + "/" + key + "\x00" }

// place is the row of a version: the higher its turn, the further in front.
func place(bucket, key string, turn uint64) string {
	return fmt.Sprintf("%s%016x", shelf(bucket, key), math.MaxUint64-turn)
}

// latest is the newest version of a key, and its turn; there is none when found is false.
func (s *Service) latest(tx *store.Tx, bucket, key string) (at string, o Object, turn uint64, found bool) {
	s.objects.Scan(tx, shelf(bucket, key), func(row string, v Object) bool {
		at, o, found = row, v, true
		return false
	})
	if found {
		turn = turnOf(at)
	}
	return at, o, turn, found
}

// version is the version of that id.
func (s *Service) version(tx *store.Tx, bucket, key, id string) (at string, o Object, found bool) {
	s.objects.Scan(tx, shelf(bucket, key), func(row string, v Object) bool {
		if v.Version == id {
			at, o, found = row, v, true
		}
		return !found
	})
	return at, o, found
}

// insert puts a version in front of the others, in the bucket's way: beside them, or in the place of the one without an id.
func (s *Service) insert(tx *store.Tx, b Bucket, o Object) Object {
	o.Modified = tx.Now()
	_, _, turn, _ := s.latest(tx, b.Name, o.Key)
	if o.Version = null; b.Versioning == types.BucketVersioningStatusEnabled {
		o.Version = versionID(tx)
	} else if at, _, there := s.version(tx, b.Name, o.Key, null); there {
		s.objects.Delete(tx, at)
	}
	o.Replication = replication{}
	s.outgoing(tx, b, &o)
	s.objects.Put(tx, place(b.Name, o.Key, nextTurn(tx, turn, o.Version)), o)
	return o
}

// versionID is a new id in S3's form: 32 characters.
func versionID(tx *store.Tx) string {
	r := tx.Rand()
	var b [24]byte
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return strings.NewReplacer("-", "_").Replace(base64.RawURLEncoding.EncodeToString(b[:]))
}

// shown is a version's id as answers have it: not in a bucket that never had versions.
func (b Bucket) shown(o Object) *string {
	if b.Versioning == "" {
		return nil
	}
	return some(o.Version)
}

// ofVersion is the action on a version that is named, where S3 tells it from the one on the object.
func ofVersion(action string, version *string) string {
	if version == nil {
		return action
	}
	return strings.Replace(action, "Object", "ObjectVersion", 1)
}

// locate is the object that a request means: the newest version of a key or the one it names. A delete marker is not one.
func (s *Service) locate(tx *store.Tx, c wire.Caller, a ask, version *string) (b Bucket, at string, o Object, err error) {
	if b, err = s.find(tx, c, a); err != nil {
		return b, "", o, err
	}
	if err := checkKey(a.key); err != nil {
		return b, "", o, err
	}
	var found bool
	if version == nil {
		at, o, _, found = s.latest(tx, b.Name, a.key)
	} else {
		if err := checkVersion(*version); err != nil {
			return b, "", o, err
		}
		at, o, found = s.version(tx, b.Name, a.key, *version)
	}
	key := wire.Element{Name: "Key", Text: a.key}
	switch {
	case !found && version != nil:
		return b, "", o, fault("NoSuchVersion", "The specified version does not exist.", key, wire.Element{Name: "VersionId", Text: *version})
	case !found:
		return b, "", o, noSuchKey(a.key)
	case o.Marker:
		e := noSuchKey(a.key)
		if version != nil {
			e = fault("MethodNotAllowed", "The specified method is not allowed against this resource.", wire.Element{Name: "ResourceType", Text: "DeleteMarker"})
		}
		e.Header = map[string][]string{"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {o.Version}}
		return b, "", o, e
	}
	return b, at, o, nil
}

func noSuchKey(key string) *wire.Error {
	return fault("NoSuchKey", "The specified key does not exist.", wire.Element{Name: "Key", Text: key})
}

// checkVersion is what S3 asks of a version's id before it looks for it.
func checkVersion(id string) error {
	if id == null || len(id) == 32 {
		return nil
	}
	return invalid("Invalid version id specified", "versionId", id)
}

// keyError is KMS's refusal as S3 passes it on.
func keyError(err error) error {
	var api smithy.APIError
	switch {
	case !errors.As(err, &api):
		return err
	case strings.HasPrefix(api.ErrorCode(), "AccessDenied"):
		return denied(api.ErrorMessage())
	}
	return fault("KMS."+api.ErrorCode(), api.ErrorMessage())
}

// conditions are what a request asks of the object that is there.
type conditions struct {
	match, noneMatch  *string
	since, notSince   *time.Time // modified since, unmodified since
	copySource, write bool
}

// unmet is the answer to conditions that do not hold for an object (RFC 9110, section 13.2.2); nil when they do.
func (c conditions) unmet(o Object, there bool) error {
	failed := func(condition string) error {
		return fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", wire.Element{Name: "Condition", Text: condition})
	}
	same := func(etag *string) bool { return there && (*etag == "*" || unquoted(etag) == o.ETag) }
	modified := o.Modified.Truncate(time.Second)
	switch {
	case c.match != nil && c.write && !there:
		return noSuchKey(o.Key)
	case c.match != nil && !same(c.match):
		return failed("If-Match")
	case c.match == nil && c.notSince != nil && modified.After(*c.notSince):
		return failed("If-Unmodified-Since")
	case c.noneMatch != nil && same(c.noneMatch), c.noneMatch == nil && c.since != nil && !modified.After(*c.since):
		if c.copySource || c.write {
			return failed("If-None-Match")
		}
		e := fault("NotModified", "Not Modified")
		e.Header = map[string][]string{"Etag": {`"` + o.ETag + `"`}}
		return e
	}
	return nil
}

// current is the object of a key as conditions see it: a delete marker is none.
func (s *Service) current(tx *store.Tx, bucket, key string) (Object, bool) {
	_, o, _, found := s.latest(tx, bucket, key)
	if o.Key == "" {
		o.Key = key
	}
	return o, found && !o.Marker
}

// class is the storage class as answers have it: STANDARD is not named.
func checkClass(class types.StorageClass) (types.StorageClass, error) {
	switch class {
	case "", types.StorageClassStandard:
		return "", nil
	case types.StorageClassOutposts, types.StorageClassSnow, types.StorageClassExpressOnezone, types.StorageClassFsxOpenzfs, types.StorageClassFsxOntap:
		return "", fault("InvalidStorageClass", "The storage class you specified is not valid", wire.Element{Name: "StorageClassRequested", Text: string(class)})
	}
	return class, nil
}

// listed is the storage class as listings have it.
func listed(class types.StorageClass) types.StorageClass {
	if class == "" {
		return types.StorageClassStandard
	}
	return class
}

func second(t time.Time) *time.Time { return aws.Time(t.Truncate(time.Second)) }
