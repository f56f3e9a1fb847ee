package proof

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
	"sync"

	"lifeboat/runbooks/journal"
)

const (
	// BlockSize is the one block size of the EBS direct APIs (EBS guide, "Use EBS direct APIs").
	BlockSize = 512 << 10
	// blocksPerGiB is how many of them a GiB of a volume has.
	blocksPerGiB = 1 << 30 / BlockSize
	// pageSize is how many blocks are listed at once; the API allows 100 to 10,000.
	pageSize = 1000
)

// Block is the content of one block: a head that a person can read in a hex dump, then a keystream made from it.
func Block(run, text string, index int) []byte {
	data := make([]byte, BlockSize)
	n := copy(data, head(run, text, "block", index))
	copy(data[n:], keystream(data[:n], BlockSize-n))
	return data
}

// written is what a seed step wrote, base included: the text of each index.
type written map[int]string

// seedBlocks writes blocks into the open snapshot With["snapshot"]. blocks is a list of indexes, or count a number of them
// spread over gib GiB; base names the earlier seed step whose content this one changes.
func seedBlocks(ctx context.Context, j Job) (map[string]any, error) {
	snapshot, total, err := volume(j)
	if err != nil {
		return nil, err
	}
	indexes, err := wanted(j, total)
	if err != nil {
		return nil, err
	}
	text, _ := j.With["text"].(string)
	all, err := base(j)
	if err != nil {
		return nil, err
	}
	done := 0
	err = each(ctx, workers(), indexes, func(ctx context.Context, index int) error {
		data := Block(j.Run, text, index)
		sum := sha256.Sum256(data)
		_, err := j.Call(ctx, "ebs.PutSnapshotBlock", map[string]any{
			"SnapshotId": snapshot, "BlockIndex": float64(index), "BlockData": data, "DataLength": float64(BlockSize),
			"Checksum": base64.StdEncoding.EncodeToString(sum[:]), "ChecksumAlgorithm": "SHA256",
		})
		return err
	}, func(int) {
		done++
		j.progress(done, len(indexes))
	})
	if err != nil {
		return nil, err
	}
	for _, i := range indexes {
		all[i] = text
	}
	out := all.output()
	out["Fingerprint"] = all.fingerprint(j.Run, nil)
	out["Total"], out["Unit"] = float64(total), "blocks"
	out["ChangedBlocksCount"] = float64(len(indexes))
	return out, nil
}

// proveBlocks accounts for every block of the snapshot With["snapshot"], gib GiB long: written ones by their SHA-256,
// the others by being absent or zero, which is the same to a volume.
func proveBlocks(ctx context.Context, j Job, seeded map[string]any) (journal.Proof, error) {
	snapshot, total, err := volume(j)
	if err != nil {
		return journal.Proof{}, err
	}
	expected, err := seededBlocks(seeded)
	if err != nil {
		return journal.Proof{}, err
	}
	c := comparison{run: j.Run, expected: expected, total: total, hashes: map[int][]byte{}, differs: map[int]string{}}
	if err := c.read(ctx, j, snapshot); err != nil {
		return journal.Proof{}, err
	}
	return c.proof(), nil
}

// comparison gathers what was read.
type comparison struct {
	run      string
	expected written
	total    int
	seen     int
	hashes   map[int][]byte // of the blocks that hold anything but zeros
	differs  map[int]string // index -> what stands there instead
}

// read lists the snapshot page by page and reads the blocks of each page. Nothing but one page's tokens and the hashes is held.
func (c *comparison) read(ctx context.Context, j Job, snapshot string) error {
	next := ""
	for {
		params := map[string]any{"SnapshotId": snapshot, "MaxResults": float64(pageSize)}
		if next != "" {
			params["NextToken"] = next
		}
		page, err := j.Call(ctx, "ebs.ListSnapshotBlocks", params)
		if err != nil {
			return err
		}
		tokens, err := listed(page)
		if err != nil {
			return err
		}
		if err := c.page(ctx, j, snapshot, tokens); err != nil {
			return err
		}
		following, _ := page["NextToken"].(string)
		if following == "" {
			return nil
		}
		if following == next {
			return fmt.Errorf("ebs.ListSnapshotBlocks of %s gave the same NextToken twice: its list has no end", snapshot)
		}
		next = following
	}
}

