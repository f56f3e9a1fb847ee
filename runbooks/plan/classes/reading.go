package classes

import (
	"maps"
	"strconv"
)

// Reading is the same comparison for another frequency, in reads of an object a month: its bills are written anew, and
// what does not depend on the frequency is kept. It is what Compare gives for the answers with that frequency in them,
// fast enough for every press of a key.
func (c *Comparison) Reading(reads float64) *Comparison {
	out := *c
	out.Answers = maps.Clone(c.Answers)
	out.Answers["reads"] = []string{"never"}
	if reads > 0 {
		out.Answers["reads"] = []string{strconv.FormatFloat(reads, 'f', -1, 64) + "/month"}
	}
	out.Reads, out.ReadsUnknown = reads, false
	out.need.reads, out.need.unknown = reads, false
	out.Near, out.Classes = []string{}, nil
	for _, row := range classes() {
		out.Classes = append(out.Classes, out.class(row))
	}
	out.choose()
	return &out
}
