package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"time"

	"lifeboat/runbooks/journal"
)

// expectation goes through the rows that should be there, by id.
type expectation struct {
	run    string
	ranges []span // in order, none over another
	total  int
	at     int // range of the next row
	next   int // its id
}

// newExpectation lays spans over each other, the later ones on top.
func newExpectation(run string, all []span) *expectation {
	var cuts []int
	for _, s := range all {
		cuts = append(cuts, s.From, s.To+1)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	e := &expectation{run: run}
	for i := range max(0, len(cuts)-1) {
		for _, s := range slices.Backward(all) {
			if s.From <= cuts[i] && cuts[i] <= s.To {
				e.ranges = append(e.ranges, span{cuts[i], cuts[i+1] - 1, s.Text})
				e.total += cuts[i+1] - cuts[i]
				break
			}
		}
	}
	if len(e.ranges) > 0 {
		e.next = e.ranges[0].From
	}
	return e
}

// peek gives the next row that should be there.
func (e *expectation) peek() (id int, text string, ok bool) {
	if e.at == len(e.ranges) {
		return 0, "", false
	}
	return e.next, e.ranges[e.at].Text, true
}

// advance passes it.
func (e *expectation) advance() {
	if e.next++; e.next > e.ranges[e.at].To {
		if e.at++; e.at < len(e.ranges) {
			e.next = e.ranges[e.at].From
		}
	}
}

// fingerprint is that of all rows as they were written.
func (e *expectation) fingerprint() string {
	sum := sha256.New()
	for _, s := range e.ranges {
		for id := s.From; id <= s.To; id++ {
			addRow(sum, id, s.Text, Payload(e.run, s.Text, id))
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// addRow adds one row to a fingerprint: its id (eight bytes, big-endian) and the SHA-256 of text and payload.
func addRow(sum hash.Hash, id int, text, payload string) {
	row := sha256.Sum256([]byte(text + "\x00" + payload))
	sum.Write(binary.BigEndian.AppendUint64(nil, uint64(id)))
	sum.Write(row[:])
}

// rowComparison gathers what was read.
type rowComparison struct {
	run    string
	want   *expectation
	sum    hash.Hash
	read   int
	equal  int
	extra  int // rows that nobody wrote
	newest time.Time
	first  []string // the first differences
	more   int      // further ones
}

func (c *rowComparison) differ(format string, a ...any) {
	if len(c.first) == differences {
		c.more++
		return
	}
	c.first = append(c.first, fmt.Sprintf(format, a...))
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
	addRow(c.sum, id, text, payload)
	if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(row["written_at"])); err == nil && at.After(c.newest) {
		c.newest = at.UTC()
	}
	c.missing(id)
	next, want, ok := c.want.peek()
	if !ok || next != id {
		c.extra++
		c.differ("row %d was never written, and holds %q", id, text)
		return id, nil
	}
	c.want.advance()
	switch {
	case text != want:
		c.differ("row %d holds %q", id, text)
	case payload != Payload(c.run, want, id):
		c.differ("row %d holds another payload than was written", id)
	default:
		c.equal++
	}
	return id, nil
}

// missing passes the rows before an id that should be there.
func (c *rowComparison) missing(before int) {
	from, to := 0, 0
	for {
		id, _, ok := c.want.peek()
		if !ok || id >= before {
			break
		}
		if from == 0 || id != to+1 {
			c.gap(from, to)
			from = id
		}
		to = id
		c.want.advance()
	}
	c.gap(from, to)
}

func (c *rowComparison) gap(from, to int) {
	switch {
	case from == 0:
	case from == to:
		c.differ("row %d is missing", from)
	default:
		c.differ("rows %d to %d are missing", from, to)
	}
}

func (c *rowComparison) proof() journal.Proof {
	c.missing(int(^uint(0) >> 1))
	p := journal.Proof{Data: "sql-rows", Unit: "rows", OK: len(c.first) == 0, Total: c.want.total + c.extra, Equal: c.equal,
		Fingerprint: hex.EncodeToString(c.sum.Sum(nil)), Expected: c.want.fingerprint(), Different: c.first, Count: c.read, Newest: c.newest}
	if c.more > 0 {
		p.Different = append(p.Different, fmt.Sprintf("and %d more", c.more))
	}
	return p
}
