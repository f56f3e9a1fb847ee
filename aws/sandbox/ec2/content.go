package ec2

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"

	"lifeboat/aws/sandbox/store"
)

// BlockSize is the size of a block in bytes: the 512 KiB of the EBS direct APIs. A GiB is BlocksPerGiB of them.
const (
	BlockSize    = 512 << 10
	BlocksPerGiB = (1 << 30) / BlockSize
)

// Block is one written block: its index on the volume and the SHA-256 of its 512 KiB, in hex. A block never written is absent and reads as zeros.
type Block struct {
	Index int32
	Hash  string
}

// Content is what is on a volume or in a snapshot: its written blocks in the order of their indexes. A Content is never changed; With makes another.
// It is kept as one blob (four bytes of index and 32 of hash a block), and its address is that blob's hash; "" is the address of nothing.
type Content []Block

const blockRecord = 4 + 32

// At gives the hash of a block, and whether it was ever written.
func (c Content) At(index int32) (hash string, ok bool) {
	i := c.From(index)
	if i < len(c) && c[i].Index == index {
		return c[i].Hash, true
	}
	return "", false
}

// From is the position of the first block whose index is at least index.
func (c Content) From(index int32) int {
	return sort.Search(len(c), func(i int) bool { return c[i].Index >= index })
}

// With is the content after blocks were written over it.
func (c Content) With(written map[int32]string) Content {
	all := make(map[int32]string, len(c)+len(written))
	for _, b := range c {
		all[b.Index] = b.Hash
	}
	maps.Copy(all, written)
	next := make(Content, 0, len(all))
	for i, h := range all {
		next = append(next, Block{i, h})
	}
	slices.SortFunc(next, func(a, b Block) int { return int(a.Index) - int(b.Index) })
	return next
}

// Difference is a block that is not the same in two contents; a hash is "" where the block is absent.
type Difference struct {
	Index         int32
	First, Second string
}

// Differences are the blocks that differ between two contents, in the order of their indexes.
func Differences(first, second Content) []Difference {
	var out []Difference
	i, j := 0, 0
	for i < len(first) || j < len(second) {
		switch {
		case j == len(second) || i < len(first) && first[i].Index < second[j].Index:
			out = append(out, Difference{first[i].Index, first[i].Hash, ""})
			i++
		case i == len(first) || second[j].Index < first[i].Index:
			out = append(out, Difference{second[j].Index, "", second[j].Hash})
			j++
		default:
			if first[i].Hash != second[j].Hash {
				out = append(out, Difference{first[i].Index, first[i].Hash, second[j].Hash})
			}
			i++
			j++
		}
	}
	return out
}

// Content reads the content at an address.
func (s *Service) Content(address string) (Content, error) {
	if address == "" {
		return nil, nil
	}
	raw, err := s.store.Blobs().Get(address)
	if err != nil {
		return nil, fmt.Errorf("read the block list %s: %w", address, err)
	}
	c, err := parseContent(raw)
	if err != nil {
		return nil, fmt.Errorf("the block list %s: %w", address, err)
	}
	return c, nil
}

func parseContent(raw []byte) (Content, error) {
	if len(raw)%blockRecord != 0 {
		return nil, fmt.Errorf("it has %d bytes, which is no whole number of blocks", len(raw))
	}
	c := make(Content, 0, len(raw)/blockRecord)
	for ; len(raw) > 0; raw = raw[blockRecord:] {
		c = append(c, Block{int32(binary.BigEndian.Uint32(raw)), hex.EncodeToString(raw[4:blockRecord])})
	}
	return c, nil
}

// Keep stores a content and gives its address.
func (s *Service) Keep(c Content) (address string, err error) {
	if len(c) == 0 {
		return "", nil
	}
	raw := make([]byte, 0, len(c)*blockRecord)
	for _, b := range c {
		raw = binary.BigEndian.AppendUint32(raw, uint32(b.Index))
		hash, err := hex.DecodeString(b.Hash)
		if err != nil || len(hash) != 32 {
			return "", fmt.Errorf("block %d: %q is no SHA-256 in hex", b.Index, b.Hash)
		}
		raw = append(raw, hash...)
	}
	return s.store.Blobs().Put(raw)
}

// keeps tells the store's sweep what volumes and snapshots hold: their block lists, and the blocks on those.
func (s *Service) keeps(tx *store.Tx, k *store.Kept) {
	blocks := func(raw []byte) ([]string, error) {
		content, err := parseContent(raw)
		hashes := make([]string, 0, len(content))
		for _, b := range content {
			hashes = append(hashes, b.Hash)
		}
		return hashes, err
	}
	s.volumes.Scan(tx, "", func(_ string, v Volume) bool { k.List(v.Content, blocks); return true })
	s.snapshots.Scan(tx, "", func(_ string, snap Snapshot) bool { k.List(snap.Content, blocks); return true })
}

// WriteBlocks writes whole blocks on a volume: index to the hash of 512 KiB that the store's blobs keep (Put in the same transaction, or held).
// It is what an instance would do with the disk; snapshots taken before keep what they have.
func (s *Service) WriteBlocks(tx *store.Tx, account, region, volume string, blocks map[int32]string) error {
	v, err := s.Volume(tx, account, region, volume)
	if err != nil {
		return err
	}
	for i := range blocks {
		if i < 0 || i >= v.Size*BlocksPerGiB {
			return fmt.Errorf("block %d is not on %s, which has %d blocks", i, volume, v.Size*BlocksPerGiB)
		}
	}
	content, err := s.Content(v.Content)
	if err != nil {
		return err
	}
	content = content.With(blocks)
	if v.Content, err = s.Keep(content); err != nil {
		return err
	}
	v.Blocks = len(content)
	s.putVolume(tx, v)
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
