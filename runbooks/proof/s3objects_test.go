package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lifeboat/aws/calls"
	"lifeboat/aws/sandbox"
	"lifeboat/runbooks/journal"
)

// yard is a sandbox with a bucket, and what its seed steps gave.
type yard struct {
	t      testing.TB
	caller calls.Caller
	seeds  map[string]map[string]any
	mu     sync.Mutex
	made   map[string]int // calls by operation
	fail   int            // the call that is cut off, from 1
	calls  int
}

const region = "us-east-2"

func newYard(t testing.TB, versioned bool) *yard {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{Seed: 1, Start: time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	y := &yard{t: t, caller: calls.New(box.Target(), calls.Guard{}), seeds: map[string]map[string]any{}, made: map[string]int{}}
	y.do("s3.CreateBucket", map[string]any{"Bucket": "yard", "CreateBucketConfiguration": map[string]any{"LocationConstraint": region}})
	if versioned {
		y.do("s3.PutBucketVersioning", map[string]any{"Bucket": "yard", "VersioningConfiguration": map[string]any{"Status": "Enabled"}})
	}
	return y
}

func (y *yard) call(ctx context.Context, op string, params map[string]any) (map[string]any, error) {
	y.mu.Lock()
	y.calls++
	y.made[op]++
	cut := y.calls == y.fail
	y.mu.Unlock()
	if cut {
		return nil, errors.New("cut off")
	}
	r, err := y.caller.Call(ctx, calls.Request{Op: op, Region: region, Params: params})
	return r.Output, err
}

// do makes a call that must work.
func (y *yard) do(op string, params map[string]any) map[string]any {
	y.t.Helper()
	if _, given := params["Bucket"]; !given && strings.HasPrefix(op, "s3.") {
		params["Bucket"] = "yard"
	}
	out, err := y.call(context.Background(), op, params)
	if err != nil {
		y.t.Fatal(err)
	}
	return out
}

func (y *yard) job(with map[string]any) Job {
	all := map[string]any{"bucket": "yard"}
	for k, v := range with {
		all[k] = v
	}
	return Job{Run: "run-1", With: all, Call: y.call, Seeded: func(step string) (map[string]any, bool) { out, ok := y.seeds[step]; return out, ok }}
}

func (y *yard) seed(step string, with map[string]any) map[string]any {
	y.t.Helper()
	out, err := seedObjects(context.Background(), y.job(with))
	if err != nil {
		y.t.Fatal(err)
	}
	y.seeds[step] = out
	return out
}

func (y *yard) prove(step string, with map[string]any) journal.Proof {
	y.t.Helper()
	p, err := proveObjects(context.Background(), y.job(with), y.seeds[step])
	if err != nil {
		y.t.Fatal(err)
	}
	return p
}

// versions is how many versions there are under a prefix, markers included.
func (y *yard) versions(prefix string) int {
	y.t.Helper()
	r, err := calls.Whole(context.Background(), y.caller, calls.Request{Op: "s3.ListObjectVersions", Region: region, Params: map[string]any{"Bucket": "yard", "Prefix": prefix}})
	if err != nil {
		y.t.Fatal(err)
	}
	versions, _ := r.Output["Versions"].([]any)
	markers, _ := r.Output["DeleteMarkers"].([]any)
	return len(versions) + len(markers)
}

func TestEveryObjectIsAccountedFor(t *testing.T) {
	put := func(key, body string) func(*yard) {
		return func(y *yard) { y.do("s3.PutObject", map[string]any{"Key": key, "Body": body}) }
	}
	remove := func(keys ...string) func(*yard) {
		return func(y *yard) {
			for _, k := range keys {
				y.do("s3.DeleteObject", map[string]any{"Key": k})
			}
		}
	}
	other := string(Content("run-2", "one", 7, usualBytes))
	damaged := Content("run-1", "one", 12, usualBytes)
	damaged[usualBytes-1] ^= 1
	for name, c := range map[string]struct {
		damage       func(*yard)
		equal, total int
		says         []string
	}{
		"nothing":           {func(*yard) {}, 30, 30, nil},
		"a neighbour":       {put("dat", "not behind the prefix"), 30, 30, nil},
		"one hidden":        {remove("data/00003"), 29, 30, []string{"object data/00003 is missing: a delete marker hides it"}},
		"a gap and the end": {remove("data/00003", "data/00004", "data/00005", "data/00030"), 26, 30, []string{"objects data/00003 to data/00005 are missing: a delete marker hides it", "object data/00030 is missing: a delete marker hides it"}},
		"strangers": {func(y *yard) {
			for _, k := range []string{"data/", "data/00000", "data/00011x", "data/00031", "data/1"} {
				put(k, "mine")(y)
			}
		}, 30, 35, []string{"object data/ was never written, and has 4 bytes", "object data/00000 was never written, and has 4 bytes", "object data/00011x was never written, and has 4 bytes", "and 2 more"}},
		"another text": {func(y *yard) {
			y.seed("bad", map[string]any{"prefix": "data/", "from": 5.0, "count": 2.0, "text": "bad"})
		}, 28, 30, []string{`object data/00005 holds "bad"`, `object data/00006 holds "bad"`}},
		"another run's":   {put("data/00007", other), 29, 30, []string{`object data/00007 holds "one" of run run-2`}},
		"another's place": {put("data/00008", string(Content("run-1", "one", 9, usualBytes))), 29, 30, []string{`object data/00008 holds "one" of object 9`}},
		"another length":  {put("data/00009", "short"), 29, 30, []string{"object data/00009 holds data that no run of lifeboat wrote"}},
		"nothing in it":   {put("data/00010", ""), 29, 30, []string{"object data/00010 is empty"}},
		"one bit":         {put("data/00012", string(damaged)), 29, 30, []string{"object data/00012 holds other bytes behind its head than were written"}},
		"archived": {func(y *yard) {
			y.do("s3.CopyObject", map[string]any{"Key": "data/00013", "CopySource": "yard/data/00013", "StorageClass": "GLACIER"})
		}, 29, 30, []string{"object data/00013 is archived: it cannot be read before it is restored"}},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, true)
			seeded := y.seed("one", map[string]any{"prefix": "data/", "count": 30.0, "text": "one"})
			c.damage(y)
			p := y.prove("one", nil)
			if p.OK != (c.says == nil) || p.Equal != c.equal || p.Total != c.total || !slices.Equal(p.Different, c.says) {
				t.Errorf("%+v", p)
			}
			if (p.Fingerprint == p.Expected) != p.OK || p.Expected != seeded["Fingerprint"] || p.Unit != "objects" {
				t.Errorf("OK %v, fingerprint %s, expected %s, seeded %v", p.OK, p.Fingerprint, p.Expected, seeded["Fingerprint"])
			}
			if p.Newest.IsZero() {
				t.Error("nothing is known of the newest")
			}
		})
	}
}

