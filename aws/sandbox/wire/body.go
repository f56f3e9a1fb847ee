package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// errDigest is what a body's reader ends with when the body is not what was signed.
var errDigest = errors.New("the body's SHA-256 is not the one that was signed")

// checked reads a body and compares its SHA-256 with the signed one at the end.
type checked struct {
	io.Reader
	closer io.Closer
	sum    hash.Hash
	want   string
}

func newChecked(body io.ReadCloser, want string) io.ReadCloser {
	sum := sha256.New()
	return &checked{io.TeeReader(body, sum), body, sum, want}
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF && hex.EncodeToString(c.sum.Sum(nil)) != c.want {
		return n, errDigest
	}
	return n, err
}

func (c *checked) Close() error { return c.closer.Close() }

// maxBody is the longest body that is read whole; AWS's own limits for such requests are at most a few MB (Lambda code: 50 MB).
const maxBody = 64 << 20

func readWhole(body io.Reader, length int64) ([]byte, error) {
	if length > maxBody {
		return nil, fmt.Errorf("the body has %d bytes, at most %d are read", length, maxBody)
	}
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(length) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(body, maxBody+1))
	if err == nil && n > maxBody {
		err = fmt.Errorf("the body has more than %d bytes", maxBody)
	}
	return b.Bytes(), err
}
