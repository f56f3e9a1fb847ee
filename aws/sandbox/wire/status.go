package wire

import (
	"reflect"

	"github.com/aws/smithy-go/middleware"
)

type statusKey struct{}

// SetStatus gives a good answer another HTTP status than its operation's, where AWS has two (S3's RestoreObject: 200 or 202). It is put into
// the answer's ResultMetadata, which is not sent.
func SetStatus(m *middleware.Metadata, status int) { m.Set(statusKey{}, status) }

// statusIn is what SetStatus put into an answer, or usual.
func statusIn(out any, usual int) int {
	if m, ok := reflect.ValueOf(out).Elem().FieldByName("ResultMetadata").Interface().(middleware.Metadata); ok {
		if n, set := m.Get(statusKey{}).(int); set {
			return n
		}
	}
	return usual
}
