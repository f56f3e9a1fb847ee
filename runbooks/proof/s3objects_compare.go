package proof

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"time"

	"lifeboat/runbooks/journal"
)

// objectComparison gathers what was read.
type objectComparison struct {
	*objects
	tally
	sum hash.Hash
}

// all lists the prefix page by page, and reads the objects of each page.
func (c *objectComparison) all(ctx context.Context) error {
	with := map[string]any{"Bucket": c.bucket, "Prefix": c.prefix, "MaxKeys": float64(pageSize)}
	for {
		page, err := c.Call(ctx, "s3.ListObjectsV2", with)
		if err != nil {
			return err
		}
		if err := c.page(ctx, listing(page)); err != nil {
			return err
		}
		next, _ := page["NextContinuationToken"].(string)
		if more, _ := page["IsTruncated"].(bool); !more || next == "" {
			return nil
		}
		if next == with["ContinuationToken"] {
			return fmt.Errorf("s3.ListObjectsV2 of %s gave the same token twice: its list has no end", c.bucket)
		}
		with["ContinuationToken"] = next
	}
}

// looked is an object that was read: its SHA-256, and what is wrong with it.
type looked struct {
	hash  [sha256.Size]byte
	wrong string
	gone  bool // between the list and the look
}

// page reads the objects of a page, several at once, and accounts for them in their order.
func (c *objectComparison) page(ctx context.Context, found []entry) error {
	wants := make([]span, len(found))
	results := make([]looked, len(found))
	var read []int
	for i, one := range found {
		n, ok := c.number(one.key)
		if of, wanted := c.want.of(n); ok && wanted {
			wants[i], read = of, append(read, i)
		}
	}
	done := c.read
	err := each(ctx, most, read, func(ctx context.Context, i int) (err error) {
		n, _ := c.number(found[i].key)
		results[i], _, err = c.look(ctx, n, wants[i], found[i].size)
		return err
	}, func(int) {
		done++
		c.progress(done, max(done, c.want.total))
	})
	if err != nil {
		return err
	}
	for i, one := range found {
		n, _ := c.number(one.key)
		c.account(n, one, results[i])
	}
	return nil
}

// account compares one object, which comes behind the one before.
func (c *objectComparison) account(n int, one entry, got looked) {
	if got.gone {
		return
	}
	c.read++
	if one.modified.After(c.newest) {
		c.newest = one.modified
	}
	if _, ok := c.number(one.key); !ok && c.key == "" {
		c.stranger(one)
		return
	}
	_, ok := c.meet(n)
	switch {
	case !ok:
		c.stranger(one)
		return
	case got.wrong != "":
		c.differ("object %s %s", one.key, got.wrong)
	default:
		c.equal++
	}
	addContent(c.sum, n, got.hash)
}

// stranger is an object that nobody wrote.
func (c *objectComparison) stranger(one entry) {
	c.extra++
	c.sum.Write([]byte(one.key + "\x00" + one.etag))
	c.differ("object %s was never written, and has %d bytes", one.key, one.size)
}

// look reads an object and compares it; size is what the list says, negative where there was none.
func (c *objectComparison) look(ctx context.Context, n int, of span, size int) (looked, map[string]any, error) {
	with := map[string]any{"Bucket": c.bucket, "Key": c.name(n)}
	if c.version != "" {
		with["VersionId"] = c.version
	}
	another := size >= 0 && size != of.Bytes
	if size == 0 {
		return looked{wrong: "is empty"}, nil, nil
	}
	if another {
		with["Range"] = "bytes=0-511" // enough to say what it is instead
	}
	answer, err := c.Call(ctx, "s3.GetObject", with)
	switch {
	case refusedWith(err, "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"): // the last is a delete marker's
		return looked{gone: true}, nil, nil
	case refusedWith(err, "InvalidObjectState"):
		return looked{wrong: "is archived: it cannot be read before it is restored"}, answer, nil
	case err != nil:
		return looked{}, nil, err
	}
	data, err := blob(answer["Body"])
	if err != nil {
		return looked{}, nil, fmt.Errorf("object %s of %s: %w", c.name(n), c.bucket, err)
	}
	got := looked{hash: sha256.Sum256(data)}
	if another || !bytes.Equal(data, Content(c.Run, of.Text, n, of.Bytes)) {
		got.wrong = inPlace(data, c.Run, of.Text, "object", n)
	}
	return got, answer, nil
}

// single reads the one object of a seed with a key of its own.
func (c *objectComparison) single(ctx context.Context, n int) error {
	_, of, _ := c.want.peek()
	got, answer, err := c.look(ctx, n, of, -1)
	if err != nil {
		return err
	}
	one := entry{key: c.key}
	if at, ok := answer["LastModified"].(string); ok {
		one.modified, _ = time.Parse(time.RFC3339Nano, at)
	}
	c.account(n, one, got)
	c.progress(1, 1)
	return nil
}

// hidden says where a delete marker hides a missing object.
func (o *objects) hidden(ctx context.Context, n int) string {
	answer, err := o.Call(ctx, "s3.ListObjectVersions", map[string]any{"Bucket": o.bucket, "Prefix": o.name(n), "MaxKeys": 1.0})
	if err != nil {
		return "" // it is missing all the same
	}
	markers, _ := answer["DeleteMarkers"].([]any)
	for _, m := range markers {
		m, _ := m.(map[string]any)
		if latest, _ := m["IsLatest"].(bool); latest && m["Key"] == o.name(n) {
			return ": a delete marker hides it"
		}
	}
	return ""
}

func (c *objectComparison) proof() journal.Proof {
	c.missing(math.MaxInt)
	return c.tally.proof("s3-objects", hex.EncodeToString(c.sum.Sum(nil)), c.want.fingerprint(addObject(c.Run)))
}
