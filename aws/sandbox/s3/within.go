package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/policy"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// Within is what other services of the sandbox do with buckets inside their own transactions. What they may, they ask Permits first: the
// calls themselves refuse nothing.
type Within struct{ s *Service }

// Within gives the buckets to the other services.
func (s *Service) Within() Within { return Within{s} }

// Bucket says whose a bucket is, and where.
func (w Within) Bucket(tx *store.Tx, name string) (account, region string, ok bool) {
	b, ok := w.s.buckets.Get(tx, name)
	return b.Account, b.Region, ok
}

// Permits says whether the bucket lets a role of an account do action ("s3:PutObject") with an object, or without a key with the bucket. In
// the bucket's own account silence permits: the role's policies decide. Another account needs the bucket's policy to say so.
func (w Within) Permits(tx *store.Tx, bucket, key, action, account, roleARN string) bool {
	b, ok := w.s.buckets.Get(tx, bucket)
	return ok && b.allow(policy.Request{Account: account, ARN: roleARN, Action: action}, key) == nil
}

// Put writes an object that a service makes, encrypted as the bucket's objects are, with bytes that are put a chunk at a time.
func (w Within) Put(tx *store.Tx, bucket, key string, body io.Reader) error {
	b, ok := w.s.buckets.Get(tx, bucket)
	if !ok {
		return fault("NoSuchBucket", "The specified bucket does not exist", wire.Element{Name: "BucketName", Text: bucket})
	}
	if err := checkKey(key); err != nil {
		return err
	}
	sum, etag := hashes[types.ChecksumAlgorithmCrc64nvme](), md5.New()
	content, err := w.s.keep(io.TeeReader(body, io.MultiWriter(sum, etag)), -1, w.s.store.Blobs().Put)
	if err != nil {
		return err
	}
	o := Object{Key: key, Owner: b.Account, Content: content, ETag: hex.EncodeToString(etag.Sum(nil)), Checksum: full64(sum)}
	if o.Encryption, err = w.s.encrypt(tx, wire.Caller{Account: b.Account, Region: b.Region}, b, "", nil, nil); err != nil {
		return err
	}
	w.s.insert(tx, b, o)
	return nil
}

// PutObject is Put for bytes that are in memory.
func (w Within) PutObject(tx *store.Tx, bucket, key string, body []byte) error {
	return w.Put(tx, bucket, key, bytes.NewReader(body))
}

// Open reads an object, one chunk in memory at a time; ok is false when there is none.
func (w Within) Open(tx *store.Tx, bucket, key string) (body io.ReadCloser, size int64, ok bool, err error) {
	o, ok := w.s.current(tx, bucket, key)
	if !ok {
		return nil, 0, false, nil
	}
	return w.s.open(o.Content, 0, o.Content.Size), o.Content.Size, true, nil
}

// GetObject is Open for an object that fits into memory.
func (w Within) GetObject(tx *store.Tx, bucket, key string) (body []byte, ok bool, err error) {
	r, size, ok, err := w.Open(tx, bucket, key)
	if !ok || err != nil {
		return nil, ok, err
	}
	defer r.Close()
	body = make([]byte, size)
	_, err = io.ReadFull(r, body)
	return body, true, err
}

// Keys are the keys of a bucket's objects that begin with prefix, in order; at most most of them.
func (w Within) Keys(tx *store.Tx, bucket, prefix string, most int) (keys []string) {
	page, _ := w.s.walk(tx, walk{bucket: bucket, prefix: prefix, limit: most})
	for _, f := range page {
		keys = append(keys, f.object.Key)
	}
	return keys
}
