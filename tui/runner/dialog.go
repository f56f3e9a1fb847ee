package runner

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/runbooks/journal"
	"lifeboat/tui/parts"
	"lifeboat/tui/theme"
)

// A dialog that opens by itself ignores keys until nothing was pressed for grace, at most for graceMost: a key meant
// for the screen below must not answer a question nobody has read.
const (
	grace     = 400 * time.Millisecond
	graceMost = 1500 * time.Millisecond
)

// longList is how many options still stand whole, however many lines each has.
const longList = 5

// dialog is one question over the screen. It decides nothing: ok is called with what was said.
type dialog struct {
	title   string
	body    string
	options []journal.Option
	cursor  int
	input   *textinput.Model
	typed   string // what must be typed, if anything
	again   bool   // and typed a second time
	need    string // what to say when nothing was typed; empty allows nothing
	yes     string // what enter does, in words
	wrong   string
	stays   bool // it cannot be closed without an answer
	ok      func(value string) tea.Cmd

	opened, touched time.Time
	byItself        bool // nobody pressed a key for it
	asked           bool // it is a question of the run, and goes when that does
}

// deaf reports whether a key at now is to be ignored, and counts it.
func (d *dialog) deaf(now time.Time) bool {
	if !d.byItself {
		return false
	}
	if now.Sub(d.touched) >= grace || now.Sub(d.opened) >= graceMost {
		return false
	}
	d.touched = now
	return true
}

func newInput(value string) *textinput.Model {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = 400
	st := in.Styles()
	st.Cursor.Blink = false
	in.SetStyles(st)
	in.SetWidth(40)
	in.SetValue(value)
	in.Focus()
	return &in
}

// press handles one key; closed reports that the dialog is done.
func (d *dialog) press(msg tea.KeyPressMsg) (cmd tea.Cmd, closed bool) {
	d.wrong = ""
	switch key := msg.String(); {
	case key == "esc":
		return nil, true
	case key == "enter":
		return d.enter()
	case len(d.options) > 0 && d.input == nil:
		d.move(key)
		return nil, false
	case d.input != nil:
		return d.edit(msg), false
	}
	return nil, false
}

func (d *dialog) edit(msg tea.Msg) tea.Cmd {
	if d.input == nil {
		return nil
	}
	in, cmd := d.input.Update(msg)
	*d.input = in
	return cmd
}

func (d *dialog) move(key string) {
	switch key {
	case "up", "k", "shift+tab":
		d.cursor = (d.cursor + len(d.options) - 1) % len(d.options)
	case "down", "j", "tab":
		d.cursor = (d.cursor + 1) % len(d.options)
	case "home":
		d.cursor = 0
	case "end":
		d.cursor = len(d.options) - 1
	default:
		if len(key) == 1 && key[0] >= '1' && int(key[0]-'1') < len(d.options) {
			d.cursor = int(key[0] - '1')
		}
	}
}

func (d *dialog) enter() (tea.Cmd, bool) {
	value := ""
	switch {
	case d.input != nil:
		value = strings.TrimSpace(d.input.Value())
	case len(d.options) > 0:
		value = d.options[d.cursor].Value
	}
	switch {
	case d.typed != "" && value != d.typed:
		d.wrong = "that is not " + d.typed + "; type it exactly, or esc"
		return nil, false
	case d.typed != "" && d.again:
		d.again = false
		d.input.SetValue("")
		d.wrong = "this cannot be undone: type it once more, or esc"
		return nil, false
	case d.need != "" && value == "":
		d.wrong = d.need
		return nil, false
	}
	return d.ok(value), true
}

// draw gives the dialog as a box of at most w by h.
func (d *dialog) draw(t *theme.Theme, w, h int) []string {
	inner := max(1, min(w-6, 72))
	var lines []string
	lines = append(lines, parts.Prose(t, d.body, inner)...)
	if d.body != "" && (len(d.options) > 0 || d.input != nil) {
		lines = append(lines, "")
	}
	from := len(lines)
	for i, o := range d.options {
		mark, style := "  ", t.Text
		if i == d.cursor {
			mark, style = t.Accent.Render(t.Sym.Cursor)+" ", t.Strong
			from = len(lines)
		}
		text := o.Label
		if text == "" {
			text = o.Value
		}
		told := parts.Wrap(parts.Plain(text), max(1, inner-2))
		if len(d.options) > longList && i != d.cursor { // a line each, so that one sees what there is to choose from
			told = []string{parts.Cut(parts.Plain(text), max(1, inner-2))}
		}
		for n, l := range told {
			if n > 0 {
				mark = "  "
			}
			lines = append(lines, mark+style.Render(l))
		}
		note := parts.Plain(o.Note)
		if last := len(lines) - 1; note != "" && ansi.StringWidth(lines[last])+ansi.StringWidth(note)+3 <= inner {
			lines[last] += "   " + t.Muted.Render(note)
		} else if note != "" {
			lines = append(lines, "  "+t.Muted.Render(parts.Cut(note, inner-2)))
		}
	}
	if d.typed != "" {
		lines = append(lines, "Type "+t.Strong.Render(d.typed)+" to confirm.")
	}
	if d.input != nil {
		d.input.SetWidth(max(1, inner-4))
		lines = append(lines, t.Accent.Render(t.Sym.Cursor)+" "+d.input.View())
	}
	if d.wrong != "" {
		lines = append(lines, t.Bad.Render(parts.Cut("! "+d.wrong, inner)))
	}
	keys := t.Key.Render("enter") + t.Muted.Render(" "+d.yes) + "   " + t.Key.Render("esc") + t.Muted.Render(" "+d.back())
	if room := h - 6; room >= 1 {
		var around parts.Scroll
		around.By(from - room/2)
		lines = around.Marked(t, lines, room)
	}
	lines = append(lines, "", keys)
	return parts.Box(t, d.title, lines, inner, h)
}

func (d *dialog) back() string {
	if d.stays {
		return "look at the step first"
	}
	return "back"
}
