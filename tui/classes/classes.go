// Package classes shows the storage classes of S3 side by side for some data: what each costs, what is ruled out and why,
// the lines of one class with their arithmetic, and the drawing of cost over how often the data is read.
//
// The frequency can be moved with a key and everything follows, so that one feels where a class stops being the right one.
// It holds no rule and no price: those are in runbooks/plan/classes.
package classes

import (
	"math"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"lifeboat/runbooks/plan"
	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/parts"
	"lifeboat/tui/theme"
)

// What the screen asks for.
type (
	Back   struct{}
	Change struct{ Answers plan.Answers }
	Save   struct{ Comparison *classes.Comparison }
)

// view is what a terminal that is not wide shows: one thing at a time.
type view int

const (
	table view = iota
	drawing
	details
)

// Model is the screen.
type Model struct {
	t       *theme.Theme
	c       *classes.Comparison
	given   *classes.Comparison // for the frequency that was answered, which can be gone back to
	cursor  int                 // among c.Classes
	view    view
	wide    bool // as last drawn: everything is side by side
	scroll  parts.Scroll
	board   parts.Board
	samples samples
}

// New makes the screen of a comparison; the cursor is on the best class.
func New(t *theme.Theme, c *classes.Comparison) *Model {
	m := &Model{t: t, c: c, given: c}
	if c != nil {
		m.cursor = m.index(c.Best)
	}
	m.board.Table = m.keys()
	return m
}

// SetTheme changes the look.
func (m *Model) SetTheme(t *theme.Theme) { m.t = t }

// Saved tells how the saving went.
func (m *Model) Saved(path string, err error) { m.board.Saved(path, err) }

// Keys is the table of this screen's keys, for the documents.
func Keys() []parts.Key { return New(nil, nil).Table() }

// Table is the table as it stands now.
func (m *Model) Table() []parts.Key { return m.board.Table }

func (m *Model) keys() []parts.Key {
	do := func(fn func()) func() tea.Cmd { return func() tea.Cmd { fn(); return nil } }
	show := func(v view) func() tea.Cmd { return do(func() { m.view, m.scroll = v, parts.Scroll{} }) }
	apart := func() string {
		if m.wide {
			return "all three are on the screen"
		}
		return ""
	}
	return []parts.Key{
		{Keys: []string{"right", "l"}, Words: "more", Help: "Read more often: the next step along the axis", Off: m.offMore, Do: do(func() { m.step(1) })},
		{Keys: []string{"left", "h"}, Words: "less", Help: "Read less often: the step before", Off: m.offFewer, Do: do(func() { m.step(-1) })},
		{Keys: []string{"tab"}, Words: "next view", Now: m.nextView, Help: "Table, drawing, details, in turn", Off: apart, Do: func() tea.Cmd { return show((m.view + 1) % 3)() }},
		{Keys: []string{"s"}, Words: "save", Help: "Write the comparison as Markdown", Do: func() tea.Cmd { return say(Save{m.c}) }},
		{Keys: []string{"e"}, Words: "answers", Help: "Go through the questions again, with these answers", Do: func() tea.Cmd { return say(Change{m.c.Answers}) }},
		{Keys: []string{"q", "esc"}, Words: "back", Help: "Back to the start", Do: func() tea.Cmd { return say(Back{}) }},
		{Keys: []string{"n"}, Words: "next crossing", Help: "Go past the next crossing, where another class becomes the cheapest", Off: m.offNext, Do: do(func() { m.read(m.crossing(1)) })},
		{Keys: []string{"p"}, Words: "crossing before", Help: "Go below the crossing before", Off: m.offBefore, Do: do(func() { m.read(m.crossing(-1)) })},
		{Keys: []string{"a"}, Words: "as answered", Help: "Go back to the frequency that was answered", Off: m.offAnswered, Do: do(func() { m.set(m.given) })},
		{Keys: []string{"down", "j"}, Words: "next class", Help: "Choose the next class", Do: do(func() { m.move(1) })},
		{Keys: []string{"up", "k"}, Words: "class before", Help: "Choose the class before", Quiet: true, Do: do(func() { m.move(-1) })},
		{Keys: []string{"b"}, Words: "best", Help: "Choose the best class", Quiet: true, Off: m.offBest, Do: do(func() { m.to(m.index(m.c.Best)) })},
		{Keys: []string{"1"}, Words: "table", Help: "Show the table", Quiet: true, Off: apart, Do: show(table)},
		{Keys: []string{"2"}, Words: "drawing", Help: "Show the drawing of cost over frequency", Quiet: true, Off: apart, Do: show(drawing)},
		{Keys: []string{"3"}, Words: "details", Help: "Show everything about the chosen class", Quiet: true, Off: apart, Do: show(details)},
		{Keys: []string{"space", "pgdown"}, Words: "page", Help: "A page down in the details", Quiet: true, Do: do(func() { m.scroll.Page(1) })},
		{Keys: []string{"pgup"}, Words: "page up", Help: "A page up in the details", Quiet: true, Do: do(func() { m.scroll.Page(-1) })},
		{Keys: []string{"?"}, Words: "keys", Help: "All keys", Quiet: true, Do: do(m.board.Help.Open)},
	}
}

