// Package page cuts listings into pages. A marker names the last element of the page before, so a listing goes on in the
// right place whatever was made or deleted meanwhile.
package page

import (
	"encoding/base64"
	"errors"
	"sort"
)

// ErrMarker says that a marker is not one that Cut gave out.
var ErrMarker = errors.New("the marker is not valid")

// Cut gives at most limit of the items that come after marker, and the marker of the next page, empty when this is the last.
// Items are in the order of key, which must be unique. An empty marker begins at the start.
func Cut[T any](items []T, key func(T) string, marker string, limit int) (page []T, next string, err error) {
	if marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(marker)
		if err != nil || len(after) == 0 {
			return nil, "", ErrMarker
		}
		items = items[sort.Search(len(items), func(i int) bool { return key(items[i]) > string(after) }):]
	}
	if len(items) <= limit {
		return items, "", nil
	}
	page = items[:limit]
	return page, base64.RawURLEncoding.EncodeToString([]byte(key(page[limit-1]))), nil
}
