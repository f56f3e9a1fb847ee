package wire

import (
	"bufio"
	"crypto/hmac"
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

// errChunk is what a body's reader ends with when a chunk or the trailer is not what was signed.
var errChunk = errors.New("a chunk is not what was signed")

// chunked takes the aws-chunked encoding off a body (SigV4 reference, "Transferring payload in multiple chunks"): lines of
// "size[;chunk-signature=...]", the data, and trailers at the end, which are added to the request's headers so that the
// checksum members find them.
type chunked struct {
	r      *bufio.Reader
	closer io.Closer
	header http.Header
	signer *chunkSigner // of chunks that are signed, once the request's own signature has been accepted
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

func isChunked(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), streaming) || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked")
}

func newChunked(r *http.Request) *chunked {
	return &chunked{r: bufio.NewReader(r.Body), closer: r.Body, header: r.Header}
}

// Announced is part of Trailer.
func (c *chunked) Announced() string {
	return strings.ToLower(strings.TrimSpace(c.header.Get("X-Amz-Trailer")))
}

// Trailer is part of Trailer.
func (c *chunked) Trailer(name string) string {
	if !c.done {
		return ""
	}
	return c.header.Get(name)
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
	c.signer.write(p[:n])
	if c.left == 0 && err == nil {
		if _, err = c.r.Discard(2); err == nil { // the line's end after the data
			err = c.signer.check()
		}
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
	size, extension, _ := strings.Cut(strings.TrimSpace(line), ";")
	if c.left, err = strconv.ParseInt(size, 16, 63); err != nil {
		return fmt.Errorf("chunk size %q is not hexadecimal: %w", size, err)
	}
	c.signer.begin(strings.TrimPrefix(extension, "chunk-signature="))
	if c.left > 0 {
		return nil
	}
	if err := c.signer.check(); err != nil {
		return err
	}
	trailers, err := textproto.NewReader(c.r).ReadMIMEHeader()
	if err != nil && err != io.EOF {
		return err
	}
	if err := c.signer.trailer(c.Announced(), http.Header(trailers)); err != nil {
		return err
	}
	c.done = true
	for name, values := range trailers {
		c.header[name] = values
	}
	return nil
}

func (c *chunked) Close() error { return c.closer.Close() }

// chunkSigner signs chunks again: each over its data and the signature before it. A nil one finds everything right.
type chunkSigner struct {
	key         []byte
	date, scope string
	previous    string // signature
	given       string // of the chunk that is being read
	sum         hash.Hash
}

// newChunkSigner is the one for a request whose signature is accepted; nil when its chunks are not signed.
func newChunkSigner(r *http.Request, sig signature, key Key) *chunkSigner {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
		return nil
	}
	secret := []byte("AWS4" + key.Secret)
	scope := []string{sig.date, sig.region, sig.service, "aws4_request"}
	for _, part := range scope {
		secret = sign(secret, part)
	}
	return &chunkSigner{key: secret, date: sig.at, scope: strings.Join(scope, "/"), previous: sig.hex, sum: sha256.New()}
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (s *chunkSigner) begin(given string) {
	if s != nil {
		s.given = given
		s.sum.Reset()
	}
}

func (s *chunkSigner) write(data []byte) {
	if s != nil {
		s.sum.Write(data)
	}
}

// check compares the signature of the chunk that was read.
func (s *chunkSigner) check() error {
	if s == nil {
		return nil
	}
	return s.compare(s.given, "AWS4-HMAC-SHA256-PAYLOAD", s.date, s.scope, s.previous, sha256Hex(nil), hex.EncodeToString(s.sum.Sum(nil)))
}

// trailer compares the signature of the trailer that was announced.
func (s *chunkSigner) trailer(name string, trailers http.Header) error {
	if s == nil || name == "" {
		return nil
	}
	text := name + ":" + strings.TrimSpace(trailers.Get(name)) + "\n"
	return s.compare(trailers.Get("X-Amz-Trailer-Signature"), "AWS4-HMAC-SHA256-TRAILER", s.date, s.scope, s.previous, sha256Hex([]byte(text)))
}

func (s *chunkSigner) compare(given string, parts ...string) error {
	s.previous = hex.EncodeToString(sign(s.key, strings.Join(parts, "\n")))
	if !hmac.Equal([]byte(s.previous), []byte(given)) {
		return errChunk
	}
	return nil
}
