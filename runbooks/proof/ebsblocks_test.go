package proof

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// disk is one snapshot that keeps its blocks.
type disk struct {
	mu     sync.Mutex
	blocks map[int][]byte
	page   int // blocks a page
	fail   int // the call that fails, from 1
	calls  int
}

func (d *disk) call(_ context.Context, op string, p map[string]any) (map[string]any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls++; d.calls == d.fail {
		return nil, errors.New("refused")
	}
	switch op {
	case "ebs.PutSnapshotBlock":
		data := p["BlockData"].([]byte)
		sum := sha256.Sum256(data)
		if p["Checksum"] != base64.StdEncoding.EncodeToString(sum[:]) || p["DataLength"] != float64(len(data)) {
			return nil, errors.New("checksum or length is wrong")
		}
		d.blocks[int(p["BlockIndex"].(float64))] = data
		return map[string]any{}, nil
	case "ebs.ListSnapshotBlocks":
		var indexes []int
		for i := range d.blocks {
			indexes = append(indexes, i)
		}
		slices.Sort(indexes)
		from := 0
		if next, ok := p["NextToken"].(string); ok {
			fmt.Sscan(next, &from)
		}
		to := min(from+d.page, len(indexes))
		var list []any
		for _, i := range indexes[from:to] {
			list = append(list, map[string]any{"BlockIndex": float64(i), "BlockToken": fmt.Sprint("token ", i)})
		}
		out := map[string]any{"Blocks": list}
		if to < len(indexes) {
			out["NextToken"] = fmt.Sprint(to)
		}
		return out, nil
	case "ebs.GetSnapshotBlock":
		i := int(p["BlockIndex"].(float64))
		if p["BlockToken"] != fmt.Sprint("token ", i) {
			return nil, errors.New("wrong token")
		}
		return map[string]any{"BlockData": d.blocks[i]}, nil
	}
	return nil, errors.New(op)
}

func seeded(t *testing.T, d *disk, with map[string]any, earlier map[string]any) map[string]any {
	t.Helper()
	with["snapshot"] = "snap-1"
	out, err := seedBlocks(context.Background(), Job{Run: "run-1", With: with, Call: d.call, Seeded: func(string) (map[string]any, bool) { return earlier, earlier != nil }})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryBlockIsAccountedFor(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(*disk)
		equal  int
		says   string
	}{
		"untouched":               {func(*disk) {}, 2048, ""},
		"one block is missing":    {func(d *disk) { delete(d.blocks, 512) }, 2047, "block 512 is missing"},
		"one block is another":    {func(d *disk) { d.blocks[0] = Block("run-1", "damage", 0) }, 2047, `block 0 holds "damage"`},
		"one bit":                 {func(d *disk) { b := slices.Clone(d.blocks[2047]); b[400000] ^= 1; d.blocks[2047] = b }, 2047, "block 2047 holds"},
		"one too many":            {func(d *disk) { d.blocks[5] = []byte(strings.Repeat("x", BlockSize)) }, 2047, "block 5 was never written, and holds data that no run"},
		"zeros where nothing was": {func(d *disk) { d.blocks[5] = make([]byte, BlockSize) }, 2048, ""},
		"zeros where data was":    {func(d *disk) { d.blocks[512] = make([]byte, BlockSize) }, 2047, "block 512 holds only zeros"},
		"behind the end":          {func(d *disk) { d.blocks[2048] = Block("run-1", "x", 1) }, 2048, "block 2048 lies behind the end"},
		"two change places":       {func(d *disk) { d.blocks[0], d.blocks[512] = d.blocks[512], d.blocks[0] }, 2046, `block 0 holds "one" of block 512`},
	} {
		t.Run(name, func(t *testing.T) {
			d := &disk{blocks: map[int][]byte{}, page: 2}
			out := seeded(t, d, map[string]any{"blocks": []any{0.0, 512.0, 2047.0}, "text": "one"}, nil)
			c.damage(d)
			p, err := proveBlocks(context.Background(), Job{Run: "run-1", With: map[string]any{"snapshot": "snap-1"}, Call: d.call}, out)
			if err != nil {
				t.Fatal(err)
			}
			if p.OK != (c.says == "") || p.Equal != c.equal || p.Total != 2048 || (p.Fingerprint == p.Expected) != p.OK {
				t.Errorf("%+v", p)
			}
			if c.says != "" && (len(p.Different) == 0 || !strings.HasPrefix(p.Different[0], c.says)) {
				t.Errorf("says %q, want %q", p.Different, c.says)
			}
			if p.Expected != out["Fingerprint"] {
				t.Error("the seed step gave another fingerprint")
			}
		})
	}
}

func TestASecondGenerationStandsOnTheFirst(t *testing.T) {
	d := &disk{blocks: map[int][]byte{}, page: 1000}
	first := seeded(t, d, map[string]any{"count": 16.0, "text": "one"}, nil)
	second := seeded(t, d, map[string]any{"blocks": []any{128.0}, "text": "two", "base": "first"}, first)
	if second["ChangedBlocksCount"] != 1.0 || second["Count"] != 16.0 || first["Count"] != 16.0 || second["Total"] != 2048.0 {
		t.Errorf("%v", second)
	}
	job := Job{Run: "run-1", With: map[string]any{"snapshot": "snap-1"}, Call: d.call}
	if p, err := proveBlocks(context.Background(), job, second); err != nil || !p.OK {
		t.Errorf("%+v %v", p, err)
	}
	if p, err := proveBlocks(context.Background(), job, first); err != nil || p.Equal != 2047 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestAnErrorEndsIt(t *testing.T) {
	for fail := 1; fail <= 7; fail++ {
		d := &disk{blocks: map[int][]byte{}, page: 1000, fail: fail}
		job := Job{Run: "run-1", With: map[string]any{"snapshot": "snap-1", "count": 3.0}, Call: d.call}
		out, err := seedBlocks(context.Background(), job)
		if err == nil {
			_, err = proveBlocks(context.Background(), job, out)
		}
		if err == nil || err.Error() != "refused" {
			t.Errorf("call %d: %v", fail, err)
		}
	}
}

func TestWhatCannotBeSeeded(t *testing.T) {
	for _, c := range []struct {
		with map[string]any
		says string
	}{
		{map[string]any{}, "needs snapshot"},
		{map[string]any{"snapshot": "s"}, "needs blocks"},
		{map[string]any{"snapshot": "s", "blocks": []any{2048.0}}, "from 0 to 2047"},
		{map[string]any{"snapshot": "s", "count": 4000.0}, "1 to 2048 do"},
		{map[string]any{"snapshot": "s", "gib": 0.5, "count": 1.0}, "whole GiB"},
		{map[string]any{"snapshot": "s", "count": 1.0, "base": "nobody"}, "nobody has written nothing"},
	} {
		_, err := seedBlocks(context.Background(), Job{With: c.with, Seeded: func(string) (map[string]any, bool) { return nil, false }})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.with, err)
		}
	}
	if _, err := Find("sql"); err == nil || !strings.Contains(err.Error(), "ebs-blocks") {
		t.Error(err)
	}
}

func BenchmarkBlock(b *testing.B) {
	b.SetBytes(BlockSize)
	for b.Loop() {
		sum := sha256.Sum256(Block("run", "text", 1))
		_ = sum
	}
}