// A seed that was cut off anywhere and is repeated leaves exactly its objects, and no second version of one that was right.
func TestSeedOfObjectsIsRepeatable(t *testing.T) {
	for _, key := range []string{"", "arn:aws:kms"} {
		for cut := 1; cut <= 14; cut += 2 {
			y := newYard(t, true)
			if key != "" { // an ETag that is no MD5
				id := y.do("kms.CreateKey", map[string]any{"Description": "x"})["KeyMetadata"].(map[string]any)["Arn"]
				y.do("s3.PutBucketEncryption", map[string]any{"ServerSideEncryptionConfiguration": map[string]any{"Rules": []any{map[string]any{
					"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": id}}}}})
			}
			with := map[string]any{"prefix": "p-", "count": 12.0, "text": "one"}
			y.calls, y.fail = 0, cut
			if _, err := seedObjects(context.Background(), y.job(with)); err == nil {
				t.Fatalf("cut off after %d calls, and no error", cut)
			}
			y.fail = 0
			y.seed("one", with)
			y.seed("one", with)
			if p := y.prove("one", nil); !p.OK || p.Total != 12 || y.versions("p-") != 12 {
				t.Errorf("key %q, cut off after %d calls: %+v, %d versions", key, cut, p, y.versions("p-"))
			}
		}
	}
}

// Pages of a list are all read, more than a thousand objects are no trouble, and a later seed lies over an earlier one.
func TestManyObjects(t *testing.T) {
	y := newYard(t, true)
	y.seed("one", map[string]any{"prefix": "a/", "count": 2300.0, "text": "one", "bytes": 300.0})
	y.seed("two", map[string]any{"prefix": "a/", "from": 901.0, "count": 500.0, "text": "two", "base": "one"})
	if p := y.prove("two", nil); !p.OK || p.Total != 2300 || p.Count != 2300 {
		t.Errorf("%+v", p)
	}
	p := y.prove("one", nil)
	if p.OK || p.Equal != 1800 || p.Different[0] != `object a/00901 holds "two"` {
		t.Errorf("%+v", p)
	}
	if y.versions("a/") != 2800 {
		t.Errorf("%d versions", y.versions("a/"))
	}
	// A repetition reads lists, and nothing else.
	before := y.made["s3.PutObject"] + y.made["s3.GetObject"] + y.made["s3.HeadObject"]
	y.seed("two", map[string]any{"prefix": "a/", "from": 901.0, "count": 500.0, "text": "two", "base": "one"})
	if after := y.made["s3.PutObject"] + y.made["s3.GetObject"] + y.made["s3.HeadObject"]; after != before {
		t.Errorf("%d calls that are no lists", after-before)
	}
}

