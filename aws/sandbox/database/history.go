package database

import (
	"encoding/json"
	"slices"
	"time"

	"lifeboat/aws/sandbox/store"
)

// History is the databases of an instance over time: for each a full copy or several, and the segments of its log after
// them, by the names of their content in the store. It is a value, kept in rows as JSON; the zero History has no databases.
type History struct {
	Since     time.Time `json:"since,omitzero"` // the earliest moment it can give
	Until     time.Time `json:"until,omitzero"` // the latest
	Databases []line    `json:"databases,omitempty"`
}

// line is one database over time.
type line struct {
	ID       int       `json:"id"`
	Names    []naming  `json:"names"`
	Created  time.Time `json:"created"`
	Dropped  time.Time `json:"dropped,omitzero"`
	Bases    []base    `json:"bases"`
	Segments []segment `json:"segments,omitempty"`
}

// base is a full copy of a database after the segment Seq.
type base struct {
	At    time.Time `json:"at"` // everything that was committed in it was not later than this
	Seq   int       `json:"seq"`
	Pages int       `json:"pages"`
	List  string    `json:"list"` // content: the JSON list of the names of its chunks
}

// segment is a piece of the log: all commits from the end of the one before. Many old ones are folded into one, so that
// rows stay short.
type segment struct {
	Seq    int       `json:"seq"`  // of the last one, when it is folded
	From   time.Time `json:"from"` // moment of its first commit
	To     time.Time `json:"to"`   // and of its last
	Cut    time.Time `json:"cut,omitzero"`
	Pages  int       `json:"pages"` // of the database after it
	Bytes  int64     `json:"bytes"`
	Hash   string    `json:"hash"`
	Folded bool      `json:"folded,omitempty"` // content: the JSON list of the segments that it is
}

// At is the same up to and including t: what a snapshot of that moment keeps, what a restore takes. Only At(t).After(t)
// is no more than that moment needs.
func (h History) At(t time.Time) History {
	t = t.UTC().Round(0)
	if t.Before(h.Until) {
		h.Until = t
	}
	var lines []line
	for _, l := range h.Databases {
		if !l.Created.After(t) {
			lines = append(lines, l.at(t))
		}
	}
	h.Databases = lines
	return h
}

func (l line) at(t time.Time) line {
	if l.Dropped.After(t) {
		l.Dropped = time.Time{}
	}
	l.Names = slices.DeleteFunc(slices.Clone(l.Names), func(n naming) bool { return n.From.After(t) })
	bases := 1
	for bases < len(l.Bases) && !l.Bases[bases].At.After(t) {
		bases++
	}
	l.Bases = l.Bases[:bases:bases]
	l.Segments = slices.DeleteFunc(slices.Clone(l.Segments), func(s segment) bool { return s.From.After(t) })
	for i, s := range l.Segments {
		if s.To.After(t) && (s.Cut.IsZero() || s.Cut.After(t)) {
			l.Segments[i].Cut = t
		}
	}
	return l
}

// After is the same without what only moments before t need: when a time to keep backups is over.
func (h History) After(t time.Time) History {
	t = t.UTC().Round(0)
	h.Since = later(h.Since, t)
	var lines []line
	for _, l := range h.Databases {
		if l.Dropped.IsZero() || l.Dropped.After(t) {
			lines = append(lines, l.after(t))
		}
	}
	h.Databases = lines
	return h
}

func (l line) after(t time.Time) line {
	base := l.base(t)
	l.Bases = slices.Clone(l.Bases[base:])
	l.Segments = slices.DeleteFunc(slices.Clone(l.Segments), func(s segment) bool { return s.Seq <= l.Bases[0].Seq })
	l.Names = namesAfter(l.Names, t)
	return l
}

// namesAfter are the names a database has had since t.
func namesAfter(names []naming, t time.Time) []naming {
	for len(names) > 1 && !names[1].From.After(t) {
		names = names[1:]
	}
	return slices.Clone(names)
}

// base is the index of the copy from which a restore to t begins.
func (l line) base(t time.Time) int {
	i := 0
	for i+1 < len(l.Bases) && !l.Bases[i+1].At.After(t) {
		i++
	}
	return i
}

// First is the earliest moment it can give.
func (h History) First() time.Time { return h.Since }

// Last is the latest moment it can give: that of the last Seal, or where it was cut.
func (h History) Last() time.Time { return h.Until }

// Size is how many bytes the databases have at its end; where a segment is cut, at the end of that.
func (h History) Size() (bytes int64) {
	for _, l := range h.Databases {
		if l.Dropped.IsZero() {
			bytes += int64(l.pages()) * pageSize
		}
	}
	return bytes
}

func (l line) pages() int {
	if last := len(l.Segments) - 1; last >= 0 && l.Segments[last].Seq > l.Bases[len(l.Bases)-1].Seq {
		return l.Segments[last].Pages
	}
	return l.Bases[len(l.Bases)-1].Pages
}

// Names are the databases at its end, sorted.
func (h History) Names() []string {
	names := []string{}
	for _, l := range h.Databases {
		if l.Dropped.IsZero() {
			names = append(names, entry{Names: l.Names}.name())
		}
	}
	slices.Sort(names)
	return names
}

// Keep keeps the content it names; for Store.OnSweep.
func (h History) Keep(k *store.Kept) {
	for _, l := range h.Databases {
		for _, b := range l.Bases {
			k.List(b.List, chunks)
		}
		for _, s := range l.Segments {
			if s.Folded {
				k.List(s.Hash, folded)
			} else {
				k.Content(s.Hash)
			}
		}
	}
}

// folded are the names in the content of a folded segment.
func folded(list []byte) (names []string, err error) {
	segments, err := unfold(list)
	for _, s := range segments {
		names = append(names, s.Hash)
	}
	return names, err
}

func unfold(list []byte) (segments []segment, err error) {
	err = json.Unmarshal(list, &segments)
	return segments, err
}

// chunks are the names in the content of a base.
func chunks(list []byte) (names []string, err error) {
	err = json.Unmarshal(list, &names)
	return names, err
}

// find is the index of a database, or -1.
func (h History) find(id int) int {
	return slices.IndexFunc(h.Databases, func(l line) bool { return l.ID == id })
}

// put sets the line of its database; Databases is h's own.
func (h *History) put(l line) {
	if i := h.find(l.ID); i >= 0 {
		h.Databases[i] = l
	} else if len(l.Bases) > 0 {
		h.Databases = append(h.Databases, l)
	}
}

// sealed is the last segment of a database that it holds.
func (h History) sealed(id int) int {
	i := h.find(id)
	if i < 0 {
		return 0
	}
	return h.Databases[i].sealed()
}

func (l line) sealed() int {
	seq := l.Bases[len(l.Bases)-1].Seq
	if last := len(l.Segments) - 1; last >= 0 {
		seq = max(seq, l.Segments[last].Seq)
	}
	return seq
}
