package classes

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/plan/classes"
	"lifeboat/tui/parts"
)

// tableWidth is what every column needs in short words.
const tableWidth = 76

// legend says what the heads of the columns are short for.
const legend = "min: charged at least. unused: paid though not stored. restore, takes: everything back once."

// cell is a word with its look.
type cell struct {
	text string
	look lipgloss.Style
}

// column is one column of the table. Those of a higher rank are left out first where there is no room.
type column struct {
	head  string
	rank  int
	right bool
	of    func(*Model, classes.Class) cell
}

var columns = [...]column{
	{"", 0, false, (*Model).letter},
	{"class", 0, false, (*Model).named},
	{"fits", 0, false, (*Model).verdict},
	{"a month", 0, true, func(m *Model, k classes.Class) cell { return m.money(k, k.USD) }},
	{"wait", 1, true, func(m *Model, k classes.Class) cell { return cell{brief(k.WaitSeconds), m.t.Text} }},
	{"min", 3, true, (*Model).least},
	{"unused", 3, true, (*Model).unused},
	{"restore", 1, true, (*Model).restore},
	{"takes", 2, true, (*Model).takes},
}

// table is every class on a line of its own, under a header. A header that ends with the sign of a cut says that
// columns were left out.
func (m *Model) table(w int) []string {
	cells := make([][]cell, len(m.c.Classes))
	wide := make([]int, len(columns))
	for i, col := range columns {
		wide[i] = ansi.StringWidth(col.head)
	}
	for r, k := range m.c.Classes {
		cells[r] = make([]cell, len(columns))
		for i, col := range columns {
			cells[r][i] = col.of(m, k)
			wide[i] = max(wide[i], ansi.StringWidth(cells[r][i].text))
		}
	}
	on := fit(wide, w-2)
	if count(on) < len(columns) {
		on = fit(wide, w-4) // room for the sign at the header's end
	}
	head := "  "
	for i, col := range columns {
		if on[i] {
			head += m.t.Muted.Render(set(col.head, wide[i], col.right)) + gap(i)
		}
	}
	if left := len(columns) - count(on); left > 0 {
		head = parts.Pad(strings.TrimRight(head, " "), w-2) + m.t.Muted.Render(" …")
	}
	out := []string{head}
	for r := range cells {
		line := m.row(cells[r], wide, on, r == m.cursor)
		if room := w - ansi.StringWidth(line) - 2; room >= 24 && len(m.c.Classes[r].RuledOut) > 0 {
			line += "  " + m.t.Muted.Render(parts.Cut(m.c.Classes[r].RuledOut[0].Text, room))
		}
		out = append(out, line)
	}
	return out
}

func (m *Model) row(cells []cell, wide []int, on []bool, chosen bool) string {
	var b strings.Builder
	b.WriteString("  ")
	if chosen {
		b.Reset()
		b.WriteString(m.t.Accent.Render(m.t.Sym.Cursor) + " ")
	}
	for i, c := range cells {
		if !on[i] {
			continue
		}
		look := c.look
		if chosen {
			look = look.Bold(true)
		}
		b.WriteString(look.Render(set(c.text, wide[i], columns[i].right)) + gap(i))
	}
	return strings.TrimRight(b.String(), " ")
}

// gap is what stands after a column: the letters stand close to the names.
func gap(i int) string {
	if i == 0 {
		return " "
	}
	return "  "
}

// set writes a word in a column.
func set(s string, w int, right bool) string {
	if n := ansi.StringWidth(s); right && n < w {
		return strings.Repeat(" ", w-n) + s
	}
	return parts.Pad(s, w)
}

const nameColumn = 1

// fit says which columns there is room for; that of the names is made narrower before others go.
func fit(wide []int, w int) []bool {
	on := make([]bool, len(wide))
	for i := range on {
		on[i] = true
	}
	used := func() int {
		n := -len(gap(len(wide)))
		for i := range wide {
			if on[i] {
				n += wide[i] + len(gap(i))
			}
		}
		return n
	}
	const least = 16 // of the names
	for rank := 3; rank >= 0; rank-- {
		if over := used() - w; over > 0 && wide[nameColumn]-over >= least {
			wide[nameColumn] -= over
		}
		if used() <= w {
			return on
		}
		for i, col := range columns {
			if col.rank == rank && rank > 0 {
				on[i] = false
			}
		}
	}
	wide[nameColumn] = max(1, wide[nameColumn]-max(0, used()-w))
	return on
}

func count(on []bool) int {
	n := 0
	for _, o := range on {
		if o {
			n++
		}
	}
	return n
}

// letter has the colour of the class's curve; those without a price have no curve.
func (m *Model) letter(k classes.Class) cell {
	curve := 0
	for _, before := range m.c.Classes[:m.index(k.ID)] {
		if before.Unpriced == "" {
			curve++
		}
	}
	if !k.Fits {
		return cell{k.Letter, m.t.Muted}
	}
	return cell{k.Letter, m.t.Curves[curve%len(m.t.Curves)]}
}

// brevity takes from the names what the column has no room for and nobody needs to tell them apart.
var brevity = strings.NewReplacer(" Retrieval", "", "Glacier Deep", "Deep")

func (m *Model) named(k classes.Class) cell {
	look := m.t.Text
	if !k.Fits {
		look = m.t.Muted
	}
	return cell{brevity.Replace(k.Name), look}
}

// verdict says in a word whether a class comes into question.
func (m *Model) verdict(k classes.Class) cell {
	switch {
	case k.ID == m.c.Best:
		return cell{"best", m.t.Good}
	case k.Fits:
		return cell{"yes", m.t.Text}
	}
	return cell{"no", m.t.Bad}
}

func (m *Model) money(k classes.Class, usd float64) cell {
	if k.Unpriced != "" {
		return cell{"?", m.t.Muted}
	}
	look := m.t.Text
	if !k.Fits {
		look = m.t.Muted
	}
	return cell{dollars(usd), look}
}

// least is the shortest time that is charged.
func (m *Model) least(k classes.Class) cell {
	if k.MinDays == 0 {
		return cell{"-", m.t.Muted}
	}
	return cell{number(float64(k.MinDays)) + " d", m.t.Text}
}

// unused is what is charged for bytes and days that are not used.
func (m *Model) unused(k classes.Class) cell {
	usd := 0.0
	for _, l := range k.Lines {
		if l.For == classes.Charged {
			usd += l.USD
		}
	}
	if usd == 0 && k.Unpriced == "" {
		return cell{"-", m.t.Muted}
	}
	return m.money(k, usd)
}

// way is the way in which everything is brought back: the one that the figures reckon with.
func way(k classes.Class) (classes.Restore, bool) {
	for _, r := range k.Restores {
		if r.Chosen || r.First == k.Wait {
			return r, true
		}
	}
	return classes.Restore{}, false
}

func (m *Model) restore(k classes.Class) cell {
	r, ok := way(k)
	if !ok {
		return cell{"?", m.t.Muted}
	}
	return m.money(k, r.USD)
}

func (m *Model) takes(k classes.Class) cell {
	r, ok := way(k)
	if !ok {
		return cell{"?", m.t.Muted}
	}
	return cell{brief(r.WaitSeconds), m.t.Text}
}