type token struct {
	index int
	token string
}

func listed(page map[string]any) ([]token, error) {
	blocks, _ := page["Blocks"].([]any)
	out := make([]token, 0, len(blocks))
	for _, b := range blocks {
		m, _ := b.(map[string]any)
		index, ok := number(m["BlockIndex"])
		if !ok {
			return nil, fmt.Errorf("ebs.ListSnapshotBlocks lists a block without an index")
		}
		t, _ := m["BlockToken"].(string)
		out = append(out, token{index, t})
	}
	return out, nil
}

func (c *comparison) page(ctx context.Context, j Job, snapshot string, tokens []token) error {
	type result struct {
		hash    []byte
		instead string
	}
	results := make([]result, len(tokens))
	at := make([]int, len(tokens))
	for i := range at {
		at[i] = i
	}
	return each(ctx, workers(), at, func(ctx context.Context, i int) error {
		t := tokens[i]
		answer, err := j.Call(ctx, "ebs.GetSnapshotBlock", map[string]any{"SnapshotId": snapshot, "BlockIndex": float64(t.index), "BlockToken": t.token})
		if err != nil {
			return err
		}
		data, err := blob(answer["BlockData"])
		if err != nil {
			return fmt.Errorf("block %d of %s: %w", t.index, snapshot, err)
		}
		if len(data) != BlockSize {
			return fmt.Errorf("block %d of %s has %d bytes, not %d", t.index, snapshot, len(data), BlockSize)
		}
		results[i].hash, results[i].instead = c.compare(t.index, data)
		return nil
	}, func(i int) {
		index := tokens[i].index
		if results[i].hash != nil {
			c.hashes[index] = results[i].hash
		}
		if results[i].instead != "" {
			c.differs[index] = results[i].instead
		}
		c.seen++
		j.progress(c.seen, max(c.seen, len(c.expected)))
	})
}

// compare gives the hash of a block that is not all zeros, and what stands there when it is not what was written.
func (c *comparison) compare(index int, data []byte) (hash []byte, instead string) {
	sum := sha256.Sum256(data)
	zero := sum == zeroHash()
	if !zero {
		hash = sum[:]
	}
	text, want := c.expected[index]
	switch {
	case index >= c.total:
		return hash, "lies behind the end of the volume"
	case !want && zero:
		return nil, ""
	case !want:
		return hash, "was never written, and holds " + describe(data, c.run, "block", index)
	case zero:
		return nil, "holds only zeros"
	case !bytes.Equal(data, Block(c.run, text, index)):
		return hash, inPlace(data, c.run, text, "block", index)
	}
	return hash, ""
}

// zeroHash is the SHA-256 of a block of zeros.
var zeroHash = sync.OnceValue(func() [32]byte { return sha256.Sum256(make([]byte, BlockSize)) })

func (c *comparison) proof() journal.Proof {
	for index := range c.expected {
		if _, read := c.hashes[index]; !read && c.differs[index] == "" {
			c.differs[index] = "is missing"
		}
	}
	inside := 0
	var wrong []int
	for index := range c.differs {
		wrong = append(wrong, index)
		if index < c.total {
			inside++
		}
	}
	slices.Sort(wrong)
	equal := maps.Clone(c.hashes)
	maps.DeleteFunc(equal, func(index int, _ []byte) bool { return c.differs[index] != "" })
	p := journal.Proof{
		Data: "ebs-blocks", Unit: "blocks", OK: len(wrong) == 0, Total: c.total, Equal: c.total - inside,
		Fingerprint: fingerprint(c.hashes), Expected: c.expected.fingerprint(c.run, equal),
	}
	for _, index := range wrong[:min(len(wrong), differences)] {
		p.Different = append(p.Different, fmt.Sprintf("block %d %s", index, c.differs[index]))
	}
	if rest := len(wrong) - differences; rest > 0 {
		p.Different = append(p.Different, fmt.Sprintf("and %d more", rest))
	}
	return p
}

