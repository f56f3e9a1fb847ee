package s3

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/kms"
	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/try"
)

// A listing is what the definition says, whatever the keys, the prefix, the delimiter and the size of a page.
func TestListingsAgainstTheirDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := try.On(t, "")
		s := New(g.Store, Options{Keys: kms.New(g.Store)})
		here := try.As(us, east, "s3", "")
		key := rapid.StringMatching(`[ab/]{1,4}`)
		keys := rapid.SliceOfNDistinct(key, 0, 20, rapid.ID[string]).Draw(t, "keys")
		gone := map[string]bool{}
		b := Bucket{Name: "bucket", Account: us, Region: east, Versioning: types.BucketVersioningStatusEnabled}
		err := g.Store.Update(func(tx *store.Tx) error {
			s.buckets.Put(tx, b.Name, b)
			s.objects.Put(tx, place("bucket-2", "a", 1), Object{Key: "a", Version: null})
			for _, k := range keys {
				for range rapid.IntRange(1, 3).Draw(t, "versions") {
					s.insert(tx, b, Object{Key: k})
				}
				if gone[k] = rapid.Bool().Draw(t, "gone"); gone[k] {
					s.insert(tx, b, Object{Key: k, Marker: true})
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		prefix := rapid.StringMatching(`[ab/]{0,2}`).Draw(t, "prefix")
		delimiter := rapid.SampledFrom([]string{"", "/", "b"}).Draw(t, "delimiter")
		size := rapid.Int32Range(1, 5).Draw(t, "page")
		var want, got []string
		slices.Sort(keys)
		for _, k := range keys {
			if !strings.HasPrefix(k, prefix) || gone[k] {
				continue
			}
			if i := strings.Index(k[len(prefix):], delimiter); delimiter != "" && i >= 0 {
				k = k[:len(prefix)+i+1] + " and more"
			}
			if !slices.Contains(want, k) {
				want = append(want, k)
			}
		}
		in := &s3.ListObjectsV2Input{Bucket: aws.String("bucket"), Prefix: &prefix, Delimiter: &delimiter, MaxKeys: &size}
		for {
			out, err := s.ListObjectsV2(here, in)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(out.Contents) + len(out.CommonPrefixes); n > int(size) || n != int(*out.KeyCount) {
				t.Fatalf("a page of %d", n)
			}
			var page []string
			for _, o := range out.Contents {
				page = append(page, *o.Key)
			}
			for _, p := range out.CommonPrefixes {
				page = append(page, *p.Prefix+" and more")
			}
			slices.SortFunc(page, func(a, b string) int {
				return strings.Compare(strings.TrimSuffix(a, " and more"), strings.TrimSuffix(b, " and more"))
			})
			got = append(got, page...)
			if in.ContinuationToken = out.NextContinuationToken; !*out.IsTruncated {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("prefix %q delimiter %q page %d of %q:\ngot  %q\nwant %q", prefix, delimiter, size, keys, got, want)
		}
	})
}

func TestVersionsByPage(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "kept")
	w.versions(t, c, "kept", types.BucketVersioningStatusEnabled)
	var want []string
	for _, key := range []string{"a", "a/b", "b c"} {
		var ids []string
		for i := range 3 {
			ids = append(ids, key+" "+*w.put(t, c, "kept", key, fmt.Sprint(i)).VersionId)
		}
		out := must[*s3.DeleteObjectOutput](t)(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: p("kept"), Key: &key}))
		ids = append(ids, key+" "+*out.VersionId)
		slices.Reverse(ids)
		want = append(want, ids...)
	}
	for size := range int32(13) {
		var got []string
		pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: p("kept"), MaxKeys: aws.Int32(size + 1)})
		for pages.HasMorePages() {
			out := must[*s3.ListObjectVersionsOutput](t)(pages.NextPage(ctx))
			latest := 0
			var page []string
			for _, m := range out.DeleteMarkers {
				page = append(page, *m.Key+" "+*m.VersionId)
				if *m.IsLatest {
					latest++
				}
			}
			for _, v := range out.Versions {
				page = append(page, *v.Key+" "+*v.VersionId)
				if *v.IsLatest {
					t.Errorf("%s is the latest", *v.Key)
				}
			}
			if latest != len(out.DeleteMarkers) {
				t.Error("a newest marker is not the latest")
			}
			slices.SortFunc(page, func(a, b string) int { return slices.Index(want, a) - slices.Index(want, b) })
			got = append(got, page...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: %q, want %q", size+1, got, want)
		}
	}
}

func TestListObjectsGoesOnAtAKey(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	for _, key := range []string{"a/1", "a/2", "b", "c/1", "d e"} {
		w.put(t, c, "things", key, "x")
	}
	in := &s3.ListObjectsInput{Bucket: p("things"), Delimiter: p("/"), MaxKeys: aws.Int32(1)}
	var got []string
	for {
		out := must[*s3.ListObjectsOutput](t)(c.ListObjects(ctx, in))
		for _, o := range out.Contents {
			got = append(got, *o.Key)
		}
		for _, p := range out.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
		if in.Marker = out.NextMarker; !*out.IsTruncated {
			break
		}
	}
	if want := []string{"a/", "b", "c/", "d e"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if out := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("things"), StartAfter: p("b")})); len(out.Contents) != 2 {
		t.Errorf("after b: %d", len(out.Contents))
	}
}

func TestKeysAreEncodedOnRequest(t *testing.T) {
	w := newWorld(t, "")
	c := w.bucket(t, us, east, "things")
	w.put(t, c, "things", "a b+ü/\x07", "x")
	out := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: p("things"), EncodingType: types.EncodingTypeUrl}))
	if *out.Contents[0].Key != "a%20b%2B%C3%BC/%07" || out.EncodingType != types.EncodingTypeUrl {
		t.Errorf("%s", *out.Contents[0].Key)
	}
}

func BenchmarkList100000Keys(b *testing.B) {
	g := try.On(b, "")
	s := New(g.Store, Options{Keys: kms.New(g.Store)})
	bucket := Bucket{Name: "bucket", Account: us, Region: east}
	err := g.Store.Update(func(tx *store.Tx) error {
		s.buckets.Put(tx, bucket.Name, bucket)
		for i := range 100_000 {
			s.insert(tx, bucket, Object{Key: fmt.Sprintf("folder-%d/key-%06d", i%10, i), ETag: "d41d8cd98f00b204e9800998ecf8427e"})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	here := try.As(us, east, "s3", "")
	for b.Loop() {
		n := 0
		in := &s3.ListObjectsV2Input{Bucket: aws.String("bucket")}
		for {
			out := must[*s3.ListObjectsV2Output](b)(s.ListObjectsV2(here, in))
			n += len(out.Contents)
			if in.ContinuationToken = out.NextContinuationToken; !*out.IsTruncated {
				break
			}
		}
		if n != 100_000 {
			b.Fatal(n)
		}
	}
}