func TestOneObject(t *testing.T) {
	y := newYard(t, true)
	first := y.seed("one", map[string]any{"key": "rufus.gif", "text": "one", "class": "STANDARD_IA"})
	y.do("s3.PutObject", map[string]any{"Key": "rufus.gif.old", "Body": "a neighbour"})
	if p := y.prove("one", nil); !p.OK || p.Total != 1 || p.Newest.IsZero() {
		t.Errorf("%+v", p)
	}
	again := y.seed("one", map[string]any{"key": "rufus.gif", "text": "one"})
	if first["VersionId"] == nil || again["VersionId"] != first["VersionId"] || again["ETag"] != first["ETag"] {
		t.Errorf("%v, and again %v", first, again)
	}
	if head := y.do("s3.HeadObject", map[string]any{"Key": "rufus.gif"}); head["StorageClass"] != "STANDARD_IA" {
		t.Errorf("class %v", head["StorageClass"])
	}
	second := y.seed("two", map[string]any{"key": "rufus.gif", "text": "two"})
	if p := y.prove("one", nil); p.OK || p.Different[0] != `object rufus.gif holds "two"` {
		t.Errorf("%+v", p)
	}
	if p := y.prove("one", map[string]any{"version": first["VersionId"]}); !p.OK {
		t.Errorf("%+v", p)
	}
	y.do("s3.CopyObject", map[string]any{"Key": "back.gif", "CopySource": fmt.Sprintf("yard/rufus.gif?versionId=%v", first["VersionId"])})
	if p := y.prove("one", map[string]any{"key": "back.gif"}); !p.OK {
		t.Errorf("%+v", p)
	}
	y.do("s3.DeleteObject", map[string]any{"Key": "rufus.gif"})
	if p := y.prove("two", nil); p.OK || p.Count != 0 || p.Total != 1 || p.Different[0] != "object rufus.gif is missing: a delete marker hides it" {
		t.Errorf("%+v", p)
	}
	y.do("s3.DeleteObject", map[string]any{"Key": "rufus.gif", "VersionId": second["VersionId"]})
	if p := y.prove("two", map[string]any{"version": second["VersionId"]}); p.OK || p.Count != 0 {
		t.Errorf("%+v", p)
	}
}

func TestWrongObjects(t *testing.T) {
	y := newYard(t, false)
	y.seed("one", map[string]any{"prefix": "a", "count": 1.0, "text": "x"})
	for _, c := range []struct {
		with map[string]any
		says string
	}{
		{map[string]any{"bucket": "", "count": 1.0}, "needs bucket"},
		{map[string]any{"text": "a"}, "needs count"},
		{map[string]any{"count": 0.0}, "count: 0"},
		{map[string]any{"count": 1.5}, "count: 1.5"},
		{map[string]any{"count": 2.0, "from": 99_999.0}, "number 100000"},
		{map[string]any{"count": 2.0, "key": "k"}, "cannot have one key"},
		{map[string]any{"count": 1.0, "bytes": 20.0}, "too few"},
		{map[string]any{"count": 1.0, "bytes": 6e6}, "bytes: 6e+06"},
		{map[string]any{"count": 1.0, "text": strings.Repeat("a", 201)}, "text:"},
		{map[string]any{"count": 1.0, "text": "a\nb"}, "text:"},
		{map[string]any{"count": 1.0, "base": "nobody"}, "nobody"},
		{map[string]any{"count": 1.0, "prefix": "b", "base": "one"}, "other keys"},
	} {
		if _, err := seedObjects(context.Background(), y.job(c.with)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.with, err)
		}
	}
	if _, err := proveObjects(context.Background(), y.job(map[string]any{"version": "v"}), y.seeds["one"]); err == nil {
		t.Error("a version of many objects was accepted")
	}
}

func BenchmarkThousandObjects(b *testing.B) {
	y := newYard(b, true)
	for i := 0; b.Loop(); i++ {
		y.seed("one", map[string]any{"prefix": fmt.Sprintf("%d/", i), "count": 1000.0, "text": "one"})
		if p := y.prove("one", nil); !p.OK {
			b.Fatal(p.Different)
		}
	}
}
