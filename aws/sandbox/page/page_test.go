package page

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPagesTogetherAreTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfNDistinct(rapid.StringN(1, 5, 9), 0, 40, rapid.ID).Draw(t, "items")
		slices.Sort(items)
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		var got []string
		marker := ""
		for {
			part, next, err := Cut(items, func(s string) string { return s }, marker, limit)
			if err != nil || len(part) > limit {
				t.Fatalf("%v, %d items", err, len(part))
			}
			got = append(got, part...)
			if marker = next; marker == "" {
				break
			}
		}
		if !slices.Equal(got, items) {
			t.Fatalf("%q, want %q", got, items)
		}
	})
}

func TestMarkerOfSomebodyElse(t *testing.T) {
	if _, _, err := Cut([]string{"a"}, func(s string) string { return s }, "!!", 1); err != ErrMarker {
		t.Errorf("error: %v", err)
	}
}
