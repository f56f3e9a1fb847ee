package wire

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
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

// chunked takes the aws-chunked encoding off a body (SigV4 reference, "Transferring payload in multiple chunks"): lines of
// "size[;chunk-signature=...]", the data, and trailers at the end, which are added to the request's headers so that the
// checksum members find them.
type chunked struct {
	r      *bufio.Reader
	closer io.Closer
	header http.Header
	left   int64
	done   bool
}

// Trailer is a header that comes after a body's data, and how it is announced before: in S3's aws-chunked bodies, the checksum.
// A handler asks the body it was given.
type Trailer interface {
	io.Reader
	// Announced is the name of the header that will come, in lower case; empty when none will.
	Announced() string
	// Trailer is a header's value, once the body was read to its end.
	Trailer(name string) string
}

func (c *chunked) Announced() string {
	return strings.ToLower(strings.TrimSpace(c.header.Get("X-Amz-Trailer")))
}

func (c *chunked) Trailer(name string) string {
	if !c.done {
		return ""
	}
	return c.header.Get(name)
}

func newChunked(r *http.Request) io.ReadCloser {
	return &chunked{r: bufio.NewReader(r.Body), closer: r.Body, header: r.Header}
}

func (c *chunked) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.done {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if c.left == 0 && err == nil {
		_, err = c.r.Discard(2) // the line's end after the data
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next reads the size of a chunk; size 0 is followed by the trailers.
func (c *chunked) next() error {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
	if c.left, err = strconv.ParseInt(size, 16, 63); err != nil {
		return fmt.Errorf("chunk size %q is not hexadecimal: %w", size, err)
	}
	if c.left > 0 {
		return nil
	}
	c.done = true
	trailers, err := textproto.NewReader(c.r).ReadMIMEHeader()
	if err != nil && err != io.EOF {
		return err
	}
	for name, values := range trailers {
		c.header[name] = values
	}
	return nil
}

func (c *chunked) Close() error { return c.closer.Close() }

func isChunked(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), streaming) || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked")
}

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
