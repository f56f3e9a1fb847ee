package s3

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

const (
	maxPage = 1000
	// beyond sorts after every text in UTF-8.
	beyond = "\xff"
)

// walk is a listing of keys: what begins with a prefix, with what has a delimiter after it rolled up.
type walk struct {
	bucket, prefix, delimiter string
	after                     string // rows beyond this one, without the bucket
	limit                     int
	versions                  bool // each version, not only the newest that is no marker
	restores                  bool // say of temporary copies of archived ones
}

// found is one entry: a version, or a common prefix.
type found struct {
	object Object
	latest bool
	prefix string
	copy   *types.RestoreStatus // of an archived one, where it was asked for
}

// name is by what an entry is ordered.
func (f found) name() string {
	if f.prefix != "" {
		return f.prefix
	}
	return f.object.Key
}

// walk gives one page of entries, and whether there are more. What is rolled up or hidden is jumped over, so a page costs what is on it.
func (s *Service) walk(tx *store.Tx, w walk) (page []found, more bool) {
	if w.limit == 0 {
		return nil, false
	}
	base := w.bucket + "/"
	after := ""
	if w.after != "" {
		after = base + w.after
	}
	last := "" // the key before
	if key, _, within := strings.Cut(w.after, "\x00"); within {
		last = key
	}
	for again := true; again; {
		again = false
		s.objects.After(tx, base+w.prefix, after, func(row string, o Object) bool {
			first := o.Key != last
			last = o.Key
			if rolled, ok := w.rollUp(o.Key); ok {
				if o.Marker && !w.versions {
					after, again = shelf(w.bucket, o.Key)+beyond, true
					return false
				}
				if more = len(page) == w.limit; more {
					return false
				}
				page = append(page, found{prefix: rolled})
				after, again = base+rolled+beyond, true
				return false
			}
			if !w.versions && (o.Marker || !first) {
				after, again = shelf(w.bucket, o.Key)+beyond, true
				return false
			}
			if more = len(page) == w.limit; more {
				return false
			}
			page = append(page, found{object: o, latest: first})
			return true
		})
	}
	return page, more
}

// rollUp is the common prefix that a key goes into.
func (w walk) rollUp(key string) (string, bool) {
	if w.delimiter == "" {
		return "", false
	}
	rest := strings.TrimPrefix(key, w.prefix)
	i := strings.Index(rest, w.delimiter)
	if i < 0 {
		return "", false
	}
	return w.prefix + rest[:i+len(w.delimiter)], true
}

// afterKey is where a listing goes on that ended with a key or a common prefix.
func (w walk) afterKey(name string) string {
	switch rolled, ok := w.rollUp(name); {
	case name == "":
		return ""
	case ok && rolled == name:
		return name + beyond
	}
	return name + "\x00" + beyond
}

func pageSize(asked *int32) (int, error) {
	switch {
	case asked == nil:
		return maxPage, nil
	case *asked < 0:
		return 0, invalid("Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys", "-1")
	}
	return int(min(*asked, maxPage)), nil
}

// written writes a key as the listing was asked to.
type written bool

func (w written) text(text string) *string {
	if w {
		text = strings.NewReplacer("+", "%20", "%2F", "/", "%2A", "*").Replace(url.QueryEscape(text))
	}
	return aws.String(text)
}

func (w written) optional(text *string) *string {
	if aws.ToString(text) == "" {
		return nil
	}
	return w.text(*text)
}

func (w written) prefixes(page []found) (all []types.CommonPrefix) {
	for _, f := range page {
		if f.prefix != "" {
			all = append(all, types.CommonPrefix{Prefix: w.text(f.prefix)})
		}
	}
	return all
}

func (w written) objects(page []found, withOwner bool) []types.Object {
	all := []types.Object{}
	for _, f := range page {
		if f.prefix != "" {
			continue
		}
		o := f.object
		entry := types.Object{Key: w.text(o.Key), ETag: quoted(o.ETag), LastModified: second(o.Modified), Size: aws.Int64(o.Content.Size),
			StorageClass: types.ObjectStorageClass(listed(o.Class)), RestoreStatus: f.copy, ChecksumType: o.Checksum.Type, ChecksumAlgorithm: o.Checksum.algorithms()}
		if withOwner {
			entry.Owner = owner(o.Owner)
		}
		all = append(all, entry)
	}
	return all
}

func (c Checksum) algorithms() []types.ChecksumAlgorithm {
	if c.Algorithm == "" {
		return nil
	}
	return []types.ChecksumAlgorithm{c.Algorithm}
}

// pageOf is one page of a listing that a caller asked for.
func (s *Service) pageOf(ctx context.Context, a ask, w walk, asked *int32) (page []found, more bool, limit int, err error) {
	if w.limit, err = pageSize(asked); err != nil {
		return nil, false, 0, err
	}
	w.bucket = aws.ToString(a.bucket)
	err = s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		if _, err := s.find(tx, c, a); err != nil {
			return err
		}
		page, more = s.walk(tx, w)
		w.copies(page, tx.Now())
		return nil
	})
	return page, more, w.limit, err
}