func say(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// nextView is what tab shows.
func (m *Model) nextView() string { return [...]string{"drawing", "details", "table"}[m.view] }

func (m *Model) offMore() string {
	if m.c != nil && m.c.Reads >= classes.MostReads {
		return "the axis ends here"
	}
	return ""
}

func (m *Model) offFewer() string {
	if m.c != nil && m.c.Reads <= 0 {
		return "less than never is not possible"
	}
	return ""
}

func (m *Model) offNext() string   { return m.offCrossing(1) }
func (m *Model) offBefore() string { return m.offCrossing(-1) }

func (m *Model) offCrossing(way int) string {
	if m.c == nil || m.crossing(way) >= 0 {
		return ""
	}
	if way > 0 {
		return "the best class does not change with more reads"
	}
	return "the best class does not change with fewer reads"
}

func (m *Model) offAnswered() string {
	if m.c == m.given {
		return "it is as answered"
	}
	return ""
}

func (m *Model) offBest() string {
	if m.c != nil && m.class().ID == m.c.Best {
		return "it is chosen"
	}
	return ""
}

// index finds a class by its id.
func (m *Model) index(id string) int {
	return slices.IndexFunc(m.c.Classes, func(c classes.Class) bool { return c.ID == id })
}

// class is the chosen one.
func (m *Model) class() classes.Class { return m.c.Classes[m.cursor] }

func (m *Model) to(i int) { m.cursor, m.scroll = i, parts.Scroll{} }

func (m *Model) move(by int) {
	n := len(m.c.Classes)
	m.to((m.cursor + by + n) % n)
}

// steps are the places within a power of ten at which the frequency can stand.
var steps = [...]float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}

// stops are all of them, from never to the end of the axis.
func stops() []float64 {
	out := []float64{0}
	for power := classes.FewestReads; power < classes.MostReads; power *= 10 {
		for _, s := range steps {
			out = append(out, tidy(s*power))
		}
	}
	return append(out, classes.MostReads)
}

// tidy rounds to what is said: two digits that count.
func tidy(v float64) float64 {
	out, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 2, 64), 64)
	if err != nil {
		return v
	}
	return out
}

// step goes to the next stop along the axis, or to the one before.
func (m *Model) step(way int) {
	all := stops()
	i, on := slices.BinarySearch(all, m.c.Reads)
	if way < 0 || on {
		i += way
	}
	m.read(all[max(0, min(i, len(all)-1))])
}

// crossing is the first place past the nearest crossing, above or below, at which the cheapest class changes; negative
// when there is none.
func (m *Model) crossing(way int) float64 {
	best := -1.0
	for _, x := range m.c.Crossings {
		at := past(x.Reads, way)
		if !x.Cheapest || way > 0 && at <= m.c.Reads || way < 0 && at >= m.c.Reads {
			continue
		}
		if best < 0 || way > 0 && at < best || way < 0 && at > best {
			best = at
		}
	}
	return best
}

// past is the next number of two digits above a frequency, or below it.
func past(v float64, way int) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	if way > 0 {
		return tidy((math.Floor(v/unit) + 1) * unit)
	}
	return tidy((math.Ceil(v/unit) - 1) * unit)
}

// read goes to another frequency.
func (m *Model) read(reads float64) { m.set(m.c.Reading(reads)) }

// set shows another comparison. A cursor on the best class stays on the best class.
func (m *Model) set(c *classes.Comparison) {
	onBest := m.class().ID == m.c.Best
	m.c = c
	if i := m.index(c.Best); onBest && i != m.cursor {
		m.to(i)
	}
}

// Update takes one message.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		return m.board.Press(key.String())
	}
	return nil
}
