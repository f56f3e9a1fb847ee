package s3

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"lifeboat/aws/sandbox/store"
)

const (
	chunkSize = 1 << 20 // bytes of a chunk; the last one of an object or of a part has less
	// idleBuffers is how many buffers wait for the next upload.
	idleBuffers = 16
	// chunkRecord is a chunk on a list: its size and its SHA-256.
	chunkRecord = 4 + 32
)

// Content is the bytes of an object: one chunk under its own name, or a list of chunks under the list's. It is a value.
type Content struct {
	Size    int64  `json:"size"`
	Address string `json:"address,omitempty"` // of the chunk or the list; empty for no bytes
	Listed  bool   `json:"listed,omitempty"`
}

type chunk struct {
	size int64
	hash string
}

// Keep tells a sweep what a content needs.
func (c Content) Keep(k *store.Kept) {
	if !c.Listed {
		k.Content(c.Address)
		return
	}
	k.List(c.Address, func(raw []byte) ([]string, error) {
		chunks, err := parseChunks(raw)
		hashes := make([]string, len(chunks))
		for i, c := range chunks {
			hashes[i] = c.hash
		}
		return hashes, err
	})
}

// keeps tells the sweep what objects and parts hold.
func (s *Service) keeps(tx *store.Tx, k *store.Kept) {
	s.objects.Scan(tx, "", func(_ string, o Object) bool { o.Content.Keep(k); return true })
	s.parts.Scan(tx, "", func(_ string, p Part) bool { p.Content.Keep(k); return true })
}

func parseChunks(raw []byte) ([]chunk, error) {
	if len(raw)%chunkRecord != 0 {
		return nil, fmt.Errorf("a list of chunks has %d bytes, which is no whole number of them", len(raw))
	}
	chunks := make([]chunk, 0, len(raw)/chunkRecord)
	for ; len(raw) > 0; raw = raw[chunkRecord:] {
		chunks = append(chunks, chunk{int64(binary.BigEndian.Uint32(raw)), hex.EncodeToString(raw[4:chunkRecord])})
	}
	return chunks, nil
}

func (s *Service) chunks(c Content) ([]chunk, error) {
	switch {
	case c.Size == 0:
		return nil, nil
	case !c.Listed:
		return []chunk{{c.Size, c.Address}}, nil
	}
	raw, err := s.store.Blobs().Get(c.Address)
	if err != nil {
		return nil, fmt.Errorf("read a list of chunks: %w", err)
	}
	return parseChunks(raw)
}

// putter puts content into the store and gives its name.
type putter func(content []byte) (hash string, err error)

// listing is the content that chunks make together.
func listing(chunks []chunk, put putter) (c Content, err error) {
	for _, one := range chunks {
		c.Size += one.size
	}
	if len(chunks) == 1 {
		c.Address = chunks[0].hash
	}
	if len(chunks) < 2 {
		return c, nil
	}
	raw := make([]byte, 0, len(chunks)*chunkRecord)
	for _, one := range chunks {
		hash, err := hex.DecodeString(one.hash)
		if err != nil {
			return c, fmt.Errorf("the name of a chunk: %w", err)
		}
		raw = append(binary.BigEndian.AppendUint32(raw, uint32(one.size)), hash...)
	}
	c.Listed = true
	c.Address, err = put(raw)
	return c, err
}

// keep reads a body to its end and puts it, a chunk at a time; size is how much it says to be, unknown below 0.
func (s *Service) keep(body io.Reader, size int64, put putter) (Content, error) {
	buffer := s.buffer(size)
	defer s.giveBack(buffer)
	var chunks []chunk
	for {
		n, err := fill(body, buffer)
		if n > 0 {
			hash, err := put(buffer[:n])
			if err != nil {
				return Content{}, err
			}
			chunks = append(chunks, chunk{int64(n), hash})
		}
		switch err {
		case nil:
		case io.EOF:
			return listing(chunks, put)
		default:
			return Content{}, err
		}
	}
}

// fill reads until the buffer is full. The error is the body's own: io.EOF only where it really ended, which io.ReadFull does not tell from
// a body that was cut.
func fill(body io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = body.Read(buffer[n:])
		n += more
	}
	return n, err
}

// buffer is one for a body of that size: a small one holds it and shows its end.
func (s *Service) buffer(size int64) []byte {
	if size >= 0 && size < chunkSize/4 {
		return make([]byte, size+1)
	}
	select {
	case b := <-s.buffers:
		return b
	default:
		return make([]byte, chunkSize)
	}
}

func (s *Service) giveBack(b []byte) {
	if len(b) < chunkSize {
		return
	}
	select {
	case s.buffers <- b:
	default:
	}
}

// held puts content outside of an Update: no sweep takes it before release is called.
func (s *Service) held() (put putter, release func()) {
	var mu sync.Mutex
	var all []func()
	put = func(content []byte) (string, error) {
		hash, free, err := s.store.Blobs().Hold(content)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, free)
		return hash, err
	}
	return put, func() {
		for _, free := range all {
			free()
		}
	}
}

// open reads length bytes of a content from an offset on; one chunk is in memory at a time.
func (s *Service) open(c Content, from, length int64) (io.ReadCloser, error) {
	chunks, err := s.chunks(c)
	if err != nil {
		return nil, err
	}
	for len(chunks) > 0 && from >= chunks[0].size {
		from -= chunks[0].size
		chunks = chunks[1:]
	}
	return &reader{blobs: s.store.Blobs(), chunks: chunks, skip: from, left: length}, nil
}

type reader struct {
	blobs  *store.Blobs
	chunks []chunk
	skip   int64 // of the next chunk
	left   int64 // to be given yet
	data   []byte
}

func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.data)
	r.data, r.left = r.data[n:], r.left-int64(n)
	return n, nil
}

// WriteTo gives whole chunks, without copying them first.
func (r *reader) WriteTo(w io.Writer) (written int64, err error) {
	for r.left > 0 {
		if err := r.fill(); err != nil {
			return written, err
		}
		n, err := w.Write(r.data[:min(int64(len(r.data)), r.left)])
		r.data, r.left, written = r.data[n:], r.left-int64(n), written+int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// fill reads the next chunk when nothing of the last is left.
func (r *reader) fill() error {
	if len(r.data) > 0 {
		return nil
	}
	if len(r.chunks) == 0 {
		return io.ErrUnexpectedEOF
	}
	data, err := r.blobs.Get(r.chunks[0].hash)
	if err != nil {
		return err
	}
	r.data, r.chunks, r.skip = data[r.skip:], r.chunks[1:], 0
	return nil
}

// Close lets go of the chunk.
func (r *reader) Close() error {
	r.data, r.chunks, r.left = nil, nil, 0
	return nil
}
