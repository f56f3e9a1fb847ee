package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"time"

	"lifeboat/runbooks/journal"
)

// addRow adds a row to a fingerprint as a run wrote it.
func addRow(run string) func(hash.Hash, int, span) {
	return func(sum hash.Hash, id int, of span) { addRead(sum, id, of.Text, Payload(run, of.Text, id)) }
}

// addRead adds one row to a fingerprint: its id (eight bytes, big-endian) and the SHA-256 of text and payload.
func addRead(sum hash.Hash, id int, text, payload string) {
	row := sha256.Sum256([]byte(text + "\x00" + payload))
	sum.Write(binary.BigEndian.AppendUint64(nil, uint64(id)))
	sum.Write(row[:])
}

// rowComparison gathers what was read.
type rowComparison struct {
	tally
	run string
	sum hash.Hash
}

// row compares one row, which comes behind the one before, and gives its id.
func (c *rowComparison) row(row map[string]any) (int, error) {
	id, ok := number(row["id"])
	text, isText := row["text"].(string)
	payload, isPayload := row["payload"].(string)
	if !ok || !isText || !isPayload {
		return 0, fmt.Errorf("it has no rows of id, text and payload: read the table that the seed wrote")
	}
	c.read++
	addRead(c.sum, id, text, payload)
	if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(row["written_at"])); err == nil && at.After(c.newest) {
		c.newest = at.UTC()
	}
	want, ok := c.meet(id)
	switch {
	case !ok:
		c.extra++
		c.differ("row %d was never written, and holds %q", id, text)
	case text != want.Text:
		c.differ("row %d holds %q", id, text)
	case payload != Payload(c.run, want.Text, id):
		c.differ("row %d holds another payload than was written", id)
	default:
		c.equal++
	}
	return id, nil
}

func (c *rowComparison) proof() journal.Proof {
	c.missing(int(^uint(0) >> 1))
	return c.tally.proof("sql-rows", hex.EncodeToString(c.sum.Sum(nil)), c.want.fingerprint(addRow(c.run)))
}
