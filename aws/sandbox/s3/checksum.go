package s3

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"lifeboat/aws/sandbox/wire"
)

// nvme is the polynomial of CRC-64/NVME, reversed (NVM Express NVM Command Set specification, 5.2.1.3.4).
const nvme = 0x9a6c9329ac4bc9b5

// hashes are the algorithms an object's checksum can have (Amazon S3 User Guide, "Checking object integrity").
var hashes = map[types.ChecksumAlgorithm]func() hash.Hash{
	types.ChecksumAlgorithmCrc32:     func() hash.Hash { return crc32.NewIEEE() },
	types.ChecksumAlgorithmCrc32c:    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	types.ChecksumAlgorithmCrc64nvme: func() hash.Hash { return crc64.New(crc64.MakeTable(nvme)) },
	types.ChecksumAlgorithmSha1:      sha1.New,
	types.ChecksumAlgorithmSha256:    sha256.New,
	types.ChecksumAlgorithmSha512:    sha512.New,
	types.ChecksumAlgorithmMd5:       md5.New,
}

// Checksum is an object's or a part's checksum: base64, with "-N" behind it where it is one over the checksums of N parts.
type Checksum struct {
	Algorithm types.ChecksumAlgorithm `json:"algorithm,omitempty"`
	Value     string                  `json:"value,omitempty"`
	Type      types.ChecksumType      `json:"type,omitempty"`
}

// header is the name of the header that carries an algorithm's checksum.
func header(a types.ChecksumAlgorithm) string { return "x-amz-checksum-" + strings.ToLower(string(a)) }

// algorithm is the one whose checksum a header carries; empty when it is none we know.
func algorithm(header string) types.ChecksumAlgorithm {
	name, isOne := strings.CutPrefix(strings.ToLower(header), "x-amz-checksum-")
	a := types.ChecksumAlgorithm(strings.ToUpper(name))
	if isOne && hashes[a] != nil {
		return a
	}
	return ""
}

// incoming is a body that comes in, and what its sender says about it.
type incoming struct {
	body      io.Reader
	length    *int64
	md5       *string
	algorithm types.ChecksumAlgorithm // asked for; empty for the default
	checksum  Checksum                // that came before the body
}

// received is a body that came in and was what its sender said.
type received struct {
	Content  Content
	MD5      []byte
	Checksum Checksum
}

// receive reads a body, puts it and checks its length, its MD5 and its checksum, which may come before it or behind it. An object without
// any has CRC64NVME, as S3 adds it.
func (s *Service) receive(in incoming, put putter) (r received, err error) {
	if in.length == nil {
		return r, fault("MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	if *in.length > maxPut {
		return r, fault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
			wire.Element{Name: "ProposedSize", Text: fmt.Sprint(*in.length)}, wire.Element{Name: "MaxSizeAllowed", Text: fmt.Sprint(int64(maxPut))})
	}
	r.Checksum = in.checksum
	trailer, _ := in.body.(wire.Trailer)
	use := r.Checksum.Algorithm
	if use == "" && trailer != nil {
		use = algorithm(trailer.Announced())
	}
	if use == "" {
		use = in.algorithm
	}
	if use == "" {
		use = types.ChecksumAlgorithmCrc64nvme
	}
	if hashes[use] == nil {
		return r, fault("InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	etag, sum := md5.New(), hashes[use]()
	if in.body == nil {
		in.body = bytes.NewReader(nil)
	}
	if r.Content, err = s.keep(io.TeeReader(in.body, io.MultiWriter(etag, sum)), *in.length, put); err != nil {
		if err == io.ErrUnexpectedEOF {
			return r, incomplete()
		}
		return r, err
	}
	r.MD5 = etag.Sum(nil)
	if r.Content.Size != *in.length {
		return r, incomplete()
	}
	if err := checkMD5(in.md5, r.MD5); err != nil {
		return r, err
	}
	if trailer != nil && r.Checksum.Value == "" {
		r.Checksum.Value = trailer.Trailer(header(use))
	}
	computed := base64.StdEncoding.EncodeToString(sum.Sum(nil))
	if r.Checksum.Value != "" && r.Checksum.Value != computed {
		return r, fault("BadDigest", "The "+string(use)+" you specified did not match the calculated checksum.")
	}
	r.Checksum = Checksum{use, computed, types.ChecksumTypeFullObject}
	return r, nil
}

func incomplete() error {
	return fault("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func checkMD5(said *string, computed []byte) error {
	if said == nil {
		return nil
	}
	want, err := base64.StdEncoding.DecodeString(*said)
	switch {
	case err != nil || len(want) != md5.Size:
		return fault("InvalidDigest", "The Content-MD5 you specified was invalid.", wire.Element{Name: "Content-MD5", Text: *said})
	case !bytes.Equal(want, computed):
		return fault("BadDigest", "The Content-MD5 you specified did not match what we received.",
			wire.Element{Name: "ExpectedDigest", Text: *said}, wire.Element{Name: "CalculatedDigest", Text: base64.StdEncoding.EncodeToString(computed)})
	}
	return nil
}

// over computes the checksum of a content, which is held, from its bytes.
func (s *Service) over(c Content, a types.ChecksumAlgorithm) (Checksum, error) {
	body := s.open(c, 0, c.Size)
	defer body.Close()
	sum := hashes[a]()
	_, err := io.Copy(sum, body)
	return Checksum{a, base64.StdEncoding.EncodeToString(sum.Sum(nil)), types.ChecksumTypeFullObject}, err
}

// full64 is the checksum that S3 adds where nobody gave one.
func full64(sum hash.Hash) Checksum {
	return Checksum{types.ChecksumAlgorithmCrc64nvme, base64.StdEncoding.EncodeToString(sum.Sum(nil)), types.ChecksumTypeFullObject}
}

// composite is the checksum over the checksums of parts.
func composite(a types.ChecksumAlgorithm, parts []Part) (Checksum, error) {
	sum := hashes[a]()
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksum.Value)
		if err != nil || p.Checksum.Algorithm != a {
			return Checksum{}, fault("InvalidPart", "The upload was created using a "+strings.ToLower(string(a))+" checksum. The complete request must include the checksum for each part.")
		}
		sum.Write(raw)
	}
	return Checksum{a, fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(sum.Sum(nil)), len(parts)), types.ChecksumTypeComposite}, nil
}
