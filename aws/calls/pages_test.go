package calls

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// shelf is a caller with one list of numbered versions, which it gives in pages.
type shelf struct {
	total, page int
	calls       int
	stuck       bool
	fail        int // the call that fails, from 1
}

func (s *shelf) Call(_ context.Context, r Request) (Response, error) {
	if s.calls++; s.calls == s.fail {
		return Response{}, &Error{Op: r.Op, Kind: Throttled, Code: "SlowDown"}
	}
	from := 0
	if at, ok := r.Params["KeyMarker"].(string); ok {
		fmt.Sscan(at, &from)
	}
	to := min(from+s.page, s.total)
	if n, ok := r.Params["MaxKeys"].(int); ok {
		to = min(from+n, s.total)
	}
	out := map[string]any{"Name": "b", "MaxKeys": 1000.0, "IsTruncated": to < s.total, "KeyMarker": fmt.Sprint(from)}
	versions, markers := []any{}, []any{}
	for i := from; i < to; i++ {
		if i%3 == 0 {
			markers = append(markers, i)
		} else {
			versions = append(versions, i)
		}
	}
	out["Versions"] = versions
	if len(markers) > 0 {
		out["DeleteMarkers"] = markers
	}
	if to < s.total {
		out["NextKeyMarker"], out["NextVersionIdMarker"] = fmt.Sprint(to), "v"
	}
	if s.stuck {
		out["IsTruncated"], out["NextKeyMarker"], out["NextVersionIdMarker"] = true, "0", "v"
	}
	return Response{Output: out, Attempts: 1}, nil
}

// However a list is cut into pages, it comes whole, in its order, and nothing that is said of a page is said of it.
func TestAListComesWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{total: rapid.IntRange(0, 50).Draw(t, "total"), page: rapid.IntRange(1, 60).Draw(t, "page")}
		got, err := Whole(context.Background(), s, Request{Op: "s3.ListObjectVersions", Params: map[string]any{"Bucket": "b"}})
		if err != nil {
			t.Fatal(err)
		}
		one := &shelf{total: s.total, page: 1000}
		want, _ := one.Call(context.Background(), Request{})
		if s.calls > 1 {
			delete(want.Output, "KeyMarker")
		}
		for _, name := range []string{"Versions", "DeleteMarkers"} {
			if fmt.Sprint(list(got.Output[name])) != fmt.Sprint(list(want.Output[name])) {
				t.Fatalf("%s: %v, want %v", name, got.Output[name], want.Output[name])
			}
			delete(got.Output, name)
			delete(want.Output, name)
		}
		delete(got.Output, "CommonPrefixes")
		if !reflect.DeepEqual(got.Output, want.Output) || got.Attempts != 1 {
			t.Fatalf("%v in %d attempts, want %v", got.Output, got.Attempts, want.Output)
		}
	})
}

func TestAPageThatIsAskedForComesAlone(t *testing.T) {
	for name, params := range map[string]map[string]any{"its length": {"MaxKeys": 2}, "its beginning": {"KeyMarker": "4"}} {
		s := &shelf{total: 10, page: 3}
		got, err := Whole(context.Background(), s, Request{Op: "s3.ListObjectVersions", Params: params})
		if err != nil || s.calls != 1 || got.Output["NextKeyMarker"] == nil {
			t.Errorf("%s: %v in %d calls, %v", name, got.Output, s.calls, err)
		}
	}
}

func TestAListWithoutAnEndIsRefused(t *testing.T) {
	var e *Error
	request := Request{Op: "s3.ListObjectVersions"}
	if _, err := Whole(context.Background(), &shelf{total: 10, page: 3, stuck: true}, request); !errors.As(err, &e) || e.Kind != Server {
		t.Errorf("the same page again: %v", err)
	}
	long := &shelf{total: 300_000, page: 20_000}
	if _, err := Whole(context.Background(), long, request); !errors.As(err, &e) || e.Code != CodeTooMany || long.calls > 7 {
		t.Errorf("too long: %v after %d calls", err, long.calls)
	}
	if _, err := Whole(context.Background(), &shelf{total: 10, page: 3, fail: 3}, request); !errors.As(err, &e) || e.Kind != Throttled {
		t.Errorf("a page that failed: %v", err)
	}
}

// A list that is as long as is allowed still comes.
func TestTheLongestListComes(t *testing.T) {
	got, err := Whole(context.Background(), &shelf{total: MostEntries, page: 1000}, Request{Op: "s3.ListObjectVersions"})
	if err != nil || len(list(got.Output["Versions"]))+len(list(got.Output["DeleteMarkers"])) != MostEntries {
		t.Error(err)
	}
}