// fingerprint is the SHA-256 over index (eight bytes, big-endian) and SHA-256 of every block that holds anything, in order.
func fingerprint(hashes map[int][]byte) string {
	indexes := make([]int, 0, len(hashes))
	for i := range hashes {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	h := sha256.New()
	for _, i := range indexes {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(i))
		h.Write(n[:])
		h.Write(hashes[i])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// fingerprint is that of all blocks as they were written; known are the hashes of some of them, which saves making them again.
func (w written) fingerprint(run string, known map[int][]byte) string {
	hashes := make(map[int][]byte, len(w))
	for i, text := range w {
		if hashes[i] = known[i]; hashes[i] == nil {
			sum := sha256.Sum256(Block(run, text, i))
			hashes[i] = sum[:]
		}
	}
	return fingerprint(hashes)
}

// output is the recipe as it stands in a seed step's output: Indexes and, beside each, its text.
func (w written) output() map[string]any {
	indexes := make([]int, 0, len(w))
	for i := range w {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	out, texts := make([]any, len(indexes)), make([]any, len(indexes))
	for at, i := range indexes {
		out[at], texts[at] = float64(i), w[i]
	}
	return map[string]any{"Indexes": out, "Texts": texts, "Count": float64(len(w))}
}

func seededBlocks(seeded map[string]any) (written, error) {
	indexes, _ := seeded["Indexes"].([]any)
	texts, _ := seeded["Texts"].([]any)
	if len(indexes) == 0 || len(indexes) != len(texts) {
		return nil, fmt.Errorf("the seed step has no list of blocks: name a step that seeds ebs-blocks")
	}
	out := make(written, len(indexes))
	for at, v := range indexes {
		i, ok := number(v)
		text, isText := texts[at].(string)
		if !ok || !isText {
			return nil, fmt.Errorf("the seed step's list of blocks is damaged at position %d", at)
		}
		out[i] = text
	}
	return out, nil
}

// base gives what the step that With["base"] names has written; nothing when there is none.
func base(j Job) (written, error) {
	name, _ := j.With["base"].(string)
	if name == "" {
		return written{}, nil
	}
	seeded, ok := j.Seeded(name)
	if !ok {
		return nil, fmt.Errorf("base: the seed step %s has written nothing in this run", name)
	}
	return seededBlocks(seeded)
}

// volume gives the snapshot and how many blocks it has.
func volume(j Job) (snapshot string, total int, err error) {
	snapshot, _ = j.With["snapshot"].(string)
	if snapshot == "" {
		return "", 0, fmt.Errorf("ebs-blocks needs snapshot: the id of a snapshot")
	}
	gib := 1
	if v, given := j.With["gib"]; given && v != nil {
		n, ok := number(v)
		if !ok || n < 1 {
			return "", 0, fmt.Errorf("gib: %v is not a size in whole GiB", v)
		}
		gib = n
	}
	return snapshot, gib * blocksPerGiB, nil
}

// wanted gives the indexes to write, in order.
func wanted(j Job, total int) ([]int, error) {
	var out []int
	if list, ok := j.With["blocks"].([]any); ok {
		for _, v := range list {
			i, ok := number(v)
			if !ok || i < 0 || i >= total {
				return nil, fmt.Errorf("blocks: %v is not an index from 0 to %d", v, total-1)
			}
			out = append(out, i)
		}
	} else if n, ok := number(j.With["count"]); ok {
		if n < 1 || n > total {
			return nil, fmt.Errorf("count: %d blocks do not fit, 1 to %d do", n, total)
		}
		for k := range n {
			out = append(out, k*total/n)
		}
	}
	sort.Ints(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, fmt.Errorf("ebs-blocks needs blocks: a list of indexes, or count: how many")
	}
	return out, nil
}
