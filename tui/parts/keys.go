package parts

import (
	"cmp"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"lifeboat/tui/theme"
)

// Key is one line of a screen's table of keys. The footer, the help, the documented table and the keyboard itself all
// read this one table.
type Key struct {
	Keys  []string // as the terminal names them: "enter", "ctrl+c", "R"
	Words string   // what it does, in the footer's few words
	Help  string   // what it does, in a sentence
	// Now gives other words for the footer while the key does something else; nil and empty are Words.
	Now   func() string
	Quiet bool // left out of the footer
	// Off says why it does nothing now; empty means that it works. A nil Off always works.
	Off func() string
	Do  func() tea.Cmd
}

// Label is how the key is written: the first name, the others after it.
func (k Key) Label() string { return strings.Join(k.Keys, " / ") }

// words are what the key does now.
func (k Key) words() string {
	if k.Now != nil {
		return cmp.Or(k.Now(), k.Words)
	}
	return k.Words
}

// Why is why the key does nothing now, or empty.
func (k Key) Why() string {
	if k.Off == nil {
		return ""
	}
	return k.Off()
}

// Press looks a key up and does it. ok is false when no line has the key; why is set when it is off.
func Press(table []Key, name string) (cmd tea.Cmd, why string, ok bool) {
	for _, k := range table {
		for _, n := range k.Keys {
			if n != name {
				continue
			}
			if why := k.Why(); why != "" {
				return nil, why, true
			}
			if k.Do == nil {
				return nil, "", true
			}
			return k.Do(), "", true
		}
	}
	return nil, "", false
}

// Footer is one line of the keys that work now, as many as fit, with the key for help at its end.
func Footer(t *theme.Theme, table []Key, help string, w int) string {
	var b strings.Builder
	used := 1
	b.WriteByte(' ')
	for _, k := range table {
		if k.Quiet || k.Why() != "" {
			continue
		}
		n := ansi.StringWidth(k.Keys[0]) + 1 + ansi.StringWidth(k.words()) + 3
		if used+n+len(help)+7 > w {
			continue
		}
		b.WriteString(t.Key.Render(k.Keys[0]) + " " + t.Muted.Render(k.words()) + "   ")
		used += n
	}
	return Ends(b.String(), t.Key.Render(help)+" "+t.Muted.Render("keys")+" ", w)
}

// KeyHelp lists every key with what it does, and why it does nothing now where that is so.
func KeyHelp(t *theme.Theme, table []Key, w int) []string {
	wide := 0
	for _, k := range table {
		wide = max(wide, ansi.StringWidth(k.Label()))
	}
	var out []string
	for _, k := range table {
		label := Pad(k.Label(), wide)
		text := k.Help
		if text == "" {
			text = k.Words
		}
		key := t.Key.Render(label)
		if why := k.Why(); why != "" {
			key, text = t.Muted.Render(label), text+" (not now: "+why+")"
		}
		for i, line := range Wrap(text, max(1, w-wide-2)) {
			if i > 0 {
				key = strings.Repeat(" ", wide)
			}
			if k.Why() != "" {
				line = t.Muted.Render(line)
			}
			out = append(out, Cut(key+"  "+line, w))
		}
	}
	return out
}

// KeyTable is the table of a screen's keys as Markdown.
func KeyTable(title string, table []Key) string {
	var b strings.Builder
	b.WriteString("## " + title + "\n\n| Key | What it does |\n|---|---|\n")
	for _, k := range table {
		text := k.Help
		if text == "" {
			text = k.Words
		}
		names := make([]string, len(k.Keys))
		for i, n := range k.Keys {
			names[i] = "`" + n + "`"
		}
		b.WriteString("| " + strings.Join(names, " ") + " | " + text + " |\n")
	}
	return b.String()
}
