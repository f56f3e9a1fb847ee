package s3

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
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

// keeps tells the sweep what objects and parts hold, and what is being read.
func (s *Service) keeps(tx *store.Tx, k *store.Kept) {
	s.objects.Scan(tx, "", func(_ string, o Object) bool { o.Content.Keep(k); return true })
	s.parts.Scan(tx, "", func(_ string, p Part) bool { p.Content.Keep(k); return true })
	s.readings.keep(k)
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

// readings are the contents that are being read: a sweep leaves them, though their object may be deleted meanwhile.
type readings struct {
	mu sync.Mutex
	of map[Content]int // how often each
}

func (r *readings) begin(c Content) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[Content]int{}
	}
	r.of[c]++
}

func (r *readings) end(c Content) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[c]--; r.of[c] == 0 {
		delete(r.of, c)
	}
}

func (r *readings) keep(k *store.Kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.of {
		c.Keep(k)
	}
}

// hold keeps contents from sweeps until release is called. It is called in a transaction that found them.
func (s *Service) hold(contents ...Content) (release func()) {
	for _, c := range contents {
		s.readings.begin(c)
	}
	return sync.OnceFunc(func() {
		for _, c := range contents {
			s.readings.end(c)
		}
	})
}

// open reads length bytes of a content from an offset on, as a stream. It is called in a transaction, where what it reads is known to be
// there; from then on until it is closed it stays there. Nothing is read before the first Read.
func (s *Service) open(c Content, from, length int64) *reader {
	return &reader{service: s, content: c, skip: from, left: length, done: s.hold(c)}
}

type reader struct {
	service *Service
	content Content
	skip    int64 // bytes of what comes next that are not wanted
	left    int64 // to be given yet
	begun   bool
	chunks  []chunk // that come next
	now     io.ReadCloser
	done    func()
}

func (r *reader) Read(p []byte) (int, error) {
	for {
		if r.left == 0 {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
		n, err := r.now.Read(p[:min(int64(len(p)), r.left)])
		r.left -= int64(n)
		if err == io.EOF {
			err = r.drop()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// WriteTo gives chunk by chunk to w, which takes a file better than its bytes when it is a connection.
func (r *reader) WriteTo(w io.Writer) (written int64, err error) {
	for r.left > 0 {
		if err := r.next(); err != nil {
			return written, err
		}
		n, err := io.Copy(w, &io.LimitedReader{R: r.now, N: r.left})
		r.left, written = r.left-n, written+n
		if err == nil {
			err = r.drop()
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// next opens the next chunk when none is open.
func (r *reader) next() (err error) {
	if r.now != nil {
		return nil
	}
	if !r.begun {
		if r.chunks, err = r.service.chunks(r.content); err != nil {
			return err
		}
		r.begun = true
	}
	for len(r.chunks) > 0 && r.skip >= r.chunks[0].size {
		r.skip -= r.chunks[0].size
		r.chunks = r.chunks[1:]
	}
	if len(r.chunks) == 0 {
		return io.ErrUnexpectedEOF
	}
	f, err := r.service.store.Blobs().Open(r.chunks[0].hash)
	if err != nil {
		return err
	}
	if _, err := f.Seek(r.skip, io.SeekStart); err != nil {
		return errors.Join(err, f.Close())
	}
	r.now, r.chunks, r.skip = f, r.chunks[1:], 0
	return nil
}

// drop closes the chunk that is open.
func (r *reader) drop() error {
	if r.now == nil {
		return nil
	}
	f := r.now
	r.now = nil
	return f.Close()
}

// Close lets go of the content.
func (r *reader) Close() error {
	r.left, r.chunks = 0, nil
	r.done()
	return r.drop()
}