// ListObjectsV2 lists objects by key.
func (s *Service) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	w := walk{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), restores: restores(in.OptionalObjectAttributes)}
	w.after = w.afterKey(aws.ToString(in.StartAfter))
	if token := aws.ToString(in.ContinuationToken); token != "" {
		name, err := base64.URLEncoding.DecodeString(token)
		if err != nil || len(name) == 0 {
			return nil, invalid("The continuation token provided is incorrect", "continuation-token", token)
		}
		w.after = w.afterKey(string(name))
	}
	page, more, limit, err := s.pageOf(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListBucket"}, w, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	as := written(in.EncodingType == types.EncodingTypeUrl)
	out := &s3.ListObjectsV2Output{
		Name: in.Bucket, Prefix: as.text(w.prefix), Delimiter: as.optional(in.Delimiter), StartAfter: as.optional(in.StartAfter), EncodingType: in.EncodingType,
		MaxKeys: aws.Int32(int32(limit)), KeyCount: aws.Int32(int32(len(page))), IsTruncated: aws.Bool(more), ContinuationToken: in.ContinuationToken,
		Contents: as.objects(page, aws.ToBool(in.FetchOwner)), CommonPrefixes: as.prefixes(page),
	}
	if more {
		out.NextContinuationToken = aws.String(base64.URLEncoding.EncodeToString([]byte(page[len(page)-1].name())))
	}
	return out, nil
}

// ListObjects is the older listing, whose pages go on at a key.
func (s *Service) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (*s3.ListObjectsOutput, error) {
	w := walk{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), restores: restores(in.OptionalObjectAttributes)}
	w.after = w.afterKey(aws.ToString(in.Marker))
	page, more, limit, err := s.pageOf(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListBucket"}, w, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	as := written(in.EncodingType == types.EncodingTypeUrl)
	out := &s3.ListObjectsOutput{
		Name: in.Bucket, Prefix: as.text(w.prefix), Delimiter: as.optional(in.Delimiter), Marker: as.text(aws.ToString(in.Marker)), EncodingType: in.EncodingType,
		MaxKeys: aws.Int32(int32(limit)), IsTruncated: aws.Bool(more), Contents: as.objects(page, true), CommonPrefixes: as.prefixes(page),
	}
	if more && w.delimiter != "" {
		out.NextMarker = as.text(page[len(page)-1].name())
	}
	return out, nil
}

// ListObjectVersions lists every version and marker, the newest of a key first.
func (s *Service) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput) (*s3.ListObjectVersionsOutput, error) {
	w := walk{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), versions: true, restores: restores(in.OptionalObjectAttributes)}
	w.after = w.afterKey(aws.ToString(in.KeyMarker))
	if id := aws.ToString(in.VersionIdMarker); id != "" {
		if aws.ToString(in.KeyMarker) == "" {
			return nil, invalid("A version-id marker cannot be specified without a key marker.", "version-id-marker", id)
		}
		err := s.view(ctx, func(tx *store.Tx, _ wire.Caller) error {
			if at, _, there := s.version(tx, aws.ToString(in.Bucket), *in.KeyMarker, id); there {
				_, w.after, _ = strings.Cut(at, "/")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	page, more, limit, err := s.pageOf(ctx, ask{bucket: in.Bucket, owner: in.ExpectedBucketOwner, action: "s3:ListBucketVersions"}, w, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	as := written(in.EncodingType == types.EncodingTypeUrl)
	out := &s3.ListObjectVersionsOutput{
		Name: in.Bucket, Prefix: as.text(w.prefix), Delimiter: as.optional(in.Delimiter), KeyMarker: as.text(aws.ToString(in.KeyMarker)), EncodingType: in.EncodingType,
		VersionIdMarker: aws.String(aws.ToString(in.VersionIdMarker)), MaxKeys: aws.Int32(int32(limit)), IsTruncated: aws.Bool(more), CommonPrefixes: as.prefixes(page),
	}
	for _, f := range page {
		switch o := f.object; {
		case f.prefix != "":
		case o.Marker:
			out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{
				Key: as.text(o.Key), VersionId: aws.String(o.Version), IsLatest: aws.Bool(f.latest), LastModified: second(o.Modified), Owner: owner(o.Owner)})
		default:
			out.Versions = append(out.Versions, types.ObjectVersion{
				Key: as.text(o.Key), VersionId: aws.String(o.Version), IsLatest: aws.Bool(f.latest), LastModified: second(o.Modified), Owner: owner(o.Owner),
				ETag: quoted(o.ETag), Size: aws.Int64(o.Content.Size), StorageClass: types.ObjectVersionStorageClass(listed(o.Class)), RestoreStatus: f.copy,
				ChecksumType: o.Checksum.Type, ChecksumAlgorithm: o.Checksum.algorithms()})
		}
	}
	if more {
		end := page[len(page)-1]
		out.NextKeyMarker = as.text(end.name())
		if end.prefix == "" {
			out.NextVersionIdMarker = aws.String(end.object.Version)
		}
	}
	return out, nil
}
