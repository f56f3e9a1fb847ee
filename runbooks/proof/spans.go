package proof

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"time"

	"lifeboat/runbooks/journal"
)

// span is numbered units that were written together: From to To.
type span struct {
	From, To int
	Text     string
	Bytes    int // of each, where the kind of data has a choice
}

func (s span) size() int { return s.To - s.From + 1 }

// expectation goes through the units that should be there, by number.
type expectation struct {
	ranges []span // in order, none over another
	total  int
	at     int // range of the next unit
	next   int // its number
}

// newExpectation lays spans over each other, the later ones on top.
func newExpectation(all []span) *expectation {
	var cuts []int
	for _, s := range all {
		cuts = append(cuts, s.From, s.To+1)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	e := &expectation{}
	for i := range max(0, len(cuts)-1) {
		for _, s := range slices.Backward(all) {
			if s.From <= cuts[i] && cuts[i] <= s.To {
				s.From, s.To = cuts[i], cuts[i+1]-1
				e.ranges = append(e.ranges, s)
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

// peek gives the next unit that should be there, and with what it was written.
func (e *expectation) peek() (number int, of span, ok bool) {
	if e.at == len(e.ranges) {
		return 0, span{}, false
	}
	return e.next, e.ranges[e.at], true
}

// advance passes it.
func (e *expectation) advance() {
	if e.next++; e.next > e.ranges[e.at].To {
		if e.at++; e.at < len(e.ranges) {
			e.next = e.ranges[e.at].From
		}
	}
}

// of gives with what a unit was written that should be there.
func (e *expectation) of(number int) (span, bool) {
	i, _ := slices.BinarySearchFunc(e.ranges, number, func(s span, n int) int { return cmp.Compare(s.To, n) })
	if i == len(e.ranges) || number < e.ranges[i].From {
		return span{}, false
	}
	return e.ranges[i], true
}

// fingerprint is that of all units as they were written; add adds one to it.
func (e *expectation) fingerprint(add func(sum hash.Hash, number int, of span)) string {
	sum := sha256.New()
	for _, s := range e.ranges {
		for n := s.From; n <= s.To; n++ {
			add(sum, n, s)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// tally accounts for the units that are read, which come in the order of their numbers.
type tally struct {
	one, many string                  // what they are called
	label     func(number int) string // what one of them is called
	why       func(number int) string // why one is missing, where that can be said; may be nil
	want      *expectation
	read      int
	equal     int
	extra     int // units that nobody wrote
	newest    time.Time
	first     []string // the first differences
	more      int      // further ones
}

func (t *tally) differ(format string, a ...any) {
	if len(t.first) == differences {
		t.more++
		return
	}
	t.first = append(t.first, fmt.Sprintf(format, a...))
}

// meet takes a unit that is there, and gives with what it was written; not ok when it never was.
func (t *tally) meet(number int) (of span, ok bool) {
	t.missing(number)
	next, of, ok := t.want.peek()
	if !ok || next != number {
		return span{}, false
	}
	t.want.advance()
	return of, true
}

// missing passes the units before a number that should be there.
func (t *tally) missing(before int) {
	from, to := 0, 0
	for {
		n, _, ok := t.want.peek()
		if !ok || n >= before {
			break
		}
		if from == 0 || n != to+1 {
			t.gap(from, to)
			from = n
		}
		to = n
		t.want.advance()
	}
	t.gap(from, to)
}

func (t *tally) gap(from, to int) {
	if from == 0 {
		return
	}
	why := ""
	if t.why != nil && len(t.first) < differences {
		why = t.why(from)
	}
	if from == to {
		t.differ("%s %s is missing%s", t.one, t.label(from), why)
	} else {
		t.differ("%s %s to %s are missing%s", t.many, t.label(from), t.label(to), why)
	}
}

// proof is what came out when all is read.
func (t *tally) proof(data, found, expected string) journal.Proof {
	p := journal.Proof{Data: data, Unit: t.many, OK: len(t.first) == 0, Total: t.want.total + t.extra, Equal: t.equal,
		Fingerprint: found, Expected: expected, Different: t.first, Count: t.read, Newest: t.newest}
	if t.more > 0 {
		p.Different = append(p.Different, fmt.Sprintf("and %d more", t.more))
	}
	return p
}
